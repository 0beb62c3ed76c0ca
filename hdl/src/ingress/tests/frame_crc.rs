//! Tests of [`FrameCrc`]: frames with good, stomped and wrong FCS, their CRC computed byte by byte.

use std::collections::VecDeque;

use super::bench::{beats, put, random_bytes, random_frame, Beat, Fcs, Flow};
use crate::cosim::Random;
use crate::ingress::FrameCrc;
use crate::testbench::Bench;

/// Random frames with gaps, stalls and resets; what was judged good, stomped and wrong for each number of bytes in the
/// last beat, then resets inside a frame and cycles in which the beat in A stayed.
fn run<const WORDS: usize>(
    bench: &mut Bench<FrameCrc<WORDS>>,
    seed: u64,
    cycles: u32,
) -> (Vec<[u32; 3]>, u32, u32) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut flow = Flow::default();
    let mut source: VecDeque<(Beat, Fcs)> = VecDeque::new();
    // Of the frames whose last beats are in A and B.
    let (mut fcs_a, mut fcs_b) = (Fcs::Good, Fcs::Good);
    let (mut judged, mut resets, mut stayed) = (vec![[0; 3]; 4 * WORDS], 0, 0);
    for _ in 0..cycles {
        if source.is_empty() {
            let length = 5 + random.below(40 * WORDS as u32) as usize;
            let (frame, fcs) = random_frame(&mut random, length);
            source.extend(beats(&frame, 4 * WORDS).into_iter().map(|beat| (beat, fcs)));
        }
        let (offered, may_leave, reset) = (!random.one_in(5), !random.one_in(4), random.one_in(80));
        let enters = offered && flow.moves(offered, false, may_leave).free;
        let moves = flow.moves(offered, enters, may_leave);
        let entering = source.front().filter(|_| enters).cloned();

        let block = &mut bench.block;
        let any = random_bytes(&mut random, 4 * WORDS);
        put(
            &mut block.data,
            entering.as_ref().map_or(&any, |(beat, _)| &beat.bytes),
        );
        block.first.next = entering
            .as_ref()
            .map_or(random.bit(), |(beat, _)| beat.first);
        block.enter.next = enters;
        block.move_b.next = moves.move_b;
        block.last_a.next = flow.a.as_ref().map_or(random.bit(), |beat| beat.last);
        block.skip_a.next = flow.a.as_ref().map_or(random.bits(3), Beat::skip).into();
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        if let Some(beat) = &flow.a {
            let state = if beat.first { 0 } else { beat.state() };
            assert_eq!(block.state.val(), u64::from(state), "cycle {}", bench.cycle);
            stayed += u32::from(!moves.move_b);
        }
        if let Some(beat) = flow.b.as_ref().filter(|beat| beat.last) {
            let is = [block.fcs_good.val(), block.fcs_stomped.val()];
            let wanted = [Fcs::Good, Fcs::Stomped].map(|fcs| fcs == fcs_b);
            assert_eq!(is, wanted, "cycle {}: {beat:?}", bench.cycle);
            judged[beat.count - 1][fcs_b as usize] += u32::from(moves.move_c);
        }
        bench.clock();

        if moves.move_b {
            fcs_b = fcs_a;
        }
        if let Some((beat, fcs)) = entering {
            source.pop_front();
            fcs_a = fcs;
            flow.step(moves, Some(beat));
        } else {
            flow.step(moves, None);
        }
        if reset {
            resets += u32::from(flow.a.as_ref().is_some_and(|beat| !beat.last));
            flow.reset();
            source.clear();
        }
    }
    (judged, resets, stayed)
}

fn judges_every_fcs<const WORDS: usize>() {
    for seed in 1..=3 {
        let mut bench = Bench::new(FrameCrc::<WORDS>::default());
        let (judged, resets, stayed) = run(&mut bench, seed, 10_000);
        let judged = judged.concat();
        assert!(judged.iter().all(|frames| *frames > 3), "{judged:?}");
        assert!(resets > 50 && stayed > 500, "{resets} {stayed}");
    }
}

#[test]
fn judges_every_fcs_in_beats_of_eight_bytes() {
    judges_every_fcs::<2>();
}

#[test]
fn judges_every_fcs_in_beats_of_four_bytes() {
    judges_every_fcs::<1>();
}

#[test]
fn the_verilog_is_the_same() {
    let mut wide = Bench::recording(FrameCrc::<2>::default());
    let (judged, ..) = run(&mut wide, 4, 2_000);
    assert!(judged.concat().iter().filter(|n| **n > 0).count() > 20);
    wide.replay();
    let mut narrow = Bench::recording(FrameCrc::<1>::default());
    let (judged, ..) = run(&mut narrow, 5, 2_000);
    assert!(judged.concat().iter().all(|frames| *frames > 0));
    narrow.replay();
}
