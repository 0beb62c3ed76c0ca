//! Prints any block as plain Verilog-2005 that reads as if written by hand.
//!
//! rust-hdl's own printer is not used: it leaves operator precedence and literal widths to Verilog, whose rules are not
//! Rust's. Here the kernel's AST is read, every sub-expression gets the width its Rust type has, and names lose their
//! `$`. What cannot come out right is an [`ExportError`] that names the block and the field.
//!
//! ```text
//!   Block --Probe--> tree --lower--> typed statements --check--> module --> Design { modules, waivers }
//! ```
//!
//! * One module for each *distinct* block, named after its Rust type: `Crosspoint<2, 9>` is `crosspoint_2_9`.
//! * Flip-flops are registers of the module they are in: `used`, with `used_next` if several statements decide it.
//! * A signal with one unconditional value is an `assign`; the others share `always @*` blocks.
//! * `clock` and `reset` are `clk` and `rst`; `ingress[0].tdata[1]` is `ingress_0_tdata_1`.

mod check;
mod error;
mod expr;
mod leaf;
mod lower;
mod module;
mod names;
mod plan;
mod top;
mod tree;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rust_hdl::prelude::{Block, Verilog};

pub use error::ExportError;
pub use names::is_keyword;
pub use top::{Pin, PinPart, TopPin};

use module::{Child, Printed, NAME};
use tree::Instance;

/// One Verilog module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The module's name.
    pub name: String,
    /// Its text, from the header comment to `endmodule`.
    pub verilog: String,
}

/// A block and everything in it as Verilog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    /// The top module's name.
    pub top: String,
    /// Every module once, the top last.
    pub modules: Vec<Module>,
    /// The top's pins in the order of its ports.
    pub pins: Vec<TopPin>,
    /// Verilator's waivers for the file of [`Design::verilog`], each with its reason.
    pub waivers: String,
    /// Models of vendor cells that the modules instantiate; for simulation and lint only.
    pub cells: String,
}

impl Design {
    /// All modules in one file, the top last.
    #[must_use]
    pub fn verilog(&self) -> String {
        let texts: Vec<&str> = self
            .modules
            .iter()
            .map(|module| module.verilog.as_str())
            .collect();
        texts.join("\n")
    }

    /// The files of the design: `<top>.v`, `<top>.vlt` and, if vendor cells are used, `<top>_cells.v`.
    #[must_use]
    pub fn files(&self) -> Vec<(String, String)> {
        let mut files = vec![
            (format!("{}.v", self.top), self.verilog()),
            (format!("{}.vlt", self.top), self.waivers.clone()),
        ];
        if !self.cells.is_empty() {
            files.push((self.cells_file(), self.cells.clone()));
        }
        files
    }

    fn cells_file(&self) -> String {
        format!("{}_cells.v", self.top)
    }

    /// Writes [`Design::files`] into `folder`, which is made if it is not there. What an export of the same top with
    /// vendor cells left there and this one does not write is removed, so that `*.v` is this design; returns its path.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, folder: &Path) -> std::io::Result<Option<PathBuf>> {
        std::fs::create_dir_all(folder)?;
        for (name, text) in self.files() {
            std::fs::write(folder.join(name), text)?;
        }
        let stale = folder.join(self.cells_file());
        if !self.cells.is_empty() || !stale.exists() {
            return Ok(None);
        }
        std::fs::remove_file(&stale)?;
        Ok(Some(stale))
    }
}

/// Prints `block` as the module `top`.
///
/// Without `pins` the top's ports are the block's fields, arrays flattened. With pins the top is a thin module around
/// the block whose ports are the pins: each the concatenation of the fields it lists. Clock and reset need no pin.
///
/// # Errors
/// The first thing that cannot be printed right, with the block and the field.
pub fn export(block: &dyn Block, top: &str, pins: &[Pin]) -> Result<Design, ExportError> {
    let tree = tree::read(block)?;
    let mut modules = Printer::default();
    if pins.is_empty() {
        let printed = modules.module(&tree)?;
        let pins = top::plain(&printed.ports);
        let name = modules.add(top, &printed, true)?;
        return Ok(modules.design(name, pins));
    }
    let printed = modules.module(&tree)?;
    let name = modules.add(&names::module_name(&tree.type_name), &printed, false)?;
    let (wrapper, pins) = top::wrap(top, &tree, &name, &printed.ports, pins)?;
    let name = modules.add(top, &wrapper, true)?;
    Ok(modules.design(name, pins))
}

/// Collects the modules of a design.
#[derive(Default)]
struct Printer {
    modules: Vec<(String, Printed)>,
    cells: Vec<String>,
}

impl Printer {
    /// Prints the modules of `instance`'s sub-blocks, then its own.
    fn module(&mut self, instance: &Instance) -> Result<Printed, ExportError> {
        let mut children = Vec::new();
        for child in instance.children.iter().filter(|child| !child.is_flop) {
            let printed = self.module(child)?;
            let module = self.add(&names::module_name(&child.type_name), &printed, false)?;
            children.push(Child {
                instance: child,
                module,
                ports: printed.ports,
            });
        }
        match &instance.hdl {
            Verilog::Combinatorial(code) => {
                let kernel = lower::lower(instance, code)?;
                check::check(&instance.type_name, &kernel)?;
                module::print(instance, kernel, &children)
            }
            Verilog::Custom(body) => leaf::print(instance, body),
            Verilog::Wrapper(wrapper) => {
                // Each model of a cell ends with `endif; several leaves may name the same one.
                for cell in wrapper.cores.split_inclusive("`endif") {
                    let cell = cell.trim().to_owned();
                    if !cell.is_empty() && !self.cells.contains(&cell) {
                        self.cells.push(cell);
                    }
                }
                leaf::print(instance, &wrapper.code)
            }
            Verilog::Blackbox(_) | Verilog::Empty => Err(ExportError::NoKernel {
                block: instance.type_name.clone(),
            }),
        }
    }

    /// Adds a module, or finds the one that is the same; returns its name.
    fn add(
        &mut self,
        wanted: &str,
        printed: &Printed,
        is_top: bool,
    ) -> Result<String, ExportError> {
        let mut name = wanted.to_owned();
        let mut version = 1;
        while let Some((_, known)) = self.modules.iter().find(|(known, _)| *known == name) {
            if is_top {
                let what = "a block inside has this name already: choose another".into();
                return Err(ExportError::Pins {
                    top: wanted.into(),
                    what,
                });
            }
            if known == printed {
                return Ok(name);
            }
            version += 1;
            name = format!("{wanted}_v{version}");
        }
        self.modules.push((name.clone(), printed.clone()));
        Ok(name)
    }

    fn design(self, top: String, pins: Vec<TopPin>) -> Design {
        let mut waivers = format!(
            "`verilator_config\n\n// One file holds every module of the design.\nlint_off -rule DECLFILENAME -file \"*{top}.v\"\n"
        );
        let mut line = 1;
        let mut modules = Vec::new();
        for (name, printed) in self.modules {
            for waiver in &printed.waivers {
                let _ = write!(
                    waivers,
                    "\n// {name}: {}.\nlint_off -rule {} -file \"*{top}.v\" -lines {}\n",
                    waiver.reason,
                    waiver.rule,
                    line + waiver.line
                );
            }
            line += printed.text.lines().count() + 1;
            modules.push(Module {
                verilog: printed.text.replace(NAME, &name),
                name,
            });
        }
        let mut cells = self.cells.join("\n\n");
        if !cells.is_empty() {
            cells.push('\n');
            let _ = write!(
                waivers,
                "\n// Models of vendor cells keep the vendor's names and unused pins.\n\
                 lint_off -file \"*{top}_cells.v\"\n"
            );
        }
        Design {
            top,
            modules,
            pins,
            waivers,
            cells,
        }
    }
}

/// The name of the module that `block` is printed as, if it has a `describe!` line.
#[must_use]
pub fn module_name(block: &dyn Block) -> Option<String> {
    let timing = block.timing();
    timing
        .first()
        .map(|t| names::module_name(&names::short_type(&t.clock)))
}

/// rust-hdl's flattened name of a signal as a kernel writes it: `ingress[0].tdata[1]`.
#[must_use]
pub fn field_path(key: &str) -> String {
    names::path(key)
}

/// The value a signal has now, if it has at most 128 bits.
#[must_use]
pub fn atom_value(signal: &dyn rust_hdl::prelude::Atom) -> Option<u128> {
    tree::literal_value(&signal.verilog())
}
