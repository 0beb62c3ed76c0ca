//! Computes what the last four bytes of a poisoned frame are set to: the CRC register over the bytes sent before them.
//!
//! ```text
//!            A                        B                       C
//!  data  -->( ^ )--> shift to the -->[window]--> map ( ^ )-->[value]--> rotate --> patch
//!  state ---->|      message's end   [rest]-----------^
//! ```
//!
//! In step with stages A, B and C; one frame end per cycle. The message (the frame without FCS) ends in the last beat or in
//! the one before. Its final beat is shifted so that it ends with the beat, zeros in front: `window`, whose CRC from a zero
//! register is what is asked for, but for register bytes that met no data: `rest`. `patch` holds the four bytes where they
//! belong in every word of the beat in C; a last beat without message bytes keeps the value of the beat before it.
//! Frames whose message ends in their first beat are not served: they are runts, which never leave the ingress.

use super::{crc32, LinearMap};
use crate::prelude::*;

/// The stomped FCS of passing frames, aligned to their last four bytes.
#[derive(LogicBlock)]
pub struct Stomp<const WORDS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,

    // Ingress.
    /// The beat in A.
    pub data_a: [Signal<In, Bits<32>>; WORDS],
    /// The CRC register before it.
    pub state: Signal<In, Bits<32>>,
    /// It is its frame's last.
    pub last_a: Signal<In, Bit>,
    /// Its `skip` as `KeepCheck` gives it.
    pub skip_a: Signal<In, Bits<3>>,
    /// `tail_skip` of the beat at the pins.
    pub tail_skip: Signal<In, Bits<2>>,
    /// The beat in A enters B at the next clock edge.
    pub move_b: Signal<In, Bit>,
    /// The beat in B enters C at the next clock edge.
    pub move_c: Signal<In, Bit>,

    // Egress.
    /// The four bytes, each in the byte column it belongs to.
    pub patch: Signal<Out, Bits<32>>,

    // State.
    window: [DFF<Bits<32>>; WORDS],
    rest: DFF<Bits<32>>,
    turn_b: DFF<Bits<2>>,
    value: DFF<Bits<32>>,
    turn_c: DFF<Bits<2>>,

    // Wires.
    map: [LinearMap; WORDS],
    skip: Signal<Local, Bits<3>>,
    sum: Signal<Local, Bits<32>>,
    by_none: [Signal<Local, Bits<32>>; WORDS],
    by_four: [Signal<Local, Bits<32>>; WORDS],
    by_two: [Signal<Local, Bits<32>>; WORDS],
    by_one: [Signal<Local, Bits<32>>; WORDS],
    leftover_two: Signal<Local, Bits<32>>,
    leftover: Signal<Local, Bits<32>>,

    // Parameters.
    narrow: Constant<Bit>,
}

impl<const WORDS: usize> Default for Stomp<WORDS> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            data_a: std::array::from_fn(|_| Signal::default()),
            state: Signal::default(),
            last_a: Signal::default(),
            skip_a: Signal::default(),
            tail_skip: Signal::default(),
            move_b: Signal::default(),
            move_c: Signal::default(),
            patch: Signal::default(),
            window: std::array::from_fn(|_| DFF::default()),
            rest: DFF::default(),
            turn_b: DFF::default(),
            value: DFF::default(),
            turn_c: DFF::default(),
            map: std::array::from_fn(|i| {
                LinearMap::new(|word| crc32::advance(word, 4 * (WORDS - i)))
            }),
            skip: Signal::default(),
            sum: Signal::default(),
            by_none: std::array::from_fn(|_| Signal::default()),
            by_four: std::array::from_fn(|_| Signal::default()),
            by_two: std::array::from_fn(|_| Signal::default()),
            by_one: std::array::from_fn(|_| Signal::default()),
            leftover_two: Signal::default(),
            leftover: Signal::default(),
            narrow: Constant::new(WORDS == 1),
        }
    }
}

impl<const WORDS: usize> Logic for Stomp<WORDS> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, rest, turn_b, value, turn_c);
        for i in 0..WORDS {
            self.window[i].clock.next = self.clock.val();
            self.window[i].d.next = self.window[i].q.val();
        }

        // 2. A: shift the message's end to the end of the beat.
        self.skip.next = bit_cast::<3, 2>(self.tail_skip.val());
        if self.last_a.val() {
            self.skip.next = self.skip_a.val();
        }
        for i in 0..WORDS {
            self.by_none[i].next = self.data_a[i].val();
        }
        self.by_none[0].next = self.data_a[0].val() ^ self.state.val();
        for i in 0..WORDS {
            self.by_four[i].next = self.by_none[i].val();
        }
        if self.skip.val().get_bit(2) {
            self.by_four[0].next = 0.into();
            for i in 1..WORDS {
                self.by_four[i].next = self.by_none[i - 1].val();
            }
        }
        for i in 0..WORDS {
            self.by_two[i].next = self.by_four[i].val();
        }
        self.leftover_two.next = 0.into();
        if self.skip.val().get_bit(1) {
            self.by_two[0].next = self.by_four[0].val() << 16;
            for i in 1..WORDS {
                self.by_two[i].next =
                    (self.by_four[i].val() << 16) | (self.by_four[i - 1].val() >> 16);
            }
            self.leftover_two.next = self.state.val() >> 16;
        }
        for i in 0..WORDS {
            self.by_one[i].next = self.by_two[i].val();
        }
        self.leftover.next = self.leftover_two.val();
        if self.skip.val().get_bit(0) {
            self.by_one[0].next = self.by_two[0].val() << 8;
            for i in 1..WORDS {
                self.by_one[i].next =
                    (self.by_two[i].val() << 8) | (self.by_two[i - 1].val() >> 24);
            }
            self.leftover.next = self.state.val() >> 24;
            if self.skip.val().get_bit(1) {
                self.leftover.next = self.state.val() >> 8;
            }
        }
        if !self.narrow.val() & !self.skip.val().get_bit(2) {
            self.leftover.next = 0.into();
        }

        // 3. B: the CRC of the window.
        self.sum.next = self.rest.q.val();
        for i in 0..WORDS {
            self.map[i].word.next = self.window[i].q.val();
            self.sum.next = self.sum.val() ^ self.map[i].image.val();
        }

        // 4. Next state. A last beat without message bytes keeps the window of the beat before it.
        if self.move_b.val() & !(self.last_a.val() & !self.skip_a.val().get_bit(2)) {
            for i in 0..WORDS {
                self.window[i].d.next = self.by_one[i].val();
            }
            self.rest.d.next = self.leftover.val();
            self.turn_b.d.next = self.skip.val().get_bits::<2>(0);
        }
        if self.move_c.val() {
            self.value.d.next = self.sum.val();
            self.turn_c.d.next = self.turn_b.q.val();
        }

        // 5. C: turn the bytes to their columns.
        self.patch.next = self.value.q.val();
        if self.turn_c.q.val() == 1 {
            self.patch.next = (self.value.q.val() >> 8) | (self.value.q.val() << 24);
        }
        if self.turn_c.q.val() == 2 {
            self.patch.next = (self.value.q.val() >> 16) | (self.value.q.val() << 16);
        }
        if self.turn_c.q.val() == 3 {
            self.patch.next = (self.value.q.val() >> 24) | (self.value.q.val() << 8);
        }
    }
    describe!("The stomped FCS of passing frames, aligned to their last four bytes.");
}
