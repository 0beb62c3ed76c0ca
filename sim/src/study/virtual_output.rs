//! The input-queued switch with virtual output queues: at each ingress one queue for each egress, and a scheduler.
//!
//! ```text
//!               ┌► ▯▯▯ for egress 0 ┐
//!  ingress 0 ───┼► ▯▯▯ for egress 1 ┼─► scheduler: one cell an ingress and one an egress
//!               └► ▯▯▯ for egress 2 ┘
//! ```

use super::matching::{Matching, Policy, Requests, Scheduler};
use super::queues::{Cell, Queues};
use super::slotted::{Departure, Slotted};
use super::source::Arrivals;

/// The switch.
#[derive(Clone, Debug)]
pub struct VirtualOutput<P> {
    ports: usize,
    queues: Queues,
    requests: Requests,
    matching: Matching,
    scheduler: Scheduler<P>,
    /// Matchings that left a free ingress and a free egress that ask for each other.
    pub not_maximal: u64,
    /// Slots in which a cell waited, and the iterations in them that matched somebody.
    pub busy_slots: u64,
    /// See [`VirtualOutput::busy_slots`].
    pub iterations: u64,
    check: bool,
}

impl<P: Policy> VirtualOutput<P> {
    /// An empty switch whose scheduler makes at most `iterations` iterations of `policy`.
    #[must_use]
    pub fn new(ports: usize, policy: P, iterations: usize) -> Self {
        Self {
            ports,
            queues: Queues::new(ports * ports),
            requests: Requests::new(ports),
            matching: Matching::new(ports),
            scheduler: Scheduler::new(ports, policy, iterations),
            not_maximal: 0,
            busy_slots: 0,
            iterations: 0,
            check: false,
        }
    }

    /// Checks in every slot whether the matching is maximal, which takes time.
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.check = true;
        self
    }

    /// How the scheduler chooses.
    #[must_use]
    pub const fn policy(&self) -> &P {
        &self.scheduler.policy
    }
}

impl<P: Policy> Slotted for VirtualOutput<P> {
    fn ports(&self) -> usize {
        self.ports
    }

    fn waiting(&self) -> usize {
        self.queues.waiting()
    }

    fn limits_ingresses(&self) -> bool {
        true
    }

    fn slot(&mut self, now: u64, arrivals: &Arrivals, departures: &mut Vec<Departure>) {
        for (ingress, egress) in arrivals.each() {
            let cell = Cell {
                port: egress as u32,
                arrived: now,
            };
            if self.queues.push(ingress * self.ports + egress, cell) {
                self.requests.insert(ingress, egress);
            }
        }
        if self.queues.waiting() == 0 {
            return;
        }
        self.matching.clear();
        self.iterations += self.scheduler.schedule(&self.requests, &mut self.matching) as u64;
        self.busy_slots += 1;
        if self.check && !self.matching.is_maximal(&self.requests) {
            self.not_maximal += 1;
        }
        for (ingress, egress) in &self.matching.pairs {
            if let Some((cell, was_last)) = self.queues.pop(ingress * self.ports + egress) {
                if was_last {
                    self.requests.remove(*ingress, *egress);
                }
                departures.push(Departure {
                    ingress: *ingress,
                    egress: *egress,
                    arrived: cell.arrived,
                });
            }
        }
    }
}
