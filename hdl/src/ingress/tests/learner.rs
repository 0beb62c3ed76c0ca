//! Tests of [`Learner`]: source addresses of frames, one after the other, and a table that takes its time.

use super::bench::{bytes_of, put, random_bytes};
use crate::cosim::Random;
use crate::ingress::Learner;
use crate::testbench::Bench;

/// What a frame does, each at its time.
#[derive(Clone, Copy, Debug)]
struct Frame {
    source: [u8; 6],
    known: bool,
    good: bool,
    /// Cycles from its source address to the answer, and from there to its end.
    to_answer: u32,
    to_end: u32,
}

fn random_frame(random: &mut Random, spare: u32) -> Frame {
    let mut source: [u8; 6] = random_bytes(random, 6).try_into().unwrap();
    if !random.one_in(4) {
        source[0] &= 0xfe;
    }
    Frame {
        source,
        known: random.one_in(4),
        good: !random.one_in(4),
        to_answer: 1 + random.below(spare),
        to_end: 1 + random.below(spare),
    }
}

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    taken: u32,
    missed: u32,
    /// An address that came while the one before was taken.
    in_time: u32,
    /// Frames not learned: bad, known, from a group address.
    bad: u32,
    known: u32,
    group: u32,
    /// The next frame's source came together with a frame's end.
    overlapped: u32,
    /// Resets with an address on its way, or offered.
    resets: u32,
}

impl Reached {
    fn all(&self) -> [u32; 8] {
        [
            self.taken,
            self.missed,
            self.in_time,
            self.bad,
            self.known,
            self.group,
            self.overlapped,
            self.resets,
        ]
    }
}

fn run(bench: &mut Bench<Learner>, seed: u64, cycles: u32) -> Reached {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut reached = Reached::default();
    // The frame that is followed: cycles since its source was here.
    let mut frame: Option<(Frame, u32)> = None;
    // An address that will be offered in the next cycle, one that is offered, and whether one was replaced.
    let (mut coming, mut offered, mut missed) = (None, None, false);
    let (mut pace, mut spare, mut gap) = (1, 1, 1);
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            pace = 1 + random.below(16);
            spare = 1 + random.below(4);
            gap = 1 + random.below(4);
        }
        let (ready, reset) = (random.one_in(pace), random.one_in(100));
        let answers = frame.is_some_and(|(frame, age)| age == frame.to_answer);
        let ends = frame.is_some_and(|(frame, age)| age == frame.to_answer + frame.to_end);
        let ended = frame.filter(|_| ends).map(|(frame, _)| frame);
        let next = ((frame.is_none() || ends) && random.one_in(gap))
            .then(|| random_frame(&mut random, spare));

        let block = &mut bench.block;
        let any = random_bytes(&mut random, 6);
        let address = next.map_or(any, |frame| frame.source.to_vec());
        // What is beyond the six bytes is whatever the table is asked with: nothing.
        put(&mut block.address, &[&address[..], &[0, 0]].concat());
        block.capture.next = next.is_some();
        block.answer.next = answers;
        block.known.next = match frame {
            Some((frame, _)) if answers => frame.known,
            _ => random.bit(),
        };
        block.good.next = ended.is_some_and(|frame| frame.good);
        block.learn_ready.next = ready;
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        let is = block.learn_valid.val().then(|| {
            let bytes = bytes_of(&block.learn_address);
            <[u8; 6]>::try_from(&bytes[..6]).unwrap()
        });
        assert_eq!(is, offered, "cycle {cycle}");
        assert_eq!(block.stat_learn_missed.val(), missed, "cycle {cycle}");
        reached.missed += u32::from(missed);
        reached.taken += u32::from(ready && offered.is_some());
        reached.in_time += u32::from(ready && offered.is_some() && coming.is_some());
        reached.overlapped += u32::from(ended.is_some() && next.is_some());
        reached.resets += u32::from(reset && (offered.is_some() || coming.is_some()));
        bench.clock();

        if ready {
            offered = None;
        }
        missed = coming.is_some() && offered.is_some();
        offered = coming.or(offered);
        coming = None;
        if let Some(frame) = ended {
            let is_group = frame.source[0] & 1 == 1;
            reached.bad += u32::from(!frame.good);
            reached.known += u32::from(frame.good && frame.known);
            reached.group += u32::from(frame.good && is_group);
            if frame.good && !frame.known && !is_group {
                coming = Some(frame.source);
            }
        }
        frame = match (next, frame) {
            (Some(next), _) => Some((next, 1)),
            (None, Some((frame, age))) if !ends => Some((frame, age + 1)),
            _ => None,
        };
        if reset {
            (frame, coming, offered, missed) = (None, None, None, false);
        }
    }
    reached
}

#[test]
fn offers_the_sources_of_good_frames() {
    for seed in 1..=3 {
        let reached = run(&mut Bench::new(Learner::default()), seed, 20_000);
        assert!(reached.all().iter().all(|n| *n > 40), "{reached:?}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Learner::default());
    let reached = run(&mut bench, 4, 4_000);
    assert!(reached.all().iter().all(|n| *n > 3), "{reached:?}");
    bench.replay();
}
