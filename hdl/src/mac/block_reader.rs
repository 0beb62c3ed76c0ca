//! Reads what a block is: data, start, end, error, ordered set, idle, or nothing that is known.
//!
//! ```text
//!              +-------------+---> is_*
//!   block ---->|             |---> count
//!   control -->| BlockReader |---> data
//!   bad ------>|             |
//!              +-------------+
//! ```
//!
//! Combinational. Exactly one `is_*` is high. A control block counts as what it is only if its type is known; error and idle blocks
//! only if all of their codes are such. Anything else, and every bad block, `is_damaged`.

use crate::pcs::block;
use crate::prelude::*;

/// Tells the kind of a 66-bit block.
#[derive(LogicBlock)]
pub struct BlockReader {
    // Ingress.
    /// Payload.
    pub block: [Signal<In, Bits<32>>; 2],
    /// It is a control block.
    pub control: Signal<In, Bit>,
    /// The PCS calls it bad.
    pub bad: Signal<In, Bit>,

    // Egress.
    /// A frame's bytes, as far as they count.
    pub data: [Signal<Out, Bits<32>>; 2],
    /// Bytes of an end block, 0 to 7; 0 of any other.
    pub end_bytes: Signal<Out, Bits<3>>,
    /// Eight bytes of a frame.
    pub is_data: Signal<Out, Bit>,
    /// The start of a frame.
    pub is_start: Signal<Out, Bit>,
    /// The end of a frame.
    pub is_end: Signal<Out, Bit>,
    /// An error block, sent as such.
    pub is_error: Signal<Out, Bit>,
    /// An ordered set.
    pub is_set: Signal<Out, Bit>,
    /// An idle block.
    pub is_idle: Signal<Out, Bit>,
    /// None of these.
    pub is_damaged: Signal<Out, Bit>,

    // Wires.
    kind: Signal<Local, Bits<8>>,
    ended_by: Signal<Local, Bits<8>>,
    ends: Signal<Local, Bit>,
    sound: Signal<Local, Bit>,
    starts: Signal<Local, Bit>,
    sets: Signal<Local, Bit>,
    errs: Signal<Local, Bit>,
    idles: Signal<Local, Bit>,

    // Parameters.
    start_kind: Constant<Bits<8>>,
    set_kind: Constant<Bits<8>>,
    end_kind: [Constant<Bits<8>>; 8],
    number: [Constant<Bits<3>>; 8],
    idle: [Constant<Bits<32>>; 2],
    error: [Constant<Bits<32>>; 2],
}

impl Default for BlockReader {
    fn default() -> Self {
        Self {
            block: std::array::from_fn(|_| Signal::default()),
            control: Signal::default(),
            bad: Signal::default(),
            data: std::array::from_fn(|_| Signal::default()),
            end_bytes: Signal::default(),
            is_data: Signal::default(),
            is_start: Signal::default(),
            is_end: Signal::default(),
            is_error: Signal::default(),
            is_set: Signal::default(),
            is_idle: Signal::default(),
            is_damaged: Signal::default(),
            kind: Signal::default(),
            ended_by: Signal::default(),
            ends: Signal::default(),
            sound: Signal::default(),
            starts: Signal::default(),
            sets: Signal::default(),
            errs: Signal::default(),
            idles: Signal::default(),
            start_kind: Constant::new(u64::from(block::START).into()),
            set_kind: Constant::new(u64::from(block::ORDERED_SET).into()),
            end_kind: block::END.map(|kind| Constant::new(u64::from(kind).into())),
            number: std::array::from_fn(|number| Constant::new((number as u64).into())),
            idle: block::words(block::IDLE_BLOCK),
            error: block::words(block::ERROR_BLOCK),
        }
    }
}

impl Logic for BlockReader {
    #[hdl_gen]
    fn update(&mut self) {
        self.kind.next = self.block[0].val().get_bits::<8>(0);
        self.sound.next = self.control.val() & !self.bad.val();
        self.starts.next = self.kind.val() == self.start_kind.val();
        self.sets.next = self.kind.val() == self.set_kind.val();
        self.errs.next = (self.block[0].val() == self.error[0].val())
            & (self.block[1].val() == self.error[1].val());
        self.idles.next = (self.block[0].val() == self.idle[0].val())
            & (self.block[1].val() == self.idle[1].val());
        self.ended_by.next = 0.into();
        self.end_bytes.next = 0.into();
        for i in 0..8 {
            if self.sound.val() & (self.kind.val() == self.end_kind[i].val()) {
                self.ended_by.next = self.ended_by.val().replace_bit(i, true);
                self.end_bytes.next = self.number[i].val();
            }
        }
        self.ends.next = self.ended_by.val().any();

        self.data[0].next = self.block[0].val();
        self.data[1].next = self.block[1].val();
        if self.control.val() {
            self.data[0].next = (self.block[0].val() >> 8) | (self.block[1].val() << 24);
            self.data[1].next = self.block[1].val() >> 8;
        }
        self.is_data.next = !self.control.val() & !self.bad.val();
        self.is_start.next = self.sound.val() & self.starts.val();
        self.is_set.next = self.sound.val() & self.sets.val();
        self.is_error.next = self.sound.val() & self.errs.val();
        self.is_idle.next = self.sound.val() & self.idles.val();
        self.is_end.next = self.ends.val();
        self.is_damaged.next = self.bad.val()
            | (self.control.val()
                & !self.starts.val()
                & !self.sets.val()
                & !self.errs.val()
                & !self.idles.val()
                & !self.ends.val());
    }
    describe!("Tells the kind of a 66-bit block.");
}
