//! The driver of a lockstep run: plays a [`Plan`], or makes one up as it goes, over the whole matrix
//! {lossless, lossy} x {uniform, permutation, hot spot, bursty, malformed} x {no gaps, gaps} x {no back-pressure,
//! back-pressure}, with settings that change inside frames, requests at the table port, and resets in mid-frame.

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::Random;
use lightswitch_hdl::tops::Top;

use super::maker::{Maker, Mood, Pattern};
use super::plan::{Frame, Paused, Plan, Request, Setting, Span};
use crate::beat::{Beat, BEAT_EGRESSES};
use crate::engine::{Settings, TableOp, TableRequest};
use crate::port_mask::PortMask;

/// Phases of one round through the matrix.
const PHASES: usize = 40;

/// Shortest and longest phase, in cycles.
const PHASE_CYCLES: (u64, u64) = (60, 1_000);

/// Phases that begin with a reset, in the middle of what went on before. The long stretch between is for addresses to
/// age.
const RESET_PHASES: [usize; 7] = [0, 2, 5, 9, 14, 38, 39];

/// Phases in which addresses age although nothing is lossy: so that resets meet a clock of epochs that has come far, and
/// addresses get old after them.
const AGEING_PHASES: std::ops::Range<usize> = 2..14;

/// Cycles of a reset.
const RESET_CYCLES: u64 = 2;

/// Cycles after which pairs change between storing and cutting through, in the middle of frames, and the gap limit in the
/// middle of pauses.
const CHANGE_CYCLES: u64 = 40;

/// An epoch of the table: shorter than is legal in a large table, so that addresses age within a run.
const AGEING_PERIOD: u32 = 150;

/// What stands at the input pins in one cycle.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `rst`.
    pub reset: bool,
    /// The `cfg_*` pins, when they change.
    pub settings: Option<Settings>,
    /// The table port.
    pub request: Option<TableRequest>,
    /// The beat at each ingress.
    pub offered: Vec<Option<Beat>>,
    /// `tdest` of each ingress for the egresses from 64 on; empty where there are none in it.
    pub dest_above: Vec<PortMask>,
    /// `tready` of each egress.
    pub ready: Vec<bool>,
}

/// One source and what it is about.
#[derive(Clone, Debug, Default)]
struct Source {
    /// The next frame of the plan, and the next beat of it.
    frame: usize,
    beat: usize,
    /// Cycles before that beat may be offered; `None`: not looked at yet.
    pause: Option<u32>,
    is_offered: bool,
}

/// Drives a run.
#[derive(Clone, Debug)]
pub struct Stimulus {
    plan: Plan,
    generator: Option<Generator>,
    cycle: u64,
    sources: Vec<Source>,
    /// Per egress, the next stall of the plan.
    stall: Vec<usize>,
    reset: usize,
    setting: usize,
    request: usize,
    is_requesting: bool,
    /// The egresses of `tdest` that a beat does not hold.
    dest_above: PortMask,
    inputs: Inputs,
    resets_in_frames: u32,
}

impl Stimulus {
    /// Makes up a run of `cycles` cycles of `top` of `config`, and writes it down.
    #[must_use]
    pub fn new(config: &Config, top: Top, seed: u64, cycles: u64) -> Self {
        let mut plan = Plan::idle(config, top, seed);
        plan.cycles = cycles;
        let generator = Generator::new(config, top, seed, cycles);
        Self::start(plan, Some(generator))
    }

    /// Plays `plan`.
    #[must_use]
    pub fn of(plan: Plan) -> Self {
        Self::start(plan, None)
    }

    fn start(plan: Plan, generator: Option<Generator>) -> Self {
        let ports = plan.sources.len();
        let dest_above = plan.dest_above();
        let wide_ports = if dest_above.is_empty() { 0 } else { ports };
        Self {
            plan,
            generator,
            cycle: 0,
            sources: vec![Source::default(); ports],
            stall: vec![0; ports],
            reset: 0,
            setting: 0,
            request: 0,
            is_requesting: false,
            dest_above,
            inputs: Inputs {
                offered: vec![None; ports],
                dest_above: vec![PortMask::NONE; wide_ports],
                ready: vec![true; ports],
                ..Inputs::default()
            },
            resets_in_frames: 0,
        }
    }

    /// The run so far, up to and without the current cycle, and nothing that had not begun by then.
    #[must_use]
    pub fn written(&self) -> Plan {
        let mut plan = self.plan.clone();
        let end = self.cycle;
        plan.cycles = end;
        for (frames, source) in plan.sources.iter_mut().zip(&self.sources) {
            frames.truncate(source.frame + usize::from(source.beat > 0 || source.is_offered));
        }
        for stalls in &mut plan.stalls {
            stalls.retain(|stall| stall.from < end);
        }
        plan.resets.retain(|reset| reset.from < end);
        plan.settings.retain(|setting| setting.from < end);
        plan.requests
            .truncate(self.request + usize::from(self.is_requesting));
        plan
    }

    /// Cycles of the whole run.
    #[must_use]
    pub fn cycles(&self) -> u64 {
        self.plan.cycles
    }

    /// Resets that met a source in the middle of a frame.
    #[must_use]
    pub fn resets_in_frames(&self) -> u32 {
        self.resets_in_frames
    }

    /// What is driven in this cycle; `None` at the end of the run.
    pub fn drive(&mut self) -> Option<&Inputs> {
        if self.cycle >= self.plan.cycles {
            return None;
        }
        if let Some(generator) = &mut self.generator {
            generator.write(self.cycle, self.is_requesting, &mut self.plan);
        }
        self.drive_reset();
        let settings = &self.plan.settings;
        self.inputs.settings = None;
        while let Some(setting) = settings.get(self.setting) {
            if setting.from > self.cycle {
                break;
            }
            self.inputs.settings = Some(setting.settings());
            self.setting += 1;
        }
        if !self.is_requesting && !self.inputs.reset {
            let next = self.plan.requests.get(self.request);
            self.is_requesting = next.is_some_and(|request| request.from <= self.cycle);
        }
        self.inputs.request = (self.plan.requests.get(self.request))
            .filter(|_| self.is_requesting)
            .map(Request::request);
        for port in 0..self.sources.len() {
            self.inputs.offered[port] = self.offer(port);
            let stalls = &self.plan.stalls[port];
            let place = &mut self.stall[port];
            while (stalls.get(*place)).is_some_and(|stall| stall.until <= self.cycle) {
                *place += 1;
            }
            self.inputs.ready[port] =
                (stalls.get(*place)).is_none_or(|stall| stall.from > self.cycle);
        }
        Some(&self.inputs)
    }

    /// With `rst` goes whatever is attached: frames in flight and requests.
    fn drive_reset(&mut self) {
        let resets = &self.plan.resets;
        while (resets.get(self.reset)).is_some_and(|reset| reset.until <= self.cycle) {
            self.reset += 1;
        }
        let reset = (resets.get(self.reset)).is_some_and(|reset| reset.from <= self.cycle);
        if reset && !self.inputs.reset {
            let is_inside = |source: &Source| source.beat > 0;
            self.resets_in_frames += u32::from(self.sources.iter().any(is_inside));
        }
        if reset {
            for source in &mut self.sources {
                let began = source.beat > 0 || source.is_offered;
                *source = Source {
                    frame: source.frame + usize::from(began),
                    ..Source::default()
                };
            }
            self.request += usize::from(self.is_requesting);
            self.is_requesting = false;
        }
        self.inputs.reset = reset;
    }

    fn offer(&mut self, port: usize) -> Option<Beat> {
        let source = &mut self.sources[port];
        if source.frame == self.plan.sources[port].len() {
            let frame = self.generator.as_mut()?.frame(port, self.cycle);
            self.plan.sources[port].push(frame);
        }
        let paused = &self.plan.sources[port][source.frame].beats[source.beat];
        let pause = source.pause.get_or_insert(paused.pause);
        if *pause > 0 && !source.is_offered {
            *pause -= 1;
            return None;
        }
        source.is_offered = true;
        if let Some(pins) = self.inputs.dest_above.get_mut(port) {
            let said = self.plan.sources[port][source.frame].dest_above;
            *pins = if source.beat == 0 {
                said
            } else {
                self.dest_above.without(said)
            };
        }
        Some(paused.beat())
    }

    /// What the top took in this cycle, which ends with it. Nothing is taken while `rst` is high.
    pub fn taken(&mut self, ingress_ready: &[bool], table_ready: bool) {
        for (port, source) in self.sources.iter_mut().enumerate() {
            if !source.is_offered || !ingress_ready[port] || self.inputs.reset {
                continue;
            }
            source.is_offered = false;
            source.pause = None;
            source.beat += 1;
            if source.beat == self.plan.sources[port][source.frame].beats.len() {
                source.beat = 0;
                source.frame += 1;
            }
        }
        if self.is_requesting && table_ready && !self.inputs.reset {
            self.is_requesting = false;
            self.request += 1;
        }
        self.cycle += 1;
    }
}

/// Makes a run up.
#[derive(Clone, Debug)]
struct Generator {
    maker: Maker,
    random: Random,
    phase_cycles: u64,
    settings: Setting,
}

impl Generator {
    fn new(config: &Config, top: Top, seed: u64, cycles: u64) -> Self {
        let (shortest, longest) = PHASE_CYCLES;
        Self {
            maker: Maker::new(config, top),
            random: Random::new(seed),
            phase_cycles: (cycles / PHASES as u64).clamp(shortest, longest),
            settings: Setting {
                from: 0,
                lossy: false,
                store_and_forward: Vec::new(),
                gap_limit: 0,
                ageing_period: 0,
            },
        }
    }

    fn phase(&self, cycle: u64) -> usize {
        (cycle / self.phase_cycles) as usize % PHASES
    }

    fn mood(&self, cycle: u64) -> Mood {
        let phase = self.phase(cycle);
        let round = cycle / self.phase_cycles / PHASES as u64;
        Mood {
            pattern: Pattern::ALL[phase / 4 % Pattern::ALL.len()],
            gaps: phase / 2 % 2 == 1,
            era: (phase / 4 + 16 * round as usize) as u8,
        }
    }

    fn frame(&mut self, port: usize, cycle: u64) -> Frame {
        let mood = self.mood(cycle);
        let random = &mut self.random;
        let (beats, dest) = self.maker.frame(random, mood, port);
        Frame {
            dest_above: dest.starting_at(BEAT_EGRESSES),
            beats: (beats.iter().enumerate())
                .map(|(index, beat)| Paused::new(beat, Maker::pause(random, mood, index == 0)))
                .collect(),
        }
    }

    /// Writes down what begins in `cycle`.
    fn write(&mut self, cycle: u64, is_requesting: bool, plan: &mut Plan) {
        let (phase, mood) = (self.phase(cycle), self.mood(cycle));
        let random = &mut self.random;
        let ports = plan.sources.len();
        let has_begun = cycle.is_multiple_of(self.phase_cycles);
        let changes = phase % 3 != 0 && cycle.is_multiple_of(CHANGE_CYCLES);
        if has_begun || changes {
            self.settings.gap_limit = if mood.gaps {
                3 + random.below(8) as u16
            } else {
                0
            };
        }
        if has_begun {
            self.settings.lossy = phase >= PHASES / 2;
            let is_ageing = self.settings.lossy || AGEING_PHASES.contains(&phase);
            self.settings.ageing_period = if is_ageing { AGEING_PERIOD } else { 0 };
            if RESET_PHASES.contains(&phase) {
                plan.resets.push(Span {
                    from: cycle,
                    until: cycle + RESET_CYCLES,
                });
            }
        }
        if changes {
            let masks = (0..ports).map(|_| Maker::mask(random, ports));
            self.settings.store_and_forward = masks.collect();
        }
        if has_begun || changes {
            plan.settings.push(Setting {
                from: cycle,
                ..self.settings.clone()
            });
        }
        if phase % 2 == 1 {
            for (port, stalls) in plan.stalls.iter_mut().enumerate() {
                // A hot spot that does not move fills its queues.
                let is_hot = port == 0 && mood.pattern == Pattern::HotSpot;
                let is_stalled = stalls.last().is_some_and(|stall| stall.until >= cycle);
                if !is_stalled && random.one_in(if is_hot { 2 } else { 12 }) {
                    let length = if is_hot { 300 } else { 1 + random.below(12) };
                    let phase_end = (cycle / self.phase_cycles + 1) * self.phase_cycles;
                    stalls.push(Span {
                        from: cycle,
                        until: phase_end.min(cycle + u64::from(length)),
                    });
                }
            }
        }
        if self.maker.top == Top::Switch && !is_requesting && random.one_in(12) {
            let request = self.maker.request(random, mood.era);
            plan.requests.push(Request {
                from: cycle,
                op: match request.op {
                    TableOp::Read => 0,
                    TableOp::WriteStatic => 1,
                    TableOp::Delete => 2,
                    TableOp::Flush => 3,
                },
                address: request.address.0,
                mask: request.mask,
            });
        }
    }
}
