//! Tests of [`Fabric`] and [`FabricMc`]: every beat of every copy, every counter and every `tready` against naive
//! trackers and queues.

use std::collections::VecDeque;

use super::bench::{is_legal, keep_of, settle, Inputs, Pushed, Tracker};
use crate::fabric::{Fabric, FabricMc};
use crate::prelude::*;
use crate::target::Target;
use crate::{cosim, export};

/// A beat as a source offers it, and the cycles it pauses before.
#[derive(Clone, Copy, Debug, Default)]
struct Beat {
    gap: u32,
    data: [u32; 2],
    keep: u32,
    last: bool,
    user: bool,
    dest: u32,
}

/// A beat as an egress shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    data: [u32; 2],
    keep: u32,
    last: bool,
    user: bool,
}

/// The counters' pulses of one ingress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stats {
    started: bool,
    unroutable: bool,
    gap_closed: bool,
    too_long: bool,
    malformed: bool,
    poisoned: bool,
    full: u32,
}

/// A fabric, whatever its `tdest` means.
trait Dut: Block {
    const PORTS: usize;
    const KEEP_W: u32;
    const DEPTH: usize;
    /// The egresses that a `tdest` means.
    fn meant(dest: u32) -> u32;
    fn set_clock(&mut self, clk: bool);
    fn set_reset(&mut self, reset: bool);
    fn configure(&mut self, lossy: bool, store_forward: &[u32], gap_limit: u32);
    fn offer(&mut self, port: usize, beat: &Beat, valid: bool);
    fn set_ready(&mut self, port: usize, ready: bool);
    fn ready(&self, port: usize) -> bool;
    fn shown(&self, port: usize) -> Option<Shown>;
    fn stats(&self, port: usize) -> Stats;
}

macro_rules! dut {
    ($name:ident<$($generic:ident),*>, $meant:expr) => {
        impl<$(const $generic: usize),*> Dut for $name<$($generic),*> {
            const PORTS: usize = PORTS;
            const KEEP_W: u32 = KEEP_W as u32;
            const DEPTH: usize = 1 << DEPTH_W;

            fn meant(dest: u32) -> u32 {
                $meant(dest)
            }

            fn set_clock(&mut self, clk: bool) {
                self.clock.next = Clock { clk };
            }

            fn set_reset(&mut self, reset: bool) {
                self.reset.next = reset;
            }

            fn configure(&mut self, lossy: bool, store_forward: &[u32], gap_limit: u32) {
                self.cfg_lossy.next = lossy;
                for (port, mask) in store_forward.iter().enumerate() {
                    self.cfg_store_forward[port].next = u64::from(*mask).into();
                }
                self.cfg_gap_limit.next = u64::from(gap_limit).into();
            }

            fn offer(&mut self, port: usize, beat: &Beat, valid: bool) {
                let ingress = &mut self.ingress[port];
                for (word, data) in ingress.tdata.iter_mut().zip(beat.data) {
                    word.next = u64::from(data).into();
                }
                ingress.tkeep.next = u64::from(beat.keep).into();
                ingress.tlast.next = beat.last;
                ingress.tuser.next = beat.user;
                ingress.tdest.next = u64::from(beat.dest).into();
                ingress.tvalid.next = valid;
            }

            fn set_ready(&mut self, port: usize, ready: bool) {
                self.egress[port].tready.next = ready;
            }

            fn ready(&self, port: usize) -> bool {
                self.ingress[port].tready.val()
            }

            fn shown(&self, port: usize) -> Option<Shown> {
                let egress = &self.egress[port];
                let mut data = [0; 2];
                for (data, word) in data.iter_mut().zip(&egress.tdata) {
                    *data = word.val().to_u32();
                }
                egress.tvalid.val().then(|| Shown {
                    data,
                    keep: egress.tkeep.val().to_u32(),
                    last: egress.tlast.val(),
                    user: egress.tuser.val(),
                })
            }

            fn stats(&self, port: usize) -> Stats {
                Stats {
                    started: self.stat_started.val().get_bit(port),
                    unroutable: self.stat_unroutable.val().get_bit(port),
                    gap_closed: self.stat_gap_closed.val().get_bit(port),
                    too_long: self.stat_too_long.val().get_bit(port),
                    malformed: self.stat_malformed.val().get_bit(port),
                    poisoned: self.stat_poisoned.val().get_bit(port),
                    full: self.stat_full[port].val().to_u32(),
                }
            }
        }
    };
}

dut!(
    Fabric<PORTS, INDEX_W, WORDS, KEEP_W, DEST_W, DEPTH_W, LEVEL_W>,
    |dest: u32| if dest < PORTS as u32 { 1 << dest } else { 0 }
);
dut!(FabricMc<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>, |dest| dest);

const MAX_FRAME_BEATS: u32 = 6;

type Unicast2 = Fabric<2, 1, 1, 4, 2, 5, 6>;
type Unicast4 = Fabric<4, 2, 2, 8, 3, 4, 5>;
type Multicast2 = FabricMc<2, 1, 2, 8, 4, 5>;
type Multicast4 = FabricMc<4, 2, 1, 4, 5, 6>;

fn unicast2() -> Box<Unicast2> {
    Box::new(Fabric::new(4 * MAX_FRAME_BEATS as usize, Target::Generic))
}

fn unicast4() -> Box<Unicast4> {
    Box::new(Fabric::new(8 * MAX_FRAME_BEATS as usize, Target::Generic))
}

fn multicast2() -> Box<Multicast2> {
    Box::new(FabricMc::new(8 * MAX_FRAME_BEATS as usize, Target::Generic))
}

fn multicast4() -> Box<Multicast4> {
    Box::new(FabricMc::new(4 * MAX_FRAME_BEATS as usize, Target::Generic))
}

/// A beat of a copy that is on its way.
#[derive(Clone, Copy, Debug)]
struct Stored {
    pushed: Pushed,
    data: [u32; 2],
    cycle: u32,
    /// With a first beat: the frame leaves when it is complete.
    store_forward: bool,
}

/// What a run counted.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    started: u32,
    unroutable: u32,
    gap_closed: u32,
    too_long: u32,
    malformed: u32,
    poisoned: u32,
    /// Copies meant, dropped, delivered whole and delivered poisoned.
    meant: u32,
    full: u32,
    delivered: u32,
    delivered_poisoned: u32,
    /// Beats taken and given.
    taken: u32,
    given: u32,
    /// Cycles in which a first beat waited, and in which an egress did.
    refused: u32,
    stalled: u32,
    /// Copies that waited until they were complete.
    stored: u32,
    /// Frames of several copies.
    multicast: u32,
}

impl Counts {
    /// A cycle of one ingress; `meant` for a first beat.
    fn add(&mut self, stats: &Stats, takes: bool, meant: u32) {
        self.started += u32::from(stats.started);
        self.unroutable += u32::from(stats.unroutable);
        self.gap_closed += u32::from(stats.gap_closed);
        self.too_long += u32::from(stats.too_long);
        self.malformed += u32::from(stats.malformed);
        self.poisoned += u32::from(stats.poisoned);
        self.full += stats.full.count_ones();
        self.taken += u32::from(takes);
        if stats.started {
            self.meant += meant.count_ones();
            self.multicast += u32::from(meant.count_ones() > 1);
        }
    }
}

struct Bench<D: Dut> {
    fabric: Box<D>,
    lossy: bool,
    store_forward: Vec<u32>,
    gap_limit: u32,
    /// What each source has to send; its first beat's gap counts down.
    source: Vec<VecDeque<Beat>>,
    /// Egresses that take a beat in this cycle.
    ready: Vec<bool>,
    tracker: Vec<Tracker>,
    /// Beats on their way: `[ingress][egress]`.
    stored: Vec<Vec<VecDeque<Stored>>>,
    /// The ingress whose frame is on each egress, and the beat it shows until it is taken.
    current: Vec<Option<usize>>,
    held: Vec<Option<Shown>>,
    /// In this cycle: the ingresses that took a beat, the egresses that gave one.
    took: Vec<bool>,
    gave: Vec<bool>,
    counter: u32,
    cycle: u32,
    counts: Counts,
    recorder: Option<cosim::Recorder>,
}

impl<D: Dut> Bench<D> {
    fn new(mut fabric: Box<D>, lossy: bool, gap_limit: u32) -> Self {
        fabric.connect_all();
        let tracker = Tracker::new(D::KEEP_W, MAX_FRAME_BEATS, gap_limit);
        Self {
            fabric,
            lossy,
            store_forward: vec![0; D::PORTS],
            gap_limit,
            source: vec![VecDeque::new(); D::PORTS],
            ready: vec![true; D::PORTS],
            tracker: vec![tracker; D::PORTS],
            stored: vec![vec![VecDeque::new(); D::PORTS]; D::PORTS],
            current: vec![None; D::PORTS],
            held: vec![None; D::PORTS],
            took: vec![false; D::PORTS],
            gave: vec![false; D::PORTS],
            counter: 0,
            cycle: 0,
            counts: Counts::default(),
            recorder: None,
        }
    }

    /// Gives a source a frame of full beats.
    fn send(&mut self, port: usize, dest: u32, beats: u32) {
        for beat in 1..=beats {
            self.counter += 1;
            let data = self.data(port);
            self.source[port].push_back(Beat {
                data,
                keep: keep_of(D::KEEP_W),
                last: beat == beats,
                dest,
                ..Beat::default()
            });
        }
    }

    /// Data that say where they come from and are not repeated.
    fn data(&self, port: usize) -> [u32; 2] {
        let counter = self.counter & 0x00ff_ffff;
        let second = if D::KEEP_W == 8 { !counter } else { 0 };
        [(port as u32) << 24 | counter, second]
    }

    fn drive(&mut self, reset: bool) {
        self.fabric.set_reset(reset);
        self.fabric
            .configure(self.lossy, &self.store_forward, self.gap_limit);
        for port in 0..D::PORTS {
            let next = self.source[port].front().copied().unwrap_or_default();
            let valid = next.gap == 0 && !self.source[port].is_empty();
            self.fabric.offer(port, &next, valid);
            self.fabric.set_ready(port, self.ready[port]);
        }
        settle(&mut *self.fabric);
    }

    fn clock(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.sample(&*self.fabric);
        }
        for clk in [true, false] {
            self.fabric.set_clock(clk);
            settle(&mut *self.fabric);
        }
        self.cycle += 1;
    }

    /// One cycle: compares every pin that means something.
    fn cycle(&mut self) {
        self.drive(false);
        // Egresses first: a beat never passes in its own cycle. Counters pulse a cycle later.
        for port in 0..D::PORTS {
            self.follow_egress(port);
        }
        let (cycle, ready) = (self.cycle, self.readies());
        self.clock();
        for (port, ready) in ready.into_iter().enumerate() {
            self.follow_ingress(port, cycle, ready);
        }
    }

    fn readies(&self) -> Vec<bool> {
        (0..D::PORTS).map(|port| self.fabric.ready(port)).collect()
    }

    fn follow_ingress(&mut self, port: usize, cycle: u32, ready: bool) {
        let beat = self.source[port].front().copied();
        let valid = beat.is_some_and(|beat| beat.gap == 0);
        let beat = beat.unwrap_or_default();
        let stats = self.fabric.stats(port);
        let meant = if valid && !self.tracker[port].in_frame {
            D::meant(beat.dest)
        } else {
            0
        };
        assert_eq!(
            stats.full & !meant,
            0,
            "cycle {cycle}: dropped a copy nobody meant"
        );
        assert!(
            self.lossy || stats.full == 0,
            "cycle {cycle}: lossless dropped"
        );
        if self.lossy || (meant == 0 && valid) {
            assert!(ready, "cycle {cycle}: ingress {port} must be ready");
        }
        // Whoever drops or waits has a reason: a longest frame does not fit, but for a few beats of lag.
        let has_room = |egress: usize| {
            self.stored[port][egress].len() + MAX_FRAME_BEATS as usize + 6 < D::DEPTH
        };
        for egress in (0..D::PORTS).filter(|egress| stats.full >> egress & 1 == 1) {
            assert!(
                !has_room(egress),
                "cycle {cycle}: dropped beside room at {egress}"
            );
        }
        if valid && !ready {
            let mut egresses = (0..D::PORTS).filter(|egress| meant >> egress & 1 == 1);
            assert!(
                egresses.any(|egress| !has_room(egress)),
                "cycle {cycle}: {port} waits"
            );
            self.counts.refused += 1;
        }
        let inputs = Inputs {
            valid,
            keep: beat.keep,
            last: beat.last,
            user: beat.user,
            go: meant & !stats.full,
            accept: ready,
        };
        let (outputs, pushed) = self.tracker[port].step(&inputs);
        let wanted = Stats {
            started: outputs.started,
            unroutable: outputs.started && meant == 0,
            gap_closed: outputs.gap_closed,
            too_long: outputs.too_long,
            malformed: outputs.malformed,
            poisoned: outputs.poisoned,
            full: if outputs.started { stats.full } else { 0 },
        };
        assert_eq!(stats, wanted, "cycle {cycle}: counters of ingress {port}");
        if let Some(pushed) = pushed {
            for egress in (0..D::PORTS).filter(|egress| outputs.push >> egress & 1 == 1) {
                self.stored[port][egress].push_back(Stored {
                    pushed,
                    data: beat.data,
                    cycle,
                    store_forward: self.store_forward[port] >> egress & 1 == 1,
                });
            }
        }
        self.took[port] = valid && ready;
        if valid && ready {
            self.source[port].pop_front();
        } else if let Some(beat) = self.source[port].front_mut() {
            beat.gap = beat.gap.saturating_sub(1);
        }
        self.counts.add(&stats, valid && ready, meant);
    }

    fn follow_egress(&mut self, port: usize) {
        let cycle = self.cycle;
        let shown = self.fabric.shown(port);
        if self.held[port].is_some() {
            assert_eq!(
                shown, self.held[port],
                "cycle {cycle}: egress {port} must hold its beat"
            );
        }
        self.held[port] = shown.filter(|_| !self.ready[port]);
        self.counts.stalled += u32::from(self.held[port].is_some());
        self.gave[port] = shown.is_some() && self.ready[port];
        if shown.is_none() {
            assert!(
                !self.has_work(port),
                "cycle {cycle}: a dead cycle at egress {port}"
            );
        }
        let Some(shown) = shown.filter(|_| self.ready[port]) else {
            return;
        };
        assert!(
            is_legal(shown.keep, shown.last, D::KEEP_W),
            "cycle {cycle}: {shown:?}"
        );
        assert!(shown.last || !shown.user, "cycle {cycle}: {shown:?}");
        let is_first = self.current[port].is_none();
        let ingress = self.current[port].unwrap_or((shown.data[0] >> 24) as usize);
        let queue = &mut self.stored[ingress][port];
        let Some(stored) = queue.pop_front() else {
            panic!("cycle {cycle}: egress {port} shows {shown:?}, nothing came from {ingress}");
        };
        assert!(
            stored.cycle + 3 <= cycle,
            "cycle {cycle}: it passed within 3 cycles"
        );
        assert_eq!(
            stored.pushed.first, is_first,
            "cycle {cycle}: egress {port}, from {ingress}"
        );
        assert_eq!(
            stored.pushed.last, shown.last,
            "cycle {cycle}: egress {port}, from {ingress}"
        );
        if !stored.pushed.pause {
            assert_eq!(
                stored.data, shown.data,
                "cycle {cycle}: egress {port}, from {ingress}"
            );
        }
        if shown.last {
            assert_eq!(
                stored.pushed.poison, shown.user,
                "cycle {cycle}: poison of {stored:?}"
            );
        }
        if let Some(bytes) = stored.pushed.bytes {
            assert_eq!(keep_of(bytes), shown.keep, "cycle {cycle}: {stored:?}");
        }
        if stored.store_forward && is_first && !shown.last {
            let complete = queue.iter().find(|stored| stored.pushed.last);
            let complete = complete.is_some_and(|stored| stored.cycle + 3 <= cycle);
            assert!(
                complete,
                "cycle {cycle}: egress {port} starts an incomplete frame"
            );
            self.counts.stored += 1;
        }
        self.current[port] = (!shown.last).then_some(ingress);
        self.counts.given += 1;
        self.counts.delivered += u32::from(shown.last && !shown.user);
        self.counts.delivered_poisoned += u32::from(shown.last && shown.user);
    }

    /// Whether a beat could be on an egress: the next of its frame, or the first of one that may start.
    fn has_work(&self, port: usize) -> bool {
        let is_there = |stored: &Stored| stored.cycle + 3 <= self.cycle;
        let may_start = |queue: &VecDeque<Stored>| {
            let waits = queue.front().is_some_and(|first| first.store_forward);
            let mut beats = queue.iter();
            if waits {
                beats
                    .find(|stored| stored.pushed.last)
                    .is_some_and(is_there)
            } else {
                beats.next().is_some_and(is_there)
            }
        };
        match self.current[port] {
            Some(ingress) => self.stored[ingress][port].front().is_some_and(is_there),
            None => self.stored.iter().any(|row| may_start(&row[port])),
        }
    }

    /// A cycle of reset: sources and sinks are reset too.
    fn reset(&mut self) {
        self.drive(true);
        assert!(!self.readies().contains(&true), "ready in reset");
        self.clock();
        for port in 0..D::PORTS {
            let stats = self.fabric.stats(port);
            assert_eq!(stats, Stats::default(), "counted in reset");
            self.tracker[port].reset();
            self.source[port].clear();
            for queue in &mut self.stored[port] {
                queue.clear();
            }
            self.current[port] = None;
            self.held[port] = None;
        }
    }

    /// Runs until everything that was sent has left.
    fn drain(&mut self) {
        self.ready.fill(true);
        let left: usize = self.source.iter().map(VecDeque::len).sum();
        let limit = self.cycle + 40 * (left + D::PORTS * D::PORTS * D::DEPTH) as u32;
        let is_busy = |bench: &Self| {
            bench.source.iter().any(|source| !source.is_empty())
                || bench.stored.iter().flatten().any(|queue| !queue.is_empty())
        };
        while is_busy(self) {
            self.cycle();
            assert!(self.cycle < limit, "frames are stuck");
        }
        for _ in 0..6 {
            self.cycle();
            assert!(!self.gave.contains(&true), "a beat too many");
        }
    }
}

/// How a random run behaves.
#[derive(Clone, Copy, Debug)]
struct Stress {
    seed: u64,
    lossy: bool,
    gap_limit: u32,
    /// Frames with something wrong.
    faults: bool,
    /// Store-and-forward masks change all the time.
    toggle: bool,
    resets: bool,
    cycles: u32,
}

/// A random frame for a source.
fn random_frame<D: Dut>(
    bench: &mut Bench<D>,
    random: &mut cosim::Random,
    port: usize,
    stress: &Stress,
    gaps: u32,
) {
    let dest = match random.below(3) {
        // A hot spot, unless it is the random one.
        0 => (0..16).find(|dest| D::meant(*dest) == 1).unwrap(),
        _ => random.below(2 * D::PORTS as u32) % (1 << D::PORTS),
    };
    let is_lost = D::meant(dest) == 0 && !(stress.faults && random.one_in(4));
    let dest = if is_lost { 1 } else { dest };
    let longest = match (stress.faults, random.below(12)) {
        (true, 0) => 5 * MAX_FRAME_BEATS,
        (_, 1..=4) => 1,
        (_, 5..=6) => 2,
        _ => MAX_FRAME_BEATS,
    };
    let beats = match random.below(4) {
        0 => longest,
        _ => 1 + random.below(longest),
    };
    for beat in 1..=beats {
        bench.counter += 1;
        let last = beat == beats;
        let bytes = if last {
            1 + random.below(D::KEEP_W)
        } else {
            D::KEEP_W
        };
        let is_bad = stress.faults && random.one_in(40);
        let pauses = random.below(8) < gaps;
        let data = bench.data(port);
        bench.source[port].push_back(Beat {
            gap: if pauses { 1 + random.below(6) } else { 0 },
            data,
            keep: if is_bad {
                random.bits(D::KEEP_W as usize) as u32
            } else {
                keep_of(bytes)
            },
            last,
            user: stress.faults && random.one_in(8),
            // It counts with the first beat only.
            dest: if beat == 1 {
                dest
            } else {
                random.below(D::PORTS as u32)
            },
        });
    }
}

/// Random traffic in phases of different load, pace and gaps; then everything leaves and every copy is accounted for.
fn random_run<D: Dut>(bench: &mut Bench<D>, stress: &Stress) {
    println!("{stress:?}");
    let mut random = cosim::Random::new(stress.seed);
    let (mut gaps, mut pace, mut load, mut resets) = (0, 4, 1, 0);
    for cycle in 0..stress.cycles {
        if cycle % 128 == 0 {
            gaps = [0, 0, 1, 4][random.below(4) as usize];
            pace = random.below(5);
            load = 1 + random.below(8);
        }
        if stress.toggle && random.one_in(5) {
            for mask in &mut bench.store_forward {
                *mask = random.bits(D::PORTS) as u32;
            }
        }
        for port in 0..D::PORTS {
            bench.ready[port] = random.below(4) < pace;
            if bench.source[port].is_empty() && random.one_in(load) {
                random_frame(bench, &mut random, port, stress, gaps);
            }
        }
        if stress.resets && random.one_in(100) {
            resets += u32::from(bench.tracker.iter().any(|tracker| tracker.in_frame));
            bench.reset();
        } else {
            bench.cycle();
        }
    }
    bench.drain();
    let counts = &bench.counts;
    println!("{counts:?}");
    assert!(counts.started > stress.cycles / 40, "{counts:?}");
    assert!(counts.delivered > 100 && counts.stalled > 100, "{counts:?}");
    if stress.resets {
        assert!(resets > 10, "{resets} resets in a frame");
    } else {
        let delivered = counts.delivered + counts.delivered_poisoned;
        assert_eq!(
            counts.meant,
            delivered + counts.full,
            "every copy: {counts:?}"
        );
    }
    assert_eq!(counts.full > 4, stress.lossy, "{counts:?}");
    assert_eq!(counts.refused > 20, !stress.lossy, "{counts:?}");
    assert_eq!(counts.stored > 50, stress.toggle, "{counts:?}");
    assert_eq!(counts.unroutable > 10, stress.faults, "{counts:?}");
    assert_eq!(counts.too_long > 10, stress.faults, "{counts:?}");
    assert_eq!(counts.malformed > 10, stress.faults, "{counts:?}");
    assert_eq!(counts.poisoned > 10, stress.faults, "{counts:?}");
    assert_eq!(counts.gap_closed > 10, stress.gap_limit > 0, "{counts:?}");
}

/// The stimulus matrix of a fabric.
fn stress<D: Dut>(new: fn() -> Box<D>, first_seed: u64, cycles: u32) {
    let mut seed = first_seed;
    for lossy in [false, true] {
        for (faults, toggle, gap_limit, resets) in [
            (false, false, 0, false),
            (false, true, 0, false),
            (true, true, 3, false),
            (true, true, 1, true),
        ] {
            seed += 1;
            let stress = Stress {
                seed,
                lossy,
                gap_limit,
                faults,
                toggle,
                resets,
                cycles,
            };
            let mut bench = Bench::new(new(), lossy, gap_limit);
            random_run(&mut bench, &stress);
            let sends_copies = D::meant(3) == 3;
            assert_eq!(bench.counts.multicast > 0, sends_copies);
        }
    }
}

#[test]
fn two_ports_deliver_every_copy_once() {
    stress(unicast2, 10, 4_000);
}

#[test]
fn four_ports_deliver_every_copy_once() {
    stress(unicast4, 20, 2_000);
}

#[test]
fn two_ports_deliver_every_multicast_copy_once() {
    stress(multicast2, 30, 4_000);
}

#[test]
fn four_ports_deliver_every_multicast_copy_once() {
    stress(multicast4, 40, 2_000);
}

/// The `tdest` of one egress.
fn dest_of<D: Dut>(egress: usize) -> u32 {
    (0..=1 << egress)
        .find(|dest| D::meant(*dest) == 1 << egress)
        .unwrap()
}

fn latency_is_three<D: Dut>(new: fn() -> Box<D>) {
    for ingress in 0..D::PORTS {
        for egress in 0..D::PORTS {
            for beats in 1..=MAX_FRAME_BEATS {
                for store_forward in [false, true] {
                    let mut bench = Bench::new(new(), false, 0);
                    bench.store_forward[ingress] = u32::from(store_forward) << egress;
                    bench.cycle();
                    bench.send(ingress, dest_of::<D>(egress), beats);
                    let first = 3 + if store_forward { beats - 1 } else { 0 };
                    for cycle in 0..first + beats + 2 {
                        bench.cycle();
                        let gives = (first..first + beats).contains(&cycle);
                        assert_eq!(bench.gave[egress], gives, "{beats} beats, cycle {cycle}");
                    }
                    assert_eq!(bench.counts.delivered, 1);
                }
            }
        }
    }
}

#[test]
fn an_idle_fabric_takes_three_cycles() {
    latency_is_three(unicast2);
    latency_is_three(unicast4);
    latency_is_three(multicast2);
    latency_is_three(multicast4);
}

fn permutation_is_full_rate<D: Dut>(new: fn() -> Box<D>) {
    for shift in 0..D::PORTS {
        for beats in 1..=MAX_FRAME_BEATS {
            let mut bench = Bench::new(new(), false, 0);
            for cycle in 0..120 {
                for port in 0..D::PORTS {
                    if bench.source[port].is_empty() {
                        bench.send(port, dest_of::<D>((port + shift) % D::PORTS), beats);
                    }
                }
                bench.cycle();
                assert!(
                    !bench.took.contains(&false),
                    "cycle {cycle}: a source waits"
                );
                assert_eq!(bench.gave, vec![cycle >= 3; D::PORTS], "cycle {cycle}");
            }
        }
    }
}

#[test]
fn a_permutation_passes_at_full_rate() {
    permutation_is_full_rate(unicast2);
    permutation_is_full_rate(unicast4);
    permutation_is_full_rate(multicast2);
    permutation_is_full_rate(multicast4);
}

fn broadcast_is_full_rate(beats: u32) {
    // One source, every egress: one beat a cycle at each of them.
    let mut bench = Bench::new(multicast4(), false, 0);
    for cycle in 0..120 {
        if bench.source[2].is_empty() {
            bench.send(2, 0b1111, beats);
        }
        bench.cycle();
        assert!(bench.took[2], "cycle {cycle}: the source waits");
        assert_eq!(bench.gave, vec![cycle >= 3; 4], "cycle {cycle}");
    }
}

#[test]
fn a_broadcast_passes_at_full_rate() {
    for beats in 1..=MAX_FRAME_BEATS {
        broadcast_is_full_rate(beats);
    }
}

fn congested_egress_is_full_rate<D: Dut>(new: fn() -> Box<D>) {
    // Everyone to egress 0: it never pauses, and serves all alike.
    for beats in 1..=MAX_FRAME_BEATS {
        let mut bench = Bench::new(new(), false, 0);
        let mut taken = vec![0_u32; D::PORTS];
        for cycle in 0..100 * beats {
            for port in 0..D::PORTS {
                if bench.source[port].is_empty() {
                    bench.send(port, dest_of::<D>(0), beats);
                }
            }
            bench.cycle();
            assert_eq!(bench.gave[0], cycle >= 3, "cycle {cycle}");
            for (taken, took) in taken.iter_mut().zip(&bench.took) {
                *taken += u32::from(*took);
            }
        }
        let (least, most) = (taken.iter().min().unwrap(), taken.iter().max().unwrap());
        assert!(most - least <= 2 * MAX_FRAME_BEATS, "{taken:?}");
        assert!(
            beats == 1 || bench.counts.refused > 20,
            "{:?}",
            bench.counts
        );
    }
}

#[test]
fn a_congested_egress_never_pauses() {
    congested_egress_is_full_rate(unicast2);
    congested_egress_is_full_rate(unicast4);
    congested_egress_is_full_rate(multicast4);
}

fn stalled_egress_holds_back_only_its_own<D: Dut>(new: fn() -> Box<D>) {
    let mut bench = Bench::new(new(), false, 0);
    bench.ready[0] = false;
    for cycle in 0..300 {
        for port in 0..D::PORTS {
            if bench.source[port].is_empty() {
                bench.send(port, dest_of::<D>(port), 4);
            }
        }
        bench.cycle();
        assert!(
            !bench.took[1..].contains(&false),
            "cycle {cycle}: another source waits"
        );
        assert!(
            cycle < 3 || !bench.gave[1..].contains(&false),
            "cycle {cycle}"
        );
        assert!(
            cycle < 60 || !bench.took[0],
            "the source of the stalled egress goes on"
        );
    }
    assert!(bench.counts.refused > 200);
    bench.drain();
    assert_eq!(bench.counts.meant, bench.counts.delivered);
}

#[test]
fn a_stalled_egress_holds_back_only_its_own() {
    stalled_egress_holds_back_only_its_own(unicast2);
    stalled_egress_holds_back_only_its_own(unicast4);
    stalled_egress_holds_back_only_its_own(multicast2);
    stalled_egress_holds_back_only_its_own(multicast4);
}

#[test]
fn a_full_egress_costs_the_others_no_copy() {
    let mut bench = Bench::new(multicast4(), true, 0);
    bench.ready[3] = false;
    for _ in 0..40 {
        bench.send(0, 0b1111, 5);
    }
    for _ in 0..40 * 5 + 3 {
        bench.cycle();
    }
    assert!(bench.source[0].is_empty());
    let full = bench.counts.full;
    assert!(
        (30..40).contains(&full),
        "{full} copies dropped at the stalled egress"
    );
    assert_eq!(bench.counts.delivered, 3 * 40, "every other copy");
    bench.drain();
    assert_eq!(bench.counts.delivered, 4 * 40 - full);
}

fn works_after_a_reset<D: Dut>(new: fn() -> Box<D>) {
    for lossy in [false, true] {
        for at in 0..24 {
            let mut bench = Bench::new(new(), lossy, 2);
            bench
                .store_forward
                .fill(if at % 2 == 1 { u32::MAX } else { 0 });
            for mask in &mut bench.store_forward {
                *mask &= (1 << D::PORTS) - 1;
            }
            for _ in 0..5 {
                for port in 0..D::PORTS {
                    bench.send(port, dest_of::<D>(0), MAX_FRAME_BEATS - 1);
                }
            }
            for cycle in 0..at {
                bench.ready.fill(cycle % 3 > 0);
                bench.cycle();
            }
            bench.reset();
            bench.counts = Counts::default();
            for port in 0..D::PORTS {
                for egress in 0..D::PORTS {
                    bench.send(port, dest_of::<D>(egress), 3);
                }
            }
            bench.drain();
            let frames = (D::PORTS * D::PORTS) as u32;
            assert_eq!(bench.counts.delivered, frames, "reset in cycle {at}");
        }
    }
}

#[test]
fn a_reset_in_any_cycle_leaves_nothing_behind() {
    works_after_a_reset(unicast2);
    works_after_a_reset(unicast4);
    works_after_a_reset(multicast4);
}

fn verilog_is_the_same<D: Dut>(new: fn() -> Box<D>, seed: u64) {
    for lossy in [false, true] {
        let mut bench = Bench::new(new(), lossy, 2);
        let name = export::module_name(&*bench.fabric).unwrap();
        let design = export::export(&*bench.fabric, &name, &[]).unwrap();
        cosim::lint(&design).unwrap();
        bench.recorder = Some(cosim::Recorder::new());
        let stress = Stress {
            seed,
            lossy,
            gap_limit: 2,
            faults: true,
            toggle: true,
            resets: true,
            cycles: 2_500,
        };
        random_run(&mut bench, &stress);
        let trace = bench.recorder.take().unwrap().finish();
        cosim::replay(&design, &trace).unwrap();
    }
}

#[test]
fn the_verilog_is_the_same() {
    verilog_is_the_same(unicast2, 1);
    verilog_is_the_same(unicast4, 2);
}

#[test]
fn the_verilog_of_multicast_is_the_same() {
    verilog_is_the_same(multicast2, 3);
    verilog_is_the_same(multicast4, 4);
}
