//! The optical link's twin: PCS, engine and fiber on streams of bits, with faults.
//!
//! ```text
//!  blocks ─► Transmitter ─► one stream of bits ─► Fiber ─► Framer ─► Receiver ─► blocks
//!            (scramble,      for each lane       (skew,    (66 bits,  (locks, deskew, reorder,
//!             markers, BIP)                       errors …)  bit slip)   descramble)
//! ```
//!
//! Written from `docs/link.md` and `docs/oei.md`; of the RTL it knows the formats, `hdl::pcs`, no logic. It is equal in
//! bits and not in cycles: time is counted in rows, a block in each lane, a bit slip is in force at once, and what a slot
//! without data carries differs (docs: *filler*). Streams of bits are [`bitvec`]'s, bit 0 first on the wire.

mod fiber;
mod framer;
mod lane;
mod receive;
mod scramble;
mod transmit;

use bitvec::field::BitField;
use bitvec::order::Lsb0;
use bitvec::slice::BitSlice;
use bitvec::vec::BitVec;
use bitvec::view::BitView;
use lightswitch_hdl::pcs::block::{CONTROL_HEADER, DATA_HEADER};

pub use fiber::{Errors, Fiber, Segment};
pub use framer::Framer;
pub use receive::{Counts, Received, Receiver};
pub use scramble::{Descrambler, Scrambler};
pub use transmit::{Plan, Transmitter};

/// The bits of one lane, the earliest first.
pub type Bits = BitVec<u64, Lsb0>;

/// Bits of a block on a lane.
pub const BLOCK_BITS: usize = 66;

/// One block: a header of 2 bits, bit 0 first on the wire, and 64 bits of payload, byte 0 = bits 7..0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// 2 bits: [`DATA_HEADER`], [`CONTROL_HEADER`], or an error.
    pub header: u8,
    /// The payload, first bit lowest.
    pub payload: u64,
}

impl Block {
    /// A data block.
    #[must_use]
    pub const fn data(payload: u64) -> Self {
        Self {
            header: DATA_HEADER,
            payload,
        }
    }

    /// A control block.
    #[must_use]
    pub const fn control(payload: u64) -> Self {
        Self {
            header: CONTROL_HEADER,
            payload,
        }
    }

    /// Its header is that of a data or a control block.
    #[must_use]
    pub const fn has_good_header(self) -> bool {
        matches!(self.header, DATA_HEADER | CONTROL_HEADER)
    }

    /// The same with all bits inverted.
    #[must_use]
    pub const fn inverted(self) -> Self {
        Self {
            header: self.header ^ 0b11,
            payload: !self.payload,
        }
    }

    /// Appends its 66 bits to a lane.
    pub fn append_to(self, lane: &mut Bits) {
        let header = u64::from(self.header);
        lane.extend_from_bitslice(&header.view_bits::<Lsb0>()[..2]);
        lane.extend_from_bitslice(self.payload.view_bits::<Lsb0>());
    }

    /// The block in these 66 bits.
    ///
    /// # Panics
    /// If there are not 66 of them.
    #[must_use]
    pub fn of_bits(bits: &BitSlice<u64, Lsb0>) -> Self {
        assert_eq!(bits.len(), BLOCK_BITS, "a block has 66 bits");
        Self {
            header: bits[..2].load_le(),
            payload: bits[2..].load_le(),
        }
    }
}

/// How many lanes a link has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Logical lanes at full width: 1, 2, 4 or 8.
    pub lanes: usize,
    /// Spare lanes: 0 or 1.
    pub spares: usize,
    /// Rows from marker to marker.
    pub marker_period: usize,
}

impl Size {
    /// The reference: four lanes and a spare, a marker every 1 024 rows.
    pub const REFERENCE: Self = Self {
        lanes: 4,
        spares: 1,
        marker_period: 1_024,
    };

    /// Physical lanes.
    #[must_use]
    pub const fn physical(self) -> usize {
        self.lanes + self.spares
    }

    /// Panics where a link cannot have this size.
    fn check(self) {
        assert!(
            matches!(self.lanes, 1 | 2 | 4 | 8) && self.spares <= 1 && self.marker_period >= 2,
            "{self:?}: 1, 2, 4 or 8 lanes, 0 or 1 spares, a marker every 2 rows or fewer"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_its_header_and_then_its_payload_lowest_bit_first() {
        let mut lane = Bits::new();
        Block::data(0x8000_0000_0000_0001).append_to(&mut lane);
        let ones: Vec<usize> = lane.iter_ones().collect();
        assert_eq!(ones, [1, 2, 65]);
        assert_eq!(lane.len(), BLOCK_BITS);
        let block = Block::of_bits(&lane);
        assert_eq!(block, Block::data(0x8000_0000_0000_0001));
        assert!(block.has_good_header() && block.inverted().has_good_header());
        assert_eq!(block.inverted().header, CONTROL_HEADER);
        assert!(!Block::default().has_good_header());
    }
}
