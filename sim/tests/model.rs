//! The `model` engine against the `rtl` engine: every output pin in every cycle, for every top of every configuration.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "figures, to read with --nocapture; a failing test may panic"
)]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::{on_large_stack, Top};
use lightswitch_sim::engine::Settings;
use lightswitch_sim::lockstep::{self, Stimulus};
use lightswitch_sim::{model, pins, rtl};

const SEED: u64 = 1;

/// Runs every top of a configuration.
fn same(name: &'static str, cycles: u64) {
    println!("seed {SEED}");
    let config = Config::named(name).unwrap();
    for top in Top::ALL {
        on_large_stack(move || {
            let settings = Settings {
                gap_limit: 0,
                ..Settings::default()
            };
            let mut made = [
                rtl::build(config, top, &settings).unwrap(),
                model::build(config, top, &settings).unwrap(),
            ];
            let mut engines = lockstep::borrowed(&mut made);
            let pins = pins::outputs(config, top);
            let mut stimulus = Stimulus::new(config, top, SEED, cycles);
            let report = lockstep::run(&mut engines, &pins, &mut stimulus, &mut |_, _| {}).unwrap();
            println!("{name} {}: {} cycles", top.name(), report.cycles);
            if let Some(mismatch) = report.mismatch {
                panic!("{name} {}: {mismatch}", top.name());
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
        });
    }
}

#[test]
fn model_is_rtl_at_2x32() {
    same("2x32", 24_000);
}

#[test]
fn model_is_rtl_at_4x64() {
    same("4x64", 24_000);
}

#[test]
fn model_is_rtl_at_4x64_jumbo() {
    same("4x64-jumbo", 40_000);
}

#[test]
fn model_is_rtl_at_8x64() {
    same("8x64", 20_000);
}

#[test]
fn model_is_rtl_at_16x64() {
    same("16x64", 12_000);
}
