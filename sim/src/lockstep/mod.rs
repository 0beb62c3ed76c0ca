//! Lockstep: engines side by side on the same stimulus, every output pin compared in every cycle.
//!
//! ```text
//!              ┌─► engine ─► pins ─┐
//!  stimulus ───┤                   ├─► the same? ─► next cycle, or a mismatch that is shrunk
//!      ▲       └─► engine ─► pins ─┘
//!      └──── what was taken
//! ```

mod maker;
mod plan;
mod shrink;
mod stimulus;

pub use maker::{Maker, Mood, Pattern};
pub use plan::{Frame, Paused, Plan, Request, Setting, Span};
pub use shrink::shrink;
pub use stimulus::{Inputs, Stimulus};

use crate::engine::{Engine, Outcome};
use crate::pins::Pin;
use crate::Error;

/// Cycles between two calls of the progress callback.
const PROGRESS_CYCLES: u64 = 1_024;

/// Two engines that differ at a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The cycle, from the first after the engines' own reset.
    pub cycle: u64,
    /// The pin.
    pub pin: Pin,
    /// Names of the two engines, and what each drives.
    pub values: [(&'static str, u64); 2],
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [(one, value), (other, others)] = self.values;
        let Self { cycle, pin, .. } = self;
        write!(
            f,
            "cycle {cycle}: {pin} is {value:#x} in {one} and {others:#x} in {other}"
        )
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Cycles that were run, the one of the mismatch included.
    pub cycles: u64,
    /// The first difference.
    pub mismatch: Option<Mismatch>,
    /// Pins that were never anything but 0.
    pub silent: Vec<Pin>,
}

/// The engines in their boxes, as [`run`] takes them.
pub fn borrowed(engines: &mut [Box<dyn Engine>]) -> Vec<&mut dyn Engine> {
    let borrow = |engine| -> &mut dyn Engine { Box::as_mut(engine) };
    engines.iter_mut().map(borrow).collect()
}

/// Runs `engines`, freshly built, on `stimulus` until they differ or it ends. The first one says what is taken; `progress`
/// hears cycles done and to do.
///
/// # Errors
/// [`Error::Engine`] from an engine; [`Error::Invalid`] if one records no pins.
///
/// # Panics
/// If there is no engine.
pub fn run(
    engines: &mut [&mut dyn Engine],
    pins: &[Pin],
    stimulus: &mut Stimulus,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Error> {
    let ports = engines[0].ports();
    for engine in engines.iter_mut() {
        engine.tap(true);
    }
    let table_ready = pins.iter().position(|pin| pin.name == "table_ready");
    let mut outcome = Outcome::new(ports);
    let mut seen = vec![0; pins.len()];
    let (mut cycle, total) = (0, stimulus.cycles());
    let mut mismatch = None;
    while let Some(inputs) = stimulus.drive() {
        for engine in engines.iter_mut() {
            if let Some(settings) = &inputs.settings {
                engine.configure(settings)?;
            }
            engine.set_reset(inputs.reset);
            engine.request(inputs.request);
            for (ingress, egresses) in inputs.dest_above.iter().enumerate() {
                engine.set_dest_above(ingress, egresses);
            }
            engine.cycle(&inputs.offered, &inputs.ready, &mut outcome)?;
            if engine.pins().len() != pins.len() {
                return Err(Error::invalid(
                    "the engine",
                    engine.name(),
                    "one that records pins",
                ));
            }
        }
        let (first, others) = engines.split_first().expect("an engine to compare with");
        for (seen, value) in seen.iter_mut().zip(first.pins()) {
            *seen |= value;
        }
        let differing = others.iter().find(|other| other.pins() != first.pins());
        if let Some(other) = differing {
            mismatch = first_difference(cycle, pins, *first, *other);
        }
        let is_table_ready = table_ready.is_some_and(|pin| first.pins()[pin] == 1);
        let ready: Vec<bool> = first.pins()[..ports].iter().map(|pin| *pin == 1).collect();
        stimulus.taken(&ready, is_table_ready);
        if cycle % PROGRESS_CYCLES == 0 {
            progress(cycle, total);
        }
        cycle += 1;
        if mismatch.is_some() {
            break;
        }
    }
    progress(cycle, total);
    let silent = pins.iter().zip(&seen).filter(|(_, seen)| **seen == 0);
    Ok(Report {
        cycles: cycle,
        mismatch,
        silent: silent.map(|(pin, _)| pin.clone()).collect(),
    })
}

fn first_difference(
    cycle: u64,
    pins: &[Pin],
    first: &dyn Engine,
    other: &dyn Engine,
) -> Option<Mismatch> {
    let values = first.pins().iter().zip(other.pins());
    let (pin, (value, others)) = pins.iter().zip(values).find(|(_, (a, b))| a != b)?;
    Some(Mismatch {
        cycle,
        pin: pin.clone(),
        values: [(first.name(), *value), (other.name(), *others)],
    })
}
