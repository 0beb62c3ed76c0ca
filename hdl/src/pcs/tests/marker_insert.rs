//! Tests of [`MarkerInsert`].

use crate::cosim::Random;
use crate::pcs::marker::Marker;
use crate::pcs::marker_insert::MarkerInsert;
use crate::testbench::Bench;

/// Every marker of the table, with each bit of parity, between random blocks.
fn inserts<const WORDS: usize>() {
    let mut bench = Bench::recording(MarkerInsert::<WORDS>::default());
    println!("seed {WORDS}");
    let mut random = Random::new(WORDS as u64);
    for code in (0..4).chain(16..48) {
        for bip in [0, 1, 2, 4, 8, 16, 32, 64, 128, 255, random.bits(8) as u8] {
            for marker in [true, false] {
                let block = random.bits(64);
                let expected = if marker {
                    Marker::payload(code, bip)
                } else {
                    block
                };
                let mut got = 0;
                for half in (0..2).step_by(WORDS) {
                    bench.block.marker.next = marker;
                    bench.block.first.next = half == 0;
                    bench.block.code.next = (code as u64).into();
                    bench.block.bip.next = u64::from(bip).into();
                    for word in 0..WORDS {
                        let word_bits = block >> (32 * (half + word)) & 0xffff_ffff;
                        bench.block.data[word].next = word_bits.into();
                    }
                    bench.settle();
                    for word in 0..WORDS {
                        got |= bench.block.word[word].val().to_u64() << (32 * (half + word));
                    }
                    bench.clock();
                }
                assert_eq!(got, expected, "code {code}, bip {bip:02x}");
            }
        }
    }
    bench.replay();
}

#[test]
fn inserts_every_marker_of_the_table() {
    inserts::<1>();
    inserts::<2>();
}
