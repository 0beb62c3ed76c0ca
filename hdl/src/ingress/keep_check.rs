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
//! Combinational. A malformed beat goes on as a legal one: the last beat as far as its bytes are contiguous and with byte 0
//! in any case, another beat as full. At the `limit` a beat is the last one of its frame and has no more bytes than the
//! maximum allows; it is `cut` if it had more. `skip` says how far a beat's last message byte (the last before the FCS) is
//! from the beat's end: with `n` bytes in the last beat it is `(4 - n) mod beat bytes`, which is below 4 when the message
//! ends in the beat *before* the last.

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
    /// It must be, because the frame may not be longer.
    pub limit: Signal<In, Bit>,

    // Egress.
    /// The beat's bytes, in a last beat zero where `tkeep` is low (for the CRC; of a bad beat it does not matter).
    pub data: [Signal<Out, Bits<32>>; WORDS],
    /// The byte enables to go on with: contiguous, and full unless it is the last beat.
    pub keep: Signal<Out, Bits<KEEP_W>>,
    /// The frame is cut here: it is longer than the maximum.
    pub cut: Signal<Out, Bit>,
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
    contiguous: Signal<Local, Bits<KEEP_W>>,
    low: Signal<Local, Bits<4>>,
    missing: Signal<Local, Bits<KEEP_W>>,

    // Parameters.
    byte_mask: [Constant<Bits<32>>; 4],
    skip_of: [Constant<Bits<3>>; KEEP_W],
    tail_pattern: [Constant<Bits<4>>; 3],
    tail_skip_of: [Constant<Bits<2>>; 3],
    below: [Constant<Bits<KEEP_W>>; KEEP_W],
    allowed: Constant<Bits<KEEP_W>>,
    full: Constant<Bits<KEEP_W>>,
    top_nibble: Constant<Bits<4>>,
}

impl<const WORDS: usize, const KEEP_W: usize> KeepCheck<WORDS, KEEP_W> {
    /// For frames of at most `max_frame_bytes`.
    #[must_use]
    pub fn new(max_frame_bytes: usize) -> Self {
        let spare = max_frame_bytes.next_multiple_of(KEEP_W) - max_frame_bytes;
        const { assert!(KEEP_W == 4 * WORDS && WORDS >= 1 && WORDS <= 2) };
        Self {
            tdata: std::array::from_fn(|_| Signal::default()),
            tkeep: Signal::default(),
            tlast: Signal::default(),
            limit: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            keep: Signal::default(),
            cut: Signal::default(),
            malformed: Signal::default(),
            skip: Signal::default(),
            tail_skip: Signal::default(),
            spill: Signal::default(),
            above: Signal::default(),
            hole: Signal::default(),
            contiguous: Signal::default(),
            low: Signal::default(),
            missing: Signal::default(),
            byte_mask: std::array::from_fn(|i| Constant::new((0xFF << (8 * i)).into())),
            skip_of: std::array::from_fn(|i| {
                Constant::new((((KEEP_W + 3 - i) % KEEP_W) as u64).into())
            }),
            tail_pattern: std::array::from_fn(|i| Constant::new(((2 << i) - 1).into())),
            tail_skip_of: std::array::from_fn(|i| Constant::new((3 - i as u64).into())),
            below: std::array::from_fn(|i| Constant::new(((2 << i) - 1).into())),
            allowed: Constant::new(Bits::<KEEP_W>::mask() >> spare as u64),
            full: Constant::new(Bits::<KEEP_W>::mask()),
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
        self.contiguous.next = self.full.val();
        if self.tlast.val() {
            self.contiguous.next = 1.into();
            for i in 1..KEEP_W {
                if !(!self.tkeep.val() & self.below[i].val()).any() {
                    self.contiguous.next = self.contiguous.val().replace_bit(i, true);
                }
            }
        }
        self.keep.next = self.contiguous.val();
        self.cut.next = false;
        if self.limit.val() {
            self.keep.next = self.contiguous.val() & self.allowed.val();
            self.cut.next = !self.tlast.val() | (self.contiguous.val() & !self.allowed.val()).any();
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
            if self.keep.val().get_bit(i) {
                self.skip.next = self.skip_of[i].val();
            }
        }
        self.missing.next = !self.keep.val() & 15;
        self.spill.next = self.missing.val() << self.top_nibble.val();
        self.low.next = self.keep.val().get_bits::<4>(0);
        self.tail_skip.next = 0.into();
        for i in 0..3 {
            if self.low.val() == self.tail_pattern[i].val() {
                self.tail_skip.next = self.tail_skip_of[i].val();
            }
        }
    }
    describe!("Judges a beat's byte enables and finds where its FCS lies.");
}
