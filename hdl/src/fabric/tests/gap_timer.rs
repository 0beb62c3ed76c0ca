//! Tests of [`GapTimer`].

use super::bench::{settle, tick};
use crate::cosim;
use crate::fabric::gap_timer::GapTimer;
use crate::prelude::*;

type Timer = GapTimer<4>;

fn drive(block: &mut Timer, random: &mut cosim::Random) {
    block.reset.next = random.one_in(50);
    block.in_frame.next = !random.one_in(12);
    block.tvalid.next = random.one_in(4);
    block.limited.next = !random.one_in(50);
}

/// `due` against the number of idle cycles of the frame that lie behind, counted the naive way.
fn follows_the_reference(limit: u64, limited: bool) {
    let mut block = Timer::default();
    block.connect_all();
    println!("seed {limit}");
    let mut random = cosim::Random::new(limit);
    let (mut idle, mut dues, mut longest, mut ignored) = (0, 0, 0, 0);
    for cycle in 0..4_000 {
        drive(&mut block, &mut random);
        block.limit.next = limit.into();
        block.limited.next = limited;
        settle(&mut block);
        assert_eq!(block.due.val(), limited && idle == limit, "cycle {cycle}");
        dues += u32::from(block.due.val());
        ignored += u32::from(block.due.val() && block.tvalid.val());
        let paused = block.in_frame.val() && !block.tvalid.val();
        // The frame of a source that pauses longer is closed.
        idle = if paused && !block.reset.val() {
            idle + 1
        } else {
            0
        };
        longest = longest.max(idle);
        tick!(block);
        if block.reset.val() || idle > limit {
            // A reset, as the gate does it: the frame is gone in the next cycle.
            block.reset.next = false;
            block.in_frame.next = false;
            block.tvalid.next = false;
            settle(&mut block);
            assert!(!block.due.val(), "cycle {cycle}");
            tick!(block);
            idle = 0;
        }
    }
    assert!(longest > limit, "no pause was longer than the limit");
    assert_eq!(dues > 20, limited, "due {dues} times");
    assert_eq!(ignored > 3, limited, "a beat in the very cycle");
}

#[test]
fn is_due_after_the_limit() {
    for limit in [1, 2, 5] {
        follows_the_reference(limit, true);
    }
}

#[test]
fn is_never_due_without_a_limit() {
    for limit in [0, 1, 5] {
        follows_the_reference(limit, false);
    }
}

#[test]
fn a_reset_in_a_pause_forgets_it() {
    for reset_at in 0..4 {
        let mut block = Timer::default();
        block.connect_all();
        block.limit.next = 3_u64.into();
        block.limited.next = true;
        block.in_frame.next = true;
        for cycle in 0..4 {
            block.reset.next = cycle == reset_at;
            settle(&mut block);
            assert_eq!(block.due.val(), cycle == 3 && reset_at == 3);
            tick!(block);
            if cycle == reset_at {
                break;
            }
        }
        // One cycle outside a frame, then a frame that pauses.
        block.reset.next = false;
        for cycle in 0..5 {
            block.in_frame.next = cycle > 0;
            settle(&mut block);
            assert_eq!(block.due.val(), cycle == 4, "reset in cycle {reset_at}");
            tick!(block);
        }
    }
}

/// Cycles of a pause, counted from 1, in which `due` is high while the limit is what `limit` says for each.
fn dues(limit: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut block = Timer::default();
    block.connect_all();
    block.in_frame.next = true;
    block.tvalid.next = true;
    let mut dues = Vec::new();
    for pause in 0..60 {
        block.limit.next = limit(pause).into();
        block.limited.next = limit(pause) > 0;
        settle(&mut block);
        if block.due.val() {
            dues.push(pause);
            // The gate closes the frame.
            block.in_frame.next = false;
        }
        tick!(block);
        block.tvalid.next = false;
    }
    dues
}

#[test]
fn a_limit_that_falls_below_a_running_pause_counts_at_once() {
    assert_eq!(dues(|_| 12), [13]);
    for lowered in 1..12 {
        for limit in 1..12 {
            let due = lowered.max(limit) + 1;
            assert_eq!(
                dues(|pause| if pause < lowered { 12 } else { limit }),
                [due]
            );
        }
    }
}

#[test]
fn a_limit_that_comes_in_a_pause_counts_from_then() {
    for from in 1..40 {
        let limits = |pause| if pause < from { 0 } else { 5 };
        assert_eq!(dues(limits), [from + 5]);
    }
}

#[test]
fn the_verilog_is_the_same() {
    let (_, trace) = cosim::check!(Timer::default(), 4_000, 1, |block, random| {
        drive(block, random);
        block.limit.next = u64::from(1 + random.below(3)).into();
    });
    let dues = (0..trace.len()).filter(|cycle| trace.value(*cycle, "due") == Some(1));
    assert!(dues.count() > 50);
}
