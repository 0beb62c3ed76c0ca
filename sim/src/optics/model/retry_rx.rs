//! Which received frames count, and what the sender is told of them.

use lightswitch_hdl::link::{message, Features};

use super::frame_check::{Checked, Place};

/// States, as `docs/link.md` numbers them.
mod mode {
    pub const OFF: u8 = 0;
    pub const SEND_ACKS: u8 = 1;
    pub const SEND_NACK: u8 = 2;
    pub const NACK_SENT: u8 = 3;
}

/// Growth of the limit that is told at once.
const LIMIT_STEP: u16 = 16;

/// A position that the sender tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// It begins there.
    pub init: bool,
    /// Where the next frame stands.
    pub position: u16,
}

/// Counter pulses, one cycle after their cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryRxPulses {
    /// A frame did not arrive as it was sent.
    pub hit: bool,
    /// A frame came once more.
    pub duplicate: bool,
    /// A frame came, but not the one that is expected.
    pub missing: bool,
}

/// The twin of `RetryRx`.
#[derive(Clone, Debug)]
pub struct RetryRx {
    mode: u8,
    /// The position that is expected.
    pub expected: u16,
    pulses: RetryRxPulses,
    /// The sender waits for a report.
    asked: bool,
    has_retry: bool,
}

/// What became of a frame at the gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// It counts.
    pub took: bool,
    /// It is to come once more.
    pub failed: bool,
}

impl RetryRx {
    /// With `retry` or without.
    pub fn new(retry: bool) -> Self {
        Self {
            mode: mode::OFF,
            expected: 0,
            pulses: RetryRxPulses::default(),
            asked: false,
            has_retry: retry,
        }
    }

    /// The state.
    pub fn state(&self) -> u8 {
        self.mode
    }

    /// The pulses of this cycle.
    pub fn pulses(&self) -> RetryRxPulses {
        self.pulses
    }

    /// A frame that ends well counts.
    pub fn counts(&self, link_up: bool) -> bool {
        !self.has_retry || (link_up && self.mode != mode::OFF)
    }

    /// The frame at `place` is let in.
    pub fn lets(&self, place: Place, link_up: bool) -> bool {
        !self.has_retry || (self.counts(link_up) && place.at_expected)
    }

    /// What is expected is to be sent again.
    pub fn nack(&self) -> bool {
        self.has_retry && self.mode == mode::SEND_NACK
    }

    /// The sender waits for a report.
    pub fn answers(&self) -> bool {
        self.asked
    }

    /// Reports are sent.
    pub fn is_active(&self, link_up: bool) -> bool {
        link_up && (!self.has_retry || self.mode != mode::OFF)
    }

    /// The clock edge.
    pub fn cycle(
        &mut self,
        (checked, place): (&Checked, Place),
        passed: Passed,
        position: Option<Position>,
        nack_taken: bool,
        link_up: bool,
        reset: bool,
    ) {
        if reset {
            *self = Self::new(self.has_retry);
            return;
        }
        let (was, retry) = (self.mode, self.has_retry);
        let is_off = was == mode::OFF;
        let starts = retry && checked.valid && place.is_first && !is_off;
        let again = starts && place.is_earlier;
        let missing = starts && !place.at_expected && !place.is_earlier && was == mode::SEND_ACKS;
        let is_last = checked.valid && checked.block.last;

        if nack_taken && was == mode::SEND_NACK {
            self.mode = mode::NACK_SENT;
        }
        if missing || (checked.lost && was == mode::SEND_ACKS) || (passed.failed && !is_off) {
            self.mode = mode::SEND_NACK;
        }
        if passed.took {
            self.mode = mode::SEND_ACKS;
        }
        let begins = position.filter(|told| {
            let ahead = told.position.wrapping_sub(self.expected);
            let is_ahead = ahead != 0 && ahead & 0x8000 == 0;
            !retry || (link_up && (told.init || is_off || is_ahead))
        });
        if passed.took || (is_last && !retry) {
            self.expected = place.after;
        }
        if let Some(told) = begins {
            self.mode = mode::SEND_ACKS;
            self.expected = told.position;
        }
        self.pulses = RetryRxPulses {
            hit: checked.lost || (is_last && !checked.well),
            duplicate: again,
            missing,
        };
        self.asked = again || position.is_some_and(|told| retry || told.init);
        if !link_up {
            self.mode = mode::OFF;
        }
    }
}

/// The twin of `ReportWriter`.
#[derive(Clone, Debug)]
pub struct ReportWriter {
    place: u16,
    limit: u16,
    /// The limit that was told last.
    told: u16,
    /// The longest frame finds room.
    asks: bool,
    is_due: bool,
    timer: u32,
    /// Reports were sent, without and with *nack*.
    pub sent: (bool, bool),
    features: Features,
    max_blocks: u16,
    period_cycles: u32,
}

impl ReportWriter {
    /// For frames of up to `max_frame_bytes`, a report every `period_cycles`.
    pub fn new(features: Features, max_frame_bytes: usize, period_cycles: usize) -> Self {
        Self {
            place: 0,
            limit: 0,
            told: 0,
            asks: false,
            is_due: false,
            timer: 0,
            sent: (false, false),
            features,
            max_blocks: max_frame_bytes.div_ceil(8) as u16,
            period_cycles: period_cycles as u32,
        }
    }

    /// The report has a *nack*.
    pub fn is_nack(&self, retry: &RetryRx) -> bool {
        retry.nack() && self.asks
    }

    /// The report that waits.
    pub fn message(&self, retry: &RetryRx, link_up: bool) -> Option<u64> {
        let grown = self.limit.wrapping_sub(self.told);
        let steps = self.features.credits && grown & 0x8000 == 0 && grown >= LIMIT_STEP;
        let is_nack = self.is_nack(retry);
        let is_due = is_nack || self.is_due || steps || self.timer == 0;
        (is_due && retry.is_active(link_up))
            .then(|| message::report(is_nack, self.place, self.limit))
    }

    /// The clock edge, before that of `retry`, with the places that are `free`.
    pub fn cycle(&mut self, retry: &RetryRx, free: u16, taken: bool, reset: bool) {
        let is_nack = self.is_nack(retry);
        self.timer = self.timer.saturating_sub(1);
        if taken {
            self.is_due = false;
            self.told = self.limit;
            self.timer = self.period_cycles;
        }
        self.is_due |= retry.answers() || (self.features.retry && retry.expected != self.place);
        self.sent = (taken && !is_nack, taken && is_nack);
        self.place = retry.expected;
        self.limit = retry.expected.wrapping_add(free);
        self.asks = retry.nack() && free >= self.max_blocks;
        if reset {
            let limit = self.limit;
            *self = Self {
                limit,
                features: self.features,
                max_blocks: self.max_blocks,
                period_cycles: self.period_cycles,
                ..Self::new(self.features, 0, 0)
            };
        }
    }
}
