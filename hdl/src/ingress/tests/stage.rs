//! Tests of [`Stage`] against an optional beat.

use super::bench::{bytes_of, put, random_bytes};
use crate::cosim::Random;
use crate::ingress::Stage;
use crate::testbench::Bench;

/// Everything a stage holds of a beat.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    bytes: Vec<u8>,
    keep: u64,
    first: bool,
    second: bool,
    last: bool,
    skip: u64,
    cause: u64,
    fcs_bytes: u64,
    poison: bool,
}

fn random_beat(random: &mut Random, width: usize) -> Held {
    Held {
        bytes: random_bytes(random, width),
        keep: random.bits(width),
        first: random.bit(),
        second: random.bit(),
        last: random.bit(),
        skip: random.bits(3),
        cause: random.bits(5),
        fcs_bytes: random.bits(width),
        poison: random.bit(),
    }
}

/// Random beats in and out, closings and resets.
fn run<const WORDS: usize, const KEEP_W: usize>(
    bench: &mut Bench<Stage<WORDS, KEEP_W>>,
    seed: u64,
    cycles: u32,
) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut held: Option<Held> = None;
    let (mut exchanged, mut stayed, mut closed, mut empty, mut lost) = (0, 0, 0, 0, 0);
    for _ in 0..cycles {
        let beat = random_beat(&mut random, KEEP_W);
        let unload = held.is_some() && random.bit();
        let load = (held.is_none() || unload) && random.bit();
        let close = held.is_some() && !unload && random.one_in(4);
        let (reset, close_cause) = (random.one_in(40), random.bits(5));
        let block = &mut bench.block;
        put(&mut block.data, &beat.bytes);
        block.keep.next = beat.keep.into();
        block.first.next = beat.first;
        block.second.next = beat.second;
        block.last.next = beat.last;
        block.skip.next = beat.skip.into();
        block.cause.next = beat.cause.into();
        block.fcs_bytes.next = beat.fcs_bytes.into();
        block.poison.next = beat.poison;
        block.load.next = load;
        block.unload.next = unload;
        block.close.next = close;
        block.close_cause.next = close_cause.into();
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        let is = block.valid.val().then(|| Held {
            bytes: bytes_of(&block.held_data),
            keep: u64::from(block.held_keep.val().to_u32()),
            first: block.held_first.val(),
            second: block.held_second.val(),
            last: block.held_last.val(),
            skip: u64::from(block.held_skip.val().to_u32()),
            cause: u64::from(block.held_cause.val().to_u32()),
            fcs_bytes: u64::from(block.held_fcs_bytes.val().to_u32()),
            poison: block.held_poison.val(),
        });
        assert_eq!(is, held, "cycle {}", bench.cycle);
        exchanged += u32::from(load && unload);
        stayed += u32::from(held.is_some() && !unload);
        closed += u32::from(close && held.as_ref().is_some_and(|held| !held.last));
        empty += u32::from(held.is_none() && !load);
        lost += u32::from(reset && (load || held.is_some()));
        bench.clock();
        if unload {
            held = None;
        }
        if load {
            held = Some(beat);
        }
        if let Some(held) = held.as_mut().filter(|_| close) {
            (held.last, held.cause) = (true, close_cause);
        }
        if reset {
            held = None;
        }
    }
    let reached = [exchanged, stayed, closed, empty, lost];
    assert!(reached.iter().all(|&n| n > cycles / 100), "{reached:?}");
}

#[test]
fn holds_a_beat_until_it_leaves() {
    for seed in 1..=2 {
        run(&mut Bench::new(Stage::<2, 8>::default()), seed, 5_000);
        run(&mut Bench::new(Stage::<1, 4>::default()), seed, 5_000);
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Stage::<2, 8>::default());
    run(&mut bench, 3, 1_000);
    bench.replay();
}
