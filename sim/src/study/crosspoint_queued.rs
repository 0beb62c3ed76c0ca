//! The crosspoint-queued switch, what the product's fabric is, with queues that never fill up and cells of one slot.
//!
//! ```text
//!               egress 0     egress 1
//!  ingress 0 ──► ▯▯▯▯ ───┬──► ▯▯▯▯ ───┐
//!  ingress 1 ──► ▯▯▯▯ ─┐ │ ─► ▯▯▯▯ ─┐ │
//!                      ▼ ▼          ▼ ▼
//!                   round robin  round robin
//! ```
//!
//! An egress is idle only when no cell waits for it. So it delays cells exactly as output queues do on average; only who
//! comes first differs.

use super::matching::Requests;
use super::ports;
use super::queues::{Cell, Queues};
use super::slotted::{Departure, Slotted};
use super::source::Arrivals;

/// The switch.
#[derive(Clone, Debug)]
pub struct CrosspointQueued {
    ports: usize,
    queues: Queues,
    requests: Requests,
    /// Of each egress, the ingress that is asked first.
    first: Vec<usize>,
}

impl CrosspointQueued {
    /// An empty switch; every egress asks ingress 0 first.
    #[must_use]
    pub fn new(ports: usize) -> Self {
        Self {
            ports,
            queues: Queues::new(ports * ports),
            requests: Requests::new(ports),
            first: vec![0; ports],
        }
    }
}

impl Slotted for CrosspointQueued {
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
                port: egress as u32,
                arrived: now,
            };
            if self.queues.push(ingress * self.ports + egress, cell) {
                self.requests.insert(ingress, egress);
            }
        }
        for egress in 0..self.ports {
            let waiting = self.requests.of(egress);
            let Some(ingress) = ports::first_common_from(waiting, waiting, self.first[egress])
            else {
                continue;
            };
            self.first[egress] = (ingress + 1) % self.ports;
            if let Some((cell, was_last)) = self.queues.pop(ingress * self.ports + egress) {
                if was_last {
                    self.requests.remove(ingress, egress);
                }
                departures.push(Departure {
                    ingress,
                    egress,
                    arrived: cell.arrived,
                });
            }
        }
    }
}
