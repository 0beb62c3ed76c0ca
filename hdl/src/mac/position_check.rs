//! Compares the position of each frame with the one that is expected, and counts on behind its blocks.
//!
//! ```text
//!                     +---------------+---> is_first
//!   enter, last ----->|               |---> at_expected, is_earlier, ends_retry
//!   StartReader ----->| PositionCheck |---> after
//!   expected -------->|               |
//!                     +---------------+
//! ```
//!
//! Latency: 1 cycle, in step with `FrameCheck`. What is told of a frame holds until the next one's first block. Positions are compared
//! modulo 2^16 and signed. The position of a frame whose start block cannot be relied on is taken to be the expected one, for `after`
//! only. Reset: the next block is a frame's first.

use crate::prelude::*;

/// Place of frames in the order of what was sent.
#[derive(LogicBlock)]
pub struct PositionCheck {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A block enters the check.
    pub enter: Signal<In, Bit>,
    /// It is its frame's last.
    pub last: Signal<In, Bit>,
    /// Position of its frame.
    pub position: Signal<In, Bits<16>>,
    /// Its frame is not sent again.
    pub is_final: Signal<In, Bit>,
    /// Both can be relied on.
    pub is_good: Signal<In, Bit>,
    /// The position that is expected.
    pub expected: Signal<In, Bits<16>>,

    // Egress.
    /// The block in the check is its frame's first.
    pub is_first: Signal<Out, Bit>,
    /// Its frame is the one that is expected.
    pub at_expected: Signal<Out, Bit>,
    /// Its frame is one before that.
    pub is_earlier: Signal<Out, Bit>,
    /// Its frame is final.
    pub ends_retry: Signal<Out, Bit>,
    /// The position behind the block in the check.
    pub after: Signal<Out, Bits<16>>,

    // State.
    first_due: DFF<Bit>,
    first: DFF<Bit>,
    is_next: DFF<Bit>,
    earlier: DFF<Bit>,
    final_frame: DFF<Bit>,
    behind: DFF<Bits<16>>,

    // Wires.
    base: Signal<Local, Bits<16>>,
    distance: Signal<Local, Bits<16>>,
}

impl Default for PositionCheck {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            enter: Signal::default(),
            last: Signal::default(),
            position: Signal::default(),
            is_final: Signal::default(),
            is_good: Signal::default(),
            expected: Signal::default(),
            is_first: Signal::default(),
            at_expected: Signal::default(),
            is_earlier: Signal::default(),
            ends_retry: Signal::default(),
            after: Signal::default(),
            first_due: flop_at(true),
            first: DFF::default(),
            is_next: DFF::default(),
            earlier: DFF::default(),
            final_frame: DFF::default(),
            behind: DFF::default(),
            base: Signal::default(),
            distance: Signal::default(),
        }
    }
}

impl Logic for PositionCheck {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            first_due,
            first,
            is_next,
            earlier,
            final_frame,
            behind
        );

        // 2. Decide.
        self.base.next = self.expected.val();
        if self.is_good.val() {
            self.base.next = self.position.val();
        }
        if !self.first_due.q.val() {
            self.base.next = self.behind.q.val();
        }
        self.distance.next = self.position.val() - self.expected.val();

        // 3. Next state.
        if self.enter.val() {
            self.first_due.d.next = self.last.val();
            self.first.d.next = self.first_due.q.val();
            self.behind.d.next = self.base.val() + 1;
            if self.first_due.q.val() {
                self.is_next.d.next = self.is_good.val() & !self.distance.val().any();
                self.earlier.d.next = self.is_good.val() & self.distance.val().get_bit(15);
                self.final_frame.d.next = self.is_good.val() & self.is_final.val();
            }
        }

        // 4. Drive outputs.
        self.is_first.next = self.first.q.val();
        self.at_expected.next = self.is_next.q.val();
        self.is_earlier.next = self.earlier.q.val();
        self.ends_retry.next = self.final_frame.q.val();
        self.after.next = self.behind.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.first_due.d.next = true;
        }
    }
    describe!("Place of frames in the order of what was sent.");
}
