//! The plain link behind the parser: frames go into a small buffer in front of the client, as far as there is room.
//!
//! ```text
//!             +-------------------------+
//!   block --->| Admission -> BlockFifo  |---> head
//!             |                         |<--- pop
//!             |                         |---> stat_dropped, stat_cut
//!             +-------------------------+
//! ```
//!
//! Latency: 1 cycle from `block` to `head`. Throughput: one block a cycle. Capacity: 16 blocks. Reset: empty, no frame is open.

use super::admission::Admission;
use super::block_fifo::BlockFifo;
use super::ports::{FrameBlockSink, FrameBlockSource};
use crate::prelude::*;

/// Admission and buffer of a plain link.
#[derive(LogicBlock)]
pub struct PlainRx {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next block of a frame.
    pub block: FrameBlockSink,
    /// The head leaves at the next clock edge.
    pub pop: Signal<In, Bit>,

    // Egress.
    /// The oldest block.
    pub head: FrameBlockSource,
    /// A frame found no room in the buffer.
    pub stat_dropped: Signal<Out, Bit>,
    /// A frame ran out of room in the buffer, and was closed.
    pub stat_cut: Signal<Out, Bit>,

    // State.
    admission: Admission,
    fifo: BlockFifo,
}

impl Default for PlainRx {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            block: FrameBlockSink::default(),
            pop: Signal::default(),
            head: FrameBlockSource::default(),
            stat_dropped: Signal::default(),
            stat_cut: Signal::default(),
            admission: Admission::default(),
            fifo: BlockFifo::new(1),
        }
    }
}

impl Logic for PlainRx {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, admission, fifo);
        self.admission.reset.next = self.reset.val();
        self.fifo.reset.next = self.reset.val();
        for i in 0..2 {
            self.admission.block.data[i].next = self.block.data[i].val();
            self.fifo.write.data[i].next = self.admission.write.data[i].val();
            self.head.data[i].next = self.fifo.head.data[i].val();
        }
        self.admission.block.count.next = self.block.count.val();
        self.admission.block.last.next = self.block.last.val();
        self.admission.block.poison.next = self.block.poison.val();
        self.admission.block.valid.next = self.block.valid.val();
        self.admission.room.next = self.fifo.room.val();
        self.fifo.write.count.next = self.admission.write.count.val();
        self.fifo.write.last.next = self.admission.write.last.val();
        self.fifo.write.poison.next = self.admission.write.poison.val();
        self.fifo.write.valid.next = self.admission.write.valid.val();
        self.fifo.pop.next = self.pop.val();
        self.head.count.next = self.fifo.head.count.val();
        self.head.last.next = self.fifo.head.last.val();
        self.head.poison.next = self.fifo.head.poison.val();
        self.head.valid.next = self.fifo.head.valid.val();
        self.stat_dropped.next = self.admission.stat_dropped.val();
        self.stat_cut.next = self.admission.stat_cut.val();
    }
    describe!("Admission and buffer of a plain link.");
}
