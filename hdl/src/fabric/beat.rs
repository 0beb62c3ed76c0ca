//! A beat as the queues store it: its data, and eight bits beside.
//!
//! | bits of `side` | meaning |
//! |--|--|
//! | 0 | last beat of its frame |
//! | 1 | poison: marked by the source, closed by `GAP_LIMIT`, or an earlier beat was malformed |
//! | 4..2 | its bytes less one, in Gray code ([`gray_of_bytes`]) |
//! | 7..5 | poison: `tkeep` of this beat is malformed, one bit for each third of the check |
//!
//! Every bit is a function of four or five inputs of the stream, one ECP5 slice, because it is on its way into a RAM; the egress
//! puts them together. Poison counts on the last beat only.

use crate::stream::interface;
use rust_hdl::prelude::*;

interface! {
    /// A stored beat on its way in: `WORDS` x 32 bits of data.
    BeatSink<WORDS> {
        /// The beat's bytes, byte 0 lowest.
        data: [Signal<In, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// What the queue keeps beside them.
        side: Signal<In, Bits<8>> = Signal::default(),
    }
}

interface! {
    /// A stored beat on its way out: `WORDS` x 32 bits of data.
    BeatSource<WORDS> {
        /// The beat's bytes, byte 0 lowest.
        data: [Signal<Out, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// What the queue keeps beside them.
        side: Signal<Out, Bits<8>> = Signal::default(),
    }
}

/// `side` bit 0: the last beat of its frame.
pub const SIDE_LAST: u32 = 1;

/// `side` bits 1 and 7..5: any of them on the last beat poisons the frame.
pub const SIDE_POISON: u32 = 0b1110_0010;

/// The Gray code of a last beat's bytes less one, `bytes` in 1..=8, as `side` bits 4..2 hold it.
#[must_use]
pub const fn gray_of_bytes(bytes: u32) -> u32 {
    let less_one = bytes - 1;
    less_one ^ (less_one >> 1)
}
