//! The optical link in the simulated switch, to the cycle: link, optical engine, fiber, and the switch with a link on every port.
//!
//! ```text
//!   client beats ─► LinkEngine ─► Lanes ─► Fiber ─► Lanes ─► LinkEngine ─► client beats
//!                   (rtl, verilated, model)
//! ```
//!
//! [`link`](crate::link) is the same link on bit streams, functional and not to the cycle.

pub mod ber;
pub mod fault;
mod fiber;
mod linked;
pub mod lockstep;
mod model;
mod pins;
mod report;
pub mod rtl;
mod schedule;
pub mod verilated;
mod watch;

pub use fiber::{Faults, Fiber, FiberIn, FiberOut};
pub use lightswitch_hdl::tops::PULSES;
pub use linked::{Linked, Parts};
pub use model::Model;
pub use pins::{Lanes, LinkIn, LinkOut, LinkPulses, LinkStatus, MAX_LANES};
pub use report::{Ends, LinkedReport, Overcome, Seen};
pub use watch::{Down, Outage, Watched};

use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::target::Target;

use crate::engine::EngineKind;
use crate::verilated::Step;
use crate::Error;

/// Builds a link, reset. `progress` hears of each step that takes seconds.
///
/// # Errors
/// [`Error::Invalid`] if the engine knows no links, [`Error::Verilated`] if a tool is missing.
pub fn build_link(
    kind: EngineKind,
    link: &LinkConfig,
    progress: &mut dyn FnMut(&Step),
) -> Result<Box<dyn LinkEngine>, Error> {
    match kind {
        EngineKind::Rtl => rtl::build(link),
        EngineKind::Verilated => verilated::build(link, Target::Generic, progress),
        EngineKind::Model => Ok(Box::new(Model::new(link))),
        EngineKind::Naive | EngineKind::Reference => Err(Error::invalid(
            "the engine",
            kind.name(),
            "model, rtl or verilated for links",
        )),
    }
}

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
