//! One lane's words of `LW` bits as blocks of 66 bits, framed at any bit: the receiving gearbox.
//!
//! ```text
//!                    +---------------------------------+
//!  word word_valid ->| earlier, previous --+           |
//!                    | word ---------------+-> Funnel -|--> data header first valid
//!  slip restart ---->|      place skip left            |
//!                    +---------------------------------+
//! ```
//!
//! A beat comes with each word, but for one in 33: two bits more than a beat are used up by each block. Latency: 1 cycle
//! from the word with a beat's last bit to the beat. Nothing holds a beat back.
//!
//! `slip` drops the bit after those used up so far, with the next beat at the latest, also inside a block: every block
//! framed later starts one bit later. Pulses may come with every beat. Reset and `restart`: the first word that comes is
//! taken to start with a block.

use super::funnel::Funnel;
use super::PAYLOAD_BITS;
use crate::prelude::*;

/// Words of `LW` bits to blocks in beats of `LW` bits, with bit slip; `SUM_W = SHIFT_W + 1 = log2(LW) + 1`.
#[derive(LogicBlock)]
pub struct GearboxRx<const LW: usize, const SHIFT_W: usize, const SUM_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next bits of the lane.
    pub word: Signal<In, Bits<LW>>,
    /// There is a word.
    pub word_valid: Signal<In, Bit>,
    /// For one cycle: frame one bit later.
    pub slip: Signal<In, Bit>,
    /// For one cycle: start anew.
    pub restart: Signal<In, Bit>,

    // Egress.
    /// The beat's payload. Reset: counts with `valid` only.
    pub data: Signal<Out, Bits<LW>>,
    /// The block's header; counts with `first`. Reset: counts with `valid` only.
    pub header: Signal<Out, Bits<2>>,
    /// The beat is a block's first. Reset: counts with `valid` only.
    pub first: Signal<Out, Bit>,
    /// There is a beat. Reset: 0.
    pub valid: Signal<Out, Bit>,

    // State.
    funnel: Funnel<LW, SHIFT_W>,
    previous: DFF<Bits<LW>>,
    earlier: DFF<Bits<2>>,
    /// Where the next beat starts in `previous`.
    place: DFF<Bits<SHIFT_W>>,
    /// It starts a word later.
    skip: DFF<Bit>,
    left: DFF<Bits<3>>,
    to_slip: DFF<Bit>,
    out: DFF<Bits<LW>>,
    out_header: DFF<Bits<2>>,
    out_first: DFF<Bit>,
    out_valid: DFF<Bit>,

    // Wires.
    gives: Signal<Local, Bit>,
    slips: Signal<Local, Bit>,
    used: Signal<Local, Bits<SUM_W>>,
    sum: Signal<Local, Bits<SUM_W>>,
    left_after: Signal<Local, Bits<3>>,
    last_two: Signal<Local, Bits<LW>>,

    // Parameters.
    beats_after_first: Constant<Bits<3>>,
    word_bits: Constant<Bits<SUM_W>>,
    all_but_two: Constant<Bits<6>>,
}

impl<const LW: usize, const SHIFT_W: usize, const SUM_W: usize> Default
    for GearboxRx<LW, SHIFT_W, SUM_W>
{
    fn default() -> Self {
        const { assert!(SUM_W == SHIFT_W + 1, "SUM_W must be SHIFT_W + 1") };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            word: Signal::default(),
            word_valid: Signal::default(),
            slip: Signal::default(),
            restart: Signal::default(),
            data: Signal::default(),
            header: Signal::default(),
            first: Signal::default(),
            valid: Signal::default(),
            funnel: Funnel::default(),
            previous: DFF::default(),
            earlier: DFF::default(),
            place: flop_at(2.into()),
            skip: flop_at(true),
            left: DFF::default(),
            to_slip: DFF::default(),
            out: DFF::default(),
            out_header: DFF::default(),
            out_first: DFF::default(),
            out_valid: DFF::default(),
            gives: Signal::default(),
            slips: Signal::default(),
            used: Signal::default(),
            sum: Signal::default(),
            left_after: Signal::default(),
            last_two: Signal::default(),
            beats_after_first: Constant::new(((PAYLOAD_BITS / LW - 1) as u64).into()),
            word_bits: Constant::new((LW as u64).into()),
            all_but_two: Constant::new((LW as u64 - 2).into()),
        }
    }
}

impl<const LW: usize, const SHIFT_W: usize, const SUM_W: usize> Logic
    for GearboxRx<LW, SHIFT_W, SUM_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self, clock, previous, earlier, place, skip, left, to_slip, out, out_header, out_first,
            out_valid
        );

        // 2. The beat, and the header that may be in front of it.
        self.gives.next = self.word_valid.val() & !self.skip.q.val();
        self.slips.next = self.slip.val() | self.to_slip.q.val();
        self.funnel.earlier.next = self.earlier.q.val();
        self.funnel.low.next = self.previous.q.val();
        self.funnel.high.next = self.word.val();
        self.funnel.shift.next = self.place.q.val();
        self.last_two.next = self.previous.q.val() >> self.all_but_two.val();

        // 3. What the next beat is and where it starts: a header is used up together with the beat before it.
        self.left_after.next = self.left.q.val() - 1;
        if self.left.q.val() == 0 {
            self.left_after.next = self.beats_after_first.val();
        }
        self.used.next = 0.into();
        if self.left_after.val() == 0 {
            self.used.next = 2.into();
        }
        if self.slips.val() {
            self.used.next = self.used.val() | 1;
        }
        self.sum.next = bit_cast::<SUM_W, SHIFT_W>(self.place.q.val()) + self.used.val();

        // 4. Next state.
        self.to_slip.d.next = self.slips.val();
        self.out_valid.d.next = self.gives.val();
        self.out.d.next = self.funnel.window.val();
        self.out_header.d.next = self.funnel.lead.val();
        self.out_first.d.next = self.left.q.val() == 0;
        if self.word_valid.val() {
            self.previous.d.next = self.word.val();
            self.earlier.d.next = self.last_two.val().get_bits::<2>(0);
            self.skip.d.next = false;
        }
        if self.gives.val() {
            self.place.d.next = self.sum.val().get_bits::<SHIFT_W>(0);
            self.skip.d.next = self.sum.val() >= self.word_bits.val();
            self.left.d.next = self.left_after.val();
            self.to_slip.d.next = false;
        }

        // 5. Drive outputs.
        self.data.next = self.out.q.val();
        self.header.next = self.out_header.q.val();
        self.first.next = self.out_first.q.val();
        self.valid.next = self.out_valid.q.val();

        // 6. Reset wins.
        if self.reset.val() | self.restart.val() {
            self.place.d.next = 2.into();
            self.skip.d.next = true;
            self.left.d.next = 0.into();
            self.to_slip.d.next = false;
            self.out_valid.d.next = false;
        }
    }

    describe!("Words of `LW` bits to blocks in beats of `LW` bits, with bit slip; `SUM_W = SHIFT_W + 1 = log2(LW) + 1`.");
}
