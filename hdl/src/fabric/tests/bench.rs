//! What the tests of the fabric share: settling, the clock, legal byte enables, and the naive tracker of a port's frames.

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

/// What the source and the admission show in a cycle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inputs {
    pub valid: bool,
    pub keep: u32,
    pub last: bool,
    pub user: bool,
    pub go: u32,
    pub accept: bool,
}

/// What counts in a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    pub ready: bool,
    pub push: u32,
    pub started: bool,
    pub gap_closed: bool,
    pub too_long: bool,
    pub malformed: bool,
    pub poisoned: bool,
}

/// One port's frame, as the contract has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracker {
    pub keep_w: u32,
    pub max_frame_beats: u32,
    pub gap_limit: u32,
    pub in_frame: bool,
    pub is_closed: bool,
    pub target: u32,
    pub beats: u32,
    pub idle: u32,
    pub is_malformed: bool,
}

/// A beat that counts: is it a first, is it a last, is the frame poisoned, and how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    pub first: bool,
    pub last: bool,
    pub poison: bool,
    /// `None`: they mean nothing.
    pub bytes: Option<u32>,
    /// It stands for a pause: its data mean nothing.
    pub pause: bool,
}

impl Tracker {
    /// Outside a frame.
    pub fn new(keep_w: u32, max_frame_beats: u32, gap_limit: u32) -> Self {
        Self {
            keep_w,
            max_frame_beats,
            gap_limit,
            ..Self::default()
        }
    }

    /// The next beat is a first.
    pub fn reset(&mut self) {
        *self = Self::new(self.keep_w, self.max_frame_beats, self.gap_limit);
    }

    /// One cycle without reset.
    pub fn step(&mut self, inputs: &Inputs) -> (Outputs, Option<Pushed>) {
        let mut outputs = Outputs {
            ready: self.in_frame || inputs.accept,
            ..Outputs::default()
        };
        if !inputs.valid {
            self.idle += u32::from(self.in_frame);
            if !self.in_frame
                || self.is_closed
                || self.gap_limit == 0
                || self.idle <= self.gap_limit
            {
                return (outputs, None);
            }
            self.is_closed = true;
            outputs.gap_closed = true;
            outputs.push = self.target;
            let pushed = Pushed {
                first: false,
                last: true,
                poison: true,
                bytes: None,
                pause: true,
            };
            return (outputs, Some(pushed));
        }
        if !outputs.ready {
            return (outputs, None);
        }
        let is_first = !self.in_frame;
        if is_first {
            self.reset();
            self.in_frame = true;
            self.target = inputs.go;
            outputs.started = true;
        }
        self.idle = 0;
        self.beats += 1;
        self.is_malformed |= !is_legal(inputs.keep, inputs.last, self.keep_w);
        let mut pushed = None;
        if !self.is_closed {
            let is_cut = self.beats == self.max_frame_beats && !inputs.last;
            outputs.push = self.target;
            pushed = Some(Pushed {
                first: is_first,
                last: inputs.last || is_cut,
                poison: is_cut || self.is_malformed || (inputs.last && inputs.user),
                bytes: match (inputs.last, self.is_malformed) {
                    (false, _) => Some(self.keep_w),
                    (true, false) => Some(inputs.keep.count_ones()),
                    (true, true) => None,
                },
                pause: false,
            });
            outputs.too_long = is_cut;
            outputs.malformed = inputs.last && self.is_malformed;
            outputs.poisoned = inputs.last && inputs.user && !self.is_malformed;
            self.is_closed = is_cut;
        }
        self.in_frame = !inputs.last;
        (outputs, pushed)
    }
}
