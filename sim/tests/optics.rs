//! The switch with an optical link on every port, through faults of its fibers.

#![allow(clippy::unwrap_used, reason = "tests")]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::link::LinkConfig;
use lightswitch_sim::engine::{EngineKind, Settings};
use lightswitch_sim::optics::fault::Fault;
use lightswitch_sim::optics::{build_link, lockstep, Linked, LinkedReport, Parts};
use lightswitch_sim::simulate;
use lightswitch_sim::traffic::{Pattern, Spec};
use lightswitch_sim::verilated;

/// Plays uniform traffic at `load` for `cycles`.
fn play(link: &str, load: f64, cycles: u64, faults: &[&str]) -> LinkedReport {
    let config = Config::named("4x64").unwrap();
    let settings = Settings::default();
    let faults: Vec<Fault> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    let parts = Parts {
        kind: EngineKind::Verilated,
        config,
        link: LinkConfig::named(link).unwrap(),
        settings: &settings,
        faults: &faults,
        seed: 1,
    };
    let mut linked = Linked::new(&parts, &mut |_| ()).unwrap();
    let spec = Spec {
        pattern: Pattern::Uniform,
        load,
        cycles,
        ..Spec::default()
    };
    let frames = simulate::run(&mut linked, config, false, &spec, &mut |_, _| ()).unwrap();
    LinkedReport::new(&linked, &faults, frames)
}

#[test]
fn carries_everything_without_a_fault() {
    if verilated::is_skipped("carries_everything_without_a_fault") {
        return;
    }
    let report = play("4x16", 0.5, 20_000, &[]);
    assert!(report.is_clean(true));
    assert!(report.frames.delivered_frames > 3_000);
    for ends in &report.links {
        for end in [&ends.near, &ends.far] {
            assert!(end.up && end.outages.is_empty() && end.bip_errors == 0);
            assert!(end.counters["rx_frame"] > 700);
        }
    }
}

#[test]
fn a_lane_that_dies_under_load_costs_no_frame() {
    if verilated::is_skipped("a_lane_that_dies_under_load_costs_no_frame") {
        return;
    }
    let fault = "lane-loss:port=1,lane=2,at=10000";
    let report = play("4x16", 0.6, 30_000, &[fault]);
    assert!(
        report.is_clean(true),
        "nothing lost, corrupted, out of order or twice"
    );
    assert_eq!(report.frames.delivered_frames, report.frames.sent_frames);
    assert!(report.frames.sent_frames > 8_000);
    let replays = |ends: &lightswitch_sim::optics::Ends| {
        ends.near.counters["tx_replay"] + ends.far.counters["tx_replay"]
    };
    assert!(
        replays(&report.links[1]) > 0,
        "something had to be sent again"
    );
    assert_eq!(replays(&report.links[0]), 0);
    let [overcome] = &report.faults[..] else {
        panic!()
    };
    assert_eq!((overcome.fault.as_str(), overcome.seen.len()), (fault, 2));
    for seen in &overcome.seen {
        let recovery = seen.recovery_cycles.expect("aligned again");
        // One marker period, with the gearbox's pauses, the way there and back and the deskew.
        let limit = 4_096 * 33 / 32 + 200;
        assert!(seen.detection_cycles < 20 && recovery < limit, "{seen:?}");
    }
    for (port, ends) in report.links.iter().enumerate() {
        for end in [&ends.near, &ends.far] {
            assert!(end.up && end.downs.is_empty());
            assert_eq!(end.width, [4, 4]);
            assert_eq!(end.tx_lost, if port == 1 { 4 } else { 0 });
        }
    }
}

#[test]
fn without_a_spare_the_width_halves_and_frames_still_pass() {
    if verilated::is_skipped("without_a_spare_the_width_halves_and_frames_still_pass") {
        return;
    }
    let fault = "lane-loss:port=1,lane=2,at=10000";
    let report = play("4x16-unspared", 0.3, 30_000, &[fault]);
    assert!(report.is_clean(false));
    let ends = &report.links[1];
    for end in [&ends.near, &ends.far] {
        assert!(end.up && end.downs.is_empty());
        assert_eq!((end.width, end.narrowest), ([2, 2], [2, 2]));
        assert!(end.degraded_cycles > 10_000);
        // A frame that starts on four lanes must not leave on two: none has run dry.
        assert_eq!(end.counters["tx_underrun"], 0);
    }
    assert!(
        report.frames.lost_frames < 100,
        "{}",
        report.frames.lost_frames
    );
}

#[test]
fn what_bit_errors_hit_is_sent_again() {
    if verilated::is_skipped("what_bit_errors_hit_is_sent_again") {
        return;
    }
    let errors = "bit-errors:port=0,lane=1,rate=1e-4,at=0";
    for (name, loses, poisons) in [
        ("4x16", false, true),
        ("4x16-store", false, false),
        ("4x16-plain", true, true),
    ] {
        let report = play(name, 0.3, 40_000, &[errors]);
        assert!(report.is_clean(!loses), "{name}");
        let damaged = report.frames.damaged_by_links_frames;
        assert_eq!(damaged > 10, poisons, "{name}: {damaged} poisoned");
        assert_eq!(report.frames.lost_frames > 10, loses, "{name}");
        assert!(report.links[0].near.bip_errors > 20);
        assert_eq!(report.links[1].near.bip_errors, 0);
        if !loses {
            assert!(report.links[0].far.counters["tx_replay"] > 10, "{name}");
        }
    }
}

#[test]
fn refuses_links_and_faults_that_do_not_fit() {
    let config = Config::named("4x64").unwrap();
    let settings = Settings::default();
    for (link, fault, expected) in [
        ("2x16", "lane-loss:port=0", "clients of 64 bits"),
        ("4x16", "lane-loss:port=4", "0 to 3"),
        ("4x16", "lane-loss:port=1,lane=5", "0 to 4"),
    ] {
        let parts = Parts {
            kind: EngineKind::Rtl,
            config,
            link: LinkConfig::named(link).unwrap(),
            settings: &settings,
            faults: &[fault.parse().unwrap()],
            seed: 1,
        };
        let error = Linked::new(&parts, &mut |_| ()).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn engines_of_a_link_are_equal_in_every_cycle() {
    if verilated::is_skipped("engines_of_a_link_are_equal_in_every_cycle") {
        return;
    }
    for (name, cycles) in [("4x16", 60_000), ("2x16", 40_000), ("4x16-plain", 30_000)] {
        let link = LinkConfig {
            marker_period: 64,
            ..*LinkConfig::named(name).unwrap()
        };
        let build = |kind| build_link(kind, &link, &mut |_| ()).unwrap();
        let engines = || [EngineKind::Rtl, EngineKind::Verilated].map(build).into();
        let mut ends = [engines(), engines()];
        let report = lockstep::run(&link, &mut ends, cycles, 7, &mut |_, _| ()).unwrap();
        assert_eq!(report.mismatch, None, "{name}");
        assert!(report.up_cycles > cycles / 3, "{name}: {report:?}");
        for pulse in [
            "rx_frame",
            "lane_lost",
            "rx_damaged",
            "went_down",
            "tx_discarded",
        ] {
            assert!(report.pulses[pulse] > 0, "{name}: {report:?}");
        }
    }
}
