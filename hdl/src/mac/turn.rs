//! Decides what goes between frames: a message, remote fault, the start of the next frame, or idle while a frame is thrown away.
//!
//! ```text
//!                  +------+---> tell
//!   free --------->|      |---> fault
//!   message_valid >| Turn |---> start
//!   remote_fault ->|      |---> throw
//!   hold, ... ---->+------+
//! ```
//!
//! Combinational. A message goes first, then remote fault. `throw` begins to throw a frame away, beside whatever goes out.

use crate::prelude::*;

/// What goes between frames.
#[derive(LogicBlock, Default)]
pub struct Turn {
    // Ingress.
    /// The next block is between frames, and the gap is over.
    pub free: Signal<In, Bit>,
    /// There is a message to send.
    pub message_valid: Signal<In, Bit>,
    /// Remote fault is to be sent.
    pub remote_fault: Signal<In, Bit>,
    /// A block of a frame waits.
    pub head_valid: Signal<In, Bit>,
    /// Enough of the frame is there to start it.
    pub may_start: Signal<In, Bit>,
    /// No frame may start.
    pub hold: Signal<In, Bit>,
    /// Frames are thrown away instead of started.
    pub discard: Signal<In, Bit>,
    /// One is being thrown away.
    pub dropping: Signal<In, Bit>,

    // Egress.
    /// The message goes.
    pub tell: Signal<Out, Bit>,
    /// Remote fault goes.
    pub fault: Signal<Out, Bit>,
    /// A frame starts.
    pub start: Signal<Out, Bit>,
    /// A frame begins to be thrown away.
    pub throw: Signal<Out, Bit>,

    // Wires.
    waits: Signal<Local, Bit>,
}

impl Logic for Turn {
    #[hdl_gen]
    fn update(&mut self) {
        self.waits.next = self.free.val() & self.head_valid.val() & !self.dropping.val();
        self.tell.next = self.free.val() & self.message_valid.val();
        self.fault.next = self.free.val() & !self.message_valid.val() & self.remote_fault.val();
        self.throw.next = self.waits.val() & self.discard.val();
        self.start.next = self.waits.val()
            & self.may_start.val()
            & !self.message_valid.val()
            & !self.remote_fault.val()
            & !self.hold.val()
            & !self.discard.val();
    }
    describe!("What goes between frames.");
}
