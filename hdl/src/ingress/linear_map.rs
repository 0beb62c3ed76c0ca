//! Multiplies a 32-bit word by a constant binary matrix: the XOR of the columns whose bit is set.
//!
//! ```text
//!          +-----------------+
//!  word -->| column[31..0] ^ |--> image
//!          +-----------------+
//! ```
//!
//! Combinational, a balanced tree of XORs. In simulation it is evaluated only when `word` changes; the image of the
//! initial zero is zero.

use crate::prelude::*;

/// Constant matrix over GF(2), 32 x 32.
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

impl Block for LinearMap {
    fn connect_all(&mut self) {
        self.connect();
    }

    fn update_all(&mut self) {
        self.word.update_all();
        if self.word.has_changed() {
            self.update();
        }
        self.image.update_all();
    }

    fn has_changed(&self) -> bool {
        self.word.has_changed() || self.image.has_changed()
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        probe.visit_start_scope(name, self);
        self.word.accept("word", probe);
        self.image.accept("image", probe);
        self.node.accept("node", probe);
        self.column.accept("column", probe);
        probe.visit_end_scope(name, self);
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
