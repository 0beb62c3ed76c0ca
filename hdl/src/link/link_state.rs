//! Says whether the link is up, and if not, why.
//!
//! ```text
//!                   +-----------+---> up, reason
//!   aligned ------->|           |---> hold
//!   hi_ber -------->| LinkState |---> discard
//!   remote_fault -->|           |---> remote_fault_out
//!   locks --------->+-----------+---> stat_up, stat_down
//! ```
//!
//! *Ready* is aligned, no `hi_ber` and no remote fault. Ready for `up_cycles` makes up; not ready for `down_cycles`, or `hi_ber` at once,
//! makes down. Latency: 1 cycle. Reset: down, reason 0.

use crate::prelude::*;

/// Reasons for which a link is down, as `docs/link.md` lists them.
pub mod reason {
    /// Never up since reset.
    pub const NEVER_UP: u64 = 0;
    /// A lane has no block lock.
    pub const NO_BLOCK_LOCK: u64 = 9;
    /// A lane has no marker lock.
    pub const NO_MARKER_LOCK: u64 = 10;
    /// Not aligned.
    pub const NOT_ALIGNED: u64 = 11;
    /// The other side does not receive us.
    pub const REMOTE_FAULT: u64 = 14;
    /// High bit error ratio.
    pub const HIGH_BER: u64 = 17;
    /// No lane is left.
    pub const NO_LANE: u64 = 203;
    /// Lanes are held back because they flap.
    pub const FLAP_DAMPED: u64 = 204;
}

/// State of the link, with the reason for which it went down.
#[derive(LogicBlock)]
pub struct LinkState {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The lanes that carry data are aligned.
    pub aligned: Signal<In, Bit>,
    /// Too many bad headers.
    pub hi_ber: Signal<In, Bit>,
    /// The other side does not receive us.
    pub remote_fault: Signal<In, Bit>,
    /// As many lanes have block lock as carry data.
    pub blocks_lock: Signal<In, Bit>,
    /// As many lanes have marker lock as carry data.
    pub markers_lock: Signal<In, Bit>,
    /// No lane is left to send on.
    pub none: Signal<In, Bit>,
    /// Lanes are held back because they flap.
    pub damped: Signal<In, Bit>,

    // Egress.
    /// The link is up.
    pub up: Signal<Out, Bit>,
    /// Why it last went down.
    pub reason: Signal<Out, Bits<8>>,
    /// Frames wait.
    pub hold: Signal<Out, Bit>,
    /// Frames are thrown away.
    pub discard: Signal<Out, Bit>,
    /// Remote fault is sent.
    pub remote_fault_out: Signal<Out, Bit>,
    /// The link went up.
    pub stat_up: Signal<Out, Bit>,
    /// The link went down.
    pub stat_down: Signal<Out, Bit>,

    // State.
    is_up: DFF<Bit>,
    why: DFF<Bits<8>>,
    timer: DFF<Bits<24>>,
    receives: DFF<Bit>,
    is_ready: DFF<Bit>,
    rises: DFF<Bit>,
    falls: DFF<Bit>,

    // Wires.
    ready: Signal<Local, Bit>,
    spent: Signal<Local, Bit>,

    // Parameters.
    up_cycles: Constant<Bits<24>>,
    down_cycles: Constant<Bits<24>>,
    never_up: Constant<Bits<8>>,
    no_block_lock: Constant<Bits<8>>,
    no_marker_lock: Constant<Bits<8>>,
    not_aligned: Constant<Bits<8>>,
    is_remote: Constant<Bits<8>>,
    high_ber: Constant<Bits<8>>,
    no_lane: Constant<Bits<8>>,
    flap_damped: Constant<Bits<8>>,
}

impl LinkState {
    /// With the times above, in cycles.
    ///
    /// # Panics
    /// If one is not in 1..2^24.
    #[must_use]
    pub fn new(up_cycles: usize, down_cycles: usize) -> Self {
        for (name, cycles) in [("up", up_cycles), ("down", down_cycles)] {
            assert!(
                (1..1 << 24).contains(&cycles),
                "{name}_cycles is {cycles}: give 1 to 16777215"
            );
        }
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            aligned: Signal::default(),
            hi_ber: Signal::default(),
            remote_fault: Signal::default(),
            blocks_lock: Signal::default(),
            markers_lock: Signal::default(),
            none: Signal::default(),
            damped: Signal::default(),
            up: Signal::default(),
            reason: Signal::default(),
            hold: Signal::default(),
            discard: Signal::default(),
            remote_fault_out: Signal::default(),
            stat_up: Signal::default(),
            stat_down: Signal::default(),
            is_up: DFF::default(),
            why: DFF::default(),
            timer: flop_at((up_cycles as u64).into()),
            receives: DFF::default(),
            is_ready: DFF::default(),
            rises: DFF::default(),
            falls: DFF::default(),
            ready: Signal::default(),
            spent: Signal::default(),
            up_cycles: Constant::new((up_cycles as u64).into()),
            down_cycles: Constant::new((down_cycles as u64).into()),
            never_up: Constant::new(reason::NEVER_UP.into()),
            no_block_lock: Constant::new(reason::NO_BLOCK_LOCK.into()),
            no_marker_lock: Constant::new(reason::NO_MARKER_LOCK.into()),
            not_aligned: Constant::new(reason::NOT_ALIGNED.into()),
            is_remote: Constant::new(reason::REMOTE_FAULT.into()),
            high_ber: Constant::new(reason::HIGH_BER.into()),
            no_lane: Constant::new(reason::NO_LANE.into()),
            flap_damped: Constant::new(reason::FLAP_DAMPED.into()),
        }
    }
}

impl Logic for LinkState {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, is_up, why, timer, receives, is_ready, rises, falls);

        // 2. Decide.
        self.ready.next = self.aligned.val() & !self.hi_ber.val() & !self.remote_fault.val();
        self.spent.next = !self.timer.q.val().any();

        // 3. Next state: the timer runs while ready and state disagree.
        self.receives.d.next = self.aligned.val() & !self.hi_ber.val();
        self.is_ready.d.next = self.ready.val();
        self.rises.d.next = false;
        self.falls.d.next = false;
        self.timer.d.next = self.timer.q.val() - 1;
        if self.ready.val() == self.is_up.q.val() {
            self.timer.d.next = self.up_cycles.val();
            if self.is_up.q.val() {
                self.timer.d.next = self.down_cycles.val();
            }
        }
        if self.ready.val() & !self.is_up.q.val() & self.spent.val() {
            self.is_up.d.next = true;
            self.rises.d.next = true;
            self.timer.d.next = self.down_cycles.val();
        }
        if !self.ready.val() & self.is_up.q.val() & (self.spent.val() | self.hi_ber.val()) {
            self.is_up.d.next = false;
            self.falls.d.next = true;
            self.timer.d.next = self.up_cycles.val();
            self.why.d.next = self.is_remote.val();
            if self.damped.val() {
                self.why.d.next = self.flap_damped.val();
            }
            if self.none.val() {
                self.why.d.next = self.no_lane.val();
            }
            if !self.aligned.val() {
                self.why.d.next = self.not_aligned.val();
            }
            if !self.markers_lock.val() {
                self.why.d.next = self.no_marker_lock.val();
            }
            if !self.blocks_lock.val() {
                self.why.d.next = self.no_block_lock.val();
            }
            if self.hi_ber.val() {
                self.why.d.next = self.high_ber.val();
            }
        }

        // 4. Drive outputs.
        self.up.next = self.is_up.q.val();
        self.reason.next = self.why.q.val();
        self.hold.next = !self.is_ready.q.val() | !self.is_up.q.val();
        self.discard.next = !self.is_up.q.val();
        self.remote_fault_out.next = !self.receives.q.val();
        self.stat_up.next = self.rises.q.val();
        self.stat_down.next = self.falls.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.is_up.d.next = false;
            self.why.d.next = self.never_up.val();
            self.timer.d.next = self.up_cycles.val();
            self.receives.d.next = false;
            self.is_ready.d.next = false;
            self.rises.d.next = false;
            self.falls.d.next = false;
        }
    }
    describe!("State of the link, with the reason for which it went down.");
}
