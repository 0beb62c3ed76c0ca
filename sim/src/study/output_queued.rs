//! The output-queued switch: every cell is in the queue of its egress in the slot in which it arrives.
//!
//! ```text
//!  ingress 0 ─┐   ┌─► ▯▯▯▯ ─► egress 0
//!  ingress 1 ─┼───┼─► ▯▯▯▯ ─► egress 1
//!  ingress 2 ─┘   └─► ▯▯▯▯ ─► egress 2
//! ```
//!
//! A queue takes as many cells in a slot as there are ingresses. Cells of one slot queue in the order of their ingresses,
//! which decides who waits, but not how long all of them wait together.

use super::queues::{Cell, Queues};
use super::slotted::{Departure, Slotted};
use super::source::Arrivals;

/// The switch.
#[derive(Clone, Debug)]
pub struct OutputQueued {
    ports: usize,
    queues: Queues,
}

impl OutputQueued {
    /// An empty switch.
    #[must_use]
    pub fn new(ports: usize) -> Self {
        Self {
            ports,
            queues: Queues::new(ports),
        }
    }
}

impl Slotted for OutputQueued {
    fn ports(&self) -> usize {
        self.ports
    }

    fn waiting(&self) -> usize {
        self.queues.waiting()
    }

    fn limits_ingresses(&self) -> bool {
        false
    }

    fn slot(&mut self, now: u64, arrivals: &Arrivals, departures: &mut Vec<Departure>) {
        for (ingress, egress) in arrivals.each() {
            let cell = Cell {
                port: ingress as u32,
                arrived: now,
            };
            self.queues.push(egress, cell);
        }
        for egress in 0..self.ports {
            if let Some((cell, _)) = self.queues.pop(egress) {
                departures.push(Departure {
                    ingress: cell.port as usize,
                    egress,
                    arrived: cell.arrived,
                });
            }
        }
    }
}
