//! Tests of [`LaneSwap`].

use crate::cosim::Random;
use crate::engine::lane_swap::LaneSwap;
use crate::testbench::Bench;

fn swaps<const LANES: usize, const LW: usize, const SOURCE_W: usize>() {
    let mut bench = Bench::recording(LaneSwap::<LANES, LW, SOURCE_W>::default());
    let mut random = Random::new(LANES as u64);
    let (mut straight, mut missing) = (0, 0);
    for cycle in 0..500 {
        let words: Vec<u64> = (0..LANES).map(|_| random.bits(LW)).collect();
        let (valid, dark) = (random.bits(LANES), random.bits(LANES));
        let swaps: Vec<u64> = (0..LANES)
            .map(|_| if cycle < 20 { 0 } else { random.bits(SOURCE_W) })
            .collect();
        for lane in 0..LANES {
            bench.block.word[lane].next = words[lane].into();
            bench.block.swap[lane].next = swaps[lane].into();
        }
        bench.block.word_valid.next = valid.into();
        bench.block.dark.next = dark.into();
        bench.settle();
        for lane in 0..LANES {
            let source = lane ^ swaps[lane] as usize;
            let is_valid = bench.block.arriving_valid.val().get_bit(lane);
            let is_dark = bench.block.arriving_dark.val().get_bit(lane);
            if source < LANES {
                straight += u32::from(source == lane);
                let word = u64::from(bench.block.arriving[lane].val().to_u32());
                assert_eq!(word, words[source]);
                assert_eq!(is_valid, valid >> source & 1 == 1);
                assert_eq!(is_dark, dark >> source & 1 == 1);
            } else {
                missing += 1;
                assert!(!is_valid && is_dark);
            }
        }
        bench.clock();
    }
    assert!(straight >= 20 * LANES as u32);
    assert_eq!(missing > 0, !LANES.is_power_of_two() || LANES == 1);
    bench.replay();
}

#[test]
fn every_lane_gets_the_words_of_the_source_it_is_told() {
    swaps::<1, 32, 1>();
    swaps::<5, 16, 3>();
    swaps::<8, 8, 3>();
    swaps::<9, 8, 4>();
}
