//! Decides what an operation of the MAC table does to its set.
//!
//! ```text
//!  operation --------------------------->+-------------+---> insert, insert_static, second, erase [w]
//!  matching, valid .. age_epochs [w] --->| SetDecision |---> found, found_mask, found_static, table_full
//!                                        | (WayChoice) |---> learned, moved, learn_full, aged [w]
//!                                        +-------------+
//! ```
//!
//! Combinational but for the choice between two entries of the same age.

use super::{Operation, OperationSink, WayChoice};
use crate::prelude::*;

/// Decides what an operation of the MAC table does to its set.
#[derive(LogicBlock)]
pub struct SetDecision<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
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

    // Egress: the change.
    /// Writes the address into the chosen way.
    pub insert: Signal<Out, Bit>,
    /// The new entry is static.
    pub insert_static: Signal<Out, Bit>,
    /// The chosen way is the second.
    pub second: Signal<Out, Bit>,
    /// Erases this way.
    pub erase: [Signal<Out, Bit>; 2],

    // Egress: the answer to the table port.
    /// The address was in the table before.
    pub found: Signal<Out, Bit>,
    /// The ports it was behind; 0 unless `found`.
    pub found_mask: Signal<Out, Bits<PORTS>>,
    /// Its entry was static.
    pub found_static: Signal<Out, Bit>,
    /// A static write finds both ways static.
    pub table_full: Signal<Out, Bit>,

    // Egress: what to count.
    /// A learn enters an address that was not in the table.
    pub learned: Signal<Out, Bit>,
    /// A learn changes an address's port.
    pub moved: Signal<Out, Bit>,
    /// A learn finds both ways static.
    pub learn_full: Signal<Out, Bit>,
    /// The sweep erases an expired entry of this way.
    pub aged: [Signal<Out, Bit>; 2],

    // State.
    choice: WayChoice,

    // Wires.
    here: [Signal<Local, Bit>; 2],
    here_any: Signal<Local, Bit>,
    here_static: Signal<Local, Bit>,
    here_mask: Signal<Local, Bits<PORTS>>,
    open_to_learn: Signal<Local, Bit>,
    report: Signal<Local, Bit>,
}

impl<const PORTS: usize, const INDEX_W: usize> Default for SetDecision<PORTS, INDEX_W> {
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
            insert: Signal::default(),
            insert_static: Signal::default(),
            second: Signal::default(),
            erase: std::array::from_fn(|_| Signal::default()),
            found: Signal::default(),
            found_mask: Signal::default(),
            found_static: Signal::default(),
            table_full: Signal::default(),
            learned: Signal::default(),
            moved: Signal::default(),
            learn_full: Signal::default(),
            aged: std::array::from_fn(|_| Signal::default()),
            choice: WayChoice::default(),
            here: std::array::from_fn(|_| Signal::default()),
            here_any: Signal::default(),
            here_static: Signal::default(),
            here_mask: Signal::default(),
            open_to_learn: Signal::default(),
            report: Signal::default(),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for SetDecision<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Give every output a value.
        self.choice.clock.next = self.clock.val();
        self.choice.reset.next = self.reset.val();
        self.insert.next = false;
        self.insert_static.next = false;
        self.table_full.next = false;
        self.learned.next = false;
        self.moved.next = false;
        self.learn_full.next = false;
        self.report.next = false;
        self.here_mask.next = 0.into();

        // 2. What is there.
        for w in 0..2 {
            self.erase[w].next = false;
            self.aged[w].next = false;
            self.choice.matching[w].next = self.matching[w].val();
            self.choice.live[w].next = self.live[w].val();
            self.choice.is_static[w].next = self.is_static[w].val();
            self.choice.age_epochs[w].next = self.age_epochs[w].val();
            self.here[w].next = self.matching[w].val() & self.live[w].val();
            if self.here[w].val() {
                self.here_mask.next = self.here_mask.val() | self.mask[w].val();
            }
        }
        self.second.next = self.choice.second.val();
        self.here_any.next = self.here[0].val() | self.here[1].val();
        self.here_static.next = (self.here[0].val() & self.is_static[0].val())
            | (self.here[1].val() & self.is_static[1].val());
        self.open_to_learn.next = !self.operation.low.val().get_bit(0) & !self.here_static.val();

        // 3. What to do.
        if self.operation.valid.val() {
            match self.operation.kind.val() {
                Operation::Learn => {
                    self.insert.next = self.open_to_learn.val() & !self.choice.full.val();
                    self.learn_full.next = self.open_to_learn.val() & self.choice.full.val();
                    self.learned.next = self.insert.val() & !self.here_any.val();
                    self.moved.next = self.insert.val()
                        & self.here_any.val()
                        & (self.here_mask.val() != self.operation.mask.val());
                }
                Operation::Read => {
                    self.report.next = true;
                }
                Operation::WriteStatic => {
                    self.report.next = true;
                    self.insert.next = !self.choice.full.val();
                    self.insert_static.next = true;
                    self.table_full.next = self.choice.full.val();
                }
                Operation::Delete => {
                    self.report.next = true;
                    self.erase[0].next = self.matching[0].val();
                    self.erase[1].next = self.matching[1].val();
                }
                Operation::Age => {
                    self.erase[0].next = self.valid[0].val() & !self.live[0].val();
                    self.erase[1].next = self.valid[1].val() & !self.live[1].val();
                    self.aged[0].next = self.erase[0].val();
                    self.aged[1].next = self.erase[1].val();
                }
                Operation::Flush => {
                    self.erase[0].next = !self.is_static[0].val();
                    self.erase[1].next = !self.is_static[1].val();
                }
                Operation::Clear => {
                    self.erase[0].next = true;
                    self.erase[1].next = true;
                }
            }
        }
        self.choice.taken.next = self.insert.val();

        // 4. The answer.
        self.found.next = self.report.val() & self.here_any.val();
        self.found_static.next = self.report.val() & self.here_static.val();
        self.found_mask.next = 0.into();
        if self.report.val() {
            self.found_mask.next = self.here_mask.val();
        }
    }

    describe!("Decides what an operation of the MAC table does to its set.");
}
