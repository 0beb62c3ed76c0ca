//! Collectives as schedules: in each step every port sends one transfer, and gets one.
//!
//! ```text
//!  ring (N ports)         step s: piece r - s to port r + 1; from step N - 1 on the pieces are complete
//!  halving and doubling   step k: the half of the rest that is the partner's; partners are N/2, N/4, … 1 apart; then back
//!  all-to-all             step s: piece r + s + 1 to port r + s + 1            (all modulo N, at port r)
//! ```
//!
//! A message is cut into as many pieces as there are ports, as equal as bytes allow.

use super::Pattern;

/// What a port sends in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The port it is for.
    pub destination: usize,
    /// Bytes, those of the frames that carry it.
    pub bytes: usize,
}

/// The steps of one collective.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    pattern: Pattern,
    ports: usize,
    message_bytes: usize,
}

impl Schedule {
    /// The schedule of `pattern`, a collective, over messages of `message_bytes` bytes a port.
    #[must_use]
    pub const fn new(pattern: Pattern, ports: usize, message_bytes: usize) -> Self {
        Self {
            pattern,
            ports,
            message_bytes,
        }
    }

    /// Steps of one collective.
    #[must_use]
    pub const fn steps(&self) -> usize {
        match self.pattern {
            Pattern::Ring => 2 * (self.ports - 1),
            Pattern::HalvingDoubling => 2 * self.ports.ilog2() as usize,
            _ => self.ports - 1,
        }
    }

    /// What `port` sends in `step`.
    #[must_use]
    pub fn transfer(&self, step: usize, port: usize) -> Transfer {
        let ports = self.ports;
        match self.pattern {
            Pattern::Ring => {
                let piece = (port + 2 * ports - step) % ports;
                Transfer {
                    destination: (port + 1) % ports,
                    bytes: self.bytes(piece, 1),
                }
            }
            Pattern::HalvingDoubling => {
                let half = self.half(step);
                let partner = port ^ half;
                // On the way down the partner's half goes out, on the way back the own one.
                let owner = if step < self.steps() / 2 {
                    partner
                } else {
                    port
                };
                Transfer {
                    destination: partner,
                    bytes: self.bytes(owner / half * half, half),
                }
            }
            _ => {
                let destination = (port + step + 1) % ports;
                Transfer {
                    destination,
                    bytes: self.bytes(destination, 1),
                }
            }
        }
    }

    /// The port whose transfer of `step` goes to `port`.
    #[must_use]
    pub fn sender(&self, step: usize, port: usize) -> usize {
        match self.pattern {
            Pattern::Ring => (port + self.ports - 1) % self.ports,
            Pattern::HalvingDoubling => port ^ self.half(step),
            _ => (port + self.ports - step - 1) % self.ports,
        }
    }

    /// Pieces exchanged in `step` of halving and doubling, which is also how far the partners are apart.
    fn half(&self, step: usize) -> usize {
        let steps = self.steps();
        self.ports >> (1 + step.min(steps - 1 - step))
    }

    /// Bytes of `count` pieces from `first` on.
    fn bytes(&self, first: usize, count: usize) -> usize {
        let up_to = |piece: usize| {
            let (each, more) = (
                self.message_bytes / self.ports,
                self.message_bytes % self.ports,
            );
            piece * each + piece.min(more)
        };
        up_to(first + count) - up_to(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLECTIVES: [Pattern; 3] = [Pattern::Ring, Pattern::HalvingDoubling, Pattern::AllToAll];

    #[test]
    fn every_port_sends_one_transfer_in_a_step_and_gets_one() {
        for pattern in COLLECTIVES {
            for ports in [2, 4, 8, 64] {
                let schedule = Schedule::new(pattern, ports, 10_007);
                for step in 0..schedule.steps() {
                    let mut receives = vec![false; ports];
                    for port in 0..ports {
                        let Transfer { destination, .. } = schedule.transfer(step, port);
                        assert_ne!(destination, port);
                        assert!(!std::mem::replace(&mut receives[destination], true));
                        assert_eq!(schedule.sender(step, destination), port, "{pattern} {step}");
                    }
                }
            }
        }
    }

    /// What each port holds of each piece: from whom it has been added up.
    type Held = Vec<Vec<u64>>;

    /// Plays an all-reduce on sets of contributors. `pieces` says which pieces a port sends in a step.
    fn reduce(
        schedule: &Schedule,
        ports: usize,
        pieces: impl Fn(usize, usize) -> Vec<usize>,
    ) -> Held {
        let mut held: Held = (0..ports).map(|port| vec![1 << port; ports]).collect();
        for step in 0..schedule.steps() {
            let before = held.clone();
            for (port, held_by_port) in before.iter().enumerate() {
                let destination = schedule.transfer(step, port).destination;
                let sent = pieces(step, port);
                let bytes: usize = sent.iter().map(|piece| schedule.bytes(*piece, 1)).sum();
                assert_eq!(schedule.transfer(step, port).bytes, bytes);
                for piece in sent {
                    held[destination][piece] |= held_by_port[piece];
                }
            }
        }
        held
    }

    #[test]
    fn a_ring_reduces_in_twice_ports_less_one_steps_of_a_piece() {
        for ports in [2, 3, 4, 5, 8] {
            let schedule = Schedule::new(Pattern::Ring, ports, 1_000);
            assert_eq!(schedule.steps(), 2 * (ports - 1));
            let held = reduce(&schedule, ports, |step, port| {
                vec![(port + 2 * ports - step) % ports]
            });
            let everyone = (1 << ports) - 1;
            assert!(
                held.iter().flatten().all(|set| *set == everyone),
                "{held:?}"
            );
            for port in 0..ports {
                let sent: usize = (0..schedule.steps())
                    .map(|step| schedule.transfer(step, port).bytes)
                    .sum();
                let expected = 2 * (ports - 1) * 1_000 / ports;
                assert!(
                    sent.abs_diff(expected) <= 2 * ports,
                    "{sent}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn halving_and_doubling_reduces_in_twice_the_logarithm_of_steps() {
        for ports in [2, 4, 8, 16] {
            let schedule = Schedule::new(Pattern::HalvingDoubling, ports, 1_600);
            let stages = ports.ilog2() as usize;
            assert_eq!(schedule.steps(), 2 * stages);
            let pieces = |step: usize, port: usize| {
                let stage = if step < stages {
                    step
                } else {
                    2 * stages - 1 - step
                };
                let half = ports >> (stage + 1);
                let owner = if step < stages { port ^ half } else { port };
                (owner / half * half..(owner / half + 1) * half).collect()
            };
            let held = reduce(&schedule, ports, pieces);
            let everyone = (1 << ports) - 1;
            assert!(
                held.iter().flatten().all(|set| *set == everyone),
                "{held:?}"
            );
            let sizes: Vec<usize> = (0..2 * stages)
                .map(|step| schedule.transfer(step, 1).bytes)
                .collect();
            let halves: Vec<usize> = (1..=stages).map(|stage| 1_600 >> stage).collect();
            assert_eq!(sizes[..stages], halves);
            assert!(sizes.iter().eq(sizes.iter().rev()), "{sizes:?}");
        }
    }

    #[test]
    fn all_to_all_reaches_every_other_port_once_with_its_piece() {
        let schedule = Schedule::new(Pattern::AllToAll, 8, 1_003);
        for port in 0..8 {
            let mut bytes = [0; 8];
            for step in 0..schedule.steps() {
                let transfer = schedule.transfer(step, port);
                assert_eq!(transfer.destination, (port + step + 1) % 8);
                bytes[transfer.destination] += transfer.bytes;
            }
            let expected: Vec<usize> = (0..8)
                .map(|piece| {
                    if piece == port {
                        0
                    } else {
                        125 + usize::from(piece < 3)
                    }
                })
                .collect();
            assert_eq!(bytes[..], expected);
        }
    }
}
