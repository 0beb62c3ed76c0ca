//! The output pins of the exported tops, in the one order in which every engine records them.
//!
//! ```text
//!   sNN_axis_tready | mNN_axis_tdata tkeep tvalid tlast tuser | stat_* | stat_full, a row an ingress | table_*
//!   each port       | each port                               |        |                             | switch only
//! ```

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::{self, Top};

/// Most bits of a pin that are recorded as one; a wider one is recorded in parts.
pub const MAX_PIN_BITS: usize = 64;

/// An output pin of an exported top, or a row of one that has a row for each ingress, or a part of either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its name in the Verilog: `s00_axis_tready`, `m00_axis_tdata`, `stat_accepted`, `table_found_mask`.
    pub name: String,
    /// The ingress whose row this is; `None` for a whole pin.
    pub row: Option<usize>,
    /// The lowest of its bits that is recorded: 0 but for further parts.
    pub low: usize,
    /// Its bits that are recorded, 1 to [`MAX_PIN_BITS`].
    pub width: usize,
}

impl std::fmt::Display for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if let Some(row) = self.row {
            write!(f, "[{row}]")?;
        }
        if self.low > 0 {
            write!(f, " from bit {} on", self.low)?;
        }
        Ok(())
    }
}

/// The parts of the pin called `name`.
fn parts(name: &str, row: Option<usize>, bits: usize) -> impl Iterator<Item = Pin> + use<'_> {
    (0..bits).step_by(MAX_PIN_BITS).map(move |low| Pin {
        name: name.into(),
        row,
        low,
        width: MAX_PIN_BITS.min(bits - low),
    })
}

/// Every output pin of `top` in `config`, in the order of [`Engine::pins`](crate::engine::Engine::pins).
#[must_use]
pub fn outputs(config: &Config, top: Top) -> Vec<Pin> {
    let names: Vec<String> = tops::pins(config, top)
        .into_iter()
        .map(|pin| pin.name)
        .filter(|name| is_output(name))
        .collect();
    let group = |beginning: char| names.iter().filter(move |name| name.starts_with(beginning));
    let mut pins = Vec::new();
    for beginning in ['s', 'm', 't'] {
        // `stat_*` begin as the ingress streams do, and come after the egress streams.
        for name in group(beginning).filter(|name| !name.starts_with("stat_")) {
            pins.extend(parts(name, None, width(config, name)));
        }
        if beginning == 'm' {
            pins.extend(statistics(config, &names));
        }
    }
    pins
}

/// The `stat_*` among `names`, those with a row an ingress last.
fn statistics(config: &Config, names: &[String]) -> Vec<Pin> {
    let is_matrix = |name: &&String| name.as_str() == "stat_full";
    let all = || names.iter().filter(|name| name.starts_with("stat_"));
    let whole = all()
        .filter(|name| !is_matrix(name))
        .flat_map(|name| parts(name, None, width(config, name)));
    let rows = all().filter(is_matrix).flat_map(|name| {
        (0..config.ports).flat_map(|ingress| parts(name, Some(ingress), config.ports))
    });
    whole.chain(rows).collect()
}

/// Whether the pin of this name is driven by the top.
fn is_output(name: &str) -> bool {
    let is_input = match name.split_once("_axis_") {
        Some((stream, signal)) => stream.starts_with('s') != (signal == "tready"),
        None => {
            name.starts_with("cfg_")
                || ["table_valid", "table_op", "table_address", "table_mask"].contains(&name)
        }
    };
    !is_input
}

/// The bits of the output pin called `name`.
fn width(config: &Config, name: &str) -> usize {
    let one_bit = [
        "tready",
        "tvalid",
        "tlast",
        "tuser",
        "table_ready",
        "table_done",
        "table_found",
        "table_found_static",
        "table_full",
        "table_open",
        "stat_learned",
        "stat_moved",
        "stat_learn_full",
    ];
    match name.split_once("_axis_").map_or(name, |(_, signal)| signal) {
        "tdata" => config.data_w,
        "tkeep" => config.beat_bytes(),
        "stat_aged" => 2,
        signal if one_bit.contains(&signal) => 1,
        _ => config.ports,
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::target::Target;

    use super::*;

    #[test]
    fn lists_every_output_of_every_export_once_in_its_width() {
        for config in &Config::ALL {
            for top in Top::ALL {
                let design = tops::export(config, top, Target::Generic).unwrap();
                let mut exported: Vec<(String, usize)> = design
                    .pins
                    .iter()
                    .filter(|pin| !pin.is_input)
                    .map(|pin| (pin.name.clone(), pin.width()))
                    .collect();
                let mut listed: Vec<(String, usize)> = Vec::new();
                for pin in outputs(config, top) {
                    assert!((1..=MAX_PIN_BITS).contains(&pin.width), "{pin:?}");
                    let known = listed.last_mut().filter(|(name, _)| *name == pin.name);
                    if let Some((_, width)) = known {
                        assert_eq!(pin.row, Some(*width / config.ports), "{pin:?}");
                        *width += pin.width;
                    } else {
                        assert_eq!(pin.row, (pin.name == "stat_full").then_some(0));
                        listed.push((pin.name, pin.width));
                    }
                }
                exported.sort();
                listed.sort();
                assert_eq!(listed, exported, "{} {}", config.name, top.name());
            }
        }
    }

    #[test]
    fn keeps_its_order() {
        let config = Config::named("2x32").unwrap();
        let names = |top| {
            let name = |pin: Pin| match pin.row {
                Some(row) => format!("{}[{row}]", pin.name),
                None => pin.name,
            };
            outputs(config, top)
                .into_iter()
                .map(name)
                .collect::<Vec<_>>()
        };
        let streams = "s00_axis_tready s01_axis_tready m00_axis_tdata m00_axis_tkeep m00_axis_tvalid m00_axis_tlast \
                       m00_axis_tuser m01_axis_tdata m01_axis_tkeep m01_axis_tvalid m01_axis_tlast m01_axis_tuser";
        let fabric = "stat_started stat_unroutable stat_gap_closed stat_too_long stat_malformed stat_poisoned \
                      stat_full[0] stat_full[1]";
        assert_eq!(names(Top::Fabric).join(" "), format!("{streams} {fabric}"));
        assert_eq!(names(Top::FabricMc), names(Top::Fabric));
        let switch = "stat_accepted stat_runt_dropped stat_filtered_reserved stat_filtered_own stat_filtered_control \
                      stat_flooded stat_gap_closed stat_too_long stat_malformed stat_runt_poisoned stat_poisoned_in \
                      stat_fcs_error stat_learn_missed stat_learned stat_moved stat_learn_full stat_aged stat_full[0] \
                      stat_full[1] table_ready table_done table_found table_found_mask table_found_static table_full \
                      table_open";
        assert_eq!(names(Top::Switch).join(" "), format!("{streams} {switch}"));
    }
}
