//! Offers a frame's source address for learning once its FCS proved good.
//!
//! ```text
//!                      +---------+
//!  address, capture -->|         |--> learn_valid, learn_address
//!  known ------------->| Learner |<-- learn_ready
//!  good -------------->|         |--> stat_learn_missed
//!                      +---------+
//! ```
//!
//! One address waits at a time, 2 cycles after `good`; a newer one replaces it, and the loss is counted. Group addresses and
//! those that the table already has at this port (`known`) are not offered; for the source of a MAC control frame the
//! ingress keeps `good` low.

use crate::prelude::*;

/// Offers the source addresses of good frames for learning.
#[derive(LogicBlock)]
pub struct Learner {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: forgets every address.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Address that is looked up.
    pub address: [Signal<In, Bits<32>>; 2],
    /// It is a source address, looked up from the next clock edge on.
    pub capture: Signal<In, Bit>,
    /// The table's answer to a source address is here.
    pub answer: Signal<In, Bit>,
    /// The answer: the address is at this port and fresh.
    pub known: Signal<In, Bit>,
    /// The frame whose source was captured last ended well.
    pub good: Signal<In, Bit>,
    /// The table takes the address at the next clock edge.
    pub learn_ready: Signal<In, Bit>,

    // Egress.
    /// An address is offered; it holds until `learn_ready` or until a newer one takes its place.
    pub learn_valid: Signal<Out, Bit>,
    /// The address: bytes 0..3, then bytes 4 and 5 in the lower half.
    pub learn_address: [Signal<Out, Bits<32>>; 2],
    /// One pulse per address replaced before it was taken.
    pub stat_learn_missed: Signal<Out, Bit>,

    // State.
    source: [DFF<Bits<32>>; 2],
    candidate: [DFF<Bits<32>>; 2],
    already_known: DFF<Bit>,
    learn: DFF<Bit>,
    waiting: DFF<Bit>,
    offered: [DFF<Bits<32>>; 2],
    missed: DFF<Bit>,
}

impl Default for Learner {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            address: std::array::from_fn(|_| Signal::default()),
            capture: Signal::default(),
            answer: Signal::default(),
            known: Signal::default(),
            good: Signal::default(),
            learn_ready: Signal::default(),
            learn_valid: Signal::default(),
            learn_address: std::array::from_fn(|_| Signal::default()),
            stat_learn_missed: Signal::default(),
            source: std::array::from_fn(|_| DFF::default()),
            candidate: std::array::from_fn(|_| DFF::default()),
            already_known: DFF::default(),
            learn: DFF::default(),
            waiting: DFF::default(),
            offered: std::array::from_fn(|_| DFF::default()),
            missed: DFF::default(),
        }
    }
}

impl Logic for Learner {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop; pulses last one cycle.
        dff_setup!(self, clock, already_known, learn, waiting, missed);
        for i in 0..2 {
            self.source[i].clock.next = self.clock.val();
            self.candidate[i].clock.next = self.clock.val();
            self.offered[i].clock.next = self.clock.val();
            self.source[i].d.next = self.source[i].q.val();
            self.offered[i].d.next = self.offered[i].q.val();
        }

        // 2. Decide. The source may change with the decision: keep it for one cycle.
        for i in 0..2 {
            self.candidate[i].d.next = self.source[i].q.val();
        }
        self.learn.d.next =
            self.good.val() & !self.already_known.q.val() & !self.source[0].q.val().get_bit(0);

        // 3. Next state.
        if self.capture.val() {
            for i in 0..2 {
                self.source[i].d.next = self.address[i].val();
            }
        }
        if self.answer.val() {
            self.already_known.d.next = self.known.val();
        }
        if self.learn_ready.val() {
            self.waiting.d.next = false;
        }
        if self.learn.q.val() {
            self.waiting.d.next = true;
            for i in 0..2 {
                self.offered[i].d.next = self.candidate[i].q.val();
            }
        }
        self.missed.d.next = self.learn.q.val() & self.waiting.q.val() & !self.learn_ready.val();

        // 4. Drive outputs.
        self.learn_valid.next = self.waiting.q.val();
        self.stat_learn_missed.next = self.missed.q.val();
        for i in 0..2 {
            self.learn_address[i].next = self.offered[i].q.val();
        }

        // 5. Reset wins.
        if self.reset.val() {
            self.learn.d.next = false;
            self.waiting.d.next = false;
            self.missed.d.next = false;
        }
    }
    describe!("Offers the source addresses of good frames for learning.");
}
