//! Judges whether a frame arrived as it was sent, a block at a time: its damage and its FCS.
//!
//! ```text
//!                 +-----------------------+---> checked
//!   block ------->| words [ flop ]------->|---> well
//!   hit, lost --->| CRC-32 ^-> [ flop ]-->|---> is_hit, is_lost
//!                 +-----------------------+
//! ```
//!
//! A frame arrived *well* if it was not hit, and its FCS is right, or right with all bits inverted (stomped), or it was sent poisoned.
//! `well` speaks of the frame whose last block is `checked`. Latency: 1 cycle. Throughput: one block a cycle; a frame's first block
//! comes two cycles after the last one of the frame before, or later. Reset: no block, the next one is a frame's first.
//!
//! The register of the CRC goes into the block's first four bytes by XOR, so that one matrix serves both; after a frame's last block it
//! becomes all ones again.

use super::ports::{FrameBlockSink, FrameBlockSource};
use crate::ingress::{crc32, LinearMap};
use crate::prelude::*;

/// Judgement of frames as they are received.
#[derive(LogicBlock)]
pub struct FrameCheck {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next block of a frame.
    pub block: FrameBlockSink,
    /// With the last: the link damaged the frame.
    pub hit: Signal<In, Bit>,
    /// A frame ended before it had any block.
    pub lost: Signal<In, Bit>,

    // Egress.
    /// The block of the cycle before.
    pub checked: FrameBlockSource,
    /// With its last block: the frame arrived as it was sent.
    pub well: Signal<Out, Bit>,
    /// `hit` of this block.
    pub is_hit: Signal<Out, Bit>,
    /// `lost` of the cycle before.
    pub is_lost: Signal<Out, Bit>,

    // State.
    words: [DFF<Bits<32>>; 2],
    count: DFF<Bits<3>>,
    is_last: DFF<Bit>,
    is_poisoned: DFF<Bit>,
    was_hit: DFF<Bit>,
    was_lost: DFF<Bit>,
    is_valid: DFF<Bit>,
    register: DFF<Bits<32>>,

    // Wires.
    map: [LinearMap; 2],
    residue: Signal<Local, Bits<32>>,
    fcs_good: Signal<Local, Bit>,
    fcs_stomped: Signal<Local, Bit>,

    // Parameters.
    all_ones: Constant<Bits<32>>,
    index: [Constant<Bits<3>>; 8],
    good: [Constant<Bits<32>>; 8],
}

impl Default for FrameCheck {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            block: FrameBlockSink::default(),
            hit: Signal::default(),
            lost: Signal::default(),
            checked: FrameBlockSource::default(),
            well: Signal::default(),
            is_hit: Signal::default(),
            is_lost: Signal::default(),
            words: std::array::from_fn(|_| DFF::default()),
            count: DFF::default(),
            is_last: DFF::default(),
            is_poisoned: DFF::default(),
            was_hit: DFF::default(),
            was_lost: DFF::default(),
            is_valid: DFF::default(),
            register: flop_at(u64::from(crc32::INITIAL).into()),
            map: [8, 4].map(|bytes| LinearMap::new(move |word| crc32::advance(word, bytes))),
            residue: Signal::default(),
            fcs_good: Signal::default(),
            fcs_stomped: Signal::default(),
            all_ones: Constant::new(u64::from(crc32::INITIAL).into()),
            index: std::array::from_fn(|i| Constant::new((i as u64).into())),
            good: std::array::from_fn(|i| {
                Constant::new(u64::from(crc32::good_residue(7 - i)).into())
            }),
        }
    }
}

impl Logic for FrameCheck {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, count, is_last, is_poisoned);
        dff_setup!(self, clock, was_hit, was_lost, is_valid, register);
        for i in 0..2 {
            self.words[i].clock.next = self.clock.val();
        }

        // 2. Decide.
        self.map[0].word.next = self.block.data[0].val() ^ self.register.q.val();
        self.map[1].word.next = self.block.data[1].val();
        self.residue.next = 0.into();
        for i in 0..8 {
            if self.count.q.val() == self.index[i].val() {
                self.residue.next = self.good[i].val();
            }
        }
        self.fcs_good.next = self.register.q.val() == self.residue.val();
        self.fcs_stomped.next = !self.register.q.val().any();

        // 3. Next state.
        if self.is_valid.q.val() & self.is_last.q.val() {
            self.register.d.next = self.all_ones.val();
        }
        if self.block.valid.val() {
            self.register.d.next = self.map[0].image.val() ^ self.map[1].image.val();
        }
        for i in 0..2 {
            self.words[i].d.next = self.block.data[i].val();
        }
        self.count.d.next = self.block.count.val();
        self.is_last.d.next = self.block.last.val();
        self.is_poisoned.d.next = self.block.poison.val();
        self.was_hit.d.next = self.hit.val();
        self.is_valid.d.next = self.block.valid.val();
        self.was_lost.d.next = self.lost.val();

        // 4. Drive outputs.
        for i in 0..2 {
            self.checked.data[i].next = self.words[i].q.val();
        }
        self.checked.count.next = self.count.q.val();
        self.checked.last.next = self.is_last.q.val();
        self.checked.poison.next = self.is_poisoned.q.val();
        self.checked.valid.next = self.is_valid.q.val();
        self.well.next = !self.was_hit.q.val()
            & (self.is_poisoned.q.val() | self.fcs_good.val() | self.fcs_stomped.val());
        self.is_hit.next = self.was_hit.q.val();
        self.is_lost.next = self.was_lost.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.is_valid.d.next = false;
            self.was_lost.d.next = false;
            self.register.d.next = self.all_ones.val();
        }
    }
    describe!("Judgement of frames as they are received.");
}
