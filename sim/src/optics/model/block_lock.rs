//! The bit phase of a lane's blocks.

/// Good headers in a row that lock.
const GOOD_HEADERS: u8 = 64;
/// Bad headers in a window that unlock.
const BAD_HEADERS: u8 = 65;
/// Cycles after a slip in which headers are ignored.
const PAUSE_CYCLES: u8 = 16;

/// The twin of `BlockLock`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockLock {
    /// It is locked.
    pub locked: bool,
    /// The engine is asked for a slip.
    pub slip: bool,
    is_paused: bool,
    /// Good headers, bad ones under lock, or cycles of a pause.
    count: u8,
}

impl BlockLock {
    /// The clock edge, with the header that came; whether that was bad, under lock.
    pub fn cycle(&mut self, header: Option<u8>, misframed: bool, window_end: bool) -> bool {
        self.slip = false;
        let is_bad = matches!(header, Some(0 | 3));
        if self.locked {
            self.count += u8::from(is_bad);
            if misframed || self.count == BAD_HEADERS {
                *self = Self::default();
            } else if window_end {
                self.count = 0;
            }
            return is_bad;
        }
        if self.is_paused {
            self.count += 1;
            if self.count == PAUSE_CYCLES {
                (self.is_paused, self.count) = (false, 0);
            }
        } else if is_bad {
            (self.slip, self.is_paused, self.count) = (true, true, 0);
        } else if header.is_some() {
            self.count += 1;
            if self.count == GOOD_HEADERS {
                (self.locked, self.count) = (true, 0);
            }
        }
        false
    }
}
