//! What a run is played from: frames of every ingress and readiness of every egress, planned or recorded.
//!
//! ```text
//!  Spec ─► Traffic, Turns ─┬──────────────────────────────► Stimulus ─► Flows, Bench
//!                          └─► record ─► file ─► Recording ────┘
//! ```
//!
//! A recording is made of the plan alone; no engine takes part. Its format is described in `docs/stimulus.md`.

mod format;
mod read;
mod write;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

use self::read::Playback;
pub use self::read::Recording;
pub use self::write::{record, save};
use crate::engine::Settings;
use crate::readiness::Turns;
use crate::traffic::{Plan, Spec, Traffic};

/// What a recording was made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The configuration.
    pub config: &'static Config,
    /// The switch or a fabric.
    pub top: Top,
    /// How the `cfg_*` pins stand.
    pub settings: Settings,
    /// What was planned.
    pub spec: Spec,
}

/// The stimulus of one run.
#[derive(Clone, Debug)]
pub struct Stimulus {
    frames: Frames,
    turns: Vec<Turns>,
}

#[derive(Clone, Debug)]
enum Frames {
    Planned(Traffic),
    Recorded(Playback),
}

impl Stimulus {
    /// The frames of `traffic`, planned from `spec` for `ports` ports, and the back-pressure of `spec`.
    #[must_use]
    pub fn planned(traffic: Traffic, spec: &Spec, ports: usize) -> Self {
        Self {
            frames: Frames::Planned(traffic),
            turns: spec.back_pressure.turns(ports, spec.cycles, spec.seed),
        }
    }

    /// The next frame of `ingress`, or `None` if it has sent its last.
    #[inline]
    pub fn next(&mut self, ingress: usize) -> Option<Plan> {
        match &mut self.frames {
            Frames::Planned(traffic) => traffic.next(ingress),
            Frames::Recorded(playback) => playback.next(ingress),
        }
    }

    /// When the egresses are ready, from the first cycle of the traffic on; handed out once.
    pub fn take_turns(&mut self) -> Vec<Turns> {
        std::mem::take(&mut self.turns)
    }
}
