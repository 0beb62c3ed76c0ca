//! The fabrics of 4x64, index and mask, in the same troubles as the switch.

use std::collections::VecDeque;

use lightswitch_hdl::cosim::settle;
use lightswitch_hdl::fabric::{Fabric, FabricMc};
use lightswitch_hdl::prelude::*;
use lightswitch_hdl::target::Target;

use super::rig::{ENDLESS, MAX_FRAME_BYTES, PORTS};

/// From a first beat offered to its transfer, on an idle fabric.
const LATENCY: u64 = 3;
/// Beats of the longest frame, and of a queue.
const MAX_FRAME_BEATS: usize = MAX_FRAME_BYTES.div_ceil(8);
const QUEUE_BEATS: usize = 512;

type Index = Fabric<4, 2, 2, 8, 3, 9, 10>;
type Mask = FabricMc<4, 2, 2, 8, 9, 10>;

/// One beat: its frame's number, its place in the frame, `tdest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beat {
    frame: u32,
    place: u32,
    last: bool,
    user: bool,
    tdest: u64,
}

/// A fabric, whatever its `tdest` means.
trait Dut: Block {
    /// The `tdest` of one egress.
    fn to(egress: usize) -> u64;
    /// Those that mean none.
    fn nowhere() -> Vec<u64>;
    fn pins(&mut self) -> Pins<'_>;
    fn offer(&mut self, port: usize, beat: Option<Beat>);
    fn ready(&self, port: usize) -> bool;
    /// The beat an egress shows; it has no `tdest`.
    fn shown(&self, port: usize) -> Option<Beat>;
    /// Pulses: unroutable, closed for a gap, poisoned by its source; copies dropped.
    fn pulses(&self, port: usize) -> ([bool; 3], u32);
}

/// The pins beside the ingresses.
struct Pins<'a> {
    clock: &'a mut Signal<In, Clock>,
    reset: &'a mut Signal<In, Bit>,
    lossy: &'a mut Signal<In, Bit>,
    gap_limit: &'a mut Signal<In, Bits<16>>,
    ready: [&'a mut Signal<In, Bit>; PORTS],
}

macro_rules! dut {
    ($fabric:ty, $to:expr, $nowhere:expr) => {
        impl Dut for $fabric {
            fn to(egress: usize) -> u64 {
                $to(egress)
            }

            fn nowhere() -> Vec<u64> {
                $nowhere
            }

            fn pins(&mut self) -> Pins<'_> {
                Pins {
                    clock: &mut self.clock,
                    reset: &mut self.reset,
                    lossy: &mut self.cfg_lossy,
                    gap_limit: &mut self.cfg_gap_limit,
                    ready: self.egress.each_mut().map(|egress| &mut egress.tready),
                }
            }

            fn offer(&mut self, port: usize, beat: Option<Beat>) {
                let sink = &mut self.ingress[port];
                sink.tvalid.next = beat.is_some();
                let Some(beat) = beat else { return };
                sink.tdata[0].next = u64::from(beat.frame).into();
                sink.tdata[1].next = u64::from(beat.place).into();
                sink.tkeep.next = 0xff.into();
                sink.tlast.next = beat.last;
                sink.tuser.next = beat.user;
                sink.tdest.next = beat.tdest.into();
            }

            fn ready(&self, port: usize) -> bool {
                self.ingress[port].tready.val()
            }

            fn shown(&self, port: usize) -> Option<Beat> {
                let source = &self.egress[port];
                source.tvalid.val().then(|| Beat {
                    frame: source.tdata[0].val().to_u32(),
                    place: source.tdata[1].val().to_u32(),
                    last: source.tlast.val(),
                    user: source.tuser.val(),
                    tdest: 0,
                })
            }

            fn pulses(&self, port: usize) -> ([bool; 3], u32) {
                let pulses = [
                    &self.stat_unroutable,
                    &self.stat_gap_closed,
                    &self.stat_poisoned,
                ];
                (
                    pulses.map(|pulses| pulses.val().get_bit(port)),
                    self.stat_full[port].val().to_u32(),
                )
            }
        }
    };
}

dut!(Index, |egress| egress as u64, (4..8).collect());
dut!(Mask, |egress| 1_u64 << egress, vec![0]);

fn index() -> Box<Index> {
    Box::new(Fabric::new(MAX_FRAME_BYTES, Target::Generic))
}

fn mask() -> Box<Mask> {
    Box::new(FabricMc::new(MAX_FRAME_BYTES, Target::Generic))
}

/// A fabric between sources and sinks.
struct Rig<D: Dut> {
    fabric: Box<D>,
    lossy: bool,
    /// What each source does next; `None` is a cycle's pause.
    source: [VecDeque<Option<Beat>>; PORTS],
    /// Beats taken of each ingress's frame.
    taken: [usize; PORTS],
    ready: [bool; PORTS],
    took: [bool; PORTS],
    gave: [Option<Beat>; PORTS],
    /// Whole frames that left: number, beats, poisoned.
    left: [Vec<(u32, u32, bool)>; PORTS],
    /// Pulses per ingress, and copies dropped per `[ingress][egress]`.
    pulses: [[u32; 3]; PORTS],
    dropped: [[u32; PORTS]; PORTS],
    frames: u32,
    cycle: u64,
}

impl<D: Dut> Rig<D> {
    fn new(mut fabric: Box<D>, lossy: bool, gap_limit: u16) -> Self {
        fabric.connect_all();
        fabric.pins().lossy.next = lossy;
        fabric.pins().gap_limit.next = u64::from(gap_limit).into();
        let mut rig = Self {
            fabric,
            lossy,
            source: Default::default(),
            taken: [0; PORTS],
            ready: [true; PORTS],
            took: [false; PORTS],
            gave: [None; PORTS],
            left: Default::default(),
            pulses: Default::default(),
            dropped: Default::default(),
            frames: 0,
            cycle: 0,
        };
        rig.reset();
        rig
    }

    fn reset(&mut self) {
        self.source = Default::default();
        self.taken = [0; PORTS];
        self.left = Default::default();
        self.fabric.pins().reset.next = true;
        self.drive();
        self.clock();
        self.fabric.pins().reset.next = false;
    }

    fn drive(&mut self) {
        for port in 0..PORTS {
            let beat = self.source[port].front().copied().flatten();
            self.fabric.offer(port, beat);
        }
        let ready = self.ready;
        for (pin, ready) in self.fabric.pins().ready.into_iter().zip(ready) {
            pin.next = ready;
        }
        settle(&mut *self.fabric).unwrap();
    }

    fn clock(&mut self) {
        for clk in [true, false] {
            self.fabric.pins().clock.next = Clock { clk };
            settle(&mut *self.fabric).unwrap();
        }
        self.cycle += 1;
    }

    /// One cycle. A source waits for nothing but in front of a first beat, and in lossy mode never.
    fn cycle(&mut self) {
        assert!(self.cycle < ENDLESS, "the fabric is stuck");
        self.drive();
        for port in 0..PORTS {
            let (pulses, dropped) = self.fabric.pulses(port);
            for (count, pulse) in self.pulses[port].iter_mut().zip(pulses) {
                *count += u32::from(pulse);
            }
            for (egress, count) in self.dropped[port].iter_mut().enumerate() {
                *count += dropped >> egress & 1;
            }
            let beat = self.source[port].front().copied();
            let ready = self.fabric.ready(port);
            self.took[port] = ready && beat.flatten().is_some();
            if let (Some(Some(_)), false) = (beat, ready) {
                assert_eq!(
                    (self.taken[port], self.lossy),
                    (0, false),
                    "port {port} waits"
                );
                continue;
            }
            self.source[port].pop_front();
            if let Some(beat) = beat.flatten() {
                self.taken[port] = if beat.last { 0 } else { self.taken[port] + 1 };
            }
        }
        for port in 0..PORTS {
            self.gave[port] = self.fabric.shown(port).filter(|_| self.ready[port]);
            if let Some(beat) = self.gave[port].filter(|beat| beat.last) {
                self.left[port].push((beat.frame, beat.place + 1, beat.user));
            }
        }
        self.clock();
    }

    /// Gives a source a frame; its number.
    fn send(&mut self, port: usize, tdest: u64, beats: usize) -> u32 {
        self.frames += 1;
        let frame = self.frames;
        self.source[port].extend((0..beats).map(|place| {
            Some(Beat {
                frame,
                place: place as u32,
                last: place + 1 == beats,
                user: false,
                tdest,
            })
        }));
        frame
    }

    fn drain(&mut self) {
        let mut quiet = 0;
        for _ in 0..4_000 {
            self.cycle();
            let moved = self.gave.iter().any(Option::is_some);
            let idle = self.source.iter().all(VecDeque::is_empty);
            quiet = if idle && !moved { quiet + 1 } else { 0 };
            if quiet > 10 {
                return;
            }
        }
        panic!("the fabric is stuck");
    }

    /// Cycles in which each of these flows takes a beat and, after the latency, gives one.
    fn at_full_rate(
        &mut self,
        flows: &[(usize, usize)],
        cycles: u64,
        mut also: impl FnMut(&mut Self),
    ) {
        let since = self.cycle;
        while self.cycle - since < cycles {
            for (from, to) in flows {
                if self.source[*from].is_empty() {
                    self.send(*from, D::to(*to), 7);
                }
            }
            also(self);
            self.cycle();
            for (from, to) in flows {
                assert!(self.took[*from], "{from} -> {to} waits");
                let under_way = self.cycle - since > LATENCY;
                assert!(
                    self.gave[*to].is_some() || !under_way,
                    "{from} -> {to} pauses"
                );
            }
        }
    }
}

fn unroutable<D: Dut>(new: fn() -> Box<D>) {
    for lossy in [false, true] {
        let mut rig = Rig::new(new(), lossy, 0);
        let mut good = Vec::new();
        let mut bad = 0;
        rig.at_full_rate(&[(1, 2), (2, 3), (3, 0)], 300, |rig| {
            if rig.source[0].is_empty() {
                for tdest in D::nowhere() {
                    for beats in [1, 2, 9] {
                        rig.send(0, tdest, beats);
                        bad += 1;
                    }
                }
                good.push((rig.send(0, D::to(1), 3), 3, false));
            }
        });
        rig.drain();
        println!("{bad} unroutable frames, {} good ones", good.len());
        assert!(bad > 15 && good.len() > 5);
        assert_eq!(rig.left[1], good, "nothing else leaves at port 1");
        assert_eq!(rig.pulses, [[bad, 0, 0], [0; 3], [0; 3], [0; 3]]);
    }
}

#[test]
fn an_unroutable_frame_is_counted_and_disturbs_nobody() {
    unroutable(index);
    unroutable(mask);
}

fn stopped<D: Dut>(new: fn() -> Box<D>) {
    let limit = 6;
    let mut rig = Rig::new(new(), false, limit);
    let flows = [(1, 2), (2, 3), (3, 0)];
    for stop in 1..9 {
        rig.left[1].clear();
        rig.at_full_rate(&flows, 1, |rig| {
            let cut = rig.send(0, D::to(1), 9);
            let rest = rig.source[0].split_off(stop);
            rig.source[0].extend(vec![None; usize::from(limit) + 1]);
            rig.source[0].extend(rest);
            assert_eq!(rig.send(0, D::to(1), 9), cut + 1);
        });
        rig.at_full_rate(&flows, 45, |_| ());
        let whole: Vec<_> = rig.left[1].iter().map(|left| left.2).collect();
        assert_eq!(
            whole,
            [true, false],
            "closed after {stop} beats, and the next is whole"
        );
        assert_eq!(rig.left[1][1].1, 9);
    }
    assert_eq!(rig.pulses, [[0, 8, 0], [0; 3], [0; 3], [0; 3]]);
}

#[test]
fn a_source_that_stops_is_closed_and_disturbs_nobody() {
    stopped(index);
    stopped(mask);
}

#[test]
fn without_a_gap_limit_a_frame_may_pause_for_ever() {
    let mut rig = Rig::new(index(), false, 0);
    let frame = rig.send(0, 1, 4);
    let rest = rig.source[0].split_off(2);
    rig.source[0].extend(vec![None; 5_000]);
    rig.source[0].extend(rest);
    while !rig.source[0].is_empty() {
        rig.cycle();
    }
    rig.drain();
    assert_eq!(rig.left[1], [(frame, 4, false)]);
    assert_eq!(rig.pulses, [[0; 3]; PORTS]);
}

fn full_lossy<D: Dut>(new: fn() -> Box<D>) {
    let mut rig = Rig::new(new(), true, 0);
    rig.ready[1] = false;
    let mut sent = Vec::new();
    rig.at_full_rate(&[(1, 2), (2, 3), (3, 0)], 700, |rig| {
        if rig.source[0].is_empty() {
            sent.push((rig.send(0, D::to(1), 8), 8, false));
        }
    });
    rig.ready[1] = true;
    rig.drain();
    let dropped = rig.dropped[0][1] as usize;
    println!("{dropped} of {} copies dropped", sent.len());
    assert!(dropped > 30);
    assert_eq!(
        rig.left[1][..],
        sent[..sent.len() - dropped],
        "those that came first"
    );
    assert_eq!(rig.dropped[1..], [[0; PORTS]; 3]);
}

#[test]
fn lossy_a_full_egress_drops_its_own_copies_only() {
    full_lossy(index);
    full_lossy(mask);
}

fn full_lossless<D: Dut>(new: fn() -> Box<D>) {
    let mut rig = Rig::new(new(), false, 0);
    rig.ready[1] = false;
    let mut sent = Vec::new();
    let mut waited = 0;
    rig.at_full_rate(&[(1, 2), (2, 3), (3, 0)], 900, |rig| {
        waited += u32::from(!rig.took[0]);
        if rig.source[0].is_empty() {
            sent.push((rig.send(0, D::to(1), 8), 8, false));
        }
    });
    println!("port 0 waited {waited} of 900 cycles");
    // It is held back when a longest frame no longer fits, and no sooner.
    let room = QUEUE_BEATS - MAX_FRAME_BEATS;
    let held = (sent.len() - 1) * 8;
    assert!(
        (room - 16..room + 8).contains(&held),
        "{held} beats wait, {room} have room"
    );
    assert!(waited > 500);
    rig.ready[1] = true;
    rig.drain();
    assert_eq!(rig.left[1], sent);
    assert_eq!(rig.dropped, [[0; PORTS]; PORTS]);
}

#[test]
fn lossless_a_full_egress_holds_back_its_own_sources_only() {
    full_lossless(index);
    full_lossless(mask);
}

#[test]
fn lossless_a_multicast_waits_until_all_its_queues_have_room() {
    let mut rig = Rig::new(mask(), false, 0);
    // Two of its three queues are full, and become free one after the other.
    rig.ready = [true, false, false, true];
    for egress in [1, 2] {
        while rig.source[0].is_empty() || rig.took[0] {
            if rig.source[0].is_empty() {
                rig.send(0, 1 << egress, MAX_FRAME_BEATS);
            }
            rig.cycle();
        }
        // What waits for the full queue goes elsewhere.
        rig.source[0].clear();
        rig.cycle();
    }
    let multicast = (rig.send(0, 0b1110, 5), 5, false);
    let flows = [(1, 0)];
    rig.at_full_rate(&flows, 50, |rig| assert!(!rig.took[0]));
    rig.ready[1] = true;
    rig.at_full_rate(&flows, 1_000, |rig| assert!(!rig.took[0]));
    assert!(rig.left[3].is_empty(), "no copy leaves before all may");
    rig.ready[2] = true;
    rig.drain();
    for egress in 1..PORTS {
        assert_eq!(
            rig.left[egress].last(),
            Some(&multicast),
            "at egress {egress}"
        );
    }
    assert_eq!(rig.left[3].len(), 1);
}

fn reset_anywhere<D: Dut>(new: fn() -> Box<D>) {
    let mut rig = Rig::new(new(), false, 3);
    for at in 0..20 {
        rig.ready = [true, at % 2 == 0, true, true];
        for port in 0..PORTS {
            for egress in [1, 2, 1] {
                rig.send(port, D::to(egress), 6 + port);
            }
        }
        // One source has stopped in mid-frame.
        rig.source[3].truncate(4);
        for _ in 0..at {
            rig.cycle();
        }
        rig.reset();
        rig.ready = [true; PORTS];
        let since = rig.cycle;
        let sent: Vec<_> = (0..PORTS)
            .map(|port| (rig.send(port, D::to((port + 1) % PORTS), 4), 4, false))
            .collect();
        while rig.cycle - since < LATENCY + 4 {
            rig.cycle();
            for port in 0..PORTS {
                let gives = rig.cycle - since > LATENCY;
                assert_eq!(rig.gave[port].is_some(), gives, "reset in cycle {at}");
            }
        }
        rig.drain();
        for (port, sent) in sent.into_iter().enumerate() {
            assert_eq!(rig.left[(port + 1) % PORTS], [sent], "reset in cycle {at}");
        }
    }
}

#[test]
fn after_a_reset_in_any_cycle_the_fabric_is_as_new() {
    reset_anywhere(index);
    reset_anywhere(mask);
}
