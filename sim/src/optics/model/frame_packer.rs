//! Beats of a frame to blocks of eight bytes.

use super::frame_block::FrameBlock;
use crate::beat::{full_keep, Beat};

/// The bytes that a byte enable lets through.
const BYTES: [u64; 256] = {
    let mut bytes = [0; 256];
    let mut keep = 0;
    while keep < 256 {
        let mut byte = 0;
        while byte < 8 {
            if keep >> byte & 1 == 1 {
                bytes[keep] |= 0xff << (8 * byte);
            }
            byte += 1;
        }
        keep += 1;
    }
    bytes
};

/// The twin of `FramePacker`.
#[derive(Clone, Debug)]
pub struct FramePacker {
    block: FrameBlock,
    is_valid: bool,
    /// A beat of the frame under way was malformed.
    spoiled: bool,
    /// The first half of a block is there.
    half: bool,
    beat_bytes: usize,
}

impl FramePacker {
    /// It packs beats of `beat_bytes`, 4 or 8.
    pub fn new(beat_bytes: usize) -> Self {
        Self {
            block: FrameBlock::default(),
            is_valid: false,
            spoiled: false,
            half: false,
            beat_bytes,
        }
    }

    /// The block of this cycle.
    pub fn block(&self) -> Option<FrameBlock> {
        self.is_valid.then_some(self.block)
    }

    /// The clock edge; `tx` is taken if there is `room`.
    pub fn cycle(&mut self, tx: Option<&Beat>, room: bool, reset: bool) {
        self.is_valid = false;
        if reset {
            self.spoiled = false;
            self.half = false;
            return;
        }
        let Some(beat) = tx.filter(|_| room) else {
            return;
        };
        let full = full_keep(self.beat_bytes);
        let has_hole = (beat.keep >> 1) & !beat.keep != 0;
        let malformed = has_hole
            || (if beat.last {
                beat.keep == 0
            } else {
                beat.keep != full
            });
        let (mut data, mut count) = (u64::from_le_bytes(beat.data), self.beat_bytes as u8 - 1);
        if beat.last {
            data &= BYTES[usize::from(beat.keep)];
            count = (beat.keep.trailing_ones() as u8).max(1) - 1;
        }
        if self.half {
            data = self.block.data & 0xffff_ffff | data << 32;
            count |= 4;
        }
        self.is_valid = beat.last || self.half || self.beat_bytes == 8;
        self.half = !self.is_valid;
        self.block = FrameBlock {
            data,
            count,
            last: beat.last,
            poison: beat.last && (beat.user || self.spoiled || malformed),
        };
        self.spoiled = !beat.last && (self.spoiled || malformed);
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::FramePacker as Block;

    use super::*;
    use crate::optics::model::testbench::{random_beat, set_beat, taken_block, Rtl};

    fn follows<const WORDS: usize, const KEEP_W: usize>() {
        let mut random = Random::new(2);
        let mut rtl = Rtl::new(Block::<WORDS, KEEP_W>::default());
        let mut model = FramePacker::new(KEEP_W);
        let (mut poisoned, mut sound, mut spoiled) = (0, 0, 0);
        for cycle in 0..8_000 {
            let beat = random_beat(&mut random, KEEP_W, 8);
            let room = random.below(5) > 0;
            let reset = random.below(500) == 0;
            set_beat!(rtl.block.tx, beat);
            rtl.block.room.next = room;
            rtl.block.reset.next = reset;
            rtl.settle();
            assert_eq!(
                taken_block!(rtl.block.block),
                model.block(),
                "cycle {cycle}"
            );
            assert_eq!(rtl.block.tx.tready.val(), room && !reset);
            if let Some(block) = model.block().filter(|block| block.last) {
                poisoned += u32::from(block.poison);
                sound += u32::from(!block.poison);
                spoiled += u32::from(block.poison && block.count == 7);
            }
            model.cycle(beat.as_ref(), room, reset);
            rtl.clock();
        }
        assert!(poisoned > 100 && sound > 100 && spoiled > 0);
    }

    #[test]
    fn follows_the_rtl() {
        follows::<1, 4>();
        follows::<2, 8>();
    }
}
