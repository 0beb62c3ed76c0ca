//! The configurations that are built, tested and published: the one table that the command, the tests and the README
//! read.

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
