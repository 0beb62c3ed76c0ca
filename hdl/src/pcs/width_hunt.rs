//! Finds the width of the link.
//!
//! ```text
//!                +--------------------------+
//!   complete --->| width                    |--> width, ready
//!   hunt ------->| patience: 3 cycles each  |--> stale
//!                +--------------------------+
//! ```
//!
//! While `free`, the widest complete width; `ready` a cycle later, when what depends on it has followed. While `hunt`, the
//! next width every 4 cycles, `stale` in the first of them for the same reason. Reset: full width.

use crate::prelude::*;

/// The width of a link, of `WIDTHS`, one bit each.
#[derive(LogicBlock)]
pub struct WidthHunt<const WIDTHS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Widths of which every lane is there; bit 0 is the full one.
    pub complete: Signal<In, Bits<WIDTHS>>,
    /// Nothing is chosen.
    pub free: Signal<In, Bit>,
    /// Lanes wait that do not belong to this width.
    pub hunt: Signal<In, Bit>,

    // Egress.
    /// The width. Reset: bit 0.
    pub width: Signal<Out, Bits<WIDTHS>>,
    /// It is the widest that is complete.
    pub ready: Signal<Out, Bit>,
    /// It has just changed. Reset: 0.
    pub stale: Signal<Out, Bit>,

    // State.
    held: DFF<Bits<WIDTHS>>,
    patience: DFF<Bits<2>>,

    // Wires.
    widest: Signal<Local, Bits<WIDTHS>>,
    narrower: Signal<Local, Bits<WIDTHS>>,

    // Parameters.
    full: Constant<Bits<WIDTHS>>,
}

impl<const WIDTHS: usize> Default for WidthHunt<WIDTHS> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            complete: Signal::default(),
            free: Signal::default(),
            hunt: Signal::default(),
            width: Signal::default(),
            ready: Signal::default(),
            stale: Signal::default(),
            held: flop_at(1.into()),
            patience: DFF::default(),
            widest: Signal::default(),
            narrower: Signal::default(),
            full: Constant::new(1.into()),
        }
    }
}

impl<const WIDTHS: usize> Logic for WidthHunt<WIDTHS> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, held, patience);
        self.widest.next = 0.into();
        for k in 0..WIDTHS {
            if self.complete.val().get_bit(k) & !self.widest.val().any() {
                self.widest.next = self.widest.val().replace_bit(k, true);
            }
        }
        self.narrower.next = self.held.q.val() << 1;

        self.patience.d.next = 0.into();
        if self.free.val() {
            if self.widest.val().any() {
                self.held.d.next = self.widest.val();
            }
        } else if self.hunt.val() & !self.patience.q.val().all() {
            self.patience.d.next = self.patience.q.val() + 1;
            if self.patience.q.val() == 2 {
                self.held.d.next = self.narrower.val();
                if !self.narrower.val().any() {
                    self.held.d.next = self.full.val();
                }
            }
        }

        self.width.next = self.held.q.val();
        self.ready.next = self.widest.val().any() & (self.widest.val() == self.held.q.val());
        self.stale.next = self.patience.q.val().all();
        if self.reset.val() {
            self.held.d.next = self.full.val();
            self.patience.d.next = 0.into();
        }
    }

    describe!("The width of a link, of `WIDTHS`, one bit each.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbench::Bench;

    #[test]
    fn takes_the_widest_complete_one_and_hunts_through_all() {
        let mut bench = Bench::recording(WidthHunt::<3>::default());
        bench.block.free.next = true;
        for (complete, width) in [(0b000, 0b001), (0b110, 0b010), (0b100, 0b100), (0, 0b100)] {
            bench.block.complete.next = complete.into();
            bench.clock();
            assert_eq!(bench.block.width.val().to_u64(), width);
            assert_eq!(bench.block.ready.val(), complete != 0);
        }
        bench.block.free.next = false;
        bench.block.hunt.next = true;
        for width in [0b001, 0b010, 0b100, 0b001] {
            let start = bench.cycle;
            while !bench.block.stale.val() {
                bench.clock();
            }
            assert_eq!(bench.block.width.val().to_u64(), width);
            assert_eq!(bench.cycle - start, 3);
            bench.clock();
            assert!(!bench.block.stale.val());
        }
        bench.block.reset.next = true;
        bench.clock();
        assert_eq!(bench.block.width.val().to_u64(), 0b001);
        bench.replay();
    }
}
