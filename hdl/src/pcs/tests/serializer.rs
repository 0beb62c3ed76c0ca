//! Tests of [`Serializer`].

use crate::cosim::Random;
use crate::pcs::serializer::Serializer;
use crate::testbench::Bench;

/// Blocks back to back, pauses, and a reset in the middle of one.
fn sends<const WORDS: usize, const LW: usize>() {
    let seed = (100 * WORDS + LW) as u64;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut bench = Bench::recording(Serializer::<WORDS, LW>::default());
    let lane_beats = 64 / LW;
    // Before its first block the lane has no beat, and one that passes changes nothing.
    let mut on_lane: Option<(bool, u64)> = None;
    let mut beat = lane_beats - 1;
    let (mut blocks, mut pauses, mut resets) = (0, 0, 0);
    let mut next = (random.bit(), random.bits(64));
    for _ in 0..2_000 {
        let reset = random.one_in(200);
        let step = !random.one_in(4);
        // The beat on the lane is a block's last one: load the next. The one after it: load that one's other half.
        let first = beat == lane_beats - 1;
        let second = WORDS == 1 && beat == 0 && on_lane.is_some();
        let dut = &mut bench.block;
        dut.reset.next = reset;
        dut.step.next = step;
        dut.first.next = first;
        dut.second.next = second;
        dut.control.next = if second { random.bit() } else { next.0 };
        let payload = if second {
            on_lane.unwrap().1 >> 32
        } else {
            next.1
        };
        for word in 0..WORDS {
            dut.word[word].next = (payload >> (32 * word) & 0xffff_ffff).into();
        }
        bench.settle();

        let dut = &bench.block;
        assert_eq!(dut.tx_data_valid.val(), on_lane.is_some());
        assert_eq!(dut.tx_hdr_valid.val(), on_lane.is_some() && beat == 0);
        if let Some((control, payload)) = on_lane {
            let mask = (1 << LW) - 1;
            assert_eq!(
                dut.tx_data.val().to_u64(),
                payload >> (LW * beat) & mask,
                "beat {beat}"
            );
            assert_eq!(dut.tx_hdr.val().to_u64(), if control { 0b01 } else { 0b10 });
        }
        bench.clock();
        pauses += u32::from(!step);
        if reset {
            (on_lane, beat) = (None, lane_beats - 1);
            resets += 1;
        } else if step {
            beat = (beat + 1) % lane_beats;
            if first {
                on_lane = Some(next);
                next = (random.bit(), random.bits(64));
                blocks += 1;
            }
        }
    }
    assert!(blocks > 100 && pauses > 100 && resets > 2);
    bench.replay();
}

#[test]
fn sends_blocks_back_to_back_at_every_size() {
    sends::<1, 8>();
    sends::<1, 16>();
    sends::<1, 32>();
    sends::<2, 8>();
    sends::<2, 16>();
    sends::<2, 32>();
}
