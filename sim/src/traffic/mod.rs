//! Seeded traffic, planned apart from the engines: which frame enters where and when, and what is wrong with it.
//!
//! ```text
//!  Spec ─► open_loop or rounds ─► flaws ─► gaps ─► Plan: start, stamp, flaw, waits, gaps
//! ```
//!
//! Nothing in a plan depends on a switch. A source that is held up falls behind its plan and catches up as fast as it
//! is let. Where a frame depends on others, as in the collectives, the plan says on which: it starts when these have
//! arrived. So a plan is the same for every engine, and a recorded one replays the same frames with the same
//! dependencies.

mod flaw;
mod open_loop;
mod pattern;
mod rounds;
mod schedule;
mod size;
mod stamp;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

pub use self::flaw::{Flaw, Flaws};
use self::open_loop::OpenLoop;
pub use self::pattern::Pattern;
use self::rounds::Rounds;
pub use self::schedule::{Schedule, Transfer};
pub use self::size::FrameSize;
pub use self::stamp::Stamp;
use crate::bench::STUCK_CYCLES;
use crate::frame;
use crate::readiness::BackPressure;
use crate::rng::{Family, Probability, Rng};
use crate::Error;

/// Longest pause that is planned, in cycles.
pub const LONGEST_GAP_CYCLES: u32 = STUCK_CYCLES as u32 - 1;
/// Most bytes of a message.
const LONGEST_MESSAGE_BYTES: usize = 1 << 30;
/// Fewest cycles of a run.
const FEWEST_CYCLES: u64 = 100;

/// What stimulus to plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Where frames go, and how they are spaced.
    pub pattern: Pattern,
    /// Offered load, above 0 and up to 1: the fraction of cycles with a beat, at each ingress; of incast at egress 0.
    pub load: f64,
    /// How long frames are.
    pub frame: FrameSize,
    /// Bytes of a message: in incast what a port sends in a round, in a collective what a port contributes.
    pub message_bytes: usize,
    /// The share of frames that are malformed.
    pub flaws: Flaws,
    /// Probability that a source pauses for a cycle in front of a beat inside a frame.
    pub pause: f64,
    /// How ready the egresses are.
    pub back_pressure: BackPressure,
    /// Cycles in which frames are offered, or in which rounds start.
    pub cycles: u64,
    /// The same seed gives the same stimulus.
    pub seed: u64,
}

impl Default for Spec {
    /// Uniform traffic of 64 bytes at a load of 0.9, as good as can be, for 100 000 cycles.
    fn default() -> Self {
        Self {
            pattern: Pattern::Uniform,
            load: 0.9,
            frame: FrameSize::Fixed(frame::MIN_FRAME_BYTES),
            message_bytes: 65_536,
            flaws: Flaws::default(),
            pause: 0.0,
            back_pressure: BackPressure::None,
            cycles: 100_000,
            seed: 1,
        }
    }
}

impl Spec {
    /// Whether there is such a stimulus for `top` of `config`.
    ///
    /// # Errors
    /// [`Error::Invalid`] and [`Error::PortOutOfRange`] for the first value that is out of range.
    pub fn check(&self, config: &Config, top: Top) -> Result<(), Error> {
        if self.cycles < FEWEST_CYCLES {
            let expected = format!("{FEWEST_CYCLES} or more");
            return Err(Error::invalid(
                "the number of cycles",
                self.cycles,
                expected,
            ));
        }
        if !(self.load > 0.0 && self.load <= 1.0) {
            let expected = "above 0 and at most 1";
            return Err(Error::invalid("the load", self.load, expected));
        }
        let (low, high) = self.frame.bounds();
        let (shortest, longest) = Flaw::lengths(None, top, config);
        if low < shortest || high > longest {
            let name = config.name;
            let expected = format!("within {shortest} to {longest} bytes for configuration {name}");
            return Err(Error::invalid("the frame size", self.frame, expected));
        }
        if !(0.0..1.0).contains(&self.pause) {
            let expected = "0 or more and below 1";
            return Err(Error::invalid("the share of pauses", self.pause, expected));
        }
        self.back_pressure.check(config.ports)?;
        self.flaws.check(top, config, self.frame)?;
        self.pattern.check(config.ports)?;
        if self.pattern.is_in_rounds() {
            self.check_messages(config.ports, shortest)?;
        }
        Ok(())
    }

    fn check_messages(&self, ports: usize, shortest: usize) -> Result<(), Error> {
        let pieces = if self.pattern.is_collective() {
            ports
        } else {
            1
        };
        let fewest = pieces * shortest;
        if !(fewest..=LONGEST_MESSAGE_BYTES).contains(&self.message_bytes) {
            return Err(Error::invalid(
                "the message",
                self.message_bytes,
                format!(
                    "{fewest} to {LONGEST_MESSAGE_BYTES} bytes for {} between {ports} ports",
                    self.pattern
                ),
            ));
        }
        if !self.flaws.is_none() {
            let expected = format!("none in {}: nobody sends a lost frame again", self.pattern);
            return Err(Error::invalid(
                "the share of malformed frames",
                self.flaws,
                expected,
            ));
        }
        Ok(())
    }
}

/// What a frame waits for: that so many frames from a port have arrived, good, at the port where it enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The port they come from.
    pub source: usize,
    /// Their number, from the start of the run.
    pub frames: u32,
}

/// A pause of a source inside a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The beat in front of which it pauses, 1 or more.
    pub beat: u32,
    /// How long.
    pub cycles: u32,
}

/// A frame and when it may be offered: not before its start, nor before all that it waits for, nor before the one
/// planned before it at the same ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The first cycle, counted from the start of the traffic. Planned frames of an ingress do not overlap.
    pub start: u64,
    /// The frame.
    pub stamp: Stamp,
    /// What is wrong with it.
    pub flaw: Option<Flaw>,
    /// It is the last one of a flow from its source to its destination.
    pub ends_flow: bool,
    /// What it waits for.
    pub waits: Vec<Wait>,
    /// Pauses inside it, in order; they are not part of what is planned to start when.
    pub gaps: Vec<Gap>,
}

impl Plan {
    /// A good frame, to start at once.
    const fn of(stamp: Stamp) -> Self {
        Self {
            start: 0,
            stamp,
            flaw: None,
            ends_flow: false,
            waits: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// Makes `bytes` what enters `top`.
    #[inline]
    pub fn write(&self, top: Top, bytes: &mut Vec<u8>) {
        self.stamp.write(top, bytes);
        if let Some(flaw) = self.flaw {
            flaw.spoil_bytes(bytes);
        }
    }
}

/// The sources at all ingresses.
#[derive(Clone, Debug)]
pub struct Traffic {
    sources: Sources,
    beat_bytes: usize,
    pause: Probability,
    /// Per ingress, for its pauses.
    gaps: Vec<Rng>,
}

#[derive(Clone, Debug)]
enum Sources {
    OpenLoop(Box<OpenLoop>),
    Rounds(Box<Rounds>),
}

impl Traffic {
    /// Sources for every ingress of `top` in `config`.
    ///
    /// # Errors
    /// As [`Spec::check`].
    pub fn new(spec: Spec, config: &Config, top: Top) -> Result<Self, Error> {
        spec.check(config, top)?;
        let sources = if spec.pattern.is_in_rounds() {
            Sources::Rounds(Box::new(Rounds::new(&spec, config, top)))
        } else {
            Sources::OpenLoop(Box::new(OpenLoop::new(&spec, config, top)))
        };
        Ok(Self {
            sources,
            beat_bytes: config.beat_bytes(),
            pause: Probability::new(spec.pause),
            gaps: Rng::streams(spec.seed, Family::Gaps)
                .take(config.ports)
                .collect(),
        })
    }

    /// The next frame of `ingress`, or `None` if it has sent its last.
    #[inline]
    pub fn next(&mut self, ingress: usize) -> Option<Plan> {
        let mut plan = match &mut self.sources {
            Sources::OpenLoop(sources) => sources.next(ingress),
            Sources::Rounds(sources) => sources.next(ingress),
        }?;
        // A fragment with a pause in it could begin to leave before its end is seen.
        if !self.pause.is_zero() && plan.flaw != Some(Flaw::Fragment) {
            let beats = frame::beats(plan.stamp.length, self.beat_bytes) as u32;
            plan.gaps = self.draw_gaps(ingress, beats);
        }
        Some(plan)
    }

    fn draw_gaps(&mut self, ingress: usize, beats: u32) -> Vec<Gap> {
        let rng = &mut self.gaps[ingress];
        (1..beats)
            .filter_map(|beat| {
                let mut cycles = 0;
                while cycles < LONGEST_GAP_CYCLES && rng.chance(self.pause) {
                    cycles += 1;
                }
                (cycles > 0).then_some(Gap { beat, cycles })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> &'static Config {
        Config::named("4x64").unwrap()
    }

    fn refusal(spec: &Spec, top: Top) -> String {
        spec.check(config(), top).unwrap_err().to_string()
    }

    #[test]
    fn the_seed_decides() {
        for pattern in Pattern::ALL {
            let plans = |seed| {
                let spec = Spec {
                    pattern,
                    seed,
                    frame: "imix".parse().unwrap(),
                    pause: 0.1,
                    ..Spec::default()
                };
                let mut traffic = Traffic::new(spec, config(), Top::Switch).unwrap();
                (0..400)
                    .map(|i| traffic.next(1 + i % 3))
                    .collect::<Vec<_>>()
            };
            assert_eq!(plans(4), plans(4));
            assert_ne!(plans(4), plans(5), "{pattern}");
        }
    }

    #[test]
    fn pauses_change_nothing_but_the_gaps() {
        let spec = Spec {
            frame: "64-300".parse().unwrap(),
            ..Spec::default()
        };
        let mut smooth = Traffic::new(spec, config(), Top::Switch).unwrap();
        let paused = Spec {
            pause: 0.25,
            ..spec
        };
        let mut paused = Traffic::new(paused, config(), Top::Switch).unwrap();
        let (mut beats, mut cycles) = (0, 0);
        for _ in 0..2_000 {
            let plan = paused.next(3).unwrap();
            let count = frame::beats(plan.stamp.length, 8) as u32;
            let mut before = 0;
            for gap in &plan.gaps {
                assert!(gap.beat > before && gap.beat < count && gap.cycles > 0);
                before = gap.beat;
                cycles += gap.cycles;
            }
            beats += count - 1;
            let without = Plan {
                gaps: Vec::new(),
                ..plan
            };
            assert_eq!(Some(without), smooth.next(3));
        }
        // A geometric number of cycles, 0.25 / 0.75 on average.
        let mean = f64::from(cycles) / f64::from(beats);
        assert!((mean - 1.0 / 3.0).abs() < 0.02, "{mean}");
    }

    #[test]
    fn refuses_loads_sizes_and_pauses_out_of_range() {
        for load in [0.0, -0.5, 1.01, f64::NAN] {
            let spec = Spec {
                load,
                ..Spec::default()
            };
            assert!(refusal(&spec, Top::Switch).contains("the load"));
        }
        for (frame, top, words) in [
            ("63", Top::Switch, "within 64 to 1522"),
            ("1523", Top::Switch, "within 64 to 1522"),
            ("64-2000", Top::Switch, "within 64 to 1522"),
            ("4-70", Top::Switch, "within 64 to 1522"),
            ("7", Top::FabricMc, "within 8 to 1522"),
        ] {
            let spec = Spec {
                frame: frame.parse().unwrap(),
                ..Spec::default()
            };
            let error = refusal(&spec, top);
            assert!(error.contains(words), "{error}");
        }
        for pause in [1.0, -0.1, f64::NAN] {
            let spec = Spec {
                pause,
                ..Spec::default()
            };
            assert!(refusal(&spec, Top::Switch).contains("the share of pauses"));
        }
        let spec = Spec {
            cycles: 99,
            ..Spec::default()
        };
        assert!(refusal(&spec, Top::Switch).contains("100 or more"));
        let spec = Spec {
            back_pressure: BackPressure::One(4, 1, 1),
            ..Spec::default()
        };
        assert!(refusal(&spec, Top::Switch).contains("port 4"));
    }

    #[test]
    fn refuses_messages_that_leave_a_piece_without_a_frame() {
        for (pattern, message_bytes, words) in [
            (Pattern::Ring, 255, "256 to"),
            (Pattern::HalvingDoubling, 0, "256 to"),
            (Pattern::AllToAll, (1 << 30) + 1, "to 1073741824 bytes"),
            (Pattern::Incast, 63, "64 to"),
        ] {
            let spec = Spec {
                pattern,
                message_bytes,
                ..Spec::default()
            };
            let error = refusal(&spec, Top::Switch);
            assert!(
                error.contains("the message") && error.contains(words),
                "{error}"
            );
            let flawed = Spec {
                message_bytes: 65_536,
                flaws: Flaws::default().with(Flaw::BadFcs, 0.1),
                ..spec
            };
            let error = refusal(&flawed, Top::Switch);
            assert!(error.contains("nobody sends a lost frame again"), "{error}");
        }
        let small = Spec {
            message_bytes: 0,
            ..Spec::default()
        };
        assert!(
            small.check(config(), Top::Switch).is_ok(),
            "there are no messages"
        );
    }

    #[test]
    fn stations_of_many_ports_fit_the_table() {
        use crate::engine::TABLE_WAYS;
        use crate::frame::Mac;
        use lightswitch_hdl::table::set_of_address;

        for name in ["2x32", "16x64", "512x64"] {
            let config = Config::sized(name).unwrap();
            let mut sets = vec![0; 1 << config.table_w];
            for port in 0..config.ports {
                sets[set_of_address(Mac::of_port(port).0, config.table_w)] += 1;
            }
            assert!(
                sets.iter().all(|stations| *stations <= TABLE_WAYS),
                "{name}"
            );
        }
    }
}
