//! Tests of [`Maintenance`] against a plain list of what is left to do.

use std::collections::VecDeque;

use crate::cosim::Random;
use crate::table::{Maintenance, Operation};
use crate::testbench::Bench;

const INDEX_W: usize = 3;

type Dut = Maintenance<INDEX_W>;

/// What drives the maintenance in a cycle; `table` is what the table port offers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inputs {
    pub reset: bool,
    pub turn: bool,
    pub table: Option<u64>,
    pub answered: bool,
    pub tick: bool,
}

/// An operation: of a sweep with its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    pub kind: Operation,
    pub respond: bool,
    pub set: Option<usize>,
}

/// Everything the maintenance drives in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    pub table_ready: bool,
    pub wanted: bool,
    pub offered: Option<Offered>,
    pub busy: bool,
    pub open: bool,
}

/// The maintenance in ordinary code.
#[derive(Clone, Debug)]
pub struct Reference {
    sets: usize,
    /// The pass that is under way, and the sets that are left of it.
    pass: Option<(Operation, VecDeque<usize>)>,
    /// An epoch has ended since the last ageing pass began.
    due: bool,
    /// The table port had the last turn.
    table_was_last: bool,
    pub busy: bool,
    pub open: bool,
    /// Flushes that met an ageing pass.
    pub met: u32,
    /// Passes that ended, of each kind: clear, age, flush.
    pub passes: [u32; 3],
}

impl Reference {
    pub fn new(index_w: usize) -> Self {
        let sets = 1 << index_w;
        Self {
            sets,
            pass: Some((Operation::Clear, (0..sets).collect())),
            due: false,
            table_was_last: false,
            busy: false,
            open: false,
            met: 0,
            passes: [0; 3],
        }
    }

    /// The operation of the table port is taken.
    fn takes(&self, inputs: &Inputs) -> Option<u64> {
        inputs.table.filter(|_| self.outputs(inputs).table_ready)
    }

    pub fn outputs(&self, inputs: &Inputs) -> Outputs {
        let table_ready = inputs.turn && self.open && !self.busy && !self.table_was_last;
        let table = inputs.table.filter(|_| table_ready);
        let sweep = self.pass.as_ref().filter(|_| inputs.turn).map(|pass| {
            let (kind, left) = pass;
            Offered {
                kind: *kind,
                respond: left.len() == 1 && *kind != Operation::Age,
                set: left.front().copied(),
            }
        });
        let of_table = |kind| {
            Some(Offered {
                kind,
                respond: true,
                set: None,
            })
        };
        Outputs {
            table_ready,
            wanted: self.pass.is_some() || inputs.table.is_some(),
            offered: match table {
                Some(0) => of_table(Operation::Read),
                Some(1) => of_table(Operation::WriteStatic),
                Some(2) => of_table(Operation::Delete),
                Some(_) => None,
                None => sweep,
            },
            busy: self.busy,
            open: self.open,
        }
    }

    pub fn step(&mut self, inputs: &Inputs) {
        let (takes, rests) = (self.takes(inputs), self.pass.is_none());
        if rests && self.due {
            self.due = false;
            self.pass = Some((Operation::Age, (0..self.sets).collect()));
        } else if let Some((kind, left)) = &mut self.pass {
            if inputs.turn && takes.is_none() {
                left.pop_front();
            }
            if left.is_empty() {
                let place = [Operation::Clear, Operation::Age, Operation::Flush];
                let place = place.iter().position(|other| other == kind).unwrap();
                self.passes[place] += 1;
                self.pass = None;
            }
        }
        if takes == Some(3) {
            let is_ageing = matches!(self.pass, Some((Operation::Age, _)));
            self.met += u32::from(is_ageing && !rests);
            self.pass = Some((Operation::Flush, (0..self.sets).collect()));
        }
        if inputs.turn {
            self.table_was_last = takes.is_some();
        }
        self.busy |= takes.is_some();
        if inputs.answered {
            (self.busy, self.open) = (false, true);
        }
        self.due |= inputs.tick;
        if inputs.reset {
            *self = Self {
                met: self.met,
                passes: self.passes,
                ..Self::new(self.sets.ilog2() as usize)
            };
        }
    }
}

/// The blocks behind: each operation with `respond` is answered some cycles later.
#[derive(Clone, Debug, Default)]
pub struct Behind {
    /// Cycles that are left of each.
    left: VecDeque<u32>,
}

impl Behind {
    /// Whether one is answered in this cycle.
    pub fn answers(&self) -> bool {
        self.left.front() == Some(&0)
    }

    /// The clock edge that ends the cycle.
    pub fn step(&mut self, offered: Option<Offered>, random: &mut Random) {
        if self.answers() {
            self.left.pop_front();
        }
        for left in &mut self.left {
            *left = left.saturating_sub(1);
        }
        if offered.is_some_and(|offered| offered.respond) {
            self.left.push_back(6 + random.below(5));
        }
    }

    pub fn reset(&mut self) {
        self.left.clear();
    }
}

fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> (Reference, [u32; 3]) {
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut reference = Reference::new(INDEX_W);
    let (mut behind, mut table) = (Behind::default(), None);
    // Table operations taken, turns in which one waited for a sweep, resets inside a pass.
    let mut reached = [0; 3];
    let (mut pace, mut load) = (1, 1);
    for cycle in 0..cycles {
        if cycle % 200 == 0 {
            pace = 1 + random.below(4);
            load = 1 + random.below(40);
        }
        if table.is_none() && random.one_in(load) {
            table = Some(u64::from(random.below(4)));
        }
        let inputs = Inputs {
            reset: random.one_in(400),
            turn: random.one_in(pace),
            table,
            answered: behind.answers(),
            tick: reference.open && random.one_in(60),
        };
        let block = &mut bench.block;
        block.reset.next = inputs.reset;
        block.turn.next = inputs.turn;
        block.table_valid.next = table.is_some();
        block.table_op.next = table.unwrap_or(random.bits(2)).into();
        block.answered.next = inputs.answered;
        block.tick.next = inputs.tick;
        bench.settle();
        let block = &bench.block;
        let wanted = reference.outputs(&inputs);
        let has_set = wanted.offered.is_some_and(|offered| offered.set.is_some());
        let is = Outputs {
            table_ready: block.table_ready.val(),
            wanted: block.wanted.val(),
            offered: block.valid.val().then(|| Offered {
                kind: block.kind.val(),
                respond: block.respond.val(),
                set: has_set.then(|| block.index.val().index()),
            }),
            busy: block.busy.val(),
            open: block.open.val(),
        };
        assert_eq!(is, wanted, "cycle {cycle}: {inputs:?} {reference:?}");
        bench.clock();

        let taken = table.is_some() && wanted.table_ready;
        let free = inputs.turn && reference.open && !reference.busy;
        reached[0] += u32::from(taken);
        reached[1] += u32::from(free && table.is_some() && has_set);
        reached[2] += u32::from(inputs.reset && reference.pass.is_some());
        reference.step(&inputs);
        behind.step(wanted.offered, &mut random);
        if taken {
            table = None;
        }
        if inputs.reset {
            behind.reset();
            table = None;
        }
    }
    (reference, reached)
}

#[test]
fn clears_sweeps_and_serves_in_turns() {
    for seed in 1..=3 {
        let (reference, reached) = run(&mut Bench::new(Dut::default()), seed, 20_000);
        let passes = reference.passes;
        assert!(passes.iter().all(|passes| *passes > 20), "{passes:?}");
        assert!(reference.met > 5, "{}", reference.met);
        assert!(reached[0] > 200 && reached[2] > 20, "{reached:?}");
    }
}

#[test]
fn a_pass_takes_as_many_turns_as_there_are_sets() {
    let mut bench = Bench::new(Dut::default());
    for set in 0..1 << INDEX_W {
        // A cycle without a turn, then one with it.
        for turn in [false, true] {
            bench.block.turn.next = turn;
            bench.settle();
            assert_eq!(bench.block.valid.val(), turn);
            if turn {
                assert_eq!(bench.block.kind.val(), Operation::Clear);
                assert_eq!(bench.block.index.val(), set);
            }
            bench.clock();
        }
    }
    bench.settle();
    assert!(!bench.block.valid.val() && !bench.block.wanted.val());
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let (reference, reached) = run(&mut bench, 4, 5_000);
    assert!(reference.passes.iter().all(|n| *n > 3), "{reference:?}");
    assert!(reached[0] > 20 && reached[2] > 3, "{reached:?}");
    bench.replay();
}
