//! Tests of the MAC table and its blocks: each against a naive reference, and against its exported Verilog.

#![allow(
    clippy::print_stdout,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    reason = "figures, to read with --nocapture; pins"
)]

mod bench;
mod entry_match;
mod epoch_clock;
mod learn;
mod learn_turn;
mod lookup;
mod lookup_answer;
mod mac_table;
mod maintenance;
mod operation;
mod operation_pipeline;
mod read_collision;
mod set_compare;
mod set_decision;
mod set_update;
mod way_choice;
