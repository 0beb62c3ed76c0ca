//! Tests of [`PcsTx`]: the lanes' bit streams against a reference that works bit by bit from `docs/link.md`.

use std::collections::{BTreeSet, VecDeque};

use crate::cosim::Random;
use crate::pcs::pcs_tx::PcsTx;
use crate::testbench::Bench;

/// A lane plan as the transmitter takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    slot_mask: usize,
    spare_on: bool,
    spare_slot: usize,
}

/// Header with bit 0 first on the wire, and payload.
type Block = (u8, u64);

const DATA: u8 = 0b10;
const CONTROL: u8 = 0b01;

/// What a run has reached.
#[derive(Debug, Default)]
struct Reached {
    blocks: usize,
    fillers: usize,
    stalls: usize,
    refused_plans: usize,
    markers: BTreeSet<[u8; 3]>,
    widths: BTreeSet<u32>,
    spared: BTreeSet<usize>,
}

/// M0, M1, M2 of a logical lane, as the table of `docs/link.md` has it.
fn data_marker(lane: usize, width: usize, lanes: usize) -> [u8; 3] {
    let number = match (width == lanes, width) {
        (true, _) if lane < 4 => {
            return [
                [0x90, 0x76, 0x47],
                [0xf0, 0xc4, 0xe6],
                [0xc5, 0x65, 0x9b],
                [0xa2, 0x79, 0x3d],
            ][lane]
        }
        (true, _) => lane,
        (_, 1) => 1,
        (_, 2) => 2 + lane,
        _ => 8 + lane,
    };
    [0x2e, 0x53, nibbles(number)]
}

/// M0, M1, M2 of an unused physical lane.
fn unused_marker(lane: usize) -> [u8; 3] {
    [0x71, 0xb8, nibbles(lane)]
}

fn nibbles(number: usize) -> u8 {
    ((15 - number) * 16 + number) as u8
}

fn marker([m0, m1, m2]: [u8; 3], bip: u8) -> Block {
    let payload = [m0, m1, m2, bip, !m0, !m1, !m2, !bip];
    (CONTROL, u64::from_le_bytes(payload))
}

/// BIP-8 of a block, bit by bit.
fn bip((header, payload): Block) -> u8 {
    let mut sum = (header & 1) << 3 ^ (header >> 1) << 4;
    for bit in 0..64 {
        sum ^= ((payload >> bit & 1) as u8) << (bit % 8);
    }
    sum
}

/// x^58 + x^39 + 1, bit by bit; the newest bit in front.
struct Scrambler(VecDeque<u64>);

impl Scrambler {
    fn new() -> Self {
        Self(VecDeque::from(vec![1; 58]))
    }

    fn block(&mut self, payload: u64) -> u64 {
        let mut scrambled = 0;
        for bit in 0..64 {
            let out = (payload >> bit & 1) ^ self.0[38] ^ self.0[57];
            self.0.push_front(out);
            self.0.pop_back();
            scrambled |= out << bit;
        }
        scrambled
    }
}

impl Plan {
    fn full(lanes: usize) -> Self {
        Self {
            slot_mask: (1 << lanes) - 1,
            spare_on: false,
            spare_slot: 0,
        }
    }

    fn has(self, slot: usize) -> bool {
        self.slot_mask >> slot & 1 == 1
    }

    fn spares(self, slot: usize) -> bool {
        self.spare_on && self.spare_slot == slot
    }

    /// The marker of the data that a slot carries.
    fn data(self, slot: usize, lanes: usize) -> [u8; 3] {
        let lane = (0..slot).filter(|slot| self.has(*slot)).count();
        data_marker(lane, self.slot_mask.count_ones() as usize, lanes)
    }

    /// A random plan that is in force if its width is one; most are.
    fn random(lanes: usize, spares: usize, random: &mut Random) -> Self {
        let mut slot_mask = (1 << lanes) - 1_usize;
        if random.one_in(10) {
            slot_mask = random.bits(lanes) as usize;
        } else {
            let width = 1 << random.below(lanes.ilog2() + 1);
            while slot_mask.count_ones() > width {
                slot_mask &= !(1 << random.below(lanes as u32));
            }
        }
        Self {
            slot_mask,
            spare_on: spares == 1 && random.bit(),
            spare_slot: random.below(lanes as u32) as usize,
        }
    }
}

/// Beats of one lane, put together to a stream of bits, and the beat in which it began.
#[derive(Clone, Default)]
struct Lane {
    bits: Vec<bool>,
    began: Option<usize>,
    beats: usize,
}

impl Lane {
    fn beat(&mut self, now: usize, header: Option<u64>, data: u64, lw: usize) {
        if self.began.is_none() {
            self.began = Some(now);
        }
        assert_eq!(
            header.is_some(),
            self.beats.is_multiple_of(64 / lw),
            "a block is broken"
        );
        if let Some(header) = header {
            self.bits.extend((0..2).map(|bit| header >> bit & 1 == 1));
        }
        self.bits.extend((0..lw).map(|bit| data >> bit & 1 == 1));
        self.beats += 1;
    }

    fn blocks(&self) -> Vec<Block> {
        let number = |bits: &[bool]| {
            bits.iter()
                .rev()
                .fold(0_u64, |sum, bit| sum << 1 | u64::from(*bit))
        };
        self.bits
            .chunks_exact(66)
            .map(|block| (number(&block[..2]) as u8, number(&block[2..])))
            .collect()
    }
}

/// Compares what the lanes carried with the blocks taken, under the plans of each row of markers.
fn compare(
    sent: &[Block],
    plans: &[Plan],
    lanes: &[Vec<Block>],
    (logical, period): (usize, usize),
    reached: &mut Reached,
) {
    let mut scrambler = Scrambler::new();
    let mut blocks = sent.iter();
    let mut sums = vec![0; lanes.len()];
    let rows = lanes.iter().map(Vec::len).min().unwrap();
    for row in 0..rows {
        let plan = plans[row / period];
        let marks = row.is_multiple_of(period);
        for slot in 0..logical {
            let got = lanes[slot][row];
            let at = format!("row {row}, slot {slot}, {plan:?}");
            if marks {
                let code = if plan.has(slot) && !plan.spares(slot) {
                    plan.data(slot, logical)
                } else {
                    unused_marker(slot)
                };
                assert_eq!(got, marker(code, sums[slot]), "{at}");
                reached.markers.insert(code);
                sums[slot] = 0;
            } else if plan.has(slot) {
                let (header, payload) = *blocks.next().expect("no more than was taken");
                assert_eq!(got, (header, scrambler.block(payload)), "{at}");
                reached.blocks += 1;
            } else {
                assert_eq!(got.0, DATA, "{at}");
                reached.fillers += 1;
            }
            sums[slot] ^= bip(got);
        }
        if lanes.len() > logical {
            let got = lanes[logical][row];
            let follows = if plan.spare_on { plan.spare_slot } else { 0 };
            let mut expected = lanes[follows][row];
            if marks {
                let code = if plan.spare_on && plan.has(follows) {
                    reached.spared.insert(follows);
                    plan.data(follows, logical)
                } else {
                    unused_marker(logical)
                };
                reached.markers.insert(code);
                expected = marker(code, sums[logical]);
                sums[logical] = 0;
            }
            assert_eq!(got, expected, "row {row}, spare, {plan:?}");
            sums[logical] ^= bip(got);
        }
        reached.widths.insert(plan.slot_mask.count_ones());
    }
    // What is not on every lane yet, or not sent whole.
    assert!(
        blocks.len() <= 3 * logical,
        "{} blocks are lost",
        blocks.len()
    );
}

/// Sends random blocks for some cycles, with stalls once in `stall` cycles, and compares. `plan` is asked for a plan in the
/// cycle after each row of markers begins.
fn run<
    const WORDS: usize,
    const LANES: usize,
    const SPARES: usize,
    const PHYSICAL: usize,
    const LW: usize,
>(
    bench: &mut Bench<PcsTx<WORDS, LANES, SPARES, PHYSICAL, LW>>,
    period: usize,
    (cycles, stall): (usize, u32),
    random: &mut Random,
    mut plan: impl FnMut(&mut Random) -> Plan,
) -> Reached {
    let mut reached = Reached::default();
    let mut sent: Vec<Block> = Vec::new();
    let mut plans = vec![Plan::full(LANES)];
    let mut offered = plan(random);
    let mut lanes = vec![Lane::default(); PHYSICAL];
    let (mut block, mut half, mut now) = ((DATA, random.bits(64)), 0, 0);
    let mut held = None;

    bench.block.reset.next = true;
    bench.block.tx_ready.next = true;
    bench.settle();
    assert!(!bench.block.block.ready.val(), "ready in reset");
    bench.clock();
    bench.block.reset.next = false;
    for _ in 0..cycles {
        let dut = &mut bench.block;
        for word in 0..WORDS {
            dut.block.data[word].next = (block.1 >> (32 * (half + word)) & 0xffff_ffff).into();
        }
        dut.block.control.next = block.0 == CONTROL;
        dut.block.first.next = half == 0;
        dut.slot_mask.next = (offered.slot_mask as u64).into();
        dut.spare_on.next = offered.spare_on;
        dut.spare_slot.next = (offered.spare_slot as u64).into();
        dut.tx_ready.next = !random.one_in(stall);
        bench.settle();

        let dut = &bench.block;
        let outputs: Vec<[u64; 4]> = (0..PHYSICAL)
            .map(|lane| {
                [
                    dut.tx_data[lane].val().to_u64(),
                    dut.tx_hdr[lane].val().to_u64(),
                    u64::from(dut.tx_hdr_valid[lane].val()),
                    u64::from(dut.tx_data_valid[lane].val()),
                ]
            })
            .collect();
        if let Some(held) = held.take() {
            assert_eq!(outputs, held, "cycle {}: a stalled beat moved", bench.cycle);
        }
        if dut.tx_ready.val() {
            for (lane, [data, header, first, valid]) in lanes.iter_mut().zip(&outputs) {
                if *valid == 1 {
                    lane.beat(now, (*first == 1).then_some(*header), *data, LW);
                } else {
                    assert!(lane.began.is_none(), "a lane has stopped");
                }
            }
            now += 1;
        } else {
            reached.stalls += 1;
            assert!(!dut.block.ready.val() && !dut.at_marker.val());
            held = Some(outputs);
        }
        if dut.block.ready.val() {
            half += WORDS;
            if half == 2 {
                sent.push(block);
                let header = if random.bit() { DATA } else { CONTROL };
                (block, half) = ((header, random.bits(64)), 0);
            }
        }
        if dut.at_marker.val() {
            let taken = matches!(offered.slot_mask.count_ones(), 1 | 2 | 4 | 8);
            reached.refused_plans += usize::from(!taken);
            plans.push(if taken {
                offered
            } else {
                *plans.last().unwrap()
            });
            offered = plan(random);
        }
        bench.clock();
    }

    for (lane, got) in lanes.iter().enumerate() {
        let slot_beats = 2 / WORDS;
        let begins = if lane < LANES {
            slot_beats * lane + 1
        } else {
            slot_beats * LANES + 1
        };
        assert_eq!(got.began, Some(begins), "lane {lane}");
    }
    let blocks: Vec<Vec<Block>> = lanes.iter().map(Lane::blocks).collect();
    compare(&sent, &plans, &blocks, (LANES, period), &mut reached);
    reached
}

/// Random plans and stalls, every corner reached, and the Verilog the same.
fn follows_the_reference<
    const WORDS: usize,
    const LANES: usize,
    const SPARES: usize,
    const PHYSICAL: usize,
    const LW: usize,
>(
    period: usize,
) {
    let seed = (1_000 * WORDS + 100 * LANES + 10 * SPARES + LW) as u64;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let dut = PcsTx::<WORDS, LANES, SPARES, PHYSICAL, LW>::new(period);
    let mut bench = Bench::recording(dut);
    let cycles = 300 * period * 64 / LW;
    let reached = run(&mut bench, period, (cycles, 5), &mut random, |random| {
        Plan::random(LANES, SPARES, random)
    });
    assert!(reached.blocks > 20 * period, "{reached:?}");
    assert!(reached.stalls > 100, "{reached:?}");
    let widths: Vec<u32> = [1, 2, 4, 8]
        .into_iter()
        .filter(|w| *w <= LANES as u32)
        .collect();
    assert_eq!(reached.widths.iter().copied().collect::<Vec<_>>(), widths);
    if LANES > 1 {
        assert!(reached.fillers > 100, "{reached:?}");
        assert!(reached.refused_plans > 0, "{reached:?}");
    }
    assert_eq!(reached.spared.len(), SPARES * LANES, "{reached:?}");
    // Full width, reduced widths, unused lanes; a single lane without a spare is never unused.
    let unused = if PHYSICAL == 1 { 0 } else { PHYSICAL };
    assert_eq!(reached.markers.len(), 2 * LANES - 1 + unused, "{reached:?}");
    bench.replay();
}

/// The plans that a link goes through: each slot spared, each width and back, under no stall.
#[test]
fn spares_each_slot_and_takes_each_width_and_back() {
    let full = Plan::full(4);
    let mut plans = VecDeque::from(vec![full]);
    for spare_slot in 0..4 {
        let spare_on = true;
        plans.extend([
            Plan {
                spare_on,
                spare_slot,
                ..full
            },
            full,
        ]);
    }
    for slot_mask in [0b1011, 0b1010, 0b0010, 0b1100, 0b0001, 0b0110] {
        plans.extend([Plan { slot_mask, ..full }, full]);
    }
    let rounds = plans.len() + 2;
    let mut bench = Bench::new(PcsTx::<2, 4, 1, 5, 16>::new(9));
    let mut random = Random::new(1);
    let cycles = (rounds * 9 * 4, u32::MAX);
    let reached = run(&mut bench, 9, cycles, &mut random, |_| {
        plans.pop_front().unwrap_or(full)
    });
    assert!(plans.is_empty());
    assert_eq!(reached.spared.len(), 4);
    assert_eq!(reached.refused_plans, 1, "three slots");
    assert_eq!(reached.widths, BTreeSet::from([1, 2, 4]));
    assert_eq!(reached.stalls, 0);
}

#[test]
fn follows_the_reference_at_1x32() {
    follows_the_reference::<1, 1, 0, 1, 32>(8);
    follows_the_reference::<1, 1, 1, 2, 32>(8);
}

#[test]
fn follows_the_reference_at_2x16() {
    follows_the_reference::<1, 2, 0, 2, 16>(8);
    follows_the_reference::<1, 2, 1, 3, 16>(13);
}

#[test]
fn follows_the_reference_at_4x8() {
    follows_the_reference::<1, 4, 0, 4, 8>(8);
    follows_the_reference::<1, 4, 1, 5, 8>(9);
}

#[test]
fn follows_the_reference_at_2x32() {
    follows_the_reference::<2, 2, 0, 2, 32>(16);
    follows_the_reference::<2, 2, 1, 3, 32>(64);
}

#[test]
fn follows_the_reference_at_4x16() {
    follows_the_reference::<2, 4, 0, 4, 16>(8);
    follows_the_reference::<2, 4, 1, 5, 16>(11);
}

#[test]
fn follows_the_reference_at_8x8() {
    follows_the_reference::<2, 8, 0, 8, 8>(8);
    follows_the_reference::<2, 8, 1, 9, 8>(8);
}

/// Every period from the shortest on, and a reset in the middle of a row.
#[test]
fn starts_anew_at_reset_with_any_period() {
    let mut random = Random::new(3);
    for period in 2..8 {
        let mut bench = Bench::new(PcsTx::<1, 2, 1, 3, 16>::new(period));
        for cycles in [0, 3, 17, 400] {
            if cycles == 0 {
                bench.clock();
                continue;
            }
            let reached = run(
                &mut bench,
                period,
                (cycles + 40, 7),
                &mut random,
                |random| Plan::random(2, 1, random),
            );
            assert!(reached.blocks > 0);
        }
    }
}
