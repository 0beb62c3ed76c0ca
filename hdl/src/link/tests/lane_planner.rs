//! Tests of [`LanePlanner`] and [`LinkState`]: losses, recovery, damping, and the state of the link.

use crate::link::{reason, LanePlanner, LinkState};
use crate::testbench::Bench;

const SETTLE: usize = 40;
const RECOVER: usize = 100;

/// A far end that sees `lanes` of the physical lanes, and the plan.
struct Rig {
    bench: Bench<LanePlanner<4, 5>>,
    lanes: u64,
}

impl Rig {
    fn new() -> Self {
        let bench = Bench::recording(LanePlanner::new(SETTLE, RECOVER, 3));
        Self { bench, lanes: 31 }
    }

    /// Runs for so many cycles; markers every 16, a report every 10.
    fn run(&mut self, cycles: usize) {
        for _ in 0..cycles {
            let dut = &self.bench.block;
            let mask = dut.slot_mask.val().to_u64();
            let spare = dut.spare_on.val().then(|| dut.spare_slot.val().to_u64());
            let (mut seen_lane, mut seen_unused, mut logical) = (0, self.lanes, 0);
            for slot in 0..4 {
                if mask >> slot & 1 == 1 {
                    let carrier = if spare == Some(slot) { 4 } else { slot };
                    seen_lane |= (self.lanes >> carrier & 1) << logical;
                    seen_unused &= !(1 << carrier);
                    logical += 1;
                }
            }
            let cycle = self.bench.cycle;
            let dut = &mut self.bench.block;
            dut.report.next = cycle.is_multiple_of(10);
            dut.seen_lane.next = seen_lane.into();
            dut.seen_unused.next = seen_unused.into();
            dut.at_marker.next = cycle.is_multiple_of(16);
            self.bench.clock();
        }
    }

    fn plan(&self) -> (u64, Option<u64>, u64) {
        let dut = &self.bench.block;
        let spare = dut.spare_on.val().then(|| dut.spare_slot.val().to_u64());
        (
            dut.slot_mask.val().to_u64(),
            spare,
            dut.width.val().to_u64(),
        )
    }
}

#[test]
fn spares_then_degrades_then_recovers() {
    let mut rig = Rig::new();
    rig.run(60);
    assert_eq!(rig.plan(), (15, None, 4));
    rig.lanes = 0b11011;
    rig.run(20);
    assert_eq!(
        rig.plan(),
        (15, Some(2), 4),
        "the spare takes lane 2's place"
    );
    rig.run(80);
    rig.lanes = 0b11010;
    rig.run(20);
    assert_eq!(rig.plan().2, 2, "two of three are left");
    rig.run(80);
    rig.lanes = 0b01000;
    rig.run(20);
    assert_eq!(rig.plan(), (8, None, 1));
    rig.run(80);
    rig.lanes = 0;
    rig.run(20);
    assert!(rig.bench.block.none.val());
    assert_eq!(rig.plan(), (15, None, 4), "all lanes, to come back");
    // All are seen again; five losses are damped until they are forgotten.
    rig.lanes = 31;
    rig.run(RECOVER + 60);
    assert!(rig.bench.block.damped.val());
    assert!(rig.bench.block.none.val());
    rig.run(3 * RECOVER);
    assert!(!rig.bench.block.damped.val() && !rig.bench.block.none.val());
    assert_eq!(rig.bench.block.lost.val().to_u64(), 0);
    rig.bench.replay();
}

#[test]
fn holds_a_lane_back_after_a_loss() {
    let mut rig = Rig::new();
    rig.run(60);
    rig.lanes = 0b11110;
    rig.run(20);
    assert_eq!(rig.plan(), (15, Some(0), 4));
    rig.lanes = 31;
    rig.run(RECOVER - 40);
    assert_eq!(rig.plan(), (15, Some(0), 4), "held back");
    rig.run(80);
    assert_eq!(rig.plan(), (15, None, 4), "counts again");
    rig.bench.block.tx_fault.next = 2_u64.into();
    rig.run(3);
    assert_eq!(
        rig.plan(),
        (15, Some(1), 4),
        "a broken driver needs no report"
    );
    rig.bench.replay();
}

#[test]
fn goes_up_and_down_with_a_reason() {
    let mut bench = Bench::recording(LinkState::new(10, 20));
    let mut run = |ready: [bool; 5], cycles: usize| {
        let [aligned, hi_ber, remote_fault, blocks, markers] = ready;
        let dut = &mut bench.block;
        dut.aligned.next = aligned;
        dut.hi_ber.next = hi_ber;
        dut.remote_fault.next = remote_fault;
        dut.blocks_lock.next = blocks;
        dut.markers_lock.next = markers;
        for _ in 0..cycles {
            bench.clock();
        }
        let dut = &bench.block;
        let hold = dut.hold.val();
        (
            dut.up.val(),
            dut.reason.val().to_u64(),
            hold,
            dut.discard.val(),
        )
    };
    let good = [true, false, false, true, true];
    let down = |reason| (false, reason, true, true);
    assert_eq!(run(good, 10), (false, reason::NEVER_UP, true, true));
    assert_eq!(run(good, 1), (true, 0, false, false));
    // A short loss holds frames and the link stays up.
    assert_eq!(
        run([false, false, false, false, true], 20),
        (true, 0, true, false)
    );
    assert_eq!(run(good, 1), (true, 0, false, false));
    let losses = [
        ([false, false, false, false, false], reason::NO_BLOCK_LOCK),
        ([false, false, false, true, false], reason::NO_MARKER_LOCK),
        ([false, false, false, true, true], reason::NOT_ALIGNED),
        ([true, false, true, true, true], reason::REMOTE_FAULT),
    ];
    for (loss, why) in losses {
        assert!(run(loss, 20).0);
        assert_eq!(run(loss, 1), down(why));
        assert!(run(good, 11).0);
    }
    assert_eq!(
        run([true, true, false, true, true], 1),
        down(reason::HIGH_BER)
    );
    bench.replay();
}
