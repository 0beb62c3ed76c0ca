//! Tests of what [`LinkControl`] sends and hears: which message goes first, and who gets what.

use crate::cosim::Random;
use crate::link::{message, LinkControl, Times};
use crate::testbench::Bench;

#[test]
fn sends_messages_in_turn_and_hands_out_what_comes() {
    let mut bench = Bench::recording(LinkControl::<4, 5>::new(Times::of(16, 4)));
    let mut random = Random::new(6);
    let [mut lanes, mut acks, mut places, mut heard] = [0; 4];
    bench.block.reset.next = true;
    bench.clock();
    bench.block.reset.next = false;
    let mut came: Option<u64> = None;
    for _ in 0..4_000 {
        let (nack, expected, limit) = (random.bit(), random.bits(16), random.bits(16));
        let report = message::report(nack, expected as u16, limit as u16);
        let position = message::position(random.bit(), random.bits(16) as u16);
        let (has_report, has_position) = (random.bit(), random.bit());
        let carried = [report, position, random.bits(44)][random.below(3) as usize];
        let payload = message::payload(carried);
        let comes = random.bit();
        let dut = &mut bench.block;
        dut.aligned.next = random.one_in(2);
        dut.rx_report[0].next = (report & 0xffff_ffff).into();
        dut.rx_report[1].next = (report >> 32).into();
        dut.rx_report_valid.next = has_report;
        dut.tx_position.next = position.into();
        dut.tx_position_valid.next = has_position;
        dut.message_taken.next = false;
        dut.set[0].next = (payload & 0xffff_ffff).into();
        dut.set[1].next = (payload >> 32).into();
        dut.set_valid.next = comes;
        bench.settle();
        let is_taken = bench.block.message_valid.val() && random.bit();
        bench.block.message_taken.next = is_taken;
        bench.settle();

        let dut = &bench.block;
        let [low, high] = std::array::from_fn(|i| u64::from(dut.message[i].val().to_u32()));
        let offered = high << 32 | low;
        let bits = offered >> 8 & 0xff_ffff | (offered >> 36 & 0xf_ffff) << 24;
        let mut turn = [false; 2];
        if dut.message_valid.val() {
            assert_eq!(offered, message::payload(bits));
            match bits & 15 {
                message::LANE_REPORT => lanes += 1,
                message::REPORT => {
                    assert_eq!((bits, has_report), (report, true));
                    turn[0] = is_taken;
                    acks += 1;
                }
                _ => {
                    assert_eq!((bits, has_report, has_position), (position, false, true));
                    turn[1] = is_taken;
                    places += 1;
                }
            }
        } else {
            assert!(!has_report && !has_position);
        }
        let answers = [dut.rx_report_taken.val(), dut.tx_position_taken.val()];
        assert_eq!(answers, turn);

        let kind = came.map(|bits| bits & 15);
        assert_eq!(dut.report_valid.val(), kind == Some(message::REPORT));
        assert_eq!(dut.position_valid.val(), kind == Some(message::POSITION));
        if let (true, Some(bits)) = (dut.report_valid.val(), came) {
            assert_eq!(dut.report_nack.val(), bits >> 4 & 1 == 1);
            assert_eq!(dut.report_expected.val().to_u64(), bits >> 8 & 0xffff);
            assert_eq!(dut.report_limit.val().to_u64(), bits >> 24 & 0xffff);
            heard += 1;
        }
        if let (true, Some(bits)) = (dut.position_valid.val(), came) {
            assert_eq!(dut.position_init.val(), bits >> 4 & 1 == 1);
            assert_eq!(dut.position.val().to_u64(), bits >> 8 & 0xffff);
            heard += 1;
        }
        came = comes.then_some(carried);
        bench.clock();
    }
    assert!(lanes > 50 && acks > 50 && places > 50 && heard > 500);
    bench.replay();
}
