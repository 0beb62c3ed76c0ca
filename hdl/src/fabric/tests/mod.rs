//! Tests of the fabric's blocks: each against a naive reference, and against its exported Verilog.

mod arbiter;
mod beat_mux;
mod bench;
mod column;
mod crosspoint;
mod fabric;
mod gap_timer;
mod gate;
mod keep;
mod queue_ram;
mod route;
