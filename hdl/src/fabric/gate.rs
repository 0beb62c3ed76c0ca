//! The ingress end of a row of queues: follows one port's frames and says which beats count, where, and with what mark.
//!
//! ```text
//!                     +------------------------------------------+
//!   tvalid tkeep ---->|  GapTimer   KeepCode                     |--> offer side
//!   tlast tuser       |                                          |--> push first last
//!   go accept ------->|  in_frame  closed  target  beats         |--> tready
//!                     +------------------------------------------+
//! ```
//!
//! A frame is admitted at its first beat, by `go` (the queues that take a copy) and `accept` (the beat may be taken);
//! from then on `tready` is high until its last beat. A frame that reaches `max_frame_beats` without a last beat, or
//! whose source pauses more than the gap limit, is closed with a last beat that poisons it, and its rest is discarded.
//! A closing beat that stands for a pause repeats whatever the data pins show; its bytes mean nothing.
//!
//! Latency: combinational from the stream to `push`. Throughput: one beat per cycle. Reset: the next beat is a first.

use crate::fabric::gap_timer::GapTimer;
use crate::fabric::keep_code::KeepCode;
use crate::prelude::*;

/// Follows one port's frames into the queues of `PORTS` egresses.
#[derive(LogicBlock)]
pub struct Gate<const PORTS: usize, const KEEP_W: usize, const BEATS_W: usize, const GAP_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Byte enables of the beat offered.
    pub tkeep: Signal<In, Bits<KEEP_W>>,
    /// A beat is offered.
    pub tvalid: Signal<In, Bit>,
    /// It is taken.
    pub tready: Signal<Out, Bit>,
    /// It is its frame's last.
    pub tlast: Signal<In, Bit>,
    /// On a last beat: its source poisons the frame.
    pub tuser: Signal<In, Bit>,
    /// For a first beat: the egresses whose queues take a copy.
    pub go: Signal<In, Bits<PORTS>>,
    /// For a first beat: it may be taken.
    pub accept: Signal<In, Bit>,
    /// Cycles a source may pause inside a frame.
    pub gap_limit: Signal<In, Bits<GAP_W>>,
    /// There is a gap limit.
    pub gap_limited: Signal<In, Bit>,

    // Egress.
    /// There may be a beat.
    pub offer: Signal<Out, Bit>,
    /// What the queues keep beside the data.
    pub side: Signal<Out, Bits<8>>,
    /// The queues in which the beat counts.
    pub push: Signal<Out, Bits<PORTS>>,
    /// It is a first beat.
    pub first: Signal<Out, Bit>,
    /// It is a last beat, or closes its frame.
    pub last: Signal<Out, Bit>,

    // Counters: one pulse for a frame.
    /// A frame's first beat is taken.
    pub started: Signal<Out, Bit>,
    /// A frame was closed because its source paused.
    pub gap_closed: Signal<Out, Bit>,
    /// A frame was closed because it is too long.
    pub too_long: Signal<Out, Bit>,
    /// A frame ended with a malformed `tkeep` in it.
    pub malformed: Signal<Out, Bit>,
    /// A frame ended poisoned by its source, and is not malformed.
    pub poisoned: Signal<Out, Bit>,

    // State.
    keep_code: KeepCode<KEEP_W>,
    gap_timer: GapTimer<GAP_W>,
    in_frame: DFF<Bit>,
    closed: DFF<Bit>,
    spoiled: DFF<Bit>,
    at_limit: DFF<Bit>,
    beats: DFF<Bits<BEATS_W>>,
    target: DFF<Bits<PORTS>>,

    // Wires.
    take: Signal<Local, Bit>,
    pause: Signal<Local, Bit>,
    cut: Signal<Local, Bit>,
    bad: Signal<Local, Bit>,
    tainted: Signal<Local, Bit>,
    mark: Signal<Local, Bit>,

    // Parameters.
    limit_ahead: Constant<Bits<BEATS_W>>,
}

impl<const PORTS: usize, const KEEP_W: usize, const BEATS_W: usize, const GAP_W: usize>
    Gate<PORTS, KEEP_W, BEATS_W, GAP_W>
{
    /// A gate that closes frames at `max_frame_beats`.
    ///
    /// # Panics
    /// If `max_frame_beats` is below 3 or does not fit `BEATS_W` bits.
    #[must_use]
    pub fn new(max_frame_beats: usize) -> Self {
        assert!(
            (3..1 << BEATS_W).contains(&max_frame_beats),
            "a longest frame of {max_frame_beats} beats: 3 to {} are possible",
            (1 << BEATS_W) - 1
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            tkeep: Signal::default(),
            tvalid: Signal::default(),
            tready: Signal::default(),
            tlast: Signal::default(),
            tuser: Signal::default(),
            go: Signal::default(),
            accept: Signal::default(),
            gap_limit: Signal::default(),
            gap_limited: Signal::default(),
            offer: Signal::default(),
            side: Signal::default(),
            push: Signal::default(),
            first: Signal::default(),
            last: Signal::default(),
            started: Signal::default(),
            gap_closed: Signal::default(),
            too_long: Signal::default(),
            malformed: Signal::default(),
            poisoned: Signal::default(),
            keep_code: KeepCode::default(),
            gap_timer: GapTimer::default(),
            in_frame: DFF::default(),
            closed: DFF::default(),
            spoiled: DFF::default(),
            at_limit: DFF::default(),
            beats: DFF::default(),
            target: DFF::default(),
            take: Signal::default(),
            pause: Signal::default(),
            cut: Signal::default(),
            bad: Signal::default(),
            tainted: Signal::default(),
            mark: Signal::default(),
            limit_ahead: Constant::new((max_frame_beats as u64 - 2).into()),
        }
    }
}

impl<const PORTS: usize, const KEEP_W: usize, const BEATS_W: usize, const GAP_W: usize> Logic
    for Gate<PORTS, KEEP_W, BEATS_W, GAP_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, in_frame, closed, spoiled, at_limit, beats, target);
        self.gap_timer.clock.next = self.clock.val();
        self.gap_timer.reset.next = self.reset.val();
        self.gap_timer.in_frame.next = self.in_frame.q.val() & !self.closed.q.val();
        self.gap_timer.tvalid.next = self.tvalid.val();
        self.gap_timer.limit.next = self.gap_limit.val();
        self.gap_timer.limited.next = self.gap_limited.val();
        self.keep_code.tkeep.next = self.tkeep.val();
        self.keep_code.tlast.next = self.tlast.val();

        // 2. Decide: take the beat, or close the frame without one (`pause`) or with this one (`cut`).
        self.tready.next = !self.reset.val() & (self.in_frame.q.val() | self.accept.val());
        self.take.next = self.tvalid.val() & (self.in_frame.q.val() | self.accept.val());
        self.pause.next = self.gap_timer.due.val() & !self.tvalid.val();
        self.cut.next = self.at_limit.q.val() & !self.tlast.val();
        self.bad.next = self.keep_code.malformed.val().any();
        // A bad beat that waits to be a frame's first is no last one: its mark means nothing.
        self.tainted.next = self.in_frame.q.val() & self.spoiled.q.val();
        self.mark.next = !self.tvalid.val()
            | (self.tlast.val() & self.tuser.val())
            | self.spoiled.q.val()
            | self.cut.val();

        // 3. Next state. Only `in_frame` asks whether a first beat is accepted; what the others note of a beat that waits
        // is noted again when it is.
        if self.tvalid.val() {
            self.in_frame.d.next = (self.in_frame.q.val() | self.accept.val()) & !self.tlast.val();
            self.spoiled.d.next = (self.tainted.val() | self.bad.val()) & !self.tlast.val();
            self.beats.d.next = 1.into();
            if self.in_frame.q.val() {
                self.at_limit.d.next =
                    (self.beats.q.val() == self.limit_ahead.val()) & !self.tlast.val();
                self.beats.d.next = self.beats.q.val() + 1;
            }
            if !self.in_frame.q.val() {
                self.target.d.next = self.go.val();
            }
            if self.tlast.val() {
                self.closed.d.next = false;
            }
        }
        if self.pause.val() | (self.tvalid.val() & self.cut.val()) {
            self.closed.d.next = true;
            self.target.d.next = 0.into();
        }

        // 4. Drive outputs.
        self.offer.next = self.tvalid.val() | self.in_frame.q.val();
        self.first.next = !self.in_frame.q.val();
        self.last.next = self.tlast.val() | !self.tvalid.val() | self.at_limit.q.val();
        self.side.next = bit_cast::<8, 3>(self.keep_code.malformed.val()) << 3;
        self.side.next = self.side.val() | bit_cast::<8, 3>(self.keep_code.gray.val());
        self.side.next = self.side.val() << 2;
        if self.mark.val() {
            self.side.next = self.side.val() | 2;
        }
        if self.last.val() {
            self.side.next = self.side.val() | 1;
        }
        self.push.next = 0.into();
        if self.tvalid.val() | self.gap_timer.due.val() {
            self.push.next = self.go.val();
            if self.in_frame.q.val() {
                self.push.next = self.target.q.val();
            }
        }
        self.started.next = self.take.val() & !self.in_frame.q.val();
        self.gap_closed.next = self.pause.val();
        self.too_long.next = self.tvalid.val() & self.cut.val() & !self.closed.q.val();
        self.malformed.next = self.take.val()
            & self.tlast.val()
            & !self.closed.q.val()
            & (self.bad.val() | self.tainted.val());
        self.poisoned.next = self.take.val()
            & self.tlast.val()
            & !self.closed.q.val()
            & !(self.bad.val() | self.tainted.val())
            & self.tuser.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.in_frame.d.next = false;
            self.closed.d.next = false;
            self.spoiled.d.next = false;
            self.at_limit.d.next = false;
        }
    }

    describe!("Follows one port's frames into the queues of `PORTS` egresses.");
}
