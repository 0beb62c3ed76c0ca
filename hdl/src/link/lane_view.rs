//! Turns what the far end sees into what it says of each of our physical lanes.
//!
//! ```text
//!                +----------+
//!   plan ------->|          |
//!   seen_lane -->| LaneView |---> looks
//!   seen_unused >|          |
//!                +----------+
//! ```
//!
//! Combinational. A physical lane that carries a logical one is seen if that is; another one if its marker of an unused lane is.

use crate::prelude::*;

/// Physical lanes that the far end sees.
#[derive(LogicBlock)]
pub struct LaneView<const LANES: usize, const PHYSICAL: usize> {
    // Ingress.
    /// Slots that carry data.
    pub slot_mask: Signal<In, Bits<LANES>>,
    /// The spare carries one of them.
    pub spare_on: Signal<In, Bit>,
    /// Which one.
    pub spare_slot: Signal<In, Bits<3>>,
    /// Logical lanes that the far end sees.
    pub seen_lane: Signal<In, Bits<LANES>>,
    /// Unused physical lanes that it sees.
    pub seen_unused: Signal<In, Bits<PHYSICAL>>,

    // Egress.
    /// Physical lanes that it sees.
    pub looks: Signal<Out, Bits<PHYSICAL>>,

    // Wires.
    rank: Signal<Local, Bits<4>>,
    slot_seen: Signal<Local, Bits<LANES>>,
    displaced: Signal<Local, Bits<LANES>>,

    // Parameters.
    rank_is: [Constant<Bits<4>>; LANES],
    slot_is: [Constant<Bits<3>>; LANES],
}

impl<const LANES: usize, const PHYSICAL: usize> Default for LaneView<LANES, PHYSICAL> {
    fn default() -> Self {
        Self {
            slot_mask: Signal::default(),
            spare_on: Signal::default(),
            spare_slot: Signal::default(),
            seen_lane: Signal::default(),
            seen_unused: Signal::default(),
            looks: Signal::default(),
            rank: Signal::default(),
            slot_seen: Signal::default(),
            displaced: Signal::default(),
            rank_is: std::array::from_fn(|lane| Constant::new((lane as u64).into())),
            slot_is: std::array::from_fn(|slot| Constant::new((slot as u64).into())),
        }
    }
}

impl<const LANES: usize, const PHYSICAL: usize> Logic for LaneView<LANES, PHYSICAL> {
    #[hdl_gen]
    fn update(&mut self) {
        // The logical lane of slot i is the number of slots with data below it.
        self.rank.next = 0.into();
        self.slot_seen.next = 0.into();
        self.displaced.next = 0.into();
        for i in 0..LANES {
            for j in 0..LANES {
                if (self.rank.val() == self.rank_is[j].val()) & self.seen_lane.val().get_bit(j) {
                    self.slot_seen.next = self.slot_seen.val().replace_bit(i, true);
                }
            }
            if self.slot_mask.val().get_bit(i) {
                self.rank.next = self.rank.val() + 1;
            }
            if self.spare_on.val() & (self.spare_slot.val() == self.slot_is[i].val()) {
                self.displaced.next = self.displaced.val().replace_bit(i, true);
            }
        }

        self.looks.next = self.seen_unused.val();
        for i in 0..LANES {
            if self.slot_mask.val().get_bit(i) & !self.displaced.val().get_bit(i) {
                self.looks.next = self
                    .looks
                    .val()
                    .replace_bit(i, self.slot_seen.val().get_bit(i));
            }
        }
        for i in LANES..PHYSICAL {
            if self.spare_on.val() {
                self.looks.next = self
                    .looks
                    .val()
                    .replace_bit(i, (self.displaced.val() & self.slot_seen.val()).any());
            }
        }
    }
    describe!("Physical lanes that the far end sees.");
}
