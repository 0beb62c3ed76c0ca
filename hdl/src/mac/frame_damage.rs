//! Tells what happened to the open frame: whether anything is wrong with it, and whether that is the link's doing.
//!
//! ```text
//!                 +-------------+---> spoiled
//!   is_error ---->|             |---> hit
//!   is_damaged -->| FrameDamage |---> warned
//!   gives ------->|             |
//!   starts ------>+-------------+
//! ```
//!
//! One error block directly before its last data is how a frame is sent poisoned: `spoiled` without `hit`. Any other error block, a
//! second one, and every block that cannot be read is a *hit*. Latency: 1 cycle. Reset: counts for nothing, a frame starts first.

use crate::prelude::*;

/// Damage of the open frame.
#[derive(LogicBlock, Default)]
pub struct FrameDamage {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,

    // Ingress.
    /// A frame starts.
    pub starts: Signal<In, Bit>,
    /// An error block, sent as such, inside the frame.
    pub is_error: Signal<In, Bit>,
    /// A block inside the frame that cannot be read.
    pub is_damaged: Signal<In, Bit>,
    /// A block that has bytes of the frame.
    pub gives: Signal<In, Bit>,

    // Egress.
    /// There was an error block, or one that cannot be read.
    pub spoiled: Signal<Out, Bit>,
    /// The frame was not sent like this.
    pub hit: Signal<Out, Bit>,
    /// There was an error block, and no bytes since.
    pub warned: Signal<Out, Bit>,

    // State.
    is_spoiled: DFF<Bit>,
    is_hit: DFF<Bit>,
    is_warned: DFF<Bit>,
}

impl Logic for FrameDamage {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, is_spoiled, is_hit, is_warned);
        if self.gives.val() {
            self.is_warned.d.next = false;
            // The second block of bytes after an error block.
            if self.is_spoiled.q.val() & !self.is_warned.q.val() {
                self.is_hit.d.next = true;
            }
        }
        if self.is_error.val() {
            self.is_spoiled.d.next = true;
            self.is_warned.d.next = true;
            if self.is_spoiled.q.val() {
                self.is_hit.d.next = true;
            }
        }
        if self.is_damaged.val() {
            self.is_spoiled.d.next = true;
            self.is_hit.d.next = true;
        }
        if self.starts.val() {
            self.is_spoiled.d.next = false;
            self.is_hit.d.next = false;
            self.is_warned.d.next = false;
        }
        self.spoiled.next = self.is_spoiled.q.val();
        self.hit.next = self.is_hit.q.val();
        self.warned.next = self.is_warned.q.val();
    }
    describe!("Damage of the open frame.");
}
