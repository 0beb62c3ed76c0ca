//! Tests of the parts of the lossless link's receiver, each against a few lines that say the same.

use super::blocks::{sealed, start, word};
use crate::cosim::Random;
use crate::ingress::crc32;
use crate::link::Features;
use crate::mac::{
    FrameCheck, FrameGate, PositionCheck, ReceiveBuffer, ReportWriter, RetryRx, StartReader,
};
use crate::target::Target;
use crate::testbench::Bench;
use std::collections::VecDeque;

#[test]
fn reads_starts_and_sees_every_damaged_bit() {
    let mut bench = Bench::recording(StartReader::default());
    let mut random = Random::new(1);
    let mut read = |payload: u64, is_start: bool| {
        bench.block.block[0].next = (payload & 0xffff_ffff).into();
        bench.block.block[1].next = (payload >> 32).into();
        bench.block.is_start.next = is_start;
        bench.clock();
        let dut = &bench.block;
        (
            dut.is_good.val(),
            dut.position.val().to_u64(),
            dut.is_final.val(),
        )
    };
    for _ in 0..50 {
        let (position, is_final) = (random.bits(16), random.bit());
        let payload = start(position as u16, is_final).payload;
        assert_eq!(read(payload, true), (true, position, is_final));
        assert_eq!(read(random.bits(64), false), (true, position, is_final));
        for bit in (8..32).chain(48..56) {
            assert!(!read(payload ^ 1 << bit, true).0, "bit {bit}");
        }
        assert!(read(payload ^ 1 << (32 + random.below(16)), true).0);
    }
    bench.replay();
}

/// Frames of every length with every kind of FCS, hit and not.
#[test]
fn judges_frames() {
    let mut bench = Bench::recording(FrameCheck::default());
    let mut random = Random::new(2);
    let mut judged = [[0; 2]; 4];
    for number in 0..400 {
        let length = 5 + number as usize % 93;
        let kind = random.below(4) as usize;
        let mut bytes = sealed(number, length, kind == 1);
        let flip = random.below(8 * length as u32) as usize;
        if kind == 2 {
            bytes[flip / 8] ^= 1 << (flip % 8);
        }
        let (is_poisoned, is_hit) = (kind == 3, random.one_in(4));
        let blocks: Vec<_> = bytes.chunks(8).collect();
        for (index, chunk) in blocks.iter().enumerate() {
            let last = index + 1 == blocks.len();
            let payload = word(chunk);
            let dut = &mut bench.block;
            dut.block.data[0].next = (payload & 0xffff_ffff).into();
            dut.block.data[1].next = (payload >> 32).into();
            dut.block.count.next = (chunk.len() as u64 - 1).into();
            dut.block.last.next = last;
            dut.block.poison.next = last && (is_poisoned || is_hit);
            dut.hit.next = last && is_hit;
            dut.lost.next = number % 5 == 0;
            dut.block.valid.next = true;
            bench.clock();
            let dut = &bench.block;
            let [low, high] = std::array::from_fn(|i| dut.checked.data[i].val().to_u64());
            assert!(dut.checked.valid.val());
            assert_eq!(high << 32 | low, payload);
            assert_eq!(dut.checked.last.val(), last);
            assert_eq!(dut.is_lost.val(), number % 5 == 0);
            if last {
                assert_eq!(dut.is_hit.val(), is_hit);
                assert_eq!(
                    dut.well.val(),
                    !is_hit && kind != 2,
                    "{length} bytes, kind {kind}"
                );
                judged[kind][usize::from(is_hit)] += 1;
            }
            // The first block of the next frame comes two cycles later at the earliest.
            if last || random.one_in(4) {
                bench.block.block.valid.next = false;
                bench.block.lost.next = false;
                bench.clock();
                assert!(!bench.block.checked.valid.val() && !bench.block.is_lost.val());
            }
        }
    }
    assert!(
        judged.iter().flatten().all(|&count| count > 10),
        "{judged:?}"
    );
    // A reset inside a frame forgets it.
    let bytes = sealed(1, 8, false);
    let payload = word(&bytes);
    for reset in [true, false] {
        bench.block.reset.next = reset;
        bench.block.block.valid.next = true;
        bench.block.hit.next = false;
        bench.block.block.data[0].next = (payload & 0xffff_ffff).into();
        bench.block.block.data[1].next = (payload >> 32).into();
        bench.block.block.poison.next = false;
        bench.block.block.last.next = true;
        bench.block.block.count.next = 7_u64.into();
        bench.clock();
    }
    assert!(bench.block.well.val());
    assert_eq!(
        crc32::update(crc32::INITIAL, &bytes),
        crc32::good_residue(0)
    );
    bench.replay();
}

#[test]
fn places_frames_over_the_wrap() {
    let mut bench = Bench::recording(PositionCheck::default());
    let mut random = Random::new(3);
    bench.block.reset.next = true;
    bench.clock();
    bench.block.reset.next = false;
    let mut seen = [0; 4];
    for _ in 0..400 {
        let expected = [0, 3, 0x8000, 0xfffe][random.below(4) as usize];
        let distance = [0, 1, 0xffff, 0x7fff, 0x8000, 40][random.below(6) as usize];
        let position = (expected + distance) & 0xffff;
        let (is_good, is_final) = (!random.one_in(4), random.one_in(4));
        let blocks = 1 + random.below(5);
        for block in 0..blocks {
            let dut = &mut bench.block;
            dut.enter.next = true;
            dut.last.next = block + 1 == blocks;
            // They count with the first block only.
            dut.position.next = if block == 0 {
                position
            } else {
                random.bits(16)
            }
            .into();
            dut.expected.next = if block == 0 {
                expected
            } else {
                random.bits(16)
            }
            .into();
            dut.is_good.next = if block == 0 { is_good } else { random.bit() };
            dut.is_final.next = is_final;
            bench.clock();
            bench.block.enter.next = false;
            if random.bit() {
                bench.clock();
            }
            let dut = &bench.block;
            assert_eq!(dut.is_first.val(), block == 0);
            assert_eq!(dut.at_expected.val(), is_good && distance == 0);
            assert_eq!(dut.is_earlier.val(), is_good && distance >= 0x8000);
            assert_eq!(dut.ends_retry.val(), is_good && is_final);
            let base = if is_good { position } else { expected };
            assert_eq!(
                dut.after.val().to_u64(),
                (base + u64::from(block) + 1) & 0xffff
            );
        }
        seen[usize::from(is_good) + usize::from(is_good && distance == 0)] += 1;
        seen[3] += usize::from(is_good && distance >= 0x8000);
    }
    assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
    bench.replay();
}

/// All inputs at random, against the rules.
#[test]
fn lets_in_what_fits_and_keeps_what_counts() {
    for takes_back in [false, true] {
        let mut bench = Bench::recording(FrameGate::new(takes_back));
        let mut random = Random::new(4);
        bench.block.reset.next = true;
        bench.clock();
        bench.block.reset.next = false;
        let mut is_open = false;
        let mut first = true;
        let mut seen = [0; 6];
        for _ in 0..3_000 {
            let dut = &mut bench.block;
            let valid = !random.one_in(4);
            let last = random.one_in(3);
            let room = random.below(8);
            let lets = !random.one_in(4);
            let (well, hit, is_final) = (random.bit(), random.one_in(3), random.one_in(4));
            let well = well && !hit;
            let counts = !random.one_in(6);
            dut.valid.next = valid;
            dut.first.next = first;
            dut.last.next = last;
            dut.poison.next = last && hit;
            dut.well.next = well;
            dut.hit.next = hit;
            dut.lets.next = lets;
            dut.counts.next = counts;
            dut.is_final.next = is_final;
            dut.has_place.next = room > 0;
            dut.has_places.next = room > 1;
            bench.settle();

            let is_in = valid && if first { lets } else { is_open };
            let fits = room > u32::from(!last);
            let good = is_in && last && fits && counts && (well || is_final && !hit);
            let cut = is_in && !first && !fits;
            let bad = is_in && last && fits && !good && !is_final;
            let kept = is_in && last && fits && !good && is_final;
            let dut = &bench.block;
            let writes = is_in && (fits || !first);
            assert_eq!(dut.write_valid.val(), writes);
            if writes {
                assert_eq!(dut.write_last.val(), last || cut);
                let poisons = (last || cut) && (cut || !well || !counts);
                assert_eq!(dut.write_poison.val(), poisons);
            }
            assert_eq!(dut.roll_back.val(), takes_back && (cut || bad));
            let ends = is_in && (last && fits || cut);
            assert_eq!(dut.commit.val(), ends && !dut.roll_back.val());
            assert_eq!(dut.took.val(), good);
            assert_eq!(dut.failed.val(), cut || bad || is_in && first && !fits);
            for (count, is_seen) in
                seen.iter_mut()
                    .zip([good, bad, cut, is_in && first && !fits, good && !well, kept])
            {
                *count += u32::from(is_seen);
            }
            if valid {
                is_open = is_in && fits && !last;
                first = last;
            }
            let dropped = is_in && dut.first.val() && !fits;
            bench.clock();
            assert_eq!(bench.block.stat_cut.val(), cut);
            assert_eq!(bench.block.stat_dropped.val(), dropped);
        }
        assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
        bench.replay();
    }
}

/// All inputs at random, so that Rust and Verilog go through every state; the rules are those of the whole, in `lossless_rx`.
#[test]
fn goes_through_every_state() {
    for retry in [true, false] {
        let mut bench = Bench::recording(RetryRx::new(retry));
        let mut random = Random::new(5);
        let mut seen = [0; 4];
        for cycle in 0..4_000 {
            let dut = &mut bench.block;
            dut.reset.next = cycle == 0 || random.one_in(500);
            dut.link_up.next = !random.one_in(60);
            dut.valid.next = random.bit();
            dut.first.next = random.bit();
            dut.last.next = random.bit();
            dut.well.next = random.bit();
            dut.lost.next = random.one_in(20);
            let place = random.below(4);
            dut.at_expected.next = place < 2;
            dut.is_earlier.next = place == 2;
            dut.after.next = random.bits(16).into();
            dut.took.next = random.one_in(6);
            dut.failed.next = random.one_in(6);
            dut.position_valid.next = random.one_in(20);
            dut.position_init.next = random.bit();
            dut.position.next = random.bits(16).into();
            dut.nack_taken.next = random.one_in(4);
            bench.clock();
            seen[bench.block.state.val().index()] += 1;
            assert!(retry || bench.block.lets.val() && !bench.block.nack.val());
        }
        assert!(!retry || seen.iter().all(|&count| count > 100), "{seen:?}");
        bench.replay();
    }
}

/// One block of a buffer test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stored {
    data: u64,
    count: u64,
    last: bool,
    poison: bool,
}

/// Frames of which some are taken back, and a client that pauses: order, room and places.
#[test]
fn stores_in_order_and_takes_back() {
    for store in [false, true] {
        let mut bench = Bench::recording(ReceiveBuffer::<4>::new(store, Target::Generic));
        let mut random = Random::new(6);
        // What is in the memory, the open frame's blocks among it; the core and the head are beside it.
        let mut waits: VecDeque<Stored> = VecDeque::new();
        let mut open: Vec<Stored> = Vec::new();
        let (mut written, mut committed, mut given) = (0_u64, 0_u64, 0_u64);
        let (mut full, mut back, mut most, mut idle) = (0, 0, 0, false);
        bench.block.reset.next = true;
        bench.clock();
        bench.block.reset.next = false;
        for cycle in 0..4_000 {
            idle = if random.one_in(40) { !idle } else { idle };
            bench.settle();
            let dut = &mut bench.block;
            let writes = dut.has_place.val() && !random.one_in(4);
            let stored = Stored {
                data: random.bits(64),
                count: random.bits(3),
                last: random.one_in(5),
                poison: random.bit(),
            };
            // Without `store` a frame may be leaving, and is not taken back.
            let rolls_back =
                store && writes && (random.one_in(12) || !dut.has_places.val() && !stored.last);
            let commits = writes && stored.last && !rolls_back;
            full += usize::from(!dut.has_place.val());
            back += usize::from(rolls_back);
            dut.write.data[0].next = (stored.data & 0xffff_ffff).into();
            dut.write.data[1].next = (stored.data >> 32).into();
            dut.write.count.next = stored.count.into();
            dut.write.last.next = stored.last;
            dut.write.poison.next = stored.poison;
            dut.write.valid.next = writes;
            dut.commit.next = commits;
            dut.roll_back.next = rolls_back;
            dut.pop.next = !idle && !random.one_in(5);
            bench.settle();
            let dut = &bench.block;
            // Of what was given at most two are not in the memory.
            let used = written - given;
            let places = 16_u64.wrapping_sub(dut.free.val().to_u64()) & 0xffff;
            let beside = committed.wrapping_sub(given).wrapping_sub(places) & 0xffff;
            assert!(beside <= 2, "cycle {cycle}: {beside}");
            let in_memory = used - beside;
            assert_eq!(dut.has_place.val(), in_memory < 16);
            assert_eq!(dut.has_places.val(), in_memory < 15);
            most = most.max(used);
            if dut.head.valid.val() && dut.pop.val() {
                let [low, high] = std::array::from_fn(|i| dut.head.data[i].val().to_u64());
                let head = Stored {
                    data: high << 32 | low,
                    count: dut.head.count.val().to_u64(),
                    last: dut.head.last.val(),
                    poison: dut.head.poison.val(),
                };
                assert_eq!(Some(head), waits.pop_front());
                given += 1;
            }
            if writes {
                written += 1;
                open.push(stored);
                if !store {
                    waits.push_back(stored);
                }
            }
            if commits {
                committed = written;
                if store {
                    waits.extend(open.iter());
                }
                open.clear();
            }
            if rolls_back {
                written = committed;
                open.clear();
            }
            bench.clock();
        }
        assert!(
            given > 1_000 && full > 20 && most == 18,
            "{given} {full} {most}"
        );
        assert!(!store || back > 50);
        bench.replay();
    }
}

/// Three cycles from a block to the head, then one a cycle; with `store` from the commit.
#[test]
fn gives_a_block_every_cycle() {
    for store in [false, true] {
        let mut bench = Bench::recording(ReceiveBuffer::<5>::new(store, Target::Ecp5));
        let mut seen = Vec::new();
        for cycle in 0..45 {
            let dut = &mut bench.block;
            dut.write.valid.next = cycle < 20;
            dut.write.last.next = cycle == 19;
            dut.commit.next = cycle == 19;
            dut.pop.next = true;
            bench.settle();
            if bench.block.head.valid.val() {
                seen.push(cycle);
            }
            bench.clock();
        }
        let first = if store { 22 } else { 3 };
        assert_eq!(seen, (first..first + 20).collect::<Vec<_>>());
        bench.replay();
    }
}

/// A report that was offered, in which cycle, and then taken.
fn next_report(bench: &mut Bench<ReportWriter>, within: usize) -> Option<(usize, bool, u16, u16)> {
    for waited in 0..within {
        bench.settle();
        if bench.block.valid.val() {
            let [low, high] = std::array::from_fn(|i| bench.block.message[i].val().to_u64());
            let report = high << 32 | low;
            assert_eq!(report & 0xef, 2);
            bench.block.taken.next = true;
            bench.clock();
            bench.block.taken.next = false;
            bench.block.answer.next = false;
            let nacks = report & 16 > 0;
            assert_eq!(bench.block.stat_nack.val(), nacks);
            assert_eq!(bench.block.stat_ack.val(), !nacks);
            return Some((waited, nacks, (report >> 8) as u16, (report >> 24) as u16));
        }
        bench.clock();
        bench.block.answer.next = false;
    }
    None
}

#[test]
fn reports_what_changes_and_repeats() {
    let features = |retry, credits| Features {
        retry,
        store: false,
        credits,
    };
    for (retry, credits) in [(true, true), (true, false), (false, true)] {
        let mut bench = Bench::recording(ReportWriter::new(features(retry, credits), 300, 100));
        bench.block.reset.next = true;
        bench.clock();
        bench.block.reset.next = false;
        bench.block.free.next = 64_u64.into();
        bench.block.expected.next = 0xfff0_u64.into();
        assert_eq!(
            next_report(&mut bench, 150),
            None,
            "nothing before it begins"
        );
        bench.block.active.next = true;
        assert_eq!(next_report(&mut bench, 2), Some((0, false, 0xfff0, 48)));
        assert_eq!(next_report(&mut bench, 300), Some((100, false, 0xfff0, 48)));

        // What arrives.
        bench.block.expected.next = 0xfff8_u64.into();
        bench.block.free.next = 56_u64.into();
        let arrived = next_report(&mut bench, 300).unwrap();
        assert_eq!(arrived, (if retry { 1 } else { 100 }, false, 0xfff8, 48));
        // What is asked for.
        bench.block.answer.next = true;
        assert_eq!(next_report(&mut bench, 300), Some((1, false, 0xfff8, 48)));
        // What the client takes, less than a step, and a step; the limit goes over the wrap.
        bench.block.free.next = 71_u64.into();
        assert_eq!(next_report(&mut bench, 50), None);
        bench.block.free.next = 72_u64.into();
        let (waited, _, _, limit) = next_report(&mut bench, 300).unwrap();
        assert_eq!(limit, 64);
        assert_eq!(waited, if credits { 1 } else { 50 });
        // A limit that becomes less is no news.
        bench.block.free.next = 60_u64.into();
        assert_eq!(next_report(&mut bench, 50), None);

        // What is to be sent again, as long as it is asked for.
        bench.block.nack.next = true;
        assert_eq!(next_report(&mut bench, 300), Some((1, true, 0xfff8, 52)));
        bench.block.nack.next = false;
        assert_eq!(next_report(&mut bench, 50), None);
        // It waits until a frame of 38 blocks finds room.
        bench.block.nack.next = true;
        bench.block.free.next = 37_u64.into();
        assert_eq!(next_report(&mut bench, 40), None);
        bench.block.free.next = 38_u64.into();
        let (waited, nacks, ..) = next_report(&mut bench, 300).unwrap();
        assert_eq!((waited, nacks), (1, true));
        bench.block.nack.next = false;
        bench.block.free.next = 60_u64.into();
        assert_eq!(next_report(&mut bench, 50).is_some(), credits);
        // A nack that is withdrawn before it is taken is none.
        bench.block.nack.next = true;
        bench.clock();
        bench.clock();
        bench.settle();
        assert!(bench.block.valid.val() && bench.block.is_nack.val());
        bench.block.nack.next = false;
        bench.settle();
        assert!(!bench.block.valid.val() && !bench.block.is_nack.val());
        // What changes while a report goes out is told by the next one.
        bench.block.answer.next = true;
        bench.clock();
        bench.block.answer.next = false;
        bench.block.expected.next = 2_u64.into();
        let (waited, _, before, _) = next_report(&mut bench, 5).unwrap();
        assert_eq!((waited, before), (0, 0xfff8));
        let next = next_report(&mut bench, 300).unwrap();
        assert_eq!(next, (if retry { 0 } else { 100 }, false, 2, 62));
        bench.replay();
    }
}

#[test]
#[should_panic(expected = "period_cycles is 0")]
fn a_report_needs_a_time() {
    let _ = ReportWriter::new(Features::PLAIN, 300, 0);
}
