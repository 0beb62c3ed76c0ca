//! Verilator, and the C++ compiler behind it.
//!
//! ```text
//!   Design --write--> *.v *.vlt --verilate--> generated/*.cpp --compile--> what it is linked into
//! ```
//!
//! Verilator is `$LIGHTSWITCH_VERILATOR`, or the first one of [`tools::folders`]; the compiler is `$CXX`, or `c++`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::export::Design;
use crate::tools::{self, io, ToolError};

/// The environment variable that names a Verilator.
pub const VERILATOR_VARIABLE: &str = "LIGHTSWITCH_VERILATOR";

/// The environment variable that names a C++ compiler.
pub const COMPILER_VARIABLE: &str = "CXX";

/// The C++ compiler unless the variable names another.
const COMPILER: &str = "c++";

/// The prefix of the generated classes and files.
pub const PREFIX: &str = "Vtop";

/// Parts of Verilator's runtime that are not used.
const UNUSED: [&str; 7] = [
    "COVERAGE",
    "SC",
    "TRACE",
    "TRACE_FST",
    "TRACE_VCD",
    "TRACE_SAIF",
    "TIMING",
];

/// Verilator and where its parts are.
#[derive(Clone, Debug)]
pub struct Verilator {
    program: PathBuf,
    version: String,
    root: PathBuf,
}

impl Verilator {
    /// The Verilator there is.
    ///
    /// # Errors
    /// [`ToolError::Missing`] if there is none that runs.
    pub fn find() -> Result<Self, ToolError> {
        let (program, _) = tools::command_of(VERILATOR_VARIABLE, "verilator");
        tools::find(&program)
            .and_then(Self::at)
            .ok_or(ToolError::Missing {
                tool: "Verilator",
                variable: VERILATOR_VARIABLE,
            })
    }

    /// Asks `program` for its version and its parts.
    fn at(program: PathBuf) -> Option<Self> {
        let answer = |argument: &[&str]| {
            let output = Command::new(&program).args(argument).output().ok()?;
            output
                .status
                .success()
                .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let version = answer(&["--version"])?;
        let root = std::env::var("VERILATOR_ROOT")
            .ok()
            .or_else(|| answer(&["--getenv", "VERILATOR_ROOT"]))?;
        Some(Self {
            program,
            version,
            root: root.into(),
        })
    }

    /// Its version line, a part of what a build depends on.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Runs `verilator --lint-only -Wall` in `folder`, which the design has been written to; any warning is an error.
    ///
    /// # Errors
    /// [`ToolError::Failed`] with what it says.
    pub fn lint(&self, folder: &Path, design: &Design) -> Result<(), ToolError> {
        let mut command = self.command(folder, &["--lint-only", "-Wall"], &design.top);
        command.args(sources(design));
        let output = tools::run(&mut command, &design.top, "verilator --lint-only -Wall")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if said.contains("%Warning") {
            return Err(ToolError::Failed {
                what: design.top.clone(),
                tool: "verilator --lint-only".into(),
                output: said,
            });
        }
        Ok(())
    }

    /// Makes C++ of a design that has been written to `folder`, in `folder/generated`; `top` is its outermost module,
    /// which may be in one of the `more` files.
    ///
    /// # Errors
    /// [`ToolError::Failed`] with what it says.
    pub fn verilate(
        &self,
        folder: &Path,
        design: &Design,
        top: &str,
        more: &[&str],
        flags: &[&str],
    ) -> Result<PathBuf, ToolError> {
        let mut command = self.command(folder, &["--cc", "--prefix", PREFIX], top);
        command
            .args(["--Mdir", "generated", "--no-timing", "-Wno-fatal"])
            .args(flags)
            .args(sources(design))
            .args(more);
        tools::run(&mut command, &design.top, "verilator --cc")?;
        Ok(folder.join("generated"))
    }

    fn command(&self, folder: &Path, flags: &[&str], top: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(folder)
            .args(flags)
            .args(["--top-module", top]);
        command
    }

    /// The C++ compiler, set up for Verilator's headers and with `flags`, to run in `folder`.
    #[must_use]
    pub fn compiler(&self, folder: &Path, flags: &[&str]) -> Command {
        let (program, arguments) = tools::command_of(COMPILER_VARIABLE, COMPILER);
        let mut command = Command::new(program);
        command.current_dir(folder).args(arguments).args(flags);
        for name in UNUSED {
            command.arg(format!("-DVM_{name}=0"));
        }
        for folder in ["include", "include/vltstd"] {
            command.arg("-I").arg(self.root.join(folder));
        }
        command
    }

    /// The objects of Verilator's own runtime, compiled once with `flags` and kept below `cache`. `started` is called if
    /// they are not there yet.
    ///
    /// # Errors
    /// [`ToolError`] if the compiler fails.
    pub fn runtime(
        &self,
        cache: &Path,
        flags: &[&str],
        started: impl FnOnce(),
    ) -> Result<Vec<PathBuf>, ToolError> {
        let names = ["verilated", "verilated_threads"];
        let content = [
            &self.version,
            &flags.join(" "),
            "runtime",
            &compiler_version()?,
        ];
        let folder = tools::prepared(cache, &content, "runtime", |folder| {
            started();
            for name in names {
                let mut command = self.compiler(folder, flags);
                command.args(["-c", "-pthread", "-o", &format!("{name}.o")]);
                command.arg(self.root.join(format!("include/{name}.cpp")));
                tools::run(&mut command, "runtime", "the C++ compiler")?;
            }
            Ok::<(), ToolError>(())
        })?;
        let object = |name| folder.join(format!("{name}.o"));
        Ok(names.into_iter().map(object).collect())
    }
}

/// What the C++ compiler says that it is, a part of what a build depends on.
///
/// # Errors
/// [`ToolError::Missing`] if there is none.
pub fn compiler_version() -> Result<String, ToolError> {
    let (program, arguments) = tools::command_of(COMPILER_VARIABLE, COMPILER);
    let output = Command::new(&program)
        .args(&arguments)
        .arg("--version")
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            Ok(format!("{program} {arguments:?} {said}"))
        }
        _ => Err(ToolError::Missing {
            tool: "the C++ compiler",
            variable: COMPILER_VARIABLE,
        }),
    }
}

/// The files of a design in the order Verilator wants them.
fn sources(design: &Design) -> Vec<String> {
    let mut files = vec![format!("{}.vlt", design.top), format!("{}.v", design.top)];
    if !design.cells.is_empty() {
        files.push(format!("{}_cells.v", design.top));
    }
    files
}

/// Which of the generated sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// What runs in every cycle.
    Fast,
    /// What runs once, at the beginning.
    Slow,
}

/// The generated sources of a part as one text of includes: the headers are most of a compiler's work.
///
/// # Errors
/// [`ToolError::Io`] if `generated` cannot be read.
pub fn one_file(generated: &Path, part: Part) -> Result<String, ToolError> {
    let list = std::fs::read_dir(generated).map_err(io(generated))?;
    let mut names: Vec<String> = list
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            name.starts_with(PREFIX) && Path::new(name).extension().is_some_and(|end| end == "cpp")
        })
        .filter(|name| !name.contains("__ALL"))
        .filter(|name| part == Part::All || name.contains("__Slow") == (part == Part::Slow))
        .collect();
    names.sort();
    let mut text = String::new();
    for name in names {
        let _ = writeln!(text, "#include \"{name}\"");
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test
mod tests {
    use super::*;

    #[test]
    fn what_does_not_run_is_no_verilator() {
        assert!(Verilator::at("no-such-verilator".into()).is_none());
        assert!(Verilator::at("false".into()).is_none());
    }

    #[test]
    fn a_missing_tool_names_the_remedy() {
        let error = ToolError::Missing {
            tool: "Verilator",
            variable: VERILATOR_VARIABLE,
        };
        assert_eq!(
            error.to_string(),
            "Verilator is not found: run scripts/setup, or set LIGHTSWITCH_VERILATOR"
        );
    }
}
