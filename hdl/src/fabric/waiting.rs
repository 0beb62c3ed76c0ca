//! Counts the frames of one queue that wait to be picked, so that what the arbiter asks is one flop away.
//!
//! ```text
//!                +-----------------------------------+
//!   arriving --->| arrived -> behind -> second -> first|--> request sole
//!   picked ----->|                                   |--> full
//!                +-----------------------------------+
//! ```
//!
//! Frames are alike, so the count is kept in four places: the `first` frame, a `second`, more `behind`, and one that
//! `arrived` in the cycle before and finds its place among them in this one. Only a first frame is in a hurry.
//! Latency: 1 cycle from `arriving` to `request`. Throughput: one frame in and one out per cycle. `full` when 67 frames
//! wait; two more may come after it. `picked` without a frame is ignored. Reset: none waits.

use crate::prelude::*;

/// Bits of the count of frames behind the second, less one: its sign says that there is none, the bit below it that
/// they are many.
const BEHIND_W: usize = 8;

/// That count of no frames: -1.
const NONE_BEHIND: u64 = (1 << BEHIND_W) - 1;

/// Count of the frames that wait in one queue.
#[derive(LogicBlock)]
pub struct Waiting {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// One more frame.
    pub arriving: Signal<In, Bit>,
    /// There are many.
    pub full: Signal<Out, Bit>,

    // Egress.
    /// There is a frame; the one that is picked in this cycle is still counted.
    pub request: Signal<Out, Bit>,
    /// There is no other.
    pub sole: Signal<Out, Bit>,
    /// One frame less.
    pub picked: Signal<In, Bit>,

    // State.
    first: DFF<Bit>,
    second: DFF<Bit>,
    arrived: DFF<Bit>,
    behind: DFF<Bits<BEHIND_W>>,

    // Wires.
    only: Signal<Local, Bit>,
    staying: Signal<Local, Bit>,
    none_behind: Signal<Local, Bit>,
    joining: Signal<Local, Bit>,
    leaving: Signal<Local, Bit>,
    step: Signal<Local, Bits<BEHIND_W>>,

    // Parameters.
    none: Constant<Bits<BEHIND_W>>,
    sign: Constant<Bits<BEHIND_W>>,
    many: Constant<Bits<BEHIND_W>>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            arriving: Signal::default(),
            full: Signal::default(),
            request: Signal::default(),
            sole: Signal::default(),
            picked: Signal::default(),
            first: DFF::default(),
            second: DFF::default(),
            arrived: DFF::default(),
            behind: flop_at(NONE_BEHIND.into()),
            only: Signal::default(),
            staying: Signal::default(),
            none_behind: Signal::default(),
            joining: Signal::default(),
            leaving: Signal::default(),
            step: Signal::default(),
            none: Constant::new(NONE_BEHIND.into()),
            sign: Constant::new((1_u64 << (BEHIND_W - 1)).into()),
            many: Constant::new((1_u64 << (BEHIND_W - 2)).into()),
        }
    }
}

impl Logic for Waiting {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, first, second, arrived, behind);

        // 2. Decide.
        self.only.next = !(self.second.q.val() | self.arrived.q.val());
        self.staying.next = self.first.q.val() & !(self.picked.val() & self.only.val());
        self.none_behind.next = (self.behind.q.val() & self.sign.val()).any();
        self.joining.next = self.arrived.q.val() & self.second.q.val() & !self.picked.val();
        self.leaving.next = self.picked.val() & !self.arrived.q.val() & !self.none_behind.val();

        // 3. Next state.
        self.first.d.next = self.arriving.val() | self.staying.val();
        self.arrived.d.next = self.arriving.val() & self.staying.val();
        self.second.d.next = self.second.q.val() | self.arrived.q.val();
        if self.picked.val() {
            self.second.d.next =
                self.second.q.val() & (self.arrived.q.val() | !self.none_behind.val());
        }
        self.step.next = 1.into();
        if self.picked.val() {
            self.step.next = self.none.val();
        }
        if self.joining.val() | self.leaving.val() {
            self.behind.d.next = self.behind.q.val() + self.step.val();
        }

        // 4. Drive outputs.
        self.request.next = self.first.q.val();
        self.sole.next = self.only.val();
        self.full.next = !self.none_behind.val() & (self.behind.q.val() & self.many.val()).any();

        // 5. Reset wins.
        if self.reset.val() {
            self.first.d.next = false;
            self.second.d.next = false;
            self.arrived.d.next = false;
            self.behind.d.next = self.none.val();
        }
    }

    describe!("Count of the frames that wait in one queue.");
}
