//! Cut-through against store-and-forward: the difference is H L cycles for H switches and packets of L words.

use super::Plan;
use crate::study::hops::Path;
use crate::study::packets::{self, Forwarding, PacketSource, PacketSwitch, Passage};
use crate::study::row::{Draw, Relation, Sample, Spec};

const GROUP: &str = "Cut-through and store-and-forward";
const WORDS: usize = 8;

pub fn rows(plan: Plan) -> Vec<Spec> {
    let mut rows = Vec::new();
    for (switches, words) in [(1, 8), (3, 8), (5, 190)] {
        let path = Path {
            switches,
            switch_cycles: 3,
            link_cycles: 10,
            words,
        };
        let parameters = format!("H = {switches}, L = {words}, t_r = 3, t_l = 10");
        let through = switches * 3 + (switches + 1) * 10 + words;
        for (name, forwarding, expected, source) in [
            (
                "through",
                Forwarding::CutThrough,
                through,
                "H t_r + (H+1) t_l + L",
            ),
            (
                "store",
                Forwarding::StoreAndForward,
                through + switches * words,
                "H (t_r + L) + (H+1) t_l + L; that one grows with the product and the other with the sum: discussion of a lecture on \
                 interconnects, CMU 15-418, 2016",
            ),
        ] {
            let row = Spec::new(
                GROUP,
                format!("path-{name}-{switches}-{words}"),
                "no load: cycles from first word in to last word out",
                format!("{}, {parameters}", forwarding.name()),
                move |_| Ok(Sample::clean(path.cycles(forwarding) as f64)),
            );
            rows.push(row.against(Relation::Equal, expected as f64, source));
        }
    }
    for ports in plan.ports(&[16, 64]) {
        for load in [0.1, 0.5, 0.9] {
            rows.push(difference(plan, ports, load));
        }
    }
    rows
}

/// The same packets through both, until all have left.
fn difference(plan: Plan, ports: usize, load: f64) -> Spec {
    let cycles = plan.slots(ports) / 8;
    let pass = move |forwarding: Forwarding, draw: &Draw| -> Passage {
        let mut source = PacketSource::new(ports, WORDS, load, draw.traffic());
        let mut switch = PacketSwitch::new(ports, WORDS, forwarding);
        packets::pass(&mut switch, cycles, |now, arrivals| {
            source.cycle(now, arrivals);
        })
    };
    Spec::new(
        GROUP,
        format!("store-less-through-{ports}-{load}"),
        "difference of the mean latencies in cycles",
        format!("one switch, N = {ports}, L = {WORDS}, uniform, load {load}"),
        move |draw| {
            let through = pass(Forwarding::CutThrough, draw);
            let store = pass(Forwarding::StoreAndForward, draw);
            let violations = through.violations
                + store.violations
                + through.packets.abs_diff(store.packets)
                + u64::from(through.packets == 0);
            let difference = store.waited as f64 - through.waited as f64;
            Ok(Sample {
                value: difference / through.packets.max(1) as f64,
                violations,
            })
        },
    )
    .against(
        Relation::Equal,
        WORDS as f64,
        "H L, exact for one switch that sees the same packets in both cases",
    )
    .sampled(1, cycles)
}
