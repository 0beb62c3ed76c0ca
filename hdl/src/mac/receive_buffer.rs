//! Holds what was received until the client takes it, and can take a frame back before it counts.
//!
//! ```text
//!                +-------------------------------------+
//!   write ------>|  QueueRam ---> core ---> head       |---> head
//!   commit ----->|   ^write        ^read               |<--- pop
//!   roll_back -->|   committed                         |---> has_place, has_places, free
//!                +-------------------------------------+
//! ```
//!
//! Capacity: `2^RING_W` blocks, and two that have left the memory. Places are counted like positions, modulo 2^16: `write` is where
//! the next block goes, `committed` is behind the last frame that counts, `read` is what the memory has given. With `store` only what
//! is committed can be read. Latency: 3 cycles from `write` to `head`, with `store` from `commit`. Throughput: one block in and one
//! out a cycle. Who writes sees to the room; `pop` of an empty buffer does nothing. Reset: empty.

use super::ports::{FrameBlockSink, FrameBlockSource};
use crate::fabric::queue_ram::QueueRam;
use crate::prelude::*;
use crate::target::Target;

/// The blocks of received frames, `2^RING_W` of them.
#[derive(LogicBlock)]
pub struct ReceiveBuffer<const RING_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// The next block.
    pub write: FrameBlockSink,
    /// With it everything that was written counts.
    pub commit: Signal<In, Bit>,
    /// What does not count is forgotten, this cycle's block included.
    pub roll_back: Signal<In, Bit>,
    /// The head leaves at the next clock edge.
    pub pop: Signal<In, Bit>,

    // Egress.
    /// The oldest block.
    pub head: FrameBlockSource,
    /// A block fits.
    pub has_place: Signal<Out, Bit>,
    /// Two blocks fit.
    pub has_places: Signal<Out, Bit>,
    /// Places that are not committed, or have been read: may be more than there are while a frame leaves that is not committed.
    pub free: Signal<Out, Bits<16>>,

    // State.
    ram: QueueRam<2, RING_W>,
    write_place: DFF<Bits<16>>,
    committed: DFF<Bits<16>>,
    read_place: DFF<Bits<16>>,
    core_valid: DFF<Bit>,
    head_valid: DFF<Bit>,

    // Wires.
    next_place: Signal<Local, Bits<16>>,
    used: Signal<Local, Bits<16>>,
    side: Signal<Local, Bits<8>>,
    waits: Signal<Local, Bit>,
    load_head: Signal<Local, Bit>,
    load_core: Signal<Local, Bit>,

    // Parameters.
    store: Constant<Bit>,
    capacity: Constant<Bits<16>>,
    last_place: Constant<Bits<16>>,
}

impl<const RING_W: usize> ReceiveBuffer<RING_W> {
    /// With `store` a frame can be read when it is committed, otherwise as soon as it is written; Verilog for `target`.
    #[must_use]
    pub fn new(store: bool, target: Target) -> Self {
        const { assert!(RING_W >= 2 && RING_W <= 14) };
        let capacity = 1_u64 << RING_W;
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            write: FrameBlockSink::default(),
            commit: Signal::default(),
            roll_back: Signal::default(),
            pop: Signal::default(),
            head: FrameBlockSource::default(),
            has_place: Signal::default(),
            has_places: Signal::default(),
            free: Signal::default(),
            ram: QueueRam::new(target),
            write_place: DFF::default(),
            committed: DFF::default(),
            read_place: DFF::default(),
            core_valid: DFF::default(),
            head_valid: DFF::default(),
            next_place: Signal::default(),
            used: Signal::default(),
            side: Signal::default(),
            waits: Signal::default(),
            load_head: Signal::default(),
            load_core: Signal::default(),
            store: Constant::new(store),
            capacity: Constant::new(capacity.into()),
            last_place: Constant::new((capacity - 1).into()),
        }
    }
}

impl<const RING_W: usize> Logic for ReceiveBuffer<RING_W> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            write_place,
            committed,
            read_place,
            core_valid,
            head_valid
        );

        // 2. Decide: the core follows the memory, the head the core.
        self.used.next = self.write_place.q.val() - self.read_place.q.val();
        self.next_place.next = self.write_place.q.val() + 1;
        self.waits.next = self.write_place.q.val() != self.read_place.q.val();
        if self.store.val() {
            self.waits.next = self.committed.q.val() != self.read_place.q.val();
        }
        self.load_head.next = self.core_valid.q.val() & (!self.head_valid.q.val() | self.pop.val());
        self.load_core.next = self.waits.val() & (!self.core_valid.q.val() | self.load_head.val());
        self.side.next = bit_cast::<8, 3>(self.write.count.val());
        if self.write.last.val() {
            self.side.next = self.side.val() | 8;
        }
        if self.write.poison.val() {
            self.side.next = self.side.val() | 16;
        }
        self.ram.clock.next = self.clock.val();
        self.ram.write_enable.next = self.write.valid.val();
        self.ram.write_address.next = self.write_place.q.val().get_bits::<RING_W>(0);
        for i in 0..2 {
            self.ram.write.data[i].next = self.write.data[i].val();
        }
        self.ram.write.side.next = self.side.val();
        self.ram.read_enable.next = self.load_core.val();
        self.ram.read_address.next = self.read_place.q.val().get_bits::<RING_W>(0);
        self.ram.output_enable.next = self.load_head.val();

        // 3. Next state.
        if self.write.valid.val() {
            self.write_place.d.next = self.next_place.val();
        }
        if self.commit.val() {
            self.committed.d.next = self.next_place.val();
        }
        if self.roll_back.val() {
            self.write_place.d.next = self.committed.q.val();
        }
        if self.load_core.val() {
            self.read_place.d.next = self.read_place.q.val() + 1;
        }
        self.core_valid.d.next =
            self.load_core.val() | (self.core_valid.q.val() & !self.load_head.val());
        self.head_valid.d.next = self.load_head.val() | (self.head_valid.q.val() & !self.pop.val());

        // 4. Drive outputs.
        for i in 0..2 {
            self.head.data[i].next = self.ram.read.data[i].val();
        }
        self.head.count.next = self.ram.read.side.val().get_bits::<3>(0);
        self.head.last.next = self.ram.read.side.val().get_bit(3);
        self.head.poison.next = self.ram.read.side.val().get_bit(4);
        self.head.valid.next = self.head_valid.q.val();
        self.has_place.next = self.used.val() != self.capacity.val();
        self.has_places.next =
            (self.used.val() != self.capacity.val()) & (self.used.val() != self.last_place.val());
        self.free.next = self.capacity.val() - (self.committed.q.val() - self.read_place.q.val());

        // 5. Reset wins.
        if self.reset.val() {
            self.write_place.d.next = 0.into();
            self.committed.d.next = 0.into();
            self.read_place.d.next = 0.into();
            self.core_valid.d.next = false;
            self.head_valid.d.next = false;
        }
    }
    describe!("The blocks of received frames, `2^RING_W` of them.");
}
