//! The tops that end at an optical engine: a link by itself, and the switch with a link on every port.
//!
//! The pins of an engine are those of `docs/oei.md`, lane 0 lowest; the switch has them as `oeiNN_*`, two digits.

use rust_hdl::prelude::Block;

use super::{on_large_stack, switch_pins};
use crate::config::Config;
use crate::export::{self, Design, ExportError, Pin};
use crate::link::{Link, LinkConfig, LinkOptions};
use crate::switch::OeiSwitch;
use crate::target::Target;

/// Calls `$use!(LANES, SPARES, PHYSICAL, LW, LANE_BEATS, PTR_W, WORDS, KEEP_W, WIDTHS, CODES, PLAIN, LOSSLESS, RING_W)` with the numbers of a link.
///
/// The one place where a link's numbers become const generics; a test compares them with [`LinkConfig::ALL`].
#[macro_export]
macro_rules! with_link {
    ($link:expr, $use:ident) => {
        match $link.name {
            "1x32" => $use!(1, 0, 1, 32, 2, 4, 1, 4, 1, 2, 0, 1, 9),
            "2x16" => $use!(2, 1, 3, 16, 4, 5, 1, 4, 2, 6, 0, 1, 9),
            "4x8" => $use!(4, 1, 5, 8, 8, 6, 1, 4, 3, 12, 0, 1, 9),
            "2x32" => $use!(2, 1, 3, 32, 2, 4, 2, 8, 2, 6, 0, 1, 9),
            "4x16" | "4x16-store" | "4x16-unmonitored" => {
                $use!(4, 1, 5, 16, 4, 5, 2, 8, 3, 12, 0, 1, 9)
            }
            "4x16-plain" | "4x16-plain-unmonitored" => {
                $use!(4, 1, 5, 16, 4, 5, 2, 8, 3, 12, 1, 0, 9)
            }
            "4x16-unspared" => $use!(4, 0, 4, 16, 4, 5, 2, 8, 3, 11, 0, 1, 9),
            "8x8" => $use!(8, 1, 9, 8, 8, 6, 2, 8, 4, 24, 0, 1, 9),
            other => unreachable!("link {other} has no types"),
        }
    };
}

/// The Verilog module's name of a link.
#[must_use]
pub fn link_module(link: &LinkConfig) -> String {
    format!("lightswitch_link_{}", link.name.replace('-', "_"))
}

/// The Verilog module's name of the switch with links.
#[must_use]
pub fn oei_module(config: &Config) -> String {
    format!("lightswitch_oei_{}", config.name.replace('-', "_"))
}

/// A link, connected.
///
/// # Panics
/// If it is not one of [`LinkConfig::ALL`].
#[must_use]
pub fn link_block(link: &LinkConfig, target: Target) -> Box<dyn Block> {
    macro_rules! build {
        ($($number:literal),*) => {{
            let mut block: Box<dyn Block> =
                Box::new(Link::<$($number),*>::new(&link.options(target)));
            block.connect_all();
            block
        }};
    }
    with_link!(link, build)
}

/// The pins of a link, in the order of its ports.
#[must_use]
pub fn link_pins(link: &LinkConfig) -> Vec<Pin> {
    let mut pins = stream_pins("s_axis", "tx", link.data_w());
    pins.extend(stream_pins("m_axis", "rx", link.data_w()));
    pins.extend(oei_pins("", "oei.", link));
    pins.extend(status_pins("link_", "status.", "stat_", "stat.", link));
    pins
}

/// Prints a link as Verilog for `target`.
///
/// # Errors
/// What cannot be printed right; none for the links here.
///
/// # Panics
/// If it is not one of [`LinkConfig::ALL`].
pub fn export_link(link: &LinkConfig, target: Target) -> Result<Design, ExportError> {
    let link = *link;
    on_large_stack(move || {
        export::export(
            link_block(&link, target).as_ref(),
            &link_module(&link),
            &link_pins(&link),
        )
    })
}

/// Configurations of which there is a switch with links, each with its link.
pub const OEI: [(&str, &str); 2] = [("2x32", "2x16"), ("4x64", "4x16")];

/// The link of the switch with links of this configuration; `None` if there is no such switch.
#[must_use]
pub fn oei_link(config: &Config) -> Option<&'static LinkConfig> {
    let (_, link) = OEI.into_iter().find(|(name, _)| *name == config.name)?;
    LinkConfig::named(link)
}

/// The switch with links of a configuration, connected.
///
/// # Panics
/// If the configuration is not one of [`OEI`].
#[must_use]
pub fn oei_block(config: &Config, target: Target) -> Box<dyn Block> {
    macro_rules! build {
        ($($number:literal),*) => {{
            let link = oei_link(config).expect("a switch with links has a link");
            let options = LinkOptions {
                max_frame_bytes: config.max_frame_bytes,
                ..link.options(target)
            };
            let mut block: Box<dyn Block> = Box::new(OeiSwitch::<$($number),*>::new(&options));
            block.connect_all();
            block
        }};
    }
    match config.name {
        "2x32" => build!(2, 1, 1, 4, 9, 10, 4, 1, 2, 1, 3, 16, 4, 5, 2, 6, 0, 1, 9),
        "4x64" => build!(4, 2, 2, 8, 9, 10, 9, 0, 4, 1, 5, 16, 4, 5, 3, 12, 0, 1, 9),
        other => unreachable!("configuration {other} has no links"),
    }
}

/// The pins of the switch with links.
///
/// # Panics
/// If the configuration is not one of [`OEI`].
#[must_use]
pub fn oei_pins_of(config: &Config) -> Vec<Pin> {
    let link = oei_link(config).unwrap_or_else(|| unreachable!("{} has no links", config.name));
    let mut pins = switch_pins(config);
    pins.retain(|pin| !pin.name.contains("_axis_"));
    for port in 0..config.ports {
        pins.extend(oei_pins(
            &format!("oei{port:02}_"),
            &format!("oei[{port}]."),
            link,
        ));
        pins.extend(status_pins(
            &format!("link{port:02}_"),
            &format!("link_status[{port}]."),
            &format!("link{port:02}_stat_"),
            &format!("link_stat[{port}]."),
            link,
        ));
    }
    pins
}

/// Prints the switch with links of `config` as Verilog for `target`.
///
/// # Errors
/// What cannot be printed right; none for the configurations here.
///
/// # Panics
/// If the configuration is not one of [`OEI`].
pub fn export_oei(config: &Config, target: Target) -> Result<Design, ExportError> {
    let config = *config;
    on_large_stack(move || {
        export::export(
            oei_block(&config, target).as_ref(),
            &oei_module(&config),
            &oei_pins_of(&config),
        )
    })
}

/// The pins of one AXI4-Stream.
fn stream_pins(pin: &str, field: &str, data_w: usize) -> Vec<Pin> {
    let words = (0..data_w / 32).map(|word| format!("{field}.tdata[{word}]"));
    let mut pins = vec![Pin::new(format!("{pin}_tdata"), words)];
    for signal in ["tkeep", "tvalid", "tready", "tlast", "tuser"] {
        pins.push(Pin::new(
            format!("{pin}_{signal}"),
            [format!("{field}.{signal}")],
        ));
    }
    pins
}

/// The pins of an optical engine: arrays of lanes joined, lane 0 lowest.
fn oei_pins(prefix: &str, field: &str, link: &LinkConfig) -> Vec<Pin> {
    let lanes = [
        "tx_data",
        "tx_data_valid",
        "tx_hdr",
        "tx_hdr_valid",
        "rx_data",
        "rx_hdr",
    ];
    let vectors = [
        "tx_ready",
        "tx_fault",
        "rx_data_valid",
        "rx_hdr_valid",
        "rx_los",
        "rx_lol",
        "rx_bitslip",
        "rx_reset_req",
    ];
    let joined = lanes.map(|name| {
        let elements = (0..link.physical()).map(|lane| format!("{field}{name}[{lane}]"));
        Pin::new(format!("{prefix}{name}"), elements)
    });
    let whole = vectors.map(|name| Pin::new(format!("{prefix}{name}"), [format!("{field}{name}")]));
    joined.into_iter().chain(whole).collect()
}

/// The pins of a link's status and counters.
fn status_pins(
    prefix: &str,
    field: &str,
    stat_prefix: &str,
    stat_field: &str,
    link: &LinkConfig,
) -> Vec<Pin> {
    let pin = |prefix: &str, field: &str, name: &&str| {
        Pin::new(format!("{prefix}{name}"), [format!("{field}{name}")])
    };
    let mut pins: Vec<Pin> = STATUS.iter().map(|name| pin(prefix, field, name)).collect();
    pins.extend(PULSES.iter().map(|name| pin(stat_prefix, stat_field, name)));
    pins.push(pin(stat_prefix, stat_field, &"header_error"));
    let bip = (0..link.physical()).map(|lane| format!("{stat_field}bip_errors[{lane}]"));
    pins.push(Pin::new(format!("{stat_prefix}bip_errors"), bip));
    pins
}

/// The fields of [`LinkStatus`](crate::link::LinkStatus).
pub const STATUS: &[&str] = &[
    "up",
    "down_reason",
    "aligned",
    "hi_ber",
    "remote_fault",
    "tx_width",
    "rx_width",
    "tx_lost",
    "block_lock",
    "marker_lock",
    "retry_tx_state",
    "retry_rx_state",
];

/// The fields of [`LinkCounters`](crate::link::LinkCounters) of one bit; beside them there are `header_error` and `bip_errors`.
pub const PULSES: [&str; 26] = [
    "tx_frame",
    "tx_underrun",
    "tx_discarded",
    "rx_frame",
    "rx_broken",
    "rx_too_long",
    "rx_short",
    "rx_damaged",
    "rx_overflow",
    "message_damaged",
    "lane_lost",
    "lane_recovered",
    "went_up",
    "went_down",
    "tx_replay",
    "tx_timeout",
    "tx_final",
    "tx_flushed",
    "ack_received",
    "nack_received",
    "ack_sent",
    "nack_sent",
    "rx_hit",
    "rx_duplicate",
    "rx_missing",
    "deskew_overflow",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers in `with_link` against the table, and what `docs/link.md` derives from it.
    #[test]
    fn types_are_those_of_the_table() {
        for link in &LinkConfig::ALL {
            macro_rules! check {
                ($($number:literal),*) => {{
                    let [lanes, spares, physical, lane_w, lane_beats, ptr_w, words, keep_w, widths, codes, plain, lossless, ring_w] =
                        [$($number),*];
                    assert_eq!((lanes, spares, lane_w), (link.lanes, link.spares, link.lane_w));
                    assert_eq!((physical, lane_beats), (link.physical(), link.lane_beats()));
                    assert_eq!((words * 32, keep_w * 8), (link.data_w(), link.data_w()));
                    assert_eq!((plain, lossless), (1 - lossless, usize::from(link.features.is_lossless())));
                    // A longest frame, and as much again for the way there and back.
                    assert!((1 << ring_w) >= 2 * link.max_frame_bytes.div_ceil(8));
                    // Eight blocks of deskew, at most 64 beats; full width and every half of it.
                    assert_eq!(1 << ptr_w, (8 * lane_beats).min(64), "{}", link.name);
                    assert_eq!(1 << (widths - 1), lanes, "{}", link.name);
                    let data: usize = (0..widths).map(|width| 1 << width).sum();
                    assert_eq!(codes, data + physical, "{}", link.name);
                }};
            }
            with_link!(link, check);
        }
    }
}
