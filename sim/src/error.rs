//! The one error type of the crate.

use std::path::PathBuf;

use lightswitch_hdl::export::ExportError;
use lightswitch_hdl::tools::ToolError;

/// Everything that can go wrong in this crate. Each message names the thing, its value and, where there is one, the
/// remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option's value cannot be read or is out of range.
    #[error("{what} is `{value}`; it must be {expected}")]
    Invalid {
        /// The option or field.
        what: &'static str,
        /// What was given.
        value: String,
        /// What is legal.
        expected: String,
    },
    /// A port index beyond the switch.
    #[error("port {port} does not exist; the switch has ports 0 to {}", .ports - 1)]
    PortOutOfRange {
        /// The index.
        port: usize,
        /// Number of ports.
        ports: usize,
    },
    /// One address was assigned to two ports.
    #[error(
        "{mac} is assigned to port {first} and to port {second}; an address lives on one port"
    )]
    AssignedTwice {
        /// The address.
        mac: String,
        /// The port first given.
        first: usize,
        /// The other.
        second: usize,
    },
    /// A simulation engine failed.
    #[error("the {engine} engine failed in cycle {cycle}: {reason}")]
    Engine {
        /// The engine's name.
        engine: &'static str,
        /// The cycle it was asked for.
        cycle: u64,
        /// What it says.
        reason: String,
    },
    /// The verilated engine cannot be built: a tool is missing, or has failed.
    #[error("cannot build the verilated engine")]
    Verilated(#[from] ToolError),
    /// The Verilog of a top cannot be printed.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The frame that teaches the switch the address behind a port did not arrive.
    #[error("the frame from port {port} to port {to} that makes its address known did not arrive")]
    NotLearned {
        /// The port the address is behind.
        port: usize,
        /// The port it was sent to.
        to: usize,
    },
    /// Nothing moved although frames were waiting.
    #[error(
        "the switch is stuck: no beat moved in the {idle} cycles up to cycle {cycle} ({waiting})"
    )]
    Stuck {
        /// Cycles without a transfer.
        idle: u64,
        /// The cycle at which it was given up.
        cycle: u64,
        /// What was waiting.
        waiting: String,
    },
    /// A file could not be opened, read or written.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// The verb: `open`, `read`, `write`, `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is not a capture that can be replayed.
    #[error("{} is not a capture that can be replayed: {reason}", .path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// A file is not a recorded stimulus that can be replayed.
    #[error("{} is not a stimulus that can be replayed: {reason}, at byte {offset}", .path.display())]
    Stimulus {
        /// The file.
        path: PathBuf,
        /// Where in the file the fault was found.
        offset: usize,
        /// What is wrong.
        reason: String,
    },
    /// A wave file could not be written.
    #[error("cannot write the waves to {}: {reason}", .path.display())]
    Wave {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Error {
    #[allow(
        clippy::needless_pass_by_value,
        reason = "callers hand over literals and fields alike"
    )]
    pub(crate) fn invalid(
        what: &'static str,
        value: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            what,
            value: value.to_string(),
            expected: expected.into(),
        }
    }
}
