//! What the slotted switches have in common: one call a slot, and a rig that feeds, watches and measures them.
//!
//! ```text
//!  Source ─► arrivals ─► switch ─► departures ─► Tally
//!              ▲                       │
//!              └── idle ingresses ◄────┘
//! ```
//!
//! A slot is the time of one cell. A cell that leaves in the slot in which it arrives has waited 0 slots.

use super::ports;
use super::source::{Arrivals, Source};

/// A switch that is offered cells and gives cells, a slot at a time.
pub trait Slotted {
    /// Number of ports.
    fn ports(&self) -> usize;

    /// Cells that wait inside.
    fn waiting(&self) -> usize;

    /// Whether an ingress can send one cell a slot at most, wherever it goes.
    fn limits_ingresses(&self) -> bool;

    /// Runs slot `now`: takes the arrivals, and adds to `departures`, which is empty, the cells that leave.
    fn slot(&mut self, now: u64, arrivals: &Arrivals, departures: &mut Vec<Departure>);
}

/// A cell that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Where it came in.
    pub ingress: usize,
    /// Where it leaves.
    pub egress: usize,
    /// The slot in which it arrived.
    pub arrived: u64,
}

/// How long to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Slots in front of the window.
    pub warm_up: u64,
    /// Slots in which cells are counted.
    pub slots: u64,
}

impl Window {
    /// A window of `slots` behind a warm-up of a quarter of it.
    #[must_use]
    pub const fn of(slots: u64) -> Self {
        Self {
            warm_up: slots / 4,
            slots,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// Cells per egress and slot that left in the window.
    pub throughput: f64,
    /// Cells per ingress and slot that arrived in the window.
    pub offered: f64,
    /// Cells that left in the window, per egress.
    pub departed: Vec<u64>,
    /// Slots that these waited, all together, per egress.
    pub waited: Vec<u64>,
    /// The last slot in which a cell left, per ingress.
    pub last_departure: Vec<u64>,
    /// Most cells that waited at the end of a slot.
    pub most_waiting: usize,
    /// Cells lost, made up, out of order in their (ingress, egress), or more than a port can carry in a slot.
    pub violations: u64,
}

impl Tally {
    /// Slots that a cell waited on average; of no cell, 0.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        let departed: u64 = self.departed.iter().sum();
        self.waited.iter().sum::<u64>() as f64 / departed.max(1) as f64
    }
}

/// Runs `switch`, which is empty, on the cells of `source`.
pub fn run(switch: &mut impl Slotted, source: &mut Source, window: Window) -> Tally {
    let ports = switch.ports();
    let mut rig = Rig::new(ports, switch.limits_ingresses());
    let mut arrivals = Arrivals::new(ports);
    let mut departures = Vec::with_capacity(ports);
    let mut tally = Tally {
        throughput: 0.0,
        offered: 0.0,
        departed: vec![0; ports],
        waited: vec![0; ports],
        last_departure: vec![0; ports],
        most_waiting: 0,
        violations: 0,
    };
    let mut offered = 0;
    for now in 0..window.warm_up + window.slots {
        source.slot(now, &rig.idle, &mut arrivals);
        rig.arrive(&arrivals);
        departures.clear();
        switch.slot(now, &arrivals, &mut departures);
        rig.begin_slot();
        let counts = now >= window.warm_up;
        if counts {
            offered += ports::each(&arrivals.set).count();
        }
        for departure in &departures {
            rig.depart(now, departure);
            tally.last_departure[departure.ingress] = now;
            if counts {
                tally.departed[departure.egress] += 1;
                tally.waited[departure.egress] += now.saturating_sub(departure.arrived);
            }
        }
        tally.most_waiting = tally.most_waiting.max(switch.waiting());
    }
    let cells = (ports as u64 * window.slots) as f64;
    tally.throughput = tally.departed.iter().sum::<u64>() as f64 / cells;
    tally.offered = offered as f64 / cells;
    tally.violations = rig.violations + rig.unaccounted(switch.waiting());
    tally
}

/// Watches what every switch has to keep.
struct Rig {
    ports: usize,
    limits_ingresses: bool,
    /// Cells of each ingress inside the switch, and the ingresses that have none.
    inside: Vec<u64>,
    idle: Vec<u64>,
    /// For each (ingress, egress), the first slot in which the next cell to leave may have arrived.
    next: Vec<u64>,
    /// Ports that a cell has used in this slot.
    used_ingresses: Vec<u64>,
    used_egresses: Vec<u64>,
    violations: u64,
}

impl Rig {
    fn new(ports: usize, limits_ingresses: bool) -> Self {
        Self {
            ports,
            limits_ingresses,
            inside: vec![0; ports],
            idle: ports::all(ports),
            next: vec![0; ports * ports],
            used_ingresses: ports::none(ports),
            used_egresses: ports::none(ports),
            violations: 0,
        }
    }

    fn arrive(&mut self, arrivals: &Arrivals) {
        for (inside, ingress) in self.idle.iter_mut().zip(&arrivals.set) {
            *inside &= !ingress;
        }
        for ingress in ports::each(&arrivals.set) {
            self.inside[ingress] += 1;
        }
    }

    fn begin_slot(&mut self) {
        self.used_ingresses.fill(0);
        self.used_egresses.fill(0);
    }

    fn depart(&mut self, now: u64, departure: &Departure) {
        let Departure {
            ingress,
            egress,
            arrived,
        } = *departure;
        let next = &mut self.next[ingress * self.ports + egress];
        let clash = ports::contains(&self.used_egresses, egress)
            || self.limits_ingresses && ports::contains(&self.used_ingresses, ingress);
        if clash || arrived < *next || arrived > now || self.inside[ingress] == 0 {
            self.violations += 1;
            return;
        }
        *next = arrived + 1;
        ports::insert(&mut self.used_ingresses, ingress);
        ports::insert(&mut self.used_egresses, egress);
        self.inside[ingress] -= 1;
        if self.inside[ingress] == 0 {
            ports::insert(&mut self.idle, ingress);
        }
    }

    /// Cells that are neither out nor among those that `waiting` says are inside.
    fn unaccounted(&self, waiting: usize) -> u64 {
        self.inside.iter().sum::<u64>().abs_diff(waiting as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Traffic;
    use super::*;
    use crate::rng::Rng;

    /// Breaks one promise.
    struct Liar {
        lie: &'static str,
        inside: Vec<Departure>,
    }

    impl Slotted for Liar {
        fn ports(&self) -> usize {
            2
        }

        fn waiting(&self) -> usize {
            self.inside.len()
        }

        fn limits_ingresses(&self) -> bool {
            true
        }

        fn slot(&mut self, now: u64, arrivals: &Arrivals, departures: &mut Vec<Departure>) {
            self.inside
                .extend(arrivals.each().map(|(ingress, egress)| Departure {
                    ingress,
                    egress,
                    arrived: now,
                }));
            match self.lie {
                "loses" => self.inside.clear(),
                "reorders" if now == 3 => departures.extend(self.inside.pop()),
                "repeats" => departures.extend([self.inside[0]; 2]),
                "foresees" => departures.push(Departure {
                    arrived: now + 1,
                    ..self.inside[0]
                }),
                _ => departures.push(self.inside.remove(0)),
            }
        }
    }

    #[test]
    fn the_rig_notices_what_a_switch_must_not_do() {
        for (lie, is_broken) in [
            ("loses", true),
            ("reorders", true),
            ("repeats", true),
            ("foresees", true),
            ("honest", false),
        ] {
            let mut liar = Liar {
                lie,
                inside: Vec::new(),
            };
            let mut source = Source::new(2, Traffic::Permutation { load: 1.0 }, Rng::new(1, 0));
            let window = Window {
                warm_up: 2,
                slots: 8,
            };
            let tally = run(&mut liar, &mut source, window);
            assert_eq!(tally.violations > 0, is_broken, "{lie}: {tally:?}");
        }
    }
}
