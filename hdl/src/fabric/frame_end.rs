//! Tells when an egress moves on: its frame's last beat leaves, or there is nothing to wait for.
//!
//! ```text
//!              +-------------+
//!   active --->|             |--> advance
//!   last ----->|  last beat  |
//!   tready --->|   leaves    |--> refill
//!   idle ----->|             |
//!   open ----->|             |
//!              +-------------+
//! ```
//!
//! Combinational. The `last` marks come late, out of the RAMs, so they are combined two by two with who is active, and
//! everything else is known earlier: at four ports there are two LUT4 between a RAM and an enable. Yosys 0.70 does not
//! know what is late and makes it three or four, which is why the `ecp5` twin names the cell.

use std::fmt::Write as _;

use crate::ecp5;
use crate::prelude::*;
use crate::target::Target;

/// Says when one egress of `PORTS` moves on.
#[derive(LogicBlock)]
pub struct FrameEnd<const PORTS: usize> {
    // Ingress.
    /// The queue whose frame is on its way, one-hot, or none.
    pub active: Signal<In, Bits<PORTS>>,
    /// Queues whose head, or what it held before, is a last beat.
    pub last: Signal<In, Bits<PORTS>>,
    /// The egress takes a beat.
    pub tready: Signal<In, Bit>,
    /// No frame is on its way.
    pub idle: Signal<In, Bit>,
    /// There is room for the choice of a further frame.
    pub open: Signal<In, Bit>,

    // Egress.
    /// The last beat leaves, or `idle`.
    pub advance: Signal<Out, Bit>,
    /// The last beat leaves, or `open`.
    pub refill: Signal<Out, Bit>,

    // State.
    _target: Target,
}

impl<const PORTS: usize> FrameEnd<PORTS> {
    /// One whose Verilog is written for `target`.
    #[must_use]
    pub fn new(target: Target) -> Self {
        const {
            assert!(
                PORTS >= 2 && PORTS.is_multiple_of(2),
                "PORTS must be an even number"
            );
        };
        Self {
            active: Signal::default(),
            last: Signal::default(),
            tready: Signal::default(),
            idle: Signal::default(),
            open: Signal::default(),
            advance: Signal::default(),
            refill: Signal::default(),
            _target: target,
        }
    }

    /// Any tool: the expressions.
    fn portable() -> String {
        "wire leaves = (|(active & last)) & tready;\n\
         assign advance = idle | leaves;\n\
         assign refill = open | leaves;\n"
            .into()
    }

    /// ECP5: a LUT4 for each pair of queues, LUT4s that join them until two are left, a LUT4 for each output.
    fn ecp5() -> String {
        let mut text = String::new();
        let mut lut = |name: &str, init: u16, inputs: [&str; 4]| {
            let [a, b, c, d] = inputs;
            let _ = write!(
                text,
                "LUT4 #(.INIT(16'h{init:04x})) lut_{name} (\n\
                 \x20   .A({a}), .B({b}), .C({c}), .D({d}), .Z({name})\n\
                 );\n"
            );
        };
        let mut wires = Vec::new();
        let mut terms: Vec<String> = (0..PORTS / 2)
            .map(|pair| format!("ends_0_{pair}"))
            .collect();
        for (pair, name) in terms.iter().enumerate() {
            let bit = |what: &str, port: usize| format!("{what}[{port}]");
            let (low, high) = (2 * pair, 2 * pair + 1);
            let inputs = [
                bit("active", low),
                bit("last", low),
                bit("active", high),
                bit("last", high),
            ];
            lut(name, 0xF888, inputs.each_ref().map(String::as_str));
        }
        wires.extend(terms.clone());
        while terms.len() > 2 {
            let level = wires.len();
            let joined: Vec<String> = (0..terms.len().div_ceil(4))
                .map(|i| format!("ends_{level}_{i}"))
                .collect();
            for (name, group) in joined.iter().zip(terms.chunks(4)) {
                let input = |i: usize| group.get(i).map_or("1'b0", String::as_str);
                lut(name, 0xFFFE, [input(0), input(1), input(2), input(3)]);
            }
            wires.extend(joined.clone());
            terms = joined;
        }
        let second = terms.get(1).map_or("1'b0", String::as_str);
        lut("advance", 0xFFE0, [&terms[0], second, "tready", "idle"]);
        lut("refill", 0xFFE0, [&terms[0], second, "tready", "open"]);
        format!("wire {};\n{text}", wires.join(", "))
    }
}

impl<const PORTS: usize> Logic for FrameEnd<PORTS> {
    fn update(&mut self) {
        let leaves = (self.active.val() & self.last.val()).any() & self.tready.val();
        self.advance.next = self.idle.val() | leaves;
        self.refill.next = self.open.val() | leaves;
    }

    fn connect(&mut self) {
        self.advance.connect();
        self.refill.connect();
    }

    fn hdl(&self) -> Verilog {
        match self._target {
            Target::Ecp5 => Verilog::Wrapper(Wrapper {
                code: Self::ecp5(),
                cores: ecp5::LUT4.into(),
            }),
            Target::Generic | Target::Ice40 => Verilog::Custom(Self::portable()),
        }
    }

    describe!("Says when one egress of `PORTS` moves on.");
}
