//! One operation on a set of the MAC table, and the register that carries it through a stage of the pipeline.
//!
//! ```text
//!              +-------------------+
//!  ingress --->| OperationRegister |---> egress
//!  advance --->|                   |
//!              +-------------------+
//! ```
//!
//! Latency: 1 cycle from `ingress` to `egress` while `advance`. Reset forgets the operation.

use crate::prelude::*;
use crate::stream::interface;

/// What an operation does to its set.
#[derive(Copy, Clone, Debug, PartialEq, Eq, LogicState)]
pub enum Operation {
    /// Notes that the address was heard from the port in the mask.
    Learn,
    /// Answers what is known of the address.
    Read,
    /// Writes a static entry, in the place of one of the same address or else of a dynamic one.
    WriteStatic,
    /// Erases the address's entry, static or not.
    Delete,
    /// Erases the entries of the set that have expired.
    Age,
    /// Erases the dynamic entries of the set.
    Flush,
    /// Erases the set.
    Clear,
}

interface! {
    /// Where an operation enters a block.
    OperationSink<PORTS, INDEX_W> {
        /// There is an operation.
        valid: Signal<In, Bit> = Signal::default(),
        /// What it does.
        kind: Signal<In, Operation> = Signal::default(),
        /// Its end is to be reported.
        respond: Signal<In, Bit> = Signal::default(),
        /// Address bytes 0..3, byte 0 lowest.
        low: Signal<In, Bits<32>> = Signal::default(),
        /// Address bytes 4..5.
        high: Signal<In, Bits<16>> = Signal::default(),
        /// The ports to enter, one bit a port.
        mask: Signal<In, Bits<PORTS>> = Signal::default(),
        /// The set.
        index: Signal<In, Bits<INDEX_W>> = Signal::default(),
    }
}

interface! {
    /// Where an operation leaves a block.
    OperationSource<PORTS, INDEX_W> {
        /// There is an operation.
        valid: Signal<Out, Bit> = Signal::default(),
        /// What it does.
        kind: Signal<Out, Operation> = Signal::default(),
        /// Its end is to be reported.
        respond: Signal<Out, Bit> = Signal::default(),
        /// Address bytes 0..3, byte 0 lowest.
        low: Signal<Out, Bits<32>> = Signal::default(),
        /// Address bytes 4..5.
        high: Signal<Out, Bits<16>> = Signal::default(),
        /// The ports to enter, one bit a port.
        mask: Signal<Out, Bits<PORTS>> = Signal::default(),
        /// The set.
        index: Signal<Out, Bits<INDEX_W>> = Signal::default(),
    }
}

/// One stage of the MAC table's pipeline: holds one operation.
#[derive(LogicBlock, Default)]
pub struct OperationRegister<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; forgets the operation.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next operation.
    pub ingress: OperationSink<PORTS, INDEX_W>,
    /// Takes it, valid or not; holds the present one otherwise.
    pub advance: Signal<In, Bit>,

    // Egress.
    /// The present operation.
    pub egress: OperationSource<PORTS, INDEX_W>,

    // State.
    valid: DFF<Bit>,
    kind: DFF<Operation>,
    respond: DFF<Bit>,
    low: DFF<Bits<32>>,
    high: DFF<Bits<16>>,
    mask: DFF<Bits<PORTS>>,
    index: DFF<Bits<INDEX_W>>,
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for OperationRegister<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, valid, kind, respond, low, high, mask, index);

        // 2. Next state.
        if self.advance.val() {
            self.valid.d.next = self.ingress.valid.val();
            self.kind.d.next = self.ingress.kind.val();
            self.respond.d.next = self.ingress.respond.val();
            self.low.d.next = self.ingress.low.val();
            self.high.d.next = self.ingress.high.val();
            self.mask.d.next = self.ingress.mask.val();
            self.index.d.next = self.ingress.index.val();
        }

        // 3. Drive outputs.
        self.egress.valid.next = self.valid.q.val();
        self.egress.kind.next = self.kind.q.val();
        self.egress.respond.next = self.respond.q.val();
        self.egress.low.next = self.low.q.val();
        self.egress.high.next = self.high.q.val();
        self.egress.mask.next = self.mask.q.val();
        self.egress.index.next = self.index.q.val();

        // 4. Reset wins.
        if self.reset.val() {
            self.valid.d.next = false;
        }
    }

    describe!("One stage of the MAC table's pipeline: holds one operation.");
}
