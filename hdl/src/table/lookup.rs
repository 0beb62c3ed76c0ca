//! Looks addresses up in one port's copy of the MAC table.
//!
//! ```text
//!  lookup.address ---> hash ---> core latch ---> output register ---> compare ---> hit, hit_mask, known
//!                            edge 1          edge 2                          edge 3
//!                           advance_a       advance_b                       advance_c
//! ```
//!
//! Latency: 3 cycles from `lookup.address` to `lookup.hit`. Throughput: one address a cycle. A stage whose `advance_*`
//! is low holds; the caller lets a stage advance only into one that does, or that is empty. What counts as expired is
//! judged by the epoch at edge 3, what is in the table at edge 1; an entry that is being written at that very edge is
//! not found, neither the old one nor the new (see [`ReadCollision`]). A lookup that holds for three epochs between
//! edges 1 and 3 may find an entry that has expired, because its stamp comes round again. While the table clears itself
//! after reset, every answer is a miss.

use super::{AddressHash, EntryMatch, LookupAnswer, LookupPort, ReadCollision, TableRam};
use crate::prelude::*;
use crate::target::Target;

/// One port's copy of the MAC table, and the pipeline that looks addresses up in it.
#[derive(LogicBlock)]
pub struct TableLookup<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; forgets every lookup.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Addresses and answers.
    pub lookup: LookupPort<PORTS>,
    /// The mask with this port's bit alone.
    pub own_mask: Signal<In, Bits<PORTS>>,

    // From the learn engine.
    /// Writes this way of the set.
    pub write_way: [Signal<In, Bit>; 2],
    /// The set.
    pub write_index: Signal<In, Bits<INDEX_W>>,
    /// The entry, low word.
    pub write_low: Signal<In, Bits<32>>,
    /// The entry, high word.
    pub write_high: Signal<In, Bits<32>>,
    /// The entry, flags.
    pub write_flags: Signal<In, Bits<8>>,
    /// The current epoch.
    pub epoch: Signal<In, Bits<4>>,
    /// The stamp of 15 epochs ago: dynamic entries with it or one of the next three have expired.
    pub oldest: Signal<In, Bits<4>>,
    /// The table has cleared itself.
    pub open: Signal<In, Bit>,

    // State.
    hash: AddressHash<INDEX_W>,
    way: [TableRam<INDEX_W>; 2],
    collision: ReadCollision<INDEX_W>,
    compare: [EntryMatch<PORTS, INDEX_W>; 2],
    answer: LookupAnswer<PORTS>,
    low_a: DFF<Bits<32>>,
    low_b: DFF<Bits<32>>,
    high_a: DFF<Bits<16>>,
    high_b: DFF<Bits<16>>,

    // Wires.
    address_high: Signal<Local, Bits<32>>,
}

impl<const PORTS: usize, const INDEX_W: usize> TableLookup<PORTS, INDEX_W> {
    /// An empty copy whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            lookup: LookupPort::default(),
            own_mask: Signal::default(),
            write_way: std::array::from_fn(|_| Signal::default()),
            write_index: Signal::default(),
            write_low: Signal::default(),
            write_high: Signal::default(),
            write_flags: Signal::default(),
            epoch: Signal::default(),
            oldest: Signal::default(),
            open: Signal::default(),
            hash: AddressHash::default(),
            way: std::array::from_fn(|_| TableRam::new(target)),
            collision: ReadCollision::default(),
            compare: std::array::from_fn(|_| EntryMatch::default()),
            answer: LookupAnswer::default(),
            low_a: DFF::default(),
            low_b: DFF::default(),
            high_a: DFF::default(),
            high_b: DFF::default(),
            address_high: Signal::default(),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for TableLookup<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, low_a, low_b, high_a, high_b);

        // 2. The copy: written by the learn engine, read by this port.
        self.address_high.next = self.lookup.address[1].val();
        self.hash.low.next = self.lookup.address[0].val();
        self.hash.high.next = self.address_high.val().get_bits::<16>(0);
        self.collision.clock.next = self.clock.val();
        self.collision.reset.next = self.reset.val();
        self.collision.write_index.next = self.write_index.val();
        self.collision.read_index.next = self.hash.index.val();
        self.collision.advance_a.next = self.lookup.advance_a.val();
        self.collision.open.next = self.open.val();
        self.collision.advance_b.next = self.lookup.advance_b.val();
        for w in 0..2 {
            self.collision.write_way[w].next = self.write_way[w].val();
            self.way[w].clock.next = self.clock.val();
            self.way[w].write_enable.next = self.write_way[w].val();
            self.way[w].write_address.next = self.write_index.val();
            self.way[w].write_low.next = self.write_low.val();
            self.way[w].write_high.next = self.write_high.val();
            self.way[w].write_flags.next = self.write_flags.val();
            self.way[w].read_address.next = self.hash.index.val();
            self.way[w].read_enable.next = self.lookup.advance_a.val();
            self.way[w].output_enable.next = self.lookup.advance_b.val();
        }

        // 3. Compare both ways at once.
        self.answer.clock.next = self.clock.val();
        self.answer.reset.next = self.reset.val();
        self.answer.advance.next = self.lookup.advance_c.val();
        self.answer.own_mask.next = self.own_mask.val();
        self.answer.epoch.next = self.epoch.val();
        for w in 0..2 {
            self.compare[w].entry_low.next = self.way[w].read_low.val();
            self.compare[w].entry_high.next = self.way[w].read_high.val();
            self.compare[w].entry_flags.next = self.way[w].read_flags.val();
            self.compare[w].address_low.next = self.low_b.q.val();
            self.compare[w].address_high.next = self.high_b.q.val();
            self.compare[w].oldest.next = self.oldest.val();
            self.answer.same_low[w].next = self.compare[w].same_low.val();
            self.answer.same_high[w].next = self.compare[w].same_high.val();
            self.answer.live[w].next = self.compare[w].live.val();
            self.answer.is_static[w].next = self.compare[w].is_static.val();
            self.answer.mask[w].next = self.compare[w].mask.val();
            self.answer.stamp[w].next = self.compare[w].stamp.val();
            self.answer.ignored[w].next = self.collision.ignored[w].val();
        }

        // 4. Next state.
        if self.lookup.advance_a.val() {
            self.low_a.d.next = self.lookup.address[0].val();
            self.high_a.d.next = self.address_high.val().get_bits::<16>(0);
        }
        if self.lookup.advance_b.val() {
            self.low_b.d.next = self.low_a.q.val();
            self.high_b.d.next = self.high_a.q.val();
        }

        // 5. Drive outputs.
        self.lookup.hit.next = self.answer.hit.val();
        self.lookup.hit_mask.next = self.answer.hit_mask.val();
        self.lookup.known.next = self.answer.known.val();
    }

    describe!("One port's copy of the MAC table, and the pipeline that looks addresses up in it.");
}
