//! The outside of a design: pins, each a concatenation of a block's fields.

use std::fmt::Write as _;

use super::module::{self, Port, Printed, NAME};
use super::names;
use super::tree::Instance;
use super::ExportError;

/// A top's pin: the concatenation, lowest bits first, of fields such as `ingress[0].tdata[1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its name in the Verilog.
    pub name: String,
    /// The fields, lowest bits first.
    pub fields: Vec<String>,
}

impl Pin {
    /// A pin of these fields, lowest bits first.
    pub fn new<S: Into<String>>(
        name: impl Into<String>,
        fields: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            name: name.into(),
            fields: fields.into_iter().map(Into::into).collect(),
        }
    }
}

/// A field in a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinPart {
    /// The field as a kernel writes it: `ingress[0].tdata[1]`.
    pub field: String,
    /// Its bits.
    pub width: usize,
}

/// A pin of an exported design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopPin {
    /// Its name in the Verilog.
    pub name: String,
    /// Driven from outside.
    pub is_input: bool,
    /// The clock.
    pub is_clock: bool,
    /// What it carries, lowest bits first.
    pub parts: Vec<PinPart>,
}

impl TopPin {
    /// Its bits.
    #[must_use]
    pub fn width(&self) -> usize {
        self.parts.iter().map(|part| part.width).sum()
    }
}

/// Every port of the block as a pin of its own.
pub(super) fn plain(ports: &[Port]) -> Vec<TopPin> {
    ports.iter().map(plain_pin).collect()
}

fn plain_pin(port: &Port) -> TopPin {
    TopPin {
        name: port.name.clone(),
        is_input: port.is_input,
        is_clock: port.is_clock,
        parts: vec![PinPart {
            field: names::path(&port.key),
            width: port.width,
        }],
    }
}

/// A module `top` with the given pins around `module`.
pub(super) fn wrap(
    top: &str,
    instance: &Instance,
    module: &str,
    ports: &[Port],
    pins: &[Pin],
) -> Result<(Printed, Vec<TopPin>), ExportError> {
    let refuse = |what: String| ExportError::Pins {
        top: top.into(),
        what,
    };
    let fields: Vec<String> = pins
        .iter()
        .flat_map(|pin| &pin.fields)
        .map(|field| names::key(field))
        .collect();
    let mut out = Vec::new();
    for port in ports {
        match fields.iter().filter(|field| **field == port.key).count() {
            0 if port.key == "clock" || port.key == "reset" => out.push(plain_pin(port)),
            0 => {
                return Err(refuse(format!(
                    "field `{}` is on no pin: list it",
                    names::path(&port.key)
                )))
            }
            1 => {}
            _ => {
                return Err(refuse(format!(
                    "field `{}` is on two pins: list it once",
                    names::path(&port.key)
                )))
            }
        }
    }
    for pin in pins {
        out.push(one_pin(pin, ports).map_err(refuse)?);
    }
    for (number, pin) in out.iter().enumerate() {
        if names::is_keyword(&pin.name) || out[..number].iter().any(|other| other.name == pin.name)
        {
            return Err(refuse(format!(
                "pin `{}` is there twice, or a keyword: rename it",
                pin.name
            )));
        }
    }
    let top_ports: Vec<Port> = out
        .iter()
        .map(|pin| Port {
            key: pin.name.clone(),
            name: pin.name.clone(),
            is_input: pin.is_input,
            is_clock: pin.is_clock,
            width: pin.width(),
        })
        .collect();
    let mut text = module::header(&instance.doc, &top_ports, &|_| "output wire");
    let mut core = String::from("core");
    while out.iter().any(|pin| pin.name == core) {
        core.push('_');
    }
    let _ = writeln!(text, "\n    {module} {core} (");
    let pad = ports.iter().map(|port| port.name.len()).max().unwrap_or(0);
    for (number, port) in ports.iter().enumerate() {
        let comma = if number + 1 < ports.len() { "," } else { "" };
        let wire = connection(&out, &names::path(&port.key));
        let _ = writeln!(text, "        .{:pad$} ({wire}){comma}", port.name);
    }
    text.push_str("    );\n\nendmodule\n");
    debug_assert!(text.contains(NAME), "the header holds the module's name");
    Ok((
        Printed {
            ports: top_ports,
            text,
            waivers: Vec::new(),
        },
        out,
    ))
}

fn one_pin(pin: &Pin, block: &[Port]) -> Result<TopPin, String> {
    let mut parts = Vec::new();
    let mut found: Vec<&Port> = Vec::new();
    for field in &pin.fields {
        let key = names::key(field);
        let port = block.iter().find(|port| port.key == key);
        let port = port.ok_or_else(|| {
            format!(
                "pin `{}` lists `{field}`, which is no port of the block",
                pin.name
            )
        })?;
        parts.push(PinPart {
            field: names::path(&port.key),
            width: port.width,
        });
        found.push(port);
    }
    let first = found
        .first()
        .ok_or_else(|| format!("pin `{}` lists no field", pin.name))?;
    if found.iter().any(|port| port.is_input != first.is_input) {
        return Err(format!(
            "pin `{}` mixes inputs and outputs: part it",
            pin.name
        ));
    }
    Ok(TopPin {
        name: pin.name.clone(),
        is_input: first.is_input,
        is_clock: first.is_clock,
        parts,
    })
}

/// The bits of the pins that carry `field`.
fn connection(pins: &[TopPin], field: &str) -> String {
    for pin in pins {
        let mut low = 0;
        for part in &pin.parts {
            if part.field == field {
                return match (pin.parts.len(), part.width) {
                    (1, _) => pin.name.clone(),
                    (_, 1) => format!("{}[{low}]", pin.name),
                    (_, width) => format!("{}[{}:{low}]", pin.name, low + width - 1),
                };
            }
            low += part.width;
        }
    }
    String::new()
}
