//! Tests of [`Pulses`]: causes of one cycle, counted in the next.

use crate::cosim::Random;
use crate::fabric::pulses::Pulses;
use crate::testbench::Bench;

const PORTS: usize = 4;

type Dut = Pulses<PORTS>;

/// Causes, or pulses: started, unroutable, paused, too long, malformed, poisoned, and full.
type Causes = ([bool; 6], u64);

/// How often each pulse was there; then causes in reset, and causes that mean nothing because no frame starts.
fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> ([u32; 7], u32, u32) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut pulses: Causes = ([false; 6], 0);
    let (mut seen, mut in_reset, mut meaningless) = ([0; 7], 0, 0);
    for cycle in 0..cycles {
        let is = [0; 6].map(|_| random.one_in(3));
        let (full, reset) = (random.bits(PORTS), random.one_in(20));
        let block = &mut bench.block;
        [
            block.started.next,
            block.unroutable.next,
            block.gap_closed.next,
            block.too_long.next,
            block.malformed.next,
            block.poisoned.next,
        ] = is;
        block.full.next = full.into();
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        let shown = [
            block.stat_started.val(),
            block.stat_unroutable.val(),
            block.stat_gap_closed.val(),
            block.stat_too_long.val(),
            block.stat_malformed.val(),
            block.stat_poisoned.val(),
        ];
        let dropped = u64::from(block.stat_full.val().to_u32());
        assert_eq!((shown, dropped), pulses, "cycle {cycle}");
        let shown = shown.into_iter().chain([dropped > 0]);
        for (seen, shown) in seen.iter_mut().zip(shown) {
            *seen += u32::from(shown);
        }
        bench.clock();
        let [started, unroutable, ..] = is;
        pulses = (is, full);
        if !started {
            // What concerns a frame that starts.
            pulses.0[1] = false;
            pulses.1 = 0;
            meaningless += u32::from(unroutable || full > 0);
        }
        if reset {
            in_reset += u32::from(pulses != ([false; 6], 0));
            pulses = ([false; 6], 0);
        }
    }
    (seen, in_reset, meaningless)
}

#[test]
fn counts_causes_a_cycle_later_and_none_in_reset() {
    for seed in 1..=2 {
        let (seen, in_reset, meaningless) = run(&mut Bench::new(Dut::default()), seed, 5_000);
        assert!(seen.iter().all(|n| *n > 300), "{seen:?}");
        assert!(in_reset > 100 && meaningless > 1_000);
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let (seen, in_reset, meaningless) = run(&mut bench, 3, 1_000);
    assert!(seen.iter().all(|n| *n > 50), "{seen:?}");
    assert!(in_reset > 20 && meaningless > 200);
    bench.replay();
}
