//! Reads the message in an ordered set, if it is one and its CRC is right.
//!
//! ```text
//!                +---------------+---> message
//!   set -------->|               |---> valid
//!   set_valid -->| MessageReader |---> damaged
//!                +---------------+
//! ```
//!
//! Latency: 1 cycle. `valid` and `damaged` are high for one cycle. Reset: neither.

use super::{message, MessageWriter};
use crate::prelude::*;

/// Message of 44 bits in an ordered set, checked.
#[derive(LogicBlock)]
pub struct MessageReader {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The payload of an ordered set.
    pub set: [Signal<In, Bits<32>>; 2],
    /// There is one.
    pub set_valid: Signal<In, Bit>,

    // Egress.
    /// The message: 32 bits, then 12.
    pub message: [Signal<Out, Bits<32>>; 2],
    /// There is one.
    pub valid: Signal<Out, Bit>,
    /// There was one, with a wrong CRC.
    pub damaged: Signal<Out, Bit>,

    // State.
    words: [DFF<Bits<32>>; 2],
    is_valid: DFF<Bit>,
    is_damaged: DFF<Bit>,

    // Wires.
    writer: MessageWriter,
    found: Signal<Local, Bit>,
    right: Signal<Local, Bit>,
    word: [Signal<Local, Bits<32>>; 2],

    // Parameters.
    nibble: Constant<Bits<4>>,
}

impl Default for MessageReader {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            set: std::array::from_fn(|_| Signal::default()),
            set_valid: Signal::default(),
            message: std::array::from_fn(|_| Signal::default()),
            valid: Signal::default(),
            damaged: Signal::default(),
            words: std::array::from_fn(|_| DFF::default()),
            is_valid: DFF::default(),
            is_damaged: DFF::default(),
            writer: MessageWriter::default(),
            found: Signal::default(),
            right: Signal::default(),
            word: std::array::from_fn(|_| Signal::default()),
            nibble: Constant::new(message::NIBBLE.into()),
        }
    }
}

impl Logic for MessageReader {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, is_valid, is_damaged);
        for i in 0..2 {
            self.words[i].clock.next = self.clock.val();
        }

        // 2. The message, and the CRC it should have.
        self.word[0].next =
            (self.set[0].val() >> 8) | ((self.set[1].val() << 20) & 0xff00_0000_u64);
        self.word[1].next = (self.set[1].val() >> 12) & 0x0fff;
        for i in 0..2 {
            self.writer.message[i].next = self.word[i].val();
        }
        self.found.next =
            self.set_valid.val() & (self.set[1].val().get_bits::<4>(0) == self.nibble.val());
        self.right.next = self.set[1].val().get_bits::<8>(24) == self.writer.crc.val();

        // 3. Next state.
        for i in 0..2 {
            self.words[i].d.next = self.word[i].val();
        }
        self.is_valid.d.next = self.found.val() & self.right.val();
        self.is_damaged.d.next = self.found.val() & !self.right.val();

        // 4. Drive outputs.
        for i in 0..2 {
            self.message[i].next = self.words[i].q.val();
        }
        self.valid.next = self.is_valid.q.val();
        self.damaged.next = self.is_damaged.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.is_valid.d.next = false;
            self.is_damaged.d.next = false;
        }
    }
    describe!("Message of 44 bits in an ordered set, checked.");
}
