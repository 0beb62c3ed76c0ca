//! Tests of messages: what is written is read, and nothing that is damaged.

use crate::cosim::Random;
use crate::link::{message, LaneReport, MessageReader, MessageWriter};
use crate::testbench::Bench;

#[test]
fn reads_what_is_written_and_nothing_damaged() {
    let mut writer = Bench::recording(MessageWriter::default());
    let mut reader = Bench::recording(MessageReader::default());
    let mut random = Random::new(3);
    let mut damaged = 0;
    for round in 0..600 {
        let sent = random.bits(44);
        writer.block.message[0].next = (sent & 0xffff_ffff).into();
        writer.block.message[1].next = (sent >> 32).into();
        writer.clock();
        let [low, high] = std::array::from_fn(|i| u64::from(writer.block.set[i].val().to_u32()));
        let payload = high << 32 | low;
        assert_eq!(payload, message::payload(sent));

        // One or two bits of the message or its CRC, or none; never of type and nibble.
        let hits = round % 3;
        let mut received = payload;
        for _ in 0..hits {
            let bit = [8 + random.below(24), 36 + random.below(28)][random.below(2) as usize];
            received ^= 1 << bit;
        }
        reader.block.set[0].next = (received & 0xffff_ffff).into();
        reader.block.set[1].next = (received >> 32).into();
        reader.block.set_valid.next = true;
        reader.clock();
        let dut = &reader.block;
        assert_eq!(dut.valid.val(), received == payload);
        assert_eq!(dut.damaged.val(), received != payload);
        damaged += u32::from(dut.damaged.val());
        if dut.valid.val() {
            let low = u64::from(dut.message[0].val().to_u32());
            assert_eq!(u64::from(dut.message[1].val().to_u32()) << 32 | low, sent);
        }
    }
    assert!(damaged > 300);
    reader.block.set_valid.next = false;
    reader.clock();
    assert!(!reader.block.valid.val() && !reader.block.damaged.val());
    reader.block.set_valid.next = true;
    reader.block.set[1].next = 0.into();
    reader.clock();
    assert!(!reader.block.valid.val() && !reader.block.damaged.val());
    writer.replay();
    reader.replay();
}

#[test]
fn reports_changes_at_once_and_repeats() {
    let mut bench = Bench::recording(LaneReport::<4, 5>::new(20, 50));
    let offered = |bench: &Bench<LaneReport<4, 5>>| bench.block.valid.val();
    for _ in 0..49 {
        bench.block.seen_lane.next = 3_u64.into();
        bench.clock();
        assert!(!offered(&bench), "lanes that have not locked are not lost");
    }
    bench.block.aligned.next = true;
    bench.block.seen_lane.next = 15_u64.into();
    bench.block.seen_unused.next = 16_u64.into();
    bench.clock();
    assert!(offered(&bench));
    let told = 1 | 15 << 4 | 16 << 12 | 1 << 21;
    assert_eq!(bench.block.message.val().to_u32(), told);
    bench.block.taken.next = true;
    bench.clock();
    bench.block.taken.next = false;
    for _ in 0..20 {
        bench.settle();
        assert!(!offered(&bench));
        bench.clock();
    }
    assert!(offered(&bench), "told again");
    bench.block.taken.next = true;
    bench.clock();
    bench.block.taken.next = false;
    bench.block.seen_lane.next = 11_u64.into();
    bench.block.aligned.next = false;
    bench.clock();
    assert!(offered(&bench), "told at once");
    assert_eq!(bench.block.message.val().to_u32(), 1 | 11 << 4 | 16 << 12);
    bench.replay();
}
