//! Tests of [`LanePlan`].

use std::collections::BTreeSet;

use crate::cosim::Random;
use crate::pcs::lane_plan::LanePlan;
use crate::pcs::marker::Marker;
use crate::testbench::Bench;

/// Slots, whether the spare is on and its slot.
type Plan = (usize, bool, usize);

/// Compares the outputs of one slot; the codes in a row of markers only.
fn compare<const LANES: usize>(
    dut: &LanePlan<LANES>,
    (slot, marks): (usize, bool),
    (mask, on, spare): Plan,
) {
    let at = format!("slot {slot} of {mask:b}, spare {on} {spare}");
    let has = |slot: usize| mask >> slot & 1 == 1;
    let spare_here = slot == if on { spare } else { 0 };
    assert_eq!(dut.carries.val(), has(slot), "{at}");
    assert_eq!(dut.spare_here.val(), spare_here, "{at}");
    if !marks {
        return;
    }
    let data = Marker::Data {
        lane: (0..slot).filter(|slot| has(*slot)).count(),
        width: mask.count_ones() as usize,
    };
    let unused = Marker::Unused { lane: slot };
    let unused_spare = Marker::Unused { lane: LANES };
    let (own, of_spare) = match (has(slot), on && spare_here) {
        (true, true) => (unused, data),
        (true, false) => (data, unused_spare),
        (false, _) => (unused, unused_spare),
    };
    assert_eq!(dut.code.val().index(), own.code(LANES), "{at}");
    if spare_here {
        assert_eq!(dut.spare_code.val().index(), of_spare.code(LANES), "{at}");
    }
}

/// Random plans on offer in every cycle, taken every one to three rows.
fn takes<const LANES: usize>(spares: usize) {
    let seed = (10 * LANES + spares) as u64;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut bench = Bench::recording(LanePlan::<LANES>::new(spares));
    let full: Plan = ((1 << LANES) - 1, false, 0);
    let mut plan = full;
    let (mut slot, mut row, mut rows) = (0, 0, 1);
    let (mut refused, mut resets) = (0, 0);
    let (mut masks, mut followed) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..1_000 * LANES * LANES {
        let offered: Plan = (
            random.bits(LANES) as usize,
            random.bit(),
            random.below(LANES as u32) as usize,
        );
        let step = !random.one_in(4);
        let reset = random.one_in(200);
        let take = step && slot == LANES - 1 && row == rows - 1;
        bench.block.reset.next = reset;
        bench.block.slot_mask.next = (offered.0 as u64).into();
        bench.block.spare_on.next = offered.1;
        bench.block.spare_slot.next = (offered.2 as u64).into();
        bench.block.slot.next = (slot as u64).into();
        bench.block.next_slot.next = step;
        bench.block.take.next = take;
        bench.settle();
        compare(&bench.block, (slot, row == 0), plan);
        bench.clock();
        if reset {
            (plan, slot, row) = (full, 0, 0);
            resets += 1;
        } else if take {
            if matches!(offered.0.count_ones(), 1 | 2 | 4 | 8) {
                plan = (offered.0, offered.1 && spares == 1, offered.2);
                masks.insert(plan.0);
                if plan.1 {
                    followed.insert(plan.2);
                }
            } else {
                refused += 1;
            }
            (slot, row) = (0, 0);
            rows = 1 + random.below(3);
        } else if step {
            slot = (slot + 1) % LANES;
            row += u32::from(slot == 0);
        }
    }
    let possible = (0..1_usize << LANES).filter(|mask| matches!(mask.count_ones(), 1 | 2 | 4 | 8));
    assert_eq!(masks.len(), possible.count());
    assert_eq!(followed.len(), spares * LANES);
    assert!(refused > 0 && resets > 0, "{refused} {resets}");
    bench.replay();
}

#[test]
fn takes_every_mask_and_marks_its_lanes() {
    takes::<1>(1);
    takes::<2>(1);
    takes::<4>(0);
    takes::<4>(1);
    takes::<8>(1);
}
