//! When flows are complete, and rounds of them.
//!
//! A flow is a run of frames of one pair of ports; a round is what a pattern sends between its barriers, one
//! collective or one incast. A flow lasts from the cycle in which its first frame may be offered to the edge at which
//! the last beat of its last frame to arrive leaves: for the plan's start, or, where it waits for others, for when
//! these have arrived and its port has sent what was before it. A round lasts from its first flow's start to its last
//! flow's end.

use serde::Serialize;

use crate::measure::{Latency, Summary};
use crate::traffic::Pattern;

/// The flow of a frame that belongs to none.
pub const NO_FLOW: u32 = u32::MAX;

/// How long flows, or rounds, took.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Completions {
    /// Those that are complete.
    pub completed: u64,
    /// Those that were sent, or planned for a round, and are not complete.
    pub unfinished: u64,
    /// From start to end, in cycles, of the whole run, warm-up included.
    pub cycles: Summary,
}

#[derive(Clone, Copy, Debug)]
struct Flow {
    round: u32,
    start: u64,
    /// Frames that were sent and have not arrived.
    outstanding: u32,
    /// Its last frame was sent.
    is_sent: bool,
    is_victim: bool,
}

#[derive(Clone, Copy, Debug)]
struct Round {
    start: u64,
    end: u64,
    flows_left: u32,
}

/// Flows and rounds of one run.
#[derive(Clone, Debug)]
pub struct Completion {
    pattern: Pattern,
    ports: usize,
    /// Per pair, the flow whose frames are sent at the moment, and flows begun.
    open: Vec<u32>,
    begun: Vec<u32>,
    flows: Vec<Flow>,
    free: Vec<u32>,
    rounds: Vec<Round>,
    sent: [u64; 2],
    /// Of flows and of the victim's, completion times.
    times: [Latency; 2],
    round_times: Latency,
}

impl Completion {
    /// No flow of `pattern` yet.
    #[must_use]
    pub fn new(pattern: Pattern, ports: usize) -> Self {
        let pairs = if pattern.has_flows() {
            ports * ports
        } else {
            0
        };
        Self {
            pattern,
            ports,
            open: vec![NO_FLOW; pairs],
            begun: vec![0; pairs],
            flows: Vec::new(),
            free: Vec::new(),
            rounds: Vec::new(),
            sent: [0; 2],
            times: std::array::from_fn(|_| Latency::default()),
            round_times: Latency::default(),
        }
    }

    /// A frame is sent that could be offered from cycle `start` on; the flow it belongs to.
    pub fn sends(&mut self, source: usize, destination: usize, start: u64, ends_flow: bool) -> u32 {
        if !self.pattern.has_flows() {
            return NO_FLOW;
        }
        let pair = source * self.ports + destination;
        let flow = match self.open[pair] {
            NO_FLOW => self.begin(source, destination, start),
            open => open,
        };
        let state = &mut self.flows[flow as usize];
        state.outstanding += 1;
        state.is_sent = ends_flow;
        self.open[pair] = if ends_flow { NO_FLOW } else { flow };
        self.sent[usize::from(state.is_victim)] += u64::from(ends_flow);
        flow
    }

    fn begin(&mut self, source: usize, destination: usize, start: u64) -> u32 {
        let number = &mut self.begun[source * self.ports + destination];
        let per_round = self
            .pattern
            .flows_per_round(self.ports, source, destination);
        let round = number.checked_div(per_round).unwrap_or(NO_FLOW);
        *number += 1;
        if round != NO_FLOW {
            let fresh = Round {
                start: u64::MAX,
                end: 0,
                flows_left: self.pattern.flows_in_round(self.ports),
            };
            while self.rounds.len() <= round as usize {
                self.rounds.push(fresh);
            }
            let round = &mut self.rounds[round as usize];
            round.start = round.start.min(start);
        }
        let flow = Flow {
            round,
            start,
            outstanding: 0,
            is_sent: false,
            is_victim: self.pattern == Pattern::Incast && (source, destination) == Pattern::VICTIM,
        };
        if let Some(index) = self.free.pop() {
            self.flows[index as usize] = flow;
            index
        } else {
            self.flows.push(flow);
            self.flows.len() as u32 - 1
        }
    }

    /// A frame of `flow` has arrived in `cycle`.
    pub fn arrives(&mut self, flow: u32, cycle: u64) {
        if flow == NO_FLOW {
            return;
        }
        let state = &mut self.flows[flow as usize];
        state.outstanding -= 1;
        if state.outstanding > 0 || !state.is_sent {
            return;
        }
        let state = *state;
        self.free.push(flow);
        self.times[usize::from(state.is_victim)].record(cycle - state.start);
        if state.round == NO_FLOW {
            return;
        }
        let round = &mut self.rounds[state.round as usize];
        round.end = round.end.max(cycle);
        round.flows_left = round.flows_left.saturating_sub(1);
        if round.flows_left == 0 {
            self.round_times.record(round.end - round.start);
        }
    }

    fn completions(times: &Latency, expected: u64) -> Completions {
        Completions {
            completed: times.count(),
            unfinished: expected.saturating_sub(times.count()),
            cycles: times.summary(),
        }
    }

    /// The flows, the victim's apart; `None` for a pattern that has none.
    #[must_use]
    pub fn flows(&self) -> Option<Completions> {
        let flows = || Self::completions(&self.times[0], self.sent[0]);
        self.pattern.has_flows().then(flows)
    }

    /// The flows of the victim; `None` for a pattern that has none.
    #[must_use]
    pub fn victims(&self) -> Option<Completions> {
        let victims = || Self::completions(&self.times[1], self.sent[1]);
        (self.pattern == Pattern::Incast).then(victims)
    }

    /// The rounds, of which so many were planned; `None` for a pattern that has none.
    #[must_use]
    pub fn rounds(&self, planned: u64) -> Option<Completions> {
        let rounds = || Self::completions(&self.round_times, planned);
        self.pattern.is_in_rounds().then(rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_lasts_from_its_start_to_its_last_arrival() {
        let mut completion = Completion::new(Pattern::Bursty, 4);
        let first = completion.sends(0, 3, 100, false);
        let other = completion.sends(0, 2, 105, true);
        assert_eq!(completion.sends(0, 3, 110, false), first);
        assert_ne!(other, first);
        completion.arrives(first, 120);
        completion.arrives(first, 130);
        assert_eq!(completion.sends(0, 3, 140, true), first);
        completion.arrives(other, 150);
        completion.arrives(first, 170);
        let flows = completion.flows().unwrap();
        assert_eq!((flows.completed, flows.unfinished), (2, 0));
        assert_eq!((flows.cycles.min, flows.cycles.max), (45, 70));
        // Places are used again; a flow that has lost a frame does not end.
        let next = completion.sends(0, 3, 200, false);
        assert!(next == first || next == other);
        completion.sends(0, 3, 210, true);
        completion.arrives(next, 220);
        let flows = completion.flows().unwrap();
        assert_eq!((flows.completed, flows.unfinished), (2, 1));
        assert_eq!((completion.rounds(0), completion.victims()), (None, None));
    }

    #[test]
    fn a_round_is_complete_with_the_last_of_its_flows() {
        let mut completion = Completion::new(Pattern::AllToAll, 3);
        let mut flows = Vec::new();
        for round in 0..2 {
            for source in 0..3_usize {
                for step in 1..3 {
                    let destination = (source + step) % 3;
                    let start = 1_000 * round + source as u64;
                    flows.push(completion.sends(source, destination, start, true));
                }
            }
        }
        for (number, flow) in flows.iter().enumerate() {
            completion.arrives(*flow, 2_000 + number as u64);
        }
        let rounds = completion.rounds(3).unwrap();
        assert_eq!((rounds.completed, rounds.unfinished), (2, 1));
        assert_eq!((rounds.cycles.min, rounds.cycles.max), (1_011, 2_005));
        assert_eq!(completion.flows().unwrap().completed, 12);
    }

    #[test]
    fn the_victim_is_counted_apart() {
        let mut completion = Completion::new(Pattern::Incast, 3);
        let burst = completion.sends(1, 0, 0, true);
        let victim = completion.sends(1, 2, 5, true);
        let other = completion.sends(2, 0, 1, true);
        completion.arrives(victim, 25);
        completion.arrives(burst, 40);
        completion.arrives(other, 50);
        assert_eq!(completion.victims().unwrap().cycles.max, 20);
        let flows = completion.flows().unwrap();
        assert_eq!((flows.completed, flows.cycles.max), (2, 49));
        assert_eq!(completion.rounds(1).unwrap().cycles.max, 50);
    }

    #[test]
    fn patterns_without_flows_have_none() {
        let mut completion = Completion::new(Pattern::Uniform, 4);
        assert_eq!(completion.sends(0, 1, 0, false), NO_FLOW);
        completion.arrives(NO_FLOW, 10);
        assert_eq!(completion.flows(), None);
    }
}
