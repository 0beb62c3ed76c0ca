//! Undoes [`crate::fabric::keep_code`] at the egress: from what the queue kept beside a beat to `tkeep`, `tlast`, `tuser`.
//!
//! ```text
//!            +------------+
//!   side --->|            |--> tkeep tlast tuser
//!            +------------+
//! ```
//!
//! Combinational. `tkeep` is full on every beat but the last, `tuser` low.

use crate::prelude::*;

/// `KEEP_W` byte enables and the marks of a beat from its `side` bits.
#[derive(LogicBlock, Default)]
pub struct KeepUnpack<const KEEP_W: usize> {
    // Ingress.
    /// What the queue kept: see [`crate::fabric::beat`].
    pub side: Signal<In, Bits<8>>,

    // Egress.
    /// Byte enables.
    pub tkeep: Signal<Out, Bits<KEEP_W>>,
    /// The frame's last beat.
    pub tlast: Signal<Out, Bit>,
    /// It is poisoned.
    pub tuser: Signal<Out, Bit>,

    // Wires.
    keep: Signal<Local, Bits<8>>,
    upper: Signal<Local, Bit>,
    inner: Signal<Local, Bit>,
    odd: Signal<Local, Bit>,
}

impl<const KEEP_W: usize> Logic for KeepUnpack<KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.odd.next = self.side.val().get_bit(2);
        self.inner.next = self.side.val().get_bit(3);
        self.upper.next = self.side.val().get_bit(4);
        self.keep.next = 1.into();
        if self.upper.val() | self.inner.val() | self.odd.val() {
            self.keep.next = self.keep.val() | 2;
        }
        if self.upper.val() | self.inner.val() {
            self.keep.next = self.keep.val() | 4;
        }
        if self.upper.val() | (self.inner.val() & !self.odd.val()) {
            self.keep.next = self.keep.val() | 8;
        }
        if self.upper.val() {
            self.keep.next = self.keep.val() | 16;
        }
        if self.upper.val() & !(self.inner.val() & !self.odd.val()) {
            self.keep.next = self.keep.val() | 32;
        }
        if self.upper.val() & !self.inner.val() {
            self.keep.next = self.keep.val() | 64;
        }
        if self.upper.val() & !self.inner.val() & !self.odd.val() {
            self.keep.next = self.keep.val() | 128;
        }
        self.tkeep.next = bit_cast::<KEEP_W, 8>(self.keep.val());
        self.tlast.next = self.side.val().get_bit(0);
        self.tuser.next = self.side.val().get_bit(0) & (self.side.val() & 0xE2).any();
    }

    describe!("`KEEP_W` byte enables and the marks of a beat from its `side` bits.");
}
