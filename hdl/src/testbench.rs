//! What the unit tests of blocks share: a block that is clocked by hand beside its reference, and its Verilog behind
//! it.
//!
//! ```text
//!   set inputs on `block` | settle | compare outputs | clock | ... | replay: the Verilog went the same way
//! ```

use crate::cosim::{self, Recorder, Trace};
use crate::evaluate::Parts;
use crate::export::{self, Design};
use crate::prelude::*;

/// A block under test.
pub struct Bench<B> {
    /// Its inputs are set here, its outputs stand here after [`settle`](Self::settle).
    pub block: Box<B>,
    /// Cycles that have passed.
    pub cycle: usize,
    record: Option<(Design, Recorder)>,
}

impl<B: Parts> Bench<B> {
    /// The block as it is at power-up.
    pub fn new(mut block: B) -> Self {
        block.connect_all();
        let mut bench = Self {
            block: Box::new(block),
            cycle: 0,
            record: None,
        };
        bench.settle();
        bench
    }

    /// The same, and every cycle is kept for [`replay`](Self::replay).
    pub fn recording(block: B) -> Self {
        let mut bench = Self::new(block);
        let name = export::module_name(&*bench.block).unwrap();
        // Flops start at what they hold when the block is exported.
        let design = export::export(&*bench.block, &name, &[]).unwrap();
        bench.record = Some((design, Recorder::new()));
        bench
    }

    /// Lets the outputs follow the inputs.
    pub fn settle(&mut self) {
        cosim::settle(&mut *self.block).unwrap();
    }

    /// Ends the cycle; a block without a clock has none, but is recorded.
    pub fn clock(&mut self) {
        self.settle();
        if let Some((_, recorder)) = &mut self.record {
            recorder.sample(&*self.block);
        }
        for clk in [true, false] {
            if let Some(clock) = self.block.clock() {
                clock.next = Clock { clk };
                self.settle();
            }
        }
        self.cycle += 1;
    }

    /// Lints the exported Verilog and drives it with the recorded inputs: every output must be the same in every cycle.
    pub fn replay(self) -> Trace {
        let (design, recorder) = self.record.unwrap();
        cosim::lint(&design).unwrap();
        let trace = recorder.finish();
        assert_eq!(trace.len(), self.cycle, "cycles that were not recorded");
        cosim::replay(&design, &trace).unwrap();
        trace
    }
}
