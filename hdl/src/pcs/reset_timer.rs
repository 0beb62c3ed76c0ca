//! Asks for a new start of lanes that find no marker for long.
//!
//! ```text
//!                   +-------------------------+
//!   marker_lock --->| Interval                |--> request
//!   dark ---------->| waits: no lock in it    |
//!                   +-------------------------+
//! ```
//!
//! An interval is 8 marker periods. A lane that has light and had no marker lock through a whole one is requested at its
//! end, by one pulse; so it has between 8 and 16 periods, of which bit slips and two markers need less than 5. Reset: no
//! request, and an interval begins.

use crate::pcs::interval::Interval;
use crate::prelude::*;

/// Watchdog of `PHYSICAL` lanes without marker lock.
#[derive(LogicBlock)]
pub struct ResetTimer<const PHYSICAL: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Lanes under marker lock.
    pub marker_lock: Signal<In, Bits<PHYSICAL>>,
    /// Lanes without light or clock.
    pub dark: Signal<In, Bits<PHYSICAL>>,

    // Egress.
    /// Lanes to start anew; one pulse. Reset: 0.
    pub request: Signal<Out, Bits<PHYSICAL>>,

    // State.
    interval: Interval,
    waits: DFF<Bits<PHYSICAL>>,
    requests: DFF<Bits<PHYSICAL>>,
}

impl<const PHYSICAL: usize> ResetTimer<PHYSICAL> {
    /// With intervals of `8 x period` blocks of `lane_beats` beats.
    ///
    /// # Panics
    /// As [`Interval::new`] does.
    #[must_use]
    pub fn new(period: usize, lane_beats: usize) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            marker_lock: Signal::default(),
            dark: Signal::default(),
            request: Signal::default(),
            interval: Interval::new(8 * period * lane_beats),
            waits: DFF::default(),
            requests: DFF::default(),
        }
    }
}

impl<const PHYSICAL: usize> Logic for ResetTimer<PHYSICAL> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, waits, requests);
        self.interval.clock.next = self.clock.val();
        self.interval.reset.next = self.reset.val();
        self.waits.d.next = self.waits.q.val() & !self.marker_lock.val() & !self.dark.val();
        self.requests.d.next = 0.into();
        if self.interval.ends.val() {
            self.waits.d.next = !self.marker_lock.val() & !self.dark.val();
            self.requests.d.next = self.waits.q.val() & !self.marker_lock.val() & !self.dark.val();
        }

        self.request.next = self.requests.q.val();
        if self.reset.val() {
            self.waits.d.next = 0.into();
            self.requests.d.next = 0.into();
        }
    }

    describe!("Watchdog of `PHYSICAL` lanes without marker lock.");
}
