//! Counts the idle blocks after a frame: twelve bytes between frames on average, with deficit idle count.
//!
//! ```text
//!              +-----+
//!   end_bytes >|     |
//!   end ------>| Gap |---> open
//!   idle ----->|     |
//!   step ----->+-----+
//! ```
//!
//! The byte of the end counts as the gap's first, so a frame that ends with `Tk` leaves `4 + k` bytes of its gap to come. These and the
//! deficit make whole idle blocks, and the rest is the new deficit, 0 to 7: a frame starts with a block, up to 7 bytes too
//! early. `open` answers to the clock edge before. Reset: open, no deficit.

use crate::prelude::*;

/// Gap between frames, with deficit idle count (IEEE 802.3 clause 46.3.1.4, for starts at 8 bytes).
#[derive(LogicBlock, Default)]
pub struct Gap {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The block on offer is taken at the next clock edge.
    pub step: Signal<In, Bit>,
    /// The next block ends a frame.
    pub ends: Signal<In, Bit>,
    /// Bytes in front of the end in that block.
    pub end_bytes: Signal<In, Bits<3>>,
    /// The next block is between frames and starts none, gap or not.
    pub idle: Signal<In, Bit>,

    // Egress.
    /// The next block may start a frame.
    pub open: Signal<Out, Bit>,

    // State.
    deficit: DFF<Bits<3>>,
    blocks: DFF<Bits<2>>,

    // Wires.
    bytes: Signal<Local, Bits<5>>,
}

impl Logic for Gap {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, deficit, blocks);
        self.open.next = !self.blocks.q.val().any();
        self.bytes.next =
            bit_cast::<5, 3>(self.deficit.q.val()) + bit_cast::<5, 3>(self.end_bytes.val()) + 4;

        if self.step.val() {
            if self.blocks.q.val().any() {
                self.blocks.d.next = self.blocks.q.val() - 1;
            }
            if self.idle.val() & self.open.val() {
                self.deficit.d.next = 0.into();
            }
            if self.ends.val() {
                self.deficit.d.next = self.bytes.val().get_bits::<3>(0);
                self.blocks.d.next = self.bytes.val().get_bits::<2>(3);
            }
        }

        if self.reset.val() {
            self.deficit.d.next = 0.into();
            self.blocks.d.next = 0.into();
        }
    }
    describe!("Gap between frames, with deficit idle count (IEEE 802.3 clause 46.3.1.4, for starts at 8 bytes).");
}
