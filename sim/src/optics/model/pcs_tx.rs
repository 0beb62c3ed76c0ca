//! The transmit side of the PCS: blocks to lanes.

use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::pcs::block::{CONTROL_HEADER, DATA_HEADER};
use lightswitch_hdl::pcs::marker::Marker;

use super::lane_planner::Plan;
use crate::optics::{Lanes, MAX_LANES};

/// The parity of a marker: its header alone, for its payload adds up to nothing.
const MARKER_PARITY: u8 = 0x08;
/// Codes of markers.
const CODES: usize = 64;
/// Most slots of a row.
const MAX_SLOTS: usize = 8;

/// What the PCS takes and does in a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The beat on offer is taken.
    pub ready: bool,
    /// A row of markers begins with the next cycle, and with it a plan.
    pub at_marker: bool,
}

/// The register of one lane.
#[derive(Clone, Copy, Debug, Default)]
struct Serializer {
    /// What is left to send, the next bits lowest.
    bits: u64,
    is_control: bool,
}

/// The block that the spare lane sends next.
#[derive(Clone, Copy, Debug, Default)]
struct Spare {
    held: u64,
    is_control: bool,
    is_full: bool,
    bip: u8,
}

/// The twin of `PcsTx`.
#[derive(Clone, Debug)]
pub struct PcsTx {
    lanes_out: Lanes,
    // Where in the row.
    second: bool,
    slot: usize,
    is_marker_row: bool,
    rows_left: u16,
    // The plan in force.
    mask: u16,
    /// Slots whose own lane is marked as one that carries data.
    own: u16,
    /// The slot that the spare follows.
    followed: u16,
    is_spared: bool,
    /// What a reduced width adds to a code.
    base: usize,
    is_reduced: bool,
    /// The logical lane of the slot, in a row of markers.
    logical: usize,
    /// The last 64 bits that were scrambled, the latest highest.
    history: u64,
    bip: [u8; MAX_SLOTS],
    lane: [Serializer; MAX_LANES],
    spare: Spare,

    marker: [u64; CODES],
    lanes: usize,
    has_spare: bool,
    has_halves: bool,
    lane_w: u32,
    lane_mask: u32,
    rows_after: u16,
}

impl PcsTx {
    /// That of `link`.
    pub fn new(link: &LinkConfig) -> Self {
        let all = (1 << link.lanes) - 1;
        let mut marker = [0; CODES];
        for known in Marker::all(link.lanes, link.physical()) {
            let code = known.code(link.lanes);
            marker[code] = Marker::payload(code, 0);
        }
        Self {
            lanes_out: Lanes::default(),
            second: false,
            slot: 0,
            is_marker_row: true,
            rows_left: link.marker_period as u16 - 1,
            mask: all,
            own: all,
            followed: 1,
            is_spared: false,
            base: 0,
            is_reduced: false,
            logical: 0,
            history: u64::MAX,
            bip: [0; MAX_SLOTS],
            lane: [Serializer::default(); MAX_LANES],
            spare: Spare::default(),
            marker,
            lanes: link.lanes,
            has_spare: link.spares == 1,
            has_halves: link.data_w() == 32,
            lane_w: link.lane_w as u32,
            lane_mask: u32::MAX >> (32 - link.lane_w),
            rows_after: link.marker_period as u16 - 1,
        }
    }

    /// What is on the lanes.
    pub fn lanes(&self) -> &Lanes {
        &self.lanes_out
    }

    /// What this cycle does if the engine takes a beat of every lane, or not.
    pub fn step(&self, engine_ready: bool, reset: bool) -> Step {
        let steps = engine_ready && !reset;
        Step {
            ready: steps && self.carries() && !self.is_marker_row,
            at_marker: steps && self.row_ends() && self.rows_left == 0,
        }
    }

    /// The clock edge, with the beat on offer and the plan on offer.
    pub fn cycle(
        &mut self,
        data: u64,
        is_control: bool,
        plan: Plan,
        engine_ready: bool,
        reset: bool,
    ) {
        if reset {
            self.reset();
            return;
        }
        if !engine_ready {
            return;
        }
        let is_control = self.is_marker_row || (self.carries() && is_control);
        let (scrambled, history) = scramble(self.history, data, self.has_halves);
        if self.carries() && !self.is_marker_row {
            self.history = history;
        }
        let mut parity = fold(scrambled);
        if !self.second {
            parity ^= (if is_control {
                CONTROL_HEADER
            } else {
                DATA_HEADER
            }) << 3;
        }
        let is_last = self.second || !self.has_halves;

        // To the lanes, the spare with what it held before.
        self.send(scrambled, is_control);
        if self.has_spare && self.followed >> self.slot & 1 == 1 {
            let code = if self.carries() && self.is_spared {
                self.data_code()
            } else {
                32 + self.lanes
            };
            let word = self.word(scrambled, code, self.spare.bip);
            let spare = &mut self.spare;
            if self.second {
                spare.held = spare.held & 0xffff_ffff | word << 32;
            } else {
                spare.held = if self.has_halves {
                    spare.held & !0xffff_ffff | word
                } else {
                    word
                };
                spare.is_control = is_control;
            }
            add(&mut spare.bip, parity, self.is_marker_row, is_last);
        }
        add(
            &mut self.bip[self.slot],
            parity,
            self.is_marker_row,
            is_last,
        );
        self.spare.is_full |= self.row_ends();
        self.advance(plan, is_last);
    }

    /// The slot carries data.
    fn carries(&self) -> bool {
        self.mask >> self.slot & 1 == 1
    }

    /// This is the row's last beat.
    fn row_ends(&self) -> bool {
        (self.second || !self.has_halves) && self.slot == self.lanes - 1
    }

    /// The code of the slot's logical lane.
    fn data_code(&self) -> usize {
        let is_ours = self.is_reduced || self.logical & 4 != 0;
        self.base | self.logical | if is_ours { 16 } else { 0 }
    }

    /// The beat, or that of the marker `code` in its place.
    fn word(&self, scrambled: u64, code: usize, bip: u8) -> u64 {
        if !self.is_marker_row {
            return scrambled;
        }
        let bip = u64::from(bip);
        let payload = self.marker[code] ^ (bip << 24 | bip << 56);
        match (self.has_halves, self.second) {
            (false, _) => payload,
            (true, false) => payload & 0xffff_ffff,
            (true, true) => payload >> 32,
        }
    }

    /// A beat of every lane, and a new block for those whose slot it is.
    fn send(&mut self, scrambled: u64, is_control: bool) {
        let is_own = self.own >> self.slot & 1 == 1;
        let code = if is_own {
            self.data_code()
        } else {
            32 + self.slot
        };
        let word = self.word(scrambled, code, self.bip[self.slot]);
        self.lanes_out.first = 0;
        for lane in 0..self.lanes {
            if lane == self.slot {
                self.load(lane, word, is_control);
            } else {
                self.shift(lane);
            }
        }
        if !self.has_spare {
            return;
        }
        if self.slot == 0 && self.spare.is_full {
            let held = self.spare.held;
            let word = match (self.has_halves, self.second) {
                (false, _) => held,
                (true, false) => held & 0xffff_ffff,
                (true, true) => held >> 32,
            };
            self.load(self.lanes, word, self.spare.is_control);
        } else {
            self.shift(self.lanes);
        }
    }

    fn shift(&mut self, lane: usize) {
        self.lane[lane].bits >>= self.lane_w;
        self.put(lane);
    }

    fn load(&mut self, lane: usize, word: u64, is_control: bool) {
        let register = &mut self.lane[lane];
        if self.second {
            register.bits = (register.bits & 0xffff_ffff | word << 32) >> self.lane_w;
        } else {
            *register = Serializer {
                bits: word,
                is_control,
            };
            self.lanes_out.valid |= 1 << lane;
            self.lanes_out.first |= 1 << lane;
        }
        self.put(lane);
    }

    /// What the register of `lane` has, on its pins.
    fn put(&mut self, lane: usize) {
        let (register, out) = (&self.lane[lane], &mut self.lanes_out);
        out.header[lane] = 0;
        if out.valid >> lane & 1 == 1 {
            out.data[lane] = register.bits as u32 & self.lane_mask;
            if out.first >> lane & 1 == 1 {
                out.header[lane] = if register.is_control {
                    CONTROL_HEADER
                } else {
                    DATA_HEADER
                };
            }
        }
    }

    /// To the next beat, slot and row.
    fn advance(&mut self, plan: Plan, is_last: bool) {
        let row_ends = self.row_ends();
        self.second = !is_last;
        if !is_last {
            return;
        }
        self.logical = (self.logical + usize::from(self.carries())) & 7;
        self.slot += 1;
        if !row_ends {
            return;
        }
        self.slot = 0;
        self.is_marker_row = self.rows_left == 0;
        if self.is_marker_row {
            self.rows_left = self.rows_after;
            self.take(plan);
        } else {
            self.rows_left -= 1;
        }
    }

    /// The plan on offer is in force from here on, if it is one.
    fn take(&mut self, plan: Plan) {
        self.logical = 0;
        let all = (1 << self.lanes) - 1;
        let is_whole = plan.slot_mask == all;
        let count = plan.slot_mask.count_ones();
        if !is_whole && ![1, 2, 4].contains(&count) {
            return;
        }
        self.is_spared = plan.spare_on && self.has_spare;
        self.followed = if self.is_spared {
            1 << plan.spare_slot & all
        } else {
            1
        };
        self.mask = plan.slot_mask;
        self.own = plan.slot_mask;
        if self.is_spared {
            self.own &= !self.followed;
        }
        self.is_reduced = !is_whole;
        self.base = match count {
            _ if is_whole => 0,
            4 => 8,
            count => count as usize,
        };
    }

    fn reset(&mut self) {
        self.lanes_out = Lanes::default();
        (self.second, self.slot) = (false, 0);
        (self.is_marker_row, self.rows_left) = (true, self.rows_after);
        let all = (1 << self.lanes) - 1;
        (self.mask, self.own, self.followed) = (all, all, 1);
        (self.is_spared, self.base, self.is_reduced, self.logical) = (false, 0, false, 0);
        self.history = u64::MAX;
        self.bip = [0; MAX_SLOTS];
        self.spare.bip = 0;
        self.spare.is_full = false;
    }
}

/// Adds a beat to a lane's parity; a marker begins it anew.
fn add(bip: &mut u8, parity: u8, is_marker: bool, is_last: bool) {
    match (is_marker, is_last) {
        (false, _) => *bip ^= parity,
        (true, true) => *bip = MARKER_PARITY,
        (true, false) => {}
    }
}

/// The bytes of `word`, added up.
fn fold(word: u64) -> u8 {
    let half = word ^ word >> 32;
    let quarter = half ^ half >> 16;
    (quarter ^ quarter >> 8) as u8
}

/// 32 or 64 bits scrambled, and the 64 bits scrambled last.
fn scramble(history: u64, data: u64, is_half: bool) -> (u64, u64) {
    let word = |history: u64, data: u64| (data ^ history >> 25 ^ history >> 6) & 0xffff_ffff;
    let low = word(history, data);
    let history = history >> 32 | low << 32;
    if is_half {
        return (low, history);
    }
    let high = word(history, data >> 32);
    let both = low | high << 32;
    (both, both)
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::pcs::pcs_tx::PcsTx as Block;
    use lightswitch_hdl::with_link;

    use super::*;
    use crate::optics::model::testbench::{has_own_pcs, number, Rtl};

    fn follows<
        const WORDS: usize,
        const LANES: usize,
        const SPARES: usize,
        const PHYSICAL: usize,
        const LW: usize,
    >(
        link: &LinkConfig,
    ) {
        let link = LinkConfig {
            marker_period: 16,
            ..*link
        };
        let mut random = Random::new(12);
        let mut rtl = Rtl::new(Block::<WORDS, LANES, SPARES, PHYSICAL, LW>::new(16));
        let mut model = PcsTx::new(&link);
        let (mut plan, mut reduced, mut spared, mut refused) = (Plan::default(), 0, 0, 0);
        let (mut markers, mut resets) = (0, 0);
        for cycle in 0..20_000 {
            if random.below(150) == 0 {
                plan = Plan {
                    slot_mask: random.bits(LANES) as u16
                        | if random.below(2) == 0 {
                            u16::MAX >> (16 - LANES)
                        } else {
                            0
                        },
                    spare_on: random.below(2) == 0,
                    spare_slot: random.below(LANES as u32) as u8,
                };
            }
            let data = random.bits(32 * WORDS);
            let (is_control, ready) = (random.below(2) == 0, random.below(6) > 0);
            let reset = random.below(4_000) == 0;
            let block = &mut rtl.block;
            for word in 0..WORDS {
                block.block.data[word].next = (data >> (32 * word) & 0xffff_ffff).into();
            }
            block.block.control.next = is_control;
            block.slot_mask.next = u64::from(plan.slot_mask).into();
            block.spare_on.next = plan.spare_on;
            block.spare_slot.next = u64::from(plan.spare_slot).into();
            block.tx_ready.next = ready;
            block.reset.next = reset;
            rtl.settle();
            let block = &rtl.block;
            let step = Step {
                ready: block.block.ready.val(),
                at_marker: block.at_marker.val(),
            };
            assert_eq!(
                step,
                model.step(ready, reset),
                "{} cycle {cycle}",
                link.name
            );
            let mut lanes = Lanes::default();
            for lane in 0..PHYSICAL {
                if block.tx_data_valid[lane].val() {
                    lanes.valid |= 1 << lane;
                    lanes.data[lane] = number(block.tx_data[lane].val()) as u32;
                    if block.tx_hdr_valid[lane].val() {
                        lanes.first |= 1 << lane;
                        lanes.header[lane] = number(block.tx_hdr[lane].val()) as u8;
                    }
                }
            }
            assert_eq!(&lanes, model.lanes(), "{} cycle {cycle}", link.name);
            markers += u32::from(step.at_marker);
            resets += u32::from(reset);
            model.cycle(data, is_control, plan, ready, reset);
            if step.at_marker {
                reduced += u32::from(model.is_reduced);
                spared += u32::from(model.is_spared && model.followed != 1);
                refused += u32::from(model.mask != plan.slot_mask);
            }
            rtl.clock();
        }
        assert!(markers > 50 && resets > 0, "{markers} {resets}");
        assert_eq!(reduced > 0, LANES > 1, "{}", link.name);
        assert_eq!(spared > 0, SPARES > 0, "{}", link.name);
        // With one lane or two, only a plan without any is none; with more, three of them also are.
        assert!(refused > 0, "{}", link.name);
    }

    #[test]
    fn follows_the_rtl() {
        for link in LinkConfig::ALL.iter().filter(|link| has_own_pcs(link)) {
            macro_rules! follow {
                ($lanes:literal, $spares:literal, $physical:literal, $lane_w:literal,
                 $beats:literal, $ptr_w:literal, $words:literal, $($other:literal),*) => {
                    follows::<$words, $lanes, $spares, $physical, $lane_w>(link)
                };
            }
            with_link!(link, follow);
        }
    }
}
