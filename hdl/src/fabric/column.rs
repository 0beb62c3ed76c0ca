//! One egress: a queue for each ingress, the arbiter among them, and the multiplexer that brings the chosen head out.
//!
//! ```text
//!                 +----------------------------------------------+
//!   row[i] ------>| queue[i] --head--> BeatMux --> unpack        |--> egress
//!                 |    |                  ^                      |
//!   room <--------|    +--request--> Arbiter                     |
//!                 +----------------------------------------------+
//! ```
//!
//! Latency: 3 cycles from a first beat at an idle row to `egress.tvalid`. Throughput: one beat per cycle, none lost
//! between frames. `egress` is combinational from the queues' output registers; `tready` goes straight to them.

use crate::fabric::arbiter::Arbiter;
use crate::fabric::beat::BeatSink;
use crate::fabric::beat_mux::BeatMux;
use crate::fabric::crosspoint::Crosspoint;
use crate::fabric::keep_unpack::KeepUnpack;
use crate::prelude::*;
use crate::target::Target;

/// The queues of `PORTS` ingresses for one egress, and who may use it.
#[derive(LogicBlock)]
pub struct Column<
    const PORTS: usize,
    const INDEX_W: usize,
    const WORDS: usize,
    const KEEP_W: usize,
    const DEPTH_W: usize,
    const LEVEL_W: usize,
> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress: one bit or beat a port.
    /// What each ingress offers.
    pub row: [BeatSink<WORDS>; PORTS],
    /// There may be a beat.
    pub offer: Signal<In, Bits<PORTS>>,
    /// It counts.
    pub push: Signal<In, Bits<PORTS>>,
    /// It is a first beat.
    pub first: Signal<In, Bits<PORTS>>,
    /// It is a last beat.
    pub last: Signal<In, Bits<PORTS>>,
    /// Frames that start now are stored before they are forwarded.
    pub store_forward: Signal<In, Bits<PORTS>>,
    /// Ingresses that never send here, a constant: synthesis leaves their queues out.
    pub barred: Signal<In, Bits<PORTS>>,
    /// A longest frame fits.
    pub room: Signal<Out, Bits<PORTS>>,

    // Egress.
    /// Frames, whole and one after the other.
    pub egress: StreamSource<WORDS, KEEP_W>,

    // State.
    queue: [Crosspoint<WORDS, DEPTH_W, LEVEL_W>; PORTS],
    arbiter: Arbiter<PORTS, INDEX_W>,
    mux: BeatMux<PORTS, INDEX_W, WORDS>,
    keep_unpack: KeepUnpack<KEEP_W>,

    // Wires.
    request: Signal<Local, Bits<PORTS>>,
    sole: Signal<Local, Bits<PORTS>>,
    head_valid: Signal<Local, Bits<PORTS>>,
    head_last: Signal<Local, Bits<PORTS>>,
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
    > Column<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>
{
    /// An idle egress with empty queues that admit frames of up to `max_frame_beats`.
    ///
    /// # Panics
    /// As [`Crosspoint::new`] does.
    #[must_use]
    pub fn new(max_frame_beats: usize, target: Target) -> Self {
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            row: std::array::from_fn(|_| BeatSink::default()),
            offer: Signal::default(),
            push: Signal::default(),
            first: Signal::default(),
            last: Signal::default(),
            store_forward: Signal::default(),
            barred: Signal::default(),
            room: Signal::default(),
            egress: StreamSource::default(),
            queue: std::array::from_fn(|_| Crosspoint::new(max_frame_beats, target)),
            arbiter: Arbiter::new(target),
            mux: BeatMux::new(target),
            keep_unpack: KeepUnpack::new(target),
            request: Signal::default(),
            sole: Signal::default(),
            head_valid: Signal::default(),
            head_last: Signal::default(),
        }
    }
}

impl<
        const PORTS: usize,
        const INDEX_W: usize,
        const WORDS: usize,
        const KEEP_W: usize,
        const DEPTH_W: usize,
        const LEVEL_W: usize,
    > Logic for Column<PORTS, INDEX_W, WORDS, KEEP_W, DEPTH_W, LEVEL_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Queues and arbiter.
        self.arbiter.clock.next = self.clock.val();
        self.arbiter.reset.next = self.reset.val();
        self.request.next = 0.into();
        self.sole.next = 0.into();
        self.head_valid.next = 0.into();
        self.head_last.next = 0.into();
        self.room.next = 0.into();
        for i in 0..PORTS {
            self.queue[i].clock.next = self.clock.val();
            self.queue[i].reset.next = self.reset.val();
            self.queue[i].offer.next = self.offer.val().get_bit(i);
            self.queue[i].push.next = self.push.val().get_bit(i);
            self.queue[i].first.next = self.first.val().get_bit(i);
            self.queue[i].last.next = self.last.val().get_bit(i);
            self.queue[i].store_forward.next = self.store_forward.val().get_bit(i);
            self.queue[i].picked.next = self.arbiter.picked.val().get_bit(i);
            self.queue[i].selected.next = self.arbiter.current.val().get_bit(i);
            self.queue[i].tready.next = self.egress.tready.val();
            self.queue[i].beat.side.next = self.row[i].side.val();
            self.mux.head[i].side.next = self.queue[i].head.side.val();
            for word in 0..WORDS {
                self.queue[i].beat.data[word].next = self.row[i].data[word].val();
                self.mux.head[i].data[word].next = self.queue[i].head.data[word].val();
            }
            if self.barred.val().get_bit(i) {
                self.mux.head[i].side.next = 0.into();
                for word in 0..WORDS {
                    self.mux.head[i].data[word].next = 0.into();
                }
            }
            self.room.next = self.room.val().replace_bit(i, self.queue[i].room.val());
            self.head_valid.next = self
                .head_valid
                .val()
                .replace_bit(i, self.queue[i].head_valid.val());
            self.head_last.next = self
                .head_last
                .val()
                .replace_bit(i, self.queue[i].head.side.val().get_bit(0));
            self.request.next = self
                .request
                .val()
                .replace_bit(i, self.queue[i].request.val());
            self.sole.next = self.sole.val().replace_bit(i, self.queue[i].sole.val());
        }
        self.arbiter.request.next = self.request.val() & !self.barred.val();
        self.arbiter.sole.next = self.sole.val();

        // 2. The chosen head, unpacked.
        self.mux.select.next = self.arbiter.select.val();
        self.keep_unpack.side.next = self.mux.beat.side.val();
        for word in 0..WORDS {
            self.egress.tdata[word].next = self.mux.beat.data[word].val();
        }
        self.egress.tkeep.next = self.keep_unpack.tkeep.val();
        self.egress.tlast.next = self.keep_unpack.tlast.val();
        self.egress.tuser.next = self.keep_unpack.tuser.val();
        self.egress.tvalid.next = (self.arbiter.current.val() & self.head_valid.val()).any();
        self.arbiter.last.next = self.head_last.val();
        self.arbiter.tready.next = self.egress.tready.val();
    }

    describe!("The queues of `PORTS` ingresses for one egress, and who may use it.");
}
