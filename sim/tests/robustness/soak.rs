//! Random frames, good and bad, from every port to every port, with gaps and stalls: every copy of an accepted frame
//! leaves, in order, or is in the drop counter of its pair.

use std::collections::VecDeque;

use lightswitch_hdl::cosim::Random;
use lightswitch_sim::engine::{Cause, Settings};
use lightswitch_sim::frame::{self, Received};

use super::rig::{beats, ethernet, Rig, BROADCAST, MAX_FRAME_BYTES, PORTS, STATION};

/// Cycles a source may pause.
const GAP_LIMIT: u16 = 30;
/// Bytes of a frame that no fault reaches: its header, and a number that no other frame has.
const IDENTITY: usize = 24;
/// Cycles for which one egress after the other is stalled: long enough to fill queues.
const STALL: u64 = 600;

/// A copy on its way.
struct Copy {
    bytes: Vec<u8>,
    bad: bool,
}

/// The run, and its books.
struct Soak {
    rig: Rig,
    random: Random,
    /// Frames sent, per ingress.
    sent: [u64; PORTS],
    /// Copies that have not left, `[ingress][egress]`.
    copies: [[VecDeque<Copy>; PORTS]; PORTS],
    /// Copies that were passed by later ones, and so were dropped.
    passed: [[u64; PORTS]; PORTS],
    /// Copies that left good, and bad.
    delivered: [u64; 2],
}

impl Soak {
    fn new(lossy: bool, seed: u64) -> Self {
        let settings = Settings {
            lossy,
            gap_limit: GAP_LIMIT,
            ..Settings::default()
        };
        Self {
            rig: Rig::taught(&settings, seed),
            random: Random::new(seed),
            sent: [0; PORTS],
            copies: Default::default(),
            passed: Default::default(),
            delivered: [0; 2],
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random.below(limit as u32) as usize
    }

    /// Gives a source a random frame, and books its copies.
    fn send(&mut self, port: usize) {
        let to = self.below(PORTS);
        let (address, mask) = if to == port || self.random.one_in(4) {
            (BROADCAST, 0b1111 & !(1 << port))
        } else {
            (STATION[to], 1 << to)
        };
        let length = match self.below(8) {
            0 => MAX_FRAME_BYTES - self.below(9),
            1 => 64 + self.below(400),
            _ => 64 + self.below(40),
        };
        let from = STATION[port];
        let mut bytes = ethernet(address, from, 0x0800, length, &mut self.random);
        bytes[IDENTITY - 8..IDENTITY].copy_from_slice(&self.rig.cycle.to_le_bytes());
        bytes.truncate(length - frame::FCS_BYTES);
        bytes.extend(frame::fcs(&bytes));
        let bad = self.play(port, &mut bytes);
        self.sent[port] += 1;
        for egress in (0..PORTS).filter(|egress| mask >> egress & 1 == 1) {
            let bytes = bytes.clone();
            self.copies[port][egress].push_back(Copy { bytes, bad });
        }
    }

    /// Puts a frame on the pins, with pauses and perhaps a fault; whether it is bad then.
    fn play(&mut self, port: usize, bytes: &mut Vec<u8>) -> bool {
        let fault = self.below(12);
        if fault == 1 {
            let hit = IDENTITY + self.below(bytes.len() - IDENTITY);
            bytes[hit] ^= 0x20;
        }
        let mut beats = beats(bytes, fault == 2);
        if fault == 3 {
            let hit = 3 + self.below(beats.len() - 3);
            beats[hit].keep = [0, 0xf5, 0x7e, 0xfe][self.below(4)];
        }
        let stop = if fault == 4 { 8 } else { beats.len() };
        for (index, beat) in beats.iter().enumerate() {
            if index == stop {
                self.rig.pause(port, u32::from(GAP_LIMIT) + 1);
                bytes.truncate(stop * 8);
            } else if self.random.one_in(10) {
                let cycles = 1 + self.random.below(5);
                self.rig.pause(port, cycles);
            }
            self.rig.send_beats(port, &[*beat]);
        }
        (1..=3).contains(&fault) || stop < beats.len()
    }

    fn run(&mut self, cycles: u64) {
        let until = self.rig.cycle + cycles;
        while self.rig.cycle < until {
            for port in 0..PORTS {
                if self.rig.is_idle(port) {
                    let cycles = 1 + self.random.below(20);
                    if self.random.one_in(3) {
                        self.rig.pause(port, cycles);
                    }
                    self.send(port);
                }
            }
            let stalled = (self.rig.cycle / STALL) as usize % (2 * PORTS);
            let random = &mut self.random;
            self.rig.ready = std::array::from_fn(|port| port != stalled && !random.one_in(8));
            self.rig.cycle();
        }
        self.rig.ready = [true; PORTS];
        self.rig.drain_within(20_000);
        for egress in 0..PORTS {
            for received in std::mem::take(&mut self.rig.left[egress]) {
                self.receive(egress, &received);
            }
        }
    }

    /// Finds the copy that left; those ahead of it have been passed.
    fn receive(&mut self, egress: usize, received: &Received) {
        let from = frame::source(&received.bytes).unwrap().0;
        let ingress = STATION.iter().position(|station| *station == from).unwrap();
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
        assert!(
            copy.bad || received.bytes == copy.bytes,
            "{ingress} -> {egress}"
        );
        assert!(received.bytes.len() <= copy.bytes.len());
    }

    /// Compares the books with the switch's counters; the copies dropped.
    fn account(&self) -> u64 {
        let counts = &self.rig.counts;
        let mut dropped = 0;
        for (ingress, copies) in self.copies.iter().enumerate() {
            assert_eq!(counts.at(Cause::Accepted, ingress), self.sent[ingress]);
            for (egress, copies) in copies.iter().enumerate() {
                let missing = self.passed[ingress][egress] + copies.len() as u64;
                assert_eq!(
                    missing,
                    counts.dropped(ingress, egress),
                    "{ingress} -> {egress}"
                );
                dropped += missing;
            }
        }
        for cause in Cause::ALL {
            println!("{cause}: {}", counts.total(cause));
        }
        println!(
            "delivered good and bad: {:?}, dropped: {dropped}",
            self.delivered
        );
        assert!(self.delivered[0] > 100 && self.delivered[1] > 20);
        for cause in [
            Cause::FcsError,
            Cause::PoisonedIn,
            Cause::Malformed,
            Cause::GapClosed,
        ] {
            assert!(counts.total(cause) > 4, "{cause}");
        }
        dropped
    }
}

#[test]
fn lossless_every_copy_leaves_once_and_in_order() {
    let mut soak = Soak::new(false, 28);
    soak.run(6_000);
    assert_eq!(soak.account(), 0);
}

#[test]
fn lossy_every_copy_leaves_once_and_in_order_or_is_counted() {
    let mut soak = Soak::new(true, 29);
    soak.run(6_000);
    assert!(soak.account() > 10);
}
