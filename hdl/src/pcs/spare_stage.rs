//! Holds the block that the spare lane follows for the rest of its row, with the spare's own parity and marker.
//!
//! ```text
//!                          +-------------------------------+
//!   here, data, parity --->| ParityRing -> MarkerInsert    |
//!   marker, code --------->|                  v            |
//!   first, last, step ---->|                 held          |--> word control
//!   row_ends ------------->|                               |--> running
//!                          +-------------------------------+
//! ```
//!
//! Whatever slot it follows, the block is offered in slot 0 of the next row, where the serializer of the spare lane loads
//! it: one row late, always.
//!
//! Capacity: one block. Latency: to the beat of the same number in slot 0 of the next row. Throughput: one block a row.
//! Reset: nothing held, `running` is low until the first row has ended.

use super::marker::CODE_W;
use super::marker_insert::MarkerInsert;
use super::parity_ring::ParityRing;
use crate::prelude::*;

/// The spare lane's block, from its slot to slot 0 of the next row.
#[derive(LogicBlock)]
pub struct SpareStage<const WORDS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A beat passes at the next clock edge.
    pub step: Signal<In, Bit>,
    /// It is of the slot that the spare lane follows.
    pub here: Signal<In, Bit>,
    /// It is its slot's first.
    pub first: Signal<In, Bit>,
    /// It is its slot's last.
    pub last: Signal<In, Bit>,
    /// It is its row's last.
    pub row_ends: Signal<In, Bit>,
    /// The slot's beat, not a marker's.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// What it adds to the parity.
    pub parity: Signal<In, Bits<8>>,
    /// A marker stands in its place.
    pub marker: Signal<In, Bit>,
    /// Which one.
    pub code: Signal<In, Bits<CODE_W>>,
    /// The slot's block is a control block or marker.
    pub control: Signal<In, Bit>,

    // Egress.
    /// The beat to load in slot 0.
    pub word: [Signal<Out, Bits<32>>; WORDS],
    /// Its block is a control block or marker.
    pub spare_control: Signal<Out, Bit>,
    /// There is a block.
    pub running: Signal<Out, Bit>,

    // State.
    ring: ParityRing<1>,
    held: [DFF<Bits<32>>; 2],
    held_control: DFF<Bit>,
    full: DFF<Bit>,

    // Wires.
    insert: MarkerInsert<WORDS>,

    // Parameters.
    halved: Constant<Bit>,
}

impl<const WORDS: usize> Default for SpareStage<WORDS> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            step: Signal::default(),
            here: Signal::default(),
            first: Signal::default(),
            last: Signal::default(),
            row_ends: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            parity: Signal::default(),
            marker: Signal::default(),
            code: Signal::default(),
            control: Signal::default(),
            word: std::array::from_fn(|_| Signal::default()),
            spare_control: Signal::default(),
            running: Signal::default(),
            ring: ParityRing::default(),
            held: std::array::from_fn(|_| DFF::default()),
            held_control: DFF::default(),
            full: DFF::default(),
            insert: MarkerInsert::default(),
            halved: Constant::new(WORDS == 1),
        }
    }
}

impl<const WORDS: usize> Logic for SpareStage<WORDS> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, held_control, full);
        for word in 0..2 {
            self.held[word].clock.next = self.clock.val();
            self.held[word].d.next = self.held[word].q.val();
        }

        // 2. The beat as the spare lane has it.
        self.ring.clock.next = self.clock.val();
        self.ring.reset.next = self.reset.val();
        self.ring.parity.next = self.parity.val();
        self.ring.marker.next = self.marker.val();
        self.ring.last.next = self.last.val();
        self.ring.step.next = self.step.val() & self.here.val();
        self.insert.marker.next = self.marker.val();
        self.insert.first.next = self.first.val();
        self.insert.code.next = self.code.val();
        self.insert.bip.next = self.ring.bip.val();
        for word in 0..WORDS {
            self.insert.data[word].next = self.data[word].val();
        }

        // 3. Next state. A block of two beats takes one word each.
        if self.step.val() & self.here.val() {
            if self.first.val() {
                self.held_control.d.next = self.control.val();
                for word in 0..WORDS {
                    self.held[word].d.next = self.insert.word[word].val();
                }
            } else {
                self.held[1].d.next = self.insert.word[0].val();
            }
        }
        self.full.d.next = self.full.q.val() | (self.step.val() & self.row_ends.val());

        // 4. Drive outputs.
        for word in 0..WORDS {
            self.word[word].next = self.held[word].q.val();
        }
        if self.halved.val() & !self.first.val() {
            self.word[0].next = self.held[1].q.val();
        }
        self.spare_control.next = self.held_control.q.val();
        self.running.next = self.full.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.full.d.next = false;
        }
    }

    describe!("The spare lane's block, from its slot to slot 0 of the next row.");
}
