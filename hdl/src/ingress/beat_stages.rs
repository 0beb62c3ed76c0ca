//! The registers of stages A, B and C that every beat passes.
//!
//! ```text
//!           enter      move_b      move_c      leave
//!  beat --->[ A ]----->[  B  ]---->[  C  ]---->
//!  close_*--^ |          | ^         |
//!             v          v |spill    v
//!          *_a outputs  *_b        *_c
//! ```
//!
//! One cycle per stage; one beat per cycle. The controls come from outside and must not overrun a full stage. The newest
//! beat of an open frame is in A, where `close_long` and `close_gap` make it the last.

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
    /// The beat enters A at the next clock edge.
    pub enter: Signal<In, Bit>,
    /// The beat in A becomes a last one: too long.
    pub close_long: Signal<In, Bit>,
    /// The beat in A becomes a last one: paused too long.
    pub close_gap: Signal<In, Bit>,
    /// The beat in A enters B at the next clock edge.
    pub move_b: Signal<In, Bit>,
    /// The beat in B enters C at the next clock edge.
    pub move_c: Signal<In, Bit>,
    /// The beat in C leaves at the next clock edge.
    pub leave: Signal<In, Bit>,
    /// The FCS of the frame that ends in B is good.
    pub fcs_good: Signal<In, Bit>,

    // Egress.
    /// Stage A holds a beat.
    pub valid_a: Signal<Out, Bit>,
    /// Its bytes.
    pub data_a: [Signal<Out, Bits<32>>; WORDS],
    /// It is its frame's last.
    pub last_a: Signal<Out, Bit>,
    /// Its `skip`.
    pub skip_a: Signal<Out, Bits<3>>,
    /// Stage B holds a beat.
    pub valid_b: Signal<Out, Bit>,
    /// Its bytes.
    pub data_b: [Signal<Out, Bits<32>>; WORDS],
    /// It is its frame's first.
    pub first_b: Signal<Out, Bit>,
    /// It is its frame's last.
    pub last_b: Signal<Out, Bit>,
    /// What is wrong with its frame.
    pub cause_b: Signal<Out, Bits<5>>,
    /// Stage C holds a beat.
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
    /// The frame is known to be poisoned, if its last byte is here or in B.
    pub poison_c: Signal<Out, Bit>,
    /// The bytes that belong to the FCS.
    pub fcs_bytes_c: Signal<Out, Bits<KEEP_W>>,

    // State.
    full_a: DFF<Bit>,
    word_a: [DFF<Bits<32>>; WORDS],
    bytes_a: DFF<Bits<KEEP_W>>,
    is_first_a: DFF<Bit>,
    is_second_a: DFF<Bit>,
    is_last_a: DFF<Bit>,
    bytes_skipped_a: DFF<Bits<3>>,
    fault_a: DFF<Bits<5>>,
    full_b: DFF<Bit>,
    word_b: [DFF<Bits<32>>; WORDS],
    bytes_b: DFF<Bits<KEEP_W>>,
    is_first_b: DFF<Bit>,
    is_second_b: DFF<Bit>,
    is_last_b: DFF<Bit>,
    fault_b: DFF<Bits<5>>,
    tail_b: DFF<Bits<KEEP_W>>,
    full_c: DFF<Bit>,
    word_c: [DFF<Bits<32>>; WORDS],
    bytes_c: DFF<Bits<KEEP_W>>,
    is_first_c: DFF<Bit>,
    is_second_c: DFF<Bit>,
    is_last_c: DFF<Bit>,
    tail_c: DFF<Bits<KEEP_W>>,
    bad_c: DFF<Bit>,
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
            enter: Signal::default(),
            close_long: Signal::default(),
            close_gap: Signal::default(),
            move_b: Signal::default(),
            move_c: Signal::default(),
            leave: Signal::default(),
            fcs_good: Signal::default(),
            valid_a: Signal::default(),
            data_a: std::array::from_fn(|_| Signal::default()),
            last_a: Signal::default(),
            skip_a: Signal::default(),
            valid_b: Signal::default(),
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
            poison_c: Signal::default(),
            fcs_bytes_c: Signal::default(),
            full_a: DFF::default(),
            word_a: std::array::from_fn(|_| DFF::default()),
            bytes_a: DFF::default(),
            is_first_a: DFF::default(),
            is_second_a: DFF::default(),
            is_last_a: DFF::default(),
            bytes_skipped_a: DFF::default(),
            fault_a: DFF::default(),
            full_b: DFF::default(),
            word_b: std::array::from_fn(|_| DFF::default()),
            bytes_b: DFF::default(),
            is_first_b: DFF::default(),
            is_second_b: DFF::default(),
            is_last_b: DFF::default(),
            fault_b: DFF::default(),
            tail_b: DFF::default(),
            full_c: DFF::default(),
            word_c: std::array::from_fn(|_| DFF::default()),
            bytes_c: DFF::default(),
            is_first_c: DFF::default(),
            is_second_c: DFF::default(),
            is_last_c: DFF::default(),
            tail_c: DFF::default(),
            bad_c: DFF::default(),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for BeatStages<WORDS, KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            full_a,
            bytes_a,
            is_first_a,
            is_second_a,
            is_last_a,
            bytes_skipped_a,
            fault_a,
            full_b,
            bytes_b,
            is_first_b,
            is_second_b,
            is_last_b,
            fault_b,
            tail_b,
            full_c,
            bytes_c,
            is_first_c,
            is_second_c,
            is_last_c,
            tail_c,
            bad_c
        );
        for i in 0..WORDS {
            self.word_a[i].clock.next = self.clock.val();
            self.word_b[i].clock.next = self.clock.val();
            self.word_c[i].clock.next = self.clock.val();
            self.word_a[i].d.next = self.word_a[i].q.val();
            self.word_b[i].d.next = self.word_b[i].q.val();
            self.word_c[i].d.next = self.word_c[i].q.val();
        }

        // 2. Stage C. The end of a frame may reach back into the beat before the last.
        if self.leave.val() {
            self.full_c.d.next = false;
        }
        if self.move_c.val() {
            for i in 0..WORDS {
                self.word_c[i].d.next = self.word_b[i].q.val();
            }
            self.full_c.d.next = true;
            self.bytes_c.d.next = self.bytes_b.q.val();
            self.is_first_c.d.next = self.is_first_b.q.val();
            self.is_second_c.d.next = self.is_second_b.q.val();
            self.is_last_c.d.next = self.is_last_b.q.val();
            self.tail_c.d.next = self.tail_b.q.val();
            self.bad_c.d.next = self.is_last_a.q.val() & self.fault_a.q.val().any();
            if self.is_last_b.q.val() {
                self.bad_c.d.next = self.fault_b.q.val().any() | !self.fcs_good.val();
            }
            self.full_b.d.next = false;
        }

        // 3. Stage B.
        if self.move_b.val() {
            for i in 0..WORDS {
                self.word_b[i].d.next = self.word_a[i].q.val();
            }
            self.full_b.d.next = true;
            self.bytes_b.d.next = self.bytes_a.q.val();
            self.is_first_b.d.next = self.is_first_a.q.val();
            self.is_second_b.d.next = self.is_second_a.q.val();
            self.is_last_b.d.next = self.is_last_a.q.val();
            self.fault_b.d.next = self.fault_a.q.val();
            self.tail_b.d.next = self.spill.val();
            if self.is_last_a.q.val() {
                self.tail_b.d.next = self.bytes_a.q.val() & !(self.bytes_a.q.val() >> 4);
            }
            self.full_a.d.next = false;
        }

        // 4. Stage A.
        if self.enter.val() {
            for i in 0..WORDS {
                self.word_a[i].d.next = self.data[i].val();
            }
            self.full_a.d.next = true;
            self.bytes_a.d.next = self.keep.val();
            self.is_first_a.d.next = self.first.val();
            self.is_second_a.d.next = self.second.val();
            self.is_last_a.d.next = self.last.val();
            self.bytes_skipped_a.d.next = self.skip.val();
            self.fault_a.d.next = self.cause.val();
        }
        if self.close_long.val() {
            self.is_last_a.d.next = true;
            self.fault_a.d.next = 8.into();
        }
        if self.close_gap.val() {
            self.is_last_a.d.next = true;
            self.fault_a.d.next = 16.into();
        }

        // 5. Drive outputs.
        for i in 0..WORDS {
            self.data_a[i].next = self.word_a[i].q.val();
            self.data_b[i].next = self.word_b[i].q.val();
            self.data_c[i].next = self.word_c[i].q.val();
        }
        self.valid_a.next = self.full_a.q.val();
        self.valid_b.next = self.full_b.q.val();
        self.valid_c.next = self.full_c.q.val();
        self.keep_c.next = self.bytes_c.q.val();
        self.first_b.next = self.is_first_b.q.val();
        self.first_c.next = self.is_first_c.q.val();
        self.second_c.next = self.is_second_c.q.val();
        self.last_a.next = self.is_last_a.q.val();
        self.last_b.next = self.is_last_b.q.val();
        self.last_c.next = self.is_last_c.q.val();
        self.skip_a.next = self.bytes_skipped_a.q.val();
        self.cause_b.next = self.fault_b.q.val();
        self.poison_c.next = self.bad_c.q.val();
        self.fcs_bytes_c.next = self.tail_c.q.val();

        // 6. Reset wins.
        if self.reset.val() {
            self.full_a.d.next = false;
            self.full_b.d.next = false;
            self.full_c.d.next = false;
        }
    }
    describe!("Beats and their marks in stages A, B and C.");
}
