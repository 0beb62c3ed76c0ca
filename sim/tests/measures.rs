//! What the reports say of runs whose outcome is known beforehand: collectives and incasts to the cycle, malformed
//! frames by cause, queues, and whether a point is saturated or at rest.
#![allow(clippy::unwrap_used, reason = "tests")]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::engine::{self, EngineKind, Settings};
use lightswitch_sim::frame;
use lightswitch_sim::readiness::BackPressure;
use lightswitch_sim::simulate::{self, Report};
use lightswitch_sim::traffic::{Flaw, Flaws, Pattern, Spec};

/// First beat in to first beat out of the idle 4x64 switch.
const SWITCH_CYCLES: u64 = 6;

fn run_with(config: &str, top: Top, settings: &Settings, spec: &Spec) -> Report {
    let config = Config::sized(config).unwrap();
    let mut engine = engine::build_top(EngineKind::Model, config, top, settings).unwrap();
    let run = simulate::run(
        engine.as_mut(),
        config,
        settings.lossy,
        spec,
        &mut |_, _| {},
    );
    let report = run.unwrap();
    assert!(report.is_clean(), "{report:#?}");
    report
}

fn run(config: &str, spec: &Spec) -> Report {
    run_with(config, Top::Switch, &Settings::default(), spec)
}

fn spec(pattern: Pattern, load: f64, frame: &str, message_bytes: usize) -> Spec {
    Spec {
        pattern,
        load,
        frame: frame.parse().unwrap(),
        message_bytes,
        cycles: 60_000,
        ..Spec::default()
    }
}

#[test]
fn collectives_take_their_beats_and_a_latency_a_step() {
    // A step begins in the cycle after the last beat of the step before has left; an all-to-all has no steps to wait for.
    for (ports, pattern, steps, beats) in [
        ("4x64", Pattern::Ring, 6, 6 * 256),
        ("8x64", Pattern::Ring, 14, 14 * 128),
        ("4x64", Pattern::HalvingDoubling, 4, 2 * (512 + 256)),
        ("8x64", Pattern::HalvingDoubling, 6, 2 * (512 + 256 + 128)),
        ("4x64", Pattern::AllToAll, 1, 3 * 256),
        ("8x64", Pattern::AllToAll, 1, 7 * 128),
    ] {
        let report = run(ports, &spec(pattern, 0.8, "512", 8_192));
        let collectives = report.collectives.as_ref().unwrap();
        let expected = beats + steps * SWITCH_CYCLES - 1;
        let times = &collectives.cycles;
        assert_eq!(
            (times.min, times.max),
            (expected, expected),
            "{ports} {pattern}"
        );
        assert!(collectives.completed > 20 && collectives.unfinished == 0);
        let flows = report.flows.as_ref().unwrap();
        let ports = Config::sized(ports).unwrap().ports;
        let per_collective = u64::from(pattern.flows_in_round(ports));
        assert_eq!(flows.completed, collectives.completed * per_collective);
        assert_eq!(flows.unfinished, 0);
        assert!(!report.saturated && report.steady, "{report:#?}");
        assert_eq!(report.victim, None);
    }
}

#[test]
fn collectives_of_short_messages_wait_for_latencies_and_fall_behind() {
    // A piece is one frame of 8 beats, and each step takes a latency more: 6 x 14 cycles, where 6 x 8 / 0.9 were planned.
    let report = run("4x64", &spec(Pattern::Ring, 0.9, "64", 256));
    let collectives = report.collectives.as_ref().unwrap();
    assert_eq!(collectives.cycles.p50, 6 * (8 + SWITCH_CYCLES) - 1);
    assert!(report.saturated && !report.steady, "{report:#?}");
    assert_eq!(collectives.unfinished, 0, "the drain ends what was planned");
    let slow = run("4x64", &spec(Pattern::Ring, 0.5, "64", 256));
    assert!(!slow.saturated, "{slow:#?}");
}

#[test]
fn a_collective_that_loses_a_frame_is_unfinished_and_the_run_ends() {
    let settings = Settings {
        lossy: true,
        ..Settings::default()
    };
    let stalled = Spec {
        back_pressure: BackPressure::OnOff(1, 3),
        ..spec(Pattern::Ring, 0.8, "512", 65_536)
    };
    let report = run_with("4x64", Top::Switch, &settings, &stalled);
    let collectives = report.collectives.as_ref().unwrap();
    assert!(report.dropped_frames > 0, "{report:#?}");
    assert_eq!(collectives.completed, 0);
    assert!(collectives.unfinished >= 3, "{collectives:?}");
    assert!(report.flows.as_ref().unwrap().unfinished > 0);
    assert!(report.saturated && !report.steady);
}

#[test]
fn an_incast_is_over_when_all_its_beats_have_left_one_after_the_other() {
    let message_beats = 512;
    for ports in ["4x64", "8x64", "16x64"] {
        let report = run(ports, &spec(Pattern::Incast, 0.8, "512", 8 * message_beats));
        let ports = Config::sized(ports).unwrap().ports;
        let senders = ports - 1;
        // Every beat leaves in a cycle of its own, the first after the switch's latency.
        let all = (senders * message_beats) as u64 + SWITCH_CYCLES - 1;
        let incasts = report.collectives.as_ref().unwrap();
        // A round may begin while a frame of the victim enters.
        let victim_frame = 64;
        assert!(
            incasts.completed > 5 && incasts.unfinished == 0,
            "{report:#?}"
        );
        assert_eq!(incasts.cycles.min, all);
        assert!(incasts.cycles.max <= all + victim_frame, "{incasts:?}");
        // All senders are served in turn, so they end within a frame of each other.
        let flows = report.flows.as_ref().unwrap();
        let frames = (senders * 64) as u64;
        assert!(flows.cycles.min + frames + victim_frame >= all, "{flows:?}");
        assert_eq!(flows.completed, incasts.completed * senders as u64);
        // So short a burst fits into the queues, and the victim passes it.
        let victim = report.victim.as_ref().unwrap();
        assert!(victim.completed > 50 && victim.unfinished == 0);
        assert_eq!(victim.cycles.min, 64 + SWITCH_CYCLES - 1);
        let fullest = report.queue_high_water.first().unwrap();
        assert_eq!(fullest.egress, 0);
        assert!(!report.saturated, "{report:#?}");
    }
}

#[test]
fn the_victim_of_an_incast_suffers_in_lossless_mode_only() {
    let spec = spec(Pattern::Incast, 0.9, "256", 32_768);
    let lossless = run("8x64", &spec);
    let settings = Settings {
        lossy: true,
        ..Settings::default()
    };
    let lossy = run_with("8x64", Top::Switch, &settings, &spec);
    assert!(lossy.dropped_frames > 0 && lossless.dropped_frames == 0);
    let mean = |report: &Report| report.victim.as_ref().unwrap().cycles.mean;
    assert!(
        mean(&lossy) < mean(&lossless) / 4.0,
        "{} {}",
        mean(&lossy),
        mean(&lossless)
    );
    assert_eq!(lossy.victim.as_ref().unwrap().unfinished, 0);
    assert!(lossy.flows.as_ref().unwrap().unfinished > 0);
}

#[test]
fn bursts_are_flows_and_uniform_traffic_has_none() {
    let report = run("4x64", &spec(Pattern::Bursty, 0.2, "64", 0));
    let flows = report.flows.as_ref().unwrap();
    assert!(flows.completed > 300, "{flows:?}");
    assert_eq!((flows.unfinished, report.collectives), (0, None));
    // A burst of one frame passes an idle switch.
    assert_eq!(flows.cycles.min, 8 + SWITCH_CYCLES - 1);
    assert_eq!(report.message_bytes, None);
    let report = run("4x64", &spec(Pattern::Uniform, 0.2, "64", 0));
    assert_eq!(
        (report.flows, report.collectives, report.victim),
        (None, None, None)
    );
}

#[test]
fn malformed_frames_leave_poisoned_or_are_dropped_each_under_its_cause() {
    for (flaw, cause) in [
        (Flaw::BadFcs, "fcs_error"),
        (Flaw::Stomped, "poisoned_in"),
        (Flaw::Runt, "runt_poisoned"),
        (Flaw::TooLong, "too_long"),
        (Flaw::BadKeep, "malformed"),
        (Flaw::Marked, "poisoned_in"),
        (Flaw::Fragment, "runt_dropped"),
    ] {
        for config in ["2x32", "4x64", "4x64-jumbo", "64x64"] {
            for top in [Top::Switch, Top::Fabric] {
                if !flaw.is_seen_by(top) {
                    continue;
                }
                let spec = Spec {
                    flaws: Flaws::default().with(flaw, 0.1),
                    pause: 0.02,
                    cycles: 20_000,
                    ..spec(Pattern::Uniform, 0.5, "64-400", 0)
                };
                let report = run_with(config, top, &Settings::default(), &spec);
                let malformed = report.malformed_frames;
                let percent = 100 * malformed / report.sent_frames;
                assert!((5..15).contains(&percent), "{config} {flaw:?}: {percent} %");
                assert_eq!(report.causes[cause], malformed, "{config} {flaw:?}");
                let is_dropped = flaw == Flaw::Fragment;
                assert_eq!(
                    report.poisoned_frames,
                    if is_dropped { 0 } else { malformed }
                );
                assert_eq!(report.delivered_frames, report.sent_frames - malformed);
            }
        }
    }
}

#[test]
fn malformed_frames_and_full_queues_are_told_apart() {
    let settings = Settings {
        lossy: true,
        ..Settings::default()
    };
    let spec = Spec {
        flaws: "bad-fcs=0.1,fragment=0.1,runt=0.1,marked=0.05"
            .parse()
            .unwrap(),
        ..spec(Pattern::Hotspot, 0.9, "64-200", 0)
    };
    let report = run_with("4x64", Top::Switch, &settings, &spec);
    assert!(report.dropped_frames > 0 && report.causes["runt_dropped"] > 0);
    assert_eq!(
        report.delivered_frames
            + report.poisoned_frames
            + report.dropped_frames
            + report.causes["runt_dropped"],
        report.sent_frames
    );
}

#[test]
fn queues_fill_to_their_depth_where_more_comes_than_leaves() {
    let report = run("4x64", &spec(Pattern::Hotspot, 0.9, "64", 0));
    assert!(report.saturated && !report.steady, "{report:#?}");
    let fullest = report.queue_high_water.first().unwrap();
    assert_eq!(fullest.egress, 0);
    // A queue of 512 beats that always has room for a longest frame of 191, and the stages in front of it.
    assert!(
        (512 - 191 - 8..=512 + 8).contains(&fullest.beats),
        "{fullest:?}"
    );
    assert_eq!(
        report.queue_high_water.len(),
        12,
        "every pair of the switch"
    );
    let idle = run("4x64", &spec(Pattern::Permutation, 0.1, "64", 0));
    assert_eq!(idle.queue_high_water.len(), 4);
    // Six cycles inside, and the beats that enter meanwhile.
    assert!(idle
        .queue_high_water
        .iter()
        .all(|pair| (7..=8).contains(&pair.beats)));
}

#[test]
fn a_point_below_saturation_comes_to_rest() {
    for load in [0.3, 0.7, 0.9] {
        let spec = Spec {
            cycles: 200_000,
            ..spec(Pattern::Uniform, load, "64", 0)
        };
        let report = run("4x64", &spec);
        assert!(report.steady && !report.saturated, "{load}: {report:#?}");
    }
    let overload = run_with(
        "4x64",
        Top::Switch,
        &Settings::default(),
        &Spec {
            back_pressure: BackPressure::Random(0.3),
            ..spec(Pattern::Uniform, 0.9, "64", 0)
        },
    );
    assert!(!overload.steady && overload.saturated, "{overload:#?}");
}

#[test]
fn sizes_beyond_the_table_run() {
    for (config, top) in [
        ("3x32", Top::Switch),
        ("64x64", Top::Switch),
        ("64x64", Top::FabricMc),
        ("200x32", Top::Switch),
        ("512x64", Top::Fabric),
    ] {
        for pattern in [Pattern::Uniform, Pattern::Ring] {
            let ports = Config::sized(config).unwrap().ports;
            let spec = Spec {
                cycles: 1_000,
                ..spec(pattern, 0.5, "64", 64 * ports)
            };
            let report = run_with(config, top, &Settings::default(), &spec);
            assert!(report.delivered_frames > 40);
            assert_eq!(report.delivered_frames, report.sent_frames);
            assert_eq!(report.flooded_copies, 0);
            let stations = if top == Top::Switch { ports as u64 } else { 0 };
            assert_eq!(report.causes["accepted"], report.sent_frames + stations);
        }
    }
}

#[test]
fn one_beat_of_latency_is_between_the_first_and_the_last() {
    for (frame, beats) in [("64", 8), ("512", 64)] {
        let report = run("4x64", &spec(Pattern::Permutation, 0.3, frame, 0));
        assert_eq!(frame::beats(frame.parse().unwrap(), 8) as u64, beats);
        let (first, last) = (&report.latency_cycles, &report.last_latency_cycles);
        assert_eq!((first.min, first.max), (SWITCH_CYCLES, SWITCH_CYCLES));
        assert_eq!(
            (last.min, last.max),
            (SWITCH_CYCLES + beats - 1, SWITCH_CYCLES + beats - 1)
        );
    }
}
