//! Reads what a start block says of its frame: its position, its flags, and whether that can be relied on.
//!
//! ```text
//!               +-------------+---> position
//!   block ----->| StartReader |---> is_final
//!   is_start -->|             |---> is_good
//!               +-------------+
//! ```
//!
//! Byte by byte, after the type: position (low first), flags (bit 0: final), `55 55`, CRC-8 of the first 24 bits as of messages, `D5`.
//! Latency: 1 cycle; holds until the next start. Reset: holds.

use crate::ingress::LinearMap;
use crate::link::message;
use crate::prelude::*;

/// Bits that the CRC-8 is over.
const FIELDS_W: usize = 24;

/// Position and flags of a start block, checked.
#[derive(LogicBlock)]
pub struct StartReader {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,

    // Ingress.
    /// Payload.
    pub block: [Signal<In, Bits<32>>; 2],
    /// It starts a frame.
    pub is_start: Signal<In, Bit>,

    // Egress.
    /// Blocks of frames that were sent before.
    pub position: Signal<Out, Bits<16>>,
    /// The frame is not sent again.
    pub is_final: Signal<Out, Bit>,
    /// The CRC-8 is right; nothing else counts if it is not.
    pub is_good: Signal<Out, Bit>,

    // State.
    place: DFF<Bits<16>>,
    flag: DFF<Bit>,
    right: DFF<Bit>,

    // Wires.
    fields: Signal<Local, Bits<32>>,
    map: LinearMap,
    crc: Signal<Local, Bits<8>>,

    // Parameters.
    register: Constant<Bits<8>>,
}

impl Default for StartReader {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            block: std::array::from_fn(|_| Signal::default()),
            is_start: Signal::default(),
            position: Signal::default(),
            is_final: Signal::default(),
            is_good: Signal::default(),
            place: DFF::default(),
            flag: DFF::default(),
            right: DFF::default(),
            fields: Signal::default(),
            map: LinearMap::new(|word| u32::from(message::crc8(0, u64::from(word), FIELDS_W))),
            crc: Signal::default(),
            register: Constant::new(u64::from(message::crc8(message::INITIAL, 0, FIELDS_W)).into()),
        }
    }
}

impl Logic for StartReader {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, place, flag, right);
        self.fields.next = self.block[0].val() >> 8;
        self.map.word.next = self.fields.val();
        self.crc.next = self.map.image.val().get_bits::<8>(0) ^ self.register.val();
        if self.is_start.val() {
            self.place.d.next = self.fields.val().get_bits::<16>(0);
            self.flag.d.next = self.fields.val().get_bit(16);
            self.right.d.next = self.block[1].val().get_bits::<8>(16) == self.crc.val();
        }
        self.position.next = self.place.q.val();
        self.is_final.next = self.flag.q.val();
        self.is_good.next = self.right.q.val();
    }
    describe!("Position and flags of a start block, checked.");
}
