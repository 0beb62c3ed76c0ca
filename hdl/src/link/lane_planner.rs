//! Follows which lanes the far end sees, and plans which ones carry data.
//!
//! ```text
//!                  +-------------+---> slot_mask, spare_on, spare_slot
//!   report ------->|             |---> width, counted
//!   tx_fault ----->| LanePlanner |---> lost, none, damped
//!   avoid -------->|             |---> stat_lost, stat_recovered
//!   at_marker ---->|             |
//!                  +-------------+
//! ```
//!
//! Latency: 2 cycles from a report that loses a lane to the new plan; `PcsTx` takes it at its next row of markers. A lane that the far
//! end no longer sees is lost at once. It counts again when it is seen, no lane was lost for `recover_cycles`, and the flap counter is
//! below `flap_limit`; the counter takes one for each loss and forgets one every `recover_cycles`. After a plan was taken,
//! reports do not count for `settle_cycles`: the far end has to see it first. Lanes to `avoid` are not planned for, and are not lost. Reset: all lanes carry data.

use super::{LaneView, PlanChoice};
use crate::prelude::*;

/// Plan of the lanes that carry data, from what the far end sees of them.
#[derive(LogicBlock)]
pub struct LanePlanner<const LANES: usize, const PHYSICAL: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A report of the far end has come.
    pub report: Signal<In, Bit>,
    /// Logical lanes that it sees.
    pub seen_lane: Signal<In, Bits<LANES>>,
    /// Unused physical lanes that it sees.
    pub seen_unused: Signal<In, Bits<PHYSICAL>>,
    /// Lanes whose driver is broken.
    pub tx_fault: Signal<In, Bits<PHYSICAL>>,
    /// Lanes that are not planned for.
    pub avoid: Signal<In, Bits<PHYSICAL>>,
    /// The plan is taken.
    pub at_marker: Signal<In, Bit>,

    // Egress.
    /// A report counts.
    pub counted: Signal<Out, Bit>,
    /// Slots that carry data.
    pub slot_mask: Signal<Out, Bits<LANES>>,
    /// The spare carries one of them.
    pub spare_on: Signal<Out, Bit>,
    /// Which one.
    pub spare_slot: Signal<Out, Bits<3>>,
    /// How many slots carry data.
    pub width: Signal<Out, Bits<4>>,
    /// Physical lanes that are lost or held back.
    pub lost: Signal<Out, Bits<PHYSICAL>>,
    /// No lane is left.
    pub none: Signal<Out, Bit>,
    /// Lanes are held back because they flap.
    pub damped: Signal<Out, Bit>,
    /// A lane was lost.
    pub stat_lost: Signal<Out, Bit>,
    /// Lanes count again.
    pub stat_recovered: Signal<Out, Bit>,

    // State.
    seen: DFF<Bits<PHYSICAL>>,
    usable: DFF<Bits<PHYSICAL>>,
    mask: DFF<Bits<LANES>>,
    spare: DFF<Bit>,
    spare_for: DFF<Bits<3>>,
    lanes: DFF<Bits<4>>,
    nothing: DFF<Bit>,
    is_pending: DFF<Bit>,
    settle: DFF<Bits<24>>,
    recover: DFF<Bits<24>>,
    flaps: DFF<Bits<4>>,
    loses: DFF<Bit>,
    recovers: DFF<Bit>,
    view: LaneView<LANES, PHYSICAL>,
    choice: PlanChoice<LANES, PHYSICAL>,

    // Wires.
    healthy: Signal<Local, Bits<PHYSICAL>>,
    changes: Signal<Local, Bit>,
    loss: Signal<Local, Bit>,
    due: Signal<Local, Bit>,
    is_damped: Signal<Local, Bit>,
    recovery: Signal<Local, Bit>,

    // Parameters.
    settle_cycles: Constant<Bits<24>>,
    recover_cycles: Constant<Bits<24>>,
    flap_limit: Constant<Bits<4>>,
    all: Constant<Bits<PHYSICAL>>,
    all_slots: Constant<Bits<LANES>>,
    all_lanes: Constant<Bits<4>>,
}

impl<const LANES: usize, const PHYSICAL: usize> LanePlanner<LANES, PHYSICAL> {
    /// With the times above, in cycles, and a `flap_limit` of 1 to 15 losses.
    ///
    /// # Panics
    /// If a number is out of range: times are 1 to 2^24 - 1.
    #[must_use]
    pub fn new(settle_cycles: usize, recover_cycles: usize, flap_limit: usize) -> Self {
        for (name, cycles) in [("settle", settle_cycles), ("recover", recover_cycles)] {
            assert!(
                (1..1 << 24).contains(&cycles),
                "{name}_cycles is {cycles}: give 1 to 16777215"
            );
        }
        assert!(
            (1..=15).contains(&flap_limit),
            "flap_limit is {flap_limit}: give 1 to 15"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            report: Signal::default(),
            seen_lane: Signal::default(),
            seen_unused: Signal::default(),
            tx_fault: Signal::default(),
            avoid: Signal::default(),
            at_marker: Signal::default(),
            counted: Signal::default(),
            slot_mask: Signal::default(),
            spare_on: Signal::default(),
            spare_slot: Signal::default(),
            width: Signal::default(),
            lost: Signal::default(),
            none: Signal::default(),
            damped: Signal::default(),
            stat_lost: Signal::default(),
            stat_recovered: Signal::default(),
            seen: flop_at(Bits::<PHYSICAL>::mask()),
            usable: flop_at(Bits::<PHYSICAL>::mask()),
            mask: flop_at(Bits::<LANES>::mask()),
            spare: DFF::default(),
            spare_for: DFF::default(),
            lanes: flop_at((LANES as u64).into()),
            nothing: DFF::default(),
            is_pending: DFF::default(),
            settle: flop_at((settle_cycles as u64).into()),
            recover: flop_at((recover_cycles as u64).into()),
            flaps: DFF::default(),
            loses: DFF::default(),
            recovers: DFF::default(),
            view: LaneView::default(),
            choice: PlanChoice::default(),
            healthy: Signal::default(),
            changes: Signal::default(),
            loss: Signal::default(),
            due: Signal::default(),
            is_damped: Signal::default(),
            recovery: Signal::default(),
            settle_cycles: Constant::new((settle_cycles as u64).into()),
            recover_cycles: Constant::new((recover_cycles as u64).into()),
            flap_limit: Constant::new((flap_limit as u64).into()),
            all: Constant::new(Bits::<PHYSICAL>::mask()),
            all_slots: Constant::new(Bits::<LANES>::mask()),
            all_lanes: Constant::new((LANES as u64).into()),
        }
    }
}

impl<const LANES: usize, const PHYSICAL: usize> Logic for LanePlanner<LANES, PHYSICAL> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self, clock, seen, usable, mask, spare, spare_for, lanes, nothing, is_pending, settle,
            recover, flaps, loses, recovers
        );

        // 2. Decide.
        self.view.slot_mask.next = self.mask.q.val();
        self.view.spare_on.next = self.spare.q.val();
        self.view.spare_slot.next = self.spare_for.q.val();
        self.view.seen_lane.next = self.seen_lane.val();
        self.view.seen_unused.next = self.seen_unused.val();
        self.choice.usable.next = self.usable.q.val() & !self.avoid.val();
        self.healthy.next = self.seen.q.val() & !self.tx_fault.val();
        self.loss.next = (self.usable.q.val() & !self.healthy.val()).any();
        self.due.next = !self.recover.q.val().any();
        self.is_damped.next = self.flaps.q.val() >= self.flap_limit.val();
        self.recovery.next = self.due.val()
            & !self.is_damped.val()
            & !self.loss.val()
            & (self.healthy.val() & !self.usable.q.val()).any();
        self.changes.next = (self.choice.slot_mask.val() != self.mask.q.val())
            | (self.choice.spare_on.val() != self.spare.q.val())
            | (self.choice.spare_on.val()
                & (self.choice.spare_slot.val() != self.spare_for.q.val()));

        // 3. Next state: the lanes.
        self.counted.next =
            self.report.val() & !self.is_pending.q.val() & !self.settle.q.val().any();
        if self.counted.val() {
            self.seen.d.next = self.view.looks.val();
        }
        self.recover.d.next = self.recover.q.val() - 1;
        if self.due.val() {
            self.recover.d.next = self.recover_cycles.val();
            if self.flaps.q.val().any() {
                self.flaps.d.next = self.flaps.q.val() - 1;
            }
        }
        if self.recovery.val() {
            self.usable.d.next = self.healthy.val();
        }
        if self.loss.val() {
            self.usable.d.next = self.usable.q.val() & self.healthy.val();
            self.recover.d.next = self.recover_cycles.val();
            if !self.flaps.q.val().all() {
                self.flaps.d.next = self.flaps.q.val() + 1;
            }
        }
        self.loses.d.next = self.loss.val();
        self.recovers.d.next = self.recovery.val();

        // 4. Next state: the plan.
        if self.settle.q.val().any() & !self.is_pending.q.val() {
            self.settle.d.next = self.settle.q.val() - 1;
        }
        if self.at_marker.val() {
            self.is_pending.d.next = false;
        }
        self.nothing.d.next = self.choice.none.val();
        if self.changes.val() {
            self.mask.d.next = self.choice.slot_mask.val();
            self.spare.d.next = self.choice.spare_on.val();
            self.spare_for.d.next = self.choice.spare_slot.val();
            self.lanes.d.next = self.choice.width.val();
            self.is_pending.d.next = true;
            self.settle.d.next = self.settle_cycles.val();
        }

        // 5. Drive outputs.
        self.slot_mask.next = self.mask.q.val();
        self.spare_on.next = self.spare.q.val();
        self.spare_slot.next = self.spare_for.q.val();
        self.width.next = self.lanes.q.val();
        self.lost.next = !self.usable.q.val();
        self.none.next = self.nothing.q.val();
        self.damped.next = self.is_damped.val() & (self.healthy.val() & !self.usable.q.val()).any();
        self.stat_lost.next = self.loses.q.val();
        self.stat_recovered.next = self.recovers.q.val();

        // 6. Reset wins.
        if self.reset.val() {
            self.seen.d.next = self.all.val();
            self.usable.d.next = self.all.val();
            self.mask.d.next = self.all_slots.val();
            self.spare.d.next = false;
            self.spare_for.d.next = 0.into();
            self.lanes.d.next = self.all_lanes.val();
            self.nothing.d.next = false;
            self.is_pending.d.next = false;
            self.settle.d.next = self.settle_cycles.val();
            self.recover.d.next = self.recover_cycles.val();
            self.flaps.d.next = 0.into();
            self.loses.d.next = false;
            self.recovers.d.next = false;
        }
    }
    describe!("Plan of the lanes that carry data, from what the far end sees of them.");
}
