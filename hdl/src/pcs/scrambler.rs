//! Scrambles payloads with x^58 + x^39 + 1, self-synchronous, the lowest bit first (IEEE 802.3 clause 49.2.6).
//!
//! ```text
//!             +--------------------------------+
//!   data ---->| ^ word 39 ago ^ word 58 ago    |--> scrambled
//!   advance ->| newer, older: the last 64 bits |
//!             +--------------------------------+
//! ```
//!
//! A bit leaves as itself, the bit that left 39 before it and the one that left 58 before it. Both are more than 32 bits
//! back, so each word needs the two words before it and no bit of its own.
//!
//! Latency: combinational from `data` to `scrambled`. Throughput: `WORDS` words a cycle. What is not advanced over leaves
//! no trace. Reset: 58 ones.

use crate::prelude::*;

/// Self-synchronous scrambler x^58 + x^39 + 1 over `WORDS` words of 32 bits a cycle.
#[derive(LogicBlock)]
pub struct Scrambler<const WORDS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Payload, lowest bit first on the wire.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// It counts: what follows is scrambled with it.
    pub advance: Signal<In, Bit>,

    // Egress.
    /// The payload as it goes on the wire.
    pub scrambled: [Signal<Out, Bits<32>>; WORDS],

    // State.
    newer: DFF<Bits<32>>,
    older: DFF<Bits<32>>,

    // Wires.
    latest: Signal<Local, Bits<32>>,
    earlier: Signal<Local, Bits<32>>,

    // Parameters.
    ones: Constant<Bits<32>>,
}

impl<const WORDS: usize> Default for Scrambler<WORDS> {
    fn default() -> Self {
        let ones = u64::from(u32::MAX);
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            advance: Signal::default(),
            scrambled: std::array::from_fn(|_| Signal::default()),
            newer: flop_at(ones.into()),
            older: flop_at(ones.into()),
            latest: Signal::default(),
            earlier: Signal::default(),
            ones: Constant::new(ones.into()),
        }
    }
}

impl<const WORDS: usize> Logic for Scrambler<WORDS> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, newer, older);

        // 2. Word by word, each with the two before it.
        self.latest.next = self.newer.q.val();
        self.earlier.next = self.older.q.val();
        for word in 0..WORDS {
            self.scrambled[word].next = self.data[word].val()
                ^ (self.earlier.val() >> 25)
                ^ (self.latest.val() << 7)
                ^ (self.earlier.val() >> 6)
                ^ (self.latest.val() << 26);
            self.earlier.next = self.latest.val();
            self.latest.next = self.scrambled[word].val();
        }

        // 3. Next state.
        if self.advance.val() {
            self.newer.d.next = self.latest.val();
            self.older.d.next = self.earlier.val();
        }

        // 4. Reset wins.
        if self.reset.val() {
            self.newer.d.next = self.ones.val();
            self.older.d.next = self.ones.val();
        }
    }

    describe!("Self-synchronous scrambler x^58 + x^39 + 1 over `WORDS` words of 32 bits a cycle.");
}
