//! Tests of [`EmulatedEngine`]: what is sent on each lane against what arrives, and the faults that only the whole has.

use crate::cosim::Random;
use crate::engine::EmulatedEngine;
use crate::testbench::Bench;

/// Numbered blocks into every lane, the lanes a beat apart, and blocks out of every lane.
struct Line<
    const LANES: usize,
    const LW: usize,
    const SHIFT_W: usize,
    const SUM_W: usize,
    const SOURCE_W: usize,
    const DELAY_W: usize,
> {
    bench: Bench<EmulatedEngine<LANES, LW, SHIFT_W, SUM_W, SOURCE_W, DELAY_W>>,
    /// Beats that passed.
    beats: usize,
    /// Blocks that were complete on each lane, header and payload, and the one under way.
    blocks: Vec<Vec<(u64, u64)>>,
    part: Vec<(u64, u64, usize)>,
    stalls: u32,
}

/// Block `number` of `lane`.
fn block(lane: usize, number: usize) -> (u64, u64) {
    let payload = ((lane << 32 | number) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let is_control = number.is_multiple_of(3);
    (if is_control { 0b01 } else { 0b10 }, payload)
}

impl<
        const LANES: usize,
        const LW: usize,
        const SHIFT_W: usize,
        const SUM_W: usize,
        const SOURCE_W: usize,
        const DELAY_W: usize,
    > Line<LANES, LW, SHIFT_W, SUM_W, SOURCE_W, DELAY_W>
{
    const BEATS: usize = 64 / LW;

    fn new() -> Self {
        let mut line = Self {
            bench: Bench::recording(EmulatedEngine::new(1)),
            beats: 0,
            blocks: vec![Vec::new(); LANES],
            part: vec![(0, 0, 0); LANES],
            stalls: 0,
        };
        line.bench.block.reset.next = true;
        line.bench.clock();
        line.bench.block.reset.next = false;
        line
    }

    fn cycle(&mut self) {
        let (mut valid, mut first) = (0_u64, 0_u64);
        for lane in 0..LANES {
            // Lane `n` begins `n` beats later, as the slots of a row do.
            let Some(beat) = self.beats.checked_sub(lane % Self::BEATS) else {
                continue;
            };
            let (header, payload) = block(lane, beat / Self::BEATS);
            let data = payload >> (beat % Self::BEATS * LW) & ((1 << LW) - 1);
            self.bench.block.tx_data[lane].next = data.into();
            self.bench.block.tx_hdr[lane].next = header.into();
            valid |= 1 << lane;
            first |= u64::from(beat % Self::BEATS == 0) << lane;
        }
        self.bench.block.tx_data_valid.next = valid.into();
        self.bench.block.tx_hdr_valid.next = first.into();
        self.bench.settle();
        self.receive();
        let ready = self.bench.block.tx_ready.val();
        self.beats += usize::from(ready);
        self.stalls += u32::from(!ready);
        self.bench.clock();
    }

    fn receive(&mut self) {
        let engine = &self.bench.block;
        for lane in 0..LANES {
            if !engine.rx_data_valid.val().get_bit(lane) {
                assert!(!engine.rx_hdr_valid.val().get_bit(lane));
                continue;
            }
            let (header, payload, beats) = &mut self.part[lane];
            if engine.rx_hdr_valid.val().get_bit(lane) {
                assert_eq!(*beats % Self::BEATS, 0, "a block of another length");
                (*header, *payload, *beats) = (u64::from(engine.rx_hdr[lane].val().to_u32()), 0, 0);
            }
            *payload |= u64::from(engine.rx_data[lane].val().to_u32()) << (*beats * LW);
            *beats += 1;
            if *beats == Self::BEATS {
                self.blocks[lane].push((*header, *payload));
            }
        }
    }

    fn run(&mut self, cycles: usize) {
        (0..cycles).for_each(|_| self.cycle());
    }

    /// The blocks of `lane` from the `from`th on are those of `source`, none missing; how many.
    fn check(&self, lane: usize, source: usize, from: usize) -> usize {
        let got = &self.blocks[lane][from..];
        let first = (0..self.beats)
            .find(|number| block(source, *number) == got[0])
            .expect("the first block is one of those sent");
        for (number, got) in got.iter().enumerate() {
            assert_eq!(*got, block(source, first + number), "lane {lane}");
        }
        got.len()
    }
}

/// No fault; then pauses, delays, swapped lanes, and every phase by slips.
fn carries<
    const LANES: usize,
    const LW: usize,
    const SHIFT_W: usize,
    const SUM_W: usize,
    const SOURCE_W: usize,
    const DELAY_W: usize,
>() {
    let mut line = Line::<LANES, LW, SHIFT_W, SUM_W, SOURCE_W, DELAY_W>::new();
    line.run(660);
    assert_eq!(line.stalls, 660 / 33, "one cycle in 33");
    for lane in 0..LANES {
        assert!(line.check(lane, lane, 0) > 600 / (64 / LW));
    }
    // 33 gaps of 7 + 1 beside 8 of the gearbox.
    line.bench.block.cfg_pause_gap.next = 7.into();
    let before = line.stalls;
    line.run(264);
    assert!((37..=42).contains(&(line.stalls - before)));
    for lane in 0..LANES {
        line.check(lane, lane, 0);
    }
    // Delays in words, and lanes the other way round; then slips until each lane is framed again.
    let mut random = Random::new(LANES as u64);
    let source = |lane: usize| LANES - 1 - lane;
    let delays: Vec<u64> = (0..LANES).map(|_| random.bits(DELAY_W)).collect();
    for lane in 0..LANES {
        line.bench.block.cfg_delay[lane].next = delays[lane].into();
        line.bench.block.cfg_swap[lane].next = ((lane ^ source(lane)) as u64).into();
    }
    line.run(100);
    let mut slips = vec![0; LANES];
    let mut framed = vec![false; LANES];
    for _ in 0..70 {
        let seen: Vec<usize> = line.blocks.iter().map(Vec::len).collect();
        line.run(4 * (64 / LW));
        let mut pulse = 0;
        for lane in 0..LANES {
            let last = *line.blocks[lane].last().expect("blocks come");
            let number = (0..=line.beats).find(|number| block(source(lane), *number) == last);
            framed[lane] = number.is_some();
            assert!(line.blocks[lane].len() > seen[lane]);
            if !framed[lane] {
                slips[lane] += 1;
                pulse |= 1 << lane;
            }
        }
        // Half of them as the PCS asks for them, half as a fault.
        let half = random.bits(LANES);
        line.bench.block.rx_bitslip.next = (pulse & half).into();
        line.bench.block.fault_slip.next = (pulse & !half).into();
        line.cycle();
        line.bench.block.rx_bitslip.next = 0.into();
        line.bench.block.fault_slip.next = 0.into();
    }
    assert!(framed.iter().all(|framed| *framed), "{slips:?}");
    let from: Vec<usize> = line.blocks.iter().map(Vec::len).collect();
    line.run(300);
    for lane in 0..LANES {
        line.check(lane, source(lane), from[lane] + 1);
    }
    line.bench.replay();
}

#[test]
fn lanes_come_out_as_they_went_in_at_width_1() {
    carries::<1, 32, 5, 6, 1, 5>();
    carries::<2, 32, 5, 6, 1, 5>();
}

#[test]
fn lanes_come_out_as_they_went_in_at_width_2() {
    carries::<2, 16, 4, 5, 1, 5>();
    carries::<3, 16, 4, 5, 2, 5>();
    carries::<3, 32, 5, 6, 2, 5>();
}

#[test]
fn lanes_come_out_as_they_went_in_at_width_4() {
    carries::<4, 8, 3, 4, 2, 5>();
    carries::<5, 8, 3, 4, 3, 5>();
    carries::<4, 16, 4, 5, 2, 5>();
    carries::<5, 16, 4, 5, 3, 5>();
}

#[test]
fn lanes_come_out_as_they_went_in_at_width_8() {
    carries::<8, 8, 3, 4, 3, 5>();
    carries::<9, 8, 3, 4, 4, 5>();
}

#[test]
fn faults_hit_their_lane_and_are_said() {
    let mut line = Line::<5, 16, 4, 5, 3, 5>::new();
    line.run(100);
    // Blocks are as many as without faults: none is lost, none is framed in another way.
    let clean = |line: &Line<5, 16, 4, 5, 3, 5>, lane: usize, from: usize| {
        let got = line.blocks[lane].iter().enumerate().skip(from);
        got.into_iter()
            .all(|(number, got)| *got == block(lane, number))
    };
    // Each fault on lane 3; how many blocks it may touch, and what the engine says.
    let mut from: Vec<usize> = line.blocks.iter().map(Vec::len).collect();
    for fault in 0..7 {
        let bit = 0b01000;
        let engine = &mut line.bench.block;
        match fault {
            0 => engine.fault_error.next = bit.into(),
            1 => engine.fault_loss.next = bit.into(),
            2 => engine.fault_unlock.next = bit.into(),
            3 => engine.fault_driver.next = bit.into(),
            4 => engine.fault_stuck_0.next = bit.into(),
            5 => engine.fault_stuck_1.next = bit.into(),
            _ => engine.cfg_invert.next = bit.into(),
        }
        line.run(if fault == 0 { 1 } else { 66 });
        let engine = &mut line.bench.block;
        let says = |is: bool| if is { bit as u32 } else { 0 };
        assert_eq!(engine.rx_los.val().to_u32(), says(fault == 1 || fault == 3));
        assert_eq!(engine.rx_lol.val().to_u32(), says(fault == 2));
        assert_eq!(engine.tx_fault.val().to_u32(), says(fault == 3));
        engine.fault_error.next = 0.into();
        engine.fault_loss.next = 0.into();
        engine.fault_unlock.next = 0.into();
        engine.fault_driver.next = 0.into();
        engine.fault_stuck_0.next = 0.into();
        engine.fault_stuck_1.next = 0.into();
        engine.cfg_invert.next = 0.into();
        line.run(32);
        for lane in 0..5 {
            assert_eq!(clean(&line, lane, from[lane]), lane != 3, "{fault} {lane}");
        }
        if fault == 0 {
            let got = line.blocks[3].iter().enumerate();
            let changed: u32 = got
                .map(|(number, got)| {
                    let (header, payload) = block(3, number);
                    (got.0 ^ header).count_ones() + (got.1 ^ payload).count_ones()
                })
                .sum();
            assert_eq!(changed, 1, "one bit");
        }
        from = line.blocks.iter().map(Vec::len).collect();
        line.run(66);
        for lane in 0..5 {
            assert!(
                clean(&line, lane, from[lane]),
                "{fault}: lane {lane} after it"
            );
        }
        from = line.blocks.iter().map(Vec::len).collect();
    }
    // A new start takes the next word for a block's first: the lane is out of phase.
    line.bench.block.rx_reset_req.next = 0b00010.into();
    line.cycle();
    line.bench.block.rx_reset_req.next = 0.into();
    line.part[1] = (0, 0, 0);
    line.run(100);
    assert!(clean(&line, 0, from[0]) && !clean(&line, 1, from[1]));
    line.bench.replay();
}

#[test]
fn random_errors_come_on_all_lanes_at_the_rate_of_the_mask() {
    let mut line = Line::<5, 16, 4, 5, 3, 5>::new();
    line.bench.block.cfg_error_mask.next = 0b11.into();
    line.run(6_600);
    for lane in 0..5 {
        let got = &line.blocks[lane];
        let changed: u32 = (0..got.len())
            .map(|number| {
                let (header, payload) = block(lane, number);
                (got[number].0 ^ header).count_ones() + (got[number].1 ^ payload).count_ones()
            })
            .sum();
        // 6 600 words, one bit in 64 of them.
        assert!((65..145).contains(&changed), "{lane}: {changed}");
    }
    line.bench.replay();
}

#[test]
fn reset_forgets_what_was_on_its_way() {
    let mut line = Line::<2, 16, 4, 5, 1, 5>::new();
    for round in 1..40 {
        line.run(round);
        line.bench.block.reset.next = true;
        line.cycle();
        line.bench.block.reset.next = false;
        assert!(!line.bench.block.tx_ready.val());
        assert_eq!(line.bench.block.rx_data_valid.val().to_u32(), 0);
        line.beats = 0;
        line.blocks = vec![Vec::new(); 2];
        line.part = vec![(0, 0, 0); 2];
        line.run(100);
        assert!(line.check(0, 0, 0) > 15 && line.check(1, 1, 0) > 15);
    }
    line.bench.replay();
}
