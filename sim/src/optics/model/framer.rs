//! Blocks of frames, and what stands between them, in the order in which they are sent.

use lightswitch_hdl::link::message;
use lightswitch_hdl::pcs::block::{END, ERROR_BLOCK, IDLE_BLOCK, REMOTE_FAULT, START_BLOCK};

use super::frame_block::FrameBlock;

/// What the framer goes by.
#[derive(Clone, Copy, Debug, Default)]
pub struct FramerIn {
    /// The oldest block that waits.
    pub head: Option<FrameBlock>,
    /// Its frame may start.
    pub may_start: bool,
    /// No frame starts.
    pub hold: bool,
    /// Frames are thrown away.
    pub discard: bool,
    /// Remote fault goes between frames.
    pub remote_fault: bool,
    /// The 44 bits of a message that waits.
    pub message: Option<u64>,
    /// What the start block of a lossless link tells: the frame's position, and that it is final.
    pub tag: Option<(u16, bool)>,
    /// The frame that is thrown away is none any more: another one is the head.
    pub rewind: bool,
    /// The block on offer is taken.
    pub step: bool,
}

/// What the framer takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The oldest block.
    pub block: bool,
    /// The message.
    pub message: bool,
    /// A frame starts.
    pub start: bool,
}

/// Counter pulses, one cycle after their cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FramerPulses {
    /// A frame started.
    pub frame: bool,
    /// A frame ran dry.
    pub underrun: bool,
    /// A frame is thrown away.
    pub discarded: bool,
}

/// The twin of `Framer`, with its `Gap`, `Turn` and `NextBlock`.
#[derive(Clone, Debug)]
pub struct Framer {
    payload: u64,
    is_control: bool,
    in_frame: bool,
    end_due: bool,
    dropping: bool,
    /// The error block of a poisoned frame is sent.
    warned: bool,
    /// Bytes that frames started too early.
    deficit: u8,
    /// Idle blocks that are left of a gap.
    gap: u8,
    pulses: FramerPulses,
}

impl Default for Framer {
    fn default() -> Self {
        Self {
            payload: IDLE_BLOCK,
            is_control: true,
            in_frame: false,
            end_due: false,
            dropping: false,
            warned: false,
            deficit: 0,
            gap: 0,
            pulses: FramerPulses::default(),
        }
    }
}

impl Framer {
    /// The block on offer: payload, and whether it is a control block.
    pub fn offer(&self) -> (u64, bool) {
        (self.payload, self.is_control)
    }

    /// The pulses of this cycle.
    pub fn pulses(&self) -> FramerPulses {
        self.pulses
    }

    /// No frame is under way.
    pub fn is_idle(&self) -> bool {
        !self.in_frame && !self.end_due
    }

    /// A frame is being thrown away.
    pub fn drops(&self) -> bool {
        self.dropping
    }

    /// The clock edge.
    pub fn cycle(&mut self, inputs: &FramerIn, reset: bool) -> Taken {
        self.pulses = FramerPulses::default();
        let mut taken = Taken::default();
        if inputs.step {
            self.step(inputs, &mut taken);
        }
        self.dropping &= !inputs.rewind;
        if reset {
            *self = Self::default();
        }
        taken
    }

    /// The next block, and beside it what is thrown away.
    fn step(&mut self, inputs: &FramerIn, taken: &mut Taken) {
        let is_open = self.gap == 0;
        self.gap = self.gap.saturating_sub(1);
        if let Some(head) = inputs.head.filter(|_| self.dropping) {
            taken.block = true;
            self.dropping = !head.last;
        } else if self.in_frame {
            return self.inside(inputs.head, taken);
        } else if is_open && !self.end_due && !self.dropping && inputs.discard {
            if let Some(head) = inputs.head {
                taken.block = true;
                self.dropping = !head.last;
                self.pulses.discarded = true;
            }
        }
        if self.end_due {
            self.end(0, 0);
        } else if is_open {
            self.between(inputs, taken);
        } else {
            self.control(IDLE_BLOCK);
        }
    }

    /// A block of the frame under way.
    fn inside(&mut self, head: Option<FrameBlock>, taken: &mut Taken) {
        let Some(head) = head else {
            self.control(ERROR_BLOCK);
            self.in_frame = false;
            self.end_due = true;
            self.dropping = true;
            self.pulses.underrun = true;
            return;
        };
        if head.last && head.poison && !self.warned {
            self.control(ERROR_BLOCK);
            self.warned = true;
            return;
        }
        taken.block = true;
        if head.last && head.count < 7 {
            self.end(usize::from(head.count) + 1, head.data);
        } else {
            (self.payload, self.is_control) = (head.data, false);
            self.end_due = head.last;
        }
        self.in_frame = !head.last;
    }

    /// What goes between frames when the gap is over: a message, remote fault, a start, or idle.
    fn between(&mut self, inputs: &FramerIn, taken: &mut Taken) {
        let may_start = inputs.may_start && !inputs.hold && !inputs.discard;
        if let Some(message) = inputs.message {
            self.control(message::payload(message));
            taken.message = true;
        } else if inputs.remote_fault {
            self.control(REMOTE_FAULT);
        } else if inputs.head.is_some() && may_start && !self.dropping && !taken.block {
            let tagged = |(position, is_final)| message::start(position, is_final);
            self.control(inputs.tag.map_or(START_BLOCK, tagged));
            taken.start = true;
            self.in_frame = true;
            self.warned = false;
            self.pulses.frame = true;
            return;
        } else {
            self.control(IDLE_BLOCK);
        }
        self.deficit = 0;
    }

    /// The end of a frame after `bytes` of `data`: the gap begins.
    fn end(&mut self, bytes: usize, data: u64) {
        self.control(u64::from(END[bytes]) | data << 8);
        self.end_due = false;
        let due = self.deficit + bytes as u8 + 4;
        (self.deficit, self.gap) = (due & 7, due >> 3);
    }

    fn control(&mut self, payload: u64) {
        (self.payload, self.is_control) = (payload, true);
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::Framer as Block;

    use super::*;
    use crate::optics::model::testbench::{random_block, set_block, set_word_pair, word_pair, Rtl};

    #[test]
    fn follows_the_rtl() {
        let mut random = Random::new(3);
        let mut rtl = Rtl::new(Block::default());
        let mut model = Framer::default();
        let (mut frames, mut underruns, mut discarded, mut messages) = (0, 0, 0, 0);
        let (mut warned, mut early, mut rewound) = (0, 0, 0);
        let mut head = None;
        let (mut hold, mut discard, mut remote_fault) = (false, false, false);
        for cycle in 0..30_000 {
            let mode = cycle / 500 % 4;
            if head.is_none() && random.below(if mode == 1 { 12 } else { 300 }) != 0 {
                head = random_block(&mut random, 8, 5);
            }
            for level in [&mut hold, &mut discard, &mut remote_fault] {
                if random.below(40) == 0 {
                    *level = random.below(if mode == 3 { 2 } else { 8 }) == 1;
                }
            }
            let inputs = FramerIn {
                head,
                may_start: random.below(3) > 0,
                hold,
                discard,
                remote_fault,
                message: (random.below(20) == 0).then(|| random.bits(44)),
                tag: Some((random.bits(16) as u16, random.below(2) == 0)),
                rewind: model.is_idle() && random.below(30) == 0,
                step: random.below(5) > 0,
            };
            let reset = random.below(900) == 0;
            set_block!(rtl.block.head, inputs.head);
            rtl.block.may_start.next = inputs.may_start;
            rtl.block.hold.next = hold;
            rtl.block.discard.next = discard;
            rtl.block.remote_fault.next = remote_fault;
            let set = message::payload(inputs.message.unwrap_or_default());
            set_word_pair!(rtl.block.message, set);
            rtl.block.message_valid.next = inputs.message.is_some();
            let (position, is_final) = inputs.tag.unwrap();
            set_word_pair!(rtl.block.start_block, message::start(position, is_final));
            rtl.block.rewind.next = inputs.rewind;
            rtl.block.step.next = inputs.step;
            rtl.block.reset.next = reset;
            rtl.settle();
            let offer = (word_pair!(rtl.block.block), rtl.block.control.val());
            assert_eq!(offer, model.offer(), "cycle {cycle}");
            let pulses = FramerPulses {
                frame: rtl.block.stat_frame.val(),
                underrun: rtl.block.stat_underrun.val(),
                discarded: rtl.block.stat_discarded.val(),
            };
            assert_eq!(pulses, model.pulses(), "cycle {cycle}");
            frames += u32::from(pulses.frame);
            underruns += u32::from(pulses.underrun);
            discarded += u32::from(pulses.discarded);
            warned += u32::from(model.in_frame && model.warned);
            early += u32::from(model.deficit > 0 && pulses.frame);
            assert_eq!(rtl.block.idle.val(), model.is_idle(), "cycle {cycle}");
            assert_eq!(rtl.block.drops.val(), model.drops(), "cycle {cycle}");
            rewound += u32::from(model.drops() && inputs.rewind);
            let taken = model.cycle(&inputs, reset);
            let expected = Taken {
                block: rtl.block.pop.val(),
                message: rtl.block.message_taken.val(),
                start: rtl.block.starts.val(),
            };
            assert_eq!(taken, expected, "cycle {cycle}");
            messages += u32::from(taken.message);
            if taken.block {
                head = None;
            }
            rtl.clock();
        }
        let reached = [
            frames, underruns, discarded, messages, warned, early, rewound,
        ];
        assert!(reached.iter().all(|times| *times > 20), "{reached:?}");
    }
}
