//! The `model` engine: the switch and its fabrics written for speed, for any number of ports, and the same as the RTL on
//! every pin in every cycle.
//!
//! ```text
//!  streams ─► ingress (switch) or gate (fabrics) ─► fabric: queue, column ─► streams
//!                 │    ▲
//!                 ▼    │
//!                 table
//! ```
//!
//! It shares no logic with the RTL, only configuration and formats. Three things make it fast: flags of all ports move at
//! once, as the bits of a word; work for a port or a queue comes with its events (a beat that enters, a head that
//! leaves) and none is left where nothing happens; and nothing is allocated once queues have been as full as they
//! get.

#![allow(
    clippy::inline_always,
    reason = "the cycle loop is one function for the compiler, parted for people; without it half as fast"
)]

pub(crate) mod crc;
mod fabric;
mod gate;
mod ingress;
mod mask;
mod queue;
mod table;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

use self::fabric::Fabric;
use self::gate::Gates;
use self::ingress::Ingresses;
use self::mask::Mask;
use self::queue::Stored;
use self::table::Table;
use crate::beat::Beat;
use crate::engine::{idle_cycles_after_reset, Cause, Engine, Outcome, Settings, TableRequest};
use crate::frame::Mac;
use crate::port_mask::PortMask;
use crate::Error;

/// Most ports of a model.
pub const MAX_PORTS: usize = 512;

/// The ingress streams in one cycle; what a pin showed last it shows until it is driven again, `valid` excepted.
#[derive(Debug)]
struct Streams<const W: usize> {
    valid: Mask<W>,
    last: Mask<W>,
    user: Mask<W>,
    /// All byte enables are set.
    full: Mask<W>,
    keep: Vec<u8>,
    data: Vec<u64>,
    dest: Vec<u64>,
}

/// The configuration pins in one cycle.
#[derive(Debug)]
struct Wires<const W: usize> {
    is_lossy: bool,
    gap_limit: u16,
    ageing_period: u32,
    /// Per ingress.
    store_forward: Vec<Mask<W>>,
}

/// What is counted, where, and for [`Cause::DropFull`] at which egresses.
type Event<const W: usize> = (Cause, usize, Mask<W>);

/// What stands in front of the fabric.
#[derive(Debug)]
enum Front<const W: usize, const K: usize> {
    Switch {
        ingresses: Box<Ingresses<W, K>>,
        table: Box<Table<W>>,
    },
    Fabric(Box<Gates<W, K>>),
}

/// One switch or fabric of up to `64 * W` ports, `K` bytes wide.
#[derive(Debug)]
struct Model<const W: usize, const K: usize> {
    config: Config,
    top: Top,
    dest_mask: u64,
    front: Front<W, K>,
    fabric: Fabric<W, K>,
    pins: Streams<W>,
    wires: Wires<W>,
    request: Option<TableRequest>,
    reset: bool,
    /// Counted in this cycle, and from its edge on in the next.
    events: Vec<Event<W>>,
    tap: Option<Vec<u64>>,
}

/// Builds `top` of `config`, reset and, if it is a switch, ready to learn.
///
/// # Errors
/// [`Error::Invalid`] if there are more ports or wider beats than a model takes, or the settings do not fit.
pub fn build(config: &Config, top: Top, settings: &Settings) -> Result<Box<dyn Engine>, Error> {
    if !(2..=MAX_PORTS).contains(&config.ports) {
        return Err(Error::invalid(
            "the number of ports",
            config.ports.to_string(),
            format!("2 to {MAX_PORTS} for the engine model"),
        ));
    }
    match (config.ports > 64, config.beat_bytes()) {
        (false, 4) => start(Model::<1, 4>::new(config, top), settings),
        (false, 8) => start(Model::<1, 8>::new(config, top), settings),
        (true, 4) => start(Model::<8, 4>::new(config, top), settings),
        (true, 8) => start(Model::<8, 8>::new(config, top), settings),
        (_, bytes) => Err(Error::invalid(
            "the width",
            format!("{} bits", 8 * bytes),
            "32 or 64 bits for the engine model",
        )),
    }
}

fn start<const W: usize, const K: usize>(
    mut model: Model<W, K>,
    settings: &Settings,
) -> Result<Box<dyn Engine>, Error> {
    model.configure(settings)?;
    model.reset()?;
    Ok(Box::new(model))
}

impl<const W: usize, const K: usize> Model<W, K> {
    fn new(config: &Config, top: Top) -> Self {
        let ports = config.ports;
        let front = match top {
            Top::Switch => Front::Switch {
                ingresses: Box::new(Ingresses::new(ports, config.max_frame_bytes)),
                table: Box::new(Table::new(ports, config.table_w)),
            },
            Top::Fabric | Top::FabricMc => {
                Front::Fabric(Box::new(Gates::new(top, ports, config.max_frame_beats())))
            }
        };
        let dest_bits = match top {
            Top::Switch => 0,
            Top::Fabric => ports.next_power_of_two().trailing_zeros() + 1,
            Top::FabricMc => ports.min(64) as u32,
        };
        Self {
            config: *config,
            top,
            dest_mask: u64::MAX.checked_shr(64 - dest_bits).unwrap_or(0),
            front,
            fabric: Fabric::new(ports, config.depth_w, config.max_frame_beats()),
            pins: Streams {
                valid: Mask::NONE,
                last: Mask::NONE,
                user: Mask::NONE,
                full: Mask::NONE,
                keep: vec![0; ports],
                data: vec![0; ports],
                dest: vec![0; ports],
            },
            wires: Wires {
                is_lossy: false,
                gap_limit: 0,
                ageing_period: 0,
                store_forward: vec![Mask::NONE; ports],
            },
            request: None,
            reset: false,
            events: Vec::with_capacity(4 * ports),
            tap: None,
        }
    }

    /// Puts the beats that are offered on the pins.
    #[inline(always)]
    fn drive(&mut self, offered: &[Option<Beat>]) {
        let pins = &mut self.pins;
        let (mut valid, mut last) = (Mask::NONE, Mask::NONE);
        let (mut user, mut full) = (Mask::NONE, Mask::NONE);
        let beside = pins.keep.iter_mut().zip(&mut pins.data).zip(&mut pins.dest);
        for (port, (beat, ((keep, data), dest))) in offered.iter().zip(beside).enumerate() {
            let Some(beat) = beat else { continue };
            *keep = beat.keep & ((1_u16 << K) - 1) as u8;
            valid.set(port);
            last.put(port, beat.last);
            user.put(port, beat.user);
            full.put(port, *keep == ((1_u16 << K) - 1) as u8);
            *data = u64::from_le_bytes(beat.data);
            if K < 8 {
                *data &= 0xffff_ffff;
            }
            *dest = beat.dest & self.dest_mask;
        }
        pins.last = last | pins.last.without(valid);
        pins.user = user | pins.user.without(valid);
        pins.full = full;
        pins.valid = valid;
    }

    /// What is counted in this cycle.
    #[inline(always)]
    fn count(&self, outcome: &mut Outcome) {
        for (cause, ingress, egresses) in &self.events {
            if *cause == Cause::DropFull {
                egresses.each(|egress| outcome.drop_full(*ingress, egress));
            } else {
                outcome.pulse(*cause, *ingress);
            }
        }
    }

    /// Records the output pins of this cycle but for the ingresses' `tready`, which come first and are known later.
    fn record(&self, pins: &mut Vec<u64>) {
        let ports = self.config.ports;
        let words = ports.div_ceil(64);
        pins.clear();
        pins.resize(ports, 0);
        for egress in 0..ports {
            let (ingress, mut shown) = self.fabric.shown(egress);
            if self.top == Top::Switch && ingress == egress {
                // There is no such queue.
                shown = Stored::default();
            }
            pins.extend([
                shown.data,
                u64::from(shown.side.keep::<K>()),
                u64::from(self.fabric.is_valid(egress)),
                u64::from(shown.side.is_last()),
                u64::from(shown.side.is_poisoned()),
            ]);
        }
        for cause in counted_causes(self.top) {
            let mut counted = Mask::<W>::NONE;
            for (event, ingress, _) in &self.events {
                if event == cause {
                    counted.set(*ingress);
                }
            }
            pins.extend(&counted.0[..words]);
        }
        if let Front::Switch { table, .. } = &self.front {
            let stat = table.pins();
            pins.extend([stat.learned, stat.moved, stat.learn_full].map(u64::from));
            pins.push(u64::from(stat.aged[0]) | u64::from(stat.aged[1]) << 1);
        }
        let rows = pins.len();
        pins.resize(rows + ports * words, 0);
        for (event, ingress, egresses) in &self.events {
            if *event == Cause::DropFull {
                let row = &mut pins[rows + ingress * words..][..words];
                row.copy_from_slice(&egresses.0[..words]);
            }
        }
        if let Front::Switch { table, .. } = &self.front {
            let answer = table.pins();
            pins.extend([table.is_ready(), table.is_done(), answer.found].map(u64::from));
            pins.extend(&answer.found_mask.0[..words]);
            pins.extend([answer.found_static, answer.full, table.is_open()].map(u64::from));
        }
    }
}

/// What `top` counts with one bit an ingress, in the order of its pins.
fn counted_causes(top: Top) -> &'static [Cause] {
    match top {
        Top::Switch => &[
            Cause::Accepted,
            Cause::RuntDropped,
            Cause::FilteredReserved,
            Cause::FilteredSelf,
            Cause::FilteredControl,
            Cause::Flooded,
            Cause::GapClosed,
            Cause::TooLong,
            Cause::Malformed,
            Cause::RuntPoisoned,
            Cause::PoisonedIn,
            Cause::FcsError,
            Cause::LearnMissed,
        ],
        Top::Fabric | Top::FabricMc => &[
            Cause::Accepted,
            Cause::Unroutable,
            Cause::GapClosed,
            Cause::TooLong,
            Cause::Malformed,
            Cause::PoisonedIn,
        ],
    }
}

/// The bits of an address, byte 0 lowest.
fn address_bits(address: Mac) -> u64 {
    let mut bytes = [0; 8];
    bytes[..6].copy_from_slice(&address.0);
    u64::from_le_bytes(bytes)
}

impl<const W: usize, const K: usize> Engine for Model<W, K> {
    fn name(&self) -> &'static str {
        "model"
    }

    fn ports(&self) -> usize {
        self.config.ports
    }

    fn beat_bytes(&self) -> usize {
        K
    }

    fn top(&self) -> Top {
        self.top
    }

    fn table_set(&self, address: Mac) -> Option<usize> {
        let Front::Switch { table, .. } = &self.front else {
            return None;
        };
        Some(table.set_of(address_bits(address)))
    }

    fn set_reset(&mut self, high: bool) {
        self.reset = high;
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        settings.check(&self.config)?;
        self.wires.is_lossy = settings.lossy;
        self.wires.gap_limit = settings.gap_limit;
        self.wires.ageing_period = settings.ageing_period;
        for (ingress, mask) in self.wires.store_forward.iter_mut().enumerate() {
            *mask = Mask::of(&settings.stored(ingress));
        }
        Ok(())
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.request = request;
    }

    fn set_dest_above(&mut self, ingress: usize, egresses: &PortMask) {
        if let Front::Fabric(gates) = &mut self.front {
            gates.set_dest_above(ingress, egresses);
        }
    }

    fn tap(&mut self, on: bool) {
        if on {
            self.fabric.tap();
        }
        self.tap = on.then(Vec::new);
    }

    fn pins(&self) -> &[u64] {
        self.tap.as_deref().unwrap_or_default()
    }

    fn reset(&mut self) -> Result<(), Error> {
        let ports = self.config.ports;
        let (offered, ready) = (vec![None; ports], vec![false; ports]);
        let mut outcome = Outcome::new(ports);
        self.request = None;
        self.set_reset(true);
        self.cycle(&offered, &ready, &mut outcome)?;
        self.set_reset(false);
        for _ in 0..idle_cycles_after_reset(&self.config, self.top) {
            self.cycle(&offered, &ready, &mut outcome)?;
        }
        Ok(())
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        // 1. Pins.
        self.drive(offered);
        let mut ready = Mask::NONE;
        for (port, is_ready) in egress_ready.iter().enumerate() {
            ready.put(port, *is_ready);
        }
        outcome.clear();
        self.count(outcome);
        let mut tap = self.tap.take();
        if let Some(pins) = &mut tap {
            self.record(pins);
        }

        // 2. The clock edge; the ingresses say on the way who was ready.
        let events = &mut self.events;
        events.clear();
        let count = |cause, ingress, egresses| events.push((cause, ingress, egresses));
        if self.reset {
            self.fabric.offers(&mut outcome.egress);
            self.fabric.reset(ready);
        } else {
            self.fabric.step(ready, &mut outcome.egress);
        }
        let ingress_ready = match &mut self.front {
            Front::Switch { ingresses, table } => {
                let waiting = (table.ready_port())
                    .and_then(|port| ingresses.offered(port).map(|address| (port, address)));
                let ready = ingresses.cycle(
                    &self.pins,
                    self.reset,
                    &self.wires,
                    table,
                    &mut self.fabric,
                    count,
                );
                table.step(
                    self.reset,
                    self.wires.ageing_period,
                    waiting,
                    self.request.as_ref(),
                );
                if self.reset {
                    ingresses.reset();
                }
                ready
            }
            Front::Fabric(gates) => {
                if self.reset {
                    gates.reset(self.wires.gap_limit);
                    Mask::NONE
                } else {
                    let ready = gates.ready(&self.pins, &self.fabric, self.wires.is_lossy);
                    gates.step(&self.pins, ready, &mut self.fabric, &self.wires, count);
                    ready
                }
            }
        };
        self.fabric.settle_room();
        if self.reset {
            self.events.clear();
        }

        // 3. What the ingresses said.
        for (port, is_ready) in outcome.ingress_ready.iter_mut().enumerate() {
            *is_ready = ingress_ready.has(port);
        }
        if let Some(pins) = &mut tap {
            for (pin, is_ready) in pins.iter_mut().zip(&outcome.ingress_ready) {
                *pin = u64::from(*is_ready);
            }
        }
        self.tap = tap;
        Ok(())
    }
}
