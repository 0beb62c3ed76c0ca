//! The MAC table: one copy of the entries, the lookups of every port, and the one pipeline that changes entries.
//!
//! ```text
//!  waiting sources ─┐ turn                S1 S2 S3   S4 S5 S6   S7
//!  sweep, requests ─┴─────► operation ──► [ wait  ]► [ read  ]► [write] ──► entries
//! ```
//!
//! Every port has a copy of its own in the RTL, all alike; here a lookup reads the only one. What a lookup may not see,
//! the way that is being written in the very cycle in which it reads, is left out by hand.

use super::mask::Mask;
use crate::engine::{TableOp, TableRequest};

/// Stamps, counted from the oldest one, that are expired: 12 of 16 epochs live.
const EXPIRED_STAMPS: u8 = 4;

/// Primitive polynomials over GF(2) of the degrees 2 to 12, without their leading term (W. Stahnke, "Primitive binary
/// polynomials", Mathematics of Computation 27, 1973).
const POLYNOMIAL: [u32; 11] = [0x3, 0x3, 0x3, 0x5, 0x3, 0x3, 0x1d, 0x11, 0x09, 0x05, 0x53];

/// One way of a set. `address` is the six bytes, byte 0 lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry<const W: usize> {
    address: u64,
    mask: Option<Mask<W>>,
    stamp: u8,
    is_static: bool,
}

impl<const W: usize> Entry<W> {
    const EMPTY: Self = Self {
        address: 0,
        mask: None,
        stamp: 0,
        is_static: false,
    };

    fn is_valid(&self) -> bool {
        self.mask.is_some()
    }

    fn is_for(&self, address: u64) -> bool {
        self.is_valid() && self.address == address
    }

    fn lives(&self, oldest: u8) -> bool {
        self.is_valid() && (self.is_static || is_alive(self.stamp, oldest))
    }

    fn ports(&self) -> Mask<W> {
        self.mask.unwrap_or(Mask::NONE)
    }
}

/// An entry with this stamp has not expired.
#[inline(always)]
fn is_alive(stamp: u8, oldest: u8) -> bool {
    stamp.wrapping_sub(oldest) & 15 >= EXPIRED_STAMPS
}

/// What a lookup read: of the entry of its address, if there is one that counts, all but the address.
#[derive(Clone, Copy, Debug)]
pub struct Read<const W: usize> {
    ports: Mask<W>,
    stamp: u8,
    is_valid: bool,
    is_static: bool,
}

impl<const W: usize> Read<W> {
    /// Nothing.
    pub const NOTHING: Self = Self {
        ports: Mask::NONE,
        stamp: 0,
        is_valid: false,
        is_static: false,
    };
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

/// An operation on its way.
#[derive(Clone, Copy, Debug)]
struct Operation<const W: usize> {
    kind: Kind,
    responds: bool,
    address: u64,
    mask: Mask<W>,
    set: usize,
    /// Epoch and oldest stamp when it stood in S5, by which ages are judged.
    epoch: u8,
    oldest: u8,
}

/// What stands in S7: the write that lands at the end of this cycle, and the pins.
#[derive(Clone, Copy, Debug)]
struct Write<const W: usize> {
    set: usize,
    way: [Option<Entry<W>>; 2],
    is_operation: bool,
    responds: bool,
    pins: Pins<W>,
}

impl<const W: usize> Write<W> {
    const NOTHING: Self = Self {
        set: 0,
        way: [None; 2],
        is_operation: false,
        responds: false,
        pins: Pins::LOW,
    };
}

/// The pins of the switch that follow from the table's registers.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a pin")]
pub struct Pins<const W: usize> {
    pub learned: bool,
    pub moved: bool,
    pub learn_full: bool,
    pub aged: [bool; 2],
    pub found: bool,
    pub found_mask: Mask<W>,
    pub found_static: bool,
    pub full: bool,
}

impl<const W: usize> Pins<W> {
    const LOW: Self = Self {
        learned: false,
        moved: false,
        learn_full: false,
        aged: [false; 2],
        found: false,
        found_mask: Mask::NONE,
        found_static: false,
        full: false,
    };
}

/// A source address that waits to be learned, and its port.
pub type Waiting = (usize, u64);

/// The table.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a flip-flop")]
pub struct Table<const W: usize> {
    ports: usize,
    sets: Vec<[Entry<W>; 2]>,
    /// For each byte of an address, what each of its values adds to the set.
    hash: Box<[[u16; 256]; 6]>,
    alternate: bool,
    /// S1 to S6.
    stages: [Option<Operation<W>>; 6],
    /// How many of them are taken.
    moving: u32,
    write: Write<W>,
    /// Whose turn it is; `ports`: the maintenance's.
    turn: usize,
    pass: Option<Kind>,
    sweep: usize,
    sweep_due: bool,
    sweep_first: bool,
    is_busy: bool,
    is_open: bool,
    epochs: EpochClock,
}

impl<const W: usize> Table<W> {
    /// A table of `2^index_w` sets that has just been reset.
    pub fn new(ports: usize, index_w: usize) -> Self {
        let mut hash = Box::new([[0; 256]; 6]);
        for (byte, values) in hash.iter_mut().enumerate() {
            for (value, set) in values.iter_mut().enumerate() {
                *set = set_of((value as u64) << (8 * byte), index_w);
            }
        }
        Self {
            ports,
            sets: vec![[Entry::EMPTY; 2]; 1 << index_w],
            hash,
            alternate: false,
            stages: [None; 6],
            moving: 0,
            write: Write::NOTHING,
            turn: ports,
            pass: Some(Kind::Clear),
            sweep: 0,
            sweep_due: false,
            sweep_first: false,
            is_busy: false,
            is_open: false,
            epochs: EpochClock::default(),
        }
    }

    /// The set of an address.
    #[inline(always)]
    pub fn set_of(&self, address: u64) -> usize {
        let mut set = 0;
        for (byte, values) in self.hash.iter().enumerate() {
            set ^= values[(address >> (8 * byte) & 0xff) as usize];
        }
        usize::from(set)
    }

    /// Starts a lookup: puts down what is read at the end of this cycle.
    #[inline(always)]
    pub fn read(&self, address: u64, read: &mut Read<W>) {
        read.is_valid = false;
        if !self.is_open {
            return;
        }
        let set = self.set_of(address);
        for (way, entry) in self.sets[set].iter().enumerate() {
            if entry.is_for(address) {
                read.is_valid = !(self.write.set == set && self.write.way[way].is_some());
                read.is_static = entry.is_static;
                read.stamp = entry.stamp;
                read.ports = entry.ports();
                return;
            }
        }
    }

    /// The answer to a lookup that is compared in this cycle: the ports of a live entry.
    #[inline(always)]
    pub fn answer(&self, read: &Read<W>) -> Option<Mask<W>> {
        let lives = read.is_static || is_alive(read.stamp, self.epochs.oldest);
        (read.is_valid && lives).then_some(read.ports)
    }

    /// Whether learning the address that was looked up, from `port`, would change nothing.
    #[inline(always)]
    pub fn is_known(&self, read: &Read<W>, port: usize) -> bool {
        let is_same = read.ports == Mask::one(port) && read.stamp == self.epochs.epoch;
        read.is_valid && (read.is_static || is_same)
    }

    /// The port whose waiting address is taken at the end of this cycle.
    #[inline(always)]
    pub fn ready_port(&self) -> Option<usize> {
        (self.turn < self.ports && !self.stalls()).then_some(self.turn)
    }

    /// A request is taken at the end of this cycle.
    pub fn is_ready(&self) -> bool {
        !self.stalls()
            && self.turn == self.ports
            && self.is_open
            && !self.is_busy
            && !self.sweep_first
    }

    /// The request is done.
    pub fn is_done(&self) -> bool {
        self.is_busy && self.write.responds
    }

    /// It has cleared itself since reset.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The registered pins.
    pub fn pins(&self) -> &Pins<W> {
        &self.write.pins
    }

    /// Whether S3 holds an operation on a set that is still in use by an earlier one.
    #[inline(always)]
    fn stalls(&self) -> bool {
        if self.moving == 0 {
            return false;
        }
        self.stages[2].is_some_and(|operation| {
            let mut ahead = self.stages[3..].iter().flatten();
            ahead.any(|other| other.set == operation.set)
                || (self.write.is_operation && self.write.set == operation.set)
        })
    }

    /// The clock edge. `waiting` is the address at the port whose turn it is.
    #[inline]
    pub fn step(
        &mut self,
        reset: bool,
        period: u32,
        waiting: Option<Waiting>,
        request: Option<&TableRequest>,
    ) {
        let (tick, open) = (self.epochs.tick, self.is_open);
        let (epoch, oldest) = (self.epochs.epoch, self.epochs.oldest);
        let quiet = open
            && self.moving == 0
            && !self.write.is_operation
            && self.pass.is_none()
            && !self.sweep_due
            && !self.is_busy
            && waiting.is_none()
            && request.is_none()
            && self.turn < self.ports
            && !reset;
        if quiet {
            self.turn = if self.turn + 1 == self.ports {
                0
            } else {
                self.turn + 1
            };
            self.sweep_due = tick;
        } else {
            let stall = self.stalls();
            let answered = self.write.responds;
            let offered = self.take_turn(stall, waiting, request, tick, answered);
            self.advance(offered, stall, epoch, oldest);
        }
        self.epochs.step(reset || !open, period);
        if reset {
            self.reset();
        }
    }

    fn reset(&mut self) {
        let pins = self.write.pins;
        self.write = Write {
            pins: Pins {
                found: pins.found,
                found_mask: pins.found_mask,
                found_static: pins.found_static,
                full: pins.full,
                ..Pins::LOW
            },
            ..Write::NOTHING
        };
        self.stages = [None; 6];
        self.moving = 0;
        self.alternate = false;
        self.turn = self.ports;
        self.pass = Some(Kind::Clear);
        self.sweep = 0;
        self.sweep_due = false;
        self.sweep_first = false;
        self.is_busy = false;
        self.is_open = false;
    }

    /// S0: takes an operation in, and moves turn, sweep and request on.
    fn take_turn(
        &mut self,
        stall: bool,
        waiting: Option<Waiting>,
        request: Option<&TableRequest>,
        tick: bool,
        answered: bool,
    ) -> Option<Operation<W>> {
        let is_ready = self.is_ready();
        let begins = self.pass.is_none() && self.sweep_due;
        let is_wanted = self.pass.is_some() || request.is_some();
        let is_open = self.is_open;
        let mut offered = None;
        if !stall {
            if self.turn < self.ports {
                offered = waiting.map(|(port, address)| {
                    self.operation(Kind::Learn, address, Mask::one(port), false)
                });
            } else {
                offered = self.maintain(request.filter(|_| is_ready));
            }
            if is_open {
                let skips = self.turn + 1 == self.ports && !is_wanted;
                self.turn = if self.turn == self.ports || skips {
                    0
                } else {
                    self.turn + 1
                };
            }
        }
        if begins {
            self.sweep_due = false;
            // A flush that is taken in this very cycle goes first.
            if self.pass.is_none() {
                (self.pass, self.sweep) = (Some(Kind::Age), 0);
            }
        }
        if answered {
            self.is_busy = false;
            self.is_open = true;
        }
        self.sweep_due |= tick;
        offered
    }

    fn maintain(&mut self, request: Option<&TableRequest>) -> Option<Operation<W>> {
        self.sweep_first = request.is_some();
        if let Some(request) = request {
            self.is_busy = true;
            let kind = match request.op {
                TableOp::Read => Kind::Read,
                TableOp::WriteStatic => Kind::WriteStatic,
                TableOp::Delete => Kind::Delete,
                TableOp::Flush => {
                    (self.pass, self.sweep) = (Some(Kind::Flush), 0);
                    return None;
                }
            };
            let ports = Mask::of(&request.mask) & Mask::first(self.ports);
            return Some(self.operation(kind, request.address_bits(), ports, true));
        }
        let kind = self.pass?;
        let (set, is_last) = (self.sweep, self.sweep + 1 == self.sets.len());
        self.sweep += 1;
        if is_last {
            (self.pass, self.sweep) = (None, 0);
        }
        Some(Operation {
            kind,
            responds: is_last && kind != Kind::Age,
            address: 0,
            mask: Mask::NONE,
            set,
            epoch: 0,
            oldest: 0,
        })
    }

    fn operation(&self, kind: Kind, address: u64, mask: Mask<W>, responds: bool) -> Operation<W> {
        Operation {
            kind,
            responds,
            address,
            mask,
            set: self.set_of(address),
            epoch: 0,
            oldest: 0,
        }
    }

    /// Moves every stage on; what is in S7 lands in the entries.
    fn advance(&mut self, offered: Option<Operation<W>>, stall: bool, epoch: u8, oldest: u8) {
        for (way, entry) in self.write.way.into_iter().enumerate() {
            if let Some(entry) = entry {
                self.sets[self.write.set][way] = entry;
            }
        }
        self.write = match self.stages[5] {
            Some(operation) => self.decide(&operation, epoch),
            None => Write::NOTHING,
        };
        self.stages[5] = self.stages[4].map(|operation| Operation {
            epoch,
            oldest,
            ..operation
        });
        self.stages[4] = self.stages[3];
        if stall {
            self.stages[3] = None;
        } else {
            self.stages[3] = self.stages[2];
            self.stages[2] = self.stages[1];
            self.stages[1] = self.stages[0];
            self.stages[0] = offered;
        }
        self.moving = self.stages.iter().flatten().count() as u32;
    }

    /// What an operation in S6 writes and answers.
    fn decide(&mut self, operation: &Operation<W>, epoch: u8) -> Write<W> {
        let set = self.sets[operation.set];
        let lives = set.map(|entry| entry.lives(operation.oldest));
        let own = (0..2).find(|way| set[*way].is_for(operation.address));
        let here = own.filter(|way| lives[*way]).map(|way| set[way]);
        let is_full = own.is_none() && set.iter().all(|entry| entry.is_valid() && entry.is_static);
        let mut write = Write {
            set: operation.set,
            is_operation: true,
            responds: operation.responds,
            ..Write::NOTHING
        };
        let mut inserts = false;
        match operation.kind {
            Kind::Learn => {
                let is_open =
                    operation.address & 1 == 0 && !here.is_some_and(|entry| entry.is_static);
                inserts = is_open && !is_full;
                write.pins.learn_full = is_open && is_full;
                write.pins.learned = inserts && here.is_none();
                write.pins.moved =
                    inserts && here.is_some_and(|entry| entry.ports() != operation.mask);
            }
            Kind::WriteStatic => {
                inserts = !is_full;
                write.pins.full = is_full;
            }
            Kind::Delete => {
                write.way = [0, 1].map(|way| (own == Some(way)).then_some(Entry::EMPTY));
            }
            Kind::Age => {
                write.pins.aged = [0, 1].map(|way| set[way].is_valid() && !lives[way]);
                write.way = write.pins.aged.map(|aged| aged.then_some(Entry::EMPTY));
            }
            Kind::Flush => {
                write.way = set
                    .map(|entry| (!(entry.is_valid() && entry.is_static)).then_some(Entry::EMPTY));
            }
            Kind::Clear => write.way = [Some(Entry::EMPTY); 2],
            Kind::Read => {}
        }
        if inserts {
            let way = own.unwrap_or_else(|| self.victim(&set, lives, operation.epoch));
            write.way[way] = Some(Entry {
                address: operation.address,
                mask: Some(operation.mask),
                stamp: epoch,
                is_static: operation.kind == Kind::WriteStatic,
            });
        }
        if matches!(
            operation.kind,
            Kind::Read | Kind::WriteStatic | Kind::Delete
        ) {
            write.pins.found = here.is_some();
            write.pins.found_mask = here.map_or(Mask::NONE, |entry| entry.ports());
            write.pins.found_static = here.is_some_and(|entry| entry.is_static);
        }
        write
    }

    /// The way that makes room for a new address: a free or expired one, else the dynamic one learned longer ago, else,
    /// of two of the same age, each in turn.
    fn victim(&mut self, set: &[Entry<W>; 2], lives: [bool; 2], epoch: u8) -> usize {
        if !lives[0] || !lives[1] {
            return usize::from(lives[0]);
        }
        if set[0].is_static || set[1].is_static {
            return usize::from(set[0].is_static);
        }
        let age = set.map(|entry| epoch.wrapping_sub(entry.stamp) & 15);
        if age[0] == age[1] {
            self.alternate = !self.alternate;
            return usize::from(!self.alternate);
        }
        usize::from(age[1] > age[0])
    }
}

/// The set of an address among `2^index_w`: the address as people write it, byte 5 least significant, is a polynomial
/// over GF(2), and the set its remainder modulo a primitive one.
fn set_of(address: u64, index_w: usize) -> u16 {
    let mut rest = (address << 16).swap_bytes();
    let divisor = 1 << index_w | u64::from(POLYNOMIAL[index_w - 2]);
    for bit in (index_w..48).rev() {
        if rest >> bit & 1 == 1 {
            rest ^= divisor << (bit - index_w);
        }
    }
    rest as u16
}

/// Counts the epochs by which entries grow older.
#[derive(Clone, Copy, Debug)]
struct EpochClock {
    is_ageing: bool,
    last_cycle: u32,
    elapsed: u32,
    tick: bool,
    epoch: u8,
    oldest: u8,
}

impl Default for EpochClock {
    fn default() -> Self {
        Self {
            is_ageing: false,
            last_cycle: 0,
            elapsed: 0,
            tick: false,
            epoch: 0,
            oldest: 1,
        }
    }
}

impl EpochClock {
    #[inline(always)]
    fn step(&mut self, held: bool, period: u32) {
        let tick = self.is_ageing && !self.tick && self.elapsed >= self.last_cycle;
        self.elapsed = if self.tick || !self.is_ageing {
            0
        } else {
            self.elapsed.wrapping_add(1)
        };
        if self.tick {
            self.epoch = (self.epoch + 1) & 15;
            self.oldest = (self.oldest + 1) & 15;
        }
        self.tick = tick;
        self.is_ageing = period != 0;
        self.last_cycle = period.wrapping_sub(2);
        if held {
            self.is_ageing = false;
            self.tick = false;
            self.epoch = 0;
            self.oldest = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_is_the_remainder_and_adds_up_byte_by_byte() {
        let table = Table::<1>::new(4, 9);
        for address in [0x0001_0000_0002, 0xffff_ffff_ffff, 0x0605_0403_0201_u64] {
            assert_eq!(table.set_of(address), usize::from(set_of(address, 9)));
        }
        // 02:00:00:00:00:PP is x^41 + PP; neighbours are in neighbouring sets.
        let of = |port: u64| table.set_of(0x02 | port << 40);
        assert_eq!(of(0) ^ of(5), 5);
    }
}
