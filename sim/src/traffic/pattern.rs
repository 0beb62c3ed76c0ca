//! The patterns: who sends to whom, and when.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Where frames go, and how they are spaced.
///
/// A switch filters frames for the port they come from, so there only the other ports are chosen from; on a fabric
/// all are. The last four come in *rounds* of messages; their sources play every message to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Every port is equally likely, gaps are geometric.
    Uniform,
    /// Each port sends to one other port, none to the same; gaps are geometric.
    Permutation,
    /// Half of the frames go to port 0, the others are uniform; saturates at a load of about 2 / ports.
    Hotspot,
    /// On-off: bursts of 16 frames on average, back to back, to one uniformly chosen port; silence between them.
    Bursty,
    /// In each round every other port sends a message to port 0 at the same time. The victim is a steady flow from
    /// port 1 to port 2, beside port 1's share of the burst.
    Incast,
    /// All-reduce in a ring: a message in as many pieces as ports, 2 (ports - 1) steps of a piece each to the next
    /// port.
    Ring,
    /// All-reduce by recursive halving and doubling: 2 log2 ports steps, of a half, a quarter, … and back.
    HalvingDoubling,
    /// Each port sends a piece of its message to every other port, first to the next one.
    AllToAll,
}

impl Pattern {
    /// Every pattern.
    pub const ALL: [Pattern; 8] = [
        Pattern::Uniform,
        Pattern::Permutation,
        Pattern::Hotspot,
        Pattern::Bursty,
        Pattern::Incast,
        Pattern::Ring,
        Pattern::HalvingDoubling,
        Pattern::AllToAll,
    ];

    /// The victim of [`Pattern::Incast`]: where it enters and leaves.
    pub const VICTIM: (usize, usize) = (1, 2);

    /// What users type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Pattern::Uniform => "uniform",
            Pattern::Permutation => "permutation",
            Pattern::Hotspot => "hotspot",
            Pattern::Bursty => "bursty",
            Pattern::Incast => "incast",
            Pattern::Ring => "ring",
            Pattern::HalvingDoubling => "halving-doubling",
            Pattern::AllToAll => "all-to-all",
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Pattern::Uniform => "to any port",
            Pattern::Permutation => "each port to another",
            Pattern::Hotspot => "half of the frames to port 0",
            Pattern::Bursty => "on-off, 16 frames on average",
            Pattern::Incast => "all to port 0 at once, and a victim from port 1 to 2",
            Pattern::Ring => "all-reduce in a ring",
            Pattern::HalvingDoubling => "all-reduce by halving and doubling",
            Pattern::AllToAll => "a piece from each port to every other",
        }
    }

    /// Its frames belong to messages, which come in rounds.
    #[must_use]
    pub const fn is_in_rounds(self) -> bool {
        matches!(self, Pattern::Incast) || self.is_collective()
    }

    /// A step of it waits for the data of the step before.
    #[must_use]
    pub const fn is_collective(self) -> bool {
        matches!(
            self,
            Pattern::Ring | Pattern::HalvingDoubling | Pattern::AllToAll
        )
    }

    /// Its frames belong to flows, whose completion is timed.
    #[must_use]
    pub const fn has_flows(self) -> bool {
        matches!(self, Pattern::Bursty) || self.is_in_rounds()
    }

    /// Flows from `source` to `destination` in one round; none of a pattern without rounds, nor of the victim.
    #[must_use]
    pub const fn flows_per_round(self, ports: usize, source: usize, destination: usize) -> u32 {
        match self {
            Pattern::Incast => (source != 0 && destination == 0) as u32,
            Pattern::Ring if destination == (source + 1) % ports => 2 * (ports as u32 - 1),
            Pattern::HalvingDoubling if (source ^ destination).is_power_of_two() => 2,
            Pattern::AllToAll => (source != destination) as u32,
            _ => 0,
        }
    }

    /// Flows of one round.
    #[must_use]
    pub fn flows_in_round(self, ports: usize) -> u32 {
        match self {
            Pattern::Incast => ports as u32 - 1,
            Pattern::Ring => ports as u32 * 2 * (ports as u32 - 1),
            Pattern::HalvingDoubling => ports as u32 * 2 * ports.ilog2(),
            Pattern::AllToAll => ports as u32 * (ports as u32 - 1),
            _ => 0,
        }
    }

    /// Whether there is such traffic for `ports` ports.
    ///
    /// # Errors
    /// [`Error::Invalid`] if not.
    pub fn check(self, ports: usize) -> Result<(), Error> {
        let fail = |expected: String| Err(Error::invalid("the number of ports", ports, expected));
        match self {
            Pattern::Incast if ports < 3 => {
                fail("3 or more for incast, which has a victim beside a sender".into())
            }
            Pattern::HalvingDoubling if !ports.is_power_of_two() => {
                fail("a power of two for halving-doubling; ring takes any".into())
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|pattern| pattern.name() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|pattern| pattern.name()).collect();
                Error::invalid("the traffic", text, format!("one of {}", known.join(", ")))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_printed() {
        for pattern in Pattern::ALL {
            assert_eq!(pattern.to_string().parse::<Pattern>().unwrap(), pattern);
            assert!(!pattern.purpose().is_empty());
        }
        let error = "outcast".parse::<Pattern>().unwrap_err().to_string();
        assert!(
            error.contains("hotspot") && error.contains("outcast"),
            "{error}"
        );
    }

    #[test]
    fn the_flows_of_the_pairs_are_those_of_the_round() {
        for pattern in Pattern::ALL {
            for ports in [4, 8, 16] {
                let pairs = (0..ports * ports).map(|pair| (pair / ports, pair % ports));
                let flows: u32 = pairs
                    .map(|(source, destination)| {
                        pattern.flows_per_round(ports, source, destination)
                    })
                    .sum();
                assert_eq!(flows, pattern.flows_in_round(ports), "{pattern} {ports}");
                assert_eq!(flows > 0, pattern.is_in_rounds());
            }
        }
    }

    #[test]
    fn refuses_numbers_of_ports_it_is_not_for() {
        for pattern in Pattern::ALL {
            assert!(pattern.check(4).is_ok());
        }
        let error = Pattern::Incast.check(2).unwrap_err().to_string();
        assert!(
            error.contains("`2`") && error.contains("3 or more"),
            "{error}"
        );
        let error = Pattern::HalvingDoubling.check(12).unwrap_err().to_string();
        assert!(error.contains("power of two"), "{error}");
        assert!(Pattern::Ring.check(12).is_ok());
    }
}
