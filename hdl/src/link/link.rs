//! One port's link: AXI4-Stream frames on one side, the lanes of an optical engine on the other.
//!
//! ```text
//!                  +-----------------------------------------+
//!  tx stream ----->| MacTx ──────────────────────────► PcsTx |---> OEI tx_*
//!                  |   ▲ message, hold                   ▲   |
//!                  |   └────────── LinkControl ── plan ──┘   |---> link_up, link_down_reason
//!                  |   ┌────────────── ▲ ◄───────────────┐   |
//!  rx stream <-----| MacRx ◄────────────────────────── PcsRx |<--- OEI rx_*
//!                  +-----------------------------------------+
//! ```
//!
//! Latency and what it is made of: see `docs/link.md`. Reset: nothing is locked, the link is down, frames that are offered are thrown
//! away until it is up.

use super::{Features, LinkControl, LinkCounters, LinkStatus, OeiPort, Times};
use crate::mac::{MacRx, MacTx, TxOptions};
use crate::pcs::pcs_rx::PcsRx;
use crate::pcs::pcs_tx::PcsTx;
use crate::prelude::*;
use crate::target::Target;

/// Cycles that both ways and both ends may take, for a frame and its report.
const ROUND_TRIP_CYCLES: usize = 512;

/// What a link is made with.
#[derive(Clone, Copy, Debug)]
pub struct LinkOptions {
    /// Rows of blocks from marker to marker: a power of two from 16 to 16 384.
    pub marker_period: usize,
    /// Longest frame in bytes, destination address to FCS inclusive.
    pub max_frame_bytes: usize,
    /// Retry, store, credits.
    pub features: Features,
    /// It goes down for too many bad headers.
    pub has_ber_monitor: bool,
    /// What its Verilog is for.
    pub target: Target,
}

/// MAC, PCS and control of one port, `LANES` lanes of `LW` bits over `PHYSICAL` lanes.
#[derive(LogicBlock)]
pub struct Link<
    const LANES: usize,
    const SPARES: usize,
    const PHYSICAL: usize,
    const LW: usize,
    const LANE_BEATS: usize,
    const PTR_W: usize,
    const WORDS: usize,
    const KEEP_W: usize,
    const WIDTHS: usize,
    const CODES: usize,
    const PLAIN: usize,
    const LOSSLESS: usize,
    const RING_W: usize,
> {
    // Clock and reset.
    /// Clocks everything, at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Client.
    /// Frames to send, destination address to FCS.
    pub tx: FrameSink<WORDS, KEEP_W>,
    /// Frames that were received.
    pub rx: StreamSource<WORDS, KEEP_W>,

    // Engine, status, counters.
    /// The lanes of the engine.
    pub oei: OeiPort<PHYSICAL, LW>,
    /// What the link is at.
    pub status: LinkStatus<PHYSICAL>,
    /// Counter pulses.
    pub stat: LinkCounters<PHYSICAL>,

    // State.
    mac_tx: MacTx<WORDS, KEEP_W, PLAIN, LOSSLESS, RING_W>,
    mac_rx: MacRx<WORDS, KEEP_W, PLAIN, LOSSLESS, RING_W>,
    pcs_tx: PcsTx<WORDS, LANES, SPARES, PHYSICAL, LW>,
    pcs_rx: PcsRx<LANES, PHYSICAL, LW, LANE_BEATS, PTR_W, WORDS, WIDTHS, CODES>,
    control: LinkControl<LANES, PHYSICAL>,

    // Parameters.
    has_ber_monitor: Constant<Bit>,
}

impl<
        const LANES: usize,
        const SPARES: usize,
        const PHYSICAL: usize,
        const LW: usize,
        const LANE_BEATS: usize,
        const PTR_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const WIDTHS: usize,
        const CODES: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    >
    Link<
        LANES,
        SPARES,
        PHYSICAL,
        LW,
        LANE_BEATS,
        PTR_W,
        WORDS,
        KEEP_W,
        WIDTHS,
        CODES,
        PLAIN,
        LOSSLESS,
        RING_W,
    >
{
    /// With these options.
    ///
    /// # Panics
    /// If the marker period is not a power of two from 16 to 16 384, or `PLAIN` and `LOSSLESS` are not as the features want them.
    #[must_use]
    pub fn new(options: &LinkOptions) -> Self {
        let LinkOptions {
            marker_period,
            max_frame_bytes,
            features,
            has_ber_monitor,
            target,
        } = *options;
        let times = Times::of(marker_period, LANE_BEATS);
        let tx_options = TxOptions {
            features,
            // What is sent behind a frame, and what is in front of its report.
            replay_cycles: ROUND_TRIP_CYCLES
                + times.report
                + 2 * max_frame_bytes.div_ceil(4 * WORDS),
            position_cycles: times.position,
            target,
        };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            tx: FrameSink::default(),
            rx: StreamSource::default(),
            oei: OeiPort::default(),
            status: LinkStatus::default(),
            stat: LinkCounters::default(),
            mac_tx: MacTx::new(LANES, max_frame_bytes, &tx_options),
            mac_rx: MacRx::with_features(max_frame_bytes, features, times.report, target),
            pcs_tx: PcsTx::new(marker_period),
            pcs_rx: PcsRx::new(marker_period, target),
            control: LinkControl::new(times),
            has_ber_monitor: Constant::new(has_ber_monitor),
        }
    }
}

impl<
        const LANES: usize,
        const SPARES: usize,
        const PHYSICAL: usize,
        const LW: usize,
        const LANE_BEATS: usize,
        const PTR_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const WIDTHS: usize,
        const CODES: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    > Logic
    for Link<
        LANES,
        SPARES,
        PHYSICAL,
        LW,
        LANE_BEATS,
        PTR_W,
        WORDS,
        KEEP_W,
        WIDTHS,
        CODES,
        PLAIN,
        LOSSLESS,
        RING_W,
    >
{
    #[allow(clippy::too_many_lines, reason = "wiring, a line a wire")]
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, mac_tx, mac_rx, pcs_tx, pcs_rx, control);
        self.mac_tx.reset.next = self.reset.val();
        self.mac_rx.reset.next = self.reset.val();
        self.pcs_tx.reset.next = self.reset.val();
        self.pcs_rx.reset.next = self.reset.val();
        self.control.reset.next = self.reset.val();

        // Frames to lanes.
        for i in 0..WORDS {
            self.mac_tx.tx.tdata[i].next = self.tx.tdata[i].val();
            self.pcs_tx.block.data[i].next = self.mac_tx.blocks.data[i].val();
        }
        self.mac_tx.tx.tkeep.next = self.tx.tkeep.val();
        self.mac_tx.tx.tvalid.next = self.tx.tvalid.val();
        self.mac_tx.tx.tlast.next = self.tx.tlast.val();
        self.mac_tx.tx.tuser.next = self.tx.tuser.val();
        self.tx.tready.next = self.mac_tx.tx.tready.val();
        self.pcs_tx.block.control.next = self.mac_tx.blocks.control.val();
        self.pcs_tx.block.first.next = self.mac_tx.blocks.first.val();
        self.mac_tx.blocks.ready.next = self.pcs_tx.block.ready.val();
        self.pcs_tx.tx_ready.next = self.oei.tx_ready.val();
        for i in 0..PHYSICAL {
            self.oei.tx_data[i].next = self.pcs_tx.tx_data[i].val();
            self.oei.tx_data_valid[i].next = self.pcs_tx.tx_data_valid[i].val();
            self.oei.tx_hdr[i].next = self.pcs_tx.tx_hdr[i].val();
            self.oei.tx_hdr_valid[i].next = self.pcs_tx.tx_hdr_valid[i].val();
        }

        // Lanes to frames.
        for i in 0..PHYSICAL {
            self.pcs_rx.rx_data[i].next = self.oei.rx_data[i].val();
            self.pcs_rx.rx_hdr[i].next = self.oei.rx_hdr[i].val();
            self.stat.bip_errors[i].next = 0.into();
            if self.pcs_rx.bip_errors.val().get_bit(i) {
                self.stat.bip_errors[i].next = 1.into();
            }
        }
        self.pcs_rx.rx_data_valid.next = self.oei.rx_data_valid.val();
        self.pcs_rx.rx_hdr_valid.next = self.oei.rx_hdr_valid.val();
        self.pcs_rx.rx_los.next = self.oei.rx_los.val();
        self.pcs_rx.rx_lol.next = self.oei.rx_lol.val();
        self.oei.rx_bitslip.next = self.pcs_rx.rx_bitslip.val();
        self.oei.rx_reset_req.next = self.pcs_rx.rx_reset_req.val();
        for i in 0..WORDS {
            self.mac_rx.blocks.data[i].next = self.pcs_rx.block.data[i].val();
            self.rx.tdata[i].next = self.mac_rx.rx.tdata[i].val();
        }
        self.mac_rx.blocks.control.next = self.pcs_rx.block.control.val();
        self.mac_rx.blocks.first.next = self.pcs_rx.block.first.val();
        self.mac_rx.blocks.bad.next = self.pcs_rx.block.bad.val();
        self.mac_rx.blocks.valid.next = self.pcs_rx.block.valid.val();
        self.mac_rx.up.next = self.pcs_rx.aligned.val();
        self.rx.tkeep.next = self.mac_rx.rx.tkeep.val();
        self.rx.tvalid.next = self.mac_rx.rx.tvalid.val();
        self.rx.tlast.next = self.mac_rx.rx.tlast.val();
        self.rx.tuser.next = self.mac_rx.rx.tuser.val();
        self.mac_rx.rx.tready.next = self.rx.tready.val();

        // Control.
        self.control.seen_lane.next = self.pcs_rx.seen_lane.val();
        self.control.seen_unused.next = self.pcs_rx.seen_unused.val();
        self.control.aligned.next = self.pcs_rx.aligned.val();
        self.control.hi_ber.next = self.pcs_rx.hi_ber.val() & self.has_ber_monitor.val();
        self.control.block_lock.next = self.pcs_rx.block_lock.val();
        self.control.marker_lock.next = self.pcs_rx.marker_lock.val();
        self.control.no_signal.next = self.oei.rx_los.val() | self.oei.rx_lol.val();
        self.control.rx_width.next = self.pcs_rx.width.val();
        self.control.tx_fault.next = self.oei.tx_fault.val();
        self.control.remote_fault.next = self.mac_rx.remote_fault.val();
        self.control.set_valid.next = self.mac_rx.set_valid.val();
        for i in 0..2 {
            self.control.set[i].next = self.mac_rx.set[i].val();
            self.mac_tx.message[i].next = self.control.message[i].val();
        }
        self.control.at_marker.next = self.pcs_tx.at_marker.val();
        self.control.message_taken.next = self.mac_tx.message_taken.val();
        self.mac_tx.message_valid.next = self.control.message_valid.val();
        self.mac_tx.hold.next = self.control.hold.val();
        self.mac_tx.discard.next = self.control.discard.val();
        self.mac_tx.remote_fault.next = self.control.remote_fault_out.val();
        self.pcs_tx.slot_mask.next = self.control.slot_mask.val();
        self.pcs_tx.spare_on.next = self.control.spare_on.val();
        self.pcs_tx.spare_slot.next = self.control.spare_slot.val();

        // Retry and credits: what the two halves of the MAC tell those of the far end.
        for i in 0..2 {
            self.control.rx_report[i].next = self.mac_rx.report[i].val();
        }
        self.control.rx_report_valid.next = self.mac_rx.report_valid.val();
        self.mac_rx.report_taken.next = self.control.rx_report_taken.val();
        self.control.tx_position.next = self.mac_tx.position_message.val();
        self.control.tx_position_valid.next = self.mac_tx.position_valid.val();
        self.mac_tx.position_taken.next = self.control.tx_position_taken.val();
        self.mac_tx.report_valid.next = self.control.report_valid.val();
        self.mac_tx.report_nack.next = self.control.report_nack.val();
        self.mac_tx.report_expected.next = self.control.report_expected.val();
        self.mac_tx.report_limit.next = self.control.report_limit.val();
        self.mac_rx.link_up.next = self.control.up.val();
        self.mac_rx.position_valid.next = self.control.position_valid.val();
        self.mac_rx.position_init.next = self.control.position_init.val();
        self.mac_rx.position.next = self.control.position.val();

        // Status and counters.
        self.status.up.next = self.control.up.val();
        self.status.down_reason.next = self.control.reason.val();
        self.status.aligned.next = self.pcs_rx.aligned.val();
        self.status.hi_ber.next = self.pcs_rx.hi_ber.val();
        self.status.remote_fault.next = self.mac_rx.remote_fault.val();
        self.status.tx_width.next = self.control.tx_width.val();
        self.status.rx_width.next = self.pcs_rx.width.val();
        self.status.tx_lost.next = self.control.lost.val();
        self.status.block_lock.next = self.pcs_rx.block_lock.val();
        self.status.marker_lock.next = self.pcs_rx.marker_lock.val();
        self.status.retry_tx_state.next = self.mac_tx.state.val();
        self.status.retry_rx_state.next = self.mac_rx.state.val();
        self.stat.tx_replay.next = self.mac_tx.stat_replay.val();
        self.stat.tx_timeout.next = self.mac_tx.stat_timeout.val();
        self.stat.tx_final.next = self.mac_tx.stat_final.val();
        self.stat.tx_flushed.next = self.mac_tx.stat_flushed.val();
        self.stat.ack_received.next = self.mac_tx.stat_ack.val();
        self.stat.nack_received.next = self.mac_tx.stat_nack.val();
        self.stat.ack_sent.next = self.mac_rx.stat_ack.val();
        self.stat.nack_sent.next = self.mac_rx.stat_nack.val();
        self.stat.rx_hit.next = self.mac_rx.stat_hit.val();
        self.stat.rx_duplicate.next = self.mac_rx.stat_duplicate.val();
        self.stat.rx_missing.next = self.mac_rx.stat_missing.val();
        self.stat.tx_frame.next = self.mac_tx.stat_frame.val();
        self.stat.tx_underrun.next = self.mac_tx.stat_underrun.val();
        self.stat.tx_discarded.next = self.mac_tx.stat_discarded.val();
        self.stat.rx_frame.next = self.mac_rx.stat_frame.val();
        self.stat.rx_broken.next = self.mac_rx.stat_broken.val();
        self.stat.rx_too_long.next = self.mac_rx.stat_too_long.val();
        self.stat.rx_short.next = self.mac_rx.stat_short.val();
        self.stat.rx_damaged.next = self.mac_rx.stat_damaged.val();
        self.stat.rx_overflow.next = self.mac_rx.stat_dropped.val() | self.mac_rx.stat_cut.val();
        self.stat.message_damaged.next = self.control.stat_message_damaged.val();
        self.stat.lane_lost.next = self.control.stat_lane_lost.val();
        self.stat.lane_recovered.next = self.control.stat_lane_recovered.val();
        self.stat.went_up.next = self.control.stat_up.val();
        self.stat.went_down.next = self.control.stat_down.val();
        self.stat.header_error.next = self.pcs_rx.header_errors.val();
        self.stat.deskew_overflow.next = self.pcs_rx.deskew_overflow.val();
    }
    describe!(
        "MAC, PCS and control of one port, `LANES` lanes of `LW` bits over `PHYSICAL` lanes."
    );
}
