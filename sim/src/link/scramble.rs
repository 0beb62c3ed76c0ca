//! The self-synchronous scrambler x^58 + x^39 + 1 over the payload of all blocks in order (Clause 49, and 82).

/// Bits that one step can take: bit n needs bit n - 39.
const STEP: u32 = 32;
/// Length of the history.
const LENGTH: u32 = 58;
/// Where the bit 39 places earlier stands in the history.
const TAP: u32 = LENGTH - 39;
/// The history after reset: all ones.
const RESET: u64 = (1 << LENGTH) - 1;

/// `history` 32 bits later.
const fn shifted(history: u64, bits: u64) -> u64 {
    (history >> STEP) | (bits << (LENGTH - STEP))
}

/// What the history adds to the next 32 bits.
const fn added(history: u64) -> u64 {
    (history ^ history >> TAP) & (u32::MAX as u64)
}

/// Scrambles blocks.
#[derive(Clone, Debug)]
pub struct Scrambler {
    /// The last 58 bits that were sent, the earliest lowest.
    history: u64,
}

impl Default for Scrambler {
    fn default() -> Self {
        Self { history: RESET }
    }
}

impl Scrambler {
    /// The next payload, scrambled.
    pub fn next(&mut self, payload: u64) -> u64 {
        let mut out = 0;
        for at in [0, STEP] {
            let bits = (payload >> at & u64::from(u32::MAX)) ^ added(self.history);
            self.history = shifted(self.history, bits);
            out |= bits << at;
        }
        out
    }
}

/// Descrambles blocks; after any 58 bits it agrees with the scrambler.
#[derive(Clone, Debug)]
pub struct Descrambler {
    /// The last 58 bits that were received, the earliest lowest.
    history: u64,
}

impl Default for Descrambler {
    fn default() -> Self {
        Self { history: RESET }
    }
}

impl Descrambler {
    /// The next payload, as it was before it was scrambled.
    pub fn next(&mut self, payload: u64) -> u64 {
        let mut out = 0;
        for at in [0, STEP] {
            let bits = payload >> at & u64::from(u32::MAX);
            out |= (bits ^ added(self.history)) << at;
            self.history = shifted(self.history, bits);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn random(rng: &mut Rng) -> u64 {
        u64::from(rng.below(u32::MAX)) << 32 | u64::from(rng.below(u32::MAX))
    }

    /// The polynomial bit by bit, as a list of all bits ever sent.
    #[test]
    fn every_bit_adds_the_bits_39_and_58_places_earlier() {
        let mut rng = Rng::new(11, 0);
        let mut scrambler = Scrambler::default();
        let mut sent = vec![true; 58];
        for _ in 0..200 {
            let payload = random(&mut rng);
            let out = scrambler.next(payload);
            for bit in 0..64 {
                let (n, plain) = (sent.len(), payload >> bit & 1 == 1);
                sent.push(plain ^ sent[n - 39] ^ sent[n - 58]);
                assert_eq!(out >> bit & 1 == 1, sent[n]);
            }
        }
    }

    #[test]
    fn descrambles_from_any_state_after_58_bits() {
        let mut rng = Rng::new(12, 0);
        let mut scrambler = Scrambler::default();
        let mut descrambler = Descrambler {
            history: random(&mut rng) & RESET,
        };
        for number in 0..100 {
            let payload = random(&mut rng);
            let out = descrambler.next(scrambler.next(payload));
            if number == 0 {
                assert_ne!(out, payload, "the state was not the same by chance");
                assert_eq!(out >> 58, payload >> 58);
            } else {
                assert_eq!(out, payload);
            }
        }
    }

    #[test]
    fn one_wrong_bit_becomes_three() {
        for wrong in 0..64_u64 {
            let (mut scrambler, mut descrambler) = (Scrambler::default(), Descrambler::default());
            let mut flipped = Vec::new();
            for number in 0..4_u64 {
                let mut payload = scrambler.next(number * 0x0123_4567_89ab_cdef);
                if number == 1 {
                    payload ^= 1 << wrong;
                }
                let changed = descrambler.next(payload) ^ (number * 0x0123_4567_89ab_cdef);
                flipped.extend(
                    (0..64)
                        .filter(|bit| changed >> bit & 1 == 1)
                        .map(|bit| bit + 64 * number),
                );
            }
            let first = 64 + wrong;
            assert_eq!(flipped, [first, first + 39, first + 58]);
        }
    }
}
