//! The three registers that every beat passes, and the rule by which they move.
//!
//! ```text
//!           enter      move_b      move_c      leave
//!  beat --->[ A ]----->[  B  ]---->[  C  ]---->
//!  close_gap-^ |          | ^         |
//!             v          v |spill    v
//!          *_a outputs  *_b        *_c
//! ```
//!
//! One cycle per stage; one beat per cycle. The newest beat of an open frame is in A, where `close_gap` makes it
//! the last. With 32-bit beats the first beat waits in B for the one that holds the `EtherType`.

use super::Stage;
use crate::prelude::*;

/// Beats and their marks in stages A, B and C.
///
/// A `cause` says why the frame is poisoned: bit 0 `tuser`, 1 malformed, 2 runt, 3 too long, 4 paused too long.
#[derive(LogicBlock)]
pub struct BeatStages<const WORDS: usize, const KEEP_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: empties every stage.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The beat that enters A: its bytes.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// Its byte enables.
    pub keep: Signal<In, Bits<KEEP_W>>,
    /// It is its frame's first.
    pub first: Signal<In, Bit>,
    /// It is its frame's second.
    pub second: Signal<In, Bit>,
    /// It is its frame's last.
    pub last: Signal<In, Bit>,
    /// Its `skip` as `KeepCheck` gives it.
    pub skip: Signal<In, Bits<3>>,
    /// What is wrong with its frame.
    pub cause: Signal<In, Bits<5>>,
    /// Bytes of the beat in A that belong to the FCS, if the entering beat is the last.
    pub spill: Signal<In, Bits<KEEP_W>>,
    /// A beat is at the pins.
    pub offered: Signal<In, Bit>,
    /// It enters A at the next clock edge.
    pub enter: Signal<In, Bit>,
    /// The beat in A becomes a last one: paused too long.
    pub close_gap: Signal<In, Bit>,
    /// The FCS of the frame that ends in B is good.
    pub fcs_good: Signal<In, Bit>,
    /// The beat in C may leave without being taken.
    pub discard: Signal<In, Bit>,
    /// The fabric takes the beat in C at the next clock edge.
    pub take: Signal<In, Bit>,

    // Egress.
    /// A beat may enter A at the next clock edge.
    pub free: Signal<Out, Bit>,
    /// The beat in A enters B at the next clock edge.
    pub move_b: Signal<Out, Bit>,
    /// The beat in B enters C at the next clock edge.
    pub move_c: Signal<Out, Bit>,
    /// The beat in C leaves at the next clock edge.
    pub leave: Signal<Out, Bit>,
    /// The beat in A: its bytes.
    pub data_a: [Signal<Out, Bits<32>>; WORDS],
    /// It is its frame's last.
    pub last_a: Signal<Out, Bit>,
    /// Its `skip`.
    pub skip_a: Signal<Out, Bits<3>>,
    /// The beat in B: its bytes.
    pub data_b: [Signal<Out, Bits<32>>; WORDS],
    /// It is its frame's first.
    pub first_b: Signal<Out, Bit>,
    /// It is its frame's last.
    pub last_b: Signal<Out, Bit>,
    /// What is wrong with its frame.
    pub cause_b: Signal<Out, Bits<5>>,
    /// C holds a beat.
    pub valid_c: Signal<Out, Bit>,
    /// Its bytes.
    pub data_c: [Signal<Out, Bits<32>>; WORDS],
    /// Its byte enables.
    pub keep_c: Signal<Out, Bits<KEEP_W>>,
    /// It is its frame's first.
    pub first_c: Signal<Out, Bit>,
    /// It is its frame's second.
    pub second_c: Signal<Out, Bit>,
    /// It is its frame's last.
    pub last_c: Signal<Out, Bit>,
    /// Its bytes that belong to the FCS.
    pub fcs_bytes_c: Signal<Out, Bits<KEEP_W>>,
    /// Its frame is known to be poisoned, but for a wrong FCS whose last byte is still in B.
    pub poison_c: Signal<Out, Bit>,

    // Blocks.
    a: Stage<WORDS, KEEP_W>,
    b: Stage<WORDS, KEEP_W>,
    c: Stage<WORDS, KEEP_W>,

    // Wires.
    c_free: Signal<Local, Bit>,
    b_free: Signal<Local, Bit>,
    held_back: Signal<Local, Bit>,

    // Parameters.
    narrow: Constant<Bit>,
}

impl<const WORDS: usize, const KEEP_W: usize> Default for BeatStages<WORDS, KEEP_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            keep: Signal::default(),
            first: Signal::default(),
            second: Signal::default(),
            last: Signal::default(),
            skip: Signal::default(),
            cause: Signal::default(),
            spill: Signal::default(),
            offered: Signal::default(),
            enter: Signal::default(),
            close_gap: Signal::default(),
            fcs_good: Signal::default(),
            discard: Signal::default(),
            take: Signal::default(),
            free: Signal::default(),
            move_b: Signal::default(),
            move_c: Signal::default(),
            leave: Signal::default(),
            data_a: std::array::from_fn(|_| Signal::default()),
            last_a: Signal::default(),
            skip_a: Signal::default(),
            data_b: std::array::from_fn(|_| Signal::default()),
            first_b: Signal::default(),
            last_b: Signal::default(),
            cause_b: Signal::default(),
            valid_c: Signal::default(),
            data_c: std::array::from_fn(|_| Signal::default()),
            keep_c: Signal::default(),
            first_c: Signal::default(),
            second_c: Signal::default(),
            last_c: Signal::default(),
            fcs_bytes_c: Signal::default(),
            poison_c: Signal::default(),
            a: Stage::default(),
            b: Stage::default(),
            c: Stage::default(),
            c_free: Signal::default(),
            b_free: Signal::default(),
            held_back: Signal::default(),
            narrow: Constant::new(WORDS == 1),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for BeatStages<WORDS, KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Clock and reset.
        self.a.clock.next = self.clock.val();
        self.a.reset.next = self.reset.val();
        self.b.clock.next = self.clock.val();
        self.b.reset.next = self.reset.val();
        self.c.clock.next = self.clock.val();
        self.c.reset.next = self.reset.val();

        // 2. Which stages move: a beat that is not its frame's last leaves A when the next one enters.
        self.c_free.next = !self.c.valid.val() | self.discard.val() | self.take.val();
        self.leave.next = self.c.valid.val() & self.c_free.val();
        self.held_back.next = self.narrow.val()
            & self.b.held_first.val()
            & !self.b.held_last.val()
            & !self.a.held_last.val()
            & !self.offered.val();
        self.move_c.next = self.b.valid.val() & self.c_free.val() & !self.held_back.val();
        self.b_free.next = !self.b.valid.val() | self.move_c.val();
        self.move_b.next =
            self.a.valid.val() & self.b_free.val() & (self.a.held_last.val() | self.enter.val());
        self.free.next = !self.a.valid.val() | !self.b.valid.val() | self.c_free.val();

        // 3. Stage A. Here a frame that pauses is closed.
        self.a.load.next = self.enter.val();
        self.a.unload.next = self.move_b.val();
        self.a.close.next = self.close_gap.val();
        self.a.close_cause.next = 16.into();
        self.a.keep.next = self.keep.val();
        self.a.first.next = self.first.val();
        self.a.second.next = self.second.val();
        self.a.last.next = self.last.val();
        self.a.skip.next = self.skip.val();
        self.a.cause.next = self.cause.val();
        self.a.fcs_bytes.next = 0.into();
        self.a.poison.next = false;

        // 4. Stage B. A frame's last four bytes are in its last beat and, if that is short, in the one before.
        self.b.load.next = self.move_b.val();
        self.b.unload.next = self.move_c.val();
        self.b.close.next = false;
        self.b.close_cause.next = 0.into();
        self.b.keep.next = self.a.held_keep.val();
        self.b.first.next = self.a.held_first.val();
        self.b.second.next = self.a.held_second.val();
        self.b.last.next = self.a.held_last.val();
        self.b.skip.next = self.a.held_skip.val();
        self.b.cause.next = self.a.held_cause.val();
        self.b.fcs_bytes.next = self.spill.val();
        if self.a.held_last.val() {
            self.b.fcs_bytes.next = self.a.held_keep.val() & !(self.a.held_keep.val() >> 4);
        }
        self.b.poison.next = false;

        // 5. Stage C. The last beat's fate is the fate of the one before.
        self.c.load.next = self.move_c.val();
        self.c.unload.next = self.leave.val();
        self.c.close.next = false;
        self.c.close_cause.next = 0.into();
        self.c.keep.next = self.b.held_keep.val();
        self.c.first.next = self.b.held_first.val();
        self.c.second.next = self.b.held_second.val();
        self.c.last.next = self.b.held_last.val();
        self.c.skip.next = self.b.held_skip.val();
        self.c.cause.next = self.b.held_cause.val();
        self.c.fcs_bytes.next = self.b.held_fcs_bytes.val();
        self.c.poison.next = self.a.held_last.val() & self.a.held_cause.val().any();
        if self.b.held_last.val() {
            self.c.poison.next = self.b.held_cause.val().any() | !self.fcs_good.val();
        }

        // 6. Bytes, and outputs.
        for i in 0..WORDS {
            self.a.data[i].next = self.data[i].val();
            self.b.data[i].next = self.a.held_data[i].val();
            self.c.data[i].next = self.b.held_data[i].val();
            self.data_a[i].next = self.a.held_data[i].val();
            self.data_b[i].next = self.b.held_data[i].val();
            self.data_c[i].next = self.c.held_data[i].val();
        }
        self.last_a.next = self.a.held_last.val();
        self.skip_a.next = self.a.held_skip.val();
        self.first_b.next = self.b.held_first.val();
        self.last_b.next = self.b.held_last.val();
        self.cause_b.next = self.b.held_cause.val();
        self.keep_c.next = self.c.held_keep.val();
        self.first_c.next = self.c.held_first.val();
        self.second_c.next = self.c.held_second.val();
        self.last_c.next = self.c.held_last.val();
        self.fcs_bytes_c.next = self.c.held_fcs_bytes.val();
        self.poison_c.next = self.c.held_poison.val();
        self.valid_c.next = self.c.valid.val();
    }
    describe!("Beats and their marks in stages A, B and C.");
}
