//! Latency, fairness and processor time.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency that is told from a longer one.
const LONGEST: u64 = 1 << 40;
/// Latencies below this are counted one by one.
const EXACT: usize = 2_048;

/// Latencies in cycles.
#[derive(Clone, Debug)]
pub struct Latency {
    /// Below [`EXACT`], where nearly all are: how often each was recorded.
    short: Vec<u64>,
    longer: Option<Histogram<u64>>,
    count: u64,
    sum: u128,
    shortest: u64,
    longest: u64,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            short: vec![0; EXACT],
            longer: None,
            count: 0,
            sum: 0,
            shortest: u64::MAX,
            longest: 0,
        }
    }
}

impl Latency {
    /// Adds one latency.
    #[inline]
    pub fn record(&mut self, cycles: u64) {
        self.count += 1;
        self.sum += u128::from(cycles);
        self.shortest = self.shortest.min(cycles);
        self.longest = self.longest.max(cycles);
        match self.short.get_mut(cycles as usize) {
            Some(count) if cycles < EXACT as u64 => *count += 1,
            _ => self
                .longer
                .get_or_insert_with(empty)
                .saturating_record(cycles),
        }
    }

    /// Latencies recorded.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// All of them.
    fn histogram(&self) -> Histogram<u64> {
        let mut histogram = self.longer.clone().unwrap_or_else(empty);
        let short = (0..).zip(&self.short).filter(|(_, count)| **count > 0);
        short.for_each(|(cycles, count)| histogram.saturating_record_n(cycles, *count));
        histogram
    }

    /// The figures that are reported; all zero if nothing was recorded.
    #[must_use]
    pub fn summary(&self) -> Summary {
        if self.count == 0 {
            return Summary::default();
        }
        let histogram = self.histogram();
        let quantile = |share| histogram.value_at_quantile(share).min(self.longest);
        Summary {
            min: self.shortest,
            mean: self.sum as f64 / self.count as f64,
            p50: quantile(0.5),
            p99: quantile(0.99),
            p99_9: quantile(0.999),
            max: self.longest,
        }
    }
}

fn empty() -> Histogram<u64> {
    Histogram::new_with_max(LONGEST, 3)
        .expect("the longest is at least 2 and three digits are within 0 to 5")
}

/// Mean latencies of ten batches, one behind the other, which tell whether a run has come to rest.
#[derive(Clone, Debug)]
pub struct Batches {
    start: u64,
    /// Cycles of a batch.
    cycles: u64,
    sums: [u64; Self::COUNT],
    counts: [u64; Self::COUNT],
}

impl Batches {
    const COUNT: usize = 10;

    /// Batches of latencies of frames offered from `start` on and before `end`.
    #[must_use]
    pub fn new(start: u64, end: u64) -> Self {
        Self {
            start,
            cycles: (end - start).div_ceil(Self::COUNT as u64).max(1),
            sums: [0; Self::COUNT],
            counts: [0; Self::COUNT],
        }
    }

    /// Adds the latency of a frame that was offered in cycle `offered`.
    #[inline]
    pub fn record(&mut self, offered: u64, latency: u64) {
        let batch = ((offered - self.start) / self.cycles) as usize;
        self.sums[batch] += latency;
        self.counts[batch] += 1;
    }

    /// Whether the mean latency is the same in the second five batches as in the first: it differs by no more than 5 %,
    /// or than three times its own standard error, which the spread of the batches tells. Not if a batch is empty.
    #[must_use]
    pub fn are_steady(&self) -> bool {
        if self.counts.contains(&0) {
            return false;
        }
        let mut means = [0.0; Self::COUNT];
        for (mean, (sum, count)) in means.iter_mut().zip(self.sums.iter().zip(&self.counts)) {
            *mean = *sum as f64 / *count as f64;
        }
        let half = Self::COUNT / 2;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / half as f64;
        let (first, second) = means.split_at(half);
        let (before, after) = (mean(first), mean(second));
        // Of a half's mean, with the variance of single batches estimated from the same five.
        let error_squared = |values: &[f64], mean: f64| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            squares / ((half - 1) * half) as f64
        };
        let error = (error_squared(first, before) + error_squared(second, after)).sqrt();
        (after - before).abs() <= (0.05 * before).max(3.0 * error)
    }
}

/// A distribution of latencies in cycles. The shortest, the mean and the longest are exact; the others are exact below
/// 2 048 cycles and good to three digits above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The shortest.
    pub min: u64,
    /// The mean.
    pub mean: f64,
    /// Half are at most this.
    pub p50: u64,
    /// 99 % are at most this.
    pub p99: u64,
    /// 99.9 % are at most this.
    pub p99_9: u64,
    /// The longest.
    pub max: u64,
}

/// Jain's fairness index of the shares: 1 if all are equal, 1 / n if one has everything; 1 if there is nothing to
/// share.
#[must_use]
pub fn jain_index(shares: &[u64]) -> f64 {
    let sum: f64 = shares.iter().map(|share| *share as f64).sum();
    let squares: f64 = shares.iter().map(|share| (*share as f64).powi(2)).sum();
    if squares == 0.0 {
        1.0
    } else {
        sum * sum / (shares.len() as f64 * squares)
    }
}

/// Processor time of the calling thread so far, in seconds: from the kernel where it tells (Linux), else the wall
/// clock.
#[must_use]
pub fn cpu_seconds() -> f64 {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled
        .as_deref()
        .and_then(|text| text.split_whitespace().next())
        .and_then(|field| field.parse::<u64>().ok());
    nanoseconds.map_or_else(
        || {
            std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0.0, |time| time.as_secs_f64())
        },
        |nanoseconds| nanoseconds as f64 * 1e-9,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summarises_latencies() {
        let mut latency = Latency::default();
        assert_eq!(latency.summary(), Summary::default());
        for cycles in 1..=1_000 {
            latency.record(cycles);
        }
        let summary = latency.summary();
        assert_eq!((summary.min, summary.max), (1, 1_000));
        assert_eq!((summary.p50, summary.p99, summary.p99_9), (500, 990, 999));
        assert!((summary.mean - 500.5).abs() < 1e-9);
        latency.record(3_000_000);
        latency.record(u64::MAX);
        assert_eq!(latency.summary().max, u64::MAX);
    }

    #[test]
    fn latencies_on_both_sides_of_the_exact_ones_are_one_distribution() {
        let mut latency = Latency::default();
        for cycles in [5, 2_047, 2_048, 2_049, 100_000] {
            latency.record(cycles);
        }
        let summary = latency.summary();
        assert_eq!((latency.count(), summary.min, summary.p50), (5, 5, 2_049));
        assert!((summary.mean - 21_229.8).abs() < 1e-9);
        assert_eq!((summary.p99, summary.max), (100_000, 100_000));
    }

    #[test]
    fn a_run_at_rest_is_told_from_one_that_drifts() {
        let steady = |latency: &dyn Fn(u64) -> u64| {
            let mut batches = Batches::new(1_000, 11_000);
            (1_000..11_000).for_each(|cycle| batches.record(cycle, latency(cycle)));
            batches.are_steady()
        };
        assert!(steady(&|_| 6));
        assert!(steady(&|cycle| 100 + cycle * 7_919 % 101), "noise");
        assert!(!steady(&|cycle| cycle / 10), "a backlog that grows");
        assert!(!steady(&|cycle| 100 + cycle / 500), "a slow drift");
        assert!(
            !steady(&|cycle| if cycle < 6_000 { 10 } else { 20 }),
            "a jump"
        );
        let mut empty = Batches::new(0, 100);
        (0..50).for_each(|cycle| empty.record(cycle, 5));
        assert!(!empty.are_steady(), "a half without frames");
    }

    #[test]
    fn fairness_is_between_one_and_one_over_n() {
        let index = |shares: &[u64]| (jain_index(shares) * 1e6).round() / 1e6;
        assert_eq!(index(&[5, 5, 5, 5]).to_bits(), 1.0_f64.to_bits());
        assert_eq!(index(&[9, 0, 0, 0]).to_bits(), 0.25_f64.to_bits());
        assert_eq!(index(&[]).to_bits(), 1.0_f64.to_bits());
    }

    #[test]
    fn processor_time_grows() {
        let before = cpu_seconds();
        let mut word = 1_u64;
        for _ in 0..20_000_000 {
            word = std::hint::black_box(word.wrapping_mul(3));
        }
        assert!(cpu_seconds() > before);
    }
}
