//! How long frames are.

use std::fmt;
use std::str::FromStr;

use crate::frame;
use crate::rng::Rng;
use crate::Error;

/// How long frames are, in bytes: on a switch from destination address to FCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameSize {
    /// All the same.
    Fixed(usize),
    /// 64, 594 and 1 518 bytes in the ratio 7 : 4 : 1.
    Imix,
    /// Any length between the two, both included, equally likely.
    Range(usize, usize),
}

/// Lengths and shares of [`FrameSize::Imix`].
const IMIX: [(usize, u32); 3] = [(64, 7), (594, 4), (1_518, 1)];

impl FrameSize {
    /// Shortest and longest length.
    #[must_use]
    pub const fn bounds(self) -> (usize, usize) {
        match self {
            FrameSize::Fixed(bytes) => (bytes, bytes),
            FrameSize::Imix => (IMIX[0].0, IMIX[2].0),
            FrameSize::Range(low, high) => (low, high),
        }
    }

    /// Beats of a frame on average.
    #[must_use]
    pub fn mean_beats(self, beat_bytes: usize) -> f64 {
        let beats = |bytes| frame::beats(bytes, beat_bytes) as f64;
        match self {
            FrameSize::Fixed(bytes) => beats(bytes),
            FrameSize::Imix => {
                let weighed: f64 = IMIX
                    .iter()
                    .map(|(bytes, share)| beats(*bytes) * f64::from(*share))
                    .sum();
                weighed / f64::from(IMIX.iter().map(|(_, share)| share).sum::<u32>())
            }
            FrameSize::Range(low, high) => {
                (low..=high).map(beats).sum::<f64>() / (high + 1 - low) as f64
            }
        }
    }

    /// A length.
    #[inline]
    pub(super) fn draw(self, rng: &mut Rng) -> usize {
        match self {
            FrameSize::Fixed(bytes) => bytes,
            FrameSize::Imix => {
                let mut ticket = rng.below(IMIX.iter().map(|(_, share)| share).sum());
                for (bytes, share) in IMIX {
                    if ticket < share {
                        return bytes;
                    }
                    ticket -= share;
                }
                IMIX[2].0
            }
            FrameSize::Range(low, high) => low + rng.below((high + 1 - low) as u32) as usize,
        }
    }
}

impl fmt::Display for FrameSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameSize::Fixed(bytes) => write!(f, "{bytes}"),
            FrameSize::Imix => f.write_str("imix"),
            FrameSize::Range(low, high) => write!(f, "{low}-{high}"),
        }
    }
}

impl FromStr for FrameSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = || {
            Error::invalid(
                "the frame size",
                text,
                "a number of bytes, imix, or LO-HI with LO <= HI",
            )
        };
        let number = |text: &str| text.parse::<u32>().map(|n| n as usize).map_err(|_| fail());
        if text == "imix" {
            return Ok(FrameSize::Imix);
        }
        match text.split_once('-') {
            None => Ok(FrameSize::Fixed(number(text)?)),
            Some((low, high)) => {
                let (low, high) = (number(low)?, number(high)?);
                if low > high {
                    return Err(fail());
                }
                Ok(FrameSize::Range(low, high))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for good in ["64", "imix", "64-1522"] {
            assert_eq!(good.parse::<FrameSize>().unwrap().to_string(), good);
        }
        for bad in ["", "big", "70-64", "64-", "-64", "1-2-3", "99999999999"] {
            let error = bad.parse::<FrameSize>().unwrap_err().to_string();
            assert!(error.contains("LO-HI"), "{error}");
        }
    }

    #[test]
    fn draws_the_lengths_it_says_as_often_as_it_says() {
        let mut rng = Rng::new(5, 1);
        for size in ["64", "imix", "65-1522"] {
            let size: FrameSize = size.parse().unwrap();
            let (low, high) = size.bounds();
            let draws = 60_000;
            let mut beats = 0;
            for _ in 0..draws {
                let length = size.draw(&mut rng);
                assert!((low..=high).contains(&length));
                beats += frame::beats(length, 8);
            }
            let mean = beats as f64 / f64::from(draws);
            let expected = size.mean_beats(8);
            assert!(
                (mean / expected - 1.0).abs() < 0.02,
                "{size}: {mean}, not {expected}"
            );
        }
        let mut shares = [0; 3];
        for _ in 0..12_000 {
            let length = FrameSize::Imix.draw(&mut rng);
            shares[IMIX.iter().position(|(bytes, _)| *bytes == length).unwrap()] += 1;
        }
        for (share, (_, expected)) in shares.into_iter().zip(IMIX) {
            assert!(
                (i64::from(expected) * 1_000 - share).abs() < 200,
                "{shares:?}"
            );
        }
    }
}
