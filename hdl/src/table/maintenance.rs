//! Keeps the MAC table in order: clears it after reset, sweeps expired entries out, and lets the table port in.
//!
//! ```text
//!              +-------------+
//!  table_* --->| pass        |---> valid, kind, respond, index
//!  turn ------>| sweep_index |
//!  tick ------>|             |---> open, busy
//!              +-------------+<--- answered
//! ```
//!
//! Throughput: one operation a `turn`. Table port: one operation at a time, in turns with the sweep. A pass (clearing,
//! flushing, or ageing once an epoch) takes `2^INDEX_W` turns; a flush replaces the ageing pass it meets, whose work it
//! does. Reset starts the clearing pass over.

use super::Operation;
use crate::prelude::*;

/// The pass that the sweep is on.
#[derive(Copy, Clone, Debug, PartialEq, Eq, LogicState)]
enum Pass {
    /// Erases every entry, after reset.
    Clear,
    /// Waits for the next epoch.
    Rest,
    /// Erases expired entries.
    Age,
    /// Erases dynamic entries.
    Flush,
}

/// Clearing, ageing and the table port of the MAC table: offers one operation a turn.
#[derive(LogicBlock, Default)]
pub struct Maintenance<const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; starts the clearing pass.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The table port offers an operation.
    pub table_valid: Signal<In, Bit>,
    /// 0 read, 1 write static, 2 delete, 3 flush.
    pub table_op: Signal<In, Bits<2>>,
    /// The operation of the table port is taken at the next edge.
    pub table_ready: Signal<Out, Bit>,
    /// A turn would be of use.
    pub wanted: Signal<Out, Bit>,
    /// The pipeline takes what is offered at the next edge.
    pub turn: Signal<In, Bit>,
    /// An operation with `respond` is in the table at the next edge.
    pub answered: Signal<In, Bit>,
    /// An epoch ends.
    pub tick: Signal<In, Bit>,

    // Egress.
    /// An operation is offered; only in a `turn`.
    pub valid: Signal<Out, Bit>,
    /// What it does.
    pub kind: Signal<Out, Operation>,
    /// `answered` will report its end.
    pub respond: Signal<Out, Bit>,
    /// The set to sweep; operations of the table port have an address instead.
    pub index: Signal<Out, Bits<INDEX_W>>,
    /// An operation of the table port is under way.
    pub busy: Signal<Out, Bit>,
    /// The table has cleared itself. 0 after reset.
    pub open: Signal<Out, Bit>,

    // State.
    pass: DFF<Pass>,
    sweep_index: DFF<Bits<INDEX_W>>,
    sweep_due: DFF<Bit>,
    sweep_first: DFF<Bit>,
    is_busy: DFF<Bit>,
    is_open: DFF<Bit>,

    // Wires.
    sweeping: Signal<Local, Bit>,
    last_set: Signal<Local, Bit>,
    is_flush: Signal<Local, Bit>,
    take_table: Signal<Local, Bit>,
    take_sweep: Signal<Local, Bit>,
}

impl<const INDEX_W: usize> Logic for Maintenance<INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop; give every output a value.
        dff_setup!(
            self,
            clock,
            pass,
            sweep_index,
            sweep_due,
            sweep_first,
            is_busy,
            is_open
        );
        self.busy.next = self.is_busy.q.val();
        self.open.next = self.is_open.q.val();
        self.index.next = self.sweep_index.q.val();
        self.kind.next = Operation::Read;
        self.last_set.next = self.sweep_index.q.val().all();
        self.respond.next = self.last_set.val();

        // 2. What the pass would do.
        self.sweeping.next = true;
        match self.pass.q.val() {
            Pass::Clear => {
                self.kind.next = Operation::Clear;
            }
            Pass::Rest => {
                self.sweeping.next = false;
                self.sweep_index.d.next = 0.into();
                if self.sweep_due.q.val() {
                    self.pass.d.next = Pass::Age;
                    self.sweep_due.d.next = false;
                }
            }
            Pass::Age => {
                self.kind.next = Operation::Age;
                self.respond.next = false;
            }
            Pass::Flush => {
                self.kind.next = Operation::Flush;
            }
        }

        // 3. Whose turn it is.
        self.wanted.next = self.sweeping.val() | self.table_valid.val();
        self.table_ready.next = self.turn.val()
            & self.is_open.q.val()
            & !self.is_busy.q.val()
            & !self.sweep_first.q.val();
        self.take_table.next = self.table_ready.val() & self.table_valid.val();
        self.take_sweep.next = self.turn.val() & self.sweeping.val() & !self.take_table.val();
        self.is_flush.next = self.table_op.val().all();
        self.valid.next = self.take_sweep.val() | (self.take_table.val() & !self.is_flush.val());
        if self.turn.val() {
            self.sweep_first.d.next = self.take_table.val();
        }

        // 4. The sweep: one set a turn.
        if self.take_sweep.val() {
            self.sweep_index.d.next = self.sweep_index.q.val() + 1;
            if self.last_set.val() {
                self.pass.d.next = Pass::Rest;
            }
        }

        // 5. The table port.
        if self.take_table.val() {
            self.is_busy.d.next = true;
            self.respond.next = true;
            self.kind.next = Operation::Read;
            if self.table_op.val() == 1 {
                self.kind.next = Operation::WriteStatic;
            }
            if self.table_op.val() == 2 {
                self.kind.next = Operation::Delete;
            }
            if self.is_flush.val() {
                self.pass.d.next = Pass::Flush;
                self.sweep_index.d.next = 0.into();
            }
        }
        if self.answered.val() {
            self.is_busy.d.next = false;
            self.is_open.d.next = true;
        }
        if self.tick.val() {
            self.sweep_due.d.next = true;
        }

        // 6. Reset wins.
        if self.reset.val() {
            self.pass.d.next = Pass::Clear;
            self.sweep_index.d.next = 0.into();
            self.sweep_due.d.next = false;
            self.sweep_first.d.next = false;
            self.is_busy.d.next = false;
            self.is_open.d.next = false;
        }
    }

    describe!("Clearing, ageing and the table port of the MAC table: offers one operation a turn.");
}
