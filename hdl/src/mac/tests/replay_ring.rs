//! Tests of [`ReplayRing`], with a reader that starts, pops and is put back at random, and tails that are ahead of it.

use crate::cosim::Random;
use crate::mac::ReplayRing;
use crate::target::Target;
use crate::testbench::Bench;

/// A block, and whether it is its frame's last.
type Block = ([u64; 2], u64, bool, bool);

struct Run {
    seed: u64,
    cycles: usize,
    /// Blocks of a longest frame.
    longest: u32,
    /// The source, the reader pause once in so many cycles.
    pauses: [u32; 2],
    /// The head is put back, the tail moves once in so many cycles.
    moves: [u32; 2],
}

/// What was reached.
#[derive(Debug, Default)]
struct Reached {
    sent: usize,
    full: usize,
    rewinds: usize,
    forward: usize,
    /// Frames that began before they were complete.
    early: usize,
    /// Blocks that went straight after one another.
    in_a_row: usize,
}

#[allow(clippy::too_many_lines)] // one cycle, step by step
fn run<const RING_W: usize>(target: Target, run: &Run) -> Reached {
    const START: usize = 5;
    let mut bench = Bench::recording(ReplayRing::<RING_W>::new(START, target));
    let mut random = Random::new(run.seed);
    let mut blocks: Vec<Block> = Vec::new();
    // Ends of frames, places without wrap.
    let mut ends = vec![0];
    let (mut head, mut tail, mut highest, mut left) = (0, 0, 0, 0);
    let mut pending = false;
    let (mut in_frame, mut was_whole, mut last_pop) = (false, false, 0);
    let mut reached = Reached::default();
    bench.block.reset.next = true;
    bench.clock();
    bench.block.reset.next = false;
    for cycle in 0..run.cycles {
        // What was taken in the cycle before is written in this one.
        let dut = &mut bench.block;
        dut.write.valid.next = pending;
        let written = blocks.len();
        if pending {
            if left == 0 {
                left = 1 + random.below(run.longest);
            }
            left -= 1;
            let last = left == 0;
            let count = if last { random.bits(3) } else { 7 };
            let block = (
                [random.bits(32), random.bits(32)],
                count,
                last,
                last && random.bit(),
            );
            for (data, word) in dut.write.data.iter_mut().zip(block.0) {
                data.next = word.into();
            }
            dut.write.count.next = block.1.into();
            dut.write.last.next = block.2;
            dut.write.poison.next = block.3;
            blocks.push(block);
            if last {
                ends.push(blocks.len());
            }
        }
        // The tail moves to the end of a frame that was sent.
        if run.moves[1] == 0 {
            tail = if in_frame { tail } else { head };
        } else if random.one_in(run.moves[1]) {
            let sent: Vec<usize> = ends
                .iter()
                .copied()
                .filter(|end| (tail..=highest).contains(end))
                .collect();
            if let Some(&end) = sent.get(random.below(sent.len() as u32) as usize) {
                tail = end;
            }
        }
        let ahead = tail > head;
        dut.tail.next = (tail as u64 & 0xffff).into();
        dut.keep.next = ahead;
        let rewind = !in_frame && (ahead || (run.moves[0] > 0 && random.one_in(run.moves[0])));
        dut.rewind.next = rewind;
        bench.settle();

        let dut = &bench.block;
        assert_eq!(dut.position.val().to_u32() as usize, head & 0xffff);
        let valid = dut.head.valid.val();
        let mut pop = false;
        if in_frame {
            assert!(valid || !was_whole, "a whole frame comes without a gap");
            pop = valid && !random.one_in(run.pauses[1]);
        } else if valid && dut.may_start.val() && !rewind {
            let end = ends.iter().find(|&&end| end > head);
            was_whole = end.is_some_and(|&end| end <= written);
            assert!(was_whole || written - head >= START);
            reached.early += usize::from(!was_whole);
            in_frame = true;
        }
        if pop {
            let (data, count, last, poison) = blocks[head];
            for (word, data) in dut.head.data.iter().zip(data) {
                assert_eq!(u64::from(word.val().to_u32()), data);
            }
            assert_eq!(u64::from(dut.head.count.val().to_u32()), count);
            assert_eq!((dut.head.last.val(), dut.head.poison.val()), (last, poison));
            in_frame = !last;
            head += 1;
            highest = highest.max(head);
            reached.sent += 1;
            reached.in_a_row += usize::from(last_pop + 1 == cycle);
            last_pop = cycle;
        }
        assert!(blocks.len() - tail.min(head) < 1 << RING_W, "overwritten");
        let room = dut.room.val();
        reached.full += usize::from(!room);
        pending = room && !random.one_in(run.pauses[0]);
        if rewind {
            reached.rewinds += usize::from(tail < head);
            reached.forward += usize::from(ahead);
            head = tail;
        }
        bench.block.pop.next = pop;
        bench.clock();
    }
    bench.replay();
    reached
}

#[test]
fn follows_the_reference_however_it_is_put_back() {
    for (seed, target) in [(1, Target::Generic), (2, Target::Ecp5)] {
        let reached = run::<5>(
            target,
            &Run {
                seed,
                cycles: 8_000,
                longest: 9,
                pauses: [3, 5],
                moves: [30, 20],
            },
        );
        assert!(reached.sent > 1_500 && reached.full > 100, "{reached:?}");
        assert!(reached.rewinds > 50 && reached.forward > 5, "{reached:?}");
        assert!(reached.early > 5, "{reached:?}");
    }
}

/// Nothing is put back and the reader never waits: a block in nearly every cycle, and positions wrap.
#[test]
fn gives_a_block_every_cycle_past_the_last_position() {
    let reached = run::<6>(
        Target::Generic,
        &Run {
            seed: 3,
            cycles: 76_000,
            longest: 24,
            pauses: [1_000_000, 1_000_000],
            moves: [0, 0],
        },
    );
    assert!(reached.sent > 0x1_0000 + 100, "{reached:?}");
    assert!(reached.in_a_row > 55_000, "{reached:?}");
    assert_eq!(reached.rewinds, 0);
}
