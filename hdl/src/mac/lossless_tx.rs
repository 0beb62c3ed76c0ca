//! Stands where the FIFO stands in a plain MAC: blocks that wait to be sent or sent again, and what both ends have agreed about them.
//!
//! ```text
//!              +-------------------------------------------------------+
//!   write ---->| ReplayRing ───────────────────► head, may_start       |---> Framer
//!              |   ▲ tail, rewind   │ position    StartBlock, Credit   |
//!   report --->| RetryTx ◄──────────┴──────────► PositionWriter        |---> position message
//!              +-------------------------------------------------------+---> state, stat_*
//! ```
//!
//! Latency: 3 cycles from `write` to `head`; a frame that is not complete starts with one block more than from a FIFO. Throughput: a
//! block a cycle, 3 cycles without one after each time the head is put back. `room` falls when the ring is full of blocks that are not
//! acknowledged: nothing is lost. Reset: empty, position 0, `OFF`.

use super::credit::Credit;
use super::ports::{FrameBlockSink, FrameBlockSource};
use super::position_writer::PositionWriter;
use super::replay_ring::ReplayRing;
use super::retry_tx::RetryTx;
use super::start_block::StartBlock;
use crate::link::Features;
use crate::prelude::*;
use crate::target::Target;

/// What the sender's half of a lossless link is built with.
#[derive(Clone, Copy, Debug, Default)]
pub struct TxOptions {
    /// Its parts.
    pub features: Features,
    /// Cycles without an acknowledgement until frames are sent again. Unused without [`Features::is_lossless`].
    pub replay_cycles: usize,
    /// Cycles from one position message to the next. Unused likewise.
    pub position_cycles: usize,
    /// What the Verilog is for.
    pub target: Target,
}

/// Sender's half of a lossless link, between packer and framer.
#[derive(LogicBlock)]
pub struct LosslessTx<const RING_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next block.
    pub write: FrameBlockSink,
    /// The link is down.
    pub down: Signal<In, Bit>,
    /// No frame may start.
    pub hold: Signal<In, Bit>,
    /// The far end reports.
    pub report_valid: Signal<In, Bit>,
    /// It wants everything again from `report_expected` on.
    pub report_nack: Signal<In, Bit>,
    /// It has everything before this position.
    pub report_expected: Signal<In, Bits<16>>,
    /// It has room up to this position.
    pub report_limit: Signal<In, Bits<16>>,
    /// The position message is taken at the next clock edge.
    pub position_taken: Signal<In, Bit>,
    /// Of the framer: the head leaves at the next clock edge.
    pub pop: Signal<In, Bit>,
    /// Of the framer: a frame starts at the next clock edge.
    pub starts: Signal<In, Bit>,
    /// Of the framer: no frame is under way.
    pub idle: Signal<In, Bit>,
    /// Of the framer: the rest of a frame is being thrown away.
    pub drops: Signal<In, Bit>,
    /// Of the framer: a frame was thrown away in the cycle before.
    pub discarded: Signal<In, Bit>,

    // Egress.
    /// The next block to send.
    pub head: FrameBlockSource,
    /// Blocks that come of what is taken in this cycle find room. Reset: 0.
    pub room: Signal<Out, Bit>,
    /// The frame at the head may start, as far as its blocks and the far end's room go.
    pub may_start: Signal<Out, Bit>,
    /// The payload of its start block.
    pub start_block: [Signal<Out, Bits<32>>; 2],
    /// The head is put back.
    pub rewind: Signal<Out, Bit>,
    /// No frame may start.
    pub hold_frames: Signal<Out, Bit>,
    /// Frames are thrown away.
    pub discard_frames: Signal<Out, Bit>,
    /// A position message.
    pub position_message: Signal<Out, Bits<32>>,
    /// There is one.
    pub position_valid: Signal<Out, Bit>,
    /// State of the sender, see [`super::state`].
    pub state: Signal<Out, Bits<3>>,
    /// Frames are sent again.
    pub stat_replay: Signal<Out, Bit>,
    /// A report came that is no *nack*.
    pub stat_ack: Signal<Out, Bit>,
    /// A *nack* came.
    pub stat_nack: Signal<Out, Bit>,
    /// The replay timer ran out.
    pub stat_timeout: Signal<Out, Bit>,
    /// A frame was given up.
    pub stat_final: Signal<Out, Bit>,
    /// A frame that had been sent was thrown away unacknowledged.
    pub stat_flushed: Signal<Out, Bit>,

    // State.
    ring: ReplayRing<RING_W>,
    retry: RetryTx,
    credit: Credit,
    writer: PositionWriter,

    // Wires.
    start: StartBlock,

    // Parameters.
    has_credits: Constant<Bit>,
}

impl<const RING_W: usize> LosslessTx<RING_W> {
    /// Starts a frame of at most `max_frame_bytes` that is not complete with `start_blocks` of it at the framer's disposal.
    ///
    /// # Panics
    /// If the ring does not hold two longest frames, or a time is out of range.
    #[must_use]
    pub fn new(start_blocks: usize, max_frame_bytes: usize, options: &TxOptions) -> Self {
        let frame_blocks = max_frame_bytes.div_ceil(8);
        assert!(
            2 * frame_blocks + 8 <= 1 << RING_W,
            "a ring of 2^{RING_W} blocks does not hold two frames of {max_frame_bytes} bytes"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            write: FrameBlockSink::default(),
            down: Signal::default(),
            hold: Signal::default(),
            report_valid: Signal::default(),
            report_nack: Signal::default(),
            report_expected: Signal::default(),
            report_limit: Signal::default(),
            position_taken: Signal::default(),
            pop: Signal::default(),
            starts: Signal::default(),
            idle: Signal::default(),
            drops: Signal::default(),
            discarded: Signal::default(),
            head: FrameBlockSource::default(),
            room: Signal::default(),
            may_start: Signal::default(),
            start_block: std::array::from_fn(|_| Signal::default()),
            rewind: Signal::default(),
            hold_frames: Signal::default(),
            discard_frames: Signal::default(),
            position_message: Signal::default(),
            position_valid: Signal::default(),
            state: Signal::default(),
            stat_replay: Signal::default(),
            stat_ack: Signal::default(),
            stat_nack: Signal::default(),
            stat_timeout: Signal::default(),
            stat_final: Signal::default(),
            stat_flushed: Signal::default(),
            // A block is two cycles longer on its way through the ring, one of which `may_start` is late as well.
            ring: ReplayRing::new(start_blocks + 1, options.target),
            retry: RetryTx::new(options.features.retry, options.replay_cycles),
            credit: Credit::new(frame_blocks),
            writer: PositionWriter::new(options.position_cycles),
            start: StartBlock::default(),
            has_credits: Constant::new(options.features.credits),
        }
    }
}

impl<const RING_W: usize> Logic for LosslessTx<RING_W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, ring, retry, credit, writer);
        self.ring.reset.next = self.reset.val();
        self.retry.reset.next = self.reset.val();
        self.credit.reset.next = self.reset.val();
        self.writer.reset.next = self.reset.val();

        // The blocks.
        for i in 0..2 {
            self.ring.write.data[i].next = self.write.data[i].val();
            self.head.data[i].next = self.ring.head.data[i].val();
            self.start_block[i].next = self.start.block[i].val();
        }
        self.ring.write.count.next = self.write.count.val();
        self.ring.write.last.next = self.write.last.val();
        self.ring.write.poison.next = self.write.poison.val();
        self.ring.write.valid.next = self.write.valid.val();
        self.ring.pop.next = self.pop.val();
        self.ring.tail.next = self.retry.tail.val();
        self.ring.keep.next = self.retry.keep.val();
        self.ring.rewind.next = self.retry.rewind.val();
        self.room.next = self.ring.room.val();
        self.head.count.next = self.ring.head.count.val();
        self.head.last.next = self.ring.head.last.val();
        self.head.poison.next = self.ring.head.poison.val();
        self.head.valid.next = self.ring.head.valid.val();
        self.start.position.next = self.ring.position.val();
        self.start.is_final.next = self.retry.is_final.val();

        // When and what is sent.
        self.retry.down.next = self.down.val();
        self.retry.hold.next = self.hold.val();
        self.retry.report_valid.next = self.report_valid.val();
        self.retry.report_nack.next = self.report_nack.val();
        self.retry.report_expected.next = self.report_expected.val();
        self.retry.position.next = self.ring.position.val();
        self.retry.pop.next = self.pop.val();
        self.retry.last.next = self.ring.head.last.val();
        self.retry.starts.next = self.starts.val();
        self.retry.idle.next = self.idle.val();
        self.retry.dropping.next = self.drops.val();
        self.retry.discarded.next = self.discarded.val();
        self.rewind.next = self.retry.rewind.val();
        self.hold_frames.next = self.retry.hold_frames.val();
        self.discard_frames.next = self.retry.discard_frames.val();
        self.credit.report_valid.next = self.report_valid.val();
        self.credit.report_limit.next = self.report_limit.val();
        self.credit.position.next = self.ring.position.val();
        self.credit.pop.next = self.pop.val();
        self.credit.closed.next = !self.retry.runs.val();
        self.may_start.next = self.ring.may_start.val();
        if self.has_credits.val() {
            self.may_start.next = self.ring.may_start.val() & self.credit.open.val();
        }

        // What the far end is told.
        self.writer.begins.next = self.retry.begins.val();
        self.writer.tells.next = self.retry.tells.val();
        self.writer.position.next = self.ring.position.val();
        self.writer.hold.next = self.hold.val();
        self.writer.taken.next = self.position_taken.val();
        self.position_message.next = self.writer.message.val();
        self.position_valid.next = self.writer.valid.val();

        self.state.next = self.retry.state.val();
        self.stat_replay.next = self.retry.stat_replay.val();
        self.stat_ack.next = self.retry.stat_ack.val();
        self.stat_nack.next = self.retry.stat_nack.val();
        self.stat_timeout.next = self.retry.stat_timeout.val();
        self.stat_final.next = self.retry.stat_final.val();
        self.stat_flushed.next = self.retry.stat_flushed.val();
    }
    describe!("Sender's half of a lossless link, between packer and framer.");
}
