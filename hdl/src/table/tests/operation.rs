//! Tests of [`OperationRegister`] against an optional operation.

use super::bench::{get, put, random_op, Op};
use crate::cosim::Random;
use crate::table::OperationRegister;
use crate::testbench::Bench;

const PORTS: usize = 4;
const INDEX_W: usize = 3;

type Dut = OperationRegister<PORTS, INDEX_W>;

/// How often each case was there: taken, held, emptied, forgotten in a reset.
fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> [u32; 4] {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut held: Option<Op> = None;
    let mut reached = [0; 4];
    for cycle in 0..cycles {
        let addresses = [random.bits(48)];
        let op = random_op(&mut random, &addresses, PORTS, INDEX_W);
        let op = random.bit().then_some(op);
        let (advance, reset) = (random.bit(), random.one_in(30));
        put(&mut bench.block.ingress, op, true, &mut random);
        bench.block.advance.next = advance;
        bench.block.reset.next = reset;
        bench.settle();
        assert_eq!(get(&bench.block.egress), held, "cycle {cycle}");
        let was_held = held.is_some();
        bench.clock();
        if advance {
            held = op;
        }
        let cases = [
            advance && op.is_some(),
            !advance && was_held,
            advance && was_held && op.is_none(),
            reset && held.is_some(),
        ];
        for (count, is) in reached.iter_mut().zip(cases) {
            *count += u32::from(is);
        }
        held = held.filter(|_| !reset);
    }
    reached
}

#[test]
fn holds_an_operation_until_the_next() {
    for seed in 1..=2 {
        let reached = run(&mut Bench::new(Dut::default()), seed, 5_000);
        assert!(reached.iter().all(|n| *n > 50), "{reached:?}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let reached = run(&mut bench, 3, 1_000);
    assert!(reached.iter().all(|n| *n > 5), "{reached:?}");
    bench.replay();
}
