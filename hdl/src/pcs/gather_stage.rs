//! Adds one beat to a block that is being gathered.
//!
//! ```text
//!             +--------------+
//!   partial ->|  | beat at   |--> after
//!   beat ---->|    its place |--> held (a step later)
//!             +--------------+
//! ```
//!
//! Latency: `after` none, `held` one `step`. Reset (`clear`): nothing held.

use crate::prelude::*;

/// One stage of the assembly of a block from beats of `LW` bits.
#[derive(LogicBlock)]
pub struct GatherStage<const LW: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub clear: Signal<In, Bit>,

    // Ingress.
    /// All stages go on.
    pub step: Signal<In, Bit>,
    /// The beat of this stage.
    pub beat: Signal<In, Bits<LW>>,
    /// The beats before, zero where this one and later ones go.
    pub partial: [Signal<In, Bits<32>>; 2],
    /// There is a block.
    pub valid: Signal<In, Bit>,
    /// It is a control block.
    pub control: Signal<In, Bit>,
    /// Its header is neither.
    pub bad: Signal<In, Bit>,

    // Egress.
    /// With this beat.
    pub after: [Signal<Out, Bits<32>>; 2],
    /// The same, a step later.
    pub held: [Signal<Out, Bits<32>>; 2],
    /// See `valid`. Reset: 0.
    pub held_valid: Signal<Out, Bit>,
    /// See `control`.
    pub held_control: Signal<Out, Bit>,
    /// See `bad`.
    pub held_bad: Signal<Out, Bit>,

    // State.
    word: [DFF<Bits<32>>; 2],
    is_valid: DFF<Bit>,
    is_control: DFF<Bit>,
    is_bad: DFF<Bit>,

    // Wires.
    placed: Signal<Local, Bits<32>>,

    // Parameters.
    shift: Constant<Bits<5>>,
    is_high: Constant<Bit>,
}

impl<const LW: usize> GatherStage<LW> {
    /// The stage of beat `number`.
    #[must_use]
    pub fn new(number: usize) -> Self {
        Self {
            clock: Signal::default(),
            clear: Signal::default(),
            step: Signal::default(),
            beat: Signal::default(),
            partial: std::array::from_fn(|_| Signal::default()),
            valid: Signal::default(),
            control: Signal::default(),
            bad: Signal::default(),
            after: std::array::from_fn(|_| Signal::default()),
            held: std::array::from_fn(|_| Signal::default()),
            held_valid: Signal::default(),
            held_control: Signal::default(),
            held_bad: Signal::default(),
            word: std::array::from_fn(|_| DFF::default()),
            is_valid: DFF::default(),
            is_control: DFF::default(),
            is_bad: DFF::default(),
            placed: Signal::default(),
            shift: Constant::new(((LW * number) as u64 % 32).into()),
            is_high: Constant::new(LW * number >= 32),
        }
    }
}

impl<const LW: usize> Logic for GatherStage<LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, is_valid, is_control, is_bad);
        self.placed.next = bit_cast::<32, LW>(self.beat.val()) << self.shift.val();
        self.after[0].next = self.partial[0].val();
        self.after[1].next = self.partial[1].val();
        if self.is_high.val() {
            self.after[1].next = self.partial[1].val() | self.placed.val();
        } else {
            self.after[0].next = self.partial[0].val() | self.placed.val();
        }
        for i in 0..2 {
            self.word[i].clock.next = self.clock.val();
            self.word[i].d.next = self.word[i].q.val();
            if self.step.val() {
                self.word[i].d.next = self.after[i].val();
            }
            self.held[i].next = self.word[i].q.val();
        }
        if self.step.val() {
            self.is_valid.d.next = self.valid.val();
            self.is_control.d.next = self.control.val();
            self.is_bad.d.next = self.bad.val();
        }
        self.held_valid.next = self.is_valid.q.val();
        self.held_control.next = self.is_control.q.val();
        self.held_bad.next = self.is_bad.q.val();
        if self.clear.val() {
            self.is_valid.d.next = false;
        }
    }

    describe!("One stage of the assembly of a block from beats of `LW` bits.");
}
