//! Tests of the ingress and its blocks: each against a naive reference, and against its exported Verilog.

#![allow(
    clippy::print_stdout,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    reason = "seeds, to read when a test fails; pins"
)]

mod beat_stages;
mod bench;
mod decision;
mod frame_crc;
mod frame_guard;
mod header;
mod ingress;
mod keep_check;
mod learner;
mod lookahead;
mod patch;
mod stage;
mod stomp;
mod verdict;
