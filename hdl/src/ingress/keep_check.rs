//! Judges a beat's `tkeep`, clears the bytes that do not count, and finds where the FCS lies.
//!
//! ```text
//!               +-----------+--> data, keep
//!  tdata ------>|           |--> malformed
//!  tkeep ------>| KeepCheck |--> skip, tail_skip
//!  tlast ------>|           |--> spill
//!               +-----------+
//! ```
//!
//! Combinational. A malformed beat (a hole, a last beat without a byte, another beat that is not full) counts as a full
//! one; in a last beat the missing bytes are zero, in another they are what the pins say. `skip` says how far a beat's last message byte (the last before the FCS) is from the
//! beat's end: with `n` bytes in the last beat it is `(4 - n) mod beat bytes`, which is below 4 when the message ends in
//! the beat *before* the last.

use crate::prelude::*;

/// Judges a beat's byte enables and finds where its FCS lies.
#[derive(LogicBlock)]
pub struct KeepCheck<const WORDS: usize, const KEEP_W: usize> {
    // Ingress.
    /// The beat's bytes.
    pub tdata: [Signal<In, Bits<32>>; WORDS],
    /// The beat's byte enables.
    pub tkeep: Signal<In, Bits<KEEP_W>>,
    /// The beat is its frame's last.
    pub tlast: Signal<In, Bit>,

    // Egress.
    /// The beat's bytes, in a last beat zero where `tkeep` is low.
    pub data: [Signal<Out, Bits<32>>; WORDS],
    /// The byte enables to go on with: contiguous, and full unless `tlast`.
    pub keep: Signal<Out, Bits<KEEP_W>>,
    /// `tkeep` breaks the rules.
    pub malformed: Signal<Out, Bit>,
    /// Bytes from the end of the message to the end of its beat, if this beat is the last.
    pub skip: Signal<Out, Bits<3>>,
    /// The same for the beat before this one: 0 unless this is a last beat of fewer than four bytes.
    pub tail_skip: Signal<Out, Bits<2>>,
    /// Bytes of the beat before this one that belong to the FCS.
    pub spill: Signal<Out, Bits<KEEP_W>>,

    // Wires.
    above: Signal<Local, Bits<KEEP_W>>,
    hole: Signal<Local, Bit>,
    low: Signal<Local, Bits<4>>,
    missing: Signal<Local, Bits<KEEP_W>>,

    // Parameters.
    byte_mask: [Constant<Bits<32>>; 4],
    skip_of: [Constant<Bits<3>>; KEEP_W],
    tail_pattern: [Constant<Bits<4>>; 3],
    tail_skip_of: [Constant<Bits<2>>; 3],
    full: Constant<Bits<KEEP_W>>,
    full_skip: Constant<Bits<3>>,
    top_nibble: Constant<Bits<4>>,
}

impl<const WORDS: usize, const KEEP_W: usize> Default for KeepCheck<WORDS, KEEP_W> {
    fn default() -> Self {
        const { assert!(KEEP_W == 4 * WORDS && WORDS >= 1 && WORDS <= 2) };
        Self {
            tdata: std::array::from_fn(|_| Signal::default()),
            tkeep: Signal::default(),
            tlast: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            keep: Signal::default(),
            malformed: Signal::default(),
            skip: Signal::default(),
            tail_skip: Signal::default(),
            spill: Signal::default(),
            above: Signal::default(),
            hole: Signal::default(),
            low: Signal::default(),
            missing: Signal::default(),
            byte_mask: std::array::from_fn(|i| Constant::new((0xFF << (8 * i)).into())),
            skip_of: std::array::from_fn(|i| {
                Constant::new((((KEEP_W + 3 - i) % KEEP_W) as u64).into())
            }),
            tail_pattern: std::array::from_fn(|i| Constant::new(((2 << i) - 1).into())),
            tail_skip_of: std::array::from_fn(|i| Constant::new((3 - i as u64).into())),
            full: Constant::new(Bits::<KEEP_W>::mask()),
            full_skip: Constant::new((4 % KEEP_W as u64).into()),
            top_nibble: Constant::new((KEEP_W as u64 - 4).into()),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for KeepCheck<WORDS, KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. A byte that counts above one that does not is a hole.
        self.above.next = self.tkeep.val() >> 1;
        self.hole.next = (self.above.val() & !self.tkeep.val()).any();
        self.malformed.next = self.hole.val()
            | (self.tlast.val() & !self.tkeep.val().any())
            | (!self.tlast.val() & !self.tkeep.val().all());

        // 2. The bytes that count.
        self.keep.next = self.tkeep.val();
        if self.malformed.val() {
            self.keep.next = self.full.val();
        }
        for i in 0..WORDS {
            self.data[i].next = 0.into();
            for j in 0..4 {
                if self.tkeep.val().get_bit(i * 4 + j) | !self.tlast.val() {
                    self.data[i].next =
                        self.data[i].val() | (self.tdata[i].val() & self.byte_mask[j].val());
                }
            }
        }

        // 3. Where the FCS lies.
        self.skip.next = 0.into();
        for i in 0..KEEP_W {
            if self.tkeep.val().get_bit(i) {
                self.skip.next = self.skip_of[i].val();
            }
        }
        self.missing.next = !self.tkeep.val() & 15;
        if self.malformed.val() {
            self.skip.next = self.full_skip.val();
            self.missing.next = 0.into();
        }
        self.spill.next = self.missing.val() << self.top_nibble.val();
        self.low.next = self.tkeep.val().get_bits::<4>(0);
        self.tail_skip.next = 0.into();
        for i in 0..3 {
            if self.tlast.val() & (self.low.val() == self.tail_pattern[i].val()) {
                self.tail_skip.next = self.tail_skip_of[i].val();
            }
        }
    }
    describe!("Judges a beat's byte enables and finds where its FCS lies.");
}
