//! Tests of [`RouteIndex`] and [`RouteMask`]: every input.

use super::bench::settle;
use crate::cosim;
use crate::fabric::route_index::RouteIndex;
use crate::fabric::route_mask::RouteMask;

const PORTS: u32 = 4;

/// What the naive reference says for a frame that is meant for `meant`: go, accept, full, unroutable.
fn decide(meant: u32, room: u32, lossy: bool) -> (u32, bool, u32, bool) {
    let lacks = |port: &u32| meant >> port & 1 == 1 && room >> port & 1 == 0;
    let full = (0..PORTS)
        .filter(lacks)
        .fold(0, |full, port| full | 1 << port);
    let accept = lossy || full == 0;
    let go = if accept { meant & !full } else { 0 };
    (go, accept, full, meant == 0)
}

macro_rules! exhaust {
    ($block:expr, $dests:expr, $meant:expr) => {{
        let mut block = $block;
        let (mut waits, mut drops, mut unroutable) = (0, 0, 0);
        for dest in 0..$dests {
            for room in 0..1 << PORTS {
                for lossy in [false, true] {
                    block.tdest.next = u64::from(dest).into();
                    block.room.next = u64::from(room).into();
                    block.lossy.next = lossy;
                    settle(&mut block);
                    let is = (
                        block.go.val().to_u32(),
                        block.accept.val(),
                        block.full.val().to_u32(),
                        block.unroutable.val(),
                    );
                    assert_eq!(
                        is,
                        decide($meant(dest), room, lossy),
                        "{dest} {room} {lossy}"
                    );
                    waits += u32::from(!is.1);
                    drops += u32::from(is.1 && is.2 != 0);
                    unroutable += u32::from(is.1 && is.3);
                }
            }
        }
        assert!(waits > 0 && drops > 0 && unroutable > 0);
    }};
}

#[test]
fn an_index_is_one_egress_or_none() {
    exhaust!(RouteIndex::<4, 3>::default(), 8_u32, |dest: u32| {
        if dest < PORTS {
            1_u32 << dest
        } else {
            0
        }
    });
}

#[test]
fn a_mask_is_any_egresses() {
    exhaust!(RouteMask::<4>::default(), 16_u32, |dest| dest);
}

#[test]
fn the_verilog_is_the_same() {
    cosim::check!(no clock, RouteIndex::<4, 3>::default(), 1_000, 1, |block, random| {
        block.tdest.next = random.bits(3).into();
        block.room.next = random.bits(4).into();
        block.lossy.next = random.bit();
    });
    cosim::check!(no clock, RouteMask::<4>::default(), 2_000, 2, |block, random| {
        block.tdest.next = random.bits(4).into();
        block.room.next = random.bits(4).into();
        block.lossy.next = random.bit();
    });
}
