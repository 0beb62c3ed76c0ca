//! Finds the frames in the blocks that are received.
//!
//! ```text
//!                 +-------------+
//!   BlockReader ->|             |---> block, hit, lost
//!   arrive ------>| FrameParser |
//!   up ---------->|             |---> stat_*
//!                 +-------------+
//! ```
//!
//! A frame's block is held until the next one tells whether it was the last; the bytes of an end block follow by themselves, one
//! cycle later. Latency: 1 cycle to the register it is held in, from there to the output none. Throughput: one block a cycle. What
//! ends a frame, and what poisons it: see `docs/link.md`. With the last block of a poisoned frame, `hit` tells those that the link
//! damaged from those that were sent poisoned. A frame's first block leaves two cycles after the last one of the frame before at the
//! earliest. Counter pulses come one cycle after their cause. Reset: no frame is open.

use super::frame_damage::FrameDamage;
use super::ports::FrameBlockSource;
use crate::prelude::*;

/// Bits of a frame's number of blocks.
const COUNT_W: usize = 13;

/// Frames from blocks, as they are received.
#[derive(LogicBlock)]
pub struct FrameParser {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A frame's bytes, see `BlockReader`.
    pub data: [Signal<In, Bits<32>>; 2],
    /// Bytes of an end block.
    pub end_bytes: Signal<In, Bits<3>>,
    /// It is a data block.
    pub is_data: Signal<In, Bit>,
    /// It starts a frame.
    pub is_start: Signal<In, Bit>,
    /// It ends a frame.
    pub is_end: Signal<In, Bit>,
    /// It is an error block, sent as such.
    pub is_error: Signal<In, Bit>,
    /// It is bad, or not known.
    pub is_damaged: Signal<In, Bit>,
    /// It is an idle block or an ordered set.
    pub is_between: Signal<In, Bit>,
    /// There is a block in this cycle.
    pub arrive: Signal<In, Bit>,
    /// The PCS is aligned.
    pub up: Signal<In, Bit>,

    // Egress.
    /// The next block of a frame.
    pub block: FrameBlockSource,
    /// With the last: the frame is not as it was sent.
    pub hit: Signal<Out, Bit>,
    /// A frame ended before it had any block.
    pub lost: Signal<Out, Bit>,
    /// A frame ended as it should.
    pub stat_frame: Signal<Out, Bit>,
    /// A frame was ended by something else.
    pub stat_broken: Signal<Out, Bit>,
    /// A frame was too long, and was cut.
    pub stat_too_long: Signal<Out, Bit>,
    /// A frame ended as it should and has less than 64 bytes, or none: then nothing of it was given.
    pub stat_short: Signal<Out, Bit>,
    /// A frame had a block that was an error or not known.
    pub stat_damaged: Signal<Out, Bit>,

    // State.
    in_frame: DFF<Bit>,
    damage: FrameDamage,
    words: [DFF<Bits<32>>; 2],
    count: DFF<Bits<3>>,
    is_held: DFF<Bit>,
    is_final: DFF<Bit>,
    blocks: DFF<Bits<COUNT_W>>,
    at_limit: DFF<Bit>,
    ended: DFF<Bit>,
    broke: DFF<Bit>,
    cut: DFF<Bit>,
    was_short: DFF<Bit>,
    damaged: DFF<Bit>,

    // Wires.
    tail_bytes: Signal<Local, Bits<4>>,
    too_long: Signal<Local, Bit>,
    broken: Signal<Local, Bit>,
    take: Signal<Local, Bit>,
    tail: Signal<Local, Bit>,
    plain_end: Signal<Local, Bit>,
    finish: Signal<Local, Bit>,
    wrong: Signal<Local, Bit>,

    // Parameters.
    before_limit: Constant<Bits<COUNT_W>>,
    max_rest: Constant<Bits<4>>,
    min_blocks: Constant<Bits<COUNT_W>>,
}

impl FrameParser {
    /// Cuts frames that are longer than `max_frame_bytes`.
    ///
    /// # Panics
    /// If `max_frame_bytes` is not in 64..=65 535.
    #[must_use]
    pub fn new(max_frame_bytes: usize) -> Self {
        assert!(
            (64..=65_535).contains(&max_frame_bytes),
            "max_frame_bytes is {max_frame_bytes}: give 64 to 65535"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            end_bytes: Signal::default(),
            is_data: Signal::default(),
            is_start: Signal::default(),
            is_end: Signal::default(),
            is_error: Signal::default(),
            is_damaged: Signal::default(),
            is_between: Signal::default(),
            arrive: Signal::default(),
            up: Signal::default(),
            block: FrameBlockSource::default(),
            hit: Signal::default(),
            lost: Signal::default(),
            stat_frame: Signal::default(),
            stat_broken: Signal::default(),
            stat_too_long: Signal::default(),
            stat_short: Signal::default(),
            stat_damaged: Signal::default(),
            in_frame: DFF::default(),
            damage: FrameDamage::default(),
            words: std::array::from_fn(|_| DFF::default()),
            count: DFF::default(),
            is_held: DFF::default(),
            is_final: DFF::default(),
            blocks: DFF::default(),
            at_limit: DFF::default(),
            ended: DFF::default(),
            broke: DFF::default(),
            cut: DFF::default(),
            was_short: DFF::default(),
            damaged: DFF::default(),
            tail_bytes: Signal::default(),
            too_long: Signal::default(),
            broken: Signal::default(),
            take: Signal::default(),
            tail: Signal::default(),
            plain_end: Signal::default(),
            finish: Signal::default(),
            wrong: Signal::default(),
            before_limit: Constant::new((max_frame_bytes as u64 / 8 - 1).into()),
            max_rest: Constant::new((max_frame_bytes as u64 % 8).into()),
            min_blocks: Constant::new(8.into()),
        }
    }
}

impl Logic for FrameParser {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self, clock, in_frame, count, is_held, is_final, blocks, at_limit, ended, broke, cut,
            was_short, damaged
        );
        for i in 0..2 {
            self.words[i].clock.next = self.clock.val();
            self.words[i].d.next = self.words[i].q.val();
        }

        // 2. Decide what the block means for the open frame.
        self.tail_bytes.next = bit_cast::<4, 3>(self.end_bytes.val());
        self.too_long.next = self.in_frame.q.val()
            & self.arrive.val()
            & self.at_limit.q.val()
            & (self.is_data.val()
                | (self.is_end.val() & (self.tail_bytes.val() > self.max_rest.val())));
        self.broken.next = self.in_frame.q.val()
            & (!self.up.val()
                | (self.arrive.val() & (self.is_start.val() | self.is_between.val())));
        self.take.next = self.in_frame.q.val()
            & self.arrive.val()
            & self.up.val()
            & self.is_data.val()
            & !self.too_long.val();
        self.plain_end.next = self.in_frame.q.val()
            & self.arrive.val()
            & self.up.val()
            & self.is_end.val()
            & !self.too_long.val();
        self.tail.next = self.plain_end.val() & self.end_bytes.val().any();
        self.finish.next = self.too_long.val()
            | self.broken.val()
            | (self.plain_end.val() & !self.end_bytes.val().any());
        self.wrong.next = self.in_frame.q.val()
            & self.arrive.val()
            & (self.is_error.val() | self.is_damaged.val());
        self.damage.clock.next = self.clock.val();
        self.damage.starts.next = self.arrive.val() & self.up.val() & self.is_start.val();
        self.damage.is_error.next = self.wrong.val() & self.is_error.val();
        self.damage.is_damaged.next = self.wrong.val() & self.is_damaged.val();
        self.damage.gives.next = self.take.val() | self.tail.val();

        // 3. The block that is held leaves.
        for i in 0..2 {
            self.block.data[i].next = self.words[i].q.val();
        }
        self.block.count.next = self.count.q.val();
        self.block.last.next = self.is_final.q.val() | self.finish.val();
        self.block.poison.next = self.block.last.val()
            & (self.damage.spoiled.val() | self.too_long.val() | self.broken.val());
        self.hit.next = self.block.last.val()
            & (self.damage.hit.val()
                | self.too_long.val()
                | self.broken.val()
                | (self.plain_end.val() & self.damage.warned.val() & !self.end_bytes.val().any()));
        self.lost.next = self.finish.val() & !self.is_held.q.val();
        self.block.valid.next = self.is_held.q.val()
            & (self.is_final.q.val() | self.take.val() | self.tail.val() | self.finish.val());
        if self.block.valid.val() {
            self.is_held.d.next = false;
            self.is_final.d.next = false;
        }

        // 4. Next state: the next block is held.
        if self.take.val() | self.tail.val() {
            for i in 0..2 {
                self.words[i].d.next = self.data[i].val();
            }
            self.count.d.next = 7.into();
            self.is_held.d.next = true;
            self.blocks.d.next = self.blocks.q.val() + 1;
            self.at_limit.d.next = self.blocks.q.val() == self.before_limit.val();
        }
        if self.tail.val() {
            self.count.d.next = self.end_bytes.val() - 1;
            self.is_final.d.next = true;
        }
        if self.plain_end.val() | self.too_long.val() | self.broken.val() {
            self.in_frame.d.next = false;
        }
        if self.arrive.val() & self.up.val() & self.is_start.val() {
            self.in_frame.d.next = true;
            self.blocks.d.next = 0.into();
            self.at_limit.d.next = false;
        }

        // 5. Count.
        self.ended.d.next = self.plain_end.val();
        self.broke.d.next = self.broken.val();
        self.cut.d.next = self.too_long.val();
        self.was_short.d.next =
            self.plain_end.val() & (self.blocks.q.val() < self.min_blocks.val());
        self.damaged.d.next = self.wrong.val();
        self.stat_frame.next = self.ended.q.val();
        self.stat_broken.next = self.broke.q.val();
        self.stat_too_long.next = self.cut.q.val();
        self.stat_short.next = self.was_short.q.val();
        self.stat_damaged.next = self.damaged.q.val();

        // 6. Reset wins.
        if self.reset.val() {
            self.in_frame.d.next = false;
            self.is_held.d.next = false;
            self.is_final.d.next = false;
            self.ended.d.next = false;
            self.broke.d.next = false;
            self.cut.d.next = false;
            self.was_short.d.next = false;
            self.damaged.d.next = false;
        }
    }
    describe!("Frames from blocks, as they are received.");
}
