//! Tells whose turn it is to begin a block.
//!
//! ```text
//!   phase, width, row kind ---> LaneTurn --> slot begins, chosen
//!   heads, roles, previous --->
//! ```
//!
//! Combinational. Outside of rows that choose and rows that empty, the lane that began a block in this slot a row ago
//! (`previous`) begins the next, unless it stands behind a marker. In a row that chooses, a lane begins whose head stands behind
//! a marker that names this slot; in one that empties, none.

use crate::prelude::*;

/// The lane of `PHYSICAL` whose turn it is, of `LANES` slots a row.
#[derive(LogicBlock)]
pub struct LaneTurn<
    const LANES: usize,
    const PHYSICAL: usize,
    const LANE_BEATS: usize,
    const WIDTHS: usize,
> {
    // Ingress.
    /// Steps since the row began.
    pub phase: Signal<In, Bits<3>>,
    /// The width, one bit each: bit 0 is the full one.
    pub width: Signal<In, Bits<WIDTHS>>,
    /// Lanes take their slots by their markers.
    pub choosing: Signal<In, Bit>,
    /// No lane begins.
    pub emptying: Signal<In, Bit>,
    /// There is a beat at the FIFO's head.
    pub head_valid: Signal<In, Bits<PHYSICAL>>,
    /// It is the first one after a marker.
    pub head_flag: Signal<In, Bits<PHYSICAL>>,
    /// The lane carries data, at some width.
    pub has_data: Signal<In, Bits<PHYSICAL>>,
    /// The lane carries data at this width.
    pub counts: Signal<In, Bits<PHYSICAL>>,
    /// Which logical lane.
    pub lane: [Signal<In, Bits<3>>; PHYSICAL],
    /// If there is no head: the next one is behind a marker.
    pub gap: Signal<In, Bits<PHYSICAL>>,
    /// Who began in this slot a row ago.
    pub previous: Signal<In, Bits<PHYSICAL>>,

    // Egress.
    /// A row begins.
    pub start: Signal<Out, Bit>,
    /// A slot begins.
    pub turn: Signal<Out, Bit>,
    /// A slot begins that carries data at this width.
    pub active: Signal<Out, Bit>,
    /// Who begins a block.
    pub chosen: Signal<Out, Bits<PHYSICAL>>,
    /// More than one does.
    pub twice: Signal<Out, Bit>,
    /// Who began in this slot a row ago has come to a marker.
    pub ends: Signal<Out, Bit>,
    /// A slot begins, and who began in it a row ago may still come to a marker.
    pub late: Signal<Out, Bit>,
    /// A lane stands behind a marker that names no lane of this width, but one of another.
    pub stranger: Signal<Out, Bit>,
    /// Who began in this slot a row ago has a block where others have a marker, or a marker where they have a block.
    pub astray: Signal<Out, Bit>,

    // Wires.
    slot: Signal<Local, Bits<3>>,
    named: Signal<Local, Bits<PHYSICAL>>,
    at_marker: Signal<Local, Bits<PHYSICAL>>,

    // Parameters.
    slot_shift: Constant<Bits<2>>,
    turn_mask: Constant<Bits<3>>,
    lanes: [Constant<Bits<4>>; WIDTHS],
}

impl<const LANES: usize, const PHYSICAL: usize, const LANE_BEATS: usize, const WIDTHS: usize>
    Default for LaneTurn<LANES, PHYSICAL, LANE_BEATS, WIDTHS>
{
    fn default() -> Self {
        let block_beats = LANE_BEATS as u64 / LANES as u64;
        Self {
            phase: Signal::default(),
            width: Signal::default(),
            choosing: Signal::default(),
            emptying: Signal::default(),
            head_valid: Signal::default(),
            head_flag: Signal::default(),
            has_data: Signal::default(),
            counts: Signal::default(),
            lane: std::array::from_fn(|_| Signal::default()),
            gap: Signal::default(),
            previous: Signal::default(),
            start: Signal::default(),
            turn: Signal::default(),
            active: Signal::default(),
            chosen: Signal::default(),
            twice: Signal::default(),
            ends: Signal::default(),
            late: Signal::default(),
            stranger: Signal::default(),
            astray: Signal::default(),
            at_marker: Signal::default(),
            slot: Signal::default(),
            named: Signal::default(),
            slot_shift: Constant::new((block_beats - 1).into()),
            turn_mask: Constant::new((block_beats - 1).into()),
            lanes: std::array::from_fn(|k| Constant::new(((LANES >> k) as u64).into())),
        }
    }
}

impl<const LANES: usize, const PHYSICAL: usize, const LANE_BEATS: usize, const WIDTHS: usize> Logic
    for LaneTurn<LANES, PHYSICAL, LANE_BEATS, WIDTHS>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.slot.next = self.phase.val() >> self.slot_shift.val();
        self.start.next = self.phase.val() == 0;
        self.turn.next = !(self.phase.val() & self.turn_mask.val()).any();
        self.active.next = false;
        for k in 0..WIDTHS {
            if self.width.val().get_bit(k) {
                self.active.next =
                    self.turn.val() & (bit_cast::<4, 3>(self.slot.val()) < self.lanes[k].val());
            }
        }

        self.named.next = 0.into();
        for j in 0..PHYSICAL {
            self.named.next = self
                .named
                .val()
                .replace_bit(j, self.lane[j].val() == self.slot.val());
        }
        self.chosen.next = 0.into();
        if self.turn.val() & self.choosing.val() {
            self.chosen.next =
                self.head_valid.val() & self.head_flag.val() & self.counts.val() & self.named.val();
        } else if self.turn.val() & !self.emptying.val() {
            self.chosen.next = self.head_valid.val() & !self.head_flag.val() & self.previous.val();
        }
        self.twice.next = (self.chosen.val() & (self.chosen.val() - 1)).any();

        self.at_marker.next = (self.head_valid.val() & self.head_flag.val())
            | (!self.head_valid.val() & self.gap.val());
        self.ends.next = (self.previous.val() & self.at_marker.val()).any();
        self.late.next = self.turn.val() & (self.previous.val() & !self.at_marker.val()).any();
        self.stranger.next = (self.head_valid.val()
            & self.head_flag.val()
            & self.has_data.val()
            & !self.counts.val())
        .any();
        self.astray.next = (self.emptying.val()
            & self.turn.val()
            & (self.previous.val() & self.head_valid.val() & !self.head_flag.val()).any())
            | (!self.emptying.val()
                & !self.start.val()
                & (self.previous.val() & self.head_valid.val() & self.head_flag.val()).any());
    }

    describe!("The lane of `PHYSICAL` whose turn it is, of `LANES` slots a row.");
}
