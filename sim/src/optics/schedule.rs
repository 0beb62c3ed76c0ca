//! When which fault is there: from a list of [`Fault`]s to the inputs of each fiber in each cycle.

use super::fault::{Fault, Kind};
use super::{Faults, MAX_LANES};
use crate::rng::{Gaps, Rng};

/// The faults of one fiber: one port, one way.
#[derive(Clone, Debug)]
pub struct Schedule {
    faults: Vec<Fault>,
    lane_w: u64,
    /// What is there until `until`.
    now: Faults,
    /// The next cycle in which a fault begins or ends.
    until: u64,
    errors: Vec<Errors>,
    /// There is a fault that counts once a cycle.
    strikes: bool,
}

/// The random bit errors of a fault on a lane.
#[derive(Clone, Debug)]
struct Errors {
    fault: usize,
    lane: usize,
    gaps: Gaps,
    rng: Rng,
    /// Right bits until the next wrong one.
    left: u64,
}

impl Schedule {
    /// Those of `faults` that concern `port` towards the switch, or from it. Lanes have `lane_w` bits a cycle; of a word no
    /// more than one bit is wrong, the next error waits for the next word. The errors of `stream` come from `seed`.
    #[must_use]
    pub fn new(
        faults: &[Fault],
        port: usize,
        towards_switch: bool,
        lane_w: usize,
        seed: u64,
    ) -> Self {
        let concerns = |fault: &&Fault| fault.port == port && fault.way.concerns(towards_switch);
        let faults: Vec<Fault> = faults.iter().filter(concerns).copied().collect();
        let mut errors = Vec::new();
        for (number, fault) in faults.iter().enumerate() {
            let Kind::BitErrors(rate) = fault.kind else {
                continue;
            };
            for lane in (0..MAX_LANES).filter(|lane| fault.lanes() >> lane & 1 == 1) {
                let stream = ((port * 2 + usize::from(towards_switch)) * 64 + number) * 16 + lane;
                let mut rng = Rng::new(seed, stream);
                let gaps = Gaps::new(rate);
                errors.push(Errors {
                    fault: number,
                    lane,
                    left: gaps.next(&mut rng),
                    gaps,
                    rng,
                });
            }
        }
        let strikes = faults
            .iter()
            .any(|fault| matches!(fault.kind, Kind::BitErrors(_) | Kind::Slip));
        Self {
            faults,
            lane_w: lane_w as u64,
            now: Faults::default(),
            until: 0,
            strikes,
            errors,
        }
    }

    /// The inputs of the fiber in `cycle`; cycles are asked for one after the other.
    pub fn at(&mut self, cycle: u64) -> &Faults {
        if cycle >= self.until {
            self.begin(cycle);
        }
        if self.strikes {
            self.strike(cycle);
        }
        &self.now
    }

    /// The inputs of the fiber before the links have come up.
    #[must_use]
    pub fn standing(&self) -> Faults {
        levels(self.faults.iter().filter(|fault| fault.at.is_none()))
    }

    /// What is there from `cycle` on, and until when.
    fn begin(&mut self, cycle: u64) {
        self.now = levels(self.faults.iter().filter(|fault| fault.is_on(cycle)));
        let edges = self.faults.iter().flat_map(|fault| {
            let end = fault
                .cycles
                .map(|cycles| fault.begin().saturating_add(cycles));
            [Some(fault.begin()), end].into_iter().flatten()
        });
        self.until = edges.filter(|edge| *edge > cycle).min().unwrap_or(u64::MAX);
    }

    /// The faults that count once a cycle.
    fn strike(&mut self, cycle: u64) {
        self.now.slip = 0;
        self.now.error = 0;
        for fault in &self.faults {
            if fault.kind == Kind::Slip && fault.begin() == cycle {
                self.now.slip |= fault.lanes();
            }
        }
        for errors in &mut self.errors {
            if !self.faults[errors.fault].is_on(cycle) {
                continue;
            }
            if errors.left >= self.lane_w {
                errors.left -= self.lane_w;
                continue;
            }
            self.now.error |= 1 << errors.lane;
            let next = errors.gaps.next(&mut errors.rng);
            errors.left = (errors.left + 1 + next).saturating_sub(self.lane_w);
        }
    }
}

/// What these faults make of the inputs that are levels.
fn levels<'a>(faults: impl Iterator<Item = &'a Fault>) -> Faults {
    let mut now = Faults::default();
    for fault in faults {
        let lanes = fault.lanes();
        let each = (0..MAX_LANES).filter(|lane| lanes >> lane & 1 == 1);
        match fault.kind {
            Kind::LaneLoss => now.loss |= lanes,
            Kind::LaneUnlock => now.unlock |= lanes,
            Kind::Driver => now.driver |= lanes,
            Kind::Stuck0 => now.stuck_0 |= lanes,
            Kind::Stuck1 => now.stuck_1 |= lanes,
            Kind::Skew(words) => {
                each.for_each(|lane| now.delays[lane] = words.into());
            }
            Kind::Swap(with) => {
                each.for_each(|lane| now.swap[lane] = (lane ^ with) as u8);
            }
            Kind::Polarity => now.invert |= lanes,
            Kind::BitErrors(_) | Kind::Slip => {}
        }
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(texts: &[&str]) -> Schedule {
        let faults: Vec<Fault> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Schedule::new(&faults, 1, true, 16, 3)
    }

    #[test]
    fn faults_begin_and_end_when_they_say() {
        let mut schedule = schedule(&[
            "lane-loss:port=1,lane=2,at=5,for=3",
            "lane-loss:port=1,lane=0,at=7",
            "lane-loss:port=0,lane=1",
            "lane-unlock:port=1,lane=1,way=out",
            "polarity:port=1,lane=2",
            "slip:port=1,lane=3,at=6",
            "swap:port=1,lane=4,with=1,at=9",
            "skew:port=1,lane=0,words=7,at=9,for=1",
        ]);
        let standing = Faults {
            invert: 4,
            ..Faults::default()
        };
        assert_eq!(schedule.standing(), standing);
        let mut seen = Vec::new();
        for cycle in 0..11 {
            let faults = schedule.at(cycle);
            assert_eq!((faults.unlock, faults.error, faults.invert), (0, 0, 4));
            seen.push((faults.loss, faults.slip, faults.swap[4], faults.delays[0]));
        }
        let expected = [
            (0, 0, 0, 0),
            (0, 0, 0, 0),
            (0, 0, 0, 0),
            (0, 0, 0, 0),
            (0, 0, 0, 0),
            (4, 0, 0, 0),
            (4, 8, 0, 0),
            (5, 0, 0, 0),
            (1, 0, 0, 0),
            (1, 0, 5, 7),
            (1, 0, 5, 0),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn bit_errors_come_as_often_as_they_say() {
        for rate in [1e-4, 1e-3, 1e-2] {
            let mut schedule = schedule(&[&format!("bit-errors:port=1,lane=2,rate={rate}")]);
            let cycles = 400_000;
            let hits = (0..cycles)
                .filter(|cycle| schedule.at(*cycle).error == 4)
                .count();
            let expected = cycles as f64 * 16.0 * rate;
            let allowed = 4.0 * expected.sqrt();
            let error = (hits as f64 - expected).abs();
            assert!(error < allowed, "{rate}: {hits} instead of {expected}");
        }
    }
}
