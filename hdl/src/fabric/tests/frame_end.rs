//! Tests of [`FrameEnd`], and of every target's Verilog.

use super::bench::settle;
use crate::cosim;
use crate::fabric::frame_end::FrameEnd;
use crate::prelude::*;
use crate::target::Target;

fn drive<const PORTS: usize>(block: &mut FrameEnd<PORTS>, random: &mut cosim::Random) {
    let active = match random.bits(2) {
        0 => 0,
        _ => 1 << (random.bits(8) % PORTS as u64),
    };
    block.active.next = active.into();
    block.last.next = random.bits(PORTS).into();
    block.tready.next = random.bit();
    block.idle.next = random.bits(2) == 0;
    block.open.next = random.bits(2) == 0;
}

fn moves_on_after_a_last_beat<const PORTS: usize>() {
    let mut block = FrameEnd::<PORTS>::new(Target::Generic);
    block.connect_all();
    for active in (0..PORTS).map(|port| 1_u64 << port).chain([0]) {
        for last in (0..PORTS).map(|port| 1_u64 << port).chain([0]) {
            for others in 0..8 {
                let [tready, idle, open] = [0, 1, 2].map(|bit| others >> bit & 1 == 1);
                block.active.next = active.into();
                block.last.next = last.into();
                block.tready.next = tready;
                block.idle.next = idle;
                block.open.next = open;
                settle(&mut block);
                let leaves = active & last != 0 && tready;
                assert_eq!(block.advance.val(), leaves || idle);
                assert_eq!(block.refill.val(), leaves || open);
            }
        }
    }
    for target in Target::ALL {
        cosim::check!(no clock, FrameEnd::<PORTS>::new(target), 2_000, 1, drive);
    }
}

#[test]
fn moves_on_when_a_last_beat_leaves() {
    moves_on_after_a_last_beat::<2>();
    moves_on_after_a_last_beat::<4>();
    moves_on_after_a_last_beat::<8>();
    moves_on_after_a_last_beat::<16>();
}
