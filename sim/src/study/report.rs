//! The table: as text, as Markdown, and as what JSON is made of.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::row::Row;
use super::Options;

/// What came of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Seed of all random numbers.
    pub seed: u64,
    /// Slots of a run, where a row does not say otherwise.
    pub slots: u64,
    /// Shorter runs and wider tolerances.
    pub quick: bool,
    /// The engine that ran the product's fabric.
    pub engine: String,
    /// Rows within tolerance.
    pub passed: usize,
    /// Rows out of tolerance.
    pub failed: usize,
    /// Rows that mean nothing after so short a run, and were not measured.
    pub left_out: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Report {
    /// A report on measured rows.
    #[must_use]
    pub fn new(options: &Options, rows: Vec<Row>, left_out: Vec<String>) -> Self {
        let passed = rows.iter().filter(|row| row.passed).count();
        Self {
            seed: options.seed,
            slots: options.slots(),
            quick: options.quick,
            engine: options.engine.name().into(),
            passed,
            failed: rows.len() - passed,
            left_out,
            rows,
        }
    }

    /// Names of the rows out of tolerance.
    pub fn failures(&self) -> impl Iterator<Item = &str> {
        let failed = self.rows.iter().filter(|row| !row.passed);
        failed.map(|row| row.id.as_str())
    }

    /// One line about all.
    #[must_use]
    pub fn verdict(&self) -> String {
        format!(
            "{} of {} rows within tolerance{}; seed {}, {} slots a run{}, fabric on {}",
            self.passed,
            self.rows.len(),
            match self.left_out.len() {
                0 => String::new(),
                count => format!(", {count} left out because they need longer runs"),
            },
            self.seed,
            self.slots,
            if self.quick { " (quick)" } else { "" },
            self.engine,
        )
    }

    /// The table for a terminal, a group after the other, then the sources by number.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.verdict());
        let sources = self.sources();
        for rows in self.groups() {
            let _ = writeln!(text, "\n{}", rows[0].group);
            let titles = [
                "",
                "row",
                "what",
                "parameters",
                "measured, 95 %",
                "reference",
                "tolerance",
                "source",
            ];
            let cells: Vec<[String; 8]> = std::iter::once(titles.map(String::from))
                .chain(rows.iter().map(|row| {
                    [
                        mark(row).into(),
                        row.id.clone(),
                        row.what.clone(),
                        row.parameters.clone(),
                        measured(row),
                        reference(row),
                        tolerance(row),
                        format!("[{}]", number(&sources, row)),
                    ]
                }))
                .collect();
            for line in aligned(&cells) {
                let _ = writeln!(text, "  {line}");
            }
        }
        text.push_str("\nSources of the references\n");
        for (index, source) in sources.iter().enumerate() {
            let _ = writeln!(text, "  [{}] {source}", index + 1);
        }
        text
    }

    /// The table for a document.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("{}.\n", self.verdict());
        let sources = self.sources();
        for rows in self.groups() {
            let _ = write!(
                text,
                "\n### {}\n\n| row | what | parameters | reference | tolerance | measured, 95 % | runs x slots | source | |\n\
                 |--|--|--|--:|--:|--:|--:|--|--|\n",
                rows[0].group
            );
            for row in rows {
                let runs = if row.slots == 0 {
                    "1".into()
                } else {
                    format!("{} x {}", row.samples, row.slots)
                };
                let _ = writeln!(
                    text,
                    "| `{}` | {} | {} | {} | {} | {} | {runs} | {} | {} |",
                    row.id,
                    row.what,
                    row.parameters,
                    reference(row),
                    tolerance(row),
                    measured(row),
                    number(&sources, row),
                    mark(row),
                );
            }
        }
        text.push_str("\n### Sources of the references\n\n");
        for (index, source) in sources.iter().enumerate() {
            let _ = writeln!(text, "{}. {source}", index + 1);
        }
        text
    }

    /// The sources, each once, in the order of the rows.
    fn sources(&self) -> Vec<&str> {
        let mut sources: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !sources.contains(&row.source.as_str()) {
                sources.push(&row.source);
            }
        }
        sources
    }

    fn groups(&self) -> impl Iterator<Item = &[Row]> {
        self.rows.chunk_by(|one, other| one.group == other.group)
    }
}

/// Lines of cells whose columns stand below each other.
fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let width = |column: usize| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().enumerate();
        let padded = cells.map(|(column, cell)| format!("{cell:<width$}", width = widths[column]));
        let line = padded.collect::<Vec<String>>().join("  ");
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The number of a row's source.
fn number(sources: &[&str], row: &Row) -> usize {
    let index = sources.iter().position(|source| *source == row.source);
    index.map_or(0, |index| index + 1)
}

const fn mark(row: &Row) -> &'static str {
    if row.passed {
        "ok"
    } else {
        "FAILED"
    }
}

fn reference(row: &Row) -> String {
    format!("{}{}", row.relation.sign(), figure(row.reference))
}

fn tolerance(row: &Row) -> String {
    if row.tolerance == 0.0 {
        "exact".into()
    } else {
        format!("± {}", short(row.tolerance))
    }
}

fn measured(row: &Row) -> String {
    let mut text = figure(row.measured);
    if let Some(confidence) = row.confidence {
        let _ = write!(text, " ± {}", short(confidence));
    }
    if row.violations > 0 {
        let _ = write!(text, ", {} violations", row.violations);
    }
    text
}

/// A number to five places, or six digits if it is large; integers as such.
fn figure(value: f64) -> String {
    let places = if value.fract() == 0.0 {
        0
    } else if value.abs() < 10.0 {
        5
    } else {
        3
    };
    format!("{value:.places$}")
}

/// A number to two digits.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if value.abs() < 1e-5 {
        return format!("{value:.0e}");
    }
    let mut places = 1;
    let mut scaled = value.abs();
    while scaled < 1.0 {
        scaled *= 10.0;
        places += 1;
    }
    format!("{value:.places$}")
}
