//! Measures one engine on a stimulus that is made and recorded before the clock starts: cycles per CPU second, with the
//! measures of a real run and a digest of every delivered frame, so that engines can be compared. `scripts/bench` runs it
//! over the matrix. `CYCLES` are cycles of the traffic; the lessons in front of it, which make the stations of a switch
//! known, are not timed.
//!
//! Usage: `bench ENGINE PORTSxWIDTH TOP LOAD FRAME_BYTES CYCLES [BAD_FCS_SHARE]`, one JSON object on stdout.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "its result is printed, in figures for people"
)]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::Random;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::beat::{full_keep, Beat};
use lightswitch_sim::engine::{self, Engine, EngineKind, Outcome, Settings};
use lightswitch_sim::{frame, measure};

/// Cycles between the lessons that make the stations known.
const LESSON_CYCLES: u64 = 40;

/// Where a frame has the eight bytes that name it: which one of its source it is, and its source.
const NAME_AT: usize = 16;

/// Latencies that are told apart, in cycles; longer ones count as the last.
const LATENCIES: usize = 1 << 14;

/// One ingress: the words of all its frames, and for each frame the cycle from which it may be offered and the end of
/// its words.
#[derive(Default)]
struct Recorded {
    words: Vec<u64>,
    frames: Vec<Frame>,
}

#[derive(Clone, Copy)]
struct Frame {
    start: u64,
    end: usize,
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
    let lessons = if top == Top::Switch {
        LESSON_CYCLES * config.ports as u64
    } else {
        0
    };
    let recorded = record(&config, top, load, bytes, (lessons, cycles), bad);
    let settings = Settings {
        gap_limit: 0,
        ..Settings::default()
    };
    let mut engine = engine::build_top(kind, &config, top, &settings)?;
    let played = play(engine.as_mut(), &recorded, bytes, (lessons, cycles))?;
    let taught = if top == Top::Switch { config.ports } else { 0 };
    let words: usize = recorded.iter().map(|port| port.words.len()).sum();
    let offered = words - taught * frame::beats(bytes, config.beat_bytes());
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

/// Uniform traffic with geometric gaps, written down beat by beat; behind a switch's lessons.
fn record(
    config: &Config,
    top: Top,
    load: f64,
    bytes: usize,
    (lessons, cycles): (u64, u64),
    bad: f64,
) -> Vec<Recorded> {
    let (ports, width) = (config.ports, config.beat_bytes());
    let beats = frame::beats(bytes, width);
    // A geometric gap of mean (1 - p) / p makes beats / (beats + gap) the load.
    let start = load / (load + beats as f64 * (1.0 - load));
    let mut all = Vec::new();
    for source in 0..ports {
        let mut random = Random::new(1 + source as u64);
        let mut recorded = Recorded::default();
        let mut clock = lessons;
        let mut chance = |share: f64| f64::from(random.next_u32()) < share * 4_294_967_296.0;
        let mut picks = Random::new(7_919 * (1 + source as u64));
        let mut add = |clock: u64, destination: usize, is_bad: bool| {
            let number = recorded.frames.len();
            let mut frame = frame_of(top, source, destination, number, bytes);
            if is_bad {
                frame[bytes - 1] ^= 1;
            }
            let words = (0..beats).map(|index| frame::beat(&frame, index, width, false).data);
            recorded.words.extend(words.map(u64::from_le_bytes));
            recorded.frames.push(Frame {
                start: clock,
                end: recorded.words.len(),
                dest: match top {
                    Top::Switch => 0,
                    Top::Fabric => destination as u64,
                    Top::FabricMc => 1 << destination,
                },
            });
        };
        if top == Top::Switch {
            add(
                LESSON_CYCLES * source as u64,
                (source + ports - 1) % ports,
                false,
            );
        }
        while clock < lessons + cycles {
            if !chance(start) {
                clock += 1;
                continue;
            }
            let destination = match top {
                Top::Switch => (source + 1 + picks.below(ports as u32 - 1) as usize) % ports,
                Top::Fabric | Top::FabricMc => picks.below(ports as u32) as usize,
            };
            add(clock, destination, chance(bad));
            clock += beats as u64;
        }
        all.push(recorded);
    }
    all
}

/// A source: its next frame and word, and of the frame it is in the end and the destination.
#[derive(Clone, Default)]
struct Source {
    frame: usize,
    word: usize,
    end: usize,
    dest: u64,
    /// When each frame was first offered.
    offered_at: Vec<u64>,
}

impl Source {
    /// The next beat, if it may be offered in `cycle`; `keep` are the byte enables of a full beat and of a last one.
    #[inline]
    fn next(&mut self, recorded: &Recorded, cycle: u64, keep: [u8; 2]) -> Option<Beat> {
        if self.word == self.end {
            let frame = recorded.frames.get(self.frame)?;
            if frame.start > cycle {
                return None;
            }
            self.offered_at[self.frame] = cycle;
            self.frame += 1;
            self.end = frame.end;
            self.dest = frame.dest;
        }
        let data = recorded.words[self.word].to_le_bytes();
        self.word += 1;
        let last = self.word == self.end;
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
            let latency = leaving.first_cycle.wrapping_sub(*offered) as usize;
            self.latency[latency.min(LATENCIES - 1)] += 1;
        }
    }
}

/// Plays the stimulus and measures; nothing is allocated in the loop.
#[inline(never)]
fn play(
    engine: &mut dyn Engine,
    recorded: &[Recorded],
    bytes: usize,
    (lessons, cycles): (u64, u64),
) -> Result<Played, lightswitch_sim::Error> {
    let (ports, width) = (engine.ports(), engine.beat_bytes());
    let keep = [width, bytes - (bytes - 1) / width * width].map(full_keep);
    let name_beat = (NAME_AT / width) as u32;
    let mut sources: Vec<Source> = (recorded.iter())
        .map(|port| Source {
            offered_at: vec![0; port.frames.len()],
            ..Source::default()
        })
        .collect();
    let mut offered: Vec<Option<Beat>> = vec![None; ports];
    let ready = vec![true; ports];
    let mut outcome = Outcome::new(ports);
    let mut leaving = vec![Leaving::default(); ports];
    let mut played = Played {
        cpu_seconds: 0.0,
        frames: 0,
        poisoned: 0,
        given_beats: 0,
        digest: 0,
        latency: vec![0; LATENCIES],
    };
    let mut started = measure::cpu_seconds();
    for cycle in 0..lessons + cycles {
        if cycle == lessons {
            played.given_beats = 0;
            started = measure::cpu_seconds();
        }
        let wires = offered.iter_mut().zip(&mut sources).zip(recorded);
        for ((offered, source), recorded) in wires {
            if offered.is_none() {
                *offered = source.next(recorded, cycle, keep);
            }
        }
        engine.cycle(&offered, &ready, &mut outcome)?;
        for (offered, is_ready) in offered.iter_mut().zip(&outcome.ingress_ready) {
            if *is_ready {
                *offered = None;
            }
        }
        for (port, leaving) in leaving.iter_mut().enumerate() {
            if let Some(beat) = &outcome.egress[port] {
                played.receive(leaving, beat, (port, cycle), name_beat, &sources);
            }
        }
    }
    played.cpu_seconds = measure::cpu_seconds() - started;
    Ok(played)
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
