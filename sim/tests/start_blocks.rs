//! An egress cannot idle inside a frame: a longest frame that comes over one link and leaves over another at once, with a marker at each of its
//! beats, and clocks that are apart.
//!
//! ```text
//!   frames ─► link a ══ fiber ══► link b ─► link c ══ fiber ══► link d ─► the same frames
//! ```

#![allow(clippy::unwrap_used, reason = "tests")]

use lightswitch_hdl::link::LinkConfig;
use lightswitch_sim::beat::Beat;
use lightswitch_sim::engine::EngineKind;
use lightswitch_sim::frame;
use lightswitch_sim::optics::{build_link, Faults, Fiber, FiberIn, LinkEngine, LinkIn, LinkOut};
use lightswitch_sim::verilated;

const LONGEST: usize = 1_522;
/// Rows from marker to marker: a longest frame always meets one.
const MARKER_PERIOD: usize = 32;

/// Links a, b, c, d, and the fibers ab, ba, cd, dc.
struct Chain {
    links: [Box<dyn LinkEngine>; 4],
    fibers: [Fiber; 4],
    /// Cycles between two pauses of link a's engine beyond those of its gearbox; 0: none.
    pause_gap: u16,
    cycle: u64,
    /// The frames that link a is offered, and how far it is.
    sent: Vec<Vec<u8>>,
    offered: Option<(usize, usize)>,
    open: Vec<u8>,
    good: usize,
    poisoned: usize,
    underruns: usize,
}

impl Chain {
    /// With links called `name`, up; link c and d are reset so many cycles after a and b, so their markers come at another time.
    fn new(name: &str, later: u64, pause_gap: u16) -> Self {
        let link = LinkConfig {
            marker_period: MARKER_PERIOD,
            ..*LinkConfig::named(name).unwrap()
        };
        let build = || build_link(EngineKind::Verilated, &link, &mut |_| ()).unwrap();
        let mut chain = Self {
            links: [build(), build(), build(), build()],
            fibers: [1, 2, 3, 4].map(|seed| Fiber::new(&link, 5, seed)),
            pause_gap,
            cycle: 0,
            sent: Vec::new(),
            offered: None,
            open: Vec::new(),
            good: 0,
            poisoned: 0,
            underruns: 0,
        };
        while !chain.links.iter().all(|link| link.outputs().status.up) || chain.cycle < 6_000 {
            chain.step(chain.cycle < later, false);
            assert!(chain.cycle < 30_000, "the links do not come up");
        }
        chain
    }

    /// One cycle; `begins` offers the next frame.
    fn step(&mut self, resets_cd: bool, begins: bool) {
        let outputs: [LinkOut; 4] = self.links.each_ref().map(|link| *link.outputs());
        let arriving = self.fibers.each_ref().map(|fiber| *fiber.outputs());
        let reset = [self.cycle == 0, self.cycle == 0, resets_cd, resets_cd];
        if begins {
            assert_eq!(self.offered, None, "the frame before is still on its way");
            self.sent.push(frame_of(self.sent.len()));
            self.offered = Some((self.sent.len() - 1, 0));
        }
        let offered = self
            .offered
            .map(|(number, beat)| frame::beat(&self.sent[number], beat, 8, false));
        let streams = [
            (offered, true),
            (None, outputs[2].tx_ready),
            (outputs[1].rx, true),
            (None, true),
        ];
        for (end, link) in self.links.iter_mut().enumerate() {
            // Its own way out, and the one in from its partner.
            let (out, back) = (arriving[end], arriving[end ^ 1]);
            link.cycle(&LinkIn {
                reset: reset[end],
                tx: streams[end].0,
                rx_ready: streams[end].1,
                engine_ready: out.tx_ready,
                rx: back.rx,
                rx_los: back.rx_los,
                rx_lol: back.rx_lol,
                tx_fault: 0,
            })
            .unwrap();
        }
        for (way, fiber) in self.fibers.iter_mut().enumerate() {
            fiber.cycle(&FiberIn {
                reset: reset[way],
                tx: outputs[way].lanes,
                rx_bitslip: outputs[way ^ 1].bitslip,
                rx_reset_req: outputs[way ^ 1].reset_req,
                faults: Faults {
                    pause_gap: if way == 0 { self.pause_gap } else { 0 },
                    ..Faults::default()
                },
            });
        }
        if let Some((number, beat)) = self.offered.filter(|_| outputs[0].tx_ready && !reset[0]) {
            let beats = frame::beats(self.sent[number].len(), 8);
            self.offered = (beat + 1 < beats).then_some((number, beat + 1));
        }
        self.underruns += usize::from(outputs[2].pulses.has("tx_underrun"));
        if let Some(beat) = outputs[3].rx {
            self.take(&beat);
        }
        self.cycle += 1;
    }

    fn take(&mut self, beat: &Beat) {
        self.open.extend_from_slice(beat.bytes());
        if beat.last {
            let bytes = std::mem::take(&mut self.open);
            if beat.user {
                self.poisoned += 1;
            } else {
                assert!(self.sent.contains(&bytes), "a frame that was never sent");
                self.good += 1;
            }
        }
    }
}

/// A longest frame, no two alike.
fn frame_of(number: usize) -> Vec<u8> {
    let bytes =
        (0..LONGEST - frame::FCS_BYTES).map(|place| (place * 7 + number * 13 + number / 256) as u8);
    let mut bytes: Vec<u8> = bytes.collect();
    bytes.extend_from_slice(&frame::fcs(&bytes));
    bytes
}

/// Frames that begin one cycle later each, against the markers of the second link, for one marker period.
fn sweep(name: &str, later: u64, pause_gap: u16) -> Chain {
    let mut chain = Chain::new(name, later, pause_gap);
    // Beats of a period and of a frame, with what the gearbox takes: the next frame begins one cycle later in the period.
    let period = (MARKER_PERIOD * 4 * 33).div_ceil(32) as u64;
    let spacing = period * 2 + 1;
    for _ in 0..=period {
        for cycle in 0..spacing {
            chain.step(false, cycle == 0);
        }
    }
    for _ in 0..500 {
        chain.step(false, false);
    }
    chain
}

#[test]
fn a_longest_frame_never_runs_dry_wherever_a_marker_falls() {
    if verilated::is_skipped("a_longest_frame_never_runs_dry_wherever_a_marker_falls") {
        return;
    }
    // 100 ppm slower where it comes from, and as fast; the markers of the two links at several distances.
    for name in ["4x16-plain", "4x16"] {
        for pause_gap in [9_999, 0] {
            for later in [1, 35, 70, 104] {
                let chain = sweep(name, later, pause_gap);
                let case = format!("{name}, {later} cycles later");
                assert_eq!(chain.underruns, 0, "{case}");
                assert_eq!(
                    (chain.good, chain.poisoned),
                    (chain.sent.len(), 0),
                    "{case}"
                );
                assert!(chain.good > 130);
            }
        }
    }
}

/// The same where clocks are further apart than is allowed: the frame is ended, poisoned and counted.
#[test]
fn a_frame_that_runs_dry_is_poisoned_and_counted() {
    if verilated::is_skipped("a_frame_that_runs_dry_is_poisoned_and_counted") {
        return;
    }
    let chain = sweep("4x16-plain", 18, 12);
    assert!(chain.underruns > 20, "{} underruns", chain.underruns);
    assert_eq!(chain.poisoned, chain.underruns);
    assert_eq!(chain.good + chain.poisoned, chain.sent.len());
}
