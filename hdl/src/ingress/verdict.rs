//! Names the one cause for which an accepted frame is poisoned.
//!
//! ```text
//!                   +---------+
//!  B: cause, fcs -->| Verdict |--> good       (of the frame that ends in B)
//!  C: leave ------->|         |--> stat_*     (1 cycle after its last beat left C)
//!                   +---------+
//! ```
//!
//! The first that holds counts: paused too long, too long, malformed, runt, poisoned on arrival (`tuser` or a stomped FCS),
//! wrong FCS.

use crate::prelude::*;

/// Counts accepted frames by the cause that poisons them.
#[derive(LogicBlock, Default)]
pub struct Verdict {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: forgets the frame.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// What is wrong with the frame in B, as `BeatStages` has it.
    pub cause_b: Signal<In, Bits<5>>,
    /// The frame that ends in B has a good FCS.
    pub fcs_good: Signal<In, Bit>,
    /// The frame that ends in B has a stomped FCS.
    pub fcs_stomped: Signal<In, Bit>,
    /// The beat in B is its frame's last.
    pub last_b: Signal<In, Bit>,
    /// The beat in B enters C at the next clock edge.
    pub move_c: Signal<In, Bit>,
    /// The beat in C is an accepted frame's last and leaves at the next clock edge.
    pub finish: Signal<In, Bit>,

    // Egress.
    /// A frame ends in B without a fault and enters C at the next clock edge.
    pub good: Signal<Out, Bit>,
    /// One pulse per frame closed because its source paused too long.
    pub stat_gap_closed: Signal<Out, Bit>,
    /// One pulse per frame closed because it was too long.
    pub stat_too_long: Signal<Out, Bit>,
    /// One pulse per frame with bad byte enables.
    pub stat_malformed: Signal<Out, Bit>,
    /// One pulse per frame shorter than 64 bytes of which a part had left.
    pub stat_runt_poisoned: Signal<Out, Bit>,
    /// One pulse per frame that arrived poisoned.
    pub stat_poisoned_in: Signal<Out, Bit>,
    /// One pulse per frame with a wrong FCS.
    pub stat_fcs_error: Signal<Out, Bit>,

    // State.
    found: DFF<Bits<6>>,
    pulse: DFF<Bits<6>>,
}

impl Logic for Verdict {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop; pulses last one cycle.
        dff_setup!(self, clock, found, pulse);
        self.pulse.d.next = 0.into();

        // 2. Decide: the highest cause wins.
        if self.move_c.val() & self.last_b.val() {
            self.found.d.next = 0.into();
            if !self.fcs_good.val() {
                self.found.d.next = 1.into();
            }
            if self.fcs_stomped.val() | self.cause_b.val().get_bit(0) {
                self.found.d.next = 2.into();
            }
            if self.cause_b.val().get_bit(2) {
                self.found.d.next = 4.into();
            }
            if self.cause_b.val().get_bit(1) {
                self.found.d.next = 8.into();
            }
            if self.cause_b.val().get_bit(3) {
                self.found.d.next = 16.into();
            }
            if self.cause_b.val().get_bit(4) {
                self.found.d.next = 32.into();
            }
        }
        if self.finish.val() {
            self.pulse.d.next = self.found.q.val();
        }

        // 3. Drive outputs.
        self.good.next =
            self.move_c.val() & self.last_b.val() & self.fcs_good.val() & !self.cause_b.val().any();
        self.stat_fcs_error.next = self.pulse.q.val().get_bit(0);
        self.stat_poisoned_in.next = self.pulse.q.val().get_bit(1);
        self.stat_runt_poisoned.next = self.pulse.q.val().get_bit(2);
        self.stat_malformed.next = self.pulse.q.val().get_bit(3);
        self.stat_too_long.next = self.pulse.q.val().get_bit(4);
        self.stat_gap_closed.next = self.pulse.q.val().get_bit(5);

        // 4. Reset wins.
        if self.reset.val() {
            self.pulse.d.next = 0.into();
        }
    }
    describe!("Counts accepted frames by the cause that poisons them.");
}
