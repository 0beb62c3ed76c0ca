//! Tests of [`PcsRx`](crate::pcs::pcs_rx::PcsRx) against a sender written from the documentation.

use super::lanes::{Plan, Wire};
use super::link::{Link, Link4x16, PERIOD};
use crate::cosim::Random;
use crate::pcs::marker::Marker;

/// Aligns lanes that are swapped, inverted, skewed and out of phase, and compares with the Verilog.
fn smoke<
    const L: usize,
    const P: usize,
    const LW: usize,
    const LB: usize,
    const PT: usize,
    const W: usize,
    const WI: usize,
    const C: usize,
>() {
    let seed = (L * 100 + P * 10 + LW) as u64;
    // With the spare also in Verilog.
    let mut link = if P > L {
        Link::<L, P, LW, LB, PT, W, WI, C>::recording(PERIOD, seed)
    } else {
        Link::new(PERIOD, seed)
    };
    let mut random = Random::new(seed);
    for lane in 0..P {
        let other = random.below(P as u32) as usize;
        link.order.swap(lane, other);
    }
    for lane in 0..P {
        let delay = link.wires[lane].delay + random.below(4 * LB as u32) as usize;
        let phase = if lane == 0 {
            0
        } else {
            random.below(6) as usize
        };
        link.wires[lane] = Wire::new(LB, phase, delay, seed + lane as u64);
        link.wires[lane].inverted = random.bit();
    }
    let cycles = link.align();
    println!("{L}x{LW} and {P}: aligned after {cycles} cycles");
    link.run(3 * link.period);
    assert!(
        link.aligned() && link.received > 2 * PERIOD * L,
        "{}",
        link.received
    );
    assert_eq!(link.bench.block.width.val().index(), L);
    assert_eq!(link.bip_errors.iter().sum::<usize>(), 0);
    for (wire, &lane) in link.order.iter().enumerate() {
        assert_eq!(
            link.bench.block.polarity.val().get_bit(lane),
            link.wires[wire].inverted
        );
        assert_eq!(
            link.bench.block.lane_code[lane].val().index(),
            Marker::signature(link.plan.marker(wire).code(L))
        );
    }
    if P > L {
        link.bench.replay();
    }
}

#[test]
fn aligns_1x32() {
    smoke::<1, 1, 32, 2, 4, 1, 1, 2>();
    smoke::<1, 2, 32, 2, 4, 1, 1, 3>();
}

#[test]
fn aligns_2x16() {
    smoke::<2, 3, 16, 4, 5, 1, 2, 6>();
}

#[test]
fn aligns_4x8() {
    smoke::<4, 5, 8, 8, 6, 1, 3, 12>();
}

#[test]
fn aligns_2x32() {
    smoke::<2, 3, 32, 2, 4, 2, 2, 6>();
}

#[test]
fn aligns_4x16() {
    smoke::<4, 4, 16, 4, 5, 2, 3, 11>();
    smoke::<4, 5, 16, 4, 5, 2, 3, 12>();
}

#[test]
fn aligns_8x8() {
    smoke::<8, 9, 8, 8, 6, 2, 4, 24>();
}

#[test]
fn every_bit_phase_is_found() {
    for phase in [0, 1, 2, 33, 64, 65] {
        let mut link = Link4x16::new(PERIOD, 3);
        let delay = link.wires[2].delay;
        link.wires[2] = Wire::new(4, phase, delay, 5);
        link.align();
        assert_eq!(link.wires[2].slips % 66, phase);
        link.run(1_000);
        assert!(link.received > 800);
    }
}

#[test]
fn lanes_pause_at_random() {
    let mut link = Link4x16::new(PERIOD, 4);
    for (lane, wire) in link.wires.iter_mut().enumerate() {
        wire.pauses = 40 + 10 * lane as u32;
    }
    link.align();
    link.run(20_000);
    assert!(link.received > 18_000 && link.downs == 0);
}

/// As far apart as lanes may be, and one beat more.
#[test]
fn skew_is_removed_up_to_the_depth() {
    let mut longest = 0;
    for skew in 0..40 {
        let mut link = Link4x16::new(PERIOD, 6);
        link.wires[1].delay += skew;
        link.run(3_000);
        if !link.aligned() {
            assert!(link.overflows > 0, "not aligned, and not said why");
            break;
        }
        longest = skew;
        assert!(link.received > 1_000);
    }
    println!("4x16: a lane may be {longest} beats late");
    assert!((24..32).contains(&longest), "{longest}");
}

#[test]
fn too_much_skew_is_reported_and_never_aligns() {
    let mut link = Link4x16::recording(PERIOD, 7);
    link.wires[3].delay += 40;
    link.run(4_000);
    assert!(link.received == 0 && link.ups == 0);
    assert!(link.overflows > 3, "{}", link.overflows);
    link.bench.replay();
}

#[test]
fn three_spoilt_markers_survive_and_four_do_not() {
    for spoilt in [1, 3, 4] {
        let mut link = Link4x16::new(PERIOD, 8);
        link.align();
        link.run(500);
        for _ in 0..spoilt {
            let rows = link.sender.rows;
            link.sender.spoil = 0b00100;
            link.wait("the next marker", |link| {
                link.sender.rows / PERIOD > rows / PERIOD && link.sender.spoil == 0
            });
        }
        link.run(link.period);
        assert_eq!(link.downs, usize::from(spoilt == 4));
        link.run(4 * link.period);
        assert!(link.aligned());
        // One bit hit in each spoilt marker: counted in the interval that it begins, where the lane kept its lock.
        if spoilt < 4 {
            assert_eq!(link.bip_errors[2], spoilt);
        }
    }
}

#[test]
fn a_lane_that_is_lost_is_told_and_comes_back() {
    for lane in 0..4 {
        let mut link = Link4x16::recording(PERIOD, 9 + lane as u64);
        link.align();
        link.run(300);
        link.wires[lane].dark = true;
        link.run(6);
        assert!(!link.aligned(), "still aligned");
        link.run(800);
        assert!(!link.aligned());
        let seen = link.bench.block.seen_lane.val().to_u64();
        assert_eq!(seen, 0b1111 & !(1 << lane));
        assert_eq!(link.bench.block.width.val().index(), 4);
        link.wires[lane].dark = false;
        link.align();
        link.run(500);
        assert!(link.ups == 2 && link.downs == 1);
        link.bench.replay();
    }
}

#[test]
fn the_spare_takes_over_any_slot() {
    for slot in 0..4 {
        for dead in [false, true] {
            let mut link = Link4x16::recording(PERIOD, 20 + slot as u64);
            link.align();
            link.run(300);
            assert_eq!(link.bench.block.seen_unused.val().to_u64(), 1 << 4);
            if dead {
                link.wires[slot].dark = true;
                link.run(100);
                assert!(!link.aligned());
            }
            link.plan.spare = Some(slot);
            link.run(4 * link.period);
            assert!(link.aligned());
            assert_eq!(link.downs, usize::from(dead), "slot {slot}");
            assert_eq!(link.bench.block.seen_lane.val().to_u64(), 0b1111);
            let unused = if dead { 0 } else { 1 << slot };
            assert_eq!(link.bench.block.seen_unused.val().to_u64(), unused);
            // And back.
            link.wires[slot].dark = false;
            link.run(6 * link.period);
            link.plan.spare = None;
            link.run(3 * link.period);
            assert!(link.aligned());
            assert_eq!(link.downs, usize::from(dead), "slot {slot}");
            link.bench.replay();
        }
    }
}

#[test]
fn the_width_changes_at_a_marker_without_a_loss() {
    let mut link = Link4x16::recording(PERIOD, 30);
    link.align();
    let mut random = Random::new(30);
    let mut widths = [0; 5];
    for _ in 0..24 {
        let width = 1 << random.below(3);
        let mut slots = vec![false; 4];
        while slots.iter().filter(|&&data| data).count() < width {
            slots[random.below(4) as usize] = true;
        }
        let spare = random
            .one_in(3)
            .then(|| random.below(4) as usize)
            .filter(|&slot| slots[slot]);
        link.plan = Plan { slots, spare };
        link.run(2 * link.period);
        assert_eq!(link.bench.block.width.val().index(), width);
        let all = (1 << width) - 1;
        assert_eq!(link.bench.block.seen_lane.val().to_u64(), all);
        widths[width] += 1;
    }
    assert!(link.aligned() && link.downs == 0);
    assert!(widths[1] > 2 && widths[2] > 2 && widths[4] > 2);
    link.bench.replay();
}

#[test]
fn a_width_of_8_shrinks_and_grows() {
    let mut link = Link::<8, 9, 8, 8, 6, 2, 4, 24>::new(PERIOD, 31);
    link.align();
    for width in [4, 2, 1, 8, 2, 8, 1, 4, 8] {
        link.plan.slots = (0..8).map(|slot| slot >= 8 - width).collect();
        link.run(2 * link.period);
        assert_eq!(link.bench.block.width.val().index(), width);
    }
    assert!(link.aligned() && link.downs == 0);
}

#[test]
fn two_lanes_with_one_name_never_align() {
    let mut link = Link4x16::new(PERIOD, 32);
    link.sender.lies[4] = Some(Marker::Data { lane: 1, width: 4 });
    link.run(20 * link.period);
    assert_eq!(link.ups, 0);
    // Nor do they stay aligned when a second one turns up.
    link.sender.lies[4] = None;
    link.align();
    link.run(200);
    link.sender.lies[4] = Some(Marker::Data { lane: 1, width: 4 });
    link.run(10 * link.period);
    assert!(!link.aligned() && link.downs == 1);
}

#[test]
fn bit_errors_are_counted_and_shift_nothing() {
    let mut link = Link4x16::recording(PERIOD, 33);
    link.align();
    link.run(200);
    link.is_noisy = true;
    for wire in &mut link.wires {
        wire.one_in = 4_000;
    }
    link.run(6_000);
    for wire in &mut link.wires {
        wire.one_in = 0;
    }
    link.run(600);
    assert!(
        link.damaged > 20 && link.header_errors > 1,
        "{}",
        link.damaged
    );
    let hits: usize = link.wires.iter().map(|wire| wire.hits).sum();
    let counted: usize = link.bip_errors.iter().sum();
    println!("{hits} bits hit, {counted} parity errors");
    assert!(counted <= hits && counted > hits / 2);
    let damaged = link.damaged;
    link.run(600);
    assert_eq!((link.damaged, link.downs), (damaged, 0));
    link.bench.replay();
}

#[test]
fn bad_headers_make_blocks_bad_and_then_the_link() {
    let mut link = Link4x16::new(PERIOD, 34);
    link.align();
    link.run(200);
    assert!(!link.bench.block.hi_ber.val());
    // A header of which both bits are hit is another good one.
    link.is_noisy = true;
    link.wires[1].header_one_in = 100;
    link.run(3_000);
    assert!(link.bad > 3 && link.bad <= link.header_errors);
    assert!(link.bench.block.hi_ber.val());
    link.wires[1].header_one_in = 0;
    link.run(3_600);
    assert!(!link.bench.block.hi_ber.val() && link.aligned());
    // So many that the lane loses its blocks.
    link.wires[1].header_one_in = 8;
    link.wait("not aligned", |link| !link.aligned());
}

#[test]
fn a_lane_without_markers_is_started_anew() {
    let mut link = Link4x16::new(PERIOD, 35);
    link.align();
    link.is_noisy = true;
    link.wires[2].one_in = 2;
    link.run(20 * link.period);
    assert!(link.resets > 0, "{}", link.resets);
    let resets = link.resets;
    link.wires[2].dark = true;
    link.run(40 * link.period);
    assert!(link.resets <= resets + 1, "asks for light");
}

/// What `docs/link.md` prints: cycles to the locks, and through.
#[test]
fn times_are_those_of_the_parameters() {
    let period = 1_024;
    let mut link = Link4x16::new(period, 36);
    link.gearbox = 33;
    let blocks = link.wait("block lock", |link| link.bench.block.block_lock.val().all());
    let markers = blocks
        + link.wait("marker lock", |link| {
            link.bench.block.marker_lock.val().all()
        });
    let aligned = markers + link.align();
    println!("4x16, a marker every {period}: block lock {blocks}, marker lock {markers}, aligned {aligned}");
    assert!((64 * 4..64 * 4 + 33).contains(&blocks), "{blocks}");
    assert!(markers < 2 * period * 4 * 34 / 33, "{markers}");
    assert!(aligned < markers + 50, "{aligned}");
}
