//! Validation against theory and literature: a study apart from the product.
//!
//! ```text
//!  source ─► input_fifo, output_queued, crosspoint_queued, ─► slotted::run ─┐
//!            virtual_output (matching: islip, pim), packets                 ├─► rows ─► Report
//!  exact (closed forms, Markov chains), figures of papers ──────────────────┤
//!  fabric: the product, through an engine's pins ───────────────────────────┘
//! ```
//!
//! The slotted switches are the textbook's, of any number of ports, with queues that never fill up. They share nothing
//! with the product but random numbers; the rows of [`fabric`] set the product beside them.

pub mod crosspoint_queued;
pub mod exact;
pub mod fabric;
pub mod hops;
pub mod input_fifo;
pub mod islip;
pub mod kind;
pub mod matching;
pub mod output_queued;
pub mod packets;
pub mod pim;
pub mod ports;
pub mod queues;
pub mod report;
pub mod row;
pub mod rows;
pub mod sample;
pub mod slotted;
pub mod source;
pub mod virtual_output;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::engine::EngineKind;
use crate::Error;
use report::Report;
use row::{Draw, Row, Sample, Spec};

/// Fewest slots of a run.
const FEWEST_SLOTS: u64 = 1_000;
/// Most ports of a switch.
const MOST_PORTS: usize = 1_024;

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Only the rows called so, or so and more behind a dash; empty: all.
    pub only: Vec<String>,
    /// Port counts; empty: those of the reference.
    pub ports: Vec<usize>,
    /// Slots of a run; `None`: [`rows::SLOTS`], or [`rows::QUICK_SLOTS`].
    pub slots: Option<u64>,
    /// Shorter runs and wider tolerances.
    pub quick: bool,
    /// The same seed gives the same figures, whatever the number of threads.
    pub seed: u64,
    /// Threads; `None`: one a processor.
    pub threads: Option<usize>,
    /// What the product's fabric is simulated with.
    pub engine: EngineKind,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            ports: Vec::new(),
            slots: None,
            quick: false,
            seed: 1,
            threads: None,
            engine: EngineKind::DEFAULT,
        }
    }
}

impl Options {
    /// Slots of a run.
    #[must_use]
    pub fn slots(&self) -> u64 {
        self.slots.unwrap_or(if self.quick {
            rows::QUICK_SLOTS
        } else {
            rows::SLOTS
        })
    }

    fn check(&self) -> Result<(), Error> {
        if self.slots() < FEWEST_SLOTS {
            let expected = format!("{FEWEST_SLOTS} or more");
            return Err(Error::invalid(
                "the number of slots",
                self.slots(),
                expected,
            ));
        }
        if let Some(ports) = self
            .ports
            .iter()
            .find(|ports| !(2..=MOST_PORTS).contains(*ports))
        {
            let expected = format!("2 to {MOST_PORTS}");
            return Err(Error::invalid("the number of ports", ports, expected));
        }
        if self.threads == Some(0) {
            return Err(Error::invalid("the number of threads", 0, "1 or more"));
        }
        Ok(())
    }
}

/// The rows to be measured, and the names of those left out because so short a run says nothing about them.
///
/// # Errors
/// [`Error::Invalid`] if an option is out of range, or no row is called as one asked for.
pub fn specs(options: &Options) -> Result<(Vec<Spec>, Vec<String>), Error> {
    options.check()?;
    let all = rows::all(options);
    for wanted in &options.only {
        if !all.iter().any(|spec| is_called(spec, wanted)) {
            let mut known: Vec<&str> = Vec::new();
            for name in all.iter().filter_map(|spec| spec.row.id.split('-').next()) {
                if !known.contains(&name) {
                    known.push(name);
                }
            }
            let expected = format!(
                "the name of a row or its beginning: {} ...",
                known.join(", ")
            );
            return Err(Error::invalid("the row", wanted, expected));
        }
    }
    let is_wanted = |spec: &Spec| {
        options.only.is_empty() || options.only.iter().any(|wanted| is_called(spec, wanted))
    };
    let (specs, too_short): (Vec<Spec>, Vec<Spec>) =
        all.into_iter().filter(is_wanted).partition(Spec::settles);
    let left_out = too_short.into_iter().map(|spec| spec.row.id).collect();
    Ok((specs, left_out))
}

/// Whether `wanted` is the name of a row, or a beginning of it that ends where a dash is.
fn is_called(spec: &Spec, wanted: &str) -> bool {
    let rest = spec.row.id.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Measures the rows. `progress` hears the runs done and the runs planned, from any thread.
///
/// # Errors
/// As [`specs`], and whatever ends a run of the product's fabric.
pub fn run(options: &Options, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Report, Error> {
    let (specs, left_out) = specs(options)?;
    let jobs: Vec<(&Spec, usize)> = specs
        .iter()
        .flat_map(|spec| (0..spec.row.samples).map(move |sample| (spec, sample)))
        .collect();
    let done = AtomicU64::new(0);
    let measure = |(spec, sample): &(&Spec, usize)| -> Result<Sample, Error> {
        let result = (spec.job)(&Draw::new(options.seed, &spec.row.id, *sample));
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len() as u64);
        result
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|error| {
            Error::invalid("the number of threads", error, "what the system grants")
        })?;
    let samples: Vec<Sample> = pool.install(|| {
        let jobs = jobs.par_iter().with_max_len(1);
        jobs.map(measure).collect::<Result<_, Error>>()
    })?;
    let mut rows: Vec<Row> = specs.iter().map(|spec| spec.row.clone()).collect();
    let mut rest = &samples[..];
    for row in &mut rows {
        let (own, others) = rest.split_at(row.samples);
        row.conclude(own);
        rest = others;
    }
    Ok(Report::new(options, rows, left_out))
}
