//! Holds the blocks of frames that wait to be sent and of those that were sent and may have to be sent again.
//!
//! ```text
//!              +------------+
//!   write ---->|            |---> head, position
//!   room <-----| ReplayRing |<--- pop
//!              |            |---> may_start
//!   tail, keep>|            |<--- rewind
//!              +------------+
//!
//!      free ≤ tail ≤ head ≤ write, places in a ring:
//!   ....|sent, perhaps again|waits|....
//! ```
//!
//! Capacity: `2^RING_W - 1` blocks, in block RAM whose output register is the head. A block's place is the low bits of its position.
//! Latency: 3 cycles from `write` to `head`, 2 from the last block of a frame to `may_start`. Throughput: one block in and one out a
//! cycle. `room` leaves three places for blocks on their way; a block that comes all the same spoils the ring. `rewind` makes tail the
//! head, which stands there 3 cycles later; `pop` of nothing does nothing. Reset: empty, position 0.

use super::ports::{FrameBlockSink, FrameBlockSource};
use crate::fabric::queue_ram::QueueRam;
use crate::prelude::*;
use crate::target::Target;

/// The blocks that wait to be sent, or to be acknowledged.
#[derive(LogicBlock)]
pub struct ReplayRing<const RING_W: usize> {
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
    /// What stands before this position is not needed any more.
    pub tail: Signal<In, Bits<16>>,
    /// It is still being sent: `tail` is ahead of the head.
    pub keep: Signal<In, Bit>,
    /// Makes `tail` the head at the next clock edge, whatever is popped.
    pub rewind: Signal<In, Bit>,

    // Egress.
    /// The next block to send.
    pub head: FrameBlockSource,
    /// Where it stands, or will.
    pub position: Signal<Out, Bits<16>>,
    /// Blocks that come of what is taken in this cycle find room. Reset: 0.
    pub room: Signal<Out, Bit>,
    /// A whole frame is ahead, or as many blocks as a frame needs to start. Counts when `head` is valid, and a frame's first.
    pub may_start: Signal<Out, Bit>,

    // State.
    ram: QueueRam<2, RING_W>,
    write_address: DFF<Bits<RING_W>>,
    fetch_address: DFF<Bits<RING_W>>,
    free_address: DFF<Bits<RING_W>>,
    end_address: DFF<Bits<RING_W>>,
    head_position: DFF<Bits<16>>,
    core_valid: DFF<Bit>,
    head_valid: DFF<Bit>,
    has_room: DFF<Bit>,
    whole: DFF<Bit>,
    enough: DFF<Bit>,

    // Wires.
    side: Signal<Local, Bits<8>>,
    take: Signal<Local, Bit>,
    load: Signal<Local, Bit>,
    fetches: Signal<Local, Bit>,
    waits: Signal<Local, Bit>,
    write_after: Signal<Local, Bits<RING_W>>,
    head_address: Signal<Local, Bits<RING_W>>,
    head_after: Signal<Local, Bits<RING_W>>,
    ahead: Signal<Local, Bits<RING_W>>,
    used: Signal<Local, Bits<RING_W>>,

    // Parameters.
    start_blocks: Constant<Bits<RING_W>>,
    full_blocks: Constant<Bits<RING_W>>,
}

impl<const RING_W: usize> ReplayRing<RING_W> {
    /// Starts a frame that is not complete with `start_blocks` of it, its Verilog for `target`.
    ///
    /// # Panics
    /// If `start_blocks` is not in 1..2^`RING_W` - 8: a frame would never start.
    #[must_use]
    pub fn new(start_blocks: usize, target: Target) -> Self {
        const { assert!(RING_W >= 5 && RING_W <= 14) };
        assert!(
            (1..(1 << RING_W) - 8).contains(&start_blocks),
            "start_blocks is {start_blocks}: give 1 to {}",
            (1 << RING_W) - 9
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            write: FrameBlockSink::default(),
            pop: Signal::default(),
            tail: Signal::default(),
            keep: Signal::default(),
            rewind: Signal::default(),
            head: FrameBlockSource::default(),
            position: Signal::default(),
            room: Signal::default(),
            may_start: Signal::default(),
            ram: QueueRam::new(target),
            write_address: DFF::default(),
            fetch_address: DFF::default(),
            free_address: DFF::default(),
            end_address: DFF::default(),
            head_position: DFF::default(),
            core_valid: DFF::default(),
            head_valid: DFF::default(),
            has_room: DFF::default(),
            whole: DFF::default(),
            enough: DFF::default(),
            side: Signal::default(),
            take: Signal::default(),
            load: Signal::default(),
            fetches: Signal::default(),
            waits: Signal::default(),
            write_after: Signal::default(),
            head_address: Signal::default(),
            head_after: Signal::default(),
            ahead: Signal::default(),
            used: Signal::default(),
            start_blocks: Constant::new((start_blocks as u64).into()),
            full_blocks: Constant::new(((1_u64 << RING_W) - 3).into()),
        }
    }
}

impl<const RING_W: usize> Logic for ReplayRing<RING_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            write_address,
            fetch_address,
            free_address,
            end_address,
            head_position,
            core_valid,
            head_valid,
            has_room,
            whole,
            enough
        );

        // 2. Decide: cells to core when it is free or freed, core to head likewise.
        self.take.next = self.pop.val() & self.head_valid.q.val();
        self.load.next = !self.head_valid.q.val() | self.take.val();
        self.waits.next = self.fetch_address.q.val() != self.write_address.q.val();
        self.fetches.next = self.load.val() | !self.core_valid.q.val();
        self.write_after.next = self.write_address.q.val() + 1;
        self.head_address.next = self.head_position.q.val().get_bits::<RING_W>(0);
        self.head_after.next = self.head_address.val() + 1;
        self.ahead.next = self.write_address.q.val() - self.head_address.val();
        self.used.next = self.write_address.q.val() - self.free_address.q.val();
        self.side.next = bit_cast::<8, 3>(self.write.count.val());
        if self.write.last.val() {
            self.side.next = self.side.val() | 8;
        }
        if self.write.poison.val() {
            self.side.next = self.side.val() | 16;
        }
        self.ram.clock.next = self.clock.val();
        self.ram.write_enable.next = self.write.valid.val();
        self.ram.write_address.next = self.write_address.q.val();
        self.ram.write.side.next = self.side.val();
        self.ram.read_enable.next = self.fetches.val() & self.waits.val();
        self.ram.read_address.next = self.fetch_address.q.val();
        self.ram.output_enable.next = self.load.val();

        // 3. Next state.
        if self.write.valid.val() {
            self.write_address.d.next = self.write_after.val();
            if self.write.last.val() {
                self.end_address.d.next = self.write_after.val();
            }
        }
        if self.fetches.val() {
            self.core_valid.d.next = self.waits.val();
            if self.waits.val() {
                self.fetch_address.d.next = self.fetch_address.q.val() + 1;
            }
        }
        if self.load.val() {
            self.head_valid.d.next = self.core_valid.q.val();
        }
        self.whole.d.next = self.head_address.val() != self.end_address.q.val();
        self.enough.d.next = self.ahead.val() >= self.start_blocks.val();
        if self.take.val() {
            self.head_position.d.next = self.head_position.q.val() + 1;
            self.whole.d.next = self.head_after.val() != self.end_address.q.val();
            self.enough.d.next = self.ahead.val() > self.start_blocks.val();
        }
        if self.rewind.val() {
            self.head_position.d.next = self.tail.val();
            self.fetch_address.d.next = self.tail.val().get_bits::<RING_W>(0);
            self.core_valid.d.next = false;
            self.head_valid.d.next = false;
        }
        if !self.keep.val() {
            self.free_address.d.next = self.tail.val().get_bits::<RING_W>(0);
        }
        self.has_room.d.next = self.used.val() < self.full_blocks.val();

        // 4. Drive outputs.
        for i in 0..2 {
            self.ram.write.data[i].next = self.write.data[i].val();
            self.head.data[i].next = self.ram.read.data[i].val();
        }
        self.head.count.next = self.ram.read.side.val().get_bits::<3>(0);
        self.head.last.next = self.ram.read.side.val().get_bit(3);
        self.head.poison.next = self.ram.read.side.val().get_bit(4);
        self.head.valid.next = self.head_valid.q.val();
        self.position.next = self.head_position.q.val();
        self.room.next = self.has_room.q.val();
        self.may_start.next = self.whole.q.val() | self.enough.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.write_address.d.next = 0.into();
            self.fetch_address.d.next = 0.into();
            self.free_address.d.next = 0.into();
            self.end_address.d.next = 0.into();
            self.head_position.d.next = 0.into();
            self.core_valid.d.next = false;
            self.head_valid.d.next = false;
            self.has_room.d.next = false;
            self.whole.d.next = false;
            self.enough.d.next = false;
        }
    }
    describe!("The blocks that wait to be sent, or to be acknowledged.");
}
