//! Tests of [`SetCompare`]: what a set says of an operation's address, a cycle later.

use super::bench::{entry_words, facts, get, put, random_op, random_set, same_set, Facts, Op};
use crate::cosim::Random;
use crate::table::reference::Set;
use crate::table::SetCompare;
use crate::testbench::Bench;

const PORTS: usize = 4;
const INDEX_W: usize = 3;

type Dut = SetCompare<PORTS, INDEX_W>;

/// How often each case was there: an operation, a way that matches, one that has expired, a free one, a static one, a
/// reset that forgot an operation.
type Reached = [u32; 6];

fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> Reached {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let addresses: Vec<Vec<u64>> = (0..1 << INDEX_W)
        .map(|set| same_set(&mut random, INDEX_W, set, 3))
        .collect();
    let mut reached = [0; 6];
    // What was compared in the cycle before: the operation, its set and the epoch.
    let mut compared: Option<(Op, Set, u64)> = None;
    let mut now = 20;
    for cycle in 0..cycles {
        now += u64::from(random.one_in(5));
        let of_set = &addresses[random.bits(INDEX_W) as usize];
        let op = random_op(&mut random, of_set, PORTS, INDEX_W);
        let op = (!random.one_in(6)).then_some(op);
        let set = random_set(&mut random, of_set, PORTS, now);
        let reset = random.one_in(50);
        put(&mut bench.block.operation, op, true, &mut random);
        for (w, way) in set.into_iter().enumerate() {
            let [low, high, flags] = entry_words(way, &mut random);
            bench.block.entry_low[w].next = low.into();
            bench.block.entry_high[w].next = high.into();
            bench.block.entry_flags[w].next = flags.into();
        }
        bench.block.epoch.next = (now % 16).into();
        bench.block.oldest.next = ((now - 15) % 16).into();
        bench.block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        assert_eq!(
            get(&block.compared),
            compared.map(|(op, ..)| op),
            "cycle {cycle}"
        );
        if let Some((op, set, then)) = compared {
            for (w, way) in set.into_iter().enumerate() {
                let wanted = facts(way, op.address, then);
                let is = Facts {
                    matching: block.matching[w].val(),
                    valid: block.valid[w].val(),
                    live: block.live[w].val(),
                    is_static: block.is_static[w].val(),
                    mask: wanted.mask.map(|_| block.mask[w].val().to_u32()),
                    age: wanted.age.map(|_| block.age_epochs[w].val().to_u32()),
                };
                assert_eq!(is, wanted, "cycle {cycle}: {op:?} and {way:?}");
                reached[1] += u32::from(wanted.matching);
                reached[2] += u32::from(wanted.valid && !wanted.live);
                reached[3] += u32::from(!wanted.valid);
                reached[4] += u32::from(wanted.is_static);
            }
            reached[0] += 1;
        }
        reached[5] += u32::from(reset && op.is_some());
        bench.clock();
        compared = op.filter(|_| !reset).map(|op| (op, set, now));
    }
    reached
}

#[test]
fn says_what_a_set_holds_for_an_address() {
    for seed in 1..=2 {
        let reached = run(&mut Bench::new(Dut::default()), seed, 10_000);
        assert!(reached.iter().all(|n| *n > 100), "{reached:?}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let reached = run(&mut bench, 3, 1_500);
    assert!(reached.iter().all(|n| *n > 10), "{reached:?}");
    bench.replay();
}
