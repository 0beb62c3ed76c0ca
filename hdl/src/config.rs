//! The configurations that are built, tested and published: the one table that the command, the tests and the README
//! read.

use std::sync::Mutex;

/// One configuration of the switch core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The name users type, for example `4x64`.
    pub name: &'static str,
    /// Number of ports, each an ingress and an egress.
    pub ports: usize,
    /// Bits of `tdata`, a multiple of 32.
    pub data_w: usize,
    /// Bits of a queue address: each of the `ports` x `ports` queues holds `2^depth_w` beats in block RAM.
    pub depth_w: usize,
    /// Bits of a set's index in the MAC table, which holds `2 x 2^table_w` addresses. 4 for `2x32`: there a part of the table is in
    /// flip-flops, because the block RAM of an iCE40 HX8K does not hold it beside the queues.
    pub table_w: usize,
    /// Longest frame in bytes, destination address to FCS inclusive.
    pub max_frame_bytes: usize,
    /// What it is for, in a few words.
    pub purpose: &'static str,
}

impl Config {
    /// Every configuration, smallest first.
    pub const ALL: [Config; 5] = [
        Config {
            name: "2x32",
            ports: 2,
            data_w: 32,
            depth_w: 9,
            table_w: 4,
            max_frame_bytes: 1_522,
            purpose: "iCE40 HX8K",
        },
        Config {
            name: "4x64",
            ports: 4,
            data_w: 64,
            depth_w: 9,
            table_w: 9,
            max_frame_bytes: 1_522,
            purpose: "the reference",
        },
        Config {
            name: "4x64-jumbo",
            ports: 4,
            data_w: 64,
            depth_w: 11,
            table_w: 9,
            max_frame_bytes: 9_216,
            purpose: "AI frame sizes on an ECP5-85F",
        },
        Config {
            name: "8x64",
            ports: 8,
            data_w: 64,
            depth_w: 9,
            table_w: 9,
            max_frame_bytes: 1_522,
            purpose: "ECP5-85F",
        },
        Config {
            name: "16x64",
            ports: 16,
            data_w: 64,
            depth_w: 9,
            table_w: 9,
            max_frame_bytes: 1_522,
            purpose: "exported and linted, not built",
        },
    ];

    /// The configuration called `name`, or `None`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Config> {
        Self::ALL.iter().find(|config| config.name == name)
    }

    /// Ports of the configurations that [`Config::sized`] makes, fewest and most.
    pub const SIZED_PORTS: (usize, usize) = (2, 512);

    /// The configuration called `name`: one of [`Config::ALL`], or for `PORTSxWIDTH` beyond these one of that many ports,
    /// [`Config::SIZED_PORTS`], and of 32 or 64 bits, with queues, table and longest frame of the reference. There are
    /// no blocks for such a one: it is for simulation models. `None` for any other name.
    #[must_use]
    pub fn sized(name: &str) -> Option<&'static Config> {
        if let Some(listed) = Self::named(name) {
            return Some(listed);
        }
        let (ports, data_w) = name.split_once('x')?;
        let (ports, data_w): (usize, usize) = (ports.parse().ok()?, data_w.parse().ok()?);
        let (fewest, most) = Self::SIZED_PORTS;
        let is_legal = (fewest..=most).contains(&ports) && [32, 64].contains(&data_w);
        if !is_legal || name != format!("{ports}x{data_w}") {
            return None;
        }
        let mut made = MADE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(config) = made.iter().find(|config| config.name == name) {
            return Some(config);
        }
        let config: &'static Config = Box::leak(Box::new(Config {
            name: Box::leak(name.to_owned().into_boxed_str()),
            ports,
            data_w,
            depth_w: 9,
            table_w: 9,
            max_frame_bytes: 1_522,
            purpose: "simulated only",
        }));
        made.push(config);
        Some(config)
    }

    /// Whether it is one of [`Config::ALL`], of which there are blocks.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        Self::ALL.contains(self)
    }

    /// Bytes in a full beat.
    #[must_use]
    pub const fn beat_bytes(&self) -> usize {
        self.data_w / 8
    }

    /// Beats of the longest frame.
    #[must_use]
    pub const fn max_frame_beats(&self) -> usize {
        self.max_frame_bytes.div_ceil(self.beat_bytes())
    }
}

/// What [`Config::sized`] has made, each once.
static MADE: Mutex<Vec<&'static Config>> = Mutex::new(Vec::new());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_sizes_beyond_the_table_once() {
        let config = Config::sized("64x64").expect("a legal size");
        assert_eq!((config.ports, config.data_w), (64, 64));
        assert_eq!((config.name, config.is_listed()), ("64x64", false));
        assert!(std::ptr::eq(
            config,
            Config::sized("64x64").expect("a legal size")
        ));
        assert!(Config::sized("4x32").is_some_and(|config| config.beat_bytes() == 4));
        for listed in &Config::ALL {
            assert_eq!(Config::sized(listed.name), Some(listed));
            assert!(listed.is_listed());
        }
    }

    #[test]
    fn knows_no_other_sizes() {
        for name in [
            "1x64",
            "513x64",
            "8x128",
            "08x64",
            "+8x64",
            "8x64-jumbo",
            "8",
            "x",
            "",
            "8x",
        ] {
            assert_eq!(Config::sized(name), None, "{name}");
        }
    }
}
