//! The `model` of a link: its registers as plain numbers, the same as the RTL on every pin in every cycle.
//!
//! ```text
//!  tx ─► MacTx: FramePacker ─► BlockFifo or LosslessTx ─► Framer ─► PcsTx ─► lanes
//!                         ▲ message, hold, report             ▲ plan
//!                         Control: LaneReport, MessageReader, LanePlanner, LinkState
//!                         │ set                               │ what is seen
//!  rx ◄─ MacRx: FrameUnpacker ◄─ BlockFifo or LosslessRx ◄─ FrameParser ◄─ PcsRx ◄─ lanes
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
mod blind_guess;
mod block_lock;
mod block_reader;
mod control;
mod deskew_fifo;
mod fault_monitor;
mod frame_block;
mod frame_check;
mod frame_packer;
mod frame_parser;
mod frame_unpacker;
mod framer;
mod gather;
mod lane_choice;
mod lane_planner;
mod lane_report;
mod lane_rx;
mod lane_scan;
mod link_state;
mod lossless_rx;
mod lossless_tx;
mod mac_rx;
mod mac_tx;
mod marker_lock;
mod message;
mod monitors;
mod pcs_rx;
mod pcs_tx;
mod receive_buffer;
mod replay_ring;
mod retry_rx;
mod retry_tx;
#[cfg(test)]
mod testbench;

/// Bits of a place in the rings of a lossless link, as in every link of `lightswitch_hdl::tops`.
const RING_W: usize = 9;

/// Half a block from the PCS, or a whole one at 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RxHalf {
    /// 32 or 64 bits.
    data: u64,
    /// It is of a control block.
    control: bool,
    /// It is the block's first half.
    first: bool,
    /// The header was neither, or the block is lost.
    bad: bool,
}
