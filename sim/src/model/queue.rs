//! The queues of all (ingress, egress) pairs: beats in chunks of eight, taken from one pool that hands out the chunk that
//! was given back last, so that the few that are in use stay near the processor.

/// Beats of a chunk.
const CHUNK_BEATS: usize = 8;

/// No chunk.
const NIL: u32 = u32::MAX;

/// A beat as a queue keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The bytes, byte 0 lowest.
    pub data: u64,
    /// What goes with them.
    pub side: Side,
}

/// What goes with a beat's bytes: bit 0 the last mark, bit 1 poison, from bit 2 on the number of bytes less one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side(u8);

impl Side {
    /// Bytes less one of a beat that is not its frame's last, whatever the width.
    const FULL: u8 = 7;

    /// A beat in the middle of its frame.
    pub const MIDDLE: Self = Self(Self::FULL << 2);

    /// A beat of `bytes` bytes that ends its frame.
    #[inline(always)]
    pub fn last(bytes: usize, is_poisoned: bool) -> Self {
        Self(((bytes - 1) as u8) << 2 | u8::from(is_poisoned) << 1 | 1)
    }

    /// It ends its frame.
    #[inline(always)]
    pub fn is_last(self) -> bool {
        self.0 & 1 == 1
    }

    /// Its frame is poisoned, if it is the last.
    #[inline(always)]
    pub fn is_poisoned(self) -> bool {
        self.0 & 3 == 3
    }

    /// Its byte enables on a stream of `K` bytes.
    #[inline(always)]
    pub fn keep<const K: usize>(self) -> u8 {
        ((2_u16 << (self.0 >> 2)) - 1) as u8 & ((1_u16 << K) - 1) as u8
    }
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    data: [u64; CHUNK_BEATS],
    side: [Side; CHUNK_BEATS],
    next: u32,
}

/// One queue: where its beats are, and what is counted of it.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    head: u32,
    tail: u32,
    head_at: u8,
    tail_at: u8,
    /// Beats in the cells of the RAM: all but those in its two read stages.
    pub cells: u16,
    /// Frames that wait to be picked.
    pub frames: u16,
}

impl Queue {
    const EMPTY: Self = Self {
        head: NIL,
        tail: NIL,
        head_at: 0,
        tail_at: 0,
        cells: 0,
        frames: 0,
    };
}

/// The queues of `ports x ports` pairs, those of an egress side by side.
#[derive(Debug)]
pub struct Queues {
    ports: usize,
    queue: Vec<Queue>,
    chunks: Vec<Chunk>,
    free: Vec<u32>,
}

impl Queues {
    /// Empty queues. Chunks are made when they are first needed, and kept.
    pub fn new(ports: usize) -> Self {
        Self {
            ports,
            queue: vec![Queue::EMPTY; ports * ports],
            chunks: Vec::with_capacity(64 * ports),
            free: Vec::with_capacity(64 * ports),
        }
    }

    /// Ingresses, as many as egresses.
    pub fn ports(&self) -> usize {
        self.ports
    }

    /// The number of the queue of a pair.
    #[inline(always)]
    pub fn of(&self, ingress: usize, egress: usize) -> usize {
        egress * self.ports + ingress
    }

    /// A queue by its number.
    #[inline(always)]
    pub fn get(&mut self, queue: usize) -> &mut Queue {
        &mut self.queue[queue]
    }

    /// Adds a beat to the cells; how many there are then.
    #[inline(always)]
    pub fn push(&mut self, queue: usize, beat: Stored) -> u16 {
        let q = &mut self.queue[queue];
        if q.tail_at as usize == CHUNK_BEATS || q.tail == NIL {
            let chunk = self.free.pop().unwrap_or_else(|| {
                self.chunks.push(Chunk {
                    data: [0; CHUNK_BEATS],
                    side: [Side::MIDDLE; CHUNK_BEATS],
                    next: NIL,
                });
                (self.chunks.len() - 1) as u32
            });
            if q.tail == NIL {
                q.head = chunk;
                q.head_at = 0;
            } else {
                self.chunks[q.tail as usize].next = chunk;
            }
            q.tail = chunk;
            q.tail_at = 0;
        }
        let chunk = &mut self.chunks[q.tail as usize];
        let at = q.tail_at as usize % CHUNK_BEATS;
        chunk.data[at] = beat.data;
        chunk.side[at] = beat.side;
        q.tail_at += 1;
        q.cells += 1;
        q.cells
    }

    /// The oldest beat; there must be one.
    #[inline(always)]
    pub fn front(&self, queue: usize) -> Stored {
        let q = &self.queue[queue];
        let chunk = &self.chunks[q.head as usize];
        let at = q.head_at as usize % CHUNK_BEATS;
        Stored {
            data: chunk.data[at],
            side: chunk.side[at],
        }
    }

    /// Takes the oldest beat away; there must be one.
    #[inline(always)]
    pub fn pop(&mut self, queue: usize) {
        let q = &mut self.queue[queue];
        q.head_at += 1;
        if q.head == q.tail {
            if q.head_at == q.tail_at {
                self.free.push(q.head);
                q.head = NIL;
                q.tail = NIL;
            }
        } else if q.head_at as usize == CHUNK_BEATS {
            self.free.push(q.head);
            q.head = self.chunks[q.head as usize].next;
            q.head_at = 0;
        }
    }

    /// A beat goes from the cells to the read stages: the cells that are left. Where a longest frame might fit again,
    /// which is below `full` of them, the queue is put down as `doubtful`.
    #[inline(always)]
    pub fn fetch(&mut self, queue: usize, full: u16, doubtful: &mut Vec<u32>) -> u16 {
        let q = &mut self.queue[queue];
        q.cells -= 1;
        if q.cells + 1 == full {
            doubtful.push(queue as u32);
        }
        q.cells
    }

    /// Takes the oldest beat away, one of at least two.
    #[inline(always)]
    pub fn shift(&mut self, queue: usize) {
        let q = &mut self.queue[queue];
        q.head_at += 1;
        if q.head_at as usize == CHUNK_BEATS {
            self.free.push(q.head);
            q.head = self.chunks[q.head as usize].next;
            q.head_at = 0;
        }
    }

    /// The second oldest beat; there must be one.
    pub fn second(&self, queue: usize) -> Stored {
        let q = &self.queue[queue];
        let chunk = &self.chunks[q.head as usize];
        let at = q.head_at as usize + 1;
        let (chunk, at) = if at == CHUNK_BEATS {
            (&self.chunks[chunk.next as usize], 0)
        } else {
            (chunk, at)
        };
        Stored {
            data: chunk.data[at],
            side: chunk.side[at],
        }
    }

    /// Empties every queue.
    pub fn clear(&mut self) {
        self.queue.fill(Queue::EMPTY);
        self.free.clear();
        self.free.extend((0..self.chunks.len() as u32).rev());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::rng::Rng;

    #[test]
    fn keeps_the_order_of_every_queue_and_reuses_chunks() {
        let mut queues = Queues::new(2);
        let mut model = vec![VecDeque::new(); 4];
        let mut rng = Rng::new(1, 0);
        let (mut number, mut longest, mut crowded) = (0, 0, 0);
        let mut doubtful = Vec::new();
        for _ in 0..20_000 {
            let queue = rng.below(4) as usize;
            if rng.below(2) == 0 && model[queue].len() < 40 {
                number += 1;
                let beat = Stored {
                    data: number,
                    side: Side::last(1 + number as usize % 8, number % 3 == 0),
                };
                queues.push(queue, beat);
                model[queue].push_back(beat);
            } else if let Some(beat) = model[queue].pop_front() {
                assert_eq!(queues.front(queue), beat);
                if let Some(next) = model[queue].front() {
                    assert_eq!(queues.second(queue), *next);
                    queues.shift(queue);
                } else {
                    queues.pop(queue);
                }
                let cells = queues.fetch(queue, 30, &mut doubtful);
                assert_eq!(usize::from(cells), model[queue].len());
                if cells == 29 {
                    assert_eq!(doubtful.pop(), Some(queue as u32));
                    crowded += 1;
                }
                assert!(doubtful.is_empty());
            }
            longest = longest.max(model[queue].len());
        }
        assert!(longest > 2 * CHUNK_BEATS && crowded > 0);
        assert!(queues.chunks.len() <= 4 * (40 / CHUNK_BEATS + 2));
        queues.clear();
        assert_eq!(queues.free.len(), queues.chunks.len());
    }

    #[test]
    fn says_how_many_bytes_count() {
        assert_eq!(Side::MIDDLE.keep::<8>(), 0xff);
        assert_eq!(Side::MIDDLE.keep::<4>(), 0x0f);
        assert_eq!(Side::last(3, false).keep::<4>(), 0b111);
        assert_eq!(Side::last(8, true).keep::<8>(), 0xff);
        assert!(Side::last(8, true).is_poisoned() && !Side::MIDDLE.is_poisoned());
    }
}
