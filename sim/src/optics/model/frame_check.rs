//! Whether a frame arrived as it was sent, and where it belongs.

use lightswitch_hdl::link::message::{crc8, INITIAL, START_BITS};

use super::frame_block::FrameBlock;
use super::frame_parser::Parsed;
use crate::model::crc;

/// The twin of `StartReader`: what a start block says of its frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    position: u16,
    is_final: bool,
    is_good: bool,
}

impl Start {
    /// What the payload of a start block says.
    pub fn read(payload: u64) -> Self {
        let fields = payload >> 8 & 0xff_ffff;
        Self {
            position: fields as u16,
            is_final: fields >> 16 & 1 == 1,
            is_good: u64::from(crc8(INITIAL, fields, START_BITS)) == payload >> 48 & 0xff,
        }
    }
}

/// A block that was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// The block.
    pub block: FrameBlock,
    /// It is there.
    pub valid: bool,
    /// With the last one: the frame arrived well.
    pub well: bool,
    /// The link damaged it.
    pub hit: bool,
    /// A frame is lost of which nothing was there.
    pub lost: bool,
}

/// The twin of `FrameCheck`.
#[derive(Clone, Debug)]
pub struct FrameCheck {
    parsed: Parsed,
    /// The block of before, there or not.
    block: FrameBlock,
    register: u32,
}

impl Default for FrameCheck {
    fn default() -> Self {
        Self {
            parsed: Parsed::default(),
            block: FrameBlock::default(),
            register: crc::INITIAL,
        }
    }
}

impl FrameCheck {
    /// What is checked in this cycle.
    pub fn checked(&self) -> Checked {
        let is_right = self.register == crc::RESIDUE[usize::from(7 - self.block.count)];
        let is_fine = self.block.poison || is_right || self.register == 0;
        Checked {
            block: self.block,
            valid: self.parsed.block.is_some(),
            well: !self.parsed.hit && is_fine,
            hit: self.parsed.hit,
            lost: self.parsed.lost,
        }
    }

    /// The clock edge.
    pub fn cycle(&mut self, parsed: &Parsed, reset: bool) {
        let register = self.register;
        if self.parsed.block.is_some_and(|block| block.last) {
            self.register = crc::INITIAL;
        }
        if let Some(block) = parsed.block {
            self.register = crc::beat::<8>(register, block.data);
            self.block = block;
        }
        self.parsed = *parsed;
        if reset {
            self.parsed.block = None;
            self.parsed.lost = false;
            self.register = crc::INITIAL;
        }
    }
}

/// What the place of a frame says, in step with [`Checked`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The block is the frame's first.
    pub is_first: bool,
    /// The frame is the one that is expected.
    pub at_expected: bool,
    /// It came before.
    pub is_earlier: bool,
    /// It is final.
    pub is_final: bool,
    /// The position behind the block.
    pub after: u16,
}

/// The twin of `PositionCheck`.
#[derive(Clone, Debug)]
pub struct PositionCheck {
    first_due: bool,
    place: Place,
}

impl Default for PositionCheck {
    fn default() -> Self {
        Self {
            first_due: true,
            place: Place::default(),
        }
    }
}

impl PositionCheck {
    /// The place of the block that is checked.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The clock edge, with a block that leaves the parser.
    pub fn cycle(&mut self, start: Start, expected: u16, block: Option<FrameBlock>, reset: bool) {
        if let Some(block) = block {
            let place = &mut self.place;
            place.is_first = self.first_due;
            if self.first_due {
                let distance = start.position.wrapping_sub(expected);
                place.at_expected = start.is_good && distance == 0;
                place.is_earlier = start.is_good && distance & 0x8000 != 0;
                place.is_final = start.is_good && start.is_final;
                place.after = if start.is_good {
                    start.position
                } else {
                    expected
                };
            }
            place.after = place.after.wrapping_add(1);
            self.first_due = block.last;
        }
        self.first_due |= reset;
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::link::message;
    use lightswitch_hdl::mac::{FrameCheck as Block, PositionCheck as PlaceBlock, StartReader};

    use super::*;
    use crate::optics::model::testbench::{
        number, random_block, random_frame, set_block, set_word_pair,
    };
    use crate::optics::model::testbench::{taken_block, Rtl};

    #[test]
    fn checks_frames_as_the_rtl_does() {
        let mut random = Random::new(21);
        let mut rtl = Rtl::new(Block::default());
        let mut model = FrameCheck::default();
        let (mut well, mut ill, mut lost) = (0, 0, 0);
        let mut blocks = Vec::new();
        let mut pause = 0;
        for cycle in 0..20_000 {
            if blocks.is_empty() && pause == 0 {
                blocks = random_frame(&mut random);
                pause = 2;
            }
            let is_there = !blocks.is_empty() && random.below(4) > 0;
            let parsed = Parsed {
                block: is_there.then(|| blocks.remove(0)),
                hit: random.below(16) == 0,
                lost: random.below(16) == 0,
            };
            pause -= u32::from(blocks.is_empty() && parsed.block.is_none() && pause > 0);
            let reset = random.below(900) == 0;
            set_block!(rtl.block.block, parsed.block);
            rtl.block.hit.next = parsed.hit;
            rtl.block.lost.next = parsed.lost;
            rtl.block.reset.next = reset;
            rtl.settle();
            let checked = model.checked();
            let got = taken_block!(rtl.block.checked);
            assert_eq!(got, checked.valid.then_some(checked.block), "cycle {cycle}");
            if checked.valid && checked.block.last {
                assert_eq!(rtl.block.well.val(), checked.well, "cycle {cycle}");
                assert_eq!(rtl.block.is_hit.val(), checked.hit, "cycle {cycle}");
                well += u32::from(checked.well);
                ill += u32::from(!checked.well && !checked.hit);
            }
            assert_eq!(rtl.block.is_lost.val(), checked.lost, "cycle {cycle}");
            lost += u32::from(checked.lost);
            model.cycle(&parsed, reset);
            if reset {
                blocks.clear();
            }
            rtl.clock();
        }
        assert!(well > 100 && ill > 100 && lost > 100, "{well} {ill} {lost}");
    }

    #[test]
    fn places_frames_as_the_rtl_does() {
        let mut random = Random::new(22);
        let mut reader = Rtl::new(StartReader::default());
        let mut rtl = Rtl::new(PlaceBlock::default());
        let (mut model, mut start) = (PositionCheck::default(), Start::default());
        let (mut expected, mut earlier, mut finals, mut spoiled) = (0, 0, 0, 0);
        for cycle in 0..10_000 {
            let position = (random.below(8) as u16).wrapping_sub(4);
            let mut payload = message::start(position, random.below(3) == 0);
            if random.below(4) == 0 {
                payload ^= 1 << (8 + random.below(56));
            }
            let is_start = random.below(4) == 0;
            let block = random_block(&mut random, 6, 4);
            let reset = random.below(500) == 0;
            set_word_pair!(reader.block.block, payload);
            reader.block.is_start.next = is_start;
            reader.settle();
            let block_pins = &mut rtl.block;
            block_pins.position.next = reader.block.position.val();
            block_pins.is_final.next = reader.block.is_final.val();
            block_pins.is_good.next = reader.block.is_good.val();
            block_pins.expected.next = 1.into();
            block_pins.enter.next = block.is_some();
            block_pins.last.next = block.is_some_and(|block| block.last);
            block_pins.reset.next = reset;
            rtl.settle();
            let place = Place {
                is_first: rtl.block.is_first.val(),
                at_expected: rtl.block.at_expected.val(),
                is_earlier: rtl.block.is_earlier.val(),
                is_final: rtl.block.ends_retry.val(),
                after: number(rtl.block.after.val()) as u16,
            };
            assert_eq!(place, model.place(), "cycle {cycle}");
            expected += u32::from(place.at_expected);
            earlier += u32::from(place.is_earlier);
            finals += u32::from(place.is_final);
            spoiled += u32::from(is_start && !Start::read(payload).is_good);
            model.cycle(start, 1, block, reset);
            if is_start {
                start = Start::read(payload);
            }
            reader.clock();
            rtl.clock();
        }
        let reached = [expected, earlier, finals, spoiled];
        assert!(reached.iter().all(|times| *times > 50), "{reached:?}");
    }
}
