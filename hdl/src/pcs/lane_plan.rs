//! Holds the lane plan, and tells of every slot whether it carries data and which marker its lanes get.
//!
//! ```text
//!                             +---------------------------+
//!   slot_mask --------------->| mask, own, here: rings    |--> carries code
//!   spare_on, spare_slot ---->| base: the width           |--> spare_here spare_code
//!   take, slot, next_slot --->| lane: slots with data yet |
//!                             +---------------------------+
//! ```
//!
//! A plan is taken in the last beat before a row of markers. One whose number of slots is not 1, 2, 4 or 8 is not taken;
//! the one before stays in force. What the plan says of slots goes round with them, the slot's own bit lowest: whether it
//! carries data, whether its own lane is marked so, whether the spare follows it. In a row of markers `lane` counts the
//! slots with data that have passed, which is the slot's logical lane; `base` is what a reduced width adds to the code.
//!
//! Latency: 1 cycle from `take` to `carries` and the codes, which are combinational from flops. The codes count in rows of
//! markers only. Reset: all slots carry data, the spare stands by.

use super::marker::{Marker, CODE_W};
use crate::prelude::*;

/// The slots in use of `LANES`, and the marker of each lane.
#[derive(LogicBlock)]
pub struct LanePlan<const LANES: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Slots that are to carry data: 1, 2, 4 or 8 of them.
    pub slot_mask: Signal<In, Bits<LANES>>,
    /// The spare lane is to carry a slot.
    pub spare_on: Signal<In, Bit>,
    /// Which slot, below `LANES`; counts with `spare_on`.
    pub spare_slot: Signal<In, Bits<3>>,
    /// The plan is taken at the next clock edge.
    pub take: Signal<In, Bit>,
    /// The slot it is.
    pub slot: Signal<In, Bits<3>>,
    /// The slot ends at the next clock edge.
    pub next_slot: Signal<In, Bit>,

    // Egress.
    /// The slot carries data.
    pub carries: Signal<Out, Bit>,
    /// Marker of the slot's own lane, a [`Marker::code`].
    pub code: Signal<Out, Bits<CODE_W>>,
    /// The spare lane follows the slot.
    pub spare_here: Signal<Out, Bit>,
    /// Marker of the spare lane; counts with `spare_here`.
    pub spare_code: Signal<Out, Bits<CODE_W>>,

    // State.
    mask: DFF<Bits<LANES>>,
    own: DFF<Bits<LANES>>,
    here: DFF<Bits<LANES>>,
    spared: DFF<Bit>,
    base: DFF<Bits<4>>,
    reduced: DFF<Bit>,
    lane: DFF<Bits<3>>,

    // Wires.
    ones: Signal<Local, Bit>,
    twos: Signal<Local, Bit>,
    fours: Signal<Local, Bit>,
    whole: Signal<Local, Bit>,
    possible: Signal<Local, Bit>,
    spares: Signal<Local, Bit>,
    follows: Signal<Local, Bits<LANES>>,
    number: Signal<Local, Bits<4>>,
    data_code: Signal<Local, Bits<CODE_W>>,

    // Parameters.
    all: Constant<Bits<LANES>>,
    first_slot: Constant<Bits<LANES>>,
    top: Constant<Bits<LANES>>,
    has_spare: Constant<Bit>,
    spare_unused: Constant<Bits<CODE_W>>,
}

impl<const LANES: usize> LanePlan<LANES> {
    /// The plan of a link with `spares` spare lanes. Without one `spare_on` means nothing.
    ///
    /// # Panics
    /// If `spares` is above 1.
    #[must_use]
    pub fn new(spares: usize) -> Self {
        const {
            assert!(
                LANES.is_power_of_two() && LANES <= 8,
                "LANES is 1, 2, 4 or 8"
            );
        };
        assert!(spares <= 1, "{spares} spare lanes: 0 and 1 are possible");
        let all = ((1 << LANES) - 1).into();
        let spare_unused = Marker::Unused { lane: LANES }.code(LANES) as u64;
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            slot_mask: Signal::default(),
            spare_on: Signal::default(),
            spare_slot: Signal::default(),
            take: Signal::default(),
            slot: Signal::default(),
            next_slot: Signal::default(),
            carries: Signal::default(),
            code: Signal::default(),
            spare_here: Signal::default(),
            spare_code: Signal::default(),
            mask: flop_at(all),
            own: flop_at(all),
            here: flop_at(1.into()),
            spared: DFF::default(),
            base: DFF::default(),
            reduced: DFF::default(),
            lane: DFF::default(),
            ones: Signal::default(),
            twos: Signal::default(),
            fours: Signal::default(),
            whole: Signal::default(),
            possible: Signal::default(),
            spares: Signal::default(),
            follows: Signal::default(),
            number: Signal::default(),
            data_code: Signal::default(),
            all: Constant::new(all),
            first_slot: Constant::new(1.into()),
            top: Constant::new((1 << (LANES - 1)).into()),
            has_spare: Constant::new(spares == 1),
            spare_unused: Constant::new(spare_unused.into()),
        }
    }
}

impl<const LANES: usize> Logic for LanePlan<LANES> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, mask, own, here, spared, base, reduced, lane);

        // 2. Count the slots of the plan on offer, modulo 8.
        self.whole.next = self.slot_mask.val() == self.all.val();
        self.ones.next = false;
        self.twos.next = false;
        self.fours.next = false;
        for slot in 0..LANES {
            if self.slot_mask.val().get_bit(slot) {
                self.fours.next = self.fours.val() ^ (self.twos.val() & self.ones.val());
                self.twos.next = self.twos.val() ^ self.ones.val();
                self.ones.next = !self.ones.val();
            }
        }
        self.possible.next = self.whole.val()
            | (self.ones.val() & !self.twos.val() & !self.fours.val())
            | (!self.ones.val() & (self.twos.val() ^ self.fours.val()));

        // 3. And where the spare goes.
        self.spares.next = self.spare_on.val() & self.has_spare.val();
        self.follows.next = self.first_slot.val();
        if self.spares.val() {
            self.follows.next = self.first_slot.val() << self.spare_slot.val();
        }

        // 4. Next state.
        self.carries.next = self.mask.q.val().get_bit(0);
        if self.next_slot.val() {
            self.mask.d.next = self.mask.q.val() >> 1;
            self.own.d.next = self.own.q.val() >> 1;
            self.here.d.next = self.here.q.val() >> 1;
            if self.carries.val() {
                self.mask.d.next = (self.mask.q.val() >> 1) | self.top.val();
                self.lane.d.next = self.lane.q.val() + 1;
            }
            if self.own.q.val().get_bit(0) {
                self.own.d.next = (self.own.q.val() >> 1) | self.top.val();
            }
            if self.here.q.val().get_bit(0) {
                self.here.d.next = (self.here.q.val() >> 1) | self.top.val();
            }
        }
        if self.take.val() {
            self.lane.d.next = 0.into();
            if self.possible.val() {
                self.mask.d.next = self.slot_mask.val();
                self.own.d.next = self.slot_mask.val();
                if self.spares.val() {
                    self.own.d.next = self.slot_mask.val() & !self.follows.val();
                }
                self.here.d.next = self.follows.val();
                self.spared.d.next = self.spares.val();
                self.reduced.d.next = !self.whole.val();
                self.base.d.next = 0.into();
                if !self.whole.val() {
                    self.base.d.next = 8.into();
                    if self.twos.val() {
                        self.base.d.next = 2.into();
                    }
                    if self.ones.val() {
                        self.base.d.next = 1.into();
                    }
                }
            }
        }

        // 5. Drive outputs.
        self.spare_here.next = self.here.q.val().get_bit(0);
        self.number.next = self.base.q.val() | bit_cast::<4, 3>(self.lane.q.val());
        self.data_code.next = bit_cast::<6, 4>(self.number.val());
        if self.reduced.q.val() | self.lane.q.val().get_bit(2) {
            self.data_code.next = bit_cast::<6, 4>(self.number.val()) | 16;
        }
        self.code.next = bit_cast::<6, 3>(self.slot.val()) | 32;
        if self.own.q.val().get_bit(0) {
            self.code.next = self.data_code.val();
        }
        self.spare_code.next = self.spare_unused.val();
        if self.carries.val() & self.spared.q.val() {
            self.spare_code.next = self.data_code.val();
        }

        // 6. Reset wins.
        if self.reset.val() {
            self.mask.d.next = self.all.val();
            self.own.d.next = self.all.val();
            self.here.d.next = 1.into();
            self.spared.d.next = false;
            self.base.d.next = 0.into();
            self.reduced.d.next = false;
            self.lane.d.next = 0.into();
        }
    }

    describe!("The slots in use of `LANES`, and the marker of each lane.");
}
