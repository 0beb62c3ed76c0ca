//! Tests of [`QueueRam`] against a vector, and of every target's Verilog.

use super::bench::{settle, tick};
use crate::cosim;
use crate::fabric::queue_ram::QueueRam;
use crate::prelude::*;
use crate::target::Target;

const DEPTH: usize = 16;

type Ram = QueueRam<2, 4>;
type Beat = ([u32; 2], u32);

fn drive(ram: &mut Ram, random: &mut cosim::Random) {
    ram.write_enable.next = random.bit();
    ram.write_address.next = random.bits(4).into();
    ram.write.data[0].next = random.bits(32).into();
    ram.write.data[1].next = random.bits(32).into();
    ram.write.side.next = random.bits(8).into();
    ram.read_enable.next = random.bit();
    ram.read_address.next = random.bits(4).into();
    ram.output_enable.next = random.bit();
}

#[test]
fn reads_what_was_written_two_enabled_cycles_before() {
    let mut ram = Ram::new(Target::Generic);
    ram.connect_all();
    let seed = 1;
    println!("seed {seed}");
    let mut random = cosim::Random::new(seed);
    let (mut cells, mut core, mut head) =
        ([Beat::default(); DEPTH], Beat::default(), Beat::default());
    let (mut collisions, mut held) = (0, 0);
    for cycle in 0..5_000 {
        drive(&mut ram, &mut random);
        settle(&mut ram);
        let data = [0, 1].map(|word| ram.read.data[word].val().to_u32());
        assert_eq!((data, ram.read.side.val().to_u32()), head, "cycle {cycle}");
        let (write, read) = (
            ram.write_address.val().index(),
            ram.read_address.val().index(),
        );
        if ram.output_enable.val() {
            head = core;
        } else {
            held += u32::from(head != core);
        }
        if ram.read_enable.val() {
            core = cells[read];
        }
        if ram.write_enable.val() {
            let data = [0, 1].map(|word| ram.write.data[word].val().to_u32());
            cells[write] = (data, ram.write.side.val().to_u32());
            collisions += u32::from(ram.read_enable.val() && write == read);
        }
        tick!(ram);
    }
    assert!(collisions > 50 && held > 500, "{collisions} {held}");
}

#[test]
fn the_verilog_is_the_same() {
    for target in Target::ALL {
        cosim::check!(Ram::new(target), 5_000, 1, drive);
        cosim::check!(QueueRam::<1, 5>::new(target), 2_000, 2, |ram, random| {
            ram.write_enable.next = random.bit();
            ram.write_address.next = random.bits(5).into();
            ram.write.data[0].next = random.bits(32).into();
            ram.write.side.next = random.bits(8).into();
            ram.read_enable.next = random.bit();
            ram.read_address.next = random.bits(5).into();
            ram.output_enable.next = random.bit();
        });
    }
}
