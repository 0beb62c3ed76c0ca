//! What is measured and against what, a group of rows a file.

mod delay;
mod fabric;
mod head_of_line;
mod incast;
mod matching;
mod output_queueing;
mod packets;

use super::row::Spec;
use super::{Options, FEWEST_SLOTS};

/// Slots of a run unless asked otherwise.
pub const SLOTS: u64 = 150_000;
/// Slots of a quick run.
pub const QUICK_SLOTS: u64 = 4_000;
/// Ports up to which a run takes as many slots as are asked for.
const FULL_PORTS: usize = 64;
/// Independent runs of a random row.
const SAMPLES: usize = 10;
/// Cycles of a run of the product's fabric for each of so many slots of the others.
const FABRIC_SHARE: u64 = 6;
/// Fewest cycles of a run of the product's fabric.
const FEWEST_FABRIC_CYCLES: u64 = 2_000;
/// Independent runs of a random row of the product's fabric.
const FABRIC_SAMPLES: usize = 4;

/// How much is run, from the options.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    options: &'a Options,
}

impl Plan<'_> {
    /// The port counts of a family of rows: those asked for, else `usual`.
    fn ports(self, usual: &[usize]) -> Vec<usize> {
        if self.options.ports.is_empty() {
            usual.to_vec()
        } else {
            self.options.ports.clone()
        }
    }

    /// Whether rows about so many ports are wanted, where the reference exists for no others.
    fn wants(self, ports: usize) -> bool {
        self.options.ports.is_empty() || self.options.ports.contains(&ports)
    }

    /// Slots of a run of `ports` ports. Beyond [`FULL_PORTS`] more ports need fewer slots for as many cells.
    fn slots(self, ports: usize) -> u64 {
        let slots = self.options.slots();
        if ports <= FULL_PORTS {
            return slots;
        }
        (slots * FULL_PORTS as u64 / ports as u64).max(FEWEST_SLOTS)
    }

    /// Cycles of a run of the product's fabric.
    fn fabric_cycles(self) -> u64 {
        (self.options.slots() / FABRIC_SHARE).max(FEWEST_FABRIC_CYCLES)
    }

    /// What is tolerated for chance in runs of the product's fabric, if it is `chance` for runs of [`SLOTS`].
    fn fabric_chance(self, chance: f64) -> f64 {
        let usual = SLOTS / FABRIC_SHARE;
        chance * (usual as f64 / self.fabric_cycles() as f64).sqrt()
    }

    /// What is tolerated for chance in runs of `ports` ports, if it is `chance` for runs of [`SLOTS`].
    fn chance(self, chance: f64, ports: usize) -> f64 {
        chance * (SLOTS as f64 / self.slots(ports) as f64).sqrt()
    }
}

/// Slots until a queue that gets `load` cells a slot has forgotten that it was empty, generously.
fn settling(load: f64) -> f64 {
    3.0 / (1.0 - load).powi(2)
}

/// Every row that the options allow, `only` aside.
#[must_use]
pub fn all(options: &Options) -> Vec<Spec> {
    let plan = Plan { options };
    [
        head_of_line::rows(plan),
        output_queueing::rows(plan),
        matching::rows(plan),
        delay::rows(plan),
        packets::rows(plan),
        incast::rows(plan),
        fabric::rows(plan),
    ]
    .into_iter()
    .flatten()
    .collect()
}
