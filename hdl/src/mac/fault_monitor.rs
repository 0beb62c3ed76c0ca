//! Hears local and remote fault of the other side.
//!
//! ```text
//!             +--------------+
//!   block --->| FaultMonitor |---> local_fault
//!   is_set -->|              |---> remote_fault
//!   arrive -->+--------------+
//! ```
//!
//! Four ordered sets of one kind with fewer than 128 blocks between them set the fault, 128 blocks without one clear it, four of the
//! other kind change it (IEEE 802.3 clause 81.3.4, from memory). Latency: 1 cycle after the block. Reset: no fault.

use crate::pcs::block;
use crate::prelude::*;

/// Local and remote fault, as the other side signals them.
#[derive(LogicBlock)]
pub struct FaultMonitor {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Payload.
    pub block: [Signal<In, Bits<32>>; 2],
    /// It is an ordered set.
    pub is_set: Signal<In, Bit>,
    /// There is a block in this cycle.
    pub arrive: Signal<In, Bit>,

    // Egress.
    /// The other side's PCS passes on that nothing is received.
    pub local_fault: Signal<Out, Bit>,
    /// The other side does not receive us.
    pub remote_fault: Signal<Out, Bit>,

    // State.
    is_remote: DFF<Bit>,
    heard: DFF<Bits<2>>,
    age: DFF<Bits<7>>,
    fault: DFF<Bit>,
    is_remote_fault: DFF<Bit>,

    // Wires.
    hears_local: Signal<Local, Bit>,
    hears_remote: Signal<Local, Bit>,
    same: Signal<Local, Bit>,

    // Parameters.
    local_set: Constant<Bits<32>>,
    remote_set: Constant<Bits<32>>,
}

impl Default for FaultMonitor {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            block: std::array::from_fn(|_| Signal::default()),
            is_set: Signal::default(),
            arrive: Signal::default(),
            local_fault: Signal::default(),
            remote_fault: Signal::default(),
            is_remote: DFF::default(),
            heard: DFF::default(),
            age: DFF::default(),
            fault: DFF::default(),
            is_remote_fault: DFF::default(),
            hears_local: Signal::default(),
            hears_remote: Signal::default(),
            same: Signal::default(),
            local_set: Constant::new(block::LOCAL_FAULT.into()),
            remote_set: Constant::new(block::REMOTE_FAULT.into()),
        }
    }
}

impl Logic for FaultMonitor {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, is_remote, heard, age, fault, is_remote_fault);

        // 2. Decide.
        self.hears_local.next = self.is_set.val()
            & (self.block[0].val() == self.local_set.val())
            & !self.block[1].val().any();
        self.hears_remote.next = self.is_set.val()
            & (self.block[0].val() == self.remote_set.val())
            & !self.block[1].val().any();
        self.same.next = (self.hears_remote.val() & self.is_remote.q.val())
            | (self.hears_local.val() & !self.is_remote.q.val());

        // 3. Next state.
        if self.arrive.val() {
            if !self.age.q.val().all() {
                self.age.d.next = self.age.q.val() + 1;
            }
            if self.age.q.val().all() {
                self.heard.d.next = 0.into();
                self.fault.d.next = false;
            }
            if self.hears_local.val() | self.hears_remote.val() {
                self.age.d.next = 0.into();
                self.is_remote.d.next = self.hears_remote.val();
                self.heard.d.next = 1.into();
                if self.same.val() & !self.age.q.val().all() {
                    self.heard.d.next = self.heard.q.val() + 1;
                    if self.heard.q.val().all() {
                        self.heard.d.next = 3.into();
                        self.fault.d.next = true;
                        self.is_remote_fault.d.next = self.hears_remote.val();
                    }
                }
            }
        }

        // 4. Drive outputs.
        self.local_fault.next = self.fault.q.val() & !self.is_remote_fault.q.val();
        self.remote_fault.next = self.fault.q.val() & self.is_remote_fault.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.heard.d.next = 0.into();
            self.age.d.next = 0.into();
            self.fault.d.next = false;
        }
    }
    describe!("Local and remote fault, as the other side signals them.");
}
