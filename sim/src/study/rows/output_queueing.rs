//! Output queueing: mean waits against the closed form, also of crosspoint queues, which never let an egress idle either.

use super::{settling, Plan, SAMPLES};
use crate::study::exact;
use crate::study::kind::Kind;
use crate::study::row::{Relation, Sample, Spec};
use crate::study::slotted::Window;
use crate::study::source::Traffic;

const GROUP: &str = "Output and crosspoint queues";

const SOURCE: &str =
    "(N-1)/N p/(2(1-p)): closed form recalled, proved here by a test from the recursion of Chao, Lam, Oki 2001, eq. 2.9 to 2.11";

/// Loads, and how far off the mean wait at 16 ports may be by chance, as a share of it.
const LOADS: [(f64, f64); 5] = [
    (0.5, 0.006),
    (0.8, 0.012),
    (0.9, 0.018),
    (0.95, 0.03),
    (0.99, 0.12),
];

pub fn rows(plan: Plan) -> Vec<Spec> {
    let mut rows = Vec::new();
    for ports in plan.ports(&[16, 64]) {
        let window = Window::of(plan.slots(ports));
        for (load, chance) in LOADS {
            for kind in [Kind::OutputQueued, Kind::CrosspointQueued] {
                if kind == Kind::CrosspointQueued && load > 0.9 {
                    continue;
                }
                let wait = exact::output_queue_wait(ports, load);
                let row = Spec::new(
                    GROUP,
                    format!("wait-{}-{ports}-{load}", kind.name()),
                    "mean wait in slots",
                    format!("{}, N = {ports}, uniform, p = {load}", kind.title()),
                    move |draw| {
                        let tally = kind.run(ports, Traffic::Uniform { load }, window, draw);
                        Ok(tally.sample(tally.mean_wait()))
                    },
                );
                rows.push(
                    row.against(Relation::Equal, wait, SOURCE)
                        .within(plan.chance(chance * wait * (16.0 / ports as f64).sqrt(), ports))
                        .settling(settling(load))
                        .sampled(SAMPLES, plan.slots(ports)),
                );
            }
        }
        rows.push(hot_spot(plan, ports));
        rows.extend(permutation(ports));
    }
    rows
}

/// The queue of a hot egress knows nothing of the others.
fn hot_spot(plan: Plan, ports: usize) -> Spec {
    let hot_load = 0.8;
    // Half of the cells for egress 0 are sent there on purpose, the others are its part of the uniform ones.
    let n = ports as f64;
    let load = hot_load * (n + 1.0) / (2.0 * n);
    let hot = 1.0 / (n + 1.0);
    let window = Window::of(plan.slots(ports));
    let wait = exact::output_queue_wait(ports, hot_load);
    Spec::new(
        GROUP,
        format!("wait-hotspot-{ports}"),
        "mean wait at the hot egress in slots",
        format!("output queues, N = {ports}, egress 0 gets {hot_load} cells a slot"),
        move |draw| {
            let tally = Kind::OutputQueued.run(ports, Traffic::HotSpot { load, hot }, window, draw);
            let mean = tally.waited[0] as f64 / tally.departed[0].max(1) as f64;
            Ok(tally.sample(mean))
        },
    )
    .against(
        Relation::Equal,
        wait,
        "the same form, p being the load of that egress",
    )
    .within(plan.chance(0.04 * wait, ports))
    .settling(settling(hot_load))
    .sampled(SAMPLES, plan.slots(ports))
}

/// Nobody waits when nobody shares an egress.
fn permutation(ports: usize) -> Vec<Spec> {
    let kinds = Kind::ALL.into_iter();
    kinds
        .map(|kind| {
            Spec::new(
                GROUP,
                format!("permutation-{}-{ports}", kind.name()),
                "cells per port and slot, less the mean wait",
                format!("{}, N = {ports}, permutation, p = 1", kind.title()),
                move |draw| {
                    let traffic = Traffic::Permutation { load: 1.0 };
                    let tally = kind.run(ports, traffic, Window::of(1_000), draw);
                    Ok(tally.sample(tally.throughput - tally.mean_wait()))
                },
            )
            .against(Relation::Equal, 1.0, "no two cells meet")
        })
        .collect::<Vec<Spec>>()
}

impl crate::study::slotted::Tally {
    /// `value` as a sample, with what the rig noticed.
    pub(super) const fn sample(&self, value: f64) -> Sample {
        Sample {
            value,
            violations: self.violations,
        }
    }
}
