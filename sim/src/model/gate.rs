//! The gates of a fabric that stands alone: they follow the frames at its pins, and admit, close and mark them.
//!
//! Inside the switch there is no need for one: the ingress hands over frames that keep the rules.

use lightswitch_hdl::tops::Top;

use super::fabric::Fabric;
use super::mask::Mask;
use super::queue::{Side, Stored};
use super::Streams;
use crate::beat::BEAT_EGRESSES;
use crate::engine::Cause;
use crate::port_mask::PortMask;

/// One gate.
#[derive(Clone, Debug)]
struct Gate<const W: usize> {
    /// The queues that take the frame.
    target: Mask<W>,
    beats: u16,
    /// Cycles of the running pause, and one.
    paused: u16,
}

/// The gates of all ingresses, flags as one bit an ingress.
#[derive(Debug)]
pub struct Gates<const W: usize, const K: usize> {
    top: Top,
    ports: usize,
    max_frame_beats: u16,
    gate: Vec<Gate<W>>,
    /// Per ingress, what `tdest` says of the egresses from 64 on.
    dest_above: Vec<Mask<W>>,
    /// Cycles a source may pause, as it stood at the pins in the cycle before; 0 for any number.
    gap_limit: u16,
    in_frame: Mask<W>,
    closed: Mask<W>,
    spoiled: Mask<W>,
    at_limit: Mask<W>,
    /// The source has paused as long as it may.
    due: Mask<W>,
    /// Sources that did not pause in the cycle before.
    running: Mask<W>,
}

/// What a gate decides of a first beat.
struct Admission<const W: usize> {
    accepts: bool,
    go: Mask<W>,
    full: Mask<W>,
    is_unroutable: bool,
}

impl<const W: usize, const K: usize> Gates<W, K> {
    pub fn new(top: Top, ports: usize, max_frame_beats: usize) -> Self {
        let gate = Gate {
            target: Mask::NONE,
            beats: 0,
            paused: 1,
        };
        Self {
            top,
            ports,
            max_frame_beats: max_frame_beats as u16,
            gate: vec![gate; ports],
            dest_above: vec![Mask::NONE; ports],
            gap_limit: 0,
            in_frame: Mask::NONE,
            closed: Mask::NONE,
            spoiled: Mask::NONE,
            at_limit: Mask::NONE,
            due: Mask::NONE,
            running: Mask::first(ports),
        }
    }

    /// What stands at `tdest` of `ingress` for the egresses from 64 on.
    pub fn set_dest_above(&mut self, ingress: usize, egresses: &PortMask) {
        self.dest_above[ingress] = Mask::of(&egresses.starting_at(BEAT_EGRESSES));
    }

    /// Admission of a frame of `ingress` for `dest`.
    #[inline(always)]
    fn admit(&self, ingress: usize, dest: u64, room: Mask<W>, is_lossy: bool) -> Admission<W> {
        let is_index = self.top == Top::Fabric;
        let meant = if !is_index {
            let mut mask = Mask::low(dest);
            if W > 1 {
                mask |= self.dest_above[ingress];
            }
            mask & Mask::first(self.ports)
        } else if dest < self.ports as u64 {
            Mask::one(dest as usize)
        } else {
            Mask::NONE
        };
        let full = meant.without(room);
        let accepts = is_lossy || !full.any();
        Admission {
            accepts,
            go: if accepts { meant & room } else { Mask::NONE },
            full,
            is_unroutable: !meant.any(),
        }
    }

    /// The ingresses that are ready in this cycle, by what is at their pins.
    pub fn ready(&self, pins: &Streams<W>, fabric: &Fabric<W, K>, is_lossy: bool) -> Mask<W> {
        let mut ready = self.in_frame;
        for ingress in 0..self.ports {
            if !ready.has(ingress) {
                let dest = pins.dest[ingress];
                let admission = self.admit(ingress, dest, fabric.room(ingress), is_lossy);
                ready.put(ingress, admission.accepts);
            }
        }
        ready
    }

    /// The clock edge: pushes what counts. `count` hears what is to be counted in the next cycle.
    #[inline(always)]
    pub fn step(
        &mut self,
        pins: &Streams<W>,
        ready: Mask<W>,
        fabric: &mut Fabric<W, K>,
        settings: &super::Wires<W>,
        mut count: impl FnMut(Cause, usize, Mask<W>),
    ) {
        let due = self.due;
        self.time_pauses(pins.valid);
        self.gap_limit = settings.gap_limit;
        let (valid, last) = (pins.valid, pins.last);
        // Nothing but pauses happens at the others.
        (valid | due).each(|ingress| {
            let is_valid = valid.has(ingress);
            let is_in_frame = self.in_frame.has(ingress);
            let is_last_pin = last.has(ingress);
            let is_user = pins.user.has(ingress);
            let was_spoiled = self.spoiled.has(ingress);
            let was_closed = self.closed.has(ingress);
            let at_limit = self.at_limit.has(ingress);
            let keep = pins.keep[ingress];
            let is_taken = is_valid && ready.has(ingress);
            let pauses = due.has(ingress) && !is_valid;
            let is_cut = at_limit && !is_last_pin;
            let is_bad = is_malformed::<K>(keep, is_last_pin);
            let is_tainted = is_in_frame && was_spoiled;

            // 1. What is pushed.
            let mut first_target = Mask::NONE;
            if !is_in_frame {
                let (dest, room) = (pins.dest[ingress], fabric.room(ingress));
                let admission = self.admit(ingress, dest, room, settings.is_lossy);
                first_target = admission.go;
                if is_taken {
                    count(Cause::Accepted, ingress, Mask::NONE);
                    if admission.is_unroutable {
                        count(Cause::Unroutable, ingress, Mask::NONE);
                    }
                    if admission.full.any() {
                        count(Cause::DropFull, ingress, admission.full);
                    }
                }
            }
            let target = if is_in_frame {
                self.gate[ingress].target
            } else {
                first_target
            };
            if target.any() {
                let ends = is_last_pin || !is_valid || at_limit;
                let is_marked =
                    !is_valid || (is_last_pin && is_user) || was_spoiled || is_cut || is_bad;
                let data = pins.data[ingress];
                if !is_in_frame {
                    fabric.begin(ingress, target, settings.store_forward[ingress]);
                }
                if ends {
                    // The code of the bytes looks at the pin: a frame that is closed ends with a full beat.
                    let bytes = if is_last_pin { coded_bytes(keep) } else { 8 };
                    let side = Side::last(bytes, is_marked);
                    fabric.push_last(ingress, target, Stored { data, side });
                } else {
                    fabric.push(ingress, target, data);
                }
            }

            // 2. What is counted.
            if pauses {
                count(Cause::GapClosed, ingress, Mask::NONE);
            }
            if is_valid && is_cut && !was_closed {
                count(Cause::TooLong, ingress, Mask::NONE);
            }
            if is_taken && is_last_pin && !was_closed {
                if is_bad || is_tainted {
                    count(Cause::Malformed, ingress, Mask::NONE);
                } else if is_user {
                    count(Cause::PoisonedIn, ingress, Mask::NONE);
                }
            }

            // 3. Next state.
            let gate = &mut self.gate[ingress];
            if is_valid {
                let accepted = is_in_frame || ready.has(ingress);
                self.in_frame.put(ingress, accepted && !is_last_pin);
                self.spoiled
                    .put(ingress, (is_tainted || is_bad) && !is_last_pin);
                if is_in_frame {
                    let reaches = gate.beats == self.max_frame_beats - 2;
                    self.at_limit.put(ingress, reaches && !is_last_pin);
                    gate.beats = gate.beats.wrapping_add(1);
                } else {
                    gate.beats = 1;
                    gate.target = first_target;
                }
                if is_last_pin {
                    self.closed.clear(ingress);
                }
            }
            if pauses || (is_valid && is_cut) {
                self.closed.set(ingress);
                gate.target = Mask::NONE;
            }
        });
    }

    /// Counts the cycles in which open frames pause.
    #[inline(always)]
    fn time_pauses(&mut self, valid: Mask<W>) {
        let limit = self.gap_limit;
        let pausing = if limit == 0 {
            Mask::NONE
        } else {
            self.in_frame.without(self.closed).without(valid)
        };
        let was_due = self.due;
        self.due = Mask::NONE;
        pausing.each(|ingress| {
            let gate = &mut self.gate[ingress];
            if self.running.has(ingress) {
                gate.paused = 1;
            }
            if gate.paused >= limit && !was_due.has(ingress) {
                self.due.set(ingress);
            }
            gate.paused = gate.paused.wrapping_add(1);
        });
        self.running = Mask::first(self.ports).without(pausing);
    }

    /// The clock edge with `rst` high.
    pub fn reset(&mut self, gap_limit: u16) {
        self.gap_limit = gap_limit;
        self.in_frame = Mask::NONE;
        self.closed = Mask::NONE;
        self.spoiled = Mask::NONE;
        self.at_limit = Mask::NONE;
        self.due = Mask::NONE;
    }
}

/// Byte enables that break the rules.
#[inline(always)]
pub fn is_malformed<const K: usize>(keep: u8, is_last: bool) -> bool {
    let full = ((1_u16 << K) - 1) as u8;
    if is_last {
        keep == 0 || keep & keep.wrapping_add(1) != 0
    } else {
        keep != full
    }
}

/// The byte count that a gate keeps of a last beat: exact for contiguous enables, and for others what its code makes of
/// them.
#[inline(always)]
fn coded_bytes(keep: u8) -> usize {
    let bit = |index: u32| keep >> index & 1;
    let low = (bit(1) & !bit(3) | bit(5) & !bit(7)) & 1;
    let middle = bit(2) & !bit(6) & 1;
    let gray = usize::from(bit(4) << 2 | middle << 1 | low);
    1 + (gray ^ gray >> 1 ^ gray >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_contiguous_bytes() {
        for bytes in 1..=8_usize {
            let keep = ((1_u16 << bytes) - 1) as u8;
            assert_eq!(coded_bytes(keep), bytes);
            assert!(!is_malformed::<8>(keep, true));
            assert_eq!(is_malformed::<8>(keep, false), bytes != 8);
        }
        for keep in [0, 2, 0b101, 0x80, 0x7e] {
            assert!(is_malformed::<8>(keep, true), "{keep:#b}");
        }
        assert!(!is_malformed::<4>(0xf, false) && is_malformed::<4>(0x7, false));
    }
}
