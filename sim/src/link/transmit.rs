//! The transmitting PCS: blocks to one stream of bits for each physical lane.

use lightswitch_hdl::pcs::block::CONTROL_HEADER;
use lightswitch_hdl::pcs::marker::{bip8, Marker};

use super::{Bits, Block, Scrambler, Size};

/// Which slots carry data, and which of them the spare carries: `docs/link.md`, *Lane plan*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// A bit for each slot that carries data; 1, 2, 4 or 8 of them.
    pub slot_mask: u8,
    /// The slot that the spare carries, or `None` while it stands by.
    pub spare_slot: Option<usize>,
}

impl Plan {
    /// All of `lanes` slots, the spare stands by.
    #[must_use]
    pub const fn full(lanes: usize) -> Self {
        Self {
            slot_mask: ((1_u16 << lanes) - 1) as u8,
            spare_slot: None,
        }
    }

    /// Lanes that carry data.
    #[must_use]
    pub const fn width(self) -> usize {
        self.slot_mask.count_ones() as usize
    }

    /// The logical lane of a slot, or `None` if it carries no data.
    #[must_use]
    pub const fn logical(self, slot: usize) -> Option<usize> {
        if self.slot_mask >> slot & 1 == 1 {
            let below = self.slot_mask & (((1_u16 << slot) - 1) as u8);
            Some(below.count_ones() as usize)
        } else {
            None
        }
    }

    /// What the marker of physical lane `lane` says, the spare being lane `lanes`.
    #[must_use]
    pub fn marker(self, lane: usize, lanes: usize) -> Marker {
        let slot = if lane == lanes {
            self.spare_slot
        } else if self.spare_slot == Some(lane) {
            None
        } else {
            Some(lane)
        };
        match slot.and_then(|slot| self.logical(slot)) {
            Some(logical) => Marker::Data {
                lane: logical,
                width: self.width(),
            },
            None => Marker::Unused { lane },
        }
    }
}

/// What a lane sends in a row.
#[derive(Clone, Copy, Debug)]
enum Sent {
    Block(Block),
    Marker(Marker),
}

/// The transmitting side. The first row after reset is one of markers.
#[derive(Clone, Debug)]
pub struct Transmitter {
    size: Size,
    scrambler: Scrambler,
    plan: Plan,
    next_plan: Plan,
    /// Rows since the last row of markers.
    row: usize,
    /// Parity of each physical lane since its last marker, that one included.
    bip: Vec<u8>,
    /// What the spare sends next: it is a row late.
    held: Sent,
    filler: Block,
}

impl Transmitter {
    /// A transmitter after reset, at full width.
    ///
    /// # Panics
    /// If there is no link of this size.
    #[must_use]
    pub fn new(size: Size) -> Self {
        size.check();
        let plan = Plan::full(size.lanes);
        Self {
            size,
            scrambler: Scrambler::default(),
            plan,
            next_plan: plan,
            row: 0,
            bip: vec![0; size.physical()],
            held: Sent::Block(Block::data(0)),
            filler: Block::data(0x5555_5555_5555_5555),
        }
    }

    /// The plan from the next row of markers on.
    ///
    /// # Panics
    /// If the link has no such slots, or no spare.
    pub fn set_plan(&mut self, plan: Plan) {
        let Size { lanes, spares, .. } = self.size;
        assert!(
            plan.width().is_power_of_two() && usize::from(plan.slot_mask) < 1 << lanes,
            "{plan:?}: 1, 2, 4 or 8 slots below {lanes}"
        );
        assert!(
            plan.spare_slot
                .is_none_or(|slot| spares == 1 && slot < lanes),
            "{plan:?}: the spare, if there is one, carries a slot below {lanes}"
        );
        self.next_plan = plan;
    }

    /// The plan in force.
    #[must_use]
    pub const fn plan(&self) -> Plan {
        self.plan
    }

    /// Sends one row, the bits of each physical lane appended to `lanes`. Blocks are taken from `next`, as many as the row
    /// carries, none in a row of markers.
    ///
    /// # Panics
    /// If there is not one entry in `lanes` for each physical lane.
    pub fn row(&mut self, lanes: &mut [Bits], mut next: impl FnMut() -> Block) {
        assert_eq!(lanes.len(), self.size.physical(), "one stream a lane");
        let is_marker = self.row == 0;
        self.row = (self.row + 1) % self.size.marker_period;
        if is_marker {
            self.plan = self.next_plan;
        }
        let sent: Vec<Sent> = (0..self.size.lanes)
            .map(|slot| {
                if is_marker {
                    Sent::Marker(self.plan.marker(slot, self.size.lanes))
                } else if self.plan.logical(slot).is_some() {
                    let Block { header, payload } = next();
                    let payload = self.scrambler.next(payload);
                    self.filler = Block::data(payload);
                    Sent::Block(Block { header, payload })
                } else {
                    Sent::Block(self.filler)
                }
            })
            .collect();
        for (lane, sent) in sent.iter().enumerate() {
            self.send(lane, *sent, &mut lanes[lane]);
        }
        if self.size.spares == 1 {
            let spare = self.size.lanes;
            let held = if is_marker {
                Sent::Marker(self.plan.marker(spare, self.size.lanes))
            } else {
                sent[self.plan.spare_slot.unwrap_or(0)]
            };
            let late = std::mem::replace(&mut self.held, held);
            self.send(spare, late, &mut lanes[spare]);
        }
    }

    fn send(&mut self, lane: usize, sent: Sent, bits: &mut Bits) {
        let bip = &mut self.bip[lane];
        let block = match sent {
            Sent::Block(block) => block,
            Sent::Marker(marker) => {
                let payload = Marker::payload(marker.code(self.size.lanes), *bip);
                *bip = 0;
                Block {
                    header: CONTROL_HEADER,
                    payload,
                }
            }
        };
        *bip ^= bip8(block.header, block.payload);
        block.append_to(bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::BLOCK_BITS;

    fn blocks(bits: &Bits) -> Vec<Block> {
        bits.chunks(BLOCK_BITS).map(Block::of_bits).collect()
    }

    #[test]
    fn a_plan_counts_logical_lanes_over_the_slots_in_use() {
        let plan = Plan {
            slot_mask: 0b1010,
            spare_slot: Some(3),
        };
        let width = 2;
        let markers: Vec<Marker> = (0..5).map(|lane| plan.marker(lane, 4)).collect();
        assert_eq!(
            markers,
            [
                Marker::Unused { lane: 0 },
                Marker::Data { lane: 0, width },
                Marker::Unused { lane: 2 },
                Marker::Unused { lane: 3 },
                Marker::Data { lane: 1, width },
            ]
        );
        let standing_by = Plan::full(4);
        assert_eq!(standing_by.marker(4, 4), Marker::Unused { lane: 4 });
        assert_eq!(Plan::full(8).width(), 8);
    }

    #[test]
    fn lanes_take_turns_and_the_spare_follows_a_row_late() {
        let size = Size {
            lanes: 2,
            spares: 1,
            marker_period: 8,
        };
        let mut transmitter = Transmitter::new(size);
        let mut lanes = vec![Bits::new(); 3];
        let mut count = 0;
        for row in 0..24_usize {
            if row == 9 {
                transmitter.set_plan(Plan {
                    slot_mask: 0b11,
                    spare_slot: Some(1),
                });
            }
            transmitter.row(&mut lanes, || {
                count += 1;
                Block::data(count)
            });
        }
        let [first, second, spare] = [0, 1, 2].map(|lane| blocks(&lanes[lane]));
        let mut scrambler = Scrambler::default();
        let mut expected = 0;
        for row in 0..24_usize {
            if row % 8 == 0 {
                let code = Marker::Data { lane: 0, width: 2 }.code(2);
                let bip = first[row.saturating_sub(8)..row]
                    .iter()
                    .fold(0, |bip, block| bip ^ bip8(block.header, block.payload));
                assert_eq!(first[row], Block::control(Marker::payload(code, bip)));
                continue;
            }
            for lane in [&first, &second] {
                expected += 1;
                assert_eq!(lane[row], Block::data(scrambler.next(expected)));
            }
        }
        assert_eq!((expected, count), (42, 42));
        // One row late: slot 0 while it stands by, slot 1 from the marker after the change.
        assert_eq!(spare[2..9], first[1..8]);
        assert_eq!(spare[18..24], second[17..23]);
        let m = |block: Block| {
            let bytes = block.payload.to_le_bytes();
            [bytes[0], bytes[1], bytes[2]]
        };
        let code = |marker: Marker| Marker::bytes(marker.code(2));
        assert_eq!(m(spare[9]), code(Marker::Unused { lane: 2 }));
        assert_eq!(m(spare[17]), code(Marker::Data { lane: 1, width: 2 }));
        assert_eq!(m(second[16]), code(Marker::Unused { lane: 1 }));
    }
}
