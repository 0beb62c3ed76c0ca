//! Frames in the blocks that are received.

use super::block_reader::Kind;
use super::frame_block::FrameBlock;

/// Blocks of the shortest frame that is none too short.
const MIN_BLOCKS: u16 = 8;

/// Counter pulses, one cycle after their cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParserPulses {
    /// A frame ended by its end.
    pub frame: bool,
    /// A frame was ended by something else.
    pub broken: bool,
    /// A frame was too long.
    pub too_long: bool,
    /// A frame was short.
    pub short: bool,
    /// A block of a frame was damaged.
    pub damaged: bool,
}

/// The twin of `FrameDamage`: what happened to the open frame.
#[derive(Clone, Copy, Debug, Default)]
struct Damage {
    /// Something is wrong with it.
    spoiled: bool,
    /// And that is the link's doing.
    hit: bool,
    /// An error block came last.
    warned: bool,
}

/// What leaves the parser in a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// A block of a frame.
    pub block: Option<FrameBlock>,
    /// It is the last one, and the link damaged the frame.
    pub hit: bool,
    /// A frame ends of which nothing is there.
    pub lost: bool,
}

/// The twin of `FrameParser`.
#[derive(Clone, Debug)]
pub struct FrameParser {
    in_frame: bool,
    damage: Damage,
    /// The block that waits for the next to tell whether it was the last.
    held: FrameBlock,
    is_held: bool,
    /// It was the last.
    is_final: bool,
    blocks: u16,
    pulses: ParserPulses,
    max_blocks: u16,
    max_rest: u8,
}

impl FrameParser {
    /// It cuts frames at `max_frame_bytes`.
    pub fn new(max_frame_bytes: usize) -> Self {
        Self {
            in_frame: false,
            damage: Damage::default(),
            held: FrameBlock::default(),
            is_held: false,
            is_final: false,
            blocks: 0,
            pulses: ParserPulses::default(),
            max_blocks: (max_frame_bytes / 8) as u16,
            max_rest: (max_frame_bytes % 8) as u8,
        }
    }

    /// The pulses of this cycle.
    pub fn pulses(&self) -> ParserPulses {
        self.pulses
    }

    /// The clock edge, with the block that arrived.
    pub fn cycle(&mut self, arrived: Option<Kind>, up: bool, reset: bool) -> Parsed {
        let mut next = None;
        let mut pulses = ParserPulses::default();
        if self.in_frame {
            pulses.broken = !up;
            (pulses, next) = self.judge(arrived, up, pulses);
        }
        let is_cut = pulses.too_long || pulses.broken;
        let is_plain = pulses.frame && next.is_none();
        let finishes = is_cut || is_plain;

        // The block that is held leaves.
        let last = self.is_final || finishes;
        let damage = self.damage;
        let mut parsed = Parsed {
            block: None,
            hit: last && (damage.hit || is_cut || (is_plain && damage.warned)),
            lost: finishes && !self.is_held,
        };
        if self.is_held && (last || next.is_some()) {
            parsed.block = Some(FrameBlock {
                last,
                poison: last && (damage.spoiled || is_cut),
                ..self.held
            });
            (self.is_held, self.is_final) = (false, false);
        }

        // The next one is held.
        if let Some((data, count)) = next {
            self.held.data = data;
            self.held.count = count;
            self.is_held = true;
            self.blocks = (self.blocks + 1) & 0x1fff;
            self.is_final |= pulses.frame;
        }
        self.note_damage(arrived.filter(|_| pulses.damaged), next.is_some());
        if pulses.frame || is_cut {
            self.in_frame = false;
        }
        if up && arrived == Some(Kind::Start) {
            self.in_frame = true;
            self.damage = Damage::default();
            self.blocks = 0;
        }
        self.pulses = pulses;
        if reset {
            self.in_frame = false;
            (self.is_held, self.is_final) = (false, false);
            self.pulses = ParserPulses::default();
        }
        parsed
    }

    /// What the block that arrived means for the open frame, and the bytes that it brings.
    fn judge(
        &self,
        arrived: Option<Kind>,
        up: bool,
        mut pulses: ParserPulses,
    ) -> (ParserPulses, Option<(u64, u8)>) {
        let at_limit = self.blocks == self.max_blocks;
        let mut next = None;
        match arrived {
            Some(Kind::Data(data)) => {
                pulses.too_long = at_limit;
                next = (up && !at_limit).then_some((data, 7));
            }
            Some(Kind::End(bytes, data)) => {
                pulses.too_long = at_limit && bytes > self.max_rest;
                pulses.frame = up && !pulses.too_long;
                pulses.short = pulses.frame && self.blocks < MIN_BLOCKS;
                if pulses.frame && bytes > 0 {
                    next = Some((data, bytes - 1));
                }
            }
            Some(Kind::Error | Kind::Damaged) => pulses.damaged = true,
            Some(Kind::Start | Kind::Set | Kind::Idle) => pulses.broken = true,
            None => {}
        }
        (pulses, next)
    }

    /// A block that is not one of the frame's, or one that `gives` bytes.
    fn note_damage(&mut self, wrong: Option<Kind>, gives: bool) {
        let damage = &mut self.damage;
        if gives {
            // The second block of bytes after an error block.
            damage.hit |= damage.spoiled && !damage.warned;
            damage.warned = false;
        }
        if let Some(wrong) = wrong {
            damage.hit |= damage.spoiled || wrong == Kind::Damaged;
            damage.warned |= wrong == Kind::Error;
            damage.spoiled = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::{BlockReader, FrameParser as Block};
    use lightswitch_hdl::pcs::block;
    use lightswitch_hdl::prelude::Block as _;

    use super::*;
    use crate::optics::model::block_reader::read;
    use crate::optics::model::testbench::{set_word_pair, taken_block, word_pair, Rtl};

    /// A block of any kind, often one that is nearly right.
    fn any_block(random: &mut Random, in_frame: &mut bool) -> (u64, bool, bool) {
        let is_bad = random.below(60) == 0;
        if *in_frame && random.below(40) > 0 {
            let ends = random.below(12) == 0;
            if random.below(12) == 0 {
                return (block::ERROR_BLOCK, true, is_bad);
            }
            if !ends {
                return (random.bits(64), false, is_bad);
            }
            *in_frame = false;
            let payload = random.bits(64) << 8 | u64::from(block::END[random.below(8) as usize]);
            return (payload, true, is_bad);
        }
        let payload = match random.below(9) {
            0..=2 => {
                *in_frame = true;
                block::START_BLOCK
            }
            3 => block::IDLE_BLOCK,
            4 => block::ERROR_BLOCK,
            5 => block::REMOTE_FAULT,
            6 => block::IDLE_BLOCK ^ 1 << random.below(64),
            7 => block::ERROR_BLOCK ^ 1 << random.below(64),
            _ => random.bits(64),
        };
        (payload, random.below(16) > 0, is_bad)
    }

    #[test]
    fn reads_blocks_as_the_rtl_does() {
        let mut random = Random::new(4);
        let mut rtl = BlockReader::default();
        rtl.connect_all();
        let mut kinds = [0; 7];
        for _ in 0..20_000 {
            let (payload, is_control, is_bad) = any_block(&mut random, &mut false);
            set_word_pair!(rtl.block, payload);
            rtl.control.next = is_control;
            rtl.bad.next = is_bad;
            lightswitch_hdl::cosim::settle(&mut rtl).unwrap();
            let data = word_pair!(rtl.data);
            let end_bytes = rtl.end_bytes.val().to_u32() as u8;
            let expected = [
                (rtl.is_data.val(), Kind::Data(data)),
                (rtl.is_start.val(), Kind::Start),
                (rtl.is_end.val(), Kind::End(end_bytes, data)),
                (rtl.is_error.val(), Kind::Error),
                (rtl.is_damaged.val(), Kind::Damaged),
                (rtl.is_set.val(), Kind::Set),
                (rtl.is_idle.val(), Kind::Idle),
            ];
            let place = expected.iter().position(|(is, _)| *is).unwrap();
            assert_eq!(
                expected[place].1,
                read(payload, is_control, is_bad),
                "{payload:x}"
            );
            kinds[place] += 1;
        }
        assert!(kinds.iter().all(|times| *times > 30), "{kinds:?}");
    }

    #[test]
    fn follows_the_rtl() {
        let mut reached = [0_u32; 10];
        for max_frame_bytes in [64, 83, 1_522] {
            let mut random = Random::new(5);
            let mut rtl = Rtl::new(Block::new(max_frame_bytes));
            let mut model = FrameParser::new(max_frame_bytes);
            let (mut in_frame, mut up) = (false, true);
            for cycle in 0..20_000 {
                if random.below(200) == 0 || !up {
                    up = random.below(4) > 0;
                }
                let reset = random.below(1_000) == 0;
                let arrived = (random.below(4) > 0).then(|| {
                    let (payload, is_control, is_bad) = any_block(&mut random, &mut in_frame);
                    read(payload, is_control, is_bad)
                });
                let block = &mut rtl.block;
                block.arrive.next = arrived.is_some();
                block.up.next = up;
                block.reset.next = reset;
                let (data, end_bytes) = match arrived {
                    Some(Kind::Data(data)) => (data, 0),
                    Some(Kind::End(bytes, data)) => (data, u64::from(bytes)),
                    _ => (random.bits(64), 0),
                };
                set_word_pair!(block.data, data);
                block.end_bytes.next = end_bytes.into();
                block.is_data.next = matches!(arrived, Some(Kind::Data(_)));
                block.is_start.next = arrived == Some(Kind::Start);
                block.is_end.next = matches!(arrived, Some(Kind::End(..)));
                block.is_error.next = arrived == Some(Kind::Error);
                block.is_damaged.next = arrived == Some(Kind::Damaged);
                block.is_between.next = matches!(arrived, Some(Kind::Idle | Kind::Set));
                rtl.settle();
                let block = &rtl.block;
                let pulses = ParserPulses {
                    frame: block.stat_frame.val(),
                    broken: block.stat_broken.val(),
                    too_long: block.stat_too_long.val(),
                    short: block.stat_short.val(),
                    damaged: block.stat_damaged.val(),
                };
                assert_eq!(pulses, model.pulses(), "cycle {cycle}");
                let parsed = model.cycle(arrived, up, reset);
                let expected = Parsed {
                    block: taken_block!(block.block),
                    hit: block.hit.val(),
                    lost: block.lost.val(),
                };
                assert_eq!(parsed, expected, "cycle {cycle}");
                let leaves = parsed.block;
                for (times, is) in reached.iter_mut().zip([
                    pulses.frame,
                    pulses.broken,
                    pulses.too_long,
                    pulses.short,
                    pulses.damaged,
                    leaves.is_some_and(|block| block.last && block.count < 7),
                    leaves.is_some_and(|block| block.poison),
                    leaves.is_some() && parsed.hit,
                    leaves.is_some_and(|block| block.poison && !parsed.hit),
                    parsed.lost,
                ]) {
                    *times += u32::from(is);
                }
                rtl.clock();
            }
        }
        assert!(reached.iter().all(|times| *times > 20), "{reached:?}");
    }
}
