//! What watches over the receiver: the share of bad headers, and lanes that find no marker.

/// The twin of `BerMonitor`.
#[derive(Clone, Debug)]
pub struct BerMonitor {
    blocks: u32,
    errors: u8,
    has_limit: bool,
    /// There are too many.
    pub hi_ber: bool,
    window: u32,
    limit: u8,
}

impl BerMonitor {
    /// For markers every `period` blocks.
    pub fn new(period: usize) -> Self {
        Self {
            blocks: 0,
            errors: 0,
            has_limit: false,
            hi_ber: false,
            window: (781_250 * period / 16_384) as u32,
            limit: (97 * period / 16_384).max(2) as u8,
        }
    }

    /// The clock edge, with a block that was bad or not.
    pub fn cycle(&mut self, block: Option<bool>, aligned: bool, reset: bool) {
        if reset || !aligned {
            (self.blocks, self.errors) = (0, 0);
            (self.has_limit, self.hi_ber) = (false, false);
            return;
        }
        let Some(is_bad) = block else {
            self.hi_ber |= self.has_limit;
            return;
        };
        self.has_limit |= is_bad && self.errors == self.limit - 1;
        self.hi_ber |= self.has_limit;
        self.errors = (self.errors + u8::from(is_bad)) & 0x7f;
        self.blocks += 1;
        if self.blocks == self.window {
            self.hi_ber = self.has_limit;
            self.has_limit = false;
            (self.blocks, self.errors) = (0, 0);
        }
    }
}

/// The twin of `Interval`: a pulse every so many cycles.
#[derive(Clone, Debug)]
pub struct Interval {
    left: u32,
    /// The pulse.
    pub end: bool,
    cycles: u32,
}

impl Interval {
    /// One of `cycles`.
    pub fn new(cycles: usize) -> Self {
        Self {
            left: cycles as u32,
            end: false,
            cycles: cycles as u32,
        }
    }

    /// The clock edge.
    pub fn cycle(&mut self, reset: bool) {
        self.left -= 1;
        self.end = self.left == 0 && !reset;
        if self.end || reset {
            self.left = self.cycles;
        }
    }
}

/// The twin of `ResetTimer`.
#[derive(Clone, Debug)]
pub struct ResetTimer {
    interval: Interval,
    waits: u16,
    /// Lanes that are to start anew.
    pub requests: u16,
}

impl ResetTimer {
    /// For markers every `cycles` cycles.
    pub fn new(cycles: usize) -> Self {
        Self {
            interval: Interval::new(8 * cycles),
            waits: 0,
            requests: 0,
        }
    }

    /// The clock edge; `lost` are the lanes with light and without marker lock.
    pub fn cycle(&mut self, lost: u16, reset: bool) {
        let is_end = self.interval.end;
        self.interval.cycle(reset);
        self.requests = if is_end && !reset {
            self.waits & lost
        } else {
            0
        };
        self.waits = match (reset, is_end) {
            (true, _) => 0,
            (false, true) => lost,
            (false, false) => self.waits & lost,
        };
    }
}
