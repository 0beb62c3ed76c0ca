//! The Ethernet switch with an optical link on every port.
//!
//! ```text
//!                +------------------------------------------------+
//!   oei[i] rx -->| link[i] ── frames ──► core ── frames ──► link[e] |--> oei[e] tx
//!   cfg_* ------>|    │ width             ▲ store and forward       |
//!   table_* ---->|    └───────────────────┘                         |--> link_status, link_stat, stat_*
//!                +------------------------------------------------+
//! ```
//!
//! Latency: that of a link's receiver, of [`Switch`] and of a link's transmitter, see `docs/link.md`. A pair whose ingress
//! receives on fewer lanes than its egress sends on stores frames before it forwards them: an egress cannot idle inside a
//! frame. Reset: no link is up; what is offered to a link that is down is thrown away there, counted.

use super::Switch;
use crate::link::{Link, LinkCounters, LinkOptions, LinkStatus, OeiPort};
use crate::prelude::*;

/// Cut-through Ethernet switch of `PORTS` optical links.
#[derive(LogicBlock)]
pub struct OeiSwitch<
    const PORTS: usize,
    const INDEX_W: usize,
    const WORDS: usize,
    const KEEP_W: usize,
    const DEPTH_W: usize,
    const LEVEL_W: usize,
    const TABLE_W: usize,
    const LOOKAHEAD: usize,
    const LANES: usize,
    const SPARES: usize,
    const PHYSICAL: usize,
    const LW: usize,
    const LANE_BEATS: usize,
    const PTR_W: usize,
    const WIDTHS: usize,
    const CODES: usize,
    const PLAIN: usize,
    const LOSSLESS: usize,
    const RING_W: usize,
> {
    // Clock and reset.
    /// Clocks everything, at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: at least one cycle. After it the next beat of every stream is a first beat, every
    /// queue is empty, and the table clears itself.
    pub reset: Signal<In, Bit>,

    // Configuration: all zero is lossless, cut-through, no ageing.
    /// Full queues: 1 drops the copy, 0 holds the frame before its first beat. Read while a first beat is offered to
    /// the fabric. Unused: 0.
    pub cfg_lossy: Signal<In, Bit>,
    /// Pairs whose frames are stored whole before they are forwarded: one mask of egresses an ingress, read at a
    /// first beat. Unused: 0, cut-through.
    pub cfg_store_forward: [Signal<In, Bits<PORTS>>; PORTS],
    /// Cycles a source may pause inside a frame; 0: [`DEFAULT_GAP_LIMIT`](super::DEFAULT_GAP_LIMIT). With 32-bit streams a pause after the first
    /// beat is not timed. Unused: 0.
    pub cfg_gap_limit: Signal<In, Bits<16>>,
    /// Cycles in an epoch of the table; an address lives [`AGE_EPOCHS`](crate::table::AGE_EPOCHS) epochs, the one it was heard in included. 0:
    /// addresses do not age. Unused: 0.
    pub cfg_ageing_period: Signal<In, Bits<32>>,

    // Links.
    /// The lanes of each port's optical engine.
    pub oei: [OeiPort<PHYSICAL, LW>; PORTS],
    /// What each port's link is at.
    pub link_status: [LinkStatus<PHYSICAL>; PORTS],
    /// Counter pulses of each port's link.
    pub link_stat: [LinkCounters<PHYSICAL>; PORTS],

    // Table port: see [`MacTable`](crate::table::MacTable).
    /// An operation is offered; it holds, with everything beside it, until `table_ready`. Unused: 0.
    pub table_valid: Signal<In, Bit>,
    /// It is taken at the next clock edge; low from then until `table_done`, and until `table_open`. Reset: 0.
    pub table_ready: Signal<Out, Bit>,
    /// 0 reads the address's entry, 1 writes a static one, 2 deletes it, 3 flushes all dynamic ones. Unused: 0.
    pub table_op: Signal<In, Bits<2>>,
    /// The address, its first byte in bits 7..0. Unused: 0.
    pub table_address: [Signal<In, Bits<32>>; 2],
    /// For a write: the ports of the static entry, one bit a port; none: frames to the address are dropped. A group
    /// address, once written, goes to these ports only, never to the one it came from; 01:80:C2:00:00:00..0F are
    /// filtered all the same. Unused: 0.
    pub table_mask: Signal<In, Bits<PORTS>>,
    /// The operation is done: high for one cycle, beside its answer. Reset: 0.
    pub table_done: Signal<Out, Bit>,
    /// With `table_done`: the address was in the table before; 0 for a flush. Reset: counts with `table_done` only.
    pub table_found: Signal<Out, Bit>,
    /// With `table_done`: the ports it was behind; 0 unless `table_found`. Reset: counts with `table_done` only.
    pub table_found_mask: Signal<Out, Bits<PORTS>>,
    /// With `table_done`: its entry was static. Reset: counts with `table_done` only.
    pub table_found_static: Signal<Out, Bit>,
    /// With `table_done`: a write found both ways of its set static and wrote nothing. Reset: counts with
    /// `table_done` only.
    pub table_full: Signal<Out, Bit>,
    /// The table has cleared itself after reset, `2^TABLE_W` + 8 cycles: addresses are looked up and learnt from here
    /// on. Reset: 0.
    pub table_open: Signal<Out, Bit>,

    // Counters: one pulse a frame, one bit an ingress.
    /// A frame has entered the fabric, the cycle after its first beat left the ingress. Reset: 0.
    pub stat_accepted: Signal<Out, Bits<PORTS>>,
    /// A frame shorter than 64 bytes of which nothing had left is dropped, the cycle after its first beat was
    /// swallowed. Reset: 0.
    pub stat_runt_dropped: Signal<Out, Bits<PORTS>>,
    /// A frame to 01:80:C2:00:00:00..0F is filtered, the cycle after its first beat was swallowed. Reset: 0.
    pub stat_filtered_reserved: Signal<Out, Bits<PORTS>>,
    /// A frame is filtered, the cycle after its first beat was swallowed: its destination is behind its own port, or
    /// behind none. Reset: 0.
    pub stat_filtered_own: Signal<Out, Bits<PORTS>>,
    /// A MAC control frame (type 0x8808) is filtered, the cycle after its first beat was swallowed; its source is not
    /// learnt. Reset: 0.
    pub stat_filtered_control: Signal<Out, Bits<PORTS>>,
    /// With `stat_accepted`: the frame goes to all other ports, because its destination is not in the table (a group
    /// address is there only if it was written). Reset: 0.
    pub stat_flooded: Signal<Out, Bits<PORTS>>,
    /// An accepted frame was closed and poisoned: its source paused too long; the cycle after its last beat left the
    /// ingress. Reset: 0.
    pub stat_gap_closed: Signal<Out, Bits<PORTS>>,
    /// An accepted frame was closed and poisoned: it is longer than `MAX_FRAME_BYTES`; the cycle after its last beat
    /// left the ingress. Reset: 0.
    pub stat_too_long: Signal<Out, Bits<PORTS>>,
    /// An accepted frame was poisoned: a `tkeep` of it had a hole, no byte, or was not full before the last beat; the
    /// cycle after its last beat left the ingress. Reset: 0.
    pub stat_malformed: Signal<Out, Bits<PORTS>>,
    /// An accepted frame was poisoned: it is shorter than 64 bytes, and a part of it had left; the cycle after its
    /// last beat left the ingress. Reset: 0.
    pub stat_runt_poisoned: Signal<Out, Bits<PORTS>>,
    /// An accepted frame had arrived poisoned: `tuser`, or a stomped FCS; the cycle after its last beat left the
    /// ingress. Reset: 0.
    pub stat_poisoned_in: Signal<Out, Bits<PORTS>>,
    /// An accepted frame was poisoned: its FCS is wrong; the cycle after its last beat left the ingress. Reset: 0.
    pub stat_fcs_error: Signal<Out, Bits<PORTS>>,
    /// An address was not learnt: a newer one of the same port came before the table took it. Reset: 0.
    pub stat_learn_missed: Signal<Out, Bits<PORTS>>,
    /// Copies dropped for want of room, in the cycle after the fabric took the first beat: one mask of egresses an
    /// ingress. Never in lossless mode. Reset: 0.
    pub stat_full: [Signal<Out, Bits<PORTS>>; PORTS],
    /// An address that was not in the table has been entered. Reset: 0.
    pub stat_learned: Signal<Out, Bit>,
    /// An address has moved to another port. Reset: 0.
    pub stat_moved: Signal<Out, Bit>,
    /// An address was not learnt: both ways of its set are static. Reset: 0.
    pub stat_learn_full: Signal<Out, Bit>,
    /// An expired entry has been erased: one bit a way. Reset: 0.
    pub stat_aged: [Signal<Out, Bit>; 2],

    // State.
    core: Switch<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>,
    link: [Link<
        LANES,
        SPARES,
        PHYSICAL,
        LW,
        LANE_BEATS,
        PTR_W,
        WORDS,
        KEEP_W,
        WIDTHS,
        CODES,
        PLAIN,
        LOSSLESS,
        RING_W,
    >; PORTS],

    // Wires.
    slower: [Signal<Local, Bits<PORTS>>; PORTS],
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
        const TABLE_W: usize,
        const LOOKAHEAD: usize,
        const LANES: usize,
        const SPARES: usize,
        const PHYSICAL: usize,
        const LW: usize,
        const LANE_BEATS: usize,
        const PTR_W: usize,
        const WIDTHS: usize,
        const CODES: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    >
    OeiSwitch<
        PORTS,
        INDEX_W,
        WORDS,
        KEEP_W,
        DEPTH_W,
        LEVEL_W,
        TABLE_W,
        LOOKAHEAD,
        LANES,
        SPARES,
        PHYSICAL,
        LW,
        LANE_BEATS,
        PTR_W,
        WIDTHS,
        CODES,
        PLAIN,
        LOSSLESS,
        RING_W,
    >
{
    /// With these options of its links; the switch has their longest frame and target.
    ///
    /// # Panics
    /// As [`Link::new`].
    #[must_use]
    pub fn new(options: &LinkOptions) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            cfg_lossy: Signal::default(),
            cfg_store_forward: std::array::from_fn(|_| Signal::default()),
            cfg_gap_limit: Signal::default(),
            cfg_ageing_period: Signal::default(),
            oei: std::array::from_fn(|_| OeiPort::default()),
            link_status: std::array::from_fn(|_| LinkStatus::default()),
            link_stat: std::array::from_fn(|_| LinkCounters::default()),
            table_valid: Signal::default(),
            table_ready: Signal::default(),
            table_op: Signal::default(),
            table_address: std::array::from_fn(|_| Signal::default()),
            table_mask: Signal::default(),
            table_done: Signal::default(),
            table_found: Signal::default(),
            table_found_mask: Signal::default(),
            table_found_static: Signal::default(),
            table_full: Signal::default(),
            table_open: Signal::default(),
            stat_accepted: Signal::default(),
            stat_runt_dropped: Signal::default(),
            stat_filtered_reserved: Signal::default(),
            stat_filtered_own: Signal::default(),
            stat_filtered_control: Signal::default(),
            stat_flooded: Signal::default(),
            stat_gap_closed: Signal::default(),
            stat_too_long: Signal::default(),
            stat_malformed: Signal::default(),
            stat_runt_poisoned: Signal::default(),
            stat_poisoned_in: Signal::default(),
            stat_fcs_error: Signal::default(),
            stat_learn_missed: Signal::default(),
            stat_full: std::array::from_fn(|_| Signal::default()),
            stat_learned: Signal::default(),
            stat_moved: Signal::default(),
            stat_learn_full: Signal::default(),
            stat_aged: std::array::from_fn(|_| Signal::default()),
            core: Switch::new(options.max_frame_bytes, options.target),
            link: std::array::from_fn(|_| Link::new(options)),
            slower: std::array::from_fn(|_| Signal::default()),
        }
    }
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
        const TABLE_W: usize,
        const LOOKAHEAD: usize,
        const LANES: usize,
        const SPARES: usize,
        const PHYSICAL: usize,
        const LW: usize,
        const LANE_BEATS: usize,
        const PTR_W: usize,
        const WIDTHS: usize,
        const CODES: usize,
        const PLAIN: usize,
        const LOSSLESS: usize,
        const RING_W: usize,
    > Logic
    for OeiSwitch<
        PORTS,
        INDEX_W,
        WORDS,
        KEEP_W,
        DEPTH_W,
        LEVEL_W,
        TABLE_W,
        LOOKAHEAD,
        LANES,
        SPARES,
        PHYSICAL,
        LW,
        LANE_BEATS,
        PTR_W,
        WIDTHS,
        CODES,
        PLAIN,
        LOSSLESS,
        RING_W,
    >
{
    #[allow(clippy::too_many_lines, reason = "wiring, a line a wire")]
    #[hdl_gen]
    fn update(&mut self) {
        // 1. The switch's own pins.
        clock!(self, clock, core);
        self.core.reset.next = self.reset.val();
        self.core.cfg_lossy.next = self.cfg_lossy.val();
        self.core.cfg_gap_limit.next = self.cfg_gap_limit.val();
        self.core.cfg_ageing_period.next = self.cfg_ageing_period.val();
        self.core.table_valid.next = self.table_valid.val();
        self.core.table_op.next = self.table_op.val();
        self.core.table_mask.next = self.table_mask.val();
        self.table_ready.next = self.core.table_ready.val();
        self.table_done.next = self.core.table_done.val();
        self.table_found.next = self.core.table_found.val();
        self.table_found_mask.next = self.core.table_found_mask.val();
        self.table_found_static.next = self.core.table_found_static.val();
        self.table_full.next = self.core.table_full.val();
        self.table_open.next = self.core.table_open.val();
        self.stat_accepted.next = self.core.stat_accepted.val();
        self.stat_runt_dropped.next = self.core.stat_runt_dropped.val();
        self.stat_filtered_reserved.next = self.core.stat_filtered_reserved.val();
        self.stat_filtered_own.next = self.core.stat_filtered_own.val();
        self.stat_filtered_control.next = self.core.stat_filtered_control.val();
        self.stat_flooded.next = self.core.stat_flooded.val();
        self.stat_gap_closed.next = self.core.stat_gap_closed.val();
        self.stat_too_long.next = self.core.stat_too_long.val();
        self.stat_malformed.next = self.core.stat_malformed.val();
        self.stat_runt_poisoned.next = self.core.stat_runt_poisoned.val();
        self.stat_poisoned_in.next = self.core.stat_poisoned_in.val();
        self.stat_fcs_error.next = self.core.stat_fcs_error.val();
        self.stat_learn_missed.next = self.core.stat_learn_missed.val();
        self.stat_learned.next = self.core.stat_learned.val();
        self.stat_moved.next = self.core.stat_moved.val();
        self.stat_learn_full.next = self.core.stat_learn_full.val();
        for i in 0..2 {
            self.core.table_address[i].next = self.table_address[i].val();
            self.stat_aged[i].next = self.core.stat_aged[i].val();
        }

        // 2. Port by port: engine, link, switch.
        for i in 0..PORTS {
            self.link[i].clock.next = self.clock.val();
            self.link[i].reset.next = self.reset.val();
            self.stat_full[i].next = self.core.stat_full[i].val();
            for word in 0..WORDS {
                self.core.ingress[i].tdata[word].next = self.link[i].rx.tdata[word].val();
                self.link[i].tx.tdata[word].next = self.core.egress[i].tdata[word].val();
            }
            self.core.ingress[i].tkeep.next = self.link[i].rx.tkeep.val();
            self.core.ingress[i].tvalid.next = self.link[i].rx.tvalid.val();
            self.core.ingress[i].tlast.next = self.link[i].rx.tlast.val();
            self.core.ingress[i].tuser.next = self.link[i].rx.tuser.val();
            self.link[i].rx.tready.next = self.core.ingress[i].tready.val();
            self.link[i].tx.tkeep.next = self.core.egress[i].tkeep.val();
            self.link[i].tx.tvalid.next = self.core.egress[i].tvalid.val();
            self.link[i].tx.tlast.next = self.core.egress[i].tlast.val();
            self.link[i].tx.tuser.next = self.core.egress[i].tuser.val();
            self.core.egress[i].tready.next = self.link[i].tx.tready.val();

            for lane in 0..PHYSICAL {
                self.oei[i].tx_data[lane].next = self.link[i].oei.tx_data[lane].val();
                self.oei[i].tx_data_valid[lane].next = self.link[i].oei.tx_data_valid[lane].val();
                self.oei[i].tx_hdr[lane].next = self.link[i].oei.tx_hdr[lane].val();
                self.oei[i].tx_hdr_valid[lane].next = self.link[i].oei.tx_hdr_valid[lane].val();
                self.link[i].oei.rx_data[lane].next = self.oei[i].rx_data[lane].val();
                self.link[i].oei.rx_hdr[lane].next = self.oei[i].rx_hdr[lane].val();
                self.link_stat[i].bip_errors[lane].next = self.link[i].stat.bip_errors[lane].val();
            }
            self.link[i].oei.tx_ready.next = self.oei[i].tx_ready.val();
            self.link[i].oei.tx_fault.next = self.oei[i].tx_fault.val();
            self.link[i].oei.rx_data_valid.next = self.oei[i].rx_data_valid.val();
            self.link[i].oei.rx_hdr_valid.next = self.oei[i].rx_hdr_valid.val();
            self.link[i].oei.rx_los.next = self.oei[i].rx_los.val();
            self.link[i].oei.rx_lol.next = self.oei[i].rx_lol.val();
            self.oei[i].rx_bitslip.next = self.link[i].oei.rx_bitslip.val();
            self.oei[i].rx_reset_req.next = self.link[i].oei.rx_reset_req.val();
            self.link_status[i].up.next = self.link[i].status.up.val();
            self.link_status[i].down_reason.next = self.link[i].status.down_reason.val();
            self.link_status[i].aligned.next = self.link[i].status.aligned.val();
            self.link_status[i].hi_ber.next = self.link[i].status.hi_ber.val();
            self.link_status[i].remote_fault.next = self.link[i].status.remote_fault.val();
            self.link_status[i].tx_width.next = self.link[i].status.tx_width.val();
            self.link_status[i].rx_width.next = self.link[i].status.rx_width.val();
            self.link_status[i].tx_lost.next = self.link[i].status.tx_lost.val();
            self.link_status[i].block_lock.next = self.link[i].status.block_lock.val();
            self.link_status[i].marker_lock.next = self.link[i].status.marker_lock.val();
            self.link_status[i].retry_tx_state.next = self.link[i].status.retry_tx_state.val();
            self.link_status[i].retry_rx_state.next = self.link[i].status.retry_rx_state.val();
            self.link_stat[i].tx_frame.next = self.link[i].stat.tx_frame.val();
            self.link_stat[i].tx_underrun.next = self.link[i].stat.tx_underrun.val();
            self.link_stat[i].tx_discarded.next = self.link[i].stat.tx_discarded.val();
            self.link_stat[i].rx_frame.next = self.link[i].stat.rx_frame.val();
            self.link_stat[i].rx_broken.next = self.link[i].stat.rx_broken.val();
            self.link_stat[i].rx_too_long.next = self.link[i].stat.rx_too_long.val();
            self.link_stat[i].rx_short.next = self.link[i].stat.rx_short.val();
            self.link_stat[i].rx_damaged.next = self.link[i].stat.rx_damaged.val();
            self.link_stat[i].rx_overflow.next = self.link[i].stat.rx_overflow.val();
            self.link_stat[i].message_damaged.next = self.link[i].stat.message_damaged.val();
            self.link_stat[i].lane_lost.next = self.link[i].stat.lane_lost.val();
            self.link_stat[i].lane_recovered.next = self.link[i].stat.lane_recovered.val();
            self.link_stat[i].went_up.next = self.link[i].stat.went_up.val();
            self.link_stat[i].went_down.next = self.link[i].stat.went_down.val();
            self.link_stat[i].tx_replay.next = self.link[i].stat.tx_replay.val();
            self.link_stat[i].tx_timeout.next = self.link[i].stat.tx_timeout.val();
            self.link_stat[i].tx_final.next = self.link[i].stat.tx_final.val();
            self.link_stat[i].tx_flushed.next = self.link[i].stat.tx_flushed.val();
            self.link_stat[i].ack_received.next = self.link[i].stat.ack_received.val();
            self.link_stat[i].nack_received.next = self.link[i].stat.nack_received.val();
            self.link_stat[i].ack_sent.next = self.link[i].stat.ack_sent.val();
            self.link_stat[i].nack_sent.next = self.link[i].stat.nack_sent.val();
            self.link_stat[i].rx_hit.next = self.link[i].stat.rx_hit.val();
            self.link_stat[i].rx_duplicate.next = self.link[i].stat.rx_duplicate.val();
            self.link_stat[i].rx_missing.next = self.link[i].stat.rx_missing.val();
            self.link_stat[i].header_error.next = self.link[i].stat.header_error.val();
            self.link_stat[i].deskew_overflow.next = self.link[i].stat.deskew_overflow.val();
        }

        // 3. Cut-through follows the width: an ingress on fewer lanes than the egress is stored first.
        for i in 0..PORTS {
            self.slower[i].next = 0.into();
            for e in 0..PORTS {
                if self.link[i].status.rx_width.val() < self.link[e].status.tx_width.val() {
                    self.slower[i].next = self.slower[i].val().replace_bit(e, true);
                }
            }
            self.core.cfg_store_forward[i].next =
                self.cfg_store_forward[i].val() | self.slower[i].val();
        }
    }

    describe!("Cut-through Ethernet switch of `PORTS` optical links.");
}
