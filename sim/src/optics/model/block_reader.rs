//! What a block is.

use lightswitch_hdl::pcs::block::{END, ERROR_BLOCK, IDLE_BLOCK, ORDERED_SET, START};

/// The kind of a block, as `BlockReader` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Eight bytes of a frame.
    Data(u64),
    /// A frame starts.
    Start,
    /// A frame ends after this many bytes, 0 to 7, lowest first; beyond them whatever the block had.
    End(u8, u64),
    /// A block of errors.
    Error,
    /// None that is known, or a bad one.
    Damaged,
    /// An ordered set.
    Set,
    /// Idle.
    Idle,
}

/// Bytes before the end by the type of the block, one more; 0 for types that end nothing.
const END_BYTES: [u8; 256] = {
    let mut table = [0; 256];
    let mut bytes = 0;
    while bytes < 8 {
        table[END[bytes] as usize] = bytes as u8 + 1;
        bytes += 1;
    }
    table
};

/// What a block is that came `bad`, or not.
pub fn read(payload: u64, is_control: bool, is_bad: bool) -> Kind {
    let kind = payload as u8;
    match (is_bad, is_control) {
        (true, _) => Kind::Damaged,
        (false, false) => Kind::Data(payload),
        (false, true) if payload == IDLE_BLOCK => Kind::Idle,
        (false, true) if payload == ERROR_BLOCK => Kind::Error,
        (false, true) if kind == START => Kind::Start,
        (false, true) if kind == ORDERED_SET => Kind::Set,
        (false, true) => match END_BYTES[usize::from(kind)] {
            0 => Kind::Damaged,
            bytes => Kind::End(bytes - 1, payload >> 8),
        },
    }
}
