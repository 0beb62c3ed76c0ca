//! Tests of [`EntryMatch`]: every stamp in every epoch, and addresses of one set that differ little.

use super::bench::{entry_words, facts};
use crate::cosim::Random;
use crate::table::reference::{set_of, Entry};
use crate::table::EntryMatch;
use crate::testbench::Bench;

const PORTS: usize = 4;
const INDEX_W: usize = 3;

type Dut = EntryMatch<PORTS, INDEX_W>;

/// An address of the same set that differs in few bits.
fn neighbour(random: &mut Random, address: u64) -> u64 {
    loop {
        let other = (0..2 + random.below(3)).fold(address, |a, _| a ^ 1 << random.below(48));
        if set_of(other, INDEX_W) == set_of(address, INDEX_W) {
            return other;
        }
    }
}

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    same: u32,
    /// Differs in the first 20 bits, or only in the others.
    low: u32,
    high: u32,
    invalid: u32,
    /// Of the address, but expired, and in its last epoch.
    expired: u32,
    last_epoch: u32,
    fixed: u32,
}

/// Compares an entry with an address in epoch `now`.
fn compare(
    bench: &mut Bench<Dut>,
    random: &mut Random,
    reached: &mut Reached,
    way: Option<Entry>,
    address: u64,
    now: u64,
) {
    let [low, high, flags] = entry_words(way, random);
    let block = &mut bench.block;
    block.entry_low.next = low.into();
    block.entry_high.next = high.into();
    block.entry_flags.next = flags.into();
    block.address_low.next = (address & 0xffff_ffff).into();
    block.address_high.next = (address >> 32).into();
    block.oldest.next = ((now - 15) % 16).into();
    bench.settle();
    let block = &bench.block;
    let wanted = facts(way, address, now);
    let same = [block.same_low.val(), block.same_high.val()];
    assert_eq!(same == [true; 2], wanted.matching, "{way:?} {address:#x}");
    if let Some(entry) = way {
        let differ = (entry.address ^ address) & 0xf_ffff != 0;
        assert_eq!(same[0], !differ, "{entry:?} {address:#x}");
        assert_eq!(block.mask.val(), u64::from(entry.mask));
        assert_eq!(block.stamp.val(), entry.epoch % 16);
        reached.low += u32::from(differ);
        reached.high += u32::from(!differ && entry.address != address);
    }
    assert_eq!(block.valid.val(), wanted.valid, "{way:?}");
    assert_eq!(block.live.val(), wanted.live, "{way:?} in epoch {now}");
    assert_eq!(block.is_static.val(), wanted.is_static, "{way:?}");
    reached.same += u32::from(wanted.matching);
    reached.invalid += u32::from(!wanted.valid);
    reached.expired += u32::from(wanted.matching && !wanted.live);
    reached.last_epoch += u32::from(wanted.age == Some(11));
    reached.fixed += u32::from(wanted.is_static);
    bench.clock();
}

fn run(bench: &mut Bench<Dut>, seed: u64, rounds: u32) -> Reached {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut reached = Reached::default();
    for _ in 0..rounds {
        for (now, age) in (16..32).flat_map(|now| (0..16).map(move |age| (now, age))) {
            let address = random.bits(48);
            let entry = Entry {
                address: if random.bit() {
                    address
                } else {
                    neighbour(&mut random, address)
                },
                mask: random.bits(PORTS) as u32,
                epoch: now - age,
                is_static: random.one_in(4),
            };
            let way = (!random.one_in(8)).then_some(entry);
            compare(bench, &mut random, &mut reached, way, address, now);
        }
    }
    reached
}

#[test]
fn takes_entries_of_every_age_apart() {
    let reached = run(&mut Bench::new(Dut::default()), 1, 40);
    assert!(
        reached.same > 1_000 && reached.low > 1_000 && reached.high > 200,
        "{reached:?}"
    );
    assert!(reached.invalid > 500 && reached.expired > 500 && reached.last_epoch > 200);
    assert!(reached.fixed > 500);
}

#[test]
fn one_bit_apart_is_apart() {
    // Addresses that differ in one bit are never in one set, so the bits of the index need no comparison.
    let seed = 2;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let address = random.bits(48);
    for bit in 0..48 {
        let other = address ^ 1 << bit;
        assert_ne!(set_of(other, INDEX_W), set_of(address, INDEX_W));
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let reached = run(&mut bench, 3, 4);
    assert!(reached.expired > 30 && reached.last_epoch > 20 && reached.high > 20);
    bench.replay();
}
