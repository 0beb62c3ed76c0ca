//! Holds the blocks of frames that wait to be sent, and says when the oldest frame may start.
//!
//! ```text
//!              +-----------+
//!   write ---->|           |---> head
//!   room <-----| BlockFifo |<--- pop
//!              |           |---> may_start
//!              +-----------+
//! ```
//!
//! Capacity: 16 blocks. Latency: 1 cycle from `write` to `head`. Throughput: one block in and one out a cycle. `room` leaves
//! two places for blocks on their way; a block that comes to a full FIFO is lost, `pop` of an empty one does nothing.
//! Reset: empty.

use super::ports::{FrameBlockSink, FrameBlockSource};
use crate::lut_ram::LutRam;
use crate::prelude::*;

/// Bits of an address.
const ADDRESS_W: usize = 4;
/// Bits beside a block's data: count, last, poison.
const SIDE_W: usize = 5;

/// The blocks that wait to be sent, and whether a frame may start.
#[derive(LogicBlock)]
pub struct BlockFifo {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next block.
    pub write: FrameBlockSink,
    /// The head leaves at the next clock edge.
    pub pop: Signal<In, Bit>,

    // Egress.
    /// The oldest block.
    pub head: FrameBlockSource,
    /// Two more blocks can be taken after this cycle's.
    pub room: Signal<Out, Bit>,
    /// A frame's last block is there, or as many blocks as a frame needs to start.
    pub may_start: Signal<Out, Bit>,

    // State.
    write_address: DFF<Bits<ADDRESS_W>>,
    read_address: DFF<Bits<ADDRESS_W>>,
    level: DFF<Bits<5>>,
    frames: DFF<Bits<5>>,
    word: [LutRam<32, ADDRESS_W>; 2],
    side: LutRam<SIDE_W, ADDRESS_W>,

    // Wires.
    push: Signal<Local, Bit>,
    take: Signal<Local, Bit>,
    side_in: Signal<Local, Bits<SIDE_W>>,
    last_in: Signal<Local, Bit>,
    last_out: Signal<Local, Bit>,

    // Parameters.
    start_blocks: Constant<Bits<5>>,
}

impl BlockFifo {
    /// Starts a frame that is not complete with `start_blocks` of it.
    ///
    /// # Panics
    /// If `start_blocks` is not in 1..=14: a frame would never start.
    #[must_use]
    pub fn new(start_blocks: usize) -> Self {
        assert!(
            (1..=14).contains(&start_blocks),
            "start_blocks is {start_blocks}: give 1 to 14"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            write: FrameBlockSink::default(),
            pop: Signal::default(),
            head: FrameBlockSource::default(),
            room: Signal::default(),
            may_start: Signal::default(),
            write_address: DFF::default(),
            read_address: DFF::default(),
            level: DFF::default(),
            frames: DFF::default(),
            word: std::array::from_fn(|_| LutRam::default()),
            side: LutRam::default(),
            push: Signal::default(),
            take: Signal::default(),
            side_in: Signal::default(),
            last_in: Signal::default(),
            last_out: Signal::default(),
            start_blocks: Constant::new((start_blocks as u64).into()),
        }
    }
}

impl Logic for BlockFifo {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, write_address, read_address, level, frames);

        // 2. Decide.
        self.push.next = self.write.valid.val() & !self.level.q.val().get_bit(4);
        self.take.next = self.pop.val() & self.level.q.val().any();
        self.side_in.next = bit_cast::<SIDE_W, 3>(self.write.count.val());
        if self.write.last.val() {
            self.side_in.next = self.side_in.val() | 8;
        }
        if self.write.poison.val() {
            self.side_in.next = self.side_in.val() | 16;
        }
        for i in 0..2 {
            self.word[i].clock.next = self.clock.val();
            self.word[i].write_enable.next = self.push.val();
            self.word[i].write_address.next = self.write_address.q.val();
            self.word[i].write.next = self.write.data[i].val();
            self.word[i].read_address.next = self.read_address.q.val();
        }
        self.side.clock.next = self.clock.val();
        self.side.write_enable.next = self.push.val();
        self.side.write_address.next = self.write_address.q.val();
        self.side.write.next = self.side_in.val();
        self.side.read_address.next = self.read_address.q.val();
        self.last_in.next = self.push.val() & self.write.last.val();
        self.last_out.next = self.take.val() & self.side.read.val().get_bit(3);

        // 3. Next state.
        if self.push.val() {
            self.write_address.d.next = self.write_address.q.val() + 1;
        }
        if self.take.val() {
            self.read_address.d.next = self.read_address.q.val() + 1;
        }
        if self.push.val() & !self.take.val() {
            self.level.d.next = self.level.q.val() + 1;
        }
        if self.take.val() & !self.push.val() {
            self.level.d.next = self.level.q.val() - 1;
        }
        if self.last_in.val() & !self.last_out.val() {
            self.frames.d.next = self.frames.q.val() + 1;
        }
        if self.last_out.val() & !self.last_in.val() {
            self.frames.d.next = self.frames.q.val() - 1;
        }

        // 4. Drive outputs.
        for i in 0..2 {
            self.head.data[i].next = self.word[i].read.val();
        }
        self.head.count.next = self.side.read.val().get_bits::<3>(0);
        self.head.last.next = self.side.read.val().get_bit(3);
        self.head.poison.next = self.side.read.val().get_bit(4);
        self.head.valid.next = self.level.q.val().any();
        self.room.next = self.level.q.val() < 14;
        self.may_start.next =
            self.frames.q.val().any() | (self.level.q.val() >= self.start_blocks.val());

        // 5. Reset wins.
        if self.reset.val() {
            self.write_address.d.next = 0.into();
            self.read_address.d.next = 0.into();
            self.level.d.next = 0.into();
            self.frames.d.next = 0.into();
        }
    }
    describe!("The blocks that wait to be sent, and whether a frame may start.");
}
