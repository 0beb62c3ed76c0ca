//! Tests of [`ParityRing`].

use crate::cosim::Random;
use crate::pcs::block::CONTROL_HEADER;
use crate::pcs::marker::{self, Marker};
use crate::pcs::parity_ring::ParityRing;
use crate::testbench::Bench;

/// Sums of every lane, with blocks of one beat or two, markers at random, pauses and resets.
fn keeps_a_sum<const LANES: usize>(block_beats: usize) {
    let seed = (10 * LANES + block_beats) as u64;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut bench = Bench::recording(ParityRing::<LANES>::default());
    let mut sums = [0; LANES];
    let (mut lane, mut beat, mut is_marker) = (0, 0, false);
    let (mut markers, mut resets) = (0, 0);
    for _ in 0..600 * LANES {
        let reset = random.one_in(500);
        let step = !random.one_in(4);
        let parity = random.bits(8) as u8;
        bench.block.reset.next = reset;
        bench.block.step.next = step;
        bench.block.parity.next = u64::from(parity).into();
        bench.block.marker.next = is_marker;
        bench.block.last.next = beat == block_beats - 1;
        bench.settle();
        assert_eq!(bench.block.bip.val().to_u8(), sums[lane]);
        bench.clock();
        if reset {
            (sums, lane, beat) = ([0; LANES], 0, 0);
            resets += 1;
        } else if step {
            if !is_marker {
                sums[lane] ^= parity;
            }
            beat += 1;
            if beat == block_beats {
                if is_marker {
                    let payload = Marker::payload(0, sums[lane]);
                    sums[lane] = marker::bip8(CONTROL_HEADER, payload);
                    markers += 1;
                }
                (lane, beat) = ((lane + 1) % LANES, 0);
                is_marker = random.one_in(5);
            }
        }
    }
    assert!(markers > 20 && resets > 0, "{markers} {resets}");
    bench.replay();
}

#[test]
fn keeps_a_sum_of_every_lane() {
    keeps_a_sum::<1>(1);
    keeps_a_sum::<1>(2);
    keeps_a_sum::<2>(2);
    keeps_a_sum::<4>(1);
    keeps_a_sum::<8>(1);
}
