//! Which transmitted lane arrives on which receiving lane.
//!
//! ```text
//!                 +------------------+
//!  word[j] ------>|                  |--> arriving[i] = word[i ^ swap[i]]
//!  swap[i] ------>|                  |
//!                 +------------------+
//! ```
//!
//! Combinational. A lane whose source is not there has no words, and is dark.

use crate::prelude::*;

/// Permutes `LANES` lanes of words of `LW` bits; two lanes may also have one source.
#[derive(LogicBlock)]
pub struct LaneSwap<const LANES: usize, const LW: usize, const SOURCE_W: usize> {
    // Ingress.
    /// The words sent.
    pub word: [Signal<In, Bits<LW>>; LANES],
    /// There is a word.
    pub word_valid: Signal<In, Bits<LANES>>,
    /// The lane is sent without light.
    pub dark: Signal<In, Bits<LANES>>,
    /// The number of each lane's source, exclusive or its own.
    pub swap: [Signal<In, Bits<SOURCE_W>>; LANES],

    // Egress.
    /// The words that arrive.
    pub arriving: [Signal<Out, Bits<LW>>; LANES],
    /// There is a word.
    pub arriving_valid: Signal<Out, Bits<LANES>>,
    /// The lane arrives without light.
    pub arriving_dark: Signal<Out, Bits<LANES>>,

    // Wires.
    source: [Signal<Local, Bits<SOURCE_W>>; LANES],

    // Parameters.
    index: [Constant<Bits<SOURCE_W>>; LANES],
}

impl<const LANES: usize, const LW: usize, const SOURCE_W: usize> Default
    for LaneSwap<LANES, LW, SOURCE_W>
{
    fn default() -> Self {
        const {
            assert!(
                LANES <= 1 << SOURCE_W && SOURCE_W >= 1,
                "SOURCE_W must be ceil(log2(LANES)), but at least 1"
            );
        };
        Self {
            word: std::array::from_fn(|_| Signal::default()),
            word_valid: Signal::default(),
            dark: Signal::default(),
            swap: std::array::from_fn(|_| Signal::default()),
            arriving: std::array::from_fn(|_| Signal::default()),
            arriving_valid: Signal::default(),
            arriving_dark: Signal::default(),
            source: std::array::from_fn(|_| Signal::default()),
            index: std::array::from_fn(|lane| Constant::new((lane as u64).into())),
        }
    }
}

impl<const LANES: usize, const LW: usize, const SOURCE_W: usize> Logic
    for LaneSwap<LANES, LW, SOURCE_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.arriving_valid.next = 0.into();
        self.arriving_dark.next = 0.into();
        for i in 0..LANES {
            self.source[i].next = self.swap[i].val() ^ self.index[i].val();
            self.arriving[i].next = 0.into();
            self.arriving_dark.next = self.arriving_dark.val().replace_bit(i, true);
            for j in 0..LANES {
                if self.source[i].val() == self.index[j].val() {
                    self.arriving[i].next = self.word[j].val();
                    self.arriving_valid.next = self
                        .arriving_valid
                        .val()
                        .replace_bit(i, self.word_valid.val().get_bit(j));
                    self.arriving_dark.next = self
                        .arriving_dark
                        .val()
                        .replace_bit(i, self.dark.val().get_bit(j));
                }
            }
        }
    }

    describe!("Permutes `LANES` lanes of words of `LW` bits; two lanes may also have one source.");
}
