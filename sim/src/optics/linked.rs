//! A switch with an optical link on every port, and what is at the other ends, as one [`Engine`].
//!
//! ```text
//!   stream ─► far link ══ fiber ══► near link ─► switch ─► near link ══ fiber ══► far link ─► stream
//!             port p                  port p                  port e                port e
//! ```
//!
//! The streams are those of the far ends: to whoever plays frames into it, it is a switch that takes longer. Every part is simulated to the
//! cycle; the outputs of links and fibers follow from their registers alone, so a cycle goes once around. What the RTL's
//! [`OeiSwitch`](lightswitch_hdl::switch::OeiSwitch) does between link and switch, [`Linked`] does too: a pair whose ingress receives on
//! fewer lanes than its egress sends on stores frames first.

use lightswitch_hdl::config::Config;
use lightswitch_hdl::link::LinkConfig;

use super::fault::Fault;
use super::schedule::Schedule;
use super::watch::{Watch, Watched};
use super::{build_link, Faults, Fiber, FiberIn, LinkEngine, LinkIn, LinkOut};
use crate::beat::Beat;
use crate::engine::{self, Engine, EngineKind, Outcome, Settings, TableRequest};
use crate::frame::Mac;
use crate::port_mask::PortMask;
use crate::verilated::Step;
use crate::Error;

/// Bits of a fiber lane's delay, in words.
const DELAY_W: usize = 5;
/// Marker periods after which a link that is not up will not come up.
const BRING_UP_PERIODS: u64 = 64;
/// Idle cycles behind the last link that came up: what the links still have to tell each other.
const SETTLE_PERIODS: u64 = 4;

/// One port: the link at the switch, the link at the other end, and the fibers between them.
struct Port {
    near: Box<dyn LinkEngine>,
    far: Box<dyn LinkEngine>,
    /// Towards the switch, and from it.
    inward: Fiber,
    outward: Fiber,
    /// What goes wrong on each: as it was planned, and from this cycle on.
    planned: [Schedule; 2],
    inward_faults: Schedule,
    outward_faults: Schedule,
    /// What happened at each end.
    near_watch: Watch,
    far_watch: Watch,
}

/// A switch whose ports are optical links.
pub struct Linked {
    core: Box<dyn Engine>,
    link: LinkConfig,
    ports: Vec<Port>,
    settings: Settings,
    /// Per ingress, the egresses that send on more lanes than it receives on.
    slower: Vec<PortMask>,
    reset: bool,
    /// Cycles since all links were up; `None` before.
    cycle: Option<u64>,
    inner: Outcome,
    offered: Vec<Option<Beat>>,
    ready: Vec<bool>,
}

/// What a linked switch is made of.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// The engine of switch and links.
    pub kind: EngineKind,
    /// The switch.
    pub config: &'a Config,
    /// The link of every port.
    pub link: &'a LinkConfig,
    /// The switch's settings.
    pub settings: &'a Settings,
    /// What goes wrong; its cycles count from when all links are up.
    pub faults: &'a [Fault],
    /// Where random bit errors come from.
    pub seed: u64,
}

impl Linked {
    /// Builds it; [`Engine::reset`] brings its links up. `progress` hears of each step that takes seconds.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a part does not fit, [`Error::Verilated`] if a tool is missing.
    pub fn new(parts: &Parts, progress: &mut dyn FnMut(&Step)) -> Result<Self, Error> {
        let Parts { config, link, .. } = *parts;
        if link.data_w() != config.data_w {
            return Err(Error::invalid(
                "the link",
                link.name,
                format!("one for clients of {} bits", config.data_w),
            ));
        }
        for fault in parts.faults {
            fault.check(config.ports, link.physical())?;
        }
        let core = engine::build_with_progress(
            parts.kind,
            config,
            lightswitch_hdl::tops::Top::Switch,
            parts.settings,
            progress,
        )?;
        let each = (0..config.ports).map(|port| {
            let faults =
                |inward| Schedule::new(parts.faults, port, inward, link.lane_w, parts.seed);
            let seed = |way: usize| 1 + (2 * port + way) as u32;
            Ok(Port {
                near: build_link(parts.kind, link, progress)?,
                far: build_link(parts.kind, link, progress)?,
                inward: Fiber::new(link, DELAY_W, seed(0)),
                outward: Fiber::new(link, DELAY_W, seed(1)),
                planned: [faults(true), faults(false)],
                inward_faults: faults(true),
                outward_faults: faults(false),
                near_watch: Watch::new(link.lanes, &LinkOut::default()),
                far_watch: Watch::new(link.lanes, &LinkOut::default()),
            })
        });
        Ok(Self {
            core,
            link: *link,
            ports: each.collect::<Result<_, Error>>()?,
            settings: parts.settings.clone(),
            slower: vec![PortMask::NONE; config.ports],
            reset: false,
            cycle: None,
            inner: Outcome::new(config.ports),
            offered: vec![None; config.ports],
            ready: vec![false; config.ports],
        })
    }

    /// The link of every port.
    #[must_use]
    pub const fn link(&self) -> &LinkConfig {
        &self.link
    }

    /// What happened at each port's links since they came up: at the switch, and at the other end.
    #[must_use]
    pub fn watched(&self) -> Vec<[Watched; 2]> {
        let watched = |port: &Port| [port.near_watch.watched(), port.far_watch.watched()];
        self.ports.iter().map(watched).collect()
    }

    /// Resets everything and runs it, idle, until all links are up and have been for a while.
    fn bring_up(&mut self) -> Result<(), Error> {
        self.core.reset()?;
        self.cycle = None;
        self.reset = true;
        self.idle()?;
        self.reset = false;
        let period = self.link.marker_cycles() as u64;
        let mut left = BRING_UP_PERIODS * period;
        let mut settled = 0;
        while settled < SETTLE_PERIODS * period {
            self.idle()?;
            let down = self
                .ports
                .iter()
                .position(|port| !port.near.outputs().status.up || !port.far.outputs().status.up);
            settled = if down.is_none() { settled + 1 } else { 0 };
            left = left.saturating_sub(1);
            if let (0, Some(port)) = (left, down) {
                return Err(Error::Engine {
                    engine: self.core.name(),
                    cycle: BRING_UP_PERIODS * period,
                    reason: format!("the link of port {port} does not come up"),
                });
            }
        }
        for port in &mut self.ports {
            let [inward, outward] = &port.planned;
            port.inward_faults.clone_from(inward);
            port.outward_faults.clone_from(outward);
            port.near_watch = Watch::new(self.link.lanes, port.near.outputs());
            port.far_watch = Watch::new(self.link.lanes, port.far.outputs());
        }
        self.cycle = Some(0);
        Ok(())
    }

    fn idle(&mut self) -> Result<(), Error> {
        let ports = self.ports.len();
        let mut outcome = Outcome::new(ports);
        self.cycle(&vec![None; ports], &vec![false; ports], &mut outcome)
    }

    /// The switch's policy follows the widths of the links.
    fn follow_widths(&mut self) -> Result<(), Error> {
        let mut changed = false;
        for ingress in 0..self.ports.len() {
            let received = self.ports[ingress].near.outputs().status.rx_width;
            let mut slower = PortMask::NONE;
            for (egress, port) in self.ports.iter().enumerate() {
                if received < port.near.outputs().status.tx_width {
                    slower = slower | PortMask::one(egress);
                }
            }
            changed |= self.slower[ingress] != slower;
            self.slower[ingress] = slower;
        }
        if changed {
            let mut settings = self.settings.clone();
            let stored = |ingress: usize| self.settings.stored(ingress) | self.slower[ingress];
            settings.store_and_forward = (0..self.ports.len()).map(stored).collect();
            self.core.configure(&settings)?;
        }
        Ok(())
    }
}

impl Port {
    /// The clock edge of links and fibers. `cycle` counts from when all links were up.
    fn cycle(
        &mut self,
        reset: bool,
        cycle: Option<u64>,
        near: (Option<Beat>, bool),
        far: (Option<Beat>, bool),
    ) -> Result<(), Error> {
        let faults = |schedule: &mut Schedule| match cycle {
            Some(cycle) => *schedule.at(cycle),
            None => schedule.standing(),
        };
        let inward = &faults(&mut self.inward_faults);
        let outward = &faults(&mut self.outward_faults);
        let (near_out, far_out) = (*self.near.outputs(), *self.far.outputs());
        let (arrives, leaves) = (*self.inward.outputs(), *self.outward.outputs());
        let fiber = |sender: &LinkOut, receiver: &LinkOut, faults: &Faults| FiberIn {
            reset,
            tx: sender.lanes,
            rx_bitslip: receiver.bitslip,
            rx_reset_req: receiver.reset_req,
            faults: *faults,
        };
        self.inward.cycle(&fiber(&far_out, &near_out, inward));
        self.outward.cycle(&fiber(&near_out, &far_out, outward));
        self.near.cycle(&LinkIn {
            reset,
            tx: near.0,
            rx_ready: near.1,
            engine_ready: leaves.tx_ready,
            tx_fault: outward.driver,
            rx: arrives.rx,
            rx_los: arrives.rx_los,
            rx_lol: arrives.rx_lol,
        })?;
        self.far.cycle(&LinkIn {
            reset,
            tx: far.0,
            rx_ready: far.1,
            engine_ready: arrives.tx_ready,
            tx_fault: inward.driver,
            rx: leaves.rx,
            rx_los: leaves.rx_los,
            rx_lol: leaves.rx_lol,
        })?;
        if let Some(cycle) = cycle {
            self.near_watch.see(cycle, self.near.outputs());
            self.far_watch.see(cycle, self.far.outputs());
        }
        Ok(())
    }
}

impl Engine for Linked {
    fn name(&self) -> &'static str {
        self.core.name()
    }

    fn ports(&self) -> usize {
        self.ports.len()
    }

    fn beat_bytes(&self) -> usize {
        self.core.beat_bytes()
    }

    fn crosses_links(&self) -> bool {
        true
    }

    fn table_set(&self, address: Mac) -> Option<usize> {
        self.core.table_set(address)
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.bring_up()
    }

    fn set_reset(&mut self, high: bool) {
        self.reset = high;
        self.core.set_reset(high);
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        self.core.configure(settings)?;
        self.settings = settings.clone();
        self.slower.fill(PortMask::NONE);
        Ok(())
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.core.request(request);
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        self.follow_widths()?;
        for (number, port) in self.ports.iter().enumerate() {
            let near = port.near.outputs();
            self.offered[number] = near.rx;
            self.ready[number] = near.tx_ready && !self.reset;
        }
        self.core
            .cycle(&self.offered, &self.ready, &mut self.inner)?;
        outcome.clear();
        outcome.pulses.extend_from_slice(&self.inner.pulses);
        for (number, port) in self.ports.iter_mut().enumerate() {
            let far = port.far.outputs();
            outcome.ingress_ready[number] = far.tx_ready && !self.reset;
            outcome.egress[number] = far.rx;
            let near = (self.inner.egress[number], self.inner.ingress_ready[number]);
            let far = (offered[number], egress_ready[number]);
            port.cycle(self.reset, self.cycle, near, far)?;
        }
        self.cycle = self.cycle.map(|cycle| cycle + 1);
        Ok(())
    }
}
