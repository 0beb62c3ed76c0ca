//! Tests of [`Gate`] against a naive tracker of one port's frames.

use super::bench::{settle, tick, Inputs, Outputs, Tracker};
use crate::cosim;
use crate::fabric::beat::{gray_of_bytes, SIDE_LAST, SIDE_POISON};
use crate::fabric::gate::Gate;
use crate::prelude::*;

const BEATS_W: usize = 4;
const MAX_FRAME_BEATS: u32 = 6;

type Dut = Gate<4, 8, BEATS_W, 8>;

struct Bench {
    gate: Dut,
    tracker: Tracker,
    cycle: u32,
    /// Pulses: started, gap closed, too long, malformed, poisoned, and frames refused at their first beat.
    pulses: [u32; 6],
}

impl Bench {
    fn new(gap_limit: u32) -> Self {
        let mut gate = Dut::new(MAX_FRAME_BEATS as usize);
        gate.connect_all();
        gate.gap_limit.next = u64::from(gap_limit).into();
        gate.gap_limited.next = gap_limit > 0;
        Self {
            gate,
            tracker: Tracker::new(8, MAX_FRAME_BEATS, gap_limit),
            cycle: 0,
            pulses: [0; 6],
        }
    }

    fn drive(&mut self, inputs: &Inputs) {
        drive(&mut self.gate, inputs);
        settle(&mut self.gate);
    }

    /// One cycle: compares all that counts.
    fn cycle(&mut self, inputs: &Inputs) -> Outputs {
        self.drive(inputs);
        let gate = &self.gate;
        let is = Outputs {
            ready: gate.tready.val(),
            push: gate.push.val().to_u32(),
            started: gate.started.val(),
            gap_closed: gate.gap_closed.val(),
            too_long: gate.too_long.val(),
            malformed: gate.malformed.val(),
            poisoned: gate.poisoned.val(),
        };
        let before = self.tracker;
        let (wanted, pushed) = self.tracker.step(inputs);
        assert_eq!(
            is, wanted,
            "cycle {}: {inputs:?} after {before:?}",
            self.cycle
        );
        if let Some(pushed) = pushed {
            let side = gate.side.val().to_u32();
            assert!(gate.offer.val(), "a beat that counts must be offered");
            assert_eq!(gate.first.val(), pushed.first, "cycle {}", self.cycle);
            assert_eq!(gate.last.val(), pushed.last, "cycle {}", self.cycle);
            assert_eq!(side & SIDE_LAST != 0, pushed.last, "cycle {}", self.cycle);
            if pushed.last {
                assert_eq!(
                    side & SIDE_POISON != 0,
                    pushed.poison,
                    "cycle {}",
                    self.cycle
                );
            }
            if let Some(bytes) = pushed.bytes {
                assert_eq!(side >> 2 & 7, gray_of_bytes(bytes), "cycle {}", self.cycle);
            }
        }
        let counts = [
            is.started,
            is.gap_closed,
            is.too_long,
            is.malformed,
            is.poisoned,
            inputs.valid && !is.ready,
        ];
        for (pulses, counts) in self.pulses.iter_mut().zip(counts) {
            *pulses += u32::from(counts);
        }
        tick!(self.gate);
        self.cycle += 1;
        is
    }

    fn reset(&mut self, inputs: &Inputs) {
        self.gate.reset.next = true;
        self.drive(inputs);
        assert!(!self.gate.tready.val(), "ready in reset");
        tick!(self.gate);
        self.gate.reset.next = false;
        self.tracker.reset();
    }
}

fn drive(gate: &mut Dut, inputs: &Inputs) {
    gate.tvalid.next = inputs.valid;
    gate.tkeep.next = u64::from(inputs.keep).into();
    gate.tlast.next = inputs.last;
    gate.tuser.next = inputs.user;
    gate.go.next = u64::from(inputs.go).into();
    gate.accept.next = inputs.accept;
}

const FULL: Inputs = Inputs {
    valid: true,
    keep: 0xff,
    last: false,
    user: false,
    go: 0b0101,
    accept: true,
};
const LAST: Inputs = Inputs { last: true, ..FULL };
const IDLE: Inputs = Inputs {
    valid: false,
    ..FULL
};

/// A random source: beats of frames of 1 to 40, one in eight malformed, with gaps; holds a beat until it is taken.
struct Source {
    random: cosim::Random,
    left: u32,
    held: Option<Inputs>,
}

impl Source {
    fn new(seed: u64) -> Self {
        Self {
            random: cosim::Random::new(seed),
            left: 0,
            held: None,
        }
    }

    fn next(&mut self) -> Inputs {
        let random = &mut self.random;
        // `go` without `accept` never happens.
        let accept = !random.one_in(3);
        let go = if accept { random.bits(4) as u32 } else { 0 };
        if let Some(held) = self.held {
            return Inputs { go, accept, ..held };
        }
        if random.one_in(3) {
            // Idle pins show anything.
            return Inputs {
                valid: false,
                keep: random.bits(8) as u32,
                last: random.bit(),
                user: random.bit(),
                go,
                accept,
            };
        }
        if self.left == 0 {
            self.left = match random.below(8) {
                0 => 1 + random.below(40),
                1 => MAX_FRAME_BEATS,
                _ => 1 + random.below(MAX_FRAME_BEATS + 2),
            };
        }
        self.left -= 1;
        let last = self.left == 0;
        let keep = match (random.below(24), last) {
            (0, _) => random.bits(8) as u32,
            (_, true) => 0xff >> random.below(8),
            (_, false) => 0xff,
        };
        let beat = Inputs {
            valid: true,
            keep,
            last,
            user: random.one_in(8),
            go,
            accept,
        };
        self.held = Some(beat);
        beat
    }

    fn taken(&mut self, is_taken: bool) {
        if is_taken {
            self.held = None;
        }
    }
}

#[test]
fn follows_the_reference_under_random_frames() {
    for (seed, gap_limit) in [(1, 0), (2, 1), (3, 2), (4, 5)] {
        println!("seed {seed}");
        let mut bench = Bench::new(gap_limit);
        let mut source = Source::new(seed);
        let mut resets = 0;
        for _ in 0..20_000 {
            let inputs = source.next();
            if source.random.one_in(200) {
                resets += u32::from(bench.tracker.in_frame);
                bench.reset(&inputs);
                (source.left, source.held) = (0, None);
                continue;
            }
            let outputs = bench.cycle(&inputs);
            source.taken(inputs.valid && outputs.ready);
        }
        let [started, gap_closed, too_long, malformed, poisoned, refused] = bench.pulses;
        assert!(started > 1_000 && refused > 500, "{:?}", bench.pulses);
        assert!(
            too_long > 100 && malformed > 100 && poisoned > 50,
            "{:?}",
            bench.pulses
        );
        assert_eq!(gap_closed > 0, gap_limit > 0, "{:?}", bench.pulses);
        assert!(resets > 20, "{resets} resets inside a frame");
    }
}

#[test]
fn a_frame_is_counted_as_too_long_once() {
    let mut bench = Bench::new(0);
    // The count of beats wraps several times.
    for _ in 0..5 << BEATS_W {
        bench.cycle(&FULL);
    }
    bench.cycle(&LAST);
    assert_eq!(bench.pulses, [1, 0, 1, 0, 0, 0]);
}

#[test]
fn a_frame_closed_for_its_gap_is_not_too_long_as_well() {
    for beats_before in 1..MAX_FRAME_BEATS {
        let mut bench = Bench::new(2);
        for _ in 0..beats_before {
            bench.cycle(&FULL);
        }
        for _ in 0..3 {
            bench.cycle(&IDLE);
        }
        for _ in 0..5 << BEATS_W {
            assert_eq!(bench.cycle(&FULL).push, 0);
        }
        for _ in 0..9 {
            bench.cycle(&IDLE);
        }
        bench.cycle(&LAST);
        assert_eq!(
            bench.pulses,
            [1, 1, 0, 0, 0, 0],
            "{beats_before} beats, then a gap"
        );
        assert_eq!(bench.cycle(&FULL).push, FULL.go, "the next frame");
    }
}

#[test]
fn a_frame_of_the_longest_length_is_whole() {
    let mut bench = Bench::new(0);
    for _ in 0..2 {
        for _ in 1..MAX_FRAME_BEATS {
            bench.cycle(&FULL);
        }
        assert_eq!(bench.cycle(&LAST).push, FULL.go);
    }
    assert_eq!(bench.pulses, [2, 0, 0, 0, 0, 0]);
}

#[test]
fn after_a_reset_at_any_beat_the_next_is_a_first() {
    for gap_limit in [0, 1] {
        for beats in 0..2 * MAX_FRAME_BEATS {
            for gap in 0..4 {
                let mut bench = Bench::new(gap_limit);
                for _ in 0..beats {
                    bench.cycle(&FULL);
                }
                for _ in 0..gap {
                    bench.cycle(&IDLE);
                }
                bench.reset(&FULL);
                for _ in 1..MAX_FRAME_BEATS {
                    bench.cycle(&FULL);
                }
                bench.cycle(&LAST);
                bench.cycle(&LAST);
            }
        }
    }
}

#[test]
fn refuses_a_longest_frame_it_cannot_count() {
    for beats in [0, 2, 1 << BEATS_W] {
        assert!(
            std::panic::catch_unwind(|| Dut::new(beats)).is_err(),
            "{beats}"
        );
    }
    for beats in [3, (1 << BEATS_W) - 1] {
        let _ = Dut::new(beats);
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut source = Source::new(9);
    let mut was_ready = false;
    let (_, trace) = cosim::check!(
        Dut::new(MAX_FRAME_BEATS as usize),
        10_000,
        1,
        |gate, random| {
            was_ready = gate.tready.val();
            source.taken(was_ready && gate.tvalid.val());
            drive(gate, &source.next());
            gate.reset.next = random.one_in(100);
            gate.gap_limit.next = 2_u64.into();
            gate.gap_limited.next = true;
        }
    );
    for pin in ["started", "gap_closed", "too_long", "malformed", "poisoned"] {
        let pulses = (0..trace.len()).filter(|cycle| trace.value(*cycle, pin) == Some(1));
        assert!(pulses.count() > 20, "{pin}");
    }
}
