//! What the counters of one ingress see: the causes of one cycle, as pulses in the next.
//!
//! ```text
//!                +----------+
//!   started ---->|          |
//!   full ------->|  pulses  |--> stat_started stat_full ...
//!   ... -------->|          |
//!                +----------+
//! ```
//!
//! Latency: 1 cycle, so that no cause is on its way to a pin. In reset nothing happens, and nothing is counted.

use crate::prelude::*;

/// Counter pulses of one ingress of `PORTS`, a cycle after their causes.
#[derive(LogicBlock, Default)]
pub struct Pulses<const PORTS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A frame's first beat is taken.
    pub started: Signal<In, Bit>,
    /// A frame that starts is meant for no egress.
    pub unroutable: Signal<In, Bit>,
    /// Queues that drop their copy of a frame that starts.
    pub full: Signal<In, Bits<PORTS>>,
    /// A frame was closed because its source paused.
    pub gap_closed: Signal<In, Bit>,
    /// A frame was closed because it is too long.
    pub too_long: Signal<In, Bit>,
    /// A frame ended with a malformed `tkeep` in it.
    pub malformed: Signal<In, Bit>,
    /// A frame ended poisoned by its source.
    pub poisoned: Signal<In, Bit>,

    // Egress.
    /// Pulse of `started`.
    pub stat_started: Signal<Out, Bit>,
    /// Pulse of `unroutable`.
    pub stat_unroutable: Signal<Out, Bit>,
    /// Pulses of `full`.
    pub stat_full: Signal<Out, Bits<PORTS>>,
    /// Pulse of `gap_closed`.
    pub stat_gap_closed: Signal<Out, Bit>,
    /// Pulse of `too_long`.
    pub stat_too_long: Signal<Out, Bit>,
    /// Pulse of `malformed`.
    pub stat_malformed: Signal<Out, Bit>,
    /// Pulse of `poisoned`.
    pub stat_poisoned: Signal<Out, Bit>,

    // State.
    was_started: DFF<Bit>,
    was_unroutable: DFF<Bit>,
    was_full: DFF<Bits<PORTS>>,
    was_gap_closed: DFF<Bit>,
    was_too_long: DFF<Bit>,
    was_malformed: DFF<Bit>,
    was_poisoned: DFF<Bit>,

    // Wires.
    dropped: Signal<Local, Bits<PORTS>>,
}

impl<const PORTS: usize> Logic for Pulses<PORTS> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Causes.
        dff_setup!(
            self,
            clock,
            was_started,
            was_unroutable,
            was_full,
            was_gap_closed,
            was_too_long,
            was_malformed,
            was_poisoned
        );
        self.was_started.d.next = self.started.val();
        self.was_unroutable.d.next = self.started.val() & self.unroutable.val();
        self.dropped.next = 0.into();
        for i in 0..PORTS {
            self.dropped.next = self
                .dropped
                .val()
                .replace_bit(i, self.full.val().get_bit(i) & self.started.val());
        }
        self.was_full.d.next = self.dropped.val();
        self.was_gap_closed.d.next = self.gap_closed.val();
        self.was_too_long.d.next = self.too_long.val();
        self.was_malformed.d.next = self.malformed.val();
        self.was_poisoned.d.next = self.poisoned.val();

        // 2. Drive outputs.
        self.stat_started.next = self.was_started.q.val();
        self.stat_unroutable.next = self.was_unroutable.q.val();
        self.stat_full.next = self.was_full.q.val();
        self.stat_gap_closed.next = self.was_gap_closed.q.val();
        self.stat_too_long.next = self.was_too_long.q.val();
        self.stat_malformed.next = self.was_malformed.q.val();
        self.stat_poisoned.next = self.was_poisoned.q.val();

        // 3. Reset wins.
        if self.reset.val() {
            self.was_started.d.next = false;
            self.was_unroutable.d.next = false;
            self.was_full.d.next = 0.into();
            self.was_gap_closed.d.next = false;
            self.was_too_long.d.next = false;
            self.was_malformed.d.next = false;
            self.was_poisoned.d.next = false;
        }
    }

    describe!("Counter pulses of one ingress of `PORTS`, a cycle after their causes.");
}
