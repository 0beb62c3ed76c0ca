//! `lightswitch simulate --seeds`: one run a seed, several at a time, each on an engine and in a thread of its own.
//! Rows are written in the order of the seeds, each as soon as it and all before it are there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};

use anyhow::Context as _;
use lightswitch_sim::simulate::{self, Report};

use crate::args::{Seeds, SimulateArgs};
use crate::output;
use crate::progress::Progress;
use crate::simulate::{build, check, settings, spec};

/// Runs every seed of `seeds`; fails with the first, in their order, that does.
pub fn run(args: &SimulateArgs, seeds: Seeds) -> anyhow::Result<()> {
    // What cannot be built is said once, and what is compiled is compiled once.
    drop(build(args, args.config, args.top, &settings(args))?);
    let (first, last) = seeds.into_inner();
    let threads = (last - first)
        .saturating_add(1)
        .min(args.sweep.threads.get() as u64);
    let next = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, is_over) = (&next, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(seed) = first.checked_add(number).filter(|seed| *seed <= last) else {
                        break;
                    };
                    if sender.send((number, point(args, seed))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let result = write(args, last - first, threads, &receiver);
        is_over.store(true, Ordering::Relaxed);
        result
    })
}

/// One run.
fn point(args: &SimulateArgs, seed: u64) -> anyhow::Result<Report> {
    let mut engine = build(args, args.config, args.top, &settings(args))?;
    let spec = spec(args, seed);
    let report = simulate::run(
        engine.as_mut(),
        args.config,
        args.lossy,
        &spec,
        &mut |_, _| {},
    );
    report.with_context(|| format!("seed {seed}"))
}

/// Writes the rows in order, as they come.
fn write(
    args: &SimulateArgs,
    last: u64,
    threads: u64,
    points: &Receiver<(u64, anyhow::Result<Report>)>,
) -> anyhow::Result<()> {
    let mut progress = Progress::new("runs");
    let mut early = BTreeMap::new();
    let mut next = 0;
    if !args.json {
        output::print(&output::sweep_head(threads))?;
    }
    for (number, result) in points {
        early.insert(number, result);
        while let Some(result) = early.remove(&next) {
            let report = result?;
            if args.json {
                output::print_json_line(&report)?;
            } else {
                output::print(&output::sweep_row(&report))?;
            }
            check(&report).with_context(|| format!("seed {}", report.seed))?;
            next += 1;
            progress.update(next, last.saturating_add(1));
        }
    }
    Ok(())
}
