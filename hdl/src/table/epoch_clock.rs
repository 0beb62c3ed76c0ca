//! Counts the epochs by which the MAC table's entries grow older.
//!
//! ```text
//!                       +------------+---> epoch, fresh
//!  cfg_ageing_period -->| EpochClock |
//!  run ---------------->|            |---> tick
//!                       +------------+
//! ```
//!
//! While `run` is low the epoch is 0; the first one begins when it rises. A change of the period counts from the
//! next cycle on and keeps the cycles that have passed.

use crate::prelude::*;

/// Counts the epochs by which the MAC table's entries grow older.
#[derive(LogicBlock)]
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
    /// Bit `s`: an entry stamped `s` is less than [`AGE_EPOCHS`](super::AGE_EPOCHS) epochs old.
    pub fresh: Signal<Out, Bits<16>>,
    /// The epoch ends at the next edge.
    pub tick: Signal<Out, Bit>,

    // State.
    ageing: DFF<Bit>,
    last_cycle: DFF<Bits<32>>,
    elapsed_cycles: DFF<Bits<32>>,
    epoch_end: DFF<Bit>,
    now: DFF<Bits<4>>,
    stale: DFF<Bits<16>>,

    // Parameters.
    stale_at_first: Constant<Bits<16>>,
}

impl Default for EpochClock {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            cfg_ageing_period: Signal::default(),
            run: Signal::default(),
            epoch: Signal::default(),
            fresh: Signal::default(),
            tick: Signal::default(),
            ageing: DFF::default(),
            last_cycle: DFF::default(),
            elapsed_cycles: DFF::default(),
            epoch_end: DFF::default(),
            now: DFF::default(),
            stale: DFF::default(),
            stale_at_first: Constant::new(stale_stamps().into()),
        }
    }
}

/// The stamps that have expired in epoch 0, one bit a stamp: stamp `s` is then `16 - s` epochs old.
fn stale_stamps() -> u64 {
    (1..16)
        .filter(|s| 16 - s >= super::AGE_EPOCHS)
        .map(|s| 1 << s)
        .sum()
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
            stale
        );
        self.epoch.next = self.now.q.val();
        self.fresh.next = !self.stale.q.val();
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
            self.stale.d.next = (self.stale.q.val() << 1) | (self.stale.q.val() >> 15);
        }

        // 4. Reset wins.
        if self.reset.val() | !self.run.val() {
            self.ageing.d.next = false;
            self.epoch_end.d.next = false;
            self.now.d.next = 0.into();
            self.stale.d.next = self.stale_at_first.val();
        }
    }

    describe!("Counts the epochs by which the MAC table's entries grow older.");
}
