//! Sets of ports, of any switch there can be, as callers hand them to the engines.

use std::fmt::{self, Write as _};
use std::ops::{BitAnd, BitOr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::MAX_PORTS;
use crate::Error;

/// Ports in a word.
const WORD_PORTS: usize = u64::BITS as usize;

/// Words of a mask.
const WORDS: usize = MAX_PORTS / WORD_PORTS;

/// Bits that a digit stands for.
const DIGIT_BITS: usize = 4;

/// A set of ports below [`MAX_PORTS`]. As text it is hexadecimal, bit `n` for port `n`; in a file of the lockstep a number,
/// or that text where 64 bits do not hold it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PortMask([u64; WORDS]);

impl PortMask {
    /// No port.
    pub const NONE: Self = Self([0; WORDS]);

    /// The first `ports` ports.
    ///
    /// # Panics
    /// If there are more than [`MAX_PORTS`].
    #[must_use]
    pub fn first(ports: usize) -> Self {
        (0..ports).collect()
    }

    /// `port` alone.
    ///
    /// # Panics
    /// If it is not below [`MAX_PORTS`].
    #[must_use]
    pub fn one(port: usize) -> Self {
        [port].into_iter().collect()
    }

    /// The mask of these words, the ports below 64 first. Words that are missing name no port.
    ///
    /// # Panics
    /// If they are more than [`MAX_PORTS`] bits.
    #[must_use]
    pub fn of_words(words: &[u64]) -> Self {
        let mut mask = Self::NONE;
        mask.0[..words.len()].copy_from_slice(words);
        mask
    }

    /// Its words, the ports below 64 first.
    #[must_use]
    pub const fn words(&self) -> &[u64; WORDS] {
        &self.0
    }

    /// The ports below 64, one bit a port.
    #[must_use]
    pub const fn low(&self) -> u64 {
        self.0[0]
    }

    /// Its ports from `port` on.
    #[must_use]
    pub fn starting_at(mut self, port: usize) -> Self {
        for (index, word) in self.0.iter_mut().enumerate() {
            let below = port.saturating_sub(WORD_PORTS * index);
            *word &= u64::MAX.checked_shl(below as u32).unwrap_or(0);
        }
        self
    }

    /// Whether `port` is in it.
    #[must_use]
    pub fn has(&self, port: usize) -> bool {
        let word = self.0.get(port / WORD_PORTS);
        word.is_some_and(|word| word >> (port % WORD_PORTS) & 1 == 1)
    }

    /// Adds `port`.
    ///
    /// # Panics
    /// If it is not below [`MAX_PORTS`].
    pub fn set(&mut self, port: usize) {
        self.0[port / WORD_PORTS] |= 1 << (port % WORD_PORTS);
    }

    /// Whether no port is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// How many ports are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Its ports, lowest first.
    pub fn ports(&self) -> impl Iterator<Item = usize> + use<> {
        let mask = *self;
        (0..MAX_PORTS).filter(move |port| mask.has(*port))
    }

    /// `self` without the ports of `other`.
    #[must_use]
    pub fn without(mut self, other: Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= !other;
        }
        self
    }
}

impl BitAnd for PortMask {
    type Output = Self;

    fn bitand(mut self, other: Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= other;
        }
        self
    }
}

impl BitOr for PortMask {
    type Output = Self;

    fn bitor(mut self, other: Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
        self
    }
}

impl FromIterator<usize> for PortMask {
    fn from_iter<I: IntoIterator<Item = usize>>(ports: I) -> Self {
        let mut mask = Self::NONE;
        ports.into_iter().for_each(|port| mask.set(port));
        mask
    }
}

/// Ports below 64, one bit a port.
impl From<u64> for PortMask {
    fn from(bits: u64) -> Self {
        Self::of_words(&[bits])
    }
}

impl fmt::LowerHex for PortMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for word in self.0.iter().rev() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{word:016x}");
        }
        let text = text.trim_start_matches('0');
        f.pad_integral(true, "0x", if text.is_empty() { "0" } else { text })
    }
}

impl fmt::Debug for PortMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#x}")
    }
}

impl FromStr for PortMask {
    type Err = Error;

    /// # Errors
    /// [`Error::Invalid`] for what is not hexadecimal, or names a port that no switch has.
    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |expected: String| Error::invalid("a mask of ports", text, expected);
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let digits = digits
            .filter(|digits| !digits.is_empty())
            .ok_or_else(|| fail("hexadecimal, one bit a port".into()))?;
        let mut mask = Self::NONE;
        for (place, digit) in digits.iter().rev().enumerate() {
            for bit in (0..DIGIT_BITS).filter(|bit| digit >> bit & 1 == 1) {
                let port = DIGIT_BITS * place + bit;
                if port >= MAX_PORTS {
                    return Err(fail(format!("of ports 0 to {} only", MAX_PORTS - 1)));
                }
                mask.set(port);
            }
        }
        Ok(mask)
    }
}

/// A mask as it is written into a file.
#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a mask is a number of 64 bits, or hexadecimal text"
)]
enum Written {
    Number(u64),
    Text(String),
}

impl From<PortMask> for Written {
    fn from(mask: PortMask) -> Self {
        if mask == PortMask::from(mask.low()) {
            Self::Number(mask.low())
        } else {
            Self::Text(format!("{mask:x}"))
        }
    }
}

impl TryFrom<Written> for PortMask {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self, Error> {
        match written {
            Written::Number(bits) => Ok(bits.into()),
            Written::Text(text) => text.parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_set_of_up_to_512_ports() {
        let mask: PortMask = [3, 63, 64, 511].into_iter().collect();
        assert_eq!(mask.ports().collect::<Vec<_>>(), [3, 63, 64, 511]);
        assert_eq!((mask.len(), mask.low()), (4, 1 << 63 | 1 << 3));
        assert!(mask.has(511) && !mask.has(510) && !mask.has(512));
        assert_eq!(mask.starting_at(64).ports().collect::<Vec<_>>(), [64, 511]);
        for (port, members) in [(0, 4), (3, 4), (4, 3), (63, 3), (65, 1), (511, 1), (512, 0)] {
            assert_eq!(mask.starting_at(port).len(), members, "from {port} on");
        }
        assert_eq!(mask & PortMask::first(64), mask.low().into());
        assert_eq!(mask.starting_at(64) | mask.low().into(), mask);
        assert_eq!(mask.without(PortMask::first(511)), PortMask::one(511));
        assert_eq!(PortMask::first(512).len(), 512);
        assert_eq!(PortMask::of_words(&mask.words()[..1]), mask.low().into());
        assert!(PortMask::NONE.is_empty() && !mask.is_empty());
    }

    #[test]
    fn text_is_hexadecimal_of_any_length() {
        for (mask, text) in [
            (PortMask::NONE, "0"),
            (PortMask::from(0xbeef), "beef"),
            (PortMask::one(64), "10000000000000000"),
            (PortMask::first(77), "1fffffffffffffffffff"),
            (PortMask::first(512), &"f".repeat(128)),
        ] {
            assert_eq!(format!("{mask:x}"), text);
            assert_eq!(text.parse::<PortMask>().unwrap(), mask);
            assert_eq!(format!("000{text}").parse::<PortMask>().unwrap(), mask);
        }
        assert_eq!(
            format!("{:#x} {:?}", PortMask::from(16), PortMask::from(1)),
            "0x10 0x1"
        );
    }

    #[test]
    fn refuses_what_is_no_mask() {
        let many = format!("1{}", "0".repeat(128));
        for (text, word) in [
            ("", "hexadecimal"),
            ("+1", "hexadecimal"),
            ("0x1", "hexadecimal"),
            ("12 ", "hexadecimal"),
            ("ä", "hexadecimal"),
            (many.as_str(), "ports 0 to 511"),
        ] {
            let error = text.parse::<PortMask>().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn files_keep_it_as_a_number_where_that_is_enough() {
        for (mask, json) in [
            (PortMask::from(6), "6"),
            (PortMask::from(u64::MAX), "18446744073709551615"),
            (PortMask::one(66), "\"40000000000000000\""),
        ] {
            assert_eq!(serde_json::to_string(&mask).unwrap(), json);
            assert_eq!(serde_json::from_str::<PortMask>(json).unwrap(), mask);
        }
        for json in ["-1", "18446744073709551616", "\"g\"", "[1]"] {
            assert!(serde_json::from_str::<PortMask>(json).is_err(), "{json}");
        }
    }
}
