//! Tells when a frame's source has paused too long.
//!
//! ```text
//!                +-----------+
//!   in_frame --->|           |
//!   tvalid ----->|  paused   |--> due
//!   limit ------>|           |
//!                +-----------+
//! ```
//!
//! `due` is high in the cycle after `limit` cycles of a frame without a beat: if that cycle has none either, the source
//! has paused more than `limit` cycles. It is high for one cycle. A limit that falls below a running pause counts at
//! once; while `limited` is low nothing is due, and no pause counts. Reset forgets the pause.

use crate::prelude::*;

/// Counts the cycles a source pauses inside a frame, up to `GAP_W` bits of them.
#[derive(LogicBlock)]
pub struct GapTimer<const GAP_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A frame has begun and is not yet complete.
    pub in_frame: Signal<In, Bit>,
    /// The source offers a beat.
    pub tvalid: Signal<In, Bit>,
    /// Cycles it may pause.
    pub limit: Signal<In, Bits<GAP_W>>,
    /// There is a limit.
    pub limited: Signal<In, Bit>,

    // Egress.
    /// `limit` cycles have passed.
    pub due: Signal<Out, Bit>,

    // State.
    paused: DFF<Bits<GAP_W>>,
    expired: DFF<Bit>,
}

impl<const GAP_W: usize> Default for GapTimer<GAP_W> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            in_frame: Signal::default(),
            tvalid: Signal::default(),
            limit: Signal::default(),
            limited: Signal::default(),
            due: Signal::default(),
            paused: flop_at(1.into()),
            expired: DFF::default(),
        }
    }
}

impl<const GAP_W: usize> Logic for GapTimer<GAP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, paused, expired);
        self.paused.d.next = self.paused.q.val() + 1;
        if self.tvalid.val() | !self.in_frame.val() | !self.limited.val() {
            self.paused.d.next = 1.into();
        }
        self.expired.d.next = self.in_frame.val()
            & !self.tvalid.val()
            & self.limited.val()
            & (self.paused.q.val() >= self.limit.val())
            & !self.expired.q.val();
        self.due.next = self.expired.q.val();
        if self.reset.val() {
            self.expired.d.next = false;
        }
    }

    describe!("Counts the cycles a source pauses inside a frame, up to `GAP_W` bits of them.");
}
