//! The MAC table, block by block: a lookup a port, and the one pipeline that changes entries.

use lightswitch_hdl::table::set_of_address;

use crate::engine::{TableOp, TableRequest};

/// Stamps, counted from the oldest one, that have expired.
const EXPIRED_STAMPS: u8 = 4;

/// One way of a set; `address` is the six bytes, byte 0 lowest.
#[derive(Clone, Debug, Default)]
struct Entry {
    is_valid: bool,
    is_static: bool,
    address: u64,
    mask: Vec<bool>,
    stamp: u8,
}

impl Entry {
    fn is_for(&self, address: u64) -> bool {
        self.is_valid && self.address == address
    }

    fn lives(&self, oldest: u8) -> bool {
        let age = self.stamp.wrapping_sub(oldest) % 16;
        self.is_valid && (self.is_static || age >= EXPIRED_STAMPS)
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Learn,
    Read,
    WriteStatic,
    Delete,
    Age,
    Flush,
    Clear,
}

/// An operation in a stage.
#[derive(Clone, Debug)]
struct Operation {
    kind: Kind,
    responds: bool,
    address: u64,
    mask: Vec<bool>,
    set: usize,
}

/// What a lookup is asked, and which of its stages move.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask {
    pub address: u64,
    pub advance: [bool; 3],
}

/// The lookup of one port: its memory's two registers, and the answer.
#[derive(Clone, Debug, Default)]
struct Lookup {
    core: [Entry; 2],
    head: [Entry; 2],
    address_a: u64,
    address_b: u64,
    was_open: bool,
    just_read: bool,
    was_read: usize,
    was_written: usize,
    was_way: [bool; 2],
    collided: [bool; 2],
    ignored: [bool; 2],
    same: [bool; 2],
    alive: [bool; 2],
    settled: [bool; 2],
    mask: [Vec<bool>; 2],
}

impl Lookup {
    fn edge(&mut self, port: usize, ask: &Ask, table: &Table) {
        let [a, b, c] = ask.advance;
        let (epoch, oldest) = (table.epoch, table.oldest);
        let set = table.set_of(ask.address);
        let is_same = self.just_read && self.was_read == self.was_written;
        for way in 0..2 {
            let head = &self.head[way];
            if c {
                self.same[way] = head.is_for(self.address_b) && !self.ignored[way];
                self.alive[way] = head.lives(oldest);
                let is_own = (head.mask.iter().enumerate()).all(|(at, has)| *has == (at == port));
                self.settled[way] = head.is_static || (is_own && head.stamp == epoch);
                self.mask[way].clone_from(&head.mask);
            }
            let now = self.collided[way] || (is_same && self.was_way[way]);
            self.collided[way] = now && !a;
            if b {
                self.ignored[way] = now || !self.was_open;
                self.head[way].clone_from(&self.core[way]);
            }
            if a {
                self.core[way].clone_from(&table.sets[set][way]);
            }
            self.was_way[way] = table.write.way[way].is_some();
        }
        if b {
            self.address_b = self.address_a;
        }
        if a {
            self.address_a = ask.address;
            self.was_open = table.is_open;
        }
        self.was_written = table.write.set;
        self.was_read = set;
        self.just_read = a;
    }

    fn reset(&mut self) {
        self.just_read = false;
        self.was_open = false;
        self.collided = [false; 2];
        self.ignored = [true; 2];
        self.same = [false; 2];
    }
}

/// What is registered behind the decision on an operation: the write, the answer, what is counted.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one a flip-flop")]
struct Write {
    set: usize,
    way: [Option<Entry>; 2],
    answered: bool,
    found: bool,
    found_mask: Vec<bool>,
    found_static: bool,
    full: bool,
    learned: bool,
    moved: bool,
    learn_full: bool,
    aged: [bool; 2],
}

/// The registers between comparison and decision.
#[derive(Clone, Debug, Default)]
struct Compared {
    operation: Option<Operation>,
    way: [Entry; 2],
    matching: [bool; 2],
    live: [bool; 2],
    age: [u8; 2],
}

/// What the sweep is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Clear,
    Rest,
    Age,
    Flush,
}

/// The table.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a flip-flop")]
pub struct Table {
    ports: usize,
    index_w: usize,
    sets: Vec<[Entry; 2]>,
    lookup: Vec<Lookup>,
    // S1 to S5, and the registers of the engine's own memory.
    stage: [Option<Operation>; 5],
    hazard: [bool; 4],
    core: [Entry; 2],
    head: [Entry; 2],
    compared: Compared,
    write: Write,
    alternate: bool,
    // Turn and maintenance.
    turn: Option<usize>,
    pass: Pass,
    sweep: usize,
    sweep_due: bool,
    sweep_first: bool,
    is_busy: bool,
    is_open: bool,
    // Epochs.
    is_ageing: bool,
    last_cycle: u32,
    elapsed: u32,
    epoch_end: bool,
    epoch: u8,
    oldest: u8,
}

impl Table {
    pub fn new(ports: usize, index_w: usize) -> Self {
        let none = Entry {
            mask: vec![false; ports],
            ..Entry::default()
        };
        let ways = [none.clone(), none];
        let lookup = Lookup {
            core: ways.clone(),
            head: ways.clone(),
            mask: [vec![false; ports], vec![false; ports]],
            ..Lookup::default()
        };
        Self {
            ports,
            index_w,
            sets: vec![ways.clone(); 1 << index_w],
            lookup: vec![lookup; ports],
            stage: Default::default(),
            hazard: [false; 4],
            core: ways.clone(),
            head: ways.clone(),
            compared: Compared {
                way: ways,
                ..Compared::default()
            },
            write: Write {
                found_mask: vec![false; ports],
                ..Write::default()
            },
            alternate: false,
            turn: None,
            pass: Pass::Clear,
            sweep: 0,
            sweep_due: false,
            sweep_first: false,
            is_busy: false,
            is_open: false,
            is_ageing: false,
            last_cycle: 0,
            elapsed: 0,
            epoch_end: false,
            epoch: 0,
            oldest: 1,
        }
    }

    /// The set of an address.
    pub fn set_of(&self, address: u64) -> usize {
        let [b0, b1, b2, b3, b4, b5, ..] = address.to_le_bytes();
        set_of_address([b0, b1, b2, b3, b4, b5], self.index_w)
    }

    /// The ports of the address in a port's third stage, `None` if it is not known.
    pub fn answer(&self, port: usize) -> Option<Vec<bool>> {
        let lookup = &self.lookup[port];
        let hits = |way: &usize| lookup.same[*way] && lookup.alive[*way];
        let ways: Vec<usize> = (0..2).filter(hits).collect();
        let has = |at: usize| ways.iter().any(|way| lookup.mask[*way][at]);
        (!ways.is_empty()).then(|| (0..self.ports).map(has).collect())
    }

    /// Whether learning that address from that port would change nothing.
    pub fn is_known(&self, port: usize) -> bool {
        let lookup = &self.lookup[port];
        (0..2).any(|way| lookup.same[way] && lookup.settled[way])
    }

    fn stalls(&self) -> bool {
        self.stage[2].is_some() && self.hazard.contains(&true)
    }

    /// Whether the address that waits at `port` is taken at the next edge.
    pub fn takes(&self, port: usize) -> bool {
        !self.stalls() && self.turn == Some(port)
    }

    /// The pins `table_ready`, `table_done`, `table_found`, `table_found_static`, `table_full`, `table_open`.
    pub fn flags(&self) -> [bool; 6] {
        let write = &self.write;
        [
            self.is_ready(),
            write.answered && self.is_busy,
            write.found,
            write.found_static,
            write.full,
            self.is_open,
        ]
    }

    /// The pin `table_found_mask`.
    pub fn found_mask(&self) -> &[bool] {
        &self.write.found_mask
    }

    /// The pins `stat_learned`, `stat_moved`, `stat_learn_full` and the two of `stat_aged`.
    pub fn counted(&self) -> [bool; 5] {
        let write = &self.write;
        let [first, second] = write.aged;
        [write.learned, write.moved, write.learn_full, first, second]
    }

    fn is_ready(&self) -> bool {
        let has_turn = !self.stalls() && self.turn.is_none();
        has_turn && self.is_open && !self.is_busy && !self.sweep_first
    }

    /// The clock edge. `waiting` is the address that each port offers to be learned.
    pub fn edge(
        &mut self,
        reset: bool,
        period: u32,
        asks: &[Ask],
        waiting: &[Option<u64>],
        request: Option<&TableRequest>,
    ) {
        let mut lookups = std::mem::take(&mut self.lookup);
        for (port, lookup) in lookups.iter_mut().enumerate() {
            lookup.edge(port, &asks[port], self);
            if reset {
                lookup.reset();
            }
        }
        self.lookup = lookups;

        let stall = self.stalls();
        let answered = self.write.answered;
        let (tick, was_open) = (self.epoch_end, self.is_open);
        let (epoch, oldest) = (self.epoch, self.oldest);
        let is_wanted = self.pass != Pass::Rest || request.is_some();
        let offered = match self.turn {
            Some(port) => waiting[port].map(|address| self.learn(port, address)),
            None if stall => {
                self.rest();
                None
            }
            None => self.maintain(request),
        };
        if self.turn.is_some() {
            self.rest();
        }
        self.sweep_due |= tick;
        if answered {
            self.is_busy = false;
            self.is_open = true;
        }
        if !stall && was_open {
            self.turn = match self.turn {
                Some(port) if port + 1 < self.ports => Some(port + 1),
                Some(_) if is_wanted => None,
                _ => Some(0),
            };
        }
        self.advance(offered, stall, epoch, oldest);
        self.count_epochs(reset || !was_open, period);
        if reset {
            self.reset();
        }
    }

    fn reset(&mut self) {
        self.stage = Default::default();
        self.hazard = [false; 4];
        self.compared.operation = None;
        self.write.way = [None, None];
        self.write.answered = false;
        self.write.learned = false;
        self.write.moved = false;
        self.write.learn_full = false;
        self.write.aged = [false; 2];
        self.alternate = false;
        self.turn = None;
        self.pass = Pass::Clear;
        self.sweep = 0;
        self.sweep_due = false;
        self.sweep_first = false;
        self.is_busy = false;
        self.is_open = false;
    }

    fn learn(&self, port: usize, address: u64) -> Operation {
        Operation {
            kind: Kind::Learn,
            responds: false,
            address,
            mask: (0..self.ports).map(|at| at == port).collect(),
            set: self.set_of(address),
        }
    }

    /// What the sweep does without its turn: a rest ends when the next pass is due.
    fn rest(&mut self) {
        if self.pass == Pass::Rest {
            self.sweep = 0;
            if self.sweep_due {
                self.pass = Pass::Age;
                self.sweep_due = false;
            }
        }
    }

    /// The turn of the maintenance.
    fn maintain(&mut self, request: Option<&TableRequest>) -> Option<Operation> {
        let request = request.filter(|_| self.is_ready());
        let (pass, set) = (self.pass, self.sweep);
        self.rest();
        self.sweep_first = request.is_some();
        if let Some(request) = request {
            self.is_busy = true;
            let kind = match request.op {
                TableOp::Read => Kind::Read,
                TableOp::WriteStatic => Kind::WriteStatic,
                TableOp::Delete => Kind::Delete,
                TableOp::Flush => {
                    self.pass = Pass::Flush;
                    self.sweep = 0;
                    return None;
                }
            };
            let address = request.address_bits();
            return Some(Operation {
                kind,
                responds: true,
                address,
                mask: super::mask_of(&request.mask, self.ports),
                set: self.set_of(address),
            });
        }
        let kind = match pass {
            Pass::Clear => Kind::Clear,
            Pass::Age => Kind::Age,
            Pass::Flush => Kind::Flush,
            Pass::Rest => return None,
        };
        let is_last = set + 1 == self.sets.len();
        self.sweep = (set + 1) % self.sets.len();
        if is_last {
            self.pass = Pass::Rest;
        }
        Some(Operation {
            kind,
            responds: is_last && kind != Kind::Age,
            address: 0,
            mask: vec![false; self.ports],
            set,
        })
    }

    /// Every stage moves on; what is in the last lands in the entries.
    fn advance(&mut self, offered: Option<Operation>, stall: bool, epoch: u8, oldest: u8) {
        let set_in = |stage: &Option<Operation>| stage.as_ref().map(|operation| operation.set);
        let set = set_in(&self.stage[1]);
        let conflict = [
            set_in(&self.stage[2]),
            set_in(&self.stage[3]),
            set_in(&self.stage[4]),
            set_in(&self.compared.operation),
        ]
        .map(|other| other.is_some() && other == set);
        let [h0, h1, h2, _] = self.hazard;
        self.hazard = if stall { [false, h0, h1, h2] } else { conflict };

        let written = std::mem::take(&mut self.write);
        self.write = self.decide(epoch);
        let operation = self.stage[4].take();
        let address = operation.as_ref().map_or(0, |operation| operation.address);
        self.compared = Compared {
            matching: [0, 1].map(|way: usize| self.head[way].is_for(address)),
            live: [0, 1].map(|way: usize| self.head[way].lives(oldest)),
            age: [0, 1].map(|way: usize| epoch.wrapping_sub(self.head[way].stamp) % 16),
            way: self.head.clone(),
            operation,
        };
        self.head.clone_from(&self.core);
        if let Some(set) = set_in(&self.stage[2]) {
            self.core.clone_from(&self.sets[set]);
        }
        self.stage[4] = self.stage[3].take();
        if !stall {
            self.stage[3] = self.stage[2].take();
            self.stage[2] = self.stage[1].take();
            self.stage[1] = self.stage[0].take();
            self.stage[0] = offered;
        }
        for (way, entry) in written.way.into_iter().enumerate() {
            if let Some(entry) = entry {
                self.sets[written.set][way] = entry;
            }
        }
    }

    /// What the operation that has been compared writes and answers.
    fn decide(&mut self, epoch: u8) -> Write {
        let mut write = Write {
            found_mask: vec![false; self.ports],
            ..Write::default()
        };
        let compared = self.compared.clone();
        let Some(operation) = &compared.operation else {
            return write;
        };
        let way = &compared.way;
        let here = (0..2).find(|way| compared.matching[*way] && compared.live[*way]);
        let is_static = [0, 1].map(|at: usize| way[at].is_valid && way[at].is_static);
        let is_full = is_static == [true; 2] && compared.matching == [false; 2];
        let is_open_to_learn =
            operation.address & 1 == 0 && !here.is_some_and(|here| is_static[here]);
        let mut erased = [false; 2];
        let mut inserts = false;
        write.set = operation.set;
        write.answered = operation.responds;
        match operation.kind {
            Kind::Learn => {
                inserts = is_open_to_learn && !is_full;
                write.learn_full = is_open_to_learn && is_full;
                write.learned = inserts && here.is_none();
                write.moved = inserts && here.is_some_and(|here| way[here].mask != operation.mask);
            }
            Kind::WriteStatic => {
                inserts = !is_full;
                write.full = is_full;
            }
            Kind::Delete => erased = compared.matching,
            Kind::Age => {
                erased = [0, 1].map(|at: usize| way[at].is_valid && !compared.live[at]);
                write.aged = erased;
            }
            Kind::Flush => erased = is_static.map(|is_static| !is_static),
            Kind::Clear => erased = [true; 2],
            Kind::Read => {}
        }
        let none = Entry {
            mask: vec![false; self.ports],
            ..Entry::default()
        };
        write.way = erased.map(|erased| erased.then(|| none.clone()));
        if inserts {
            write.way[self.choose(&compared, is_static)] = Some(Entry {
                is_valid: true,
                is_static: operation.kind == Kind::WriteStatic,
                address: operation.address,
                mask: operation.mask.clone(),
                stamp: epoch,
            });
        }
        let reports = [Kind::Read, Kind::WriteStatic, Kind::Delete].contains(&operation.kind);
        if let Some(here) = here.filter(|_| reports) {
            write.found = true;
            write.found_mask.clone_from(&way[here].mask);
            write.found_static = is_static[here];
        }
        write
    }

    /// The way of a new entry: its own, a free or expired one, the dynamic one learned longer ago, or each in turn.
    fn choose(&mut self, compared: &Compared, is_static: [bool; 2]) -> usize {
        let is_second = if compared.matching != [false; 2] {
            compared.matching[1]
        } else if compared.live != [true; 2] {
            compared.live[0]
        } else if is_static != [false; 2] {
            is_static[0]
        } else if compared.age[0] == compared.age[1] {
            self.alternate = !self.alternate;
            !self.alternate
        } else {
            compared.age[1] > compared.age[0]
        };
        usize::from(is_second)
    }

    fn count_epochs(&mut self, held: bool, period: u32) {
        let ends = self.is_ageing && !self.epoch_end && self.elapsed >= self.last_cycle;
        self.elapsed = if self.epoch_end || !self.is_ageing {
            0
        } else {
            self.elapsed.wrapping_add(1)
        };
        if self.epoch_end {
            self.epoch = (self.epoch + 1) % 16;
            self.oldest = (self.oldest + 1) % 16;
        }
        self.is_ageing = period != 0;
        self.epoch_end = ends;
        self.last_cycle = period.wrapping_sub(2);
        if held {
            self.is_ageing = false;
            self.epoch_end = false;
            self.epoch = 0;
            self.oldest = 1;
        }
    }
}
