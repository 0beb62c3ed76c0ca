//! `docs/ports.md`: every pin of every top, written from the exported designs and the docs of the fields they carry.
//!
//! A docstring on a top's port ends with what it has to be when nothing uses it (`Unused: 0.`, inputs) or what it shows
//! during reset (`Reset: 0.`, outputs); that part has a column of its own, and `Reset: 0.` is checked on the running blocks.
//! The page is written anew with
//! `LIGHTSWITCH_WRITE_DOCS=1 cargo test -p lightswitch-hdl --test ports`; without the variable a stale page fails.

#![allow(clippy::unwrap_used)] // a test

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lightswitch_hdl::config::Config;
use lightswitch_hdl::cosim::{Random, Recorder};
use lightswitch_hdl::export::{Design, TopPin};
use lightswitch_hdl::fabric::{Fabric, FabricMc};
use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::switch::Switch;
use lightswitch_hdl::table::minimum_ageing_period;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::{self, Top};
use rust_hdl::prelude::{Block, Clock};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Item, Lit, Meta, Type};

/// The sources that hold the tops, their interfaces, and the constants their docs name.
const SOURCES: [&str; 8] = [
    "src/fabric/unicast.rs",
    "src/fabric/multicast.rs",
    "src/switch/switch.rs",
    "src/switch/oei_switch.rs",
    "src/link/link.rs",
    "src/link/ports.rs",
    "src/stream.rs",
    "src/table/mod.rs",
];

/// A public field: its docs, and the type that it is or is an array of.
struct Field {
    docs: String,
    of: String,
}

/// What the sources say: first line of docs and fields of each struct, and the numbers of constants.
#[derive(Default)]
struct Sources {
    structs: BTreeMap<String, (String, BTreeMap<String, Field>)>,
    constants: BTreeMap<String, u64>,
}

/// The fields of `interface! { ... }`, which is a struct but for `= value` after each type.
struct Interface {
    name: syn::Ident,
    fields: Vec<(Vec<Attribute>, syn::Ident, Type)>,
}

impl Parse for Interface {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        input.parse::<syn::Token![<]>()?;
        while !input.peek(syn::Token![>]) {
            let _ =
                input.step(|cursor| cursor.token_tree().ok_or_else(|| cursor.error("no `>`")))?;
        }
        input.parse::<syn::Token![>]>()?;
        let body;
        syn::braced!(body in input);
        let mut fields = Vec::new();
        while !body.is_empty() {
            let docs = body.call(Attribute::parse_outer)?;
            let field = body.parse()?;
            body.parse::<syn::Token![:]>()?;
            let kind = body.parse()?;
            body.parse::<syn::Token![=]>()?;
            body.parse::<Expr>()?;
            body.parse::<Option<syn::Token![,]>>()?;
            fields.push((docs, field, kind));
        }
        Ok(Self { name, fields })
    }
}

impl Sources {
    fn read() -> Self {
        let mut sources = Self::default();
        for source in SOURCES {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
            for item in syn::parse_file(&std::fs::read_to_string(path).unwrap())
                .unwrap()
                .items
            {
                sources.item(item);
            }
        }
        sources
    }

    fn item(&mut self, item: Item) {
        match item {
            Item::Struct(block) => {
                let fields = block
                    .fields
                    .into_iter()
                    .map(|field| (field.attrs, field.ident.unwrap(), field.ty));
                self.add(block.ident.to_string(), &block.attrs, fields);
            }
            Item::Macro(call) if call.mac.path.is_ident("interface") => {
                let interface: Interface = syn::parse2(call.mac.tokens).unwrap();
                self.add(interface.name.to_string(), &[], interface.fields);
            }
            Item::Const(constant) => {
                if let Expr::Lit(literal) = constant.expr.as_ref() {
                    if let Lit::Int(value) = &literal.lit {
                        self.constants
                            .insert(constant.ident.to_string(), value.base10_parse().unwrap());
                    }
                }
            }
            _ => {}
        }
    }

    fn add(
        &mut self,
        name: String,
        docs: &[Attribute],
        fields: impl IntoIterator<Item = (Vec<Attribute>, syn::Ident, Type)>,
    ) {
        let fields = fields
            .into_iter()
            .map(|(docs, field, kind)| {
                let is = Field {
                    docs: text(&docs),
                    of: element(&kind),
                };
                (field.to_string(), is)
            })
            .collect();
        self.structs.insert(name, (text(docs), fields));
    }

    /// The docs of `ingress[0].tdata[1]` in `block`: those of the innermost field.
    fn docs(&self, block: &str, path: &str) -> String {
        let mut of = block.to_owned();
        let mut docs = String::new();
        for part in path.split('.') {
            let name = part.split('[').next().unwrap();
            let (_, fields) = self
                .structs
                .get(&of)
                .unwrap_or_else(|| panic!("{of} is in none of the sources, or not read right"));
            let field = fields
                .get(name)
                .unwrap_or_else(|| panic!("{of} has no field `{name}`"));
            docs.clone_from(&field.docs);
            of.clone_from(&field.of);
        }
        self.plain(&docs)
    }

    /// Docs without links: a constant's name becomes its value, another item's name stays.
    fn plain(&self, docs: &str) -> String {
        let mut plain = String::new();
        let mut rest = docs;
        while let Some((before, after)) = rest.split_once("[`") {
            let (name, after) = after.split_once("`]").expect("a link ends");
            plain += before;
            match self.constants.get(name) {
                Some(value) => plain += &spaced(*value),
                None => {
                    let _ = write!(plain, "`{name}`");
                }
            }
            rest = after;
        }
        plain + rest
    }
}

/// All lines of docs as one.
fn text(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(line) => Some(line.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// The name of a type, of an array's elements if it is one.
fn element(kind: &Type) -> String {
    match kind {
        Type::Array(array) => element(&array.elem),
        Type::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
        _ => String::new(),
    }
}

/// A number with a space before each three digits.
fn spaced(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// The meaning of a pin, and what it is during reset or when unused.
fn parted(docs: &str, pin: &str) -> (String, String) {
    for (mark, note) in [("Unused: ", "tie to "), ("Reset: ", "")] {
        if let Some((meaning, rest)) = docs.split_once(mark) {
            let rest = rest.trim_end_matches('.');
            return (meaning.trim().to_owned(), format!("{note}{rest}"));
        }
    }
    panic!(
        "pin {pin}: its docs need `Unused: ...` or `Reset: ...` at their end, they are {docs:?}"
    );
}

/// The rust-hdl block of a top.
fn block_name(top: Top) -> &'static str {
    match top {
        Top::Fabric => "Fabric",
        Top::FabricMc => "FabricMc",
        Top::Switch => "Switch",
    }
}

/// A formula, and the width that it gives.
type Width<S> = (&'static str, fn(&S) -> usize);

/// One of the sizes that a top comes in.
trait Size: Copy + PartialEq + std::fmt::Debug + 'static {
    /// Widths that pins can have, and their formulas.
    const WIDTHS: &'static [Width<Self>];

    /// Ports, whose pins are numbered.
    fn ports(&self) -> usize;
}

impl Size for Config {
    const WIDTHS: &'static [Width<Self>] = &[
        ("`DATA_W`", |config| config.data_w),
        ("`DATA_W / 8`", |config| config.data_w / 8),
        ("`PORTS`", |config| config.ports),
        ("`PORTS * PORTS`", |config| config.ports * config.ports),
        ("`log2(PORTS) + 1`", |config| {
            config.ports.ilog2() as usize + 1
        }),
    ];

    fn ports(&self) -> usize {
        self.ports
    }
}

impl Size for LinkConfig {
    const WIDTHS: &'static [Width<Self>] = &[
        ("`DATA_W`", LinkConfig::data_w),
        ("`DATA_W / 8`", |link| link.data_w() / 8),
        ("`PHYSICAL`", LinkConfig::physical),
        ("`2 * PHYSICAL`", |link| 2 * link.physical()),
        ("`4 * PHYSICAL`", |link| 4 * link.physical()),
        ("`LW * PHYSICAL`", |link| link.lane_w * link.physical()),
    ];

    fn ports(&self) -> usize {
        1
    }
}

/// A switch with links.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Linked {
    config: Config,
    link: LinkConfig,
}

impl Size for Linked {
    const WIDTHS: &'static [Width<Self>] = &[
        ("`PORTS`", |linked| linked.config.ports),
        ("`PORTS * PORTS`", |linked| {
            linked.config.ports * linked.config.ports
        }),
        ("`PHYSICAL`", |linked| linked.link.physical()),
        ("`2 * PHYSICAL`", |linked| 2 * linked.link.physical()),
        ("`4 * PHYSICAL`", |linked| 4 * linked.link.physical()),
        ("`LW * PHYSICAL`", |linked| {
            linked.link.lane_w * linked.link.physical()
        }),
    ];

    fn ports(&self) -> usize {
        self.config.ports
    }
}

/// The width of a pin in terms of the size, right for every size.
fn formula<S: Size>(pin: &str, widths: &[(S, usize)]) -> String {
    let first = widths[0].1;
    if widths.iter().all(|(_, width)| *width == first) {
        return first.to_string();
    }
    let fits = |width: fn(&S) -> usize| widths.iter().all(|(size, seen)| width(size) == *seen);
    match S::WIDTHS.iter().find(|(_, width)| fits(*width)) {
        Some((formula, _)) => (*formula).to_owned(),
        None => panic!("pin {pin}: no formula gives its widths {widths:?}"),
    }
}

/// A pin's name without its port's number: `sNN_axis_tdata`, `oeiNN_tx_data`.
fn of_any_port(pin: &str) -> String {
    for side in ["s", "m", "oei", "link"] {
        if let Some((number, signal)) = pin.strip_prefix(side).and_then(|rest| rest.split_once('_'))
        {
            if number.len() == 2 && number.bytes().all(|digit| digit.is_ascii_digit()) {
                return format!("{side}NN_{signal}");
            }
        }
    }
    pin.to_owned()
}

/// A line of the page: the pin's direction, one of its fields, its width in each size.
struct Line<S> {
    is_input: bool,
    field: String,
    widths: Vec<(S, usize)>,
}

/// Every pin of a top once, in the order of the first design, with its width in every size.
fn lines<S: Size>(designs: &[(S, Design)]) -> Vec<(String, Line<S>)> {
    let mut lines: Vec<(String, Line<S>)> = Vec::new();
    for (size, design) in designs {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for pin in &design.pins {
            let name = of_any_port(&pin.name);
            *seen.entry(name.clone()).or_default() += 1;
            if !lines.iter().any(|(known, _)| *known == name) {
                assert_eq!(*size, designs[0].0, "{name} is not in every design");
                let line = Line {
                    is_input: pin.is_input,
                    field: pin.parts[0].field.clone(),
                    widths: Vec::new(),
                };
                lines.push((name.clone(), line));
            }
            let (_, line) = lines
                .iter_mut()
                .find(|(known, _)| *known == name)
                .expect("it is there now");
            assert_eq!(line.is_input, pin.is_input, "{name} has two directions");
            match line.widths.iter().find(|(known, _)| known == size) {
                Some((_, width)) => assert_eq!(*width, pin.width(), "{name} differs by port"),
                None => line.widths.push((*size, pin.width())),
            }
        }
        for (name, line) in &lines {
            let ports = if name.contains("NN") { size.ports() } else { 1 };
            assert_eq!(seen.get(name), Some(&ports), "{name} in {}", design.top);
            assert_eq!(line.widths.last().unwrap().0, *size);
        }
    }
    lines
}

/// The groups that the pins of a top are shown in: how their names begin, a heading, a sentence.
const GROUPS: [(&str, &str, &str); 15] = [
    ("", "Clock and reset", ""),
    (
        "cfg_",
        "Configuration",
        "May change at any time. A bit for a pair is bit `ingress * PORTS + egress`.",
    ),
    ("sNN_axis_", "Ingress streams, `NN` = 00 to `PORTS - 1`", ""),
    ("mNN_axis_", "Egress streams, `NN` = 00 to `PORTS - 1`", ""),
    (
        "table_",
        "Table port",
        "One operation at a time; the answer comes with `table_done`.",
    ),
    (
        "stat_",
        "Counter pulses",
        "High for one cycle for each event, to be counted outside. With `PORTS` bits: bit `i` is ingress `i`; with \
         `PORTS * PORTS`: bit `ingress * PORTS + egress`.",
    ),
    ("s_axis_", "Frames to send", ""),
    ("m_axis_", "Frames received", ""),
    ("tx_", "Engine, transmit", OEI),
    ("rx_", "Engine, receive", OEI),
    ("link_", "Status", ""),
    (
        "oeiNN_tx_",
        "Engines, transmit, `NN` = 00 to `PORTS - 1`",
        OEI,
    ),
    (
        "oeiNN_rx_",
        "Engines, receive, `NN` = 00 to `PORTS - 1`",
        OEI,
    ),
    (
        "linkNN_",
        "Status of the links, `NN` = 00 to `PORTS - 1`",
        "",
    ),
    (
        "linkNN_stat_",
        "Counter pulses of the links, `NN` = 00 to `PORTS - 1`",
        PULSES,
    ),
];

/// What is said of an engine's pins.
const OEI: &str = "The Optical Engine Interface, version 1: `docs/oei.md`. Lane 0 is lowest.";
/// What is said of a link's pulses.
const PULSES: &str = "High for one cycle for each event, to be counted outside; `bip_errors` is a number for each lane.";

/// The group of a pin: the longest beginning that fits.
fn group_of(pin: &str) -> usize {
    GROUPS
        .iter()
        .rposition(|(beginning, _, _)| pin.starts_with(beginning))
        .expect("every name begins with nothing")
}

/// The page.
fn page(sources: &Sources) -> String {
    let mut page = String::from(
        "# Ports of the tops\n\n\
         Generated from the exported designs and the docs of their fields; written anew with\n\
         `LIGHTSWITCH_WRITE_DOCS=1 cargo test -p lightswitch-hdl --test ports`.\n\n\
         One clock, synchronous reset; every pin is sampled, and changes, at the rising edge of `clk`. Streams are\n\
         AXI4-Stream. Widths are in bits. Names and pins are the same for every `--target`.\n\n\
         | configuration | `PORTS` | `DATA_W` | `MAX_FRAME_BYTES` | beats in a queue | addresses | least `cfg_ageing_period` but 0 | modules |\n\
         |--|--:|--:|--:|--:|--:|--:|--|\n",
    );
    for config in Config::ALL {
        let modules: Vec<String> = Top::ALL
            .iter()
            .map(|top| format!("`{}`", top.module(&config)))
            .collect();
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
            config.name,
            config.ports,
            config.data_w,
            spaced(config.max_frame_bytes as u64),
            spaced(1 << config.depth_w),
            spaced(2 << config.table_w),
            spaced(u64::from(minimum_ageing_period(
                config.ports,
                config.table_w
            ))),
            modules.join(", ")
        );
    }
    for top in Top::ALL {
        let designs = Config::ALL.map(|config| {
            let design = tops::export(&config, top, Target::Generic).unwrap();
            (config, design)
        });
        let name = top.module(&Config::ALL[0]).replace("2x32", "<P>x<W>");
        section(&mut page, sources, &name, block_name(top), &designs);
    }
    page += "\n# Links\n\n\
             One lane more than `LANES` is the spare. The switch has the link that its row in the second table names.\n\n\
             | link | `LANES` | `PHYSICAL` | `LW` | `DATA_W` | module | for |\n|--|--:|--:|--:|--:|--|--|\n";
    for link in &LinkConfig::ALL {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | `{}` | {} |",
            link.name,
            link.lanes,
            link.physical(),
            link.lane_w,
            link.data_w(),
            tops::link_module(link),
            link.purpose
        );
    }
    page += "\n| switch with links | link |\n|--|--|\n";
    let linked = tops::OEI.map(|(config, link)| Linked {
        config: *Config::named(config).unwrap(),
        link: *LinkConfig::named(link).unwrap(),
    });
    for Linked { config, link } in &linked {
        let _ = writeln!(page, "| `{}` | `{}` |", tops::oei_module(config), link.name);
    }
    let designs = LinkConfig::ALL.map(|link| {
        let design = tops::export_link(&link, Target::Generic).unwrap();
        (link, design)
    });
    section(
        &mut page,
        sources,
        "lightswitch_link_<L>x<LW>",
        "Link",
        &designs,
    );
    let designs = linked.map(|linked| {
        let design = tops::export_oei(&linked.config, Target::Generic).unwrap();
        (linked, design)
    });
    section(
        &mut page,
        sources,
        "lightswitch_oei_<P>x<W>",
        "OeiSwitch",
        &designs,
    );
    page
}

/// Adds a top: its pins in groups.
fn section<S: Size>(
    page: &mut String,
    sources: &Sources,
    name: &str,
    block: &str,
    designs: &[(S, Design)],
) {
    let (docs, fields) = &sources.structs[block];
    let _ = writeln!(page, "\n## `{name}`\n\n{docs}");
    let lines = lines(designs);
    for (number, (beginning, heading, sentence)) in GROUPS.iter().enumerate() {
        let members: Vec<_> = lines
            .iter()
            .filter(|(pin, _)| group_of(pin) == number)
            .collect();
        if members.is_empty() {
            continue;
        }
        let _ = writeln!(page, "\n### {heading}\n");
        let stream = match *beginning {
            "sNN_axis_" => sources.plain(&fields["ingress"].docs),
            "mNN_axis_" => sources.plain(&fields["egress"].docs),
            "stat_" if block == "Link" => PULSES.to_owned(),
            _ => (*sentence).to_owned(),
        };
        if !stream.is_empty() {
            let _ = writeln!(page, "{stream}\n");
        }
        *page += "| pin | bits | direction | meaning | in reset, or unused |\n|--|--|--|--|--|\n";
        for (pin, line) in members {
            let docs = sources.docs(block, &line.field);
            let (meaning, idle) = match pin.as_str() {
                "clk" | "rst" => (docs, "-".to_owned()),
                _ => parted(&docs, pin),
            };
            let direction = if line.is_input { "in" } else { "out" };
            let _ = writeln!(
                page,
                "| `{pin}` | {} | {direction} | {meaning} | {idle} |",
                formula(pin, &line.widths)
            );
        }
    }
}

#[test]
fn the_page_says_what_the_designs_are() {
    let page = page(&Sources::read());
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/ports.md");
    if std::env::var_os("LIGHTSWITCH_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let stale = committed
        .lines()
        .zip(page.lines())
        .find(|(old, new)| old != new);
    assert!(
        committed == page,
        "docs/ports.md is stale ({stale:?}): run LIGHTSWITCH_WRITE_DOCS=1 cargo test -p lightswitch-hdl --test ports"
    );
}

/// The outputs of `top` whose docs promise 0 during reset.
fn zero_in_reset(sources: &Sources, top: Top, pins: &[TopPin]) -> BTreeSet<String> {
    pins.iter()
        .filter(|pin| !pin.is_input)
        .flat_map(|pin| &pin.parts)
        .filter(|part| {
            sources
                .docs(block_name(top), &part.field)
                .ends_with("Reset: 0.")
        })
        .map(|part| part.field.clone())
        .collect()
}

/// Drives `block` with random pins, in reset from the 300th of 400 cycles, and holds it to its promise.
#[allow(clippy::print_stdout, reason = "the seed, to read when a test fails")]
fn keeps_its_promise<B: Block>(
    top: Top,
    mut block: Box<B>,
    mut drive: impl FnMut(&mut B, &mut Random, bool),
    set_clock: impl Fn(&mut B, bool),
) {
    const RESET_AT: usize = 300;
    let config = Config::named("2x32").unwrap();
    let design = tops::export(config, top, Target::Generic).unwrap();
    let promised = zero_in_reset(&Sources::read(), top, &design.pins);
    assert!(promised.len() > 3, "{promised:?}");
    block.connect_all();
    let seed = 1;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut recorder = Recorder::new();
    for cycle in 0..RESET_AT + 100 {
        drive(&mut block, &mut random, !(3..RESET_AT).contains(&cycle));
        recorder
            .cycle(block.as_mut(), |block, level| set_clock(block, level))
            .unwrap();
    }
    let trace = recorder.finish();
    let mut was_set = 0;
    for field in &promised {
        was_set += usize::from((3..RESET_AT).any(|cycle| trace.value(cycle, field).unwrap() != 0));
        for cycle in RESET_AT + 2..trace.len() {
            assert_eq!(
                trace.value(cycle, field),
                Some(0),
                "{field} in cycle {cycle}, {} in reset",
                cycle - RESET_AT
            );
        }
    }
    assert!(was_set > 3, "only {was_set} of {promised:?} were ever set");
}

macro_rules! drive_streams {
    ($block:ident, $random:ident, $reset:ident) => {
        $block.reset.next = $reset;
        for port in 0..2 {
            $block.ingress[port].tdata[0].next = $random.bits(32).into();
            $block.ingress[port].tkeep.next = [1, 7, 15, 15, 15][$random.below(5) as usize].into();
            $block.ingress[port].tvalid.next = $random.bit();
            $block.ingress[port].tlast.next = $random.one_in(20);
            $block.ingress[port].tuser.next = $random.one_in(3);
            $block.egress[port].tready.next = $random.bit();
            $block.cfg_store_forward[port].next = $random.bits(2).into();
        }
        $block.cfg_lossy.next = $random.bit();
        $block.cfg_gap_limit.next = $random.bits(2).into();
    };
}

#[test]
fn the_fabric_shows_in_reset_what_the_page_says() {
    keeps_its_promise(
        Top::Fabric,
        Box::new(Fabric::<2, 1, 1, 4, 2, 9, 10>::new(100, Target::Generic)),
        |block, random, reset| {
            drive_streams!(block, random, reset);
            for port in 0..2 {
                block.ingress[port].tdest.next = random.bits(2).into();
            }
        },
        |block, clk| block.clock.next = Clock { clk },
    );
}

#[test]
fn the_multicast_fabric_shows_in_reset_what_the_page_says() {
    keeps_its_promise(
        Top::FabricMc,
        Box::new(FabricMc::<2, 1, 1, 4, 9, 10>::new(100, Target::Generic)),
        |block, random, reset| {
            drive_streams!(block, random, reset);
            for port in 0..2 {
                block.ingress[port].tdest.next = random.bits(2).into();
            }
        },
        |block, clk| block.clock.next = Clock { clk },
    );
}

#[test]
fn the_switch_shows_in_reset_what_the_page_says() {
    keeps_its_promise(
        Top::Switch,
        Box::new(Switch::<2, 1, 1, 4, 9, 10, 4, 1>::new(100, Target::Generic)),
        |block, random, reset| {
            drive_streams!(block, random, reset);
            block.cfg_ageing_period.next = 600.into();
            block.table_valid.next = random.bit();
            block.table_op.next = random.bits(2).into();
            block.table_mask.next = random.bits(2).into();
            block.table_address[0].next = random.bits(2).into();
            block.table_address[1].next = 0.into();
        },
        |block, clk| block.clock.next = Clock { clk },
    );
}

#[test]
fn names_the_pin_whose_docs_do_not_say_what_it_is_when_idle() {
    assert_eq!(
        parted("Means this. Unused: 0.", "p"),
        ("Means this.".to_owned(), "tie to 0".to_owned())
    );
    let refused = std::panic::catch_unwind(|| parted("Means this.", "cfg_new"));
    let message = refused.unwrap_err();
    assert!(message
        .downcast_ref::<String>()
        .unwrap()
        .contains("cfg_new"));
}

#[test]
fn resolves_links_and_finds_formulas() {
    let mut sources = Sources::default();
    sources.constants.insert("LIMIT".into(), 4_096);
    assert_eq!(
        sources.plain("0: [`LIMIT`], see [`Other`]."),
        "0: 4 096, see `Other`."
    );
    let widths = |width: fn(&Config) -> usize| {
        Config::ALL
            .iter()
            .map(|config| (*config, width(config)))
            .collect::<Vec<_>>()
    };
    assert_eq!(formula("p", &widths(|config| config.ports)), "`PORTS`");
    assert_eq!(formula("p", &widths(|_| 16)), "16");
    assert_eq!(of_any_port("s07_axis_tkeep"), "sNN_axis_tkeep");
    assert_eq!(of_any_port("stat_aged"), "stat_aged");
    let refused = std::panic::catch_unwind(|| formula("odd", &widths(|config| config.ports + 7)));
    assert!(refused
        .unwrap_err()
        .downcast_ref::<String>()
        .unwrap()
        .contains("odd"));
}
