//! Tests of [`Decision`]: first beats move from B to C, meet the table's answer there, and leave.

use crate::cosim::Random;
use crate::ingress::Decision;
use crate::testbench::Bench;

const PORTS: usize = 4;
const OWN_PORT: u64 = 0b0100;

/// What becomes of a frame, in the order of the pulses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Runt,
    Reserved,
    Control,
    Own,
    Accepted,
}

/// A frame, and what the table says of its destination.
#[derive(Clone, Copy, Debug)]
struct Frame {
    reserved: bool,
    control: bool,
    runt: bool,
    hit: bool,
    hit_mask: u64,
    beats: u32,
}

impl Frame {
    fn mask(&self) -> u64 {
        let meant = if self.hit { self.hit_mask } else { 0b1111 };
        meant & !OWN_PORT
    }

    fn fate(&self) -> Fate {
        if self.runt {
            Fate::Runt
        } else if self.reserved {
            Fate::Reserved
        } else if self.control {
            Fate::Control
        } else if self.mask() == 0 {
            Fate::Own
        } else {
            Fate::Accepted
        }
    }

    fn goes_nowhere(&self) -> bool {
        self.fate() != Fate::Accepted
    }
}

/// The beat in C: its frame, which of its beats it is, and whether it has been there before.
#[derive(Clone, Copy, Debug)]
struct InC {
    frame: Frame,
    beat: u32,
    stays: bool,
}

fn random_frame(random: &mut Random) -> Frame {
    let [reserved, control, runt] = [6, 5, 4].map(|n| random.one_in(n));
    let mut hit_mask = random.bits(PORTS);
    if random.one_in(4) {
        hit_mask = OWN_PORT;
    }
    Frame {
        reserved,
        control,
        runt,
        hit: !random.one_in(3),
        hit_mask,
        beats: 1 + random.below(4),
    }
}

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    fates: [u32; 5],
    flooded: u32,
    /// First beats to be swallowed that left at once, and that had to wait for it.
    at_once: u32,
    late: u32,
    /// Resets with a frame in C.
    resets: u32,
}

/// In the order of the fates.
fn pulses(block: &Decision<PORTS>) -> [bool; 5] {
    [
        block.stat_runt_dropped.val(),
        block.stat_filtered_reserved.val(),
        block.stat_filtered_control.val(),
        block.stat_filtered_own.val(),
        block.stat_accepted.val(),
    ]
}

fn run(bench: &mut Bench<Decision<PORTS>>, seed: u64, cycles: u32) -> Reached {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut reached = Reached::default();
    let mut in_c: Option<InC> = None;
    // The beat in B, if there is one: its frame and which beat it is.
    let mut in_b: Option<(Frame, u32)> = None;
    // What the table and stage C still show when a frame has gone.
    let (mut answer, mut first_c) = ((false, 0), false);
    let mut pulse: Option<(Fate, bool)> = None;
    for cycle in 0..cycles {
        let take = random.one_in(3);
        let reset = random.one_in(80);
        let discards = in_c.is_some_and(|c| c.frame.goes_nowhere() && (c.beat > 0 || c.stays));
        let leaves = in_c.is_some() && (take || discards);
        let moves = in_b.is_some() && (in_c.is_none() || leaves) && random.bit();

        let block = &mut bench.block;
        block.own_port.next = OWN_PORT.into();
        // The kind is known when the first beat moves on.
        let first_b = in_b.filter(|(_, beat)| *beat == 0);
        let kinds = match first_b.filter(|_| moves) {
            Some((frame, _)) => [frame.reserved, frame.control, frame.runt],
            None => [random.bit(), random.bit(), random.bit()],
        };
        block.first_b.next = in_b.map_or(random.bit(), |(_, beat)| beat == 0);
        [
            block.reserved_b.next,
            block.control_b.next,
            block.runt_b.next,
        ] = kinds;
        block.move_c.next = moves;
        block.first_c.next = first_c;
        block.leave.next = leaves;
        block.hit.next = answer.0;
        block.hit_mask.next = answer.1.into();
        block.reset.next = reset;
        bench.settle();
        let block = &bench.block;
        if let Some(c) = in_c {
            let frame = c.frame;
            if c.beat == 0 {
                assert_eq!(block.mask.val(), frame.mask(), "cycle {cycle}: {c:?}");
            }
            let nowhere = frame.goes_nowhere();
            assert_eq!(block.swallow.val(), nowhere, "cycle {cycle}: {c:?}");
            assert_eq!(block.discard.val(), discards, "cycle {cycle}: {c:?}");
            assert_eq!(block.control.val(), frame.control, "cycle {cycle}: {c:?}");
        }
        let mut wanted = [false; 5];
        if let Some((fate, _)) = pulse {
            wanted[fate as usize] = true;
            reached.fates[fate as usize] += 1;
        }
        let flooded = pulse.is_some_and(|(_, flooded)| flooded);
        assert_eq!(pulses(block), wanted, "cycle {cycle}");
        assert_eq!(block.stat_flooded.val(), flooded, "cycle {cycle}");
        reached.flooded += u32::from(flooded);
        reached.resets += u32::from(reset && in_c.is_some());
        bench.clock();

        pulse = None;
        match in_c.filter(|c| c.beat == 0) {
            Some(c) if leaves => {
                let fate = c.frame.fate();
                pulse = Some((fate, fate == Fate::Accepted && !c.frame.hit));
                reached.at_once += u32::from(fate != Fate::Accepted && !c.stays);
                reached.late += u32::from(fate != Fate::Accepted && c.stays);
            }
            _ => {}
        }
        if leaves {
            in_c = None;
        }
        if let Some(c) = &mut in_c {
            c.stays = true;
        }
        if let Some((frame, beat)) = in_b.filter(|_| moves) {
            in_c = Some(InC {
                frame,
                beat,
                stays: false,
            });
            first_c = beat == 0;
            if first_c {
                answer = (frame.hit, frame.hit_mask);
            } else {
                // The answer to whatever was looked up with that beat.
                answer = (random.bit(), random.bits(PORTS));
            }
            let left = frame.beats - beat - 1;
            in_b = (left > 0).then_some((frame, beat + 1));
        }
        if in_b.is_none() && random.bit() {
            in_b = Some((random_frame(&mut random), 0));
        }
        if reset {
            (in_b, in_c, pulse) = (None, None, None);
        }
    }
    reached
}

fn assert_reached(reached: &Reached, least: u32) {
    let others = [
        reached.flooded,
        reached.at_once,
        reached.late,
        reached.resets,
    ];
    let all = reached.fates.iter().chain(&others);
    assert!(all.into_iter().all(|n| *n > least), "{reached:?}");
}

#[test]
fn decides_at_the_first_beat() {
    for seed in 1..=3 {
        let reached = run(&mut Bench::new(Decision::default()), seed, 20_000);
        assert_reached(&reached, 100);
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Decision::default());
    let reached = run(&mut bench, 4, 2_000);
    assert_reached(&reached, 5);
    bench.replay();
}
