//! The receive side of the PCS: from the lanes of the engine to blocks in order (`docs/link.md`, *Receive*).
//!
//! ```text
//!            +-------------------------------------------------------------+
//!   rx_*  -->| LaneBank (LaneRx each)       ─► Gather ─► Descrambler       |--> block
//!            |    │ locks, markers   ▲           ▲            └► BerMonitor  |--> hi_ber
//!            |    ▼                  │ pop       │ select                   |
//!            | LaneScan, LaneRole ─► LaneChoice ─┘                          |--> aligned, ..
//!            |    └► LaneStatus                                             |--> width, seen_*
//!            +-------------------------------------------------------------+
//! ```
//!
//! Latency: 3 cycles from a block's last beat at `rx_data` to its last beat at `block`, when no lane is later. Throughput:
//! one beat of every lane a cycle. Lanes may be apart by up to what a deskew FIFO holds, `2^PTR_W - 1` beats less the block
//! that logical lanes are apart by themselves. Reset: no lock, not aligned.
//!
//! Once `aligned` is high, every block that was sent comes out, once and in order, markers excepted. A block whose header
//! was neither comes out `bad`. Whenever a block may be lost, `aligned` falls before the next one comes, and blocks under
//! way are dropped; the first block of an alignment only sets the descrambler up, and comes out `bad`.

use crate::pcs::ber_monitor::BerMonitor;
use crate::pcs::block::BlockSource;
use crate::pcs::descrambler::Descrambler;
use crate::pcs::gather::Gather;
use crate::pcs::interval::Interval;
use crate::pcs::lane_bank::LaneBank;
use crate::pcs::lane_choice::LaneChoice;
use crate::pcs::lane_role::LaneRole;
use crate::pcs::lane_scan::LaneScan;
use crate::pcs::lane_status::LaneStatus;
use crate::pcs::marker::CODE_W;
use crate::pcs::reset_timer::ResetTimer;
use crate::prelude::*;
use crate::target::Target;

/// Blocks of a lane, at most, in the window in which bad headers count against its block lock.
const WINDOW_BLOCKS: usize = 1_024;

/// PCS receiver of `LANES` logical lanes of `LW` bits over `PHYSICAL` lanes.
#[derive(LogicBlock)]
pub struct PcsRx<
    const LANES: usize,
    const PHYSICAL: usize,
    const LW: usize,
    const LANE_BEATS: usize,
    const PTR_W: usize,
    const WORDS: usize,
    const WIDTHS: usize,
    const CODES: usize,
> {
    // Clock and reset.
    /// Clocks everything, at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // From the engine: see `docs/oei.md`.
    /// Received beat of each lane.
    pub rx_data: [Signal<In, Bits<LW>>; PHYSICAL],
    /// There is one.
    pub rx_data_valid: Signal<In, Bits<PHYSICAL>>,
    /// The block's header.
    pub rx_hdr: [Signal<In, Bits<2>>; PHYSICAL],
    /// The beat is a block's first.
    pub rx_hdr_valid: Signal<In, Bits<PHYSICAL>>,
    /// No light.
    pub rx_los: Signal<In, Bits<PHYSICAL>>,
    /// No lock of clock recovery.
    pub rx_lol: Signal<In, Bits<PHYSICAL>>,
    /// Frame one bit later; one pulse. Reset: 0.
    pub rx_bitslip: Signal<Out, Bits<PHYSICAL>>,
    /// Start the lane's receiver anew; one pulse. Reset: 0.
    pub rx_reset_req: Signal<Out, Bits<PHYSICAL>>,

    // To the MAC.
    /// The blocks, in order.
    pub block: BlockSource<WORDS>,

    // Status.
    /// Blocks are in order, and none is missing. Reset: 0.
    pub aligned: Signal<Out, Bit>,
    /// Too many headers are bad. Reset: 0.
    pub hi_ber: Signal<Out, Bit>,
    /// Lanes whose blocks are found. Reset: 0.
    pub block_lock: Signal<Out, Bits<PHYSICAL>>,
    /// Lanes whose markers are found. Reset: 0.
    pub marker_lock: Signal<Out, Bits<PHYSICAL>>,
    /// Lanes that are inverted. Reset: 0.
    pub polarity: Signal<Out, Bits<PHYSICAL>>,
    /// The lanes' markers, [`Marker::signature`](crate::pcs::marker::Marker::signature); count under marker lock.
    pub lane_code: [Signal<Out, Bits<CODE_W>>; PHYSICAL],
    /// Lanes that carry data: while aligned, of what is received, otherwise of what is seen. Reset: `LANES`.
    pub width: Signal<Out, Bits<4>>,
    /// Logical lanes of this width whose marker is under lock. Reset: 0.
    pub seen_lane: Signal<Out, Bits<LANES>>,
    /// Unused physical lanes whose marker is under lock, by the number in it. Reset: 0.
    pub seen_unused: Signal<Out, Bits<PHYSICAL>>,

    // Counters.
    /// Parity bits that differ, one pulse each, up to 8 a marker. Reset: 0.
    pub bip_errors: Signal<Out, Bits<PHYSICAL>>,
    /// Bad headers under block lock; one pulse each. Reset: 0.
    pub header_errors: Signal<Out, Bits<PHYSICAL>>,
    /// Alignment failed because a FIFO was full; one pulse. Reset: 0.
    pub deskew_overflow: Signal<Out, Bit>,

    // State.
    bank: LaneBank<PHYSICAL, LW, LANE_BEATS, PTR_W>,
    role: [LaneRole<WIDTHS>; PHYSICAL],
    scan: LaneScan<PHYSICAL, CODES, WIDTHS>,
    status: LaneStatus<LANES, PHYSICAL, CODES, WIDTHS>,
    choice: LaneChoice<LANES, PHYSICAL, LANE_BEATS, WIDTHS>,
    gather: Gather<PHYSICAL, LW, LANE_BEATS, WORDS>,
    descrambler: Descrambler<WORDS>,
    monitor: BerMonitor,
    timer: ResetTimer<PHYSICAL>,
    window: Interval,
    was_aligned: DFF<Bit>,

    // Wires.
    has_data: Signal<Local, Bits<PHYSICAL>>,
    counts: Signal<Local, Bits<PHYSICAL>>,
    all_aligned: Signal<Local, Bit>,

    // Parameters.
    is_whole: Constant<Bit>,
}

impl<
        const LANES: usize,
        const PHYSICAL: usize,
        const LW: usize,
        const LANE_BEATS: usize,
        const PTR_W: usize,
        const WORDS: usize,
        const WIDTHS: usize,
        const CODES: usize,
    > PcsRx<LANES, PHYSICAL, LW, LANE_BEATS, PTR_W, WORDS, WIDTHS, CODES>
{
    /// A receiver that expects a marker every `period` blocks (default 1 024), its Verilog for `target`.
    ///
    /// # Panics
    /// If `period` is not a power of two from 16 to 16 384, if a FIFO holds as much as a period, or if the parameters do not
    /// fit together.
    #[must_use]
    pub fn new(period: usize, target: Target) -> Self {
        const {
            assert!(LANES * LW == 32 * WORDS && LW * LANE_BEATS == 64);
            assert!(PHYSICAL == LANES || PHYSICAL == LANES + 1);
            assert!(1 << PTR_W == 8 * LANE_BEATS);
        }
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            rx_data: std::array::from_fn(|_| Signal::default()),
            rx_data_valid: Signal::default(),
            rx_hdr: std::array::from_fn(|_| Signal::default()),
            rx_hdr_valid: Signal::default(),
            rx_los: Signal::default(),
            rx_lol: Signal::default(),
            rx_bitslip: Signal::default(),
            rx_reset_req: Signal::default(),
            block: BlockSource::default(),
            aligned: Signal::default(),
            hi_ber: Signal::default(),
            block_lock: Signal::default(),
            marker_lock: Signal::default(),
            polarity: Signal::default(),
            lane_code: std::array::from_fn(|_| Signal::default()),
            width: Signal::default(),
            seen_lane: Signal::default(),
            seen_unused: Signal::default(),
            bip_errors: Signal::default(),
            header_errors: Signal::default(),
            deskew_overflow: Signal::default(),
            bank: LaneBank::new(LANES, period, target),
            role: std::array::from_fn(|_| LaneRole::new(LANES, PHYSICAL)),
            scan: LaneScan::new(LANES),
            status: LaneStatus::default(),
            choice: LaneChoice::new(),
            gather: Gather::default(),
            descrambler: Descrambler::default(),
            monitor: BerMonitor::new(period),
            timer: ResetTimer::new(period, LANE_BEATS),
            window: Interval::new(WINDOW_BLOCKS * LANE_BEATS),
            was_aligned: DFF::default(),
            has_data: Signal::default(),
            counts: Signal::default(),
            all_aligned: Signal::default(),
            is_whole: Constant::new(WORDS == 2),
        }
    }
}

impl<
        const LANES: usize,
        const PHYSICAL: usize,
        const LW: usize,
        const LANE_BEATS: usize,
        const PTR_W: usize,
        const WORDS: usize,
        const WIDTHS: usize,
        const CODES: usize,
    > Logic for PcsRx<LANES, PHYSICAL, LW, LANE_BEATS, PTR_W, WORDS, WIDTHS, CODES>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, was_aligned);

        // 1. Lanes.
        self.bank.clock.next = self.clock.val();
        self.bank.reset.next = self.reset.val();
        self.bank.rx_data_valid.next = self.rx_data_valid.val();
        self.bank.rx_hdr_valid.next = self.rx_hdr_valid.val();
        self.bank.rx_los.next = self.rx_los.val();
        self.bank.rx_lol.next = self.rx_lol.val();
        self.window.clock.next = self.clock.val();
        self.window.reset.next = self.reset.val();
        self.bank.window_end.next = self.window.ends.val();
        self.bank.flush.next = self.choice.flush.val();
        self.bank.pop.next = self.choice.pop.val();
        self.has_data.next = 0.into();
        self.counts.next = 0.into();
        for j in 0..PHYSICAL {
            self.bank.rx_data[j].next = self.rx_data[j].val();
            self.bank.rx_hdr[j].next = self.rx_hdr[j].val();
            self.role[j].clock.next = self.clock.val();
            self.role[j].reset.next = self.reset.val();
            self.role[j].marker_lock.next = self.bank.marker_lock.val().get_bit(j);
            self.role[j].code.next = self.bank.lane_code[j].val();
            self.role[j].width.next = self.choice.width.val();
            self.scan.code[j].next = self.bank.lane_code[j].val();
            self.choice.lane[j].next = self.role[j].lane.val();
            self.gather.head_data[j].next = self.bank.head_data[j].val();
            self.lane_code[j].next = self.bank.lane_code[j].val();
            self.counts.next = self.counts.val().replace_bit(j, self.role[j].counts.val());
            self.has_data.next = self.has_data.val().replace_bit(
                j,
                self.bank.lane_code[j].val().get_bit(5) | !self.bank.lane_code[j].val().get_bit(4),
            );
        }

        // 2. Choice.
        self.scan.clock.next = self.clock.val();
        self.scan.reset.next = self.reset.val();
        self.scan.marker_lock.next = self.bank.marker_lock.val();
        self.choice.clock.next = self.clock.val();
        self.choice.reset.next = self.reset.val();
        self.choice.head_valid.next = self.bank.head_valid.val();
        self.choice.head_flag.next = self.bank.head_flag.val();
        self.choice.gap.next = self.bank.gap.val();
        self.choice.marker_lock.next = self.bank.marker_lock.val();
        self.choice.has_data.next = self.has_data.val();
        self.choice.counts.next = self.counts.val();
        self.choice.overflow.next = self.bank.overflow.val();
        self.choice.complete.next = self.scan.complete.val();

        // 3. Blocks.
        self.gather.clock.next = self.clock.val();
        self.gather.clear.next = self.reset.val() | self.choice.flush.val();
        self.gather.head_control.next = self.bank.head_control.val();
        self.gather.head_bad.next = self.bank.head_bad.val();
        for b in 0..LANE_BEATS {
            self.gather.select[b].next = self.choice.select[b].val();
        }
        self.gather.step.next = self.choice.step.val();
        self.gather.turn.next = self.choice.turn.val();
        self.descrambler.clock.next = self.clock.val();
        self.descrambler.restart.next = self.reset.val() | self.choice.flush.val();
        self.descrambler.valid.next = self.gather.valid.val();
        self.descrambler.control.next = self.gather.control.val() & !self.gather.bad.val();
        self.descrambler.bad.next = self.gather.bad.val();
        self.descrambler.first.next = self.gather.first.val();
        for word in 0..WORDS {
            self.descrambler.data[word].next = self.gather.data[word].val();
            self.block.data[word].next = self.descrambler.block.data[word].val();
        }
        self.block.control.next = self.descrambler.block.control.val();
        self.block.first.next = self.descrambler.block.first.val();
        self.block.bad.next = self.descrambler.block.bad.val();
        self.block.valid.next = self.descrambler.block.valid.val();

        // 4. Status: `aligned` rises with the first block and falls after the last.
        self.was_aligned.d.next = self.choice.aligned.val() & !self.reset.val();
        self.all_aligned.next = self.choice.aligned.val() | self.was_aligned.q.val();
        self.aligned.next = self.all_aligned.val();
        self.monitor.clock.next = self.clock.val();
        self.monitor.reset.next = self.reset.val();
        self.monitor.aligned.next = self.was_aligned.q.val() & self.choice.aligned.val();
        self.monitor.valid.next = self.descrambler.block.valid.val()
            & (self.is_whole.val() | !self.descrambler.block.first.val());
        self.monitor.bad.next = self.descrambler.block.bad.val();
        self.hi_ber.next = self.monitor.hi_ber.val();
        self.timer.clock.next = self.clock.val();
        self.timer.reset.next = self.reset.val();
        self.timer.marker_lock.next = self.bank.marker_lock.val();
        self.timer.dark.next = self.rx_los.val() | self.rx_lol.val();
        self.rx_reset_req.next = self.timer.request.val();
        self.rx_bitslip.next = self.bank.rx_bitslip.val();
        self.block_lock.next = self.bank.block_lock.val();
        self.marker_lock.next = self.bank.marker_lock.val();
        self.polarity.next = self.bank.polarity.val();
        self.status.seen.next = self.scan.seen.val();
        self.status.aligned.next = self.all_aligned.val();
        self.status.aligned_width.next = self.choice.width.val();
        self.width.next = self.status.width.val();
        self.seen_lane.next = self.status.seen_lane.val();
        self.seen_unused.next = self.status.seen_unused.val();
        self.bip_errors.next = self.bank.bip_errors.val();
        self.header_errors.next = self.bank.header_errors.val();
        self.deskew_overflow.next = self.choice.deskew_overflow.val();
    }

    describe!("PCS receiver of `LANES` logical lanes of `LW` bits over `PHYSICAL` lanes.");
}
