//! Three switches in a row: what is bad before the first is bad behind the last.

use std::collections::BTreeMap;

use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::{Cause, Counts, Settings};
use lightswitch_sim::frame::{self, Verdict};

use super::rig::{beats, ethernet, Rig, BEAT_BYTES, BROADCAST, MAX_FRAME_BYTES, PORTS};

/// A station at each end of the row.
const NEAR: [u8; 6] = [2, 0, 0, 0, 0, 0xe0];
const FAR: [u8; 6] = [2, 0, 0, 0, 0, 0xe1];
/// Towards the near and the far end of the row.
const UP: usize = 0;
const DOWN: usize = 1;

/// Three switches; port [`DOWN`] of each leads to port [`UP`] of the next, and back.
struct Row {
    switch: Vec<Rig>,
    /// The links carry `tuser` too. Where they do not, as between two MACs, poison is in the FCS alone.
    carries_user: bool,
}

impl Row {
    /// A row that knows both stations.
    fn new(carries_user: bool, seed: u64) -> Self {
        let switch = (0..3)
            .map(|index| Rig::new(&Settings::default(), seed + index))
            .collect();
        let mut row = Self {
            switch,
            carries_user,
        };
        row.switch[0].send(UP, BROADCAST, NEAR, 64);
        row.switch[2].send(DOWN, BROADCAST, FAR, 64);
        row.drain();
        for (index, switch) in row.switch.iter_mut().enumerate() {
            let received = switch.take_left();
            assert_eq!(received, [1, 1, 2, 2], "switch {index} hears both stations");
            switch.counts = Counts::new(PORTS);
        }
        row
    }

    fn cycle(&mut self) {
        for switch in &mut self.switch {
            switch.cycle();
        }
        for (from, egress, to, ingress) in [
            (0, DOWN, 1, UP),
            (1, DOWN, 2, UP),
            (2, UP, 1, DOWN),
            (1, UP, 0, DOWN),
        ] {
            let carries_user = self.carries_user;
            let beat = self.switch[from].gave[egress].map(|beat| Beat {
                user: beat.user && carries_user,
                ..beat
            });
            self.switch[to].send_beats(ingress, beat.as_slice());
        }
    }

    fn drain(&mut self) {
        let mut quiet = 0;
        for _ in 0..100_000 {
            self.cycle();
            let busy = self.switch.iter().any(|switch| {
                (0..PORTS).any(|port| !switch.is_idle(port) || switch.gave[port].is_some())
            });
            quiet = if busy { 0 } else { quiet + 1 };
            if quiet > 40 {
                return;
            }
        }
        panic!("the row is stuck");
    }

    /// Sends frames from the near to the far end, and judges how they arrive.
    fn judge(&mut self, frames: &[Frame]) {
        for frame in frames {
            self.switch[0].send_beats(UP, &frame.beats);
        }
        self.drain();
        let arrived = std::mem::take(&mut self.switch[2].left[DOWN]);
        assert_eq!(arrived.len(), frames.len(), "each frame arrives once");
        for (index, (frame, arrived)) in frames.iter().zip(&arrived).enumerate() {
            let what = frame.what;
            let whole = frame.bytes.len();
            if frame.cause.is_none() {
                assert!(!arrived.poisoned, "frame {index}, good, arrives poisoned");
                assert_eq!(arrived.bytes, frame.bytes, "frame {index}, good");
                continue;
            }
            assert!(arrived.poisoned, "frame {index} arrives healed: {what}");
            assert_eq!(frame::verdict(&arrived.bytes), Verdict::Stomped, "{what}");
            let body = arrived.bytes.len() - frame::FCS_BYTES;
            assert_eq!(arrived.bytes[..body], frame.bytes[..body], "{what}");
            assert_eq!(arrived.bytes.len(), whole.min(MAX_FRAME_BYTES), "{what}");
        }
    }
}

/// A frame that enters the row, and the cause under which the first switch counts it, if it is bad.
struct Frame {
    what: &'static str,
    /// What can arrive of it.
    bytes: Vec<u8>,
    beats: Vec<Beat>,
    cause: Option<Cause>,
}

impl Frame {
    fn good(bytes: Vec<u8>) -> Self {
        Self {
            what: "good",
            beats: beats(&bytes, false),
            bytes,
            cause: None,
        }
    }

    fn bad(what: &'static str, bytes: Vec<u8>, poisoned: bool, cause: Cause) -> Self {
        Self {
            what,
            beats: beats(&bytes, poisoned),
            bytes,
            cause: Some(cause),
        }
    }
}

/// Every way in which a frame of `length` bytes can be bad, each followed by a good frame.
fn bad_frames(row: &mut Row, length: usize) -> Vec<Frame> {
    let fill = &mut row.switch[0].fill;
    let fcs = length - frame::FCS_BYTES;
    let middle = 14 + fill.below(fcs as u32 - 14) as usize;
    let places = [
        ("destination", 3),
        ("source", 8),
        ("type", 12),
        ("payload", middle),
        ("last byte before the FCS", fcs - 1),
        ("FCS byte 0", fcs),
        ("FCS byte 1", fcs + 1),
        ("FCS byte 2", fcs + 2),
        ("FCS byte 3", fcs + 3),
    ];
    let mut frames = Vec::new();
    let good = |fill: &mut _| ethernet(FAR, NEAR, 0x0800, length, fill);
    for (what, place) in places {
        let mut bytes = good(fill);
        bytes[place] ^= 1 << fill.below(8);
        frames.push(Frame::bad(what, bytes, false, Cause::FcsError));
        frames.push(Frame::good(good(fill)));
    }
    let bytes = good(fill);
    frames.push(Frame::bad("tuser", bytes, true, Cause::PoisonedIn));
    frames.push(Frame::good(good(fill)));
    let mut bytes = good(fill);
    frame::stomp(&mut bytes);
    frames.push(Frame::bad(
        "stomped",
        bytes.clone(),
        false,
        Cause::PoisonedIn,
    ));
    frames.push(Frame::bad(
        "stomped and tuser",
        bytes,
        true,
        Cause::PoisonedIn,
    ));
    frames.push(Frame::good(good(fill)));
    let mut bytes = good(fill);
    bytes[middle] ^= 0x10;
    frames.push(Frame::bad(
        "wrong FCS and tuser",
        bytes,
        true,
        Cause::PoisonedIn,
    ));
    frames.push(Frame::good(good(fill)));
    let mut hole = Frame::bad("hole in tkeep", good(fill), false, Cause::Malformed);
    hole.beats[3].keep = 0xf7;
    frames.push(hole);
    frames.push(Frame::good(good(fill)));
    frames
}

/// Runs bad frames of these lengths through a row. With a remainder of 1, 2 or 3 bytes the FCS straddles two beats.
fn run(lengths: impl Iterator<Item = usize>, carries_user: bool, seed: u64) {
    let mut row = Row::new(carries_user, seed);
    let mut causes: BTreeMap<Cause, u64> = BTreeMap::new();
    let mut residues = [0; BEAT_BYTES];
    let mut bad = 0;
    for length in lengths {
        let frames = bad_frames(&mut row, length);
        row.judge(&frames);
        residues[length % BEAT_BYTES] += 1;
        for cause in frames.iter().filter_map(|frame| frame.cause) {
            *causes.entry(cause).or_default() += 1;
            bad += 1;
        }
    }
    println!("{bad} bad frames by length modulo {BEAT_BYTES} {residues:?}, causes {causes:?}");
    assert!(residues.iter().all(|count| *count > 0), "{residues:?}");
    let causes: Vec<_> = causes.into_iter().collect();
    assert_eq!(row.switch[0].faults(UP), causes, "at the first switch");
    for later in 1..3 {
        let faults = row.switch[later].faults(UP);
        assert_eq!(faults, [(Cause::PoisonedIn, bad)], "at switch {later}");
    }
}

#[test]
fn a_bad_frame_is_never_healed_where_links_carry_tuser() {
    run(64..64 + 8, true, 100);
}

#[test]
fn a_bad_frame_is_never_healed_where_links_carry_the_fcs_alone() {
    run((64..200).chain([515, MAX_FRAME_BYTES]), false, 200);
}

#[test]
fn frames_of_the_longest_length_and_beyond_arrive_good_or_bad() {
    let mut row = Row::new(false, 500);
    let mut frames = Vec::new();
    for length in MAX_FRAME_BYTES - 1..=MAX_FRAME_BYTES + 9 {
        let bytes = ethernet(FAR, NEAR, 0x0800, length, &mut row.switch[0].fill);
        frames.push(if length > MAX_FRAME_BYTES {
            Frame::bad("too long", bytes, false, Cause::TooLong)
        } else {
            Frame::good(bytes)
        });
    }
    row.judge(&frames);
    assert_eq!(row.switch[0].faults(UP), [(Cause::TooLong, 9)]);
    for later in 1..3 {
        assert_eq!(row.switch[later].faults(UP), [(Cause::PoisonedIn, 9)]);
    }
}

#[test]
fn runts_and_frames_cut_short_arrive_bad() {
    let mut row = Row::new(false, 300);
    let mut frames = Vec::new();
    let fill = &mut row.switch[0].fill;
    // Of less than four beats nothing leaves: see the next loop.
    for length in 25..64 {
        let bytes = ethernet(FAR, NEAR, 0x0800, length, fill);
        frames.push(Frame::bad("runt", bytes, false, Cause::RuntPoisoned));
        let bytes = ethernet(FAR, NEAR, 0x0800, 64 + length % 8, fill);
        frames.push(Frame::good(bytes));
    }
    row.judge(&frames);
    let runts = frames.len() as u64 / 2;
    for switch in &row.switch {
        assert_eq!(switch.faults(UP), [(Cause::RuntPoisoned, runts)]);
    }
    for length in 18..25 {
        row.switch[0].send(UP, FAR, NEAR, length);
    }
    row.drain();
    assert!(row.switch[2].left[DOWN].is_empty(), "a runt has left");
    let faults = row.switch[0].faults(UP);
    assert_eq!(
        faults,
        [(Cause::RuntDropped, 7), (Cause::RuntPoisoned, runts)]
    );
}

#[test]
fn a_frame_closed_for_its_pause_arrives_bad() {
    let mut row = Row::new(false, 400);
    // The later switches see the pause too; with a limit as short they would close the frame once more.
    let settings = Settings {
        gap_limit: 9,
        ..Settings::default()
    };
    row.switch[0] = Rig::new(&settings, 403);
    // At every beat behind which 64 bytes or more are left.
    let length = 136;
    let mut bodies = Vec::new();
    for cut in 8..length / BEAT_BYTES {
        let bytes = ethernet(FAR, NEAR, 0x0800, length, &mut row.switch[0].fill);
        let beats = beats(&bytes, false);
        row.switch[0].send_beats(UP, &beats[..cut]);
        row.switch[0].pause(UP, 10);
        row.switch[0].send_beats(UP, &beats[cut..]);
        bodies.push(bytes[..cut * BEAT_BYTES - frame::FCS_BYTES].to_vec());
    }
    row.drain();
    let arrived = std::mem::take(&mut row.switch[2].left[DOWN]);
    assert_eq!(arrived.len(), bodies.len());
    for (arrived, body) in arrived.iter().zip(&bodies) {
        assert!(arrived.poisoned);
        assert_eq!(frame::verdict(&arrived.bytes), Verdict::Stomped);
        assert_eq!(arrived.bytes[..body.len()], body[..]);
        assert_eq!(arrived.bytes.len(), body.len() + frame::FCS_BYTES);
    }
    let closed = bodies.len() as u64;
    assert_eq!(row.switch[0].faults(UP), [(Cause::GapClosed, closed)]);
    for later in 1..3 {
        assert_eq!(row.switch[later].faults(UP), [(Cause::PoisonedIn, closed)]);
    }
}
