//! The models against a naive reference: `DP16KD` as a heap of bits, in every pair of widths and every mode.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::struct_excessive_bools,
    reason = "a test; pins"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{DP16KD, PFUMX};
use crate::cosim::{self, CosimError, Random, Trace};
use crate::export::{Design, Module, PinPart, TopPin};

const SEED: u64 = 1;
const CYCLES: usize = 20_000;
const WIDTHS: [usize; 5] = [1, 2, 4, 9, 18];
const WRITE_MODES: [&str; 3] = ["NORMAL", "WRITETHROUGH", "READBEFOREWRITE"];
const CODES: [u32; 2] = [0b000, 0b101];

/// How one port of a RAM is set up.
#[derive(Clone, Copy, Debug)]
struct Port {
    width: usize,
    write_mode: &'static str,
    has_register: bool,
    code: u32,
}

/// How one RAM is set up: ports A and B, and the resets.
#[derive(Clone, Copy, Debug)]
struct Setup {
    port: [Port; 2],
    is_async: bool,
    is_release_async: bool,
}

/// Every pair of widths; modes take turns so that each port sees each of them at each width.
fn setups() -> Vec<Setup> {
    let narrow = WIDTHS.iter().flat_map(|a| WIDTHS.map(|b| (*a, b)));
    let wide = WIDTHS.into_iter().chain([36]).map(|b| (36, b));
    // A second round, so that 36 bits meet both kinds of register and reset.
    let pairs: Vec<(usize, usize)> = narrow.chain(wide.clone()).chain(wide).collect();
    let port = |number: usize, width, shift: usize| Port {
        width,
        write_mode: WRITE_MODES[(number / shift + number) % 3],
        has_register: !(number + shift).is_multiple_of(3),
        code: CODES[(number / 2 + shift) % 2],
    };
    pairs
        .into_iter()
        .enumerate()
        .map(|(number, (a, b))| Setup {
            port: [port(number, a, 5), port(number, b, 1)],
            is_async: number % 4 == 3,
            is_release_async: number % 8 == 3,
        })
        .collect()
}

/// The pins of one port in one cycle.
#[allow(clippy::struct_excessive_bools, reason = "each is a pin")]
#[derive(Clone, Copy, Debug, Default)]
struct Pins {
    data: u32,
    address: u32,
    enable: bool,
    write: bool,
    register_enable: bool,
    reset: bool,
    select: u32,
}

/// A RAM as a heap of bits.
struct Ram {
    setup: Setup,
    bits: Vec<bool>,
    latch: [u64; 2],
    register: [u64; 2],
    /// The register is still held after an asynchronous reset.
    held: [bool; 2],
}

fn ones(count: usize) -> u64 {
    (1 << count) - 1
}

impl Ram {
    fn new(setup: Setup) -> Self {
        Self {
            setup,
            bits: vec![false; 512 * 36],
            latch: [0; 2],
            register: [0; 2],
            held: [false; 2],
        }
    }

    /// Where `address` begins: words one after the other, and every ninth bit left out by a port below 9 bits.
    fn place(width: usize, pin: u32) -> usize {
        let pins = pin as usize;
        match width {
            1 => pins + pins / 8,
            2 => pins / 2 * 2 + pins / 2 / 4,
            4 => pins / 4 * 4 + pins / 4 / 2,
            9 => pins / 8 * 9,
            18 => pins / 16 * 18,
            _ => pins / 32 * 36,
        }
    }

    /// Which bits of a port's word are written: all, or those of the enabled bytes.
    fn enabled(width: usize, address: u32) -> u64 {
        if width < 18 {
            return ones(width);
        }
        (0..width / 9)
            .filter(|byte| address >> byte & 1 == 1)
            .map(|byte| ones(9) << (9 * byte))
            .sum()
    }

    fn read(&self, at: usize, width: usize) -> u64 {
        (0..width)
            .map(|bit| u64::from(self.bits[at + bit]) << bit)
            .sum()
    }

    /// An asynchronous reset acts before the outputs are looked at.
    fn settle(&mut self, pins: &[Pins; 2]) {
        for (side, pins) in pins.iter().enumerate() {
            if self.setup.is_async && pins.reset {
                self.latch[side] = 0;
                self.register[side] = 0;
                self.held[side] = !self.setup.is_release_async;
            }
        }
    }

    /// `DOA` and `DOB`.
    fn outputs(&self) -> [u64; 2] {
        let [a, b] = self.setup.port;
        let shown = |port: Port, side: usize| {
            if port.has_register {
                self.register[side]
            } else {
                self.latch[side]
            }
        };
        if b.width == 36 {
            return [shown(a, 1) & ones(18), shown(b, 1) >> 18];
        }
        [shown(a, 0), shown(b, 1)]
    }

    /// One clock edge, the same for both ports; what was written on the way.
    fn edge(&mut self, pins: &[Pins; 2]) {
        // Both ports read before either writes.
        let stored = [0, 1].map(|side| {
            let width = self.setup.port[side].width;
            self.read(Self::place(width, pins[side].address), width)
        });
        for side in 0..2 {
            let (port, pins, other) = (self.setup.port[side], pins[side], pins[1 - side]);
            let is_sync_reset = pins.reset && !self.setup.is_async;
            // The register takes the latch as it was.
            if self.held[side] {
                self.register[side] = 0;
                self.held[side] = pins.reset;
            } else if pins.register_enable {
                self.register[side] = if pins.reset { 0 } else { self.latch[side] };
            }
            let is_writer = side == 0 || self.setup.port[0].width != 36;
            let at = Self::place(port.width, pins.address);
            let acts = pins.enable && pins.select == port.code;
            // In 36 bits, A has the B data pins above its own.
            let word = if port.width == 36 {
                u64::from(pins.data) | u64::from(other.data) << 18
            } else {
                u64::from(pins.data)
            };
            let mask = Self::enabled(port.width, pins.address);
            if acts && pins.write && is_writer && !is_sync_reset {
                for bit in (0..port.width).filter(|bit| mask >> bit & 1 == 1) {
                    self.bits[at + bit] = word >> bit & 1 == 1;
                }
            }
            if pins.reset {
                self.latch[side] = 0;
            } else if acts && !(side == 0 && port.width == 36) {
                self.latch[side] = match (pins.write, port.write_mode) {
                    (false, _) | (true, "READBEFOREWRITE") => stored[side],
                    (true, "WRITETHROUGH") => (self.latch[side] & !mask) | (word & mask),
                    _ => self.latch[side],
                };
            }
        }
    }
}

/// A top with one `DP16KD` for each setup, all on the same pins.
fn design(setups: &[Setup]) -> Design {
    let mut pins = Vec::new();
    let mut ports = vec!["input wire clk".to_owned()];
    let mut pin = |name: &str, width: usize, is_input: bool| {
        pins.push(TopPin {
            name: name.into(),
            is_input,
            is_clock: name == "clk",
            parts: vec![PinPart {
                field: name.into(),
                width,
            }],
        });
        let direction = if is_input { "input" } else { "output" };
        if name != "clk" {
            ports.push(format!("{direction} wire [{}:0] {name}", width - 1));
        }
    };
    pin("clk", 1, true);
    for side in ["a", "b"] {
        for (name, width) in [("data", 18), ("address", 14), ("control", 7)] {
            pin(&format!("{name}_{side}"), width, true);
        }
    }
    let mut body = String::new();
    for (number, setup) in setups.iter().enumerate() {
        let mut settings = Vec::new();
        let mut nets = Vec::new();
        for ((port, upper), lower) in setup.port.iter().zip(["A", "B"]).zip(["a", "b"]) {
            pin(&format!("out_{lower}_{number}"), 18, false);
            let register = if port.has_register { "OUTREG" } else { "NOREG" };
            settings.push(format!(
                ".DATA_WIDTH_{upper}({}), .WRITEMODE_{upper}(\"{}\"), .REGMODE_{upper}(\"{register}\"), \
                 .CSDECODE_{upper}(\"0b{:03b}\")",
                port.width, port.write_mode, port.code
            ));
            let single = ["CE", "WE", "OCE", "RST", "CS"];
            for (bit, name) in single.into_iter().take(4).enumerate() {
                nets.push(format!(".{name}{upper}(control_{lower}[{bit}])"));
            }
            nets.push(format!(".CLK{upper}(clk)"));
            for bit in 0..3 {
                nets.push(format!(".CS{upper}{bit}(control_{lower}[{}])", 4 + bit));
            }
            for bit in 0..14 {
                nets.push(format!(".AD{upper}{bit}(address_{lower}[{bit}])"));
            }
            for bit in 0..18 {
                nets.push(format!(".DI{upper}{bit}(data_{lower}[{bit}])"));
                nets.push(format!(".DO{upper}{bit}(out_{lower}_{number}[{bit}])"));
            }
        }
        let reset = if setup.is_async { "ASYNC" } else { "SYNC" };
        let release = if setup.is_release_async {
            "ASYNC"
        } else {
            "SYNC"
        };
        settings.push(format!(
            ".RESETMODE(\"{reset}\"), .ASYNC_RESET_RELEASE(\"{release}\"), .GSR(\"DISABLED\")"
        ));
        let _ = writeln!(
            body,
            "DP16KD #({}) ram_{number} ({});",
            settings.join(", "),
            nets.join(", ")
        );
    }
    hand_made("block_rams", &ports, &body, pins, DP16KD)
}

/// A design of one module around vendor cells.
fn hand_made(top: &str, ports: &[String], body: &str, pins: Vec<TopPin>, cells: &str) -> Design {
    Design {
        top: top.into(),
        modules: vec![Module {
            name: top.into(),
            verilog: format!(
                "module {top} (\n{}\n);\n{body}endmodule\n",
                ports.join(",\n")
            ),
        }],
        pins,
        // One reset pin drives RAMs of both kinds of reset.
        waivers: "`verilator_config\n\
                  lint_off -file \"*_cells.v\"\n\
                  lint_off -rule SYNCASYNCNET -file \"*.v\"\n"
            .into(),
        cells: cells.into(),
    }
}

/// Pins that meet often: three rows, a reset now and then, a code that selects half of the RAMs.
fn stir(random: &mut Random) -> [Pins; 2] {
    let mut pins = [Pins::default(); 2];
    for port in &mut pins {
        *port = Pins {
            data: random.bits(18) as u32,
            address: [0, 1, 511][random.below(3) as usize] << 5 | random.bits(5) as u32,
            enable: !random.one_in(4),
            write: random.bit(),
            register_enable: !random.one_in(3),
            reset: random.one_in(40),
            select: if random.one_in(8) {
                random.bits(3) as u32
            } else {
                CODES[random.below(2) as usize]
            },
        };
    }
    // Two writes of one bit are undefined: in one row they keep to different halves.
    let half = |address: u32| address >> 4;
    let [a, b] = &mut pins;
    if a.write && half(a.address) == half(b.address) {
        b.write = false;
    }
    pins
}

/// A run of the reference on random pins.
struct Run {
    trace: Trace,
    /// Values that each output has shown.
    shown: Vec<BTreeSet<u64>>,
    clashes: u32,
    resets: u32,
}

fn record(setups: &[Setup], design: &Design) -> Run {
    let mut fields: Vec<&str> = Vec::new();
    for pin in design.pins.iter().filter(|pin| !pin.is_clock) {
        fields.push(&pin.name);
    }
    let mut trace = Trace::of(&fields);
    let mut random = Random::new(SEED);
    let mut rams: Vec<Ram> = setups.iter().map(|setup| Ram::new(*setup)).collect();
    let mut shown = vec![BTreeSet::new(); 2 * rams.len()];
    let (mut clashes, mut resets) = (0, 0);
    for _ in 0..CYCLES {
        let pins = stir(&mut random);
        let mut row = Vec::new();
        for port in &pins {
            let control = [port.enable, port.write, port.register_enable, port.reset];
            let control = control
                .iter()
                .enumerate()
                .map(|(bit, is_high)| u128::from(*is_high) << bit)
                .sum::<u128>();
            row.extend([u128::from(port.data), u128::from(port.address)]);
            row.push(control | u128::from(port.select) << 4);
        }
        clashes += u32::from(pins[0].write && pins[0].address >> 5 == pins[1].address >> 5);
        resets += u32::from(pins[0].reset) + u32::from(pins[1].reset);
        for (number, ram) in rams.iter_mut().enumerate() {
            ram.settle(&pins);
            for (side, output) in ram.outputs().into_iter().enumerate() {
                row.push(u128::from(output));
                shown[2 * number + side].insert(output);
            }
            ram.edge(&pins);
        }
        trace.push(row);
    }
    Run {
        trace,
        shown,
        clashes,
        resets,
    }
}

#[test]
fn the_block_ram_is_a_heap_of_bits_in_every_width_and_mode() {
    println!("seed {SEED}");
    let setups = setups();
    for side in 0..2 {
        let seen: BTreeSet<_> = setups
            .iter()
            .map(|setup| (setup.port[side].width, setup.port[side].write_mode))
            .collect();
        let wide = if side == 0 { 3 } else { 1 };
        assert!(
            seen.len() >= 3 * WIDTHS.len() + wide,
            "port {side} sees {seen:?}"
        );
    }
    let wide = |setup: &&Setup| setup.port[1].width == 36;
    assert!(setups
        .iter()
        .filter(wide)
        .any(|setup| setup.port[0].has_register));
    let design = design(&setups);
    let run = record(&setups, &design);
    assert!(
        run.clashes > 1_000 && run.resets > 500,
        "{} clashes, {} resets",
        run.clashes,
        run.resets
    );
    for (number, setup) in setups.iter().enumerate() {
        for side in 0..2 {
            // Port A of 36 bits only writes, unless B reads 36 bits through its pins.
            let is_dead = side == 0 && setup.port[0].width == 36 && setup.port[1].width != 36;
            let values = run.shown[2 * number + side].len();
            assert!(
                is_dead == (values == 1),
                "port {side} of {setup:?} showed {values} values"
            );
        }
    }
    cosim::lint(&design).unwrap();
    cosim::replay(&design, &run.trace).unwrap();
}

#[test]
fn a_spoiled_clash_shows() {
    if cosim::is_skipped() {
        return;
    }
    let setups = [setups()[0]];
    let mut design = design(&setups);
    let run = record(&setups, &design);
    design.cells.insert_str(0, "`define DP16KD_SPOIL_CLASHES\n");
    let error = cosim::replay(&design, &run.trace).unwrap_err();
    assert!(matches!(error, CosimError::Mismatch { .. }), "{error}");
}

#[test]
fn refuses_a_width_that_no_port_has() {
    if cosim::is_skipped() {
        return;
    }
    let mut setup = setups()[0];
    setup.port[0].width = 3;
    let error = cosim::lint(&design(&[setup])).unwrap_err().to_string();
    assert!(
        error.contains("WANTS_DATA_WIDTH_A_OF_1_2_4_9_18_OR_36"),
        "{error}"
    );
    setup.port[0].width = 18;
    setup.port[1].width = 36;
    let error = cosim::lint(&design(&[setup])).unwrap_err().to_string();
    assert!(error.contains("WANTS_DATA_WIDTH_B"), "{error}");
}

#[test]
fn the_slice_multiplexer_takes_the_upper_lut_when_its_select_is_high() {
    let names = ["a", "b", "c", "z"];
    let pins = names.map(|name| TopPin {
        name: name.into(),
        is_input: name != "z",
        is_clock: false,
        parts: vec![PinPart {
            field: name.into(),
            width: 1,
        }],
    });
    let ports = names.map(|name| {
        let direction = if name == "z" { "output" } else { "input" };
        format!("{direction} wire {name}")
    });
    let body = "PFUMX mux (.ALUT(a), .BLUT(b), .C0(c), .Z(z));\n";
    let design = hand_made("slice_mux", &ports, body, pins.to_vec(), PFUMX);
    let mut trace = Trace::of(&names);
    for value in 0..8 {
        let [a, b, c] = [0, 1, 2].map(|bit| value >> bit & 1);
        trace.push(vec![a, b, c, if c == 1 { a } else { b }]);
    }
    cosim::lint(&design).unwrap();
    cosim::replay(&design, &trace).unwrap();
}
