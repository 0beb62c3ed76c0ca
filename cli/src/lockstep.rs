//! `lightswitch lockstep`.

use std::fmt::Write as _;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{bail, Context as _};
use lightswitch_hdl::config::Config;
use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::engine::{self, Engine, EngineKind, Settings};
use lightswitch_sim::lockstep::{self, Mismatch, Plan, Stimulus};
use lightswitch_sim::optics;
use lightswitch_sim::verilated::Step;
use lightswitch_sim::wave::Tapped;
use lightswitch_sim::{pins, Error};
use serde::Serialize;

use crate::args::LockstepArgs;
use crate::output;
use crate::progress::{Progress, Spinner};

/// Clock of the waves.
const CLOCK_MHZ: f64 = 156.25;

/// What came of it. The names are those of the JSON object.
#[derive(Debug, Serialize)]
struct Report {
    config: String,
    engines: Vec<&'static str>,
    seed: u64,
    cycles: u64,
    mismatches: u64,
    first_mismatch: Option<Found>,
}

/// A mismatch, shrunk, and where it is kept.
#[derive(Debug, Serialize)]
struct Found {
    top: String,
    /// Cycle of the whole run, and of the replay file.
    cycle: u64,
    shrunk_cycle: u64,
    pin: String,
    values: [(&'static str, String); 2],
    replay: PathBuf,
    waves: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: &LockstepArgs) -> anyhow::Result<()> {
    if let Some(link) = args.link {
        return run_link(args, link);
    }
    let mut seed = args.seed;
    let runs = match &args.replay {
        Some(file) => {
            let plan = read(file)?;
            seed = plan.seed;
            let (config, top) = (plan.check()).with_context(|| file.display().to_string())?;
            vec![(config, top, Stimulus::of(plan))]
        }
        None => (Top::ALL.into_iter())
            .filter(|top| args.top.is_none_or(|wanted| wanted == *top))
            .map(|top| {
                let stimulus = Stimulus::new(args.config, top, args.seed, args.cycles);
                (args.config, top, stimulus)
            })
            .collect(),
    };
    let engines = engines(args, runs[0].0)?;
    let mut report = Report {
        config: runs[0].0.name.into(),
        engines: engines.iter().map(|kind| kind.name()).collect(),
        seed,
        cycles: 0,
        mismatches: 0,
        first_mismatch: None,
    };
    for (config, top, mut stimulus) in runs {
        let (cycles, mismatch) = compare(&engines, config, top, &mut stimulus)?;
        report.cycles += cycles;
        let Some(mismatch) = mismatch else { continue };
        report.mismatches += 1;
        if report.first_mismatch.is_none() {
            let plan = stimulus.written();
            report.first_mismatch = Some(keep(args, &engines, config, top, &plan, &mismatch)?);
        }
    }
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print(&table(&report))?;
    }
    if report.mismatches > 0 {
        bail!("the engines differ, in {} of the runs", report.mismatches);
    }
    Ok(())
}

/// Rows from marker to marker of a link in lockstep: more happens in a run than with the default.
const LINK_MARKER_PERIOD: usize = 64;

/// What came of a link. The names are those of the JSON object.
#[derive(Debug, Serialize)]
struct LinkReport {
    link: &'static str,
    engines: Vec<&'static str>,
    seed: u64,
    cycles: u64,
    up_cycles: u64,
    first_mismatch: Option<String>,
    pulses: std::collections::BTreeMap<&'static str, u64>,
}

/// Compares the engines of a link.
fn run_link(args: &LockstepArgs, link: &LinkConfig) -> anyhow::Result<()> {
    let link = LinkConfig {
        marker_period: LINK_MARKER_PERIOD,
        ..*link
    };
    let kinds = match args.engines.as_slice() {
        [] => vec![EngineKind::Rtl, EngineKind::Verilated],
        _ => checked(&args.engines)?,
    };
    let mut spinner = Spinner::new();
    let mut end = || -> anyhow::Result<optics::lockstep::End> {
        let build = |kind: &EngineKind| {
            optics::build_link(*kind, &link, &mut |step: &Step| spinner.say(step))
        };
        let engines: Result<_, Error> = kinds.iter().map(build).collect();
        engines.with_context(|| format!("cannot build the link {}", link.name))
    };
    let mut ends = [end()?, end()?];
    drop(spinner);
    let mut progress = Progress::new("cycles");
    let run = optics::lockstep::run(
        &link,
        &mut ends,
        args.cycles,
        args.seed,
        &mut |done, total| {
            progress.update(done, total);
        },
    )?;
    drop(progress);
    let report = LinkReport {
        link: link.name,
        engines: kinds.iter().map(|kind| kind.name()).collect(),
        seed: args.seed,
        cycles: run.cycles,
        up_cycles: run.up_cycles,
        first_mismatch: run.mismatch,
        pulses: run.pulses,
    };
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print(&link_table(&report))?;
    }
    if report.first_mismatch.is_some() {
        bail!("the engines of the link {} differ", link.name);
    }
    Ok(())
}

/// The report on a link, for people.
fn link_table(report: &LinkReport) -> String {
    let verdict = match &report.first_mismatch {
        Some(mismatch) => mismatch.clone(),
        None => "equal in every cycle".into(),
    };
    let mut text = format!(
        "link {}, {}, seed {}: {verdict}\n  {:<24}{}, both ends up in {} of them\n",
        report.link,
        report.engines.join(" = "),
        report.seed,
        "cycles",
        report.cycles,
        report.up_cycles
    );
    let pulses: Vec<String> = report
        .pulses
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let _ = writeln!(text, "  {:<24}{}", "counted", pulses.join(", "));
    text
}

/// The engines to compare: those that are asked for, or those that there are for `config`.
fn engines(args: &LockstepArgs, config: &Config) -> Result<Vec<EngineKind>, Error> {
    let chosen = match args.engines.as_slice() {
        [] if config.is_listed() => &[EngineKind::Rtl, EngineKind::Model],
        [] => &[EngineKind::Naive, EngineKind::Model],
        chosen => chosen,
    };
    checked(chosen)
}

/// The same, if they can be compared.
fn checked(chosen: &[EngineKind]) -> Result<Vec<EngineKind>, Error> {
    let is_twice = |(at, kind): (usize, &EngineKind)| chosen[..at].contains(kind);
    let refuse = |what: &'static str, value: String, expected: &str| {
        Err(Error::Invalid {
            what,
            value,
            expected: expected.into(),
        })
    };
    if chosen.len() < 2 {
        let count = chosen.len().to_string();
        return refuse("the number of engines", count, "2 or more, to be compared");
    }
    if let Some((_, kind)) = chosen.iter().enumerate().find(|one| is_twice(*one)) {
        let name = format!("{} twice", kind.name());
        return refuse("the list of engines", name, "of each one once");
    }
    if chosen.contains(&EngineKind::Reference) {
        let name = EngineKind::Reference.name().into();
        let expected = "one that has every pin: rtl, verilated, model or naive";
        return refuse("an engine to compare", name, expected);
    }
    Ok(chosen.to_vec())
}

fn read(file: &Path) -> anyhow::Result<Plan> {
    let opened = fs::File::open(file).with_context(|| file.display().to_string())?;
    serde_json::from_reader(BufReader::new(opened))
        .with_context(|| format!("{} is no replay file of lockstep", file.display()))
}

fn build(kinds: &[EngineKind], config: &Config, top: Top) -> Result<Vec<Box<dyn Engine>>, Error> {
    let settings = Settings {
        gap_limit: 0,
        ..Settings::default()
    };
    let mut spinner = Spinner::new();
    let mut progress = |step: &Step| spinner.say(step);
    let build = |kind: &EngineKind| {
        engine::build_with_progress(*kind, config, top, &settings, &mut progress)
    };
    kinds.iter().map(build).collect()
}

fn compare(
    engines: &[EngineKind],
    config: &Config,
    top: Top,
    stimulus: &mut Stimulus,
) -> anyhow::Result<(u64, Option<Mismatch>)> {
    let mut built = build(engines, config, top)?;
    let mut engines = lockstep::borrowed(&mut built);
    let mut progress = Progress::new("cycles");
    let report = lockstep::run(
        &mut engines,
        &pins::outputs(config, top),
        stimulus,
        &mut |done, total| progress.update(done, total),
    )?;
    Ok((report.cycles, report.mismatch))
}

/// Shrinks the run, unless told not to, and writes it and its waves down.
fn keep(
    args: &LockstepArgs,
    engines: &[EngineKind],
    config: &Config,
    top: Top,
    plan: &Plan,
    mismatch: &Mismatch,
) -> anyhow::Result<Found> {
    let (small, shrunk) = if args.no_shrink {
        (plan.clone(), mismatch.clone())
    } else {
        let mut progress = Progress::new("runs to shrink it");
        lockstep::shrink(
            plan,
            &pins::outputs(config, top),
            &mut || build(engines, config, top),
            &mut |done, total| progress.update(done, total),
        )?
    };
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let replay = args
        .out
        .join(format!("{}-{}.json", config.name, top.name()));
    let text = serde_json::to_string(&small)?;
    fs::write(&replay, text).with_context(|| replay.display().to_string())?;
    let mut waves = Vec::new();
    for kind in engines {
        let name = format!("{}-{}-{}.fst", config.name, top.name(), kind.name());
        let path = args.out.join(name);
        let engine = build(&[*kind], config, top)?.remove(0);
        let mut engine = Tapped::new(engine, &path, CLOCK_MHZ)?;
        engine.reset()?;
        let mut stimulus = Stimulus::of(small.clone());
        lockstep::run(
            &mut [&mut engine],
            &pins::outputs(config, top),
            &mut stimulus,
            &mut |_, _| {},
        )?;
        engine.finish()?;
        waves.push(path);
    }
    Ok(Found {
        top: top.name().into(),
        cycle: mismatch.cycle,
        shrunk_cycle: shrunk.cycle,
        pin: shrunk.pin.to_string(),
        values: shrunk
            .values
            .map(|(engine, value)| (engine, format!("{value:#x}"))),
        replay,
        waves,
    })
}

/// What a person reads.
fn table(report: &Report) -> String {
    let mut text = format!(
        "{} cycles of {}, engines {}: {}\n",
        report.cycles,
        report.config,
        report.engines.join(", "),
        if report.mismatches == 0 {
            "the same on every pin in every cycle"
        } else {
            "they differ"
        }
    );
    if let Some(found) = &report.first_mismatch {
        let [(one, value), (other, others)] = &found.values;
        let _ = writeln!(
            text,
            "  {}, cycle {}, shrunk to cycle {}: {} is {value} in {one} and {others} in {other}",
            found.top, found.cycle, found.shrunk_cycle, found.pin
        );
        for wave in &found.waves {
            let _ = writeln!(text, "  waves:  {}", wave.display());
        }
        let _ = writeln!(
            text,
            "  repeat: lightswitch lockstep --engines {} --replay {}",
            report.engines.join(","),
            found.replay.display()
        );
    }
    text
}
