//! Tests of [`LearnEngine`]: a copy of the table made from its writes alone is the reference's table in every cycle.

use super::bench::written;
use crate::cosim::Random;
use crate::table::reference::{Done, Inputs, PortInputs, Pulses, Reference, Set, TableInputs};
use crate::table::{minimum_ageing_period, LearnEngine};
use crate::target::Target;
use crate::testbench::Bench;

const PORTS: usize = 3;
const INDEX_W: usize = 2;

type Dut = LearnEngine<PORTS, INDEX_W>;

/// How often each case was there: learned, moved, a full set, aged, answers, resets of an open table.
type Reached = [u32; 6];

/// An engine, its reference and the copy.
struct Driver<'a> {
    bench: &'a mut Bench<Dut>,
    reference: Reference,
    copy: Vec<Set>,
    inputs: Inputs,
    reached: Reached,
}

impl<'a> Driver<'a> {
    /// After a cycle of reset.
    fn new(bench: &'a mut Bench<Dut>) -> Self {
        bench.block.reset.next = true;
        bench.clock();
        Self {
            bench,
            reference: Reference::new(PORTS, INDEX_W),
            copy: vec![[None; 2]; 1 << INDEX_W],
            inputs: Inputs {
                port: vec![PortInputs::default(); PORTS],
                ..Inputs::default()
            },
            reached: [0; 6],
        }
    }

    /// One cycle: compares, then clocks all three.
    fn cycle(&mut self) {
        self.drive();
        self.compare();
        self.write_copy();
        self.bench.clock();
        self.reference.step(&self.inputs);
        assert_eq!(
            self.copy,
            self.reference.sets(),
            "cycle {}",
            self.bench.cycle
        );
    }

    fn drive(&mut self) {
        let words = |address: u64| [(address & 0xffff_ffff).into(), (address >> 32).into()];
        let (block, inputs) = (&mut self.bench.block, &self.inputs);
        block.reset.next = inputs.reset;
        block.cfg_ageing_period.next = u64::from(inputs.period).into();
        for (pins, port) in block.learn.iter_mut().zip(&inputs.port) {
            pins.valid.next = port.learn.is_some();
            [pins.address[0].next, pins.address[1].next] = words(port.learn.unwrap_or(0));
        }
        let request = inputs.table.unwrap_or_default();
        block.table_valid.next = inputs.table.is_some();
        block.table_op.next = u64::from(request.op).into();
        [block.table_address[0].next, block.table_address[1].next] = words(request.address);
        block.table_mask.next = u64::from(request.mask).into();
        self.bench.settle();
    }

    fn compare(&mut self) {
        let (block, cycle) = (&self.bench.block, self.bench.cycle);
        let wanted = self.reference.outputs();
        let ready: Vec<bool> = block.learn.iter().map(|pins| pins.ready.val()).collect();
        assert_eq!(ready, wanted.learn_ready, "cycle {cycle}");
        assert_eq!(block.table_ready.val(), wanted.table_ready, "cycle {cycle}");
        let done = block.table_done.val().then(|| Done {
            found: block.table_found.val(),
            mask: block.table_found_mask.val().to_u32(),
            is_static: block.table_found_static.val(),
            full: block.table_full.val(),
        });
        assert_eq!(done, wanted.done, "cycle {cycle}");
        assert_eq!(block.open.val(), wanted.open, "cycle {cycle}");
        let pulses = Pulses {
            learned: block.stat_learned.val(),
            moved: block.stat_moved.val(),
            learn_full: block.stat_learn_full.val(),
            aged: [block.stat_aged[0].val(), block.stat_aged[1].val()],
        };
        assert_eq!(pulses, wanted.pulses, "cycle {cycle}");
        let epoch = self.reference.epoch();
        assert_eq!(block.epoch.val(), epoch % 16, "cycle {cycle}");
        assert_eq!(block.oldest.val(), (epoch + 1) % 16, "cycle {cycle}");
        let counts = [
            pulses.learned,
            pulses.moved,
            pulses.learn_full,
            pulses.aged[0] || pulses.aged[1],
            done.is_some(),
            self.inputs.reset && wanted.open,
        ];
        for (reached, counts) in self.reached.iter_mut().zip(counts) {
            *reached += u32::from(counts);
        }
    }

    /// What every port's copy does with the write; its stamp is compared with the reference's entry, not with the
    /// epoch, which may have passed since.
    fn write_copy(&mut self) {
        let block = &self.bench.block;
        let words = [
            block.write_low.val().to_u32(),
            block.write_high.val().to_u32(),
            block.write_flags.val().to_u32(),
        ];
        let set = block.write_index.val().index();
        let epoch = self.reference.epoch();
        for way in (0..2).filter(|&way| block.write_way[way].val()) {
            let is_now = words[2] & 15 == (epoch % 16) as u32;
            self.copy[set][way] = written(words, if is_now { epoch } else { epoch - 1 });
        }
    }
}

fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> (Reached, [u64; 2]) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let pool: Vec<u64> = (0..5 << INDEX_W)
        .map(|i| random.bits(48) & !1 | u64::from(i % 16 == 0))
        .collect();
    let mut driver = Driver::new(bench);
    driver.inputs.period = minimum_ageing_period(PORTS, INDEX_W);
    let mut load = 1;
    for cycle in 0..cycles {
        // Calm stretches let entries expire.
        if cycle % 3_200 == 0 {
            load = 1 + random.below(4);
        }
        let is_calm = cycle % 3_200 >= 1_000;
        let mut any_address = || pool[random.below(pool.len() as u32) as usize];
        let addresses = [any_address(), any_address(), any_address(), any_address()];
        for (port, address) in driver.inputs.port.iter_mut().zip(addresses) {
            if port.learn.is_none() && !is_calm && random.one_in(load) {
                port.learn = Some(address);
            }
        }
        if driver.inputs.table.is_none() && !is_calm && random.one_in(20 * load) {
            let kinds = 5 + u32::from(random.one_in(4));
            let op = [0, 1, 1, 2, 2, 3][random.below(kinds) as usize];
            driver.inputs.table = Some(TableInputs {
                op,
                address: addresses[3],
                mask: random.bits(PORTS) as u32,
            });
        }
        driver.inputs.reset = random.one_in(4_000);
        let taken = driver.reference.outputs();
        driver.cycle();
        for (port, ready) in driver.inputs.port.iter_mut().zip(taken.learn_ready) {
            port.learn = port.learn.filter(|_| !ready);
        }
        if taken.table_ready {
            driver.inputs.table = None;
        }
    }
    let Driver {
        reference, reached, ..
    } = driver;
    (reached, [reference.stalls, reference.replaced])
}

#[test]
fn writes_what_the_reference_writes() {
    for seed in 1..=2 {
        let mut bench = Bench::new(Dut::new(Target::Generic));
        let (reached, [stalls, replaced]) = run(&mut bench, seed, 30_000);
        assert!(reached.iter().all(|n| *n > 3), "{reached:?}");
        assert!(reached[..3].iter().all(|n| *n > 50), "{reached:?}");
        assert!(stalls > 1_000 && replaced > 300, "{stalls} {replaced}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::new(Target::Generic));
    let (reached, [stalls, replaced]) = run(&mut bench, 3, 6_400);
    assert!(reached[..5].iter().all(|n| *n > 0), "{reached:?}");
    assert!(stalls > 100 && replaced > 30, "{stalls} {replaced}");
    bench.replay();
}
