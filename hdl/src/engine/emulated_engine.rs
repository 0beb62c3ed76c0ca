//! The emulated optical engine, one direction: the transmitting half of one end, fiber, and the receiving half of the other.
//!
//! ```text
//!               +---------------------------------------------------------------+
//!  tx_* (OEI) ->| GearboxTx --> LaneSwap --> FiberLane --> GearboxRx              |-> rx_* (OEI)
//!  tx_ready <---|     one a lane        delay, faults   one a lane, bit slip     |<- rx_bitslip
//!  cfg_* ------>|                           ^                                   |
//!  fault_* ---->|        ErrorSource -------+                                   |
//!               +---------------------------------------------------------------+
//! ```
//!
//! Two of them make a link between two ports, one a loopback. Lanes are real streams of bits between the gearboxes, so
//! headers take their share of errors, and a receiver that is not framed yet sees blocks at a bit phase of `LW` times the
//! lane's delay; `fault_slip` adds single bits. With all inputs 0 there is no fault, no delay and no phase to find.
//!
//! Latency: 5 cycles from a beat to the beat, and the lane's delay. Throughput: 32 beats in 33 cycles (`GBX_OVERHEAD`),
//! less one for every `cfg_pause_gap` + 1 cycles: -100 ppm is a gap of 9 999. `fault_*` are levels, but `fault_error` and
//! `fault_slip`, which count once a cycle. `tx_ready` is a flop. Faults belong to the receiving lane but for
//! `fault_driver`. Random errors: see `cfg_error_mask`; no two lanes are hit in one cycle. Reset: nothing is on its way.

use super::error_source::{ErrorSource, MASK_W};
use super::fiber_lane::FiberLane;
use super::gearbox_rx::GearboxRx;
use super::gearbox_tx::GearboxTx;
use super::lane_swap::LaneSwap;
use crate::prelude::*;

/// Carries `LANES` physical lanes of `LW` bits one way, with `cfg_*` and `fault_*` inputs for what can go wrong.
#[derive(LogicBlock)]
pub struct EmulatedEngine<
    const LANES: usize,
    const LW: usize,
    const SHIFT_W: usize,
    const SUM_W: usize,
    const SOURCE_W: usize,
    const DELAY_W: usize,
> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Transmit.
    /// Payload beat of each lane.
    pub tx_data: [Signal<In, Bits<LW>>; LANES],
    /// The lane has a beat.
    pub tx_data_valid: Signal<In, Bits<LANES>>,
    /// The block's header.
    pub tx_hdr: [Signal<In, Bits<2>>; LANES],
    /// The beat is a block's first.
    pub tx_hdr_valid: Signal<In, Bits<LANES>>,
    /// A beat of every lane is taken at the next clock edge. Reset: 0.
    pub tx_ready: Signal<Out, Bit>,
    /// The lane's driver is broken: `fault_driver`.
    pub tx_fault: Signal<Out, Bits<LANES>>,

    // Receive.
    /// Received beat of each lane. Reset: counts with `rx_data_valid` only.
    pub rx_data: [Signal<Out, Bits<LW>>; LANES],
    /// The lane has a beat. Reset: 0.
    pub rx_data_valid: Signal<Out, Bits<LANES>>,
    /// The block's header as it is framed now. Reset: counts with `rx_hdr_valid` only.
    pub rx_hdr: [Signal<Out, Bits<2>>; LANES],
    /// The beat is a block's first. Reset: 0.
    pub rx_hdr_valid: Signal<Out, Bits<LANES>>,
    /// For one cycle: frame the lane's blocks one bit later.
    pub rx_bitslip: Signal<In, Bits<LANES>>,
    /// For one cycle: start the lane's receiver anew.
    pub rx_reset_req: Signal<In, Bits<LANES>>,
    /// No light. Reset: 0.
    pub rx_los: Signal<Out, Bits<LANES>>,
    /// No lock of clock recovery. Reset: 0.
    pub rx_lol: Signal<Out, Bits<LANES>>,

    // Settings.
    /// Words of `LW` bits that each lane comes late.
    pub cfg_delay: [Signal<In, Bits<DELAY_W>>; LANES],
    /// Which lane's bits arrive on each lane: that of its own number, exclusive or this. One that is not there is dark.
    pub cfg_swap: [Signal<In, Bits<SOURCE_W>>; LANES],
    /// Lanes that arrive inverted.
    pub cfg_invert: Signal<In, Bits<LANES>>,
    /// 0: no random errors. A mask of n ones: one bit of every 2^(n+4)th word of a lane is wrong on the average, a bit error
    /// ratio of 2^-(n+4) / `LW`.
    pub cfg_error_mask: Signal<In, Bits<MASK_W>>,
    /// 0: no pauses but those of the gearbox. Otherwise one more every `cfg_pause_gap` + 1 cycles.
    pub cfg_pause_gap: Signal<In, Bits<16>>,
    /// In each cycle that it is high: one bit of the lane's next word is wrong.
    pub fault_error: Signal<In, Bits<LANES>>,
    /// In each cycle that it is high: the lane's clock recovery slips by a bit.
    pub fault_slip: Signal<In, Bits<LANES>>,
    /// Lanes without light.
    pub fault_loss: Signal<In, Bits<LANES>>,
    /// Lanes whose clock recovery has no lock.
    pub fault_unlock: Signal<In, Bits<LANES>>,
    /// Transmitting lanes whose driver is broken: no light where they arrive.
    pub fault_driver: Signal<In, Bits<LANES>>,
    /// Lanes that are stuck at 0.
    pub fault_stuck_0: Signal<In, Bits<LANES>>,
    /// Lanes that are stuck at 1.
    pub fault_stuck_1: Signal<In, Bits<LANES>>,

    // State.
    gearbox_tx: [GearboxTx<LW, SHIFT_W>; LANES],
    lane: [FiberLane<LW, DELAY_W>; LANES],
    gearbox_rx: [GearboxRx<LW, SHIFT_W, SUM_W>; LANES],
    lane_swap: LaneSwap<LANES, LW, SOURCE_W>,
    error_source: ErrorSource<LANES, LW, SHIFT_W>,
    ready: DFF<Bit>,
    flush: DFF<Bit>,
    pause_count: DFF<Bits<16>>,
    los: DFF<Bits<LANES>>,
    los_before: DFF<Bits<LANES>>,
    lol: DFF<Bits<LANES>>,
    lol_before: DFF<Bits<LANES>>,

    // Wires.
    full: Signal<Local, Bit>,
    pauses: Signal<Local, Bit>,
    sent: Signal<Local, Bits<LANES>>,
    lost: Signal<Local, Bits<LANES>>,
    slips: Signal<Local, Bits<LANES>>,
}

impl<
        const LANES: usize,
        const LW: usize,
        const SHIFT_W: usize,
        const SUM_W: usize,
        const SOURCE_W: usize,
        const DELAY_W: usize,
    > EmulatedEngine<LANES, LW, SHIFT_W, SUM_W, SOURCE_W, DELAY_W>
{
    /// An engine without a fault whose errors fall where `seed`, which is not 0, says.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        const {
            assert!(
                LANES >= 1 && LANES <= 9 && LANES <= 1 << SOURCE_W && DELAY_W >= 1,
                "LANES must be 1 to 9, SOURCE_W = ceil(log2(LANES)) but at least 1"
            );
        };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            tx_data: std::array::from_fn(|_| Signal::default()),
            tx_data_valid: Signal::default(),
            tx_hdr: std::array::from_fn(|_| Signal::default()),
            tx_hdr_valid: Signal::default(),
            tx_ready: Signal::default(),
            tx_fault: Signal::default(),
            rx_data: std::array::from_fn(|_| Signal::default()),
            rx_data_valid: Signal::default(),
            rx_hdr: std::array::from_fn(|_| Signal::default()),
            rx_hdr_valid: Signal::default(),
            rx_bitslip: Signal::default(),
            rx_reset_req: Signal::default(),
            rx_los: Signal::default(),
            rx_lol: Signal::default(),
            cfg_delay: std::array::from_fn(|_| Signal::default()),
            cfg_swap: std::array::from_fn(|_| Signal::default()),
            cfg_invert: Signal::default(),
            cfg_error_mask: Signal::default(),
            cfg_pause_gap: Signal::default(),
            fault_error: Signal::default(),
            fault_slip: Signal::default(),
            fault_loss: Signal::default(),
            fault_unlock: Signal::default(),
            fault_driver: Signal::default(),
            fault_stuck_0: Signal::default(),
            fault_stuck_1: Signal::default(),
            gearbox_tx: std::array::from_fn(|_| GearboxTx::default()),
            lane: std::array::from_fn(|_| FiberLane::default()),
            gearbox_rx: std::array::from_fn(|_| GearboxRx::default()),
            lane_swap: LaneSwap::default(),
            error_source: ErrorSource::new(seed),
            ready: DFF::default(),
            flush: DFF::default(),
            pause_count: DFF::default(),
            los: DFF::default(),
            los_before: DFF::default(),
            lol: DFF::default(),
            lol_before: DFF::default(),
            full: Signal::default(),
            pauses: Signal::default(),
            sent: Signal::default(),
            lost: Signal::default(),
            slips: Signal::default(),
        }
    }
}

impl<
        const LANES: usize,
        const LW: usize,
        const SHIFT_W: usize,
        const SUM_W: usize,
        const SOURCE_W: usize,
        const DELAY_W: usize,
    > Logic for EmulatedEngine<LANES, LW, SHIFT_W, SUM_W, SOURCE_W, DELAY_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            ready,
            flush,
            pause_count,
            los,
            los_before,
            lol,
            lol_before
        );
        clock!(self, clock, error_source);
        self.error_source.reset.next = self.reset.val();
        self.error_source.mask.next = self.cfg_error_mask.val();

        // 2. Transmit: all lanes together.
        self.full.next = false;
        self.sent.next = 0.into();
        self.lane_swap.dark.next = self.fault_driver.val();
        for i in 0..LANES {
            self.gearbox_tx[i].clock.next = self.clock.val();
            self.gearbox_tx[i].reset.next = self.reset.val();
            self.gearbox_tx[i].data.next = self.tx_data[i].val();
            self.gearbox_tx[i].header.next = self.tx_hdr[i].val();
            self.gearbox_tx[i].first.next = self.tx_hdr_valid.val().get_bit(i);
            self.gearbox_tx[i].valid.next = self.tx_data_valid.val().get_bit(i);
            self.gearbox_tx[i].take.next = self.ready.q.val();
            self.gearbox_tx[i].flush.next = self.flush.q.val();
            self.full.next = self.full.val() | self.gearbox_tx[i].full.val();
            self.sent.next = self
                .sent
                .val()
                .replace_bit(i, self.gearbox_tx[i].word_valid.val());
            self.lane_swap.word[i].next = self.gearbox_tx[i].word.val();
            self.lane_swap.swap[i].next = self.cfg_swap[i].val();
        }
        self.lane_swap.word_valid.next = self.sent.val();
        self.pauses.next = (self.pause_count.q.val() == 0) & self.cfg_pause_gap.val().any();
        self.pause_count.d.next = self.pause_count.q.val() - 1;
        if self.pause_count.q.val() == 0 {
            self.pause_count.d.next = self.cfg_pause_gap.val();
        }
        self.ready.d.next = !self.full.val() & !self.pauses.val();
        self.flush.d.next = self.full.val();

        // 3. On the way.
        self.lost.next = self.lane_swap.arriving_dark.val() | self.fault_loss.val();
        for i in 0..LANES {
            self.lane[i].clock.next = self.clock.val();
            self.lane[i].reset.next = self.reset.val();
            self.lane[i].word.next = self.lane_swap.arriving[i].val();
            self.lane[i].word_valid.next = self.lane_swap.arriving_valid.val().get_bit(i);
            self.lane[i].delay.next = self.cfg_delay[i].val();
            self.lane[i].invert.next = self.cfg_invert.val().get_bit(i);
            self.lane[i].noise.next = self.error_source.noise.val();
            self.lane[i].error_bit.next = self.error_source.error_bit.val();
            self.lane[i].hit.next = self.error_source.hit.val().get_bit(i);
            self.lane[i].error.next = self.fault_error.val().get_bit(i);
            self.lane[i].lost.next =
                self.lost.val().get_bit(i) | self.fault_unlock.val().get_bit(i);
            self.lane[i].stuck_0.next = self.fault_stuck_0.val().get_bit(i);
            self.lane[i].stuck_1.next = self.fault_stuck_1.val().get_bit(i);
        }
        self.los.d.next = self.lost.val();
        self.los_before.d.next = self.los.q.val();
        self.lol.d.next = self.fault_unlock.val();
        self.lol_before.d.next = self.lol.q.val();

        // 4. Receive, and drive outputs.
        self.tx_ready.next = self.ready.q.val();
        self.tx_fault.next = self.fault_driver.val();
        self.rx_los.next = self.los.q.val() | self.los_before.q.val();
        self.rx_lol.next = self.lol.q.val() | self.lol_before.q.val();
        self.slips.next = self.rx_bitslip.val() | self.fault_slip.val();
        self.rx_data_valid.next = 0.into();
        self.rx_hdr_valid.next = 0.into();
        for i in 0..LANES {
            self.gearbox_rx[i].clock.next = self.clock.val();
            self.gearbox_rx[i].reset.next = self.reset.val();
            self.gearbox_rx[i].word.next = self.lane[i].out.val();
            self.gearbox_rx[i].word_valid.next = self.lane[i].out_valid.val();
            self.gearbox_rx[i].slip.next = self.slips.val().get_bit(i);
            self.gearbox_rx[i].restart.next = self.rx_reset_req.val().get_bit(i);
            self.rx_data[i].next = self.gearbox_rx[i].data.val();
            self.rx_hdr[i].next = self.gearbox_rx[i].header.val();
            self.rx_data_valid.next = self
                .rx_data_valid
                .val()
                .replace_bit(i, self.gearbox_rx[i].valid.val());
            self.rx_hdr_valid.next = self.rx_hdr_valid.val().replace_bit(
                i,
                self.gearbox_rx[i].valid.val() & self.gearbox_rx[i].first.val(),
            );
        }

        // 5. Reset wins.
        if self.reset.val() {
            self.ready.d.next = false;
            self.flush.d.next = false;
            self.pause_count.d.next = 0.into();
            self.los.d.next = 0.into();
            self.los_before.d.next = 0.into();
            self.lol.d.next = 0.into();
            self.lol_before.d.next = 0.into();
        }
    }

    describe!("Carries `LANES` physical lanes of `LW` bits one way, with `cfg_*` and `fault_*` inputs for what can go wrong.");
}
