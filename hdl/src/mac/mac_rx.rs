//! The MAC's receive side: blocks to frames.
//!
//! ```text
//!            +-------------------------------------------------------------------+
//!  blocks -->| BlockReader -> FrameParser -> Admission -> BlockFifo -> Unpacker  |---> rx stream
//!  up ------>|          `---> FaultMonitor                                       |---> local_fault, remote_fault
//!            +-------------------------------------------------------------------+---> set, stat_*
//! ```
//!
//! Latency: a block of a frame leaves 3 cycles after the next block has come, the bytes of an end block one cycle later: one cycle
//! to be read, one to be held, one in the FIFO. Throughput: one block a cycle. The buffer holds 16 blocks: a client that holds
//! `tready` low for longer loses frames, counted. Reset: no frame is open, the buffer is empty.

use super::admission::Admission;
use super::block_fifo::BlockFifo;
use super::block_reader::BlockReader;
use super::fault_monitor::FaultMonitor;
use super::frame_parser::FrameParser;
use super::frame_unpacker::FrameUnpacker;
use super::ports::RxBlocks;
use crate::prelude::*;

/// Receive side of the MAC: blocks to frames of `32 x WORDS` bits a beat.
#[derive(LogicBlock)]
pub struct MacRx<const WORDS: usize, const KEEP_W: usize> {
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

    // State.
    words: [DFF<Bits<32>>; 2],
    is_control: DFF<Bit>,
    is_bad: DFF<Bit>,
    is_there: DFF<Bit>,
    reader: BlockReader,
    parser: FrameParser,
    monitor: FaultMonitor,
    admission: Admission,
    fifo: BlockFifo,
    unpacker: FrameUnpacker<WORDS, KEEP_W>,

    // Parameters.
    has_halves: Constant<Bit>,
}

impl<const WORDS: usize, const KEEP_W: usize> MacRx<WORDS, KEEP_W> {
    /// Cuts frames that are longer than `max_frame_bytes`.
    #[must_use]
    pub fn new(max_frame_bytes: usize) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            blocks: RxBlocks::default(),
            up: Signal::default(),
            rx: StreamSource::default(),
            local_fault: Signal::default(),
            remote_fault: Signal::default(),
            set: std::array::from_fn(|_| Signal::default()),
            set_valid: Signal::default(),
            stat_frame: Signal::default(),
            stat_broken: Signal::default(),
            stat_too_long: Signal::default(),
            stat_short: Signal::default(),
            stat_damaged: Signal::default(),
            stat_dropped: Signal::default(),
            stat_cut: Signal::default(),
            words: std::array::from_fn(|_| DFF::default()),
            is_control: DFF::default(),
            is_bad: DFF::default(),
            is_there: DFF::default(),
            reader: BlockReader::default(),
            parser: FrameParser::new(max_frame_bytes),
            monitor: FaultMonitor::default(),
            admission: Admission::default(),
            fifo: BlockFifo::new(1),
            unpacker: FrameUnpacker::default(),
            has_halves: Constant::new(WORDS == 1),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for MacRx<WORDS, KEEP_W> {
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
        clock!(self, clock, parser, monitor, admission, fifo, unpacker);
        self.parser.reset.next = self.reset.val();
        self.monitor.reset.next = self.reset.val();
        self.admission.reset.next = self.reset.val();
        self.fifo.reset.next = self.reset.val();
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

        // Frames to the client.
        for i in 0..2 {
            self.admission.block.data[i].next = self.parser.block.data[i].val();
            self.fifo.write.data[i].next = self.admission.write.data[i].val();
            self.unpacker.head.data[i].next = self.fifo.head.data[i].val();
        }
        self.admission.block.count.next = self.parser.block.count.val();
        self.admission.block.last.next = self.parser.block.last.val();
        self.admission.block.poison.next = self.parser.block.poison.val();
        self.admission.block.valid.next = self.parser.block.valid.val();
        self.admission.room.next = self.fifo.room.val();
        self.fifo.write.count.next = self.admission.write.count.val();
        self.fifo.write.last.next = self.admission.write.last.val();
        self.fifo.write.poison.next = self.admission.write.poison.val();
        self.fifo.write.valid.next = self.admission.write.valid.val();
        self.fifo.pop.next = self.unpacker.pop.val();
        self.unpacker.head.count.next = self.fifo.head.count.val();
        self.unpacker.head.last.next = self.fifo.head.last.val();
        self.unpacker.head.poison.next = self.fifo.head.poison.val();
        self.unpacker.head.valid.next = self.fifo.head.valid.val();
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
        self.stat_dropped.next = self.admission.stat_dropped.val();
        self.stat_cut.next = self.admission.stat_cut.val();
        if self.reset.val() {
            self.is_there.d.next = false;
        }
    }
    describe!("Receive side of the MAC: blocks to frames of `32 x WORDS` bits a beat.");
}
