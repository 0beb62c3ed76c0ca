//! The lightswitch RTL: a multi-port cut-through Ethernet switch core, described in rust-hdl.
//!
//! One block a file, one folder a part of a frame's way: [`ingress`] and [`mod@table`] decide where a frame goes, the
//! [`fabric`] takes it there, and the [`mod@switch`] is the three wired together. [`tops`] lists what is exported, [`export`] prints it as Verilog-2005, and [`cosim`]
//! compares the Verilog with the block, pin by pin and cycle by cycle.

extern crate self as lightswitch_hdl; // the derived code's paths start with it

pub mod config;
pub mod cosim;
pub mod ecp5;
pub mod engine;
pub mod evaluate;
pub mod export;
pub mod fabric;
pub mod ingress;
pub mod link;
pub mod lut_ram;
pub mod mac;
pub mod pcs;
pub mod prelude;
pub mod stream;
pub mod switch;
pub mod table;
pub mod target;
#[cfg(test)]
mod testbench;
pub mod tools;
pub mod tops;
pub mod verilator;
