//! Compares both ways of a set with an operation's address, and registers what it finds.
//!
//! ```text
//!  operation ---->+------------+---> compared (the operation, a cycle later)
//!  entry_*[w] --->| SetCompare |---> matching, valid, live, is_static, mask, age_epochs [w]
//!                 +------------+
//! ```
//!
//! Latency: 1 cycle. Throughput: one set a cycle. Reset forgets the operation.

use super::{EntryMatch, OperationRegister, OperationSink, OperationSource};
use crate::prelude::*;

/// What a set of the MAC table holds for an operation's address, registered.
#[derive(LogicBlock)]
pub struct SetCompare<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; forgets the operation.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The operation.
    pub operation: OperationSink<PORTS, INDEX_W>,
    /// The ways of its set, low words.
    pub entry_low: [Signal<In, Bits<32>>; 2],
    /// The ways of its set, high words.
    pub entry_high: [Signal<In, Bits<32>>; 2],
    /// The ways of its set, flags.
    pub entry_flags: [Signal<In, Bits<8>>; 2],
    /// The current epoch.
    pub epoch: Signal<In, Bits<4>>,
    /// The stamp of 15 epochs ago: dynamic entries with it or one of the next three have expired.
    pub oldest: Signal<In, Bits<4>>,

    // Egress.
    /// The operation.
    pub compared: OperationSource<PORTS, INDEX_W>,
    /// The way is valid, expired or not, and the address's.
    pub matching: [Signal<Out, Bit>; 2],
    /// The way is valid, expired or not.
    pub valid: [Signal<Out, Bit>; 2],
    /// The way is valid and has not expired.
    pub live: [Signal<Out, Bit>; 2],
    /// The way is valid and static.
    pub is_static: [Signal<Out, Bit>; 2],
    /// The way's port mask.
    pub mask: [Signal<Out, Bits<PORTS>>; 2],
    /// Epochs since the way was learned.
    pub age_epochs: [Signal<Out, Bits<4>>; 2],

    // State.
    held: OperationRegister<PORTS, INDEX_W>,
    compare: [EntryMatch<PORTS, INDEX_W>; 2],
    was_same_low: [DFF<Bit>; 2],
    was_same_high: [DFF<Bit>; 2],
    was_valid: [DFF<Bit>; 2],
    was_live: [DFF<Bit>; 2],
    was_static: [DFF<Bit>; 2],
    was_mask: [DFF<Bits<PORTS>>; 2],
    was_age: [DFF<Bits<4>>; 2],
}

impl<const PORTS: usize, const INDEX_W: usize> Default for SetCompare<PORTS, INDEX_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            operation: OperationSink::default(),
            entry_low: std::array::from_fn(|_| Signal::default()),
            entry_high: std::array::from_fn(|_| Signal::default()),
            entry_flags: std::array::from_fn(|_| Signal::default()),
            epoch: Signal::default(),
            oldest: Signal::default(),
            compared: OperationSource::default(),
            matching: std::array::from_fn(|_| Signal::default()),
            valid: std::array::from_fn(|_| Signal::default()),
            live: std::array::from_fn(|_| Signal::default()),
            is_static: std::array::from_fn(|_| Signal::default()),
            mask: std::array::from_fn(|_| Signal::default()),
            age_epochs: std::array::from_fn(|_| Signal::default()),
            held: OperationRegister::default(),
            compare: std::array::from_fn(|_| EntryMatch::default()),
            was_same_low: std::array::from_fn(|_| DFF::default()),
            was_same_high: std::array::from_fn(|_| DFF::default()),
            was_valid: std::array::from_fn(|_| DFF::default()),
            was_live: std::array::from_fn(|_| DFF::default()),
            was_static: std::array::from_fn(|_| DFF::default()),
            was_mask: std::array::from_fn(|_| DFF::default()),
            was_age: std::array::from_fn(|_| DFF::default()),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for SetCompare<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. The operation, carried along.
        self.held.clock.next = self.clock.val();
        self.held.reset.next = self.reset.val();
        self.held.advance.next = true;
        self.held.ingress.valid.next = self.operation.valid.val();
        self.held.ingress.kind.next = self.operation.kind.val();
        self.held.ingress.respond.next = self.operation.respond.val();
        self.held.ingress.low.next = self.operation.low.val();
        self.held.ingress.high.next = self.operation.high.val();
        self.held.ingress.mask.next = self.operation.mask.val();
        self.held.ingress.index.next = self.operation.index.val();
        self.compared.valid.next = self.held.egress.valid.val();
        self.compared.kind.next = self.held.egress.kind.val();
        self.compared.respond.next = self.held.egress.respond.val();
        self.compared.low.next = self.held.egress.low.val();
        self.compared.high.next = self.held.egress.high.val();
        self.compared.mask.next = self.held.egress.mask.val();
        self.compared.index.next = self.held.egress.index.val();

        // 2. Each way.
        for w in 0..2 {
            self.compare[w].entry_low.next = self.entry_low[w].val();
            self.compare[w].entry_high.next = self.entry_high[w].val();
            self.compare[w].entry_flags.next = self.entry_flags[w].val();
            self.compare[w].address_low.next = self.operation.low.val();
            self.compare[w].address_high.next = self.operation.high.val();
            self.compare[w].oldest.next = self.oldest.val();

            self.was_same_low[w].clock.next = self.clock.val();
            self.was_same_high[w].clock.next = self.clock.val();
            self.was_valid[w].clock.next = self.clock.val();
            self.was_live[w].clock.next = self.clock.val();
            self.was_static[w].clock.next = self.clock.val();
            self.was_mask[w].clock.next = self.clock.val();
            self.was_age[w].clock.next = self.clock.val();
            self.was_same_low[w].d.next = self.compare[w].same_low.val();
            self.was_same_high[w].d.next = self.compare[w].same_high.val();
            self.was_valid[w].d.next = self.compare[w].valid.val();
            self.was_live[w].d.next = self.compare[w].live.val();
            self.was_static[w].d.next = self.compare[w].is_static.val();
            self.was_mask[w].d.next = self.compare[w].mask.val();
            self.was_age[w].d.next = self.epoch.val() - self.compare[w].stamp.val();

            self.matching[w].next = self.was_same_low[w].q.val() & self.was_same_high[w].q.val();
            self.valid[w].next = self.was_valid[w].q.val();
            self.live[w].next = self.was_live[w].q.val();
            self.is_static[w].next = self.was_static[w].q.val();
            self.mask[w].next = self.was_mask[w].q.val();
            self.age_epochs[w].next = self.was_age[w].q.val();
        }
    }

    describe!("What a set of the MAC table holds for an operation's address, registered.");
}
