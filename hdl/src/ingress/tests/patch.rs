//! Tests of [`Patch`]: every set of bytes.

use super::bench::{bytes_of, put, random_bytes};
use crate::cosim::Random;
use crate::ingress::Patch;
use crate::testbench::Bench;

fn exhaust<const WORDS: usize, const KEEP_W: usize>(
    bench: &mut Bench<Patch<WORDS, KEEP_W>>,
    seed: u64,
) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut overwritten = 0;
    for fcs_bytes in 0..1_u64 << KEEP_W {
        for stomp in [false, true] {
            let (bytes, value) = (
                random_bytes(&mut random, KEEP_W),
                random_bytes(&mut random, 4),
            );
            put(&mut bench.block.data, &bytes);
            put(std::slice::from_mut(&mut bench.block.value), &value);
            bench.block.fcs_bytes.next = fcs_bytes.into();
            bench.block.stomp.next = stomp;
            bench.settle();
            let is_overwritten = |k: usize| stomp && fcs_bytes >> k & 1 == 1;
            let wanted: Vec<u8> = (0..KEEP_W)
                .map(|k| {
                    if is_overwritten(k) {
                        value[k % 4]
                    } else {
                        bytes[k]
                    }
                })
                .collect();
            assert_eq!(bytes_of(&bench.block.patched), wanted, "{fcs_bytes:#b}");
            overwritten += (0..KEEP_W).filter(|&k| is_overwritten(k)).count();
            bench.clock();
        }
    }
    assert_eq!(overwritten, KEEP_W << (KEEP_W - 1), "each in half of them");
}

#[test]
fn overwrites_the_bytes_of_the_fcs_when_asked_to() {
    exhaust(&mut Bench::new(Patch::<2, 8>::default()), 1);
    exhaust(&mut Bench::new(Patch::<1, 4>::default()), 2);
}

#[test]
fn the_verilog_is_the_same() {
    let mut wide = Bench::recording(Patch::<2, 8>::default());
    exhaust(&mut wide, 3);
    wide.replay();
    let mut narrow = Bench::recording(Patch::<1, 4>::default());
    exhaust(&mut narrow, 4);
    narrow.replay();
}
