//! Adds up what one beat of a block gives to the BIP-8 of its lane.
//!
//! ```text
//!   data ----------->+---------+
//!   control, first ->| 8 x XOR |--> parity
//!                    +---------+
//! ```
//!
//! BIP bit `k` covers the payload's bits `8n + k`; the header's bit 0 counts in BIP bit 3, its bit 1 in BIP bit 4, once a
//! block (Clause 82, as [`bip8`](super::marker::bip8) has it). Combinational.

use crate::prelude::*;

/// BIP-8 of one beat of `WORDS` words, its header with the first.
#[derive(LogicBlock)]
pub struct BeatParity<const WORDS: usize> {
    // Ingress.
    /// Payload as it goes on the wire.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// The block is a control block.
    pub control: Signal<In, Bit>,
    /// The block's first beat.
    pub first: Signal<In, Bit>,

    // Egress.
    /// What the beat adds.
    pub parity: Signal<Out, Bits<8>>,

    // Wires.
    sum: Signal<Local, Bits<32>>,
    bytes: Signal<Local, Bits<8>>,
}

impl<const WORDS: usize> Default for BeatParity<WORDS> {
    fn default() -> Self {
        Self {
            data: std::array::from_fn(|_| Signal::default()),
            control: Signal::default(),
            first: Signal::default(),
            parity: Signal::default(),
            sum: Signal::default(),
            bytes: Signal::default(),
        }
    }
}

impl<const WORDS: usize> Logic for BeatParity<WORDS> {
    #[hdl_gen]
    fn update(&mut self) {
        self.sum.next = 0.into();
        for word in 0..WORDS {
            self.sum.next = self.sum.val() ^ self.data[word].val();
        }
        self.bytes.next = self.sum.val().get_bits::<8>(0)
            ^ self.sum.val().get_bits::<8>(8)
            ^ self.sum.val().get_bits::<8>(16)
            ^ self.sum.val().get_bits::<8>(24);
        self.parity.next = self.bytes.val();
        if self.first.val() {
            self.parity.next = self.bytes.val() ^ 0x10;
            if self.control.val() {
                self.parity.next = self.bytes.val() ^ 0x08;
            }
        }
    }

    describe!("BIP-8 of one beat of `WORDS` words, its header with the first.");
}
