//! Tells when too many headers are bad (Clause 82, `hi_ber`).
//!
//! ```text
//!              +--------------------------+
//!   block ---->| blocks: in the window    |--> hi_ber
//!   bad ------>| errors: up to the limit  |
//!              +--------------------------+
//! ```
//!
//! 97 bad headers within 781 250 blocks, both scaled by `MARKER_PERIOD / 16 384`, the limit at least 2. `hi_ber` rises at the
//! limit, in the cycle after, and falls at the end of a window that stays below it. Reset, or not aligned: low, and a new
//! window begins.

use crate::pcs::lfsr;
use crate::prelude::*;

/// Bits of the two counters.
const BLOCKS_W: usize = 20;
const ERRORS_W: usize = 7;

/// Monitor of the share of bad headers.
#[derive(LogicBlock)]
pub struct BerMonitor {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The lanes are aligned.
    pub aligned: Signal<In, Bit>,
    /// There is a block.
    pub valid: Signal<In, Bit>,
    /// Its header is bad.
    pub bad: Signal<In, Bit>,

    // Egress.
    /// Too many headers are bad. Reset: 0.
    pub hi_ber: Signal<Out, Bit>,

    // State.
    blocks: DFF<Bits<20>>,
    errors: DFF<Bits<7>>,
    has_limit: DFF<Bit>,
    is_high: DFF<Bit>,

    // Wires.
    is_end: Signal<Local, Bit>,
    is_limit: Signal<Local, Bit>,

    // Parameters.
    first_block: Constant<Bits<20>>,
    last_block: Constant<Bits<20>>,
    block_taps: Constant<Bits<20>>,
    first_error: Constant<Bits<7>>,
    last_error: Constant<Bits<7>>,
    error_taps: Constant<Bits<7>>,
}

impl BerMonitor {
    /// A window scaled to a marker every `period` blocks.
    ///
    /// # Panics
    /// If `period` is above 16 384 or gives no window.
    #[must_use]
    pub fn new(period: usize) -> Self {
        let window = 781_250 * period / 16_384;
        let limit = (97 * period / 16_384).max(2);
        assert!(
            period <= 16_384 && window > limit,
            "a window scaled to a marker every {period} blocks: 1 to 16384"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            aligned: Signal::default(),
            valid: Signal::default(),
            bad: Signal::default(),
            hi_ber: Signal::default(),
            blocks: flop_at(1.into()),
            errors: flop_at(1.into()),
            has_limit: DFF::default(),
            is_high: DFF::default(),
            is_end: Signal::default(),
            is_limit: Signal::default(),
            first_block: Constant::new(1.into()),
            last_block: Constant::new(lfsr::state(BLOCKS_W, window - 1).into()),
            block_taps: Constant::new(lfsr::taps(BLOCKS_W).into()),
            first_error: Constant::new(1.into()),
            last_error: Constant::new(lfsr::state(ERRORS_W, limit - 1).into()),
            error_taps: Constant::new(lfsr::taps(ERRORS_W).into()),
        }
    }
}

impl Logic for BerMonitor {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, blocks, errors, has_limit, is_high);
        self.is_end.next = self.valid.val() & (self.blocks.q.val() == self.last_block.val());
        self.is_limit.next = self.has_limit.q.val()
            | (self.valid.val() & self.bad.val() & (self.errors.q.val() == self.last_error.val()));
        self.has_limit.d.next = self.is_limit.val();
        if self.valid.val() {
            self.blocks.d.next = (self.blocks.q.val() << 1)
                | bit_cast::<20, 1>((self.blocks.q.val() & self.block_taps.val()).xor().into());
            if self.bad.val() {
                self.errors.d.next = (self.errors.q.val() << 1)
                    | bit_cast::<7, 1>((self.errors.q.val() & self.error_taps.val()).xor().into());
            }
        }
        if self.is_limit.val() {
            self.is_high.d.next = true;
        }
        if self.is_end.val() {
            self.blocks.d.next = self.first_block.val();
            self.errors.d.next = self.first_error.val();
            self.has_limit.d.next = false;
            self.is_high.d.next = self.is_limit.val();
        }

        self.hi_ber.next = self.is_high.q.val();
        if self.reset.val() | !self.aligned.val() {
            self.blocks.d.next = self.first_block.val();
            self.errors.d.next = self.first_error.val();
            self.has_limit.d.next = false;
            self.is_high.d.next = false;
        }
    }

    describe!("Monitor of the share of bad headers.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbench::Bench;

    fn block(bench: &mut Bench<BerMonitor>, bad: bool) {
        bench.block.aligned.next = true;
        bench.block.valid.next = true;
        bench.block.bad.next = bad;
        bench.clock();
    }

    /// 97 of 781 250 at Clause 82's period, 6 of 48 828 at ours.
    #[test]
    fn rises_at_the_limit_and_falls_after_a_good_window() {
        for (period, window, limit) in [
            (16_384, 781_250, 97_usize),
            (1_024, 48_828, 6),
            (32, 1_525, 2),
        ] {
            let mut bench = Bench::new(BerMonitor::new(period));
            // One fewer than the limit, in the first blocks of a window and in its last: no alarm.
            for number in 0..window {
                block(
                    &mut bench,
                    number < limit / 2 || number > window - limit.div_ceil(2),
                );
                assert!(!bench.block.hi_ber.val());
            }
            for number in 0..window {
                block(&mut bench, number >= window - limit);
                assert_eq!(bench.block.hi_ber.val(), number == window - 1);
            }
            for number in 0..window {
                assert!(bench.block.hi_ber.val());
                block(&mut bench, number < limit - 1);
            }
            assert!(!bench.block.hi_ber.val());
        }
    }

    #[test]
    fn knows_nothing_while_not_aligned() {
        let mut bench = Bench::recording(BerMonitor::new(32));
        for _ in 0..2 {
            block(&mut bench, true);
        }
        assert!(bench.block.hi_ber.val());
        bench.block.aligned.next = false;
        bench.clock();
        assert!(!bench.block.hi_ber.val());
        block(&mut bench, true);
        assert!(!bench.block.hi_ber.val());
        bench.replay();
    }
}
