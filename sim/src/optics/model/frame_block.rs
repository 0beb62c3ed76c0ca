//! One block of a frame, and the FIFO that holds such blocks.

/// Up to eight bytes of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameBlock {
    /// The bytes, the first one lowest.
    pub data: u64,
    /// Bytes, less one.
    pub count: u8,
    /// The frame's last block.
    pub last: bool,
    /// With `last`: the frame is poisoned.
    pub poison: bool,
}

/// The twin of `BlockFifo`: 16 blocks, and whether the oldest frame may start.
#[derive(Clone, Debug)]
pub struct BlockFifo {
    cells: [FrameBlock; Self::CAPACITY],
    read: usize,
    level: usize,
    /// Last blocks in it.
    frames: usize,
    start_blocks: usize,
}

impl BlockFifo {
    const CAPACITY: usize = 16;

    /// An empty one; a frame may start when `start_blocks` of it are there, or all.
    pub fn new(start_blocks: usize) -> Self {
        Self {
            cells: [FrameBlock::default(); Self::CAPACITY],
            read: 0,
            level: 0,
            frames: 0,
            start_blocks,
        }
    }

    /// The oldest block.
    pub fn head(&self) -> Option<FrameBlock> {
        (self.level > 0).then(|| self.cells[self.read])
    }

    /// Two more blocks fit.
    pub fn has_room(&self) -> bool {
        self.level < Self::CAPACITY - 2
    }

    /// The oldest frame may start.
    pub fn may_start(&self) -> bool {
        self.frames > 0 || self.level >= self.start_blocks
    }

    /// The clock edge.
    pub fn cycle(&mut self, write: Option<FrameBlock>, pop: bool, reset: bool) {
        if reset {
            (self.read, self.level, self.frames) = (0, 0, 0);
            return;
        }
        let write = write.filter(|_| self.level < Self::CAPACITY);
        let place = (self.read + self.level) % Self::CAPACITY;
        if pop && self.level > 0 {
            self.frames -= usize::from(self.cells[self.read].last);
            self.read = (self.read + 1) % Self::CAPACITY;
            self.level -= 1;
        }
        if let Some(block) = write {
            self.cells[place] = block;
            self.frames += usize::from(block.last);
            self.level += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::BlockFifo as Block;

    use super::*;
    use crate::optics::model::testbench::{random_block, set_block, taken_block, Rtl};

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(1);
        let (mut full, mut dry, mut starts, mut resets) = (0, 0, 0, 0);
        for start_blocks in [1, 7, 14] {
            let mut rtl = Rtl::new(Block::new(start_blocks));
            let mut model = BlockFifo::new(start_blocks);
            for cycle in 0..6_000 {
                let fills = cycle / 300 % 2 == 0;
                let write = random_block(&mut random, if fills { 7 } else { 3 }, 12);
                let pop = random.below(8) < if fills { 3 } else { 7 };
                let reset = random.below(700) == 0;
                set_block!(rtl.block.write, write);
                rtl.block.pop.next = pop;
                rtl.block.reset.next = reset;
                rtl.settle();
                assert_eq!(taken_block!(rtl.block.head), model.head(), "cycle {cycle}");
                assert_eq!(rtl.block.room.val(), model.has_room());
                assert_eq!(rtl.block.may_start.val(), model.may_start());
                full += u32::from(write.is_some() && model.level == BlockFifo::CAPACITY);
                dry += u32::from(pop && model.level == 0);
                starts += u32::from(model.may_start() && model.frames == 0);
                resets += u32::from(reset);
                model.cycle(write, pop, reset);
                rtl.clock();
            }
        }
        assert!(
            full > 0 && dry > 0 && starts > 0 && resets > 0,
            "{full} {dry} {starts} {resets}"
        );
    }
}
