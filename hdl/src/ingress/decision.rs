//! Decides at a frame's first beat which ports it goes to, and swallows frames that go nowhere.
//!
//! ```text
//!                     +----------+
//!  B: kind, runt ---->|          |--> mask, swallow  (beside C)
//!  C: hit, hit_mask ->| Decision |--> control
//!  own_port --------->|          |--> stat_*
//!                     +----------+
//! ```
//!
//! Whether a first beat is swallowed is known too late in its first cycle in C to decide whether the stages move: it leaves
//! at once if the fabric is ready, else a cycle later. The kind is sampled when the first beat moves from B to C, where the table's answer arrives. A frame counts once when its
//! first beat leaves C: runt, else reserved, else control, else its own port, else accepted (and flooded).

use crate::prelude::*;

/// Egress mask of the frame in C, and whether it is swallowed.
#[derive(LogicBlock)]
pub struct Decision<const PORTS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: forgets the frame.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The beat in B is its frame's first.
    pub first_b: Signal<In, Bit>,
    /// It goes to a reserved group address.
    pub reserved_b: Signal<In, Bit>,
    /// It is a MAC control frame.
    pub control_b: Signal<In, Bit>,
    /// Its frame has ended before 64 bytes and nothing of it has left.
    pub runt_b: Signal<In, Bit>,
    /// The beat in B enters C at the next clock edge.
    pub move_c: Signal<In, Bit>,
    /// The beat in C is its frame's first.
    pub first_c: Signal<In, Bit>,
    /// The beat in C leaves at the next clock edge.
    pub leave: Signal<In, Bit>,
    /// The table knows the destination.
    pub hit: Signal<In, Bit>,
    /// Where it lives.
    pub hit_mask: Signal<In, Bits<PORTS>>,
    /// This port, one-hot.
    pub own_port: Signal<In, Bits<PORTS>>,

    // Egress.
    /// Egress ports of the frame in C, at its first beat.
    pub mask: Signal<Out, Bits<PORTS>>,
    /// The beat in C goes nowhere.
    pub swallow: Signal<Out, Bit>,
    /// The beat in C may leave without being taken: `swallow`, a cycle late at a first beat.
    pub discard: Signal<Out, Bit>,
    /// The frame in C is a MAC control frame.
    pub control: Signal<Out, Bit>,
    /// One pulse per frame that enters the fabric.
    pub stat_accepted: Signal<Out, Bit>,
    /// One pulse per frame dropped because it was shorter than 64 bytes.
    pub stat_runt_dropped: Signal<Out, Bit>,
    /// One pulse per frame to a reserved group address.
    pub stat_filtered_reserved: Signal<Out, Bit>,
    /// One pulse per frame whose destination is behind its own port.
    pub stat_filtered_own: Signal<Out, Bit>,
    /// One pulse per MAC control frame.
    pub stat_filtered_control: Signal<Out, Bit>,
    /// One pulse per accepted frame sent to all other ports.
    pub stat_flooded: Signal<Out, Bit>,

    // State.
    is_reserved: DFF<Bit>,
    is_control: DFF<Bit>,
    is_runt: DFF<Bit>,
    swallowing: DFF<Bit>,
    accepted: DFF<Bit>,
    runt_dropped: DFF<Bit>,
    filtered_reserved: DFF<Bit>,
    filtered_own: DFF<Bit>,
    filtered_control: DFF<Bit>,
    flooded: DFF<Bit>,

    // Wires.
    flood: Signal<Local, Bit>,
    nowhere: Signal<Local, Bit>,
    counted: Signal<Local, Bit>,
}

impl<const PORTS: usize> Default for Decision<PORTS> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            first_b: Signal::default(),
            reserved_b: Signal::default(),
            control_b: Signal::default(),
            runt_b: Signal::default(),
            move_c: Signal::default(),
            first_c: Signal::default(),
            leave: Signal::default(),
            hit: Signal::default(),
            hit_mask: Signal::default(),
            own_port: Signal::default(),
            mask: Signal::default(),
            swallow: Signal::default(),
            discard: Signal::default(),
            control: Signal::default(),
            stat_accepted: Signal::default(),
            stat_runt_dropped: Signal::default(),
            stat_filtered_reserved: Signal::default(),
            stat_filtered_own: Signal::default(),
            stat_filtered_control: Signal::default(),
            stat_flooded: Signal::default(),
            is_reserved: DFF::default(),
            is_control: DFF::default(),
            is_runt: DFF::default(),
            swallowing: DFF::default(),
            accepted: DFF::default(),
            runt_dropped: DFF::default(),
            filtered_reserved: DFF::default(),
            filtered_own: DFF::default(),
            filtered_control: DFF::default(),
            flooded: DFF::default(),
            flood: Signal::default(),
            nowhere: Signal::default(),
            counted: Signal::default(),
        }
    }
}

impl<const PORTS: usize> Logic for Decision<PORTS> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop; pulses last one cycle.
        dff_setup!(
            self,
            clock,
            is_reserved,
            is_control,
            is_runt,
            swallowing,
            accepted,
            runt_dropped,
            filtered_reserved,
            filtered_own,
            filtered_control,
            flooded
        );

        // 2. Decide.
        self.flood.next = !self.hit.val();
        self.mask.next = self.hit_mask.val() & !self.own_port.val();
        if self.flood.val() {
            self.mask.next = !self.own_port.val();
        }
        self.nowhere.next = self.is_runt.q.val()
            | self.is_reserved.q.val()
            | self.is_control.q.val()
            | !self.mask.val().any();
        self.swallow.next = self.swallowing.q.val();
        if self.first_c.val() {
            self.swallow.next = self.nowhere.val();
        }
        self.counted.next = self.leave.val() & self.first_c.val();

        // 3. Next state.
        if self.move_c.val() & self.first_b.val() {
            self.is_reserved.d.next = self.reserved_b.val();
            self.is_control.d.next = self.control_b.val();
            self.is_runt.d.next = self.runt_b.val();
            self.swallowing.d.next = false;
        } else if self.first_c.val() {
            self.swallowing.d.next = self.nowhere.val();
        }
        self.accepted.d.next = self.counted.val() & !self.nowhere.val();
        self.flooded.d.next = self.counted.val() & !self.nowhere.val() & self.flood.val();
        self.runt_dropped.d.next = self.counted.val() & self.is_runt.q.val();
        self.filtered_reserved.d.next =
            self.counted.val() & self.is_reserved.q.val() & !self.is_runt.q.val();
        self.filtered_control.d.next = self.counted.val()
            & self.is_control.q.val()
            & !self.is_reserved.q.val()
            & !self.is_runt.q.val();
        self.filtered_own.d.next = self.counted.val()
            & self.nowhere.val()
            & !self.is_control.q.val()
            & !self.is_reserved.q.val()
            & !self.is_runt.q.val();

        // 4. Drive outputs.
        self.discard.next = self.swallowing.q.val();
        self.control.next = self.is_control.q.val();
        self.stat_accepted.next = self.accepted.q.val();
        self.stat_runt_dropped.next = self.runt_dropped.q.val();
        self.stat_filtered_reserved.next = self.filtered_reserved.q.val();
        self.stat_filtered_own.next = self.filtered_own.q.val();
        self.stat_filtered_control.next = self.filtered_control.q.val();
        self.stat_flooded.next = self.flooded.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.accepted.d.next = false;
            self.runt_dropped.d.next = false;
            self.filtered_reserved.d.next = false;
            self.filtered_own.d.next = false;
            self.filtered_control.d.next = false;
            self.flooded.d.next = false;
        }
    }
    describe!("Egress mask of the frame in C, and whether it is swallowed.");
}
