//! Cuts a run that ends in a mismatch down to little that still does: frames, stalls, resets, settings and requests are
//! left out as long as the engines go on to differ, in ever smaller pieces.

use super::plan::Plan;
use super::{borrowed, run, Mismatch, Stimulus};
use crate::engine::Engine;
use crate::pins::Pin;
use crate::Error;

/// Runs that a shrink may take.
const MOST_RUNS: usize = 600;

/// One thing that can be left out of a plan, in pieces.
type Part = (
    fn(&Plan, usize) -> usize,
    fn(&mut Plan, usize, std::ops::Range<usize>),
);

/// What may go, for each port: how many of them there are, and how a range of them is removed.
const PARTS: [Part; 5] = [
    (
        |plan, port| plan.sources[port].len(),
        |plan, port, range| drop(plan.sources[port].drain(range)),
    ),
    (
        |plan, port| plan.stalls[port].len(),
        |plan, port, range| drop(plan.stalls[port].drain(range)),
    ),
    (
        |plan, port| if port == 0 { plan.requests.len() } else { 0 },
        |plan, _, range| drop(plan.requests.drain(range)),
    ),
    (
        |plan, port| if port == 0 { plan.settings.len() } else { 0 },
        |plan, _, range| drop(plan.settings.drain(range)),
    ),
    (
        |plan, port| if port == 0 { plan.resets.len() } else { 0 },
        |plan, _, range| drop(plan.resets.drain(range)),
    ),
];

/// The smallest plan that was found to end in a mismatch, and that mismatch. `build` makes the engines anew; `progress`
/// hears runs done and allowed.
///
/// # Errors
/// From the engines; [`Error::Invalid`] if `plan` does not end in a mismatch.
pub fn shrink(
    plan: &Plan,
    pins: &[Pin],
    build: &mut dyn FnMut() -> Result<Vec<Box<dyn Engine>>, Error>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Plan, Mismatch), Error> {
    let mut runs = 0;
    let mut attempt = |plan: &Plan| -> Result<Option<(Plan, Mismatch)>, Error> {
        runs += 1;
        progress(runs as u64, MOST_RUNS as u64);
        if runs > MOST_RUNS {
            return Ok(None);
        }
        let mut stimulus = Stimulus::of(plan.clone());
        let mut made = build()?;
        let mut engines = borrowed(&mut made);
        let report = run(&mut engines, pins, &mut stimulus, &mut |_, _| {})?;
        Ok(report
            .mismatch
            .map(|mismatch| (stimulus.written(), mismatch)))
    };
    let Some(mut best) = attempt(plan)? else {
        return Err(Error::invalid(
            "the plan to shrink",
            "one without a mismatch",
            "one that makes the engines differ",
        ));
    };
    loop {
        let before = size(&best.0);
        for (count, remove) in PARTS {
            for port in 0..best.0.sources.len() {
                let mut piece = count(&best.0, port);
                while piece > 0 {
                    let mut from = 0;
                    while from < count(&best.0, port) {
                        let mut candidate = best.0.clone();
                        let until = (from + piece).min(count(&candidate, port));
                        remove(&mut candidate, port, from..until);
                        match attempt(&candidate)? {
                            Some(better) => best = better,
                            None => from += piece,
                        }
                    }
                    piece /= 2;
                }
            }
        }
        if size(&best.0) == before {
            return Ok(best);
        }
    }
}

/// How many things are in a plan.
fn size(plan: &Plan) -> usize {
    let ports = 0..plan.sources.len();
    ports
        .flat_map(|port| PARTS.map(|(count, _)| count(plan, port)))
        .sum()
}
