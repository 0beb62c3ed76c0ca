//! What the tests of the fabric share: settling, the clock, legal byte enables.

use crate::cosim;
use crate::prelude::*;

/// Lets combinational logic settle.
pub fn settle<B: Block>(block: &mut B) {
    cosim::settle(block).unwrap();
}

/// One full clock cycle of a block whose inputs are set.
macro_rules! tick {
    ($block:expr) => {
        for clk in [true, false] {
            $block.clock.next = Clock { clk };
            $crate::fabric::tests::bench::settle(&mut $block);
        }
    };
}
pub(crate) use tick;

/// Byte enables of a beat with `bytes` bytes.
pub fn keep_of(bytes: u32) -> u32 {
    (1 << bytes) - 1
}

/// Whether a `tkeep` of `width` bits is one a source may show.
pub fn is_legal(keep: u32, is_last: bool, width: u32) -> bool {
    (1..=width).any(|bytes| keep == keep_of(bytes) && (is_last || bytes == width))
}
