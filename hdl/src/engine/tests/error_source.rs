//! Tests of [`ErrorSource`] against xorshift32 in four lines.

use crate::engine::error_source::ErrorSource;
use crate::testbench::Bench;

/// The source next to the same numbers made here; how often each lane was hit.
fn hits<const LANES: usize, const LW: usize, const SHIFT_W: usize>(
    mask: u32,
    cycles: u32,
) -> Vec<u32> {
    let mut bench = Bench::recording(ErrorSource::<LANES, LW, SHIFT_W>::new(0x1234_5678));
    let mut state = 0x1234_5678_u32;
    let (mut hit, mut bit) = (0, 0);
    let mut counts = vec![0; LANES];
    for cycle in 0..cycles {
        let reset = cycle == cycles / 2;
        bench.block.reset.next = reset;
        bench.block.mask.next = u64::from(mask).into();
        bench.settle();
        assert_eq!(bench.block.hit.val().to_u32(), hit, "cycle {cycle}");
        assert_eq!(bench.block.error_bit.val().to_u32(), bit);
        let noise = state & (u32::MAX >> (32 - LW));
        assert_eq!(bench.block.noise.val().to_u32(), noise);
        for (lane, count) in counts.iter_mut().enumerate() {
            *count += hit >> lane & 1;
        }
        let victim = state >> 23 & 15;
        let is_hit = mask != 0 && state & mask == 0 && (victim as usize) < LANES;
        hit = u32::from(is_hit) << victim;
        bit = 1 << (state >> 27 & (LW as u32 - 1));
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        if reset {
            (state, hit) = (0x1234_5678, 0);
        }
        bench.clock();
    }
    bench.replay();
    counts
}

#[test]
fn hits_lanes_at_the_rate_that_the_mask_sets() {
    // 20 000 cycles, 2^-(3 + 4) and 2^-(1 + 4) of them.
    for (lanes, mask, expected) in [(5, 0b10_0000_0000_0000_0000_0011, 156), (9, 0b100, 625)] {
        let counts = if lanes == 5 {
            hits::<5, 16, 4>(mask, 20_000)
        } else {
            hits::<9, 8, 3>(mask, 20_000)
        };
        for (lane, count) in counts.into_iter().enumerate() {
            let spread = expected / 3;
            assert!(count.abs_diff(expected) < spread, "{lane}: {count}");
        }
    }
}

#[test]
fn a_mask_of_zero_hits_none() {
    assert_eq!(hits::<1, 32, 5>(0, 2_000), [0]);
    assert!(hits::<1, 32, 5>(1, 2_000)[0] > 30);
}
