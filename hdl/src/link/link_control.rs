//! Keeps both ends of a link of one mind: reports the lanes seen here, plans those we send on, and says whether the link is up.
//!
//! ```text
//!                     +----------------------------------------------+
//!   seen by PcsRx --->| LaneReport -> MessageChoice -> MessageWriter |---> message to MacTx
//!   rx_report, ------>|                     ^                        |
//!   tx_position       |                                              |
//!   sets of MacRx --->| MessageReader -> LanePlanner                 |---> plan for PcsTx
//!                     |            `---------------------------------|---> report_* to MacTx, position_* to MacRx
//!   aligned, faults ->| LinkState                                    |---> up, reason, hold, discard
//!                     +----------------------------------------------+
//! ```
//!
//! Latency: a change of what is seen stands in `message` one cycle later; a report that loses a lane changes the plan three cycles after
//! its set; a report or a position stands in its outputs one cycle after its set. Times are in cycles and follow from `Times`. Reset: all
//! lanes carry data, the link is down.

use super::{
    message, BlindGuess, LanePlanner, LaneReport, LinkState, MessageChoice, MessageReader,
    MessageWriter,
};
use crate::prelude::*;

/// Times of the link's control, in cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// From one report to the next, if nothing changes.
    pub report: usize,
    /// From reset to the first report of lanes that have not been aligned.
    pub arm: usize,
    /// From a plan that was taken to the first report that counts.
    pub settle: usize,
    /// Without a loss until lanes that were lost count again.
    pub recover: usize,
    /// Ready until the link is up.
    pub up: usize,
    /// Not ready until the link is down.
    pub down: usize,
    /// From one position message to the next.
    pub position: usize,
}

impl Times {
    /// For a marker every `marker_period` rows of `lane_beats` cycles: two periods to settle, four to go down, eight to
    /// arm and to come up, 32 to recover; a report or a position every 32 rows.
    #[must_use]
    pub const fn of(marker_period: usize, lane_beats: usize) -> Self {
        let period = marker_period * lane_beats;
        Self {
            report: 32 * lane_beats,
            arm: 8 * period,
            settle: 2 * period,
            recover: 32 * period,
            up: period,
            down: 4 * period,
            position: 32 * lane_beats,
        }
    }
}

/// Losses that hold lanes back until they are forgotten.
const FLAP_LIMIT: usize = 5;

/// Lane reports, lane plan and state of a link.
#[derive(LogicBlock)]
pub struct LinkControl<const LANES: usize, const PHYSICAL: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Logical lanes that are seen here.
    pub seen_lane: Signal<In, Bits<LANES>>,
    /// Unused physical lanes that are seen here.
    pub seen_unused: Signal<In, Bits<PHYSICAL>>,
    /// The lanes that carry data are aligned.
    pub aligned: Signal<In, Bit>,
    /// Too many bad headers.
    pub hi_ber: Signal<In, Bit>,
    /// Lanes with block lock.
    pub block_lock: Signal<In, Bits<PHYSICAL>>,
    /// Lanes with marker lock.
    pub marker_lock: Signal<In, Bits<PHYSICAL>>,
    /// Lanes without light or lock of clock recovery.
    pub no_signal: Signal<In, Bits<PHYSICAL>>,
    /// Lanes that carry data towards us.
    pub rx_width: Signal<In, Bits<4>>,
    /// Lanes whose driver is broken.
    pub tx_fault: Signal<In, Bits<PHYSICAL>>,
    /// The other side does not receive us.
    pub remote_fault: Signal<In, Bit>,
    /// An ordered set that has come.
    pub set: [Signal<In, Bits<32>>; 2],
    /// There is one.
    pub set_valid: Signal<In, Bit>,
    /// The plan is taken.
    pub at_marker: Signal<In, Bit>,
    /// The message is taken at the next clock edge.
    pub message_taken: Signal<In, Bit>,
    /// What the receiver of frames has to say: 32 bits, then 12. Without one: 0.
    pub rx_report: [Signal<In, Bits<32>>; 2],
    /// There is something.
    pub rx_report_valid: Signal<In, Bit>,
    /// Where the sender of frames stands, a message of 32 bits. Without one: 0.
    pub tx_position: Signal<In, Bits<32>>,
    /// There is one.
    pub tx_position_valid: Signal<In, Bit>,

    // Egress.
    /// An ordered set to send.
    pub message: [Signal<Out, Bits<32>>; 2],
    /// There is one.
    pub message_valid: Signal<Out, Bit>,
    /// The receiver's report is taken at the next clock edge.
    pub rx_report_taken: Signal<Out, Bit>,
    /// The sender's position is taken at the next clock edge.
    pub tx_position_taken: Signal<Out, Bit>,
    /// The far receiver has reported.
    pub report_valid: Signal<Out, Bit>,
    /// It wants everything again from `report_expected` on.
    pub report_nack: Signal<Out, Bit>,
    /// It has everything before this position.
    pub report_expected: Signal<Out, Bits<16>>,
    /// It has room up to this position.
    pub report_limit: Signal<Out, Bits<16>>,
    /// The far sender has told its position.
    pub position_valid: Signal<Out, Bit>,
    /// Whatever was before.
    pub position_init: Signal<Out, Bit>,
    /// Where it stands.
    pub position: Signal<Out, Bits<16>>,
    /// Slots that carry data.
    pub slot_mask: Signal<Out, Bits<LANES>>,
    /// The spare carries one of them.
    pub spare_on: Signal<Out, Bit>,
    /// Which one.
    pub spare_slot: Signal<Out, Bits<3>>,
    /// How many slots carry data.
    pub tx_width: Signal<Out, Bits<4>>,
    /// Physical lanes that are lost or held back.
    pub lost: Signal<Out, Bits<PHYSICAL>>,
    /// The link is up.
    pub up: Signal<Out, Bit>,
    /// Why it last went down.
    pub reason: Signal<Out, Bits<8>>,
    /// Frames wait.
    pub hold: Signal<Out, Bit>,
    /// Frames are thrown away.
    pub discard: Signal<Out, Bit>,
    /// Remote fault is sent.
    pub remote_fault_out: Signal<Out, Bit>,
    /// A message had a wrong CRC.
    pub stat_message_damaged: Signal<Out, Bit>,
    /// A lane that we send on was lost.
    pub stat_lane_lost: Signal<Out, Bit>,
    /// Lanes count again.
    pub stat_lane_recovered: Signal<Out, Bit>,
    /// The link went up.
    pub stat_up: Signal<Out, Bit>,
    /// The link went down.
    pub stat_down: Signal<Out, Bit>,

    // State.
    report: LaneReport<LANES, PHYSICAL>,
    choice: MessageChoice,
    writer: MessageWriter,
    reader: MessageReader,
    blind: BlindGuess<PHYSICAL>,
    planner: LanePlanner<LANES, PHYSICAL>,
    state: LinkState,

    // Wires.
    kind: Signal<Local, Bits<4>>,
    is_report: Signal<Local, Bit>,
    limit_low: Signal<Local, Bits<8>>,
    limit_high: Signal<Local, Bits<8>>,
    blocks_lock: Signal<Local, Bits<4>>,
    markers_lock: Signal<Local, Bits<4>>,

    // Parameters.
    lane_report: Constant<Bits<4>>,
    rx_report_kind: Constant<Bits<4>>,
    position_kind: Constant<Bits<4>>,
}

impl<const LANES: usize, const PHYSICAL: usize> LinkControl<LANES, PHYSICAL> {
    /// With these times.
    #[must_use]
    pub fn new(times: Times) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            seen_lane: Signal::default(),
            seen_unused: Signal::default(),
            aligned: Signal::default(),
            hi_ber: Signal::default(),
            block_lock: Signal::default(),
            marker_lock: Signal::default(),
            no_signal: Signal::default(),
            rx_width: Signal::default(),
            tx_fault: Signal::default(),
            remote_fault: Signal::default(),
            set: std::array::from_fn(|_| Signal::default()),
            set_valid: Signal::default(),
            at_marker: Signal::default(),
            message_taken: Signal::default(),
            rx_report: std::array::from_fn(|_| Signal::default()),
            rx_report_valid: Signal::default(),
            tx_position: Signal::default(),
            tx_position_valid: Signal::default(),
            message: std::array::from_fn(|_| Signal::default()),
            message_valid: Signal::default(),
            rx_report_taken: Signal::default(),
            tx_position_taken: Signal::default(),
            report_valid: Signal::default(),
            report_nack: Signal::default(),
            report_expected: Signal::default(),
            report_limit: Signal::default(),
            position_valid: Signal::default(),
            position_init: Signal::default(),
            position: Signal::default(),
            slot_mask: Signal::default(),
            spare_on: Signal::default(),
            spare_slot: Signal::default(),
            tx_width: Signal::default(),
            lost: Signal::default(),
            up: Signal::default(),
            reason: Signal::default(),
            hold: Signal::default(),
            discard: Signal::default(),
            remote_fault_out: Signal::default(),
            stat_message_damaged: Signal::default(),
            stat_lane_lost: Signal::default(),
            stat_lane_recovered: Signal::default(),
            stat_up: Signal::default(),
            stat_down: Signal::default(),
            report: LaneReport::new(times.report, times.arm),
            choice: MessageChoice::default(),
            writer: MessageWriter::default(),
            reader: MessageReader::default(),
            blind: BlindGuess::new(times.settle, times.arm),
            planner: LanePlanner::new(times.settle, times.recover, FLAP_LIMIT),
            state: LinkState::new(times.up, times.down),
            kind: Signal::default(),
            is_report: Signal::default(),
            limit_low: Signal::default(),
            limit_high: Signal::default(),
            blocks_lock: Signal::default(),
            markers_lock: Signal::default(),
            lane_report: Constant::new(message::LANE_REPORT.into()),
            rx_report_kind: Constant::new(message::REPORT.into()),
            position_kind: Constant::new(message::POSITION.into()),
        }
    }
}

impl<const LANES: usize, const PHYSICAL: usize> Logic for LinkControl<LANES, PHYSICAL> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, report, reader, blind, planner, state);
        self.report.reset.next = self.reset.val();
        self.reader.reset.next = self.reset.val();
        self.blind.reset.next = self.reset.val();
        self.planner.reset.next = self.reset.val();
        self.state.reset.next = self.reset.val();

        // What the far end is told: what is seen here, and what the two halves of the MAC have to say.
        self.report.seen_lane.next = self.seen_lane.val();
        self.report.seen_unused.next = self.seen_unused.val();
        self.report.aligned.next = self.aligned.val();
        self.report.taken.next = self.choice.lane_taken.val();
        self.choice.lane.next = self.report.message.val();
        self.choice.lane_valid.next = self.report.valid.val();
        self.choice.report_valid.next = self.rx_report_valid.val();
        self.choice.position.next = self.tx_position.val();
        self.choice.position_valid.next = self.tx_position_valid.val();
        self.choice.taken.next = self.message_taken.val();
        self.rx_report_taken.next = self.choice.report_taken.val();
        self.tx_position_taken.next = self.choice.position_taken.val();
        for i in 0..2 {
            self.choice.report[i].next = self.rx_report[i].val();
            self.writer.message[i].next = self.choice.message[i].val();
            self.message[i].next = self.writer.set[i].val();
            self.reader.set[i].next = self.set[i].val();
        }
        self.message_valid.next = self.choice.valid.val();

        // What the far end tells of our lanes, and of frames.
        self.reader.set_valid.next = self.set_valid.val();
        self.kind.next = self.reader.message[0].val().get_bits::<4>(0);
        self.is_report.next = self.reader.valid.val() & (self.kind.val() == self.lane_report.val());
        self.planner.report.next = self.is_report.val();
        self.planner.seen_lane.next = self.reader.message[0].val().get_bits::<LANES>(4);
        self.planner.seen_unused.next = self.reader.message[0].val().get_bits::<PHYSICAL>(12);
        self.planner.tx_fault.next = self.tx_fault.val();
        self.planner.at_marker.next = self.at_marker.val();
        self.blind.aligned.next = self.aligned.val();
        self.blind.dark.next = self.no_signal.val() | !self.block_lock.val();
        self.blind.counted.next = self.planner.counted.val();
        self.planner.avoid.next = self.blind.avoid.val();
        self.slot_mask.next = self.planner.slot_mask.val();
        self.spare_on.next = self.planner.spare_on.val();
        self.spare_slot.next = self.planner.spare_slot.val();
        self.tx_width.next = self.planner.width.val();
        self.lost.next = self.planner.lost.val();

        self.report_valid.next =
            self.reader.valid.val() & (self.kind.val() == self.rx_report_kind.val());
        self.report_nack.next = self.reader.message[0].val().get_bit(4);
        self.report_expected.next = self.reader.message[0].val().get_bits::<16>(8);
        self.limit_low.next = self.reader.message[0].val().get_bits::<8>(24);
        self.limit_high.next = self.reader.message[1].val().get_bits::<8>(0);
        self.report_limit.next = bit_cast::<16, 8>(self.limit_low.val())
            | (bit_cast::<16, 8>(self.limit_high.val()) << 8);
        self.position_valid.next =
            self.reader.valid.val() & (self.kind.val() == self.position_kind.val());
        self.position_init.next = self.reader.message[0].val().get_bit(4);
        self.position.next = self.reader.message[0].val().get_bits::<16>(8);

        // The state of it all.
        self.blocks_lock.next = 0.into();
        self.markers_lock.next = 0.into();
        for i in 0..PHYSICAL {
            if self.block_lock.val().get_bit(i) {
                self.blocks_lock.next = self.blocks_lock.val() + 1;
            }
            if self.marker_lock.val().get_bit(i) {
                self.markers_lock.next = self.markers_lock.val() + 1;
            }
        }
        self.state.aligned.next = self.aligned.val();
        self.state.hi_ber.next = self.hi_ber.val();
        self.state.remote_fault.next = self.remote_fault.val();
        self.state.blocks_lock.next = self.blocks_lock.val() >= self.rx_width.val();
        self.state.markers_lock.next = self.markers_lock.val() >= self.rx_width.val();
        self.state.none.next = self.planner.none.val();
        self.state.damped.next = self.planner.damped.val();
        self.up.next = self.state.up.val();
        self.reason.next = self.state.reason.val();
        self.hold.next = self.state.hold.val();
        self.discard.next = self.state.discard.val();
        self.remote_fault_out.next = self.state.remote_fault_out.val();
        self.stat_message_damaged.next = self.reader.damaged.val();
        self.stat_lane_lost.next = self.planner.stat_lost.val();
        self.stat_lane_recovered.next = self.planner.stat_recovered.val();
        self.stat_up.next = self.state.stat_up.val();
        self.stat_down.next = self.state.stat_down.val();
    }
    describe!("Lane reports, lane plan and state of a link.");
}
