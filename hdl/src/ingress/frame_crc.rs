//! Computes the CRC of frames passing at one beat a cycle, and judges their FCS.
//!
//! ```text
//!          +------+   A: part   +----------------+   B: syndrome
//!  data -->| map  |-->[ flop ]-->| map(state) ^   |-->[ flop ]--> fcs_good, fcs_stomped
//!          +------+             +----------------+
//!                                  state (before A)
//! ```
//!
//! In step with stages A and B of the frame: `state` is the CRC register before the beat in A, `fcs_*` speak of the frame
//! whose last beat is in B. One beat per cycle. For a frame's first beat `state` reads zero instead of ones: the initial
//! ones are put into the data.

use super::{crc32, LinearMap};
use crate::prelude::*;

/// CRC-32 of passing frames, a beat a cycle (IEEE 802.3 clause 3.2.9).
#[derive(LogicBlock)]
pub struct FrameCrc<const WORDS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: forgets the frame.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The beat that enters A, bytes that do not count zero.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// It is its frame's first.
    pub first: Signal<In, Bit>,
    /// It enters A at the next clock edge.
    pub enter: Signal<In, Bit>,
    /// The beat in A enters B at the next clock edge.
    pub move_b: Signal<In, Bit>,
    /// The beat in A is its frame's last.
    pub last_a: Signal<In, Bit>,
    /// Its `skip` as `KeepCheck` gives it.
    pub skip_a: Signal<In, Bits<3>>,

    // Egress.
    /// The CRC register before the beat in A.
    pub state: Signal<Out, Bits<32>>,
    /// The frame that ends in B has a good FCS.
    pub fcs_good: Signal<Out, Bit>,
    /// The frame that ends in B has a stomped FCS.
    pub fcs_stomped: Signal<Out, Bit>,

    // State.
    part: DFF<Bits<32>>,
    register: DFF<Bits<32>>,
    syndrome: DFF<Bits<32>>,
    skip_b: DFF<Bits<3>>,

    // Wires.
    data_map: [LinearMap; WORDS],
    state_map: LinearMap,
    sum: Signal<Local, Bits<32>>,
    after_a: Signal<Local, Bits<32>>,
    expected_a: Signal<Local, Bits<32>>,
    expected_b: Signal<Local, Bits<32>>,

    // Parameters.
    index: [Constant<Bits<3>>; 8],
    good: [Constant<Bits<32>>; 8],
}

impl<const WORDS: usize> Default for FrameCrc<WORDS> {
    fn default() -> Self {
        let bytes = 4 * WORDS;
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            first: Signal::default(),
            enter: Signal::default(),
            move_b: Signal::default(),
            last_a: Signal::default(),
            skip_a: Signal::default(),
            state: Signal::default(),
            fcs_good: Signal::default(),
            fcs_stomped: Signal::default(),
            part: DFF::default(),
            register: DFF::default(),
            syndrome: DFF::default(),
            skip_b: DFF::default(),
            data_map: std::array::from_fn(|i| {
                LinearMap::new(|word| crc32::advance(word, bytes - 4 * i))
            }),
            state_map: LinearMap::new(|word| crc32::advance(word, bytes)),
            sum: Signal::default(),
            after_a: Signal::default(),
            expected_a: Signal::default(),
            expected_b: Signal::default(),
            index: std::array::from_fn(|i| Constant::new((i as u64).into())),
            good: std::array::from_fn(|i| {
                let padding = (i + bytes - 4) % bytes;
                Constant::new(u64::from(crc32::good_residue(padding)).into())
            }),
        }
    }
}

impl<const WORDS: usize> Logic for FrameCrc<WORDS> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, part, register, syndrome, skip_b);

        // 2. Decide.
        self.sum.next = 0.into();
        for i in 0..WORDS {
            self.data_map[i].word.next = self.data[i].val();
        }
        if self.first.val() {
            self.data_map[0].word.next = !self.data[0].val();
        }
        for i in 0..WORDS {
            self.sum.next = self.sum.val() ^ self.data_map[i].image.val();
        }
        self.state_map.word.next = self.register.q.val();
        self.after_a.next = self.part.q.val() ^ self.state_map.image.val();
        self.expected_a.next = 0.into();
        self.expected_b.next = 0.into();
        for i in 0..8 {
            if self.skip_a.val() == self.index[i].val() {
                self.expected_a.next = self.good[i].val();
            }
            if self.skip_b.q.val() == self.index[i].val() {
                self.expected_b.next = self.good[i].val();
            }
        }

        // 3. Next state.
        if self.enter.val() {
            self.part.d.next = self.sum.val();
        }
        if self.move_b.val() {
            self.register.d.next = self.after_a.val();
            self.syndrome.d.next = self.after_a.val() ^ self.expected_a.val();
            self.skip_b.d.next = self.skip_a.val();
        }

        // 4. Drive outputs.
        self.state.next = self.register.q.val();
        self.fcs_good.next = !self.syndrome.q.val().any();
        self.fcs_stomped.next = self.syndrome.q.val() == self.expected_b.val();

        // 5. A frame's end and reset win.
        if self.reset.val() | (self.move_b.val() & self.last_a.val()) {
            self.register.d.next = 0.into();
        }
    }
    describe!("CRC-32 of passing frames, a beat a cycle (IEEE 802.3 clause 3.2.9).");
}
