//! The lightswitch RTL: a multi-port cut-through Ethernet switch core, described in rust-hdl.
//!
//! One block a file, one folder a part of a frame's way. [`export`] prints any block as Verilog-2005;
//! its tops are listed there.
//!

pub mod config;
pub mod cosim;
pub mod export;
pub mod ingress;
pub mod prelude;
pub mod stream;
