//! Tests of the fabric's blocks: each against a naive reference, and against its exported Verilog.

#![allow(
    clippy::print_stdout,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    reason = "seeds, to read when a test fails; pins"
)]

mod arbiter;
mod beat_mux;
mod bench;
mod column;
mod crosspoint;
mod fabric;
mod frame_end;
mod gap_timer;
mod gate;
mod keep;
mod matrix;
mod pulses;
mod queue_ram;
mod route;
mod waiting;
