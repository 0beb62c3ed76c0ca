//! Sends the blocks of one lane, `LW` bits a cycle.
//!
//! ```text
//!                    +----------------------+
//!   word ----------->| high -> low -> LW    |--> tx_data
//!   first, second -->|                      |--> tx_hdr tx_hdr_valid
//!   control -------->| control              |--> tx_data_valid
//!                    +----------------------+
//! ```
//!
//! A block comes as one beat of 64 bits, with `first`, or as two of 32 in a row, with `first` and `second`; its first beat
//! may come only when the last beat of the block before it is on the lane. A beat that is loaded second is shifted at once,
//! because the lane has moved on by then.
//!
//! Latency: 1 cycle from `first` to the block's first beat on the lane. Throughput: `LW` bits a cycle. Without `step`
//! everything holds. Reset: nothing to send, until the first block.

use crate::prelude::*;

/// Shift register of one lane: 64 bits of payload and the header, `LW` bits a cycle.
#[derive(LogicBlock)]
pub struct Serializer<const WORDS: usize, const LW: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// A beat passes at the next clock edge.
    pub step: Signal<In, Bit>,
    /// The beat of the block to load.
    pub word: [Signal<In, Bits<32>>; WORDS],
    /// The block is a control block; read with its first beat.
    pub control: Signal<In, Bit>,
    /// Loads the block's first beat.
    pub first: Signal<In, Bit>,
    /// Loads the block's second beat.
    pub second: Signal<In, Bit>,

    // Egress.
    /// The lane's beat.
    pub tx_data: Signal<Out, Bits<LW>>,
    /// Its block's header.
    pub tx_hdr: Signal<Out, Bits<2>>,
    /// The beat is its block's first.
    pub tx_hdr_valid: Signal<Out, Bit>,
    /// There is a beat.
    pub tx_data_valid: Signal<Out, Bit>,

    // State.
    low: DFF<Bits<32>>,
    high: DFF<Bits<32>>,
    control_block: DFF<Bit>,
    starts: DFF<Bit>,
    running: DFF<Bit>,

    // Wires.
    upper: Signal<Local, Bits<32>>,

    // Parameters.
    half_lane: Constant<Bits<6>>,
    rest: Constant<Bits<6>>,
}

impl<const WORDS: usize, const LW: usize> Default for Serializer<WORDS, LW> {
    fn default() -> Self {
        const {
            assert!(
                WORDS == 1 || WORDS == 2,
                "a block comes in one or two beats"
            );
            assert!(LW == 8 || LW == 16 || LW == 32, "LW is 8, 16 or 32");
        };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            step: Signal::default(),
            word: std::array::from_fn(|_| Signal::default()),
            control: Signal::default(),
            first: Signal::default(),
            second: Signal::default(),
            tx_data: Signal::default(),
            tx_hdr: Signal::default(),
            tx_hdr_valid: Signal::default(),
            tx_data_valid: Signal::default(),
            low: DFF::default(),
            high: DFF::default(),
            control_block: DFF::default(),
            starts: DFF::default(),
            running: DFF::default(),
            upper: Signal::default(),
            half_lane: Constant::new((LW as u64 / 2).into()),
            rest: Constant::new((32 - LW as u64).into()),
        }
    }
}

impl<const WORDS: usize, const LW: usize> Logic for Serializer<WORDS, LW> {
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(self, clock, low, high, control_block, starts, running);

        // 2. Shift by LW, in halves of LW because it may be 32.
        self.upper.next = self.high.q.val();
        if self.second.val() {
            self.upper.next = self.word[0].val();
        }
        if self.step.val() {
            self.low.d.next = ((self.low.q.val() >> self.half_lane.val()) >> self.half_lane.val())
                | (self.upper.val() << self.rest.val());
            self.high.d.next = (self.upper.val() >> self.half_lane.val()) >> self.half_lane.val();
            self.starts.d.next = self.first.val();

            // 3. Or load: the first word is `low`, the one after it `high`.
            if self.first.val() {
                self.low.d.next = self.word[0].val();
                for word in 1..WORDS {
                    self.high.d.next = self.word[word].val();
                }
                self.control_block.d.next = self.control.val();
                self.running.d.next = true;
            }
        }

        // 4. Drive outputs.
        self.tx_data.next = self.low.q.val().get_bits::<LW>(0);
        self.tx_hdr.next = 2.into();
        if self.control_block.q.val() {
            self.tx_hdr.next = 1.into();
        }
        self.tx_hdr_valid.next = self.starts.q.val();
        self.tx_data_valid.next = self.running.q.val();

        // 5. Reset wins.
        if self.reset.val() {
            self.starts.d.next = false;
            self.running.d.next = false;
        }
    }

    describe!("Shift register of one lane: 64 bits of payload and the header, `LW` bits a cycle.");
}
