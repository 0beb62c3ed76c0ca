//! Means of independent samples, and how far they can be trusted.

/// Student's t at 97.5 % for 1, 2, ... degrees of freedom.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// Mean of the samples; of none, 0.
#[must_use]
pub fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len().max(1) as f64
}

/// Half the width of the 95 % confidence interval around the mean of independent samples; of fewer than two, `None`.
#[must_use]
pub fn confidence(samples: &[f64]) -> Option<f64> {
    let count = samples.len();
    let freedom = count.checked_sub(1).filter(|freedom| *freedom > 0)?;
    let mean = mean(samples);
    let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
    let deviation = (squares / freedom as f64).sqrt();
    let student = STUDENT.get(freedom - 1).copied().unwrap_or(1.96);
    Some(student * deviation / (count as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_interval_of_students_t() {
        // 1, 2, 3: mean 2, deviation 1, two degrees of freedom.
        let half = confidence(&[1.0, 2.0, 3.0]).unwrap();
        assert!((half - 4.303 / 3.0_f64.sqrt()).abs() < 1e-12, "{half}");
        assert_eq!(confidence(&[5.0; 40]), Some(0.0));
        assert_eq!(confidence(&[5.0]), None);
        assert_eq!(confidence(&[]), None);
        assert!((mean(&[1.0, 4.0]) - 2.5).abs() < 1e-12);
    }
}
