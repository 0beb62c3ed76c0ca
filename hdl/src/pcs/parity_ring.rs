//! Keeps the BIP-8 of every lane, the lane whose slot it is at the head.
//!
//! ```text
//!             +-----------------------------------+
//!   parity -->| ring[0] <- ring[1] <- ... <- new  |--> bip
//!   marker -->|                                   |
//!   step, last|                                   |
//!             +-----------------------------------+
//! ```
//!
//! Slots come in turn, so the lanes' sums go round and none is ever selected: the head is added to until its block's last
//! beat, then it goes to the end. A marker starts its lane's sum anew and counts in it, but only its header does: four of
//! its eight bytes are the complements of the others, so its payload adds up to nothing.
//!
//! Latency: `bip` is combinational from a flop, without the beat in this cycle. Throughput: one beat a cycle. Reset: zero.

use crate::prelude::*;

/// BIP-8 of `LANES` lanes, one block of each in turn.
#[derive(LogicBlock)]
pub struct ParityRing<const LANES: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// What the beat adds.
    pub parity: Signal<In, Bits<8>>,
    /// The beat belongs to a marker; `parity` does not count.
    pub marker: Signal<In, Bit>,
    /// It is its block's last.
    pub last: Signal<In, Bit>,
    /// It passes at the next clock edge.
    pub step: Signal<In, Bit>,

    // Egress.
    /// Sum of the lane whose slot it is, before the beat.
    pub bip: Signal<Out, Bits<8>>,

    // State.
    ring: [DFF<Bits<8>>; LANES],

    // Wires.
    sum: Signal<Local, Bits<8>>,
}

impl<const LANES: usize> Default for ParityRing<LANES> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            parity: Signal::default(),
            marker: Signal::default(),
            last: Signal::default(),
            step: Signal::default(),
            bip: Signal::default(),
            ring: std::array::from_fn(|_| DFF::default()),
            sum: Signal::default(),
        }
    }
}

impl<const LANES: usize> Logic for ParityRing<LANES> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        for lane in 0..LANES {
            self.ring[lane].clock.next = self.clock.val();
            self.ring[lane].d.next = self.ring[lane].q.val();
        }

        // 2. Decide. A marker's header is the one of a control block.
        self.bip.next = self.ring[0].q.val();
        self.sum.next = self.bip.val() ^ self.parity.val();
        if self.marker.val() {
            self.sum.next = self.bip.val();
            if self.last.val() {
                self.sum.next = 0x08.into();
            }
        }

        // 3. Next state.
        if self.step.val() {
            self.ring[0].d.next = self.sum.val();
            if self.last.val() {
                for lane in 0..LANES {
                    self.ring[lane].d.next = self.sum.val();
                }
                for lane in 1..LANES {
                    self.ring[lane - 1].d.next = self.ring[lane].q.val();
                }
            }
        }

        // 4. Reset wins.
        if self.reset.val() {
            for lane in 0..LANES {
                self.ring[lane].d.next = 0.into();
            }
        }
    }

    describe!("BIP-8 of `LANES` lanes, one block of each in turn.");
}
