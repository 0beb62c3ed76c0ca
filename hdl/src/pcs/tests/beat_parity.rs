//! Tests of [`BeatParity`].

use crate::cosim::Random;
use crate::pcs::beat_parity::BeatParity;
use crate::pcs::block::{CONTROL_HEADER, DATA_HEADER};
use crate::pcs::marker;
use crate::testbench::Bench;

/// The beats of random blocks, and of blocks with one bit set, add up to the table's parity.
fn adds_up<const WORDS: usize>() {
    let mut bench = Bench::recording(BeatParity::<WORDS>::default());
    println!("seed {WORDS}");
    let mut random = Random::new(WORDS as u64);
    let single = (0..64).map(|bit| 1 << bit);
    let blocks: Vec<u64> = single.chain((0..200).map(|_| random.bits(64))).collect();
    for (payload, control) in blocks
        .into_iter()
        .flat_map(|block| [(block, false), (block, true)])
    {
        let mut sum = 0;
        for half in (0..2).step_by(WORDS) {
            for word in 0..WORDS {
                let word_bits = payload >> (32 * (half + word)) & 0xffff_ffff;
                bench.block.data[word].next = word_bits.into();
            }
            bench.block.control.next = control;
            bench.block.first.next = half == 0;
            bench.settle();
            sum ^= bench.block.parity.val().to_u8();
            bench.clock();
        }
        let header = if control { CONTROL_HEADER } else { DATA_HEADER };
        assert_eq!(sum, marker::bip8(header, payload), "{payload:016x}");
    }
    bench.replay();
}

#[test]
fn beats_add_up_to_the_parity_of_their_block() {
    adds_up::<1>();
    adds_up::<2>();
}
