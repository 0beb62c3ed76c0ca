//! What is driven into a top in a lockstep run, written down: so that a run can be repeated, cut down, and kept in a file.
//!
//! Nothing in it depends on what the top answers, but for the rules of the pins: a beat and a request stay until they are
//! taken. A reset ends the frame that a source is in the middle of; it goes on with the next one.

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use serde::{Deserialize, Serialize};

use crate::beat::{Beat, BEAT_EGRESSES};
use crate::engine::{Settings, TableOp, TableRequest};
use crate::frame::Mac;
use crate::port_mask::PortMask;
use crate::Error;

/// A run. As a file it is one JSON object with these names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name of the configuration.
    pub config: String,
    /// What is run: switch, fabric or fabric-mc.
    pub top: String,
    /// Seed it was made from.
    pub seed: u64,
    /// How long it runs.
    pub cycles: u64,
    /// Per ingress, its frames in order.
    pub sources: Vec<Vec<Frame>>,
    /// Per egress, when it is not ready, in order.
    pub stalls: Vec<Vec<Span>>,
    /// When `rst` is high, in order.
    pub resets: Vec<Span>,
    /// The `cfg_*` pins, each from its cycle on, in order.
    pub settings: Vec<Setting>,
    /// Requests at the table port, in order.
    pub requests: Vec<Request>,
}

/// Cycles from `from` on, up to but without `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first.
    pub from: u64,
    /// The first that is none any more.
    pub until: u64,
}

/// A frame of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// `tdest` for the egresses from 64 on, as it stands with the first beat; with the others, where it does not count, all
    /// of them are inverted. None where masks are shorter.
    #[serde(default, skip_serializing_if = "PortMask::is_empty")]
    pub dest_above: PortMask,
    /// Its beats in order.
    pub beats: Vec<Paused>,
}

/// A beat, and the cycles its source waits in front of it once it could be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// The cycles.
    pub pause: u32,
    /// `tdata`, byte 0 lowest.
    pub data: u64,
    /// `tkeep`.
    pub keep: u8,
    /// `tlast`.
    pub last: bool,
    /// `tuser`.
    pub user: bool,
    /// `tdest`, of a longer mask the first 64 egresses; 0 on a switch.
    pub dest: u64,
}

impl Paused {
    /// `beat` behind a pause.
    #[must_use]
    pub fn new(beat: &Beat, pause: u32) -> Self {
        Self {
            pause,
            data: u64::from_le_bytes(beat.data),
            keep: beat.keep,
            last: beat.last,
            user: beat.user,
            dest: beat.dest,
        }
    }

    /// The beat.
    #[must_use]
    pub fn beat(&self) -> Beat {
        Beat {
            data: self.data.to_le_bytes(),
            keep: self.keep,
            last: self.last,
            user: self.user,
            dest: self.dest,
        }
    }
}

/// The `cfg_*` pins from a cycle on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The cycle.
    pub from: u64,
    /// `cfg_lossy`.
    pub lossy: bool,
    /// `cfg_store_forward`, a mask an ingress.
    pub store_and_forward: Vec<PortMask>,
    /// `cfg_gap_limit`.
    pub gap_limit: u16,
    /// `cfg_ageing_period`.
    pub ageing_period: u32,
}

impl Setting {
    /// As the engines take them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            lossy: self.lossy,
            store_and_forward: self.store_and_forward.clone(),
            gap_limit: self.gap_limit,
            ageing_period: self.ageing_period,
        }
    }
}

/// A request at the table port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The first cycle in which it may be made; later if the one before still waits.
    pub from: u64,
    /// 0 read, 1 write static, 2 delete, 3 flush.
    pub op: u8,
    /// The address in the order of the wire.
    pub address: [u8; 6],
    /// Ports of a static entry.
    pub mask: PortMask,
}

impl Request {
    /// As the engines take it.
    #[must_use]
    pub fn request(&self) -> TableRequest {
        TableRequest {
            op: match self.op {
                0 => TableOp::Read,
                1 => TableOp::WriteStatic,
                2 => TableOp::Delete,
                _ => TableOp::Flush,
            },
            address: Mac(self.address),
            mask: self.mask,
        }
    }
}

impl Plan {
    /// A run of no cycles in which nothing happens.
    #[must_use]
    pub fn idle(config: &Config, top: Top, seed: u64) -> Self {
        Self {
            config: config.name.into(),
            top: top.name().into(),
            seed,
            cycles: 0,
            sources: vec![Vec::new(); config.ports],
            stalls: vec![Vec::new(); config.ports],
            resets: Vec::new(),
            settings: Vec::new(),
            requests: Vec::new(),
        }
    }

    /// The egresses that `tdest` of its top names and that a beat does not hold.
    pub(super) fn dest_above(&self) -> PortMask {
        if self.top == Top::FabricMc.name() {
            PortMask::first(self.sources.len()).starting_at(BEAT_EGRESSES)
        } else {
            PortMask::NONE
        }
    }

    /// The configuration and the top it is for, if it fits them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the first thing that does not fit.
    pub fn check(&self) -> Result<(&'static Config, Top), Error> {
        let config = Config::sized(&self.config).ok_or_else(|| {
            let known = Config::ALL.map(|config| config.name).join(", ");
            Error::invalid("the plan's configuration", &self.config, known)
        })?;
        let top = Top::named(&self.top).ok_or_else(|| {
            let known = Top::ALL.map(Top::name).join(", ");
            Error::invalid("the plan's top", &self.top, known)
        })?;
        for (what, count) in [
            ("the plan's number of sources", self.sources.len()),
            ("the plan's number of stalls", self.stalls.len()),
        ] {
            if count != config.ports {
                return Err(Error::invalid(what, count, config.ports.to_string()));
            }
        }
        for setting in &self.settings {
            setting.settings().check(config)?;
        }
        if let Some(request) = self.requests.iter().find(|request| request.op > 3) {
            return Err(Error::invalid("a request's op", request.op, "0 to 3"));
        }
        let known = self.dest_above();
        let is_beyond = |frame: &&Frame| !frame.dest_above.without(known).is_empty();
        if let Some(frame) = self.sources.iter().flatten().find(is_beyond) {
            return Err(Error::invalid(
                "a frame's dest_above",
                format!("{:#x}", frame.dest_above),
                format!("within {known:#x}, the egresses from 64 on that a mask of this top names"),
            ));
        }
        let ends = |frame: &Frame| {
            frame.beats.last().is_some_and(|beat| beat.last)
                && frame.beats.iter().filter(|beat| beat.last).count() == 1
        };
        if !self.sources.iter().flatten().all(ends) {
            return Err(Error::invalid(
                "a frame of the plan",
                "without a last beat at its end",
                "beats of which the last one, and no other, has `last`",
            ));
        }
        Ok((config, top))
    }
}
