//! Decides what goes inside a frame: its bytes, an error block if it is poisoned or runs dry, its end.
//!
//! ```text
//!                +-----------+---> give, ends, end_bytes
//!   head_* ----->|           |
//!   in_frame --->| FrameTurn |---> warn, starved
//!   end_due ---->|           |
//!   step ------->+-----------+---> last
//! ```
//!
//! Combinational but for one flop: the error block of a poisoned frame has gone. Reset: the next frame's has not.

use crate::prelude::*;

/// What goes inside a frame.
#[derive(LogicBlock, Default)]
pub struct FrameTurn {
    // Clock and reset.
    /// Clocks the flop.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The oldest block of the frame is there.
    pub head_valid: Signal<In, Bit>,
    /// It is the last.
    pub head_last: Signal<In, Bit>,
    /// The frame is poisoned; counts with the last.
    pub head_poison: Signal<In, Bit>,
    /// Its bytes less one.
    pub head_count: Signal<In, Bits<3>>,
    /// A frame is under way, and not all of its bytes have gone.
    pub in_frame: Signal<In, Bit>,
    /// An end without bytes is due.
    pub end_due: Signal<In, Bit>,
    /// The block on offer is taken at the next clock edge.
    pub step: Signal<In, Bit>,

    // Egress.
    /// The head goes.
    pub give: Signal<Out, Bit>,
    /// It is the frame's last.
    pub last: Signal<Out, Bit>,
    /// The end goes, with the head if that has less than 8 bytes.
    pub ends: Signal<Out, Bit>,
    /// Bytes in that block.
    pub end_bytes: Signal<Out, Bits<3>>,
    /// An error block goes before the last bytes.
    pub warn: Signal<Out, Bit>,
    /// An error block goes, because nothing is there.
    pub starved: Signal<Out, Bit>,

    // State.
    warned: DFF<Bit>,

    // Wires.
    ends_short: Signal<Local, Bit>,
}

impl Logic for FrameTurn {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, warned);
        self.starved.next = self.in_frame.val() & !self.head_valid.val();
        self.warn.next = self.in_frame.val()
            & self.head_valid.val()
            & self.head_last.val()
            & self.head_poison.val()
            & !self.warned.q.val();
        self.give.next = self.in_frame.val() & self.head_valid.val() & !self.warn.val();
        self.last.next = self.give.val() & self.head_last.val();
        self.ends_short.next = self.last.val() & !self.head_count.val().all();
        self.ends.next = self.end_due.val() | self.ends_short.val();
        self.end_bytes.next = 0.into();
        if self.ends_short.val() {
            self.end_bytes.next = self.head_count.val() + 1;
        }

        if self.step.val() {
            if self.warn.val() {
                self.warned.d.next = true;
            }
            if !self.in_frame.val() {
                self.warned.d.next = false;
            }
        }
        if self.reset.val() {
            self.warned.d.next = false;
        }
    }
    describe!("What goes inside a frame.");
}
