//! Gives a frame's blocks as beats of a stream.
//!
//! ```text
//!              +---------------+
//!   head ----->| FrameUnpacker |---> rx stream
//!   pop <------|               |
//!              +---------------+
//! ```
//!
//! Combinational at 64 bits; at 32 a block of more than four bytes takes two beats. Reset: the next beat is a block's first.

use super::ports::FrameBlockSink;
use crate::prelude::*;

/// Blocks of 8 bytes to beats of a stream.
#[derive(LogicBlock)]
pub struct FrameUnpacker<const WORDS: usize, const KEEP_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The oldest block.
    pub head: FrameBlockSink,

    // Egress.
    /// It leaves at the next clock edge.
    pub pop: Signal<Out, Bit>,
    /// Frames, destination address to FCS.
    pub rx: StreamSource<WORDS, KEEP_W>,

    // State.
    half: DFF<Bit>,

    // Wires.
    two_beats: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    left: Signal<Local, Bits<3>>,

    // Parameters.
    has_halves: Constant<Bit>,
    place: [Constant<Bits<3>>; KEEP_W],
}

impl<const WORDS: usize, const KEEP_W: usize> Default for FrameUnpacker<WORDS, KEEP_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            head: FrameBlockSink::default(),
            pop: Signal::default(),
            rx: StreamSource::default(),
            half: DFF::default(),
            two_beats: Signal::default(),
            ends: Signal::default(),
            left: Signal::default(),
            has_halves: Constant::new(WORDS == 1),
            place: std::array::from_fn(|byte| Constant::new((byte as u64).into())),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for FrameUnpacker<WORDS, KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, half);
        self.two_beats.next = self.has_halves.val() & self.head.count.val().get_bit(2);
        self.ends.next = !self.two_beats.val() | self.half.q.val();
        self.pop.next = self.head.valid.val() & self.rx.tready.val() & self.ends.val();
        if self.head.valid.val() & self.rx.tready.val() {
            self.half.d.next = !self.ends.val();
        }

        self.rx.tdata[0].next = self.head.data[0].val();
        for i in 1..WORDS {
            self.rx.tdata[i].next = self.head.data[i].val();
        }
        if self.half.q.val() {
            self.rx.tdata[0].next = self.head.data[1].val();
        }
        self.left.next = self.head.count.val();
        if self.half.q.val() {
            self.left.next = self.head.count.val() & 3;
        }
        self.rx.tkeep.next = 1.into();
        for i in 1..KEEP_W {
            if self.left.val() >= self.place[i].val() {
                self.rx.tkeep.next = self.rx.tkeep.val().replace_bit(i, true);
            }
        }
        self.rx.tvalid.next = self.head.valid.val();
        self.rx.tlast.next = self.head.last.val() & self.ends.val();
        self.rx.tuser.next = self.head.poison.val() & self.ends.val();

        if self.reset.val() {
            self.half.d.next = false;
        }
    }
    describe!("Blocks of 8 bytes to beats of a stream.");
}
