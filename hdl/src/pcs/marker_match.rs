//! Tells which marker of the table half a block is.
//!
//! ```text
//!            +--------------+
//!   half --->| M0 M1 M2 = ? |--> hit, code
//!            +--------------+
//! ```
//!
//! Combinational. Bits 31..24, the parity, do not count.

use crate::pcs::marker::{Marker, CODE_W};
use crate::prelude::*;

/// Matches half a block against the markers of a link.
#[derive(LogicBlock)]
pub struct MarkerMatch {
    // Ingress.
    /// Half a block, M0 in bits 7..0.
    pub half: Signal<In, Bits<32>>,

    // Egress.
    /// It is one of the table.
    pub hit: Signal<Out, Bit>,
    /// Which: [`Marker::code`]; counts with `hit`.
    pub code: Signal<Out, Bits<CODE_W>>,

    // Wires.
    prefix: Signal<Local, Bits<16>>,
    number: Signal<Local, Bits<4>>,
    inverse: Signal<Local, Bits<4>>,
    standard_hit: Signal<Local, Bits<4>>,
    is_number: Signal<Local, Bit>,
    data_hit: Signal<Local, Bit>,
    unused_hit: Signal<Local, Bit>,

    // Parameters.
    standard: [Constant<Bits<24>>; 4],
    has_standard: [Constant<Bit>; 4],
    data_prefix: Constant<Bits<16>>,
    unused_prefix: Constant<Bits<16>>,
    data_numbers: Constant<Bits<16>>,
    unused_numbers: Constant<Bits<16>>,
}

impl MarkerMatch {
    /// The markers of a link of `lanes` logical and `physical` physical lanes.
    #[must_use]
    pub fn new(lanes: usize, physical: usize) -> Self {
        let codes: Vec<usize> = Marker::all(lanes, physical)
            .into_iter()
            .map(|marker| marker.code(lanes))
            .collect();
        let numbers = |base: usize| {
            let set = codes.iter().filter(|&code| code / 16 == base / 16);
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
            prefix: Signal::default(),
            number: Signal::default(),
            inverse: Signal::default(),
            standard_hit: Signal::default(),
            is_number: Signal::default(),
            data_hit: Signal::default(),
            unused_hit: Signal::default(),
            standard: std::array::from_fn(|code| Constant::new(value(code).into())),
            has_standard: std::array::from_fn(|code| Constant::new(codes.contains(&code))),
            data_prefix: Constant::new((value(16) & 0xffff).into()),
            unused_prefix: Constant::new((value(32) & 0xffff).into()),
            data_numbers: numbers(16),
            unused_numbers: numbers(32),
        }
    }
}

impl Logic for MarkerMatch {
    #[hdl_gen]
    fn update(&mut self) {
        self.prefix.next = self.half.val().get_bits::<16>(0);
        self.number.next = self.half.val().get_bits::<4>(16);
        self.inverse.next = self.half.val().get_bits::<4>(20);
        self.is_number.next = (self.number.val() ^ self.inverse.val()).all();
        self.data_hit.next = self.is_number.val()
            & (self.prefix.val() == self.data_prefix.val())
            & self.data_numbers.val().get_bit(self.number.val().index());
        self.unused_hit.next = self.is_number.val()
            & (self.prefix.val() == self.unused_prefix.val())
            & self.unused_numbers.val().get_bit(self.number.val().index());

        self.standard_hit.next = 0.into();
        for i in 0..4 {
            if self.has_standard[i].val() {
                self.standard_hit.next = self.standard_hit.val().replace_bit(
                    i,
                    self.half.val().get_bits::<24>(0) == self.standard[i].val(),
                );
            }
        }

        self.hit.next = self.standard_hit.val().any() | self.data_hit.val() | self.unused_hit.val();
        self.code.next = bit_cast::<CODE_W, 4>(self.number.val());
        if self.standard_hit.val().any() {
            self.code.next = 0.into();
            if self.standard_hit.val().get_bit(1) | self.standard_hit.val().get_bit(3) {
                self.code.next = 1.into();
            }
            if self.standard_hit.val().get_bit(2) | self.standard_hit.val().get_bit(3) {
                self.code.next = self.code.val() | 2;
            }
        } else if self.data_hit.val() {
            self.code.next = self.code.val() | 16;
        } else {
            self.code.next = self.code.val() | 32;
        }
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
                        assert_eq!(bench.block.code.val().index(), code);
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
