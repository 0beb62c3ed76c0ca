//! One way of the MAC table: the only block of the table that is memory.
//!
//! ```text
//!  write_enable, write_address, write_low/high/flags --->+----------+
//!                                                        | TableRam |---> read_low/high/flags
//!  read_address, read_enable, output_enable ------------>|          |
//!                                                        +----------+
//! ```
//!
//! Capacity: `2^INDEX_W` entries of 72 bits, all zero at power-up. Latency: 2 cycles from `read_address` to `read_*`: the
//! core latch takes the entry at an edge with `read_enable`, the output register takes the core latch at an edge with
//! `output_enable`. An entry that is read at the edge at which it is written is read as it was before. There is no
//! reset: the table clears itself. The table makes no use of such a read: it never makes one for a learn, and ignores it for
//! a lookup (see [`ReadCollision`](super::ReadCollision)), so a memory that leaves it open will do.
//!
//! Up to 512 entries are two ECP5 `DP16KD` of 512 x 36, low word and low flags in the one, high word and high flags in the
//! other, their output registers on: the `ecp5` twin. The `ice40` twin keeps in block RAM what is wide, the address.

use crate::ecp5;
use crate::prelude::*;
use crate::target::Target;

/// Bits of an entry.
const WIDTH: usize = 72;

/// An entry as it is written: low word and flags in the lower half, high word and flags in the upper one.
const WRITE: &str = "write_flags[7:4], write_high, write_flags[3:0], write_low";

/// An entry as it is read.
const READ: &str = "read_flags[7:4], read_high, read_flags[3:0], read_low";

/// Memory of one way of the MAC table: one write port, one read port of two stages.
#[derive(LogicBlock)]
pub struct TableRam<const INDEX_W: usize> {
    // Clock.
    /// Clocks both ports.
    pub clock: Signal<In, Clock>,

    // Write port.
    /// Writes at the next edge.
    pub write_enable: Signal<In, Bit>,
    /// The entry to write.
    pub write_address: Signal<In, Bits<INDEX_W>>,
    /// Its low word.
    pub write_low: Signal<In, Bits<32>>,
    /// Its high word.
    pub write_high: Signal<In, Bits<32>>,
    /// Its flags.
    pub write_flags: Signal<In, Bits<8>>,

    // Read port.
    /// The entry to read.
    pub read_address: Signal<In, Bits<INDEX_W>>,
    /// The core latch takes it at the next edge.
    pub read_enable: Signal<In, Bit>,
    /// The output register takes the core latch at the next edge.
    pub output_enable: Signal<In, Bit>,
    /// Output register, low word.
    pub read_low: Signal<Out, Bits<32>>,
    /// Output register, high word.
    pub read_high: Signal<Out, Bits<32>>,
    /// Output register, flags.
    pub read_flags: Signal<Out, Bits<8>>,

    // State.
    _cells: Vec<Cell>,
    _core: Cell,
    _target: Target,
}

/// One entry as it is stored.
type Cell = (Bits<32>, Bits<32>, Bits<8>);

impl<const INDEX_W: usize> TableRam<INDEX_W> {
    /// A memory of zeros whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            clock: Signal::default(),
            write_enable: Signal::default(),
            write_address: Signal::default(),
            write_low: Signal::default(),
            write_high: Signal::default(),
            write_flags: Signal::default(),
            read_address: Signal::default(),
            read_enable: Signal::default(),
            output_enable: Signal::default(),
            read_low: Signal::default(),
            read_high: Signal::default(),
            read_flags: Signal::default(),
            _cells: vec![Cell::default(); 1 << INDEX_W],
            _core: Cell::default(),
            _target: target,
        }
    }

    /// Any tool's memory: registers that the tool maps to block RAM.
    fn portable() -> String {
        format!(
            "\
reg [71:0] cells [0:{last}];
reg [71:0] core;
reg [71:0] head;
integer i;

initial begin
    for (i = 0; i <= {last}; i = i + 1)
        cells[i] = 72'd0;
    core = 72'd0;
    head = 72'd0;
end

always @(posedge clock) begin
    if (write_enable)
        cells[write_address] <= {{{WRITE}}};
    if (read_enable)
        core <= cells[read_address];
    if (output_enable)
        head <= core;
end

assign {{{READ}}} = head;
",
            last = (1 << INDEX_W) - 1
        )
    }

    /// The address in three block RAMs of 16 bits, the rest in registers: most of its bits are 0 for few ports, and a
    /// fourth RAM would not fit beside the queues. The table makes no use of a read that collides with a write:
    /// `no_rw_check`.
    fn ice40() -> String {
        format!(
            "\
(* no_rw_check *)
reg [47:0] addresses [0:{last}];
(* ram_style = \"logic\" *)
reg [23:0] others [0:{last}];
reg [47:0] address_core;
reg [23:0] other_core;
reg [71:0] head;
integer i;

initial begin
    for (i = 0; i <= {last}; i = i + 1) begin
        addresses[i] = 48'd0;
        others[i] = 24'd0;
    end
    address_core = 48'd0;
    other_core = 24'd0;
    head = 72'd0;
end

always @(posedge clock) begin
    if (write_enable) begin
        addresses[write_address] <= {{write_high[15:0], write_low}};
        others[write_address] <= {{write_flags, write_high[31:16]}};
    end
    if (read_enable) begin
        address_core <= addresses[read_address];
        other_core <= others[read_address];
    end
    if (output_enable)
        head <= {{other_core, address_core}};
end

assign {{read_flags, read_high, read_low}} = head;
",
            last = (1 << INDEX_W) - 1
        )
    }
}

#[allow(clippy::used_underscore_binding)] // the underscore keeps a field from becoming a signal
impl<const INDEX_W: usize> Logic for TableRam<INDEX_W> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            if self.output_enable.val() {
                (
                    self.read_low.next,
                    self.read_high.next,
                    self.read_flags.next,
                ) = self._core;
            }
            if self.read_enable.val() {
                self._core = self._cells[self.read_address.val().index()];
            }
            if self.write_enable.val() {
                self._cells[self.write_address.val().index()] = (
                    self.write_low.val(),
                    self.write_high.val(),
                    self.write_flags.val(),
                );
            }
        }
    }

    fn connect(&mut self) {
        self.read_low.connect();
        self.read_high.connect();
        self.read_flags.connect();
    }

    fn hdl(&self) -> Verilog {
        match self._target {
            Target::Ecp5 => ecp5::block_ram(INDEX_W, WIDTH, WRITE, READ),
            Target::Generic => Verilog::Custom(Self::portable()),
            Target::Ice40 => Verilog::Custom(Self::ice40()),
        }
    }

    describe!("Memory of one way of the MAC table: one write port, one read port of two stages.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosim;

    /// One cycle: writes `write`, reads `read`, with the two enables of the read port.
    fn cycle(ram: &mut TableRam<3>, write: Option<(u64, u64)>, read: u64, enables: [bool; 2]) {
        ram.write_enable.next = write.is_some();
        let (address, value) = write.unwrap_or_default();
        ram.write_address.next = address.into();
        ram.write_low.next = value.into();
        ram.write_high.next = (value + 1).into();
        ram.write_flags.next = (value + 2).into();
        ram.read_address.next = read.into();
        [ram.read_enable.next, ram.output_enable.next] = enables;
        for clk in [true, false] {
            ram.clock.next = Clock { clk };
            cosim::settle(ram).expect("a memory settles");
        }
    }

    #[test]
    fn reads_in_two_stages_that_hold_and_old_data_while_writing() {
        let mut ram = TableRam::<3>::new(Target::Generic);
        ram.connect_all();
        cycle(&mut ram, Some((5, 40)), 5, [true, true]);
        cycle(&mut ram, Some((5, 80)), 5, [true, true]);
        assert_eq!(
            ram.read_low.val(),
            0,
            "zero at power-up, old data while written"
        );
        cycle(&mut ram, None, 5, [true, true]);
        assert_eq!(ram.read_low.val(), 40, "old data while overwritten");
        assert_eq!(
            (ram.read_high.val().to_u32(), ram.read_flags.val().to_u32()),
            (41, 42)
        );
        cycle(&mut ram, None, 0, [false, true]);
        assert_eq!(ram.read_low.val(), 80);
        cycle(&mut ram, None, 0, [true, false]);
        assert_eq!(ram.read_low.val(), 80, "the output register holds");
        cycle(&mut ram, None, 5, [true, true]);
        assert_eq!(ram.read_low.val(), 0);
    }

    #[test]
    fn the_verilog_is_the_same() {
        for target in Target::ALL {
            cosim::check!(TableRam::<4>::new(target), 2_000, 1, |ram, random| {
                ram.write_enable.next = random.bit();
                ram.write_address.next = random.bits(4).into();
                ram.write_low.next = random.bits(32).into();
                ram.write_high.next = random.bits(32).into();
                ram.write_flags.next = random.bits(8).into();
                ram.read_address.next = random.bits(4).into();
                ram.read_enable.next = !random.one_in(3);
                ram.output_enable.next = !random.one_in(3);
            });
        }
    }
}
