//! Round robin for one egress, one frame ahead: while a frame leaves, the next one is already chosen.
//!
//! ```text
//!                 +------------------------------+
//!   request ----->|           picked             |
//!   sole -------->|  turn --> upcoming --> current|--> current select
//!   last, tready ->|                             |
//!                 +------------------------------+
//! ```
//!
//! `current` moves on to `upcoming` at the edge at which the last beat leaves, so no cycle is lost between frames, not
//! even between frames of one beat. `picked` tells a queue, a cycle later, that its frame was made `upcoming`.
//! Latency: 2 cycles from `request` to `current` when idle. After a pick the turn is with the ingresses after the one
//! picked: an ingress waits for `PORTS` frames at most, the one on its way and the upcoming one included.
//! Reset: nothing is chosen, the turn is with ingress 0.

use crate::prelude::*;

/// Round robin among the queues of `PORTS` ingresses for one egress, `INDEX_W = ceil(log2(PORTS))`.
#[derive(LogicBlock)]
pub struct Arbiter<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Queues with a frame that may start.
    pub request: Signal<In, Bits<PORTS>>,
    /// Queues with just one.
    pub sole: Signal<In, Bits<PORTS>>,

    // Egress.
    /// The current queue's head, or what it held before, is a last beat.
    pub last: Signal<In, Bit>,
    /// The egress takes a beat.
    pub tready: Signal<In, Bit>,
    /// The queue whose frame is on its way, one-hot, or none.
    pub current: Signal<Out, Bits<PORTS>>,
    /// Its index; any index while there is none.
    pub select: Signal<Out, Bits<INDEX_W>>,
    /// The queue whose frame was made the upcoming one in the cycle before, one-hot, or none.
    pub picked: Signal<Out, Bits<PORTS>>,

    // State.
    active: DFF<Bits<PORTS>>,
    active_index: DFF<Bits<INDEX_W>>,
    idle: DFF<Bit>,
    upcoming: DFF<Bits<PORTS>>,
    fresh: DFF<Bit>,
    turn: DFF<Bits<PORTS>>,

    // Wires.
    offered: Signal<Local, Bits<PORTS>>,
    choice: Signal<Local, Bits<PORTS>>,
    found: Signal<Local, Bit>,
    passed: Signal<Local, Bit>,
    turn_now: Signal<Local, Bits<PORTS>>,
    upcoming_index: Signal<Local, Bits<INDEX_W>>,
    ending: Signal<Local, Bit>,
    advance: Signal<Local, Bit>,
    refill: Signal<Local, Bit>,

    // Parameters.
    index: [Constant<Bits<INDEX_W>>; PORTS],
}

impl<const PORTS: usize, const INDEX_W: usize> Default for Arbiter<PORTS, INDEX_W> {
    fn default() -> Self {
        const {
            assert!(
                PORTS >= 2 && INDEX_W == clog2(PORTS),
                "PORTS must be 2 or more, INDEX_W = ceil(log2(PORTS))"
            );
        };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            request: Signal::default(),
            sole: Signal::default(),
            last: Signal::default(),
            tready: Signal::default(),
            current: Signal::default(),
            select: Signal::default(),
            picked: Signal::default(),
            active: DFF::default(),
            active_index: DFF::default(),
            idle: flop_at(true),
            upcoming: DFF::default(),
            fresh: DFF::default(),
            turn: DFF::default(),
            offered: Signal::default(),
            choice: Signal::default(),
            found: Signal::default(),
            passed: Signal::default(),
            turn_now: Signal::default(),
            upcoming_index: Signal::default(),
            ending: Signal::default(),
            advance: Signal::default(),
            refill: Signal::default(),
            index: std::array::from_fn(|port| Constant::new((port as u64).into())),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for Arbiter<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            active,
            active_index,
            idle,
            upcoming,
            fresh,
            turn
        );

        // 2. Who asks: a queue whose only frame was picked in the cycle before does not.
        self.offered.next = self.request.val();
        if self.fresh.q.val() {
            self.offered.next = self.request.val() & !(self.upcoming.q.val() & self.sole.val());
        }

        // 3. Whose turn it is: after a pick, that of those after it.
        self.turn_now.next = self.turn.q.val();
        self.passed.next = false;
        if self.fresh.q.val() & self.upcoming.q.val().any() {
            for i in 0..PORTS {
                self.turn_now.next = self.turn_now.val().replace_bit(i, self.passed.val());
                self.passed.next = self.passed.val() | self.upcoming.q.val().get_bit(i);
            }
        }
        self.turn.d.next = self.turn_now.val();

        // 4. Choose the first whose turn it is, or else the first.
        self.choice.next = 0.into();
        self.found.next = false;
        for i in 0..PORTS {
            if self.offered.val().get_bit(i) & self.turn_now.val().get_bit(i) & !self.found.val() {
                self.choice.next = self.choice.val().replace_bit(i, true);
                self.found.next = true;
            }
        }
        for i in 0..PORTS {
            if self.offered.val().get_bit(i) & !self.found.val() {
                self.choice.next = self.choice.val().replace_bit(i, true);
                self.found.next = true;
            }
        }

        // 5. Next state.
        self.ending.next = self.last.val() & self.tready.val();
        self.advance.next = self.idle.q.val() | self.ending.val();
        self.refill.next = (self.idle.q.val() | !self.upcoming.q.val().any()) | self.ending.val();
        self.upcoming_index.next = 0.into();
        for i in 0..PORTS {
            if self.upcoming.q.val().get_bit(i) {
                self.upcoming_index.next = self.upcoming_index.val() | self.index[i].val();
            }
        }
        if self.advance.val() {
            self.active.d.next = self.upcoming.q.val();
            self.active_index.d.next = self.upcoming_index.val();
            self.idle.d.next = !self.upcoming.q.val().any();
        }
        self.fresh.d.next = self.refill.val();
        if self.refill.val() {
            self.upcoming.d.next = self.choice.val();
        }

        // 6. Drive outputs.
        self.current.next = self.active.q.val();
        self.select.next = self.active_index.q.val();
        self.picked.next = 0.into();
        if self.fresh.q.val() {
            self.picked.next = self.upcoming.q.val();
        }

        // 7. Reset wins.
        if self.reset.val() {
            self.active.d.next = 0.into();
            self.idle.d.next = true;
            self.upcoming.d.next = 0.into();
            self.fresh.d.next = false;
            self.turn.d.next = 0.into();
        }
    }

    describe!("Round robin among the queues of `PORTS` ingresses for one egress, `INDEX_W = ceil(log2(PORTS))`.");
}
