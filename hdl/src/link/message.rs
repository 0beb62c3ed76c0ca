//! Messages between the two ends of a link: their layout, and their CRC as mathematics.
//!
//! A message is an ordered set: `4B`, 24 bits, the nibble 6, 20 bits, CRC-8. The 44 bits are the message, low bits first; its low 4 bits
//! are its kind.
//!
//! The start block of a frame on a lossless link has its position, flags and a CRC-8 in place of most of the preamble.

use crate::pcs::block;

/// The nibble that tells a message from the ordered sets of the standard.
pub const NIBBLE: u64 = 6;
/// Kind of a message that tells what lanes are seen.
pub const LANE_REPORT: u64 = 1;
/// Kind of a message that acknowledges and grants credit, from the receiver of frames.
pub const REPORT: u64 = 2;
/// Kind of a message that tells a position, from the sender of frames.
pub const POSITION: u64 = 3;

/// Bits of a start block that its CRC-8 covers: position and flags.
pub const START_BITS: usize = 24;
/// The flag of a frame that is not sent again, among those bits.
pub const FINAL: u64 = 1 << 16;

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

/// The message that says: everything before `expected` has arrived (or, with `nack`, is to come again from there), and frames up to
/// `limit` find room.
#[must_use]
pub fn report(nack: bool, expected: u16, limit: u16) -> u64 {
    REPORT | u64::from(nack) << 4 | u64::from(expected) << 8 | u64::from(limit) << 24
}

/// The message that says: the next frame stands at `position`; with `init`, whatever was before.
#[must_use]
pub fn position(init: bool, position: u16) -> u64 {
    POSITION | u64::from(init) << 4 | u64::from(position) << 8
}

/// The payload of the block that starts the frame at `position` on a lossless link.
#[must_use]
pub fn start(position: u16, is_final: bool) -> u64 {
    let tag = u64::from(position) | if is_final { FINAL } else { 0 };
    let crc = u64::from(crc8(INITIAL, tag, START_BITS));
    u64::from(block::START) | tag << 8 | 0x5555 << 32 | crc << 48 | 0xd5 << 56
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

    /// The places that `docs/link.md` lists, one field at a time.
    #[test]
    fn lays_fields_where_the_text_says() {
        assert_eq!(report(false, 0, 0), 2);
        assert_eq!(report(true, 0, 0), 2 | 1 << 4);
        assert_eq!(report(false, 0x8001, 0), 2 | 1 << 23 | 1 << 8);
        assert_eq!(report(false, 0, 0x8001), 2 | 1 << 39 | 1 << 24);
        assert_eq!(position(true, 0), 3 | 1 << 4);
        assert_eq!(position(false, 0x8001), 3 | 1 << 23 | 1 << 8);
        let bytes = start(0x1234, true).to_le_bytes();
        assert_eq!(bytes[..6], [0x78, 0x34, 0x12, 0x01, 0x55, 0x55]);
        let crc = [0x34, 0x12, 0x01]
            .iter()
            .fold(INITIAL, |crc, &byte| crc8(crc, byte, 8));
        assert_eq!(bytes[6..], [crc, 0xd5]);
    }
}
