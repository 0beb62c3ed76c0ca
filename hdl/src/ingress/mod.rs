//! A port's ingress: checks frames, decides where they go, and hands them to the fabric.
//!
//! [`Ingress`] is the whole; every other block here is a part of it.

mod beat_stages;
pub mod crc32;
mod decision;
mod frame_crc;
mod frame_guard;
mod header;
#[allow(
    clippy::module_inception,
    reason = "one block a file, named after the block"
)]
mod ingress;
mod keep_check;
mod learner;
mod linear_map;
mod lookahead;
mod patch;
mod stage;
mod stomp;
mod verdict;

pub use beat_stages::BeatStages;
pub use decision::Decision;
pub use frame_crc::FrameCrc;
pub use frame_guard::FrameGuard;
pub use header::Header;
pub use ingress::Ingress;
pub use keep_check::KeepCheck;
pub use learner::Learner;
pub use linear_map::LinearMap;
pub use lookahead::Lookahead;
pub use patch::Patch;
pub use stage::Stage;
pub use stomp::Stomp;
pub use verdict::Verdict;

#[cfg(test)]
mod tests;
