//! Tests of [`MacTx`]: what its blocks say, read by a decoder that knows nothing of it.

use crate::cosim::Random;
use crate::mac::{MacTx, TxOptions};
use crate::pcs::block;
use crate::testbench::Bench;

/// A frame to send.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    bytes: Vec<u8>,
    poison: bool,
}

/// What was read off the blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// A frame, and whether an error block was in it.
    Frame(Frame),
    /// An ordered set: D1 to D3.
    Set([u8; 3]),
}

/// Reads blocks. Gaps are bytes from the end's byte to the start's, both as the standard counts them.
#[derive(Default)]
struct Decoder {
    open: Option<Frame>,
    seen: Vec<Seen>,
    gap: usize,
    gaps: Vec<usize>,
}

impl Decoder {
    fn block(&mut self, control: bool, payload: u64) {
        let bytes = payload.to_le_bytes();
        if !control {
            self.open
                .as_mut()
                .expect("data belongs to a frame")
                .bytes
                .extend(bytes);
            return;
        }
        if let Some(count) = block::END.iter().position(|&kind| kind == bytes[0]) {
            let mut frame = self.open.take().expect("an end belongs to a frame");
            frame.bytes.extend(&bytes[1..=count]);
            assert!(bytes[count + 1..].iter().all(|&byte| byte == 0));
            self.seen.push(Seen::Frame(frame));
            self.gap = 8 - count;
        } else if payload == block::ERROR_BLOCK {
            self.open.as_mut().expect("in a frame").poison = true;
        } else if payload == block::START_BLOCK {
            assert!(self.open.is_none());
            self.open = Some(Frame {
                bytes: Vec::new(),
                poison: false,
            });
            self.gaps.push(self.gap);
        } else {
            assert!(self.open.is_none(), "nothing but data inside a frame");
            self.gap += 8;
            if bytes[0] == block::ORDERED_SET {
                self.seen.push(Seen::Set([bytes[1], bytes[2], bytes[3]]));
            } else {
                assert_eq!(payload, block::IDLE_BLOCK);
            }
        }
    }

    fn frames(&self) -> Vec<Frame> {
        let frames = self.seen.iter().filter_map(|seen| match seen {
            Seen::Frame(frame) => Some(frame.clone()),
            Seen::Set(_) => None,
        });
        frames.collect()
    }
}

/// How a run goes.
struct Run {
    seed: u64,
    frames: Vec<Frame>,
    /// The source pauses once in so many cycles; 0: never.
    pause: u32,
    /// The PCS takes no block once in so many cycles; 0: never.
    stall: u32,
    cycles: usize,
}

/// Counter pulses of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pulses {
    frames: usize,
    underruns: usize,
    discarded: usize,
}

/// Inputs of a cycle besides the frames.
#[derive(Clone, Copy, Default)]
struct Control {
    hold: bool,
    discard: bool,
    remote_fault: bool,
    message: Option<u64>,
}

fn run<const WORDS: usize, const KEEP_W: usize>(
    run: &Run,
    mut control: impl FnMut(usize, usize) -> Control,
) -> (Decoder, Pulses) {
    let mut bench = Bench::recording(MacTx::<WORDS, KEEP_W, 1, 0, 9>::new(
        2 * WORDS,
        1_522,
        &TxOptions::default(),
    ));
    let mut random = Random::new(run.seed);
    let mut decoder = Decoder::default();
    let mut pulses = Pulses::default();
    let (mut frame, mut position) = (0, 0);
    let mut block: Vec<u32> = Vec::new();
    let mut messages = 0;
    bench.block.reset.next = true;
    bench.clock();
    bench.block.reset.next = false;
    for cycle in 0..run.cycles {
        let asked = control(cycle, messages);
        let offers = frame < run.frames.len() && !(run.pause > 0 && random.one_in(run.pause));
        let dut = &mut bench.block;
        dut.tx.tvalid.next = offers;
        let mut step = 0;
        if offers {
            let Frame { bytes, poison } = &run.frames[frame];
            let beat = &bytes[position..bytes.len().min(position + KEEP_W)];
            step = beat.len();
            for (word, tdata) in dut.tx.tdata.iter_mut().enumerate() {
                // Bytes that do not count are anything.
                let bytes = std::array::from_fn(|i| *beat.get(4 * word + i).unwrap_or(&0xee));
                tdata.next = u64::from(u32::from_le_bytes(bytes)).into();
            }
            let last = position + step == bytes.len();
            dut.tx.tkeep.next = ((1_u64 << step) - 1).into();
            dut.tx.tlast.next = last;
            dut.tx.tuser.next = last && *poison;
        }
        dut.hold.next = asked.hold;
        dut.discard.next = asked.discard;
        dut.remote_fault.next = asked.remote_fault;
        dut.message_valid.next = asked.message.is_some();
        let message = asked.message.unwrap_or(0);
        dut.message[0].next = (message & 0xffff_ffff).into();
        dut.message[1].next = (message >> 32).into();
        let ready = !(run.stall > 0 && random.one_in(run.stall));
        dut.blocks.ready.next = ready;
        bench.settle();
        let dut = &bench.block;
        if offers && dut.tx.tready.val() {
            position += step;
            if position == run.frames[frame].bytes.len() {
                (frame, position) = (frame + 1, 0);
            }
        }
        if ready {
            assert_eq!(dut.blocks.first.val(), block.is_empty());
            block.extend(dut.blocks.data.iter().map(|word| word.val().to_u32()));
            if let [low, high] = block[..] {
                decoder.block(
                    dut.blocks.control.val(),
                    u64::from(high) << 32 | u64::from(low),
                );
                block.clear();
            }
        }
        messages += usize::from(dut.message_taken.val());
        pulses.frames += usize::from(dut.stat_frame.val());
        pulses.underruns += usize::from(dut.stat_underrun.val());
        pulses.discarded += usize::from(dut.stat_discarded.val());
        bench.clock();
    }
    bench.replay();
    (decoder, pulses)
}

fn random_frames(seed: u64, count: usize, poison: u32) -> Vec<Frame> {
    let mut random = Random::new(seed);
    let frame = |_| Frame {
        bytes: (0..=random.below(90))
            .map(|_| random.bits(8) as u8)
            .collect(),
        poison: random.one_in(poison),
    };
    (0..count).map(frame).collect()
}

/// Every frame arrives whole and in order, poisoned ones with an error block, with gaps of twelve bytes on average.
fn sends_frames<const WORDS: usize, const KEEP_W: usize>() {
    let frames = random_frames(1, 120, 4);
    let (decoder, pulses) = run::<WORDS, KEEP_W>(
        &Run {
            seed: 1,
            frames: frames.clone(),
            pause: 0,
            stall: 33,
            cycles: 120 * 30,
        },
        |_, _| Control::default(),
    );
    assert_eq!(decoder.frames(), frames);
    assert!(frames.iter().any(|frame| frame.poison));
    assert_eq!((pulses.frames, pulses.underruns), (120, 0));
    let gaps = &decoder.gaps[1..];
    let mean_tenths = 10 * gaps.iter().sum::<usize>() / gaps.len();
    assert!(gaps.iter().all(|&gap| (5..=19).contains(&gap)), "{gaps:?}");
    assert!(gaps.contains(&5) || gaps.contains(&6));
    assert!((119..=126).contains(&mean_tenths), "{mean_tenths} tenths");
}

#[test]
fn sends_frames_at_64_bits() {
    sends_frames::<2, 8>();
}

#[test]
fn sends_frames_at_32_bits() {
    sends_frames::<1, 4>();
}

/// Long frames from a source that pauses run dry: each is ended, poisoned and counted, and what follows is right.
fn ends_what_runs_dry<const WORDS: usize, const KEEP_W: usize>() {
    let mut frames = random_frames(2, 60, 1_000);
    for frame in frames.iter_mut().step_by(3) {
        frame.bytes.resize(700, 0x77);
    }
    let (decoder, pulses) = run::<WORDS, KEEP_W>(
        &Run {
            seed: 2,
            frames: frames.clone(),
            pause: 4,
            stall: 0,
            cycles: 60 * 200,
        },
        |_, _| Control::default(),
    );
    let seen = decoder.frames();
    assert_eq!(seen.len(), frames.len());
    let cut = seen.iter().filter(|frame| frame.poison).count();
    assert!(cut >= 10 && cut == pulses.underruns, "{cut}, {pulses:?}");
    for (seen, sent) in seen.iter().zip(&frames) {
        if seen.poison {
            assert!(sent.bytes.starts_with(&seen.bytes) && seen.bytes.len() < sent.bytes.len());
        } else {
            assert_eq!(seen, sent);
        }
    }
}

#[test]
fn ends_what_runs_dry_at_64_bits() {
    ends_what_runs_dry::<2, 8>();
}

#[test]
fn ends_what_runs_dry_at_32_bits() {
    ends_what_runs_dry::<1, 4>();
}

#[test]
fn holds_discards_and_tells() {
    let frames = random_frames(3, 40, 1_000);
    let message = 0x6655_0600_3322_114b;
    let (decoder, pulses) = run::<2, 8>(
        &Run {
            seed: 3,
            frames: frames.clone(),
            pause: 3,
            stall: 5,
            cycles: 3_000,
        },
        |cycle, messages| Control {
            hold: (100..200).contains(&cycle),
            discard: (300..500).contains(&cycle),
            remote_fault: (200..220).contains(&cycle),
            message: (cycle > 50 && messages < 5).then_some(message),
        },
    );
    let seen = decoder.frames();
    assert!(pulses.discarded > 3, "{pulses:?}");
    assert_eq!(seen.len() + pulses.discarded, frames.len());
    let mut rest = frames.iter();
    for frame in &seen {
        assert!(rest.any(|sent| sent == frame), "out of order or changed");
    }
    let sets = |set: [u8; 3]| {
        let is_set = |seen: &&Seen| matches!(seen, Seen::Set(found) if *found == set);
        decoder.seen.iter().filter(is_set).count()
    };
    assert_eq!(sets([0x11, 0x22, 0x33]), 5);
    assert!((5..=20).contains(&sets([0, 0, 2])));
}

#[test]
fn waits_for_as_many_blocks_as_it_needs() {
    // At 4x16 and 1 522 bytes: a row of markers, a bubble, drift, the block.
    assert_eq!(crate::mac::start_blocks(4, 1_522), 7);
    assert_eq!(crate::mac::start_blocks(8, 9_216), 11);
    let long = Frame {
        bytes: vec![0x42; 800],
        poison: false,
    };
    let short = Frame {
        bytes: vec![0x43; 8],
        poison: false,
    };
    for (frame, expected) in [(long, 3 + 6), (short, 3)] {
        let mut bench = Bench::new(MacTx::<2, 8, 1, 0, 9>::new(4, 1_522, &TxOptions::default()));
        let mut cycles = 0;
        loop {
            let last = frame.bytes.len() == 8;
            bench.block.tx.tvalid.next = !last || cycles == 0;
            bench.block.tx.tkeep.next = 0xff_u64.into();
            bench.block.tx.tlast.next = last;
            bench.block.blocks.ready.next = true;
            bench.settle();
            if bench.block.blocks.data[0].val().to_u32() == block::START_BLOCK as u32 {
                break;
            }
            bench.clock();
            cycles += 1;
            assert!(cycles < 50);
        }
        assert_eq!(cycles, expected);
    }
}
