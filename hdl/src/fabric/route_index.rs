//! Decides at a frame's first beat whether its queue takes it: `tdest` is an egress index.
//!
//! ```text
//!             +---------+
//!   tdest --->|         |--> go accept
//!   room ---->|         |--> full unroutable
//!   lossy --->|         |
//!             +---------+
//! ```
//!
//! Combinational. Lossless: the frame waits (`accept` low) until its queue has room. Lossy: it never waits, and is
//! dropped if its queue has none. A frame for an index beyond the egresses is taken and dropped.

use crate::prelude::*;

/// Admission by egress index: `DEST_W` bits of which the top one is set for indices beyond any port.
#[derive(LogicBlock)]
pub struct RouteIndex<const PORTS: usize, const DEST_W: usize> {
    // Ingress.
    /// The egress.
    pub tdest: Signal<In, Bits<DEST_W>>,
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
    /// No such egress.
    pub unroutable: Signal<Out, Bit>,

    // Wires.
    meant: Signal<Local, Bits<PORTS>>,

    // Parameters.
    index: [Constant<Bits<DEST_W>>; PORTS],
}

impl<const PORTS: usize, const DEST_W: usize> Default for RouteIndex<PORTS, DEST_W> {
    fn default() -> Self {
        const {
            assert!(
                DEST_W == clog2(PORTS) + 1,
                "DEST_W must be ceil(log2(PORTS)) + 1"
            );
        };
        Self {
            tdest: Signal::default(),
            room: Signal::default(),
            lossy: Signal::default(),
            go: Signal::default(),
            accept: Signal::default(),
            full: Signal::default(),
            unroutable: Signal::default(),
            meant: Signal::default(),
            index: std::array::from_fn(|port| Constant::new((port as u64).into())),
        }
    }
}

impl<const PORTS: usize, const DEST_W: usize> Logic for RouteIndex<PORTS, DEST_W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.meant.next = 0.into();
        for i in 0..PORTS {
            if self.tdest.val() == self.index[i].val() {
                self.meant.next = self.meant.val().replace_bit(i, true);
            }
        }
        self.go.next = self.meant.val() & self.room.val();
        self.full.next = self.meant.val() & !self.room.val();
        self.unroutable.next = !self.meant.val().any();
        self.accept.next = self.lossy.val() | self.unroutable.val() | self.go.val().any();
    }

    describe!("Admission by egress index: `DEST_W` bits of which the top one is set for indices beyond any port.");
}
