//! Generated traffic through the naive reference: every copy accounted for, and the checker's own eyes tested with
//! switches that break the contract on purpose.
#![allow(clippy::unwrap_used, reason = "tests")]

use lightswitch_hdl::config::Config;
use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::{self, Engine, EngineKind, Outcome, Settings, TableRequest};
use lightswitch_sim::readiness::BackPressure;
use lightswitch_sim::simulate::{self, Report};
use lightswitch_sim::traffic::{Flaw, Flaws, Pattern, Spec};
use lightswitch_sim::Error;

/// The patterns that may send to any port at any time.
const OPEN_LOOP: [Pattern; 4] = [
    Pattern::Uniform,
    Pattern::Permutation,
    Pattern::Hotspot,
    Pattern::Bursty,
];

fn plan(pattern: Pattern, load: f64, frame: &str) -> Spec {
    Spec {
        pattern,
        load,
        frame: frame.parse().unwrap(),
        message_bytes: 8_192,
        cycles: 30_000,
        ..Spec::default()
    }
}

fn run_on(
    engine: &mut dyn Engine,
    config: &str,
    lossy: bool,
    plan: &Spec,
) -> Result<Report, Error> {
    let config = Config::named(config).unwrap();
    simulate::run(engine, config, lossy, plan, &mut |_, _| {})
}

fn run(config: &str, settings: &Settings, plan: &Spec) -> Report {
    let mut engine = engine::build(
        EngineKind::Reference,
        Config::named(config).unwrap(),
        settings,
    )
    .unwrap();
    run_on(engine.as_mut(), config, settings.lossy, plan).unwrap()
}

#[test]
fn delivers_every_frame_below_saturation() {
    for pattern in OPEN_LOOP {
        for frame in ["64", "imix", "64-1522"] {
            let report = run("4x64", &Settings::default(), &plan(pattern, 0.4, frame));
            assert!(report.is_clean(), "{report:#?}");
            assert!(report.sent_frames > 100);
            assert_eq!(report.delivered_frames, report.sent_frames);
            assert_eq!(report.dropped_frames, 0);
            assert_eq!(report.flooded_copies, 0);
            assert!(!report.saturated, "{report:#?}");
            assert!(
                (report.offered_load - report.accepted_load).abs() < 0.01,
                "{report:#?}"
            );
            assert!(report.latency_cycles.min >= 8, "{report:#?}");
            assert!(report.last_latency_cycles.min >= report.latency_cycles.min + 7);
        }
    }
}

#[test]
fn every_configuration_runs() {
    for config in Config::ALL {
        let report = run(
            config.name,
            &Settings::default(),
            &plan(Pattern::Uniform, 0.5, "64-1500"),
        );
        assert!(
            report.is_clean() && report.delivered_frames > 0,
            "{report:#?}"
        );
        assert_eq!(report.delivered_frames, report.sent_frames);
    }
}

#[test]
fn hotspot_overload_saturates_without_loss() {
    let mut plan = plan(Pattern::Hotspot, 0.9, "64");
    plan.back_pressure = BackPressure::Random(0.2);
    plan.pause = 0.2;
    let report = run("4x64", &Settings::default(), &plan);
    assert!(report.is_clean() && report.saturated, "{report:#?}");
    assert_eq!(report.dropped_frames, 0);
    assert_eq!(report.delivered_frames, report.sent_frames);
    assert!(report.accepted_load < report.offered_load - 0.2);
}

#[test]
fn lossy_overload_counts_every_drop() {
    let settings = Settings {
        lossy: true,
        ..Settings::default()
    };
    let report = run("4x64", &settings, &plan(Pattern::Hotspot, 0.9, "64"));
    assert!(report.is_clean() && report.saturated, "{report:#?}");
    assert!(report.dropped_frames > 0);
    assert_eq!(
        report.delivered_frames + report.dropped_frames,
        report.sent_frames
    );
    assert_eq!(report.causes["drop_full"], report.dropped_frames);
}

#[test]
fn back_pressure_of_every_kind_loses_nothing() {
    for back_pressure in [
        BackPressure::Random(0.5),
        BackPressure::OnOff(3, 5),
        BackPressure::One(2, 10, 90),
    ] {
        let mut plan = plan(Pattern::Bursty, 0.3, "imix");
        plan.back_pressure = back_pressure;
        let report = run("4x64", &Settings::default(), &plan);
        assert!(report.is_clean(), "{report:#?}");
        assert_eq!(report.delivered_frames, report.sent_frames);
        let free = run(
            "4x64",
            &Settings::default(),
            &self::plan(Pattern::Bursty, 0.3, "imix"),
        );
        assert!(report.last_latency_cycles.mean > free.last_latency_cycles.mean);
    }
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let mut plan = plan(Pattern::Bursty, 0.7, "imix");
    plan.back_pressure = BackPressure::Random(0.1);
    let report = |plan: &Spec| Report {
        cpu_seconds: 0.0,
        ..run("4x64", &Settings::default(), plan)
    };
    assert_eq!(report(&plan), report(&plan));
    let first = report(&plan);
    plan.seed = 2;
    assert_ne!(first.latency_cycles, report(&plan).latency_cycles);
}

#[test]
fn permutation_shares_fairly() {
    let report = run(
        "4x64",
        &Settings::default(),
        &plan(Pattern::Permutation, 1.0, "64"),
    );
    assert!(
        report.is_clean() && report.jain_index > 0.999,
        "{report:#?}"
    );
}

#[test]
fn refuses_plans_that_make_no_sense() {
    let mut engine = engine::build(
        EngineKind::Reference,
        Config::named("4x64").unwrap(),
        &Settings::default(),
    )
    .unwrap();
    let good = plan(Pattern::Uniform, 0.5, "64");
    for (bad, word) in [
        (Spec { cycles: 99, ..good }, "cycles"),
        (Spec { pause: 1.0, ..good }, "pauses"),
        (
            Spec {
                back_pressure: BackPressure::Random(1.0),
                ..good
            },
            "back-pressure",
        ),
        (
            Spec {
                back_pressure: BackPressure::OnOff(0, 1),
                ..good
            },
            "ready cycles",
        ),
        (
            Spec {
                back_pressure: BackPressure::One(4, 1, 1),
                ..good
            },
            "port 4",
        ),
    ] {
        let error = run_on(engine.as_mut(), "4x64", false, &bad)
            .unwrap_err()
            .to_string();
        assert!(error.contains(word), "{error}");
    }
}

/// How a [`Broken`] switch breaks the contract.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    FlipsABit,
    LosesAFrame,
    Repeats,
    Swaps,
    Poisons,
    StopsLearning,
    Jams,
    /// A poisoned frame leaves as a good one.
    Heals,
    /// A poisoned frame leaves with an FCS that is not stomped.
    PoisonsBadly,
}

/// The reference with one fault at egress 1, from the 50th frame on, once (or for good, where once would not show).
struct Broken {
    inner: Box<dyn Engine>,
    fault: Fault,
    frames: u32,
    beats: Vec<Beat>,
    held: Vec<Beat>,
    out: std::collections::VecDeque<Beat>,
}

impl Engine for Broken {
    fn name(&self) -> &'static str {
        "broken"
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
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        if self.fault == Fault::Jams && self.frames > 50 {
            outcome.clear();
            return Ok(());
        }
        self.inner.cycle(offered, egress_ready, outcome)?;
        let ready = egress_ready[1];
        assert!(ready, "these tests use no back-pressure");
        if let Some(beat) = outcome.egress[1].take() {
            self.beats.push(beat);
            if beat.last {
                self.frames += 1;
                self.damage();
            }
        }
        outcome.egress[1] = self.out.pop_front();
        Ok(())
    }
}

impl Broken {
    fn damage(&mut self) {
        let mut frame = std::mem::take(&mut self.beats);
        let now = self.frames == 50;
        match self.fault {
            Fault::FlipsABit if now => frame[4].data[3] ^= 0x10,
            Fault::Poisons if now => frame.last_mut().unwrap().user = true,
            Fault::LosesAFrame if now => frame.clear(),
            Fault::Repeats if now => self.out.extend(&frame),
            Fault::Swaps if now => {
                self.held = frame;
                return;
            }
            Fault::StopsLearning if self.frames == 1 => frame.clear(),
            Fault::Heals => frame.last_mut().unwrap().user = false,
            Fault::PoisonsBadly => {
                let last = frame.last_mut().unwrap();
                last.data[0] ^= u8::from(last.user);
            }
            _ => {}
        }
        self.out.extend(&frame);
        self.out.extend(&std::mem::take(&mut self.held));
    }
}

fn broken(fault: Fault) -> Result<Report, Error> {
    let config = Config::named("2x32").unwrap();
    let inner = engine::build(EngineKind::Reference, config, &Settings::default()).unwrap();
    let mut engine = Broken {
        inner,
        fault,
        frames: 0,
        beats: Vec::new(),
        held: Vec::new(),
        out: std::collections::VecDeque::new(),
    };
    let mut plan = plan(Pattern::Uniform, 0.4, "64");
    if matches!(fault, Fault::Heals | Fault::PoisonsBadly) {
        plan.flaws = Flaws::default().with(Flaw::BadFcs, 0.1);
    }
    run_on(&mut engine, "2x32", false, &plan)
}

#[test]
fn the_checker_sees_every_breach() {
    let flipped = broken(Fault::FlipsABit).unwrap();
    assert_eq!((flipped.corrupted_frames, flipped.lost_frames), (1, 0));
    let lost = broken(Fault::LosesAFrame).unwrap();
    assert_eq!((lost.lost_frames, lost.corrupted_frames), (1, 0));
    let repeated = broken(Fault::Repeats).unwrap();
    assert_eq!((repeated.duplicated_frames, repeated.lost_frames), (1, 0));
    let swapped = broken(Fault::Swaps).unwrap();
    assert_eq!((swapped.reordered_frames, swapped.lost_frames), (1, 0));
    let poisoned = broken(Fault::Poisons).unwrap();
    assert_eq!((poisoned.poisoned_frames, poisoned.lost_frames), (1, 0));
    for report in [flipped, lost, repeated, swapped, poisoned] {
        assert!(!report.is_clean() && report.delivered_frames > 100);
    }
}

#[test]
fn the_checker_sees_malformed_frames_that_are_not_poisoned_well() {
    for fault in [Fault::Heals, Fault::PoisonsBadly] {
        let report = broken(fault).unwrap();
        // At egress 1 only, of two.
        let wrong = report.corrupted_frames;
        assert!(
            wrong > 20 && wrong < report.malformed_frames,
            "{fault:?} {report:#?}"
        );
        assert_eq!((report.lost_frames, report.wrongly_poisoned_frames), (0, 0));
        assert!(!report.is_clean());
    }
}

#[test]
fn a_switch_that_does_not_learn_or_jams_is_an_error() {
    let error = broken(Fault::StopsLearning).unwrap_err();
    assert!(
        matches!(error, Error::NotLearned { port: 0, to: 1 }),
        "{error}"
    );
    let error = broken(Fault::Jams).unwrap_err();
    assert!(matches!(error, Error::Stuck { .. }), "{error}");
}
