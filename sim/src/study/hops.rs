//! One packet on its way through several idle switches, word by word.
//!
//! ```text
//!  source ──link──► switch 1 ──link──► ... ──link──► switch H ──link──► sink
//! ```

use super::packets::Forwarding;

/// The way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Switches on it.
    pub switches: u64,
    /// Cycles a switch takes over a first word.
    pub switch_cycles: u64,
    /// Cycles a word takes over each of the `switches + 1` links.
    pub link_cycles: u64,
    /// Words of the packet; a link carries one a cycle.
    pub words: u64,
}

impl Path {
    /// Cycles from the beginning of the first word at the source to the end of the last word at the sink.
    #[must_use]
    pub fn cycles(&self, forwarding: Forwarding) -> u64 {
        // The cycle in which each word begins to arrive, or to leave, where the packet is.
        let mut begins: Vec<u64> = (0..self.words)
            .map(|word| word + self.link_cycles)
            .collect();
        for _ in 0..self.switches {
            let last_in = begins.last().map_or(0, |begin| begin + 1);
            let mut leaves = 0;
            for begin in &mut begins {
                let there = match forwarding {
                    Forwarding::CutThrough => *begin,
                    Forwarding::StoreAndForward => last_in,
                };
                leaves = (there + self.switch_cycles).max(leaves);
                *begin = leaves + self.link_cycles;
                leaves += 1;
            }
        }
        begins.last().map_or(0, |begin| begin + 1)
    }
}
