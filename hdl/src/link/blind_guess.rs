//! Guesses which of our lanes are lost while the far end cannot tell us.
//!
//! ```text
//!               +------------+
//!   aligned --->|            |---> avoid
//!   dark ------>| BlindGuess |
//!   counted --->|            |
//!               +------------+
//! ```
//!
//! What the far end sees of our lanes comes as a message over the lanes that carry data towards us. While these are not aligned nothing is
//! heard, and if lanes are lost both ways neither end hears anything. So an end that is not aligned avoids sending on the lanes that are
//! dark towards it: most of what breaks breaks both ways. If `try_cycles` of that do not help it tries others: each lane alone
//! avoided, then each lane alone used, and over again. One end that guesses right is enough: the other hears again, and tells. A guess stands until
//! a message has told better, and then for [`LINGER_CYCLES`]; it is not a loss, and nothing is held back for it. Where no lane has light there
//! is nothing to guess.
//!
//! Latency: 1 cycle. Reset: nothing is avoided, for `arm_cycles` if nothing is aligned.

use crate::prelude::*;

/// Cycles from a message to the end of the guess: those that the planner takes to plan for what was told.
const LINGER_CYCLES: u64 = 4;
/// Bits of the number of a guess: 0, and two for each lane.
const PLACE_W: usize = 5;

/// Lanes to avoid while nothing is heard of them.
#[derive(LogicBlock)]
pub struct BlindGuess<const PHYSICAL: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The lanes that carry data towards us are aligned.
    pub aligned: Signal<In, Bit>,
    /// Lanes towards us without light or without lock.
    pub dark: Signal<In, Bits<PHYSICAL>>,
    /// What the far end sees was told and counts.
    pub counted: Signal<In, Bit>,

    // Egress.
    /// Lanes on which nothing is to be sent.
    pub avoid: Signal<Out, Bits<PHYSICAL>>,

    // State.
    avoided: DFF<Bits<PHYSICAL>>,
    armed: DFF<Bit>,
    timer: DFF<Bits<24>>,
    place: DFF<Bits<PLACE_W>>,
    linger: DFF<Bits<3>>,

    // Wires.
    guess: Signal<Local, Bits<PHYSICAL>>,

    // Parameters.
    try_cycles: Constant<Bits<24>>,
    arm_cycles: Constant<Bits<24>>,
    linger_cycles: Constant<Bits<3>>,
    without: [Constant<Bits<PLACE_W>>; PHYSICAL],
    only: [Constant<Bits<PLACE_W>>; PHYSICAL],
    last_place: Constant<Bits<PLACE_W>>,
    all: Constant<Bits<PHYSICAL>>,
    one: [Constant<Bits<PHYSICAL>>; PHYSICAL],
}

impl<const PHYSICAL: usize> BlindGuess<PHYSICAL> {
    /// With the times above, in cycles.
    ///
    /// # Panics
    /// If one is not in 1..2^24.
    #[must_use]
    pub fn new(try_cycles: usize, arm_cycles: usize) -> Self {
        const { assert!(PHYSICAL >= 1 && PHYSICAL <= 15) };
        for (name, cycles) in [("try", try_cycles), ("arm", arm_cycles)] {
            assert!(
                (1..1 << 24).contains(&cycles),
                "{name}_cycles is {cycles}: give 1 to 16777215"
            );
        }
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            aligned: Signal::default(),
            dark: Signal::default(),
            counted: Signal::default(),
            avoid: Signal::default(),
            avoided: DFF::default(),
            armed: DFF::default(),
            timer: flop_at((arm_cycles as u64).into()),
            place: DFF::default(),
            linger: DFF::default(),
            guess: Signal::default(),
            try_cycles: Constant::new((try_cycles as u64).into()),
            arm_cycles: Constant::new((arm_cycles as u64).into()),
            linger_cycles: Constant::new(LINGER_CYCLES.into()),
            without: std::array::from_fn(|lane| Constant::new((lane as u64 + 1).into())),
            only: std::array::from_fn(|lane| {
                Constant::new((lane as u64 + 1 + PHYSICAL as u64).into())
            }),
            last_place: Constant::new((2 * PHYSICAL as u64).into()),
            all: Constant::new(Bits::<PHYSICAL>::mask()),
            one: std::array::from_fn(|lane| Constant::new((1_u64 << lane).into())),
        }
    }
}

impl<const PHYSICAL: usize> Logic for BlindGuess<PHYSICAL> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, avoided, armed, timer, place, linger);

        // 2. The guess whose turn it is.
        self.guess.next = self.dark.val();
        for i in 0..PHYSICAL {
            if self.place.q.val() == self.without[i].val() {
                self.guess.next = self.one[i].val();
            }
            if self.place.q.val() == self.only[i].val() {
                self.guess.next = self.all.val() ^ self.one[i].val();
            }
        }
        if !self.armed.q.val() | self.dark.val().all() {
            self.guess.next = 0.into();
        }

        // 3. Next state.
        self.timer.d.next = self.timer.q.val() - 1;
        if !self.timer.q.val().any() {
            self.timer.d.next = self.try_cycles.val();
            self.armed.d.next = true;
            if self.armed.q.val() {
                self.place.d.next = self.place.q.val() + 1;
            }
            if self.place.q.val() == self.last_place.val() {
                self.place.d.next = 0.into();
            }
        }
        self.avoided.d.next = self.guess.val();
        if self.aligned.val() {
            self.armed.d.next = true;
            self.timer.d.next = self.try_cycles.val();
            self.place.d.next = 0.into();
            self.avoided.d.next = self.avoided.q.val();
        }
        if self.linger.q.val().any() {
            self.linger.d.next = self.linger.q.val() - 1;
        }
        if self.counted.val() & self.aligned.val() {
            self.linger.d.next = self.linger_cycles.val();
        }
        if self.aligned.val() & (self.linger.q.val() == 1) {
            self.avoided.d.next = 0.into();
        }
        self.avoid.next = self.avoided.q.val();

        // 4. Reset wins.
        if self.reset.val() {
            self.avoided.d.next = 0.into();
            self.armed.d.next = false;
            self.timer.d.next = self.arm_cycles.val();
            self.place.d.next = 0.into();
            self.linger.d.next = 0.into();
        }
    }
    describe!("Lanes to avoid while nothing is heard of them.");
}
