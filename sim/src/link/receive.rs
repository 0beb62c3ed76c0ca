//! The receiving PCS: blocks of each physical lane, as the engine frames them, to blocks in order.

use std::collections::VecDeque;

use lightswitch_hdl::pcs::marker::Marker;

use super::lane::{Lane, Step, Table};
use super::{Block, Descrambler, Size};

/// Marker period of 40GBASE-R, which the window of the error monitor is scaled by.
const STANDARD_PERIOD: usize = 16_384;
/// Bad headers in the window of 40GBASE-R that are too many.
const STANDARD_BAD: usize = 97;
/// Blocks of that window, over all lanes.
const STANDARD_WINDOW: usize = 781_250;

/// A block out of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The block, descrambled.
    pub block: Block,
    /// Its header was neither data nor control, or it is the first after an alignment, which fills the descrambler.
    pub is_bad: bool,
}

/// What the receiver saw go wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bad headers of each physical lane under block lock.
    pub header_errors: Vec<u64>,
    /// Differing bits of parity of each physical lane under marker lock.
    pub bip_errors: Vec<u64>,
    /// Markers that were not there, of each physical lane under marker lock.
    pub missed_markers: Vec<u64>,
    /// Bit slips of each physical lane.
    pub slips: Vec<u64>,
    /// Alignments found.
    pub alignments: u64,
    /// Alignments lost, for any reason.
    pub losses: u64,
    /// Deskew FIFOs that overflowed; those of the lanes that are there do while another is missing.
    pub overflows: u64,
}

/// A block in a deskew FIFO, and what its lane is if it is a marker.
type Entry = (Block, Option<Marker>);

/// The receiving side.
#[derive(Clone, Debug)]
pub struct Receiver {
    size: Size,
    deskew_blocks: usize,
    table: Table,
    lanes: Vec<Lane>,
    fifos: Vec<VecDeque<Entry>>,
    /// The physical lane of each logical one; empty while not aligned.
    chosen: Vec<usize>,
    is_first: bool,
    descrambler: Descrambler,
    out: VecDeque<Received>,
    counts: Counts,
    monitor: Monitor,
}

impl Receiver {
    /// A receiver after reset, whose lanes may be `deskew_blocks` blocks apart.
    ///
    /// # Panics
    /// If there is no link of this size.
    #[must_use]
    pub fn new(size: Size, deskew_blocks: usize) -> Self {
        size.check();
        let lanes = size.physical();
        Self {
            size,
            deskew_blocks,
            table: Table::new(size),
            lanes: vec![Lane::new(size); lanes],
            fifos: vec![VecDeque::new(); lanes],
            chosen: Vec::new(),
            is_first: true,
            descrambler: Descrambler::default(),
            out: VecDeque::new(),
            counts: Counts {
                header_errors: vec![0; lanes],
                bip_errors: vec![0; lanes],
                missed_markers: vec![0; lanes],
                slips: vec![0; lanes],
                ..Counts::default()
            },
            monitor: Monitor::new(size),
        }
    }

    /// All logical lanes are there, in order.
    #[must_use]
    pub fn is_aligned(&self) -> bool {
        !self.chosen.is_empty()
    }

    /// The physical lane of each logical lane; none while not aligned.
    #[must_use]
    pub fn chosen(&self) -> &[usize] {
        &self.chosen
    }

    /// Block lock of a physical lane.
    #[must_use]
    pub fn has_blocks(&self, lane: usize) -> bool {
        self.lanes[lane].has_blocks()
    }

    /// The marker of a physical lane, if it is under lock.
    #[must_use]
    pub fn marker(&self, lane: usize) -> Option<Marker> {
        self.lanes[lane].marker()
    }

    /// The physical lane is inverted.
    #[must_use]
    pub fn is_inverted(&self, lane: usize) -> bool {
        self.lanes[lane].is_inverted()
    }

    /// Too many bad headers.
    #[must_use]
    pub const fn hi_ber(&self) -> bool {
        self.monitor.is_high
    }

    /// What was seen to go wrong so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The next block in order, if there is one.
    pub fn take(&mut self) -> Option<Received> {
        self.out.pop_front()
    }

    /// The physical lane has no light.
    pub fn dark(&mut self, lane: usize) {
        let step = self.lanes[lane].dark();
        self.follow(lane, step);
    }

    /// The physical lane's next block as it is framed now; true: a bit slip, please.
    pub fn block(&mut self, lane: usize, block: Block) -> bool {
        let step = self.lanes[lane].step(block, &self.table);
        self.follow(lane, step);
        step.slip
    }

    fn follow(&mut self, lane: usize, step: Step) {
        self.counts.slips[lane] += u64::from(step.slip);
        self.counts.header_errors[lane] += u64::from(step.bad_header);
        self.counts.bip_errors[lane] += u64::from(step.bip_errors);
        self.counts.missed_markers[lane] += u64::from(step.missed);
        if step.locked {
            self.monitor.block(step.bad_header);
        }
        if step.lost {
            self.fifos[lane].clear();
            if self.chosen.contains(&lane) {
                self.lose();
            }
        }
        if let Some(block) = step.block {
            self.store(lane, (block, step.marker));
        }
    }

    fn store(&mut self, lane: usize, entry: Entry) {
        let starts = entry.1.is_some();
        let fifo = &mut self.fifos[lane];
        // Not aligned: nothing before a marker. An unused lane drains by itself.
        let takes = starts || !fifo.is_empty() || self.chosen.contains(&lane);
        if !takes {
            return;
        }
        fifo.push_back(entry);
        if self.chosen.is_empty() {
            self.align();
        }
        while self.advance() {}
        if self.fifos[lane].len() > self.deskew_blocks {
            self.counts.overflows += 1;
            self.lose();
        }
    }

    fn lose(&mut self) {
        self.counts.losses += u64::from(self.is_aligned());
        self.chosen.clear();
        self.fifos.iter_mut().for_each(VecDeque::clear);
    }

    /// Finds one physical lane for each logical one, all of one width, at a marker that waits.
    fn align(&mut self) {
        let waiting = |lane: usize| {
            let (_, marker) = self.fifos[lane].front()?;
            *marker
        };
        let physical = 0..self.size.physical();
        let width = physical.clone().find_map(|lane| match waiting(lane)? {
            Marker::Data { width, .. } => Some(width),
            Marker::Unused { .. } => None,
        });
        let Some(width) = width else { return };
        let chosen: Option<Vec<usize>> = (0..width)
            .map(|lane| {
                let marker = Some(Marker::Data { lane, width });
                let here = physical.clone().find(|lane| waiting(*lane) == marker)?;
                let claims = self.lanes.iter().filter(|lane| lane.marker() == marker);
                (claims.count() == 1).then_some(here)
            })
            .collect();
        if let Some(chosen) = chosen {
            self.chosen = chosen;
            self.is_first = true;
            self.counts.alignments += 1;
        }
    }

    /// Gives one row of blocks, or takes one of markers, if it is all there. True if something moved.
    fn advance(&mut self) -> bool {
        let mut moved = false;
        for lane in 0..self.fifos.len() {
            if !self.chosen.is_empty() && !self.chosen.contains(&lane) {
                moved |= self.drain(lane);
            }
        }
        if self.chosen.is_empty() {
            return false;
        }
        let heads = self.chosen.iter().map(|lane| self.fifos[*lane].front());
        let Some(heads) = heads.collect::<Option<Vec<_>>>() else {
            return moved;
        };
        let markers = heads.iter().filter(|(_, marker)| marker.is_some()).count();
        if markers == 0 {
            for place in 0..self.chosen.len() {
                let entry = self.fifos[self.chosen[place]].pop_front();
                let (block, _) = entry.expect("every head is there");
                self.give(block);
            }
            true
        } else if markers == self.chosen.len() {
            self.change() || moved
        } else {
            self.lose();
            true
        }
    }

    /// Removes what nobody waits for from a lane that is not chosen.
    fn drain(&mut self, lane: usize) -> bool {
        let fifo = &mut self.fifos[lane];
        let holds = |entry: &Entry| matches!(entry.1, Some(Marker::Data { .. }));
        let before = fifo.len();
        while fifo.front().is_some_and(|entry| !holds(entry)) {
            fifo.pop_front();
        }
        fifo.len() != before
    }

    /// A row of markers at the heads of all chosen lanes: chooses by them. False if one to choose is not there yet.
    fn change(&mut self) -> bool {
        let head = |lane: usize| self.fifos[lane].front().and_then(|(_, marker)| *marker);
        let width_of = |lane: &usize| match head(*lane)? {
            Marker::Data { width, .. } => Some(width),
            Marker::Unused { .. } => None,
        };
        let mut widths: Vec<usize> = self.chosen.iter().filter_map(width_of).collect();
        if widths.is_empty() {
            widths = (0..self.fifos.len())
                .filter_map(|lane| width_of(&lane))
                .collect();
        }
        let Some(width) = widths.first().copied() else {
            return false;
        };
        if widths.iter().any(|other| *other != width) {
            self.lose();
            return true;
        }
        let find = |lane: usize| {
            let marker = Some(Marker::Data { lane, width });
            // That which has it already, if two claim to.
            let old = self.chosen.iter().copied();
            old.chain(0..self.fifos.len())
                .find(|lane| head(*lane) == marker)
        };
        let Some(chosen) = (0..width).map(find).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let old = std::mem::replace(&mut self.chosen, chosen);
        for lane in 0..self.fifos.len() {
            if old.contains(&lane) || self.chosen.contains(&lane) {
                self.fifos[lane].pop_front();
            }
        }
        true
    }

    fn give(&mut self, block: Block) {
        let Block { header, payload } = block;
        let is_first = std::mem::replace(&mut self.is_first, false);
        self.out.push_back(Received {
            block: Block {
                header,
                payload: self.descrambler.next(payload),
            },
            is_bad: is_first || !block.has_good_header(),
        });
    }
}

/// Counts bad headers in windows of blocks over all lanes.
#[derive(Clone, Debug)]
struct Monitor {
    limit: usize,
    window: usize,
    blocks: usize,
    bad: usize,
    is_high: bool,
}

impl Monitor {
    fn new(size: Size) -> Self {
        let scaled = |figure: usize| figure * size.marker_period / STANDARD_PERIOD;
        Self {
            limit: scaled(STANDARD_BAD).max(2),
            window: scaled(STANDARD_WINDOW).max(1),
            blocks: 0,
            bad: 0,
            is_high: false,
        }
    }

    fn block(&mut self, is_bad: bool) {
        self.blocks += 1;
        self.bad += usize::from(is_bad);
        if self.bad == self.limit {
            self.is_high = true;
        }
        if self.blocks == self.window {
            self.is_high = self.bad >= self.limit;
            (self.blocks, self.bad) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_monitor_is_scaled_and_looks_at_whole_windows() {
        let mut monitor = Monitor::new(Size::REFERENCE);
        assert_eq!((monitor.limit, monitor.window), (6, 48_828));
        for block in 0..48_828 {
            monitor.block(block < 5);
            assert!(!monitor.is_high);
        }
        for block in 0..48_828 {
            monitor.block(block < 6);
            assert_eq!(monitor.is_high, block >= 5);
        }
        for _ in 0..48_827 {
            monitor.block(false);
            assert!(monitor.is_high, "until a window ends without");
        }
        monitor.block(false);
        assert!(!monitor.is_high);
    }
}
