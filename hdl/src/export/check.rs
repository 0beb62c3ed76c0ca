//! Every signal has a value on every path, and none is read before it has one.

use std::collections::BTreeSet;

use super::expr::Stmt;
use super::lower::{Kernel, Kind};
use super::names;
use super::ExportError;

/// Refuses latches, reads before writes and signals that nothing drives.
pub(super) fn check(block: &str, kernel: &Kernel) -> Result<(), ExportError> {
    let mut paths = Paths {
        block,
        kernel,
        touched: BTreeSet::new(),
        read: BTreeSet::new(),
    };
    let mut assigned = BTreeSet::new();
    paths.walk(&kernel.body, &mut assigned)?;
    for (number, net) in kernel.nets.iter().enumerate() {
        let field = || names::path(&net.key);
        if !net.kind.is_target()
            || assigned.contains(&number)
            || kernel.clocks.contains_key(&number)
        {
            continue;
        }
        if paths.touched.contains(&number) {
            return Err(ExportError::Latch {
                block: block.into(),
                field: field(),
            });
        }
        if net.kind != Kind::Local {
            return Err(ExportError::Undriven {
                block: block.into(),
                field: field(),
            });
        }
    }
    Ok(())
}

struct Paths<'a> {
    block: &'a str,
    kernel: &'a Kernel,
    touched: BTreeSet<usize>,
    read: BTreeSet<usize>,
}

impl Paths<'_> {
    fn walk(&mut self, body: &[Stmt], assigned: &mut BTreeSet<usize>) -> Result<(), ExportError> {
        for stmt in body {
            self.read.clear();
            match stmt {
                Stmt::Assign {
                    target,
                    part,
                    value,
                } => {
                    value.reads(&mut self.read);
                    if let Some((at, _)) = part {
                        at.reads(&mut self.read);
                    }
                    self.reads_are_written(assigned)?;
                    self.touched.insert(*target);
                    if part.is_none() {
                        assigned.insert(*target);
                    }
                }
                Stmt::If {
                    test,
                    then,
                    otherwise,
                } => {
                    test.reads(&mut self.read);
                    self.reads_are_written(assigned)?;
                    let mut left = assigned.clone();
                    self.walk(then, &mut left)?;
                    self.walk(otherwise, assigned)?;
                    assigned.retain(|net| left.contains(net));
                }
                Stmt::Case { subject, arms } => {
                    subject.reads(&mut self.read);
                    self.reads_are_written(assigned)?;
                    let mut common: Option<BTreeSet<usize>> = None;
                    for (_, arm) in arms {
                        let mut after = assigned.clone();
                        self.walk(arm, &mut after)?;
                        common = Some(match common {
                            Some(common) => common.intersection(&after).copied().collect(),
                            None => after,
                        });
                    }
                    if let Some(common) = common {
                        *assigned = common;
                    }
                }
            }
        }
        Ok(())
    }

    fn reads_are_written(&self, assigned: &BTreeSet<usize>) -> Result<(), ExportError> {
        for number in &self.read {
            let net = &self.kernel.nets[*number];
            if net.kind.is_blocking() && !assigned.contains(number) {
                return Err(ExportError::ReadBeforeWrite {
                    block: self.block.into(),
                    field: names::path(&net.key),
                });
            }
        }
        Ok(())
    }
}
