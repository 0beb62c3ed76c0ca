//! The Ethernet switch.
//!
//! ```text
//!                 +--------------------------------------------------+
//!   ingress[i] -->| port[i] ---- frame, mask ----> FabricMc          |--> egress[e]
//!                 |   | ^                                            |
//!                 |   v |  lookup, learn                             |
//!   table_* ----->| MacTable                                         |--> stat_*
//!                 +--------------------------------------------------+
//! ```
//!
//! Frames are Ethernet from destination address to FCS inclusive. Latency: 6 cycles from a first beat offered to its
//! transfer on an idle switch with 64-bit beats (7 with 32-bit beats): 3 in the ingress while the table answers, which it
//! does in the same 3 cycles whatever the other ports do, and 3 in the fabric. Throughput: one beat per cycle at every
//! ingress and egress. After reset the table clears itself; until then every address is unknown and none is learnt.

use crate::fabric::FabricMc;
use crate::ingress::Ingress;
use crate::prelude::*;
use crate::table::MacTable;
use crate::target::Target;

/// Cycles a source may pause inside a frame when `cfg_gap_limit` is 0: a frame that stops does not hold its egress.
pub const DEFAULT_GAP_LIMIT: u16 = 4_096;

/// Cut-through Ethernet switch of `PORTS` ports, `2 x 2^TABLE_W` addresses.
#[derive(LogicBlock)]
pub struct Switch<
    const PORTS: usize,
    const INDEX_W: usize,
    const WORDS: usize,
    const KEEP_W: usize,
    const DEPTH_W: usize,
    const LEVEL_W: usize,
    const TABLE_W: usize,
    const LOOKAHEAD: usize,
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
    /// Cycles a source may pause inside a frame; 0: [`DEFAULT_GAP_LIMIT`]. With 32-bit streams a pause after the first
    /// beat is not timed. Unused: 0.
    pub cfg_gap_limit: Signal<In, Bits<16>>,
    /// Cycles in an epoch of the table; an address lives [`AGE_EPOCHS`] epochs, the one it was heard in included. 0:
    /// addresses do not age. Unused: 0.
    pub cfg_ageing_period: Signal<In, Bits<32>>,

    // Ingress.
    /// Ethernet frames from the MACs, destination address to FCS inclusive.
    pub ingress: [FrameSink<WORDS, KEEP_W>; PORTS],

    // Egress.
    /// Ethernet frames to the MACs, destination address to FCS inclusive, whole and one after the other.
    pub egress: [StreamSource<WORDS, KEEP_W>; PORTS],

    // Table port: see [`MacTable`].
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
    port: [Ingress<WORDS, KEEP_W, PORTS, LOOKAHEAD>; PORTS],
    addresses: MacTable<PORTS, TABLE_W>,
    fabric: FabricMc<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>,

    // Wires.
    gap_limit: Signal<Local, Bits<16>>,
    accepted: Signal<Local, Bits<PORTS>>,
    runt_dropped: Signal<Local, Bits<PORTS>>,
    filtered_reserved: Signal<Local, Bits<PORTS>>,
    filtered_own: Signal<Local, Bits<PORTS>>,
    filtered_control: Signal<Local, Bits<PORTS>>,
    flooded: Signal<Local, Bits<PORTS>>,
    gap_closed: Signal<Local, Bits<PORTS>>,
    too_long: Signal<Local, Bits<PORTS>>,
    malformed: Signal<Local, Bits<PORTS>>,
    runt_poisoned: Signal<Local, Bits<PORTS>>,
    poisoned_in: Signal<Local, Bits<PORTS>>,
    fcs_error: Signal<Local, Bits<PORTS>>,
    learn_missed: Signal<Local, Bits<PORTS>>,

    // Parameters.
    own_port: [Constant<Bits<PORTS>>; PORTS],
    default_gap_limit: Constant<Bits<16>>,
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
    > Switch<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>
{
    /// A switch for frames of up to `max_frame_bytes`, its Verilog for `target`.
    ///
    /// # Panics
    /// If a longest frame does not fit a queue.
    #[must_use]
    pub fn new(max_frame_bytes: usize, target: Target) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            cfg_lossy: Signal::default(),
            cfg_store_forward: std::array::from_fn(|_| Signal::default()),
            cfg_gap_limit: Signal::default(),
            cfg_ageing_period: Signal::default(),
            ingress: std::array::from_fn(|_| FrameSink::default()),
            egress: std::array::from_fn(|_| StreamSource::default()),
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
            port: std::array::from_fn(|_| Ingress::new(max_frame_bytes)),
            addresses: MacTable::new(target),
            fabric: FabricMc::without_hairpins(max_frame_bytes, target),
            gap_limit: Signal::default(),
            accepted: Signal::default(),
            runt_dropped: Signal::default(),
            filtered_reserved: Signal::default(),
            filtered_own: Signal::default(),
            filtered_control: Signal::default(),
            flooded: Signal::default(),
            gap_closed: Signal::default(),
            too_long: Signal::default(),
            malformed: Signal::default(),
            runt_poisoned: Signal::default(),
            poisoned_in: Signal::default(),
            fcs_error: Signal::default(),
            learn_missed: Signal::default(),
            own_port: std::array::from_fn(|port| Constant::new((1_u64 << port).into())),
            default_gap_limit: Constant::new(u64::from(DEFAULT_GAP_LIMIT).into()),
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
    > Logic for Switch<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W, TABLE_W, LOOKAHEAD>
{
    #[allow(clippy::too_many_lines, reason = "wiring, a line a wire")]
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Configuration and table port.
        self.gap_limit.next = self.cfg_gap_limit.val();
        if !self.cfg_gap_limit.val().any() {
            self.gap_limit.next = self.default_gap_limit.val();
        }
        self.fabric.clock.next = self.clock.val();
        self.fabric.reset.next = self.reset.val();
        self.fabric.cfg_lossy.next = self.cfg_lossy.val();
        self.fabric.cfg_gap_limit.next = 0.into();
        self.addresses.clock.next = self.clock.val();
        self.addresses.reset.next = self.reset.val();
        self.addresses.cfg_ageing_period.next = self.cfg_ageing_period.val();
        self.addresses.table_valid.next = self.table_valid.val();
        self.addresses.table_op.next = self.table_op.val();
        self.addresses.table_mask.next = self.table_mask.val();
        self.table_ready.next = self.addresses.table_ready.val();
        self.table_done.next = self.addresses.table_done.val();
        self.table_found.next = self.addresses.table_found.val();
        self.table_found_mask.next = self.addresses.table_found_mask.val();
        self.table_found_static.next = self.addresses.table_found_static.val();
        self.table_full.next = self.addresses.table_full.val();
        self.table_open.next = self.addresses.open.val();
        self.stat_learned.next = self.addresses.stat_learned.val();
        self.stat_moved.next = self.addresses.stat_moved.val();
        self.stat_learn_full.next = self.addresses.stat_learn_full.val();
        for i in 0..2 {
            self.addresses.table_address[i].next = self.table_address[i].val();
            self.stat_aged[i].next = self.addresses.stat_aged[i].val();
        }

        // 2. Port by port.
        self.accepted.next = 0.into();
        self.runt_dropped.next = 0.into();
        self.filtered_reserved.next = 0.into();
        self.filtered_own.next = 0.into();
        self.filtered_control.next = 0.into();
        self.flooded.next = 0.into();
        self.gap_closed.next = 0.into();
        self.too_long.next = 0.into();
        self.malformed.next = 0.into();
        self.runt_poisoned.next = 0.into();
        self.poisoned_in.next = 0.into();
        self.fcs_error.next = 0.into();
        self.learn_missed.next = 0.into();
        for i in 0..PORTS {
            self.port[i].clock.next = self.clock.val();
            self.port[i].reset.next = self.reset.val();
            self.port[i].own_port.next = self.own_port[i].val();
            self.port[i].cfg_gap_limit.next = self.gap_limit.val();
            self.port[i].sink.tkeep.next = self.ingress[i].tkeep.val();
            self.port[i].sink.tvalid.next = self.ingress[i].tvalid.val();
            self.port[i].sink.tlast.next = self.ingress[i].tlast.val();
            self.port[i].sink.tuser.next = self.ingress[i].tuser.val();
            self.ingress[i].tready.next = self.port[i].sink.tready.val();

            self.addresses.lookup[i].advance_a.next = self.port[i].advance_a.val();
            self.addresses.lookup[i].advance_b.next = self.port[i].advance_b.val();
            self.addresses.lookup[i].advance_c.next = self.port[i].advance_c.val();
            self.port[i].hit.next = self.addresses.lookup[i].hit.val();
            self.port[i].hit_mask.next = self.addresses.lookup[i].hit_mask.val();
            self.port[i].known.next = self.addresses.lookup[i].known.val();
            self.addresses.learn[i].valid.next = self.port[i].learn_valid.val();
            self.port[i].learn_ready.next = self.addresses.learn[i].ready.val();
            for word in 0..2 {
                self.addresses.lookup[i].address[word].next =
                    self.port[i].lookup_address[word].val();
                self.addresses.learn[i].address[word].next = self.port[i].learn_address[word].val();
            }

            self.fabric.cfg_store_forward[i].next = self.cfg_store_forward[i].val();
            self.fabric.ingress[i].tkeep.next = self.port[i].source.tkeep.val();
            self.fabric.ingress[i].tvalid.next = self.port[i].source.tvalid.val();
            self.fabric.ingress[i].tlast.next = self.port[i].source.tlast.val();
            self.fabric.ingress[i].tuser.next = self.port[i].source.tuser.val();
            self.fabric.ingress[i].tdest.next = self.port[i].mask.val();
            self.port[i].source.tready.next = self.fabric.ingress[i].tready.val();

            self.fabric.egress[i].tready.next = self.egress[i].tready.val();
            self.egress[i].tkeep.next = self.fabric.egress[i].tkeep.val();
            self.egress[i].tvalid.next = self.fabric.egress[i].tvalid.val();
            self.egress[i].tlast.next = self.fabric.egress[i].tlast.val();
            self.egress[i].tuser.next = self.fabric.egress[i].tuser.val();
            for word in 0..WORDS {
                self.port[i].sink.tdata[word].next = self.ingress[i].tdata[word].val();
                self.fabric.ingress[i].tdata[word].next = self.port[i].source.tdata[word].val();
                self.egress[i].tdata[word].next = self.fabric.egress[i].tdata[word].val();
            }
            self.stat_full[i].next = self.fabric.stat_full[i].val();
            self.accepted.next = self
                .accepted
                .val()
                .replace_bit(i, self.port[i].stat_accepted.val());
            self.runt_dropped.next = self
                .runt_dropped
                .val()
                .replace_bit(i, self.port[i].stat_runt_dropped.val());
            self.filtered_reserved.next = self
                .filtered_reserved
                .val()
                .replace_bit(i, self.port[i].stat_filtered_reserved.val());
            self.filtered_own.next = self
                .filtered_own
                .val()
                .replace_bit(i, self.port[i].stat_filtered_own.val());
            self.filtered_control.next = self
                .filtered_control
                .val()
                .replace_bit(i, self.port[i].stat_filtered_control.val());
            self.flooded.next = self
                .flooded
                .val()
                .replace_bit(i, self.port[i].stat_flooded.val());
            self.gap_closed.next = self
                .gap_closed
                .val()
                .replace_bit(i, self.port[i].stat_gap_closed.val());
            self.too_long.next = self
                .too_long
                .val()
                .replace_bit(i, self.port[i].stat_too_long.val());
            self.malformed.next = self
                .malformed
                .val()
                .replace_bit(i, self.port[i].stat_malformed.val());
            self.runt_poisoned.next = self
                .runt_poisoned
                .val()
                .replace_bit(i, self.port[i].stat_runt_poisoned.val());
            self.poisoned_in.next = self
                .poisoned_in
                .val()
                .replace_bit(i, self.port[i].stat_poisoned_in.val());
            self.fcs_error.next = self
                .fcs_error
                .val()
                .replace_bit(i, self.port[i].stat_fcs_error.val());
            self.learn_missed.next = self
                .learn_missed
                .val()
                .replace_bit(i, self.port[i].stat_learn_missed.val());
        }
        self.stat_accepted.next = self.accepted.val();
        self.stat_runt_dropped.next = self.runt_dropped.val();
        self.stat_filtered_reserved.next = self.filtered_reserved.val();
        self.stat_filtered_own.next = self.filtered_own.val();
        self.stat_filtered_control.next = self.filtered_control.val();
        self.stat_flooded.next = self.flooded.val();
        self.stat_gap_closed.next = self.gap_closed.val();
        self.stat_too_long.next = self.too_long.val();
        self.stat_malformed.next = self.malformed.val();
        self.stat_runt_poisoned.next = self.runt_poisoned.val();
        self.stat_poisoned_in.next = self.poisoned_in.val();
        self.stat_fcs_error.next = self.fcs_error.val();
        self.stat_learn_missed.next = self.learn_missed.val();
    }

    describe!("Cut-through Ethernet switch of `PORTS` ports, `2 x 2^TABLE_W` addresses.");
}
