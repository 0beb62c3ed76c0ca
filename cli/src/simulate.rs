//! `lightswitch simulate`.

use std::path::Path;

use anyhow::{bail, Context as _};
use lightswitch_hdl::tops::Top;
use lightswitch_sim::bench::BackPressure;
use lightswitch_sim::engine::{self, Engine, Settings};
use lightswitch_sim::replay::{self, Options};
use lightswitch_sim::simulate::{self, Plan};
use lightswitch_sim::traffic::Spec;
use lightswitch_sim::verilated::Step;
use lightswitch_sim::wave::Tapped;
use lightswitch_sim::Error;

use crate::args::SimulateArgs;
use crate::output;
use crate::progress::{Progress, Spinner};

/// Runs the command.
pub fn run(args: &SimulateArgs) -> anyhow::Result<()> {
    let settings = Settings {
        lossy: args.lossy,
        store_and_forward: if args.store_and_forward {
            vec![engine::every_port(args.config.ports); args.config.ports]
        } else {
            Vec::new()
        },
        gap_limit: match args.top {
            Top::Switch => Settings::default().gap_limit,
            Top::Fabric | Top::FabricMc => 0,
        },
        ..Settings::default()
    };
    let engine = build(args, &settings)
        .with_context(|| format!("cannot build the {} {}", args.top.name(), args.config.name))?;
    match &args.wave {
        None => {
            let mut engine = engine;
            run_on(engine.as_mut(), args, &settings)
        }
        Some(path) => {
            let mut engine = Tapped::new(engine, path, args.clock_mhz)?;
            // The waves of a failed run are those one wants to see.
            let result = run_on(&mut engine, args, &settings);
            engine.finish()?;
            result
        }
    }
}

/// The engine that was asked for; says what it waits for while its Verilog is compiled.
fn build(args: &SimulateArgs, settings: &Settings) -> Result<Box<dyn Engine>, Error> {
    let mut spinner = Spinner::new();
    let mut progress = |step: &Step| spinner.say(step);
    engine::build_with_progress(args.engine, args.config, args.top, settings, &mut progress)
}

fn run_on(engine: &mut dyn Engine, args: &SimulateArgs, settings: &Settings) -> anyhow::Result<()> {
    match (&args.replay.pcap, &args.replay.out_dir) {
        (Some(pcap), Some(out_dir)) => run_replay(engine, args, settings, pcap, out_dir),
        _ => run_traffic(engine, args),
    }
}

fn run_traffic(engine: &mut dyn Engine, args: &SimulateArgs) -> anyhow::Result<()> {
    let traffic = &args.traffic;
    let plan = Plan {
        traffic: Spec {
            pattern: traffic.traffic,
            load: args.load,
            frame: traffic.frame,
            seed: traffic.seed,
        },
        cycles: traffic.cycles,
        pause: traffic.pause,
        back_pressure: if traffic.back_pressure == 0.0 {
            BackPressure::None
        } else {
            BackPressure::Random(traffic.back_pressure)
        },
    };
    let mut progress = Progress::new("cycles");
    let report = simulate::run(
        engine,
        args.config,
        args.lossy,
        &plan,
        &mut |done, total| {
            progress.update(done, total);
        },
    )?;
    drop(progress);
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print(&output::traffic(&report))?;
    }
    if !report.is_clean() {
        bail!(
            "the switch broke its contract: {} lost, {} corrupted, {} out of order, {} delivered twice, {} poisoned",
            report.lost_frames,
            report.corrupted_frames,
            report.reordered_frames,
            report.duplicated_frames,
            report.poisoned_frames
        );
    }
    Ok(())
}

fn run_replay(
    engine: &mut dyn Engine,
    args: &SimulateArgs,
    settings: &Settings,
    pcap: &Path,
    out_dir: &Path,
) -> anyhow::Result<()> {
    let options = Options {
        pcap: pcap.into(),
        out_dir: out_dir.into(),
        assign: args.replay.assign.clone(),
        max_gap: args.replay.max_gap,
        egress_fcs: args.replay.egress_fcs.into(),
        clock_mhz: args.clock_mhz,
        load: args.load,
    };
    let mut progress = Progress::new("beats");
    let report = replay::run(
        engine,
        args.config,
        settings,
        &options,
        &mut |done, total| {
            progress.update(done, total);
        },
    )?;
    drop(progress);
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print(&output::replay(&report))?;
    }
    if !report.is_clean() {
        bail!(
            "the switch broke its contract {} times: {}",
            report.violations,
            report.first_violations.join("; ")
        );
    }
    Ok(())
}
