//! Tests of [`OperationPipeline`]: operations walk from stage to stage, those of one set apart.

use super::bench::{get, put, random_op, Op};
use crate::cosim::Random;
use crate::table::OperationPipeline;
use crate::testbench::Bench;

const PORTS: usize = 4;
const INDEX_W: usize = 2;

type Dut = OperationPipeline<PORTS, INDEX_W>;

/// What is in S1 to S7; S6 and S7 belong to the blocks behind.
#[derive(Clone, Copy, Debug, Default)]
struct Stages([Option<Op>; 7]);

impl Stages {
    /// What is in stage `number`, from 1 on.
    fn at(&self, number: usize) -> Option<Op> {
        self.0[number - 1]
    }

    /// The operation in S3 waits for an earlier one of its set.
    fn waits(&self) -> bool {
        let is_same = |op: Op| (4..=7).any(|s| self.at(s).is_some_and(|other| other.set == op.set));
        self.at(3).is_some_and(is_same)
    }

    fn step(&mut self, offered: Option<Op>) {
        let waits = self.waits();
        for stage in (4..7).rev() {
            self.0[stage] = self.0[stage - 1];
        }
        if waits {
            self.0[3] = None;
            return;
        }
        for stage in (1..4).rev() {
            self.0[stage] = self.0[stage - 1];
        }
        self.0[0] = offered;
    }
}

/// What was reached: operations through, cycles of waiting, the longest wait, cycles with all stages full, resets.
fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> [u32; 5] {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut addresses: Vec<u64> = (0..8).map(|_| random.bits(48)).collect();
    let mut stages = Stages::default();
    let (mut gap, mut wait, mut reached) = (1, 0, [0; 5]);
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            gap = 1 + random.below(3);
            addresses.truncate(1 + random.below(8) as usize);
            addresses.resize_with(8, || random.bits(48));
        }
        let op = random_op(&mut random, &addresses, PORTS, INDEX_W);
        let op = random.one_in(gap).then_some(op);
        let reset = random.one_in(150);
        put(&mut bench.block.offered, op, false, &mut random);
        let (valid, any) = (stages.at(6).is_some(), random.bits(INDEX_W));
        bench.block.compared_valid.next = valid;
        let index = stages.at(6).map_or(any, |op| op.set as u64);
        bench.block.compared_index.next = index.into();
        bench.block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        let waits = stages.waits();
        assert_eq!(block.advance.val(), !waits, "cycle {cycle}: {stages:?}");
        if let Some(op) = stages.at(3) {
            assert_eq!(block.read_index.val().index(), op.set, "cycle {cycle}");
        }
        assert_eq!(get(&block.operation), stages.at(5), "cycle {cycle}");
        wait = if waits { wait + 1 } else { 0 };
        reached[0] += u32::from(stages.at(7).is_some());
        reached[1] += u32::from(waits);
        reached[2] = reached[2].max(wait);
        reached[3] += u32::from(stages.0.iter().all(Option::is_some));
        reached[4] += u32::from(reset && stages.0.iter().any(Option::is_some));
        bench.clock();
        stages.step(op);
        if reset {
            stages = Stages::default();
        }
    }
    reached
}

#[test]
fn keeps_operations_on_one_set_apart() {
    for seed in 1..=3 {
        let reached = run(&mut Bench::new(Dut::default()), seed, 20_000);
        let [through, waited, longest, full, resets] = reached;
        assert!(through > 4_000 && waited > 2_000, "{reached:?}");
        assert_eq!(longest, 4, "the longest wait is documented");
        assert!(full > 3 && resets > 50, "{reached:?}");
    }
}

#[test]
fn an_operation_a_cycle_when_sets_differ() {
    let mut bench = Bench::new(Dut::default());
    let seed = 4;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut through = Vec::new();
    for cycle in 0..100 {
        let op = Op {
            kind: crate::table::Operation::Age,
            respond: false,
            address: 0,
            mask: 0,
            set: cycle % 4,
        };
        // Four sets in turn: an operation is past S6 when the next one of its set is in S3.
        let op = Some(op).filter(|_| cycle % 8 < 4);
        put(&mut bench.block.offered, op, false, &mut random);
        bench.settle();
        assert!(bench.block.advance.val(), "cycle {cycle}");
        if bench.block.operation.valid.val() {
            through.push(cycle);
        }
        bench.clock();
    }
    assert_eq!(through[0], 5, "5 cycles from `offered` to `operation`");
    assert_eq!(through.len(), 48);
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let reached = run(&mut bench, 5, 3_000);
    assert!(reached[1] > 100 && reached[2] == 4 && reached[4] > 3);
    bench.replay();
}
