//! Tests of [`BlindGuess`].

use crate::link::BlindGuess;
use crate::testbench::Bench;

const TRY: usize = 20;
const ARM: usize = 50;

/// Runs for so many cycles; what is avoided behind the last one.
fn run(bench: &mut Bench<BlindGuess<3>>, aligned: bool, dark: u64, cycles: usize) -> u64 {
    bench.block.aligned.next = aligned;
    bench.block.dark.next = dark.into();
    for _ in 0..cycles {
        bench.clock();
    }
    bench.block.avoid.val().to_u64()
}

#[test]
fn avoids_dark_lanes_then_tries_the_others() {
    let mut bench = Bench::recording(BlindGuess::<3>::new(TRY, ARM));
    assert_eq!(run(&mut bench, true, 0, 30), 0);
    assert_eq!(run(&mut bench, false, 2, 2), 2, "at once");
    assert_eq!(run(&mut bench, false, 6, 2), 6, "and as it changes");
    assert_eq!(run(&mut bench, false, 7, 2), 0, "nothing to guess");
    assert_eq!(run(&mut bench, false, 2, TRY - 6), 2);
    let mut tries = Vec::new();
    for _ in 0..7 {
        tries.push(run(&mut bench, false, 2, TRY + 1));
    }
    assert_eq!(
        tries,
        [1, 2, 4, 6, 5, 3, 2],
        "each avoided, each alone, and over again"
    );
    bench.replay();
}

#[test]
fn a_guess_stands_until_a_message_counts() {
    let mut bench = Bench::recording(BlindGuess::<3>::new(TRY, ARM));
    run(&mut bench, true, 0, 5);
    assert_eq!(run(&mut bench, false, 4, 3), 4);
    assert_eq!(run(&mut bench, true, 0, 100), 4, "nobody has told better");
    bench.block.counted.next = true;
    assert_eq!(run(&mut bench, true, 0, 1), 4);
    bench.block.counted.next = false;
    assert_eq!(run(&mut bench, true, 0, 3), 4, "the planner needs them");
    assert_eq!(run(&mut bench, true, 0, 1), 0);
    bench.replay();
}

#[test]
fn guesses_after_reset_only_when_armed() {
    let mut bench = Bench::recording(BlindGuess::<3>::new(TRY, ARM));
    assert_eq!(run(&mut bench, false, 1, ARM), 0, "lanes are still locking");
    assert_eq!(run(&mut bench, false, 1, 3), 1);
    bench.replay();
}
