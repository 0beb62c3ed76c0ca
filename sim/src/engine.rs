//! The one interface of every simulation engine: one switch, or its fabric alone, one call a cycle.
//!
//! ```text
//!   set_reset, configure, request ─┐ held from call to call
//!   offered, egress_ready ─────────┴─► cycle: settle, sample, clock edge ─► Outcome; with a tap also pins
//! ```

use std::fmt;
use std::str::FromStr;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::switch::DEFAULT_GAP_LIMIT;
use lightswitch_hdl::table::minimum_ageing_period;
use lightswitch_hdl::tops::Top;

use crate::beat::Beat;
use crate::frame::Mac;
use crate::model;
use crate::naive;
use crate::port_mask::PortMask;
use crate::reference::Reference;
use crate::rtl;
use crate::verilated::{self, Step};
use crate::Error;

/// Addresses that a set of the address table holds.
pub const TABLE_WAYS: usize = 2;

/// Cycles the table needs after reset beside one for each set.
const CLEAR_CYCLES: usize = 8;

/// Idle cycles that [`Engine::reset`] runs after the one with `rst` high: until the table of a switch is open.
#[must_use]
pub const fn idle_cycles_after_reset(config: &Config, top: Top) -> usize {
    match top {
        Top::Switch => (1 << config.table_w) + CLEAR_CYCLES,
        Top::Fabric | Top::FabricMc => 0,
    }
}

/// One switch, simulated cycle by cycle.
///
/// A call of [`Engine::cycle`] drives the input pins, lets the switch settle, samples its output pins and then gives it
/// one clock edge. Callers keep the AXI4-Stream promise: an offered beat stays offered, unchanged, until it is taken.
/// Where none is offered only `tvalid` changes: the pins beside it keep the values of the last beat.
pub trait Engine {
    /// What users call it.
    fn name(&self) -> &'static str;

    /// Number of ports.
    fn ports(&self) -> usize;

    /// Bytes of a full beat.
    fn beat_bytes(&self) -> usize;

    /// What it simulates.
    fn top(&self) -> Top {
        Top::Switch
    }

    /// Whether frames cross optical links on their way in and out, which may damage or lose them.
    fn crosses_links(&self) -> bool {
        false
    }

    /// The set of the address table that `address` falls into. Of more than [`TABLE_WAYS`] addresses in a set some may be
    /// forgotten, so whoever judges the switch must not expect it to know them all. `None`: there is room for all.
    fn table_set(&self, address: Mac) -> Option<usize> {
        let _ = address;
        None
    }

    /// Resets the switch and runs it, idle, until it can learn: one cycle with `rst` high, then
    /// [`idle_cycles_after_reset`], no egress ready and nothing offered. The next beat offered is a first beat. Frames in
    /// flight, learned and static addresses and the table request are gone, the settings stay.
    ///
    /// # Errors
    /// [`Error::Engine`] if the engine breaks down.
    fn reset(&mut self) -> Result<(), Error>;

    /// The `rst` pin from the next [`Engine::cycle`] on. No beat and no request is taken while it is high, whatever the
    /// pins say; after it the next beat offered is a first beat, and a switch is not ready to learn yet.
    fn set_reset(&mut self, high: bool);

    /// The `cfg_*` pins from the next [`Engine::cycle`] on; they may change at any time, also inside frames. A fabric has
    /// no ageing period. Any period is taken here; those that [`build_top`] refuses are too short for the table.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`Settings::check`]; nothing has changed then.
    fn configure(&mut self, settings: &Settings) -> Result<(), Error>;

    /// The input pins of the table port from the next [`Engine::cycle`] on; `None`: `table_valid` is low, and the others
    /// keep their values. A request stays until it is taken, which the pin `table_ready` says. A fabric has no such port
    /// and ignores it.
    fn request(&mut self, request: Option<TableRequest>);

    /// The pins `tdest` of `ingress` for the egresses that [`Beat::dest`] does not hold, those from 64 on, from the next
    /// [`Engine::cycle`] on, for a fabric whose `tdest` is a mask of more; others ignore it. None at first; what is said
    /// stays until the next call, and a reset does not touch it. Egresses below 64 do not count here. So beats stay small,
    /// and switches of up to 64 ports pay nothing for larger ones.
    fn set_dest_above(&mut self, ingress: usize, egresses: &PortMask) {
        let _ = (ingress, egresses);
    }

    /// Whether every output pin is recorded from the next [`Engine::cycle`] on. Off at first, and free then.
    fn tap(&mut self, on: bool) {
        let _ = on;
    }

    /// The output pins in the last [`Engine::cycle`], sampled before its clock edge, in the order of
    /// [`pins::outputs`](crate::pins::outputs). Empty without a tap, and from an engine that has no pins.
    fn pins(&self) -> &[u64] {
        &[]
    }

    /// Runs one cycle: `offered` holds the beat at each ingress (`None`: `tvalid` low), `egress_ready` the `tready` of
    /// each egress. Everything in `outcome` is overwritten.
    ///
    /// # Errors
    /// [`Error::Engine`] if the engine breaks down.
    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error>;
}

/// What the table port is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableOp {
    /// The address's entry.
    Read = 0,
    /// A static entry for the address.
    WriteStatic = 1,
    /// That the address has no entry.
    Delete = 2,
    /// That no dynamic entry is left.
    Flush = 3,
}

/// One operation of the table port, as it stands on the pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRequest {
    /// What is to be done.
    pub op: TableOp,
    /// The address; it does not matter to [`TableOp::Flush`].
    pub address: Mac,
    /// For [`TableOp::WriteStatic`]: the ports of the entry, none for an address whose frames are dropped. Those that the
    /// switch does not have do not count.
    pub mask: PortMask,
}

impl TableRequest {
    /// The value of the pin `table_address`: the address, its first byte lowest.
    #[must_use]
    pub const fn address_bits(&self) -> u64 {
        let [b0, b1, b2, b3, b4, b5] = self.address.0;
        u64::from_le_bytes([b0, b1, b2, b3, b4, b5, 0, 0])
    }
}

/// The output pins of a switch in one cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// `tready` of each ingress.
    pub ingress_ready: Vec<bool>,
    /// The beat at each egress, `None` where `tvalid` is low; it is transferred where `tready` was high.
    pub egress: Vec<Option<Beat>>,
    /// The statistics pins that are high in this cycle, one entry a pin.
    pub pulses: Vec<Pulse>,
}

impl Outcome {
    /// An outcome for `ports` ports: nothing ready, nothing offered.
    #[must_use]
    pub fn new(ports: usize) -> Self {
        Self {
            ingress_ready: vec![false; ports],
            egress: vec![None; ports],
            pulses: Vec::new(),
        }
    }

    /// Makes every pin low again, for engines to call first.
    pub fn clear(&mut self) {
        self.ingress_ready.fill(false);
        self.egress.fill(None);
        self.pulses.clear();
    }

    /// Adds the pulse of an ingress.
    pub fn pulse(&mut self, cause: Cause, ingress: usize) {
        self.pulses.push(Pulse {
            cause,
            ingress,
            egress: None,
        });
    }

    /// Adds the [`Cause::DropFull`] of a pair.
    pub fn drop_full(&mut self, ingress: usize, egress: usize) {
        self.pulses.push(Pulse {
            cause: Cause::DropFull,
            ingress,
            egress: Some(egress),
        });
    }
}

/// One statistics pin that is high in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// What is counted.
    pub cause: Cause,
    /// The ingress it belongs to.
    pub ingress: usize,
    /// The egress, for [`Cause::DropFull`] only.
    pub egress: Option<usize>,
}

/// What the switch counts, per ingress; [`Cause::DropFull`] per (ingress, egress).
///
/// Each frame is counted once: dropped as a runt, filtered, or accepted. An accepted frame is counted again if it was
/// flooded, and if it was poisoned, by the first cause that holds: gap, too long, malformed, runt, poisoned on arrival,
/// FCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// A frame was sent on to one egress or more, good or bad, whatever became of its copies.
    Accepted,
    /// An accepted frame ended with an FCS that is neither good nor stomped.
    FcsError,
    /// An accepted frame arrived poisoned: marked on its last beat, or with a stomped FCS.
    PoisonedIn,
    /// A beat of an accepted frame had a hole in its byte enables, or none set.
    Malformed,
    /// An accepted frame was longer than the configuration's maximum: closed and poisoned.
    TooLong,
    /// A frame was shorter than 64 bytes and had not left: dropped.
    RuntDropped,
    /// A frame was shorter than 64 bytes and had begun to leave: poisoned.
    RuntPoisoned,
    /// A source paused longer than the gap limit inside an accepted frame: closed and poisoned.
    GapClosed,
    /// A frame to 01:80:C2:00:00:00 .. 0F: dropped.
    FilteredReserved,
    /// A frame whose destination is behind its own ingress: dropped.
    FilteredSelf,
    /// A MAC control frame (type 0x8808) to another address than the reserved ones: dropped.
    FilteredControl,
    /// An accepted frame went to every other port: its destination is not in the table, where a group address is only if it
    /// was written.
    Flooded,
    /// A source address was not learned: a newer one of the same port took its place while it waited for the table.
    LearnMissed,
    /// A frame was meant for no egress: dropped. Fabrics only.
    Unroutable,
    /// The copy for one egress was dropped, because its queue had no room for a longest frame (lossy mode only).
    DropFull,
}

impl Cause {
    /// Every cause, in the order of the pins.
    pub const ALL: [Cause; 15] = [
        Cause::Accepted,
        Cause::FcsError,
        Cause::PoisonedIn,
        Cause::Malformed,
        Cause::TooLong,
        Cause::RuntDropped,
        Cause::RuntPoisoned,
        Cause::GapClosed,
        Cause::FilteredReserved,
        Cause::FilteredSelf,
        Cause::FilteredControl,
        Cause::Flooded,
        Cause::LearnMissed,
        Cause::Unroutable,
        Cause::DropFull,
    ];

    /// Whether `top` has pins for it.
    #[must_use]
    pub const fn is_counted_by(self, top: Top) -> bool {
        self.pin(top).is_some()
    }

    /// The pin of `top` that counts it, one bit an ingress, but [`Cause::DropFull`] a row an ingress; `None` if it has
    /// none.
    #[must_use]
    pub const fn pin(self, top: Top) -> Option<&'static str> {
        let is_switch = matches!(top, Top::Switch);
        Some(match self {
            Cause::Accepted if is_switch => "stat_accepted",
            Cause::Accepted => "stat_started",
            Cause::PoisonedIn if is_switch => "stat_poisoned_in",
            Cause::PoisonedIn => "stat_poisoned",
            Cause::Malformed => "stat_malformed",
            Cause::TooLong => "stat_too_long",
            Cause::GapClosed => "stat_gap_closed",
            Cause::DropFull => "stat_full",
            Cause::Unroutable if !is_switch => "stat_unroutable",
            Cause::FcsError if is_switch => "stat_fcs_error",
            Cause::RuntDropped if is_switch => "stat_runt_dropped",
            Cause::RuntPoisoned if is_switch => "stat_runt_poisoned",
            Cause::FilteredReserved if is_switch => "stat_filtered_reserved",
            Cause::FilteredSelf if is_switch => "stat_filtered_own",
            Cause::FilteredControl if is_switch => "stat_filtered_control",
            Cause::Flooded if is_switch => "stat_flooded",
            Cause::LearnMissed if is_switch => "stat_learn_missed",
            _ => return None,
        })
    }

    /// The name in reports, `snake_case`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Accepted => "accepted",
            Cause::FcsError => "fcs_error",
            Cause::PoisonedIn => "poisoned_in",
            Cause::Malformed => "malformed",
            Cause::TooLong => "too_long",
            Cause::RuntDropped => "runt_dropped",
            Cause::RuntPoisoned => "runt_poisoned",
            Cause::GapClosed => "gap_closed",
            Cause::FilteredReserved => "filtered_reserved",
            Cause::FilteredSelf => "filtered_self",
            Cause::FilteredControl => "filtered_control",
            Cause::Flooded => "flooded",
            Cause::LearnMissed => "learn_missed",
            Cause::Unroutable => "unroutable",
            Cause::DropFull => "drop_full",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The counters that a bench keeps from the pulses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    ports: usize,
    per_ingress: Vec<[u64; Cause::ALL.len()]>,
    drop_full: Vec<u64>,
}

impl Counts {
    /// All zero, for `ports` ports.
    #[must_use]
    pub fn new(ports: usize) -> Self {
        Self {
            ports,
            per_ingress: vec![[0; Cause::ALL.len()]; ports],
            drop_full: vec![0; ports * ports],
        }
    }

    /// Counts one pulse.
    pub fn add(&mut self, pulse: &Pulse) {
        self.per_ingress[pulse.ingress][pulse.cause as usize] += 1;
        if let Some(egress) = pulse.egress {
            self.drop_full[pulse.ingress * self.ports + egress] += 1;
        }
    }

    /// How often `cause` was counted at `ingress`.
    #[must_use]
    pub fn at(&self, cause: Cause, ingress: usize) -> u64 {
        self.per_ingress[ingress][cause as usize]
    }

    /// How often `cause` was counted at all.
    #[must_use]
    pub fn total(&self, cause: Cause) -> u64 {
        self.per_ingress
            .iter()
            .map(|counts| counts[cause as usize])
            .sum()
    }

    /// Copies from `ingress` to `egress` dropped for want of room.
    #[must_use]
    pub fn dropped(&self, ingress: usize, egress: usize) -> u64 {
        self.drop_full[ingress * self.ports + egress]
    }
}

/// The configuration inputs of a switch, the `cfg_*` pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Lossy mode: a copy for a full queue is dropped. Otherwise frames wait in front of the switch.
    pub lossy: bool,
    /// Per ingress, the egresses for which it stores a frame before it forwards it. Ingresses beyond the end cut through.
    pub store_and_forward: Vec<PortMask>,
    /// Cycles in an epoch of the address table: an address not heard of for a dozen epochs is forgotten. 0: never.
    pub ageing_period: u32,
    /// Cycles a source may pause inside a frame before the frame is closed and poisoned. 0: [`DEFAULT_GAP_LIMIT`], and on
    /// a fabric any number.
    pub gap_limit: u16,
}

impl Default for Settings {
    /// Lossless, cut-through, no ageing, the gap limit that the switch has of itself.
    fn default() -> Self {
        Self {
            lossy: false,
            store_and_forward: Vec::new(),
            ageing_period: 0,
            gap_limit: DEFAULT_GAP_LIMIT,
        }
    }
}

impl Settings {
    /// Whether the masks fit `config`: no more of them than ingresses, and no egress that it does not have. What every
    /// engine asks before it takes them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the first mask that does not.
    pub fn check(&self, config: &Config) -> Result<(), Error> {
        let what = "the store-and-forward mask";
        if self.store_and_forward.len() > config.ports {
            return Err(Error::invalid(
                what,
                format!("{} ingresses", self.store_and_forward.len()),
                format!("for {} ingresses at most", config.ports),
            ));
        }
        let beyond = |mask: &&PortMask| !mask.starting_at(config.ports).is_empty();
        match self.store_and_forward.iter().find(beyond) {
            Some(mask) => Err(Error::invalid(
                what,
                format!("{mask:#x}"),
                format!("a mask of {} egresses", config.ports),
            )),
            None => Ok(()),
        }
    }

    /// The mask of `ingress`.
    #[must_use]
    pub fn stored(&self, ingress: usize) -> PortMask {
        self.store_and_forward
            .get(ingress)
            .copied()
            .unwrap_or_default()
    }
}

/// The simulation engines that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// Written for speed, the same as the RTL on every pin in every cycle.
    Model,
    /// The rust-hdl blocks, driven directly.
    Rtl,
    /// The exported Verilog, compiled by Verilator.
    Verilated,
    /// The RTL register by register, for any number of ports, to compare the model with.
    Naive,
    /// The naive functional reference: right frames, not the RTL's cycles.
    Reference,
}

impl EngineKind {
    /// Every engine that can be built.
    pub const ALL: [EngineKind; 5] = [
        EngineKind::Model,
        EngineKind::Rtl,
        EngineKind::Verilated,
        EngineKind::Naive,
        EngineKind::Reference,
    ];

    /// The engine that is used unless another is asked for.
    pub const DEFAULT: EngineKind = EngineKind::Model;

    /// What users type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EngineKind::Model => "model",
            EngineKind::Rtl => "rtl",
            EngineKind::Verilated => "verilated",
            EngineKind::Naive => "naive",
            EngineKind::Reference => "reference",
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            EngineKind::Model => "written for speed, the RTL's pins in every cycle",
            EngineKind::Rtl => "the RTL itself, cycle by cycle",
            EngineKind::Verilated => "the exported Verilog, cycle by cycle; needs Verilator",
            EngineKind::Naive => "the RTL's registers one by one, for any number of ports; slow",
            EngineKind::Reference => "the naive functional reference, not cycle-exact",
        }
    }
}

impl FromStr for EngineKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
                Error::invalid("the engine", text, format!("one of {}", known.join(", ")))
            })
    }
}

/// Builds a switch of this configuration, reset and ready.
///
/// # Errors
/// [`Error::Invalid`] if the settings do not fit the configuration, [`Error::Engine`] if the engine does not start,
/// [`Error::Verilated`] if a tool that it needs is missing or fails.
pub fn build(
    kind: EngineKind,
    config: &Config,
    settings: &Settings,
) -> Result<Box<dyn Engine>, Error> {
    build_top(kind, config, Top::Switch, settings)
}

/// Builds a switch or a fabric of this configuration, reset and ready.
///
/// # Errors
/// As [`build`], and [`Error::Invalid`] if the engine does not know the top.
pub fn build_top(
    kind: EngineKind,
    config: &Config,
    top: Top,
    settings: &Settings,
) -> Result<Box<dyn Engine>, Error> {
    build_with_progress(kind, config, top, settings, &mut |_| ())
}

/// The same; `progress` hears of each step that takes seconds, before it is done.
///
/// # Errors
/// As [`build_top`].
pub fn build_with_progress(
    kind: EngineKind,
    config: &Config,
    top: Top,
    settings: &Settings,
    progress: &mut dyn FnMut(&Step),
) -> Result<Box<dyn Engine>, Error> {
    settings.check(config)?;
    let shortest = minimum_ageing_period(config.ports, config.table_w);
    if kind != EngineKind::Reference && (1..shortest).contains(&settings.ageing_period) {
        return Err(Error::invalid(
            "the ageing period",
            settings.ageing_period,
            format!("0, or {shortest} cycles or more, in which the table is swept once"),
        ));
    }
    let has_blocks = matches!(kind, EngineKind::Rtl | EngineKind::Verilated);
    if has_blocks && !config.is_listed() {
        let known: Vec<_> = Config::ALL.iter().map(|config| config.name).collect();
        return Err(Error::invalid(
            "the engine",
            kind.name(),
            format!(
                "model or naive for the configuration {}; there are blocks for {} only",
                config.name,
                known.join(", ")
            ),
        ));
    }
    match (kind, top) {
        (EngineKind::Model, _) => model::build(config, top, settings),
        (EngineKind::Rtl, _) => rtl::build(config, top, settings),
        (EngineKind::Verilated, _) => verilated::build(config, top, settings, progress),
        (EngineKind::Naive, _) => naive::build(config, top, settings),
        (EngineKind::Reference, Top::Switch) => Ok(Box::new(Reference::new(config, settings))),
        (EngineKind::Reference, Top::Fabric | Top::FabricMc) => Err(Error::invalid(
            "the engine",
            kind.name(),
            format!(
                "model, rtl, verilated or naive for the top {}: the reference is a switch",
                top.name()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_numbered_in_order_and_named_once() {
        for (index, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, index);
            assert!(Cause::ALL[..index]
                .iter()
                .all(|other| other.name() != cause.name()));
        }
    }

    #[test]
    fn counts_a_drop_at_its_pair_and_its_ingress() {
        let mut outcome = Outcome::new(4);
        outcome.drop_full(1, 3);
        outcome.pulse(Cause::Accepted, 2);
        let mut counts = Counts::new(4);
        outcome.pulses.iter().for_each(|pulse| counts.add(pulse));
        assert_eq!(counts.dropped(1, 3), 1);
        assert_eq!(counts.dropped(3, 1), 0);
        assert_eq!(counts.at(Cause::DropFull, 1), 1);
        assert_eq!(counts.total(Cause::Accepted), 1);
        assert_eq!(counts.at(Cause::Accepted, 1), 0);
    }

    #[test]
    fn names_the_engines_there_are() {
        assert_eq!(
            "reference".parse::<EngineKind>().unwrap(),
            EngineKind::Reference
        );
        let error = "warp".parse::<EngineKind>().unwrap_err().to_string();
        assert!(
            error.contains("warp") && error.contains("reference"),
            "{error}"
        );
    }

    #[test]
    fn the_reference_is_no_fabric() {
        let config = Config::named("4x64").unwrap();
        let settings = Settings::default();
        let error = build_top(EngineKind::Reference, config, Top::FabricMc, &settings);
        let error = error.err().unwrap().to_string();
        assert!(error.contains("naive for the top fabric-mc"), "{error}");
    }

    #[test]
    fn there_are_no_blocks_beyond_the_table() {
        let config = Config::sized("64x64").unwrap();
        for kind in [EngineKind::Rtl, EngineKind::Verilated] {
            let error = build(kind, config, &Settings::default()).err().unwrap();
            let error = error.to_string();
            assert!(
                error.contains("model or naive for the configuration 64x64"),
                "{error}"
            );
        }
        for kind in [EngineKind::Model, EngineKind::Naive, EngineKind::Reference] {
            let engine = build(kind, config, &Settings::default()).unwrap();
            assert_eq!(engine.ports(), 64);
        }
    }

    #[test]
    fn masks_reach_as_far_as_the_egresses() {
        for ports in [64, 65, 200, 512] {
            let config = Config::sized(&format!("{ports}x64")).unwrap();
            let mut settings = Settings {
                store_and_forward: vec![PortMask::first(ports); ports],
                ..Settings::default()
            };
            assert!(settings.check(config).is_ok());
            if ports < 512 {
                settings.store_and_forward[1] = PortMask::one(ports);
                let error = settings.check(config).unwrap_err().to_string();
                let mask = format!("`{:#x}`", PortMask::one(ports));
                assert!(error.contains(&mask), "{error}");
                assert!(error.contains(&format!("of {ports} egresses")), "{error}");
            }
            settings.store_and_forward = vec![PortMask::NONE; ports + 1];
            let error = settings.check(config).unwrap_err().to_string();
            assert!(error.contains(&format!("for {ports} ingresses")), "{error}");
        }
    }

    #[test]
    fn refuses_masks_that_do_not_fit() {
        let config = Config::named("4x64").unwrap();
        for masks in [vec![PortMask::one(4)], vec![PortMask::NONE; 5]] {
            let settings = Settings {
                store_and_forward: masks,
                ..Settings::default()
            };
            let error = build(EngineKind::Reference, config, &settings)
                .err()
                .unwrap()
                .to_string();
            assert!(error.contains("store-and-forward"), "{error}");
        }
    }
}
