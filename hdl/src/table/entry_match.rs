//! Takes one entry of the MAC table apart and compares it with an address.
//!
//! ```text
//!                        +------------+---> same_low, same_high, valid, live, is_static
//!  entry_*, address_* -->| EntryMatch |
//!  oldest -------------->|            |---> mask, stamp
//!                        +------------+
//! ```
//!
//! Combinational; the comparison is flat and in two halves, to be joined behind
//! flops, since it follows the output register of a memory. Entry and address share
//! their set, so the last `INDEX_W` bits of the address are equal if all the others are, and are not compared (see
//! [`AddressHash`](super::AddressHash)).

use crate::prelude::*;

/// One entry of the MAC table, taken apart and compared with an address of the same set.
#[derive(LogicBlock)]
pub struct EntryMatch<const PORTS: usize, const INDEX_W: usize> {
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
    /// The stamp of 15 epochs ago: dynamic entries with it or one of the next three have expired.
    pub oldest: Signal<In, Bits<4>>,

    // Egress.
    /// The first 20 bits are the address's.
    pub same_low: Signal<Out, Bit>,
    /// If the first 20 bits are the address's: all others are too, and the entry is valid, expired or not.
    pub same_high: Signal<Out, Bit>,
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
    difference_low: Signal<Local, Bits<32>>,
    difference_high: Signal<Local, Bits<16>>,
    stamp_high: Signal<Local, Bits<2>>,
    stamp_low: Signal<Local, Bits<2>>,
    oldest_high: Signal<Local, Bits<2>>,
    oldest_low: Signal<Local, Bits<2>>,
    next_high: Signal<Local, Bits<2>>,
    expired: Signal<Local, Bit>,

    // Parameters.
    tag_mask: Constant<Bits<16>>,
}

impl<const PORTS: usize, const INDEX_W: usize> Default for EntryMatch<PORTS, INDEX_W> {
    fn default() -> Self {
        const { assert!(super::AGE_EPOCHS == 16 - 4) }
        Self {
            entry_low: Signal::default(),
            entry_high: Signal::default(),
            entry_flags: Signal::default(),
            address_low: Signal::default(),
            address_high: Signal::default(),
            oldest: Signal::default(),
            same_low: Signal::default(),
            same_high: Signal::default(),
            valid: Signal::default(),
            live: Signal::default(),
            is_static: Signal::default(),
            mask: Signal::default(),
            stamp: Signal::default(),
            difference_low: Signal::default(),
            difference_high: Signal::default(),
            stamp_high: Signal::default(),
            stamp_low: Signal::default(),
            oldest_high: Signal::default(),
            oldest_low: Signal::default(),
            next_high: Signal::default(),
            expired: Signal::default(),
            tag_mask: Constant::new(u64::from(!super::hash::implied_by_index(INDEX_W)).into()),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for EntryMatch<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.difference_high.next = (self.entry_high.val().get_bits::<16>(0)
            ^ self.address_high.val())
            & self.tag_mask.val();
        self.mask.next = self.entry_high.val().get_bits::<PORTS>(16);
        self.stamp.next = self.entry_flags.val().get_bits::<4>(0);
        // From `oldest` on, four stamps: the rest of its block of four, and the first of the next block.
        self.stamp_high.next = self.entry_flags.val().get_bits::<2>(2);
        self.stamp_low.next = self.entry_flags.val().get_bits::<2>(0);
        self.oldest_high.next = self.oldest.val().get_bits::<2>(2);
        self.oldest_low.next = self.oldest.val().get_bits::<2>(0);
        self.next_high.next = self.oldest_high.val() + 1;
        self.expired.next = ((self.stamp_high.val() == self.oldest_high.val())
            & (self.stamp_low.val() >= self.oldest_low.val()))
            | ((self.stamp_high.val() == self.next_high.val())
                & (self.stamp_low.val() < self.oldest_low.val()));
        self.valid.next = self.entry_flags.val().get_bit(5);
        self.is_static.next = self.valid.val() & self.entry_flags.val().get_bit(4);
        self.live.next =
            self.valid.val() & (self.entry_flags.val().get_bit(4) | !self.expired.val());
        self.difference_low.next = self.entry_low.val() ^ self.address_low.val();
        self.same_low.next = !self.difference_low.val().get_bits::<20>(0).any();
        self.same_high.next = self.valid.val()
            & !self.difference_low.val().get_bits::<12>(20).any()
            & !self.difference_high.val().any();
    }

    describe!(
        "One entry of the MAC table, taken apart and compared with an address of the same set."
    );
}
