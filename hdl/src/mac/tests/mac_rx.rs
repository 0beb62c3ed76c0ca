//! Tests of [`MacRx`]: blocks written by a list of frames and of what can go wrong, against the frames that must come of it.

use super::blocks::{blocks_of, control, Block, Frame};
use crate::cosim::Random;
use crate::mac::MacRx;
use crate::pcs::block;
use crate::testbench::Bench;

/// What went wrong, and how often: the counters of the block.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pulses {
    frames: usize,
    broken: usize,
    too_long: usize,
    short: usize,
    damaged: usize,
    dropped: usize,
    cut: usize,
}

/// Inputs of a cycle besides the blocks.
#[derive(Clone, Copy)]
struct Control {
    up: bool,
    ready: bool,
}

/// Sends `blocks` with holes, and reads the stream.
fn run<const WORDS: usize, const KEEP_W: usize>(
    seed: u64,
    max_frame_bytes: usize,
    blocks: &[Block],
    mut control: impl FnMut(usize) -> Control,
) -> (Vec<Frame>, Pulses) {
    let mut bench = Bench::recording(MacRx::<WORDS, KEEP_W>::new(max_frame_bytes));
    let mut random = Random::new(seed);
    let (mut frames, mut bytes) = (Vec::new(), Vec::new());
    let mut pulses = Pulses::default();
    let mut held: Option<(Vec<u32>, u64, bool)> = None;
    bench.block.reset.next = true;
    bench.clock();
    bench.block.reset.next = false;
    let beats: Vec<(usize, &Block)> = blocks
        .iter()
        .flat_map(|block| (0..2 / WORDS).map(move |half| (half, block)))
        .collect();
    let (mut next, mut cycle) = (0, 0);
    while cycle < beats.len() * 2 + 100 {
        // A block's halves come one after the other, blocks with holes.
        let starts = next < beats.len() && (beats[next].0 > 0 || !random.one_in(5));
        let dut = &mut bench.block;
        dut.blocks.valid.next = starts;
        if starts {
            let (half, block) = beats[next];
            dut.blocks.first.next = half == 0;
            dut.blocks.control.next = block.control;
            dut.blocks.bad.next = block.bad;
            for (word, data) in dut.blocks.data.iter_mut().enumerate() {
                data.next = (block.payload >> (32 * (half + word)) & 0xffff_ffff).into();
            }
            next += 1;
        }
        let asked = control(cycle);
        dut.up.next = asked.up;
        dut.rx.tready.next = asked.ready;
        bench.settle();
        let rx = &bench.block.rx;
        let now = rx.tvalid.val().then(|| {
            let words = rx.tdata.iter().map(|word| word.val().to_u32()).collect();
            (words, rx.tkeep.val().to_u64(), rx.tlast.val())
        });
        if let Some(held) = held.take() {
            assert_eq!(Some(held), now, "a beat holds until it is taken");
        }
        if let Some((words, keep, last)) = now {
            if asked.ready {
                let count = keep.count_ones() as usize;
                assert_eq!(keep, (1 << count) - 1);
                assert!(last || count == KEEP_W);
                let beat: Vec<u8> = words
                    .iter()
                    .flat_map(|word: &u32| word.to_le_bytes())
                    .collect();
                bytes.extend(&beat[..count]);
                if last {
                    let poison = rx.tuser.val();
                    frames.push(Frame {
                        bytes: std::mem::take(&mut bytes),
                        poison,
                    });
                }
            } else {
                held = Some((words, keep, last));
            }
        }
        let dut = &bench.block;
        pulses.frames += usize::from(dut.stat_frame.val());
        pulses.broken += usize::from(dut.stat_broken.val());
        pulses.too_long += usize::from(dut.stat_too_long.val());
        pulses.short += usize::from(dut.stat_short.val());
        pulses.damaged += usize::from(dut.stat_damaged.val());
        pulses.dropped += usize::from(dut.stat_dropped.val());
        pulses.cut += usize::from(dut.stat_cut.val());
        bench.clock();
        cycle += 1;
    }
    assert!(bytes.is_empty(), "a frame that has not ended");
    bench.replay();
    (frames, pulses)
}

fn always(_: usize) -> Control {
    Control {
        up: true,
        ready: true,
    }
}

fn random_bytes(random: &mut Random, most: u32) -> Vec<u8> {
    (0..=random.below(most))
        .map(|_| random.bits(8) as u8)
        .collect()
}

/// Frames of every kind, and what must come of them: the end is right, or something else ends the frame, or a block is bad.
fn reads_frames<const WORDS: usize, const KEEP_W: usize>() {
    let mut random = Random::new(7);
    let (mut blocks, mut expected) = (vec![control(block::IDLE_BLOCK)], Vec::new());
    let mut wanted = Pulses::default();
    for _ in 0..300 {
        let bytes = random_bytes(&mut random, 140);
        let mut frame = blocks_of(&bytes);
        let whole = bytes.len() / 8 * 8;
        match random.below(6) {
            0 => {
                // The end is missing: idle, an ordered set or the next start ends it.
                frame.pop();
                let ends = [block::IDLE_BLOCK, block::LOCAL_FAULT];
                frame.push(control(ends[random.below(2) as usize]));
                wanted.broken += 1;
                if whole > 0 {
                    expected.push((bytes[..whole].to_vec(), true));
                }
            }
            1 if whole > 0 => {
                // A block that cannot be read: poisoned, without its bytes.
                let hit = 1 + random.below(whole as u32 / 8) as usize;
                let damage = [
                    control(block::ERROR_BLOCK),
                    control(0x1234_5699_9999_0033),
                    control(0x0000_0001_0000_001e),
                    Block {
                        bad: true,
                        ..frame[hit]
                    },
                ];
                frame[hit] = damage[random.below(4) as usize];
                let mut left = bytes.clone();
                left.drain(8 * (hit - 1)..8 * hit);
                wanted.frames += 1;
                wanted.damaged += 1;
                wanted.short += usize::from(left.len() < 64);
                if !left.is_empty() {
                    expected.push((left, true));
                }
            }
            2 => {
                // Data that belongs to nothing.
                blocks.extend(&frame[1..]);
                frame.clear();
            }
            3 => {
                // Nothing between start and end.
                frame.drain(1..);
                frame.push(control(u64::from(block::END[0])));
                wanted.frames += 1;
                wanted.short += 1;
            }
            _ => {
                wanted.frames += 1;
                wanted.short += usize::from(bytes.len() < 64);
                expected.push((bytes, false));
            }
        }
        blocks.extend(frame);
        if random.bit() {
            blocks.push(control(block::IDLE_BLOCK));
        }
    }
    let (frames, pulses) = run::<WORDS, KEEP_W>(7, 1_522, &blocks, always);
    let frames: Vec<_> = frames
        .into_iter()
        .map(|frame| (frame.bytes, frame.poison))
        .collect();
    assert_eq!(frames, expected);
    assert_eq!(pulses, wanted);
    assert!(wanted.broken > 10 && wanted.damaged > 10 && wanted.short > 10);
}

#[test]
fn reads_frames_at_64_bits() {
    reads_frames::<2, 8>();
}

#[test]
fn reads_frames_at_32_bits() {
    reads_frames::<1, 4>();
}

#[test]
fn cuts_what_is_too_long() {
    for maximum in [100, 96, 103] {
        let mut blocks = Vec::new();
        let mut expected = Vec::new();
        for bytes in maximum - 9..maximum + 20 {
            let frame: Vec<u8> = (0..bytes as u8).collect();
            blocks.extend(blocks_of(&frame));
            let kept = if bytes > maximum {
                maximum / 8 * 8
            } else {
                bytes
            };
            expected.push(Frame {
                bytes: frame[..kept].to_vec(),
                poison: bytes > maximum,
            });
        }
        let (frames, pulses) = run::<2, 8>(8, maximum, &blocks, always);
        assert_eq!(frames, expected);
        assert_eq!((pulses.too_long, pulses.frames), (19, 10));
    }
}

#[test]
fn ends_the_frame_when_the_link_goes_down() {
    let blocks: Vec<Block> = (0..40_u8).flat_map(|i| blocks_of(&[i; 90])).collect();
    let (frames, pulses) = run::<2, 8>(9, 1_522, &blocks, |cycle| Control {
        up: cycle % 100 > 3,
        ready: true,
    });
    assert!(pulses.broken >= 3, "{pulses:?}");
    let poisoned = frames.iter().filter(|frame| frame.poison).count();
    assert!(poisoned >= 3 && poisoned <= pulses.broken);
    for frame in frames {
        assert!(frame.poison || frame.bytes.len() == 90);
        assert!(frame.bytes.iter().all(|byte| *byte == frame.bytes[0]));
    }
}

/// A client that holds back for long: frames are dropped whole or cut and poisoned, each counted, and the rest is right.
#[test]
fn counts_what_finds_no_room() {
    let mut random = Random::new(10);
    let sent: Vec<Vec<u8>> = (0..200).map(|_| random_bytes(&mut random, 200)).collect();
    let blocks: Vec<Block> = sent.iter().flat_map(|bytes| blocks_of(bytes)).collect();
    let (frames, pulses) = run::<2, 8>(10, 1_522, &blocks, |cycle| Control {
        up: true,
        ready: cycle % 150 > 60,
    });
    assert!(pulses.dropped > 5 && pulses.cut > 5, "{pulses:?}");
    assert_eq!(frames.len() + pulses.dropped, sent.len());
    let cut = frames.iter().filter(|frame| frame.poison).count();
    assert_eq!(cut, pulses.cut);
    let mut rest = sent.iter();
    for frame in &frames {
        assert!(rest.any(|sent| sent.starts_with(&frame.bytes)
            && (frame.poison || sent.len() == frame.bytes.len())));
    }
}

#[test]
fn hears_faults() {
    let mut bench = Bench::recording(MacRx::<2, 8>::new(1_522));
    let mut send = |payload: u64, times: usize| {
        for _ in 0..times {
            bench.block.up.next = true;
            bench.block.blocks.valid.next = true;
            bench.block.blocks.first.next = true;
            bench.block.blocks.control.next = true;
            bench.block.blocks.data[0].next = (payload & 0xffff_ffff).into();
            bench.block.blocks.data[1].next = (payload >> 32).into();
            bench.clock();
        }
        bench.block.blocks.valid.next = false;
        bench.clock();
        bench.clock();
        (
            bench.block.local_fault.val(),
            bench.block.remote_fault.val(),
        )
    };
    assert_eq!(send(block::LOCAL_FAULT, 3), (false, false));
    assert_eq!(send(block::IDLE_BLOCK, 100), (false, false));
    assert_eq!(send(block::LOCAL_FAULT, 1), (true, false));
    assert_eq!(send(block::REMOTE_FAULT, 3), (true, false));
    assert_eq!(send(block::REMOTE_FAULT, 1), (false, true));
    assert_eq!(send(block::IDLE_BLOCK, 127), (false, true));
    assert_eq!(send(block::IDLE_BLOCK, 1), (false, false));
    assert_eq!(send(block::REMOTE_FAULT, 3), (false, false));
    assert_eq!(send(block::IDLE_BLOCK, 128), (false, false));
    assert_eq!(send(block::REMOTE_FAULT, 3), (false, false));
    bench.replay();
}
