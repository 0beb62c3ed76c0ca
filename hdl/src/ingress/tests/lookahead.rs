//! Tests of [`Lookahead`] against a queue of at most one beat.

use super::bench::{bytes_of, first_bytes, put, random_bytes};
use crate::cosim::Random;
use crate::ingress::Lookahead;
use crate::testbench::Bench;

/// A beat as the pins show it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    bytes: Vec<u8>,
    keep: u64,
    last: bool,
    user: bool,
}

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    taken: u32,
    /// A beat was offered and not taken.
    refused: u32,
    /// A last beat was shown with nothing behind it.
    last_alone: u32,
    /// A beat waited for the next one.
    waited: u32,
    /// A reset found a beat.
    resets: u32,
}

fn run<const WORDS: usize, const KEEP_W: usize, const DEPTH: usize>(
    bench: &mut Bench<Lookahead<WORDS, KEEP_W, DEPTH>>,
    seed: u64,
    cycles: u32,
) -> Reached {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut reached = Reached::default();
    // The beat behind the pins, and the one that is offered until it is taken.
    let mut held: Option<Shown> = None;
    let mut offered: Option<Shown> = None;
    let (mut gap, mut stall) = (1, 1);
    for cycle in 0..cycles {
        if cycle % 64 == 0 {
            gap = 1 + random.below(3);
            stall = 1 + random.below(3);
        }
        if offered.is_none() && random.one_in(gap) {
            let last = random.one_in(4);
            offered = Some(Shown {
                bytes: random_bytes(&mut random, KEEP_W),
                keep: first_bytes(KEEP_W),
                last,
                user: random.bit(),
            });
        }
        let (take, reset) = (random.one_in(stall), random.one_in(60));
        let any = Shown {
            bytes: random_bytes(&mut random, KEEP_W),
            keep: random.bits(KEEP_W),
            last: random.bit(),
            user: random.bit(),
        };
        let pins = offered.as_ref().unwrap_or(&any);
        let block = &mut bench.block;
        put(&mut block.sink.tdata, &pins.bytes);
        block.sink.tkeep.next = pins.keep.into();
        block.sink.tlast.next = pins.last;
        block.sink.tuser.next = pins.user;
        block.sink.tvalid.next = offered.is_some();
        block.tready.next = take;
        block.reset.next = reset;
        bench.settle();

        // A beat shows at once without a register, else when it is the last or the next one is there.
        let shown = if DEPTH == 0 {
            offered.clone()
        } else {
            held.clone().filter(|beat| beat.last || offered.is_some())
        };
        let ready = take || (DEPTH == 1 && held.is_none());
        let block = &bench.block;
        let is = block.tvalid.val().then(|| Shown {
            bytes: bytes_of(&block.tdata),
            keep: u64::from(block.tkeep.val().to_u32()),
            last: block.tlast.val(),
            user: block.tuser.val(),
        });
        assert_eq!(is, shown, "cycle {cycle}");
        assert_eq!(block.sink.tready.val(), ready, "cycle {cycle}");
        let peek = block.peek.val().to_u32().to_le_bytes();
        assert_eq!(peek, pins.bytes[..4], "cycle {cycle}");
        reached.taken += u32::from(take && shown.is_some());
        reached.refused += u32::from(offered.is_some() && !ready);
        reached.last_alone += u32::from(held.is_some() && shown.is_some() && offered.is_none());
        reached.waited += u32::from(held.is_some() && shown.is_none());
        reached.resets += u32::from(reset && held.is_some());
        bench.clock();

        if take && shown.is_some() {
            held = None;
        }
        if ready {
            if let Some(beat) = offered.take().filter(|_| DEPTH == 1) {
                assert!(held.is_none());
                held = Some(beat);
            }
        }
        if reset {
            (held, offered) = (None, None);
        }
    }
    reached
}

#[test]
fn shows_a_beat_when_the_next_one_is_in_sight() {
    for seed in 1..=3 {
        let reached = run(
            &mut Bench::new(Lookahead::<1, 4, 1>::default()),
            seed,
            5_000,
        );
        assert!(
            reached.taken > 1_000 && reached.refused > 200,
            "{reached:?}"
        );
        assert!(
            reached.last_alone > 50 && reached.waited > 200 && reached.resets > 20,
            "{reached:?}"
        );
    }
}

#[test]
fn is_a_wire_without_a_register() {
    let reached = run(&mut Bench::new(Lookahead::<2, 8, 0>::default()), 4, 5_000);
    assert!(
        reached.taken > 1_000 && reached.refused > 200,
        "{reached:?}"
    );
    run(&mut Bench::new(Lookahead::<1, 4, 0>::default()), 5, 1_000);
}

#[test]
fn passes_a_beat_a_cycle() {
    let mut bench = Bench::new(Lookahead::<1, 4, 1>::default());
    let mut shown = 0;
    for _ in 0..100 {
        bench.block.sink.tvalid.next = true;
        bench.block.tready.next = true;
        bench.settle();
        assert!(bench.block.sink.tready.val());
        shown += u32::from(bench.block.tvalid.val());
        bench.clock();
    }
    assert_eq!(shown, 99);
}

#[test]
fn the_verilog_is_the_same() {
    let mut narrow = Bench::recording(Lookahead::<1, 4, 1>::default());
    let reached = run(&mut narrow, 6, 1_000);
    assert!(reached.last_alone > 10 && reached.waited > 50 && reached.resets > 5);
    narrow.replay();
    let mut wide = Bench::recording(Lookahead::<2, 8, 0>::default());
    run(&mut wide, 7, 300);
    wide.replay();
}
