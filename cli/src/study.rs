//! `lightswitch study`: the validation table.

use std::sync::Mutex;

use anyhow::bail;
use lightswitch_sim::study::report::Report;
use lightswitch_sim::study::{self, Options};

use crate::args::StudyArgs;
use crate::output;
use crate::progress::Progress;

/// Runs the command. Fails if a row is out of tolerance.
pub fn run(args: &StudyArgs) -> anyhow::Result<()> {
    let options = Options {
        only: args.only.clone(),
        ports: args.ports.clone(),
        slots: args.slots,
        quick: args.quick,
        seed: args.seed,
        threads: args.threads,
        engine: args.engine,
    };
    let progress = Mutex::new(Progress::new("runs"));
    let report = study::run(&options, &|done, total| {
        // A bar that another thread broke is no reason to stop.
        if let Ok(mut progress) = progress.lock() {
            progress.update(done, total);
        }
    })?;
    drop(progress);
    if args.json {
        output::print_json(&report)?;
    } else if args.markdown {
        output::print(&report.markdown())?;
    } else {
        output::print(&report.text())?;
    }
    judge(&report)
}

fn judge(report: &Report) -> anyhow::Result<()> {
    if report.failed > 0 {
        let failures: Vec<&str> = report.failures().collect();
        let names = failures.join(", ");
        bail!("{} rows out of tolerance: {names}", report.failed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_out_of_tolerance_is_a_failure_with_a_name() {
        let options = Options {
            only: vec!["hol-chain".into()],
            ..Options::default()
        };
        let report = study::run(&options, &|_, _| {}).unwrap();
        assert!(judge(&report).is_ok());
        let mut rows = report.rows;
        rows[2].reference = 0.6553;
        let measured = [study::row::Sample::clean(rows[2].measured)];
        rows[2].conclude(&measured);
        let error = judge(&Report::new(&options, rows, Vec::new())).unwrap_err();
        assert_eq!(error.to_string(), "1 rows out of tolerance: hol-chain-4");
    }
}
