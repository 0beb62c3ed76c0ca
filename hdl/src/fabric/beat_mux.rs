//! Brings the head of the selected queue to the egress.
//!
//! ```text
//!               +---------+
//!   heads ----->|         |
//!               |   mux   |---> beat
//!   select ---->|         |
//!               +---------+
//! ```
//!
//! Combinational. A tree of two-way choices, the last two levels of which are one ECP5 slice: two LUT4 and the `PFUMX`
//! between them choose one of four, where Yosys 0.70 spends a four-LUT `L6MUX21` (measured: 288 instead of 144 LUT4 for
//! 72 bits). That is why the `ecp5` twin names the cell.

use std::fmt::Write as _;

use crate::ecp5;
use crate::fabric::beat::{BeatSink, BeatSource};
use crate::prelude::*;
use crate::target::Target;

/// Chooses one of `PORTS` beats by `select`, `INDEX_W = ceil(log2(PORTS))` bits.
#[derive(LogicBlock)]
pub struct BeatMux<const PORTS: usize, const INDEX_W: usize, const WORDS: usize> {
    // Ingress.
    /// The beats to choose from.
    pub head: [BeatSink<WORDS>; PORTS],
    /// Which one.
    pub select: Signal<In, Bits<INDEX_W>>,

    // Egress.
    /// The beat chosen.
    pub beat: BeatSource<WORDS>,

    // State.
    _target: Target,
}

impl<const PORTS: usize, const INDEX_W: usize, const WORDS: usize> BeatMux<PORTS, INDEX_W, WORDS> {
    /// A multiplexer whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        const {
            assert!(
                PORTS == 1 << INDEX_W,
                "PORTS must be a power of two, INDEX_W its logarithm"
            );
        };
        Self {
            head: std::array::from_fn(|_| BeatSink::default()),
            select: Signal::default(),
            beat: BeatSource::default(),
            _target: target,
        }
    }

    /// The tree, lowest select bit first; level 0 are the heads.
    fn tree(&self) -> String {
        let msb = 32 * WORDS + 7;
        let mut text = String::new();
        for port in 0..PORTS {
            let words: Vec<String> = (0..WORDS)
                .rev()
                .map(|word| format!("head_{port}_data_{word}"))
                .collect();
            let _ = writeln!(
                text,
                "wire [{msb}:0] level_0_{port} = {{head_{port}_side, {}}};",
                words.join(", ")
            );
        }
        for level in 0..INDEX_W {
            // One bit is a scalar, of which nothing can be selected.
            let select = match INDEX_W {
                1 => "select".to_owned(),
                _ => format!("select[{level}]"),
            };
            for pair in 0..PORTS >> (level + 1) {
                let (low, high) = (
                    format!("level_{level}_{}", 2 * pair),
                    format!("level_{level}_{}", 2 * pair + 1),
                );
                let chosen = format!("level_{}_{pair}", level + 1);
                let slice = level == 1 && self._target == Target::Ecp5;
                let _ = if slice {
                    writeln!(
                        text,
                        "wire [{msb}:0] {chosen};\n\
                         genvar bit_{pair};\n\
                         generate\n\
                         \x20   for (bit_{pair} = 0; bit_{pair} <= {msb}; bit_{pair} = bit_{pair} + 1) begin : slice_{pair}\n\
                         \x20       PFUMX mux (\n\
                         \x20           .BLUT ({low}[bit_{pair}]),\n\
                         \x20           .ALUT ({high}[bit_{pair}]),\n\
                         \x20           .C0   ({select}),\n\
                         \x20           .Z    ({chosen}[bit_{pair}])\n\
                         \x20       );\n\
                         \x20   end\n\
                         endgenerate"
                    )
                } else {
                    writeln!(text, "wire [{msb}:0] {chosen} = {select} ? {high} : {low};")
                };
            }
        }
        let words: Vec<String> = (0..WORDS)
            .rev()
            .map(|word| format!("beat_data_{word}"))
            .collect();
        let _ = writeln!(
            text,
            "assign {{beat_side, {}}} = level_{INDEX_W}_0;",
            words.join(", ")
        );
        text
    }
}

impl<const PORTS: usize, const INDEX_W: usize, const WORDS: usize> Logic
    for BeatMux<PORTS, INDEX_W, WORDS>
{
    fn update(&mut self) {
        let chosen = &self.head[self.select.val().index()];
        for word in 0..WORDS {
            self.beat.data[word].next = chosen.data[word].val();
        }
        self.beat.side.next = chosen.side.val();
    }

    fn connect(&mut self) {
        for word in &mut self.beat.data {
            word.connect();
        }
        self.beat.side.connect();
    }

    fn hdl(&self) -> Verilog {
        let code = self.tree();
        let cores = if code.contains("PFUMX") {
            ecp5::PFUMX.into()
        } else {
            String::new()
        };
        Verilog::Wrapper(Wrapper { code, cores })
    }

    describe!("Chooses one of `PORTS` beats by `select`, `INDEX_W = ceil(log2(PORTS))` bits.");
}
