//! The receiver at the end of a [`Sender`] and its [`Wire`]s, and the check of what comes out.

use super::lanes::{Beat, Block, Plan, Sender, Wire};
use crate::pcs::pcs_rx::PcsRx;
use crate::target::Target;
use crate::testbench::Bench;

/// Blocks between markers in the tests.
pub const PERIOD: usize = 32;

pub struct Link<
    const L: usize,
    const P: usize,
    const LW: usize,
    const LB: usize,
    const PT: usize,
    const W: usize,
    const WI: usize,
    const C: usize,
> {
    pub bench: Bench<PcsRx<L, P, LW, LB, PT, W, WI, C>>,
    pub sender: Sender,
    pub wires: Vec<Wire>,
    /// The plan from the next marker row on.
    pub plan: Plan,
    /// Where each wire ends.
    pub order: Vec<usize>,
    /// A cycle without a beat in so many, in all lanes; 0: none.
    pub gearbox: usize,
    /// Blocks may differ from those sent.
    pub is_noisy: bool,
    pub received: usize,
    pub bad: usize,
    pub damaged: usize,
    /// Times that alignment came and went.
    pub ups: usize,
    pub downs: usize,
    pub bip_errors: Vec<usize>,
    pub header_errors: usize,
    pub overflows: usize,
    pub resets: usize,
    /// Cycles of a marker period, without pauses.
    pub period: usize,
    /// Position in what was sent of the block to come, while aligned.
    pub next: Option<usize>,
    latest: usize,
    low: Option<(u64, bool)>,
    /// The next block is the first of an alignment.
    is_first: bool,
    due: usize,
}

impl<
        const L: usize,
        const P: usize,
        const LW: usize,
        const LB: usize,
        const PT: usize,
        const W: usize,
        const WI: usize,
        const C: usize,
    > Link<L, P, LW, LB, PT, W, WI, C>
{
    pub fn new(period: usize, seed: u64) -> Self {
        Self::on(
            Bench::new(PcsRx::new(period, Target::Generic)),
            period,
            seed,
        )
    }

    pub fn recording(period: usize, seed: u64) -> Self {
        let bench = Bench::recording(PcsRx::new(period, Target::Generic));
        Self::on(bench, period, seed)
    }

    fn on(bench: Bench<PcsRx<L, P, LW, LB, PT, W, WI, C>>, period: usize, seed: u64) -> Self {
        println!("seed {seed}");
        // As the transmitter staggers them: a slot each, the spare a row.
        let delay = |lane: usize| if lane < L { lane * LB / L } else { LB };
        Self {
            bench,
            sender: Sender::new(L, P, period, seed),
            wires: (0..P)
                .map(|lane| Wire::new(LB, 0, delay(lane), seed + 1 + lane as u64))
                .collect(),
            plan: Plan::full(L),
            order: (0..P).collect(),
            gearbox: 33,
            is_noisy: false,
            received: 0,
            bad: 0,
            damaged: 0,
            ups: 0,
            downs: 0,
            bip_errors: vec![0; P],
            header_errors: 0,
            overflows: 0,
            resets: 0,
            period: period * LB,
            next: None,
            latest: 0,
            low: None,
            is_first: true,
            due: 0,
        }
    }

    pub fn aligned(&self) -> bool {
        self.bench.block.aligned.val()
    }

    pub fn cycle(&mut self) {
        if self.gearbox == 0 || !self.bench.cycle.is_multiple_of(self.gearbox) {
            self.due += 1;
        }
        while self.wires.iter().any(Wire::is_short) {
            for (wire, block) in self.wires.iter_mut().zip(self.sender.row(&self.plan)) {
                wire.send(block);
            }
        }
        let beats: Vec<Beat> = self
            .wires
            .iter_mut()
            .map(|wire| wire.beat(self.due))
            .collect();
        let bits = |value: &dyn Fn(usize) -> bool| -> u64 {
            (0..P).fold(0, |all, wire| {
                all | u64::from(value(wire)) << self.order[wire]
            })
        };
        let (valid, head) = (bits(&|w| beats[w].valid), bits(&|w| beats[w].head));
        let dark = bits(&|w| self.wires[w].dark);
        let rx = &mut self.bench.block;
        rx.rx_data_valid.next = valid.into();
        rx.rx_hdr_valid.next = head.into();
        rx.rx_los.next = dark.into();
        for (wire, beat) in beats.iter().enumerate() {
            rx.rx_data[self.order[wire]].next = (beat.data & ((1 << LW) - 1)).into();
            rx.rx_hdr[self.order[wire]].next = beat.header.into();
        }
        self.bench.clock();
        self.observe();
    }

    fn observe(&mut self) {
        let rx = &self.bench.block;
        for (wire, &lane) in self.order.iter().enumerate() {
            if rx.rx_bitslip.val().get_bit(lane) {
                self.wires[wire].slip();
            }
            self.bip_errors[wire] += usize::from(rx.bip_errors.val().get_bit(lane));
            self.header_errors += usize::from(rx.header_errors.val().get_bit(lane));
        }
        self.overflows += usize::from(rx.deskew_overflow.val());
        self.resets += rx.rx_reset_req.val().to_u64().count_ones() as usize;
        let (aligned, valid) = (rx.aligned.val(), rx.block.valid.val());
        if !aligned {
            assert!(
                !valid,
                "cycle {}: a block while not aligned",
                self.bench.cycle
            );
            if let Some(next) = self.next.take() {
                self.latest = next;
                self.downs += 1;
            }
            self.low = None;
            self.is_first = true;
            return;
        }
        if !valid {
            return;
        }
        let data: u64 = (0..W).fold(0, |data, word| {
            data | rx.block.data[word].val().to_u64() << (32 * word)
        });
        let (control, bad, first) = (
            rx.block.control.val(),
            rx.block.bad.val(),
            rx.block.first.val(),
        );
        let payload = match (W, first) {
            (2, true) => data,
            (1, true) => {
                assert!(self.low.is_none(), "two first halves");
                self.low = Some((data, control));
                return;
            }
            _ => {
                let (low, before) = self.low.take().expect("a first half before");
                assert_eq!(before, control);
                low | data << 32
            }
        };
        let header = if control { 0b01 } else { 0b10 };
        self.check((header, payload), bad);
    }

    /// The block is the one after the last; after an alignment, a later one than ever.
    fn check(&mut self, block: Block, bad: bool) {
        if std::mem::take(&mut self.is_first) {
            assert!(bad, "the first block cannot be descrambled");
            return;
        }
        self.received += 1;
        self.bad += usize::from(bad);
        let sent = &self.sender.sent;
        let position = if let Some(position) = self.next {
            position
        } else {
            self.ups += 1;
            // Errors may have hit it; then the next one will be looked for.
            let found = (self.latest..sent.len()).find(|&i| sent[i].1 == block.1);
            assert!(
                found.is_some() || self.is_noisy,
                "cycle {}: a block that was not sent",
                self.bench.cycle
            );
            let Some(position) = found else { return };
            position
        };
        self.next = Some(position + 1);
        let is_right = sent[position].1 == block.1 && (bad || sent[position].0 == block.0);
        self.damaged += usize::from(!is_right);
        assert!(
            is_right || self.is_noisy,
            "cycle {}: block {position} is {block:x?}, was sent {:x?}",
            self.bench.cycle,
            sent[position]
        );
        assert!(!bad || self.is_noisy || self.wires.iter().any(|wire| wire.header_one_in > 0));
    }

    pub fn run(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.cycle();
        }
    }

    /// Cycles until it is aligned.
    pub fn align(&mut self) -> usize {
        self.wait("aligned", Self::aligned)
    }

    /// Cycles until `is_there`.
    pub fn wait(&mut self, what: &str, is_there: impl Fn(&Self) -> bool) -> usize {
        let start = self.bench.cycle;
        while !is_there(self) {
            assert!(
                self.bench.cycle < start + 40 * self.period + 40_000,
                "never {what}: blocks {:b} markers {:b}",
                self.bench.block.block_lock.val(),
                self.bench.block.marker_lock.val()
            );
            self.cycle();
        }
        self.bench.cycle - start
    }
}

pub type Link4x16 = Link<4, 5, 16, 4, 5, 2, 3, 12>;
