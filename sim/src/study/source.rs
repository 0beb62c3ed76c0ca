//! Seeded arrivals, a slot at a time: which ingress gets a cell, and for which egress.

use super::ports;
use crate::rng::{Probability, Rng};

/// Where cells come from and go to. Every egress can be chosen, an ingress's own number included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Traffic {
    /// Each ingress gets a cell with probability `load`, for any egress alike.
    Uniform {
        /// Cells per ingress and slot.
        load: f64,
    },
    /// As [`Traffic::Uniform`], but the share `hot` of the cells goes to egress 0 whatever happens to the others.
    HotSpot {
        /// Cells per ingress and slot.
        load: f64,
        /// Share that goes to egress 0, beside its part of the others.
        hot: f64,
    },
    /// Each ingress gets a cell with probability `load`, always for the egress one further on.
    Permutation {
        /// Cells per ingress and slot.
        load: f64,
    },
    /// An ingress without a cell gets one, for any egress alike.
    Saturated,
    /// From slot 0 on the first `senders` ingresses get `cells` cells each, back to back, all for egress 0.
    Incast {
        /// Ingresses that send.
        senders: usize,
        /// Cells of each.
        cells: u64,
    },
}

/// The cells that arrive in one slot.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// The ingresses that get a cell.
    pub set: Vec<u64>,
    /// Its egress; of ingresses not in the set, anything.
    pub egress: Vec<u32>,
}

impl Arrivals {
    /// No arrival.
    #[must_use]
    pub fn new(ports: usize) -> Self {
        Self {
            set: ports::none(ports),
            egress: vec![0; ports],
        }
    }

    /// The arrivals (ingress, egress), for traces by hand.
    #[must_use]
    pub fn of(ports: usize, cells: &[(usize, u32)]) -> Self {
        let mut arrivals = Self::new(ports);
        for (ingress, egress) in cells {
            ports::insert(&mut arrivals.set, *ingress);
            arrivals.egress[*ingress] = *egress;
        }
        arrivals
    }

    /// Ingress and egress of each cell.
    pub fn each(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        ports::each(&self.set).map(|ingress| (ingress, self.egress[ingress] as usize))
    }
}

/// The sources at all ingresses.
#[derive(Clone, Debug)]
pub struct Source {
    ports: usize,
    traffic: Traffic,
    load: Probability,
    hot: Probability,
    everybody: Vec<u64>,
    rng: Rng,
}

impl Source {
    /// Sources for `ports` ingresses.
    #[must_use]
    pub fn new(ports: usize, traffic: Traffic, rng: Rng) -> Self {
        let (load, hot) = match traffic {
            Traffic::Uniform { load } | Traffic::Permutation { load } => (load, 0.0),
            Traffic::HotSpot { load, hot } => (load, hot),
            Traffic::Saturated | Traffic::Incast { .. } => (1.0, 0.0),
        };
        Self {
            ports,
            traffic,
            load: Probability::new(load),
            hot: Probability::new(hot),
            everybody: ports::all(ports),
            rng,
        }
    }

    /// The arrivals of slot `now`; `idle` are the ingresses at which no cell waits.
    pub fn slot(&mut self, now: u64, idle: &[u64], arrivals: &mut Arrivals) {
        match self.traffic {
            Traffic::Uniform { .. } | Traffic::HotSpot { .. } | Traffic::Permutation { .. } => {
                for (set, within) in arrivals.set.iter_mut().zip(&self.everybody) {
                    *set = self.rng.mask(self.load, *within);
                }
            }
            Traffic::Saturated => arrivals.set.copy_from_slice(idle),
            Traffic::Incast { senders, cells } => {
                arrivals.set.fill(0);
                let sending = if now < cells { senders } else { 0 };
                (0..sending).for_each(|ingress| ports::insert(&mut arrivals.set, ingress));
            }
        }
        let bound = self.ports as u32;
        for ingress in ports::each(&arrivals.set) {
            arrivals.egress[ingress] = match self.traffic {
                Traffic::Permutation { .. } => ((ingress + 1) % self.ports) as u32,
                Traffic::Incast { .. } => 0,
                Traffic::HotSpot { .. } if self.rng.chance(self.hot) => 0,
                Traffic::Uniform { .. } | Traffic::HotSpot { .. } | Traffic::Saturated => {
                    self.rng.below(bound)
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells per (ingress, egress) in `slots` slots.
    fn counts(ports: usize, traffic: Traffic, slots: u64) -> Vec<Vec<u32>> {
        let mut source = Source::new(ports, traffic, Rng::new(1, 0));
        let mut arrivals = Arrivals::new(ports);
        let mut counts = vec![vec![0; ports]; ports];
        let idle = ports::all(ports);
        for now in 0..slots {
            source.slot(now, &idle, &mut arrivals);
            for (ingress, egress) in arrivals.each() {
                counts[ingress][egress] += 1;
            }
        }
        counts
    }

    #[test]
    fn every_pattern_sends_where_it_says_at_its_load() {
        let near = |count: u32, expected: f64| (f64::from(count) / expected - 1.0).abs() < 0.16;
        for row in counts(70, Traffic::Uniform { load: 0.7 }, 100_000) {
            assert!(row.iter().all(|count| near(*count, 1_000.0)), "{row:?}");
        }
        let hot = Traffic::HotSpot {
            load: 0.5,
            hot: 0.4,
        };
        for row in counts(5, hot, 100_000) {
            assert!(near(row[0], 26_000.0), "{row:?}");
            assert!(row[1..].iter().all(|count| near(*count, 6_000.0)));
        }
        for (ingress, row) in counts(5, Traffic::Permutation { load: 1.0 }, 100)
            .iter()
            .enumerate()
        {
            let expected: Vec<u32> = (0..5)
                .map(|egress| 100 * u32::from(egress == (ingress + 1) % 5))
                .collect();
            assert_eq!(*row, expected);
        }
        for row in counts(3, Traffic::Saturated, 9_000) {
            assert_eq!(row.iter().sum::<u32>(), 9_000);
            assert!(row.iter().all(|count| near(*count, 3_000.0)));
        }
        let incast = Traffic::Incast {
            senders: 2,
            cells: 3,
        };
        assert_eq!(
            counts(3, incast, 10),
            [vec![3, 0, 0], vec![3, 0, 0], vec![0; 3]]
        );
    }
}
