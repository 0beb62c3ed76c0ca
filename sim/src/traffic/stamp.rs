//! What a generated frame says about itself, and how all its other bytes follow from that.

use lightswitch_hdl::tops::Top;

use crate::frame::{self, Mac};
use crate::port_mask::PortMask;

/// Type field of generated frames: IEEE 802 local experimental 1.
const TYPE_EXPERIMENTAL: u16 = 0x88b5;

/// The identity of a generated frame; all its bytes follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The port it enters.
    pub source: usize,
    /// The port it is for.
    pub destination: usize,
    /// Its number among the frames from this source to this destination, from 0.
    pub sequence: u32,
    /// Bytes of the frame: on a switch from destination address to FCS, at least [`Stamp::shortest`]. Not part of the
    /// stamp's own bytes.
    pub length: usize,
}

impl Stamp {
    /// Bytes of the stamp itself: source and destination of 16 bits, sequence of 32 bits, the first byte most
    /// significant.
    const BYTES: usize = 8;

    /// The shortest good frame that carries a stamp through `top`.
    #[must_use]
    pub const fn shortest(top: Top) -> usize {
        match top {
            Top::Switch => frame::MIN_FRAME_BYTES,
            Top::Fabric | Top::FabricMc => Self::BYTES,
        }
    }

    /// Bytes in front of the stamp in a frame through `top`.
    const fn offset(top: Top) -> usize {
        match top {
            Top::Switch => frame::HEADER_BYTES,
            Top::Fabric | Top::FabricMc => 0,
        }
    }

    /// Bytes of a frame through `top` up to the end of its stamp.
    #[must_use]
    pub const fn end(top: Top) -> usize {
        Self::offset(top) + Self::BYTES
    }

    /// The Ethernet frame, addresses to FCS.
    #[must_use]
    pub fn frame(&self) -> Vec<u8> {
        self.frame_for(Top::Switch)
    }

    /// The frame as `top` takes it: Ethernet for the switch, only the stamp and a payload for a fabric.
    #[must_use]
    pub fn frame_for(&self, top: Top) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length + Self::BYTES);
        self.write(top, &mut bytes);
        bytes
    }

    /// Makes `bytes` the frame of [`Stamp::frame_for`].
    #[inline]
    pub fn write(&self, top: Top, bytes: &mut Vec<u8>) {
        bytes.clear();
        if top == Top::Switch {
            bytes.extend_from_slice(&Mac::of_port(self.destination).0);
            bytes.extend_from_slice(&Mac::of_port(self.source).0);
            bytes.extend_from_slice(&TYPE_EXPERIMENTAL.to_be_bytes());
        }
        let key = (self.source as u64) << 48
            | (self.destination as u64 & 0xffff) << 32
            | u64::from(self.sequence);
        bytes.extend_from_slice(&key.to_be_bytes());
        let payload_end = match top {
            Top::Switch => self.length.saturating_sub(frame::FCS_BYTES),
            Top::Fabric | Top::FabricMc => self.length,
        };
        // A payload in which no two frames, and no two words of one frame, look alike.
        let mut word = key ^ (self.length as u64) << 40;
        while bytes.len() < payload_end {
            word = word
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            bytes.extend_from_slice(&word.to_be_bytes());
        }
        bytes.truncate(payload_end);
        if top == Top::Switch {
            bytes.extend_from_slice(&frame::fcs(bytes));
        }
    }

    /// The stamp in an Ethernet frame, or `None` if it carries none that the sources could have made for `ports` ports.
    #[must_use]
    pub fn read(bytes: &[u8], ports: usize) -> Option<Self> {
        Self::read_from(Top::Switch, bytes, ports)
    }

    /// The stamp in a frame that left `top`, with that frame's length; `None` if it carries none that the sources could
    /// have made.
    #[must_use]
    #[inline]
    pub fn read_from(top: Top, bytes: &[u8], ports: usize) -> Option<Self> {
        if top == Top::Switch && frame::ether_type(bytes) != Some(TYPE_EXPERIMENTAL) {
            return None;
        }
        let key = bytes.get(Self::offset(top)..)?.first_chunk()?;
        let key = u64::from_be_bytes(*key);
        let stamp = Self {
            source: (key >> 48) as usize,
            destination: (key >> 32 & 0xffff) as usize,
            sequence: key as u32,
            length: bytes.len(),
        };
        (stamp.source < ports && stamp.destination < ports).then_some(stamp)
    }

    /// The pins `tdest` that send the frame to its destination through `top`: the bits of an index, or a mask.
    #[must_use]
    pub fn dest(&self, top: Top) -> PortMask {
        match top {
            Top::Switch => PortMask::NONE,
            Top::Fabric => PortMask::from(self.destination as u64),
            Top::FabricMc => PortMask::one(self.destination),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_survive_and_frames_differ() {
        let stamp = Stamp {
            source: 2,
            destination: 0,
            sequence: 77,
            length: 67,
        };
        let bytes = stamp.frame();
        assert_eq!(bytes.len(), 67);
        assert_eq!(frame::verdict(&bytes), frame::Verdict::Good);
        assert_eq!(Stamp::read(&bytes, 4), Some(stamp));
        assert_eq!(Stamp::read(&bytes, 2), None);
        assert_eq!(Stamp::read(&bytes[..20], 4), None);
        let next = Stamp {
            sequence: 78,
            ..stamp
        };
        assert_ne!(next.frame()[22..63], bytes[22..63]);
        let longer = Stamp {
            length: 68,
            ..stamp
        };
        assert_ne!(longer.frame()[22..63], bytes[22..63]);
    }

    #[test]
    fn carries_ports_of_sixteen_bits() {
        let stamp = Stamp {
            source: 511,
            destination: 256,
            sequence: u32::MAX,
            length: 100,
        };
        for top in [Top::Switch, Top::Fabric] {
            let bytes = stamp.frame_for(top);
            assert_eq!(bytes.len(), 100);
            assert_eq!(Stamp::read_from(top, &bytes, 512), Some(stamp));
            assert_eq!(Stamp::read_from(top, &bytes, 511), None);
        }
        let bytes = stamp.frame();
        assert_eq!(frame::destination(&bytes), Some(Mac([2, 0, 0, 0, 1, 0])));
        assert_eq!(frame::source(&bytes), Some(Mac([2, 0, 0, 0, 1, 0xff])));
        assert_eq!(bytes[14..22], [1, 0xff, 1, 0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(stamp.dest(Top::Fabric), 256.into());
        assert_eq!(stamp.dest(Top::FabricMc), PortMask::one(256));
    }

    #[test]
    fn the_bytes_are_those_that_recordings_rely_on() {
        // From the description in docs/stimulus.md, computed apart.
        let stamp = Stamp {
            source: 1,
            destination: 2,
            sequence: 3,
            length: 28,
        };
        let bytes = stamp.frame_for(Top::Fabric);
        let mut word: u128 = 0x0001_0002_0000_0003 ^ 28 << 40;
        let mut expected = vec![0, 1, 0, 2, 0, 0, 0, 3];
        for _ in 0..3 {
            word = (word * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % (1 << 64);
            expected.extend((0..8).rev().map(|byte| (word >> (8 * byte)) as u8));
        }
        assert_eq!(bytes, expected[..28]);
    }
}
