//! The receiver of one physical lane.

use super::block_lock::BlockLock;
use super::deskew_fifo::{DeskewFifo, Stored};
use super::marker_lock::{MarkerLock, MarkerTable, Place};

/// What all lanes of a link have in common.
#[derive(Clone, Debug)]
pub struct LaneSize {
    /// The markers.
    pub table: MarkerTable,
    /// Bits of a beat.
    pub lane_w: u32,
    /// Beats of a block.
    pub beats: u8,
    /// Blocks from marker to marker.
    pub period: u16,
    /// Places of the deskew FIFO.
    pub fifo_beats: usize,
}

/// What comes from the engine: a beat, whether it is a block's first, its header, and whether the lane is dark.
#[derive(Clone, Copy, Debug, Default)]
pub struct LaneIn {
    /// The beat.
    pub data: u32,
    /// The header.
    pub header: u8,
    /// There is a beat.
    pub valid: bool,
    /// It is a block's first.
    pub first: bool,
    /// No light, or no lock of clock recovery.
    pub dark: bool,
}

/// What the lanes are told.
#[derive(Clone, Copy, Debug, Default)]
pub struct LaneControl {
    /// What is stored is thrown away.
    pub flush: bool,
    /// The head is taken.
    pub pop: bool,
    /// A window of block lock ends.
    pub window_end: bool,
    /// Synchronous reset.
    pub reset: bool,
}

/// The twin of `BipCheck`. Beats come as they are on the wire.
#[derive(Clone, Copy, Debug, Default)]
struct BipCheck {
    /// The parity since the last marker, and that of the interval before.
    sum: u8,
    total: u8,
    /// The bits that differ, the next one lowest; inverted if the lane is.
    differ: u8,
}

impl BipCheck {
    /// The clock edge, with a beat, under a header if it is a block's first.
    fn cycle(&mut self, markers: &MarkerLock, beat: Option<(u32, u8)>, place: Place, lane_w: u32) {
        self.differ = self.differ >> 1 | if markers.inverted { 0x80 } else { 0 };
        let Some((data, header)) = beat else { return };
        let before = self.sum;
        if place.first && markers.is_place {
            self.total = before;
            self.sum = 0;
        }
        if place.middle && markers.is_place && markers.locked {
            let interval = if lane_w == 32 { before } else { self.total };
            self.differ = interval ^ (data >> (lane_w - 8)) as u8;
        }
        if place.first {
            self.sum ^= header << 3;
        }
        self.sum ^= fold(data);
    }
}

/// The twin of `LaneRx`.
#[derive(Clone, Debug, Default)]
pub struct LaneRx {
    count: u8,
    block_header: u8,
    /// Where blocks begin.
    pub blocks: BlockLock,
    /// What the markers say.
    pub markers: MarkerLock,
    bip: BipCheck,
    /// What waits.
    pub fifo: DeskewFifo,
    /// A beat was lost.
    pub has_overflown: bool,
    /// A header was bad.
    pub has_bad_header: bool,
}

impl LaneRx {
    /// The FIFO is empty and at a marker.
    pub fn gap(&self) -> bool {
        let markers = &self.markers;
        self.fifo.is_empty() && ((markers.is_place && markers.locked) || markers.is_after)
    }

    /// A bit differs from the lane's BIP.
    pub fn bip_error(&self) -> bool {
        self.markers.locked && (self.bip.differ & 1 == 1) != self.markers.inverted
    }

    /// The clock edge.
    pub fn cycle(&mut self, size: &LaneSize, inputs: LaneIn, control: LaneControl) {
        let reset = control.reset;
        let (mut data, mut header) = (inputs.data, inputs.header);
        if self.markers.inverted {
            data ^= u32::MAX >> (32 - size.lane_w);
            header ^= 3;
        }

        // Where the beat stands, and what the locks make of it.
        let starts = self.count == 0;
        let place = Place {
            first: inputs.valid && starts,
            middle: inputs.valid && self.count == size.beats / 2 - 1,
            late: self.count & (size.beats / 2) != 0,
            last: inputs.valid && self.count == size.beats - 1,
        };
        let misframed = inputs.valid && inputs.first != starts;
        let was_block_locked = self.blocks.locked;
        let raw_header = (inputs.valid && inputs.first).then_some(inputs.header);
        let is_bad = self.blocks.cycle(raw_header, misframed, control.window_end);
        if inputs.dark || reset {
            self.blocks = BlockLock::default();
        }
        let stored = Stored {
            data,
            control: header == 1,
            bad: header == 0 || header == 3,
            flag: place.first && self.markers.is_after,
        };
        let is_stored = inputs.valid && !inputs.dark && !self.markers.is_place;
        let clear = reset || control.flush || self.has_overflown || !self.markers.locked;
        let stored = is_stored.then_some(stored);
        let overflows = self.fifo.cycle(stored, control.pop, clear, size.fifo_beats);
        self.has_overflown = overflows && !self.has_overflown && !reset;
        self.has_bad_header = is_bad && !reset;
        let raw = inputs.valid.then_some((inputs.data, inputs.header));
        self.bip.cycle(&self.markers, raw, place, size.lane_w);

        let beat = inputs.valid.then_some((data, place));
        let period = size.period;
        self.markers
            .cycle(&size.table, beat, self.block_header, size.lane_w, period);
        if reset || !was_block_locked {
            self.markers.unlock();
            self.markers.inverted &= !reset;
        }
        if place.first {
            self.block_header = header;
        }
        if inputs.valid {
            self.count = if inputs.first {
                1
            } else {
                (self.count + 1) & (size.beats - 1)
            };
        }
        if reset {
            self.count = 0;
        }
    }
}

/// The bytes of `word`, added up.
fn fold(word: u32) -> u8 {
    let half = word ^ word >> 16;
    (half ^ half >> 8) as u8
}
