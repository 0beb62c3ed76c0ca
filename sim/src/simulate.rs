//! Runs generated traffic through a switch, or a fabric, and reports what came of it.
//!
//! ```text
//!  learning │ warm-up │ window: loads, latency, fairness │ drain
//!  ─────────┼─────────┼──────────────────────────────────┼───────► cycles
//!           0     cycles/10                            cycles
//! ```

use std::collections::{BTreeMap, HashMap, VecDeque};

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use serde::Serialize;

use crate::bench::{BackPressure, Bench, Planned, Scenario, STUCK_CYCLES};
use crate::engine::{Cause, Engine, Pulse};
use crate::frame::{self, Received};
use crate::measure::{self, Latency, Summary};
use crate::rng::Probability;
use crate::traffic::{Spec, Stamp, Traffic};
use crate::Error;

/// Cycles the switch is left alone after a learning frame and before a run ends, so that whatever it still does shows.
const QUIET_CYCLES: u64 = 256;
/// Cycles after which a drain is given up at the latest.
const DRAIN_LIMIT_CYCLES: u64 = 10_000_000;
/// Cycles between two calls of the progress callback.
const PROGRESS_CYCLES: u64 = 512;
/// Cycles after which the switch counts a frame that went on to the queue of its egress.
pub const ACCEPTED_AFTER_CYCLES: u64 = 1;
/// Share of the offered beats that may wait outside before a point counts as saturated.
const SATURATED_SHARE: f64 = 0.005;

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The frames.
    pub traffic: Spec,
    /// Cycles in which frames are offered, warm-up included.
    pub cycles: u64,
    /// Probability that a source pauses for a cycle in front of a beat inside a frame.
    pub pause: f64,
    /// How ready the egresses are.
    pub back_pressure: BackPressure,
}

/// What came of a run. The names are those of the JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the configuration.
    pub config: String,
    /// What was simulated: the switch or a fabric.
    pub top: String,
    /// Name of the simulation engine.
    pub engine: String,
    /// Seed of the traffic.
    pub seed: u64,
    /// The pattern of the traffic.
    pub traffic: String,
    /// The frame size asked for.
    pub frame: String,
    /// The load asked for.
    pub load: f64,
    /// Lossy or lossless: drops are possible only in lossy mode.
    pub lossy: bool,
    /// All cycles simulated: learning, warm-up, window and drain.
    pub simulated_cycles: u64,
    /// Cycles of warm-up in front of the window.
    pub warm_up_cycles: u64,
    /// Processor time of the whole run.
    pub cpu_seconds: f64,
    /// Beats the sources planned in the window, per port and cycle.
    pub offered_load: f64,
    /// Beats that left in the window, per port and cycle.
    pub accepted_load: f64,
    /// Frames that were offered.
    pub sent_frames: u64,
    /// Unpoisoned copies that arrived, unchanged, where they were to go.
    pub delivered_frames: u64,
    /// Copies dropped for want of room and counted by the switch.
    pub dropped_frames: u64,
    /// Copies that are neither delivered nor counted anywhere.
    pub lost_frames: u64,
    /// Frames that left unpoisoned with other bytes than they entered with, or with none of ours.
    pub corrupted_frames: u64,
    /// Frames that left behind a later one of the same pair.
    pub reordered_frames: u64,
    /// Frames that left a second time.
    pub duplicated_frames: u64,
    /// Copies that left poisoned.
    pub poisoned_frames: u64,
    /// Copies that left at another port than the one they were for, because its address was not known.
    pub flooded_copies: u64,
    /// The sources fell behind, or copies were dropped, by more than 0.5 % of the beats offered in the window.
    pub saturated: bool,
    /// From the edge at which a frame's first beat is first offered to the edge at which it leaves; unpoisoned frames
    /// first offered in the window.
    pub latency_cycles: Summary,
    /// From the edge at which a frame's first beat is first offered to the edge at which its last beat leaves.
    pub last_latency_cycles: Summary,
    /// From the edge at which a frame's first beat is taken to the edge at which the switch hands it to the queue of its
    /// egress: the lookup, and any wait for room; frames taken in the window. `None` for a fabric.
    pub lookup_latency_cycles: Option<Summary>,
    /// Jain's index of the beats of each ingress that left in the window.
    pub jain_index: f64,
    /// What the statistics pins counted, by cause.
    pub causes: BTreeMap<&'static str, u64>,
}

impl Report {
    /// Whether every copy is delivered or counted once, unchanged and in order.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.lost_frames == 0
            && self.corrupted_frames == 0
            && self.reordered_frames == 0
            && self.duplicated_frames == 0
            && self.poisoned_frames == 0
    }
}

/// Resets `engine` and runs `plan` on it. `progress` hears the cycles done and the cycles planned.
///
/// # Errors
/// [`Error::Invalid`] if the plan does not fit the configuration, [`Error::NotLearned`] and [`Error::Stuck`] if the switch
/// does not do its work, [`Error::Engine`] from the engine.
pub fn run(
    engine: &mut dyn Engine,
    config: &Config,
    lossy: bool,
    plan: &Plan,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Error> {
    let started = measure::cpu_seconds();
    if plan.cycles < 100 {
        return Err(Error::invalid(
            "the number of cycles",
            plan.cycles,
            "100 or more",
        ));
    }
    if !(0.0..1.0).contains(&plan.pause) {
        return Err(Error::invalid(
            "the share of pauses",
            plan.pause,
            "0 or more and below 1",
        ));
    }
    check_back_pressure(plan.back_pressure, config.ports)?;
    let top = engine.top();
    let traffic = Traffic::new(plan.traffic, config, top)?;
    engine.reset()?;
    let mut bench = Bench::new(engine, plan.traffic.seed);
    if top == Top::Switch {
        learn(engine, &mut bench)?;
    }

    bench.pause = Probability::new(plan.pause);
    bench.back_pressure = plan.back_pressure;
    let base = bench.cycle;
    let warm_up = plan.cycles / 10;
    let mut flows = Flows::new(traffic, config, top, base, warm_up, plan.cycles);
    let mut at_window = (bench.taken_beats.clone(), bench.given_beats.clone());
    for cycle in 0..plan.cycles {
        if cycle == warm_up {
            at_window = (bench.taken_beats.clone(), bench.given_beats.clone());
        }
        if cycle % PROGRESS_CYCLES == 0 {
            progress(cycle, plan.cycles);
        }
        bench.step(engine, &mut flows)?;
    }
    progress(plan.cycles, plan.cycles);
    let taken = difference(&bench.taken_beats, &at_window.0);
    let given = difference(&bench.given_beats, &at_window.1);
    flows.plan_the_rest();
    drain(engine, &mut bench, &mut flows)?;

    let ports = config.ports;
    let slots = ports as f64 * (plan.cycles - warm_up) as f64;
    let dropped = bench.counts.total(Cause::DropFull);
    let behind = flows.planned_beats.saturating_sub(taken) as f64
        + dropped as f64 * plan.traffic.frame.mean_beats(config.beat_bytes());
    let longest = frame::beats(plan.traffic.frame.bounds().1, config.beat_bytes());
    let tolerated =
        (SATURATED_SHARE * flows.planned_beats as f64).max((2 * ports * longest) as f64);
    let missing = |ingress: usize, egress: usize| {
        let missing = flows.pairs[ingress * ports + egress].missing();
        missing.saturating_sub(bench.counts.dropped(ingress, egress))
    };
    let lost = (0..ports)
        .map(|egress| {
            let missing: u64 = (0..ports).map(|ingress| missing(ingress, egress)).sum();
            missing.saturating_sub(flows.damaged[egress])
        })
        .sum();
    Ok(Report {
        config: config.name.into(),
        top: top.name().into(),
        engine: engine.name().into(),
        seed: plan.traffic.seed,
        traffic: plan.traffic.pattern.name().into(),
        frame: plan.traffic.frame.to_string(),
        load: plan.traffic.load,
        lossy,
        simulated_cycles: bench.cycle,
        warm_up_cycles: warm_up,
        cpu_seconds: measure::cpu_seconds() - started,
        offered_load: flows.planned_beats as f64 / slots,
        accepted_load: given as f64 / slots,
        sent_frames: flows.sent,
        delivered_frames: flows.delivered,
        dropped_frames: dropped,
        lost_frames: lost,
        corrupted_frames: flows.corrupted,
        reordered_frames: flows.reordered,
        duplicated_frames: flows.duplicated,
        poisoned_frames: flows.poisoned,
        flooded_copies: flows.flooded,
        saturated: behind > tolerated,
        latency_cycles: flows.first_latency.summary(),
        last_latency_cycles: flows.last_latency.summary(),
        lookup_latency_cycles: (top == Top::Switch).then(|| flows.lookup_latency.summary()),
        jain_index: measure::jain_index(&flows.window_beats),
        causes: Cause::ALL
            .into_iter()
            .filter(|cause| cause.is_counted_by(top))
            .map(|cause| (cause.name(), bench.counts.total(cause)))
            .collect(),
    })
}

fn difference(now: &[u64], before: &[u64]) -> u64 {
    now.iter().sum::<u64>() - before.iter().sum::<u64>()
}

fn check_back_pressure(back_pressure: BackPressure, ports: usize) -> Result<(), Error> {
    match back_pressure {
        BackPressure::Random(share) if !(0.0..1.0).contains(&share) => Err(Error::invalid(
            "the share of back-pressure",
            share,
            "0 or more and below 1",
        )),
        BackPressure::OnOff(0, _) | BackPressure::One(_, 0, _) => Err(Error::invalid(
            "the number of ready cycles",
            0,
            "1 or more, or nothing ever leaves",
        )),
        BackPressure::OnOff(_, off) | BackPressure::One(_, _, off)
            if u64::from(off) >= STUCK_CYCLES =>
        {
            Err(Error::invalid(
                "the number of cycles not ready",
                off,
                format!("below {STUCK_CYCLES}, or the switch looks stuck"),
            ))
        }
        BackPressure::One(port, ..) if port >= ports => Err(Error::PortOutOfRange { port, ports }),
        _ => Ok(()),
    }
}

/// Makes the address behind every port known, one port after the other, each to one that is known already; only the
/// first frame is flooded.
fn learn(engine: &mut dyn Engine, bench: &mut Bench) -> Result<(), Error> {
    let ports = engine.ports();
    for port in 0..ports {
        let to = (port + ports - 1) % ports;
        let mut lesson = Lesson {
            port,
            to,
            frame: Some(Stamp {
                source: port,
                destination: to,
                sequence: u32::MAX,
                length: frame::MIN_FRAME_BYTES,
            }),
            arrived: false,
        };
        let mut quiet = 0;
        let mut given: u64 = 0;
        while quiet < QUIET_CYCLES {
            bench.step(engine, &mut lesson)?;
            let now = bench.given_beats.iter().sum();
            quiet = if now != given || bench.is_busy() {
                0
            } else {
                quiet + 1
            };
            given = now;
        }
        if !lesson.arrived {
            return Err(Error::NotLearned { port, to });
        }
    }
    Ok(())
}

struct Lesson {
    port: usize,
    to: usize,
    frame: Option<Stamp>,
    arrived: bool,
}

impl Scenario for Lesson {
    fn next_frame(&mut self, ingress: usize, cycle: u64) -> Option<Planned> {
        let stamp = self.frame.take_if(|_| ingress == self.port)?;
        Some(Planned {
            id: 0,
            start: cycle,
            bytes: stamp.frame(),
            poisoned: false,
            dest: 0,
        })
    }

    fn begun(&mut self, _ingress: usize, _id: u64, _cycle: u64) {}

    fn ended(&mut self, _ingress: usize, _id: u64, _cycle: u64) {}

    fn received(&mut self, egress: usize, received: &Received) -> Result<(), Error> {
        let stamp = Stamp::read(&received.bytes, usize::MAX);
        self.arrived |= egress == self.to
            && !received.poisoned
            && stamp
                .is_some_and(|stamp| received.bytes == stamp.frame() && stamp.source == self.port);
        Ok(())
    }
}

/// Lets everything that is inside leave.
fn drain(engine: &mut dyn Engine, bench: &mut Bench, flows: &mut Flows) -> Result<(), Error> {
    let start = bench.cycle;
    let mut idle = 0;
    let mut done = 0;
    let mut given: u64 = bench.given_beats.iter().sum();
    while done < QUIET_CYCLES && idle < STUCK_CYCLES && bench.cycle - start < DRAIN_LIMIT_CYCLES {
        bench.step(engine, flows)?;
        let now = bench.given_beats.iter().sum();
        idle = if now == given { idle + 1 } else { 0 };
        given = now;
        let missing = flows.sent.saturating_sub(flows.settled);
        let accounted = missing <= bench.counts.total(Cause::DropFull);
        done = if accounted && !bench.is_busy() {
            done + 1
        } else {
            0
        };
    }
    Ok(())
}

/// Every frame from its offer to its delivery.
struct Flows {
    traffic: Traffic,
    top: Top,
    ports: usize,
    beat_bytes: usize,
    /// First cycle of the traffic, of the window, and the first cycle after both.
    base: u64,
    window: u64,
    end: u64,
    current: Vec<Option<Stamp>>,
    pairs: Vec<Pair>,
    planned_beats: u64,
    window_beats: Vec<u64>,
    first_latency: Latency,
    last_latency: Latency,
    /// Per ingress, cycles in which the frames entered that the switch has not counted as accepted.
    entered: Vec<VecDeque<u64>>,
    lookup_latency: Latency,
    sent: u64,
    /// Frames of `sent` that arrived in one way or another where they were to go.
    settled: u64,
    /// Per egress, frames that arrived poisoned or corrupted.
    damaged: Vec<u64>,
    delivered: u64,
    corrupted: u64,
    reordered: u64,
    duplicated: u64,
    poisoned: u64,
    flooded: u64,
}

/// The frames of one (source, destination) that have been offered and have not arrived.
#[derive(Clone, Debug, Default)]
struct Pair {
    /// Sequence number and cycle of the first offer, in order.
    outstanding: VecDeque<(u32, u64)>,
    /// Those that a later one has overtaken.
    overtaken: HashMap<u32, u64>,
}

/// How an arriving frame was found among the outstanding ones.
enum Found {
    InOrder(u64),
    Late(u64),
    Never,
}

impl Pair {
    fn take(&mut self, sequence: u32) -> Found {
        let first = self.outstanding.front().map_or(0, |entry| entry.0);
        let ahead = sequence.wrapping_sub(first) as usize;
        if ahead < self.outstanding.len() {
            self.overtaken.extend(self.outstanding.drain(..ahead));
            if let Some((_, offered)) = self.outstanding.pop_front() {
                return Found::InOrder(offered);
            }
        }
        self.overtaken
            .remove(&sequence)
            .map_or(Found::Never, Found::Late)
    }

    fn missing(&self) -> u64 {
        (self.outstanding.len() + self.overtaken.len()) as u64
    }
}

impl Flows {
    fn new(
        traffic: Traffic,
        config: &Config,
        top: Top,
        base: u64,
        warm_up: u64,
        cycles: u64,
    ) -> Self {
        let ports = config.ports;
        Self {
            traffic,
            top,
            ports,
            beat_bytes: config.beat_bytes(),
            base,
            window: base + warm_up,
            end: base + cycles,
            current: vec![None; ports],
            pairs: vec![Pair::default(); ports * ports],
            planned_beats: 0,
            window_beats: vec![0; ports],
            first_latency: Latency::default(),
            last_latency: Latency::default(),
            entered: vec![VecDeque::new(); ports],
            lookup_latency: Latency::default(),
            sent: 0,
            settled: 0,
            damaged: vec![0; ports],
            delivered: 0,
            corrupted: 0,
            reordered: 0,
            duplicated: 0,
            poisoned: 0,
            flooded: 0,
        }
    }

    /// The next frame of a source, with its start in cycles of the bench; counted if it is planned for the window.
    fn plan(&mut self, ingress: usize) -> Option<(u64, Stamp)> {
        let plan = self.traffic.next(ingress, self.end - self.base)?;
        let start = self.base + plan.start;
        if start >= self.window {
            self.planned_beats += frame::beats(plan.stamp.length, self.beat_bytes) as u64;
        }
        Some((start, plan.stamp))
    }

    /// Counts what was planned but not even begun when the offering ended.
    fn plan_the_rest(&mut self) {
        for ingress in 0..self.ports {
            while self.plan(ingress).is_some() {}
        }
    }
}

impl Scenario for Flows {
    fn next_frame(&mut self, ingress: usize, cycle: u64) -> Option<Planned> {
        if cycle >= self.end {
            return None;
        }
        let (start, stamp) = self.plan(ingress)?;
        self.current[ingress] = Some(stamp);
        Some(Planned {
            id: u64::from(stamp.sequence),
            start,
            bytes: stamp.frame_for(self.top),
            poisoned: false,
            dest: stamp.dest(self.top),
        })
    }

    fn begun(&mut self, ingress: usize, _id: u64, cycle: u64) {
        if let Some(stamp) = self.current[ingress] {
            self.sent += 1;
            self.pairs[ingress * self.ports + stamp.destination]
                .outstanding
                .push_back((stamp.sequence, cycle));
        }
    }

    fn entered(&mut self, ingress: usize, cycle: u64) {
        if self.top == Top::Switch {
            self.entered[ingress].push_back(cycle);
        }
    }

    fn counted(&mut self, pulse: &Pulse, cycle: u64) {
        if pulse.cause != Cause::Accepted {
            return;
        }
        let Some(entered) = self.entered[pulse.ingress].pop_front() else {
            return;
        };
        if (self.window..self.end).contains(&entered) {
            self.lookup_latency
                .record(cycle - ACCEPTED_AFTER_CYCLES - entered);
        }
    }

    fn ended(&mut self, ingress: usize, _id: u64, _cycle: u64) {
        self.current[ingress] = None;
    }

    fn received(&mut self, egress: usize, received: &Received) -> Result<(), Error> {
        let stamp = Stamp::read_from(self.top, &received.bytes, self.ports)
            .filter(|stamp| received.well_formed && received.bytes == stamp.frame_for(self.top));
        let stamp = match stamp {
            Some(stamp) if !received.poisoned => stamp,
            _ => {
                // Its stamp cannot be trusted: it stands for one frame that is missing at this egress.
                self.damaged[egress] += 1;
                self.settled += 1;
                if received.poisoned {
                    self.poisoned += 1;
                } else {
                    self.corrupted += 1;
                }
                return Ok(());
            }
        };
        if stamp.destination != egress {
            self.flooded += 1;
            return Ok(());
        }
        let found = self.pairs[stamp.source * self.ports + egress].take(stamp.sequence);
        let offered = match found {
            Found::Never => {
                self.duplicated += 1;
                return Ok(());
            }
            Found::Late(offered) => {
                self.reordered += 1;
                offered
            }
            Found::InOrder(offered) => offered,
        };
        self.settled += 1;
        self.delivered += 1;
        if (self.window..self.end).contains(&offered) {
            self.first_latency.record(received.first_cycle - offered);
            self.last_latency.record(received.last_cycle - offered);
        }
        if (self.window..self.end).contains(&received.last_cycle) {
            let beats = frame::beats(received.bytes.len(), self.beat_bytes) as u64;
            self.window_beats[stamp.source] += beats;
        }
        Ok(())
    }
}
