//! Tests of the MAC's two sides and of their parts.

mod blocks;
mod far_end;
mod lossless_parts;
mod lossless_rx;
mod lossless_tx;
mod mac_rx;
mod mac_tx;
mod replay_ring;
mod retry_tx;
