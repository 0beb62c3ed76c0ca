//! Cycle-accurate simulation of the lightswitch core.
//!
//! ```text
//!  traffic ─► stimulus ─┐                                       ┌─► flows, measure ─► simulate::Report
//!                       ├─► bench ◄─► engine (model, rtl, …) ───┤
//!  capture ─────────────┘      one call a cycle                 └─► replay::Report, one capture an egress
//! ```
//!
//! An [`engine::Engine`] is one switch that is offered beats and gives beats, one call a cycle. A [`bench::Bench`] plays
//! frames into it and puts frames together again; a [`bench::Scenario`] says which frames, and judges what comes out.

#![allow(
    clippy::cast_precision_loss,
    reason = "figures for people; no run reaches 2^53 beats"
)]

pub mod beat;
pub mod bench;
pub mod capture;
pub mod completion;
pub mod engine;
mod error;
pub mod flows;
pub mod frame;
pub mod ledger;
pub mod link;
pub mod lockstep;
pub mod measure;
pub mod model;
pub mod naive;
pub mod occupancy;
pub mod optics;
pub mod pins;
pub mod port_mask;
pub mod readiness;
pub mod reference;
pub mod replay;
pub mod rng;
pub mod rtl;
pub mod simulate;
pub mod stimulus;
pub mod study;
pub mod traffic;
pub mod verilated;
pub mod wave;

pub use error::Error;
pub use port_mask::PortMask;
