//! Expressions with known widths, and statements of them: the kernel with loops unrolled and names resolved.

use std::collections::BTreeSet;

/// Which bit a select begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    Bit(usize),
    Index(Box<Expr>),
}

/// Binary operators. But for shifts both operands have the same width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    LogicalAnd,
    LogicalOr,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    pub(super) fn text(self) -> &'static str {
        match self {
            Op::Add => "+",
            Op::Sub => "-",
            Op::Mul => "*",
            Op::And => "&",
            Op::Or => "|",
            Op::Xor => "^",
            Op::LogicalAnd => "&&",
            Op::LogicalOr => "||",
            Op::Shl => "<<",
            Op::Shr => ">>",
            Op::Eq => "==",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
        }
    }

    /// The result is one bit whatever the operands are.
    pub(super) fn is_test(self) -> bool {
        use Op::{Eq, Ge, Gt, Le, LogicalAnd, LogicalOr, Lt, Ne};
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge | LogicalAnd | LogicalOr)
    }
}

/// An expression whose width is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    Const {
        value: u128,
        width: usize,
    },
    Net {
        net: usize,
        width: usize,
    },
    Select {
        of: Box<Expr>,
        at: At,
        width: usize,
    },
    Not(Box<Expr>),
    Reduce(char, Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
    /// Most significant part first.
    Concat(Vec<Expr>),
}

/// The value with `width` ones.
pub(super) fn mask(width: usize) -> u128 {
    if width >= 128 {
        u128::MAX
    } else {
        (1 << width) - 1
    }
}

impl Expr {
    pub(super) fn width(&self) -> usize {
        match self {
            Expr::Const { width, .. } | Expr::Net { width, .. } | Expr::Select { width, .. } => {
                *width
            }
            Expr::Not(of) => of.width(),
            Expr::Reduce(..) => 1,
            Expr::Binary(op, ..) if op.is_test() => 1,
            Expr::Binary(_, left, _) => left.width(),
            Expr::Concat(parts) => parts.iter().map(Expr::width).sum(),
        }
    }

    /// The same value in `width` bits, zeros above.
    pub(super) fn widened(self, width: usize) -> Expr {
        match self {
            Expr::Const { value, .. } => Expr::Const { value, width },
            other if other.width() == width => other,
            other => {
                let zeros = Expr::Const {
                    value: 0,
                    width: width - other.width(),
                };
                Expr::Concat(vec![zeros, other])
            }
        }
    }

    /// `width` bits from bit `offset` on, which the caller has checked to be there.
    pub(super) fn part(self, offset: usize, width: usize) -> Expr {
        if offset == 0 && width == self.width() {
            return self;
        }
        match self {
            Expr::Const { value, .. } => {
                let shifted = if offset >= 128 { 0 } else { value >> offset };
                Expr::Const {
                    value: shifted & mask(width),
                    width,
                }
            }
            Expr::Select {
                of,
                at: At::Bit(first),
                ..
            } => Expr::Select {
                of,
                at: At::Bit(first + offset),
                width,
            },
            Expr::Concat(parts) => {
                let mut low = 0;
                for part in parts.iter().rev() {
                    if offset >= low && offset + width <= low + part.width() {
                        return part.clone().part(offset - low, width);
                    }
                    low += part.width();
                }
                Expr::Select {
                    of: Box::new(Expr::Concat(parts)),
                    at: At::Bit(offset),
                    width,
                }
            }
            other => Expr::Select {
                of: Box::new(other),
                at: At::Bit(offset),
                width,
            },
        }
    }

    /// Whether bits are selected from something that has no name.
    pub(super) fn needs_wire(&self) -> bool {
        match self {
            Expr::Const { .. } | Expr::Net { .. } => false,
            Expr::Select { of, at, .. } => {
                let moves = matches!(at, At::Index(index) if index.needs_wire());
                moves || !matches!(**of, Expr::Net { .. })
            }
            Expr::Not(of) | Expr::Reduce(_, of) => of.needs_wire(),
            Expr::Binary(_, left, right) => left.needs_wire() || right.needs_wire(),
            Expr::Concat(parts) => parts.iter().any(Expr::needs_wire),
        }
    }

    /// Every net the value depends on.
    pub(super) fn reads(&self, into: &mut BTreeSet<usize>) {
        match self {
            Expr::Const { .. } => {}
            Expr::Net { net, .. } => {
                into.insert(*net);
            }
            Expr::Select { of, at, .. } => {
                of.reads(into);
                at.reads(into);
            }
            Expr::Not(of) | Expr::Reduce(_, of) => of.reads(into),
            Expr::Binary(_, left, right) => {
                left.reads(into);
                right.reads(into);
            }
            Expr::Concat(parts) => parts.iter().for_each(|part| part.reads(into)),
        }
    }

    /// The value, if `net` knows every net in it.
    pub(super) fn value(&self, net: &dyn Fn(usize) -> Option<u128>) -> Option<u128> {
        if self.width() > 128 {
            return None;
        }
        let value = match self {
            Expr::Const { value, .. } => *value,
            Expr::Net { net: number, .. } => net(*number)?,
            Expr::Select { of, at, .. } => {
                let offset = match at {
                    At::Bit(bit) => *bit as u128,
                    At::Index(index) => index.value(net)?,
                };
                shift_right(of.value(net)?, offset)
            }
            Expr::Not(of) => !of.value(net)?,
            Expr::Reduce(op, of) => {
                let value = of.value(net)?;
                u128::from(match op {
                    '&' => value == mask(of.width()),
                    '|' => value != 0,
                    _ => value.count_ones() % 2 == 1,
                })
            }
            Expr::Binary(op, left, right) => apply(*op, left.value(net)?, right.value(net)?),
            Expr::Concat(parts) => {
                let mut value = 0;
                for part in parts {
                    value = (value << part.width()) | part.value(net)?;
                }
                value
            }
        };
        Some(value & mask(self.width()))
    }
}

impl At {
    pub(super) fn reads(&self, into: &mut BTreeSet<usize>) {
        if let At::Index(index) = self {
            index.reads(into);
        }
    }
}

fn shift_right(value: u128, by: u128) -> u128 {
    u32::try_from(by)
        .ok()
        .and_then(|by| value.checked_shr(by))
        .unwrap_or(0)
}

/// What an operator gives; the caller cuts it to the width.
pub(super) fn apply(op: Op, left: u128, right: u128) -> u128 {
    match op {
        Op::Add => left.wrapping_add(right),
        Op::Sub => left.wrapping_sub(right),
        Op::Mul => left.wrapping_mul(right),
        Op::And => left & right,
        Op::Or => left | right,
        Op::Xor => left ^ right,
        Op::LogicalAnd => u128::from(left != 0 && right != 0),
        Op::LogicalOr => u128::from(left != 0 || right != 0),
        Op::Shl => u32::try_from(right)
            .ok()
            .and_then(|by| left.checked_shl(by))
            .unwrap_or(0),
        Op::Shr => shift_right(left, right),
        Op::Eq => u128::from(left == right),
        Op::Ne => u128::from(left != right),
        Op::Lt => u128::from(left < right),
        Op::Le => u128::from(left <= right),
        Op::Gt => u128::from(left > right),
        Op::Ge => u128::from(left >= right),
    }
}

/// A statement of a kernel.
#[derive(Clone, Debug)]
pub(super) enum Stmt {
    /// `part` is the first bit and the width, if not the whole signal is assigned.
    Assign {
        target: usize,
        part: Option<(At, usize)>,
        value: Expr,
    },
    If {
        test: Expr,
        then: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    /// An arm without a label is the default.
    Case {
        subject: Expr,
        arms: Vec<(Option<usize>, Vec<Stmt>)>,
    },
}

impl Stmt {
    /// Every net the statement may assign.
    pub(super) fn writes(&self, into: &mut BTreeSet<usize>) {
        self.visit(&mut |stmt| {
            if let Stmt::Assign { target, .. } = stmt {
                into.insert(*target);
            }
        });
    }

    /// Every net the statement may read, a partly assigned one included.
    pub(super) fn reads(&self, into: &mut BTreeSet<usize>) {
        self.visit(&mut |stmt| match stmt {
            Stmt::Assign {
                target,
                part,
                value,
            } => {
                value.reads(into);
                if let Some((at, _)) = part {
                    into.insert(*target);
                    at.reads(into);
                }
            }
            Stmt::If { test, .. } => test.reads(into),
            Stmt::Case { subject, .. } => subject.reads(into),
        });
    }

    /// Calls `f` on this statement and all inside it.
    pub(super) fn visit(&self, f: &mut dyn FnMut(&Stmt)) {
        f(self);
        match self {
            Stmt::Assign { .. } => {}
            Stmt::If {
                then, otherwise, ..
            } => then.iter().chain(otherwise).for_each(|stmt| stmt.visit(f)),
            Stmt::Case { arms, .. } => arms
                .iter()
                .flat_map(|(_, body)| body)
                .for_each(|stmt| stmt.visit(f)),
        }
    }
}
