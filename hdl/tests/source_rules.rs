//! Rules about the source that are lost before rust-hdl's AST, so that the exporter cannot see them broken.
//!
//! In `#[hdl_gen]` functions: no inclusive range (rust-hdl leaves its last step out), no match guard (it drops it), and
//! `.index()` only as the argument of a select (elsewhere Rust computes in `usize`, and rust-hdl drops the call).
//! Every block has a `describe!` line, the first line of its docs, and no field named after a keyword.

#![allow(clippy::unwrap_used)] // a test

use std::collections::BTreeMap;
use std::path::Path;

use lightswitch_hdl::export::is_keyword;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, RangeLimits, Type};

/// What a source file does against the rules.
fn violations(source: &str) -> Vec<String> {
    let file = match syn::parse_file(source) {
        Ok(file) => file,
        Err(error) => return vec![format!("does not parse: {error}")],
    };
    let mut rules = Rules::default();
    rules.items(&file.items);
    rules.found
}

#[derive(Default)]
struct Rules {
    /// First line of docs of every struct in the file.
    docs: BTreeMap<String, String>,
    kernel: Option<String>,
    found: Vec<String>,
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| {
        attribute
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == name)
    })
}

fn first_doc_line(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("doc"))
        .and_then(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
}

impl Rules {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Struct(block) = item {
                let name = block.ident.to_string();
                self.docs.insert(
                    name.clone(),
                    first_doc_line(&block.attrs).unwrap_or_default(),
                );
                let is_block = block.attrs.iter().any(|attribute| match &attribute.meta {
                    Meta::List(list) => list.tokens.to_string().contains("LogicBlock"),
                    _ => false,
                });
                for field in block.fields.iter().filter(|_| is_block) {
                    let field = field
                        .ident
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    if is_keyword(field.trim_start_matches("r#")) {
                        self.found.push(format!(
                            "{name}: field `{field}` is a keyword of (System)Verilog: rename it"
                        ));
                    }
                }
            }
        }
        for item in items {
            match item {
                Item::Impl(block) => self.block(block),
                Item::Mod(module) => {
                    if let Some((_, items)) = &module.content {
                        self.items(items);
                    }
                }
                _ => {}
            }
        }
    }

    fn block(&mut self, block: &syn::ItemImpl) {
        let is_logic = block
            .trait_
            .as_ref()
            .and_then(|(_, path, _)| path.segments.last())
            .is_some_and(|last| last.ident == "Logic");
        let Type::Path(path) = block.self_ty.as_ref() else {
            return;
        };
        let name = path
            .path
            .segments
            .last()
            .map(|last| last.ident.to_string())
            .unwrap_or_default();
        let mut kernels = 0;
        let mut described = None;
        for item in &block.items {
            match item {
                ImplItem::Fn(function) if has(&function.attrs, "hdl_gen") => {
                    kernels += 1;
                    self.kernel = Some(name.clone());
                    self.visit_block(&function.block);
                    self.kernel = None;
                }
                ImplItem::Macro(call)
                    if call
                        .mac
                        .path
                        .segments
                        .last()
                        .is_some_and(|last| last.ident == "describe") =>
                {
                    described = syn::parse2::<syn::LitStr>(call.mac.tokens.clone())
                        .ok()
                        .map(|text| text.value());
                }
                _ => {}
            }
        }
        if !is_logic || (kernels == 0 && described.is_none()) {
            return;
        }
        match (described, self.docs.get(&name)) {
            (None, _) => self.found.push(format!(
                "{name}: add describe!(\"first line of its docs\") to impl Logic"
            )),
            (Some(_), None) => self
                .found
                .push(format!("{name}: its struct is not in this file")),
            (Some(line), Some(doc)) if line != *doc => {
                self.found.push(format!(
                    "{name}: describe! says {line:?}, its docs begin {doc:?}: make them the same"
                ));
            }
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Rules {
    fn visit_expr_range(&mut self, range: &'ast syn::ExprRange) {
        if let (Some(block), RangeLimits::Closed(_)) = (&self.kernel, &range.limits) {
            self.found.push(format!(
                "{block}: `..=` loses its last step in the Verilog: write `..`"
            ));
        }
        visit::visit_expr_range(self, range);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let is_select = ["get_bit", "get_bits", "replace_bit"]
            .iter()
            .any(|select| call.method == select);
        if let (Some(block), true) = (&self.kernel, call.method == "index") {
            self.found.push(format!(
                "{block}: `.index()` is a number without a width: select with it, or drop it"
            ));
        }
        self.visit_expr(&call.receiver);
        for (number, argument) in call.args.iter().enumerate() {
            match argument {
                Expr::MethodCall(index) if is_select && number == 0 && index.method == "index" => {
                    self.visit_expr(&index.receiver);
                }
                other => self.visit_expr(other),
            }
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if let (Some(block), Some(_)) = (&self.kernel, &arm.guard) {
            self.found.push(format!(
                "{block}: a match guard is lost in the Verilog: put an `if` into the arm"
            ));
        }
        visit::visit_arm(self, arm);
    }
}

/// Every violation below `folder`, and how many sources were read.
fn check_folder(folder: &Path, found: &mut Vec<String>) -> usize {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let mut sources = 0;
    for path in entries {
        if path.is_dir() {
            sources += check_folder(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            found.extend(
                violations(&source)
                    .into_iter()
                    .map(|what| format!("{}: {what}", path.display())),
            );
            sources += 1;
        }
    }
    sources
}

#[test]
fn every_block_of_the_crate_keeps_the_rules() {
    let mut found = Vec::new();
    let sources = check_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(sources > 5, "only {sources} sources were read");
}

/// A block with this kernel and this `describe!` line.
fn block(kernel: &str, line: &str) -> String {
    format!(
        "/// Counts.\n///\n/// More.\n#[derive(LogicBlock)]\npub struct Counter {{ pub a: Signal<In, Bit> }}\n\
         impl Logic for Counter {{ #[hdl_gen] fn update(&mut self) {{ {kernel} }} {line} }}"
    )
}

#[test]
fn accepts_a_block_that_keeps_the_rules() {
    let kernel =
        "for i in 0..4 { match self.a.val() { State::Idle => self.b[i].next = true, _ => {} } }";
    assert_eq!(
        violations(&block(kernel, "describe!(\"Counts.\");")),
        Vec::<String>::new()
    );
}

#[test]
fn trap_5_refuses_an_inclusive_range() {
    let found = violations(&block(
        "for i in 0..=3 { self.b[i].next = true; }",
        "describe!(\"Counts.\");",
    ));
    assert_eq!(
        found,
        ["Counter: `..=` loses its last step in the Verilog: write `..`"]
    );
}

#[test]
fn trap_6_refuses_a_match_guard() {
    let kernel =
        "match self.state.q.val() { State::Idle if self.a.val() => self.b.next = true, _ => {} }";
    let found = violations(&block(kernel, "describe!(\"Counts.\");"));
    assert_eq!(
        found,
        ["Counter: a match guard is lost in the Verilog: put an `if` into the arm"]
    );
}

#[test]
fn refuses_an_index_outside_a_select() {
    let kernel = "self.b.next = self.a.val().get_bit(self.i.val().index());";
    assert_eq!(
        violations(&block(kernel, "describe!(\"Counts.\");")),
        Vec::<String>::new()
    );
    for kernel in [
        "self.b.next = self.i.val().index() + 1 == self.j.val().index();",
        "self.b.next = self.a.val().get_bit(self.i.val().index() + 1);",
    ] {
        let found = violations(&block(kernel, "describe!(\"Counts.\");"));
        assert_eq!(
            found[0],
            "Counter: `.index()` is a number without a width: select with it, or drop it"
        );
    }
}

#[test]
fn allows_both_outside_kernels() {
    let source = "fn model() { for i in 0..=3 { match i { 1 if true => {} _ => {} } } }";
    assert_eq!(violations(source), Vec::<String>::new());
}

#[test]
fn refuses_a_block_without_its_line() {
    let found = violations(&block("", ""));
    assert_eq!(
        found,
        ["Counter: add describe!(\"first line of its docs\") to impl Logic"]
    );
}

#[test]
fn refuses_a_line_that_is_not_the_docs_first() {
    let found = violations(&block("", "describe!(\"Counts beats.\");"));
    assert_eq!(found, ["Counter: describe! says \"Counts beats.\", its docs begin \"Counts.\": make them the same"]);
}

#[test]
fn refuses_a_field_named_after_a_keyword() {
    let source = block("", "describe!(\"Counts.\");").replace("pub a:", "pub priority:");
    assert_eq!(
        violations(&source),
        ["Counter: field `priority` is a keyword of (System)Verilog: rename it"]
    );
}

#[test]
fn refuses_a_source_that_does_not_parse() {
    assert_eq!(violations("struct {").len(), 1);
}
