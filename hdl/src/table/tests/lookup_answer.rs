//! Tests of [`LookupAnswer`]: two ways of every kind, sampled and held.

use super::bench::{facts, random_set};
use crate::cosim::Random;
use crate::table::reference::Answer;
use crate::table::LookupAnswer;
use crate::testbench::Bench;

const PORTS: usize = 4;
const OWN_MASK: u32 = 0b0010;

type Dut = LookupAnswer<PORTS>;

/// How often each case was there: a hit in each way, known because static and because fresh, a hit at another port, one
/// in an older epoch, an expired and an ignored entry of the address, a held hit, a reset that forgot a hit.
type Reached = [u32; 10];

fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> Reached {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let addresses: Vec<u64> = (1..4).collect();
    let mut answer = Answer::default();
    let (mut now, mut reached) = (20, [0; 10]);
    for cycle in 0..cycles {
        now += u64::from(random.one_in(5));
        let mut set = random_set(&mut random, &addresses, PORTS, now);
        for entry in set.iter_mut().flatten() {
            if random.bit() {
                entry.mask = OWN_MASK;
            }
            if random.one_in(4) {
                entry.epoch = now;
            }
        }
        let address = addresses[random.below(3) as usize];
        let ignored = [0, 1].map(|_| random.one_in(6));
        let (advance, reset) = (random.bit(), random.one_in(60));
        let block = &mut bench.block;
        for w in 0..2 {
            let facts = facts(set[w], address, now);
            let halves = [
                [false, false],
                [false, facts.valid && random.bit()],
                [true, false],
            ];
            [block.same_low[w].next, block.same_high[w].next] = if facts.matching {
                [true; 2]
            } else {
                halves[random.below(3) as usize]
            };
            block.live[w].next = facts.live;
            block.is_static[w].next = facts.is_static;
            let mask = facts.mask.map_or(random.bits(PORTS), u64::from);
            block.mask[w].next = mask.into();
            let stamp = set[w].map_or(random.bits(4), |entry| entry.epoch % 16);
            block.stamp[w].next = stamp.into();
            block.ignored[w].next = ignored[w];
        }
        block.own_mask.next = u64::from(OWN_MASK).into();
        block.epoch.next = (now % 16).into();
        block.advance.next = advance;
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        let is = Answer {
            hit: block.hit.val(),
            mask: block.hit_mask.val().to_u32(),
            known: block.known.val(),
        };
        assert_eq!(is, answer, "cycle {cycle}");
        bench.clock();

        let place = (0..2).find(|&w| facts(set[w], address, now).matching);
        let own = place.and_then(|w| set[w]);
        let here = own.filter(|entry| entry.lives(now) && !ignored[place.unwrap()]);
        let (fixed, old) = (here.is_some_and(|e| e.is_static), |e: u64| e != now);
        let is_own = here.is_some_and(|entry| entry.mask == OWN_MASK);
        let is_fresh = here.is_some_and(|entry| !old(entry.epoch));
        let cases = [
            here.is_some() && place == Some(0),
            here.is_some() && place == Some(1),
            fixed,
            !fixed && is_own && is_fresh,
            here.is_some() && !fixed && is_fresh && !is_own,
            here.is_some() && !fixed && is_own && !is_fresh,
            own.is_some_and(|entry| !entry.lives(now)),
            own.is_some() && here.is_none() && ignored[place.unwrap()],
        ];
        for (count, is) in reached.iter_mut().zip(cases) {
            *count += u32::from(advance && !reset && is);
        }
        reached[8] += u32::from(answer.hit && !advance && !reset);
        reached[9] += u32::from(answer.hit && !advance && reset);
        if advance {
            answer = here.map_or(Answer::default(), |entry| Answer {
                hit: true,
                mask: entry.mask,
                known: fixed || (is_own && is_fresh),
            });
        }
        if reset {
            answer = Answer::default();
        }
    }
    reached
}

#[test]
fn answers_from_both_ways() {
    for seed in 1..=2 {
        let reached = run(&mut Bench::new(Dut::default()), seed, 20_000);
        assert!(reached.iter().all(|n| *n > 30), "{reached:?}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let reached = run(&mut bench, 3, 3_000);
    assert!(reached.iter().all(|n| *n > 3), "{reached:?}");
    bench.replay();
}
