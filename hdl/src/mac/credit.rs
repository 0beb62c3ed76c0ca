//! Says whether the far end has room for a longest frame.
//!
//! ```text
//!                    +--------+
//!   report_valid --->|        |
//!   report_limit --->|        |
//!   position ------->| Credit |---> open
//!   pop, closed ---->|        |
//!                    +--------+
//! ```
//!
//! `open` when `limit - position` is at least a longest frame, modulo 2^16 and signed. Latency: none for what is popped, one cycle for a
//! jump of the position, two for a new limit, which may also be lower. Reset: not open, limit 0.

use crate::prelude::*;

/// Credit for a longest frame.
#[derive(LogicBlock)]
pub struct Credit {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// There is a new limit.
    pub report_valid: Signal<In, Bit>,
    /// Up to where may be sent.
    pub report_limit: Signal<In, Bits<16>>,
    /// Where the next block stands.
    pub position: Signal<In, Bits<16>>,
    /// It moves on by one at the next clock edge.
    pub pop: Signal<In, Bit>,
    /// No limit counts that came before this cycle.
    pub closed: Signal<In, Bit>,

    // Egress.
    /// A longest frame may be sent.
    pub open: Signal<Out, Bit>,

    // State.
    goal: DFF<Bits<16>>,
    is_open: DFF<Bit>,

    // Wires.
    left: Signal<Local, Bits<16>>,

    // Parameters.
    frame_blocks: Constant<Bits<16>>,
}

impl Credit {
    /// For frames of at most `frame_blocks` blocks.
    ///
    /// # Panics
    /// If they are not 1 to 16 383.
    #[must_use]
    pub fn new(frame_blocks: usize) -> Self {
        assert!(
            (1..1 << 14).contains(&frame_blocks),
            "a longest frame has {frame_blocks} blocks: give 1 to 16383"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            report_valid: Signal::default(),
            report_limit: Signal::default(),
            position: Signal::default(),
            pop: Signal::default(),
            closed: Signal::default(),
            open: Signal::default(),
            goal: DFF::default(),
            is_open: DFF::default(),
            left: Signal::default(),
            frame_blocks: Constant::new((frame_blocks as u64).into()),
        }
    }
}

impl Logic for Credit {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, goal, is_open);

        // The last position that a longest frame may have.
        if self.report_valid.val() {
            self.goal.d.next = self.report_limit.val() - self.frame_blocks.val();
        }
        self.left.next = self.goal.q.val() - self.position.val();
        self.is_open.d.next = !self.left.val().get_bit(15);
        if self.pop.val() {
            self.is_open.d.next = !self.left.val().get_bit(15) & self.left.val().any();
        }
        if self.closed.val() | self.reset.val() {
            self.is_open.d.next = false;
        }
        self.open.next = self.is_open.q.val();
        if self.reset.val() {
            self.goal.d.next = 0.into();
        }
    }
    describe!("Credit for a longest frame.");
}
