//! The reference that the tests hold the MAC table to: entries as plain values, epochs that never wrap, and the timing
//! of the ports as documented, cycle by cycle.

use super::AGE_EPOCHS;

/// An entry, without bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub address: u64,
    pub mask: u32,
    pub epoch: u64,
    pub is_static: bool,
}

impl Entry {
    /// Whether it has not expired.
    pub fn lives(&self, epoch: u64) -> bool {
        self.is_static || epoch.saturating_sub(self.epoch) < u64::from(AGE_EPOCHS)
    }
}

/// A way of a set.
pub type Way = Option<Entry>;

/// A set.
pub type Set = [Way; 2];

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

/// An operation on its way.
#[derive(Clone, Copy, Debug)]
struct Operation {
    kind: Kind,
    address: u64,
    mask: u32,
    set: usize,
    respond: bool,
    /// The epoch in S5, by which expiry is judged.
    judged: u64,
}

/// What one ingress drives.
#[derive(Clone, Copy, Debug, Default)]
pub struct PortInputs {
    pub address: u64,
    pub advance: [bool; 3],
    pub learn: Option<u64>,
}

/// An operation of the table port.
#[derive(Clone, Copy, Debug, Default)]
pub struct TableInputs {
    pub op: u8,
    pub address: u64,
    pub mask: u32,
}

/// Everything that drives the table in a cycle.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub reset: bool,
    pub period: u32,
    pub port: Vec<PortInputs>,
    pub table: Option<TableInputs>,
}

/// The answer to a lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub hit: bool,
    pub mask: u32,
    pub known: bool,
}

/// The answer of the table port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub found: bool,
    pub mask: u32,
    pub is_static: bool,
    pub full: bool,
}

/// One-cycle pulses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulses {
    pub learned: bool,
    pub moved: bool,
    pub learn_full: bool,
    pub aged: [bool; 2],
}

/// Everything that the table drives in a cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    pub answer: Vec<Answer>,
    pub learn_ready: Vec<bool>,
    pub table_ready: bool,
    pub done: Option<Done>,
    pub open: bool,
    pub pulses: Pulses,
}

/// What stands in S7: the write and its report.
#[derive(Clone, Copy, Debug, Default)]
struct Write {
    set: usize,
    entry: [Option<Way>; 2],
    pending: bool,
    respond: bool,
    done: Done,
    pulses: Pulses,
}

/// A lookup on its way: its address, and its set as it was read, or `None` before the table was open.
type Looking = (u64, Option<Set>);

/// The reference table.
#[allow(clippy::struct_excessive_bools)] // one for each flag of the documented behaviour
pub struct Reference {
    ports: usize,
    index_w: usize,
    sets: Vec<Set>,
    alternate: bool,
    /// S1 to S6.
    stages: [Option<Operation>; 6],
    write: Write,
    turn: usize,
    pass: Option<Kind>,
    sweep: usize,
    due: bool,
    sweep_first: bool,
    busy: bool,
    open: bool,
    epoch: u64,
    ageing: bool,
    limit: u32,
    elapsed: u32,
    tick: bool,
    looking: Vec<[Looking; 2]>,
    answer: Vec<Answer>,
    /// Cycles in which an operation waited for an earlier one of its set.
    pub stalls: u64,
    /// Lookups that read an entry while it was written.
    pub collisions: u64,
    /// Learns that replaced a live entry of another address.
    pub replaced: u64,
}

/// The set of `address` (byte 5 of a MAC address least significant): its remainder modulo a primitive polynomial,
/// bit by bit from the top.
pub fn set_of(address: u64, index_w: usize) -> usize {
    let polynomial: u64 = match index_w {
        2 => 0b111,
        3 => 0b1011,
        4 => 0b1_0011,
        5 => 0b10_0101,
        9 => 0b10_0001_0001,
        _ => unreachable!("no test uses INDEX_W {index_w}"),
    };
    let number = u64::from_be_bytes((address << 16).to_le_bytes()) & 0xffff_ffff_ffff;
    let mut rest = number;
    for bit in (index_w..48).rev() {
        if rest >> bit & 1 == 1 {
            rest ^= polynomial << (bit - index_w);
        }
    }
    rest as usize
}

impl Reference {
    pub fn new(ports: usize, index_w: usize) -> Self {
        Self {
            ports,
            index_w,
            sets: vec![[None; 2]; 1 << index_w],
            alternate: false,
            stages: [None; 6],
            write: Write::default(),
            turn: ports,
            pass: Some(Kind::Clear),
            sweep: 0,
            due: false,
            sweep_first: false,
            busy: false,
            open: false,
            epoch: 0,
            ageing: false,
            limit: 0,
            elapsed: 0,
            tick: false,
            looking: vec![[(0, None); 2]; ports],
            answer: vec![Answer::default(); ports],
            stalls: 0,
            collisions: 0,
            replaced: 0,
        }
    }

    /// The entry of `address`, if it lives.
    pub fn entry(&self, address: u64) -> Option<Entry> {
        self.sets[set_of(address, self.index_w)]
            .iter()
            .flatten()
            .find(|e| e.address == address && e.lives(self.epoch))
            .copied()
    }

    /// The current epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Every set, expired entries included.
    pub fn sets(&self) -> &[Set] {
        &self.sets
    }

    fn stall(&self) -> bool {
        self.stages[2].is_some_and(|op| {
            let ahead = self.stages[3..].iter().flatten();
            ahead.into_iter().any(|other| other.set == op.set)
                || (self.write.pending && self.write.set == op.set)
        })
    }

    /// What the table drives in this cycle.
    pub fn outputs(&self) -> Outputs {
        let turn = !self.stall();
        Outputs {
            answer: self.answer.clone(),
            learn_ready: (0..self.ports).map(|i| turn && self.turn == i).collect(),
            table_ready: turn
                && self.turn == self.ports
                && self.open
                && !self.busy
                && !self.sweep_first,
            done: (self.busy && self.write.respond).then_some(self.write.done),
            open: self.open,
            pulses: self.write.pulses,
        }
    }

    /// The clock edge that ends this cycle.
    pub fn step(&mut self, inputs: &Inputs) {
        let (epoch, stall) = (self.epoch, self.stall());
        self.stalls += u64::from(stall);
        self.step_lookups(inputs);
        let offered = self.step_turn(inputs);
        self.step_pipeline(offered, stall, epoch);
        if inputs.reset {
            *self = Self {
                sets: std::mem::take(&mut self.sets),
                stalls: self.stalls,
                collisions: self.collisions,
                replaced: self.replaced,
                ..Self::new(self.ports, self.index_w)
            };
        }
    }

    fn step_lookups(&mut self, inputs: &Inputs) {
        for (i, port) in inputs.port.iter().enumerate() {
            if port.advance[2] {
                let (address, set) = self.looking[i][1];
                let entry = set.and_then(|set| {
                    set.into_iter()
                        .flatten()
                        .find(|e| e.address == address && e.lives(self.epoch))
                });
                self.answer[i] = entry.map_or(Answer::default(), |e| Answer {
                    hit: true,
                    mask: e.mask,
                    known: e.is_static || (e.mask == 1 << i && e.epoch == self.epoch),
                });
            }
            if port.advance[1] {
                self.looking[i][1] = self.looking[i][0];
            }
            if port.advance[0] {
                let index = set_of(port.address, self.index_w);
                let mut set = self.sets[index];
                for (way, write) in set.iter_mut().zip(self.write.entry) {
                    // What is being written in this very cycle is not found.
                    if write.is_some() && self.write.set == index {
                        self.collisions += u64::from(way.is_some());
                        *way = None;
                    }
                }
                self.looking[i][0] = (port.address, self.open.then_some(set));
            }
        }
    }

    /// Takes an operation in, and moves the turn, the sweep and the epoch on.
    fn step_turn(&mut self, inputs: &Inputs) -> Option<Operation> {
        let (tick, open, respond) = (self.tick, self.open, self.write.respond);
        let table_ready = self.outputs().table_ready;
        let begin = self.pass.is_none() && self.due;
        let wanted = self.pass.is_some() || inputs.table.is_some();
        self.due = (self.due && !begin) || tick;
        let mut offered = None;
        if !self.stall() {
            if self.turn < self.ports {
                offered = inputs.port[self.turn]
                    .learn
                    .map(|address| self.operation(Kind::Learn, address, 1 << self.turn, false));
            } else {
                offered = self.maintenance(inputs.table.filter(|_| table_ready));
            }
            if open {
                let skip = self.turn + 1 == self.ports && !wanted;
                self.turn = (self.turn + 1 + usize::from(skip)) % (self.ports + 1);
            }
        }
        if begin && self.pass.is_none() {
            (self.pass, self.sweep) = (Some(Kind::Age), 0);
        }
        if respond {
            self.busy = false;
            self.open = true;
        }

        let end = self.ageing && !tick && self.elapsed >= self.limit;
        self.elapsed = if tick || !self.ageing {
            0
        } else {
            self.elapsed + 1
        };
        self.epoch += u64::from(tick);
        self.tick = end && open;
        self.ageing = open && inputs.period != 0;
        self.limit = inputs.period.wrapping_sub(2);
        offered
    }

    fn maintenance(&mut self, table: Option<TableInputs>) -> Option<Operation> {
        self.sweep_first = table.is_some();
        if let Some(table) = table {
            self.busy = true;
            let kind = match table.op {
                0 => Kind::Read,
                1 => Kind::WriteStatic,
                2 => Kind::Delete,
                _ => {
                    (self.pass, self.sweep) = (Some(Kind::Flush), 0);
                    return None;
                }
            };
            return Some(self.operation(kind, table.address, table.mask, true));
        }
        let kind = self.pass?;
        let (set, last) = (self.sweep, self.sweep + 1 == 1 << self.index_w);
        self.sweep += 1;
        if last {
            (self.pass, self.sweep) = (None, 0);
        }
        Some(Operation {
            set,
            ..self.operation(kind, 0, 0, last && kind != Kind::Age)
        })
    }

    fn operation(&self, kind: Kind, address: u64, mask: u32, respond: bool) -> Operation {
        Operation {
            kind,
            address,
            mask,
            set: set_of(address, self.index_w),
            respond,
            judged: 0,
        }
    }

    /// Moves every stage on; what is in S7 lands in the sets.
    fn step_pipeline(&mut self, offered: Option<Operation>, stall: bool, epoch: u64) {
        for (way, entry) in self.write.entry.into_iter().enumerate() {
            if let Some(entry) = entry {
                self.sets[self.write.set][way] = entry;
            }
        }
        if let [Some(a), Some(b)] = self.sets[self.write.set] {
            assert_ne!(a.address, b.address, "one address, two entries");
        }
        self.write = self.stages[5].map_or(Write::default(), |op| self.decide(op, epoch));
        self.stages[5] = self.stages[4].map(|op| Operation {
            judged: epoch,
            ..op
        });
        self.stages[4] = self.stages[3];
        if stall {
            self.stages[3] = None;
            return;
        }
        self.stages[3] = self.stages[2];
        self.stages[2] = self.stages[1];
        self.stages[1] = self.stages[0];
        self.stages[0] = offered;
    }

    /// What an operation does to its set.
    fn decide(&mut self, op: Operation, epoch: u64) -> Write {
        let set = self.sets[op.set];
        let lives = |w: usize| set[w].is_some_and(|e: Entry| e.lives(op.judged));
        let fixed = |w: usize| set[w].is_some_and(|e: Entry| e.is_static);
        let own = (0..2).find(|&w| set[w].is_some_and(|e| e.address == op.address));
        let here = own.filter(|&w| lives(w)).and_then(|w| set[w]);
        let full = own.is_none() && fixed(0) && fixed(1);
        let mut write = Write {
            set: op.set,
            pending: true,
            respond: op.respond,
            ..Write::default()
        };
        let mut insert = false;
        match op.kind {
            Kind::Learn if op.address & 1 == 1 || here.is_some_and(|e| e.is_static) => {}
            Kind::Learn => {
                write.pulses.learn_full = full;
                write.pulses.learned = !full && here.is_none();
                write.pulses.moved = here.is_some_and(|e| e.mask != op.mask);
                insert = !full;
            }
            Kind::WriteStatic => {
                write.done.full = full;
                insert = !full;
            }
            Kind::Delete => write.entry = [0, 1].map(|w| (own == Some(w)).then_some(None)),
            Kind::Age => {
                write.entry = [0, 1].map(|w| (set[w].is_some() && !lives(w)).then_some(None));
                write.pulses.aged = write.entry.map(|e| e.is_some());
            }
            Kind::Flush => write.entry = [0, 1].map(|w| (!fixed(w)).then_some(None)),
            Kind::Clear => write.entry = [Some(None); 2],
            Kind::Read => {}
        }
        if insert {
            let way = own.unwrap_or_else(|| self.victim(set, op.judged));
            self.replaced += u64::from(own.is_none() && lives(way));
            write.entry[way] = Some(Some(Entry {
                address: op.address,
                mask: op.mask,
                epoch,
                is_static: op.kind == Kind::WriteStatic,
            }));
        }
        if matches!(op.kind, Kind::Read | Kind::WriteStatic | Kind::Delete) {
            write.done.found = here.is_some();
            write.done.mask = here.map_or(0, |e| e.mask);
            write.done.is_static = here.is_some_and(|e| e.is_static);
        }
        write
    }

    /// The way that makes room for a new address.
    fn victim(&mut self, set: Set, epoch: u64) -> usize {
        match set {
            [Some(a), Some(b)] if a.lives(epoch) && b.lives(epoch) => {
                if a.is_static || b.is_static {
                    usize::from(a.is_static)
                } else if a.epoch == b.epoch {
                    self.alternate = !self.alternate;
                    usize::from(!self.alternate)
                } else {
                    usize::from(b.epoch < a.epoch)
                }
            }
            [Some(a), _] => usize::from(a.lives(epoch)),
            [None, _] => 0,
        }
    }
}
