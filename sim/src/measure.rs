//! Latency, fairness and processor time.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest latency that is told from a longer one.
const LONGEST: u64 = 1 << 40;

/// Latencies in cycles.
#[derive(Clone, Debug)]
pub struct Latency {
    histogram: Histogram<u64>,
    sum: u128,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            histogram: Histogram::new_with_max(LONGEST, 3)
                .expect("the longest is at least 2 and three digits are within 0 to 5"),
            sum: 0,
        }
    }
}

impl Latency {
    /// Adds one latency.
    pub fn record(&mut self, cycles: u64) {
        self.histogram.saturating_record(cycles);
        self.sum += u128::from(cycles);
    }

    /// The figures that are reported; all zero if nothing was recorded.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = self.histogram.len();
        if count == 0 {
            return Summary::default();
        }
        Summary {
            min: self.histogram.min(),
            mean: self.sum as f64 / count as f64,
            p50: self.histogram.value_at_quantile(0.5),
            p99: self.histogram.value_at_quantile(0.99),
            p99_9: self.histogram.value_at_quantile(0.999),
            max: self.histogram.max(),
        }
    }
}

/// A distribution of latencies in cycles. The mean is exact; the others are exact below 2 048 cycles and good to three
/// digits above.
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

/// Jain's fairness index of the shares: 1 if all are equal, 1 / n if one has everything; 1 if there is nothing to share.
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

/// Processor time of the calling thread so far, in seconds: from the kernel where it tells (Linux), else the wall clock.
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
        let longest = latency.summary().max;
        assert!((1 << 40..1 << 41).contains(&longest), "{longest}");
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
