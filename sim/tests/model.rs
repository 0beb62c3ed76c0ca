//! The `model` engine against the `rtl` engine: every output pin in every cycle, for every top of every configuration.
//! Beyond these it is compared with the `naive` engine, and that with the RTL where there is one.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "figures, to read with --nocapture; a failing test may panic"
)]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::{on_large_stack, Top};
use lightswitch_sim::engine::{self, EngineKind, Settings};
use lightswitch_sim::lockstep::{self, Stimulus};
use lightswitch_sim::pins;

const SEED: u64 = 1;

const MODEL_AND_RTL: [EngineKind; 2] = [EngineKind::Rtl, EngineKind::Model];
const MODEL_AND_NAIVE: [EngineKind; 2] = [EngineKind::Naive, EngineKind::Model];

/// Runs every top of a configuration on both engines.
fn same(name: &'static str, cycles: u64, kinds: [EngineKind; 2]) {
    println!("seed {SEED}");
    let config = Config::sized(name).unwrap();
    for top in Top::ALL {
        on_large_stack(move || {
            let settings = Settings {
                gap_limit: 0,
                ..Settings::default()
            };
            let mut made =
                kinds.map(|kind| engine::build_top(kind, config, top, &settings).unwrap());
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
            let silent: Vec<String> = (report.silent.iter())
                .filter(|pin| pin.row.is_none())
                .map(ToString::to_string)
                .filter(|name| is_reached(config, top, name))
                .collect();
            assert!(silent.is_empty(), "never high: {}", silent.join(", "));
        });
    }
}

/// Whether a run can make the pin high.
fn is_reached(config: &Config, top: Top, name: &str) -> bool {
    let is_beyond_masks = |name: &str| {
        let (stream, _) = name.split_once("_axis_").unwrap_or_default();
        let port = stream.strip_prefix('m').map(str::parse::<usize>);
        matches!(port, Some(Ok(port)) if port >= 64)
    };
    match name {
        // The small table has cleared itself before a second frame has ended.
        "stat_learn_missed" => config.table_w > 5,
        // A large switch sweeps its table too slowly to erase anything in a short run.
        "stat_aged" => config.ports <= 32,
        // The table port gets its turn too seldom to fill a set.
        "table_full" => config.ports <= 100,
        // A mask of egresses has 64 bits.
        name => top != Top::FabricMc || !is_beyond_masks(name),
    }
}

#[test]
fn model_is_rtl_at_2x32() {
    same("2x32", 24_000, MODEL_AND_RTL);
}

#[test]
fn model_is_rtl_at_4x64() {
    same("4x64", 24_000, MODEL_AND_RTL);
}

#[test]
fn model_is_rtl_at_4x64_jumbo() {
    same("4x64-jumbo", 40_000, MODEL_AND_RTL);
}

#[test]
fn model_is_rtl_at_8x64() {
    same("8x64", 20_000, MODEL_AND_RTL);
}

#[test]
fn model_is_rtl_at_16x64() {
    same("16x64", 16_000, MODEL_AND_RTL);
}

#[test]
fn naive_is_rtl_at_2x32() {
    same("2x32", 24_000, [EngineKind::Rtl, EngineKind::Naive]);
}

#[test]
fn naive_is_rtl_at_4x64() {
    same("4x64", 24_000, [EngineKind::Rtl, EngineKind::Naive]);
}

#[test]
fn model_is_naive_at_32_ports() {
    same("32x64", 10_000, MODEL_AND_NAIVE);
    same("32x32", 10_000, MODEL_AND_NAIVE);
}

#[test]
fn model_is_naive_at_64_ports() {
    same("64x64", 12_000, MODEL_AND_NAIVE);
}

#[test]
fn model_is_naive_at_77_ports() {
    same("77x64", 20_000, MODEL_AND_NAIVE);
}

#[test]
fn model_is_naive_at_128_ports() {
    same("128x32", 12_000, MODEL_AND_NAIVE);
}
