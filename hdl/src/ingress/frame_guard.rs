//! Follows the frames at the pins: counts their beats, ends those that are too long or pause too long, and throws
//! away what comes after.
//!
//! ```text
//!                +------------+--> tready, enter, first, second
//!  pins -------->|            |--> malformed, runt
//!  stage_free -->| FrameGuard |--> limit, last, close_gap
//!                +------------+
//! ```
//!
//! `enter` and everything beside it answer in the same cycle. A frame is *open* from its first beat to its last; the
//! newest beat of an open frame waits in stage A, where `close_gap` makes it the last one. The beat that reaches the
//! maximum is the last one whatever `tlast` says.

use crate::prelude::*;

/// Follows the frames at the pins and closes those that break a limit.
#[derive(LogicBlock)]
pub struct FrameGuard<const KEEP_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: the next beat is a first beat.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A beat is offered.
    pub tvalid: Signal<In, Bit>,
    /// It is its frame's last.
    pub tlast: Signal<In, Bit>,
    /// Its byte enables.
    pub tkeep: Signal<In, Bits<KEEP_W>>,
    /// Its byte enables break the rules.
    pub malformed_beat: Signal<In, Bit>,
    /// Stage A can take a beat at the next clock edge.
    pub stage_free: Signal<In, Bit>,
    /// Longest pause inside a frame in cycles, 0 for any. A pause is judged by the value in the cycle before it.
    pub cfg_gap_limit: Signal<In, Bits<16>>,
    /// The beat is taken at the next clock edge.
    pub tready: Signal<Out, Bit>,

    // Egress.
    /// The beat enters stage A at the next clock edge.
    pub enter: Signal<Out, Bit>,
    /// It is its frame's first.
    pub first: Signal<Out, Bit>,
    /// It is its frame's second.
    pub second: Signal<Out, Bit>,
    /// The frame had a malformed beat, this one included.
    pub malformed: Signal<Out, Bit>,
    /// If this beat is the last, the frame has less than 64 bytes.
    pub runt: Signal<Out, Bit>,
    /// The frame may not go on after this beat.
    pub limit: Signal<Out, Bit>,
    /// The beat is its frame's last as far as the switch is concerned.
    pub last: Signal<Out, Bit>,
    /// The frame paused too long: the beat in stage A becomes its last.
    pub close_gap: Signal<Out, Bit>,

    // State.
    open: DFF<Bit>,
    discarding: DFF<Bit>,
    after_first: DFF<Bit>,
    spoiled: DFF<Bit>,
    beats: DFF<Bits<16>>,
    at_least_minimum: DFF<Bit>,
    one_below_minimum: DFF<Bit>,
    at_maximum: DFF<Bit>,
    remaining_cycles: DFF<Bits<16>>,
    spent: DFF<Bit>,

    // Parameters.
    last_free_beat: Constant<Bits<16>>,
    last_short_beat: Constant<Bits<16>>,
}

impl<const KEEP_W: usize> FrameGuard<KEEP_W> {
    /// A guard for frames of at most `max_frame_bytes`.
    ///
    /// # Panics
    ///
    /// If `max_frame_bytes` is not in 64..=65 535.
    #[must_use]
    pub fn new(max_frame_bytes: usize) -> Self {
        assert!(
            (64..=65_535).contains(&max_frame_bytes),
            "max_frame_bytes is {max_frame_bytes}: give 64 to 65535"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            tvalid: Signal::default(),
            tlast: Signal::default(),
            tkeep: Signal::default(),
            malformed_beat: Signal::default(),
            stage_free: Signal::default(),
            cfg_gap_limit: Signal::default(),
            tready: Signal::default(),
            enter: Signal::default(),
            first: Signal::default(),
            second: Signal::default(),
            malformed: Signal::default(),
            runt: Signal::default(),
            limit: Signal::default(),
            last: Signal::default(),
            close_gap: Signal::default(),
            open: DFF::default(),
            discarding: DFF::default(),
            after_first: DFF::default(),
            spoiled: DFF::default(),
            beats: DFF::default(),
            at_least_minimum: DFF::default(),
            one_below_minimum: DFF::default(),
            at_maximum: DFF::default(),
            remaining_cycles: DFF::default(),
            spent: DFF::default(),
            last_free_beat: Constant::new((max_frame_bytes.div_ceil(KEEP_W) as u64 - 2).into()),
            last_short_beat: Constant::new((64 / KEEP_W as u64 - 2).into()),
        }
    }
}

impl<const KEEP_W: usize> Logic for FrameGuard<KEEP_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            open,
            discarding,
            after_first,
            spoiled,
            beats,
            at_least_minimum,
            one_below_minimum,
            at_maximum,
            remaining_cycles,
            spent
        );

        // 2. Decide.
        self.limit.next = self.at_maximum.q.val();
        self.last.next = self.tlast.val() | self.at_maximum.q.val();
        self.enter.next = self.tvalid.val() & self.stage_free.val() & !self.discarding.q.val();
        self.close_gap.next = self.open.q.val() & self.spent.q.val() & !self.tvalid.val();
        self.tready.next = self.discarding.q.val() | self.stage_free.val();
        self.first.next = !self.open.q.val();
        self.second.next = self.after_first.q.val();
        self.malformed.next = self.malformed_beat.val() | self.spoiled.q.val();
        self.runt.next = !self.at_least_minimum.q.val()
            & !(self.one_below_minimum.q.val() & self.tkeep.val().all());

        // 3. Next state: the open frame.
        if self.enter.val() {
            self.open.d.next = true;
            self.after_first.d.next = !self.open.q.val();
            self.spoiled.d.next = self.malformed.val();
            self.beats.d.next = self.beats.q.val() + 1;
            self.one_below_minimum.d.next = self.beats.q.val() == self.last_short_beat.val();
            self.at_least_minimum.d.next =
                self.at_least_minimum.q.val() | self.one_below_minimum.q.val();
            self.at_maximum.d.next = self.beats.q.val() == self.last_free_beat.val();
        }
        if self.discarding.q.val() & self.tvalid.val() & self.tlast.val() {
            self.discarding.d.next = false;
        }
        if self.enter.val() & self.at_maximum.q.val() {
            self.discarding.d.next = !self.tlast.val();
        }
        if self.close_gap.val() {
            self.discarding.d.next = true;
        }

        // 4. Next state: the pause.
        self.remaining_cycles.d.next = self.cfg_gap_limit.val();
        self.spent.d.next = false;
        if self.open.q.val() & !self.tvalid.val() {
            self.remaining_cycles.d.next = self.remaining_cycles.q.val();
            if self.remaining_cycles.q.val().any() {
                self.remaining_cycles.d.next = self.remaining_cycles.q.val() - 1;
            }
            self.spent.d.next = self.spent.q.val() | (self.remaining_cycles.q.val() == 1);
        }

        // 5. A frame's end and reset win.
        if self.reset.val() | (self.enter.val() & self.last.val()) | self.close_gap.val() {
            self.open.d.next = false;
            self.after_first.d.next = false;
            self.spoiled.d.next = false;
            self.beats.d.next = 0.into();
            self.at_least_minimum.d.next = false;
            self.one_below_minimum.d.next = false;
            self.at_maximum.d.next = false;
        }
        if self.reset.val() {
            self.discarding.d.next = false;
            self.spent.d.next = false;
        }
    }
    describe!("Follows the frames at the pins and closes those that break a limit.");
}
