//! The ports inside the MAC, as rust-hdl interfaces: blocks to and from the PCS, and a frame's blocks.

use crate::stream::interface;
use rust_hdl::prelude::*;

interface! {
    /// Where blocks leave for the PCS. There is always one on offer.
    TxBlocks<WORDS> {
        /// The beat's payload.
        data: [Signal<Out, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// It is a control block; the same in every beat of a block.
        control: Signal<Out, Bit> = Signal::default(),
        /// The block's first beat.
        first: Signal<Out, Bit> = Signal::default(),
        /// The beat is taken at the next clock edge.
        ready: Signal<In, Bit> = Signal::default(),
    }
}

interface! {
    /// Where blocks come from the PCS. Nothing holds them back.
    RxBlocks<WORDS> {
        /// The beat's payload.
        data: [Signal<In, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// It is a control block; the same in every beat of a block.
        control: Signal<In, Bit> = Signal::default(),
        /// The block's first beat.
        first: Signal<In, Bit> = Signal::default(),
        /// The block is damaged; counts with its last beat.
        bad: Signal<In, Bit> = Signal::default(),
        /// There is a beat in this cycle.
        valid: Signal<In, Bit> = Signal::default(),
    }
}

interface! {
    /// Where a block's worth of a frame enters.
    FrameBlockSink<> {
        /// Up to 8 bytes, byte 0 lowest; bytes that do not count are 0.
        data: [Signal<In, Bits<32>>; 2] = std::array::from_fn(|_| Signal::default()),
        /// How many bytes, less one; 7 unless it is the last.
        count: Signal<In, Bits<3>> = Signal::default(),
        /// The frame's last.
        last: Signal<In, Bit> = Signal::default(),
        /// With the last: the frame is poisoned.
        poison: Signal<In, Bit> = Signal::default(),
        /// There is one.
        valid: Signal<In, Bit> = Signal::default(),
    }
}

interface! {
    /// Where a block's worth of a frame leaves.
    FrameBlockSource<> {
        /// Up to 8 bytes, byte 0 lowest; bytes that do not count are 0.
        data: [Signal<Out, Bits<32>>; 2] = std::array::from_fn(|_| Signal::default()),
        /// How many bytes, less one; 7 unless it is the last.
        count: Signal<Out, Bits<3>> = Signal::default(),
        /// The frame's last.
        last: Signal<Out, Bit> = Signal::default(),
        /// With the last: the frame is poisoned.
        poison: Signal<Out, Bit> = Signal::default(),
        /// There is one.
        valid: Signal<Out, Bit> = Signal::default(),
    }
}
