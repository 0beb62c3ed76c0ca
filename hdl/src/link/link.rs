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

use super::{LinkControl, Times};
use crate::mac::{MacRx, MacTx};
use crate::pcs::pcs_rx::PcsRx;
use crate::pcs::pcs_tx::PcsTx;
use crate::prelude::*;
use crate::target::Target;

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

    // To the engine, see `docs/oei.md`.
    /// Beat of each lane.
    pub tx_data: [Signal<Out, Bits<LW>>; PHYSICAL],
    /// There is one.
    pub tx_data_valid: [Signal<Out, Bit>; PHYSICAL],
    /// The block's header.
    pub tx_hdr: [Signal<Out, Bits<2>>; PHYSICAL],
    /// The beat is a block's first.
    pub tx_hdr_valid: [Signal<Out, Bit>; PHYSICAL],
    /// The engine takes a beat of every lane.
    pub tx_ready: Signal<In, Bit>,
    /// The lane's driver is broken.
    pub tx_fault: Signal<In, Bits<PHYSICAL>>,
    /// Received beat of each lane.
    pub rx_data: [Signal<In, Bits<LW>>; PHYSICAL],
    /// There is one.
    pub rx_data_valid: Signal<In, Bits<PHYSICAL>>,
    /// The block's header.
    pub rx_hdr: [Signal<In, Bits<2>>; PHYSICAL],
    /// The beat is a block's first.
    pub rx_hdr_valid: Signal<In, Bits<PHYSICAL>>,
    /// No light.
    pub rx_los: Signal<In, Bits<PHYSICAL>>,
    /// No lock of clock recovery.
    pub rx_lol: Signal<In, Bits<PHYSICAL>>,
    /// Frame the lane's blocks one bit later.
    pub rx_bitslip: Signal<Out, Bits<PHYSICAL>>,
    /// Start the lane's receiver anew.
    pub rx_reset_req: Signal<Out, Bits<PHYSICAL>>,

    // Status.
    /// Frames pass.
    pub link_up: Signal<Out, Bit>,
    /// Why it last went down, see `docs/link.md`.
    pub link_down_reason: Signal<Out, Bits<8>>,
    /// The lanes that carry data towards us are aligned.
    pub aligned: Signal<Out, Bit>,
    /// Too many bad headers.
    pub hi_ber: Signal<Out, Bit>,
    /// The other side does not receive us.
    pub remote_fault: Signal<Out, Bit>,
    /// Lanes that we send data on.
    pub tx_width: Signal<Out, Bits<4>>,
    /// Lanes that carry data towards us.
    pub rx_width: Signal<Out, Bits<4>>,
    /// Physical lanes that are lost or held back in our direction.
    pub tx_lost: Signal<Out, Bits<PHYSICAL>>,
    /// Physical lanes with block lock.
    pub block_lock: Signal<Out, Bits<PHYSICAL>>,
    /// Physical lanes with marker lock.
    pub marker_lock: Signal<Out, Bits<PHYSICAL>>,

    // Counter pulses: see the blocks.
    /// A frame was sent.
    pub stat_tx_frame: Signal<Out, Bit>,
    /// A frame ran dry and was ended.
    pub stat_tx_underrun: Signal<Out, Bit>,
    /// A frame was thrown away because the link is down.
    pub stat_tx_discarded: Signal<Out, Bit>,
    /// A frame ended as it should.
    pub stat_rx_frame: Signal<Out, Bit>,
    /// A frame was ended by something else.
    pub stat_rx_broken: Signal<Out, Bit>,
    /// A frame was too long, and was cut.
    pub stat_rx_too_long: Signal<Out, Bit>,
    /// A frame has less than 64 bytes.
    pub stat_rx_short: Signal<Out, Bit>,
    /// A frame had a block that was an error or not known.
    pub stat_rx_damaged: Signal<Out, Bit>,
    /// A frame found no room, or ran out of it.
    pub stat_rx_overflow: Signal<Out, Bit>,
    /// A message had a wrong CRC.
    pub stat_message_damaged: Signal<Out, Bit>,
    /// A lane that we send on was lost.
    pub stat_lane_lost: Signal<Out, Bit>,
    /// Lanes count again.
    pub stat_lane_recovered: Signal<Out, Bit>,
    /// The link went up.
    pub stat_link_up: Signal<Out, Bit>,
    /// The link went down.
    pub stat_link_down: Signal<Out, Bit>,
    /// Bits that differ from a lane's BIP at its marker, 0 to 8.
    pub stat_bip_errors: [Signal<Out, Bits<4>>; PHYSICAL],
    /// A lane's header was neither data nor control.
    pub stat_header_error: Signal<Out, Bits<PHYSICAL>>,
    /// Lanes are further apart than the deskew reaches.
    pub stat_deskew_overflow: Signal<Out, Bit>,

    // State.
    mac_tx: MacTx<WORDS, KEEP_W>,
    mac_rx: MacRx<WORDS, KEEP_W>,
    pcs_tx: PcsTx<WORDS, LANES, SPARES, PHYSICAL, LW>,
    pcs_rx: PcsRx<LANES, PHYSICAL, LW, LANE_BEATS, PTR_W, WORDS, WIDTHS, CODES>,
    control: LinkControl<LANES, PHYSICAL>,
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
    > Link<LANES, SPARES, PHYSICAL, LW, LANE_BEATS, PTR_W, WORDS, KEEP_W, WIDTHS, CODES>
{
    /// For frames of at most `max_frame_bytes` and a marker every `marker_period` rows, its Verilog for `target`.
    ///
    /// # Panics
    /// If `marker_period` is not a power of two from 16 to 16 384.
    #[must_use]
    pub fn new(max_frame_bytes: usize, marker_period: usize, target: Target) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            tx: FrameSink::default(),
            rx: StreamSource::default(),
            tx_data: std::array::from_fn(|_| Signal::default()),
            tx_data_valid: std::array::from_fn(|_| Signal::default()),
            tx_hdr: std::array::from_fn(|_| Signal::default()),
            tx_hdr_valid: std::array::from_fn(|_| Signal::default()),
            tx_ready: Signal::default(),
            tx_fault: Signal::default(),
            rx_data: std::array::from_fn(|_| Signal::default()),
            rx_data_valid: Signal::default(),
            rx_hdr: std::array::from_fn(|_| Signal::default()),
            rx_hdr_valid: Signal::default(),
            rx_los: Signal::default(),
            rx_lol: Signal::default(),
            rx_bitslip: Signal::default(),
            rx_reset_req: Signal::default(),
            link_up: Signal::default(),
            link_down_reason: Signal::default(),
            aligned: Signal::default(),
            hi_ber: Signal::default(),
            remote_fault: Signal::default(),
            tx_width: Signal::default(),
            rx_width: Signal::default(),
            tx_lost: Signal::default(),
            block_lock: Signal::default(),
            marker_lock: Signal::default(),
            stat_tx_frame: Signal::default(),
            stat_tx_underrun: Signal::default(),
            stat_tx_discarded: Signal::default(),
            stat_rx_frame: Signal::default(),
            stat_rx_broken: Signal::default(),
            stat_rx_too_long: Signal::default(),
            stat_rx_short: Signal::default(),
            stat_rx_damaged: Signal::default(),
            stat_rx_overflow: Signal::default(),
            stat_message_damaged: Signal::default(),
            stat_lane_lost: Signal::default(),
            stat_lane_recovered: Signal::default(),
            stat_link_up: Signal::default(),
            stat_link_down: Signal::default(),
            stat_bip_errors: std::array::from_fn(|_| Signal::default()),
            stat_header_error: Signal::default(),
            stat_deskew_overflow: Signal::default(),
            mac_tx: MacTx::new(LANES, max_frame_bytes),
            mac_rx: MacRx::new(max_frame_bytes),
            pcs_tx: PcsTx::new(marker_period),
            pcs_rx: PcsRx::new(marker_period, target),
            control: LinkControl::new(Times::of(marker_period, LANE_BEATS)),
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
    > Logic for Link<LANES, SPARES, PHYSICAL, LW, LANE_BEATS, PTR_W, WORDS, KEEP_W, WIDTHS, CODES>
{
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
        self.pcs_tx.tx_ready.next = self.tx_ready.val();
        for i in 0..PHYSICAL {
            self.tx_data[i].next = self.pcs_tx.tx_data[i].val();
            self.tx_data_valid[i].next = self.pcs_tx.tx_data_valid[i].val();
            self.tx_hdr[i].next = self.pcs_tx.tx_hdr[i].val();
            self.tx_hdr_valid[i].next = self.pcs_tx.tx_hdr_valid[i].val();
        }

        // Lanes to frames.
        for i in 0..PHYSICAL {
            self.pcs_rx.rx_data[i].next = self.rx_data[i].val();
            self.pcs_rx.rx_hdr[i].next = self.rx_hdr[i].val();
            self.stat_bip_errors[i].next = self.pcs_rx.bip_errors[i].val();
        }
        self.pcs_rx.rx_data_valid.next = self.rx_data_valid.val();
        self.pcs_rx.rx_hdr_valid.next = self.rx_hdr_valid.val();
        self.pcs_rx.rx_los.next = self.rx_los.val();
        self.pcs_rx.rx_lol.next = self.rx_lol.val();
        self.rx_bitslip.next = self.pcs_rx.rx_bitslip.val();
        self.rx_reset_req.next = self.pcs_rx.rx_reset_req.val();
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
        self.control.hi_ber.next = self.pcs_rx.hi_ber.val();
        self.control.block_lock.next = self.pcs_rx.block_lock.val();
        self.control.marker_lock.next = self.pcs_rx.marker_lock.val();
        self.control.rx_width.next = self.pcs_rx.width.val();
        self.control.tx_fault.next = self.tx_fault.val();
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

        // Status and counters.
        self.link_up.next = self.control.up.val();
        self.link_down_reason.next = self.control.reason.val();
        self.aligned.next = self.pcs_rx.aligned.val();
        self.hi_ber.next = self.pcs_rx.hi_ber.val();
        self.remote_fault.next = self.mac_rx.remote_fault.val();
        self.tx_width.next = self.control.tx_width.val();
        self.rx_width.next = self.pcs_rx.width.val();
        self.tx_lost.next = self.control.lost.val();
        self.block_lock.next = self.pcs_rx.block_lock.val();
        self.marker_lock.next = self.pcs_rx.marker_lock.val();
        self.stat_tx_frame.next = self.mac_tx.stat_frame.val();
        self.stat_tx_underrun.next = self.mac_tx.stat_underrun.val();
        self.stat_tx_discarded.next = self.mac_tx.stat_discarded.val();
        self.stat_rx_frame.next = self.mac_rx.stat_frame.val();
        self.stat_rx_broken.next = self.mac_rx.stat_broken.val();
        self.stat_rx_too_long.next = self.mac_rx.stat_too_long.val();
        self.stat_rx_short.next = self.mac_rx.stat_short.val();
        self.stat_rx_damaged.next = self.mac_rx.stat_damaged.val();
        self.stat_rx_overflow.next = self.mac_rx.stat_dropped.val() | self.mac_rx.stat_cut.val();
        self.stat_message_damaged.next = self.control.stat_message_damaged.val();
        self.stat_lane_lost.next = self.control.stat_lane_lost.val();
        self.stat_lane_recovered.next = self.control.stat_lane_recovered.val();
        self.stat_link_up.next = self.control.stat_up.val();
        self.stat_link_down.next = self.control.stat_down.val();
        self.stat_header_error.next = self.pcs_rx.header_errors.val();
        self.stat_deskew_overflow.next = self.pcs_rx.deskew_overflow.val();
    }
    describe!(
        "MAC, PCS and control of one port, `LANES` lanes of `LW` bits over `PHYSICAL` lanes."
    );
}
