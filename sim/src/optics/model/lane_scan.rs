//! Which markers are seen.

use lightswitch_hdl::pcs::marker::Marker;

/// The twin of `LaneScan` and `LaneStatus`. Widths are numbered by halvings, 0 for the full one.
#[derive(Clone, Debug)]
pub struct LaneScan {
    index: usize,
    /// The markers of this walk through the table, and those of the last one, by their place in it.
    walk: u32,
    seen: u32,
    /// One that carries data was there twice.
    is_twice: bool,
    was_twice: bool,
    /// The signatures of all markers.
    codes: Vec<u8>,
    /// Where the markers of each width begin, and last the unused ones.
    begin: Vec<u32>,
    lanes: usize,
    physical: usize,
}

impl LaneScan {
    /// That of a link.
    pub fn new(lanes: usize, physical: usize) -> Self {
        let table = Marker::all(lanes, physical);
        let signatures = table
            .iter()
            .map(|marker| Marker::signature(marker.code(lanes)) as u8);
        let mut begin = vec![0];
        for halvings in 0..=lanes.trailing_zeros() {
            begin.push(begin[halvings as usize] + (lanes >> halvings) as u32);
        }
        Self {
            index: 0,
            walk: 0,
            seen: 0,
            is_twice: false,
            was_twice: false,
            codes: signatures.collect(),
            begin,
            lanes,
            physical,
        }
    }

    /// The widest width of which all lanes are seen, none twice.
    pub fn complete(&self) -> Option<usize> {
        if self.was_twice {
            return None;
        }
        (0..self.begin.len() - 1).find(|width| self.lanes_of(*width) == self.all_of(*width))
    }

    /// The width: of the lanes that are aligned, otherwise the widest of which any lane is seen.
    pub fn width(&self, aligned: Option<usize>) -> usize {
        aligned.unwrap_or_else(|| {
            let mut widths = 0..self.begin.len() - 1;
            widths.find(|width| self.lanes_of(*width) != 0).unwrap_or(0)
        })
    }

    /// The logical lanes of a width that are seen.
    pub fn lanes_of(&self, width: usize) -> u16 {
        (self.seen >> self.begin[width]) as u16 & self.all_of(width)
    }

    /// The unused lanes that are seen.
    pub fn unused(&self) -> u16 {
        (self.seen >> self.begin[self.begin.len() - 1]) as u16 & ((1 << self.physical) - 1)
    }

    fn all_of(&self, width: usize) -> u16 {
        (1 << (self.lanes >> width)) - 1
    }

    /// The clock edge, with the signatures of the lanes that are under lock.
    pub fn cycle(&mut self, locked: impl Iterator<Item = u8>, reset: bool) {
        if reset {
            (self.index, self.walk, self.seen) = (0, 0, 0);
            (self.is_twice, self.was_twice) = (false, false);
            return;
        }
        let wanted = self.codes[self.index];
        let times = locked.filter(|code| *code == wanted).count();
        self.walk |= u32::from(times > 0) << self.index;
        self.is_twice |= times > 1 && has_data(wanted);
        self.index += 1;
        if self.index == self.codes.len() {
            (self.index, self.seen) = (0, self.walk);
            (self.was_twice, self.is_twice) = (self.is_twice, false);
            self.walk = 0;
        }
    }
}

/// Whether a marker of this signature is of a lane that carries data.
pub fn has_data(signature: u8) -> bool {
    signature >> 4 != 1
}
