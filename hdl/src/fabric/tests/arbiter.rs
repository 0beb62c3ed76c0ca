//! Tests of [`Arbiter`] against a naive round robin, with naive queues around it.

use std::collections::VecDeque;

use super::bench::{settle, tick};
use crate::fabric::arbiter::Arbiter;
use crate::prelude::*;
use crate::target::Target;
use crate::{cosim, export};

/// A frame that waits, or is on its way.
#[derive(Clone, Copy, Debug)]
struct Frame {
    beats: u32,
    /// Frames of other ingresses that ended since this one asked.
    waited: u32,
}

/// The arbiter, the queues it serves, and the naive round robin.
struct Bench<const PORTS: usize, const INDEX_W: usize> {
    arbiter: Arbiter<PORTS, INDEX_W>,
    /// Frames of each ingress that are not picked.
    queue: Vec<VecDeque<Frame>>,
    /// The frame picked in the cycle before still counts in its queue's flags.
    fresh: bool,
    current: Option<(usize, Frame)>,
    upcoming: Option<(usize, Frame)>,
    turn: usize,
    cycle: u32,
    ended: Vec<u32>,
    longest_wait: u32,
    /// Cycles without a frame on the egress.
    idle: u32,
    recorder: Option<cosim::Recorder>,
}

impl<const PORTS: usize, const INDEX_W: usize> Bench<PORTS, INDEX_W> {
    fn new() -> Self {
        let mut arbiter = Arbiter::new(Target::Generic);
        arbiter.connect_all();
        Self {
            arbiter,
            queue: vec![VecDeque::new(); PORTS],
            fresh: false,
            current: None,
            upcoming: None,
            turn: 0,
            cycle: 0,
            ended: vec![0; PORTS],
            longest_wait: 0,
            idle: 0,
            recorder: None,
        }
    }

    /// The queue whose frame was made the upcoming one in the cycle before.
    fn picked(&self) -> Option<usize> {
        self.upcoming.filter(|_| self.fresh).map(|(port, _)| port)
    }

    /// One cycle: `arriving` frames a port show in the next one. `there`: the current frame's beat is in the head;
    /// `stale`: what *last* looks like of other queues.
    fn cycle(&mut self, arriving: &[Option<u32>], there: bool, stale: bool, tready: bool) {
        let picked = self.picked();
        let (mut request, mut sole) = (0_u64, 0_u64);
        for port in 0..PORTS {
            let waiting = self.queue[port].len() + usize::from(picked == Some(port));
            request |= u64::from(waiting > 0) << port;
            sole |= u64::from(waiting == 1) << port;
        }
        // The heads of other queues show anything.
        let mut last = if stale { (1_u64 << PORTS) - 1 } else { 0 };
        if let Some((port, frame)) = self.current {
            last &= !(1 << port);
            last |= u64::from(there && frame.beats == 1) << port;
        }
        let arbiter = &mut self.arbiter;
        arbiter.reset.next = false;
        arbiter.request.next = request.into();
        arbiter.sole.next = sole.into();
        arbiter.last.next = last.into();
        arbiter.tready.next = tready;
        settle(&mut self.arbiter);
        self.check(picked);
        self.clock();
        self.follow(there && tready);
        for (port, beats) in arriving.iter().enumerate() {
            if let Some(beats) = *beats {
                self.queue[port].push_back(Frame { beats, waited: 0 });
            }
        }
    }

    fn check(&self, picked: Option<usize>) {
        let (arbiter, cycle) = (&self.arbiter, self.cycle);
        let onehot = |port: Option<usize>| port.map_or(0, |port| 1_u32 << port);
        let current = self.current.map(|(port, _)| port);
        assert_eq!(
            arbiter.current.val().to_u32(),
            onehot(current),
            "cycle {cycle}: current"
        );
        assert_eq!(
            arbiter.picked.val().to_u32(),
            onehot(picked),
            "cycle {cycle}: picked"
        );
        if let Some(port) = current {
            assert_eq!(arbiter.select.val().index(), port, "cycle {cycle}: select");
        }
    }

    fn clock(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.sample(&self.arbiter);
        }
        tick!(self.arbiter);
        self.cycle += 1;
    }

    /// The naive round robin: a beat leaves, the upcoming frame moves up, the next one is picked.
    fn follow(&mut self, takes: bool) {
        self.idle += u32::from(self.current.is_none());
        if let Some((port, frame)) = &mut self.current {
            if takes {
                frame.beats -= 1;
            }
            if frame.beats == 0 {
                let ended = *port;
                self.ended[ended] += 1;
                self.current = None;
                let next = self.upcoming.iter_mut().map(|(port, frame)| (*port, frame));
                let heads = self.queue.iter_mut().enumerate();
                let heads = heads.filter_map(|(port, queue)| Some((port, queue.front_mut()?)));
                for (_, frame) in next.chain(heads).filter(|(port, _)| *port != ended) {
                    frame.waited += 1;
                }
            }
        }
        if self.current.is_none() {
            self.current = self.upcoming.take();
            if let Some((port, frame)) = self.current {
                assert!(
                    frame.waited <= PORTS as u32,
                    "ingress {port} waited {} frames",
                    frame.waited
                );
                self.longest_wait = self.longest_wait.max(frame.waited);
            }
        }
        self.fresh = self.upcoming.is_none();
        if self.fresh {
            let order = (0..PORTS).map(|step| (self.turn + step) % PORTS);
            let next = { order }.find(|port| !self.queue[*port].is_empty());
            self.upcoming = next.map(|port| {
                self.turn = (port + 1) % PORTS;
                (port, self.queue[port].pop_front().unwrap())
            });
        }
    }

    fn reset(&mut self) {
        self.arbiter.reset.next = true;
        settle(&mut self.arbiter);
        self.clock();
        for queue in &mut self.queue {
            queue.clear();
        }
        (self.current, self.upcoming, self.fresh, self.turn) = (None, None, false, 0);
    }

    fn is_empty(&self) -> bool {
        self.current.is_none()
            && self.upcoming.is_none()
            && self.queue.iter().all(VecDeque::is_empty)
    }

    /// Everything leaves at full rate.
    fn drain(&mut self) {
        let frames: usize = self.queue.iter().map(VecDeque::len).sum();
        for _ in 0..(frames + 3) * 10 {
            self.cycle(&[], true, true, true);
        }
        assert!(self.is_empty(), "frames are stuck");
    }
}

/// Random arrivals, in phases of different load and length; resets if asked for.
fn random_run<const PORTS: usize, const INDEX_W: usize>(
    bench: &mut Bench<PORTS, INDEX_W>,
    seed: u64,
    cycles: u32,
    resets: bool,
) {
    println!("seed {seed}");
    let mut random = cosim::Random::new(seed);
    let (mut load, mut longest, mut hurdles, mut cut) = (1, 1, 0, 0);
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            load = 1 + random.below(2 * PORTS as u32);
            longest = 1 + random.below(4);
            hurdles = random.below(3);
        }
        if resets && random.one_in(150) {
            cut += u32::from(bench.current.is_some());
            bench.reset();
            continue;
        }
        let arriving: Vec<Option<u32>> = (0..PORTS)
            .map(|port| {
                let arrives = random.one_in(load) && bench.queue[port].len() < 5;
                arrives.then(|| 1 + random.below(longest))
            })
            .collect();
        let (there, tready) = (random.below(4) >= hurdles, random.below(4) >= hurdles);
        bench.cycle(&arriving, there, random.bit(), tready);
    }
    bench.drain();
    assert_eq!(cut > 10, resets, "{cut} resets in a frame");
}

fn follows_the_reference<const PORTS: usize, const INDEX_W: usize>() {
    for seed in 1..=2 {
        let mut bench = Bench::<PORTS, INDEX_W>::new();
        random_run(&mut bench, seed, 20_000, seed == 2);
        assert!(
            bench.ended.iter().all(|ended| *ended > 500),
            "{:?}",
            bench.ended
        );
        assert_eq!(
            bench.longest_wait, PORTS as u32,
            "the longest wait was not reached"
        );
        assert!(bench.idle > 100, "it was never idle");
    }
}

#[test]
fn follows_the_reference_with_two_ports() {
    follows_the_reference::<2, 1>();
}

#[test]
fn follows_the_reference_with_four_ports() {
    follows_the_reference::<4, 2>();
}

#[test]
fn follows_the_reference_with_eight_ports() {
    follows_the_reference::<8, 3>();
}

#[test]
fn a_frame_is_current_two_cycles_after_its_request() {
    for port in 0..4 {
        let mut bench = Bench::<4, 2>::new();
        let mut arriving = [None; 4];
        arriving[port] = Some(1);
        bench.cycle(&arriving, false, true, true);
        for after in 0..3 {
            let current = bench.arbiter.current.val().to_u32();
            assert_eq!(current, if after == 2 { 1 << port } else { 0 });
            bench.cycle(&[], true, true, true);
        }
        bench.drain();
    }
}

#[test]
fn simultaneous_first_arrivals_wait_for_each_other_only() {
    for turn in 0..4 {
        let mut bench = Bench::<4, 2>::new();
        for port in 0..turn {
            let mut arriving = [None; 4];
            arriving[port] = Some(1);
            bench.cycle(&arriving, true, false, true);
            bench.drain();
        }
        bench.cycle(&[Some(1), Some(2), Some(1), Some(3)], true, false, true);
        bench.drain();
        assert_eq!(bench.longest_wait, 3);
    }
}

#[test]
fn one_beat_frames_follow_each_other_without_a_pause() {
    for ports in 1..=4 {
        let mut bench = Bench::<4, 2>::new();
        let mut arriving = [None; 4];
        // As many a cycle as can leave, all of them from the start.
        arriving[..ports].fill(Some(1));
        for _ in 0..100 {
            bench.cycle(&arriving, true, true, true);
            if bench.queue[0].len() > 3 {
                arriving = [None; 4];
            } else {
                arriving[..ports].fill(Some(1));
            }
        }
        assert_eq!(bench.idle, 3, "a dead cycle with {ports} ports");
        let ended: u32 = bench.ended.iter().sum();
        assert_eq!(ended, 97);
    }
}

#[test]
fn the_verilog_is_the_same() {
    fn same<const PORTS: usize, const INDEX_W: usize>() {
        let mut bench = Bench::<PORTS, INDEX_W>::new();
        let design = export::export(&bench.arbiter, "arbiter", &[]).unwrap();
        cosim::lint(&design).unwrap();
        bench.recorder = Some(cosim::Recorder::new());
        random_run(&mut bench, 3, 5_000, true);
        let trace = bench.recorder.take().unwrap().finish();
        cosim::replay(&design, &trace).unwrap();
    }
    same::<2, 1>();
    same::<4, 2>();
    same::<8, 3>();
    // And with inputs that no queue shows.
    for target in Target::ALL {
        cosim::check!(Arbiter::<4, 2>::new(target), 5_000, 4, |arbiter, random| {
            arbiter.reset.next = random.one_in(50);
            arbiter.request.next = random.bits(4).into();
            arbiter.sole.next = random.bits(4).into();
            arbiter.last.next = random.bits(4).into();
            arbiter.tready.next = random.bit();
        });
    }
}
