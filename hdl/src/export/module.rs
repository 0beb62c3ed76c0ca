//! Prints one block as one module.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::expr::{mask, At, Expr, Stmt};
use super::lower::{Kernel, Kind, Net};
use super::names::Namer;
use super::plan::{partition, without_dead_stores, Group};
use super::tree::Instance;
use super::ExportError;

/// A port of a printed module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    /// Flattened path of the field.
    pub(super) key: String,
    /// Name in the Verilog.
    pub(super) name: String,
    pub(super) is_input: bool,
    pub(super) is_clock: bool,
    pub(super) width: usize,
}

/// A line of the module that a linter complains about, and why it is right as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiver {
    pub(super) rule: &'static str,
    /// Counted from the module's first line, which is 0.
    pub(super) line: usize,
    pub(super) reason: String,
}

/// A printed module; its name stands where [`NAME`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) ports: Vec<Port>,
    pub(super) text: String,
    pub(super) waivers: Vec<Waiver>,
}

/// Stands for the module's name until it is known.
pub(super) const NAME: &str = "\u{0}";

/// A sub-block's module.
pub(super) struct Child<'a> {
    pub(super) instance: &'a Instance,
    pub(super) module: String,
    pub(super) ports: Vec<Port>,
}

/// The ports of a block, named.
pub(super) fn ports(instance: &Instance, namer: &mut Namer) -> Vec<Port> {
    use rust_hdl::prelude::AtomKind;
    let is_port = |kind| matches!(kind, AtomKind::InputParameter | AtomKind::OutputParameter);
    let pins = instance.pins.iter().filter(|pin| is_port(pin.kind));
    pins.map(|pin| Port {
        key: pin.key.clone(),
        name: namer.signal(&pin.key),
        is_input: pin.kind == AtomKind::InputParameter,
        is_clock: pin.is_clock,
        width: pin.width,
    })
    .collect()
}

/// The header comment and the list of ports; `output` is what an output is declared as.
pub(super) fn header(doc: &str, ports: &[Port], output: &dyn Fn(&Port) -> &'static str) -> String {
    let mut text = format!("// {doc}\nmodule {NAME} (\n");
    let range = ports
        .iter()
        .map(|port| range(port.width).len())
        .max()
        .unwrap_or(0);
    for (number, port) in ports.iter().enumerate() {
        let kind = if port.is_input {
            "input  wire"
        } else {
            output(port)
        };
        let comma = if number + 1 < ports.len() { "," } else { "" };
        let pad = if range > 0 { range + 1 } else { 0 };
        let _ = writeln!(
            text,
            "    {kind} {:pad$}{}{comma}",
            self::range(port.width),
            port.name
        );
    }
    text.push_str(");\n");
    text
}

/// `[7:0]`, or nothing for one bit.
pub(super) fn range(width: usize) -> String {
    if width == 1 {
        String::new()
    } else {
        format!("[{}:0]", width - 1)
    }
}

/// A sized number: decimal while it is easy to read.
fn number(value: u128, width: usize) -> String {
    if width == 1 {
        format!("1'b{value}")
    } else if value < 1_000 {
        format!("{width}'d{value}")
    } else {
        format!("{width}'h{value:x}")
    }
}

/// Prints the module of `instance`.
pub(super) fn print(
    instance: &Instance,
    kernel: Kernel,
    children: &[Child],
) -> Result<Printed, ExportError> {
    let mut namer = Namer::default();
    let ports = ports(instance, &mut namer);
    let mut printer = Printer {
        instance,
        used: vec![Vec::new(); kernel.nets.len()],
        names: vec![String::new(); kernel.nets.len()],
        nets: kernel.nets,
        index: kernel.index,
        clocks: kernel.clocks,
        namer,
        ports,
        procedural: BTreeSet::new(),
        connected: BTreeMap::new(),
        aliased: BTreeSet::new(),
        clocked: BTreeMap::new(),
        temporaries: BTreeMap::new(),
        wires: String::new(),
        assigned: BTreeSet::new(),
    };
    printer.name_nets(&kernel.body);
    let instances = children
        .iter()
        .map(|child| printer.namer.signal(&child.instance.key))
        .collect::<Vec<_>>();
    printer.print(kernel.body, children, &instances)
}

struct Printer<'a> {
    instance: &'a Instance,
    nets: Vec<Net>,
    index: BTreeMap<String, usize>,
    clocks: BTreeMap<usize, usize>,
    names: Vec<String>,
    /// Of each net: which bits something reads.
    used: Vec<Vec<bool>>,
    namer: Namer,
    ports: Vec<Port>,
    /// Nets assigned in an always block.
    procedural: BTreeSet<usize>,
    /// Inputs of sub-blocks and the expression that stands in the instance.
    connected: BTreeMap<usize, Expr>,
    /// Nets that are an output of a sub-block under their own name.
    aliased: BTreeSet<usize>,
    /// What a flip-flop takes, printed straight in the clocked block.
    clocked: BTreeMap<usize, Expr>,
    /// Text of a hoisted expression, and its net.
    temporaries: BTreeMap<String, usize>,
    /// Assignments of hoisted expressions.
    wires: String,
    /// Every net the kernel assigns.
    assigned: BTreeSet<usize>,
}

/// Where an expression stands.
struct Place<'a> {
    /// Begins the name of what is hoisted out of it.
    stem: String,
    /// Targets of the always block it is in.
    targets: &'a BTreeSet<usize>,
    /// Statements that must come before it.
    before: Vec<String>,
    /// Registers hoisted within the always block, and their widths.
    held: Vec<(String, usize)>,
}

impl<'a> Place<'a> {
    fn new(stem: &str, targets: &'a BTreeSet<usize>) -> Self {
        Self {
            stem: stem.into(),
            targets,
            before: Vec::new(),
            held: Vec::new(),
        }
    }
}

impl Printer<'_> {
    fn name_nets(&mut self, body: &[Stmt]) {
        let mut reads = BTreeSet::new();
        for stmt in body {
            stmt.reads(&mut reads);
            stmt.writes(&mut self.assigned);
        }
        reads.extend(self.clocks.values());
        for number in 0..self.nets.len() {
            let net = &self.nets[number];
            let name = match net.kind {
                Kind::Input | Kind::Output => self
                    .ports
                    .iter()
                    .find(|port| port.key == net.key)
                    .map(|port| port.name.clone())
                    .unwrap_or_default(),
                Kind::Held => self.namer.signal(net.key.trim_end_matches("$q")),
                Kind::Next => self
                    .namer
                    .signal(&format!("{}_next", net.key.trim_end_matches("$d"))),
                Kind::Constant => self.namer.constant(&net.key),
                // Linters know the word.
                Kind::ChildOutput if !reads.contains(&number) => {
                    self.namer.signal(&format!("unused_{}", net.key))
                }
                Kind::Local | Kind::ChildInput | Kind::ChildOutput => self.namer.signal(&net.key),
                Kind::Temporary => String::new(),
            };
            self.names[number] = name;
            self.used[number] = vec![false; self.nets[number].width];
        }
    }

    fn print(
        &mut self,
        body: Vec<Stmt>,
        children: &[Child],
        names: &[String],
    ) -> Result<Printed, ExportError> {
        let (single, groups) = partition(without_dead_stores(body));
        self.place_singles(&single);
        let mut assigns = String::new();
        for (target, value) in &single {
            if !self.connected.contains_key(target)
                && !self.clocked.contains_key(target)
                && !self.is_alias(*target, value)
            {
                let text = self.whole(value, &self.names[*target].clone());
                let _ = writeln!(assigns, "    assign {} = {text};", self.names[*target]);
            }
        }
        let always = self.always(groups, &mut assigns)?;
        let clocked = self.flip_flops();
        let instances = self.instances(children, names);
        Ok(self.assemble(&assigns, &always, &clocked, &instances))
    }

    /// Decides which single values need no `assign`: they stand in an instance or in the clocked block.
    fn place_singles(&mut self, single: &[(usize, Expr)]) {
        for (target, value) in single {
            match (self.nets[*target].kind, value) {
                (Kind::ChildInput, Expr::Net { .. } | Expr::Const { .. }) => {
                    self.connected.insert(*target, value.clone());
                }
                (Kind::Next, _) => {
                    self.clocked.insert(*target, value.clone());
                }
                (Kind::Output | Kind::Local, Expr::Net { net, .. })
                    if self.nets[*net].kind == Kind::ChildOutput && !self.aliased.contains(net) =>
                {
                    self.aliased.insert(*net);
                    self.names[*net] = self.names[*target].clone();
                    if self.nets[*target].kind == Kind::Output {
                        self.used[*net].fill(true);
                    }
                }
                _ => {}
            }
        }
    }

    fn is_alias(&self, target: usize, value: &Expr) -> bool {
        matches!(value, Expr::Net { net, .. } if self.aliased.contains(net) && self.names[*net] == self.names[target])
    }

    /// The always blocks of combinational logic.
    fn always(&mut self, groups: Vec<Group>, assigns: &mut String) -> Result<String, ExportError> {
        let mut text = String::new();
        for group in groups {
            if self.is_constant(&group) {
                self.constant_group(&group, assigns)?;
                continue;
            }
            self.procedural.extend(&group.targets);
            let mut place = Place::new("", &group.targets);
            let mut lines = String::new();
            for stmt in &group.body {
                self.statement(stmt, 2, &mut place, &mut lines);
            }
            text.push_str("\n    always @* begin\n");
            for (name, width) in &place.held {
                let _ = writeln!(text, "        {name} = {};", number(0, *width));
            }
            text.push_str(&lines);
            text.push_str("    end\n");
        }
        Ok(text)
    }

    /// Nothing that changes is read: an always block would never run.
    fn is_constant(&self, group: &Group) -> bool {
        let mut reads = BTreeSet::new();
        group.body.iter().for_each(|stmt| stmt.reads(&mut reads));
        reads
            .iter()
            .all(|net| group.targets.contains(net) || self.nets[*net].kind == Kind::Constant)
    }

    fn constant_group(&mut self, group: &Group, assigns: &mut String) -> Result<(), ExportError> {
        let mut values = BTreeMap::new();
        self.run(&group.body, &mut values)
            .ok_or_else(|| ExportError::Unsupported {
                block: self.instance.type_name.clone(),
                what: "signals wider than 128 bits are built from constants: build them in `new`"
                    .into(),
            })?;
        for (net, value) in values {
            let _ = writeln!(
                assigns,
                "    assign {} = {};",
                self.names[net],
                number(value, self.nets[net].width)
            );
        }
        Ok(())
    }

    /// Runs statements that depend on constants only.
    fn run(&self, body: &[Stmt], values: &mut BTreeMap<usize, u128>) -> Option<()> {
        for stmt in body {
            let look = |expr: &Expr, values: &BTreeMap<usize, u128>| {
                expr.value(&|net| values.get(&net).copied().or(self.nets[net].value))
            };
            match stmt {
                Stmt::Assign {
                    target,
                    part,
                    value,
                } => {
                    if self.nets[*target].width > 128 {
                        return None;
                    }
                    let value = look(value, values)?;
                    let value = match part {
                        None => value,
                        Some((at, width)) => {
                            let offset = match at {
                                At::Bit(bit) => *bit,
                                At::Index(index) => usize::try_from(look(index, values)?).ok()?,
                            };
                            let old = values.get(target).copied().unwrap_or(0);
                            (old & !(mask(*width) << offset)) | (value << offset)
                        }
                    };
                    values.insert(*target, value);
                }
                Stmt::If {
                    test,
                    then,
                    otherwise,
                } => {
                    let branch = if look(test, values)? == 1 {
                        then
                    } else {
                        otherwise
                    };
                    self.run(branch, values)?;
                }
                Stmt::Case { subject, arms } => {
                    let value = look(subject, values)?;
                    let hit = |label: Option<usize>| {
                        label.is_none_or(|label| self.nets[label].value == Some(value))
                    };
                    if let Some((_, arm)) = arms.iter().find(|(label, _)| hit(*label)) {
                        self.run(arm, values)?;
                    }
                }
            }
        }
        Some(())
    }

    fn statements(&mut self, body: &[Stmt], depth: usize, place: &mut Place, out: &mut String) {
        for stmt in body {
            self.statement(stmt, depth, place, out);
        }
    }

    fn statement(&mut self, stmt: &Stmt, depth: usize, place: &mut Place, out: &mut String) {
        let indent = "    ".repeat(depth);
        let flush = |place: &mut Place, out: &mut String| {
            for line in place.before.drain(..) {
                let _ = writeln!(out, "{indent}{line}");
            }
        };
        match stmt {
            Stmt::Assign {
                target,
                part,
                value,
            } => {
                place.stem.clone_from(&self.names[*target]);
                let select = match part {
                    None => String::new(),
                    Some((at, width)) => self.select(at, *width, self.nets[*target].width, place),
                };
                let value = self.expr(value, true, place);
                flush(place, out);
                let _ = writeln!(out, "{indent}{}{select} = {value};", self.names[*target]);
            }
            Stmt::If { .. } => {
                let mut chain = stmt;
                let mut lead = indent.clone();
                while let Stmt::If {
                    test,
                    then,
                    otherwise,
                } = chain
                {
                    place.stem = "test".into();
                    let test = self.expr(test, true, place);
                    flush(place, out);
                    let _ = writeln!(out, "{lead}if ({test}) begin");
                    self.statements(then, depth + 1, place, out);
                    if otherwise.is_empty() {
                        break;
                    }
                    if let [next @ Stmt::If { test, .. }] = otherwise.as_slice() {
                        if !test.needs_wire() {
                            lead = format!("{indent}end else ");
                            chain = next;
                            continue;
                        }
                    }
                    let _ = writeln!(out, "{indent}end else begin");
                    self.statements(otherwise, depth + 1, place, out);
                    break;
                }
                let _ = writeln!(out, "{indent}end");
            }
            Stmt::Case { subject, arms } => {
                place.stem = "subject".into();
                let subject = self.expr(subject, true, place);
                flush(place, out);
                let _ = writeln!(out, "{indent}case ({subject})");
                for (label, body) in arms {
                    let label = match label {
                        Some(net) => {
                            self.used[*net].fill(true);
                            self.names[*net].clone()
                        }
                        None => "default".into(),
                    };
                    if body.is_empty() {
                        let _ = writeln!(out, "{indent}    {label}: ;");
                        continue;
                    }
                    let _ = writeln!(out, "{indent}    {label}: begin");
                    self.statements(body, depth + 2, place, out);
                    let _ = writeln!(out, "{indent}    end");
                }
                let _ = writeln!(out, "{indent}endcase");
            }
        }
    }

    /// An expression outside any always block.
    fn whole(&mut self, expr: &Expr, stem: &str) -> String {
        let none = BTreeSet::new();
        self.expr(expr, true, &mut Place::new(stem, &none))
    }

    /// `outer`: nothing stands around it that binds.
    fn expr(&mut self, expr: &Expr, outer: bool, place: &mut Place) -> String {
        match expr {
            Expr::Const { value, width } => number(*value, *width),
            Expr::Net { net, .. } => {
                self.used[*net].fill(true);
                self.names[*net].clone()
            }
            Expr::Select { of, at, width } => {
                let net = match **of {
                    Expr::Net { net, .. } => net,
                    _ => self.hoist(of, place),
                };
                match at {
                    At::Bit(first) => self.used[net][*first..first + width].fill(true),
                    At::Index(_) => self.used[net].fill(true),
                }
                let select = self.select(at, *width, self.nets[net].width, place);
                format!("{}{select}", self.names[net])
            }
            Expr::Not(of) => {
                let sign = if of.width() == 1 { "!" } else { "~" };
                format!("{sign}{}", self.expr(of, false, place))
            }
            Expr::Reduce(op, of) => {
                let text = format!("{op}{}", self.expr(of, false, place));
                if outer {
                    text
                } else {
                    format!("({text})")
                }
            }
            Expr::Binary(op, left, right) => {
                let left = self.expr(left, false, place);
                let right = self.expr(right, false, place);
                let text = format!("{left} {} {right}", op.text());
                if outer {
                    text
                } else {
                    format!("({text})")
                }
            }
            Expr::Concat(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| self.expr(part, true, place))
                    .collect();
                format!("{{{}}}", parts.join(", "))
            }
        }
    }

    /// `width` bits from `at` on, of a net of `of` bits.
    fn select(&mut self, at: &At, width: usize, of: usize, place: &mut Place) -> String {
        match at {
            At::Bit(bit) if width == 1 => format!("[{bit}]"),
            At::Bit(first) => format!("[{}:{first}]", first + width - 1),
            At::Index(index) => {
                let needed = (usize::BITS - (of - 1).leading_zeros()) as usize;
                let index = (**index).clone().widened(index.width().max(needed));
                let index = self.expr(&index, true, place);
                if width == 1 {
                    format!("[{index}]")
                } else {
                    format!("[{index} +: {width}]")
                }
            }
        }
    }

    /// Gives `expr` a name, so that bits can be selected from it.
    fn hoist(&mut self, expr: &Expr, place: &mut Place) -> usize {
        let mut reads = BTreeSet::new();
        expr.reads(&mut reads);
        let text = self.expr(expr, true, place);
        let width = expr.width();
        let is_wire = reads.is_disjoint(place.targets);
        if let Some(known) = self.temporaries.get(&text).filter(|_| is_wire) {
            return *known;
        }
        let what = match expr {
            Expr::Binary(op, ..) => match op.text() {
                "+" => "sum",
                "-" => "difference",
                "*" => "product",
                "<<" | ">>" => "shifted",
                _ => "bits",
            },
            _ => "bits",
        };
        let name = self.namer.numbered(&format!("{}_{what}", place.stem));
        let net = self.nets.len();
        self.nets.push(Net {
            key: name.clone(),
            kind: Kind::Temporary,
            width,
            value: None,
            is_clock: false,
            labels: 0,
        });
        self.names.push(name.clone());
        self.used.push(vec![false; width]);
        if is_wire {
            self.temporaries.insert(text.clone(), net);
            let _ = writeln!(self.wires, "    assign {name} = {text};");
        } else {
            self.procedural.insert(net);
            place.before.push(format!("{name} = {text};"));
            place.held.push((name, width));
        }
        net
    }

    /// The clocked blocks: one for each clock, with the initial values before it.
    fn flip_flops(&mut self) -> String {
        let mut by_clock: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        let flops: Vec<String> = self
            .instance
            .children
            .iter()
            .filter(|child| child.is_flop)
            .map(|child| child.key.clone())
            .collect();
        let mut order = Vec::new();
        for key in flops {
            let find = |pin: &str| self.index.get(&format!("{key}${pin}")).copied();
            let (Some(held), Some(next), Some(clock)) = (find("q"), find("d"), find("clock"))
            else {
                continue;
            };
            let Some(source) = self.clocks.get(&clock).copied() else {
                continue;
            };
            if !order.contains(&source) {
                order.push(source);
            }
            by_clock.entry(source).or_default().push((held, next));
        }
        let mut text = String::new();
        for clock in order {
            let flops = &by_clock[&clock];
            text.push_str("\n    initial begin\n");
            for (held, _) in flops {
                let value = number(self.nets[*held].value.unwrap_or(0), self.nets[*held].width);
                let _ = writeln!(text, "        {} = {value};", self.names[*held]);
            }
            self.used[clock].fill(true);
            let _ = writeln!(
                text,
                "    end\n\n    always @(posedge {}) begin",
                self.names[clock]
            );
            for (held, next) in flops {
                let value = if let Some(value) = self.clocked.get(next).cloned() {
                    self.whole(&value, &self.names[*held].clone())
                } else {
                    self.used[*next].fill(true);
                    self.names[*next].clone()
                };
                let _ = writeln!(text, "        {} <= {value};", self.names[*held]);
            }
            text.push_str("    end\n");
        }
        text
    }

    fn instances(&mut self, children: &[Child], names: &[String]) -> String {
        let mut text = String::new();
        for (child, name) in children.iter().zip(names) {
            let _ = writeln!(text, "\n    {} {name} (", child.module);
            let pad = child
                .ports
                .iter()
                .map(|port| port.name.len())
                .max()
                .unwrap_or(0);
            for (number, port) in child.ports.iter().enumerate() {
                let comma = if number + 1 < child.ports.len() {
                    ","
                } else {
                    ""
                };
                let Some(net) = self
                    .index
                    .get(&format!("{}${}", child.instance.key, port.key))
                    .copied()
                else {
                    continue;
                };
                let wire = if let Some(source) = self.clocks.get(&net).copied() {
                    self.used[source].fill(true);
                    self.names[source].clone()
                } else if let Some(value) = self.connected.get(&net).cloned() {
                    self.whole(&value, "")
                } else {
                    if port.is_input {
                        self.used[net].fill(true);
                    }
                    self.names[net].clone()
                };
                let _ = writeln!(text, "        .{:pad$} ({wire}){comma}", port.name);
            }
            text.push_str("    );\n");
        }
        text
    }

    /// Declarations, then everything that was printed, in the order a reader wants it.
    fn assemble(&mut self, assigns: &str, always: &str, clocked: &str, instances: &str) -> Printed {
        let is_reg = |key: &str| {
            self.index
                .get(key)
                .is_some_and(|net| self.procedural.contains(net))
        };
        let ports = self.ports.clone();
        let mut text = header(&self.instance.doc, &ports, &|port| {
            if is_reg(&port.key) {
                "output reg "
            } else {
                "output wire"
            }
        });
        let mut parameters = String::new();
        let mut declarations = Vec::new();
        for number in 0..self.nets.len() {
            let (net, name) = (&self.nets[number], &self.names[number]);
            let is_used = self.used[number].contains(&true);
            match net.kind {
                Kind::Constant if is_used => {
                    let value = self::number(net.value.unwrap_or(0), net.width);
                    let range = self::range(net.width);
                    let gap = if range.is_empty() { "" } else { " " };
                    let _ = writeln!(parameters, "    localparam {range}{gap}{name} = {value};");
                }
                Kind::Input | Kind::Output | Kind::Constant => {}
                Kind::Next if self.clocked.contains_key(&number) => {}
                Kind::ChildInput if self.connected.contains_key(&number) || net.is_clock => {}
                Kind::ChildOutput if self.aliased.contains(&number) => {}
                Kind::Local if !self.assigned.contains(&number) => {}
                Kind::Held => declarations.push(("reg ", number)),
                _ if self.procedural.contains(&number) => declarations.push(("reg ", number)),
                _ => declarations.push(("wire", number)),
            }
        }
        declarations
            .sort_by_key(|(_, net)| !matches!(self.nets[*net].kind, Kind::Held | Kind::Next));
        if !parameters.is_empty() {
            let _ = write!(text, "\n{parameters}");
        }
        let pad = declarations
            .iter()
            .map(|(_, net)| range(self.nets[*net].width).len())
            .max()
            .unwrap_or(0);
        let mut waivers = Vec::new();
        let mut lines = text.lines().count();
        for (number, port) in ports.iter().enumerate() {
            if let Some(net) = self.index.get(&port.key).filter(|_| port.is_input) {
                waivers.extend(self.unused(*net, number + 2));
            }
        }
        if !declarations.is_empty() {
            text.push('\n');
            lines += 1;
        }
        for (kind, net) in declarations {
            let pad = if pad > 0 { pad + 1 } else { 0 };
            let _ = writeln!(
                text,
                "    {kind} {:pad$}{};",
                range(self.nets[net].width),
                self.names[net]
            );
            if !self.names[net].starts_with("unused_") {
                waivers.extend(self.unused(net, lines));
            }
            lines += 1;
        }
        if !self.wires.is_empty() || !assigns.is_empty() {
            let _ = write!(text, "\n{}{assigns}", self.wires);
        }
        let _ = write!(text, "{instances}{always}{clocked}\nendmodule\n");
        Printed {
            ports,
            text,
            waivers,
        }
    }

    fn unused(&self, net: usize, line: usize) -> Option<Waiver> {
        let bits: Vec<usize> = self.used[net]
            .iter()
            .enumerate()
            .filter(|(_, used)| !**used)
            .map(|(bit, _)| bit)
            .collect();
        if bits.is_empty() {
            return None;
        }
        let name = &self.names[net];
        let reason = if bits.len() == self.used[net].len() {
            format!("nothing in this configuration reads {name}")
        } else if self.nets[net].kind == Kind::Temporary {
            format!("{name} is named only so that some of its bits can be taken")
        } else {
            format!("this configuration reads only some bits of {name}")
        };
        Some(Waiver {
            rule: "UNUSEDSIGNAL",
            line,
            reason,
        })
    }
}
