//! `lightswitch ber`: goodput and undetected errors of a link over the bit error ratio, as table, JSON and plot.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{bail, Context as _};
use lightswitch_hdl::link::LinkConfig;
use lightswitch_sim::optics::ber::{self, Errors, Point, Spec};
use lightswitch_sim::optics::build_link;
use lightswitch_sim::verilated::Step;
use lightswitch_sim::Error;
use plotters::prelude::*;
use serde::Serialize;

use crate::args::BerArgs;
use crate::output;
use crate::progress::{Progress, Spinner};

/// Frames of the run with an error in every frame.
const FORCED_FRAMES: u64 = 10_000;
/// Pixels of the plot.
const SIZE: (u32, u32) = (900, 560);

/// What came of it. The names are those of the JSON object.
#[derive(Debug, Serialize)]
struct Report {
    engine: &'static str,
    seed: u64,
    curves: Vec<Curve>,
}

/// One link with frames of one length.
#[derive(Debug, Serialize)]
struct Curve {
    link: &'static str,
    frame_bytes: usize,
    points: Vec<Point>,
    /// An error in every frame.
    forced: Point,
}

impl Curve {
    fn all(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().chain([&self.forced])
    }
}

/// Runs the command.
pub fn run(args: &BerArgs) -> anyhow::Result<()> {
    let mut spinner = Spinner::new();
    for link in &args.link {
        // What is compiled is compiled once, and what cannot be built is said once.
        build_link(args.engine, link, &mut |step: &Step| spinner.say(step))
            .with_context(|| format!("cannot build the link {}", link.name))?;
    }
    drop(spinner);
    let report = measure(args)?;
    if let Some(out) = &args.out {
        write(&report, out)?;
    }
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print(&table(&report))?;
    }
    let undetected: u64 = report
        .curves
        .iter()
        .flat_map(Curve::all)
        .map(|point| point.undetected_frames)
        .sum();
    if undetected > 0 {
        bail!("{undetected} frames passed that had been damaged");
    }
    Ok(())
}

/// Runs all points, several at a time.
fn measure(args: &BerArgs) -> anyhow::Result<Report> {
    let mut jobs: Vec<(&LinkConfig, Spec)> = Vec::new();
    for link in &args.link {
        for bytes in &args.frame {
            let rates = args
                .rates
                .iter()
                .map(|rate| (Errors::Rate(*rate), args.frames));
            let forced = (Errors::EveryFrame, args.frames.min(FORCED_FRAMES));
            jobs.extend(rates.chain([forced]).map(|(errors, frames)| {
                let spec = Spec {
                    errors,
                    frame_bytes: usize::from(*bytes),
                    frames,
                    seed: args.seed,
                };
                (*link, spec)
            }));
        }
    }
    let threads = args.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from),
        usize::from,
    );
    let next = AtomicUsize::new(0);
    let points: Mutex<Vec<Option<Point>>> = Mutex::new(vec![None; jobs.len()]);
    let progress = Mutex::new(Progress::new("points"));
    let held = |lock: PoisonError<_>| lock.into_inner();
    std::thread::scope(|scope| {
        let work = || -> Result<(), Error> {
            while let Some(number) =
                Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < jobs.len())
            {
                let (link, spec) = &jobs[number];
                let point = ber::run(args.engine, link, spec, &mut |_| (), &mut |_, _| ())?;
                let mut points = points.lock().unwrap_or_else(held);
                points[number] = Some(point);
                let done = points.iter().flatten().count();
                progress
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .update(done as u64, jobs.len() as u64);
            }
            Ok(())
        };
        let workers: Vec<_> = (0..threads.min(jobs.len()))
            .map(|_| scope.spawn(work))
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| match worker.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
    })?;
    let points: Vec<Point> = points
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_iter()
        .flatten()
        .collect();
    let of_curve = args.rates.len() + 1;
    let curves = points
        .chunks_exact(of_curve)
        .zip(jobs.chunks_exact(of_curve));
    let curves = curves.map(|(points, jobs)| {
        let (link, spec) = &jobs[0];
        let (forced, points) = points.split_last()?;
        Some(Curve {
            link: link.name,
            frame_bytes: spec.frame_bytes,
            points: points.to_vec(),
            forced: forced.clone(),
        })
    });
    Ok(Report {
        engine: args.engine.name(),
        seed: args.seed,
        curves: curves.flatten().collect(),
    })
}

/// The report, for people.
fn table(report: &Report) -> String {
    let mut text = String::new();
    for curve in &report.curves {
        let _ = writeln!(
            text,
            "{} {}, frames of {} bytes, seed {}",
            curve.link, report.engine, curve.frame_bytes, report.seed
        );
        let _ = writeln!(
            text,
            "  {:>7} {:>9} {:>9} {:>9} {:>10} {:>8} {:>9} {:>8}  link",
            "BER", "errors", "sent", "good", "detected", "passed", "misplaced", "goodput"
        );
        for point in curve.all() {
            let rate = point
                .rate
                .map_or_else(|| "forced".into(), |rate| format!("{rate:e}"));
            let _ = writeln!(
                text,
                "  {rate:>7} {:>9} {:>9} {:>9} {:>10} {:>8} {:>9} {:>8.4}  {}{}",
                point.injected_errors,
                point.sent_frames,
                point.good_frames,
                point.detected_frames,
                point.undetected_frames,
                point.misplaced_frames,
                point.goodput,
                match (point.downs, point.is_up) {
                    (0, _) => "up".into(),
                    (downs, true) => format!("went down {downs} times"),
                    (_, false) => "down".into(),
                },
                if point.is_tested { "" } else { ", not tested" }
            );
        }
    }
    text
}

/// Writes `ber.json` and `ber.svg`.
fn write(report: &Report, out: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let json = out.join("ber.json");
    let mut text =
        serde_json::to_string_pretty(report).context("cannot make JSON of the result")?;
    text.push('\n');
    std::fs::write(&json, text).with_context(|| format!("cannot write {}", json.display()))?;
    let svg = out.join("ber.svg");
    let mut picture = String::new();
    plot(report, &mut picture).map_err(|error| anyhow::anyhow!("cannot plot: {error}"))?;
    std::fs::write(&svg, picture).with_context(|| format!("cannot write {}", svg.display()))
}

/// Goodput over the bit error ratio, a line a curve.
fn plot(report: &Report, picture: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let rates = || {
        report
            .curves
            .iter()
            .flat_map(|curve| &curve.points)
            .filter_map(|point| point.rate)
    };
    let (least, most) = (rates().fold(0.5, f64::min), rates().fold(0.0, f64::max));
    let area = SVGBackend::with_string(picture, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Goodput over bit error ratio", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d((least / 2.0..most * 2.0).log_scale(), 0.0..1.0)?;
    chart
        .configure_mesh()
        .x_desc("bit error ratio of each lane")
        .y_desc("bits of good frames a cycle, of W")
        .x_label_formatter(&|rate| format!("{rate:.0e}"))
        .draw()?;
    for (number, curve) in report.curves.iter().enumerate() {
        let colour = Palette99::pick(number).to_rgba();
        let places = curve
            .points
            .iter()
            .filter_map(|point| Some((point.rate?, point.goodput)));
        chart
            .draw_series(LineSeries::new(places.clone(), colour.stroke_width(2)))?
            .label(format!("{}, {} bytes", curve.link, curve.frame_bytes))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
        chart.draw_series(places.map(|place| Circle::new(place, 3, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}
