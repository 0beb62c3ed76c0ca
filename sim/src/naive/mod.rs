//! The `naive` engine: the RTL register by register, port by port and queue by queue, for any number of ports.
//!
//! ```text
//!  streams ─► ingress (switch) ─► fabric: gate, queue, arbiter ─► streams
//!                 │    ▲
//!                 ▼    │
//!                 table
//! ```
//!
//! It is written down from the blocks and is the same as the RTL on every pin in every cycle. Nothing in it is there for
//! speed: sets of ports are lists, every register is looked at in every cycle. So it says what a switch does of which
//! there are no blocks, and the `model` engine is compared with it there.

mod fabric;
mod ingress;
mod table;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::switch::DEFAULT_GAP_LIMIT;
use lightswitch_hdl::tops::Top;

use self::fabric::{Fabric, Stored};
use self::ingress::{Ingress, Moves};
use self::table::{Ask, Table};
use crate::beat::{full_keep, Beat, BEAT_EGRESSES};
use crate::engine::{idle_cycles_after_reset, Cause, Engine, Outcome, Settings, TableRequest};
use crate::frame::Mac;
use crate::pins::{self, Pin};
use crate::port_mask::PortMask;
use crate::Error;

/// What stands at the pins of one stream, where a frame goes included.
#[derive(Clone, Debug)]
struct Pins {
    valid: bool,
    last: bool,
    user: bool,
    keep: u8,
    data: u64,
    mask: Vec<bool>,
}

/// The configuration pins.
#[derive(Clone, Debug)]
struct Wires {
    lossy: bool,
    gap_limit: u16,
    ageing_period: u32,
    /// Per ingress, an egress each.
    store_forward: Vec<Vec<bool>>,
}

/// What stands in front of the fabric of a switch.
#[derive(Debug)]
struct Front {
    ingress: Vec<Ingress>,
    table: Table,
}

/// A switch, or a fabric alone.
#[derive(Debug)]
struct Naive {
    config: Config,
    top: Top,
    listed: Vec<Pin>,
    front: Option<Front>,
    fabric: Fabric,
    pins: Vec<Pins>,
    wires: Wires,
    request: Option<TableRequest>,
    reset: bool,
    tap: Option<Vec<u64>>,
}

/// Builds `top` of `config`, reset and, if it is a switch, ready to learn.
///
/// # Errors
/// [`Error::Invalid`] if the settings do not fit.
pub fn build(config: &Config, top: Top, settings: &Settings) -> Result<Box<dyn Engine>, Error> {
    let mut naive = Naive::new(config, top);
    naive.configure(settings)?;
    naive.reset()?;
    Ok(Box::new(naive))
}

/// For each of `ports` ports, whether it is in `mask`.
fn mask_of(mask: &PortMask, ports: usize) -> Vec<bool> {
    (0..ports).map(|port| mask.has(port)).collect()
}

/// Up to 64 of them as the bits of a word.
fn word_of(bits: impl IntoIterator<Item = bool>) -> u64 {
    let bits = bits.into_iter().enumerate();
    bits.fold(0, |word, (bit, is_set)| word | u64::from(is_set) << bit)
}

impl Naive {
    fn new(config: &Config, top: Top) -> Self {
        let (ports, width) = (config.ports, config.beat_bytes());
        let is_switch = top == Top::Switch;
        let pins = Pins {
            valid: false,
            last: false,
            user: false,
            keep: 0,
            data: 0,
            mask: vec![false; ports],
        };
        let mut naive = Self {
            config: *config,
            top,
            listed: pins::outputs(config, top),
            front: is_switch.then(|| Front {
                ingress: vec![Ingress::new(width, config.max_frame_bytes); ports],
                table: Table::new(ports, config.table_w),
            }),
            fabric: Fabric::new(
                ports,
                width,
                config.depth_w,
                config.max_frame_beats(),
                is_switch,
            ),
            pins: vec![pins; ports],
            wires: Wires {
                lossy: false,
                gap_limit: 0,
                ageing_period: 0,
                store_forward: vec![vec![false; ports]; ports],
            },
            request: None,
            reset: false,
            tap: None,
        };
        // An index of zeros is egress 0.
        for port in 0..ports {
            naive.pins[port].mask = naive.destination(0);
        }
        naive
    }

    /// The egresses that `tdest` means.
    fn destination(&self, dest: u64) -> Vec<bool> {
        let ports = self.config.ports;
        match self.top {
            Top::Switch => vec![false; ports],
            Top::FabricMc => mask_of(&dest.into(), ports),
            Top::Fabric => {
                let index = dest % (2 * ports.next_power_of_two() as u64);
                (0..ports as u64).map(|egress| egress == index).collect()
            }
        }
    }

    fn drive(&mut self, offered: &[Option<Beat>]) {
        let width = self.config.beat_bytes();
        let said = match self.top {
            Top::FabricMc => self.config.ports.min(BEAT_EGRESSES),
            Top::Fabric | Top::Switch => self.config.ports,
        };
        for (port, beat) in offered.iter().enumerate() {
            let mask = beat.map(|beat| self.destination(beat.dest));
            let pins = &mut self.pins[port];
            pins.valid = beat.is_some();
            let (Some(beat), Some(mask)) = (beat, mask) else {
                continue;
            };
            pins.last = beat.last;
            pins.user = beat.user;
            pins.keep = beat.keep & full_keep(width);
            pins.data = u64::from_le_bytes(beat.data) & u64::MAX >> (64 - 8 * width);
            pins.mask[..said].copy_from_slice(&mask[..said]);
        }
    }

    fn keep_of(&self, stored: &Stored) -> u8 {
        let bytes = usize::from(stored.extra_bytes) + 1;
        full_keep(bytes.min(self.config.beat_bytes()))
    }

    /// What is counted at `ingress` in this cycle.
    fn counted(&self, ingress: usize) -> &[Cause] {
        match &self.front {
            Some(front) => &front.ingress[ingress].counted,
            None => &self.fabric.counted[ingress],
        }
    }

    /// The value of the pins called `name`, bit by bit; `row` for those that have one an ingress.
    fn bits(&self, name: &str, row: Option<usize>, ready: &[bool]) -> Vec<bool> {
        let word = |word: u64| (0..64).map(|bit| word >> bit & 1 == 1).collect();
        if let Some((stream, signal)) = name.split_once("_axis_") {
            let (side, number) = stream.split_at(1);
            let port: usize = number.parse().expect("streams are numbered");
            if side == "s" {
                return vec![ready[port]];
            }
            let (valid, shown) = self.fabric.shown(port);
            return match signal {
                "tdata" => word(shown.data),
                "tkeep" => word(u64::from(self.keep_of(&shown))),
                "tvalid" => vec![valid],
                "tlast" => vec![shown.is_last],
                _ => vec![shown.is_last && shown.is_poisoned],
            };
        }
        let ports = 0..self.config.ports;
        if let Some(ingress) = row {
            return self.fabric.full[ingress].clone();
        }
        if let Some(cause) =
            (Cause::ALL.into_iter()).find(|cause| cause.pin(self.top) == Some(name))
        {
            return ports
                .map(|ingress| self.counted(ingress).contains(&cause))
                .collect();
        }
        let table = &self.front.as_ref().expect("only a switch has others").table;
        let [learned, moved, learn_full, first, second] = table.counted();
        let [ready, done, found, found_static, full, open] = table.flags();
        match name {
            "stat_learned" => vec![learned],
            "stat_moved" => vec![moved],
            "stat_learn_full" => vec![learn_full],
            "stat_aged" => vec![first, second],
            "table_ready" => vec![ready],
            "table_done" => vec![done],
            "table_found" => vec![found],
            "table_found_static" => vec![found_static],
            "table_full" => vec![full],
            "table_open" => vec![open],
            "table_found_mask" => table.found_mask().to_vec(),
            other => unreachable!("there is no pin {other}"),
        }
    }

    fn record(&self, ready: &[bool]) -> Vec<u64> {
        (self.listed.iter())
            .map(|pin| {
                let bits = self.bits(&pin.name, pin.row, ready);
                word_of(bits.into_iter().skip(pin.low).take(pin.width))
            })
            .collect()
    }

    /// The cycle of the ingresses and the table: what the fabric is offered, and who is ready.
    fn cycle_front(&mut self) -> (Vec<Pins>, Vec<bool>, Vec<Moves>) {
        let Some(front) = &self.front else {
            let ready = |(port, pins): (usize, &Pins)| {
                let lossy = self.wires.lossy;
                (self.fabric).is_ready(port, &pins.mask, lossy, self.reset)
            };
            let ready = self.pins.iter().enumerate().map(ready).collect();
            return (self.pins.clone(), ready, Vec::new());
        };
        let ports = self.config.ports;
        let (mut rows, mut ready, mut moves) = (Vec::new(), Vec::new(), Vec::new());
        for (port, ingress) in front.ingress.iter().enumerate() {
            let known = front.table.answer(port);
            let mut mask = known.unwrap_or_else(|| vec![true; ports]);
            mask[port] = false;
            let take = (self.fabric).is_ready(port, &mask, self.wires.lossy, self.reset);
            let step = ingress.moves(&self.pins[port], take, &mask);
            rows.push(ingress.source(&step, mask));
            ready.push(step.ready);
            moves.push(step);
        }
        (rows, ready, moves)
    }

    /// The clock edge of the ingresses and the table.
    fn edge_front(&mut self, moves: &[Moves]) {
        let Some(front) = &mut self.front else { return };
        let offers: Vec<Option<u64>> = front.ingress.iter().map(Ingress::offers).collect();
        let gap_limit = match self.wires.gap_limit {
            0 => DEFAULT_GAP_LIMIT,
            limit => limit,
        };
        let table = &mut front.table;
        for (port, ingress) in front.ingress.iter_mut().enumerate() {
            let is_flood = table.answer(port).is_none();
            let answer = ingress::Answer {
                is_flood,
                is_known: table.is_known(port),
                is_learned: table.takes(port),
            };
            let (pins, moves) = (&self.pins[port], &moves[port]);
            ingress.edge(pins, moves, gap_limit, answer);
            if self.reset {
                ingress.reset();
            }
        }
        let asks: Vec<Ask> = moves.iter().map(|moves| moves.ask).collect();
        let period = self.wires.ageing_period;
        table.edge(self.reset, period, &asks, &offers, self.request.as_ref());
    }
}

impl Engine for Naive {
    fn name(&self) -> &'static str {
        "naive"
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
        let [b0, b1, b2, b3, b4, b5] = address.0;
        let address = u64::from_le_bytes([b0, b1, b2, b3, b4, b5, 0, 0]);
        (self.front.as_ref()).map(|front| front.table.set_of(address))
    }

    fn reset(&mut self) -> Result<(), Error> {
        let ports = self.config.ports;
        let (offered, ready) = (vec![None; ports], vec![false; ports]);
        let mut outcome = Outcome::new(ports);
        self.request = None;
        self.reset = true;
        self.cycle(&offered, &ready, &mut outcome)?;
        self.reset = false;
        for _ in 0..idle_cycles_after_reset(&self.config, self.top) {
            self.cycle(&offered, &ready, &mut outcome)?;
        }
        Ok(())
    }

    fn set_reset(&mut self, high: bool) {
        self.reset = high;
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        settings.check(&self.config)?;
        self.wires.lossy = settings.lossy;
        self.wires.gap_limit = settings.gap_limit;
        self.wires.ageing_period = settings.ageing_period;
        for (ingress, stored) in self.wires.store_forward.iter_mut().enumerate() {
            *stored = mask_of(&settings.stored(ingress), self.config.ports);
        }
        Ok(())
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.request = request;
    }

    fn set_dest_above(&mut self, ingress: usize, egresses: &PortMask) {
        if self.top == Top::FabricMc {
            let pins = self.pins[ingress].mask.iter_mut().enumerate();
            for (egress, pin) in pins.skip(BEAT_EGRESSES) {
                *pin = egresses.has(egress);
            }
        }
    }

    fn tap(&mut self, on: bool) {
        self.tap = on.then(Vec::new);
    }

    fn pins(&self) -> &[u64] {
        self.tap.as_deref().unwrap_or_default()
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        // 1. What the pins show.
        self.drive(offered);
        let (rows, ready, moves) = self.cycle_front();
        outcome.clear();
        outcome.ingress_ready.clone_from(&ready);
        for egress in 0..self.config.ports {
            let (is_valid, shown) = self.fabric.shown(egress);
            outcome.egress[egress] = is_valid.then(|| Beat {
                data: shown.data.to_le_bytes(),
                keep: self.keep_of(&shown),
                last: shown.is_last,
                user: shown.is_last && shown.is_poisoned,
                dest: 0,
            });
        }
        for ingress in 0..self.config.ports {
            for cause in self.counted(ingress) {
                outcome.pulse(*cause, ingress);
            }
            for (egress, is_full) in self.fabric.full[ingress].iter().enumerate() {
                if *is_full {
                    outcome.drop_full(ingress, egress);
                }
            }
        }
        if self.tap.is_some() {
            self.tap = Some(self.record(&ready));
        }

        // 2. The clock edge.
        (self.fabric).edge(self.reset, &rows, egress_ready, &self.wires);
        self.edge_front(&moves);
        Ok(())
    }
}
