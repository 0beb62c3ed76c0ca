//! Makes the start block of a frame on a lossless link: its position, flags and a CRC-8 over both.
//!
//! ```text
//!               +------------+
//!   position -->|            |
//!   is_final -->| StartBlock |---> block
//!               +------------+
//! ```
//!
//! Combinational.

use crate::ingress::LinearMap;
use crate::link::message;
use crate::prelude::*;

/// Payload of the block that starts a frame on a lossless link.
#[derive(LogicBlock)]
pub struct StartBlock {
    // Ingress.
    /// Where the frame stands.
    pub position: Signal<In, Bits<16>>,
    /// It is not sent again.
    pub is_final: Signal<In, Bit>,

    // Egress.
    /// The payload.
    pub block: [Signal<Out, Bits<32>>; 2],

    // Wires.
    map: LinearMap,
    tag: Signal<Local, Bits<32>>,
    crc: Signal<Local, Bits<32>>,

    // Parameters.
    final_flag: Constant<Bits<32>>,
    register: Constant<Bits<32>>,
    fixed: [Constant<Bits<32>>; 2],
}

impl Default for StartBlock {
    fn default() -> Self {
        let crc8 = |register, word| {
            u32::from(message::crc8(
                register,
                u64::from(word),
                message::START_BITS,
            ))
        };
        // A start block without tag and CRC.
        let crc_of_zero = u64::from(crc8(message::INITIAL, 0_u32)) << 48;
        Self {
            position: Signal::default(),
            is_final: Signal::default(),
            block: std::array::from_fn(|_| Signal::default()),
            map: LinearMap::new(|word| crc8(0, word)),
            tag: Signal::default(),
            crc: Signal::default(),
            final_flag: Constant::new(message::FINAL.into()),
            register: Constant::new(u64::from(crc8(message::INITIAL, 0_u32)).into()),
            fixed: crate::pcs::block::words(message::start(0, false) ^ crc_of_zero),
        }
    }
}

impl Logic for StartBlock {
    #[hdl_gen]
    fn update(&mut self) {
        self.tag.next = bit_cast::<32, 16>(self.position.val());
        if self.is_final.val() {
            self.tag.next = self.tag.val() | self.final_flag.val();
        }
        self.map.word.next = self.tag.val();
        self.crc.next = self.map.image.val() ^ self.register.val();
        self.block[0].next = (self.tag.val() << 8) | self.fixed[0].val();
        self.block[1].next = (self.crc.val() << 16) | self.fixed[1].val();
    }
    describe!("Payload of the block that starts a frame on a lossless link.");
}
