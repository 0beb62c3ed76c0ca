//! Blocks as the tests of the receive side write them, and frames as they read them.

use crate::ingress::crc32;
use crate::link::message;
use crate::pcs::block;

/// A frame that leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    pub(super) poison: bool,
}

/// A block that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) control: bool,
    pub(super) payload: u64,
    pub(super) bad: bool,
}

pub(super) const fn control(payload: u64) -> Block {
    Block {
        control: true,
        payload,
        bad: false,
    }
}

pub(super) const fn data(payload: u64) -> Block {
    Block {
        control: false,
        payload,
        bad: false,
    }
}

pub(super) const IDLE: Block = control(block::IDLE_BLOCK);
pub(super) const ERROR: Block = control(block::ERROR_BLOCK);

/// Up to eight bytes, byte 0 lowest.
pub(super) fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// The end of a frame after these bytes, at most seven.
pub(super) fn end(rest: &[u8]) -> Block {
    control(word(rest) << 8 | u64::from(block::END[rest.len()]))
}

/// The start of a frame at a position of the lossless link.
pub(super) fn start(position: u16, is_final: bool) -> Block {
    let fields = u64::from(position) | u64::from(is_final) << 16;
    let crc = u64::from(message::crc8(message::INITIAL, fields, 24));
    control(u64::from(block::START) | fields << 8 | 0x5555 << 32 | crc << 48 | 0xd5 << 56)
}

/// A start, then data and end of a frame.
pub(super) fn blocks_behind(start: Block, bytes: &[u8]) -> Vec<Block> {
    let whole = bytes.chunks_exact(8);
    let rest = end(whole.remainder());
    let mut blocks = vec![start];
    blocks.extend(whole.map(|bytes| data(word(bytes))));
    blocks.push(rest);
    blocks
}

/// Start, data and end of a frame.
pub(super) fn blocks_of(bytes: &[u8]) -> Vec<Block> {
    blocks_behind(control(block::START_BLOCK), bytes)
}

/// Puts an error block directly before the last data of a frame's blocks.
pub(super) fn poison(blocks: &mut Vec<Block>) {
    let ends_empty = blocks.last() == Some(&end(&[]));
    blocks.insert(blocks.len() - 1 - usize::from(ends_empty), ERROR);
}

/// A frame of `bytes` bytes that begins with `number`, its FCS right or stomped.
pub(super) fn sealed(number: u32, bytes: usize, stomped: bool) -> Vec<u8> {
    let seed = number.to_le_bytes().into_iter().cycle();
    let mut frame: Vec<u8> = seed
        .zip(0_usize..)
        .map(|(byte, place)| byte ^ (place / 4 * 37) as u8)
        .take(bytes - 4)
        .collect();
    let state = crc32::update(crc32::INITIAL, &frame);
    let fcs = if stomped { state } else { !state };
    frame.extend(fcs.to_le_bytes());
    frame
}
