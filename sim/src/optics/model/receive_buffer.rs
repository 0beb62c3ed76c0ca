//! The blocks of received frames that wait for the client of a lossless link.

use super::frame_block::FrameBlock;
use super::frame_check::{Checked, Place};
use super::retry_rx::Passed;

/// What the gate does with a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gated {
    /// It is written.
    pub write: Option<FrameBlock>,
    /// The frame leaves.
    pub commit: bool,
    /// It is taken back.
    pub roll_back: bool,
    /// What became of it.
    pub passed: Passed,
}

/// The twin of `FrameGate`.
#[derive(Clone, Debug)]
pub struct FrameGate {
    is_open: bool,
    /// A frame found no room, or ran out of it.
    pub pulses: (bool, bool),
    takes_back: bool,
}

impl FrameGate {
    /// It takes frames back that do not count, or lets them leave poisoned.
    pub fn new(takes_back: bool) -> Self {
        Self {
            is_open: false,
            pulses: (false, false),
            takes_back,
        }
    }

    /// The clock edge, with the frame let in or not if it `lets`, and counting or not.
    pub fn cycle(
        &mut self,
        (checked, place): (&Checked, Place),
        (lets, counts): (bool, bool),
        used: &ReceiveBuffer,
        reset: bool,
    ) -> Gated {
        let mut gated = Gated::default();
        self.pulses = (false, false);
        if checked.valid {
            let (first, last) = (place.is_first, checked.block.last);
            let wanted = if first { lets } else { self.is_open };
            let fits = used.has_places() || (used.has_place() && last);
            let refuses = wanted && first && !fits;
            let closes = wanted && !first && !fits;
            let ends = wanted && last && fits;
            let good = ends && counts && (checked.well || (place.is_final && !checked.hit));
            let bad = ends && !good && !place.is_final;
            let ends_here = last || closes;
            let spoils = checked.block.poison || closes || !checked.well || !counts;
            gated = Gated {
                write: (wanted && (fits || closes)).then_some(FrameBlock {
                    last: ends_here,
                    poison: ends_here && spoils,
                    ..checked.block
                }),
                roll_back: self.takes_back && (closes || bad),
                commit: closes || ends,
                passed: Passed {
                    took: good,
                    failed: refuses || closes || bad,
                },
            };
            gated.commit &= !gated.roll_back;
            self.is_open = wanted && fits && !last;
            self.pulses = (refuses, closes);
        }
        if reset {
            self.is_open = false;
            self.pulses = (false, false);
        }
        gated
    }
}

/// The twin of `ReceiveBuffer`. Places are counted like positions.
#[derive(Clone, Debug)]
pub struct ReceiveBuffer {
    cells: Vec<FrameBlock>,
    write: u16,
    committed: u16,
    read: u16,
    core: FrameBlock,
    core_valid: bool,
    head: FrameBlock,
    head_valid: bool,
    stores: bool,
}

impl ReceiveBuffer {
    /// An empty one of `2^ring_w` blocks; if it `stores`, only what is committed leaves.
    pub fn new(ring_w: usize, stores: bool) -> Self {
        Self {
            cells: vec![FrameBlock::default(); 1 << ring_w],
            write: 0,
            committed: 0,
            read: 0,
            core: FrameBlock::default(),
            core_valid: false,
            head: FrameBlock::default(),
            head_valid: false,
            stores,
        }
    }

    /// The block that is next.
    pub fn head(&self) -> Option<FrameBlock> {
        self.head_valid.then_some(self.head)
    }

    fn used(&self) -> usize {
        usize::from(self.write.wrapping_sub(self.read))
    }

    /// One more block fits.
    pub fn has_place(&self) -> bool {
        self.used() != self.cells.len()
    }

    /// Two more blocks fit.
    pub fn has_places(&self) -> bool {
        self.has_place() && self.used() != self.cells.len() - 1
    }

    /// Places that no frame has that counts.
    pub fn free(&self) -> u16 {
        (self.cells.len() as u16).wrapping_sub(self.committed.wrapping_sub(self.read))
    }

    /// The clock edge.
    pub fn cycle(&mut self, gated: &Gated, pop: bool, reset: bool) {
        let mask = self.cells.len() - 1;
        let readable = if self.stores {
            self.committed
        } else {
            self.write
        };
        let waits = readable != self.read;
        let loads_head = self.core_valid && (!self.head_valid || pop);
        let loads_core = waits && (!self.core_valid || loads_head);
        if loads_head {
            self.head = self.core;
        }
        self.head_valid = loads_head || (self.head_valid && !pop);
        if loads_core {
            self.core = self.cells[usize::from(self.read) & mask];
            self.read = self.read.wrapping_add(1);
        }
        self.core_valid = loads_core || (self.core_valid && !loads_head);

        let (place, next_place) = (self.write, self.write.wrapping_add(1));
        if let Some(block) = gated.write {
            self.cells[usize::from(place) & mask] = block;
            self.write = next_place;
        }
        if gated.roll_back {
            self.write = self.committed;
        }
        if gated.commit {
            self.committed = next_place;
        }
        if reset {
            (self.write, self.committed, self.read) = (0, 0, 0);
            (self.core_valid, self.head_valid) = (false, false);
        }
    }
}
