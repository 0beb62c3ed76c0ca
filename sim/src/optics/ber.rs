//! What a link makes of bit errors: goodput, frames lost and poisoned, and frames that were damaged and passed all the same.
//!
//! ```text
//!   numbered frames ─► link 0 ══ fiber, errors ══► link 1 ─► FCS, then against what was sent
//! ```

use serde::Serialize;

use lightswitch_hdl::link::LinkConfig;

use super::fault::{Fault, Kind, Way};
use super::schedule::Schedule;
use super::{build_link, Faults, Fiber, FiberIn, LinkEngine, LinkIn};
use crate::beat::Beat;
use crate::engine::EngineKind;
use crate::frame::{self, Verdict};
use crate::rng::Rng;
use crate::verilated::Step;
use crate::Error;

/// Bits of a fiber lane's delay.
const DELAY_W: usize = 5;
/// Injected errors below which a point counts as not tested.
pub const TESTED_ERRORS: u64 = 100;
/// Injected errors at which a point is done, whatever frames are left.
pub const ENOUGH_ERRORS: u64 = 10_000;
/// Marker periods after which a link that is not up will not come up.
const BRING_UP_PERIODS: u64 = 64;
/// Marker periods without a frame taken or delivered after which a run is over: the link is down, or nothing is left.
const SILENT_PERIODS: u64 = 8;
/// The stream of numbers that forced errors come from, beyond those of the schedules.
const FORCED_STREAM: usize = 4_096;
/// Bytes of a frame's number.
const NUMBER: std::ops::Range<usize> = 14..22;

/// Where errors come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Errors {
    /// Each bit of each lane is wrong with this chance, both ways.
    Rate(f64),
    /// While a frame is sent, one bit of one lane at least.
    EveryFrame,
}

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Errors.
    pub errors: Errors,
    /// Bytes of a frame, 64 or more.
    pub frame_bytes: usize,
    /// Frames to send.
    pub frames: u64,
    /// The same seed gives the same run.
    pub seed: u64,
}

/// What came of it. The names are those of the JSON object.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Point {
    /// Bit error ratio that was asked for; `None`: an error in every frame.
    pub rate: Option<f64>,
    /// Bytes of a frame.
    pub frame_bytes: usize,
    /// Frames offered to the link and taken.
    pub sent_frames: u64,
    /// Frames that arrived, good and as they were sent.
    pub good_frames: u64,
    /// Frames that arrived poisoned, or whose FCS is not right.
    pub detected_frames: u64,
    /// Frames that arrived as good and are not what was sent.
    pub undetected_frames: u64,
    /// Frames that arrived good a second time, or behind a later one.
    pub misplaced_frames: u64,
    /// Bits of the fiber that were made wrong, both ways.
    pub injected_errors: u64,
    /// Enough of them for the point to say anything.
    pub is_tested: bool,
    /// Times that an end went down.
    pub downs: u64,
    /// Both ends were up at the end.
    pub is_up: bool,
    /// Bits that differed from BIP at the receiver.
    pub bip_errors: u64,
    /// Cycles from the first frame offered to the last one that arrived.
    pub cycles: u64,
    /// Bits of good frames a cycle, of the `W` that a stream carries.
    pub goodput: f64,
}

/// The pair of links.
struct Pair {
    ends: [Box<dyn LinkEngine>; 2],
    fibers: [Fiber; 2],
    schedules: [Schedule; 2],
    forced: Rng,
    spec: Spec,
    lanes: u32,
    beat_bytes: usize,
    cycle: u64,
    /// Errors are on: the links have come up.
    is_on: bool,
    offered: Vec<u8>,
    beat: usize,
    open: Vec<u8>,
    expected: u64,
    last_arrival: u64,
    point: Point,
}

/// Sends the frames of `spec` over `link` until all are sent, [`ENOUGH_ERRORS`] were made or the link is down. `progress` hears frames
/// taken and to take.
///
/// # Errors
/// Those of [`build_link`], [`Error::Engine`] if the link does not come up without errors.
///
/// # Panics
/// If a frame has less than 64 bytes.
pub fn run(
    kind: EngineKind,
    link: &LinkConfig,
    spec: &Spec,
    step: &mut dyn FnMut(&Step),
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Point, Error> {
    assert!(spec.frame_bytes >= frame::MIN_FRAME_BYTES);
    let schedule = |inward| {
        let fault = match spec.errors {
            Errors::Rate(rate) => Some(Kind::BitErrors(rate)),
            Errors::EveryFrame => None,
        };
        let faults = fault.map(|kind| Fault {
            kind,
            port: 0,
            lane: None,
            way: Way::Both,
            at: None,
            cycles: None,
        });
        Schedule::new(faults.as_slice(), 0, inward, link.lane_w, spec.seed)
    };
    let mut pair = Pair {
        ends: [build_link(kind, link, step)?, build_link(kind, link, step)?],
        fibers: [1, 2].map(|seed| Fiber::new(link, DELAY_W, seed)),
        schedules: [schedule(true), schedule(false)],
        forced: Rng::new(spec.seed, FORCED_STREAM),
        spec: *spec,
        lanes: link.physical() as u32,
        beat_bytes: link.data_w() / 8,
        cycle: 0,
        is_on: false,
        offered: Vec::new(),
        beat: 0,
        open: Vec::new(),
        expected: 0,
        last_arrival: 0,
        point: Point {
            rate: match spec.errors {
                Errors::Rate(rate) => Some(rate),
                Errors::EveryFrame => None,
            },
            frame_bytes: spec.frame_bytes,
            ..Point::default()
        },
    };
    let period = link.marker_cycles() as u64;
    while !pair.is_up() || pair.cycle < 4 * period {
        if pair.cycle > BRING_UP_PERIODS * period {
            return Err(Error::Engine {
                engine: kind.name(),
                cycle: pair.cycle,
                reason: "the link does not come up".into(),
            });
        }
        pair.step(0)?;
    }
    pair.is_on = true;
    pair.cycle = 0;
    pair.last_arrival = 0;
    let mut silent_since = 0;
    let mut moved = 0;
    while pair.cycle - silent_since < SILENT_PERIODS * period {
        if pair.cycle.is_multiple_of(4_096) {
            progress(pair.point.sent_frames, spec.frames);
        }
        let is_enough = pair.point.injected_errors >= ENOUGH_ERRORS;
        pair.step(if is_enough { 0 } else { spec.frames })?;
        // What arrives damaged may be noise that looks like a frame.
        let now = pair.point.good_frames + pair.point.sent_frames;
        if now != moved {
            (moved, silent_since) = (now, pair.cycle);
        }
    }
    progress(spec.frames, spec.frames);
    let mut point = pair.point;
    point.is_up = pair.ends.iter().all(|end| end.outputs().status.up);
    point.is_tested = point.injected_errors >= TESTED_ERRORS;
    point.cycles = pair.last_arrival.max(1);
    let bits = point.good_frames * spec.frame_bytes as u64 * 8;
    point.goodput = bits as f64 / (point.cycles as f64 * link.data_w() as f64);
    Ok(point)
}

impl Pair {
    fn is_up(&self) -> bool {
        self.ends.iter().all(|end| end.outputs().status.up)
    }

    /// One cycle; offers frames up to number `frames`.
    fn step(&mut self, frames: u64) -> Result<(), Error> {
        let outputs = self.ends.each_ref().map(|end| *end.outputs());
        let arriving = self.fibers.each_ref().map(|fiber| *fiber.outputs());
        if self.offered.is_empty() && self.point.sent_frames < frames {
            self.offered = frame_of(self.point.sent_frames, self.spec.frame_bytes);
            self.beat = 0;
        }
        let beat = (!self.offered.is_empty())
            .then(|| frame::beat(&self.offered, self.beat, self.beat_bytes, false));
        let faults = self.faults();
        for (way, fiber) in self.fibers.iter_mut().enumerate() {
            fiber.cycle(&FiberIn {
                reset: false,
                tx: outputs[way].lanes,
                rx_bitslip: outputs[1 - way].bitslip,
                rx_reset_req: outputs[1 - way].reset_req,
                faults: faults[way],
            });
        }
        for (end, link) in self.ends.iter_mut().enumerate() {
            link.cycle(&LinkIn {
                reset: false,
                tx: if end == 0 { beat } else { None },
                rx_ready: true,
                engine_ready: arriving[end].tx_ready,
                tx_fault: 0,
                rx: arriving[1 - end].rx,
                rx_los: arriving[1 - end].rx_los,
                rx_lol: arriving[1 - end].rx_lol,
            })?;
            if self.is_on {
                self.point.downs += u64::from(outputs[end].pulses.has("went_down"));
            }
        }
        if self.is_on {
            let bip = &outputs[1].pulses.bip_errors;
            self.point.bip_errors += bip.iter().map(|bits| u64::from(*bits)).sum::<u64>();
        }
        if beat.is_some() && outputs[0].tx_ready {
            self.beat += 1;
            if self.beat == frame::beats(self.offered.len(), self.beat_bytes) {
                self.offered.clear();
                self.point.sent_frames += 1;
            }
        }
        if let Some(beat) = outputs[1].rx {
            self.take(&beat);
        }
        self.cycle += 1;
        Ok(())
    }

    fn faults(&mut self) -> [Faults; 2] {
        if !self.is_on {
            return [Faults::default(); 2];
        }
        let cycle = self.cycle;
        let mut faults = self
            .schedules
            .each_mut()
            .map(|schedule| *schedule.at(cycle));
        if self.spec.errors == Errors::EveryFrame && !self.offered.is_empty() {
            // Twice in the time of a frame on average, so that hardly a frame gets none; and never in too many headers.
            let beats = frame::beats(self.spec.frame_bytes, self.beat_bytes) as u32;
            if self.forced.below(beats) < 2 {
                faults[0].error = 1 << self.forced.below(self.lanes);
            }
        }
        let errors = faults.iter().map(|way| u64::from(way.error.count_ones()));
        self.point.injected_errors += errors.sum::<u64>();
        faults
    }

    fn take(&mut self, beat: &Beat) {
        self.open.extend_from_slice(beat.bytes());
        if !beat.last {
            return;
        }
        let point = &mut self.point;
        if beat.user || frame::verdict(&self.open) != Verdict::Good {
            point.detected_frames += 1;
        } else {
            let number = self
                .open
                .get(NUMBER)
                .map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap_or_default()));
            let number = number.unwrap_or(u64::MAX);
            if self.open == frame_of(number, self.spec.frame_bytes) {
                point.misplaced_frames += u64::from(number < self.expected);
                point.good_frames += 1;
                self.expected = number + 1;
                self.last_arrival = self.cycle;
            } else {
                point.undetected_frames += 1;
            }
        }
        self.open.clear();
    }
}

/// Frame number `number`: addresses, type, its number, bytes that follow from it, FCS.
fn frame_of(number: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5]);
    bytes.extend_from_slice(&number.to_le_bytes());
    let mut word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    while bytes.len() < length - frame::FCS_BYTES {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        bytes.push(word as u8);
    }
    bytes.extend_from_slice(&frame::fcs(&bytes));
    bytes
}
