//! The transmit side of the MAC: frames to blocks.

use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::mac::start_blocks;

use super::frame_block::BlockFifo;
use super::frame_packer::FramePacker;
use super::framer::{Framer, FramerIn, FramerPulses};
use crate::beat::Beat;

/// What the MAC goes by.
#[derive(Clone, Copy, Debug, Default)]
pub struct MacTxIn<'a> {
    /// The beat that the client offers.
    pub tx: Option<&'a Beat>,
    /// No frame starts.
    pub hold: bool,
    /// Frames are thrown away.
    pub discard: bool,
    /// Remote fault goes between frames.
    pub remote_fault: bool,
    /// The 44 bits of a message that waits.
    pub message: Option<u64>,
    /// The half of a block on offer is taken.
    pub ready: bool,
}

/// The twin of `MacTx`.
#[derive(Clone, Debug)]
pub struct MacTx {
    packer: FramePacker,
    fifo: BlockFifo,
    framer: Framer,
    /// The second half of the block is on offer.
    half: bool,
    has_halves: bool,
}

impl MacTx {
    /// That of `link`.
    pub fn new(link: &LinkConfig) -> Self {
        Self {
            packer: FramePacker::new(link.data_w() / 8),
            fifo: BlockFifo::new(start_blocks(link.lanes, link.max_frame_bytes)),
            framer: Framer::default(),
            half: false,
            has_halves: link.data_w() == 32,
        }
    }

    /// A beat is taken, unless in reset.
    pub fn has_room(&self) -> bool {
        self.fifo.has_room()
    }

    /// The half of a block, or the block, on offer, and whether it is of a control block.
    pub fn offer(&self) -> (u64, bool) {
        let (payload, is_control) = self.framer.offer();
        let data = match (self.has_halves, self.half) {
            (false, _) => payload,
            (true, false) => payload & 0xffff_ffff,
            (true, true) => payload >> 32,
        };
        (data, is_control)
    }

    /// The half on offer is a block's first.
    #[cfg(test)]
    pub fn is_first(&self) -> bool {
        !self.half
    }

    /// The pulses of this cycle.
    pub fn pulses(&self) -> FramerPulses {
        self.framer.pulses()
    }

    /// The clock edge; whether the message was taken.
    pub fn cycle(&mut self, inputs: &MacTxIn, reset: bool) -> bool {
        let framer_in = FramerIn {
            head: self.fifo.head(),
            may_start: self.fifo.may_start(),
            hold: inputs.hold,
            discard: inputs.discard,
            remote_fault: inputs.remote_fault,
            message: inputs.message,
            step: inputs.ready && (self.half || !self.has_halves),
        };
        let taken = self.framer.cycle(&framer_in, reset);
        let room = self.fifo.has_room();
        self.fifo.cycle(self.packer.block(), taken.block, reset);
        self.packer.cycle(inputs.tx, room, reset);
        self.half = !reset && self.half != (inputs.ready && self.has_halves);
        taken.message
    }
}
