//! Tests of [`SetUpdate`]: what an operation writes and answers, a cycle after it was decided.

use super::bench::{effect, put, put_facts, random_op, random_set, written, Effect, Op};
use super::set_decision::Reached;
use crate::cosim::Random;
use crate::table::reference::Set;
use crate::table::SetUpdate;
use crate::testbench::Bench;

const PORTS: usize = 4;
const INDEX_W: usize = 3;

type Dut = SetUpdate<PORTS, INDEX_W>;

/// What was decided: the operation, the set before, what it does, and in which epoch.
type Decided = (Op, Set, Effect, u64);

/// Compares the registers with what was decided in the cycle before.
fn compare(block: &Dut, decided: Option<Decided>, cycle: usize) {
    let ways = [block.write_way[0].val(), block.write_way[1].val()];
    let pulses = [
        block.stat_learned.val(),
        block.stat_moved.val(),
        block.stat_learn_full.val(),
        block.stat_aged[0].val(),
        block.stat_aged[1].val(),
    ];
    let Some((op, before, effect, now)) = decided else {
        assert_eq!(ways, [false; 2], "cycle {cycle}: writes without operation");
        assert_eq!(pulses, [false; 5], "cycle {cycle}");
        assert!(!block.answered.val(), "cycle {cycle}");
        return;
    };
    let words = [
        block.write_low.val().to_u32(),
        block.write_high.val().to_u32(),
        block.write_flags.val().to_u32(),
    ];
    let mut after = before;
    for w in (0..2).filter(|&w| ways[w]) {
        after[w] = written(words, now);
    }
    assert_eq!(after, effect.set, "cycle {cycle}: {op:?} on {before:?}");
    if ways != [false; 2] {
        assert_eq!(block.write_index.val().index(), op.set, "cycle {cycle}");
    }
    assert_eq!(block.answered.val(), op.respond, "cycle {cycle}");
    if op.respond {
        let is = (
            block.found.val(),
            block.found_mask.val().to_u32(),
            block.found_static.val(),
            block.table_full.val(),
        );
        let wanted = (
            effect.found,
            effect.found_mask,
            effect.found_static,
            effect.table_full,
        );
        assert_eq!(is, wanted, "cycle {cycle}: {op:?} on {before:?}");
    }
    let [first, second] = effect.aged;
    let wanted = [
        effect.learned,
        effect.moved,
        effect.learn_full,
        first,
        second,
    ];
    assert_eq!(pulses, wanted, "cycle {cycle}: {op:?} on {before:?}");
}

/// What was reached, and writes that a reset dropped.
fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> (Reached, u32) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let (mut reached, mut dropped) = (Reached::default(), 0);
    let addresses = [0x0010, 0x0020, 0x1000_0000_0030, 0x0011];
    let mut decided: Option<Decided> = None;
    let (mut now, mut turn) = (20, 0);
    for cycle in 0..cycles {
        now += u64::from(random.one_in(5));
        let mut set = random_set(&mut random, &addresses, PORTS, now);
        for entry in set.iter_mut().flatten() {
            entry.is_static |= entry.address & 1 == 1;
        }
        let op = random_op(&mut random, &addresses, PORTS, INDEX_W);
        let op = (!random.one_in(8)).then_some(op);
        let address = op.map_or(0x0010, |op| op.address);
        let reset = random.one_in(60);
        put(&mut bench.block.operation, op, true, &mut random);
        put_facts!(bench.block, set, address, now, random, PORTS);
        bench.block.epoch.next = (now % 16).into();
        bench.block.reset.next = reset;
        bench.settle();
        compare(&bench.block, decided, cycle as usize);
        bench.clock();
        decided = op.map(|op| (op, set, effect(set, op, now, now, turn), now));
        let nothing = Effect {
            set,
            ..Effect::default()
        };
        reached.count(
            op,
            set,
            &decided.map_or(nothing, |(_, _, effect, _)| effect),
        );
        if decided.is_some_and(|(_, _, effect, _)| effect.tie) {
            turn = 1 - turn;
        }
        if reset {
            dropped += u32::from(decided.is_some_and(|(_, set, effect, _)| effect.set != set));
            (decided, turn) = (None, 0);
        }
    }
    (reached, dropped)
}

#[test]
fn writes_and_answers_a_cycle_later() {
    for seed in 1..=2 {
        let (reached, dropped) = run(&mut Bench::new(Dut::default()), seed, 20_000);
        reached.assert(30);
        assert!(dropped > 50, "{dropped}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let (reached, dropped) = run(&mut bench, 3, 3_000);
    reached.assert(3);
    assert!(dropped > 5, "{dropped}");
    bench.replay();
}
