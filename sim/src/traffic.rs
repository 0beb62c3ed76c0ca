//! Seeded traffic, produced apart from the engines: which frame enters where and when.
//!
//! The sources are open-loop: a frame's planned start does not depend on the switch. A source that is held up falls
//! behind its plan and catches up as fast as it is let.

use std::fmt;
use std::str::FromStr;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

use crate::frame::{self, Mac};
use crate::rng::{Probability, Rng};
use crate::Error;

/// Type field of generated frames: IEEE 802 local experimental 1.
const TYPE_EXPERIMENTAL: u16 = 0x88b5;
/// Mean frames of a burst of [`Pattern::Bursty`].
const BURST_FRAMES: f64 = 16.0;

/// Where frames go, and how they are spaced.
///
/// A switch filters frames for the port they come from, so there only the other ports are chosen from; on a fabric all are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Every port is equally likely, gaps are geometric.
    Uniform,
    /// Each port sends to one other port, none to the same; gaps are geometric.
    Permutation,
    /// Half of the frames go to port 0, the others are uniform; saturates at a load of about 2 / ports.
    Hotspot,
    /// On-off: bursts of 16 frames on average, back to back, to one uniformly chosen port; silence between them.
    Bursty,
}

impl Pattern {
    /// Every pattern.
    pub const ALL: [Pattern; 4] = [
        Pattern::Uniform,
        Pattern::Permutation,
        Pattern::Hotspot,
        Pattern::Bursty,
    ];

    /// What users type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Pattern::Uniform => "uniform",
            Pattern::Permutation => "permutation",
            Pattern::Hotspot => "hotspot",
            Pattern::Bursty => "bursty",
        }
    }
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|pattern| pattern.name() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|pattern| pattern.name()).collect();
                Error::invalid("the traffic", text, format!("one of {}", known.join(", ")))
            })
    }
}

/// How long frames are, in bytes: on a switch from destination address to FCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameSize {
    /// All the same.
    Fixed(usize),
    /// 64, 594 and 1 518 bytes in the ratio 7 : 4 : 1.
    Imix,
    /// Any length between the two, both included, equally likely.
    Range(usize, usize),
}

/// Lengths and shares of [`FrameSize::Imix`].
const IMIX: [(usize, u32); 3] = [(64, 7), (594, 4), (1_518, 1)];

impl FrameSize {
    /// Shortest and longest length.
    #[must_use]
    pub const fn bounds(self) -> (usize, usize) {
        match self {
            FrameSize::Fixed(bytes) => (bytes, bytes),
            FrameSize::Imix => (IMIX[0].0, IMIX[2].0),
            FrameSize::Range(low, high) => (low, high),
        }
    }

    /// Beats of a frame on average.
    #[must_use]
    pub fn mean_beats(self, beat_bytes: usize) -> f64 {
        let beats = |bytes| frame::beats(bytes, beat_bytes) as f64;
        match self {
            FrameSize::Fixed(bytes) => beats(bytes),
            FrameSize::Imix => {
                let weighed: f64 = IMIX
                    .iter()
                    .map(|(bytes, share)| beats(*bytes) * f64::from(*share))
                    .sum();
                weighed / f64::from(IMIX.iter().map(|(_, share)| share).sum::<u32>())
            }
            FrameSize::Range(low, high) => {
                (low..=high).map(beats).sum::<f64>() / (high + 1 - low) as f64
            }
        }
    }

    fn draw(self, rng: &mut Rng) -> usize {
        match self {
            FrameSize::Fixed(bytes) => bytes,
            FrameSize::Imix => {
                let mut ticket = rng.below(IMIX.iter().map(|(_, share)| share).sum());
                for (bytes, share) in IMIX {
                    if ticket < share {
                        return bytes;
                    }
                    ticket -= share;
                }
                IMIX[2].0
            }
            FrameSize::Range(low, high) => low + rng.below((high + 1 - low) as u32) as usize,
        }
    }
}

impl fmt::Display for FrameSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameSize::Fixed(bytes) => write!(f, "{bytes}"),
            FrameSize::Imix => f.write_str("imix"),
            FrameSize::Range(low, high) => write!(f, "{low}-{high}"),
        }
    }
}

impl FromStr for FrameSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = || {
            Error::invalid(
                "the frame size",
                text,
                "a number of bytes, imix, or LO-HI with LO <= HI",
            )
        };
        let number = |text: &str| text.parse::<u32>().map(|n| n as usize).map_err(|_| fail());
        if text == "imix" {
            return Ok(FrameSize::Imix);
        }
        match text.split_once('-') {
            None => Ok(FrameSize::Fixed(number(text)?)),
            Some((low, high)) => {
                let (low, high) = (number(low)?, number(high)?);
                if low > high {
                    return Err(fail());
                }
                Ok(FrameSize::Range(low, high))
            }
        }
    }
}

/// What traffic to produce.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// Where frames go, and how they are spaced.
    pub pattern: Pattern,
    /// Offered load per ingress: the fraction of cycles with a beat, above 0 and up to 1.
    pub load: f64,
    /// How long frames are.
    pub frame: FrameSize,
    /// The same seed gives the same frames at the same planned cycles.
    pub seed: u64,
}

/// What a generated frame says about itself; all its other bytes follow from this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The port it enters.
    pub source: usize,
    /// The port it is for.
    pub destination: usize,
    /// Its number among the frames from this source to this destination, from 0.
    pub sequence: u32,
    /// Bytes of the frame: on a switch from destination address to FCS, at least 64; on a fabric at least 8.
    pub length: usize,
}

impl Stamp {
    /// Bytes of the stamp itself.
    const BYTES: usize = 8;

    /// The shortest frame that carries a stamp through `top`.
    #[must_use]
    pub const fn shortest(top: Top) -> usize {
        match top {
            Top::Switch => frame::MIN_FRAME_BYTES,
            Top::Fabric | Top::FabricMc => Self::BYTES,
        }
    }

    /// The Ethernet frame, addresses to FCS.
    #[must_use]
    pub fn frame(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length);
        bytes.extend_from_slice(&Mac::of_port(self.destination).0);
        bytes.extend_from_slice(&Mac::of_port(self.source).0);
        bytes.extend_from_slice(&TYPE_EXPERIMENTAL.to_be_bytes());
        self.write(&mut bytes, self.length - frame::FCS_BYTES);
        bytes.extend_from_slice(&frame::fcs(&bytes));
        bytes
    }

    /// The frame as `top` takes it: Ethernet for the switch, only the stamp and a payload for a fabric.
    #[must_use]
    pub fn frame_for(&self, top: Top) -> Vec<u8> {
        if top == Top::Switch {
            return self.frame();
        }
        let mut bytes = Vec::with_capacity(self.length);
        self.write(&mut bytes, self.length);
        bytes
    }

    /// Appends the stamp and as much payload as makes `length` bytes.
    fn write(&self, bytes: &mut Vec<u8>, length: usize) {
        bytes.push(self.source as u8);
        bytes.push(self.destination as u8);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&(self.length as u16).to_be_bytes());
        // A payload in which no two frames, and no two words of one frame, look alike.
        let mut word =
            (u64::from(self.sequence) << 16) ^ (self.source as u64) << 8 ^ self.destination as u64;
        while bytes.len() < length {
            word = word
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            bytes.extend_from_slice(&word.to_be_bytes()[..4]);
        }
        bytes.truncate(length);
    }

    /// The stamp in an Ethernet frame, or `None` if it carries none that the sources could have made for `ports` ports.
    #[must_use]
    pub fn read(bytes: &[u8], ports: usize) -> Option<Self> {
        Self::read_from(Top::Switch, bytes, ports)
    }

    /// The stamp in a frame that left `top`, or `None` if it carries none that the sources could have made.
    #[must_use]
    pub fn read_from(top: Top, bytes: &[u8], ports: usize) -> Option<Self> {
        let header = match top {
            Top::Switch => frame::HEADER_BYTES,
            Top::Fabric | Top::FabricMc => 0,
        };
        let body: &[u8; Self::BYTES] = bytes.get(header..)?.first_chunk()?;
        let [source, destination, a, b, c, d, high, low] = *body;
        let stamp = Self {
            source: usize::from(source),
            destination: usize::from(destination),
            sequence: u32::from_be_bytes([a, b, c, d]),
            length: usize::from(u16::from_be_bytes([high, low])),
        };
        let is_ours = header == 0 || frame::ether_type(bytes) == Some(TYPE_EXPERIMENTAL);
        let plausible = is_ours
            && stamp.source < ports
            && stamp.destination < ports
            && stamp.length >= Self::shortest(top);
        plausible.then_some(stamp)
    }

    /// `tdest` that sends the frame to its destination through `top`.
    #[must_use]
    pub const fn dest(&self, top: Top) -> u64 {
        match top {
            Top::Switch => 0,
            Top::Fabric => self.destination as u64,
            Top::FabricMc => 1 << self.destination,
        }
    }
}

/// A frame and the cycle from which it may be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The first cycle, counted from the start of the traffic.
    pub start: u64,
    /// The frame.
    pub stamp: Stamp,
}

/// The sources at all ingresses.
#[derive(Clone, Debug)]
pub struct Traffic {
    spec: Spec,
    top: Top,
    ports: usize,
    beat_bytes: usize,
    start: Probability,
    burst_end: Probability,
    shift: usize,
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    rng: Rng,
    /// The first cycle in which the next frame could start.
    clock: u64,
    /// Destination of the running burst.
    burst: Option<usize>,
    sequence: Vec<u32>,
}

impl Traffic {
    /// Sources for every ingress of `top` in `config`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the load or the frame size is out of range.
    pub fn new(spec: Spec, config: &Config, top: Top) -> Result<Self, Error> {
        if !(spec.load > 0.0 && spec.load <= 1.0) {
            return Err(Error::invalid(
                "the load",
                spec.load,
                "above 0 and at most 1",
            ));
        }
        let (low, high) = spec.frame.bounds();
        let shortest = Stamp::shortest(top);
        if low < shortest || high > config.max_frame_bytes {
            return Err(Error::invalid(
                "the frame size",
                spec.frame,
                format!(
                    "within {shortest} to {} bytes for configuration {}",
                    config.max_frame_bytes, config.name
                ),
            ));
        }
        let ports = config.ports;
        let frames = if spec.pattern == Pattern::Bursty {
            BURST_FRAMES
        } else {
            1.0
        };
        let beats = frames * spec.frame.mean_beats(config.beat_bytes());
        // A geometric gap of mean (1 - p) / p makes beats / (beats + gap) the load.
        let start = spec.load / (spec.load + beats * (1.0 - spec.load));
        let shift = 1 + Rng::new(spec.seed, 0).below(ports as u32 - 1) as usize;
        Ok(Self {
            spec,
            top,
            ports,
            beat_bytes: config.beat_bytes(),
            start: Probability::new(start),
            burst_end: Probability::new(1.0 / BURST_FRAMES),
            shift,
            sources: (0..ports)
                .map(|port| Source {
                    rng: Rng::new(spec.seed, port + 1),
                    clock: 0,
                    burst: None,
                    sequence: vec![0; ports],
                })
                .collect(),
        })
    }

    /// The next frame of `ingress`, or `None` if it would start at cycle `end` or later.
    pub fn next(&mut self, ingress: usize, end: u64) -> Option<Plan> {
        let source = &mut self.sources[ingress];
        if source.burst.is_none() {
            while source.clock < end && !source.rng.chance(self.start) {
                source.clock += 1;
            }
        }
        if source.clock >= end {
            return None;
        }
        let own = self.top != Top::Switch;
        let any = |rng: &mut Rng| {
            if own {
                return rng.below(self.ports as u32) as usize;
            }
            let step = 1 + rng.below(self.ports as u32 - 1) as usize;
            (ingress + step) % self.ports
        };
        let destination = match self.spec.pattern {
            Pattern::Permutation => (ingress + self.shift) % self.ports,
            Pattern::Hotspot if (own || ingress != 0) && source.rng.below(2) == 0 => 0,
            Pattern::Uniform | Pattern::Hotspot => any(&mut source.rng),
            Pattern::Bursty => {
                let destination = match source.burst {
                    Some(destination) => destination,
                    None => any(&mut source.rng),
                };
                let ends = source.rng.chance(self.burst_end);
                source.burst = (!ends).then_some(destination);
                destination
            }
        };
        let stamp = Stamp {
            source: ingress,
            destination,
            sequence: source.sequence[destination],
            length: self.spec.frame.draw(&mut source.rng),
        };
        source.sequence[destination] = stamp.sequence.wrapping_add(1);
        let start = source.clock;
        source.clock += frame::beats(stamp.length, self.beat_bytes) as u64;
        Some(Plan { start, stamp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> &'static Config {
        Config::named("4x64").unwrap()
    }

    fn spec(pattern: Pattern, load: f64, frame: &str) -> Spec {
        Spec {
            pattern,
            load,
            frame: frame.parse().unwrap(),
            seed: 1,
        }
    }

    #[test]
    fn every_pattern_offers_the_load_it_is_asked_for() {
        for pattern in Pattern::ALL {
            for (load, frame) in [(0.1, "64"), (0.5, "imix"), (0.9, "65-1522"), (1.0, "64")] {
                let mut traffic =
                    Traffic::new(spec(pattern, load, frame), config(), Top::Switch).unwrap();
                let end = 4_000_000;
                let mut beats = 0;
                let mut last_end = 0;
                while let Some(plan) = traffic.next(1, end) {
                    assert!(plan.start >= last_end, "frames of one source overlap");
                    last_end = plan.start + frame::beats(plan.stamp.length, 8) as u64;
                    beats += last_end - plan.start;
                }
                let got = beats as f64 / end as f64;
                assert!(
                    (got - load).abs() < 0.02,
                    "{pattern:?} {load} {frame}: {got}"
                );
            }
        }
    }

    #[test]
    fn patterns_choose_the_destinations_they_name() {
        for pattern in Pattern::ALL {
            let mut traffic =
                Traffic::new(spec(pattern, 1.0, "64"), config(), Top::Switch).unwrap();
            let mut seen = [[0_u32; 4]; 4];
            for (ingress, row) in seen.iter_mut().enumerate() {
                for _ in 0..6_000 {
                    row[traffic.next(ingress, u64::MAX).unwrap().stamp.destination] += 1;
                }
                assert_eq!(row[ingress], 0, "{pattern:?} sends to itself");
            }
            let used = |row: &[u32; 4]| row.iter().filter(|count| **count > 0).count();
            match pattern {
                Pattern::Permutation => {
                    assert!(seen.iter().all(|row| used(row) == 1));
                    for egress in 0..4 {
                        assert_eq!(seen.iter().filter(|row| row[egress] > 0).count(), 1);
                    }
                }
                Pattern::Hotspot => assert!(seen[1..].iter().all(|row| row[0] > 3_700)),
                Pattern::Uniform => {
                    assert!(seen
                        .iter()
                        .flatten()
                        .all(|count| *count == 0 || *count > 1_800));
                }
                Pattern::Bursty => assert!(seen.iter().all(|row| used(row) == 3)),
            }
        }
    }

    #[test]
    fn bursts_are_sixteen_frames_on_average() {
        let mut traffic =
            Traffic::new(spec(Pattern::Bursty, 0.2, "64"), config(), Top::Switch).unwrap();
        let mut bursts = 0;
        let mut end = u64::MAX;
        for _ in 0..20_000 {
            let plan = traffic.next(0, u64::MAX).unwrap();
            bursts += u32::from(plan.start != end);
            end = plan.start + 8;
        }
        assert!((1_100..1_400).contains(&bursts), "{bursts}");
    }

    #[test]
    fn the_seed_decides() {
        let plans = |seed| {
            let spec = Spec {
                seed,
                ..spec(Pattern::Uniform, 0.5, "imix")
            };
            let mut traffic = Traffic::new(spec, config(), Top::Switch).unwrap();
            (0..50)
                .map(|i| traffic.next(i % 4, u64::MAX))
                .collect::<Vec<_>>()
        };
        assert_eq!(plans(4), plans(4));
        assert_ne!(plans(4), plans(5));
    }

    #[test]
    fn a_tiny_load_ends_at_the_horizon() {
        let mut traffic =
            Traffic::new(spec(Pattern::Uniform, 1e-12, "64"), config(), Top::Switch).unwrap();
        assert_eq!(traffic.next(0, 10_000), None);
    }

    #[test]
    fn stamps_survive_and_frames_differ() {
        let stamp = Stamp {
            source: 2,
            destination: 0,
            sequence: 77,
            length: 67,
        };
        let bytes = stamp.frame();
        assert_eq!(bytes.len(), 67);
        assert_eq!(frame::verdict(&bytes), frame::Verdict::Good);
        assert_eq!(Stamp::read(&bytes, 4), Some(stamp));
        assert_eq!(Stamp::read(&bytes, 2), None);
        assert_eq!(Stamp::read(&bytes[..20], 4), None);
        let next = Stamp {
            sequence: 78,
            ..stamp
        };
        assert_ne!(next.frame()[22..63], bytes[22..63]);
    }

    #[test]
    fn a_fabric_is_sent_to_every_port_from_one_beat_on() {
        let mut traffic =
            Traffic::new(spec(Pattern::Uniform, 1.0, "8"), config(), Top::Fabric).unwrap();
        let mut seen = [0_u32; 4];
        for _ in 0..8_000 {
            let stamp = traffic.next(2, u64::MAX).unwrap().stamp;
            seen[stamp.destination] += 1;
            for top in [Top::Fabric, Top::FabricMc] {
                let bytes = stamp.frame_for(top);
                assert_eq!(bytes.len(), 8);
                assert_eq!(Stamp::read_from(top, &bytes, 4), Some(stamp));
            }
            assert_eq!(stamp.dest(Top::Fabric), stamp.destination as u64);
            assert_eq!(stamp.dest(Top::FabricMc), 1 << stamp.destination);
        }
        assert!(seen.iter().all(|count| *count > 1_800), "{seen:?}");
        let error = Traffic::new(spec(Pattern::Uniform, 0.5, "7"), config(), Top::FabricMc)
            .unwrap_err()
            .to_string();
        assert!(error.contains("within 8 to 1522"), "{error}");
    }

    #[test]
    fn refuses_loads_and_sizes_out_of_range() {
        for load in [0.0, -0.5, 1.01, f64::NAN] {
            let error = Traffic::new(spec(Pattern::Uniform, load, "64"), config(), Top::Switch)
                .unwrap_err();
            assert!(error.to_string().contains("the load"), "{error}");
        }
        for frame in ["63", "1523", "64-2000", "4-70"] {
            let error = Traffic::new(spec(Pattern::Uniform, 0.5, frame), config(), Top::Switch)
                .unwrap_err();
            assert!(error.to_string().contains("within 64 to 1522"), "{error}");
        }
        for bad in ["", "big", "70-64", "64-", "-64", "1-2-3", "99999999999"] {
            let error = bad.parse::<FrameSize>().unwrap_err().to_string();
            assert!(error.contains("LO-HI"), "{error}");
        }
        assert!("incast"
            .parse::<Pattern>()
            .unwrap_err()
            .to_string()
            .contains("hotspot"));
        for good in ["64", "imix", "64-1522"] {
            assert_eq!(good.parse::<FrameSize>().unwrap().to_string(), good);
        }
    }
}
