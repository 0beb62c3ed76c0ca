//! The 4x64 switch, as RTL, in all that can go wrong around it: bad frames through switches in a row, sources that
//! stop, egresses that stall. What goes wrong at one port must not be felt at another.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod contract;
mod fabric;
mod isolation;
mod rig;
mod row;
mod soak;
