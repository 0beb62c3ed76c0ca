//! The switch at 4x64 with a small table: reset at any time, the table port, ageing, and stored frames under load.

use std::collections::VecDeque;

use super::Switch;
use crate::cosim::{settle, Random};
use crate::ingress::crc32;
use crate::prelude::*;
use crate::table::{minimum_ageing_period, AGE_EPOCHS};
use crate::target::Target;
use crate::tops::on_large_stack;

const PORTS: usize = 4;
/// Eight sets: the table is open, and may age, soon after reset.
const TABLE_W: usize = 3;
const MAX_FRAME_BYTES: usize = 1_522;
/// From a first beat offered to its transfer, on an idle switch.
const LATENCY: usize = 6;
/// Of these, before the first beat stands in front of the fabric.
const AHEAD_OF_FABRIC: usize = 3;

type Dut = Switch<PORTS, 2, 2, 8, 9, 10, TABLE_W, 0>;

const STATION: [[u8; 6]; PORTS] = [
    [2, 0, 0, 0, 0, 0xa0],
    [2, 0, 0, 0, 0, 0xa1],
    [2, 0, 0, 0, 0, 0xa2],
    [2, 0, 0, 0, 0, 0xa3],
];
const BROADCAST: [u8; 6] = [0xff; 6];

/// A frame with a good FCS.
fn frame(to: [u8; 6], from: [u8; 6], length: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = [&to[..], &from[..], &[8, 0]].concat();
    bytes.resize_with(length - 4, || random.bits(8) as u8);
    let fcs = !crc32::update(crc32::INITIAL, &bytes);
    bytes.extend(fcs.to_le_bytes());
    bytes
}

/// A frame that left.
#[derive(Debug, Default)]
struct Left {
    bytes: Vec<u8>,
    poisoned: bool,
    first_cycle: usize,
    last_cycle: usize,
}

/// What an operation on the table came to.
#[derive(Debug, PartialEq, Eq)]
struct Done {
    found: bool,
    mask: u32,
    is_static: bool,
}

struct Bench {
    switch: Box<Dut>,
    random: Random,
    /// Per ingress, beats to offer: bytes, and whether it is the last.
    source: [VecDeque<(Vec<u8>, bool)>; PORTS],
    ready: [bool; PORTS],
    took: [bool; PORTS],
    gave: [bool; PORTS],
    /// Per egress, the frame that is leaving, and those that have left.
    leaving: [Option<Left>; PORTS],
    left: [Vec<Left>; PORTS],
    /// Pulses of frames to own ports.
    filtered: u32,
    learned: u32,
    moved: u32,
    cycle: usize,
}

impl Bench {
    /// A switch whose table has just opened.
    fn new(seed: u64) -> Self {
        println!("seed {seed}");
        let switch = on_large_stack(|| {
            let mut switch = Box::new(Dut::new(MAX_FRAME_BYTES, Target::Generic));
            switch.connect_all();
            switch
        });
        let mut bench = Self {
            switch,
            random: Random::new(seed),
            source: Default::default(),
            ready: [true; PORTS],
            took: [false; PORTS],
            gave: [false; PORTS],
            leaving: Default::default(),
            left: Default::default(),
            filtered: 0,
            learned: 0,
            moved: 0,
            cycle: 0,
        };
        bench.reset();
        bench.wait_open();
        bench
    }

    /// The same, and it knows the station behind each port.
    fn taught(seed: u64) -> Self {
        let mut bench = Self::new(seed);
        bench.teach();
        bench
    }

    fn teach(&mut self) {
        for (port, station) in STATION.into_iter().enumerate() {
            self.send(port, BROADCAST, station, 64);
        }
        self.drain();
        assert_eq!(self.take_left(), [3; PORTS]);
    }

    /// One cycle of reset, with nothing at the pins, as whatever is attached is reset too.
    fn reset(&mut self) {
        self.source = Default::default();
        self.leaving = Default::default();
        self.left = Default::default();
        self.switch.reset.next = true;
        self.drive();
        self.clock();
        self.switch.reset.next = false;
    }

    fn wait_open(&mut self) {
        for _ in 0..100 {
            self.cycle();
            if self.switch.table_open.val() {
                return;
            }
        }
        panic!("the table does not open");
    }

    fn drive(&mut self) {
        for port in 0..PORTS {
            let sink = &mut self.switch.ingress[port];
            let offered = self.source[port].front();
            sink.tvalid.next = offered.is_some();
            if let Some((bytes, last)) = offered {
                for (word, bytes) in sink.tdata.iter_mut().zip(bytes.chunks(4)) {
                    let mut padded = [0; 4];
                    padded[..bytes.len()].copy_from_slice(bytes);
                    word.next = u64::from(u32::from_le_bytes(padded)).into();
                }
                sink.tkeep.next = ((1_u64 << bytes.len()) - 1).into();
                sink.tlast.next = *last;
            }
            self.switch.egress[port].tready.next = self.ready[port];
        }
        settle(&mut *self.switch).unwrap();
    }

    fn clock(&mut self) {
        for clk in [true, false] {
            self.switch.clock.next = Clock { clk };
            settle(&mut *self.switch).unwrap();
        }
        self.cycle += 1;
    }

    fn cycle(&mut self) {
        self.drive();
        self.filtered += self.switch.stat_filtered_own.val().to_u32().count_ones();
        self.learned += u32::from(self.switch.stat_learned.val());
        self.moved += u32::from(self.switch.stat_moved.val());
        for port in 0..PORTS {
            let ready = self.switch.ingress[port].tready.val();
            self.took[port] = ready && !self.source[port].is_empty();
            if self.took[port] {
                self.source[port].pop_front();
            }
            self.gave[port] = self.ready[port] && self.switch.egress[port].tvalid.val();
            if self.gave[port] {
                self.receive(port);
            }
        }
        self.clock();
    }

    fn receive(&mut self, port: usize) {
        let egress = &self.switch.egress[port];
        let leaving = self.leaving[port].get_or_insert(Left {
            first_cycle: self.cycle,
            ..Left::default()
        });
        let words = egress
            .tdata
            .iter()
            .flat_map(|word| word.val().to_u32().to_le_bytes());
        let keep = egress.tkeep.val().to_u32().trailing_ones() as usize;
        leaving.bytes.extend(words.take(keep));
        leaving.last_cycle = self.cycle;
        if egress.tlast.val() {
            leaving.poisoned = egress.tuser.val();
            self.left[port].extend(self.leaving[port].take());
        }
    }

    fn send_bytes(&mut self, port: usize, bytes: &[u8]) {
        let beats = bytes.len().div_ceil(8);
        self.source[port].extend(
            bytes
                .chunks(8)
                .enumerate()
                .map(|(index, chunk)| (chunk.to_vec(), index + 1 == beats)),
        );
    }

    fn send(&mut self, port: usize, to: [u8; 6], from: [u8; 6], length: usize) -> Vec<u8> {
        let bytes = frame(to, from, length, &mut self.random);
        self.send_bytes(port, &bytes);
        bytes
    }

    fn cycles(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.cycle();
        }
    }

    fn drain(&mut self) {
        let mut quiet = 0;
        let deadline = self.cycle + 2_000;
        while quiet < 30 {
            assert!(self.cycle < deadline, "the switch is stuck");
            self.cycle();
            let busy =
                self.gave.contains(&true) || self.source.iter().any(|beats| !beats.is_empty());
            quiet = if busy { 0 } else { quiet + 1 };
        }
        assert!(
            self.leaving.iter().all(Option::is_none),
            "a frame without its end"
        );
    }

    /// How many frames have left at each egress, all of them good; they go away.
    fn take_left(&mut self) -> [usize; PORTS] {
        std::mem::take(&mut self.left).map(|left| {
            assert!(left.iter().all(|left| !left.poisoned));
            left.len()
        })
    }

    /// Where a frame from `port` to `to` goes.
    fn probe(&mut self, port: usize, to: [u8; 6]) -> [usize; PORTS] {
        self.take_left();
        self.send(port, to, STATION[port], 64);
        self.drain();
        self.take_left()
    }

    /// An operation through the table port: 0 reads, 1 writes a static entry, 2 deletes, 3 flushes.
    fn table(&mut self, op: u64, address: [u8; 6], mask: u64) -> Done {
        let low = u32::from_le_bytes(address[..4].try_into().unwrap());
        let high = u16::from_le_bytes(address[4..].try_into().unwrap());
        self.switch.table_op.next = op.into();
        self.switch.table_address[0].next = u64::from(low).into();
        self.switch.table_address[1].next = u64::from(high).into();
        self.switch.table_mask.next = mask.into();
        self.switch.table_valid.next = true;
        for _ in 0..200 {
            self.drive();
            let (taken, done) = (self.switch.table_ready.val(), self.switch.table_done.val());
            let answer = Done {
                found: self.switch.table_found.val(),
                mask: self.switch.table_found_mask.val().to_u32(),
                is_static: self.switch.table_found_static.val(),
            };
            self.cycle();
            if taken {
                self.switch.table_valid.next = false;
            }
            if done {
                return answer;
            }
        }
        panic!("the table port does not answer");
    }
}

/// A group address goes to all other ports, until it is written: then to the ports written, or nowhere.
#[test]
fn a_group_that_was_written_goes_to_its_ports_only() {
    const GROUP: [u8; 6] = [0x01, 0x00, 0x5e, 0, 0, 1];
    let mut bench = Bench::taught(31);
    assert_eq!(bench.probe(0, GROUP), [0, 1, 1, 1]);
    bench.table(1, GROUP, 0b0110);
    assert_eq!(bench.probe(0, GROUP), [0, 1, 1, 0]);
    assert_eq!(bench.probe(1, GROUP), [0, 0, 1, 0], "never to its own port");
    bench.table(1, GROUP, 0);
    assert_eq!(bench.probe(3, GROUP), [0; PORTS]);
    assert_eq!(bench.filtered, 1);
    bench.table(2, GROUP, 0);
    assert_eq!(bench.probe(2, GROUP), [1, 1, 0, 1]);
}

/// Resets a busy switch in each cycle of its frames. `prepare` sets it up.
fn after_a_reset_it_is_as_new(seed: u64, prepare: fn(&mut Bench)) {
    let mut bench = Bench::taught(seed);
    let mut in_mid_frame = 0;
    for at in 0..24 {
        bench.ready = [true; PORTS];
        prepare(&mut bench);
        for port in 0..PORTS {
            for to in [
                STATION[(port + 1) % PORTS],
                BROADCAST,
                STATION[(port + 2) % PORTS],
            ] {
                // Four lengths, so that each port is somewhere else in its frame.
                bench.send(port, to, STATION[port], 64 + 12 * port);
            }
        }
        bench.cycles(at);
        in_mid_frame += bench
            .leaving
            .iter()
            .filter(|leaving| leaving.is_some())
            .count();
        bench.reset();
        bench.ready = [true; PORTS];
        for mask in &mut bench.switch.cfg_store_forward {
            mask.next = 0.into();
        }
        // At once, while the table still clears itself, every port sends a frame: nobody is known, so all are flooded.
        let since = bench.cycle;
        let sent: Vec<_> = (0..PORTS)
            .map(|port| bench.send(port, STATION[(port + 1) % PORTS], STATION[port], 72))
            .collect();
        for cycle in 0..9 {
            bench.cycle();
            assert_eq!(
                bench.took, [true; PORTS],
                "reset in cycle {at}, {cycle} later"
            );
        }
        bench.drain();
        for (port, left) in bench.left.iter().enumerate() {
            assert_eq!(left.len(), PORTS - 1, "reset in cycle {at}: {left:?}");
            assert_eq!(left[0].first_cycle, since + LATENCY, "reset in cycle {at}");
            for left in left {
                let from = sent.iter().position(|bytes| *bytes == left.bytes);
                assert!(!left.poisoned && from.is_some_and(|from| from != port));
            }
            let last = since + LATENCY + 9 * (PORTS - 1) - 1;
            assert_eq!(
                left[PORTS - 2].last_cycle,
                last,
                "egress {port} at full rate"
            );
        }
        // The table has opened, and learns again.
        bench.take_left();
        bench.teach();
        assert_eq!(bench.probe(3, STATION[0]), [1, 0, 0, 0]);
    }
    println!("{in_mid_frame} frames were leaving when reset came");
    assert!(in_mid_frame > 10);
}

#[test]
fn a_reset_in_any_cycle_of_a_frame_leaves_nothing_behind() {
    after_a_reset_it_is_as_new(1, |_| ());
}

#[test]
fn a_reset_while_frames_wait_leaves_nothing_behind() {
    after_a_reset_it_is_as_new(2, |bench| {
        bench.ready = [false, true, false, true];
        for mask in &mut bench.switch.cfg_store_forward {
            mask.next = 0b1010.into();
        }
    });
}

#[test]
fn a_reset_in_a_pause_or_while_the_rest_is_discarded_leaves_nothing_behind() {
    after_a_reset_it_is_as_new(3, |bench| {
        bench.switch.cfg_gap_limit.next = 4.into();
        // Half a frame: at the ports it is cut by the frame that follows it only after it was closed.
        let half = frame(STATION[1], STATION[0], 64, &mut bench.random);
        for chunk in half[..40].chunks(8) {
            bench.source[0].push_back((chunk.to_vec(), false));
        }
        bench.cycles(5 + 4 + 2);
        bench.source[0].push_back((half[40..48].to_vec(), false));
    });
}

#[test]
fn static_entries_stay_where_the_table_port_puts_them() {
    let mut bench = Bench::taught(4);
    let station = [2, 0, 0, 0, 0, 0xb0];
    bench.table(1, station, 0b0100);
    // Its frames come in elsewhere, good ones: it does not move.
    for port in [0, 1, 3] {
        bench.send(port, STATION[2], station, 64);
        bench.drain();
        assert_eq!(
            bench.probe(0, station),
            [0, 0, 1, 0],
            "after a frame from port {port}"
        );
    }
    let entry = Done {
        found: true,
        mask: 0b0100,
        is_static: true,
    };
    assert_eq!(bench.table(0, station, 0), entry);
    assert_eq!(bench.moved, 0);
    // From its own port, a frame to it is filtered.
    let before = bench.filtered;
    assert_eq!(bench.probe(2, station), [0; PORTS]);
    assert_eq!(bench.filtered, before + 1);
    // Several ports, but never the one it came from.
    bench.table(1, station, 0b1011);
    assert_eq!(bench.probe(2, station), [1, 1, 0, 1]);
    assert_eq!(bench.probe(0, station), [0, 1, 0, 1]);
    // A dynamic entry becomes static; a deleted one is unknown, and may be learned.
    bench.table(1, STATION[1], 0b1000);
    assert_eq!(bench.probe(0, STATION[1]), [0, 0, 0, 1]);
    assert!(bench.table(2, station, 0).found);
    assert_eq!(bench.probe(0, station), [0, 1, 1, 1]);
    bench.send(1, STATION[2], station, 64);
    bench.drain();
    assert_eq!(bench.probe(0, station), [0, 1, 0, 0]);
    // A flush forgets what was learned, and only that.
    bench.table(3, station, 0);
    bench.cycles(100);
    assert_eq!(bench.probe(0, station), [0, 1, 1, 1]);
    assert_eq!(bench.probe(0, STATION[1]), [0, 0, 0, 1]);
}

#[test]
fn a_station_that_moves_is_counted_and_found_at_once() {
    let mut bench = Bench::taught(5);
    let learned = bench.learned;
    assert_eq!(learned, 4);
    for (moves, port) in [2, 1, 3, 2].into_iter().enumerate() {
        bench.send(port, STATION[1], STATION[0], 64);
        bench.drain();
        let mut expected = [0; PORTS];
        expected[port] = 1;
        let from = if port == 1 { 2 } else { 1 };
        assert_eq!(bench.probe(from, STATION[0]), expected);
        assert_eq!(bench.moved, 1 + moves as u32);
    }
    assert_eq!(bench.learned, learned);
}

#[test]
fn a_silent_station_is_forgotten_and_one_that_talks_is_not() {
    let mut bench = Bench::new(6);
    let period = minimum_ageing_period(PORTS, TABLE_W);
    bench.switch.cfg_ageing_period.next = u64::from(period).into();
    bench.teach();
    let since = bench.cycle;
    let life = (period * AGE_EPOCHS) as usize;
    let mut probes = 0;
    while bench.cycle - since < life + 200 {
        // Port 0 talks; the probes keep port 3 known, port 1 is silent.
        bench.send(0, STATION[3], STATION[0], 64);
        bench.cycles(life / 12 - 60);
        let age = bench.cycle - since;
        if age < life - period as usize - 200 {
            assert_eq!(
                bench.probe(3, STATION[1]),
                [0, 1, 0, 0],
                "{age} cycles after its frame"
            );
            probes += 1;
        }
        assert_eq!(
            bench.probe(3, STATION[0]),
            [1, 0, 0, 0],
            "{age} cycles after"
        );
    }
    assert!(probes > 5);
    assert_eq!(bench.probe(3, STATION[1]), [1, 1, 1, 0], "forgotten");
    println!("forgotten after {life} cycles");
    // Without a period nobody is.
    bench.switch.cfg_ageing_period.next = 0.into();
    bench.teach();
    bench.cycles(life + 200);
    assert_eq!(bench.probe(3, STATION[1]), [0, 1, 0, 0]);
}

#[test]
fn a_stored_frame_takes_its_length_longer_while_others_flow() {
    let mut bench = Bench::taught(7);
    // One flow cuts through; the other is toggled in any cycle, and its source must not notice.
    let keep_flowing = |bench: &mut Bench, cycles: usize, warm: bool| {
        for _ in 0..cycles {
            for (from, to) in [(2, 3), (3, 2)] {
                if bench.source[from].len() < 2 {
                    bench.send(from, STATION[to], STATION[from], 80);
                }
            }
            if bench.random.one_in(7) {
                let mask = bench.random.bits(PORTS);
                bench.switch.cfg_store_forward[3].next = mask.into();
            }
            bench.cycle();
            assert!(bench.took[2] && bench.took[3], "cycle {}", bench.cycle);
            assert!(bench.gave[3] || !warm, "cycle {}", bench.cycle);
        }
    };
    keep_flowing(&mut bench, 20, false);
    let mut stored_frames = 0;
    for round in 0..60_usize {
        let stored = bench.random.bit();
        let length = [64, 65, 72, 100, 127, 300][round % 6];
        let beats = length / 8 + usize::from(length % 8 > 0);
        bench.switch.cfg_store_forward[0].next = if stored { 0b0010.into() } else { 0b1101.into() };
        let since = bench.cycle;
        let sent = bench.send(0, STATION[1], STATION[0], length);
        keep_flowing(&mut bench, AHEAD_OF_FABRIC + 1, true);
        // It was sampled with the first beat: what comes now is for the next frame.
        bench.switch.cfg_store_forward[0].next = if stored { 0.into() } else { 0b1111.into() };
        keep_flowing(&mut bench, 2 * beats + 10, true);
        let left = std::mem::take(&mut bench.left[1]);
        assert_eq!(left.len(), 1);
        let waits = if stored { beats - 1 } else { 0 };
        assert_eq!(
            left[0].first_cycle - since,
            LATENCY + waits,
            "{length} bytes, {stored}"
        );
        assert_eq!(
            left[0].last_cycle - left[0].first_cycle,
            beats - 1,
            "in one piece"
        );
        assert!(left[0].bytes == sent && !left[0].poisoned);
        stored_frames += usize::from(stored);
    }
    println!("{stored_frames} of 60 frames stored");
    assert!((10..50).contains(&stored_frames));
    bench.drain();
    let frames = bench.take_left();
    assert!(frames[2] > 100 && frames[3] > 100, "{frames:?}");
}

#[test]
fn of_one_frame_some_copies_are_stored_and_some_not() {
    let mut bench = Bench::taught(8);
    for mask in 0..8_u64 {
        bench.switch.cfg_store_forward[0].next = (mask << 1).into();
        let since = bench.cycle;
        bench.send(0, BROADCAST, STATION[0], 96);
        bench.drain();
        for egress in 1..PORTS {
            let stored = mask >> (egress - 1) & 1 == 1;
            let first = bench.left[egress][0].first_cycle - since;
            assert_eq!(
                first,
                LATENCY + if stored { 11 } else { 0 },
                "mask {mask:#b}"
            );
        }
        assert_eq!(bench.take_left(), [0, 1, 1, 1]);
    }
}

#[test]
fn lossy_a_stored_frame_is_dropped_whole_or_leaves_whole() {
    let mut bench = Bench::taught(9);
    bench.switch.cfg_lossy.next = true;
    bench.switch.cfg_store_forward[0].next = 0b0010.into();
    bench.ready[1] = false;
    let mut sent = Vec::new();
    let mut dropped = 0;
    for _ in 0..600 {
        if bench.source[0].is_empty() {
            sent.push(bench.send(0, STATION[1], STATION[0], 200));
        }
        bench.cycle();
        assert!(bench.took[0], "tready is never low");
        dropped += bench.switch.stat_full[0].val().to_u32() >> 1 & 1;
    }
    bench.ready[1] = true;
    for _ in 0..600 {
        bench.cycle();
        dropped += bench.switch.stat_full[0].val().to_u32() >> 1 & 1;
    }
    println!("{dropped} of {} dropped", sent.len());
    assert!(dropped > 5);
    assert_eq!(bench.left[1].len() as u32 + dropped, sent.len() as u32);
    for (left, sent) in bench.left[1].iter().zip(&sent) {
        assert!(left.bytes == *sent && !left.poisoned);
    }
}
