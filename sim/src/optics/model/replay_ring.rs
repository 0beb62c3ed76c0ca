//! The blocks of frames that wait to be sent, or to be acknowledged.

use super::frame_block::FrameBlock;

/// Places of the ring that are kept free for blocks on their way.
const SPARE_PLACES: u16 = 3;

/// The twin of `ReplayRing`. A block's place is the low bits of its position.
#[derive(Clone, Debug)]
pub struct ReplayRing {
    cells: Vec<FrameBlock>,
    write: u16,
    fetch: u16,
    free: u16,
    /// Behind the last frame that is whole.
    end: u16,
    /// The position of the head.
    position: u16,
    core: FrameBlock,
    core_valid: bool,
    head: FrameBlock,
    head_valid: bool,
    has_room: bool,
    whole: bool,
    enough: bool,
    start_blocks: u16,
    mask: u16,
}

impl ReplayRing {
    /// An empty one of `2^ring_w` blocks; a frame may start when `start_blocks` of it are there, or all.
    pub fn new(ring_w: usize, start_blocks: usize) -> Self {
        Self {
            cells: vec![FrameBlock::default(); 1 << ring_w],
            write: 0,
            fetch: 0,
            free: 0,
            end: 0,
            position: 0,
            core: FrameBlock::default(),
            core_valid: false,
            head: FrameBlock::default(),
            head_valid: false,
            has_room: false,
            whole: false,
            enough: false,
            start_blocks: start_blocks as u16,
            mask: (1 << ring_w) - 1,
        }
    }

    /// The block that is next.
    pub fn head(&self) -> Option<FrameBlock> {
        self.head_valid.then_some(self.head)
    }

    /// Its position.
    pub fn position(&self) -> u16 {
        self.position
    }

    /// There is room for blocks.
    pub fn has_room(&self) -> bool {
        self.has_room
    }

    /// The frame at the head may start.
    pub fn may_start(&self) -> bool {
        self.whole || self.enough
    }

    /// The clock edge; `tail` frees what stands before it, unless it is to `keep`, and takes the head if it is to `rewind`.
    pub fn cycle(
        &mut self,
        write: Option<FrameBlock>,
        pop: bool,
        (tail, keep, rewind): (u16, bool, bool),
        reset: bool,
    ) {
        let mask = self.mask;
        let takes = pop && self.head_valid;
        let head = self.position & mask;
        let ahead = self.write.wrapping_sub(head) & mask;
        let next_head = head.wrapping_add(u16::from(takes)) & mask;
        self.whole = next_head != self.end;
        self.enough = ahead >= self.start_blocks + u16::from(takes);
        self.has_room = (self.write.wrapping_sub(self.free) & mask) <= mask - SPARE_PLACES;
        self.position = self.position.wrapping_add(u16::from(takes));

        // Cells to core when it is free or freed, core to head likewise.
        let loads = !self.head_valid || takes;
        let fetches = loads || !self.core_valid;
        if loads {
            (self.head, self.head_valid) = (self.core, self.core_valid);
        }
        if fetches {
            self.core_valid = self.fetch != self.write;
            if self.core_valid {
                self.core = self.cells[usize::from(self.fetch)];
                self.fetch = (self.fetch + 1) & mask;
            }
        }
        if let Some(block) = write {
            self.cells[usize::from(self.write)] = block;
            self.write = (self.write + 1) & mask;
            if block.last {
                self.end = self.write;
            }
        }
        if rewind {
            self.position = tail;
            self.fetch = tail & mask;
            (self.core_valid, self.head_valid) = (false, false);
        }
        if !keep {
            self.free = tail & mask;
        }
        if reset {
            (self.write, self.fetch, self.free, self.end) = (0, 0, 0, 0);
            self.position = 0;
            (self.core_valid, self.head_valid, self.has_room) = (false, false, false);
            (self.whole, self.enough) = (false, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::ReplayRing as Block;
    use lightswitch_hdl::target::Target;

    use super::*;
    use crate::optics::model::testbench::{number, random_block, set_block, taken_block, Rtl};

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(20);
        let (mut full, mut dry, mut rewound, mut starts) = (0, 0, 0, 0);
        for start_blocks in [1, 7] {
            let mut rtl = Rtl::new(Block::<5>::new(start_blocks, Target::Generic));
            let mut model = ReplayRing::new(5, start_blocks);
            let mut tail = 0;
            for cycle in 0..10_000 {
                let fills = cycle / 200 % 2 == 0;
                let write = random_block(&mut random, if fills { 7 } else { 3 }, 6);
                let write = write.filter(|_| model.has_room());
                let pop = random.below(8) < if fills { 3 } else { 7 };
                if random.below(20) == 0 {
                    let lead = model.position().wrapping_sub(tail);
                    tail = tail.wrapping_add(random.below(u32::from(lead) + 1) as u16);
                }
                let (keep, rewind) = (random.below(20) == 0, random.below(60) == 0);
                let reset = random.below(1_000) == 0;
                set_block!(rtl.block.write, write);
                rtl.block.pop.next = pop;
                rtl.block.tail.next = u64::from(tail).into();
                rtl.block.keep.next = keep;
                rtl.block.rewind.next = rewind;
                rtl.block.reset.next = reset;
                rtl.settle();
                assert_eq!(taken_block!(rtl.block.head), model.head(), "cycle {cycle}");
                let position = number(rtl.block.position.val()) as u16;
                assert_eq!(position, model.position(), "cycle {cycle}");
                assert_eq!(rtl.block.room.val(), model.has_room(), "cycle {cycle}");
                assert_eq!(
                    rtl.block.may_start.val(),
                    model.may_start(),
                    "cycle {cycle}"
                );
                full += u32::from(!model.has_room());
                dry += u32::from(pop && model.head().is_none());
                rewound += u32::from(rewind && tail != position);
                starts += u32::from(model.enough && !model.whole);
                model.cycle(write, pop, (tail, keep, rewind), reset);
                if reset {
                    tail = 0;
                }
                rtl.clock();
            }
        }
        let reached = [full, dry, rewound, starts];
        assert!(reached.iter().all(|times| *times > 20), "{reached:?}");
    }
}
