//! The receiver of one physical lane: from the engine's beats to the head of its deskew FIFO.
//!
//! ```text
//!            +-----------------------------------------------+
//!   rx_* --->| BeatCount  BlockLock  MarkerLock --> code     |--> status
//!            |                          |                    |
//!            |            BipCheck <----+-----> DeskewFifo   |--> head_*
//!            +-----------------------------------------------+
//! ```
//!
//! Latency: 2 cycles from `rx_data` to `head_data`. Throughput: one beat per cycle. Reset: no lock, nothing stored.

use crate::pcs::beat_count::BeatCount;
use crate::pcs::bip_check::BipCheck;
use crate::pcs::block_lock::BlockLock;
use crate::pcs::deskew_fifo::DeskewFifo;
use crate::pcs::marker::CODE_W;
use crate::pcs::marker_lock::MarkerLock;
use crate::prelude::*;
use crate::target::Target;

/// Receiver of one physical lane: block lock, marker lock, parity, deskew.
#[derive(LogicBlock)]
pub struct LaneRx<const LW: usize, const LANE_BEATS: usize, const PTR_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // From the engine.
    /// Received beat.
    pub rx_data: Signal<In, Bits<LW>>,
    /// There is one.
    pub rx_data_valid: Signal<In, Bit>,
    /// The block's header.
    pub rx_hdr: Signal<In, Bits<2>>,
    /// The beat is a block's first.
    pub rx_hdr_valid: Signal<In, Bit>,
    /// No light.
    pub rx_los: Signal<In, Bit>,
    /// No lock of clock recovery.
    pub rx_lol: Signal<In, Bit>,
    /// The window in which bad headers count ends.
    pub window_end: Signal<In, Bit>,
    /// Frame one bit later. Reset: 0.
    pub rx_bitslip: Signal<Out, Bit>,

    // To the choice of lanes.
    /// Forget what is stored.
    pub flush: Signal<In, Bit>,
    /// The head goes.
    pub pop: Signal<In, Bit>,
    /// There is a beat at the head. Reset: 0.
    pub head_valid: Signal<Out, Bit>,
    /// Its data.
    pub head_data: Signal<Out, Bits<LW>>,
    /// First beat of a control block; counts if it is not bad.
    pub head_control: Signal<Out, Bit>,
    /// First beat of a block without a good header.
    pub head_bad: Signal<Out, Bit>,
    /// First beat after a marker.
    pub head_flag: Signal<Out, Bit>,
    /// Everything up to a marker is taken from the memory, or in the head, and the block after it has not come whole.
    pub gap: Signal<Out, Bit>,
    /// A beat was lost in the cycle before, and the FIFO is cleared. Reset: 0.
    pub overflow: Signal<Out, Bit>,

    // Status.
    /// Blocks are found. Reset: 0.
    pub block_lock: Signal<Out, Bit>,
    /// Markers are found. Reset: 0.
    pub marker_lock: Signal<Out, Bit>,
    /// The lane is inverted. Reset: 0.
    pub polarity: Signal<Out, Bit>,
    /// The last marker, [`Marker::signature`](crate::pcs::marker::Marker::signature); counts under marker lock.
    pub lane_code: Signal<Out, Bits<CODE_W>>,
    /// A parity bit differs; up to 8 pulses a marker. Reset: 0.
    pub bip_error: Signal<Out, Bit>,
    /// A bad header under block lock, in the cycle before. Reset: 0.
    pub header_error: Signal<Out, Bit>,

    // State.
    beats: BeatCount<LANE_BEATS>,
    blocks: BlockLock,
    markers: MarkerLock<LW>,
    bip: BipCheck<LW>,
    fifo: DeskewFifo<LW, PTR_W>,
    block_header: DFF<Bits<2>>,
    has_overflown: DFF<Bit>,
    has_bad_header: DFF<Bit>,

    // Wires.
    dark: Signal<Local, Bit>,
}

impl<const LW: usize, const LANE_BEATS: usize, const PTR_W: usize> LaneRx<LW, LANE_BEATS, PTR_W> {
    /// A lane of a link of `lanes` logical and `physical` physical lanes, with a marker every `period` blocks, its Verilog
    /// for `target`.
    ///
    /// # Panics
    /// As [`MarkerLock::new`] does.
    #[must_use]
    pub fn new(lanes: usize, physical: usize, period: usize, target: Target) -> Self {
        const { assert!(LW * LANE_BEATS == 64) };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            rx_data: Signal::default(),
            rx_data_valid: Signal::default(),
            rx_hdr: Signal::default(),
            rx_hdr_valid: Signal::default(),
            rx_los: Signal::default(),
            rx_lol: Signal::default(),
            window_end: Signal::default(),
            rx_bitslip: Signal::default(),
            flush: Signal::default(),
            pop: Signal::default(),
            head_valid: Signal::default(),
            head_data: Signal::default(),
            head_control: Signal::default(),
            head_bad: Signal::default(),
            head_flag: Signal::default(),
            gap: Signal::default(),
            overflow: Signal::default(),
            block_lock: Signal::default(),
            marker_lock: Signal::default(),
            polarity: Signal::default(),
            lane_code: Signal::default(),
            bip_error: Signal::default(),
            header_error: Signal::default(),
            beats: BeatCount::default(),
            blocks: BlockLock::default(),
            markers: MarkerLock::new(lanes, physical, period),
            bip: BipCheck::default(),
            fifo: DeskewFifo::new(target),
            block_header: DFF::default(),
            has_overflown: DFF::default(),
            has_bad_header: DFF::default(),
            dark: Signal::default(),
        }
    }
}

impl<const LW: usize, const LANE_BEATS: usize, const PTR_W: usize> Logic
    for LaneRx<LW, LANE_BEATS, PTR_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, block_header, has_overflown, has_bad_header);

        // 1. Where the block begins.
        self.beats.clock.next = self.clock.val();
        self.beats.reset.next = self.reset.val();
        self.beats.valid.next = self.rx_data_valid.val();
        self.beats.head.next = self.rx_hdr_valid.val();
        self.blocks.clock.next = self.clock.val();
        self.blocks.reset.next = self.reset.val();
        self.blocks.valid.next = self.rx_data_valid.val() & self.rx_hdr_valid.val();
        self.blocks.header.next = self.rx_hdr.val();
        self.blocks.misframed.next = self.beats.misframed.val();
        self.dark.next = self.rx_los.val() | self.rx_lol.val();
        self.blocks.dark.next = self.dark.val();
        self.blocks.window_end.next = self.window_end.val();
        if self.beats.first.val() {
            self.block_header.d.next = self.rx_hdr.val();
        }

        // 2. Which block is a marker.
        self.markers.clock.next = self.clock.val();
        self.markers.reset.next = self.reset.val();
        self.markers.valid.next = self.rx_data_valid.val();
        self.markers.data.next = self.rx_data.val();
        self.markers.middle.next = self.beats.middle.val();
        self.markers.last.next = self.beats.last.val();
        self.markers.header.next = self.block_header.q.val();
        self.markers.block_lock.next = self.blocks.locked.val();
        self.bip.clock.next = self.clock.val();
        self.bip.valid.next = self.rx_data_valid.val();
        self.bip.data.next = self.rx_data.val();
        self.bip.first.next = self.beats.first.val();
        self.bip.header.next = self.rx_hdr.val();
        self.bip.middle.next = self.beats.middle.val();
        self.bip.place.next = self.markers.place.val();
        self.bip.locked.next = self.markers.locked.val();
        self.bip.inverted.next = self.markers.inverted.val();

        // 3. What is stored.
        self.fifo.clock.next = self.clock.val();
        self.fifo.clear.next = self.reset.val()
            | self.flush.val()
            | self.has_overflown.q.val()
            | !self.markers.locked.val();
        // In the dark nothing counts, though the locks need two cycles to know.
        self.fifo.valid.next = self.rx_data_valid.val() & !self.dark.val();
        self.fifo.data.next = self.rx_data.val();
        self.fifo.first.next = self.beats.first.val();
        self.fifo.header.next = self.rx_hdr.val();
        self.fifo.marker.next = self.markers.place.val();
        self.fifo.after.next = self.markers.after.val();
        self.fifo.invert.next = self.markers.inverted.val();
        self.fifo.pop.next = self.pop.val();
        self.has_overflown.d.next =
            self.fifo.overflow.val() & !self.has_overflown.q.val() & !self.reset.val();
        self.has_bad_header.d.next = self.blocks.bad.val() & !self.reset.val();

        // 4. Outputs.
        self.rx_bitslip.next = self.blocks.bitslip.val();
        self.head_valid.next = self.fifo.head_valid.val();
        self.head_data.next = self.fifo.head_data.val();
        self.head_control.next = self.fifo.head_control.val();
        self.head_bad.next = self.fifo.head_bad.val();
        self.head_flag.next = self.fifo.head_flag.val();
        self.gap.next = self.fifo.is_empty.val()
            & ((self.markers.place.val() & self.markers.locked.val()) | self.markers.after.val());
        self.overflow.next = self.has_overflown.q.val();
        self.block_lock.next = self.blocks.locked.val();
        self.marker_lock.next = self.markers.locked.val();
        self.polarity.next = self.markers.inverted.val();
        self.lane_code.next = self.markers.code.val();
        self.bip_error.next = self.bip.error.val();
        self.header_error.next = self.has_bad_header.q.val();
    }

    describe!("Receiver of one physical lane: block lock, marker lock, parity, deskew.");
}
