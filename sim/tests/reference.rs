//! The naive reference against the contract, clause by clause.
#![allow(clippy::unwrap_used, reason = "tests")]

use lightswitch_hdl::config::Config;
use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::{
    self, Cause, Counts, Engine, EngineKind, Outcome, Settings, TableOp, TableRequest,
};
use lightswitch_sim::frame::{self, Assembler, Mac, Received, Verdict};
use lightswitch_sim::reference::Reference;
use lightswitch_sim::verilated;
use lightswitch_sim::PortMask;

const STATION: [[u8; 6]; 4] = [
    [2, 0, 0, 0, 0, 0xa0],
    [2, 0, 0, 0, 0, 0xa1],
    [2, 0, 0, 0, 0, 0xa2],
    [2, 0, 0, 0, 0, 0xa3],
];

/// A switch, its counters, and what has left it.
struct Rig {
    switch: Reference,
    counts: Counts,
    outcome: Outcome,
    assemblers: Vec<Assembler>,
    left: Vec<Vec<Received>>,
    ready: [bool; 4],
    cycle: u64,
}

impl Rig {
    fn new(settings: &Settings) -> Self {
        Self {
            switch: Reference::new(Config::named("4x64").unwrap(), settings),
            counts: Counts::new(4),
            outcome: Outcome::new(4),
            assemblers: vec![Assembler::default(); 4],
            left: vec![Vec::new(); 4],
            ready: [true; 4],
            cycle: 0,
        }
    }

    /// One cycle with a beat at `port`; whether it was taken.
    fn offer(&mut self, port: usize, beat: Option<Beat>) -> bool {
        let mut offered = [None; 4];
        offered[port] = beat;
        self.switch
            .cycle(&offered, &self.ready, &mut self.outcome)
            .unwrap();
        self.outcome
            .pulses
            .iter()
            .for_each(|pulse| self.counts.add(pulse));
        for egress in 0..4 {
            if let (Some(beat), true) = (self.outcome.egress[egress], self.ready[egress]) {
                let received = self.assemblers[egress].push(&beat, 8, self.cycle);
                self.left[egress].extend(received.cloned());
            }
        }
        self.cycle += 1;
        self.outcome.ingress_ready[port]
    }

    fn idle(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.offer(0, None);
        }
    }

    fn send(&mut self, port: usize, bytes: &[u8], poisoned: bool) {
        for index in 0..frame::beats(bytes.len(), 8) {
            let beat = frame::beat(bytes, index, 8, poisoned);
            let taken = (0..5_000).any(|_| self.offer(port, Some(beat)));
            assert!(taken, "the switch is stuck");
        }
    }

    /// What has left since the last call, after a time in which everything does.
    fn drain(&mut self) -> Vec<Vec<Received>> {
        self.idle(2_000);
        std::mem::replace(&mut self.left, vec![Vec::new(); 4])
    }

    /// How many frames left at each egress.
    fn drain_counts(&mut self) -> [usize; 4] {
        let left = self.drain();
        std::array::from_fn(|egress| left[egress].len())
    }
}

fn ethernet(destination: [u8; 6], source: [u8; 6], kind: u16, length: usize) -> Vec<u8> {
    let mut bytes = [&destination[..], &source[..], &kind.to_be_bytes()].concat();
    bytes.resize(length - 4, 0x5a);
    frame::seal(&mut bytes);
    bytes
}

fn between(source: usize, destination: usize) -> Vec<u8> {
    ethernet(STATION[destination], STATION[source], 0x0800, 100)
}

#[test]
fn floods_the_unknown_and_learns() {
    let mut rig = Rig::new(&Settings::default());
    rig.send(0, &between(0, 1), false);
    assert_eq!(rig.drain_counts(), [0, 1, 1, 1]);
    rig.send(1, &between(1, 0), false);
    assert_eq!(rig.drain_counts(), [1, 0, 0, 0]);
    rig.send(0, &ethernet([0xff; 6], STATION[0], 0x0800, 64), false);
    assert_eq!(rig.drain_counts(), [0, 1, 1, 1]);
    assert_eq!(
        (
            rig.counts.at(Cause::Flooded, 0),
            rig.counts.at(Cause::Accepted, 0)
        ),
        (2, 2)
    );
    assert_eq!(
        (
            rig.counts.at(Cause::Flooded, 1),
            rig.counts.at(Cause::Accepted, 1)
        ),
        (0, 1)
    );
}

#[test]
fn a_moved_station_is_found_at_once_and_a_silent_one_forgotten() {
    let mut rig = Rig::new(&Settings {
        ageing_period: 1_000,
        ..Settings::default()
    });
    rig.send(0, &between(0, 1), false);
    rig.drain();
    rig.send(2, &between(0, 1), false);
    rig.drain();
    rig.send(1, &between(1, 0), false);
    assert_eq!(
        rig.drain_counts(),
        [0, 0, 1, 0],
        "moved from port 0 to port 2"
    );
    rig.send(2, &between(3, 0), false);
    assert_eq!(rig.drain_counts(), [0; 4]);
    assert_eq!(rig.counts.at(Cause::FilteredSelf, 2), 1);
    rig.idle(13_000);
    rig.send(1, &between(1, 0), false);
    assert_eq!(rig.drain_counts(), [1, 0, 1, 1], "forgotten");
}

#[test]
fn filters_reserved_addresses_and_mac_control() {
    let mut rig = Rig::new(&Settings::default());
    for low in 0..=0x10 {
        rig.send(
            3,
            &ethernet([1, 0x80, 0xc2, 0, 0, low], STATION[3], 0x88cc, 64),
            false,
        );
    }
    assert_eq!(rig.drain_counts(), [1, 1, 1, 0], "only ..:10 is forwarded");
    rig.send(3, &ethernet(STATION[1], STATION[3], 0x8808, 64), false);
    assert_eq!(rig.drain_counts(), [0; 4]);
    assert_eq!(rig.counts.at(Cause::FilteredReserved, 3), 16);
    assert_eq!(rig.counts.at(Cause::FilteredControl, 3), 1);
}

#[test]
fn poison_goes_on_stomped_and_teaches_nothing() {
    let bad_fcs = {
        let mut bytes = between(0, 1);
        bytes[40] ^= 1;
        bytes
    };
    let stomped = {
        let mut bytes = between(0, 1);
        frame::stomp(&mut bytes);
        bytes
    };
    let long = ethernet(STATION[1], STATION[0], 0x0800, 1_600);
    for (bytes, user, cause) in [
        (&bad_fcs, false, Cause::FcsError),
        (&stomped, false, Cause::PoisonedIn),
        (&between(0, 1), true, Cause::PoisonedIn),
        (&long, false, Cause::TooLong),
    ] {
        let mut rig = Rig::new(&Settings::default());
        rig.send(0, bytes, user);
        let left = rig.drain();
        assert_eq!(left[1].len(), 1, "{cause}");
        let received = &left[1][0];
        assert!(received.poisoned && frame::verdict(&received.bytes) == Verdict::Stomped);
        assert_eq!(received.bytes.len(), bytes.len().min(1_522));
        let body = received.bytes.len() - 4;
        assert_eq!(received.bytes[..body], bytes[..body]);
        assert_eq!(rig.counts.total(cause), 1);
        assert_eq!(rig.counts.total(Cause::Accepted), 1);
        rig.send(1, &between(1, 0), false);
        assert_eq!(
            rig.drain_counts(),
            [1, 0, 1, 1],
            "{cause}: its source is not known"
        );
    }
}

#[test]
fn closes_frames_that_are_malformed_or_pause() {
    let bytes = between(0, 1);
    let beats: Vec<Beat> = (0..13)
        .map(|index| frame::beat(&bytes, index, 8, false))
        .collect();
    for keep in [0x7f, 0xfb, 0] {
        let mut rig = Rig::new(&Settings::default());
        for (index, beat) in beats.iter().enumerate() {
            let mut beat = *beat;
            if index == 9 {
                beat.keep = keep;
            }
            assert!(rig.offer(0, Some(beat)));
        }
        let left = rig.drain();
        assert!(
            left[2].len() == 1 && left[2][0].poisoned,
            "{keep:#x}: {left:?}"
        );
        assert!(left[2][0].well_formed && left[2][0].bytes.len() < bytes.len());
        assert_eq!(rig.counts.total(Cause::Malformed), 1);
        rig.send(0, &bytes, false);
        assert_eq!(rig.drain()[2][0].bytes, bytes, "the next frame is whole");
    }
    // 0 stands for the limit that the switch has of itself.
    for (gap_limit, pause, closed) in [(20, 20, 0), (20, 21, 1), (0, 4_096, 0), (0, 4_097, 1)] {
        let mut rig = Rig::new(&Settings {
            gap_limit,
            ..Settings::default()
        });
        for (index, beat) in beats.iter().enumerate() {
            if index == 9 {
                rig.idle(pause);
            }
            rig.offer(0, Some(*beat));
        }
        assert_eq!(rig.counts.total(Cause::GapClosed), closed);
        assert_eq!(u64::from(rig.drain()[3][0].poisoned), closed);
        rig.send(0, &bytes, false);
        assert_eq!(rig.drain()[3][0].bytes, bytes, "the next frame is whole");
    }
}

/// A frame, and the cycles its source pauses in front of one of its beats: port, bytes, beat, cycles.
type Play = (usize, Vec<u8>, usize, usize);

/// The engines whose tools are there.
fn engines() -> Vec<EngineKind> {
    let is_there =
        |kind: &EngineKind| *kind != EngineKind::Verilated || !verilated::is_skipped("verilated");
    EngineKind::ALL.into_iter().filter(is_there).collect()
}

/// Plays frames, each on its own, on an engine; what it counted, and how many frames left each egress poisoned or not.
fn play(
    kind: EngineKind,
    config: &str,
    gap_limit: u16,
    frames: &[Play],
) -> (Counts, Vec<[u64; 2]>) {
    let config = Config::named(config).unwrap();
    let settings = Settings {
        gap_limit,
        ..Settings::default()
    };
    let mut switch = engine::build(kind, config, &settings).unwrap();
    let (ports, width) = (config.ports, config.beat_bytes());
    let mut outcome = Outcome::new(ports);
    let (mut counts, mut left) = (Counts::new(ports), vec![[0; 2]; ports]);
    let mut step = |port: usize, beat: Option<Beat>| {
        let mut offered = vec![None; ports];
        offered[port] = beat;
        let ready = vec![true; ports];
        switch.cycle(&offered, &ready, &mut outcome).unwrap();
        outcome.pulses.iter().for_each(|pulse| counts.add(pulse));
        for (left, beat) in left.iter_mut().zip(&outcome.egress) {
            if let Some(beat) = beat.filter(|beat| beat.last) {
                left[usize::from(beat.user)] += 1;
            }
        }
        outcome.ingress_ready[port]
    };
    for (port, bytes, paused, pause) in frames {
        for index in 0..frame::beats(bytes.len(), width) {
            if index == *paused {
                (0..*pause).for_each(|_| {
                    step(*port, None);
                });
            }
            let beat = frame::beat(bytes, index, width, false);
            assert!((0..100).any(|_| step(*port, Some(beat))));
        }
        (0..300).for_each(|_| {
            step(*port, None);
        });
    }
    (counts, left)
}

#[test]
fn a_pause_counts_once_the_destination_is_in_sight() {
    let pause = |paused, pause| [(0, between(0, 1), paused, pause)];
    for (config, paused, cycles, closed) in [
        ("2x32", 1, 300, 0),
        ("2x32", 20, 20, 0),
        ("2x32", 20, 21, 1),
        ("4x64", 10, 20, 0),
        ("4x64", 10, 21, 1),
    ] {
        for kind in engines() {
            let (counts, left) = play(kind, config, 20, &pause(paused, cycles));
            let what = format!(
                "{config} {}: {cycles} cycles before beat {paused}",
                kind.name()
            );
            assert_eq!(counts.total(Cause::GapClosed), closed, "{what}");
            assert_eq!(counts.total(Cause::Accepted), 1, "{what}");
            assert_eq!(left[1], [1 - closed, closed], "{what}");
        }
    }
}

#[test]
fn the_longest_gap_limit_ends_a_pause_too() {
    for (cycles, closed) in [(65_535, 0), (65_536, 1)] {
        for kind in engines() {
            let (counts, left) = play(kind, "2x32", 65_535, &[(0, between(0, 1), 20, cycles)]);
            let what = format!("{}: {cycles} cycles", kind.name());
            assert_eq!(counts.total(Cause::GapClosed), closed, "{what}");
            assert_eq!(left[1], [1 - closed, closed], "{what}");
        }
    }
}

#[test]
fn mac_control_frames_teach_nothing() {
    let pause = [1, 0x80, 0xc2, 0, 0, 1];
    for (destination, kind, floods) in [
        (pause, 0x8808, true),
        (STATION[2], 0x8808, true),
        (pause, 0x88cc, false),
    ] {
        let frames = [
            (0, ethernet(destination, STATION[0], kind, 64), 0, 0),
            (1, between(1, 0), 0, 0),
        ];
        for engine in engines() {
            let (counts, left) = play(engine, "4x64", 0, &frames);
            let what = format!("{}: {kind:#x} to {destination:x?}", engine.name());
            assert_eq!(counts.at(Cause::Accepted, 0), 0, "{what}");
            assert_eq!(counts.at(Cause::Flooded, 1), u64::from(floods), "{what}");
            assert_eq!(left[0], [1, 0], "{what}");
        }
    }
}

#[test]
fn obeys_the_table_port_and_the_reset_pin() {
    let mut rig = Rig::new(&Settings::default());
    let ask = |rig: &mut Rig, op, mask: u64| {
        let (address, mask) = (Mac(STATION[1]), mask.into());
        rig.switch.request(Some(TableRequest { op, address, mask }));
        rig.idle(1);
        rig.switch.request(None);
        rig.send(0, &between(0, 1), false);
        rig.drain_counts()
    };
    assert_eq!(ask(&mut rig, TableOp::WriteStatic, 0b1101), [0, 0, 1, 1]);
    rig.send(1, &between(1, 0), false);
    rig.drain();
    assert_eq!(ask(&mut rig, TableOp::Read, 0), [0, 0, 1, 1], "not learned");
    assert_eq!(ask(&mut rig, TableOp::Flush, 0), [0, 0, 1, 1], "static");
    assert_eq!(ask(&mut rig, TableOp::Delete, 0), [0, 1, 1, 1]);
    assert_eq!(ask(&mut rig, TableOp::WriteStatic, 0), [0; 4]);
    assert_eq!(rig.counts.at(Cause::FilteredSelf, 0), 1);
    rig.switch.set_reset(true);
    assert!(!rig.offer(0, Some(frame::beat(&between(0, 1), 0, 8, false))));
    rig.switch.set_reset(false);
    rig.send(0, &between(0, 1), false);
    assert_eq!(rig.drain_counts(), [0, 1, 1, 1], "nothing is known");
}

#[test]
fn takes_other_settings_between_frames() {
    let mut rig = Rig::new(&Settings::default());
    let bytes = between(0, 1);
    for (gap_limit, closed) in [(20, 1), (0, 1), (3, 2)] {
        let settings = Settings {
            gap_limit,
            ..Settings::default()
        };
        rig.switch.configure(&settings).unwrap();
        for index in 0..frame::beats(bytes.len(), 8) {
            if index == 9 {
                rig.idle(30);
            }
            rig.offer(0, Some(frame::beat(&bytes, index, 8, false)));
        }
        rig.drain();
        assert_eq!(rig.counts.total(Cause::GapClosed), closed);
    }
    let store_and_forward = vec![PortMask::one(4)];
    let wrong = Settings {
        store_and_forward,
        ..Settings::default()
    };
    assert!(rig.switch.configure(&wrong).is_err());
    assert_eq!(rig.switch.pins(), [0; 0]);
}

#[test]
fn drops_runts() {
    let mut rig = Rig::new(&Settings::default());
    for length in [1, 8, 9, 63] {
        rig.send(2, &between(2, 1)[..length], false);
    }
    assert_eq!(rig.drain_counts(), [0; 4]);
    assert_eq!(rig.counts.at(Cause::RuntDropped, 2), 4);
}

#[test]
fn a_full_queue_holds_up_or_drops_and_leaves_the_others_alone() {
    for lossy in [false, true] {
        let mut rig = Rig::new(&Settings {
            lossy,
            ..Settings::default()
        });
        rig.send(1, &between(1, 0), false);
        rig.drain();
        rig.ready[1] = false;
        let long = ethernet(STATION[1], STATION[0], 0x0800, 1_522);
        let mut sent = 0;
        let mut held = false;
        while sent < 6 && !held {
            for index in 0..frame::beats(long.len(), 8) {
                let taken = rig.offer(0, Some(frame::beat(&long, index, 8, false)));
                held |= !taken;
                assert!(taken || index == 0, "never cut in the middle");
                if held {
                    break;
                }
            }
            sent += usize::from(!held);
        }
        // Room for 512 beats: two frames of 191, and a third has none; it waits, or is dropped.
        assert_eq!(held, !lossy);
        let dropped = rig.counts.dropped(0, 1);
        assert_eq!(dropped, if lossy { 4 } else { 0 });
        rig.send(3, &ethernet(STATION[0], STATION[3], 0x0800, 64), false);
        rig.idle(200);
        assert_eq!(
            (rig.left[0].len(), rig.left[1].len()),
            (1, 0),
            "port 0 is not held up"
        );
        rig.ready[1] = true;
        let left = rig.drain();
        let from_0: Vec<&Received> = left[1]
            .iter()
            .filter(|received| received.bytes[6..12] == STATION[0])
            .collect();
        assert_eq!(from_0.len(), if lossy { 2 } else { 3 });
        assert!(from_0.iter().all(|received| received.bytes == long));
        assert_eq!(
            (left[0].len(), left[2].len()),
            (1, 0),
            "the frame of station 3"
        );
    }
}

#[test]
fn reset_forgets_frames_and_addresses() {
    let mut rig = Rig::new(&Settings::default());
    rig.send(0, &between(0, 1), false);
    rig.drain();
    rig.ready = [false; 4];
    rig.send(1, &between(1, 0), false);
    rig.offer(2, Some(frame::beat(&between(2, 0), 0, 8, false)));
    rig.switch.reset().unwrap();
    rig.ready = [true; 4];
    assert_eq!(rig.drain_counts(), [0; 4]);
    rig.send(2, &between(2, 0), false);
    assert_eq!(
        rig.drain_counts(),
        [1, 1, 0, 1],
        "a first beat, and nothing is known"
    );
}

#[test]
fn serves_all_ingresses_in_turn() {
    let mut rig = Rig::new(&Settings::default());
    rig.send(3, &between(3, 0), false);
    rig.drain();
    rig.ready[3] = false;
    for ingress in [0, 0, 1, 2, 2, 1, 0, 1, 2] {
        rig.send(ingress, &between(ingress, 3), false);
    }
    rig.ready[3] = true;
    let order: Vec<u8> = rig.drain()[3]
        .iter()
        .map(|received| received.bytes[11] & 0xf)
        .collect();
    let turns = [order[0], order[1], order[2]];
    assert_eq!(order, [turns, turns, turns].concat());
    assert_eq!(turns.iter().sum::<u8>(), 3);
}
