//! Tells the sender what has arrived, what to send again, and up to where it may send: when that changes, and again and again.
//!
//! ```text
//!                      +--------------+---> message
//!   expected, nack --->|              |---> valid
//!   free ------------->| ReportWriter |<--- taken
//!   answer, active --->|              |---> stat_ack, stat_nack
//!                      +--------------+
//! ```
//!
//! The message stands one cycle after what it tells; it holds until `taken`, and is then one of that cycle. One is offered
//! while it has a *nack*, which waits until the longest frame finds room; after a change of `expected` (with `retry`) or an `answer`; when the limit is `LIMIT_STEP` blocks beyond the one
//! that was told (with `credits`); and `period_cycles` after the last one. Counter pulses come one cycle after `taken`. Reset, and while not
//! `active`: nothing is told.

use crate::link::{message, Features};
use crate::prelude::*;

/// Blocks that the limit grows before it is told.
const LIMIT_STEP: u64 = 16;

/// Reports of the lossless link.
#[derive(LogicBlock)]
pub struct ReportWriter {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next position to come.
    pub expected: Signal<In, Bits<16>>,
    /// The sender is to go back to it.
    pub nack: Signal<In, Bit>,
    /// Places of the buffer behind what is committed.
    pub free: Signal<In, Bits<16>>,
    /// The sender wants to hear it.
    pub answer: Signal<In, Bit>,
    /// There is something to report.
    pub active: Signal<In, Bit>,
    /// The message is taken at the next clock edge.
    pub taken: Signal<In, Bit>,

    // Egress.
    /// The message: its kind, *nack* in bit 4, *expected* from bit 8, *limit* from bit 24.
    pub message: [Signal<Out, Bits<32>>; 2],
    /// There is one.
    pub valid: Signal<Out, Bit>,
    /// It has a *nack*.
    pub is_nack: Signal<Out, Bit>,
    /// One was taken, without a *nack*.
    pub stat_ack: Signal<Out, Bit>,
    /// One was taken, with a *nack*.
    pub stat_nack: Signal<Out, Bit>,

    // State.
    place: DFF<Bits<16>>,
    limit: DFF<Bits<16>>,
    told: DFF<Bits<16>>,
    asks: DFF<Bit>,
    is_due: DFF<Bit>,
    timer: DFF<Bits<24>>,
    acked: DFF<Bit>,
    nacked: DFF<Bit>,

    // Wires.
    grown: Signal<Local, Bits<16>>,
    steps: Signal<Local, Bit>,
    low: Signal<Local, Bits<32>>,
    wide: Signal<Local, Bits<32>>,

    // Parameters.
    retry: Constant<Bit>,
    credits: Constant<Bit>,
    kind: Constant<Bits<32>>,
    limit_step: Constant<Bits<16>>,
    max_blocks: Constant<Bits<16>>,
    period_cycles: Constant<Bits<24>>,
}

impl ReportWriter {
    /// For these features and frames of at most `max_frame_bytes`, a report at least every `period_cycles`.
    ///
    /// # Panics
    /// If `period_cycles` is not in 1..2^24.
    #[must_use]
    pub fn new(features: Features, max_frame_bytes: usize, period_cycles: usize) -> Self {
        assert!(
            (1..1 << 24).contains(&period_cycles),
            "period_cycles is {period_cycles}: give 1 to 16777215"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            expected: Signal::default(),
            nack: Signal::default(),
            free: Signal::default(),
            answer: Signal::default(),
            active: Signal::default(),
            taken: Signal::default(),
            message: std::array::from_fn(|_| Signal::default()),
            valid: Signal::default(),
            is_nack: Signal::default(),
            stat_ack: Signal::default(),
            stat_nack: Signal::default(),
            place: DFF::default(),
            limit: DFF::default(),
            told: DFF::default(),
            asks: DFF::default(),
            is_due: DFF::default(),
            timer: DFF::default(),
            acked: DFF::default(),
            nacked: DFF::default(),
            grown: Signal::default(),
            steps: Signal::default(),
            low: Signal::default(),
            wide: Signal::default(),
            retry: Constant::new(features.retry),
            credits: Constant::new(features.credits),
            kind: Constant::new(message::REPORT.into()),
            limit_step: Constant::new(LIMIT_STEP.into()),
            max_blocks: Constant::new((max_frame_bytes.div_ceil(8) as u64).into()),
            period_cycles: Constant::new((period_cycles as u64).into()),
        }
    }
}

impl Logic for ReportWriter {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, place, limit, told, asks, is_due, timer, acked, nacked);

        // 2. What there is to tell.
        self.place.d.next = self.expected.val();
        self.limit.d.next = self.expected.val() + self.free.val();
        self.asks.d.next = self.nack.val() & (self.free.val() >= self.max_blocks.val());
        self.is_nack.next = self.nack.val() & self.asks.q.val();
        self.grown.next = self.limit.q.val() - self.told.q.val();
        self.steps.next = self.credits.val()
            & !self.grown.val().get_bit(15)
            & (self.grown.val() >= self.limit_step.val());
        self.low.next = bit_cast::<32, 16>(self.place.q.val()) << 8;
        self.wide.next = bit_cast::<32, 16>(self.limit.q.val());
        self.message[0].next = self.kind.val() | self.low.val() | (self.wide.val() << 24);
        if self.is_nack.val() {
            self.message[0].next = self.kind.val() | self.low.val() | (self.wide.val() << 24) | 16;
        }
        self.message[1].next = self.wide.val() >> 8;

        // 3. When.
        self.valid.next = self.active.val()
            & (self.is_nack.val()
                | self.is_due.q.val()
                | self.steps.val()
                | !self.timer.q.val().any());
        if self.timer.q.val().any() {
            self.timer.d.next = self.timer.q.val() - 1;
        }
        if self.taken.val() {
            self.is_due.d.next = false;
            self.told.d.next = self.limit.q.val();
            self.timer.d.next = self.period_cycles.val();
        }
        if self.answer.val() | (self.retry.val() & (self.expected.val() != self.place.q.val())) {
            self.is_due.d.next = true;
        }
        self.acked.d.next = self.taken.val() & !self.is_nack.val();
        self.nacked.d.next = self.taken.val() & self.is_nack.val();
        self.stat_ack.next = self.acked.q.val();
        self.stat_nack.next = self.nacked.q.val();

        // 4. Reset wins.
        if self.reset.val() {
            self.place.d.next = 0.into();
            self.told.d.next = 0.into();
            self.asks.d.next = false;
            self.is_due.d.next = false;
            self.timer.d.next = 0.into();
            self.acked.d.next = false;
            self.nacked.d.next = false;
        }
    }
    describe!("Reports of the lossless link.");
}
