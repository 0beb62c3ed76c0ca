//! The queue of one (ingress, egress) pair, and the flags its two ends look at.
//!
//! ```text
//!                 +--------------------------------------------+
//!   offer, beat ->| tail -> [ QueueRam: cells -> core -> head ]|-> head, head_valid
//!   push -------->|   level ------> room to the ingress        |<- selected, tready
//!   first, last ->|   waiting ----> request to the arbiter     |<- picked
//!                 +--------------------------------------------+
//! ```
//!
//! The RAM is written at `tail` whenever the ingress offers anything; a beat counts only if `push` then moves `tail`
//! on, so no decision stands between the ingress pins and the RAM; the cell behind the tail is therefore never one that
//! holds a beat. `core` and `head` are the RAM's own two read
//! stages: they fill as soon as there is something to read, and the queue's head waits in the output register until the
//! egress selects this queue. The output register keeps the beat that was taken last until there is a new one, and a frame
//! is picked early enough for its first beat to be there when its turn comes: so the arbiter may trust the head's *last*
//! mark without asking whether the head is valid.
//!
//! Capacity: `2^DEPTH_W - 2` beats in the RAM and two in its read stages. Latency: 3 cycles from `push` to `head_valid`.
//! Throughput: one beat in and one out per cycle. `room` says whether a longest frame fits: it is looked at before a
//! frame's first beat only, so a frame is never refused in the middle. It may be low although one fits: for one cycle
//! after a beat left, and while 67 frames wait.
//! `request` is high while a frame waits that may start: from its first beat on, or from its last beat on if the pair
//! was in store-and-forward at its first beat. Reset empties the queue.

use crate::fabric::beat::{BeatSink, BeatSource};
use crate::fabric::queue_ram::QueueRam;
use crate::fabric::waiting::Waiting;
use crate::prelude::*;
use crate::target::Target;

/// Queue of one (ingress, egress) pair: `2^DEPTH_W - 2` beats, `LEVEL_W = DEPTH_W + 1`.
#[derive(LogicBlock)]
pub struct Crosspoint<const WORDS: usize, const DEPTH_W: usize, const LEVEL_W: usize> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high; empties the queue.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// There may be a beat: it is written behind the tail, where it does not count yet.
    pub offer: Signal<In, Bit>,
    /// The beat offered.
    pub beat: BeatSink<WORDS>,
    /// The beat offered counts.
    pub push: Signal<In, Bit>,
    /// It is the first of its frame.
    pub first: Signal<In, Bit>,
    /// It is the last of its frame.
    pub last: Signal<In, Bit>,
    /// Frames that start now may leave only when they are complete; read with a first beat.
    pub store_forward: Signal<In, Bit>,
    /// A longest frame fits.
    pub room: Signal<Out, Bit>,

    // Egress.
    /// A frame waits that may start and is not picked yet.
    pub request: Signal<Out, Bit>,
    /// It is the only one.
    pub sole: Signal<Out, Bit>,
    /// The arbiter picked this queue's next frame in the cycle before.
    pub picked: Signal<In, Bit>,
    /// This queue's frame is on the egress.
    pub selected: Signal<In, Bit>,
    /// The egress takes a beat.
    pub tready: Signal<In, Bit>,
    /// `head` holds a beat.
    pub head_valid: Signal<Out, Bit>,
    /// The oldest beat.
    pub head: BeatSource<WORDS>,

    // State.
    ram: QueueRam<WORDS, DEPTH_W>,
    tail: DFF<Bits<DEPTH_W>>,
    front: DFF<Bits<DEPTH_W>>,
    stored: DFF<Bit>,
    core_valid: DFF<Bit>,
    output_valid: DFF<Bit>,
    level: DFF<Bits<LEVEL_W>>,
    open: DFF<Bit>,
    pushed: DFF<Bit>,
    fetched: DFF<Bit>,
    storing: DFF<Bit>,
    waiting: Waiting,

    // Wires.
    tail_after: Signal<Local, Bits<DEPTH_W>>,
    front_after: Signal<Local, Bits<DEPTH_W>>,
    take: Signal<Local, Bit>,
    read: Signal<Local, Bit>,
    load: Signal<Local, Bit>,
    fetch: Signal<Local, Bit>,
    level_step: Signal<Local, Bits<LEVEL_W>>,
    level_after: Signal<Local, Bits<LEVEL_W>>,

    // Parameters.
    taps: Constant<Bits<DEPTH_W>>,
    empty_level: Constant<Bits<LEVEL_W>>,
    full_level: Constant<Bits<LEVEL_W>>,
}

/// Taps of a maximal-length linear feedback shift register of `width` bits, by bit (Xilinx XAPP 052, table 3).
fn taps(width: usize) -> u64 {
    let positions: &[u32] = match width {
        4 => &[4, 3],
        5 => &[5, 3],
        6 => &[6, 5],
        7 => &[7, 6],
        8 => &[8, 6, 5, 4],
        9 => &[9, 5],
        10 => &[10, 7],
        11 => &[11, 9],
        12 => &[12, 6, 4, 1],
        _ => panic!("a queue of 2^{width} beats: 2^4 to 2^12 are possible"),
    };
    positions.iter().map(|position| 1 << (position - 1)).sum()
}

impl<const WORDS: usize, const DEPTH_W: usize, const LEVEL_W: usize>
    Crosspoint<WORDS, DEPTH_W, LEVEL_W>
{
    /// An empty queue that admits frames of up to `max_frame_beats`.
    ///
    /// # Panics
    /// If a longest frame does not fit, or `DEPTH_W` is not in 4..=12.
    #[must_use]
    pub fn new(max_frame_beats: usize, target: Target) -> Self {
        const { assert!(LEVEL_W == DEPTH_W + 1, "LEVEL_W must be DEPTH_W + 1") };
        let depth = 1_usize << DEPTH_W;
        // `open` lags a beat, the shift register that counts addresses misses one of its states, and the cell behind the
        // tail is written by every offer, so it must not hold the oldest beat.
        let limit = (depth - 2)
            .checked_sub(max_frame_beats)
            .filter(|limit| *limit > 0)
            .unwrap_or_else(|| {
                panic!("a frame of {max_frame_beats} beats does not fit a queue of {depth}: at most {}", depth - 3)
            });
        // Counting starts this far below the top bit, so that the top bit alone says that `limit` is reached.
        let empty_level: Bits<LEVEL_W> = ((depth - limit) as u64).into();
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            offer: Signal::default(),
            beat: BeatSink::default(),
            push: Signal::default(),
            first: Signal::default(),
            last: Signal::default(),
            store_forward: Signal::default(),
            room: Signal::default(),
            request: Signal::default(),
            sole: Signal::default(),
            picked: Signal::default(),
            selected: Signal::default(),
            tready: Signal::default(),
            head_valid: Signal::default(),
            head: BeatSource::default(),
            ram: QueueRam::new(target),
            tail: DFF::default(),
            front: DFF::default(),
            stored: DFF::default(),
            core_valid: DFF::default(),
            output_valid: DFF::default(),
            level: flop_at(empty_level),
            open: flop_at(true),
            pushed: DFF::default(),
            fetched: DFF::default(),
            storing: DFF::default(),
            waiting: Waiting::default(),
            tail_after: Signal::default(),
            front_after: Signal::default(),
            take: Signal::default(),
            read: Signal::default(),
            load: Signal::default(),
            fetch: Signal::default(),
            level_step: Signal::default(),
            level_after: Signal::default(),
            taps: Constant::new(taps(DEPTH_W).into()),
            empty_level: Constant::new(empty_level),
            full_level: Constant::new((depth as u64).into()),
        }
    }
}

impl<const WORDS: usize, const DEPTH_W: usize, const LEVEL_W: usize> Logic
    for Crosspoint<WORDS, DEPTH_W, LEVEL_W>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Hold every flop.
        dff_setup!(
            self,
            clock,
            tail,
            front,
            stored,
            core_valid,
            output_valid,
            level,
            open,
            pushed,
            fetched,
            storing
        );
        self.ram.clock.next = self.clock.val();

        // 2. Addresses count in a shift register's order: one LUT a bit, and only equality is ever asked of them.
        self.tail_after.next = self.tail.q.val() << 1;
        if !(self.tail.q.val() & self.taps.val()).xor() {
            self.tail_after.next = self.tail_after.val() | 1;
        }
        self.front_after.next = self.front.q.val() << 1;
        if !(self.front.q.val() & self.taps.val()).xor() {
            self.front_after.next = self.front_after.val() | 1;
        }

        // 3. Move beats: cells to core when it is free or freed, core to head likewise.
        self.take.next = self.selected.val() & self.tready.val();
        self.load.next = self.core_valid.q.val() & (!self.output_valid.q.val() | self.take.val());
        self.read.next = !(self.core_valid.q.val() & self.output_valid.q.val()) | self.take.val();
        self.fetch.next = self.read.val() & self.stored.q.val();
        if self.push.val() {
            self.tail.d.next = self.tail_after.val();
        }
        if self.fetch.val() {
            self.front.d.next = self.front_after.val();
        }
        self.stored.d.next = self.push.val()
            | (self.stored.q.val()
                & !(self.fetch.val() & (self.front_after.val() == self.tail.q.val())));
        if self.read.val() {
            self.core_valid.d.next = self.stored.q.val();
        }
        self.output_valid.d.next = self.load.val() | (self.output_valid.q.val() & !self.take.val());

        // 4. Count beats, a cycle late, for `room`.
        self.pushed.d.next = self.push.val();
        self.fetched.d.next = self.fetch.val();
        self.level_step.next = 1.into();
        if self.fetched.q.val() {
            self.level_step.next = !self.level_step.val() | 1;
        }
        self.level_after.next = self.level.q.val();
        if self.pushed.q.val() ^ self.fetched.q.val() {
            self.level_after.next = self.level.q.val() + self.level_step.val();
        }
        self.level.d.next = self.level_after.val();

        // 5. Tell of frames that may start: with their first beat, or with their last.
        self.waiting.clock.next = self.clock.val();
        self.waiting.reset.next = self.reset.val();
        self.waiting.picked.next = self.picked.val();
        self.waiting.arriving.next = self.push.val() & self.storing.q.val() & self.last.val();
        if self.first.val() {
            self.storing.d.next = self.store_forward.val();
            self.waiting.arriving.next =
                self.push.val() & (!self.store_forward.val() | self.last.val());
        }
        self.request.next = self.waiting.request.val();
        self.sole.next = self.waiting.sole.val();
        self.open.d.next =
            !((self.level_after.val() & self.full_level.val()).any()) & !self.waiting.full.val();

        // 6. Drive outputs.
        self.ram.write_enable.next = self.offer.val();
        self.ram.write_address.next = self.tail.q.val();
        self.ram.read_enable.next = self.read.val();
        self.ram.read_address.next = self.front.q.val();
        self.ram.output_enable.next = self.load.val();
        for word in 0..WORDS {
            self.ram.write.data[word].next = self.beat.data[word].val();
            self.head.data[word].next = self.ram.read.data[word].val();
        }
        self.ram.write.side.next = self.beat.side.val();
        self.head.side.next = self.ram.read.side.val();
        self.room.next = self.open.q.val();
        self.head_valid.next = self.output_valid.q.val();

        // 7. Reset wins.
        if self.reset.val() {
            self.tail.d.next = 0.into();
            self.front.d.next = 0.into();
            self.stored.d.next = false;
            self.core_valid.d.next = false;
            self.output_valid.d.next = false;
            self.level.d.next = self.empty_level.val();
            self.open.d.next = true;
            self.pushed.d.next = false;
            self.fetched.d.next = false;
            self.storing.d.next = false;
        }
    }

    describe!(
        "Queue of one (ingress, egress) pair: `2^DEPTH_W - 2` beats, `LEVEL_W = DEPTH_W + 1`."
    );
}
