//! The exported tops against their blocks: every output pin, in every cycle.
//!
//! A top's block is driven once, through every kind of traffic, and all its pins are recorded. The Verilog of each target
//! then has to show the same outputs for the same inputs.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod dut;

use std::time::Instant;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::{self, CosimError, Recorder, Trace};
use lightswitch_hdl::export::Design;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::{self, on_large_stack, Top};
use lightswitch_sim::lockstep::Stimulus;

use dut::Dut;

const SEED: u64 = 1;

/// Drives a block through the whole matrix, and records all its pins.
fn record(config: &Config, top: Top, cycles: u64) -> Trace {
    let mut dut = dut::build(config, top);
    let mut recorder = Recorder::new();
    let mut stimulus = Stimulus::new(config, top, SEED, cycles);
    let ready_fields: Vec<String> = (0..config.ports)
        .map(|port| format!("ingress[{port}].tready"))
        .collect();
    while let Some(inputs) = stimulus.drive() {
        if let Some(settings) = &inputs.settings {
            dut.configure(settings);
        }
        dut.set_reset(inputs.reset);
        dut.request(inputs.request.as_ref());
        for port in 0..config.ports {
            dut.offer(port, inputs.offered[port].as_ref());
            dut.set_ready(port, inputs.ready[port]);
        }
        recorder.cycle(dut.as_mut(), Dut::set_clock).unwrap();
        let ready: Vec<bool> = (ready_fields.iter())
            .map(|field| recorder.last(field) == Some(1))
            .collect();
        stimulus.taken(&ready, recorder.last("table_ready") == Some(1));
    }
    let hits = stimulus.resets_in_frames();
    assert!(hits > 3, "{hits} resets in the middle of a frame");
    recorder.finish()
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

/// Runs the matrix on a top for `cycles` cycles, and its Verilog for every target on the same pins.
fn lockstep(config: &str, top: Top, cycles: u64) {
    println!("seed {SEED}");
    let config = Config::named(config).unwrap();
    on_large_stack(move || run(config, top, cycles));
}

fn run(config: &Config, top: Top, cycles: u64) {
    let started = Instant::now();
    let trace = record(config, top, cycles);
    println!("blocks: {:.1} s", started.elapsed().as_secs_f64());
    assert_corners(config, top, &trace);
    let judge = |what: &str, result: Result<(), CosimError>| match result {
        Ok(()) => println!("{what}: the same in {} cycles", trace.len()),
        Err(error) => panic!("{what}: {error}"),
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
    lockstep("2x32", Top::Fabric, 40_000);
}

#[test]
fn the_2x32_multicast_fabric_is_its_verilog() {
    lockstep("2x32", Top::FabricMc, 40_000);
}

#[test]
fn the_2x32_switch_is_its_verilog() {
    lockstep("2x32", Top::Switch, 32_000);
}

#[test]
fn the_4x64_fabric_is_its_verilog() {
    lockstep("4x64", Top::Fabric, 16_000);
}

#[test]
fn the_4x64_multicast_fabric_is_its_verilog() {
    lockstep("4x64", Top::FabricMc, 16_000);
}

#[test]
fn the_4x64_switch_is_its_verilog() {
    lockstep("4x64", Top::Switch, 20_000);
}

#[test]
fn the_8x64_multicast_fabric_is_its_verilog() {
    lockstep("8x64", Top::FabricMc, 12_000);
}

#[test]
fn the_8x64_switch_is_its_verilog() {
    lockstep("8x64", Top::Switch, 20_000);
}
