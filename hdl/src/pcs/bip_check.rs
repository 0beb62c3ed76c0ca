//! Checks the parity that a lane's markers carry.
//!
//! ```text
//!                +------------------------------------------+
//!   beats ------>| sum ─► total: of the interval            |
//!   place ------>|          └─► differ: from BIP3, one bit  |--> error
//!                |              a cycle goes out            |
//!                +------------------------------------------+
//! ```
//!
//! At a marker's first beat the sum of all before, the previous marker included, is put aside, and starts anew. At BIP3 the
//! two are compared, and in the next eight cycles each bit that differs gives a pulse: latency 1 to 8 cycles from that beat.
//! Reset: none.
//!
//! Beats come as they are on the wire. Of a lane that is inverted, the sum is not: a block has eight bytes, and an interval an
//! even number of headers. BIP3 is, and with it every bit of the difference.

use crate::prelude::*;

/// BIP-8 check of one lane, `LW` data bits a beat.
#[derive(LogicBlock)]
pub struct BipCheck<const LW: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,

    // Ingress.
    /// There is a beat.
    pub valid: Signal<In, Bit>,
    /// Its data.
    pub data: Signal<In, Bits<LW>>,
    /// It is a block's first, and this the header.
    pub first: Signal<In, Bit>,
    /// See `first`.
    pub header: Signal<In, Bits<2>>,
    /// It ends a block's first half.
    pub middle: Signal<In, Bit>,
    /// The block stands where a marker must be.
    pub place: Signal<In, Bit>,
    /// The lane has marker lock.
    pub locked: Signal<In, Bit>,
    /// The lane is inverted. Changes without marker lock only.
    pub inverted: Signal<In, Bit>,

    // Egress.
    /// A bit differs; up to 8 pulses a marker, under marker lock.
    pub error: Signal<Out, Bit>,

    // State.
    sum: DFF<Bits<8>>,
    total: DFF<Bits<8>>,
    differ: DFF<Bits<8>>,

    // Wires.
    arrived: Signal<Local, Bits<32>>,
    so_far: Signal<Local, Bits<8>>,
    interval: Signal<Local, Bits<8>>,
    starts: Signal<Local, Bit>,

    // Parameters.
    above: Constant<Bits<6>>,
    is_whole: Constant<Bit>,
    fill: Constant<Bits<8>>,
}

impl<const LW: usize> Default for BipCheck<LW> {
    fn default() -> Self {
        const { assert!(LW == 8 || LW == 16 || LW == 32) };
        Self {
            clock: Signal::default(),
            valid: Signal::default(),
            data: Signal::default(),
            first: Signal::default(),
            header: Signal::default(),
            middle: Signal::default(),
            place: Signal::default(),
            locked: Signal::default(),
            inverted: Signal::default(),
            error: Signal::default(),
            sum: DFF::default(),
            total: DFF::default(),
            differ: DFF::default(),
            arrived: Signal::default(),
            so_far: Signal::default(),
            interval: Signal::default(),
            starts: Signal::default(),
            above: Constant::new((32 - LW as u64).into()),
            is_whole: Constant::new(LW == 32),
            fill: Constant::new(0x80.into()),
        }
    }
}

impl<const LW: usize> Logic for BipCheck<LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, sum, total, differ);
        self.arrived.next = bit_cast::<32, LW>(self.data.val()) << self.above.val();

        // 1. The sum.
        self.starts.next = self.first.val() & self.place.val();
        self.so_far.next = self.sum.q.val();
        if self.starts.val() {
            self.so_far.next = 0.into();
            self.total.d.next = self.sum.q.val();
        }
        if self.first.val() {
            self.so_far.next = self.so_far.val() ^ (bit_cast::<8, 2>(self.header.val()) << 3);
        }
        if self.valid.val() {
            self.sum.d.next = self.so_far.val()
                ^ self.arrived.val().get_bits::<8>(0)
                ^ self.arrived.val().get_bits::<8>(8)
                ^ self.arrived.val().get_bits::<8>(16)
                ^ self.arrived.val().get_bits::<8>(24);
        }

        // 2. The difference. What is inverted goes out inverted once more.
        self.interval.next = self.total.q.val();
        if self.is_whole.val() {
            self.interval.next = self.sum.q.val();
        }
        self.differ.d.next = self.differ.q.val() >> 1;
        if self.inverted.val() {
            self.differ.d.next = (self.differ.q.val() >> 1) | self.fill.val();
        }
        if self.middle.val() & self.place.val() & self.locked.val() {
            self.differ.d.next = self.interval.val() ^ self.arrived.val().get_bits::<8>(24);
        }
        self.error.next =
            (self.differ.q.val().get_bit(0) ^ self.inverted.val()) & self.locked.val();
    }

    describe!("BIP-8 check of one lane, `LW` data bits a beat.");
}
