//! The links that are built, tested and published: the one table that the command, the tests and the docs read.

use super::{Features, LinkOptions};
use crate::target::Target;

/// Rows of blocks from marker to marker unless another number is asked for: Clause 82 has 16 384, which is much to wait for a spare.
pub const DEFAULT_MARKER_PERIOD: usize = 1_024;

/// One link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// The name users type, for example `4x16`.
    pub name: &'static str,
    /// Lanes that carry data at full width.
    pub lanes: usize,
    /// Lanes beside them that are kept hot.
    pub spares: usize,
    /// Data bits of a lane in a cycle.
    pub lane_w: usize,
    /// Rows of blocks from marker to marker.
    pub marker_period: usize,
    /// Longest frame in bytes, destination address to FCS inclusive.
    pub max_frame_bytes: usize,
    /// Retry, store, credits.
    pub features: Features,
    /// It goes down for too many bad headers.
    pub has_ber_monitor: bool,
    /// What it is for, in a few words.
    pub purpose: &'static str,
}

impl LinkConfig {
    /// Every link, narrow ones first; `4x16` is the reference. All but the plain ones are lossless.
    pub const ALL: [LinkConfig; 11] = [
        Self::sized("1x32", 1, 0, 32, "one lane, 32-bit clients"),
        Self::sized("2x16", 2, 1, 16, "32-bit clients"),
        Self::sized("4x8", 4, 1, 8, "four lanes, 32-bit clients"),
        Self::sized("2x32", 2, 1, 32, "two lanes, 64-bit clients"),
        Self::sized("4x16", 4, 1, 16, "the reference, 64-bit clients"),
        Self::sized("4x16-unspared", 4, 0, 16, "without a spare lane"),
        Self {
            features: Features::PLAIN,
            ..Self::sized("4x16-plain", 4, 1, 16, "without retry and credits")
        },
        Self {
            features: Features {
                store: true,
                ..Features::LOSSLESS
            },
            ..Self::sized("4x16-store", 4, 1, 16, "frames are held until checked")
        },
        Self {
            has_ber_monitor: false,
            ..Self::sized(
                "4x16-unmonitored",
                4,
                1,
                16,
                "stays up at any bit error ratio",
            )
        },
        Self {
            features: Features::PLAIN,
            has_ber_monitor: false,
            ..Self::sized("4x16-plain-unmonitored", 4, 1, 16, "the same, plain")
        },
        Self::sized("8x8", 8, 1, 8, "eight lanes, 64-bit clients"),
    ];

    const fn sized(
        name: &'static str,
        lanes: usize,
        spares: usize,
        lane_w: usize,
        purpose: &'static str,
    ) -> Self {
        Self {
            name,
            lanes,
            spares,
            lane_w,
            marker_period: DEFAULT_MARKER_PERIOD,
            max_frame_bytes: 1_522,
            features: Features::LOSSLESS,
            has_ber_monitor: true,
            purpose,
        }
    }

    /// What its block is made with, its Verilog for `target`.
    #[must_use]
    pub const fn options(&self, target: Target) -> LinkOptions {
        LinkOptions {
            marker_period: self.marker_period,
            max_frame_bytes: self.max_frame_bytes,
            features: self.features,
            has_ber_monitor: self.has_ber_monitor,
            target,
        }
    }

    /// The link called `name`, or `None`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static LinkConfig> {
        Self::ALL.iter().find(|link| link.name == name)
    }

    /// The link with a spare for clients of `data_w` bits that a switch has if no other is asked for: `2x16` or `4x16`.
    #[must_use]
    pub fn for_clients(data_w: usize) -> Option<&'static LinkConfig> {
        Self::named(if data_w == 32 { "2x16" } else { "4x16" })
            .filter(|link| link.data_w() == data_w)
    }

    /// Bits of the client's `tdata`.
    #[must_use]
    pub const fn data_w(&self) -> usize {
        self.lanes * self.lane_w
    }

    /// Lanes of the engine.
    #[must_use]
    pub const fn physical(&self) -> usize {
        self.lanes + self.spares
    }

    /// Beats in which a lane carries a block.
    #[must_use]
    pub const fn lane_beats(&self) -> usize {
        64 / self.lane_w
    }

    /// Cycles from marker to marker without gearbox pauses.
    #[must_use]
    pub const fn marker_cycles(&self) -> usize {
        self.marker_period * self.lane_beats()
    }
}
