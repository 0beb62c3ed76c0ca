//! The ports of the MAC table, as rust-hdl interfaces.

use crate::stream::interface;
use rust_hdl::prelude::*;

interface! {
    /// Where one ingress asks for an address: the answer stands three clock edges after the address.
    LookupPort<PORTS> {
        /// The address: bytes 0..3 in word 0, byte 0 lowest; bytes 4..5 in the low half of word 1 (the rest is ignored).
        address: [Signal<In, Bits<32>>; 2] = std::array::from_fn(|_| Signal::default()),
        /// Edge 1: takes `address`.
        advance_a: Signal<In, Bit> = Signal::default(),
        /// Edge 2: takes what edge 1 took.
        advance_b: Signal<In, Bit> = Signal::default(),
        /// Edge 3: takes what edge 2 took, and answers.
        advance_c: Signal<In, Bit> = Signal::default(),
        /// The address is in the table. 0 after reset. Like the two below, each bit one 6-input function of flops.
        hit: Signal<Out, Bit> = Signal::default(),
        /// The ports it is behind, one bit a port; 0 unless `hit`.
        hit_mask: Signal<Out, Bits<PORTS>> = Signal::default(),
        /// Learning it from this port would change nothing: the entry is static, or it is this port's and was
        /// learned in the current epoch. 0 after reset.
        known: Signal<Out, Bit> = Signal::default(),
    }
}

interface! {
    /// Where one ingress tells an address that it has heard.
    LearnPort<> {
        /// The address is offered; it holds until `ready`.
        valid: Signal<In, Bit> = Signal::default(),
        /// The address, in the words of [`LookupPort`]; one with the group bit is taken and ignored.
        address: [Signal<In, Bits<32>>; 2] = std::array::from_fn(|_| Signal::default()),
        /// The address is taken at the next clock edge; does not depend on `valid`.
        ready: Signal<Out, Bit> = Signal::default(),
    }
}
