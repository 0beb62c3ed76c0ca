//! Decides at a frame's first beat which queues take a copy: `tdest` is an egress mask.
//!
//! ```text
//!             +---------+
//!   tdest --->|         |--> go accept
//!   room ---->|         |--> full unroutable
//!   lossy --->|         |
//!             +---------+
//! ```
//!
//! Combinational. Lossless: the frame waits (`accept` low) until every queue it is meant for has room. Lossy: it never
//! waits, and the copies for queues without room are dropped. A frame that is meant for no queue is taken and dropped.

use crate::prelude::*;

/// Admission by egress mask: one bit for each of `PORTS` egresses.
#[derive(LogicBlock, Default)]
pub struct RouteMask<const PORTS: usize> {
    // Ingress.
    /// The egresses, any number of them.
    pub tdest: Signal<In, Bits<PORTS>>,
    /// Queues in which a longest frame fits.
    pub room: Signal<In, Bits<PORTS>>,
    /// Drop rather than wait.
    pub lossy: Signal<In, Bit>,

    // Egress.
    /// Queues that take a copy.
    pub go: Signal<Out, Bits<PORTS>>,
    /// The first beat may be taken.
    pub accept: Signal<Out, Bit>,
    /// Queues whose copy is dropped if the first beat is taken.
    pub full: Signal<Out, Bits<PORTS>>,
    /// The mask is empty.
    pub unroutable: Signal<Out, Bit>,
}

impl<const PORTS: usize> Logic for RouteMask<PORTS> {
    #[hdl_gen]
    fn update(&mut self) {
        self.full.next = self.tdest.val() & !self.room.val();
        self.accept.next = self.lossy.val() | !self.full.val().any();
        self.go.next = 0.into();
        if self.accept.val() {
            self.go.next = self.tdest.val() & self.room.val();
        }
        self.unroutable.next = !self.tdest.val().any();
    }

    describe!("Admission by egress mask: one bit for each of `PORTS` egresses.");
}
