//! Tests of a lossless [`MacTx`] against a receiver in Rust, over a wire that loses, damages and delays.

use std::collections::VecDeque;

use super::far_end::{Frame, Receiver, State};
use crate::cosim::Random;
use crate::ingress::crc32;
use crate::link::{message, Features};
use crate::mac::{start_blocks, MacTx, TxOptions, REPLAY_LIMIT};
use crate::pcs::block;
use crate::testbench::Bench;

const MAX_FRAME_BYTES: usize = 200;
/// Blocks of a longest frame.
const LONGEST: u16 = 25;
const REPLAY_CYCLES: usize = 400;

const RETRY: Features = Features {
    retry: true,
    store: false,
    credits: false,
};
const CREDITS: Features = Features {
    retry: false,
    store: false,
    credits: true,
};

/// What happens once in so many blocks, reports, beats, cycles; 0: never.
#[derive(Clone, Copy, Default)]
struct Odds {
    /// One or two bits of a block are inverted.
    flip: u32,
    /// Some blocks in a row are lost.
    loss: u32,
    /// A report is lost, comes twice.
    report_loss: u32,
    report_again: u32,
    /// The client pauses for long.
    pause: u32,
    /// The PCS takes no block.
    stall: u32,
    /// The receiver's client reads a frame.
    read: u32,
}

/// State of the surroundings in a cycle.
#[allow(clippy::struct_excessive_bools)] // they are independent
#[derive(Clone, Copy, Default)]
struct Control {
    down: bool,
    hold: bool,
    /// Reports are lost.
    silent: bool,
    /// The receiver's client reads nothing.
    full: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Pulses {
    frames: usize,
    underruns: usize,
    discarded: usize,
    replays: usize,
    acks: usize,
    nacks: usize,
    timeouts: usize,
    finals: usize,
    flushed: usize,
    /// Cycles in which the client had to wait.
    refused: usize,
    /// States that were seen.
    states: [usize; 5],
}

/// A sender, a wire and a receiver.
struct Pair<const WORDS: usize, const KEEP_W: usize> {
    bench: Bench<MacTx<WORDS, KEEP_W, 0, 1, 6>>,
    random: Random,
    odds: Odds,
    receiver: Receiver,
    sent: Vec<Frame>,
    /// The next beat: frame and byte.
    next: (usize, usize),
    pause: usize,
    half: Vec<u32>,
    losing: usize,
    /// Reports on their way, with the cycle in which they arrive.
    reports: VecDeque<(usize, (bool, u16, u16))>,
    /// What was last reported, and when; what arrived last.
    told: (usize, u16),
    granted: u16,
    /// A data block that never gets through.
    cursed: Option<u64>,
    /// Starts that were seen on the wire: position, and credit that was left then.
    starts: Vec<(u16, i16)>,
    pulses: Pulses,
}

impl<const WORDS: usize, const KEEP_W: usize> Pair<WORDS, KEEP_W> {
    fn new(seed: u64, features: Features, odds: Odds, sent: Vec<Frame>) -> Self {
        let mut bench = Bench::recording(MacTx::new(
            2 * WORDS,
            MAX_FRAME_BYTES,
            &TxOptions {
                features,
                replay_cycles: REPLAY_CYCLES,
                position_cycles: 60,
                ..TxOptions::default()
            },
        ));
        bench.block.reset.next = true;
        bench.block.discard.next = true;
        bench.clock();
        bench.block.reset.next = false;
        Self {
            bench,
            random: Random::new(seed),
            odds,
            receiver: Receiver::new(features.retry, 60),
            sent,
            next: (0, 0),
            pause: 0,
            half: Vec::new(),
            losing: 0,
            reports: VecDeque::new(),
            told: (0, 0),
            granted: 0,
            cursed: None,
            starts: Vec::new(),
            pulses: Pulses::default(),
        }
    }

    fn once_in(&mut self, odds: u32) -> bool {
        odds > 0 && self.random.one_in(odds)
    }

    /// Sets the client's inputs; how many bytes are on offer.
    fn offer(&mut self) -> usize {
        if self.pause == 0 && self.once_in(self.odds.pause) {
            self.pause = 40;
        }
        self.pause = self.pause.saturating_sub(1);
        let (frame, from) = self.next;
        let offers = self.pause == 0 && frame < self.sent.len();
        let tx = &mut self.bench.block.tx;
        tx.tvalid.next = offers;
        if !offers {
            return 0;
        }
        let Frame { bytes, poison } = &self.sent[frame];
        let beat = &bytes[from..bytes.len().min(from + KEEP_W)];
        for (word, tdata) in tx.tdata.iter_mut().enumerate() {
            let bytes = std::array::from_fn(|i| *beat.get(4 * word + i).unwrap_or(&0xee));
            tdata.next = u64::from(u32::from_le_bytes(bytes)).into();
        }
        let last = from + beat.len() == bytes.len();
        tx.tkeep.next = ((1_u64 << beat.len()) - 1).into();
        tx.tlast.next = last;
        tx.tuser.next = last && *poison;
        beat.len()
    }

    /// The wire.
    fn carry(&mut self, control: bool, payload: u64) {
        if self.losing == 0 && self.once_in(self.odds.loss) {
            self.losing = 1 + self.random.below(30) as usize;
        }
        if control && payload as u8 == block::START {
            let position = (payload >> 8) as u16;
            let left = self.granted.wrapping_sub(position).cast_signed();
            self.starts.push((position, left));
        }
        let mut seen = Some((control, payload));
        if self.losing > 0 {
            self.losing -= 1;
            seen = None;
        } else if !control && self.cursed == Some(payload) {
            seen = None;
        } else if self.once_in(self.odds.flip) {
            let flips =
                (0..=self.random.below(2)).fold(0, |flips, _| flips | 1 << self.random.below(64));
            seen = Some((control, payload ^ flips));
        }
        self.receiver.block(seen);
    }

    /// The receiver's client, and the receiver's reports.
    fn answer(&mut self, control: Control) {
        if !control.full && self.once_in(self.odds.read) {
            self.receiver.held.pop_front();
        }
        let (when, limit) = self.told;
        let cycle = self.bench.cycle;
        let grew = self.receiver.limit().wrapping_sub(limit).cast_signed() >= 16;
        if cycle < when + 4 || !(self.receiver.changed || grew || cycle > when + 300) {
            return;
        }
        if let Some(report) = self.receiver.report() {
            self.told = (cycle, report.2);
            if !control.silent && !self.once_in(self.odds.report_loss) {
                for again in 0..=usize::from(self.once_in(self.odds.report_again)) {
                    self.reports.push_back((cycle + 30 + again, report));
                }
            }
        }
    }

    fn step(&mut self, control: Control) {
        let offered = self.offer();
        let report = self.reports.front().copied();
        let report = report.filter(|&(when, _)| when <= self.bench.cycle);
        let ready = !self.once_in(self.odds.stall);
        let dut = &mut self.bench.block;
        dut.report_valid.next = report.is_some();
        if let Some((_, (nack, expected, limit))) = report {
            dut.report_nack.next = nack;
            dut.report_expected.next = u64::from(expected).into();
            dut.report_limit.next = u64::from(limit).into();
            self.reports.pop_front();
        }
        dut.hold.next = control.hold || control.down;
        dut.discard.next = control.down;
        dut.blocks.ready.next = ready;
        self.bench.settle();
        // The link's control: the position is the only message.
        let dut = &mut self.bench.block;
        let set = message::payload(dut.position_message.val().to_u64());
        dut.message_valid.next = dut.position_valid.val();
        dut.message[0].next = (set & 0xffff_ffff).into();
        dut.message[1].next = (set >> 32).into();
        self.bench.settle();
        self.bench.block.position_taken.next = self.bench.block.message_taken.val();
        self.bench.settle();

        let dut = &self.bench.block;
        let taken = dut.tx.tready.val();
        self.pulses.refused += usize::from(offered > 0 && !taken);
        if offered > 0 && taken {
            self.next.1 += offered;
            if self.next.1 == self.sent[self.next.0].bytes.len() {
                self.next = (self.next.0 + 1, 0);
            }
        }
        let is_control = dut.blocks.control.val();
        if ready {
            let beat = dut.blocks.data.iter().map(|word| word.val().to_u32());
            self.half.extend(beat);
            if let [low, high] = self.half[..] {
                self.half.clear();
                self.carry(is_control, u64::from(high) << 32 | u64::from(low));
            }
        }
        self.answer(control);
        let dut = &self.bench.block;
        let pulses = &mut self.pulses;
        for (count, pulse) in [
            (&mut pulses.frames, &dut.stat_frame),
            (&mut pulses.underruns, &dut.stat_underrun),
            (&mut pulses.discarded, &dut.stat_discarded),
            (&mut pulses.replays, &dut.stat_replay),
            (&mut pulses.acks, &dut.stat_ack),
            (&mut pulses.nacks, &dut.stat_nack),
            (&mut pulses.timeouts, &dut.stat_timeout),
            (&mut pulses.finals, &dut.stat_final),
            (&mut pulses.flushed, &dut.stat_flushed),
        ] {
            *count += usize::from(pulse.val());
        }
        pulses.states[dut.state.val().to_u64() as usize] += 1;
        self.bench.clock();
        if let Some((_, (_, _, limit))) = report {
            self.granted = limit;
        }
    }

    /// The position behind the last frame.
    fn end(&self) -> u16 {
        let blocks = self
            .sent
            .iter()
            .map(|frame| frame.bytes.len().div_ceil(8) as u16);
        blocks.sum()
    }

    /// Until every frame was delivered, and some cycles more.
    fn run(&mut self, cycles: usize, control: impl Fn(usize) -> Control) {
        let mut after = 0;
        for cycle in 0..cycles {
            self.step(control(cycle));
            after += usize::from(self.receiver.delivered.len() >= self.sent.len());
            if after > 600 {
                break;
            }
        }
    }

    /// Nothing was lost, changed or sent twice; of poisoned frames only the length is sure.
    fn check(self) -> Pulses {
        let delivered = &self.receiver.delivered;
        assert_eq!(delivered.len(), self.sent.len(), "{:?}", self.pulses);
        for (number, (sent, seen)) in self.sent.iter().zip(delivered).enumerate() {
            assert_eq!(
                (sent.poison, sent.bytes.len()),
                (seen.poison, seen.bytes.len()),
                "frame {number}"
            );
            assert!(sent.poison || sent.bytes == seen.bytes, "frame {number}");
        }
        self.bench.replay();
        self.pulses
    }
}

fn frames(seed: u64, count: usize, longest: u32) -> Vec<Frame> {
    let mut random = Random::new(seed);
    let frame = |_| {
        let mut bytes: Vec<u8> = (0..=random.below(longest - 5))
            .map(|_| random.bits(8) as u8)
            .collect();
        let fcs = !crc32::update(crc32::INITIAL, &bytes);
        bytes.extend(fcs.to_le_bytes());
        Frame {
            bytes,
            poison: random.one_in(10),
        }
    };
    (0..count).map(frame).collect()
}

/// Frames that begin with their number, so that no two are alike; none is poisoned.
fn numbered(seed: u64, count: usize) -> Vec<Frame> {
    let mut sent = frames(seed, count, MAX_FRAME_BYTES as u32 - 4);
    for (number, frame) in sent.iter_mut().enumerate() {
        frame.poison = false;
        let rest = frame.bytes[..frame.bytes.len() - 4].to_vec();
        frame.bytes = (number as u32).to_le_bytes().to_vec();
        frame.bytes.extend(rest);
        let fcs = !crc32::update(crc32::INITIAL, &frame.bytes);
        frame.bytes.extend(fcs.to_le_bytes());
    }
    sent
}

/// Of the frames that were delivered unpoisoned, which are those that were sent, in order and none twice: how many.
fn good(sent: &[Frame], delivered: &[Frame]) -> usize {
    let mut rest = sent.iter();
    let mut good = 0;
    for seen in delivered.iter().filter(|frame| !frame.poison) {
        assert!(
            rest.any(|sent| sent == seen),
            "out of order, twice or changed"
        );
        good += 1;
    }
    good
}

/// Everything goes wrong, and every frame arrives once, in order.
fn delivers_every_frame<const WORDS: usize, const KEEP_W: usize>(features: Features, seed: u64) {
    let odds = Odds {
        flip: 400,
        loss: 900,
        report_loss: 6,
        report_again: 5,
        pause: 90,
        stall: 33,
        read: 20,
    };
    let sent = frames(seed, 350, 200);
    let mut pair = Pair::<WORDS, KEEP_W>::new(seed, features, odds, sent);
    if !features.credits {
        pair.receiver.capacity = 10_000;
    }
    pair.run(80_000, |_| Control::default());
    let receiver = &pair.receiver;
    let (again, early) = (receiver.again, receiver.early);
    assert!(again > 0 && early > 20, "{again} {early}");
    let is_tight = features.credits;
    if is_tight {
        assert_eq!(receiver.no_room, 0);
        assert!(pair
            .starts
            .iter()
            .all(|&(_, left)| left >= LONGEST.cast_signed()));
    }
    let pulses = pair.check();
    assert!(pulses.replays > 20 && pulses.nacks > 20, "{pulses:?}");
    assert!(pulses.timeouts > 2 && pulses.underruns > 5, "{pulses:?}");
    assert!(pulses.acks > 50 && pulses.refused > 100, "{pulses:?}");
    assert_eq!((pulses.finals, pulses.discarded), (0, 0), "{pulses:?}");
}

#[test]
fn delivers_every_frame_at_64_bits() {
    delivers_every_frame::<2, 8>(Features::LOSSLESS, 21);
}

#[test]
fn delivers_every_frame_at_32_bits() {
    delivers_every_frame::<1, 4>(Features::LOSSLESS, 22);
}

#[test]
fn delivers_every_frame_without_credits() {
    delivers_every_frame::<2, 8>(RETRY, 23);
}

/// No frame is lost on a wire that loses nothing, and none is sent twice.
#[test]
fn sends_each_frame_once_over_a_good_wire() {
    let odds = Odds {
        read: 1,
        ..Odds::default()
    };
    let mut pair = Pair::<2, 8>::new(31, Features::LOSSLESS, odds, frames(31, 200, 200));
    pair.run(20_000, |_| Control::default());
    let pulses = pair.check();
    assert_eq!((pulses.frames, pulses.replays, pulses.nacks), (200, 0, 0));
    assert_eq!((pulses.timeouts, pulses.underruns), (0, 0));
}

/// One block that never arrives: its frame goes out for the last time, is delivered poisoned, and the rest is as it should be.
#[test]
fn gives_up_what_never_arrives() {
    let odds = Odds {
        read: 1,
        ..Odds::default()
    };
    for at in [0, 3] {
        let mut sent = frames(32, 40, 200);
        for frame in &mut sent {
            frame.poison = false;
        }
        sent[20] = frames(33, 1, 200).remove(0);
        sent[20].bytes.resize(64, 0x55);
        let cursed = std::array::from_fn(|i| sent[20].bytes[8 * at + i]);
        let mut pair = Pair::<2, 8>::new(32, Features::LOSSLESS, odds, sent);
        pair.cursed = Some(u64::from_le_bytes(cursed));
        pair.run(30_000, |_| Control::default());
        pair.sent[20].poison = true;
        pair.sent[20].bytes.drain(8 * at..8 * at + 8);
        let positions = pair.receiver.positions;
        let pulses = pair.check();
        assert_eq!(pulses.finals, 1, "{pulses:?}");
        assert_eq!(pulses.replays as u64, REPLAY_LIMIT);
        assert!(positions >= 2);
    }
}

/// A wire on which many a frame never arrives: what is lost was given up, and nothing comes twice.
#[test]
fn loses_only_what_it_gives_up() {
    let odds = Odds {
        flip: 14,
        loss: 300,
        report_loss: 4,
        report_again: 5,
        pause: 200,
        stall: 33,
        read: 10,
    };
    let mut pair = Pair::<2, 8>::new(45, Features::LOSSLESS, odds, numbered(45, 150));
    for _ in 0..150_000 {
        pair.step(Control::default());
        let dut = &pair.bench.block;
        let is_done = pair.next.0 == pair.sent.len() && !dut.tx.tvalid.val();
        if is_done && pair.receiver.expected == pair.end() {
            break;
        }
    }
    assert_eq!(pair.receiver.expected, pair.end(), "{:?}", pair.pulses);
    let good = good(&pair.sent, &pair.receiver.delivered);
    let pulses = &pair.pulses;
    let lost = pair.sent.len() - good;
    assert!(lost > 3 && lost <= pulses.finals, "{lost} {pulses:?}");
    assert_eq!(pulses.discarded, 0);
    pair.bench.replay();
}

/// The receiver's client stops: frames go out until exactly a longest frame does not fit any more.
#[test]
fn credits_run_out_exactly() {
    let odds = Odds {
        read: 1,
        ..Odds::default()
    };
    let mut sent = frames(34, 60, 60);
    for frame in &mut sent {
        frame.poison = false;
    }
    let mut pair = Pair::<2, 8>::new(34, Features::LOSSLESS, odds, sent);
    let full = |cycle| Control {
        full: (100..2_000).contains(&cycle),
        ..Control::default()
    };
    for cycle in 0..2_000 {
        pair.step(full(cycle));
    }
    let blocks = |frame: &Frame| frame.bytes.len().div_ceil(8) as u16;
    let stopped = pair.receiver.expected;
    let delivered = pair.receiver.delivered.len();
    assert!(delivered < 60 && pair.receiver.no_room == 0);
    let left = pair.receiver.limit().wrapping_sub(stopped);
    assert!(left < LONGEST, "{left} blocks left");
    assert!(left + blocks(&pair.sent[delivered - 1]) >= LONGEST);
    assert_eq!(pair.starts.len(), delivered, "nothing is sent again");
    // A limit that goes back takes nothing that was sent, and starts nothing.
    pair.receiver.capacity -= 10;
    for cycle in 2_000..2_010 {
        pair.step(full(cycle - 500));
    }
    pair.receiver.capacity += 10;
    pair.run(20_000, |_| Control::default());
    assert!(pair
        .starts
        .iter()
        .all(|&(_, left)| left >= LONGEST.cast_signed()));
    pair.check();
}

/// Nothing is acknowledged for a while: the ring fills, the client waits, nothing is lost.
#[test]
fn holds_the_client_back_when_the_ring_is_full() {
    let odds = Odds {
        read: 1,
        ..Odds::default()
    };
    let mut pair = Pair::<2, 8>::new(35, RETRY, odds, frames(35, 100, 200));
    pair.receiver.capacity = 10_000;
    for cycle in 0..2_000 {
        let silent = cycle > 100;
        pair.step(Control {
            silent,
            ..Control::default()
        });
    }
    let sent: usize = pair.sent[..pair.next.0]
        .iter()
        .map(|frame| frame.bytes.len().div_ceil(8))
        .sum();
    let freed = usize::from(pair.bench.block.report_expected.val().to_u32() as u16);
    assert!(
        pair.pulses.refused > 1_500 && sent - freed < 64 + 25,
        "{sent} {freed}"
    );
    assert!(pair.pulses.timeouts >= 3);
    pair.run(20_000, |_| Control::default());
    let pulses = pair.check();
    assert_eq!(pulses.finals, 0, "{pulses:?}");
}

/// On hold nothing starts and no time runs out; what was under way ends.
#[test]
fn waits_on_hold() {
    let odds = Odds {
        read: 1,
        ..Odds::default()
    };
    let mut pair = Pair::<2, 8>::new(36, Features::LOSSLESS, odds, frames(36, 100, 200));
    let hold = |cycle| (300..3_000).contains(&cycle);
    let control = |cycle| Control {
        hold: hold(cycle),
        silent: cycle > 280 && hold(cycle),
        ..Control::default()
    };
    for cycle in 0..2_999 {
        pair.step(control(cycle));
    }
    assert_eq!(pair.pulses.timeouts, 0);
    let started = pair.pulses.frames;
    assert!(started < 40, "{started}");
    pair.run(20_000, |cycle| control(cycle + 2_999));
    assert_eq!(pair.check().finals, 0);
}

/// The link goes down and up again: what waited is thrown away, counted; what is delivered is in order, and nothing twice.
fn flushes<const WORDS: usize, const KEEP_W: usize>(features: Features, seed: u64) {
    let odds = Odds {
        flip: 600,
        report_loss: 10,
        pause: 150,
        stall: 40,
        read: 20,
        ..Odds::default()
    };
    let sent = numbered(seed, 600);
    let mut pair = Pair::<WORDS, KEEP_W>::new(seed, features, odds, sent);
    for cycle in 0..60_000 {
        // Down for some time, at any moment.
        let down = cycle % 2_777 > 2_400;
        if cycle % 2_777 == 2_600 {
            pair.reports.clear();
        }
        pair.step(Control {
            down,
            ..Control::default()
        });
        if pair.next.0 == pair.sent.len() && cycle % 2_777 == 2_300 {
            break;
        }
    }
    let pulses = &pair.pulses;
    assert!(pulses.discarded > 20, "{pulses:?}");
    assert!(pulses.flushed > 5 || !features.retry, "{pulses:?}");
    let states = if features.retry { 0b1_1111 } else { 0b0_0111 };
    for (state, &cycles) in pulses.states.iter().enumerate() {
        assert_eq!(
            cycles > 0,
            states >> state & 1 == 1,
            "state {state}: {pulses:?}"
        );
    }
    let good = good(&pair.sent, &pair.receiver.delivered);
    assert!(good > 200, "{good} {pulses:?}");
    if features.retry {
        assert!(good + pulses.discarded >= pair.sent.len());
        assert!(good + pulses.discarded - pulses.flushed <= pair.sent.len());
    }
    pair.bench.replay();
}

#[test]
fn flushes_at_64_bits() {
    flushes::<2, 8>(Features::LOSSLESS, 41);
}

#[test]
fn flushes_at_32_bits() {
    flushes::<1, 4>(Features::LOSSLESS, 42);
}

#[test]
fn throws_away_without_retry() {
    flushes::<2, 8>(CREDITS, 43);
}

/// Without retry frames are lost, and credit heals: many times what the receiver holds is lost, and frames go on.
#[test]
fn credits_heal_without_retry() {
    let odds = Odds {
        flip: 300,
        loss: 200,
        report_loss: 3,
        read: 15,
        ..Odds::default()
    };
    let mut pair = Pair::<2, 8>::new(44, CREDITS, odds, frames(44, 400, 200));
    pair.run(60_000, |_| Control::default());
    assert_eq!(pair.next.0, 400, "all were sent: {:?}", pair.pulses);
    let seen = pair.receiver.delivered.len();
    assert!((150..390).contains(&seen), "{seen} delivered");
    assert_eq!((pair.receiver.no_room, pair.pulses.replays), (0, 0));
    assert_eq!(pair.receiver.state, State::SendAcks);
    pair.bench.replay();
}

#[test]
fn ring_costs_two_cycles() {
    let long = 800;
    for (bytes, expected) in [(long, 3 + 6 + 2), (8, 3 + 2)] {
        let options = TxOptions {
            features: RETRY,
            replay_cycles: 1_000,
            position_cycles: 100,
            ..TxOptions::default()
        };
        let mut bench = Bench::new(MacTx::<2, 8, 0, 1, 9>::new(4, 1_522, &options));
        assert_eq!(start_blocks(4, 1_522), 7);
        bench.block.blocks.ready.next = true;
        bench.clock();
        bench.block.report_valid.next = true;
        for _ in 0..4 {
            bench.clock();
        }
        let mut cycles = 0;
        loop {
            let dut = &mut bench.block;
            dut.tx.tvalid.next = bytes == long || cycles == 0;
            dut.tx.tkeep.next = 0xff_u64.into();
            dut.tx.tlast.next = bytes == 8;
            bench.settle();
            if bench.block.blocks.data[0].val().to_u32() as u8 == block::START {
                break;
            }
            bench.clock();
            cycles += 1;
            assert!(cycles < 50);
        }
        assert_eq!(cycles, expected);
    }
}
