//! The MAC table of the switch: hash, 2-way set associative, `2 x 2^INDEX_W` entries, learning and ageing.
//!
//! ```text
//!  lookup[p] --->+-------------+ PORTS x          learn[p] --->+-------------+
//!                | TableLookup |<--- write bus ---------------| LearnEngine |<--- table_*, cfg_ageing_period
//!  hit, mask <---|  its copy   |<--- epoch, oldest, open -----|  its copy   |---> table_*, stat_*
//!                +-------------+                              +-------------+
//! ```
//!
//! Latency: 3 cycles from `lookup[p].address` to its answer; a learned address is found by lookups presented from the
//! 8th cycle after the one it was taken in, or up to 4 later for every operation of the same set just before it.
//! Throughput: a lookup a port and cycle; one learn in `PORTS + 1` cycles for each port. Full: a learn replaces the set's
//! older dynamic entry. Reset: every lookup misses and nothing is learned until the table has cleared itself,
//! `2^INDEX_W` + 8 cycles.

use super::{LearnEngine, LearnPort, LookupPort, TableLookup};
use crate::prelude::*;
use crate::target::Target;

/// The MAC table of the switch, for `PORTS` ports (1 to 16) and `2^INDEX_W` sets of two entries.
#[derive(LogicBlock)]
pub struct MacTable<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; clears the table.
    pub reset: Signal<In, Bit>,

    // Ports of the switch.
    /// Addresses to look up, one port each.
    pub lookup: [LookupPort<PORTS>; PORTS],
    /// Addresses heard, one port each.
    pub learn: [LearnPort; PORTS],

    // Configuration.
    /// Cycles in an epoch, 0 for no ageing; otherwise at least
    /// [`minimum_ageing_period`](super::minimum_ageing_period).
    pub cfg_ageing_period: Signal<In, Bits<32>>,

    // Table port.
    /// An operation is offered; it holds until `table_ready`.
    pub table_valid: Signal<In, Bit>,
    /// The operation is taken at the next clock edge. Low from then until `table_done`.
    pub table_ready: Signal<Out, Bit>,
    /// 0 reads the address's entry, 1 writes a static one (group addresses too), 2 deletes it, 3 flushes all dynamic ones.
    pub table_op: Signal<In, Bits<2>>,
    /// The address: bytes 0..3 in word 0, byte 0 lowest; bytes 4..5 in the low half of word 1 (the rest is ignored).
    pub table_address: [Signal<In, Bits<32>>; 2],
    /// The ports of a static entry, one bit a port; none: frames to the address are dropped. A lookup of a group address
    /// that was not written misses, as none is learned.
    pub table_mask: Signal<In, Bits<PORTS>>,
    /// The operation is done; a pulse, beside its answer. Lookups presented after it see its effect.
    pub table_done: Signal<Out, Bit>,
    /// Its address was in the table before it. 0 for a flush.
    pub table_found: Signal<Out, Bit>,
    /// The ports it was behind; 0 unless `table_found`.
    pub table_found_mask: Signal<Out, Bits<PORTS>>,
    /// Its entry was static.
    pub table_found_static: Signal<Out, Bit>,
    /// A static write found both ways static and wrote nothing.
    pub table_full: Signal<Out, Bit>,

    // Status, one-cycle pulses.
    /// The table has cleared itself after reset (a level, not a pulse).
    pub open: Signal<Out, Bit>,
    /// A learn entered an address that was not in the table.
    pub stat_learned: Signal<Out, Bit>,
    /// A learn changed an address's port.
    pub stat_moved: Signal<Out, Bit>,
    /// A learn found both ways static and entered nothing.
    pub stat_learn_full: Signal<Out, Bit>,
    /// The sweep erased an expired entry of this way (one that a learn replaces before is not counted).
    pub stat_aged: [Signal<Out, Bit>; 2],

    // State.
    engine: LearnEngine<PORTS, INDEX_W>,
    copy: [TableLookup<PORTS, INDEX_W>; PORTS],

    // Parameters.
    own_mask: [Constant<Bits<PORTS>>; PORTS],
}

impl<const PORTS: usize, const INDEX_W: usize> MacTable<PORTS, INDEX_W> {
    /// An empty table whose Verilog is written for `target`.
    ///
    /// # Panics
    /// If `PORTS` is not 1 to 16 (an entry has room for 16 mask bits) or `INDEX_W` is not 2 to 12.
    #[must_use]
    pub fn new(target: Target) -> Self {
        assert!(
            (1..=16).contains(&PORTS),
            "PORTS is {PORTS}: an entry of the MAC table has 16 mask bits, set PORTS to 1..=16"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            lookup: std::array::from_fn(|_| LookupPort::default()),
            learn: std::array::from_fn(|_| LearnPort::default()),
            cfg_ageing_period: Signal::default(),
            table_valid: Signal::default(),
            table_ready: Signal::default(),
            table_op: Signal::default(),
            table_address: std::array::from_fn(|_| Signal::default()),
            table_mask: Signal::default(),
            table_done: Signal::default(),
            table_found: Signal::default(),
            table_found_mask: Signal::default(),
            table_found_static: Signal::default(),
            table_full: Signal::default(),
            open: Signal::default(),
            stat_learned: Signal::default(),
            stat_moved: Signal::default(),
            stat_learn_full: Signal::default(),
            stat_aged: std::array::from_fn(|_| Signal::default()),
            engine: LearnEngine::new(target),
            copy: std::array::from_fn(|_| TableLookup::new(target)),
            own_mask: std::array::from_fn(|i| Constant::new((1_u64 << i).into())),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for MacTable<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. The learn engine.
        self.engine.clock.next = self.clock.val();
        self.engine.reset.next = self.reset.val();
        self.engine.cfg_ageing_period.next = self.cfg_ageing_period.val();
        self.engine.table_valid.next = self.table_valid.val();
        self.engine.table_op.next = self.table_op.val();
        self.engine.table_mask.next = self.table_mask.val();
        self.table_ready.next = self.engine.table_ready.val();
        self.table_done.next = self.engine.table_done.val();
        self.table_found.next = self.engine.table_found.val();
        self.table_found_mask.next = self.engine.table_found_mask.val();
        self.table_found_static.next = self.engine.table_found_static.val();
        self.table_full.next = self.engine.table_full.val();
        self.open.next = self.engine.open.val();
        self.stat_learned.next = self.engine.stat_learned.val();
        self.stat_moved.next = self.engine.stat_moved.val();
        self.stat_learn_full.next = self.engine.stat_learn_full.val();
        for w in 0..2 {
            self.engine.table_address[w].next = self.table_address[w].val();
            self.stat_aged[w].next = self.engine.stat_aged[w].val();
        }

        // 2. Each port.
        for i in 0..PORTS {
            self.engine.learn[i].valid.next = self.learn[i].valid.val();
            self.engine.learn[i].address[0].next = self.learn[i].address[0].val();
            self.engine.learn[i].address[1].next = self.learn[i].address[1].val();
            self.learn[i].ready.next = self.engine.learn[i].ready.val();

            self.copy[i].clock.next = self.clock.val();
            self.copy[i].reset.next = self.reset.val();
            self.copy[i].own_mask.next = self.own_mask[i].val();
            self.copy[i].lookup.address[0].next = self.lookup[i].address[0].val();
            self.copy[i].lookup.address[1].next = self.lookup[i].address[1].val();
            self.copy[i].lookup.advance_a.next = self.lookup[i].advance_a.val();
            self.copy[i].lookup.advance_b.next = self.lookup[i].advance_b.val();
            self.copy[i].lookup.advance_c.next = self.lookup[i].advance_c.val();
            self.lookup[i].hit.next = self.copy[i].lookup.hit.val();
            self.lookup[i].hit_mask.next = self.copy[i].lookup.hit_mask.val();
            self.lookup[i].known.next = self.copy[i].lookup.known.val();

            self.copy[i].write_way[0].next = self.engine.write_way[0].val();
            self.copy[i].write_way[1].next = self.engine.write_way[1].val();
            self.copy[i].write_index.next = self.engine.write_index.val();
            self.copy[i].write_low.next = self.engine.write_low.val();
            self.copy[i].write_high.next = self.engine.write_high.val();
            self.copy[i].write_flags.next = self.engine.write_flags.val();
            self.copy[i].epoch.next = self.engine.epoch.val();
            self.copy[i].oldest.next = self.engine.oldest.val();
            self.copy[i].open.next = self.engine.open.val();
        }
    }

    describe!("The MAC table of the switch, for `PORTS` ports (1 to 16) and `2^INDEX_W` sets of two entries.");
}
