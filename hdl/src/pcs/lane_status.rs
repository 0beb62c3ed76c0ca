//! Sorts the markers that are seen: logical lanes of the width, and unused physical lanes.
//!
//! ```text
//!   seen -------> LaneStatus --> width, seen_lane, seen_unused
//!   aligned ---->
//! ```
//!
//! Combinational. The width is the received one while aligned, otherwise the widest of which any lane is seen, or the full
//! one.

use crate::pcs::marker::Marker;
use crate::prelude::*;

/// What a link's lanes say of themselves, from `CODES` markers.
#[derive(LogicBlock)]
pub struct LaneStatus<
    const LANES: usize,
    const PHYSICAL: usize,
    const CODES: usize,
    const WIDTHS: usize,
> {
    // Ingress.
    /// Markers under lock, in the order of [`Marker::all`].
    pub seen: Signal<In, Bits<CODES>>,
    /// The lanes are aligned.
    pub aligned: Signal<In, Bit>,
    /// At this width: bit 0 is the full one.
    pub aligned_width: Signal<In, Bits<WIDTHS>>,

    // Egress.
    /// Lanes that carry data: 1, 2, 4 or 8.
    pub width: Signal<Out, Bits<4>>,
    /// Logical lanes of this width whose marker is under lock.
    pub seen_lane: Signal<Out, Bits<LANES>>,
    /// Unused physical lanes whose marker is under lock, by the number in it.
    pub seen_unused: Signal<Out, Bits<PHYSICAL>>,

    // Wires.
    present: Signal<Local, Bits<WIDTHS>>,

    // Parameters.
    lanes: [Constant<Bits<4>>; WIDTHS],
    group: [Constant<Bits<CODES>>; WIDTHS],
    /// Of each marker: its width, its logical lane, its number.
    width_of: [Constant<Bits<WIDTHS>>; CODES],
    lane_of: [Constant<Bits<LANES>>; CODES],
    unused_of: [Constant<Bits<PHYSICAL>>; CODES],
    full_width: Constant<Bits<WIDTHS>>,
}

impl<const LANES: usize, const PHYSICAL: usize, const CODES: usize, const WIDTHS: usize> Default
    for LaneStatus<LANES, PHYSICAL, CODES, WIDTHS>
{
    fn default() -> Self {
        let table = Marker::all(LANES, PHYSICAL);
        assert_eq!(table.len(), CODES, "CODES is not the size of the table");
        let halvings = |width: usize| (LANES / width).trailing_zeros() as usize;
        let group = |k: usize| {
            let own = |marker: &Marker| matches!(marker, Marker::Data { width, .. } if halvings(*width) == k);
            let set = table.iter().enumerate().filter(|(_, marker)| own(marker));
            Constant::new(set.fold(0, |set, (index, _)| set | 1_u64 << index).into())
        };
        let width_of = |index: usize| match table[index] {
            Marker::Data { width, .. } => Constant::new((1_u64 << halvings(width)).into()),
            Marker::Unused { .. } => Constant::new(0.into()),
        };
        let lane_of = |index: usize| match table[index] {
            Marker::Data { lane, .. } => Constant::new((1_u64 << lane).into()),
            Marker::Unused { .. } => Constant::new(0.into()),
        };
        let unused_of = |index: usize| match table[index] {
            Marker::Data { .. } => Constant::new(0.into()),
            Marker::Unused { lane } => Constant::new((1_u64 << lane).into()),
        };
        Self {
            seen: Signal::default(),
            aligned: Signal::default(),
            aligned_width: Signal::default(),
            width: Signal::default(),
            seen_lane: Signal::default(),
            seen_unused: Signal::default(),
            present: Signal::default(),
            lanes: std::array::from_fn(|k| Constant::new((LANES as u64 >> k).into())),
            group: std::array::from_fn(group),
            width_of: std::array::from_fn(width_of),
            lane_of: std::array::from_fn(lane_of),
            unused_of: std::array::from_fn(unused_of),
            full_width: Constant::new(1.into()),
        }
    }
}

impl<const LANES: usize, const PHYSICAL: usize, const CODES: usize, const WIDTHS: usize> Logic
    for LaneStatus<LANES, PHYSICAL, CODES, WIDTHS>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.present.next = 0.into();
        for k in 0..WIDTHS {
            if (self.seen.val() & self.group[k].val()).any() & !self.present.val().any() {
                self.present.next = self.present.val().replace_bit(k, true);
            }
        }
        if !self.present.val().any() {
            self.present.next = self.full_width.val();
        }
        if self.aligned.val() {
            self.present.next = self.aligned_width.val();
        }

        self.width.next = 0.into();
        for k in 0..WIDTHS {
            if self.present.val().get_bit(k) {
                self.width.next = self.lanes[k].val();
            }
        }
        self.seen_lane.next = 0.into();
        self.seen_unused.next = 0.into();
        for i in 0..CODES {
            if self.seen.val().get_bit(i) {
                self.seen_unused.next = self.seen_unused.val() | self.unused_of[i].val();
                if (self.present.val() & self.width_of[i].val()).any() {
                    self.seen_lane.next = self.seen_lane.val() | self.lane_of[i].val();
                }
            }
        }
    }

    describe!("What a link's lanes say of themselves, from `CODES` markers.");
}
