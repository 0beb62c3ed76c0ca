//! Ethernet frames: addresses, the FCS, and the way between frames and beats.

use std::fmt;
use std::str::FromStr;

use crate::beat::{Beat, MAX_BEAT_BYTES};
use crate::Error;

/// Shortest frame that a MAC sends, destination address to FCS inclusive.
pub const MIN_FRAME_BYTES: usize = 64;
/// Bytes of the FCS.
pub const FCS_BYTES: usize = 4;
/// Two addresses and the type.
pub const HEADER_BYTES: usize = 14;
/// Type of MAC control frames (PAUSE and its kin), which a bridge does not forward.
pub const TYPE_MAC_CONTROL: u16 = 0x8808;

/// A MAC address, in the order of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// All stations.
    pub const BROADCAST: Mac = Mac([0xff; 6]);

    /// The locally administered address of the station that the traffic sources put behind `port`: 02:00:00:00:PP:PP.
    #[must_use]
    pub const fn of_port(port: usize) -> Self {
        Self([0x02, 0, 0, 0, (port >> 8) as u8, port as u8])
    }

    /// A multicast or broadcast address.
    #[must_use]
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// One of 01:80:C2:00:00:00 .. 0F, which a bridge does not forward (IEEE 802.1Q, table 8-1).
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        matches!(self.0, [0x01, 0x80, 0xc2, 0, 0, low] if low < 0x10)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Mac {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = || {
            Error::invalid(
                "the MAC address",
                text,
                "six bytes in hexadecimal, like 02:00:00:00:00:01",
            )
        };
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().ok_or_else(fail)?;
            if part.is_empty() || part.len() > 2 || !part.bytes().all(|c| c.is_ascii_hexdigit()) {
                return Err(fail());
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| fail())?;
        }
        if parts.next().is_some() {
            return Err(fail());
        }
        Ok(Self(bytes))
    }
}

/// Destination address of a frame, or `None` if it is shorter.
#[must_use]
pub fn destination(frame: &[u8]) -> Option<Mac> {
    Some(Mac(frame.get(..6)?.try_into().ok()?))
}

/// Source address of a frame, or `None` if it is shorter.
#[must_use]
pub fn source(frame: &[u8]) -> Option<Mac> {
    Some(Mac(frame.get(6..12)?.try_into().ok()?))
}

/// Type (or length) field of a frame, or `None` if it is shorter. A VLAN tag is its own type.
#[must_use]
pub fn ether_type(frame: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(frame.get(12..14)?.try_into().ok()?))
}

/// The FCS over `bytes` in the order of the wire (IEEE 802.3, clause 3.2.9).
#[must_use]
pub fn fcs(bytes: &[u8]) -> [u8; 4] {
    crc32fast::hash(bytes).to_le_bytes()
}

/// What the last four bytes of a frame say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The FCS over all bytes before.
    Good,
    /// The complement of the FCS: the frame was poisoned on its way.
    Stomped,
    /// Neither, or the frame is shorter than an FCS.
    Bad,
}

/// Checks the last four bytes of a frame.
#[must_use]
pub fn verdict(frame: &[u8]) -> Verdict {
    let Some((body, trailer)) = frame.split_last_chunk::<FCS_BYTES>() else {
        return Verdict::Bad;
    };
    let good = fcs(body);
    if *trailer == good {
        Verdict::Good
    } else if *trailer == good.map(|byte| !byte) {
        Verdict::Stomped
    } else {
        Verdict::Bad
    }
}

/// Does what a MAC does before it sends: pads to 60 bytes and adds the FCS. Says whether it padded.
pub fn seal(frame: &mut Vec<u8>) -> bool {
    let padded = frame.len() < MIN_FRAME_BYTES - FCS_BYTES;
    if padded {
        frame.resize(MIN_FRAME_BYTES - FCS_BYTES, 0);
    }
    frame.extend_from_slice(&fcs(frame));
    padded
}

/// Sets the last four bytes to the complement of the FCS over those before. Shorter frames stay as they are.
pub fn stomp(frame: &mut [u8]) {
    if let Some((body, trailer)) = frame.split_last_chunk_mut::<FCS_BYTES>() {
        *trailer = fcs(body).map(|byte| !byte);
    }
}

/// Number of beats of a frame of `bytes` bytes.
#[must_use]
pub const fn beats(bytes: usize, beat_bytes: usize) -> usize {
    bytes.div_ceil(beat_bytes)
}

/// Beat `index` of `frame`; the last one carries `poisoned` in `user`.
///
/// # Panics
/// If the frame has no such beat.
#[must_use]
#[inline]
pub fn beat(frame: &[u8], index: usize, beat_bytes: usize, poisoned: bool) -> Beat {
    let rest = &frame[index * beat_bytes..];
    match rest.first_chunk::<MAX_BEAT_BYTES>() {
        Some(data) if beat_bytes == MAX_BEAT_BYTES => {
            let last = rest.len() == MAX_BEAT_BYTES;
            Beat {
                data: *data,
                keep: u8::MAX,
                last,
                user: last && poisoned,
                dest: 0,
            }
        }
        _ => {
            let last = rest.len() <= beat_bytes;
            Beat::new(&rest[..rest.len().min(beat_bytes)], last, last && poisoned)
        }
    }
}

/// A fingerprint of 64 bits: frames that differ in one word of eight bytes only never have the same.
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut lanes = [1_u64, 2, 3, 4];
    let mix = |lane: &mut u64, word: &[u8; 8]| {
        *lane = (*lane ^ u64::from_le_bytes(*word))
            .wrapping_mul(FACTOR)
            .rotate_left(29);
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let (blocks, words) = words.as_chunks::<4>();
    for block in blocks {
        lanes
            .iter_mut()
            .zip(block)
            .for_each(|(lane, word)| mix(lane, word));
    }
    lanes
        .iter_mut()
        .zip(words)
        .for_each(|(lane, word)| mix(lane, word));
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    mix(&mut lanes[3], &word);
    lanes.into_iter().fold(bytes.len() as u64, |digest, lane| {
        let mixed = (digest ^ lane).wrapping_mul(FACTOR);
        mixed ^ mixed >> 32
    })
}

/// A frame as it left a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Destination address to FCS.
    pub bytes: Vec<u8>,
    /// `user` of the last beat.
    pub poisoned: bool,
    /// Every beat kept the rules for byte enables.
    pub well_formed: bool,
    /// Cycle in which the first beat was transferred.
    pub first_cycle: u64,
    /// Cycle in which the last beat was transferred.
    pub last_cycle: u64,
}

/// Puts the beats of one stream together again.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    /// The frame that is coming, or came last.
    frame: Received,
    is_inside: bool,
}

impl Assembler {
    /// Takes the beat that was transferred in `cycle`; the frame, if it was its last.
    #[inline]
    pub fn push(&mut self, beat: &Beat, beat_bytes: usize, cycle: u64) -> Option<&Received> {
        let frame = &mut self.frame;
        if !self.is_inside {
            self.is_inside = true;
            frame.bytes.clear();
            frame.well_formed = true;
            frame.first_cycle = cycle;
        }
        if beat.keep == u8::MAX && beat_bytes == MAX_BEAT_BYTES {
            frame.bytes.extend_from_slice(&beat.data);
        } else {
            frame.bytes.extend_from_slice(beat.bytes());
            frame.well_formed &= beat.is_well_formed(beat_bytes);
        }
        if !beat.last {
            return None;
        }
        self.is_inside = false;
        frame.poisoned = beat.user;
        frame.last_cycle = cycle;
        Some(frame)
    }

    /// A frame has begun and not ended.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.is_inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_addresses() {
        let mac: Mac = "01:80:c2:0:00:0E".parse().unwrap();
        assert_eq!(mac.to_string(), "01:80:c2:00:00:0e");
        assert!(mac.is_reserved() && mac.is_group());
        assert!(!Mac([1, 0x80, 0xc2, 0, 0, 0x10]).is_reserved());
        assert!(!Mac::of_port(3).is_group());
        assert_eq!(Mac::of_port(0x1ff).to_string(), "02:00:00:00:01:ff");
        for bad in [
            "",
            "01:80:c2:00:00",
            "01:80:c2:00:00:0e:00",
            "01:80:c2:00:00:+e",
            "0180c200000e",
        ] {
            let error = bad.parse::<Mac>().unwrap_err().to_string();
            assert!(error.contains("six bytes"), "{error}");
        }
    }

    #[test]
    fn fcs_is_the_one_of_ieee_802_3() {
        // The check value of CRC-32/ISO-HDLC over "123456789" is 0xCBF43926.
        assert_eq!(fcs(b"123456789"), [0x26, 0x39, 0xf4, 0xcb]);
    }

    #[test]
    fn seals_stomps_and_judges() {
        let mut frame = vec![7; 20];
        assert!(seal(&mut frame));
        assert_eq!(frame.len(), MIN_FRAME_BYTES);
        assert_eq!(verdict(&frame), Verdict::Good);
        stomp(&mut frame);
        assert_eq!(verdict(&frame), Verdict::Stomped);
        frame[30] ^= 1;
        assert_eq!(verdict(&frame), Verdict::Bad);
        assert_eq!(verdict(&[1, 2, 3]), Verdict::Bad);
        let mut long = vec![1; 60];
        assert!(!seal(&mut long));
        assert_eq!(long.len(), 64);
    }

    #[test]
    fn takes_frames_apart_and_puts_them_together() {
        for beat_bytes in [4, 8] {
            let mut assembler = Assembler::default();
            for length in 1..200_u8 {
                let frame: Vec<u8> = (0..length).collect();
                let count = beats(frame.len(), beat_bytes);
                let mut received = None;
                for index in 0..count {
                    assert!(received.is_none());
                    let beat = beat(&frame, index, beat_bytes, true);
                    assert!(beat.is_well_formed(beat_bytes));
                    received = assembler
                        .push(&beat, beat_bytes, 10 + index as u64)
                        .cloned();
                }
                let received = received.expect("the last beat ends the frame");
                assert_eq!(received.bytes, frame);
                assert!(received.poisoned && received.well_formed);
                assert_eq!(received.first_cycle, 10);
                assert_eq!(received.last_cycle, 9 + count as u64);
                assert!(!assembler.is_inside());
            }
        }
    }

    #[test]
    fn the_beats_of_a_frame_are_those_of_its_bytes() {
        let frame: Vec<u8> = (1..=21).collect();
        for (beat_bytes, keep) in [(4, 1), (8, 0x1f)] {
            let count = beats(frame.len(), beat_bytes);
            for index in 0..count {
                let got = beat(&frame, index, beat_bytes, true);
                let end = frame.len().min((index + 1) * beat_bytes);
                let last = index + 1 == count;
                assert_eq!(got, Beat::new(&frame[index * beat_bytes..end], last, last));
                assert!(!last || got.keep == keep);
            }
        }
    }

    #[test]
    fn a_digest_sees_every_bit_and_the_length() {
        let frame: Vec<u8> = (0..77).collect();
        let right = digest(&frame);
        for bit in 0..8 * frame.len() {
            let mut wrong = frame.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(digest(&wrong), right, "bit {bit}");
        }
        for length in 0..frame.len() {
            assert_ne!(digest(&frame[..length]), right, "{length} bytes");
        }
        let mut longer = frame.clone();
        longer.push(0);
        assert_ne!(digest(&longer), right);
        let swapped = [&frame[8..16], &frame[..8], &frame[16..]].concat();
        assert_ne!(digest(&swapped), right);
    }

    #[test]
    fn notices_a_malformed_beat() {
        let mut assembler = Assembler::default();
        let mut beat = Beat::new(&[1; 4], false, false);
        beat.keep = 3;
        assert!(assembler.push(&beat, 4, 0).is_none());
        assert!(assembler.is_inside());
        let last = Beat::new(&[1; 4], true, false);
        assert!(!assembler.push(&last, 4, 1).unwrap().well_formed);
    }
}
