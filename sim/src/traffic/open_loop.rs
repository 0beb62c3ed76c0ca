//! Sources whose frames follow from chance alone: uniform, permutation, hot spot and bursty.

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

use super::flaw::FlawSource;
use super::{Pattern, Plan, Spec, Stamp};
use crate::frame;
use crate::rng::{Family, Probability, Rng};

/// Mean frames of a burst of [`Pattern::Bursty`].
const BURST_FRAMES: f64 = 16.0;

/// The sources of such a pattern.
#[derive(Clone, Debug)]
pub(super) struct OpenLoop {
    spec: Spec,
    ports: usize,
    beat_bytes: usize,
    /// Frames for the port they come from are among them.
    to_self: bool,
    start: Probability,
    burst_end: Probability,
    /// How much further on a port's partner is.
    shift: usize,
    sources: Vec<Source>,
    flaws: Option<Vec<FlawSource>>,
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

impl OpenLoop {
    pub(super) fn new(spec: &Spec, config: &Config, top: Top) -> Self {
        let ports = config.ports;
        let frames = if spec.pattern == Pattern::Bursty {
            BURST_FRAMES
        } else {
            1.0
        };
        let mean = spec.frame.mean_beats(config.beat_bytes());
        let beats = frames * spec.flaws.mean_beats(mean, top, config);
        // A geometric gap of mean (1 - p) / p makes beats / (beats + gap) the load.
        let start = spec.load / (spec.load + beats * (1.0 - spec.load));
        let mut rngs = Rng::streams(spec.seed, Family::Frames);
        let shift = rngs
            .next()
            .map_or(0, |mut rng| 1 + rng.below(ports as u32 - 1) as usize);
        let sources = rngs
            .take(ports)
            .map(|rng| Source {
                rng,
                clock: 0,
                burst: None,
                sequence: vec![0; ports],
            })
            .collect();
        let flaws = (!spec.flaws.is_none()).then(|| {
            Rng::streams(spec.seed, Family::Flaws)
                .take(ports)
                .map(|rng| FlawSource::new(&spec.flaws, rng, top, config))
                .collect()
        });
        Self {
            spec: *spec,
            ports,
            beat_bytes: config.beat_bytes(),
            to_self: top != Top::Switch,
            start: Probability::new(start),
            burst_end: Probability::new(1.0 / BURST_FRAMES),
            shift,
            sources,
            flaws,
        }
    }

    /// The next frame of `ingress`, or `None` if it would start behind the last cycle.
    #[inline]
    pub(super) fn next(&mut self, ingress: usize) -> Option<Plan> {
        let source = &mut self.sources[ingress];
        let end = self.spec.cycles;
        if source.burst.is_none() {
            while source.clock < end && !source.rng.chance(self.start) {
                source.clock += 1;
            }
        }
        if source.clock >= end {
            return None;
        }
        let (ports, to_self) = (self.ports, self.to_self);
        let any = |rng: &mut Rng| {
            if to_self {
                return rng.below(ports as u32) as usize;
            }
            let further = ingress + 1 + rng.below(ports as u32 - 1) as usize;
            if further < ports {
                further
            } else {
                further - ports
            }
        };
        let mut ends_flow = false;
        let destination = match self.spec.pattern {
            Pattern::Permutation => (ingress + self.shift) % ports,
            Pattern::Hotspot if (to_self || ingress != 0) && source.rng.below(2) == 0 => 0,
            Pattern::Bursty => {
                let destination = match source.burst {
                    Some(destination) => destination,
                    None => any(&mut source.rng),
                };
                ends_flow = source.rng.chance(self.burst_end);
                source.burst = (!ends_flow).then_some(destination);
                destination
            }
            _ => any(&mut source.rng),
        };
        let length = self.spec.frame.draw(&mut source.rng);
        let (flaw, length) = match &mut self.flaws {
            Some(flaws) => flaws[ingress].draw(length),
            None => (None, length),
        };
        let stamp = Stamp {
            source: ingress,
            destination,
            sequence: source.sequence[destination],
            length,
        };
        source.sequence[destination] = stamp.sequence.wrapping_add(1);
        let start = source.clock;
        source.clock += frame::beats(length, self.beat_bytes) as u64;
        Some(Plan {
            start,
            flaw,
            ends_flow,
            ..Plan::of(stamp)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::{Flaw, Flaws, Traffic};

    const PATTERNS: [Pattern; 4] = [
        Pattern::Uniform,
        Pattern::Permutation,
        Pattern::Hotspot,
        Pattern::Bursty,
    ];

    fn traffic(spec: Spec, top: Top) -> Traffic {
        Traffic::new(spec, Config::named("4x64").unwrap(), top).unwrap()
    }

    fn spec(pattern: Pattern, load: f64, frame: &str) -> Spec {
        Spec {
            pattern,
            load,
            frame: frame.parse().unwrap(),
            cycles: 4_000_000,
            ..Spec::default()
        }
    }

    /// Beats of the port 1 per cycle.
    fn offered(spec: Spec) -> f64 {
        let mut traffic = traffic(spec, Top::Switch);
        let mut beats = 0;
        let mut last_end = 0;
        while let Some(plan) = traffic.next(1) {
            assert!(plan.start >= last_end, "frames of one source overlap");
            last_end = plan.start + frame::beats(plan.stamp.length, 8) as u64;
            beats += last_end - plan.start;
        }
        beats as f64 / spec.cycles as f64
    }

    #[test]
    fn every_pattern_offers_the_load_it_is_asked_for() {
        for pattern in PATTERNS {
            for (load, frame) in [(0.1, "64"), (0.5, "imix"), (0.9, "65-1522"), (1.0, "64")] {
                let got = offered(spec(pattern, load, frame));
                assert!((got - load).abs() < 0.02, "{pattern} {load} {frame}: {got}");
            }
        }
    }

    #[test]
    fn malformed_frames_count_for_the_load() {
        let got = offered(Spec {
            flaws: Flaws::default()
                .with(Flaw::TooLong, 0.2)
                .with(Flaw::Runt, 0.2),
            ..spec(Pattern::Uniform, 0.4, "64")
        });
        assert!((got - 0.4).abs() < 0.02, "{got}");
    }

    #[test]
    fn patterns_choose_the_destinations_they_name() {
        for pattern in PATTERNS {
            let mut traffic = traffic(spec(pattern, 1.0, "64"), Top::Switch);
            let mut seen = [[0_u32; 4]; 4];
            for (ingress, row) in seen.iter_mut().enumerate() {
                for _ in 0..6_000 {
                    row[traffic.next(ingress).unwrap().stamp.destination] += 1;
                }
                assert_eq!(row[ingress], 0, "{pattern} sends to itself");
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
                _ => assert!(seen.iter().all(|row| used(row) == 3)),
            }
        }
    }

    #[test]
    fn bursts_are_sixteen_frames_on_average_and_flows() {
        let spec = Spec {
            cycles: u64::MAX,
            ..spec(Pattern::Bursty, 0.2, "64")
        };
        let mut traffic = traffic(spec, Top::Switch);
        let mut bursts = 0;
        let mut before: Option<Plan> = None;
        for _ in 0..20_000 {
            let plan = traffic.next(0).unwrap();
            let is_new = before.as_ref().is_none_or(|before| before.ends_flow);
            if let Some(before) = before.filter(|_| !is_new) {
                assert_eq!(plan.start, before.start + 8);
                assert_eq!(plan.stamp.destination, before.stamp.destination);
            }
            bursts += u32::from(is_new);
            before = Some(plan);
        }
        assert!((1_100..1_400).contains(&bursts), "{bursts}");
    }

    #[test]
    fn a_tiny_load_ends_at_the_last_cycle() {
        let spec = Spec {
            cycles: 10_000,
            ..spec(Pattern::Uniform, 1e-12, "64")
        };
        assert_eq!(traffic(spec, Top::Switch).next(0), None);
    }

    #[test]
    fn a_fabric_is_sent_to_every_port_from_one_beat_on() {
        let mut traffic = traffic(spec(Pattern::Uniform, 1.0, "8"), Top::Fabric);
        let mut seen = [0_u32; 4];
        for _ in 0..8_000 {
            let stamp = traffic.next(2).unwrap().stamp;
            seen[stamp.destination] += 1;
            for top in [Top::Fabric, Top::FabricMc] {
                let bytes = stamp.frame_for(top);
                assert_eq!(bytes.len(), 8);
                assert_eq!(Stamp::read_from(top, &bytes, 4), Some(stamp));
            }
            assert_eq!(stamp.dest(Top::Fabric).low(), stamp.destination as u64);
            assert_eq!(stamp.dest(Top::FabricMc).low(), 1 << stamp.destination);
        }
        assert!(seen.iter().all(|count| *count > 1_800), "{seen:?}");
    }
}
