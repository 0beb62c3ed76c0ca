//! What carries a link's lanes one way, to the cycle: the twin of the RTL's emulated engine.
//!
//! ```text
//!  tx lanes ─► gearbox ─► swap ─► delay, faults ─► gearbox ─► rx lanes
//!  tx_ready ◄─ 64:LW            one number a cycle  LW:64  ◄─ rx_bitslip, rx_reset_req
//! ```
//!
//! [`Fiber`] is [`EmulatedEngine`](lightswitch_hdl::engine::EmulatedEngine) of any size: the transmitting half of one end, fiber, and
//! the receiving half of the other. For the same inputs, `cfg_*` and `fault_*` included ([`Faults`]), its outputs are those
//! of the RTL in every cycle; what does not count is 0. Latency: 5 cycles from a beat to the beat, and the lane's delay.

use lightswitch_hdl::link::LinkConfig;

use super::{Lanes, MAX_LANES};

/// Bits of the RTL's `cfg_error_mask`.
const MASK_W: u32 = 23;

/// The inputs `cfg_*` and `fault_*` of the emulated engine: what goes wrong in this cycle. All 0: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Words of `LW` bits that each lane comes late, below `2^delay_w`.
    pub delays: [u16; MAX_LANES],
    /// Which lane's bits arrive on each lane: that of its own number, exclusive or this. One that is not there is dark.
    pub swap: [u8; MAX_LANES],
    /// Lanes that arrive inverted.
    pub invert: u16,
    /// 0: no random errors. A mask of n ones: one bit of every 2^(n+4)th word of a lane is wrong on the average.
    pub error_mask: u32,
    /// 0: no pauses but those of the gearbox. Otherwise one more every `pause_gap` + 1 cycles.
    pub pause_gap: u16,
    /// Lanes of whose next word one bit is wrong.
    pub error: u16,
    /// Lanes whose clock recovery slips by a bit.
    pub slip: u16,
    /// Lanes without light.
    pub loss: u16,
    /// Lanes whose clock recovery has no lock.
    pub unlock: u16,
    /// Transmitting lanes whose driver is broken: no light where they arrive. The OEI's `tx_fault` is this, in the same cycle.
    pub driver: u16,
    /// Lanes that are stuck at 0.
    pub stuck_0: u16,
    /// Lanes that are stuck at 1.
    pub stuck_1: u16,
}

/// The inputs of a fiber in one cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FiberIn {
    /// Synchronous reset.
    pub reset: bool,
    /// What the PCS sends.
    pub tx: Lanes,
    /// Lanes whose blocks are framed one bit later.
    pub rx_bitslip: u16,
    /// Lanes whose receiver starts anew.
    pub rx_reset_req: u16,
    /// What goes wrong.
    pub faults: Faults,
}

/// The outputs of a fiber before a clock edge. They follow from its registers alone; `tx_fault`, which does not, is [`Faults::driver`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FiberOut {
    /// A beat of every lane is taken at the next clock edge.
    pub tx_ready: bool,
    /// What arrives.
    pub rx: Lanes,
    /// Lanes without light.
    pub rx_los: u16,
    /// Lanes without lock of clock recovery.
    pub rx_lol: u16,
}

/// The registers of one lane, transmitter, fiber and receiver.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one a flip-flop")]
struct Lane {
    // Gearbox, 64:LW.
    sent_before: u32,
    /// Pairs of bits of `sent_before` that are gone.
    pairs_gone: u32,
    /// Beats that the block under way still has.
    beats_to_send: u32,
    sent: u32,
    sent_valid: bool,
    // Fiber.
    write_place: u32,
    stored: bool,
    to_err: bool,
    arrived: u32,
    arrived_valid: bool,
    // Gearbox, LW:64.
    arrived_before: u32,
    /// The last two bits of the word before `arrived_before`.
    earlier: u32,
    place: u32,
    skip: bool,
    beats_to_come: u32,
    to_slip: bool,
}

/// One direction of the emulated optical engine.
#[derive(Clone, Debug)]
pub struct Fiber {
    outputs: FiberOut,
    lane: [Lane; MAX_LANES],
    flush: bool,
    pause_count: u16,
    los: u16,
    lol: u16,
    los_before: u16,
    lol_before: u16,
    number: u32,
    hit: u16,
    error_bit: u32,
    /// The words on the way, `2^delay_w` of each lane.
    cells: Vec<u32>,

    lanes: usize,
    lane_w: u32,
    word_mask: u32,
    beats_after_first: u32,
    source_mask: usize,
    delay_w: u32,
    seed: u32,
}

impl Fiber {
    /// The fiber of `link`, whose lanes can be late by up to `2^delay_w - 1` words and whose errors fall where `seed` says.
    ///
    /// # Panics
    /// If `seed` is 0, any other number will do; if `delay_w` is not 1 to 16.
    #[must_use]
    pub fn new(link: &LinkConfig, delay_w: usize, seed: u32) -> Self {
        Self::sized(link.physical(), link.lane_w, delay_w, seed)
    }

    /// The same for `lanes` physical lanes of `lane_w` bits.
    ///
    /// # Panics
    /// As [`new`](Self::new); if `lanes` is not 1 to 9, or `lane_w` not 8, 16 or 32.
    #[must_use]
    pub fn sized(lanes: usize, lane_w: usize, delay_w: usize, seed: u32) -> Self {
        assert!(seed != 0, "the seed is 0; any other number will do");
        assert!(
            (1..=MAX_LANES).contains(&lanes),
            "{lanes} lanes, not 1 to 9"
        );
        assert!(
            [8, 16, 32].contains(&lane_w),
            "lanes of {lane_w} bits, not 8, 16 or 32"
        );
        assert!(
            (1..=16).contains(&delay_w),
            "delay_w {delay_w}, not 1 to 16"
        );
        let mut fiber = Self {
            outputs: FiberOut::default(),
            lane: [Lane::default(); MAX_LANES],
            flush: false,
            pause_count: 0,
            los: 0,
            lol: 0,
            los_before: 0,
            lol_before: 0,
            number: seed,
            hit: 0,
            error_bit: 0,
            cells: vec![0; lanes << delay_w],
            lanes,
            lane_w: lane_w as u32,
            word_mask: u32::MAX >> (32 - lane_w),
            beats_after_first: (64 / lane_w - 1) as u32,
            source_mask: lanes.next_power_of_two().max(2) - 1,
            delay_w: delay_w as u32,
            seed,
        };
        for lane in &mut fiber.lane {
            lane.pairs_gone = fiber.lane_w / 2;
            lane.place = 2;
            lane.skip = true;
        }
        fiber
    }

    /// The outputs of this cycle.
    #[must_use]
    pub fn outputs(&self) -> &FiberOut {
        &self.outputs
    }

    /// The clock edge that ends this cycle, with these inputs.
    pub fn cycle(&mut self, inputs: &FiberIn) {
        let faults = &inputs.faults;
        let ready = self.outputs.tx_ready;
        // From the receiver back to the transmitter: each part takes what stood before it.
        let mut rx = Lanes::default();
        let mut lost = 0;
        for lane in 0..self.lanes {
            self.receive(lane, inputs, &mut rx);
            let source = (lane ^ usize::from(faults.swap[lane])) & self.source_mask;
            let is_dark = source >= self.lanes || faults.driver >> source & 1 == 1;
            lost |= u16::from(is_dark) << lane;
            self.carry(lane, source, inputs);
        }
        lost |= faults.loss & ((1 << self.lanes) - 1);
        let mut full = false;
        for lane in 0..self.lanes {
            full |= self.send(lane, ready, inputs);
        }
        self.hit_lanes(faults.error_mask);

        let pauses = self.pause_count == 0 && faults.pause_gap != 0;
        self.pause_count = match self.pause_count {
            0 => faults.pause_gap,
            count => count - 1,
        };
        self.flush = full;
        (self.los_before, self.los) = (self.los, lost);
        (self.lol_before, self.lol) = (self.lol, faults.unlock & ((1 << self.lanes) - 1));
        if inputs.reset {
            self.reset();
        }
        self.outputs = FiberOut {
            tx_ready: !full && !pauses && !inputs.reset,
            rx,
            rx_los: self.los | self.los_before,
            rx_lol: self.lol | self.lol_before,
        };
    }

    /// What reset does beyond the lanes.
    fn reset(&mut self) {
        self.flush = false;
        self.pause_count = 0;
        (self.los, self.los_before) = (0, 0);
        (self.lol, self.lol_before) = (0, 0);
        self.number = self.seed;
        self.hit = 0;
    }

    /// Words that arrived to blocks.
    fn receive(&mut self, number: usize, inputs: &FiberIn, rx: &mut Lanes) {
        let lane = &mut self.lane[number];
        let slips = (inputs.rx_bitslip | inputs.faults.slip) >> number & 1 == 1 || lane.to_slip;
        let restarts = inputs.reset || inputs.rx_reset_req >> number & 1 == 1;
        lane.to_slip = slips;
        if lane.arrived_valid {
            let gives = !lane.skip;
            lane.skip = false;
            if gives {
                let bits = u64::from(lane.arrived) << self.lane_w | u64::from(lane.arrived_before);
                let is_first = lane.beats_to_come == 0;
                if !restarts {
                    rx.data[number] = (bits >> lane.place) as u32 & self.word_mask;
                    rx.valid |= 1 << number;
                    if is_first {
                        let lead = (bits << 2 | u64::from(lane.earlier)) >> lane.place;
                        rx.header[number] = lead as u8 & 3;
                        rx.first |= 1 << number;
                    }
                }
                lane.beats_to_come = if is_first {
                    self.beats_after_first
                } else {
                    lane.beats_to_come - 1
                };
                // A header is used up together with the beat before it.
                let used = if lane.beats_to_come == 0 { 2 } else { 0 } + u32::from(slips);
                let place = lane.place + used;
                lane.skip = place >= self.lane_w;
                lane.place = place & (self.lane_w - 1);
                lane.to_slip = false;
            }
            lane.earlier = lane.arrived_before >> (self.lane_w - 2);
            lane.arrived_before = lane.arrived;
        }
        if restarts {
            lane.place = 2;
            lane.skip = true;
            lane.beats_to_come = 0;
            lane.to_slip = false;
        }
    }

    /// Words on their way, and what goes wrong with them.
    fn carry(&mut self, number: usize, source: usize, inputs: &FiberIn) {
        let faults = &inputs.faults;
        let (word, word_valid) = match self.lane[..self.lanes].get(source) {
            Some(source) => (source.sent, source.sent_valid),
            None => (0, false),
        };
        let is_dark = source >= self.lanes || faults.driver >> source & 1 == 1;
        let last = (1_u32 << self.delay_w) - 1;
        let cells = &mut self.cells[number << self.delay_w..][..=last as usize];
        let lane = &mut self.lane[number];
        let has = |lanes: u16| lanes >> number & 1 == 1;
        let errs = has(faults.error) || lane.to_err;
        lane.arrived_valid = lane.stored;
        lane.to_err = errs && !lane.stored;
        if lane.stored {
            let delay = u32::from(faults.delays[number]);
            let place = lane.write_place.wrapping_sub(1).wrapping_sub(delay) & last;
            lane.arrived = if has(faults.stuck_0) {
                0
            } else if has(faults.stuck_1) {
                self.word_mask
            } else if is_dark || has(faults.loss | faults.unlock) {
                self.number & self.word_mask
            } else {
                let wrong = if errs || has(self.hit) {
                    self.error_bit
                } else {
                    0
                };
                let inverted = if has(faults.invert) {
                    self.word_mask
                } else {
                    0
                };
                cells[place as usize] ^ wrong ^ inverted
            };
        }
        lane.stored = word_valid;
        if word_valid {
            cells[lane.write_place as usize] = word;
            lane.write_place = (lane.write_place + 1) & last;
        }
        if inputs.reset {
            lane.write_place = 0;
            lane.stored = false;
            lane.to_err = false;
            lane.arrived_valid = false;
        }
    }

    /// Blocks to words; true if all lanes must wait for this one in the next cycle.
    fn send(&mut self, number: usize, ready: bool, inputs: &FiberIn) -> bool {
        let all = self.lane_w / 2;
        let lane = &mut self.lane[number];
        let has = |lanes: u16| lanes >> number & 1 == 1;
        let is_first = has(inputs.tx.first);
        let passes = ready && has(inputs.tx.valid);
        let flushes = self.flush && !ready && lane.pairs_gone == 0;
        if passes || flushes {
            let data = inputs.tx.data[number];
            let mut upper = data;
            if is_first {
                upper = (data << 2 | u32::from(inputs.tx.header[number])) & self.word_mask;
            }
            let shift = lane.pairs_gone << 1 & (self.lane_w - 1);
            let bits = u64::from(upper) << self.lane_w | u64::from(lane.sent_before);
            lane.sent = (bits >> shift) as u32 & self.word_mask;
            if lane.pairs_gone == all {
                lane.sent = upper;
            }
        }
        lane.sent_valid = passes || flushes;
        if passes {
            lane.sent_before = inputs.tx.data[number];
            if is_first {
                lane.pairs_gone = lane.pairs_gone.wrapping_sub(1) & (self.lane_w - 1);
                lane.beats_to_send = self.beats_after_first;
            } else {
                lane.beats_to_send = lane.beats_to_send.wrapping_sub(1) & 7;
            }
        }
        if flushes {
            lane.pairs_gone = all;
        }
        let is_full = lane.pairs_gone == 0 && lane.beats_to_send == 0;
        if inputs.reset {
            lane.pairs_gone = all;
            lane.beats_to_send = 0;
            lane.sent_valid = false;
        }
        is_full
    }

    /// Which lane has which bit wrong in the next cycle: xorshift32 and a mask.
    fn hit_lanes(&mut self, error_mask: u32) {
        let mask = error_mask & ((1 << MASK_W) - 1);
        let victim = self.number >> MASK_W & 15;
        self.hit = 0;
        if mask != 0 && self.number & mask == 0 && victim < self.lanes as u32 {
            self.hit = 1 << victim;
        }
        self.error_bit = 1 << (self.number >> 27 & (self.lane_w - 1));
        self.number ^= self.number << 13;
        self.number ^= self.number >> 17;
        self.number ^= self.number << 5;
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::{settle, Random};
    use lightswitch_hdl::engine::EmulatedEngine;
    use lightswitch_hdl::prelude::*;

    use super::*;

    /// Each input, and how to leave it out.
    type Without = (&'static str, fn(&mut FiberIn));
    const INPUTS: [Without; 16] = [
        ("reset", |inputs| inputs.reset = false),
        ("tx", |inputs| inputs.tx = Lanes::default()),
        ("rx_bitslip", |inputs| inputs.rx_bitslip = 0),
        ("rx_reset_req", |inputs| inputs.rx_reset_req = 0),
        ("delays", |inputs| inputs.faults.delays = [0; MAX_LANES]),
        ("swap", |inputs| inputs.faults.swap = [0; MAX_LANES]),
        ("invert", |inputs| inputs.faults.invert = 0),
        ("error_mask", |inputs| inputs.faults.error_mask = 0),
        ("pause_gap", |inputs| inputs.faults.pause_gap = 0),
        ("error", |inputs| inputs.faults.error = 0),
        ("slip", |inputs| inputs.faults.slip = 0),
        ("loss", |inputs| inputs.faults.loss = 0),
        ("unlock", |inputs| inputs.faults.unlock = 0),
        ("driver", |inputs| inputs.faults.driver = 0),
        ("stuck_0", |inputs| inputs.faults.stuck_0 = 0),
        ("stuck_1", |inputs| inputs.faults.stuck_1 = 0),
    ];

    /// What is sent and what goes wrong: blocks on lanes a beat apart, at times beats of no order; faults that come and go.
    struct Stimulus {
        random: Random,
        lanes: usize,
        lane_w: usize,
        beats: usize,
        inputs: FiberIn,
    }

    impl Stimulus {
        fn next(&mut self, cycle: usize, ready: bool) -> FiberIn {
            let all = self.lanes;
            let random = &mut self.random;
            self.inputs.reset = cycle == 0 || random.below(2_000) == 0;
            if self.inputs.reset {
                self.beats = 0;
            } else {
                self.beats += usize::from(ready);
            }
            let is_wild = cycle / 500 % 4 == 3;
            self.inputs.tx = Lanes::default();
            for lane in 0..all {
                let beats = 64 / self.lane_w;
                let beat = self.beats.checked_sub(lane % beats);
                let is_valid = if is_wild {
                    random.below(4) > 0
                } else {
                    beat.is_some()
                };
                let is_first = if is_wild {
                    random.below(8) == 0
                } else {
                    beat.is_some_and(|beat| beat.is_multiple_of(beats))
                };
                let tx = &mut self.inputs.tx;
                tx.valid |= u16::from(is_valid) << lane;
                tx.first |= u16::from(is_first) << lane;
                tx.data[lane] = random.bits(self.lane_w) as u32;
                tx.header[lane] = random.bits(2) as u8;
            }
            let pulses = |random: &mut Random, one_in: u32| {
                if random.below(one_in) == 0 {
                    random.bits(all) as u16
                } else {
                    0
                }
            };
            self.inputs.rx_bitslip = pulses(random, 40);
            self.inputs.rx_reset_req = pulses(random, 400);
            let faults = &mut self.inputs.faults;
            faults.error = pulses(random, 20);
            faults.slip = pulses(random, 50);
            for level in [
                &mut faults.loss,
                &mut faults.unlock,
                &mut faults.driver,
                &mut faults.stuck_0,
                &mut faults.stuck_1,
                &mut faults.invert,
            ] {
                if random.below(100) == 0 {
                    *level = pulses(random, 3) & random.bits(all) as u16;
                }
            }
            if random.below(300) == 0 {
                for lane in 0..all {
                    faults.delays[lane] = random.bits(5) as u16;
                    faults.swap[lane] = if random.below(2) == 0 {
                        random.bits(4) as u8
                    } else {
                        0
                    };
                }
                faults.error_mask = [0, 1, 0b111, 0x7f_ffff][random.below(4) as usize];
                faults.pause_gap = [0, 1, 7, 100][random.below(4) as usize];
            }
            self.inputs
        }
    }

    fn follows_the_rtl<
        const LANES: usize,
        const LW: usize,
        const SHIFT_W: usize,
        const SUM_W: usize,
        const SOURCE_W: usize,
    >() {
        let mut rtl = EmulatedEngine::<LANES, LW, SHIFT_W, SUM_W, SOURCE_W, 5>::new(77);
        rtl.connect_all();
        settle(&mut rtl).unwrap();
        let mut stimulus = Stimulus {
            random: Random::new(LANES as u64),
            lanes: LANES,
            lane_w: LW,
            beats: 0,
            inputs: FiberIn::default(),
        };
        let mut model = Fiber::sized(LANES, LW, 5, 77);
        let mut others = INPUTS.map(|input| (input, model.clone(), false));
        for cycle in 0..20_000 {
            let inputs = stimulus.next(cycle, model.outputs().tx_ready);
            rtl.reset.next = inputs.reset;
            let faults = &inputs.faults;
            let bits = |lanes: u16| u64::from(lanes).into();
            for lane in 0..LANES {
                rtl.tx_data[lane].next = u64::from(inputs.tx.data[lane]).into();
                rtl.tx_hdr[lane].next = u64::from(inputs.tx.header[lane]).into();
                rtl.cfg_delay[lane].next = u64::from(faults.delays[lane]).into();
                rtl.cfg_swap[lane].next =
                    (u64::from(faults.swap[lane]) & ((1 << SOURCE_W) - 1)).into();
            }
            rtl.tx_data_valid.next = bits(inputs.tx.valid);
            rtl.tx_hdr_valid.next = bits(inputs.tx.first);
            rtl.rx_bitslip.next = bits(inputs.rx_bitslip);
            rtl.rx_reset_req.next = bits(inputs.rx_reset_req);
            rtl.cfg_invert.next = bits(faults.invert);
            rtl.cfg_error_mask.next = u64::from(faults.error_mask).into();
            rtl.cfg_pause_gap.next = u64::from(faults.pause_gap).into();
            rtl.fault_error.next = bits(faults.error);
            rtl.fault_slip.next = bits(faults.slip);
            rtl.fault_loss.next = bits(faults.loss);
            rtl.fault_unlock.next = bits(faults.unlock);
            rtl.fault_driver.next = bits(faults.driver);
            rtl.fault_stuck_0.next = bits(faults.stuck_0);
            rtl.fault_stuck_1.next = bits(faults.stuck_1);
            settle(&mut rtl).unwrap();

            let mut expected = FiberOut {
                tx_ready: rtl.tx_ready.val(),
                rx_los: u64::from(rtl.rx_los.val()) as u16,
                rx_lol: u64::from(rtl.rx_lol.val()) as u16,
                ..FiberOut::default()
            };
            expected.rx.valid = u64::from(rtl.rx_data_valid.val()) as u16;
            expected.rx.first = u64::from(rtl.rx_hdr_valid.val()) as u16;
            for lane in 0..LANES {
                if expected.rx.valid >> lane & 1 == 1 {
                    expected.rx.data[lane] = u64::from(rtl.rx_data[lane].val()) as u32;
                }
                if expected.rx.first >> lane & 1 == 1 {
                    expected.rx.header[lane] = u64::from(rtl.rx_hdr[lane].val()) as u8;
                }
            }
            assert_eq!(model.outputs(), &expected, "cycle {cycle}");
            assert_eq!(u64::from(rtl.tx_fault.val()) as u16, faults.driver);
            for ((_, without), other, has_effect) in &mut others {
                *has_effect |= other.outputs() != &expected;
                let mut inputs = inputs;
                without(&mut inputs);
                other.cycle(&inputs);
            }
            model.cycle(&inputs);
            for clk in [true, false] {
                rtl.clock.next = Clock { clk };
                settle(&mut rtl).unwrap();
            }
        }
        for ((name, _), _, has_effect) in others {
            assert!(has_effect, "{name} had no effect");
        }
    }

    #[test]
    fn follows_the_rtl_with_lanes_of_8_bits() {
        follows_the_rtl::<9, 8, 3, 4, 4>();
    }

    #[test]
    fn follows_the_rtl_with_lanes_of_16_bits() {
        follows_the_rtl::<5, 16, 4, 5, 3>();
    }

    #[test]
    fn follows_the_rtl_with_a_lane_of_32_bits() {
        follows_the_rtl::<1, 32, 5, 6, 1>();
    }

    #[test]
    fn is_made_of_a_links_size() {
        let link = LinkConfig::named("2x16").unwrap();
        let mut fiber = Fiber::new(link, 5, 1);
        fiber.cycle(&FiberIn::default());
        fiber.cycle(&FiberIn::default());
        assert!(fiber.outputs().tx_ready);
        assert_eq!((fiber.lanes, fiber.lane_w), (3, 16));
    }
}
