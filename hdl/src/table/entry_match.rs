//! Takes one entry of the MAC table apart and compares it with an address.
//!
//! ```text
//!                        +------------+---> matching, valid, live, is_static
//!  entry_*, address_* -->| EntryMatch |
//!  fresh --------------->|            |---> mask, stamp
//!                        +------------+
//! ```
//!
//! Combinational; the comparison is flat, since it follows the output register of a memory.

use crate::prelude::*;

/// One entry of the MAC table, taken apart and compared with an address.
#[derive(LogicBlock, Default)]
pub struct EntryMatch<const PORTS: usize> {
    // Ingress.
    /// The entry, low word.
    pub entry_low: Signal<In, Bits<32>>,
    /// The entry, high word.
    pub entry_high: Signal<In, Bits<32>>,
    /// The entry, flags.
    pub entry_flags: Signal<In, Bits<8>>,
    /// Address bytes 0..3, byte 0 lowest.
    pub address_low: Signal<In, Bits<32>>,
    /// Address bytes 4..5.
    pub address_high: Signal<In, Bits<16>>,
    /// Bit `s`: a dynamic entry stamped `s` has not expired.
    pub fresh: Signal<In, Bits<16>>,

    // Egress.
    /// The entry is valid, expired or not, and the address's.
    pub matching: Signal<Out, Bit>,
    /// The entry is valid, expired or not.
    pub valid: Signal<Out, Bit>,
    /// The entry is valid and has not expired.
    pub live: Signal<Out, Bit>,
    /// The entry is valid and static.
    pub is_static: Signal<Out, Bit>,
    /// The entry's port mask.
    pub mask: Signal<Out, Bits<PORTS>>,
    /// The epoch in which the entry was learned.
    pub stamp: Signal<Out, Bits<4>>,

    // Wires.
    tag_high: Signal<Local, Bits<16>>,
    freshness: Signal<Local, Bits<16>>,
}

impl<const PORTS: usize> Logic for EntryMatch<PORTS> {
    #[hdl_gen]
    fn update(&mut self) {
        self.tag_high.next = self.entry_high.val().get_bits::<16>(0);
        self.mask.next = self.entry_high.val().get_bits::<PORTS>(16);
        self.stamp.next = self.entry_flags.val().get_bits::<4>(0);
        self.freshness.next = self.fresh.val() >> self.stamp.val();
        self.valid.next = self.entry_flags.val().get_bit(5);
        self.is_static.next = self.valid.val() & self.entry_flags.val().get_bit(4);
        self.live.next = self.valid.val()
            & (self.entry_flags.val().get_bit(4) | self.freshness.val().get_bit(0));
        self.matching.next = self.valid.val()
            & (self.entry_low.val() == self.address_low.val())
            & (self.tag_high.val() == self.address_high.val());
    }

    describe!("One entry of the MAC table, taken apart and compared with an address.");
}
