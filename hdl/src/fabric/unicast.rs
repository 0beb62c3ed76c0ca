//! The fabric whose frames name one egress by its index.
//!
//! ```text
//!                 +-----------------------------------------+
//!   ingress[i] -->| RouteIndex[i] --go--> row[i]            |
//!                 |     ^                  Matrix           |--> egress[e]
//!                 |     +-------room-------                 |
//!                 +-----------------------------------------+
//! ```
//!
//! Latency: 3 cycles from a first beat offered to its transfer, on an idle fabric; with store-and-forward the frame's
//! length less one more. Throughput: one beat per cycle at every ingress and egress. Between frames `tready` depends on
//! `tdest` in the same cycle; within a frame it is high. It is low during reset, after which the next beat is a first.

use crate::fabric::matrix::{Matrix, GAP_W};
use crate::fabric::pulses::Pulses;
use crate::fabric::route_index::RouteIndex;
use crate::prelude::*;
use crate::target::Target;

/// Cut-through fabric of `PORTS` ingresses and egresses, `tdest` the egress index.
#[derive(LogicBlock)]
pub struct Fabric<
    const PORTS: usize,
    const INDEX_W: usize,
    const WORDS: usize,
    const KEEP_W: usize,
    const DEST_W: usize,
    const DEPTH_W: usize,
    const LEVEL_W: usize,
> {
    // Clock and reset.
    /// Clocks everything, at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: at least one cycle. After it the next beat of every stream is a first beat, and
    /// every queue is empty.
    pub reset: Signal<In, Bit>,

    // Configuration: all zero is lossless, cut-through, no gap limit.
    /// Full queues: 1 drops the copy, 0 holds the frame before its first beat. Read while a first beat is offered.
    /// Unused: 0.
    pub cfg_lossy: Signal<In, Bit>,
    /// Pairs whose frames are stored whole before they are forwarded: one mask of egresses an ingress, read at a
    /// first beat. Unused: 0, cut-through.
    pub cfg_store_forward: [Signal<In, Bits<PORTS>>; PORTS],
    /// Cycles a source may pause inside a frame; 0: any number. Unused: 0.
    pub cfg_gap_limit: Signal<In, Bits<GAP_W>>,

    // Ingress.
    /// Frames of one beat or more. `tdest` is the index of an egress; it has a bit more than indices need, so that
    /// one beyond `PORTS` can be said. Between frames `tready` depends on `tdest` in the same cycle; inside a frame
    /// it is high.
    pub ingress: [StreamSink<WORDS, KEEP_W, DEST_W>; PORTS],

    // Egress.
    /// Frames, whole and one after the other.
    pub egress: [StreamSource<WORDS, KEEP_W>; PORTS],

    // Counters: one pulse a frame, one bit an ingress, in the cycle after the cause.
    /// A frame's first beat was taken, in the cycle before. Reset: 0.
    pub stat_started: Signal<Out, Bits<PORTS>>,
    /// A frame was meant for no egress and was dropped, in the cycle of `stat_started`. Reset: 0.
    pub stat_unroutable: Signal<Out, Bits<PORTS>>,
    /// A frame was closed and poisoned in the cycle before: its source had paused more than `cfg_gap_limit` cycles.
    /// Reset: 0.
    pub stat_gap_closed: Signal<Out, Bits<PORTS>>,
    /// A frame was closed and poisoned: the beat taken in the cycle before filled `MAX_FRAME_BYTES` and was not its
    /// last. Reset: 0.
    pub stat_too_long: Signal<Out, Bits<PORTS>>,
    /// A frame ended poisoned, its last beat taken in the cycle before: a `tkeep` of it had a hole, no byte, or was not
    /// full before the last beat. Reset: 0.
    pub stat_malformed: Signal<Out, Bits<PORTS>>,
    /// A frame ended poisoned by its source (`tuser`) and is not malformed; its last beat was taken in the cycle before.
    /// Reset: 0.
    pub stat_poisoned: Signal<Out, Bits<PORTS>>,
    /// Copies dropped for want of room, in the cycle of `stat_started`: one mask of egresses an ingress. Never in
    /// lossless mode. Reset: 0.
    pub stat_full: [Signal<Out, Bits<PORTS>>; PORTS],

    // State.
    route: [RouteIndex<PORTS, DEST_W>; PORTS],
    matrix: Matrix<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>,
    pulses: [Pulses<PORTS>; PORTS],

    // Wires.
    started: Signal<Local, Bits<PORTS>>,
    unroutable: Signal<Local, Bits<PORTS>>,
    gap_closed: Signal<Local, Bits<PORTS>>,
    too_long: Signal<Local, Bits<PORTS>>,
    malformed: Signal<Local, Bits<PORTS>>,
    poisoned: Signal<Local, Bits<PORTS>>,
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEST_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
    > Fabric<PORTS, INDEX_W, WORDS, KEEP_W, DEST_W, DEPTH_W, LEVEL_W>
{
    /// An empty fabric for frames of up to `max_frame_bytes`, its Verilog for `target`.
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
            ingress: std::array::from_fn(|_| StreamSink::default()),
            egress: std::array::from_fn(|_| StreamSource::default()),
            stat_started: Signal::default(),
            stat_unroutable: Signal::default(),
            stat_gap_closed: Signal::default(),
            stat_too_long: Signal::default(),
            stat_malformed: Signal::default(),
            stat_poisoned: Signal::default(),
            stat_full: std::array::from_fn(|_| Signal::default()),
            route: std::array::from_fn(|_| RouteIndex::default()),
            matrix: Matrix::new(max_frame_bytes, target, [0; PORTS]),
            pulses: std::array::from_fn(|_| Pulses::default()),
            started: Signal::default(),
            unroutable: Signal::default(),
            gap_closed: Signal::default(),
            too_long: Signal::default(),
            malformed: Signal::default(),
            poisoned: Signal::default(),
        }
    }
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEST_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
    > Logic for Fabric<PORTS, INDEX_W, WORDS, KEEP_W, DEST_W, DEPTH_W, LEVEL_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.matrix.clock.next = self.clock.val();
        self.matrix.reset.next = self.reset.val();
        self.matrix.gap_limit.next = self.cfg_gap_limit.val();
        self.started.next = 0.into();
        self.unroutable.next = 0.into();
        self.gap_closed.next = 0.into();
        self.too_long.next = 0.into();
        self.malformed.next = 0.into();
        self.poisoned.next = 0.into();
        for i in 0..PORTS {
            // 1. Ingress.
            self.route[i].tdest.next = self.ingress[i].tdest.val();
            self.route[i].room.next = self.matrix.row[i].room.val();
            self.route[i].lossy.next = self.cfg_lossy.val();
            self.matrix.row[i].go.next = self.route[i].go.val();
            self.matrix.row[i].accept.next = self.route[i].accept.val();
            self.matrix.row[i].store_forward.next = self.cfg_store_forward[i].val();
            self.matrix.row[i].tkeep.next = self.ingress[i].tkeep.val();
            self.matrix.row[i].tvalid.next = self.ingress[i].tvalid.val();
            self.matrix.row[i].tlast.next = self.ingress[i].tlast.val();
            self.matrix.row[i].tuser.next = self.ingress[i].tuser.val();
            self.ingress[i].tready.next = self.matrix.row[i].tready.val();

            // 2. Egress.
            self.matrix.egress[i].tready.next = self.egress[i].tready.val();
            self.egress[i].tvalid.next = self.matrix.egress[i].tvalid.val();
            self.egress[i].tkeep.next = self.matrix.egress[i].tkeep.val();
            self.egress[i].tlast.next = self.matrix.egress[i].tlast.val();
            self.egress[i].tuser.next = self.matrix.egress[i].tuser.val();
            for word in 0..WORDS {
                self.matrix.row[i].tdata[word].next = self.ingress[i].tdata[word].val();
                self.egress[i].tdata[word].next = self.matrix.egress[i].tdata[word].val();
            }

            // 3. Counters.
            self.pulses[i].clock.next = self.clock.val();
            self.pulses[i].reset.next = self.reset.val();
            self.pulses[i].started.next = self.matrix.row[i].started.val();
            self.pulses[i].gap_closed.next = self.matrix.row[i].gap_closed.val();
            self.pulses[i].too_long.next = self.matrix.row[i].too_long.val();
            self.pulses[i].malformed.next = self.matrix.row[i].malformed.val();
            self.pulses[i].poisoned.next = self.matrix.row[i].poisoned.val();
            self.pulses[i].unroutable.next = self.route[i].unroutable.val();
            self.pulses[i].full.next = self.route[i].full.val();
            self.stat_full[i].next = self.pulses[i].stat_full.val();
            self.started.next = self
                .started
                .val()
                .replace_bit(i, self.pulses[i].stat_started.val());
            self.unroutable.next = self
                .unroutable
                .val()
                .replace_bit(i, self.pulses[i].stat_unroutable.val());
            self.gap_closed.next = self
                .gap_closed
                .val()
                .replace_bit(i, self.pulses[i].stat_gap_closed.val());
            self.too_long.next = self
                .too_long
                .val()
                .replace_bit(i, self.pulses[i].stat_too_long.val());
            self.malformed.next = self
                .malformed
                .val()
                .replace_bit(i, self.pulses[i].stat_malformed.val());
            self.poisoned.next = self
                .poisoned
                .val()
                .replace_bit(i, self.pulses[i].stat_poisoned.val());
        }
        self.stat_started.next = self.started.val();
        self.stat_unroutable.next = self.unroutable.val();
        self.stat_gap_closed.next = self.gap_closed.val();
        self.stat_too_long.next = self.too_long.val();
        self.stat_malformed.next = self.malformed.val();
        self.stat_poisoned.next = self.poisoned.val();
    }

    describe!("Cut-through fabric of `PORTS` ingresses and egresses, `tdest` the egress index.");
}
