//! Runs out when what was sent is not acknowledged in time.
//!
//! ```text
//!              +-------------+
//!   runs ----->|             |
//!   restart -->| ReplayTimer |---> spent
//!   hold ----->|             |
//!              +-------------+
//! ```
//!
//! `spent` is high for one cycle, in the last of `cycles` cycles in which `runs` was high and neither `restart` nor `hold`, with cycles
//! under `hold` between them left out; then it begins anew, as it does with `restart` and without `runs`. Reset: begins anew.

use crate::prelude::*;

/// Time without an acknowledgement.
#[derive(LogicBlock)]
pub struct ReplayTimer {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Something is not acknowledged.
    pub runs: Signal<In, Bit>,
    /// Begins anew.
    pub restart: Signal<In, Bit>,
    /// Stands still.
    pub hold: Signal<In, Bit>,

    // Egress.
    /// Time is over.
    pub spent: Signal<Out, Bit>,

    // State.
    left: DFF<Bits<24>>,

    // Parameters.
    start: Constant<Bits<24>>,
}

impl ReplayTimer {
    /// Of so many cycles.
    ///
    /// # Panics
    /// If they are not in 1..=2^24.
    #[must_use]
    pub fn new(cycles: usize) -> Self {
        assert!(
            (1..=1 << 24).contains(&cycles),
            "replay_cycles is {cycles}: give 1 to 16777216"
        );
        let start = (cycles as u64 - 1).into();
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            runs: Signal::default(),
            restart: Signal::default(),
            hold: Signal::default(),
            spent: Signal::default(),
            left: flop_at(start),
            start: Constant::new(start),
        }
    }
}

impl Logic for ReplayTimer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, left);
        self.spent.next =
            self.runs.val() & !self.restart.val() & !self.hold.val() & !self.left.q.val().any();
        if !self.hold.val() {
            self.left.d.next = self.left.q.val() - 1;
        }
        if !self.runs.val() | self.restart.val() | self.spent.val() | self.reset.val() {
            self.left.d.next = self.start.val();
        }
    }
    describe!("Time without an acknowledgement.");
}
