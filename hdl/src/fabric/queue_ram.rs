//! The block RAM of one queue: a write port, a read port, and the RAM's own output register as the head of the queue.
//!
//! ```text
//!                 +------------------------------------+
//!   write ------->| cells[2^DEPTH_W] --> core --> head |---> read
//!                 |        ^ read_enable    ^          |
//!                 |   read_address     output_enable   |
//!                 +------------------------------------+
//! ```
//!
//! Capacity: `2^DEPTH_W` beats of `32 x WORDS + 8` bits. Latency: 2 cycles from `read_address` to `read`, one to the
//! memory's core, one to its output register, each with its own enable. Throughput: one write and one read per cycle.
//! Reading the address that is being written gives the old word. There is no reset: what is valid is known outside.
//!
//! ECP5 block RAM without its output register needs 5.83 ns from clock to output, with it 0.96 ns (nextpnr 0.11.1, speed
//! grade 6), which is why the head of a queue is that register and why the `ecp5` twin instantiates it.

use crate::ecp5;
use crate::fabric::beat::{BeatSink, BeatSource};
use crate::prelude::*;
use crate::target::Target;

/// Bits beside a beat's data: see [`crate::fabric::beat`].
const SIDE_W: usize = 8;

/// Block RAM of one queue, `2^DEPTH_W` beats, its output register the head of the queue.
#[derive(LogicBlock)]
pub struct QueueRam<const WORDS: usize, const DEPTH_W: usize> {
    // Clock and reset.
    /// Clocks both ports.
    pub clock: Signal<In, Clock>,

    // Ingress.
    /// Writes `write` at `write_address`.
    pub write_enable: Signal<In, Bit>,
    /// Where to write.
    pub write_address: Signal<In, Bits<DEPTH_W>>,
    /// The beat to write.
    pub write: BeatSink<WORDS>,

    // Egress.
    /// Loads the core from `read_address`.
    pub read_enable: Signal<In, Bit>,
    /// Where to read.
    pub read_address: Signal<In, Bits<DEPTH_W>>,
    /// Loads the output register from the core.
    pub output_enable: Signal<In, Bit>,
    /// The output register.
    pub read: BeatSource<WORDS>,

    // State.
    _cells: Vec<Cell<WORDS>>,
    _core: Cell<WORDS>,
    _target: Target,
}

/// One stored beat.
#[derive(Clone, Copy, Debug)]
struct Cell<const WORDS: usize> {
    data: [Bits<32>; WORDS],
    side: Bits<8>,
}

impl<const WORDS: usize> Default for Cell<WORDS> {
    fn default() -> Self {
        Self {
            data: [0.into(); WORDS],
            side: 0.into(),
        }
    }
}

impl<const WORDS: usize, const DEPTH_W: usize> QueueRam<WORDS, DEPTH_W> {
    /// Bits of a beat.
    const WIDTH: usize = 32 * WORDS + SIDE_W;

    /// An empty memory whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            clock: Signal::default(),
            write_enable: Signal::default(),
            write_address: Signal::default(),
            write: BeatSink::default(),
            read_enable: Signal::default(),
            read_address: Signal::default(),
            output_enable: Signal::default(),
            read: BeatSource::default(),
            _cells: vec![Cell::default(); 1 << DEPTH_W],
            _core: Cell::default(),
            _target: target,
        }
    }

    /// The beat as one vector, `tdata` lowest.
    fn joined(direction: &str) -> String {
        let words: Vec<String> = (0..WORDS)
            .rev()
            .map(|word| format!("{direction}_data_{word}"))
            .collect();
        format!("{direction}_side, {}", words.join(", "))
    }

    /// Any tool's memory: registers that the tool maps to block RAM. A read never hits the address being written while
    /// its word counts, so `no_rw_check` spares the logic that would settle such a collision.
    fn portable() -> String {
        let width = Self::WIDTH;
        let depth = 1 << DEPTH_W;
        format!(
            "(* no_rw_check *)\n\
             reg [{msb}:0] cells [0:{last}];\n\
             reg [{msb}:0] core;\n\
             reg [{msb}:0] head;\n\
             integer i;\n\
             initial begin\n\
             \x20   core = {width}'d0;\n\
             \x20   head = {width}'d0;\n\
             \x20   for (i = 0; i < {depth}; i = i + 1)\n\
             \x20       cells[i] = {width}'d0;\n\
             end\n\
             \n\
             always @(posedge clock) begin\n\
             \x20   if (write_enable)\n\
             \x20       cells[write_address] <= {{{write}}};\n\
             \x20   if (read_enable)\n\
             \x20       core <= cells[read_address];\n\
             \x20   if (output_enable)\n\
             \x20       head <= core;\n\
             end\n\
             \n\
             assign {{{read}}} = head;\n",
            msb = width - 1,
            last = depth - 1,
            write = Self::joined("write"),
            read = Self::joined("read"),
        )
    }
}

impl<const WORDS: usize, const DEPTH_W: usize> Logic for QueueRam<WORDS, DEPTH_W> {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        if self.output_enable.val() {
            for word in 0..WORDS {
                self.read.data[word].next = self._core.data[word];
            }
            self.read.side.next = self._core.side;
        }
        if self.read_enable.val() {
            self._core = self._cells[self.read_address.val().index()];
        }
        if self.write_enable.val() {
            self._cells[self.write_address.val().index()] = Cell {
                data: std::array::from_fn(|word| self.write.data[word].val()),
                side: self.write.side.val(),
            };
        }
    }

    fn connect(&mut self) {
        for word in &mut self.read.data {
            word.connect();
        }
        self.read.side.connect();
    }

    fn hdl(&self) -> Verilog {
        match self._target {
            Target::Ecp5 => ecp5::block_ram(
                DEPTH_W,
                Self::WIDTH,
                &Self::joined("write"),
                &Self::joined("read"),
            ),
            Target::Generic | Target::Ice40 => Verilog::Custom(Self::portable()),
        }
    }

    describe!(
        "Block RAM of one queue, `2^DEPTH_W` beats, its output register the head of the queue."
    );
}
