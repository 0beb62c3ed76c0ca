//! Tests of [`GearboxTx`] and [`GearboxRx`] against a stream of bits in a queue.

use std::collections::VecDeque;

use crate::cosim::Random;
use crate::engine::gearbox_rx::GearboxRx;
use crate::engine::gearbox_tx::GearboxTx;
use crate::testbench::Bench;

/// A block's 66 bits, header first.
fn push_block(bits: &mut VecDeque<bool>, header: u64, payload: u64) {
    bits.extend((0..2).map(|bit| header >> bit & 1 == 1));
    bits.extend((0..64).map(|bit| payload >> bit & 1 == 1));
}

/// The next `count` bits, first lowest.
fn pop(bits: &mut VecDeque<bool>, count: usize) -> u64 {
    (0..count).fold(0, |word, bit| {
        let next = bits.pop_front().expect("as many bits as were sent");
        word | u64::from(next) << bit
    })
}

/// Takes beats whenever it may, or by chance, and compares every word.
fn transmits<const LW: usize, const SHIFT_W: usize>(pauses: bool) {
    let mut bench = Bench::recording(GearboxTx::<LW, SHIFT_W>::default());
    let mut random = Random::new(LW as u64);
    let beats = 64 / LW;
    let mut bits = VecDeque::new();
    let (mut beat, mut payload, mut may_take) = (0, 0_u64, true);
    let (mut words, mut flushed, mut taken, mut resets) = (0, 0, 0, 0);
    for cycle in 0..4_000 {
        if beat == 0 {
            payload = random.bits(32) | random.bits(32) << 32;
        }
        let header = random.bits(2);
        let take = may_take && !(pauses && random.one_in(5));
        let valid = !(pauses && random.one_in(7));
        let reset = pauses && cycle % 1_000 == 999;
        bench.block.reset.next = reset;
        bench.block.data.next = (payload >> (LW * beat) & ((1 << LW) - 1)).into();
        bench.block.header.next = header.into();
        bench.block.first.next = beat == 0;
        bench.block.valid.next = valid;
        bench.block.take.next = take;
        bench.block.flush.next = !may_take;
        bench.settle();
        let word = bench.block.word.val().to_u32();
        if bench.block.word_valid.val() {
            words += 1;
            assert_eq!(u64::from(word), pop(&mut bits, LW), "cycle {cycle}");
        }
        may_take = !bench.block.full.val();
        flushed += u32::from(!take && bench.cycle > 0);
        bench.clock();
        if take && valid {
            taken += 1;
            if beat == 0 {
                push_block(&mut bits, header, payload);
            }
            beat = (beat + 1) % beats;
        }
        if reset {
            (beat, may_take) = (0, true);
            bits.clear();
            resets += 1;
        }
    }
    assert!(flushed > 100 && words > 2_000);
    if !pauses {
        // 32 beats in 33 cycles, a word in each of them.
        assert_eq!((taken, words), (3_879, 3_999));
    }
    assert_eq!(resets > 0, pauses);
    bench.replay();
}

#[test]
fn sends_every_bit_in_order_with_one_cycle_in_33_off() {
    transmits::<8, 3>(false);
    transmits::<16, 4>(false);
    transmits::<32, 5>(false);
}

#[test]
fn sends_every_bit_in_order_however_beats_pause() {
    transmits::<8, 3>(true);
    transmits::<16, 4>(true);
    transmits::<32, 5>(true);
}

/// Gives words of random blocks, slips now and then, and compares every beat with the bits that are left.
fn receives<const LW: usize, const SHIFT_W: usize, const SUM_W: usize>() {
    let mut bench = Bench::recording(GearboxRx::<LW, SHIFT_W, SUM_W>::default());
    let mut random = Random::new(100 + LW as u64);
    let beats = 64 / LW;
    let mut bits: VecDeque<bool> = VecDeque::new();
    let (mut beat, mut slips, mut restarts) = (0, 0, 0);
    let (mut cycles_with_word, mut beats_given) = (0, 0);
    let mut to_slip = false;
    for cycle in 0..12_000 {
        let word = random.bits(LW);
        let valid = cycle < 4_000 || !random.one_in(6);
        let slip = cycle > 4_000 && random.one_in(20);
        let restart = cycle % 3_000 == 2_999;
        bench.block.reset.next = restart && cycle > 8_000;
        bench.block.restart.next = restart;
        bench.block.word.next = word.into();
        bench.block.word_valid.next = valid;
        bench.block.slip.next = slip;
        bench.settle();
        // The beat of the cycle before.
        if bench.block.valid.val() {
            beats_given += u32::from(cycle < 2_900);
            assert_eq!(bench.block.first.val(), beat == 0, "cycle {cycle}");
            if beat == 0 {
                let header = pop(&mut bits, 2);
                assert_eq!(u64::from(bench.block.header.val().to_u32()), header);
            }
            let data = u64::from(bench.block.data.val().to_u32());
            assert_eq!(data, pop(&mut bits, LW), "cycle {cycle}");
            beat = (beat + 1) % beats;
            if to_slip {
                bits.pop_front();
                to_slip = false;
                slips += 1;
            }
        }
        bench.clock();
        cycles_with_word += u32::from(valid && cycle < 2_900);
        if valid {
            bits.extend((0..LW).map(|bit| word >> bit & 1 == 1));
        }
        to_slip |= slip;
        if restart {
            (beat, to_slip) = (0, false);
            bits.clear();
            restarts += 1;
        }
    }
    assert!(slips > 200 && restarts == 4, "{slips} {restarts}");
    assert_eq!(cycles_with_word, 2_900);
    assert!((2_810..=2_813).contains(&beats_given), "{beats_given}");
    bench.replay();
}

#[test]
fn frames_every_bit_in_order_and_slips_one_at_a_time() {
    receives::<8, 3, 4>();
    receives::<16, 4, 5>();
    receives::<32, 5, 6>();
}

/// Slips from each phase to the next, 66 of them once round.
fn goes_round<const LW: usize, const SHIFT_W: usize, const SUM_W: usize>() {
    let mut bench = Bench::new(GearboxRx::<LW, SHIFT_W, SUM_W>::default());
    let payload = 0x0123_4567_89ab_cdef_u64;
    let (mut count, mut headers) = (0, Vec::new());
    let mut stream = VecDeque::new();
    for cycle in 0..66 * 48 {
        if stream.len() < LW {
            push_block(&mut stream, 0b10, payload);
        }
        let word = pop(&mut stream, LW);
        bench.block.word.next = word.into();
        bench.block.word_valid.next = true;
        bench.block.slip.next = cycle % 48 == 47;
        bench.settle();
        if bench.block.valid.val() && bench.block.first.val() && cycle % 48 > 40 - 64 / LW {
            headers.push((count, u64::from(bench.block.header.val().to_u32())));
        }
        count += usize::from(cycle % 48 == 47);
        bench.clock();
    }
    let ring: Vec<bool> = {
        let mut ring = VecDeque::new();
        push_block(&mut ring, 0b10, payload);
        ring.into()
    };
    for phase in 0..66 {
        let expected = u64::from(ring[phase]) | u64::from(ring[(phase + 1) % 66]) << 1;
        let got: Vec<_> = headers.iter().filter(|(at, _)| *at == phase).collect();
        assert!(!got.is_empty(), "{phase}");
        assert!(got.iter().all(|(_, header)| *header == expected), "{phase}");
    }
    assert_eq!(count, 66);
}

#[test]
fn sixty_six_slips_go_once_round() {
    goes_round::<8, 3, 4>();
    goes_round::<16, 4, 5>();
    goes_round::<32, 5, 6>();
}
