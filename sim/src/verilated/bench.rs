//! What stands around the exported Verilog: a module that drives its inputs, and the C functions that Rust calls.
//!
//! ```text
//!            +-- verilated_bench ------------------------+
//!   pins --->| registers --> lightswitch_* ------------- |--> pins
//!            |     ^ drive        ^ clk                  |
//!            +-------------------------------------------+
//! ```
//!
//! A cycle needs the outputs that belong to its inputs and then a clock edge. Set as plain inputs they would make
//! Verilator evaluate what depends on them two times more than needed, once for the sample and once in front of the
//! edge. So the edge of a cycle waits for the next one: its inputs come out of registers, and change at `drive` together
//! with the design's own registers at `clk`. Everything is then evaluated once.

use std::fmt::Write as _;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::export::{Design, TopPin};
use lightswitch_hdl::tops::Top;
use lightswitch_hdl::verilator::PREFIX;

use crate::pins;

/// The module around the design.
pub const MODULE: &str = "verilated_bench";

/// Words of the pins that change seldom; after them `cfg_store_forward`, a word an ingress.
pub mod setting {
    pub const RESET: usize = 0;
    pub const LOSSY: usize = 1;
    pub const GAP_LIMIT: usize = 2;
    pub const AGEING_PERIOD: usize = 3;
    pub const TABLE_VALID: usize = 4;
    pub const TABLE_OP: usize = 5;
    pub const TABLE_ADDRESS: usize = 6;
    pub const TABLE_MASK: usize = 7;
    pub const COUNT: usize = 8;
}

/// Words of the input pins of an ingress; after those of all of them the `tready` of each egress.
pub mod ingress {
    pub const DATA: usize = 0;
    pub const KEEP: usize = 1;
    pub const VALID: usize = 2;
    pub const LAST: usize = 3;
    pub const USER: usize = 4;
    pub const DEST: usize = 5;
    pub const COUNT: usize = 6;
}

/// Words of the output pins of an egress, in the order of [`pins::outputs`].
pub mod egress {
    pub const DATA: usize = 0;
    pub const KEEP: usize = 1;
    pub const VALID: usize = 2;
    pub const LAST: usize = 3;
    pub const USER: usize = 4;
    pub const COUNT: usize = 5;
}

/// A word of an array that Rust and C++ share: bits of a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The pin.
    pub pin: String,
    /// Its lowest bit in the word.
    pub low: usize,
    /// Bits in the word, 1 to 64.
    pub width: usize,
}

impl Word {
    /// The C++ that puts the word at `place` of an array on its pin.
    #[must_use]
    pub fn put(&self, place: usize) -> String {
        let Self { pin, low, width } = self;
        format!("    put<{low}, {width}>(top.{pin}, words[{place}]);\n")
    }

    /// The C++ that reads its pin into the word at `place` of an array.
    #[must_use]
    pub fn get(&self, place: usize) -> String {
        let Self { pin, low, width } = self;
        format!("    words[{place}] = get<{low}, {width}>(top.{pin});\n")
    }

    /// All bits of a pin; `None` if the design has no such pin.
    fn whole(design: &Design, pin: &str) -> Option<Self> {
        let found = design.pins.iter().find(|other| other.name == pin)?;
        Some(Self {
            pin: pin.into(),
            low: 0,
            width: found.width(),
        })
    }
}

/// The words of [`setting`]; `None` where the top has no such pin.
fn settings(config: &Config, design: &Design) -> Vec<Option<Word>> {
    let names = [
        "rst",
        "cfg_lossy",
        "cfg_gap_limit",
        "cfg_ageing_period",
        "table_valid",
        "table_op",
        "table_address",
        "table_mask",
    ];
    let rows = (0..config.ports).map(|port| {
        Some(Word {
            pin: "cfg_store_forward".into(),
            low: port * config.ports,
            width: config.ports,
        })
    });
    let words = names.into_iter().map(|name| Word::whole(design, name));
    words.chain(rows).collect()
}

/// The words of [`ingress`] and the `tready` of the egresses.
fn driven(config: &Config, design: &Design) -> Vec<Option<Word>> {
    let signals = ["tdata", "tkeep", "tvalid", "tlast", "tuser", "tdest"];
    let streams = (0..config.ports).flat_map(|port| {
        signals.map(|signal| Word::whole(design, &format!("s{port:02}_axis_{signal}")))
    });
    let ready =
        (0..config.ports).map(|port| Word::whole(design, &format!("m{port:02}_axis_tready")));
    streams.chain(ready).collect()
}

/// The words of [`pins::outputs`].
fn sampled(config: &Config, top: Top) -> Vec<Option<Word>> {
    let outputs = pins::outputs(config, top).into_iter();
    outputs
        .map(|pin| {
            Some(Word {
                low: pin.row.unwrap_or_default() * pin.width,
                pin: pin.name,
                width: pin.width,
            })
        })
        .collect()
}

/// The Verilog of the module around the design.
pub fn verilog(design: &Design) -> String {
    let inputs = || {
        design
            .pins
            .iter()
            .filter(|pin| pin.is_input && !pin.is_clock)
    };
    let range = |pin: &TopPin| match pin.width() {
        1 => String::new(),
        width => format!("[{}:0] ", width - 1),
    };
    let mut text = format!(
        "// Drives the inputs of {} at `drive`, and clocks it at `clk`.\nmodule {MODULE} (\n    input wire drive",
        design.top
    );
    for pin in &design.pins {
        let direction = if pin.is_input { "input" } else { "output" };
        let _ = write!(text, ",\n    {direction} wire {}{}", range(pin), pin.name);
    }
    text.push_str("\n);\n");
    for pin in inputs() {
        let _ = writeln!(text, "    reg {}{}_driven = 0;", range(pin), pin.name);
    }
    text.push_str("    always @(posedge drive) begin\n");
    for pin in inputs() {
        let _ = writeln!(text, "        {0}_driven <= {0};", pin.name);
    }
    let _ = write!(text, "    end\n    {} core (", design.top);
    for (number, pin) in design.pins.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let suffix = if pin.is_input && !pin.is_clock {
            "_driven"
        } else {
            ""
        };
        let _ = write!(text, "{comma}\n        .{0} ({0}{suffix})", pin.name);
    }
    text.push_str("\n    );\nendmodule\n");
    text
}

/// The C++ behind the generated sources: the functions that `library` calls.
pub fn shim(config: &Config, top: Top, design: &Design) -> String {
    let settings = settings(config, design);
    let driven = driven(config, design);
    let sampled = sampled(config, top);
    let put = |words: &[Option<Word>]| -> String {
        let words = words.iter().enumerate();
        words
            .filter_map(|(place, word)| Some(word.as_ref()?.put(place)))
            .collect()
    };
    let get = sampled.iter().flatten().enumerate();
    let get: String = get.map(|(place, word)| word.get(place)).collect();
    format!("{ACCESS}{SHIM}")
        .replace("@PREFIX@", PREFIX)
        .replace("@SETTINGS@", &settings.len().to_string())
        .replace("@DRIVEN@", &driven.len().to_string())
        .replace("@SAMPLED@", &sampled.len().to_string())
        .replace("@SET@", &put(&settings))
        .replace("@DRIVE@", &put(&driven))
        .replace("@SAMPLE@", &get)
}

/// How bits of a pin are read and written, whatever Verilator makes of the pin.
pub const ACCESS: &str = r"
#include <cstdint>
#include <type_traits>

namespace {

constexpr uint64_t ones(int width) { return ~uint64_t{0} >> (64 - width); }

// Bits LOW .. LOW + WIDTH - 1 of a pin, at most 64.
template <int LOW, int WIDTH, class Pin> inline uint64_t get(const Pin& pin) {
    if constexpr (std::is_integral<Pin>::value) {
        return static_cast<uint64_t>(pin) >> LOW & ones(WIDTH);
    } else {
        uint64_t value = 0;
        for (int done = 0; done < WIDTH; done += 32 - (LOW + done) % 32) {
            value |= static_cast<uint64_t>(pin[(LOW + done) / 32] >> (LOW + done) % 32) << done;
        }
        return value & ones(WIDTH);
    }
}

template <int LOW, int WIDTH, class Pin> inline void put(Pin& pin, uint64_t value) {
    value &= ones(WIDTH);
    if constexpr (std::is_integral<Pin>::value) {
        const uint64_t others = static_cast<uint64_t>(pin) & ~(ones(WIDTH) << LOW);
        pin = static_cast<Pin>(others | value << LOW);
    } else {
        for (int done = 0; done < WIDTH; done += 32 - (LOW + done) % 32) {
            const int place = (LOW + done) % 32;
            const uint32_t mask = static_cast<uint32_t>(ones(WIDTH) >> done << place);
            uint32_t& word = pin[(LOW + done) / 32];
            word = (word & ~mask) | (static_cast<uint32_t>(value >> done << place) & mask);
        }
    }
}

}  // namespace
";

const SHIM: &str = r#"
namespace {

struct Model {
    VerilatedContext context;
    @PREFIX@ top{&context};
    // Whether the design has a clock edge to make up for.
    bool is_begun = false;
};

}  // namespace

double sc_time_stamp() { return 0; }

#define ABI extern "C" __attribute__((visibility("default")))

ABI void lightswitch_sizes(uint64_t* sizes) {
    sizes[0] = @SETTINGS@;
    sizes[1] = @DRIVEN@;
    sizes[2] = @SAMPLED@;
}

ABI void* lightswitch_new() {
    auto* model = new Model;
    model->top.clk = 0;
    model->top.drive = 0;
    model->top.eval();
    return model;
}

ABI void lightswitch_free(void* opaque) {
    auto* model = static_cast<Model*>(opaque);
    model->top.final();
    delete model;
}

ABI void lightswitch_set(void* opaque, const uint64_t* words) {
    auto& top = static_cast<Model*>(opaque)->top;
@SET@}

ABI void lightswitch_cycle(void* opaque, const uint64_t* driven, uint64_t* sampled) {
    auto& model = *static_cast<Model*>(opaque);
    auto& top = model.top;
    {
        const uint64_t* words = driven;
@DRIVE@    }
    top.drive = 1;
    top.clk = model.is_begun;
    model.is_begun = true;
    top.eval();
    top.drive = 0;
    top.clk = 0;
    top.eval();
    {
        uint64_t* words = sampled;
@SAMPLE@    }
}
"#;

#[cfg(test)]
mod tests {
    use lightswitch_hdl::target::Target;
    use lightswitch_hdl::tops;

    use super::*;

    fn design(config: &Config, top: Top) -> Design {
        tops::export(config, top, Target::Generic).unwrap()
    }

    #[test]
    fn every_input_pin_is_driven_once_and_every_output_pin_sampled() {
        for config in &Config::ALL {
            for top in Top::ALL {
                let design = design(config, top);
                let mut words: Vec<Word> = settings(config, &design)
                    .into_iter()
                    .chain(driven(config, &design))
                    .chain(sampled(config, top))
                    .flatten()
                    .collect();
                words.sort_by(|a, b| (&a.pin, a.low).cmp(&(&b.pin, b.low)));
                let mut pins: Vec<&TopPin> = design.pins.iter().collect();
                pins.retain(|pin| !pin.is_clock);
                pins.sort_by(|a, b| a.name.cmp(&b.name));
                let mut words = words.into_iter().peekable();
                for pin in pins {
                    let mut low = 0;
                    while let Some(word) = words.next_if(|word| word.pin == pin.name) {
                        assert_eq!(word.low, low, "{}", pin.name);
                        low += word.width;
                    }
                    assert_eq!(low, pin.width(), "{} of {}", pin.name, design.top);
                }
                assert_eq!(words.next(), None);
            }
        }
    }

    #[test]
    fn the_words_are_where_rust_looks_for_them() {
        let config = Config::named("4x64").unwrap();
        let design = design(config, Top::Fabric);
        let name = |words: &[Option<Word>], place: usize| {
            let word = words[place].as_ref();
            word.map(|word| format!("{}[{}+:{}]", word.pin, word.low, word.width))
        };
        let settings = settings(config, &design);
        assert_eq!(name(&settings, setting::RESET).unwrap(), "rst[0+:1]");
        assert_eq!(name(&settings, setting::AGEING_PERIOD), None);
        assert_eq!(
            name(&settings, setting::COUNT + 3).unwrap(),
            "cfg_store_forward[12+:4]"
        );
        let driven = driven(config, &design);
        let port_2 = 2 * ingress::COUNT;
        assert_eq!(
            name(&driven, port_2 + ingress::DEST).unwrap(),
            "s02_axis_tdest[0+:3]"
        );
        assert_eq!(
            name(&driven, 4 * ingress::COUNT + 1).unwrap(),
            "m01_axis_tready[0+:1]"
        );
        let sampled = sampled(config, Top::Fabric);
        let port_3 = config.ports + 3 * egress::COUNT;
        assert_eq!(
            name(&sampled, port_3 + egress::DATA).unwrap(),
            "m03_axis_tdata[0+:64]"
        );
        assert_eq!(
            name(&sampled, port_3 + egress::USER).unwrap(),
            "m03_axis_tuser[0+:1]"
        );
    }
}
