//! What happens to bits between two engines: skew, swapped, inverted and stuck lanes, errors, loss of light.
//!
//! ```text
//!  lanes sent ─► swap ─► delay ─► invert ─► errors ─► stuck, loss ─► lanes received
//! ```
//!
//! All but the swap belongs to the *receiving* lane. Every number is drawn from the seed, one stream a lane, so a fault
//! on one lane does not change the errors of another.

use std::collections::BTreeSet;

use super::Bits;
use crate::rng::{Family, Gaps, Probability, Rng};

/// Random errors of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Errors {
    /// How often one begins: the chance of each bit outside of a burst. 0: never.
    pub rate: f64,
    /// Bits of a burst, 1 to 66: the first and the last are wrong, those between with even chances.
    pub burst_bits: usize,
}

/// Bits that a lane received, all with light or all without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The bits; noise if there is no light.
    pub bits: Bits,
    /// There is light: the engine's `rx_los` is low.
    pub lit: bool,
}

/// One receiving lane.
#[derive(Clone, Debug)]
struct Lane {
    source: usize,
    /// Bits on their way.
    delay: Bits,
    inverted: bool,
    stuck: Option<bool>,
    /// Bits that arrive without light.
    dark_bits: usize,
    errors: Option<(Gaps, usize)>,
    /// Right bits until the next error.
    gap: u64,
    /// Bits left of a burst.
    burst: usize,
    /// Bits to get wrong, counted from the first that arrived.
    chosen: BTreeSet<u64>,
    arrived: u64,
    flipped: u64,
    rng: Rng,
}

/// The way of all lanes of a link, in one direction.
#[derive(Clone, Debug)]
pub struct Fiber {
    lanes: Vec<Lane>,
}

impl Fiber {
    /// `lanes` lanes without a fault; `direction` tells the fibers of one seed apart.
    #[must_use]
    pub fn new(lanes: usize, seed: u64, direction: usize) -> Self {
        let streams = Rng::streams(seed, Family::Fiber).skip(direction * lanes);
        let lane = |(source, rng)| Lane {
            source,
            delay: Bits::new(),
            inverted: false,
            stuck: None,
            dark_bits: 0,
            errors: None,
            gap: 0,
            burst: 0,
            chosen: BTreeSet::new(),
            arrived: 0,
            flipped: 0,
            rng,
        };
        Self {
            lanes: streams.take(lanes).enumerate().map(lane).collect(),
        }
    }

    /// Lane `i` receives what lane `sources[i]` sends.
    ///
    /// # Panics
    /// If a lane is not there.
    pub fn swap(&mut self, sources: &[usize]) {
        assert_eq!(sources.len(), self.lanes.len(), "one source a lane");
        for (lane, source) in self.lanes.iter_mut().zip(sources) {
            assert!(*source < sources.len(), "lane {source} is not there");
            lane.source = *source;
        }
    }

    /// The lane's bits arrive this many bits late. A longer delay puts noise in, a shorter one loses bits.
    pub fn set_delay(&mut self, lane: usize, bits: usize) {
        let lane = &mut self.lanes[lane];
        if let Some(missing) = bits.checked_sub(lane.delay.len()) {
            let mut longer = noise(&mut lane.rng, missing);
            longer.extend_from_bitslice(&lane.delay);
            lane.delay = longer;
        } else {
            lane.delay.drain(..lane.delay.len() - bits);
        }
    }

    /// Ones arrive as zeros and zeros as ones.
    pub fn set_inverted(&mut self, lane: usize, inverted: bool) {
        self.lanes[lane].inverted = inverted;
    }

    /// All bits arrive as this one, and the light is on.
    pub fn set_stuck(&mut self, lane: usize, stuck: Option<bool>) {
        self.lanes[lane].stuck = stuck;
    }

    /// Random errors from now on.
    ///
    /// # Panics
    /// If the rate is not a probability, or a burst has not 1 to 66 bits.
    pub fn set_errors(&mut self, lane: usize, errors: Errors) {
        assert!(
            (1..=66).contains(&errors.burst_bits) && (0.0..=1.0).contains(&errors.rate),
            "{errors:?}: a rate of 0 to 1, bursts of 1 to 66 bits"
        );
        let lane = &mut self.lanes[lane];
        lane.burst = 0;
        lane.errors = (errors.rate > 0.0).then(|| (Gaps::new(errors.rate), errors.burst_bits));
        if let Some((gaps, _)) = &lane.errors {
            lane.gap = gaps.next(&mut lane.rng);
        }
    }

    /// Gets one bit wrong: that which arrives after `ahead` others.
    pub fn flip(&mut self, lane: usize, ahead: u64) {
        let lane = &mut self.lanes[lane];
        lane.chosen.insert(lane.arrived + ahead);
    }

    /// The next `bits` bits arrive without light: as noise.
    pub fn lose(&mut self, lane: usize, bits: usize) {
        self.lanes[lane].dark_bits = bits;
    }

    /// Bits of the lane that arrived wrong, with light and not stuck.
    #[must_use]
    pub fn flipped(&self, lane: usize) -> u64 {
        self.lanes[lane].flipped
    }

    /// Bits of the lane that arrived.
    #[must_use]
    pub fn arrived(&self, lane: usize) -> u64 {
        self.lanes[lane].arrived
    }

    /// Takes what each lane sent and gives what each lane receives, as many bits, in one piece or more.
    ///
    /// # Panics
    /// If there is not one entry for each lane.
    pub fn pass(&mut self, sent: &[Bits]) -> Vec<Vec<Segment>> {
        assert_eq!(sent.len(), self.lanes.len(), "one stream a lane");
        let lanes = self.lanes.iter_mut();
        lanes.map(|lane| lane.pass(&sent[lane.source])).collect()
    }
}

impl Lane {
    fn pass(&mut self, sent: &Bits) -> Vec<Segment> {
        self.delay.extend_from_bitslice(sent);
        let mut lit: Bits = self.delay.drain(..sent.len()).collect();
        if self.inverted {
            lit = !lit;
        }
        self.wrong(&mut lit);
        self.arrived += lit.len() as u64;
        if let Some(level) = self.stuck {
            lit.fill(level);
        }
        let dark = self.dark_bits.min(lit.len());
        self.dark_bits -= dark;
        let lit = lit.split_off(dark);
        let dark = noise(&mut self.rng, dark);
        let parts = [(dark, false), (lit, true)].into_iter();
        parts
            .filter(|(bits, _)| !bits.is_empty())
            .map(|(bits, lit)| Segment { bits, lit })
            .collect()
    }

    /// Gets bits wrong: by chance, then the chosen ones.
    fn wrong(&mut self, bits: &mut Bits) {
        let counts =
            |at: usize, lane: &Self| u64::from(lane.stuck.is_none() && at >= lane.dark_bits);
        let mut at = 0;
        while let Some((gaps, length)) = &self.errors {
            if self.burst == 0 {
                let left = (bits.len() - at) as u64;
                if self.gap >= left {
                    self.gap -= left;
                    break;
                }
                at += self.gap as usize;
                self.burst = *length;
            }
            if at == bits.len() {
                break;
            }
            let is_end = self.burst == *length || self.burst == 1;
            if is_end || self.rng.below(2) == 1 {
                let wrong = !bits[at];
                bits.set(at, wrong);
                self.flipped += counts(at, self);
            }
            at += 1;
            self.burst -= 1;
            if self.burst == 0 {
                self.gap = gaps.next(&mut self.rng);
            }
        }
        let end = self.arrived + bits.len() as u64;
        let later = self.chosen.split_off(&end);
        for chosen in std::mem::replace(&mut self.chosen, later) {
            let at = (chosen - self.arrived) as usize;
            let wrong = !bits[at];
            bits.set(at, wrong);
            self.flipped += counts(at, self);
        }
    }
}

/// Bits that mean nothing.
fn noise(rng: &mut Rng, length: usize) -> Bits {
    let half = Probability::new(0.5);
    let words = length.div_ceil(64);
    let words = (0..words).map(|_| rng.mask(half, u64::MAX)).collect();
    let mut bits = Bits::from_vec(words);
    bits.truncate(length);
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(length: usize) -> Bits {
        noise(&mut Rng::new(99, 0), length)
    }

    /// What arrives on a lane, without the marks of light.
    fn joined(segments: &[Segment]) -> Bits {
        let bits = segments
            .iter()
            .flat_map(|segment| segment.bits.iter().by_vals());
        bits.collect()
    }

    #[test]
    fn swaps_delays_and_inverts_whole_streams() {
        let mut fiber = Fiber::new(3, 1, 0);
        fiber.swap(&[2, 0, 1]);
        fiber.set_delay(1, 70);
        fiber.set_inverted(2, true);
        let sent = [
            ramp(700),
            ramp(701)[1..].to_bitvec(),
            ramp(702)[2..].to_bitvec(),
        ];
        let mut got = vec![Bits::new(); 3];
        for piece in 0..7 {
            let piece: Vec<Bits> = sent
                .iter()
                .map(|bits| bits[100 * piece..100 * piece + 100].to_bitvec())
                .collect();
            for (lane, segments) in fiber.pass(&piece).iter().enumerate() {
                got[lane].extend_from_bitslice(&joined(segments));
            }
        }
        assert_eq!(got[0], sent[2]);
        assert_eq!(got[1][70..], sent[0][..630]);
        assert_eq!(got[2], !sent[1].clone());
        fiber.set_delay(1, 50);
        let none = vec![Bits::repeat(false, 50); 3];
        assert_eq!(joined(&fiber.pass(&none)[1]), sent[0][650..]);
    }

    #[test]
    fn errors_come_at_their_rate_and_are_counted() {
        for (rate, burst_bits) in [(1e-3, 1), (1e-4, 1), (1e-3, 66), (1e-2, 7), (1.0, 1)] {
            let mut fiber = Fiber::new(1, 5, 0);
            fiber.set_errors(0, Errors { rate, burst_bits });
            let (sent, mut wrong) = (Bits::repeat(false, 6_601), 0);
            for _ in 0..100 {
                wrong += joined(&fiber.pass(std::slice::from_ref(&sent))[0]).count_ones() as u64;
            }
            assert_eq!(wrong, fiber.flipped(0));
            let bits = fiber.arrived(0) as f64;
            let burst = burst_bits as f64;
            let bursts = bits / (1.0 / rate - 1.0 + burst);
            let a_burst = if burst_bits == 1 {
                1.0
            } else {
                1.0 + burst / 2.0
            };
            let expected = bursts * a_burst;
            let spread = 5.0 * bursts.sqrt() * a_burst;
            assert!(
                (wrong as f64 - expected).abs() < spread,
                "{wrong} {expected}"
            );
        }
    }

    #[test]
    fn errors_of_one_lane_do_not_hang_on_another() {
        let run = |other: bool| {
            let mut fiber = Fiber::new(2, 8, 0);
            let errors = Errors {
                rate: 0.01,
                burst_bits: 3,
            };
            fiber.set_errors(0, errors);
            if other {
                fiber.set_errors(1, errors);
                fiber.set_delay(1, 1_000);
            }
            let sent = vec![Bits::repeat(false, 20_000); 2];
            fiber.pass(&sent).swap_remove(0)
        };
        assert_eq!(run(false), run(true));
        assert!(joined(&run(true)).any());
    }

    #[test]
    fn chosen_bits_loss_and_stuck_lanes() {
        let mut fiber = Fiber::new(2, 2, 1);
        let sent = vec![ramp(660); 2];
        fiber.flip(0, 3);
        fiber.flip(0, 700);
        fiber.lose(1, 1_000);
        let first = fiber.pass(&sent);
        assert!(!first[1][0].lit && first[1].len() == 1);
        assert_ne!(first[1][0].bits, sent[1], "noise");
        let changed = joined(&first[0]) ^ &sent[0];
        assert_eq!(changed.iter_ones().collect::<Vec<_>>(), [3]);
        fiber.set_stuck(1, Some(true));
        let second = fiber.pass(&sent);
        let changed = joined(&second[0]) ^ &sent[0];
        assert_eq!(changed.iter_ones().collect::<Vec<_>>(), [40]);
        assert_eq!(fiber.flipped(0), 2);
        let [dark, lit] = &second[1][..] else {
            panic!("the light came back within the row")
        };
        assert_eq!((dark.bits.len(), dark.lit), (340, false));
        assert_eq!((lit.bits.count_ones(), lit.lit), (320, true));
        fiber.set_stuck(1, Some(false));
        assert!(joined(&fiber.pass(&sent)[1]).not_any());
        fiber.set_stuck(1, None);
        assert_eq!(joined(&fiber.pass(&sent)[1]), sent[1]);
    }
}
