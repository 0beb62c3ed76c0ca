//! Local and remote fault, as the other side signals them.

use lightswitch_hdl::pcs::block::{LOCAL_FAULT, REMOTE_FAULT};

/// Blocks after which a fault that is not heard again is over.
const AGE_LIMIT: u8 = 127;

/// The twin of `FaultMonitor`.
#[derive(Clone, Debug, Default)]
pub struct FaultMonitor {
    /// The kind heard last.
    is_remote: bool,
    /// How often in a row, up to 3.
    heard: u8,
    /// Blocks since.
    age: u8,
    fault: bool,
    is_remote_fault: bool,
}

impl FaultMonitor {
    /// The other side does not receive.
    pub fn remote_fault(&self) -> bool {
        self.fault && self.is_remote_fault
    }

    /// The other side is at fault itself.
    #[cfg(test)]
    pub fn local_fault(&self) -> bool {
        self.fault && !self.is_remote_fault
    }

    /// The clock edge, with the payload of the block that arrived, if the link is aligned, 0 if it is no ordered set.
    pub fn cycle(&mut self, arrived: Option<u64>, reset: bool) {
        if let Some(set) = arrived {
            let was_old = self.age == AGE_LIMIT;
            self.age = (self.age + 1).min(AGE_LIMIT);
            if was_old {
                self.heard = 0;
                self.fault = false;
            }
            let is_remote = set == REMOTE_FAULT;
            if is_remote || set == LOCAL_FAULT {
                let is_same = is_remote == self.is_remote && !was_old;
                if is_same && self.heard == 3 {
                    self.fault = true;
                    self.is_remote_fault = is_remote;
                }
                self.heard = if is_same { (self.heard + 1).min(3) } else { 1 };
                self.age = 0;
                self.is_remote = is_remote;
            }
        }
        if reset {
            (self.heard, self.age, self.fault) = (0, 0, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::FaultMonitor as Block;

    use super::*;
    use crate::optics::model::testbench::{set_word_pair, Rtl};

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(8);
        let mut rtl = Rtl::new(Block::default());
        let mut model = FaultMonitor::default();
        let (mut local, mut remote, mut cleared) = (0, 0, 0);
        for cycle in 0..60_000_u32 {
            let (share, kind) = (cycle / 1_000 % 4, cycle / 4_000 % 2);
            let is_set = random.below([3, 60, 110, 1_000][share as usize]) == 0;
            let is_remote = (random.below(12) == 0) == (kind == 0);
            let mut payload = if is_remote { REMOTE_FAULT } else { LOCAL_FAULT };
            if random.below(10) == 0 {
                payload ^= 1 << random.below(64);
            }
            let arrives = random.below(4) > 0;
            let reset = random.below(3_000) == 0;
            set_word_pair!(rtl.block.block, payload);
            rtl.block.is_set.next = is_set;
            rtl.block.arrive.next = arrives;
            rtl.block.reset.next = reset;
            rtl.settle();
            assert_eq!(
                rtl.block.local_fault.val(),
                model.local_fault(),
                "cycle {cycle}"
            );
            assert_eq!(
                rtl.block.remote_fault.val(),
                model.remote_fault(),
                "cycle {cycle}"
            );
            local += u32::from(model.local_fault());
            remote += u32::from(model.remote_fault());
            let was = model.fault;
            model.cycle(arrives.then_some(if is_set { payload } else { 0 }), reset);
            cleared += u32::from(was && !model.fault && !reset);
            rtl.clock();
        }
        assert!(
            local > 100 && remote > 100 && cleared > 3,
            "{local} {remote} {cleared}"
        );
    }
}
