//! Tests of [`Verdict`]: frames end in B, and are counted when their last beat leaves C.

use crate::cosim::Random;
use crate::ingress::Verdict;
use crate::testbench::Bench;

/// Why a frame is poisoned; the first that holds counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    GapClosed,
    TooLong,
    Malformed,
    Runt,
    PoisonedIn,
    FcsError,
}

/// The faults of a frame: bits of its cause, then its FCS.
fn faults(cause: u64, fcs_good: bool, fcs_stomped: bool) -> Vec<Fault> {
    let has = |bit: u32| cause >> bit & 1 == 1;
    let all = [
        (Fault::GapClosed, has(4)),
        (Fault::TooLong, has(3)),
        (Fault::Malformed, has(1)),
        (Fault::Runt, has(2)),
        (Fault::PoisonedIn, has(0) || fcs_stomped),
        (Fault::FcsError, !fcs_good),
    ];
    let holds = all.into_iter().filter(|(_, holds)| *holds);
    holds.map(|(fault, _)| fault).collect()
}

/// What was counted: each fault, good frames, frames that were not accepted, and resets with a frame's end in C.
fn run(bench: &mut Bench<Verdict>, seed: u64, cycles: u32) -> ([u32; 6], [u32; 3]) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let (mut counted, mut others) = ([0; 6], [0; 3]);
    // The faults of the frame whose last beat is in C, and what is counted in this cycle.
    let mut in_c: Option<Vec<Fault>> = None;
    let mut pulse: Option<Fault> = None;
    for cycle in 0..cycles {
        let leaves = in_c.is_some() && random.bit();
        let accepted = !random.one_in(4);
        let ends = (in_c.is_none() || leaves) && random.bit();
        // Most frames have one fault or none.
        let cause = match random.below(4) {
            0 => 1 << random.below(5),
            1 => random.bits(5),
            _ => 0,
        };
        let fcs = match random.below(4) {
            0 => [false, false],
            1 => [false, true],
            _ => [true, false],
        };
        let reset = random.one_in(60);
        // What is in B counts when a last beat moves on.
        let (last_b, move_c) = if ends {
            (true, true)
        } else {
            [(false, false), (false, true), (true, false)][random.below(3) as usize]
        };
        let block = &mut bench.block;
        block.cause_b.next = cause.into();
        [block.fcs_good.next, block.fcs_stomped.next] = fcs;
        block.last_b.next = last_b;
        block.move_c.next = move_c;
        block.finish.next = leaves && accepted;
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        let pulses = [
            block.stat_gap_closed.val(),
            block.stat_too_long.val(),
            block.stat_malformed.val(),
            block.stat_runt_poisoned.val(),
            block.stat_poisoned_in.val(),
            block.stat_fcs_error.val(),
        ];
        let mut wanted = [false; 6];
        if let Some(fault) = pulse {
            wanted[fault as usize] = true;
            counted[fault as usize] += 1;
        }
        assert_eq!(pulses, wanted, "cycle {cycle}");
        let found = faults(cause, fcs[0], fcs[1]);
        let is_good = ends && found.is_empty();
        assert_eq!(block.good.val(), is_good, "cycle {cycle}: {found:?}");
        others[0] += u32::from(is_good);
        others[1] += u32::from(leaves && !accepted);
        others[2] += u32::from(reset && in_c.is_some());
        bench.clock();

        pulse = None;
        if leaves {
            let faults = in_c.take().unwrap();
            pulse = faults.first().copied().filter(|_| accepted && !reset);
        }
        if ends {
            in_c = Some(found);
        }
        if reset {
            in_c = None;
        }
    }
    (counted, others)
}

#[test]
fn counts_the_first_fault_of_an_accepted_frame() {
    for seed in 1..=2 {
        let (counted, others) = run(&mut Bench::new(Verdict::default()), seed, 10_000);
        assert!(counted.iter().all(|frames| *frames > 50), "{counted:?}");
        assert!(others.iter().all(|frames| *frames > 50), "{others:?}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Verdict::default());
    let (counted, others) = run(&mut bench, 3, 1_500);
    assert!(counted.iter().chain(&others).all(|frames| *frames > 0));
    bench.replay();
}
