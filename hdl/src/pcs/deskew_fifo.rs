//! Holds a lane's beats until the other lanes have theirs.
//!
//! ```text
//!                +---------------------------------+
//!   beats ------>| DeskewRam ------------> head    |--> head_*
//!   marker ----->|  write_at     read_at           |<-- pop
//!   clear ------>|                                 |--> overflow
//!                +---------------------------------+
//! ```
//!
//! Stores from the first block after a marker on, markers excepted: they leave no trace but `flag` beside the block that
//! follows. Capacity: `2^PTR_W - 2` beats and the head. Latency: 2 cycles from a beat to the head, when empty. Throughput:
//! one beat in and one out per cycle. A beat that finds no room is lost: `overflow` is high in its cycle, and the FIFO is
//! to be cleared. Cleared, or reset: empty, and waits for the next marker.
//!
//! The pointers are shift registers with feedback: they count in an order of their own, without a carry chain.

use crate::pcs::deskew_ram::DeskewRam;
use crate::pcs::lfsr;
use crate::prelude::*;
use crate::target::Target;

/// Deskew FIFO of one lane, `LW` data bits a beat, `2^PTR_W - 1` beats.
#[derive(LogicBlock)]
pub struct DeskewFifo<const LW: usize, const PTR_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: forgets everything.
    pub clear: Signal<In, Bit>,

    // Ingress.
    /// There is a beat.
    pub valid: Signal<In, Bit>,
    /// Its data.
    pub data: Signal<In, Bits<LW>>,
    /// It is a block's first, and this the header.
    pub first: Signal<In, Bit>,
    /// See `first`.
    pub header: Signal<In, Bits<2>>,
    /// It belongs to a marker.
    pub marker: Signal<In, Bit>,
    /// It belongs to the first block after one.
    pub after: Signal<In, Bit>,
    /// Data and header come inverted, and leave as they were sent. Holds while anything is stored.
    pub invert: Signal<In, Bit>,

    // Egress.
    /// There is a beat at the head. Reset: 0.
    pub head_valid: Signal<Out, Bit>,
    /// Its data.
    pub head_data: Signal<Out, Bits<LW>>,
    /// It is the first beat of a control block; counts at a first beat with a good header only.
    pub head_control: Signal<Out, Bit>,
    /// It is the first beat of a block without a good header; counts at a first beat only.
    pub head_bad: Signal<Out, Bit>,
    /// It is the first beat after a marker.
    pub head_flag: Signal<Out, Bit>,
    /// The head goes at the next clock edge.
    pub pop: Signal<In, Bit>,
    /// Nothing is stored behind the head.
    pub is_empty: Signal<Out, Bit>,
    /// The beat in this cycle is lost.
    pub overflow: Signal<Out, Bit>,

    // State.
    stores: DFF<Bit>,
    write_at: DFF<Bits<PTR_W>>,
    read_at: DFF<Bits<PTR_W>>,
    is_valid: DFF<Bit>,
    memory: DeskewRam<LW, PTR_W>,

    // Wires.
    write_after: Signal<Local, Bits<PTR_W>>,
    read_after: Signal<Local, Bits<PTR_W>>,
    is_wanted: Signal<Local, Bit>,
    is_full: Signal<Local, Bit>,
    write: Signal<Local, Bit>,
    refill: Signal<Local, Bit>,
    side: Signal<Local, Bits<3>>,

    // Parameters.
    start: Constant<Bits<PTR_W>>,
    taps: Constant<Bits<PTR_W>>,
}

impl<const LW: usize, const PTR_W: usize> DeskewFifo<LW, PTR_W> {
    /// An empty FIFO whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        const { assert!(PTR_W == 4 || PTR_W == 5 || PTR_W == 6) };
        Self {
            clock: Signal::default(),
            clear: Signal::default(),
            valid: Signal::default(),
            data: Signal::default(),
            first: Signal::default(),
            header: Signal::default(),
            marker: Signal::default(),
            after: Signal::default(),
            invert: Signal::default(),
            head_valid: Signal::default(),
            head_data: Signal::default(),
            head_control: Signal::default(),
            head_bad: Signal::default(),
            head_flag: Signal::default(),
            pop: Signal::default(),
            is_empty: Signal::default(),
            overflow: Signal::default(),
            stores: DFF::default(),
            write_at: flop_at(1.into()),
            read_at: flop_at(1.into()),
            is_valid: DFF::default(),
            memory: DeskewRam::new(target),
            write_after: Signal::default(),
            read_after: Signal::default(),
            is_wanted: Signal::default(),
            is_full: Signal::default(),
            write: Signal::default(),
            refill: Signal::default(),
            side: Signal::default(),
            start: Constant::new(1.into()),
            taps: Constant::new(lfsr::taps(PTR_W).into()),
        }
    }
}

impl<const LW: usize, const PTR_W: usize> Logic for DeskewFifo<LW, PTR_W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, stores, write_at, read_at, is_valid);
        self.memory.clock.next = self.clock.val();

        // 1. Pointers, and what moves.
        self.write_after.next = (self.write_at.q.val() << 1)
            | bit_cast::<PTR_W, 1>((self.write_at.q.val() & self.taps.val()).xor().into());
        self.read_after.next = (self.read_at.q.val() << 1)
            | bit_cast::<PTR_W, 1>((self.read_at.q.val() & self.taps.val()).xor().into());
        self.is_wanted.next = self.valid.val()
            & !self.marker.val()
            & (self.stores.q.val() | (self.first.val() & self.after.val()));
        self.is_full.next = self.write_after.val() == self.read_at.q.val();
        self.write.next = self.is_wanted.val() & !self.is_full.val();
        self.is_empty.next = self.write_at.q.val() == self.read_at.q.val();
        self.refill.next = (self.pop.val() | !self.is_valid.q.val()) & !self.is_empty.val();

        // 2. Memory.
        self.side.next = 0.into();
        self.side.next = self.side.val().replace_bit(0, self.header.val().get_bit(0));
        self.side.next = self.side.val().replace_bit(
            1,
            !(self.header.val().get_bit(0) ^ self.header.val().get_bit(1)),
        );
        self.side.next = self
            .side
            .val()
            .replace_bit(2, self.first.val() & self.after.val());
        self.memory.write_enable.next = self.write.val();
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.data.val();
        self.memory.write_side.next = self.side.val();
        // A head that is read too early does not count.
        self.memory.read_enable.next = self.pop.val() | !self.is_valid.q.val();
        self.memory.invert.next = self.invert.val();
        self.memory.read_address.next = self.read_at.q.val();

        // 3. Next state.
        if self.write.val() {
            self.write_at.d.next = self.write_after.val();
            self.stores.d.next = true;
        }
        if self.refill.val() {
            self.read_at.d.next = self.read_after.val();
        }
        self.is_valid.d.next = self.refill.val() | (self.is_valid.q.val() & !self.pop.val());

        // 4. Outputs.
        self.head_valid.next = self.is_valid.q.val();
        self.head_data.next = self.memory.read_data.val();
        self.head_control.next = self.memory.read_side.val().get_bit(0);
        self.head_bad.next = self.memory.read_side.val().get_bit(1);
        self.head_flag.next = self.memory.read_side.val().get_bit(2);
        self.overflow.next = self.is_wanted.val() & self.is_full.val();
        if self.clear.val() {
            self.stores.d.next = false;
            self.write_at.d.next = self.start.val();
            self.read_at.d.next = self.start.val();
            self.is_valid.d.next = false;
        }
    }

    describe!("Deskew FIFO of one lane, `LW` data bits a beat, `2^PTR_W - 1` beats.");
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::cosim::Random;
    use crate::testbench::Bench;

    #[test]
    fn keeps_what_follows_a_marker_in_order() {
        check::<8, 6>(8, Target::Ice40);
        check::<16, 5>(4, Target::Ecp5);
        check::<32, 4>(2, Target::Generic);
    }

    /// Blocks of `beats` beats, one in 20 a marker, against a queue of the whole.
    fn check<const LW: usize, const PTR_W: usize>(beats: usize, target: Target) {
        let mut random = Random::new(PTR_W as u64);
        let mut bench = Bench::recording(DeskewFifo::<LW, PTR_W>::new(target));
        let mut queue: VecDeque<(u64, u64, bool, bool)> = VecDeque::new();
        let (mut stores, mut is_marker, mut after, mut position) = (false, false, false, 0);
        let (mut longest, mut overflows, mut taken) = (0, 0, 0);
        let (mut invert, mut inverted) = (false, 0);
        let ones = (1_u64 << LW) - 1;
        for cycle in 0..8_000 {
            let block = &mut bench.block;
            let (valid, data, header) = (!random.one_in(4), random.bits(LW), random.bits(2));
            let pop = block.head_valid.val() && random.below(10) < 4 + cycle / 1_000;
            block.valid.next = valid;
            block.data.next = data.into();
            block.first.next = position == 0;
            block.header.next = header.into();
            block.marker.next = is_marker;
            block.after.next = after;
            block.pop.next = pop;
            block.invert.next = invert;
            let clear = random.one_in(2_000);
            block.clear.next = clear;
            bench.settle();
            let overflow = bench.block.overflow.val();
            bench.block.clear.next = clear || overflow;
            bench.settle();
            if bench.block.head_valid.val() {
                let (data, header, first, flag) = queue[0];
                assert_eq!(bench.block.head_data.val().to_u64(), data);
                if first {
                    let is_bad = header == 0 || header == 3;
                    assert!(is_bad || bench.block.head_control.val() == (header == 1));
                    assert_eq!(bench.block.head_bad.val(), is_bad);
                }
                assert_eq!(bench.block.head_flag.val(), flag);
                if pop {
                    queue.pop_front();
                    taken += 1;
                }
            }
            let starts = position == 0 && after;
            if valid && !is_marker && (stores || starts) && !overflow {
                stores = true;
                let (data, header) = if invert {
                    inverted += 1;
                    (data ^ ones, header ^ 3)
                } else {
                    (data, header)
                };
                queue.push_back((data, header, position == 0, starts));
            }
            longest = longest.max(queue.len());
            if clear || overflow {
                overflows += u32::from(overflow);
                stores = false;
                queue.clear();
                invert = !invert;
            }
            if valid {
                position = (position + 1) % beats;
                if position == 0 {
                    after = is_marker;
                    is_marker = !is_marker && random.one_in(20);
                }
            }
            bench.clock();
        }
        // A LFSR never is 0: of its values one more stays free, and the head holds one.
        assert_eq!(longest, (1 << PTR_W) - 1);
        assert!(overflows > 2 && taken > 1_000, "{overflows} {taken}");
        assert!(inverted > 300, "{inverted}");
        bench.replay();
    }
}
