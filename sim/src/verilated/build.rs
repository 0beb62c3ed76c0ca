//! From a configuration to a shared library, built once and kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use lightswitch_hdl::config::Config;
use lightswitch_hdl::export::Design;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tools::{self, io, ToolError};
use lightswitch_hdl::tops::{self, Top};
use lightswitch_hdl::verilator::{self, Part, Verilator};

use super::bench;
use crate::Error;

/// What a build is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Compiling Verilator's runtime, once for all designs.
    Runtime,
    /// Making C++ of a top's Verilog.
    Verilate(String),
    /// Compiling the C++ of a top.
    Compile(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Runtime => write!(f, "compiling Verilator's runtime"),
            Step::Verilate(top) => write!(f, "verilating {top}"),
            Step::Compile(top) => write!(f, "compiling {top}"),
        }
    }
}

/// Flags of Verilator. Measured, they hardly matter: nothing here is unknown, and nothing asserts.
const VERILATOR_FLAGS: [&str; 6] = [
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
    "--noassert",
];

/// How what runs in every cycle is compiled; `-O3` is no faster, `-O1` 5 % slower.
const FAST: [&str; 5] = flags("-O2");

/// How what runs once is compiled: quickly.
const SLOW: [&str; 5] = flags("-O0");

/// Flags of the compiler. A library shows nothing but its C functions, so that two of them do not mix.
const fn flags(level: &str) -> [&str; 5] {
    ["-std=gnu++17", "-w", "-fPIC", "-fvisibility=hidden", level]
}

/// The folder for the libraries: `$LIGHTSWITCH_CACHE`, or `verilated` in the folder for what is built.
#[must_use]
pub fn cache() -> PathBuf {
    std::env::var_os("LIGHTSWITCH_CACHE")
        .map_or_else(|| tools::target_folder().join("verilated"), PathBuf::from)
}

/// What a library is of, for a target, and where it is.
type Known = (String, Target, PathBuf);

/// The libraries that this process has found: nothing changes them while it runs, and to find one takes a good part of a
/// second, which those who build one engine after the other would wait for.
static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

/// Builds the library of `top` of `config` from its Verilog for `target`, or finds it; its path. `progress` hears of each
/// step before it is done, and of nothing if the library is there.
///
/// # Errors
/// [`Error::Verilated`] if a tool is missing or fails, with what it says.
///
/// # Panics
/// If `config` is not one of [`Config::ALL`].
pub fn prepare(
    config: &Config,
    top: Top,
    target: Target,
    progress: &mut dyn FnMut(&Step),
) -> Result<PathBuf, Error> {
    prepare_source(&top.module(config), target, progress, || {
        let design = tops::export(config, top, target)?;
        Ok(Source {
            bench: Some(bench::verilog(&design)),
            shim: bench::shim(config, top, &design),
            design,
        })
    })
}

/// Builds the library of what `make` makes, which `top` names and nothing else, or finds it; its path.
///
/// # Errors
/// As [`prepare`], and those of `make`.
pub fn prepare_source(
    top: &str,
    target: Target,
    progress: &mut dyn FnMut(&Step),
    make: impl FnOnce() -> Result<Source, Error>,
) -> Result<PathBuf, Error> {
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_it = |known: &&Known| (known.0.as_str(), known.1) == (top, target);
    if let Some((.., path)) = known().iter().find(is_it) {
        return Ok(path.clone());
    }
    let path = find(target, progress, make)?;
    known().push((top.into(), target, path.clone()));
    Ok(path)
}

/// The same, asking the tools and the disk.
fn find(
    target: Target,
    progress: &mut dyn FnMut(&Step),
    make: impl FnOnce() -> Result<Source, Error>,
) -> Result<PathBuf, Error> {
    let tool = Verilator::find()?;
    let compiler = verilator::compiler_version()?;
    let source = make()?;
    let content = [
        tool.version(),
        &compiler,
        &[&VERILATOR_FLAGS[..], &FAST, &SLOW].concat().join(" "),
        &source.design.verilog(),
        &source.design.cells,
        source.bench.as_deref().unwrap_or_default(),
        &source.shim,
    ];
    let runtime = tool.runtime(&cache(), &FAST, || progress(&Step::Runtime))?;
    let name = format!("{}-{}", source.design.top, target.name());
    let folder = tools::prepared(&cache(), &content, &name, |folder| {
        source.build(&tool, folder, &runtime, progress)
    })?;
    Ok(folder.join(library()))
}

/// The file name of a library.
fn library() -> String {
    format!("lightswitch{}", std::env::consts::DLL_SUFFIX)
}

/// What a library is made of.
pub struct Source {
    /// The Verilog.
    pub design: Design,
    /// The Verilog around it, the module [`bench::MODULE`], if there is one.
    pub bench: Option<String>,
    /// The C++ behind what Verilator makes of both: the functions that `library` calls.
    pub shim: String,
}

impl Source {
    /// Builds the library in `folder`.
    fn build(
        &self,
        tool: &Verilator,
        folder: &Path,
        runtime: &[PathBuf],
        progress: &mut dyn FnMut(&Step),
    ) -> Result<(), ToolError> {
        let top = &self.design.top;
        progress(&Step::Verilate(top.clone()));
        self.design.write(folder).map_err(io(folder))?;
        let file = format!("{}.v", bench::MODULE);
        let (module, files) = match &self.bench {
            Some(bench) => {
                write(&folder.join(&file), bench)?;
                (bench::MODULE, vec![file.as_str()])
            }
            None => (top.as_str(), vec![]),
        };
        let flags = &VERILATOR_FLAGS;
        let generated = tool.verilate(folder, &self.design, module, &files, flags)?;
        progress(&Step::Compile(top.clone()));
        let compile = |part, flags: &[&str], more: &str| {
            let name = if part == Part::Slow { "slow" } else { "fast" };
            let text = verilator::one_file(&generated, part)? + more;
            write(&generated.join(format!("{name}.cpp")), &text)?;
            let mut command = tool.compiler(&generated, flags);
            command.args(["-I.", "-pthread", "-c", &format!("{name}.cpp")]);
            run(&mut command, top)?;
            Ok::<PathBuf, ToolError>(generated.join(format!("{name}.o")))
        };
        let (fast, slow) = std::thread::scope(|scope| {
            let slow = scope.spawn(|| compile(Part::Slow, &SLOW, ""));
            let fast = compile(Part::Fast, &FAST, &self.shim);
            (
                fast,
                slow.join().expect("a compiler's thread does not panic"),
            )
        });
        let mut command = tool.compiler(folder, &FAST);
        command.args(["-shared", "-pthread", "-o", &library()]);
        run(command.args([fast?, slow?]).args(runtime), top)
    }
}

fn run(command: &mut Command, top: &str) -> Result<(), ToolError> {
    tools::run(command, top, "the C++ compiler").map(|_| ())
}

fn write(path: &Path, text: &str) -> Result<(), ToolError> {
    std::fs::write(path, text).map_err(io(path))
}
