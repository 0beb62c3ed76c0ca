//! Trouble at one port: every other flow goes on at one beat a cycle.

use lightswitch_sim::engine::{Cause, Settings};
use lightswitch_sim::frame;

use super::rig::{beats, ethernet, Rig, BROADCAST, LATENCY, MAX_FRAME_BYTES, PORTS, STATION};

/// Frames of the flows that must not notice: long enough to show a stall in the middle, short enough for many borders.
const BYTES: usize = 80;

/// Flows at full rate: pairs of ingress and egress, none of which shares an egress.
struct Flows<'a> {
    pairs: &'a [(usize, usize)],
    since: u64,
    cycles: u64,
}

impl<'a> Flows<'a> {
    fn new(rig: &Rig, pairs: &'a [(usize, usize)]) -> Self {
        Self {
            pairs,
            since: rig.cycle,
            cycles: 0,
        }
    }

    /// One cycle, in which each flow takes a beat and, once it has come through, gives one.
    fn cycle(&mut self, rig: &mut Rig) {
        for (from, to) in self.pairs {
            rig.backlog(*from, *to, BYTES);
        }
        rig.cycle();
        let under_way = rig.cycle - self.since > LATENCY;
        for (from, to) in self.pairs {
            assert!(
                rig.took[*from],
                "{from} -> {to} waits in cycle {}",
                rig.cycle
            );
            let gave = rig.gave[*to].is_some();
            assert!(
                gave || !under_way,
                "{from} -> {to} pauses in cycle {}",
                rig.cycle
            );
        }
        self.cycles += 1;
    }

    fn cycles(&mut self, rig: &mut Rig, cycles: u64) {
        for _ in 0..cycles {
            self.cycle(rig);
        }
    }
}

/// The frames of a port that have left at `egress`, in order; they go away.
fn from(rig: &mut Rig, port: usize, egress: usize) -> Vec<Vec<u8>> {
    let left = std::mem::take(&mut rig.left[egress]);
    left.into_iter()
        .filter(|received| frame::source(&received.bytes).unwrap().0 == STATION[port])
        .inspect(|received| assert!(!received.poisoned))
        .map(|received| received.bytes)
        .collect()
}

#[test]
fn a_source_that_stops_in_mid_frame_stops_nobody_else() {
    let limit = 12;
    let settings = Settings {
        gap_limit: limit,
        ..Settings::default()
    };
    let mut rig = Rig::taught(&settings, 1);
    let mut flows = Flows::new(&rig, &[(1, 0), (2, 3)]);
    let length = 88;
    let last = frame::beats(length, 8);
    for stop in 1..last {
        rig.take_left();
        let bytes = ethernet(STATION[1], STATION[0], 0x0800, length, &mut rig.fill);
        rig.send_beats(0, &beats(&bytes, false)[..stop]);
        rig.pause(0, 3 * u32::from(limit));
        // The rest is not a frame; what follows is one again.
        rig.send_beats(0, &beats(&bytes, false)[stop..]);
        let good = rig.send(0, STATION[1], STATION[0], length);
        // A frame from port 3 waits for the same egress, and gets it when the stopped one is closed.
        flows.cycles(&mut rig, 4);
        let waiting = rig.send(3, STATION[1], STATION[3], length);
        let since = rig.cycle;
        let closed = since + u64::from(limit) + 2 * last as u64 + LATENCY;
        flows.cycles(&mut rig, 80);
        assert!(rig.is_idle(0) && rig.is_idle(3), "stopped after {stop}");
        let left = std::mem::take(&mut rig.left[1]);
        let came = left.iter().find(|received| received.bytes == waiting);
        assert!(came.unwrap().last_cycle <= closed, "stopped after {stop}");
        assert!(left
            .iter()
            .any(|received| received.bytes == good && !received.poisoned));
        let cut: Vec<_> = left.iter().filter(|received| received.poisoned).collect();
        assert_eq!(cut.len(), usize::from(stop > 1), "stopped after {stop}");
        for received in &cut {
            let body = stop * 8 - frame::FCS_BYTES;
            assert_eq!(received.bytes[..body], bytes[..body]);
        }
        assert_eq!(left.len(), 2 + cut.len());
    }
    let faults = rig.faults(0);
    println!("{} cycles, {faults:?}", flows.cycles);
    // A first beat alone has not left when it is closed, and is dropped.
    let closed = last as u64 - 2;
    assert_eq!(
        faults,
        [(Cause::RuntDropped, 1), (Cause::GapClosed, closed)]
    );
    for port in 1..PORTS {
        assert_eq!(rig.faults(port), []);
    }
}

#[test]
fn without_a_gap_limit_set_a_stopped_frame_is_closed_after_4096_cycles() {
    let settings = Settings {
        gap_limit: 0,
        ..Settings::default()
    };
    let mut rig = Rig::taught(&settings, 2);
    let bytes = ethernet(STATION[1], STATION[0], 0x0800, 128, &mut rig.fill);
    // A pause of 4 096 cycles is still allowed.
    rig.send_beats(0, &beats(&bytes, false)[..8]);
    rig.pause(0, 4_096);
    rig.send_beats(0, &beats(&bytes, false)[8..]);
    rig.drain_within(10_000);
    let left = from(&mut rig, 0, 1);
    assert!(left.len() == 1 && left[0] == bytes);
    assert_eq!(rig.faults(0), []);
    rig.send_beats(0, &beats(&bytes, false)[..8]);
    rig.pause(0, 4_097);
    rig.send_beats(0, &beats(&bytes, false)[8..]);
    rig.drain_within(10_000);
    assert!(rig.left[1].pop().unwrap().poisoned);
    assert_eq!(rig.faults(0), [(Cause::GapClosed, 1)]);
}

#[test]
fn frames_that_go_nowhere_pass_at_full_rate_and_disturb_nobody() {
    let mut rig = Rig::taught(&Settings::default(), 3);
    let mut flows = Flows::new(&rig, &[(1, 0), (2, 3), (3, 2)]);
    let behind_port_0 = [2, 0, 0, 0, 0, 0xb0];
    rig.send(0, STATION[1], behind_port_0, 64);
    flows.cycles(&mut rig, 40);
    let mut nowhere = Vec::new();
    let fill = &mut rig.fill;
    for length in [64, 65, 71, 200] {
        for low in [0, 1, 7, 15] {
            let reserved = [1, 0x80, 0xc2, 0, 0, low];
            nowhere.push(ethernet(reserved, STATION[0], 0x0800, length, fill));
        }
        nowhere.push(ethernet(behind_port_0, STATION[0], 0x0800, length, fill));
        nowhere.push(ethernet(STATION[0], STATION[0], 0x0800, length, fill));
        nowhere.push(ethernet(BROADCAST, STATION[0], 0x8808, length, fill));
        nowhere.push(ethernet(STATION[1], STATION[0], 0x8808, length, fill));
    }
    for length in 18..24 {
        nowhere.push(ethernet(STATION[1], STATION[0], 0x0800, length, fill));
    }
    rig.take_left();
    let mut good = Vec::new();
    for (index, bytes) in nowhere.iter().enumerate() {
        rig.send_beats(0, &beats(bytes, false));
        if index % 5 == 4 {
            good.push(rig.send(0, STATION[1], STATION[0], 64 + index % 8));
        }
    }
    while !rig.is_idle(0) {
        flows.cycle(&mut rig);
        assert!(rig.took[0], "a frame that goes nowhere waits");
    }
    flows.cycles(&mut rig, 40);
    assert_eq!(from(&mut rig, 0, 1), good, "only the good frames leave");
    assert!(good.len() > 4);
    println!("{} cycles, {:?}", flows.cycles, rig.faults(0));
    assert_eq!(
        rig.faults(0),
        [
            (Cause::RuntDropped, 6),
            (Cause::FilteredReserved, 16),
            (Cause::FilteredSelf, 8),
            (Cause::FilteredControl, 8),
        ]
    );
}

#[test]
fn the_last_reserved_address_is_0f_and_the_next_is_a_group() {
    let mut rig = Rig::taught(&Settings::default(), 4);
    for low in [0x10, 0x1f, 0xff] {
        rig.send(0, [1, 0x80, 0xc2, 0, 0, low], STATION[0], 64);
    }
    for almost in [
        [1, 0x80, 0xc2, 0, 1, 0],
        [1, 0x80, 0xc2, 1, 0, 0],
        [1, 0x80, 0xc3, 0, 0, 0],
    ] {
        rig.send(0, almost, STATION[0], 64);
    }
    rig.drain();
    assert_eq!(rig.take_left(), [0, 6, 6, 6]);
    assert_eq!(rig.faults(0), []);
}

#[test]
fn lossy_a_full_egress_costs_only_the_copies_for_it() {
    let settings = Settings {
        lossy: true,
        ..Settings::default()
    };
    let mut rig = Rig::taught(&settings, 5);
    rig.ready[1] = false;
    // Unicast into the full egress beside three flows of others; the rig checks that `tready` is never low.
    let mut flows = Flows::new(&rig, &[(1, 0), (2, 3), (3, 2)]);
    let mut sent = Vec::new();
    for _ in 0..700 {
        if rig.is_idle(0) {
            sent.push(rig.send(0, STATION[1], STATION[0], BYTES));
        }
        flows.cycle(&mut rig);
        assert!(rig.took[0]);
    }
    let dropped = rig.counts.dropped(0, 1);
    assert!(dropped > 20, "{dropped} copies dropped at the full egress");
    // Every frame either waits in the queue, whole and in order, or is counted.
    rig.ready[1] = true;
    rig.drain_within(3_000);
    let came = from(&mut rig, 0, 1);
    assert_eq!(came.len() as u64 + dropped, sent.len() as u64);
    assert_eq!(came[..], sent[..came.len()], "those that came first");
    println!("{} of {} unicast copies dropped", dropped, sent.len());

    // Broadcast: the copies for the others are not touched.
    rig.take_left();
    rig.ready[1] = false;
    let mut flows = Flows::new(&rig, &[(3, 0)]);
    let mut sent = Vec::new();
    let before = dropped;
    // Port 0 gets copies too, so no others may lead there: it sends the broadcasts itself.
    for _ in 0..700 {
        if rig.is_idle(0) {
            sent.push(rig.send(0, BROADCAST, STATION[0], BYTES));
        }
        flows.cycle(&mut rig);
        assert!(rig.took[0]);
    }
    let dropped = rig.counts.dropped(0, 1) - before;
    assert!(dropped > 20);
    rig.ready[1] = true;
    rig.drain_within(3_000);
    for untouched in [2, 3] {
        assert_eq!(from(&mut rig, 0, untouched), sent, "at egress {untouched}");
        assert_eq!(rig.counts.dropped(0, untouched), 0);
    }
    let came = from(&mut rig, 0, 1);
    assert_eq!(came.len() as u64 + dropped, sent.len() as u64);
    println!("{} of {} broadcast copies dropped", dropped, sent.len());
    for port in 1..PORTS {
        assert_eq!(rig.faults(port), []);
    }
}

#[test]
fn lossless_a_full_egress_holds_back_only_who_sends_to_it() {
    let mut rig = Rig::taught(&Settings::default(), 6);
    rig.ready[1] = false;
    let mut flows = Flows::new(&rig, &[(1, 0), (2, 3), (3, 2)]);
    let mut sent = Vec::new();
    let mut waited = 0;
    for _ in 0..900 {
        if rig.is_idle(0) {
            sent.push(rig.send(0, STATION[1], STATION[0], BYTES));
        }
        flows.cycle(&mut rig);
        waited = if rig.took[0] { 0 } else { waited + 1 };
    }
    assert!(waited > 400, "port 0 waited {waited} cycles");
    rig.ready[1] = true;
    while !rig.is_idle(0) {
        flows.cycle(&mut rig);
    }
    flows.cycles(&mut rig, 500);
    assert_eq!(from(&mut rig, 0, 1), sent, "nothing is lost");
    println!("port 0 waited {waited} of 900 cycles");
    for port in 0..PORTS {
        assert_eq!(rig.faults(port), []);
    }
}

#[test]
fn lossless_a_multicast_waits_for_all_its_queues() {
    let mut rig = Rig::taught(&Settings::default(), 7);
    // Port 0 has filled its queue for egress 1, and then broadcasts.
    rig.ready[1] = false;
    let mut sent = vec![Vec::new(); PORTS];
    for _ in 0..400 {
        if rig.is_idle(0) {
            sent[1].push(rig.send(0, STATION[1], STATION[0], MAX_FRAME_BYTES));
        }
        rig.cycle();
    }
    assert!(!rig.is_idle(0), "the queue is full");
    // Frames for idle egresses behind it wait too: that is what head of line costs.
    let broadcast = rig.send(0, BROADCAST, STATION[0], BYTES);
    let behind = rig.send(0, STATION[2], STATION[0], BYTES);
    let mut flows = Flows::new(&rig, &[(1, 0), (2, 3)]);
    flows.cycles(&mut rig, 200);
    assert!(!rig.is_idle(0));
    assert!(
        rig.left[2].is_empty(),
        "no copy leaves before all queues have room"
    );
    rig.ready[1] = true;
    while !rig.is_idle(0) {
        flows.cycle(&mut rig);
    }
    flows.cycles(&mut rig, 700);
    sent[1].push(broadcast.clone());
    assert_eq!(from(&mut rig, 0, 1), sent[1]);
    assert_eq!(from(&mut rig, 0, 2), [broadcast.clone(), behind]);
    // At egress 3 the flow from port 2 takes turns with the broadcast.
    assert_eq!(from(&mut rig, 0, 3), [broadcast]);
}
