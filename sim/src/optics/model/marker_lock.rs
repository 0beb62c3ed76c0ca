//! A lane's markers, and with them its identity and polarity.

use lightswitch_hdl::pcs::block::{CONTROL_HEADER, DATA_HEADER};
use lightswitch_hdl::pcs::marker::Marker;

/// What markers look like: the first half without its parity, and what the RTL calls it.
#[derive(Clone, Debug)]
pub struct MarkerTable {
    known: Vec<(u32, u8)>,
}

impl MarkerTable {
    /// The markers of a link.
    pub fn new(lanes: usize, physical: usize) -> Self {
        let known = Marker::all(lanes, physical).into_iter().map(|marker| {
            let code = marker.code(lanes);
            let [m0, m1, m2] = Marker::bytes(code);
            let begin = u32::from_le_bytes([m0, m1, m2, 0]);
            (begin, Marker::signature(code) as u8)
        });
        Self {
            known: known.collect(),
        }
    }

    /// The signature of the marker that begins with `half`, if there is one.
    fn find(&self, half: u32) -> Option<u8> {
        let known = self.known.iter();
        let mut found = known.filter(|(begin, _)| *begin == half & 0x00ff_ffff);
        found.next().map(|(_, code)| *code)
    }
}

/// Where in its block a beat stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// It is the first.
    pub first: bool,
    /// It is the last of the first half.
    pub middle: bool,
    /// It is in the second half.
    pub late: bool,
    /// It is the last.
    pub last: bool,
}

/// The twin of `MarkerLock`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MarkerLock {
    /// The last 32 bits.
    past: u32,
    /// Each beat of the second half so far is the complement of its twin in the first.
    opposite: bool,
    /// The first half is that of this marker.
    first_code: Option<u8>,
    blocks: u16,
    has_first: bool,
    misses: u8,
    /// It is locked.
    pub locked: bool,
    /// The signature of the last marker.
    pub code: u8,
    /// The lane is inverted.
    pub inverted: bool,
    /// The block is in a marker's place.
    pub is_place: bool,
    /// The block follows a marker.
    pub is_after: bool,
}

impl MarkerLock {
    /// The last 32 bits, with this beat.
    pub fn window(&self, data: u32, lane_w: u32) -> u32 {
        (u64::from(self.past) >> lane_w) as u32 | data << (32 - lane_w)
    }

    /// The clock edge, with a beat if there is one, under the header of its block.
    pub fn cycle(
        &mut self,
        table: &MarkerTable,
        beat: Option<(u32, Place)>,
        header: u8,
        lane_w: u32,
        period: u16,
    ) {
        let Some((data, place)) = beat else { return };
        let window = self.window(data, lane_w);
        let mut equal = !(data ^ self.past) & (u32::MAX >> (32 - lane_w));
        if place.last {
            equal &= u32::MAX >> (32 - lane_w) >> 8;
        }
        let is_opposite = self.opposite && equal == 0;
        self.past = window;
        self.opposite = place.middle || is_opposite;
        if place.middle {
            self.first_code = table.find(window);
        }
        if place.last {
            let code = self
                .first_code
                .filter(|_| is_opposite && header == CONTROL_HEADER);
            let is_complement =
                is_opposite && header == DATA_HEADER && table.find(window).is_some();
            self.end_block(code, is_complement, period);
        }
    }

    /// The end of a block that was the marker `code`, or none, or the complement of one.
    fn end_block(&mut self, code: Option<u8>, is_complement: bool, period: u16) {
        let (was_place, was_locked, had_first) = (self.is_place, self.locked, self.has_first);
        let is_same = code == Some(self.code);
        let stays = was_locked && !(was_place && code.is_none() && self.misses == 3);
        self.is_place = self.blocks == period - 2;
        self.is_after = was_place && (stays || is_same);
        self.blocks = (self.blocks + 1) & (period - 1);
        if was_place {
            self.misses = (self.misses + 1) & 3;
            self.has_first = code.is_some();
            self.locked = stays || is_same;
        }
        if let Some(code) = code.filter(|_| was_place || (!was_locked && !had_first)) {
            self.blocks = 0;
            self.is_place = false;
            self.has_first = true;
            self.misses = 0;
            self.code = code;
        }
        self.inverted ^= is_complement && !was_locked && !had_first;
    }

    /// Nothing is known, but the polarity.
    pub fn unlock(&mut self) {
        self.has_first = false;
        self.locked = false;
        self.is_place = false;
        self.is_after = false;
    }
}
