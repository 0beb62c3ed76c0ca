//! The transmit side of the MAC: frames to blocks.

use lightswitch_hdl::link::{LinkConfig, Times};
use lightswitch_hdl::mac::start_blocks;

use super::frame_block::BlockFifo;
use super::frame_packer::FramePacker;
use super::framer::{Framer, FramerIn, FramerPulses};
use super::lossless_tx::{LosslessTx, LosslessTxSize};
use super::retry_tx::{Popped, Report, RetryNow, RetryTxIn, RetryTxPulses};
use super::RING_W;
use crate::beat::Beat;

/// Cycles that both ways and both ends may take, for a frame and its report: `hdl::link::Link`'s.
const ROUND_TRIP_CYCLES: usize = 512;

/// What the MAC goes by.
#[derive(Clone, Copy, Debug, Default)]
pub struct MacTxIn<'a> {
    /// The beat that the client offers.
    pub tx: Option<&'a Beat>,
    /// No frame starts.
    pub hold: bool,
    /// Frames are thrown away: the link is down.
    pub discard: bool,
    /// Remote fault goes between frames.
    pub remote_fault: bool,
    /// The 44 bits of the message that waits.
    pub message: Option<u64>,
    /// It is the MAC's own, and tells the position.
    pub tells_position: bool,
    /// The half of a block on offer is taken.
    pub ready: bool,
}

/// Where blocks wait to be sent.
#[derive(Clone, Debug)]
enum Wait {
    Plain(BlockFifo),
    Lossless(LosslessTx),
}

/// The twin of `MacTx`.
#[derive(Clone, Debug)]
pub struct MacTx {
    packer: FramePacker,
    wait: Wait,
    framer: Framer,
    /// The second half of the block is on offer.
    half: bool,
    has_halves: bool,
}

impl MacTx {
    /// That of `link`.
    pub fn new(link: &LinkConfig) -> Self {
        let start_blocks = start_blocks(link.lanes, link.max_frame_bytes);
        let times = Times::of(link.marker_period, link.lane_beats());
        let beats = link.max_frame_bytes.div_ceil(link.data_w() / 8);
        let wait = if link.features.is_lossless() {
            Wait::Lossless(LosslessTx::new(&LosslessTxSize {
                ring_w: RING_W,
                start_blocks,
                max_frame_bytes: link.max_frame_bytes,
                retry: link.features.retry,
                credits: link.features.credits,
                replay_cycles: ROUND_TRIP_CYCLES + times.report + 2 * beats,
                position_cycles: times.position,
            }))
        } else {
            Wait::Plain(BlockFifo::new(start_blocks))
        };
        Self {
            packer: FramePacker::new(link.data_w() / 8),
            wait,
            framer: Framer::default(),
            half: false,
            has_halves: link.data_w() == 32,
        }
    }

    /// A beat is taken, unless in reset.
    pub fn has_room(&self) -> bool {
        match &self.wait {
            Wait::Plain(fifo) => fifo.has_room(),
            Wait::Lossless(lossless) => lossless.ring.has_room(),
        }
    }

    /// The half of a block, or the block, on offer, and whether it is of a control block.
    pub fn offer(&self) -> (u64, bool) {
        let (payload, is_control) = self.framer.offer();
        let data = match (self.has_halves, self.half) {
            (false, _) => payload,
            (true, false) => payload & 0xffff_ffff,
            (true, true) => payload >> 32,
        };
        (data, is_control)
    }

    /// The state of a lossless sender.
    pub fn state(&self) -> u8 {
        match &self.wait {
            Wait::Plain(_) => 0,
            Wait::Lossless(lossless) => lossless.retry.state(),
        }
    }

    /// The pulses of this cycle; the last one says that a frame that is thrown away was sent before.
    pub fn pulses(&self) -> (FramerPulses, RetryTxPulses, bool) {
        let framer = self.framer.pulses();
        match &self.wait {
            Wait::Plain(_) => (framer, RetryTxPulses::default(), false),
            Wait::Lossless(lossless) => {
                let retry = &lossless.retry;
                (framer, retry.pulses(), framer.discarded && retry.flushes())
            }
        }
    }

    /// What a lossless sender goes by, and what follows from it before anything is taken.
    pub fn retry(
        &self,
        hold: bool,
        down: bool,
        report: Option<Report>,
    ) -> Option<(RetryTxIn, RetryNow)> {
        let Wait::Lossless(lossless) = &self.wait else {
            return None;
        };
        let inputs = RetryTxIn {
            down,
            hold,
            report,
            position: lossless.ring.position(),
            idle: self.framer.is_idle(),
            drops: self.framer.drops(),
        };
        Some((inputs, lossless.retry.now(&inputs)))
    }

    /// The message that tells the position, if one is due.
    pub fn position_message(&self, now: &RetryNow) -> Option<u64> {
        match &self.wait {
            Wait::Plain(_) => None,
            Wait::Lossless(lossless) => lossless.position_message(now),
        }
    }

    /// The clock edge, after [`retry`](Self::retry) of the same inputs; whether the message was taken.
    pub fn cycle(
        &mut self,
        inputs: &MacTxIn,
        retry: Option<&(RetryTxIn, RetryNow)>,
        reset: bool,
    ) -> bool {
        let mut framer_in = FramerIn {
            hold: inputs.hold,
            discard: inputs.discard,
            remote_fault: inputs.remote_fault,
            message: inputs.message,
            step: inputs.ready && (self.half || !self.has_halves),
            ..FramerIn::default()
        };
        let room = self.has_room();
        let write = self.packer.block();
        let taken = match (&mut self.wait, retry) {
            (Wait::Lossless(lossless), Some((retry_in, now))) => {
                framer_in.head = lossless.ring.head();
                framer_in.may_start = lossless.may_start();
                framer_in.hold = now.hold;
                framer_in.discard = now.discard;
                framer_in.rewind = now.rewind;
                framer_in.tag = Some((retry_in.position, lossless.retry.is_final()));
                let taken = self.framer.cycle(&framer_in, reset);
                let popped = Popped {
                    pop: taken.block,
                    last: framer_in.head.is_some_and(|head| head.last),
                    start: taken.start,
                };
                let position_taken = taken.message && inputs.tells_position;
                lossless.cycle(write, retry_in, now, popped, position_taken, reset);
                taken
            }
            (Wait::Plain(fifo), _) => {
                framer_in.head = fifo.head();
                framer_in.may_start = fifo.may_start();
                let taken = self.framer.cycle(&framer_in, reset);
                fifo.cycle(write, taken.block, reset);
                taken
            }
            (Wait::Lossless(_), None) => unreachable!("`retry` of a lossless link has an answer"),
        };
        self.packer.cycle(inputs.tx, room, reset);
        self.half = !reset && self.half != (inputs.ready && self.has_halves);
        taken.message
    }
}
