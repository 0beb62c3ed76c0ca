//! Registers what an operation of the MAC table writes and answers.
//!
//! ```text
//!  operation, matching .. age_epochs [w] --->+---------------+---> write_* (to every copy)
//!  epoch ----------------------------------->|   SetUpdate   |---> answered, found_*, table_full
//!                                            | (SetDecision) |---> stat_*
//!                                            +---------------+
//! ```
//!
//! Latency: 1 cycle. Throughput: one operation a cycle. Reset drops the write.

use super::{OperationSink, SetDecision};
use crate::prelude::*;

/// What an operation of the MAC table writes and answers, registered.
#[derive(LogicBlock)]
pub struct SetUpdate<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; drops the write.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The operation.
    pub operation: OperationSink<PORTS, INDEX_W>,
    /// The way is valid, expired or not, and the address's.
    pub matching: [Signal<In, Bit>; 2],
    /// The way is valid, expired or not.
    pub valid: [Signal<In, Bit>; 2],
    /// The way is valid and has not expired.
    pub live: [Signal<In, Bit>; 2],
    /// The way is valid and static.
    pub is_static: [Signal<In, Bit>; 2],
    /// The way's port mask.
    pub mask: [Signal<In, Bits<PORTS>>; 2],
    /// Epochs since the way was learned.
    pub age_epochs: [Signal<In, Bits<4>>; 2],
    /// The current epoch.
    pub epoch: Signal<In, Bits<4>>,

    // Egress: the write.
    /// Writes this way.
    pub write_way: [Signal<Out, Bit>; 2],
    /// The set.
    pub write_index: Signal<Out, Bits<INDEX_W>>,
    /// The entry, low word.
    pub write_low: Signal<Out, Bits<32>>,
    /// The entry, high word.
    pub write_high: Signal<Out, Bits<32>>,
    /// The entry, flags.
    pub write_flags: Signal<Out, Bits<8>>,

    // Egress: the answer, beside the write.
    /// An operation with `respond` is in the table at the next edge.
    pub answered: Signal<Out, Bit>,
    /// Its address was in the table before it.
    pub found: Signal<Out, Bit>,
    /// The ports it was behind; 0 unless `found`.
    pub found_mask: Signal<Out, Bits<PORTS>>,
    /// Its entry was static.
    pub found_static: Signal<Out, Bit>,
    /// A static write found both ways static and wrote nothing.
    pub table_full: Signal<Out, Bit>,

    // Egress: status, one-cycle pulses.
    /// A learn entered an address that was not in the table.
    pub stat_learned: Signal<Out, Bit>,
    /// A learn changed an address's port.
    pub stat_moved: Signal<Out, Bit>,
    /// A learn found both ways static and entered nothing.
    pub stat_learn_full: Signal<Out, Bit>,
    /// The sweep erased an expired entry of this way.
    pub stat_aged: [Signal<Out, Bit>; 2],

    // State.
    decision: SetDecision<PORTS, INDEX_W>,
    way: [DFF<Bit>; 2],
    index: DFF<Bits<INDEX_W>>,
    low: DFF<Bits<32>>,
    high: DFF<Bits<32>>,
    flags: DFF<Bits<8>>,
    answer: DFF<Bit>,
    was_found: DFF<Bit>,
    was_mask: DFF<Bits<PORTS>>,
    was_static: DFF<Bit>,
    was_full: DFF<Bit>,
    learned: DFF<Bit>,
    moved: DFF<Bit>,
    learn_full: DFF<Bit>,
    aged: [DFF<Bit>; 2],

    // Wires.
    wide_high: Signal<Local, Bits<32>>,
    wide_mask: Signal<Local, Bits<32>>,
    wide_epoch: Signal<Local, Bits<8>>,

    // Parameters.
    valid_flag: Constant<Bits<8>>,
    static_flag: Constant<Bits<8>>,
}

impl<const PORTS: usize, const INDEX_W: usize> Default for SetUpdate<PORTS, INDEX_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            operation: OperationSink::default(),
            matching: std::array::from_fn(|_| Signal::default()),
            valid: std::array::from_fn(|_| Signal::default()),
            live: std::array::from_fn(|_| Signal::default()),
            is_static: std::array::from_fn(|_| Signal::default()),
            mask: std::array::from_fn(|_| Signal::default()),
            age_epochs: std::array::from_fn(|_| Signal::default()),
            epoch: Signal::default(),
            write_way: std::array::from_fn(|_| Signal::default()),
            write_index: Signal::default(),
            write_low: Signal::default(),
            write_high: Signal::default(),
            write_flags: Signal::default(),
            answered: Signal::default(),
            found: Signal::default(),
            found_mask: Signal::default(),
            found_static: Signal::default(),
            table_full: Signal::default(),
            stat_learned: Signal::default(),
            stat_moved: Signal::default(),
            stat_learn_full: Signal::default(),
            stat_aged: std::array::from_fn(|_| Signal::default()),
            decision: SetDecision::default(),
            way: std::array::from_fn(|_| DFF::default()),
            index: DFF::default(),
            low: DFF::default(),
            high: DFF::default(),
            flags: DFF::default(),
            answer: DFF::default(),
            was_found: DFF::default(),
            was_mask: DFF::default(),
            was_static: DFF::default(),
            was_full: DFF::default(),
            learned: DFF::default(),
            moved: DFF::default(),
            learn_full: DFF::default(),
            aged: std::array::from_fn(|_| DFF::default()),
            wide_high: Signal::default(),
            wide_mask: Signal::default(),
            wide_epoch: Signal::default(),
            valid_flag: Constant::new(0x20.into()),
            static_flag: Constant::new(0x30.into()),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for SetUpdate<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Clock every flop; none holds.
        dff_setup!(self, clock, index, low, high, flags, answer, was_found);
        dff_setup!(self, clock, was_mask, was_static, was_full, learned, moved, learn_full);

        // 2. Decide.
        self.decision.clock.next = self.clock.val();
        self.decision.reset.next = self.reset.val();
        self.decision.operation.valid.next = self.operation.valid.val();
        self.decision.operation.kind.next = self.operation.kind.val();
        self.decision.operation.respond.next = self.operation.respond.val();
        self.decision.operation.low.next = self.operation.low.val();
        self.decision.operation.high.next = self.operation.high.val();
        self.decision.operation.mask.next = self.operation.mask.val();
        self.decision.operation.index.next = self.operation.index.val();
        for w in 0..2 {
            self.decision.matching[w].next = self.matching[w].val();
            self.decision.valid[w].next = self.valid[w].val();
            self.decision.live[w].next = self.live[w].val();
            self.decision.is_static[w].next = self.is_static[w].val();
            self.decision.mask[w].next = self.mask[w].val();
            self.decision.age_epochs[w].next = self.age_epochs[w].val();
            self.way[w].clock.next = self.clock.val();
            self.aged[w].clock.next = self.clock.val();
            self.aged[w].d.next = self.decision.aged[w].val();
        }

        // 3. The write: an entry, or zero to erase.
        self.way[0].d.next = self.decision.erase[0].val()
            | (self.decision.insert.val() & !self.decision.second.val());
        self.way[1].d.next = self.decision.erase[1].val()
            | (self.decision.insert.val() & self.decision.second.val());
        self.wide_high.next = bit_cast::<32, 16>(self.operation.high.val());
        self.wide_mask.next = bit_cast::<32, PORTS>(self.operation.mask.val());
        self.wide_epoch.next = bit_cast::<8, 4>(self.epoch.val());
        self.index.d.next = self.operation.index.val();
        self.low.d.next = 0.into();
        self.high.d.next = 0.into();
        self.flags.d.next = 0.into();
        if self.decision.insert.val() {
            self.low.d.next = self.operation.low.val();
            self.high.d.next = self.wide_high.val() | (self.wide_mask.val() << 16);
            self.flags.d.next = self.wide_epoch.val() | self.valid_flag.val();
            if self.decision.insert_static.val() {
                self.flags.d.next = self.wide_epoch.val() | self.static_flag.val();
            }
        }

        // 4. The answer and what to count.
        self.answer.d.next = self.operation.valid.val() & self.operation.respond.val();
        self.was_found.d.next = self.decision.found.val();
        self.was_mask.d.next = self.decision.found_mask.val();
        self.was_static.d.next = self.decision.found_static.val();
        self.was_full.d.next = self.decision.table_full.val();
        self.learned.d.next = self.decision.learned.val();
        self.moved.d.next = self.decision.moved.val();
        self.learn_full.d.next = self.decision.learn_full.val();

        // 5. Drive outputs.
        for w in 0..2 {
            self.write_way[w].next = self.way[w].q.val();
            self.stat_aged[w].next = self.aged[w].q.val();
        }
        self.write_index.next = self.index.q.val();
        self.write_low.next = self.low.q.val();
        self.write_high.next = self.high.q.val();
        self.write_flags.next = self.flags.q.val();
        self.answered.next = self.answer.q.val();
        self.found.next = self.was_found.q.val();
        self.found_mask.next = self.was_mask.q.val();
        self.found_static.next = self.was_static.q.val();
        self.table_full.next = self.was_full.q.val();
        self.stat_learned.next = self.learned.q.val();
        self.stat_moved.next = self.moved.q.val();
        self.stat_learn_full.next = self.learn_full.q.val();

        // 6. Reset wins.
        if self.reset.val() {
            self.way[0].d.next = false;
            self.way[1].d.next = false;
            self.answer.d.next = false;
            self.learned.d.next = false;
            self.moved.d.next = false;
            self.learn_full.d.next = false;
            self.aged[0].d.next = false;
            self.aged[1].d.next = false;
        }
    }

    describe!("What an operation of the MAC table writes and answers, registered.");
}
