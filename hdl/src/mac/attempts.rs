//! Counts how often the head was put back to one tail, and gives the frame there up in the end.
//!
//! ```text
//!               +----------+
//!   counts ---->|          |---> is_final
//!   starts ---->| Attempts |---> gone
//!   ends, acks >|          |---> settling
//!               +----------+
//! ```
//!
//! After `REPLAY_LIMIT` times the next frame that starts `is_final`; while it is `gone` nothing that comes in changes that; when it has
//! ended, `settling` lasts until the far end has let go of it. Latency: 1 cycle. Reset, and without `runs`: none.

use super::retry_tx::REPLAY_LIMIT;
use crate::prelude::*;

/// Attempts to send what stands at tail.
#[derive(LogicBlock)]
pub struct Attempts {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Frames are sent.
    pub runs: Signal<In, Bit>,
    /// The head is put back to tail.
    pub counts: Signal<In, Bit>,
    /// A frame starts at the next clock edge.
    pub starts: Signal<In, Bit>,
    /// The last block of a frame leaves the ring.
    pub ends: Signal<In, Bit>,
    /// A report moves tail, or ends `settling`.
    pub acks: Signal<In, Bit>,

    // Egress.
    /// The next frame is not sent again.
    pub is_final: Signal<Out, Bit>,
    /// That frame is under way.
    pub gone: Signal<Out, Bit>,
    /// It has ended.
    pub settling: Signal<Out, Bit>,

    // State.
    tries: DFF<Bits<4>>,
    armed: DFF<Bit>,
    is_gone: DFF<Bit>,
    settles: DFF<Bit>,

    // Parameters.
    last_try: Constant<Bits<4>>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            runs: Signal::default(),
            counts: Signal::default(),
            starts: Signal::default(),
            ends: Signal::default(),
            acks: Signal::default(),
            is_final: Signal::default(),
            gone: Signal::default(),
            settling: Signal::default(),
            tries: DFF::default(),
            armed: DFF::default(),
            is_gone: DFF::default(),
            settles: DFF::default(),
            last_try: Constant::new((REPLAY_LIMIT - 1).into()),
        }
    }
}

impl Logic for Attempts {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, tries, armed, is_gone, settles);
        self.is_final.next = self.armed.q.val();
        self.gone.next = self.is_gone.q.val();
        self.settling.next = self.settles.q.val();

        if self.counts.val() {
            self.tries.d.next = self.tries.q.val() + 1;
            if self.tries.q.val() == self.last_try.val() {
                self.armed.d.next = true;
            }
        }
        if self.starts.val() & self.armed.q.val() {
            // Acknowledged in this very cycle, it is a frame that the far end knows.
            self.is_gone.d.next = !self.acks.val();
            self.armed.d.next = false;
        }
        if self.is_gone.q.val() & self.ends.val() {
            self.is_gone.d.next = false;
            self.settles.d.next = true;
        }
        if self.acks.val() | !self.runs.val() {
            self.tries.d.next = 0.into();
            self.armed.d.next = false;
            self.settles.d.next = false;
        }
        if !self.runs.val() {
            self.is_gone.d.next = false;
        }

        if self.reset.val() {
            self.tries.d.next = 0.into();
            self.armed.d.next = false;
            self.is_gone.d.next = false;
            self.settles.d.next = false;
        }
    }
    describe!("Attempts to send what stands at tail.");
}
