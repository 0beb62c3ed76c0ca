//! A set of ports as bits, and the few operations on it that the cycle loop is made of.

use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

use crate::port_mask::PortMask;

/// A set of up to `64 * W` ports, bit `n` of word `n / 64` for port `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask<const W: usize>(pub [u64; W]);

impl<const W: usize> Mask<W> {
    /// No port.
    pub const NONE: Self = Self([0; W]);

    /// The first `ports` ports.
    pub fn first(ports: usize) -> Self {
        let mut mask = Self::NONE;
        for port in 0..ports {
            mask.set(port);
        }
        mask
    }

    /// `port` alone.
    #[inline(always)]
    pub fn one(port: usize) -> Self {
        let mut mask = Self::NONE;
        mask.set(port);
        mask
    }

    /// The ports that the low bits of `bits` name.
    #[inline(always)]
    pub fn low(bits: u64) -> Self {
        let mut mask = Self::NONE;
        mask.0[0] = bits;
        mask
    }

    /// The ports of `mask` below `64 * W`.
    pub fn of(mask: &PortMask) -> Self {
        Self(std::array::from_fn(|word| mask.words()[word]))
    }

    /// Whether `port` is in it.
    #[inline(always)]
    pub fn has(&self, port: usize) -> bool {
        self.0[port / 64 % W] >> (port % 64) & 1 == 1
    }

    /// Adds `port`.
    #[inline(always)]
    pub fn set(&mut self, port: usize) {
        self.0[port / 64 % W] |= 1 << (port % 64);
    }

    /// Removes `port`.
    #[inline(always)]
    pub fn clear(&mut self, port: usize) {
        self.0[port / 64 % W] &= !(1 << (port % 64));
    }

    /// Adds or removes `port`.
    #[inline(always)]
    pub fn put(&mut self, port: usize, member: bool) {
        let word = &mut self.0[port / 64 % W];
        *word = *word & !(1 << (port % 64)) | u64::from(member) << (port % 64);
    }

    /// Whether there is a port in it.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) != 0
    }

    /// The lowest port, or `None`.
    #[inline(always)]
    pub fn lowest(&self) -> Option<usize> {
        for (index, word) in self.0.iter().enumerate() {
            if *word != 0 {
                return Some(64 * index + word.trailing_zeros() as usize);
            }
        }
        None
    }

    /// The lowest port above `port`, or else the lowest of all.
    #[inline(always)]
    pub fn next_after(&self, port: usize) -> Option<usize> {
        let mut later = *self;
        for (index, word) in later.0.iter_mut().enumerate() {
            if index < port / 64 {
                *word = 0;
            } else if index == port / 64 {
                *word &= (u64::MAX << (port % 64)) << 1;
            }
        }
        later.lowest().or_else(|| self.lowest())
    }

    /// `self` without the ports of `other`.
    #[inline(always)]
    pub fn without(self, other: Self) -> Self {
        self & !other
    }

    /// Calls `each` with every port, lowest first.
    #[inline(always)]
    pub fn each(self, mut each: impl FnMut(usize)) {
        for (index, mut word) in self.0.into_iter().enumerate() {
            while word != 0 {
                each(64 * index + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
    }
}

impl<const W: usize> BitAnd for Mask<W> {
    type Output = Self;

    #[inline(always)]
    fn bitand(mut self, other: Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word &= other;
        }
        self
    }
}

impl<const W: usize> BitOr for Mask<W> {
    type Output = Self;

    #[inline(always)]
    fn bitor(mut self, other: Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
        self
    }
}

impl<const W: usize> BitOrAssign for Mask<W> {
    #[inline(always)]
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// The ports that are not in it, also those beyond the last one: to be met with a set of ports there are.
impl<const W: usize> Not for Mask<W> {
    type Output = Self;

    #[inline(always)]
    fn not(mut self) -> Self {
        for word in &mut self.0 {
            *word = !*word;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round_from_any_port() {
        let mut mask = Mask::<8>::NONE;
        assert_eq!(mask.next_after(5), None);
        for port in [3, 63, 64, 511] {
            mask.set(port);
        }
        for (after, next) in [(0, 3), (3, 63), (63, 64), (64, 511), (200, 511), (511, 3)] {
            assert_eq!(mask.next_after(after), Some(next), "after {after}");
        }
        mask.clear(63);
        let mut seen = Vec::new();
        mask.each(|port| seen.push(port));
        assert_eq!(seen, [3, 64, 511]);
        assert_eq!(Mask::<1>::one(63).next_after(63), Some(63));
    }

    #[test]
    fn is_a_set() {
        let (low, high) = (Mask::<1>::low(0b0111), Mask::<1>::low(0b1100));
        assert_eq!(low & high, Mask::one(2));
        assert_eq!(low | high, Mask::first(4));
        assert_eq!(low.without(high), Mask::first(2));
        assert!(!(low & !low).any());
        let mut mask = low;
        mask.put(0, false);
        mask.put(3, true);
        assert_eq!(mask, Mask::low(0b1110));
    }
}
