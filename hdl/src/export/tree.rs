//! The block as rust-hdl's `Probe` shows it: instances, their signals and their kernels.

use rust_hdl::prelude::*;

use super::names;
use super::ExportError;

/// One signal or constant of a block.
#[derive(Clone, Debug)]
pub(super) struct Pin {
    /// Flattened path, `ingress$0$tdata$1`.
    pub(super) key: String,
    pub(super) kind: AtomKind,
    pub(super) width: usize,
    /// The value it has now; what a `Constant` holds.
    pub(super) value: Option<u128>,
    pub(super) is_clock: bool,
    pub(super) is_signed: bool,
    /// `State::Idle`, ... of each enum in its type.
    pub(super) enums: Vec<Vec<String>>,
}

/// A block and everything in it.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// Flattened path inside the parent, `queue$0`.
    pub(super) key: String,
    /// Path from the top, for messages.
    pub(super) path: String,
    /// The Rust type without paths, `Crosspoint<2, 9>`; empty without `describe!`.
    pub(super) type_name: String,
    /// The line given to `describe!`.
    pub(super) doc: String,
    /// rust-hdl's own flip-flop.
    pub(super) is_flop: bool,
    pub(super) hdl: Verilog,
    pub(super) pins: Vec<Pin>,
    pub(super) children: Vec<Instance>,
}

/// Reads a block.
pub(super) fn read(block: &dyn Block) -> Result<Instance, ExportError> {
    let mut reader = Reader::default();
    block.accept("top", &mut reader);
    let top = reader.done.ok_or_else(|| ExportError::NoKernel {
        block: "top: an interface is a part of a block, not a block".into(),
    })?;
    check(&top)?;
    Ok(top)
}

fn check(instance: &Instance) -> Result<(), ExportError> {
    if instance.is_flop {
        return Ok(());
    }
    if instance.type_name.is_empty() {
        return Err(ExportError::Undescribed {
            path: instance.path.clone(),
        });
    }
    let keys = instance
        .pins
        .iter()
        .map(|pin| &pin.key)
        .chain(instance.children.iter().map(|child| &child.key));
    for key in keys {
        if key.split('$').any(|part| part.ends_with("self")) {
            return Err(ExportError::FieldName {
                block: instance.type_name.clone(),
                field: names::path(key),
            });
        }
    }
    if let Some(pin) = instance
        .pins
        .iter()
        .find(|pin| pin.is_signed || pin.kind == AtomKind::InOutParameter)
    {
        let what = format!(
            "`{}` is signed or in-out: use unsigned In and Out signals",
            names::path(&pin.key)
        );
        return Err(ExportError::Unsupported {
            block: instance.type_name.clone(),
            what,
        });
    }
    instance.children.iter().try_for_each(check)
}

/// The number in rust-hdl's `32'h1f`.
pub(super) fn literal_value(literal: &VerilogLiteral) -> Option<u128> {
    let text = format!("{literal:x}");
    u128::from_str_radix(text.split("'h").nth(1)?, 16).ok()
}

/// The labels of every enum in a type.
fn find_enums(kind: &TypeKind, into: &mut Vec<Vec<String>>) {
    match kind {
        TypeKind::Enum(labels) => into.push(labels.clone()),
        TypeKind::Composite(fields) => fields
            .iter()
            .for_each(|field| find_enums(&field.kind.kind, into)),
        TypeKind::Bits(_) | TypeKind::Signed(_) => {}
    }
}

#[derive(Default)]
struct Reader {
    open: Vec<(Instance, Vec<String>)>,
    done: Option<Instance>,
}

impl Reader {
    fn key(&self, name: &str) -> String {
        match self.open.last() {
            Some((_, namespaces)) if !namespaces.is_empty() => {
                format!("{}${name}", namespaces.join("$"))
            }
            _ => name.to_owned(),
        }
    }
}

impl Probe for Reader {
    fn visit_start_scope(&mut self, name: &str, node: &dyn Block) {
        let timing = node.timing();
        let (doc, type_name) = timing
            .first()
            .map(|t| (t.name.clone(), t.clock.clone()))
            .unwrap_or_default();
        let key = self.key(name);
        let path = match self.open.last() {
            Some((parent, _)) => format!("{}.{}", parent.path, names::path(&key)),
            None => names::path(&key),
        };
        let instance = Instance {
            key,
            path,
            is_flop: doc == "dff",
            type_name: names::short_type(&type_name),
            doc,
            hdl: node.hdl(),
            pins: Vec::new(),
            children: Vec::new(),
        };
        self.open.push((instance, Vec::new()));
    }

    fn visit_start_namespace(&mut self, name: &str, _node: &dyn Block) {
        if let Some((_, namespaces)) = self.open.last_mut() {
            namespaces.push(name.to_owned());
        }
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        let key = self.key(name);
        let descriptor = signal.descriptor();
        let mut enums = Vec::new();
        find_enums(&descriptor.kind, &mut enums);
        let pin = Pin {
            key,
            kind: signal.kind(),
            width: signal.bits(),
            value: literal_value(&signal.verilog()),
            is_clock: descriptor.name == "clock",
            is_signed: matches!(descriptor.kind, TypeKind::Signed(_)),
            enums,
        };
        if let Some((instance, _)) = self.open.last_mut() {
            instance.pins.push(pin);
        }
    }

    fn visit_end_namespace(&mut self, _name: &str, _node: &dyn Block) {
        if let Some((_, namespaces)) = self.open.last_mut() {
            namespaces.pop();
        }
    }

    fn visit_end_scope(&mut self, _name: &str, _node: &dyn Block) {
        if let Some((instance, _)) = self.open.pop() {
            match self.open.last_mut() {
                Some((parent, _)) => parent.children.push(instance),
                None => self.done = Some(instance),
            }
        }
    }
}
