//! Plays frames into an engine, beat by beat, and puts the frames that leave together again.

use crate::beat::Beat;
use crate::engine::{Counts, Engine, Outcome, Pulse};
use crate::frame::{self, Assembler, Received};
use crate::rng::{Probability, Rng};
use crate::Error;

/// Cycles without any transfer, while a beat is offered, after which a run is given up.
pub const STUCK_CYCLES: u64 = 20_000;

/// Which frames enter, and what becomes of those that leave.
pub trait Scenario {
    /// The next frame of `ingress`, asked for when the one before has been taken; `None` for none at the moment.
    fn next_frame(&mut self, ingress: usize, cycle: u64) -> Option<Planned>;

    /// The first beat of frame `id` is offered for the first time in `cycle`.
    fn begun(&mut self, ingress: usize, id: u64, cycle: u64);

    /// The first beat of the current frame was taken in `cycle`.
    fn entered(&mut self, ingress: usize, cycle: u64) {
        let _ = (ingress, cycle);
    }

    /// A statistics pin was high in `cycle`.
    fn counted(&mut self, pulse: &Pulse, cycle: u64) {
        let _ = (pulse, cycle);
    }

    /// The last beat of frame `id` was taken in `cycle`.
    fn ended(&mut self, ingress: usize, id: u64, cycle: u64);

    /// A frame left at `egress`.
    ///
    /// # Errors
    /// Whatever makes going on pointless; the run ends with it.
    fn received(&mut self, egress: usize, received: &Received) -> Result<(), Error>;
}

/// A frame that is to enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// What the scenario knows it by.
    pub id: u64,
    /// The first cycle in which it may be offered.
    pub start: u64,
    /// Destination address to FCS.
    pub bytes: Vec<u8>,
    /// `user` of its last beat.
    pub poisoned: bool,
    /// `dest` of its beats; 0 in front of a switch.
    pub dest: u64,
}

/// How ready the egresses are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum BackPressure {
    /// Always.
    #[default]
    None,
    /// Each egress refuses this fraction of the cycles, at random.
    Random(f64),
    /// All egresses alternate between this many cycles ready and this many not.
    OnOff(u32, u32),
    /// One egress alternates, the others are always ready: egress, cycles ready, cycles not.
    One(usize, u32, u32),
}

/// One ingress of a bench.
#[derive(Clone, Debug, Default)]
struct Player {
    frame: Option<Planned>,
    next_beat: usize,
    /// The current beat is on the pins, where it stays until it is taken.
    offered: bool,
}

/// An engine's surroundings: sources at every ingress, sinks at every egress, counters.
#[derive(Debug)]
pub struct Bench {
    /// Cycles run so far.
    pub cycle: u64,
    /// What the statistics pins said.
    pub counts: Counts,
    /// Beats taken, per ingress.
    pub taken_beats: Vec<u64>,
    /// Beats transferred, per egress.
    pub given_beats: Vec<u64>,
    /// How ready the egresses are.
    pub back_pressure: BackPressure,
    /// Probability that a source pauses for a cycle in front of a beat inside a frame.
    pub pause: Probability,
    rng: Rng,
    beat_bytes: usize,
    players: Vec<Player>,
    assemblers: Vec<Assembler>,
    offered: Vec<Option<Beat>>,
    ready: Vec<bool>,
    outcome: Outcome,
    idle: u64,
}

impl Bench {
    /// A bench for `engine`: no pauses, every egress ready. `seed` is for pauses and back-pressure only.
    #[must_use]
    pub fn new(engine: &dyn Engine, seed: u64) -> Self {
        let ports = engine.ports();
        Self {
            cycle: 0,
            counts: Counts::new(ports),
            taken_beats: vec![0; ports],
            given_beats: vec![0; ports],
            back_pressure: BackPressure::None,
            pause: Probability::new(0.0),
            rng: Rng::new(seed, ports),
            beat_bytes: engine.beat_bytes(),
            players: vec![Player::default(); ports],
            assemblers: vec![Assembler::default(); ports],
            offered: vec![None; ports],
            ready: vec![true; ports],
            outcome: Outcome::new(ports),
            idle: 0,
        }
    }

    /// Runs one cycle.
    ///
    /// # Errors
    /// [`Error::Engine`] from the engine, the scenario's own, [`Error::Stuck`] if a beat has been offered for [`STUCK_CYCLES`] and nothing
    /// moved.
    pub fn step(
        &mut self,
        engine: &mut dyn Engine,
        scenario: &mut dyn Scenario,
    ) -> Result<(), Error> {
        self.drive(scenario);
        engine.cycle(&self.offered, &self.ready, &mut self.outcome)?;
        let moved = self.collect(scenario)?;
        let waiting = self.offered.iter().filter(|beat| beat.is_some()).count();
        self.idle = if moved || waiting == 0 {
            0
        } else {
            self.idle + 1
        };
        if self.idle > STUCK_CYCLES {
            return Err(Error::Stuck {
                idle: self.idle,
                cycle: self.cycle,
                waiting: format!("{waiting} of {} ingresses offer a beat", self.players.len()),
            });
        }
        self.cycle += 1;
        Ok(())
    }

    /// A frame is partly in, or partly out.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.players.iter().any(|player| player.frame.is_some())
            || self.assemblers.iter().any(Assembler::is_inside)
    }

    /// Puts beats and readiness on the pins.
    fn drive(&mut self, scenario: &mut dyn Scenario) {
        for (port, player) in self.players.iter_mut().enumerate() {
            if player.frame.is_none() {
                player.frame = scenario.next_frame(port, self.cycle);
            }
            let Some(planned) = &player.frame else {
                self.offered[port] = None;
                continue;
            };
            if !player.offered {
                let pauses =
                    player.next_beat > 0 && !self.pause.is_zero() && self.rng.chance(self.pause);
                if planned.start > self.cycle || pauses {
                    self.offered[port] = None;
                    continue;
                }
                if player.next_beat == 0 {
                    scenario.begun(port, planned.id, self.cycle);
                }
                player.offered = true;
                self.offered[port] = Some(Beat {
                    dest: planned.dest,
                    ..frame::beat(
                        &planned.bytes,
                        player.next_beat,
                        self.beat_bytes,
                        planned.poisoned,
                    )
                });
            }
        }
        for port in 0..self.ready.len() {
            let cycle = self.cycle;
            let phase = |on: u32, off: u32| cycle % u64::from(on + off).max(1) < u64::from(on);
            self.ready[port] = match self.back_pressure {
                BackPressure::None => true,
                BackPressure::Random(fraction) => !self.rng.chance(Probability::new(fraction)),
                BackPressure::OnOff(on, off) => phase(on, off),
                BackPressure::One(egress, on, off) => port != egress || phase(on, off),
            };
        }
    }

    /// Takes what the pins say. Whether any beat moved.
    fn collect(&mut self, scenario: &mut dyn Scenario) -> Result<bool, Error> {
        let mut moved = false;
        for pulse in &self.outcome.pulses {
            self.counts.add(pulse);
            scenario.counted(pulse, self.cycle);
        }
        for (port, player) in self.players.iter_mut().enumerate() {
            let (Some(beat), true) = (&self.offered[port], self.outcome.ingress_ready[port]) else {
                continue;
            };
            moved = true;
            self.taken_beats[port] += 1;
            player.offered = false;
            if player.next_beat == 0 {
                scenario.entered(port, self.cycle);
            }
            player.next_beat += 1;
            if beat.last {
                player.next_beat = 0;
                if let Some(planned) = player.frame.take() {
                    scenario.ended(port, planned.id, self.cycle);
                }
            }
        }
        for port in 0..self.ready.len() {
            let (Some(beat), true) = (&self.outcome.egress[port], self.ready[port]) else {
                continue;
            };
            moved = true;
            self.given_beats[port] += 1;
            if let Some(received) = self.assemblers[port].push(beat, self.beat_bytes, self.cycle) {
                scenario.received(port, &received)?;
            }
        }
        Ok(moved)
    }
}
