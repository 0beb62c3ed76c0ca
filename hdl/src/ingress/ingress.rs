//! A port's way into the switch: checks its frames, asks the table where they go, and offers them to the fabric.
//!
//! ```text
//!             +---+   +---+   +---+
//!  sink ----->| A |-->| B |-->| C |--> source, mask
//!    |        +---+   +---+   +---+
//!    | lookup_address           ^ hit, hit_mask, known
//!    v                          |
//!   the table: reads, compares, answers in step with A, B and C
//! ```
//!
//! Frames are Ethernet from destination address to FCS inclusive, 64 to `max_frame_bytes`. A beat offered in cycle 0 with
//! its successor in cycle 1 is offered to the fabric in cycle 3 (cycle 4 with 32-bit beats); one beat per cycle, and
//! `tready` is never low while `source.tready` is high. A beat that is not its frame's last leaves A only when the next one
//! enters: so the beat before the last is still here when the end is seen, and the last four bytes can be set even when
//! they straddle both.
//!
//! A frame is poisoned when it arrives so (`tuser`, a stomped FCS), has a wrong FCS, bad byte enables, more than
//! `max_frame_bytes` (closed at the limit), a pause of more than `cfg_gap_limit` cycles (closed at once), or less than 64
//! bytes; a frame that ends before its first beat reached C is dropped instead. With 32-bit beats a pause after the first
//! beat is not timed, as nothing has left. Poison goes on as `tuser` on the last beat and as a stomped FCS: the last four
//! bytes are the complement of the FCS over the bytes sent. Frames that go nowhere are swallowed. Every frame counts once
//! in accepted, `runt_dropped` or `filtered_*`, and accepted ones at most once by the cause of their poison. Reset empties
//! everything: the next beat is a first beat.

use super::{
    BeatStages, Decision, FrameCrc, FrameGuard, Header, KeepCheck, Learner, Lookahead, Patch,
    Stomp, Verdict,
};
use crate::prelude::*;

/// Switch ingress of one port: `WORDS` x 32 bits, `KEEP_W` = 4 x `WORDS`, `PORTS` ports, `DEPTH` = 2 - `WORDS`.
#[derive(LogicBlock)]
pub struct Ingress<const WORDS: usize, const KEEP_W: usize, const PORTS: usize, const DEPTH: usize>
{
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: everything is empty, the next beat is a first beat.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Frames from the MAC.
    pub sink: FrameSink<WORDS, KEEP_W>,
    /// This port, one-hot.
    pub own_port: Signal<In, Bits<PORTS>>,
    /// Longest pause inside a frame in cycles, 0 for any.
    pub cfg_gap_limit: Signal<In, Bits<16>>,

    // Egress.
    /// Frames to the fabric.
    pub source: StreamSource<WORDS, KEEP_W>,
    /// Egress ports of the frame, at its first beat.
    pub mask: Signal<Out, Bits<PORTS>>,

    // Table.
    /// Address to look up: bytes 0..3, then bytes 4 and 5 in the lower half; read at `advance_a`.
    pub lookup_address: [Signal<Out, Bits<32>>; 2],
    /// A beat enters A, or is thrown away, at the next clock edge: start the lookup.
    pub advance_a: Signal<Out, Bit>,
    /// The beat in A enters B at the next clock edge.
    pub advance_b: Signal<Out, Bit>,
    /// The beat in B enters C at the next clock edge: give the answer.
    pub advance_c: Signal<Out, Bit>,
    /// The answer to the beat in C: the address is known.
    pub hit: Signal<In, Bit>,
    /// The ports it lives on.
    pub hit_mask: Signal<In, Bits<PORTS>>,
    /// The address is at this port and fresh: nothing to learn.
    pub known: Signal<In, Bit>,
    /// An address is offered for learning; it holds until taken or replaced by a newer one.
    pub learn_valid: Signal<Out, Bit>,
    /// The address: bytes 0..3, then bytes 4 and 5 in the lower half.
    pub learn_address: [Signal<Out, Bits<32>>; 2],
    /// The address is taken at the next clock edge.
    pub learn_ready: Signal<In, Bit>,

    // Status.
    /// One pulse per frame that enters the fabric.
    pub stat_accepted: Signal<Out, Bit>,
    /// One pulse per frame dropped because it was shorter than 64 bytes.
    pub stat_runt_dropped: Signal<Out, Bit>,
    /// One pulse per frame to 01:80:C2:00:00:00..0F.
    pub stat_filtered_reserved: Signal<Out, Bit>,
    /// One pulse per frame whose destination is behind its own port.
    pub stat_filtered_own: Signal<Out, Bit>,
    /// One pulse per MAC control frame.
    pub stat_filtered_control: Signal<Out, Bit>,
    /// One pulse per accepted frame sent to all other ports.
    pub stat_flooded: Signal<Out, Bit>,
    /// One pulse per accepted frame closed because its source paused too long.
    pub stat_gap_closed: Signal<Out, Bit>,
    /// One pulse per accepted frame closed because it was too long.
    pub stat_too_long: Signal<Out, Bit>,
    /// One pulse per accepted frame with bad byte enables.
    pub stat_malformed: Signal<Out, Bit>,
    /// One pulse per frame shorter than 64 bytes of which a part had left.
    pub stat_runt_poisoned: Signal<Out, Bit>,
    /// One pulse per accepted frame that arrived poisoned.
    pub stat_poisoned_in: Signal<Out, Bit>,
    /// One pulse per accepted frame with a wrong FCS.
    pub stat_fcs_error: Signal<Out, Bit>,
    /// One pulse per address that was not learnt because the table was busy.
    pub stat_learn_missed: Signal<Out, Bit>,

    // Blocks.
    lookahead: Lookahead<WORDS, KEEP_W, DEPTH>,
    keep_check: KeepCheck<WORDS, KEEP_W>,
    guard: FrameGuard<KEEP_W>,
    crc: FrameCrc<WORDS>,
    stages: BeatStages<WORDS, KEEP_W>,
    stomp: Stomp<WORDS>,
    patch: Patch<WORDS, KEEP_W>,
    header: Header<WORDS>,
    decision: Decision<PORTS>,
    learner: Learner,
    verdict: Verdict,

    // Wires.
    cause: Signal<Local, Bits<5>>,
    advance: Signal<Local, Bit>,
}

impl<const WORDS: usize, const KEEP_W: usize, const PORTS: usize, const DEPTH: usize>
    Ingress<WORDS, KEEP_W, PORTS, DEPTH>
{
    /// An ingress for frames of at most `max_frame_bytes`.
    ///
    /// # Panics
    ///
    /// If `max_frame_bytes` is not in 64..=65 535.
    #[must_use]
    pub fn new(max_frame_bytes: usize) -> Self {
        const { assert!(DEPTH + WORDS == 2 && PORTS >= 2 && PORTS <= 32) };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            sink: FrameSink::default(),
            own_port: Signal::default(),
            cfg_gap_limit: Signal::default(),
            source: StreamSource::default(),
            mask: Signal::default(),
            lookup_address: std::array::from_fn(|_| Signal::default()),
            advance_a: Signal::default(),
            advance_b: Signal::default(),
            advance_c: Signal::default(),
            hit: Signal::default(),
            hit_mask: Signal::default(),
            known: Signal::default(),
            learn_valid: Signal::default(),
            learn_address: std::array::from_fn(|_| Signal::default()),
            learn_ready: Signal::default(),
            stat_accepted: Signal::default(),
            stat_runt_dropped: Signal::default(),
            stat_filtered_reserved: Signal::default(),
            stat_filtered_own: Signal::default(),
            stat_filtered_control: Signal::default(),
            stat_flooded: Signal::default(),
            stat_gap_closed: Signal::default(),
            stat_too_long: Signal::default(),
            stat_malformed: Signal::default(),
            stat_runt_poisoned: Signal::default(),
            stat_poisoned_in: Signal::default(),
            stat_fcs_error: Signal::default(),
            stat_learn_missed: Signal::default(),
            lookahead: Lookahead::default(),
            keep_check: KeepCheck::new(max_frame_bytes),
            guard: FrameGuard::new(max_frame_bytes),
            crc: FrameCrc::default(),
            stages: BeatStages::default(),
            stomp: Stomp::default(),
            patch: Patch::default(),
            header: Header::default(),
            decision: Decision::default(),
            learner: Learner::default(),
            verdict: Verdict::default(),
            cause: Signal::default(),
            advance: Signal::default(),
        }
    }
}

impl<const WORDS: usize, const KEEP_W: usize, const PORTS: usize, const DEPTH: usize> Logic
    for Ingress<WORDS, KEEP_W, PORTS, DEPTH>
{
    #[allow(clippy::too_many_lines, reason = "wiring, a line a wire")]
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Clock and reset.
        self.lookahead.clock.next = self.clock.val();
        self.lookahead.reset.next = self.reset.val();
        self.guard.clock.next = self.clock.val();
        self.guard.reset.next = self.reset.val();
        self.crc.clock.next = self.clock.val();
        self.crc.reset.next = self.reset.val();
        self.stages.clock.next = self.clock.val();
        self.stages.reset.next = self.reset.val();
        self.stomp.clock.next = self.clock.val();
        self.decision.clock.next = self.clock.val();
        self.decision.reset.next = self.reset.val();
        self.learner.clock.next = self.clock.val();
        self.learner.reset.next = self.reset.val();
        self.verdict.clock.next = self.clock.val();
        self.verdict.reset.next = self.reset.val();

        // 2. What is at the pins.
        self.sink.tready.next = self.lookahead.sink.tready.val();
        self.lookahead.sink.tkeep.next = self.sink.tkeep.val();
        self.lookahead.sink.tvalid.next = self.sink.tvalid.val();
        self.lookahead.sink.tlast.next = self.sink.tlast.val();
        self.lookahead.sink.tuser.next = self.sink.tuser.val();
        self.lookahead.tready.next = self.guard.tready.val();
        for i in 0..WORDS {
            self.lookahead.sink.tdata[i].next = self.sink.tdata[i].val();
            self.keep_check.tdata[i].next = self.lookahead.tdata[i].val();
            self.header.beat[i].next = self.lookahead.tdata[i].val();
            self.header.data_a[i].next = self.stages.data_a[i].val();
            self.header.data_b[i].next = self.stages.data_b[i].val();
            self.crc.data[i].next = self.keep_check.data[i].val();
            self.stages.data[i].next = self.keep_check.data[i].val();
            self.stomp.data_a[i].next = self.stages.data_a[i].val();
        }
        self.keep_check.tkeep.next = self.lookahead.tkeep.val();
        self.keep_check.tlast.next = self.lookahead.tlast.val();
        self.keep_check.limit.next = self.guard.limit.val();
        self.guard.tvalid.next = self.lookahead.tvalid.val();
        self.guard.tlast.next = self.lookahead.tlast.val();
        self.guard.tkeep.next = self.lookahead.tkeep.val();
        self.guard.malformed_beat.next = self.keep_check.malformed.val();
        self.guard.cfg_gap_limit.next = self.cfg_gap_limit.val();
        self.header.peek.next = self.lookahead.peek.val();
        self.header.first.next = self.guard.first.val();

        // 3. Stages.
        self.guard.stage_free.next = self.stages.free.val();
        self.stages.offered.next = self.lookahead.tvalid.val();
        self.stages.discard.next = self.decision.discard.val();
        self.stages.take.next = self.source.tready.val();
        self.cause.next = 0.into();
        self.cause.next = self
            .cause
            .val()
            .replace_bit(0, self.lookahead.tlast.val() & self.lookahead.tuser.val());
        self.cause.next = self.cause.val().replace_bit(1, self.guard.malformed.val());
        self.cause.next = self
            .cause
            .val()
            .replace_bit(2, self.lookahead.tlast.val() & self.guard.runt.val());
        self.cause.next = self.cause.val().replace_bit(3, self.keep_check.cut.val());
        self.stages.keep.next = self.keep_check.keep.val();
        self.stages.skip.next = self.keep_check.skip.val();
        self.stages.spill.next = self.keep_check.spill.val();
        self.stages.first.next = self.guard.first.val();
        self.stages.second.next = self.guard.second.val();
        self.stages.last.next = self.guard.last.val();
        self.stages.cause.next = self.cause.val();
        self.stages.enter.next = self.guard.enter.val();
        self.stages.close_gap.next = self.guard.close_gap.val();
        self.stages.fcs_good.next = self.crc.fcs_good.val();

        // 4. CRC and stomp.
        self.crc.first.next = self.guard.first.val();
        self.crc.enter.next = self.guard.enter.val();
        self.crc.move_b.next = self.stages.move_b.val();
        self.crc.last_a.next = self.stages.last_a.val();
        self.crc.skip_a.next = self.stages.skip_a.val();
        self.stomp.state.next = self.crc.state.val();
        self.stomp.last_a.next = self.stages.last_a.val();
        self.stomp.skip_a.next = self.stages.skip_a.val();
        self.stomp.tail_skip.next = self.keep_check.tail_skip.val();
        self.stomp.move_b.next = self.stages.move_b.val();
        self.stomp.move_c.next = self.stages.move_c.val();

        // 5. Table, decision, learning, counts.
        self.advance.next = self.lookahead.tvalid.val() & self.stages.free.val();
        self.advance_a.next = self.advance.val();
        self.advance_b.next = self.stages.move_b.val();
        self.advance_c.next = self.stages.move_c.val();
        self.decision.first_b.next = self.stages.first_b.val();
        self.decision.reserved_b.next = self.header.reserved.val();
        self.decision.control_b.next = self.header.control.val();
        self.decision.runt_b.next = self.stages.last_b.val()
            | self.stages.last_a.val()
            | (self.guard.enter.val() & self.lookahead.tlast.val());
        self.decision.move_c.next = self.stages.move_c.val();
        self.decision.first_c.next = self.stages.first_c.val();
        self.decision.leave.next = self.stages.leave.val();
        self.decision.hit.next = self.hit.val();
        self.decision.hit_mask.next = self.hit_mask.val();
        self.decision.own_port.next = self.own_port.val();
        for i in 0..2 {
            self.lookup_address[i].next = self.header.address[i].val();
            self.learner.address[i].next = self.header.address[i].val();
            self.learn_address[i].next = self.learner.learn_address[i].val();
        }
        self.learner.capture.next = self.advance.val() & self.guard.second.val();
        self.learner.answer.next = self.stages.valid_c.val() & self.stages.second_c.val();
        self.learner.known.next = self.known.val();
        self.learner.good.next = self.verdict.good.val() & !self.decision.control.val();
        self.learner.learn_ready.next = self.learn_ready.val();
        self.learn_valid.next = self.learner.learn_valid.val();
        self.verdict.cause_b.next = self.stages.cause_b.val();
        self.verdict.fcs_good.next = self.crc.fcs_good.val();
        self.verdict.fcs_stomped.next = self.crc.fcs_stomped.val();
        self.verdict.last_b.next = self.stages.last_b.val();
        self.verdict.move_c.next = self.stages.move_c.val();
        self.verdict.finish.next =
            self.stages.leave.val() & self.stages.last_c.val() & !self.decision.swallow.val();
        self.stat_accepted.next = self.decision.stat_accepted.val();
        self.stat_runt_dropped.next = self.decision.stat_runt_dropped.val();
        self.stat_filtered_reserved.next = self.decision.stat_filtered_reserved.val();
        self.stat_filtered_own.next = self.decision.stat_filtered_own.val();
        self.stat_filtered_control.next = self.decision.stat_filtered_control.val();
        self.stat_flooded.next = self.decision.stat_flooded.val();
        self.stat_gap_closed.next = self.verdict.stat_gap_closed.val();
        self.stat_too_long.next = self.verdict.stat_too_long.val();
        self.stat_malformed.next = self.verdict.stat_malformed.val();
        self.stat_runt_poisoned.next = self.verdict.stat_runt_poisoned.val();
        self.stat_poisoned_in.next = self.verdict.stat_poisoned_in.val();
        self.stat_fcs_error.next = self.verdict.stat_fcs_error.val();
        self.stat_learn_missed.next = self.learner.stat_learn_missed.val();

        // 6. Offer the beat in C, its FCS stomped if the frame is bad.
        self.patch.fcs_bytes.next = self.stages.fcs_bytes_c.val();
        self.patch.value.next = self.stomp.patch.val();
        self.patch.stomp.next =
            self.stages.poison_c.val() | (!self.stages.last_c.val() & !self.crc.fcs_good.val());
        for i in 0..WORDS {
            self.patch.data[i].next = self.stages.data_c[i].val();
            self.source.tdata[i].next = self.patch.patched[i].val();
        }
        self.source.tkeep.next = self.stages.keep_c.val();
        self.source.tvalid.next = self.stages.valid_c.val() & !self.decision.swallow.val();
        self.source.tlast.next = self.stages.last_c.val();
        self.source.tuser.next = self.stages.last_c.val() & self.stages.poison_c.val();
        self.mask.next = self.decision.mask.val();
    }
    describe!("Switch ingress of one port: `WORDS` x 32 bits, `KEEP_W` = 4 x `WORDS`, `PORTS` ports, `DEPTH` = 2 - `WORDS`.");
}
