//! Lets frames into the receive buffer of the lossless link, and at their end makes them count, or takes them back.
//!
//! ```text
//!                    +-----------+---> write_valid, write_last, write_poison
//!   FrameCheck ----->|           |---> commit, roll_back
//!   lets, counts --->| FrameGate |---> took, failed
//!   has_place(s) --->|           |---> stat_dropped, stat_cut
//!                    +-----------+
//! ```
//!
//! A frame that finds no room at its first block is thrown away whole; one that runs out of it later is closed and poisoned. A frame that
//! does not count leaves poisoned; with `takes_back` it leaves nothing, but for a final one. Combinational; counter pulses come one cycle after their
//! cause. Reset: no frame is open.

use crate::prelude::*;

/// Admission of received frames to the buffer of the lossless link.
#[derive(LogicBlock)]
pub struct FrameGate {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// There is a block.
    pub valid: Signal<In, Bit>,
    /// It is its frame's first.
    pub first: Signal<In, Bit>,
    /// It is its frame's last.
    pub last: Signal<In, Bit>,
    /// With the last: an error block was in the frame, or the parser closed it.
    pub poison: Signal<In, Bit>,
    /// With the last: the frame arrived as it was sent.
    pub well: Signal<In, Bit>,
    /// With the last: the link damaged it.
    pub hit: Signal<In, Bit>,
    /// With the first: the frame may come in.
    pub lets: Signal<In, Bit>,
    /// With the last: the frame may count.
    pub counts: Signal<In, Bit>,
    /// With the last: it is not sent again. It counts with a wrong FCS, too, and stays if it does not count.
    pub is_final: Signal<In, Bit>,
    /// A block fits into the buffer.
    pub has_place: Signal<In, Bit>,
    /// Two blocks fit.
    pub has_places: Signal<In, Bit>,

    // Egress.
    /// The block goes into the buffer.
    pub write_valid: Signal<Out, Bit>,
    /// It ends a frame there.
    pub write_last: Signal<Out, Bit>,
    /// With the last: the frame is poisoned.
    pub write_poison: Signal<Out, Bit>,
    /// What was written stays.
    pub commit: Signal<Out, Bit>,
    /// What does not stay is forgotten.
    pub roll_back: Signal<Out, Bit>,
    /// The frame counts.
    pub took: Signal<Out, Bit>,
    /// A frame that was let in is to be sent again: it does not count, or found no room.
    pub failed: Signal<Out, Bit>,
    /// A frame found no room, and was thrown away whole.
    pub stat_dropped: Signal<Out, Bit>,
    /// A frame ran out of room.
    pub stat_cut: Signal<Out, Bit>,

    // State.
    is_open: DFF<Bit>,
    was_dropped: DFF<Bit>,
    was_cut: DFF<Bit>,

    // Wires.
    wanted: Signal<Local, Bit>,
    fits: Signal<Local, Bit>,
    refuse: Signal<Local, Bit>,
    close: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    good: Signal<Local, Bit>,
    bad: Signal<Local, Bit>,

    // Parameters.
    takes_back: Constant<Bit>,
}

impl FrameGate {
    /// Takes frames back that do not count, or leaves them poisoned.
    #[must_use]
    pub fn new(takes_back: bool) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            valid: Signal::default(),
            first: Signal::default(),
            last: Signal::default(),
            poison: Signal::default(),
            well: Signal::default(),
            hit: Signal::default(),
            lets: Signal::default(),
            counts: Signal::default(),
            is_final: Signal::default(),
            has_place: Signal::default(),
            has_places: Signal::default(),
            write_valid: Signal::default(),
            write_last: Signal::default(),
            write_poison: Signal::default(),
            commit: Signal::default(),
            roll_back: Signal::default(),
            took: Signal::default(),
            failed: Signal::default(),
            stat_dropped: Signal::default(),
            stat_cut: Signal::default(),
            is_open: DFF::default(),
            was_dropped: DFF::default(),
            was_cut: DFF::default(),
            wanted: Signal::default(),
            fits: Signal::default(),
            refuse: Signal::default(),
            close: Signal::default(),
            ends: Signal::default(),
            good: Signal::default(),
            bad: Signal::default(),
            takes_back: Constant::new(takes_back),
        }
    }
}

impl Logic for FrameGate {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, is_open, was_dropped, was_cut);

        // 2. Decide: is the frame let in, does the block fit, and at the end, does it count.
        self.wanted.next = self.valid.val() & self.is_open.q.val();
        if self.first.val() {
            self.wanted.next = self.valid.val() & self.lets.val();
        }
        self.fits.next = self.has_places.val() | (self.has_place.val() & self.last.val());
        self.refuse.next = self.wanted.val() & self.first.val() & !self.fits.val();
        self.close.next = self.wanted.val() & !self.first.val() & !self.fits.val();
        self.ends.next = self.wanted.val() & self.last.val() & self.fits.val();
        self.good.next = self.ends.val()
            & self.counts.val()
            & (self.well.val() | (self.is_final.val() & !self.hit.val()));
        self.bad.next = self.ends.val() & !self.good.val() & !self.is_final.val();

        // 3. Next state.
        if self.valid.val() {
            self.is_open.d.next = self.wanted.val() & self.fits.val() & !self.last.val();
        }
        self.was_dropped.d.next = self.refuse.val();
        self.was_cut.d.next = self.close.val();

        // 4. Drive outputs.
        self.write_valid.next = self.wanted.val() & (self.fits.val() | self.close.val());
        self.write_last.next = self.last.val() | self.close.val();
        self.write_poison.next = self.write_last.val()
            & (self.poison.val() | self.close.val() | !self.well.val() | !self.counts.val());
        self.roll_back.next = self.takes_back.val() & (self.close.val() | self.bad.val());
        self.commit.next = self.close.val() | self.ends.val();
        if self.roll_back.val() {
            self.commit.next = false;
        }
        self.took.next = self.good.val();
        self.failed.next = self.refuse.val() | self.close.val() | self.bad.val();
        self.stat_dropped.next = self.was_dropped.q.val();
        self.stat_cut.next = self.was_cut.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.is_open.d.next = false;
            self.was_dropped.d.next = false;
            self.was_cut.d.next = false;
        }
    }
    describe!("Admission of received frames to the buffer of the lossless link.");
}
