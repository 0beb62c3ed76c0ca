//! Tests of [`SpareStage`].

use crate::cosim::Random;
use crate::pcs::block::{CONTROL_HEADER, DATA_HEADER};
use crate::pcs::marker::{self, Marker};
use crate::pcs::spare_stage::SpareStage;
use crate::testbench::Bench;

/// Slots of a row in these tests.
const LANES: usize = 4;

/// Rows of random blocks and markers; the slot followed changes with each marker. What comes out in slot 0 is the block of
/// the row before, or the marker with the parity of what came out since the last one.
fn holds<const WORDS: usize>() {
    println!("seed {WORDS}");
    let mut random = Random::new(WORDS as u64);
    let mut bench = Bench::recording(SpareStage::<WORDS>::default());
    let slot_beats = 2 / WORDS;
    let (mut markers, mut pauses) = (0, 0);
    let mut held: Option<(bool, u64)> = None;
    let (mut sum, mut here) = (0, 0);
    bench.block.reset.next = true;
    bench.clock();
    bench.block.reset.next = false;
    for row in 0..300 {
        let marks = row == 0 || random.one_in(6);
        let code = 32 + random.below(8) as usize;
        if marks {
            here = random.below(LANES as u32) as usize;
            markers += 1;
        }
        let mut next = None;
        for slot in 0..LANES {
            let (control, payload) = (marks || random.bit(), random.bits(64));
            for beat in 0..slot_beats {
                let dut = &mut bench.block;
                dut.here.next = slot == here;
                dut.first.next = beat == 0;
                dut.last.next = beat == slot_beats - 1;
                dut.row_ends.next = slot == LANES - 1 && beat == slot_beats - 1;
                dut.marker.next = marks;
                dut.code.next = (code as u64).into();
                dut.control.next = control;
                let mut parity = 0;
                for word in 0..WORDS {
                    let data = payload >> (32 * (beat + word)) & 0xffff_ffff;
                    dut.data[word].next = data.into();
                    parity ^= marker::bip8(0, data);
                }
                if beat == 0 {
                    parity ^= marker::bip8(if control { CONTROL_HEADER } else { DATA_HEADER }, 0);
                }
                dut.parity.next = u64::from(parity).into();
                // A beat that waits changes nothing.
                while random.one_in(4) {
                    bench.block.step.next = false;
                    bench.clock();
                    pauses += 1;
                }
                bench.block.step.next = true;
                bench.settle();
                let dut = &bench.block;
                assert_eq!(dut.running.val(), held.is_some());
                if let (0, Some((control, payload))) = (slot, held) {
                    assert!(beat > 0 || dut.spare_control.val() == control, "row {row}");
                    for word in 0..WORDS {
                        let data = payload >> (32 * (beat + word)) & 0xffff_ffff;
                        assert_eq!(dut.word[word].val().to_u64(), data, "row {row}");
                    }
                }
                bench.clock();
            }
            if slot == here {
                let mut block = (control, payload);
                if marks {
                    block.1 = Marker::payload(code, sum);
                    sum = 0;
                }
                let header = if control { CONTROL_HEADER } else { DATA_HEADER };
                sum ^= marker::bip8(header, block.1);
                next = Some(block);
            }
        }
        held = next;
    }
    assert!(markers > 20 && pauses > 100, "{markers} {pauses}");
    bench.replay();
}

#[test]
fn holds_a_block_for_the_rest_of_its_row() {
    holds::<1>();
    holds::<2>();
}
