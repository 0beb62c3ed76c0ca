//! A lane's beats that wait for those of the other lanes.

/// Most beats.
const MAX_BEATS: usize = 64;

/// One beat of a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Its bits.
    pub data: u32,
    /// Of a control block.
    pub control: bool,
    /// Of a block whose header was neither.
    pub bad: bool,
    /// The first after a marker.
    pub flag: bool,
}

/// The twin of `DeskewFifo`.
#[derive(Clone, Debug)]
pub struct DeskewFifo {
    cells: [Stored; MAX_BEATS],
    read: usize,
    level: usize,
    stores: bool,
    /// The head, if there is one.
    pub head: Stored,
    /// There is one.
    pub is_valid: bool,
}

impl Default for DeskewFifo {
    fn default() -> Self {
        Self {
            cells: [Stored::default(); MAX_BEATS],
            read: 0,
            level: 0,
            stores: false,
            head: Stored::default(),
            is_valid: false,
        }
    }
}

impl DeskewFifo {
    /// It holds nothing but its head.
    pub fn is_empty(&self) -> bool {
        self.level == 0
    }

    /// The clock edge, with a beat that is no marker's, in a FIFO of `beats`; whether it found no room.
    pub fn cycle(&mut self, beat: Option<Stored>, pop: bool, clear: bool, beats: usize) -> bool {
        let beat = beat.filter(|beat| self.stores || beat.flag);
        let overflows = beat.is_some() && self.level == beats - 2;
        let beat = beat.filter(|_| !overflows);
        if clear {
            (self.read, self.level) = (0, 0);
            (self.stores, self.is_valid) = (false, false);
            return overflows;
        }
        let place = (self.read + self.level) % MAX_BEATS;
        if pop || !self.is_valid {
            self.is_valid = self.level > 0;
            if self.is_valid {
                self.head = self.cells[self.read];
                self.read = (self.read + 1) % MAX_BEATS;
                self.level -= 1;
            }
        }
        if let Some(beat) = beat {
            self.cells[place] = beat;
            self.level += 1;
            self.stores = true;
        }
        overflows
    }
}
