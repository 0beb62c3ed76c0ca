//! The exported Verilog against the block: pin by pin, cycle by cycle.
//!
//! rust-hdl runs a kernel as Rust, so a passing Rust test says nothing about the Verilog. Here a block is driven
//! directly (no threads), every top-level signal is recorded in every cycle, and the exported Verilog, compiled by
//! Verilator, must give the same outputs for the same inputs.
//!
//! ```text
//!   cycle: inputs set, clock low | settle | sample every pin | clock high, settle | clock low, settle
//! ```
//!
//! One clock: the block's `clock`; a block without one is sampled after each change of its inputs.
//!
//! In a block's tests it is one line: `cosim::check!(Occupancy::<4>::default(), 2_000, 1, |block, random| { ... });`
//!
//! Without Verilator (see [`verilator`](crate::verilator)) a check says aloud that it is skipped, unless
//! `LIGHTSWITCH_REQUIRE_TOOLS=1`; then it fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use rust_hdl::prelude::{Atom, AtomKind, Block, Probe};

use crate::evaluate;
use crate::export::{self, Design, ExportError, TopPin};
use crate::tools::{self, io, ToolError};
use crate::verilator::{self, Part, Verilator};

/// Why a block and its Verilog could not be shown to be the same.
#[derive(Debug, thiserror::Error)]
pub enum CosimError {
    /// The block cannot be printed.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Two values differ.
    #[error("{top}: in cycle {cycle} pin `{pin}` is {verilog} in the Verilog and {rust} in Rust")]
    Mismatch {
        /// The top's name.
        top: String,
        /// Counted from 0.
        cycle: usize,
        /// The pin.
        pin: String,
        /// What Rust says, hexadecimal.
        rust: String,
        /// What the Verilog says, hexadecimal.
        verilog: String,
    },
    /// The block keeps changing.
    #[error("the block does not settle within {limit} evaluations: it has a combinational loop or a long chain")]
    Unsettled {
        /// How often it was evaluated.
        limit: usize,
    },
    /// A field of a pin was not recorded.
    #[error("{top}: field `{field}` was not recorded: record the block that was exported")]
    NotRecorded {
        /// The top's name.
        top: String,
        /// The field.
        field: String,
    },
    /// A field is wider than a trace takes.
    #[error("{top}: field `{field}` has {width} bits, a trace takes 128: part it into words")]
    TooWide {
        /// The top's name.
        top: String,
        /// The field.
        field: String,
        /// Its width.
        width: usize,
    },
    /// A tool is missing and required, or it failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
}

/// Evaluates `block`, which is one of this crate's, until nothing changes.
///
/// # Errors
/// [`CosimError::Unsettled`] if it never does.
pub fn settle<B: Block + ?Sized>(block: &mut B) -> Result<(), CosimError> {
    let _ = evaluate::take_unsettled();
    block.update_all();
    if evaluate::take_unsettled() {
        return Err(CosimError::Unsettled {
            limit: evaluate::SETTLE_LIMIT,
        });
    }
    Ok(())
}

/// The same pseudo-random numbers on every machine (xorshift).
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Numbers that depend on `seed` only.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        };
        for _ in 0..4 {
            random.next_u32();
        }
        random
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 32) as u32
    }

    /// `width` random bits, at most 64; what a `Bits<width>` takes.
    pub fn bits(&mut self, width: usize) -> u64 {
        let wide = (u64::from(self.next_u32()) << 32) | u64::from(self.next_u32());
        wide & (u64::MAX >> (64 - width.clamp(1, 64)))
    }

    /// A random number below `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.next_u32() % limit.max(1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    /// A random bit.
    pub fn bit(&mut self) -> bool {
        self.one_in(2)
    }
}

/// The values of every top-level signal of a block, cycle by cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    fields: BTreeMap<String, usize>,
    cycles: Vec<Vec<u128>>,
}

impl Trace {
    /// An empty trace of these fields, for what is no block.
    #[must_use]
    pub fn of(fields: &[&str]) -> Self {
        let places = fields.iter().enumerate();
        Self {
            fields: places
                .map(|(place, field)| ((*field).to_owned(), place))
                .collect(),
            cycles: Vec::new(),
        }
    }

    /// Records a cycle: the value of each field.
    pub fn push(&mut self, values: Vec<u128>) {
        self.cycles.push(values);
    }

    /// Recorded cycles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cycles.len()
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cycles.is_empty()
    }

    /// The value of `field`, as a kernel writes it (`ingress[0].tvalid`), in `cycle`.
    #[must_use]
    pub fn value(&self, cycle: usize, field: &str) -> Option<u128> {
        self.cycles
            .get(cycle)?
            .get(*self.fields.get(field)?)
            .copied()
    }
}

/// Records a block's signals while it is driven.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    trace: Trace,
}

impl Recorder {
    /// Nothing recorded yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One clock cycle: the caller has set the inputs; `set_clock` sets the block's clock.
    ///
    /// # Errors
    /// [`CosimError::Unsettled`] if the block has no stable state.
    pub fn cycle<B: Block + ?Sized>(
        &mut self,
        block: &mut B,
        mut set_clock: impl FnMut(&mut B, bool),
    ) -> Result<(), CosimError> {
        set_clock(block, false);
        settle(block)?;
        self.sample(block);
        for level in [true, false] {
            set_clock(block, level);
            settle(block)?;
        }
        Ok(())
    }

    /// Records every top-level signal as it is now.
    pub fn sample<B: Block + ?Sized>(&mut self, block: &B) {
        let mut sampler = Sampler {
            depth: 0,
            names: Vec::new(),
            fields: Vec::new(),
            values: Vec::new(),
            want: false,
        };
        sampler.want = self.trace.fields.is_empty();
        block.accept("top", &mut sampler);
        if sampler.want {
            self.trace.fields = sampler
                .fields
                .into_iter()
                .enumerate()
                .map(|(place, name)| (name, place))
                .collect();
        }
        self.trace.cycles.push(sampler.values);
    }

    /// The value of `field` in the last recorded cycle.
    #[must_use]
    pub fn last(&self, field: &str) -> Option<u128> {
        self.trace.value(self.trace.len().checked_sub(1)?, field)
    }

    /// What was recorded.
    #[must_use]
    pub fn finish(self) -> Trace {
        self.trace
    }
}

/// Reads the signals of the outermost block.
struct Sampler {
    depth: usize,
    names: Vec<String>,
    fields: Vec<String>,
    values: Vec<u128>,
    /// Names are wanted too.
    want: bool,
}

impl Probe for Sampler {
    fn visit_start_scope(&mut self, _name: &str, _node: &dyn Block) {
        self.depth += 1;
    }

    fn visit_start_namespace(&mut self, name: &str, _node: &dyn Block) {
        if self.depth == 1 && self.want {
            self.names.push(name.to_owned());
        }
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        let is_port = matches!(
            signal.kind(),
            AtomKind::InputParameter | AtomKind::OutputParameter
        );
        if self.depth == 1 && is_port {
            if self.want {
                let key = self
                    .names
                    .iter()
                    .map(String::as_str)
                    .chain([name])
                    .collect::<Vec<_>>()
                    .join("$");
                self.fields.push(export::field_path(&key));
            }
            self.values
                .push(export::atom_value(signal).unwrap_or_default());
        }
    }

    fn visit_end_namespace(&mut self, _name: &str, _node: &dyn Block) {
        if self.depth == 1 && self.want {
            self.names.pop();
        }
    }

    fn visit_end_scope(&mut self, _name: &str, _node: &dyn Block) {
        self.depth -= 1;
    }
}

/// Finds Verilator; `None` if there is none and none is asked for.
fn verilator() -> Result<Option<Verilator>, CosimError> {
    unless_skipped(Verilator::find(), tools::are_required())
}

/// A missing tool is an error only where it is required.
fn unless_skipped<T>(
    found: Result<T, ToolError>,
    is_required: bool,
) -> Result<Option<T>, CosimError> {
    match found {
        Err(ToolError::Missing { .. }) if !is_required => Ok(None),
        found => Ok(Some(found?)),
    }
}

/// Whether checks are skipped because there is no Verilator.
#[must_use]
pub fn is_skipped() -> bool {
    matches!(verilator(), Ok(None))
}

/// Says that a check did not run. Tests show it with `--nocapture`, and the tools are required in CI.
#[allow(clippy::print_stderr)] // a skipped check must be heard
fn skipped(name: &str) {
    eprintln!("SKIPPED {name}: verilator not found, run scripts/setup");
}

/// Runs `verilator --lint-only -Wall` over a design with its waivers; any warning is an error.
///
/// # Errors
/// [`CosimError::Tool`] with what Verilator says.
pub fn lint(design: &Design) -> Result<(), CosimError> {
    if let Some(tool) = verilator()? {
        return lint_with(&tool, design);
    }
    skipped(&design.top);
    Ok(())
}

fn lint_with(tool: &Verilator, design: &Design) -> Result<(), CosimError> {
    let verilog = design.verilog();
    let content: [&str; 5] = [
        tool.version(),
        "lint",
        &verilog,
        &design.waivers,
        &design.cells,
    ];
    tools::prepared(&cache(), &content, &design.top, |folder| {
        design.write(folder).map_err(io(folder))?;
        Ok(tool.lint(folder, design)?)
    })
    .map(|_| ())
}

/// Builds the design's Verilog and runs it over `trace`: every output pin must be the same in every cycle.
///
/// # Errors
/// [`CosimError::Mismatch`] for the first difference, or what a tool says.
pub fn replay(design: &Design, trace: &Trace) -> Result<(), CosimError> {
    replay_comparing(design, trace, Compared::Everything)
}

/// The same, but what beats carry counts only while `tvalid` is high.
///
/// # Errors
/// As [`replay`].
pub fn replay_beats(design: &Design, trace: &Trace) -> Result<(), CosimError> {
    replay_comparing(design, trace, Compared::Beats)
}

/// Which outputs must be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    /// All, in every cycle.
    Everything,
    /// All, but `*_tdata`, `*_tkeep`, `*_tlast` and `*_tuser` only while the `*_tvalid` beside them is high.
    Beats,
}

fn replay_comparing(design: &Design, trace: &Trace, compared: Compared) -> Result<(), CosimError> {
    if let Some(tool) = verilator()? {
        return replay_with(&tool, design, trace, compared);
    }
    skipped(&design.top);
    Ok(())
}

fn replay_with(
    tool: &Verilator,
    design: &Design,
    trace: &Trace,
    compared: Compared,
) -> Result<(), CosimError> {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let rows = rows(design, trace)?;
    let program = build(tool, design, compared)?;
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let input = program.with_file_name(format!("trace-{}-{run}.bin", std::process::id()));
    write(&input, &rows)?;
    let output = Command::new(&program)
        .arg(&input)
        .output()
        .map_err(io(&program))?;
    std::fs::remove_file(&input).map_err(io(&input))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if let Some(found) = said.lines().find_map(|line| mismatch(&design.top, line)) {
        return Err(found);
    }
    let output = format!("{said}{}", String::from_utf8_lossy(&output.stderr));
    Err(CosimError::Tool(ToolError::Failed {
        what: design.top.clone(),
        tool: "the simulation".into(),
        output,
    }))
}

/// `MISMATCH <cycle> <pin> <verilog> <rust>`
fn mismatch(top: &str, line: &str) -> Option<CosimError> {
    let mut words = line.strip_prefix("MISMATCH ")?.split(' ');
    Some(CosimError::Mismatch {
        top: top.into(),
        cycle: words.next()?.parse().ok()?,
        pin: words.next()?.into(),
        verilog: words.next()?.into(),
        rust: words.next()?.into(),
    })
}

/// 32-bit words of a pin.
fn words(pin: &TopPin) -> usize {
    pin.width().div_ceil(32)
}

/// The trace as the simulation reads it: for each cycle the words of every pin but the clock.
fn rows(design: &Design, trace: &Trace) -> Result<Vec<u8>, CosimError> {
    let mut places = Vec::new();
    for pin in design
        .pins
        .iter()
        .filter(|pin| !(pin.is_clock && pin.is_input))
    {
        for (number, part) in pin.parts.iter().enumerate() {
            let place = trace.fields.get(&part.field).copied();
            if part.width > 128 {
                let (top, field) = (design.top.clone(), part.field.clone());
                return Err(CosimError::TooWide {
                    top,
                    field,
                    width: part.width,
                });
            }
            let missing = || CosimError::NotRecorded {
                top: design.top.clone(),
                field: part.field.clone(),
            };
            places.push((number == 0, place.ok_or_else(missing)?, part.width));
        }
    }
    let mut bytes = Vec::new();
    let mut bits: Vec<bool> = Vec::new();
    let flush = |bits: &mut Vec<bool>, bytes: &mut Vec<u8>| {
        for word in bits.chunks(32) {
            let value = word
                .iter()
                .rev()
                .fold(0u32, |value, bit| (value << 1) | u32::from(*bit));
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        bits.clear();
    };
    for cycle in &trace.cycles {
        for (is_new, place, width) in &places {
            if *is_new {
                flush(&mut bits, &mut bytes);
            }
            bits.extend((0..*width).map(|bit| cycle[*place] >> bit & 1 == 1));
        }
        flush(&mut bits, &mut bytes);
    }
    Ok(bytes)
}

/// Where what is built is kept.
fn cache() -> PathBuf {
    tools::target_folder().join("cosim")
}

/// How the C++ is compiled: quickly, the runs are short.
const FLAGS: [&str; 3] = ["-std=gnu++17", "-O1", "-w"];

/// Builds the simulation of a design, or finds it.
fn build(tool: &Verilator, design: &Design, compared: Compared) -> Result<PathBuf, CosimError> {
    let main = harness(design, compared);
    let runtime = tool.runtime(&cache(), &FLAGS, || ())?;
    let (flags, verilog) = (FLAGS.join(" "), design.verilog());
    let content: [&str; 5] = [tool.version(), &flags, &verilog, &design.cells, &main];
    let folder = tools::prepared(&cache(), &content, &design.top, |folder| {
        design.write(folder).map_err(io(folder))?;
        let unknown = ["--x-initial", "unique", "--x-assign", "unique"];
        let generated = tool.verilate(folder, design, &design.top, &[], &unknown)?;
        let text = verilator::one_file(&generated, Part::All)? + &main;
        write(&generated.join("all.cpp"), text.as_bytes())?;
        let mut command = tool.compiler(folder, &FLAGS);
        command
            .args(["-Igenerated", "generated/all.cpp"])
            .args(&runtime);
        command.args(["-o", "simulation", "-pthread", "-lpthread"]);
        tools::run(&mut command, &design.top, "the C++ compiler")?;
        Ok::<(), CosimError>(())
    })?;
    Ok(folder.join("simulation"))
}

/// The C++ around the generated model: reads the trace, drives the inputs, compares the outputs.
fn harness(design: &Design, compared: Compared) -> String {
    let clock = design
        .pins
        .iter()
        .find(|pin| pin.is_clock && pin.is_input)
        .map(|pin| pin.name.as_str());
    let (mut drive, mut compare) = (String::new(), String::new());
    let mut word = 0;
    for pin in design
        .pins
        .iter()
        .filter(|pin| !(pin.is_clock && pin.is_input))
    {
        let (name, bits) = (&pin.name, pin.width());
        if pin.is_input {
            let _ = writeln!(drive, "        put(top->{name}, row + {word}, {bits});");
        } else {
            let condition = valid_beside(design, name)
                .filter(|_| compared == Compared::Beats)
                .map_or_else(String::new, |valid| format!("if (top->{valid}) "));
            let _ = writeln!(
                compare,
                "        {condition}same(top->{name}, row + {word}, {bits}, \"{name}\", cycle);"
            );
        }
        word += words(pin);
    }
    let tick = clock.map_or_else(String::new, |clock| {
        format!("        top->{clock} = 1;\n        top->eval();\n        top->{clock} = 0;\n        top->eval();\n")
    });
    let low = clock.map_or_else(String::new, |clock| format!("    top->{clock} = 0;\n"));
    HARNESS
        .replace("@WORDS@", &word.max(1).to_string())
        .replace("@LOW@", &low)
        .replace("@DRIVE@", &drive)
        .replace("@COMPARE@", &compare)
        .replace("@TICK@", &tick)
}

/// The `tvalid` of the stream whose beat `pin` carries.
fn valid_beside(design: &Design, pin: &str) -> Option<String> {
    let valid = ["tdata", "tkeep", "tlast", "tuser"]
        .into_iter()
        .find_map(|signal| Some(format!("{}tvalid", pin.strip_suffix(signal)?)))?;
    let is_there = design.pins.iter().any(|other| other.name == valid);
    is_there.then_some(valid)
}

const HARNESS: &str = r#"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

template <class Port> static uint32_t word(const Port& port, int n) {
    if constexpr (std::is_integral<Port>::value) {
        return static_cast<uint32_t>(static_cast<uint64_t>(port) >> (32 * n));
    } else {
        return port[n];
    }
}
template <class Port> static void put(Port& port, const uint32_t* row, int bits) {
    if constexpr (std::is_integral<Port>::value) {
        uint64_t value = row[0];
        if (bits > 32) value |= static_cast<uint64_t>(row[1]) << 32;
        port = static_cast<Port>(value);
    } else {
        for (int n = 0; n < (bits + 31) / 32; n++) port[n] = row[n];
    }
}
template <class Port>
static void same(const Port& port, const uint32_t* row, int bits, const char* pin, size_t cycle) {
    const int words = (bits + 31) / 32;
    bool equal = true;
    std::string is, wanted;
    for (int n = words - 1; n >= 0; n--) {
        char text[16];
        equal = equal && word(port, n) == row[n];
        std::snprintf(text, sizeof text, "%08x", word(port, n));
        is += text;
        std::snprintf(text, sizeof text, "%08x", row[n]);
        wanted += text;
    }
    if (!equal) {
        std::printf("MISMATCH %zu %s 0x%s 0x%s\n", cycle, pin, is.c_str(), wanted.c_str());
        std::exit(1);
    }
}
double sc_time_stamp() { return 0; }
int main(int, char** argv) {
    std::FILE* file = std::fopen(argv[1], "rb");
    if (!file) return 2;
    auto context = std::make_unique<VerilatedContext>();
    context->randReset(2);
    context->randSeed(1);
    auto top = std::make_unique<Vtop>(context.get());
    std::vector<uint32_t> data(@WORDS@);
    const uint32_t* row = data.data();
@LOW@    for (size_t cycle = 0; std::fread(data.data(), 4, data.size(), file) == data.size(); cycle++) {
@DRIVE@        top->eval();
@COMPARE@@TICK@    }
    top->final();
    return 0;
}
"#;

/// Connects `block`, exports it, lints the Verilog, drives the block for `cycles` random cycles and replays them.
/// What [`check!`](crate::cosim::check) stands for.
///
/// # Errors
/// Whatever of this fails first.
pub fn run_check<B: Block>(
    mut block: B,
    cycles: usize,
    seed: u64,
    mut set_clock: impl FnMut(&mut B, bool),
    mut stimulus: impl FnMut(&mut B, &mut Random),
) -> Result<(Design, Trace), CosimError> {
    block.connect_all();
    let name = export::module_name(&block).unwrap_or_else(|| "top".into());
    let design = export::export(&block, &name, &[])?;
    lint(&design)?;
    let mut recorder = Recorder::new();
    let mut random = Random::new(seed);
    for _ in 0..cycles {
        stimulus(&mut block, &mut random);
        recorder.cycle(&mut block, &mut set_clock)?;
    }
    let trace = recorder.finish();
    replay(&design, &trace)?;
    Ok((design, trace))
}

/// The export test of a block: `check!(block, cycles, seed, |block, random| { block.push.next = random.bit(); ... })`.
///
/// Exports the block, lints the Verilog and compares the two over random cycles; panics on the first difference. Gives
/// back the [`Design`] and the [`Trace`]. A block without a clock writes `check!(no clock, block, ...)`.
#[macro_export]
macro_rules! cosim_check {
    (no clock, $block:expr, $cycles:expr, $seed:expr, $stimulus:expr) => {
        $crate::cosim::run_check($block, $cycles, $seed, |_, _| (), $stimulus)
            .unwrap_or_else(|error| panic!("seed {}: {error}", $seed))
    };
    ($block:expr, $cycles:expr, $seed:expr, $stimulus:expr) => {
        $crate::cosim::run_check(
            $block,
            $cycles,
            $seed,
            |block, level| block.clock.next = ::rust_hdl::prelude::Clock { clk: level },
            $stimulus,
        )
        .unwrap_or_else(|error| panic!("seed {}: {error}", $seed))
    };
}

pub use crate::cosim_check as check;

fn write(path: &Path, bytes: &[u8]) -> Result<(), ToolError> {
    std::fs::File::create(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(io(path))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_an_error_only_where_it_is_required() {
        let missing = || {
            Err::<(), _>(ToolError::Missing {
                tool: "Verilator",
                variable: "LIGHTSWITCH_VERILATOR",
            })
        };
        assert!(unless_skipped(missing(), false).unwrap().is_none());
        let error = unless_skipped(missing(), true).unwrap_err();
        assert!(error.to_string().contains("scripts/setup"), "{error}");
        assert!(unless_skipped(Ok(()), false).unwrap().is_some());
    }

    #[test]
    fn random_numbers_depend_on_the_seed_only() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..100).map(|_| random.next_u32()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(0), draw(1), "neighbouring seeds differ");
        let mut random = Random::new(3);
        assert!((0..100).all(|_| random.bits(3) < 8 && random.below(5) < 5));
        assert!((0..100).any(|_| random.bits(64) > u64::MAX / 2));
    }

    #[test]
    fn reads_a_mismatch() {
        let error = mismatch("toy", "MISMATCH 7 full 0x1 0x0").unwrap();
        assert_eq!(
            error.to_string(),
            "toy: in cycle 7 pin `full` is 0x1 in the Verilog and 0x0 in Rust"
        );
        assert!(mismatch("toy", "something else").is_none());
    }
}
