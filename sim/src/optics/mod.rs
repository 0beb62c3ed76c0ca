//! The optical link in the simulated switch, to the cycle: link, optical engine, fiber, and the switch with a link on every port.
//!
//! ```text
//!   client beats ─► LinkEngine ─► Lanes ─► Fiber ─► Lanes ─► LinkEngine ─► client beats
//!                   (rtl, verilated, model)
//! ```
//!
//! [`link`](crate::link) is the same link on bit streams, functional and not to the cycle.

mod fiber;
#[cfg(test)]
#[allow(dead_code, reason = "the parts are there, the whole is not")]
mod model;
mod pins;

pub use fiber::{Faults, Fiber, FiberIn, FiberOut};
pub use pins::{Lanes, LinkIn, LinkOut, LinkPulses, LinkStatus, MAX_LANES, PULSES};

use crate::Error;

/// One simulated link.
pub trait LinkEngine {
    /// What it is called: `rtl`, `verilated`, `model`.
    fn name(&self) -> &'static str;

    /// The outputs of this cycle.
    fn outputs(&self) -> &LinkOut;

    /// The clock edge that ends this cycle, with these inputs.
    ///
    /// # Errors
    /// [`Error::Engine`] if the engine fails.
    fn cycle(&mut self, inputs: &LinkIn) -> Result<(), Error>;
}
