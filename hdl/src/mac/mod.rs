//! The media access control sublayer of a link: frames on AXI4-Stream to 66-bit blocks, and back.
//!
//! `docs/link.md` describes it whole. Frames bring their FCS; the MAC makes and takes what stands between frames.

mod admission;
mod block_fifo;
mod block_reader;
mod end_block;
mod fault_monitor;
mod frame_check;
mod frame_damage;
mod frame_gate;
mod frame_packer;
mod frame_parser;
mod frame_unpacker;
mod framer;
mod gap;
mod lossless_rx;
mod mac_rx;
mod mac_tx;
mod next_block;
mod plain_rx;
mod ports;
mod position_check;
mod receive_buffer;
mod report_writer;
mod retry_rx;
mod start_reader;
#[cfg(test)]
mod tests;
mod turn;

pub use admission::Admission;
pub use block_fifo::BlockFifo;
pub use block_reader::BlockReader;
pub use end_block::EndBlock;
pub use fault_monitor::FaultMonitor;
pub use frame_check::FrameCheck;
pub use frame_damage::FrameDamage;
pub use frame_gate::FrameGate;
pub use frame_packer::FramePacker;
pub use frame_parser::FrameParser;
pub use frame_unpacker::FrameUnpacker;
pub use framer::Framer;
pub use gap::Gap;
pub use lossless_rx::LosslessRx;
pub use mac_rx::MacRx;
pub use mac_tx::{start_blocks, MacTx};
pub use next_block::NextBlock;
pub use plain_rx::PlainRx;
pub use ports::{FrameBlockSink, FrameBlockSource, RxBlocks, TxBlocks};
pub use position_check::PositionCheck;
pub use receive_buffer::ReceiveBuffer;
pub use report_writer::ReportWriter;
pub use retry_rx::RetryRx;
pub use start_reader::StartReader;
pub use turn::Turn;
