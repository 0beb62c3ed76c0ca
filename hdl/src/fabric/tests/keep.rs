//! Tests of [`KeepCode`] and [`KeepUnpack`], one after the other as in the fabric.

use super::bench::{is_legal, keep_of, settle};
use crate::cosim;
use crate::fabric::beat::{gray_of_bytes, SIDE_LAST, SIDE_POISON};
use crate::fabric::keep_code::KeepCode;
use crate::fabric::keep_unpack::KeepUnpack;
use crate::target::Target;

/// Packs every `tkeep` with and without `tlast`, and unpacks what comes out.
fn round_trips<const KEEP_W: usize>() {
    let mut code = KeepCode::<KEEP_W>::default();
    let mut unpack = KeepUnpack::<KEEP_W>::new(Target::Generic);
    let (mut legal, mut malformed) = (0, 0);
    for keep in 0..1 << KEEP_W {
        for last in [false, true] {
            code.tkeep.next = u64::from(keep).into();
            code.tlast.next = last;
            settle(&mut code);
            let is_malformed = code.malformed.val().any();
            assert_eq!(
                is_malformed,
                !is_legal(keep, last, KEEP_W as u32),
                "tkeep {keep:#b}, tlast {last}"
            );
            let side = code.malformed.val().to_u64() << 5
                | code.gray.val().to_u64() << 2
                | u64::from(last);
            unpack.side.next = side.into();
            settle(&mut unpack);
            let back = unpack.tkeep.val().to_u32();
            assert_eq!(unpack.tlast.val(), last);
            assert_eq!(unpack.tuser.val(), last && is_malformed);
            assert!(is_legal(back, last, KEEP_W as u32), "{back:#b} comes out");
            if is_malformed {
                malformed += 1;
            } else {
                assert_eq!(back, keep, "tlast {last}");
                legal += 1;
            }
        }
    }
    assert_eq!(legal, KEEP_W + 1, "every length, and full beats inside");
    assert_eq!(malformed, (2 << KEEP_W) - KEEP_W - 1);
}

#[test]
fn four_byte_enables_survive_or_are_malformed() {
    round_trips::<4>();
}

#[test]
fn eight_byte_enables_survive_or_are_malformed() {
    round_trips::<8>();
}

#[test]
fn unpacks_every_side() {
    let mut unpack = KeepUnpack::<8>::new(Target::Generic);
    for side in 0..256_u32 {
        unpack.side.next = u64::from(side).into();
        settle(&mut unpack);
        let bytes = (1..=8).find(|bytes| gray_of_bytes(*bytes) == side >> 2 & 7);
        assert_eq!(unpack.tkeep.val().to_u32(), keep_of(bytes.unwrap()));
        assert_eq!(unpack.tlast.val(), side & SIDE_LAST != 0);
        let is_poisoned = side & SIDE_LAST != 0 && side & SIDE_POISON != 0;
        assert_eq!(unpack.tuser.val(), is_poisoned, "side {side:#b}");
    }
}

#[test]
fn the_verilog_is_the_same() {
    cosim::check!(no clock, KeepCode::<4>::default(), 500, 1, |block, random| {
        block.tkeep.next = random.bits(4).into();
        block.tlast.next = random.bit();
    });
    cosim::check!(no clock, KeepCode::<8>::default(), 2_000, 2, |block, random| {
        block.tkeep.next = random.bits(8).into();
        block.tlast.next = random.bit();
    });
    for target in [Target::Generic, Target::Ecp5] {
        cosim::check!(no clock, KeepUnpack::<4>::new(target), 1_000, 3, |block, random| {
            block.side.next = random.bits(8).into();
        });
        cosim::check!(no clock, KeepUnpack::<8>::new(target), 1_000, 4, |block, random| {
            block.side.next = random.bits(8).into();
        });
    }
}
