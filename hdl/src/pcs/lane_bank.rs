//! The receivers of all physical lanes, their bits side by side.
//!
//! ```text
//!   rx_* ---> LaneRx[PHYSICAL] ---> heads, status
//! ```
//!
//! Latency: 2 cycles from `rx_data` to `head_data`. Throughput: one beat of every lane a cycle. Reset: as the lanes.

use crate::pcs::lane_rx::LaneRx;
use crate::pcs::marker::CODE_W;
use crate::prelude::*;
use crate::target::Target;

/// Receivers of `PHYSICAL` lanes of `LW` bits.
#[derive(LogicBlock)]
pub struct LaneBank<
    const PHYSICAL: usize,
    const LW: usize,
    const LANE_BEATS: usize,
    const PTR_W: usize,
> {
    // Clock and reset.
    /// Clocks everything.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // From the engine: one bit or beat a lane.
    /// Received beat.
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
    /// The window in which bad headers count ends.
    pub window_end: Signal<In, Bit>,

    // From the choice of lanes.
    /// Forget what is stored.
    pub flush: Signal<In, Bit>,
    /// The head goes.
    pub pop: Signal<In, Bits<PHYSICAL>>,

    // Egress: one bit or beat a lane.
    /// The FIFOs' heads.
    pub head_data: [Signal<Out, Bits<LW>>; PHYSICAL],
    /// The lanes' markers; count under marker lock.
    pub lane_code: [Signal<Out, Bits<CODE_W>>; PHYSICAL],
    /// There is a beat at the FIFO's head. Reset: 0.
    pub head_valid: Signal<Out, Bits<PHYSICAL>>,
    /// It is the first after a marker.
    pub head_flag: Signal<Out, Bits<PHYSICAL>>,
    /// It is the first of a control block; counts if it is not bad.
    pub head_control: Signal<Out, Bits<PHYSICAL>>,
    /// It is the first of a block without a good header.
    pub head_bad: Signal<Out, Bits<PHYSICAL>>,
    /// What comes behind the head, or now if there is none, is a marker.
    pub gap: Signal<Out, Bits<PHYSICAL>>,
    /// A beat was lost in the cycle before. Reset: 0.
    pub overflow: Signal<Out, Bits<PHYSICAL>>,
    /// Blocks are found. Reset: 0.
    pub block_lock: Signal<Out, Bits<PHYSICAL>>,
    /// Markers are found. Reset: 0.
    pub marker_lock: Signal<Out, Bits<PHYSICAL>>,
    /// The lane is inverted. Reset: 0.
    pub polarity: Signal<Out, Bits<PHYSICAL>>,
    /// A parity bit differs; up to 8 pulses a marker. Reset: 0.
    pub bip_errors: Signal<Out, Bits<PHYSICAL>>,
    /// A bad header under block lock, in the cycle before. Reset: 0.
    pub header_errors: Signal<Out, Bits<PHYSICAL>>,
    /// Frame one bit later. Reset: 0.
    pub rx_bitslip: Signal<Out, Bits<PHYSICAL>>,

    // State.
    lane: [LaneRx<LW, LANE_BEATS, PTR_W>; PHYSICAL],
}

impl<const PHYSICAL: usize, const LW: usize, const LANE_BEATS: usize, const PTR_W: usize>
    LaneBank<PHYSICAL, LW, LANE_BEATS, PTR_W>
{
    /// The lanes of a link of `lanes` logical ones, with a marker every `period` blocks, their Verilog for `target`.
    ///
    /// # Panics
    /// As [`LaneRx::new`] does.
    #[must_use]
    pub fn new(lanes: usize, period: usize, target: Target) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            rx_data: std::array::from_fn(|_| Signal::default()),
            rx_data_valid: Signal::default(),
            rx_hdr: std::array::from_fn(|_| Signal::default()),
            rx_hdr_valid: Signal::default(),
            rx_los: Signal::default(),
            rx_lol: Signal::default(),
            window_end: Signal::default(),
            flush: Signal::default(),
            pop: Signal::default(),
            head_data: std::array::from_fn(|_| Signal::default()),
            lane_code: std::array::from_fn(|_| Signal::default()),
            bip_errors: Signal::default(),
            head_valid: Signal::default(),
            head_flag: Signal::default(),
            head_control: Signal::default(),
            head_bad: Signal::default(),
            gap: Signal::default(),
            overflow: Signal::default(),
            block_lock: Signal::default(),
            marker_lock: Signal::default(),
            polarity: Signal::default(),
            header_errors: Signal::default(),
            rx_bitslip: Signal::default(),
            lane: std::array::from_fn(|_| LaneRx::new(lanes, PHYSICAL, period, target)),
        }
    }
}

impl<const PHYSICAL: usize, const LW: usize, const LANE_BEATS: usize, const PTR_W: usize> Logic
    for LaneBank<PHYSICAL, LW, LANE_BEATS, PTR_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.head_valid.next = 0.into();
        self.head_flag.next = 0.into();
        self.head_control.next = 0.into();
        self.head_bad.next = 0.into();
        self.gap.next = 0.into();
        self.overflow.next = 0.into();
        self.block_lock.next = 0.into();
        self.marker_lock.next = 0.into();
        self.polarity.next = 0.into();
        self.bip_errors.next = 0.into();
        self.header_errors.next = 0.into();
        self.rx_bitslip.next = 0.into();
        for j in 0..PHYSICAL {
            self.lane[j].clock.next = self.clock.val();
            self.lane[j].reset.next = self.reset.val();
            self.lane[j].rx_data.next = self.rx_data[j].val();
            self.lane[j].rx_data_valid.next = self.rx_data_valid.val().get_bit(j);
            self.lane[j].rx_hdr.next = self.rx_hdr[j].val();
            self.lane[j].rx_hdr_valid.next = self.rx_hdr_valid.val().get_bit(j);
            self.lane[j].rx_los.next = self.rx_los.val().get_bit(j);
            self.lane[j].rx_lol.next = self.rx_lol.val().get_bit(j);
            self.lane[j].window_end.next = self.window_end.val();
            self.lane[j].flush.next = self.flush.val();
            self.lane[j].pop.next = self.pop.val().get_bit(j);
            self.head_data[j].next = self.lane[j].head_data.val();
            self.lane_code[j].next = self.lane[j].lane_code.val();
            self.head_valid.next = self
                .head_valid
                .val()
                .replace_bit(j, self.lane[j].head_valid.val());
            self.head_flag.next = self
                .head_flag
                .val()
                .replace_bit(j, self.lane[j].head_flag.val());
            self.head_control.next = self
                .head_control
                .val()
                .replace_bit(j, self.lane[j].head_control.val());
            self.head_bad.next = self
                .head_bad
                .val()
                .replace_bit(j, self.lane[j].head_bad.val());
            self.gap.next = self.gap.val().replace_bit(j, self.lane[j].gap.val());
            self.overflow.next = self
                .overflow
                .val()
                .replace_bit(j, self.lane[j].overflow.val());
            self.block_lock.next = self
                .block_lock
                .val()
                .replace_bit(j, self.lane[j].block_lock.val());
            self.marker_lock.next = self
                .marker_lock
                .val()
                .replace_bit(j, self.lane[j].marker_lock.val());
            self.polarity.next = self
                .polarity
                .val()
                .replace_bit(j, self.lane[j].polarity.val());
            self.bip_errors.next = self
                .bip_errors
                .val()
                .replace_bit(j, self.lane[j].bip_error.val());
            self.header_errors.next = self
                .header_errors
                .val()
                .replace_bit(j, self.lane[j].header_error.val());
            self.rx_bitslip.next = self
                .rx_bitslip
                .val()
                .replace_bit(j, self.lane[j].rx_bitslip.val());
        }
    }

    describe!("Receivers of `PHYSICAL` lanes of `LW` bits.");
}
