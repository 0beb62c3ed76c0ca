//! Takes the beats of the chosen lanes and gives whole blocks.
//!
//! ```text
//!   head 0 --->|\  select[0]   +-------------+ held  +-------------+ held
//!   head 1 --->| |-----------> |GatherStage 0|-----> |GatherStage 1|-----> ..  --> block
//!   ..     --->|/  one for     +-------------+       +-------------+
//!                  each beat          of LANE_BEATS stages
//! ```
//!
//! Stage `b` adds beat `b` of a block to the beats before it, one stage a step; the last gives the block in the step of its
//! last beat, without a register. A client of 32 bits takes the first half a step earlier, from the stage before.

use crate::pcs::gather_stage::GatherStage;
use crate::prelude::*;

/// Crossbar and assembly of blocks, from `PHYSICAL` lanes of `LW` bits.
#[derive(LogicBlock)]
pub struct Gather<
    const PHYSICAL: usize,
    const LW: usize,
    const LANE_BEATS: usize,
    const WORDS: usize,
> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: drops what is under way.
    pub clear: Signal<In, Bit>,

    // Ingress.
    /// Heads of the lanes' FIFOs.
    pub head_data: [Signal<In, Bits<LW>>; PHYSICAL],
    /// First beats of control blocks.
    pub head_control: Signal<In, Bits<PHYSICAL>>,
    /// First beats of blocks without a good header.
    pub head_bad: Signal<In, Bits<PHYSICAL>>,
    /// Beat `b` of a block stands at this head, or at none.
    pub select: [Signal<In, Bits<PHYSICAL>>; LANE_BEATS],
    /// The heads that are selected go.
    pub step: Signal<In, Bit>,
    /// A slot begins: of a 32-bit client's blocks, the first half is due.
    pub turn: Signal<In, Bit>,

    // Egress.
    /// The block's payload, `WORDS` words of it.
    pub data: [Signal<Out, Bits<32>>; WORDS],
    /// It is a control block.
    pub control: Signal<Out, Bit>,
    /// Its header is neither.
    pub bad: Signal<Out, Bit>,
    /// It is the block's first beat.
    pub first: Signal<Out, Bit>,
    /// There is one. Reset: 0.
    pub valid: Signal<Out, Bit>,

    // State.
    stage: [GatherStage<LW>; LANE_BEATS],

    // Wires.
    beat: [Signal<Local, Bits<LW>>; LANE_BEATS],
    mask: Signal<Local, Bits<LW>>,
    carry: [Signal<Local, Bits<32>>; 2],
    carry_valid: Signal<Local, Bit>,
    carry_control: Signal<Local, Bit>,
    carry_bad: Signal<Local, Bit>,
    low: Signal<Local, Bits<32>>,
    low_valid: Signal<Local, Bit>,
    low_control: Signal<Local, Bit>,
    low_bad: Signal<Local, Bit>,

    // Parameters.
    is_last: [Constant<Bit>; LANE_BEATS],
    is_halved: Constant<Bit>,
    all_bits: Constant<Bits<LW>>,
}

impl<const PHYSICAL: usize, const LW: usize, const LANE_BEATS: usize, const WORDS: usize> Default
    for Gather<PHYSICAL, LW, LANE_BEATS, WORDS>
{
    fn default() -> Self {
        const { assert!(LW * LANE_BEATS == 64 && (WORDS == 1 || WORDS == 2)) };
        Self {
            clock: Signal::default(),
            clear: Signal::default(),
            head_data: std::array::from_fn(|_| Signal::default()),
            head_control: Signal::default(),
            head_bad: Signal::default(),
            select: std::array::from_fn(|_| Signal::default()),
            step: Signal::default(),
            turn: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            control: Signal::default(),
            bad: Signal::default(),
            first: Signal::default(),
            valid: Signal::default(),
            stage: std::array::from_fn(GatherStage::new),
            beat: std::array::from_fn(|_| Signal::default()),
            mask: Signal::default(),
            carry: std::array::from_fn(|_| Signal::default()),
            carry_valid: Signal::default(),
            carry_control: Signal::default(),
            carry_bad: Signal::default(),
            low: Signal::default(),
            low_valid: Signal::default(),
            low_control: Signal::default(),
            low_bad: Signal::default(),
            is_last: std::array::from_fn(|b| Constant::new(b + 1 == LANE_BEATS)),
            is_halved: Constant::new(WORDS == 1),
            all_bits: Constant::new(((1_u64 << LW) - 1).into()),
        }
    }
}

impl<const PHYSICAL: usize, const LW: usize, const LANE_BEATS: usize, const WORDS: usize> Logic
    for Gather<PHYSICAL, LW, LANE_BEATS, WORDS>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. The crossbar.
        for b in 0..LANE_BEATS {
            self.beat[b].next = 0.into();
            for j in 0..PHYSICAL {
                self.mask.next = 0.into();
                if self.select[b].val().get_bit(j) {
                    self.mask.next = self.all_bits.val();
                }
                self.beat[b].next =
                    self.beat[b].val() | (self.mask.val() & self.head_data[j].val());
            }
        }

        // 2. The stages.
        self.carry[0].next = 0.into();
        self.carry[1].next = 0.into();
        self.carry_valid.next = self.select[0].val().any();
        self.carry_control.next = (self.select[0].val() & self.head_control.val()).any();
        self.carry_bad.next = (self.select[0].val() & self.head_bad.val()).any();
        self.low.next = 0.into();
        self.low_valid.next = false;
        self.low_control.next = false;
        self.low_bad.next = false;
        for word in 0..WORDS {
            self.data[word].next = 0.into();
        }
        self.valid.next = false;
        self.control.next = false;
        self.bad.next = false;
        for b in 0..LANE_BEATS {
            self.stage[b].clock.next = self.clock.val();
            self.stage[b].clear.next = self.clear.val();
            self.stage[b].step.next = self.step.val();
            self.stage[b].beat.next = self.beat[b].val();
            self.stage[b].partial[0].next = self.carry[0].val();
            self.stage[b].partial[1].next = self.carry[1].val();
            self.stage[b].valid.next = self.carry_valid.val();
            self.stage[b].control.next = self.carry_control.val();
            self.stage[b].bad.next = self.carry_bad.val();
            if self.is_last[b].val() {
                if self.is_halved.val() {
                    self.data[0].next = self.stage[b].after[1].val();
                } else {
                    for word in 0..WORDS {
                        self.data[word].next = self.stage[b].after[word].val();
                    }
                }
                self.valid.next = self.carry_valid.val();
                self.control.next = self.carry_control.val();
                self.bad.next = self.carry_bad.val();
                if self.is_halved.val() & self.turn.val() {
                    self.data[0].next = self.low.val();
                    self.valid.next = self.low_valid.val();
                    self.control.next = self.low_control.val();
                    self.bad.next = self.low_bad.val();
                }
            }
            self.low.next = self.stage[b].after[0].val();
            self.low_valid.next = self.carry_valid.val();
            self.low_control.next = self.carry_control.val();
            self.low_bad.next = self.carry_bad.val();
            self.carry[0].next = self.stage[b].held[0].val();
            self.carry[1].next = self.stage[b].held[1].val();
            self.carry_valid.next = self.stage[b].held_valid.val();
            self.carry_control.next = self.stage[b].held_control.val();
            self.carry_bad.next = self.stage[b].held_bad.val();
        }

        // 3. The block.
        self.first.next = self.turn.val() | !self.is_halved.val();
        if !self.step.val() {
            self.valid.next = false;
        }
    }

    describe!("Crossbar and assembly of blocks, from `PHYSICAL` lanes of `LW` bits.");
}
