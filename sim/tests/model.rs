//! The `model` engine against the `rtl` engine: every output pin in every cycle, for every top of every configuration,
//! over {uniform, permutation, hot spot, bursty, malformed} x {no gaps, gaps} x {no back-pressure, back-pressure} x
//! {lossless, lossy}, with resets in the middle of frames.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "figures, to read with --nocapture; a failing test may panic"
)]

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::Random;
use lightswitch_hdl::tops::{on_large_stack, Top};
use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::{Engine, Outcome, Settings, TableOp, TableRequest};
use lightswitch_sim::frame::Mac;
use lightswitch_sim::{model, pins, rtl};

use self::source::{Maker, Mood, Pattern, Source};

/// What the sources of the lockstep tests hand over.
mod dut {
    use super::Beat;

    #[derive(Clone, Copy, Debug)]
    pub struct Offer {
        pub beat: Beat,
        pub dest: u64,
    }

    #[derive(Clone, Copy, Debug)]
    pub struct Request {
        pub op: u64,
        pub address: [u32; 2],
        pub mask: u64,
    }
}

#[path = "lockstep/source.rs"]
mod source;

const PHASES: usize = 40;
const SEED: u64 = 1;

/// One phase of a run.
struct Phase {
    number: usize,
    mood: Mood,
    has_back_pressure: bool,
    is_lossy: bool,
}

impl Phase {
    fn of(number: usize) -> Self {
        Self {
            number,
            mood: Mood {
                pattern: Pattern::ALL[number / 4 % Pattern::ALL.len()],
                gaps: number / 2 % 2 == 1,
                era: (number / 4) as u8,
            },
            has_back_pressure: number % 2 == 1,
            is_lossy: number >= PHASES / 2,
        }
    }

    /// Begins with a reset, in the middle of what went on before. The long stretch between is for addresses to age.
    fn has_reset(&self) -> bool {
        [0, 2, 5, 9, 14, 38, 39].contains(&self.number)
    }
}

/// Both engines, and what drives them.
struct Rig {
    rtl: Box<dyn Engine>,
    model: Box<dyn Engine>,
    outcomes: [Outcome; 2],
    pins: Vec<pins::Pin>,
    maker: Maker,
    random: Random,
    sources: Vec<Source>,
    /// Cycles for which an egress still refuses.
    stall: Vec<u32>,
    request: Option<TableRequest>,
    settings: Settings,
    cycle: u64,
    /// Whether each pin was ever high.
    seen: Vec<u64>,
    resets_in_frames: u32,
}

impl Rig {
    fn new(config: &'static Config, top: Top) -> Self {
        let settings = Settings {
            gap_limit: 0,
            ..Settings::default()
        };
        let mut rtl = rtl::build(config, top, &settings).unwrap();
        let mut model = model::build(config, top, &settings).unwrap();
        rtl.tap(true);
        model.tap(true);
        let pins = pins::outputs(config, top);
        Self {
            rtl,
            model,
            outcomes: std::array::from_fn(|_| Outcome::new(config.ports)),
            seen: vec![0; pins.len()],
            pins,
            maker: Maker::new(config, top),
            random: Random::new(SEED),
            sources: vec![Source::default(); config.ports],
            stall: vec![0; config.ports],
            request: None,
            settings,
            cycle: 0,
            resets_in_frames: 0,
        }
    }

    fn run(&mut self, phase: &Phase, cycles: usize) {
        let ports = self.maker.config.ports;
        self.settings.lossy = phase.is_lossy;
        self.settings.gap_limit = if phase.mood.gaps {
            3 + self.random.below(8) as u16
        } else {
            0
        };
        // Shorter than is legal in a large table, so that addresses age within a test.
        self.settings.ageing_period = if phase.is_lossy { 150 } else { 0 };
        for cycle in 0..cycles {
            // Pairs change between storing and cutting through in the middle of frames.
            if !phase.number.is_multiple_of(3) && cycle.is_multiple_of(40) {
                self.settings.store_and_forward =
                    (0..ports).map(|_| self.random.bits(ports)).collect();
            }
            let reset = phase.has_reset() && cycle < 2;
            if reset {
                self.resets_in_frames += u32::from(self.sources.iter().any(Source::is_in_frame));
                self.sources.fill(Source::default());
                self.request = None;
            }
            self.step(phase, reset);
        }
    }

    fn step(&mut self, phase: &Phase, reset: bool) {
        let random = &mut self.random;
        let offered: Vec<Option<Beat>> = (self.sources.iter_mut().enumerate())
            .map(|(port, source)| source.offer(random, &self.maker, phase.mood, port))
            .map(|offer| {
                offer.map(|offer| Beat {
                    dest: offer.dest,
                    ..offer.beat
                })
            })
            .collect();
        for (port, stall) in self.stall.iter_mut().enumerate() {
            // A hot spot that does not move fills its queues.
            let is_hot = port == 0 && phase.mood.pattern == Pattern::HotSpot;
            if !phase.has_back_pressure {
                *stall = 0;
            } else if *stall > 0 {
                *stall -= 1;
            } else if random.one_in(if is_hot { 2 } else { 12 }) {
                *stall = if is_hot { 300 } else { 1 + random.below(12) };
            }
        }
        let ready: Vec<bool> = self.stall.iter().map(|stall| *stall == 0).collect();
        if self.maker.top == Top::Switch && self.request.is_none() && random.one_in(12) {
            self.request = Some(request(self.maker.request(random, phase.mood.era)));
        }
        for (engine, outcome) in [&mut self.rtl, &mut self.model]
            .into_iter()
            .zip(&mut self.outcomes)
        {
            engine.configure(&self.settings).unwrap();
            engine.set_reset(reset);
            engine.request(self.request);
            engine.cycle(&offered, &ready, outcome).unwrap();
        }
        self.compare(phase);
        for (port, source) in self.sources.iter_mut().enumerate() {
            if offered[port].is_some() && self.outcomes[0].ingress_ready[port] {
                source.taken(&mut self.random, phase.mood);
            }
        }
        let is_ready = |pin: &pins::Pin| pin.name == "table_ready";
        if let Some(place) = self.pins.iter().position(is_ready) {
            if self.rtl.pins()[place] == 1 {
                self.request = None;
            }
        }
        self.cycle += 1;
    }

    fn compare(&mut self, phase: &Phase) {
        let (rtl, model) = (self.rtl.pins(), self.model.pins());
        assert_eq!(rtl.len(), self.pins.len());
        assert_eq!(model.len(), self.pins.len());
        for (place, (pin, (rtl, model))) in self.pins.iter().zip(rtl.iter().zip(model)).enumerate()
        {
            self.seen[place] |= rtl;
            assert!(
                rtl == model,
                "cycle {}, phase {}, {:?}: {} row {:?} is {rtl:#x} in rtl, {model:#x} in model",
                self.cycle,
                phase.number,
                phase.mood,
                pin.name,
                pin.row
            );
        }
        let [rtl, model] = &self.outcomes;
        assert_eq!(
            rtl.ingress_ready, model.ingress_ready,
            "cycle {}",
            self.cycle
        );
        assert_eq!(rtl.egress, model.egress, "cycle {}", self.cycle);
        let count = |outcome: &Outcome| outcome.pulses.len();
        assert_eq!(count(rtl), count(model), "cycle {}", self.cycle);
    }
}

fn request(request: dut::Request) -> TableRequest {
    let [low, high] = request.address.map(u32::to_le_bytes);
    TableRequest {
        op: [
            TableOp::Read,
            TableOp::WriteStatic,
            TableOp::Delete,
            TableOp::Flush,
        ][request.op as usize],
        address: Mac([low[0], low[1], low[2], low[3], high[0], high[1]]),
        mask: request.mask,
    }
}

/// Runs every top of a configuration, `cycles` a phase.
fn same(name: &'static str, cycles: usize) {
    println!("seed {SEED}");
    let config = Config::named(name).unwrap();
    for top in Top::ALL {
        on_large_stack(move || {
            let mut rig = Rig::new(config, top);
            for number in 0..PHASES {
                rig.run(&Phase::of(number), cycles);
            }
            println!("{name} {}: {} cycles", top.name(), rig.cycle);
            let hits = rig.resets_in_frames;
            assert!(hits > 3, "{hits} resets in the middle of a frame");
            let never: Vec<&str> = (rig.pins.iter().zip(&rig.seen))
                .filter(|(pin, seen)| **seen == 0 && pin.row.is_none())
                .map(|(pin, _)| pin.name.as_str())
                // The small table has cleared itself before a second frame has ended.
                .filter(|name| config.table_w > 5 || *name != "stat_learn_missed")
                .collect();
            assert!(never.is_empty(), "never high: {}", never.join(", "));
        });
    }
}

#[test]
fn model_is_rtl_at_2x32() {
    same("2x32", 600);
}

#[test]
fn model_is_rtl_at_4x64() {
    same("4x64", 600);
}

#[test]
fn model_is_rtl_at_4x64_jumbo() {
    same("4x64-jumbo", 1_400);
}

#[test]
fn model_is_rtl_at_8x64() {
    same("8x64", 500);
}

#[test]
fn model_is_rtl_at_16x64() {
    same("16x64", 300);
}
