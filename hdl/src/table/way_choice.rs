//! Chooses the way of a set for an address.
//!
//! ```text
//!                                     +------------+
//!  matching, live, is_static, ... --->| WayChoice  |---> second, full
//!  taken ---------------------------->| alternate  |
//!                                     +------------+
//! ```
//!
//! Combinational but for the flop that alternates between entries of the same age. In order of preference: the way of
//! the address's own entry, a free or expired way, the dynamic way that was learned longer ago.

use crate::prelude::*;

/// Chooses the way of a set of the MAC table for an address.
#[derive(LogicBlock)]
pub struct WayChoice {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The way is valid, expired or not, and the address's.
    pub matching: [Signal<In, Bit>; 2],
    /// The way is valid and has not expired.
    pub live: [Signal<In, Bit>; 2],
    /// The way is valid and static.
    pub is_static: [Signal<In, Bit>; 2],
    /// Epochs since the way was learned.
    pub age_epochs: [Signal<In, Bits<4>>; 2],
    /// The choice is made use of at the next edge.
    pub taken: Signal<In, Bit>,

    // Egress.
    /// The second way is chosen, not the first; of no meaning when `full`.
    pub second: Signal<Out, Bit>,
    /// Both ways are static and neither is the address's.
    pub full: Signal<Out, Bit>,

    // State.
    alternate: DFF<Bit>,

    // Wires.
    tie: Signal<Local, Bit>,
}

impl Default for WayChoice {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            matching: std::array::from_fn(|_| Signal::default()),
            live: std::array::from_fn(|_| Signal::default()),
            is_static: std::array::from_fn(|_| Signal::default()),
            age_epochs: std::array::from_fn(|_| Signal::default()),
            taken: Signal::default(),
            second: Signal::default(),
            full: Signal::default(),
            alternate: DFF::default(),
            tie: Signal::default(),
        }
    }
}

impl Logic for WayChoice {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, alternate);

        // 2. Decide.
        self.tie.next = false;
        self.second.next = self.age_epochs[1].val() > self.age_epochs[0].val();
        if self.matching[0].val() | self.matching[1].val() {
            self.second.next = self.matching[1].val();
        } else if !self.live[0].val() | !self.live[1].val() {
            self.second.next = self.live[0].val();
        } else if self.is_static[0].val() | self.is_static[1].val() {
            self.second.next = self.is_static[0].val();
        } else if self.age_epochs[0].val() == self.age_epochs[1].val() {
            self.tie.next = true;
            self.second.next = self.alternate.q.val();
        }
        self.full.next = self.is_static[0].val()
            & self.is_static[1].val()
            & !self.matching[0].val()
            & !self.matching[1].val();

        // 3. Next state.
        if self.taken.val() & self.tie.val() {
            self.alternate.d.next = !self.alternate.q.val();
        }

        // 4. Reset wins.
        if self.reset.val() {
            self.alternate.d.next = false;
        }
    }

    describe!("Chooses the way of a set of the MAC table for an address.");
}
