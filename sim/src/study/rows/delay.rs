//! Mean waits under uniform traffic at 16 ports, below saturation, against a separate simulation.

use super::{Plan, SAMPLES};
use crate::study::input_fifo::Selection;
use crate::study::kind::Kind;
use crate::study::row::{Relation, Spec};
use crate::study::slotted::Window;
use crate::study::source::Traffic;

const GROUP: &str = "Delay under uniform traffic, against other simulations";

/// Load, and mean waits of iSLIP with 1, 2 and 4 iterations and of PIM with 1 and 4; 0 where PIM saturates.
const CURVES: [(f64, [f64; 5]); 8] = [
    (0.1, [0.058, 0.057, 0.057, 0.058, 0.057]),
    (0.3, [0.302, 0.261, 0.261, 0.300, 0.260]),
    (0.5, [1.304, 0.719, 0.718, 1.345, 0.711]),
    (0.6, [4.47, 1.179, 1.170, 5.78, 1.154]),
    (0.7, [21.2, 2.064, 1.986, 0.0, 1.956]),
    (0.8, [44.6, 4.595, 3.761, 0.0, 3.718]),
    (0.9, [114.0, 24.3, 9.76, 0.0, 9.64]),
    (0.95, [265.0, 54.4, 24.6, 0.0, 23.6]),
];
const KINDS: [Kind; 5] = [
    Kind::Islip(1),
    Kind::Islip(2),
    Kind::Islip(4),
    Kind::Pim(1),
    Kind::Pim(4),
];
const PORTS: usize = 16;

/// Slots until a switch has settled, in mean waits.
const SETTLING_WAITS: f64 = 50.0;

const SIMULATED: &str =
    "a separate simulation of 4 million slots (PIM 1 million); no closed form; that one agrees with BookSim2 to 2 % at loads 0.5 \
     and 0.9. McKeown 1999, figure 17, shows such curves for iSLIP";
const FIFO_SIMULATED: &str =
    "a separate simulation, three digits; the formula of Karol, Hluchyj, Morgan 1987, as recalled, gives 2.00 for many ports, but \
     the wait depends on who wins";

/// Switches that carry a load of 0.9.
const ACCEPTING: [Kind; 4] = [
    Kind::CrosspointQueued,
    Kind::OutputQueued,
    Kind::Islip(1),
    Kind::Pim(4),
];

/// Mean waits of first-in first-out queues at 64 ports and half load, by the winner.
const FIFO: [(Selection, f64); 2] = [(Selection::Random, 2.24), (Selection::Oldest, 1.81)];
const FIFO_PORTS: usize = 64;

/// The mean wait of `kind`.
fn wait(plan: Plan, kind: Kind, ports: usize, load: f64) -> Spec {
    let window = Window::of(plan.slots(ports));
    Spec::new(
        GROUP,
        format!("delay-{}-{ports}-{load}", kind.name()),
        "mean wait in slots",
        format!("{}, N = {ports}, uniform, p = {load}", kind.title()),
        move |draw| {
            let tally = kind.run(ports, Traffic::Uniform { load }, window, draw);
            Ok(tally.sample(tally.mean_wait()))
        },
    )
    .sampled(SAMPLES, window.slots)
}

pub fn rows(plan: Plan) -> Vec<Spec> {
    let mut rows = Vec::new();
    for (load, waits) in CURVES.into_iter().filter(|_| plan.wants(PORTS)) {
        for (kind, expected) in KINDS.into_iter().zip(waits) {
            if expected == 0.0 {
                continue;
            }
            // Rounding of the reference, its own chance, and that of this run.
            let chance = if expected > 10.0 { 0.03 } else { 0.01 };
            let tolerance = 5e-4 + 0.01 * expected + plan.chance(chance * expected, PORTS);
            rows.push(
                wait(plan, kind, PORTS, load)
                    .against(Relation::Equal, expected, SIMULATED)
                    .within(tolerance)
                    .settling(SETTLING_WAITS * expected),
            );
        }
    }
    for (selection, expected) in FIFO.into_iter().filter(|_| plan.wants(FIFO_PORTS)) {
        rows.push(
            wait(plan, Kind::InputFifo(selection), FIFO_PORTS, 0.5)
                .against(Relation::Equal, expected, FIFO_SIMULATED)
                .within(5e-3 + plan.chance(0.015, FIFO_PORTS)),
        );
    }
    for ports in plan.ports(&[PORTS]) {
        rows.extend(ACCEPTING.map(|kind| accepted(plan, kind, ports)));
    }
    rows
}

/// What enters leaves, below saturation.
fn accepted(plan: Plan, kind: Kind, ports: usize) -> Spec {
    let load = 0.9;
    let window = Window::of(plan.slots(ports));
    Spec::new(
        GROUP,
        format!("accepted-{}-{ports}", kind.name()),
        "accepted load over offered load",
        format!("{}, N = {ports}, uniform, p = {load}", kind.title()),
        move |draw| {
            let tally = kind.run(ports, Traffic::Uniform { load }, window, draw);
            Ok(tally.sample(tally.throughput / tally.offered))
        },
    )
    .against(Relation::Equal, 1.0, "what enters leaves, below saturation")
    .within(plan.chance(2e-4, ports))
    // iSLIP of one iteration takes longest, and more so with more ports.
    .settling(SETTLING_WAITS * 7.0 * ports as f64)
    .sampled(SAMPLES, window.slots)
}
