//! The memory of one lane's deskew FIFO: a write port, a read port, and an output register.
//!
//! ```text
//!                  +------------------------------+
//!   write_* ------>| cells[2^PTR_W] ─► xor ► head |---> read_*
//!   invert ------->|        ^ read_address  ^     |
//!                  |                read_enable   |
//!                  +------------------------------+
//! ```
//!
//! Capacity: `2^PTR_W` beats of `LW + 3` bits. Latency: 1 cycle from `read_address` to `read_data`, with `read_enable`.
//! Throughput: one write and one read per cycle. What is read from the address that is being
//! written does not count. There is no reset: what is valid is known outside.
//!
//! On ECP5 the cells are distributed RAM (`TRELLIS_DPR16X4`), and the inversion goes into the look-up tables that choose between
//! them; iCE40 has none, its block RAM reads in the same cycle, and what is written is inverted.

use crate::prelude::*;
use crate::target::Target;

/// Memory of one deskew FIFO, `2^PTR_W` lane beats, its output register the head of the FIFO.
#[derive(LogicBlock)]
pub struct DeskewRam<const LW: usize, const PTR_W: usize> {
    // Clock and reset.
    /// Clocks both ports.
    pub clock: Signal<In, Clock>,

    // Ingress.
    /// Writes at `write_address`.
    pub write_enable: Signal<In, Bit>,
    /// Where to write.
    pub write_address: Signal<In, Bits<PTR_W>>,
    /// The beat to write.
    pub write_data: Signal<In, Bits<LW>>,
    /// What stands beside it.
    pub write_side: Signal<In, Bits<3>>,
    /// Give the beats, and bit 0 beside them, inverted. Holds from a write to the read of the same beat.
    pub invert: Signal<In, Bit>,

    // Egress.
    /// Loads the output register from `read_address`.
    pub read_enable: Signal<In, Bit>,
    /// Where to read.
    pub read_address: Signal<In, Bits<PTR_W>>,
    /// The output register's beat.
    pub read_data: Signal<Out, Bits<LW>>,
    /// What stands beside it.
    pub read_side: Signal<Out, Bits<3>>,

    // State.
    _cells: Vec<(Bits<LW>, Bits<3>)>,
    _target: Target,
}

impl<const LW: usize, const PTR_W: usize> DeskewRam<LW, PTR_W> {
    /// A memory whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            clock: Signal::default(),
            write_enable: Signal::default(),
            write_address: Signal::default(),
            write_data: Signal::default(),
            write_side: Signal::default(),
            invert: Signal::default(),
            read_enable: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            read_side: Signal::default(),
            _cells: vec![(0.into(), 0.into()); 1 << PTR_W],
            _target: target,
        }
    }

    /// A block RAM's register is behind its cells, with nothing between them.
    fn inverts_at_write(&self) -> bool {
        self._target == Target::Ice40
    }

    /// A beat and what stands beside it, inverted if `invert` says so.
    fn inverted(&self, (data, side): (Bits<LW>, Bits<3>)) -> (Bits<LW>, Bits<3>) {
        if self.invert.val() {
            (!data, side ^ 1)
        } else {
            (data, side)
        }
    }

    fn text(&self) -> String {
        let attributes = match self._target {
            Target::Ecp5 => "(* no_rw_check, ram_style = \"distributed\" *)",
            Target::Generic | Target::Ice40 => "(* no_rw_check *)",
        };
        let (at_write, at_read) = if self.inverts_at_write() {
            (" ^ flip", "")
        } else {
            ("", " ^ flip")
        };
        let width = LW + 3;
        let depth = 1 << PTR_W;
        format!(
            "{attributes}\n\
             reg [{msb}:0] cells [0:{last}];\n\
             reg [{msb}:0] head;\n\
             wire [{msb}:0] flip = {{2'b00, {{{flipped}{{invert}}}}}};\n\
             integer i;\n\
             initial begin\n\
             \x20   head = {width}'d0;\n\
             \x20   for (i = 0; i < {depth}; i = i + 1)\n\
             \x20       cells[i] = {width}'d0;\n\
             end\n\
             \n\
             always @(posedge clock) begin\n\
             \x20   if (write_enable)\n\
             \x20       cells[write_address] <= {{write_side, write_data}}{at_write};\n\
             \x20   if (read_enable)\n\
             \x20       head <= cells[read_address]{at_read};\n\
             end\n\
             \n\
             assign {{read_side, read_data}} = head;\n",
            msb = width - 1,
            flipped = LW + 1,
            last = depth - 1,
        )
    }
}

impl<const LW: usize, const PTR_W: usize> Logic for DeskewRam<LW, PTR_W> {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        if self.read_enable.val() {
            let mut beat = self._cells[self.read_address.val().index()];
            if !self.inverts_at_write() {
                beat = self.inverted(beat);
            }
            (self.read_data.next, self.read_side.next) = beat;
        }
        if self.write_enable.val() {
            let mut beat = (self.write_data.val(), self.write_side.val());
            if self.inverts_at_write() {
                beat = self.inverted(beat);
            }
            self._cells[self.write_address.val().index()] = beat;
        }
    }

    fn connect(&mut self) {
        self.read_data.connect();
        self.read_side.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(self.text())
    }

    describe!(
        "Memory of one deskew FIFO, `2^PTR_W` lane beats, its output register the head of the FIFO."
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbench::Bench;

    #[test]
    fn gives_what_was_written_in_every_size_and_target() {
        for target in Target::ALL {
            check::<8, 6>(target, 1);
            check::<16, 5>(target, 2);
            check::<32, 4>(target, 3);
        }
    }

    fn check<const LW: usize, const PTR_W: usize>(target: Target, seed: u64) {
        let mut random = crate::cosim::Random::new(seed);
        let mut bench = Bench::recording(DeskewRam::<LW, PTR_W>::new(target));
        let mut cells = vec![(0, 0); 1 << PTR_W];
        let ones = (1_u64 << LW) - 1;
        let (mut head, mut read) = ((0, 0), 0);
        let is_at_write = target == Target::Ice40;
        let (mut invert, mut inverted) = (false, 0);
        for _ in 0..500 {
            invert ^= random.one_in(20);
            let flip = |(data, side): (u64, u64), here| {
                if invert && here {
                    (data ^ ones, side ^ 1)
                } else {
                    (data, side)
                }
            };
            let address = random.bits(PTR_W);
            let from = (address + 1 + u64::from(random.below((1 << PTR_W) - 1))) % (1 << PTR_W);
            let (data, side) = (random.bits(LW), random.bits(3));
            let block = &mut bench.block;
            block.write_enable.next = random.bit();
            block.write_address.next = address.into();
            block.write_data.next = data.into();
            block.write_side.next = side.into();
            block.invert.next = invert;
            block.read_enable.next = random.bit();
            block.read_address.next = from.into();
            bench.settle();
            let block = &bench.block;
            assert_eq!(
                (
                    block.read_data.val().to_u64(),
                    block.read_side.val().to_u64()
                ),
                head
            );
            if block.read_enable.val() {
                head = flip(cells[from as usize], !is_at_write);
                read += u32::from(head != (0, 0));
                inverted += u32::from(invert);
            }
            if block.write_enable.val() {
                cells[address as usize] = flip((data, side), is_at_write);
            }
            bench.clock();
        }
        assert!(read > 100 && inverted > 50, "{read} {inverted}");
        bench.replay();
    }
}
