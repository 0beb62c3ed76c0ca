//! Whether the link is up, and if not, why.

use lightswitch_hdl::link::reason;

/// What the state follows.
#[derive(Clone, Copy, Debug, Default)]
pub struct StateIn {
    /// The lanes are aligned.
    pub aligned: bool,
    /// Too many bad headers.
    pub hi_ber: bool,
    /// The other side does not receive.
    pub remote_fault: bool,
    /// As many lanes as carry data have block lock.
    pub blocks_lock: bool,
    /// The same for marker lock.
    pub markers_lock: bool,
    /// No lane is left.
    pub none: bool,
    /// Lanes are held back because they flap.
    pub damped: bool,
}

/// The twin of `LinkState`.
#[derive(Clone, Debug)]
pub struct LinkState {
    is_up: bool,
    why: u8,
    timer: u32,
    receives: bool,
    is_ready: bool,
    rises: bool,
    falls: bool,
    up_cycles: u32,
    down_cycles: u32,
}

impl LinkState {
    /// Up after `up_cycles`, down after `down_cycles`.
    pub fn new(up_cycles: usize, down_cycles: usize) -> Self {
        Self {
            is_up: false,
            why: 0,
            timer: up_cycles as u32,
            receives: false,
            is_ready: false,
            rises: false,
            falls: false,
            up_cycles: up_cycles as u32,
            down_cycles: down_cycles as u32,
        }
    }

    /// Frames pass.
    pub fn is_up(&self) -> bool {
        self.is_up
    }

    /// Why it last went down.
    pub fn reason(&self) -> u8 {
        self.why
    }

    /// No frame starts.
    pub fn hold(&self) -> bool {
        !self.is_ready || !self.is_up
    }

    /// The other side is told that nothing is received.
    pub fn remote_fault_out(&self) -> bool {
        !self.receives
    }

    /// The pulses of this cycle: it went up, it went down.
    pub fn pulses(&self) -> (bool, bool) {
        (self.rises, self.falls)
    }

    /// The clock edge.
    pub fn cycle(&mut self, inputs: StateIn, reset: bool) {
        if reset {
            *self = Self::new(self.up_cycles as usize, self.down_cycles as usize);
            return;
        }
        let receives = inputs.aligned && !inputs.hi_ber;
        let ready = receives && !inputs.remote_fault;
        let is_spent = self.timer == 0;
        (self.receives, self.is_ready) = (receives, ready);
        (self.rises, self.falls) = (false, false);
        // The timer runs while ready and state disagree.
        self.timer = self.timer.wrapping_sub(1) & 0xff_ffff;
        if ready != self.is_up && (is_spent || (self.is_up && inputs.hi_ber)) {
            self.is_up = ready;
            (self.rises, self.falls) = (ready, !ready);
            if !ready {
                self.why = why(inputs) as u8;
            }
        }
        if ready == self.is_up {
            self.timer = if ready {
                self.down_cycles
            } else {
                self.up_cycles
            };
        }
    }
}

/// What made it go down.
fn why(inputs: StateIn) -> u64 {
    if inputs.hi_ber {
        reason::HIGH_BER
    } else if !inputs.blocks_lock {
        reason::NO_BLOCK_LOCK
    } else if !inputs.markers_lock {
        reason::NO_MARKER_LOCK
    } else if !inputs.aligned {
        reason::NOT_ALIGNED
    } else if inputs.none {
        reason::NO_LANE
    } else if inputs.damped {
        reason::FLAP_DAMPED
    } else {
        reason::REMOTE_FAULT
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::link::LinkState as Block;

    use super::*;
    use crate::optics::model::testbench::Rtl;

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(11);
        let mut rtl = Rtl::new(Block::new(20, 40));
        let mut model = LinkState::new(20, 40);
        let (mut inputs, mut reasons, mut rises) = (StateIn::default(), BTreeSet::new(), 0);
        for cycle in 0..60_000 {
            if random.below(40) == 0 {
                let mut often = |share| random.below(share) > 0;
                let is_fine = often(2);
                inputs = StateIn {
                    aligned: is_fine || often(3),
                    hi_ber: !is_fine && !often(8),
                    remote_fault: !is_fine && often(2),
                    blocks_lock: often(8),
                    markers_lock: often(6),
                    none: !often(4),
                    damped: !often(3),
                };
            }
            let reset = random.below(3_000) == 0;
            let block = &mut rtl.block;
            block.aligned.next = inputs.aligned;
            block.hi_ber.next = inputs.hi_ber;
            block.remote_fault.next = inputs.remote_fault;
            block.blocks_lock.next = inputs.blocks_lock;
            block.markers_lock.next = inputs.markers_lock;
            block.none.next = inputs.none;
            block.damped.next = inputs.damped;
            block.reset.next = reset;
            rtl.settle();
            let block = &rtl.block;
            assert_eq!(block.up.val(), model.is_up(), "cycle {cycle}");
            assert_eq!(
                u64::from(block.reason.val()) as u8,
                model.reason(),
                "cycle {cycle}"
            );
            assert_eq!(block.hold.val(), model.hold(), "cycle {cycle}");
            assert_eq!(block.discard.val(), !model.is_up(), "cycle {cycle}");
            assert_eq!(block.remote_fault_out.val(), model.remote_fault_out());
            let pulses = (block.stat_up.val(), block.stat_down.val());
            assert_eq!(pulses, model.pulses(), "cycle {cycle}");
            rises += u32::from(pulses.0);
            reasons.insert(model.reason());
            model.cycle(inputs, reset);
            rtl.clock();
        }
        assert_eq!(reasons.len(), 8, "{reasons:?}");
        assert!(rises > 20);
    }
}
