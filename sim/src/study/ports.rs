//! Sets of ports as bit masks, for any number of ports: bit `n % 64` of word `n / 64` is port `n`.

/// Ports in a word.
const WORD: usize = u64::BITS as usize;

/// Words that hold a set of `ports` ports.
#[must_use]
pub const fn words(ports: usize) -> usize {
    ports.div_ceil(WORD)
}

/// No port.
#[must_use]
pub fn none(ports: usize) -> Vec<u64> {
    vec![0; words(ports)]
}

/// Every port below `ports`.
#[must_use]
pub fn all(ports: usize) -> Vec<u64> {
    let mut set = none(ports);
    (0..ports).for_each(|port| insert(&mut set, port));
    set
}

/// Adds `port`.
pub fn insert(set: &mut [u64], port: usize) {
    set[port / WORD] |= 1 << (port % WORD);
}

/// Takes `port` out.
pub fn remove(set: &mut [u64], port: usize) {
    set[port / WORD] &= !(1 << (port % WORD));
}

/// Whether `port` is in it.
#[must_use]
pub fn contains(set: &[u64], port: usize) -> bool {
    set[port / WORD] >> (port % WORD) & 1 == 1
}

/// Whether no port is in it.
#[must_use]
pub fn is_empty(set: &[u64]) -> bool {
    set.iter().all(|word| *word == 0)
}

/// The ports in both sets, lowest first.
#[must_use]
pub fn common<'a>(one: &'a [u64], other: &'a [u64]) -> Common<'a> {
    Common {
        one,
        other,
        word: 0,
        bits: one[0] & other[0],
    }
}

/// The ports of a set, lowest first.
#[must_use]
pub fn each(set: &[u64]) -> Common<'_> {
    common(set, set)
}

/// Number of ports in both sets.
#[must_use]
pub fn count_common(one: &[u64], other: &[u64]) -> usize {
    let bits = |(a, b): (&u64, &u64)| (a & b).count_ones() as usize;
    one.iter().zip(other).map(bits).sum()
}

/// The first port in both sets at or after `from`, going round after the last one.
#[must_use]
pub fn first_common_from(one: &[u64], other: &[u64], from: usize) -> Option<usize> {
    let (start, above) = (from / WORD, u64::MAX << (from % WORD));
    let found = |index: usize, word: u64| {
        (word != 0).then(|| index * WORD + word.trailing_zeros() as usize)
    };
    let word = |index: usize| one[index] & other[index];
    found(start, word(start) & above)
        .or_else(|| (start + 1..one.len()).find_map(|index| found(index, word(index))))
        .or_else(|| (0..start).find_map(|index| found(index, word(index))))
        .or_else(|| found(start, word(start) & !above))
}

/// The `index`-th port in both sets, the lowest being number 0; `None` if there are fewer.
#[must_use]
pub fn nth_common(one: &[u64], other: &[u64], mut index: usize) -> Option<usize> {
    for (position, (a, b)) in one.iter().zip(other).enumerate() {
        let mut word = a & b;
        let count = word.count_ones() as usize;
        if index < count {
            (0..index).for_each(|_| word &= word - 1);
            return Some(position * WORD + word.trailing_zeros() as usize);
        }
        index -= count;
    }
    None
}

/// The ports in two sets, one after the other.
#[derive(Clone, Debug)]
pub struct Common<'a> {
    one: &'a [u64],
    other: &'a [u64],
    word: usize,
    /// What is left of the current word.
    bits: u64,
}

impl Iterator for Common<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.word += 1;
            self.bits = self.one.get(self.word)? & self.other.get(self.word)?;
        }
        let port = self.word * WORD + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(port)
    }
}

/// A set of ports for each of several rows, side by side in memory.
#[derive(Clone, Debug)]
pub struct PortMasks {
    words: usize,
    bits: Vec<u64>,
}

impl PortMasks {
    /// Empty sets of `ports` ports.
    #[must_use]
    pub fn new(rows: usize, ports: usize) -> Self {
        Self {
            words: words(ports),
            bits: vec![0; rows * words(ports)],
        }
    }

    /// The set of `row`.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u64] {
        &self.bits[row * self.words..][..self.words]
    }

    /// The set of `row`, to be changed.
    pub fn row_mut(&mut self, row: usize) -> &mut [u64] {
        &mut self.bits[row * self.words..][..self.words]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round_from_any_port_over_any_number_of_words() {
        for ports in [1, 5, 63, 64, 65, 130] {
            let other = all(ports);
            for member in 0..ports {
                let mut set = none(ports);
                insert(&mut set, member);
                insert(&mut set, ports / 2);
                for from in 0..ports {
                    let expected = (0..ports)
                        .map(|step| (from + step) % ports)
                        .find(|port| *port == member || *port == ports / 2);
                    assert_eq!(first_common_from(&set, &other, from), expected);
                }
                assert!(contains(&set, member));
                remove(&mut set, member);
                remove(&mut set, ports / 2);
                assert!(is_empty(&set));
                assert_eq!(first_common_from(&set, &other, member), None);
            }
        }
    }

    #[test]
    fn counts_and_numbers_the_common_ports() {
        let (mut one, mut other) = (none(200), none(200));
        for port in (0..200).step_by(3) {
            insert(&mut one, port);
        }
        for port in (0..200).step_by(2) {
            insert(&mut other, port);
        }
        let expected: Vec<usize> = (0..200).step_by(6).collect();
        assert_eq!(common(&one, &other).collect::<Vec<_>>(), expected);
        assert_eq!(count_common(&one, &other), expected.len());
        for (index, port) in expected.iter().enumerate() {
            assert_eq!(nth_common(&one, &other, index), Some(*port));
        }
        assert_eq!(nth_common(&one, &other, expected.len()), None);
        assert_eq!(each(&all(70)).count(), 70);
    }

    #[test]
    fn rows_do_not_touch_each_other() {
        let mut masks = PortMasks::new(3, 70);
        insert(masks.row_mut(1), 69);
        assert!(is_empty(masks.row(0)) && is_empty(masks.row(2)));
        assert_eq!(each(masks.row(1)).collect::<Vec<_>>(), [69]);
    }
}
