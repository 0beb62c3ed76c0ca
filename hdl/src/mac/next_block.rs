//! Puts the next block together: idle, a fault, a message, start, error, data or end.
//!
//! ```text
//!              +-----------+---> block
//!   data ----->|           |---> control
//!   message -->| NextBlock |
//!   preamble ->|           |
//!   tell, .. ->+-----------+
//! ```
//!
//! Combinational. At most one of the choices is high, but `give` and `ends` may be together: then it is an end with bytes. None: idle.

use super::end_block::EndBlock;
use crate::pcs::block;
use crate::prelude::*;

/// The next block, as it was decided.
#[derive(LogicBlock)]
pub struct NextBlock {
    // Ingress.
    /// A frame's bytes.
    pub data: [Signal<In, Bits<32>>; 2],
    /// A message's ordered set.
    pub message: [Signal<In, Bits<32>>; 2],
    /// A start block.
    pub preamble: [Signal<In, Bits<32>>; 2],
    /// Bytes of an end block.
    pub end_bytes: Signal<In, Bits<3>>,
    /// It is remote fault.
    pub fault: Signal<In, Bit>,
    /// It is the message.
    pub tell: Signal<In, Bit>,
    /// It starts a frame.
    pub start: Signal<In, Bit>,
    /// It is an error block.
    pub error: Signal<In, Bit>,
    /// It has a frame's bytes.
    pub give: Signal<In, Bit>,
    /// It ends a frame.
    pub ends: Signal<In, Bit>,

    // Egress.
    /// Its payload.
    pub block: [Signal<Out, Bits<32>>; 2],
    /// It is a control block.
    pub control: Signal<Out, Bit>,

    // Wires.
    end_block: EndBlock,

    // Parameters.
    idle: [Constant<Bits<32>>; 2],
    error_block: [Constant<Bits<32>>; 2],
    remote_fault: [Constant<Bits<32>>; 2],
}

impl Default for NextBlock {
    fn default() -> Self {
        Self {
            data: std::array::from_fn(|_| Signal::default()),
            message: std::array::from_fn(|_| Signal::default()),
            preamble: std::array::from_fn(|_| Signal::default()),
            end_bytes: Signal::default(),
            fault: Signal::default(),
            tell: Signal::default(),
            start: Signal::default(),
            error: Signal::default(),
            give: Signal::default(),
            ends: Signal::default(),
            block: std::array::from_fn(|_| Signal::default()),
            control: Signal::default(),
            end_block: EndBlock::default(),
            idle: block::words(block::IDLE_BLOCK),
            error_block: block::words(block::ERROR_BLOCK),
            remote_fault: block::words(block::REMOTE_FAULT),
        }
    }
}

impl Logic for NextBlock {
    #[hdl_gen]
    fn update(&mut self) {
        self.end_block.bytes.next = self.end_bytes.val();
        for i in 0..2 {
            self.end_block.data[i].next = 0.into();
            if self.give.val() {
                self.end_block.data[i].next = self.data[i].val();
            }
            self.block[i].next = self.idle[i].val();
            if self.fault.val() {
                self.block[i].next = self.remote_fault[i].val();
            }
            if self.tell.val() {
                self.block[i].next = self.message[i].val();
            }
            if self.start.val() {
                self.block[i].next = self.preamble[i].val();
            }
            if self.error.val() {
                self.block[i].next = self.error_block[i].val();
            }
            if self.give.val() {
                self.block[i].next = self.data[i].val();
            }
            if self.ends.val() {
                self.block[i].next = self.end_block.block[i].val();
            }
        }
        self.control.next = !self.give.val() | self.ends.val();
    }
    describe!("The next block, as it was decided.");
}
