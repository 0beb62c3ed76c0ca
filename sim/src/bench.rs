//! Plays frames into an engine, beat by beat, and puts the frames that leave together again.

use lightswitch_hdl::tops::Top;

use crate::beat::{Beat, BEAT_EGRESSES};
use crate::engine::{Counts, Engine, Outcome, Pulse};
use crate::frame::{self, Assembler, Received};
use crate::port_mask::PortMask;
use crate::readiness::Turns;
use crate::Error;

/// Cycles without any transfer, while a beat is offered, after which a run is given up.
pub const STUCK_CYCLES: u64 = 20_000;

/// Which frames enter, and what becomes of those that leave.
pub trait Scenario {
    /// The next frame of `ingress`, asked for when the one before has been taken; `None` for none at the moment.
    fn next_frame(&mut self, ingress: usize, cycle: u64) -> Option<Planned>;

    /// The first beat of frame `id` is offered for the first time in `cycle`.
    fn begun(&mut self, ingress: usize, id: u64, cycle: u64);

    /// Cycles that the source pauses in front of beat `index`, not the first, of the current frame; asked for once a
    /// beat.
    fn gap(&mut self, ingress: usize, index: usize) -> u32 {
        let _ = (ingress, index);
        0
    }

    /// Beat `index` of the current frame is about to be offered and may be changed.
    fn offers(&mut self, ingress: usize, index: usize, beat: &mut Beat) {
        let _ = (ingress, index, beat);
    }

    /// The first beat of the current frame was taken in `cycle`.
    fn entered(&mut self, ingress: usize, cycle: u64) {
        let _ = (ingress, cycle);
    }

    /// A beat of the current frame, the first included, was taken.
    fn took(&mut self, ingress: usize) {
        let _ = ingress;
    }

    /// A statistics pin was high in `cycle`.
    fn counted(&mut self, pulse: &Pulse, cycle: u64) {
        let _ = (pulse, cycle);
    }

    /// The last beat of frame `id` was taken in `cycle`.
    fn ended(&mut self, ingress: usize, id: u64, cycle: u64);

    /// What the frame was made of is no longer needed; a later frame can be made of it.
    fn recycle(&mut self, ingress: usize, bytes: Vec<u8>) {
        let _ = (ingress, bytes);
    }

    /// A beat left at `egress`.
    fn gave(&mut self, egress: usize, beat: &Beat) {
        let _ = (egress, beat);
    }

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
    /// The pins `tdest` of its beats; none in front of a switch.
    pub dest: PortMask,
}

/// One ingress of a bench.
#[derive(Clone, Debug, Default)]
struct Player {
    frame: Option<Planned>,
    next_beat: usize,
    /// The first cycle in which the next beat may be offered.
    earliest: u64,
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
    beat_bytes: usize,
    /// A beat does not hold all of `tdest`.
    has_dest_above: bool,
    players: Vec<Player>,
    assemblers: Vec<Assembler>,
    turns: Vec<Turns>,
    offered: Vec<Option<Beat>>,
    ready: Vec<bool>,
    outcome: Outcome,
    idle: u64,
}

impl Bench {
    /// A bench for `engine`, every egress ready.
    #[must_use]
    pub fn new(engine: &dyn Engine) -> Self {
        let ports = engine.ports();
        Self {
            cycle: 0,
            counts: Counts::new(ports),
            taken_beats: vec![0; ports],
            given_beats: vec![0; ports],
            beat_bytes: engine.beat_bytes(),
            has_dest_above: engine.top() == Top::FabricMc && ports > BEAT_EGRESSES,
            players: vec![Player::default(); ports],
            assemblers: vec![Assembler::default(); ports],
            turns: Vec::new(),
            offered: vec![None; ports],
            ready: vec![true; ports],
            outcome: Outcome::new(ports),
            idle: 0,
        }
    }

    /// How ready the egresses are from the next cycle on, one entry an egress; none for always.
    pub fn hold_back(&mut self, turns: Vec<Turns>) {
        self.turns = turns;
        self.ready.fill(true);
    }

    /// Runs one cycle.
    ///
    /// # Errors
    /// [`Error::Engine`] from the engine, the scenario's own, [`Error::Stuck`] if a beat has been offered for [`STUCK_CYCLES`] and nothing
    /// moved.
    pub fn step<S: Scenario + ?Sized>(
        &mut self,
        engine: &mut dyn Engine,
        scenario: &mut S,
    ) -> Result<(), Error> {
        self.drive(engine, scenario);
        engine.cycle(&self.offered, &self.ready, &mut self.outcome)?;
        if self.collect(scenario)? {
            self.idle = 0;
        } else {
            self.wait()?;
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
    fn drive<S: Scenario + ?Sized>(&mut self, engine: &mut dyn Engine, scenario: &mut S) {
        let cycle = self.cycle;
        let pins = self.players.iter_mut().zip(&mut self.offered);
        for (port, (player, pins)) in pins.enumerate() {
            if player.offered {
                continue;
            }
            if player.frame.is_none() {
                player.frame = scenario.next_frame(port, cycle);
                player.earliest = player.frame.as_ref().map_or(0, |planned| planned.start);
            }
            let Some(planned) = player.frame.as_ref().filter(|_| player.earliest <= cycle) else {
                *pins = None;
                continue;
            };
            if player.next_beat == 0 {
                scenario.begun(port, planned.id, cycle);
                if self.has_dest_above {
                    engine.set_dest_above(port, &planned.dest);
                }
            }
            player.offered = true;
            let mut beat = frame::beat(
                &planned.bytes,
                player.next_beat,
                self.beat_bytes,
                planned.poisoned,
            );
            beat.dest = planned.dest.low();
            scenario.offers(port, player.next_beat, &mut beat);
            *pins = Some(beat);
        }
        for (ready, turns) in self.ready.iter_mut().zip(&mut self.turns) {
            *ready = turns.step();
        }
    }

    /// Takes what the pins say. Whether any beat moved.
    fn collect<S: Scenario + ?Sized>(&mut self, scenario: &mut S) -> Result<bool, Error> {
        let cycle = self.cycle;
        let mut moved = false;
        for pulse in &self.outcome.pulses {
            self.counts.add(pulse);
            scenario.counted(pulse, cycle);
        }
        let ingresses = self.players.iter_mut().zip(&self.outcome.ingress_ready);
        for (port, (player, is_ready)) in ingresses.enumerate() {
            if !(player.offered && *is_ready) {
                continue;
            }
            moved = true;
            player.offered = false;
            self.taken_beats[port] += 1;
            if player.next_beat == 0 {
                scenario.entered(port, cycle);
            }
            scenario.took(port);
            player.next_beat += 1;
            let is_last = (player.frame.as_ref())
                .is_none_or(|planned| player.next_beat * self.beat_bytes >= planned.bytes.len());
            if !is_last {
                player.earliest = cycle + 1 + u64::from(scenario.gap(port, player.next_beat));
                continue;
            }
            player.next_beat = 0;
            if let Some(planned) = player.frame.take() {
                scenario.ended(port, planned.id, cycle);
                scenario.recycle(port, planned.bytes);
            }
        }
        let egresses = self.outcome.egress.iter().zip(&self.ready);
        for (port, (beat, is_ready)) in egresses.enumerate() {
            let (Some(beat), true) = (beat, *is_ready) else {
                continue;
            };
            moved = true;
            self.given_beats[port] += 1;
            scenario.gave(port, beat);
            if let Some(received) = self.assemblers[port].push(beat, self.beat_bytes, cycle) {
                scenario.received(port, received)?;
            }
        }
        Ok(moved)
    }

    /// Counts a cycle in which nothing moved.
    fn wait(&mut self) -> Result<(), Error> {
        let waiting = self.players.iter().filter(|player| player.offered).count();
        if waiting == 0 {
            self.idle = 0;
            return Ok(());
        }
        self.idle += 1;
        if self.idle <= STUCK_CYCLES {
            return Ok(());
        }
        Err(Error::Stuck {
            idle: self.idle,
            cycle: self.cycle,
            waiting: format!("{waiting} of {} ingresses offer a beat", self.players.len()),
        })
    }
}
