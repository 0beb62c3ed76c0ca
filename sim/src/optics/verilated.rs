//! The exported Verilog of a link, compiled by Verilator, as a [`LinkEngine`].
//!
//! A link's outputs follow from its registers, so they are sampled behind the clock edge: they are those of the next cycle, before its
//! inputs are known.

use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::{export_link, link_module, STATUS};
use lightswitch_hdl::verilator::PREFIX;

use super::{Lanes, LinkEngine, LinkIn, LinkOut, LinkPulses, LinkStatus, PULSES};
use crate::beat::Beat;
use crate::verilated::{prepare_source, Model, Source, Step, Word, ACCESS};
use crate::Error;

/// Inputs of which there is one word.
const INPUTS: [&str; 13] = [
    "rst",
    "s_axis_tdata",
    "s_axis_tkeep",
    "s_axis_tvalid",
    "s_axis_tlast",
    "s_axis_tuser",
    "m_axis_tready",
    "tx_ready",
    "tx_fault",
    "rx_data_valid",
    "rx_hdr_valid",
    "rx_los",
    "rx_lol",
];

/// Outputs of which there is one word; behind them status, pulses and `stat_header_error`.
const OUTPUTS: [&str; 8] = [
    "s_axis_tready",
    "m_axis_tdata",
    "m_axis_tkeep",
    "m_axis_tvalid",
    "m_axis_tlast",
    "m_axis_tuser",
    "rx_bitslip",
    "rx_reset_req",
];

/// Words of each lane at the end of both arrays.
const LANE_INPUTS: usize = 2;
const LANE_OUTPUTS: usize = 5;

/// The Verilog of a link for `target`, after a cycle of reset. Takes some ten seconds the first time.
///
/// # Errors
/// [`Error::Verilated`] if a tool is missing or fails.
pub fn build(
    link: &LinkConfig,
    target: Target,
    progress: &mut dyn FnMut(&Step),
) -> Result<Box<dyn LinkEngine>, Error> {
    let key = format!("{} {}", link_module(link), link.marker_period);
    let path = prepare_source(&key, target, progress, || {
        Ok(Source {
            design: export_link(link, target)?,
            bench: None,
            shim: shim(link),
        })
    })?;
    let sizes = [0, driven(link).len(), sampled(link).len()];
    let mut engine = Verilated {
        model: Model::new(&path, sizes)?,
        physical: link.physical(),
        driven: vec![0; sizes[1]],
        sampled: vec![0; sizes[2]],
        outputs: LinkOut::default(),
    };
    engine.cycle(&LinkIn {
        reset: true,
        ..LinkIn::default()
    })?;
    Ok(Box::new(engine))
}

struct Verilated {
    model: Model,
    physical: usize,
    driven: Vec<u64>,
    sampled: Vec<u64>,
    outputs: LinkOut,
}

impl LinkEngine for Verilated {
    fn name(&self) -> &'static str {
        "verilated"
    }

    fn outputs(&self) -> &LinkOut {
        &self.outputs
    }

    fn cycle(&mut self, inputs: &LinkIn) -> Result<(), Error> {
        self.drive(inputs);
        self.model.cycle(&self.driven, &mut self.sampled);
        self.sample();
        Ok(())
    }
}

impl Verilated {
    fn drive(&mut self, inputs: &LinkIn) {
        let (whole, lanes) = self.driven.split_at_mut(INPUTS.len());
        whole[0] = inputs.reset.into();
        whole[3] = inputs.tx.is_some().into();
        if let Some(beat) = inputs.tx {
            whole[1] = u64::from_le_bytes(beat.data);
            whole[2] = beat.keep.into();
            whole[4] = beat.last.into();
            whole[5] = beat.user.into();
        }
        whole[6] = inputs.rx_ready.into();
        whole[7] = inputs.engine_ready.into();
        let masks = [
            inputs.tx_fault,
            inputs.rx.valid,
            inputs.rx.first,
            inputs.rx_los,
            inputs.rx_lol,
        ];
        for (word, mask) in whole[8..].iter_mut().zip(masks) {
            *word = mask.into();
        }
        for (lane, words) in lanes.chunks_exact_mut(LANE_INPUTS).enumerate() {
            words[0] = inputs.rx.data[lane].into();
            words[1] = inputs.rx.header[lane].into();
        }
    }

    fn sample(&mut self) {
        let (whole, rest) = self.sampled.split_at(OUTPUTS.len());
        let (status, rest) = rest.split_at(STATUS.len());
        let (pulses, rest) = rest.split_at(PULSES.len());
        let (header_error, lanes) = rest.split_at(1);
        let outputs = &mut self.outputs;
        outputs.tx_ready = whole[0] != 0;
        outputs.rx = (whole[3] != 0).then(|| Beat {
            data: whole[1].to_le_bytes(),
            keep: whole[2] as u8,
            last: whole[4] != 0,
            user: whole[5] != 0,
            dest: 0,
        });
        outputs.bitslip = whole[6] as u16;
        outputs.reset_req = whole[7] as u16;
        outputs.status = LinkStatus {
            up: status[0] != 0,
            down_reason: status[1] as u8,
            aligned: status[2] != 0,
            hi_ber: status[3] != 0,
            remote_fault: status[4] != 0,
            tx_width: status[5] as u8,
            rx_width: status[6] as u8,
            tx_lost: status[7] as u16,
            block_lock: status[8] as u16,
            marker_lock: status[9] as u16,
            retry_tx_state: status[10] as u8,
            retry_rx_state: status[11] as u8,
        };
        outputs.pulses = LinkPulses {
            header_error: header_error[0] as u16,
            ..LinkPulses::default()
        };
        for (place, pulse) in pulses.iter().enumerate() {
            outputs.pulses.bits |= (*pulse as u32) << place;
        }
        outputs.lanes = Lanes::default();
        let lanes = lanes.chunks_exact(LANE_OUTPUTS).take(self.physical);
        for (lane, words) in lanes.enumerate() {
            outputs.pulses.bip_errors[lane] = words[4] as u8;
            if words[1] == 0 {
                continue;
            }
            outputs.lanes.valid |= 1 << lane;
            outputs.lanes.data[lane] = words[0] as u32;
            if words[3] != 0 {
                outputs.lanes.first |= 1 << lane;
                outputs.lanes.header[lane] = words[2] as u8;
            }
        }
    }
}

/// The pins that are driven, a word each, those of the lanes behind the others.
fn driven(link: &LinkConfig) -> Vec<Word> {
    let lanes = (0..link.physical()).flat_map(|lane| {
        let word = |pin: &str, width| word(pin, lane * width, width);
        [word("rx_data", link.lane_w), word("rx_hdr", 2)]
    });
    let whole = INPUTS.map(|pin| word(pin, 0, width(link, pin)));
    whole.into_iter().chain(lanes).collect()
}

/// The pins that are sampled, as [`driven`].
fn sampled(link: &LinkConfig) -> Vec<Word> {
    let named = |prefix: &str, name: &&str| {
        let pin = format!("{prefix}{name}");
        word(&pin, 0, width(link, &pin))
    };
    let mut words: Vec<Word> = OUTPUTS.iter().map(|name| named("", name)).collect();
    words.extend(STATUS.iter().map(|name| named("link_", name)));
    words.extend(PULSES.iter().map(|name| named("stat_", name)));
    words.push(named("stat_", &"header_error"));
    for lane in 0..link.physical() {
        let word = |pin: &str, width| word(pin, lane * width, width);
        words.extend([
            word("tx_data", link.lane_w),
            word("tx_data_valid", 1),
            word("tx_hdr", 2),
            word("tx_hdr_valid", 1),
            word("stat_bip_errors", 4),
        ]);
    }
    words
}

fn word(pin: &str, low: usize, width: usize) -> Word {
    Word {
        pin: pin.into(),
        low,
        width,
    }
}

/// Bits of a pin that is a word by itself.
fn width(link: &LinkConfig, pin: &str) -> usize {
    match pin {
        "s_axis_tdata" | "m_axis_tdata" => link.data_w(),
        "s_axis_tkeep" | "m_axis_tkeep" => link.data_w() / 8,
        "tx_fault" | "rx_data_valid" | "rx_hdr_valid" | "rx_los" | "rx_lol" | "rx_bitslip"
        | "rx_reset_req" | "link_tx_lost" | "link_block_lock" | "link_marker_lock"
        | "stat_header_error" => link.physical(),
        "link_down_reason" => 8,
        "link_tx_width" | "link_rx_width" => 4,
        "link_retry_tx_state" => 3,
        "link_retry_rx_state" => 2,
        _ => 1,
    }
}

/// The C++ behind the generated sources: the functions that [`Model`] calls.
fn shim(link: &LinkConfig) -> String {
    let (driven, sampled) = (driven(link), sampled(link));
    let lines = |words: &[Word], line: fn(&Word, usize) -> String| -> String {
        words
            .iter()
            .enumerate()
            .map(|(place, word)| line(word, place))
            .collect()
    };
    format!("{ACCESS}{SHIM}")
        .replace("@PREFIX@", PREFIX)
        .replace("@DRIVEN@", &driven.len().to_string())
        .replace("@SAMPLED@", &sampled.len().to_string())
        .replace("@DRIVE@", &lines(&driven, Word::put))
        .replace("@SAMPLE@", &lines(&sampled, Word::get))
}

const SHIM: &str = r#"
namespace {

struct Model {
    VerilatedContext context;
    @PREFIX@ top{&context};
};

}  // namespace

double sc_time_stamp() { return 0; }

#define ABI extern "C" __attribute__((visibility("default")))

ABI void lightswitch_sizes(uint64_t* sizes) {
    sizes[0] = 0;
    sizes[1] = @DRIVEN@;
    sizes[2] = @SAMPLED@;
}

ABI void* lightswitch_new() {
    auto* model = new Model;
    model->top.clk = 0;
    model->top.eval();
    return model;
}

ABI void lightswitch_free(void* opaque) {
    auto* model = static_cast<Model*>(opaque);
    model->top.final();
    delete model;
}

ABI void lightswitch_set(void*, const uint64_t*) {}

ABI void lightswitch_cycle(void* opaque, const uint64_t* driven, uint64_t* sampled) {
    auto& top = static_cast<Model*>(opaque)->top;
    {
        const uint64_t* words = driven;
@DRIVE@    }
    top.clk = 0;
    top.eval();
    top.clk = 1;
    top.eval();
    {
        uint64_t* words = sampled;
@SAMPLE@    }
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_of_every_link_has_its_words() {
        for link in &LinkConfig::ALL {
            let design = export_link(link, Target::Generic).unwrap();
            for pin in design.pins.iter().filter(|pin| !pin.is_clock) {
                let words = if pin.is_input {
                    driven(link)
                } else {
                    sampled(link)
                };
                let bits: usize = words
                    .iter()
                    .filter(|word| word.pin == pin.name)
                    .map(|word| word.width)
                    .sum();
                assert_eq!(bits, pin.width(), "{} of {}", pin.name, link.name);
            }
            let pins = driven(link).into_iter().chain(sampled(link));
            for word in pins {
                assert!(
                    design.pins.iter().any(|pin| pin.name == word.pin),
                    "{}",
                    word.pin
                );
            }
        }
    }
}
