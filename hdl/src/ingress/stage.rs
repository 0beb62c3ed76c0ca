//! Holds one beat and its marks.
//!
//! ```text
//!           +-------+
//!  beat --->| Stage |---> held_*
//!  load --->|       |<--- unload, close
//!           +-------+
//! ```
//!
//! Latency 1 cycle, one beat per cycle. `load` while full needs `unload`; `close` needs a beat that stays.

use crate::prelude::*;

/// One beat and its marks.
#[derive(LogicBlock)]
pub struct Stage<const WORDS: usize, const KEEP_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: empties it.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next beat: bytes.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// The next beat: byte enables.
    pub keep: Signal<In, Bits<KEEP_W>>,
    /// The next beat: 1 if it is its frame's first.
    pub first: Signal<In, Bit>,
    /// The next beat: 1 if it is its frame's second.
    pub second: Signal<In, Bit>,
    /// The next beat: 1 if it is its frame's last.
    pub last: Signal<In, Bit>,
    /// The next beat: `skip` as `KeepCheck` gives it.
    pub skip: Signal<In, Bits<3>>,
    /// The next beat: what is wrong with its frame, see `BeatStages`.
    pub cause: Signal<In, Bits<5>>,
    /// The next beat: bytes that belong to the FCS.
    pub fcs_bytes: Signal<In, Bits<KEEP_W>>,
    /// The next beat: 1 if its frame is known to be poisoned.
    pub poison: Signal<In, Bit>,
    /// The next beat enters at the next clock edge.
    pub load: Signal<In, Bit>,
    /// The beat held leaves at the next clock edge.
    pub unload: Signal<In, Bit>,
    /// The beat held becomes its frame's last.
    pub close: Signal<In, Bit>,
    /// And this is what is wrong with the frame then.
    pub close_cause: Signal<In, Bits<5>>,

    // Egress.
    /// A beat is held.
    pub valid: Signal<Out, Bit>,
    /// The beat held: bytes.
    pub held_data: [Signal<Out, Bits<32>>; WORDS],
    /// The beat held: byte enables.
    pub held_keep: Signal<Out, Bits<KEEP_W>>,
    /// The beat held: 1 if it is its frame's first.
    pub held_first: Signal<Out, Bit>,
    /// The beat held: 1 if it is its frame's second.
    pub held_second: Signal<Out, Bit>,
    /// The beat held: 1 if it is its frame's last.
    pub held_last: Signal<Out, Bit>,
    /// The beat held: `skip` as `KeepCheck` gives it.
    pub held_skip: Signal<Out, Bits<3>>,
    /// The beat held: what is wrong with its frame, see `BeatStages`.
    pub held_cause: Signal<Out, Bits<5>>,
    /// The beat held: bytes that belong to the FCS.
    pub held_fcs_bytes: Signal<Out, Bits<KEEP_W>>,
    /// The beat held: 1 if its frame is known to be poisoned.
    pub held_poison: Signal<Out, Bit>,

    // State.
    full: DFF<Bit>,
    words: [DFF<Bits<32>>; WORDS],
    bytes: DFF<Bits<KEEP_W>>,
    is_first: DFF<Bit>,
    is_second: DFF<Bit>,
    is_last: DFF<Bit>,
    distance: DFF<Bits<3>>,
    fault: DFF<Bits<5>>,
    tail: DFF<Bits<KEEP_W>>,
    bad: DFF<Bit>,
}

impl<const WORDS: usize, const KEEP_W: usize> Default for Stage<WORDS, KEEP_W> {
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
            fcs_bytes: Signal::default(),
            poison: Signal::default(),
            load: Signal::default(),
            unload: Signal::default(),
            close: Signal::default(),
            close_cause: Signal::default(),
            valid: Signal::default(),
            held_data: std::array::from_fn(|_| Signal::default()),
            held_keep: Signal::default(),
            held_first: Signal::default(),
            held_second: Signal::default(),
            held_last: Signal::default(),
            held_skip: Signal::default(),
            held_cause: Signal::default(),
            held_fcs_bytes: Signal::default(),
            held_poison: Signal::default(),
            full: DFF::default(),
            words: std::array::from_fn(|_| DFF::default()),
            bytes: DFF::default(),
            is_first: DFF::default(),
            is_second: DFF::default(),
            is_last: DFF::default(),
            distance: DFF::default(),
            fault: DFF::default(),
            tail: DFF::default(),
            bad: DFF::default(),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for Stage<WORDS, KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self, clock, full, bytes, is_first, is_second, is_last, distance, fault, tail, bad
        );
        for i in 0..WORDS {
            self.words[i].clock.next = self.clock.val();
            self.words[i].d.next = self.words[i].q.val();
        }

        // 2. Next state.
        if self.unload.val() {
            self.full.d.next = false;
        }
        if self.load.val() {
            self.full.d.next = true;
            for i in 0..WORDS {
                self.words[i].d.next = self.data[i].val();
            }
            self.bytes.d.next = self.keep.val();
            self.is_first.d.next = self.first.val();
            self.is_second.d.next = self.second.val();
            self.is_last.d.next = self.last.val();
            self.distance.d.next = self.skip.val();
            self.fault.d.next = self.cause.val();
            self.tail.d.next = self.fcs_bytes.val();
            self.bad.d.next = self.poison.val();
        }
        if self.close.val() {
            self.is_last.d.next = true;
            self.fault.d.next = self.close_cause.val();
        }

        // 3. Drive outputs.
        self.valid.next = self.full.q.val();
        for i in 0..WORDS {
            self.held_data[i].next = self.words[i].q.val();
        }
        self.held_keep.next = self.bytes.q.val();
        self.held_first.next = self.is_first.q.val();
        self.held_second.next = self.is_second.q.val();
        self.held_last.next = self.is_last.q.val();
        self.held_skip.next = self.distance.q.val();
        self.held_cause.next = self.fault.q.val();
        self.held_fcs_bytes.next = self.tail.q.val();
        self.held_poison.next = self.bad.q.val();

        // 4. Reset wins.
        if self.reset.val() {
            self.full.d.next = false;
        }
    }
    describe!("One beat and its marks.");
}
