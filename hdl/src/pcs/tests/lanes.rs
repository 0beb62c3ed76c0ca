//! A link's far end and its fiber, written from `docs/link.md` and `docs/oei.md`: random blocks, scrambled, dealt to lanes
//! with markers and parity; then bits, with everything an engine may do to them.

use std::collections::VecDeque;

use crate::cosim::Random;
use crate::pcs::marker::{bip8, Marker};

/// A block: header and payload.
pub type Block = (u8, u64);

/// What the far end sends where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Slots that carry data.
    pub slots: Vec<bool>,
    /// The slot that the spare carries.
    pub spare: Option<usize>,
}

impl Plan {
    pub fn full(lanes: usize) -> Self {
        Self {
            slots: vec![true; lanes],
            spare: None,
        }
    }

    /// What physical lane `lane` says of itself.
    pub fn marker(&self, lane: usize) -> Marker {
        let slot = match self.spare {
            Some(slot) if lane == self.slots.len() => slot,
            Some(slot) if lane == slot => return Marker::Unused { lane },
            _ => lane,
        };
        if !self.slots.get(slot).copied().unwrap_or(false) {
            return Marker::Unused { lane };
        }
        let count = |slots: &[bool]| slots.iter().filter(|&&data| data).count();
        Marker::Data {
            lane: count(&self.slots[..slot]),
            width: count(&self.slots),
        }
    }
}

/// The far end, row by row.
pub struct Sender {
    pub plan: Plan,
    /// Markers in the next marker row that are spoilt, one bit a physical lane.
    pub spoil: u32,
    /// Every block that was sent, scrambled or not yet.
    pub sent: Vec<Block>,
    pub rows: usize,
    /// Codes that a physical lane sends in place of its own.
    pub lies: Vec<Option<Marker>>,
    period: usize,
    random: Random,
    scrambler: u64,
    parity: Vec<u8>,
}

impl Sender {
    pub fn new(lanes: usize, physical: usize, period: usize, seed: u64) -> Self {
        Self {
            plan: Plan::full(lanes),
            spoil: 0,
            sent: Vec::new(),
            rows: 0,
            lies: vec![None; physical],
            period,
            random: Random::new(seed),
            scrambler: u64::MAX,
            parity: vec![0; physical],
        }
    }

    /// x^58 + x^39 + 1, bit by bit.
    fn scramble(&mut self, payload: u64) -> u64 {
        (0..64).fold(0, |out, bit| {
            let scrambled = (payload >> bit ^ self.scrambler >> 38 ^ self.scrambler >> 57) & 1;
            self.scrambler = self.scrambler << 1 | scrambled;
            out | scrambled << bit
        })
    }

    /// The next block of every physical lane. `plan` is the one to take at a marker row.
    pub fn row(&mut self, plan: &Plan) -> Vec<Block> {
        let (lanes, physical) = (self.plan.slots.len(), self.parity.len());
        let is_marker = self.rows.is_multiple_of(self.period);
        self.rows += 1;
        if is_marker {
            self.plan = plan.clone();
            let spoil = std::mem::take(&mut self.spoil);
            return (0..physical)
                .map(|lane| {
                    let marker = self.lies[lane].unwrap_or_else(|| self.plan.marker(lane));
                    let sent = Marker::payload(marker.code(lanes), self.parity[lane]);
                    self.parity[lane] = bip8(0b01, sent);
                    (0b01, sent ^ u64::from(spoil >> lane & 1) << 9)
                })
                .collect();
        }
        let mut row: Vec<Block> = (0..lanes)
            .map(|slot| {
                if !self.plan.slots[slot] {
                    return (0b10, self.random.bits(64));
                }
                let block = (
                    if self.random.one_in(4) { 0b01 } else { 0b10 },
                    self.random.bits(64),
                );
                self.sent.push(block);
                (block.0, self.scramble(block.1))
            })
            .collect();
        if physical > lanes {
            row.push(row[self.plan.spare.unwrap_or(0)]);
        }
        for (parity, &(header, payload)) in self.parity.iter_mut().zip(&row) {
            *parity ^= bip8(header, payload);
        }
        row
    }
}

/// One lane of fiber with an engine at its end.
pub struct Wire {
    /// Beats that it is late.
    pub delay: usize,
    pub inverted: bool,
    pub dark: bool,
    /// Bits that are hit, one in so many; 0: none.
    pub one_in: u32,
    /// Headers that are hit, one in so many; 0: none.
    pub header_one_in: u32,
    /// Pauses beyond those of the gearbox, one in so many cycles; 0: none.
    pub pauses: u32,
    pub slips: usize,
    pub hits: usize,
    pub given: usize,
    lane_beats: usize,
    bits: VecDeque<bool>,
    block: u128,
    slip: bool,
    random: Random,
}

/// What an engine shows in a cycle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beat {
    pub valid: bool,
    pub head: bool,
    pub header: u64,
    pub data: u64,
}

impl Wire {
    /// With its blocks `phase` bits away from where the engine first looks.
    pub fn new(lane_beats: usize, phase: usize, delay: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self {
            delay,
            inverted: false,
            dark: false,
            one_in: 0,
            header_one_in: 0,
            pauses: 0,
            slips: 0,
            hits: 0,
            given: 0,
            lane_beats,
            bits: (0..phase).map(|_| random.bit()).collect(),
            block: 0,
            slip: false,
            random,
        }
    }

    pub fn send(&mut self, (header, payload): Block) {
        let block = u128::from(header) | u128::from(payload) << 2;
        for bit in 0..66 {
            let rate = if bit < 2 { self.header_one_in } else { 0 };
            let hit = (self.one_in > 0 && self.random.one_in(self.one_in))
                || (rate > 0 && self.random.one_in(rate));
            self.hits += usize::from(hit);
            self.bits.push_back((block >> bit & 1 == 1) ^ hit);
        }
    }

    pub fn is_short(&self) -> bool {
        self.bits.len() < 2 * 66
    }

    pub fn slip(&mut self) {
        self.slip = true;
        self.slips += 1;
    }

    /// The beat of this cycle, when `due` beats should have come without a delay.
    pub fn beat(&mut self, due: usize) -> Beat {
        let pause = self.pauses > 0 && self.random.one_in(self.pauses);
        if self.given + self.delay >= due || pause {
            return Beat {
                data: self.random.bits(64),
                header: self.random.bits(2),
                head: self.random.bit(),
                ..Beat::default()
            };
        }
        let position = self.given % self.lane_beats;
        self.given += 1;
        if position == 0 {
            if std::mem::take(&mut self.slip) {
                self.bits.pop_front();
            }
            self.block = (0..66).fold(0, |block, bit| {
                block | u128::from(self.bits.pop_front().unwrap_or(false)) << bit
            });
            if self.inverted {
                self.block = !self.block;
            }
            if self.dark {
                self.block = u128::from(self.random.bits(64)) << 2 | 0b11;
            }
        }
        let beat_bits = 64 / self.lane_beats;
        Beat {
            valid: true,
            head: position == 0,
            header: (self.block & 3) as u64,
            data: (self.block >> (2 + beat_bits * position)) as u64 & ((1 << beat_bits) - 1),
        }
    }
}
