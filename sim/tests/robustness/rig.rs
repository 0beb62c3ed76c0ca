//! One switch with a source at every ingress and a sink at every egress, and what the streams' rules ask of it.

use std::collections::VecDeque;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::Random;
use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::{self, Cause, Counts, Engine, EngineKind, Outcome, Settings};
use lightswitch_sim::frame::{self, Assembler, Received, Verdict};

/// Ports of the 4x64 switch, which most tests are about.
pub const PORTS: usize = 4;
/// Bytes of its full beat.
pub const BEAT_BYTES: usize = 8;
/// Its longest frame.
pub const MAX_FRAME_BYTES: usize = 1_522;
/// Its latency when idle, and so cycles before a stream that has begun at an ingress is seen at its egress.
pub const LATENCY: u64 = 6;
/// Cycles after which a test has hung.
pub const ENDLESS: u64 = 100_000;

/// The station behind each port of the 4x64 switch.
pub const STATION: [[u8; 6]; PORTS] = [station(0), station(1), station(2), station(3)];
/// All stations.
pub const BROADCAST: [u8; 6] = [0xff; 6];

/// The station behind a port.
pub const fn station(port: usize) -> [u8; 6] {
    [2, 0, 0, 0, 0, 0xa0 + port as u8]
}

/// A frame of `length` bytes with a good FCS; `fill` makes its payload.
pub fn ethernet(
    to: [u8; 6],
    from: [u8; 6],
    kind: u16,
    length: usize,
    fill: &mut Random,
) -> Vec<u8> {
    let mut bytes = [&to[..], &from[..], &kind.to_be_bytes()].concat();
    assert!(length >= bytes.len() + frame::FCS_BYTES, "{length} bytes");
    bytes.resize_with(length - frame::FCS_BYTES, || fill.bits(8) as u8);
    let fcs = frame::fcs(&bytes);
    bytes.extend(fcs);
    bytes
}

/// The beats of a frame, 64 bits wide.
pub fn beats(bytes: &[u8], poisoned: bool) -> Vec<Beat> {
    (0..frame::beats(bytes.len(), BEAT_BYTES))
        .map(|index| frame::beat(bytes, index, BEAT_BYTES, poisoned))
        .collect()
}

/// What a source does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Offer(Beat),
    Pause(u32),
}

/// A switch and its surroundings.
pub struct Rig {
    engine: Box<dyn Engine>,
    config: &'static Config,
    lossy: bool,
    /// Egresses that take a beat in the next cycle.
    pub ready: Vec<bool>,
    /// What the statistics pins said.
    pub counts: Counts,
    /// Frames that left, per egress.
    pub left: Vec<Vec<Received>>,
    /// In the last cycle: the ingresses that took a beat, and the beats that left.
    pub took: Vec<bool>,
    pub gave: Vec<Option<Beat>>,
    /// Cycles run.
    pub cycle: u64,
    /// Makes payloads.
    pub fill: Random,
    source: Vec<VecDeque<Step>>,
    /// Beats taken of the frame at each ingress.
    taken: Vec<usize>,
    /// Beats that were shown and not taken.
    held: Vec<Option<Beat>>,
    assemblers: Vec<Assembler>,
    outcome: Outcome,
}

impl Rig {
    /// The 4x64 switch as RTL.
    pub fn new(settings: &Settings, seed: u64) -> Self {
        Self::of("4x64", settings, seed)
    }

    /// The same, and it knows the station behind each port.
    pub fn taught(settings: &Settings, seed: u64) -> Self {
        let mut rig = Self::new(settings, seed);
        assert_eq!((rig.ports(), rig.beat_bytes()), (PORTS, BEAT_BYTES));
        assert_eq!(rig.config.max_frame_bytes, MAX_FRAME_BYTES);
        rig.teach();
        rig
    }

    /// The switch of a configuration.
    pub fn of(config: &str, settings: &Settings, seed: u64) -> Self {
        println!("{config}, seed {seed}");
        let config = Config::named(config).unwrap();
        let ports = config.ports;
        Self {
            engine: engine::build(EngineKind::Rtl, config, settings).unwrap(),
            config,
            lossy: settings.lossy,
            ready: vec![true; ports],
            counts: Counts::new(ports),
            left: vec![Vec::new(); ports],
            took: vec![false; ports],
            gave: vec![None; ports],
            cycle: 0,
            fill: Random::new(seed),
            source: vec![VecDeque::new(); ports],
            taken: vec![0; ports],
            held: vec![None; ports],
            assemblers: vec![Assembler::default(); ports],
            outcome: Outcome::new(ports),
        }
    }

    pub fn ports(&self) -> usize {
        self.config.ports
    }

    pub fn beat_bytes(&self) -> usize {
        self.config.beat_bytes()
    }

    pub fn max_frame_bytes(&self) -> usize {
        self.config.max_frame_bytes
    }

    /// Lets the switch hear the station behind each port.
    pub fn teach(&mut self) {
        let ports = self.ports();
        for port in 0..ports {
            let bytes = ethernet(BROADCAST, station(port), 0x0800, 64, &mut self.fill);
            let beats = self.beats(&bytes, false);
            self.send_beats(port, &beats);
        }
        self.drain();
        let heard = self.take_left();
        assert_eq!(heard, vec![ports - 1; ports], "everyone hears the others");
        self.counts = Counts::new(ports);
    }

    /// The beats of a frame, as wide as the switch's.
    pub fn beats(&self, bytes: &[u8], poisoned: bool) -> Vec<Beat> {
        let width = self.beat_bytes();
        (0..frame::beats(bytes.len(), width))
            .map(|index| frame::beat(bytes, index, width, poisoned))
            .collect()
    }

    /// Gives a source a good frame; its bytes.
    pub fn send(&mut self, port: usize, to: [u8; 6], from: [u8; 6], length: usize) -> Vec<u8> {
        let bytes = ethernet(to, from, 0x0800, length, &mut self.fill);
        self.send_beats(port, &beats(&bytes, false));
        bytes
    }

    /// Gives a source these beats.
    pub fn send_beats(&mut self, port: usize, beats: &[Beat]) {
        self.source[port].extend(beats.iter().map(|beat| Step::Offer(*beat)));
    }

    /// Lets a source pause.
    pub fn pause(&mut self, port: usize, cycles: u32) {
        self.source[port].push_back(Step::Pause(cycles));
    }

    /// Keeps a flow at full rate: its source never runs out of frames.
    pub fn backlog(&mut self, from: usize, to: usize, length: usize) {
        if self.source[from].len() < 2 {
            self.send(from, STATION[to], STATION[from], length);
        }
    }

    /// A source has nothing left to do.
    pub fn is_idle(&self, port: usize) -> bool {
        self.source[port].is_empty()
    }

    /// One cycle. Checks that beats hold until they are taken and that no frame waits once the fabric has begun it.
    pub fn cycle(&mut self) {
        assert!(self.cycle < ENDLESS, "the switch is stuck");
        let offered: Vec<Option<Beat>> = self
            .source
            .iter()
            .map(|steps| match steps.front() {
                Some(Step::Offer(beat)) => Some(*beat),
                _ => None,
            })
            .collect();
        self.engine
            .cycle(&offered, &self.ready, &mut self.outcome)
            .unwrap();
        for pulse in &self.outcome.pulses {
            self.counts.add(pulse);
        }
        for (port, offered) in offered.into_iter().enumerate() {
            self.follow_ingress(port, offered);
            self.follow_egress(port);
        }
        self.cycle += 1;
    }

    fn follow_ingress(&mut self, port: usize, offered: Option<Beat>) {
        let ready = self.outcome.ingress_ready[port];
        assert!(ready || !self.lossy, "tready is low in lossy mode");
        self.took[port] = offered.is_some() && ready;
        match self.source[port].front_mut() {
            Some(Step::Pause(cycles)) if *cycles > 1 => *cycles -= 1,
            Some(Step::Pause(_)) => {
                self.source[port].pop_front();
            }
            _ => {}
        }
        let Some(beat) = offered else { return };
        if !ready {
            let taken = self.taken[port];
            assert!(
                taken <= self.beats_ahead(),
                "port {port} waits after {taken} beats of a frame"
            );
            return;
        }
        self.source[port].pop_front();
        self.taken[port] = if beat.last { 0 } else { self.taken[port] + 1 };
    }

    /// Beats of a frame that are taken before its first one stands in front of the fabric: three stages, and a register
    /// ahead of them where an address straddles two beats.
    fn beats_ahead(&self) -> usize {
        if self.beat_bytes() < BEAT_BYTES {
            4
        } else {
            3
        }
    }

    fn follow_egress(&mut self, port: usize) {
        let shown = self.outcome.egress[port];
        if let Some(held) = self.held[port] {
            assert_eq!(shown, Some(held), "egress {port}: a beat holds until taken");
        }
        self.held[port] = shown.filter(|_| !self.ready[port]);
        self.gave[port] = shown.filter(|_| self.ready[port]);
        if let Some(beat) = self.gave[port] {
            let width = self.beat_bytes();
            let received = self.assemblers[port]
                .push(&beat, width, self.cycle)
                .cloned();
            if let Some(received) = received {
                assert!(received.well_formed, "egress {port}: byte enables");
                assert!(
                    received.bytes.len() <= self.max_frame_bytes(),
                    "egress {port}"
                );
                let fcs = if received.poisoned {
                    Verdict::Stomped
                } else {
                    Verdict::Good
                };
                assert_eq!(frame::verdict(&received.bytes), fcs, "egress {port}");
                self.left[port].push(received);
            }
        }
    }

    /// Cycles until every source is done and nothing leaves any more.
    pub fn drain(&mut self) {
        self.drain_within(2_000);
    }

    /// The same, with another limit of cycles.
    pub fn drain_within(&mut self, cycles: u64) {
        let mut quiet = 0;
        let deadline = self.cycle + cycles;
        while quiet < 40 {
            assert!(self.cycle < deadline, "the switch is stuck");
            self.cycle();
            let busy =
                (0..self.ports()).any(|port| !self.is_idle(port) || self.held[port].is_some());
            let moved = self.gave.iter().any(Option::is_some);
            quiet = if busy || moved { 0 } else { quiet + 1 };
        }
        let inside = self.assemblers.iter().any(Assembler::is_inside);
        assert!(!inside, "a frame left without its end");
    }

    /// Forgets what has left; how many frames that were.
    pub fn take_left(&mut self) -> Vec<usize> {
        self.left
            .iter_mut()
            .map(|left| std::mem::take(left).len())
            .collect()
    }

    /// The counters of a port that are not zero, but for `accepted` and `flooded`.
    pub fn faults(&self, port: usize) -> Vec<(Cause, u64)> {
        Cause::ALL
            .into_iter()
            .filter(|cause| !matches!(cause, Cause::Accepted | Cause::Flooded))
            .map(|cause| (cause, self.counts.at(cause, port)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}
