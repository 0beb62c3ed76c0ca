//! Tests of [`Column`] against naive queues.

use std::collections::VecDeque;

use super::bench::{settle, tick};
use crate::fabric::beat::gray_of_bytes;
use crate::fabric::column::Column;
use crate::prelude::*;
use crate::target::Target;
use crate::{cosim, export};

const PORTS: usize = 4;
const MAX_FRAME_BEATS: u32 = 5;

type Dut = Column<PORTS, 2, 1, 4, 4, 5>;

/// A frame's beat that is pushed, and when.
#[derive(Clone, Copy, Debug)]
struct Beat {
    data: u32,
    first: bool,
    last: bool,
    bytes: u32,
    poison: bool,
    /// With a first beat: the frame leaves when it is complete.
    store_forward: bool,
    cycle: u32,
}

struct Bench {
    column: Box<Dut>,
    /// What is left of each source's frame.
    left: [u32; PORTS],
    store_forward: [bool; PORTS],
    in_frame: [bool; PORTS],
    queue: [VecDeque<Beat>; PORTS],
    current: Option<usize>,
    counter: u32,
    cycle: u32,
    given: u32,
    /// Frames given for each ingress, and cycles in which a frame's next beat was not there.
    frames: [u32; PORTS],
    underruns: u32,
    refused: u32,
    recorder: Option<cosim::Recorder>,
}

impl Bench {
    fn new() -> Self {
        let mut column = Box::new(Dut::new(MAX_FRAME_BEATS as usize, Target::Generic));
        column.connect_all();
        settle(&mut *column);
        Self {
            column,
            left: [0; PORTS],
            store_forward: [false; PORTS],
            in_frame: [false; PORTS],
            queue: std::array::from_fn(|_| VecDeque::new()),
            current: None,
            counter: 0,
            cycle: 0,
            given: 0,
            frames: [0; PORTS],
            underruns: 0,
            refused: 0,
            recorder: None,
        }
    }

    /// One cycle: the sources with `go` push a beat of their frame if there is one, and if it may start.
    fn cycle(&mut self, go: [bool; PORTS], tready: bool) {
        let room = self.column.room.val();
        let (mut push, mut first, mut last, mut store_forward) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut pushed = [None; PORTS];
        for port in 0..PORTS {
            let may = self.left[port] > 0 && go[port];
            let starts = !self.in_frame[port];
            self.refused += u32::from(may && starts && !room.get_bit(port));
            first |= u64::from(starts) << port;
            store_forward |= u64::from(self.store_forward[port]) << port;
            if !may || (starts && !room.get_bit(port)) {
                continue;
            }
            self.counter += 1;
            let beat = Beat {
                data: (port as u32) << 24 | self.counter & 0x00ff_ffff,
                first: starts,
                last: self.left[port] == 1,
                bytes: 1 + self.counter % 4,
                poison: self.counter.is_multiple_of(5),
                store_forward: self.store_forward[port],
                cycle: self.cycle,
            };
            push |= 1 << port;
            last |= u64::from(beat.last) << port;
            self.left[port] -= 1;
            self.in_frame[port] = !beat.last;
            let gray = gray_of_bytes(if beat.last { beat.bytes } else { 8 });
            let side = u32::from(beat.last) | u32::from(beat.poison) << 1 | gray << 2;
            self.column.row[port].data[0].next = u64::from(beat.data).into();
            self.column.row[port].side.next = u64::from(side).into();
            pushed[port] = Some(beat);
        }
        let column = &mut self.column;
        column.reset.next = false;
        // Offers that do not count are written and forgotten.
        column.offer.next = 15_u64.into();
        column.push.next = push.into();
        column.first.next = first.into();
        column.last.next = last.into();
        column.store_forward.next = store_forward.into();
        column.egress.tready.next = tready;
        settle(&mut *self.column);
        self.follow(tready);
        for (queue, beat) in self.queue.iter_mut().zip(pushed) {
            queue.extend(beat);
        }
        self.clock();
    }

    fn clock(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.sample(&*self.column);
        }
        tick!(*self.column);
        self.cycle += 1;
    }

    /// Compares the egress.
    fn follow(&mut self, tready: bool) {
        let cycle = self.cycle;
        let egress = &self.column.egress;
        let is_there = |beat: &Beat| beat.cycle + 3 <= cycle;
        let may_start = |queue: &VecDeque<Beat>| match queue.front() {
            Some(first) if first.store_forward => {
                queue.iter().find(|beat| beat.last).is_some_and(is_there)
            }
            first => first.is_some_and(is_there),
        };
        let has_work = match self.current {
            Some(port) => self.queue[port].front().is_some_and(is_there),
            None => self.queue.iter().any(may_start),
        };
        assert_eq!(egress.tvalid.val(), has_work, "cycle {cycle}");
        if !has_work {
            let pauses = self.current.is_some();
            assert!(
                !pauses || !egress.tlast.val(),
                "cycle {cycle}: the arbiter would move on"
            );
            self.underruns += u32::from(pauses);
            return;
        }
        if !tready {
            return;
        }
        let data = egress.tdata[0].val().to_u32();
        let port = self.current.unwrap_or((data >> 24) as usize);
        assert!(
            self.current.is_some() || may_start(&self.queue[port]),
            "cycle {cycle}: too early"
        );
        let beat = self.queue[port].pop_front().unwrap();
        assert_eq!(data, beat.data, "cycle {cycle}");
        assert_eq!(beat.first, self.current.is_none(), "cycle {cycle}");
        assert_eq!(egress.tlast.val(), beat.last, "cycle {cycle}");
        assert_eq!(
            egress.tuser.val(),
            beat.last && beat.poison,
            "cycle {cycle}"
        );
        let bytes = if beat.last { beat.bytes } else { 4 };
        assert_eq!(
            egress.tkeep.val().to_u32(),
            (1 << bytes) - 1,
            "cycle {cycle}"
        );
        self.current = (!beat.last).then_some(port);
        self.frames[port] += u32::from(beat.last);
        self.given += 1;
    }

    fn reset(&mut self) {
        self.column.reset.next = true;
        settle(&mut *self.column);
        self.clock();
        self.column.reset.next = false;
        settle(&mut *self.column);
        self.left = [0; PORTS];
        self.in_frame = [false; PORTS];
        self.queue.iter_mut().for_each(VecDeque::clear);
        self.current = None;
    }

    fn drain(&mut self) {
        let limit = self.cycle + 1_000;
        while self.left != [0; PORTS] || self.queue.iter().any(|queue| !queue.is_empty()) {
            self.cycle([true; PORTS], true);
            assert!(self.cycle < limit, "frames are stuck");
        }
    }
}

/// Random frames, gaps and stalls in phases, with resets.
fn random_run(bench: &mut Bench, seed: u64, cycles: u32) {
    println!("seed {seed}");
    let mut random = cosim::Random::new(seed);
    let (mut gaps, mut pace, mut longest, mut load, mut resets) = (0, 4, 1, 1, 0);
    for cycle in 0..cycles {
        if cycle % 128 == 0 {
            gaps = random.below(4);
            pace = 1 + random.below(4);
            longest = 1 + random.below(MAX_FRAME_BEATS);
            load = 1 + random.below(12);
        }
        if random.one_in(300) {
            resets += u32::from(bench.in_frame.contains(&true));
            bench.reset();
            continue;
        }
        for port in 0..PORTS {
            if bench.left[port] == 0 && random.one_in(load) {
                bench.left[port] = 1 + random.below(longest);
                bench.store_forward[port] = random.one_in(3);
            }
        }
        let go = std::array::from_fn(|_| random.below(4) >= gaps);
        bench.cycle(go, random.below(4) < pace);
    }
    bench.drain();
    assert!(resets > 3, "{resets} resets in a frame");
    assert!(
        bench.given > cycles / 4 && bench.underruns > cycles / 100,
        "{}",
        bench.given
    );
    assert!(bench.refused > 100, "no queue was full");
    assert!(
        bench.frames.iter().all(|frames| *frames > 50),
        "{:?}",
        bench.frames
    );
}

#[test]
fn follows_the_reference_under_random_frames() {
    for seed in 1..=2 {
        let mut bench = Bench::new();
        random_run(&mut bench, seed, 10_000);
    }
}

#[test]
fn one_beat_frames_leave_without_a_pause() {
    for ports in 1..=PORTS {
        let mut bench = Bench::new();
        for _ in 0..200 {
            bench.left[..ports].fill(1);
            bench.cycle([true; PORTS], true);
        }
        assert_eq!(bench.given, 197, "a dead cycle with {ports} ports");
        let least = bench.frames[..ports].iter().min().unwrap();
        let most = bench.frames[..ports].iter().max().unwrap();
        assert!(most - least <= 1, "{:?}", bench.frames);
    }
}

#[test]
fn a_pause_inside_a_frame_keeps_the_egress() {
    // The head still shows the beat before; were it taken for a last one, the other frame would get in between.
    for pause in 1..8 {
        let mut bench = Bench::new();
        bench.left = [1, 3, 3, 0];
        bench.cycle([true, true, false, false], true);
        for _ in 0..pause {
            bench.cycle([false, false, true, false], true);
        }
        for _ in 0..2 {
            bench.cycle([true; PORTS], true);
        }
        bench.drain();
        assert_eq!(bench.frames, [1, 1, 1, 0]);
        assert!(bench.underruns > 0 || pause < 2);
    }
}

#[test]
fn late_beats_do_not_end_a_frame() {
    // Every beat of a longest frame comes late; `follow` looks at the last mark in every pause.
    let mut bench = Bench::new();
    for port in 0..PORTS {
        for _ in 0..4 {
            bench.left[port] = MAX_FRAME_BEATS;
            while bench.left[port] > 0 {
                bench.cycle([true; PORTS], true);
                for _ in 0..5 {
                    bench.cycle([false; PORTS], true);
                }
            }
        }
    }
    assert_eq!(bench.frames, [4; PORTS]);
    assert!(bench.underruns > 100);
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::new();
    let design = export::export(&*bench.column, "column", &[]).unwrap();
    cosim::lint(&design).unwrap();
    bench.recorder = Some(cosim::Recorder::new());
    random_run(&mut bench, 3, 5_000);
    let trace = bench.recorder.take().unwrap().finish();
    cosim::replay(&design, &trace).unwrap();
}

#[test]
fn a_barred_ingress_never_shows_at_the_egress() {
    let mut bench = Bench::new();
    bench.column.barred.next = 0b0010_u64.into();
    bench.column.row[1].data[0].next = 77_u64.into();
    bench.column.egress.tready.next = true;
    bench.column.offer.next = 15_u64.into();
    bench.column.first.next = 15_u64.into();
    bench.column.last.next = 15_u64.into();
    for cycle in 0..20 {
        // Nobody pushes for a barred pair; somebody who did would be heard as soon as the bar is gone.
        bench.column.push.next = (u64::from(cycle < 3) << 1).into();
        settle(&mut *bench.column);
        assert!(!bench.column.egress.tvalid.val(), "cycle {cycle}");
        assert_eq!(bench.column.egress.tdata[0].val(), 0, "cycle {cycle}");
        bench.clock();
    }
    bench.column.barred.next = 0_u64.into();
    let mut given = 0;
    for _ in 0..20 {
        settle(&mut *bench.column);
        if bench.column.egress.tvalid.val() {
            assert_eq!(bench.column.egress.tdata[0].val(), 77);
            given += 1;
        }
        bench.clock();
    }
    assert_eq!(given, 3);
}
