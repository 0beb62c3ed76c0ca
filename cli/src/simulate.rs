//! `lightswitch simulate`.

use std::path::Path;

use anyhow::{bail, Context as _};
use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::engine::{self, Engine, Settings};
use lightswitch_sim::replay::{self, Options};
use lightswitch_sim::simulate::{self, Report};
use lightswitch_sim::stimulus::{self, Head, Recording};
use lightswitch_sim::traffic::Spec;
use lightswitch_sim::verilated::Step;
use lightswitch_sim::wave::Tapped;
use lightswitch_sim::PortMask;

use crate::args::SimulateArgs;
use crate::linked;
use crate::output;
use crate::progress::{Progress, Spinner};
use crate::sweep;

/// Runs the command.
pub fn run(args: &SimulateArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.stimulus.replay {
        let recording = Recording::load(path)?;
        let head = recording.head();
        return with_engine(args, head.config, head.top, &head.settings, |engine| {
            let mut progress = Progress::new("cycles");
            let report = simulate::replay(engine, &recording, &mut |done, total| {
                progress.update(done, total);
            })?;
            drop(progress);
            print(args, &report)
        });
    }
    if let Some(seeds) = &args.sweep.seeds {
        return sweep::run(args, seeds.clone());
    }
    if let Some(link) = &args.link.link {
        return linked::run(args, link);
    }
    let settings = settings(args);
    if let Some(path) = &args.stimulus.record {
        let head = Head {
            config: args.config,
            top: args.top,
            settings: settings.clone(),
            spec: spec(args, args.traffic.seed),
        };
        stimulus::save(&head, path)?;
    }
    with_engine(args, args.config, args.top, &settings, |engine| {
        match (&args.replay.pcap, &args.replay.out_dir) {
            (Some(pcap), Some(out_dir)) => run_capture(engine, args, &settings, pcap, out_dir),
            _ => run_traffic(engine, args),
        }
    })
}

/// The settings of the switch that was asked for.
pub fn settings(args: &SimulateArgs) -> Settings {
    Settings {
        lossy: args.lossy,
        store_and_forward: if args.store_and_forward {
            vec![PortMask::first(args.config.ports); args.config.ports]
        } else {
            Vec::new()
        },
        gap_limit: match args.top {
            Top::Switch => Settings::default().gap_limit,
            Top::Fabric | Top::FabricMc => 0,
        },
        ..Settings::default()
    }
}

/// The stimulus that was asked for, from `seed`.
pub fn spec(args: &SimulateArgs, seed: u64) -> Spec {
    let traffic = &args.traffic;
    Spec {
        pattern: traffic.traffic,
        load: args.load,
        frame: traffic.frame,
        message_bytes: traffic.message,
        flaws: traffic.malformed,
        pause: traffic.pause,
        back_pressure: traffic.back_pressure,
        cycles: traffic.cycles,
        seed,
    }
}

/// The engine that was asked for; says what it waits for while its Verilog is compiled.
pub fn build(
    args: &SimulateArgs,
    config: &Config,
    top: Top,
    settings: &Settings,
) -> anyhow::Result<Box<dyn Engine>> {
    let mut spinner = Spinner::new();
    let mut progress = |step: &Step| spinner.say(step);
    engine::build_with_progress(args.engine, config, top, settings, &mut progress)
        .with_context(|| format!("cannot build the {} {}", top.name(), config.name))
}

/// Runs `work` on the engine that was asked for, and writes its waves if they were.
fn with_engine(
    args: &SimulateArgs,
    config: &Config,
    top: Top,
    settings: &Settings,
    work: impl FnOnce(&mut dyn Engine) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut engine = build(args, config, top, settings)?;
    let Some(path) = &args.wave else {
        return work(engine.as_mut());
    };
    let mut engine = Tapped::new(engine, path, args.clock_mhz)?;
    // The waves of a failed run are those one wants to see.
    let result = work(&mut engine);
    engine.finish()?;
    result
}

fn run_traffic(engine: &mut dyn Engine, args: &SimulateArgs) -> anyhow::Result<()> {
    let spec = spec(args, args.traffic.seed);
    let mut progress = Progress::new("cycles");
    let mut say = |done, total| progress.update(done, total);
    let report = simulate::run(engine, args.config, args.lossy, &spec, &mut say)?;
    drop(progress);
    print(args, &report)
}

fn print(args: &SimulateArgs, report: &Report) -> anyhow::Result<()> {
    if args.json {
        output::print_json(report)?;
    } else {
        output::print(&output::traffic(report))?;
    }
    check(report)
}

/// Fails if the switch broke its contract.
pub fn check(report: &Report) -> anyhow::Result<()> {
    if !report.is_clean() {
        bail!(
            "the switch broke its contract: {} lost, {} corrupted, {} out of order, {} delivered twice, {} poisoned without \
             a cause",
            report.lost_frames,
            report.corrupted_frames,
            report.reordered_frames,
            report.duplicated_frames,
            report.wrongly_poisoned_frames
        );
    }
    Ok(())
}

/// Replays a capture.
pub fn run_capture(
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
