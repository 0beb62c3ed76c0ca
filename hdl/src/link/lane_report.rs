//! Tells the far end which of its lanes are seen here: at once when that changes, and again and again.
//!
//! ```text
//!                  +------------+
//!   seen_lane ---->|            |---> message
//!   seen_unused -->| LaneReport |---> valid
//!   aligned ------>|            |<--- taken
//!                  +------------+
//! ```
//!
//! The message stands one cycle after what it tells; it holds until `taken`, and is then one of that cycle. The next one is offered when
//! what is seen differs from what was told, or `period_cycles` later. Before lanes were first aligned here, nothing is told for
//! `arm_cycles`: lanes that have not locked yet are not lost. Reset: nothing is told.

use super::message;
use crate::prelude::*;

/// Messages that tell which lanes are seen.
#[derive(LogicBlock)]
pub struct LaneReport<const LANES: usize, const PHYSICAL: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Logical lanes that are seen.
    pub seen_lane: Signal<In, Bits<LANES>>,
    /// Unused physical lanes that are seen.
    pub seen_unused: Signal<In, Bits<PHYSICAL>>,
    /// All lanes that carry data are aligned.
    pub aligned: Signal<In, Bit>,
    /// The message is taken at the next clock edge.
    pub taken: Signal<In, Bit>,

    // Egress.
    /// The message: its kind, `seen_lane` from bit 4, `seen_unused` from bit 12, `aligned` in bit 21.
    pub message: Signal<Out, Bits<32>>,
    /// There is one.
    pub valid: Signal<Out, Bit>,

    // State.
    now: DFF<Bits<32>>,
    told: DFF<Bits<32>>,
    armed: DFF<Bit>,
    timer: DFF<Bits<24>>,

    // Wires.
    lanes: Signal<Local, Bits<32>>,
    unused: Signal<Local, Bits<32>>,
    content: Signal<Local, Bits<32>>,

    // Parameters.
    kind: Constant<Bits<32>>,
    aligned_bit: Constant<Bits<32>>,
    period_cycles: Constant<Bits<24>>,
    arm_cycles: Constant<Bits<24>>,
}

impl<const LANES: usize, const PHYSICAL: usize> LaneReport<LANES, PHYSICAL> {
    /// With the times above, in cycles.
    ///
    /// # Panics
    /// If one is not in 1..2^24.
    #[must_use]
    pub fn new(period_cycles: usize, arm_cycles: usize) -> Self {
        for (name, cycles) in [("period", period_cycles), ("arm", arm_cycles)] {
            assert!(
                (1..1 << 24).contains(&cycles),
                "{name}_cycles is {cycles}: give 1 to 16777215"
            );
        }
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            seen_lane: Signal::default(),
            seen_unused: Signal::default(),
            aligned: Signal::default(),
            taken: Signal::default(),
            message: Signal::default(),
            valid: Signal::default(),
            now: flop_at(message::LANE_REPORT.into()),
            told: DFF::default(),
            armed: DFF::default(),
            timer: flop_at((arm_cycles as u64).into()),
            lanes: Signal::default(),
            unused: Signal::default(),
            content: Signal::default(),
            kind: Constant::new(message::LANE_REPORT.into()),
            aligned_bit: Constant::new((1 << 21).into()),
            period_cycles: Constant::new((period_cycles as u64).into()),
            arm_cycles: Constant::new((arm_cycles as u64).into()),
        }
    }
}

impl<const LANES: usize, const PHYSICAL: usize> Logic for LaneReport<LANES, PHYSICAL> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, now, told, armed, timer);

        // 2. What there is to tell.
        self.lanes.next = bit_cast::<32, LANES>(self.seen_lane.val());
        self.unused.next = bit_cast::<32, PHYSICAL>(self.seen_unused.val());
        self.content.next = self.kind.val() | (self.lanes.val() << 4) | (self.unused.val() << 12);
        if self.aligned.val() {
            self.content.next = self.content.val() | self.aligned_bit.val();
            self.armed.d.next = true;
        }
        self.now.d.next = self.content.val();

        // 3. When.
        if self.timer.q.val().any() {
            self.timer.d.next = self.timer.q.val() - 1;
        }
        if !self.timer.q.val().any() {
            self.armed.d.next = true;
        }
        self.valid.next = self.armed.q.val()
            & (!self.timer.q.val().any() | (self.now.q.val() != self.told.q.val()));
        if self.taken.val() {
            self.told.d.next = self.now.q.val();
            self.timer.d.next = self.period_cycles.val();
        }
        self.message.next = self.now.q.val();

        // 4. Reset wins.
        if self.reset.val() {
            self.now.d.next = self.kind.val();
            self.told.d.next = 0.into();
            self.armed.d.next = false;
            self.timer.d.next = self.arm_cycles.val();
        }
    }
    describe!("Messages that tell which lanes are seen.");
}
