//! What the switch promises each frame: a turn, one copy where it belongs, in order, and a place in the books.

use lightswitch_hdl::cosim::Random;
use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::{Cause, Settings};
use lightswitch_sim::frame;

use super::rig::{beats, ethernet, Rig, LATENCY, MAX_FRAME_BYTES, PORTS, STATION};

/// Cycles after which what a frame taught is known.
const LEARNED: u64 = 24;

#[test]
fn a_permutation_of_any_frame_length_passes_at_full_rate() {
    let mut rig = Rig::taught(&Settings::default(), 20);
    for length in (64..=80).chain([MAX_FRAME_BYTES - 1, MAX_FRAME_BYTES]) {
        let since = rig.cycle;
        while rig.cycle - since < 60 {
            for port in 0..PORTS {
                rig.backlog(port, (port + 1 + length % 3) % PORTS, length);
            }
            rig.cycle();
            assert_eq!(rig.took, [true; PORTS], "{length} bytes: a source waits");
            if rig.cycle - since > LATENCY {
                assert!(rig.gave.iter().all(Option::is_some), "{length} bytes");
            }
        }
        rig.drain();
    }
    let left = rig.take_left();
    println!("{left:?} frames");
    assert!(left.iter().all(|frames| *frames > 120));
    assert!((0..PORTS).all(|port| rig.faults(port).is_empty()));
}

/// Who sent the frames that left, in order.
fn sources(rig: &mut Rig, egress: usize) -> Vec<usize> {
    std::mem::take(&mut rig.left[egress])
        .iter()
        .map(|received| {
            assert!(!received.poisoned);
            let from = frame::source(&received.bytes).unwrap().0;
            STATION.iter().position(|station| *station == from).unwrap()
        })
        .collect()
}

#[test]
fn first_frames_that_arrive_together_wait_for_each_other_only() {
    let mut rig = Rig::taught(&Settings::default(), 21);
    // Whoever was served last, and whoever comes: the frames are back to back, and each port has one.
    let mut rounds = 0;
    for served in [0, 2, 3] {
        for (together, length) in [(vec![0, 2, 3], 64), (vec![0, 3], 71), (vec![2, 3], 200)] {
            rig.send(served, STATION[1], STATION[served], 64);
            rig.drain();
            rig.take_left();
            for port in &together {
                rig.send(*port, STATION[1], STATION[*port], length);
            }
            let since = rig.cycle;
            rig.drain();
            let left = &rig.left[1];
            let beats = frame::beats(length, 8) as u64;
            let last = since + LATENCY + together.len() as u64 * beats - 1;
            assert_eq!(left.last().unwrap().last_cycle, last, "no cycle is lost");
            let mut came = sources(&mut rig, 1);
            came.sort_unstable();
            assert_eq!(came, together);
            rounds += 1;
        }
    }
    assert_eq!(rounds, 9);
}

#[test]
fn no_ingress_waits_for_more_than_a_frame_of_each_other() {
    let mut rig = Rig::taught(&Settings::default(), 22);
    // Long frames of one port, short ones of the others, all for one egress, which never pauses.
    let contenders = [0, 2, 3];
    for cycle in 0..1_500 {
        for (port, length) in contenders.into_iter().zip([700, 64, 65]) {
            rig.backlog(port, 1, length);
        }
        rig.cycle();
        assert!(cycle < LATENCY || rig.gave[1].is_some(), "cycle {cycle}");
    }
    let order = sources(&mut rig, 1);
    println!("{} frames in turn", order.len());
    assert!(order.len() > 30);
    for window in order.windows(contenders.len()) {
        for port in contenders {
            assert!(
                window.contains(&port),
                "port {port} is passed over: {order:?}"
            );
        }
    }
}

#[test]
fn nothing_is_learned_from_a_bad_frame() {
    let settings = Settings {
        gap_limit: 5,
        ..Settings::default()
    };
    let mut rig = Rig::taught(&settings, 23);
    let fill = &mut Random::new(24);
    let source = |index: u8| [2, 0, 0, 0, 1, index];
    let mut taught: Vec<([u8; 6], bool)> = Vec::new();
    let mut send = |rig: &mut Rig, what: &dyn Fn(&mut Vec<u8>) -> Vec<Beat>, known: bool| {
        let from = source(taught.len() as u8);
        let mut bytes = ethernet(STATION[1], from, 0x0800, 100, fill);
        let beats = what(&mut bytes);
        rig.send_beats(0, &beats);
        taught.push((from, known));
    };
    send(&mut rig, &|bytes| beats(bytes, false), true);
    send(&mut rig, &|bytes| beats(bytes, true), false);
    for byte in [0, 14, 95, 96, 99] {
        let wrong = move |bytes: &mut Vec<u8>| {
            // Of the destination, a byte that leaves it an individual address.
            bytes[byte] ^= 0x40;
            beats(bytes, false)
        };
        send(&mut rig, &wrong, false);
    }
    send(&mut rig, &|bytes| beats(bytes, false), true);
    let stomped = |bytes: &mut Vec<u8>| {
        frame::stomp(bytes);
        beats(bytes, false)
    };
    send(&mut rig, &stomped, false);
    for keep in [0xfe, 0x7f, 0xf7, 0] {
        let malformed = move |bytes: &mut Vec<u8>| {
            let mut beats = beats(bytes, false);
            beats[5].keep = keep;
            beats
        };
        send(&mut rig, &malformed, false);
    }
    let runt = |bytes: &mut Vec<u8>| {
        bytes.truncate(40 - 4);
        bytes.extend(frame::fcs(bytes));
        beats(bytes, false)
    };
    send(&mut rig, &runt, false);
    let long = |bytes: &mut Vec<u8>| {
        bytes.resize(MAX_FRAME_BYTES - 3, 0);
        bytes.extend(frame::fcs(bytes));
        beats(bytes, false)
    };
    send(&mut rig, &long, false);
    let control = |bytes: &mut Vec<u8>| {
        bytes.truncate(96);
        bytes[12..14].copy_from_slice(&[0x88, 8]);
        bytes.extend(frame::fcs(bytes));
        beats(bytes, false)
    };
    send(&mut rig, &control, false);
    send(&mut rig, &|bytes| beats(bytes, false), true);
    // The last one stops, is closed, and its rest is thrown away.
    send(&mut rig, &|bytes| beats(bytes, false)[..9].to_vec(), false);
    rig.pause(0, 20);
    rig.send_beats(0, &[Beat::new(&[0; 8], true, false)]);
    rig.drain();
    rig.drain();
    println!("{:?}", rig.faults(0));
    for cause in [
        Cause::FcsError,
        Cause::PoisonedIn,
        Cause::Malformed,
        Cause::TooLong,
        Cause::RuntPoisoned,
        Cause::GapClosed,
        Cause::FilteredControl,
    ] {
        assert!(rig.counts.at(cause, 0) > 0, "{cause}");
    }
    for (index, (address, known)) in taught.into_iter().enumerate() {
        rig.take_left();
        rig.send(2, address, STATION[2], 64);
        rig.drain();
        let expected = if known { [1, 0, 0, 0] } else { [1, 1, 0, 1] };
        assert_eq!(
            rig.take_left(),
            expected,
            "frame {index} taught its source: {known}"
        );
    }
}

#[test]
fn every_port_learns_an_address_from_each_shortest_frame() {
    const FRAMES: usize = 40;
    let mut rig = Rig::taught(&Settings::default(), 30);
    // Back to back, at all ports at once, each frame from a station that nobody has heard of.
    let station = |port: usize, index: usize| [2, 0, 0, 1, port as u8, index as u8];
    let since = rig.cycle;
    for index in 0..FRAMES {
        for port in 0..PORTS {
            rig.send(port, STATION[(port + 1) % PORTS], station(port, index), 64);
        }
        for _ in 0..8 {
            rig.cycle();
            assert_eq!(rig.took, [true; PORTS]);
            let under_way = rig.cycle - since > LATENCY;
            assert!(!under_way || rig.gave.iter().all(Option::is_some));
        }
    }
    rig.drain();
    assert!(
        (0..PORTS).all(|port| rig.faults(port).is_empty()),
        "no learn is missed"
    );
    // All are known, but for those that had to make room: a set has two ways.
    let mut known = 0;
    for index in 0..FRAMES {
        rig.take_left();
        for (port, from) in STATION.into_iter().enumerate() {
            rig.send(port, station((port + 2) % PORTS, index), from, 64);
        }
        rig.drain();
        known += PORTS * (PORTS - 1) - rig.take_left().into_iter().sum::<usize>();
    }
    let known = known / (PORTS - 2);
    println!("{known} of {} stations known", PORTS * FRAMES);
    assert!(known > PORTS * FRAMES * 9 / 10);
}

#[test]
fn tagged_frames_pass_untouched() {
    let mut rig = Rig::taught(&Settings::default(), 31);
    let mut random = Random::new(32);
    let mut sent = Vec::new();
    for kind in [0x8100_u16, 0x88a8, 0x9100] {
        for inner in [0x0800_u16, 0x8100, 0x8808, 0x86dd] {
            let mut bytes = ethernet(STATION[1], STATION[0], kind, 68, &mut random);
            bytes.truncate(64);
            bytes[14..18].copy_from_slice(&[[0x20, 5], inner.to_be_bytes()].concat());
            bytes.extend(frame::fcs(&bytes));
            rig.send_beats(0, &beats(&bytes, false));
            sent.push(bytes);
        }
    }
    rig.drain();
    let left: Vec<_> = std::mem::take(&mut rig.left[1]);
    assert!(left.iter().map(|left| &left.bytes).eq(&sent));
    assert_eq!(rig.faults(0), []);
    assert_eq!(rig.take_left(), [0; PORTS]);
}

#[test]
fn a_moved_station_is_found_at_its_new_port_at_once() {
    let mut rig = Rig::taught(&Settings::default(), 25);
    let station = [2, 0, 0, 0, 2, 1];
    let mut fill = Random::new(26);
    for (moves, port) in [0, 2, 3, 0, 3, 2].into_iter().enumerate() {
        rig.send(port, STATION[1], station, 64);
        rig.drain();
        // A bad frame from elsewhere does not move it.
        let mut bad = ethernet(STATION[1], station, 0x0800, 64, &mut fill);
        bad[20] ^= 1;
        rig.send_beats((port + 1) % PORTS, &beats(&bad, false));
        rig.drain();
        rig.take_left();
        rig.send(1, station, STATION[1], 64);
        rig.drain();
        let mut expected = [0; PORTS];
        expected[port] = 1;
        assert_eq!(rig.take_left(), expected, "move {moves}");
    }
}

#[test]
fn a_new_address_is_known_a_few_cycles_after_its_frame() {
    let mut rig = Rig::taught(&Settings::default(), 27);
    let mut shortest = LEARNED;
    for delay in (0..=LEARNED).rev() {
        let station = [2, 0, 0, 0, 3, delay as u8];
        rig.send(0, STATION[1], station, 64);
        while !rig.is_idle(0) {
            rig.cycle();
        }
        for _ in 0..delay {
            rig.cycle();
        }
        rig.take_left();
        rig.send(2, station, STATION[2], 64);
        rig.drain();
        // Flooded or not, the copy for its port is there.
        assert_eq!(rig.left[0].len(), 1);
        if rig.left[3].is_empty() {
            shortest = delay;
        } else {
            break;
        }
    }
    println!("known {shortest} cycles after the last beat of the frame that taught it");
    assert!(shortest < LEARNED, "never known");
}
