//! Tests of [`TableLookup`]: entries are written at random, and every answer follows from what was read when.

use super::bench::{entry_words, same_set};
use crate::cosim::Random;
use crate::table::reference::{set_of, Answer, Entry, Set, Way};
use crate::table::TableLookup;
use crate::target::Target;
use crate::testbench::Bench;

const PORTS: usize = 4;
const INDEX_W: usize = 2;
const SETS: usize = 1 << INDEX_W;
const OWN_PORT: u32 = 2;

type Dut = TableLookup<PORTS, INDEX_W>;

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    hits: u32,
    misses: u32,
    known: u32,
    /// The entry of the address had expired; it was being written when it was read; it was read before the table was
    /// open.
    expired: u32,
    collided: u32,
    closed: u32,
    /// An answer was held.
    held: u32,
    /// An entry expired between the read and the answer.
    on_the_way: u32,
    resets: u32,
}

impl Reached {
    fn all(&self) -> [u32; 9] {
        [
            self.hits,
            self.misses,
            self.known,
            self.expired,
            self.collided,
            self.closed,
            self.held,
            self.on_the_way,
            self.resets,
        ]
    }
}

/// A lookup on its way: its address, what it read of its set, and why a way of it does not count.
#[derive(Clone, Copy, Debug)]
struct Looking {
    address: u64,
    read: Set,
    is_open: bool,
    written: [bool; 2],
    epoch: u64,
}

/// The table and the lookups that are under way.
struct Driver {
    random: Random,
    addresses: Vec<u64>,
    sets: [Set; SETS],
    now: u64,
    open: bool,
    looking: [Option<Looking>; 2],
    answer: Answer,
    reached: Reached,
}

/// What is written in a cycle.
#[derive(Clone, Copy, Debug)]
struct Write {
    set: usize,
    ways: [bool; 2],
    way: Way,
}

impl Driver {
    fn new(seed: u64) -> Self {
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let addresses = (0..SETS)
            .flat_map(|set| same_set(&mut random, INDEX_W, set, 4))
            .collect();
        Self {
            random,
            addresses,
            sets: [[None; 2]; SETS],
            now: 20,
            open: false,
            looking: [None; 2],
            answer: Answer::default(),
            reached: Reached::default(),
        }
    }

    fn any_address(&mut self) -> u64 {
        self.addresses[self.random.below(self.addresses.len() as u32) as usize]
    }

    /// A way that is to be swept out, or it would outlive its stamp.
    fn oldest(&self) -> Option<(usize, usize)> {
        let is_old = |way: &Way| way.is_some_and(|e| !e.is_static && e.epoch + 13 <= self.now);
        (0..SETS).find_map(|set| Some((set, self.sets[set].iter().position(is_old)?)))
    }

    /// An entry, the erasure of one or both, or nothing; an entry of an address goes where the address is.
    fn random_write(&mut self, calm: bool) -> Write {
        if let Some((set, way)) = self.oldest() {
            return Write {
                set,
                ways: [way == 0, way == 1],
                way: None,
            };
        }
        let address = self.any_address();
        let set = set_of(address, INDEX_W);
        let own = self.sets[set]
            .iter()
            .position(|way| way.is_some_and(|entry| entry.address == address));
        let chosen = own.unwrap_or(self.random.below(2) as usize);
        let ways = match self.random.below(8) {
            _ if calm => [false; 2],
            0 => [true; 2],
            1..=3 => [chosen == 0, chosen == 1],
            _ => [false; 2],
        };
        let is_entry = ways != [true; 2] && !self.random.one_in(4);
        let own_mask = 1 << OWN_PORT;
        let way = is_entry.then(|| Entry {
            address,
            mask: if self.random.bit() {
                own_mask
            } else {
                self.random.bits(PORTS) as u32
            },
            epoch: self.now,
            is_static: self.random.one_in(4),
        });
        Write { set, ways, way }
    }

    /// One cycle; with `slow` stages mostly hold, when it is `calm` only the sweep writes.
    fn cycle(&mut self, bench: &mut Bench<Dut>, slow: u32, calm: bool) {
        let reset = self.random.one_in(300);
        self.open |= self.random.one_in(30);
        let write = self.random_write(calm);
        let address = self.any_address();
        let advance = [0; 3].map(|_| self.random.one_in(slow));
        self.drive(bench, write, address, advance);
        bench.block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        let is = Answer {
            hit: block.lookup.hit.val(),
            mask: block.lookup.hit_mask.val().to_u32(),
            known: block.lookup.known.val(),
        };
        assert_eq!(is, self.answer, "cycle {}", bench.cycle);
        bench.clock();
        self.step(write, address, advance);
        if reset {
            self.reached.resets += u32::from(self.looking.iter().any(Option::is_some));
            (self.looking, self.answer, self.open) = ([None; 2], Answer::default(), false);
        }
        // No epoch passes before the sweep is through, nor two while a stage holds: a stamp must not come round again.
        let mut looking = self.looking.iter().flatten();
        let waits = looking.any(|looking| looking.epoch < self.now) || self.oldest().is_some();
        self.now += u64::from(!waits && self.random.one_in(12));
    }

    fn drive(&mut self, bench: &mut Bench<Dut>, write: Write, address: u64, advance: [bool; 3]) {
        let random = &mut self.random;
        let block = &mut bench.block;
        let lookup = &mut block.lookup;
        lookup.address[0].next = (address & 0xffff_ffff).into();
        lookup.address[1].next = (address >> 32 | random.bits(16) << 16).into();
        [
            lookup.advance_a.next,
            lookup.advance_b.next,
            lookup.advance_c.next,
        ] = advance;
        block.own_mask.next = (1_u64 << OWN_PORT).into();
        [block.write_way[0].next, block.write_way[1].next] = write.ways;
        block.write_index.next = (write.set as u64).into();
        let words = match write.way {
            Some(_) => entry_words(write.way, random),
            None => [0; 3],
        };
        block.write_low.next = words[0].into();
        block.write_high.next = words[1].into();
        block.write_flags.next = words[2].into();
        block.epoch.next = (self.now % 16).into();
        block.oldest.next = ((self.now - 15) % 16).into();
        block.open.next = self.open;
    }

    /// The clock edge: answers first, then what was read, then the write.
    fn step(&mut self, write: Write, address: u64, [a, b, c]: [bool; 3]) {
        if c {
            self.answer = self.judge();
        } else {
            self.reached.held += u32::from(self.answer.hit);
        }
        if b {
            self.looking[1] = self.looking[0];
        }
        if a {
            let set = set_of(address, INDEX_W);
            self.looking[0] = Some(Looking {
                address,
                read: self.sets[set],
                is_open: self.open,
                written: write.ways.map(|way| way && write.set == set),
                epoch: self.now,
            });
        }
        for way in (0..2).filter(|&way| write.ways[way]) {
            self.sets[write.set][way] = write.way;
        }
    }

    /// The answer to the lookup that is next.
    fn judge(&mut self) -> Answer {
        let (reached, now) = (&mut self.reached, self.now);
        let Some(looking) = self.looking[1] else {
            return Answer::default();
        };
        let place = looking
            .read
            .iter()
            .position(|way| way.is_some_and(|entry| entry.address == looking.address));
        let found = place.and_then(|place| looking.read[place]);
        let Some((place, entry)) = place.zip(found) else {
            reached.misses += 1;
            return Answer::default();
        };
        let counts = looking.is_open && !looking.written[place];
        reached.closed += u32::from(!looking.is_open);
        reached.collided += u32::from(looking.is_open && looking.written[place]);
        reached.expired += u32::from(counts && !entry.lives(now));
        reached.on_the_way += u32::from(counts && entry.lives(looking.epoch) && !entry.lives(now));
        if !counts || !entry.lives(now) {
            return Answer::default();
        }
        let is_own = entry.mask == 1 << OWN_PORT && entry.epoch == now;
        reached.hits += 1;
        reached.known += u32::from(is_own || entry.is_static);
        Answer {
            hit: true,
            mask: entry.mask,
            known: is_own || entry.is_static,
        }
    }
}

fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> Reached {
    let mut driver = Driver::new(seed);
    let mut slow = 1;
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            slow = 1 + driver.random.below(3);
        }
        driver.cycle(bench, slow, cycle % 500 >= 300);
    }
    driver.reached
}

#[test]
fn answers_from_what_it_read() {
    for seed in 1..=3 {
        let mut bench = Bench::new(Dut::new(Target::Generic));
        let reached = run(&mut bench, seed, 30_000);
        assert!(reached.all().iter().all(|n| *n > 10), "{reached:?}");
        assert!(
            reached.hits > 2_000 && reached.collided > 100,
            "{reached:?}"
        );
    }
}

#[test]
fn an_answer_stands_three_edges_after_its_address() {
    let mut bench = Bench::new(Dut::new(Target::Generic));
    let mut driver = Driver::new(4);
    let address = driver.addresses[0];
    driver.open = true;
    let entry = Entry {
        address,
        mask: 0b1000,
        epoch: driver.now,
        is_static: false,
    };
    let write = Write {
        set: set_of(address, INDEX_W),
        ways: [false, true],
        way: Some(entry),
    };
    let idle = Write {
        ways: [false; 2],
        ..write
    };
    let hits = [write, idle, idle, idle, idle].map(|write| {
        driver.drive(&mut bench, write, address, [true; 3]);
        bench.clock();
        bench.block.lookup.hit.val()
    });
    // The first lookup reads while the entry is being written, and does not find it.
    assert_eq!(hits, [false, false, false, true, true]);
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::new(Target::Generic));
    let reached = run(&mut bench, 5, 4_000);
    assert!(reached.all().iter().all(|n| *n > 0), "{reached:?}");
    bench.replay();
}
