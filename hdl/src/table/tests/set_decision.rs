//! Tests of [`SetDecision`]: every operation on sets of every kind.

use super::bench::{effect, put, put_facts, random_op, random_set, Effect, Op, KINDS};
use crate::cosim::Random;
use crate::table::reference::{Entry, Set};
use crate::table::{Operation, SetDecision};
use crate::testbench::Bench;

const PORTS: usize = 4;
const INDEX_W: usize = 3;

type Dut = SetDecision<PORTS, INDEX_W>;

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reached {
    /// Learned, moved, found full by a learn and by a write, found, aged, tied, refreshed; erased by delete and flush;
    /// group addresses heard; operations that were none.
    cases: [u32; 12],
}

impl Reached {
    pub fn count(&mut self, op: Option<Op>, set: Set, effect: &Effect) {
        let kind = op.map(|op| op.kind);
        let fewer = effect.set.iter().flatten().count() < set.iter().flatten().count();
        let cases = [
            effect.learned,
            effect.moved,
            effect.learn_full,
            effect.table_full,
            effect.found,
            effect.aged[0] || effect.aged[1],
            effect.tie,
            kind == Some(Operation::Learn) && effect.set == set,
            kind == Some(Operation::Delete) && fewer,
            kind == Some(Operation::Flush) && fewer,
            op.is_some_and(|op| op.kind == Operation::Learn && op.address & 1 == 1),
            op.is_none(),
        ];
        for (count, is) in self.cases.iter_mut().zip(cases) {
            *count += u32::from(is);
        }
    }

    pub fn assert(&self, least: u32) {
        assert!(self.cases.iter().all(|n| *n > least), "{self:?}");
    }
}

fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> Reached {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut reached = Reached::default();
    let addresses = [0x0010, 0x0020, 0x1000_0000_0030, 0x0011];
    let (now, mut turn) = (40, 0);
    for cycle in 0..cycles {
        // No entry of a group address but a static one.
        let mut set = random_set(&mut random, &addresses, PORTS, now);
        for entry in set.iter_mut().flatten() {
            entry.is_static |= entry.address & 1 == 1;
        }
        let op = random_op(&mut random, &addresses, PORTS, INDEX_W);
        let op = (!random.one_in(8)).then_some(op);
        let address = op.map_or(0x0010, |op| op.address);
        let reset = random.one_in(100);
        put(&mut bench.block.operation, op, true, &mut random);
        put_facts!(bench.block, set, address, now, random, PORTS);
        bench.block.reset.next = reset;
        bench.settle();
        let nothing = Effect {
            set,
            ..Effect::default()
        };
        let wanted = op.map_or(nothing, |op| effect(set, op, now, now, turn));
        let block = &bench.block;
        let mut is = Effect {
            set,
            found: block.found.val(),
            found_mask: block.found_mask.val().to_u32(),
            found_static: block.found_static.val(),
            table_full: block.table_full.val(),
            learned: block.learned.val(),
            moved: block.moved.val(),
            learn_full: block.learn_full.val(),
            aged: [block.aged[0].val(), block.aged[1].val()],
            tie: wanted.tie,
        };
        for w in 0..2 {
            if block.erase[w].val() {
                is.set[w] = None;
            }
        }
        if let Some(op) = op.filter(|_| block.insert.val()) {
            is.set[usize::from(block.second.val())] = Some(Entry {
                address: op.address,
                mask: op.mask,
                epoch: now,
                is_static: block.insert_static.val(),
            });
        }
        assert_eq!(is, wanted, "cycle {cycle}: {op:?} on {set:?}");
        assert!(op.is_some() || !block.insert.val(), "cycle {cycle}");
        reached.count(op, set, &wanted);
        bench.clock();
        if wanted.tie {
            turn = 1 - turn;
        }
        if reset {
            turn = 0;
        }
    }
    reached
}

#[test]
fn does_what_each_operation_says() {
    for seed in 1..=2 {
        run(&mut Bench::new(Dut::default()), seed, 20_000).assert(30);
    }
    assert_eq!(KINDS.len(), 7);
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    run(&mut bench, 3, 3_000).assert(3);
    bench.replay();
}
