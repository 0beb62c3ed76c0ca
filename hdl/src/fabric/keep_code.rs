//! Checks `tkeep` and packs it: a last beat's bytes become three bits, and a malformed `tkeep` three more.
//!
//! ```text
//!            +----------+
//!   tkeep -->|          |--> gray
//!   tlast -->|          |--> malformed
//!            +----------+
//! ```
//!
//! Combinational. Each output bit is a function of four or five inputs. A `tkeep` is malformed if it has a hole, if it is empty
//! on a last beat, or not full on another; what `gray` says then means nothing.

use crate::prelude::*;

/// Checks and packs a `tkeep` of `KEEP_W` bits, 4 or 8.
#[derive(LogicBlock)]
pub struct KeepCode<const KEEP_W: usize> {
    // Ingress.
    /// Byte enables.
    pub tkeep: Signal<In, Bits<KEEP_W>>,
    /// The last beat of its frame.
    pub tlast: Signal<In, Bit>,

    // Egress.
    /// Gray code of the number of bytes less one.
    pub gray: Signal<Out, Bits<3>>,
    /// Any bit: malformed.
    pub malformed: Signal<Out, Bits<3>>,

    // Wires.
    keep: Signal<Local, Bits<8>>,
    full: Signal<Local, Bit>,

    // Parameters.
    top_byte: Constant<Bits<KEEP_W>>,
}

impl<const KEEP_W: usize> Default for KeepCode<KEEP_W> {
    fn default() -> Self {
        const { assert!(KEEP_W == 4 || KEEP_W == 8, "KEEP_W must be 4 or 8") };
        Self {
            tkeep: Signal::default(),
            tlast: Signal::default(),
            gray: Signal::default(),
            malformed: Signal::default(),
            keep: Signal::default(),
            full: Signal::default(),
            top_byte: Constant::new((1_u64 << (KEEP_W - 1)).into()),
        }
    }
}

impl<const KEEP_W: usize> Logic for KeepCode<KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.keep.next = bit_cast::<8, KEEP_W>(self.tkeep.val());
        self.full.next = (self.tkeep.val() & self.top_byte.val()).any();

        // Bytes less one in Gray code: 0 1 3 2 6 7 5 4. Every beat but the last is full, whatever its `tkeep`.
        self.gray.next = 0.into();
        if (self.keep.val().get_bit(1) & !self.keep.val().get_bit(3))
            | (self.keep.val().get_bit(5) & !self.keep.val().get_bit(7))
        {
            self.gray.next = self.gray.val() | 1;
        }
        if self.keep.val().get_bit(2) & !self.keep.val().get_bit(6) {
            self.gray.next = self.gray.val() | 2;
        }
        if self.keep.val().get_bit(4) {
            self.gray.next = self.gray.val() | 4;
        }
        if !self.tlast.val() {
            self.gray.next = 4.into();
        }

        // A byte above one that is missing, in thirds; the last third also asks for the byte that must be there.
        self.malformed.next = 0.into();
        if (self.keep.val().get_bit(1) & !self.keep.val().get_bit(0))
            | (self.keep.val().get_bit(2) & !self.keep.val().get_bit(1))
            | (self.keep.val().get_bit(3) & !self.keep.val().get_bit(2))
        {
            self.malformed.next = self.malformed.val() | 1;
        }
        if (self.keep.val().get_bit(4) & !self.keep.val().get_bit(3))
            | (self.keep.val().get_bit(5) & !self.keep.val().get_bit(4))
            | (self.keep.val().get_bit(6) & !self.keep.val().get_bit(5))
        {
            self.malformed.next = self.malformed.val() | 2;
        }
        if (self.keep.val().get_bit(7) & !self.keep.val().get_bit(6))
            | (self.tlast.val() & !self.keep.val().get_bit(0))
            | (!self.tlast.val() & !self.full.val())
        {
            self.malformed.next = self.malformed.val() | 4;
        }
    }

    describe!("Checks and packs a `tkeep` of `KEEP_W` bits, 4 or 8.");
}
