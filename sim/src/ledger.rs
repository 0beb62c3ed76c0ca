//! Frames that have been sent and have not arrived, per pair of ports and in order.

use std::collections::HashMap;

use crate::traffic::Flaw;

/// What is kept of a frame until it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its number within the pair.
    pub sequence: u32,
    /// Bytes.
    pub length: u32,
    /// Cycle in which its first beat was first offered.
    pub offered: u64,
    /// The fingerprint of its bytes.
    pub digest: u64,
    /// The flow it belongs to.
    pub flow: u32,
    /// What is wrong with it.
    pub flaw: Option<Flaw>,
}

/// No entry.
const NONE: u32 = u32::MAX;

/// The frames on their way. One pool of entries for all pairs, so that nothing is allocated once as many frames have
/// been on their way as ever are.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Per pair, its oldest and newest entry.
    lists: Vec<(u32, u32)>,
    entries: Vec<(Sent, u32)>,
    /// The first of the entries that are free.
    free: u32,
    /// Those that a later frame of their pair has overtaken, by pair and sequence.
    overtaken: HashMap<(usize, u32), Sent>,
}

impl Ledger {
    /// No frames, for `pairs` pairs.
    #[must_use]
    pub fn new(pairs: usize) -> Self {
        Self {
            lists: vec![(NONE, NONE); pairs],
            entries: Vec::new(),
            free: NONE,
            overtaken: HashMap::new(),
        }
    }

    /// Adds the newest frame of `pair`.
    #[inline]
    pub fn push(&mut self, pair: usize, sent: Sent) {
        let index = self.free;
        let index = if index == NONE {
            self.entries.push((sent, NONE));
            self.entries.len() as u32 - 1
        } else {
            let entry = &mut self.entries[index as usize];
            self.free = std::mem::replace(entry, (sent, NONE)).1;
            index
        };
        let newest = std::mem::replace(&mut self.lists[pair].1, index);
        match newest {
            NONE => self.lists[pair].0 = index,
            newest => self.entries[newest as usize].1 = index,
        }
    }

    /// The frame of this number, if it is on its way.
    #[must_use]
    #[inline]
    pub fn get(&self, pair: usize, sequence: u32) -> Option<&Sent> {
        let mut index = self.lists[pair].0;
        while index != NONE {
            let (sent, next) = &self.entries[index as usize];
            if sent.sequence == sequence {
                return Some(sent);
            }
            if is_behind(sequence, sent.sequence) {
                break;
            }
            index = *next;
        }
        self.overtaken.get(&(pair, sequence))
    }

    /// Takes out the frame of this number, and says whether a later one was taken out before it.
    #[inline]
    pub fn take(&mut self, pair: usize, sequence: u32) -> Option<(Sent, bool)> {
        let is_ahead = self.lists[pair].0 != NONE
            && !is_behind(
                sequence,
                self.entries[self.lists[pair].0 as usize].0.sequence,
            );
        if !is_ahead || self.get(pair, sequence).is_none() {
            let sent = self.overtaken.remove(&(pair, sequence))?;
            return Some((sent, true));
        }
        loop {
            let sent = self.pop(pair)?;
            if sent.sequence == sequence {
                return Some((sent, false));
            }
            self.overtaken.insert((pair, sent.sequence), sent);
        }
    }

    fn pop(&mut self, pair: usize) -> Option<Sent> {
        let list = &mut self.lists[pair];
        let index = list.0;
        if index == NONE {
            return None;
        }
        let (sent, next) = &mut self.entries[index as usize];
        list.0 = std::mem::replace(next, self.free);
        if list.0 == NONE {
            list.1 = NONE;
        }
        self.free = index;
        Some(*sent)
    }

    /// Hands out every frame that has not arrived, with its pair, in no particular order.
    pub fn each_missing(&self, mut hand_out: impl FnMut(usize, &Sent)) {
        for (pair, (oldest, _)) in self.lists.iter().enumerate() {
            let mut index = *oldest;
            while index != NONE {
                let (sent, next) = &self.entries[index as usize];
                hand_out(pair, sent);
                index = *next;
            }
        }
        for ((pair, _), sent) in &self.overtaken {
            hand_out(*pair, sent);
        }
    }
}

/// Whether `sequence` comes before `other`, as numbers that wrap around.
#[inline]
fn is_behind(sequence: u32, other: u32) -> bool {
    sequence.wrapping_sub(other) > u32::MAX / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(sequence: u32) -> Sent {
        Sent {
            sequence,
            length: 64,
            offered: 10 * u64::from(sequence),
            digest: 0,
            flow: 0,
            flaw: None,
        }
    }

    fn missing(ledger: &Ledger) -> Vec<(usize, u32)> {
        let mut missing = Vec::new();
        ledger.each_missing(|pair, sent| missing.push((pair, sent.sequence)));
        missing.sort_unstable();
        missing
    }

    #[test]
    fn frames_leave_in_order_and_their_entries_are_used_again() {
        let mut ledger = Ledger::new(3);
        for sequence in 0..1_000 {
            for pair in 0..3 {
                ledger.push(pair, sent(sequence));
            }
            for pair in [2, 0, 1] {
                assert_eq!(ledger.get(pair, sequence), Some(&sent(sequence)));
                assert_eq!(ledger.take(pair, sequence), Some((sent(sequence), false)));
            }
        }
        assert!(ledger.entries.len() <= 3, "{}", ledger.entries.len());
        assert_eq!(ledger.take(0, 999), None, "a second time");
        assert_eq!(ledger.take(0, 1_000), None, "never sent");
        assert!(missing(&ledger).is_empty());
    }

    #[test]
    fn a_frame_that_was_overtaken_is_late() {
        let mut ledger = Ledger::new(2);
        (0..6).for_each(|sequence| ledger.push(1, sent(sequence)));
        assert_eq!(ledger.take(1, 3), Some((sent(3), false)));
        assert_eq!(missing(&ledger), [(1, 0), (1, 1), (1, 2), (1, 4), (1, 5)]);
        assert_eq!(ledger.get(1, 1), Some(&sent(1)));
        assert_eq!(ledger.take(1, 1), Some((sent(1), true)));
        assert_eq!(ledger.take(1, 1), None);
        assert_eq!(ledger.take(0, 0), None, "of another pair");
        assert_eq!(ledger.take(1, 4), Some((sent(4), false)));
        assert_eq!(missing(&ledger), [(1, 0), (1, 2), (1, 5)]);
    }

    #[test]
    fn numbers_wrap_around() {
        let mut ledger = Ledger::new(1);
        for sequence in [u32::MAX - 1, u32::MAX, 0, 1] {
            ledger.push(0, sent(sequence));
        }
        assert_eq!(ledger.take(0, 0), Some((sent(0), false)));
        assert_eq!(ledger.take(0, u32::MAX), Some((sent(u32::MAX), true)));
        assert_eq!(ledger.take(0, 1), Some((sent(1), false)));
        assert_eq!(missing(&ledger), [(0, u32::MAX - 1)]);
    }
}
