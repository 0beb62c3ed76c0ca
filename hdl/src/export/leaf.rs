//! Blocks whose body is Verilog text: memories and vendor cells, a short list.

use super::module::{self, Printed};
use super::names::{self, Namer};
use super::tree::Instance;
use super::ExportError;

/// The blocks whose Verilog is pasted. Everything else has a kernel.
const LEAVES: &[&str] = &[
    "BeatMux",
    "DeskewRam",
    "FrameEnd",
    "KeepUnpack",
    "LutRam",
    "QueueRam",
    "TableRam",
];

/// Prints a leaf: its ports, then its text, which assigns the outputs.
pub(super) fn print(instance: &Instance, body: &str) -> Result<Printed, ExportError> {
    let refuse = |what: String| {
        Err(ExportError::Leaf {
            block: instance.type_name.clone(),
            what,
        })
    };
    let ident = names::type_ident(&instance.type_name);
    if !LEAVES.contains(&ident) {
        return refuse(format!(
            "only {} bring their own Verilog: write a kernel",
            LEAVES.join(", ")
        ));
    }
    if body.contains('$') {
        return refuse("its text has a `$`: signals are named without, ingress_0_tdata_1".into());
    }
    if let Some(child) = instance.children.first() {
        return refuse(format!(
            "`{}` inside a block of text is lost: move it out",
            names::path(&child.key)
        ));
    }
    let ports = module::ports(instance, &mut Namer::default());
    let mut text = module::header(&instance.doc, &ports, &|_| "output wire");
    text.push('\n');
    for line in body.trim_matches('\n').lines() {
        let line = ports.iter().fold(line.trim_end().to_owned(), |line, port| {
            renamed(&line, &port.key, &port.name)
        });
        if !line.is_empty() {
            text.push_str("    ");
        }
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str("\nendmodule\n");
    Ok(Printed {
        ports,
        text,
        waivers: Vec::new(),
    })
}

/// `line` with every whole word `from` replaced.
fn renamed(line: &str, from: &str, to: &str) -> String {
    if from == to || from.contains('$') {
        return line.to_owned();
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = line;
    while let Some(found) = rest.find(from) {
        let (before, after) = (&rest[..found], &rest[found + from.len()..]);
        out.push_str(before);
        let inside = before.ends_with(is_word) || after.starts_with(is_word);
        out.push_str(if inside { from } else { to });
        rest = after;
    }
    out.push_str(rest);
    out
}
