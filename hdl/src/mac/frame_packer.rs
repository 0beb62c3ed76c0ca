//! Packs a frame's beats into blocks of 8 bytes, and judges their byte enables.
//!
//! ```text
//!              +-------------+
//!  tx stream ->| FramePacker |---> block
//!    tready <--|             |<--- room
//!              +-------------+
//! ```
//!
//! Latency: 1 cycle from a beat (at 32 bits, from the second of a pair or the last) to the block. Throughput: one beat a
//! cycle. A malformed `tkeep` poisons the frame, as in the switch: the beat counts as full, or if it is the last as far as its
//! bytes are contiguous and with byte 0 in any case. Reset: the next beat is a frame's first, `tready` is 0.

use super::ports::FrameBlockSource;
use crate::ingress::KeepCheck;
use crate::prelude::*;

/// What [`KeepCheck`] is told; it is not asked to cut.
const MAX_FRAME_BYTES: usize = 64;

/// Beats of a frame to blocks of 8 bytes.
#[derive(LogicBlock)]
pub struct FramePacker<const WORDS: usize, const KEEP_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Frames, destination address to FCS.
    pub tx: FrameSink<WORDS, KEEP_W>,
    /// A block that comes of this cycle's beat can be taken when it comes.
    pub room: Signal<In, Bit>,

    // Egress.
    /// The block, for one cycle.
    pub block: FrameBlockSource,

    // State.
    words: [DFF<Bits<32>>; 2],
    count: DFF<Bits<3>>,
    is_last: DFF<Bit>,
    is_poisoned: DFF<Bit>,
    is_valid: DFF<Bit>,
    spoiled: DFF<Bit>,
    half: DFF<Bit>,

    // Wires.
    check: KeepCheck<WORDS, KEEP_W>,
    take: Signal<Local, Bit>,
    complete: Signal<Local, Bit>,
    bytes: Signal<Local, Bits<3>>,
    word: [Signal<Local, Bits<32>>; 2],

    // Parameters.
    has_halves: Constant<Bit>,
    place: [Constant<Bits<3>>; KEEP_W],
}

impl<const WORDS: usize, const KEEP_W: usize> Default for FramePacker<WORDS, KEEP_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            tx: FrameSink::default(),
            room: Signal::default(),
            block: FrameBlockSource::default(),
            words: std::array::from_fn(|_| DFF::default()),
            count: DFF::default(),
            is_last: DFF::default(),
            is_poisoned: DFF::default(),
            is_valid: DFF::default(),
            spoiled: DFF::default(),
            half: DFF::default(),
            check: KeepCheck::new(MAX_FRAME_BYTES),
            take: Signal::default(),
            complete: Signal::default(),
            bytes: Signal::default(),
            word: std::array::from_fn(|_| Signal::default()),
            has_halves: Constant::new(WORDS == 1),
            place: std::array::from_fn(|byte| Constant::new((byte as u64).into())),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize> Logic for FramePacker<WORDS, KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            count,
            is_last,
            is_poisoned,
            is_valid,
            spoiled,
            half
        );
        for i in 0..2 {
            self.words[i].clock.next = self.clock.val();
            self.words[i].d.next = self.words[i].q.val();
        }

        // 2. Decide.
        for i in 0..WORDS {
            self.check.tdata[i].next = self.tx.tdata[i].val();
        }
        self.check.tkeep.next = self.tx.tkeep.val();
        self.check.tlast.next = self.tx.tlast.val();
        self.check.limit.next = false;
        self.tx.tready.next = self.room.val() & !self.reset.val();
        self.take.next = self.tx.tvalid.val() & self.room.val();
        self.complete.next =
            self.take.val() & (self.tx.tlast.val() | self.half.q.val() | !self.has_halves.val());
        self.word[0].next = self.check.data[0].val();
        self.word[1].next = 0.into();
        for i in 1..WORDS {
            self.word[i].next = self.check.data[i].val();
        }
        self.bytes.next = 0.into();
        for i in 0..KEEP_W {
            if self.check.keep.val().get_bit(i) {
                self.bytes.next = self.place[i].val();
            }
        }
        if self.half.q.val() {
            self.word[0].next = self.words[0].q.val();
            self.word[1].next = self.check.data[0].val();
            self.bytes.next = self.bytes.val() | 4;
        }

        // 3. Next state.
        self.is_valid.d.next = self.complete.val();
        if self.take.val() {
            for i in 0..2 {
                self.words[i].d.next = self.word[i].val();
            }
            self.count.d.next = self.bytes.val();
            self.is_last.d.next = self.tx.tlast.val();
            self.spoiled.d.next =
                (self.spoiled.q.val() | self.check.malformed.val()) & !self.tx.tlast.val();
            self.is_poisoned.d.next =
                self.tx.tuser.val() | self.spoiled.q.val() | self.check.malformed.val();
            self.half.d.next = !self.complete.val();
        }

        // 4. Drive outputs.
        for i in 0..2 {
            self.block.data[i].next = self.words[i].q.val();
        }
        self.block.count.next = self.count.q.val();
        self.block.last.next = self.is_last.q.val();
        self.block.poison.next = self.is_last.q.val() & self.is_poisoned.q.val();
        self.block.valid.next = self.is_valid.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.is_valid.d.next = false;
            self.spoiled.d.next = false;
            self.half.d.next = false;
        }
    }
    describe!("Beats of a frame to blocks of 8 bytes.");
}
