//! Puts the stomped FCS into a poisoned frame's beat.
//!
//! ```text
//!                +-------+
//!  data -------->| Patch |---> patched
//!  fcs_bytes --->|       |
//!  value ------->|       |<--- stomp
//!                +-------+
//! ```
//!
//! Combinational.

use crate::prelude::*;

/// Overwrites the bytes of the FCS in a poisoned frame.
#[derive(LogicBlock)]
pub struct Patch<const WORDS: usize, const KEEP_W: usize> {
    // Ingress.
    /// The beat's bytes.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// Those that belong to the FCS.
    pub fcs_bytes: Signal<In, Bits<KEEP_W>>,
    /// The frame is poisoned.
    pub stomp: Signal<In, Bit>,
    /// What the bytes of the FCS become then, in their columns.
    pub value: Signal<In, Bits<32>>,

    // Egress.
    /// The beat's bytes to send.
    pub patched: [Signal<Out, Bits<32>>; WORDS],

    // Parameters.
    byte_mask: [Constant<Bits<32>>; 4],
}

impl<const WORDS: usize, const KEEP_W: usize> Default for Patch<WORDS, KEEP_W> {
    fn default() -> Self {
        Self {
            data: std::array::from_fn(|_| Signal::default()),
            fcs_bytes: Signal::default(),
            stomp: Signal::default(),
            value: Signal::default(),
            patched: std::array::from_fn(|_| Signal::default()),
            byte_mask: std::array::from_fn(|i| Constant::new((0xFF << (8 * i)).into())),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for Patch<WORDS, KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..WORDS {
            self.patched[i].next = self.data[i].val();
            for j in 0..4 {
                if self.stomp.val() & self.fcs_bytes.val().get_bit(i * 4 + j) {
                    self.patched[i].next = (self.patched[i].val() & !self.byte_mask[j].val())
                        | (self.value.val() & self.byte_mask[j].val());
                }
            }
        }
    }
    describe!("Overwrites the bytes of the FCS in a poisoned frame.");
}
