//! Tests of [`Crosspoint`] against a naive queue.

use std::collections::VecDeque;

use super::bench::{settle, tick};
use crate::cosim;
use crate::fabric::beat::SIDE_LAST;
use crate::fabric::crosspoint::Crosspoint;
use crate::prelude::*;
use crate::target::Target;

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
    /// Frames picked and not yet completely taken.
    picked: u32,
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
        Self {
            block,
            max_frame_beats,
            cycle: 0,
            beats: VecDeque::new(),
            frames: VecDeque::new(),
            storing: false,
            picked: 0,
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

    /// One cycle: the arbiter may pick, the egress may take; compares and follows.
    fn cycle(&mut self, push: Option<Push>, may_pick: bool, tready: bool) {
        let selected = self.picked > 0
            && self
                .beats
                .front()
                .is_some_and(|(_, pushed)| pushed + 3 <= self.cycle);
        self.drive(push, selected, tready);
        self.check();
        let left = self.waiting() - usize::from(self.picking);
        let pick = may_pick && left > 0 && self.picked < 2;
        if self.picking {
            self.frames.pop_front();
        }
        self.picking = pick;
        if selected && tready {
            let (beat, _) = self.beats.pop_front().unwrap();
            self.picked -= u32::from(beat.last);
            self.taken = Some(beat);
        }
        self.picked += u32::from(pick);
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
        self.drive(push, self.picked > 0, true);
        self.block.reset.next = true;
        settle(&mut *self.block);
        self.clock();
        self.block.reset.next = false;
        self.beats.clear();
        self.frames.clear();
        self.picked = 0;
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
    bench.cycle(Some(push), true, true);
    for after in 1..=3 {
        bench.drive(None, false, false);
        assert_eq!(bench.block.head_valid.val(), after == 3);
        bench.cycle(None, false, false);
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
        bench.cycle(Some(push), false, false);
        fullest = fullest.max(bench.beats.len());
    }
    assert!(source.is_dropped, "it never filled");
    while !bench.beats.is_empty() || bench.picking {
        bench.cycle(None, true, true);
    }
    assert!(
        fullest + max_frame_beats >= 1 << DEPTH_W,
        "{fullest} beats at most"
    );
    bench.cycle(None, true, true);
}

#[test]
fn holds_longest_frames_to_the_limit() {
    for max_frame_beats in 3..=12 {
        for filler in 0..14 {
            fills_to_the_limit::<4, 5>(max_frame_beats, filler);
        }
    }
}
