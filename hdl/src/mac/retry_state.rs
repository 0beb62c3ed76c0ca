//! The state of the sender on a lossless link.
//!
//! ```text
//!               +------------+---> is_off, is_init, sends, is_flush
//!   down ------>|            |
//!   opens ----->| RetryState |
//!   rewinds --->|            |
//!   caught ---->+------------+---> state
//! ```
//!
//! `OFF` 0, `INIT` 1, `ADVANCE` 2, `REPLAY` 3, `FLUSH` 4, as `docs/link.md` has them. Latency: 1 cycle. Reset: `OFF`.

use crate::prelude::*;

/// Values of `state`.
pub mod state {
    /// The link is down.
    pub const OFF: u64 = 0;
    /// The far end is told where frames begin.
    pub const INIT: u64 = 1;
    /// Frames are sent.
    pub const ADVANCE: u64 = 2;
    /// Frames are sent again.
    pub const REPLAY: u64 = 3;
    /// The link went down: what was not acknowledged is thrown away.
    pub const FLUSH: u64 = 4;
}

/// State of the sender on a lossless link.
#[derive(LogicBlock)]
pub struct RetryState {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The link is down.
    pub down: Signal<In, Bit>,
    /// The far end says that it expects the head.
    pub opens: Signal<In, Bit>,
    /// The head is put back.
    pub rewinds: Signal<In, Bit>,
    /// The head is at the highest position sent, and every frame before it may be let go of.
    pub caught: Signal<In, Bit>,
    /// The head is to be put back.
    pub due: Signal<In, Bit>,

    // Egress.
    /// The link is down.
    pub is_off: Signal<Out, Bit>,
    /// Frames wait for the far end.
    pub is_init: Signal<Out, Bit>,
    /// Frames are sent, for the first time or again.
    pub sends: Signal<Out, Bit>,
    /// What was sent is thrown away.
    pub is_flush: Signal<Out, Bit>,
    /// The state, see [`state`].
    pub state: Signal<Out, Bits<3>>,

    // State.
    at: DFF<Bits<3>>,

    // Parameters.
    has_retry: Constant<Bit>,
    off: Constant<Bits<3>>,
    init: Constant<Bits<3>>,
    advance: Constant<Bits<3>>,
    replay: Constant<Bits<3>>,
    flush: Constant<Bits<3>>,
}

impl RetryState {
    /// With or without `retry`.
    #[must_use]
    pub fn new(retry: bool) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            down: Signal::default(),
            opens: Signal::default(),
            rewinds: Signal::default(),
            caught: Signal::default(),
            due: Signal::default(),
            is_off: Signal::default(),
            is_init: Signal::default(),
            sends: Signal::default(),
            is_flush: Signal::default(),
            state: Signal::default(),
            at: DFF::default(),
            has_retry: Constant::new(retry),
            off: Constant::new(state::OFF.into()),
            init: Constant::new(state::INIT.into()),
            advance: Constant::new(state::ADVANCE.into()),
            replay: Constant::new(state::REPLAY.into()),
            flush: Constant::new(state::FLUSH.into()),
        }
    }
}

impl Logic for RetryState {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, at);
        self.is_off.next = self.at.q.val() == self.off.val();
        self.is_init.next = self.at.q.val() == self.init.val();
        self.is_flush.next = self.at.q.val() == self.flush.val();
        self.sends.next = !self.is_off.val() & !self.is_init.val() & !self.is_flush.val();
        self.state.next = self.at.q.val();

        if self.is_off.val() & !self.down.val() {
            self.at.d.next = self.init.val();
        }
        if (self.is_init.val() & self.opens.val()) | (self.sends.val() & self.caught.val()) {
            self.at.d.next = self.advance.val();
        }
        if self.sends.val() & self.rewinds.val() {
            self.at.d.next = self.replay.val();
        }
        if self.down.val() & (self.is_init.val() | self.sends.val()) {
            self.at.d.next = self.off.val();
        }
        if self.down.val() & self.sends.val() & self.has_retry.val() {
            self.at.d.next = self.flush.val();
        }
        if self.is_flush.val() & !self.due.val() & self.caught.val() {
            self.at.d.next = self.off.val();
        }

        if self.reset.val() {
            self.at.d.next = self.off.val();
        }
    }
    describe!("State of the sender on a lossless link.");
}
