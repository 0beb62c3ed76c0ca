//! Tests of the ingress and its blocks: each against a naive reference, and against its exported Verilog.

#![allow(
    clippy::print_stdout,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    reason = "seeds, to read when a test fails; pins"
)]

mod ingress;
