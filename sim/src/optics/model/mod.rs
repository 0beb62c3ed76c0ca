//! The `model` of a link: its registers as plain numbers, the same as the RTL on every pin in every cycle.
//!
//! ```text
//!  tx ─► MacTx: FramePacker ─► BlockFifo ─► Framer ──► PcsTx ─► lanes
//!                         ▲ message, hold                ▲ plan
//!                         Control: LaneReport, MessageReader, LanePlanner, LinkState
//!                         │ set                          │ what is seen
//!  rx ◄─ MacRx: FrameUnpacker ◄─ BlockFifo ◄─ Admission ◄─ FrameParser ◄── PcsRx ◄─ lanes
//! ```
//!
//! One part a file, named after the block of the RTL that it follows, and compared with that block alone by a test of its
//! own. A part's outputs follow from its registers; `cycle` takes the inputs of a cycle and does its clock edge, and returns
//! what followed from both. Blocks are 64 bits in a `u64`, lanes are bits of a `u16`. Sizes are numbers, so that one
//! program serves every link.

#![allow(
    clippy::struct_excessive_bools,
    reason = "one a flip-flop, or one a pin"
)]

mod admission;
mod block_reader;
mod control;
mod fault_monitor;
mod frame_block;
mod frame_packer;
mod frame_parser;
mod frame_unpacker;
mod framer;
mod lane_planner;
mod lane_report;
mod link_state;
mod mac_rx;
mod mac_tx;
mod message;
mod pcs_tx;
#[cfg(test)]
mod testbench;

/// Half a block from the PCS, or a whole one at 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RxHalf {
    /// 32 or 64 bits.
    pub data: u64,
    /// It is of a control block.
    pub control: bool,
    /// It is the block's first half.
    pub first: bool,
    /// The header was neither, or the block is lost.
    pub bad: bool,
}
