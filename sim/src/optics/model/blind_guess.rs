//! Which lanes to avoid while nothing is heard of them.

/// Cycles that a guess stands after a message has told better.
const LINGER_CYCLES: u8 = 4;

/// The twin of `BlindGuess`.
#[derive(Clone, Debug)]
pub struct BlindGuess {
    avoided: u16,
    armed: bool,
    timer: u32,
    place: usize,
    linger: u8,
    physical: usize,
    try_cycles: u32,
    arm_cycles: u32,
}

impl BlindGuess {
    /// For `physical` lanes: the next guess after `try_cycles`, the first one `arm_cycles` after reset.
    pub fn new(physical: usize, try_cycles: usize, arm_cycles: usize) -> Self {
        Self {
            avoided: 0,
            armed: false,
            timer: arm_cycles as u32,
            place: 0,
            linger: 0,
            physical,
            try_cycles: try_cycles as u32,
            arm_cycles: arm_cycles as u32,
        }
    }

    /// The lanes to avoid.
    pub fn avoided(&self) -> u16 {
        self.avoided
    }

    /// The clock edge, with the lanes that are `dark`; a report may have `counted`.
    pub fn cycle(&mut self, aligned: bool, dark: u16, counted: bool, reset: bool) {
        if reset {
            let (try_cycles, arm_cycles) = (self.try_cycles as usize, self.arm_cycles as usize);
            *self = Self::new(self.physical, try_cycles, arm_cycles);
            return;
        }
        let was_lingering = self.linger;
        self.linger = was_lingering.saturating_sub(1);
        if aligned {
            self.armed = true;
            self.timer = self.try_cycles;
            self.place = 0;
            if counted {
                self.linger = LINGER_CYCLES;
            }
            if was_lingering == 1 {
                self.avoided = 0;
            }
            return;
        }
        self.avoided = self.guess(dark);
        if self.timer > 0 {
            self.timer -= 1;
            return;
        }
        self.timer = self.try_cycles;
        if self.place == 2 * self.physical {
            self.place = 0;
        } else if self.armed {
            self.place += 1;
        }
        self.armed = true;
    }

    /// The guess whose turn it is.
    fn guess(&self, dark: u16) -> u16 {
        let all = (1 << self.physical) - 1;
        match self.place {
            _ if !self.armed || dark & all == all => 0,
            0 => dark,
            place if place <= self.physical => 1 << (place - 1),
            place => all ^ 1 << (place - 1 - self.physical),
        }
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::link::BlindGuess as Block;

    use super::*;
    use crate::optics::model::testbench::Rtl;

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(15);
        let mut rtl = Rtl::new(Block::<5>::new(20, 50));
        let mut model = BlindGuess::new(5, 20, 50);
        let (mut places, mut ended, mut kept) = ([0; 11], 0, 0);
        let (mut aligned, mut dark) = (false, 0);
        for cycle in 0..60_000 {
            if random.below(100) == 0 {
                aligned = random.below(3) == 0;
            }
            if random.below(60) == 0 {
                dark = [random.bits(5) as u16, 0, 0x1f, 0x02][random.below(4) as usize];
            }
            let counted = random.below(30) == 0;
            let reset = random.below(3_000) == 0;
            rtl.block.aligned.next = aligned;
            rtl.block.dark.next = u64::from(dark).into();
            rtl.block.counted.next = counted;
            rtl.block.reset.next = reset;
            rtl.settle();
            let avoid = u64::from(rtl.block.avoid.val()) as u16;
            assert_eq!(avoid, model.avoided(), "cycle {cycle}");
            places[model.place] += u32::from(avoid != 0);
            model.cycle(aligned, dark, counted, reset);
            ended += u32::from(avoid != 0 && aligned && model.avoided() == 0 && !reset);
            kept += u32::from(avoid != 0 && aligned && model.avoided() != 0);
            rtl.clock();
        }
        assert!(places.iter().all(|times| *times > 5), "{places:?}");
        assert!(ended > 5 && kept > 5, "{ended} {kept}");
    }
}
