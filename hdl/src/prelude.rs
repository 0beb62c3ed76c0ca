//! What every block imports: rust-hdl, and the one line that gives a block its name in the Verilog.

pub use rust_hdl::prelude::*;

// In place of rust-hdl's own, see `evaluate`.
pub use lightswitch_hdl_derive::LogicBlock;

pub use crate::describe;
pub use crate::stream::{FrameSink, StreamSink, StreamSource};

/// A flip-flop that starts at `initial`. Its block's reset must give it the same value: ECP5 has one value for both.
#[must_use]
pub fn flop_at<T: Synth>(initial: T) -> DFF<T> {
    DFF {
        d: Signal::default(),
        q: Signal::new_with_default(initial),
        clock: Signal::default(),
    }
}

/// Gives a block its Verilog header: the exporter learns the Rust type's name and this line through
/// [`Logic::timing`], the one hook of rust-hdl that reaches a `Probe` and is not used otherwise.
///
/// Stands in `impl Logic`, after `update`. A test compares the line with the first line of the type's docstring.
#[macro_export]
macro_rules! describe {
    ($line:literal) => {
        fn timing(&self) -> Vec<TimingInfo> {
            vec![TimingInfo {
                name: $line.into(),
                clock: std::any::type_name::<Self>().into(),
                inputs: vec![],
                outputs: vec![],
            }]
        }
    };
}
