//! Head-of-line blocking: the saturation throughput of first-in first-out input queues.

use super::{Plan, SAMPLES};
use crate::study::exact::{self, HOL_CHAIN_PORTS};
use crate::study::input_fifo::Selection;
use crate::study::kind::Kind;
use crate::study::row::{Relation, Sample, Spec};
use crate::study::slotted::Window;
use crate::study::source::Traffic;

const GROUP: &str = "Head-of-line blocking: first-in first-out queues at the ingresses";

/// Port counts of the reference.
const PORTS: [usize; 12] = [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64];

/// Fractions and digits that the chain has to give: ports, value, half a unit of its last digit.
const KNOWN: [(usize, f64, f64); 9] = [
    (2, 3.0 / 4.0, 1e-12),
    (3, 43.0 / 63.0, 1e-12),
    (4, 325.0 / 496.0, 1e-12),
    (5, 0.639_92, 5e-6),
    (6, 0.630_15, 5e-6),
    (7, 0.623_37, 5e-6),
    (8, 0.618_39, 5e-6),
    (10, 0.611_56, 5e-6),
    (12, 0.607_10, 5e-6),
];

/// What a separate simulation gave beyond the reach of the chain, to four digits.
const SIMULATED: [(usize, f64); 1] = [(64, 0.5897)];

pub fn rows(plan: Plan) -> Vec<Spec> {
    let mut rows = Vec::new();
    for (ports, value, tolerance) in KNOWN.into_iter().filter(|known| plan.wants(known.0)) {
        let source = "exact, by an independent computation; the table of Karol, Hluchyj, Morgan 1987 is recalled, not \
                      checked, and its often copied 0.6553 for N = 4 is not the rounding of 325/496";
        let row = Spec::new(
            GROUP,
            format!("hol-chain-{ports}"),
            "Markov chain: cells per port and slot",
            format!("N = {ports}"),
            move |_| Ok(Sample::clean(exact::hol_saturation(ports))),
        );
        rows.push(
            row.against(Relation::Equal, value, source)
                .within(tolerance),
        );
    }
    for ports in plan.ports(&PORTS) {
        let chain = (ports <= HOL_CHAIN_PORTS).then(|| exact::hol_saturation(ports));
        let simulated = SIMULATED.into_iter().find(|known| known.0 == ports);
        for selection in Selection::ALL {
            let window = Window::of(plan.slots(ports));
            let row = Spec::new(
                GROUP,
                format!("hol-{}-{ports}", selection.name()),
                "saturated: cells per port and slot",
                format!("N = {ports}, {} winner", selection.name()),
                move |draw| {
                    let kind = Kind::InputFifo(selection);
                    let tally = kind.run(ports, Traffic::Saturated, window, draw);
                    Ok(tally.sample(tally.throughput))
                },
            );
            let chance = plan.chance(2.2e-3 / (ports as f64).sqrt(), ports);
            let row = match (chain, simulated) {
                (Some(chain), _) => row
                    .against(
                        Relation::Equal,
                        chain,
                        "exact: the Markov chain, which holds for any choice of the winner",
                    )
                    .within(chance),
                (None, Some((_, value))) => row
                    .against(
                        Relation::Equal,
                        value,
                        "a separate simulation, four digits; no exact value is known to us",
                    )
                    .within(5e-5 + chance),
                (None, None) => row
                    .against(
                        Relation::AtLeast,
                        exact::hol_limit(),
                        "2 - sqrt 2, the limit for many ports (Karol, Hluchyj, Morgan 1987; 58.6 % in McKeown 1999)",
                    )
                    .within(chance),
            };
            rows.push(row.sampled(SAMPLES, plan.slots(ports)));
        }
    }
    rows
}
