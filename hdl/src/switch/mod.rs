//! The Ethernet switch: an [`Ingress`](crate::ingress::Ingress) for each port, the
//! [`MacTable`](crate::table::MacTable), and the [`FabricMc`](crate::fabric::FabricMc), wired together; and the same
//! with an optical [`Link`](crate::link::Link) on every port.

mod oei_switch;
#[allow(
    clippy::module_inception,
    reason = "one block a file, named after the block"
)]
mod switch;

pub use oei_switch::OeiSwitch;
pub use switch::{Switch, DEFAULT_GAP_LIMIT};

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
mod tests;
