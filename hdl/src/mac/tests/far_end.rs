//! The receiver's half of a lossless link as `docs/link.md` tells it, on whole blocks and frames.

use std::collections::VecDeque;

use crate::ingress::crc32;
use crate::link::message;
use crate::pcs::block;

/// A frame as it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub bytes: Vec<u8>,
    pub poison: bool,
}

/// States of the receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Off,
    SendAcks,
    SendNack,
    NackSent,
}

/// The frame that is open.
#[derive(Debug)]
struct Open {
    /// Position and *final*, or nothing if the CRC is wrong.
    start: Option<(u16, bool)>,
    bytes: Vec<u8>,
    blocks: u16,
    hit: bool,
    /// Bytes before an error block.
    error: Option<usize>,
}

/// What blocks come to.
#[derive(Debug)]
pub struct Receiver {
    pub retry: bool,
    pub state: State,
    pub expected: u16,
    /// Blocks of the buffer, and how many of them are taken.
    pub capacity: u16,
    pub held: VecDeque<u16>,
    pub delivered: Vec<Frame>,
    /// Frames that came again, or came too early, and were dropped.
    pub again: usize,
    pub early: usize,
    pub no_room: usize,
    pub positions: usize,
    pub changed: bool,
    open: Option<Open>,
}

impl Receiver {
    pub fn new(retry: bool, capacity: u16) -> Self {
        Self {
            retry,
            state: State::Off,
            expected: 0,
            capacity,
            held: VecDeque::new(),
            delivered: Vec::new(),
            again: 0,
            early: 0,
            no_room: 0,
            positions: 0,
            changed: false,
            open: None,
        }
    }

    pub fn limit(&self) -> u16 {
        let held: u16 = self.held.iter().sum();
        (self.expected + self.capacity).wrapping_sub(held)
    }

    /// What is to be told now; a *nack* once.
    pub fn report(&mut self) -> Option<(bool, u16, u16)> {
        let nack = self.state == State::SendNack;
        if nack {
            self.state = State::NackSent;
        }
        self.changed = false;
        (self.state != State::Off).then(|| (nack, self.expected, self.limit()))
    }

    /// A block, or a hole where one was lost.
    pub fn block(&mut self, seen: Option<(bool, u64)>) {
        let Some((control, payload)) = seen else {
            if let Some(open) = &mut self.open {
                open.hit = true;
            }
            return;
        };
        let bytes = payload.to_le_bytes();
        if !control {
            if let Some(open) = &mut self.open {
                open.bytes.extend(bytes);
                open.blocks += 1;
            }
            return;
        }
        if let Some(count) = block::END.iter().position(|&kind| kind == bytes[0]) {
            if let Some(mut open) = self.open.take() {
                open.bytes.extend(&bytes[1..=count]);
                open.blocks += u16::from(count > 0);
                self.end(open);
            }
        } else if payload == block::ERROR_BLOCK {
            if let Some(open) = &mut self.open {
                // A second one is no mark of poison.
                open.hit |= open.error.is_some();
                open.error = Some(open.bytes.len());
            }
        } else {
            // Anything else ends a frame that is open, badly; but what cannot be read is a hit.
            let known = payload == block::IDLE_BLOCK
                || [block::START, block::ORDERED_SET].contains(&bytes[0]);
            if let (false, Some(open)) = (known, &mut self.open) {
                open.hit = true;
                return;
            }
            if let Some(mut open) = self.open.take() {
                open.hit = true;
                self.end(open);
            }
            if bytes[0] == block::START {
                self.start(payload);
            } else if bytes[0] == block::ORDERED_SET {
                self.message(payload);
            }
        }
    }

    fn start(&mut self, payload: u64) {
        let position = (payload >> 8) as u16;
        let is_final = payload >> 24 & 1 == 1;
        let right = payload == message::start(position, is_final);
        if right && !self.retry {
            self.expected = position;
        }
        self.open = Some(Open {
            start: right.then_some((position, is_final)),
            bytes: Vec::new(),
            blocks: 0,
            hit: false,
            error: None,
        });
    }

    fn message(&mut self, payload: u64) {
        let bits = payload >> 8 & 0xff_ffff | (payload >> 36 & 0xf_ffff) << 24;
        if payload != message::payload(bits) || bits & 15 != message::POSITION {
            return;
        }
        let (init, position) = (bits >> 4 & 1 == 1, (bits >> 8) as u16);
        self.positions += 1;
        self.changed = true;
        let ahead = position.wrapping_sub(self.expected).cast_signed() > 0;
        if init || !self.retry || (ahead && self.state != State::Off) {
            self.expected = position;
            self.state = State::SendAcks;
        }
    }

    fn end(&mut self, open: Open) {
        let length = open.bytes.len();
        let residue = crc32::update(crc32::INITIAL, &open.bytes);
        let poisoned = open
            .error
            .is_some_and(|at| length > 0 && at == (length - 1) / 8 * 8);
        let well = !open.hit
            && match open.error {
                Some(_) => poisoned,
                None => residue == crc32::good_residue(0),
            };
        let place = |start: Option<(u16, bool)>, expected| {
            start.map(|(position, is_final): (u16, bool)| {
                (position.wrapping_sub(expected).cast_signed(), is_final)
            })
        };
        let fits = self.held.iter().sum::<u16>() + open.blocks <= self.capacity;
        let frame = Frame {
            bytes: open.bytes,
            poison: poisoned || !well,
        };
        if self.state == State::Off {
            return;
        }
        self.no_room += usize::from(!fits);
        if !self.retry {
            self.expected = self.expected.wrapping_add(open.blocks);
            self.changed = true;
            if fits {
                self.held.push_back(open.blocks);
                self.delivered.push(frame);
            }
            return;
        }
        match place(open.start, self.expected) {
            Some((0, is_final)) if fits && (well || is_final) => {
                self.held.push_back(open.blocks);
                self.delivered.push(frame);
                if well {
                    self.expected = self.expected.wrapping_add(open.blocks);
                }
                self.state = State::SendAcks;
                self.changed = true;
            }
            Some((..0, _)) => {
                self.again += 1;
                self.changed = true;
            }
            Some((0, _)) => self.nack(),
            _ => {
                self.early += 1;
                if self.state != State::NackSent {
                    self.nack();
                }
            }
        }
    }

    fn nack(&mut self) {
        self.state = State::SendNack;
        self.changed = true;
    }
}
