//! The MAC's transmit side: frames to blocks, with everything that stands between frames.
//!
//! ```text
//!              +------------------------------------+
//!  tx stream ->| FramePacker -> BlockFifo -> Framer |---> blocks
//!  hold ------>|                                    |
//!  discard --->|                                    |---> stat_*
//!  message --->|                                    |---> message_taken
//!              +------------------------------------+
//! ```
//!
//! Latency, idle, at 64 bits: 4 cycles from a frame's first beat to its start block on offer, if it may start at once (a frame
//! of one block); otherwise one more for each block that it waits for, see `docs/link.md`. Throughput: a block for each that
//! is taken. `tready` falls while 14 blocks wait. Reset: idle blocks, what waits is forgotten.

use super::block_fifo::BlockFifo;
use super::frame_packer::FramePacker;
use super::framer::Framer;
use super::ports::TxBlocks;
use crate::prelude::*;

/// Transmit side of the MAC: frames of `32 x WORDS` bits a beat to blocks.
#[derive(LogicBlock)]
pub struct MacTx<const WORDS: usize, const KEEP_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Frames, destination address to FCS.
    pub tx: FrameSink<WORDS, KEEP_W>,
    /// No frame may start.
    pub hold: Signal<In, Bit>,
    /// Frames are thrown away instead of started.
    pub discard: Signal<In, Bit>,
    /// Remote fault is sent between frames, and no frame starts.
    pub remote_fault: Signal<In, Bit>,
    /// An ordered set to send between frames, whole; it holds until `message_taken`.
    pub message: [Signal<In, Bits<32>>; 2],
    /// There is one.
    pub message_valid: Signal<In, Bit>,

    // Egress.
    /// The blocks.
    pub blocks: TxBlocks<WORDS>,
    /// The message is taken at the next clock edge.
    pub message_taken: Signal<Out, Bit>,
    /// A frame was started.
    pub stat_frame: Signal<Out, Bit>,
    /// A frame ran dry and was ended.
    pub stat_underrun: Signal<Out, Bit>,
    /// A frame was thrown away.
    pub stat_discarded: Signal<Out, Bit>,

    // State.
    packer: FramePacker<WORDS, KEEP_W>,
    fifo: BlockFifo,
    framer: Framer,
    half: DFF<Bit>,

    // Parameters.
    has_halves: Constant<Bit>,
}

/// Blocks of a frame that have to be there before it starts, if its last one is not: a row of markers on `lanes` lanes, a
/// gearbox bubble, 100 ppm on either side over the longest frame, and the block itself. `docs/link.md` derives it.
#[must_use]
pub const fn start_blocks(lanes: usize, max_frame_bytes: usize) -> usize {
    let drift = (2 * 100 * max_frame_bytes).div_ceil(8 * 1_000_000);
    lanes + 1 + drift + 1
}

impl<const WORDS: usize, const KEEP_W: usize> MacTx<WORDS, KEEP_W> {
    /// For a link of `lanes` lanes and frames of at most `max_frame_bytes`.
    #[must_use]
    pub fn new(lanes: usize, max_frame_bytes: usize) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            tx: FrameSink::default(),
            hold: Signal::default(),
            discard: Signal::default(),
            remote_fault: Signal::default(),
            message: std::array::from_fn(|_| Signal::default()),
            message_valid: Signal::default(),
            blocks: TxBlocks::default(),
            message_taken: Signal::default(),
            stat_frame: Signal::default(),
            stat_underrun: Signal::default(),
            stat_discarded: Signal::default(),
            packer: FramePacker::default(),
            fifo: BlockFifo::new(start_blocks(lanes, max_frame_bytes)),
            framer: Framer::default(),
            half: DFF::default(),
            has_halves: Constant::new(WORDS == 1),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for MacTx<WORDS, KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, half);
        clock!(self, clock, packer, fifo, framer);
        self.packer.reset.next = self.reset.val();
        self.fifo.reset.next = self.reset.val();
        self.framer.reset.next = self.reset.val();

        // Frames to blocks.
        for i in 0..WORDS {
            self.packer.tx.tdata[i].next = self.tx.tdata[i].val();
        }
        self.packer.tx.tkeep.next = self.tx.tkeep.val();
        self.packer.tx.tvalid.next = self.tx.tvalid.val();
        self.packer.tx.tlast.next = self.tx.tlast.val();
        self.packer.tx.tuser.next = self.tx.tuser.val();
        self.tx.tready.next = self.packer.tx.tready.val();
        self.packer.room.next = self.fifo.room.val();
        for i in 0..2 {
            self.fifo.write.data[i].next = self.packer.block.data[i].val();
            self.framer.head.data[i].next = self.fifo.head.data[i].val();
            self.framer.message[i].next = self.message[i].val();
        }
        self.fifo.write.count.next = self.packer.block.count.val();
        self.fifo.write.last.next = self.packer.block.last.val();
        self.fifo.write.poison.next = self.packer.block.poison.val();
        self.fifo.write.valid.next = self.packer.block.valid.val();
        self.framer.head.count.next = self.fifo.head.count.val();
        self.framer.head.last.next = self.fifo.head.last.val();
        self.framer.head.poison.next = self.fifo.head.poison.val();
        self.framer.head.valid.next = self.fifo.head.valid.val();
        self.framer.may_start.next = self.fifo.may_start.val();
        self.framer.hold.next = self.hold.val();
        self.framer.discard.next = self.discard.val();
        self.framer.remote_fault.next = self.remote_fault.val();
        self.framer.message_valid.next = self.message_valid.val();
        self.message_taken.next = self.framer.message_taken.val();
        self.fifo.pop.next = self.framer.pop.val();

        // Blocks to beats.
        self.blocks.data[0].next = self.framer.block[0].val();
        for i in 1..WORDS {
            self.blocks.data[i].next = self.framer.block[i].val();
        }
        if self.half.q.val() {
            self.blocks.data[0].next = self.framer.block[1].val();
        }
        self.blocks.control.next = self.framer.control.val();
        self.blocks.first.next = !self.half.q.val();
        if self.blocks.ready.val() {
            self.half.d.next = self.has_halves.val() & !self.half.q.val();
        }
        self.framer.step.next =
            self.blocks.ready.val() & (self.half.q.val() | !self.has_halves.val());

        self.stat_frame.next = self.framer.stat_frame.val();
        self.stat_underrun.next = self.framer.stat_underrun.val();
        self.stat_discarded.next = self.framer.stat_discarded.val();
        if self.reset.val() {
            self.half.d.next = false;
        }
    }
    describe!("Transmit side of the MAC: frames of `32 x WORDS` bits a beat to blocks.");
}
