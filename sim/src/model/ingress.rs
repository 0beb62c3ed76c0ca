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

/// A beat on its way through the stages.
#[derive(Clone, Copy, Debug)]
struct Slot<const W: usize> {
    data: u64,
    /// CRC state before it.
    crc: u32,
    keep: u8,
    fault: u8,
    /// What the lookup of a first or second beat read.
    read: Read<W>,
}

/// One ingress.
#[derive(Clone, Debug)]
struct Port<const W: usize> {
    slot: [Slot<W>; SLOTS],
    /// Where the oldest beat stands, and the newest.
    oldest: u8,
    newest: u8,
    /// CRC state behind the newest beat.
    crc: u32,
    beats: u16,
    /// Cycles that the running pause may still last.
    remaining: u16,
    /// Where the frame in C goes.
    mask: Mask<W>,
    /// The queues that take it.
    target: Mask<W>,
    kind: Kind,
    /// It is a MAC control frame, whatever else it is.
    is_control: bool,
    is_flooded: bool,
    /// What is counted when the frame in C has left.
    verdict: Option<Cause>,
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
    #[inline]
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
    last_free_beat: u16,
    last_short_beat: u16,
    /// Byte enables of a longest frame's last beat.
    allowed: u8,
    // In front of A, for short beats.
    ahead: Mask<W>,
    ahead_last: Mask<W>,
    ahead_user: Mask<W>,
    // The frame that is coming in.
    open: Mask<W>,
    discarding: Mask<W>,
    after_first: Mask<W>,
    spoiled: Mask<W>,
    at_least_minimum: Mask<W>,
    one_below_minimum: Mask<W>,
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
    /// The FCS of the frame that ends in B is good, or stomped.
    good: Mask<W>,
    stomped: Mask<W>,
    /// The frame in C is poisoned.
    poisoned: Mask<W>,
    // Decision on the frame in C.
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
        let slot = Slot {
            data: 0,
            crc: 0,
            keep: 0,
            fault: 0,
            read: Read::NOTHING,
        };
        let port = Port {
            slot: [slot; SLOTS],
            oldest: 0,
            newest: SLOTS as u8 - 1,
            crc: 0,
            beats: 0,
            remaining: 0,
            mask: Mask::NONE,
            target: Mask::NONE,
            kind: Kind::Data,
            is_control: false,
            is_flooded: false,
            verdict: None,
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
            last_free_beat: (max_frame_bytes.div_ceil(K) - 2) as u16,
            last_short_beat: (MIN_FRAME_BYTES / K - 2) as u16,
            allowed: Self::FULL >> spare,
            ahead: Mask::NONE,
            ahead_last: Mask::NONE,
            ahead_user: Mask::NONE,
            open: Mask::NONE,
            discarding: Mask::NONE,
            after_first: Mask::NONE,
            spoiled: Mask::NONE,
            at_least_minimum: Mask::NONE,
            one_below_minimum: Mask::NONE,
            at_maximum: Mask::NONE,
            spent: Mask::NONE,
            pausing: Mask::NONE,
            gap_limit: 0,
            valid: [Mask::NONE; 3],
            first: [Mask::NONE; 3],
            second: [Mask::NONE; 3],
            last: [Mask::NONE; 3],
            faulty: [Mask::NONE; 2],
            good: Mask::NONE,
            stomped: Mask::NONE,
            poisoned: Mask::NONE,
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
        let (offered, offered_last, offered_user) = if Self::NARROW {
            let shown = self.ahead & (self.ahead_last | pins.valid);
            (shown, self.ahead_last, self.ahead_user)
        } else {
            (pins.valid, pins.last, pins.user)
        };

        // 2. Which stages move.
        let mut takes = self.in_frame;
        if reset {
            takes = Mask::NONE;
        } else {
            self.valid[C].without(takes).each(|port| {
                let is_full = self.port[port].mask.without(fabric.room(port)).any();
                if wires.is_lossy || !is_full {
                    takes.set(port);
                }
            });
        }
        let swallows = choose(self.first[C], self.nowhere, self.swallowing);
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

        // 3. C: the beat goes to its queues, or nowhere. Most are in the middle of their frame.
        let goes = leave.without(swallows);
        let middle = goes.without(self.first[C] | self.last[C] | (self.valid[B] & self.last[B]));
        middle.each(|index| {
            let port = &mut self.port[index];
            let data = port.slot[port.oldest as usize % SLOTS].data;
            port.oldest = port.oldest.wrapping_add(1);
            fabric.push_middle(index, port.target, data);
        });
        leave.without(middle).each(|index| {
            let is_first = self.first[C].has(index);
            if is_first {
                self.port[index].begin(index, swallows.has(index), fabric.room(index), &mut count);
            }
            let port = &mut self.port[index];
            if goes.has(index) {
                let is_last = self.last[C].has(index);
                let slot = &port.slot[port.oldest as usize % SLOTS];
                let next_keep = port.slot[(port.oldest as usize + 1) % SLOTS].keep;
                let ends_next = !is_last && self.valid[B].has(index) && self.last[B].has(index);
                let is_poisoned = self.poisoned.has(index)
                    || (ends_next && next_keep & 8 == 0 && !self.good.has(index));
                let (mut data, crc, keep) = (slot.data, slot.crc, slot.keep);
                if is_poisoned && (is_last || ends_next) {
                    data = stomp::<K>(&mut port.stomped, crc, data, keep, is_last, next_keep);
                }
                let side = if is_last {
                    Side::last(keep.trailing_ones() as usize, is_poisoned)
                } else {
                    Side::MIDDLE
                };
                let beat = Stored { data, side };
                fabric.push(
                    index,
                    port.target,
                    beat,
                    is_first,
                    wires.store_forward[index],
                );
                if let (true, Some(cause)) = (is_last, port.verdict) {
                    count(cause, index, Mask::NONE);
                }
            }
            port.oldest = port.oldest.wrapping_add(1);
        });
        let next_in_frame = choose(goes, all.without(self.last[C]), self.in_frame);

        // 4. B to C: the decision with the first beat, the verdict with the last.
        let mut good_end = Mask::NONE;
        let decides = move_c & self.first[B];
        let mut nowhere = self.nowhere;
        let mut answered = Mask::NONE;
        (move_c & (self.first[B] | self.second[B] | self.last[B])).each(|index| {
            let port = &mut self.port[index];
            let place = port.oldest as usize % SLOTS;
            if decides.has(index) {
                let (this, behind) = (port.slot[place].data, port.slot[(place + 1) % SLOTS].data);
                let (low, high, kind) = if Self::NARROW {
                    (this, behind, pins.data[index])
                } else {
                    (this & 0xffff_ffff, this >> 32, behind >> 32)
                };
                let ends = self.last[B].has(index)
                    || self.last[A].has(index)
                    || (enter & offered_last).has(index);
                port.is_control = kind & 0xffff == 0x0888;
                port.kind = if ends {
                    Kind::Runt
                } else if low == 0x00c2_8001 && high & 0xf0ff == 0 {
                    Kind::Reserved
                } else if port.is_control {
                    Kind::Control
                } else {
                    Kind::Data
                };
                let hit = table.answer(&port.slot[place].read);
                port.is_flooded = hit.is_none();
                port.mask = hit.unwrap_or(all);
                port.mask.clear(index);
                nowhere.put(index, port.kind != Kind::Data || !port.mask.any());
            }
            if self.second[B].has(index) {
                answered.put(index, table.is_known(&port.slot[place].read, index));
            }
            if self.last[B].has(index) {
                let is_good = self.good.has(index);
                let fault = port.slot[place].fault;
                port.verdict = verdict(fault, is_good, self.stomped.has(index));
                if is_good && fault == 0 && !port.is_control {
                    good_end.set(index);
                }
            }
        });
        let poisons = (self.last[B] & (self.faulty[B] | all.without(self.good)))
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
        self.known = choose(move_c & self.second[B], answered, self.known);

        // 6. A to B: the FCS of a frame that ends.
        let ends = move_b & self.last[A];
        ends.each(|index| {
            let port = &self.port[index];
            let keep = port.slot[port.newest as usize % SLOTS].keep;
            let padding = K - keep.trailing_ones() as usize;
            self.good.put(index, port.crc == crc::RESIDUE[padding]);
            self.stomped.put(index, port.crc == 0);
        });

        // 7. Into A. Most beats are full and in the middle of their frame.
        let mut faulty = Mask::NONE;
        let mut malformed = self.spoiled;
        let (mut one_below, mut at_maximum) = (Mask::NONE, Mask::NONE);
        let special = first | second | offered_last | self.at_maximum | self.spoiled;
        enter.each(|index| {
            let port = &mut self.port[index];
            let (raw, raw_keep) = if Self::NARROW {
                (port.ahead, port.ahead_keep)
            } else {
                (pins.data[index], pins.keep[index])
            };
            if port.beats == self.last_short_beat {
                one_below.set(index);
            }
            if port.beats == self.last_free_beat {
                at_maximum.set(index);
            }
            port.beats = port.beats.wrapping_add(1);
            let newest = port.newest as usize % SLOTS;
            let place = (newest + 1) % SLOTS;
            port.newest = place as u8;
            let before = port.crc;
            if !special.has(index) && raw_keep == Self::FULL {
                // Enables and faults are looked at with a last beat only.
                let slot = &mut port.slot[place];
                slot.data = raw;
                slot.crc = before;
                port.crc = crc::beat::<K>(before, raw);
                return;
            }
            let is_first = first.has(index);
            let is_last_pin = offered_last.has(index);
            let is_bad = is_malformed::<K>(raw_keep, is_last_pin) || self.spoiled.has(index);
            let (mut data, mut keep, mut fault) = (raw, Self::FULL, 0);
            if is_last_pin {
                data = enabled(raw, raw_keep);
                keep = contiguous::<K>(raw_keep);
                let is_full_minimum = self.one_below_minimum.has(index) && raw_keep == Self::FULL;
                if !self.at_least_minimum.has(index) && !is_full_minimum {
                    fault |= fault::RUNT;
                }
                if offered_user.has(index) {
                    fault |= fault::USER;
                }
            }
            if self.at_maximum.has(index) {
                if !is_last_pin || keep & !self.allowed != 0 {
                    fault |= fault::TOO_LONG;
                }
                keep &= self.allowed;
            }
            if is_bad {
                fault |= fault::MALFORMED;
            }
            malformed.put(index, is_bad);
            faulty.put(index, fault != 0);
            let before = if is_first { crc::INITIAL } else { before };
            if is_first {
                let address = if Self::NARROW {
                    raw | pins.data[index] << 32
                } else {
                    raw
                };
                port.slot[place].read = table.read(address & ADDRESS);
            } else if second.has(index) {
                let address = if Self::NARROW {
                    raw >> 16 | pins.data[index] << 16
                } else {
                    port.slot[newest].data >> 48 | (raw & 0xffff_ffff) << 16
                };
                port.source = address & ADDRESS;
                port.slot[place].read = table.read(port.source);
            }
            let slot = &mut port.slot[place];
            slot.data = data;
            slot.keep = keep;
            slot.fault = fault;
            slot.crc = before;
            port.crc = crc::beat::<K>(before, data);
        });
        (enter & last).each(|index| self.port[index].beats = 0);
        close.each(|index| {
            let port = &mut self.port[index];
            let slot = &mut port.slot[port.newest as usize % SLOTS];
            slot.keep = Self::FULL;
            slot.fault = fault::GAP;
            port.beats = 0;
        });

        // 8. The frame that is coming in, and its pause.
        let ended = (enter & last) | close;
        let cut = enter & self.at_maximum;
        self.discarding =
            self.discarding.without(offered & offered_last) | cut.without(offered_last) | close;
        self.at_least_minimum =
            (self.at_least_minimum | (enter & self.one_below_minimum)).without(ended);
        self.one_below_minimum = choose(enter, one_below, self.one_below_minimum).without(ended);
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
            self.ahead = loads | self.ahead.without(moves);
        }

        // 9. The stages.
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
        self.at_least_minimum = Mask::NONE;
        self.one_below_minimum = Mask::NONE;
        self.at_maximum = Mask::NONE;
        self.spent = Mask::NONE;
        self.pausing = Mask::NONE;
        self.valid = [Mask::NONE; 3];
        self.in_frame = Mask::NONE;
        self.learn = Mask::NONE;
        self.waiting = Mask::NONE;
        for port in &mut self.port {
            port.beats = 0;
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
