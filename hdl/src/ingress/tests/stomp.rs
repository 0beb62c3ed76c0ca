//! Tests of [`Stomp`]: the stomped FCS of frames of every length, byte by byte.

use std::collections::VecDeque;

use super::bench::{beats, put, random_bytes, Beat, Flow};
use crate::cosim::Random;
use crate::ingress::{crc32, Stomp};
use crate::testbench::Bench;

/// Random frames with gaps and stalls; frames for each number of bytes in the last beat, and FCS bytes that were
/// compared in a beat before the last.
fn run<const WORDS: usize>(
    bench: &mut Bench<Stomp<WORDS>>,
    seed: u64,
    cycles: u32,
) -> (Vec<u32>, u32) {
    println!("seed {seed}");
    let width = 4 * WORDS;
    let mut random = Random::new(seed);
    let (mut flow, mut source) = (Flow::default(), VecDeque::<Beat>::new());
    let (mut frames, mut straddled, mut pace) = (vec![0; width], 0, [1; 2]);
    for cycle in 0..cycles {
        if cycle % 64 == 0 {
            pace = [2, 2].map(|n| 1 + random.below(n));
        }
        if source.is_empty() {
            // The message reaches beyond the first beat.
            let length = width + 5 + random.below(4 * width as u32) as usize;
            source = beats(&random_bytes(&mut random, length), width).into();
        }
        let [offered, may_leave] = pace.map(|n| random.one_in(n));
        let enters = offered && flow.moves(offered, false, may_leave).free;
        let moves = flow.moves(offered, enters, may_leave);
        let entering = source.front().filter(|_| enters).cloned();

        let block = &mut bench.block;
        let any = random_bytes(&mut random, width);
        // Bytes that do not count change nothing.
        let data_a = flow.a.as_ref().map_or(any.clone(), |beat| {
            [&beat.bytes[..beat.count], &any[beat.count..]].concat()
        });
        put(&mut block.data_a, &data_a);
        let state = flow.a.as_ref().filter(|beat| !beat.first);
        block.state.next = u64::from(state.map_or(0, Beat::state)).into();
        block.last_a.next = flow.a.as_ref().map_or(random.bit(), |beat| beat.last);
        block.skip_a.next = flow.a.as_ref().map_or(random.bits(3), Beat::skip).into();
        let before = entering.as_ref().map(|beat| beat.before() as u64);
        block.tail_skip.next = before.unwrap_or(random.bits(2)).into();
        block.move_b.next = moves.move_b;
        block.move_c.next = moves.move_c;
        bench.settle();
        if let Some(beat) = &flow.c {
            let patch = bench.block.patch.val().to_u32().to_le_bytes();
            let message = &beat.frame[..beat.frame.len() - 4];
            let stomped = crc32::update(crc32::INITIAL, message).to_le_bytes();
            for (k, place) in beat.fcs() {
                assert_eq!(
                    patch[k % 4],
                    stomped[place],
                    "cycle {cycle}: byte {place} of the FCS of {beat:?}"
                );
                straddled += u32::from(!beat.last);
            }
            frames[beat.count - 1] += u32::from(beat.last && moves.leave);
        }
        bench.clock();
        if entering.is_some() {
            source.pop_front();
        }
        flow.step(moves, entering);
    }
    (frames, straddled)
}

fn aligns_every_fcs<const WORDS: usize>() {
    for seed in 1..=3 {
        let (frames, straddled) = run(&mut Bench::new(Stomp::<WORDS>::default()), seed, 10_000);
        assert!(frames.iter().all(|frames| *frames > 50), "{frames:?}");
        assert!(straddled > 300, "{straddled}");
    }
}

#[test]
fn aligns_every_fcs_in_beats_of_eight_bytes() {
    aligns_every_fcs::<2>();
}

#[test]
fn aligns_every_fcs_in_beats_of_four_bytes() {
    aligns_every_fcs::<1>();
}

#[test]
fn the_verilog_is_the_same() {
    let mut wide = Bench::recording(Stomp::<2>::default());
    let (frames, _) = run(&mut wide, 4, 2_000);
    assert!(frames.iter().all(|frames| *frames > 0), "{frames:?}");
    wide.replay();
    let mut narrow = Bench::recording(Stomp::<1>::default());
    let (frames, _) = run(&mut narrow, 5, 2_000);
    assert!(frames.iter().all(|frames| *frames > 0), "{frames:?}");
    narrow.replay();
}
