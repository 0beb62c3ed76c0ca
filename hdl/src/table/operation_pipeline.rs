//! Stages S1 to S5 of the MAC table's learn engine: finds an operation's set, and keeps operations on one set apart.
//!
//! ```text
//!  offered -->[S1]-> hash ->[S2]-> hazard? ->[S3]-->[S4]-->[S5]--> operation
//!  advance <--------------------------------- +---> read_index
//! ```
//!
//! Latency: 5 cycles from `offered` to `operation`. Throughput: one a cycle. An operation whose set is that of an
//! earlier one waits in S3 until that one is through S7, 4 cycles at most; S1 and S2 then hold too and `advance` is
//! low. Reset forgets every operation.

use super::{AddressHash, Operation, OperationRegister, OperationSink, OperationSource};
use crate::prelude::*;

/// Finds the set of each operation of the MAC table, and keeps operations on one set apart.
#[derive(LogicBlock)]
pub struct OperationPipeline<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; forgets every operation.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next operation; `index` counts for a sweep only.
    pub offered: OperationSink<PORTS, INDEX_W>,
    /// It is taken at the next edge.
    pub advance: Signal<Out, Bit>,

    // Egress.
    /// The set to read at the next edge, for the operation that then leaves S3.
    pub read_index: Signal<Out, Bits<INDEX_W>>,
    /// The operation in S5: its set is now in the memory's output register.
    pub operation: OperationSource<PORTS, INDEX_W>,

    // From the later stages.
    /// There is an operation in S6.
    pub compared_valid: Signal<In, Bit>,
    /// Its set.
    pub compared_index: Signal<In, Bits<INDEX_W>>,

    // State.
    stage: [OperationRegister<PORTS, INDEX_W>; 5],
    hazard: DFF<Bits<4>>,
    hash: AddressHash<INDEX_W>,

    // Wires.
    conflict: Signal<Local, Bits<4>>,
    stall: Signal<Local, Bit>,
}

impl<const PORTS: usize, const INDEX_W: usize> Default for OperationPipeline<PORTS, INDEX_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            offered: OperationSink::default(),
            advance: Signal::default(),
            read_index: Signal::default(),
            operation: OperationSource::default(),
            compared_valid: Signal::default(),
            compared_index: Signal::default(),
            stage: std::array::from_fn(|_| OperationRegister::default()),
            hazard: DFF::default(),
            hash: AddressHash::default(),
            conflict: Signal::default(),
            stall: Signal::default(),
        }
    }
}

#[allow(clippy::match_same_arms)] // a kernel has no or-patterns
impl<const PORTS: usize, const INDEX_W: usize> Logic for OperationPipeline<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, hazard);

        // 2. S2: is the set in use by S3, .. S6? Bit by bit that moves on with them, to S4, .. S7.
        self.conflict.next = 0.into();
        for i in 0..3 {
            self.conflict.next = self.conflict.val().replace_bit(
                i,
                self.stage[i + 2].egress.valid.val()
                    & (self.stage[i + 2].egress.index.val() == self.stage[1].egress.index.val()),
            );
        }
        self.conflict.next = self.conflict.val().replace_bit(
            3,
            self.compared_valid.val()
                & (self.compared_index.val() == self.stage[1].egress.index.val()),
        );
        self.stall.next = self.stage[2].egress.valid.val() & self.hazard.q.val().any();
        self.hazard.d.next = self.hazard.q.val() << 1;
        if !self.stall.val() {
            self.hazard.d.next = self.conflict.val();
        }
        self.advance.next = !self.stall.val();

        // 3. The stages.
        for i in 0..5 {
            self.stage[i].clock.next = self.clock.val();
            self.stage[i].reset.next = self.reset.val();
            self.stage[i].advance.next = true;
        }
        for i in 0..3 {
            self.stage[i].advance.next = !self.stall.val();
        }
        self.stage[0].ingress.valid.next = self.offered.valid.val();
        self.stage[0].ingress.kind.next = self.offered.kind.val();
        self.stage[0].ingress.respond.next = self.offered.respond.val();
        self.stage[0].ingress.low.next = self.offered.low.val();
        self.stage[0].ingress.high.next = self.offered.high.val();
        self.stage[0].ingress.mask.next = self.offered.mask.val();
        self.stage[0].ingress.index.next = self.offered.index.val();
        for i in 0..4 {
            self.stage[i + 1].ingress.valid.next = self.stage[i].egress.valid.val();
            self.stage[i + 1].ingress.kind.next = self.stage[i].egress.kind.val();
            self.stage[i + 1].ingress.respond.next = self.stage[i].egress.respond.val();
            self.stage[i + 1].ingress.low.next = self.stage[i].egress.low.val();
            self.stage[i + 1].ingress.high.next = self.stage[i].egress.high.val();
            self.stage[i + 1].ingress.mask.next = self.stage[i].egress.mask.val();
            self.stage[i + 1].ingress.index.next = self.stage[i].egress.index.val();
        }
        self.stage[3].ingress.valid.next = self.stage[2].egress.valid.val() & !self.stall.val();
        self.operation.valid.next = self.stage[4].egress.valid.val();
        self.operation.kind.next = self.stage[4].egress.kind.val();
        self.operation.respond.next = self.stage[4].egress.respond.val();
        self.operation.low.next = self.stage[4].egress.low.val();
        self.operation.high.next = self.stage[4].egress.high.val();
        self.operation.mask.next = self.stage[4].egress.mask.val();
        self.operation.index.next = self.stage[4].egress.index.val();
        self.read_index.next = self.stage[2].egress.index.val();

        // 4. Leaving S1: the set of an address; a sweep brings its own.
        self.hash.low.next = self.stage[0].egress.low.val();
        self.hash.high.next = self.stage[0].egress.high.val();
        match self.stage[0].egress.kind.val() {
            Operation::Age => {}
            Operation::Flush => {}
            Operation::Clear => {}
            _ => {
                self.stage[1].ingress.index.next = self.hash.index.val();
            }
        }

        // 5. Reset wins.
        if self.reset.val() {
            self.hazard.d.next = 0.into();
        }
    }

    describe!(
        "Finds the set of each operation of the MAC table, and keeps operations on one set apart."
    );
}
