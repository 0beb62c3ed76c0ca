//! What the tests of the ingress's blocks share: bytes at pins, frames cut into beats, and how beats move.

use crate::cosim::Random;
use crate::ingress::crc32;
use crate::prelude::*;

/// Puts bytes on the pins of a beat, byte 0 lowest.
pub fn put(pins: &mut [Signal<In, Bits<32>>], bytes: &[u8]) {
    assert_eq!(4 * pins.len(), bytes.len());
    for (pin, bytes) in pins.iter_mut().zip(bytes.chunks(4)) {
        pin.next = u64::from(u32::from_le_bytes(bytes.try_into().unwrap())).into();
    }
}

/// The bytes on the pins of a beat, byte 0 lowest.
pub fn bytes_of(pins: &[Signal<Out, Bits<32>>]) -> Vec<u8> {
    let words = pins.iter().map(|pin| pin.val().to_u32());
    words.flat_map(u32::to_le_bytes).collect()
}

/// `count` random bytes.
pub fn random_bytes(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.bits(8) as u8).collect()
}

/// The mask of the first `count` bytes.
pub fn first_bytes(count: usize) -> u64 {
    (1 << count) - 1
}

/// A frame's beat, and where it is in its frame.
#[derive(Clone, Debug)]
pub struct Beat {
    /// Its bytes; those that do not count are zero.
    pub bytes: Vec<u8>,
    /// How many count.
    pub count: usize,
    /// Where its first byte is in the frame.
    pub at: usize,
    pub first: bool,
    pub second: bool,
    pub last: bool,
    /// The whole frame.
    pub frame: Vec<u8>,
}

impl Beat {
    /// If it is the last: bytes from the end of the message, which is the frame without FCS, to the end of the beat
    /// that it ends in.
    pub fn skip(&self) -> u64 {
        ((self.bytes.len() + 4 - self.count) % self.bytes.len()) as u64
    }

    /// Bytes of the FCS that the beat before this one holds.
    pub fn before(&self) -> usize {
        if self.last {
            4_usize.saturating_sub(self.count)
        } else {
            0
        }
    }

    /// The bytes that belong to the FCS: for each its place in the beat and in the FCS.
    pub fn fcs(&self) -> Vec<(usize, usize)> {
        (0..self.count)
            .filter(|k| self.at + k + 4 >= self.frame.len())
            .map(|k| (k, self.at + k + 4 - self.frame.len()))
            .collect()
    }

    /// The CRC register before it.
    pub fn state(&self) -> u32 {
        crc32::update(crc32::INITIAL, &self.frame[..self.at])
    }
}

/// Cuts a frame into beats of `width` bytes.
pub fn beats(frame: &[u8], width: usize) -> Vec<Beat> {
    let chunks = frame.chunks(width).enumerate();
    chunks
        .map(|(i, chunk)| {
            let mut bytes = chunk.to_vec();
            bytes.resize(width, 0);
            Beat {
                bytes,
                count: chunk.len(),
                at: i * width,
                first: i == 0,
                second: i == 1,
                last: (i + 1) * width >= frame.len(),
                frame: frame.to_vec(),
            }
        })
        .collect()
}

/// What moves at the next edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    pub free: bool,
    pub move_b: bool,
    pub move_c: bool,
    pub leave: bool,
}

/// The beats in A, B and C, and the rules by which they move: what a block in step with them sees.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    pub a: Option<Beat>,
    pub b: Option<Beat>,
    pub c: Option<Beat>,
}

impl Flow {
    /// What moves while a beat is `offered`, or even `enter`s, and the one in C `may_leave`.
    pub fn moves(&self, offered: bool, enter: bool, may_leave: bool) -> Moves {
        let is_last = |beat: &Option<Beat>| beat.as_ref().is_some_and(|beat| beat.last);
        let c_free = self.c.is_none() || may_leave;
        // With 32-bit beats the type of a frame is in its fourth beat, seen beside the third.
        let waits_for_type = self.b.as_ref().is_some_and(|beat| {
            beat.bytes.len() == 4 && beat.first && !beat.last && !is_last(&self.a) && !offered
        });
        let move_c = self.b.is_some() && c_free && !waits_for_type;
        let b_free = self.b.is_none() || move_c;
        Moves {
            free: self.a.is_none() || self.b.is_none() || c_free,
            move_b: self.a.is_some() && b_free && (enter || is_last(&self.a)),
            move_c,
            leave: self.c.is_some() && may_leave,
        }
    }

    /// The clock edge.
    pub fn step(&mut self, moves: Moves, entering: Option<Beat>) {
        if moves.leave {
            self.c = None;
        }
        if moves.move_c {
            assert!(self.c.is_none());
            self.c = self.b.take();
        }
        if moves.move_b {
            assert!(self.b.is_none());
            self.b = self.a.take();
        }
        if let Some(beat) = entering {
            assert!(self.a.is_none(), "a beat enters A, which is not empty");
            self.a = Some(beat);
        }
    }

    /// Beats that are there.
    pub fn count(&self) -> usize {
        [&self.a, &self.b, &self.c].into_iter().flatten().count()
    }

    /// Nothing is there.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// A frame of `length` bytes whose FCS is good, stomped or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fcs {
    Good,
    Stomped,
    Wrong,
}

/// A random frame of `length` bytes, more than 4.
pub fn random_frame(random: &mut Random, length: usize) -> (Vec<u8>, Fcs) {
    let mut frame = random_bytes(random, length - 4);
    let state = crc32::update(crc32::INITIAL, &frame);
    let fcs = match random.below(4) {
        0 => Fcs::Stomped,
        1 => Fcs::Wrong,
        _ => Fcs::Good,
    };
    let stomped = fcs == Fcs::Stomped;
    frame.extend((if stomped { state } else { !state }).to_le_bytes());
    if fcs == Fcs::Wrong {
        let bit = random.below(8 * length as u32) as usize;
        frame[bit / 8] ^= 1 << (bit % 8);
    }
    (frame, fcs)
}
