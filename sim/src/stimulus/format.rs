//! The parts of the format that reading and writing share.

/// The first line of a recording, with the version of the format.
pub const FIRST_LINE: &str = "lightswitch stimulus 1";

/// The names of the lines that follow, in order.
pub mod field {
    pub const CONFIG: &str = "config";
    pub const TOP: &str = "top";
    pub const LOSSY: &str = "lossy";
    pub const STORE_AND_FORWARD: &str = "store-and-forward";
    pub const AGEING_PERIOD: &str = "ageing-period";
    pub const GAP_LIMIT: &str = "gap-limit";
    pub const TRAFFIC: &str = "traffic";
    pub const LOAD: &str = "load";
    pub const FRAME: &str = "frame";
    pub const MESSAGE: &str = "message";
    pub const MALFORMED: &str = "malformed";
    pub const PAUSE: &str = "pause";
    pub const BACK_PRESSURE: &str = "back-pressure";
    pub const CYCLES: &str = "cycles";
    pub const SEED: &str = "seed";
}

/// What the first byte of a frame says of the rest: which parts follow, and in the three highest bits the code of the
/// flaw, 0 for none.
pub mod mark {
    pub const LENGTH: u8 = 1;
    pub const DESTINATION: u8 = 2;
    pub const ENDS_FLOW: u8 = 4;
    pub const WAITS: u8 = 8;
    pub const GAPS: u8 = 16;
    pub const FLAW_SHIFT: u32 = 5;
}

/// Bytes of the checksum at the end.
pub const CHECKSUM_BYTES: usize = 4;
/// Most bytes of a number.
const NUMBER_BYTES: usize = 10;

/// Appends a number: seven bits a byte, the lowest first, the highest bit set where more follow.
pub fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number off the front of `bytes`; `None` if there is none, or a larger one than 64 bits hold.
pub fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (index, byte) in bytes.iter().take(NUMBER_BYTES).enumerate() {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * index as u32;
        if part << shift >> shift != part {
            return None;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            *bytes = &bytes[index + 1..];
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_survive() {
        for number in [0, 1, 127, 128, 300, 1 << 32, u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            bytes.push(0xaa);
            let mut rest = &bytes[..];
            assert_eq!(take_number(&mut rest), Some(number));
            assert_eq!(rest, [0xaa]);
        }
        let mut small = Vec::new();
        put_number(&mut small, 127);
        assert_eq!(small, [127]);
    }

    #[test]
    fn numbers_that_end_early_or_are_too_large_are_none() {
        for bad in [&[][..], &[0x80], &[0xff; 9], &[0xff; 11]] {
            assert_eq!(take_number(&mut &bad[..]), None);
        }
        let mut large = [0xff; 10];
        large[9] = 2;
        assert_eq!(take_number(&mut &large[..]), None);
    }
}
