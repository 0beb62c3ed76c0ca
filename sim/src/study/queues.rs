//! First-in first-out queues of cells in one pool of memory.

/// The end of a list.
const END: u32 = u32::MAX;

/// A cell that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The port that the queue does not tell.
    pub port: u32,
    /// The slot in which it arrived.
    pub arrived: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    next: u32,
    cell: Cell,
}

/// A number of queues. Memory is taken only when more cells wait than ever before.
#[derive(Clone, Debug)]
pub struct Queues {
    /// First and last entry of each queue.
    ends: Vec<(u32, u32)>,
    entries: Vec<Entry>,
    free: u32,
    waiting: usize,
}

impl Queues {
    /// Empty queues.
    #[must_use]
    pub fn new(queues: usize) -> Self {
        Self {
            ends: vec![(END, END); queues],
            entries: Vec::with_capacity(1 << 12),
            free: END,
            waiting: 0,
        }
    }

    /// Cells in all queues together.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting
    }

    /// The oldest cell of `queue`.
    #[must_use]
    pub fn front(&self, queue: usize) -> Option<Cell> {
        let first = self.ends[queue].0;
        (first != END).then(|| self.entries[first as usize].cell)
    }

    /// Adds a cell to `queue`. Whether the queue was empty.
    pub fn push(&mut self, queue: usize, cell: Cell) -> bool {
        let entry = Entry { next: END, cell };
        let index = self.free;
        let index = if index == END {
            self.entries.push(entry);
            (self.entries.len() - 1) as u32
        } else {
            self.free = self.entries[index as usize].next;
            self.entries[index as usize] = entry;
            index
        };
        self.waiting += 1;
        let (first, last) = self.ends[queue];
        if first == END {
            self.ends[queue] = (index, index);
            return true;
        }
        self.entries[last as usize].next = index;
        self.ends[queue].1 = index;
        false
    }

    /// Takes the oldest cell of `queue`, and says whether it was the last one.
    pub fn pop(&mut self, queue: usize) -> Option<(Cell, bool)> {
        let first = self.ends[queue].0;
        if first == END {
            return None;
        }
        let Entry { next, cell } = self.entries[first as usize];
        self.entries[first as usize].next = self.free;
        self.free = first;
        self.ends[queue].0 = next;
        self.waiting -= 1;
        Some((cell, next == END))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_keep_their_order_and_share_memory() {
        let mut queues = Queues::new(3);
        let cell = |port, arrived| Cell { port, arrived };
        for round in 0..5 {
            assert!(queues.push(0, cell(1, round)));
            assert!(queues.push(2, cell(2, round)));
            assert!(!queues.push(0, cell(3, round)));
            assert_eq!(queues.waiting(), 3);
            assert_eq!(queues.front(0), Some(cell(1, round)));
            assert_eq!(queues.pop(0), Some((cell(1, round), false)));
            assert_eq!(queues.pop(0), Some((cell(3, round), true)));
            assert_eq!(queues.pop(0), None);
            assert_eq!(queues.pop(1), None);
            assert_eq!(queues.pop(2), Some((cell(2, round), true)));
            assert_eq!(queues.front(2), None);
        }
        assert_eq!(queues.entries.len(), 3);
    }
}
