//! Which frames go into the receive buffer.

use super::frame_block::FrameBlock;

/// Counter pulses, one cycle after their cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdmissionPulses {
    /// A frame found no room.
    pub dropped: bool,
    /// A frame ran out of room.
    pub cut: bool,
}

/// The twin of `Admission`.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    in_frame: bool,
    discarding: bool,
    pulses: AdmissionPulses,
}

impl Admission {
    /// The pulses of this cycle.
    pub fn pulses(&self) -> AdmissionPulses {
        self.pulses
    }

    /// The clock edge; the block that is written in this cycle.
    pub fn cycle(
        &mut self,
        block: Option<FrameBlock>,
        room: bool,
        reset: bool,
    ) -> Option<FrameBlock> {
        self.pulses = AdmissionPulses::default();
        let mut written = None;
        if let Some(mut block) = block {
            let (was_in_frame, was_last) = (self.in_frame, block.last);
            self.pulses.dropped = !was_in_frame && !self.discarding && !room;
            self.pulses.cut = was_in_frame && !room && !was_last;
            if self.pulses.cut {
                (block.last, block.poison) = (true, true);
            }
            let is_refused = self.discarding || self.pulses.dropped;
            written = (!is_refused).then_some(block);
            self.in_frame = !block.last && !is_refused;
            self.discarding = !was_last && (is_refused || self.pulses.cut);
        }
        if reset {
            *self = Self::default();
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::Admission as Block;

    use super::*;
    use crate::optics::model::testbench::{random_block, set_block, taken_block, Rtl};

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(6);
        let mut rtl = Rtl::new(Block::default());
        let mut model = Admission::default();
        let (mut dropped, mut cut) = (0, 0);
        let mut room = true;
        for cycle in 0..10_000 {
            let block = random_block(&mut random, 6, 6);
            if random.below(8) == 0 {
                room = random.below(3) > 0;
            }
            let reset = random.below(500) == 0;
            set_block!(rtl.block.block, block);
            rtl.block.room.next = room;
            rtl.block.reset.next = reset;
            rtl.settle();
            let pulses = AdmissionPulses {
                dropped: rtl.block.stat_dropped.val(),
                cut: rtl.block.stat_cut.val(),
            };
            assert_eq!(pulses, model.pulses(), "cycle {cycle}");
            dropped += u32::from(pulses.dropped);
            cut += u32::from(pulses.cut);
            let written = model.cycle(block, room, reset);
            assert_eq!(taken_block!(rtl.block.write), written, "cycle {cycle}");
            rtl.clock();
        }
        assert!(dropped > 50 && cut > 50, "{dropped} {cut}");
    }
}
