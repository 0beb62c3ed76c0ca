//! The sender's half of a lossless link.

use lightswitch_hdl::link::message;

use super::frame_block::FrameBlock;
use super::replay_ring::ReplayRing;
use super::retry_tx::{Popped, Report, RetryNow, RetryTx, RetryTxIn};

/// The twin of `Credit`: whether the far end has room for a longest frame.
#[derive(Clone, Debug)]
struct Credit {
    /// The last position that a longest frame may have.
    goal: u16,
    is_open: bool,
    frame_blocks: u16,
}

impl Credit {
    fn cycle(&mut self, report: Option<Report>, position: u16, pop: bool, closed: bool) {
        let left = self.goal.wrapping_sub(position);
        self.is_open = !closed && left & 0x8000 == 0 && !(pop && left == 0);
        if let Some(report) = report {
            self.goal = report.limit.wrapping_sub(self.frame_blocks);
        }
    }
}

/// Sizes and times of a lossless sender.
#[derive(Clone, Copy, Debug)]
pub struct LosslessTxSize {
    /// Bits of a place in the ring.
    pub ring_w: usize,
    /// Blocks of which a frame may start.
    pub start_blocks: usize,
    /// Longest frame, in bytes.
    pub max_frame_bytes: usize,
    /// What is sent is sent again.
    pub retry: bool,
    /// The far end says up to where may be sent.
    pub credits: bool,
    /// Time without an acknowledgement.
    pub replay_cycles: usize,
    /// Time between two messages that tell a position.
    pub position_cycles: usize,
}

/// The twin of `LosslessTx`.
#[derive(Clone, Debug)]
pub struct LosslessTx {
    /// The blocks.
    pub ring: ReplayRing,
    /// What is sent again.
    pub retry: RetryTx,
    credit: Credit,
    /// Cycles until the position is told again.
    timer: u32,
    has_credits: bool,
    position_cycles: u32,
}

impl LosslessTx {
    /// One of this size.
    pub fn new(size: &LosslessTxSize) -> Self {
        Self {
            // A block is two cycles longer on its way through the ring, one of which `may_start` is late as well.
            ring: ReplayRing::new(size.ring_w, size.start_blocks + 1),
            retry: RetryTx::new(size.retry, size.replay_cycles),
            credit: Credit {
                goal: 0,
                is_open: false,
                frame_blocks: size.max_frame_bytes.div_ceil(8) as u16,
            },
            timer: 0,
            has_credits: size.credits,
            position_cycles: size.position_cycles as u32,
        }
    }

    /// The frame at the head may start.
    pub fn may_start(&self) -> bool {
        self.ring.may_start() && (self.credit.is_open || !self.has_credits)
    }

    /// The message that tells the position, if one is due.
    pub fn position_message(&self, now: &RetryNow) -> Option<u64> {
        let is_due = (now.begins || now.tells) && self.timer == 0;
        is_due.then(|| message::position(now.begins, self.ring.position()))
    }

    /// The clock edge; a block may come from the packer, and the message may be taken.
    pub fn cycle(
        &mut self,
        write: Option<FrameBlock>,
        inputs: &RetryTxIn,
        now: &RetryNow,
        popped: Popped,
        position_taken: bool,
        reset: bool,
    ) {
        let sends = self.retry.sends();
        self.credit
            .cycle(inputs.report, inputs.position, popped.pop, !sends);
        if self.timer > 0 && !inputs.hold {
            self.timer -= 1;
        }
        if position_taken {
            self.timer = self.position_cycles;
        }
        if !(now.begins || now.tells) || reset {
            self.timer = 0;
        }
        if reset {
            (self.credit.goal, self.credit.is_open) = (0, false);
        }
        let tail = (self.retry.tail(), now.keep, now.rewind);
        self.ring.cycle(write, popped.pop, tail, reset);
        self.retry.cycle(inputs, now, popped, reset);
    }
}
