//! The link's twin from blocks to blocks, through every fault of its fiber.

use lightswitch_hdl::pcs::marker::Marker;
use lightswitch_sim::link::{
    Bits, Block, Counts, Errors, Fiber, Framer, Plan, Received, Receiver, Size, Transmitter,
    BLOCK_BITS,
};
use lightswitch_sim::rng::Rng;

/// Inverse of [`SPREAD`] modulo 2^64.
const GATHER: u64 = 0xf1de_83e1_9937_733d;
/// Makes payloads of numbers.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// Depth of the deskew FIFOs.
const DESKEW_BLOCKS: usize = 8;
/// Every size of link.
const SIZES: [(usize, usize); 8] = [
    (1, 0),
    (1, 1),
    (2, 0),
    (2, 1),
    (4, 0),
    (4, 1),
    (8, 0),
    (8, 1),
];

/// One direction of a link.
struct Link {
    size: Size,
    transmitter: Transmitter,
    fiber: Fiber,
    framers: Vec<Framer>,
    receiver: Receiver,
    sent: u64,
    received: Vec<Received>,
}

/// Block number `number`: no two are alike.
fn block(number: u64) -> Block {
    let payload = number.wrapping_mul(SPREAD);
    if number % 3 == 1 {
        Block::control(payload)
    } else {
        Block::data(payload)
    }
}

impl Link {
    fn new((lanes, spares): (usize, usize), marker_period: usize, seed: u64) -> Self {
        let size = Size {
            lanes,
            spares,
            marker_period,
        };
        Self {
            size,
            transmitter: Transmitter::new(size),
            fiber: Fiber::new(size.physical(), seed, 0),
            framers: vec![Framer::default(); size.physical()],
            receiver: Receiver::new(size, DESKEW_BLOCKS),
            sent: 0,
            received: Vec::new(),
        }
    }

    fn lanes(&self) -> usize {
        self.size.physical()
    }

    fn row(&mut self) {
        let mut lanes = vec![Bits::new(); self.lanes()];
        let sent = &mut self.sent;
        self.transmitter.row(&mut lanes, || {
            *sent += 1;
            block(*sent - 1)
        });
        for (lane, segments) in self.fiber.pass(&lanes).into_iter().enumerate() {
            for segment in segments {
                self.framers[lane].push(&segment.bits);
                while let Some(block) = self.framers[lane].next_block() {
                    if !segment.lit {
                        self.receiver.dark(lane);
                    } else if self.receiver.block(lane, block) {
                        self.framers[lane].slip();
                    }
                }
            }
        }
        while let Some(block) = self.receiver.take() {
            self.received.push(block);
        }
    }

    fn rows(&mut self, rows: usize) {
        (0..rows).for_each(|_| self.row());
    }

    /// Rows until it is aligned.
    fn align(&mut self, limit: usize) -> usize {
        let taken = (1..limit).find(|_| {
            self.row();
            self.receiver.is_aligned()
        });
        taken.expect("the link aligns")
    }

    /// Rows until it is aligned and far from a marker.
    fn settle(&mut self) {
        self.align(20_000);
        self.rows(3 * self.size.marker_period / 2);
        while self.sent % 7 != 3 {
            self.row();
        }
    }

    /// The blocks received are those sent, in order, none missing after the first that was good. How many there are.
    fn check_unbroken(&self) -> usize {
        let good = self.received.iter().skip_while(|received| received.is_bad);
        let mut expected = None;
        let mut count = 0;
        for received in good {
            assert!(!received.is_bad);
            let number = expected.unwrap_or_else(|| received.block.payload.wrapping_mul(GATHER));
            assert!(number < self.sent);
            assert_eq!(received.block, block(number));
            expected = Some(number + 1);
            count += 1;
        }
        count
    }

    fn seen(&self) -> Seen {
        let counts = self.receiver.counts();
        let sum = |of: &[u64]| of.iter().sum::<u64>();
        Seen {
            headers: sum(&counts.header_errors),
            bip: sum(&counts.bip_errors),
            markers: sum(&counts.missed_markers),
        }
    }
}

/// Sums of what the receiver counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    headers: u64,
    bip: u64,
    markers: u64,
}

/// A permutation of `count` things.
fn shuffled(count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, rng.below(last as u32 + 1) as usize);
    }
    order
}

#[test]
fn the_constant_of_the_test_is_an_inverse() {
    assert_eq!(SPREAD.wrapping_mul(GATHER), 1);
}

#[test]
fn blocks_come_out_as_they_went_in_through_any_skew_swap_polarity_and_phase() {
    let mut rng = Rng::new(21, 0);
    let (mut phases, mut most_skew) = ([false; BLOCK_BITS], 0);
    for round in 0..160_u64 {
        let mut link = Link::new(SIZES[round as usize % 8], 16, round);
        let lanes = link.lanes();
        link.fiber.swap(&shuffled(lanes, &mut rng));
        let mut skews = Vec::new();
        for lane in 0..lanes {
            // The spare is a row late by itself.
            let skew = rng.below(66 * (DESKEW_BLOCKS as u32 - 1)) as usize;
            let phase = rng.below(66) as usize;
            phases[phase] = true;
            skews.push(skew);
            link.fiber.set_delay(lane, skew);
            link.fiber.set_inverted(lane, rng.below(2) == 1);
            link.framers[lane] = Framer::new(phase);
        }
        most_skew = most_skew.max(skews.iter().max().unwrap() - skews.iter().min().unwrap());
        // 66 phases, each seen to be wrong within a few blocks; then block lock, polarity and two markers.
        link.align(1_000);
        let before = link.seen();
        link.rows(100);
        let blocks = link.check_unbroken();
        assert!(blocks > 90 * link.size.lanes, "{blocks} in round {round}");
        assert_eq!(link.seen(), before, "nothing is wrong in round {round}");
        assert_eq!(link.receiver.counts().losses, 0);
    }
    assert!(phases.iter().all(|seen| *seen));
    assert!(most_skew > 66 * 6, "{most_skew}");
}

#[test]
fn aligns_on_the_second_marker_after_block_lock() {
    for period in [16, 64, 1_024] {
        let mut link = Link::new((4, 0), period, 0);
        // 64 headers lock; the next marker row after that is the first, one period on is the second.
        let first = 64_usize.div_ceil(period) * period;
        assert_eq!(link.align(10_000), first + period + 1);
    }
}

#[test]
fn more_skew_than_the_fifos_hold_keeps_it_down_and_says_why() {
    for (blocks, fits) in [(7, true), (9, false)] {
        let mut link = Link::new((4, 0), 32, 3);
        link.fiber.set_delay(2, 66 * blocks);
        link.rows(1_000);
        assert_eq!(link.receiver.is_aligned(), fits);
        // While it locks, the FIFOs of the other lanes overflow in any case.
        let before = link.receiver.counts().overflows;
        link.rows(200);
        assert_eq!(link.receiver.counts().overflows == before, fits);
    }
}

#[test]
fn two_lanes_that_claim_to_be_the_same_never_align() {
    let mut link = Link::new((4, 1), 16, 4);
    link.fiber.swap(&[0, 1, 2, 2, 4]);
    link.rows(2_000);
    assert!(!link.receiver.is_aligned() && link.received.is_empty());
    let marker = |lane| link.receiver.marker(lane);
    assert_eq!(marker(2), Some(Marker::Data { lane: 2, width: 4 }));
    assert_eq!(marker(2), marker(3));
}

#[test]
fn a_single_wrong_bit_is_seen_wherever_it_is() {
    let mut of_marker = [0; 3];
    let mut link = Link::new((4, 1), 16, 5);
    link.settle();
    let mut rng = Rng::new(22, 0);
    for _ in 0..3_000 {
        link.received.clear();
        let before = (link.seen(), link.sent);
        let lane = rng.below(5) as usize;
        let bit = rng.below(16 * 66);
        let (row, bit) = (bit / 66, bit % 66);
        link.fiber.flip(lane, u64::from(66 * row + bit));
        // Rows are whole here, so that row is known.
        let mut is_marker = false;
        for number in 0..=row {
            let blocks = link.sent;
            link.row();
            is_marker = number == row && link.sent == blocks && lane < 4;
        }
        link.rows(34);
        let after = link.seen();
        let headers = after.headers - before.0.headers;
        let bip = after.bip - before.0.bip;
        let markers = after.markers - before.0.markers;
        let changed = changed_bits(&link, before.1);
        if is_marker {
            // Header and M bytes: missed, and its parity is not read. BIP3: differs itself, and is in the next parity.
            match bit {
                0..=1 => assert_eq!((headers, markers), (1, 1)),
                26..=33 => assert_eq!((headers, bip, markers), (0, 2, 0)),
                58..=65 => assert_eq!((headers, bip, markers), (0, 1, 0)),
                _ => assert_eq!((headers, bip, markers), (0, 1, 1)),
            }
            of_marker[usize::from(bit >= 2) + usize::from(markers == 0)] += 1;
            assert_eq!(changed, 0);
        } else if lane < 4 {
            assert_eq!((headers, bip, markers), (u64::from(bit < 2), 1, 0));
            assert_eq!(changed, if bit < 2 { 0 } else { 3 });
        } else {
            assert!(headers + bip + markers > 0);
            assert_eq!(changed, 0, "the spare carries nothing that counts");
        }
    }
    assert!(of_marker.iter().all(|count| *count > 2), "{of_marker:?}");
    assert_eq!(link.receiver.counts().losses, 0);
}

/// Bits of payload that differ in the blocks received since they were cleared, none of which may be missing.
fn changed_bits(link: &Link, from: u64) -> u32 {
    // What was on its way when they were cleared.
    let number = |received: &Received| received.block.payload.wrapping_mul(GATHER);
    let numbers = link.received.iter().enumerate().map(|(at, received)| {
        let first = number(received).wrapping_sub(at as u64);
        (first <= from).then_some(first)
    });
    let first = numbers.flatten().next().expect("most blocks are right");
    let blocks = link.received.iter().enumerate();
    blocks
        .map(|(at, received)| {
            let expected = block(first + at as u64);
            let is_bad = received.block.header != expected.header;
            assert_eq!(received.is_bad, is_bad, "a single bit is always seen");
            (received.block.payload ^ expected.payload).count_ones()
        })
        .sum()
}

#[test]
fn a_burst_is_never_silent_where_blocks_carry_data() {
    let mut rng = Rng::new(23, 0);
    let (mut by_header, mut by_parity, mut by_block_alone) = (0, 0, 0);
    let mut link = Link::new((4, 0), 16, 6);
    link.settle();
    for _ in 0..1_000 {
        link.received.clear();
        let before = (link.seen(), link.sent);
        let lane = rng.below(4) as usize;
        let length = 1 + u64::from(rng.below(66));
        let start = u64::from(rng.below(16 * 66));
        for bit in 0..length {
            if bit == 0 || bit == length - 1 || rng.below(2) == 1 {
                link.fiber.flip(lane, start + bit);
            }
        }
        link.rows(50);
        let after = link.seen();
        let headers = after.headers > before.0.headers;
        let parity = after.bip > before.0.bip || after.markers > before.0.markers;
        let first = link.received[0].block.payload.wrapping_mul(GATHER);
        let changed = link
            .received
            .iter()
            .enumerate()
            .any(|(at, received)| received.block != block(first.wrapping_add(at as u64)));
        assert!(headers || parity || changed, "{lane} {start} {length}");
        by_header += u32::from(headers);
        by_parity += u32::from(parity);
        by_block_alone += u32::from(changed && !headers && !parity);
        assert!(link.receiver.is_aligned());
    }
    assert!(by_header > 50 && by_parity > 500, "{by_header} {by_parity}");
    assert!(by_block_alone > 0, "parity is blind to pairs");
}

#[test]
fn plans_change_without_a_block_lost() {
    let mut rng = Rng::new(24, 0);
    for (lanes, spares) in SIZES.into_iter().filter(|(lanes, _)| *lanes > 1) {
        let mut link = Link::new((lanes, spares), 16, 7);
        for lane in 0..link.lanes() {
            link.fiber
                .set_delay(lane, rng.below(66 * (DESKEW_BLOCKS as u32 - 2)) as usize);
        }
        link.settle();
        let mut widths = [false; 9];
        for _ in 0..60 {
            let width = 1 << rng.below(lanes.ilog2() + 1);
            let slots = &shuffled(lanes, &mut rng)[..width];
            let plan = Plan {
                slot_mask: slots.iter().fold(0, |mask, slot| mask | 1 << slot),
                spare_slot: (spares == 1 && rng.below(3) > 0)
                    .then(|| rng.below(lanes as u32) as usize),
            };
            link.transmitter.set_plan(plan);
            link.rows(16 + rng.below(40) as usize);
            assert_eq!(link.transmitter.plan(), plan);
            widths[link.receiver.chosen().len()] = true;
        }
        assert!(link.check_unbroken() > 500);
        assert_eq!(link.receiver.counts().losses, 0);
        let all = (0..=lanes.ilog2()).all(|log| widths[1 << log]);
        assert!(all, "{widths:?}");
    }
}

#[test]
fn a_lost_lane_is_said_and_the_spare_or_fewer_lanes_take_over() {
    let plans = [
        (
            1,
            Plan {
                slot_mask: 0b1111,
                spare_slot: Some(2),
            },
        ),
        (
            0,
            Plan {
                slot_mask: 0b0011,
                spare_slot: None,
            },
        ),
        (
            0,
            Plan {
                slot_mask: 0b1000,
                spare_slot: None,
            },
        ),
    ];
    for (spares, plan) in plans {
        let mut link = Link::new((4, spares), 16, 8);
        link.settle();
        let before = link.check_unbroken();
        assert!(before > 60);
        link.fiber.lose(2, usize::MAX);
        link.row();
        assert!(!link.receiver.is_aligned(), "at once");
        assert_eq!(link.receiver.counts().losses, 1);
        link.rows(40);
        assert!(!link.receiver.is_aligned());
        link.check_unbroken();
        link.transmitter.set_plan(plan);
        link.received.clear();
        link.align(16 + 2 + DESKEW_BLOCKS);
        link.rows(50);
        assert!(link.check_unbroken() > 30);
        // Back to what was.
        link.fiber.lose(2, 0);
        link.rows(200);
        assert!(link.receiver.marker(2).is_some());
        link.transmitter.set_plan(Plan::full(4));
        link.rows(40);
        assert_eq!(link.receiver.chosen(), [0, 1, 2, 3]);
        link.check_unbroken();
        assert_eq!(link.receiver.counts().losses, 1);
    }
}

#[test]
fn stuck_lanes_lose_their_lock() {
    for level in [false, true] {
        let mut link = Link::new((2, 0), 16, 9);
        link.settle();
        link.fiber.set_stuck(1, Some(level));
        link.rows(70);
        assert!(!link.receiver.is_aligned() && !link.receiver.has_blocks(1));
        assert!(link.receiver.has_blocks(0));
        link.fiber.set_stuck(1, None);
        link.align(2_000);
    }
}

#[test]
fn the_error_monitor_wakes_between_the_rates_it_should() {
    for (rate, high) in [(1e-5, false), (1e-3, true)] {
        let mut link = Link::new((4, 0), 1_024, 10);
        link.settle();
        for lane in 0..4 {
            let burst_bits = 1;
            link.fiber.set_errors(lane, Errors { rate, burst_bits });
        }
        let mut seen = false;
        for _ in 0..14_000 {
            link.row();
            seen |= link.receiver.hi_ber();
        }
        assert_eq!(seen, high, "{rate}");
        let counts: &Counts = link.receiver.counts();
        let bits: u64 = (0..4).map(|lane| link.fiber.flipped(lane)).sum();
        assert!(counts.header_errors.iter().sum::<u64>() <= bits);
        assert!(bits > 20);
    }
}
