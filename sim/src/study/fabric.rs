//! The product's own fabric, measured through an engine's pins: what it carries, how long frames wait, and how long a
//! frame takes through several of them in a row.
//!
//! ```text
//!  Frames ─► Bench ◄─► fabric          source ─► fabric 1 ─► fabric 2 ─► ... ─► sink
//! ```

use std::collections::VecDeque;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

use super::packets::Forwarding;
use super::slotted::Window;
use crate::bench::{Bench, Planned, Scenario};
use crate::engine::{self, Cause, Engine, EngineKind, Outcome, Settings};
use crate::frame::{self, Received};
use crate::port_mask::PortMask;
use crate::rng::{Probability, Rng};
use crate::Error;

/// Cycles after which a run is given up that does not come to its end.
const PATIENCE_CYCLES: u64 = 1_000_000;
/// Shortest frame: source, destination and number.
const HEADER_BYTES: usize = 8;

/// A fabric with `tdest` as an index, lossless.
fn build(
    kind: EngineKind,
    config: &Config,
    forwarding: Forwarding,
) -> Result<Box<dyn Engine>, Error> {
    let settings = Settings {
        store_and_forward: match forwarding {
            Forwarding::CutThrough => Vec::new(),
            Forwarding::StoreAndForward => vec![PortMask::first(config.ports); config.ports],
        },
        gap_limit: 0,
        ..Settings::default()
    };
    engine::build_top(kind, config, Top::Fabric, &settings)
}

/// What the sources do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Demand {
    /// The next frame waits at every ingress, for any egress alike.
    Uniform,
    /// The next frame waits at every ingress, always for the egress one further on.
    Permutation,
    /// Frames of one beat at this load, independently in every cycle, for any egress alike.
    Bernoulli(f64),
    /// From cycle 0 on the first `senders` ingresses send `frames` frames each, back to back, to egress 0.
    Incast {
        /// Ingresses that send.
        senders: usize,
        /// Frames of each.
        frames: u64,
    },
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes {
    /// Beats per egress and cycle that left in the window.
    pub throughput: f64,
    /// Cycles from the first offer of a frame's first beat to its leaving, on average over those offered in the window.
    pub mean_latency: f64,
    /// Per ingress, the cycle behind the one in which its last beat left.
    pub finished: Vec<u64>,
    /// Frames that left.
    pub frames: u64,
    /// Frames whose first beat was not taken at once.
    pub held_up: u64,
    /// Frames lost, changed, poisoned, out of order, or at the wrong egress.
    pub violations: u64,
}

/// Runs the fabric of `config` on frames of `bytes` bytes, warm-up and window, a slot being a cycle, and until it is empty.
///
/// # Errors
/// [`Error::Engine`] and [`Error::Stuck`] from the engine and the bench.
pub fn run(
    kind: EngineKind,
    config: &Config,
    demand: Demand,
    bytes: usize,
    window: Window,
    rng: Rng,
) -> Result<Outcomes, Error> {
    let mut engine = build(kind, config, Forwarding::CutThrough)?;
    let mut bench = Bench::new(engine.as_ref());
    let mut frames = Frames::new(config, demand, bytes, window, rng);
    let (begin, end) = (window.warm_up, window.warm_up + window.slots);
    let mut given = 0;
    while bench.cycle < end || frames.sent > frames.arrived || bench.is_busy() {
        if bench.cycle > end + PATIENCE_CYCLES {
            break;
        }
        let before: u64 = bench.given_beats.iter().sum();
        let is_counted = (begin..end).contains(&bench.cycle);
        bench.step(engine.as_mut(), &mut frames)?;
        if is_counted {
            given += bench.given_beats.iter().sum::<u64>() - before;
        }
    }
    let dropped = bench.counts.total(Cause::DropFull);
    let lost = frames.sent.abs_diff(frames.arrived);
    Ok(Outcomes {
        throughput: given as f64 / (config.ports as u64 * window.slots) as f64,
        mean_latency: frames.waited as f64 / frames.counted.max(1) as f64,
        finished: frames.finished,
        frames: frames.arrived,
        held_up: frames.held_up,
        violations: frames.violations + lost + dropped,
    })
}

/// The frames of a run, from their offer to their leaving.
struct Frames {
    ports: usize,
    beats: u64,
    bytes: usize,
    demand: Demand,
    /// The first cycle of the window, and the one behind it.
    begin: u64,
    end: u64,
    start: Probability,
    rng: Rng,
    /// Per ingress: the first cycle in which its next frame could start, and frames planned.
    clock: Vec<u64>,
    planned: Vec<u64>,
    /// Per (ingress, egress): frames planned, and the cycles in which those inside were offered, with their number.
    numbers: Vec<u64>,
    inside: Vec<VecDeque<(u64, u64)>>,
    /// Per ingress: the pair of its current frame, and when that was offered.
    current: Vec<(usize, u64)>,
    held_up: u64,
    sent: u64,
    arrived: u64,
    /// Frames offered in the window, and the cycles they took.
    counted: u64,
    waited: u64,
    finished: Vec<u64>,
    violations: u64,
}

impl Frames {
    fn new(config: &Config, demand: Demand, bytes: usize, window: Window, rng: Rng) -> Self {
        let ports = config.ports;
        Self {
            ports,
            beats: frame::beats(bytes, config.beat_bytes()) as u64,
            bytes: bytes.max(HEADER_BYTES),
            demand,
            begin: window.warm_up,
            end: window.warm_up + window.slots,
            start: Probability::new(match demand {
                Demand::Bernoulli(load) => load,
                _ => 1.0,
            }),
            rng,
            clock: vec![0; ports],
            planned: vec![0; ports],
            numbers: vec![0; ports * ports],
            inside: vec![VecDeque::new(); ports * ports],
            current: vec![(0, 0); ports],
            held_up: 0,
            sent: 0,
            arrived: 0,
            counted: 0,
            waited: 0,
            finished: vec![0; ports],
            violations: 0,
        }
    }

    /// The bytes of frame `number` of a pair; no two are alike.
    fn frame(&self, pair: usize, number: u64) -> Vec<u8> {
        let mut bytes = vec![(pair / self.ports) as u8, (pair % self.ports) as u8];
        let header = number.to_le_bytes();
        bytes.extend_from_slice(&header[..HEADER_BYTES - bytes.len()]);
        let mut word = number ^ (pair as u64) << 32;
        while bytes.len() < self.bytes {
            word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            bytes.extend_from_slice(&word.to_be_bytes()[..4]);
        }
        bytes.truncate(self.bytes);
        bytes
    }
}

impl Scenario for Frames {
    fn next_frame(&mut self, ingress: usize, cycle: u64) -> Option<Planned> {
        let clock = &mut self.clock[ingress];
        let (start, egress) = match self.demand {
            Demand::Uniform => (cycle, self.rng.below(self.ports as u32) as usize),
            Demand::Permutation => (cycle, (ingress + 1) % self.ports),
            Demand::Bernoulli(_) => {
                while *clock < self.end && !self.rng.chance(self.start) {
                    *clock += 1;
                }
                (*clock, self.rng.below(self.ports as u32) as usize)
            }
            Demand::Incast { senders, frames } => {
                if ingress >= senders || self.planned[ingress] == frames {
                    return None;
                }
                (cycle, 0)
            }
        };
        if start >= self.end {
            return None;
        }
        *clock = start + self.beats;
        let pair = ingress * self.ports + egress;
        let number = self.numbers[pair];
        self.numbers[pair] += 1;
        self.planned[ingress] += 1;
        self.current[ingress] = (pair, start);
        Some(Planned {
            id: number,
            start,
            bytes: self.frame(pair, number),
            poisoned: false,
            dest: PortMask::from(egress as u64),
        })
    }

    fn begun(&mut self, ingress: usize, id: u64, cycle: u64) {
        self.sent += 1;
        self.current[ingress].1 = cycle;
        self.inside[self.current[ingress].0].push_back((id, cycle));
    }

    fn entered(&mut self, ingress: usize, cycle: u64) {
        self.held_up += u64::from(cycle > self.current[ingress].1);
    }

    fn ended(&mut self, _ingress: usize, _id: u64, _cycle: u64) {}

    fn received(&mut self, egress: usize, received: &Received) -> Result<(), Error> {
        let source = received.bytes.first().copied().unwrap_or_default();
        let ingress = usize::from(source).min(self.ports - 1);
        let pair = ingress * self.ports + egress;
        let Some((number, offered)) = self.inside[pair].pop_front() else {
            self.violations += 1;
            return Ok(());
        };
        let is_right = !received.poisoned
            && received.well_formed
            && received.bytes == self.frame(pair, number);
        self.violations += u64::from(!is_right);
        self.arrived += 1;
        if offered >= self.begin {
            self.counted += 1;
            self.waited += received.first_cycle - offered;
        }
        self.finished[ingress] = received.last_cycle + 1;
        Ok(())
    }
}

/// Cycles that one frame of `beats` beats takes through `fabrics` idle fabrics in a row, the egress pins of one being the
/// ingress pins of the next: from the offer of its first beat to the end of the cycle in which its last one leaves.
///
/// # Errors
/// [`Error::Engine`] from the engine, [`Error::Stuck`] if the frame does not arrive, whole and unchanged.
pub fn chain(
    kind: EngineKind,
    config: &Config,
    forwarding: Forwarding,
    fabrics: usize,
    beats: usize,
) -> Result<u64, Error> {
    let mut engines = (0..fabrics)
        .map(|_| build(kind, config, forwarding))
        .collect::<Result<Vec<_>, Error>>()?;
    let ports = config.ports;
    let bytes: Vec<u8> = (0..beats * config.beat_bytes())
        .map(|byte| byte as u8)
        .collect();
    let ready = vec![true; ports];
    let mut outcome = Outcome::new(ports);
    let mut arrived = Vec::new();
    let mut sent = 0;
    for cycle in 0..PATIENCE_CYCLES {
        // The frame comes in at port 0 and leaves at the last one, which is wired to port 0 of the next fabric.
        let mut wire =
            (sent < beats).then(|| frame::beat(&bytes, sent, config.beat_bytes(), false));
        for (hop, engine) in engines.iter_mut().enumerate() {
            let mut offered = vec![None; ports];
            offered[0] = wire.map(|beat| crate::beat::Beat {
                dest: ports as u64 - 1,
                ..beat
            });
            engine.cycle(&offered, &ready, &mut outcome)?;
            if offered[0].is_some() && !outcome.ingress_ready[0] {
                return Err(Error::Stuck {
                    idle: 0,
                    cycle,
                    waiting: format!("fabric {hop} of an idle chain is not ready"),
                });
            }
            sent += usize::from(hop == 0 && offered[0].is_some());
            wire = outcome.egress[ports - 1];
        }
        if let Some(beat) = wire {
            arrived.extend_from_slice(beat.bytes());
            if beat.last && arrived == bytes {
                return Ok(cycle + 1);
            }
        }
    }
    Err(Error::Stuck {
        idle: PATIENCE_CYCLES,
        cycle: PATIENCE_CYCLES,
        waiting: format!("{} of {} bytes arrived", arrived.len(), bytes.len()),
    })
}
