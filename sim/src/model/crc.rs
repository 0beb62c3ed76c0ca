//! The CRC of Ethernet (IEEE 802.3, clause 3.2.9), a whole beat a step.
//!
//! The *state* is the shift register, bit 0 first, not complemented: all ones before the first byte. The FCS is its
//! complement, sent lowest byte first; the stomped FCS is the state itself.

/// The generator, the lowest bit first.
const GENERATOR: u32 = 0xedb8_8320;

/// The state before the first byte.
pub const INITIAL: u32 = u32::MAX;

/// `TABLE[k][byte]`: what `byte` becomes with `k` zero bytes behind it.
static TABLE: [[u32; 256]; 8] = table();

/// `RESIDUE[k]`: the state after a frame with a good FCS and `k` zero bytes behind it.
pub static RESIDUE: [u32; 8] = residues();

const fn table() -> [[u32; 256]; 8] {
    let mut table = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut state = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            state = (state >> 1) ^ (GENERATOR * (state & 1));
            bit += 1;
        }
        table[0][byte] = state;
        byte += 1;
    }
    let mut zeros = 1;
    while zeros < 8 {
        let mut byte = 0;
        while byte < 256 {
            let state = table[zeros - 1][byte];
            table[zeros][byte] = (state >> 8) ^ table[0][(state & 0xff) as usize];
            byte += 1;
        }
        zeros += 1;
    }
    table
}

const fn residues() -> [u32; 8] {
    let table = table();
    let mut residues = [0; 8];
    // Behind a message whose state is s come the four bytes of !s, which leave the state of four bytes of ones.
    let mut state = u32::MAX;
    let mut bytes = 0;
    while bytes < 12 {
        state = (state >> 8) ^ table[0][(state & 0xff) as usize];
        bytes += 1;
        if bytes >= 4 && bytes < 12 {
            residues[bytes - 4] = state;
        }
    }
    residues
}

/// The state after `state` and the `K` bytes of `data`, lowest first; `K` is 4 or 8.
#[inline(always)]
pub fn beat<const K: usize>(state: u32, data: u64) -> u32 {
    let word = data ^ u64::from(state);
    let mut next = 0;
    for byte in 0..K {
        next ^= TABLE[K - 1 - byte][(word >> (8 * byte) & 0xff) as usize];
    }
    next
}

/// The state after `state` and the lowest `count` bytes of `data`.
pub fn bytes(state: u32, data: u64, count: usize) -> u32 {
    (0..count).fold(state, |state, byte| {
        (state >> 8) ^ TABLE[0][((u64::from(state) ^ data >> (8 * byte)) & 0xff) as usize]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8]) -> u64 {
        let mut padded = [0; 8];
        padded[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(padded)
    }

    #[test]
    fn gives_the_published_check_value_in_any_step() {
        let text = b"123456789";
        let state = bytes(beat::<8>(INITIAL, word(&text[..8])), word(&text[8..]), 1);
        assert_eq!(!state, 0xcbf4_3926);
        let state = beat::<4>(beat::<4>(INITIAL, word(&text[..4])), word(&text[4..8]));
        assert_eq!(!bytes(state, word(&text[8..]), 1), 0xcbf4_3926);
    }

    #[test]
    fn knows_what_a_good_fcs_leaves_behind() {
        let state = bytes(INITIAL, word(b"switch"), 6);
        let mut after = bytes(state, u64::from(!state), 4);
        for residue in RESIDUE {
            assert_eq!(after, residue);
            after = bytes(after, 0, 1);
        }
        assert_eq!(RESIDUE[0], 0xdebb_20e3);
        assert_eq!(bytes(state, u64::from(state), 4), 0, "stomped");
    }
}
