//! The receive side of the MAC: blocks to frames.

use lightswitch_hdl::link::{LinkConfig, Times};

use super::admission::Admission;
use super::block_reader::{read, Kind};
use super::fault_monitor::FaultMonitor;
use super::frame_block::{BlockFifo, FrameBlock};
use super::frame_parser::{FrameParser, ParserPulses};
use super::frame_unpacker::FrameUnpacker;
use super::lossless_rx::{LosslessRx, LosslessRxPulses, RxControl};
use super::{RxHalf, RING_W};
use crate::beat::Beat;

/// Where frames wait for the client.
#[derive(Clone, Debug)]
enum Wait {
    Plain(Admission, BlockFifo),
    Lossless(LosslessRx),
}

/// The twin of `MacRx`.
#[derive(Clone, Debug)]
pub struct MacRx {
    payload: u64,
    is_control: bool,
    is_bad: bool,
    is_there: bool,
    parser: FrameParser,
    monitor: FaultMonitor,
    wait: Wait,
    unpacker: FrameUnpacker,
    has_halves: bool,
}

impl MacRx {
    /// That of `link`.
    pub fn new(link: &LinkConfig) -> Self {
        let times = Times::of(link.marker_period, link.lane_beats());
        let max_frame_bytes = link.max_frame_bytes;
        let wait = if link.features.is_lossless() {
            let lossless = LosslessRx::new(link.features, RING_W, max_frame_bytes, times.report);
            Wait::Lossless(lossless)
        } else {
            Wait::Plain(Admission::default(), BlockFifo::new(1))
        };
        Self {
            payload: 0,
            is_control: false,
            is_bad: false,
            is_there: false,
            parser: FrameParser::new(max_frame_bytes),
            monitor: FaultMonitor::default(),
            wait,
            unpacker: FrameUnpacker::new(link.data_w() / 8),
            has_halves: link.data_w() == 32,
        }
    }

    fn head(&self) -> Option<FrameBlock> {
        match &self.wait {
            Wait::Plain(_, fifo) => fifo.head(),
            Wait::Lossless(lossless) => lossless.head(),
        }
    }

    /// The beat on offer.
    pub fn rx(&self) -> Option<Beat> {
        self.head().map(|head| self.unpacker.beat(head).0)
    }

    /// The other side does not receive.
    pub fn remote_fault(&self) -> bool {
        self.monitor.remote_fault()
    }

    /// The report of a lossless receiver that waits.
    pub fn report(&self, link_up: bool) -> Option<u64> {
        match &self.wait {
            Wait::Plain(..) => None,
            Wait::Lossless(lossless) => lossless.report(link_up),
        }
    }

    /// The state of a lossless receiver.
    pub fn state(&self) -> u8 {
        match &self.wait {
            Wait::Plain(..) => 0,
            Wait::Lossless(lossless) => lossless.state(),
        }
    }

    /// The pulses of this cycle.
    pub fn pulses(&self) -> (ParserPulses, LosslessRxPulses) {
        let pulses = match &self.wait {
            Wait::Lossless(lossless) => lossless.pulses(),
            Wait::Plain(admission, _) => {
                let pulses = admission.pulses();
                LosslessRxPulses {
                    dropped: pulses.dropped,
                    cut: pulses.cut,
                    ..LosslessRxPulses::default()
                }
            }
        };
        (self.parser.pulses(), pulses)
    }

    /// The clock edge, with half a block from the PCS or a whole one, which is `up` or not; the ordered set that is read in this cycle.
    pub fn cycle(
        &mut self,
        half: Option<RxHalf>,
        up: bool,
        control: RxControl,
        ready: bool,
        reset: bool,
    ) -> Option<u64> {
        // The block that came before.
        let arrived = self
            .is_there
            .then(|| read(self.payload, self.is_control, self.is_bad));
        let of = |kind| (up && arrived == Some(kind)).then_some(self.payload);
        let (set, start) = (of(Kind::Set), of(Kind::Start));
        let heard = arrived.filter(|_| up).map(|_| set.unwrap_or_default());
        self.monitor.cycle(heard, reset);
        let pops = self.unpacker.cycle(self.head(), ready, reset);
        let parsed = self.parser.cycle(arrived, up, reset);
        match &mut self.wait {
            Wait::Plain(admission, fifo) => {
                let block = admission.cycle(parsed.block, fifo.has_room(), reset);
                fifo.cycle(block, pops, reset);
            }
            Wait::Lossless(lossless) => lossless.cycle(start, &parsed, control, pops, reset),
        }

        // The next one.
        self.is_there = false;
        if let Some(half) = half {
            self.is_control = half.control;
            self.is_bad = half.bad;
            self.payload = match (self.has_halves, half.first) {
                (false, _) => half.data,
                (true, true) => self.payload & !0xffff_ffff | half.data,
                (true, false) => self.payload & 0xffff_ffff | half.data << 32,
            };
            self.is_there = !reset && (!self.has_halves || !half.first);
        }
        set
    }
}
