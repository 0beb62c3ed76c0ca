//! Counts the beats of a lane's blocks.
//!
//! ```text
//!                 +---------+--> first
//!   valid ------->|         |--> middle
//!   head -------->|  count  |--> late
//!                 |         |--> last
//!                 +---------+--> misframed
//! ```
//!
//! Combinational from `valid` and the count. A beat with a header starts a block, whatever was before; `misframed` says
//! that this was not its place, or that a block begins without one. Reset: the next beat is a block's first.

use crate::prelude::*;

/// Which beat of a block a lane receives, of `LANE_BEATS`.
#[derive(LogicBlock)]
pub struct BeatCount<const LANE_BEATS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// There is a beat.
    pub valid: Signal<In, Bit>,
    /// It comes with a header.
    pub head: Signal<In, Bit>,

    // Egress.
    /// There is a beat, and it is the first of its block.
    pub first: Signal<Out, Bit>,
    /// There is a beat, and it is the last of its block's first half.
    pub middle: Signal<Out, Bit>,
    /// The beat, if there is one, is in the block's second half.
    pub late: Signal<Out, Bit>,
    /// There is a beat, and it is the last of its block.
    pub last: Signal<Out, Bit>,
    /// There is a beat, and its header is out of place.
    pub misframed: Signal<Out, Bit>,

    // State.
    count: DFF<Bits<3>>,

    // Wires.
    starts: Signal<Local, Bit>,

    // Parameters.
    mask: Constant<Bits<3>>,
    half: Constant<Bits<3>>,
    middle_count: Constant<Bits<3>>,
}

impl<const LANE_BEATS: usize> Default for BeatCount<LANE_BEATS> {
    fn default() -> Self {
        const { assert!(LANE_BEATS == 2 || LANE_BEATS == 4 || LANE_BEATS == 8) };
        let constant = |value: usize| Constant::new((value as u64).into());
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            valid: Signal::default(),
            head: Signal::default(),
            first: Signal::default(),
            middle: Signal::default(),
            late: Signal::default(),
            last: Signal::default(),
            misframed: Signal::default(),
            count: DFF::default(),
            starts: Signal::default(),
            mask: constant(LANE_BEATS - 1),
            half: constant(LANE_BEATS / 2),
            middle_count: constant(LANE_BEATS / 2 - 1),
        }
    }
}

impl<const LANE_BEATS: usize> Logic for BeatCount<LANE_BEATS> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, count);
        self.starts.next = self.count.q.val() == 0;
        if self.valid.val() {
            self.count.d.next = (self.count.q.val() + 1) & self.mask.val();
            if self.head.val() {
                self.count.d.next = 1.into();
            }
        }

        self.first.next = self.valid.val() & self.starts.val();
        self.middle.next = self.valid.val() & (self.count.q.val() == self.middle_count.val());
        self.late.next = (self.count.q.val() & self.half.val()).any();
        self.last.next = self.valid.val() & (self.count.q.val() == self.mask.val());
        self.misframed.next = self.valid.val() & (self.head.val() ^ self.starts.val());

        if self.reset.val() {
            self.count.d.next = 0.into();
        }
    }

    describe!("Which beat of a block a lane receives, of `LANE_BEATS`.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosim::Random;
    use crate::testbench::Bench;

    #[test]
    fn counts_and_starts_over_at_a_header() {
        check::<2>();
        check::<4>();
        check::<8>();
    }

    fn check<const LANE_BEATS: usize>() {
        let mut random = Random::new(LANE_BEATS as u64);
        let mut bench = Bench::recording(BeatCount::<LANE_BEATS>::default());
        let (mut next, mut misframed) = (0, 0);
        for _ in 0..2_000 {
            let valid = !random.one_in(4);
            let head = if random.one_in(30) {
                random.bit()
            } else {
                next == 0
            };
            bench.block.valid.next = valid;
            bench.block.head.next = head;
            bench.settle();
            let block = &bench.block;
            assert_eq!(block.first.val(), valid && next == 0);
            assert_eq!(block.middle.val(), valid && next == LANE_BEATS / 2 - 1);
            assert_eq!(block.late.val(), next >= LANE_BEATS / 2);
            assert_eq!(block.last.val(), valid && next == LANE_BEATS - 1);
            assert_eq!(block.misframed.val(), valid && head != (next == 0));
            if valid {
                misframed += u32::from(head != (next == 0));
                next = if head { 1 } else { (next + 1) % LANE_BEATS };
            }
            bench.clock();
        }
        assert!(misframed > 10);
        bench.replay();
    }
}
