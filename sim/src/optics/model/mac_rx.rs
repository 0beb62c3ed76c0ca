//! The receive side of the MAC: blocks to frames.

use lightswitch_hdl::link::LinkConfig;

use super::admission::{Admission, AdmissionPulses};
use super::block_reader::{read, Kind};
use super::fault_monitor::FaultMonitor;
use super::frame_block::BlockFifo;
use super::frame_parser::{FrameParser, ParserPulses};
use super::frame_unpacker::FrameUnpacker;
use super::RxHalf;
use crate::beat::Beat;

/// The twin of `MacRx`.
#[derive(Clone, Debug)]
pub struct MacRx {
    payload: u64,
    is_control: bool,
    is_bad: bool,
    is_there: bool,
    parser: FrameParser,
    monitor: FaultMonitor,
    admission: Admission,
    fifo: BlockFifo,
    unpacker: FrameUnpacker,
    has_halves: bool,
}

impl MacRx {
    /// That of `link`.
    pub fn new(link: &LinkConfig) -> Self {
        Self {
            payload: 0,
            is_control: false,
            is_bad: false,
            is_there: false,
            parser: FrameParser::new(link.max_frame_bytes),
            monitor: FaultMonitor::default(),
            admission: Admission::default(),
            fifo: BlockFifo::new(1),
            unpacker: FrameUnpacker::new(link.data_w() / 8),
            has_halves: link.data_w() == 32,
        }
    }

    /// The beat on offer.
    pub fn rx(&self) -> Option<Beat> {
        self.fifo.head().map(|head| self.unpacker.beat(head).0)
    }

    /// The other side does not receive.
    pub fn remote_fault(&self) -> bool {
        self.monitor.remote_fault()
    }

    /// The pulses of this cycle.
    pub fn pulses(&self) -> (ParserPulses, AdmissionPulses) {
        (self.parser.pulses(), self.admission.pulses())
    }

    /// The clock edge, with half a block from the PCS or a whole one, which is `up` or not; the ordered set that is read in this cycle.
    pub fn cycle(
        &mut self,
        half: Option<RxHalf>,
        up: bool,
        ready: bool,
        reset: bool,
    ) -> Option<u64> {
        // The block that came before.
        let arrived = self
            .is_there
            .then(|| read(self.payload, self.is_control, self.is_bad));
        let set = (arrived == Some(Kind::Set)).then_some(self.payload);
        self.monitor.cycle(
            arrived.filter(|_| up).map(|_| set.unwrap_or_default()),
            reset,
        );
        let pops = self.unpacker.cycle(self.fifo.head(), ready, reset);
        let block = self.parser.cycle(arrived, up, reset);
        let block = self.admission.cycle(block, self.fifo.has_room(), reset);
        self.fifo.cycle(block, pops, reset);

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
        set.filter(|_| up)
    }
}
