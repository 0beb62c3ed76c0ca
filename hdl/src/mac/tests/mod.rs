//! Tests of the MAC's blocks against frames and blocks as plain lists.

mod mac_rx;
mod mac_tx;
