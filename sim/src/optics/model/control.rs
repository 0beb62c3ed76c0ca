//! Lane reports, lane plan and state of a link.

use lightswitch_hdl::link::message::{LANE_REPORT, POSITION, REPORT};
use lightswitch_hdl::link::{LinkConfig, Times};

use super::blind_guess::BlindGuess;
use super::lane_planner::{LanePlanner, Plan};
use super::lane_report::{LaneReport, SEEN_LANE, SEEN_UNUSED};
use super::link_state::{LinkState, StateIn};
use super::message::MessageReader;
use super::retry_rx::Position;
use super::retry_tx::Report;

/// Losses after which lanes are held back.
const FLAP_LIMIT: usize = 5;

/// What the control of a link follows.
#[derive(Clone, Copy, Debug, Default)]
pub struct ControlIn {
    /// Logical lanes that are seen.
    pub seen_lane: u16,
    /// Unused lanes that are seen.
    pub seen_unused: u16,
    /// The lanes are aligned.
    pub aligned: bool,
    /// Too many bad headers.
    pub hi_ber: bool,
    /// Physical lanes with block lock.
    pub block_lock: u16,
    /// Physical lanes with marker lock.
    pub marker_lock: u16,
    /// Physical lanes without light, or without lock of clock recovery.
    pub no_signal: u16,
    /// Lanes that carry data towards it.
    pub rx_width: u8,
    /// Lanes whose driver is broken.
    pub tx_fault: u16,
    /// The other side does not receive.
    pub remote_fault: bool,
    /// The ordered set that came.
    pub set: Option<u64>,
    /// A row of markers begins, and with it a plan.
    pub at_marker: bool,
    /// The lane report was taken.
    pub lane_report_taken: bool,
}

/// The twin of `LinkControl`.
#[derive(Clone, Debug)]
pub struct Control {
    report: LaneReport,
    reader: MessageReader,
    blind: BlindGuess,
    /// What is planned.
    pub planner: LanePlanner,
    /// What the link is at.
    pub state: LinkState,
    lane_mask: u16,
    physical_mask: u16,
}

impl Control {
    /// That of `link`.
    pub fn new(link: &LinkConfig) -> Self {
        let times = Times::of(link.marker_period, link.lane_beats());
        Self {
            report: LaneReport::new(times.report, times.arm),
            reader: MessageReader::default(),
            blind: BlindGuess::new(link.physical(), times.settle, times.arm),
            planner: LanePlanner::new(link, times.settle, times.recover, FLAP_LIMIT),
            state: LinkState::new(times.up, times.down),
            lane_mask: (1 << link.lanes) - 1,
            physical_mask: (1 << link.physical()) - 1,
        }
    }

    /// The lane report that waits.
    pub fn lane_report(&self) -> Option<u64> {
        self.report.message()
    }

    /// The message of a kind that came.
    fn told(&self, kind: u64) -> Option<u64> {
        self.reader
            .message()
            .filter(|message| message & 0xf == kind)
    }

    /// The report of the far end's receiver that came.
    pub fn report(&self) -> Option<Report> {
        self.told(REPORT).map(|message| Report {
            nack: message >> 4 & 1 == 1,
            expected: (message >> 8) as u16,
            limit: (message >> 24) as u16,
        })
    }

    /// The position of the far end's sender that came.
    pub fn position(&self) -> Option<Position> {
        self.told(POSITION).map(|message| Position {
            init: message >> 4 & 1 == 1,
            position: (message >> 8) as u16,
        })
    }

    /// The lane plan.
    pub fn plan(&self) -> Plan {
        self.planner.plan().0
    }

    /// A message was damaged.
    pub fn message_damaged(&self) -> bool {
        self.reader.damaged()
    }

    /// The clock edge.
    pub fn cycle(&mut self, inputs: &ControlIn, reset: bool) {
        let state_in = StateIn {
            aligned: inputs.aligned,
            hi_ber: inputs.hi_ber,
            remote_fault: inputs.remote_fault,
            blocks_lock: inputs.block_lock.count_ones() >= u32::from(inputs.rx_width),
            markers_lock: inputs.marker_lock.count_ones() >= u32::from(inputs.rx_width),
            none: self.planner.none(),
            damped: self.planner.damped(inputs.tx_fault),
        };
        self.state.cycle(state_in, reset);
        let report = self.told(LANE_REPORT).map(|message| {
            let seen_lane = (message >> SEEN_LANE) as u16 & self.lane_mask;
            (
                seen_lane,
                (message >> SEEN_UNUSED) as u16 & self.physical_mask,
            )
        });
        let (avoid, at_marker) = (self.blind.avoided(), inputs.at_marker);
        let counted = self
            .planner
            .cycle(report, inputs.tx_fault, avoid, at_marker, reset);
        let dark = inputs.no_signal | (!inputs.block_lock & self.physical_mask);
        self.blind.cycle(inputs.aligned, dark, counted, reset);
        self.reader.cycle(inputs.set, reset);
        self.report.cycle(
            inputs.seen_lane,
            inputs.seen_unused,
            inputs.aligned,
            inputs.lane_report_taken,
            reset,
        );
    }
}
