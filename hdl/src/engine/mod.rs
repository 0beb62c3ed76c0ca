//! What carries a link's lanes: the emulated engine, and the gearboxes that it shares with any engine with serial lanes.
//!
//! ```text
//!   EmulatedEngine
//!     GearboxTx     one a lane: blocks to words
//!       Funnel
//!     LaneSwap
//!     ErrorSource
//!     FiberLane     one a lane: delay and faults
//!       LutRam
//!     GearboxRx     one a lane: words to blocks, with bit slip
//!       Funnel
//! ```
//!
//! The port is described in `docs/oei.md`. Its twin on streams of bits is `sim::link`.

pub mod emulated_engine;
pub mod error_source;
pub mod fiber_lane;
pub mod funnel;
pub mod gearbox_rx;
pub mod gearbox_tx;
pub mod lane_swap;
#[cfg(test)]
mod tests;

pub use emulated_engine::EmulatedEngine;

/// Bits of payload in a block.
pub const PAYLOAD_BITS: usize = 64;
