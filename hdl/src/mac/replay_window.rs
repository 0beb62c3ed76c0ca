//! Keeps the two ends of what was sent and not acknowledged, and judges reports by them.
//!
//! ```text
//!                     +--------------+---> tail, moved, skips, caught, open
//!   position, pop --->|              |
//!   expected, valid ->| ReplayWindow |---> fits, acks
//!   accepts, follows >|              |
//!                     +--------------+
//!
//!     tail ≤ position ≤ highest, modulo 2^16
//! ```
//!
//! *Tail* is the first position that is not acknowledged, *highest* the first that was never sent. A report `fits` if its `expected` lies
//! between the two; it `acks` if it moves tail, at the next clock edge. Latency: the outputs are combinational. Reset: both are 0.

use crate::prelude::*;

/// What was sent and is not acknowledged.
#[derive(LogicBlock, Default)]
pub struct ReplayWindow {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Where the ring's head stands.
    pub position: Signal<In, Bits<16>>,
    /// It moves on by one at the next clock edge.
    pub pop: Signal<In, Bit>,
    /// Tail becomes the position, unless a report moves it.
    pub follows: Signal<In, Bit>,
    /// Highest becomes the position.
    pub begins: Signal<In, Bit>,
    /// Reports count.
    pub accepts: Signal<In, Bit>,
    /// They count only once tail is the position, and then also if they leave it there.
    pub settling: Signal<In, Bit>,
    /// There is a report.
    pub report_valid: Signal<In, Bit>,
    /// The far end has everything before this position.
    pub expected: Signal<In, Bits<16>>,

    // Egress.
    /// The first position that is not acknowledged.
    pub tail: Signal<Out, Bits<16>>,
    /// Something before the head is not acknowledged.
    pub moved: Signal<Out, Bit>,
    /// Tail is ahead of the head.
    pub skips: Signal<Out, Bit>,
    /// The head is at highest.
    pub caught: Signal<Out, Bit>,
    /// Something is not acknowledged.
    pub open: Signal<Out, Bit>,
    /// The report lies within.
    pub fits: Signal<Out, Bit>,
    /// It moves tail.
    pub acks: Signal<Out, Bit>,

    // State.
    acked: DFF<Bits<16>>,
    highest: DFF<Bits<16>>,

    // Wires.
    lead: Signal<Local, Bits<16>>,
    gain: Signal<Local, Bits<16>>,
    rest: Signal<Local, Bits<16>>,
}

impl Logic for ReplayWindow {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, acked, highest);

        // 2. Decide.
        self.lead.next = self.position.val() - self.acked.q.val();
        self.gain.next = self.expected.val() - self.acked.q.val();
        self.rest.next = self.highest.q.val() - self.expected.val();
        self.skips.next = self.lead.val().get_bit(15);
        self.moved.next = self.lead.val().any() & !self.skips.val();
        self.caught.next = self.position.val() == self.highest.q.val();
        self.open.next = self.acked.q.val() != self.highest.q.val();
        self.fits.next = self.report_valid.val()
            & self.accepts.val()
            & !(self.settling.val() & self.lead.val().any())
            & !self.gain.val().get_bit(15)
            & !self.rest.val().get_bit(15);
        self.acks.next = self.fits.val() & (self.gain.val().any() | self.settling.val());
        self.tail.next = self.acked.q.val();

        // 3. Next state.
        if self.pop.val() & self.caught.val() {
            self.highest.d.next = self.highest.q.val() + 1;
        }
        if self.begins.val() {
            self.highest.d.next = self.position.val();
        }
        if self.follows.val() {
            self.acked.d.next = self.position.val();
        }
        if self.acks.val() {
            self.acked.d.next = self.expected.val();
        }

        // 4. Reset wins.
        if self.reset.val() {
            self.acked.d.next = 0.into();
            self.highest.d.next = 0.into();
        }
    }
    describe!("What was sent and is not acknowledged.");
}
