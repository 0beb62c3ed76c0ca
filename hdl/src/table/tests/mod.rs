//! Tests of the MAC table and its blocks: each against a naive reference, and against its exported Verilog.

#![allow(
    clippy::print_stdout,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    reason = "figures, to read with --nocapture; pins"
)]

mod mac_table;
