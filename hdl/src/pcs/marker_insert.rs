//! Puts a marker in the place of a block.
//!
//! ```text
//!   data --------------->+-----------------+
//!   marker, first ------>| code -> M0 M1 M2|--> word
//!   code, bip ---------->| , bip | inverse |
//!                        +-----------------+
//! ```
//!
//! The first 32 bits of a marker are `M0 M1 M2 BIP`, the others their complement; see [`Marker`]. Combinational.

use super::marker::{Marker, CODE_W};
use crate::prelude::*;

/// Chooses between a beat of a block and one of a marker, `WORDS` words.
#[derive(LogicBlock)]
pub struct MarkerInsert<const WORDS: usize> {
    // Ingress.
    /// The block's beat.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// A marker stands in its place.
    pub marker: Signal<In, Bit>,
    /// The block's or marker's first beat.
    pub first: Signal<In, Bit>,
    /// Which marker: [`Marker::code`].
    pub code: Signal<In, Bits<CODE_W>>,
    /// Its parity; the same in all its beats.
    pub bip: Signal<In, Bits<8>>,

    // Egress.
    /// The beat for the lane.
    pub word: [Signal<Out, Bits<32>>; WORDS],

    // Wires.
    number: Signal<Local, Bits<4>>,
    inverse: Signal<Local, Bits<4>>,
    nibbles: Signal<Local, Bits<32>>,
    half: Signal<Local, Bits<32>>,

    // Parameters: M0 in the lowest byte.
    standard: [Constant<Bits<32>>; 4],
    ours: Constant<Bits<32>>,
    unused: Constant<Bits<32>>,
}

impl<const WORDS: usize> Default for MarkerInsert<WORDS> {
    fn default() -> Self {
        let bytes = |code, kept: usize| {
            let mut bytes = [0; 4];
            bytes[..kept].copy_from_slice(&Marker::bytes(code)[..kept]);
            Constant::new(u64::from(u32::from_le_bytes(bytes)).into())
        };
        Self {
            data: std::array::from_fn(|_| Signal::default()),
            marker: Signal::default(),
            first: Signal::default(),
            code: Signal::default(),
            bip: Signal::default(),
            word: std::array::from_fn(|_| Signal::default()),
            number: Signal::default(),
            inverse: Signal::default(),
            nibbles: Signal::default(),
            half: Signal::default(),
            standard: std::array::from_fn(|code| bytes(code, 3)),
            ours: bytes(16, 2),
            unused: bytes(32, 2),
        }
    }
}

impl<const WORDS: usize> Logic for MarkerInsert<WORDS> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. M0, M1, M2.
        self.number.next = self.code.val().get_bits::<4>(0);
        self.inverse.next = !self.number.val();
        self.nibbles.next = bit_cast::<32, 4>(self.inverse.val()) << 4;
        self.nibbles.next = self.nibbles.val() | bit_cast::<32, 4>(self.number.val());
        self.half.next = self.standard[0].val();
        if self.number.val().get_bit(0) {
            self.half.next = self.standard[1].val();
        }
        if self.number.val().get_bit(1) {
            self.half.next = self.standard[2].val();
            if self.number.val().get_bit(0) {
                self.half.next = self.standard[3].val();
            }
        }
        if self.code.val().get_bit(4) {
            self.half.next = self.ours.val() | (self.nibbles.val() << 16);
        }
        if self.code.val().get_bit(5) {
            self.half.next = self.unused.val() | (self.nibbles.val() << 16);
        }

        // 2. The parity, and which half it is.
        self.half.next = self.half.val() | (bit_cast::<32, 8>(self.bip.val()) << 24);
        if !self.first.val() {
            self.half.next = !self.half.val();
        }

        // 3. Drive outputs.
        for word in 0..WORDS {
            self.word[word].next = self.data[word].val();
            if self.marker.val() {
                self.word[word].next = self.half.val();
            }
            self.half.next = !self.half.val();
        }
    }

    describe!("Chooses between a beat of a block and one of a marker, `WORDS` words.");
}
