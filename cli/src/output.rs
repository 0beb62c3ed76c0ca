//! The one module that writes to stdout.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;
use lightswitch_sim::completion::Completions;
use lightswitch_sim::measure::Summary;
use lightswitch_sim::optics::{LinkedReport, Watched};
use lightswitch_sim::{replay, simulate};

use crate::doctor::Finding;

/// Prints `text`. A reader that has gone away is no error.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to stdout")
        }
        _ => Ok(()),
    }
}

/// Prints one JSON object.
pub fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value).context("cannot make JSON of the result")?;
    text.push('\n');
    print(&text)
}

/// Prints one JSON object on a line.
pub fn print_json_line(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string(value).context("cannot make JSON of the result")?;
    text.push('\n');
    print(&text)
}

/// Lines of a name and a value.
#[derive(Default)]
struct Table(String);

impl Table {
    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "  {name:<24}{value}");
    }

    fn some(&mut self, name: &str, count: u64, why: &str) {
        if count > 0 {
            self.line(name, format!("{count}{why}"));
        }
    }

    fn title(&mut self, text: &str) {
        let _ = writeln!(self.0, "{text}");
    }

    fn causes<'a>(&mut self, causes: impl IntoIterator<Item = (&'a &'static str, &'a u64)>) {
        let counted: Vec<String> = causes
            .into_iter()
            .filter(|(_, count)| **count > 0)
            .map(|(cause, count)| format!("{cause} {count}"))
            .collect();
        self.line("counted by the switch", counted.join(", "));
    }
}

fn latency(summary: &Summary) -> String {
    format!(
        "min {}, mean {:.2}, p50 {}, p99 {}, p99.9 {}, max {}",
        summary.min, summary.mean, summary.p50, summary.p99, summary.p99_9, summary.max
    )
}

fn completion(completions: &Completions) -> String {
    let unfinished = match completions.unfinished {
        0 => String::new(),
        count => format!(", {count} unfinished"),
    };
    let cycles = &completions.cycles;
    format!(
        "{}{unfinished}: mean {:.1}, p50 {}, p99 {}, max {} cycles",
        completions.completed, cycles.mean, cycles.p50, cycles.p99, cycles.max
    )
}

/// What is to be said of a point as a whole.
fn state(report: &simulate::Report) -> &'static str {
    match (report.saturated, report.steady) {
        (true, _) => ", saturated",
        (false, true) => "",
        (false, false) => ", not steady",
    }
}

/// The names of the columns of [`sweep_row`].
pub fn sweep_head(threads: u64) -> String {
    format!(
        "{:>20} {:>8} {:>8} {:>10} {:>8} {:>8} {:>7}  {threads} at a time\n",
        "seed", "offered", "accepted", "mean", "p99", "max", "Jain"
    )
}

/// One run in a line, for people: loads, latency of the first beat, fairness.
pub fn sweep_row(report: &simulate::Report) -> String {
    let latency = &report.latency_cycles;
    format!(
        "{:>20} {:>8.4} {:>8.4} {:>10.2} {:>8} {:>8} {:>7.4}  {}{}\n",
        report.seed,
        report.offered_load,
        report.accepted_load,
        latency.mean,
        latency.p99,
        latency.max,
        report.jain_index,
        if report.is_clean() { "clean" } else { "FAILED" },
        state(report),
    )
}

/// The report on generated traffic, for people.
pub fn traffic(report: &simulate::Report) -> String {
    let verdict = if report.is_clean() {
        "every copy accounted for"
    } else {
        "FAILED"
    };
    frames(report, verdict).0
}

/// What came of the frames, under a title with this verdict.
#[allow(
    clippy::cast_precision_loss,
    reason = "a speed to read; no run reaches 2^53 cycles"
)]
fn frames(report: &simulate::Report, verdict: &str) -> Table {
    let mut table = Table::default();
    table.title(&format!(
        "{} {} {}, {} traffic of {} bytes at load {}, seed {}: {}{}",
        report.top,
        report.config,
        report.engine,
        report.traffic,
        report.frame,
        report.load,
        report.seed,
        verdict,
        state(report),
    ));
    let mut cycles = format!(
        "{} in {:.2} s of processor time",
        report.simulated_cycles, report.cpu_seconds
    );
    // Of less the clock tells too little, or nothing.
    if report.cpu_seconds >= 0.01 {
        let speed = report.simulated_cycles as f64 / report.cpu_seconds;
        let _ = write!(cycles, ", {speed:.0} a second");
    }
    table.line("cycles", cycles);
    table.line("offered load", format!("{:.4}", report.offered_load));
    table.line("accepted load", format!("{:.4}", report.accepted_load));
    table.line("frames sent", report.sent_frames);
    table.line("delivered", report.delivered_frames);
    table.line("dropped", report.dropped_frames);
    table.some("lost", report.lost_frames, "");
    table.some("corrupted", report.corrupted_frames, "");
    table.some("out of order", report.reordered_frames, "");
    table.some("delivered twice", report.duplicated_frames, "");
    table.some("malformed", report.malformed_frames, " of the frames sent");
    table.some("poisoned", report.poisoned_frames, "");
    table.some("poisoned without cause", report.wrongly_poisoned_frames, "");
    table.some(
        "flooded copies",
        report.flooded_copies,
        " beside the delivered ones",
    );
    table.line("latency, first beat", latency(&report.latency_cycles));
    table.line("latency, last beat", latency(&report.last_latency_cycles));
    if let Some(lookup) = &report.lookup_latency_cycles {
        table.line("lookup", latency(lookup));
    }
    let completions = [
        ("flows", &report.flows),
        ("collectives", &report.collectives),
        ("victim", &report.victim),
    ];
    for (name, completions) in completions {
        if let Some(completions) = completions {
            table.line(name, completion(completions));
        }
    }
    table.line("fairness (Jain)", format!("{:.4}", report.jain_index));
    if let Some(pair) = report.queue_high_water.first() {
        let (ingress, egress) = (pair.ingress, pair.egress);
        let fullest = format!("{} beats, from port {ingress} to port {egress}", pair.beats);
        table.line("fullest queue", fullest);
    }
    table.causes(&report.causes);
    table
}

/// The report on a run with links, for people.
pub fn linked(report: &LinkedReport, is_lossless: bool) -> String {
    let verdict = match (report.is_clean(is_lossless), report.frames.lost_frames) {
        (true, 0) => "every copy delivered",
        (true, _) => "nothing corrupted, out of order or twice",
        (false, _) => "FAILED",
    };
    let mut table = frames(&report.frames, verdict);
    let damaged = report.frames.damaged_by_links_frames;
    table.some("damaged by links", damaged, " copies, which left poisoned");
    table.title(&format!("Links {}", report.link));
    for fault in &report.faults {
        table.line("fault", &fault.fault);
        for seen in &fault.seen {
            let recovery = match seen.recovery_cycles {
                Some(cycles) => format!("aligned again {cycles} cycles later"),
                None => "not aligned again".into(),
            };
            let end = if seen.end == "near" {
                "at the switch"
            } else {
                "at the other end"
            };
            table.line(
                "",
                format!(
                    "{end}: seen after {} cycles, {recovery}",
                    seen.detection_cycles
                ),
            );
        }
    }
    for (port, ends) in report.links.iter().enumerate() {
        for (end, watched) in [("switch", &ends.near), ("other end", &ends.far)] {
            table.line(&format!("port {port}, {end}"), link_end(watched));
        }
    }
    table.0
}

/// One end of a link in a line.
fn link_end(watched: &Watched) -> String {
    let [sends, receives] = watched.width;
    let mut text = format!(
        "{}, sends on {sends} lanes, receives on {receives}",
        if watched.up { "up" } else { "DOWN" }
    );
    if watched.tx_lost != 0 {
        let _ = write!(text, ", lanes lost {:#b}", watched.tx_lost);
    }
    for (name, count) in &watched.counters {
        if *count > 0 {
            let _ = write!(text, ", {name} {count}");
        }
    }
    text
}

/// The report on a replay, for people. The first line says it all.
pub fn replay(report: &replay::Report) -> String {
    let mut table = Table::default();
    let copies = &report.copies;
    table.title(&format!(
        "{}: {} frames sent, {} copies: {} delivered, {} poisoned, {} dropped, {}",
        report.pcap,
        report.sent_frames,
        copies.expected,
        copies.delivered,
        copies.poisoned,
        copies.dropped,
        if report.is_clean() {
            "all accounted for".into()
        } else {
            format!(
                "{} unaccounted for, {} VIOLATIONS",
                copies.unaccounted, report.violations
            )
        },
    ));
    table.line(
        "switch",
        format!(
            "{} {}, {} cycles in {:.2} s of processor time",
            report.config, report.engine, report.simulated_cycles, report.cpu_seconds
        ),
    );
    table.title("Capture");
    table.line("records", report.captured_records);
    let skipped = &report.skipped;
    table.some(
        "skipped",
        skipped.cut_by_snap_length,
        ", cut by the snap length",
    );
    table.some(
        "skipped",
        skipped.shorter_than_header,
        ", shorter than 14 bytes",
    );
    table.some(
        "skipped",
        skipped.lengths_disagree,
        ", longer than the frame was",
    );
    table.some("skipped", skipped.wrong_fcs, ", with a wrong FCS");
    table.some("skipped", skipped.too_short, ", shorter than 64 bytes");
    table.line("sent", report.sent_frames);
    table.some(
        "padded to 60 bytes",
        report.padded_frames,
        ", as a MAC does",
    );
    table.some(
        "FCS added",
        report.fcs_added_frames,
        ", which the capture lacks",
    );
    table.some("too long", report.too_long_frames, ", which end poisoned");
    table.some(
        "poisoned in the capture",
        report.poisoned_in_frames,
        ", which stay so",
    );
    table.title("Addresses");
    for assignment in &report.assignments {
        let (port, frames) = (assignment.port, assignment.frames);
        table.line(&assignment.mac, format!("port {port}, {frames} frames"));
    }
    table.title("Frames");
    let fates = &report.fates;
    table.line("to one port", fates.unicast);
    table.line("flooded, group address", fates.flooded_group);
    table.line("flooded, unknown", fates.flooded_unknown);
    table.some("filtered, reserved", fates.filtered_reserved, "");
    table.some("filtered, MAC control", fates.filtered_control, "");
    table.some("filtered, own port", fates.filtered_self, "");
    table.title("Copies");
    table.line("expected", copies.expected);
    table.line("delivered", copies.delivered);
    table.line("poisoned", copies.poisoned);
    table.line("dropped, queue full", copies.dropped);
    table.line("unaccounted for", copies.unaccounted);
    table.causes(&report.causes);
    table.title("Written");
    for egress in &report.egresses {
        let poisoned = match egress.poisoned {
            0 => String::new(),
            count => format!(" and {count} poisoned"),
        };
        table.line(
            &format!("port {}", egress.port),
            format!("{} frames{poisoned} in {}", egress.frames, egress.file),
        );
    }
    table.0
}

/// What was found, for people.
pub fn doctor(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let state = match &finding.path {
            Some(path) => path.clone(),
            None => format!("missing; {}", finding.install),
        };
        let _ = writeln!(
            text,
            "{:<14}{state}\n{:<14}for {}",
            finding.tool, "", finding.purpose
        );
    }
    text
}
