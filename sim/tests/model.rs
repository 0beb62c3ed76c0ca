//! The `model` engine against the `rtl` engine: every output pin in every cycle, for every top of every configuration.
//! Beyond these it is compared with the `naive` engine, and that with the RTL where there is one.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "figures, to read with --nocapture; a failing test may panic"
)]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::{on_large_stack, Top};
use lightswitch_sim::engine::{self, Engine, EngineKind, Outcome, Settings, TableOp, TableRequest};
use lightswitch_sim::frame::{self, Mac, FCS_BYTES};
use lightswitch_sim::lockstep::{self, Plan, Stimulus};
use lightswitch_sim::{pins, PortMask};

const SEED: u64 = 1;

const MODEL_AND_RTL: [EngineKind; 2] = [EngineKind::Rtl, EngineKind::Model];
const MODEL_AND_NAIVE: [EngineKind; 2] = [EngineKind::Naive, EngineKind::Model];

/// Egresses that are more than one word holds.
const WORD_PORTS: usize = 64;

/// Runs every top of a configuration on both engines.
fn same(name: &'static str, cycles: u64, kinds: [EngineKind; 2]) {
    println!("seed {SEED}");
    let config = Config::sized(name).unwrap();
    for top in Top::ALL {
        on_large_stack(move || {
            let settings = Settings {
                gap_limit: 0,
                ..Settings::default()
            };
            let mut made =
                kinds.map(|kind| engine::build_top(kind, config, top, &settings).unwrap());
            let mut engines = lockstep::borrowed(&mut made);
            let pins = pins::outputs(config, top);
            let mut stimulus = Stimulus::new(config, top, SEED, cycles);
            let report = lockstep::run(&mut engines, &pins, &mut stimulus, &mut |_, _| {}).unwrap();
            println!("{name} {}: {} cycles", top.name(), report.cycles);
            if let Some(mismatch) = report.mismatch {
                panic!("{name} {}: {mismatch}", top.name());
            }
            assert_eq!(report.cycles, cycles);
            let hits = stimulus.resets_in_frames();
            assert!(hits > 3, "{hits} resets in the middle of a frame");
            let silent: Vec<String> = (report.silent.iter())
                .filter(|pin| pin.row.is_none())
                .filter(|pin| is_reached(config, &pin.name))
                .map(ToString::to_string)
                .collect();
            assert!(silent.is_empty(), "never high: {}", silent.join(", "));
            if config.ports > WORD_PORTS {
                names_high_ports(&stimulus.written(), top);
            }
        });
    }
}

/// Masks of every kind there is named ports beyond the first 64, together with lower ones.
fn names_high_ports(plan: &Plan, top: Top) {
    let is_wide = |mask: &PortMask| mask.low() != 0 && !mask.starting_at(WORD_PORTS).is_empty();
    let stored = plan
        .settings
        .iter()
        .flat_map(|setting| &setting.store_and_forward);
    let stored = stored.filter(|mask| is_wide(mask)).count();
    assert!(stored > 100, "{stored} store-and-forward masks");
    let written = plan
        .requests
        .iter()
        .filter(|request| request.request().op == TableOp::WriteStatic && is_wide(&request.mask));
    let written = written.count();
    assert!(
        top != Top::Switch || written > 5,
        "{written} static entries"
    );
    let many = plan.sources.iter().flatten().filter(|frame| {
        frame.dest_above.len() > 1 && frame.beats.first().is_some_and(|beat| beat.dest != 0)
    });
    let many = many.count();
    assert!(
        top != Top::FabricMc || many > 10,
        "{many} frames for many egresses"
    );
    let file = serde_json::to_string(plan).unwrap();
    let read: Plan = serde_json::from_str(&file).unwrap();
    assert!(read == *plan, "a replay file keeps every port");
    assert_eq!(read.check().unwrap().1, top);
}

/// Whether a run can make the pin high.
fn is_reached(config: &Config, name: &str) -> bool {
    match name {
        // The small table has cleared itself before a second frame has ended.
        "stat_learn_missed" => config.table_w > 5,
        // A large switch sweeps its table too slowly to erase anything in a short run.
        "stat_aged" => config.ports <= 32,
        // The table port gets its turn too seldom to fill a set.
        "table_full" | "stat_learn_full" => config.ports <= 128,
        _ => true,
    }
}

#[test]
fn model_is_rtl_at_2x32() {
    same("2x32", 24_000, MODEL_AND_RTL);
}

#[test]
fn model_is_rtl_at_4x64() {
    same("4x64", 24_000, MODEL_AND_RTL);
}

#[test]
fn model_is_rtl_at_4x64_jumbo() {
    same("4x64-jumbo", 40_000, MODEL_AND_RTL);
}

#[test]
fn model_is_rtl_at_8x64() {
    same("8x64", 20_000, MODEL_AND_RTL);
}

#[test]
fn model_is_rtl_at_16x64() {
    same("16x64", 16_000, MODEL_AND_RTL);
}

#[test]
fn naive_is_rtl_at_2x32() {
    same("2x32", 24_000, [EngineKind::Rtl, EngineKind::Naive]);
}

#[test]
fn naive_is_rtl_at_4x64() {
    same("4x64", 24_000, [EngineKind::Rtl, EngineKind::Naive]);
}

#[test]
fn model_is_naive_at_32_ports() {
    same("32x64", 10_000, MODEL_AND_NAIVE);
    same("32x32", 10_000, MODEL_AND_NAIVE);
}

#[test]
fn model_is_naive_at_64_ports() {
    same("64x64", 12_000, MODEL_AND_NAIVE);
}

#[test]
fn model_is_naive_at_77_ports() {
    same("77x64", 20_000, MODEL_AND_NAIVE);
}

#[test]
fn model_is_naive_at_128_ports() {
    same("128x32", 12_000, MODEL_AND_NAIVE);
}

#[test]
fn model_is_naive_at_200_ports() {
    same("200x64", 6_000, MODEL_AND_NAIVE);
}

/// Beats of the frames below.
const FRAME_BEATS: usize = 20;

/// Sends `bytes` from `ingress` to `dest`; per egress, the cycle after its start in which it first offers a beat.
fn first_beats(
    engine: &mut dyn Engine,
    ingress: usize,
    dest: PortMask,
    bytes: &[u8],
) -> Vec<(usize, usize)> {
    let ports = engine.ports();
    let mut outcome = Outcome::new(ports);
    let mut first = vec![None; ports];
    let mut next = 0;
    engine.set_dest_above(ingress, &dest);
    for cycle in 0..20 * FRAME_BEATS {
        let mut offered = vec![None; ports];
        if next * engine.beat_bytes() < bytes.len() {
            let mut beat = frame::beat(bytes, next, engine.beat_bytes(), false);
            beat.dest = dest.low();
            offered[ingress] = Some(beat);
        }
        engine
            .cycle(&offered, &vec![true; ports], &mut outcome)
            .unwrap();
        next += usize::from(offered[ingress].is_some() && outcome.ingress_ready[ingress]);
        for (first, beat) in first.iter_mut().zip(&outcome.egress) {
            *first = first.or(beat.map(|_| cycle));
        }
    }
    let first = first.into_iter().enumerate();
    first
        .filter_map(|(egress, cycle)| Some((egress, cycle?)))
        .collect()
}

/// An engine in which `ingress` stores frames for `stored`.
fn storing(
    kind: EngineKind,
    ports: usize,
    top: Top,
    ingress: usize,
    stored: PortMask,
) -> Box<dyn Engine> {
    let config = Config::sized(&format!("{ports}x64")).unwrap();
    let mut store_and_forward = vec![PortMask::NONE; ports];
    store_and_forward[ingress] = stored;
    let settings = Settings {
        store_and_forward,
        ..Settings::default()
    };
    engine::build_top(kind, config, top, &settings).unwrap()
}

/// The frame left at `egresses` and nowhere else, late where it is stored.
fn left_at(first: &[(usize, usize)], egresses: PortMask, stored: PortMask) {
    let left: PortMask = first.iter().map(|(egress, _)| *egress).collect();
    assert_eq!(left, egresses, "{first:?}");
    let soonest = first.iter().map(|(_, cycle)| *cycle).min().unwrap();
    for (egress, cycle) in first {
        let is_late = cycle - soonest >= FRAME_BEATS - 1;
        assert_eq!(is_late, stored.has(*egress), "{first:?}");
        assert!(is_late || *cycle == soonest, "{first:?}");
    }
}

#[test]
fn a_mask_of_a_fabric_names_every_egress() {
    let bytes = [7; 8 * FRAME_BEATS];
    for (ports, kinds) in [
        (77, &MODEL_AND_NAIVE[..]),
        (128, &MODEL_AND_NAIVE),
        (200, &MODEL_AND_NAIVE),
        (512, &[EngineKind::Model]),
    ] {
        for kind in kinds {
            let (ingress, last) = (ports - 2, ports - 1);
            let stored: PortMask = [3, 64, 70].into_iter().collect();
            let mut engine = storing(*kind, ports, Top::FabricMc, ingress, stored);
            let egresses: PortMask = [0, 3, 63, 64, last].into_iter().collect();
            let first = first_beats(engine.as_mut(), ingress, egresses, &bytes);
            left_at(&first, egresses, stored);
            let first = first_beats(engine.as_mut(), ingress, PortMask::one(70), &bytes);
            assert_eq!(first.len(), 1, "{first:?}");
            assert_eq!(first[0].0, 70, "what was said before is forgotten");
            let first = first_beats(engine.as_mut(), ingress, PortMask::one(1), &bytes);
            assert_eq!(first.len(), 1, "{first:?}");
        }
    }
}

#[test]
fn a_static_entry_names_every_port() {
    let address = Mac([2, 0, 0, 0, 9, 9]);
    let mut bytes = [&address.0[..], &[2, 0, 0, 0, 1, 1, 8, 0]].concat();
    bytes.resize(8 * FRAME_BEATS - FCS_BYTES, 5);
    bytes.extend(frame::fcs(&bytes));
    for ports in [77, 128, 200] {
        for kind in [EngineKind::Model, EngineKind::Naive, EngineKind::Reference] {
            let last = ports - 1;
            let stored: PortMask = [64, last].into_iter().collect();
            let mut engine = storing(kind, ports, Top::Switch, 70, stored);
            let written: PortMask = [2, 64, 70, 76, last, 511].into_iter().collect();
            engine.request(Some(TableRequest {
                op: TableOp::WriteStatic,
                address,
                mask: written,
            }));
            let mut outcome = Outcome::new(ports);
            // Every ingress has a turn at the table before the request.
            for _ in 0..4 * ports {
                let (offered, ready) = (vec![None; ports], vec![true; ports]);
                engine.cycle(&offered, &ready, &mut outcome).unwrap();
            }
            engine.request(None);
            let first = first_beats(engine.as_mut(), 70, PortMask::NONE, &bytes);
            let egresses = (written & PortMask::first(ports)).without(PortMask::one(70));
            if kind == EngineKind::Reference {
                // It stores every frame.
                let left: PortMask = first.iter().map(|(egress, _)| *egress).collect();
                assert_eq!(left, egresses);
            } else {
                left_at(&first, egresses, stored);
            }
        }
    }
}
