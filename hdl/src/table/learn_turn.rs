//! Lets the ports, the sweep and the table port into the MAC table's pipeline, one at a time.
//!
//! ```text
//!  learn[p] ------------>+-------------+
//!  table_* ------------->|  LearnTurn  |---> offered (one operation)
//!  cfg_ageing_period --->| turn        |---> epoch, oldest, open, busy
//!  advance, answered --->+-------------+
//! ```
//!
//! The turn rotates each cycle with `advance`: port 0, 1, .., then the maintenance if it has something to do. So `ready`
//! depends on no `valid`, and a port waits at most `PORTS` turns. Latency: none. While the table clears itself, every turn is the maintenance's.

use super::{EpochClock, LearnPort, Maintenance, Operation, OperationSource};
use crate::prelude::*;

/// Rotates the turn among the learn ports and the maintenance of the MAC table.
#[derive(LogicBlock)]
pub struct LearnTurn<const PORTS: usize, const INDEX_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Addresses heard, one port each.
    pub learn: [LearnPort; PORTS],
    /// Cycles in an epoch; see [`EpochClock`].
    pub cfg_ageing_period: Signal<In, Bits<32>>,
    /// The table port offers an operation.
    pub table_valid: Signal<In, Bit>,
    /// 0 read, 1 write static, 2 delete, 3 flush.
    pub table_op: Signal<In, Bits<2>>,
    /// The address, in the words of [`LookupPort`](super::LookupPort).
    pub table_address: [Signal<In, Bits<32>>; 2],
    /// The ports of a static entry.
    pub table_mask: Signal<In, Bits<PORTS>>,
    /// The operation of the table port is taken at the next edge.
    pub table_ready: Signal<Out, Bit>,
    /// The pipeline takes what is offered at the next edge.
    pub advance: Signal<In, Bit>,
    /// An operation with `respond` is in the table at the next edge.
    pub answered: Signal<In, Bit>,

    // Egress.
    /// The operation whose turn it is; `index` counts for a sweep only.
    pub offered: OperationSource<PORTS, INDEX_W>,
    /// The current epoch.
    pub epoch: Signal<Out, Bits<4>>,
    /// The stamp of 15 epochs ago: dynamic entries with it or one of the next three have expired.
    pub oldest: Signal<Out, Bits<4>>,
    /// The table has cleared itself.
    pub open: Signal<Out, Bit>,
    /// An operation of the table port is under way.
    pub busy: Signal<Out, Bit>,

    // State.
    maintenance: Maintenance<INDEX_W>,
    epochs: EpochClock,
    turn: DFF<Bits<PORTS>>,

    // Wires.
    port_turn: Signal<Local, Bit>,
    learn_valid: Signal<Local, Bit>,
    next_turn: Signal<Local, Bits<PORTS>>,
    address_low: Signal<Local, Bits<32>>,
    address_high: Signal<Local, Bits<32>>,
}

impl<const PORTS: usize, const INDEX_W: usize> Default for LearnTurn<PORTS, INDEX_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            learn: std::array::from_fn(|_| LearnPort::default()),
            cfg_ageing_period: Signal::default(),
            table_valid: Signal::default(),
            table_op: Signal::default(),
            table_address: std::array::from_fn(|_| Signal::default()),
            table_mask: Signal::default(),
            table_ready: Signal::default(),
            advance: Signal::default(),
            answered: Signal::default(),
            offered: OperationSource::default(),
            epoch: Signal::default(),
            oldest: Signal::default(),
            open: Signal::default(),
            busy: Signal::default(),
            maintenance: Maintenance::default(),
            epochs: EpochClock::default(),
            turn: DFF::default(),
            port_turn: Signal::default(),
            learn_valid: Signal::default(),
            next_turn: Signal::default(),
            address_low: Signal::default(),
            address_high: Signal::default(),
        }
    }
}

impl<const PORTS: usize, const INDEX_W: usize> Logic for LearnTurn<PORTS, INDEX_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, turn);

        // 2. The maintenance: no port has the turn.
        self.port_turn.next = self.turn.q.val().any();
        self.epochs.clock.next = self.clock.val();
        self.epochs.reset.next = self.reset.val();
        self.epochs.cfg_ageing_period.next = self.cfg_ageing_period.val();
        self.epochs.run.next = self.maintenance.open.val();
        self.maintenance.clock.next = self.clock.val();
        self.maintenance.reset.next = self.reset.val();
        self.maintenance.table_valid.next = self.table_valid.val();
        self.maintenance.table_op.next = self.table_op.val();
        self.maintenance.turn.next = self.advance.val() & !self.port_turn.val();
        self.maintenance.answered.next = self.answered.val();
        self.maintenance.tick.next = self.epochs.tick.val();
        self.table_ready.next = self.maintenance.table_ready.val();
        self.epoch.next = self.epochs.epoch.val();
        self.oldest.next = self.epochs.oldest.val();
        self.open.next = self.maintenance.open.val();
        self.busy.next = self.maintenance.busy.val();

        // 3. Offer.
        self.learn_valid.next = false;
        self.offered.kind.next = self.maintenance.kind.val();
        self.offered.respond.next = self.maintenance.respond.val();
        self.offered.mask.next = self.table_mask.val();
        self.offered.index.next = self.maintenance.index.val();
        self.address_low.next = 0.into();
        self.address_high.next = 0.into();
        if self.port_turn.val() {
            self.offered.kind.next = Operation::Learn;
            self.offered.respond.next = false;
            self.offered.mask.next = self.turn.q.val();
        } else {
            self.address_low.next = self.table_address[0].val();
            self.address_high.next = self.table_address[1].val();
        }
        for i in 0..PORTS {
            // At most one port has the turn: OR is cheaper than a choice.
            self.learn[i].ready.next = self.advance.val() & self.turn.q.val().get_bit(i);
            if self.turn.q.val().get_bit(i) {
                self.learn_valid.next = self.learn_valid.val() | self.learn[i].valid.val();
                self.address_low.next = self.address_low.val() | self.learn[i].address[0].val();
                self.address_high.next = self.address_high.val() | self.learn[i].address[1].val();
            }
        }
        self.offered.valid.next = self.maintenance.valid.val() | self.learn_valid.val();
        self.offered.low.next = self.address_low.val();
        self.offered.high.next = self.address_high.val().get_bits::<16>(0);

        // 4. Next turn: the bit that leaves the top gives it to the maintenance.
        self.next_turn.next = self.turn.q.val() << 1;
        if self.advance.val() & self.maintenance.open.val() {
            self.turn.d.next = self.next_turn.val();
            if !self.port_turn.val()
                | (!self.next_turn.val().any() & !self.maintenance.wanted.val())
            {
                self.turn.d.next = 1.into();
            }
        }

        // 5. Reset wins.
        if self.reset.val() {
            self.turn.d.next = 0.into();
        }
    }

    describe!("Rotates the turn among the learn ports and the maintenance of the MAC table.");
}
