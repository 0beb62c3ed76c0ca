//! Tests of [`WayChoice`]: sets of every kind, and the turn between equals.

use super::bench::{choose, facts, random_set, Choice};
use crate::cosim::Random;
use crate::table::WayChoice;
use crate::testbench::Bench;

/// How often each choice was made, of the first way and of the second; full last. Then ties that nobody made use of.
fn run(bench: &mut Bench<WayChoice>, seed: u64, cycles: u32) -> ([[u32; 2]; 4], u32, u32) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let addresses: Vec<u64> = (1..5).collect();
    let (mut choices, mut full, mut untaken, mut turn) = ([[0; 2]; 4], 0, 0, 0);
    let now = 100;
    for cycle in 0..cycles {
        let set = random_set(&mut random, &addresses, 4, now);
        let address = addresses[random.below(4) as usize];
        let (taken, reset) = (random.bit(), random.one_in(100));
        let block = &mut bench.block;
        for (w, way) in set.into_iter().enumerate() {
            let facts = facts(way, address, now);
            block.matching[w].next = facts.matching;
            block.live[w].next = facts.live;
            block.is_static[w].next = facts.is_static;
            block.age_epochs[w].next = facts.age.map_or(random.bits(4), u64::from).into();
        }
        block.taken.next = taken;
        block.reset.next = reset;
        bench.settle();
        let choice = choose(set, address, now, turn);
        let block = &bench.block;
        let is_full = choice == Choice::Full;
        assert_eq!(block.full.val(), is_full, "cycle {cycle}: {set:?}");
        if let Some(way) = choice.way() {
            let second = way == 1;
            assert_eq!(block.second.val(), second, "cycle {cycle}: {set:?}");
        }
        match choice {
            Choice::Own(way) => choices[0][way] += 1,
            Choice::Free(way) => choices[1][way] += 1,
            Choice::Older(way) => choices[2][way] += 1,
            Choice::Tie(way) => choices[3][way] += 1,
            Choice::Full => full += 1,
        }
        bench.clock();
        if matches!(choice, Choice::Tie(_)) {
            untaken += u32::from(!taken);
            turn = if taken { 1 - turn } else { turn };
        }
        if reset {
            turn = 0;
        }
    }
    (choices, full, untaken)
}

#[test]
fn chooses_in_the_order_of_preference() {
    for seed in 1..=2 {
        let (choices, full, untaken) = run(&mut Bench::new(WayChoice::default()), seed, 20_000);
        assert!(choices.iter().flatten().all(|n| *n > 100), "{choices:?}");
        assert!(full > 100 && untaken > 100, "{full} {untaken}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(WayChoice::default());
    let (choices, full, untaken) = run(&mut bench, 3, 2_000);
    assert!(choices.iter().flatten().all(|n| *n > 5), "{choices:?}");
    assert!(full > 5 && untaken > 5);
    bench.replay();
}
