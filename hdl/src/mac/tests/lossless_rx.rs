//! Tests of [`MacRx`] with the lossless link: what it does with each frame and tells of it, and with a sender that goes back.

use super::blocks::{blocks_behind, control, data, end, poison, sealed, start, Block, Frame};
use super::blocks::{ERROR, IDLE};
use crate::cosim::Random;
use crate::link::{message, Features};
use crate::mac::MacRx;
use crate::pcs::block;
use crate::target::Target;
use crate::testbench::Bench;
use std::collections::VecDeque;

const REPORT_CYCLES: usize = 200;
const OFF: u64 = 0;
const SEND_ACKS: u64 = 1;
const SEND_NACK: u64 = 2;
const NACK_SENT: u64 = 3;

const RETRY: Features = Features {
    retry: true,
    store: false,
    credits: false,
};
const STORE: Features = Features {
    store: true,
    ..RETRY
};
const RETRY_CREDITS: Features = Features {
    credits: true,
    ..RETRY
};
const ALL: Features = Features {
    credits: true,
    ..STORE
};
const CREDITS: Features = Features {
    retry: false,
    ..RETRY_CREDITS
};

/// A report that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Report {
    nack: bool,
    expected: u16,
    limit: u16,
}

/// The counters of the block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pulses {
    hit: usize,
    duplicate: usize,
    missing: usize,
    dropped: usize,
    cut: usize,
    ack: usize,
    nack: usize,
}

/// The block, its neighbours, and what came of it.
#[allow(clippy::struct_excessive_bools, reason = "pins of one bit")]
struct Rig<const WORDS: usize, const KEEP_W: usize, const RING_W: usize> {
    bench: Bench<MacRx<WORDS, KEEP_W, 0, 1, RING_W>>,
    random: Random,
    ready: bool,
    up: bool,
    link_up: bool,
    takes: bool,
    message: Option<u64>,
    held: Option<(Vec<u32>, u64, bool)>,
    bytes: Vec<u8>,
    frames: Vec<Frame>,
    reports: Vec<Report>,
    pulses: Pulses,
}

impl<const WORDS: usize, const KEEP_W: usize, const RING_W: usize> Rig<WORDS, KEEP_W, RING_W> {
    fn new(features: Features, max_frame_bytes: usize) -> Self {
        let dut = MacRx::with_features(max_frame_bytes, features, REPORT_CYCLES, Target::Generic);
        let mut rig = Self {
            bench: Bench::recording(dut),
            random: Random::new(11),
            ready: true,
            up: true,
            link_up: true,
            takes: true,
            message: None,
            held: None,
            bytes: Vec::new(),
            frames: Vec::new(),
            reports: Vec::new(),
            pulses: Pulses::default(),
        };
        rig.bench.block.reset.next = true;
        rig.beat(None);
        rig.bench.block.reset.next = false;
        rig
    }

    /// One cycle, with a half of a block or without.
    fn beat(&mut self, beat: Option<(usize, Block)>) {
        let dut = &mut self.bench.block;
        dut.blocks.valid.next = beat.is_some();
        if let Some((half, block)) = beat {
            dut.blocks.first.next = half == 0;
            dut.blocks.control.next = block.control;
            dut.blocks.bad.next = block.bad;
            for (word, data) in dut.blocks.data.iter_mut().enumerate() {
                data.next = (block.payload >> (32 * (half + word)) & 0xffff_ffff).into();
            }
        }
        dut.up.next = self.up;
        dut.link_up.next = self.link_up;
        dut.rx.tready.next = self.ready;
        // A message is read a cycle after its set.
        let told = self.message.take();
        dut.position_valid.next = told.is_some();
        dut.position_init.next = told.is_some_and(|told| told & 16 > 0);
        dut.position.next = (told.unwrap_or(0) >> 8 & 0xffff).into();
        self.bench.settle();
        let taken = self.takes && self.bench.block.report_valid.val();
        self.bench.block.report_taken.next = taken;
        self.bench.settle();
        self.read(taken);
        self.bench.clock();
    }

    fn read(&mut self, taken: bool) {
        let dut = &self.bench.block;
        if taken {
            let [low, high] = std::array::from_fn(|i| dut.report[i].val().to_u64());
            let report = high << 32 | low;
            assert_eq!(report & 0xff & !16, message::REPORT);
            self.reports.push(Report {
                nack: report & 16 > 0,
                expected: (report >> 8) as u16,
                limit: (report >> 24) as u16,
            });
        }
        if dut.set_valid.val() {
            let [low, high] = std::array::from_fn(|i| dut.set[i].val().to_u64());
            let told = (low >> 8) | (high >> 4) << 24;
            let is_position =
                message::payload(told) == high << 32 | low && told & 15 == message::POSITION;
            self.message = is_position.then_some(told);
        }
        self.pulses.hit += usize::from(dut.stat_hit.val());
        self.pulses.duplicate += usize::from(dut.stat_duplicate.val());
        self.pulses.missing += usize::from(dut.stat_missing.val());
        self.pulses.dropped += usize::from(dut.stat_dropped.val());
        self.pulses.cut += usize::from(dut.stat_cut.val());
        self.pulses.ack += usize::from(dut.stat_ack.val());
        self.pulses.nack += usize::from(dut.stat_nack.val());
        let rx = &dut.rx;
        let now = rx.tvalid.val().then(|| {
            let words: Vec<u32> = rx.tdata.iter().map(|word| word.val().to_u32()).collect();
            (words, rx.tkeep.val().to_u64(), rx.tlast.val())
        });
        if let Some(held) = self.held.take() {
            assert_eq!(Some(held), now, "a beat holds until it is taken");
        }
        let Some((words, keep, last)) = now else {
            return;
        };
        if !self.ready {
            self.held = Some((words, keep, last));
            return;
        }
        let count = keep.count_ones() as usize;
        assert_eq!(keep, (1 << count) - 1);
        assert!(last || count == KEEP_W);
        let beat: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.bytes.extend(&beat[..count]);
        if last {
            self.frames.push(Frame {
                bytes: std::mem::take(&mut self.bytes),
                poison: rx.tuser.val(),
            });
        }
    }

    fn rest(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.beat(None);
        }
    }

    /// The halves of a block in a row, sometimes after a hole.
    fn block(&mut self, block: Block) {
        if self.random.one_in(6) {
            self.beat(None);
        }
        for half in 0..2 / WORDS {
            self.beat(Some((half, block)));
        }
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for &block in blocks {
            self.block(block);
        }
    }

    /// A position message, and time to hear the answer.
    fn tell(&mut self, position: u16, init: bool) {
        let told = message::POSITION | u64::from(init) << 4 | u64::from(position) << 8;
        self.block(control(message::payload(told)));
        self.rest(6);
    }

    fn state(&self) -> u64 {
        self.bench.block.state.val().to_u64()
    }

    /// The last report.
    fn told(&self) -> (bool, u16) {
        let report = self.reports.last().unwrap();
        (report.nack, report.expected)
    }

    fn take_frames(&mut self) -> Vec<Frame> {
        std::mem::take(&mut self.frames)
    }

    fn end(mut self) -> (Vec<Frame>, Pulses) {
        self.ready = true;
        self.rest(700);
        assert!(self.bytes.is_empty(), "a frame that has not ended");
        self.bench.replay();
        (self.frames, self.pulses)
    }
}

fn blocks_in(bytes: &[u8]) -> u16 {
    bytes.len().div_ceil(8) as u16
}

fn good(bytes: &[u8]) -> Frame {
    Frame {
        bytes: bytes.to_vec(),
        poison: false,
    }
}

/// Frames of every length, right, stomped and sent poisoned, over the wrap of the position.
fn passes_what_arrives_well<const WORDS: usize, const KEEP_W: usize>(features: Features) {
    let mut rig = Rig::<WORDS, KEEP_W, 9>::new(features, 1_522);
    let mut position = 0xffc0;
    rig.tell(position, true);
    assert_eq!(rig.told(), (false, position));
    let mut expected = Vec::new();
    for (number, bytes) in (5..=80).chain([1_522, 1_521, 64]).enumerate() {
        let frame = sealed(number as u32, bytes, number % 4 == 1);
        let mut blocks = blocks_behind(start(position, false), &frame);
        let is_poisoned = number % 3 == 2;
        if is_poisoned {
            poison(&mut blocks);
        }
        rig.blocks(&blocks);
        position = position.wrapping_add(blocks_in(&frame));
        expected.push(Frame {
            bytes: frame,
            poison: is_poisoned,
        });
    }
    rig.rest(REPORT_CYCLES + 300);
    assert_eq!(rig.told(), (false, position));
    assert_eq!(
        rig.reports.last().map(|report| report.limit),
        Some(position.wrapping_add(512))
    );
    let (frames, pulses) = rig.end();
    assert_eq!(frames, expected);
    assert_eq!((pulses.hit, pulses.nack), (0, 0));
    assert!(position < 0xff00 && pulses.ack > 10);
}

#[test]
fn passes_what_arrives_well_at_64_bits() {
    passes_what_arrives_well::<2, 8>(RETRY);
    passes_what_arrives_well::<2, 8>(ALL);
}

#[test]
fn passes_what_arrives_well_at_32_bits() {
    passes_what_arrives_well::<1, 4>(RETRY_CREDITS);
    passes_what_arrives_well::<1, 4>(STORE);
}

/// What can be done to the 14 blocks of a frame of 100 bytes, and whether anything of it can leave.
fn hits() -> Vec<(&'static str, bool, Vec<Block>)> {
    let frame = |position| blocks_behind(start(position, false), &sealed(7, 100, false));
    let mut hits = Vec::new();
    let mut hit = |name, leaves, edit: &dyn Fn(&mut Vec<Block>)| {
        let mut blocks = frame(0);
        edit(&mut blocks);
        hits.push((name, leaves, blocks));
    };
    hit("a bad block", true, &|blocks| blocks[5].bad = true);
    hit("a bad end", true, &|blocks| blocks[13].bad = true);
    hit("an unknown block", true, &|blocks| {
        blocks[5] = control(0x33);
    });
    hit("a codeless idle", true, &|blocks| {
        blocks[5] = control(0x1_0000_001e);
    });
    hit("an error block in the middle", true, &|blocks| {
        blocks.insert(5, ERROR);
    });
    hit("an error block one too early", true, &|blocks| {
        blocks.insert(12, ERROR);
    });
    hit("two error blocks", true, &|blocks| {
        blocks.splice(13..13, [ERROR; 2]).for_each(drop);
    });
    hit("error blocks apart", true, &|blocks| {
        blocks.insert(13, ERROR);
        blocks.insert(12, ERROR);
    });
    hit("damage before the error block", true, &|blocks| {
        blocks[11].bad = true;
        blocks.insert(13, ERROR);
    });
    hit("an underrun of the sender", true, &|blocks| {
        blocks.splice(5.., [ERROR, end(&[])]).for_each(drop);
    });
    hit("idle inside", true, &|blocks| blocks[5] = IDLE);
    hit("an ordered set inside", true, &|blocks| {
        blocks[5] = control(block::LOCAL_FAULT);
    });
    hit("another start inside", true, &|blocks| {
        blocks[5] = start(300, false);
    });
    hit("no end", true, &|blocks| blocks.truncate(13));
    hit("no end at all", true, &|blocks| blocks.truncate(2));
    hit("nothing but a start", false, &|blocks| blocks.truncate(1));
    hit("no bytes", false, &|blocks| {
        blocks.splice(1.., [end(&[])]).for_each(drop);
    });
    hit("no block but a bad one", false, &|blocks| {
        blocks.splice(1.., [end(&[]), IDLE]).for_each(drop);
        blocks[1].bad = true;
    });
    hit("an early end", true, &|blocks| blocks[5] = end(&[]));
    hit("a bit of data", true, &|blocks| {
        blocks[5].payload ^= 1 << 17;
    });
    hit("a bit of the first data", true, &|blocks| {
        blocks[1].payload ^= 1;
    });
    hit("a bit of the end's data", true, &|blocks| {
        blocks[13].payload ^= 1 << 8;
    });
    hit("a bit behind the end's data", true, &|blocks| {
        blocks[13].payload ^= 1 << 60;
    });
    hit("another end", true, &|blocks| {
        blocks[13].payload ^= u64::from(block::END[4] ^ block::END[5]);
    });
    hit("a block is missing", true, &|blocks| {
        drop(blocks.drain(5..6));
    });
    hit("a block too many", true, &|blocks| {
        blocks.insert(5, data(0));
    });
    hit("too long", true, &|blocks| {
        blocks.splice(5..5, [data(0); 40]).for_each(drop);
    });
    hit("a bit of the position", false, &|blocks| {
        blocks[0].payload ^= 1 << 9;
    });
    hit("a bit of the flags", false, &|blocks| {
        blocks[0].payload ^= 1 << 24;
    });
    hit("a bit of the CRC-8", false, &|blocks| {
        blocks[0].payload ^= 1 << 50;
    });
    hits
}

/// A frame that is hit in any way is asked for again, and comes out once; with `store` nothing else does.
fn asks_again<const WORDS: usize, const KEEP_W: usize>(features: Features) {
    let mut rig = Rig::<WORDS, KEEP_W, 6>::new(features, 300);
    let (first, second) = (sealed(1, 100, false), sealed(2, 64, true));
    let cases = hits();
    let lossy = usize::from(!features.store);
    for (name, leaves, hit) in &cases {
        rig.tell(0, true);
        rig.reports.clear();
        let mut next = blocks_behind(start(13, false), &second);
        rig.blocks(hit);
        rig.blocks(&next);
        rig.block(IDLE);
        rig.rest(30);
        let nacks: Vec<_> = rig.reports.iter().filter(|report| report.nack).collect();
        assert_eq!(nacks.len(), 1, "{name}");
        assert_eq!(rig.told(), (true, 0), "{name}");
        assert_eq!(rig.state(), NACK_SENT, "{name}");
        let copies = rig.take_frames();
        assert_eq!(copies.len(), lossy * usize::from(*leaves), "{name}");
        assert!(copies.iter().all(|copy| copy.poison), "{name}");

        // The replay is hit as well: asked for again.
        rig.blocks(hit);
        rig.blocks(&next);
        rig.block(IDLE);
        rig.rest(30);
        let is_seen = *leaves;
        let nacks: Vec<_> = rig.reports.iter().filter(|report| report.nack).collect();
        assert_eq!(nacks.len(), 1 + usize::from(is_seen), "{name}");
        assert_eq!(rig.state(), NACK_SENT, "{name}");
        assert_eq!(rig.take_frames().len(), copies.len(), "{name}");

        // It arrives.
        rig.blocks(&blocks_behind(start(0, false), &first));
        rig.blocks(&next);
        rig.rest(40);
        assert_eq!(rig.told(), (false, 21), "{name}");
        assert_eq!(rig.state(), SEND_ACKS, "{name}");
        assert_eq!(rig.take_frames(), [good(&first), good(&second)], "{name}");

        // And once more: dropped, and acknowledged again.
        rig.reports.clear();
        next[1].payload ^= 2;
        rig.blocks(&next);
        rig.rest(30);
        assert_eq!(rig.told(), (false, 21), "{name}");
        assert_eq!(rig.take_frames(), []);
    }
    let (frames, pulses) = rig.end();
    assert_eq!(frames, []);
    assert_eq!(pulses.duplicate, cases.len());
    assert!(pulses.hit >= 2 * (cases.len() - 3) && pulses.missing == 3);
    assert_eq!((pulses.dropped, pulses.cut), (0, 0));
}

#[test]
fn asks_again_for_what_was_hit_at_64_bits() {
    asks_again::<2, 8>(RETRY);
    asks_again::<2, 8>(STORE);
}

#[test]
fn asks_again_for_what_was_hit_at_32_bits() {
    asks_again::<1, 4>(STORE);
    asks_again::<1, 4>(RETRY_CREDITS);
}

/// The PCS loses its alignment inside a frame: it ends at once.
#[test]
fn asks_again_when_the_lanes_are_lost() {
    for features in [RETRY, STORE] {
        let mut rig = Rig::<2, 8, 6>::new(features, 300);
        rig.tell(9, true);
        let frame = sealed(1, 100, false);
        let blocks = blocks_behind(start(9, false), &frame);
        rig.blocks(&blocks[..8]);
        rig.up = false;
        rig.blocks(&blocks[8..]);
        rig.up = true;
        rig.rest(20);
        assert_eq!(rig.told(), (true, 9));
        rig.blocks(&blocks);
        rig.rest(20);
        assert_eq!(rig.told(), (false, 22));
        let (mut frames, _) = rig.end();
        assert_eq!(frames.pop(), Some(good(&frame)));
        assert_eq!(frames.len(), usize::from(!features.store));
        assert!(frames.iter().all(|frame| frame.poison));
    }
}

/// Not initialized: nothing passes and nothing is told; `init` begins anew in every state.
#[test]
fn begins_anew_in_every_state() {
    let mut rig = Rig::<2, 8, 6>::new(RETRY, 300);
    let frame = sealed(3, 70, false);
    let at = |position| blocks_behind(start(position, false), &frame);
    rig.blocks(&at(0));
    rig.rest(2 * REPORT_CYCLES);
    assert_eq!((rig.frames.len(), rig.reports.len()), (0, 0));
    rig.link_up = false;
    rig.tell(0, false);
    rig.tell(0, true);
    rig.blocks(&at(0));
    assert_eq!((rig.state(), rig.frames.len()), (OFF, 0), "no link");
    rig.link_up = true;

    rig.tell(5, true);
    assert_eq!((rig.state(), rig.told()), (SEND_ACKS, (false, 5)));
    rig.tell(40, true);
    assert_eq!((rig.state(), rig.told()), (SEND_ACKS, (false, 40)));
    rig.blocks(&at(40));
    rig.rest(20);
    assert_eq!((rig.take_frames().len(), rig.told()), (1, (false, 49)));

    // While a nack is to be sent, and no report goes.
    rig.takes = false;
    rig.blocks(&at(60));
    rig.rest(20);
    assert_eq!(rig.state(), SEND_NACK);
    rig.tell(70, true);
    rig.takes = true;
    rig.rest(5);
    assert_eq!((rig.state(), rig.told()), (SEND_ACKS, (false, 70)));

    // After it was sent.
    rig.blocks(&at(90));
    rig.rest(20);
    assert_eq!((rig.state(), rig.told()), (NACK_SENT, (true, 70)));
    rig.tell(90, true);
    assert_eq!((rig.state(), rig.told()), (SEND_ACKS, (false, 90)));
    rig.blocks(&at(90));
    rig.rest(20);
    assert_eq!((rig.take_frames().len(), rig.told()), (1, (false, 99)));

    // The link goes down inside a frame, which ends poisoned, and comes back.
    rig.blocks(&at(99)[..5]);
    rig.link_up = false;
    rig.blocks(&at(99)[5..]);
    rig.reports.clear();
    rig.rest(2 * REPORT_CYCLES);
    assert_eq!((rig.state(), rig.reports.len()), (OFF, 0));
    assert!(rig.take_frames()[0].poison);
    rig.link_up = true;
    rig.tell(99, true);
    rig.blocks(&at(99));
    let (frames, pulses) = rig.end();
    assert_eq!(frames, [good(&frame)]);
    assert_eq!(pulses.missing, 2);
}

/// A frame at the expected position is taken before the nack has gone, too.
#[test]
fn takes_the_expected_frame_while_a_nack_waits() {
    let mut rig = Rig::<2, 8, 6>::new(RETRY, 300);
    let frame = sealed(3, 70, false);
    rig.tell(0, true);
    rig.takes = false;
    rig.blocks(&blocks_behind(start(9, false), &frame));
    rig.rest(10);
    assert_eq!(rig.state(), SEND_NACK);
    rig.blocks(&blocks_behind(start(0, false), &frame));
    rig.rest(10);
    assert_eq!(rig.state(), SEND_ACKS);
    rig.takes = true;
    rig.rest(5);
    assert_eq!(rig.told(), (false, 9));
    let (frames, pulses) = rig.end();
    assert_eq!((frames.len(), pulses.nack), (1, 0));
}

/// A final frame leaves as it comes. With a wrong FCS it counts; hit, it does not, and the sender tells where it goes on.
#[test]
fn takes_a_final_frame_as_it_comes() {
    for features in [RETRY, STORE] {
        let mut rig = Rig::<2, 8, 6>::new(features, 300);
        let frame = sealed(3, 100, false);
        let mut wrong = frame.clone();
        wrong[40] ^= 4;
        let lossy = usize::from(!features.store);
        rig.tell(0, true);
        rig.blocks(&blocks_behind(start(0, false), &wrong));
        rig.rest(20);
        assert_eq!(rig.told(), (true, 0));
        assert_eq!(rig.take_frames().len(), lossy);
        rig.blocks(&blocks_behind(start(0, true), &wrong));
        rig.rest(20);
        assert_eq!(rig.told(), (false, 13));
        let poisoned = rig.take_frames();
        assert_eq!(poisoned.len(), 1);
        assert!(poisoned[0].poison && poisoned[0].bytes == wrong);
        rig.blocks(&blocks_behind(start(13, true), &frame));
        rig.rest(20);
        assert_eq!(rig.told(), (false, 26));
        assert_eq!(rig.take_frames(), [good(&frame)]);

        let mut hit = blocks_behind(start(26, true), &frame);
        hit[4].bad = true;
        rig.reports.clear();
        rig.blocks(&hit);
        rig.rest(20);
        let poisoned = rig.take_frames();
        assert!(poisoned.len() == 1 && poisoned[0].poison);
        assert!(rig.reports.iter().all(|report| !report.nack));
        rig.reports.clear();
        rig.tell(39, false);
        assert_eq!((rig.told(), rig.state()), ((false, 39), SEND_ACKS));

        // It is lost whole, and what is behind it comes first: a position never goes back, and is answered all the same.
        rig.blocks(&blocks_behind(start(52, false), &frame));
        rig.rest(20);
        assert_eq!((rig.told(), rig.state()), ((true, 39), NACK_SENT));
        rig.tell(52, false);
        assert_eq!((rig.told(), rig.state()), ((false, 52), SEND_ACKS));
        for position in [52, 39] {
            rig.reports.clear();
            rig.tell(position, false);
            assert_eq!((rig.told(), rig.state()), ((false, 52), SEND_ACKS));
        }
        rig.blocks(&blocks_behind(start(52, false), &frame));
        rig.rest(20);
        assert_eq!(rig.take_frames(), [good(&frame)]);

        // The link was down here, and the sender does not know: it gives a frame up, and tells where it goes on.
        rig.link_up = false;
        rig.rest(5);
        rig.link_up = true;
        rig.blocks(&blocks_behind(start(65, true), &frame));
        rig.rest(20);
        assert_eq!((rig.state(), rig.frames.len()), (OFF, 0));
        rig.tell(78, false);
        assert_eq!((rig.told(), rig.state()), ((false, 78), SEND_ACKS));
        rig.blocks(&blocks_behind(start(78, false), &frame));
        let (frames, pulses) = rig.end();
        assert_eq!(frames, [good(&frame)]);
        assert_eq!((pulses.nack, pulses.missing), (2, 1));
    }
}

/// A client that takes nothing: the buffer fills up, a frame is cut in the middle, the next try finds no room at its first block.
fn runs_out_of_room<const WORDS: usize, const KEEP_W: usize>(features: Features) {
    let mut rig = Rig::<WORDS, KEEP_W, 5>::new(features, 128);
    let frame = |number| sealed(number, 80, false);
    let at = |number: u16| {
        let position = 0xffee_u16.wrapping_add(10 * number);
        blocks_behind(start(position, false), &frame(number.into()))
    };
    rig.tell(0xffee, true);
    rig.ready = false;
    for number in 0..3 {
        rig.blocks(&at(number));
    }
    rig.rest(REPORT_CYCLES + 20);
    // Two of 30 blocks have left the memory, a capacity of 32 less 28 is left.
    let full = Report {
        nack: false,
        expected: 0xffee_u16.wrapping_add(30),
        limit: 0xffee_u16.wrapping_add(34),
    };
    assert_eq!(rig.reports.last(), Some(&full));
    rig.blocks(&at(3));
    rig.rest(20);
    assert_eq!(rig.pulses.cut, 1);
    // With retry without store the copy stays, and takes the places. The nack waits for room.
    let limit = full.limit.wrapping_sub(4 * u16::from(!features.store));
    for tries in 1..4 {
        rig.blocks(&at(3));
        rig.blocks(&at(4));
        rig.rest(REPORT_CYCLES);
        let waits = Report { limit, ..full };
        assert_eq!(rig.reports.last(), Some(&waits));
        assert_eq!(rig.state(), SEND_NACK);
        let (dropped, cut) = (rig.pulses.dropped, rig.pulses.cut);
        let counts = if features.store {
            (0, 1 + tries)
        } else {
            (tries, 1)
        };
        assert_eq!((dropped, cut), counts);
    }
    rig.reports.clear();
    rig.ready = true;
    rig.rest(100);
    assert_eq!(rig.state(), NACK_SENT);
    let nack = rig.reports.iter().find(|report| report.nack);
    assert_eq!(
        nack.map(|report| (report.expected, report.limit)),
        Some((full.expected, full.expected.wrapping_add(16)))
    );
    rig.blocks(&at(3));
    rig.blocks(&at(4));
    rig.rest(REPORT_CYCLES + 50);
    assert_eq!(
        rig.reports.last().map(|report| report.limit),
        Some(full.expected + 20 + 32)
    );
    let (frames, pulses) = rig.end();
    let (copies, rest): (Vec<_>, Vec<_>) = frames.into_iter().partition(|frame| frame.poison);
    assert_eq!(
        rest,
        (0..5)
            .map(|number| good(&frame(number)))
            .collect::<Vec<_>>()
    );
    assert_eq!(copies.len(), usize::from(!features.store));
    assert!(copies.iter().all(|copy| frame(3).starts_with(&copy.bytes)));
    assert_eq!(pulses.nack, 1);
}

#[test]
fn runs_out_of_room_and_asks_again() {
    runs_out_of_room::<2, 8>(RETRY);
    runs_out_of_room::<2, 8>(ALL);
    runs_out_of_room::<1, 4>(STORE);
}

/// Credits alone: what arrives badly leaves poisoned, positions follow, and a position message heals what was lost.
#[test]
fn credits_alone_pass_everything_on() {
    let mut rig = Rig::<2, 8, 6>::new(CREDITS, 300);
    let frame = sealed(1, 100, false);
    rig.tell(500, true);
    assert_eq!(rig.told(), (false, 500));
    rig.blocks(&blocks_behind(start(500, false), &frame));
    let mut hit = blocks_behind(start(513, false), &frame);
    hit[3].payload ^= 1;
    rig.blocks(&hit);
    let mut unknown = blocks_behind(start(526, false), &frame);
    unknown[0].payload ^= 1 << 8;
    rig.blocks(&unknown);
    rig.rest(REPORT_CYCLES + 20);
    assert_eq!(rig.told(), (false, 539));
    let frames = rig.take_frames();
    assert_eq!(
        frames.iter().map(|frame| frame.poison).collect::<Vec<_>>(),
        [false, true, false]
    );
    // One is lost; the next one's position counts.
    rig.blocks(&blocks_behind(start(552, false), &frame));
    rig.rest(REPORT_CYCLES + 20);
    assert_eq!(rig.told(), (false, 565));
    rig.tell(578, false);
    rig.rest(REPORT_CYCLES + 20);
    assert_eq!(rig.told(), (false, 578));
    assert_eq!(
        rig.reports.last().map(|report| report.limit),
        Some(578 + 64)
    );

    // While the client takes nothing, a report says so once; then each 16 blocks, and at the end of the time.
    rig.ready = false;
    for number in 0..4 {
        rig.blocks(&blocks_behind(start(578 + 13 * number, false), &frame));
    }
    rig.rest(2 * REPORT_CYCLES);
    rig.reports.clear();
    while rig.reports.is_empty() {
        rig.rest(1);
    }
    rig.reports.clear();
    rig.ready = true;
    rig.rest(70);
    let limits: Vec<_> = rig.reports.iter().map(|report| report.limit).collect();
    assert!(limits.len() >= 3, "{limits:?}");
    assert!(limits.windows(2).all(|pair| pair[1] == pair[0] + 16));
    let (frames, pulses) = rig.end();
    assert_eq!(frames.len(), 5);
    assert_eq!((pulses.nack, pulses.dropped, pulses.cut), (0, 0, 0));
}

/// A sender as `docs/link.md` describes it, in frames instead of places: goes back on a *nack* or after a time, stops at the limit.
struct Sender {
    features: Features,
    /// Position and bytes of each frame, and whether it is sent poisoned.
    frames: Vec<(u64, Vec<u8>, bool)>,
    max_blocks: u64,
    /// Frames that are acknowledged, the next one to send, and how far that has been.
    tail: usize,
    head: usize,
    highest: usize,
    limit: u64,
    began: bool,
    /// Blocks under way.
    queue: VecDeque<Block>,
    /// Blocks since `tail` moved, or since a position was sent.
    waited: usize,
    told: usize,
    /// Times that it went back.
    nacks: usize,
    timeouts: usize,
}

impl Sender {
    const REPLAY_BLOCKS: usize = 700;
    const RING_BLOCKS: u64 = 256;
    const POSITION_BLOCKS: usize = 100;

    fn new(random: &mut Random, features: Features, count: u32, most: u32) -> Self {
        let mut position = 0x1_fc00;
        let frames = (0..count)
            .map(|number| {
                let bytes = sealed(
                    number,
                    20 + random.below(most - 19) as usize,
                    random.one_in(4),
                );
                let here = position;
                position += u64::from(blocks_in(&bytes));
                (here, bytes, random.one_in(5))
            })
            .collect();
        Self {
            features,
            frames,
            max_blocks: u64::from(most).div_ceil(8),
            tail: 0,
            head: 0,
            highest: 0,
            limit: 0,
            began: false,
            queue: VecDeque::new(),
            waited: 0,
            told: 0,
            nacks: 0,
            timeouts: 0,
        }
    }

    fn position(&self, frame: usize) -> u64 {
        match self.frames.get(frame) {
            Some((position, ..)) => *position,
            None => self.frames.last().map_or(0, |(position, bytes, _)| {
                position + u64::from(blocks_in(bytes))
            }),
        }
    }

    fn hear(&mut self, report: Report) {
        let tail = self.position(self.tail);
        // Signed, from tail.
        let far = |place: u16| {
            let distance = place.wrapping_sub(tail as u16).cast_signed();
            tail.wrapping_add_signed(distance.into())
        };
        let expected = far(report.expected);
        if !self.began {
            self.began = !report.nack && expected == tail;
        }
        if !self.began {
            return;
        }
        self.limit = far(report.limit);
        if !self.features.retry {
            return;
        }
        let moved = (self.tail..=self.highest).find(|&frame| self.position(frame) == expected);
        if let Some(frame) = moved {
            self.waited *= usize::from(frame == self.tail);
            self.tail = frame;
            self.head = self.head.max(frame);
        } else {
            assert!(
                expected < tail,
                "an acknowledgement inside a frame, or of what was not sent"
            );
        }
        if report.nack {
            self.head = self.tail;
            self.waited = 0;
            self.nacks += 1;
        }
    }

    /// The next block.
    fn step(&mut self, random: &mut Random) -> Block {
        self.told += 1;
        self.waited += 1;
        if let Some(block) = self.queue.pop_front() {
            return block;
        }
        if (!self.began || !self.features.retry) && self.told > Self::POSITION_BLOCKS {
            self.told = 0;
            let position = self.position(self.head) & 0xffff;
            let init = u64::from(!self.began) << 4;
            return control(message::payload(message::POSITION | init | position << 8));
        }
        if self.features.retry && self.tail < self.head && self.waited > Self::REPLAY_BLOCKS {
            self.head = self.tail;
            self.waited = 0;
            self.timeouts += 1;
        }
        let (tail, head) = (self.position(self.tail), self.position(self.head));
        let fits = head < tail + Self::RING_BLOCKS
            && (!self.features.credits || head + self.max_blocks <= self.limit);
        if !self.began || self.head == self.frames.len() || !fits || random.one_in(4) {
            return IDLE;
        }
        let (position, bytes, is_poisoned) = &self.frames[self.head];
        let mut blocks = blocks_behind(start(*position as u16, false), bytes);
        if *is_poisoned {
            poison(&mut blocks);
        }
        self.head += 1;
        self.highest = self.highest.max(self.head);
        if !self.features.retry {
            self.tail = self.head;
        }
        self.queue = blocks.into();
        IDLE
    }
}

/// What the fiber does to a block; `None` if the lanes are lost. A block does not become another that is right: an error block has 64 bits.
fn hit_by(random: &mut Random, mut block: Block) -> Option<Block> {
    match random.below(7) {
        0 => block.bad = true,
        1 => return None,
        2 => {
            block =
                [IDLE, end(&[]), start(random.bits(16) as u16, false)][random.below(3) as usize];
        }
        3 => block.control = !block.control,
        _ => {
            // One error becomes three behind the descrambler.
            let bit = random.below(64);
            for place in [bit, bit + 39, bit + 58]
                .into_iter()
                .filter(|place| *place < 64)
            {
                block.payload ^= 1 << place;
            }
        }
    }
    Some(block)
}

/// A sender, a fiber that hits one block in so many, and a client that sometimes takes nothing for long.
fn link<const WORDS: usize, const KEEP_W: usize>(
    seed: u64,
    features: Features,
    one_in: u32,
) -> (Sender, Vec<Frame>, Pulses) {
    let mut random = Random::new(seed);
    let mut rig = Rig::<WORDS, KEEP_W, 6>::new(features, 300);
    let mut sender = Sender::new(&mut random, features, 300, 200);
    let mut reports: VecDeque<(usize, Report)> = VecDeque::new();
    let mut stall = 0;
    for step in 0..60_000 {
        if sender.tail == sender.frames.len() && sender.queue.is_empty() {
            break;
        }
        let block = sender.step(&mut random);
        let is_hit = one_in > 0 && random.one_in(one_in);
        let received = if is_hit {
            hit_by(&mut random, block)
        } else {
            Some(block)
        };
        rig.up = received.is_some();
        rig.block(received.unwrap_or(block));
        stall = match stall {
            0 if random.one_in(250) => random.below(250) as usize,
            stall => usize::saturating_sub(stall, 1),
        };
        rig.ready = stall == 0 && !random.one_in(10);
        // Reports go between frames, take a while, and can be lost, too.
        rig.takes = random.one_in(12);
        for report in rig.reports.drain(..) {
            if one_in == 0 || !random.one_in(6) {
                reports.push_back((step + 25, report));
            }
        }
        if reports.front().is_some_and(|(due, _)| *due <= step) {
            for (_, report) in reports.drain(..1) {
                sender.hear(report);
            }
        }
    }
    assert_eq!(
        sender.tail,
        sender.frames.len(),
        "frames that were not acknowledged"
    );
    let (frames, pulses) = rig.end();
    (sender, frames, pulses)
}

/// Every frame once, in order, none altered; poisoned copies in between, or none with `store`.
fn loses_nothing<const WORDS: usize, const KEEP_W: usize>(seed: u64, features: Features) {
    let (sender, frames, pulses) = link::<WORDS, KEEP_W>(seed, features, 50);
    let (mut next, mut copies) = (0, 0);
    for frame in &frames {
        // Nothing protects the bytes of a frame that was sent poisoned; it arrives poisoned, and has its blocks.
        let is_sent = sender
            .frames
            .get(next)
            .is_some_and(|(_, bytes, is_poisoned)| {
                *is_poisoned == frame.poison
                    && (bytes == &frame.bytes
                        || *is_poisoned && blocks_in(bytes) == blocks_in(&frame.bytes))
            });
        if is_sent {
            next += 1;
        } else {
            assert!(frame.poison, "frame {next} is altered, or is missing");
            copies += 1;
        }
    }
    assert_eq!(next, sender.frames.len(), "frames are missing");
    assert_eq!(copies == 0, features.store, "{copies} poisoned copies");
    assert!(
        sender.nacks > 10 && sender.timeouts > 0 && pulses.duplicate > 0,
        "{pulses:?}"
    );
    assert!(pulses.hit > 10 && pulses.missing > 1, "{pulses:?}");
    if features.credits && features.store {
        assert_eq!(
            (pulses.dropped, pulses.cut),
            (0, 0),
            "no more is sent than fits"
        );
    }
    if !features.credits {
        assert!(pulses.dropped + pulses.cut > 3, "{pulses:?}");
    }
}

#[test]
fn loses_nothing_with_retry() {
    loses_nothing::<2, 8>(21, RETRY);
    loses_nothing::<1, 4>(22, RETRY_CREDITS);
}

#[test]
fn loses_nothing_with_store() {
    loses_nothing::<2, 8>(23, ALL);
    loses_nothing::<1, 4>(24, STORE);
}

#[test]
fn loses_nothing_with_everything_at_32_bits() {
    loses_nothing::<1, 4>(25, ALL);
    loses_nothing::<2, 8>(26, RETRY_CREDITS);
}

/// Credits alone: without errors nothing is lost whatever the client does; with errors the credits of what was lost come back.
#[test]
fn credits_alone_hold_the_sender_back() {
    let (sender, frames, pulses) = link::<2, 8>(27, CREDITS, 0);
    let sent: Vec<_> = sender
        .frames
        .into_iter()
        .map(|(_, bytes, poison)| Frame { bytes, poison })
        .collect();
    assert_eq!(frames, sent);
    assert_eq!((pulses.dropped, pulses.cut, pulses.hit), (0, 0, 0));
    let (_, frames, pulses) = link::<2, 8>(28, CREDITS, 60);
    assert!(pulses.hit > 20 && frames.len() > 150, "{pulses:?}");
}

/// Cycles from the first and the last block of data to their beats at the client.
fn latency<const PLAIN: usize, const LOSSLESS: usize>(
    dut: MacRx<2, 8, PLAIN, LOSSLESS, 9>,
) -> [usize; 2] {
    let mut bench = Bench::new(dut);
    bench.block.link_up.next = true;
    bench.block.up.next = true;
    bench.block.rx.tready.next = true;
    bench.block.position_valid.next = true;
    bench.block.position_init.next = true;
    bench.clock();
    bench.block.position_valid.next = false;
    let blocks = blocks_behind(start(0, false), &sealed(1, 64, false));
    let (mut first, mut last) = (0, 0);
    for cycle in 0..40 {
        let block = blocks.get(cycle).copied();
        bench.block.blocks.valid.next = block.is_some();
        if let Some(block) = block {
            bench.block.blocks.first.next = true;
            bench.block.blocks.control.next = block.control;
            bench.block.blocks.data[0].next = (block.payload & 0xffff_ffff).into();
            bench.block.blocks.data[1].next = (block.payload >> 32).into();
        }
        bench.settle();
        if bench.block.rx.tvalid.val() {
            first = if first == 0 { cycle } else { first };
            last = cycle;
        }
        bench.clock();
    }
    // A start, then eight blocks of data.
    [first - 1, last - 8]
}

#[test]
fn takes_the_cycles_that_the_text_says() {
    assert_eq!(latency(MacRx::<2, 8, 1, 0, 9>::new(1_522)), [3, 3]);
    let lossless = |features| {
        MacRx::<2, 8, 0, 1, 9>::with_features(1_522, features, REPORT_CYCLES, Target::Generic)
    };
    assert_eq!(latency(lossless(RETRY)), [6, 6]);
    assert_eq!(latency(lossless(CREDITS)), [6, 6]);
    // Eight blocks leave one after the other when the last one has been checked.
    assert_eq!(latency(lossless(STORE)), [13, 13]);
}
