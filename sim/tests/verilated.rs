//! The `verilated` engine against the `rtl` engine: every output pin in every cycle, for all tops.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "figures, to read with --nocapture; a failing test may panic"
)]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::{on_large_stack, Top};
use lightswitch_sim::engine::{self, Engine, EngineKind, Outcome, Settings};
use lightswitch_sim::lockstep::{self, Stimulus};
use lightswitch_sim::verilated::{self, Verilated};
use lightswitch_sim::{pins, rtl, PortMask};

const SEED: u64 = 2;

fn config(name: &str) -> &'static Config {
    Config::named(name).unwrap()
}

/// Runs every top of a configuration on both engines, unless the tools are missing.
fn same(test: &str, name: &'static str, target: Target, cycles: u64) {
    if verilated::is_skipped(test) {
        return;
    }
    println!("seed {SEED}");
    for top in Top::ALL {
        on_large_stack(move || same_top(config(name), top, target, cycles));
    }
}

fn same_top(config: &Config, top: Top, target: Target, cycles: u64) {
    let what = format!("{} {} {}", config.name, top.name(), target.name());
    let settings = Settings::default();
    let mut progress = |step: &verilated::Step| println!("{step}");
    let mut rtl = rtl::build(config, top, &settings).unwrap();
    let mut verilated = Verilated::new(config, top, target, &settings, &mut progress).unwrap();
    let pins = pins::outputs(config, top);
    let mut stimulus = Stimulus::new(config, top, SEED, cycles);
    let engines: &mut [&mut dyn Engine] = &mut [rtl.as_mut(), &mut verilated];
    let report = lockstep::run(engines, &pins, &mut stimulus, &mut |_, _| {}).unwrap();
    println!("{what}: {} cycles", report.cycles);
    if let Some(mismatch) = report.mismatch {
        panic!("{what}, seed {SEED}: {mismatch}");
    }
    assert_eq!(report.cycles, cycles);
    let hits = stimulus.resets_in_frames();
    assert!(hits > 3, "{hits} resets in the middle of a frame");
    let silent: Vec<&str> = (report.silent.iter())
        .filter(|pin| pin.row.is_none())
        .map(|pin| pin.name.as_str())
        // The small table has cleared itself before a second frame has ended.
        .filter(|name| config.table_w > 5 || *name != "stat_learn_missed")
        .collect();
    assert!(silent.is_empty(), "never high: {}", silent.join(", "));
}

/// Drives `engine` for some cycles; what it says, beside and with its pins.
fn play(
    engine: &mut dyn Engine,
    stimulus: &mut Stimulus,
    cycles: usize,
) -> Vec<(Outcome, Vec<u64>)> {
    let config = config("2x32");
    let pins = pins::outputs(config, engine.top());
    let table_ready = pins.iter().position(|pin| pin.name == "table_ready");
    let mut outcome = Outcome::new(config.ports);
    let mut played = Vec::new();
    for _ in 0..cycles {
        let inputs = stimulus.drive().unwrap();
        if let Some(settings) = &inputs.settings {
            engine.configure(settings).unwrap();
        }
        engine.set_reset(inputs.reset);
        engine.request(inputs.request);
        engine
            .cycle(&inputs.offered, &inputs.ready, &mut outcome)
            .unwrap();
        let is_high = |place: usize| engine.pins()[place] == 1;
        stimulus.taken(&outcome.ingress_ready, table_ready.is_some_and(is_high));
        played.push((outcome.clone(), engine.pins().to_vec()));
    }
    played
}

/// An engine with a tap, and what to drive it with.
fn start(kind: EngineKind, top: Top) -> (Box<dyn Engine>, Stimulus) {
    let config = config("2x32");
    let mut engine = engine::build_top(kind, config, top, &Settings::default()).unwrap();
    engine.tap(true);
    (engine, Stimulus::new(config, top, SEED, 24_000))
}

#[test]
fn verilated_is_rtl_at_2x32() {
    same("verilated_is_rtl_at_2x32", "2x32", Target::Generic, 40_000);
}

#[test]
fn verilated_is_rtl_at_4x64() {
    same("verilated_is_rtl_at_4x64", "4x64", Target::Generic, 24_000);
}

#[test]
fn verilated_is_rtl_with_the_cells_of_ecp5() {
    let test = "verilated_is_rtl_with_the_cells_of_ecp5";
    same(test, "2x32", Target::Ecp5, 24_000);
}

#[test]
fn beats_and_pulses_are_those_of_rtl() {
    if verilated::is_skipped("beats_and_pulses_are_those_of_rtl") {
        return;
    }
    for top in Top::ALL {
        let [rtl, verilated] = [EngineKind::Rtl, EngineKind::Verilated].map(|kind| {
            let (mut engine, mut stimulus) = start(kind, top);
            play(engine.as_mut(), &mut stimulus, 24_000)
        });
        assert!(rtl == verilated, "{}, seed {SEED}", top.name());
        let has = |what: fn(&Outcome) -> bool| rtl.iter().any(|(outcome, _)| what(outcome));
        assert!(has(
            |outcome| outcome.egress[0].is_some_and(|beat| beat.user)
        ));
        assert!(has(|outcome| outcome
            .pulses
            .iter()
            .any(|pulse| pulse.egress.is_some())));
        assert!(has(|outcome| outcome
            .pulses
            .iter()
            .any(|pulse| pulse.egress.is_none())));
    }
}

#[test]
fn a_reset_leaves_nothing_and_a_tap_costs_nothing_else() {
    if verilated::is_skipped("a_reset_leaves_nothing_and_a_tap_costs_nothing_else") {
        return;
    }
    let (mut engine, stimulus) = start(EngineKind::Verilated, Top::Switch);
    let fresh = play(engine.as_mut(), &mut stimulus.clone(), 3_000);
    engine.reset().unwrap();
    engine.configure(&Settings::default()).unwrap();
    engine.tap(false);
    assert!(engine.pins().is_empty());
    engine.tap(true);
    assert!(engine.pins().is_empty(), "no cycle since");
    let again = play(engine.as_mut(), &mut stimulus.clone(), 3_000);
    // What memories still hold may show where it does not count.
    assert!(fresh
        .iter()
        .zip(&again)
        .all(|(one, other)| one.0 == other.0));
    let wrong = Settings {
        store_and_forward: vec![PortMask::one(2)],
        ..Settings::default()
    };
    assert!(engine.configure(&wrong).is_err());
}

#[test]
fn engines_of_the_same_and_of_other_tops_do_not_mix() {
    if verilated::is_skipped("engines_of_the_same_and_of_other_tops_do_not_mix") {
        return;
    }
    let mut alone = Vec::new();
    for top in Top::ALL {
        // Dropped before the next one is built.
        let (mut engine, mut stimulus) = start(EngineKind::Verilated, top);
        alone.push(play(engine.as_mut(), &mut stimulus, 600));
    }
    let tops = Top::ALL.into_iter().chain(Top::ALL);
    let mut together: Vec<_> = tops.map(|top| start(EngineKind::Verilated, top)).collect();
    let mut played = vec![Vec::new(); together.len()];
    for _ in 0..60 {
        for ((engine, stimulus), played) in together.iter_mut().zip(&mut played) {
            played.extend(play(engine.as_mut(), stimulus, 10));
        }
    }
    assert!(played[..3] == alone && played[3..] == alone);
}
