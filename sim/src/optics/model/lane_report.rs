//! Reports of what is seen here, for the far end.

use lightswitch_hdl::link::message::LANE_REPORT;

/// Where a report has its fields.
pub const SEEN_LANE: u32 = 4;
/// Where it has the unused lanes.
pub const SEEN_UNUSED: u32 = 12;
/// Where it has *aligned*.
const ALIGNED: u32 = 21;

/// The twin of `LaneReport`.
#[derive(Clone, Debug)]
pub struct LaneReport {
    now: u32,
    told: u32,
    armed: bool,
    timer: u32,
    period_cycles: u32,
    arm_cycles: u32,
}

impl LaneReport {
    /// It tells every `period_cycles`, the first time after `arm_cycles` at the latest.
    pub fn new(period_cycles: usize, arm_cycles: usize) -> Self {
        Self {
            now: LANE_REPORT as u32,
            told: 0,
            armed: false,
            timer: arm_cycles as u32,
            period_cycles: period_cycles as u32,
            arm_cycles: arm_cycles as u32,
        }
    }

    /// The message that waits to be sent.
    pub fn message(&self) -> Option<u64> {
        let is_due = self.armed && (self.timer == 0 || self.now != self.told);
        is_due.then_some(u64::from(self.now))
    }

    /// The clock edge, with what is seen; the message may be `taken`.
    pub fn cycle(
        &mut self,
        seen_lane: u16,
        seen_unused: u16,
        aligned: bool,
        taken: bool,
        reset: bool,
    ) {
        if reset {
            *self = Self::new(self.period_cycles as usize, self.arm_cycles as usize);
            return;
        }
        self.armed |= aligned || self.timer == 0;
        self.timer = self.timer.saturating_sub(1);
        if taken {
            self.told = self.now;
            self.timer = self.period_cycles;
        }
        self.now = LANE_REPORT as u32
            | u32::from(seen_lane) << SEEN_LANE
            | u32::from(seen_unused) << SEEN_UNUSED
            | u32::from(aligned) << ALIGNED;
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::link::LaneReport as Block;

    use super::*;
    use crate::optics::model::testbench::Rtl;

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(10);
        let mut rtl = Rtl::new(Block::<4, 5>::new(20, 50));
        let mut model = LaneReport::new(20, 50);
        let (mut by_time, mut by_change, mut armed) = (0, 0, 0);
        let (mut seen_lane, mut seen_unused, mut aligned) = (0, 0, false);
        for cycle in 0..20_000 {
            if random.below(40) == 0 {
                (seen_lane, seen_unused) = (random.bits(4) as u16, random.bits(5) as u16);
                aligned = random.below(8) == 0;
            }
            let taken = model.message().is_some() && random.below(4) == 0;
            let reset = random.below(200) == 0;
            rtl.block.seen_lane.next = u64::from(seen_lane).into();
            rtl.block.seen_unused.next = u64::from(seen_unused).into();
            rtl.block.aligned.next = aligned;
            rtl.block.taken.next = taken;
            rtl.block.reset.next = reset;
            rtl.settle();
            let message = rtl.block.valid.val();
            let message = message.then(|| u64::from(rtl.block.message.val()));
            assert_eq!(message, model.message(), "cycle {cycle}");
            by_time += u32::from(message.is_some() && model.now == model.told);
            by_change += u32::from(message.is_some() && model.timer > 0);
            let was_armed = model.armed;
            armed += u32::from(!was_armed && model.timer == 0 && !aligned);
            model.cycle(seen_lane, seen_unused, aligned, taken, reset);
            rtl.clock();
        }
        assert!(
            by_time > 50 && by_change > 50 && armed > 5,
            "{by_time} {by_change} {armed}"
        );
    }
}
