//! Lets frames into the receive buffer, or not: a frame that finds no room is thrown away whole, and one that runs out of it is
//! closed and poisoned.
//!
//! ```text
//!              +-----------+
//!   block ---->|           |---> write
//!   room ----->| Admission |
//!              |           |---> stat_dropped, stat_cut
//!              +-----------+
//! ```
//!
//! Combinational from `block` to `write`. `room` says that two more blocks fit; with the first block of which it does not
//! hold, the frame ends. Counter pulses come one cycle after their cause. Reset: the next block is a frame's first.

use super::ports::{FrameBlockSink, FrameBlockSource};
use crate::prelude::*;

/// Admission of received frames to the buffer in front of the client.
#[derive(LogicBlock, Default)]
pub struct Admission {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next block of a frame.
    pub block: FrameBlockSink,
    /// Two more blocks fit.
    pub room: Signal<In, Bit>,

    // Egress.
    /// What goes into the buffer.
    pub write: FrameBlockSource,
    /// A frame was thrown away whole.
    pub stat_dropped: Signal<Out, Bit>,
    /// A frame was closed, and its rest thrown away.
    pub stat_cut: Signal<Out, Bit>,

    // State.
    in_frame: DFF<Bit>,
    discarding: DFF<Bit>,
    dropped: DFF<Bit>,
    cut: DFF<Bit>,

    // Wires.
    refuse: Signal<Local, Bit>,
    close: Signal<Local, Bit>,
}

impl Logic for Admission {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, in_frame, discarding, dropped, cut);

        // 2. Decide.
        self.refuse.next = self.block.valid.val()
            & !self.in_frame.q.val()
            & !self.discarding.q.val()
            & !self.room.val();
        self.close.next = self.block.valid.val()
            & self.in_frame.q.val()
            & !self.room.val()
            & !self.block.last.val();

        // 3. Next state.
        if self.block.valid.val() {
            self.in_frame.d.next = !self.block.last.val()
                & !self.refuse.val()
                & !self.close.val()
                & !self.discarding.q.val();
            self.discarding.d.next = !self.block.last.val()
                & (self.discarding.q.val() | self.refuse.val() | self.close.val());
        }
        self.dropped.d.next = self.refuse.val();
        self.cut.d.next = self.close.val();

        // 4. Drive outputs.
        for i in 0..2 {
            self.write.data[i].next = self.block.data[i].val();
        }
        self.write.count.next = self.block.count.val();
        self.write.last.next = self.block.last.val() | self.close.val();
        self.write.poison.next = self.block.poison.val() | self.close.val();
        self.write.valid.next =
            self.block.valid.val() & !self.discarding.q.val() & !self.refuse.val();
        self.stat_dropped.next = self.dropped.q.val();
        self.stat_cut.next = self.cut.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.in_frame.d.next = false;
            self.discarding.d.next = false;
            self.dropped.d.next = false;
            self.cut.d.next = false;
        }
    }
    describe!("Admission of received frames to the buffer in front of the client.");
}
