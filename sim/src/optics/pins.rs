//! The pins of one link and of its optical engine, as plain numbers.

use lightswitch_hdl::tops::PULSES;

use crate::beat::Beat;

/// Most physical lanes: eight and a spare.
pub const MAX_LANES: usize = 9;

/// A beat of each lane, as the OEI has it. What does not count is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lanes {
    /// `LW` bits of each lane.
    pub data: [u32; MAX_LANES],
    /// The block's header, with its first beat.
    pub header: [u8; MAX_LANES],
    /// Lanes that have a beat.
    pub valid: u16,
    /// Lanes whose beat is a block's first.
    pub first: u16,
}

/// The inputs of a link in one cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkIn {
    /// Synchronous reset.
    pub reset: bool,
    /// The beat that the client offers.
    pub tx: Option<Beat>,
    /// The client takes the beat that it is offered.
    pub rx_ready: bool,
    /// The engine takes a beat of every lane.
    pub engine_ready: bool,
    /// Lanes whose driver is broken.
    pub tx_fault: u16,
    /// What the engine receives.
    pub rx: Lanes,
    /// Lanes without light.
    pub rx_los: u16,
    /// Lanes without lock of clock recovery.
    pub rx_lol: u16,
}

/// What a link is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "one a pin")]
pub struct LinkStatus {
    /// Frames pass.
    pub up: bool,
    /// Why it last went down.
    pub down_reason: u8,
    /// The lanes that carry data towards it are aligned.
    pub aligned: bool,
    /// Too many bad headers.
    pub hi_ber: bool,
    /// The other side does not receive it.
    pub remote_fault: bool,
    /// Lanes that it sends data on.
    pub tx_width: u8,
    /// Lanes that carry data towards it.
    pub rx_width: u8,
    /// Physical lanes that are lost or held back in its direction.
    pub tx_lost: u16,
    /// Physical lanes with block lock.
    pub block_lock: u16,
    /// Physical lanes with marker lock.
    pub marker_lock: u16,
    /// State of the sender of a lossless link.
    pub retry_tx_state: u8,
    /// State of its receiver.
    pub retry_rx_state: u8,
}

/// Counter pulses of a link in one cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkPulses {
    /// The pulses of one bit, in the order of [`PULSES`].
    pub bits: u32,
    /// Bits that differ from each lane's BIP.
    pub bip_errors: [u8; MAX_LANES],
    /// Lanes with a header that is neither data nor control.
    pub header_error: u16,
}

impl LinkPulses {
    /// Whether the pulse called `name`, one of [`PULSES`], is high.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let place = PULSES.iter().position(|pulse| *pulse == name);
        self.bits >> place.unwrap_or_else(|| panic!("a link has no pulse {name}")) & 1 == 1
    }
}

/// The outputs of a link before a clock edge. They follow from its registers alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkOut {
    /// It takes the beat that the client offers.
    pub tx_ready: bool,
    /// The beat that it offers to the client.
    pub rx: Option<Beat>,
    /// What it sends to the engine.
    pub lanes: Lanes,
    /// Lanes whose blocks the engine is to frame one bit later.
    pub bitslip: u16,
    /// Lanes whose receiver the engine is to start anew.
    pub reset_req: u16,
    /// What it is at.
    pub status: LinkStatus,
    /// Its counter pulses.
    pub pulses: LinkPulses,
}
