//! Keeps which physical lane is at which beat of its block.
//!
//! ```text
//!               +-----------------------------------------+
//!   chosen ---->| first ..  ring[1] ─► ring[2] ─► .. back |--> select, under_way
//!   step ------>|   ▲                                 │   |
//!               |   └─────────────────────────────────┘   |
//!               +-----------------------------------------+
//! ```
//!
//! One bit a physical lane in each place. In a `step` everything moves on: `chosen` into `ring[1]`, the last place into
//! `first`, which holds who had this slot a row ago. Reset (`clear`): nobody.

use crate::prelude::*;

/// Physical lanes by the beat they are at, `LANE_BEATS` of them.
#[derive(LogicBlock)]
pub struct LaneRing<const PHYSICAL: usize, const LANE_BEATS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub clear: Signal<In, Bit>,

    // Ingress.
    /// Everything moves on.
    pub step: Signal<In, Bit>,
    /// Who begins a block.
    pub chosen: Signal<In, Bits<PHYSICAL>>,

    // Egress.
    /// Who is at beat `b`; at the first, who begins.
    pub select: [Signal<Out, Bits<PHYSICAL>>; LANE_BEATS],
    /// Who began a block a row ago. Reset: 0.
    pub first: Signal<Out, Bits<PHYSICAL>>,
    /// Who is at a later beat than the first. Reset: 0.
    pub under_way: Signal<Out, Bits<PHYSICAL>>,
    /// Who is at the last. Reset: 0.
    pub back: Signal<Out, Bits<PHYSICAL>>,

    // State.
    ring: [DFF<Bits<PHYSICAL>>; LANE_BEATS],

    // Wires.
    carry: Signal<Local, Bits<PHYSICAL>>,

    // Parameters.
    is_last: [Constant<Bit>; LANE_BEATS],
}

impl<const PHYSICAL: usize, const LANE_BEATS: usize> Default for LaneRing<PHYSICAL, LANE_BEATS> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            clear: Signal::default(),
            step: Signal::default(),
            chosen: Signal::default(),
            select: std::array::from_fn(|_| Signal::default()),
            first: Signal::default(),
            under_way: Signal::default(),
            back: Signal::default(),
            ring: std::array::from_fn(|_| DFF::default()),
            carry: Signal::default(),
            is_last: std::array::from_fn(|b| Constant::new(b + 1 == LANE_BEATS)),
        }
    }
}

impl<const PHYSICAL: usize, const LANE_BEATS: usize> Logic for LaneRing<PHYSICAL, LANE_BEATS> {
    #[hdl_gen]
    fn update(&mut self) {
        self.under_way.next = 0.into();
        for b in 1..LANE_BEATS {
            self.under_way.next = self.under_way.val() | self.ring[b].q.val();
        }
        self.back.next = 0.into();
        for b in 0..LANE_BEATS {
            self.select[b].next = self.ring[b].q.val();
            if self.is_last[b].val() {
                self.back.next = self.ring[b].q.val();
            }
        }
        self.select[0].next = self.chosen.val();
        self.first.next = self.ring[0].q.val();

        self.carry.next = self.back.val();
        for b in 0..LANE_BEATS {
            self.ring[b].clock.next = self.clock.val();
            self.ring[b].d.next = self.ring[b].q.val();
            if self.step.val() {
                self.ring[b].d.next = self.carry.val();
            }
            if self.clear.val() {
                self.ring[b].d.next = 0.into();
            }
            self.carry.next = self.select[b].val();
        }
    }

    describe!("Physical lanes by the beat they are at, `LANE_BEATS` of them.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosim::Random;
    use crate::testbench::Bench;

    #[test]
    fn a_lane_comes_round_in_a_row() {
        let mut random = Random::new(1);
        let mut bench = Bench::recording(LaneRing::<5, 4>::default());
        let (mut places, mut cleared) = ([0_u64; 4], 0);
        for _ in 0..2_000 {
            let (step, clear, chosen) = (random.bit(), random.one_in(50), random.bits(5));
            bench.block.step.next = step;
            bench.block.clear.next = clear;
            bench.block.chosen.next = chosen.into();
            bench.settle();
            let ring = &bench.block;
            assert_eq!(ring.first.val().to_u64(), places[0]);
            assert_eq!(ring.back.val().to_u64(), places[3]);
            let under_way = places[1] | places[2] | places[3];
            assert_eq!(ring.under_way.val().to_u64(), under_way);
            let select: Vec<u64> = ring.select.iter().map(|s| s.val().to_u64()).collect();
            assert_eq!(select, [chosen, places[1], places[2], places[3]]);
            if step {
                places = [places[3], chosen, places[1], places[2]];
            }
            if clear {
                places = [0; 4];
                cleared += 1;
            }
            bench.clock();
        }
        assert!(cleared > 10);
        bench.replay();
    }
}
