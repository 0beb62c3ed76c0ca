//! Incast: M senders, each B packets of L words at once, all to one egress, to the cycle.

use super::Plan;
use crate::study::kind::Kind;
use crate::study::packets::{self, Forwarding, PacketSwitch, Passage};
use crate::study::row::{Relation, Sample, Spec};
use crate::study::slotted::Window;
use crate::study::source::Traffic;

const GROUP: &str = "Incast";

pub fn rows(plan: Plan) -> Vec<Spec> {
    let mut rows = Vec::new();
    for ports in plan.ports(&[16]) {
        rows.extend(Kind::ALL.into_iter().map(|kind| slots(kind, ports)));
    }
    for (senders, packets, words) in [(4, 1, 8), (15, 1, 8), (7, 20, 64), (63, 10, 3)] {
        let case = Case {
            senders,
            packets,
            words,
        };
        rows.extend(case.rows());
    }
    rows
}

/// Cells: the egress is busy until the last one has left, whatever the switch.
fn slots(kind: Kind, ports: usize) -> Spec {
    let (senders, cells) = (ports - 1, 10);
    let all = senders as u64 * cells;
    Spec::new(
        GROUP,
        format!("incast-{}-{ports}", kind.name()),
        "slots until the last cell has left",
        format!("{}, M = {senders}, B = {cells}, L = 1", kind.title()),
        move |draw| {
            let window = Window {
                warm_up: 0,
                slots: 2 * all + 1,
            };
            let outcome = kind.run(ports, Traffic::Incast { senders, cells }, window, draw);
            let last = outcome
                .last_departure
                .iter()
                .max()
                .copied()
                .unwrap_or_default();
            let missing = all.abs_diff(outcome.departed[0]);
            Ok(Sample {
                value: last as f64 + 1.0,
                violations: outcome.violations + missing,
            })
        },
    )
    .against(Relation::Equal, all as f64, "M B, exact, by counting")
}

/// Packets through a switch that cuts through.
#[derive(Clone, Copy)]
struct Case {
    senders: usize,
    packets: u64,
    words: u64,
}

impl Case {
    fn pass(self) -> Passage {
        let ports = self.senders + 1;
        let mut switch = PacketSwitch::new(ports, self.words as usize, Forwarding::CutThrough);
        let arrive = packets::incast(self.senders, self.words);
        let mut passage = packets::pass(&mut switch, self.packets * self.words, arrive);
        passage.finished.truncate(self.senders);
        passage.finished.sort_unstable();
        passage
    }

    fn row(
        self,
        figure: &str,
        what: &str,
        reference: u64,
        source: &str,
        value: fn(&Passage) -> f64,
    ) -> Spec {
        let Self {
            senders,
            packets,
            words,
        } = self;
        Spec::new(
            GROUP,
            format!("incast-{figure}-{senders}-{packets}-{words}"),
            what,
            format!("M = {senders}, B = {packets}, L = {words}"),
            move |_| {
                let passage = self.pass();
                Ok(Sample {
                    value: value(&passage),
                    violations: passage.violations,
                })
            },
        )
        .against(Relation::Equal, reference as f64, source)
    }

    fn rows(self) -> Vec<Spec> {
        let (senders, words) = (self.senders as u64, self.words);
        let burst = self.packets * words;
        let last = |passage: &Passage| passage.finished.last().map_or(0.0, |last| *last as f64);
        let mut rows = vec![
            self.row(
                "end",
                "cycles until the last word has left",
                senders * burst,
                "M B L, exact, by counting",
                last,
            ),
            self.row(
                "backlog",
                "words inside when the burst ends",
                (senders - 1) * burst,
                "(M-1) B L, exact, by counting",
                |passage| passage.backlog as f64,
            ),
            self.row(
                "spread",
                "cycles from the first sender to be done to the last",
                (senders - 1) * words,
                "(M-1) L, exact: in the last round each sender has one packet, and they leave one after the other",
                |passage| {
                    let ends = passage.finished.first().zip(passage.finished.last());
                    ends.map_or(0.0, |(first, last)| (last - first) as f64)
                },
            ),
        ];
        if self.packets == 1 {
            let mut wait = self.row(
                "wait",
                "mean wait of the packets in cycles",
                0,
                "L (M-1)/2, exact, by counting",
                |passage| passage.waited as f64 / passage.packets as f64,
            );
            wait.row.reference = (words * (senders - 1)) as f64 / 2.0;
            rows.push(wait);
        }
        rows
    }
}
