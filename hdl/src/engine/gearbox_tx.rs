//! One lane's blocks of 66 bits as words of `LW` bits without a gap between them: the transmitting gearbox.
//!
//! ```text
//!                       +--------------------------------+
//!  data header first -->| previous data --+              |
//!  valid take flush --->| data, header ---+--> Funnel ---|--> word word_valid
//!                       |          shift left            |--> full
//!                       +--------------------------------+
//! ```
//!
//! A word is `LW` bits that follow each other on the wire, bit 0 first. Two bits more come with each block, so after `LW / 2`
//! blocks a whole word is left over: then `full` asks for a cycle without a beat, one in 33, and in that cycle `flush` sends
//! the word. Latency: 1 cycle from a beat to the word with its first bit. Throughput: a beat in every cycle in which
//! `take` may be high. `full` is combinational and means the cycle to come; a beat that is taken against it loses
//! bits. Reset: no bit is left over, the next beat is a block's first.
//!
//! Lanes that share `take` share `flush`, all at the first `full` of any: lanes that are less than a block apart then stall
//! together. Pauses for any other reason flush nothing, or they would part the lanes, each stalling all others.

use super::funnel::Funnel;
use super::PAYLOAD_BITS;
use crate::prelude::*;

/// Blocks in beats of `LW` bits to words of `LW` bits; `SHIFT_W = log2(LW)`.
#[derive(LogicBlock)]
pub struct GearboxTx<const LW: usize, const SHIFT_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The beat's payload.
    pub data: Signal<In, Bits<LW>>,
    /// The block's header; counts with `first`.
    pub header: Signal<In, Bits<2>>,
    /// The beat is a block's first.
    pub first: Signal<In, Bit>,
    /// There is a beat.
    pub valid: Signal<In, Bit>,
    /// It passes, if there is one.
    pub take: Signal<In, Bit>,
    /// A whole word that is left over goes out; counts without `take`.
    pub flush: Signal<In, Bit>,
    /// `take` must be low in the next cycle, and `flush` high.
    pub full: Signal<Out, Bit>,

    // Egress.
    /// The next bits of the lane. Reset: counts with `word_valid` only.
    pub word: Signal<Out, Bits<LW>>,
    /// There is a word. Reset: 0.
    pub word_valid: Signal<Out, Bit>,

    // State.
    funnel: Funnel<LW, SHIFT_W>,
    previous: DFF<Bits<LW>>,
    /// Pairs of bits of `previous` that are gone: `LW / 2` if it is all of them.
    shift: DFF<Bits<SHIFT_W>>,
    left: DFF<Bits<3>>,
    out: DFF<Bits<LW>>,
    out_valid: DFF<Bit>,

    // Wires.
    passes: Signal<Local, Bit>,
    flushes: Signal<Local, Bit>,
    upper: Signal<Local, Bits<LW>>,
    shift_after: Signal<Local, Bits<SHIFT_W>>,
    left_after: Signal<Local, Bits<3>>,

    // Parameters.
    all: Constant<Bits<SHIFT_W>>,
    beats_after_first: Constant<Bits<3>>,
}

impl<const LW: usize, const SHIFT_W: usize> Default for GearboxTx<LW, SHIFT_W> {
    fn default() -> Self {
        let all = (LW as u64 / 2).into();
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            data: Signal::default(),
            header: Signal::default(),
            first: Signal::default(),
            valid: Signal::default(),
            take: Signal::default(),
            flush: Signal::default(),
            full: Signal::default(),
            word: Signal::default(),
            word_valid: Signal::default(),
            funnel: Funnel::default(),
            previous: DFF::default(),
            shift: flop_at(all),
            left: DFF::default(),
            out: DFF::default(),
            out_valid: DFF::default(),
            passes: Signal::default(),
            flushes: Signal::default(),
            upper: Signal::default(),
            shift_after: Signal::default(),
            left_after: Signal::default(),
            all: Constant::new(all),
            beats_after_first: Constant::new(((PAYLOAD_BITS / LW - 1) as u64).into()),
        }
    }
}

impl<const LW: usize, const SHIFT_W: usize> Logic for GearboxTx<LW, SHIFT_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, previous, shift, left, out, out_valid);

        // 2. What is left of the previous beat comes first, then the header, then the beat.
        self.passes.next = self.take.val() & self.valid.val();
        self.flushes.next = self.flush.val() & !self.take.val() & (self.shift.q.val() == 0);
        self.upper.next = self.data.val();
        if self.first.val() {
            self.upper.next = (self.data.val() << 2) | bit_cast::<LW, 2>(self.header.val());
        }
        self.funnel.earlier.next = 0.into();
        self.funnel.low.next = self.previous.q.val();
        self.funnel.high.next = self.upper.val();
        self.funnel.shift.next = self.shift.q.val() << 1;

        // 3. Next state.
        self.shift_after.next = self.shift.q.val();
        self.left_after.next = self.left.q.val();
        if self.passes.val() {
            self.previous.d.next = self.data.val();
            if self.first.val() {
                self.shift_after.next = self.shift.q.val() - 1;
                self.left_after.next = self.beats_after_first.val();
            } else {
                self.left_after.next = self.left.q.val() - 1;
            }
        }
        if self.flushes.val() {
            self.shift_after.next = self.all.val();
        }
        self.shift.d.next = self.shift_after.val();
        self.left.d.next = self.left_after.val();
        self.out.d.next = self.funnel.window.val();
        if self.shift.q.val() == self.all.val() {
            self.out.d.next = self.upper.val();
        }
        self.out_valid.d.next = self.passes.val() | self.flushes.val();

        // 4. Drive outputs.
        self.full.next = (self.shift_after.val() == 0) & (self.left_after.val() == 0);
        self.word.next = self.out.q.val();
        self.word_valid.next = self.out_valid.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.shift.d.next = self.all.val();
            self.left.d.next = 0.into();
            self.out_valid.d.next = false;
        }
    }

    describe!("Blocks in beats of `LW` bits to words of `LW` bits; `SHIFT_W = log2(LW)`.");
}
