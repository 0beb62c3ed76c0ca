//! The receiver's half of a lossless link.

use lightswitch_hdl::link::Features;

use super::frame_block::FrameBlock;
use super::frame_check::{FrameCheck, PositionCheck, Start};
use super::frame_parser::Parsed;
use super::receive_buffer::{FrameGate, ReceiveBuffer};
use super::retry_rx::{Position, ReportWriter, RetryRx, RetryRxPulses};

/// What the control of a link tells the receiver.
#[derive(Clone, Copy, Debug, Default)]
pub struct RxControl {
    /// The link is up.
    pub link_up: bool,
    /// A position that the sender told.
    pub position: Option<Position>,
    /// The report was taken.
    pub report_taken: bool,
}

/// Counter pulses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LosslessRxPulses {
    /// Those of the retry.
    pub retry: RetryRxPulses,
    /// A frame found no room.
    pub dropped: bool,
    /// A frame ran out of room.
    pub cut: bool,
    /// A report was sent without *nack*.
    pub ack: bool,
    /// A report was sent with *nack*.
    pub nack: bool,
}

/// The twin of `LosslessRx`.
#[derive(Clone, Debug)]
pub struct LosslessRx {
    start: Start,
    place: PositionCheck,
    check: FrameCheck,
    gate: FrameGate,
    retry: RetryRx,
    buffer: ReceiveBuffer,
    writer: ReportWriter,
}

impl LosslessRx {
    /// With these features, a buffer of `2^ring_w` blocks, and a report every `report_cycles`.
    pub fn new(
        features: Features,
        ring_w: usize,
        max_frame_bytes: usize,
        report_cycles: usize,
    ) -> Self {
        Self {
            start: Start::default(),
            place: PositionCheck::default(),
            check: FrameCheck::default(),
            gate: FrameGate::new(features.retry && features.store),
            retry: RetryRx::new(features.retry),
            buffer: ReceiveBuffer::new(ring_w, features.store),
            writer: ReportWriter::new(features, max_frame_bytes, report_cycles),
        }
    }

    /// The block that is next for the client.
    pub fn head(&self) -> Option<FrameBlock> {
        self.buffer.head()
    }

    /// The report that waits.
    pub fn report(&self, link_up: bool) -> Option<u64> {
        self.writer.message(&self.retry, link_up)
    }

    /// The state.
    pub fn state(&self) -> u8 {
        self.retry.state()
    }

    /// The pulses of this cycle.
    pub fn pulses(&self) -> LosslessRxPulses {
        let (dropped, cut) = self.gate.pulses;
        let (ack, nack) = self.writer.sent;
        LosslessRxPulses {
            retry: self.retry.pulses(),
            dropped,
            cut,
            ack,
            nack,
        }
    }

    /// The clock edge, with the payload of a start block that arrived, what leaves the parser, and the head taken or not.
    pub fn cycle(
        &mut self,
        start: Option<u64>,
        parsed: &Parsed,
        control: RxControl,
        pop: bool,
        reset: bool,
    ) {
        let link_up = control.link_up;
        let (checked, place) = (self.check.checked(), self.place.place());
        let at = (&checked, place);
        let admits = (self.retry.lets(place, link_up), self.retry.counts(link_up));
        let gated = self.gate.cycle(at, admits, &self.buffer, reset);
        let nack_taken = control.report_taken && self.writer.is_nack(&self.retry);
        let free = self.buffer.free();
        self.writer
            .cycle(&self.retry, free, control.report_taken, reset);
        self.buffer.cycle(&gated, pop, reset);
        self.place
            .cycle(self.start, self.retry.expected, parsed.block, reset);
        self.check.cycle(parsed, reset);
        let (outcome, position) = (gated.passed, control.position);
        self.retry
            .cycle(at, outcome, position, nack_taken, link_up, reset);
        if let Some(payload) = start {
            self.start = Start::read(payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::link::message;
    use lightswitch_hdl::mac::LosslessRx as Block;
    use lightswitch_hdl::target::Target;

    use super::*;
    use crate::optics::model::testbench::{number, random_frame, set_block, set_word_pair};
    use crate::optics::model::testbench::{taken_block, word_pair, Rtl};

    /// Longest frame that the test's buffer of 32 blocks takes.
    const MAX_FRAME_BYTES: usize = 96;

    /// What comes from a sender that sends again what is asked for, over a link that damages some of it.
    struct Sender {
        random: Random,
        position: u16,
        blocks: Vec<FrameBlock>,
        /// Cycles until the next block, or start.
        pause: u32,
        up: bool,
    }

    impl Sender {
        fn next(&mut self, expected: u16) -> (Option<u64>, Parsed) {
            let random = &mut self.random;
            let mut parsed = Parsed {
                lost: random.below(200) == 0,
                ..Parsed::default()
            };
            if self.pause > 0 {
                self.pause -= 1;
                return (None, parsed);
            }
            if self.blocks.is_empty() {
                self.pause = 2;
                self.position = match random.below(12) {
                    0 => random.bits(16) as u16,
                    1..=2 => self.position,
                    _ => expected,
                };
                let mut payload = message::start(self.position, random.below(12) == 0);
                if random.below(20) == 0 {
                    payload ^= 1 << (8 + random.below(56));
                }
                self.blocks = random_frame(random);
                let length = self.blocks.len() as u16;
                self.position = self.position.wrapping_add(length);
                return (Some(payload), parsed);
            }
            let block = self.blocks.remove(0);
            self.pause = if block.last {
                1 + random.below(6)
            } else {
                random.below(2)
            };
            parsed.block = Some(block);
            parsed.hit = block.last && random.below(6) == 0;
            (None, parsed)
        }
    }

    fn follows(features: Features) -> Vec<u32> {
        let rtl_block = Block::<5>::new(MAX_FRAME_BYTES, features, 60, Target::Generic);
        let mut rtl = Rtl::new(rtl_block);
        let mut model = LosslessRx::new(features, 5, MAX_FRAME_BYTES, 60);
        let mut sender = Sender {
            random: Random::new(24),
            position: 0,
            blocks: Vec::new(),
            pause: 0,
            up: false,
        };
        let mut reached = vec![0; 12];
        for cycle in 0..40_000_u32 {
            let (start, parsed) = sender.next(model.retry.expected);
            let random = &mut sender.random;
            sender.up = if sender.up {
                random.below(2_000) > 0
            } else {
                random.below(60) == 0
            };
            let is_slow = cycle / 1_000 % 3 == 2;
            let pop = model.head().is_some() && random.below(8) < if is_slow { 1 } else { 7 };
            let control = RxControl {
                link_up: sender.up,
                position: (random.below(60) == 0).then(|| Position {
                    init: random.below(4) == 0,
                    position: model.retry.expected.wrapping_add(random.below(3) as u16),
                }),
                report_taken: model.report(sender.up).is_some() && random.below(4) == 0,
            };
            let reset = random.below(5_000) == 0;
            let block = &mut rtl.block;
            block.is_start.next = start.is_some();
            set_word_pair!(block.start, start.unwrap_or_default());
            set_block!(block.block, parsed.block);
            block.hit.next = parsed.hit;
            block.lost.next = parsed.lost;
            block.pop.next = pop;
            block.link_up.next = control.link_up;
            block.position_valid.next = control.position.is_some();
            let told = control.position.unwrap_or_default();
            block.position_init.next = told.init;
            block.position.next = u64::from(told.position).into();
            block.report_taken.next = control.report_taken;
            block.reset.next = reset;
            rtl.settle();
            let block = &rtl.block;
            assert_eq!(taken_block!(block.head), model.head(), "cycle {cycle}");
            let report = block.report_valid.val().then(|| word_pair!(block.report));
            assert_eq!(report, model.report(sender.up), "cycle {cycle}");
            assert_eq!(
                number(block.state.val()) as u8,
                model.state(),
                "cycle {cycle}"
            );
            let pulses = LosslessRxPulses {
                retry: RetryRxPulses {
                    hit: block.stat_hit.val(),
                    duplicate: block.stat_duplicate.val(),
                    missing: block.stat_missing.val(),
                },
                dropped: block.stat_dropped.val(),
                cut: block.stat_cut.val(),
                ack: block.stat_ack.val(),
                nack: block.stat_nack.val(),
            };
            assert_eq!(pulses, model.pulses(), "cycle {cycle}");
            let retry = pulses.retry;
            let seen = [
                retry.hit,
                retry.duplicate,
                retry.missing,
                pulses.dropped,
                pulses.cut,
            ];
            let states = (0..4).map(|state| model.state() == state);
            let last = model.head().is_some_and(|head| head.last && pop);
            let all = seen
                .into_iter()
                .chain([pulses.ack, pulses.nack, last])
                .chain(states);
            for (times, is) in reached.iter_mut().zip(all) {
                *times += u32::from(is);
            }
            model.cycle(start, &parsed, control, pop, reset);
            if reset {
                sender.blocks.clear();
                sender.pause = 2;
            }
            rtl.clock();
        }
        reached
    }

    #[test]
    fn follows_the_rtl() {
        let mut sum = vec![0; 12];
        for (retry, store, credits) in [
            (true, false, true),
            (true, true, true),
            (true, false, false),
            (false, false, true),
        ] {
            let features = Features {
                retry,
                store,
                credits,
            };
            let reached = follows(features);
            assert!(reached[7] > 50, "{features:?}: {reached:?}");
            for (sum, times) in sum.iter_mut().zip(reached) {
                *sum += times;
            }
        }
        assert!(sum.iter().all(|times| *times > 10), "{sum:?}");
    }
}
