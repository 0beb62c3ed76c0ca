//! Chooses the lanes that carry data: all of them, with the spare for one that is lost, or the largest width that is left.
//!
//! ```text
//!             +------------+---> slot_mask
//!   usable -->| PlanChoice |---> spare_on, spare_slot
//!             +------------+---> width, none
//! ```
//!
//! Combinational. The spare stands in for the first lane lost. Of the lanes there are then, the lowest 8, 4, 2 or 1 carry data. With
//! none left the plan is that of all lanes, so that the link comes back by itself.

use crate::prelude::*;

/// Lane plan of `LANES` lanes and a spare, for the lanes that can be used.
#[derive(LogicBlock)]
pub struct PlanChoice<const LANES: usize, const PHYSICAL: usize> {
    // Ingress.
    /// Physical lanes that can be used, the spare last.
    pub usable: Signal<In, Bits<PHYSICAL>>,

    // Egress.
    /// Slots that carry data.
    pub slot_mask: Signal<Out, Bits<LANES>>,
    /// The spare carries one of them.
    pub spare_on: Signal<Out, Bit>,
    /// Which one.
    pub spare_slot: Signal<Out, Bits<3>>,
    /// How many slots carry data: 8, 4, 2 or 1.
    pub width: Signal<Out, Bits<4>>,
    /// No lane is left.
    pub none: Signal<Out, Bit>,

    // Wires.
    mains: Signal<Local, Bits<LANES>>,
    spare: Signal<Local, Bit>,
    filled: Signal<Local, Bits<LANES>>,
    found: Signal<Local, Bit>,
    count: Signal<Local, Bits<4>>,
    most: Signal<Local, Bits<4>>,
    chosen: Signal<Local, Bits<4>>,
    stands_in: Signal<Local, Bits<LANES>>,

    // Parameters.
    number: [Constant<Bits<3>>; LANES],
    all: Constant<Bits<LANES>>,
    all_count: Constant<Bits<4>>,
    has_spare: Constant<Bit>,
}

impl<const LANES: usize, const PHYSICAL: usize> Default for PlanChoice<LANES, PHYSICAL> {
    fn default() -> Self {
        const { assert!(LANES.is_power_of_two() && LANES <= 8) };
        const { assert!(PHYSICAL == LANES || PHYSICAL == LANES + 1) };
        Self {
            usable: Signal::default(),
            slot_mask: Signal::default(),
            spare_on: Signal::default(),
            spare_slot: Signal::default(),
            width: Signal::default(),
            none: Signal::default(),
            mains: Signal::default(),
            spare: Signal::default(),
            filled: Signal::default(),
            found: Signal::default(),
            count: Signal::default(),
            most: Signal::default(),
            chosen: Signal::default(),
            stands_in: Signal::default(),
            number: std::array::from_fn(|lane| Constant::new((lane as u64).into())),
            all: Constant::new(Bits::<LANES>::mask()),
            all_count: Constant::new((LANES as u64).into()),
            has_spare: Constant::new(PHYSICAL > LANES),
        }
    }
}

impl<const LANES: usize, const PHYSICAL: usize> Logic for PlanChoice<LANES, PHYSICAL> {
    #[hdl_gen]
    fn update(&mut self) {
        // The spare stands in for the first lane lost.
        self.mains.next = self.usable.val().get_bits::<LANES>(0);
        self.spare.next = self.has_spare.val();
        for i in LANES..PHYSICAL {
            self.spare.next = self.usable.val().get_bit(i);
        }
        self.found.next = false;
        self.filled.next = self.mains.val();
        self.stands_in.next = 0.into();
        self.spare_slot.next = 0.into();
        for i in 0..LANES {
            if !self.mains.val().get_bit(i) & self.spare.val() & !self.found.val() {
                self.found.next = true;
                self.filled.next = self.filled.val().replace_bit(i, true);
                self.stands_in.next = self.stands_in.val().replace_bit(i, true);
                self.spare_slot.next = self.number[i].val();
            }
        }

        // As many as there are, rounded down to a power of two.
        self.count.next = 0.into();
        for i in 0..LANES {
            if self.filled.val().get_bit(i) {
                self.count.next = self.count.val() + 1;
            }
        }
        self.most.next = 1.into();
        if self.count.val() >= 2 {
            self.most.next = 2.into();
        }
        if self.count.val() >= 4 {
            self.most.next = 4.into();
        }
        if self.count.val() >= 8 {
            self.most.next = 8.into();
        }

        // The lowest of them.
        self.chosen.next = 0.into();
        self.slot_mask.next = 0.into();
        for i in 0..LANES {
            if self.filled.val().get_bit(i) & (self.chosen.val() < self.most.val()) {
                self.chosen.next = self.chosen.val() + 1;
                self.slot_mask.next = self.slot_mask.val().replace_bit(i, true);
            }
        }
        self.width.next = self.most.val();
        self.none.next = !self.filled.val().any();
        self.spare_on.next = (self.slot_mask.val() & self.stands_in.val()).any();
        if !self.filled.val().any() {
            self.slot_mask.next = self.all.val();
            self.width.next = self.all_count.val();
        }
    }
    describe!("Lane plan of `LANES` lanes and a spare, for the lanes that can be used.");
}
