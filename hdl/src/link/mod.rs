//! One port's link: MAC and PCS, and the control that keeps both ends of one mind about lanes, width and state.
//!
//! `docs/link.md` describes it whole, `docs/oei.md` the interface to the optical engine.

mod blind_guess;
mod config;
mod features;
mod lane_planner;
mod lane_report;
mod lane_view;
#[allow(
    clippy::module_inception,
    reason = "one block a file, named after the block"
)]
mod link;
mod link_control;
mod link_state;
pub mod message;
mod message_choice;
mod message_reader;
mod message_writer;
mod plan_choice;
mod ports;
#[cfg(test)]
mod tests;

pub use blind_guess::BlindGuess;
pub use config::{LinkConfig, DEFAULT_MARKER_PERIOD};
pub use features::Features;
pub use lane_planner::LanePlanner;
pub use lane_report::LaneReport;
pub use lane_view::LaneView;
pub use link::{Link, LinkOptions};
pub use link_control::{LinkControl, Times};
pub use link_state::{reason, LinkState};
pub use message_choice::MessageChoice;
pub use message_reader::MessageReader;
pub use message_writer::MessageWriter;
pub use plan_choice::PlanChoice;
pub use ports::{LinkCounters, LinkStatus, OeiPort};
