//! The ingresses of the switch: three stages that every beat passes, all ports at once.
//!
//! ```text
//!  pins ─► [A] ─► [B] ─► [C] ─► queues
//! ```
//!
//! Which stage of which port holds what, and which moves, are bits, one a port; so a cycle costs some sixty operations
//! on words, whatever the number of ports, and work for a port comes with its beats: a CRC when one enters, a look at the
//! table with the first and the second, a verdict with the last.

use super::crc;
use super::fabric::Fabric;
use super::gate::is_malformed;
use super::mask::Mask;
use super::queue::{Side, Stored};
use super::table::{Read, Table};
use super::{Streams, Wires};
use crate::engine::Cause;

/// Gap limit where none is configured, in cycles.
const DEFAULT_GAP_LIMIT: u16 = 4_096;

/// Shortest frame, in bytes.
const MIN_FRAME_BYTES: usize = 64;

/// Beats in the three stages, and one that enters.
const SLOTS: usize = 4;

/// Six bytes of a word.
const ADDRESS: u64 = 0xffff_ffff_ffff;

/// Why a frame is poisoned.
mod fault {
    pub const USER: u8 = 1;
    pub const MALFORMED: u8 = 2;
    pub const RUNT: u8 = 4;
    pub const TOO_LONG: u8 = 8;
    pub const GAP: u8 = 16;
}

/// One ingress. What comes with every beat stands in front, what comes with a frame behind.
#[derive(Clone, Debug)]
struct Port<const W: usize> {
    /// The beats in the stages, and the CRC state in front of each.
    data: [u64; SLOTS],
    before: [u32; SLOTS],
    /// Of a last beat: its byte enables, and what is counted when it has left.
    keep: [u8; SLOTS],
    verdict: [Option<Cause>; SLOTS],
    /// CRC state behind the newest beat.
    crc: u32,
    /// Beats that have entered of the frame that is coming in.
    beats: u16,
    /// Where the oldest beat stands, and the newest.
    oldest: u8,
    newest: u8,
    /// The queues that take the frame in C.
    target: Mask<W>,
    /// Where it is meant to go.
    mask: Mask<W>,
    kind: Kind,
    is_flooded: bool,
    /// Cycles that the running pause may still last.
    remaining: u16,
    /// The first bytes of a stomped FCS that ends in the next beat.
    stomped: u32,
    /// Source addresses: of the newest frame, of one that proved good, and the one that waits for the table.
    source: u64,
    candidate: u64,
    waiting: u64,
    /// The beat in front of A, where a beat is shorter than an address.
    ahead: u64,
    ahead_keep: u8,
}

impl<const W: usize> Port<W> {
    /// A frame's first beat leaves C: to the queues with `room`, unless it is swallowed.
    #[inline(always)]
    fn begin(
        &mut self,
        index: usize,
        is_swallowed: bool,
        room: Mask<W>,
        count: &mut impl FnMut(Cause, usize, Mask<W>),
    ) {
        let cause = match self.kind {
            Kind::Runt => Cause::RuntDropped,
            Kind::Reserved => Cause::FilteredReserved,
            Kind::Control => Cause::FilteredControl,
            Kind::Data if is_swallowed => Cause::FilteredSelf,
            Kind::Data => Cause::Accepted,
        };
        count(cause, index, Mask::NONE);
        if cause != Cause::Accepted {
            return;
        }
        if self.is_flooded {
            count(Cause::Flooded, index, Mask::NONE);
        }
        self.target = self.mask & room;
        let full = self.mask.without(room);
        if full.any() {
            count(Cause::DropFull, index, full);
        }
    }

    /// Takes a beat into A.
    #[inline(always)]
    fn enter<const K: usize>(&mut self, data: u64) {
        let place = (self.newest as usize + 1) % SLOTS;
        self.newest = place as u8;
        self.data[place] = data;
        self.before[place] = self.crc;
        self.crc = crc::beat::<K>(self.crc, data);
        self.beats = self.beats.wrapping_add(1);
    }

    /// The newest beat is its frame's last: whether the FCS is good, and what is to be counted for these faults.
    #[inline(always)]
    fn end<const K: usize>(&mut self, keep: u8, fault: u8) -> bool {
        let place = self.newest as usize % SLOTS;
        let padding = K - keep.trailing_ones() as usize;
        let is_good = self.crc == crc::RESIDUE[padding];
        self.keep[place] = keep;
        self.verdict[place] = verdict(fault, is_good, self.crc == 0);
        self.restart();
        is_good
    }

    /// The newest beat has only the bytes that `keep` enables.
    fn cut<const K: usize>(&mut self, keep: u8) {
        let place = self.newest as usize % SLOTS;
        self.data[place] = enabled(self.data[place], keep);
        self.crc = crc::beat::<K>(self.before[place], self.data[place]);
    }

    /// The next beat that enters is a first one.
    fn restart(&mut self) {
        self.crc = crc::INITIAL;
        self.beats = 0;
    }
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Runt,
    Reserved,
    Control,
    Data,
}

/// The ingresses of all ports.
#[derive(Debug)]
pub struct Ingresses<const W: usize, const K: usize> {
    all: Mask<W>,
    port: Vec<Port<W>>,
    /// What the lookups of first and second beats read.
    read: Vec<[Read<W>; SLOTS]>,
    max_frame_beats: u16,
    /// Byte enables of a longest frame's last beat.
    allowed: u8,
    // In front of A, for short beats.
    ahead: Mask<W>,
    ahead_last: Mask<W>,
    ahead_user: Mask<W>,
    ahead_full: Mask<W>,
    // The frame that is coming in.
    open: Mask<W>,
    discarding: Mask<W>,
    after_first: Mask<W>,
    spoiled: Mask<W>,
    at_maximum: Mask<W>,
    spent: Mask<W>,
    pausing: Mask<W>,
    gap_limit: u16,
    // Stages.
    valid: [Mask<W>; 3],
    first: [Mask<W>; 3],
    second: [Mask<W>; 3],
    last: [Mask<W>; 3],
    /// A fault is known of the beat's frame, in A and B.
    faulty: [Mask<W>; 2],
    /// The FCS of the frame that ends in A, and in B, is good.
    good: [Mask<W>; 2],
    /// The frame in C is poisoned.
    poisoned: Mask<W>,
    // Decision on the frame in C: it is a MAC control frame, whatever else it is; it goes nowhere.
    control: Mask<W>,
    nowhere: Mask<W>,
    swallowing: Mask<W>,
    /// It goes on to its queues.
    in_frame: Mask<W>,
    // Learning.
    known: Mask<W>,
    learn: Mask<W>,
    waiting: Mask<W>,
}

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

/// `new` where `which`, else `old`.
#[inline(always)]
fn choose<const W: usize>(which: Mask<W>, new: Mask<W>, old: Mask<W>) -> Mask<W> {
    (new & which) | old.without(which)
}

/// The bytes of `data` that `keep` enables, the others zero.
#[inline(always)]
fn enabled(data: u64, keep: u8) -> u64 {
    let spread = (u64::from(keep).wrapping_mul(0x0101_0101_0101_0101)) & 0x8040_2010_0804_0201;
    let bytes = spread.wrapping_add(0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
    data & bytes.wrapping_mul(0xff)
}

impl<const W: usize, const K: usize> Ingresses<W, K> {
    /// Bits of a full beat's enables.
    const FULL: u8 = ((1_u16 << K) - 1) as u8;

    /// Beats are shorter than an address.
    const NARROW: bool = K < 6;

    pub fn new(ports: usize, max_frame_bytes: usize) -> Self {
        let port = Port {
            data: [0; SLOTS],
            before: [0; SLOTS],
            keep: [0; SLOTS],
            verdict: [None; SLOTS],
            crc: crc::INITIAL,
            beats: 0,
            oldest: 0,
            newest: SLOTS as u8 - 1,
            remaining: 0,
            mask: Mask::NONE,
            target: Mask::NONE,
            kind: Kind::Data,
            is_flooded: false,
            stomped: 0,
            source: 0,
            candidate: 0,
            waiting: 0,
            ahead: 0,
            ahead_keep: 0,
        };
        let spare = max_frame_bytes.next_multiple_of(K) - max_frame_bytes;
        Self {
            all: Mask::first(ports),
            port: vec![port; ports],
            read: vec![[Read::NOTHING; SLOTS]; ports],
            max_frame_beats: max_frame_bytes.div_ceil(K) as u16,
            allowed: Self::FULL >> spare,
            ahead: Mask::NONE,
            ahead_last: Mask::NONE,
            ahead_user: Mask::NONE,
            ahead_full: Mask::NONE,
            open: Mask::NONE,
            discarding: Mask::NONE,
            after_first: Mask::NONE,
            spoiled: Mask::NONE,
            at_maximum: Mask::NONE,
            spent: Mask::NONE,
            pausing: Mask::NONE,
            gap_limit: 0,
            valid: [Mask::NONE; 3],
            first: [Mask::NONE; 3],
            second: [Mask::NONE; 3],
            last: [Mask::NONE; 3],
            faulty: [Mask::NONE; 2],
            good: [Mask::NONE; 2],
            poisoned: Mask::NONE,
            control: Mask::NONE,
            nowhere: Mask::NONE,
            swallowing: Mask::NONE,
            in_frame: Mask::NONE,
            known: Mask::NONE,
            learn: Mask::NONE,
            waiting: Mask::NONE,
        }
    }

    /// The address that `port` offers to the table.
    #[inline(always)]
    pub fn offered(&self, port: usize) -> Option<u64> {
        self.waiting.has(port).then(|| self.port[port].waiting)
    }

    /// One cycle: the ingresses that are ready in it, then its clock edge. `count` hears what is to be counted in the next cycle.
    #[inline(always)]
    #[allow(
        clippy::too_many_lines,
        reason = "one edge of one pipeline, stage by stage"
    )]
    pub fn cycle(
        &mut self,
        pins: &Streams<W>,
        reset: bool,
        wires: &Wires<W>,
        table: &Table<W>,
        fabric: &mut Fabric<W, K>,
        mut count: impl FnMut(Cause, usize, Mask<W>),
    ) -> Mask<W> {
        let all = self.all;

        // 1. The beat in front of A.
        let (offered, offered_last, offered_full) = if Self::NARROW {
            let shown = self.ahead & (self.ahead_last | pins.valid);
            (shown, self.ahead_last, self.ahead_full)
        } else {
            (pins.valid, pins.last, pins.full)
        };

        // 2. Which stages move. A frame's first beat leaves C when there is room for the frame.
        let swallows = choose(self.first[C], self.nowhere, self.swallowing);
        let mut takes = self.in_frame;
        if reset {
            takes = Mask::NONE;
        } else {
            (self.valid[C] & self.first[C]).each(|index| {
                let (port, room) = (&mut self.port[index], fabric.room(index));
                // One that is swallowed waits for room in its first cycle, as if it were not.
                let may_leave = wires.is_lossy || self.swallowing.has(index);
                if may_leave || !port.mask.without(room).any() {
                    takes.set(index);
                    let is_swallowed = swallows.has(index);
                    port.begin(index, is_swallowed, room, &mut count);
                    if !is_swallowed {
                        fabric.begin(index, port.target, wires.store_forward[index]);
                    }
                }
            });
        }
        let c_free = all.without(self.valid[C]) | self.swallowing | takes;
        let leave = self.valid[C] & c_free;
        let mut move_c = self.valid[B] & c_free;
        if Self::NARROW {
            let held = self.first[B]
                .without(self.last[B])
                .without(self.last[A])
                .without(offered);
            move_c = move_c.without(held);
        }
        let b_free = all.without(self.valid[B]) | move_c;
        let a_free = all.without(self.valid[A]) | all.without(self.valid[B]) | c_free;
        let enter = (offered & a_free).without(self.discarding);
        let move_b = self.valid[A] & b_free & (self.last[A] | enter);
        let close = (self.open & self.spent).without(offered);
        let a_ready = self.discarding | a_free;
        let ready = if Self::NARROW {
            all.without(self.ahead) | a_ready
        } else {
            a_ready
        };
        let last = offered_last | self.at_maximum;
        let first = all.without(self.open);

        let second = self.after_first;

        // 3. C: the beat goes to its queues, or nowhere. A poisoned frame is stomped where it ends, which may be in its
        // last two beats.
        let goes = leave.without(swallows);
        let ends_next = (self.valid[B] & self.last[B]).without(self.last[C]);
        let ending = self.last[C] | (ends_next & (self.poisoned | all.without(self.good[B])));
        goes.without(ending).each(|index| {
            let port = &mut self.port[index];
            let data = port.data[port.oldest as usize % SLOTS];
            port.oldest = port.oldest.wrapping_add(1);
            fabric.push(index, port.target, data);
        });
        (goes & ending).each(|index| {
            let port = &mut self.port[index];
            let place = port.oldest as usize % SLOTS;
            port.oldest = port.oldest.wrapping_add(1);
            let next_keep = port.keep[(place + 1) % SLOTS];
            let (mut data, crc, keep) = (port.data[place], port.before[place], port.keep[place]);
            let is_last = self.last[C].has(index);
            let is_poisoned = self.poisoned.has(index) || (!is_last && next_keep & 8 == 0);
            if is_poisoned {
                data = stomp::<K>(&mut port.stomped, crc, data, keep, is_last, next_keep);
            }
            if !is_last {
                fabric.push(index, port.target, data);
                return;
            }
            let side = Side::last(keep.trailing_ones() as usize, is_poisoned);
            fabric.push_last(index, port.target, Stored { data, side });
            if let Some(cause) = port.verdict[place] {
                count(cause, index, Mask::NONE);
            }
        });
        (leave & swallows).each(|index| {
            let port = &mut self.port[index];
            port.oldest = port.oldest.wrapping_add(1);
        });
        let next_in_frame = choose(goes, all.without(self.last[C]), self.in_frame);

        // 4. B to C: the decision with the first beat, and with the second whether the source is known.
        let decides = move_c & self.first[B];
        let mut nowhere = self.nowhere;
        decides.each(|index| {
            let port = &mut self.port[index];
            let place = port.oldest as usize % SLOTS;
            let (this, behind) = (port.data[place], port.data[(place + 1) % SLOTS]);
            let (low, high, kind) = if Self::NARROW {
                (this, behind, pins.data[index])
            } else {
                (this & 0xffff_ffff, this >> 32, behind >> 32)
            };
            let ends = self.last[B] | self.last[A] | (enter & offered_last);
            let is_control = kind & 0xffff == 0x0888;
            port.kind = if ends.has(index) {
                Kind::Runt
            } else if low == 0x00c2_8001 && high & 0xf0ff == 0 {
                Kind::Reserved
            } else if is_control {
                Kind::Control
            } else {
                Kind::Data
            };
            let hit = table.answer(&self.read[index][place]);
            port.is_flooded = hit.is_none();
            port.mask = hit.unwrap_or(all);
            port.mask.clear(index);
            self.control.put(index, is_control);
            nowhere.put(index, port.kind != Kind::Data || !port.mask.any());
        });
        let answers = move_c & self.second[B];
        let mut answered = Mask::NONE;
        answers.each(|index| {
            let place = self.port[index].oldest as usize % SLOTS;
            answered.put(index, table.is_known(&self.read[index][place], index));
        });
        let good_end = (move_c & self.last[B] & self.good[B])
            .without(self.faulty[B])
            .without(self.control);
        let poisons = (self.last[B] & (self.faulty[B] | all.without(self.good[B])))
            | (self.last[A] & self.faulty[A]).without(self.last[B]);

        // 5. Learning: an address proves good, a cycle later it waits for the table, in place of an older one.
        let learned = table.ready_port().map_or(Mask::NONE, Mask::one);
        (self.learn & self.waiting.without(learned))
            .each(|index| count(Cause::LearnMissed, index, Mask::NONE));
        self.learn
            .each(|index| self.port[index].waiting = self.port[index].candidate);
        self.waiting = self.waiting.without(learned) | self.learn;
        self.learn = Mask::NONE;
        good_end.without(self.known).each(|index| {
            let port = &mut self.port[index];
            if port.source & 1 == 0 {
                port.candidate = port.source;
                self.learn.set(index);
            }
        });
        self.known = choose(answers, answered, self.known);

        // 6. Into A: every beat, then what first, second and last ones bring with them, and those that break rules.
        let (mut faulty, mut good) = (Mask::NONE, Mask::NONE);
        let mut malformed = self.spoiled;
        let mut at_maximum = Mask::NONE;
        enter.each(|index| {
            let port = &mut self.port[index];
            let data = if Self::NARROW {
                port.ahead
            } else {
                pins.data[index]
            };
            port.enter::<K>(data);
            if port.beats + 1 == self.max_frame_beats {
                at_maximum.set(index);
            }
        });
        (enter & first).each(|index| {
            let port = &self.port[index];
            let place = port.newest as usize % SLOTS;
            let address = if Self::NARROW {
                port.data[place] | pins.data[index] << 32
            } else {
                port.data[place]
            };
            table.read(address & ADDRESS, &mut self.read[index][place]);
        });
        (enter & second).each(|index| {
            let port = &mut self.port[index];
            let place = port.newest as usize % SLOTS;
            let data = port.data[place];
            let address = if Self::NARROW {
                data >> 16 | pins.data[index] << 16
            } else {
                port.data[(place + SLOTS - 1) % SLOTS] >> 48 | (data & 0xffff_ffff) << 16
            };
            port.source = address & ADDRESS;
            table.read(port.source, &mut self.read[index][place]);
        });
        let ordinary = offered_full.without(last | self.spoiled);
        enter.without(ordinary).each(|index| {
            let port = &mut self.port[index];
            let is_last_pin = offered_last.has(index);
            let (pin_keep, is_user) = if Self::NARROW {
                (port.ahead_keep, self.ahead_user.has(index))
            } else {
                (pins.keep[index], pins.user.has(index))
            };
            let (mut keep, mut fault) = (Self::FULL, 0);
            if is_last_pin {
                if pin_keep != Self::FULL {
                    port.cut::<K>(pin_keep);
                    keep = contiguous::<K>(pin_keep);
                }
                let bytes_before = K * (usize::from(port.beats) - 1);
                if bytes_before + K < MIN_FRAME_BYTES
                    || (bytes_before + K == MIN_FRAME_BYTES && pin_keep != Self::FULL)
                {
                    fault |= fault::RUNT;
                }
                if is_user {
                    fault |= fault::USER;
                }
            }
            if self.at_maximum.has(index) {
                if !is_last_pin || keep & !self.allowed != 0 {
                    fault |= fault::TOO_LONG;
                }
                keep &= self.allowed;
            }
            if is_malformed::<K>(pin_keep, is_last_pin) || self.spoiled.has(index) {
                fault |= fault::MALFORMED;
                malformed.set(index);
            }
            faulty.put(index, fault != 0);
            if last.has(index) {
                good.put(index, port.end::<K>(keep, fault));
            }
        });
        close.each(|index| good.put(index, self.port[index].end::<K>(Self::FULL, fault::GAP)));

        // 7. The frame that is coming in, and its pause.
        let ended = (enter & last) | close;
        let cut = enter & self.at_maximum;
        self.discarding =
            self.discarding.without(offered & offered_last) | cut.without(offered_last) | close;
        self.at_maximum = choose(enter, at_maximum, self.at_maximum).without(ended);
        self.spoiled = malformed.without(ended);
        self.after_first = choose(enter, first, self.after_first).without(ended);
        let pausing = self.open.without(offered);
        self.open = (self.open | enter).without(ended);
        let limit = self.gap_limit;
        let mut spent = self.spent & pausing;
        pausing.each(|index| {
            let port = &mut self.port[index];
            if !self.pausing.has(index) {
                port.remaining = limit;
            }
            if port.remaining == 1 {
                spent.set(index);
            }
            port.remaining = port.remaining.saturating_sub(1);
        });
        self.spent = spent;
        self.pausing = pausing;
        self.gap_limit = match wires.gap_limit {
            0 => DEFAULT_GAP_LIMIT,
            limit => limit,
        };

        if Self::NARROW {
            let moves = offered & a_ready;
            let loads = pins.valid & (all.without(self.ahead) | moves);
            loads.each(|index| {
                self.port[index].ahead = pins.data[index];
                self.port[index].ahead_keep = pins.keep[index];
            });
            self.ahead_last = choose(loads, pins.last, self.ahead_last);
            self.ahead_user = choose(loads, pins.user, self.ahead_user);
            self.ahead_full = choose(loads, pins.full, self.ahead_full);
            self.ahead = loads | self.ahead.without(moves);
        }

        // 8. The stages.
        self.poisoned = choose(move_c, poisons, self.poisoned);
        self.swallowing = choose(
            decides,
            Mask::NONE,
            choose(self.first[C], self.nowhere, self.swallowing),
        );
        self.nowhere = nowhere;
        self.in_frame = next_in_frame;
        for marks in [&mut self.first, &mut self.second, &mut self.last] {
            marks[C] = choose(move_c, marks[B], marks[C]);
            marks[B] = choose(move_b, marks[A], marks[B]);
        }
        self.first[A] = choose(enter, first, self.first[A]);
        self.second[A] = choose(enter, second, self.second[A]);
        self.faulty[B] = choose(move_b, self.faulty[A], self.faulty[B]);
        self.faulty[A] = choose(enter, faulty, self.faulty[A]) | close;
        self.good[B] = choose(move_b, self.good[A], self.good[B]);
        self.good[A] = choose(ended, good, self.good[A]);
        self.last[A] = choose(enter, last, self.last[A]) | close;
        self.valid[C] = move_c | self.valid[C].without(leave);
        self.valid[B] = move_b | self.valid[B].without(move_c);
        self.valid[A] = enter | self.valid[A].without(move_b);
        ready
    }

    /// The clock edge with `rst` high, behind [`Ingresses::cycle`].
    pub fn reset(&mut self) {
        self.ahead = Mask::NONE;
        self.open = Mask::NONE;
        self.discarding = Mask::NONE;
        self.after_first = Mask::NONE;
        self.spoiled = Mask::NONE;
        self.at_maximum = Mask::NONE;
        self.spent = Mask::NONE;
        self.pausing = Mask::NONE;
        self.valid = [Mask::NONE; 3];
        self.in_frame = Mask::NONE;
        self.learn = Mask::NONE;
        self.waiting = Mask::NONE;
        for port in &mut self.port {
            port.restart();
            port.oldest = (port.newest + 1) % SLOTS as u8;
        }
    }
}

/// The byte enables that count of a last beat: as far as they are contiguous, and the first in any case.
#[inline(always)]
fn contiguous<const K: usize>(keep: u8) -> u8 {
    let bytes = (keep.trailing_ones() as usize).clamp(1, K);
    ((1_u16 << bytes) - 1) as u8
}

/// The one cause for which a frame is poisoned, the gravest first.
fn verdict(fault: u8, is_good: bool, is_stomped: bool) -> Option<Cause> {
    let has = |bit| fault & bit != 0;
    if has(fault::GAP) {
        Some(Cause::GapClosed)
    } else if has(fault::TOO_LONG) {
        Some(Cause::TooLong)
    } else if has(fault::MALFORMED) {
        Some(Cause::Malformed)
    } else if has(fault::RUNT) {
        Some(Cause::RuntPoisoned)
    } else if has(fault::USER) || is_stomped {
        Some(Cause::PoisonedIn)
    } else if is_good {
        None
    } else {
        Some(Cause::FcsError)
    }
}

/// The last beat of a poisoned frame, or the one before it, with the bytes of the stomped FCS that fall into it: the CRC
/// state over the bytes in front of them. What falls into the beat after this one is left in `rest`.
fn stomp<const K: usize>(
    rest: &mut u32,
    crc: u32,
    data: u64,
    keep: u8,
    is_last: bool,
    next_keep: u8,
) -> u64 {
    let bytes = keep.trailing_ones() as usize;
    let next_bytes = next_keep.trailing_ones() as usize;
    let (state, from, to, skipped) = if !is_last {
        let from = K - 4_usize.saturating_sub(next_bytes);
        *rest = crc::bytes(crc, data, from);
        (*rest, from, K, 0)
    } else if bytes < 4 {
        (*rest, 0, bytes, 4 - bytes)
    } else {
        (crc::bytes(crc, data, bytes - 4), bytes - 4, bytes, 0)
    };
    (from..to).fold(data, |data, byte| {
        let value = u64::from(state >> (8 * (byte - from + skipped)) & 0xff);
        data & !(0xff << (8 * byte)) | value << (8 * byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_enabled_bytes() {
        let data = 0x8877_6655_4433_2211;
        assert_eq!(enabled(data, 0b1011), 0x4400_2211);
        assert_eq!(enabled(data, 0xff), data);
        assert_eq!(enabled(data, 0x80), 0x8800_0000_0000_0000);
        assert_eq!(enabled(data, 0), 0);
        assert_eq!(contiguous::<8>(0b1011), 0b11);
        assert_eq!(contiguous::<8>(0b1000), 0b1);
        assert_eq!(contiguous::<4>(0xf), 0xf);
    }

    #[test]
    fn stomps_in_one_beat_and_across_two() {
        let text: Vec<u8> = (1..=24).collect();
        let word = |at: usize| u64::from_le_bytes(text[at..at + 8].try_into().unwrap());
        for length in 17..=24_usize {
            let message = length - 4;
            let state = crc::bytes(
                crc::beat::<8>(crc::INITIAL, word(0)),
                word(8),
                message.min(16) - 8,
            );
            let state = crc::bytes(state, word(16), message.saturating_sub(16));
            let before = crc::beat::<8>(crc::INITIAL, word(0));
            let last = ((1_u16 << (length - 16)) - 1) as u8;
            let mut rest = 0;
            let mut sent = text[..8].to_vec();
            let second = stomp::<8>(&mut rest, before, word(8), 0xff, false, last);
            sent.extend(second.to_le_bytes());
            let crc = crc::beat::<8>(before, word(8));
            sent.extend(stomp::<8>(&mut rest, crc, word(16), last, true, 0xff).to_le_bytes());
            assert_eq!(sent[..message], text[..message], "{length} bytes");
            assert_eq!(sent[message..length], state.to_le_bytes(), "{length} bytes");
        }
    }
}
