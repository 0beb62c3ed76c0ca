//! Checks the parity that a lane's markers carry.
//!
//! ```text
//!                +----------------------------------+
//!   beats ------>| parity of the 66 bits of every   |--> errors
//!   marker ----->| block since the previous marker  |
//!                +----------------------------------+
//! ```
//!
//! At the last beat of a marker's first half, the parity since the previous marker (included) is compared with BIP3, and
//! starts anew. Latency: 1 cycle from that beat to `errors`. Reset: no errors.

use crate::prelude::*;

/// BIP-8 check of one lane, `LW` data bits a beat.
#[derive(LogicBlock)]
pub struct BipCheck<const LW: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// There is a beat.
    pub valid: Signal<In, Bit>,
    /// Its data.
    pub data: Signal<In, Bits<LW>>,
    /// The last 32 bits with this beat.
    pub window: Signal<In, Bits<32>>,
    /// It ends a block's first half.
    pub middle: Signal<In, Bit>,
    /// It is in a block's second half.
    pub late: Signal<In, Bit>,
    /// It ends a block.
    pub last: Signal<In, Bit>,
    /// The header of the block, at its last beat.
    pub header: Signal<In, Bits<2>>,
    /// The block stands where a marker must be.
    pub place: Signal<In, Bit>,
    /// The lane has marker lock.
    pub locked: Signal<In, Bit>,

    // Egress.
    /// Bits that differ, 0 to 8; one pulse a marker. Reset: 0.
    pub errors: Signal<Out, Bits<4>>,

    // State.
    parity: DFF<Bits<8>>,
    count: DFF<Bits<4>>,

    // Wires.
    arrived: Signal<Local, Bits<32>>,
    beat_parity: Signal<Local, Bits<8>>,
    half_parity: Signal<Local, Bits<8>>,
    header_parity: Signal<Local, Bits<8>>,
    differ: Signal<Local, Bits<8>>,
    sum: Signal<Local, Bits<4>>,
}

impl<const LW: usize> Default for BipCheck<LW> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            valid: Signal::default(),
            data: Signal::default(),
            window: Signal::default(),
            middle: Signal::default(),
            late: Signal::default(),
            last: Signal::default(),
            header: Signal::default(),
            place: Signal::default(),
            locked: Signal::default(),
            errors: Signal::default(),
            parity: DFF::default(),
            count: DFF::default(),
            arrived: Signal::default(),
            beat_parity: Signal::default(),
            half_parity: Signal::default(),
            header_parity: Signal::default(),
            differ: Signal::default(),
            sum: Signal::default(),
        }
    }
}

impl<const LW: usize> Logic for BipCheck<LW> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, parity, count);
        self.count.d.next = 0.into();

        // 1. Parity of the beat, of the block's first half, of the header.
        self.arrived.next = bit_cast::<32, LW>(self.data.val());
        self.beat_parity.next = self.arrived.val().get_bits::<8>(0)
            ^ self.arrived.val().get_bits::<8>(8)
            ^ self.arrived.val().get_bits::<8>(16)
            ^ self.arrived.val().get_bits::<8>(24);
        self.half_parity.next = self.window.val().get_bits::<8>(0)
            ^ self.window.val().get_bits::<8>(8)
            ^ self.window.val().get_bits::<8>(16)
            ^ self.window.val().get_bits::<8>(24);
        self.header_parity.next = 0.into();
        if self.last.val() {
            self.header_parity.next = bit_cast::<8, 2>(self.header.val()) << 3;
        }

        // 2. The count of bits that differ.
        self.differ.next = self.parity.q.val() ^ self.window.val().get_bits::<8>(24);
        self.sum.next = 0.into();
        for i in 0..8 {
            if self.differ.val().get_bit(i) {
                self.sum.next = self.sum.val() + 1;
            }
        }

        // 3. Next state: a marker belongs to the interval that it begins.
        if self.valid.val() {
            if self.place.val() & self.middle.val() {
                self.parity.d.next = self.half_parity.val();
            } else if !self.place.val() | self.late.val() {
                self.parity.d.next =
                    self.parity.q.val() ^ self.beat_parity.val() ^ self.header_parity.val();
            }
        }
        if self.middle.val() & self.place.val() & self.locked.val() {
            self.count.d.next = self.sum.val();
        }

        self.errors.next = self.count.q.val();
        if self.reset.val() {
            self.count.d.next = 0.into();
        }
    }

    describe!("BIP-8 check of one lane, `LW` data bits a beat.");
}
