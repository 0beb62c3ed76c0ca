//! Undoes the scrambler: x^58 + x^39 + 1, self-synchronous (Clause 49.2.10).
//!
//! ```text
//!                  +---------------------------------+
//!   scrambled ---->| line: the 64 bits before, these |--> block
//!   restart ------>| bit ^ 39 before ^ 58 before     |
//!                  +---------------------------------+
//! ```
//!
//! Latency: 1 cycle. Throughput: one beat per cycle. After a restart, or reset, the first block only fills the line, and
//! comes out `bad`. One bit error becomes three.

use crate::pcs::block::BlockSource;
use crate::prelude::*;

/// Descrambler of blocks in beats of `WORDS` words.
#[derive(LogicBlock)]
pub struct Descrambler<const WORDS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high: blocks before and after do not belong together.
    pub restart: Signal<In, Bit>,

    // Ingress.
    /// There is a beat.
    pub valid: Signal<In, Bit>,
    /// Its scrambled payload.
    pub data: [Signal<In, Bits<32>>; WORDS],
    /// It belongs to a control block.
    pub control: Signal<In, Bit>,
    /// Its header is neither.
    pub bad: Signal<In, Bit>,
    /// It is a block's first.
    pub first: Signal<In, Bit>,

    // Egress.
    /// The blocks.
    pub block: BlockSource<WORDS>,

    // State.
    history: [DFF<Bits<32>>; 2],
    word: [DFF<Bits<32>>; WORDS],
    is_control: DFF<Bit>,
    is_bad: DFF<Bit>,
    is_first: DFF<Bit>,
    is_valid: DFF<Bit>,
    is_filled: DFF<Bit>,

    // Wires.
    line: [Signal<Local, Bits<32>>; 4],

    // Parameters.
    is_whole: Constant<Bit>,
}

impl<const WORDS: usize> Default for Descrambler<WORDS> {
    fn default() -> Self {
        const { assert!(WORDS == 1 || WORDS == 2) };
        Self {
            clock: Signal::default(),
            restart: Signal::default(),
            valid: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            control: Signal::default(),
            bad: Signal::default(),
            first: Signal::default(),
            block: BlockSource::default(),
            history: std::array::from_fn(|_| DFF::default()),
            word: std::array::from_fn(|_| DFF::default()),
            is_control: DFF::default(),
            is_bad: DFF::default(),
            is_first: DFF::default(),
            is_valid: DFF::default(),
            is_filled: DFF::default(),
            line: std::array::from_fn(|_| Signal::default()),
            is_whole: Constant::new(WORDS == 2),
        }
    }
}

impl<const WORDS: usize> Logic for Descrambler<WORDS> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, is_control, is_bad, is_first, is_valid, is_filled);
        self.line[0].next = self.history[0].q.val();
        self.line[1].next = self.history[1].q.val();
        for i in 0..2 {
            self.history[i].clock.next = self.clock.val();
            self.history[i].d.next = self.history[i].q.val();
        }

        // Bit 39 before bit 0 of a word is bit 25 of the word two before, bit 58 before is its bit 6.
        for i in 0..WORDS {
            self.line[i + 2].next = self.data[i].val();
            self.word[i].clock.next = self.clock.val();
            self.word[i].d.next = self.data[i].val()
                ^ ((self.line[i].val() >> 25) | (self.line[i + 1].val() << 7))
                ^ ((self.line[i].val() >> 6) | (self.line[i + 1].val() << 26));
            self.block.data[i].next = self.word[i].q.val();
        }
        self.is_valid.d.next = self.valid.val();
        self.is_control.d.next = self.control.val();
        self.is_bad.d.next = self.bad.val() | !self.is_filled.q.val();
        self.is_first.d.next = self.first.val();
        if self.valid.val() {
            for i in 0..WORDS {
                self.history[0].d.next = self.line[i + 1].val();
                self.history[1].d.next = self.line[i + 2].val();
            }
            self.is_filled.d.next =
                self.is_filled.q.val() | self.is_whole.val() | !self.first.val();
        }

        self.block.control.next = self.is_control.q.val();
        self.block.bad.next = self.is_bad.q.val();
        self.block.first.next = self.is_first.q.val();
        self.block.valid.next = self.is_valid.q.val();
        if self.restart.val() {
            self.is_filled.d.next = false;
            self.is_valid.d.next = false;
        }
    }

    describe!("Descrambler of blocks in beats of `WORDS` words.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosim::Random;
    use crate::testbench::Bench;

    #[test]
    fn undoes_the_scrambler_from_any_state() {
        check::<1>();
        check::<2>();
    }

    fn check<const WORDS: usize>() {
        let mut random = Random::new(WORDS as u64);
        let mut bench = Bench::recording(Descrambler::<WORDS>::default());
        let mut state = random.bits(58);
        let mut expected = Vec::new();
        let (mut got, mut compared) = (Vec::new(), 0);
        for block in 0..200 {
            if block == 100 {
                bench.block.restart.next = true;
                bench.clock();
                bench.block.restart.next = false;
                assert_eq!(got[1..], expected[1..]);
                compared += got.len();
                (got, expected) = (Vec::new(), Vec::new());
                state = random.bits(58);
            }
            let payload = random.bits(64);
            let scrambled = (0..64).fold(0, |out, bit| {
                let next = (payload >> bit ^ state >> 38 ^ state >> 57) & 1;
                state = state << 1 | next;
                out | next << bit
            });
            expected.push(payload);
            let mut beat = 0;
            while beat < 2 / WORDS {
                let valid = !random.one_in(3);
                bench.block.valid.next = valid;
                bench.block.first.next = beat == 0;
                for word in 0..WORDS {
                    let part = scrambled >> (32 * (beat * WORDS + word)) & 0xffff_ffff;
                    bench.block.data[word].next = part.into();
                }
                beat += usize::from(valid);
                bench.clock();
                let out = &bench.block.block;
                if out.valid.val() {
                    let is_primer = got.len() == usize::from(!out.first.val());
                    assert_eq!(out.bad.val(), is_primer);
                    let data = (0..WORDS).fold(0, |data, word| {
                        data | out.data[word].val().to_u64() << (32 * word)
                    });
                    match (WORDS, out.first.val()) {
                        (1, false) => *got.last_mut().unwrap() |= data << 32,
                        _ => got.push(data),
                    }
                }
            }
        }
        assert_eq!(got[1..], expected[1..]);
        assert!(compared == 100 && got.len() == 100);
        bench.replay();
    }
}
