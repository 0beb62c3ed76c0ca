//! What a run is played from: frames of every ingress and readiness of every egress.

use crate::readiness::Turns;
use crate::traffic::{Plan, Spec, Traffic};

/// The stimulus of one run.
#[derive(Clone, Debug)]
pub struct Stimulus {
    traffic: Traffic,
    turns: Vec<Turns>,
}

impl Stimulus {
    /// The frames of `traffic`, planned from `spec` for `ports` ports, and the back-pressure of `spec`.
    #[must_use]
    pub fn planned(traffic: Traffic, spec: &Spec, ports: usize) -> Self {
        Self {
            traffic,
            turns: spec.back_pressure.turns(ports, spec.cycles, spec.seed),
        }
    }

    /// The next frame of `ingress`, or `None` if it has sent its last.
    #[inline]
    pub fn next(&mut self, ingress: usize) -> Option<Plan> {
        self.traffic.next(ingress)
    }

    /// When the egresses are ready, from the first cycle of the traffic on; handed out once.
    pub fn take_turns(&mut self) -> Vec<Turns> {
        std::mem::take(&mut self.turns)
    }
}
