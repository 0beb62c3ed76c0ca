//! The frames of a stimulus on their way through a switch: each from its plan to its arrival, and what becomes of it.

use std::ops::Range;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

use crate::beat::Beat;
use crate::bench::{Planned, Scenario};
use crate::completion::Completion;
use crate::engine::{Cause, Counts, Pulse};
use crate::frame::{self, Received, Verdict};
use crate::ledger::{Ledger, Sent};
use crate::measure::{Batches, Latency};
use crate::occupancy::Occupancy;
use crate::stimulus::Stimulus;
use crate::traffic::{Flaw, Gap, Pattern, Plan, Stamp};
use crate::Error;

/// Cycles after which the switch counts a frame that went on to the queue of its egress.
pub const ACCEPTED_AFTER_CYCLES: u64 = 1;

/// Frames, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that were offered.
    pub sent: u64,
    /// Malformed frames of these.
    pub malformed: u64,
    /// Copies that arrived, unpoisoned and unchanged, where they were to go.
    pub delivered: u64,
    /// Copies that left unpoisoned and are not what entered, or ought to have been poisoned, or are badly poisoned.
    pub corrupted: u64,
    /// Frames that arrived behind a later one of the same pair.
    pub reordered: u64,
    /// Frames that arrived a second time.
    pub duplicated: u64,
    /// Copies that left poisoned.
    pub poisoned: u64,
    /// Copies of these whose frame was good, or is not known.
    pub wrongly_poisoned: u64,
    /// Copies that left poisoned because a link had damaged them.
    pub damaged_by_links: u64,
    /// Copies that left at another port than the one they were for.
    pub flooded: u64,
    /// Frames of `sent` that arrived in one way or another where they were to go.
    pub settled: u64,
}

/// One source.
#[derive(Clone, Debug, Default)]
struct Source {
    /// The next frame, which waits for others.
    waiting: Option<Plan>,
    /// How many of its waits are over.
    waits_over: usize,
    /// It has sent its last frame.
    is_over: bool,
    current: Option<Current>,
    /// For the bytes of the next frame.
    spare: Vec<u8>,
}

/// The frame that a source sends.
#[derive(Clone, Debug)]
struct Current {
    stamp: Stamp,
    flaw: Option<Flaw>,
    digest: u64,
    ends_flow: bool,
    /// The first cycle in which it may be offered, as far as the plan and its waits go.
    start: u64,
    gaps: Vec<Gap>,
    next_gap: usize,
}

/// What a run is about: its shape and the cycles of its window.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What is simulated.
    pub top: Top,
    /// Its pattern.
    pub pattern: Pattern,
    /// First cycle of the traffic.
    pub base: u64,
    /// The cycles that are measured, warm-up in front and drain behind them excluded.
    pub window: Range<u64>,
    /// Frames cross optical links, which may damage them: a poisoned copy of a good frame is no fault of the switch, and its
    /// good copy may still come.
    pub crosses_links: bool,
}

/// Every frame from its offer to its delivery.
pub struct Flows {
    stimulus: Stimulus,
    scope: Scope,
    ports: usize,
    beat_bytes: usize,
    sources: Vec<Source>,
    ledger: Ledger,
    /// Per pair, frames that arrived good.
    arrived: Vec<u32>,
    /// Per egress, frames that arrived damaged, so that it is not known which they are.
    damaged: Vec<u64>,
    /// Frames and flows by what became of them.
    pub tally: Tally,
    /// Flows and rounds.
    pub completion: Completion,
    /// How full queues got.
    pub occupancy: Occupancy,
    /// Beats planned for the window, and in all.
    pub planned_window_beats: u64,
    planned_beats: u64,
    /// Flows planned that are part of rounds.
    planned_round_members: u64,
    /// Per ingress, beats of frames that left whole in the window.
    pub window_beats: Vec<u64>,
    /// Latencies of frames offered in the window: to the first beat, to the last, and of the lookup.
    pub first_latency: Latency,
    /// To the last beat.
    pub last_latency: Latency,
    /// Of the lookup.
    pub lookup_latency: Latency,
    /// Whether latencies have come to rest.
    pub batches: Batches,
    /// A fingerprint of all that left: which bytes, where, and in which cycles.
    pub digest: u64,
}

impl Flows {
    /// Frames of `stimulus`, none of which has been sent.
    #[must_use]
    pub fn new(stimulus: Stimulus, config: &Config, scope: Scope) -> Self {
        let ports = config.ports;
        let pairs = ports * ports;
        Self {
            stimulus,
            ports,
            beat_bytes: config.beat_bytes(),
            sources: vec![Source::default(); ports],
            ledger: Ledger::new(pairs),
            arrived: vec![0; pairs],
            damaged: vec![0; ports],
            tally: Tally::default(),
            completion: Completion::new(scope.pattern, ports),
            occupancy: Occupancy::new(config, scope.top),
            planned_window_beats: 0,
            planned_beats: 0,
            planned_round_members: 0,
            window_beats: vec![0; ports],
            first_latency: Latency::default(),
            last_latency: Latency::default(),
            lookup_latency: Latency::default(),
            batches: Batches::new(scope.window.start, scope.window.end),
            digest: 0,
            scope,
        }
    }

    /// Every frame of a pattern that is played to its end has been sent; of others those that have begun.
    #[must_use]
    pub fn are_sent(&self) -> bool {
        !self.plays_to_the_end()
            || (self.sources.iter()).all(|source| {
                source.is_over && source.waiting.is_none() && source.current.is_none()
            })
    }

    fn plays_to_the_end(&self) -> bool {
        self.scope.pattern.is_in_rounds()
    }

    /// Plans what has not been asked for, so that it counts as offered.
    pub fn plan_the_rest(&mut self) {
        for ingress in 0..self.ports {
            while self.plan(ingress).is_some() {}
        }
    }

    /// Rounds that were planned.
    #[must_use]
    pub fn planned_rounds(&self) -> u64 {
        let in_round = u64::from(self.scope.pattern.flows_in_round(self.ports));
        self.planned_round_members
            .checked_div(in_round)
            .unwrap_or(0)
    }

    /// Beats of a round, on average; 0 without rounds.
    #[must_use]
    pub fn round_beats(&self) -> u64 {
        self.planned_beats
            .checked_div(self.planned_rounds())
            .unwrap_or(0)
    }

    /// Copies that are neither delivered nor counted anywhere.
    #[must_use]
    pub fn lost(&self, counts: &Counts) -> u64 {
        let ports = self.ports;
        let mut good = vec![0_u64; ports * ports];
        let mut fragments = vec![0_u64; ports * ports];
        self.ledger.each_missing(|pair, sent| match sent.flaw {
            Some(Flaw::Fragment) => fragments[pair] += 1,
            _ => good[pair] += 1,
        });
        // A copy that a full queue has no room for may be one of either.
        for pair in 0..ports * ports {
            let dropped = counts.dropped(pair / ports, pair % ports);
            let left = dropped.saturating_sub(good[pair]);
            good[pair] = good[pair].saturating_sub(dropped);
            fragments[pair] = fragments[pair].saturating_sub(left);
        }
        let of_good: u64 = (0..ports)
            .map(|egress| {
                let missing: u64 = (0..ports)
                    .map(|ingress| good[ingress * ports + egress])
                    .sum();
                missing.saturating_sub(self.damaged[egress])
            })
            .sum();
        let of_fragments: u64 = (0..ports)
            .map(|ingress| {
                let missing: u64 = fragments[ingress * ports..][..ports].iter().sum();
                missing.saturating_sub(counts.at(Cause::RuntDropped, ingress))
            })
            .sum();
        of_good + of_fragments
    }

    fn pair(&self, source: usize, destination: usize) -> usize {
        source * self.ports + destination
    }

    /// The next frame of a source, which counts as planned.
    #[inline]
    fn plan(&mut self, ingress: usize) -> Option<Plan> {
        if self.sources[ingress].is_over {
            return None;
        }
        let Some(plan) = self.stimulus.next(ingress) else {
            self.sources[ingress].is_over = true;
            return None;
        };
        let beats = frame::beats(plan.stamp.length, self.beat_bytes) as u64;
        if self.scope.window.contains(&(self.scope.base + plan.start)) {
            self.planned_window_beats += beats;
        }
        self.planned_beats += beats;
        if plan.ends_flow {
            let (source, destination) = (plan.stamp.source, plan.stamp.destination);
            let pattern = self.scope.pattern;
            let is_in_round = pattern.flows_per_round(self.ports, source, destination) > 0;
            self.planned_round_members += u64::from(is_in_round);
        }
        Some(plan)
    }

    /// Whether all that the waiting frame of `ingress` waits for has arrived.
    fn is_awaited(&mut self, ingress: usize) -> bool {
        let source = &mut self.sources[ingress];
        let Some(plan) = &source.waiting else {
            return false;
        };
        while let Some(wait) = plan.waits.get(source.waits_over) {
            if self.arrived[wait.source * self.ports + ingress] < wait.frames {
                return true;
            }
            source.waits_over += 1;
        }
        source.waits_over = 0;
        false
    }

    /// Sends `plan`, which could start in `start`.
    #[inline]
    fn send(&mut self, ingress: usize, plan: Plan, start: u64) -> Planned {
        let source = &mut self.sources[ingress];
        let mut bytes = std::mem::take(&mut source.spare);
        plan.write(self.scope.top, &mut bytes);
        let stamp = plan.stamp;
        source.current = Some(Current {
            stamp,
            flaw: plan.flaw,
            digest: frame::digest(&bytes),
            ends_flow: plan.ends_flow,
            start,
            gaps: plan.gaps,
            next_gap: 0,
        });
        Planned {
            id: u64::from(stamp.sequence),
            start,
            bytes,
            poisoned: false,
            dest: stamp.dest(self.scope.top),
        }
    }

    /// Takes an unpoisoned copy into account.
    #[inline]
    fn arrives(&mut self, egress: usize, received: &Received, digest: u64) {
        let stamp = Stamp::read_from(self.scope.top, &received.bytes, self.ports);
        let Some(stamp) = stamp.filter(|_| received.well_formed) else {
            return self.is_corrupted(egress);
        };
        let is_intact = || stamp.frame_for(self.scope.top) == received.bytes;
        if stamp.destination != egress {
            if is_intact() {
                self.tally.flooded += 1;
            } else {
                self.is_corrupted(egress);
            }
            return;
        }
        let pair = self.pair(stamp.source, egress);
        let Some(sent) = self.ledger.get(pair, stamp.sequence) else {
            if is_intact() {
                self.tally.duplicated += 1;
            } else {
                self.is_corrupted(egress);
            }
            return;
        };
        if sent.digest != digest {
            return self.is_corrupted(egress);
        }
        let Some((sent, is_late)) = self.ledger.take(pair, stamp.sequence) else {
            return;
        };
        self.tally.settled += 1;
        self.tally.reordered += u64::from(is_late);
        if sent.flaw.is_some() {
            // Healed: what was bad has arrived as good.
            self.tally.corrupted += 1;
            return;
        }
        self.tally.delivered += 1;
        self.arrived[pair] = self.arrived[pair].wrapping_add(1);
        self.completion.arrives(sent.flow, received.last_cycle);
        self.measure(stamp.source, &sent, received);
    }

    #[inline]
    fn measure(&mut self, source: usize, sent: &Sent, received: &Received) {
        let window = &self.scope.window;
        if window.contains(&sent.offered) {
            let latency = received.first_cycle - sent.offered;
            self.first_latency.record(latency);
            self.last_latency.record(received.last_cycle - sent.offered);
            self.batches.record(sent.offered, latency);
        }
        if window.contains(&received.last_cycle) {
            self.window_beats[source] += frame::beats(received.bytes.len(), self.beat_bytes) as u64;
        }
    }

    /// A copy left unpoisoned with other bytes than it entered with; which one it is cannot be told from it.
    fn is_corrupted(&mut self, egress: usize) {
        self.damaged[egress] += 1;
        self.tally.settled += 1;
        self.tally.corrupted += 1;
    }

    /// Takes a poisoned copy into account.
    fn arrives_poisoned(&mut self, egress: usize, received: &Received) {
        self.tally.poisoned += 1;
        let stamp = Stamp::read_from(self.scope.top, &received.bytes, self.ports);
        if self.scope.crosses_links && !self.was_sent_bad(egress, stamp) {
            self.tally.damaged_by_links += 1;
            return;
        }
        let known = stamp.and_then(|stamp| {
            let pair = self.pair(stamp.source, egress);
            let is_here = stamp.destination == egress;
            let taken = is_here.then(|| self.ledger.take(pair, stamp.sequence))??;
            Some((stamp, taken))
        });
        let Some((stamp, (sent, is_late))) = known else {
            if stamp.is_some_and(|stamp| stamp.destination != egress) {
                self.tally.flooded += 1;
            } else {
                self.damaged[egress] += 1;
                self.tally.settled += 1;
                self.tally.wrongly_poisoned += 1;
            }
            return;
        };
        self.tally.settled += 1;
        self.tally.reordered += u64::from(is_late);
        self.tally.wrongly_poisoned += u64::from(sent.flaw.is_none());
        if !self.is_poisoned_well(stamp, &sent, received) {
            self.tally.corrupted += 1;
        }
    }

    /// Whether a poisoned copy is of a frame that is still missing and was malformed from the start.
    fn was_sent_bad(&self, egress: usize, stamp: Option<Stamp>) -> bool {
        let sent = stamp.and_then(|stamp| {
            let pair = self.pair(stamp.source, egress);
            self.ledger.get(pair, stamp.sequence)
        });
        sent.is_some_and(|sent| sent.flaw.is_some())
    }

    /// Whether a poisoned copy is the frame that was sent, as far as it goes, and on a switch ends with a stomped
    /// FCS. What a hole in the byte enables makes of the bytes is not looked at.
    fn is_poisoned_well(&self, stamp: Stamp, sent: &Sent, received: &Received) -> bool {
        if sent.flaw == Some(Flaw::BadKeep) {
            return true;
        }
        let stamp = Stamp {
            length: sent.length as usize,
            ..stamp
        };
        let entered = stamp.frame_for(self.scope.top);
        let bytes = &received.bytes;
        let (trailer, is_marked) = match self.scope.top {
            Top::Switch => (frame::FCS_BYTES, frame::verdict(bytes) == Verdict::Stomped),
            Top::Fabric | Top::FabricMc => (0, true),
        };
        let same = bytes.len().saturating_sub(trailer);
        is_marked
            && received.well_formed
            && bytes.len() <= entered.len()
            && entered[..same] == bytes[..same]
    }
}

impl Scenario for Flows {
    #[inline]
    fn next_frame(&mut self, ingress: usize, cycle: u64) -> Option<Planned> {
        if cycle >= self.scope.window.end && !self.plays_to_the_end() {
            return None;
        }
        if self.sources[ingress].waiting.is_none() {
            let plan = self.plan(ingress)?;
            if plan.waits.is_empty() {
                let start = self.scope.base + plan.start;
                return Some(self.send(ingress, plan, start));
            }
            self.sources[ingress].waiting = Some(plan);
        }
        if self.is_awaited(ingress) {
            return None;
        }
        let plan = self.sources[ingress].waiting.take()?;
        let start = cycle.max(self.scope.base + plan.start);
        Some(self.send(ingress, plan, start))
    }

    #[inline]
    fn begun(&mut self, ingress: usize, _id: u64, cycle: u64) {
        let Some(current) = &self.sources[ingress].current else {
            return;
        };
        let stamp = current.stamp;
        self.tally.sent += 1;
        self.tally.malformed += u64::from(current.flaw.is_some());
        let (start, ends_flow) = (current.start, current.ends_flow);
        let flow = self
            .completion
            .sends(ingress, stamp.destination, start, ends_flow);
        let sent = Sent {
            sequence: stamp.sequence,
            length: stamp.length as u32,
            offered: cycle,
            digest: current.digest,
            flow,
            flaw: current.flaw,
        };
        self.ledger
            .push(ingress * self.ports + stamp.destination, sent);
    }

    #[inline]
    fn gap(&mut self, ingress: usize, index: usize) -> u32 {
        let Some(current) = &mut self.sources[ingress].current else {
            return 0;
        };
        match current.gaps.get(current.next_gap) {
            Some(gap) if gap.beat as usize == index => {
                current.next_gap += 1;
                gap.cycles
            }
            _ => 0,
        }
    }

    #[inline]
    fn offers(&mut self, ingress: usize, index: usize, beat: &mut Beat) {
        let current = self.sources[ingress].current.as_ref();
        if let Some(flaw) = current.and_then(|current| current.flaw) {
            flaw.spoil_beat(self.scope.top, self.beat_bytes, index, beat);
        }
    }

    #[inline]
    fn entered(&mut self, ingress: usize, cycle: u64) {
        if let Some(current) = &self.sources[ingress].current {
            let pair = ingress * self.ports + current.stamp.destination;
            self.occupancy.enters(ingress, pair, cycle);
        }
    }

    #[inline]
    fn took(&mut self, ingress: usize) {
        self.occupancy.took(ingress);
    }

    #[inline]
    fn counted(&mut self, pulse: &Pulse, cycle: u64) {
        let Some(entered) = self.occupancy.counted(pulse) else {
            return;
        };
        if self.scope.window.contains(&entered) {
            self.lookup_latency
                .record(cycle - ACCEPTED_AFTER_CYCLES - entered);
        }
    }

    #[inline]
    fn ended(&mut self, ingress: usize, _id: u64, _cycle: u64) {
        self.occupancy.ended(ingress);
        self.sources[ingress].current = None;
    }

    #[inline]
    fn recycle(&mut self, ingress: usize, bytes: Vec<u8>) {
        self.sources[ingress].spare = bytes;
    }

    #[inline]
    fn gave(&mut self, egress: usize, beat: &Beat) {
        self.occupancy.gave(egress, beat);
    }

    #[inline]
    fn received(&mut self, egress: usize, received: &Received) -> Result<(), Error> {
        let digest = frame::digest(&received.bytes);
        let base = self.scope.base;
        let when = [received.first_cycle - base, received.last_cycle - base];
        let what = [egress as u64 * 2 + u64::from(received.poisoned), digest];
        for word in what.into_iter().chain(when) {
            let mixed = (self.digest ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.digest = mixed ^ mixed >> 29;
        }
        // Behind a link the host looks at the FCS: the link itself does so with retry only.
        let is_hit =
            || self.scope.crosses_links && frame::verdict(&received.bytes) != Verdict::Good;
        if received.poisoned || is_hit() {
            self.arrives_poisoned(egress, received);
        } else {
            self.arrives(egress, received, digest);
        }
        Ok(())
    }
}
