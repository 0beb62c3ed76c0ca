//! Which physical lane each logical lane comes from, and that all go on together.

/// Most beats of a block.
const MAX_BEATS: usize = 8;

/// What the lanes say, one bit each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heads {
    /// There is a beat.
    pub valid: u16,
    /// It is the first after a marker.
    pub flag: u16,
    /// The FIFO is empty and at a marker.
    pub gap: u16,
    /// Marker lock.
    pub marker_lock: u16,
    /// The marker said that the lane carries data.
    pub has_data: u16,
    /// And it is of the present width.
    pub counts: u16,
    /// A beat was lost.
    pub overflow: u16,
}

/// What happens in this cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Going {
    /// Lanes whose head is taken.
    pub pop: u16,
    /// The lane that begins a block.
    pub chosen: u16,
    /// All chosen lanes go on.
    pub steps: bool,
    /// A block may begin: this is a slot's first beat.
    pub begins: bool,
}

/// The twin of `LaneChoice`, with its `LaneTurn`, `LaneRing` and `WidthHunt`.
#[derive(Clone, Debug)]
pub struct LaneChoice {
    phase: usize,
    /// Blocks pass.
    pub aligned: bool,
    is_emptying: bool,
    is_choosing: bool,
    members: u16,
    past_gap: u16,
    /// Everything is thrown away.
    pub has_failed: bool,
    /// A beat was lost that counts.
    pub has_overflown: bool,
    /// Who is at which beat of its block; in place 0 who had this slot a row ago.
    pub ring: [u16; MAX_BEATS],
    /// The width, in halvings.
    pub width: usize,
    patience: u8,
    beats: usize,
    lanes: usize,
    /// Beats of a slot.
    slot_beats: usize,
}

impl LaneChoice {
    /// That of a link.
    pub fn new(lanes: usize, beats: usize) -> Self {
        Self {
            phase: 0,
            aligned: false,
            is_emptying: false,
            is_choosing: false,
            members: 0,
            past_gap: 0,
            has_failed: false,
            has_overflown: false,
            ring: [0; MAX_BEATS],
            width: 0,
            patience: 0,
            beats,
            lanes,
            slot_beats: beats / lanes,
        }
    }

    /// The clock edge. `named` are the lanes by the logical lane that they carry, `complete` is the widest width that is.
    pub fn cycle(
        &mut self,
        heads: &Heads,
        named: &[u16; 8],
        complete: Option<usize>,
        reset: bool,
    ) -> Going {
        let (last_phase, last_turn) = (self.beats - 1, self.beats - self.slot_beats);
        let starts = self.phase == 0;
        let turn = self.phase.is_multiple_of(self.slot_beats);
        let slot = self.phase / self.slot_beats;
        let previous = self.ring[0];
        let under_way = self.ring[1..self.beats]
            .iter()
            .fold(0, |all, lanes| all | lanes);
        let busy = under_way | previous;

        // Who has a turn.
        let is_stale = self.patience == 3;
        let no_starts = self.is_emptying || self.is_choosing;
        let flagged = heads.valid & heads.flag;
        let plain = heads.valid & !heads.flag;
        let chosen = match (turn, self.is_choosing && !is_stale, no_starts) {
            (true, true, _) => flagged & heads.counts & named[slot],
            (true, false, false) => plain & previous,
            _ => 0,
        };
        let is_twice = chosen & chosen.wrapping_sub(1) != 0;
        let at_marker = flagged | (!heads.valid & self.past_gap);
        let ends = previous & at_marker != 0;
        let is_late = turn && previous & !at_marker != 0;
        let has_stranger = flagged & heads.has_data & !heads.counts != 0;
        let is_astray = (no_starts && turn && previous & plain != 0)
            || (!no_starts && !starts && previous & flagged != 0);

        // Whether all go on, and whether something is wrong.
        let mut steps = under_way & !heads.valid == 0;
        let mut is_empty = false;
        if self.is_emptying {
            if is_late || self.phase == last_turn {
                steps = false;
                is_empty = !is_late;
            }
        } else if turn && slot < self.lanes >> self.width && chosen == 0 {
            steps = false;
        }
        let loses = heads.overflow & busy != 0 || (self.aligned && heads.overflow != 0);
        let fails =
            loses || (busy | self.members) & !heads.marker_lock != 0 || is_twice || is_astray;
        let is_free = starts && !self.aligned && busy == 0;

        // A lane that is not chosen runs dry.
        let mut pop = heads.valid & !busy & !chosen & !(heads.flag & heads.has_data);
        if steps {
            pop |= chosen | under_way;
        }

        // The row.
        let back = self.ring[last_phase];
        let was_failed = self.has_failed;
        let is_ready = complete == Some(self.width);
        let hunts = starts && self.is_choosing && !steps && has_stranger;
        self.hunt(is_free && !steps, hunts, complete);
        if steps {
            if self.is_choosing && self.phase == last_turn {
                self.aligned = true;
                self.members = under_way | chosen;
            }
            if self.phase == last_phase {
                self.is_emptying = back & heads.gap != 0;
                self.is_choosing = false;
            }
            self.phase = (self.phase + 1) & last_phase;
            self.ring.copy_within(1..last_phase, 2);
            self.ring[0] = back;
            self.ring[1] = chosen;
        } else if is_empty {
            self.is_emptying = false;
            self.is_choosing = true;
            self.phase = 0;
        } else if is_free {
            self.is_choosing = is_ready;
        } else if starts && ends {
            self.is_emptying = true;
        }
        self.past_gap = heads.gap;
        self.has_failed = fails && !reset;
        self.has_overflown = loses && !reset;
        if reset || was_failed || is_empty {
            self.ring = [0; MAX_BEATS];
        }
        if reset || was_failed {
            self.phase = 0;
            self.aligned = false;
            self.is_emptying = false;
            self.is_choosing = false;
            self.members = 0;
        }
        if reset {
            (self.width, self.patience) = (0, 0);
        }
        Going {
            pop,
            chosen,
            steps,
            begins: turn,
        }
    }

    /// The twin of `WidthHunt`.
    fn hunt(&mut self, is_free: bool, hunts: bool, complete: Option<usize>) {
        let patience = self.patience;
        self.patience = 0;
        if is_free {
            self.width = complete.unwrap_or(self.width);
        } else if hunts && patience < 3 {
            self.patience = patience + 1;
            if patience == 2 {
                let is_narrowest = self.lanes >> self.width == 1;
                self.width = if is_narrowest { 0 } else { self.width + 1 };
            }
        }
    }
}
