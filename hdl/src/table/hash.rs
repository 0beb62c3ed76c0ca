//! Picks the set of an address: 48 bits in, `INDEX_W` bits out.
//!
//! ```text
//!               +-------------+
//!  low, high -->| AddressHash |--> index
//!               +-------------+
//! ```
//!
//! Combinational. The address, read as the number that people write (byte 5 least significant), is a polynomial over
//! GF(2), and the index is its remainder modulo a primitive polynomial of degree `INDEX_W`. So every address bit
//! counts, and addresses that differ only in `INDEX_W` neighbouring bits (the ones a vendor numbers in sequence, or
//! with any power of two as stride) all fall into different sets.

use crate::prelude::*;

/// Primitive polynomials over GF(2) without their leading term, of the degrees 2 to 12. Source: W. Stahnke, "Primitive
/// binary polynomials", Mathematics of Computation 27 (1973); the tests check the order of each.
const PRIMITIVE: [u32; 11] = [0x3, 0x3, 0x3, 0x5, 0x3, 0x3, 0x1d, 0x11, 0x09, 0x05, 0x53];

/// The set of an address in the MAC table.
#[derive(LogicBlock)]
pub struct AddressHash<const INDEX_W: usize> {
    // Ingress.
    /// Address bytes 0..3, byte 0 lowest.
    pub low: Signal<In, Bits<32>>,
    /// Address bytes 4..5.
    pub high: Signal<In, Bits<16>>,

    // Egress.
    /// The set.
    pub index: Signal<Out, Bits<INDEX_W>>,

    // Wires.
    low_part: [Signal<Local, Bits<32>>; INDEX_W],
    high_part: [Signal<Local, Bits<16>>; INDEX_W],
    parity: [Signal<Local, Bit>; INDEX_W],

    // Parameters.
    low_mask: [Constant<Bits<32>>; INDEX_W],
    high_mask: [Constant<Bits<16>>; INDEX_W],
}

impl<const INDEX_W: usize> Default for AddressHash<INDEX_W> {
    /// # Panics
    /// If `INDEX_W` is not 2 to 12.
    fn default() -> Self {
        let masks = masks(INDEX_W);
        Self {
            low: Signal::default(),
            high: Signal::default(),
            index: Signal::default(),
            low_part: std::array::from_fn(|_| Signal::default()),
            high_part: std::array::from_fn(|_| Signal::default()),
            parity: std::array::from_fn(|_| Signal::default()),
            low_mask: std::array::from_fn(|k| Constant::new(u64::from(masks[k].0).into())),
            high_mask: std::array::from_fn(|k| Constant::new(u64::from(masks[k].1).into())),
        }
    }
}

/// For every index bit, the bits of the low word and of the high half word whose parity it is.
fn masks(index_w: usize) -> Vec<(u32, u16)> {
    assert!(
        (2..=12).contains(&index_w),
        "INDEX_W is {index_w}: a MAC table has 2^2 to 2^12 sets, set INDEX_W to 2..=12"
    );
    let mut masks = vec![(0, 0); index_w];
    let mut residue = 1_u32;
    for byte in (0..6).rev() {
        for bit in 0..8 {
            for (k, (low, high)) in masks.iter_mut().enumerate() {
                if residue >> k & 1 == 1 && byte < 4 {
                    *low |= 1 << (8 * byte + bit);
                } else if residue >> k & 1 == 1 {
                    *high |= 1 << (8 * (byte - 4) + bit);
                }
            }
            residue <<= 1;
            if residue >> index_w == 1 {
                residue = (residue ^ PRIMITIVE[index_w - 2]) & ((1 << index_w) - 1);
            }
        }
    }
    masks
}

impl<const INDEX_W: usize> Logic for AddressHash<INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.index.next = 0.into();
        for k in 0..INDEX_W {
            self.low_part[k].next = self.low.val() & self.low_mask[k].val();
            self.high_part[k].next = self.high.val() & self.high_mask[k].val();
            self.parity[k].next = self.low_part[k].val().xor() ^ self.high_part[k].val().xor();
            self.index.next = self.index.val().replace_bit(k, self.parity[k].val());
        }
    }

    describe!("The set of an address in the MAC table.");
}
