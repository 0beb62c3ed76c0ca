//! The exported tops against their blocks: every output pin, in every cycle.
//!
//! A top's block is driven once, through every kind of traffic, and all its pins are recorded. The Verilog of each target
//! then has to show the same outputs for the same inputs.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod dut;
mod source;

use std::fmt;
use std::time::Instant;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::{self, CosimError, Random, Recorder, Trace};
use lightswitch_hdl::export::Design;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::{self, on_large_stack, Top};

use dut::{Controls, Dut};
use source::{Maker, Mood, Pattern, Source};

const SEED: u64 = 1;

/// One row of the matrix.
#[derive(Clone, Copy, Debug)]
struct Phase {
    lossy: bool,
    mood: Mood,
    back_pressure: bool,
    number: usize,
}

impl Phase {
    /// {lossless, lossy} x {uniform, ...} x {no gaps, gaps} x {no back-pressure, back-pressure}.
    fn all() -> Vec<Phase> {
        let mut phases = Vec::new();
        for lossy in [false, true] {
            for pattern in Pattern::ALL {
                for gaps in [false, true] {
                    for back_pressure in [false, true] {
                        let number = phases.len();
                        phases.push(Phase {
                            lossy,
                            mood: Mood {
                                pattern,
                                gaps,
                                era: (number / 4) as u8,
                            },
                            back_pressure,
                            number,
                        });
                    }
                }
            }
        }
        phases
    }

    /// Begins with a reset, in the middle of what went on before. The long stretch between is for addresses to age.
    fn has_reset(&self) -> bool {
        [0, 2, 5, 9, 14, 38, 39].contains(&self.number)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "phase {}: {:?}, lossy {}, gaps {}, back-pressure {}",
            self.number, self.mood.pattern, self.lossy, self.mood.gaps, self.back_pressure
        )
    }
}

/// A block between sources and sinks, all its pins recorded.
struct Rig {
    dut: Box<dyn Dut>,
    maker: Maker,
    random: Random,
    recorder: Recorder,
    sources: Vec<Source>,
    /// Cycles for which an egress still refuses.
    stall: Vec<u32>,
    request: Option<dut::Request>,
    ready_fields: Vec<String>,
    resets_in_frames: u32,
}

impl Rig {
    fn new(config: &'static Config, top: Top) -> Self {
        let ports = config.ports;
        Self {
            dut: dut::build(config, top),
            maker: Maker::new(config, top),
            random: Random::new(SEED),
            recorder: Recorder::new(),
            sources: vec![Source::default(); ports],
            stall: vec![0; ports],
            request: None,
            ready_fields: (0..ports)
                .map(|port| format!("ingress[{port}].tready"))
                .collect(),
            resets_in_frames: 0,
        }
    }

    /// Runs a phase, its reset included.
    fn run(&mut self, phase: &Phase, cycles: usize) {
        let ports = self.maker.config.ports;
        let mut controls = Controls {
            lossy: phase.lossy,
            store_forward: vec![0; ports],
            gap_limit: if phase.mood.gaps {
                3 + self.random.below(8) as u16
            } else {
                0
            },
        };
        // Shorter than is legal in a large table, so that addresses age within a test.
        self.dut
            .set_ageing_period(if phase.lossy { 150 } else { 0 });
        for cycle in 0..cycles {
            // Pairs change between storing and cutting through in the middle of frames.
            if !phase.number.is_multiple_of(3) && cycle.is_multiple_of(40) {
                controls.store_forward = (0..ports).map(|_| self.random.bits(ports)).collect();
            }
            self.dut.set_controls(&controls);
            let reset = phase.has_reset() && cycle < 2;
            if reset {
                self.resets_in_frames += u32::from(self.sources.iter().any(Source::is_in_frame));
                self.sources.fill(Source::default());
                self.request = None;
            }
            self.dut.set_reset(reset);
            self.cycle(phase);
        }
    }

    fn cycle(&mut self, phase: &Phase) {
        let random = &mut self.random;
        let mut offered = Vec::new();
        for (port, source) in self.sources.iter_mut().enumerate() {
            let offer = source.offer(random, &self.maker, phase.mood, port);
            self.dut.offer(port, offer.as_ref());
            offered.push(offer.is_some());
        }
        for (port, stall) in self.stall.iter_mut().enumerate() {
            // A hot spot that does not move fills its queues.
            let is_hot = port == 0 && phase.mood.pattern == Pattern::HotSpot;
            if !phase.back_pressure {
                *stall = 0;
            } else if *stall > 0 {
                *stall -= 1;
            } else if random.one_in(if is_hot { 2 } else { 12 }) {
                *stall = if is_hot { 300 } else { 1 + random.below(12) };
            }
            self.dut.set_ready(port, *stall == 0);
        }
        if self.maker.top == Top::Switch {
            if self.request.is_none() && random.one_in(12) {
                self.request = Some(self.maker.request(random, phase.mood.era));
            }
            self.dut.set_table(self.request.as_ref());
        }
        self.recorder
            .cycle(self.dut.as_mut(), Dut::set_clock)
            .unwrap();
        for (port, source) in self.sources.iter_mut().enumerate() {
            if offered[port] && self.recorder.last(&self.ready_fields[port]) == Some(1) {
                source.taken(random, phase.mood);
            }
        }
        if self.request.is_some() && self.recorder.last("table_ready") == Some(1) {
            self.request = None;
        }
    }
}

/// Counts over a trace.
struct Tally<'a>(&'a Trace);

impl Tally<'_> {
    /// High bits of a field over all cycles; `None` if there is no such field.
    fn bits(&self, field: &str) -> Option<u32> {
        (0..self.0.len())
            .map(|cycle| Some(self.0.value(cycle, field)?.count_ones()))
            .sum()
    }

    /// Cycles in which all of `high` are high and all of `low` are low.
    fn cycles(&self, high: &[String], low: &[String]) -> u32 {
        let is = |cycle, field: &String, wanted| {
            self.0
                .value(cycle, field)
                .unwrap_or_else(|| panic!("no field {field}"))
                == wanted
        };
        (0..self.0.len())
            .filter(|cycle| {
                high.iter().all(|field| is(*cycle, field, 1))
                    && low.iter().all(|field| is(*cycle, field, 0))
            })
            .count() as u32
    }
}

/// Asserts that the run met what it is for, and prints the counts.
fn assert_corners(config: &Config, top: Top, trace: &Trace) {
    let tally = Tally(trace);
    let mut counts: Vec<(String, u32)> = Vec::new();
    let stream = |side: &str, port: usize| {
        let pin = |name: &str| format!("{side}[{port}].{name}");
        ["tvalid", "tready", "tlast", "tuser"].map(pin)
    };
    let (mut good, mut poisoned, mut held_in, mut held_out) = (0, 0, 0, 0);
    for port in 0..config.ports {
        let [valid, ready, last, user] = stream("egress", port);
        good += tally.cycles(
            &[valid.clone(), ready.clone(), last.clone()],
            std::slice::from_ref(&user),
        );
        poisoned += tally.cycles(&[valid.clone(), ready.clone(), last, user], &[]);
        held_out += tally.cycles(&[valid], &[ready]);
        let [valid, ready, ..] = stream("ingress", port);
        held_in += tally.cycles(&[valid], &[ready]);
    }
    for (name, count) in [
        ("delivered", good),
        ("delivered poisoned", poisoned),
        ("held at an ingress", held_in),
        ("held at an egress", held_out),
    ] {
        counts.push((name.into(), count));
    }
    let pins = tops::pins(config, top);
    let watched = |name: &str| {
        name.starts_with("stat_") || (name.starts_with("table_") && name != "table_address")
    };
    for pin in pins.iter().filter(|pin| watched(&pin.name)) {
        let count = pin
            .fields
            .iter()
            .map(|field| tally.bits(field).unwrap())
            .sum();
        counts.push((pin.name.clone(), count));
    }
    println!("{} {}: {} cycles", config.name, top.name(), trace.len());
    for (name, count) in &counts {
        println!("  {count:8} {name}");
    }
    let missed: Vec<&str> = counts
        .iter()
        .filter(|(name, count)| *count == 0 && !is_out_of_reach(config, name))
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(missed.is_empty(), "never seen: {}", missed.join(", "));
    assert!(good > 200, "{good} frames delivered");
}

/// A learn is missed while the table clears itself, which the small one has done before a second frame has ended.
fn is_out_of_reach(config: &Config, pin: &str) -> bool {
    config.table_w < 6 && pin == "stat_learn_missed"
}

/// Runs the matrix on a top, and its Verilog for every target on the same pins.
fn lockstep(config: &str, top: Top, cycles: usize) {
    println!("seed {SEED}");
    let config = Config::named(config).unwrap();
    on_large_stack(move || run(config, top, cycles));
}

fn run(config: &'static Config, top: Top, cycles: usize) {
    let mut rig = Rig::new(config, top);
    let phases = Phase::all();
    let started = Instant::now();
    for phase in &phases {
        rig.run(phase, cycles);
    }
    println!("blocks: {:.1} s", started.elapsed().as_secs_f64());
    let hits = rig.resets_in_frames;
    assert!(hits > 3, "{hits} resets in the middle of a frame");
    let trace = rig.recorder.finish();
    assert_corners(config, top, &trace);
    let judge = |what: &str, result: Result<(), CosimError>| match result {
        Ok(()) => println!("{what}: the same in {} cycles", trace.len()),
        Err(error) => {
            let place = match &error {
                CosimError::Mismatch { cycle, .. } => phases[cycle / cycles].to_string(),
                _ => String::new(),
            };
            panic!("{what}: {error} ({place})");
        }
    };
    let generic = tops::export(config, top, Target::Generic).unwrap();
    judge("generic", cosim::replay(&generic, &trace));
    let ice40 = tops::export(config, top, Target::Ice40).unwrap();
    if ice40.files() == generic.files() {
        println!("ice40: the files of generic");
    } else {
        judge("ice40", cosim::replay(&ice40, &trace));
    }
    let ecp5 = tops::export(config, top, Target::Ecp5).unwrap();
    judge("ecp5", cosim::replay(&ecp5, &trace));
    judge(
        "ecp5, clashes spoiled",
        cosim::replay_beats(&spoiled(ecp5), &trace),
    );
}

/// The design with block RAMs in which a read of the word that is being written gives nothing but wrong bits. No beat may
/// carry them, and no decision hang on them.
fn spoiled(mut design: Design) -> Design {
    design.cells = format!("`define DP16KD_SPOIL_CLASHES\n{}", design.cells);
    design
}

#[test]
fn the_2x32_fabric_is_its_verilog() {
    lockstep("2x32", Top::Fabric, 1_000);
}

#[test]
fn the_2x32_multicast_fabric_is_its_verilog() {
    lockstep("2x32", Top::FabricMc, 1_000);
}

#[test]
fn the_2x32_switch_is_its_verilog() {
    lockstep("2x32", Top::Switch, 800);
}

#[test]
fn the_4x64_fabric_is_its_verilog() {
    lockstep("4x64", Top::Fabric, 400);
}

#[test]
fn the_4x64_multicast_fabric_is_its_verilog() {
    lockstep("4x64", Top::FabricMc, 400);
}

#[test]
fn the_4x64_switch_is_its_verilog() {
    lockstep("4x64", Top::Switch, 500);
}

#[test]
fn the_8x64_multicast_fabric_is_its_verilog() {
    lockstep("8x64", Top::FabricMc, 300);
}

#[test]
fn the_8x64_switch_is_its_verilog() {
    lockstep("8x64", Top::Switch, 250);
}
