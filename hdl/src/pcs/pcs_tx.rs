//! The transmit side of the PCS: blocks of the MAC, scrambled and dealt to the lanes in turn, with markers, parity and a
//! spare lane one row behind.
//!
//! ```text
//!               +----------------------------------------------------------------+
//!   block ----->| Scrambler -> MarkerInsert -> Serializer of slot 0..LANES-1     |--> tx_data tx_hdr
//!               |     |         ^ BeatParity -> ParityRing                       |--> tx_hdr_valid
//!               |     +-> SpareStage -------> Serializer of the spare            |--> tx_data_valid
//!   tx_ready -->| SlotTimer                                                      |
//!   slot_mask ->| LanePlan                                                       |--> at_marker
//!   spare_on -->|                                                                |
//!   spare_slot->+----------------------------------------------------------------+
//! ```
//!
//! In slot `s` of a row one block is loaded into the serializer of lane `s`; in one row of `marker_period` every lane gets
//! its marker instead. Physical lane `LANES` is the spare: in each slot 0 it is loaded with what went to its slot a row
//! before. A slot that carries no data sends filler under a data header: the scrambler's output, whatever stands at its
//! input.
//!
//! Latency: 1 cycle from a `block` beat taken in slot `s` to the block's first beat on lane `s`; on the spare `LANE_BEATS -
//! BLOCK_BEATS x s` beats more. Throughput: one beat a cycle with `tx_ready`, but none in a row of markers and in slots
//! without data. `tx_ready` low holds everything. `block.first` is not looked at: the MAC and the slots start together at
//! reset, and `ready` keeps them in step. Reset: the first row is one of markers, at full width; lane `s` is silent
//! (`tx_data_valid` low) up to its slot, the spare for a row.

use super::beat_parity::BeatParity;
use super::block::BlockSink;
use super::lane_plan::LanePlan;
use super::marker_insert::MarkerInsert;
use super::parity_ring::ParityRing;
use super::scrambler::Scrambler;
use super::serializer::Serializer;
use super::slot_timer::SlotTimer;
use super::spare_stage::SpareStage;
use crate::prelude::*;

/// Blocks to `PHYSICAL = LANES + SPARES` lanes of `LW` bits; `LANES x LW = 32 x WORDS`.
#[derive(LogicBlock)]
pub struct PcsTx<
    const WORDS: usize,
    const LANES: usize,
    const SPARES: usize,
    const PHYSICAL: usize,
    const LW: usize,
> {
    // Clock and reset.
    /// Clocks every flop below.
    pub clock: Signal<In, Clock>,
    /// Synchronous, active high.
    pub reset: Signal<In, Bit>,

    // Ingress.
    /// Blocks of the MAC.
    pub block: BlockSink<WORDS>,
    /// Slots that carry data from the next marker on: 1, 2, 4 or 8 of them, else the plan is not taken.
    pub slot_mask: Signal<In, Bits<LANES>>,
    /// The spare lane carries a slot, whose own lane is then marked unused. Without a spare: no effect.
    pub spare_on: Signal<In, Bit>,
    /// Which slot, below `LANES`; counts with `spare_on`.
    pub spare_slot: Signal<In, Bits<3>>,

    // Egress: to the engine, one a physical lane.
    /// The lane's beat.
    pub tx_data: [Signal<Out, Bits<LW>>; PHYSICAL],
    /// Its block's header, bit 0 first on the wire; counts with `tx_hdr_valid`.
    pub tx_hdr: [Signal<Out, Bits<2>>; PHYSICAL],
    /// The beat is its block's first. Reset: 0.
    pub tx_hdr_valid: [Signal<Out, Bit>; PHYSICAL],
    /// The lane has a beat; always from its first block on. Reset: 0.
    pub tx_data_valid: [Signal<Out, Bit>; PHYSICAL],
    /// The engine takes a beat of every lane at the next clock edge.
    pub tx_ready: Signal<In, Bit>,
    /// At the next clock edge the plan is taken and a row of markers begins.
    pub at_marker: Signal<Out, Bit>,

    // State.
    timer: SlotTimer,
    plan: LanePlan<LANES>,
    scrambler: Scrambler<WORDS>,
    ring: ParityRing<LANES>,
    spare: [SpareStage<WORDS>; SPARES],
    lane: [Serializer<WORDS, LW>; PHYSICAL],

    // Wires.
    beat_parity: BeatParity<WORDS>,
    insert: MarkerInsert<WORDS>,
    take: Signal<Local, Bit>,
    control: Signal<Local, Bit>,
    loads: [Signal<Local, Bit>; PHYSICAL],

    // Parameters.
    own_slot: [Constant<Bits<3>>; PHYSICAL],
    is_spare: [Constant<Bit>; PHYSICAL],
}

impl<
        const WORDS: usize,
        const LANES: usize,
        const SPARES: usize,
        const PHYSICAL: usize,
        const LW: usize,
    > PcsTx<WORDS, LANES, SPARES, PHYSICAL, LW>
{
    /// A transmitter that sends a row of markers every `marker_period` rows.
    ///
    /// # Panics
    /// If `marker_period` is not 2 to 16 384.
    #[must_use]
    pub fn new(marker_period: usize) -> Self {
        const {
            assert!(
                PHYSICAL == LANES + SPARES && SPARES <= 1,
                "PHYSICAL must be LANES + SPARES, SPARES 0 or 1"
            );
            assert!(
                LANES * LW == 32 * WORDS,
                "LANES x LW must be 32 x WORDS bits"
            );
        };
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            block: BlockSink::default(),
            slot_mask: Signal::default(),
            spare_on: Signal::default(),
            spare_slot: Signal::default(),
            tx_data: std::array::from_fn(|_| Signal::default()),
            tx_hdr: std::array::from_fn(|_| Signal::default()),
            tx_hdr_valid: std::array::from_fn(|_| Signal::default()),
            tx_data_valid: std::array::from_fn(|_| Signal::default()),
            tx_ready: Signal::default(),
            at_marker: Signal::default(),
            timer: SlotTimer::new(WORDS, LANES, marker_period),
            plan: LanePlan::new(SPARES),
            scrambler: Scrambler::default(),
            ring: ParityRing::default(),
            spare: std::array::from_fn(|_| SpareStage::default()),
            lane: std::array::from_fn(|_| Serializer::default()),
            beat_parity: BeatParity::default(),
            insert: MarkerInsert::default(),
            take: Signal::default(),
            control: Signal::default(),
            loads: std::array::from_fn(|_| Signal::default()),
            own_slot: std::array::from_fn(|lane| {
                Constant::new((lane as u64 % LANES as u64).into())
            }),
            is_spare: std::array::from_fn(|lane| Constant::new(lane == LANES)),
        }
    }
}

impl<
        const WORDS: usize,
        const LANES: usize,
        const SPARES: usize,
        const PHYSICAL: usize,
        const LW: usize,
    > Logic for PcsTx<WORDS, LANES, SPARES, PHYSICAL, LW>
{
    #[hdl_gen]
    fn update(&mut self) {
        // 1. Where we are, and what the plan says of it.
        self.timer.clock.next = self.clock.val();
        self.timer.reset.next = self.reset.val();
        self.timer.step.next = self.tx_ready.val();
        self.at_marker.next = self.tx_ready.val() & self.timer.plan_due.val() & !self.reset.val();
        self.plan.clock.next = self.clock.val();
        self.plan.reset.next = self.reset.val();
        self.plan.slot_mask.next = self.slot_mask.val();
        self.plan.spare_on.next = self.spare_on.val();
        self.plan.spare_slot.next = self.spare_slot.val();
        self.plan.take.next = self.at_marker.val();
        self.plan.slot.next = self.timer.slot.val();
        self.plan.next_slot.next = self.tx_ready.val() & self.timer.last.val();

        // 2. The beat of this slot, scrambled or a marker's, and its parity.
        self.take.next = self.tx_ready.val() & self.plan.carries.val() & !self.timer.marker.val();
        self.block.ready.next = self.take.val() & !self.reset.val();
        self.control.next =
            self.timer.marker.val() | (self.plan.carries.val() & self.block.control.val());
        self.scrambler.clock.next = self.clock.val();
        self.scrambler.reset.next = self.reset.val();
        self.scrambler.advance.next = self.take.val();
        self.beat_parity.control.next = self.control.val();
        self.beat_parity.first.next = self.timer.first.val();
        self.ring.clock.next = self.clock.val();
        self.ring.reset.next = self.reset.val();
        self.ring.parity.next = self.beat_parity.parity.val();
        self.ring.marker.next = self.timer.marker.val();
        self.ring.last.next = self.timer.last.val();
        self.ring.step.next = self.tx_ready.val();
        self.insert.marker.next = self.timer.marker.val();
        self.insert.first.next = self.timer.first.val();
        self.insert.code.next = self.plan.code.val();
        self.insert.bip.next = self.ring.bip.val();
        for word in 0..WORDS {
            self.scrambler.data[word].next = self.block.data[word].val();
            self.beat_parity.data[word].next = self.scrambler.scrambled[word].val();
            self.insert.data[word].next = self.scrambler.scrambled[word].val();
        }

        // 3. To the lane whose slot it is.
        for lane in 0..PHYSICAL {
            self.loads[lane].next = self.timer.slot.val() == self.own_slot[lane].val();
            self.lane[lane].clock.next = self.clock.val();
            self.lane[lane].reset.next = self.reset.val();
            self.lane[lane].step.next = self.tx_ready.val();
            self.lane[lane].control.next = self.control.val();
            for word in 0..WORDS {
                self.lane[lane].word[word].next = self.insert.word[word].val();
            }
        }

        // 4. Through the spare stage to the spare lane.
        for spare in 0..SPARES {
            self.spare[spare].clock.next = self.clock.val();
            self.spare[spare].reset.next = self.reset.val();
            self.spare[spare].step.next = self.tx_ready.val();
            self.spare[spare].here.next = self.plan.spare_here.val();
            self.spare[spare].first.next = self.timer.first.val();
            self.spare[spare].last.next = self.timer.last.val();
            self.spare[spare].row_ends.next = self.timer.row_ends.val();
            self.spare[spare].parity.next = self.beat_parity.parity.val();
            self.spare[spare].marker.next = self.timer.marker.val();
            self.spare[spare].code.next = self.plan.spare_code.val();
            self.spare[spare].control.next = self.control.val();
            for word in 0..WORDS {
                self.spare[spare].data[word].next = self.scrambler.scrambled[word].val();
            }
            for lane in 0..PHYSICAL {
                if self.is_spare[lane].val() {
                    self.loads[lane].next =
                        self.loads[lane].val() & self.spare[spare].running.val();
                    self.lane[lane].control.next = self.spare[spare].spare_control.val();
                    for word in 0..WORDS {
                        self.lane[lane].word[word].next = self.spare[spare].word[word].val();
                    }
                }
            }
        }

        // 5. Drive outputs.
        for lane in 0..PHYSICAL {
            self.lane[lane].first.next = self.loads[lane].val() & self.timer.first.val();
            self.lane[lane].second.next = self.loads[lane].val() & !self.timer.first.val();
            self.tx_data[lane].next = self.lane[lane].tx_data.val();
            self.tx_hdr[lane].next = self.lane[lane].tx_hdr.val();
            self.tx_hdr_valid[lane].next = self.lane[lane].tx_hdr_valid.val();
            self.tx_data_valid[lane].next = self.lane[lane].tx_data_valid.val();
        }
    }

    describe!(
        "Blocks to `PHYSICAL = LANES + SPARES` lanes of `LW` bits; `LANES x LW = 32 x WORDS`."
    );
}
