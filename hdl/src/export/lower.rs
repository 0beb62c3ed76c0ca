//! From rust-hdl's AST to typed statements: loops unrolled, names resolved, every width known.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rust_hdl::prelude::ast::{
    Verilog, VerilogBlock, VerilogBlockOrConditional, VerilogConditional, VerilogExpression,
    VerilogMatch, VerilogOp, VerilogOpUnary, VerilogStatement,
};
use rust_hdl::prelude::{clog2, AtomKind};

use super::expr::{mask, At, Expr, Op, Stmt};
use super::names;
use super::tree::{literal_value, Instance};
use super::ExportError;

/// What a net is to its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Input,
    Output,
    Local,
    Constant,
    /// The state of a flip-flop.
    Held,
    /// What a flip-flop takes at the next edge.
    Next,
    /// An input of a sub-block.
    ChildInput,
    /// An output of a sub-block.
    ChildOutput,
    /// A wire or register the exporter made.
    Temporary,
}

impl Kind {
    /// Driven by the kernel.
    pub(super) fn is_target(self) -> bool {
        matches!(
            self,
            Kind::Output | Kind::Local | Kind::Next | Kind::ChildInput
        )
    }

    /// Reads back what the kernel has just assigned.
    pub(super) fn is_blocking(self) -> bool {
        matches!(self, Kind::Output | Kind::Local)
    }
}

/// A signal, constant or enum label as the kernel of one block sees it.
#[derive(Clone, Debug)]
pub(super) struct Net {
    /// Flattened path; enum labels have `State$Idle`.
    pub(super) key: String,
    pub(super) kind: Kind,
    pub(super) width: usize,
    /// A constant's value, a flip-flop's initial value.
    pub(super) value: Option<u128>,
    pub(super) is_clock: bool,
    /// Of an enum label: how many labels its type has.
    pub(super) labels: usize,
}

/// A kernel, understood.
pub(super) struct Kernel {
    pub(super) nets: Vec<Net>,
    pub(super) index: BTreeMap<String, usize>,
    pub(super) body: Vec<Stmt>,
    /// Clock inputs of sub-blocks and flip-flops, and what feeds them.
    pub(super) clocks: BTreeMap<usize, usize>,
}

/// The nets of a block, without its kernel.
fn nets(instance: &Instance) -> Result<Vec<Net>, ExportError> {
    let mut nets = Vec::new();
    let net = |key: String, kind, pin: &super::tree::Pin| Net {
        key,
        kind,
        width: pin.width,
        value: pin.value,
        is_clock: pin.is_clock,
        labels: 0,
    };
    for pin in &instance.pins {
        let kind = match pin.kind {
            AtomKind::InputParameter => Kind::Input,
            AtomKind::OutputParameter => Kind::Output,
            AtomKind::Constant => Kind::Constant,
            _ => Kind::Local,
        };
        nets.push(net(pin.key.clone(), kind, pin));
    }
    for child in &instance.children {
        let (outputs, inputs): (Vec<_>, Vec<_>) = child
            .pins
            .iter()
            .partition(|pin| child.is_flop && pin.kind == AtomKind::OutputParameter);
        for pin in outputs.into_iter().chain(inputs) {
            let kind = match (child.is_flop, pin.kind) {
                (true, AtomKind::OutputParameter) => Kind::Held,
                (true, AtomKind::InputParameter) if pin.is_clock => Kind::ChildInput,
                (true, AtomKind::InputParameter) => Kind::Next,
                (false, AtomKind::OutputParameter) => Kind::ChildOutput,
                (false, AtomKind::InputParameter) => Kind::ChildInput,
                _ => continue,
            };
            let mut net = net(format!("{}${}", child.key, pin.key), kind, pin);
            if kind == Kind::Held {
                net.value = Some(flop_reset(instance, child)?);
            }
            nets.push(net);
        }
    }
    nets.extend(labels(instance)?);
    Ok(nets)
}

/// The initial value in the text of rust-hdl's flip-flop.
fn flop_reset(instance: &Instance, flop: &Instance) -> Result<u128, ExportError> {
    let value = match &flop.hdl {
        Verilog::Custom(text) => text.split("'h").nth(1).and_then(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
            u128::from_str_radix(&digits, 16).ok()
        }),
        _ => None,
    };
    value.ok_or_else(|| ExportError::Unsupported {
        block: instance.type_name.clone(),
        what: format!(
            "the initial value of `{}` is not understood: keep it within 128 bits",
            names::path(&flop.key)
        ),
    })
}

/// The labels of every enum that a signal of the block or of its sub-blocks has.
fn labels(instance: &Instance) -> Result<Vec<Net>, ExportError> {
    let mut found: BTreeMap<&str, &Vec<String>> = BTreeMap::new();
    let pins = instance
        .pins
        .iter()
        .chain(instance.children.iter().flat_map(|child| &child.pins));
    let mut nets = Vec::new();
    for labels in pins.flat_map(|pin| &pin.enums) {
        let Some(first) = labels.first() else {
            continue;
        };
        let name = first.split("::").next().unwrap_or_default();
        match found.get(name) {
            Some(known) if *known == labels => continue,
            Some(_) => {
                return Err(ExportError::Unsupported {
                    block: instance.type_name.clone(),
                    what: format!("two enums are called `{name}`: rename one"),
                })
            }
            None => found.insert(name, labels),
        };
        for (value, label) in labels.iter().enumerate() {
            nets.push(Net {
                key: label.replace("::", "$"),
                kind: Kind::Constant,
                width: clog2(labels.len()),
                value: Some(value as u128),
                is_clock: false,
                labels: labels.len(),
            });
        }
    }
    Ok(nets)
}

/// Understands the kernel of `instance`.
pub(super) fn lower(instance: &Instance, code: &VerilogBlock) -> Result<Kernel, ExportError> {
    let nets = nets(instance)?;
    let index = nets
        .iter()
        .enumerate()
        .map(|(number, net)| (net.key.clone(), number))
        .collect();
    let mut lowering = Lowering {
        block: &instance.type_name,
        nets,
        index,
        loops: Vec::new(),
        clocks: BTreeMap::new(),
        depth: 0,
    };
    let body = lowering.block(code)?;
    Ok(Kernel {
        nets: lowering.nets,
        index: lowering.index,
        body,
        clocks: lowering.clocks,
    })
}

struct Lowering<'a> {
    block: &'a str,
    nets: Vec<Net>,
    index: BTreeMap<String, usize>,
    loops: Vec<(String, i128)>,
    clocks: BTreeMap<usize, usize>,
    depth: usize,
}

impl Lowering<'_> {
    fn block(&mut self, code: &VerilogBlock) -> Result<Vec<Stmt>, ExportError> {
        let mut out = Vec::new();
        for statement in code {
            self.statement(statement, &mut out)?;
        }
        Ok(out)
    }

    fn inner_block(&mut self, code: &VerilogBlock) -> Result<Vec<Stmt>, ExportError> {
        self.depth += 1;
        let out = self.block(code);
        self.depth -= 1;
        out
    }

    fn statement(
        &mut self,
        statement: &VerilogStatement,
        out: &mut Vec<Stmt>,
    ) -> Result<(), ExportError> {
        match statement {
            VerilogStatement::Assignment(target, value) => self.assignment(target, value, out)?,
            VerilogStatement::SliceAssignment {
                base,
                width,
                offset,
                replacement,
            } => {
                let target = self.target(base)?;
                let of = self.nets[target].width;
                let offset = self
                    .constant(offset)
                    .and_then(|offset| usize::try_from(offset).ok());
                let offset =
                    offset.ok_or_else(|| self.unsupported("a struct field has no fixed place"))?;
                if offset + width > of {
                    return Err(self.past_end(&self.nets[target].key, offset, *width, of));
                }
                let value = self.sized(replacement, *width, &self.nets[target].key.clone())?;
                out.push(Stmt::Assign {
                    target,
                    part: Some((At::Bit(offset), *width)),
                    value,
                });
            }
            VerilogStatement::If(conditional) => self.conditional(conditional, out)?,
            VerilogStatement::Match(choice) => self.choice(choice, out)?,
            VerilogStatement::Loop(repeat) => {
                for value in repeat.from.as_usize()..repeat.to.as_usize() {
                    self.loops.push((repeat.index.clone(), value as i128));
                    let body = self.block(&repeat.block);
                    self.loops.pop();
                    out.extend(body?);
                }
            }
            VerilogStatement::Macro(code) => out.extend(self.block(code)?),
            VerilogStatement::Comment(_) => {}
            VerilogStatement::Link(_) => {
                return Err(self.unsupported("link and join are not printed: assign each signal"));
            }
        }
        Ok(())
    }

    fn assignment(
        &mut self,
        target: &VerilogExpression,
        value: &VerilogExpression,
        out: &mut Vec<Stmt>,
    ) -> Result<(), ExportError> {
        let target = self.target(target)?;
        let key = self.nets[target].key.clone();
        if self.nets[target].is_clock {
            return self.clock(target, value);
        }
        if let VerilogExpression::IndexReplace(of, index, bit) = strip(value) {
            if self.nets[target].kind.is_blocking() && self.named(of)? == Some(target) {
                let width = self.nets[target].width;
                let value = self.sized(bit, 1, &key)?;
                match self.index(index, width, &key)? {
                    At::Bit(0) if width == 1 => out.push(Stmt::Assign {
                        target,
                        part: None,
                        value,
                    }),
                    At::Index(index) if !fits(&index, width, 1) => {
                        let value = self.expression(of, Some(width), &key)?;
                        let value =
                            self.replaced(value, At::Index(index), self.sized(bit, 1, &key)?);
                        out.push(Stmt::Assign {
                            target,
                            part: None,
                            value,
                        });
                    }
                    at => out.push(Stmt::Assign {
                        target,
                        part: Some((at, 1)),
                        value,
                    }),
                }
                return Ok(());
            }
        }
        let value = self.sized(value, self.nets[target].width, &key)?;
        out.push(Stmt::Assign {
            target,
            part: None,
            value,
        });
        Ok(())
    }

    /// `target` takes the clock that `value` names.
    fn clock(&mut self, target: usize, value: &VerilogExpression) -> Result<(), ExportError> {
        let wrong = || ExportError::Clock {
            block: self.block.into(),
            field: names::path(&self.nets[target].key),
        };
        let source = self
            .named(value)?
            .filter(|source| self.nets[*source].is_clock)
            .ok_or_else(wrong)?;
        let is_source = matches!(self.nets[source].kind, Kind::Input | Kind::ChildOutput);
        if self.depth > 0
            || !is_source
            || self
                .clocks
                .get(&target)
                .is_some_and(|known| *known != source)
        {
            return Err(wrong());
        }
        self.clocks.insert(target, source);
        Ok(())
    }

    fn conditional(
        &mut self,
        conditional: &VerilogConditional,
        out: &mut Vec<Stmt>,
    ) -> Result<(), ExportError> {
        let test = self.sized(&conditional.test, 1, "if")?;
        let then = self.inner_block(&conditional.then)?;
        let otherwise = match &conditional.otherwise {
            VerilogBlockOrConditional::Block(code) => self.inner_block(code)?,
            VerilogBlockOrConditional::Conditional(nested) => {
                self.depth += 1;
                let mut inner = Vec::new();
                let done = self.statement(nested, &mut inner);
                self.depth -= 1;
                done?;
                inner
            }
            VerilogBlockOrConditional::None => Vec::new(),
        };
        match self.folded(&test) {
            Some(0) => out.extend(otherwise),
            Some(_) => out.extend(then),
            None if then.is_empty() && otherwise.is_empty() => {}
            None if then.is_empty() => out.push(Stmt::If {
                test: inverted(test),
                then: otherwise,
                otherwise: then,
            }),
            None => out.push(Stmt::If {
                test,
                then,
                otherwise,
            }),
        }
        Ok(())
    }

    fn choice(&mut self, choice: &VerilogMatch, out: &mut Vec<Stmt>) -> Result<(), ExportError> {
        let subject = self.expression(&choice.test, None, "match")?;
        let mut arms = Vec::new();
        let mut seen = Vec::new();
        for case in &choice.cases {
            let body = self.inner_block(&case.block)?;
            if case.condition == "default" {
                arms.push((None, body));
                break;
            }
            let label = self
                .label(&case.condition)
                .ok_or_else(|| self.unknown(&case.condition))?;
            self.same_width(subject.width(), self.nets[label].width, &case.condition)?;
            if !seen.contains(&label) {
                seen.push(label);
                arms.push((Some(label), body));
            }
        }
        let all = seen.first().map_or(0, |label| self.nets[*label].labels);
        if seen.len() == all {
            // Every label has its arm: a default after them is never reached, and the last arm becomes one.
            arms.retain(|(label, _)| label.is_some());
            if let Some(last) = arms.last_mut().filter(|_| all < 1 << subject.width()) {
                last.0 = None;
            }
        } else if !arms.last().is_some_and(|(label, _)| label.is_none()) {
            return Err(
                self.unsupported("a match leaves labels without an arm: end it in `_ => {}`")
            );
        }
        if let Some(value) = self.folded(&subject) {
            let hit = |label: &Option<usize>| {
                label.is_none_or(|label| self.nets[label].value == Some(value))
            };
            if let Some((_, body)) = arms.into_iter().find(|(label, _)| hit(label)) {
                out.extend(body);
            }
        } else {
            out.push(Stmt::Case { subject, arms });
        }
        Ok(())
    }

    /// The enum label a pattern or path names, `State$Idle` at its end.
    fn label(&self, name: &str) -> Option<usize> {
        let mut parts = name.rsplit('$');
        let (label, kind) = (parts.next()?, parts.next()?);
        let net = *self.index.get(&format!("{kind}${label}"))?;
        (self.nets[net].labels > 0).then_some(net)
    }

    /// The net that `text` names, with its indices resolved.
    fn resolve(&self, text: &str) -> Result<usize, ExportError> {
        let mut key = String::new();
        let mut rest = text.trim_start_matches('.');
        while let Some(open) = rest.find('[') {
            key.push_str(&rest[..open]);
            let mut depth = 0;
            let close = rest[open..].find(|character| {
                depth += match character {
                    '[' => 1,
                    ']' => -1,
                    _ => 0,
                };
                depth == 0
            });
            let close = close.ok_or_else(|| self.unknown(text))? + open;
            let index = &rest[open + 1..close];
            let value =
                names::index_value(index, &self.loops).ok_or_else(|| ExportError::Index {
                    block: self.block.into(),
                    name: text.replace('$', "."),
                    index: index.replace('$', "."),
                })?;
            let _ = write!(key, "${value}");
            rest = &rest[close + 1..];
        }
        key.push_str(rest);
        match self.index.get(&key) {
            Some(net) => Ok(*net),
            None => self
                .label(&key)
                .ok_or_else(|| self.unknown(&names::path(&key))),
        }
    }

    fn target(&self, target: &VerilogExpression) -> Result<usize, ExportError> {
        let VerilogExpression::Signal(text) = strip(target) else {
            return Err(self.unsupported("an assignment's target must be a signal"));
        };
        let net = self.resolve(text.strip_suffix("$next").unwrap_or(text))?;
        if self.nets[net].kind.is_target() {
            Ok(net)
        } else {
            Err(ExportError::NotDrivable {
                block: self.block.into(),
                field: names::path(&self.nets[net].key),
            })
        }
    }

    /// The net an expression is, if it is just a name.
    fn named(&self, expression: &VerilogExpression) -> Result<Option<usize>, ExportError> {
        match strip(expression) {
            VerilogExpression::Signal(text) if names::loop_value(text, &self.loops).is_none() => {
                self.resolve(text).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The value of an expression of literals and loop variables only.
    fn constant(&self, expression: &VerilogExpression) -> Option<i128> {
        match strip(expression) {
            VerilogExpression::Literal(literal) => i128::try_from(literal_value(literal)?).ok(),
            VerilogExpression::Signal(text) => names::loop_value(text, &self.loops),
            VerilogExpression::Binary(left, op, right) => {
                let (left, right) = (self.constant(left)?, self.constant(right)?);
                match op {
                    VerilogOp::Add => left.checked_add(right),
                    VerilogOp::Sub => left.checked_sub(right),
                    VerilogOp::Mul => left.checked_mul(right),
                    VerilogOp::Shl => u32::try_from(right)
                        .ok()
                        .and_then(|by| left.checked_shl(by)),
                    VerilogOp::Shr => u32::try_from(right)
                        .ok()
                        .and_then(|by| left.checked_shr(by)),
                    VerilogOp::BitAnd => Some(left & right),
                    VerilogOp::BitOr => Some(left | right),
                    VerilogOp::BitXor => Some(left ^ right),
                    VerilogOp::Eq => Some(i128::from(left == right)),
                    VerilogOp::Ne => Some(i128::from(left != right)),
                    VerilogOp::Lt => Some(i128::from(left < right)),
                    VerilogOp::Le => Some(i128::from(left <= right)),
                    VerilogOp::Gt => Some(i128::from(left > right)),
                    VerilogOp::Ge => Some(i128::from(left >= right)),
                    VerilogOp::LogicalAnd => Some(i128::from(left != 0 && right != 0)),
                    VerilogOp::LogicalOr => Some(i128::from(left != 0 || right != 0)),
                }
            }
            _ => None,
        }
    }

    /// The value of an expression of literals, loop variables and constants only.
    fn folded(&self, expression: &Expr) -> Option<u128> {
        expression.value(&|net| {
            self.nets[net]
                .value
                .filter(|_| self.nets[net].kind == Kind::Constant)
        })
    }

    /// `expression`, which must be `width` bits wide.
    fn sized(
        &self,
        expression: &VerilogExpression,
        width: usize,
        at: &str,
    ) -> Result<Expr, ExportError> {
        let out = self.expression(expression, Some(width), at)?;
        self.same_width(out.width(), width, at)?;
        Ok(out)
    }

    fn literal(&self, value: i128, width: Option<usize>, at: &str) -> Result<Expr, ExportError> {
        let what = names::path(at);
        let Some(width) = width else {
            return Err(ExportError::Unsized {
                block: self.block.into(),
                value,
                what,
            });
        };
        match u128::try_from(value) {
            Ok(small) if small <= mask(width) => Ok(Expr::Const {
                value: small,
                width,
            }),
            _ => Err(ExportError::LiteralTooWide {
                block: self.block.into(),
                value,
                width,
                what,
            }),
        }
    }

    /// `want` is the width that literals take; `at` names the place in messages.
    fn expression(
        &self,
        expression: &VerilogExpression,
        want: Option<usize>,
        at: &str,
    ) -> Result<Expr, ExportError> {
        if let Some(value) = self.constant(expression) {
            return self.literal(value, want, at);
        }
        match strip(expression) {
            VerilogExpression::Signal(text) => self.signal(text),
            VerilogExpression::Literal(_) => {
                Err(self.unsupported("a literal is wider than 127 bits"))
            }
            VerilogExpression::Cast(of, width) => {
                let of = self.expression(of, Some(*width), at)?;
                Ok(if of.width() < *width {
                    of.widened(*width)
                } else {
                    of.part(0, *width)
                })
            }
            VerilogExpression::Binary(left, op, right) => self.binary(left, op, right, want, at),
            VerilogExpression::Unary(op, of) => {
                let not = matches!(op, VerilogOpUnary::Not);
                let of = self.expression(of, want.filter(|_| not), at)?;
                match op {
                    VerilogOpUnary::Not => Ok(inverted(of)),
                    VerilogOpUnary::All => Ok(reduced('&', of)),
                    VerilogOpUnary::Any => Ok(reduced('|', of)),
                    VerilogOpUnary::Xor => Ok(reduced('^', of)),
                    VerilogOpUnary::Neg => {
                        Err(self.unsupported("negation is not printed: subtract from zero"))
                    }
                }
            }
            VerilogExpression::Index(of, index) => {
                let of = self.expression(of, None, at)?;
                match self.index(index, of.width(), &self.text(&of))? {
                    At::Bit(bit) => Ok(of.part(bit, 1)),
                    At::Index(index) => Ok(picked(of, *index, 1)),
                }
            }
            VerilogExpression::Slice(of, width, offset) => {
                let of = self.expression(of, None, at)?;
                if let Some(offset) = self.constant(offset) {
                    let offset = usize::try_from(offset).unwrap_or(usize::MAX / 2);
                    if offset + width > of.width() {
                        return Err(self.past_end(&self.text(&of), offset, *width, of.width()));
                    }
                    return Ok(of.part(offset, *width));
                }
                let offset = self.moving(offset, &self.text(&of))?;
                Ok(picked(of, offset, *width))
            }
            VerilogExpression::IndexReplace(of, index, bit) => {
                let of = self.expression(of, want, at)?;
                let index = self.index(index, of.width(), &self.text(&of))?;
                let bit = self.sized(bit, 1, at)?;
                Ok(self.replaced(of, index, bit))
            }
            VerilogExpression::Signed(_) | VerilogExpression::Unsigned(_) => {
                Err(self.unsupported("signed arithmetic is not printed: use unsigned Bits"))
            }
            VerilogExpression::Paren(inner) => self.expression(inner, want, at),
        }
    }

    fn signal(&self, text: &str) -> Result<Expr, ExportError> {
        let number = self.resolve(text)?;
        let net = &self.nets[number];
        if net.is_clock {
            return Err(ExportError::Clock {
                block: self.block.into(),
                field: names::path(&net.key),
            });
        }
        if matches!(net.kind, Kind::Next | Kind::ChildInput) {
            return Err(ExportError::ReadsInput {
                block: self.block.into(),
                field: names::path(&net.key),
            });
        }
        if net.kind == Kind::Constant && net.value.is_none() {
            return Err(self.unsupported("a constant is wider than 128 bits"));
        }
        Ok(Expr::Net {
            net: number,
            width: net.width,
        })
    }

    fn binary(
        &self,
        left: &VerilogExpression,
        op: &VerilogOp,
        right: &VerilogExpression,
        want: Option<usize>,
        at: &str,
    ) -> Result<Expr, ExportError> {
        let op = operator(op);
        if matches!(op, Op::Shl | Op::Shr) {
            // Rust's literals are 64 bits wide where they are shifted.
            let want = if self.constant(left).is_some() {
                Some(64)
            } else {
                want
            };
            let left = self.expression(left, want, at)?;
            let right = match self.constant(right) {
                Some(by) => {
                    let by = u128::try_from(by).unwrap_or(0);
                    if by >= left.width() as u128 {
                        return Ok(Expr::Const {
                            value: 0,
                            width: left.width(),
                        });
                    }
                    if by == 0 {
                        return Ok(left);
                    }
                    Expr::Const {
                        value: by,
                        width: (128 - by.leading_zeros()) as usize,
                    }
                }
                None => self.expression(right, None, at)?,
            };
            return Ok(Expr::Binary(op, Box::new(left), Box::new(right)));
        }
        let inner = match op {
            Op::LogicalAnd | Op::LogicalOr => Some(1),
            Op::Mul => Some(16),
            _ if op.is_test() => None,
            _ => want,
        };
        let (left, mut right) = if self.constant(left).is_some() {
            let right = self.expression(right, inner, at)?;
            (self.expression(left, Some(right.width()), at)?, right)
        } else {
            let left = self.expression(left, inner, at)?;
            let right = self.expression(right, Some(left.width()), at)?;
            (left, right)
        };
        if op == Op::Add && right.width() == 1 {
            right = right.widened(left.width());
        }
        self.same_width(
            right.width(),
            left.width(),
            &format!("`{}` at {}", op.text(), names::path(at)),
        )?;
        let (left, right) = if op == Op::Mul {
            (left.widened(32), right.widened(32))
        } else {
            (left, right)
        };
        Ok(Expr::Binary(op, Box::new(left), Box::new(right)))
    }

    /// The index of a single bit of `width`.
    fn index(&self, index: &VerilogExpression, width: usize, of: &str) -> Result<At, ExportError> {
        match self.constant(index) {
            Some(value) => match usize::try_from(value) {
                Ok(bit) if bit < width => Ok(At::Bit(bit)),
                _ => Err(self.past_end(
                    of,
                    usize::try_from(value).unwrap_or(usize::MAX / 2),
                    1,
                    width,
                )),
            },
            None => Ok(At::Index(Box::new(self.moving(index, of)?))),
        }
    }

    /// An index or offset that moves. Rust may compute it in `usize`, where nothing wraps: a plain signal only.
    fn moving(&self, index: &VerilogExpression, of: &str) -> Result<Expr, ExportError> {
        let index = self.expression(index, None, of)?;
        match &index {
            Expr::Net { .. } => Ok(index),
            Expr::Select { of, .. } if matches!(**of, Expr::Net { .. }) => Ok(index),
            _ => Err(self.unsupported(&format!(
                "the index into `{}` is computed where Rust does not wrap: assign it to a wire first",
                names::path(of)
            ))),
        }
    }

    /// `of` with one bit replaced.
    #[allow(clippy::unused_self)] // reads as the other constructors
    fn replaced(&self, of: Expr, at: At, bit: Expr) -> Expr {
        let width = of.width();
        match at {
            At::Bit(bit_index) => {
                let mut parts = Vec::new();
                if bit_index + 1 < width {
                    parts.push(of.clone().part(bit_index + 1, width - bit_index - 1));
                }
                parts.push(bit);
                if bit_index > 0 {
                    parts.push(of.part(0, bit_index));
                }
                if parts.len() == 1 {
                    parts.remove(0)
                } else {
                    Expr::Concat(parts)
                }
            }
            At::Index(index) => {
                let one = Expr::Const { value: 1, width };
                let binary = |op, left, right| Expr::Binary(op, Box::new(left), Box::new(right));
                let hole = inverted(binary(Op::Shl, one, (*index).clone()));
                let fill = binary(Op::Shl, bit.widened(width), *index);
                binary(Op::Or, binary(Op::And, of, hole), fill)
            }
        }
    }

    /// What an expression is called in messages.
    fn text(&self, expression: &Expr) -> String {
        match expression {
            Expr::Net { net, .. } => names::path(&self.nets[*net].key),
            Expr::Select { of, .. } => self.text(of),
            _ => "an expression".into(),
        }
    }

    fn same_width(&self, got: usize, want: usize, what: &str) -> Result<(), ExportError> {
        if got == want {
            return Ok(());
        }
        Err(ExportError::Width {
            block: self.block.into(),
            what: names::path(what),
            got,
            want,
        })
    }

    fn past_end(&self, field: &str, offset: usize, width: usize, of: usize) -> ExportError {
        ExportError::SelectPastEnd {
            block: self.block.into(),
            field: names::path(field),
            offset,
            width,
            of,
        }
    }

    fn unknown(&self, name: &str) -> ExportError {
        ExportError::UnknownName {
            block: self.block.into(),
            name: name.replace('$', "."),
        }
    }

    fn unsupported(&self, what: &str) -> ExportError {
        ExportError::Unsupported {
            block: self.block.into(),
            what: what.into(),
        }
    }
}

/// Whether every value of `index` selects `select` bits inside `width`.
pub(super) fn fits(index: &Expr, width: usize, select: usize) -> bool {
    index.width() < 32 && (mask(index.width()) as usize) + select <= width
}

/// `width` bits of `of` from a moving offset on, zeros where it ends.
fn picked(of: Expr, offset: Expr, width: usize) -> Expr {
    if fits(&offset, of.width(), width) {
        return Expr::Select {
            of: Box::new(of),
            at: At::Index(Box::new(offset)),
            width,
        };
    }
    let (have, low) = (of.width(), of.width().min(width));
    let shifted = Expr::Binary(Op::Shr, Box::new(of), Box::new(offset));
    if low == have {
        shifted.widened(width)
    } else {
        shifted.part(0, low)
    }
}

fn inverted(of: Expr) -> Expr {
    match of {
        Expr::Const { value, width } => Expr::Const {
            value: !value & mask(width),
            width,
        },
        Expr::Not(inner) => *inner,
        other => Expr::Not(Box::new(other)),
    }
}

fn reduced(op: char, of: Expr) -> Expr {
    if of.width() == 1 {
        of
    } else {
        Expr::Reduce(op, Box::new(of))
    }
}

fn strip(expression: &VerilogExpression) -> &VerilogExpression {
    match expression {
        VerilogExpression::Paren(inner) => strip(inner),
        other => other,
    }
}

fn operator(op: &VerilogOp) -> Op {
    match op {
        VerilogOp::Add => Op::Add,
        VerilogOp::Sub => Op::Sub,
        VerilogOp::Mul => Op::Mul,
        VerilogOp::LogicalAnd => Op::LogicalAnd,
        VerilogOp::LogicalOr => Op::LogicalOr,
        VerilogOp::BitXor => Op::Xor,
        VerilogOp::BitAnd => Op::And,
        VerilogOp::BitOr => Op::Or,
        VerilogOp::Shl => Op::Shl,
        VerilogOp::Shr => Op::Shr,
        VerilogOp::Eq => Op::Eq,
        VerilogOp::Lt => Op::Lt,
        VerilogOp::Le => Op::Le,
        VerilogOp::Ne => Op::Ne,
        VerilogOp::Ge => Op::Ge,
        VerilogOp::Gt => Op::Gt,
    }
}
