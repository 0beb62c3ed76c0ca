//! Chooses which physical lane each logical lane comes from, and lets the lanes go on together.
//!
//! ```text
//!                     +-----------------------------------------+
//!   heads, roles ---->| LaneTurn ─► chosen ─► LaneRing ──┐      |--> select, step
//!   gaps ------------>|     ▲                            │      |--> pop, flush
//!                     |     └──────── first ◄────────────┘      |
//!   complete -------->| WidthHunt                               |--> aligned, width
//!                     +-----------------------------------------+
//! ```
//!
//! A row is `LANE_BEATS` steps. Logical lane `i` begins its block in slot `i`, `BLOCK_BEATS` steps behind the lane before,
//! so in every step each beat of a block is at most at one lane ([`LaneRing`]). A lane with an empty FIFO stalls all.
//!
//! When logical lane 0 comes to a marker, no lane begins a block for a row (*emptying*): the others end theirs, and must
//! come to their markers too. In the row after (*choosing*), each logical lane takes the physical lane whose marker names
//! it (`counts`, `lane`) as soon as its head follows that marker; this is also how an alignment begins, when every lane of a
//! width is `complete`. If lanes are there that do not count at this width, and lane 0 is not, the next width is tried after
//! 3 cycles. A lane that is not chosen runs dry, but holds at a head that follows a marker with data.
//!
//! Not aligned, everything flushed, within two cycles: a chosen lane without marker lock; a lost beat of a chosen lane, or
//! while aligned of any; two lanes for one; a marker in one lane and not in the others. Reset: not aligned.

use crate::pcs::lane_ring::LaneRing;
use crate::pcs::lane_turn::LaneTurn;
use crate::pcs::width_hunt::WidthHunt;
use crate::prelude::*;

/// Choice of `LANES` logical among `PHYSICAL` physical lanes, beat by beat.
#[derive(LogicBlock)]
pub struct LaneChoice<
    const LANES: usize,
    const PHYSICAL: usize,
    const LANE_BEATS: usize,
    const WIDTHS: usize,
> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress: one bit a physical lane.
    /// There is a beat at the FIFO's head.
    pub head_valid: Signal<In, Bits<PHYSICAL>>,
    /// It is the first one after a marker.
    pub head_flag: Signal<In, Bits<PHYSICAL>>,
    /// What comes behind the head, or now if there is none, is a marker.
    pub gap: Signal<In, Bits<PHYSICAL>>,
    /// The lane has marker lock.
    pub marker_lock: Signal<In, Bits<PHYSICAL>>,
    /// The lane carries data, at some width; counts under marker lock.
    pub has_data: Signal<In, Bits<PHYSICAL>>,
    /// The lane carries data at this width.
    pub counts: Signal<In, Bits<PHYSICAL>>,
    /// Which logical lane.
    pub lane: [Signal<In, Bits<3>>; PHYSICAL],
    /// A beat was lost.
    pub overflow: Signal<In, Bits<PHYSICAL>>,
    /// Widths of which every lane is there.
    pub complete: Signal<In, Bits<WIDTHS>>,

    // Egress.
    /// Heads that go, one bit a physical lane.
    pub pop: Signal<Out, Bits<PHYSICAL>>,
    /// All FIFOs are to be emptied. Reset: 0.
    pub flush: Signal<Out, Bit>,
    /// Beat `b` of a block stands at the head of this physical lane, or of none.
    pub select: [Signal<Out, Bits<PHYSICAL>>; LANE_BEATS],
    /// All of them go.
    pub step: Signal<Out, Bit>,
    /// A slot begins in this cycle.
    pub turn: Signal<Out, Bit>,
    /// Every logical lane is chosen. Reset: 0.
    pub aligned: Signal<Out, Bit>,
    /// The width, one bit each: bit 0 is the full one. Reset: full.
    pub width: Signal<Out, Bits<WIDTHS>>,
    /// Alignment failed because beats were lost, in the cycle before. Reset: 0.
    pub deskew_overflow: Signal<Out, Bit>,

    // State.
    turns: LaneTurn<LANES, PHYSICAL, LANE_BEATS, WIDTHS>,
    ring: LaneRing<PHYSICAL, LANE_BEATS>,
    widths: WidthHunt<WIDTHS>,
    phase: DFF<Bits<3>>,
    is_aligned: DFF<Bit>,
    is_emptying: DFF<Bit>,
    is_choosing: DFF<Bit>,
    members: DFF<Bits<PHYSICAL>>,
    past_gap: DFF<Bits<PHYSICAL>>,
    has_failed: DFF<Bit>,
    has_overflown: DFF<Bit>,

    // Wires.
    busy: Signal<Local, Bits<PHYSICAL>>,
    is_empty: Signal<Local, Bit>,
    is_free: Signal<Local, Bit>,
    steps: Signal<Local, Bit>,
    loses: Signal<Local, Bit>,
    fails: Signal<Local, Bit>,

    // Parameters.
    last_phase: Constant<Bits<3>>,
    last_turn: Constant<Bits<3>>,
}

impl<const LANES: usize, const PHYSICAL: usize, const LANE_BEATS: usize, const WIDTHS: usize>
    LaneChoice<LANES, PHYSICAL, LANE_BEATS, WIDTHS>
{
    /// Nothing chosen, at full width.
    #[must_use]
    pub fn new() -> Self {
        const {
            assert!(LANE_BEATS == LANES || LANE_BEATS == 2 * LANES);
            assert!(LANES == 1 << (WIDTHS - 1) && LANES <= 8 && PHYSICAL >= LANES);
        };
        let constant = |value: usize| Constant::new((value as u64).into());
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            head_valid: Signal::default(),
            head_flag: Signal::default(),
            gap: Signal::default(),
            marker_lock: Signal::default(),
            has_data: Signal::default(),
            counts: Signal::default(),
            lane: std::array::from_fn(|_| Signal::default()),
            overflow: Signal::default(),
            complete: Signal::default(),
            pop: Signal::default(),
            flush: Signal::default(),
            select: std::array::from_fn(|_| Signal::default()),
            step: Signal::default(),
            turn: Signal::default(),
            aligned: Signal::default(),
            width: Signal::default(),
            deskew_overflow: Signal::default(),
            turns: LaneTurn::default(),
            ring: LaneRing::default(),
            widths: WidthHunt::default(),
            phase: DFF::default(),
            is_aligned: DFF::default(),
            is_emptying: DFF::default(),
            is_choosing: DFF::default(),
            members: DFF::default(),
            past_gap: DFF::default(),
            has_failed: DFF::default(),
            has_overflown: DFF::default(),
            busy: Signal::default(),
            is_empty: Signal::default(),
            is_free: Signal::default(),
            steps: Signal::default(),
            loses: Signal::default(),
            fails: Signal::default(),
            last_phase: constant(LANE_BEATS - 1),
            last_turn: constant(LANE_BEATS - LANE_BEATS / LANES),
        }
    }
}

impl<const LANES: usize, const PHYSICAL: usize, const LANE_BEATS: usize, const WIDTHS: usize>
    Default for LaneChoice<LANES, PHYSICAL, LANE_BEATS, WIDTHS>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const LANES: usize, const PHYSICAL: usize, const LANE_BEATS: usize, const WIDTHS: usize> Logic
    for LaneChoice<LANES, PHYSICAL, LANE_BEATS, WIDTHS>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            phase,
            is_aligned,
            is_emptying,
            is_choosing,
            members
        );
        dff_setup!(self, clock, has_failed, has_overflown, past_gap);

        // 1. Who has a turn.
        self.turns.phase.next = self.phase.q.val();
        self.turns.width.next = self.widths.width.val();
        self.turns.choosing.next = self.is_choosing.q.val() & !self.widths.stale.val();
        self.turns.emptying.next = self.is_emptying.q.val() | self.is_choosing.q.val();
        self.turns.head_valid.next = self.head_valid.val();
        self.turns.head_flag.next = self.head_flag.val();
        self.turns.has_data.next = self.has_data.val();
        self.turns.counts.next = self.counts.val();
        self.past_gap.d.next = self.gap.val();
        self.turns.gap.next = self.past_gap.q.val();
        self.turns.previous.next = self.ring.first.val();
        self.ring.clock.next = self.clock.val();
        self.ring.chosen.next = self.turns.chosen.val();
        for j in 0..PHYSICAL {
            self.turns.lane[j].next = self.lane[j].val();
        }
        self.busy.next = self.ring.under_way.val() | self.ring.first.val();
        self.is_free.next =
            self.turns.start.val() & !self.is_aligned.q.val() & !self.busy.val().any();

        // 2. Whether all go on, and whether something is wrong.
        self.steps.next = !(self.ring.under_way.val() & !self.head_valid.val()).any();
        self.is_empty.next = false;
        if self.is_emptying.q.val() {
            if self.turns.late.val() | (self.phase.q.val() == self.last_turn.val()) {
                self.steps.next = false;
                self.is_empty.next = !self.turns.late.val();
            }
        } else if self.turns.active.val() & !self.turns.chosen.val().any() {
            self.steps.next = false;
        }
        self.loses.next = (self.overflow.val() & self.busy.val()).any()
            | (self.is_aligned.q.val() & self.overflow.val().any());
        self.fails.next = self.loses.val()
            | ((self.busy.val() | self.members.q.val()) & !self.marker_lock.val()).any()
            | self.turns.twice.val()
            | self.turns.astray.val();

        // 3. Next state.
        self.has_failed.d.next = self.fails.val() & !self.reset.val();
        self.has_overflown.d.next = self.loses.val() & !self.reset.val();
        self.ring.step.next = self.steps.val();
        self.ring.clear.next = self.reset.val() | self.has_failed.q.val() | self.is_empty.val();
        self.widths.clock.next = self.clock.val();
        self.widths.reset.next = self.reset.val();
        self.widths.complete.next = self.complete.val();
        self.widths.free.next = self.is_free.val() & !self.steps.val();
        self.widths.hunt.next = self.turns.start.val()
            & self.is_choosing.q.val()
            & !self.steps.val()
            & self.turns.stranger.val();
        if self.steps.val() {
            self.phase.d.next = (self.phase.q.val() + 1) & self.last_phase.val();
            if self.phase.q.val() == self.last_phase.val() {
                self.is_emptying.d.next = (self.ring.back.val() & self.gap.val()).any();
                self.is_choosing.d.next = false;
            }
            if self.is_choosing.q.val() & (self.phase.q.val() == self.last_turn.val()) {
                self.is_aligned.d.next = true;
                self.members.d.next = self.ring.under_way.val() | self.turns.chosen.val();
            }
        } else if self.is_empty.val() {
            self.is_emptying.d.next = false;
            self.is_choosing.d.next = true;
            self.phase.d.next = 0.into();
        } else if self.is_free.val() {
            self.is_choosing.d.next = self.widths.ready.val();
        } else if self.turns.start.val() & self.turns.ends.val() {
            self.is_emptying.d.next = true;
        }

        // 4. Outputs: a lane that is not chosen runs dry.
        self.pop.next = self.head_valid.val()
            & !self.busy.val()
            & !self.turns.chosen.val()
            & !(self.head_flag.val() & self.has_data.val());
        if self.steps.val() {
            self.pop.next = self.pop.val() | self.turns.chosen.val() | self.ring.under_way.val();
        }
        for b in 0..LANE_BEATS {
            self.select[b].next = self.ring.select[b].val();
        }
        self.flush.next = self.has_failed.q.val();
        self.step.next = self.steps.val();
        self.turn.next = self.turns.turn.val();
        self.aligned.next = self.is_aligned.q.val();
        self.width.next = self.widths.width.val();
        self.deskew_overflow.next = self.has_overflown.q.val();
        if self.reset.val() | self.has_failed.q.val() {
            self.phase.d.next = 0.into();
            self.is_aligned.d.next = false;
            self.is_emptying.d.next = false;
            self.is_choosing.d.next = false;
            self.members.d.next = 0.into();
        }
    }

    describe!("Choice of `LANES` logical among `PHYSICAL` physical lanes, beat by beat.");
}
