//! Makes the ordered set that carries a message.
//!
//! ```text
//!              +---------------+
//!   message -->| MessageWriter |---> set
//!              +---------------+
//! ```
//!
//! Combinational.

use super::message;
use crate::ingress::LinearMap;
use crate::prelude::*;

/// Ordered set of a message of 44 bits.
#[derive(LogicBlock)]
pub struct MessageWriter {
    // Ingress.
    /// The message: 32 bits, then 12.
    pub message: [Signal<In, Bits<32>>; 2],

    // Egress.
    /// The payload of its block.
    pub set: [Signal<Out, Bits<32>>; 2],
    /// Its CRC-8.
    pub crc: Signal<Out, Bits<8>>,

    // Wires.
    low_map: LinearMap,
    high_map: LinearMap,
    sum: Signal<Local, Bits<32>>,
    low: Signal<Local, Bits<32>>,
    high: Signal<Local, Bits<32>>,

    // Parameters.
    register: Constant<Bits<32>>,
    kind: Constant<Bits<32>>,
    nibble: Constant<Bits<32>>,
}

impl Default for MessageWriter {
    fn default() -> Self {
        Self {
            message: std::array::from_fn(|_| Signal::default()),
            set: std::array::from_fn(|_| Signal::default()),
            crc: Signal::default(),
            low_map: LinearMap::new(|word| u32::from(message::crc8(0, u64::from(word), 44))),
            high_map: LinearMap::new(|word| u32::from(message::crc8(0, u64::from(word), 12))),
            sum: Signal::default(),
            low: Signal::default(),
            high: Signal::default(),
            register: Constant::new(u64::from(message::crc8(message::INITIAL, 0, 44)).into()),
            kind: Constant::new(u64::from(crate::pcs::block::ORDERED_SET).into()),
            nibble: Constant::new(message::NIBBLE.into()),
        }
    }
}

impl Logic for MessageWriter {
    #[hdl_gen]
    fn update(&mut self) {
        self.low_map.word.next = self.message[0].val();
        self.high_map.word.next = self.message[1].val();
        self.sum.next = self.register.val() ^ self.low_map.image.val() ^ self.high_map.image.val();
        // Bits 43..24 of the message, which lie in both words.
        self.high.next = (self.message[0].val() >> 24) | (self.message[1].val() << 8);
        self.low.next = self.message[0].val() << 8;
        self.crc.next = self.sum.val().get_bits::<8>(0);
        self.set[0].next = self.low.val() | self.kind.val();
        self.set[1].next =
            ((self.high.val() << 4) & 0x00ff_ffff) | (self.sum.val() << 24) | self.nibble.val();
    }
    describe!("Ordered set of a message of 44 bits.");
}
