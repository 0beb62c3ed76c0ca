//! Captures through the naive reference: what is written, what is refused, and that the audit sees every breach.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use lightswitch_hdl::config::Config;
use lightswitch_sim::beat::Beat;
use lightswitch_sim::capture::Capture;
use lightswitch_sim::engine::{
    self, Cause, Engine, EngineKind, Outcome, Pulse, Settings, TableRequest,
};
use lightswitch_sim::frame::{self, Assembler, Mac, Verdict};
use lightswitch_sim::replay::{self, EgressFcs, Fates, Options, Report};
use lightswitch_sim::rng::Rng;
use lightswitch_sim::Error;
use tempfile::{tempdir, TempDir};

const A: [u8; 6] = [0x02, 0, 0, 0, 0, 0xa];
const B: [u8; 6] = [0x02, 0, 0, 0, 0, 0xb];
const C: [u8; 6] = [0x02, 0, 0, 0, 0, 0xc];
/// Shares port 0 with A: the fifth address on four ports.
const E: [u8; 6] = [0x02, 0, 0, 0, 0, 0xe];
const D: [u8; 6] = [0x02, 0, 0, 0, 0, 0xd];
const ALL: [u8; 6] = [0xff; 6];

/// One record of a capture: seconds, fraction, bytes captured, bytes of the frame.
type Record = (u32, u32, Vec<u8>, u32);

/// The four kinds of pcap.
#[derive(Clone, Copy, Debug)]
enum Kind {
    LittleMicro,
    LittleNano,
    BigMicro,
    BigNano,
}

fn pcap(kind: Kind, link: u32, records: &[Record]) -> Vec<u8> {
    let big = matches!(kind, Kind::BigMicro | Kind::BigNano);
    let nano = matches!(kind, Kind::LittleNano | Kind::BigNano);
    let word = |value: u32| {
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let half = |value: u16| {
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let mut file = Vec::new();
    file.extend(word(if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }));
    file.extend(half(2));
    file.extend(half(4));
    for value in [0, 0, 65_535, link] {
        file.extend(word(value));
    }
    for (seconds, fraction, bytes, length) in records {
        for value in [*seconds, *fraction, bytes.len() as u32, *length] {
            file.extend(word(value));
        }
        file.extend(bytes);
    }
    file
}

/// A file of these bytes in `folder`.
fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A frame as captures have it, without FCS.
fn ethernet(destination: [u8; 6], source: [u8; 6], kind: u16, length: usize, fill: u8) -> Vec<u8> {
    let mut bytes = [&destination[..], &source[..], &kind.to_be_bytes()].concat();
    bytes.resize(length, fill);
    bytes
}

fn record(bytes: Vec<u8>) -> Record {
    let length = bytes.len() as u32;
    (1, 0, bytes, length)
}

fn options(folder: &TempDir, pcap: &Path) -> Options {
    Options {
        pcap: pcap.into(),
        out_dir: folder.path().join("out"),
        assign: Vec::new(),
        max_gap: None,
        egress_fcs: EgressFcs::Keep,
        clock_mhz: 156.25,
        load: 0.9,
    }
}

fn build(settings: &Settings) -> Box<dyn Engine> {
    engine::build(EngineKind::Reference, config(), settings).unwrap()
}

fn config() -> &'static Config {
    Config::named("4x64").unwrap()
}

fn lossy() -> Settings {
    Settings {
        lossy: true,
        ..Settings::default()
    }
}

fn run(options: &Options, settings: &Settings) -> Result<Report, Error> {
    run_on(build(settings).as_mut(), options, settings)
}

fn run_on(
    engine: &mut dyn Engine,
    options: &Options,
    settings: &Settings,
) -> Result<Report, Error> {
    replay::run(engine, config(), settings, options, &mut |_, _| {})
}

/// The frames written for an egress, as they stand in its capture.
fn written(options: &Options, port: usize) -> Vec<(u64, Vec<u8>)> {
    let file = options.out_dir.join(format!("egress-{port:02}.pcap"));
    let capture = Capture::read(&file).unwrap();
    assert_eq!(capture.skipped.total(), 0);
    capture
        .frames
        .into_iter()
        .map(|captured| (captured.nanoseconds, captured.bytes))
        .collect()
}

#[test]
fn a_switch_of_many_ports_accounts_for_every_copy() {
    let folder = tempdir().unwrap();
    let config = Config::sized("100x64").unwrap();
    let records = [
        (1, ethernet(ALL, A, 0x0800, 100, 1)),
        (2, ethernet(A, B, 0x0800, 90, 2)),
        (3, ethernet(B, A, 0x0800, 80, 3)),
    ]
    .map(|(second, bytes)| (second, 0, bytes.clone(), bytes.len() as u32));
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &records));
    for kind in [EngineKind::Reference, EngineKind::Model] {
        let options = Options {
            max_gap: Some(2_000),
            assign: vec![(Mac(A), 99), (Mac(B), 70)],
            ..options(&folder, &path)
        };
        let settings = Settings::default();
        let mut engine = engine::build(kind, config, &settings).unwrap();
        let engine = engine.as_mut();
        let report = replay::run(engine, config, &settings, &options, &mut |_, _| {}).unwrap();
        assert!(report.is_clean(), "{report:#?}");
        assert_eq!((report.fates.flooded_group, report.fates.unicast), (1, 2));
        assert_eq!(report.copies.delivered, 99 + 2);
        let at = |port| written(&options, port).len();
        assert_eq!([at(0), at(63), at(70), at(98), at(99)], [1, 1, 2, 1, 1]);
    }
}

/// One frame of every kind; A, B, C, D, E live on ports 0, 1, 2, 3, 0.
fn conversation() -> Vec<Record> {
    let mut records = vec![
        ethernet(B, A, 0x0800, 100, 1),
        ethernet(A, B, 0x0800, 20, 2),
        ethernet(ALL, C, 0x0806, 42, 3),
        ethernet(A, D, 0x8100, 1_518, 4),
        ethernet(A, E, 0x0800, 60, 5),
        ethernet(E, A, 0x0800, 61, 6),
        ethernet([1, 0x80, 0xc2, 0, 0, 0xe], B, 0x88cc, 200, 7),
        ethernet([1, 0x80, 0xc2, 0, 0, 1], B, 0x8808, 60, 8),
        ethernet(A, B, 0x8808, 60, 9),
        ethernet(B, D, 0x0800, 1_519, 10),
        ethernet(ALL, D, 0x0800, 65_535, 11),
    ];
    // Far apart, so that each address is known before it is needed.
    let records = records.drain(..).enumerate();
    records
        .map(|(index, bytes)| {
            let length = bytes.len() as u32;
            (1 + index as u32, 0, bytes, length)
        })
        .collect()
}

fn sealed(record: &Record) -> Vec<u8> {
    let mut bytes = record.2.clone();
    frame::seal(&mut bytes);
    bytes
}

#[test]
fn every_kind_of_frame_meets_its_fate() {
    let folder = tempdir().unwrap();
    let records = conversation();
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &records));
    let options = Options {
        max_gap: Some(2_000),
        ..options(&folder, &path)
    };
    let report = run(&options, &Settings::default()).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    let fates = Fates {
        unicast: 3,
        flooded_group: 2,
        flooded_unknown: 1,
        filtered_reserved: 2,
        filtered_control: 1,
        filtered_self: 2,
    };
    assert_eq!(report.fates, fates);
    assert_eq!(report.copies.expected, 3 + 3 * 3);
    assert_eq!(report.copies.delivered, 2 + 2 * 3);
    assert_eq!(report.copies.poisoned, 1 + 3);
    assert_eq!((report.copies.dropped, report.copies.unaccounted), (0, 0));
    assert_eq!(report.padded_frames, 2);
    assert_eq!(report.fcs_added_frames, 11);
    assert_eq!(report.too_long_frames, 2);
    assert_eq!(report.assignments.len(), 5);
    let ports: Vec<usize> = report.assignments.iter().map(|a| a.port).collect();
    assert_eq!(ports, [0, 1, 2, 3, 0]);

    let port_0: Vec<Vec<u8>> = written(&options, 0)
        .into_iter()
        .map(|frame| frame.1)
        .collect();
    assert_eq!(port_0[..3], [1, 2, 3].map(|index| sealed(&records[index])));
    assert_eq!(port_0.len(), 4);
    let cut = &port_0[3];
    assert_eq!(cut.len(), config().max_frame_bytes, "closed at the maximum");
    assert_eq!(frame::verdict(cut), Verdict::Stomped);
    assert_eq!(cut[..1_518], records[10].2[..1_518]);
    let port_1: Vec<usize> = written(&options, 1)
        .iter()
        .map(|frame| frame.1.len())
        .collect();
    assert_eq!(port_1, [104, 64, 1_522, 1_522]);
}

#[test]
fn strips_the_fcs_and_leaves_poisoned_frames_out() {
    let folder = tempdir().unwrap();
    let records = conversation();
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &records));
    let options = Options {
        max_gap: Some(2_000),
        egress_fcs: EgressFcs::Strip,
        ..options(&folder, &path)
    };
    let report = run(&options, &Settings::default()).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!(report.egresses[1].poisoned, 2);
    let port_1: Vec<Vec<u8>> = written(&options, 1)
        .into_iter()
        .map(|frame| frame.1)
        .collect();
    assert_eq!(port_1[0], records[0].2);
    let mut padded = records[2].2.clone();
    padded.resize(60, 0);
    assert_eq!(port_1[1], padded);
    assert_eq!(port_1.len(), 2);
}

#[test]
fn all_four_kinds_of_pcap_are_read_alike() {
    let folder = tempdir().unwrap();
    let reports = [
        Kind::LittleMicro,
        Kind::LittleNano,
        Kind::BigMicro,
        Kind::BigNano,
    ]
    .map(|kind| {
        let path = file(&folder, "in.pcap", &pcap(kind, 1, &conversation()));
        let options = Options {
            max_gap: Some(1_000),
            ..options(&folder, &path)
        };
        let report = run(&options, &Settings::default()).unwrap();
        (
            report.fates,
            report.copies,
            report.simulated_cycles,
            written(&options, 2),
        )
    });
    assert!(reports[0].3.len() > 1, "{reports:?}");
    assert!(reports.iter().all(|report| *report == reports[0]));
}

#[test]
fn a_fraction_is_nanoseconds_or_microseconds() {
    let folder = tempdir().unwrap();
    for (kind, nanoseconds) in [
        (Kind::BigMicro, 3_000_007_000),
        (Kind::LittleNano, 3_000_000_007),
    ] {
        let bytes = ethernet(B, A, 0x0800, 60, 0);
        let path = file(&folder, "in.pcap", &pcap(kind, 1, &[(3, 7, bytes, 60)]));
        assert_eq!(
            Capture::read(&path).unwrap().frames[0].nanoseconds,
            nanoseconds
        );
    }
}

#[test]
fn gaps_follow_the_load_or_the_capture() {
    let folder = tempdir().unwrap();
    // 100 frames of 64 bytes, 8 beats, every 10 us = 1 562.5 cycles, with one pause of an hour and one step back.
    let records: Vec<Record> = (0..100)
        .map(|index| {
            let seconds = if index > 50 { 3_600 } else { 0 };
            let micros = if index == 20 { 0 } else { index * 10 };
            (seconds, micros, ethernet(ALL, A, 0x0800, 60, 0), 60)
        })
        .collect();
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &records));
    let times = |max_gap, load| {
        let options = Options {
            max_gap,
            load,
            ..options(&folder, &path)
        };
        let report = run(&options, &Settings::default()).unwrap();
        assert!(report.is_clean(), "{report:#?}");
        let cycles: Vec<u64> = written(&options, 3)
            .iter()
            .map(|frame| (frame.0 * 15_625 + 50_000) / 100_000)
            .collect();
        assert_eq!(cycles.len(), 100);
        cycles
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect::<Vec<_>>()
    };
    assert!(times(None, 1.0).iter().all(|gap| *gap == 8));
    assert!(times(None, 0.5).iter().all(|gap| *gap == 16));
    let kept = times(Some(100_000), 1.0);
    assert_eq!(
        (kept[0] + kept[1], kept[50]),
        (3_125 + 1, 100_000),
        "{kept:?}"
    );
    assert_eq!(
        kept[19], 8,
        "time that runs backwards leaves no gap: {kept:?}"
    );
    assert!(times(Some(40), 1.0)[..19].iter().all(|gap| *gap == 40));
}

#[test]
fn addresses_go_where_they_are_assigned() {
    let folder = tempdir().unwrap();
    let path = file(
        &folder,
        "in.pcap",
        &pcap(Kind::LittleMicro, 1, &conversation()),
    );
    let good = Options {
        assign: vec![(Mac(A), 3), (Mac(D), 1), (Mac([2; 6]), 0), (Mac(A), 3)],
        ..options(&folder, &path)
    };
    let report = run(&good, &Settings::default()).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    let port = |mac: [u8; 6]| {
        let name = Mac(mac).to_string();
        let found = report.assignments.iter().find(|a| a.mac == name).unwrap();
        (found.port, found.frames)
    };
    assert_eq!(port(A), (3, 2));
    assert_eq!(port(D), (1, 3));
    assert_eq!(port([2; 6]), (0, 0));
    assert_eq!(
        (port(B).0, port(C).0, port(E).0),
        (0, 1, 2),
        "the others take turns"
    );

    let refuse = |assign| {
        let options = Options {
            assign,
            ..options(&folder, &path)
        };
        run(&options, &Settings::default()).unwrap_err()
    };
    let error = refuse(vec![(Mac(A), 4)]);
    assert!(
        matches!(error, Error::PortOutOfRange { port: 4, ports: 4 }),
        "{error}"
    );
    assert!(error.to_string().contains("0 to 3"), "{error}");
    let error = refuse(vec![(Mac(A), 1), (Mac(A), 2)]);
    assert!(
        matches!(
            error,
            Error::AssignedTwice {
                first: 1,
                second: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn counts_what_cannot_be_sent() {
    let folder = tempdir().unwrap();
    let whole = ethernet(B, A, 0x0800, 60, 0);
    let mut flagged = sealed(&record(whole.clone()));
    flagged[30] ^= 1;
    let records = [
        (0, 0, whole.clone(), 61),
        (0, 0, whole.clone(), 1_514),
        (0, 0, whole.clone(), 59),
        (0, 0, vec![0; 13], 13),
        (0, 0, vec![], 0),
        (0, 0, ethernet(B, A, 0x0800, 14, 0), 14),
        (0, 0, sealed(&record(whole)), 64),
        (0, 0, flagged, 64),
    ];
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &records));
    let report = run(&options(&folder, &path), &Settings::default()).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    let skipped = report.skipped;
    assert_eq!(report.captured_records, 8);
    assert_eq!(
        (skipped.cut_by_snap_length, skipped.shorter_than_header),
        (2, 2)
    );
    assert_eq!((skipped.lengths_disagree, skipped.wrong_fcs), (1, 0));
    assert_eq!(
        (
            report.sent_frames,
            report.fcs_added_frames,
            report.padded_frames
        ),
        (3, 2, 1)
    );

    // The same with the header's flag for FCSs of 4 bytes: frames without a right one are not sent.
    let path = file(
        &folder,
        "in.pcap",
        &pcap(Kind::LittleMicro, 0x2400_0001, &records),
    );
    let report = run(&options(&folder, &path), &Settings::default()).unwrap();
    assert_eq!((report.skipped.wrong_fcs, report.sent_frames), (2, 1));
    assert_eq!(report.skipped.too_short, 0);
}

#[test]
fn a_right_fcs_does_not_excuse_a_short_frame() {
    let folder = tempdir().unwrap();
    let of = |length: usize| {
        let mut bytes = ethernet(B, A, 0x0800, length - 4, 7);
        let fcs = frame::fcs(&bytes);
        bytes.extend(fcs);
        (0, 0, bytes, length as u32)
    };
    let records = [of(18), of(63), of(64)];
    let path = file(
        &folder,
        "in.pcap",
        &pcap(Kind::LittleMicro, 0x2400_0001, &records),
    );
    let report = run(&options(&folder, &path), &Settings::default()).unwrap();
    let skipped = report.skipped;
    assert_eq!((skipped.too_short, skipped.wrong_fcs), (2, 0));
    assert_eq!((report.captured_records, report.sent_frames), (3, 1));
}

#[test]
fn a_capture_of_an_egress_can_be_replayed_and_poison_stays() {
    let folder = tempdir().unwrap();
    let path = file(
        &folder,
        "in.pcap",
        &pcap(Kind::LittleMicro, 1, &conversation()),
    );
    let first = Options {
        max_gap: Some(2_000),
        ..options(&folder, &path)
    };
    run(&first, &Settings::default()).unwrap();
    let again = Options {
        out_dir: folder.path().join("again"),
        ..options(&folder, &first.out_dir.join("egress-01.pcap"))
    };
    let report = run(&again, &Settings::default()).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!((report.fcs_added_frames, report.poisoned_in_frames), (0, 2));
    assert_eq!(report.causes["poisoned_in"], 2);
    let stomped = |port| {
        let frames = written(&again, port);
        frames
            .iter()
            .filter(|frame| frame::verdict(&frame.1) == Verdict::Stomped)
            .count()
    };
    assert_eq!(
        (0..4).map(stomped).sum::<usize>() as u64,
        report.copies.poisoned
    );
    assert!(report.copies.poisoned >= 2);
}

/// A busy capture: 24 stations, all lengths, a third of it flooded.
fn busy(seed: u64) -> Vec<Record> {
    let mut rng = Rng::new(seed, 0);
    (0..3_000)
        .map(|_| {
            let station = |number: u32| [0x06, 1, 2, 3, 4, number as u8];
            let source = station(rng.below(24));
            let destination = match rng.below(8) {
                0 => ALL,
                1 => station(24 + rng.below(4)),
                2..=5 => station(0),
                _ => station(rng.below(24)),
            };
            let longest = if rng.below(4) == 0 { 1_550 } else { 80 };
            let length = 14 + rng.below(longest) as usize;
            record(ethernet(
                destination,
                source,
                0x0800,
                length,
                rng.below(2) as u8,
            ))
        })
        .collect()
}

#[test]
fn busy_captures_lossless_and_lossy_add_up() {
    let folder = tempdir().unwrap();
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &busy(5)));
    let options = Options {
        load: 1.0,
        ..options(&folder, &path)
    };
    let lossless = run(&options, &Settings::default()).unwrap();
    assert!(lossless.is_clean(), "{lossless:#?}");
    assert_eq!(
        lossless.copies.delivered + lossless.copies.poisoned,
        lossless.copies.expected
    );
    assert!(lossless.copies.poisoned > 0 && lossless.fates.filtered_self > 0);
    let lossy = run(&options, &lossy()).unwrap();
    assert!(lossy.is_clean(), "{lossy:#?}");
    assert!(lossy.copies.dropped > 0, "{lossy:#?}");
    let copies = lossy.copies;
    assert_eq!(
        copies.delivered + copies.poisoned + copies.dropped,
        copies.expected
    );
}

#[test]
fn nothing_to_send_is_no_failure() {
    let folder = tempdir().unwrap();
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &[]));
    let options = options(&folder, &path);
    let report = run(&options, &Settings::default()).unwrap();
    assert!(report.is_clean());
    assert_eq!((report.captured_records, report.sent_frames), (0, 0));
    assert!(written(&options, 3).is_empty());
}

#[test]
fn refuses_what_is_no_capture() {
    let folder = tempdir().unwrap();
    let good = pcap(Kind::LittleMicro, 1, &conversation());
    let mut version = good.clone();
    version[4] = 9;
    let mut huge = good.clone();
    huge[32..36].copy_from_slice(&300_000_u32.to_le_bytes());
    huge.resize(400_000, 0);
    let mut damaged = good.clone();
    damaged[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
    let cases: [(&str, &[u8], &str); 13] = [
        ("empty", &[], "it is empty"),
        ("two-bytes", &good[..2], "only 2 bytes"),
        (
            "half-header",
            &good[..20],
            "inside its header, after 20 of 24",
        ),
        ("half-record-header", &good[..24 + 10], "inside record 1"),
        ("half-record", &good[..24 + 16 + 50], "inside record 1"),
        ("last-record", &good[..good.len() - 1], "inside record 11"),
        (
            "damaged-length",
            &damaged,
            "the length of that record is damaged",
        ),
        ("huge-record", &huge, "record 1 claims 300000 bytes"),
        ("pcapng", b"\x0a\x0d\x0d\x0a and so on", "editcap -F pcap"),
        ("gzip", b"\x1f\x8b\x08\0 and so on", "gunzip"),
        ("text", b"# Captures", "bytes 23 20 43 61"),
        ("version", &version, "version is 9.4"),
        (
            "wifi",
            &pcap(Kind::BigNano, 105, &conversation()),
            "link type is 105",
        ),
    ];
    for (name, bytes, words) in cases {
        let path = file(&folder, name, bytes);
        let error = run(&options(&folder, &path), &Settings::default()).unwrap_err();
        assert!(matches!(error, Error::Capture { .. }), "{name}: {error}");
        let text = error.to_string();
        assert!(
            text.contains(words) && text.contains(name),
            "{name}: {text}"
        );
    }
}

#[test]
fn refuses_files_folders_and_options_that_cannot_be() {
    let folder = tempdir().unwrap();
    let path = file(
        &folder,
        "in.pcap",
        &pcap(Kind::LittleMicro, 1, &conversation()),
    );
    let good = options(&folder, &path);
    let missing = options(&folder, &folder.path().join("missing.pcap"));
    let error = run(&missing, &Settings::default()).unwrap_err();
    assert!(error.to_string().contains("cannot open"), "{error}");
    let is_folder = options(&folder, folder.path());
    let error = run(&is_folder, &Settings::default()).unwrap_err();
    assert!(
        matches!(error, Error::File { action: "read", .. }),
        "{error}"
    );
    let out_is_file = Options {
        out_dir: path.clone(),
        ..good.clone()
    };
    let error = run(&out_is_file, &Settings::default()).unwrap_err();
    assert!(error.to_string().contains("cannot create"), "{error}");
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("egress-02.pcap")).unwrap();
    let egress_is_folder = Options {
        out_dir: taken,
        ..good.clone()
    };
    let error = run(&egress_is_folder, &Settings::default()).unwrap_err();
    assert!(error.to_string().contains("egress-02.pcap"), "{error}");
    for (bad, word) in [
        (
            Options {
                load: 0.0,
                ..good.clone()
            },
            "the load",
        ),
        (
            Options {
                load: 1.5,
                ..good.clone()
            },
            "the load",
        ),
        (
            Options {
                load: 1e-300,
                ..good.clone()
            },
            "the load",
        ),
        (
            Options {
                max_gap: Some(u64::MAX),
                ..good.clone()
            },
            "the largest gap",
        ),
        (
            Options {
                clock_mhz: 0.0,
                ..good.clone()
            },
            "the clock",
        ),
        (
            Options {
                clock_mhz: f64::NAN,
                ..good
            },
            "the clock",
        ),
    ] {
        let error = run(&bad, &Settings::default()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn never_overwrites_the_capture_it_replays() {
    let folder = tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("out")).unwrap();
    let bytes = pcap(Kind::LittleMicro, 1, &conversation());
    let path = file(&folder, "out/egress-02.pcap", &bytes);
    let error = run(&options(&folder, &path), &Settings::default()).unwrap_err();
    assert!(error.to_string().contains("another folder"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert!(!folder.path().join("out/egress-00.pcap").exists());
}

#[test]
fn times_may_be_anything() {
    let folder = tempdir().unwrap();
    let at = |seconds, fraction, (_, _, bytes, length): Record| (seconds, fraction, bytes, length);
    let times = [(9, 0), (8, 7), (u32::MAX, u32::MAX), (0, 0), (u32::MAX, 0)];
    let records: Vec<_> = conversation()
        .into_iter()
        .zip(times.into_iter().cycle())
        .map(|(record, (seconds, fraction))| at(seconds, fraction, record))
        .collect();
    let path = file(&folder, "in.pcap", &pcap(Kind::BigNano, 1, &records));
    let mut options = options(&folder, &path);
    options.max_gap = Some(700);
    let report = run(&options, &Settings::default()).unwrap();
    assert!(report.is_clean(), "{:?}", report.first_violations);
    assert_eq!(report.sent_frames, records.len() as u64);
    // Two of five steps go forward, by more than the largest gap; those backward take no time.
    let forward = 700 * 2 * (records.len() as u64 / 5);
    let cycles = report.simulated_cycles;
    assert!(
        (forward..forward + 20_000).contains(&cycles),
        "{cycles} cycles"
    );
}

/// What a [`Meddler`] does with a frame: the frames, with their ports, that leave in its place.
type Meddle =
    fn(egress: usize, nth: usize, bytes: Vec<u8>, poisoned: bool) -> Vec<(usize, Vec<u8>, bool)>;

/// The reference, with someone at its egresses and its counters.
struct Meddler {
    inner: Box<dyn Engine>,
    assemblers: Vec<Assembler>,
    nth: usize,
    meddle: Meddle,
    held: Vec<(usize, Vec<u8>, bool)>,
    out: Vec<VecDeque<Beat>>,
    pulse: Option<Pulse>,
}

impl Engine for Meddler {
    fn name(&self) -> &'static str {
        "meddler"
    }

    fn ports(&self) -> usize {
        self.inner.ports()
    }

    fn beat_bytes(&self) -> usize {
        self.inner.beat_bytes()
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.inner.reset()
    }

    fn set_reset(&mut self, high: bool) {
        self.inner.set_reset(high);
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        self.inner.configure(settings)
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.inner.request(request);
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        self.inner.cycle(offered, ready, outcome)?;
        outcome.pulses.extend(self.pulse.take());
        for egress in 0..ready.len() {
            let frame = outcome.egress[egress]
                .take()
                .and_then(|beat| self.assemblers[egress].push(&beat, 8, 0).cloned());
            if let Some(frame) = frame {
                self.nth += 1;
                let frames = (self.meddle)(egress, self.nth, frame.bytes, frame.poisoned);
                self.held.extend(frames);
                // A frame for a port beyond the last one waits for the next to pass it.
                let waits = self.held.iter().any(|frame| frame.0 >= 100) && self.held.len() < 2;
                if !waits {
                    for (port, bytes, poisoned) in self.held.drain(..).rev() {
                        let beats = frame::beats(bytes.len(), 8);
                        self.out[port % 100].extend(
                            (0..beats).map(|index| frame::beat(&bytes, index, 8, poisoned)),
                        );
                    }
                }
            }
            outcome.egress[egress] = self.out[egress].pop_front();
        }
        Ok(())
    }
}

fn meddled(meddle: Meddle, pulse: Option<Pulse>) -> Report {
    let folder = tempdir().unwrap();
    // A learns where B is, then sends it ten frames; the last frame is too long.
    let mut records = vec![record(ethernet(ALL, B, 0x0800, 60, 0)); 20];
    records.extend((0..10).map(|fill| record(ethernet(B, A, 0x0800, 100, fill))));
    records.push(record(ethernet(B, A, 0x0800, 1_600, 77)));
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &records));
    let mut engine = Meddler {
        inner: build(&Settings::default()),
        assemblers: vec![Assembler::default(); 4],
        nth: 0,
        meddle,
        held: Vec::new(),
        out: vec![VecDeque::new(); 4],
        pulse,
    };
    let report = run_on(&mut engine, &options(&folder, &path), &Settings::default()).unwrap();
    assert_eq!(report.fates.flooded_group, 20);
    report
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table of breaches")]
fn the_audit_sees_every_breach() {
    // The 20 broadcasts leave as frames 1 to 60, the ten frames for port 0 as 61 to 70, the long one as 71.
    let honest = meddled(
        |egress, _, bytes, poisoned| vec![(egress, bytes, poisoned)],
        None,
    );
    assert!(
        honest.is_clean() && honest.fates.unicast == 11,
        "{honest:#?}"
    );
    let cases: [(&str, Meddle, &str); 9] = [
        (
            "lost",
            |egress, nth, bytes, poisoned| {
                if nth == 65 {
                    vec![]
                } else {
                    vec![(egress, bytes, poisoned)]
                }
            },
            "1 copies from port 1 to port 0 are missing and 0 are counted",
        ),
        (
            "flipped",
            |egress, nth, mut bytes, poisoned| {
                bytes[50] ^= u8::from(nth == 65);
                vec![(egress, bytes, poisoned)]
            },
            "that did not enter port 1",
        ),
        (
            "renamed",
            |egress, nth, mut bytes, poisoned| {
                bytes[9] ^= u8::from(nth == 65);
                vec![(egress, bytes, poisoned)]
            },
            "from no address of the capture",
        ),
        (
            "twice",
            |egress, nth, bytes, poisoned| {
                vec![(egress, bytes, poisoned); if nth == 65 { 2 } else { 1 }]
            },
            "or left before",
        ),
        (
            "swapped",
            |egress, nth, bytes, poisoned| {
                vec![(
                    if nth == 65 { egress + 100 } else { egress },
                    bytes,
                    poisoned,
                )]
            },
            "behind a later frame from port 1",
        ),
        (
            "strayed",
            |egress, nth, bytes, poisoned| match nth {
                65 => vec![(egress, bytes.clone(), poisoned), (2, bytes, poisoned)],
                _ => vec![(egress, bytes, poisoned)],
            },
            "left at ports 0, 2 but belongs to 0",
        ),
        (
            "poisoned",
            |egress, nth, mut bytes, poisoned| {
                if nth == 65 {
                    frame::stomp(&mut bytes);
                }
                vec![(egress, bytes, poisoned || nth == 65)]
            },
            "poisoned without a cause",
        ),
        (
            "unstomped",
            |egress, nth, mut bytes, poisoned| {
                if nth == 71 {
                    *bytes.last_mut().unwrap() ^= 1;
                }
                vec![(egress, bytes, poisoned)]
            },
            "its FCS is not stomped",
        ),
        (
            "healed",
            |egress, nth, mut bytes, poisoned| {
                if nth == 71 {
                    bytes.truncate(1_518);
                    let fcs = frame::fcs(&bytes);
                    bytes.extend(fcs);
                }
                vec![(egress, bytes, poisoned && nth != 71)]
            },
            "that did not enter port 1",
        ),
    ];
    for (name, meddle, words) in cases {
        let report = meddled(meddle, None);
        assert!(!report.is_clean(), "{name}");
        let described = report.first_violations.join("; ");
        assert!(described.contains(words), "{name}: {described}");
    }
}

#[test]
fn the_audit_compares_the_counters() {
    let honest: Meddle = |egress, _, bytes, poisoned| vec![(egress, bytes, poisoned)];
    for cause in Cause::ALL {
        let pulse = Pulse {
            cause,
            ingress: 1,
            egress: (cause == Cause::DropFull).then_some(2),
        };
        let report = meddled(honest, Some(pulse));
        if cause == Cause::LearnMissed {
            assert!(report.is_clean(), "{report:#?}");
        } else {
            assert_eq!(report.violations, 1, "{cause}: {report:#?}");
        }
    }
}

/// The reference with a table of one set: it forgets the older of three addresses.
struct Forgetful {
    inner: Box<dyn Engine>,
    admits: bool,
    taken: usize,
    idle: usize,
}

impl Engine for Forgetful {
    fn name(&self) -> &'static str {
        "forgetful"
    }

    fn ports(&self) -> usize {
        self.inner.ports()
    }

    fn beat_bytes(&self) -> usize {
        self.inner.beat_bytes()
    }

    fn table_set(&self, _address: Mac) -> Option<usize> {
        self.admits.then_some(0)
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.inner.reset()
    }

    fn set_reset(&mut self, high: bool) {
        self.inner.set_reset(high);
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        self.inner.configure(settings)
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.inner.request(request);
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        self.inner.cycle(offered, ready, outcome)?;
        let last = |port: &usize| {
            offered[*port].is_some_and(|beat| beat.last) && outcome.ingress_ready[*port]
        };
        self.taken += (0..4).filter(last).count();
        self.idle = if offered.iter().any(Option::is_some) {
            0
        } else {
            self.idle + 1
        };
        if self.taken >= 6 && self.idle == 500 {
            self.taken = 0;
            self.inner.reset()?;
        }
        Ok(())
    }
}

#[test]
fn a_full_table_may_forget_but_only_if_it_is_full() {
    let folder = tempdir().unwrap();
    let stations = [A, B, C, D];
    let records: Vec<Record> = (0..60)
        .map(|index: usize| {
            let bytes = ethernet(
                stations[(index + 1) % 4],
                stations[index % 4],
                0x0800,
                60,
                1,
            );
            (index as u32, 0, bytes, 60)
        })
        .collect();
    let path = file(&folder, "in.pcap", &pcap(Kind::LittleMicro, 1, &records));
    let options = Options {
        max_gap: Some(1_000),
        ..options(&folder, &path)
    };
    let report = |admits| {
        let mut engine = Forgetful {
            inner: build(&Settings::default()),
            admits,
            taken: 0,
            idle: 0,
        };
        run_on(&mut engine, &options, &Settings::default()).unwrap()
    };
    let honest = run(&options, &Settings::default()).unwrap();
    assert!(
        honest.is_clean() && honest.fates.flooded_unknown == 3,
        "{honest:#?}"
    );
    let full = report(true);
    assert!(full.fates.flooded_unknown > 3, "{full:#?}");
    assert!(full.is_clean(), "{full:#?}");
    let denied = report(false);
    let described = &denied.first_violations[0];
    assert!(described.contains("but belongs to"), "{denied:#?}");
}
