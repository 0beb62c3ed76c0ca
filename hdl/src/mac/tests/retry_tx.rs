//! Tests of [`RetryTx`] and what belongs to it, reports and frames one by one. Positions start short of 2^16, so that they wrap.

use crate::cosim::Random;
use crate::link::message;
use crate::mac::{state, Credit, PositionWriter, RetryTx, StartBlock, REPLAY_LIMIT};
use crate::testbench::Bench;

const REPLAY_CYCLES: usize = 80;
const FIRST: u16 = 65_500;

/// A sender's ring and framer, as far as [`RetryTx`] sees them.
struct Sender {
    bench: Bench<RetryTx>,
    position: u16,
    replays: usize,
    timeouts: usize,
    finals: usize,
    flushed: usize,
}

impl Sender {
    fn new(retry: bool) -> Self {
        let mut sender = Self {
            bench: Bench::recording(RetryTx::new(retry, REPLAY_CYCLES)),
            position: FIRST,
            replays: 0,
            timeouts: 0,
            finals: 0,
            flushed: 0,
        };
        let dut = &mut sender.bench.block;
        dut.reset.next = true;
        dut.down.next = true;
        dut.idle.next = true;
        sender.tick();
        sender.bench.block.reset.next = false;
        sender.ticks(3);
        sender
    }

    /// Up, and of one mind with the far end.
    fn up(retry: bool) -> Self {
        let mut sender = Self::new(retry);
        sender.bench.block.down.next = false;
        sender.ticks(2);
        sender.report(false, FIRST);
        assert_eq!(sender.state(), state::ADVANCE);
        sender
    }

    fn tick(&mut self) {
        self.bench.block.position.next = u64::from(self.position).into();
        self.bench.settle();
        let dut = &self.bench.block;
        self.replays += usize::from(dut.stat_replay.val());
        self.timeouts += usize::from(dut.stat_timeout.val());
        self.finals += usize::from(dut.stat_final.val());
        self.flushed += usize::from(dut.stat_flushed.val());
        let (rewinds, tail) = (dut.rewind.val(), dut.tail.val().to_u32() as u16);
        if rewinds {
            assert!(dut.hold_frames.val(), "no frame starts with it");
            self.position = tail;
        }
        self.bench.clock();
        self.bench.block.position.next = u64::from(self.position).into();
        self.bench.settle();
    }

    fn ticks(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.tick();
        }
    }

    fn report(&mut self, nack: bool, expected: u16) {
        let dut = &mut self.bench.block;
        dut.report_valid.next = true;
        dut.report_nack.next = nack;
        dut.report_expected.next = u64::from(expected).into();
        self.tick();
        self.bench.block.report_valid.next = false;
        self.bench.settle();
    }

    /// Starts a frame.
    fn start(&mut self) {
        assert!(!self.bench.block.hold_frames.val());
        self.bench.block.starts.next = true;
        self.tick();
        self.bench.block.starts.next = false;
        self.bench.block.idle.next = false;
        self.bench.settle();
    }

    /// Sends `blocks` of it, the last of them its end.
    fn finish(&mut self, blocks: usize) {
        for block in 0..blocks {
            self.bench.block.pop.next = true;
            self.bench.block.last.next = block + 1 == blocks;
            self.tick();
            self.position = self.position.wrapping_add(1);
        }
        self.bench.block.pop.next = false;
        self.bench.block.idle.next = true;
        self.bench.block.position.next = u64::from(self.position).into();
        self.bench.settle();
    }

    fn send(&mut self, blocks: usize) {
        self.start();
        self.finish(blocks);
    }

    fn state(&self) -> u64 {
        self.bench.block.state.val().to_u64()
    }

    fn tail(&self) -> u16 {
        self.bench.block.tail.val().to_u32() as u16
    }
}

/// `blocks` behind the first position.
const fn at(blocks: u16) -> u16 {
    FIRST.wrapping_add(blocks)
}

#[test]
fn begins_when_the_far_end_says_so() {
    for retry in [true, false] {
        let mut sender = Sender::new(retry);
        assert_eq!(sender.state(), state::OFF);
        assert!(sender.bench.block.discard_frames.val());
        sender.bench.block.down.next = false;
        sender.tick();
        assert_eq!(sender.state(), state::INIT);
        assert!(sender.bench.block.begins.val() && sender.bench.block.hold_frames.val());
        assert!(!sender.bench.block.discard_frames.val());
        // Reports that are lost, of another time, or not yet right.
        sender.ticks(50);
        for (nack, expected) in [(false, 17), (true, FIRST), (false, FIRST - 1)] {
            sender.report(nack, expected);
            assert_eq!(sender.state(), state::INIT);
        }
        // A frame whose rest is thrown away moves the position; only then it is told.
        sender.bench.block.dropping.next = true;
        sender.report(false, FIRST);
        assert_eq!(sender.state(), state::INIT);
        assert!(!sender.bench.block.begins.val());
        sender.bench.block.dropping.next = false;
        sender.position += 3;
        sender.tick();
        sender.report(false, FIRST);
        assert_eq!(sender.state(), state::INIT);
        sender.report(false, FIRST + 3);
        assert_eq!(sender.state(), state::ADVANCE);
        assert!(!sender.bench.block.begins.val() && !sender.bench.block.hold_frames.val());
        assert_eq!(sender.bench.block.tells.val(), !retry);
        sender.bench.block.down.next = true;
        sender.ticks(4);
        assert_eq!(sender.state(), state::OFF, "nothing to flush");
        sender.bench.replay();
    }
}

#[test]
fn frees_what_is_acknowledged() {
    let mut sender = Sender::up(true);
    for _ in 0..5 {
        sender.send(10);
    }
    assert!(sender.position < 100, "wrapped");
    for (expected, tail) in [
        (at(0), at(0)),
        (at(20), at(20)),
        (at(10), at(20)),
        (at(51), at(20)),
        (at(20).wrapping_add(0x8000), at(20)),
        (at(40), at(40)),
        (at(40), at(40)),
        (at(50), at(50)),
        (at(40), at(50)),
    ] {
        sender.report(false, expected);
        assert_eq!(sender.tail(), tail);
        assert_eq!(sender.state(), state::ADVANCE);
    }
    // All is acknowledged: time does not run.
    sender.ticks(3 * REPLAY_CYCLES);
    assert_eq!((sender.replays, sender.timeouts), (0, 0));
    sender.bench.replay();
}

#[test]
fn goes_back_between_frames() {
    let mut sender = Sender::up(true);
    sender.send(4);
    sender.send(5);
    sender.start();
    // Acknowledges the first frame, wants the second again; the third is under way.
    sender.report(true, at(4));
    assert!(sender.bench.block.hold_frames.val());
    assert_eq!(sender.state(), state::ADVANCE);
    sender.finish(7);
    assert!(sender.bench.block.rewind.val());
    sender.tick();
    assert_eq!((sender.state(), sender.position), (state::REPLAY, at(4)));
    // Again at once: the head is there already, and that does not count.
    sender.report(true, at(4));
    sender.ticks(2);
    assert_eq!((sender.state(), sender.replays), (state::REPLAY, 1));
    sender.send(5);
    assert_eq!(sender.state(), state::REPLAY);
    sender.report(true, at(4));
    sender.ticks(2);
    assert_eq!((sender.position, sender.replays), (at(4), 2));
    sender.send(5);
    sender.send(7);
    sender.tick();
    assert_eq!(sender.state(), state::ADVANCE);
    // A nack from before or beyond is not heard.
    sender.report(true, at(2));
    sender.report(true, at(17));
    sender.ticks(3);
    assert_eq!((sender.state(), sender.replays), (state::ADVANCE, 2));
    sender.report(false, at(16));
    assert_eq!(sender.tail(), at(16));
    sender.bench.replay();
}

#[test]
fn goes_back_when_time_runs_out_but_not_on_hold() {
    let mut sender = Sender::up(true);
    sender.send(4);
    sender.ticks(REPLAY_CYCLES / 2);
    sender.bench.block.hold.next = true;
    sender.ticks(3 * REPLAY_CYCLES);
    assert_eq!(sender.timeouts, 0);
    sender.bench.block.hold.next = false;
    sender.ticks(REPLAY_CYCLES / 2 + 2);
    assert_eq!((sender.timeouts, sender.replays), (1, 1));
    assert_eq!((sender.state(), sender.position), (state::REPLAY, at(0)));
    // A report that moves tail starts it anew; one that does not, does not.
    sender.send(4);
    sender.send(4);
    sender.ticks(REPLAY_CYCLES / 2);
    sender.report(false, at(4));
    sender.ticks(REPLAY_CYCLES - 3);
    sender.report(false, at(4));
    assert_eq!(sender.timeouts, 1);
    sender.ticks(6);
    assert_eq!((sender.timeouts, sender.position), (2, at(4)));
    sender.bench.replay();
}

/// An acknowledgement that comes late, when the head was put back: it goes forward, and what is being sent stays until then.
#[test]
fn goes_forward_to_what_is_acknowledged_late() {
    let mut sender = Sender::up(true);
    for _ in 0..3 {
        sender.send(5);
    }
    sender.report(true, at(0));
    sender.ticks(2);
    sender.start();
    sender.report(false, at(10));
    assert!(sender.bench.block.keep.val());
    sender.tick();
    assert!(sender.bench.block.hold_frames.val());
    sender.finish(5);
    sender.ticks(2);
    assert_eq!(sender.position, at(10));
    assert!(!sender.bench.block.keep.val());
    assert_eq!((sender.state(), sender.replays), (state::REPLAY, 1));
    sender.send(5);
    sender.tick();
    assert_eq!(sender.state(), state::ADVANCE);
    sender.bench.replay();
}

/// Sends two frames until the first is the last attempt.
fn until_final() -> Sender {
    let mut sender = Sender::up(true);
    sender.send(4);
    sender.send(5);
    for replay in 1..=REPLAY_LIMIT {
        assert!(!sender.bench.block.is_final.val());
        sender.report(true, at(0));
        sender.ticks(2);
        assert_eq!((sender.replays as u64, sender.position), (replay, at(0)));
        if replay < REPLAY_LIMIT {
            sender.send(4);
        }
    }
    assert!(sender.bench.block.is_final.val());
    sender
}

#[test]
fn gives_a_frame_up_after_so_many_attempts() {
    let mut sender = until_final();
    sender.start();
    assert!(!sender.bench.block.is_final.val());
    // Nothing that is said meanwhile counts.
    sender.report(true, at(0));
    sender.report(false, at(9));
    assert_eq!(sender.tail(), at(0));
    sender.finish(4);
    sender.ticks(2);
    assert_eq!((sender.finals, sender.tail()), (1, at(4)));
    assert!(sender.bench.block.tells.val() && !sender.bench.block.begins.val());
    assert!(sender.bench.block.hold_frames.val());
    for expected in [at(0), at(2), at(10)] {
        sender.report(expected == at(0), expected);
        assert!(sender.bench.block.tells.val());
    }
    sender.ticks(2 * REPLAY_CYCLES);
    assert_eq!(sender.timeouts, 0);
    sender.report(false, at(4));
    assert!(!sender.bench.block.tells.val() && !sender.bench.block.hold_frames.val());
    assert_eq!((sender.state(), sender.tail()), (state::REPLAY, at(4)));
    // The next one has all its attempts.
    sender.send(5);
    sender.report(true, at(4));
    sender.ticks(2);
    assert!(!sender.bench.block.is_final.val());
    sender.bench.replay();
}

#[test]
fn gives_nothing_up_that_is_acknowledged_at_last() {
    // While it waits,
    let mut sender = until_final();
    sender.report(false, at(4));
    assert!(!sender.bench.block.is_final.val());
    sender.ticks(3);
    assert_eq!(sender.position, at(4));
    sender.bench.replay();

    // as it starts,
    let mut sender = until_final();
    sender.bench.block.starts.next = true;
    sender.report(false, at(9));
    sender.bench.block.starts.next = false;
    sender.bench.block.idle.next = false;
    sender.finish(4);
    sender.ticks(3);
    assert!(!sender.bench.block.tells.val());
    assert_eq!((sender.position, sender.finals), (at(9), 0));
    assert_eq!(sender.state(), state::ADVANCE);
    sender.bench.replay();

    // and when it was sent: the far end is further on.
    let mut sender = until_final();
    sender.send(4);
    sender.ticks(2);
    sender.report(false, at(9));
    sender.ticks(3);
    assert_eq!((sender.position, sender.tail()), (at(9), at(9)));
    assert_eq!(sender.state(), state::ADVANCE);
    sender.bench.replay();
}

#[test]
fn flushes_what_was_sent_when_the_link_goes_down() {
    let mut sender = Sender::up(true);
    sender.send(4);
    sender.send(5);
    sender.send(6);
    sender.report(false, at(4));
    sender.start();
    sender.bench.block.down.next = true;
    sender.ticks(2);
    assert_eq!(sender.state(), state::FLUSH);
    assert!(
        !sender.bench.block.discard_frames.val(),
        "not before it is back"
    );
    sender.finish(3);
    sender.ticks(1);
    assert_eq!(sender.position, at(4));
    assert!(sender.bench.block.discard_frames.val());
    // Reports from before are not heard.
    sender.report(false, at(15));
    assert_eq!(sender.tail(), at(4));
    for blocks in [5, 6, 3] {
        assert_eq!(sender.state(), state::FLUSH);
        sender.finish(blocks);
        sender.bench.block.discarded.next = true;
        sender.tick();
        sender.bench.block.discarded.next = false;
    }
    sender.ticks(2);
    assert_eq!((sender.state(), sender.flushed), (state::OFF, 3));
    assert_eq!(sender.tail(), at(18));
    sender.bench.block.down.next = false;
    sender.ticks(2);
    sender.report(false, at(18));
    assert_eq!(sender.state(), state::ADVANCE);
    sender.bench.replay();
}

#[test]
fn lets_go_at_once_without_retry() {
    let mut sender = Sender::up(false);
    sender.send(4);
    sender.tick();
    assert_eq!(sender.tail(), at(4));
    for (nack, expected) in [(true, at(0)), (false, at(2))] {
        sender.report(nack, expected);
        sender.ticks(3);
        assert_eq!((sender.tail(), sender.position), (at(4), at(4)));
    }
    sender.start();
    sender.finish(100);
    assert_eq!((sender.replays, sender.timeouts), (0, 0));
    sender.bench.block.down.next = true;
    sender.tick();
    assert_eq!(sender.state(), state::OFF);
    sender.bench.replay();
}

/// To the block: a longest frame of 25 blocks, limits that come close to it from both sides, and go back.
#[test]
fn credit_opens_for_exactly_a_longest_frame() {
    let mut bench = Bench::recording(Credit::new(25));
    let mut random = Random::new(9);
    let (mut position, mut limit) = (65_000_u16, 0_u16);
    let mut opens = [0; 2];
    bench.block.reset.next = true;
    bench.clock();
    bench.block.reset.next = false;
    for cycle in 0..6_000 {
        let reports = random.one_in(20);
        if reports {
            limit = position.wrapping_add((random.below(80) as u16).wrapping_sub(20));
        }
        let closed = cycle % 500 == 0;
        let pop = !reports && random.bit();
        let dut = &mut bench.block;
        dut.report_valid.next = reports;
        dut.report_limit.next = u64::from(limit).into();
        dut.position.next = u64::from(position).into();
        dut.pop.next = pop;
        dut.closed.next = closed;
        bench.clock();
        position = position.wrapping_add(u16::from(pop));
        let settles = reports || closed;
        if settles {
            bench.block.report_valid.next = false;
            bench.block.pop.next = false;
            bench.block.closed.next = false;
            bench.block.position.next = u64::from(position).into();
            bench.clock();
        }
        let left = limit.wrapping_sub(position).cast_signed();
        if cycle > 20 {
            assert_eq!(bench.block.open.val(), left >= 25, "{left}");
            for (count, edge) in opens.iter_mut().zip([24, 25]) {
                *count += usize::from(left == edge);
            }
        }
    }
    assert!(opens.iter().all(|&count| count > 20), "{opens:?}");
    bench.replay();
}

#[test]
fn start_blocks_are_those_of_the_text() {
    let mut bench = Bench::recording(StartBlock::default());
    let mut random = Random::new(11);
    for _ in 0..500 {
        let (position, is_final) = (random.bits(16), random.bit());
        bench.block.position.next = position.into();
        bench.block.is_final.next = is_final;
        bench.clock();
        let [low, high] = std::array::from_fn(|i| u64::from(bench.block.block[i].val().to_u32()));
        assert_eq!(high << 32 | low, message::start(position as u16, is_final));
    }
    bench.replay();
}

#[test]
fn positions_are_told_at_once_and_again() {
    let mut bench = Bench::recording(PositionWriter::new(10));
    let mut told = Vec::new();
    bench.block.reset.next = true;
    bench.clock();
    bench.block.reset.next = false;
    for cycle in 0..60_u64 {
        let dut = &mut bench.block;
        dut.begins.next = (5..30).contains(&cycle);
        dut.tells.next = cycle >= 40;
        dut.hold.next = (50..55).contains(&cycle);
        dut.position.next = (0x8000 + cycle).into();
        bench.settle();
        let dut = &mut bench.block;
        // Taken two cycles later.
        let takes = dut.valid.val() && cycle != 5 && cycle != 40;
        if takes {
            let init = cycle < 30;
            let expected = message::position(init, 0x8000 + cycle as u16);
            assert_eq!(u64::from(dut.message.val().to_u32()), expected);
            told.push(cycle);
        }
        dut.taken.next = takes;
        bench.clock();
    }
    assert_eq!(told, [6, 17, 28, 41, 57]);
    bench.replay();
}
