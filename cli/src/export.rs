//! `lightswitch export`: the core as Verilog.

use anyhow::Context as _;
use lightswitch_hdl::tops;

use crate::args::ExportArgs;
use crate::output;

/// What was written.
#[derive(serde::Serialize)]
struct Written {
    config: &'static str,
    target: &'static str,
    top: String,
    modules: usize,
    lines: usize,
    pins: usize,
    files: Vec<String>,
}

/// Exports and says what was written.
pub fn run(args: &ExportArgs) -> anyhow::Result<()> {
    let design = tops::export(args.config, args.top, args.target).with_context(|| {
        format!(
            "{} {} cannot be exported",
            args.config.name,
            args.top.name()
        )
    })?;
    let removed = design
        .write(&args.out)
        .with_context(|| format!("cannot write to {}", args.out.display()))?;
    if let Some(stale) = removed {
        eprintln!(
            "removed {}, which an export for another target left",
            stale.display()
        );
    }
    let written = Written {
        config: args.config.name,
        target: args.target.name(),
        modules: design.modules.len(),
        lines: design.verilog().lines().count(),
        pins: design.pins.len(),
        files: design
            .files()
            .into_iter()
            .map(|(name, _)| args.out.join(name).display().to_string())
            .collect(),
        top: design.top,
    };
    if args.json {
        return output::print_json(&written);
    }
    output::print(&format!(
        "{}: {} modules, {} lines, {} pins, for {}\n  {}\n",
        written.top,
        written.modules,
        written.lines,
        written.pins,
        written.target,
        written.files.join("\n  ")
    ))
}
