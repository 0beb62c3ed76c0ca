//! The MAC's receive side: blocks to frames.
//!
//! ```text
//!            +-----------------------------------------------------+
//!  blocks -->| BlockReader -> FrameParser -> PlainRx -> Unpacker   |---> rx stream
//!  up ------>|          |               `-> LosslessRx --^         |---> report
//!            |          `---> FaultMonitor                         |---> local_fault, remote_fault
//!            +-----------------------------------------------------+---> set, stat_*
//! ```
//!
//! `PLAIN` or `LOSSLESS` is 1, the other one 0: either `PlainRx`, or `LosslessRx` with a buffer of `2^RING_W` blocks.
//!
//! Latency: 3 cycles from a block to its beat, if the next one follows at once: one to be read, one to be held until that has come,
//! one in the FIFO. Lossless: 6 cycles, one more in the check and two in the buffer. Throughput: one block a cycle. The plain buffer
//! holds 16 blocks: a client that holds `tready` low for longer loses frames, counted. Reset: no frame is open, the buffer is empty,
//! the far end has not begun.

use super::block_reader::BlockReader;
use super::fault_monitor::FaultMonitor;
use super::frame_parser::FrameParser;
use super::frame_unpacker::FrameUnpacker;
use super::lossless_rx::LosslessRx;
use super::plain_rx::PlainRx;
use super::ports::RxBlocks;
use crate::link::Features;
use crate::prelude::*;
use crate::target::Target;

/// Receive side of the MAC: blocks to frames of `32 x WORDS` bits a beat.
#[derive(LogicBlock)]
pub struct MacRx<
    const WORDS: usize,
    const KEEP_W: usize,
    const PLAIN: usize = 1,
    const LOSSLESS: usize = 0,
    const RING_W: usize = 9,
> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Blocks from the PCS.
    pub blocks: RxBlocks<WORDS>,
    /// The PCS is aligned; a frame that is open when it is not ends at once, poisoned.
    pub up: Signal<In, Bit>,
    /// The link is up. Plain: counts for nothing, as the next four.
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
    /// Frames, destination address to FCS.
    pub rx: StreamSource<WORDS, KEEP_W>,
    /// The other side's PCS passes on that nothing is received.
    pub local_fault: Signal<Out, Bit>,
    /// The other side does not receive us.
    pub remote_fault: Signal<Out, Bit>,
    /// An ordered set, whole, for one cycle.
    pub set: [Signal<Out, Bits<32>>; 2],
    /// There is one.
    pub set_valid: Signal<Out, Bit>,
    /// A message to the sender, 44 bits; it holds until `report_taken`.
    pub report: [Signal<Out, Bits<32>>; 2],
    /// There is one.
    pub report_valid: Signal<Out, Bit>,
    /// State of `RetryRx`.
    pub state: Signal<Out, Bits<2>>,
    /// A frame ended as it should.
    pub stat_frame: Signal<Out, Bit>,
    /// A frame was ended by something else than its end.
    pub stat_broken: Signal<Out, Bit>,
    /// A frame was too long, and was cut.
    pub stat_too_long: Signal<Out, Bit>,
    /// A frame has less than 64 bytes.
    pub stat_short: Signal<Out, Bit>,
    /// A frame had a block that was an error or not known.
    pub stat_damaged: Signal<Out, Bit>,
    /// A frame found no room in the buffer.
    pub stat_dropped: Signal<Out, Bit>,
    /// A frame ran out of room in the buffer, and was closed.
    pub stat_cut: Signal<Out, Bit>,
    /// A frame did not arrive as it was sent. Plain: 0, as the next four.
    pub stat_hit: Signal<Out, Bit>,
    /// A frame came once more, and was dropped.
    pub stat_duplicate: Signal<Out, Bit>,
    /// A frame came, but not the one that is expected.
    pub stat_missing: Signal<Out, Bit>,
    /// A report was sent, without a *nack*.
    pub stat_ack: Signal<Out, Bit>,
    /// A report was sent, with a *nack*.
    pub stat_nack: Signal<Out, Bit>,

    // State.
    words: [DFF<Bits<32>>; 2],
    is_control: DFF<Bit>,
    is_bad: DFF<Bit>,
    is_there: DFF<Bit>,
    reader: BlockReader,
    parser: FrameParser,
    monitor: FaultMonitor,
    plain: [PlainRx; PLAIN],
    lossless: [LosslessRx<RING_W>; LOSSLESS],
    unpacker: FrameUnpacker<WORDS, KEEP_W>,

    // Parameters.
    has_halves: Constant<Bit>,
}

impl<const WORDS: usize, const KEEP_W: usize> MacRx<WORDS, KEEP_W> {
    /// Plain; cuts frames that are longer than `max_frame_bytes`.
    #[must_use]
    pub fn new(max_frame_bytes: usize) -> Self {
        // A report's time counts for nothing.
        Self::with_features(max_frame_bytes, Features::PLAIN, 1, Target::Generic)
    }
}

impl<
        const WORDS: usize,
        const KEEP_W: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    > MacRx<WORDS, KEEP_W, PLAIN, LOSSLESS, RING_W>
{
    /// With these features, a report at least every `report_cycles`; cuts frames that are longer than `max_frame_bytes`. Verilog for
    /// `target`.
    ///
    /// # Panics
    /// If `LOSSLESS` is not what `features` say, or the buffer does not hold the longest frame.
    #[must_use]
    pub fn with_features(
        max_frame_bytes: usize,
        features: Features,
        report_cycles: usize,
        target: Target,
    ) -> Self {
        const { assert!(PLAIN + LOSSLESS == 1) };
        assert!(
            features.is_lossless() == (LOSSLESS == 1),
            "LOSSLESS is {LOSSLESS}, the features are {features:?}"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            blocks: RxBlocks::default(),
            up: Signal::default(),
            link_up: Signal::default(),
            position_valid: Signal::default(),
            position_init: Signal::default(),
            position: Signal::default(),
            report_taken: Signal::default(),
            rx: StreamSource::default(),
            local_fault: Signal::default(),
            remote_fault: Signal::default(),
            set: std::array::from_fn(|_| Signal::default()),
            set_valid: Signal::default(),
            report: std::array::from_fn(|_| Signal::default()),
            report_valid: Signal::default(),
            state: Signal::default(),
            stat_frame: Signal::default(),
            stat_broken: Signal::default(),
            stat_too_long: Signal::default(),
            stat_short: Signal::default(),
            stat_damaged: Signal::default(),
            stat_dropped: Signal::default(),
            stat_cut: Signal::default(),
            stat_hit: Signal::default(),
            stat_duplicate: Signal::default(),
            stat_missing: Signal::default(),
            stat_ack: Signal::default(),
            stat_nack: Signal::default(),
            words: std::array::from_fn(|_| DFF::default()),
            is_control: DFF::default(),
            is_bad: DFF::default(),
            is_there: DFF::default(),
            reader: BlockReader::default(),
            parser: FrameParser::new(max_frame_bytes),
            monitor: FaultMonitor::default(),
            plain: std::array::from_fn(|_| PlainRx::default()),
            lossless: std::array::from_fn(|_| {
                LosslessRx::new(max_frame_bytes, features, report_cycles, target)
            }),
            unpacker: FrameUnpacker::default(),
            has_halves: Constant::new(WORDS == 1),
        }
    }
}

impl<
        const WORDS: usize,
        const KEEP_W: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    > Logic for MacRx<WORDS, KEEP_W, PLAIN, LOSSLESS, RING_W>
{
    #[allow(clippy::too_many_lines, reason = "wiring, a line a wire")]
    #[hdl_gen]
    fn update(&mut self) {
        // Beats to blocks.
        dff_setup!(self, clock, is_control, is_bad, is_there);
        for i in 0..2 {
            self.words[i].clock.next = self.clock.val();
            self.words[i].d.next = self.words[i].q.val();
        }
        self.is_there.d.next =
            self.blocks.valid.val() & (!self.has_halves.val() | !self.blocks.first.val());
        if self.blocks.valid.val() {
            self.is_control.d.next = self.blocks.control.val();
            self.is_bad.d.next = self.blocks.bad.val();
            if self.blocks.first.val() {
                self.words[0].d.next = self.blocks.data[0].val();
            }
            if !self.blocks.first.val() {
                self.words[1].d.next = self.blocks.data[0].val();
            }
            for i in 1..WORDS {
                self.words[i].d.next = self.blocks.data[i].val();
            }
        }

        // Blocks to frames.
        clock!(self, clock, parser, monitor, unpacker);
        self.parser.reset.next = self.reset.val();
        self.monitor.reset.next = self.reset.val();
        self.unpacker.reset.next = self.reset.val();
        for i in 0..2 {
            self.reader.block[i].next = self.words[i].q.val();
            self.monitor.block[i].next = self.words[i].q.val();
            self.set[i].next = self.words[i].q.val();
            self.parser.data[i].next = self.reader.data[i].val();
        }
        self.reader.control.next = self.is_control.q.val();
        self.reader.bad.next = self.is_bad.q.val();
        self.parser.end_bytes.next = self.reader.end_bytes.val();
        self.parser.is_data.next = self.reader.is_data.val();
        self.parser.is_start.next = self.reader.is_start.val();
        self.parser.is_end.next = self.reader.is_end.val();
        self.parser.is_error.next = self.reader.is_error.val();
        self.parser.is_damaged.next = self.reader.is_damaged.val();
        self.parser.is_between.next = self.reader.is_idle.val() | self.reader.is_set.val();
        self.parser.arrive.next = self.is_there.q.val();
        self.parser.up.next = self.up.val();
        self.monitor.is_set.next = self.reader.is_set.val();
        self.monitor.arrive.next = self.is_there.q.val() & self.up.val();
        self.local_fault.next = self.monitor.local_fault.val();
        self.remote_fault.next = self.monitor.remote_fault.val();
        self.set_valid.next = self.is_there.q.val() & self.up.val() & self.reader.is_set.val();

        // Through the plain buffer,
        for p in 0..PLAIN {
            self.plain[p].clock.next = self.clock.val();
            self.plain[p].reset.next = self.reset.val();
            for i in 0..2 {
                self.plain[p].block.data[i].next = self.parser.block.data[i].val();
                self.unpacker.head.data[i].next = self.plain[p].head.data[i].val();
                self.report[i].next = 0.into();
            }
            self.plain[p].block.count.next = self.parser.block.count.val();
            self.plain[p].block.last.next = self.parser.block.last.val();
            self.plain[p].block.poison.next = self.parser.block.poison.val();
            self.plain[p].block.valid.next = self.parser.block.valid.val();
            self.plain[p].pop.next = self.unpacker.pop.val();
            self.unpacker.head.count.next = self.plain[p].head.count.val();
            self.unpacker.head.last.next = self.plain[p].head.last.val();
            self.unpacker.head.poison.next = self.plain[p].head.poison.val();
            self.unpacker.head.valid.next = self.plain[p].head.valid.val();
            self.report_valid.next = false;
            self.state.next = 0.into();
            self.stat_hit.next = false;
            self.stat_duplicate.next = false;
            self.stat_missing.next = false;
            self.stat_dropped.next = self.plain[p].stat_dropped.val();
            self.stat_cut.next = self.plain[p].stat_cut.val();
            self.stat_ack.next = false;
            self.stat_nack.next = false;
        }

        // or through the lossless one.
        for l in 0..LOSSLESS {
            self.lossless[l].clock.next = self.clock.val();
            self.lossless[l].reset.next = self.reset.val();
            self.lossless[l].is_start.next =
                self.is_there.q.val() & self.up.val() & self.reader.is_start.val();
            for i in 0..2 {
                self.lossless[l].start[i].next = self.words[i].q.val();
                self.lossless[l].block.data[i].next = self.parser.block.data[i].val();
                self.unpacker.head.data[i].next = self.lossless[l].head.data[i].val();
                self.report[i].next = self.lossless[l].report[i].val();
            }
            self.lossless[l].block.count.next = self.parser.block.count.val();
            self.lossless[l].block.last.next = self.parser.block.last.val();
            self.lossless[l].block.poison.next = self.parser.block.poison.val();
            self.lossless[l].block.valid.next = self.parser.block.valid.val();
            self.lossless[l].hit.next = self.parser.hit.val();
            self.lossless[l].lost.next = self.parser.lost.val();
            self.lossless[l].pop.next = self.unpacker.pop.val();
            self.lossless[l].link_up.next = self.link_up.val();
            self.lossless[l].position_valid.next = self.position_valid.val();
            self.lossless[l].position_init.next = self.position_init.val();
            self.lossless[l].position.next = self.position.val();
            self.lossless[l].report_taken.next = self.report_taken.val();
            self.unpacker.head.count.next = self.lossless[l].head.count.val();
            self.unpacker.head.last.next = self.lossless[l].head.last.val();
            self.unpacker.head.poison.next = self.lossless[l].head.poison.val();
            self.unpacker.head.valid.next = self.lossless[l].head.valid.val();
            self.report_valid.next = self.lossless[l].report_valid.val();
            self.state.next = self.lossless[l].state.val();
            self.stat_hit.next = self.lossless[l].stat_hit.val();
            self.stat_duplicate.next = self.lossless[l].stat_duplicate.val();
            self.stat_missing.next = self.lossless[l].stat_missing.val();
            self.stat_dropped.next = self.lossless[l].stat_dropped.val();
            self.stat_cut.next = self.lossless[l].stat_cut.val();
            self.stat_ack.next = self.lossless[l].stat_ack.val();
            self.stat_nack.next = self.lossless[l].stat_nack.val();
        }

        // Frames to the client.
        for i in 0..WORDS {
            self.rx.tdata[i].next = self.unpacker.rx.tdata[i].val();
        }
        self.rx.tkeep.next = self.unpacker.rx.tkeep.val();
        self.rx.tvalid.next = self.unpacker.rx.tvalid.val();
        self.rx.tlast.next = self.unpacker.rx.tlast.val();
        self.rx.tuser.next = self.unpacker.rx.tuser.val();
        self.unpacker.rx.tready.next = self.rx.tready.val();

        self.stat_frame.next = self.parser.stat_frame.val();
        self.stat_broken.next = self.parser.stat_broken.val();
        self.stat_too_long.next = self.parser.stat_too_long.val();
        self.stat_short.next = self.parser.stat_short.val();
        self.stat_damaged.next = self.parser.stat_damaged.val();
        if self.reset.val() {
            self.is_there.d.next = false;
        }
    }
    describe!("Receive side of the MAC: blocks to frames of `32 x WORDS` bits a beat.");
}
