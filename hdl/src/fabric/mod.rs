//! The fabric: frames from `PORTS` ingresses to `PORTS` egresses, a queue for every pair, every egress on its own.
//!
//! ```text
//!   Fabric | FabricMc
//!     RouteIndex | RouteMask   one an ingress: which queues take a copy
//!     Matrix
//!       Gate                   one an ingress: follows frames, closes bad ones
//!         KeepCode GapTimer
//!       Column                 one an egress
//!         Crosspoint           one an ingress: the queue
//!           QueueRam
//!         Arbiter BeatMux KeepUnpack
//! ```

pub mod arbiter;
pub mod beat;
#[allow(
    clippy::used_underscore_binding,
    reason = "rust-hdl's derive skips fields that are not signals by their underscore"
)]
pub mod beat_mux;
pub mod column;
pub mod crosspoint;
pub mod gap_timer;
pub mod gate;
pub mod keep_code;
pub mod keep_unpack;
pub mod matrix;
mod multicast;
#[allow(
    clippy::used_underscore_binding,
    reason = "rust-hdl's derive skips fields that are not signals by their underscore"
)]
pub mod queue_ram;
pub mod route;
#[cfg(test)]
mod tests;
mod unicast;

pub use multicast::FabricMc;
pub use unicast::Fabric;
