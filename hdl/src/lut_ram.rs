//! A small memory with an asynchronous read port: look-up tables used as RAM (ECP5: `TRELLIS_DPR16X4`).
//!
//! ```text
//!                  +--------------------+
//!   write ------->| cells[2^ADDRESS_W] |---> read
//!   write_enable ->|                    |<--- read_address
//!   write_address >|                    |
//!                  +--------------------+
//! ```
//!
//! Write: at the clock edge. Read: combinational, and gives the old word until the edge. There is no reset: what is valid is
//! known outside. An iCE40 has no such memory; there it is made of flip-flops, which only small ones are worth.

use crate::prelude::*;

/// Memory of `2^ADDRESS_W` words of `WIDTH` bits, at most 32, read without a clock.
#[derive(LogicBlock)]
pub struct LutRam<const WIDTH: usize, const ADDRESS_W: usize> {
    // Clock and reset.
    /// Clocks the write port.
    pub clock: Signal<In, Clock>,

    // Ingress.
    /// Writes `write` at `write_address`.
    pub write_enable: Signal<In, Bit>,
    /// Where to write.
    pub write_address: Signal<In, Bits<ADDRESS_W>>,
    /// The word to write.
    pub write: Signal<In, Bits<WIDTH>>,

    // Egress.
    /// Where to read.
    pub read_address: Signal<In, Bits<ADDRESS_W>>,
    /// The word there.
    pub read: Signal<Out, Bits<WIDTH>>,

    // State.
    _cells: Vec<Bits<WIDTH>>,
}

impl<const WIDTH: usize, const ADDRESS_W: usize> Default for LutRam<WIDTH, ADDRESS_W> {
    fn default() -> Self {
        const { assert!(WIDTH >= 1 && WIDTH <= 32, "WIDTH must be 1 to 32") };
        Self {
            clock: Signal::default(),
            write_enable: Signal::default(),
            write_address: Signal::default(),
            write: Signal::default(),
            read_address: Signal::default(),
            read: Signal::default(),
            _cells: vec![0.into(); 1 << ADDRESS_W],
        }
    }
}

#[allow(clippy::used_underscore_binding)] // the underscore keeps a field from becoming a signal
impl<const WIDTH: usize, const ADDRESS_W: usize> Logic for LutRam<WIDTH, ADDRESS_W> {
    fn update(&mut self) {
        if self.clock.pos_edge() && self.write_enable.val() {
            self._cells[self.write_address.val().index()] = self.write.val();
        }
        self.read.next = self._cells[self.read_address.val().index()];
    }

    fn connect(&mut self) {
        self.read.connect();
    }

    fn hdl(&self) -> Verilog {
        let (msb, last, depth) = (WIDTH - 1, (1 << ADDRESS_W) - 1, 1 << ADDRESS_W);
        Verilog::Custom(format!(
            "reg [{msb}:0] cells [0:{last}];\n\
             integer i;\n\
             initial begin\n\
             \x20   for (i = 0; i < {depth}; i = i + 1)\n\
             \x20       cells[i] = {WIDTH}'d0;\n\
             end\n\
             \n\
             always @(posedge clock) begin\n\
             \x20   if (write_enable)\n\
             \x20       cells[write_address] <= write;\n\
             end\n\
             \n\
             assign read = cells[read_address];\n"
        ))
    }

    describe!("Memory of `2^ADDRESS_W` words of `WIDTH` bits, at most 32, read without a clock.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosim::Random;
    use crate::testbench::Bench;

    #[test]
    fn reads_what_was_written_before_the_edge_and_matches_its_verilog() {
        let mut bench = Bench::recording(LutRam::<17, 4>::default());
        let mut random = Random::new(5);
        let mut cells = [0_u64; 16];
        let mut collisions = 0;
        for _ in 0..2_000 {
            let (enable, write, read) = (random.bits(1) == 0, random.bits(4), random.bits(4));
            let word = random.bits(17);
            bench.block.write_enable.next = enable;
            bench.block.write_address.next = write.into();
            bench.block.write.next = word.into();
            bench.block.read_address.next = read.into();
            bench.settle();
            assert_eq!(
                u64::from(bench.block.read.val().to_u32()),
                cells[read as usize]
            );
            collisions += u32::from(enable && write == read);
            bench.clock();
            if enable {
                cells[write as usize] = word;
            }
        }
        assert!(collisions > 0);
        bench.replay();
    }
}
