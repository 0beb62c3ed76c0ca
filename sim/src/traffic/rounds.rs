//! Messages in rounds: the collectives, whose steps wait for each other, and incast.
//!
//! A round is planned as a whole, for all ports, when the first of them needs a frame of it; so the plan does not
//! depend on the order in which the ports ask, nor on anything that happens to the frames. What has to happen first
//! is part of the plan: a frame names the frames that must have arrived at its port before it may start.

use std::collections::VecDeque;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

use super::schedule::{Schedule, Transfer};
use super::{FrameSize, Pattern, Plan, Spec, Stamp, Wait};
use crate::frame;
use crate::rng::{Family, Rng};

/// Cycles from the start of one of the victim's frames to the next, in beats of the first.
const VICTIM_SPACING: u64 = 10;

/// The sources of a pattern in rounds.
#[derive(Clone, Debug)]
pub(super) struct Rounds {
    pattern: Pattern,
    ports: usize,
    beat_bytes: usize,
    schedule: Schedule,
    message_bytes: usize,
    frame: FrameSize,
    shortest: usize,
    load: f64,
    /// Rounds start before this cycle.
    end: u64,
    /// Start of the next round.
    start: u64,
    is_first: bool,
    rngs: Vec<Rng>,
    /// Per ingress, the first cycle in which its next frame could start.
    clock: Vec<u64>,
    /// Per (source, destination), frames planned.
    planned: Vec<u32>,
    queue: Vec<VecDeque<Plan>>,
    /// Start of the victim's next frame.
    victim: u64,
}

impl Rounds {
    pub(super) fn new(spec: &Spec, config: &Config, top: Top) -> Self {
        let ports = config.ports;
        Self {
            pattern: spec.pattern,
            ports,
            beat_bytes: config.beat_bytes(),
            schedule: Schedule::new(spec.pattern, ports, spec.message_bytes),
            message_bytes: spec.message_bytes,
            frame: spec.frame,
            shortest: Stamp::shortest(top),
            load: spec.load,
            end: spec.cycles,
            start: 0,
            is_first: true,
            rngs: Rng::streams(spec.seed, Family::Frames)
                .skip(1)
                .take(ports)
                .collect(),
            clock: vec![0; ports],
            planned: vec![0; ports * ports],
            queue: vec![VecDeque::new(); ports],
            victim: 0,
        }
    }

    /// The next frame of `ingress`, or `None` behind the last round.
    pub(super) fn next(&mut self, ingress: usize) -> Option<Plan> {
        if self.pattern == Pattern::Incast && ingress == 0 {
            return None;
        }
        while self.queue[ingress].is_empty() {
            if self.start >= self.end {
                return None;
            }
            self.plan_round();
        }
        self.queue[ingress].pop_front()
    }

    /// Plans a round, and when the next one starts: when at the given load the busiest link is free again.
    #[allow(clippy::cast_sign_loss, reason = "beats and the load are positive")]
    fn plan_round(&mut self) {
        let busiest = match self.pattern {
            Pattern::Incast => self.plan_incast(),
            _ => self.plan_collective(),
        };
        self.is_first = false;
        let cycles = (busiest as f64 / self.load).ceil() as u64;
        self.start = self.start.saturating_add(cycles.max(1));
        if self.pattern == Pattern::Incast {
            self.plan_victim(self.start.min(self.end));
        }
    }

    /// Plans a collective; beats that each port sends, the most of any.
    fn plan_collective(&mut self) -> u64 {
        let mut beats = vec![0; self.ports];
        for step in 0..self.schedule.steps() {
            let waits: Vec<Vec<Wait>> =
                (0..self.ports).map(|port| self.waits(step, port)).collect();
            for (port, waits) in waits.into_iter().enumerate() {
                let transfer = self.schedule.transfer(step, port);
                for mut plan in self.frames(port, transfer, waits) {
                    beats[port] += self.place(&mut plan);
                    self.queue[port].push_back(plan);
                }
            }
        }
        beats.into_iter().max().unwrap_or(0)
    }

    /// What `port` waits for in front of `step`: the data of the step before. An all-to-all has but one step in which
    /// all data are there from the start, so it waits for the whole exchange before.
    fn waits(&self, step: usize, port: usize) -> Vec<Wait> {
        let last = self.schedule.steps() - 1;
        let senders = match (self.pattern, step) {
            (_, 0) if self.is_first => Vec::new(),
            (Pattern::AllToAll, 0) => (0..self.ports).filter(|source| *source != port).collect(),
            (Pattern::AllToAll, _) => Vec::new(),
            (_, 0) => vec![self.schedule.sender(last, port)],
            (_, step) => vec![self.schedule.sender(step - 1, port)],
        };
        senders
            .into_iter()
            .map(|source| Wait {
                source,
                frames: self.planned[source * self.ports + port],
            })
            .collect()
    }

    /// Plans a burst of every port but the first, and the victim's frames due before the bursts are out; beats for
    /// port 0.
    fn plan_incast(&mut self) -> u64 {
        let mut beats = 0;
        for port in 1..self.ports {
            let transfer = Transfer {
                destination: 0,
                bytes: self.message_bytes,
            };
            for mut plan in self.frames(port, transfer, Vec::new()) {
                beats += self.place(&mut plan);
                self.queue[port].push_back(plan);
                if port == Pattern::VICTIM.0 && self.victim <= self.clock[port] {
                    // Two flows at one source: it sends of each in turn.
                    self.plan_victim_frame();
                }
            }
        }
        beats
    }

    /// Plans the victim's frames that are due before cycle `end`.
    fn plan_victim(&mut self, end: u64) {
        while self.victim < end {
            self.plan_victim_frame();
        }
    }

    fn plan_victim_frame(&mut self) {
        let (source, destination) = Pattern::VICTIM;
        let bytes = self.frame.draw(&mut self.rngs[source]);
        let mut plan = self.plan(source, destination, bytes);
        plan.start = self.victim;
        plan.ends_flow = true;
        let beats = self.place(&mut plan);
        self.victim += VICTIM_SPACING * beats;
        self.queue[source].push_back(plan);
    }

    /// The frames that carry a transfer from `source`, not placed yet; the first of them waits.
    fn frames(&mut self, source: usize, transfer: Transfer, waits: Vec<Wait>) -> Vec<Plan> {
        let mut frames: Vec<Plan> = Vec::new();
        let mut left = transfer.bytes;
        while left > 0 {
            let drawn = self.frame.draw(&mut self.rngs[source]);
            let length = if drawn < left {
                drawn
            } else {
                left.max(self.shortest)
            };
            left = left.saturating_sub(length);
            frames.push(self.plan(source, transfer.destination, length));
        }
        if let Some(first) = frames.first_mut() {
            first.waits = waits;
        }
        if let Some(last) = frames.last_mut() {
            last.ends_flow = true;
        }
        frames
    }

    /// A frame of the running round, with its number.
    fn plan(&mut self, source: usize, destination: usize, length: usize) -> Plan {
        let planned = &mut self.planned[source * self.ports + destination];
        let stamp = Stamp {
            source,
            destination,
            sequence: *planned,
            length,
        };
        *planned = planned.wrapping_add(1);
        Plan {
            start: self.start,
            ..Plan::of(stamp)
        }
    }

    /// Puts a frame behind those planned for its source; its beats.
    fn place(&mut self, plan: &mut Plan) -> u64 {
        let clock = &mut self.clock[plan.stamp.source];
        plan.start = plan.start.max(*clock);
        let beats = frame::beats(plan.stamp.length, self.beat_bytes) as u64;
        *clock = plan.start + beats;
        beats
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::traffic::Traffic;

    fn spec(pattern: Pattern, load: f64, frame: &str) -> Spec {
        Spec {
            pattern,
            load,
            frame: frame.parse().unwrap(),
            message_bytes: 4_096,
            cycles: 20_000,
            ..Spec::default()
        }
    }

    /// Every frame, port by port.
    fn plans(spec: &Spec, config: &str) -> Vec<Vec<Plan>> {
        let config = Config::sized(config).unwrap();
        let mut traffic = Traffic::new(*spec, config, Top::Switch).unwrap();
        (0..config.ports)
            .map(|ingress| std::iter::from_fn(|| traffic.next(ingress)).collect())
            .collect()
    }

    /// The flows of one source, in order: where they go, their bytes and what they wait for.
    fn flows(plans: &[Plan]) -> Vec<(usize, usize, Vec<Wait>)> {
        let mut flows = Vec::new();
        let mut open: HashMap<usize, (usize, Vec<Wait>)> = HashMap::new();
        for plan in plans {
            let destination = plan.stamp.destination;
            let is_new = !open.contains_key(&destination);
            let flow = open.entry(destination).or_default();
            assert!(
                is_new || plan.waits.is_empty(),
                "only the first frame of a flow waits"
            );
            flow.0 += plan.stamp.length;
            if is_new {
                flow.1.clone_from(&plan.waits);
            }
            if plan.ends_flow {
                let (bytes, waits) = open.remove(&destination).unwrap();
                flows.push((destination, bytes, waits));
            }
        }
        assert!(open.is_empty(), "every flow ends");
        flows
    }

    #[test]
    fn planned_frames_of_a_source_never_overlap() {
        for pattern in Pattern::ALL
            .into_iter()
            .filter(|pattern| pattern.is_in_rounds())
        {
            for frame in ["64", "imix", "64-1522"] {
                for (port, plans) in plans(&spec(pattern, 0.8, frame), "8x64").iter().enumerate() {
                    assert_eq!(plans.is_empty(), pattern == Pattern::Incast && port == 0);
                    let mut end = 0;
                    for plan in plans {
                        assert!(plan.start >= end, "{pattern} {frame}");
                        end = plan.start + frame::beats(plan.stamp.length, 8) as u64;
                        assert!((64..=1_522).contains(&plan.stamp.length));
                    }
                }
            }
        }
    }

    #[test]
    fn ring_steps_wait_for_the_step_before_at_the_neighbour() {
        let ports = 8;
        for (port, plans) in plans(&spec(Pattern::Ring, 0.5, "128"), "8x64")
            .iter()
            .enumerate()
        {
            let flows = flows(plans);
            assert!(
                flows.len() > 2 * 14 && flows.len().is_multiple_of(14),
                "{} flows",
                flows.len()
            );
            for (number, (destination, bytes, waits)) in flows.iter().enumerate() {
                assert_eq!((*destination, *bytes), ((port + 1) % ports, 512));
                // A piece of 512 bytes is four frames, and so is everyone else's.
                let expected = Wait {
                    source: (port + ports - 1) % ports,
                    frames: 4 * number as u32,
                };
                let expected: Vec<Wait> = (number > 0).then_some(expected).into_iter().collect();
                assert_eq!(*waits, expected);
            }
        }
    }

    #[test]
    fn halving_and_doubling_waits_for_the_partner_of_the_step_before() {
        let plans = plans(&spec(Pattern::HalvingDoubling, 0.5, "512"), "8x64");
        let flows = flows(&plans[5]);
        let partners = [1, 7, 4, 4, 7, 1];
        let bytes = [2_048, 1_024, 512, 512, 1_024, 2_048];
        assert!(flows.len() > 12 && flows.len().is_multiple_of(6));
        for (number, flow) in flows.iter().enumerate() {
            let (destination, sent, waits) = flow;
            assert_eq!(
                (*destination, *sent),
                (partners[number % 6], bytes[number % 6])
            );
            let awaited: Vec<usize> = waits.iter().map(|wait| wait.source).collect();
            let before = (number > 0).then(|| partners[(number + 5) % 6]);
            assert_eq!(awaited, before.into_iter().collect::<Vec<_>>());
        }
        // Of the partner 1 a half of four frames, and in the end, with the same again, eight.
        assert_eq!(
            flows[1].2,
            [Wait {
                source: 1,
                frames: 4
            }]
        );
        assert_eq!(
            flows[6].2,
            [Wait {
                source: 1,
                frames: 8
            }]
        );
    }

    #[test]
    fn an_all_to_all_begins_when_the_one_before_is_complete() {
        for (port, plans) in plans(&spec(Pattern::AllToAll, 0.5, "64-200"), "4x64")
            .iter()
            .enumerate()
        {
            let flows = flows(plans);
            assert!(flows.len() > 6 && flows.len().is_multiple_of(3));
            for (number, (destination, bytes, waits)) in flows.iter().enumerate() {
                assert_eq!(*destination, (port + number % 3 + 1) % 4);
                assert!(
                    (1_024..1_024 + 64).contains(bytes),
                    "a last frame is 64 bytes at least"
                );
                let begins = number % 3 == 0 && number > 0;
                assert_eq!(waits.len(), if begins { 3 } else { 0 });
                assert!(waits
                    .iter()
                    .all(|wait| wait.source != port && wait.frames > 0));
            }
        }
    }

    #[test]
    fn every_wait_is_for_frames_that_are_planned_before() {
        for pattern in [Pattern::Ring, Pattern::HalvingDoubling, Pattern::AllToAll] {
            for frame in ["64", "imix", "64-1522"] {
                let plans = plans(&spec(pattern, 0.7, frame), "8x64");
                // Play it with an ideal switch: every frame arrives as soon as it may start.
                let mut sent = [0; 8];
                let mut arrived = [[0; 8]; 8];
                let total: usize = plans.iter().map(Vec::len).sum();
                let mut played = 0;
                while played < total {
                    let before = played;
                    for port in 0..8 {
                        while let Some(plan) = plans[port].get(sent[port]) {
                            let is_met = |wait: &Wait| arrived[wait.source][port] >= wait.frames;
                            if !plan.waits.iter().all(is_met) {
                                break;
                            }
                            let arrived = &mut arrived[port][plan.stamp.destination];
                            assert_eq!(plan.stamp.sequence, *arrived);
                            *arrived += 1;
                            sent[port] += 1;
                            played += 1;
                        }
                    }
                    assert!(played > before, "{pattern} {frame} is stuck");
                }
            }
        }
    }

    #[test]
    fn collectives_keep_links_as_busy_as_the_load_says() {
        for pattern in [Pattern::Ring, Pattern::HalvingDoubling, Pattern::AllToAll] {
            for load in [0.1, 0.5, 1.0] {
                let spec = Spec {
                    cycles: 400_000,
                    ..spec(pattern, load, "256")
                };
                let plans = plans(&spec, "4x64");
                let last = plans[0].last().unwrap();
                let beats: u64 = (plans[0].iter())
                    .map(|plan| frame::beats(plan.stamp.length, 8) as u64)
                    .sum();
                let got = beats as f64 / (last.start + 32) as f64;
                assert!((got - load).abs() < 0.02, "{pattern} {load}: {got}");
            }
        }
    }

    #[test]
    fn incast_bursts_start_together_and_the_victim_runs_beside() {
        let spec = spec(Pattern::Incast, 0.9, "64");
        let plans = plans(&spec, "4x64");
        // Three messages of 4 096 bytes for port 0 at a load of 0.9.
        let period = (3 * 512 * 10_u64).div_ceil(9);
        let rounds = spec.cycles.div_ceil(period);
        for (port, plans) in plans.iter().enumerate().skip(1) {
            let (burst, victim): (Vec<&Plan>, Vec<&Plan>) =
                plans.iter().partition(|plan| plan.stamp.destination == 0);
            assert_eq!(burst.len() as u64, rounds * 64, "a message is 64 frames");
            assert_eq!(
                burst.iter().filter(|plan| plan.ends_flow).count() as u64,
                rounds
            );
            for (round, burst) in burst.chunks(64).enumerate() {
                let late = burst[0].start - round as u64 * period;
                assert!(late < 16, "port {port}, round {round}: {late}");
                let last = burst[63].start - round as u64 * period;
                let with_victim = if port == 1 { 8 * 8 } else { 0 };
                assert!((504..504 + 16 + with_victim).contains(&last), "{last}");
            }
            if port != Pattern::VICTIM.0 {
                assert!(victim.is_empty());
                continue;
            }
            assert!(victim
                .iter()
                .all(|plan| plan.stamp.destination == 2 && plan.ends_flow));
            let expected = spec.cycles / 80;
            assert!(
                victim.len().abs_diff(expected as usize) < 2,
                "{}",
                victim.len()
            );
            for (number, plan) in victim.iter().enumerate() {
                let late = plan.start - 80 * number as u64;
                assert!(
                    late <= 16,
                    "frame {number} of the victim is {late} cycles late"
                );
            }
        }
    }

    #[test]
    fn the_plan_does_not_depend_on_who_asks_first() {
        for pattern in Pattern::ALL
            .into_iter()
            .filter(|pattern| pattern.is_in_rounds())
        {
            let spec = spec(pattern, 0.6, "imix");
            let config = Config::named("4x64").unwrap();
            let mut traffic = Traffic::new(spec, config, Top::Switch).unwrap();
            let mut turned: Vec<Vec<Plan>> = vec![Vec::new(); 4];
            let mut is_over = false;
            while !is_over {
                is_over = true;
                for ingress in (0..4).rev() {
                    for plan in std::iter::from_fn(|| traffic.next(ingress)).take(ingress + 1) {
                        turned[ingress].push(plan);
                        is_over = false;
                    }
                }
            }
            assert_eq!(turned, plans(&spec, "4x64"), "{pattern}");
        }
    }
}
