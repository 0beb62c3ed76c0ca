//! Tests of [`LearnTurn`]: the turn goes round the ports and the maintenance.

use super::bench::{get, Op};
use super::epoch_clock::Epochs;
use super::maintenance::{Behind, Inputs, Reference};
use crate::cosim::Random;
use crate::prelude::*;
use crate::table::{LearnTurn, Operation};
use crate::testbench::Bench;

const PORTS: usize = 3;
const INDEX_W: usize = 2;

type Dut = LearnTurn<PORTS, INDEX_W>;

/// An operation of the table port.
#[derive(Clone, Copy, Debug)]
struct Request {
    op: u64,
    address: u64,
    mask: u32,
}

/// How often each case was there.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    /// Learns let in, table operations, sweep operations.
    learns: u32,
    requests: u32,
    sweeps: u32,
    /// A turn that nobody made use of, a turn that the maintenance did not want, a cycle without `advance`.
    unused: u32,
    skipped: u32,
    held: u32,
    epochs: u32,
    /// Resets while the table is open.
    resets: u32,
    /// The most turns a learn waited.
    longest: u32,
}

fn put_address(pins: &mut [Signal<In, Bits<32>>; 2], address: u64, random: &mut Random) {
    pins[0].next = (address & 0xffff_ffff).into();
    pins[1].next = (address >> 32 | random.bits(16) << 16).into();
}

/// Whose turn it is, what follows from that, and what is offered.
struct Driver {
    random: Random,
    maintenance: Reference,
    epochs: Epochs,
    behind: Behind,
    /// The port, or `PORTS` for the maintenance.
    turn: usize,
    learn: [Option<u64>; PORTS],
    request: Option<Request>,
    /// Turns for which each learn has waited.
    waited: [u32; PORTS],
    reached: Reached,
}

impl Driver {
    fn new(seed: u64) -> Self {
        println!("seed {seed}");
        Self {
            random: Random::new(seed),
            maintenance: Reference::new(INDEX_W),
            epochs: Epochs::default(),
            behind: Behind::default(),
            turn: PORTS,
            learn: [None; PORTS],
            request: None,
            waited: [0; PORTS],
            reached: Reached::default(),
        }
    }

    fn any_request(&mut self) -> Request {
        Request {
            op: self.random.bits(2),
            address: self.random.bits(48),
            mask: self.random.bits(PORTS) as u32,
        }
    }

    /// One cycle: a port has something to learn once in `load` cycles, the pipeline advances once in `pace`.
    fn cycle(&mut self, bench: &mut Bench<Dut>, load: u32, pace: u32, period: u32) {
        for learn in &mut self.learn {
            if learn.is_none() && self.random.one_in(load) {
                *learn = Some(self.random.bits(48));
            }
        }
        if self.request.is_none() && self.random.one_in(10 * load) {
            self.request = Some(self.any_request());
        }
        let advance = self.random.one_in(pace);
        let inputs = Inputs {
            reset: self.random.one_in(500),
            turn: advance && self.turn == PORTS,
            table: self.request.map(|request| request.op),
            answered: self.behind.answers(),
            tick: self.epochs.tick,
        };
        bench.block.cfg_ageing_period.next = u64::from(period).into();
        bench.block.advance.next = advance;
        let shown = self.drive(&mut bench.block, &inputs);
        bench.settle();
        let wanted = self.wanted(&inputs, shown);
        self.compare(bench, &inputs, advance, wanted);
        self.count(&inputs, advance, wanted);
        bench.clock();
        self.step(&inputs, advance, period);
    }

    /// The pins but two; what the table port shows.
    fn drive(&mut self, block: &mut Dut, inputs: &Inputs) -> Request {
        let any = self.any_request();
        let shown = self.request.unwrap_or(any);
        let random = &mut self.random;
        block.reset.next = inputs.reset;
        block.answered.next = inputs.answered;
        block.table_valid.next = self.request.is_some();
        block.table_op.next = shown.op.into();
        block.table_mask.next = u64::from(shown.mask).into();
        put_address(&mut block.table_address, shown.address, random);
        for (pins, learn) in block.learn.iter_mut().zip(self.learn) {
            pins.valid.next = learn.is_some();
            let address = learn.unwrap_or(random.bits(48));
            put_address(&mut pins.address, address, random);
        }
        shown
    }

    /// The set of the sweep whose turn it is.
    fn swept(&self, inputs: &Inputs) -> Option<usize> {
        self.maintenance.outputs(inputs).offered?.set
    }

    /// What is to be offered; without `advance` it is not taken, and the maintenance does not even offer.
    fn wanted(&self, inputs: &Inputs, shown: Request) -> Option<Op> {
        if self.turn < PORTS {
            return self.learn[self.turn].map(|address| Op {
                kind: Operation::Learn,
                respond: false,
                address,
                mask: 1 << self.turn,
                set: 0,
            });
        }
        let offered = self.maintenance.outputs(inputs).offered?;
        Some(Op {
            kind: offered.kind,
            respond: offered.respond,
            address: shown.address,
            mask: shown.mask,
            set: offered.set.unwrap_or(0),
        })
    }

    fn compare(&self, bench: &Bench<Dut>, inputs: &Inputs, advance: bool, wanted: Option<Op>) {
        let (block, cycle) = (&bench.block, bench.cycle);
        let mut is = get(&block.offered);
        if let (Some(is), Some(wanted)) = (&mut is, wanted) {
            if self.swept(inputs).is_some() {
                // A sweep is on a set.
                (is.address, is.mask) = (wanted.address, wanted.mask);
            } else {
                is.set = 0;
            }
        }
        assert_eq!(is, wanted, "cycle {cycle}: turn {}", self.turn);
        for (port, pins) in block.learn.iter().enumerate() {
            let ready = advance && self.turn == port;
            assert_eq!(pins.ready.val(), ready, "cycle {cycle}: port {port}");
        }
        let of_maintenance = self.maintenance.outputs(inputs);
        let levels = [block.table_ready.val(), block.open.val(), block.busy.val()];
        let wanted = [
            of_maintenance.table_ready,
            of_maintenance.open,
            of_maintenance.busy,
        ];
        assert_eq!(levels, wanted, "cycle {cycle}");
        let epoch = self.epochs.epoch;
        assert_eq!(block.epoch.val(), epoch % 16, "cycle {cycle}");
        assert_eq!(block.oldest.val(), (epoch + 1) % 16, "cycle {cycle}");
    }

    fn count(&mut self, inputs: &Inputs, advance: bool, wanted: Option<Op>) {
        let swept = self.swept(inputs).is_some();
        let of_maintenance = self.maintenance.outputs(inputs);
        let is_skipped = self.turn + 1 == PORTS && !of_maintenance.wanted;
        let is_taken = advance && wanted.is_some();
        let reached = &mut self.reached;
        for (count, is) in [
            (&mut reached.learns, is_taken && self.turn < PORTS),
            (&mut reached.sweeps, is_taken && swept),
            (&mut reached.unused, advance && wanted.is_none()),
            (&mut reached.held, !advance && wanted.is_some()),
            (&mut reached.epochs, self.epochs.tick),
            (&mut reached.resets, inputs.reset && self.maintenance.open),
            (
                &mut reached.requests,
                inputs.table.is_some() && of_maintenance.table_ready,
            ),
            (
                &mut reached.skipped,
                self.maintenance.open && advance && is_skipped,
            ),
        ] {
            *count += u32::from(is);
        }
    }

    /// The clock edge that ends a cycle.
    fn step(&mut self, inputs: &Inputs, advance: bool, period: u32) {
        let of_maintenance = self.maintenance.outputs(inputs);
        let is_open = self.maintenance.open;
        let offered = of_maintenance.offered.filter(|_| self.turn == PORTS);
        self.behind.step(offered, &mut self.random);
        if advance && self.turn < PORTS {
            self.learn[self.turn] = None;
        }
        for (waited, learn) in self.waited.iter_mut().zip(self.learn) {
            let turns = *waited + u32::from(advance);
            *waited = if is_open && learn.is_some() { turns } else { 0 };
            self.reached.longest = self.reached.longest.max(*waited);
        }
        if of_maintenance.table_ready {
            self.request = None;
        }
        if advance && is_open {
            self.turn = (self.turn + 1) % (PORTS + 1);
            if self.turn == PORTS && !of_maintenance.wanted {
                self.turn = 0;
            }
        }
        self.epochs.step(is_open && !inputs.reset, period);
        self.maintenance.step(inputs);
        if inputs.reset {
            self.behind.reset();
            self.turn = PORTS;
            (self.learn, self.request) = ([None; PORTS], None);
        }
    }
}

fn run(bench: &mut Bench<Dut>, seed: u64, cycles: u32) -> Reached {
    let mut driver = Driver::new(seed);
    let (mut load, mut pace, mut period) = (1, 1, 0);
    bench.block.reset.next = true;
    bench.clock();
    for cycle in 0..cycles {
        if cycle % 250 == 0 {
            let random = &mut driver.random;
            load = 1 + random.below(6);
            pace = 1 + random.below(3);
            period = [0, 30 + random.below(60)][random.below(2) as usize];
        }
        driver.cycle(bench, load, pace, period);
    }
    driver.reached
}

#[test]
fn goes_round_the_ports_and_the_maintenance() {
    for seed in 1..=3 {
        let reached = run(&mut Bench::new(Dut::default()), seed, 20_000);
        assert!(
            reached.learns > 3_000 && reached.requests > 100 && reached.sweeps > 500,
            "{reached:?}"
        );
        assert!(
            reached.unused > 100 && reached.skipped > 100 && reached.held > 500,
            "{reached:?}"
        );
        assert!(reached.epochs > 50 && reached.resets > 10, "{reached:?}");
        assert_eq!(
            reached.longest, PORTS as u32,
            "the longest wait is documented"
        );
    }
}

#[test]
fn the_verilog_is_the_same() {
    let mut bench = Bench::recording(Dut::default());
    let reached = run(&mut bench, 4, 5_000);
    assert!(
        reached.requests > 10 && reached.epochs > 5 && reached.resets > 1,
        "{reached:?}"
    );
    bench.replay();
}
