//! The input-queued switch with one first-in first-out queue for each ingress.
//!
//! ```text
//!  ingress 0 ─► ▯▯▯▯ ─┐
//!  ingress 1 ─► ▯▯▯▯ ─┼─► each egress takes one of the heads that are for it
//!  ingress 2 ─► ▯▯▯▯ ─┘
//! ```
//!
//! Only heads take part: a cell behind one that has to wait is blocked, also when its own egress is free.

use super::ports::{self, PortMasks};
use super::queues::{Cell, Queues};
use super::slotted::{Departure, Slotted};
use super::source::Arrivals;
use crate::rng::Rng;

/// Which of the heads for one egress wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Any of them alike.
    Random,
    /// The one that has been a head for longest; any of those alike.
    Oldest,
}

impl Selection {
    /// Both.
    pub const ALL: [Selection; 2] = [Selection::Random, Selection::Oldest];

    /// The name in rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Selection::Random => "random",
            Selection::Oldest => "oldest",
        }
    }
}

/// The switch.
#[derive(Clone, Debug)]
pub struct InputFifo {
    ports: usize,
    selection: Selection,
    rng: Rng,
    queues: Queues,
    /// Of each ingress, the slot from which its head is one.
    head_since: Vec<u64>,
    /// Of each egress, the ingresses whose head is for it, and the egresses that have any.
    heads: PortMasks,
    wanted: Vec<u64>,
}

impl InputFifo {
    /// An empty switch.
    #[must_use]
    pub fn new(ports: usize, selection: Selection, rng: Rng) -> Self {
        Self {
            ports,
            selection,
            rng,
            queues: Queues::new(ports),
            head_since: vec![0; ports],
            heads: PortMasks::new(ports, ports),
            wanted: ports::none(ports),
        }
    }

    fn becomes_head(&mut self, ingress: usize, egress: usize, now: u64) {
        self.head_since[ingress] = now;
        ports::insert(self.heads.row_mut(egress), ingress);
        ports::insert(&mut self.wanted, egress);
    }

    /// The winner among the heads for `egress`, if there are any.
    fn winner(&mut self, egress: usize) -> Option<usize> {
        let heads = self.heads.row(egress);
        match self.selection {
            Selection::Random => {
                let count = ports::count_common(heads, heads) as u32;
                let index = if count > 1 { self.rng.below(count) } else { 0 };
                ports::nth_common(heads, heads, index as usize)
            }
            Selection::Oldest => {
                let since = |ingress: &usize| self.head_since[*ingress];
                let oldest = ports::each(heads).map(|ingress| since(&ingress)).min()?;
                let is_oldest = |ingress: &usize| since(ingress) == oldest;
                let count = ports::each(heads).filter(is_oldest).count() as u32;
                let index = if count > 1 { self.rng.below(count) } else { 0 };
                ports::each(heads).filter(is_oldest).nth(index as usize)
            }
        }
    }
}

impl Slotted for InputFifo {
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
            if self.queues.push(ingress, cell) {
                self.becomes_head(ingress, egress, now);
            }
        }
        for egress in 0..self.ports {
            if !ports::contains(&self.wanted, egress) {
                continue;
            }
            let Some(ingress) = self.winner(egress) else {
                ports::remove(&mut self.wanted, egress);
                continue;
            };
            ports::remove(self.heads.row_mut(egress), ingress);
            if let Some((cell, _)) = self.queues.pop(ingress) {
                departures.push(Departure {
                    ingress,
                    egress,
                    arrived: cell.arrived,
                });
            }
        }
        // Only now, so that a cell takes part from the next slot on.
        for departure in &*departures {
            if let Some(cell) = self.queues.front(departure.ingress) {
                self.becomes_head(departure.ingress, cell.port as usize, now + 1);
            }
        }
    }
}
