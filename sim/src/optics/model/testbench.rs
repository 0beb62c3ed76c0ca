//! What the tests of the parts share: an RTL block that is clocked by hand beside its model.

use lightswitch_hdl::cosim::{self, Random};
use lightswitch_hdl::evaluate::Parts;
use lightswitch_hdl::prelude::*;

use super::frame_block::FrameBlock;
use crate::beat::{full_keep, Beat};

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
