//! Lane reports, lane plan and state of a link.

use lightswitch_hdl::link::{message::LANE_REPORT, LinkConfig, Times};

use super::lane_planner::{LanePlanner, Plan};
use super::lane_report::{LaneReport, SEEN_LANE, SEEN_UNUSED};
use super::link_state::{LinkState, StateIn};
use super::message::MessageReader;

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
    /// The message was taken.
    pub message_taken: bool,
}

/// The twin of `LinkControl`.
#[derive(Clone, Debug)]
pub struct Control {
    report: LaneReport,
    reader: MessageReader,
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
            planner: LanePlanner::new(link, times.settle, times.recover, FLAP_LIMIT),
            state: LinkState::new(times.up, times.down),
            lane_mask: (1 << link.lanes) - 1,
            physical_mask: (1 << link.physical()) - 1,
        }
    }

    /// The 44 bits of the message that waits.
    pub fn message(&self) -> Option<u64> {
        self.report.message()
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
        let report = self
            .reader
            .message()
            .filter(|message| message & 0xf == LANE_REPORT);
        let report = report.map(|message| {
            let seen_lane = (message >> SEEN_LANE) as u16 & self.lane_mask;
            (
                seen_lane,
                (message >> SEEN_UNUSED) as u16 & self.physical_mask,
            )
        });
        self.planner
            .cycle(report, inputs.tx_fault, inputs.at_marker, reset);
        self.reader.cycle(inputs.set, reset);
        self.report.cycle(
            inputs.seen_lane,
            inputs.seen_unused,
            inputs.aligned,
            inputs.message_taken,
            reset,
        );
    }
}
