//! Finds the bit phase of a lane's blocks by their headers (Clause 82, figure 82-10 in spirit).
//!
//! ```text
//!                 +---------------------------+
//!   header ------>|                           |--> locked
//!   valid ------->| count: good in a row,     |--> bitslip
//!   misframed --->|   bad in the window,      |--> bad
//!   dark -------->|   or cycles of a pause    |
//!   window_end -->|                           |
//!                 +---------------------------+
//! ```
//!
//! 64 good headers in a row lock. 65 bad ones in a window unlock, and so do `dark` and `misframed` at once. A bad
//! header while unlocked slips, and no header counts in the 16 cycles after. Latency: 1 cycle from a header to `locked`
//! and `bitslip`. Reset: unlocked.

use crate::pcs::lfsr;
use crate::prelude::*;

/// Bits of the counter.
const COUNT_W: usize = 7;

/// Block lock of one lane.
#[derive(LogicBlock)]
pub struct BlockLock {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// There is a header in this cycle.
    pub valid: Signal<In, Bit>,
    /// The header.
    pub header: Signal<In, Bits<2>>,
    /// A block was shorter or longer than a block is.
    pub misframed: Signal<In, Bit>,
    /// No light, or no clock from it.
    pub dark: Signal<In, Bit>,
    /// The window in which bad headers count ends; a header in the same cycle does not count.
    pub window_end: Signal<In, Bit>,

    // Egress.
    /// The phase is found. Reset: 0.
    pub locked: Signal<Out, Bit>,
    /// One pulse: frame one bit later. Reset: 0.
    pub bitslip: Signal<Out, Bit>,
    /// The header in this cycle is bad, under lock.
    pub bad: Signal<Out, Bit>,

    // State.
    is_locked: DFF<Bit>,
    is_paused: DFF<Bit>,
    slip: DFF<Bit>,
    count: DFF<Bits<7>>,

    // Wires.
    is_bad: Signal<Local, Bit>,
    is_end: Signal<Local, Bit>,
    counts: Signal<Local, Bit>,
    slips: Signal<Local, Bit>,
    locks: Signal<Local, Bit>,
    is_lost: Signal<Local, Bit>,

    // Parameters.
    start: Constant<Bits<7>>,
    taps: Constant<Bits<7>>,
    good_end: Constant<Bits<7>>,
    bad_end: Constant<Bits<7>>,
    pause_end: Constant<Bits<7>>,
}

impl Default for BlockLock {
    fn default() -> Self {
        let state = |steps| Constant::new(lfsr::state(COUNT_W, steps).into());
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            valid: Signal::default(),
            header: Signal::default(),
            misframed: Signal::default(),
            dark: Signal::default(),
            window_end: Signal::default(),
            locked: Signal::default(),
            bitslip: Signal::default(),
            bad: Signal::default(),
            is_locked: DFF::default(),
            is_paused: DFF::default(),
            slip: DFF::default(),
            count: flop_at(1.into()),
            is_bad: Signal::default(),
            is_end: Signal::default(),
            counts: Signal::default(),
            slips: Signal::default(),
            locks: Signal::default(),
            is_lost: Signal::default(),
            start: Constant::new(1.into()),
            taps: Constant::new(lfsr::taps(COUNT_W).into()),
            good_end: state(64 - 1),
            bad_end: state(65 - 1),
            pause_end: state(16 - 1),
        }
    }
}

impl Logic for BlockLock {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, is_locked, is_paused, slip, count);

        // 1. What the header means, and whether it is the last one to count.
        self.is_bad.next =
            self.valid.val() & !(self.header.val().get_bit(0) ^ self.header.val().get_bit(1));
        self.is_end.next = self.count.q.val() == self.good_end.val();
        if self.is_locked.q.val() {
            self.is_end.next = self.count.q.val() == self.bad_end.val();
        } else if self.is_paused.q.val() {
            self.is_end.next = self.count.q.val() == self.pause_end.val();
        }
        self.counts.next = self.is_paused.q.val()
            | (self.valid.val() & !(self.is_bad.val() ^ self.is_locked.q.val()));
        self.slips.next = self.is_bad.val() & !self.is_locked.q.val() & !self.is_paused.q.val();
        self.locks.next = self.counts.val()
            & self.is_end.val()
            & !self.is_locked.q.val()
            & !self.is_paused.q.val();
        self.is_lost.next = self.is_locked.q.val()
            & (self.misframed.val() | (self.is_bad.val() & self.is_end.val()));

        // 2. Next state.
        self.slip.d.next = self.slips.val();
        self.is_paused.d.next = self.slips.val() | (self.is_paused.q.val() & !self.is_end.val());
        self.is_locked.d.next = self.is_locked.q.val() | self.locks.val();
        if self.counts.val() {
            self.count.d.next = (self.count.q.val() << 1)
                | bit_cast::<7, 1>((self.count.q.val() & self.taps.val()).xor().into());
        }
        if self.slips.val()
            | (self.counts.val() & self.is_end.val())
            | (self.window_end.val() & self.is_locked.q.val())
        {
            self.count.d.next = self.start.val();
        }

        // 3. Outputs.
        self.locked.next = self.is_locked.q.val();
        self.bitslip.next = self.slip.q.val();
        self.bad.next = self.is_bad.val() & self.is_locked.q.val();
        if self.reset.val() | self.dark.val() | self.is_lost.val() {
            self.is_locked.d.next = false;
            self.is_paused.d.next = false;
            self.slip.d.next = false;
            self.count.d.next = self.start.val();
        }
    }

    describe!("Block lock of one lane.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosim::Random;
    use crate::testbench::Bench;

    const GOOD: u64 = 0b10;
    const BAD: u64 = 0b11;

    /// One cycle with or without a header.
    fn cycle(bench: &mut Bench<BlockLock>, header: Option<u64>) {
        bench.block.valid.next = header.is_some();
        bench.block.header.next = header.unwrap_or(0).into();
        bench.clock();
    }

    fn locked() -> Bench<BlockLock> {
        let mut bench = Bench::recording(BlockLock::default());
        for _ in 0..64 {
            assert!(!bench.block.locked.val());
            cycle(&mut bench, Some(GOOD));
        }
        assert!(bench.block.locked.val());
        bench
    }

    #[test]
    fn locks_after_64_good_headers_in_a_row() {
        let mut bench = Bench::recording(BlockLock::default());
        for _ in 0..63 {
            cycle(&mut bench, Some(GOOD));
        }
        cycle(&mut bench, Some(BAD));
        assert!(!bench.block.locked.val() && bench.block.bitslip.val());
        for _ in 0..16 {
            cycle(&mut bench, Some(BAD));
            assert!(!bench.block.bitslip.val(), "slips again too early");
        }
        for _ in 0..64 {
            assert!(!bench.block.locked.val());
            cycle(&mut bench, Some(GOOD));
        }
        assert!(bench.block.locked.val());
        bench.replay();
    }

    #[test]
    fn unlocks_at_65_bad_headers_of_a_window() {
        for bad in [64, 65] {
            let mut bench = locked();
            for header in 0..1_024 {
                let is_bad = header % 4 == 3 && header / 4 < bad;
                bench.block.window_end.next = header == 1_023;
                cycle(&mut bench, Some(if is_bad { BAD } else { GOOD }));
                bench.block.window_end.next = false;
                if !bench.block.locked.val() {
                    break;
                }
            }
            assert_eq!(bench.block.locked.val(), bad == 64);
            if bad == 64 {
                // A new window: 64 more do no harm.
                for _ in 0..64 {
                    cycle(&mut bench, Some(BAD));
                    assert!(bench.block.locked.val());
                }
                cycle(&mut bench, Some(BAD));
                assert!(!bench.block.locked.val());
            }
            bench.replay();
        }
    }

    #[test]
    fn unlocks_at_once_in_the_dark_and_when_blocks_are_cut() {
        for cut in [false, true] {
            let mut bench = locked();
            bench.block.dark.next = !cut;
            bench.block.misframed.next = cut;
            cycle(&mut bench, None);
            assert!(!bench.block.locked.val());
            // No slips in the dark.
            for _ in 0..40 {
                bench.block.dark.next = true;
                cycle(&mut bench, Some(BAD));
                assert!(!bench.block.bitslip.val());
            }
            bench.replay();
        }
    }

    #[test]
    fn random_headers_go_the_same_way_in_verilog() {
        let mut random = Random::new(1);
        let mut bench = Bench::recording(BlockLock::default());
        let (mut locks, mut slips) = (0, 0);
        for cycle_number in 0..20_000 {
            let one_in = if cycle_number / 2_000 % 2 == 0 {
                100
            } else {
                3
            };
            let header = random.bit().then(|| {
                if random.one_in(one_in) {
                    random.bits(2)
                } else {
                    1 + random.bits(1)
                }
            });
            bench.block.dark.next = random.one_in(3_000);
            bench.block.window_end.next = cycle_number % 500 == 0;
            bench.block.reset.next = random.one_in(5_000);
            let before = bench.block.locked.val();
            cycle(&mut bench, header);
            locks += u32::from(!before && bench.block.locked.val());
            slips += u32::from(bench.block.bitslip.val());
        }
        assert!(locks > 2 && slips > 20, "{locks} {slips}");
        bench.replay();
    }
}
