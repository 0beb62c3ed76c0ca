//! Which statements become an `assign` and which share an always block.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::{Expr, Stmt};

/// Statements that end up in one always block.
pub(super) struct Group {
    pub(super) targets: BTreeSet<usize>,
    pub(super) body: Vec<Stmt>,
}

/// Parts the kernel into signals with one unconditional value and groups of statements that share signals.
pub(super) fn partition(body: Vec<Stmt>) -> (Vec<(usize, Expr)>, Vec<Group>) {
    let mut last_write = BTreeMap::new();
    let mut count: BTreeMap<usize, usize> = BTreeMap::new();
    let mut writes = Vec::new();
    let mut reads = Vec::new();
    for (place, stmt) in body.iter().enumerate() {
        let (mut written, mut read) = (BTreeSet::new(), BTreeSet::new());
        stmt.writes(&mut written);
        stmt.reads(&mut read);
        last_write.extend(written.iter().map(|net| (*net, place)));
        stmt.visit(&mut |inner| {
            if let Stmt::Assign { target, .. } = inner {
                *count.entry(*target).or_default() += 1;
            }
        });
        writes.push(written);
        reads.push(read);
    }
    let is_final = |net: &usize, place: usize| last_write.get(net).is_none_or(|last| *last < place);
    let mut group_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut is_single = Vec::new();
    for (place, stmt) in body.iter().enumerate() {
        let single = match stmt {
            Stmt::Assign {
                target, part: None, ..
            } => count[target] == 1 && reads[place].iter().all(|net| is_final(net, place)),
            _ => false,
        };
        is_single.push(single);
        if single {
            continue;
        }
        let unfinished = reads[place].iter().filter(|net| !is_final(net, place));
        let members: Vec<usize> = writes[place].iter().chain(unfinished).copied().collect();
        if let Some(first) = members.first() {
            let root = *group_of.entry(*first).or_insert(*first);
            for member in &members {
                let other = *group_of.entry(*member).or_insert(*member);
                for group in group_of.values_mut().filter(|group| **group == other) {
                    *group = root;
                }
            }
        }
    }
    let mut single = Vec::new();
    let mut groups: Vec<(usize, Group)> = Vec::new();
    for ((place, stmt), is_single) in body.into_iter().enumerate().zip(is_single) {
        match stmt {
            Stmt::Assign { target, value, .. } if is_single => single.push((target, value)),
            stmt => {
                let Some(group) = writes[place].first().map(|net| group_of[net]) else {
                    continue;
                };
                match groups.iter_mut().find(|(root, _)| *root == group) {
                    Some((_, found)) => found.body.push(stmt),
                    None => groups.push((
                        group,
                        Group {
                            targets: BTreeSet::new(),
                            body: vec![stmt],
                        },
                    )),
                }
            }
        }
    }
    for (root, group) in &mut groups {
        group.targets = group_of
            .iter()
            .filter(|(_, of)| *of == root)
            .map(|(net, _)| *net)
            .collect();
    }
    (single, groups.into_iter().map(|(_, group)| group).collect())
}

/// Drops assignments outside any `if` that a later one outside any `if` overwrites unread.
pub(super) fn without_dead_stores(body: Vec<Stmt>) -> Vec<Stmt> {
    let mut out: Vec<Option<Stmt>> = Vec::new();
    let mut pending: BTreeMap<usize, usize> = BTreeMap::new();
    for stmt in body {
        let mut reads = BTreeSet::new();
        stmt.reads(&mut reads);
        pending.retain(|net, _| !reads.contains(net));
        match &stmt {
            Stmt::Assign {
                target, part: None, ..
            } => {
                if let Some(dead) = pending.insert(*target, out.len()) {
                    out[dead] = None;
                }
            }
            other => {
                let mut writes = BTreeSet::new();
                other.writes(&mut writes);
                pending.retain(|net, _| !writes.contains(net));
            }
        }
        out.push(Some(stmt));
    }
    out.into_iter().flatten().collect()
}
