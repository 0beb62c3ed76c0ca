//! What the PCS sends, against a transmitter in Python that shares nothing with it: the RTL's and the twin's.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use bitvec::field::BitField;
use lightswitch_hdl::cosim::settle;
use lightswitch_hdl::pcs::pcs_tx::PcsTx;
use lightswitch_hdl::prelude::*;
use lightswitch_hdl::tools;
use lightswitch_sim::link::{Bits as Stream, Block as PcsBlock, Size, Transmitter, BLOCK_BITS};

const ROWS: usize = 100;
const MARKER_PERIOD: usize = 16;
const LANES: usize = 4;

/// Header and payload of each block of each lane.
type Lanes = Vec<Vec<(u64, u64)>>;

/// Block number `number` of the stimulus.
fn block(number: u64) -> (u64, u64) {
    let header = if number % 3 == 1 { 1 } else { 2 };
    (header, number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// What the script says; `None` if it cannot be run.
fn reference() -> Option<Lanes> {
    if tools::find("python3").is_none() && !tools::are_required() {
        eprintln!("SKIPPED the PCS against Python: python3 is not found");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pcs_reference.py");
    let output = std::process::Command::new("python3")
        .args([script, &ROWS.to_string(), &MARKER_PERIOD.to_string()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let lanes = text.lines().map(|line| {
        let blocks = line.split(' ').map(|block| {
            let (header, payload) = block.split_once(':').unwrap();
            let read = |digits| u64::from_str_radix(digits, 16).unwrap();
            (read(header), read(payload))
        });
        blocks.collect()
    });
    Some(lanes.collect())
}

#[test]
fn the_rtl_sends_what_the_reference_sends() {
    let Some(expected) = reference() else { return };
    let mut dut = Box::new(PcsTx::<2, LANES, 0, LANES, 16>::new(MARKER_PERIOD));
    dut.connect_all();
    let mut sent: Lanes = vec![Vec::new(); LANES];
    let mut beats = [0; LANES];
    let mut number = 0;
    dut.slot_mask.next = 15_u64.into();
    for cycle in 0.. {
        let (header, payload) = block(number);
        dut.reset.next = cycle == 0;
        dut.tx_ready.next = cycle % 33 != 32;
        dut.block.data[0].next = (payload & 0xffff_ffff).into();
        dut.block.data[1].next = (payload >> 32).into();
        dut.block.control.next = header == 1;
        dut.block.first.next = true;
        dut.clock.next = Clock { clk: false };
        settle(dut.as_mut()).unwrap();
        if cycle > 0 && dut.tx_ready.val() {
            for lane in 0..LANES {
                if !dut.tx_data_valid[lane].val() {
                    continue;
                }
                if dut.tx_hdr_valid[lane].val() {
                    sent[lane].push((dut.tx_hdr[lane].val().to_u64(), 0));
                    beats[lane] = 0;
                }
                let (_, payload) = sent[lane].last_mut().unwrap();
                *payload |= dut.tx_data[lane].val().to_u64() << (16 * beats[lane]);
                beats[lane] += 1;
            }
        }
        number += u64::from(cycle > 0 && dut.block.ready.val());
        dut.clock.next = Clock { clk: true };
        settle(dut.as_mut()).unwrap();
        if sent.iter().all(|lane| lane.len() > ROWS) {
            break;
        }
    }
    for (lane, blocks) in expected.iter().enumerate() {
        assert_eq!(blocks.len(), ROWS);
        assert_eq!(&sent[lane][..ROWS], &blocks[..], "lane {lane}");
    }
}

#[test]
fn the_twin_sends_what_the_reference_sends() {
    let Some(expected) = reference() else { return };
    let mut transmitter = Transmitter::new(Size {
        lanes: LANES,
        spares: 0,
        marker_period: MARKER_PERIOD,
    });
    let mut lanes = vec![Stream::new(); LANES];
    let mut number = 0;
    for _ in 0..ROWS {
        transmitter.row(&mut lanes, || {
            let (header, payload) = block(number);
            number += 1;
            PcsBlock {
                header: header as u8,
                payload,
            }
        });
    }
    for (lane, blocks) in expected.iter().enumerate() {
        let sent = lanes[lane]
            .chunks(BLOCK_BITS)
            .map(|bits| (bits[..2].load_le::<u64>(), bits[2..].load_le::<u64>()));
        assert!(sent.eq(blocks.iter().copied()), "lane {lane}");
    }
}
