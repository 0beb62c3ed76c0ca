//! The `verilated` engine: the exported Verilog, compiled by Verilator and called in this process.
//!
//! ```text
//!   export ─► Verilog ─┬─► Verilator ─► C++ ─┬─► compiler ─► shared library ─► Verilated
//!              bench  ─┘             shim   ─┘   kept by the hash of all that made it
//! ```
//!
//! A library is built once and kept below `$LIGHTSWITCH_CACHE`, or `target/verilated`. A cycle is one call with two flat
//! arrays of words, the input pins and the output pins.

mod bench;
mod build;
mod library;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::table::set_of_address;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tools;
use lightswitch_hdl::tops::Top;
use lightswitch_hdl::verilator::{self, Verilator};

use crate::beat::Beat;
use crate::engine::{idle_cycles_after_reset, Cause, Engine, Outcome, Settings, TableRequest};
use crate::frame::Mac;
use crate::Error;

use bench::{egress, ingress, setting};
pub use bench::{Word, ACCESS};
pub use build::{prepare, prepare_source, Source, Step};
pub use library::Model;

/// The engine's name.
const NAME: &str = "verilated";

/// Whether a check of this name is skipped, which it then says aloud: Verilator or a C++ compiler is missing, and
/// `LIGHTSWITCH_REQUIRE_TOOLS` does not ask for them. Where it does the check goes on, and fails.
#[must_use]
#[allow(clippy::print_stderr, reason = "a skipped check must be heard")]
pub fn is_skipped(check: &str) -> bool {
    let found = Verilator::find().and_then(|_| verilator::compiler_version());
    match found {
        Err(error) if !tools::are_required() => {
            eprintln!("SKIPPED {check}: {error}");
            true
        }
        _ => false,
    }
}

/// Builds `top` of `config`, reset and, if it is a switch, ready to learn. Takes some ten seconds the first time, see
/// [`prepare`].
///
/// # Errors
/// Those of [`prepare`], and [`Error::Invalid`] if the masks do not fit.
pub fn build(
    config: &Config,
    top: Top,
    settings: &Settings,
    progress: &mut dyn FnMut(&Step),
) -> Result<Box<dyn Engine>, Error> {
    let engine = Verilated::new(config, top, Target::Generic, settings, progress)?;
    Ok(Box::new(engine))
}

/// A top's Verilog, and the state of its bench.
pub struct Verilated {
    model: Model,
    config: Config,
    top: Top,
    /// The words of the pins that stay as they are from cycle to cycle.
    settings: Vec<u64>,
    /// The words of the input pins of the streams.
    driven: Vec<u64>,
    /// The words of the output pins in the last cycle.
    sampled: Vec<u64>,
    /// Each statistics pin of one bit an ingress, by its word.
    pulses: Vec<(usize, Cause)>,
    /// The word of the first row of `stat_full`.
    full: usize,
    tap: bool,
    /// `sampled` is of a cycle with a tap.
    tapped: bool,
}

impl Verilated {
    /// Builds `top` of `config` from its Verilog for `target`.
    ///
    /// # Errors
    /// As [`build`].
    ///
    /// # Panics
    /// As [`prepare`].
    pub fn new(
        config: &Config,
        top: Top,
        target: Target,
        settings: &Settings,
        progress: &mut dyn FnMut(&Step),
    ) -> Result<Self, Error> {
        let path = prepare(config, top, target, progress)?;
        let outputs = crate::pins::outputs(config, top);
        let sizes = [
            setting::COUNT + config.ports,
            (ingress::COUNT + 1) * config.ports,
            outputs.len(),
        ];
        let place = |name: &str| outputs.iter().position(|pin| pin.name == name);
        let pulses = Cause::ALL
            .into_iter()
            .filter(|cause| *cause != Cause::DropFull)
            .filter_map(|cause| Some((place(cause.pin(top)?)?, cause)));
        let mut pulses: Vec<(usize, Cause)> = pulses.collect();
        pulses.sort_unstable();
        let mut engine = Self {
            model: Model::new(&path, sizes)?,
            config: *config,
            top,
            settings: vec![0; sizes[0]],
            driven: vec![0; sizes[1]],
            sampled: vec![0; sizes[2]],
            pulses,
            full: place("stat_full").expect("every top has it"),
            tap: false,
            tapped: false,
        };
        engine.configure(settings)?;
        engine.reset()?;
        Ok(engine)
    }

    /// Puts a beat on the pins of an ingress; without one only `tvalid` changes.
    fn offer(&mut self, port: usize, beat: Option<&Beat>) {
        let words = &mut self.driven[port * ingress::COUNT..][..ingress::COUNT];
        words[ingress::VALID] = beat.is_some().into();
        if let Some(beat) = beat {
            words[ingress::DATA] = u64::from_le_bytes(beat.data);
            words[ingress::KEEP] = beat.keep.into();
            words[ingress::LAST] = beat.last.into();
            words[ingress::USER] = beat.user.into();
            words[ingress::DEST] = beat.dest;
        }
    }

    fn set_ready(&mut self, port: usize, ready: bool) {
        self.driven[self.config.ports * ingress::COUNT + port] = ready.into();
    }

    fn clock(&mut self) {
        self.model.cycle(&self.driven, &mut self.sampled);
    }

    /// The beat at an egress.
    fn offered(&self, port: usize) -> Option<Beat> {
        let first = self.config.ports + port * egress::COUNT;
        let words = &self.sampled[first..][..egress::COUNT];
        (words[egress::VALID] != 0).then(|| Beat {
            data: words[egress::DATA].to_le_bytes(),
            keep: words[egress::KEEP] as u8,
            last: words[egress::LAST] != 0,
            user: words[egress::USER] != 0,
            dest: 0,
        })
    }

    /// The statistics pins that are high.
    fn count(&self, outcome: &mut Outcome) {
        for (place, cause) in &self.pulses {
            for ingress in bits(self.sampled[*place]) {
                outcome.pulse(*cause, ingress);
            }
        }
        let rows = &self.sampled[self.full..][..self.config.ports];
        for (ingress, row) in rows.iter().enumerate() {
            for egress in bits(*row) {
                outcome.drop_full(ingress, egress);
            }
        }
    }
}

/// The places of the ones in `mask`, lowest first.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = mask.trailing_zeros();
        mask &= mask.wrapping_sub(1);
        (place < u64::BITS).then_some(place as usize)
    })
}

impl Engine for Verilated {
    fn name(&self) -> &'static str {
        NAME
    }

    fn ports(&self) -> usize {
        self.config.ports
    }

    fn beat_bytes(&self) -> usize {
        self.config.beat_bytes()
    }

    fn top(&self) -> Top {
        self.top
    }

    fn table_set(&self, address: Mac) -> Option<usize> {
        (self.top == Top::Switch).then(|| set_of_address(address.0, self.config.table_w))
    }

    fn reset(&mut self) -> Result<(), Error> {
        for port in 0..self.config.ports {
            self.offer(port, None);
            self.set_ready(port, false);
        }
        self.request(None);
        self.set_reset(true);
        self.clock();
        self.set_reset(false);
        for _ in 0..idle_cycles_after_reset(&self.config, self.top) {
            self.clock();
        }
        Ok(())
    }

    fn set_reset(&mut self, high: bool) {
        if self.settings[setting::RESET] != u64::from(high) {
            self.settings[setting::RESET] = high.into();
            self.model.set(&self.settings);
        }
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        settings.check(&self.config)?;
        self.settings[setting::LOSSY] = settings.lossy.into();
        self.settings[setting::GAP_LIMIT] = settings.gap_limit.into();
        self.settings[setting::AGEING_PERIOD] = settings.ageing_period.into();
        for port in 0..self.config.ports {
            self.settings[setting::COUNT + port] = settings.stored(port).low();
        }
        self.model.set(&self.settings);
        Ok(())
    }

    fn request(&mut self, request: Option<TableRequest>) {
        if request.is_none() && self.settings[setting::TABLE_VALID] == 0 {
            return;
        }
        self.settings[setting::TABLE_VALID] = request.is_some().into();
        if let Some(request) = request {
            self.settings[setting::TABLE_OP] = request.op as u64;
            self.settings[setting::TABLE_ADDRESS] = request.address_bits();
            self.settings[setting::TABLE_MASK] = request.mask.low();
        }
        self.model.set(&self.settings);
    }

    fn tap(&mut self, on: bool) {
        self.tap = on;
        self.tapped = false;
    }

    fn pins(&self) -> &[u64] {
        if self.tapped {
            &self.sampled
        } else {
            &[]
        }
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        for port in 0..self.config.ports {
            self.offer(port, offered[port].as_ref());
            self.set_ready(port, egress_ready[port]);
        }
        self.clock();
        self.tapped = self.tap;
        outcome.clear();
        for port in 0..self.config.ports {
            outcome.ingress_ready[port] = self.sampled[port] != 0;
            outcome.egress[port] = self.offered(port);
        }
        self.count(outcome);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_the_ones_of_a_mask() {
        assert_eq!(bits(0).count(), 0);
        assert_eq!(bits(1 | 1 << 7 | 1 << 63).collect::<Vec<_>>(), [0, 7, 63]);
        assert_eq!(bits(u64::MAX).count(), 64);
    }
}
