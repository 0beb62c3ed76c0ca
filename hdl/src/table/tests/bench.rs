//! What the tests of the MAC table's blocks share: entries and operations as plain values, on pins and off them, and
//! what an operation does to a set.

use crate::cosim::Random;
use crate::table::reference::{set_of, Entry, Set, Way};
use crate::table::{Operation, OperationSink, OperationSource};

/// Bits of an entry's flags, as the table's description has them.
const STATIC: u32 = 1 << 4;
const VALID: u32 = 1 << 5;

/// Low word, high word and flags of an entry; a way that is free holds anything but a valid entry.
pub fn entry_words(way: Way, random: &mut Random) -> [u64; 3] {
    let Some(entry) = way else {
        let flags = random.bits(8) & !u64::from(VALID);
        return [random.bits(32), random.bits(32), flags];
    };
    let flags = VALID | if entry.is_static { STATIC } else { 0 } | (entry.epoch % 16) as u32;
    [
        entry.address & 0xffff_ffff,
        entry.address >> 32 | u64::from(entry.mask) << 16,
        u64::from(flags),
    ]
}

/// The entry that was written in epoch `now`.
pub fn written([low, high, flags]: [u32; 3], now: u64) -> Way {
    if flags & VALID == 0 {
        assert_eq!([low, high, flags], [0; 3], "an erased way is zero");
        return None;
    }
    assert_eq!(flags & 15, (now % 16) as u32, "the stamp of a new entry");
    Some(Entry {
        address: u64::from(high & 0xffff) << 32 | u64::from(low),
        mask: high >> 16,
        epoch: now,
        is_static: flags & STATIC != 0,
    })
}

/// An operation without bits; the set of a sweep is its own, that of the others follows from their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    pub kind: Operation,
    pub respond: bool,
    pub address: u64,
    pub mask: u32,
    pub set: usize,
}

pub const KINDS: [Operation; 7] = [
    Operation::Learn,
    Operation::Read,
    Operation::WriteStatic,
    Operation::Delete,
    Operation::Age,
    Operation::Flush,
    Operation::Clear,
];

/// Whether an operation is on a set, not on an address.
pub fn is_sweep(kind: Operation) -> bool {
    matches!(kind, Operation::Age | Operation::Flush | Operation::Clear)
}

/// A random operation on one of `addresses`, or on a set of `2^index_w`.
pub fn random_op(random: &mut Random, addresses: &[u64], ports: usize, index_w: usize) -> Op {
    let kind = KINDS[random.below(KINDS.len() as u32) as usize];
    let address = addresses[random.below(addresses.len() as u32) as usize];
    Op {
        kind,
        respond: random.bit(),
        address,
        mask: random.bits(ports) as u32,
        set: if is_sweep(kind) {
            random.bits(index_w) as usize
        } else {
            set_of(address, index_w)
        },
    }
}

/// Puts an operation on its pins, or something that is none. With `has_index` its set is there too, otherwise only a
/// sweep's.
pub fn put<const PORTS: usize, const INDEX_W: usize>(
    pins: &mut OperationSink<PORTS, INDEX_W>,
    op: Option<Op>,
    has_index: bool,
    random: &mut Random,
) {
    pins.valid.next = op.is_some();
    let any = random_op(random, &[0x1234_5678_9abc], PORTS, INDEX_W);
    let op = op.unwrap_or(any);
    pins.kind.next = op.kind;
    pins.respond.next = op.respond;
    pins.low.next = (op.address & 0xffff_ffff).into();
    pins.high.next = (op.address >> 32).into();
    pins.mask.next = u64::from(op.mask).into();
    pins.index.next = if has_index || is_sweep(op.kind) {
        op.set as u64
    } else {
        random.bits(INDEX_W)
    }
    .into();
}

/// The operation on the pins.
pub fn get<const PORTS: usize, const INDEX_W: usize>(
    pins: &OperationSource<PORTS, INDEX_W>,
) -> Option<Op> {
    pins.valid.val().then(|| Op {
        kind: pins.kind.val(),
        respond: pins.respond.val(),
        address: u64::from(pins.high.val().to_u32()) << 32 | u64::from(pins.low.val().to_u32()),
        mask: pins.mask.val().to_u32(),
        set: pins.index.val().index(),
    })
}

/// The first `count` individual addresses of a set.
pub fn same_set(random: &mut Random, index_w: usize, set: usize, count: usize) -> Vec<u64> {
    let mut addresses = Vec::new();
    while addresses.len() < count {
        let address = random.bits(48) & !1;
        if set_of(address, index_w) == set && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// A random set in epoch `now`, of different ones of `addresses`, each learned in one of the last 16 epochs.
pub fn random_set(random: &mut Random, addresses: &[u64], ports: usize, now: u64) -> Set {
    let mut set = [None; 2];
    for way in 0..2 {
        let address = addresses[random.below(addresses.len() as u32) as usize];
        let other: Way = set[0].filter(|_| way == 1);
        if random.one_in(4) || other.is_some_and(|entry: Entry| entry.address == address) {
            continue;
        }
        // Entries of one age are common.
        let age = if random.bit() { 3 } else { random.below(16) };
        set[way] = Some(Entry {
            address,
            mask: random.bits(ports) as u32,
            epoch: now - u64::from(age),
            is_static: random.one_in(3),
        });
    }
    set
}

/// What a set says of an address, as the blocks pass it on: of each way whether it is valid and the address's, valid,
/// valid and not expired, valid and static, and its mask and age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub matching: bool,
    pub valid: bool,
    pub live: bool,
    pub is_static: bool,
    /// Mask and age mean something only of a valid way.
    pub mask: Option<u32>,
    pub age: Option<u32>,
}

pub fn facts(way: Way, address: u64, now: u64) -> Facts {
    Facts {
        matching: way.is_some_and(|entry| entry.address == address),
        valid: way.is_some(),
        live: way.is_some_and(|entry| entry.lives(now)),
        is_static: way.is_some_and(|entry| entry.is_static),
        mask: way.map(|entry| entry.mask),
        age: way.map(|entry| (now - entry.epoch) as u32),
    }
}

/// Puts what a set says of an operation's address on the pins of a block that decides.
macro_rules! put_facts {
    ($block:expr, $set:expr, $address:expr, $now:expr, $random:expr, $ports:expr) => {
        for (w, way) in $set.into_iter().enumerate() {
            let facts = $crate::table::tests::bench::facts(way, $address, $now);
            let mask = facts.mask.map_or($random.bits($ports), u64::from);
            let age = facts.age.map_or($random.bits(4), u64::from);
            $block.matching[w].next = facts.matching;
            $block.valid[w].next = facts.valid;
            $block.live[w].next = facts.live;
            $block.is_static[w].next = facts.is_static;
            $block.mask[w].next = mask.into();
            $block.age_epochs[w].next = age.into();
        }
    };
}
pub(crate) use put_facts;

/// Which way an address goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It has an entry, expired or not.
    Own(usize),
    /// A free or expired way.
    Free(usize),
    /// The dynamic entry that was learned longer ago, or the only one.
    Older(usize),
    /// Both were learned in the same epoch: the one whose turn it is.
    Tie(usize),
    /// Both are static.
    Full,
}

impl Choice {
    /// The way.
    pub fn way(self) -> Option<usize> {
        match self {
            Self::Own(way) | Self::Free(way) | Self::Older(way) | Self::Tie(way) => Some(way),
            Self::Full => None,
        }
    }
}

/// Chooses in the order of preference; between equals it is `turn`'s way.
pub fn choose(set: Set, address: u64, now: u64, turn: usize) -> Choice {
    let own = (0..2).find(|&w| set[w].is_some_and(|entry| entry.address == address));
    let free = (0..2).find(|&w| !set[w].is_some_and(|entry| entry.lives(now)));
    if let Some(way) = own {
        return Choice::Own(way);
    }
    if let Some(way) = free {
        return Choice::Free(way);
    }
    let learned = |w: usize| set[w].filter(|e| !e.is_static).map(|e| e.epoch);
    match (learned(0), learned(1)) {
        (None, None) => Choice::Full,
        (Some(_), None) => Choice::Older(0),
        (None, Some(_)) => Choice::Older(1),
        (Some(first), Some(second)) if first == second => Choice::Tie(turn),
        (Some(first), Some(second)) => Choice::Older(usize::from(second < first)),
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The set afterwards.
    pub set: Set,
    /// The address was there, and how: the answer to a read, a write and a delete.
    pub found: bool,
    pub found_mask: u32,
    pub found_static: bool,
    pub table_full: bool,
    /// Pulses.
    pub learned: bool,
    pub moved: bool,
    pub learn_full: bool,
    pub aged: [bool; 2],
    /// Two entries of the same age were chosen between.
    pub tie: bool,
}

/// What `op` does to its set: judged by epoch `judged`, entered in epoch `now`.
pub fn effect(set: Set, op: Op, judged: u64, now: u64, turn: usize) -> Effect {
    let mut effect = Effect {
        set,
        ..Effect::default()
    };
    let lives = |way: Way| way.is_some_and(|entry| entry.lives(judged));
    let here = set
        .into_iter()
        .find(|way| lives(*way) && way.unwrap().address == op.address)
        .flatten();
    let choice = choose(set, op.address, judged, turn);
    let mut enter = false;
    match op.kind {
        Operation::Learn => {
            let is_group = op.address & 1 == 1;
            let is_fixed = here.is_some_and(|entry| entry.is_static);
            enter = !is_group && !is_fixed && choice != Choice::Full;
            effect.learn_full = !is_group && !is_fixed && choice == Choice::Full;
            effect.learned = enter && here.is_none();
            effect.moved = enter && here.is_some_and(|entry| entry.mask != op.mask);
        }
        Operation::WriteStatic => {
            enter = choice != Choice::Full;
            effect.table_full = !enter;
        }
        Operation::Delete => {
            effect.set = set.map(|way| way.filter(|entry| entry.address != op.address));
        }
        Operation::Age => {
            effect.set = set.map(|way| way.filter(|_| lives(way)));
            effect.aged = set.map(|way| way.is_some() && !lives(way));
        }
        Operation::Flush => effect.set = set.map(|way| way.filter(|entry| entry.is_static)),
        Operation::Clear => effect.set = [None; 2],
        Operation::Read => {}
    }
    if let Some(way) = choice.way().filter(|_| enter) {
        effect.tie = matches!(choice, Choice::Tie(_));
        effect.set[way] = Some(Entry {
            address: op.address,
            mask: op.mask,
            epoch: now,
            is_static: op.kind == Operation::WriteStatic,
        });
    }
    if matches!(
        op.kind,
        Operation::Read | Operation::WriteStatic | Operation::Delete
    ) {
        effect.found = here.is_some();
        effect.found_mask = here.map_or(0, |entry| entry.mask);
        effect.found_static = here.is_some_and(|entry| entry.is_static);
    }
    effect
}
