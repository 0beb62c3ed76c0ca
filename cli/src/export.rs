//! `lightswitch export`: the core as Verilog.

use anyhow::Context as _;
use lightswitch_hdl::export::Design;
use lightswitch_hdl::tops;

use crate::args::{self, ExportArgs, ExportTop, Refused};
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
    let (config, design) = design(args)?;
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
        config,
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

/// The design, and its configuration's name.
fn design(args: &ExportArgs) -> anyhow::Result<(&'static str, Design)> {
    let named = args.config.as_deref();
    let refused = |reason: String| Refused {
        option: "--config",
        reason,
    };
    let core = || args::config(named.unwrap_or("4x64")).map_err(refused);
    let (name, design) = match args.top {
        ExportTop::Core(top) => {
            let config = core()?;
            (config.name, tops::export(config, top, args.target))
        }
        ExportTop::Link => {
            let link = args::link(named.unwrap_or("4x16")).map_err(refused)?;
            (link.name, tops::export_link(link, args.target))
        }
        ExportTop::Oei => {
            let config = core()?;
            if tops::oei_link(config).is_none() {
                let known = tops::OEI.map(|(name, _)| name).join(", ");
                return Err(refused(format!(
                    "there is no switch with links of {}; choose one of {known}",
                    config.name
                ))
                .into());
            }
            (config.name, tops::export_oei(config, args.target))
        }
    };
    let design = design.with_context(|| format!("{name} cannot be exported"))?;
    Ok((name, design))
}
