//! Names: of modules from Rust types, of Verilog signals from fields, and the keywords to keep clear of.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a top-level field is called in Verilog, where that differs from its Rust name.
const RENAMED: &[(&str, &str)] = &[("clock", "clk"), ("reset", "rst")];

/// The reserved words of Verilog-2005 and `SystemVerilog` (IEEE 1800-2017, annex B).
const KEYWORDS: &str = "accept_on alias always always_comb always_ff always_latch and assert assign assume automatic \
before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class clocking \
cmos config const constraint context continue cover covergroup coverpoint cross deassign default defparam design \
disable dist do edge else end endcase endchecker endclass endclocking endconfig endfunction endgenerate endgroup \
endinterface endmodule endpackage endprimitive endprogram endproperty endspecify endsequence endtable endtask enum \
event eventually expect export extends extern final first_match for force foreach forever fork forkjoin function \
generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import incdir include \
initial inout input inside instance int integer interconnect interface intersect join join_any join_none large let \
liblist library local localparam logic longint macromodule matches medium modport module nand negedge nettype new \
nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter pmos posedge primitive \
priority program property protected pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc \
randcase randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 \
rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal showcancelled \
signed small soft solve specify specparam static string strong strong0 strong1 struct super supply0 supply1 \
sync_accept_on sync_reject_on table tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri \
tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped use uwire var \
vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor";

/// Words of C++ and `SystemC` that Verilator, which makes C++ of the Verilog, does not take as names.
const CPLUSPLUS: &str = "abort alignas alignof and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bit_vector \
bitand bitor bool catch cdecl char char16_t char32_t compl complex concept const_cast const_iterator constexpr decltype \
delete deque double dynamic_cast explicit far false float friend goto huge interrupt iterator list long map mutable \
namespace near noexcept not_eq nullptr operator or_eq pascal private public queue rand reference register requires \
restrict sc_clock sc_in sc_inout sc_out sc_signal sensitive sensitive_neg sensitive_pos set short sizeof stack \
static_assert static_cast std switch synchronized template thread_local throw transaction_safe \
transaction_safe_dynamic true try type_info typeid typename uint8_t vector volatile wchar_t xor_eq";

/// Whether a linter would object to `name`.
fn is_reserved(name: &str) -> bool {
    is_keyword(name) || CPLUSPLUS.split(' ').any(|word| word == name)
}

/// Whether `name` is reserved in Verilog or `SystemVerilog`.
#[must_use]
pub fn is_keyword(name: &str) -> bool {
    KEYWORDS.split(' ').any(|keyword| keyword == name)
}

/// `ingress$0$tdata$1` as the kernel writes it: `ingress[0].tdata[1]`.
pub(super) fn path(key: &str) -> String {
    let mut out = String::new();
    for (position, part) in key.split('$').enumerate() {
        if part.starts_with(|first: char| first.is_ascii_digit()) {
            let _ = write!(out, "[{part}]");
        } else {
            if position > 0 {
                out.push('.');
            }
            out.push_str(part.trim_start_matches("r#"));
        }
    }
    out
}

/// `ingress[0].tdata[1]` as rust-hdl flattens it: `ingress$0$tdata$1`.
pub(super) fn key(path: &str) -> String {
    path.replace('[', "$").replace(']', "").replace('.', "$")
}

/// `my_crate::fabric::Crosspoint<2, 9>` without paths: `Crosspoint<2, 9>`.
pub(super) fn short_type(full: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for character in full.chars() {
        if character.is_alphanumeric() || character == '_' || character == ':' {
            word.push(character);
        } else {
            out.push_str(word.rsplit("::").next().unwrap_or_default());
            word.clear();
            out.push(character);
        }
    }
    out.push_str(word.rsplit("::").next().unwrap_or_default());
    out
}

/// The identifier a type begins with: `Crosspoint` of `Crosspoint<2, 9>`.
pub(super) fn type_ident(short: &str) -> &str {
    short.split('<').next().unwrap_or(short)
}

/// `Crosspoint<2, 9>` as a module name: `crosspoint_2_9`.
pub(super) fn module_name(short: &str) -> String {
    let mut out = String::new();
    for word in short.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        if word.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(&snake(word));
    }
    if is_keyword(&out) {
        out.push('_');
    }
    out
}

/// `QueueRam` as `queue_ram`.
fn snake(word: &str) -> String {
    let mut out = String::new();
    let mut previous = '_';
    for character in word.chars() {
        if character.is_uppercase() && (previous.is_lowercase() || previous.is_ascii_digit()) {
            out.push('_');
        }
        out.extend(character.to_lowercase());
        previous = character;
    }
    out
}

/// Hands out the names of one module: no `$`, no keyword, none twice.
#[derive(Default)]
pub(super) struct Namer {
    taken: BTreeSet<String>,
}

impl Namer {
    /// The Verilog name of a signal, `key` being its flattened path.
    pub(super) fn signal(&mut self, key: &str) -> String {
        let renamed = RENAMED.iter().find(|(rust, _)| *rust == key);
        self.claim(renamed.map_or(key, |(_, verilog)| verilog))
    }

    /// The Verilog name of a constant.
    pub(super) fn constant(&mut self, key: &str) -> String {
        let words: Vec<String> = key.split('$').map(snake).collect();
        self.claim(&words.join("_").to_uppercase())
    }

    /// `wanted`, or the next free name after it: `type_` for a keyword, `type_2` for a second one.
    pub(super) fn claim(&mut self, wanted: &str) -> String {
        let mut name = wanted.replace("r#", "").replace('$', "_");
        let stem = name.trim_end_matches('_').to_owned();
        if is_reserved(&name) {
            name.push('_');
        }
        let mut number = 1;
        while self.taken.contains(&name) {
            number += 1;
            name = format!("{stem}_{number}");
        }
        self.taken.insert(name.clone());
        name
    }

    /// `stem_0`, `stem_1`, ... whichever is free.
    pub(super) fn numbered(&mut self, stem: &str) -> String {
        let mut number = 0;
        while self.taken.contains(&format!("{stem}_{number}")) {
            number += 1;
        }
        self.claim(&format!("{stem}_{number}"))
    }
}

/// The value of an index such as `i + 1`, given the loop variables; `None` if it holds anything else.
pub(super) fn index_value(text: &str, loops: &[(String, i128)]) -> Option<i128> {
    let mut parser = Index { rest: text, loops };
    let value = parser.sum()?;
    parser.rest.is_empty().then_some(value)
}

struct Index<'a> {
    rest: &'a str,
    loops: &'a [(String, i128)],
}

impl Index<'_> {
    fn sum(&mut self) -> Option<i128> {
        let mut value = self.product()?;
        loop {
            if self.eat("+") {
                value += self.product()?;
            } else if self.eat("-") {
                value -= self.product()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<i128> {
        let mut value = self.atom()?;
        while self.eat("*") {
            value *= self.atom()?;
        }
        Some(value)
    }

    fn atom(&mut self) -> Option<i128> {
        if self.eat("(") {
            let value = self.sum()?;
            return self.eat(")").then_some(value);
        }
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        let digits = word.trim_end_matches("usize").trim_end_matches('_');
        digits.parse().ok().or_else(|| loop_value(word, self.loops))
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

/// The value of the innermost loop variable called `name`.
pub(super) fn loop_value(name: &str, loops: &[(String, i128)]) -> Option<i128> {
    loops
        .iter()
        .rev()
        .find(|(variable, _)| variable == name)
        .map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_modules_after_types() {
        assert_eq!(
            short_type("my_crate::fabric::Crosspoint<2, 9>"),
            "Crosspoint<2, 9>"
        );
        assert_eq!(module_name("Crosspoint<2, 9>"), "crosspoint_2_9");
        assert_eq!(short_type("a::Fifo<b::Bits<8>, 4>"), "Fifo<Bits<8>, 4>");
        assert_eq!(module_name("Fifo<Bits<8>, 4>"), "fifo_bits_8_4");
        assert_eq!(module_name("QueueRam"), "queue_ram");
        assert_eq!(module_name("Table"), "table_");
        assert_eq!(type_ident("Crosspoint<2, 9>"), "Crosspoint");
    }

    #[test]
    fn paths_and_keys_are_each_others_inverse() {
        for text in ["clock", "ingress[0].tdata[12]", "column[1].queue[2].push"] {
            assert_eq!(path(&key(text)), text);
        }
    }

    #[test]
    fn hands_out_every_name_once() {
        let mut namer = Namer::default();
        let wanted = [
            "clock",
            "clk",
            "ingress$0$tdata$1",
            "ingress_0_tdata_1",
            "bit",
            "r#type",
            "set",
            "set_",
        ];
        let given: Vec<String> = wanted.iter().map(|name| namer.signal(name)).collect();
        let want = [
            "clk",
            "clk_2",
            "ingress_0_tdata_1",
            "ingress_0_tdata_1_2",
            "bit_",
            "type_",
            "set_",
            "set_2",
        ];
        assert_eq!(given, want);
        assert_eq!(namer.constant("State$LinkUp"), "STATE_LINK_UP");
        assert_eq!(
            [namer.numbered("sum"), namer.numbered("sum")],
            ["sum_0", "sum_1"]
        );
    }

    #[test]
    fn evaluates_indices() {
        let loops = [
            ("i".to_owned(), 3),
            ("j".to_owned(), 5),
            ("i".to_owned(), 1),
        ];
        for (text, value) in [
            ("i", 1),
            ("j-i", 4),
            ("j*4+i", 21),
            ("(j-1)*(i+1)", 8),
            ("2", 2),
            ("1_usize", 1),
        ] {
            assert_eq!(index_value(text, &loops), Some(value), "{text}");
        }
        for text in ["P", "j*P", "i+", "(i", "self.a", "i/2", ""] {
            assert_eq!(index_value(text, &loops), None, "{text}");
        }
    }
}
