//! What the tests of the parts share: an RTL block that is clocked by hand beside its model.

use lightswitch_hdl::cosim::{self, Random};
use lightswitch_hdl::evaluate::Parts;
use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::prelude::*;

use super::frame_block::FrameBlock;
use super::lane_planner::Plan;
use super::pcs_rx::RxStatus;
use super::pcs_tx::PcsTx;
use crate::beat::{full_keep, Beat};
use crate::model::crc;
use crate::optics::{Faults, Fiber, FiberIn, Lanes};

/// An RTL block.
pub struct Rtl<B> {
    pub block: Box<B>,
}

impl<B: Parts> Rtl<B> {
    /// It as it is at power-up.
    pub fn new(mut block: B) -> Self {
        block.connect_all();
        let mut rtl = Self {
            block: Box::new(block),
        };
        rtl.settle();
        rtl
    }

    /// Outputs follow inputs.
    pub fn settle(&mut self) {
        cosim::settle(&mut *self.block).unwrap();
    }

    /// The clock edge, after the outputs have settled.
    pub fn clock(&mut self) {
        for clk in [true, false] {
            self.block.clock().unwrap().next = Clock { clk };
            self.settle();
        }
    }
}

/// A block in `share` of 8 cycles, of frames of about `length` blocks, every fourth of them poisoned.
pub fn random_block(random: &mut Random, share: u32, length: u32) -> Option<FrameBlock> {
    (random.below(8) < share).then(|| {
        let last = random.below(length) == 0;
        FrameBlock {
            data: random.bits(64),
            count: if last { random.bits(3) as u8 } else { 7 },
            last,
            poison: last && random.below(4) == 0,
        }
    })
}

/// A frame's blocks with a good FCS, or a stomped one, or one of another kind.
pub fn random_frame(random: &mut Random) -> Vec<FrameBlock> {
    let length = 4 + random.below(40) as usize;
    let mut bytes: Vec<u8> = (0..length).map(|_| random.bits(8) as u8).collect();
    let state = bytes.iter().fold(crc::INITIAL, |state, byte| {
        crc::bytes(state, u64::from(*byte), 1)
    });
    let stomp = [u32::MAX, 0, 0x10][random.below(3) as usize];
    bytes.extend((state ^ stomp).to_le_bytes());
    let blocks = bytes.len().div_ceil(8);
    let poison = random.below(6) == 0;
    let block = |(number, bytes): (usize, &[u8])| {
        let mut data = [0; 8];
        data[..bytes.len()].copy_from_slice(bytes);
        let last = number + 1 == blocks;
        FrameBlock {
            data: u64::from_le_bytes(data),
            count: bytes.len() as u8 - 1,
            last,
            poison: last && poison,
        }
    };
    bytes.chunks(8).enumerate().map(block).collect()
}

/// A beat in three of four cycles, of frames of about `length` beats, some of them malformed.
pub fn random_beat(random: &mut Random, beat_bytes: usize, length: u32) -> Option<Beat> {
    (random.below(4) > 0).then(|| {
        let last = random.below(length) == 0;
        let bytes: Vec<u8> = (0..beat_bytes).map(|_| random.bits(8) as u8).collect();
        let mut beat = Beat::new(&bytes, last, last && random.below(8) == 0);
        if last {
            beat.keep = full_keep(1 + random.below(beat_bytes as u32) as usize);
        }
        if random.below(30) == 0 {
            beat.keep = random.bits(beat_bytes) as u8;
        }
        beat
    })
}

/// Puts a frame's block, or none, on a sink's pins.
macro_rules! set_block {
    ($sink:expr, $block:expr) => {
        let block: Option<FrameBlock> = $block;
        $sink.valid.next = block.is_some();
        if let Some(block) = block {
            $sink.data[0].next = (block.data & 0xffff_ffff).into();
            $sink.data[1].next = (block.data >> 32).into();
            $sink.count.next = u64::from(block.count).into();
            $sink.last.next = block.last;
            $sink.poison.next = block.poison;
        }
    };
}

/// The frame's block on a source's pins.
macro_rules! taken_block {
    ($source:expr) => {
        $source.valid.val().then(|| FrameBlock {
            data: crate::optics::model::testbench::word_pair!($source.data),
            count: u64::from($source.count.val()) as u8,
            last: $source.last.val(),
            poison: $source.poison.val(),
        })
    };
}

/// Puts a beat, or none, on a sink's pins.
macro_rules! set_beat {
    ($sink:expr, $beat:expr) => {
        $sink.tvalid.next = $beat.is_some();
        if let Some(beat) = $beat {
            for (word, bytes) in $sink.tdata.iter_mut().zip(beat.data.chunks(4)) {
                let value = u32::from_le_bytes(bytes.try_into().unwrap());
                word.next = u64::from(value).into();
            }
            $sink.tkeep.next = u64::from(beat.keep).into();
            $sink.tlast.next = beat.last;
            $sink.tuser.next = beat.user;
        }
    };
}

/// Puts 64 bits on two pins of 32.
macro_rules! set_word_pair {
    ($pins:expr, $value:expr) => {
        let value: u64 = $value;
        $pins[0].next = (value & 0xffff_ffff).into();
        $pins[1].next = (value >> 32).into();
    };
}

/// The 64 bits of two pins of 32.
macro_rules! word_pair {
    ($pins:expr) => {
        u64::from($pins[0].val()) | u64::from($pins[1].val()) << 32
    };
}

pub(super) use {set_beat, set_block, set_word_pair, taken_block, word_pair};

/// The value of a bus.
pub fn number<const N: usize>(bits: Bits<N>) -> u64 {
    bits.to_u64()
}

/// The PCS of a link is not that of another one of the same size.
pub fn has_own_pcs(link: &LinkConfig) -> bool {
    !link.name.starts_with("4x16-") || link.spares == 0
}

/// Faults that come and go: every second phase has none, so that a link has time to come back.
pub struct Trouble {
    random: Random,
    faults: Faults,
    /// Cycles from change to change.
    phase: u32,
    physical: usize,
}

impl Trouble {
    /// That of `link`.
    pub fn new(link: &LinkConfig, seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            faults: Faults::default(),
            phase: 600 * link.lane_beats() as u32,
            physical: link.physical(),
        }
    }

    /// One lane or none, one of `one_in` times.
    fn once(&mut self, one_in: u32) -> u16 {
        if self.random.below(one_in) == 0 {
            1 << self.random.below(9)
        } else {
            0
        }
    }

    /// What goes wrong in `cycle`.
    pub fn next(&mut self, cycle: u32) -> Faults {
        if cycle.is_multiple_of(self.phase) {
            self.faults = Faults::default();
            if cycle / self.phase % 2 == 1 {
                self.change();
            }
        }
        let mut faults = self.faults;
        if cycle / self.phase % 8 == 5 {
            faults.error = self.once(60);
            faults.slip = self.once(800);
            faults.loss |= self.once(500);
            faults.unlock |= self.once(900);
        }
        faults
    }

    /// Other faults.
    fn change(&mut self) {
        let random = &mut self.random;
        let kind = random.below(9);
        for lane in 0..self.physical {
            let is_hit = random.below(3) == 0;
            let mask = u16::from(is_hit) << lane;
            match kind {
                0 => self.faults.delays[lane] = random.below(8) as u16,
                1 if is_hit => self.faults.delays[lane] = random.below(32) as u16,
                2 => self.faults.invert |= mask,
                3 => self.faults.swap[lane] = u8::from(self.physical > 1),
                4 => self.faults.stuck_0 |= mask,
                5 => self.faults.loss |= mask,
                6 => self.faults.driver |= mask,
                _ => {}
            }
        }
        match random.below(5) {
            0 => self.faults.pause_gap = 5 + random.below(200) as u16,
            1 => self.faults.error_mask = [7, 0x3f, 0x1ff][random.below(3) as usize],
            _ => {}
        }
    }
}

/// A far end that sends blocks over lanes with faults, to test what receives them.
pub struct Wire {
    random: Random,
    pcs: PcsTx,
    fiber: Fiber,
    plan: Plan,
    trouble: Trouble,
    cycle: u32,
    lanes: usize,
    physical: usize,
    lane_w: usize,
}

impl Wire {
    /// That of `link`.
    pub fn new(link: &LinkConfig, seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            pcs: PcsTx::new(link),
            fiber: Fiber::new(link, 6, seed as u32),
            plan: Plan {
                slot_mask: (1 << link.lanes) - 1,
                ..Plan::default()
            },
            trouble: Trouble::new(link, seed),
            cycle: 0,
            lanes: link.lanes,
            physical: link.physical(),
            lane_w: link.lane_w,
        }
    }

    /// What the engine gives in the next cycle to a receiver that says `status` of itself; lanes without light, and without lock.
    pub fn next(&mut self, status: &RxStatus) -> (Lanes, u16, u16) {
        let faults = self.trouble.next(self.cycle);
        let phase = self.cycle / self.trouble.phase;
        let random = &mut self.random;
        if self.cycle.is_multiple_of(self.trouble.phase) {
            let all = u16::MAX >> (16 - self.lanes);
            let is_whole = random.below(3) > 0;
            self.plan = Plan {
                slot_mask: if is_whole {
                    all
                } else {
                    random.bits(self.lanes) as u16
                },
                spare_on: random.below(3) == 0,
                spare_slot: random.below(self.lanes as u32) as u8,
            };
        }
        self.cycle += 1;
        let out = *self.fiber.outputs();
        self.fiber.cycle(&FiberIn {
            reset: false,
            tx: *self.pcs.lanes(),
            rx_bitslip: status.bitslip,
            rx_reset_req: status.reset_req,
            faults,
        });
        let (data, is_control) = (random.bits(64), random.below(4) == 0);
        self.pcs
            .cycle(data, is_control, self.plan, out.tx_ready, false);
        let mut rx = out.rx;
        if phase % 16 == 15 {
            // An engine that keeps no rule.
            let mut once =
                || u16::from(random.below(10) == 0) << random.below(self.physical as u32);
            rx.valid ^= once();
            rx.first ^= once();
            for lane in 0..self.physical {
                rx.data[lane] = random.bits(self.lane_w) as u32;
                rx.header[lane] = random.bits(2) as u8;
            }
        }
        (rx, out.rx_los, out.rx_lol)
    }
}
