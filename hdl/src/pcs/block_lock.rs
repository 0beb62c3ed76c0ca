//! Finds the bit phase of a lane's blocks by their headers (Clause 82, figure 82-10 in spirit).
//!
//! ```text
//!                 +---------------------------+
//!   header ------>| headers: good in a row,   |--> locked
//!   valid ------->|          or in the window |--> bitslip
//!   misframed --->| errors:  bad in the       |--> bad
//!   dark -------->|          window, or wait  |
//!                 +---------------------------+
//! ```
//!
//! 64 good headers in a row lock. 65 bad ones in a window of 1 024 unlock, and so do `dark` and `misframed` at once. A bad
//! header while unlocked slips, and no header counts in the 16 cycles after. Latency: 1 cycle from a header to `locked`
//! and `bitslip`. Reset: unlocked.

use crate::prelude::*;

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

    // Egress.
    /// The phase is found. Reset: 0.
    pub locked: Signal<Out, Bit>,
    /// One pulse: frame one bit later. Reset: 0.
    pub bitslip: Signal<Out, Bit>,
    /// The header in this cycle is bad, under lock.
    pub bad: Signal<Out, Bit>,

    // State.
    is_locked: DFF<Bit>,
    slip: DFF<Bit>,
    headers: DFF<Bits<10>>,
    errors: DFF<Bits<7>>,

    // Wires.
    is_bad: Signal<Local, Bit>,
    /// Under lock: 64 bad headers. Otherwise: headers count.
    is_full: Signal<Local, Bit>,
    is_lost: Signal<Local, Bit>,

    // Parameters.
    full: Constant<Bits<7>>,
    pause: Constant<Bits<7>>,
}

impl Default for BlockLock {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            valid: Signal::default(),
            header: Signal::default(),
            misframed: Signal::default(),
            dark: Signal::default(),
            locked: Signal::default(),
            bitslip: Signal::default(),
            bad: Signal::default(),
            is_locked: DFF::default(),
            slip: DFF::default(),
            headers: DFF::default(),
            errors: flop_at(64.into()),
            is_bad: Signal::default(),
            is_full: Signal::default(),
            is_lost: Signal::default(),
            full: Constant::new(64.into()),
            pause: Constant::new((64 - 16).into()),
        }
    }
}

impl Logic for BlockLock {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, is_locked, slip, headers, errors);
        self.slip.d.next = false;

        self.is_bad.next =
            self.valid.val() & !(self.header.val().get_bit(0) ^ self.header.val().get_bit(1));
        self.is_full.next = self.errors.q.val().get_bit(6);
        self.is_lost.next = self.is_locked.q.val()
            & (self.misframed.val() | (self.is_bad.val() & self.is_full.val()));

        if self.is_locked.q.val() {
            if self.valid.val() {
                self.headers.d.next = self.headers.q.val() + 1;
                if self.is_bad.val() {
                    self.errors.d.next = self.errors.q.val() + 1;
                }
                if self.headers.q.val().all() {
                    self.errors.d.next = 0.into();
                }
            }
        } else if !self.is_full.val() {
            self.errors.d.next = self.errors.q.val() + 1;
        } else if self.valid.val() {
            self.headers.d.next = self.headers.q.val() + 1;
            if self.is_bad.val() {
                self.slip.d.next = true;
                self.headers.d.next = 0.into();
                self.errors.d.next = self.pause.val();
            } else if self.headers.q.val().get_bits::<6>(0).all() {
                self.is_locked.d.next = true;
                self.headers.d.next = 0.into();
                self.errors.d.next = 0.into();
            }
        }

        self.locked.next = self.is_locked.q.val();
        self.bitslip.next = self.slip.q.val();
        self.bad.next = self.is_bad.val() & self.is_locked.q.val();

        if self.reset.val() | self.dark.val() | self.is_lost.val() {
            self.is_locked.d.next = false;
            self.slip.d.next = false;
            self.headers.d.next = 0.into();
            self.errors.d.next = self.full.val();
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
    fn unlocks_at_65_bad_headers_of_1024() {
        for bad in [64, 65] {
            let mut bench = locked();
            for header in 0..1_024 {
                let is_bad = header % 4 == 3 && header / 4 < bad;
                cycle(&mut bench, Some(if is_bad { BAD } else { GOOD }));
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
