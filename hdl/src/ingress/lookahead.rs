//! Holds a beat back until the one behind it is in sight, so that an address that straddles two beats can be looked up
//! before its frame's first beat leaves.
//!
//! ```text
//!           +-----------+
//!  sink --->| DEPTH x   |--> tdata, tkeep, tvalid, tlast, tuser
//!           | [ beat ]  |<-- tready
//!           +-----------+--> peek (the beat behind: the pins)
//! ```
//!
//! `DEPTH` is 0 (wires: an address fits into one beat) or 1 (one register; a beat shows when it is its frame's last or the
//! next one is at the pins). Latency `DEPTH` cycles, one beat per cycle.

use crate::prelude::*;

/// Shows a beat together with the one behind it.
#[derive(LogicBlock)]
pub struct Lookahead<const WORDS: usize, const KEEP_W: usize, const DEPTH: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: forgets the beat.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Frames from the MAC.
    pub sink: FrameSink<WORDS, KEEP_W>,
    /// The beat shown is taken at the next clock edge.
    pub tready: Signal<In, Bit>,

    // Egress.
    /// The beat shown: its bytes.
    pub tdata: [Signal<Out, Bits<32>>; WORDS],
    /// Its byte enables.
    pub tkeep: Signal<Out, Bits<KEEP_W>>,
    /// A beat is shown.
    pub tvalid: Signal<Out, Bit>,
    /// It is its frame's last.
    pub tlast: Signal<Out, Bit>,
    /// On the last beat: the frame is poisoned.
    pub tuser: Signal<Out, Bit>,
    /// The first four bytes of the beat at the pins.
    pub peek: Signal<Out, Bits<32>>,

    // State.
    full: [DFF<Bit>; DEPTH],
    word: [DFF<Bits<32>>; DEPTH],
    bytes: [DFF<Bits<KEEP_W>>; DEPTH],
    last: [DFF<Bit>; DEPTH],
    poisoned: [DFF<Bit>; DEPTH],

    // Wires.
    show: [Signal<Local, Bit>; DEPTH],
    free: [Signal<Local, Bit>; DEPTH],
}

impl<const WORDS: usize, const KEEP_W: usize, const DEPTH: usize> Default
    for Lookahead<WORDS, KEEP_W, DEPTH>
{
    fn default() -> Self {
        const { assert!(DEPTH == 0 || (DEPTH == 1 && WORDS == 1)) };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            sink: FrameSink::default(),
            tready: Signal::default(),
            tdata: std::array::from_fn(|_| Signal::default()),
            tkeep: Signal::default(),
            tvalid: Signal::default(),
            tlast: Signal::default(),
            tuser: Signal::default(),
            peek: Signal::default(),
            full: std::array::from_fn(|_| DFF::default()),
            word: std::array::from_fn(|_| DFF::default()),
            bytes: std::array::from_fn(|_| DFF::default()),
            last: std::array::from_fn(|_| DFF::default()),
            poisoned: std::array::from_fn(|_| DFF::default()),
            show: std::array::from_fn(|_| Signal::default()),
            free: std::array::from_fn(|_| Signal::default()),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize, const DEPTH: usize> Logic
    for Lookahead<WORDS, KEEP_W, DEPTH>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Wires.
        self.sink.tready.next = self.tready.val();
        self.tvalid.next = self.sink.tvalid.val();
        self.tkeep.next = self.sink.tkeep.val();
        self.tlast.next = self.sink.tlast.val();
        self.tuser.next = self.sink.tuser.val();
        self.peek.next = self.sink.tdata[0].val();
        for i in 0..WORDS {
            self.tdata[i].next = self.sink.tdata[i].val();
        }

        // 2. A register in between, if there is one.
        for i in 0..DEPTH {
            self.full[i].clock.next = self.clock.val();
            self.word[i].clock.next = self.clock.val();
            self.bytes[i].clock.next = self.clock.val();
            self.last[i].clock.next = self.clock.val();
            self.poisoned[i].clock.next = self.clock.val();
            self.full[i].d.next = self.full[i].q.val();
            self.word[i].d.next = self.word[i].q.val();
            self.bytes[i].d.next = self.bytes[i].q.val();
            self.last[i].d.next = self.last[i].q.val();
            self.poisoned[i].d.next = self.poisoned[i].q.val();
            self.show[i].next =
                self.full[i].q.val() & (self.last[i].q.val() | self.sink.tvalid.val());
            self.free[i].next = !self.full[i].q.val() | (self.show[i].val() & self.tready.val());
            if self.show[i].val() & self.tready.val() {
                self.full[i].d.next = false;
            }
            if self.sink.tvalid.val() & self.free[i].val() {
                self.full[i].d.next = true;
                self.word[i].d.next = self.sink.tdata[i].val();
                self.bytes[i].d.next = self.sink.tkeep.val();
                self.last[i].d.next = self.sink.tlast.val();
                self.poisoned[i].d.next = self.sink.tuser.val();
            }
            self.sink.tready.next = !self.full[i].q.val() | self.tready.val();
            self.tvalid.next = self.show[i].val();
            self.tdata[i].next = self.word[i].q.val();
            self.tkeep.next = self.bytes[i].q.val();
            self.tlast.next = self.last[i].q.val();
            self.tuser.next = self.poisoned[i].q.val();
            if self.reset.val() {
                self.full[i].d.next = false;
            }
        }
    }
    describe!("Shows a beat together with the one behind it.");
}
