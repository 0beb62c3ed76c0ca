//! Blocks from the beats of the chosen lanes, descrambled.

use super::RxHalf;

/// Most beats of a block.
const MAX_BEATS: usize = 8;

/// A block of which some beats are there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Partial {
    /// Its beats.
    pub data: u64,
    /// It is of a control block.
    pub control: bool,
    /// The header was neither.
    pub bad: bool,
    /// It is one.
    pub valid: bool,
}

/// The twin of `Gather`.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    stage: [Partial; MAX_BEATS],
}

impl Gather {
    /// The clock edge of a step: `beat` gives the beat that each stage adds, and the first one begins a block. What is whole by it, a
    /// block or half of one.
    pub fn step(
        &mut self,
        begun: Partial,
        beat: impl Fn(usize) -> u64,
        beats: usize,
        turn: bool,
        has_halves: bool,
    ) -> Option<RxHalf> {
        let lane_w = 64 / beats;
        let mut from = begun;
        let mut last_two = [Partial::default(); 2];
        for (number, stage) in self.stage[..beats].iter_mut().enumerate() {
            from.data |= beat(number) << (lane_w * number);
            last_two = [last_two[1], from];
            from = std::mem::replace(stage, from);
        }
        let is_low = has_halves && turn;
        let whole = last_two[usize::from(!is_low)];
        whole.valid.then_some(RxHalf {
            data: match (has_halves, turn) {
                (false, _) => whole.data,
                (true, true) => whole.data & 0xffff_ffff,
                (true, false) => whole.data >> 32,
            },
            control: whole.control,
            first: turn || !has_halves,
            bad: whole.bad,
        })
    }

    /// Nothing is there.
    pub fn clear(&mut self) {
        for stage in &mut self.stage {
            stage.valid = false;
        }
    }
}

/// The twin of `Descrambler`.
#[derive(Clone, Debug, Default)]
pub struct Descrambler {
    history: u64,
    is_filled: bool,
    /// What it gives.
    pub half: Option<RxHalf>,
}

impl Descrambler {
    /// The clock edge.
    pub fn cycle(&mut self, half: Option<RxHalf>, has_halves: bool, restart: bool) {
        self.half = half.map(|half| {
            let plain =
                |history: u64, data: u64| (data ^ history >> 25 ^ history >> 6) & 0xffff_ffff;
            let mut data = plain(self.history, half.data);
            self.history = self.history >> 32 | half.data << 32;
            if !has_halves {
                data |= plain(self.history, half.data >> 32) << 32;
                self.history = half.data;
            }
            let bad = half.bad || !self.is_filled;
            self.is_filled |= !has_halves || !half.first;
            RxHalf { data, bad, ..half }
        });
        if restart {
            self.is_filled = false;
            self.half = None;
        }
    }
}
