//! Tests of [`Link`]: two of them, lane to lane through wires that delay, lose and damage.

use std::collections::VecDeque;

use crate::cosim::Random;
use crate::ingress::crc32;
use crate::link::{Link, LinkConfig, LinkOptions};
use crate::target::Target;
use crate::testbench::Bench;

type Link4x16 = Link<4, 1, 5, 16, 4, 5, 2, 8, 3, 12, 1, 0, 9>;

const MARKER_PERIOD: usize = 64;
const LANE_BEATS: usize = 4;
const PHYSICAL: usize = 5;

/// One beat of a lane.
#[derive(Clone, Copy, Default)]
struct Beat {
    data: u64,
    header: u64,
    first: bool,
    valid: bool,
}

/// A fibre of five lanes.
struct Fiber {
    lanes: [VecDeque<Beat>; PHYSICAL],
    dark: u64,
    /// One beat in so many has a bit wrong; 0: none.
    error: u32,
}

impl Fiber {
    fn new(delays: [usize; PHYSICAL]) -> Self {
        Self {
            lanes: delays.map(|delay| VecDeque::from(vec![Beat::default(); delay])),
            dark: 0,
            error: 0,
        }
    }
}

/// Frames of one direction.
#[derive(Default)]
struct Flow {
    sent: VecDeque<Vec<u8>>,
    /// The last one of `sent` is being offered, from `position` on.
    is_offered: bool,
    position: usize,
    open: Vec<u8>,
    delivered: usize,
    poisoned: usize,
    lost: usize,
}

/// Two links and what lies between them; end 0 sends to end 1 through `fiber[0]`.
struct Pair {
    end: [Bench<Link4x16>; 2],
    fiber: [Fiber; 2],
    flow: [Flow; 2],
    random: Random,
    /// Frames are offered.
    offers: bool,
    cycle: usize,
    downs: usize,
    underruns: usize,
}

impl Pair {
    fn new(seed: u64, record: bool) -> Self {
        let link = || {
            Link4x16::new(&LinkOptions {
                marker_period: MARKER_PERIOD,
                ..LinkConfig::named("4x16-plain")
                    .unwrap()
                    .options(Target::Generic)
            })
        };
        let first = if record {
            Bench::recording(link())
        } else {
            Bench::new(link())
        };
        let mut pair = Self {
            end: [first, Bench::new(link())],
            fiber: [
                Fiber::new([10, 13, 11, 17, 12]),
                Fiber::new([9, 9, 20, 9, 9]),
            ],
            flow: [Flow::default(), Flow::default()],
            random: Random::new(seed),
            offers: false,
            cycle: 0,
            downs: 0,
            underruns: 0,
        };
        for end in &mut pair.end {
            end.block.reset.next = true;
            end.clock();
            end.block.reset.next = false;
        }
        pair
    }

    fn step(&mut self) {
        let ready = !self.cycle.is_multiple_of(33);
        for end in 0..2 {
            self.offer(end);
            let dut = &mut self.end[end].block;
            dut.oei.tx_ready.next = ready;
            dut.rx.tready.next = true;
            let fiber = &mut self.fiber[1 - end];
            let (mut valid, mut first) = (0, 0);
            for lane in 0..PHYSICAL {
                let mut beat = if ready {
                    fiber.lanes[lane].pop_front().unwrap()
                } else {
                    Beat::default()
                };
                if fiber.error > 0 && self.random.one_in(fiber.error) {
                    beat.data ^= 1 << self.random.below(16);
                }
                dut.oei.rx_data[lane].next = beat.data.into();
                dut.oei.rx_hdr[lane].next = beat.header.into();
                valid |= u64::from(beat.valid) << lane;
                first |= u64::from(beat.first && beat.valid) << lane;
            }
            dut.oei.rx_data_valid.next = valid.into();
            dut.oei.rx_hdr_valid.next = first.into();
            dut.oei.rx_los.next = fiber.dark.into();
            self.end[end].settle();
        }
        for end in 0..2 {
            let dut = &self.end[end].block;
            if ready {
                for lane in 0..PHYSICAL {
                    let beat = Beat {
                        data: dut.oei.tx_data[lane].val().to_u64(),
                        header: dut.oei.tx_hdr[lane].val().to_u64(),
                        first: dut.oei.tx_hdr_valid[lane].val(),
                        valid: dut.oei.tx_data_valid[lane].val(),
                    };
                    self.fiber[end].lanes[lane].push_back(beat);
                }
            }
            self.downs += usize::from(dut.stat.went_down.val());
            self.underruns += usize::from(dut.stat.tx_underrun.val());
            self.take(end);
        }
        for end in &mut self.end {
            end.clock();
        }
        self.cycle += 1;
    }

    /// Offers the next beat of `end`'s frame, and makes a new one when there is none.
    fn offer(&mut self, end: usize) {
        let flow = &mut self.flow[end];
        if self.offers && !flow.is_offered {
            flow.is_offered = true;
            let length = 60 + self.random.below(500);
            let mut bytes: Vec<u8> = (0..length).map(|_| self.random.bits(8) as u8).collect();
            bytes.extend((!crc32::update(crc32::INITIAL, &bytes)).to_le_bytes());
            flow.sent.push_back(bytes);
        }
        let dut = &mut self.end[end].block;
        dut.tx.tvalid.next = false;
        if let (true, Some(frame)) = (flow.is_offered, flow.sent.back()) {
            let beat = &frame[flow.position..frame.len().min(flow.position + 8)];
            let byte = |i: usize| u64::from(*beat.get(i).unwrap_or(&0)) << (8 * (i % 4));
            dut.tx.tdata[0].next = (0..4).map(byte).sum::<u64>().into();
            dut.tx.tdata[1].next = (4..8).map(byte).sum::<u64>().into();
            dut.tx.tkeep.next = ((1_u64 << beat.len()) - 1).into();
            dut.tx.tlast.next = flow.position + beat.len() == frame.len();
            dut.tx.tvalid.next = true;
        }
    }

    /// Moves on if the beat was taken, and reads what arrives from the other end.
    fn take(&mut self, end: usize) {
        let dut = &self.end[end].block;
        let flow = &mut self.flow[end];
        if dut.tx.tvalid.val() && dut.tx.tready.val() {
            flow.position += 8;
            if dut.tx.tlast.val() {
                (flow.is_offered, flow.position) = (false, 0);
            }
        }
        let flow = &mut self.flow[1 - end];
        if dut.rx.tvalid.val() {
            let words = [0, 1].map(|word| dut.rx.tdata[word].val().to_u32().to_le_bytes());
            let count = dut.rx.tkeep.val().to_u64().count_ones() as usize;
            flow.open.extend(&words.concat()[..count]);
            if dut.rx.tlast.val() {
                let bytes = std::mem::take(&mut flow.open);
                // What the switch's ingress would say of it.
                let is_good = crc32::update(crc32::INITIAL, &bytes) == crc32::good_residue(0);
                if dut.rx.tuser.val() || !is_good {
                    flow.poisoned += 1;
                } else if let Some(found) = flow.sent.iter().position(|sent| *sent == bytes) {
                    flow.lost += found;
                    flow.sent.drain(..=found);
                    flow.delivered += 1;
                } else {
                    panic!(
                        "cycle {}: a frame that was never sent, or twice",
                        self.cycle
                    );
                }
            }
        }
    }

    fn run(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.step();
        }
    }

    /// Runs until both ends are up; cycles it took.
    fn bring_up(&mut self) -> usize {
        let start = self.cycle;
        while !self.end.iter().all(|end| end.block.status.up.val()) {
            self.step();
            let locks = self.end[0].block.status.marker_lock.val().to_u64();
            assert!(
                self.cycle - start < 20_000,
                "not up, marker lock {locks:05b}"
            );
        }
        self.cycle - start
    }
}

#[test]
fn comes_up_and_carries_frames_both_ways() {
    let mut pair = Pair::new(1, true);
    let cycles = pair.bring_up();
    eprintln!("up after {cycles} cycles, {} rows", cycles / LANE_BEATS);
    pair.offers = true;
    pair.run(4_000);
    pair.offers = false;
    pair.run(400);
    for flow in &pair.flow {
        assert!(flow.delivered > 60, "{} delivered", flow.delivered);
        assert_eq!((flow.poisoned, flow.lost, flow.sent.len()), (0, 0, 0));
    }
    assert_eq!((pair.downs, pair.underruns), (0, 0));
    let [first, _] = pair.end;
    first.replay();
}

#[test]
fn moves_a_dead_lane_to_the_spare_and_stays_up() {
    let mut pair = Pair::new(2, false);
    pair.bring_up();
    pair.offers = true;
    pair.run(1_000);
    pair.fiber[0].dark = 4;
    let dies = pair.cycle;
    while pair.end[1].block.status.aligned.val() {
        pair.step();
    }
    let detected = pair.cycle;
    while !pair.end[1].block.status.aligned.val() {
        pair.step();
        assert!(pair.cycle - detected < 4_000, "not aligned again");
    }
    let period = MARKER_PERIOD * LANE_BEATS;
    let (detection, recovery) = (detected - dies, pair.cycle - detected);
    eprintln!("detected after {detection} cycles, aligned again after {recovery}, period {period}");
    // A marker period, the way there and back, deskew; the beats that gearboxes stall come on top.
    assert!(recovery < (period + 200) * 34 / 32, "{recovery}");
    pair.run(3_000);
    pair.offers = false;
    pair.run(400);
    assert_eq!(pair.downs, 0, "the port stays up");
    let dut = &pair.end[0].block;
    assert_eq!(
        (
            dut.status.tx_width.val().to_u64(),
            dut.status.tx_lost.val().to_u64()
        ),
        (4, 4)
    );
    assert!(pair.flow[0].delivered > 40 && pair.flow[1].delivered > 40);
    assert!(pair.flow[0].lost + pair.flow[0].poisoned > 0);
}

#[test]
fn halves_the_width_without_a_spare_and_comes_back() {
    let mut pair = Pair::new(3, false);
    pair.bring_up();
    pair.fiber[0].dark = 0b10100;
    pair.run(2_000);
    let widths = |pair: &Pair| {
        let [near, far] = &pair.end;
        (
            near.block.status.tx_width.val().to_u64(),
            far.block.status.rx_width.val().to_u64(),
        )
    };
    assert_eq!(widths(&pair), (2, 2));
    pair.offers = true;
    pair.run(4_000);
    pair.offers = false;
    pair.run(600);
    assert_eq!(pair.downs, 0, "the port stays up");
    assert!(pair.flow[0].delivered > 25 && pair.flow[1].delivered > 60);
    assert_eq!((pair.flow[0].lost, pair.flow[0].sent.len()), (0, 0));
    pair.fiber[0].dark = 0b11110;
    pair.run(3_000);
    assert_eq!(widths(&pair), (1, 1));
    pair.fiber[0].dark = 0;
    pair.run(32 * MARKER_PERIOD * LANE_BEATS + 4_000);
    assert_eq!(widths(&pair), (4, 4), "held back, then all lanes again");
    assert_eq!(pair.downs, 0);
}

#[test]
fn never_delivers_what_was_damaged() {
    let mut pair = Pair::new(4, false);
    pair.bring_up();
    pair.offers = true;
    pair.fiber[0].error = 500;
    pair.run(12_000);
    pair.fiber[0].error = 0;
    pair.run(1_000);
    // `take` looks each good frame up among those that were sent.
    let flow = &pair.flow[0];
    assert!(flow.poisoned > 20, "{} poisoned", flow.poisoned);
    assert!(flow.delivered > 20 && pair.flow[1].delivered > 200);
    assert_eq!(pair.flow[1].poisoned, 0);
}

#[test]
fn goes_down_with_a_reason_when_all_lanes_are_dark() {
    let mut pair = Pair::new(5, false);
    pair.bring_up();
    pair.fiber[1].dark = 31;
    pair.run(6 * MARKER_PERIOD * LANE_BEATS);
    assert_eq!(pair.downs, 2, "both ends are of one mind");
    let reasons = [0, 1].map(|end| pair.end[end].block.status.down_reason.val().to_u64());
    assert_eq!(reasons, [9, 203]);
    pair.fiber[1].dark = 0;
    pair.bring_up();
}

#[test]
fn a_lane_that_dies_both_ways_is_spared_both_ways() {
    let mut pair = Pair::new(6, false);
    pair.bring_up();
    pair.offers = true;
    pair.run(1_000);
    pair.fiber[0].dark = 4;
    pair.fiber[1].dark = 4;
    pair.run(20);
    let aligned = |pair: &Pair| {
        pair.end
            .each_ref()
            .map(|end| end.block.status.aligned.val())
    };
    assert_eq!(
        aligned(&pair),
        [false, false],
        "neither end hears the other"
    );
    let start = pair.cycle;
    while aligned(&pair) != [true, true] {
        pair.step();
        assert!(pair.cycle - start < 4_000, "not aligned again");
    }
    let recovery = pair.cycle - start;
    assert!(
        recovery < (MARKER_PERIOD * LANE_BEATS + 200) * 34 / 32,
        "{recovery}"
    );
    pair.run(4_000);
    pair.offers = false;
    pair.run(400);
    assert_eq!(pair.downs, 0, "the port stays up");
    for (end, flow) in pair.end.iter().zip(&pair.flow) {
        let dut = &end.block;
        assert_eq!(dut.status.tx_lost.val().to_u64(), 4, "the far end has told");
        assert_eq!(dut.status.tx_width.val().to_u64(), 4);
        assert!(flow.delivered > 60, "{} delivered", flow.delivered);
    }
}

#[test]
fn lanes_that_die_crosswise_are_found_by_trying() {
    let mut pair = Pair::new(7, false);
    pair.bring_up();
    pair.fiber[0].dark = 4;
    pair.fiber[1].dark = 1;
    let start = pair.cycle;
    let is_up = |pair: &Pair| pair.end.iter().all(|end| end.block.status.up.val());
    pair.run(20);
    while !(is_up(&pair) && pair.end.iter().all(|end| end.block.status.aligned.val())) {
        pair.step();
        let tries = (pair.cycle - start) / (2 * MARKER_PERIOD * LANE_BEATS);
        assert!(tries < 20, "not up again");
    }
    pair.run(4_000);
    let lost = pair
        .end
        .each_ref()
        .map(|end| end.block.status.tx_lost.val().to_u64());
    assert_eq!(lost, [4, 1]);
    pair.offers = true;
    pair.run(2_000);
    assert!(pair.flow.iter().all(|flow| flow.delivered > 20));
}

#[test]
fn comes_up_with_a_lane_that_was_never_there() {
    let mut pair = Pair::new(8, false);
    pair.fiber[0].dark = 2;
    pair.fiber[1].dark = 2;
    pair.bring_up();
    pair.offers = true;
    pair.run(2_000);
    assert!(pair.flow.iter().all(|flow| flow.delivered > 20));
}
