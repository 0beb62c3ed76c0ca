//! Makes blocks of frames: start, data, end, and what stands between frames.
//!
//! ```text
//!                      +--------+
//!  head (FIFO) ------->|        |---> block, control
//!  may_start, hold --->| Framer |
//!  discard ----------->|        |---> pop
//!  remote_fault ------>|        |---> message_taken
//!  message ----------->|        |---> idle, starts, drops
//!  start_block, rewind>|        |---> stat_*
//!  step -------------->+--------+
//! ```
//!
//! Every `step` the block on offer is taken and the next one stands there after the clock edge: a frame's first data block two
//! steps after `may_start`, behind its start. Gaps and faults: see `docs/link.md`. A step takes one block, of a poisoned
//! frame's last block none, as an error block goes before it. Counter pulses come one cycle after their cause. Reset: an
//! idle block, and the frame under way is forgotten. `rewind`, while `idle`, ends the throwing away of a frame: another one is the head.

use super::frame_turn::FrameTurn;
use super::gap::Gap;
use super::next_block::NextBlock;
use super::ports::FrameBlockSink;
use super::turn::Turn;
use crate::pcs::block;
use crate::prelude::*;

/// Makes blocks of frames, with gaps of twelve bytes on average.
#[derive(LogicBlock)]
pub struct Framer {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: offers an idle block.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The oldest block of the FIFO.
    pub head: FrameBlockSink,
    /// Enough of the frame is there to start it.
    pub may_start: Signal<In, Bit>,
    /// No frame may start.
    pub hold: Signal<In, Bit>,
    /// Frames are thrown away instead of started.
    pub discard: Signal<In, Bit>,
    /// Remote fault is sent between frames, and no frame starts.
    pub remote_fault: Signal<In, Bit>,
    /// An ordered set to send between frames, whole.
    pub message: [Signal<In, Bits<32>>; 2],
    /// There is one.
    pub message_valid: Signal<In, Bit>,
    /// The payload of a block that starts the frame at the head.
    pub start_block: [Signal<In, Bits<32>>; 2],
    /// The head is put back to the start of a frame. Without that: 0.
    pub rewind: Signal<In, Bit>,
    /// The block on offer is taken at the next clock edge.
    pub step: Signal<In, Bit>,

    // Egress.
    /// The block on offer.
    pub block: [Signal<Out, Bits<32>>; 2],
    /// It is a control block. Reset: 1.
    pub control: Signal<Out, Bit>,
    /// The head leaves the FIFO at the next clock edge.
    pub pop: Signal<Out, Bit>,
    /// The message is taken at the next clock edge.
    pub message_taken: Signal<Out, Bit>,
    /// No frame is under way.
    pub idle: Signal<Out, Bit>,
    /// A frame starts at the next clock edge.
    pub starts: Signal<Out, Bit>,
    /// The rest of a frame is being thrown away.
    pub drops: Signal<Out, Bit>,
    /// A frame was started.
    pub stat_frame: Signal<Out, Bit>,
    /// A frame ran dry and was ended.
    pub stat_underrun: Signal<Out, Bit>,
    /// A frame was thrown away.
    pub stat_discarded: Signal<Out, Bit>,

    // State.
    words: [DFF<Bits<32>>; 2],
    is_control: DFF<Bit>,
    in_frame: DFF<Bit>,
    end_due: DFF<Bit>,
    dropping: DFF<Bit>,
    started: DFF<Bit>,
    ran_dry: DFF<Bit>,
    threw_away: DFF<Bit>,

    // Wires.
    between: Signal<Local, Bit>,
    drop: Signal<Local, Bit>,
    turn: Turn,
    frame_turn: FrameTurn,
    next_block: NextBlock,
    gap: Gap,

    // Parameters.
    idle_block: Constant<Bits<32>>,
}

impl Default for Framer {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            head: FrameBlockSink::default(),
            may_start: Signal::default(),
            hold: Signal::default(),
            discard: Signal::default(),
            remote_fault: Signal::default(),
            message: std::array::from_fn(|_| Signal::default()),
            message_valid: Signal::default(),
            start_block: std::array::from_fn(|_| Signal::default()),
            rewind: Signal::default(),
            step: Signal::default(),
            block: std::array::from_fn(|_| Signal::default()),
            control: Signal::default(),
            pop: Signal::default(),
            message_taken: Signal::default(),
            idle: Signal::default(),
            starts: Signal::default(),
            drops: Signal::default(),
            stat_frame: Signal::default(),
            stat_underrun: Signal::default(),
            stat_discarded: Signal::default(),
            words: [flop_at(block::IDLE_BLOCK.into()), DFF::default()],
            is_control: flop_at(true),
            in_frame: DFF::default(),
            end_due: DFF::default(),
            dropping: DFF::default(),
            started: DFF::default(),
            ran_dry: DFF::default(),
            threw_away: DFF::default(),
            between: Signal::default(),
            drop: Signal::default(),
            turn: Turn::default(),
            frame_turn: FrameTurn::default(),
            next_block: NextBlock::default(),
            gap: Gap::default(),
            idle_block: Constant::new(block::IDLE_BLOCK.into()),
        }
    }
}

impl Logic for Framer {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self, clock, is_control, in_frame, end_due, dropping, started, ran_dry, threw_away
        );
        for i in 0..2 {
            self.words[i].clock.next = self.clock.val();
            self.words[i].d.next = self.words[i].q.val();
        }

        // 2. Decide what the next block is. Between frames:
        self.between.next = !self.in_frame.q.val() & !self.end_due.q.val();
        self.turn.free.next = self.between.val() & self.gap.open.val();
        self.turn.message_valid.next = self.message_valid.val();
        self.turn.remote_fault.next = self.remote_fault.val();
        self.turn.head_valid.next = self.head.valid.val();
        self.turn.may_start.next = self.may_start.val();
        self.turn.hold.next = self.hold.val();
        self.turn.discard.next = self.discard.val();
        self.turn.dropping.next = self.dropping.q.val();
        // Inside one:
        self.frame_turn.clock.next = self.clock.val();
        self.frame_turn.reset.next = self.reset.val();
        self.frame_turn.head_count.next = self.head.count.val();
        self.frame_turn.head_last.next = self.head.last.val();
        self.frame_turn.head_poison.next = self.head.poison.val();
        self.frame_turn.head_valid.next = self.head.valid.val();
        self.frame_turn.in_frame.next = self.in_frame.q.val();
        self.frame_turn.end_due.next = self.end_due.q.val();
        self.frame_turn.step.next = self.step.val();
        self.drop.next = self.dropping.q.val() & self.head.valid.val();
        for i in 0..2 {
            self.next_block.data[i].next = self.head.data[i].val();
            self.next_block.message[i].next = self.message[i].val();
            self.next_block.preamble[i].next = self.start_block[i].val();
        }
        self.next_block.end_bytes.next = self.frame_turn.end_bytes.val();
        self.next_block.fault.next = self.turn.fault.val();
        self.next_block.tell.next = self.turn.tell.val();
        self.next_block.start.next = self.turn.start.val();
        self.next_block.error.next = self.frame_turn.starved.val() | self.frame_turn.warn.val();
        self.next_block.give.next = self.frame_turn.give.val();
        self.next_block.ends.next = self.frame_turn.ends.val();
        self.gap.clock.next = self.clock.val();
        self.gap.reset.next = self.reset.val();
        self.gap.step.next = self.step.val();
        self.gap.ends.next = self.frame_turn.ends.val();
        self.gap.end_bytes.next = self.frame_turn.end_bytes.val();
        self.gap.idle.next = self.between.val() & !self.turn.start.val();

        // 3. Next state.
        self.started.d.next = self.step.val() & self.turn.start.val();
        self.ran_dry.d.next = self.step.val() & self.frame_turn.starved.val();
        self.threw_away.d.next = self.step.val() & self.turn.throw.val();
        if self.step.val() {
            self.is_control.d.next = self.next_block.control.val();
            for i in 0..2 {
                self.words[i].d.next = self.next_block.block[i].val();
            }
            if self.turn.start.val() {
                self.in_frame.d.next = true;
            }
            if self.frame_turn.starved.val()
                | (self.frame_turn.last.val() & !self.frame_turn.ends.val())
            {
                self.in_frame.d.next = false;
                self.end_due.d.next = true;
            }
            if self.frame_turn.ends.val() {
                self.in_frame.d.next = false;
                self.end_due.d.next = false;
            }
            if self.turn.throw.val() | self.drop.val() {
                self.dropping.d.next = !self.head.last.val();
            }
            if self.frame_turn.starved.val() {
                self.dropping.d.next = true;
            }
        }
        if self.rewind.val() {
            self.dropping.d.next = false;
        }

        // 4. Drive outputs.
        for i in 0..2 {
            self.block[i].next = self.words[i].q.val();
        }
        self.control.next = self.is_control.q.val();
        self.pop.next = self.step.val()
            & (self.frame_turn.give.val() | self.turn.throw.val() | self.drop.val());
        self.message_taken.next = self.step.val() & self.turn.tell.val();
        self.idle.next = self.between.val();
        self.starts.next = self.step.val() & self.turn.start.val();
        self.drops.next = self.dropping.q.val();
        self.stat_frame.next = self.started.q.val();
        self.stat_underrun.next = self.ran_dry.q.val();
        self.stat_discarded.next = self.threw_away.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.words[0].d.next = self.idle_block.val();
            self.words[1].d.next = 0.into();
            self.is_control.d.next = true;
            self.in_frame.d.next = false;
            self.end_due.d.next = false;
            self.dropping.d.next = false;
            self.started.d.next = false;
            self.ran_dry.d.next = false;
            self.threw_away.d.next = false;
        }
    }
    describe!("Makes blocks of frames, with gaps of twelve bytes on average.");
}
