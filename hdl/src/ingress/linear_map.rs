//! Multiplies a 32-bit word by a constant binary matrix: the XOR of the columns whose bit is set.
//!
//! ```text
//!          +-----------------+
//!  word -->| column[31..0] ^ |--> image
//!          +-----------------+
//! ```
//!
//! Combinational, a balanced tree of XORs.

use crate::prelude::*;

/// Constant matrix over GF(2), 32 x 32.
#[derive(LogicBlock)]
pub struct LinearMap {
    // Ingress.
    /// The factor.
    pub word: Signal<In, Bits<32>>,

    // Egress.
    /// The product.
    pub image: Signal<Out, Bits<32>>,

    // Wires.
    node: [Signal<Local, Bits<32>>; 63],

    // Parameters.
    column: [Constant<Bits<32>>; 32],
}

impl LinearMap {
    /// The matrix of `map`, which must be linear: `map(a ^ b) == map(a) ^ map(b)`.
    #[must_use]
    pub fn new(map: impl Fn(u32) -> u32) -> Self {
        Self {
            word: Signal::default(),
            image: Signal::default(),
            node: std::array::from_fn(|_| Signal::default()),
            column: std::array::from_fn(|i| Constant::new(u64::from(map(1 << i)).into())),
        }
    }
}

impl Logic for LinearMap {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..32 {
            self.node[i].next = 0.into();
            if self.word.val().get_bit(i) {
                self.node[i].next = self.column[i].val();
            }
        }
        for i in 0..31 {
            self.node[i + 32].next = self.node[i * 2].val() ^ self.node[i * 2 + 1].val();
        }
        self.image.next = self.node[62].val();
    }
    describe!("Constant matrix over GF(2), 32 x 32.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingress::crc32;

    #[test]
    fn multiplies_every_unit_vector_and_their_sums() {
        let mut map = LinearMap::new(|word| crc32::advance(word, 8));
        map.connect_all();
        let words = (0..32).map(|i| 1u32 << i).chain([0, u32::MAX, 0x1234_5678]);
        for word in words {
            map.word.next = u64::from(word).into();
            map.update_all();
            map.update_all();
            assert_eq!(map.image.val().to_u32(), crc32::advance(word, 8));
        }
    }
}
