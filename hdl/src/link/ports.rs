//! The outside of a link but for its stream: the lanes of the optical engine, status, and counter pulses, as rust-hdl interfaces.

use crate::stream::interface;
use rust_hdl::prelude::*;

interface! {
    /// The lanes of an optical engine, seen from the link: OEI version 1, `docs/oei.md`.
    OeiPort<PHYSICAL, LW> {
        /// Beat of each lane. Reset: counts with `tx_data_valid` only.
        tx_data: [Signal<Out, Bits<LW>>; PHYSICAL] = std::array::from_fn(|_| Signal::default()),
        /// The lane has a beat. Reset: 0.
        tx_data_valid: [Signal<Out, Bit>; PHYSICAL] = std::array::from_fn(|_| Signal::default()),
        /// The block's header. Reset: counts with `tx_hdr_valid` only.
        tx_hdr: [Signal<Out, Bits<2>>; PHYSICAL] = std::array::from_fn(|_| Signal::default()),
        /// The beat is a block's first. Reset: counts with `tx_data_valid` only.
        tx_hdr_valid: [Signal<Out, Bit>; PHYSICAL] = std::array::from_fn(|_| Signal::default()),
        /// The engine takes a beat of every lane. Unused: 1.
        tx_ready: Signal<In, Bit> = Signal::default(),
        /// The lane's driver is broken. Unused: 0.
        tx_fault: Signal<In, Bits<PHYSICAL>> = Signal::default(),
        /// Received beat of each lane. Unused: any value.
        rx_data: [Signal<In, Bits<LW>>; PHYSICAL] = std::array::from_fn(|_| Signal::default()),
        /// The lane has a beat. Unused: 0.
        rx_data_valid: Signal<In, Bits<PHYSICAL>> = Signal::default(),
        /// The block's header, as the engine frames it now. Unused: any value.
        rx_hdr: [Signal<In, Bits<2>>; PHYSICAL] = std::array::from_fn(|_| Signal::default()),
        /// The beat is a block's first. Unused: 0.
        rx_hdr_valid: Signal<In, Bits<PHYSICAL>> = Signal::default(),
        /// No light. Unused: 0.
        rx_los: Signal<In, Bits<PHYSICAL>> = Signal::default(),
        /// No lock of clock recovery. Unused: 0.
        rx_lol: Signal<In, Bits<PHYSICAL>> = Signal::default(),
        /// For one cycle: frame the lane's blocks one bit later. Reset: 0.
        rx_bitslip: Signal<Out, Bits<PHYSICAL>> = Signal::default(),
        /// For one cycle: start the lane's receiver anew. Reset: 0.
        rx_reset_req: Signal<Out, Bits<PHYSICAL>> = Signal::default(),
    }
}

interface! {
    /// What a link is at.
    LinkStatus<PHYSICAL> {
        /// Frames pass. Reset: 0.
        up: Signal<Out, Bit> = Signal::default(),
        /// Why it last went down, see `docs/link.md`. Reset: 0.
        down_reason: Signal<Out, Bits<8>> = Signal::default(),
        /// The lanes that carry data towards us are aligned. Reset: 0.
        aligned: Signal<Out, Bit> = Signal::default(),
        /// Too many bad headers. Reset: 0.
        hi_ber: Signal<Out, Bit> = Signal::default(),
        /// The other side does not receive us. Reset: 0.
        remote_fault: Signal<Out, Bit> = Signal::default(),
        /// Lanes that we send data on. Reset: all of them.
        tx_width: Signal<Out, Bits<4>> = Signal::default(),
        /// Lanes that carry data towards us. Reset: all of them.
        rx_width: Signal<Out, Bits<4>> = Signal::default(),
        /// Physical lanes that are lost or held back in our direction. Reset: 0.
        tx_lost: Signal<Out, Bits<PHYSICAL>> = Signal::default(),
        /// Physical lanes with block lock. Reset: 0.
        block_lock: Signal<Out, Bits<PHYSICAL>> = Signal::default(),
        /// Physical lanes with marker lock. Reset: 0.
        marker_lock: Signal<Out, Bits<PHYSICAL>> = Signal::default(),
        /// State of the sender of a lossless link, see `docs/link.md`; 0 without retry and credits. Reset: 0.
        retry_tx_state: Signal<Out, Bits<3>> = Signal::default(),
        /// State of its receiver. Reset: 0.
        retry_rx_state: Signal<Out, Bits<2>> = Signal::default(),
    }
}

interface! {
    /// Counter pulses of a link.
    LinkCounters<PHYSICAL> {
        /// A frame was sent. Reset: 0.
        tx_frame: Signal<Out, Bit> = Signal::default(),
        /// A frame ran dry and was ended. Reset: 0.
        tx_underrun: Signal<Out, Bit> = Signal::default(),
        /// A frame was thrown away because the link is down. Reset: 0.
        tx_discarded: Signal<Out, Bit> = Signal::default(),
        /// A frame ended as it should. Reset: 0.
        rx_frame: Signal<Out, Bit> = Signal::default(),
        /// A frame was ended by something else. Reset: 0.
        rx_broken: Signal<Out, Bit> = Signal::default(),
        /// A frame was too long, and was cut. Reset: 0.
        rx_too_long: Signal<Out, Bit> = Signal::default(),
        /// A frame has less than 64 bytes. Reset: 0.
        rx_short: Signal<Out, Bit> = Signal::default(),
        /// A frame had a block that was an error or not known. Reset: 0.
        rx_damaged: Signal<Out, Bit> = Signal::default(),
        /// A frame found no room, or ran out of it. Reset: 0.
        rx_overflow: Signal<Out, Bit> = Signal::default(),
        /// A message had a wrong CRC. Reset: 0.
        message_damaged: Signal<Out, Bit> = Signal::default(),
        /// A lane that we send on was lost. Reset: 0.
        lane_lost: Signal<Out, Bit> = Signal::default(),
        /// Lanes count again. Reset: 0.
        lane_recovered: Signal<Out, Bit> = Signal::default(),
        /// The link went up. Reset: 0.
        went_up: Signal<Out, Bit> = Signal::default(),
        /// The link went down. Reset: 0.
        went_down: Signal<Out, Bit> = Signal::default(),
        /// Frames are sent again from the oldest one that was not acknowledged. Reset: 0.
        tx_replay: Signal<Out, Bit> = Signal::default(),
        /// No acknowledgement came for too long. Reset: 0.
        tx_timeout: Signal<Out, Bit> = Signal::default(),
        /// A frame that never arrived well went out for the last time. Reset: 0.
        tx_final: Signal<Out, Bit> = Signal::default(),
        /// A frame that had been sent was thrown away unacknowledged, because the link went down. Reset: 0.
        tx_flushed: Signal<Out, Bit> = Signal::default(),
        /// A report came without *nack*. Reset: 0.
        ack_received: Signal<Out, Bit> = Signal::default(),
        /// A report came with *nack*. Reset: 0.
        nack_received: Signal<Out, Bit> = Signal::default(),
        /// A report was sent without *nack*. Reset: 0.
        ack_sent: Signal<Out, Bit> = Signal::default(),
        /// A report was sent with *nack*. Reset: 0.
        nack_sent: Signal<Out, Bit> = Signal::default(),
        /// A frame did not arrive as it was sent. Reset: 0.
        rx_hit: Signal<Out, Bit> = Signal::default(),
        /// A frame came once more, and was dropped. Reset: 0.
        rx_duplicate: Signal<Out, Bit> = Signal::default(),
        /// A frame came, but not the one that is expected. Reset: 0.
        rx_missing: Signal<Out, Bit> = Signal::default(),
        /// Bits that differ from a lane's BIP, 0 or 1: up to 8 in a row behind its marker. Reset: 0.
        bip_errors: [Signal<Out, Bits<4>>; PHYSICAL] = std::array::from_fn(|_| Signal::default()),
        /// A lane's header was neither data nor control. Reset: 0.
        header_error: Signal<Out, Bits<PHYSICAL>> = Signal::default(),
        /// Lanes are further apart than the deskew reaches. Reset: 0.
        deskew_overflow: Signal<Out, Bit> = Signal::default(),
    }
}
