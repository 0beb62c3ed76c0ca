//! The lossless link behind the parser: checks frames, keeps them for the client, and reports to the sender.
//!
//! ```text
//!                  +-------------------------------------------------------+
//!   start -------->| StartReader -> PositionCheck -> RetryRx               |
//!   FrameParser -->| FrameCheck ---> FrameGate --------^ | -> ReceiveBuffer |---> head
//!   position ----->|                        ReportWriter <-'               |---> report, stat_*
//!                  +-------------------------------------------------------+
//! ```
//!
//! Latency: 4 cycles from `block` to `head`, one in the check and three in the buffer; with `store` a frame waits for its last block.
//! Throughput: one block a cycle. Reset: nothing is open, the buffer is empty, the sender has not begun.

use super::frame_check::FrameCheck;
use super::frame_gate::FrameGate;
use super::ports::{FrameBlockSink, FrameBlockSource};
use super::position_check::PositionCheck;
use super::receive_buffer::ReceiveBuffer;
use super::report_writer::ReportWriter;
use super::retry_rx::RetryRx;
use super::start_reader::StartReader;
use crate::link::Features;
use crate::prelude::*;
use crate::target::Target;

/// Check, buffer and reports of a lossless link, `2^RING_W` blocks.
#[derive(LogicBlock)]
pub struct LosslessRx<const RING_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Payload of a block.
    pub start: [Signal<In, Bits<32>>; 2],
    /// It starts a frame.
    pub is_start: Signal<In, Bit>,
    /// The next block of a frame.
    pub block: FrameBlockSink,
    /// With the last: the frame is not as it was sent.
    pub hit: Signal<In, Bit>,
    /// A frame ended before it had any block.
    pub lost: Signal<In, Bit>,
    /// The head leaves at the next clock edge.
    pub pop: Signal<In, Bit>,
    /// The link is up.
    pub link_up: Signal<In, Bit>,
    /// A position message has come.
    pub position_valid: Signal<In, Bit>,
    /// It begins anew.
    pub position_init: Signal<In, Bit>,
    /// What it says.
    pub position: Signal<In, Bits<16>>,
    /// The report is taken at the next clock edge.
    pub report_taken: Signal<In, Bit>,

    // Egress.
    /// The oldest block.
    pub head: FrameBlockSource,
    /// A message to the sender.
    pub report: [Signal<Out, Bits<32>>; 2],
    /// There is one.
    pub report_valid: Signal<Out, Bit>,
    /// State of `RetryRx`.
    pub state: Signal<Out, Bits<2>>,
    /// A frame did not arrive as it was sent.
    pub stat_hit: Signal<Out, Bit>,
    /// A frame came once more, and was dropped.
    pub stat_duplicate: Signal<Out, Bit>,
    /// A frame came, but not the one that is expected.
    pub stat_missing: Signal<Out, Bit>,
    /// A frame found no room in the buffer.
    pub stat_dropped: Signal<Out, Bit>,
    /// A frame ran out of room in the buffer.
    pub stat_cut: Signal<Out, Bit>,
    /// A report was sent, without a *nack*.
    pub stat_ack: Signal<Out, Bit>,
    /// A report was sent, with a *nack*.
    pub stat_nack: Signal<Out, Bit>,

    // State.
    reader: StartReader,
    place: PositionCheck,
    check: FrameCheck,
    gate: FrameGate,
    retry: RetryRx,
    buffer: ReceiveBuffer<RING_W>,
    writer: ReportWriter,
}

impl<const RING_W: usize> LosslessRx<RING_W> {
    /// With these features, for frames of at most `max_frame_bytes`, a report at least every `report_cycles`; Verilog for `target`.
    ///
    /// # Panics
    /// If the buffer does not hold the longest frame, no feature is on, or `report_cycles` is not in 1..2^24.
    #[must_use]
    pub fn new(
        max_frame_bytes: usize,
        features: Features,
        report_cycles: usize,
        target: Target,
    ) -> Self {
        assert!(
            max_frame_bytes.div_ceil(8) < 1 << RING_W,
            "max_frame_bytes is {max_frame_bytes}: a buffer of 2^{RING_W} blocks does not hold such a frame"
        );
        assert!(
            features.is_lossless(),
            "a lossless link has retry or credits, or both"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            start: std::array::from_fn(|_| Signal::default()),
            is_start: Signal::default(),
            block: FrameBlockSink::default(),
            hit: Signal::default(),
            lost: Signal::default(),
            pop: Signal::default(),
            link_up: Signal::default(),
            position_valid: Signal::default(),
            position_init: Signal::default(),
            position: Signal::default(),
            report_taken: Signal::default(),
            head: FrameBlockSource::default(),
            report: std::array::from_fn(|_| Signal::default()),
            report_valid: Signal::default(),
            state: Signal::default(),
            stat_hit: Signal::default(),
            stat_duplicate: Signal::default(),
            stat_missing: Signal::default(),
            stat_dropped: Signal::default(),
            stat_cut: Signal::default(),
            stat_ack: Signal::default(),
            stat_nack: Signal::default(),
            reader: StartReader::default(),
            place: PositionCheck::default(),
            check: FrameCheck::default(),
            gate: FrameGate::new(features.retry && features.store),
            retry: RetryRx::new(features.retry),
            buffer: ReceiveBuffer::new(features.store, target),
            writer: ReportWriter::new(features, max_frame_bytes, report_cycles),
        }
    }
}

impl<const RING_W: usize> Logic for LosslessRx<RING_W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, reader, place, check, gate, retry, buffer, writer);
        self.place.reset.next = self.reset.val();
        self.check.reset.next = self.reset.val();
        self.gate.reset.next = self.reset.val();
        self.retry.reset.next = self.reset.val();
        self.buffer.reset.next = self.reset.val();
        self.writer.reset.next = self.reset.val();

        // Blocks to the check, and their frame's place beside them.
        for i in 0..2 {
            self.reader.block[i].next = self.start[i].val();
            self.check.block.data[i].next = self.block.data[i].val();
            self.buffer.write.data[i].next = self.check.checked.data[i].val();
            self.head.data[i].next = self.buffer.head.data[i].val();
            self.report[i].next = self.writer.message[i].val();
        }
        self.reader.is_start.next = self.is_start.val();
        self.check.block.count.next = self.block.count.val();
        self.check.block.last.next = self.block.last.val();
        self.check.block.poison.next = self.block.poison.val();
        self.check.block.valid.next = self.block.valid.val();
        self.check.hit.next = self.hit.val();
        self.check.lost.next = self.lost.val();
        self.place.enter.next = self.block.valid.val();
        self.place.last.next = self.block.last.val();
        self.place.position.next = self.reader.position.val();
        self.place.is_final.next = self.reader.is_final.val();
        self.place.is_good.next = self.reader.is_good.val();
        self.place.expected.next = self.retry.expected.val();

        // Is the frame let in, and does it count?
        self.retry.link_up.next = self.link_up.val();
        self.retry.valid.next = self.check.checked.valid.val();
        self.retry.first.next = self.place.is_first.val();
        self.retry.last.next = self.check.checked.last.val();
        self.retry.well.next = self.check.well.val();
        self.retry.lost.next = self.check.is_lost.val();
        self.retry.at_expected.next = self.place.at_expected.val();
        self.retry.is_earlier.next = self.place.is_earlier.val();
        self.retry.after.next = self.place.after.val();
        self.retry.took.next = self.gate.took.val();
        self.retry.failed.next = self.gate.failed.val();
        self.retry.position_valid.next = self.position_valid.val();
        self.retry.position_init.next = self.position_init.val();
        self.retry.position.next = self.position.val();
        self.retry.nack_taken.next = self.report_taken.val() & self.writer.is_nack.val();
        self.gate.valid.next = self.check.checked.valid.val();
        self.gate.first.next = self.place.is_first.val();
        self.gate.last.next = self.check.checked.last.val();
        self.gate.poison.next = self.check.checked.poison.val();
        self.gate.well.next = self.check.well.val();
        self.gate.hit.next = self.check.is_hit.val();
        self.gate.lets.next = self.retry.lets.val();
        self.gate.counts.next = self.retry.counts.val();
        self.gate.is_final.next = self.place.ends_retry.val();
        self.gate.has_place.next = self.buffer.has_place.val();
        self.gate.has_places.next = self.buffer.has_places.val();

        // To the client, and to the sender.
        self.buffer.write.count.next = self.check.checked.count.val();
        self.buffer.write.last.next = self.gate.write_last.val();
        self.buffer.write.poison.next = self.gate.write_poison.val();
        self.buffer.write.valid.next = self.gate.write_valid.val();
        self.buffer.commit.next = self.gate.commit.val();
        self.buffer.roll_back.next = self.gate.roll_back.val();
        self.buffer.pop.next = self.pop.val();
        self.head.count.next = self.buffer.head.count.val();
        self.head.last.next = self.buffer.head.last.val();
        self.head.poison.next = self.buffer.head.poison.val();
        self.head.valid.next = self.buffer.head.valid.val();
        self.writer.expected.next = self.retry.expected.val();
        self.writer.nack.next = self.retry.nack.val();
        self.writer.answer.next = self.retry.answer.val();
        self.writer.active.next = self.retry.active.val();
        self.writer.free.next = self.buffer.free.val();
        self.writer.taken.next = self.report_taken.val();
        self.report_valid.next = self.writer.valid.val();
        self.state.next = self.retry.state.val();

        self.stat_hit.next = self.retry.stat_hit.val();
        self.stat_duplicate.next = self.retry.stat_duplicate.val();
        self.stat_missing.next = self.retry.stat_missing.val();
        self.stat_dropped.next = self.gate.stat_dropped.val();
        self.stat_cut.next = self.gate.stat_cut.val();
        self.stat_ack.next = self.writer.stat_ack.val();
        self.stat_nack.next = self.writer.stat_nack.val();
    }
    describe!("Check, buffer and reports of a lossless link, `2^RING_W` blocks.");
}
