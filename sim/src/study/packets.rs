//! A switch of packets of several words: virtual output queues, iSLIP of one iteration, and a connection that is held for
//! the whole packet; it cuts through, or stores first.
//!
//! ```text
//!  first word in ─┬─ cut-through ──────────────────────► queue ─► first word out, a word a cycle from then on
//!                 └─ store-and-forward: `words` cycles ─► queue
//! ```
//!
//! A cut-through packet may leave from the cycle in which its first word arrives, for the others follow a word a cycle. A
//! stored one may leave from the cycle after its last word has arrived. The switch itself takes no time.

use super::islip::Islip;
use super::matching::{Matching, Requests, Scheduler};
use super::ports::{self, PortMasks};
use super::queues::{Cell, Queues};
use super::source::Arrivals;
use crate::rng::{Probability, Rng};

/// When a packet may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarding {
    /// As soon as its first word is there.
    CutThrough,
    /// When its last word is in.
    StoreAndForward,
}

impl Forwarding {
    /// The name in rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Forwarding::CutThrough => "cut-through",
            Forwarding::StoreAndForward => "store-and-forward",
        }
    }
}

/// A packet that begins to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Where it came in.
    pub ingress: usize,
    /// Where it leaves, for as many cycles as it has words.
    pub egress: usize,
    /// The cycle in which its first word arrived.
    pub arrived: u64,
}

/// The switch.
#[derive(Clone, Debug)]
pub struct PacketSwitch {
    ports: usize,
    words: u64,
    forwarding: Forwarding,
    queues: Queues,
    requests: Requests,
    matching: Matching,
    scheduler: Scheduler<Islip>,
    /// By cycle modulo `words`: the arrivals that are being stored, and the connections that are held.
    stored: Vec<Vec<(usize, usize)>>,
    held: Vec<Vec<(usize, usize)>>,
}

impl PacketSwitch {
    /// An empty switch for packets of `words` words.
    ///
    /// # Panics
    /// If a packet has no words.
    #[must_use]
    pub fn new(ports: usize, words: usize, forwarding: Forwarding) -> Self {
        assert!(words > 0, "a packet has a word or more");
        Self {
            ports,
            words: words as u64,
            forwarding,
            queues: Queues::new(ports * ports),
            requests: Requests::new(ports),
            matching: Matching::new(ports),
            scheduler: Scheduler::new(ports, Islip::new(ports), 1),
            stored: vec![Vec::with_capacity(ports); words],
            held: vec![Vec::with_capacity(ports); words],
        }
    }

    /// Runs cycle `now`, one more than the last: takes the first words of `arrivals`, and adds to `starts`, which is empty,
    /// the packets whose first word leaves. An ingress gets its next packet `words` cycles after the last one or later.
    pub fn cycle(&mut self, now: u64, arrivals: &Arrivals, starts: &mut Vec<Start>) {
        let turn = (now % self.words) as usize;
        match self.forwarding {
            Forwarding::CutThrough => {
                for (ingress, egress) in arrivals.each() {
                    self.enter(ingress, egress, now);
                }
            }
            Forwarding::StoreAndForward => {
                let mut stored = std::mem::take(&mut self.stored[turn]);
                for (ingress, egress) in stored.drain(..) {
                    self.enter(ingress, egress, now - self.words);
                }
                stored.extend(arrivals.each());
                self.stored[turn] = stored;
            }
        }
        for (ingress, egress) in self.held[turn].drain(..) {
            self.matching.release(ingress, egress);
        }
        self.matching.pairs.clear();
        self.scheduler.schedule(&self.requests, &mut self.matching);
        for (ingress, egress) in &self.matching.pairs {
            self.held[turn].push((*ingress, *egress));
            if let Some((cell, was_last)) = self.queues.pop(ingress * self.ports + egress) {
                if was_last {
                    self.requests.remove(*ingress, *egress);
                }
                starts.push(Start {
                    ingress: *ingress,
                    egress: *egress,
                    arrived: cell.arrived,
                });
            }
        }
    }

    fn enter(&mut self, ingress: usize, egress: usize, arrived: u64) {
        let cell = Cell {
            port: egress as u32,
            arrived,
        };
        if self.queues.push(ingress * self.ports + egress, cell) {
            self.requests.insert(ingress, egress);
        }
    }
}

/// The sources of a [`PacketSwitch`]: every ingress sends packets to any egress alike, with geometric gaps between them.
#[derive(Clone, Debug)]
pub struct PacketSource {
    ports: u32,
    words: u64,
    start: Probability,
    /// The ingresses between two packets, and by cycle modulo `words` those that will be.
    quiet: Vec<u64>,
    sending: PortMasks,
    rng: Rng,
}

impl PacketSource {
    /// Sources that fill the share `load` of the cycles.
    #[must_use]
    pub fn new(ports: usize, words: usize, load: f64, rng: Rng) -> Self {
        // A geometric gap of mean (1 - p) / p makes words / (words + gap) the load.
        let start = load / (load + words as f64 * (1.0 - load));
        Self {
            ports: ports as u32,
            words: words as u64,
            start: Probability::new(start),
            quiet: ports::all(ports),
            sending: PortMasks::new(words, ports),
            rng,
        }
    }

    /// The packets that begin in cycle `now`, one more than the last.
    pub fn cycle(&mut self, now: u64, arrivals: &mut Arrivals) {
        let sending = self.sending.row_mut((now % self.words) as usize);
        for (word, quiet) in self.quiet.iter_mut().enumerate() {
            *quiet |= sending[word];
            arrivals.set[word] = self.rng.mask(self.start, *quiet);
            sending[word] = arrivals.set[word];
            *quiet &= !sending[word];
        }
        for ingress in ports::each(&arrivals.set) {
            arrivals.egress[ingress] = self.rng.below(self.ports);
        }
    }
}

/// What came of packets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passage {
    /// Packets that left.
    pub packets: u64,
    /// Cycles from a packet's first word in to its first word out, all together.
    pub waited: u64,
    /// Per ingress, the cycle in which its last packet has left.
    pub finished: Vec<u64>,
    /// Words inside when the sources fell silent.
    pub backlog: u64,
    /// Packets lost or made up, egresses that carried two at a time.
    pub violations: u64,
}

/// Runs `switch` until it is empty on the packets that `arrive`, called in every cycle, says begin in the first `cycles`.
pub fn pass(
    switch: &mut PacketSwitch,
    cycles: u64,
    mut arrive: impl FnMut(u64, &mut Arrivals),
) -> Passage {
    let (ports, words) = (switch.ports, switch.words);
    let mut passage = Passage {
        finished: vec![0; ports],
        ..Passage::default()
    };
    let mut arrivals = Arrivals::new(ports);
    let mut starts = Vec::with_capacity(ports);
    let mut egress_free = vec![0; ports];
    let (mut arrived, mut words_out) = (0, 0);
    for now in 0.. {
        arrivals.set.fill(0);
        if now < cycles {
            arrive(now, &mut arrivals);
        } else if passage.packets == arrived || now > 100 * (cycles + words) * ports as u64 {
            break;
        }
        arrived += ports::each(&arrivals.set).count() as u64;
        starts.clear();
        switch.cycle(now, &arrivals, &mut starts);
        for start in &starts {
            passage.packets += 1;
            passage.waited += now - start.arrived;
            passage.finished[start.ingress] = now + words;
            passage.violations += u64::from(now < egress_free[start.egress]);
            egress_free[start.egress] = now + words;
            words_out += words.min(cycles.saturating_sub(now));
        }
    }
    passage.backlog = (arrived * words).saturating_sub(words_out);
    passage.violations += arrived.abs_diff(passage.packets);
    passage
}

/// The packets of `senders` ingresses that each send `packets` of them at once, back to back from cycle 0, to egress 0.
/// Hand it to [`pass`] for `packets` times `words` cycles.
pub fn incast(senders: usize, words: u64) -> impl FnMut(u64, &mut Arrivals) {
    move |now, arrivals| {
        if now % words == 0 {
            for ingress in 0..senders {
                ports::insert(&mut arrivals.set, ingress);
                arrivals.egress[ingress] = 0;
            }
        }
    }
}
