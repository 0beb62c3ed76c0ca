//! The product's own fabric beside the theory, through a simulation engine.

use lightswitch_hdl::config::Config;

use super::{Plan, FABRIC_SAMPLES};
use crate::study::exact;
use crate::study::fabric::{self, Demand, Outcomes};
use crate::study::packets::Forwarding;
use crate::study::row::{Relation, Sample, Spec};
use crate::study::slotted::Window;

const GROUP: &str = "The product's fabric 4x64";
/// Bytes of a beat.
const BEAT: usize = 8;
/// Cycles from the first beat in to the first beat out, idle, that the fabric is built for.
const IDLE_CYCLES: u64 = 3;
/// Cycles within which every burst of the incast rows has left, several times over.
const INCAST_CYCLES: u64 = 20_000;
/// Independent runs of a saturated fabric.
const SATURATED_SAMPLES: usize = 8;

fn config() -> Option<&'static Config> {
    Config::named("4x64")
}

impl Outcomes {
    const fn sample(&self, value: f64) -> Sample {
        Sample {
            value,
            violations: self.violations,
        }
    }
}

pub fn rows(plan: Plan) -> Vec<Spec> {
    let Some(config) = config().filter(|config| plan.wants(config.ports)) else {
        return Vec::new();
    };
    [
        carried(plan, config),
        waits(plan, config),
        passage(plan, config),
        incast(plan, config),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What it carries with a frame waiting at every ingress.
fn carried(plan: Plan, config: &'static Config) -> Vec<Spec> {
    let engine = plan.options.engine;
    // Queues fill and empty slowly, and as long as none is full no source is ever held up.
    let window = Window {
        warm_up: 2 * plan.fabric_cycles(),
        slots: 16 * plan.fabric_cycles(),
    };
    let own = "a requirement of this project, not a result of the literature";
    let row = |name: &str, demand: Demand, bytes: usize| {
        Spec::new(
            GROUP,
            format!("fabric-{name}-{bytes}"),
            "beats per egress and cycle, saturated",
            format!("{name}, {bytes} B"),
            move |draw| {
                let got = fabric::run(engine, config, demand, bytes, window, draw.traffic())?;
                Ok(got.sample(got.throughput))
            },
        )
    };
    vec![
        row("uniform", Demand::Uniform, 64)
            .against(Relation::AtLeast, 0.985, own)
            .within(plan.fabric_chance(3e-3))
            .sampled(SATURATED_SAMPLES, window.slots),
        row("uniform", Demand::Uniform, 512)
            .against(Relation::AtLeast, 0.94, own)
            .within(plan.fabric_chance(5e-3))
            .sampled(SATURATED_SAMPLES, window.slots),
        row("permutation", Demand::Permutation, 64)
            .against(
                Relation::Equal,
                1.0,
                "no two frames meet: every cycle is used",
            )
            .sampled(1, window.slots),
    ]
}

/// Frames of one beat are cells, and a fabric that never lets an egress idle delays them as output queues do.
fn waits(plan: Plan, config: &'static Config) -> Vec<Spec> {
    let engine = plan.options.engine;
    let cycles = plan.fabric_cycles();
    let window = Window::of(cycles);
    [(0.5, 0.05), (0.8, 0.08)]
        .into_iter()
        .map(|(load, chance)| {
            let wait = exact::output_queue_wait(config.ports, load);
            Spec::new(
                GROUP,
                format!("fabric-wait-{load}"),
                "mean wait beyond the idle latency, in cycles",
                format!("frames of one beat, uniform, p = {load}"),
                move |draw| {
                    let demand = Demand::Bernoulli(load);
                    let got = fabric::run(engine, config, demand, BEAT, window, draw.traffic())?;
                    Ok(got.sample(got.mean_latency - IDLE_CYCLES as f64))
                },
            )
            .against(
                Relation::Equal,
                wait,
                "(N-1)/N p/(2(1-p)), the wait in output queues",
            )
            .within(plan.fabric_chance(chance * wait))
            .sampled(FABRIC_SAMPLES, cycles)
        })
        .collect()
}

/// One frame through one fabric or several in a row.
fn passage(plan: Plan, config: &'static Config) -> Vec<Spec> {
    let engine = plan.options.engine;
    let mut rows = Vec::new();
    for (fabrics, beats) in [(1, 1), (1, 8), (1, 64), (3, 8), (3, 64)] {
        let parameters = format!("H = {fabrics}, L = {beats}, no links");
        let row = Spec::new(
            GROUP,
            format!("fabric-through-{fabrics}-{beats}"),
            "idle, cut-through: cycles from first beat offered to last beat out",
            parameters.clone(),
            move |_| {
                let cycles = fabric::chain(engine, config, Forwarding::CutThrough, fabrics, beats)?;
                Ok(Sample::clean(cycles as f64))
            },
        );
        let expected = fabrics as u64 * IDLE_CYCLES + beats as u64;
        rows.push(row.against(
            Relation::Equal,
            expected as f64,
            "H t_r + L with t_r = 3, what the fabric is built for",
        ));
        let row = Spec::new(
            GROUP,
            format!("fabric-store-less-through-{fabrics}-{beats}"),
            "idle: cycles more with store-and-forward",
            parameters,
            move |_| {
                let cycles = |forwarding| fabric::chain(engine, config, forwarding, fabrics, beats);
                let (store, through) = (
                    cycles(Forwarding::StoreAndForward)?,
                    cycles(Forwarding::CutThrough)?,
                );
                Ok(Sample::clean(store as f64 - through as f64))
            },
        );
        rows.push(row.against(
            Relation::Equal,
            (fabrics * (beats - 1)) as f64,
            "H (L-1): H L less the first beat of each fabric, which holds the header, and which cut-through waits for as well \
             (Kermani, Kleinrock 1979: a message goes on just after the reception of its header)",
        ));
    }
    rows
}

/// Every ingress sends at once to egress 0.
fn incast(plan: Plan, config: &'static Config) -> Vec<Spec> {
    let engine = plan.options.engine;
    let mut rows = Vec::new();
    // The last one fills the queues, so that sources are held up.
    for (senders, frames, beats) in [(4, 1, 8), (3, 4, 64), (4, 16, 64)] {
        let demand = Demand::Incast { senders, frames };
        let window = Window {
            warm_up: 0,
            slots: INCAST_CYCLES,
        };
        let parameters = format!("M = {senders}, B = {frames}, L = {beats}");
        let row = |figure: &str, what: &str, value: fn(&Outcomes, usize) -> f64| {
            Spec::new(
                GROUP,
                format!("fabric-incast-{figure}-{senders}-{frames}-{beats}"),
                what,
                parameters.clone(),
                move |draw| {
                    let bytes = beats * BEAT;
                    let got = fabric::run(engine, config, demand, bytes, window, draw.traffic())?;
                    let lost = (senders as u64 * frames).abs_diff(got.frames);
                    let mut sample = got.sample(value(&got, senders));
                    sample.violations += lost;
                    Ok(sample)
                },
            )
        };
        let all = senders as u64 * frames * beats as u64;
        rows.push(
            row(
                "end",
                "cycles until the last beat has left",
                |got, senders| ends(got, senders).1,
            )
            .against(
                Relation::Equal,
                (IDLE_CYCLES + all) as f64,
                "t_r + M B L, exact, by counting",
            ),
        );
        rows.push(
            row(
                "spread",
                "cycles from the first sender to be done to the last",
                |got, senders| {
                    let (first, last) = ends(got, senders);
                    last - first
                },
            )
            .against(
                Relation::Equal,
                ((senders - 1) * beats) as f64,
                "(M-1) L, exact: in the last round each sender has one frame",
            ),
        );
        if frames == 1 {
            rows.push(
                row(
                    "wait",
                    "mean wait of the frames beyond the idle latency",
                    |got, _| got.mean_latency - IDLE_CYCLES as f64,
                )
                .against(
                    Relation::Equal,
                    (beats * (senders - 1)) as f64 / 2.0,
                    "L (M-1)/2, exact, by counting",
                ),
            );
        }
    }
    rows
}

/// When the first of the senders was done, and the last.
fn ends(got: &Outcomes, senders: usize) -> (f64, f64) {
    let ends = &got.finished[..senders];
    let bounds = ends.iter().min().zip(ends.iter().max());
    bounds.map_or((0.0, 0.0), |(first, last)| (*first as f64, *last as f64))
}
