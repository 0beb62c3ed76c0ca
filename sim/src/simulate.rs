//! Runs a stimulus through a switch, or a fabric, and reports what came of it.
//!
//! ```text
//!  learning │ warm-up │ window: loads, latency, fairness │ drain
//!  ─────────┼─────────┼──────────────────────────────────┼───────► cycles
//!           0     cycles/10                            cycles
//! ```

use std::collections::BTreeMap;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use serde::Serialize;

use crate::bench::{Bench, Planned, Scenario, STUCK_CYCLES};
use crate::completion::Completions;
use crate::engine::{Cause, Engine};
pub use crate::flows::ACCEPTED_AFTER_CYCLES;
use crate::flows::{Flows, Scope};
use crate::frame::{self, Received};
use crate::measure::{self, Summary};
use crate::occupancy::HighWater;
use crate::port_mask::PortMask;
use crate::stimulus::{Recording, Stimulus};
use crate::traffic::{Spec, Stamp, Traffic};
use crate::Error;

/// Cycles the switch is left alone after the learning frames and before a run ends, so that whatever it still does
/// shows.
const QUIET_CYCLES: u64 = 256;
/// Cycles more for each port after the learning frames: stations are learned one after the other.
const LEARN_CYCLES: u64 = 8;
/// Cycles after which a drain is given up at the latest.
const DRAIN_LIMIT_CYCLES: u64 = 10_000_000;
/// Cycles between two calls of the progress callback.
const PROGRESS_CYCLES: u64 = 512;
/// Share of the offered beats that may wait outside before a point counts as saturated.
const SATURATED_SHARE: f64 = 0.005;

/// What came of a run. The names are those of the JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the configuration.
    pub config: String,
    /// What was simulated: the switch or a fabric.
    pub top: String,
    /// Name of the simulation engine.
    pub engine: String,
    /// Seed of the stimulus.
    pub seed: u64,
    /// The pattern of the traffic.
    pub traffic: String,
    /// The frame size asked for.
    pub frame: String,
    /// Bytes of a message, where the pattern has messages.
    pub message_bytes: Option<usize>,
    /// The load asked for.
    pub load: f64,
    /// The share of pauses asked for.
    pub pause: f64,
    /// The back-pressure asked for.
    pub back_pressure: String,
    /// The shares of malformed frames asked for.
    pub malformed: String,
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
    /// Malformed frames of these.
    pub malformed_frames: u64,
    /// Unpoisoned copies that arrived, unchanged, where they were to go.
    pub delivered_frames: u64,
    /// Copies dropped for want of room and counted by the switch.
    pub dropped_frames: u64,
    /// Copies that are neither delivered nor counted anywhere.
    pub lost_frames: u64,
    /// Copies that left with other bytes than they entered with, or with none of ours; malformed ones that left as
    /// good, and poisoned ones whose FCS is not stomped.
    pub corrupted_frames: u64,
    /// Frames that left behind a later one of the same pair.
    pub reordered_frames: u64,
    /// Frames that left a second time.
    pub duplicated_frames: u64,
    /// Copies that left poisoned.
    pub poisoned_frames: u64,
    /// Poisoned copies of frames that were good.
    pub wrongly_poisoned_frames: u64,
    /// Copies that left poisoned because an optical link had damaged them on their way.
    pub damaged_by_links_frames: u64,
    /// Copies that left at another port than the one they were for, because its address was not known.
    pub flooded_copies: u64,
    /// The sources fell behind, or copies were dropped, by more than 0.5 % of the beats offered in the window, by two
    /// of the longest frames at each port, and by a round.
    pub saturated: bool,
    /// Latency had come to rest: of ten batches in the window the second five have the same mean as the first, within
    /// 5 % or three standard errors, and the point is not saturated.
    pub steady: bool,
    /// From the edge at which a frame's first beat is first offered to the edge at which it leaves; unpoisoned frames
    /// first offered in the window.
    pub latency_cycles: Summary,
    /// From the edge at which a frame's first beat is first offered to the edge at which its last beat leaves.
    pub last_latency_cycles: Summary,
    /// From the edge at which a frame's first beat is taken to the edge at which the switch hands it to the queue of
    /// its egress: the lookup, and any wait for room; frames taken in the window. `None` for a fabric.
    pub lookup_latency_cycles: Option<Summary>,
    /// Flows that were sent whole; `None` for a pattern without flows, here and below.
    pub flows: Option<Completions>,
    /// Collectives, and incasts as a whole.
    pub collectives: Option<Completions>,
    /// The frames of the victim of an incast.
    pub victim: Option<Completions>,
    /// Jain's index of the beats of each ingress that left in the window.
    pub jain_index: f64,
    /// The most beats that were inside at a time for each pair of ports, the fullest pair first; of the 256 fullest
    /// pairs at most.
    pub queue_high_water: Vec<HighWater>,
    /// What the statistics pins counted, by cause.
    pub causes: BTreeMap<&'static str, u64>,
    /// A fingerprint of all frames that left: bytes, egress and cycles.
    pub delivery_digest: String,
}

impl Report {
    /// Whether every copy is delivered or counted once, unchanged and in order, and only what was bad is poisoned.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.lost_frames == 0
            && self.corrupted_frames == 0
            && self.reordered_frames == 0
            && self.duplicated_frames == 0
            && self.wrongly_poisoned_frames == 0
    }
}

/// Resets `engine` and runs what `spec` plans on it. `progress` hears the cycles done and the cycles planned.
///
/// # Errors
/// [`Error::Invalid`] if the stimulus does not fit the configuration, [`Error::NotLearned`] and [`Error::Stuck`] if the
/// switch does not do its work, [`Error::Engine`] from the engine.
pub fn run(
    engine: &mut dyn Engine,
    config: &Config,
    lossy: bool,
    spec: &Spec,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Error> {
    let traffic = Traffic::new(*spec, config, engine.top())?;
    let stimulus = Stimulus::planned(traffic, spec, config.ports);
    play(engine, config, lossy, spec, stimulus, progress)
}

/// Resets `engine`, which runs the recording's configuration, top and settings, and replays the recording on it.
///
/// # Errors
/// As [`run`], but for [`Error::Invalid`].
pub fn replay(
    engine: &mut dyn Engine,
    recording: &Recording,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Error> {
    let head = recording.head();
    let stimulus = recording.stimulus();
    let (config, lossy) = (head.config, head.settings.lossy);
    play(engine, config, lossy, &head.spec, stimulus, progress)
}

fn play(
    engine: &mut dyn Engine,
    config: &Config,
    lossy: bool,
    spec: &Spec,
    mut stimulus: Stimulus,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Error> {
    let started = measure::cpu_seconds();
    let top = engine.top();
    engine.reset()?;
    let mut bench = Bench::new(engine);
    if top == Top::Switch {
        learn(engine, &mut bench)?;
    }
    bench.hold_back(stimulus.take_turns());
    let base = bench.cycle;
    let warm_up = spec.cycles / 10;
    let scope = Scope {
        top,
        pattern: spec.pattern,
        base,
        window: base + warm_up..base + spec.cycles,
        crosses_links: engine.crosses_links(),
    };
    let mut flows = Flows::new(stimulus, config, scope);
    let mut at_window = (0, 0);
    for cycle in 0..spec.cycles {
        if cycle == warm_up {
            at_window = (total(&bench.taken_beats), total(&bench.given_beats));
        }
        if cycle % PROGRESS_CYCLES == 0 {
            progress(cycle, spec.cycles);
        }
        bench.step(engine, &mut flows)?;
    }
    progress(spec.cycles, spec.cycles);
    let taken = total(&bench.taken_beats) - at_window.0;
    let given = total(&bench.given_beats) - at_window.1;
    drain(engine, &mut bench, &mut flows)?;
    flows.plan_the_rest();

    let slots = config.ports as f64 * (spec.cycles - warm_up) as f64;
    let saturated = is_saturated(&flows, &bench, config, spec, taken);
    let tally = flows.tally;
    Ok(Report {
        config: config.name.into(),
        top: top.name().into(),
        engine: engine.name().into(),
        seed: spec.seed,
        traffic: spec.pattern.name().into(),
        frame: spec.frame.to_string(),
        message_bytes: spec.pattern.is_in_rounds().then_some(spec.message_bytes),
        load: spec.load,
        pause: spec.pause,
        back_pressure: spec.back_pressure.to_string(),
        malformed: spec.flaws.to_string(),
        lossy,
        simulated_cycles: bench.cycle,
        warm_up_cycles: warm_up,
        cpu_seconds: measure::cpu_seconds() - started,
        offered_load: flows.planned_window_beats as f64 / slots,
        accepted_load: given as f64 / slots,
        sent_frames: tally.sent,
        malformed_frames: tally.malformed,
        delivered_frames: tally.delivered,
        dropped_frames: bench.counts.total(Cause::DropFull),
        lost_frames: flows.lost(&bench.counts),
        corrupted_frames: tally.corrupted,
        reordered_frames: tally.reordered,
        duplicated_frames: tally.duplicated,
        poisoned_frames: tally.poisoned,
        wrongly_poisoned_frames: tally.wrongly_poisoned,
        damaged_by_links_frames: tally.damaged_by_links,
        flooded_copies: tally.flooded,
        saturated,
        steady: !saturated && flows.batches.are_steady(),
        latency_cycles: flows.first_latency.summary(),
        last_latency_cycles: flows.last_latency.summary(),
        lookup_latency_cycles: (top == Top::Switch).then(|| flows.lookup_latency.summary()),
        flows: flows.completion.flows(),
        collectives: flows.completion.rounds(flows.planned_rounds()),
        victim: flows.completion.victims(),
        jain_index: measure::jain_index(&flows.window_beats),
        queue_high_water: flows.occupancy.high_water(),
        causes: Cause::ALL
            .into_iter()
            .filter(|cause| cause.is_counted_by(top))
            .map(|cause| (cause.name(), bench.counts.total(cause)))
            .collect(),
        delivery_digest: format!("{:016x}", flows.digest),
    })
}

fn total(beats: &[u64]) -> u64 {
    beats.iter().sum()
}

/// Whether the sources fell behind their plans, or copies were dropped, by more than one may put down to the edges of
/// the window.
fn is_saturated(flows: &Flows, bench: &Bench, config: &Config, spec: &Spec, taken: u64) -> bool {
    let planned = flows.planned_window_beats;
    let dropped = bench.counts.total(Cause::DropFull) as f64;
    let behind =
        planned.saturating_sub(taken) as f64 + dropped * spec.frame.mean_beats(config.beat_bytes());
    let longest = frame::beats(spec.frame.bounds().1, config.beat_bytes());
    let edges = (2 * config.ports * longest) as u64;
    behind > (SATURATED_SHARE * planned as f64).max(edges.max(flows.round_beats()) as f64)
}

/// Makes the address behind every port known: port 0 sends a frame that is flooded, then all others send one to port 0.
fn learn(engine: &mut dyn Engine, bench: &mut Bench) -> Result<(), Error> {
    let ports = engine.ports();
    for (teachers, to) in [(0..1, ports - 1), (1..ports, 0)] {
        let mut lesson = Lesson {
            to,
            frames: vec![None; ports],
            arrived: vec![true; ports],
        };
        for port in teachers {
            lesson.arrived[port] = false;
            lesson.frames[port] = Some(Stamp {
                source: port,
                destination: to,
                sequence: u32::MAX,
                length: frame::MIN_FRAME_BYTES,
            });
        }
        let mut quiet = 0;
        let mut given: u64 = 0;
        while quiet < QUIET_CYCLES + LEARN_CYCLES * ports as u64 {
            bench.step(engine, &mut lesson)?;
            let now = bench.given_beats.iter().sum();
            quiet = if now != given || bench.is_busy() {
                0
            } else {
                quiet + 1
            };
            given = now;
        }
        if let Some(port) = lesson.arrived.iter().position(|arrived| !arrived) {
            return Err(Error::NotLearned { port, to });
        }
    }
    Ok(())
}

struct Lesson {
    to: usize,
    /// Per ingress, the frame it has to send.
    frames: Vec<Option<Stamp>>,
    /// Per ingress, whether nothing from it is missing.
    arrived: Vec<bool>,
}

impl Scenario for Lesson {
    fn next_frame(&mut self, ingress: usize, cycle: u64) -> Option<Planned> {
        let stamp = self.frames[ingress].take()?;
        Some(Planned {
            id: 0,
            start: cycle,
            bytes: stamp.frame(),
            poisoned: false,
            dest: PortMask::NONE,
        })
    }

    fn begun(&mut self, _ingress: usize, _id: u64, _cycle: u64) {}

    fn ended(&mut self, _ingress: usize, _id: u64, _cycle: u64) {}

    fn received(&mut self, egress: usize, received: &Received) -> Result<(), Error> {
        let stamp = Stamp::read(&received.bytes, self.arrived.len());
        let stamp = stamp.filter(|stamp| received.bytes == stamp.frame());
        if let (true, false, Some(stamp)) = (egress == self.to, received.poisoned, stamp) {
            self.arrived[stamp.source] = true;
        }
        Ok(())
    }
}

/// Lets everything that is inside leave, and patterns in rounds come to their end.
fn drain(engine: &mut dyn Engine, bench: &mut Bench, flows: &mut Flows) -> Result<(), Error> {
    let start = bench.cycle;
    let mut idle = 0;
    let mut done = 0;
    let mut given = total(&bench.given_beats);
    while done < QUIET_CYCLES && idle < STUCK_CYCLES && bench.cycle - start < DRAIN_LIMIT_CYCLES {
        bench.step(engine, flows)?;
        let now = total(&bench.given_beats);
        idle = if now == given { idle + 1 } else { 0 };
        given = now;
        let missing = flows.tally.sent.saturating_sub(flows.tally.settled);
        let counted = bench.counts.total(Cause::DropFull) + bench.counts.total(Cause::RuntDropped);
        done = if missing <= counted && !bench.is_busy() && flows.are_sent() {
            done + 1
        } else {
            0
        };
    }
    Ok(())
}
