//! A window of `LW` bits on two words, and the two bits before it.
//!
//! ```text
//!   high    low   earlier
//!  [......][......][..]
//!        [ window ][lead]    moved up by `shift` bits
//! ```
//!
//! Combinational: `SHIFT_W` levels of multiplexers.

use crate::prelude::*;

/// Shifts two words of `LW` bits and two bits before them down by 0 to `LW - 1`; `SHIFT_W = log2(LW)`.
#[derive(LogicBlock)]
pub struct Funnel<const LW: usize, const SHIFT_W: usize> {
    // Ingress.
    /// The bits before the lower word.
    pub earlier: Signal<In, Bits<2>>,
    /// The lower word.
    pub low: Signal<In, Bits<LW>>,
    /// The upper word.
    pub high: Signal<In, Bits<LW>>,
    /// Where the window starts in the lower word.
    pub shift: Signal<In, Bits<SHIFT_W>>,

    // Egress.
    /// The two bits before the window.
    pub lead: Signal<Out, Bits<2>>,
    /// `LW` bits from `shift` on.
    pub window: Signal<Out, Bits<LW>>,

    // Wires.
    lead_at: [Signal<Local, Bits<LW>>; 6],
    low_at: [Signal<Local, Bits<LW>>; 6],
    high_at: [Signal<Local, Bits<LW>>; 6],
    lead_word: [Signal<Local, Bits<LW>>; 6],
    lead_end: Signal<Local, Bits<LW>>,

    // Parameters.
    level: [Constant<Bits<SHIFT_W>>; 5],
    amount: [Constant<Bits<6>>; 5],
    rest: [Constant<Bits<6>>; 5],
}

impl<const LW: usize, const SHIFT_W: usize> Default for Funnel<LW, SHIFT_W> {
    fn default() -> Self {
        const {
            assert!(
                (LW == 8 || LW == 16 || LW == 32) && 1 << SHIFT_W == LW,
                "LW must be 8, 16 or 32, SHIFT_W = log2(LW)"
            );
        };
        // The longest first, so that fewer bits are left to move.
        let amount = |level: usize| (LW as u64 >> (level + 1)).max(1);
        Self {
            earlier: Signal::default(),
            low: Signal::default(),
            high: Signal::default(),
            shift: Signal::default(),
            lead: Signal::default(),
            window: Signal::default(),
            lead_at: std::array::from_fn(|_| Signal::default()),
            low_at: std::array::from_fn(|_| Signal::default()),
            high_at: std::array::from_fn(|_| Signal::default()),
            lead_word: std::array::from_fn(|_| Signal::default()),
            lead_end: Signal::default(),
            level: std::array::from_fn(|level| Constant::new(amount(level).into())),
            amount: std::array::from_fn(|level| Constant::new(amount(level).into())),
            rest: std::array::from_fn(|level| Constant::new((LW as u64 - amount(level)).into())),
        }
    }
}

impl<const LW: usize, const SHIFT_W: usize> Logic for Funnel<LW, SHIFT_W> {
    #[hdl_gen]
    fn update(&mut self) {
        self.lead_at[0].next = bit_cast::<LW, 2>(self.earlier.val());
        self.low_at[0].next = self.low.val();
        self.high_at[0].next = self.high.val();
        self.lead_end.next = 0.into();
        self.window.next = 0.into();
        for i in 0..SHIFT_W {
            self.lead_word[i].next =
                ((self.low_at[i].val() << 2) | self.lead_at[i].val()) >> self.amount[i].val();
            self.lead_at[i + 1].next = self.lead_at[i].val();
            self.low_at[i + 1].next = self.low_at[i].val();
            self.high_at[i + 1].next = self.high_at[i].val();
            if (self.shift.val() & self.level[i].val()).any() {
                self.lead_at[i + 1].next = self.lead_word[i].val() & 3;
                self.low_at[i + 1].next = (self.low_at[i].val() >> self.amount[i].val())
                    | (self.high_at[i].val() << self.rest[i].val());
                self.high_at[i + 1].next = self.high_at[i].val() >> self.amount[i].val();
            }
            self.lead_end.next = self.lead_at[i + 1].val();
            self.window.next = self.low_at[i + 1].val();
        }
        self.lead.next = self.lead_end.val().get_bits::<2>(0);
    }

    describe!("Shifts two words of `LW` bits and two bits before them down by 0 to `LW - 1`; `SHIFT_W = log2(LW)`.");
}
