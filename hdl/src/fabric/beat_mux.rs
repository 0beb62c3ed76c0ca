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
//! Combinational. A tree of two-way choices, the first two levels of which are one ECP5 slice: two LUT4 and the `PFUMX`
//! between them choose one of four, where Yosys 0.70 spends a four-LUT `L6MUX21` (measured: 288 instead of 144 LUT4 for
//! 72 bits). That is why the `ecp5` twin names both cells: a `PFUMX` can be reached through a LUT4 only, and Yosys leaves
//! one out where it finds that a bit does not matter.

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
                let sliced = self._target == Target::Ecp5 && INDEX_W > 1 && level < 2;
                if !sliced {
                    let _ = writeln!(text, "wire [{msb}:0] {chosen} = {select} ? {high} : {low};");
                    continue;
                }
                let bit = format!("bit_{}_{pair}", level + 1);
                let cell = if level == 0 {
                    format!(
                        "LUT4 #(.INIT(16'hcaca)) lut (\n\
                         \x20           .A ({low}[{bit}]),\n\
                         \x20           .B ({high}[{bit}]),\n\
                         \x20           .C ({select}),\n\
                         \x20           .D (1'b0),\n\
                         \x20           .Z ({chosen}[{bit}])\n"
                    )
                } else {
                    format!(
                        "PFUMX mux (\n\
                         \x20           .BLUT ({low}[{bit}]),\n\
                         \x20           .ALUT ({high}[{bit}]),\n\
                         \x20           .C0   ({select}),\n\
                         \x20           .Z    ({chosen}[{bit}])\n"
                    )
                };
                let _ = writeln!(
                    text,
                    "wire [{msb}:0] {chosen};\n\
                     genvar {bit};\n\
                     generate\n\
                     \x20   for ({bit} = 0; {bit} <= {msb}; {bit} = {bit} + 1) begin : slice_{}_{pair}\n\
                     \x20       {cell}\
                     \x20       );\n\
                     \x20   end\n\
                     endgenerate",
                    level + 1
                );
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
            format!("{}\n{}", ecp5::LUT4, ecp5::PFUMX)
        } else {
            String::new()
        };
        Verilog::Wrapper(Wrapper { code, cores })
    }

    describe!("Chooses one of `PORTS` beats by `select`, `INDEX_W = ceil(log2(PORTS))` bits.");
}
