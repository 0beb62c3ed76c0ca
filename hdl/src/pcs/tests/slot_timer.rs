//! Tests of [`SlotTimer`].

use crate::cosim::Random;
use crate::pcs::slot_timer::SlotTimer;
use crate::testbench::Bench;

/// All outputs against the number of beats that have passed.
fn counts(words: usize, lanes: usize, period: usize) {
    let seed = (100 * words + 10 * lanes + period) as u64;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut bench = Bench::recording(SlotTimer::new(words, lanes, period));
    let slot_beats = 2 / words;
    let row_beats = slot_beats * lanes;
    let (mut beats, mut plans, mut resets) = (0, 0, 0);
    for _ in 0..40 * period * row_beats {
        let reset = random.one_in(20 * (period * row_beats) as u32);
        let step = !random.one_in(4);
        bench.block.reset.next = reset;
        bench.block.step.next = step;
        bench.settle();
        let timer = &bench.block;
        let row_ends = beats % row_beats == row_beats - 1;
        assert_eq!(timer.first.val(), beats % slot_beats == 0);
        assert_eq!(timer.last.val(), beats % slot_beats == slot_beats - 1);
        assert_eq!(timer.slot.val().index(), beats / slot_beats % lanes);
        assert_eq!(
            timer.marker.val(),
            (beats / row_beats).is_multiple_of(period)
        );
        assert_eq!(timer.row_ends.val(), row_ends);
        assert_eq!(
            timer.plan_due.val(),
            row_ends && beats / row_beats % period == period - 1
        );
        plans += u32::from(timer.plan_due.val() && step);
        resets += u32::from(reset && beats > 0);
        beats = if reset { 0 } else { beats + usize::from(step) };
        bench.clock();
    }
    assert!(plans > 10 && resets > 0, "{plans} {resets}");
    bench.replay();
}

#[test]
fn counts_beats_slots_and_rows_at_every_size() {
    for (words, lanes) in [(1, 1), (1, 2), (1, 4), (2, 2), (2, 4), (2, 8)] {
        counts(words, lanes, 2 + lanes);
    }
}

#[test]
fn counts_the_shortest_and_the_default_period() {
    counts(2, 2, 2);
    let mut bench = Bench::new(SlotTimer::new(2, 4, 1 << 14));
    bench.block.step.next = true;
    let mut markers = Vec::new();
    for beat in 0..=4 << 14 {
        if bench.block.marker.val() {
            markers.push(beat);
        }
        bench.clock();
    }
    assert_eq!(markers, [0, 1, 2, 3, 4 << 14]);
}

#[test]
#[should_panic(expected = "a marker every 1 rows: 2 to 16384 are possible")]
fn refuses_a_period_of_one_row() {
    let _ = SlotTimer::new(2, 4, 1);
}
