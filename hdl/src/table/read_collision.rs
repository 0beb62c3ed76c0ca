//! Tells which ways of a set a lookup must ignore: those that were being written at the very edge at which it read them.
//!
//! ```text
//!  write_way[w], write_index --->+---------------+
//!  read_index ------------------>| ReadCollision |---> ignored[w]
//!  advance_a, advance_b, open -->+---------------+
//! ```
//!
//! A block RAM need not say what such a read returns, so the lookup ignores that way: an address that is being
//! written in that very cycle is not found yet. And both, if it read them before the table was open. Latency: `ignored` belongs to what stands in the memory's output
//! register. The indices are compared a cycle late, from flops, because `read_index` comes out of the hash.

use crate::prelude::*;

/// The ways of a set that a lookup ignores, because they were being written when it read them.
#[derive(LogicBlock)]
pub struct ReadCollision<const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Writes this way of the set.
    pub write_way: [Signal<In, Bit>; 2],
    /// The set written.
    pub write_index: Signal<In, Bits<INDEX_W>>,
    /// The set read.
    pub read_index: Signal<In, Bits<INDEX_W>>,
    /// The core latch takes the set at the next edge.
    pub advance_a: Signal<In, Bit>,
    /// The table has cleared itself.
    pub open: Signal<In, Bit>,
    /// The output register takes the core latch at the next edge.
    pub advance_b: Signal<In, Bit>,

    // Egress.
    /// What the output register holds of this way does not count. Set after reset.
    pub ignored: [Signal<Out, Bit>; 2],

    // State.
    was_way: [DFF<Bit>; 2],
    was_written: DFF<Bits<INDEX_W>>,
    was_read: DFF<Bits<INDEX_W>>,
    just_read: DFF<Bit>,
    was_open: DFF<Bit>,
    core: [DFF<Bit>; 2],
    output_stage: [DFF<Bit>; 2],

    // Wires.
    same: Signal<Local, Bit>,
    now: [Signal<Local, Bit>; 2],
}

impl<const INDEX_W: usize> Default for ReadCollision<INDEX_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            write_way: std::array::from_fn(|_| Signal::default()),
            write_index: Signal::default(),
            read_index: Signal::default(),
            advance_a: Signal::default(),
            open: Signal::default(),
            advance_b: Signal::default(),
            ignored: std::array::from_fn(|_| Signal::default()),
            was_way: std::array::from_fn(|_| DFF::default()),
            was_written: DFF::default(),
            was_read: DFF::default(),
            just_read: DFF::default(),
            was_open: DFF::default(),
            core: std::array::from_fn(|_| DFF::default()),
            output_stage: std::array::from_fn(|_| DFF::default()),
            same: Signal::default(),
            now: std::array::from_fn(|_| Signal::default()),
        }
    }
}

impl<const INDEX_W: usize> Logic for ReadCollision<INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. What happened at the last edge.
        dff_setup!(self, clock, was_written, was_read, just_read, was_open);
        if self.advance_a.val() {
            self.was_open.d.next = self.open.val();
        }
        self.was_written.d.next = self.write_index.val();
        self.was_read.d.next = self.read_index.val();
        self.just_read.d.next = self.advance_a.val();
        self.same.next =
            self.just_read.q.val() & (self.was_read.q.val() == self.was_written.q.val());

        // 2. Carry it along with the entry.
        for w in 0..2 {
            self.was_way[w].clock.next = self.clock.val();
            self.was_way[w].d.next = self.write_way[w].val();
            self.now[w].next = self.core[w].q.val() | (self.same.val() & self.was_way[w].q.val());
            self.core[w].clock.next = self.clock.val();
            self.core[w].d.next = self.now[w].val() & !self.advance_a.val();
            self.output_stage[w].clock.next = self.clock.val();
            self.output_stage[w].d.next = self.output_stage[w].q.val();
            if self.advance_b.val() {
                self.output_stage[w].d.next = self.now[w].val() | !self.was_open.q.val();
            }
            self.ignored[w].next = self.output_stage[w].q.val();
        }

        // 3. Reset wins.
        if self.reset.val() {
            self.just_read.d.next = false;
            self.was_open.d.next = false;
            for w in 0..2 {
                self.core[w].d.next = false;
                self.output_stage[w].d.next = true;
            }
        }
    }

    describe!("The ways of a set that a lookup ignores, because they were being written when it read them.");
}
