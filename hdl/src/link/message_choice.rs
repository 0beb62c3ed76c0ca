//! Chooses the message that goes next: a lane report, then a report of the receiver, then a position.
//!
//! ```text
//!                +---------------+
//!   lane ------->|               |---> message
//!   report ----->| MessageChoice |---> valid
//!   position --->|               |<--- taken
//!   *_taken <----+---------------+
//! ```
//!
//! Combinational: what is sent is what its source says in the cycle in which it is taken.

use crate::prelude::*;

/// The one of three messages that goes next.
#[derive(LogicBlock, Default)]
pub struct MessageChoice {
    // Ingress.
    /// What lanes are seen; the upper 12 bits are 0.
    pub lane: Signal<In, Bits<32>>,
    /// There is one.
    pub lane_valid: Signal<In, Bit>,
    /// What the receiver of frames has to say.
    pub report: [Signal<In, Bits<32>>; 2],
    /// There is one.
    pub report_valid: Signal<In, Bit>,
    /// What the sender of frames has to say; the upper 12 bits are 0.
    pub position: Signal<In, Bits<32>>,
    /// There is one.
    pub position_valid: Signal<In, Bit>,
    /// The message is taken at the next clock edge.
    pub taken: Signal<In, Bit>,

    // Egress.
    /// The message: 32 bits, then 12.
    pub message: [Signal<Out, Bits<32>>; 2],
    /// There is one.
    pub valid: Signal<Out, Bit>,
    /// The lane report is taken.
    pub lane_taken: Signal<Out, Bit>,
    /// The report is taken.
    pub report_taken: Signal<Out, Bit>,
    /// The position is taken.
    pub position_taken: Signal<Out, Bit>,
}

impl Logic for MessageChoice {
    #[hdl_gen]
    fn update(&mut self) {
        self.message[0].next = self.position.val();
        self.message[1].next = 0.into();
        if self.report_valid.val() {
            for i in 0..2 {
                self.message[i].next = self.report[i].val();
            }
        }
        if self.lane_valid.val() {
            self.message[0].next = self.lane.val();
            self.message[1].next = 0.into();
        }
        self.valid.next =
            self.lane_valid.val() | self.report_valid.val() | self.position_valid.val();
        self.lane_taken.next = self.taken.val() & self.lane_valid.val();
        self.report_taken.next =
            self.taken.val() & self.report_valid.val() & !self.lane_valid.val();
        self.position_taken.next = self.taken.val()
            & self.position_valid.val()
            & !self.report_valid.val()
            & !self.lane_valid.val();
    }
    describe!("The one of three messages that goes next.");
}
