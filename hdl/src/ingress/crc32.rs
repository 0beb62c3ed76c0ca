//! The frame check sequence as mathematics (IEEE 802.3 clause 3.2.9): what the blocks' XOR matrices are computed from.
//!
//! The *state* is the shift register, bit 0 first, not complemented: all ones before the first byte. The FCS is its
//! complement, sent lowest byte first; the *stomped* FCS is the state itself.

/// The generator's exponents below 32, clause 3.2.9.
const EXPONENTS: [u32; 14] = [26, 23, 22, 16, 12, 11, 10, 8, 7, 5, 4, 2, 1, 0];

/// The state before a frame's first byte.
pub const INITIAL: u32 = u32::MAX;

/// The generator, bit-reversed because Ethernet sends the lowest bit first.
fn generator() -> u32 {
    EXPONENTS
        .iter()
        .fold(0, |mask, exponent| mask | 1 << (31 - exponent))
}

/// The state after `bytes` zero bytes.
#[must_use]
pub fn advance(state: u32, bytes: usize) -> u32 {
    (0..8 * bytes).fold(state, |state, _| (state >> 1) ^ (generator() * (state & 1)))
}

/// The state after `bytes`.
#[must_use]
pub fn update(state: u32, bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(state, |state, &byte| advance(state ^ u32::from(byte), 1))
}

/// The state after a frame with a good FCS and `padding` zero bytes behind it. After a stomped FCS it is zero.
#[must_use]
pub fn good_residue(padding: usize) -> u32 {
    advance(u32::MAX, 4 + padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_check_value() {
        assert_eq!(!update(INITIAL, b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_good_fcs_leaves_the_residue_and_a_stomped_one_leaves_zero() {
        let state = update(INITIAL, b"lightswitch");
        assert_eq!(update(state, &(!state).to_le_bytes()), good_residue(0));
        assert_eq!(update(state, &state.to_le_bytes()), 0);
        assert_eq!(good_residue(0), 0xDEBB_20E3);
    }
}
