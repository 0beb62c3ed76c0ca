//! What is sent again on a lossless link.

use lightswitch_hdl::mac::{state, REPLAY_LIMIT};

/// A report of the far end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What it expects is to be sent again.
    pub nack: bool,
    /// The first position that has not arrived.
    pub expected: u16,
    /// Up to where may be sent.
    pub limit: u16,
}

/// What the sender goes by.
#[derive(Clone, Copy, Debug, Default)]
pub struct RetryTxIn {
    /// The link is down.
    pub down: bool,
    /// No frame starts.
    pub hold: bool,
    /// A report that came.
    pub report: Option<Report>,
    /// The position of the ring's head.
    pub position: u16,
    /// No frame is under way.
    pub idle: bool,
    /// One is being thrown away.
    pub drops: bool,
}

/// What was taken in a cycle: the head, whether it was a frame's last block, and whether a frame started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Popped {
    /// The head.
    pub pop: bool,
    /// It was a frame's last block.
    pub last: bool,
    /// A frame started.
    pub start: bool,
}

/// What follows in a cycle from registers and reports.
#[derive(Clone, Copy, Debug, Default)]
pub struct RetryNow {
    /// The head of the ring is put back to tail.
    pub rewind: bool,
    /// Tail stands behind the head: nothing is freed.
    pub keep: bool,
    /// No frame starts.
    pub hold: bool,
    /// Frames are thrown away.
    pub discard: bool,
    /// The far end is told to begin at the position.
    pub begins: bool,
    /// It is told the position.
    pub tells: bool,
    fits: bool,
    acks: bool,
    follows: bool,
    still: bool,
}

/// Counter pulses, one cycle after their cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryTxPulses {
    /// Frames are sent again.
    pub replay: bool,
    /// A report came without *nack*.
    pub ack: bool,
    /// A report came with *nack*.
    pub nack: bool,
    /// No acknowledgement came for too long.
    pub timeout: bool,
    /// A frame went out for the last time.
    pub gave_up: bool,
}

/// The twin of `Attempts`.
#[derive(Clone, Copy, Debug, Default)]
struct Attempts {
    tries: u8,
    /// The next frame is final.
    armed: bool,
    /// The final frame is on its way.
    gone: bool,
    /// It has ended, and the far end has not let go of it.
    settling: bool,
}

impl Attempts {
    fn cycle(&mut self, runs: bool, counts: bool, acks: bool, popped: Popped) {
        let Self { armed, gone, .. } = *self;
        if counts {
            self.armed |= u64::from(self.tries) == REPLAY_LIMIT - 1;
            self.tries = (self.tries + 1) & 15;
        }
        if popped.start && armed {
            // Acknowledged in this very cycle, it is a frame that the far end knows.
            self.gone = !acks;
            self.armed = false;
        }
        if gone && popped.pop && popped.last {
            self.gone = false;
            self.settling = true;
        }
        if acks || !runs {
            self.tries = 0;
            self.armed = false;
            self.settling = false;
        }
        self.gone &= runs;
    }
}

/// The twin of `RetryTx`, with its `RetryState`, `ReplayWindow`, `Attempts` and `ReplayTimer`.
#[derive(Clone, Debug)]
pub struct RetryTx {
    at: u64,
    /// The first position that is not acknowledged, and the first that was never sent.
    acked: u16,
    highest: u16,
    attempts: Attempts,
    timer: u32,
    /// The head is to be put back.
    due: bool,
    pulses: RetryTxPulses,
    flushes: bool,
    has_retry: bool,
    replay_cycles: u32,
}

impl RetryTx {
    /// With `retry` or without; a frame that is not acknowledged for `replay_cycles` is sent again.
    pub fn new(retry: bool, replay_cycles: usize) -> Self {
        Self {
            at: state::OFF,
            acked: 0,
            highest: 0,
            attempts: Attempts::default(),
            timer: replay_cycles as u32 - 1,
            due: false,
            pulses: RetryTxPulses::default(),
            flushes: false,
            has_retry: retry,
            replay_cycles: replay_cycles as u32,
        }
    }

    /// The state, as `docs/link.md` numbers them.
    pub fn state(&self) -> u8 {
        self.at as u8
    }

    /// The first position that is not acknowledged.
    pub fn tail(&self) -> u16 {
        self.acked
    }

    /// The frame that starts is final.
    pub fn is_final(&self) -> bool {
        self.attempts.armed
    }

    /// Frames are sent.
    pub fn sends(&self) -> bool {
        matches!(self.at, state::ADVANCE | state::REPLAY)
    }

    /// The pulses of this cycle.
    pub fn pulses(&self) -> RetryTxPulses {
        self.pulses
    }

    /// What is thrown away was sent before.
    pub fn flushes(&self) -> bool {
        self.flushes
    }

    /// What follows in this cycle.
    pub fn now(&self, inputs: &RetryTxIn) -> RetryNow {
        let (at, sends) = (self.at, self.sends());
        let Attempts { gone, settling, .. } = self.attempts;
        let lead = inputs.position.wrapping_sub(self.acked);
        let is_flushing = at == state::FLUSH && !self.due;
        let begins = matches!(at, state::OFF | state::INIT);
        let mut now = RetryNow {
            keep: lead & 0x8000 != 0,
            hold: inputs.hold || self.due || settling || !sends,
            discard: at == state::OFF || is_flushing,
            tells: settling || (sends && !self.has_retry),
            still: inputs.idle && !inputs.drops,
            follows: begins || is_flushing || settling || (gone && inputs.drops) || !self.has_retry,
            ..RetryNow::default()
        };
        now.begins = at == state::INIT && now.still;
        if let Some(report) = inputs.report {
            let gain = report.expected.wrapping_sub(self.acked);
            let rest = self.highest.wrapping_sub(report.expected);
            let accepts = sends && self.has_retry && !gone && !(settling && lead != 0);
            now.fits = accepts && (gain | rest) & 0x8000 == 0;
            now.acks = now.fits && (gain != 0 || settling);
        }
        now.rewind = self.due && inputs.idle && !now.acks;
        now
    }

    /// The clock edge, after `now` of the same inputs.
    pub fn cycle(&mut self, inputs: &RetryTxIn, now: &RetryNow, popped: Popped, reset: bool) {
        if reset {
            *self = Self::new(self.has_retry, self.replay_cycles as usize);
            return;
        }
        let (sends, retry, due) = (self.sends(), self.has_retry, self.due);
        let Attempts { gone, settling, .. } = self.attempts;
        let is_open_ended = gone || settling;
        let (position, nack) = (
            inputs.position,
            inputs.report.is_some_and(|report| report.nack),
        );
        let is_caught = position == self.highest;
        let has_moved = position != self.acked && !now.keep;
        let counts = now.rewind && sends && has_moved;

        // The timer.
        let runs = sends && retry && self.acked != self.highest && !is_open_ended;
        let restarts = now.acks || due;
        let is_spent = runs && !restarts && !inputs.hold && self.timer == 0;
        if !runs || restarts || is_spent {
            self.timer = self.replay_cycles - 1;
        } else if !inputs.hold {
            self.timer -= 1;
        }

        let asks = (now.fits && nack && !settling) || is_spent || (sends && now.keep);
        self.due |= asks;
        if now.rewind || (sends && (gone || now.follows)) {
            self.due = false;
        }
        self.due |= inputs.down && sends && retry;
        self.pulses = RetryTxPulses {
            replay: counts,
            ack: inputs.report.is_some() && !nack,
            nack,
            timeout: is_spent,
            gave_up: gone && popped.pop && popped.last,
        };
        self.flushes = self.at == state::FLUSH;
        self.attempts.cycle(sends, counts, now.acks, popped);

        let opens = now.still
            && inputs
                .report
                .is_some_and(|report| !report.nack && report.expected == position);
        let was = self.at;
        self.step_state(
            inputs.down,
            opens,
            now.rewind,
            is_caught && !is_open_ended,
            due,
        );

        // The window.
        if popped.pop && is_caught {
            self.highest = self.highest.wrapping_add(1);
        }
        if matches!(was, state::OFF | state::INIT) {
            self.highest = position;
        }
        if now.follows {
            self.acked = position;
        }
        if let Some(report) = inputs.report.filter(|_| now.acks) {
            self.acked = report.expected;
        }
    }

    /// The twin of `RetryState`.
    #[allow(clippy::fn_params_excessive_bools, reason = "one a pin")]
    fn step_state(&mut self, down: bool, opens: bool, rewinds: bool, caught: bool, due: bool) {
        let sends = self.sends();
        self.at = match self.at {
            state::OFF if !down => state::INIT,
            state::INIT if down => state::OFF,
            state::INIT if opens => state::ADVANCE,
            state::FLUSH if !due && caught => state::OFF,
            _ if sends && down && self.has_retry => state::FLUSH,
            _ if sends && down => state::OFF,
            _ if sends && rewinds => state::REPLAY,
            _ if sends && caught => state::ADVANCE,
            at => at,
        };
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::mac::RetryTx as Block;

    use super::*;
    use crate::optics::model::testbench::{number, Rtl};

    /// What happens to a sender: frames of a few blocks, reports that fit or not, a link that goes down.
    struct Sender {
        random: Random,
        inputs: RetryTxIn,
        /// The first position that was never sent, and blocks that are left of the frame.
        highest: u16,
        left: u32,
        /// What is acknowledged: nothing is heard, the same again and again, or more and more.
        hears: u32,
    }

    impl Sender {
        fn next(&mut self, cycle: u32, model: &RetryTx) -> RetryTxIn {
            let random = &mut self.random;
            let inputs = &mut self.inputs;
            if cycle.is_multiple_of(400) {
                self.hears = random.below(3);
            }
            inputs.down = if inputs.down {
                random.below(40) > 0
            } else {
                random.below(900) == 0
            };
            inputs.hold = random.below(12) == 0;
            inputs.idle = self.left == 0 && random.below(4) > 0;
            inputs.drops = random.below(30) == 0;
            let sent = self.highest.wrapping_sub(model.tail());
            let gain = random.below(u32::from(sent) + 1) as u16 * u16::from(self.hears == 2);
            let is_wild = random.below(20) == 0;
            let expected = model.tail().wrapping_add(gain);
            inputs.report = (self.hears > 0 && random.below(8) == 0).then(|| Report {
                nack: random.below(3) == 0,
                expected: if is_wild {
                    random.bits(16) as u16
                } else {
                    expected
                },
                limit: 0,
            });
            if model.state() == 1 && random.below(4) == 0 {
                let (nack, expected) = (false, inputs.position);
                inputs.report = Some(Report {
                    nack,
                    expected,
                    limit: 0,
                });
            }
            *inputs
        }

        fn take(&mut self, now: &RetryNow) -> Popped {
            let random = &mut self.random;
            let start = self.inputs.idle && !now.hold && random.below(2) == 0;
            let throws = now.discard && self.inputs.position != self.highest;
            let gives = self.left > 0 && !self.inputs.idle;
            let pop = (throws || gives) && random.below(4) > 0;
            let last = self.left == 1;
            self.left -= u32::from(pop && self.left > 0);
            if start {
                self.left = 1 + random.below(5);
            }
            Popped { pop, last, start }
        }

        fn moves(&mut self, popped: Popped, now: &RetryNow, tail: u16) {
            self.inputs.position = self.inputs.position.wrapping_add(u16::from(popped.pop));
            if now.rewind {
                self.inputs.position = tail;
            }
            let lead = self.inputs.position.wrapping_sub(self.highest);
            if lead & 0x8000 == 0 {
                self.highest = self.inputs.position;
            }
        }
    }

    fn follows(retry: bool) -> Vec<u32> {
        let mut rtl = Rtl::new(Block::new(retry, 150));
        let mut model = RetryTx::new(retry, 150);
        let mut sender = Sender {
            random: Random::new(23),
            inputs: RetryTxIn::default(),
            highest: 0,
            left: 0,
            hears: 2,
        };
        let mut reached = vec![0; 12];
        for cycle in 0..60_000 {
            let inputs = sender.next(cycle, &model);
            let now = model.now(&inputs);
            let popped = sender.take(&now);
            let reset = sender.random.below(8_000) == 0;
            let block = &mut rtl.block;
            block.down.next = inputs.down;
            block.hold.next = inputs.hold;
            block.report_valid.next = inputs.report.is_some();
            let report = inputs.report.unwrap_or_default();
            block.report_nack.next = report.nack;
            block.report_expected.next = u64::from(report.expected).into();
            block.position.next = u64::from(inputs.position).into();
            block.pop.next = popped.pop;
            block.last.next = popped.last;
            block.starts.next = popped.start;
            block.idle.next = inputs.idle;
            block.dropping.next = inputs.drops;
            block.discarded.next = true;
            block.reset.next = reset;
            rtl.settle();
            let block = &rtl.block;
            let pulses = RetryTxPulses {
                replay: block.stat_replay.val(),
                ack: block.stat_ack.val(),
                nack: block.stat_nack.val(),
                timeout: block.stat_timeout.val(),
                gave_up: block.stat_final.val(),
            };
            assert_eq!(pulses, model.pulses(), "cycle {cycle}");
            assert_eq!(
                number(block.state.val()) as u8,
                model.state(),
                "cycle {cycle}"
            );
            assert_eq!(
                number(block.tail.val()) as u16,
                model.tail(),
                "cycle {cycle}"
            );
            assert_eq!(block.stat_flushed.val(), model.flushes(), "cycle {cycle}");
            assert_eq!(block.is_final.val(), model.is_final(), "cycle {cycle}");
            assert_eq!(block.runs.val(), model.sends(), "cycle {cycle}");
            let expected = [
                (block.rewind.val(), now.rewind),
                (block.keep.val(), now.keep),
                (block.hold_frames.val(), now.hold),
                (block.discard_frames.val(), now.discard),
                (block.begins.val(), now.begins),
                (block.tells.val(), now.tells),
            ];
            assert!(
                expected.iter().all(|(rtl, model)| rtl == model),
                "{cycle}: {expected:?}"
            );
            let seen = [
                pulses.replay,
                pulses.ack,
                pulses.nack,
                pulses.timeout,
                pulses.gave_up,
            ];
            let states = (0..5).map(|state| model.state() == state);
            let all = seen
                .into_iter()
                .chain(states)
                .chain([now.keep, model.attempts.settling]);
            for (times, is) in reached.iter_mut().zip(all) {
                *times += u32::from(is);
            }
            let tail = model.tail();
            model.cycle(&inputs, &now, popped, reset);
            sender.moves(popped, &now, tail);
            if reset {
                (sender.inputs.position, sender.highest, sender.left) = (0, 0, 0);
            }
            rtl.clock();
        }
        reached
    }

    #[test]
    fn follows_the_rtl() {
        let reached = follows(true);
        assert!(reached.iter().all(|times| *times > 0), "{reached:?}");
        let reached = follows(false);
        assert!(reached[5..8].iter().all(|times| *times > 0), "{reached:?}");
    }
}
