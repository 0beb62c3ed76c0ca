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

/// The bits of the high half word that follow from all other address bits and the index: the last `index_w` bits of
/// the address as people write it. They are residues of their own, one in each index bit.
pub(super) fn implied_by_index(index_w: usize) -> u16 {
    (0..index_w)
        .map(|bit| 1 << if bit < 8 { bit + 8 } else { bit - 8 })
        .sum()
}

/// The set that [`AddressHash`] picks for an address, byte 0 first, among `2^index_w`.
///
/// # Panics
/// If `index_w` is not 2 to 12.
#[must_use]
pub fn set_of_address(address: [u8; 6], index_w: usize) -> usize {
    let low = u32::from_le_bytes([address[0], address[1], address[2], address[3]]);
    let high = u16::from_le_bytes([address[4], address[5]]);
    masks(index_w)
        .iter()
        .enumerate()
        .map(|(bit, (low_mask, high_mask))| {
            let ones = (low & low_mask).count_ones() + (high & high_mask).count_ones();
            ((ones & 1) as usize) << bit
        })
        .sum()
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

#[cfg(test)]
#[allow(clippy::print_stdout)] // figures, to read with --nocapture
mod tests {
    use super::super::reference::set_of;
    use super::*;
    use crate::cosim;

    /// The set of `address`, byte 0 lowest, from the masks.
    fn index(masks: &[(u32, u16)], address: u64) -> usize {
        masks
            .iter()
            .enumerate()
            .map(|(k, (low, high))| {
                let mask = u64::from(*high) << 32 | u64::from(*low);
                ((address & mask).count_ones() as usize & 1) << k
            })
            .sum()
    }

    #[test]
    fn every_polynomial_is_primitive() {
        for (w, polynomial) in (2..).zip(PRIMITIVE) {
            let (mut power, mut order) = (1_u32, 0);
            while order == 0 || power != 1 {
                power <<= 1;
                if power >> w == 1 {
                    power = (power ^ polynomial) & ((1 << w) - 1);
                }
                order += 1;
            }
            assert_eq!(order, (1 << w) - 1, "degree {w}");
        }
    }

    #[test]
    fn is_the_remainder_of_the_address() {
        let seed = 1;
        println!("seed {seed}");
        let mut random = cosim::Random::new(seed);
        for w in [2, 3, 4, 5, 9] {
            let masks = masks(w);
            for _ in 0..1_000 {
                let address = random.bits(48);
                assert_eq!(index(&masks, address), set_of(address, w), "{address:#x}");
            }
        }
    }

    #[test]
    fn the_index_and_the_other_bits_imply_the_last_bits() {
        for w in 2..=12 {
            let masks = masks(w);
            let implied = u64::from(implied_by_index(w)) << 32;
            assert_eq!(implied.count_ones() as usize, w);
            let mut seen = vec![false; 1 << w];
            let mut bits = 0_u64;
            loop {
                // Every value of the implied bits, the others 0: each has an index of its own.
                seen[index(&masks, bits)] = true;
                bits = bits.wrapping_sub(implied) & implied;
                if bits == 0 {
                    break;
                }
            }
            assert!(seen.into_iter().all(|seen| seen), "INDEX_W {w}");
        }
    }

    #[test]
    fn spreads_numbered_stations_over_all_sets() {
        let masks = masks(9);
        let seed = 2;
        println!("seed {seed}");
        let mut random = cosim::Random::new(seed);
        for shift in 0..=39 {
            // 512 stations whose numbers differ in nine neighbouring bits.
            let base = random.bits(48) & !(0x1ff << shift);
            let mut used = vec![0; 512];
            for station in 0..512_u64 {
                let number = base | station << shift;
                let bytes = number.to_be_bytes();
                let address = bytes[2..]
                    .iter()
                    .rev()
                    .fold(0, |a, b| a << 8 | u64::from(*b));
                used[index(&masks, address)] += 1;
            }
            assert!(
                used.iter().all(|&stations| stations == 1),
                "bits from {shift}"
            );
        }
    }

    #[test]
    fn every_address_bit_counts_in_a_shallow_tree() {
        for w in 2..=12 {
            let masks = masks(w);
            let low = masks.iter().fold(0, |all, mask| all | mask.0);
            let high = masks.iter().fold(0, |all, mask| all | mask.1);
            assert_eq!((low, high), (u32::MAX, u16::MAX));
        }
        let widest = masks(9)
            .iter()
            .map(|m| m.0.count_ones() + m.1.count_ones())
            .max();
        println!("INDEX_W 9: at most {widest:?} address bits in one index bit");
        assert!(widest <= Some(27), "more than three levels of LUT4");
    }

    #[test]
    fn the_verilog_is_the_same() {
        crate::cosim::check!(no clock, AddressHash::<9>::default(), 500, 1, |block, random| {
            block.low.next = random.bits(32).into();
            block.high.next = random.bits(16).into();
        });
    }
}
