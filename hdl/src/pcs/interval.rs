//! Gives a pulse every so many cycles.
//!
//! ```text
//!             +-------------------+
//!             | state: of a LFSR  |--> ends
//!             +-------------------+
//! ```
//!
//! Reset: an interval begins, no pulse.

use crate::pcs::lfsr;
use crate::prelude::*;

/// Bits of the counter.
const WIDTH: usize = 21;

/// Timer of a fixed number of cycles, up to 2^21 - 1.
#[derive(LogicBlock)]
pub struct Interval {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Egress.
    /// An interval has ended; one pulse. Reset: 0.
    pub ends: Signal<Out, Bit>,

    // State.
    state: DFF<Bits<21>>,
    is_end: DFF<Bit>,

    // Wires.
    is_last: Signal<Local, Bit>,

    // Parameters.
    start: Constant<Bits<21>>,
    last: Constant<Bits<21>>,
    taps: Constant<Bits<21>>,
}

impl Interval {
    /// A timer of `cycles` cycles.
    ///
    /// # Panics
    /// If that is 0, or more than 2^21 - 1.
    #[must_use]
    pub fn new(cycles: usize) -> Self {
        assert!(
            (1..1 << WIDTH).contains(&cycles),
            "an interval of {cycles} cycles: 1 to 2^{WIDTH} - 1"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            ends: Signal::default(),
            state: flop_at(1.into()),
            is_end: DFF::default(),
            is_last: Signal::default(),
            start: Constant::new(1.into()),
            last: Constant::new(lfsr::state(WIDTH, cycles - 1).into()),
            taps: Constant::new(lfsr::taps(WIDTH).into()),
        }
    }
}

impl Logic for Interval {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, is_end);
        self.is_last.next = self.state.q.val() == self.last.val();
        self.is_end.d.next = self.is_last.val();
        self.state.d.next = (self.state.q.val() << 1)
            | bit_cast::<21, 1>((self.state.q.val() & self.taps.val()).xor().into());
        self.ends.next = self.is_end.q.val();
        if self.reset.val() | self.is_last.val() {
            self.state.d.next = self.start.val();
        }
        if self.reset.val() {
            self.is_end.d.next = false;
        }
    }

    describe!("Timer of a fixed number of cycles, up to 2^21 - 1.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbench::Bench;

    #[test]
    fn pulses_are_as_far_apart_as_asked_for() {
        for cycles in [1, 2, 3, 64, 4_096, 5_000] {
            let mut bench = Bench::recording(Interval::new(cycles));
            let mut ends = Vec::new();
            for _ in 0..3 * cycles {
                bench.clock();
                if bench.block.ends.val() {
                    ends.push(bench.cycle);
                }
            }
            assert_eq!(ends, [cycles, 2 * cycles, 3 * cycles]);
            bench.block.reset.next = true;
            bench.clock();
            bench.block.reset.next = false;
            assert!(!bench.block.ends.val());
            let start = bench.cycle;
            while !bench.block.ends.val() {
                bench.clock();
            }
            assert_eq!(bench.cycle - start, cycles);
            bench.replay();
        }
    }

    #[test]
    #[should_panic(expected = "1 to 2^21 - 1")]
    fn refuses_more_than_it_counts() {
        let _ = Interval::new(1 << 21);
    }
}
