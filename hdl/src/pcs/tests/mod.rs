//! Tests of the PCS and its blocks: each against a naive reference, and against its exported Verilog.

#![allow(
    clippy::print_stdout,
    reason = "seeds and measured times, to read when a test fails"
)]

mod beat_parity;
mod lane_plan;
mod lanes;
mod link;
mod marker_insert;
mod parity_ring;
mod pcs_rx;
mod pcs_tx;
mod scrambler;
mod serializer;
mod slot_timer;
mod spare_stage;
