//! Tests of [`BeatMux`], and of every target's Verilog.

use super::bench::settle;
use crate::cosim;
use crate::fabric::beat_mux::BeatMux;
use crate::prelude::*;
use crate::target::Target;

fn drive<const PORTS: usize, const INDEX_W: usize, const WORDS: usize>(
    mux: &mut BeatMux<PORTS, INDEX_W, WORDS>,
    random: &mut cosim::Random,
) {
    for head in &mut mux.head {
        for word in &mut head.data {
            word.next = random.bits(32).into();
        }
        head.side.next = random.bits(8).into();
    }
    mux.select.next = random.bits(INDEX_W).into();
}

fn brings_the_selected<const PORTS: usize, const INDEX_W: usize, const WORDS: usize>() {
    let mut mux = BeatMux::<PORTS, INDEX_W, WORDS>::new(Target::Generic);
    mux.connect_all();
    let seed = 1;
    println!("seed {seed}");
    let mut random = cosim::Random::new(seed);
    for round in 0..20 * PORTS {
        drive(&mut mux, &mut random);
        let select = round % PORTS;
        mux.select.next = (select as u64).into();
        settle(&mut mux);
        let (head, beat) = (&mux.head[select], &mux.beat);
        assert_eq!(beat.side.val(), head.side.val());
        for word in 0..WORDS {
            assert_eq!(beat.data[word].val(), head.data[word].val());
        }
    }
    for target in Target::ALL {
        let block = BeatMux::<PORTS, INDEX_W, WORDS>::new(target);
        cosim::check!(no clock, block, 500, 2, drive);
    }
}

#[test]
fn brings_the_selected_beat() {
    brings_the_selected::<2, 1, 1>();
    brings_the_selected::<4, 2, 2>();
    brings_the_selected::<8, 3, 2>();
    brings_the_selected::<16, 4, 1>();
}
