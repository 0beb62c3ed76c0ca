//! Tests of [`EpochClock`] against a count of cycles and epochs that never wraps.

use crate::cosim::Random;
use crate::table::EpochClock;
use crate::testbench::Bench;

/// Epochs counted the naive way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epochs {
    pub epoch: u64,
    /// The epoch ends with this cycle.
    pub tick: bool,
    /// The present cycle's number in its epoch, from 1 on; 0: the clock stands.
    number: u64,
    /// Period and `run` of the cycle before: a change counts from the next cycle on.
    period: u64,
    was_running: bool,
}

impl Epochs {
    /// The clock edge that ends a cycle.
    pub fn step(&mut self, run: bool, period: u32) {
        let is_counting = self.was_running && self.period > 0;
        // That the next cycle is the last one shows in this one.
        let ends = is_counting && !self.tick && self.number + 1 >= self.period;
        let is_last = self.tick;
        self.epoch += u64::from(is_last);
        self.tick = ends && run;
        self.number = match (run && period > 0, is_counting && !is_last) {
            (true, true) => self.number + 1,
            (true, false) => 1,
            (false, _) => 0,
        };
        (self.was_running, self.period) = (run, u64::from(period));
        if !run {
            *self = Self::default();
        }
    }
}

/// What was reached: epochs, periods that fell below what had passed, stops inside an epoch, and resets there.
fn run(bench: &mut Bench<EpochClock>, seed: u64, cycles: u32) -> [u64; 4] {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut epochs = Epochs::default();
    let (mut period, mut running) = (5, true);
    let mut reached = [0; 4];
    // `oldest` is 1 after reset, not at power-up.
    bench.block.reset.next = true;
    bench.clock();
    for cycle in 0..cycles {
        if random.one_in(40) {
            let before = u64::from(period);
            period = match random.below(8) {
                0 => 0,
                1 => u32::MAX,
                _ => 2 + random.below(20),
            };
            reached[1] += u64::from(epochs.number > u64::from(period) && period > 0);
            reached[2] += u64::from(epochs.number > 1 && period == 0 && before > 0);
        }
        if random.one_in(300) {
            running = !running;
        }
        running |= random.one_in(4);
        let reset = random.one_in(600);
        let block = &mut bench.block;
        block.cfg_ageing_period.next = u64::from(period).into();
        block.run.next = running;
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        assert_eq!(block.tick.val(), epochs.tick, "cycle {cycle}: {epochs:?}");
        assert_eq!(block.epoch.val(), epochs.epoch % 16, "cycle {cycle}");
        // The stamp of 15 epochs ago.
        let oldest = (epochs.epoch + 16 - 15) % 16;
        assert_eq!(block.oldest.val(), oldest, "cycle {cycle}");
        reached[0] += u64::from(epochs.tick);
        reached[3] += u64::from((reset || !running) && epochs.number > 1);
        bench.clock();
        epochs.step(running && !reset, period);
    }
    reached
}

#[test]
fn follows_the_reference_through_any_change_of_period() {
    for seed in 1..=3 {
        let reached = run(&mut Bench::new(EpochClock::default()), seed, 20_000);
        let [epochs, lowered, stopped, reset] = reached;
        assert!(epochs > 600 && lowered > 20, "{reached:?}");
        assert!(stopped > 20 && reset > 20, "{reached:?}");
    }
}

#[test]
fn an_epoch_lasts_its_period() {
    for period in [2_u32, 3, 4, 7, 100] {
        let mut bench = Bench::new(EpochClock::default());
        bench.block.cfg_ageing_period.next = u64::from(period).into();
        bench.block.run.next = true;
        let mut ticks = Vec::new();
        for cycle in 0..40 * period {
            bench.settle();
            if bench.block.tick.val() {
                ticks.push(cycle);
            }
            let epoch = (ticks.iter().filter(|tick| **tick < cycle).count() % 16) as u64;
            assert_eq!(bench.block.epoch.val(), epoch, "cycle {cycle}");
            bench.clock();
        }
        // 39 epochs, which is more than two turns of the stamp, each of one period, the first from the next cycle on.
        let wanted: Vec<u32> = (1..40).map(|epoch| epoch * period).collect();
        assert_eq!(ticks, wanted, "period {period}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(EpochClock::default());
    let reached = run(&mut bench, 4, 4_000);
    assert!(reached.iter().all(|n| *n > 2), "{reached:?}");
    bench.replay();
}
