//! `docs/link-figures.md`: what a link takes to lock, align and come up, what it adds in latency, what skew it takes, of every link, each beside
//! what it follows from. Measured on the RTL; written anew with
//! `LIGHTSWITCH_WRITE_DOCS=1 cargo test -p lightswitch-sim --test link_figures`, stale without.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::PathBuf;

use lightswitch_hdl::link::LinkConfig;
use lightswitch_sim::engine::EngineKind;
use lightswitch_sim::frame;
use lightswitch_sim::optics::{build_link, Faults, Fiber, FiberIn, LinkEngine, LinkIn};

/// Cycles of the emulated engine from a beat to the beat.
const FIBER_CYCLES: u64 = 5;
/// Bytes of the frame that latency is measured with.
const FRAME_BYTES: usize = 64;
/// Marker period where the figure does not depend on it.
const SHORT_PERIOD: usize = 32;

/// Marker period that leaves time for all slips before other lanes are tried.
const SKEW_PERIOD: usize = 128;

/// Two ends and the fibers between them.
struct Pair {
    ends: [Box<dyn LinkEngine>; 2],
    fibers: [Fiber; 2],
    cycle: u64,
    beat_bytes: usize,
}

impl Pair {
    fn new(link: &LinkConfig) -> Self {
        let build = || build_link(EngineKind::Rtl, link, &mut |_| ()).unwrap();
        Self {
            ends: [build(), build()],
            fibers: [1, 2].map(|seed| Fiber::new(link, 7, seed)),
            cycle: 0,
            beat_bytes: link.data_w() / 8,
        }
    }

    /// One cycle; end 0 is offered a beat of `frame`, lane 0 towards end 1 is so many words late.
    fn step(&mut self, frame: Option<(&[u8], usize)>, skew: u16) {
        let outputs = self.ends.each_ref().map(|end| *end.outputs());
        let arriving = self.fibers.each_ref().map(|fiber| *fiber.outputs());
        let mut late = Faults::default();
        late.delays[0] = skew;
        for (way, fiber) in self.fibers.iter_mut().enumerate() {
            fiber.cycle(&FiberIn {
                tx: outputs[way].lanes,
                rx_bitslip: outputs[1 - way].bitslip,
                rx_reset_req: outputs[1 - way].reset_req,
                faults: if way == 0 { late } else { Faults::default() },
                ..FiberIn::default()
            });
        }
        for (end, link) in self.ends.iter_mut().enumerate() {
            let offered = frame.filter(|_| end == 0);
            link.cycle(&LinkIn {
                tx: offered.map(|(bytes, beat)| frame::beat(bytes, beat, self.beat_bytes, false)),
                rx_ready: true,
                engine_ready: arriving[end].tx_ready,
                rx: arriving[1 - end].rx,
                rx_los: arriving[1 - end].rx_los,
                rx_lol: arriving[1 - end].rx_lol,
                ..LinkIn::default()
            })
            .unwrap();
        }
        self.cycle += 1;
    }

    fn both(&self, what: impl Fn(&lightswitch_sim::optics::LinkStatus) -> bool) -> bool {
        self.ends.iter().all(|end| what(&end.outputs().status))
    }
}

/// What bringing a link up takes, in cycles from reset.
struct Start {
    block_lock: u64,
    marker_lock: u64,
    aligned: u64,
    up: u64,
}

fn start(link: &LinkConfig) -> Start {
    let mut pair = Pair::new(link);
    let all = (1_u16 << link.physical()) - 1;
    let mut seen = [None; 4];
    while seen[3].is_none() {
        pair.step(None, 0);
        let holds = [
            pair.both(|status| status.block_lock == all),
            pair.both(|status| status.marker_lock == all),
            pair.both(|status| status.aligned),
            pair.both(|status| status.up),
        ];
        for (seen, holds) in seen.iter_mut().zip(holds) {
            if holds && seen.is_none() {
                *seen = Some(pair.cycle);
            }
        }
        assert!(pair.cycle < 100_000, "{} does not come up", link.name);
    }
    let [block_lock, marker_lock, aligned, up] = seen.map(Option::unwrap);
    Start {
        block_lock,
        marker_lock,
        aligned,
        up,
    }
}

/// Least cycles from a first beat offered to the frame's start being sent, and from there to the first beat received, without the fiber.
fn latency(link: &LinkConfig) -> (u64, u64) {
    let link = &LinkConfig {
        marker_period: SHORT_PERIOD,
        ..*link
    };
    let mut pair = Pair::new(link);
    while !pair.both(|status| status.up) || pair.cycle < 12 * link.marker_cycles() as u64 {
        pair.step(None, 0);
    }
    let mut bytes = vec![0x5a; FRAME_BYTES - frame::FCS_BYTES];
    bytes.extend_from_slice(&frame::fcs(&bytes));
    let beats = frame::beats(FRAME_BYTES, pair.beat_bytes);
    let mut least = (u64::MAX, u64::MAX);
    // One cycle later each against markers and gearbox, whose bubbles come every 33.
    for later in 0..66 {
        for _ in 0..100 + later {
            pair.step(None, 0);
        }
        let (mut beat, mut sent, mut received) = (0, None, None);
        let offered = pair.cycle;
        while received.is_none() {
            let is_taken = beat < beats && pair.ends[0].outputs().tx_ready;
            pair.step((beat < beats).then_some((&bytes, beat)), 0);
            beat += usize::from(is_taken);
            // The pulse comes when the start block is on offer to the PCS, which puts it on its lane with the next clock edge.
            if sent.is_none() && pair.ends[0].outputs().pulses.has("tx_frame") {
                sent = Some(pair.cycle + 1 - offered);
            }
            if pair.ends[1].outputs().rx.is_some() {
                received = Some(pair.cycle - offered);
            }
            assert!(pair.cycle - offered < 1_000);
        }
        let sent = sent.unwrap();
        least.0 = least.0.min(sent);
        least.1 = least.1.min(received.unwrap() - sent - FIBER_CYCLES);
    }
    least
}

/// The most words that lane 0 may be late.
fn skew(link: &LinkConfig) -> u16 {
    let link = &LinkConfig {
        marker_period: SKEW_PERIOD,
        ..*link
    };
    let aligns = |words: u16| {
        let mut pair = Pair::new(link);
        // Up to 66 slips, for the bit phase moves with each word, then two markers. After eight periods the other end would try the spare.
        (0..8 * link.marker_cycles()).any(|_| {
            pair.step(None, words);
            pair.ends[1].outputs().status.aligned
        })
    };
    // Up to eight blocks and a little more: by halves.
    let (mut good, mut bad) = (0, 2 * 8 * link.lane_beats() as u16);
    while bad - good > 1 {
        let middle = u16::midpoint(good, bad);
        if aligns(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    good
}

/// Cycles in which so many beats pass a gearbox.
const fn with_bubbles(beats: u64) -> u64 {
    beats * 33 / 32
}

fn page() -> String {
    let mut page = String::from(
        "# Figures of the links\n\n\
         Measured on the RTL, in cycles, and written by `LIGHTSWITCH_WRITE_DOCS=1 cargo test -p lightswitch-sim --test link_figures`;\n\
         a stale page fails that test. The engine is the emulated one: 5 cycles, a gearbox bubble every 33, no skew, no bit phase to find.\n\n\
         ## From reset\n\n\
         Block lock: 64 blocks of `64 / LW` beats. Marker lock: the second marker of a lane, one period after the first, which is the first\n\
         block. Aligned: the row of markers after that is looked for; it is the same one if all lanes are locked before it has passed. Up: aligned\n\
         and told so for a marker period (`UP_CYCLES`).\n\n\
         | link | block lock | 64 blocks | marker lock | a period | aligned | up | with a period |\n|--|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for link in &LinkConfig::ALL {
        let start = start(link);
        let (blocks, period) = (64 * link.lane_beats() as u64, link.marker_cycles() as u64);
        assert!(start.block_lock >= with_bubbles(blocks));
        assert!(
            start.block_lock < with_bubbles(blocks) + 40,
            "{}: {}",
            link.name,
            start.block_lock
        );
        assert!(start.aligned <= with_bubbles(2 * period), "{}", link.name);
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
            link.name,
            start.block_lock,
            with_bubbles(blocks),
            start.marker_lock,
            with_bubbles(period),
            start.aligned,
            start.up,
            start.aligned + period,
        );
    }
    page += "\n## Latency and skew\n\n\
             Sent: from the cycle in which a frame's first beat is offered to the cycle in which its start block is on its lane, at best: a 64-byte\n\
             frame waits until `START_BLOCKS` of it or its last block are there (`docs/link.md`). Received: from there to the first beat offered to the client,\n\
             without the fiber: the start block has to arrive whole, and so has the block behind the first data, which tells whether that was the last. Skew:\n\
             words of `LW` bits that one lane may be late; the deskew FIFO holds 8 blocks, at most 64 beats.\n\n\
             | link | start blocks | sent | received | both | skew | FIFO |\n|--|--:|--:|--:|--:|--:|--:|\n";
    for link in &LinkConfig::ALL {
        let (sent, received) = latency(link);
        let blocks = lightswitch_hdl::mac::start_blocks(link.lanes, link.max_frame_bytes);
        let fifo = (8 * link.lane_beats()).min(64);
        let skew = if link.lanes == 1 {
            "-".to_owned()
        } else {
            let words = usize::from(skew(link));
            let row = 2 * link.lane_beats();
            assert!(words < fifo && words + row > fifo, "{}: {words}", link.name);
            words.to_string()
        };
        let _ = writeln!(
            page,
            "| `{}` | {blocks} | {sent} | {received} | {} | {skew} | {fifo} |",
            link.name,
            sent + received
        );
    }
    page
}

#[test]
fn the_page_says_what_the_links_do() {
    let page = page();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/link-figures.md");
    if std::env::var_os("LIGHTSWITCH_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/link-figures.md is stale: run LIGHTSWITCH_WRITE_DOCS=1 cargo test -p lightswitch-sim --test link_figures"
    );
}
