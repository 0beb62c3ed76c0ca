//! Recorded stimuli: what is replayed is what was run, on every engine and byte by byte, and whatever else is in a
//! file is refused.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests that print seeds"
)]

use std::path::Path;
use std::sync::Arc;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::engine::{self, EngineKind, Settings};
use lightswitch_sim::frame;
use lightswitch_sim::readiness::BackPressure;
use lightswitch_sim::rng::Rng;
use lightswitch_sim::simulate::{self, Report};
use lightswitch_sim::stimulus::{self, Head, Recording};
use lightswitch_sim::traffic::{Pattern, Plan, Spec, Traffic};
use lightswitch_sim::{verilated, Error, PortMask};

/// A stimulus with all there is: pauses, back-pressure, and malformed frames where nobody waits for them.
fn head(config: &str, top: Top, pattern: Pattern) -> Head {
    let flaws = match (pattern.is_in_rounds(), top) {
        (true, _) => "none",
        (false, Top::Switch) => {
            "bad-fcs=0.02,stomped=0.02,runt=0.02,too-long=0.005,bad-keep=0.02,marked=0.02,fragment=0.02"
        }
        (false, _) => "too-long=0.005,bad-keep=0.02,marked=0.02",
    };
    Head {
        config: Config::sized(config).unwrap(),
        top,
        settings: Settings {
            lossy: pattern == Pattern::Hotspot,
            store_and_forward: vec![PortMask::one(0)],
            gap_limit: 0,
            ..Settings::default()
        },
        spec: Spec {
            pattern,
            load: 0.6,
            frame: "64-300".parse().unwrap(),
            message_bytes: 2_048,
            flaws: flaws.parse().unwrap(),
            pause: 0.05,
            back_pressure: BackPressure::Random(0.1),
            cycles: 6_000,
            seed: 5,
        },
    }
}

fn parse(bytes: &[u8]) -> Result<Recording, Error> {
    Recording::parse(Arc::from(bytes), Path::new("test.stimulus"))
}

fn recording(head: &Head) -> Recording {
    parse(&stimulus::record(head).unwrap()).unwrap()
}

/// The engines that follow the RTL in every cycle and can be run here.
fn engines() -> Vec<EngineKind> {
    let mut kinds = vec![EngineKind::Model, EngineKind::Rtl];
    if !verilated::is_skipped("recorded stimuli on verilated") {
        kinds.push(EngineKind::Verilated);
    }
    kinds
}

/// Without what may differ.
fn comparable(report: Report) -> Report {
    assert!(report.is_clean(), "{report:#?}");
    assert!(report.delivered_frames > 50, "{report:#?}");
    Report {
        engine: String::new(),
        cpu_seconds: 0.0,
        ..report
    }
}

fn run(kind: EngineKind, head: &Head) -> Report {
    let mut engine = engine::build_top(kind, head.config, head.top, &head.settings).unwrap();
    let lossy = head.settings.lossy;
    let report = simulate::run(
        engine.as_mut(),
        head.config,
        lossy,
        &head.spec,
        &mut |_, _| {},
    );
    comparable(report.unwrap())
}

fn replay(kind: EngineKind, recording: &Recording) -> Report {
    let head = recording.head();
    let mut engine = engine::build_top(kind, head.config, head.top, &head.settings).unwrap();
    comparable(simulate::replay(engine.as_mut(), recording, &mut |_, _| {}).unwrap())
}

#[test]
fn every_engine_gives_the_same_bytes_at_the_same_cycles_planned_and_replayed() {
    for (config, top, pattern) in [
        ("4x64", Top::Switch, Pattern::Uniform),
        ("4x64", Top::Switch, Pattern::Ring),
        ("4x64", Top::Switch, Pattern::Incast),
        ("4x64", Top::Fabric, Pattern::Hotspot),
        ("2x32", Top::Switch, Pattern::Hotspot),
        ("2x32", Top::FabricMc, Pattern::HalvingDoubling),
    ] {
        let head = head(config, top, pattern);
        let recording = recording(&head);
        assert_eq!(recording.head(), &head);
        let expected = run(EngineKind::Model, &head);
        for kind in engines() {
            let name = kind.name();
            assert_eq!(run(kind, &head), expected, "{name} {config} {pattern}");
            let replayed = replay(kind, &recording);
            assert_eq!(replayed, expected, "{name} {config} {pattern}, replayed");
        }
        assert_eq!(expected.seed, 5);
        assert_eq!(
            expected.malformed_frames > 0,
            !pattern.is_in_rounds(),
            "{expected:#?}"
        );
    }
}

#[test]
fn every_pattern_is_replayed_as_it_was_planned() {
    for pattern in Pattern::ALL {
        for (config, top) in [
            ("4x64", Top::Switch),
            ("8x64", Top::FabricMc),
            ("128x32", Top::Fabric),
            ("128x64", Top::FabricMc),
        ] {
            let mut head = head(config, top, pattern);
            head.spec.message_bytes = 64 * head.config.ports;
            let recording = recording(&head);
            let mut planned = Traffic::new(head.spec, head.config, top).unwrap();
            let mut recorded = recording.stimulus();
            let mut frames = 0;
            for ingress in 0..head.config.ports {
                loop {
                    let plan: Option<Plan> = planned.next(ingress);
                    assert_eq!(recorded.next(ingress), plan, "{pattern} {config}");
                    if plan.is_none() {
                        break;
                    }
                    frames += 1;
                }
            }
            assert_eq!(recording.frames(), frames);
            assert!(frames > 100);
            let expected = head.spec.back_pressure;
            let expected = expected.turns(head.config.ports, head.spec.cycles, head.spec.seed);
            let mut turns = recorded.take_turns();
            assert_eq!(turns.len(), expected.len());
            for (turns, mut expected) in turns.iter_mut().zip(expected) {
                assert!((0..7_000).all(|_| turns.step() == expected.step()));
            }
        }
    }
}

#[test]
fn the_seed_and_every_option_are_kept() {
    let head = head("16x64", Top::Switch, Pattern::Bursty);
    let bytes = stimulus::record(&head).unwrap();
    assert_eq!(bytes, stimulus::record(&head).unwrap());
    let mut other = head.clone();
    other.spec.seed = 6;
    assert_ne!(bytes, stimulus::record(&other).unwrap());
    for change in [
        |spec: &mut Spec| spec.load = 0.123_456_789_012_345_67,
        |spec: &mut Spec| spec.back_pressure = BackPressure::One(3, 7, 2),
        |spec: &mut Spec| spec.back_pressure = BackPressure::None,
        |spec: &mut Spec| spec.frame = "imix".parse().unwrap(),
        |spec: &mut Spec| spec.pause = 0.0,
        |spec: &mut Spec| spec.seed = u64::MAX,
    ] {
        change(&mut other.spec);
        other.settings.store_and_forward = [0xffff, 0, 0xbeef].map(PortMask::from).to_vec();
        other.settings.ageing_period = 100_000;
        assert_eq!(recording(&other).head(), &other);
    }
    let mut illegal = head;
    illegal.spec.load = 2.0;
    assert!(stimulus::record(&illegal).is_err());
}

#[test]
fn masks_of_more_than_64_ports_are_kept_and_played() {
    let mut head = head("100x32", Top::FabricMc, Pattern::Permutation);
    head.spec.cycles = 400;
    head.settings.store_and_forward = vec![PortMask::first(100); 100];
    head.settings.store_and_forward[1] = PortMask::one(99);
    let bytes = stimulus::record(&head).unwrap();
    let recording = parse(&bytes).unwrap();
    assert_eq!(recording.head(), &head);
    let planned = run(EngineKind::Model, &head);
    assert_eq!(planned, replay(EngineKind::Model, &recording));
    assert_eq!(planned, run(EngineKind::Naive, &head));
    assert_eq!(planned.lost_frames, 0);
    assert!(planned.delivered_frames > 400, "{planned:#?}");

    let text = format!("{:x}", PortMask::one(99));
    let place = bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes());
    let place = place.unwrap();
    let refused = |mask: &str| {
        let bytes = [
            &bytes[..place],
            mask.as_bytes(),
            &bytes[place + text.len()..],
        ]
        .concat();
        refusal(&sealed(bytes)).1
    };
    let beyond = format!("1{}", "0".repeat(25));
    let (longest, wrong) = (format!("1{}", "0".repeat(128)), "-1");
    for (mask, words) in [
        (&beyond[..], "a mask of 100 egresses"),
        (&longest, "of ports 0 to 511 only"),
        (wrong, "hexadecimal"),
        ("", "hexadecimal"),
    ] {
        let reason = refused(mask);
        assert!(reason.contains(words), "{reason}");
    }
}

#[test]
fn uniform_short_frames_take_three_bytes_each() {
    let mut head = head("4x64", Top::Switch, Pattern::Uniform);
    head.spec = Spec {
        cycles: 50_000,
        ..Spec::default()
    };
    let bytes = stimulus::record(&head).unwrap();
    let frames = recording(&head).frames();
    assert!(frames > 20_000);
    // The header, and on average less than three bytes, as a destination may be the one before.
    let bytes = bytes.len() as u64 - 500;
    assert!(
        (2 * frames..3 * frames).contains(&bytes),
        "{bytes} bytes for {frames} frames"
    );
}

/// The error of a recording that must be refused: its offset and its reason.
fn refusal(bytes: &[u8]) -> (usize, String) {
    match parse(bytes).unwrap_err() {
        Error::Stimulus { offset, reason, .. } => {
            assert!(offset <= bytes.len());
            (offset, reason)
        }
        other => panic!("{other}"),
    }
}

/// The same with the checksum that fits.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let content = bytes.len() - 4;
    let checksum = frame::fcs(&bytes[..content]);
    bytes[content..].copy_from_slice(&checksum);
    bytes
}

/// A recording with waits, gaps and turns, as short as it can be.
fn small() -> (Vec<u8>, usize) {
    let mut head = head("4x64", Top::Switch, Pattern::Ring);
    head.spec.message_bytes = 256;
    head.spec.cycles = 100;
    let bytes = stimulus::record(&head).unwrap();
    let lines = bytes
        .windows(5)
        .position(|window| window == b"seed ")
        .unwrap();
    (bytes, lines + "seed 5\n".len())
}

#[test]
fn a_damaged_line_is_named_with_its_place() {
    let (bytes, _) = small();
    let replaced = |from: &str, to: &str| {
        let text = bytes
            .windows(from.len())
            .position(|window| window == from.as_bytes());
        let at = text.unwrap();
        let bytes = [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat();
        let (offset, reason) = refusal(&sealed(bytes));
        (offset == at, reason)
    };
    for (from, to, words) in [
        (
            "config 4x64 4 64 9",
            "config 4x64 4 64 8",
            "here the configuration 4x64 is 4 64 9",
        ),
        ("config 4x64", "config 9x9", "no such configuration"),
        ("top switch", "top bottom", "no such top"),
        ("lossy false", "lossy maybe", "lossy `maybe`"),
        ("store-and-forward 1", "store-and-forward x", "hexadecimal"),
        ("ageing-period 0", "ageing-period -1", "ageing-period `-1`"),
        ("gap-limit 0", "gap-limit 65536", "gap-limit `65536`"),
        ("traffic ring", "traffic rings", "one of uniform"),
        ("load 0.6", "load ", "load ``"),
        ("frame 64-300", "frame big", "LO-HI"),
        (
            "message 256",
            "messages 256",
            "the line `message` is missing",
        ),
        ("malformed none", "malformed all", "FLAW=SHARE"),
        ("pause 0.05", "pause x", "pause `x`"),
        ("back-pressure 0.1", "back-pressure 1:2:3:4", "READY:NOT"),
        ("cycles 100", "cycles 1e3", "cycles `1e3`"),
        ("seed 5", "seed -5", "seed `-5`"),
    ] {
        let (is_there, reason) = replaced(from, to);
        assert!(reason.contains(words), "{words}: {reason}");
        assert!(is_there, "{words}: not at the line: {reason}");
    }
    // What is legal by itself and not together is placed at the first of its lines.
    for (from, to, words) in [
        ("cycles 100", "cycles 10", "100 or more"),
        ("load 0.6", "load 1.5", "the load"),
        ("message 256", "message 255", "the message"),
        ("pause 0.05", "pause 1", "the share of pauses"),
        (
            "store-and-forward 1\n",
            "store-and-forward 10\n",
            "a mask of 4 egresses",
        ),
        ("ageing-period 0", "ageing-period 9", "not 0 or"),
    ] {
        let (_, reason) = replaced(from, to);
        assert!(reason.contains(words), "{words}: {reason}");
    }
}

#[test]
fn what_is_no_recording_is_refused_at_its_start() {
    for bytes in [
        &b""[..],
        b"lightswitch",
        b"lightswitch stimulus 2\n",
        b"\x89PNG\r\n\x1a\n\0\0\0",
        &[0xff; 100],
    ] {
        let (offset, reason) = refusal(bytes);
        assert_eq!(offset, 0, "{reason}");
    }
    let (bytes, lines) = small();
    let crlf = String::from_utf8(bytes[..lines].to_vec()).unwrap();
    let crlf = crlf.replace('\n', "\r\n").into_bytes();
    assert!(refusal(&crlf).1.contains("does not begin with"));
}

#[test]
fn a_recording_that_ends_early_is_refused_wherever_it_ends() {
    let (bytes, lines) = small();
    assert!(parse(&bytes).is_ok());
    let mut reasons = std::collections::HashSet::new();
    for length in 0..bytes.len() {
        let (_, reason) = refusal(&bytes[..length]);
        if length > lines {
            reasons.insert(reason);
        }
    }
    assert!(reasons.len() > 5, "{reasons:?}");
    let longer = [&bytes[..], b"x"].concat();
    assert!(refusal(&longer).1.contains("5 bytes follow"));
}

#[test]
fn a_flipped_bit_is_always_noticed() {
    let (bytes, _) = small();
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refusal(&flipped);
    }
}

/// Whatever is in a file that carries the right checksum, it is refused with a place, or it plays to its end.
#[test]
fn hostile_recordings_are_refused_or_play_to_their_end() {
    const SEED: u64 = 1;
    println!("seed {SEED}");
    let (bytes, lines) = small();
    let mut rng = Rng::new(SEED, 0);
    let (mut refused, mut played) = (0, 0);
    for _ in 0..3_000 {
        let mut hostile = bytes.clone();
        for _ in 0..=rng.below(3) {
            let at = lines + rng.below((hostile.len() - 4 - lines) as u32) as usize;
            match rng.below(4) {
                0 => hostile[at] ^= 1 << rng.below(8),
                1 => hostile[at] = rng.below(256) as u8,
                2 => drop(hostile.remove(at)),
                _ => hostile.insert(at, [0, 0x80, 0xff][rng.below(3) as usize]),
            }
        }
        match parse(&sealed(hostile)) {
            Err(Error::Stimulus { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
            // Few are, and each takes a drain that is given up.
            Ok(_) if played == 40 => {}
            Ok(recording) => {
                played += 1;
                let head = recording.head();
                let (config, top) = (head.config, head.top);
                let mut engine =
                    engine::build_top(EngineKind::Model, config, top, &head.settings).unwrap();
                let report = simulate::replay(engine.as_mut(), &recording, &mut |_, _| {});
                match report {
                    Ok(report) => assert!(report.is_clean(), "{report:#?}"),
                    Err(error) => assert!(matches!(error, Error::Stuck { .. }), "{error}"),
                }
            }
        }
    }
    assert!(refused > 1_000 && played == 40, "{refused} {played}");
}

#[test]
fn numbers_that_promise_too_much_are_refused() {
    let (bytes, lines) = small();
    let with = |body: &[u8]| sealed([&bytes[..lines], body, &[0; 4]].concat());
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    let number_of_frames = [&huge[..], &[0; 30]].concat();
    assert!(refusal(&with(&number_of_frames))
        .1
        .contains("it ends in front of"));
    let number_of_bytes = [&[1], &huge[..], &[0; 30]].concat();
    assert!(refusal(&with(&number_of_bytes))
        .1
        .contains("bytes of port 0"));
    let number_of_turns = [&[0; 8][..], &huge].concat();
    assert!(refusal(&with(&number_of_turns))
        .1
        .contains("it ends inside a turn"));
    let number = [&[0xff; 10][..]].concat();
    assert!(refusal(&with(&number)).1.contains("is no number"));
    for (frame, words) in [
        // Marks, start, destination, length; then waits, or gaps.
        (&[3, 0, 1, 64, 0][..], "more bytes than frames"),
        (&[0, 0], "no destination or no length"),
        (&[3, 0, 0, 64], "the port that it enters"),
        (&[3, 0, 4, 64], "a frame's destination is 4, more than 3"),
        (&[3, 0, 1, 63], "has 63 bytes, not 64 to 1522"),
        (
            &[3 | 3 << 5, 0, 1, 64],
            "a frame with runt has 64 bytes, not 26 to 63",
        ),
        (&[0b1111_0011, 0, 1, 20, 1, 1, 1], "a fragment has a gap"),
        (&[11, 0, 1, 64, 5], "a frame's waits is 5"),
        (&[11, 0, 1, 64, 1, 0, 1], "waits for its own port"),
        (
            &[11, 0, 1, 64, 1, 2, 1],
            "from port 2 to port 0, which sends 0",
        ),
        (
            &[19, 0, 1, 64, 1, 0, 1],
            "a gap is not in front of beat 1 to 7",
        ),
        (
            &[19, 0, 1, 64, 1, 8, 1],
            "a gap is not in front of beat 1 to 7",
        ),
        (
            &[19, 0, 1, 64, 1, 7, 0xa0, 0x9c, 1],
            "the cycles of a gap is 20000",
        ),
        (
            &[
                3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 1, 64,
            ],
            "a frame's start",
        ),
    ] {
        let ingress = [&[1, frame.len() as u8], frame, &[0; 6], &[0; 4]].concat();
        let (offset, reason) = refusal(&with(&ingress));
        assert!(reason.contains(words), "{words}: {reason}");
        assert!(offset >= lines);
    }
    // No flaw has the number, and a fabric does not see the one that has.
    let mut fabric = head("4x64", Top::Fabric, Pattern::Uniform);
    fabric.spec.flaws = "none".parse().unwrap();
    let bytes = stimulus::record(&fabric).unwrap();
    let lines = bytes
        .windows(7)
        .position(|window| window == b"seed 5\n")
        .unwrap()
        + 7;
    let body = [1, 4, 0b0010_0011, 0, 1, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let flawed = sealed([&bytes[..lines], &body, &[0; 4]].concat());
    let (_, reason) = refusal(&flawed);
    assert!(
        reason.contains("a frame for a fabric has the flaw bad-fcs"),
        "{reason}"
    );
    // Turns of which none is ready, and of some egresses only.
    for (turns, words) in [
        (&[2, 0, 5, 0, 0, 0][..], "never ready"),
        (&[1, 5, 0, 0, 0], "others have none"),
    ] {
        let (_, reason) = refusal(&with(&[&[0; 8], turns].concat()));
        assert!(reason.contains(words), "{words}: {reason}");
    }
}

#[test]
fn files_are_opened_read_and_written_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("uniform.stimulus");
    let head = head("4x64", Top::Switch, Pattern::Uniform);
    stimulus::save(&head, &path).unwrap();
    assert_eq!(Recording::load(&path).unwrap().head(), &head);
    let missing = Recording::load(&folder.path().join("missing"))
        .unwrap_err()
        .to_string();
    assert!(missing.contains("cannot open"), "{missing}");
    let unwritable = folder.path().join("no-folder/file");
    let error = stimulus::save(&head, &unwritable).unwrap_err().to_string();
    assert!(error.contains("cannot write"), "{error}");
    // What has no end is not read to its end.
    if Path::new("/dev/zero").exists() {
        let error = Recording::load(Path::new("/dev/zero"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("at byte 0"), "{error}");
    }
}
