//! What happens at one end of a link: what it loses and finds again, and what its counters count.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{LinkOut, LinkStatus, MAX_LANES, PULSES};

/// Losses of alignment that are kept one by one; of more only the number is.
const KEPT: usize = 1_000;

/// Follows the outputs of a link.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Lanes of full width.
    lanes: u8,
    status: LinkStatus,
    outages: Vec<Outage>,
    more_outages: u64,
    downs: Vec<Down>,
    narrowest: [u8; 2],
    counts: [u64; PULSES.len()],
    bip_errors: u64,
    header_errors: u64,
    degraded_cycles: u64,
}

/// Cycles without alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Outage {
    /// The first cycle.
    pub from: u64,
    /// The first cycle with it again; `None`: not any more.
    pub to: Option<u64>,
}

/// The link went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Down {
    /// The first cycle in which it was.
    pub cycle: u64,
    /// Its reason, see `docs/link.md`.
    pub reason: u8,
}

/// What was seen of one end of a link. The names are those of the JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Watched {
    /// It is up.
    pub up: bool,
    /// Lanes that it sends on, and that it receives on.
    pub width: [u8; 2],
    /// The fewest of each.
    pub narrowest: [u8; 2],
    /// Cycles in which it sent or received on fewer lanes than it has.
    pub degraded_cycles: u64,
    /// Physical lanes, a bit each, that are lost or held back in its direction.
    pub tx_lost: u16,
    /// Times without alignment, the first ones.
    pub outages: Vec<Outage>,
    /// Times without alignment beside these.
    pub more_outages: u64,
    /// Times that it went down.
    pub downs: Vec<Down>,
    /// Bits that differed from BIP, on all lanes.
    pub bip_errors: u64,
    /// Headers that were neither data nor control, on all lanes.
    pub header_errors: u64,
    /// Counter pulses, by name.
    pub counters: BTreeMap<&'static str, u64>,
}

impl Watch {
    /// Follows a link of so many lanes from these outputs on.
    #[must_use]
    pub fn new(lanes: usize, outputs: &LinkOut) -> Self {
        let status = outputs.status;
        Self {
            lanes: lanes as u8,
            status,
            outages: Vec::new(),
            more_outages: 0,
            downs: Vec::new(),
            narrowest: [status.tx_width, status.rx_width],
            counts: [0; PULSES.len()],
            bip_errors: 0,
            header_errors: 0,
            degraded_cycles: 0,
        }
    }

    /// Takes the outputs behind the clock edge of `cycle` into account.
    pub fn see(&mut self, cycle: u64, outputs: &LinkOut) {
        let (before, now) = (self.status, outputs.status);
        if before != now {
            self.changes(cycle + 1, before, now);
        }
        self.degraded_cycles += u64::from(now.tx_width.min(now.rx_width) < self.lanes);
        let pulses = &outputs.pulses;
        let mut bits = pulses.bits;
        while bits != 0 {
            self.counts[bits.trailing_zeros() as usize] += 1;
            bits &= bits - 1;
        }
        self.header_errors += u64::from(pulses.header_error.count_ones());
        if pulses.bip_errors != [0; MAX_LANES] {
            self.bip_errors += pulses
                .bip_errors
                .iter()
                .map(|bits| u64::from(*bits))
                .sum::<u64>();
        }
    }

    fn changes(&mut self, cycle: u64, before: LinkStatus, now: LinkStatus) {
        self.status = now;
        if before.aligned && !now.aligned {
            if self.outages.len() < KEPT {
                self.outages.push(Outage {
                    from: cycle,
                    to: None,
                });
            } else {
                self.more_outages += 1;
            }
        }
        if !before.aligned && now.aligned && self.more_outages == 0 {
            if let Some(outage) = self.outages.last_mut() {
                outage.to = Some(cycle);
            }
        }
        if before.up && !now.up {
            self.downs.push(Down {
                cycle,
                reason: now.down_reason,
            });
        }
        self.narrowest[0] = self.narrowest[0].min(now.tx_width);
        self.narrowest[1] = self.narrowest[1].min(now.rx_width);
    }

    /// What was seen.
    #[must_use]
    pub fn watched(&self) -> Watched {
        let counters = PULSES.iter().copied().zip(self.counts);
        Watched {
            up: self.status.up,
            width: [self.status.tx_width, self.status.rx_width],
            narrowest: self.narrowest,
            degraded_cycles: self.degraded_cycles,
            tx_lost: self.status.tx_lost,
            outages: self.outages.clone(),
            more_outages: self.more_outages,
            downs: self.downs.clone(),
            bip_errors: self.bip_errors,
            header_errors: self.header_errors,
            counters: counters.collect(),
        }
    }
}
