//! Back-pressure: in which cycles each egress is ready, planned apart from the engine.
//!
//! Every egress takes turns: so many cycles ready, so many not, and so on; behind the last turn it begins anew. So
//! whatever there is to say is said by numbers that do not depend on what the switch does.

use std::fmt;
use std::str::FromStr;

use crate::bench::STUCK_CYCLES;
use crate::rng::{Family, Probability, Rng};
use crate::Error;

/// How ready the egresses are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum BackPressure {
    /// Always.
    #[default]
    None,
    /// Each egress refuses this fraction of the cycles, at random.
    Random(f64),
    /// All egresses alternate between this many cycles ready and this many not.
    OnOff(u32, u32),
    /// One egress alternates, the others are always ready: egress, cycles ready, cycles not.
    One(usize, u32, u32),
}

impl BackPressure {
    /// Whether it fits `ports` ports and lets frames leave.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::PortOutOfRange`].
    pub fn check(self, ports: usize) -> Result<(), Error> {
        match self {
            BackPressure::Random(share) if !(0.0..1.0).contains(&share) => Err(Error::invalid(
                "the share of back-pressure",
                share,
                "0 or more and below 1",
            )),
            BackPressure::OnOff(0, _) | BackPressure::One(_, 0, _) => Err(Error::invalid(
                "the number of ready cycles",
                0,
                "1 or more, or nothing ever leaves",
            )),
            BackPressure::OnOff(_, off) | BackPressure::One(_, _, off)
                if u64::from(off) >= STUCK_CYCLES =>
            {
                Err(Error::invalid(
                    "the number of cycles not ready",
                    off,
                    format!("below {STUCK_CYCLES}, or the switch looks stuck"),
                ))
            }
            BackPressure::One(port, ..) if port >= ports => {
                Err(Error::PortOutOfRange { port, ports })
            }
            _ => Ok(()),
        }
    }

    /// The turns of every egress; those of [`BackPressure::Random`] are drawn for `cycles` cycles. None where every
    /// egress is always ready.
    #[must_use]
    pub fn turns(self, ports: usize, cycles: u64, seed: u64) -> Vec<Turns> {
        let alternating = |on, off| Turns::new(Source::Listed(vec![on, off]));
        match self {
            BackPressure::None => Vec::new(),
            BackPressure::Random(share) => Rng::streams(seed, Family::BackPressure)
                .take(ports)
                .map(|rng| Turns::new(Source::Drawn(Draw::new(rng, share, cycles))))
                .collect(),
            BackPressure::OnOff(on, off) => vec![alternating(on, off); ports],
            BackPressure::One(egress, on, off) => (0..ports)
                .map(|port| {
                    if port == egress {
                        alternating(on, off)
                    } else {
                        alternating(1, 0)
                    }
                })
                .collect(),
        }
    }
}

impl fmt::Display for BackPressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BackPressure::None => f.write_str("none"),
            BackPressure::Random(share) => write!(f, "{share}"),
            BackPressure::OnOff(on, off) => write!(f, "{on}:{off}"),
            BackPressure::One(egress, on, off) => write!(f, "{egress}:{on}:{off}"),
        }
    }
}

impl FromStr for BackPressure {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = || {
            Error::invalid(
                "the back-pressure",
                text,
                "none, a fraction of cycles, READY:NOT cycles, or EGRESS:READY:NOT",
            )
        };
        let cycles = |text: &str| text.parse::<u32>().map_err(|_| fail());
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["none"] => Ok(BackPressure::None),
            [share] => match share.parse::<f64>().map_err(|_| fail())? {
                0.0 => Ok(BackPressure::None),
                share => Ok(BackPressure::Random(share)),
            },
            [on, off] => Ok(BackPressure::OnOff(cycles(on)?, cycles(off)?)),
            [egress, on, off] => {
                let egress = egress.parse().map_err(|_| fail())?;
                Ok(BackPressure::One(egress, cycles(on)?, cycles(off)?))
            }
            _ => Err(fail()),
        }
    }
}

/// When one egress is ready, cycle by cycle.
#[derive(Clone, Debug)]
pub struct Turns {
    source: Source,
    /// Number of the next turn; those with even numbers are ready.
    next: usize,
    is_ready: bool,
    /// Cycles that the running turn still lasts.
    left: u32,
}

/// Where the lengths of turns come from.
#[derive(Clone, Debug)]
enum Source {
    /// Ready, not ready, and so on; over and over.
    Listed(Vec<u32>),
    Drawn(Draw),
}

/// Turns that are drawn when they are needed, and again for every further period. The first cycle of a period is ready.
#[derive(Clone, Debug)]
struct Draw {
    /// As it stood at the start of the period, and now.
    first: Rng,
    rng: Rng,
    share: Probability,
    period: u64,
    passed: u64,
    /// What was drawn for the first cycle of the next turn.
    refuses: Option<bool>,
}

impl Draw {
    fn new(rng: Rng, share: f64, period: u64) -> Self {
        Self {
            first: rng.clone(),
            rng,
            share: Probability::new(share),
            period: period.max(1),
            passed: 0,
            refuses: Some(false),
        }
    }

    /// Cycles from here on in which readiness is `is_ready`; none behind the end of the period.
    fn turn(&mut self, is_ready: bool) -> u32 {
        let mut cycles = 0;
        while self.passed < self.period && cycles < u32::MAX {
            let rng = &mut self.rng;
            let share = self.share;
            let refuses = *self.refuses.get_or_insert_with(|| rng.chance(share));
            if refuses == is_ready {
                break;
            }
            self.refuses = None;
            self.passed += 1;
            cycles += 1;
        }
        cycles
    }

    fn is_over(&self) -> bool {
        self.passed == self.period
    }

    fn restart(&mut self) {
        self.rng = self.first.clone();
        self.passed = 0;
        self.refuses = Some(false);
    }
}

impl Turns {
    fn new(source: Source) -> Self {
        Self {
            source,
            next: 0,
            is_ready: false,
            left: 0,
        }
    }

    /// Turns of the given cycles: ready, not ready, and so on, over and over. At least one ready cycle is among them.
    ///
    /// # Panics
    /// If none is.
    #[must_use]
    pub fn listed(cycles: Vec<u32>) -> Self {
        let ready = cycles.iter().step_by(2).any(|turn| *turn > 0);
        assert!(ready, "an egress that is never ready");
        Self::new(Source::Listed(cycles))
    }

    /// The turns up to where they begin anew: ready, not ready, and so on.
    #[must_use]
    pub fn list(&self) -> Vec<u32> {
        match &self.source {
            Source::Listed(cycles) => cycles.clone(),
            Source::Drawn(draw) => {
                let mut draw = draw.clone();
                draw.restart();
                let mut turns = Vec::new();
                while !draw.is_over() {
                    turns.push(draw.turn(turns.len().is_multiple_of(2)));
                }
                turns
            }
        }
    }

    /// Whether the egress is ready in the next cycle.
    #[inline]
    pub fn step(&mut self) -> bool {
        while self.left == 0 {
            self.turn();
        }
        self.left -= 1;
        self.is_ready
    }

    fn turn(&mut self) {
        self.is_ready = self.next.is_multiple_of(2);
        self.left = match &mut self.source {
            Source::Listed(cycles) => cycles[self.next],
            Source::Drawn(draw) => draw.turn(self.is_ready),
        };
        self.next += 1;
        let is_over = match &mut self.source {
            Source::Listed(cycles) => self.next == cycles.len(),
            Source::Drawn(draw) => draw.is_over(),
        };
        if is_over {
            self.next = 0;
            if let Source::Drawn(draw) = &mut self.source {
                draw.restart();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(turns: &mut Turns, cycles: usize) -> Vec<bool> {
        (0..cycles).map(|_| turns.step()).collect()
    }

    #[test]
    fn turns_come_over_and_over() {
        let mut turns = Turns::listed(vec![2, 1, 0, 2]);
        let expected = [true, true, false, false, false].repeat(3);
        assert_eq!(ready(&mut turns, 15), expected);
        let mut only = Turns::listed(vec![0, 1, 3]);
        assert_eq!(ready(&mut only, 8), [false, true, true, true].repeat(2));
    }

    #[test]
    fn each_kind_of_back_pressure_takes_the_turns_it_names() {
        assert!(BackPressure::None.turns(4, 100, 1).is_empty());
        for turns in &mut BackPressure::OnOff(3, 5).turns(4, 100, 1) {
            let expected: Vec<bool> = (0..16).map(|cycle| cycle % 8 < 3).collect();
            assert_eq!(ready(turns, 16), expected);
        }
        let mut one = BackPressure::One(2, 10, 90).turns(4, 100, 1);
        for (port, turns) in one.iter_mut().enumerate() {
            let refused = ready(turns, 200)
                .iter()
                .filter(|is_ready| !*is_ready)
                .count();
            assert_eq!(refused, if port == 2 { 180 } else { 0 });
        }
    }

    #[test]
    fn random_turns_refuse_their_share_and_repeat_their_list() {
        let cycles = 20_000;
        let all = BackPressure::Random(0.3).turns(4, cycles, 7);
        let mut seen = Vec::new();
        for mut turns in all {
            let list = turns.list();
            assert_eq!(
                list.iter().map(|turn| u64::from(*turn)).sum::<u64>(),
                cycles
            );
            let drawn = ready(&mut turns, 2 * cycles as usize + 100);
            assert_eq!(drawn[..100], drawn[cycles as usize..][..100]);
            assert_eq!(drawn, ready(&mut Turns::listed(list), drawn.len()));
            let refused = drawn[..cycles as usize]
                .iter()
                .filter(|is_ready| !*is_ready)
                .count();
            assert!((5_600..6_400).contains(&refused), "{refused}");
            seen.push(drawn);
        }
        assert_ne!(seen[0], seen[1]);
        assert_eq!(BackPressure::Random(0.99).turns(1, 1, 1)[0].list(), [1]);
    }

    #[test]
    fn reads_what_it_prints() {
        for back_pressure in [
            BackPressure::None,
            BackPressure::Random(0.125),
            BackPressure::OnOff(3, 5),
            BackPressure::One(2, 10, 90),
        ] {
            let text = back_pressure.to_string();
            assert_eq!(text.parse::<BackPressure>().unwrap(), back_pressure);
        }
        assert_eq!("0".parse::<BackPressure>().unwrap(), BackPressure::None);
        for bad in ["", "often", "1:2:3:4", "1:", ":1", "-1:3", "0x1:2"] {
            let error = bad.parse::<BackPressure>().unwrap_err().to_string();
            assert!(error.contains("READY:NOT"), "{error}");
        }
    }

    #[test]
    fn refuses_what_lets_nothing_leave() {
        for (bad, words) in [
            (BackPressure::Random(1.0), "back-pressure"),
            (BackPressure::Random(f64::NAN), "back-pressure"),
            (BackPressure::OnOff(0, 1), "ready cycles"),
            (BackPressure::One(1, 5, 20_000), "below 20000"),
            (BackPressure::One(4, 1, 1), "port 4"),
        ] {
            let error = bad.check(4).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(BackPressure::One(3, 1, 19_999).check(4).is_ok());
    }
}
