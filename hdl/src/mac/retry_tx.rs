//! Decides what is sent again: takes reports of the far end, puts the ring's head back, and gives up a frame that never arrives.
//!
//! ```text
//!                  +---------+---> tail, keep, rewind     (ReplayRing)
//!   report ------->|         |
//!   position, pop >|         |---> hold_frames, discard_frames, is_final
//!   idle, starts ->| RetryTx |---> begins, tells          (PositionWriter)
//!   down, hold --->|         |
//!                  +---------+---> state, stat_*
//! ```
//!
//! The states are those of `docs/link.md`, `OFF` 0 to `FLUSH` 4. A report is judged in the cycle in which it is valid and moves `tail` at
//! the next clock edge. `rewind` is high for one cycle, while `idle`: no frame starts then, for `hold_frames` was high before. Without
//! retry, and where nothing can come back, `tail` is the position one cycle before. Pulses come one cycle after their cause. Reset: `OFF`.

use super::attempts::Attempts;
use super::replay_timer::ReplayTimer;
use super::replay_window::ReplayWindow;
use super::retry_state::RetryState;
use crate::prelude::*;

/// How often the head is put back to one tail before its frame goes out as the last attempt.
pub const REPLAY_LIMIT: u64 = 8;

/// The sender's decisions on a lossless link.
#[derive(LogicBlock)]
pub struct RetryTx {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The link is down.
    pub down: Signal<In, Bit>,
    /// No frame may start, and time stands still.
    pub hold: Signal<In, Bit>,
    /// The far end reports.
    pub report_valid: Signal<In, Bit>,
    /// It wants everything again from `report_expected` on.
    pub report_nack: Signal<In, Bit>,
    /// It has everything before this position.
    pub report_expected: Signal<In, Bits<16>>,
    /// Where the ring's head stands.
    pub position: Signal<In, Bits<16>>,
    /// It moves on by one at the next clock edge.
    pub pop: Signal<In, Bit>,
    /// It is the last of a frame.
    pub last: Signal<In, Bit>,
    /// A frame starts at the next clock edge.
    pub starts: Signal<In, Bit>,
    /// No frame is under way.
    pub idle: Signal<In, Bit>,
    /// The rest of a frame is being thrown away.
    pub dropping: Signal<In, Bit>,
    /// A frame was thrown away in the cycle before.
    pub discarded: Signal<In, Bit>,

    // Egress.
    /// What stands before is acknowledged.
    pub tail: Signal<Out, Bits<16>>,
    /// It is ahead of the head, whose frame is still being sent.
    pub keep: Signal<Out, Bit>,
    /// The head is put to `tail` at the next clock edge.
    pub rewind: Signal<Out, Bit>,
    /// No frame may start.
    pub hold_frames: Signal<Out, Bit>,
    /// Frames are thrown away.
    pub discard_frames: Signal<Out, Bit>,
    /// The next frame is not sent again.
    pub is_final: Signal<Out, Bit>,
    /// Position messages with *init* are to be sent.
    pub begins: Signal<Out, Bit>,
    /// Position messages are to be sent.
    pub tells: Signal<Out, Bit>,
    /// Frames are sent, again or for the first time.
    pub runs: Signal<Out, Bit>,
    /// State of the sender, see [`super::state`].
    pub state: Signal<Out, Bits<3>>,
    /// Frames are sent again.
    pub stat_replay: Signal<Out, Bit>,
    /// A report came that is no *nack*.
    pub stat_ack: Signal<Out, Bit>,
    /// A *nack* came.
    pub stat_nack: Signal<Out, Bit>,
    /// The replay timer ran out.
    pub stat_timeout: Signal<Out, Bit>,
    /// A frame was given up: it went out for the last time.
    pub stat_final: Signal<Out, Bit>,
    /// A frame that had been sent was thrown away unacknowledged.
    pub stat_flushed: Signal<Out, Bit>,

    // State.
    due: DFF<Bit>,
    replays: DFF<Bit>,
    heard_ack: DFF<Bit>,
    heard_nack: DFF<Bit>,
    ran_out: DFF<Bit>,
    gave_up: DFF<Bit>,
    flushes: DFF<Bit>,
    is: RetryState,
    window: ReplayWindow,
    attempts: Attempts,
    timer: ReplayTimer,

    // Wires.
    still: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    follows: Signal<Local, Bit>,
    open_ended: Signal<Local, Bit>,
    rewinds: Signal<Local, Bit>,
    counts: Signal<Local, Bit>,
    asks: Signal<Local, Bit>,

    // Parameters.
    has_retry: Constant<Bit>,
}

impl RetryTx {
    /// With or without `retry`, after `replay_cycles` without an acknowledgement.
    ///
    /// # Panics
    /// If `replay_cycles` is not in 1..=2^24.
    #[must_use]
    pub fn new(retry: bool, replay_cycles: usize) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            down: Signal::default(),
            hold: Signal::default(),
            report_valid: Signal::default(),
            report_nack: Signal::default(),
            report_expected: Signal::default(),
            position: Signal::default(),
            pop: Signal::default(),
            last: Signal::default(),
            starts: Signal::default(),
            idle: Signal::default(),
            dropping: Signal::default(),
            discarded: Signal::default(),
            tail: Signal::default(),
            keep: Signal::default(),
            rewind: Signal::default(),
            hold_frames: Signal::default(),
            discard_frames: Signal::default(),
            is_final: Signal::default(),
            begins: Signal::default(),
            tells: Signal::default(),
            runs: Signal::default(),
            state: Signal::default(),
            stat_replay: Signal::default(),
            stat_ack: Signal::default(),
            stat_nack: Signal::default(),
            stat_timeout: Signal::default(),
            stat_final: Signal::default(),
            stat_flushed: Signal::default(),
            due: DFF::default(),
            replays: DFF::default(),
            heard_ack: DFF::default(),
            heard_nack: DFF::default(),
            ran_out: DFF::default(),
            gave_up: DFF::default(),
            flushes: DFF::default(),
            is: RetryState::new(retry),
            window: ReplayWindow::default(),
            attempts: Attempts::default(),
            timer: ReplayTimer::new(replay_cycles),
            still: Signal::default(),
            ends: Signal::default(),
            follows: Signal::default(),
            open_ended: Signal::default(),
            rewinds: Signal::default(),
            counts: Signal::default(),
            asks: Signal::default(),
            has_retry: Constant::new(retry),
        }
    }
}

impl Logic for RetryTx {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, due, replays, heard_ack, heard_nack, ran_out, gave_up, flushes);
        clock!(self, clock, is, window, attempts, timer);
        self.is.reset.next = self.reset.val();
        self.window.reset.next = self.reset.val();
        self.attempts.reset.next = self.reset.val();
        self.timer.reset.next = self.reset.val();

        // 2. Where it stands, and whether anything can come back.
        self.still.next = self.idle.val() & !self.dropping.val();
        self.ends.next = self.pop.val() & self.last.val();
        self.follows.next = self.is.is_off.val()
            | self.is.is_init.val()
            | (self.is.is_flush.val() & !self.due.q.val())
            | self.attempts.settling.val()
            | (self.attempts.gone.val() & self.dropping.val())
            | !self.has_retry.val();
        self.window.position.next = self.position.val();
        self.window.pop.next = self.pop.val();
        self.window.follows.next = self.follows.val();
        self.window.begins.next = self.is.is_off.val() | self.is.is_init.val();
        self.window.accepts.next =
            self.is.sends.val() & self.has_retry.val() & !self.attempts.gone.val();
        self.window.settling.next = self.attempts.settling.val();
        self.window.report_valid.next = self.report_valid.val();
        self.window.expected.next = self.report_expected.val();

        // 3. The head is put back, or forward to what was acknowledged late, between two frames.
        self.rewinds.next = self.due.q.val() & self.idle.val() & !self.window.acks.val();
        self.counts.next = self.rewinds.val() & self.is.sends.val() & self.window.moved.val();
        self.attempts.runs.next = self.is.sends.val();
        self.attempts.counts.next = self.counts.val();
        self.attempts.starts.next = self.starts.val();
        self.attempts.ends.next = self.ends.val();
        self.attempts.acks.next = self.window.acks.val();
        self.open_ended.next = self.attempts.gone.val() | self.attempts.settling.val();
        self.timer.runs.next = self.is.sends.val()
            & self.has_retry.val()
            & self.window.open.val()
            & !self.open_ended.val();
        self.timer.restart.next = self.window.acks.val() | self.due.q.val();
        self.timer.hold.next = self.hold.val();
        self.asks.next =
            (self.window.fits.val() & self.report_nack.val() & !self.attempts.settling.val())
                | self.timer.spent.val()
                | (self.is.sends.val() & self.window.skips.val());

        // 4. Next state.
        if self.asks.val() {
            self.due.d.next = true;
        }
        if self.rewinds.val()
            | (self.is.sends.val() & (self.attempts.gone.val() | self.follows.val()))
        {
            self.due.d.next = false;
        }
        if self.down.val() & self.is.sends.val() & self.has_retry.val() {
            self.due.d.next = true;
        }
        self.is.down.next = self.down.val();
        self.is.opens.next = self.still.val()
            & self.report_valid.val()
            & !self.report_nack.val()
            & (self.report_expected.val() == self.position.val());
        self.is.rewinds.next = self.rewinds.val();
        self.is.caught.next = self.window.caught.val() & !self.open_ended.val();
        self.is.due.next = self.due.q.val();
        self.replays.d.next = self.counts.val();
        self.heard_ack.d.next = self.report_valid.val() & !self.report_nack.val();
        self.heard_nack.d.next = self.report_valid.val() & self.report_nack.val();
        self.ran_out.d.next = self.timer.spent.val();
        self.gave_up.d.next = self.attempts.gone.val() & self.ends.val();
        self.flushes.d.next = self.is.is_flush.val();

        // 5. Drive outputs.
        self.tail.next = self.window.tail.val();
        self.keep.next = self.window.skips.val();
        self.rewind.next = self.rewinds.val();
        self.hold_frames.next = self.hold.val()
            | self.due.q.val()
            | self.attempts.settling.val()
            | !self.is.sends.val();
        self.discard_frames.next =
            self.is.is_off.val() | (self.is.is_flush.val() & !self.due.q.val());
        self.is_final.next = self.attempts.is_final.val();
        self.begins.next = self.is.is_init.val() & self.still.val();
        self.tells.next =
            self.attempts.settling.val() | (self.is.sends.val() & !self.has_retry.val());
        self.runs.next = self.is.sends.val();
        self.state.next = self.is.state.val();
        self.stat_replay.next = self.replays.q.val();
        self.stat_ack.next = self.heard_ack.q.val();
        self.stat_nack.next = self.heard_nack.q.val();
        self.stat_timeout.next = self.ran_out.q.val();
        self.stat_final.next = self.gave_up.q.val();
        self.stat_flushed.next = self.discarded.val() & self.flushes.q.val();

        // 6. Reset wins.
        if self.reset.val() {
            self.due.d.next = false;
            self.replays.d.next = false;
            self.heard_ack.d.next = false;
            self.heard_nack.d.next = false;
            self.ran_out.d.next = false;
            self.gave_up.d.next = false;
            self.flushes.d.next = false;
        }
    }
    describe!("The sender's decisions on a lossless link.");
}
