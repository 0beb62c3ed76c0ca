//! Tests of [`ReadCollision`]: what a memory's latches hold, and whether it was being written when they took it.

use crate::cosim::Random;
use crate::table::ReadCollision;
use crate::testbench::Bench;

const INDEX_W: usize = 2;

type Dut = ReadCollision<INDEX_W>;

/// How often each case was there: a collision in each way and in both, one that was held in the core latch, a set read
/// before the table was open, a collision in the output register, nothing ignored, a reset.
type Reached = [u32; 8];

fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> Reached {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    // Ways to ignore of what is in the core latch and in the output register; nothing is known before a reset.
    let (mut core, mut output) = ([true; 2], [false; 2]);
    let (mut open, mut pace, mut reached) = (false, 1, [0; 8]);
    for cycle in 0..cycles {
        if cycle % 100 == 0 {
            pace = 1 + random.below(3);
        }
        let reset = cycle == 0 || random.one_in(200);
        open = (open || random.one_in(20)) && !reset;
        let ways = [0, 1].map(|_| random.bit());
        let [written, read] = [0, 1].map(|_| random.bits(INDEX_W));
        let [advance_a, advance_b] = [0, 1].map(|_| random.one_in(pace));
        let block = &mut bench.block;
        [block.write_way[0].next, block.write_way[1].next] = ways;
        block.write_index.next = written.into();
        block.read_index.next = read.into();
        block.advance_a.next = advance_a;
        block.advance_b.next = advance_b;
        block.open.next = open;
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        let is = [block.ignored[0].val(), block.ignored[1].val()];
        assert_eq!(is, output, "cycle {cycle}");
        bench.clock();

        let collides = ways.map(|way| way && written == read && advance_a && open && !reset);
        let cases = [
            collides == [true, false],
            collides == [false, true],
            collides == [true, true],
            core != [false; 2] && !advance_a && !advance_b,
            advance_a && !open,
            advance_b && core != [false; 2] && core != [true; 2],
            advance_b && core == [false; 2],
            reset && output != [true; 2],
        ];
        for (count, is) in reached.iter_mut().zip(cases) {
            *count += u32::from(is);
        }
        if advance_b {
            output = core;
        }
        if advance_a {
            core = ways.map(|way| (way && written == read) || !open);
        }
        if reset {
            (core, output) = ([true; 2], [true; 2]);
        }
    }
    reached
}

#[test]
fn ignores_what_was_written_while_it_was_read() {
    for seed in 1..=2 {
        let reached = run(&mut Bench::new(Dut::default()), seed, 20_000);
        assert!(reached.iter().all(|n| *n > 30), "{reached:?}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let reached = run(&mut bench, 3, 2_000);
    assert!(reached.iter().all(|n| *n > 3), "{reached:?}");
    bench.replay();
}
