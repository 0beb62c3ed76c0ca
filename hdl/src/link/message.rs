//! Messages between the two ends of a link: their layout, and their CRC as mathematics.
//!
//! A message is an ordered set: `4B`, 24 bits, the nibble 6, 20 bits, CRC-8. The 44 bits are the message, low bits first; its low 4 bits
//! are its kind.

use crate::pcs::block;

/// The nibble that tells a message from the ordered sets of the standard.
pub const NIBBLE: u64 = 6;
/// Kind of a message that tells what lanes are seen.
pub const LANE_REPORT: u64 = 1;
/// Kind of a message of the receiver: what has arrived, and up to where may be sent.
pub const REPORT: u64 = 2;
/// Kind of a message of the sender: where it stands.
pub const POSITION: u64 = 3;

/// The generator x^8 + x^2 + x + 1, bit-reversed because the lowest bit goes first.
const GENERATOR: u8 = 0xe0;
/// The register before the first bit.
pub const INITIAL: u8 = 0xff;

/// The CRC register after the low `bits` bits of `word`.
#[must_use]
pub fn crc8(register: u8, word: u64, bits: usize) -> u8 {
    (0..bits).fold(register, |register, bit| {
        let feedback = (register ^ (word >> bit) as u8) & 1;
        (register >> 1) ^ (GENERATOR * feedback)
    })
}

/// The payload of the block that carries the 44 bits of `message`.
#[must_use]
pub fn payload(message: u64) -> u64 {
    let crc = u64::from(crc8(INITIAL, message, 44));
    let (low, high) = (message & 0xff_ffff, message >> 24 & 0xf_ffff);
    u64::from(block::ORDERED_SET) | low << 8 | NIBBLE << 32 | high << 36 | crc << 56
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CRC-8/ROHC of the catalogues: this generator, initial FF, reflected: check value D0 of "123456789".
    #[test]
    fn gives_the_published_check_value() {
        let register = b"123456789".iter().fold(INITIAL, |register, &byte| {
            crc8(register, u64::from(byte), 8)
        });
        assert_eq!(register, 0xd0);
    }
}
