//! Alignment markers: the one table of what tells a lane, and the parity beside it.
//!
//! A marker is the payload `M0 M1 M2 BIP3 M4 M5 M6 BIP7`, `M0` in bits 7..0, under a control header; its second half is
//! the complement of its first. The first four values are those of 40GBASE-R (IEEE 802.3 Clause 82, as used by CESNET's
//! `am_check_4.vhd`); the others are ours.

/// What a marker says of its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Marker {
    /// The lane carries logical lane `lane` of `width` lanes.
    Data {
        /// Logical lane, below `width`.
        lane: usize,
        /// Lanes that carry data: 1, 2, 4 or 8.
        width: usize,
    },
    /// Physical lane `lane` carries nothing that counts.
    Unused {
        /// Physical lane, below 16.
        lane: usize,
    },
}

/// M0, M1, M2 of the four lanes of 40GBASE-R.
const STANDARD: [[u8; 3]; 4] = [
    [0x90, 0x76, 0x47],
    [0xf0, 0xc4, 0xe6],
    [0xc5, 0x65, 0x9b],
    [0xa2, 0x79, 0x3d],
];
/// M0, M1 of our markers of lanes with data.
const DATA: [u8; 2] = [0x2e, 0x53];
/// M0, M1 of our markers of unused lanes.
const UNUSED: [u8; 2] = [0x71, 0xb8];

/// Bits of a [`code`](Marker::code), and of a [`signature`](Marker::signature).
pub const CODE_W: usize = 6;

impl Marker {
    /// Every marker that a link of `lanes` logical and `physical` physical lanes uses: full width first, then the reduced
    /// widths, then the unused lanes.
    #[must_use]
    pub fn all(lanes: usize, physical: usize) -> Vec<Marker> {
        let widths = [8, 4, 2, 1].into_iter().filter(|&width| width <= lanes);
        let data =
            widths.flat_map(|width| (0..width).map(move |lane| Marker::Data { lane, width }));
        let unused = (0..physical).map(|lane| Marker::Unused { lane });
        data.chain(unused).collect()
    }

    /// Its number inside the PCS of a link of `lanes` logical lanes, below `2^CODE_W`: 0 to 3 of Clause 82, 16 + n ours with
    /// data, 32 + n unused.
    ///
    /// # Panics
    /// If a link of `lanes` lanes does not have it.
    #[must_use]
    pub fn code(self, lanes: usize) -> usize {
        match self {
            Marker::Data { lane, width } => {
                assert!(lane < width && width <= lanes && width.is_power_of_two() && lanes <= 8);
                match (width == lanes, width) {
                    (true, _) if lane < 4 => lane,
                    (true, _) => 16 + lane,
                    (false, 1) => 16 + 1,
                    (false, 2) => 16 + 2 + lane,
                    (false, _) => 16 + 8 + lane,
                }
            }
            Marker::Unused { lane } => {
                assert!(lane < 16);
                32 + lane
            }
        }
    }

    /// The bits of the marker with this [`code`](Marker::code) that tell it from all others: the low nibble of M2, then bits 4
    /// and 7 of M0. So the receiver names markers without a table: `00n` is ours with data, `01n` unused, `1xx` of Clause 82.
    ///
    /// # Panics
    /// If no marker has the code.
    #[must_use]
    pub fn signature(code: usize) -> usize {
        let [m0, _, m2] = Self::bytes(code).map(usize::from);
        m2 & 0xf | (m0 >> 4 & 1) << 4 | (m0 >> 7) << 5
    }

    /// M0, M1, M2 of the marker with this [`code`](Marker::code).
    ///
    /// # Panics
    /// If no marker has it.
    #[must_use]
    pub fn bytes(code: usize) -> [u8; 3] {
        let nibbles = |n: usize| (n | (!n & 0xf) << 4) as u8;
        match code {
            0..=3 => STANDARD[code],
            16..=31 => [DATA[0], DATA[1], nibbles(code - 16)],
            32..=47 => [UNUSED[0], UNUSED[1], nibbles(code - 32)],
            _ => panic!("marker code {code} is not in use"),
        }
    }

    /// The payload of the marker with this code and this parity.
    #[must_use]
    pub fn payload(code: usize, bip: u8) -> u64 {
        let [m0, m1, m2] = Self::bytes(code);
        let half = u32::from_le_bytes([m0, m1, m2, bip]);
        u64::from(half) | u64::from(!half) << 32
    }
}

/// BIP-8 of one block, `header` with bit 0 first on the wire: the exclusive or of its payload's bytes, and the header's two
/// bits in BIP bits 3 and 4 (Clause 82, table 82-4, as used by CESNET).
#[must_use]
pub fn bip8(header: u8, payload: u64) -> u8 {
    let bytes = payload
        .to_le_bytes()
        .into_iter()
        .fold(0, |bip, byte| bip ^ byte);
    bytes ^ header << 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_of_every_size_differ_in_code_and_bytes() {
        for lanes in [1, 2, 4, 8] {
            let all = Marker::all(lanes, lanes + 1);
            let mut codes: Vec<usize> = all.iter().map(|marker| marker.code(lanes)).collect();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), all.len());
            let mut bytes: Vec<_> = codes.iter().map(|&code| Marker::bytes(code)).collect();
            bytes.sort_unstable();
            bytes.dedup();
            assert_eq!(bytes.len(), all.len());
            let mut signatures: Vec<_> =
                codes.iter().map(|&code| Marker::signature(code)).collect();
            signatures.sort_unstable();
            signatures.dedup();
            assert_eq!(signatures.len(), all.len());
            for marker in all {
                let signature = Marker::signature(marker.code(lanes));
                let is_unused = matches!(marker, Marker::Unused { .. });
                assert_eq!(signature >> 4 == 0b01, is_unused);
            }
        }
    }

    #[test]
    fn markers_are_balanced() {
        for marker in Marker::all(8, 9) {
            let payload = Marker::payload(marker.code(8), 0x5a);
            assert_eq!(payload.count_ones(), 32);
            assert_eq!(payload >> 32 ^ payload & 0xffff_ffff, 0xffff_ffff);
        }
    }

    /// Bit positions as CESNET's `bip8` gives them, counted over the 66 bits with the header first.
    #[test]
    fn parity_covers_the_bits_of_clause_82() {
        let first = [2, 3, 4, 5, 6, 7, 8, 9];
        for bit in 0..66_u32 {
            let (header, payload) = if bit < 2 {
                (1 << bit, 0)
            } else {
                (0, 1 << (bit - 2))
            };
            let expected = match bit {
                0 => 3,
                1 => 4,
                _ => first.iter().position(|start| bit % 8 == start % 8).unwrap(),
            };
            assert_eq!(bip8(header, payload), 1 << expected, "bit {bit}");
        }
    }
}
