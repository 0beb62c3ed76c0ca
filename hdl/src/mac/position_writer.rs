//! Tells the far end where the next frame stands, at once and then again and again.
//!
//! ```text
//!               +----------------+
//!   begins ---->|                |---> message
//!   tells ----->| PositionWriter |---> valid
//!   position -->|                |<--- taken
//!   hold ------>+----------------+
//! ```
//!
//! Combinational from `position` to `message`, so that what is sent is right when it is taken. `valid` at once when `begins` or `tells`
//! rises, and `period_cycles` after each `taken`; `hold` stops that time. Reset: none is due.

use crate::link::message;
use crate::prelude::*;

/// Messages that tell a position.
#[derive(LogicBlock)]
pub struct PositionWriter {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Messages with *init* are to be sent.
    pub begins: Signal<In, Bit>,
    /// Messages are to be sent.
    pub tells: Signal<In, Bit>,
    /// Where the next frame stands.
    pub position: Signal<In, Bits<16>>,
    /// Time stands still.
    pub hold: Signal<In, Bit>,
    /// The message is taken at the next clock edge.
    pub taken: Signal<In, Bit>,

    // Egress.
    /// The message, its upper 12 bits are 0.
    pub message: Signal<Out, Bits<32>>,
    /// There is one.
    pub valid: Signal<Out, Bit>,

    // State.
    timer: DFF<Bits<24>>,

    // Wires.
    active: Signal<Local, Bit>,

    // Parameters.
    kind: Constant<Bits<32>>,
    period_cycles: Constant<Bits<24>>,
}

impl PositionWriter {
    /// A message every `period_cycles`.
    ///
    /// # Panics
    /// If they are not in 1..2^24.
    #[must_use]
    pub fn new(period_cycles: usize) -> Self {
        assert!(
            (1..1 << 24).contains(&period_cycles),
            "position_cycles is {period_cycles}: give 1 to 16777215"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            begins: Signal::default(),
            tells: Signal::default(),
            position: Signal::default(),
            hold: Signal::default(),
            taken: Signal::default(),
            message: Signal::default(),
            valid: Signal::default(),
            timer: DFF::default(),
            active: Signal::default(),
            kind: Constant::new(message::POSITION.into()),
            period_cycles: Constant::new((period_cycles as u64).into()),
        }
    }
}

impl Logic for PositionWriter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, timer);
        self.active.next = self.begins.val() | self.tells.val();
        self.valid.next = self.active.val() & !self.timer.q.val().any();
        self.message.next = (bit_cast::<32, 16>(self.position.val()) << 8) | self.kind.val();
        if self.begins.val() {
            self.message.next = self.message.val() | 16;
        }
        if self.timer.q.val().any() & !self.hold.val() {
            self.timer.d.next = self.timer.q.val() - 1;
        }
        if self.taken.val() {
            self.timer.d.next = self.period_cycles.val();
        }
        if !self.active.val() | self.reset.val() {
            self.timer.d.next = 0.into();
        }
    }
    describe!("Messages that tell a position.");
}
