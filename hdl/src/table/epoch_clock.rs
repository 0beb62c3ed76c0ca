//! Counts the epochs by which the MAC table's entries grow older.
//!
//! ```text
//!                       +------------+---> epoch, oldest
//!  cfg_ageing_period -->| EpochClock |
//!  run ---------------->|            |---> tick
//!                       +------------+
//! ```
//!
//! While `run` is low the epoch is 0; the first one begins when it rises. A change of the period counts from the
//! next cycle on and keeps the cycles that have passed.

use crate::prelude::*;

/// Counts the epochs by which the MAC table's entries grow older.
#[derive(LogicBlock, Default)]
pub struct EpochClock {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Cycles in an epoch, 2 or more; 0 stops the clock.
    pub cfg_ageing_period: Signal<In, Bits<32>>,
    /// Counts; low starts over.
    pub run: Signal<In, Bit>,

    // Egress.
    /// The current epoch, modulo 16. 0 after reset.
    pub epoch: Signal<Out, Bits<4>>,
    /// The stamp of 15 epochs ago: entries with it or one of the next three are [`AGE_EPOCHS`](super::AGE_EPOCHS) epochs old
    /// or older. 1 after reset.
    pub oldest: Signal<Out, Bits<4>>,
    /// The epoch ends at the next edge.
    pub tick: Signal<Out, Bit>,

    // State.
    ageing: DFF<Bit>,
    last_cycle: DFF<Bits<32>>,
    elapsed_cycles: DFF<Bits<32>>,
    epoch_end: DFF<Bit>,
    now: DFF<Bits<4>>,
    was_oldest: DFF<Bits<4>>,
}

impl Logic for EpochClock {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop; give every output a value.
        dff_setup!(
            self,
            clock,
            ageing,
            last_cycle,
            elapsed_cycles,
            epoch_end,
            now,
            was_oldest
        );
        self.epoch.next = self.now.q.val();
        self.oldest.next = self.was_oldest.q.val();
        self.tick.next = self.epoch_end.q.val();

        // 2. Cycles: the comparison takes one, and `epoch_end` is the last one.
        self.ageing.d.next = self.run.val() & self.cfg_ageing_period.val().any();
        self.last_cycle.d.next = self.cfg_ageing_period.val() - 2;
        self.epoch_end.d.next = self.ageing.q.val()
            & !self.epoch_end.q.val()
            & (self.elapsed_cycles.q.val() >= self.last_cycle.q.val());
        self.elapsed_cycles.d.next = self.elapsed_cycles.q.val() + 1;
        if self.epoch_end.q.val() | !self.ageing.q.val() {
            self.elapsed_cycles.d.next = 0.into();
        }

        // 3. Epochs.
        if self.epoch_end.q.val() {
            self.now.d.next = self.now.q.val() + 1;
            self.was_oldest.d.next = self.was_oldest.q.val() + 1;
        }

        // 4. Reset wins.
        if self.reset.val() | !self.run.val() {
            self.ageing.d.next = false;
            self.epoch_end.d.next = false;
            self.now.d.next = 0.into();
            self.was_oldest.d.next = 1.into();
        }
    }

    describe!("Counts the epochs by which the MAC table's entries grow older.");
}
