//! Random frames of every kind from every port to every port, with pauses and stalls: every copy of an accepted frame
//! leaves, in order, or is in the drop counter of its pair, and every frame is in the counters that it belongs in.

use std::collections::VecDeque;

use lightswitch_hdl::cosim::Random;
use lightswitch_sim::engine::{Cause, Counts, Pulse, Settings};
use lightswitch_sim::frame::{self, Received};

use super::rig::{ethernet, station, Rig, BROADCAST};

/// Cycles a source may pause.
const GAP_LIMIT: u16 = 30;
/// Bytes of a frame that no fault reaches: its header, and a number that no other frame has.
const IDENTITY: usize = 24;
/// Least bytes of a runt, so that its first beat has left before its end is seen.
const RUNT: usize = 28;

/// A copy on its way.
#[derive(Clone)]
struct Copy {
    bytes: Vec<u8>,
    bad: bool,
}

/// The run, and its books.
struct Soak {
    rig: Rig,
    random: Random,
    /// What the switch should count, but for dropped copies.
    expected: Counts,
    /// Copies that have not left, `[ingress][egress]`.
    copies: Vec<Vec<VecDeque<Copy>>>,
    /// Copies that were passed by later ones, and so were dropped.
    passed: Vec<Vec<u64>>,
    /// Copies that left good, and bad.
    delivered: [u64; 2],
}

impl Soak {
    fn new(config: &str, lossy: bool, seed: u64) -> Self {
        let settings = Settings {
            lossy,
            gap_limit: GAP_LIMIT,
            ..Settings::default()
        };
        let mut rig = Rig::of(config, &settings, seed);
        rig.teach();
        let ports = rig.ports();
        Self {
            rig,
            random: Random::new(seed),
            expected: Counts::new(ports),
            copies: vec![vec![VecDeque::new(); ports]; ports],
            passed: vec![vec![0; ports]; ports],
            delivered: [0; 2],
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random.below(limit as u32) as usize
    }

    fn expect(&mut self, ingress: usize, cause: Cause) {
        self.expected.add(&Pulse {
            cause,
            ingress,
            egress: None,
        });
    }

    /// Gives a source a random frame, and books it.
    fn send(&mut self, port: usize) {
        let ports = self.rig.ports();
        let other = (port + 1 + self.below(ports - 1)) % ports;
        let all = ((1 << ports) - 1) & !(1 << port);
        let low = self.below(16) as u8;
        let (to, kind, mask, cause) = match self.below(16) {
            0 => (
                [1, 0x80, 0xc2, 0, 0, low],
                0x88cc,
                0,
                Cause::FilteredReserved,
            ),
            1 => (station(other), 0x8808, 0, Cause::FilteredControl),
            2 => (station(port), 0x0800, 0, Cause::FilteredSelf),
            3..=5 => (BROADCAST, 0x0806, all, Cause::Flooded),
            _ => (station(other), 0x0800, 1 << other, Cause::Accepted),
        };
        let length = match self.below(8) {
            0 => 64 + self.below(self.rig.max_frame_bytes() - 63),
            1 => 64 + self.below(400),
            _ => 64 + self.below(40),
        };
        let mut bytes = ethernet(to, station(port), kind, length, &mut self.random);
        let number = self.rig.cycle.to_le_bytes();
        bytes[IDENTITY - number.len()..IDENTITY].copy_from_slice(&number);
        let fault = self.play(port, bytes.as_mut());
        self.expect(port, cause);
        if mask == 0 {
            return;
        }
        if cause != Cause::Accepted {
            self.expect(port, Cause::Accepted);
        }
        if let Some(fault) = fault {
            self.expect(port, fault);
        }
        for egress in (0..ports).filter(|egress| mask >> egress & 1 == 1) {
            self.copies[port][egress].push_back(Copy {
                bytes: bytes.clone(),
                bad: fault.is_some(),
            });
        }
    }

    /// Puts a frame on the pins, with pauses and perhaps a fault; `bytes` is what it should be then.
    fn play(&mut self, port: usize, bytes: &mut Vec<u8>) -> Option<Cause> {
        let max = self.rig.max_frame_bytes();
        let width = self.rig.beat_bytes();
        let mut fault = match self.below(30) {
            0 | 1 => Some(Cause::FcsError),
            2..=4 => Some(Cause::PoisonedIn),
            5 | 6 => Some(Cause::Malformed),
            7 | 8 => Some(Cause::GapClosed),
            9 | 10 => Some(Cause::RuntPoisoned),
            11 if self.random.one_in(4) => Some(Cause::TooLong),
            _ => None,
        };
        match fault {
            Some(Cause::RuntPoisoned) => {
                let length = RUNT + self.below(64 - RUNT);
                bytes.truncate(length);
            }
            Some(Cause::TooLong) => bytes.resize(max + 1 + self.below(40), 0),
            _ => {}
        }
        bytes.truncate(bytes.len() - frame::FCS_BYTES);
        bytes.extend(frame::fcs(bytes));
        let mut user = false;
        match fault {
            Some(Cause::FcsError) => {
                let hit = IDENTITY + self.below(bytes.len() - IDENTITY);
                bytes[hit] ^= 1 << self.below(8);
            }
            Some(Cause::PoisonedIn) if self.random.bit() => frame::stomp(bytes),
            Some(Cause::PoisonedIn) => user = true,
            _ => {}
        }
        let mut beats = self.rig.beats(bytes, user);
        if fault == Some(Cause::Malformed) {
            let ahead = IDENTITY / width;
            let hit = ahead + self.below(beats.len() - ahead);
            beats[hit].keep = [0, 0x5, 0x6, 0xe][self.below(4)];
        }
        let mut stop = beats.len();
        if fault == Some(Cause::GapClosed) {
            stop = 64 / width;
            bytes.truncate(64);
            // Of a shortest frame nothing is left to wait for.
            fault = fault.filter(|_| stop < beats.len());
        }
        for (index, beat) in beats.iter().enumerate() {
            if index == stop {
                self.rig.pause(port, u32::from(GAP_LIMIT) + 1);
            } else if self.random.one_in(10) {
                let cycles = 1 + self.random.below(5);
                self.rig.pause(port, cycles);
            }
            self.rig.send_beats(port, &[*beat]);
        }
        bytes.truncate(max);
        fault
    }

    /// Runs until each egress was stalled twice, for long enough to fill queues, and none was for as long.
    fn run(&mut self) {
        let ports = self.rig.ports();
        let stall = 5 * self.rig.max_frame_bytes().div_ceil(self.rig.beat_bytes()) as u64;
        let until = self.rig.cycle + 2 * (ports as u64 + 1) * stall;
        while self.rig.cycle < until {
            for port in 0..ports {
                if self.rig.is_idle(port) {
                    let cycles = 1 + self.random.below(20);
                    if self.random.one_in(3) {
                        self.rig.pause(port, cycles);
                    }
                    self.send(port);
                }
            }
            let stalled = (self.rig.cycle / stall) as usize % (ports + 1);
            for (port, ready) in self.rig.ready.iter_mut().enumerate() {
                *ready = port != stalled && !self.random.one_in(8);
            }
            self.rig.cycle();
        }
        self.rig.ready.fill(true);
        self.rig.drain_within(40_000);
        for egress in 0..ports {
            for received in std::mem::take(&mut self.rig.left[egress]) {
                self.receive(egress, &received);
            }
        }
    }

    /// Finds the copy that left; those ahead of it have been passed.
    fn receive(&mut self, egress: usize, received: &Received) {
        let from = frame::source(&received.bytes).unwrap().0;
        let ingress = (0..self.copies.len()).find(|port| station(*port) == from);
        let ingress = ingress.expect("no station sent this");
        let copies = &mut self.copies[ingress][egress];
        let ahead = copies
            .iter()
            .position(|copy| copy.bytes[..IDENTITY] == received.bytes[..IDENTITY])
            .unwrap_or_else(|| panic!("twice, or out of order: {ingress} -> {egress}"));
        copies.drain(..ahead);
        let copy = copies.pop_front().unwrap();
        self.passed[ingress][egress] += ahead as u64;
        self.delivered[usize::from(copy.bad)] += 1;
        assert_eq!(received.poisoned, copy.bad, "{ingress} -> {egress}");
        assert!(copy.bad || received.bytes == copy.bytes);
        assert_eq!(
            received.bytes.len().div_ceil(8),
            copy.bytes.len().div_ceil(8)
        );
    }

    /// Compares the books with the switch's counters; the copies dropped.
    fn account(&self) -> u64 {
        let counts = &self.rig.counts;
        let mut dropped = 0;
        for (ingress, copies) in self.copies.iter().enumerate() {
            for cause in Cause::ALL {
                if !matches!(cause, Cause::DropFull | Cause::LearnMissed) {
                    let expected = self.expected.at(cause, ingress);
                    assert_eq!(counts.at(cause, ingress), expected, "{cause} at {ingress}");
                }
            }
            for (egress, copies) in copies.iter().enumerate() {
                let missing = self.passed[ingress][egress] + copies.len() as u64;
                let counted = counts.dropped(ingress, egress);
                assert_eq!(missing, counted, "{ingress} -> {egress}");
                dropped += missing;
            }
        }
        let [good, bad] = self.delivered;
        let totals = Cause::ALL.map(|cause| format!("{cause} {}", counts.total(cause)));
        println!("{}", totals.join(", "));
        println!("{good} copies delivered good, {bad} bad, {dropped} dropped");
        assert!(good > 100 && bad > 30);
        // No station is new, runts have begun to leave, and the switch itself makes the masks.
        let never = [Cause::LearnMissed, Cause::RuntDropped, Cause::Unroutable];
        for cause in Cause::ALL {
            let comes_up = counts.total(cause) > 0 || cause == Cause::DropFull;
            assert_ne!(comes_up, never.contains(&cause), "{cause}");
        }
        dropped
    }
}

fn soak(config: &str, seed: u64) {
    let mut lossless = Soak::new(config, false, seed);
    lossless.run();
    assert_eq!(lossless.account(), 0);
    let mut lossy = Soak::new(config, true, seed + 1);
    lossy.run();
    assert!(lossy.account() > 10, "nothing is dropped");
}

#[test]
fn every_copy_leaves_once_and_in_order_or_is_counted_at_4x64() {
    for seed in [40, 42, 44] {
        soak("4x64", seed);
    }
}

#[test]
fn every_copy_leaves_once_and_in_order_or_is_counted_at_2x32() {
    for seed in [50, 52, 54] {
        soak("2x32", seed);
    }
}

#[test]
fn every_copy_leaves_once_and_in_order_or_is_counted_at_8x64() {
    soak("8x64", 60);
}

#[test]
fn every_copy_leaves_once_and_in_order_or_is_counted_with_jumbo_frames() {
    soak("4x64-jumbo", 70);
}
