//! Random numbers that are the same on every machine: one seed, one stream a user.

use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// What a family of streams is for, so that asking for one thing does not change another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// When frames start, where they go, how long they are.
    Frames = 0,
    /// Which frames are malformed.
    Flaws = 1,
    /// Pauses inside frames.
    Gaps = 2,
    /// Back-pressure.
    BackPressure = 3,
    /// What happens to the bits of a link, one stream a lane.
    Fiber = 4,
}

/// A stream of random numbers, xoshiro256++.
#[derive(Clone, Debug)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// Stream number `stream` of `seed`; streams of one seed do not overlap (2^128 numbers apart).
    #[must_use]
    pub fn new(seed: u64, stream: usize) -> Self {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
        for _ in 0..stream {
            generator.jump();
        }
        Self(generator)
    }

    /// The streams 0, 1, … of a family of `seed`, those of [`Rng::new`] for family 0; no two streams of one seed
    /// overlap (families are 2^192 numbers apart).
    pub fn streams(seed: u64, family: Family) -> impl Iterator<Item = Self> {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
        for _ in 0..family as usize {
            generator.long_jump();
        }
        std::iter::repeat_with(move || {
            let stream = Self(generator.clone());
            generator.jump();
            stream
        })
    }

    /// A number below `bound`, all equally likely to 2^-32.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "a bound of 0 leaves no number");
        let product = u64::from(self.0.next_u32()) * u64::from(bound);
        (product >> 32) as u32
    }

    /// `true` with this probability.
    pub fn chance(&mut self, probability: Probability) -> bool {
        self.0.next_u64() >> 11 < probability.0
    }

    /// Each bit of `within` with this probability, independently of the others; all others are 0.
    pub fn mask(&mut self, probability: Probability, within: u64) -> u64 {
        if probability.0 == 1 << Probability::DIGITS {
            return within;
        }
        // Each bit draws a number digit by digit, until it differs from the probability: a smaller one sets the bit.
        let (mut set, mut undecided) = (0, within);
        for digit in (0..Probability::DIGITS).rev() {
            if undecided == 0 {
                break;
            }
            let draw = self.0.next_u64();
            if probability.0 >> digit & 1 == 1 {
                set |= undecided & !draw;
                undecided &= draw;
            } else {
                undecided &= !draw;
            }
        }
        set
    }
}

/// A probability in steps of 2^-53, so that a draw needs no floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probability(u64);

impl Probability {
    /// Binary digits behind the point.
    const DIGITS: u32 = 53;

    /// The nearest step; values outside 0 ..= 1 (and NaN, as 0) are taken to the nearer end.
    #[must_use]
    #[allow(
        clippy::cast_sign_loss,
        reason = "clamped to 0 ..= 2^53 on the same line"
    )]
    pub fn new(value: f64) -> Self {
        let steps = (1_u64 << Self::DIGITS) as f64;
        Self((value.clamp(0.0, 1.0) * steps) as u64)
    }

    /// Never true.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// How many trials fail before one succeeds, drawn without a draw for each trial and without a logarithm, which is not the
/// same on every machine: the binary digits of such a number are independent, digit k is 1 with the chance `q^2^k / (1 +
/// q^2^k)` where `q` is the chance to fail.
#[derive(Clone, Debug)]
pub struct Gaps {
    digits: Vec<Probability>,
}

impl Gaps {
    /// For trials that succeed with this probability, above 0 and up to 1; below 2^-53, with 2^-53.
    ///
    /// # Panics
    /// If it is not in that range.
    #[must_use]
    pub fn new(success: f64) -> Self {
        assert!(
            success > 0.0 && success <= 1.0,
            "the chance is {success}: above 0, up to 1"
        );
        let mut power = 1.0 - success.max(f64::EPSILON / 2.0);
        let mut digits = Vec::new();
        loop {
            let digit = Probability::new(power / (1.0 + power));
            if digit.is_zero() {
                return Self { digits };
            }
            digits.push(digit);
            power *= power;
        }
    }

    /// The number of failures before the next success.
    pub fn next(&self, rng: &mut Rng) -> u64 {
        let digits = self.digits.iter().enumerate();
        digits.fold(0, |gap, (place, digit)| {
            gap | u64::from(rng.chance(*digit)) << place
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_as_long_and_as_spread_as_those_of_single_trials() {
        let mut rng = Rng::new(13, 0);
        for success in [1.0, 0.5, 0.01, 1e-6] {
            let gaps = Gaps::new(success);
            let draws = 50_000;
            let lengths: Vec<f64> = (0..draws).map(|_| gaps.next(&mut rng) as f64).collect();
            let mean = lengths.iter().sum::<f64>() / f64::from(draws);
            let expected = (1.0 - success) / success;
            assert!((mean - expected).abs() <= 0.02 * expected, "{mean}");
            // The chance to fail as often as the mean says is close to that of single trials.
            let longer = lengths.iter().filter(|gap| **gap >= expected.ceil());
            let share = longer.count() as f64 / f64::from(draws);
            let exact = (1.0 - success).powf(expected.ceil());
            assert!((share - exact).abs() < 0.01, "{share} {exact}");
        }
        assert!(Gaps::new(1e-300).next(&mut rng) > 1 << 40);
    }

    #[test]
    fn the_stream_never_changes() {
        // Reproducibility of published runs hangs on these numbers: a new generator is a new major version.
        let mut rng = Rng::new(1, 0);
        let first: Vec<u32> = (0..4).map(|_| rng.below(1_000_000)).collect();
        let mut again = Rng::new(1, 0);
        assert_eq!(
            first,
            (0..4).map(|_| again.below(1_000_000)).collect::<Vec<_>>()
        );
        let mut other = Rng::new(1, 1);
        assert_ne!(
            first,
            (0..4).map(|_| other.below(1_000_000)).collect::<Vec<_>>()
        );
        // From an independent xoshiro256++ seeded by SplitMix64 of 1: the upper halves, scaled.
        assert_eq!(first, [811_612, 747_104, 100_150, 746_216]);
    }

    #[test]
    fn families_and_streams_differ() {
        let first = |mut rng: Rng| [rng.below(u32::MAX), rng.below(u32::MAX)];
        let of = |family| {
            Rng::streams(9, family)
                .take(3)
                .map(first)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(Family::Frames),
            [0, 1, 2].map(|stream| first(Rng::new(9, stream)))
        );
        let mut all: Vec<_> = [
            Family::Frames,
            Family::Flaws,
            Family::Gaps,
            Family::BackPressure,
            Family::Fiber,
        ]
        .into_iter()
        .flat_map(of)
        .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 15);
    }

    #[test]
    fn chances_come_true_as_often_as_they_should() {
        let mut rng = Rng::new(7, 0);
        let quarter = Probability::new(0.25);
        let hits = (0..100_000).filter(|_| rng.chance(quarter)).count();
        assert!((24_500..25_500).contains(&hits), "{hits}");
        assert!((0..1000).all(|_| rng.chance(Probability::new(1.0))));
        assert!(!(0..1000).any(|_| rng.chance(Probability::new(0.0))));
        assert!(Probability::new(f64::NAN).is_zero());
    }

    #[test]
    fn every_bit_of_a_mask_comes_as_often_as_it_should() {
        let mut rng = Rng::new(5, 0);
        for (probability, within) in [(0.3, u64::MAX), (0.9, 0xf0f0), (1.0, 7), (0.0, u64::MAX)] {
            let mut counts = [0_u32; 64];
            for _ in 0..20_000 {
                let mask = rng.mask(Probability::new(probability), within);
                assert_eq!(mask & !within, 0);
                for (bit, count) in counts.iter_mut().enumerate() {
                    *count += (mask >> bit & 1) as u32;
                }
            }
            for (bit, count) in counts.into_iter().enumerate() {
                let expected = 20_000.0 * probability * f64::from(within >> bit & 1 == 1);
                let got = f64::from(count);
                assert!((got - expected).abs() < 350.0, "{bit} {probability}: {got}");
            }
        }
    }

    #[test]
    fn every_number_below_a_bound_comes_up() {
        let mut rng = Rng::new(3, 2);
        let mut seen = [0; 5];
        for _ in 0..5_000 {
            seen[rng.below(5) as usize] += 1;
        }
        assert!(
            seen.iter().all(|count| (850..1150).contains(count)),
            "{seen:?}"
        );
    }
}
