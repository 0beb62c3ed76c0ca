//! Blocks of a frame to beats.

use super::frame_block::FrameBlock;
use crate::beat::{full_keep, Beat};

/// The twin of `FrameUnpacker`.
#[derive(Clone, Debug)]
pub struct FrameUnpacker {
    /// The second beat of a block is on offer.
    half: bool,
    has_halves: bool,
}

impl FrameUnpacker {
    /// It gives beats of `beat_bytes`, 4 or 8.
    pub fn new(beat_bytes: usize) -> Self {
        Self {
            half: false,
            has_halves: beat_bytes == 4,
        }
    }

    /// The beat of `head` that is next, as it stands at the pins, and whether it is the last of the block.
    pub fn beat(&self, head: FrameBlock) -> (Beat, bool) {
        let ends = !(self.has_halves && head.count >= 4) || self.half;
        let (data, bytes) = match (self.has_halves, self.half) {
            (false, _) => (head.data, head.count),
            (true, false) => (head.data & 0xffff_ffff, head.count.min(3)),
            (true, true) => (head.data >> 32, head.count & 3),
        };
        let beat = Beat {
            data: data.to_le_bytes(),
            keep: full_keep(usize::from(bytes) + 1),
            last: head.last && ends,
            user: head.poison && ends,
            dest: 0,
        };
        (beat, ends)
    }

    /// The clock edge; whether `head` is taken.
    pub fn cycle(&mut self, head: Option<FrameBlock>, ready: bool, reset: bool) -> bool {
        let pops = match head.filter(|_| ready) {
            Some(head) => {
                let (_, ends) = self.beat(head);
                self.half = !ends;
                ends
            }
            None => false,
        };
        self.half &= !reset;
        pops
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::FrameUnpacker as Block;

    use super::*;
    use crate::optics::model::testbench::{random_block, set_block, Rtl};

    fn follows<const WORDS: usize, const KEEP_W: usize>() {
        let mut random = Random::new(7);
        let mut rtl = Rtl::new(Block::<WORDS, KEEP_W>::default());
        let mut model = FrameUnpacker::new(KEEP_W);
        let mut head = None;
        let (mut short, mut whole) = (0, 0);
        for cycle in 0..5_000 {
            if head.is_none() {
                head = random_block(&mut random, 6, 3);
            }
            let ready = random.below(4) > 0;
            let reset = random.below(500) == 0;
            set_block!(rtl.block.head, head);
            rtl.block.rx.tready.next = ready;
            rtl.block.reset.next = reset;
            rtl.settle();
            assert_eq!(rtl.block.rx.tvalid.val(), head.is_some());
            if let Some(head) = head {
                let (beat, _) = model.beat(head);
                let rx = &rtl.block.rx;
                for (word, bytes) in rx.tdata.iter().zip(beat.data.chunks(4)) {
                    assert_eq!(word.val().to_u32().to_le_bytes(), bytes, "cycle {cycle}");
                }
                let pins = (rx.tkeep.val().to_u32(), rx.tlast.val(), rx.tuser.val());
                let expected = (u32::from(beat.keep), beat.last, beat.user);
                assert_eq!(pins, expected, "cycle {cycle}");
                short += u32::from(beat.last && beat.keep.count_ones() < 4);
                whole += u32::from(beat.last && beat.keep == full_keep(KEEP_W));
            }
            let pops = model.cycle(head, ready, reset);
            assert_eq!(rtl.block.pop.val(), pops, "cycle {cycle}");
            if pops {
                head = None;
            }
            rtl.clock();
        }
        assert!(short > 50 && whole > 50, "{short} {whole}");
    }

    #[test]
    fn follows_the_rtl() {
        follows::<1, 4>();
        follows::<2, 8>();
    }
}
