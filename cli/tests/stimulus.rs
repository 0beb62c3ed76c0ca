//! `simulate --record`, `--replay` and `--seeds` as users meet them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::tempdir;

fn simulate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lightswitch"))
        .arg("simulate")
        .args(arguments)
        .output()
        .unwrap()
}

/// What a run that must succeed prints; nothing goes to stderr.
fn said(arguments: &[&str]) -> String {
    let output = simulate(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), &*errors), (Some(0), ""));
    String::from_utf8(output.stdout).unwrap()
}

/// The JSON of a run without what may differ.
fn json(arguments: &[&str]) -> Value {
    let report = said(&[arguments, &["--json"]].concat());
    comparable(&report)
}

fn comparable(report: &str) -> Value {
    let mut report: Value = serde_json::from_str(report).unwrap();
    assert!(report["delivered_frames"].as_u64().unwrap() > 100);
    let report = report.as_object_mut().unwrap();
    assert!(report.remove("engine").is_some() && report.remove("cpu_seconds").is_some());
    report.clone().into()
}

/// A run that must fail with this code and these words.
fn refused(code: i32, words: &str, arguments: &[&str]) {
    let output = simulate(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(
        said.starts_with("error: ") && said.contains(words),
        "{arguments:?}: {said}"
    );
    assert!(output.stdout.is_empty());
    assert!(
        code == 2 || said.lines().count() == 1,
        "one clear error: {said}"
    );
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_recorded_run_and_its_replay_print_the_same_on_every_engine() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("run.stimulus");
    for options in [
        &["--frame", "64-300", "--malformed", "bad-fcs=0.05,runt=0.05"][..],
        &[
            "--traffic",
            "ring",
            "--message",
            "8192",
            "--store-and-forward",
        ],
        &[
            "--traffic",
            "incast",
            "--lossy",
            "--back-pressure",
            "3:1",
            "--message",
            "2048",
        ],
        &["--top", "fabric", "--pause", "0.1", "--seed", "77"],
    ] {
        let common = ["--load", "0.5", "--cycles", "5000", "--record", text(&file)];
        let recorded = json(&[options, &common].concat());
        let replayed = json(&["--replay", text(&file)]);
        assert_eq!(recorded, replayed);
        assert_eq!(
            recorded,
            json(&["--replay", text(&file), "--engine", "rtl"])
        );
    }
    // What a person reads is the same too, but for the time it took.
    let table = said(&["--replay", text(&file)]);
    assert!(
        table.contains("seed 77: every copy accounted for"),
        "{table}"
    );
}

#[test]
fn every_pattern_is_run_and_reported_in_a_table() {
    for (pattern, rows) in [
        ("bursty", &["flows "][..]),
        ("incast", &["flows ", "collectives ", "victim "]),
        ("ring", &["flows ", "collectives "]),
        ("halving-doubling", &["flows ", "collectives "]),
        ("all-to-all", &["flows ", "collectives "]),
    ] {
        let options = [
            "--traffic",
            pattern,
            "--frame",
            "256",
            "--cycles",
            "30000",
            "--load",
            "0.4",
        ];
        let table = said(&options);
        assert!(
            table.contains(&format!("{pattern} traffic of 256 bytes")),
            "{table}"
        );
        for row in rows.iter().chain(&["fullest queue ", "fairness (Jain)"]) {
            assert!(
                table.lines().any(|line| line.trim_start().starts_with(row)),
                "{row}: {table}"
            );
        }
        let values = table.lines().skip(1).map(|line| line.as_bytes()[25]);
        assert!(values.clone().count() > 8 && values.into_iter().all(|column| column == b' '));
        let report = json(&options);
        assert_eq!(report["collectives"].is_null(), pattern == "bursty");
        assert_eq!(report["victim"].is_null(), pattern != "incast");
        let times = &report["flows"]["cycles"];
        assert!(times["p99"].as_u64().unwrap() >= times["p50"].as_u64().unwrap());
    }
}

#[test]
fn any_number_of_threads_prints_the_same_rows_in_order() {
    let options = [
        "--seeds",
        "3..9",
        "--cycles",
        "4000",
        "--pause",
        "0.1",
        "--back-pressure",
        "0.1",
    ];
    let rows = |threads: &str| -> Vec<Value> {
        let lines = said(&[&options[..], &["--threads", threads, "--json"]].concat());
        lines.lines().map(comparable).collect()
    };
    let one = rows("1");
    assert_eq!(one, rows("2"));
    assert_eq!(one, rows("5"));
    let seeds: Vec<u64> = one
        .iter()
        .map(|row| row["seed"].as_u64().unwrap())
        .collect();
    assert_eq!(seeds, [3, 4, 5, 6, 7, 8, 9]);
    // A row is what a run of that seed prints.
    let alone = json(&[
        "--seed",
        "5",
        "--cycles",
        "4000",
        "--pause",
        "0.1",
        "--back-pressure",
        "0.1",
    ]);
    assert_eq!(one[2], alone);
    assert_ne!(one[0]["delivery_digest"], one[1]["delivery_digest"]);

    let table = said(&[&options[..], &["--threads", "100000"]].concat());
    assert!(table.contains("Jain  7 at a time"), "a seed each: {table}");
    let widths: Vec<usize> = table.lines().map(|line| line.find("  ").unwrap()).collect();
    assert_eq!((table.lines().count(), widths.len()), (8, 8));
    assert!(
        table.lines().skip(1).all(|line| line.contains(" clean")),
        "{table}"
    );
}

#[test]
fn sizes_beyond_the_table_are_for_the_model() {
    let report = json(&["--config", "24x32", "--cycles", "1000"]);
    assert_eq!(
        (&report["config"], &report["lost_frames"]),
        (&"24x32".into(), &0.into())
    );
    for engine in ["rtl", "verilated"] {
        let options = ["--config", "24x32", "--engine", engine];
        refused(
            2,
            "it must be model or naive for the configuration 24x32",
            &options,
        );
    }
    for size in ["1x64", "513x64", "8x128", "8x", "x64", "064x64"] {
        refused(2, "PORTSxWIDTH of 2 to 512 ports", &["--config", size]);
    }
    let wide = ["--config", "65x64", "--cycles", "1000"];
    let frames = |options: &[&str]| {
        let report = json(&[&wide[..], &["--top", "fabric-mc"], options].concat());
        assert_eq!(report["lost_frames"], 0);
        let latency = report["latency_cycles"]["min"].as_u64().unwrap();
        (report["delivered_frames"].as_u64().unwrap(), latency)
    };
    let (cut_through, stored) = (frames(&[]), frames(&["--store-and-forward"]));
    assert!(cut_through.0 > 1_000 && stored.0 > 1_000);
    assert!(stored.1 >= cut_through.1 + 7, "8 beats, not one");
}

#[test]
fn options_that_cannot_be_are_refused() {
    for (words, options) in [
        ("one of uniform", &["--traffic", "gossip"][..]),
        (
            "3 or more for incast",
            &["--traffic", "incast", "--config", "2x32"],
        ),
        (
            "a power of two",
            &["--traffic", "halving-doubling", "--config", "6x64"],
        ),
        ("the message", &["--traffic", "ring", "--message", "100"]),
        (
            "nobody sends a lost frame",
            &["--traffic", "ring", "--malformed", "runt=0.1"],
        ),
        ("FLAW=SHARE", &["--malformed", "ugly=0.1"]),
        ("0 to 1", &["--malformed", "runt=0.7,marked=0.7"]),
        (
            "for a fabric",
            &["--malformed", "bad-fcs=0.1", "--top", "fabric"],
        ),
        ("READY:NOT", &["--back-pressure", "sometimes"]),
        ("the share of back-pressure", &["--back-pressure", "1"]),
        ("port 4 does not exist", &["--back-pressure", "4:1:1"]),
        ("below 20000", &["--back-pressure", "1:20000"]),
        ("FIRST..LAST", &["--seeds", "5"]),
        ("FIRST..LAST", &["--seeds", "5..4"]),
        ("cannot be used with", &["--seeds", "1..2", "--seed", "1"]),
        ("cannot be used with", &["--seeds", "1..2", "--record", "x"]),
        (
            "cannot be used with",
            &["--seeds", "1..2", "--wave", "x.vcd"],
        ),
        ("--seeds", &["--threads", "2"]),
        ("invalid value '0'", &["--seeds", "1..2", "--threads", "0"]),
        ("cannot be used with", &["--replay", "x", "--record", "y"]),
        (
            "cannot be used with",
            &["--replay", "x", "--config", "4x64"],
        ),
        ("cannot be used with", &["--replay", "x", "--load", "0.5"]),
        ("cannot be used with", &["--replay", "x", "--lossy"]),
        ("cannot be used with", &["--replay", "x", "--seeds", "1..2"]),
    ] {
        refused(2, words, options);
    }
}

#[test]
fn a_sweep_that_cannot_run_says_so_once() {
    let sweep = ["--seeds", "1..4", "--threads", "2"];
    refused(
        2,
        "the load",
        &[&sweep[..], &["--load", "7", "--json"]].concat(),
    );
    refused(
        2,
        "model or naive for",
        &[&sweep[..], &["--config", "9x64", "--engine", "rtl"]].concat(),
    );
}

#[test]
fn a_file_that_is_no_recording_is_one_clear_error() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("run.stimulus");
    refused(1, "cannot open", &["--replay", text(&file)]);
    refused(1, "cannot read", &["--replay", text(folder.path())]);
    let nowhere = folder.path().join("no-folder/run.stimulus");
    refused(1, "cannot write", &["--record", text(&nowhere)]);
    said(&["--cycles", "1000", "--record", text(&file)]);
    let mut bytes = std::fs::read(&file).unwrap();
    let place = bytes.len() - 40;
    bytes[place] ^= 0x40;
    std::fs::write(&file, &bytes).unwrap();
    refused(1, "at byte ", &["--replay", text(&file)]);
    std::fs::write(&file, &bytes[..200]).unwrap();
    refused(1, "it ends inside", &["--replay", text(&file)]);
    std::fs::write(&file, "no recording").unwrap();
    refused(
        1,
        "does not begin with `lightswitch stimulus 1`, at byte 0",
        &["--replay", text(&file)],
    );
    // Nothing is written for a stimulus that cannot be.
    let fresh = folder.path().join("fresh");
    refused(2, "the load", &["--load", "9", "--record", text(&fresh)]);
    assert!(!fresh.exists());
}
