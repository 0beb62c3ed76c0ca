//! Receiver of the lossless link: says which frame is to come, which one counts, and asks for those that are missing.
//!
//! ```text
//!                     +---------+---> lets, counts
//!   PositionCheck --->|         |---> expected, nack
//!   FrameGate ------->| RetryRx |---> answer, active
//!   position, init -->|         |---> state
//!   link_up --------->+---------+---> stat_*
//! ```
//!
//! States, as `docs/link.md` describes them: 0 `OFF`, 1 `SEND_ACKS`, 2 `SEND_NACK`, 3 `NACK_SENT`. Without `retry` every frame is let in
//! and counts, and `state` says nothing. `lets` and `counts` are combinational, `expected` and `state` move one cycle after a frame's
//! last block, counter pulses come one cycle after their cause. Reset: `OFF`, position 0 is expected.

use crate::prelude::*;

/// Receiver of the lossless link.
#[derive(LogicBlock)]
pub struct RetryRx {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The link is up.
    pub link_up: Signal<In, Bit>,
    /// There is a block.
    pub valid: Signal<In, Bit>,
    /// It is its frame's first.
    pub first: Signal<In, Bit>,
    /// It is its frame's last.
    pub last: Signal<In, Bit>,
    /// With the last: the frame arrived as it was sent.
    pub well: Signal<In, Bit>,
    /// A frame ended before it had any block.
    pub lost: Signal<In, Bit>,
    /// Its frame is the one that is expected.
    pub at_expected: Signal<In, Bit>,
    /// Its frame is one before that.
    pub is_earlier: Signal<In, Bit>,
    /// The position behind the block.
    pub after: Signal<In, Bits<16>>,
    /// The block ends a frame that counts.
    pub took: Signal<In, Bit>,
    /// A frame that was let in does not count, or found no room.
    pub failed: Signal<In, Bit>,
    /// A position message has come.
    pub position_valid: Signal<In, Bit>,
    /// It begins anew.
    pub position_init: Signal<In, Bit>,
    /// What it says.
    pub position: Signal<In, Bits<16>>,
    /// A report with a *nack* is taken at the next clock edge.
    pub nack_taken: Signal<In, Bit>,

    // Egress.
    /// The frame may come in, if there is room.
    pub lets: Signal<Out, Bit>,
    /// It counts if it arrived well.
    pub counts: Signal<Out, Bit>,
    /// The next position to come.
    pub expected: Signal<Out, Bits<16>>,
    /// The sender is to go back to it.
    pub nack: Signal<Out, Bit>,
    /// The sender wants to hear it, in step with `expected`.
    pub answer: Signal<Out, Bit>,
    /// There is something to report.
    pub active: Signal<Out, Bit>,
    /// See above.
    pub state: Signal<Out, Bits<2>>,
    /// A frame did not arrive as it was sent.
    pub stat_hit: Signal<Out, Bit>,
    /// A frame came once more, and was dropped.
    pub stat_duplicate: Signal<Out, Bit>,
    /// A frame came, but not the one that is expected.
    pub stat_missing: Signal<Out, Bit>,

    // State.
    mode: DFF<Bits<2>>,
    place: DFF<Bits<16>>,
    was_hit: DFF<Bit>,
    was_again: DFF<Bit>,
    was_missing: DFF<Bit>,
    asked: DFF<Bit>,

    // Wires.
    is_off: Signal<Local, Bit>,
    starts: Signal<Local, Bit>,
    again: Signal<Local, Bit>,
    missing: Signal<Local, Bit>,
    ahead: Signal<Local, Bits<16>>,
    begins: Signal<Local, Bit>,

    // Parameters.
    retry: Constant<Bit>,
    off: Constant<Bits<2>>,
    send_acks: Constant<Bits<2>>,
    send_nack: Constant<Bits<2>>,
    nack_sent: Constant<Bits<2>>,
}

impl RetryRx {
    /// With `retry`, or for credits alone.
    #[must_use]
    pub fn new(retry: bool) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            link_up: Signal::default(),
            valid: Signal::default(),
            first: Signal::default(),
            last: Signal::default(),
            well: Signal::default(),
            lost: Signal::default(),
            at_expected: Signal::default(),
            is_earlier: Signal::default(),
            after: Signal::default(),
            took: Signal::default(),
            failed: Signal::default(),
            position_valid: Signal::default(),
            position_init: Signal::default(),
            position: Signal::default(),
            nack_taken: Signal::default(),
            lets: Signal::default(),
            counts: Signal::default(),
            expected: Signal::default(),
            nack: Signal::default(),
            answer: Signal::default(),
            active: Signal::default(),
            state: Signal::default(),
            stat_hit: Signal::default(),
            stat_duplicate: Signal::default(),
            stat_missing: Signal::default(),
            mode: DFF::default(),
            place: DFF::default(),
            was_hit: DFF::default(),
            was_again: DFF::default(),
            was_missing: DFF::default(),
            asked: DFF::default(),
            is_off: Signal::default(),
            starts: Signal::default(),
            again: Signal::default(),
            missing: Signal::default(),
            ahead: Signal::default(),
            begins: Signal::default(),
            retry: Constant::new(retry),
            off: Constant::new(0.into()),
            send_acks: Constant::new(1.into()),
            send_nack: Constant::new(2.into()),
            nack_sent: Constant::new(3.into()),
        }
    }
}

impl Logic for RetryRx {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            mode,
            place,
            was_hit,
            was_again,
            was_missing,
            asked
        );

        // 2. Decide.
        self.is_off.next = self.mode.q.val() == self.off.val();
        self.counts.next = self.link_up.val() & !self.is_off.val();
        self.lets.next = self.counts.val() & self.at_expected.val();
        self.starts.next = self.valid.val() & self.first.val() & !self.is_off.val();
        self.again.next = self.starts.val() & self.is_earlier.val();
        self.missing.next = self.starts.val()
            & !self.at_expected.val()
            & !self.is_earlier.val()
            & (self.mode.q.val() == self.send_acks.val());
        self.ahead.next = self.position.val() - self.place.q.val();
        self.begins.next = self.position_valid.val()
            & self.link_up.val()
            & (self.position_init.val()
                | self.is_off.val()
                | (self.ahead.val().any() & !self.ahead.val().get_bit(15)));
        if !self.retry.val() {
            self.counts.next = true;
            self.lets.next = true;
            self.again.next = false;
            self.missing.next = false;
            self.begins.next = self.position_valid.val();
        }

        // 3. Next state.
        if self.nack_taken.val() & (self.mode.q.val() == self.send_nack.val()) {
            self.mode.d.next = self.nack_sent.val();
        }
        if self.missing.val()
            | (self.lost.val() & (self.mode.q.val() == self.send_acks.val()))
            | (self.failed.val() & !self.is_off.val())
        {
            self.mode.d.next = self.send_nack.val();
        }
        if self.took.val() {
            self.mode.d.next = self.send_acks.val();
        }
        if self.took.val() | (self.valid.val() & self.last.val() & !self.retry.val()) {
            self.place.d.next = self.after.val();
        }
        if self.begins.val() {
            self.mode.d.next = self.send_acks.val();
            self.place.d.next = self.position.val();
        }
        self.was_hit.d.next =
            self.lost.val() | (self.valid.val() & self.last.val() & !self.well.val());
        self.was_again.d.next = self.again.val();
        self.was_missing.d.next = self.missing.val();
        self.asked.d.next = self.again.val()
            | (self.position_valid.val() & (self.retry.val() | self.position_init.val()));

        // 4. Drive outputs.
        self.expected.next = self.place.q.val();
        self.nack.next = self.retry.val() & (self.mode.q.val() == self.send_nack.val());
        self.answer.next = self.asked.q.val();
        self.active.next = self.link_up.val() & (!self.retry.val() | !self.is_off.val());
        self.state.next = self.mode.q.val();
        self.stat_hit.next = self.was_hit.q.val();
        self.stat_duplicate.next = self.was_again.q.val();
        self.stat_missing.next = self.was_missing.q.val();

        // 5. The link going down and reset win.
        if !self.link_up.val() {
            self.mode.d.next = self.off.val();
        }
        if self.reset.val() {
            self.mode.d.next = self.off.val();
            self.place.d.next = 0.into();
            self.was_hit.d.next = false;
            self.was_again.d.next = false;
            self.was_missing.d.next = false;
            self.asked.d.next = false;
        }
    }
    describe!("Receiver of the lossless link.");
}
