//! Finds a lane's markers, and with them its identity and its polarity.
//!
//! ```text
//!                  +----------------------------------------+
//!   beats -------->| past, opposite: second half = ~first   |--> locked, code
//!   block ends --->| MarkerMatch: one half is of the table  |--> inverted
//!   block_lock --->| blocks: MARKER_PERIOD since the last   |--> place, after
//!                  +----------------------------------------+
//! ```
//!
//! A marker locks that comes `MARKER_PERIOD` blocks after one of the same code; the first is searched for in every block.
//! Under lock, blocks between are not looked at, a marker of another code in its place gives the lane that code, and four
//! misses in a row unlock. The complement of a marker, header included, found in the search, turns `inverted` over. The
//! parity bytes do not count. What comes here is not inverted back: a marker's first half is the one of the table, of a marker
//! that comes inverted it is the second.
//!
//! Latency: 1 cycle from a marker's last beat to `locked`, `code`, `inverted` and `after`. Reset: unlocked, not inverted.

use crate::pcs::lfsr;
use crate::pcs::marker::CODE_W;
use crate::pcs::marker_match::MarkerMatch;
use crate::prelude::*;

/// Marker lock of one lane, `LW` data bits a beat.
#[derive(LogicBlock)]
pub struct MarkerLock<const LW: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress: a beat of the lane as it comes, and where in the block it stands.
    /// There is a beat.
    pub valid: Signal<In, Bit>,
    /// Its data.
    pub data: Signal<In, Bits<LW>>,
    /// It ends a block's first half.
    pub middle: Signal<In, Bit>,
    /// It ends a block.
    pub last: Signal<In, Bit>,
    /// The header of the block, at its last beat.
    pub header: Signal<In, Bits<2>>,
    /// The lane's blocks are found.
    pub block_lock: Signal<In, Bit>,

    // Egress.
    /// Two markers were found, a period apart. Reset: 0.
    pub locked: Signal<Out, Bit>,
    /// The lane's last marker, [`Marker::signature`]; counts under lock.
    pub code: Signal<Out, Bits<CODE_W>>,
    /// What is received is inverted. Reset: 0.
    pub inverted: Signal<Out, Bit>,
    /// The block under way stands where a marker must be; before the lock, where the second one must be. Reset: 0.
    pub place: Signal<Out, Bit>,
    /// The block under way is the first after a marker under lock. Reset: 0.
    pub after: Signal<Out, Bit>,

    // State.
    past: DFF<Bits<32>>,
    opposite: DFF<Bit>,
    first_hit: DFF<Bit>,
    blocks: DFF<Bits<14>>,
    is_place: DFF<Bit>,
    is_after: DFF<Bit>,
    has_first: DFF<Bit>,
    is_locked: DFF<Bit>,
    is_inverted: DFF<Bit>,
    misses: DFF<Bits<2>>,
    held_code: DFF<Bits<CODE_W>>,
    matcher: MarkerMatch,

    // Wires.
    window: Signal<Local, Bits<32>>,
    shifted: Signal<Local, Bits<32>>,
    arrived: Signal<Local, Bits<32>>,
    equal: Signal<Local, Bits<LW>>,
    is_opposite: Signal<Local, Bit>,
    /// The block that ends with this beat is a marker as it was sent; its complement.
    is_straight: Signal<Local, Bit>,
    is_turned: Signal<Local, Bit>,
    /// What the block's second half would be of a marker.
    last_code: Signal<Local, Bits<CODE_W>>,
    /// The block is a marker if `inverted` is right; if it is wrong.
    is_marker: Signal<Local, Bit>,
    is_complement: Signal<Local, Bit>,
    is_same: Signal<Local, Bit>,
    /// The fourth miss in a row.
    is_lost: Signal<Local, Bit>,
    found: Signal<Local, Bit>,
    /// Of `blocks`, all bits but the highest one are 0; the one that is fed back.
    is_turn: Signal<Local, Bit>,
    feedback: Signal<Local, Bit>,

    // Parameters.
    half_lw: Constant<Bits<6>>,
    above: Constant<Bits<6>>,
    without_parity: Constant<Bits<LW>>,
    start: Constant<Bits<14>>,
    taps: Constant<Bits<14>>,
    low_mask: Constant<Bits<14>>,
    period_mask: Constant<Bits<14>>,
}

impl<const LW: usize> MarkerLock<LW> {
    /// A lane of a link of `lanes` logical and `physical` physical lanes, with a marker every `period` blocks.
    ///
    /// # Panics
    /// If `period` is not a power of two from 16 to 16 384.
    #[must_use]
    pub fn new(lanes: usize, physical: usize, period: usize) -> Self {
        const { assert!(LW == 8 || LW == 16 || LW == 32) };
        assert!(
            period.is_power_of_two() && (16..=16_384).contains(&period),
            "a marker every {period} blocks: only powers of two from 16 to 16384 are built"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            valid: Signal::default(),
            data: Signal::default(),
            middle: Signal::default(),
            last: Signal::default(),
            header: Signal::default(),
            block_lock: Signal::default(),
            window: Signal::default(),
            locked: Signal::default(),
            code: Signal::default(),
            inverted: Signal::default(),
            place: Signal::default(),
            after: Signal::default(),
            past: DFF::default(),
            opposite: DFF::default(),
            first_hit: DFF::default(),
            blocks: flop_at(1.into()),
            is_place: DFF::default(),
            is_after: DFF::default(),
            has_first: DFF::default(),
            is_locked: DFF::default(),
            is_inverted: DFF::default(),
            misses: DFF::default(),
            held_code: DFF::default(),
            matcher: MarkerMatch::new(lanes, physical),
            shifted: Signal::default(),
            arrived: Signal::default(),
            equal: Signal::default(),
            is_opposite: Signal::default(),
            is_straight: Signal::default(),
            is_turned: Signal::default(),
            last_code: Signal::default(),
            is_marker: Signal::default(),
            is_complement: Signal::default(),
            is_same: Signal::default(),
            is_lost: Signal::default(),
            found: Signal::default(),
            is_turn: Signal::default(),
            feedback: Signal::default(),
            half_lw: Constant::new((LW as u64 / 2).into()),
            above: Constant::new((32 - LW as u64).into()),
            without_parity: Constant::new(((1_u64 << (LW - 8)) - 1).into()),
            start: Constant::new(1.into()),
            taps: Constant::new(lfsr::taps(period.trailing_zeros() as usize).into()),
            low_mask: Constant::new((period as u64 / 2 - 1).into()),
            period_mask: Constant::new((period as u64 - 1).into()),
        }
    }
}

impl<const LW: usize> Logic for MarkerLock<LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, past, opposite, first_hit, blocks, is_place, is_after);
        dff_setup!(
            self,
            clock,
            has_first,
            is_locked,
            is_inverted,
            misses,
            held_code
        );

        // 1. The last 32 bits, and whether each beat of the second half is the complement of its twin in the first.
        self.shifted.next = self.past.q.val() >> self.half_lw.val();
        self.shifted.next = self.shifted.val() >> self.half_lw.val();
        self.arrived.next = bit_cast::<32, LW>(self.data.val());
        self.window.next = self.shifted.val() | (self.arrived.val() << self.above.val());
        self.matcher.half.next = self.window.val();
        self.equal.next = !(self.data.val() ^ self.past.q.val().get_bits::<LW>(0));
        if self.last.val() {
            self.equal.next = self.equal.val() & self.without_parity.val();
        }
        self.is_opposite.next = self.opposite.q.val() & !self.equal.val().any();

        // 2. What the block was.
        self.is_straight.next =
            self.first_hit.q.val() & self.is_opposite.val() & (self.header.val() == 1);
        self.is_turned.next =
            self.matcher.hit.val() & self.is_opposite.val() & (self.header.val() == 2);
        self.is_marker.next = self.last.val() & self.is_straight.val();
        self.is_complement.next = self.last.val() & self.is_turned.val();
        self.last_code.next = !self.matcher.code.val();
        if self.is_inverted.q.val() {
            self.is_marker.next = self.last.val() & self.is_turned.val();
            self.is_complement.next = self.last.val() & self.is_straight.val();
            self.last_code.next = self.matcher.code.val();
        }
        self.is_same.next = self.last_code.val() == self.held_code.q.val();
        self.is_lost.next = self.is_locked.q.val()
            & self.is_place.q.val()
            & self.last.val()
            & !self.is_marker.val()
            & self.misses.q.val().all();
        self.found.next = self.is_marker.val()
            & (self.is_place.q.val() | (!self.is_locked.q.val() & !self.has_first.q.val()));
        self.is_turn.next = !(self.blocks.q.val() & self.low_mask.val()).any();
        self.feedback.next = (self.blocks.q.val() & self.taps.val()).xor() ^ self.is_turn.val();

        // 3. Next state.
        if self.valid.val() {
            self.past.d.next = self.window.val();
            self.opposite.d.next = self.middle.val() | self.is_opposite.val();
        }
        if self.middle.val() {
            self.first_hit.d.next = self.matcher.hit.val();
        }
        if self.last.val() {
            // Through all states, 0 the last of them: 1 block after a marker is 1, `MARKER_PERIOD` - 2 the highest bit alone.
            self.blocks.d.next = ((self.blocks.q.val() << 1) & self.period_mask.val())
                | bit_cast::<14, 1>(self.feedback.val().into());
            self.is_place.d.next = self.is_turn.val() & self.blocks.q.val().any();
            self.is_after.d.next = self.is_place.q.val()
                & ((self.is_locked.q.val() & !self.is_lost.val())
                    | (self.is_marker.val() & self.is_same.val()));
            if self.is_place.q.val() {
                self.misses.d.next = self.misses.q.val() + 1;
                self.has_first.d.next = self.is_marker.val();
                self.is_locked.d.next = (self.is_locked.q.val() & !self.is_lost.val())
                    | (self.is_marker.val() & self.is_same.val());
            }
            if self.found.val() {
                self.blocks.d.next = self.start.val();
                self.is_place.d.next = false;
                self.has_first.d.next = true;
                self.misses.d.next = 0.into();
                self.held_code.d.next = self.last_code.val();
            }
            if self.is_complement.val() & !self.is_locked.q.val() & !self.has_first.q.val() {
                self.is_inverted.d.next = !self.is_inverted.q.val();
            }
        }

        // 4. Outputs.
        self.locked.next = self.is_locked.q.val();
        self.code.next = self.held_code.q.val();
        self.inverted.next = self.is_inverted.q.val();
        self.place.next = self.is_place.q.val();
        self.after.next = self.is_after.q.val();
        if self.reset.val() | !self.block_lock.val() {
            self.has_first.d.next = false;
            self.is_locked.d.next = false;
            self.is_place.d.next = false;
            self.is_after.d.next = false;
        }
        if self.reset.val() {
            self.is_inverted.d.next = false;
        }
    }

    describe!("Marker lock of one lane, `LW` data bits a beat.");
}
