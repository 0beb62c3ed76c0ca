//! The fabric: frames from `PORTS` ingresses to `PORTS` egresses, a queue for every pair, every egress on its own.
//!
//! ```text
//!   Fabric | FabricMc
//!     RouteIndex | RouteMask   one an ingress: which queues take a copy
//!     Pulses                   one an ingress: what is counted
//!     Matrix
//!       Gate                   one an ingress: follows frames, closes bad ones
//!         KeepCode GapTimer
//!       Column                 one an egress
//!         Crosspoint           one an ingress: the queue
//!           QueueRam Waiting
//!         Arbiter BeatMux KeepUnpack
//!           FrameEnd
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
#[allow(
    clippy::used_underscore_binding,
    reason = "rust-hdl's derive skips fields that are not signals by their underscore"
)]
pub mod frame_end;
pub mod gap_timer;
pub mod gate;
pub mod keep_code;
#[allow(
    clippy::used_underscore_binding,
    reason = "rust-hdl's derive skips fields that are not signals by their underscore"
)]
pub mod keep_unpack;
pub mod matrix;
mod multicast;
pub mod pulses;
#[allow(
    clippy::used_underscore_binding,
    reason = "rust-hdl's derive skips fields that are not signals by their underscore"
)]
pub mod queue_ram;
pub mod route_index;
pub mod route_mask;
#[cfg(test)]
mod tests;
mod unicast;
pub mod waiting;

pub use multicast::FabricMc;
pub use unicast::Fabric;
