//! Tests of [`KeepCheck`]: every `tkeep`, in every place, for every maximum.

use super::bench::{bytes_of, first_bytes, put, random_bytes};
use crate::cosim::Random;
use crate::ingress::KeepCheck;
use crate::testbench::Bench;

/// What is expected of a beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outputs {
    keep: u64,
    cut: bool,
    malformed: bool,
    skip: u64,
    tail_skip: u64,
    spill: u64,
}

/// How often each case was there: malformed, with a hole, without a byte, cut, a tail of fewer than four bytes.
type Reached = [u32; 5];

fn expected(width: usize, allowed: usize, tkeep: u64, tlast: bool, limit: bool) -> Outputs {
    let contiguous = (0..width).take_while(|k| tkeep >> k & 1 == 1).count();
    let is_legal =
        tkeep == first_bytes(contiguous) && contiguous > 0 && (tlast || contiguous == width);
    let whole = if tlast { contiguous.max(1) } else { width };
    let bytes = if limit { whole.min(allowed) } else { whole };
    // Of the four bytes of the FCS those that do not fit are in the beat before, at its end.
    let before = 4_usize.saturating_sub(bytes);
    Outputs {
        keep: first_bytes(bytes),
        cut: limit && (!tlast || whole > allowed),
        malformed: !is_legal,
        skip: ((width + 4 - bytes) % width) as u64,
        tail_skip: before as u64,
        spill: first_bytes(before) << (width - before),
    }
}

fn exhaust<const WORDS: usize, const KEEP_W: usize>(
    bench: &mut Bench<KeepCheck<WORDS, KEEP_W>>,
    max_frame_bytes: usize,
) -> Reached {
    let allowed = 1 + (max_frame_bytes - 1) % KEEP_W;
    println!("seed {max_frame_bytes}, the maximum");
    let mut random = Random::new(max_frame_bytes as u64);
    let mut reached = [0; 5];
    for tkeep in 0..1_u64 << KEEP_W {
        for (tlast, limit) in [(false, false), (false, true), (true, false), (true, true)] {
            let bytes = random_bytes(&mut random, KEEP_W);
            put(&mut bench.block.tdata, &bytes);
            bench.block.tkeep.next = tkeep.into();
            bench.block.tlast.next = tlast;
            bench.block.limit.next = limit;
            bench.settle();
            let block = &bench.block;
            let is = Outputs {
                keep: u64::from(block.keep.val().to_u32()),
                cut: block.cut.val(),
                malformed: block.malformed.val(),
                skip: u64::from(block.skip.val().to_u32()),
                tail_skip: u64::from(block.tail_skip.val().to_u32()),
                spill: u64::from(block.spill.val().to_u32()),
            };
            let wanted = expected(KEEP_W, allowed, tkeep, tlast, limit);
            assert_eq!(is, wanted, "{tkeep:#b} last {tlast} limit {limit}");
            let counts = |k: usize| !tlast || tkeep >> k & 1 == 1;
            let cleared: Vec<u8> = (0..KEEP_W)
                .map(|k| if counts(k) { bytes[k] } else { 0 })
                .collect();
            assert_eq!(bytes_of(&block.data), cleared, "{tkeep:#b} last {tlast}");
            let cases = [
                wanted.malformed,
                wanted.malformed && tlast && tkeep != 0,
                tkeep == 0,
                wanted.cut,
                wanted.tail_skip > 0,
            ];
            for (reached, is) in reached.iter_mut().zip(cases) {
                *reached += u32::from(is);
            }
            bench.clock();
        }
    }
    reached
}

/// Every maximum from one byte in the last beat to all of them.
fn exhaust_all<const WORDS: usize, const KEEP_W: usize>() {
    for max_frame_bytes in 65..65 + KEEP_W {
        let mut bench = Bench::new(KeepCheck::<WORDS, KEEP_W>::new(max_frame_bytes));
        let reached = exhaust(&mut bench, max_frame_bytes);
        assert!(reached.iter().all(|cases| *cases > 0), "{reached:?}");
    }
}

#[test]
fn judges_every_tkeep_of_eight_bytes() {
    exhaust_all::<2, 8>();
}

#[test]
fn judges_every_tkeep_of_four_bytes() {
    exhaust_all::<1, 4>();
}

#[test]
fn the_verilog_is_the_same() {
    let mut wide = Bench::recording(KeepCheck::<2, 8>::new(1_522));
    exhaust(&mut wide, 1_522);
    wide.replay();
    let mut narrow = Bench::recording(KeepCheck::<1, 4>::new(1_519));
    exhaust(&mut narrow, 1_519);
    narrow.replay();
}
