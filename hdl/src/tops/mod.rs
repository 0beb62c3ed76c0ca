//! The tops that are exported: which block each is, for each configuration, and how its pins are called.
//!
//! Stream pins are `s00_axis_*` (into the design) and `m00_axis_*` (out of it), two digits, so that bus-functional
//! models find them by prefix. Configuration inputs are `cfg_*`, counter pulses `stat_*`.

mod link;

use rust_hdl::prelude::Block;

use crate::config::Config;
use crate::export::{self, Design, ExportError, Pin};
use crate::fabric::{Fabric, FabricMc};
use crate::switch::Switch;
use crate::target::Target;

pub use link::{
    export_link, export_oei, link_block, link_module, link_pins, oei_block, oei_link, oei_module,
    oei_pins_of, OEI, PULSES, STATUS,
};

/// What can be exported for a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// The fabric, `tdest` an egress index.
    Fabric,
    /// The fabric, `tdest` an egress mask.
    FabricMc,
    /// The Ethernet switch.
    Switch,
}

impl Top {
    /// Every top.
    pub const ALL: [Top; 3] = [Top::Fabric, Top::FabricMc, Top::Switch];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Top::Fabric => "fabric",
            Top::FabricMc => "fabric-mc",
            Top::Switch => "switch",
        }
    }

    /// The top called `name`, or `None`.
    #[must_use]
    pub fn named(name: &str) -> Option<Top> {
        Self::ALL.into_iter().find(|top| top.name() == name)
    }

    /// The Verilog module's name in a configuration.
    #[must_use]
    pub fn module(self, config: &Config) -> String {
        let size = config.name.replace('-', "_");
        match self {
            Top::Fabric => format!("lightswitch_fabric_{size}"),
            Top::FabricMc => format!("lightswitch_fabric_mc_{size}"),
            Top::Switch => format!("lightswitch_{size}"),
        }
    }
}

/// Calls `$use!(Type)` with the concrete type of a configuration's block.
///
/// The one place where a configuration's numbers become const generics; a test compares them with [`Config::ALL`].
#[macro_export]
macro_rules! with_config {
    ($config:expr, $use:ident) => {
        match $config.name {
            "2x32" => $use!(2, 1, 1, 4, 2, 9, 10, 4, 1),
            "4x64" => $use!(4, 2, 2, 8, 3, 9, 10, 9, 0),
            "4x64-jumbo" => $use!(4, 2, 2, 8, 3, 11, 12, 9, 0),
            "8x64" => $use!(8, 3, 2, 8, 4, 9, 10, 9, 0),
            "16x64" => $use!(16, 4, 2, 8, 5, 9, 10, 9, 0),
            other => unreachable!("configuration {other} has no types"),
        }
    };
}

/// The block of `top` in `config`, connected.
///
/// # Panics
/// If `config` is not one of [`Config::ALL`].
#[must_use]
pub fn block(config: &Config, top: Top, target: Target) -> Box<dyn Block> {
    fn connected<B: Block + 'static>(mut block: Box<B>) -> Box<dyn Block> {
        block.connect_all();
        block
    }
    macro_rules! build {
        ($ports:literal, $index_w:literal, $words:literal, $keep_w:literal, $dest_w:literal, $depth_w:literal, $level_w:literal, $table_w:literal, $lookahead:literal) => {
            match top {
                Top::Fabric => connected(Box::new(Fabric::<
                    $ports,
                    $index_w,
                    $words,
                    $keep_w,
                    $dest_w,
                    $depth_w,
                    $level_w,
                >::new(config.max_frame_bytes, target))),
                Top::FabricMc => connected(Box::new(FabricMc::<
                    $ports,
                    $index_w,
                    $words,
                    $keep_w,
                    $depth_w,
                    $level_w,
                >::new(config.max_frame_bytes, target))),
                Top::Switch => connected(Box::new(Switch::<
                    $ports,
                    $index_w,
                    $words,
                    $keep_w,
                    $depth_w,
                    $level_w,
                    $table_w,
                    $lookahead,
                >::new(config.max_frame_bytes, target))),
            }
        };
    }
    with_config!(config, build)
}

/// Prints `top` of `config` as Verilog for `target`.
///
/// # Errors
/// What cannot be printed right; none for the configurations here.
///
/// # Panics
/// If `config` is not one of [`Config::ALL`].
pub fn export(config: &Config, top: Top, target: Target) -> Result<Design, ExportError> {
    let config = *config;
    on_large_stack(move || {
        export::export(
            block(&config, top, target).as_ref(),
            &top.module(&config),
            &pins(&config, top),
        )
    })
}

/// Runs `make` in a thread with 512 MiB of stack: blocks are made on the stack, and the largest is several megabytes.
///
/// # Panics
/// If `make` does, or no thread can be started.
pub fn on_large_stack<T: Send + 'static>(make: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new()
        .stack_size(512 << 20)
        .spawn(make)
        .expect("a thread can be started")
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The pins of `top` in `config`, in the order of its ports.
#[must_use]
pub fn pins(config: &Config, top: Top) -> Vec<Pin> {
    let mut pins = vec![
        Pin::new("cfg_lossy", ["cfg_lossy"]),
        Pin::new("cfg_store_forward", per_port(config, "cfg_store_forward")),
        Pin::new("cfg_gap_limit", ["cfg_gap_limit"]),
    ];
    if top == Top::Switch {
        pins.push(Pin::new("cfg_ageing_period", ["cfg_ageing_period"]));
    }
    for port in 0..config.ports {
        pins.extend(stream_pins(
            config,
            "s",
            "ingress",
            port,
            top != Top::Switch,
        ));
    }
    for port in 0..config.ports {
        pins.extend(stream_pins(config, "m", "egress", port, false));
    }
    pins.extend(match top {
        Top::Fabric | Top::FabricMc => fields(FABRIC_PULSES),
        Top::Switch => {
            let mut pins = fields(TABLE_PORT);
            pins.insert(
                3,
                Pin::new("table_address", ["table_address[0]", "table_address[1]"]),
            );
            pins.extend(fields(SWITCH_PULSES));
            pins.push(Pin::new("stat_aged", ["stat_aged[0]", "stat_aged[1]"]));
            pins
        }
    });
    pins.push(Pin::new("stat_full", per_port(config, "stat_full")));
    pins
}

/// The pins of the switch.
fn switch_pins(config: &Config) -> Vec<Pin> {
    pins(config, Top::Switch)
}

/// Pulses of the fabrics, one bit an ingress.
const FABRIC_PULSES: &[&str] = &[
    "stat_started",
    "stat_unroutable",
    "stat_gap_closed",
    "stat_too_long",
    "stat_malformed",
    "stat_poisoned",
];

/// The switch's table port but its address.
const TABLE_PORT: &[&str] = &[
    "table_valid",
    "table_ready",
    "table_op",
    "table_mask",
    "table_done",
    "table_found",
    "table_found_mask",
    "table_found_static",
    "table_full",
    "table_open",
];

/// Pulses of the switch, one bit an ingress; the last three one bit in all.
const SWITCH_PULSES: &[&str] = &[
    "stat_accepted",
    "stat_runt_dropped",
    "stat_filtered_reserved",
    "stat_filtered_own",
    "stat_filtered_control",
    "stat_flooded",
    "stat_gap_closed",
    "stat_too_long",
    "stat_malformed",
    "stat_runt_poisoned",
    "stat_poisoned_in",
    "stat_fcs_error",
    "stat_learn_missed",
    "stat_learned",
    "stat_moved",
    "stat_learn_full",
];

/// Pins that are one field each, of the same name.
fn fields(names: &[&str]) -> Vec<Pin> {
    names.iter().map(|name| Pin::new(*name, [*name])).collect()
}

/// The elements of an array with one element a port.
fn per_port(config: &Config, field: &str) -> Vec<String> {
    (0..config.ports)
        .map(|port| format!("{field}[{port}]"))
        .collect()
}

/// The pins of one AXI4-Stream port.
fn stream_pins(config: &Config, side: &str, field: &str, port: usize, routed: bool) -> Vec<Pin> {
    let pin = |signal: &str| format!("{side}{port:02}_axis_{signal}");
    let mut pins = vec![Pin::new(
        pin("tdata"),
        (0..config.data_w / 32).map(|word| format!("{field}[{port}].tdata[{word}]")),
    )];
    for signal in ["tkeep", "tvalid", "tready", "tlast", "tdest", "tuser"] {
        if signal != "tdest" || routed {
            pins.push(Pin::new(pin(signal), [format!("{field}[{port}].{signal}")]));
        }
    }
    pins
}
