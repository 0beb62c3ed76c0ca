//! Tests of [`Matrix`]: any decision at a first beat, against naive trackers and queues.

use std::collections::VecDeque;

use super::bench::{is_legal, keep_of, Inputs, Pushed, Tracker};
use crate::cosim::Random;
use crate::fabric::matrix::Matrix;
use crate::target::Target;
use crate::testbench::Bench;

const PORTS: usize = 4;
const DEPTH: usize = 16;
const KEEP_W: u32 = 4;
const MAX_FRAME_BEATS: u32 = 5;

/// The latency from a first beat offered to its transfer.
const LATENCY: usize = 3;

type Dut = Matrix<PORTS, 2, 1, 4, 4, 5>;

/// A beat at the pins of a row, and whom its frame is meant for.
#[derive(Clone, Copy, Debug)]
struct Beat {
    data: u32,
    keep: u32,
    last: bool,
    user: bool,
    meant: u32,
}

/// A beat in a queue.
#[derive(Clone, Copy, Debug)]
struct Stored {
    pushed: Pushed,
    data: u32,
    cycle: usize,
    store_forward: bool,
}

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    /// Copies that were dropped, first beats that waited, frames of several copies.
    dropped: u32,
    waited: u32,
    copied: u32,
    /// Frames closed in a pause and because they are too long, malformed ones and poisoned ones.
    gap_closed: u32,
    too_long: u32,
    malformed: u32,
    poisoned: u32,
    /// Beats given, frames that were stored first, cycles without the next beat of a frame, cycles in which a beat
    /// waited.
    given: u32,
    stored: u32,
    underruns: u32,
    held: u32,
    /// Resets inside a frame.
    resets: u32,
}

impl Reached {
    fn all(&self) -> [u32; 12] {
        [
            self.dropped,
            self.waited,
            self.copied,
            self.gap_closed,
            self.too_long,
            self.malformed,
            self.poisoned,
            self.given,
            self.stored,
            self.underruns,
            self.held,
            self.resets,
        ]
    }
}

/// Rows and columns beside the matrix.
struct Driver {
    bench: Bench<Dut>,
    random: Random,
    gap_limit: u32,
    /// Ingresses that never send to an egress.
    barred: [u64; PORTS],
    /// What is left of each source's frame; the beat in front is offered until it is taken.
    source: [VecDeque<Beat>; PORTS],
    offered: [bool; PORTS],
    tracker: [Tracker; PORTS],
    /// `[ingress][egress]`
    queue: [[VecDeque<Stored>; PORTS]; PORTS],
    /// The ingress whose frame is on each egress.
    current: [Option<usize>; PORTS],
    counter: u32,
    reached: Reached,
}

impl Driver {
    fn new(mut bench: Bench<Dut>, seed: u64, gap_limit: u32, barred: [u64; PORTS]) -> Self {
        println!("seed {seed}, gap limit {gap_limit}");
        bench.block.gap_limit.next = u64::from(gap_limit).into();
        // The limit counts from the next cycle on.
        bench.clock();
        Self {
            bench,
            random: Random::new(seed),
            gap_limit,
            barred,
            source: std::array::from_fn(|_| VecDeque::new()),
            offered: [false; PORTS],
            tracker: [Tracker::new(KEEP_W, MAX_FRAME_BEATS, gap_limit); PORTS],
            queue: std::array::from_fn(|_| std::array::from_fn(|_| VecDeque::new())),
            current: [None; PORTS],
            counter: 0,
            reached: Reached::default(),
        }
    }

    /// A frame for a source; for nobody sometimes.
    fn fill(&mut self, ingress: usize, longest: u32) {
        let random = &mut self.random;
        let mut meant = random.bits(PORTS) as u32;
        for (egress, barred) in self.barred.iter().enumerate() {
            if barred >> ingress & 1 == 1 {
                meant &= !(1 << egress);
            }
        }
        let beats = 1 + random.below(longest);
        for beat in 1..=beats {
            self.counter += 1;
            let last = beat == beats;
            let bytes = if last {
                1 + random.below(KEEP_W)
            } else {
                KEEP_W
            };
            self.source[ingress].push_back(Beat {
                data: (ingress as u32) << 24 | self.counter & 0x00ff_ffff,
                keep: if random.one_in(30) {
                    random.bits(KEEP_W as usize) as u32
                } else {
                    keep_of(bytes)
                },
                last,
                user: random.one_in(8),
                meant,
            });
        }
    }

    /// One cycle: sources pause, and egresses take a beat, so many times in 8.
    fn cycle(&mut self, pauses: u32, pace: u32, reset: bool) {
        let lossy = self.random.bit();
        let tready = [0; PORTS].map(|_| self.random.below(8) < pace);
        let inputs: [Inputs; PORTS] = std::array::from_fn(|i| self.drive_row(i, pauses, lossy));
        let store_forward = [0; PORTS].map(|_| self.random.bits(PORTS) as u32);
        for i in 0..PORTS {
            let mask = u64::from(store_forward[i]);
            self.bench.block.row[i].store_forward.next = mask.into();
            self.bench.block.egress[i].tready.next = tready[i];
        }
        self.bench.block.reset.next = reset;
        self.bench.settle();
        if reset {
            self.reset();
            return;
        }
        for (egress, tready) in tready.into_iter().enumerate() {
            self.follow_egress(egress, tready);
        }
        for ingress in 0..PORTS {
            self.follow_row(ingress, &inputs[ingress], store_forward[ingress]);
        }
        self.bench.clock();
    }

    /// The pins of a row: its beat, and what was decided by the room that there is.
    fn drive_row(&mut self, i: usize, pauses: u32, lossy: bool) -> Inputs {
        if !self.offered[i] {
            self.offered[i] = !self.source[i].is_empty() && self.random.below(8) >= pauses;
        }
        let beat = self.source[i].front().copied();
        let row = &mut self.bench.block.row[i];
        let room = row.room.val().to_u32();
        let meant = beat.map_or(0, |beat| beat.meant);
        let accept = lossy || meant & !room == 0;
        let inputs = Inputs {
            valid: self.offered[i],
            keep: beat.map_or(self.random.bits(4) as u32, |beat| beat.keep),
            last: beat.map_or(self.random.bit(), |beat| beat.last),
            user: beat.map_or(self.random.bit(), |beat| beat.user),
            go: if accept { meant & room } else { 0 },
            accept,
        };
        row.tdata[0].next = u64::from(beat.map_or(0, |beat| beat.data)).into();
        row.tkeep.next = u64::from(inputs.keep).into();
        row.tlast.next = inputs.last;
        row.tuser.next = inputs.user;
        row.tvalid.next = inputs.valid;
        row.go.next = u64::from(inputs.go).into();
        row.accept.next = inputs.accept;
        inputs
    }

    fn follow_row(&mut self, i: usize, inputs: &Inputs, store_forward: u32) {
        let cycle = self.bench.cycle;
        let row = &self.bench.block.row[i];
        for egress in 0..PORTS {
            let beats = self.queue[i][egress].len();
            let has_room = row.room.val().get_bit(egress);
            let longest = MAX_FRAME_BEATS as usize;
            assert!(
                !has_room || beats + longest <= DEPTH + 2 || self.tracker[i].in_frame,
                "cycle {cycle}: room beside {beats} beats"
            );
            assert!(
                has_room || beats + longest + 6 >= DEPTH,
                "cycle {cycle}: no room beside {beats} beats"
            );
        }
        let is_first = !self.tracker[i].in_frame;
        let (outputs, pushed) = self.tracker[i].step(inputs);
        assert_eq!(row.tready.val(), outputs.ready, "cycle {cycle}: row {i}");
        let pulses = [
            row.started.val(),
            row.gap_closed.val(),
            row.too_long.val(),
            row.malformed.val(),
            row.poisoned.val(),
        ];
        let wanted = [
            outputs.started,
            outputs.gap_closed,
            outputs.too_long,
            outputs.malformed,
            outputs.poisoned,
        ];
        assert_eq!(pulses, wanted, "cycle {cycle}: row {i}");
        let beat = self.source[i].front().copied();
        if let Some(pushed) = pushed {
            for egress in (0..PORTS).filter(|egress| outputs.push >> egress & 1 == 1) {
                self.queue[i][egress].push_back(Stored {
                    pushed,
                    data: beat.map_or(0, |beat| beat.data),
                    cycle,
                    store_forward: store_forward >> egress & 1 == 1,
                });
            }
        }
        let reached = &mut self.reached;
        reached.gap_closed += u32::from(outputs.gap_closed);
        reached.too_long += u32::from(outputs.too_long);
        reached.malformed += u32::from(outputs.malformed);
        reached.poisoned += u32::from(outputs.poisoned);
        reached.copied += u32::from(outputs.started && inputs.go.count_ones() > 1);
        if inputs.valid && is_first {
            let meant = beat.map_or(0, |beat| beat.meant);
            reached.waited += u32::from(!outputs.ready);
            reached.dropped += u32::from(outputs.started && meant != inputs.go);
        }
        if inputs.valid && outputs.ready {
            self.source[i].pop_front();
            self.offered[i] = false;
        }
    }

    fn follow_egress(&mut self, e: usize, tready: bool) {
        let cycle = self.bench.cycle;
        let is_there = |stored: &Stored| stored.cycle + LATENCY <= cycle;
        let may_start = |queue: &VecDeque<Stored>| match queue.front() {
            Some(first) if first.store_forward => {
                let last = queue.iter().find(|stored| stored.pushed.last);
                last.is_some_and(is_there)
            }
            first => first.is_some_and(is_there),
        };
        let has_work = match self.current[e] {
            Some(ingress) => self.queue[ingress][e].front().is_some_and(is_there),
            None => self.queue.iter().any(|row| may_start(&row[e])),
        };
        let egress = &self.bench.block.egress[e];
        assert_eq!(egress.tvalid.val(), has_work, "cycle {cycle}: egress {e}");
        self.reached.underruns += u32::from(!has_work && self.current[e].is_some());
        self.reached.held += u32::from(has_work && !tready);
        if !has_work || !tready {
            return;
        }
        let data = egress.tdata[0].val().to_u32();
        let (last, user) = (egress.tlast.val(), egress.tuser.val());
        let keep = egress.tkeep.val().to_u32();
        assert!(is_legal(keep, last, KEEP_W), "cycle {cycle}: egress {e}");
        let is_first = self.current[e].is_none();
        // A closing beat of a pause is never a first one, whose data say whence it comes.
        let ingress = self.current[e].unwrap_or((data >> 24) as usize);
        assert!(
            !is_first || may_start(&self.queue[ingress][e]),
            "cycle {cycle}: egress {e} starts too early"
        );
        let stored = self.queue[ingress][e].pop_front().unwrap();
        let pushed = stored.pushed;
        let wanted = (is_first, pushed.last, pushed.last && pushed.poison);
        assert_eq!((pushed.first, last, user), wanted, "cycle {cycle}: {e}");
        if !pushed.pause {
            assert_eq!(data, stored.data, "cycle {cycle}: egress {e}");
        }
        if let Some(bytes) = pushed.bytes {
            assert_eq!(keep, keep_of(bytes), "cycle {cycle}: egress {e}");
        }
        self.current[e] = (!last).then_some(ingress);
        self.reached.given += 1;
        self.reached.stored += u32::from(is_first && stored.store_forward && !last);
    }

    /// The end of a cycle of reset.
    fn reset(&mut self) {
        for row in &self.bench.block.row {
            assert!(!row.tready.val(), "ready in reset");
        }
        self.bench.clock();
        self.bench.block.reset.next = false;
        self.bench.settle();
        self.reached.resets += u32::from(self.tracker.iter().any(|tracker| tracker.in_frame));
        for i in 0..PORTS {
            self.tracker[i].reset();
            self.source[i].clear();
            self.queue[i].iter_mut().for_each(VecDeque::clear);
        }
        (self.offered, self.current) = ([false; PORTS], [None; PORTS]);
    }

    /// Random frames in phases of different load, pace and pauses; then everything leaves.
    fn run(mut self, cycles: usize) -> (Bench<Dut>, Reached) {
        let (mut pauses, mut pace, mut load, mut longest) = (0, 8, 1, 1);
        for cycle in 0..cycles {
            if cycle % 128 == 0 {
                pauses = [0, 0, 2, 6][self.random.below(4) as usize];
                pace = 1 + self.random.below(8);
                load = 1 + self.random.below(8);
                longest = 1 + self.random.below(MAX_FRAME_BEATS + 3);
            }
            for ingress in 0..PORTS {
                if self.source[ingress].is_empty() && self.random.one_in(load) {
                    self.fill(ingress, longest);
                }
            }
            let reset = self.random.one_in(300);
            self.cycle(pauses, pace, reset);
        }
        for _ in 0..1_000 {
            self.cycle(0, 8, false);
        }
        let mut left = self.queue.iter().flatten().map(VecDeque::len);
        assert!(left.all(|beats| beats == 0), "frames are stuck");
        assert_eq!(self.current, [None; PORTS], "a frame without an end");
        let gap_closed = self.reached.gap_closed;
        assert_eq!(gap_closed > 0, self.gap_limit > 0, "{:?}", self.reached);
        (self.bench, self.reached)
    }
}

fn matrix(barred: [u64; PORTS]) -> Dut {
    let max_frame_bytes = (KEEP_W * MAX_FRAME_BEATS) as usize;
    Matrix::new(max_frame_bytes, Target::Generic, barred)
}

#[test]
fn brings_every_copy_from_any_ingress_to_any_egress() {
    for seed in 1..=2 {
        let bench = Bench::new(matrix([0; PORTS]));
        let (_, reached) = Driver::new(bench, seed, 3, [0; PORTS]).run(15_000);
        assert!(reached.all().iter().all(|n| *n > 15), "{reached:?}");
        assert!(
            reached.given > 10_000 && reached.dropped > 200 && reached.waited > 200,
            "{reached:?}"
        );
    }
}

#[test]
fn follows_the_reference_without_a_gap_limit_and_with_pairs_that_never_meet() {
    // As in a switch: no frame goes back to where it came from.
    let barred = [0b0001, 0b0010, 0b0100, 0b1000];
    let bench = Bench::new(matrix(barred));
    let (_, reached) = Driver::new(bench, 3, 0, barred).run(10_000);
    assert!(reached.given > 5_000 && reached.underruns > 100);
}

#[test]
fn a_barred_pair_is_the_one_that_was_named() {
    for (ingress, egress) in [(0, 1), (1, 0), (2, 3), (3, 3)] {
        let mut barred = [0; PORTS];
        barred[egress] = 1 << ingress;
        let mut bench = Bench::new(matrix(barred));
        let mut seen = [0; PORTS];
        for cycle in 0..20 {
            let block = &mut bench.block;
            for i in 0..PORTS {
                // A frame of one beat to all; the barred queue shows nothing of it.
                let row = &mut block.row[i];
                row.tdata[0].next = (100 + i as u64).into();
                row.tkeep.next = 0b1111.into();
                row.tlast.next = true;
                row.tvalid.next = cycle == 0;
                row.go.next = 0b1111.into();
                row.accept.next = true;
                block.egress[i].tready.next = true;
            }
            bench.settle();
            for (e, egress) in bench.block.egress.iter().enumerate() {
                if egress.tvalid.val() {
                    seen[e] |= 1 << (egress.tdata[0].val().to_u32() - 100);
                }
            }
            bench.clock();
        }
        let wanted = barred.map(|barred| 0b1111 & !barred);
        assert_eq!(seen, wanted, "{ingress} to {egress}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let bench = Bench::recording(matrix([0; PORTS]));
    let (bench, reached) = Driver::new(bench, 4, 3, [0; PORTS]).run(4_000);
    assert!(reached.all().iter().all(|n| *n > 0), "{reached:?}");
    bench.replay();
}
