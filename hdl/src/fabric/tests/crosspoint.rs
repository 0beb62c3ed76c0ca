//! Tests of [`Crosspoint`] against a naive queue.

use std::collections::VecDeque;

use super::bench::{settle, tick};
use crate::fabric::beat::SIDE_LAST;
use crate::fabric::crosspoint::Crosspoint;
use crate::prelude::*;
use crate::target::Target;
use crate::{cosim, export};

/// A stored beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beat {
    data: u32,
    last: bool,
}

/// A frame in the reference: how many of its beats have come and gone, and what it waits for.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// The cycle from which on it may start.
    released: Option<u64>,
}

/// A queue and the naive reference, with the egress's half of the arbiter.
struct Bench<const DEPTH_W: usize, const LEVEL_W: usize> {
    block: Box<Crosspoint<1, DEPTH_W, LEVEL_W>>,
    max_frame_beats: usize,
    cycle: u64,
    /// Beats pushed and not taken, with the cycle of the push.
    beats: VecDeque<(Beat, u64)>,
    /// Frames whose first beat was pushed and that are not picked.
    frames: VecDeque<Frame>,
    storing: bool,
    /// Frames picked and not yet completely taken, by the cycle of the pick.
    picked: VecDeque<u64>,
    /// The oldest of them is on the egress.
    current: bool,
    /// Takes of a head that was not there: the source pauses inside a frame.
    underruns: u32,
    /// The pulse that tells of a pick is due.
    picking: bool,
    /// The beat taken last.
    taken: Option<Beat>,
    recorder: Option<cosim::Recorder>,
}

/// What an ingress shows in a cycle.
#[derive(Clone, Copy, Debug, Default)]
struct Push {
    data: u32,
    first: bool,
    last: bool,
    store_forward: bool,
    counts: bool,
}

impl<const DEPTH_W: usize, const LEVEL_W: usize> Bench<DEPTH_W, LEVEL_W> {
    fn new(max_frame_beats: usize) -> Self {
        let mut block = Box::new(Crosspoint::new(max_frame_beats, Target::Generic));
        block.connect_all();
        settle(&mut *block);
        Self {
            block,
            max_frame_beats,
            cycle: 0,
            beats: VecDeque::new(),
            frames: VecDeque::new(),
            storing: false,
            picked: VecDeque::new(),
            current: false,
            underruns: 0,
            picking: false,
            taken: None,
            recorder: None,
        }
    }

    /// Sets the inputs; `tready` counts only while a picked frame is selected.
    fn drive(&mut self, push: Option<Push>, selected: bool, tready: bool) {
        let block = &mut self.block;
        let shown = push.unwrap_or_default();
        block.reset.next = false;
        block.offer.next = push.is_some();
        block.beat.data[0].next = u64::from(shown.data).into();
        block.beat.side.next = u64::from(shown.last).into();
        block.push.next = shown.counts;
        block.first.next = shown.first;
        block.last.next = shown.last;
        block.store_forward.next = shown.store_forward;
        block.picked.next = self.picking;
        block.selected.next = selected;
        block.tready.next = tready;
        settle(&mut *self.block);
    }

    fn clock(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.sample(&*self.block);
        }
        tick!(*self.block);
        self.cycle += 1;
    }

    /// Compares every output with the reference's, in a cycle whose inputs are set.
    fn check(&self) {
        let (block, cycle) = (&self.block, self.cycle);
        // Head.
        let head = Beat {
            data: block.head.data[0].val().to_u32(),
            last: block.head.side.val().to_u32() & SIDE_LAST != 0,
        };
        match self.beats.front() {
            Some((beat, pushed)) if pushed + 3 <= cycle => {
                assert!(block.head_valid.val(), "cycle {cycle}: the head is late");
                assert_eq!(head, *beat, "cycle {cycle}: head");
            }
            _ => assert!(
                !block.head_valid.val(),
                "cycle {cycle}: head without a beat"
            ),
        }
        if !block.head_valid.val() {
            if let Some(taken) = self.taken {
                assert_eq!(
                    head, taken,
                    "cycle {cycle}: the head must keep the beat taken last"
                );
            }
        }
        // Requests: a release shows in the next cycle, a pick in the cycle after its pulse.
        let waiting = self.waiting();
        assert_eq!(block.request.val(), waiting > 0, "cycle {cycle}: request");
        if self.picking {
            assert_eq!(block.sole.val(), waiting == 1, "cycle {cycle}: sole");
        }
        // Room: never promised falsely, and withheld only if a frame would not have fitted two cycles ago.
        let depth = (1 << DEPTH_W) - 1;
        let held = self.beats.len();
        if held + self.max_frame_beats > depth + 2 {
            assert!(!block.room.val(), "cycle {cycle}: room beyond {held} beats");
        }
        // Two beats of lag, two in the read stages, two cells unused.
        if held + self.max_frame_beats + 5 < depth && waiting < 60 {
            assert!(
                block.room.val(),
                "cycle {cycle}: no room beside {held} beats"
            );
        }
    }

    /// Frames that were released and not picked before the pick that is being told.
    fn waiting(&self) -> usize {
        let is_released = |frame: &&Frame| frame.released.is_some_and(|from| from <= self.cycle);
        self.frames.iter().filter(is_released).count()
    }

    /// One cycle: the arbiter may pick, the egress may select and take; compares and follows.
    fn cycle(&mut self, push: Option<Push>, may_pick: bool, may_select: bool, tready: bool) {
        // A frame picked in cycle n is on the egress in n + 2 at the earliest, and stays there.
        let is_next = self
            .picked
            .front()
            .is_some_and(|pick| pick + 2 <= self.cycle);
        let starts = !self.current && may_select && is_next;
        self.current |= starts;
        self.drive(push, self.current, tready);
        self.check();
        let is_last = self.block.head.side.val().to_u32() & SIDE_LAST != 0;
        if self.current && !self.block.head_valid.val() {
            assert!(
                !starts,
                "cycle {}: a frame starts without its first beat",
                self.cycle
            );
            assert!(!is_last, "cycle {}: the arbiter would move on", self.cycle);
            self.underruns += u32::from(tready);
        }
        let left = self.waiting() - usize::from(self.picking);
        if self.picking {
            self.frames.pop_front();
        }
        if self.current && tready && self.block.head_valid.val() {
            let (beat, _) = self.beats.pop_front().unwrap();
            self.taken = Some(beat);
            if beat.last {
                self.picked.pop_front();
                self.current = false;
            }
        }
        // One frame on the egress and one after it.
        self.picking = may_pick && left > 0 && self.picked.len() < 2;
        if self.picking {
            self.picked.push_back(self.cycle);
        }
        if let Some(push) = push.filter(|push| push.counts) {
            let beat = Beat {
                data: push.data,
                last: push.last,
            };
            self.beats.push_back((beat, self.cycle));
            if push.first {
                self.storing = push.store_forward;
                self.frames.push_back(Frame { released: None });
            }
            let frame = self.frames.back_mut();
            if let Some(frame) = frame.filter(|frame| frame.released.is_none()) {
                if !self.storing || push.last {
                    frame.released = Some(self.cycle + 1);
                }
            }
        }
        self.clock();
    }

    /// A cycle of reset, whatever else happens.
    fn reset(&mut self, push: Option<Push>) {
        self.drive(push, self.current, true);
        self.block.reset.next = true;
        settle(&mut *self.block);
        self.clock();
        self.block.reset.next = false;
        self.beats.clear();
        self.frames.clear();
        self.picked.clear();
        self.current = false;
        self.picking = false;
        self.taken = None;
    }
}

/// A source of frames that starts one whenever there is room, as the gate does.
#[derive(Default)]
struct Source {
    left: usize,
    is_first: bool,
    counter: u32,
    store_forward: bool,
    /// Goes into none of the frame's queues.
    is_dropped: bool,
}

impl Source {
    /// The beat of this cycle; `beats` long if a frame starts.
    fn next(&mut self, room: bool, beats: usize, store_forward: bool) -> Push {
        if self.left == 0 {
            self.is_first = true;
            self.left = beats;
            self.store_forward = store_forward;
            self.is_dropped = !room;
        }
        self.counter += 1;
        let push = Push {
            data: self.counter.wrapping_mul(0x9e37_79b9),
            first: self.is_first,
            last: self.left == 1,
            store_forward: self.store_forward,
            counts: !self.is_dropped,
        };
        self.is_first = false;
        self.left -= 1;
        push
    }
}

#[test]
fn a_beat_shows_three_cycles_after_its_push() {
    let mut bench = Bench::<4, 5>::new(8);
    let push = Push {
        data: 0x1234_5678,
        first: true,
        last: true,
        counts: true,
        ..Push::default()
    };
    bench.cycle(Some(push), true, false, true);
    for after in 1..=3 {
        bench.drive(None, false, false);
        assert_eq!(bench.block.head_valid.val(), after == 3);
        bench.cycle(None, false, false, false);
    }
    assert_eq!(bench.block.head.data[0].val().to_u32(), 0x1234_5678);
}

/// Fills a queue that nobody empties, keeps offering, then reads all of it back.
fn fills_to_the_limit<const DEPTH_W: usize, const LEVEL_W: usize>(
    max_frame_beats: usize,
    filler: usize,
) {
    let mut bench = Bench::<DEPTH_W, LEVEL_W>::new(max_frame_beats);
    let mut source = Source::default();
    let mut fullest = 0;
    // First `filler` frames of one beat, then longest frames, back to back.
    for beat in 0..3 << DEPTH_W {
        let beats = if beat < filler { 1 } else { max_frame_beats };
        let room = bench.block.room.val();
        let push = source.next(room, beats, false);
        bench.cycle(Some(push), false, false, false);
        fullest = fullest.max(bench.beats.len());
    }
    assert!(source.is_dropped, "it never filled");
    while !bench.beats.is_empty() || bench.picking {
        bench.cycle(None, true, true, true);
    }
    assert!(
        fullest + max_frame_beats >= 1 << DEPTH_W,
        "{fullest} beats at most"
    );
    bench.cycle(None, true, true, true);
}

#[test]
fn holds_longest_frames_to_the_limit() {
    for max_frame_beats in 3..=12 {
        for filler in 0..14 {
            fills_to_the_limit::<4, 5>(max_frame_beats, filler);
        }
    }
}

/// What a random run reached.
#[derive(Debug, Default)]
struct Reached {
    beats: u32,
    full: u32,
    empty: u32,
    many_frames: u32,
    stored: u32,
    sole_picks: u32,
    other_picks: u32,
    resets_in_frame: u32,
    underruns: u32,
}

/// Random frames in phases: nobody reads, all read, in between; resets if asked for.
fn random_run<const DEPTH_W: usize, const LEVEL_W: usize>(
    bench: &mut Bench<DEPTH_W, LEVEL_W>,
    seed: u64,
    cycles: u32,
    resets: bool,
) -> Reached {
    println!("seed {seed}");
    let mut random = cosim::Random::new(seed);
    let mut source = Source::default();
    let mut reached = Reached::default();
    let (mut pace, mut gaps, mut longest) = (0, 0, 1);
    for cycle in 0..cycles {
        if cycle % 150 == 0 {
            pace = random.below(5);
            gaps = random.below(4);
            longest = 1 + random.below(bench.max_frame_beats as u32);
        }
        let room = bench.block.room.val();
        reached.full += u32::from(!room);
        reached.empty += u32::from(bench.beats.is_empty());
        reached.many_frames += u32::from(bench.waiting() >= 67);
        let paused = random.below(4) < gaps;
        let push = if paused {
            // The gate offers in the pauses of a frame too.
            random.bit().then(|| Push {
                data: random.next_u32(),
                first: source.left == 0,
                last: random.bit(),
                ..Push::default()
            })
        } else {
            let beats = 1 + random.below(longest);
            let store_forward = random.one_in(3);
            Some(source.next(room, beats as usize, store_forward))
        };
        if resets && random.one_in(300) {
            reached.resets_in_frame += u32::from(source.left > 0);
            bench.reset(push);
            source = Source::default();
            continue;
        }
        let counts = push.is_some_and(|push| push.counts);
        reached.beats += u32::from(counts);
        reached.stored += u32::from(
            push.is_some_and(|push| push.counts && push.last && !push.first && push.store_forward),
        );
        if bench.picking {
            reached.sole_picks += u32::from(bench.waiting() == 1);
            reached.other_picks += u32::from(bench.waiting() > 1);
        }
        let (may_pick, may_select) = (random.below(4) < pace, random.below(4) < pace);
        bench.cycle(push, may_pick, may_select, random.below(4) < pace);
    }
    // Complete the frame, then everything leaves.
    while source.left > 0 {
        let push = source.next(false, 0, false);
        bench.cycle(Some(push), true, true, true);
    }
    let limit = bench.cycle + (4 << DEPTH_W);
    while !bench.beats.is_empty() || bench.picking {
        bench.cycle(None, true, true, true);
        assert!(bench.cycle < limit, "the queue does not empty");
    }
    reached.underruns = bench.underruns;
    reached
}

#[test]
fn follows_the_reference_under_random_frames() {
    for seed in 1..=4 {
        let mut bench = Bench::<4, 5>::new(5);
        let reached = random_run(&mut bench, seed, 20_000, seed > 2);
        println!("{reached:?}");
        assert!(
            reached.beats > 5_000,
            "the addresses wrap hundreds of times"
        );
        assert!(reached.full > 1_000 && reached.empty > 500);
        assert!(reached.stored > 100 && reached.underruns > 100);
        assert!(reached.sole_picks > 300 && reached.other_picks > 300);
        assert_eq!(reached.resets_in_frame > 10, seed > 2);
    }
}

#[test]
fn follows_the_reference_at_every_depth() {
    fn deep<const DEPTH_W: usize, const LEVEL_W: usize>(max_frame_beats: usize) {
        let mut bench = Bench::<DEPTH_W, LEVEL_W>::new(max_frame_beats);
        let reached = random_run(&mut bench, DEPTH_W as u64, 6_000, false);
        assert!(
            reached.beats > 1 << DEPTH_W,
            "the addresses wrap: {reached:?}"
        );
    }
    deep::<4, 5>(13);
    deep::<5, 6>(3);
    deep::<6, 7>(20);
    deep::<7, 8>(64);
    deep::<8, 9>(191);
    deep::<9, 10>(191);
    deep::<10, 11>(100);
    deep::<11, 12>(64);
}

#[test]
fn addresses_of_every_depth_come_round() {
    fn wraps<const DEPTH_W: usize, const LEVEL_W: usize>() {
        let depth = 1 << DEPTH_W;
        let longest = (depth / 32).max(3);
        let mut bench = Bench::<DEPTH_W, LEVEL_W>::new(longest);
        let mut source = Source::default();
        // Filled three times, each time from another address on.
        for round in 0..3 {
            while source.left > 0 || bench.block.room.val() {
                let push = source.next(true, longest, false);
                bench.cycle(Some(push), false, false, false);
            }
            let held = bench.beats.len();
            assert!(
                held + longest >= depth - 2,
                "{held} beats of {depth} in round {round}"
            );
            while !bench.beats.is_empty() || bench.picking {
                bench.cycle(None, true, true, true);
            }
        }
    }
    wraps::<4, 5>();
    wraps::<5, 6>();
    wraps::<6, 7>();
    wraps::<7, 8>();
    wraps::<8, 9>();
    wraps::<9, 10>();
    wraps::<10, 11>();
    wraps::<11, 12>();
    wraps::<12, 13>();
}

#[test]
fn closes_while_sixty_seven_frames_wait() {
    let mut bench = Bench::<8, 9>::new(3);
    let mut source = Source::default();
    let mut accepted = 0;
    for _ in 0..200 {
        let room = bench.block.room.val();
        let push = source.next(room, 1, false);
        accepted += u32::from(push.counts);
        bench.cycle(Some(push), false, false, false);
    }
    assert!((67..=70).contains(&accepted), "{accepted} frames");
    while !bench.beats.is_empty() || bench.picking {
        bench.cycle(None, true, true, true);
    }
    assert!(bench.block.room.val());
}

#[test]
fn one_beat_frames_pass_at_full_rate() {
    let mut bench = Bench::<4, 5>::new(5);
    let mut source = Source::default();
    for _ in 0..200 {
        assert!(bench.block.room.val());
        let push = source.next(true, 1, false);
        bench.cycle(Some(push), true, true, true);
        assert!(
            bench.beats.len() <= 4,
            "a beat was not taken in its third cycle"
        );
    }
}

#[test]
fn stored_frames_may_start_when_they_are_complete() {
    let mut bench = Bench::<4, 5>::new(8);
    let mut source = Source::default();
    for beat in 0..8 {
        let push = source.next(true, 8, true);
        bench.cycle(Some(push), true, true, true);
        assert_eq!(bench.block.request.val(), beat == 7, "after beat {beat}");
    }
    let cycle = bench.cycle;
    while !bench.beats.is_empty() {
        bench.cycle(None, true, true, true);
    }
    assert_eq!(
        bench.cycle - cycle,
        2 + 8,
        "two cycles to the egress, then every beat"
    );
}

#[test]
fn after_a_reset_at_any_cycle_it_is_empty() {
    for at in 0..24 {
        let mut bench = Bench::<4, 5>::new(5);
        let mut source = Source::default();
        for _ in 0..at {
            let room = bench.block.room.val();
            let push = source.next(room, 4, at % 2 == 1);
            bench.cycle(Some(push), true, true, at % 3 > 0);
        }
        let room = bench.block.room.val();
        let push = source.next(room, 4, false);
        bench.reset(Some(push));
        source = Source::default();
        for _ in 0..40 {
            let room = bench.block.room.val();
            let push = source.next(room, 3, false);
            bench.cycle(Some(push), true, true, true);
        }
        assert!(bench.taken.is_some(), "reset in cycle {at}");
    }
}

#[test]
fn refuses_a_longest_frame_that_does_not_fit() {
    let new =
        |beats| std::panic::catch_unwind(|| Crosspoint::<1, 4, 5>::new(beats, Target::Generic));
    for beats in [14, 15, 16, 1_000] {
        assert!(new(beats).is_err(), "{beats} beats in 16");
    }
    assert!(new(13).is_ok());
    let shallow = std::panic::catch_unwind(|| Crosspoint::<1, 3, 4>::new(3, Target::Generic));
    assert!(shallow.is_err(), "8 beats");
}

#[test]
fn the_verilog_is_the_same() {
    for seed in [5, 6] {
        let mut bench = Bench::<4, 5>::new(5);
        let design = export::export(&*bench.block, "crosspoint", &[]).unwrap();
        cosim::lint(&design).unwrap();
        bench.recorder = Some(cosim::Recorder::new());
        random_run(&mut bench, seed, 10_000, true);
        let trace = bench.recorder.take().unwrap().finish();
        assert!(trace.len() >= 10_000);
        cosim::replay(&design, &trace).unwrap();
    }
}
