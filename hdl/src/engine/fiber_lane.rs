//! One lane's way from engine to engine: a delay, and what can go wrong with bits.
//!
//! ```text
//!                     +-----------------------------------------------+
//!  word word_valid -->| LutRam --> invert --> errors --> stuck, lost --|--> out out_valid
//!                     |    ^ delay              ^ hit                 |
//!                     +-----------------------------------------------+
//! ```
//!
//! Latency: 2 cycles, and `delay` words: a word comes out with the one that goes in `delay` words after it, so a lane that
//! pauses pauses at both ends. A delay that changes repeats or loses words. One bit of the word is wrong in a cycle with
//! `hit`, which one tells `error_bit`; after a pulse of `error`, one bit of the next word. A stuck lane comes before a lost
//! one, and 0 before 1. Reset: nothing is on the way that counts; the first `delay` words are of before.

use crate::lut_ram::LutRam;
use crate::prelude::*;

/// Delay of 0 to `2^DELAY_W - 1` words, and faults, of one lane of words of `LW` bits.
#[derive(LogicBlock)]
pub struct FiberLane<const LW: usize, const DELAY_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The lane's next bits.
    pub word: Signal<In, Bits<LW>>,
    /// There is a word.
    pub word_valid: Signal<In, Bit>,
    /// Words that it comes late.
    pub delay: Signal<In, Bits<DELAY_W>>,
    /// Ones for zeros.
    pub invert: Signal<In, Bit>,
    /// What a lost lane receives.
    pub noise: Signal<In, Bits<LW>>,
    /// The bit that is wrong if one is, one-hot.
    pub error_bit: Signal<In, Bits<LW>>,
    /// The word has a wrong bit, if there is one in this cycle.
    pub hit: Signal<In, Bit>,
    /// For one cycle: the next word has a wrong bit.
    pub error: Signal<In, Bit>,
    /// Noise in place of the bits.
    pub lost: Signal<In, Bit>,
    /// Zeros in place of the bits.
    pub stuck_0: Signal<In, Bit>,
    /// Ones in place of the bits.
    pub stuck_1: Signal<In, Bit>,

    // Egress.
    /// The lane's next bits. Reset: counts with `out_valid` only.
    pub out: Signal<Out, Bits<LW>>,
    /// There is a word. Reset: 0.
    pub out_valid: Signal<Out, Bit>,

    // State.
    memory: LutRam<LW, DELAY_W>,
    write_place: DFF<Bits<DELAY_W>>,
    stored: DFF<Bit>,
    to_err: DFF<Bit>,
    received: DFF<Bits<LW>>,
    received_valid: DFF<Bit>,

    // Wires.
    read_place: Signal<Local, Bits<DELAY_W>>,
    is_wrong: Signal<Local, Bit>,
    is_replaced: Signal<Local, Bit>,
    flips: Signal<Local, Bits<LW>>,
    replacement: Signal<Local, Bits<LW>>,

    // Parameters.
    ones: Constant<Bits<LW>>,
}

impl<const LW: usize, const DELAY_W: usize> Default for FiberLane<LW, DELAY_W> {
    fn default() -> Self {
        const { assert!(LW == 8 || LW == 16 || LW == 32, "LW must be 8, 16 or 32") };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            word: Signal::default(),
            word_valid: Signal::default(),
            delay: Signal::default(),
            invert: Signal::default(),
            noise: Signal::default(),
            error_bit: Signal::default(),
            hit: Signal::default(),
            error: Signal::default(),
            lost: Signal::default(),
            stuck_0: Signal::default(),
            stuck_1: Signal::default(),
            out: Signal::default(),
            out_valid: Signal::default(),
            memory: LutRam::default(),
            write_place: DFF::default(),
            stored: DFF::default(),
            to_err: DFF::default(),
            received: DFF::default(),
            received_valid: DFF::default(),
            read_place: Signal::default(),
            is_wrong: Signal::default(),
            is_replaced: Signal::default(),
            flips: Signal::default(),
            replacement: Signal::default(),
            ones: Constant::new(((1_u64 << LW) - 1).into()),
        }
    }
}

impl<const LW: usize, const DELAY_W: usize> Logic for FiberLane<LW, DELAY_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            write_place,
            stored,
            to_err,
            received,
            received_valid
        );
        clock!(self, clock, memory);

        // 2. The word that was written in the cycle before, or one that was `delay` words earlier.
        self.memory.write.next = self.word.val();
        self.memory.write_enable.next = self.word_valid.val();
        self.memory.write_address.next = self.write_place.q.val();
        self.read_place.next = self.write_place.q.val() - 1;
        self.read_place.next = self.read_place.val() - self.delay.val();
        self.memory.read_address.next = self.read_place.val();

        // 3. What becomes of it.
        self.is_wrong.next = self.hit.val() | self.error.val() | self.to_err.q.val();
        self.flips.next = 0.into();
        if self.is_wrong.val() {
            self.flips.next = self.error_bit.val();
        }
        if self.invert.val() {
            self.flips.next = !self.flips.val();
        }
        self.is_replaced.next = self.lost.val() | self.stuck_0.val() | self.stuck_1.val();
        self.replacement.next = self.noise.val();
        if self.stuck_1.val() {
            self.replacement.next = self.ones.val();
        }
        if self.stuck_0.val() {
            self.replacement.next = 0.into();
        }

        // 4. Next state.
        self.stored.d.next = self.word_valid.val();
        if self.word_valid.val() {
            self.write_place.d.next = self.write_place.q.val() + 1;
        }
        self.to_err.d.next = (self.error.val() | self.to_err.q.val()) & !self.stored.q.val();
        self.received_valid.d.next = self.stored.q.val();
        self.received.d.next = self.memory.read.val() ^ self.flips.val();
        if self.is_replaced.val() {
            self.received.d.next = self.replacement.val();
        }

        // 5. Drive outputs.
        self.out.next = self.received.q.val();
        self.out_valid.next = self.received_valid.q.val();

        // 6. Reset wins.
        if self.reset.val() {
            self.write_place.d.next = 0.into();
            self.stored.d.next = false;
            self.to_err.d.next = false;
            self.received_valid.d.next = false;
        }
    }

    describe!(
        "Delay of 0 to `2^DELAY_W - 1` words, and faults, of one lane of words of `LW` bits."
    );
}
