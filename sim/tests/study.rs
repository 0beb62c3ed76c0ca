//! The study: each switch by hand, slot by slot; each property once, on few slots; and the published table.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use lightswitch_hdl::config::Config;
use lightswitch_sim::engine::EngineKind;
use lightswitch_sim::rng::Rng;
use lightswitch_sim::study::crosspoint_queued::CrosspointQueued;
use lightswitch_sim::study::fabric::{self, Demand};
use lightswitch_sim::study::input_fifo::{InputFifo, Selection};
use lightswitch_sim::study::islip::Islip;
use lightswitch_sim::study::matching::{Matching, Requests, Scheduler};
use lightswitch_sim::study::output_queued::OutputQueued;
use lightswitch_sim::study::packets::{Forwarding, PacketSwitch, Start};
use lightswitch_sim::study::pim::Pim;
use lightswitch_sim::study::report::Report;
use lightswitch_sim::study::slotted::{Slotted, Window};
use lightswitch_sim::study::source::Arrivals;
use lightswitch_sim::study::virtual_output::VirtualOutput;
use lightswitch_sim::study::{self, Options};

/// Cells (ingress, egress) that arrive, and (ingress, egress, slot of arrival) that leave in the same slot.
type Slot<'a> = (&'a [(usize, u32)], &'a [(usize, usize, u64)]);

/// Runs `switch`, which is empty, and compares every slot.
fn trace(mut switch: impl Slotted, slots: &[Slot]) {
    for (now, (arrivals, expected)) in slots.iter().enumerate() {
        let arrivals = Arrivals::of(switch.ports(), arrivals);
        let mut departures = Vec::new();
        switch.slot(now as u64, &arrivals, &mut departures);
        let mut left: Vec<_> = departures
            .iter()
            .map(|cell| (cell.ingress, cell.egress, cell.arrived))
            .collect();
        left.sort_unstable();
        assert_eq!(left, *expected, "slot {now}");
    }
    assert_eq!(switch.waiting(), 0, "the trace ends with an empty switch");
}

#[test]
fn a_fifo_blocks_what_stands_behind_its_head() {
    // Both heads want egress 0; the older one wins, and the cell for egress 1 behind the other one has to wait.
    let slots: [Slot; 5] = [
        (&[(0, 0)], &[(0, 0, 0)]),
        (&[(0, 0), (1, 1)], &[(0, 0, 1), (1, 1, 1)]),
        (&[(1, 0)], &[(1, 0, 2)]),
        (&[], &[]),
        (&[(1, 1)], &[(1, 1, 4)]),
    ];
    for selection in Selection::ALL {
        trace(InputFifo::new(2, selection, Rng::new(1, 0)), &slots);
    }

    let mut blocked = 0;
    for seed in 0..20 {
        let mut switch = InputFifo::new(2, Selection::Random, Rng::new(seed, 0));
        let mut departures = Vec::new();
        switch.slot(0, &Arrivals::of(2, &[(0, 0), (1, 0)]), &mut departures);
        let winner = departures[0].ingress;
        assert_eq!(departures.len(), 1);
        departures.clear();
        // The loser's next cell is for the idle egress 1, and cannot leave.
        switch.slot(1, &Arrivals::of(2, &[(1 - winner, 1)]), &mut departures);
        assert_eq!(departures.len(), 1);
        assert_eq!(
            (departures[0].ingress, departures[0].egress),
            (1 - winner, 0)
        );
        assert_eq!(switch.waiting(), 1);
        blocked += winner;
    }
    assert!((1..20).contains(&blocked), "each ingress wins now and then");
}

#[test]
fn the_oldest_head_wins_whatever_the_dice_say() {
    for seed in 0..20 {
        let mut switch = InputFifo::new(3, Selection::Oldest, Rng::new(seed, 0));
        let mut departures = Vec::new();
        switch.slot(0, &Arrivals::of(3, &[(0, 2), (1, 2)]), &mut departures);
        let first = departures[0].ingress;
        for (now, expected) in [(1, 1 - first), (2, 2)] {
            departures.clear();
            let arrivals: &[(usize, u32)] = if now == 1 { &[(2, 2)] } else { &[] };
            switch.slot(now, &Arrivals::of(3, arrivals), &mut departures);
            assert_eq!(departures[0].ingress, expected, "slot {now}");
        }
    }
}

#[test]
fn output_queues_take_everything_at_once() {
    trace(
        OutputQueued::new(2),
        &[
            (&[(0, 1), (1, 1)], &[(0, 1, 0)]),
            (&[(0, 1), (1, 0)], &[(1, 0, 1), (1, 1, 0)]),
            (&[], &[(0, 1, 1)]),
        ],
    );
}

#[test]
fn crosspoint_queues_go_round_and_may_send_twice_from_one_ingress() {
    trace(
        CrosspointQueued::new(2),
        &[
            // Egress 0 asks ingress 0 first, then ingress 1.
            (&[(0, 0), (1, 0)], &[(0, 0, 0)]),
            (&[(0, 0), (1, 1)], &[(1, 0, 0), (1, 1, 1)]),
            (&[(0, 1)], &[(0, 0, 1), (0, 1, 2)]),
        ],
    );
}

#[test]
fn islip_follows_its_pointers() {
    // g: whom egresses 0 and 1 prefer, a: what ingresses 0 and 1 prefer. At first g = 00, a = 00.
    let switch = VirtualOutput::new(2, Islip::new(2), 1);
    trace(
        switch,
        &[
            // Egress 0 grants ingress 0: g = 10, a = 10.
            (&[(0, 0), (1, 0)], &[(0, 0, 0)]),
            // Both grant ingress 1, which takes egress 0: g = 00, a = 11.
            (&[(0, 0), (1, 1)], &[(1, 0, 0)]),
            // Both grant ingress 0, which takes egress 1: g = 01, a = 01.
            (&[(0, 1), (1, 0)], &[(0, 1, 2)]),
            // The pointers have slipped apart: g = 10, a = 10.
            (&[], &[(0, 0, 1), (1, 1, 1)]),
            (&[], &[(1, 0, 2)]),
        ],
    );
}

#[test]
fn islip_moves_its_pointers_only_for_what_the_first_iteration_accepts() {
    // Ingress 0 wants both egresses, ingress 1 only egress 1. Both egresses grant ingress 0, which takes egress 0; in the
    // second iteration egress 1 is matched with ingress 1.
    let mut requests = Requests::new(2);
    requests.insert(0, 0);
    requests.insert(0, 1);
    requests.insert(1, 1);
    let mut matching = Matching::new(2);
    let mut scheduler = Scheduler::new(2, Islip::new(2), 2);
    assert_eq!(scheduler.schedule(&requests, &mut matching), 2);
    assert_eq!(matching.pairs, [(0, 0), (1, 1)]);
    assert_eq!(scheduler.policy.grant, [1, 0], "egress 1 has not moved");
    assert_eq!(scheduler.policy.accept, [1, 0], "ingress 1 has not moved");
    assert!(matching.is_maximal(&requests));

    // One iteration leaves ingress 1 and egress 1 free, which ask for each other.
    let mut scheduler = Scheduler::new(2, Islip::new(2), 1);
    matching.clear();
    assert_eq!(scheduler.schedule(&requests, &mut matching), 1);
    assert_eq!(matching.pairs, [(0, 0)]);
    assert!(!matching.is_maximal(&requests));
}

#[test]
fn pim_draws_grants_and_accepts() {
    // Where nobody competes there is nothing to draw.
    let switch = VirtualOutput::new(2, Pim::new(Rng::new(1, 0)), 1);
    trace(
        switch,
        &[
            (&[(0, 1), (1, 0)], &[(0, 1, 0), (1, 0, 0)]),
            (&[(1, 1)], &[(1, 1, 1)]),
        ],
    );
    // Everybody asks for everything: one iteration matches both pairs half of the time, and each pair alike.
    let requests = Requests::full(2);
    let mut matching = Matching::new(2);
    let mut scheduler = Scheduler::new(2, Pim::new(Rng::new(1, 0)), 1);
    let (mut both, mut straight) = (0, 0);
    for _ in 0..4_000 {
        matching.clear();
        scheduler.schedule(&requests, &mut matching);
        both += usize::from(matching.pairs.len() == 2);
        straight += usize::from(matching.pairs[0].0 == matching.pairs[0].1);
    }
    assert!((1_900..2_100).contains(&both), "{both}");
    assert!((1_900..2_100).contains(&straight), "{straight}");
}

#[test]
fn a_packet_holds_its_way_and_is_stored_whole() {
    // Two packets of three words for egress 0, one cycle apart, and one for egress 1 behind the second.
    let expected = |cut: bool| {
        let shift = if cut { 0 } else { 3 };
        [(0, 0, 0, shift), (1, 0, 1, 3 + shift), (1, 1, 4, 6 + shift)]
    };
    for (forwarding, is_cut) in [
        (Forwarding::CutThrough, true),
        (Forwarding::StoreAndForward, false),
    ] {
        let mut switch = PacketSwitch::new(2, 3, forwarding);
        let mut seen = Vec::new();
        for now in 0..12 {
            let arrivals: &[(usize, u32)] = match now {
                0 => &[(0, 0)],
                1 => &[(1, 0)],
                4 => &[(1, 1)],
                _ => &[],
            };
            let mut starts = Vec::new();
            switch.cycle(now, &Arrivals::of(2, arrivals), &mut starts);
            let row = |start: &Start| (start.ingress, start.egress, start.arrived, now);
            seen.extend(starts.iter().map(row));
        }
        assert_eq!(seen, expected(is_cut), "{forwarding:?}");
    }
}

/// Runs the rows asked for, quickly.
fn quick(only: &[&str], threads: usize) -> Report {
    let options = Options {
        only: only.iter().map(|name| (*name).to_owned()).collect(),
        quick: true,
        threads: Some(threads),
        ..Options::default()
    };
    study::run(&options, &|_, _| {}).unwrap()
}

#[test]
fn every_quick_row_is_within_its_tolerance() {
    let report = quick(&[], 2);
    assert_eq!(report.failed, 0, "{}", report.text());
    // Every group is there, and the slow rows are not.
    for id in [
        "hol-chain-4",
        "hol-random-64",
        "wait-output-16-0.9",
        "pim-saturated-16-4",
        "islip-full-64",
        "maximal-islip-16",
        "delay-islip4-16-0.9",
        "store-less-through-64-0.9",
        "incast-end-63-10-3",
        "fabric-uniform-512",
        "fabric-incast-end-4-16-64",
    ] {
        assert!(report.rows.iter().any(|row| row.id == id), "{id}");
    }
    assert!(report
        .left_out
        .iter()
        .any(|id| id == "delay-islip1-16-0.95"));
    let random = report.rows.iter().filter(|row| row.confidence.is_some());
    assert!(random.count() > 80);
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let rows = [
        "hol-random-4",
        "wait-output-16-0.8",
        "pim-saturated-8",
        "fabric-wait-0.5",
    ];
    let json = |threads| serde_json::to_string(&quick(&rows, threads)).unwrap();
    let one = json(1);
    assert_eq!(one, json(2));
    assert_eq!(one, json(5));
    let other = Options {
        only: vec![rows[0].into()],
        quick: true,
        seed: 2,
        ..Options::default()
    };
    let other = study::run(&other, &|_, _| {}).unwrap();
    assert_ne!(
        other.rows[0].measured.to_bits(),
        quick(&rows, 1).rows[0].measured.to_bits()
    );
}

#[test]
fn a_row_draws_the_same_numbers_alone_and_among_others() {
    let alone = quick(&["hol-random-3"], 1);
    let among = quick(&["hol"], 2);
    let found = among.rows.iter().find(|row| row.id == "hol-random-3");
    assert_eq!(alone.rows.first(), found);
    assert_eq!(alone.rows.len(), 1, "hol-random-32 is another row");
}

#[test]
fn other_port_counts_get_rows_of_their_own() {
    let options = Options {
        only: vec![
            "hol-random".into(),
            "wait-output".into(),
            "islip-full".into(),
        ],
        ports: vec![9, 130],
        slots: Some(2_000),
        ..Options::default()
    };
    let report = study::run(&options, &|_, _| {}).unwrap();
    assert_eq!(report.failed, 0, "{}", report.text());
    let ids: Vec<&str> = report.rows.iter().map(|row| row.id.as_str()).collect();
    for id in [
        "hol-random-9",
        "hol-random-130",
        "wait-output-130-0.5",
        "islip-full-130",
    ] {
        assert!(ids.contains(&id), "{id}: {ids:?}");
    }
    assert!(ids
        .iter()
        .all(|id| id.contains("-9") || id.contains("-130")));
}

#[test]
fn a_large_incast_holds_the_sources_of_the_fabric_up() {
    let config = Config::named("4x64").unwrap();
    let until_empty = Window {
        warm_up: 0,
        slots: 5_000,
    };
    for (frames, holds_up) in [(4, false), (16, true)] {
        let demand = Demand::Incast { senders: 4, frames };
        let rng = Rng::new(1, 0);
        let got = fabric::run(EngineKind::DEFAULT, config, demand, 512, until_empty, rng).unwrap();
        assert_eq!((got.frames, got.violations), (4 * frames, 0));
        assert_eq!(got.held_up > 0, holds_up, "{got:?}");
        // The egress sends a beat in every cycle none the less.
        assert_eq!(got.finished.iter().max(), Some(&(3 + 4 * frames * 64)));
    }
}

#[test]
fn the_fabric_is_the_same_on_the_model_and_the_rtl() {
    // Without the saturated ones, which run for long.
    let rows_asked_for = [
        "fabric-permutation",
        "fabric-wait",
        "fabric-through",
        "fabric-store",
        "fabric-incast",
    ];
    let rows = |engine| {
        let options = Options {
            only: rows_asked_for.map(String::from).to_vec(),
            quick: true,
            engine,
            ..Options::default()
        };
        study::run(&options, &|_, _| {}).unwrap().rows
    };
    let model = rows(EngineKind::Model);
    assert_eq!(model.len(), 20);
    assert_eq!(model, rows(EngineKind::Rtl));
}

#[test]
fn refuses_what_cannot_be_run() {
    let plain = Options::default();
    for (options, words) in [
        (
            Options {
                only: vec!["hol-rand".into()],
                ..plain.clone()
            },
            "the row is `hol-rand`",
        ),
        (
            Options {
                ports: vec![4, 1],
                ..plain.clone()
            },
            "the number of ports is `1`; it must be 2 to 1024",
        ),
        (
            Options {
                ports: vec![1_025],
                ..plain.clone()
            },
            "the number of ports is `1025`",
        ),
        (
            Options {
                slots: Some(999),
                ..plain.clone()
            },
            "the number of slots is `999`; it must be 1000 or more",
        ),
        (
            Options {
                threads: Some(0),
                ..plain.clone()
            },
            "the number of threads is `0`",
        ),
    ] {
        let error = study::run(&options, &|_, _| {}).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let no_fabric = Options {
        only: vec!["fabric-through-1-1".into()],
        engine: EngineKind::Reference,
        ..plain
    };
    let error = study::run(&no_fabric, &|_, _| {}).unwrap_err().to_string();
    assert!(error.contains("the engine"), "{error}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .into()
}

/// The newest recorded run.
fn recorded() -> Report {
    let runs = std::fs::read_dir(root().join("docs/runs")).unwrap();
    let mut files: Vec<PathBuf> = runs
        .map(|run| run.unwrap().path().join("study.json"))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    let newest = files
        .last()
        .expect("a run is recorded, as docs/study.md says");
    serde_json::from_str(&std::fs::read_to_string(newest).unwrap()).unwrap()
}

#[test]
fn the_published_table_is_the_recorded_run() {
    let (begin, end) = ("<!-- study:begin -->\n", "<!-- study:end -->");
    let page = std::fs::read_to_string(root().join("docs/study.md")).unwrap();
    let (_, rest) = page.split_once(begin).unwrap();
    let (table, _) = rest.split_once(end).unwrap();
    assert!(
        table == recorded().markdown(),
        "docs/study.md is stale: put the output of `lightswitch study --markdown` between its markers"
    );
}

#[test]
fn the_recorded_run_has_the_rows_that_there_are() {
    let recorded = recorded();
    assert_eq!((recorded.failed, recorded.quick), (0, false));
    let options = Options {
        seed: recorded.seed,
        ..Options::default()
    };
    assert_eq!(recorded.slots, options.slots());
    let (specs, left_out) = study::specs(&options).unwrap();
    assert_eq!(recorded.left_out, left_out);
    let planned: Vec<_> = specs.iter().map(|spec| &spec.row).collect();
    assert_eq!(
        recorded.rows.len(),
        planned.len(),
        "rows came or went: record a run"
    );
    for (row, plan) in recorded.rows.iter().zip(planned) {
        let same = row.id == plan.id
            && row.what == plan.what
            && row.parameters == plan.parameters
            && row.source == plan.source
            && row.relation == plan.relation
            && (row.reference - plan.reference).abs() <= 1e-12 * plan.reference.abs()
            && (row.tolerance - plan.tolerance).abs() <= 1e-12 * plan.tolerance.abs();
        assert!(same, "{} changed: record a run", row.id);
    }
}
