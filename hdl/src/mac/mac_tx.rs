//! The MAC's transmit side: frames to blocks, with everything that stands between frames.
//!
//! ```text
//!              +--------------------------------------+
//!  tx stream ->| FramePacker -> BlockFifo  -> Framer  |---> blocks
//!  hold ------>|             or LosslessTx            |---> message_taken
//!  discard --->|                                      |---> position_message
//!  message --->|                                      |---> state, stat_*
//!  report ---->+--------------------------------------+
//! ```
//!
//! Plain (`PLAIN` is 1) frames wait in a FIFO of 16 blocks, with retry or credits (`LOSSLESS` is 1) in a ring of `2^RING_W`. Latency, idle,
//! at 64 bits: 4 cycles from a frame's first beat to its start block on offer, 6 with the ring, if it may start at once (a frame of one
//! block); otherwise one more for each block that it waits for, see `docs/link.md`. Throughput: a block for each that is taken. `tready`
//! falls while 14 blocks wait; with the ring while all but 4 of its blocks wait or are not acknowledged. Reset: idle blocks, what waits is
//! forgotten.

use super::block_fifo::BlockFifo;
use super::frame_packer::FramePacker;
use super::framer::Framer;
use super::lossless_tx::{LosslessTx, TxOptions};
use super::ports::TxBlocks;
use crate::pcs::block;
use crate::prelude::*;

/// Transmit side of the MAC: frames of `32 x WORDS` bits a beat to blocks.
#[derive(LogicBlock)]
pub struct MacTx<
    const WORDS: usize,
    const KEEP_W: usize,
    const PLAIN: usize,
    const LOSSLESS: usize,
    const RING_W: usize,
> {
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
    /// The far end's receiver reports. Plain: 0, as what belongs to it.
    pub report_valid: Signal<In, Bit>,
    /// It wants everything again from `report_expected` on.
    pub report_nack: Signal<In, Bit>,
    /// It has everything before this position.
    pub report_expected: Signal<In, Bits<16>>,
    /// It has room up to this position.
    pub report_limit: Signal<In, Bits<16>>,
    /// The position message is taken at the next clock edge.
    pub position_taken: Signal<In, Bit>,

    // Egress.
    /// The blocks.
    pub blocks: TxBlocks<WORDS>,
    /// The message is taken at the next clock edge.
    pub message_taken: Signal<Out, Bit>,
    /// A position message, the lower 32 of its bits; what is sent is what it says when it is taken. Plain: 0.
    pub position_message: Signal<Out, Bits<32>>,
    /// There is one.
    pub position_valid: Signal<Out, Bit>,
    /// State of the sender, see [`super::state`]. Plain: 0.
    pub state: Signal<Out, Bits<3>>,
    /// A frame was started.
    pub stat_frame: Signal<Out, Bit>,
    /// A frame ran dry and was ended.
    pub stat_underrun: Signal<Out, Bit>,
    /// A frame was thrown away.
    pub stat_discarded: Signal<Out, Bit>,
    /// Frames are sent again.
    pub stat_replay: Signal<Out, Bit>,
    /// A report came that is no *nack*.
    pub stat_ack: Signal<Out, Bit>,
    /// A *nack* came.
    pub stat_nack: Signal<Out, Bit>,
    /// The replay timer ran out.
    pub stat_timeout: Signal<Out, Bit>,
    /// A frame was given up: it went out for the last time.
    pub stat_final: Signal<Out, Bit>,
    /// A frame that had been sent was thrown away unacknowledged, one of those in `stat_discarded`.
    pub stat_flushed: Signal<Out, Bit>,

    // State.
    packer: FramePacker<WORDS, KEEP_W>,
    fifo: [BlockFifo; PLAIN],
    lossless: [LosslessTx<RING_W>; LOSSLESS],
    framer: Framer,
    half: DFF<Bit>,

    // Parameters.
    has_halves: Constant<Bit>,
    preamble: [Constant<Bits<32>>; 2],
}

/// Blocks of a frame that have to be there before it starts, if its last one is not: a row of markers on `lanes` lanes, a
/// gearbox bubble, 100 ppm on either side over the longest frame, and the block itself. `docs/link.md` derives it.
#[must_use]
pub const fn start_blocks(lanes: usize, max_frame_bytes: usize) -> usize {
    let drift = (2 * 100 * max_frame_bytes).div_ceil(8 * 1_000_000);
    lanes + 1 + drift + 1
}

impl<
        const WORDS: usize,
        const KEEP_W: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    > MacTx<WORDS, KEEP_W, PLAIN, LOSSLESS, RING_W>
{
    /// For a link of `lanes` lanes and frames of at most `max_frame_bytes`.
    ///
    /// # Panics
    /// If `PLAIN` and `LOSSLESS` are not as the features in `options` want them, or these are out of range.
    #[must_use]
    pub fn new(lanes: usize, max_frame_bytes: usize, options: &TxOptions) -> Self {
        const { assert!(PLAIN + LOSSLESS == 1) };
        options.features.check(LOSSLESS);
        let start = start_blocks(lanes, max_frame_bytes);
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            tx: FrameSink::default(),
            hold: Signal::default(),
            discard: Signal::default(),
            remote_fault: Signal::default(),
            message: std::array::from_fn(|_| Signal::default()),
            message_valid: Signal::default(),
            report_valid: Signal::default(),
            report_nack: Signal::default(),
            report_expected: Signal::default(),
            report_limit: Signal::default(),
            position_taken: Signal::default(),
            blocks: TxBlocks::default(),
            message_taken: Signal::default(),
            position_message: Signal::default(),
            position_valid: Signal::default(),
            state: Signal::default(),
            stat_frame: Signal::default(),
            stat_underrun: Signal::default(),
            stat_discarded: Signal::default(),
            stat_replay: Signal::default(),
            stat_ack: Signal::default(),
            stat_nack: Signal::default(),
            stat_timeout: Signal::default(),
            stat_final: Signal::default(),
            stat_flushed: Signal::default(),
            packer: FramePacker::default(),
            fifo: std::array::from_fn(|_| BlockFifo::new(start)),
            lossless: std::array::from_fn(|_| LosslessTx::new(start, max_frame_bytes, options)),
            framer: Framer::default(),
            half: DFF::default(),
            has_halves: Constant::new(WORDS == 1),
            preamble: block::words(block::START_BLOCK),
        }
    }
}

impl<
        const WORDS: usize,
        const KEEP_W: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    > Logic for MacTx<WORDS, KEEP_W, PLAIN, LOSSLESS, RING_W>
{
    #[allow(clippy::too_many_lines, reason = "wiring, a line a wire")]
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, half);
        clock!(self, clock, packer, framer);
        self.packer.reset.next = self.reset.val();
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
        self.framer.remote_fault.next = self.remote_fault.val();
        self.framer.message_valid.next = self.message_valid.val();
        self.message_taken.next = self.framer.message_taken.val();
        for j in 0..2 {
            self.framer.message[j].next = self.message[j].val();
        }

        // Through a FIFO,
        self.position_message.next = 0.into();
        self.position_valid.next = false;
        self.state.next = 0.into();
        self.stat_replay.next = false;
        self.stat_ack.next = false;
        self.stat_nack.next = false;
        self.stat_timeout.next = false;
        self.stat_final.next = false;
        self.stat_flushed.next = false;
        for i in 0..PLAIN {
            self.fifo[i].clock.next = self.clock.val();
            self.fifo[i].reset.next = self.reset.val();
            for j in 0..2 {
                self.fifo[i].write.data[j].next = self.packer.block.data[j].val();
                self.framer.head.data[j].next = self.fifo[i].head.data[j].val();
                self.framer.start_block[j].next = self.preamble[j].val();
            }
            self.fifo[i].write.count.next = self.packer.block.count.val();
            self.fifo[i].write.last.next = self.packer.block.last.val();
            self.fifo[i].write.poison.next = self.packer.block.poison.val();
            self.fifo[i].write.valid.next = self.packer.block.valid.val();
            self.fifo[i].pop.next = self.framer.pop.val();
            self.packer.room.next = self.fifo[i].room.val();
            self.framer.head.count.next = self.fifo[i].head.count.val();
            self.framer.head.last.next = self.fifo[i].head.last.val();
            self.framer.head.poison.next = self.fifo[i].head.poison.val();
            self.framer.head.valid.next = self.fifo[i].head.valid.val();
            self.framer.may_start.next = self.fifo[i].may_start.val();
            self.framer.hold.next = self.hold.val();
            self.framer.discard.next = self.discard.val();
            self.framer.rewind.next = false;
        }

        // or the ring of a lossless link.
        for i in 0..LOSSLESS {
            self.lossless[i].clock.next = self.clock.val();
            self.lossless[i].reset.next = self.reset.val();
            for j in 0..2 {
                self.lossless[i].write.data[j].next = self.packer.block.data[j].val();
                self.framer.head.data[j].next = self.lossless[i].head.data[j].val();
                self.framer.start_block[j].next = self.lossless[i].start_block[j].val();
            }
            self.lossless[i].write.count.next = self.packer.block.count.val();
            self.lossless[i].write.last.next = self.packer.block.last.val();
            self.lossless[i].write.poison.next = self.packer.block.poison.val();
            self.lossless[i].write.valid.next = self.packer.block.valid.val();
            self.lossless[i].down.next = self.discard.val();
            self.lossless[i].hold.next = self.hold.val();
            self.lossless[i].report_valid.next = self.report_valid.val();
            self.lossless[i].report_nack.next = self.report_nack.val();
            self.lossless[i].report_expected.next = self.report_expected.val();
            self.lossless[i].report_limit.next = self.report_limit.val();
            self.lossless[i].position_taken.next = self.position_taken.val();
            self.lossless[i].pop.next = self.framer.pop.val();
            self.lossless[i].starts.next = self.framer.starts.val();
            self.lossless[i].idle.next = self.framer.idle.val();
            self.lossless[i].drops.next = self.framer.drops.val();
            self.lossless[i].discarded.next = self.framer.stat_discarded.val();
            self.packer.room.next = self.lossless[i].room.val();
            self.framer.head.count.next = self.lossless[i].head.count.val();
            self.framer.head.last.next = self.lossless[i].head.last.val();
            self.framer.head.poison.next = self.lossless[i].head.poison.val();
            self.framer.head.valid.next = self.lossless[i].head.valid.val();
            self.framer.may_start.next = self.lossless[i].may_start.val();
            self.framer.hold.next = self.lossless[i].hold_frames.val();
            self.framer.discard.next = self.lossless[i].discard_frames.val();
            self.framer.rewind.next = self.lossless[i].rewind.val();
            self.position_message.next = self.lossless[i].position_message.val();
            self.position_valid.next = self.lossless[i].position_valid.val();
            self.state.next = self.lossless[i].state.val();
            self.stat_replay.next = self.lossless[i].stat_replay.val();
            self.stat_ack.next = self.lossless[i].stat_ack.val();
            self.stat_nack.next = self.lossless[i].stat_nack.val();
            self.stat_timeout.next = self.lossless[i].stat_timeout.val();
            self.stat_final.next = self.lossless[i].stat_final.val();
            self.stat_flushed.next = self.lossless[i].stat_flushed.val();
        }

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
