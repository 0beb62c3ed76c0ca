//! Frames of every kind that a top may meet, and requests at the table port.

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::Random;
use lightswitch_hdl::table::set_of_address;
use lightswitch_hdl::tops::Top;

use crate::beat::Beat;
use crate::engine::{TableOp, TableRequest};
use crate::frame::{self, Mac, FCS_BYTES, MIN_FRAME_BYTES, TYPE_MAC_CONTROL};
use crate::port_mask::PortMask;

/// Where frames go, and what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// To any port.
    Uniform,
    /// To the next port.
    Permutation,
    /// Mostly to port 0.
    HotSpot,
    /// To any port, in bursts with silence between them.
    Bursty,
    /// To any port, with every fault there is.
    Malformed,
}

impl Pattern {
    /// Every pattern.
    pub const ALL: [Pattern; 5] = [
        Pattern::Uniform,
        Pattern::Permutation,
        Pattern::HotSpot,
        Pattern::Bursty,
        Pattern::Malformed,
    ];
}

/// What a source does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mood {
    /// Where its frames go, and what is wrong with them.
    pub pattern: Pattern,
    /// Pauses within frames and between them.
    pub gaps: bool,
    /// Stations of another era are silent, and their addresses age.
    pub era: u8,
}

/// Eras in which the table is flushed now and then: those of the first half.
const FLUSHED_ERAS: u8 = 5;

/// Stations that a source speaks for in one era.
const STATIONS: u32 = 4;

/// Addresses that fall into one set of the table, more than it holds.
const CROWD: usize = 6;

/// Makes what enters one top of a configuration.
#[derive(Clone, Debug)]
pub struct Maker {
    /// The configuration.
    pub config: Config,
    /// The top.
    pub top: Top,
    crowd: Vec<Mac>,
}

impl Maker {
    /// For `top` of `config`.
    #[must_use]
    pub fn new(config: &Config, top: Top) -> Self {
        let set = |address: &Mac| set_of_address(address.0, config.table_w);
        let first = Mac([2, 1, 0, 0, 0, 0]);
        let others = (0..=u16::MAX).map(|number| {
            let [high, low] = number.to_be_bytes();
            Mac([2, 1, 0, 0, high, low])
        });
        Self {
            config: *config,
            top,
            crowd: others
                .filter(|other| set(other) == set(&first))
                .take(CROWD)
                .collect(),
        }
    }

    fn crowded(&self, random: &mut Random) -> Mac {
        self.crowd[random.below(CROWD as u32) as usize]
    }

    fn station(port: usize, number: u32, era: u8) -> Mac {
        Mac([2, 0, 0, era, port as u8, number as u8])
    }

    /// The era whose stations fell silent with the present one.
    fn silent(era: u8) -> u8 {
        era.wrapping_sub(1)
    }

    /// An address of some station.
    fn any_station(&self, random: &mut Random, era: u8) -> Mac {
        let port = random.below(self.config.ports as u32) as usize;
        Self::station(port, random.below(STATIONS), era)
    }

    fn egress(&self, random: &mut Random, pattern: Pattern, port: usize) -> usize {
        let ports = self.config.ports;
        match pattern {
            Pattern::Permutation => (port + 1) % ports,
            Pattern::HotSpot if !random.one_in(8) => 0,
            _ => random.below(ports as u32) as usize,
        }
    }

    /// A frame for `port` to send, and the whole `tdest` of its first beat.
    pub fn frame(&self, random: &mut Random, mood: Mood, port: usize) -> (Vec<Beat>, PortMask) {
        let egress = self.egress(random, mood.pattern, port);
        let bytes = self.length(random, mood);
        let is_bad = mood.pattern == Pattern::Malformed;
        let bytes = match self.top {
            Top::Switch => self.ethernet(random, mood, port, egress, bytes),
            Top::Fabric | Top::FabricMc => {
                (0..bytes.max(1)).map(|_| random.bits(8) as u8).collect()
            }
        };
        let is_poisoned = random.one_in(if is_bad { 5 } else { 50 });
        let dest = self.dest(random, egress, is_bad);
        let width = self.config.beat_bytes();
        let mut beats: Vec<Beat> = (0..frame::beats(bytes.len(), width))
            .map(|index| Beat {
                // Only a first beat's counts.
                dest: if index == 0 {
                    dest.low()
                } else {
                    random.bits(self.dest_w())
                },
                ..frame::beat(&bytes, index, width, is_poisoned)
            })
            .collect();
        if is_bad && random.one_in(4) {
            let place = random.below(beats.len() as u32) as usize;
            beats[place].keep = match random.below(3) {
                0 => 0,
                1 => random.bits(width) as u8,
                _ => random.bits(width) as u8 & !1,
            };
        }
        (beats, dest)
    }

    fn length(&self, random: &mut Random, mood: Mood) -> usize {
        let pattern = mood.pattern;
        let longest = self.config.max_frame_bytes;
        let width = self.config.beat_bytes() as u32;
        if pattern == Pattern::Malformed && random.one_in(20) {
            return longest + 1 + random.below(10 * width) as usize;
        }
        if pattern == Pattern::Malformed && random.one_in(4) {
            return 1 + random.below(MIN_FRAME_BYTES as u32 - 1) as usize;
        }
        // On a fabric frames of a beat fill a queue by their number, before it is full of beats.
        let is_crowd = pattern == Pattern::HotSpot && mood.gaps && self.top != Top::Switch;
        if is_crowd && !random.one_in(8) {
            return 1 + random.below(width) as usize;
        }
        if random.one_in(60) {
            return longest - random.below(9) as usize;
        }
        let shortest = match self.top {
            Top::Switch => MIN_FRAME_BYTES,
            Top::Fabric | Top::FabricMc => 1,
        };
        let spread = if random.one_in(4) { 40 } else { 4 };
        shortest + random.below(spread * width) as usize
    }

    /// Bits of `tdest`.
    fn dest_w(&self) -> usize {
        match self.top {
            Top::Fabric => self.config.ports.next_power_of_two().ilog2() as usize + 1,
            Top::FabricMc | Top::Switch => self.config.ports,
        }
    }

    /// Any of `ports` ports.
    pub fn mask(random: &mut Random, ports: usize) -> PortMask {
        let word_bits = u64::BITS as usize;
        let words = (0..ports).step_by(word_bits);
        let words: Vec<u64> = words
            .map(|low| random.bits(word_bits.min(ports - low)))
            .collect();
        PortMask::of_words(&words)
    }

    fn dest(&self, random: &mut Random, egress: usize, is_bad: bool) -> PortMask {
        let is_odd = random.one_in(if is_bad { 4 } else { 16 });
        match self.top {
            Top::Fabric if is_odd => random.bits(self.dest_w()).into(),
            Top::Fabric => (egress as u64).into(),
            Top::FabricMc if is_odd && is_bad && random.bit() => PortMask::NONE,
            Top::FabricMc if is_odd => Self::mask(random, self.config.ports),
            Top::FabricMc => PortMask::one(egress),
            Top::Switch => PortMask::NONE,
        }
    }

    fn ethernet(
        &self,
        random: &mut Random,
        mood: Mood,
        port: usize,
        egress: usize,
        length: usize,
    ) -> Vec<u8> {
        let destination = match random.below(24) {
            0 => Mac::BROADCAST,
            1 => Mac([1, 0, 0x5e, 0, 0, random.bits(2) as u8]),
            2 => Mac([1, 0x80, 0xc2, 0, 0, random.bits(5) as u8]),
            3 => Self::station(port, random.below(STATIONS), mood.era),
            4 => Mac([6, random.bits(8) as u8, 0, 0, 0, 1]),
            5 | 6 => Self::station(egress, random.below(STATIONS), Self::silent(mood.era)),
            _ => Self::station(egress, random.below(STATIONS), mood.era),
        };
        let source = match random.below(32) {
            // A station that moves, a group, and more addresses than a set holds.
            0..=2 => Mac([2, 0, 0, mood.era, 0xff, 0]),
            3 => Mac([3, 0, 0, 0, 0, 1]),
            4..=6 => self.crowded(random),
            _ => Self::station(port, random.below(STATIONS), mood.era),
        };
        let kind: u16 = if random.one_in(20) {
            TYPE_MAC_CONTROL
        } else {
            0x0800
        };
        let mut bytes = [&destination.0[..], &source.0, &kind.to_be_bytes()].concat();
        while bytes.len() + FCS_BYTES < length {
            bytes.push(random.bits(8) as u8);
        }
        bytes.extend(frame::fcs(&bytes));
        bytes.truncate(length);
        let is_bad = mood.pattern == Pattern::Malformed;
        match random.below(if is_bad { 6 } else { 60 }) {
            0 => frame::stomp(&mut bytes),
            1 => {
                let place = random.below(bytes.len() as u32) as usize;
                bytes[place] ^= 1 << random.below(8);
            }
            _ => {}
        }
        bytes
    }

    /// An operation for the table port, of individual and group addresses; flushes in the first eras only, for learned
    /// addresses have to get old later.
    pub fn request(&self, random: &mut Random, era: u8) -> TableRequest {
        let address = match random.below(8) {
            0 => Mac([1, 0, 0x5e, 0, 0, random.bits(2) as u8]),
            1..=4 => self.crowded(random),
            5 => self.any_station(random, Self::silent(era)),
            _ => self.any_station(random, era),
        };
        TableRequest {
            op: match random.below(40) {
                0 if era < FLUSHED_ERAS => TableOp::Flush,
                1..=12 => TableOp::WriteStatic,
                13..=20 => TableOp::Delete,
                _ => TableOp::Read,
            },
            address,
            mask: Self::mask(random, self.config.ports),
        }
    }

    /// Cycles that a source waits in front of a beat.
    pub fn pause(random: &mut Random, mood: Mood, is_first: bool) -> u32 {
        let mut pause = 0;
        if mood.gaps && random.one_in(if is_first { 2 } else { 4 }) {
            let longest = if random.one_in(6) { 20 } else { 2 };
            pause = 1 + random.below(longest);
        }
        if mood.pattern == Pattern::Bursty && is_first && random.one_in(6) {
            pause = 30 + random.below(60);
        }
        pause
    }
}
