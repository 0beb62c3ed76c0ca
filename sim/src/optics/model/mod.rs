//! The `model` of a link: its registers as plain numbers, the same as the RTL on every pin in every cycle.
//!
//! ```text
//!  tx ─► MacTx: FramePacker ─► BlockFifo or LosslessTx ─► Framer ─► PcsTx ─► lanes
//!                         ▲ message, hold, report             ▲ plan
//!                         Control: LaneReport, MessageReader, LanePlanner, LinkState
//!                         │ set                               │ what is seen
//!  rx ◄─ MacRx: FrameUnpacker ◄─ BlockFifo or LosslessRx ◄─ FrameParser ◄─ PcsRx ◄─ lanes
//! ```
//!
//! One part a file, named after the block of the RTL that it follows, and compared with that block alone by a test of its
//! own. A part's outputs follow from its registers; `cycle` takes the inputs of a cycle and does its clock edge, and returns
//! what followed from both. Blocks are 64 bits in a `u64`, lanes are bits of a `u16`. Sizes are numbers, so that one
//! program serves every link.

#![allow(
    clippy::struct_excessive_bools,
    reason = "one a flip-flop, or one a pin"
)]

mod admission;
mod blind_guess;
mod block_lock;
mod block_reader;
mod control;
mod deskew_fifo;
mod fault_monitor;
mod frame_block;
mod frame_check;
mod frame_packer;
mod frame_parser;
mod frame_unpacker;
mod framer;
mod gather;
mod lane_choice;
mod lane_planner;
mod lane_report;
mod lane_rx;
mod lane_scan;
mod link_state;
mod lossless_rx;
mod lossless_tx;
mod mac_rx;
mod mac_tx;
mod marker_lock;
mod message;
mod monitors;
mod pcs_rx;
mod pcs_tx;
mod receive_buffer;
mod replay_ring;
mod retry_rx;
mod retry_tx;
#[cfg(test)]
mod testbench;
#[cfg(test)]
mod tests;

use lightswitch_hdl::link::LinkConfig;

use self::control::{Control, ControlIn};
use self::lossless_rx::RxControl;
use self::mac_rx::MacRx;
use self::mac_tx::{MacTx, MacTxIn};
use self::pcs_rx::PcsRx;
use self::pcs_tx::PcsTx;
use super::{LinkEngine, LinkIn, LinkOut, LinkPulses, LinkStatus};
use crate::Error;

/// Bits of a place in the rings of a lossless link, as in every link of `lightswitch_hdl::tops`.
const RING_W: usize = 9;

/// Half a block from the PCS, or a whole one at 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RxHalf {
    /// 32 or 64 bits.
    data: u64,
    /// It is of a control block.
    control: bool,
    /// It is the block's first half.
    first: bool,
    /// The header was neither, or the block is lost.
    bad: bool,
}

/// The model of a link.
#[derive(Clone, Debug)]
pub struct Model {
    mac_tx: MacTx,
    mac_rx: MacRx,
    pcs_tx: PcsTx,
    pcs_rx: PcsRx,
    control: Control,
    has_ber_monitor: bool,
    outputs: LinkOut,
}

impl Model {
    /// The model of `link`, after a cycle of reset.
    #[must_use]
    pub fn new(link: &LinkConfig) -> Self {
        let mut model = Self {
            mac_tx: MacTx::new(link),
            mac_rx: MacRx::new(link),
            pcs_tx: PcsTx::new(link),
            pcs_rx: PcsRx::new(link),
            control: Control::new(link),
            has_ber_monitor: link.has_ber_monitor,
            outputs: LinkOut::default(),
        };
        model.step(&LinkIn {
            reset: true,
            ..LinkIn::default()
        });
        model
    }

    /// The clock edge.
    fn step(&mut self, inputs: &LinkIn) {
        let reset = inputs.reset;
        // What follows from registers alone, before any of them changes.
        let rx_status = *self.pcs_rx.status();
        let remote_fault = self.mac_rx.remote_fault();
        let (data, is_control) = self.mac_tx.offer();
        let plan = self.control.plan();
        let step = self.pcs_tx.step(inputs.engine_ready, reset);
        let state = &self.control.state;
        let (hold, link_up) = (state.hold(), state.is_up());
        let report = self.control.report();
        let retry = self.mac_tx.retry(hold, !link_up, report);

        // The one of three messages that goes next.
        let lanes = self.control.lane_report();
        let own_report = self.mac_rx.report(link_up);
        let position = retry
            .as_ref()
            .and_then(|(_, now)| self.mac_tx.position_message(now));
        let message = lanes.or(own_report).or(position);

        // Frames to lanes.
        self.pcs_tx
            .cycle(data, is_control, plan, inputs.engine_ready, reset);
        let mac_in = MacTxIn {
            tx: inputs.tx.as_ref(),
            hold,
            discard: !link_up,
            remote_fault: state.remote_fault_out(),
            message,
            tells_position: lanes.or(own_report).is_none(),
            ready: step.ready,
        };
        let taken = self.mac_tx.cycle(&mac_in, retry.as_ref(), reset);

        // Lanes to frames.
        let half = self.pcs_rx.half();
        let rx_control = RxControl {
            link_up,
            position: self.control.position(),
            report_taken: taken && lanes.is_none() && own_report.is_some(),
        };
        let (aligned, ready) = (rx_status.aligned, inputs.rx_ready);
        let set = self.mac_rx.cycle(half, aligned, rx_control, ready, reset);
        let dark = inputs.rx_los | inputs.rx_lol;
        self.pcs_rx.cycle(&inputs.rx, dark, reset);

        let control_in = ControlIn {
            seen_lane: rx_status.seen_lane,
            seen_unused: rx_status.seen_unused,
            aligned,
            hi_ber: rx_status.hi_ber && self.has_ber_monitor,
            block_lock: rx_status.block_lock,
            marker_lock: rx_status.marker_lock,
            no_signal: dark,
            rx_width: rx_status.width,
            tx_fault: inputs.tx_fault,
            remote_fault,
            set,
            at_marker: step.at_marker,
            lane_report_taken: taken && lanes.is_some(),
        };
        self.control.cycle(&control_in, reset);
        self.update_outputs(reset);
    }

    /// What stands at the pins after the clock edge.
    fn update_outputs(&mut self, reset: bool) {
        let rx_status = self.pcs_rx.status();
        let (state, planner) = (&self.control.state, &self.control.planner);
        self.outputs = LinkOut {
            tx_ready: self.mac_tx.has_room() && !reset,
            rx: self.mac_rx.rx(),
            lanes: *self.pcs_tx.lanes(),
            bitslip: rx_status.bitslip,
            reset_req: rx_status.reset_req,
            status: LinkStatus {
                up: state.is_up(),
                down_reason: state.reason(),
                aligned: rx_status.aligned,
                hi_ber: rx_status.hi_ber,
                remote_fault: self.mac_rx.remote_fault(),
                tx_width: planner.plan().1,
                rx_width: rx_status.width,
                tx_lost: planner.lost(),
                block_lock: rx_status.block_lock,
                marker_lock: rx_status.marker_lock,
                retry_tx_state: self.mac_tx.state(),
                retry_rx_state: self.mac_rx.state(),
            },
            pulses: self.pulses(),
        };
    }

    /// The counter pulses.
    fn pulses(&self) -> LinkPulses {
        let rx_status = self.pcs_rx.status();
        let (tx, retry, flushed) = self.mac_tx.pulses();
        let (parser, rx) = self.mac_rx.pulses();
        let (lost, recovered) = self.control.planner.pulses();
        let (rises, falls) = self.control.state.pulses();
        // In the order of `PULSES`.
        let bits = [
            tx.frame,
            tx.underrun,
            tx.discarded,
            parser.frame,
            parser.broken,
            parser.too_long,
            parser.short,
            parser.damaged,
            rx.dropped || rx.cut,
            self.control.message_damaged(),
            lost,
            recovered,
            rises,
            falls,
            retry.replay,
            retry.timeout,
            retry.gave_up,
            flushed,
            retry.ack,
            retry.nack,
            rx.ack,
            rx.nack,
            rx.retry.hit,
            rx.retry.duplicate,
            rx.retry.missing,
            rx_status.deskew_overflow,
        ];
        let bits = bits.iter().enumerate();
        LinkPulses {
            bits: bits.fold(0, |bits, (place, is)| bits | u32::from(*is) << place),
            bip_errors: std::array::from_fn(|lane| (rx_status.bip_errors >> lane & 1) as u8),
            header_error: rx_status.header_errors,
        }
    }
}

impl LinkEngine for Model {
    fn name(&self) -> &'static str {
        "model"
    }

    fn outputs(&self) -> &LinkOut {
        &self.outputs
    }

    fn cycle(&mut self, inputs: &LinkIn) -> Result<(), Error> {
        self.step(inputs);
        Ok(())
    }
}
