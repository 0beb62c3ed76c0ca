//! The fabric, block by block: a gate an ingress, a queue a pair, an arbiter an egress.

use std::collections::VecDeque;

use super::{Pins, Wires};
use crate::engine::Cause;

/// Frames behind the second from which on a queue that waits for its egress admits no more.
const MANY_BEHIND: i32 = 64;

/// A beat as a queue keeps it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stored {
    pub data: u64,
    /// Bytes less one, as the code of the enables gives them.
    pub extra_bytes: u8,
    pub is_last: bool,
    pub is_poisoned: bool,
}

/// Whether byte enables break the rules.
pub fn is_malformed(keep: u8, last: bool, width: usize) -> bool {
    let has_hole = (1..width).any(|byte| keep >> byte & 1 == 1 && keep >> (byte - 1) & 1 == 0);
    let is_full = keep >> (width - 1) & 1 == 1;
    has_hole || (last && keep & 1 == 0) || (!last && !is_full)
}

/// Bytes less one of a last beat, by the code that the queues keep; exact for enables without a hole.
fn coded_bytes(keep: u8) -> u8 {
    let has = |byte: u8| keep >> byte & 1 == 1;
    let gray = [
        (has(1) && !has(3)) || (has(5) && !has(7)),
        has(2) && !has(6),
        has(4),
    ];
    (0..3).fold(0, |code, bit| {
        let ones = gray[bit..].iter().filter(|bit| **bit).count();
        code | ((ones % 2) as u8) << bit
    })
}

/// Frames of one queue that wait to be picked.
#[derive(Clone, Debug)]
struct Waiting {
    first: bool,
    second: bool,
    arrived: bool,
    behind: i32,
}

impl Waiting {
    fn new() -> Self {
        Self {
            first: false,
            second: false,
            arrived: false,
            behind: -1,
        }
    }

    fn sole(&self) -> bool {
        !self.second && !self.arrived
    }

    fn full(&self) -> bool {
        self.behind >= MANY_BEHIND
    }

    fn edge(&mut self, arriving: bool, picked: bool) {
        let staying = self.first && !(picked && self.sole());
        let none_behind = self.behind < 0;
        let joining = self.arrived && self.second && !picked;
        let leaving = picked && !self.arrived && !none_behind;
        let second = if picked {
            self.second && (self.arrived || !none_behind)
        } else {
            self.second || self.arrived
        };
        if joining || leaving {
            self.behind += if picked { -1 } else { 1 };
        }
        self.first = arriving || staying;
        self.arrived = arriving && staying;
        self.second = second;
    }
}

/// What a gate offers to one queue.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a wire")]
struct Offer {
    beat: Stored,
    push: bool,
    first: bool,
    last: bool,
    store: bool,
}

/// The queue of one (ingress, egress).
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a flip-flop")]
struct Crosspoint {
    cells: VecDeque<Stored>,
    core: Stored,
    core_valid: bool,
    head: Stored,
    head_valid: bool,
    level: usize,
    pushed: bool,
    fetched: bool,
    room: bool,
    storing: bool,
    waiting: Waiting,
}

impl Crosspoint {
    fn new() -> Self {
        Self {
            cells: VecDeque::new(),
            core: Stored::default(),
            core_valid: false,
            head: Stored::default(),
            head_valid: false,
            level: 0,
            pushed: false,
            fetched: false,
            room: true,
            storing: false,
            waiting: Waiting::new(),
        }
    }

    /// `limit`: the beats in the cells from which on a longest frame might not fit.
    fn edge(&mut self, offer: &Offer, picked: bool, take: bool, limit: usize) {
        let stored = !self.cells.is_empty();
        let load = self.core_valid && (!self.head_valid || take);
        let read = !(self.core_valid && self.head_valid) || take;
        if load {
            self.head = self.core;
        }
        self.head_valid = load || (self.head_valid && !take);
        if read {
            self.core_valid = stored;
            self.core = self.cells.pop_front().unwrap_or(self.core);
        }
        self.level = self.level + usize::from(self.pushed) - usize::from(self.fetched);
        self.pushed = offer.push;
        self.fetched = read && stored;
        if offer.push {
            self.cells.push_back(offer.beat);
        }
        self.room = self.level < limit && !self.waiting.full();
        let arriving = if offer.first {
            self.storing = offer.store;
            offer.push && (!offer.store || offer.last)
        } else {
            offer.push && self.storing && offer.last
        };
        self.waiting.edge(arriving, picked);
    }

    /// With `rst` high, behind [`Crosspoint::edge`]: the memory's registers have no reset.
    fn reset(&mut self) {
        *self = Self {
            core: self.core,
            head: self.head,
            ..Self::new()
        };
    }
}

/// Whose frame is on its way to an egress, and whose is next.
#[derive(Clone, Debug)]
struct Arbiter {
    active: Option<usize>,
    select: usize,
    upcoming: Option<usize>,
    open: bool,
    fresh: bool,
    latest: usize,
}

impl Arbiter {
    fn new(ports: usize) -> Self {
        Self {
            active: None,
            select: 0,
            upcoming: None,
            open: true,
            fresh: false,
            latest: ports - 1,
        }
    }

    fn picked(&self) -> Option<usize> {
        self.upcoming.filter(|_| self.fresh)
    }

    fn edge(&mut self, queues: &[Crosspoint], barred: Option<usize>, ready: bool) {
        let ports = queues.len();
        let picked = self.picked();
        let asks = |ingress: &usize| {
            let waiting = &queues[*ingress].waiting;
            let is_gone = picked == Some(*ingress) && waiting.sole();
            waiting.first && barred != Some(*ingress) && !is_gone
        };
        let choice = (1..=ports)
            .map(|step| (self.latest + step) % ports)
            .find(asks);
        let leaves = ready
            && self
                .active
                .is_some_and(|active| queues[active].head.is_last);
        let advance = self.active.is_none() || leaves;
        let refill = self.open || leaves;
        let was_vacant = self.upcoming.is_none();
        if advance {
            self.active = self.upcoming;
            self.select = self.latest;
        }
        self.fresh = refill;
        if refill {
            self.upcoming = choice;
            self.open = choice.is_none() || (advance && was_vacant);
            self.latest = choice.unwrap_or(self.latest);
        }
    }

    fn reset(&mut self, ports: usize) {
        *self = Self {
            select: self.select,
            ..Self::new(ports)
        };
    }
}

/// The queues of one egress.
#[derive(Clone, Debug)]
struct Column {
    queue: Vec<Crosspoint>,
    arbiter: Arbiter,
}

/// What a gate does in a cycle.
#[derive(Clone, Debug)]
struct GateWires {
    push: Vec<bool>,
    beat: Stored,
    first: bool,
    counted: Vec<Cause>,
    full: Vec<bool>,
}

/// The gate of one ingress.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a flip-flop")]
struct Gate {
    in_frame: bool,
    closed: bool,
    spoiled: bool,
    at_limit: bool,
    beats: usize,
    target: Vec<bool>,
    paused: u16,
    due: bool,
}

impl Gate {
    fn new(ports: usize) -> Self {
        Self {
            in_frame: false,
            closed: false,
            spoiled: false,
            at_limit: false,
            beats: 0,
            target: vec![false; ports],
            paused: 1,
            due: false,
        }
    }

    fn wires(&self, pins: &Pins, room: &[bool], lossy: bool, width: usize) -> GateWires {
        let full: Vec<bool> = pins.mask.iter().zip(room).map(|(a, b)| *a && !b).collect();
        let accept = lossy || !full.contains(&true);
        let take = pins.valid && (self.in_frame || accept);
        let pause = self.due && !pins.valid;
        let cut = self.at_limit && !pins.last;
        let is_bad = is_malformed(pins.keep, pins.last, width);
        let is_tainted = self.in_frame && self.spoiled;
        let is_last = pins.last || !pins.valid || self.at_limit;
        let is_marked = !pins.valid || (pins.last && pins.user) || self.spoiled || cut;
        let mut push = vec![false; room.len()];
        if pins.valid || self.due {
            for (egress, push) in push.iter_mut().enumerate() {
                let go = accept && pins.mask[egress] && room[egress];
                *push = if self.in_frame {
                    self.target[egress]
                } else {
                    go
                };
            }
        }
        let mut counted = Vec::new();
        if take && !self.in_frame {
            counted.push(Cause::Accepted);
            if !pins.mask.contains(&true) {
                counted.push(Cause::Unroutable);
            }
        }
        if pause {
            counted.push(Cause::GapClosed);
        }
        if pins.valid && cut && !self.closed {
            counted.push(Cause::TooLong);
        }
        if take && pins.last && !self.closed {
            if is_bad || is_tainted {
                counted.push(Cause::Malformed);
            } else if pins.user {
                counted.push(Cause::PoisonedIn);
            }
        }
        let starts = take && !self.in_frame;
        GateWires {
            push,
            beat: Stored {
                data: pins.data,
                extra_bytes: if pins.last { coded_bytes(pins.keep) } else { 7 },
                is_last,
                is_poisoned: is_last && (is_marked || is_bad),
            },
            first: !self.in_frame,
            counted,
            full: full.into_iter().map(|full| full && starts).collect(),
        }
    }

    /// `limit`: cycles of a pause, 0 for any; `max_beats`: of a longest frame.
    fn edge(
        &mut self,
        pins: &Pins,
        wires: &GateWires,
        accept: bool,
        limit: u16,
        max_beats: usize,
        width: usize,
    ) {
        let due = self.due;
        let pausing = self.in_frame && !self.closed && !pins.valid && limit > 0;
        self.due = pausing && self.paused >= limit && !self.due;
        self.paused = if pausing {
            self.paused.wrapping_add(1)
        } else {
            1
        };
        let cut = self.at_limit && !pins.last;
        if pins.valid {
            let is_bad = is_malformed(pins.keep, pins.last, width);
            let is_tainted = self.in_frame && self.spoiled;
            self.spoiled = (is_tainted || is_bad) && !pins.last;
            if self.in_frame {
                self.at_limit = self.beats == max_beats - 2 && !pins.last;
                self.beats += 1;
            } else {
                self.beats = 1;
                self.target.clone_from(&wires.push);
            }
            self.in_frame = (self.in_frame || accept) && !pins.last;
            if pins.last {
                self.closed = false;
            }
        }
        if (due && !pins.valid) || (pins.valid && cut) {
            self.closed = true;
            self.target.fill(false);
        }
    }

    fn reset(&mut self) {
        self.in_frame = false;
        self.closed = false;
        self.spoiled = false;
        self.at_limit = false;
        self.due = false;
    }
}

/// The fabric.
#[derive(Debug)]
pub struct Fabric {
    width: usize,
    max_beats: usize,
    limit: usize,
    /// No frame goes back to where it came from, and there is no queue for one.
    is_switch: bool,
    gap_limit: u16,
    gate: Vec<Gate>,
    column: Vec<Column>,
    /// What each ingress counts in this cycle, and where it drops copies.
    pub counted: Vec<Vec<Cause>>,
    pub full: Vec<Vec<bool>>,
}

impl Fabric {
    pub fn new(
        ports: usize,
        width: usize,
        depth_w: usize,
        max_beats: usize,
        is_switch: bool,
    ) -> Self {
        let column = Column {
            queue: vec![Crosspoint::new(); ports],
            arbiter: Arbiter::new(ports),
        };
        Self {
            width,
            max_beats,
            limit: (1 << depth_w) - 2 - max_beats,
            is_switch,
            gap_limit: 0,
            gate: vec![Gate::new(ports); ports],
            column: vec![column; ports],
            counted: vec![Vec::new(); ports],
            full: vec![vec![false; ports]; ports],
        }
    }

    fn room(&self, ingress: usize) -> Vec<bool> {
        let room = |column: &Column| column.queue[ingress].room;
        self.column.iter().map(room).collect()
    }

    fn accepts(&self, ingress: usize, mask: &[bool], lossy: bool) -> bool {
        let mut columns = self.column.iter().zip(mask);
        lossy || columns.all(|(column, meant)| !meant || column.queue[ingress].room)
    }

    /// `tready` of an ingress at which a frame for `mask` stands.
    pub fn is_ready(&self, ingress: usize, mask: &[bool], lossy: bool, reset: bool) -> bool {
        !reset && (self.gate[ingress].in_frame || self.accepts(ingress, mask, lossy))
    }

    /// Whether an egress offers a beat, and what its pins show in any case.
    pub fn shown(&self, egress: usize) -> (bool, Stored) {
        let column = &self.column[egress];
        let arbiter = &column.arbiter;
        let is_valid = (arbiter.active).is_some_and(|active| column.queue[active].head_valid);
        let is_barred = self.is_switch && arbiter.select == egress;
        let head = column.queue[arbiter.select].head;
        (is_valid, if is_barred { Stored::default() } else { head })
    }

    /// The clock edge: `pins` at each ingress, `ready` at each egress.
    pub fn edge(&mut self, reset: bool, pins: &[Pins], ready: &[bool], wires: &Wires) {
        let gates: Vec<GateWires> = (self.gate.iter().zip(pins).enumerate())
            .map(|(ingress, (gate, pins))| {
                gate.wires(pins, &self.room(ingress), wires.lossy, self.width)
            })
            .collect();
        let accepts: Vec<bool> = (pins.iter().enumerate())
            .map(|(ingress, pins)| self.accepts(ingress, &pins.mask, wires.lossy))
            .collect();
        for (egress, column) in self.column.iter_mut().enumerate() {
            let (picked, active) = (column.arbiter.picked(), column.arbiter.active);
            let barred = self.is_switch.then_some(egress);
            column.arbiter.edge(&column.queue, barred, ready[egress]);
            for (ingress, queue) in column.queue.iter_mut().enumerate() {
                let gate = &gates[ingress];
                let offer = Offer {
                    beat: gate.beat,
                    push: gate.push[egress],
                    first: gate.first,
                    last: gate.beat.is_last,
                    store: wires.store_forward[ingress][egress],
                };
                let take = active == Some(ingress) && ready[egress];
                queue.edge(&offer, picked == Some(ingress), take, self.limit);
                if reset {
                    queue.reset();
                }
            }
            if reset {
                column.arbiter.reset(column.queue.len());
            }
        }
        for (ingress, (gate, gate_wires)) in self.gate.iter_mut().zip(gates).enumerate() {
            let (pins, accept) = (&pins[ingress], accepts[ingress]);
            let (limit, max_beats) = (self.gap_limit, self.max_beats);
            gate.edge(pins, &gate_wires, accept, limit, max_beats, self.width);
            self.counted[ingress] = gate_wires.counted;
            self.full[ingress] = gate_wires.full;
            if reset {
                gate.reset();
                self.counted[ingress].clear();
                self.full[ingress].fill(false);
            }
        }
        self.gap_limit = if self.is_switch { 0 } else { wires.gap_limit };
    }
}
