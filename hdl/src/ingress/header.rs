//! Picks a frame's header fields out of the beats in the stages.
//!
//! ```text
//!                   +--------+
//!  peek, beat ----->|        |--> address (of the beat at the pins)
//!  data_a, data_b ->| Header |--> reserved, control (of the frame whose first beat is in B)
//!                   +--------+
//! ```
//!
//! Combinational. The destination address is looked up when a frame's first beat enters A, the source address when its
//! second does; in both cases all six bytes are in sight. A 32-bit beat is too short for that, so there `peek` is the beat
//! behind the one that enters A; with 64 bits it does not matter.

use crate::prelude::*;

/// Picks addresses and the filtered kinds out of a frame's first beats.
#[derive(LogicBlock)]
pub struct Header<const WORDS: usize> {
    // Ingress.
    /// The beat behind `beat`: its first four bytes.
    pub peek: Signal<In, Bits<32>>,
    /// The beat that enters A.
    pub beat: [Signal<In, Bits<32>>; WORDS],
    /// It is its frame's first.
    pub first: Signal<In, Bit>,
    /// The beat in A.
    pub data_a: [Signal<In, Bits<32>>; WORDS],
    /// The beat in B.
    pub data_b: [Signal<In, Bits<32>>; WORDS],

    // Egress.
    /// Address to look up with the beat that enters A: bytes 0..3, then bytes 4 and 5 in the lower half.
    pub address: [Signal<Out, Bits<32>>; 2],
    /// The frame in B goes to 01:80:C2:00:00:00..0F.
    pub reserved: Signal<Out, Bit>,
    /// The frame in B is a MAC control frame (`EtherType` 0x8808).
    pub control: Signal<Out, Bit>,

    // Wires.
    near: [Signal<Local, Bits<32>>; 2],
    far: [Signal<Local, Bits<32>>; 2],
    word: [Signal<Local, Bits<32>>; 4],

    // Parameters.
    reserved_low: Constant<Bits<32>>,
    reserved_high: Constant<Bits<32>>,
    reserved_mask: Constant<Bits<32>>,
    control_type: Constant<Bits<32>>,
    half: Constant<Bits<32>>,
}

impl<const WORDS: usize> Default for Header<WORDS> {
    fn default() -> Self {
        Self {
            peek: Signal::default(),
            beat: std::array::from_fn(|_| Signal::default()),
            first: Signal::default(),
            data_a: std::array::from_fn(|_| Signal::default()),
            data_b: std::array::from_fn(|_| Signal::default()),
            address: std::array::from_fn(|_| Signal::default()),
            reserved: Signal::default(),
            control: Signal::default(),
            near: std::array::from_fn(|_| Signal::default()),
            far: std::array::from_fn(|_| Signal::default()),
            word: std::array::from_fn(|_| Signal::default()),
            reserved_low: Constant::new(0x00C2_8001.into()),
            reserved_high: Constant::new(0.into()),
            reserved_mask: Constant::new(0xF0FF.into()),
            control_type: Constant::new(0x0888.into()),
            half: Constant::new(0xFFFF.into()),
        }
    }
}

impl<const WORDS: usize> Logic for Header<WORDS> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. The six bytes at the pins (near and far word), and words 0 to 3 of the frame in B.
        self.near[0].next = self.beat[0].val();
        self.far[0].next = self.peek.val();
        self.near[1].next = self.beat[0].val();
        self.far[1].next = self.peek.val();
        self.word[0].next = self.data_b[0].val();
        self.word[1].next = self.data_a[0].val();
        self.word[2].next = self.beat[0].val();
        self.word[3].next = self.peek.val();
        for i in 1..WORDS {
            self.far[0].next = self.beat[i].val();
            self.near[1].next = self.data_a[i].val();
            self.far[1].next = self.beat[0].val();
            self.word[1].next = self.data_b[i].val();
            self.word[2].next = self.data_a[0].val();
            self.word[3].next = self.data_a[i].val();
        }

        // 2. Destination first, source second.
        self.address[0].next = (self.near[1].val() >> 16) | (self.far[1].val() << 16);
        self.address[1].next = self.far[1].val() >> 16;
        if self.first.val() {
            self.address[0].next = self.near[0].val();
            self.address[1].next = self.far[0].val() & self.half.val();
        }

        // 3. The kinds that are not forwarded.
        self.reserved.next = (self.word[0].val() == self.reserved_low.val())
            & ((self.word[1].val() & self.reserved_mask.val()) == self.reserved_high.val());
        self.control.next = (self.word[3].val() & self.half.val()) == self.control_type.val();
    }
    describe!("Picks addresses and the filtered kinds out of a frame's first beats.");
}
