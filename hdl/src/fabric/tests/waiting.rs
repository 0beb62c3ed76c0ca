//! Tests of [`Waiting`] against a number.

use super::bench::{settle, tick};
use crate::cosim;
use crate::fabric::waiting::Waiting;
use crate::prelude::*;

/// Frames that may come after `full` shows.
const LATE: u32 = 2;

/// Random arrivals and picks in phases; what was reached: cycles full, with one frame and with none.
fn random_run(seed: u64, cycles: u32) -> [u32; 3] {
    println!("seed {seed}");
    let mut block = Waiting::default();
    block.connect_all();
    let mut random = cosim::Random::new(seed);
    let (mut waiting, mut late, mut reached) = (0_u32, 0, [0; 3]);
    let (mut load, mut pace) = (0, 0);
    for cycle in 0..cycles {
        if cycle % 200 == 0 {
            (load, pace) = (random.below(5), random.below(5));
        }
        settle(&mut block);
        assert_eq!(block.request.val(), waiting > 0, "cycle {cycle}");
        if waiting > 0 {
            assert_eq!(block.sole.val(), waiting == 1, "cycle {cycle}");
        }
        let full = block.full.val();
        assert!(!full || waiting >= 66, "cycle {cycle}: full with {waiting}");
        assert!(full || waiting <= 69, "cycle {cycle}: room with {waiting}");
        late = if full { late + 1 } else { 0 };
        let arrives = random.below(4) < load && late <= LATE;
        let picks = waiting > 0 && random.below(4) < pace;
        let reset = random.one_in(5_000);
        block.arriving.next = arrives;
        block.picked.next = picks;
        block.reset.next = reset;
        settle(&mut block);
        tick!(block);
        waiting = waiting + u32::from(arrives) - u32::from(picks);
        if reset {
            waiting = 0;
        }
        for (reached, is) in reached.iter_mut().zip([full, waiting == 1, waiting == 0]) {
            *reached += u32::from(is);
        }
    }
    reached
}

#[test]
fn counts_what_waits() {
    for seed in 1..=4 {
        let reached = random_run(seed, 20_000);
        assert!(reached.iter().all(|cycles| *cycles > 300), "{reached:?}");
    }
}

#[test]
fn frames_pass_one_a_cycle_at_any_count() {
    for held in 1..60 {
        let mut block = Waiting::default();
        block.connect_all();
        for cycle in 0..held + 100 {
            block.arriving.next = true;
            block.picked.next = cycle >= held;
            settle(&mut block);
            assert_eq!(block.request.val(), cycle > 0, "cycle {cycle} of {held}");
            assert!(cycle < 2 || block.sole.val() == (held == 1));
            tick!(block);
        }
    }
}

#[test]
fn the_verilog_is_the_same() {
    let (_, trace) = cosim::check!(Waiting::default(), 10_000, 5, |block, random| {
        block.reset.next = random.one_in(100);
        block.arriving.next = random.bit();
        block.picked.next = random.one_in(3);
    });
    let full = (0..trace.len()).filter(|cycle| trace.value(*cycle, "request") == Some(1));
    assert!(full.count() > 1_000);
}
