//! Tests of the MAC's two sides and of their parts.

mod blocks;
mod lossless_parts;
mod lossless_rx;
mod mac_rx;
mod mac_tx;
