//! Walks through the table of markers and notes which are under lock, and how often.
//!
//! ```text
//!                   +-----------------------------------+
//!   marker_lock --->| index ─► code: who has it?        |--> seen
//!   code ---------->|   none, one, many ─► walk ─► held |--> complete
//!                   +-----------------------------------+
//! ```
//!
//! One marker a cycle, and what a walk found counts from its end to the end of the next one: `seen` is at most `2 x CODES + 1`
//! cycles late. Reset: nothing seen.

use crate::pcs::marker::{Marker, CODE_W};
use crate::prelude::*;

/// Which of the `CODES` markers of a link are under lock.
#[derive(LogicBlock)]
pub struct LaneScan<const PHYSICAL: usize, const CODES: usize, const WIDTHS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Lanes under marker lock.
    pub marker_lock: Signal<In, Bits<PHYSICAL>>,
    /// Their markers, [`Marker::signature`].
    pub code: [Signal<In, Bits<CODE_W>>; PHYSICAL],

    // Egress.
    /// Markers under lock, in the order of [`Marker::all`]. Reset: 0.
    pub seen: Signal<Out, Bits<CODES>>,
    /// Widths of which every lane is seen, and no data lane twice; bit 0 is the full width, each next one half of it.
    /// Reset: 0.
    pub complete: Signal<Out, Bits<WIDTHS>>,

    // State.
    index: DFF<Bits<5>>,
    walk: DFF<Bits<CODES>>,
    held: DFF<Bits<CODES>>,
    is_twice: DFF<Bit>,
    was_twice: DFF<Bit>,

    // Wires.
    wanted: Signal<Local, Bits<CODE_W>>,
    has: Signal<Local, Bits<PHYSICAL>>,
    is_many: Signal<Local, Bit>,
    is_last: Signal<Local, Bit>,
    finds_twice: Signal<Local, Bit>,
    found: Signal<Local, Bits<CODES>>,

    // Parameters.
    codes: [Constant<Bits<CODE_W>>; CODES],
    number: [Constant<Bits<5>>; CODES],
    group: [Constant<Bits<CODES>>; WIDTHS],
    last_index: Constant<Bits<5>>,
    last_bit: Constant<Bits<CODES>>,
}

impl<const PHYSICAL: usize, const CODES: usize, const WIDTHS: usize>
    LaneScan<PHYSICAL, CODES, WIDTHS>
{
    /// The scan of a link of `lanes` logical lanes.
    ///
    /// # Panics
    /// If `CODES` is not the size of the link's table, or `WIDTHS` not the number of its widths.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        let table = Marker::all(lanes, PHYSICAL);
        assert_eq!(
            (table.len(), 1 << (WIDTHS - 1)),
            (CODES, lanes),
            "a link of {lanes} and {PHYSICAL} lanes: CODES and 2^(WIDTHS - 1)"
        );
        let group = |halvings: usize| {
            let own = |marker: &Marker| matches!(marker, Marker::Data { width, .. } if *width == lanes >> halvings);
            let set = table.iter().enumerate().filter(|(_, marker)| own(marker));
            Constant::new(set.fold(0, |set, (index, _)| set | 1_u64 << index).into())
        };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            marker_lock: Signal::default(),
            code: std::array::from_fn(|_| Signal::default()),
            seen: Signal::default(),
            complete: Signal::default(),
            index: DFF::default(),
            walk: DFF::default(),
            held: DFF::default(),
            is_twice: DFF::default(),
            was_twice: DFF::default(),
            wanted: Signal::default(),
            has: Signal::default(),
            is_many: Signal::default(),
            is_last: Signal::default(),
            finds_twice: Signal::default(),
            found: Signal::default(),
            codes: std::array::from_fn(|i| {
                Constant::new((Marker::signature(table[i].code(lanes)) as u64).into())
            }),
            number: std::array::from_fn(|i| Constant::new((i as u64).into())),
            group: std::array::from_fn(group),
            last_index: Constant::new((CODES as u64 - 1).into()),
            last_bit: Constant::new((1_u64 << (CODES - 1)).into()),
        }
    }
}

impl<const PHYSICAL: usize, const CODES: usize, const WIDTHS: usize> Logic
    for LaneScan<PHYSICAL, CODES, WIDTHS>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, index, walk, held, is_twice, was_twice);

        // 1. Who has the marker of this cycle.
        self.wanted.next = 0.into();
        for i in 0..CODES {
            if self.index.q.val() == self.number[i].val() {
                self.wanted.next = self.codes[i].val();
            }
        }
        self.has.next = 0.into();
        self.is_many.next = false;
        for j in 0..PHYSICAL {
            if self.marker_lock.val().get_bit(j) & (self.code[j].val() == self.wanted.val()) {
                self.is_many.next = self.is_many.val() | self.has.val().any();
                self.has.next = self.has.val().replace_bit(j, true);
            }
        }

        // 2. Next state: the first marker of the table ends in bit 0.
        self.is_last.next = self.index.q.val() == self.last_index.val();
        self.found.next = self.walk.q.val() >> 1;
        if self.has.val().any() {
            self.found.next = self.found.val() | self.last_bit.val();
        }
        self.finds_twice.next = self.is_twice.q.val()
            | (self.is_many.val() & (self.wanted.val().get_bit(5) | !self.wanted.val().get_bit(4)));
        self.walk.d.next = self.found.val();
        self.index.d.next = self.index.q.val() + 1;
        self.is_twice.d.next = self.finds_twice.val();
        if self.is_last.val() {
            self.index.d.next = 0.into();
            self.held.d.next = self.found.val();
            self.was_twice.d.next = self.finds_twice.val();
            self.is_twice.d.next = false;
        }

        // 3. Outputs.
        self.seen.next = self.held.q.val();
        self.complete.next = 0.into();
        for k in 0..WIDTHS {
            self.complete.next = self.complete.val().replace_bit(
                k,
                ((self.held.q.val() & self.group[k].val()) == self.group[k].val())
                    & !self.was_twice.q.val(),
            );
        }
        if self.reset.val() {
            self.index.d.next = 0.into();
            self.walk.d.next = 0.into();
            self.held.d.next = 0.into();
            self.is_twice.d.next = false;
            self.was_twice.d.next = false;
        }
    }

    describe!("Which of the `CODES` markers of a link are under lock.");
}
