//! The crosspoint matrix: a gate for each ingress, a column of queues for each egress.
//!
//! ```text
//!                egress 0   egress 1   egress 2   egress 3
//!   gate 0 ──────► queue ────► queue ────► queue ────► queue
//!   gate 1 ──────► queue ────► queue ────► queue ────► queue
//!   gate 2 ──────► queue ────► queue ────► queue ────► queue
//!   gate 3 ──────► queue ────► queue ────► queue ────► queue
//!                    ▼          ▼          ▼          ▼
//!                 column 0   column 1   column 2   column 3
//! ```
//!
//! Where a frame goes is decided outside, between `room` and `go`. Latency: 3 cycles from a first beat offered to its
//! transfer. Throughput: one beat per cycle at every ingress and every egress. A copy for an egress waits only for that
//! egress.

use crate::fabric::column::Column;
use crate::fabric::gate::Gate;
use crate::prelude::*;
use crate::stream::interface;
use crate::target::Target;

/// Bits of the gap limit, in cycles.
pub const GAP_W: usize = 16;

interface! {
    /// Where one ingress meets the matrix: its stream, `WORDS` x 32 bits, and what was decided for its first beat.
    RowSink<PORTS, WORDS, KEEP_W> {
        /// The beat's bytes, byte 0 lowest.
        tdata: [Signal<In, Bits<32>>; WORDS] = std::array::from_fn(|_| Signal::default()),
        /// Which bytes count.
        tkeep: Signal<In, Bits<KEEP_W>> = Signal::default(),
        /// A beat is offered.
        tvalid: Signal<In, Bit> = Signal::default(),
        /// It is taken.
        tready: Signal<Out, Bit> = Signal::default(),
        /// The frame's last beat.
        tlast: Signal<In, Bit> = Signal::default(),
        /// On the last beat: the frame is poisoned.
        tuser: Signal<In, Bit> = Signal::default(),
        /// Queues of this ingress in which a longest frame fits.
        room: Signal<Out, Bits<PORTS>> = Signal::default(),
        /// For a first beat: queues that take a copy.
        go: Signal<In, Bits<PORTS>> = Signal::default(),
        /// For a first beat: it may be taken.
        accept: Signal<In, Bit> = Signal::default(),
        /// Egresses whose frames from this ingress are stored before they are forwarded.
        store_forward: Signal<In, Bits<PORTS>> = Signal::default(),
        /// A frame's first beat is taken.
        started: Signal<Out, Bit> = Signal::default(),
        /// A frame was closed because its source paused.
        gap_closed: Signal<Out, Bit> = Signal::default(),
        /// A frame was closed because it is too long.
        too_long: Signal<Out, Bit> = Signal::default(),
        /// A frame ended with a malformed `tkeep` in it.
        malformed: Signal<Out, Bit> = Signal::default(),
        /// A frame ended poisoned by its source.
        poisoned: Signal<Out, Bit> = Signal::default(),
    }
}

/// `PORTS` x `PORTS` queues with their gates and arbiters.
#[derive(LogicBlock)]
pub struct Matrix<
    const PORTS: usize,
    const INDEX_W: usize,
    const WORDS: usize,
    const KEEP_W: usize,
    const DEPTH_W: usize,
    const LEVEL_W: usize,
> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,
    /// Cycles a source may pause inside a frame; 0: any number. It counts from the next cycle on.
    pub gap_limit: Signal<In, Bits<GAP_W>>,

    // Ingress.
    /// One row a port.
    pub row: [RowSink<PORTS, WORDS, KEEP_W>; PORTS],

    // Egress.
    /// One stream a port.
    pub egress: [StreamSource<WORDS, KEEP_W>; PORTS],

    // State.
    gate: [Gate<PORTS, KEEP_W, DEPTH_W, GAP_W>; PORTS],
    column: [Column<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>; PORTS],
    limit: DFF<Bits<GAP_W>>,
    limited: DFF<Bit>,

    // Wires.
    offer: Signal<Local, Bits<PORTS>>,
    first: Signal<Local, Bits<PORTS>>,
    last: Signal<Local, Bits<PORTS>>,
    push: [Signal<Local, Bits<PORTS>>; PORTS],
    store_forward: [Signal<Local, Bits<PORTS>>; PORTS],
    room: [Signal<Local, Bits<PORTS>>; PORTS],

    // Parameters.
    barred: [Constant<Bits<PORTS>>; PORTS],
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
    > Matrix<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>
{
    /// An empty matrix for frames of up to `max_frame_bytes`; `barred[e]` is the mask of the ingresses that never send to
    /// egress `e`.
    ///
    /// # Panics
    /// If a longest frame does not fit a queue.
    #[must_use]
    pub fn new(max_frame_bytes: usize, target: Target, barred: [u64; PORTS]) -> Self {
        const { assert!(KEEP_W == 4 * WORDS, "KEEP_W must be 4 x WORDS") };
        let max_frame_beats = max_frame_bytes.div_ceil(KEEP_W);
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            gap_limit: Signal::default(),
            row: std::array::from_fn(|_| RowSink::default()),
            egress: std::array::from_fn(|_| StreamSource::default()),
            gate: std::array::from_fn(|_| Gate::new(max_frame_beats)),
            column: std::array::from_fn(|_| Column::new(max_frame_beats, target)),
            limit: DFF::default(),
            limited: DFF::default(),
            offer: Signal::default(),
            first: Signal::default(),
            last: Signal::default(),
            push: std::array::from_fn(|_| Signal::default()),
            store_forward: std::array::from_fn(|_| Signal::default()),
            room: std::array::from_fn(|_| Signal::default()),
            barred: barred.map(|mask| Constant::new(mask.into())),
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
    > Logic for Matrix<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, limit, limited);
        self.limit.d.next = self.gap_limit.val();
        self.limited.d.next = self.gap_limit.val().any();

        // 1. Gates: ingress by ingress.
        self.offer.next = 0.into();
        self.first.next = 0.into();
        self.last.next = 0.into();
        for i in 0..PORTS {
            self.gate[i].clock.next = self.clock.val();
            self.gate[i].reset.next = self.reset.val();
            self.gate[i].gap_limit.next = self.limit.q.val();
            self.gate[i].gap_limited.next = self.limited.q.val();
            self.gate[i].tkeep.next = self.row[i].tkeep.val();
            self.gate[i].tvalid.next = self.row[i].tvalid.val();
            self.gate[i].tlast.next = self.row[i].tlast.val();
            self.gate[i].tuser.next = self.row[i].tuser.val();
            self.gate[i].go.next = self.row[i].go.val();
            self.gate[i].accept.next = self.row[i].accept.val();
            self.row[i].tready.next = self.gate[i].tready.val();
            self.row[i].started.next = self.gate[i].started.val();
            self.row[i].gap_closed.next = self.gate[i].gap_closed.val();
            self.row[i].too_long.next = self.gate[i].too_long.val();
            self.row[i].malformed.next = self.gate[i].malformed.val();
            self.row[i].poisoned.next = self.gate[i].poisoned.val();
            self.offer.next = self.offer.val().replace_bit(i, self.gate[i].offer.val());
            self.first.next = self.first.val().replace_bit(i, self.gate[i].first.val());
            self.last.next = self.last.val().replace_bit(i, self.gate[i].last.val());
        }

        // 2. Columns: egress by egress. Rows and columns are each other's transpose.
        for e in 0..PORTS {
            self.push[e].next = 0.into();
            self.store_forward[e].next = 0.into();
            for i in 0..PORTS {
                self.push[e].next = self.push[e]
                    .val()
                    .replace_bit(i, self.gate[i].push.val().get_bit(e));
                self.store_forward[e].next = self.store_forward[e]
                    .val()
                    .replace_bit(i, self.row[i].store_forward.val().get_bit(e));
                self.column[e].row[i].side.next = self.gate[i].side.val();
                for word in 0..WORDS {
                    self.column[e].row[i].data[word].next = self.row[i].tdata[word].val();
                }
            }
            self.column[e].clock.next = self.clock.val();
            self.column[e].reset.next = self.reset.val();
            self.column[e].offer.next = self.offer.val();
            self.column[e].first.next = self.first.val();
            self.column[e].last.next = self.last.val();
            self.column[e].push.next = self.push[e].val();
            self.column[e].store_forward.next = self.store_forward[e].val();
            self.column[e].barred.next = self.barred[e].val();
            self.column[e].egress.tready.next = self.egress[e].tready.val();
            self.egress[e].tvalid.next = self.column[e].egress.tvalid.val();
            self.egress[e].tkeep.next = self.column[e].egress.tkeep.val();
            self.egress[e].tlast.next = self.column[e].egress.tlast.val();
            self.egress[e].tuser.next = self.column[e].egress.tuser.val();
            for word in 0..WORDS {
                self.egress[e].tdata[word].next = self.column[e].egress.tdata[word].val();
            }
        }
        for i in 0..PORTS {
            self.room[i].next = 0.into();
            for e in 0..PORTS {
                self.room[i].next = self.room[i]
                    .val()
                    .replace_bit(e, self.column[e].room.val().get_bit(i));
            }
            self.row[i].room.next = self.room[i].val();
        }
    }

    describe!("`PORTS` x `PORTS` queues with their gates and arbiters.");
}
