//! A port's way into the switch: three stages, A, B and C, and what is known of the frame in them.

use super::fabric::is_malformed;
use super::table::Ask;
use super::Pins;
use crate::engine::Cause;
use crate::frame::MIN_FRAME_BYTES;

/// What the register of the CRC holds in front of a frame, and behind one with a good FCS.
const CRC_BEFORE: u32 = u32::MAX;
const CRC_GOOD: u32 = 0xdebb_20e3;

/// Six bytes of a word.
const ADDRESS: u64 = 0xffff_ffff_ffff;

/// Why a frame is poisoned, a bit each.
mod fault {
    pub const USER: u8 = 1;
    pub const MALFORMED: u8 = 2;
    pub const RUNT: u8 = 4;
    pub const TOO_LONG: u8 = 8;
    pub const GAP: u8 = 16;
}

/// The register of the CRC (IEEE 802.3, clause 3.2.9) behind the first `count` bytes of `data`, bit by bit.
fn crc(register: u32, data: u64, count: usize) -> u32 {
    (0..8 * count).fold(register, |register, bit| {
        let out = (register ^ (data >> bit) as u32) & 1;
        (register >> 1) ^ (0xedb8_8320 * out)
    })
}

/// A stage; `full` says that there is a beat.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one a flip-flop")]
struct Stage {
    full: bool,
    data: u64,
    keep: u8,
    first: bool,
    second: bool,
    last: bool,
    fault: u8,
    /// Bytes of the FCS, one bit a byte.
    fcs_bytes: u8,
    poison: bool,
    /// The register of the CRC in front of it.
    crc: u32,
    /// The stomped FCS of its frame, if it ends in it or in the next.
    stomped: u32,
}

/// The beat in front of A, where a beat is shorter than an address.
#[derive(Clone, Debug, Default)]
struct Ahead {
    full: bool,
    data: u64,
    keep: u8,
    last: bool,
    user: bool,
}

/// What happens at one ingress in a cycle.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a wire")]
pub struct Moves {
    /// The beat that stands in front of A.
    shown: Ahead,
    data: u64,
    keep: u8,
    fault: u8,
    malformed: bool,
    enter: bool,
    close: bool,
    move_b: bool,
    move_c: bool,
    leave: bool,
    nowhere: bool,
    swallow: bool,
    address: u64,
    guard_ready: bool,
    /// `tready` of the port.
    pub ready: bool,
    /// What the table is asked.
    pub ask: Ask,
}

/// What the table says of the frame in C, and of the address that is offered to be learned.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The frame's destination is not known.
    pub is_flood: bool,
    /// Learning its source would change nothing.
    pub is_known: bool,
    /// The address is taken.
    pub is_learned: bool,
}

/// One ingress of the switch.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one a flip-flop")]
pub struct Ingress {
    width: usize,
    max_frame_bytes: usize,
    ahead: Ahead,
    // The frame that comes in.
    open: bool,
    discarding: bool,
    after_first: bool,
    spoiled: bool,
    beats: usize,
    at_least_minimum: bool,
    one_below_minimum: bool,
    at_maximum: bool,
    remaining_cycles: u16,
    spent: bool,
    crc: u32,
    // The stages, and the register of the CRC behind the frame that ends in B.
    a: Stage,
    b: Stage,
    c: Stage,
    crc_b: u32,
    // What becomes of the frame in C.
    is_reserved: bool,
    is_control: bool,
    is_runt: bool,
    swallowing: bool,
    found: Option<Cause>,
    // Learning.
    source: u64,
    candidate: u64,
    offered: u64,
    already_known: bool,
    learn: bool,
    waiting: bool,
    /// What is counted in this cycle.
    pub counted: Vec<Cause>,
}

impl Ingress {
    pub fn new(width: usize, max_frame_bytes: usize) -> Self {
        Self {
            width,
            max_frame_bytes,
            ahead: Ahead::default(),
            open: false,
            discarding: false,
            after_first: false,
            spoiled: false,
            beats: 0,
            at_least_minimum: false,
            one_below_minimum: false,
            at_maximum: false,
            remaining_cycles: 0,
            spent: false,
            crc: 0,
            a: Stage::default(),
            b: Stage::default(),
            c: Stage::default(),
            crc_b: CRC_GOOD,
            is_reserved: false,
            is_control: false,
            is_runt: false,
            swallowing: false,
            found: None,
            source: 0,
            candidate: 0,
            offered: 0,
            already_known: false,
            learn: false,
            waiting: false,
            counted: Vec::new(),
        }
    }

    fn full_keep(&self) -> u8 {
        u8::MAX >> (8 - self.width)
    }

    /// The address that is offered to be learned.
    pub fn offers(&self) -> Option<u64> {
        self.waiting.then_some(self.offered)
    }

    /// What happens in this cycle. `take`: the fabric takes a beat; `mask`: the egresses of the frame in C.
    pub fn moves(&self, pins: &Pins, take: bool, mask: &[bool]) -> Moves {
        let is_narrow = self.width == 4;
        let shown = if is_narrow {
            Ahead {
                full: self.ahead.full && (self.ahead.last || pins.valid),
                ..self.ahead.clone()
            }
        } else {
            Ahead {
                full: pins.valid,
                data: pins.data,
                keep: pins.keep,
                last: pins.last,
                user: pins.user,
            }
        };
        let offered = shown.full;

        let nowhere = self.is_runt || self.is_reserved || self.is_control || !mask.contains(&true);
        let swallow = if self.c.first {
            nowhere
        } else {
            self.swallowing
        };
        let (a, b, c) = (&self.a, &self.b, &self.c);
        let c_free = !c.full || self.swallowing || take;
        let held_back = is_narrow && b.first && !b.last && !a.last && !offered;
        let move_c = b.full && c_free && !held_back;
        let free = !a.full || !b.full || c_free;
        let enter = offered && free && !self.discarding;
        let move_b = a.full && (!b.full || move_c) && (a.last || enter);
        let ready = self.discarding || free;

        let mut moves = Moves {
            data: 0,
            keep: 0,
            fault: 0,
            malformed: false,
            enter,
            close: self.open && self.spent && !offered,
            move_b,
            move_c,
            leave: c.full && c_free,
            nowhere,
            swallow,
            address: self.address(&shown, pins),
            guard_ready: ready,
            ready: if is_narrow {
                !self.ahead.full || ready
            } else {
                ready
            },
            ask: Ask::default(),
            shown,
        };
        moves.ask = Ask {
            address: moves.address,
            advance: [offered && free, move_b, move_c],
        };
        self.judge(&mut moves);
        moves
    }

    /// The address to look up: the destination with a frame's first beat, the source with its second.
    fn address(&self, shown: &Ahead, pins: &Pins) -> u64 {
        let address = match (self.width, self.open) {
            (4, false) => shown.data | pins.data << 32,
            (4, true) => shown.data >> 16 | pins.data << 16,
            (_, false) => shown.data,
            (_, true) => self.a.data >> 48 | (shown.data & 0xffff_ffff) << 16,
        };
        address & ADDRESS
    }

    /// Judges the byte enables of the beat in front of A, and what is wrong with its frame.
    fn judge(&self, moves: &mut Moves) {
        let shown = &moves.shown;
        let full = self.full_keep();
        let spare = self.max_frame_bytes.next_multiple_of(self.width) - self.max_frame_bytes;
        moves.malformed = is_malformed(shown.keep, shown.last, self.width) || self.spoiled;
        moves.keep = full;
        if shown.last {
            let bytes = (shown.keep.trailing_ones() as usize).max(1);
            moves.keep = (0..bytes).fold(0, |keep, byte| keep | 1 << byte);
        }
        if self.at_maximum {
            let allowed = full >> spare;
            if !shown.last || moves.keep & !allowed != 0 {
                moves.fault |= fault::TOO_LONG;
            }
            moves.keep &= allowed;
        }
        for byte in 0..self.width {
            if shown.keep >> byte & 1 == 1 || !shown.last {
                moves.data |= shown.data & 0xff << (8 * byte);
            }
        }
        if shown.last && shown.user {
            moves.fault |= fault::USER;
        }
        if moves.malformed {
            moves.fault |= fault::MALFORMED;
        }
        let is_minimum = self.at_least_minimum || (self.one_below_minimum && shown.keep == full);
        if shown.last && !is_minimum {
            moves.fault |= fault::RUNT;
        }
    }

    /// The beat in C, as it is offered to the fabric, for the egresses of `mask`.
    pub fn source(&self, moves: &Moves, mask: Vec<bool>) -> Pins {
        let c = &self.c;
        let is_stomped = c.poison || (!c.last && self.crc_b != CRC_GOOD);
        let mut data = c.data;
        if is_stomped {
            // The last of its bytes that fall into this beat, or the first of them.
            let count = c.fcs_bytes.count_ones() as usize;
            let from = if c.last { 4 - count } else { 0 };
            let bytes = (0..self.width).filter(|byte| c.fcs_bytes >> byte & 1 == 1);
            for (at, byte) in (from..).zip(bytes) {
                let value = u64::from(c.stomped >> (8 * at) & 0xff);
                data = data & !(0xff << (8 * byte)) | value << (8 * byte);
            }
        }
        Pins {
            valid: c.full && !moves.swallow,
            last: c.last,
            user: c.last && c.poison,
            keep: c.keep,
            data,
            mask,
        }
    }

    /// The clock edge.
    pub fn edge(&mut self, pins: &Pins, moves: &Moves, gap_limit: u16, answer: Answer) {
        self.counted.clear();
        self.learn(moves, answer);
        self.decide(pins, moves, answer.is_flood);
        self.shift(moves);
        self.guard(moves, gap_limit);
        if self.width == 4 {
            self.look_ahead(pins, moves);
        }
    }

    /// With `rst` high, behind [`Ingress::edge`].
    pub fn reset(&mut self) {
        self.counted.clear();
        self.ahead.full = false;
        self.end_frame();
        self.discarding = false;
        self.spent = false;
        self.a.full = false;
        self.b.full = false;
        self.c.full = false;
        self.learn = false;
        self.waiting = false;
    }

    fn end_frame(&mut self) {
        self.open = false;
        self.after_first = false;
        self.spoiled = false;
        self.beats = 0;
        self.at_least_minimum = false;
        self.one_below_minimum = false;
        self.at_maximum = false;
    }

    /// What becomes of frames, and what is counted of them.
    fn decide(&mut self, pins: &Pins, moves: &Moves, is_flood: bool) {
        if moves.leave && self.c.first {
            let cause = if self.is_runt {
                Cause::RuntDropped
            } else if self.is_reserved {
                Cause::FilteredReserved
            } else if self.is_control {
                Cause::FilteredControl
            } else if moves.nowhere {
                Cause::FilteredSelf
            } else {
                Cause::Accepted
            };
            self.counted.push(cause);
            if cause == Cause::Accepted && is_flood {
                self.counted.push(Cause::Flooded);
            }
        }
        if moves.leave && self.c.last && !moves.swallow {
            self.counted.extend(self.found);
        }
        if moves.move_c && self.b.first {
            let (low, high, kind) = if self.width == 4 {
                (self.b.data, self.a.data, pins.data)
            } else {
                (
                    self.b.data & 0xffff_ffff,
                    self.b.data >> 32,
                    self.a.data >> 32,
                )
            };
            self.is_reserved = low == 0x00c2_8001 && high & 0xf0ff == 0;
            self.is_control = kind & 0xffff == 0x0888;
            self.is_runt = self.b.last || self.a.last || (moves.enter && moves.shown.last);
            self.swallowing = false;
        } else if self.c.first {
            self.swallowing = moves.nowhere;
        }
        if moves.move_c && self.b.last {
            let has = |fault: u8| self.b.fault & fault != 0;
            self.found = if has(fault::GAP) {
                Some(Cause::GapClosed)
            } else if has(fault::TOO_LONG) {
                Some(Cause::TooLong)
            } else if has(fault::MALFORMED) {
                Some(Cause::Malformed)
            } else if has(fault::RUNT) {
                Some(Cause::RuntPoisoned)
            } else if has(fault::USER) || self.crc_b == 0 {
                Some(Cause::PoisonedIn)
            } else {
                (self.crc_b != CRC_GOOD).then_some(Cause::FcsError)
            };
        }
    }

    fn learn(&mut self, moves: &Moves, answer: Answer) {
        if self.learn && self.waiting && !answer.is_learned {
            self.counted.push(Cause::LearnMissed);
        }
        if answer.is_learned {
            self.waiting = false;
        }
        if self.learn {
            self.waiting = true;
            self.offered = self.candidate;
        }
        let is_good = moves.move_c && self.b.last && self.crc_b == CRC_GOOD && self.b.fault == 0;
        self.learn = is_good && !self.is_control && !self.already_known && self.source & 1 == 0;
        self.candidate = self.source;
        if moves.ask.advance[0] && self.after_first {
            self.source = moves.address;
        }
        if self.c.full && self.c.second {
            self.already_known = answer.is_known;
        }
    }

    /// The stages.
    fn shift(&mut self, moves: &Moves) {
        let width = self.width;
        if moves.leave {
            self.c.full = false;
        }
        if moves.move_c {
            let b = &self.b;
            let count = b.fcs_bytes.count_ones() as usize;
            let bytes = b.keep.trailing_ones() as usize;
            let stomped = if b.last && count < 4 {
                // All that comes in front of it is in the beat before.
                crc(self.c.crc, self.c.data, width + bytes - 4)
            } else if b.last {
                crc(b.crc, b.data, bytes - 4)
            } else {
                crc(b.crc, b.data, width - count)
            };
            let poison = if b.last {
                b.fault != 0 || self.crc_b != CRC_GOOD
            } else {
                self.a.last && self.a.fault != 0
            };
            self.c = Stage {
                poison,
                stomped,
                ..b.clone()
            };
            self.b.full = false;
        }
        if moves.move_b {
            let a = &self.a;
            let missing = !moves.keep & 15;
            self.crc_b = crc(a.crc, a.data, a.keep.trailing_ones() as usize);
            self.b = Stage {
                fcs_bytes: if a.last {
                    a.keep & !(a.keep >> 4)
                } else {
                    missing << (width - 4)
                },
                ..a.clone()
            };
            self.a.full = false;
        }
        if moves.enter {
            let before = if self.open { self.crc } else { CRC_BEFORE };
            self.crc = crc(before, moves.data, width);
            self.a = Stage {
                full: true,
                data: moves.data,
                keep: moves.keep,
                first: !self.open,
                second: self.after_first,
                last: moves.shown.last || self.at_maximum,
                fault: moves.fault,
                crc: before,
                ..Stage::default()
            };
        }
        if moves.close {
            self.a.last = true;
            self.a.fault = fault::GAP;
        }
    }

    /// The frame that comes in, and its pause.
    fn guard(&mut self, moves: &Moves, gap_limit: u16) {
        let (offered, last) = (moves.shown.full, moves.shown.last);
        let (was_open, was_at_maximum) = (self.open, self.at_maximum);
        let remaining = self.remaining_cycles;
        let pausing = was_open && !offered;
        self.spent = pausing && (self.spent || remaining == 1);
        self.remaining_cycles = if pausing {
            remaining.saturating_sub(1)
        } else {
            gap_limit
        };
        if self.discarding && offered && last {
            self.discarding = false;
        }
        if moves.enter {
            self.open = true;
            self.after_first = !was_open;
            self.spoiled = moves.malformed;
            self.at_least_minimum |= self.one_below_minimum;
            self.one_below_minimum = self.beats == MIN_FRAME_BYTES / self.width - 2;
            self.at_maximum = self.beats == self.max_frame_bytes.div_ceil(self.width) - 2;
            self.beats += 1;
            if was_at_maximum {
                self.discarding = !last;
            }
        }
        if moves.close {
            self.discarding = true;
        }
        if (moves.enter && (last || was_at_maximum)) || moves.close {
            self.end_frame();
        }
    }

    /// The beat in front of A.
    fn look_ahead(&mut self, pins: &Pins, moves: &Moves) {
        self.ahead.full &= !(moves.shown.full && moves.guard_ready);
        if pins.valid && !self.ahead.full {
            self.ahead = Ahead {
                full: true,
                data: pins.data,
                keep: pins.keep,
                last: pins.last,
                user: pins.user,
            };
        }
    }
}
