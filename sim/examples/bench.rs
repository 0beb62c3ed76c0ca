//! Measures one engine on a stimulus that is made and recorded while the clock stands: cycles per CPU second, with the
//! measures of a real run and a digest of every delivered frame, so that engines can be compared. `scripts/bench` runs it
//! over the matrix. `CYCLES` are cycles of the traffic; the lessons in front of it, which make the stations of a switch
//! known, are not timed.
//!
//! The stimulus is recorded stretch by stretch, so that fetching a whole run's words from memory is no part of what is
//! measured: with 64 ports it was a tenth.
//!
//! Usage: `bench ENGINE PORTSxWIDTH TOP LOAD FRAME_BYTES CYCLES [BAD_FCS_SHARE]`, one JSON object on stdout.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "its result is printed, in figures for people"
)]

use std::collections::VecDeque;
use std::ops::Range;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::Random;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::beat::{full_keep, Beat, BEAT_EGRESSES};
use lightswitch_sim::engine::{self, Engine, EngineKind, Outcome, Settings};
use lightswitch_sim::{frame, measure};

/// Cycles between the lessons that make the stations known.
const LESSON_CYCLES: u64 = 40;

/// Where a frame has the eight bytes that name it: which one of its source it is, and its source.
const NAME_AT: usize = 16;

/// Beats of a stretch, over all ports: half a megabyte of words.
const STRETCH_BEATS: u64 = 1 << 16;

/// Latencies that are told apart, in cycles; longer ones count as the last.
const LATENCIES: usize = 1 << 14;

/// One ingress: what it will offer, recorded as far as the stretch goes, and where it stands.
struct Source {
    words: VecDeque<u64>,
    frames: VecDeque<Frame>,
    /// Draws the gaps and the flaws; the destinations.
    gaps: Random,
    picks: Random,
    /// The cycle from which on the next frame may be recorded, and how many were.
    clock: u64,
    recorded: usize,
    /// Beats that are left of the frame it is in, and where that goes.
    left: usize,
    dest: u64,
    /// When each frame was first offered.
    offered_at: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Frame {
    start: u64,
    dest: u64,
}

/// What came of a run.
struct Played {
    cpu_seconds: f64,
    frames: u64,
    poisoned: u64,
    given_beats: u64,
    digest: u64,
    latency: Vec<u64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [engine, size, top, load, bytes, cycles, bad @ ..] = arguments.as_slice() else {
        return Err(
            "usage: bench ENGINE PORTSxWIDTH TOP LOAD FRAME_BYTES CYCLES [BAD_FCS_SHARE]".into(),
        );
    };
    let kind: EngineKind = engine.parse()?;
    let top = Top::named(top).ok_or("the top is switch, fabric or fabric-mc")?;
    let (load, bytes, cycles): (f64, usize, u64) = (load.parse()?, bytes.parse()?, cycles.parse()?);
    let bad: f64 = bad.first().map_or(Ok(0.0), |share| share.parse())?;
    let config =
        *Config::sized(size).ok_or("the size is one of the table's, or PORTSx32 or PORTSx64")?;
    if top == Top::FabricMc && config.ports > BEAT_EGRESSES {
        return Err(format!("fabric-mc is measured with {BEAT_EGRESSES} ports at most").into());
    }
    let mut traffic = Traffic::new(&config, top, load, bytes, cycles, bad);
    let settings = Settings {
        gap_limit: 0,
        ..Settings::default()
    };
    let mut engine = engine::build_top(kind, &config, top, &settings)?;
    let played = play(engine.as_mut(), &mut traffic)?;
    let offered = traffic.offered_beats;
    let slots = cycles as f64 * config.ports as f64;
    let all: u64 = played.latency.iter().sum();
    let mean = played.latency.iter().enumerate();
    let mean = mean
        .map(|(cycles, count)| cycles as u64 * count)
        .sum::<u64>() as f64
        / all.max(1) as f64;
    println!(
        "{{\"engine\": \"{}\", \"size\": \"{size}\", \"top\": \"{}\", \"load\": {load}, \"frame_bytes\": {bytes}, \
         \"cycles\": {cycles}, \"cpu_seconds\": {:.4}, \"cycles_per_cpu_second\": {:.0}, \"offered_load\": {:.4}, \
         \"accepted_load\": {:.4}, \"frames\": {}, \"poisoned\": {}, \"mean_latency\": {mean:.3}, \"p99_latency\": {}, \
         \"digest\": \"{:016x}\"}}",
        kind.name(),
        top.name(),
        played.cpu_seconds,
        cycles as f64 / played.cpu_seconds,
        offered as f64 / slots,
        played.given_beats as f64 / slots,
        played.frames,
        played.poisoned,
        quantile(&played.latency, 0.99),
        played.digest,
    );
    Ok(())
}

/// The address of the station behind a port.
fn station(port: usize) -> [u8; 6] {
    let [high, low] = (port as u16).to_be_bytes();
    [2, 0, 0, 0, high, low]
}

/// A frame that says at bytes 16 to 23 where it comes from and which one of its source it is.
fn frame_of(top: Top, source: usize, destination: usize, number: usize, bytes: usize) -> Vec<u8> {
    let mut frame = [
        &station(destination)[..],
        &station(source),
        &[0x88, 0xb5, 0, 0],
    ]
    .concat();
    frame.extend((number as u32).to_le_bytes());
    frame.extend((source as u32).to_le_bytes());
    let mut random = Random::new(number as u64 * 1_024 + source as u64);
    frame.resize_with(bytes - 4, || random.bits(8) as u8);
    if top == Top::Switch {
        frame.extend(frame::fcs(&frame));
    } else {
        frame.resize(bytes, 0);
    }
    frame
}

/// Uniform traffic with geometric gaps, behind a switch's lessons.
struct Traffic {
    top: Top,
    width: usize,
    bytes: usize,
    /// Beats of a frame.
    beats: usize,
    /// The chance that a frame starts in an idle cycle, and that its FCS is wrong.
    start: f64,
    bad: f64,
    lessons: u64,
    end: u64,
    offered_beats: usize,
    sources: Vec<Source>,
}

impl Traffic {
    /// The plan, with the lessons recorded.
    fn new(config: &Config, top: Top, load: f64, bytes: usize, cycles: u64, bad: f64) -> Self {
        let (ports, width) = (config.ports, config.beat_bytes());
        let beats = frame::beats(bytes, width);
        let lessons = if top == Top::Switch {
            LESSON_CYCLES * ports as u64
        } else {
            0
        };
        let source = |source: usize| Source {
            words: VecDeque::new(),
            frames: VecDeque::new(),
            gaps: Random::new(1 + source as u64),
            picks: Random::new(7_919 * (1 + source as u64)),
            clock: lessons,
            recorded: 0,
            left: 0,
            dest: 0,
            offered_at: Vec::new(),
        };
        let mut traffic = Self {
            top,
            width,
            bytes,
            beats,
            // A geometric gap of mean (1 - p) / p makes beats / (beats + gap) the load.
            start: load / (load + beats as f64 * (1.0 - load)),
            bad,
            lessons,
            end: lessons + cycles,
            offered_beats: 0,
            sources: (0..ports).map(source).collect(),
        };
        if top == Top::Switch {
            for source in 0..ports {
                let neighbour = (source + ports - 1) % ports;
                traffic.add(source, LESSON_CYCLES * source as u64, neighbour, false);
            }
        }
        traffic
    }

    /// Writes a frame down, beat by beat.
    fn add(&mut self, source: usize, start: u64, destination: usize, is_bad: bool) {
        let from = &mut self.sources[source];
        let mut frame = frame_of(self.top, source, destination, from.recorded, self.bytes);
        if is_bad {
            frame[self.bytes - 1] ^= 1;
        }
        let beat = |index| frame::beat(&frame, index, self.width, false).data;
        from.words
            .extend((0..self.beats).map(|index| u64::from_le_bytes(beat(index))));
        from.recorded += 1;
        from.offered_at.push(0);
        from.frames.push_back(Frame {
            start,
            dest: match self.top {
                Top::Switch => 0,
                Top::Fabric => destination as u64,
                Top::FabricMc => 1 << destination,
            },
        });
    }

    /// Records the frames that start before cycle `until`.
    fn record(&mut self, until: u64) {
        let ports = self.sources.len();
        let chance = |random: &mut Random, share: f64| {
            f64::from(random.next_u32()) < share * 4_294_967_296.0
        };
        for source in 0..ports {
            while self.sources[source].clock < until.min(self.end) {
                let from = &mut self.sources[source];
                if !chance(&mut from.gaps, self.start) {
                    from.clock += 1;
                    continue;
                }
                let destination = match self.top {
                    Top::Switch => {
                        (source + 1 + from.picks.below(ports as u32 - 1) as usize) % ports
                    }
                    Top::Fabric | Top::FabricMc => from.picks.below(ports as u32) as usize,
                };
                let (start, is_bad) = (from.clock, chance(&mut from.gaps, self.bad));
                from.clock += self.beats as u64;
                self.add(source, start, destination, is_bad);
                self.offered_beats += self.beats;
            }
        }
    }
}

impl Source {
    /// The next beat, if it may be offered in `cycle`; `keep` are the byte enables of a full beat and of a last one.
    #[inline]
    fn next(&mut self, beats: usize, cycle: u64, keep: [u8; 2]) -> Option<Beat> {
        if self.left == 0 {
            let frame = self.frames.front().filter(|frame| frame.start <= cycle)?;
            self.dest = frame.dest;
            self.left = beats;
            let number = self.recorded - self.frames.len();
            self.offered_at[number] = cycle as u32;
            self.frames.pop_front();
        }
        let data = self.words.pop_front()?.to_le_bytes();
        self.left -= 1;
        let last = self.left == 0;
        Some(Beat {
            data,
            keep: keep[usize::from(last)],
            last,
            user: false,
            dest: self.dest,
        })
    }
}

/// What is known of the frame that is leaving at an egress.
#[derive(Clone, Copy, Default)]
struct Leaving {
    beats: u32,
    hash: u64,
    first_cycle: u64,
    /// The word that names it.
    name: u64,
}

impl Played {
    /// A beat was transferred at `egress`; `name_beat` is the one that names its frame.
    #[inline]
    fn receive(
        &mut self,
        leaving: &mut Leaving,
        beat: &Beat,
        (egress, cycle): (usize, u64),
        name_beat: u32,
        sources: &[Source],
    ) {
        let data = u64::from_le_bytes(beat.data);
        if leaving.beats == 0 {
            leaving.first_cycle = cycle;
            leaving.hash = egress as u64;
        } else if leaving.beats == name_beat {
            leaving.name = data;
        }
        leaving.hash = (leaving.hash ^ data).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        leaving.beats += 1;
        if !beat.last {
            return;
        }
        self.given_beats += u64::from(leaving.beats);
        self.frames += 1;
        self.poisoned += u64::from(beat.user);
        let end = leaving.hash
            ^ cycle << 20
            ^ leaving.first_cycle << 40
            ^ u64::from(beat.keep) << 1
            ^ u64::from(beat.user);
        self.digest = (self.digest).wrapping_add(end.wrapping_mul(0xd6e8_feb8_6659_fd93));
        leaving.beats = 0;
        let (source, number) = ((leaving.name >> 32) as usize, leaving.name as u32 as usize);
        let offered_at = sources
            .get(source)
            .and_then(|source| source.offered_at.get(number));
        if let (Some(offered), false) = (offered_at, beat.user) {
            let latency = leaving.first_cycle.wrapping_sub(u64::from(*offered)) as usize;
            self.latency[latency.min(LATENCIES - 1)] += 1;
        }
    }
}

/// The CPU seconds of this thread. The system brings them up to date when a thread gives the processor away.
fn clock() -> f64 {
    std::thread::yield_now();
    measure::cpu_seconds()
}

/// What is on the pins, and what leaves.
struct Player {
    /// Beats of a frame, the byte enables of a full beat and of a last one, and the beat that names the frame.
    beats: usize,
    keep: [u8; 2],
    name_beat: u32,
    offered: Vec<Option<Beat>>,
    ready: Vec<bool>,
    outcome: Outcome,
    leaving: Vec<Leaving>,
    played: Played,
}

impl Player {
    fn new(traffic: &Traffic) -> Self {
        let (ports, width, bytes) = (traffic.sources.len(), traffic.width, traffic.bytes);
        Self {
            beats: traffic.beats,
            keep: [width, bytes - (bytes - 1) / width * width].map(full_keep),
            name_beat: (NAME_AT / width) as u32,
            offered: vec![None; ports],
            ready: vec![true; ports],
            outcome: Outcome::new(ports),
            leaving: vec![Leaving::default(); ports],
            played: Played {
                cpu_seconds: 0.0,
                frames: 0,
                poisoned: 0,
                given_beats: 0,
                digest: 0,
                latency: vec![0; LATENCIES],
            },
        }
    }

    /// Plays these cycles and takes their CPU seconds. A function of its own, for profiles to find it.
    #[inline(never)]
    fn play_timed(
        &mut self,
        engine: &mut dyn Engine,
        sources: &mut [Source],
        cycles: Range<u64>,
    ) -> Result<(), lightswitch_sim::Error> {
        let started = clock();
        self.play(engine, sources, cycles)?;
        self.played.cpu_seconds += clock() - started;
        Ok(())
    }

    /// Plays these cycles, and measures; nothing is allocated.
    #[inline]
    fn play(
        &mut self,
        engine: &mut dyn Engine,
        sources: &mut [Source],
        cycles: Range<u64>,
    ) -> Result<(), lightswitch_sim::Error> {
        for cycle in cycles {
            for (offered, source) in self.offered.iter_mut().zip(&mut *sources) {
                if offered.is_none() {
                    *offered = source.next(self.beats, cycle, self.keep);
                }
            }
            engine.cycle(&self.offered, &self.ready, &mut self.outcome)?;
            for (offered, is_ready) in self.offered.iter_mut().zip(&self.outcome.ingress_ready) {
                if *is_ready {
                    *offered = None;
                }
            }
            for (port, leaving) in self.leaving.iter_mut().enumerate() {
                if let Some(beat) = &self.outcome.egress[port] {
                    let at = (port, cycle);
                    self.played
                        .receive(leaving, beat, at, self.name_beat, sources);
                }
            }
        }
        Ok(())
    }
}

/// Records and plays, stretch by stretch; the clock runs while traffic is played.
fn play(engine: &mut dyn Engine, traffic: &mut Traffic) -> Result<Played, lightswitch_sim::Error> {
    let mut player = Player::new(traffic);
    player.play(engine, &mut traffic.sources, 0..traffic.lessons)?;
    player.played.given_beats = 0;
    let mut begin = traffic.lessons;
    while begin < traffic.end {
        let stretch = STRETCH_BEATS / traffic.sources.len() as u64;
        let end = traffic.end.min(begin + stretch);
        traffic.record(end);
        player.play_timed(engine, &mut traffic.sources, begin..end)?;
        begin = end;
    }
    Ok(player.played)
}

/// The latency that this share of the frames does not exceed.
fn quantile(latency: &[u64], share: f64) -> usize {
    let all: u64 = latency.iter().sum();
    let mut below = 0;
    for (cycles, count) in latency.iter().enumerate() {
        below += count;
        if below as f64 >= share * all as f64 {
            return cycles;
        }
    }
    latency.len()
}
