//! Tells which slot of which row the transmitter is in, and when a row is one of markers.
//!
//! ```text
//!            +---------------------------------------+
//!   step --->| second (W = 32) -> slot -> rows_left  |--> first last slot
//!            |                                       |--> marker row_ends plan_due
//!            +---------------------------------------+
//! ```
//!
//! A row has a slot for each lane and a slot one beat of 64 bits or two of 32. Every `marker_period`-th row is one of
//! markers; the first after reset is. All outputs are combinational from flops and hold until `step`. Reset: the first
//! beat of slot 0 of a marker row.

use crate::prelude::*;

/// Counts beats, slots and rows; a row of markers every `marker_period` rows, at most 16 384.
#[derive(LogicBlock)]
pub struct SlotTimer {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A beat passes at the next clock edge.
    pub step: Signal<In, Bit>,

    // Egress.
    /// The slot's first beat.
    pub first: Signal<Out, Bit>,
    /// The slot's last beat; may be its first.
    pub last: Signal<Out, Bit>,
    /// The slot, 0 to 7.
    pub slot: Signal<Out, Bits<3>>,
    /// The row is one of markers.
    pub marker: Signal<Out, Bit>,
    /// The row's last beat.
    pub row_ends: Signal<Out, Bit>,
    /// The last beat before a row of markers.
    pub plan_due: Signal<Out, Bit>,

    // State.
    second: DFF<Bit>,
    count: DFF<Bits<3>>,
    marker_row: DFF<Bit>,
    rows_left: DFF<Bits<14>>,

    // Parameters.
    halved: Constant<Bit>,
    last_slot: Constant<Bits<3>>,
    rows_after: Constant<Bits<14>>,
}

impl SlotTimer {
    /// Slots of `64 / (32 x words)` beats, rows of `lanes` slots.
    ///
    /// # Panics
    /// If `words` is not 1 or 2, `lanes` not 1 to 8 or `marker_period` not 2 to 16 384.
    #[must_use]
    pub fn new(words: usize, lanes: usize, marker_period: usize) -> Self {
        assert!(
            (1..=2).contains(&words),
            "{words} words: 1 and 2 are possible"
        );
        assert!(
            (1..=8).contains(&lanes),
            "{lanes} lanes: 1 to 8 are possible"
        );
        assert!(
            (2..=1 << 14).contains(&marker_period),
            "a marker every {marker_period} rows: 2 to 16384 are possible"
        );
        let rows_after = (marker_period as u64 - 1).into();
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            step: Signal::default(),
            first: Signal::default(),
            last: Signal::default(),
            slot: Signal::default(),
            marker: Signal::default(),
            row_ends: Signal::default(),
            plan_due: Signal::default(),
            second: DFF::default(),
            count: DFF::default(),
            marker_row: flop_at(true),
            rows_left: flop_at(rows_after),
            halved: Constant::new(words == 1),
            last_slot: Constant::new((lanes as u64 - 1).into()),
            rows_after: Constant::new(rows_after),
        }
    }
}

impl Logic for SlotTimer {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, second, count, marker_row, rows_left);

        // 2. Drive outputs.
        self.first.next = !self.second.q.val();
        self.last.next = self.second.q.val() | !self.halved.val();
        self.slot.next = self.count.q.val();
        self.marker.next = self.marker_row.q.val();
        self.row_ends.next = self.last.val() & (self.count.q.val() == self.last_slot.val());
        self.plan_due.next = self.row_ends.val() & !self.rows_left.q.val().any();

        // 3. Next state.
        if self.step.val() {
            self.second.d.next = !self.last.val();
            if self.last.val() {
                self.count.d.next = self.count.q.val() + 1;
            }
            if self.row_ends.val() {
                self.count.d.next = 0.into();
                self.marker_row.d.next = false;
                self.rows_left.d.next = self.rows_left.q.val() - 1;
            }
            if self.plan_due.val() {
                self.marker_row.d.next = true;
                self.rows_left.d.next = self.rows_after.val();
            }
        }

        // 4. Reset wins.
        if self.reset.val() {
            self.second.d.next = false;
            self.count.d.next = 0.into();
            self.marker_row.d.next = true;
            self.rows_left.d.next = self.rows_after.val();
        }
    }

    describe!(
        "Counts beats, slots and rows; a row of markers every `marker_period` rows, at most 16 384."
    );
}
