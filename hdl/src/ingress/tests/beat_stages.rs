//! Tests of [`BeatStages`]: frames walk through A, B and C as the rules of [`Flow`] have it.

use std::collections::VecDeque;

use super::bench::{beats, bytes_of, first_bytes, put, random_bytes, Beat, Flow, Moves};
use crate::cosim::Random;
use crate::ingress::BeatStages;
use crate::testbench::Bench;

/// The bit of a cause that says that the frame paused too long.
const PAUSED: u64 = 16;

/// What belongs to a beat apart from its bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    cause: u64,
    /// In C: the frame is known to be poisoned.
    poison: bool,
}

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    /// All three stages full and moving; full and blocked; empty.
    flowing: u32,
    blocked: u32,
    empty: u32,
    /// Frames closed in a pause, and frames whose FCS lies in two beats.
    closed: u32,
    straddled: u32,
    /// Beats known to be poisoned that are not the last, and beats that left untaken.
    poisoned_before: u32,
    discarded: u32,
    /// First beats that waited in B for a third one.
    waited: u32,
    /// Resets inside a frame.
    resets: u32,
}

impl Reached {
    fn all(&self) -> [u32; 8] {
        [
            self.flowing,
            self.blocked,
            self.empty,
            self.closed,
            self.straddled,
            self.poisoned_before,
            self.discarded,
            self.resets,
        ]
    }
}

struct Driver<const WORDS: usize, const KEEP_W: usize> {
    bench: Bench<BeatStages<WORDS, KEEP_W>>,
    random: Random,
    flow: Flow,
    /// Of what is in A, B and C.
    marks: [Marks; 3],
    /// What is left of the frame at the pins, the next beat first.
    source: VecDeque<Beat>,
    /// Cycles in which the pins show beats that nobody wants.
    unwanted: u32,
    reached: Reached,
}

impl<const WORDS: usize, const KEEP_W: usize> Driver<WORDS, KEEP_W> {
    fn new(bench: Bench<BeatStages<WORDS, KEEP_W>>, seed: u64) -> Self {
        println!("seed {seed}");
        Self {
            bench,
            random: Random::new(seed),
            flow: Flow::default(),
            marks: [Marks::default(); 3],
            source: VecDeque::new(),
            unwanted: 0,
            reached: Reached::default(),
        }
    }

    /// One cycle: a beat is offered once in `gap` cycles, and taken once in `stall`.
    fn cycle(&mut self, gap: u32, stall: u32, reset: bool) {
        if self.source.is_empty() && self.unwanted == 0 {
            let length = 1 + self.random.below(6 * KEEP_W as u32) as usize;
            let frame = random_bytes(&mut self.random, length);
            self.source = beats(&frame, KEEP_W).into();
        }
        let offered = self.random.one_in(gap);
        let [discard, take] = [8, stall].map(|n| self.random.one_in(n));
        let is_free = self.flow.moves(offered, false, discard || take).free;
        let enters = offered && is_free && self.unwanted == 0;
        let is_open = self.flow.a.as_ref().is_some_and(|beat| !beat.last);
        let close = is_open && !offered && self.random.one_in(8);
        let entering = self.source.front().filter(|_| enters).cloned();
        let moves = self.flow.moves(offered, enters, discard || take);
        let (fcs_good, cause) = (self.random.bit(), self.random.bits(4));
        let cause = if self.random.bit() { 0 } else { cause };

        self.drive(entering.as_ref(), cause);
        let block = &mut self.bench.block;
        block.reset.next = reset;
        block.offered.next = offered;
        block.enter.next = enters;
        block.close_gap.next = close;
        block.fcs_good.next = fcs_good;
        block.discard.next = discard;
        block.take.next = take;
        self.bench.settle();
        self.compare(moves);
        self.count(moves, enters, offered, discard && !take);
        self.bench.clock();

        if moves.move_c {
            let beat = self.flow.b.as_ref().unwrap();
            // Until its last byte is checked, the fate of a frame is in what is wrong with its last beat.
            let a_is_last = self.flow.a.as_ref().is_some_and(|beat| beat.last);
            let poison = if beat.last {
                self.marks[1].cause != 0 || !fcs_good
            } else {
                a_is_last && self.marks[0].cause != 0
            };
            self.marks[2] = Marks { cause: 0, poison };
        }
        if moves.move_b {
            self.marks[1] = self.marks[0];
        }
        self.flow.step(moves, entering);
        if enters {
            self.source.pop_front();
            self.marks[0].cause = cause;
        }
        if let Some(beat) = self.flow.a.as_mut().filter(|_| close) {
            // What came is all of the frame; its rest is thrown away.
            beat.last = true;
            beat.frame.truncate(beat.at + beat.count);
            self.marks[0].cause = PAUSED;
            self.source.clear();
            self.unwanted = 1 + self.random.below(4);
            self.reached.closed += 1;
        } else if offered && !enters {
            self.unwanted = self.unwanted.saturating_sub(1);
        }
        if reset {
            self.reached.resets += u32::from(is_open);
            self.flow.reset();
            self.source.clear();
            self.unwanted = 0;
        }
    }

    /// The pins of the beat that enters, or anything.
    fn drive(&mut self, entering: Option<&Beat>, cause: u64) {
        let random = &mut self.random;
        let block = &mut self.bench.block;
        block.cause.next = cause.into();
        let Some(beat) = entering else {
            put(&mut block.data, &random_bytes(random, KEEP_W));
            block.keep.next = random.bits(KEEP_W).into();
            block.spill.next = random.bits(KEEP_W).into();
            block.skip.next = random.bits(3).into();
            block.first.next = random.bit();
            block.second.next = random.bit();
            block.last.next = random.bit();
            return;
        };
        put(&mut block.data, &beat.bytes);
        block.keep.next = first_bytes(beat.count).into();
        let before = beat.before();
        block.spill.next = (first_bytes(before) << (KEEP_W - before)).into();
        block.skip.next = beat.skip().into();
        block.first.next = beat.first;
        block.second.next = beat.second;
        block.last.next = beat.last;
    }

    /// Everything that means something.
    fn compare(&self, moves: Moves) {
        let (block, cycle) = (&self.bench.block, self.bench.cycle);
        let is = Moves {
            free: block.free.val(),
            move_b: block.move_b.val(),
            move_c: block.move_c.val(),
            leave: block.leave.val(),
        };
        assert_eq!(is, moves, "cycle {cycle}: {:?}", self.flow);
        if let Some(beat) = &self.flow.a {
            assert_eq!(bytes_of(&block.data_a), beat.bytes, "cycle {cycle}");
            assert_eq!(block.last_a.val(), beat.last, "cycle {cycle}");
            assert_eq!(
                u64::from(block.skip_a.val().to_u32()),
                beat.skip(),
                "cycle {cycle}"
            );
        }
        if let Some(beat) = &self.flow.b {
            assert_eq!(bytes_of(&block.data_b), beat.bytes, "cycle {cycle}");
            assert_eq!(block.first_b.val(), beat.first, "cycle {cycle}");
            assert_eq!(block.last_b.val(), beat.last, "cycle {cycle}");
            assert_eq!(
                u64::from(block.cause_b.val().to_u32()),
                self.marks[1].cause,
                "cycle {cycle}"
            );
        }
        assert_eq!(block.valid_c.val(), self.flow.c.is_some(), "cycle {cycle}");
        if let Some(beat) = &self.flow.c {
            let fcs_bytes: u64 = beat.fcs().iter().map(|(k, _)| 1 << k).sum();
            let masks = [&block.keep_c, &block.fcs_bytes_c].map(|mask| mask.val().to_u32());
            assert_eq!(bytes_of(&block.data_c), beat.bytes, "cycle {cycle}");
            assert_eq!(
                masks.map(u64::from),
                [first_bytes(beat.count), fcs_bytes],
                "cycle {cycle}: {beat:?}"
            );
            assert_eq!(block.first_c.val(), beat.first, "cycle {cycle}");
            assert_eq!(block.second_c.val(), beat.second, "cycle {cycle}");
            assert_eq!(block.last_c.val(), beat.last, "cycle {cycle}");
            assert_eq!(
                block.poison_c.val(),
                self.marks[2].poison,
                "cycle {cycle}: {beat:?}"
            );
        }
    }

    fn count(&mut self, moves: Moves, enters: bool, offered: bool, untaken: bool) {
        let is_full = self.flow.count() == 3;
        let reached = &mut self.reached;
        reached.flowing += u32::from(is_full && moves.leave && enters);
        reached.blocked += u32::from(is_full && offered && !moves.free);
        reached.empty += u32::from(self.flow.count() == 0);
        reached.discarded += u32::from(moves.leave && untaken);
        let c_free = self.flow.c.is_none() || moves.leave;
        reached.waited += u32::from(self.flow.b.is_some() && c_free && !moves.move_c);
        if let Some(beat) = self.flow.c.as_ref().filter(|_| moves.leave) {
            reached.straddled += u32::from(!beat.last && !beat.fcs().is_empty());
            reached.poisoned_before += u32::from(!beat.last && self.marks[2].poison);
        }
    }
}

/// Frames in phases of different gaps and stalls.
fn run<const WORDS: usize, const KEEP_W: usize>(
    bench: Bench<BeatStages<WORDS, KEEP_W>>,
    seed: u64,
    cycles: u32,
) -> Bench<BeatStages<WORDS, KEEP_W>> {
    let mut driver = Driver::new(bench, seed);
    let (mut gap, mut stall) = (1, 1);
    for cycle in 0..cycles {
        if cycle % 64 == 0 {
            gap = 1 + driver.random.below(3);
            stall = 1 + driver.random.below(3);
        }
        let reset = driver.random.one_in(100);
        driver.cycle(gap, stall, reset);
    }
    let reached = driver.reached;
    let least = cycles / 500;
    assert!(reached.all().iter().all(|n| *n > least), "{reached:?}");
    assert_eq!(reached.waited > least, WORDS == 1, "{reached:?}");
    driver.bench
}

#[test]
fn carries_frames_through_three_stages() {
    for seed in 1..=3 {
        run(Bench::new(BeatStages::<2, 8>::default()), seed, 10_000);
    }
}

#[test]
fn carries_frames_of_32_bit_beats_through_three_stages() {
    for seed in 1..=3 {
        run(Bench::new(BeatStages::<1, 4>::default()), seed, 10_000);
    }
}

#[test]
fn the_verilog_is_the_same() {
    run(Bench::recording(BeatStages::<2, 8>::default()), 4, 2_000).replay();
    run(Bench::recording(BeatStages::<1, 4>::default()), 5, 2_000).replay();
}
