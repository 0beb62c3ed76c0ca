//! Backlogged inputs, always ready egresses: what the 4x64 fabric and switch carry then, and how long a lookup takes.
//!
//! Every source offers its next frame as soon as the one before was taken, and draws its destination then. On the
//! fabric *uniform* includes a port's own egress; the switch filters frames for the port they come from, so there it is
//! the other ports.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "tests that print rates"
)]

use std::collections::VecDeque;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::table::set_of_address;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::bench::{Bench, Planned, Scenario};
use lightswitch_sim::engine::{self, Cause, Engine, EngineKind, Pulse, Settings};
use lightswitch_sim::frame::{self, Mac, Received};
use lightswitch_sim::simulate::{self, Report};
use lightswitch_sim::traffic::{FrameSize, Pattern, Spec};
use lightswitch_sim::{Error, PortMask};

/// Cycles of a run; the first tenth is warm-up.
const CYCLES: u64 = 100_000;
/// Ports of the configuration.
const PORTS: usize = 4;

fn config() -> &'static Config {
    Config::named("4x64").unwrap()
}

fn build(top: Top) -> Box<dyn Engine> {
    engine::build_top(EngineKind::Rtl, config(), top, &Settings::default()).unwrap()
}

/// Runs backlogged traffic, lossless; nothing may be lost, corrupted or out of order.
fn saturate(top: Top, pattern: Pattern, bytes: usize) -> Report {
    let spec = Spec {
        pattern,
        load: 1.0,
        frame: FrameSize::Fixed(bytes),
        cycles: CYCLES,
        ..Spec::default()
    };
    let mut engine = build(top);
    let report = simulate::run(engine.as_mut(), config(), false, &spec, &mut |_, _| {}).unwrap();
    println!(
        "{} 4x64, {} {bytes} B, seed 1: {:.4} of {} cycles, {} frames, {:.0} cycles a CPU second",
        report.top,
        report.traffic,
        report.accepted_load,
        CYCLES - report.warm_up_cycles,
        report.delivered_frames,
        report.simulated_cycles as f64 / report.cpu_seconds,
    );
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!(report.dropped_frames, 0);
    assert_eq!(report.delivered_frames, report.sent_frames);
    assert!(report.delivered_frames > CYCLES / bytes as u64 * 8 * 3);
    assert!(report.offered_load > 0.999, "backlogged: {report:#?}");
    report
}

#[test]
fn the_fabric_carries_a_permutation_at_full_rate() {
    for top in [Top::Fabric, Top::FabricMc] {
        let report = saturate(top, Pattern::Permutation, 64);
        assert!(report.accepted_load > 0.9999, "{report:#?}");
        assert!(!report.saturated);
    }
}

#[test]
fn the_fabric_carries_uniform_short_frames() {
    let report = saturate(Top::Fabric, Pattern::Uniform, 64);
    assert!(report.accepted_load >= 0.985, "{report:#?}");
}

#[test]
fn the_fabric_carries_uniform_long_frames() {
    let report = saturate(Top::Fabric, Pattern::Uniform, 512);
    assert!(report.accepted_load >= 0.94, "{report:#?}");
}

#[test]
fn the_switch_carries_a_permutation_at_full_rate() {
    let report = saturate(Top::Switch, Pattern::Permutation, 64);
    assert!(report.accepted_load > 0.9999, "{report:#?}");
    let lookup = report.lookup_latency_cycles.unwrap();
    println!("lookup: {} to {} cycles", lookup.min, lookup.max);
    assert_eq!((lookup.min, lookup.max), (3, 3));
}

#[test]
fn the_switch_carries_uniform_frames() {
    for (bytes, least) in [(64, 0.985), (512, 0.94)] {
        let report = saturate(Top::Switch, Pattern::Uniform, bytes);
        assert!(report.accepted_load >= least, "{report:#?}");
        assert_eq!(report.causes["learn_missed"], 0);
    }
}

/// Frames of 64 bytes, back to back from every port to the next one.
#[derive(Default)]
struct Strangers {
    phase: Phase,
    /// Whom the frames of each port came from, or are still to go to.
    heard: [Vec<Mac>; PORTS],
    /// Next number of a stranger, per port.
    number: [u32; PORTS],
    /// Cycles in which the frames entered that have not been looked up yet.
    entered: [VecDeque<u64>; PORTS],
    lookups: u64,
    longest_lookup: u64,
    /// Frames that left, per egress.
    left: [u64; PORTS],
}

#[derive(Clone, Copy, Default)]
enum Phase {
    /// The station behind each port says who it is.
    #[default]
    Introduce,
    /// Stations that were never heard before send to those.
    Strangers,
    /// Those send to the ones in `heard`.
    Reply,
    Silence,
}

/// The set of the address table.
fn set(address: Mac) -> usize {
    set_of_address(address.0, config().table_w)
}

impl Strangers {
    /// A station that pushes none of those behind the ports out of the table.
    fn next_stranger(&mut self, port: usize) -> Mac {
        loop {
            let [_, a, b, c] = self.number[port].to_be_bytes();
            self.number[port] += 1;
            let address = Mac([0x06, port as u8, a, b, c, 0x5a]);
            if (0..PORTS).all(|port| set(Mac::of_port(port)) != set(address)) {
                return address;
            }
        }
    }

    /// Keeps of those heard last the ones that share their set with no other.
    fn keep_the_memorable(&mut self) {
        for heard in &mut self.heard {
            heard.drain(..heard.len() - 16);
        }
        let sets: Vec<usize> = self.heard.iter().flatten().copied().map(set).collect();
        for heard in &mut self.heard {
            heard.retain(|address| sets.iter().filter(|one| **one == set(*address)).count() == 1);
        }
    }
}

impl Scenario for Strangers {
    fn next_frame(&mut self, ingress: usize, cycle: u64) -> Option<Planned> {
        let (to, from) = match self.phase {
            Phase::Introduce => (Mac::BROADCAST, Mac::of_port(ingress)),
            Phase::Strangers => {
                let stranger = self.next_stranger(ingress);
                self.heard[ingress].push(stranger);
                (Mac::of_port((ingress + 1) % PORTS), stranger)
            }
            Phase::Reply => {
                let to = self.heard[(ingress + 1) % PORTS].pop()?;
                (to, Mac::of_port(ingress))
            }
            Phase::Silence => return None,
        };
        let mut bytes = [&to.0[..], &from.0[..], &[0x88, 0xb5]].concat();
        bytes.resize(frame::MIN_FRAME_BYTES - frame::FCS_BYTES, 0);
        let fcs = frame::fcs(&bytes);
        bytes.extend(fcs);
        Some(Planned {
            id: 0,
            start: cycle,
            bytes,
            poisoned: false,
            dest: PortMask::NONE,
        })
    }

    fn begun(&mut self, _ingress: usize, _id: u64, _cycle: u64) {}

    fn entered(&mut self, ingress: usize, cycle: u64) {
        self.entered[ingress].push_back(cycle);
    }

    fn counted(&mut self, pulse: &Pulse, cycle: u64) {
        if pulse.cause == Cause::Accepted {
            let entered = self.entered[pulse.ingress].pop_front().unwrap();
            let cycles = cycle - simulate::ACCEPTED_AFTER_CYCLES - entered;
            self.longest_lookup = self.longest_lookup.max(cycles);
            self.lookups += 1;
        }
    }

    fn ended(&mut self, _ingress: usize, _id: u64, _cycle: u64) {}

    fn received(&mut self, egress: usize, received: &Received) -> Result<(), Error> {
        assert!(!received.poisoned && received.well_formed);
        self.left[egress] += 1;
        Ok(())
    }
}

#[test]
fn the_switch_looks_up_and_learns_for_every_back_to_back_frame() {
    let mut engine = build(Top::Switch);
    let mut bench = Bench::new(engine.as_ref());
    let mut strangers = Strangers::default();
    let mut run = |strangers: &mut Strangers, phase: Phase, cycles: u64| {
        strangers.phase = phase;
        for _ in 0..cycles {
            bench.step(engine.as_mut(), strangers).unwrap();
        }
        (bench.counts.clone(), bench.given_beats.iter().sum::<u64>())
    };
    run(&mut strangers, Phase::Introduce, 8);
    let (before, beats_before) = run(&mut strangers, Phase::Silence, 200);
    assert_eq!(before.total(Cause::Flooded), strangers.lookups);
    (strangers.lookups, strangers.longest_lookup) = (0, 0);

    run(&mut strangers, Phase::Strangers, CYCLES);
    let (after, beats) = run(&mut strangers, Phase::Silence, 200);
    let frames: u64 = strangers.heard.iter().map(|heard| heard.len() as u64).sum();
    let missed = after.total(Cause::LearnMissed);
    println!(
        "switch 4x64, every port: {:.4} beats a cycle, {} lookups, worst {} cycles, {frames} learns, {missed} missed",
        (beats - beats_before) as f64 / (CYCLES * PORTS as u64) as f64,
        strangers.lookups,
        strangers.longest_lookup,
    );
    assert_eq!(frames, CYCLES / 8 * PORTS as u64, "no source ever waits");
    assert_eq!(beats - beats_before, 8 * frames);
    assert_eq!(after.total(Cause::Flooded), before.total(Cause::Flooded));
    assert_eq!((strangers.lookups, strangers.longest_lookup), (frames, 3));
    assert_eq!(missed, 0);

    // Whom the switch heard last it knows: nothing is flooded on the way back.
    strangers.keep_the_memorable();
    let replies: u64 = strangers.heard.iter().map(|heard| heard.len() as u64).sum();
    assert!(replies > 40, "{replies} replies");
    strangers.left = [0; PORTS];
    run(&mut strangers, Phase::Reply, 1_000);
    let (at_the_end, _) = run(&mut strangers, Phase::Silence, 200);
    assert_eq!(
        at_the_end.total(Cause::Flooded),
        before.total(Cause::Flooded)
    );
    assert_eq!(strangers.left.iter().sum::<u64>(), replies);
}
