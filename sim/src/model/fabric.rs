//! The fabric behind the gates: a column of queues for each egress, its arbiter, and what the ingresses see of it.
//!
//! A column is evaluated only while something is in it; inside one, the flags of all its queues move at once, as bits.

use super::mask::Mask;
use super::queue::{Queues, Side, Stored};
use crate::beat::Beat;

/// No ingress.
const NOBODY: u16 = u16::MAX;

/// Frames that may wait in one queue before it admits no more.
const MANY_FRAMES: u16 = 67;

/// One egress: flags of its queues, one bit an ingress, and its arbiter.
#[derive(Clone, Debug)]
struct Column<const W: usize> {
    /// There are beats in the cells, one in the core, one in the head.
    stored: Mask<W>,
    core: Mask<W>,
    head: Mask<W>,
    /// What was last taken from the head was a last beat.
    ended: Mask<W>,
    /// Frames wait; just one does.
    request: Mask<W>,
    sole: Mask<W>,
    /// Whose frame is on its way, and whose is next.
    active: u16,
    upcoming: u16,
    /// The head that the multiplexer shows.
    shown: u16,
    latest: u16,
    /// `upcoming` was chosen in the cycle before.
    is_fresh: bool,
}

impl<const W: usize> Column<W> {
    fn new(ports: usize) -> Self {
        Self {
            stored: Mask::NONE,
            core: Mask::NONE,
            head: Mask::NONE,
            ended: Mask::NONE,
            request: Mask::NONE,
            sole: Mask::NONE,
            active: NOBODY,
            upcoming: NOBODY,
            shown: 0,
            latest: (ports - 1) as u16,
            is_fresh: false,
        }
    }

    /// Cells to core, core to head, where there is something to move; `taken` are the heads that leave.
    #[inline(always)]
    fn advance(&mut self, taken: Mask<W>, mut fetches: impl FnMut(usize) -> u16) {
        let settled = self.core & self.head;
        let unsettled = self.stored.without(settled) | self.core.without(self.head);
        if !(unsettled | taken).any() {
            return;
        }
        let load = self.core & (!self.head | taken);
        let fetch = self.stored & (!settled | taken);
        self.core = fetch | (self.core & settled).without(taken);
        self.head = load | self.head.without(taken);
        fetch.each(|ingress| {
            if fetches(ingress) == 0 {
                self.stored.clear(ingress);
            }
        });
    }

    /// Nothing is in it, and nothing will change until something is.
    fn rests(&self) -> bool {
        self.active == NOBODY
            && self.upcoming == NOBODY
            && !(self.stored | self.core | self.head | self.request).any()
            && self.is_fresh
            && self.shown == self.latest
    }
}

/// The queues and the arbiters.
#[derive(Debug)]
pub struct Fabric<const W: usize, const K: usize> {
    ports: usize,
    /// Beats in the cells of a queue from which on a longest frame might not fit.
    full_cells: u16,
    queues: Queues,
    columns: Vec<Column<W>>,
    /// Columns in which something is.
    live: Mask<W>,
    /// Per ingress, the egresses whose queue admits a frame.
    room: Vec<Mask<W>>,
    /// Queues whose room may have changed with the last clock edge, the same while they are examined, and those it changes
    /// for at the next.
    doubtful: Vec<u32>,
    examined: Vec<u32>,
    changing: Vec<(u32, bool)>,
    /// Crowded queues that a frame has reached in the cycle before.
    joined: Vec<u32>,
    /// Per ingress, the egresses that store the frame that is coming in, and so show it when it is whole.
    storing: Vec<Mask<W>>,
    /// What a head held when it was last taken; kept while pins are recorded, for pins that mean nothing.
    leftover: Vec<Stored>,
    is_tapped: bool,
}

impl<const W: usize, const K: usize> Fabric<W, K> {
    /// Empty queues of `2^depth_w` cells for frames of at most `max_frame_beats`.
    pub fn new(ports: usize, depth_w: usize, max_frame_beats: usize) -> Self {
        Self {
            ports,
            full_cells: ((1 << depth_w) - 2 - max_frame_beats) as u16,
            queues: Queues::new(ports),
            columns: vec![Column::new(ports); ports],
            live: Mask::first(ports),
            room: vec![Mask::first(ports); ports],
            doubtful: Vec::with_capacity(2 * ports),
            examined: Vec::with_capacity(2 * ports),
            changing: Vec::with_capacity(2 * ports),
            joined: Vec::with_capacity(ports),
            storing: vec![Mask::NONE; ports],
            leftover: Vec::new(),
            is_tapped: false,
        }
    }

    /// Keeps what pins show that mean nothing.
    pub fn tap(&mut self) {
        self.is_tapped = true;
        self.leftover = vec![Stored::default(); self.ports * self.ports];
    }

    /// The egresses whose queues admit a frame of `ingress` in this cycle.
    #[inline(always)]
    pub fn room(&self, ingress: usize) -> Mask<W> {
        self.room[ingress]
    }

    /// Whether `egress` offers a beat.
    pub fn is_valid(&self, egress: usize) -> bool {
        let column = &self.columns[egress];
        column.active != NOBODY && column.head.has(usize::from(column.active))
    }

    /// The ingress whose queue the multiplexer of `egress` shows, and what is in its head; with a tap only.
    pub fn shown(&self, egress: usize) -> (usize, Stored) {
        let column = &self.columns[egress];
        let ingress = usize::from(column.shown);
        let queue = self.queues.of(ingress, egress);
        let beat = if column.head.has(ingress) {
            self.queues.front(queue)
        } else {
            self.leftover[queue]
        };
        (ingress, beat)
    }

    /// The beats at the egresses in this cycle (`NONE` stays where there is none), and the clock edge for all that is
    /// behind the gates; beats that they push come after it by [`Fabric::push`], and [`Fabric::settle_room`] ends the
    /// cycle.
    #[inline(always)]
    pub fn step(&mut self, ready: Mask<W>, egress_beats: &mut [Option<Beat>]) {
        self.look_for_room();
        let live = self.live;
        live.each(|egress| {
            if self.step_column(egress, ready.has(egress), &mut egress_beats[egress]) {
                self.live.clear(egress);
            }
        });
    }

    /// The beats at the egresses in this cycle.
    pub fn offers(&self, egress_beats: &mut [Option<Beat>]) {
        for (egress, beat) in egress_beats.iter_mut().enumerate() {
            if self.is_valid(egress) {
                *beat = Some(beat_of::<K>(self.shown_beat(egress)));
            }
        }
    }

    fn shown_beat(&self, egress: usize) -> Stored {
        let ingress = usize::from(self.columns[egress].active);
        self.queues.front(self.queues.of(ingress, egress))
    }

    /// What most columns do in most cycles: a frame flows, its next beats are there, and there is nothing to choose. The
    /// beat that leaves, or `None` if that is not so.
    #[inline(always)]
    fn flow(&mut self, egress: usize, ready: bool) -> Option<Beat> {
        let column = &mut self.columns[egress];
        if !ready || column.active == NOBODY {
            return None;
        }
        let is_settled = if column.upcoming == NOBODY {
            !column.request.any()
        } else {
            !column.is_fresh
        };
        let ingress = usize::from(column.active);
        if !is_settled || !(column.core & column.head & column.stored).has(ingress) {
            return None;
        }
        let queue = egress * self.ports + ingress;
        let beat = self.queues.front(queue);
        if beat.side.is_last() {
            return None;
        }
        if self.is_tapped {
            self.leftover[queue] = beat;
        }
        let (queues, doubtful, full) = (&mut self.queues, &mut self.doubtful, self.full_cells);
        let base = egress * self.ports;
        column.advance(Mask::NONE, |ingress| {
            queues.fetch(base + ingress, full, doubtful)
        });
        column.is_fresh = column.upcoming == NOBODY;
        column.ended.clear(ingress);
        queues.shift(queue);
        if queues.fetch(queue, full, doubtful) == 0 {
            column.stored.clear(ingress);
        }
        Some(beat_of::<K>(beat))
    }

    /// One column; whether it rests.
    #[inline(always)]
    fn step_column(&mut self, egress: usize, ready: bool, offered: &mut Option<Beat>) -> bool {
        let base = egress * self.ports;
        if let Some(beat) = self.flow(egress, ready) {
            *offered = Some(beat);
            return false;
        }
        let column = &mut self.columns[egress];
        let active = column.active;

        // 1. The head of the frame that is on its way, and whether it leaves.
        let mut taken = Mask::NONE;
        let mut leaves = false;
        if active != NOBODY {
            let ingress = usize::from(active);
            let queue = base + ingress;
            if column.head.has(ingress) {
                let beat = self.queues.front(queue);
                *offered = Some(beat_of::<K>(beat));
                if ready {
                    if self.is_tapped {
                        self.leftover[queue] = beat;
                    }
                    column.ended.put(ingress, beat.side.is_last());
                    self.queues.pop(queue);
                }
            }
            if ready {
                taken.set(ingress);
                leaves = column.ended.has(ingress);
            }
        }

        // 2. The arbiter, when it has something to do.
        let advances = active == NOBODY || leaves;
        let refills = advances || column.upcoming == NOBODY;
        if refills || column.is_fresh {
            let picked = if column.is_fresh {
                column.upcoming
            } else {
                NOBODY
            };
            let mut choice = NOBODY;
            if refills {
                let mut asking = column.request;
                if picked != NOBODY && column.sole.has(usize::from(picked)) {
                    asking.clear(usize::from(picked));
                }
                if let Some(next) = asking.next_after(usize::from(column.latest)) {
                    choice = next as u16;
                }
            }
            if advances {
                column.active = column.upcoming;
                column.shown = column.latest;
            }
            if refills {
                column.upcoming = choice;
                if choice != NOBODY {
                    column.latest = choice;
                }
            }
            column.is_fresh = refills;
            if picked != NOBODY {
                let ingress = usize::from(picked);
                let queue = self.queues.get(base + ingress);
                queue.frames -= 1;
                column.request.put(ingress, queue.frames > 0);
                column.sole.put(ingress, queue.frames == 1);
                if queue.frames + 1 >= MANY_FRAMES {
                    self.doubtful.push((base + ingress) as u32);
                }
            }
        }

        // 3. What is behind the heads moves up.
        let (queues, doubtful, full) = (&mut self.queues, &mut self.doubtful, self.full_cells);
        column.advance(taken, |ingress| {
            queues.fetch(base + ingress, full, doubtful)
        });
        column.rests()
    }

    /// A frame of `ingress` begins in the queues of `targets`; those in `store` show it when it is whole.
    #[inline(always)]
    pub fn begin(&mut self, ingress: usize, targets: Mask<W>, store: Mask<W>) {
        self.storing[ingress] = store;
        targets
            .without(store)
            .each(|egress| self.arrive(ingress, egress));
    }

    /// A beat that does not end its frame counts in the queues of `targets`.
    #[inline(always)]
    pub fn push(&mut self, ingress: usize, targets: Mask<W>, data: u64) {
        let side = Side::MIDDLE;
        self.store(ingress, targets, Stored { data, side });
    }

    /// The last beat of a frame counts in the queues of `targets`.
    #[inline(always)]
    pub fn push_last(&mut self, ingress: usize, targets: Mask<W>, beat: Stored) {
        self.store(ingress, targets, beat);
        (targets & self.storing[ingress]).each(|egress| self.arrive(ingress, egress));
    }

    #[inline(always)]
    fn store(&mut self, ingress: usize, targets: Mask<W>, beat: Stored) {
        targets.each(|egress| {
            let queue = self.queues.of(ingress, egress);
            let cells = self.queues.push(queue, beat);
            self.columns[egress].stored.set(ingress);
            if cells == self.full_cells {
                self.doubtful.push(queue as u32);
            }
        });
        self.live |= targets;
    }

    /// The arbiter of `egress` sees one more frame of `ingress`.
    #[inline(always)]
    fn arrive(&mut self, ingress: usize, egress: usize) {
        let queue = self.queues.of(ingress, egress);
        let q = self.queues.get(queue);
        q.frames += 1;
        let column = &mut self.columns[egress];
        column.request.set(ingress);
        column.sole.put(ingress, q.frames == 1);
        if q.frames >= MANY_FRAMES {
            self.doubtful.push(queue as u32);
            self.joined.push(queue as u32);
        }
    }

    /// Finds out for which queues the room changes at this cycle's edge: it follows the level a cycle late.
    #[inline(always)]
    fn look_for_room(&mut self) {
        if self.doubtful.is_empty() {
            return;
        }
        std::mem::swap(&mut self.doubtful, &mut self.examined);
        for queue in self.examined.drain(..) {
            let q = self.queues.get(queue as usize);
            // A frame that has just come is not yet among the many.
            let has_joined = self.joined.contains(&queue);
            let frames = q.frames - u16::from(has_joined);
            let has_room = q.cells < self.full_cells && frames < MANY_FRAMES;
            self.changing.push((queue, has_room));
            if has_joined {
                self.doubtful.push(queue);
            }
        }
        self.joined.clear();
    }

    /// Ends the cycle.
    #[inline(always)]
    pub fn settle_room(&mut self) {
        for (queue, has_room) in self.changing.drain(..) {
            let (egress, ingress) = (queue as usize / self.ports, queue as usize % self.ports);
            self.room[ingress].put(egress, has_room);
        }
    }

    /// The clock edge with `rst` high.
    pub fn reset(&mut self, ready: Mask<W>) {
        for (egress, column) in self.columns.iter_mut().enumerate() {
            let queues = &self.queues;
            column.head.each(|ingress| {
                let head = queues.front(queues.of(ingress, egress));
                column.ended.put(ingress, head.side.is_last());
            });
            let ended = column.ended;
            if self.is_tapped {
                keep_heads(&mut self.leftover, &self.queues, column, egress, ready);
            }
            let leaves = ready.has(egress)
                && column.active != NOBODY
                && ended.has(usize::from(column.active));
            let shown = if column.active == NOBODY || leaves {
                column.latest
            } else {
                column.shown
            };
            *column = Column {
                shown,
                ended: column.ended,
                ..Column::new(self.ports)
            };
        }
        self.queues.clear();
        self.live = Mask::first(self.ports);
        self.room.fill(Mask::first(self.ports));
        self.doubtful.clear();
        self.changing.clear();
        self.joined.clear();
        self.storing.fill(Mask::NONE);
    }
}

/// A stored beat as it is offered.
#[inline(always)]
fn beat_of<const K: usize>(stored: Stored) -> Beat {
    Beat {
        data: stored.data.to_le_bytes(),
        keep: stored.side.keep::<K>(),
        last: stored.side.is_last(),
        user: stored.side.is_poisoned(),
        dest: 0,
    }
}

/// A reset does not stop a head from taking what is in the core, and does not change what it holds.
fn keep_heads<const W: usize>(
    leftover: &mut [Stored],
    queues: &Queues,
    column: &mut Column<W>,
    egress: usize,
    ready: Mask<W>,
) {
    for ingress in 0..queues.ports() {
        let queue = queues.of(ingress, egress);
        let has_head = column.head.has(ingress);
        let is_taken = ready.has(egress) && usize::from(column.active) == ingress;
        let loads = column.core.has(ingress) && (!has_head || is_taken);
        let held = match (loads, has_head) {
            (true, true) => queues.second(queue),
            (true, false) | (false, true) => queues.front(queue),
            (false, false) => continue,
        };
        leftover[queue] = held;
        column.ended.put(ingress, held.side.is_last());
    }
}
