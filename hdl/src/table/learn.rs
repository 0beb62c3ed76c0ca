//! Carries learns, sweeps and table port operations through one pipeline, and writes all copies of the MAC table.
//!
//! ```text
//!  learn[p] --+
//!  table_* ---+-> S0 turn -> S1 hash -> S2 hazard? -> S3 read -> S4 read -> S5 compare -> S6 decide -> S7 write
//!  sweep -----+                                   own copy
//! ```
//!
//! Whose turn it is rotates over the ports and, when it has something to do, the maintenance (sweep and table port), one
//! cycle each, so a port waits at most `PORTS` operations. Throughput: one operation a cycle. An operation on the set of an earlier one that is
//! still in S4 to S7 waits in S3 until that is through, 4 cycles at most, and what follows it waits too.
//! Latency: at the 8th edge after the cycle of `learn.ready` (that cycle's edge is the first) the address is in every copy;
//! lookups presented after it find it.
//!
//! Order of effect is order of acceptance. Reset forgets every operation and clears the table, which takes `2^INDEX_W` + 8
//! cycles; until then nothing is accepted.

use super::{LearnPort, LearnTurn, OperationPipeline, SetCompare, SetUpdate, TableRam};
use crate::prelude::*;
use crate::target::Target;

/// Learns, sweeps and serves the table port: writes all copies of the MAC table.
#[derive(LogicBlock)]
pub struct LearnEngine<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; clears the table.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Addresses heard, one port each.
    pub learn: [LearnPort; PORTS],
    /// Cycles in an epoch; see [`EpochClock`](super::EpochClock).
    pub cfg_ageing_period: Signal<In, Bits<32>>,

    // Table port.
    /// An operation is offered; it holds until `table_ready`.
    pub table_valid: Signal<In, Bit>,
    /// The operation is taken at the next clock edge.
    pub table_ready: Signal<Out, Bit>,
    /// 0 read, 1 write static, 2 delete, 3 flush.
    pub table_op: Signal<In, Bits<2>>,
    /// The address, in the words of [`LookupPort`](super::LookupPort).
    pub table_address: [Signal<In, Bits<32>>; 2],
    /// The ports of a static entry.
    pub table_mask: Signal<In, Bits<PORTS>>,
    /// The operation is done; a pulse, beside its answer.
    pub table_done: Signal<Out, Bit>,
    /// Its address was in the table before it.
    pub table_found: Signal<Out, Bit>,
    /// The ports it was behind; 0 unless `table_found`.
    pub table_found_mask: Signal<Out, Bits<PORTS>>,
    /// Its entry was static.
    pub table_found_static: Signal<Out, Bit>,
    /// A static write found both ways static and wrote nothing.
    pub table_full: Signal<Out, Bit>,

    // To every copy.
    /// Writes this way of the set.
    pub write_way: [Signal<Out, Bit>; 2],
    /// The set.
    pub write_index: Signal<Out, Bits<INDEX_W>>,
    /// The entry, low word.
    pub write_low: Signal<Out, Bits<32>>,
    /// The entry, high word.
    pub write_high: Signal<Out, Bits<32>>,
    /// The entry, flags.
    pub write_flags: Signal<Out, Bits<8>>,
    /// The current epoch.
    pub epoch: Signal<Out, Bits<4>>,
    /// The stamp of 15 epochs ago: dynamic entries with it or one of the next three have expired.
    pub oldest: Signal<Out, Bits<4>>,
    /// The table has cleared itself.
    pub open: Signal<Out, Bit>,

    // Status, one-cycle pulses.
    /// A learn entered an address that was not in the table.
    pub stat_learned: Signal<Out, Bit>,
    /// A learn changed an address's port.
    pub stat_moved: Signal<Out, Bit>,
    /// A learn found both ways static and entered nothing.
    pub stat_learn_full: Signal<Out, Bit>,
    /// The sweep erased an expired entry of this way.
    pub stat_aged: [Signal<Out, Bit>; 2],

    // State.
    entrance: LearnTurn<PORTS, INDEX_W>,
    pipeline: OperationPipeline<PORTS, INDEX_W>,
    way: [TableRam<INDEX_W>; 2],
    compare: SetCompare<PORTS, INDEX_W>,
    write: SetUpdate<PORTS, INDEX_W>,
}

impl<const PORTS: usize, const INDEX_W: usize> LearnEngine<PORTS, INDEX_W> {
    /// An empty copy whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
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
            write_way: std::array::from_fn(|_| Signal::default()),
            write_index: Signal::default(),
            write_low: Signal::default(),
            write_high: Signal::default(),
            write_flags: Signal::default(),
            epoch: Signal::default(),
            oldest: Signal::default(),
            open: Signal::default(),
            stat_learned: Signal::default(),
            stat_moved: Signal::default(),
            stat_learn_full: Signal::default(),
            stat_aged: std::array::from_fn(|_| Signal::default()),
            entrance: LearnTurn::default(),
            pipeline: OperationPipeline::default(),
            way: std::array::from_fn(|_| TableRam::new(target)),
            compare: SetCompare::default(),
            write: SetUpdate::default(),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for LearnEngine<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. S0: whose turn it is.
        self.entrance.clock.next = self.clock.val();
        self.entrance.reset.next = self.reset.val();
        self.entrance.cfg_ageing_period.next = self.cfg_ageing_period.val();
        self.entrance.table_valid.next = self.table_valid.val();
        self.entrance.table_op.next = self.table_op.val();
        self.entrance.table_mask.next = self.table_mask.val();
        self.table_ready.next = self.entrance.table_ready.val();
        for w in 0..2 {
            self.entrance.table_address[w].next = self.table_address[w].val();
        }
        for i in 0..PORTS {
            self.entrance.learn[i].valid.next = self.learn[i].valid.val();
            self.entrance.learn[i].address[0].next = self.learn[i].address[0].val();
            self.entrance.learn[i].address[1].next = self.learn[i].address[1].val();
            self.learn[i].ready.next = self.entrance.learn[i].ready.val();
        }

        // 2. S1 to S5, and this engine's own copy, which S3 and S4 read.
        self.pipeline.clock.next = self.clock.val();
        self.pipeline.reset.next = self.reset.val();
        self.entrance.advance.next = self.pipeline.advance.val();
        self.pipeline.offered.valid.next = self.entrance.offered.valid.val();
        self.pipeline.offered.kind.next = self.entrance.offered.kind.val();
        self.pipeline.offered.respond.next = self.entrance.offered.respond.val();
        self.pipeline.offered.low.next = self.entrance.offered.low.val();
        self.pipeline.offered.high.next = self.entrance.offered.high.val();
        self.pipeline.offered.mask.next = self.entrance.offered.mask.val();
        self.pipeline.offered.index.next = self.entrance.offered.index.val();
        self.pipeline.compared_valid.next = self.compare.compared.valid.val();
        self.pipeline.compared_index.next = self.compare.compared.index.val();
        for w in 0..2 {
            self.way[w].clock.next = self.clock.val();
            self.way[w].read_address.next = self.pipeline.read_index.val();
            self.way[w].read_enable.next = true;
            self.way[w].output_enable.next = true;
            self.way[w].write_enable.next = self.write.write_way[w].val();
            self.way[w].write_address.next = self.write.write_index.val();
            self.way[w].write_low.next = self.write.write_low.val();
            self.way[w].write_high.next = self.write.write_high.val();
            self.way[w].write_flags.next = self.write.write_flags.val();
        }

        // 3. S5 compares, S6 decides, S7 writes.
        self.compare.clock.next = self.clock.val();
        self.compare.reset.next = self.reset.val();
        self.compare.epoch.next = self.entrance.epoch.val();
        self.compare.oldest.next = self.entrance.oldest.val();
        self.compare.operation.valid.next = self.pipeline.operation.valid.val();
        self.compare.operation.kind.next = self.pipeline.operation.kind.val();
        self.compare.operation.respond.next = self.pipeline.operation.respond.val();
        self.compare.operation.low.next = self.pipeline.operation.low.val();
        self.compare.operation.high.next = self.pipeline.operation.high.val();
        self.compare.operation.mask.next = self.pipeline.operation.mask.val();
        self.compare.operation.index.next = self.pipeline.operation.index.val();
        self.write.clock.next = self.clock.val();
        self.write.reset.next = self.reset.val();
        self.write.epoch.next = self.entrance.epoch.val();
        self.write.operation.valid.next = self.compare.compared.valid.val();
        self.write.operation.kind.next = self.compare.compared.kind.val();
        self.write.operation.respond.next = self.compare.compared.respond.val();
        self.write.operation.low.next = self.compare.compared.low.val();
        self.write.operation.high.next = self.compare.compared.high.val();
        self.write.operation.mask.next = self.compare.compared.mask.val();
        self.write.operation.index.next = self.compare.compared.index.val();
        for w in 0..2 {
            self.compare.entry_low[w].next = self.way[w].read_low.val();
            self.compare.entry_high[w].next = self.way[w].read_high.val();
            self.compare.entry_flags[w].next = self.way[w].read_flags.val();
            self.write.matching[w].next = self.compare.matching[w].val();
            self.write.valid[w].next = self.compare.valid[w].val();
            self.write.live[w].next = self.compare.live[w].val();
            self.write.is_static[w].next = self.compare.is_static[w].val();
            self.write.mask[w].next = self.compare.mask[w].val();
            self.write.age_epochs[w].next = self.compare.age_epochs[w].val();
        }

        // 4. Drive outputs.
        self.entrance.answered.next = self.write.answered.val();
        self.table_done.next = self.write.answered.val() & self.entrance.busy.val();
        self.table_found.next = self.write.found.val();
        self.table_found_mask.next = self.write.found_mask.val();
        self.table_found_static.next = self.write.found_static.val();
        self.table_full.next = self.write.table_full.val();
        for w in 0..2 {
            self.write_way[w].next = self.write.write_way[w].val();
            self.stat_aged[w].next = self.write.stat_aged[w].val();
        }
        self.write_index.next = self.write.write_index.val();
        self.write_low.next = self.write.write_low.val();
        self.write_high.next = self.write.write_high.val();
        self.write_flags.next = self.write.write_flags.val();
        self.epoch.next = self.entrance.epoch.val();
        self.oldest.next = self.entrance.oldest.val();
        self.open.next = self.entrance.open.val();
        self.stat_learned.next = self.write.stat_learned.val();
        self.stat_moved.next = self.write.stat_moved.val();
        self.stat_learn_full.next = self.write.stat_learn_full.val();
    }

    describe!("Learns, sweeps and serves the table port: writes all copies of the MAC table.");
}
