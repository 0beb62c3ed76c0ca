//! Makes the block that ends a frame: its type, then up to seven bytes.
//!
//! ```text
//!            +----------+
//!   data --->|          |
//!   bytes -->| EndBlock |---> block
//!            +----------+
//! ```
//!
//! Combinational.

use crate::pcs::block;
use crate::prelude::*;

/// Payload of the block that ends a frame after 0 to 7 bytes.
#[derive(LogicBlock)]
pub struct EndBlock {
    // Ingress.
    /// The bytes, lowest first; those that do not count are 0.
    pub data: [Signal<In, Bits<32>>; 2],
    /// How many.
    pub bytes: Signal<In, Bits<3>>,

    // Egress.
    /// `T0` to `T7`.
    pub block: [Signal<Out, Bits<32>>; 2],

    // Wires.
    kind: Signal<Local, Bits<32>>,

    // Parameters.
    kinds: [Constant<Bits<32>>; 8],
    number: [Constant<Bits<3>>; 8],
}

impl Default for EndBlock {
    fn default() -> Self {
        Self {
            data: std::array::from_fn(|_| Signal::default()),
            bytes: Signal::default(),
            block: std::array::from_fn(|_| Signal::default()),
            kind: Signal::default(),
            kinds: block::END.map(|kind| Constant::new(u64::from(kind).into())),
            number: std::array::from_fn(|number| Constant::new((number as u64).into())),
        }
    }
}

impl Logic for EndBlock {
    #[hdl_gen]
    fn update(&mut self) {
        self.kind.next = 0.into();
        for i in 0..8 {
            if self.bytes.val() == self.number[i].val() {
                self.kind.next = self.kinds[i].val();
            }
        }
        self.block[0].next = (self.data[0].val() << 8) | self.kind.val();
        self.block[1].next = (self.data[1].val() << 8) | (self.data[0].val() >> 24);
    }
    describe!("Payload of the block that ends a frame after 0 to 7 bytes.");
}
