//! Round robin for one egress, one frame ahead: while a frame leaves, the next one is already chosen.
//!
//! ```text
//!                 +------------------------------+
//!   request ----->|                              |
//!   sole -------->|  upcoming, latest --> current|--> current select picked
//!   last, tready ->|                             |
//!                 +------------------------------+
//! ```
//!
//! `current` moves on to `upcoming` at the edge at which the last beat leaves, so no cycle is lost between frames, not
//! even between frames of one beat. `picked` tells a queue, a cycle later, that its frame was made `upcoming`.
//! Latency: 2 cycles from `request` to `current` when idle. The turn is with the ingresses after `latest`, the one picked
//! last: an ingress waits for `PORTS` frames at most, the one on its way and the upcoming one included. At four ports a
//! choice is one function of six inputs, four that ask and two of `latest`. The heads' `last` marks come late, out of the
//! RAMs, so [`FrameEnd`] combines them, not the multiplexer, and `open`, which is idle or vacant, is kept for it.
//! Reset: nothing is chosen, the turn is with ingress 0.

use crate::fabric::frame_end::FrameEnd;
use crate::prelude::*;
use crate::target::Target;

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
    /// Queues whose head, or what it held before, is a last beat.
    pub last: Signal<In, Bits<PORTS>>,
    /// The egress takes a beat.
    pub tready: Signal<In, Bit>,
    /// The queue whose frame is on its way, one-hot, or none.
    pub current: Signal<Out, Bits<PORTS>>,
    /// Its index; any index while there is none.
    pub select: Signal<Out, Bits<INDEX_W>>,
    /// The queue whose frame was made the upcoming one in the cycle before, one-hot, or none.
    pub picked: Signal<Out, Bits<PORTS>>,

    // State.
    frame_end: FrameEnd<PORTS>,
    active: DFF<Bits<PORTS>>,
    active_index: DFF<Bits<INDEX_W>>,
    idle: DFF<Bit>,
    upcoming: DFF<Bits<PORTS>>,
    vacant: DFF<Bit>,
    open: DFF<Bit>,
    fresh: DFF<Bit>,
    latest: DFF<Bits<INDEX_W>>,

    // Wires.
    offered: Signal<Local, Bits<PORTS>>,
    choice: Signal<Local, Bits<PORTS>>,
    found: Signal<Local, Bit>,
    passed: Signal<Local, Bit>,
    turn: Signal<Local, Bits<PORTS>>,
    choice_index: Signal<Local, Bits<INDEX_W>>,

    // Parameters.
    index: [Constant<Bits<INDEX_W>>; PORTS],
    top_index: Constant<Bits<INDEX_W>>,
}

impl<const PORTS: usize, const INDEX_W: usize> Arbiter<PORTS, INDEX_W> {
    /// An idle arbiter whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
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
            frame_end: FrameEnd::new(target),
            active: DFF::default(),
            active_index: DFF::default(),
            idle: flop_at(true),
            upcoming: DFF::default(),
            vacant: flop_at(true),
            open: flop_at(true),
            fresh: DFF::default(),
            latest: flop_at((PORTS as u64 - 1).into()),
            offered: Signal::default(),
            choice: Signal::default(),
            found: Signal::default(),
            passed: Signal::default(),
            turn: Signal::default(),
            choice_index: Signal::default(),
            index: std::array::from_fn(|port| Constant::new((port as u64).into())),
            top_index: Constant::new((PORTS as u64 - 1).into()),
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
            vacant,
            open,
            fresh,
            latest
        );

        // 2. Who asks: a queue whose only frame was picked in the cycle before does not.
        self.offered.next = self.request.val();
        if self.fresh.q.val() {
            self.offered.next = self.request.val() & !(self.upcoming.q.val() & self.sole.val());
        }

        // 3. Whose turn it is: that of those after the one picked last.
        self.turn.next = 0.into();
        self.passed.next = false;
        for i in 0..PORTS {
            self.turn.next = self.turn.val().replace_bit(i, self.passed.val());
            self.passed.next = self.passed.val() | (self.latest.q.val() == self.index[i].val());
        }

        // 4. Choose the first whose turn it is, or else the first.
        self.choice.next = 0.into();
        self.found.next = false;
        for i in 0..PORTS {
            if self.offered.val().get_bit(i) & self.turn.val().get_bit(i) & !self.found.val() {
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
        self.frame_end.active.next = self.active.q.val();
        self.frame_end.last.next = self.last.val();
        self.frame_end.tready.next = self.tready.val();
        self.frame_end.idle.next = self.idle.q.val();
        self.frame_end.open.next = self.open.q.val();
        self.choice_index.next = 0.into();
        for i in 0..PORTS {
            if self.choice.val().get_bit(i) {
                self.choice_index.next = self.choice_index.val() | self.index[i].val();
            }
        }
        if !self.found.val() {
            self.choice_index.next = self.choice_index.val() | self.latest.q.val();
        }
        if self.frame_end.advance.val() {
            self.active.d.next = self.upcoming.q.val();
            self.active_index.d.next = self.latest.q.val();
            self.idle.d.next = self.vacant.q.val();
        }
        self.fresh.d.next = self.frame_end.refill.val();
        if self.frame_end.refill.val() {
            self.upcoming.d.next = self.choice.val();
            self.vacant.d.next = !self.found.val();
            self.open.d.next =
                !self.found.val() | (self.frame_end.advance.val() & self.vacant.q.val());
            self.latest.d.next = self.choice_index.val();
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
            self.vacant.d.next = true;
            self.open.d.next = true;
            self.fresh.d.next = false;
            self.latest.d.next = self.top_index.val();
        }
    }

    describe!("Round robin among the queues of `PORTS` ingresses for one egress, `INDEX_W = ceil(log2(PORTS))`.");
}
