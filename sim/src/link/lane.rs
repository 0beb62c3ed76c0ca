//! One physical lane of the receiver: block lock, polarity, marker lock, parity.

use lightswitch_hdl::pcs::block::{CONTROL_HEADER, DATA_HEADER};
use lightswitch_hdl::pcs::marker::{bip8, Marker};

use super::{Block, Size};

/// Good headers in a row that lock.
const GOOD_HEADERS: u32 = 64;
/// Bad headers in a window that unlock.
const BAD_HEADERS: u32 = 65;
/// Blocks of that window.
const WINDOW_BLOCKS: u32 = 1_024;
/// Markers that must be missed in a row to unlock.
const MISSES: u32 = 4;
/// Bits of a payload that tell the marker: all but the two bytes of parity.
const MARKER_BITS: u64 = 0x00ff_ffff_00ff_ffff;

/// The markers of one size of link, to be found by their payload.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Payload without the parity, and the marker.
    markers: Vec<(u64, Marker)>,
}

impl Table {
    pub(super) fn new(size: Size) -> Self {
        let markers = Marker::all(size.lanes, size.physical());
        let entry = |marker: Marker| {
            let payload = Marker::payload(marker.code(size.lanes), 0);
            (payload & MARKER_BITS, marker)
        };
        Self {
            markers: markers.into_iter().map(entry).collect(),
        }
    }

    fn find(&self, block: Block) -> Option<Marker> {
        // The second half is the complement of the first: true of few blocks, and of every marker.
        if block.header != CONTROL_HEADER
            || (block.payload ^ block.payload >> 32) & 0x00ff_ffff != 0x00ff_ffff
        {
            return None;
        }
        let payload = block.payload & MARKER_BITS;
        let found = self.markers.iter().find(|(known, _)| *known == payload);
        found.map(|(_, marker)| *marker)
    }

    fn find_inverted(&self, block: Block) -> bool {
        block.header == DATA_HEADER && self.find(block.inverted()).is_some()
    }
}

/// Where the lane is in its search for markers. Blocks since the last one are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    None,
    One(Marker, usize),
    Locked(Marker, usize),
}

/// What one block did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a pulse of its own, as in the RTL"
)]
pub(super) struct Step {
    /// Frame one bit later, please.
    pub slip: bool,
    /// The block as it was sent, if the markers are under lock.
    pub block: Option<Block>,
    /// It is a marker, or stands where one belongs: what the lane is.
    pub marker: Option<Marker>,
    /// Under block lock.
    pub locked: bool,
    /// Under block lock, and its header is neither.
    pub bad_header: bool,
    /// Bits of parity that differ.
    pub bip_errors: u32,
    /// A marker was not there.
    pub missed: bool,
    /// A lock was lost.
    pub lost: bool,
}

/// The state of one lane.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    size: Size,
    good: u32,
    locked: bool,
    window: u32,
    bad: u32,
    inverted: bool,
    search: Search,
    misses: u32,
    bip: u8,
}

impl Lane {
    pub(super) fn new(size: Size) -> Self {
        Self {
            size,
            good: 0,
            locked: false,
            window: 0,
            bad: 0,
            inverted: false,
            search: Search::None,
            misses: 0,
            bip: 0,
        }
    }

    /// Block lock.
    pub(super) const fn has_blocks(&self) -> bool {
        self.locked
    }

    /// The marker under lock.
    pub(super) const fn marker(&self) -> Option<Marker> {
        match self.search {
            Search::Locked(marker, _) => Some(marker),
            _ => None,
        }
    }

    /// The lane was found to be inverted.
    pub(super) const fn is_inverted(&self) -> bool {
        self.inverted
    }

    /// There is no light: all locks are lost.
    pub(super) fn dark(&mut self) -> Step {
        let lost = self.locked;
        self.unlock();
        Step {
            lost,
            ..Step::default()
        }
    }

    fn unlock(&mut self) {
        (self.locked, self.good) = (false, 0);
        self.search = Search::None;
    }

    /// Takes the next block.
    pub(super) fn step(&mut self, block: Block, table: &Table) -> Step {
        let mut step = Step::default();
        let is_good = block.has_good_header();
        if !self.locked {
            self.good = if is_good { self.good + 1 } else { 0 };
            step.slip = !is_good;
            if self.good == GOOD_HEADERS {
                self.locked = true;
                (self.window, self.bad) = (0, 0);
            }
            return step;
        }
        step.locked = true;
        step.bad_header = !is_good;
        self.window += 1;
        self.bad += u32::from(!is_good);
        if self.bad == BAD_HEADERS {
            self.unlock();
            step.lost = true;
            return step;
        }
        if self.window == WINDOW_BLOCKS {
            (self.window, self.bad) = (0, 0);
        }
        let block = if self.inverted {
            block.inverted()
        } else {
            block
        };
        self.find(block, table, &mut step);
        step
    }

    fn find(&mut self, block: Block, table: &Table, step: &mut Step) {
        let found = table.find(block);
        let parity = bip8(block.header, block.payload);
        let period = self.size.marker_period;
        self.search = match self.search {
            Search::None | Search::One(..) if table.find_inverted(block) => {
                self.inverted = !self.inverted;
                Search::None
            }
            Search::None => found.map_or(Search::None, |marker| Search::One(marker, 0)),
            Search::One(marker, since) if since + 1 < period => Search::One(marker, since + 1),
            Search::One(marker, _) if found == Some(marker) => {
                (self.misses, self.bip) = (0, 0);
                step.marker = found;
                Search::Locked(marker, 0)
            }
            Search::One(..) => found.map_or(Search::None, |marker| Search::One(marker, 0)),
            Search::Locked(marker, since) if since + 1 < period => {
                Search::Locked(marker, since + 1)
            }
            Search::Locked(marker, _) => {
                self.misses = if found.is_some() { 0 } else { self.misses + 1 };
                step.missed = found.is_none();
                if found.is_some() {
                    let sent = (block.payload >> 24) as u8;
                    step.bip_errors = (sent ^ self.bip).count_ones();
                }
                self.bip = 0;
                if self.misses == MISSES {
                    step.lost = true;
                    Search::None
                } else {
                    let marker = found.unwrap_or(marker);
                    step.marker = Some(marker);
                    Search::Locked(marker, 0)
                }
            }
        };
        self.bip ^= parity;
        if self.marker().is_some() {
            step.block = Some(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        lanes: 4,
        spares: 1,
        marker_period: 16,
    };

    /// A lane that is fed blocks one by one.
    struct Bench {
        lane: Lane,
        table: Table,
        bip: u8,
        since: usize,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                lane: Lane::new(SIZE),
                table: Table::new(SIZE),
                bip: 0,
                since: 0,
            }
        }

        /// The next block as a transmitter would send it, changed by `change`.
        fn step(&mut self, marker: Marker, change: impl Fn(Block) -> Block) -> Step {
            let block = if self.since == 0 {
                let bip = std::mem::take(&mut self.bip);
                Block::control(Marker::payload(marker.code(SIZE.lanes), bip))
            } else {
                Block::data(self.since as u64 * 0x0123_4567_89ab_cdef)
            };
            self.bip ^= bip8(block.header, block.payload);
            self.since = (self.since + 1) % SIZE.marker_period;
            self.lane.step(change(block), &self.table)
        }

        /// Steps until the markers are under lock; how many blocks that took.
        fn lock(&mut self, marker: Marker, change: impl Fn(Block) -> Block + Copy) -> usize {
            let taken = (1..1_000).find(|_| {
                self.step(marker, change);
                self.lane.marker().is_some()
            });
            taken.expect("the lane locks")
        }
    }

    const MARKER: Marker = Marker::Data { lane: 2, width: 4 };

    #[test]
    fn locks_after_64_headers_and_two_markers() {
        let mut bench = Bench::new();
        assert_eq!(bench.lock(MARKER, |block| block), 64 + 17);
        assert!(bench.lane.has_blocks() && !bench.lane.is_inverted());
        for _ in 0..64 {
            let step = bench.step(MARKER, |block| block);
            assert_eq!(step.marker.is_some(), bench.since == 1);
            assert!(step.block.is_some() && step.bip_errors == 0 && !step.missed);
        }
    }

    #[test]
    fn an_inverted_lane_locks_a_search_later() {
        let mut bench = Bench::new();
        let taken = bench.lock(MARKER, Block::inverted);
        assert_eq!(taken, 64 + 1 + 16 + 16);
        assert!(bench.lane.is_inverted());
        let step = bench.step(MARKER, Block::inverted);
        assert_eq!(step.block, Some(Block::data(0x0123_4567_89ab_cdef)));
    }

    #[test]
    fn three_markers_may_be_missed_and_not_four() {
        for misses in 1..=4 {
            let mut bench = Bench::new();
            bench.lock(MARKER, |block| block);
            let hurt = |block: Block| Block {
                payload: block.payload ^ 0x10,
                ..block
            };
            let mut lost = false;
            for number in 0..16 * misses {
                let step = bench.step(MARKER, |block| {
                    let is_marker = block.header == CONTROL_HEADER;
                    if is_marker {
                        hurt(block)
                    } else {
                        block
                    }
                });
                assert_eq!(step.missed, number % 16 == 15, "{number}");
                assert_eq!(step.marker.is_some(), step.missed && !step.lost);
                lost |= step.lost;
            }
            assert_eq!(lost, misses == 4);
            assert!(bench.lane.has_blocks(), "block lock stays");
        }
    }

    #[test]
    fn another_marker_in_the_right_place_is_a_change_of_plan() {
        let mut bench = Bench::new();
        bench.lock(MARKER, |block| block);
        let other = Marker::Unused { lane: 2 };
        let steps: Vec<Step> = (0..16).map(|_| bench.step(other, |block| block)).collect();
        assert_eq!(steps[15].marker, Some(other));
        assert!(!steps[15].missed && steps[15].bip_errors == 0);
        assert_eq!(bench.lane.marker(), Some(other));
    }

    #[test]
    fn parity_counts_wrong_bits_once() {
        for bit in 0..64 {
            let mut bench = Bench::new();
            bench.lock(MARKER, |block| block);
            let mut errors = 0;
            for number in 0..32 {
                let step = bench.step(MARKER, |block| Block {
                    payload: block.payload ^ u64::from(number == 5) << bit,
                    ..block
                });
                errors += step.bip_errors;
                assert!(!step.missed);
            }
            assert_eq!(errors, 1, "{bit}");
        }
    }

    #[test]
    fn bad_headers_unlock_at_65_of_1024() {
        for bad in [64, 65] {
            let mut bench = Bench::new();
            bench.lock(MARKER, |block| block);
            // The window has begun with the block lock.
            let (mut lost, mut made) = (0, 0);
            for number in 0..2 * WINDOW_BLOCKS {
                let is_bad = bench.since % 2 == 1 && made < bad;
                made += u32::from(is_bad);
                let step = bench.step(MARKER, |block| Block {
                    header: if is_bad { 0 } else { block.header },
                    ..block
                });
                assert_eq!(step.bad_header, is_bad, "{number}");
                assert!(!step.slip || lost > 0);
                lost += u32::from(step.lost);
            }
            assert_eq!(lost, u32::from(bad == 65), "{bad}");
        }
    }

    #[test]
    fn no_light_unlocks_at_once_and_a_slip_is_asked_for_without_lock_only() {
        let mut bench = Bench::new();
        let none = |block| Block { header: 3, ..block };
        assert!(bench.step(MARKER, none).slip);
        bench.lock(MARKER, |block| block);
        assert!(!bench.step(MARKER, none).slip);
        assert!(bench.lane.dark().lost);
        assert!(!bench.lane.has_blocks() && bench.lane.marker().is_none());
        assert!(!bench.lane.dark().lost);
    }
}
