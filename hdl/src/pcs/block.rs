//! 66-bit blocks: the types of control blocks, and the ports they travel on between MAC and PCS.
//!
//! A block is a header and 64 bits of payload, byte 0 = bits 7..0. It crosses in `BLOCK_BEATS = 64 / W` beats of `W = 32 x
//! WORDS` bits, lowest first.

use crate::stream::interface;
use rust_hdl::prelude::*;

/// The header of a data block, bit 0 first on the wire.
pub const DATA_HEADER: u8 = 0b10;
/// The header of a control block.
pub const CONTROL_HEADER: u8 = 0b01;

/// Type of an idle block, and with other codes of an error block.
pub const IDLE: u8 = 0x1e;
/// Type of the block that starts a frame.
pub const START: u8 = 0x78;
/// Type of an ordered set.
pub const ORDERED_SET: u8 = 0x4b;
/// Types of the blocks that end a frame, after 0 to 7 bytes.
pub const END: [u8; 8] = [0x87, 0x99, 0xaa, 0xb4, 0xcc, 0xd2, 0xe1, 0xff];

/// Payload of an idle block.
pub const IDLE_BLOCK: u64 = 0x1e;
/// Payload of an error block: eight codes of 7 bits, each `1E`.
pub const ERROR_BLOCK: u64 = error_block();
/// Payload of a start block: preamble and start of frame delimiter.
pub const START_BLOCK: u64 = 0xd555_5555_5555_5578;
/// Payload of the ordered set that says: nothing is received.
pub const LOCAL_FAULT: u64 = 0x0100_004b;
/// Payload of the ordered set that says: the other side receives nothing.
pub const REMOTE_FAULT: u64 = 0x0200_004b;

const fn error_block() -> u64 {
    let (mut payload, mut code) = (IDLE as u64, 0);
    while code < 8 {
        payload |= 0x1e << (8 + 7 * code);
        code += 1;
    }
    payload
}

/// A block's payload as two words of 32 bits, for a kernel to compare or send.
#[must_use]
pub fn words(payload: u64) -> [Constant<Bits<32>>; 2] {
    [payload & 0xffff_ffff, payload >> 32].map(|word| Constant::new(word.into()))
}

interface! {
    /// Where blocks enter the PCS. There is always one on offer.
    BlockSink<WORDS> {
        /// The beat's payload.
        data: [Signal<In, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// It is a control block; the same in every beat of a block.
        control: Signal<In, Bit> = Signal::default(),
        /// The block's first beat.
        first: Signal<In, Bit> = Signal::default(),
        /// The beat is taken at the next clock edge. Reset: 0.
        ready: Signal<Out, Bit> = Signal::default(),
    }
}

interface! {
    /// Where blocks leave the PCS. Nothing holds them back.
    BlockSource<WORDS> {
        /// The beat's payload.
        data: [Signal<Out, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// It is a control block; the same in every beat of a block.
        control: Signal<Out, Bit> = Signal::default(),
        /// The block's first beat.
        first: Signal<Out, Bit> = Signal::default(),
        /// The header was neither data nor control, or beats of the block are lost; counts with its last beat.
        bad: Signal<Out, Bit> = Signal::default(),
        /// There is a beat in this cycle. Reset: 0.
        valid: Signal<Out, Bit> = Signal::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_begin_with_their_type() {
        for (payload, kind) in [
            (IDLE_BLOCK, IDLE),
            (ERROR_BLOCK, IDLE),
            (START_BLOCK, START),
            (LOCAL_FAULT, ORDERED_SET),
            (REMOTE_FAULT, ORDERED_SET),
        ] {
            assert_eq!(payload as u8, kind);
        }
        assert_eq!(
            START_BLOCK.to_le_bytes()[1..],
            [0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5]
        );
        assert_eq!(
            (0..8)
                .map(|code| (ERROR_BLOCK >> (8 + 7 * code)) & 0x7f)
                .collect::<Vec<_>>(),
            [0x1e; 8]
        );
    }
}
