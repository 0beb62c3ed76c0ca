//! What a lane's marker says at the link's present width: whether it counts, and which logical lane it is.
//!
//! ```text
//!   code, marker_lock ---> LaneRole ---> counts, lane
//!   width ---------------->
//! ```
//!
//! Latency: 1 cycle. Reset: counts not.

use crate::pcs::marker::{Marker, CODE_W};
use crate::prelude::*;

/// Which logical lane a physical lane carries, of a link with `WIDTHS` widths.
#[derive(LogicBlock)]
pub struct LaneRole<const WIDTHS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The lane has marker lock.
    pub marker_lock: Signal<In, Bit>,
    /// Its marker, [`Marker::signature`].
    pub code: Signal<In, Bits<CODE_W>>,
    /// The width, one bit each: bit 0 is the full one.
    pub width: Signal<In, Bits<WIDTHS>>,

    // Egress.
    /// The lane carries data at this width. Reset: 0.
    pub counts: Signal<Out, Bit>,
    /// Its logical lane.
    pub lane: Signal<Out, Bits<3>>,

    // State.
    does_count: DFF<Bit>,
    number: DFF<Bits<3>>,

    // Wires.
    belongs: Signal<Local, Bit>,
    lanes: Signal<Local, Bits<3>>,
    /// Of markers of Clause 82, whose number is not in them.
    standard_lane: Signal<Local, Bits<2>>,

    // Parameters.
    /// Bits that tell lanes 0 to 3 of a width from every other marker, and what they are; lanes 4 to 7 the same.
    low_mask: [Constant<Bits<CODE_W>>; WIDTHS],
    low_value: [Constant<Bits<CODE_W>>; WIDTHS],
    high_mask: [Constant<Bits<CODE_W>>; WIDTHS],
    high_value: [Constant<Bits<CODE_W>>; WIDTHS],
    has_high: [Constant<Bit>; WIDTHS],
    lane_mask: [Constant<Bits<3>>; WIDTHS],
}

impl<const WIDTHS: usize> LaneRole<WIDTHS> {
    /// A lane of a link of `lanes` logical and `physical` physical lanes.
    #[must_use]
    pub fn new(lanes: usize, physical: usize) -> Self {
        let pattern = |halvings: usize, high: bool| pattern(lanes, physical, halvings, high);
        let constant = |value: usize| Constant::new((value as u64).into());
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            marker_lock: Signal::default(),
            code: Signal::default(),
            width: Signal::default(),
            counts: Signal::default(),
            lane: Signal::default(),
            does_count: DFF::default(),
            number: DFF::default(),
            belongs: Signal::default(),
            lanes: Signal::default(),
            standard_lane: Signal::default(),
            low_mask: std::array::from_fn(|k| constant(pattern(k, false).0)),
            low_value: std::array::from_fn(|k| constant(pattern(k, false).1)),
            high_mask: std::array::from_fn(|k| constant(pattern(k, true).0)),
            high_value: std::array::from_fn(|k| constant(pattern(k, true).1)),
            has_high: std::array::from_fn(|k| Constant::new(lanes >> k > 4)),
            lane_mask: std::array::from_fn(|k| Constant::new(((lanes >> k) as u64 - 1).into())),
        }
    }
}

/// The fewest bits of a code, and their values, that tell the lanes 0 to 3 (or 4 to 7) of a width from all markers of
/// other widths.
fn pattern(lanes: usize, physical: usize, halvings: usize, high: bool) -> (usize, usize) {
    let width = lanes >> halvings;
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for marker in Marker::all(lanes, physical) {
        match marker {
            Marker::Data { lane, width: of } if of == width => {
                if (lane >= 4) == high {
                    own.push(Marker::signature(marker.code(lanes)));
                }
            }
            _ => others.push(Marker::signature(marker.code(lanes))),
        }
    }
    let Some(&value) = own.first() else {
        return (0, 0);
    };
    (0..1_usize << CODE_W)
        .filter(|mask| own.iter().all(|code| code & mask == value & mask))
        .filter(|mask| others.iter().all(|code| code & mask != value & mask))
        .min_by_key(|mask| mask.count_ones())
        .map_or((0, 0), |mask| (mask, value & mask))
}

impl<const WIDTHS: usize> Logic for LaneRole<WIDTHS> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, does_count, number);
        self.belongs.next = false;
        self.lanes.next = 0.into();
        for k in 0..WIDTHS {
            if self.width.val().get_bit(k) {
                self.belongs.next = self.belongs.val()
                    | ((self.code.val() & self.low_mask[k].val()) == self.low_value[k].val());
                if self.has_high[k].val() {
                    self.belongs.next = self.belongs.val()
                        | ((self.code.val() & self.high_mask[k].val()) == self.high_value[k].val());
                }
                self.lanes.next = self.lane_mask[k].val();
            }
        }
        // Lanes 0 to 3 have 0 in bit 4 if above 1, and not both low bits if odd.
        self.standard_lane.next =
            bit_cast::<2, 1>((!self.code.val().get_bits::<2>(0).all()).into())
                | (bit_cast::<2, 1>((!self.code.val().get_bit(4)).into()) << 1);
        self.number.d.next = self.code.val().get_bits::<3>(0) & self.lanes.val();
        if self.code.val().get_bit(5) {
            self.number.d.next = bit_cast::<3, 2>(self.standard_lane.val());
        }
        self.does_count.d.next = self.belongs.val() & self.marker_lock.val() & !self.reset.val();
        self.counts.next = self.does_count.q.val();
        self.lane.next = self.number.q.val();
    }

    describe!("Which logical lane a physical lane carries, of a link with `WIDTHS` widths.");
}
