//! One transfer of a stream, as the engines and their benches hand it around.

/// Most bytes a beat can carry: `tdata` of 64 bits, the widest configuration.
pub const MAX_BEAT_BYTES: usize = 8;

/// Egresses of a mask that [`Beat::dest`] holds, the first ones.
pub const BEAT_EGRESSES: usize = u64::BITS as usize;

/// One beat of an AXI4-Stream. Byte 0 is `tdata[7:0]`; bit `n` of `keep` tells whether byte `n` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The bytes. Those beyond the width of the stream are zero.
    pub data: [u8; MAX_BEAT_BYTES],
    /// Byte enables, bit 0 for byte 0.
    pub keep: u8,
    /// The frame's last beat.
    pub last: bool,
    /// On the last beat: the frame is poisoned.
    pub user: bool,
    /// Where the frame goes, `tdest` of a fabric's ingress; 0 on other streams. Of a mask of more egresses the first
    /// [`BEAT_EGRESSES`], and [`Engine::set_dest_above`](crate::engine::Engine::set_dest_above) says the others.
    pub dest: u64,
}

impl Beat {
    /// The beat that carries `bytes`, with contiguous byte enables.
    ///
    /// # Panics
    /// If there are more than [`MAX_BEAT_BYTES`] bytes.
    #[must_use]
    pub fn new(bytes: &[u8], last: bool, user: bool) -> Self {
        let mut data = [0; MAX_BEAT_BYTES];
        data[..bytes.len()].copy_from_slice(bytes);
        Self {
            data,
            keep: full_keep(bytes.len()),
            last,
            user,
            dest: 0,
        }
    }

    /// The bytes that count, up to the first hole of `keep`.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.data[..self.keep.trailing_ones() as usize]
    }

    /// Whether `keep` is what the contract asks for: contiguous from byte 0 and not empty, and all of `beat_bytes`
    /// unless this is the last beat.
    #[must_use]
    pub fn is_well_formed(&self, beat_bytes: usize) -> bool {
        let length = self.keep.trailing_ones() as usize;
        self.keep == full_keep(length)
            && length > 0
            && length <= beat_bytes
            && (self.last || length == beat_bytes)
    }
}

/// Byte enables with the lowest `bytes` bits set.
#[must_use]
pub const fn full_keep(bytes: usize) -> u8 {
    if bytes >= MAX_BEAT_BYTES {
        u8::MAX
    } else {
        (1 << bytes) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_one_to_eight_bytes() {
        for length in 1..=MAX_BEAT_BYTES {
            let bytes: Vec<u8> = (1..=length as u8).collect();
            let beat = Beat::new(&bytes, true, false);
            assert_eq!(beat.bytes(), bytes);
            assert!(beat.is_well_formed(MAX_BEAT_BYTES));
        }
    }

    #[test]
    fn finds_holes_empty_beats_and_short_beats() {
        let mut beat = Beat::new(&[1; 8], false, false);
        assert!(beat.is_well_formed(8));
        assert!(!beat.is_well_formed(4));
        beat.keep = 0x7f;
        assert!(!beat.is_well_formed(8), "a short beat in the middle");
        beat.last = true;
        assert!(beat.is_well_formed(8));
        for keep in [0, 0b10, 0b1011, 0x80] {
            beat.keep = keep;
            assert!(!beat.is_well_formed(8), "keep {keep:#x}");
        }
    }
}
