//! Registers what both ways of a set say of an address, and answers from that.
//!
//! ```text
//!  same_low .. stamp [w] ------------------------>+--------------+---> hit
//!  ignored[w] ----------------------------------->| LookupAnswer |---> hit_mask
//!  own_mask, epoch, advance --------------------->|              |---> known
//!                                                 +--------------+
//! ```
//!
//! Latency: 1 cycle, while `advance`. The comparison of the tags is the long path, so its halves go into flops of their
//! own, and each output bit is one 6-input function of flops. Reset: a miss.

use crate::prelude::*;

/// The answer to a lookup in the MAC table, from both ways of the set.
#[derive(LogicBlock)]
pub struct LookupAnswer<const PORTS: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; answers a miss.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Takes the entries at the next edge; holds the answer otherwise.
    pub advance: Signal<In, Bit>,
    /// The way's first bits are the address's.
    pub same_low: [Signal<In, Bit>; 2],
    /// The way's other bits are the address's, and it is valid, expired or not.
    pub same_high: [Signal<In, Bit>; 2],
    /// The way is valid and has not expired.
    pub live: [Signal<In, Bit>; 2],
    /// The way is valid and static.
    pub is_static: [Signal<In, Bit>; 2],
    /// The way's port mask.
    pub mask: [Signal<In, Bits<PORTS>>; 2],
    /// The epoch in which the way was learned.
    pub stamp: [Signal<In, Bits<4>>; 2],
    /// The way does not count.
    pub ignored: [Signal<In, Bit>; 2],
    /// The mask with this port's bit alone.
    pub own_mask: Signal<In, Bits<PORTS>>,
    /// The current epoch.
    pub epoch: Signal<In, Bits<4>>,

    // Egress.
    /// The address is in the table.
    pub hit: Signal<Out, Bit>,
    /// The ports it is behind; 0 unless `hit`.
    pub hit_mask: Signal<Out, Bits<PORTS>>,
    /// Learning it from this port would change nothing.
    pub known: Signal<Out, Bit>,

    // State.
    was_same_low: [DFF<Bit>; 2],
    was_same_high: [DFF<Bit>; 2],
    alive: [DFF<Bit>; 2],
    settled: [DFF<Bit>; 2],
    live_mask: [DFF<Bits<PORTS>>; 2],
}

impl<const PORTS: usize> Default for LookupAnswer<PORTS> {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            advance: Signal::default(),
            same_low: std::array::from_fn(|_| Signal::default()),
            same_high: std::array::from_fn(|_| Signal::default()),
            live: std::array::from_fn(|_| Signal::default()),
            is_static: std::array::from_fn(|_| Signal::default()),
            mask: std::array::from_fn(|_| Signal::default()),
            stamp: std::array::from_fn(|_| Signal::default()),
            ignored: std::array::from_fn(|_| Signal::default()),
            own_mask: Signal::default(),
            epoch: Signal::default(),
            hit: Signal::default(),
            hit_mask: Signal::default(),
            known: Signal::default(),
            was_same_low: std::array::from_fn(|_| DFF::default()),
            was_same_high: std::array::from_fn(|_| DFF::default()),
            alive: std::array::from_fn(|_| DFF::default()),
            settled: std::array::from_fn(|_| DFF::default()),
            live_mask: std::array::from_fn(|_| DFF::default()),
        }
    }
}

impl<const PORTS: usize> Logic for LookupAnswer<PORTS> {
    #[hdl_gen]
    fn update(&mut self) {
        self.hit.next = false;
        self.known.next = false;
        self.hit_mask.next = 0.into();
        for w in 0..2 {
            // 1. Hold every flop.
            self.was_same_low[w].clock.next = self.clock.val();
            self.was_same_high[w].clock.next = self.clock.val();
            self.alive[w].clock.next = self.clock.val();
            self.settled[w].clock.next = self.clock.val();
            self.live_mask[w].clock.next = self.clock.val();
            self.was_same_low[w].d.next = self.was_same_low[w].q.val();
            self.was_same_high[w].d.next = self.was_same_high[w].q.val();
            self.alive[w].d.next = self.alive[w].q.val();
            self.settled[w].d.next = self.settled[w].q.val();
            self.live_mask[w].d.next = self.live_mask[w].q.val();

            // 2. Next state. An entry of the current epoch has not expired.
            if self.advance.val() {
                self.was_same_low[w].d.next = self.same_low[w].val() & !self.ignored[w].val();
                self.was_same_high[w].d.next = self.same_high[w].val();
                self.alive[w].d.next = self.live[w].val();
                self.settled[w].d.next = self.is_static[w].val()
                    | ((self.mask[w].val() == self.own_mask.val())
                        & (self.stamp[w].val() == self.epoch.val()));
                self.live_mask[w].d.next = 0.into();
                if self.live[w].val() {
                    self.live_mask[w].d.next = self.mask[w].val();
                }
            }

            // 3. Drive outputs.
            if self.was_same_low[w].q.val() & self.was_same_high[w].q.val() {
                self.hit.next = self.hit.val() | self.alive[w].q.val();
                self.known.next = self.known.val() | self.settled[w].q.val();
                self.hit_mask.next = self.hit_mask.val() | self.live_mask[w].q.val();
            }

            // 4. Reset wins.
            if self.reset.val() {
                self.was_same_low[w].d.next = false;
            }
        }
    }

    describe!("The answer to a lookup in the MAC table, from both ways of the set.");
}
