//! Tests of [`Header`]: frames pass its beats by, and it names their addresses and kinds.

use super::bench::{put, random_bytes};
use crate::cosim::Random;
use crate::ingress::Header;
use crate::testbench::Bench;

const RESERVED: [u8; 6] = [0x01, 0x80, 0xc2, 0, 0, 0];

/// The first 16 bytes of a frame; one bit off from being filtered as often as filtered.
fn random_start(random: &mut Random) -> Vec<u8> {
    let mut start = random_bytes(random, 16);
    if random.bit() {
        start[..6].copy_from_slice(&RESERVED);
        start[5] = random.bits(4) as u8;
        if random.bit() {
            let bit = random.below(48) as usize;
            start[bit / 8] ^= 1 << (bit % 8);
        }
    }
    if random.bit() {
        start[12..14].copy_from_slice(&[0x88, 0x08]);
        if random.bit() {
            let bit = random.below(16) as usize;
            start[12 + bit / 8] ^= 1 << (bit % 8);
        }
    }
    start
}

/// Bytes `place` to `place + 4` of a frame, or any if it has none there.
fn word(start: &[u8], place: usize, random: &mut Random) -> Vec<u8> {
    start
        .get(place..place + 4)
        .map_or_else(|| random_bytes(random, 4), <[u8]>::to_vec)
}

fn run<const WORDS: usize>(bench: &mut Bench<Header<WORDS>>, seed: u64, frames: u32) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let (mut reserved, mut nearly_reserved, mut control, mut nearly_control) = (0, 0, 0, 0);
    for _ in 0..frames {
        let start = random_start(&mut random);
        // Beat 0 enters A, beat 1, beat 2 with beat 0 in B.
        for beat in 0..3 {
            let at = beat * 4 * WORDS;
            let random = &mut random;
            for i in 0..WORDS {
                let block = &mut bench.block;
                let pins = [
                    (&mut block.beat[i], Some(at)),
                    (&mut block.data_a[i], at.checked_sub(4 * WORDS)),
                    (&mut block.data_b[i], at.checked_sub(8 * WORDS)),
                ];
                for (pin, at) in pins {
                    let bytes = at.map_or(usize::MAX - 4, |at| at + 4 * i);
                    put(std::slice::from_mut(pin), &word(&start, bytes, random));
                }
            }
            let behind = word(&start, at + 4 * WORDS, random);
            put(std::slice::from_mut(&mut bench.block.peek), &behind);
            bench.block.first.next = beat == 0;
            bench.settle();
            let block = &bench.block;
            let address = [0, 1].map(|i| block.address[i].val().to_u32().to_le_bytes());
            if beat < 2 {
                let mut wanted = start[6 * beat..6 * beat + 6].to_vec();
                wanted.extend([0, 0]);
                assert_eq!(address.concat(), wanted, "address {beat} of {start:x?}");
            } else {
                let is_reserved = start[..5] == RESERVED[..5] && start[5] < 16;
                let is_control = start[12..14] == [0x88, 0x08];
                assert_eq!(block.reserved.val(), is_reserved, "{start:x?}");
                assert_eq!(block.control.val(), is_control, "{start:x?}");
                reserved += u32::from(is_reserved);
                nearly_reserved += u32::from(!is_reserved && start[1..5] == RESERVED[1..5]);
                control += u32::from(is_control);
                nearly_control += u32::from(!is_control && start[12] == 0x88);
            }
            bench.clock();
        }
    }
    let least = [reserved, nearly_reserved, control, nearly_control];
    assert!(least.iter().all(|count| *count > frames / 40), "{least:?}");
}

#[test]
fn names_addresses_and_kinds_in_beats_of_eight_bytes() {
    run(&mut Bench::new(Header::<2>::default()), 1, 3_000);
}

#[test]
fn names_addresses_and_kinds_in_beats_of_four_bytes() {
    run(&mut Bench::new(Header::<1>::default()), 2, 3_000);
}

#[test]
fn the_verilog_is_the_same() {
    let mut wide = Bench::recording(Header::<2>::default());
    run(&mut wide, 3, 500);
    wide.replay();
    let mut narrow = Bench::recording(Header::<1>::default());
    run(&mut narrow, 4, 500);
    narrow.replay();
}
