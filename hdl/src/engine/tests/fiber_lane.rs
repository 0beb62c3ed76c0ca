//! Tests of [`FiberLane`] against a list of the words sent.

use crate::cosim::Random;
use crate::engine::fiber_lane::FiberLane;
use crate::testbench::Bench;

/// Every fault by chance, one after another and together.
fn carries<const LW: usize, const DELAY_W: usize>(faults: bool) {
    let mut bench = Bench::recording(FiberLane::<LW, DELAY_W>::default());
    let mut random = Random::new(LW as u64 + DELAY_W as u64);
    let mask = (1_u64 << LW) - 1;
    let mut sent: Vec<u64> = Vec::new();
    let (mut delay, mut to_err) = (0, false);
    // The word stored in the cycle before, and what should be there now.
    let (mut stored, mut expected): (bool, Option<u64>) = (false, None);
    let (mut wrong, mut delays) = (0, vec![0; 1 << DELAY_W]);
    for cycle in 0..6_000 {
        if cycle % 150 == 0 {
            delay = random.bits(DELAY_W);
        }
        let word = random.bits(LW);
        let valid = !random.one_in(8);
        let invert = faults && cycle / 500 % 2 == 1;
        let one_of = |random: &mut Random, rare| faults && random.one_in(rare);
        let hit = one_of(&mut random, 20);
        let error = one_of(&mut random, 30);
        let lost = one_of(&mut random, 40);
        let stuck_0 = one_of(&mut random, 50);
        let stuck_1 = one_of(&mut random, 50);
        let (noise, error_bit) = (random.bits(LW), 1 << (random.bits(5) % LW as u64));
        let block = &mut bench.block;
        block.word.next = word.into();
        block.word_valid.next = valid;
        block.delay.next = delay.into();
        block.invert.next = invert;
        block.noise.next = noise.into();
        block.error_bit.next = error_bit.into();
        block.hit.next = hit;
        block.error.next = error;
        block.lost.next = lost;
        block.stuck_0.next = stuck_0;
        block.stuck_1.next = stuck_1;
        bench.settle();
        let out = u64::from(bench.block.out.val().to_u32());
        assert_eq!(bench.block.out_valid.val(), expected.is_some());
        assert!(expected.is_none_or(|expected| expected == out), "{cycle}");
        // What becomes of the word stored in the cycle before.
        let late = sent.len().checked_sub(1 + delay as usize);
        let clean = late.map_or(0, |place| sent[place]);
        let is_wrong = hit || error || to_err;
        let mut through = if is_wrong { clean ^ error_bit } else { clean };
        if invert {
            through ^= mask;
        }
        expected = match (lost, stuck_1, stuck_0) {
            (_, _, true) => Some(0),
            (_, true, false) => Some(mask),
            (true, false, false) => Some(noise),
            _ => Some(through),
        };
        if stored {
            to_err = false;
            wrong += u32::from(is_wrong);
            delays[delay as usize] += 1;
        } else {
            expected = None;
            to_err |= error;
        }
        stored = valid;
        if valid {
            sent.push(word);
        }
        bench.clock();
    }
    assert_eq!(wrong > 300, faults, "{wrong}");
    let used = delays.iter().filter(|count| **count > 0).count();
    assert!(used > 1 && delays[0] > 0, "{delays:?}");
    bench.replay();
}

#[test]
fn words_come_late_by_the_delay_and_else_as_they_were() {
    carries::<8, 5>(false);
    carries::<16, 5>(false);
    carries::<32, 1>(false);
}

#[test]
fn each_fault_does_what_it_says() {
    carries::<8, 2>(true);
    carries::<16, 5>(true);
    carries::<32, 5>(true);
}
