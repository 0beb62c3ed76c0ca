//! The receive side of the PCS: lanes to blocks.

use lightswitch_hdl::link::LinkConfig;

use super::gather::{Descrambler, Gather, Partial};
use super::lane_choice::{Going, Heads, LaneChoice};
use super::lane_rx::{LaneControl, LaneIn, LaneRx, LaneSize};
use super::lane_scan::{has_data, LaneScan};
use super::marker_lock::MarkerTable;
use super::monitors::{BerMonitor, Interval, ResetTimer};
use super::RxHalf;
use crate::optics::{Lanes, MAX_LANES};

/// What the receiver says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RxStatus {
    /// The lanes that carry data are aligned.
    pub aligned: bool,
    /// Too many bad headers.
    pub hi_ber: bool,
    /// Physical lanes with block lock.
    pub block_lock: u16,
    /// Physical lanes with marker lock.
    pub marker_lock: u16,
    /// Lanes of the present width.
    pub width: u8,
    /// Logical lanes of it that are seen.
    pub seen_lane: u16,
    /// Unused lanes that are seen.
    pub seen_unused: u16,
    /// Lanes that ask for a bit slip.
    pub bitslip: u16,
    /// Lanes that are to start anew.
    pub reset_req: u16,
    /// Lanes of which a bit differs from the BIP.
    pub bip_errors: u16,
    /// Lanes with a header that is neither.
    pub header_errors: u16,
    /// A beat was lost.
    pub deskew_overflow: bool,
}

/// Blocks of a window of block lock.
const WINDOW_BLOCKS: usize = 1_024;

/// The role of a lane at the present width: whether it counts, and as which logical lane.
#[derive(Clone, Copy, Debug, Default)]
struct Role {
    counts: bool,
    lane: u8,
}

/// The twin of `PcsRx`.
#[derive(Clone, Debug)]
pub struct PcsRx {
    size: LaneSize,
    lane: [LaneRx; MAX_LANES],
    role: [Role; MAX_LANES],
    scan: LaneScan,
    choice: LaneChoice,
    gather: Gather,
    descrambler: Descrambler,
    monitor: BerMonitor,
    timer: ResetTimer,
    /// The window of block lock.
    window: Interval,
    was_aligned: bool,
    status: RxStatus,
    /// By the signature of a marker, its width in halvings, `None` of unused lanes, and its lane.
    role_of: [(Option<usize>, u8); 64],
    lanes: usize,
    physical: usize,
    has_halves: bool,
}

impl PcsRx {
    /// That of `link`.
    pub fn new(link: &LinkConfig) -> Self {
        use lightswitch_hdl::pcs::marker::Marker;
        let mut role_of = [(None, 0); 64];
        for marker in Marker::all(link.lanes, link.physical()) {
            if let Marker::Data { lane, width } = marker {
                let halvings = (link.lanes / width).trailing_zeros() as usize;
                role_of[Marker::signature(marker.code(link.lanes))] = (Some(halvings), lane as u8);
            }
        }
        let mut pcs = Self {
            size: LaneSize {
                table: MarkerTable::new(link.lanes, link.physical()),
                lane_w: link.lane_w as u32,
                beats: link.lane_beats() as u8,
                period: link.marker_period as u16,
                fifo_beats: 8 * link.lane_beats(),
            },
            lane: std::array::from_fn(|_| LaneRx::default()),
            role: [Role::default(); MAX_LANES],
            scan: LaneScan::new(link.lanes, link.physical()),
            choice: LaneChoice::new(link.lanes, link.lane_beats()),
            gather: Gather::default(),
            descrambler: Descrambler::default(),
            monitor: BerMonitor::new(link.marker_period),
            timer: ResetTimer::new(link.marker_cycles()),
            window: Interval::new(WINDOW_BLOCKS * link.lane_beats()),
            was_aligned: false,
            status: RxStatus::default(),
            role_of,
            lanes: link.lanes,
            physical: link.physical(),
            has_halves: link.data_w() == 32,
        };
        pcs.update_status();
        pcs
    }

    /// The half of a block, or the block, that it gives.
    pub fn half(&self) -> Option<RxHalf> {
        self.descrambler.half
    }

    /// What it says of itself.
    pub fn status(&self) -> &RxStatus {
        &self.status
    }

    /// The clock edge.
    pub fn cycle(&mut self, rx: &Lanes, dark: u16, reset: bool) {
        let heads = self.heads();
        let complete = self.scan.complete();
        let mut named = [0; 8];
        for (lane, role) in self.role[..self.physical].iter().enumerate() {
            named[usize::from(role.lane)] |= 1 << lane;
        }
        let flush = self.choice.has_failed;
        let (ring, was_aligned) = (self.choice.ring, self.choice.aligned);
        let width = self.choice.width;
        let going = self.choice.cycle(&heads, &named, complete, reset);

        // Blocks.
        let given = self.descrambler.half;
        let block = given
            .filter(|half| !self.has_halves || !half.first)
            .map(|half| half.bad);
        self.monitor
            .cycle(block, self.was_aligned && was_aligned, reset);
        self.was_aligned = was_aligned && !reset;
        let half = self.gather(&ring, going);
        if reset || flush {
            self.gather.clear();
        }
        self.descrambler
            .cycle(half, self.has_halves, reset || flush);

        // Lanes.
        let lost = !heads.marker_lock & !dark & ((1 << self.physical) - 1);
        self.timer.cycle(lost, reset);
        let locked = self.lane[..self.physical]
            .iter()
            .filter(|lane| lane.markers.locked);
        self.scan.cycle(locked.map(|lane| lane.markers.code), reset);
        let (window_end, width) = (self.window.end, Some(width));
        self.window.cycle(reset);
        for (number, lane) in self.lane[..self.physical].iter_mut().enumerate() {
            let markers = &lane.markers;
            let (of, lane_of) = self.role_of[usize::from(markers.code)];
            self.role[number] = Role {
                counts: of == width && markers.locked && !reset,
                lane: lane_of,
            };
            let has = |lanes: u16| lanes >> number & 1 == 1;
            let inputs = LaneIn {
                data: rx.data[number],
                header: rx.header[number],
                valid: has(rx.valid),
                first: has(rx.first),
                dark: has(dark),
            };
            let control = LaneControl {
                flush,
                pop: has(going.pop),
                window_end,
                reset,
            };
            lane.cycle(&self.size, inputs, control);
        }
        self.update_status();
    }

    /// What the lanes say, before the clock edge.
    fn heads(&self) -> Heads {
        let mut heads = Heads::default();
        for (number, lane) in self.lane[..self.physical].iter().enumerate() {
            let bit = |is: bool| u16::from(is) << number;
            heads.valid |= bit(lane.fifo.is_valid);
            heads.flag |= bit(lane.fifo.head.flag);
            heads.gap |= bit(lane.gap());
            heads.marker_lock |= bit(lane.markers.locked);
            heads.has_data |= bit(has_data(lane.markers.code));
            heads.counts |= bit(self.role[number].counts);
            heads.overflow |= bit(lane.has_overflown);
        }
        heads
    }

    /// The block, or half of one, that is whole in this cycle.
    fn gather(&mut self, ring: &[u16; 8], going: Going) -> Option<RxHalf> {
        if !going.steps {
            return None;
        }
        let head_of = |mut lanes: u16| {
            let mut head = Partial::default();
            while lanes != 0 {
                let stored = &self.lane[lanes.trailing_zeros() as usize].fifo.head;
                head.data |= u64::from(stored.data);
                head.control |= stored.control;
                head.bad |= stored.bad;
                head.valid = true;
                lanes &= lanes - 1;
            }
            head
        };
        let begun = head_of(going.chosen);
        let beat = |beat: usize| {
            if beat == 0 {
                begun.data
            } else {
                head_of(ring[beat]).data
            }
        };
        let beats = usize::from(self.size.beats);
        self.gather
            .step(begun, beat, beats, going.begins, self.has_halves)
    }

    /// What it says of itself, after the clock edge.
    fn update_status(&mut self) {
        let aligned = self.choice.aligned || self.was_aligned;
        let width = self.scan.width(aligned.then_some(self.choice.width));
        let mut status = RxStatus {
            aligned,
            hi_ber: self.monitor.hi_ber,
            width: (self.lanes >> width) as u8,
            seen_lane: self.scan.lanes_of(width),
            seen_unused: self.scan.unused(),
            reset_req: self.timer.requests,
            deskew_overflow: self.choice.has_overflown,
            ..RxStatus::default()
        };
        for (number, lane) in self.lane[..self.physical].iter().enumerate() {
            let bit = |is: bool| u16::from(is) << number;
            status.block_lock |= bit(lane.blocks.locked);
            status.marker_lock |= bit(lane.markers.locked);
            status.bitslip |= bit(lane.blocks.slip);
            status.header_errors |= bit(lane.has_bad_header);
            status.bip_errors |= bit(lane.bip_error());
        }
        self.status = status;
    }
}

#[cfg(test)]
mod tests {
    use lightswitch_hdl::cosim::Random;
    use lightswitch_hdl::pcs::pcs_rx::PcsRx as Block;
    use lightswitch_hdl::target::Target;
    use lightswitch_hdl::with_link;

    use super::*;
    use crate::optics::model::testbench::{has_own_pcs, number, Rtl, Wire};

    /// How often something was seen.
    #[derive(Debug, Default)]
    struct Reached {
        aligned: u32,
        reduced: u32,
        lost: u32,
        overflow: u32,
        bip: u32,
        bad: u32,
        slips: u32,
        resets: u32,
        inverted: u32,
        high: u32,
        data: u32,
    }

    fn follows<
        const LANES: usize,
        const PHYSICAL: usize,
        const LW: usize,
        const LANE_BEATS: usize,
        const PTR_W: usize,
        const WORDS: usize,
        const WIDTHS: usize,
        const CODES: usize,
    >(
        link: &LinkConfig,
        reached: &mut Reached,
    ) {
        let link = LinkConfig {
            marker_period: 16,
            ..*link
        };
        let mut rtl = Rtl::new(Block::<
            LANES,
            PHYSICAL,
            LW,
            LANE_BEATS,
            PTR_W,
            WORDS,
            WIDTHS,
            CODES,
        >::new(16, Target::Generic));
        let mut model = PcsRx::new(&link);
        let mut wire = Wire::new(&link, 13);
        let mut random = Random::new(14);
        let mut was_aligned = false;
        for cycle in 0..25_000 * LANE_BEATS {
            let reset = cycle == 0 || random.below(6_000) == 0;
            let (rx, los, lol) = wire.next(model.status());
            let block = &mut rtl.block;
            for lane in 0..PHYSICAL {
                block.rx_data[lane].next = u64::from(rx.data[lane]).into();
                block.rx_hdr[lane].next = u64::from(rx.header[lane]).into();
            }
            block.rx_data_valid.next = u64::from(rx.valid).into();
            block.rx_hdr_valid.next = u64::from(rx.first).into();
            block.rx_los.next = u64::from(los).into();
            block.rx_lol.next = u64::from(lol).into();
            block.reset.next = reset;
            rtl.settle();
            let block = &rtl.block;
            let status = RxStatus {
                aligned: block.aligned.val(),
                hi_ber: block.hi_ber.val(),
                block_lock: number(block.block_lock.val()) as u16,
                marker_lock: number(block.marker_lock.val()) as u16,
                width: number(block.width.val()) as u8,
                seen_lane: number(block.seen_lane.val()) as u16,
                seen_unused: number(block.seen_unused.val()) as u16,
                bitslip: number(block.rx_bitslip.val()) as u16,
                reset_req: number(block.rx_reset_req.val()) as u16,
                header_errors: number(block.header_errors.val()) as u16,
                deskew_overflow: block.deskew_overflow.val(),
                bip_errors: number(block.bip_errors.val()) as u16,
            };
            assert_eq!(&status, model.status(), "{} cycle {cycle}", link.name);
            let half = block.block.valid.val().then(|| RxHalf {
                data: block
                    .block
                    .data
                    .iter()
                    .rev()
                    .fold(0, |data, word| data << 32 | number(word.val())),
                control: block.block.control.val(),
                first: block.block.first.val(),
                bad: block.block.bad.val(),
            });
            assert_eq!(half, model.half(), "{} cycle {cycle}", link.name);
            reached.aligned += u32::from(status.aligned && !was_aligned);
            reached.reduced += u32::from(status.aligned && usize::from(status.width) < LANES);
            reached.lost += u32::from(!status.aligned && was_aligned);
            reached.overflow += u32::from(status.deskew_overflow);
            reached.bip += u32::from(status.bip_errors != 0);
            reached.bad += u32::from(half.is_some_and(|half| half.bad) && was_aligned);
            reached.slips += u32::from(status.bitslip != 0);
            reached.resets += u32::from(status.reset_req != 0);
            reached.inverted += u32::from(number(block.polarity.val()) != 0);
            reached.high += u32::from(status.hi_ber);
            reached.data += u32::from(half.is_some_and(|half| !half.bad));
            was_aligned = status.aligned;
            model.cycle(&rx, los | lol, reset);
            rtl.clock();
        }
    }

    #[test]
    fn follows_the_rtl() {
        let mut reached = Reached::default();
        for link in LinkConfig::ALL.iter().filter(|link| has_own_pcs(link)) {
            let before = reached.data;
            macro_rules! follow {
                ($lanes:literal, $spares:literal, $physical:literal, $lane_w:literal,
                 $beats:literal, $ptr_w:literal, $words:literal, $keep_w:literal, $widths:literal, $codes:literal, $($other:literal),*) => {
                    follows::<$lanes, $physical, $lane_w, $beats, $ptr_w, $words, $widths, $codes>(
                        link,
                        &mut reached,
                    )
                };
            }
            with_link!(link, follow);
            assert!(reached.data > before + 1_000, "{}: {reached:?}", link.name);
        }
        let Reached {
            aligned,
            reduced,
            lost,
            overflow,
            bip,
            bad,
            slips,
            resets,
            inverted,
            high,
            data,
        } = reached;
        let all = [
            aligned, reduced, lost, overflow, bip, bad, slips, resets, inverted, high, data,
        ];
        assert!(all.iter().all(|times| *times > 5), "{reached:?}");
    }
}
