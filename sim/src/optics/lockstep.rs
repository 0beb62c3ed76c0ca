//! Lockstep of a link: both ends on several engines, the same inputs to each, every output compared in every cycle.
//!
//! ```text
//!            ┌─► engines of end 0 ─┐ fiber ┌─► engines of end 1 ─┐
//!  frames ───┤                     ├──◄──►─┤                     ├─── frames
//!            └─► the same? ◄───────┘       └─► the same? ◄───────┘
//! ```
//!
//! The first engine's outputs go around. What happens is drawn from a seed: frames of all lengths, poisoned and malformed ones, clients
//! that are not ready, lanes that are lost, slip, are swapped, inverted or late, bit errors, broken drivers, resets of one end.

use std::collections::BTreeMap;

use lightswitch_hdl::link::LinkConfig;

use super::{Faults, Fiber, FiberIn, LinkEngine, LinkIn, LinkOut, PULSES};
use crate::beat::Beat;
use crate::rng::Rng;
use crate::Error;

/// Bits of a fiber lane's delay.
const DELAY_W: usize = 5;
/// Cycles between two calls of the progress callback.
const PROGRESS_CYCLES: u64 = 1_024;

/// The engines of one end, the first one the one that says what goes around.
pub type End = Vec<Box<dyn LinkEngine>>;

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkLockstep {
    /// Cycles that were run.
    pub cycles: u64,
    /// The first difference, in words.
    pub mismatch: Option<String>,
    /// How often each counter pulse was high, at both ends.
    pub pulses: BTreeMap<&'static str, u64>,
    /// Cycles in which both ends were up.
    pub up_cycles: u64,
}

/// What one end's client does.
struct Client {
    rng: Rng,
    offered: Option<Beat>,
    /// Beats that are left of the frame.
    left: u32,
    /// Beats that are not offered.
    pause: u32,
    /// Of 64 cycles, those in which it takes nothing.
    refuses: u32,
    beat_bytes: usize,
}

impl Client {
    fn new(seed: u64, stream: usize, beat_bytes: usize) -> Self {
        Self {
            rng: Rng::new(seed, stream),
            offered: None,
            left: 0,
            pause: 0,
            refuses: 0,
            beat_bytes,
        }
    }

    /// What it offers in this cycle, and whether it takes what it is offered.
    fn drive(&mut self) -> (Option<Beat>, bool) {
        let rng = &mut self.rng;
        if rng.below(512) == 0 {
            self.refuses = [0, 0, 0, 8, 60][rng.below(5) as usize];
        }
        let takes = rng.below(64) >= self.refuses;
        if self.pause > 0 {
            self.pause -= 1;
            return (None, takes);
        }
        if self.offered.is_some() {
            return (self.offered, takes);
        }
        if self.left == 0 {
            let longest = (1_600 / self.beat_bytes) as u32;
            self.left = match rng.below(8) {
                0 => 1 + rng.below(8),
                1 => 1 + rng.below(longest),
                _ => (64 / self.beat_bytes) as u32 + rng.below(8),
            };
            self.pause = match rng.below(16) {
                0 => rng.below(400),
                1..=5 => rng.below(8),
                _ => 0,
            };
        }
        self.left -= 1;
        let last = self.left == 0;
        let length = if last {
            1 + rng.below(self.beat_bytes as u32) as usize
        } else {
            self.beat_bytes
        };
        let bytes: Vec<u8> = (0..length).map(|_| rng.below(256) as u8).collect();
        let mut beat = Beat::new(&bytes, last, last && rng.below(16) == 0);
        if rng.below(2_048) == 0 {
            beat.keep &= rng.below(256) as u8;
        }
        if rng.below(256) == 0 {
            self.pause = rng.below(30);
        }
        self.offered = Some(beat);
        (if self.pause > 0 { None } else { self.offered }, takes)
    }
}

/// What happens to one way's fiber.
struct Weather {
    rng: Rng,
    faults: Faults,
    /// Cycles until it changes.
    left: u32,
    lanes: u32,
}

impl Weather {
    /// What goes wrong in this cycle; a spell of something, then a spell of nothing.
    fn blow(&mut self, period: u32) -> &Faults {
        let rng = &mut self.rng;
        self.faults.slip = 0;
        self.faults.error = 0;
        if self.left == 0 {
            let was_calm = self.faults == Faults::default();
            self.faults = Faults::default();
            self.left = period * (2 + rng.below(8));
            if was_calm {
                let lane = rng.below(self.lanes);
                let bit = 1 << lane;
                match rng.below(12) {
                    0 | 1 => self.faults.loss = bit,
                    2 => self.faults.loss = rng.below(1 << self.lanes) as u16,
                    3 => self.faults.unlock = bit,
                    4 => self.faults.driver = bit,
                    5 => self.faults.stuck_0 = bit,
                    6 => self.faults.stuck_1 = bit,
                    7 => self.faults.invert = rng.below(1 << self.lanes) as u16,
                    8 => self.faults.swap[lane as usize] = rng.below(self.lanes) as u8,
                    9 => self.faults.delays[lane as usize] = rng.below(1 << DELAY_W) as u16,
                    10 => self.faults.slip = bit,
                    _ => self.faults.error_mask = (1 << rng.below(8)) - 1,
                }
            }
        }
        self.left -= 1;
        if rng.below(4_096) == 0 {
            self.faults.error = 1 << rng.below(self.lanes);
        }
        &self.faults
    }
}

/// Runs both `ends` of a link for `cycles` on what `seed` draws, or until engines differ. `progress` hears cycles done and to do.
///
/// # Errors
/// [`Error::Engine`] from an engine.
///
/// # Panics
/// If an end has no engine.
pub fn run(
    link: &LinkConfig,
    ends: &mut [End; 2],
    cycles: u64,
    seed: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<LinkLockstep, Error> {
    let mut report = LinkLockstep {
        pulses: PULSES.iter().map(|pulse| (*pulse, 0)).collect(),
        ..LinkLockstep::default()
    };
    let mut counts = [0; PULSES.len()];
    let mut clients = [0, 1].map(|end| Client::new(seed, end, link.data_w() / 8));
    let mut fibers = [1, 2].map(|number| Fiber::new(link, DELAY_W, number));
    let mut weather = [2, 3].map(|stream| Weather {
        rng: Rng::new(seed, stream),
        faults: Faults::default(),
        // Time to come up first.
        left: 16 * link.marker_cycles() as u32,
        lanes: link.physical() as u32,
    });
    let mut rng = Rng::new(seed, 4);
    for cycle in 0..cycles {
        if cycle % PROGRESS_CYCLES == 0 {
            progress(cycle, cycles);
        }
        let outputs = ends.each_ref().map(|engines| *engines[0].outputs());
        report.cycles = cycle + 1;
        report.mismatch = first_difference(cycle, ends);
        if report.mismatch.is_some() {
            break;
        }
        report.up_cycles += u64::from(outputs.iter().all(|end| end.status.up));
        let arriving = fibers.each_ref().map(|fiber| *fiber.outputs());
        let reset = [0, 1].map(|_| cycle == 0 || rng.below(100_000) == 0);
        let faults = weather
            .each_mut()
            .map(|way| *way.blow(link.marker_cycles() as u32));
        for (way, fiber) in fibers.iter_mut().enumerate() {
            fiber.cycle(&FiberIn {
                reset: cycle == 0,
                tx: outputs[way].lanes,
                rx_bitslip: outputs[1 - way].bitslip,
                rx_reset_req: outputs[1 - way].reset_req,
                faults: faults[way],
            });
        }
        for (end, engines) in ends.iter_mut().enumerate() {
            let client = &mut clients[end];
            let (tx, rx_ready) = client.drive();
            let inputs = LinkIn {
                reset: reset[end],
                tx,
                rx_ready,
                engine_ready: arriving[end].tx_ready,
                tx_fault: faults[end].driver,
                rx: arriving[1 - end].rx,
                rx_los: arriving[1 - end].rx_los,
                rx_lol: arriving[1 - end].rx_lol,
            };
            for engine in engines.iter_mut() {
                engine.cycle(&inputs)?;
            }
            let mut bits = outputs[end].pulses.bits;
            while bits != 0 {
                counts[bits.trailing_zeros() as usize] += 1;
                bits &= bits - 1;
            }
            if tx.is_some() && outputs[end].tx_ready && !reset[end] {
                client.offered = None;
            }
        }
    }
    progress(report.cycles, cycles);
    report.pulses = PULSES.iter().copied().zip(counts).collect();
    Ok(report)
}

/// Where the engines of an end differ, in words.
fn first_difference(cycle: u64, ends: &[End; 2]) -> Option<String> {
    for (end, engines) in ends.iter().enumerate() {
        let (first, others) = engines.split_first().expect("an engine to compare with");
        let Some(other) = others
            .iter()
            .find(|other| other.outputs() != first.outputs())
        else {
            continue;
        };
        return Some(format!(
            "cycle {cycle}, end {end}: {}",
            differing_fields(first.name(), first.outputs(), other.name(), other.outputs())
        ));
    }
    None
}

/// The fields of two outputs that differ.
fn differing_fields(one: &str, first: &LinkOut, other: &str, second: &LinkOut) -> String {
    let fields = |outputs: &LinkOut| {
        let text = format!("{outputs:#?}");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (first, second) = (fields(first), fields(second));
    let pairs = first.iter().zip(&second).filter(|(a, b)| a != b);
    let differing: Vec<String> = pairs
        .map(|(a, b)| format!("`{}` in {one}, `{}` in {other}", a.trim(), b.trim()))
        .collect();
    differing.join("; ")
}
