//! Tests of [`PlanChoice`] and [`LaneView`], over every set of lanes.

use crate::link::{LaneView, PlanChoice};
use crate::testbench::Bench;

/// Slots, the spare's slot, from lists.
fn plan(lanes: usize, usable: &[usize]) -> (Vec<usize>, Option<usize>) {
    let mut slots: Vec<usize> = usable
        .iter()
        .copied()
        .filter(|&lane| lane < lanes)
        .collect();
    let lost = (0..lanes).find(|lane| !slots.contains(lane));
    let stands_in = lost.filter(|_| usable.contains(&lanes));
    slots.extend(stands_in);
    slots.sort_unstable();
    if slots.is_empty() {
        return ((0..lanes).collect(), None);
    }
    let width = [8, 4, 2, 1].into_iter().find(|&width| width <= slots.len());
    slots.truncate(width.unwrap());
    let spare = stands_in.filter(|slot| slots.contains(slot));
    (slots, spare)
}

fn members(mask: u64) -> Vec<usize> {
    (0..16).filter(|bit| mask >> bit & 1 == 1).collect()
}

fn chooses_and_views<const LANES: usize, const PHYSICAL: usize>() {
    let mut choice = Bench::recording(PlanChoice::<LANES, PHYSICAL>::default());
    let mut view = Bench::recording(LaneView::<LANES, PHYSICAL>::default());
    let mut widths = std::collections::BTreeSet::new();
    for usable in 0..1_u64 << PHYSICAL {
        choice.block.usable.next = usable.into();
        choice.clock();
        let found = &choice.block;
        let (slots, spare) = plan(LANES, &members(usable));
        assert_eq!(members(found.slot_mask.val().to_u64()), slots, "{usable:b}");
        assert_eq!(found.spare_on.val(), spare.is_some(), "{usable:b}");
        assert_eq!(found.none.val(), usable == 0);
        assert_eq!(found.width.val().to_u64() as usize, slots.len());
        if let Some(slot) = spare {
            assert_eq!(found.spare_slot.val().to_u64() as usize, slot);
        }
        widths.insert(slots.len());

        // Every physical lane by itself, under this plan.
        let carrier = |slot: usize| if spare == Some(slot) { LANES } else { slot };
        for lane in 0..PHYSICAL {
            let logical = slots.iter().position(|&slot| carrier(slot) == lane);
            let (seen_lane, seen_unused) = match logical {
                Some(logical) => (1_u64 << logical, 0_u64),
                None => (0, 1 << lane),
            };
            let dut = &mut view.block;
            dut.slot_mask.next = found.slot_mask.val();
            dut.spare_on.next = found.spare_on.val();
            dut.spare_slot.next = found.spare_slot.val();
            dut.seen_lane.next = seen_lane.into();
            dut.seen_unused.next = seen_unused.into();
            view.clock();
            assert_eq!(view.block.looks.val().to_u64(), 1 << lane, "{usable:b}");
        }
    }
    assert_eq!(widths.len(), LANES.ilog2() as usize + 1);
    choice.replay();
    view.replay();
}

#[test]
fn chooses_and_views_four_lanes_and_a_spare() {
    chooses_and_views::<4, 5>();
}

#[test]
fn chooses_and_views_eight_lanes_without_a_spare() {
    chooses_and_views::<8, 8>();
}

#[test]
fn chooses_and_views_one_lane_and_a_spare() {
    chooses_and_views::<1, 2>();
}
