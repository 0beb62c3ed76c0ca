//! Tests of the whole MAC table: every cycle of every test compares all its outputs with the reference's.

use std::collections::HashMap;

use crate::cosim;
use crate::prelude::*;
use crate::table::reference::{
    set_of, Answer, Done, Inputs, Outputs, PortInputs, Pulses, Reference, TableInputs,
};
use crate::table::{minimum_ageing_period, MacTable, AGE_EPOCHS};
use crate::target::Target;

/// Xorshift: the same stimulus on every machine.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// An individual address.
    fn address(&mut self) -> u64 {
        (u64::from(self.next()) << 16 ^ u64::from(self.next())) & 0xffff_ffff_fffe
    }
}

/// The table and its reference, side by side.
struct Bench<const PORTS: usize, const INDEX_W: usize> {
    table: Box<MacTable<PORTS, INDEX_W>>,
    reference: Reference,
    inputs: Inputs,
    cycle: u64,
    /// Pulses seen: learned, moved, learn full, aged.
    pulses: [u64; 4],
}

impl<const PORTS: usize, const INDEX_W: usize> Bench<PORTS, INDEX_W> {
    /// A table that has been reset and has cleared itself.
    fn new(period: u32) -> Self {
        let mut bench = Self::in_reset(period);
        bench.wait_open();
        bench
    }

    /// A table after one cycle of reset.
    fn in_reset(period: u32) -> Self {
        let mut table = Box::new(MacTable::<PORTS, INDEX_W>::new(Target::Generic));
        table.connect_all();
        let idle = PortInputs {
            advance: [true; 3],
            ..PortInputs::default()
        };
        let mut bench = Self {
            table,
            reference: Reference::new(PORTS, INDEX_W),
            inputs: Inputs {
                reset: true,
                period,
                port: vec![idle; PORTS],
                table: None,
            },
            cycle: 0,
            pulses: [0; 4],
        };
        bench.cycle();
        bench.inputs.reset = false;
        bench
    }

    fn wait_open(&mut self) {
        for _ in 0..(1 << INDEX_W) + 8 {
            self.cycle();
        }
        assert!(
            self.outputs().open,
            "not open 2^INDEX_W + 8 cycles after reset"
        );
    }

    fn settle(&mut self) {
        for _ in 0..100 {
            self.table.update_all();
            if !self.table.has_changed() {
                return;
            }
        }
        panic!("the table does not settle");
    }

    fn drive(&mut self) {
        let words = |address: u64| [(address & 0xffff_ffff).into(), (address >> 32).into()];
        let table = &mut self.table;
        table.reset.next = self.inputs.reset;
        table.cfg_ageing_period.next = u64::from(self.inputs.period).into();
        for (i, port) in self.inputs.port.iter().enumerate() {
            [
                table.lookup[i].address[0].next,
                table.lookup[i].address[1].next,
            ] = words(port.address);
            table.lookup[i].advance_a.next = port.advance[0];
            table.lookup[i].advance_b.next = port.advance[1];
            table.lookup[i].advance_c.next = port.advance[2];
            table.learn[i].valid.next = port.learn.is_some();
            [
                table.learn[i].address[0].next,
                table.learn[i].address[1].next,
            ] = words(port.learn.unwrap_or(0));
        }
        let request = self.inputs.table.unwrap_or_default();
        table.table_valid.next = self.inputs.table.is_some();
        table.table_op.next = u64::from(request.op).into();
        [table.table_address[0].next, table.table_address[1].next] = words(request.address);
        table.table_mask.next = u64::from(request.mask).into();
        self.settle();
    }

    fn outputs(&mut self) -> Outputs {
        self.drive();
        let table = &self.table;
        Outputs {
            answer: (0..PORTS)
                .map(|i| Answer {
                    hit: table.lookup[i].hit.val(),
                    mask: table.lookup[i].hit_mask.val().to_u32(),
                    known: table.lookup[i].known.val(),
                })
                .collect(),
            learn_ready: (0..PORTS).map(|i| table.learn[i].ready.val()).collect(),
            table_ready: table.table_ready.val(),
            done: table.table_done.val().then(|| Done {
                found: table.table_found.val(),
                mask: table.table_found_mask.val().to_u32(),
                is_static: table.table_found_static.val(),
                full: table.table_full.val(),
            }),
            open: table.open.val(),
            pulses: Pulses {
                learned: table.stat_learned.val(),
                moved: table.stat_moved.val(),
                learn_full: table.stat_learn_full.val(),
                aged: [table.stat_aged[0].val(), table.stat_aged[1].val()],
            },
        }
    }

    /// One cycle: compares, then clocks both.
    fn cycle(&mut self) -> Outputs {
        let outputs = self.outputs();
        if self.cycle > 0 {
            assert_eq!(outputs, self.reference.outputs(), "cycle {}", self.cycle);
        }
        let pulses = outputs.pulses;
        self.pulses[0] += u64::from(pulses.learned);
        self.pulses[1] += u64::from(pulses.moved);
        self.pulses[2] += u64::from(pulses.learn_full);
        self.pulses[3] += pulses.aged.iter().map(|&way| u64::from(way)).sum::<u64>();
        for clk in [true, false] {
            self.table.clock.next = Clock { clk };
            self.settle();
        }
        self.reference.step(&self.inputs);
        self.cycle += 1;
        outputs
    }

    /// Runs `cycles` with every learn port offering the next of its addresses, until all are taken and have landed.
    fn learn_all(&mut self, port: usize, addresses: &[u64]) {
        for &address in addresses {
            self.inputs.port[port].learn = Some(address);
            let mut cycles = 0;
            while !self.cycle().learn_ready[port] {
                cycles += 1;
                assert!(cycles < 100, "learn port {port} starves");
            }
            self.inputs.port[port].learn = None;
        }
        for _ in 0..12 {
            self.cycle();
        }
        assert!(addresses.is_empty() || self.outputs().open);
    }

    /// Looks one address up on one port: three edges later the answer stands.
    fn lookup(&mut self, port: usize, address: u64) -> Answer {
        self.inputs.port[port].address = address;
        self.cycle();
        self.inputs.port[port].address = 0xdead_beef_0000;
        self.cycle();
        self.cycle();
        self.outputs().answer[port]
    }

    fn table_op(&mut self, op: u8, address: u64, mask: u32) -> Done {
        self.inputs.table = Some(TableInputs { op, address, mask });
        let mut taken = false;
        for _ in 0..(PORTS as u64 + 2) << INDEX_W << 3 {
            let outputs = self.cycle();
            if outputs.table_ready {
                self.inputs.table = None;
                taken = true;
            }
            if let Some(done) = outputs.done {
                assert!(taken);
                return done;
            }
        }
        panic!("the table port does not answer");
    }
}

/// The first `count` individual addresses from `seed` on that share the set of the first.
fn same_set<const INDEX_W: usize>(seed: u32, count: usize) -> Vec<u64> {
    let mut random = Random(seed);
    let mut addresses: Vec<u64> = vec![random.address()];
    while addresses.len() < count {
        let address = random.address();
        if set_of(address, INDEX_W) == set_of(addresses[0], INDEX_W)
            && !addresses.contains(&address)
        {
            addresses.push(address);
        }
    }
    addresses
}

const READ: u8 = 0;
const WRITE_STATIC: u8 = 1;
const DELETE: u8 = 2;
const FLUSH: u8 = 3;

const MISS: Answer = Answer {
    hit: false,
    mask: 0,
    known: false,
};

fn hit(mask: u32, known: bool) -> Answer {
    Answer {
        hit: true,
        mask,
        known,
    }
}

fn found(mask: u32, is_static: bool) -> Done {
    Done {
        found: true,
        mask,
        is_static,
        full: false,
    }
}

#[test]
fn finds_on_every_port_what_one_port_learned() {
    let mut bench = Bench::<4, 9>::new(0);
    let address = 0x0605_0403_0200;
    assert_eq!(bench.lookup(2, address), MISS);
    bench.learn_all(1, &[address]);
    for port in 0..4 {
        assert_eq!(bench.lookup(port, address), hit(0b0010, port == 1));
        assert_eq!(bench.lookup(port, address ^ 0x8000_0000_0000), MISS);
    }
    assert_eq!(bench.table_op(READ, address, 0), found(0b0010, false));
    assert_eq!(bench.pulses, [1, 0, 0, 0]);
}

#[test]
fn finds_a_learned_address_from_the_eighth_cycle_on() {
    let mut bench = Bench::<2, 3>::new(0);
    let address = 0x1234_5678_9abc;
    bench.inputs.port[0].address = address;
    bench.inputs.port[0].learn = Some(address);
    while !bench.cycle().learn_ready[0] {}
    let taken = bench.cycle - 1;
    bench.inputs.port[0].learn = None;
    while !bench.outputs().answer[0].hit {
        assert!(bench.cycle < taken + 100);
        bench.cycle();
    }
    assert_eq!(
        bench.cycle - 3,
        taken + 8,
        "the lookup that hits was presented in this cycle"
    );
}

#[test]
fn a_moved_station_updates_at_once() {
    let mut bench = Bench::<4, 3>::new(0);
    let address = 0x0000_1111_2222;
    for (moves, port) in [3, 0, 2, 2, 1].into_iter().enumerate() {
        bench.learn_all(port, &[address]);
        assert_eq!(bench.lookup(port, address), hit(1 << port, true));
        assert_eq!(bench.lookup((port + 1) % 4, address), hit(1 << port, false));
        assert_eq!(bench.pulses[0], 1);
        assert!(bench.pulses[1] <= moves as u64);
    }
    assert_eq!(bench.pulses, [1, 3, 0, 0]);
}

#[test]
fn a_full_set_gives_up_its_older_entry_and_alternates_between_equals() {
    let period = minimum_ageing_period(2, 3);
    let mut bench = Bench::<2, 3>::new(period);
    let address = same_set::<3>(7, 8);
    bench.learn_all(0, &address[..1]);
    let epoch = bench.reference.epoch();
    while bench.reference.epoch() == epoch {
        bench.cycle();
    }
    bench.learn_all(0, &address[1..2]);
    bench.learn_all(0, &address[2..3]);
    assert_eq!(bench.lookup(1, address[0]), MISS, "the older entry stays");
    assert_eq!(bench.lookup(1, address[1]), hit(1, false));
    assert_eq!(bench.lookup(1, address[2]), hit(1, false));
    // Equals: each replacement takes the other way than the one before.
    bench.inputs.period = 0;
    bench.learn_all(1, &address[1..8]);
    assert_eq!(bench.lookup(0, address[6]), hit(2, false));
    assert_eq!(bench.lookup(0, address[7]), hit(2, false));
    assert_eq!(bench.lookup(0, address[5]), MISS);
    assert!(bench.reference.replaced >= 5);
}

#[test]
fn learning_never_overwrites_or_moves_a_static_entry() {
    let mut bench = Bench::<4, 3>::new(0);
    let address = same_set::<3>(11, 4);
    let group = 0x0000_005e_0001 | 1;
    assert_eq!(
        bench.table_op(WRITE_STATIC, address[0], 0b0100),
        Done::default()
    );
    bench.learn_all(1, &[address[0], address[0]]);
    assert_eq!(
        bench.lookup(1, address[0]),
        hit(0b0100, true),
        "known: not to be learned"
    );
    bench.learn_all(3, &[address[1], address[2]]);
    assert_eq!(bench.lookup(0, address[0]), hit(0b0100, true));
    assert_eq!(bench.lookup(0, address[1]), MISS, "replaced by the next");
    // A dynamic entry gives way to a static one; a third finds the set full, and so does a learn.
    assert_eq!(
        bench.table_op(WRITE_STATIC, address[1], 0b1001),
        Done::default()
    );
    assert_eq!(bench.lookup(0, address[2]), MISS);
    let full = Done {
        full: true,
        ..Done::default()
    };
    assert_eq!(bench.table_op(WRITE_STATIC, address[3], 0b0001), full);
    bench.learn_all(0, &address[2..4]);
    assert_eq!(bench.pulses[2], 2, "learns into a full set");
    // The same address again: rewritten in place.
    assert_eq!(
        bench.table_op(WRITE_STATIC, address[1], 0),
        found(0b1001, true)
    );
    assert_eq!(
        bench.lookup(2, address[1]),
        hit(0, true),
        "an empty mask is an entry too"
    );
    // Group addresses only through the table port.
    bench.learn_all(0, &[group]);
    assert_eq!(bench.lookup(0, group), MISS);
    bench.table_op(WRITE_STATIC, group, 0b1110);
    assert_eq!(bench.lookup(0, group), hit(0b1110, true));
    assert_eq!(bench.table_op(DELETE, group, 0), found(0b1110, true));
    assert_eq!(bench.lookup(0, group), MISS);
}

#[test]
fn a_flush_erases_dynamic_entries_only_and_learning_goes_on() {
    let mut bench = Bench::<4, 4>::new(0);
    let mut random = Random(5);
    let address: Vec<u64> = (0..12).map(|_| random.address()).collect();
    bench.learn_all(2, &address[..8]);
    for &address in &address[8..] {
        bench.table_op(WRITE_STATIC, address, 0b0011);
    }
    let statics = address[8..]
        .iter()
        .filter(|&&a| bench.reference.entry(a).is_some())
        .count();
    assert!(statics >= 3);
    bench.inputs.port[1].learn = Some(address[0]);
    assert_eq!(bench.table_op(FLUSH, 0, 0), Done::default());
    bench.inputs.port[1].learn = None;
    for &address in &address[1..8] {
        assert_eq!(bench.lookup(0, address), MISS);
    }
    assert_eq!(
        bench.lookup(0, address[0]),
        hit(0b0010, false),
        "learned all along"
    );
    let after = address[8..]
        .iter()
        .filter(|&&a| bench.reference.entry(a).is_some())
        .count();
    assert_eq!(after, statics);
    assert_eq!(bench.table_op(DELETE, address[0], 0), found(0b0010, false));
    assert_eq!(bench.table_op(DELETE, address[0], 0), Done::default());
    assert_eq!(bench.lookup(0, address[0]), MISS);
}

/// Learns an address `offset` cycles into an epoch and returns the cycles until no lookup finds it.
fn lifetime(offset: u32) -> u64 {
    let period = minimum_ageing_period(2, 3);
    let mut bench = Bench::<2, 3>::new(period);
    let (address, eternal) = (0x0200_0000_0002, 0x0200_0000_0300);
    bench.table_op(WRITE_STATIC, eternal, 0b11);
    let epoch = bench.reference.epoch();
    while bench.reference.epoch() == epoch {
        bench.cycle();
    }
    for _ in 0..offset {
        bench.cycle();
    }
    bench.inputs.port[0].address = address;
    bench.inputs.port[0].learn = Some(address);
    while !bench.cycle().learn_ready[0] {}
    let learned = bench.cycle;
    bench.inputs.port[0].learn = None;
    while bench.cycle().answer[0] == MISS {}
    while bench.cycle().answer[0] != MISS {}
    let lived = bench.cycle - learned;
    while bench.pulses[3] == 0 {
        assert!(
            bench.cycle - learned < 20 * u64::from(period),
            "never swept out"
        );
        bench.cycle();
    }
    assert_eq!(
        bench.lookup(1, eternal),
        hit(0b11, true),
        "static entries do not age"
    );
    lived
}

#[test]
fn an_entry_expires_between_eleven_and_twelve_periods() {
    let period = u64::from(minimum_ageing_period(2, 3));
    let (shortest, longest) = (
        (u64::from(AGE_EPOCHS) - 1) * period,
        u64::from(AGE_EPOCHS) * period,
    );
    for offset in [0, period / 2, period - 20] {
        let lived = lifetime(offset as u32);
        println!("offset {offset}: lived {lived} cycles of {shortest}..={longest}");
        assert!((shortest..=longest).contains(&lived), "{lived}");
    }
}

#[test]
fn reset_clears_the_table_and_nothing_is_found_meanwhile() {
    let mut bench = Bench::<4, 4>::new(0);
    let mut random = Random(3);
    let address: Vec<u64> = (0..10).map(|_| random.address()).collect();
    bench.learn_all(0, &address[..9]);
    bench.table_op(WRITE_STATIC, address[9], 0b1111);
    assert!(bench.lookup(3, address[9]).hit);
    // A lookup that read the table before it was cleared, and is held until after.
    bench.inputs.reset = true;
    bench.cycle();
    bench.inputs.reset = false;
    bench.inputs.port[3].address = address[9];
    bench.cycle();
    bench.cycle();
    bench.inputs.port[3].advance = [false, false, false];
    bench.inputs.port[0].learn = Some(address[0]);
    let mut refused = 0;
    while !bench.cycle().open {
        assert!(
            !bench.outputs().learn_ready[0] && !bench.outputs().table_ready || bench.outputs().open
        );
        refused += 1;
    }
    assert!(refused >= 16, "learns wait while the table clears itself");
    bench.inputs.port[0].learn = None;
    bench.inputs.port[3].advance = [false, false, true];
    bench.cycle();
    assert_eq!(
        bench.outputs().answer[3],
        MISS,
        "read before it was cleared"
    );
    bench.inputs.port[3].advance = [true; 3];
    for _ in 0..12 {
        bench.cycle();
    }
    for &address in &address[1..] {
        assert_eq!(bench.lookup(3, address), MISS);
    }
    assert_eq!(bench.pulses[2..], [0, 0]);
}

#[test]
fn agrees_with_a_plain_map_while_sets_do_not_overflow() {
    let mut bench = Bench::<4, 5>::new(0);
    let mut random = Random(0x5eed);
    let mut per_set = HashMap::<usize, u32>::new();
    let mut address = Vec::new();
    while address.len() < 50 {
        let candidate = random.address();
        let count = per_set.entry(set_of(candidate, 5)).or_default();
        if *count < 2 {
            *count += 1;
            address.push(candidate);
        }
    }
    let mut map = HashMap::<u64, u32>::new();
    for _ in 0..4_000 {
        for port in &mut bench.inputs.port {
            if port.learn.is_none() && random.chance(60) {
                port.learn = Some(address[random.below(50) as usize]);
            }
        }
        let outputs = bench.cycle();
        for (i, port) in bench.inputs.port.iter_mut().enumerate() {
            if outputs.learn_ready[i] {
                if let Some(address) = port.learn.take() {
                    map.insert(address, 1 << i);
                }
            }
        }
    }
    for port in &mut bench.inputs.port {
        port.learn = None;
    }
    for _ in 0..12 {
        bench.cycle();
    }
    assert_eq!(map.len(), 50);
    for (&address, &mask) in &map {
        for port in 0..4 {
            assert_eq!(bench.lookup(port, address), hit(mask, mask == 1 << port));
        }
    }
    assert!(bench.pulses[1] > 500, "stations moved");
}

/// Everything at random, on few addresses in few sets; returns the bench for its counts.
fn storm<const PORTS: usize, const INDEX_W: usize>(
    seed: u32,
    cycles: u32,
    period: u32,
    resets: bool,
) -> Bench<PORTS, INDEX_W> {
    println!("seed {seed:#x}");
    let mut random = Random(seed);
    let mut bench = Bench::<PORTS, INDEX_W>::new(period);
    let pool: Vec<u64> = (0..6 << INDEX_W)
        .map(|i| random.address() | u64::from(i % 16 == 0))
        .collect();
    let mut reset_left = 0;
    let mut calm = 0;
    for cycle in 0..cycles {
        // Calm stretches let entries expire.
        if period > 0 && cycle % (period * 25) == 0 {
            calm = period * 18;
        }
        calm = calm.saturating_sub(1);
        let busy = if calm > 0 { 0 } else { 40 };
        for port in &mut bench.inputs.port {
            port.address = pool[random.below(pool.len() as u32) as usize];
            port.advance = std::array::from_fn(|_| random.chance(70));
            if port.learn.is_none() && random.chance(busy) {
                port.learn = Some(pool[random.below(pool.len() as u32) as usize]);
            }
        }
        if bench.inputs.table.is_none() && calm == 0 && random.chance(2) {
            let kinds = 6 + u32::from(random.chance(20));
            let op = [READ, READ, DELETE, DELETE, DELETE, WRITE_STATIC, FLUSH];
            bench.inputs.table = Some(TableInputs {
                op: op[random.below(kinds) as usize],
                address: pool[random.below(pool.len() as u32 / 2) as usize],
                mask: random.below(1 << PORTS),
            });
        }
        if resets && reset_left == 0 && random.below(500) == 0 {
            reset_left = 1 + random.below(3);
        }
        bench.inputs.reset = reset_left > 0;
        reset_left = reset_left.saturating_sub(1);
        let outputs = bench.cycle();
        for (i, port) in bench.inputs.port.iter_mut().enumerate() {
            if outputs.learn_ready[i] {
                port.learn = None;
            }
        }
        if outputs.table_ready {
            bench.inputs.table = None;
        }
    }
    bench
}

#[test]
fn follows_the_reference_in_a_storm_of_four_ports() {
    let period = minimum_ageing_period(4, 2);
    let bench = storm::<4, 2>(0x00c0_ffee, 30_000, period, false);
    let [learned, moved, full, aged] = bench.pulses;
    println!(
        "learned {learned}, moved {moved}, learn full {full}, aged {aged}, replaced {}, stalls {}, collisions {}, epochs {}",
        bench.reference.replaced,
        bench.reference.stalls,
        bench.reference.collisions,
        bench.reference.epoch(),
    );
    assert!(learned > 1_000 && moved > 300 && full > 50 && aged > 5);
    assert!(
        bench.reference.replaced > 500
            && bench.reference.stalls > 2_000
            && bench.reference.collisions > 200
    );
    assert!(bench.reference.epoch() > 48, "the stamp wraps three times");
}

#[test]
fn follows_the_reference_in_a_storm_of_two_ports_with_resets() {
    let bench = storm::<2, 3>(0x0bad_cafe, 20_000, minimum_ageing_period(2, 3), true);
    assert!(bench.pulses[0] > 500 && bench.pulses[1] > 50);
}

#[test]
fn never_returns_an_expired_entry_whatever_the_epoch() {
    // One entry in every epoch of three wraps, none refreshed: each lives its time, none comes back.
    let period = minimum_ageing_period(2, 2);
    let mut bench = Bench::<2, 2>::new(period);
    let mut random = Random(99);
    let mut learned = Vec::new();
    while bench.reference.epoch() < 50 {
        let (epoch, address) = (bench.reference.epoch(), random.address());
        bench.learn_all(0, &[address]);
        learned.push((epoch, address));
        while bench.reference.epoch() == epoch {
            bench.cycle();
        }
        for &(then, address) in &learned {
            if bench.lookup(1, address).hit {
                assert!(bench.reference.epoch() - then < u64::from(AGE_EPOCHS));
            }
        }
    }
    assert!(bench.pulses[3] > 5, "entries were swept out");
}

#[test]
fn all_ports_learn_and_look_up_at_full_rate() {
    const PORTS: usize = 4;
    const FRAMES: usize = 2_000;
    const FRAME_CYCLES: u64 = 8;
    let mut bench = Bench::<PORTS, 9>::new(0);
    let mut random = Random(0x1eaf);
    let start = bench.cycle;
    let mut offered_at = [0; PORTS];
    let (mut worst, mut total, mut learns, mut overrun) = (0, 0_u32, 0_u32, 0);
    let mut hits = 0;
    let mut heard = vec![random.address()];
    for cycle in 0..FRAMES as u64 * FRAME_CYCLES {
        for (i, offered_at) in offered_at.iter_mut().enumerate() {
            // Frames of 8 beats, all ports in phase: the worst case.
            let port = &mut bench.inputs.port[i];
            match cycle % FRAME_CYCLES {
                0 => port.address = heard[random.below(heard.len() as u32) as usize],
                1 => port.address = random.address(),
                7 => {
                    overrun += u64::from(port.learn.is_some());
                    let address = random.address();
                    heard.push(address);
                    port.learn = Some(address);
                    *offered_at = cycle;
                }
                _ => {}
            }
        }
        if heard.len() > 256 {
            heard.drain(..heard.len() - 256);
        }
        let outputs = bench.cycle();
        for (i, offered_at) in offered_at.iter().enumerate() {
            if outputs.learn_ready[i] && bench.inputs.port[i].learn.take().is_some() {
                let wait = cycle - offered_at;
                worst = worst.max(wait);
                total += wait as u32;
                learns += 1;
            }
            // The destination's answer stands three cycles after its first beat.
            hits += u64::from(cycle % FRAME_CYCLES == 3 && outputs.answer[i].hit);
        }
    }
    let frames = (FRAMES * PORTS) as u64;
    println!(
        "{frames} frames in {} cycles: worst learn wait {worst} cycles, mean {:.2}, overruns {overrun}, \
         worst lookup latency 3 cycles, destinations found {hits}, stalls {}",
        bench.cycle - start,
        f64::from(total) / f64::from(learns),
        bench.reference.stalls,
    );
    assert_eq!(overrun, 0, "a learn met the one of the frame before");
    assert!(worst < FRAME_CYCLES + 1, "worst learn wait {worst}");
    assert!(hits > frames / 2 && u64::from(learns) > frames - 8);
    assert!(bench.pulses[0] > frames * 9 / 10);
}

#[test]
fn all_ports_at_once_on_one_set_wait_for_one_another() {
    let mut bench = Bench::<4, 9>::new(0);
    let address = same_set::<9>(21, 16);
    let (mut worst, mut wait, mut next) = (0, [0_u32; 4], 0);
    for _ in 0..4_000 {
        for port in &mut bench.inputs.port {
            if port.learn.is_none() {
                port.learn = Some(address[next % 16]);
                next += 1;
            }
        }
        let outputs = bench.cycle();
        for (i, wait) in wait.iter_mut().enumerate() {
            *wait += 1;
            if outputs.learn_ready[i] {
                bench.inputs.port[i].learn = None;
                worst = worst.max(*wait);
                *wait = 0;
            }
        }
    }
    println!("worst learn wait {worst} cycles, {next} learns");
    assert!(worst <= 5 * 5, "{worst}");
    assert!(bench.reference.stalls > 2_000 && bench.reference.replaced > 500);
}

/// Every input at random, on so few addresses that all things happen.
fn stir<const PORTS: usize, const INDEX_W: usize>(
    table: &mut MacTable<PORTS, INDEX_W>,
    random: &mut cosim::Random,
) {
    let mut address = || {
        [
            u64::from(random.below(12)).into(),
            u64::from(random.below(2)).into(),
        ]
    };
    [table.table_address[0].next, table.table_address[1].next] = address();
    for i in 0..PORTS {
        [
            table.lookup[i].address[0].next,
            table.lookup[i].address[1].next,
        ] = address();
        [
            table.learn[i].address[0].next,
            table.learn[i].address[1].next,
        ] = address();
    }
    for i in 0..PORTS {
        table.lookup[i].advance_a.next = !random.one_in(4);
        table.lookup[i].advance_b.next = !random.one_in(4);
        table.lookup[i].advance_c.next = !random.one_in(4);
        table.learn[i].valid.next = random.one_in(4);
    }
    table.cfg_ageing_period.next = u64::from(minimum_ageing_period(PORTS, INDEX_W)).into();
    table.table_valid.next = random.one_in(20);
    table.table_op.next = if random.one_in(8) {
        3
    } else {
        u64::from(random.below(3))
    }
    .into();
    table.table_mask.next = random.bits(PORTS).into();
    table.reset.next = random.one_in(2_000);
}

#[test]
fn the_verilog_of_two_ports_is_the_same() {
    for target in Target::ALL {
        cosim::check!(MacTable::<2, 3>::new(target), 20_000, 1, stir);
    }
}

#[test]
fn the_verilog_of_four_ports_is_the_same() {
    let (design, trace) = cosim::check!(MacTable::<4, 9>::new(Target::Generic), 4_000, 2, stir);
    assert_eq!(trace.len(), 4_000);
    assert!(design.verilog().contains("module mac_table_4_9"));
}
