//! Which lanes carry data, from what the far end sees of them.

use lightswitch_hdl::link::LinkConfig;

/// The lanes that carry data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The slots that carry data.
    pub slot_mask: u16,
    /// The spare carries the slot `spare_slot`.
    pub spare_on: bool,
    /// The slot that the spare stands in for.
    pub spare_slot: u8,
}

/// A plan, its width, and whether no lane is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Choice {
    plan: Plan,
    width: u8,
    none: bool,
}

/// The twin of `LanePlanner`, with its `LaneView` and `PlanChoice`.
#[derive(Clone, Debug)]
pub struct LanePlanner {
    /// What the far end sees, one bit a physical lane.
    seen: u16,
    usable: u16,
    /// Lanes that the plan is for, and what they ask for.
    planned_for: u16,
    choice: Choice,
    plan: Plan,
    width: u8,
    none: bool,
    /// A plan is not taken yet.
    is_pending: bool,
    settle: u32,
    recover: u32,
    flaps: u8,
    /// Lanes were lost, or count again.
    loses: bool,
    recovers: bool,

    lanes: usize,
    physical: usize,
    settle_cycles: u32,
    recover_cycles: u32,
    flap_limit: u8,
}

impl LanePlanner {
    /// That of `link`, with its times.
    pub fn new(
        link: &LinkConfig,
        settle_cycles: usize,
        recover_cycles: usize,
        flap_limit: usize,
    ) -> Self {
        Self::sized(
            link.lanes,
            link.physical(),
            settle_cycles,
            recover_cycles,
            flap_limit,
        )
    }

    /// The same for `lanes` logical and `physical` lanes.
    pub fn sized(
        lanes: usize,
        physical: usize,
        settle_cycles: usize,
        recover_cycles: usize,
        flap_limit: usize,
    ) -> Self {
        let all = (1 << physical) - 1;
        let choice = choose(all, lanes, physical);
        Self {
            seen: all,
            usable: all,
            planned_for: all,
            choice,
            plan: choice.plan,
            width: choice.width,
            none: false,
            is_pending: false,
            settle: settle_cycles as u32,
            recover: recover_cycles as u32,
            flaps: 0,
            loses: false,
            recovers: false,
            lanes,
            physical,
            settle_cycles: settle_cycles as u32,
            recover_cycles: recover_cycles as u32,
            flap_limit: flap_limit as u8,
        }
    }

    /// The plan, and the number of lanes that carry data.
    pub fn plan(&self) -> (Plan, u8) {
        (self.plan, self.width)
    }

    /// Physical lanes that are lost.
    pub fn lost(&self) -> u16 {
        !self.usable & ((1 << self.physical) - 1)
    }

    /// No lane is left.
    pub fn none(&self) -> bool {
        self.none
    }

    /// Lanes are held back because they flap.
    pub fn damped(&self, tx_fault: u16) -> bool {
        self.flaps >= self.flap_limit && self.seen & !tx_fault & !self.usable != 0
    }

    /// The pulses of this cycle: lanes were lost, lanes count again.
    pub fn pulses(&self) -> (bool, bool) {
        (self.loses, self.recovers)
    }

    /// The clock edge; a report is what the far end sees, logical lanes and unused ones, and lanes may be to `avoid`. Whether the report
    /// counted.
    pub fn cycle(
        &mut self,
        report: Option<(u16, u16)>,
        tx_fault: u16,
        avoid: u16,
        at_marker: bool,
        reset: bool,
    ) -> bool {
        let counts = report.is_some() && !self.is_pending && self.settle == 0;
        if reset {
            *self = Self::sized(
                self.lanes,
                self.physical,
                self.settle_cycles as usize,
                self.recover_cycles as usize,
                usize::from(self.flap_limit),
            );
            return counts;
        }
        if self.usable & !avoid != self.planned_for {
            self.planned_for = self.usable & !avoid;
            self.choice = choose(self.planned_for, self.lanes, self.physical);
        }
        let choice = self.choice;
        let healthy = self.seen & !tx_fault;
        let loss = self.usable & !healthy != 0;
        let is_due = self.recover == 0;
        let is_damped = self.flaps >= self.flap_limit;
        let recovery = is_due && !is_damped && !loss && healthy & !self.usable != 0;

        // The lanes.
        if let Some((seen_lane, seen_unused)) = report.filter(|_| counts) {
            self.seen = self.view(seen_lane, seen_unused);
        }
        let was_flapping = self.flaps;
        self.recover = self.recover.wrapping_sub(1);
        if is_due {
            self.recover = self.recover_cycles;
            self.flaps = was_flapping.saturating_sub(1);
        }
        if loss {
            self.recover = self.recover_cycles;
            self.flaps = if was_flapping < 15 {
                was_flapping + 1
            } else {
                self.flaps
            };
        }
        if loss || recovery {
            self.usable = if loss { self.usable & healthy } else { healthy };
        }
        (self.loses, self.recovers) = (loss, recovery);

        // The plan.
        if !self.is_pending {
            self.settle = self.settle.saturating_sub(1);
        }
        self.is_pending &= !at_marker;
        self.none = choice.none;
        let (old, new) = (&self.plan, &choice.plan);
        if new.slot_mask != old.slot_mask
            || new.spare_on != old.spare_on
            || (new.spare_on && new.spare_slot != old.spare_slot)
        {
            self.plan = choice.plan;
            self.width = choice.width;
            self.is_pending = true;
            self.settle = self.settle_cycles;
        }
        counts
    }

    /// What a report says of each physical lane.
    fn view(&self, seen_lane: u16, seen_unused: u16) -> u16 {
        let plan = &self.plan;
        let mut looks = seen_unused;
        let mut spare_looks = false;
        let mut rank = 0;
        for slot in 0..self.lanes {
            let carries = plan.slot_mask >> slot & 1 == 1;
            let is_seen = rank < self.lanes && seen_lane >> rank & 1 == 1;
            let is_displaced = plan.spare_on && usize::from(plan.spare_slot) == slot;
            if carries && !is_displaced {
                looks = looks & !(1 << slot) | u16::from(is_seen) << slot;
            }
            spare_looks |= is_displaced && is_seen;
            rank += usize::from(carries);
        }
        if plan.spare_on && self.physical > self.lanes {
            looks = looks & !(1 << self.lanes) | u16::from(spare_looks) << self.lanes;
        }
        looks
    }
}

/// The plan for the lanes that can be used.
fn choose(usable: u16, lanes: usize, physical: usize) -> Choice {
    let all = (1 << lanes) - 1;
    let has_spare = physical > lanes && usable >> lanes & 1 == 1;
    let lost = !usable & all;
    let stands_in = if has_spare {
        lost & lost.wrapping_neg()
    } else {
        0
    };
    let filled = usable & all | stands_in;
    let width = match filled.count_ones() {
        8.. => 8,
        4.. => 4,
        2.. => 2,
        _ => 1,
    };
    let mut slot_mask = 0;
    let mut rest = filled;
    for _ in 0..width {
        slot_mask |= rest & rest.wrapping_neg();
        rest &= rest.wrapping_sub(1);
    }
    let none = filled == 0;
    Choice {
        plan: Plan {
            slot_mask: if none { all } else { slot_mask },
            spare_on: slot_mask & stands_in != 0,
            spare_slot: if stands_in == 0 {
                0
            } else {
                stands_in.trailing_zeros() as u8
            },
        },
        width: if none { lanes as u8 } else { width },
        none,
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::link::LanePlanner as Block;

    use super::*;
    use crate::optics::model::testbench::Rtl;

    fn follows<const LANES: usize, const PHYSICAL: usize>() {
        let mut random = Random::new(LANES as u64);
        let mut rtl = Rtl::new(Block::<LANES, PHYSICAL>::new(30, 70, 3));
        let mut model = LanePlanner::sized(LANES, PHYSICAL, 30, 70, 3);
        let (mut spared, mut reduced, mut none, mut damped, mut recovered) = (0, 0, 0, 0, 0);
        let (mut seen_lane, mut seen_unused, mut tx_fault) = (u16::MAX, u16::MAX, 0);
        let mut avoid = 0;
        for cycle in 0..60_000_u32 {
            let is_calm = cycle / 2_000 % 3 == 0;
            if random.below(if is_calm { 400 } else { 60 }) == 0 {
                let sees = |random: &mut Random, width| match random.below(6) {
                    0 => random.bits(width),
                    1 => 0,
                    2 | 3 => u64::MAX ^ 1 << random.below(width as u32),
                    _ => u64::MAX,
                } as u16;
                seen_lane = sees(&mut random, LANES) & ((1 << LANES) - 1);
                seen_unused = sees(&mut random, PHYSICAL) & ((1 << PHYSICAL) - 1);
                let fails = random.below(20) == 0;
                tx_fault = if fails {
                    random.bits(PHYSICAL) as u16
                } else {
                    0
                };
            }
            let mask = |lanes: u16, width: usize| lanes & ((1 << width) - 1);
            let report = (random.below(4) == 0)
                .then(|| (mask(seen_lane, LANES), mask(seen_unused, PHYSICAL)));
            if random.below(200) == 0 {
                let avoids = random.below(3) == 0;
                avoid = if avoids {
                    random.bits(PHYSICAL) as u16
                } else {
                    0
                };
            }
            let at_marker = random.below(10) == 0;
            let reset = random.below(5_000) == 0;
            let block = &mut rtl.block;
            block.report.next = report.is_some();
            let (lane, unused) = report.unwrap_or_default();
            block.seen_lane.next = u64::from(lane).into();
            block.seen_unused.next = u64::from(unused).into();
            block.tx_fault.next = u64::from(tx_fault).into();
            block.avoid.next = u64::from(avoid).into();
            block.at_marker.next = at_marker;
            block.reset.next = reset;
            rtl.settle();
            let block = &rtl.block;
            let plan = Plan {
                slot_mask: u64::from(block.slot_mask.val()) as u16,
                spare_on: block.spare_on.val(),
                spare_slot: u64::from(block.spare_slot.val()) as u8,
            };
            let width = u64::from(block.width.val()) as u8;
            assert_eq!((plan, width), model.plan(), "cycle {cycle}");
            assert_eq!(
                u64::from(block.lost.val()) as u16,
                model.lost(),
                "cycle {cycle}"
            );
            assert_eq!(block.none.val(), model.none(), "cycle {cycle}");
            assert_eq!(block.damped.val(), model.damped(tx_fault), "cycle {cycle}");
            let pulses = (block.stat_lost.val(), block.stat_recovered.val());
            assert_eq!(pulses, model.pulses(), "cycle {cycle}");
            spared += u32::from(plan.spare_on);
            reduced += u32::from(usize::from(width) < LANES);
            none += u32::from(model.none());
            damped += u32::from(model.damped(tx_fault));
            recovered += u32::from(pulses.1);
            let counted = model.cycle(report, tx_fault, avoid, at_marker, reset);
            assert_eq!(block.counted.val(), counted, "cycle {cycle}");
            rtl.clock();
        }
        assert_eq!(spared > 0, PHYSICAL > LANES);
        assert_eq!(reduced > 0, LANES > 1);
        // Losses are forgotten as fast as one lane can flap.
        assert_eq!(damped > 0, PHYSICAL >= 3, "{damped}");
        assert!(none > 0 && recovered > 0, "{none} {recovered}");
    }

    #[test]
    fn follows_the_rtl() {
        follows::<1, 1>();
        follows::<2, 3>();
        follows::<4, 4>();
        follows::<4, 5>();
        follows::<8, 9>();
    }
}
