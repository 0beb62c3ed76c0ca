//! Tests of [`FrameGuard`] against a naive tracker of one port's frames.

use super::bench::first_bytes;
use crate::cosim::Random;
use crate::ingress::FrameGuard;
use crate::testbench::Bench;

/// What is at the pins.
#[derive(Clone, Copy, Debug, Default)]
struct Inputs {
    valid: bool,
    last: bool,
    keep: u64,
    malformed: bool,
    stage_free: bool,
    gap_limit: u32,
    reset: bool,
}

/// What always means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outputs {
    ready: bool,
    enter: bool,
    first: bool,
    second: bool,
    limit: bool,
    close_gap: bool,
}

/// What means something when a beat is offered and not thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Judged {
    malformed: bool,
    runt: bool,
    last: bool,
}

/// The frame at the pins.
#[derive(Clone, Copy, Debug, Default)]
struct Tracker {
    width: u32,
    max_frame_bytes: u32,
    /// Beats of the open frame that have entered; 0: no frame is open.
    beats: u32,
    is_malformed: bool,
    /// The rest of a frame is thrown away.
    discarding: bool,
    /// Cycles of the present pause, and the limit of the cycle before it.
    paused: u32,
    gap_limit: u32,
}

impl Tracker {
    fn outputs(&self, inputs: &Inputs) -> Outputs {
        let is_open = self.beats > 0;
        Outputs {
            ready: self.discarding || inputs.stage_free,
            enter: inputs.valid && inputs.stage_free && !self.discarding,
            first: !is_open,
            second: self.beats == 1,
            limit: (self.beats + 1) * self.width >= self.max_frame_bytes,
            close_gap: is_open
                && !inputs.valid
                && self.gap_limit > 0
                && self.paused >= self.gap_limit,
        }
    }

    fn judged(&self, inputs: &Inputs) -> Judged {
        Judged {
            malformed: self.is_malformed || inputs.malformed,
            runt: self.beats * self.width + inputs.keep.count_ones() < 64,
            last: inputs.last || self.outputs(inputs).limit,
        }
    }

    fn step(&mut self, inputs: &Inputs) {
        let outputs = self.outputs(inputs);
        let judged = self.judged(inputs);
        if self.beats > 0 && !inputs.valid {
            self.paused += 1;
        } else {
            (self.paused, self.gap_limit) = (0, inputs.gap_limit);
        }
        if self.discarding && inputs.valid && inputs.last {
            self.discarding = false;
        }
        if outputs.enter {
            self.beats += 1;
            self.is_malformed = judged.malformed;
            self.discarding = outputs.limit && !inputs.last;
        }
        if outputs.close_gap {
            self.discarding = true;
        }
        if outputs.close_gap || (outputs.enter && judged.last) {
            (self.beats, self.is_malformed) = (0, false);
        }
        if inputs.reset {
            *self = Self {
                width: self.width,
                max_frame_bytes: self.max_frame_bytes,
                gap_limit: inputs.gap_limit,
                ..Self::default()
            };
        }
    }
}

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    /// Frames that ended well, too long, in a pause, with a malformed beat, as runts.
    good: u32,
    too_long: u32,
    gap_closed: u32,
    malformed: u32,
    runts: u32,
    /// Frames of the longest length, frames of 64 bytes, and pauses of just the limit.
    longest: u32,
    shortest: u32,
    saved: u32,
    /// Beats thrown away, beats that waited, resets inside a frame and while its rest is thrown away.
    discarded: u32,
    refused: u32,
    resets: u32,
    resets_discarding: u32,
}

impl Reached {
    fn count(&mut self, inputs: &Inputs, tracker: &Tracker) {
        let (outputs, judged) = (tracker.outputs(inputs), tracker.judged(inputs));
        let ends = outputs.enter && judged.last;
        let bytes = tracker.beats * tracker.width + inputs.keep.count_ones();
        let is_cut = outputs.limit && !inputs.last;
        let paused = tracker.gap_limit > 0 && tracker.paused == tracker.gap_limit;
        for (count, is) in [
            (
                &mut self.good,
                ends && !is_cut && !judged.malformed && !judged.runt,
            ),
            (&mut self.too_long, ends && is_cut),
            (&mut self.gap_closed, outputs.close_gap),
            (&mut self.malformed, ends && judged.malformed),
            (&mut self.runts, ends && judged.runt),
            (&mut self.longest, ends && outputs.limit && !is_cut),
            (&mut self.shortest, ends && bytes == 64),
            (&mut self.saved, outputs.enter && paused),
            (&mut self.discarded, inputs.valid && tracker.discarding),
            (&mut self.refused, inputs.valid && !outputs.ready),
            (&mut self.resets, inputs.reset && tracker.beats > 0),
            (
                &mut self.resets_discarding,
                inputs.reset && tracker.discarding,
            ),
        ] {
            *count += u32::from(is);
        }
    }

    fn all(&self) -> [u32; 12] {
        [
            self.good,
            self.too_long,
            self.gap_closed,
            self.malformed,
            self.runts,
            self.longest,
            self.shortest,
            self.saved,
            self.discarded,
            self.refused,
            self.resets,
            self.resets_discarding,
        ]
    }
}

/// A source that holds a beat until it is taken.
struct Source {
    random: Random,
    width: usize,
    max_beats: u32,
    left: u32,
    held: Option<Inputs>,
}

impl Source {
    /// The next cycle's pins; a beat is offered once in `gap` cycles.
    fn next(&mut self, gap: u32) -> Inputs {
        let random = &mut self.random;
        if self.held.is_none() && random.one_in(gap) {
            if self.left == 0 {
                self.left = match random.below(6) {
                    0 => self.max_beats,
                    1 => 64 / self.width as u32,
                    _ => 1 + random.below(self.max_beats + 3),
                };
            }
            self.left -= 1;
            let last = self.left == 0;
            let malformed = random.one_in(32);
            let bytes = if last {
                1 + random.below(self.width as u32) as usize
            } else {
                self.width
            };
            self.held = Some(Inputs {
                valid: true,
                last,
                keep: if malformed {
                    random.bits(self.width)
                } else {
                    first_bytes(bytes)
                },
                malformed,
                ..Inputs::default()
            });
        }
        self.held.unwrap_or(Inputs {
            valid: false,
            last: random.bit(),
            keep: random.bits(self.width),
            malformed: random.bit(),
            ..Inputs::default()
        })
    }
}

fn run<const KEEP_W: usize>(
    bench: &mut Bench<FrameGuard<KEEP_W>>,
    max_frame_bytes: u32,
    seed: u64,
    cycles: u32,
) -> Reached {
    println!("seed {seed}, max_frame_bytes {max_frame_bytes}");
    let mut reached = Reached::default();
    let mut tracker = Tracker {
        width: KEEP_W as u32,
        max_frame_bytes,
        ..Tracker::default()
    };
    let mut source = Source {
        random: Random::new(seed),
        width: KEEP_W,
        max_beats: max_frame_bytes.div_ceil(KEEP_W as u32),
        left: 0,
        held: None,
    };
    let (mut gap, mut stall, mut gap_limit) = (1, 1, 0);
    for cycle in 0..cycles {
        if cycle % 128 == 0 {
            gap = 1 + source.random.below(3);
            stall = 1 + source.random.below(2);
        }
        if source.random.one_in(50) {
            gap_limit = source.random.below(6);
        }
        let mut inputs = source.next(gap);
        inputs.stage_free = source.random.one_in(stall);
        inputs.gap_limit = gap_limit;
        inputs.reset = source.random.one_in(300);

        let block = &mut bench.block;
        block.tvalid.next = inputs.valid;
        block.tlast.next = inputs.last;
        block.tkeep.next = inputs.keep.into();
        block.malformed_beat.next = inputs.malformed;
        block.stage_free.next = inputs.stage_free;
        block.cfg_gap_limit.next = u64::from(inputs.gap_limit).into();
        block.reset.next = inputs.reset;
        bench.settle();
        let block = &bench.block;
        let is = Outputs {
            ready: block.tready.val(),
            enter: block.enter.val(),
            first: block.first.val(),
            second: block.second.val(),
            limit: block.limit.val(),
            close_gap: block.close_gap.val(),
        };
        let wanted = tracker.outputs(&inputs);
        assert_eq!(is, wanted, "cycle {cycle}: {inputs:?} {tracker:?}");
        if inputs.valid && !tracker.discarding {
            let is = Judged {
                malformed: block.malformed.val(),
                runt: block.runt.val(),
                last: block.last.val(),
            };
            let wanted = tracker.judged(&inputs);
            assert_eq!(is, wanted, "cycle {cycle}: {inputs:?} {tracker:?}");
        }
        reached.count(&inputs, &tracker);
        bench.clock();
        tracker.step(&inputs);
        if inputs.valid && wanted.ready {
            source.held = None;
        }
        if inputs.reset {
            (source.held, source.left) = (None, 0);
        }
    }
    reached
}

fn follows_the_reference<const KEEP_W: usize>(maxima: impl Iterator<Item = u32>) {
    for (seed, max_frame_bytes) in (1..).zip(maxima) {
        let mut bench = Bench::new(FrameGuard::<KEEP_W>::new(max_frame_bytes as usize));
        let reached = run(&mut bench, max_frame_bytes, seed, 20_000);
        assert!(reached.all().iter().all(|n| *n >= 5), "{reached:?}");
    }
}

#[test]
fn follows_frames_of_eight_byte_beats() {
    follows_the_reference::<8>((65..=73).chain([100, 200]));
}

#[test]
fn follows_frames_of_four_byte_beats() {
    follows_the_reference::<4>((65..=69).chain([100]));
}

#[test]
fn a_maximum_of_64_bytes_is_the_minimum_too() {
    let mut bench = Bench::new(FrameGuard::<8>::new(64));
    let reached = run(&mut bench, 64, 9, 20_000);
    assert!(reached.longest > 20 && reached.too_long > 20 && reached.runts > 100);
}

#[test]
fn a_pause_is_judged_by_the_limit_before_it() {
    for (before, after, closed) in [(0, 2, None), (5, 2, Some(5)), (2, 5, Some(2))] {
        let mut bench = Bench::new(FrameGuard::<8>::new(1_522));
        let mut closed_after = None;
        for cycle in 0..20 {
            bench.block.stage_free.next = true;
            bench.block.tvalid.next = cycle == 0;
            bench.block.cfg_gap_limit.next = (if cycle == 0 { before } else { after }).into();
            bench.settle();
            if bench.block.close_gap.val() {
                assert_eq!(closed_after, None, "closed twice");
                closed_after = Some(cycle - 1);
            }
            bench.clock();
        }
        assert_eq!(closed_after, closed, "{before}, then {after}");
    }
}

#[test]
fn the_longest_limit_is_counted_to_its_end() {
    let mut bench = Bench::new(FrameGuard::<8>::new(1_522));
    bench.block.stage_free.next = true;
    bench.block.cfg_gap_limit.next = 0xffff_u64.into();
    bench.block.tvalid.next = true;
    bench.clock();
    bench.block.tvalid.next = false;
    bench.settle();
    let mut pause = 0;
    while !bench.block.close_gap.val() {
        bench.clock();
        pause += 1;
        assert!(pause <= 0xffff, "not closed");
    }
    assert_eq!(pause, 0xffff);
}

#[test]
fn the_verilog_is_the_same() {
    let mut wide = Bench::recording(FrameGuard::<8>::new(70));
    let reached = run(&mut wide, 70, 10, 4_000);
    assert!(reached.all().iter().all(|n| *n > 0), "{reached:?}");
    wide.replay();
    let mut narrow = Bench::recording(FrameGuard::<4>::new(67));
    let reached = run(&mut narrow, 67, 11, 4_000);
    assert!(reached.all().iter().all(|n| *n > 0), "{reached:?}");
    narrow.replay();
}
