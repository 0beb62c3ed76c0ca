//! Tells which marker of the table half a block is.
//!
//! ```text
//!            +--------------------------------+
//!   half --->| kind ─► expected M0 M1 M2 = ?  |--> hit, code
//!            +--------------------------------+
//! ```
//!
//! Three bits of M0 tell the six kinds of markers apart: four of Clause 82 and our two. So every other bit is compared once,
//! with what the kind wants there. Combinational. Bits 31..24, the parity, do not count.

use crate::pcs::marker::{Marker, CODE_W};
use crate::prelude::*;

/// Codes of the six kinds, the first one of each that is ours: M0 and M1 are the same for the others of it.
const KINDS: [usize; 6] = [0, 1, 2, 3, 16, 32];

/// Matches half a block against the markers of a link.
#[derive(LogicBlock)]
pub struct MarkerMatch {
    // Ingress.
    /// Half a block, M0 in bits 7..0.
    pub half: Signal<In, Bits<32>>,

    // Egress.
    /// It is one of the table.
    pub hit: Signal<Out, Bit>,
    /// Which, if it is one: [`Marker::signature`].
    pub code: Signal<Out, Bits<CODE_W>>,

    // Wires.
    kind: Signal<Local, Bits<3>>,
    expected: Signal<Local, Bits<24>>,
    numbers: Signal<Local, Bits<16>>,
    has_kind: Signal<Local, Bit>,
    number: Signal<Local, Bits<4>>,
    inverse: Signal<Local, Bits<4>>,
    is_name: Signal<Local, Bit>,

    // Parameters.
    kind_of: [Constant<Bits<3>>; 6],
    value: [Constant<Bits<24>>; 6],
    /// Of kinds that are ours: the numbers that the link has.
    numbers_of: [Constant<Bits<16>>; 6],
    is_present: [Constant<Bit>; 6],
}

/// Three bits of M0 that no two kinds have in common: 7, 5, 4.
const fn kind(m0: u64) -> u64 {
    m0 >> 5 & 4 | m0 >> 4 & 3
}

impl MarkerMatch {
    /// The markers of a link of `lanes` logical and `physical` physical lanes.
    #[must_use]
    pub fn new(lanes: usize, physical: usize) -> Self {
        let codes: Vec<usize> = Marker::all(lanes, physical)
            .into_iter()
            .map(|marker| marker.code(lanes))
            .collect();
        let is_of =
            |code: usize, base: usize| code == base || (base >= 16 && code / 16 == base / 16);
        let numbers = |base: usize| {
            let set = codes
                .iter()
                .filter(|&&code| base >= 16 && is_of(code, base));
            Constant::new(set.fold(0, |set, code| set | 1_u64 << (code - base)).into())
        };
        let value = |code| {
            let [m0, m1, m2] = Marker::bytes(code);
            u64::from(u32::from_le_bytes([m0, m1, m2, 0]))
        };
        Self {
            half: Signal::default(),
            hit: Signal::default(),
            code: Signal::default(),
            kind: Signal::default(),
            expected: Signal::default(),
            numbers: Signal::default(),
            has_kind: Signal::default(),
            number: Signal::default(),
            inverse: Signal::default(),
            is_name: Signal::default(),
            kind_of: KINDS.map(|base| Constant::new(kind(value(base)).into())),
            value: KINDS.map(|base| Constant::new(value(base).into())),
            numbers_of: KINDS.map(numbers),
            is_present: KINDS
                .map(|base| Constant::new(codes.iter().any(|&code| is_of(code, base)))),
        }
    }
}

impl Logic for MarkerMatch {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. The kind, and what belongs to it.
        self.kind.next = (bit_cast::<3, 1>(self.half.val().get_bit(7).into()) << 2)
            | bit_cast::<3, 2>(self.half.val().get_bits::<2>(4));
        self.has_kind.next = false;
        self.expected.next = 0.into();
        self.numbers.next = 0.into();
        for i in 0..6 {
            if self.kind.val() == self.kind_of[i].val() {
                self.has_kind.next = self.is_present[i].val();
                self.expected.next = self.value[i].val();
                self.numbers.next = self.numbers_of[i].val();
            }
        }

        // 2. M2: a byte of Clause 82, or a number and its complement.
        self.number.next = self.half.val().get_bits::<4>(16);
        self.inverse.next = self.half.val().get_bits::<4>(20);
        if self.half.val().get_bit(7) {
            self.is_name.next =
                self.half.val().get_bits::<8>(16) == self.expected.val().get_bits::<8>(16);
        } else {
            self.is_name.next = (self.number.val() ^ self.inverse.val()).all()
                & self.numbers.val().get_bit(self.number.val().index());
        }

        // 3. The whole.
        self.hit.next = self.has_kind.val()
            & self.is_name.val()
            & (self.half.val().get_bits::<16>(0) == self.expected.val().get_bits::<16>(0));
        self.code.next = bit_cast::<CODE_W, 4>(self.number.val())
            | (bit_cast::<CODE_W, 1>(self.half.val().get_bit(4).into()) << 4)
            | (bit_cast::<CODE_W, 1>(self.half.val().get_bit(7).into()) << 5);
    }

    describe!("Matches half a block against the markers of a link.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosim::Random;
    use crate::testbench::Bench;

    #[test]
    fn knows_the_markers_of_its_link_and_no_other() {
        for (lanes, physical) in [(1, 1), (1, 2), (2, 3), (4, 5), (8, 8), (8, 9)] {
            let mut bench = Bench::recording(MarkerMatch::new(lanes, physical));
            let own: Vec<usize> = Marker::all(lanes, physical)
                .into_iter()
                .map(|marker| marker.code(lanes))
                .collect();
            let mut random = Random::new(7);
            let mut hits = 0;
            for code in (0..4).chain(16..48) {
                let [m0, m1, m2] = Marker::bytes(code);
                let bip = random.bits(8) as u8;
                for flip in (0..25).map(|bit| (1_u32 << bit) & 0x00ff_ffff) {
                    let half = u32::from_le_bytes([m0, m1, m2, bip]) ^ flip;
                    bench.block.half.next = u64::from(half).into();
                    bench.settle();
                    let hit = flip == 0 && own.contains(&code);
                    assert_eq!(bench.block.hit.val(), hit, "{code} {flip:x}");
                    if hit {
                        assert_eq!(bench.block.code.val().index(), Marker::signature(code));
                        hits += 1;
                    }
                    bench.clock();
                }
            }
            assert_eq!(hits, own.len());
            bench.replay();
        }
    }
}
