//! The receiving side of an engine: 66 bits a block, at any of 66 phases, stepped by bit slips.

use super::{Bits, Block, BLOCK_BITS};

/// Frames one lane's bits into blocks.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    bits: Bits,
    /// Bits of `bits` that are done with.
    taken: usize,
    slips: usize,
}

impl Framer {
    /// A framer whose first block begins `phase` bits (0 to 65) into the stream.
    ///
    /// # Panics
    /// If `phase` is beyond 65.
    #[must_use]
    pub fn new(phase: usize) -> Self {
        assert!(phase < BLOCK_BITS, "the phase is {phase}: 0 to 65");
        Self {
            bits: Bits::new(),
            taken: 0,
            slips: phase,
        }
    }

    /// More bits have come.
    pub fn push(&mut self, bits: &Bits) {
        self.bits.drain(..self.taken);
        self.taken = 0;
        self.bits.extend_from_bitslice(bits);
    }

    /// The next block, or `None` until more bits have come.
    pub fn next_block(&mut self) -> Option<Block> {
        let start = self.taken + self.slips;
        let block = self.bits.get(start..start + BLOCK_BITS)?;
        let block = Block::of_bits(block);
        self.taken = start + BLOCK_BITS;
        self.slips = 0;
        Some(block)
    }

    /// Frames one bit later from the next block on.
    pub fn slip(&mut self) {
        self.slips += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_phase_is_left_after_as_many_slips_as_are_missing() {
        let mut stream = Bits::new();
        for number in 0..80 {
            Block::control(number * 0x0001_0101_0101_0101).append_to(&mut stream);
        }
        for phase in 0..BLOCK_BITS {
            let mut framer = Framer::new(phase);
            // In pieces that are no whole blocks.
            let mut blocks = Vec::new();
            for piece in stream.chunks(37) {
                framer.push(&piece.to_bitvec());
                while let Some(block) = framer.next_block() {
                    if blocks.len() < (BLOCK_BITS - phase) % BLOCK_BITS {
                        framer.slip();
                    }
                    blocks.push(block);
                }
            }
            let last = blocks.last().unwrap();
            assert_eq!(*last, Block::control(79 * 0x0001_0101_0101_0101), "{phase}");
        }
    }
}
