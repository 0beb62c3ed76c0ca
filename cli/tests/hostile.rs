//! `simulate --pcap` and `scripts/replay` with files that no one would wish for: a clear result, or one clear error.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::{tempdir, TempDir};

/// A file of these bytes in `folder`, in a folder of its own if `name` says so.
fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A capture in the making. Time stamps are in nanoseconds, words in the order of the network.
struct Pcap(Vec<u8>);

impl Pcap {
    fn of_link(link: u32) -> Self {
        let mut file = vec![0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0];
        file.extend(65_535_u32.to_be_bytes());
        file.extend(link.to_be_bytes());
        Self(file)
    }

    /// Of Ethernet frames.
    fn new() -> Self {
        Self::of_link(1)
    }

    /// A record of `bytes`, of a frame of `length`.
    fn record(mut self, bytes: &[u8], length: usize) -> Self {
        for word in [0, 0, bytes.len() as u32, length as u32] {
            self.0.extend(word.to_be_bytes());
        }
        self.0.extend(bytes);
        self
    }

    fn frame(self, bytes: &[u8]) -> Self {
        self.record(bytes, bytes.len())
    }
}

/// A frame from one of two stations to the other, as captures have it.
fn frame(number: usize, length: usize) -> Vec<u8> {
    let stations = [[2, 0, 0, 0, 0, 0xa_u8], [2, 0, 0, 0, 0, 0xb]];
    let (from, to) = (stations[number % 2], stations[(number + 1) % 2]);
    let mut bytes = [&to[..], &from[..], &[8, 0]].concat();
    bytes.resize(length, number as u8);
    bytes
}

fn talk() -> Pcap {
    (0..8).fold(Pcap::new(), |pcap, number| {
        pcap.frame(&frame(number, 50 + 9 * number))
    })
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// `simulate --pcap` on the engine that is quick to start; the files are read before any engine sees a frame.
fn simulate(pcap: &Path, out: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lightswitch"))
        .args(["simulate", "--engine", "reference", "--pcap"])
        .arg(pcap)
        .arg("--out-dir")
        .arg(out)
        .args(more)
        .output()
        .unwrap()
}

/// A run that must end well; its JSON.
fn report(pcap: &Path, out: &Path, more: &[&str]) -> serde_json::Value {
    let output = simulate(pcap, out, &[more, &["--json"]].concat());
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{}: {said}", pcap.display());
    assert_eq!(said, "");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["violations"], &report["copies"]["unaccounted"]),
        (&0.into(), &0.into())
    );
    report
}

/// A run that must fail with this code and say so in one line with these words.
fn refused(code: i32, words: &[&str], pcap: &Path, out: &Path, more: &[&str]) {
    let output = simulate(pcap, out, more);
    let said = text(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{}: {said}",
        pcap.display()
    );
    assert_eq!(text(&output.stdout), "");
    let first = said.lines().next().unwrap();
    assert!(first.starts_with("error: "), "{said}");
    assert!(
        words.iter().all(|word| first.contains(word)),
        "{words:?}: {said}"
    );
    assert!(
        code == 2 || said.lines().count() == 1,
        "one clear error: {said}"
    );
}

#[test]
fn what_is_no_capture_is_refused_by_name() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let talk = talk().0;
    let mut endless = talk.clone();
    endless[32..36].copy_from_slice(&[0xff; 4]);
    let mut huge = talk.clone();
    huge[32..36].copy_from_slice(&262_145_u32.to_be_bytes());
    huge.resize(300_000, 0);
    let cases: [(&str, &[u8], &str); 12] = [
        ("empty.pcap", &[], "it is empty"),
        ("short.pcap", &talk[..3], "only 3 bytes"),
        ("header.pcap", &talk[..23], "inside its header"),
        ("record-header.pcap", &talk[..39], "inside record 1"),
        ("record.pcap", &talk[..41], "inside record 1"),
        ("last.pcap", &talk[..talk.len() - 1], "inside record 8"),
        ("endless.pcap", &endless, "length of that record is damaged"),
        ("huge.pcap", &huge, "at most 262144"),
        ("next.pcapng", b"\x0a\x0d\x0d\x0a\x1c\0\0\0", "editcap"),
        ("packed.pcap", b"\x1f\x8b\x08\0\0\0\0\0", "gunzip"),
        (
            "cooked.pcap",
            &Pcap::of_link(113).frame(&[0; 60]).0,
            "link type is 113",
        ),
        ("page.pcap", b"<!doctype html>", "3c 21 64 6f"),
    ];
    for (name, bytes, words) in cases {
        refused(1, &[name, words], &file(&folder, name, bytes), &out, &[]);
    }
    refused(
        1,
        &["no-such", "cannot open"],
        &folder.path().join("no-such"),
        &out,
        &[],
    );
    refused(1, &["cannot read"], folder.path(), &out, &[]);
    assert!(
        !out.exists(),
        "nothing is written for a capture that is refused"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let good = file(&folder, "talk.pcap", &talk().0);
    // A file that opens and then cannot be read, whoever asks.
    refused(
        1,
        &["cannot read /proc/self/mem"],
        Path::new("/proc/self/mem"),
        &out,
        &[],
    );
    refused(
        1,
        &["/dev/null", "it is empty"],
        Path::new("/dev/null"),
        &out,
        &[],
    );
    refused(
        1,
        &["cannot create /proc/out"],
        &good,
        Path::new("/proc/out"),
        &[],
    );
    refused(
        1,
        &["cannot create"],
        &good,
        &good.join("below-a-file"),
        &[],
    );
    // A disk that is full.
    std::fs::create_dir_all(&out).unwrap();
    std::os::unix::fs::symlink("/dev/full", out.join("egress-01.pcap")).unwrap();
    refused(1, &["cannot write", "egress-01.pcap"], &good, &out, &[]);
    // The capture itself would be an egress's.
    let same = file(&folder, "same/egress-03.pcap", &talk().0);
    refused(1, &["another folder"], &same, same.parent().unwrap(), &[]);
    assert_eq!(std::fs::read(&same).unwrap(), talk().0);
}

#[test]
fn options_that_cannot_be_are_refused() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let good = file(&folder, "talk.pcap", &talk().0);
    for (words, more) in [
        ("MAC=PORT", ["--assign", "02:00:00:00:00:0a"]),
        ("six bytes", ["--assign", "02:00:00:00:00=1"]),
        ("must be a number", ["--assign", "02:00:00:00:00:0a=-1"]),
        ("port 4 does not exist", ["--assign", "02:00:00:00:00:0a=4"]),
        ("the load", ["--load", "1e-300"]),
        ("the largest gap", ["--max-gap", "18446744073709551615"]),
        ("0.001 to 100000 MHz", ["--clock-mhz", "inf"]),
    ] {
        refused(2, &[words], &good, &out, &more);
    }
    assert!(!out.exists());
}

#[test]
fn what_can_be_sent_is_and_the_rest_is_counted() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let none = report(&file(&folder, "none.pcap", &Pcap::new().0), &out, &[]);
    assert_eq!(
        (&none["captured_records"], &none["sent_frames"]),
        (&0.into(), &0.into())
    );
    // Cut by the snap length, no header, more bytes than the frame had, and frames of 64 KiB and more.
    let pcap = talk()
        .record(&frame(0, 60)[..40], 60)
        .record(&[], 0)
        .frame(&frame(1, 13))
        .record(&frame(0, 70), 60)
        .frame(&frame(1, 65_535))
        .frame(&frame(0, 65_536))
        .frame(&frame(1, 262_144));
    let path = file(&folder, "odd.pcap", &pcap.0);
    let odd = report(&path, &out, &[]);
    assert_eq!(odd["captured_records"], 15);
    assert_eq!(odd["sent_frames"], 11);
    assert_eq!(odd["skipped"]["cut_by_snap_length"], 1);
    assert_eq!(odd["skipped"]["shorter_than_header"], 2);
    assert_eq!(odd["skipped"]["lengths_disagree"], 1);
    assert_eq!(odd["too_long_frames"], 3);
    // The first frame is flooded; every other one goes to one port, the long ones poisoned.
    assert_eq!(odd["fates"]["flooded_unknown"], 1);
    assert_eq!(odd["fates"]["unicast"], 10);
    assert_eq!(odd["copies"]["delivered"], 3 + 7);
    assert_eq!(odd["copies"]["poisoned"], 3);
    // What was written can be replayed itself, and is.
    let again = report(
        &out.join("egress-00.pcap"),
        &folder.path().join("again"),
        &[],
    );
    assert_eq!(again["sent_frames"], 4 + 2);
    assert_eq!(again["poisoned_in_frames"], 2);
}

/// `scripts/replay` with the engine that is quick to start, its results in `out`.
fn replay(folder: &Path, out: &Path) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/replay");
    Command::new(script)
        .arg("--out")
        .arg(out)
        .arg(folder)
        .args(["--engine", "reference"])
        .env("LIGHTSWITCH", env!("CARGO_BIN_EXE_lightswitch"))
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn a_folder_is_replayed_to_its_end_whatever_is_in_it() {
    let folder = tempdir().unwrap();
    let good = folder.path().join("good");
    let out = folder.path().join("results");
    for name in ["hostile test 1.pcap", "hostile-test-2.cap"] {
        file(&folder, &format!("good/{name}"), &talk().0);
    }
    file(&folder, "good/README", b"not a capture");
    let output = replay(&good, &out);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("all accounted for").count(), 2, "{said}");
    for name in ["hostile test 1.pcap", "hostile-test-2.cap"] {
        let report = std::fs::read_to_string(out.join(name).join("report.txt")).unwrap();
        assert!(report.contains("all accounted for"), "{report}");
        assert!(out.join(name).join("egress-00.pcap").is_file());
    }
    assert!(
        said.ends_with("2 captures: 2 clean, 0 failed; 1 other files passed over\n"),
        "{said}"
    );

    // Two that cannot be replayed, between others that can.
    file(&folder, "good/hostile-test-1b.pcap", &talk().0[..60]);
    std::fs::create_dir_all(good.join("hostile-test-3.pcap")).unwrap();
    let output = replay(&good, &out);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("hostile-test-1b.pcap: FAILED: error: "),
        "{said}"
    );
    assert!(said.contains("inside record 1"), "{said}");
    assert!(
        said.contains("hostile-test-3.pcap: FAILED: error: cannot read"),
        "{said}"
    );
    assert!(
        said.contains("4 captures: 2 clean, 2 failed; 1 other"),
        "{said}"
    );

    for (name, words) in [
        ("empty", "there is no capture in"),
        ("missing", "is not a folder"),
        ("good/README", "is not a folder"),
    ] {
        if name == "empty" {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let output = replay(&folder.path().join(name), &out);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(
            text(&output.stderr).contains(words),
            "{}",
            text(&output.stderr)
        );
    }
}
