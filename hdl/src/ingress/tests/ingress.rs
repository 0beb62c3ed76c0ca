//! The whole ingress against a naive reference: bytes in, bytes and counts out.

use std::collections::HashMap;

use crate::ingress::{crc32, Ingress};
use crate::prelude::*;
use crate::{cosim, export};

const PORTS: usize = 4;
const OWN_PORT: u32 = 0b0010;
const MAX_FRAME_BYTES: usize = 1_522;

/// The pulses, in the order of [`Bench::pulses`].
const STATS: [&str; 13] = [
    "accepted",
    "runt_dropped",
    "filtered_reserved",
    "filtered_own",
    "filtered_control",
    "flooded",
    "gap_closed",
    "too_long",
    "malformed",
    "runt_poisoned",
    "poisoned_in",
    "fcs_error",
    "learn_missed",
];

type Counts = HashMap<&'static str, u32>;

/// Xorshift: the same stimulus on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// One beat at the pins, after `pause` cycles without one.
#[derive(Clone, Debug)]
struct Beat {
    bytes: Vec<u8>,
    keep: u64,
    last: bool,
    user: bool,
    pause: usize,
}

/// A frame as it left.
#[derive(Clone, Debug, PartialEq)]
struct Sent {
    bytes: Vec<u8>,
    poisoned: bool,
    mask: u32,
}

/// Where the stand-in table says an address lives, and whether it is fresh at our port.
#[derive(Clone, Copy, Default)]
struct Answer {
    hit: bool,
    mask: u32,
    known: bool,
}

/// How the stand-in fabric takes beats.
#[derive(Clone, Copy, PartialEq)]
enum Fabric {
    /// Never refuses.
    Lossy,
    /// Refuses first beats at random.
    Lossless,
    /// Refuses any beat at random: more than the contract asks for.
    Stubborn,
}

/// The ingress with a table, a fabric and recorders around it.
struct Bench<const WORDS: usize, const KEEP_W: usize, const DEPTH: usize> {
    block: Box<Ingress<WORDS, KEEP_W, PORTS, DEPTH>>,
    table: HashMap<[u8; 6], Answer>,
    lookup: [Answer; 3],
    fabric: Fabric,
    random: Random,
    learn_ready: bool,
    gap_limit: usize,
    max_frame_bytes: usize,
    /// Bytes of the frame that leaves, and its mask.
    partial: Option<(Vec<u8>, u32)>,
    held: Option<(Vec<u32>, u32, bool, bool, u32)>,
    sent: Vec<Sent>,
    first_beat_cycles: Vec<usize>,
    offered_cycles: Vec<usize>,
    learned: Vec<[u8; 6]>,
    counts: Counts,
    refused: usize,
    at_first: bool,
    cycle: usize,
    recorder: Option<cosim::Recorder>,
}

fn mac(words: [u32; 2]) -> [u8; 6] {
    let (low, high) = (words[0].to_le_bytes(), words[1].to_le_bytes());
    [low[0], low[1], low[2], low[3], high[0], high[1]]
}

impl<const WORDS: usize, const KEEP_W: usize, const DEPTH: usize> Bench<WORDS, KEEP_W, DEPTH> {
    fn new(fabric: Fabric, seed: u64) -> Self {
        Self::with_maximum(fabric, seed, MAX_FRAME_BYTES)
    }

    fn with_maximum(fabric: Fabric, seed: u64, max_frame_bytes: usize) -> Self {
        let mut block = Box::new(Ingress::new(max_frame_bytes));
        block.connect_all();
        let mut bench = Self {
            block,
            table: stand_in_table(),
            lookup: [Answer::default(); 3],
            fabric,
            random: Random(seed),
            learn_ready: true,
            gap_limit: 0,
            max_frame_bytes,
            partial: None,
            held: None,
            sent: vec![],
            first_beat_cycles: vec![],
            offered_cycles: vec![],
            learned: vec![],
            counts: STATS.iter().map(|&name| (name, 0)).collect(),
            refused: 0,
            at_first: true,
            cycle: 0,
            recorder: None,
        };
        bench.reset();
        bench
    }

    fn reset(&mut self) {
        self.block.reset.next = true;
        self.idle();
        self.block.reset.next = false;
        (self.partial, self.held, self.at_first) = (None, None, true);
    }

    fn settle(&mut self) {
        for _ in 0..100 {
            self.block.update_all();
            if !self.block.has_changed() {
                return;
            }
        }
        panic!("the ingress does not settle");
    }

    fn pulses(&self) -> [bool; 13] {
        let block = &self.block;
        [
            block.stat_accepted.val(),
            block.stat_runt_dropped.val(),
            block.stat_filtered_reserved.val(),
            block.stat_filtered_own.val(),
            block.stat_filtered_control.val(),
            block.stat_flooded.val(),
            block.stat_gap_closed.val(),
            block.stat_too_long.val(),
            block.stat_malformed.val(),
            block.stat_runt_poisoned.val(),
            block.stat_poisoned_in.val(),
            block.stat_fcs_error.val(),
            block.stat_learn_missed.val(),
        ]
    }

    /// One cycle; `true` if the beat at the pins was taken.
    fn tick(&mut self) -> bool {
        let take = match self.fabric {
            Fabric::Lossy => true,
            Fabric::Lossless => self.partial.is_some() || self.random.one_in(3),
            Fabric::Stubborn => self.random.one_in(2),
        };
        self.block.own_port.next = u64::from(OWN_PORT).into();
        self.block.cfg_gap_limit.next = (self.gap_limit as u64).into();
        self.block.source.tready.next = take;
        self.block.hit.next = self.lookup[2].hit;
        self.block.hit_mask.next = u64::from(self.lookup[2].mask).into();
        self.block.known.next = self.lookup[2].known;
        self.block.learn_ready.next = self.learn_ready;
        self.settle();
        if let Some(recorder) = &mut self.recorder {
            recorder.sample(&*self.block);
        }

        let resetting = self.block.reset.val();
        let taken = self.block.sink.tvalid.val() && self.block.sink.tready.val() && !resetting;
        self.refused += usize::from(!self.block.sink.tready.val());
        if taken {
            if self.at_first {
                self.first_beat_cycles.push(self.cycle);
            }
            self.at_first = self.block.sink.tlast.val();
        }
        self.record(take && !resetting);
        for (name, pulse) in STATS.iter().zip(self.pulses()) {
            *self.counts.get_mut(name).unwrap() += u32::from(pulse);
        }
        if self.block.learn_valid.val() && self.learn_ready {
            self.learned.push(mac(std::array::from_fn(|i| {
                self.block.learn_address[i].val().to_u32()
            })));
        }
        let address = mac(std::array::from_fn(|i| {
            self.block.lookup_address[i].val().to_u32()
        }));
        if self.block.advance_c.val() {
            self.lookup[2] = self.lookup[1];
        }
        if self.block.advance_b.val() {
            self.lookup[1] = self.lookup[0];
        }
        if self.block.advance_a.val() {
            self.lookup[0] = self.table.get(&address).copied().unwrap_or_default();
        }
        for clk in [true, false] {
            self.block.clock.next = Clock { clk };
            self.settle();
        }
        self.cycle += 1;
        taken
    }

    /// Looks at the fabric's side, checks that offers hold, and collects frames.
    fn record(&mut self, take: bool) {
        let source = &self.block.source;
        if !source.tvalid.val() {
            assert!(self.held.is_none(), "an offer was withdrawn");
            return;
        }
        let words: Vec<u32> = source
            .tdata
            .iter()
            .map(|word| word.val().to_u32())
            .collect();
        let keep = source.tkeep.val().to_u32();
        let (last, user) = (source.tlast.val(), source.tuser.val());
        let mask = self.block.mask.val().to_u32();
        let first = self.partial.is_none();
        let offer = (
            words.clone(),
            keep,
            last,
            user,
            if first { mask } else { 0 },
        );
        if let Some(held) = self.held.take() {
            assert_eq!(held, offer, "an offer changed");
        } else if first {
            self.offered_cycles.push(self.cycle);
        }
        if !take {
            self.held = Some(offer);
            return;
        }
        assert!(last || !user, "poison before the last beat");
        let count = keep.trailing_ones() as usize;
        assert_eq!(u64::from(keep), (1u64 << count) - 1, "a hole went out");
        assert!(count == KEEP_W || (last && count > 0));
        let (bytes, _) = self.partial.get_or_insert((vec![], mask));
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()).take(count));
        if last {
            let (bytes, mask) = self.partial.take().unwrap();
            self.sent.push(Sent {
                bytes,
                poisoned: user,
                mask,
            });
        }
    }

    fn idle(&mut self) {
        self.block.sink.tvalid.next = false;
        self.block.sink.tlast.next = false;
        self.tick();
    }

    fn offer(&mut self, beat: &Beat) {
        for _ in 0..beat.pause {
            self.idle();
        }
        for (word, bytes) in self.block.sink.tdata.iter_mut().zip(beat.bytes.chunks(4)) {
            word.next = u64::from(u32::from_le_bytes(bytes.try_into().unwrap())).into();
        }
        self.block.sink.tkeep.next = beat.keep.into();
        self.block.sink.tlast.next = beat.last;
        self.block.sink.tuser.next = beat.user;
        self.block.sink.tvalid.next = true;
        for _ in 0..1_000 {
            if self.tick() {
                return;
            }
        }
        panic!("the ingress is stuck");
    }

    fn drain(&mut self) {
        for _ in 0..200 {
            self.idle();
        }
        assert!(
            self.partial.is_none() && self.held.is_none(),
            "a frame is stuck"
        );
    }

    fn reference(&self, frame: &[Beat]) -> Outcome {
        reference::<WORDS, KEEP_W>(frame, self.gap_limit, self.max_frame_bytes, &self.table)
    }

    /// Sends `frames` and compares everything that comes out with the reference.
    fn check(&mut self, frames: &[Vec<Beat>]) {
        self.sent.clear();
        self.learned.clear();
        self.counts.values_mut().for_each(|count| *count = 0);
        for beat in frames.iter().flatten() {
            self.offer(beat);
        }
        self.drain();
        let mut want = Counts::new();
        let (mut learned, mut sent, mut either) = (vec![], self.sent.iter(), vec![]);
        for frame in frames {
            let outcome = self.reference(frame);
            let mut drop = outcome.drop;
            if drop.is_none() {
                // A frame of three beats is dropped if the third was there in time.
                let next = sent.as_slice().first();
                if outcome.may_be_dropped && next != Some(&outcome.sent) {
                    drop = Some("runt_dropped");
                } else {
                    assert_eq!(sent.next(), Some(&outcome.sent), "for {frame:?}");
                    *want.entry("accepted").or_default() += 1;
                    let flooded = outcome.flooded.then_some("flooded");
                    for name in outcome.cause.into_iter().chain(flooded) {
                        *want.entry(name).or_default() += 1;
                    }
                }
            }
            if let (Some(name), true) = (outcome.drop, outcome.may_be_dropped) {
                either.push(name);
            } else if let Some(name) = drop {
                *want.entry(name).or_default() += 1;
            }
            learned.extend(outcome.learn);
        }
        for filtered in either {
            let seen = want.entry(filtered).or_default();
            if *seen < self.counts[filtered] {
                *seen += 1;
            } else {
                *want.entry("runt_dropped").or_default() += 1;
            }
        }
        assert_eq!(sent.next(), None, "something came out that nobody sent");
        for name in STATS {
            assert_eq!(
                self.counts[name],
                want.get(name).copied().unwrap_or(0),
                "{name}"
            );
        }
        if self.learn_ready {
            assert_eq!(self.learned, learned);
        }
    }
}

const REMOTE: [u8; 6] = [0x02, 0, 0, 0, 0, 0x10];
const AT_HOME: [u8; 6] = [0x02, 0, 0, 0, 0, 0x11];
const STATIC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x12];
const UNKNOWN: [u8; 6] = [0x02, 0, 0, 0, 0, 0x99];

fn stand_in_table() -> HashMap<[u8; 6], Answer> {
    HashMap::from([
        (
            REMOTE,
            Answer {
                hit: true,
                mask: 0b0100,
                known: false,
            },
        ),
        (
            AT_HOME,
            Answer {
                hit: true,
                mask: OWN_PORT,
                known: true,
            },
        ),
        (
            STATIC,
            Answer {
                hit: true,
                mask: 0b1011,
                known: false,
            },
        ),
    ])
}

/// What the reference expects of one frame.
struct Outcome {
    sent: Sent,
    drop: Option<&'static str>,
    may_be_dropped: bool,
    cause: Option<&'static str>,
    flooded: bool,
    learn: Option<[u8; 6]>,
}

/// The ingress in a few lines of ordinary code.
fn reference<const WORDS: usize, const KEEP_W: usize>(
    frame: &[Beat],
    gap_limit: usize,
    max_frame_bytes: usize,
    table: &HashMap<[u8; 6], Answer>,
) -> Outcome {
    let (mut bytes, mut causes) = (Vec::new(), Vec::new());
    let (mut malformed, mut beats) = (false, 0);
    for (i, beat) in frame.iter().enumerate() {
        if gap_limit > 0 && beat.pause > gap_limit && i > usize::from(WORDS == 1) {
            causes.push("gap_closed");
            if WORDS == 1 {
                bytes.truncate(bytes.len() - KEEP_W);
                beats -= 1;
            }
            break;
        }
        let count = beat.keep.trailing_ones() as usize;
        let well_formed =
            beat.keep == (1 << count) - 1 && (count == KEEP_W || (beat.last && count > 0));
        let count = if beat.last { count.max(1) } else { KEEP_W };
        let room = (max_frame_bytes - bytes.len()).min(KEEP_W);
        let at_limit = bytes.len() + KEEP_W >= max_frame_bytes;
        malformed |= !well_formed;
        bytes.extend(&beat.bytes[..count.min(room)]);
        if count > room || (at_limit && !beat.last) {
            causes.push("too_long");
            break;
        }
        beats += 1;
        if beat.last {
            if malformed {
                causes.push("malformed");
            }
            if bytes.len() < 64 {
                causes.push("runt_poisoned");
            }
            if beat.user {
                causes.push("poisoned_in");
            }
        }
    }
    let ended_well = causes.is_empty();
    let end = bytes.len().saturating_sub(4);
    let state = crc32::update(crc32::INITIAL, &bytes[..end]);
    if bytes[end..] == state.to_le_bytes() {
        causes.push("poisoned_in");
    } else if bytes[end..] != (!state).to_le_bytes() {
        causes.push("fcs_error");
    }
    let good = ended_well && causes.is_empty();

    // Addresses count as they stand at the pins, whatever `tkeep` says.
    let raw: Vec<u8> = frame.iter().flat_map(|beat| beat.bytes.clone()).collect();
    let field = |from: usize, to: usize| raw.get(from..to).map(<[u8]>::to_vec);
    let destination: [u8; 6] = field(0, 6)
        .unwrap_or_default()
        .try_into()
        .unwrap_or_default();
    let source: [u8; 6] = field(6, 12)
        .unwrap_or_default()
        .try_into()
        .unwrap_or_default();
    let control = field(12, 14) == Some(vec![0x88, 0x08]);
    let reserved = destination[..5] == [1, 0x80, 0xC2, 0, 0] && destination[5] < 16;
    let answer = table.get(&destination).copied().unwrap_or_default();
    let flooded = destination[0] & 1 == 1 || !answer.hit;
    let mask = if flooded { 0b1111 } else { answer.mask } & !OWN_PORT;
    let known = table.get(&source).is_some_and(|answer| answer.known);

    // Nothing has left yet when the end comes so early; a pause gives the first beat a cycle more.
    let closed = causes.first() == Some(&"gap_closed");
    let surely_dropped = 4 - WORDS - usize::from(closed);
    let drop = if beats <= surely_dropped {
        Some("runt_dropped")
    } else if reserved {
        Some("filtered_reserved")
    } else if control {
        Some("filtered_control")
    } else if mask == 0 {
        Some("filtered_own")
    } else {
        None
    };
    if !causes.is_empty() {
        bytes.splice(end.., state.to_le_bytes());
    }
    Outcome {
        sent: Sent {
            bytes,
            poisoned: !causes.is_empty(),
            mask,
        },
        drop,
        may_be_dropped: surely_dropped < beats && beats <= 3,
        cause: causes.first().copied(),
        flooded,
        learn: (good && !control && !known && source[0] & 1 == 0 && drop != Some("runt_dropped"))
            .then_some(source),
    }
}

/// A frame of `length` bytes with a good FCS (if it is long enough for one).
fn frame_bytes(random: &mut Random, length: usize, to: [u8; 6], from: [u8; 6]) -> Vec<u8> {
    let mut bytes: Vec<u8> = to.into_iter().chain(from).chain([0x08, 0x00]).collect();
    bytes.extend((0..length).map(|_| random.next() as u8));
    bytes.truncate(length.saturating_sub(4));
    let fcs = !crc32::update(crc32::INITIAL, &bytes);
    bytes.extend(fcs.to_le_bytes());
    bytes.drain(..bytes.len() - length.max(1));
    bytes
}

/// Cuts `bytes` into beats without pauses; bytes that do not count are random.
fn beats<const KEEP_W: usize>(random: &mut Random, bytes: &[u8]) -> Vec<Beat> {
    let count = bytes.len().div_ceil(KEEP_W);
    bytes
        .chunks(KEEP_W)
        .enumerate()
        .map(|(i, chunk)| {
            let mut bytes = chunk.to_vec();
            bytes.resize_with(KEEP_W, || random.next() as u8);
            let keep = (1 << chunk.len()) - 1;
            Beat {
                bytes,
                keep,
                last: i + 1 == count,
                user: false,
                pause: 0,
            }
        })
        .collect()
}

fn stomp(bytes: &mut Vec<u8>) {
    let end = bytes.len() - 4;
    let state = crc32::update(crc32::INITIAL, &bytes[..end]);
    bytes.splice(end.., state.to_le_bytes());
}

/// Random frames of every kind; `pauses` is the chance of one before a beat in percent.
fn random_frames<const KEEP_W: usize>(
    random: &mut Random,
    count: usize,
    pauses: u64,
) -> Vec<Vec<Beat>> {
    let mut frames = vec![];
    for i in 0..count {
        let to = match random.below(12) {
            0 => [0x01, 0x80, 0xC2, 0, 0, random.below(32) as u8],
            1 => [0xFF; 6],
            2 => AT_HOME,
            3 => UNKNOWN,
            4 | 5 => STATIC,
            _ => REMOTE,
        };
        let from = match random.below(8) {
            0 => [0x03, 0, 0, 0, 0, 1],
            1 => AT_HOME,
            _ => [0x02, 1, 0, 0, (i >> 8) as u8, i as u8],
        };
        let length = match random.below(10) {
            0 => 1 + random.below(63),
            1 => 1_500 + random.below(60),
            _ => 64 + random.below(100),
        };
        let mut bytes = frame_bytes(random, length as usize, to, from);
        if random.one_in(12) && bytes.len() > 18 {
            bytes.splice(12..14, [0x88, 0x08]);
            let end = bytes.len() - 4;
            let fcs = !crc32::update(crc32::INITIAL, &bytes[..end]);
            bytes.splice(end.., fcs.to_le_bytes());
        }
        match random.below(10) {
            0 | 1 => {
                let at = random.below(bytes.len() as u64 * 8) as usize;
                bytes[at / 8] ^= 1 << (at % 8);
            }
            2 if bytes.len() > 4 => stomp(&mut bytes),
            _ => {}
        }
        let mut frame = beats::<KEEP_W>(random, &bytes);
        frame.last_mut().unwrap().user = random.one_in(12);
        if random.one_in(12) {
            let at = random.below(frame.len() as u64) as usize;
            frame[at].keep = random.below(1 << KEEP_W);
        }
        for beat in &mut frame {
            if random.below(100) < pauses {
                beat.pause = 1 + random.below(4) as usize;
            }
        }
        frames.push(frame);
    }
    frames
}

/// The tests, for one width each.
macro_rules! for_width {
    ($module:ident, $words:literal, $keep_w:literal, $depth:literal, $latency:literal) => {
        mod $module {
            use super::*;

            type Bench = super::Bench<$words, $keep_w, $depth>;
            const KEEP_W: usize = $keep_w;

            fn plain(random: &mut Random, length: usize) -> Vec<Beat> {
                let bytes = frame_bytes(random, length, REMOTE, [0x02, 9, 9, 9, 9, length as u8]);
                beats::<KEEP_W>(random, &bytes)
            }

            #[test]
            fn forwards_back_to_back_frames_at_full_rate_with_fixed_latency() {
                let mut random = Random(1);
                let mut bench = Bench::new(Fabric::Lossy, 2);
                let frames: Vec<_> = (0..60)
                    .map(|i| plain(&mut random, 64 + i % (2 * KEEP_W)))
                    .collect();
                bench.refused = 0;
                bench.check(&frames);
                assert_eq!(bench.counts["accepted"], 60);
                assert_eq!(bench.refused, 0, "tready went low");
                assert_eq!(bench.offered_cycles.len(), 60);
                for (offered, first) in bench.offered_cycles.iter().zip(&bench.first_beat_cycles) {
                    assert_eq!(offered - first, $latency);
                }
            }

            #[test]
            fn stomps_bad_frames_of_every_tail_and_keeps_them_bad_in_a_row() {
                let mut random = Random(3);
                let mut bench = Bench::new(Fabric::Lossy, 4);
                for length in 64..64 + 2 * KEEP_W {
                    let mut bytes = frame_bytes(&mut random, length, REMOTE, UNKNOWN);
                    bytes[30] ^= 4;
                    bench.check(&[beats::<KEEP_W>(&mut random, &bytes)]);
                    assert_eq!(bench.counts["fcs_error"], 1);
                    for _ in 0..2 {
                        let stomped = bench.sent[0].bytes.clone();
                        assert_ne!(stomped, bytes);
                        bench.check(&[beats::<KEEP_W>(&mut random, &stomped)]);
                        assert_eq!(bench.sent[0].bytes, stomped, "a stomped frame changed");
                        assert!(bench.sent[0].poisoned);
                        assert_eq!(bench.counts["poisoned_in"], 1);
                    }
                }
            }

            #[test]
            fn drops_or_poisons_runts_of_every_length() {
                let mut random = Random(5);
                let mut bench = Bench::new(Fabric::Lossy, 6);
                let runts: Vec<_> = (1..64).map(|length| plain(&mut random, length)).collect();
                let (mut dropped, mut poisoned) = (0, 0);
                for runt in runts {
                    bench.check(&[runt, plain(&mut random, 64)]);
                    dropped += bench.counts["runt_dropped"];
                    poisoned += bench.counts["runt_poisoned"];
                }
                assert_eq!(dropped, 3 * KEEP_W as u32);
                assert_eq!(dropped + poisoned, 63);
            }

            #[test]
            fn closes_frames_at_the_maximum() {
                let mut random = Random(7);
                let mut bench = Bench::new(Fabric::Lossy, 8);
                let mut frames: Vec<_> = (MAX_FRAME_BYTES - 10..MAX_FRAME_BYTES + 20)
                    .map(|length| plain(&mut random, length))
                    .collect();
                frames.push(plain(&mut random, 4_000));
                frames.push(plain(&mut random, 64));
                bench.refused = 0;
                bench.check(&frames);
                assert_eq!(bench.counts["too_long"], 20);
                assert_eq!(bench.counts["accepted"], 32);
                assert_eq!(bench.refused, 0, "tready went low");
            }

            #[test]
            fn closes_frames_at_any_maximum() {
                let mut random = Random(31);
                for maximum in 128..129 + KEEP_W {
                    let mut bench = Bench::with_maximum(Fabric::Lossy, 32, maximum);
                    let frames: Vec<_> = (maximum - KEEP_W..maximum + 2 * KEEP_W)
                        .map(|length| plain(&mut random, length))
                        .collect();
                    bench.check(&frames);
                    assert_eq!(bench.counts["too_long"], 2 * KEEP_W as u32 - 1);
                }
            }

            #[test]
            fn closes_a_frame_that_pauses_at_any_beat() {
                let mut random = Random(9);
                let mut bench = Bench::new(Fabric::Lossy, 10);
                bench.gap_limit = 5;
                let (mut closed, count) = (0, 100usize.div_ceil(KEEP_W));
                for at in 1..count {
                    for pause in [4, 5, 6, 9] {
                        let mut frame = plain(&mut random, 100);
                        frame[at].pause = pause;
                        bench.check(&[frame, plain(&mut random, 70)]);
                        closed += bench.counts["gap_closed"];
                    }
                }
                assert!(closed >= 2 * (count as u32 - 4));
                bench.gap_limit = 0;
                let mut frame = plain(&mut random, 100);
                frame[3].pause = 70_000;
                bench.check(&[frame]);
                assert_eq!(bench.sent.len(), 1, "no limit");
            }

            #[test]
            fn poisons_every_malformed_keep() {
                let mut random = Random(11);
                let mut bench = Bench::new(Fabric::Lossy, 12);
                let mut malformed = 0;
                for keep in 0..1 << KEEP_W {
                    for at in [3, 100 / KEEP_W, 0] {
                        let mut frame = plain(&mut random, 100 - 100 % KEEP_W + 3);
                        frame[at].keep = keep;
                        bench.check(&[frame, plain(&mut random, 64)]);
                        malformed += bench.counts["malformed"];
                    }
                }
                assert_eq!(malformed, 3 * (1 << KEEP_W) - 2 - KEEP_W as u32);
            }

            #[test]
            fn forgets_everything_at_reset() {
                let mut random = Random(13);
                for fabric in [Fabric::Lossy, Fabric::Lossless] {
                    let mut bench = Bench::new(fabric, 14);
                    for stop in 1..40 {
                        let frame = plain(&mut random, 290);
                        for beat in &frame[..stop.min(frame.len() - 1)] {
                            bench.offer(beat);
                        }
                        bench.reset();
                        let length = 64 + stop;
                        let next = [plain(&mut random, length), plain(&mut random, 90)];
                        bench.check(&next);
                        assert_eq!(bench.counts["accepted"], 2);
                    }
                }
            }

            #[test]
            fn replaces_a_learn_that_waits_and_counts_it() {
                let mut random = Random(15);
                let mut bench = Bench::new(Fabric::Lossy, 16);
                bench.learn_ready = false;
                for length in 64..68 {
                    for beat in plain(&mut random, length) {
                        bench.offer(&beat);
                    }
                }
                bench.drain();
                assert_eq!(bench.counts["learn_missed"], 3);
                bench.learn_ready = true;
                bench.drain();
                assert_eq!(bench.learned, [[0x02, 9, 9, 9, 9, 67]]);
            }

            #[test]
            fn is_the_same_in_verilog() {
                let mut random = Random(17);
                let mut bench = Bench::new(Fabric::Stubborn, 18);
                let name = export::module_name(&*bench.block).unwrap();
                let design = export::export(&*bench.block, &name, &[]).unwrap();
                cosim::lint(&design).unwrap();
                bench.recorder = Some(cosim::Recorder::new());
                bench.reset();
                bench.gap_limit = 3;
                bench.check(&random_frames::<KEEP_W>(&mut random, 150, 20));
                for beat in &plain(&mut random, 290)[..20] {
                    bench.offer(beat);
                }
                bench.reset();
                bench.check(&random_frames::<KEEP_W>(&mut random, 50, 1));
                let trace = bench.recorder.take().unwrap().finish();
                for name in STATS.iter().filter(|name| **name != "learn_missed") {
                    let pin = format!("stat_{name}");
                    let pulses =
                        (0..trace.len()).filter(|cycle| trace.value(*cycle, &pin) == Some(1));
                    assert!(pulses.count() > 0, "{name} was not reached");
                }
                cosim::replay(&design, &trace).unwrap();
            }

            #[test]
            fn follows_the_reference_under_random_traffic() {
                let mut totals = Counts::new();
                let mut seed = 20;
                for fabric in [Fabric::Lossy, Fabric::Lossless, Fabric::Stubborn] {
                    for pauses in [0, 10, 50] {
                        seed += 1;
                        println!("seed {seed}");
                        let mut random = Random(seed);
                        let mut bench = Bench::new(fabric, seed);
                        bench.gap_limit = if pauses == 50 { 3 } else { 0 };
                        bench.refused = 0;
                        bench.check(&random_frames::<KEEP_W>(&mut random, 250, pauses));
                        assert_eq!(bench.refused > 0, fabric != Fabric::Lossy);
                        for name in STATS {
                            *totals.entry(name).or_default() += bench.counts[name];
                        }
                    }
                }
                for name in STATS {
                    let wanted = if name == "learn_missed" { 0 } else { 20 };
                    assert!(
                        totals[name] >= wanted,
                        "{name} reached {} times",
                        totals[name]
                    );
                }
            }
        }
    };
}

#[test]
#[should_panic(expected = "max_frame_bytes is 63: give 64 to 65535")]
fn refuses_a_maximum_below_the_minimum() {
    let _ = Ingress::<2, 8, 4, 0>::new(63);
}

for_width!(wide, 2, 8, 0, 3);
for_width!(narrow, 1, 4, 1, 4);
