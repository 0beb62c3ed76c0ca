//! Undoes [`crate::fabric::keep_code`] at the egress: from what the queue kept beside a beat to `tkeep`, `tlast`, `tuser`.
//!
//! ```text
//!            +------------+
//!   side --->|            |--> tkeep tlast tuser
//!            +------------+
//! ```
//!
//! Combinational. `tkeep` is full on every beat but the last, `tuser` low.
//!
//! `side` comes late, out of a RAM, and each bit of `tkeep` is a function of three of its bits: one LUT4. Yosys 0.70 does
//! not know what is late and chains them, or makes a flip-flop's reset of one, which is a level and 0.4 ns more. That is
//! why the `ecp5` twin names the cell.

use std::fmt::Write as _;

use crate::ecp5;
use crate::fabric::beat::{SIDE_LAST, SIDE_POISON};
use crate::prelude::*;
use crate::target::Target;

/// `KEEP_W` byte enables and the marks of a beat from its `side` bits.
#[derive(LogicBlock)]
pub struct KeepUnpack<const KEEP_W: usize> {
    // Ingress.
    /// What the queue kept: see [`crate::fabric::beat`].
    pub side: Signal<In, Bits<8>>,

    // Egress.
    /// Byte enables.
    pub tkeep: Signal<Out, Bits<KEEP_W>>,
    /// The frame's last beat.
    pub tlast: Signal<Out, Bit>,
    /// It is poisoned.
    pub tuser: Signal<Out, Bit>,

    // State.
    _target: Target,
}

impl<const KEEP_W: usize> KeepUnpack<KEEP_W> {
    /// A decoder whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        const { assert!(KEEP_W == 4 || KEEP_W == 8, "KEEP_W must be 4 or 8") };
        Self {
            side: Signal::default(),
            tkeep: Signal::default(),
            tlast: Signal::default(),
            tuser: Signal::default(),
            _target: target,
        }
    }

    /// Whether a beat has byte `byte`, its bytes less one being `gray` in Gray code.
    const fn has_byte(byte: u32, gray: u32) -> bool {
        (gray ^ gray >> 1 ^ gray >> 2) >= byte
    }

    /// The truth table of `tkeep` bit `byte`, bit `gray` of it for that code.
    fn table(byte: usize) -> u32 {
        (0..8)
            .filter(|gray| Self::has_byte(byte as u32, *gray))
            .fold(0, |table, gray| table | 1 << gray)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for byte in 0..KEEP_W {
            let table = Self::table(byte);
            let _ = if self._target == Target::Ecp5 {
                writeln!(
                    text,
                    "LUT4 #(.INIT(16'h{table:02x}{table:02x})) keep_{byte} (\n\
                     \x20   .A(side[2]), .B(side[3]), .C(side[4]), .D(1'b0), .Z(tkeep[{byte}])\n\
                     );"
                )
            } else {
                writeln!(
                    text,
                    "wire [7:0] keep_{byte} = 8'b{table:08b};\n\
                     assign tkeep[{byte}] = keep_{byte}[side[4:2]];"
                )
            };
        }
        text.push_str(
            "assign tlast = side[0];\n\
             assign tuser = side[0] & (side[1] | (|side[7:5]));\n",
        );
        text
    }
}

impl<const KEEP_W: usize> Logic for KeepUnpack<KEEP_W> {
    fn update(&mut self) {
        let side = self.side.val().to_u32();
        let tkeep = (0..KEEP_W as u32)
            .filter(|byte| Self::has_byte(*byte, side >> 2 & 7))
            .fold(0_u64, |tkeep, byte| tkeep | 1 << byte);
        self.tkeep.next = tkeep.into();
        self.tlast.next = side & SIDE_LAST != 0;
        self.tuser.next = side & SIDE_LAST != 0 && side & SIDE_POISON != 0;
    }

    fn connect(&mut self) {
        self.tkeep.connect();
        self.tlast.connect();
        self.tuser.connect();
    }

    fn hdl(&self) -> Verilog {
        let cores = match self._target {
            Target::Ecp5 => ecp5::LUT4.into(),
            Target::Generic | Target::Ice40 => String::new(),
        };
        Verilog::Wrapper(Wrapper {
            code: self.text(),
            cores,
        })
    }

    describe!("`KEEP_W` byte enables and the marks of a beat from its `side` bits.");
}
