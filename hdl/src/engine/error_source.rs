//! When which lane has which bit wrong, by chance: xorshift32 (Marsaglia 2003, 13, 17, 5) and a mask.
//!
//! ```text
//!                +------------------------------------------+
//!                | state --> ^ << 13 --> ^ >> 17 --> ^ << 5 |
//!  mask -------->|   |  [22..0] & mask = 0, [26..23] --> hit |--> hit
//!                |   +--> [31..27] ---------------> one-hot |--> error_bit, noise
//!                +------------------------------------------+
//! ```
//!
//! A new number every cycle, each of 1 to 2^32 - 1 once in 2^32 - 1 cycles, always in the same order. A mask of n ones hits
//! each lane in one of 2^(n+4) cycles on the average, never two lanes at once; a mask of 0 hits none. Latency: 1 cycle
//! from `mask` to `hit`. Reset: the number is the seed, no lane is hit.

use crate::prelude::*;

/// Bits of the mask.
pub const MASK_W: usize = 23;

/// Hits lanes at a rate that a mask sets, and gives a bit to get wrong and a word of noise.
#[derive(LogicBlock)]
pub struct ErrorSource<const LANES: usize, const LW: usize, const SHIFT_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// How rare hits are.
    pub mask: Signal<In, Bits<MASK_W>>,

    // Egress.
    /// Lanes that are hit in this cycle, one at the most. Reset: 0.
    pub hit: Signal<Out, Bits<LANES>>,
    /// The bit to get wrong, one-hot. Reset: any.
    pub error_bit: Signal<Out, Bits<LW>>,
    /// Bits that mean nothing. Reset: those of the seed.
    pub noise: Signal<Out, Bits<LW>>,

    // State.
    state: DFF<Bits<32>>,
    hit_lane: DFF<Bits<LANES>>,
    wrong_bit: DFF<Bits<LW>>,

    // Wires.
    first: Signal<Local, Bits<32>>,
    second: Signal<Local, Bits<32>>,
    masked: Signal<Local, Bits<MASK_W>>,
    hits: Signal<Local, Bit>,
    victim: Signal<Local, Bits<4>>,
    struck: Signal<Local, Bits<LANES>>,
    position: Signal<Local, Bits<SHIFT_W>>,

    // Parameters.
    seed: Constant<Bits<32>>,
    index: [Constant<Bits<4>>; LANES],
    one: Constant<Bits<LW>>,
}

impl<const LANES: usize, const LW: usize, const SHIFT_W: usize> ErrorSource<LANES, LW, SHIFT_W> {
    /// A source that starts at `seed`.
    ///
    /// # Panics
    /// If it is 0, from where it leads nowhere.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        const {
            assert!(
                LANES <= 16 && LW <= 32 && 1 << SHIFT_W == LW,
                "LANES must be 16 or fewer, LW 32 or less, SHIFT_W = log2(LW)"
            );
        };
        assert!(seed != 0, "the seed is 0; any other number will do");
        let seed = u64::from(seed).into();
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            mask: Signal::default(),
            hit: Signal::default(),
            error_bit: Signal::default(),
            noise: Signal::default(),
            state: flop_at(seed),
            hit_lane: DFF::default(),
            wrong_bit: DFF::default(),
            first: Signal::default(),
            second: Signal::default(),
            masked: Signal::default(),
            hits: Signal::default(),
            victim: Signal::default(),
            struck: Signal::default(),
            position: Signal::default(),
            seed: Constant::new(seed),
            index: std::array::from_fn(|lane| Constant::new((lane as u64).into())),
            one: Constant::new(1.into()),
        }
    }
}

impl<const LANES: usize, const LW: usize, const SHIFT_W: usize> Logic
    for ErrorSource<LANES, LW, SHIFT_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, state, hit_lane, wrong_bit);

        // 2. The next number.
        self.first.next = self.state.q.val() ^ (self.state.q.val() << 13);
        self.second.next = self.first.val() ^ (self.first.val() >> 17);
        self.state.d.next = self.second.val() ^ (self.second.val() << 5);

        // 3. What this one says.
        self.masked.next = self.state.q.val().get_bits::<23>(0) & self.mask.val();
        self.hits.next = !self.masked.val().any() & self.mask.val().any();
        self.victim.next = self.state.q.val().get_bits::<4>(23);
        self.position.next = self.state.q.val().get_bits::<SHIFT_W>(27);
        self.struck.next = 0.into();
        for i in 0..LANES {
            if self.hits.val() & (self.victim.val() == self.index[i].val()) {
                self.struck.next = self.struck.val().replace_bit(i, true);
            }
        }
        self.hit_lane.d.next = self.struck.val();
        self.wrong_bit.d.next = self.one.val() << self.position.val();

        // 4. Drive outputs.
        self.hit.next = self.hit_lane.q.val();
        self.error_bit.next = self.wrong_bit.q.val();
        self.noise.next = self.state.q.val().get_bits::<LW>(0);

        // 5. Reset wins.
        if self.reset.val() {
            self.state.d.next = self.seed.val();
            self.hit_lane.d.next = 0.into();
        }
    }

    describe!(
        "Hits lanes at a rate that a mask sets, and gives a bit to get wrong and a word of noise."
    );
}
