//! Tests of [`Scrambler`]: against the polynomial, bit by bit, and against a few lines of Python.

use std::process::Command;

use crate::cosim::Random;
use crate::pcs::scrambler::Scrambler;
use crate::testbench::Bench;
use crate::tools;

/// The polynomial as Python sees it, independent of this crate: the words it is given, scrambled.
const PYTHON: &str = "
import sys
sent = [1] * 58
for word in sys.argv[1:]:
    word, out = int(word, 16), 0
    for i in range(32):
        bit = (word >> i & 1) ^ sent[-39] ^ sent[-58]
        sent.append(bit)
        out |= bit << i
    print('%08x' % out)
";

fn reset<const WORDS: usize>(bench: &mut Bench<Scrambler<WORDS>>) {
    bench.block.reset.next = true;
    bench.block.advance.next = true;
    bench.clock();
    bench.block.reset.next = false;
}

/// Scrambles `words`, `WORDS` a cycle.
fn scramble<const WORDS: usize>(bench: &mut Bench<Scrambler<WORDS>>, words: &[u32]) -> Vec<u32> {
    let mut scrambled = Vec::new();
    for beat in words.chunks_exact(WORDS) {
        for (pin, word) in bench.block.data.iter_mut().zip(beat) {
            pin.next = u64::from(*word).into();
        }
        bench.settle();
        scrambled.extend(bench.block.scrambled.iter().map(|pin| pin.val().to_u32()));
        bench.clock();
    }
    scrambled
}

fn follows_the_polynomial<const WORDS: usize>() {
    let mut bench = Bench::recording(Scrambler::<WORDS>::default());
    println!("seed {WORDS}");
    let mut random = Random::new(WORDS as u64);
    let mut sent = Vec::new();
    let (mut resets, mut pauses) = (0, 0);
    for cycle in 0..1_000 {
        if cycle == 0 || random.one_in(100) {
            reset(&mut bench);
            sent = vec![1; 58];
            resets += 1;
        }
        let advance = !random.one_in(4);
        pauses += u32::from(!advance);
        bench.block.advance.next = advance;
        let words: Vec<u32> = (0..WORDS).map(|_| random.next_u32()).collect();
        let got = scramble(&mut bench, &words);
        let before = sent.len();
        for (word, got) in words.iter().zip(got) {
            for bit in 0..32 {
                let taps = sent[sent.len() - 39] ^ sent[sent.len() - 58];
                sent.push((word >> bit & 1) ^ taps);
                assert_eq!(got >> bit & 1, *sent.last().unwrap(), "cycle {cycle}");
            }
        }
        if !advance {
            sent.truncate(before);
        }
    }
    assert!(resets > 5 && pauses > 100, "{resets} {pauses}");
    bench.replay();
}

#[test]
fn follows_the_polynomial_in_one_word_and_in_two() {
    follows_the_polynomial::<1>();
    follows_the_polynomial::<2>();
}

#[test]
fn python_scrambles_the_same() {
    let Some(python) = tools::find("python3") else {
        assert!(!tools::are_required(), "python3 is not found");
        println!("skipped: python3 is not found");
        return;
    };
    // Zeros show the polynomial alone; idle blocks, ones and some of everything.
    let mut words = vec![0; 16];
    words.extend([0x1e, 0, 0x1e, 0, u32::MAX, u32::MAX]);
    let mut random = Random::new(1);
    words.extend((0..100).map(|_| random.next_u32()));
    let told = words.iter().map(|word| format!("{word:x}"));
    let output = Command::new(python)
        .arg("-c")
        .arg(PYTHON)
        .args(told)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let expected: Vec<u32> = said
        .lines()
        .map(|line| u32::from_str_radix(line, 16).unwrap())
        .collect();
    assert_eq!(
        expected.len(),
        words.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let mut one = Bench::new(Scrambler::<1>::default());
    reset(&mut one);
    assert_eq!(scramble(&mut one, &words), expected);
    let mut two = Bench::new(Scrambler::<2>::default());
    reset(&mut two);
    assert_eq!(scramble(&mut two, &words), expected);
}
