//! Tests of the engine's blocks: each against streams of bits, and against its exported Verilog.

#![allow(
    clippy::needless_range_loop,
    reason = "a lane's number indexes ports and lists alike"
)]

mod emulated_engine;
mod error_source;
mod fiber_lane;
mod gearbox;
mod lane_swap;
