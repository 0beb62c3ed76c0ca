//! A row of the table: a figure, what theory or a paper says it is, and whether the two agree.

use serde::{Deserialize, Serialize};

use super::sample;
use super::slotted::Window;
use crate::rng::Rng;
use crate::Error;

/// How a measured figure has to stand to its reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// No further from it than the tolerance.
    Equal,
    /// At least the reference less the tolerance.
    AtLeast,
    /// At most the reference and the tolerance.
    AtMost,
}

impl Relation {
    /// Whether `measured` stands so to `reference`.
    #[must_use]
    pub fn holds(self, measured: f64, reference: f64, tolerance: f64) -> bool {
        let beyond = measured - reference;
        match self {
            Relation::Equal => beyond.abs() <= tolerance,
            Relation::AtLeast => beyond >= -tolerance,
            Relation::AtMost => beyond <= tolerance,
        }
    }

    /// What stands in front of the reference.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Relation::Equal => "",
            Relation::AtLeast => "≥ ",
            Relation::AtMost => "≤ ",
        }
    }
}

/// One of the independent runs of a row: where its random numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    seed: u64,
    sample: usize,
}

/// Streams that each [`Draw`] has.
const STREAMS: usize = 2;

impl Draw {
    /// Run number `sample` of the row called `id`. Rows draw from streams of their own, whatever other rows there are.
    #[must_use]
    pub fn new(seed: u64, id: &str, sample: usize) -> Self {
        // FNV-1a.
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self {
            seed: seed ^ hash,
            sample,
        }
    }

    /// The random numbers of the sources.
    #[must_use]
    pub fn traffic(&self) -> Rng {
        Rng::new(self.seed, STREAMS * self.sample)
    }

    /// The random numbers of the switch.
    #[must_use]
    pub fn switch(&self) -> Rng {
        Rng::new(self.seed, STREAMS * self.sample + 1)
    }
}

/// What one run gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The figure.
    pub value: f64,
    /// Promises broken on the way, which no switch may: cells lost, made up, or out of order.
    pub violations: u64,
}

impl Sample {
    /// A figure without any broken promise.
    #[must_use]
    pub const fn clean(value: f64) -> Self {
        Self {
            value,
            violations: 0,
        }
    }
}

/// One run of a row.
pub type Job = Box<dyn Fn(&Draw) -> Result<Sample, Error> + Send + Sync>;

/// A row that is still to be measured.
pub struct Spec {
    /// The row, its measured part empty.
    pub row: Row,
    /// Runs it, once a sample.
    pub job: Job,
    /// Slots of warm-up without which the figure means nothing.
    pub settling: f64,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What `--only` knows it by.
    pub id: String,
    /// The table it stands in.
    pub group: String,
    /// The figure, with its unit.
    pub what: String,
    /// Ports, load and whatever else decides it.
    pub parameters: String,
    /// What it has to be.
    pub reference: f64,
    /// How it has to stand to that.
    pub relation: Relation,
    /// How far off it may be, in its own unit; 0: not at all.
    pub tolerance: f64,
    /// Where the reference comes from, and how far it was verified.
    pub source: String,
    /// Independent runs.
    pub samples: usize,
    /// Slots, or cycles, of each run behind its warm-up; 0 where the run ends by itself.
    pub slots: u64,
    /// Mean of the runs.
    pub measured: f64,
    /// Half the width of its 95 % confidence interval; `None` where nothing is random.
    pub confidence: Option<f64>,
    /// Cells or frames lost, made up, changed or out of order.
    pub violations: u64,
    /// Within tolerance, and no promise broken.
    pub passed: bool,
}

impl Row {
    /// Fills in what `samples` say.
    pub fn conclude(&mut self, samples: &[Sample]) {
        let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
        self.measured = sample::mean(&values);
        self.confidence = sample::confidence(&values);
        self.violations = samples.iter().map(|sample| sample.violations).sum();
        self.passed = self.violations == 0
            && self
                .relation
                .holds(self.measured, self.reference, self.tolerance);
    }
}

impl Spec {
    /// A row that is exact: one run, no tolerance.
    pub fn new(
        group: &str,
        id: String,
        what: &str,
        parameters: String,
        job: impl Fn(&Draw) -> Result<Sample, Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            row: Row {
                id,
                group: group.into(),
                what: what.into(),
                parameters,
                reference: 0.0,
                relation: Relation::Equal,
                tolerance: 0.0,
                source: String::new(),
                samples: 1,
                slots: 0,
                measured: 0.0,
                confidence: None,
                violations: 0,
                passed: false,
            },
            job: Box::new(job),
            settling: 0.0,
        }
    }

    /// It has to stand like this to `reference`, which comes from `source`.
    #[must_use]
    pub fn against(mut self, relation: Relation, reference: f64, source: &str) -> Self {
        self.row.relation = relation;
        self.row.reference = reference;
        self.row.source = source.into();
        self
    }

    /// It may be off by `tolerance`.
    #[must_use]
    pub const fn within(mut self, tolerance: f64) -> Self {
        self.row.tolerance = tolerance;
        self
    }

    /// Whether its warm-up is as long as it has to be.
    #[must_use]
    pub const fn settles(&self) -> bool {
        self.settling <= Window::of(self.row.slots).warm_up as f64
    }

    /// It means nothing with less than `slots` of warm-up.
    #[must_use]
    pub const fn settling(mut self, slots: f64) -> Self {
        self.settling = slots;
        self
    }

    /// It takes so many independent runs, of so many slots each.
    #[must_use]
    pub const fn sampled(mut self, samples: usize, slots: u64) -> Self {
        self.row.samples = samples;
        self.row.slots = slots;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_passes_within_its_tolerance_only() {
        let spec = |relation| {
            Spec::new("g", "id".into(), "what", "N = 2".into(), |_| {
                Ok(Sample::clean(0.0))
            })
            .against(relation, 1.0, "by hand")
            .within(0.5)
            .sampled(2, 10)
        };
        for (relation, low, high) in [
            (Relation::Equal, false, false),
            (Relation::AtLeast, false, true),
            (Relation::AtMost, true, false),
        ] {
            for (value, passes) in [(0.4, low), (0.5, true), (1.5, true), (1.6, high)] {
                let mut row = spec(relation).row;
                row.conclude(&[Sample::clean(value); 2]);
                assert_eq!(row.passed, passes, "{relation:?} {value}");
                assert_eq!(row.confidence, Some(0.0));
            }
        }
        let mut row = spec(Relation::Equal).row;
        row.conclude(&[Sample {
            value: 1.0,
            violations: 1,
        }]);
        assert!(!row.passed);
        assert_eq!((row.violations, row.confidence), (1, None));
        row.conclude(&[Sample::clean(f64::NAN)]);
        assert!(!row.passed);
    }

    #[test]
    fn rows_and_samples_draw_different_numbers() {
        let draws = [
            Draw::new(1, "a", 0),
            Draw::new(1, "a", 1),
            Draw::new(1, "b", 0),
            Draw::new(2, "a", 0),
        ];
        let mut first: Vec<u32> = draws
            .iter()
            .flat_map(|draw| [draw.traffic(), draw.switch()])
            .map(|mut rng| rng.below(u32::MAX))
            .collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 8);
    }
}
