//! How full queues get, as far as the pins of the streams tell: per pair of ports, beats that entered less beats that
//! left.
//!
//! That is what waits in the queue of the pair and what is on its way through the stages in front of it. Where a beat
//! goes is known from the frame that was sent; where it comes from, from the source in the frame that leaves, up to
//! two beats late. Beats of a frame, or of a copy, that is dropped count until the switch says so, and those beyond
//! the longest frame not at all.

use std::collections::VecDeque;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use serde::Serialize;

use crate::beat::Beat;
use crate::engine::{Cause, Pulse};

/// Most pairs that a report lists.
const LISTED_PAIRS: usize = 256;
/// Where the source stands in a frame that leaves: the low bytes of its address, or the start of its stamp.
const SOURCE_BYTE: [usize; 2] = [10, 0];

/// The most that was inside for a pair of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HighWater {
    /// Where the beats entered.
    pub ingress: usize,
    /// Where they were to leave.
    pub egress: usize,
    /// How many there were.
    pub beats: u32,
}

/// A frame whose fate the switch has not told.
#[derive(Clone, Copy, Debug, Default)]
struct Entered {
    cycle: u64,
    pair: usize,
    beats: u32,
}

/// The frames at one ingress.
#[derive(Clone, Debug, Default)]
struct Ingress {
    entered: u64,
    decided: u64,
    undecided: VecDeque<Entered>,
    /// The one that enters, or entered last.
    running: Entered,
    running_is_dropped: bool,
    /// The one whose fate was told last.
    last: Option<Entered>,
}

/// The frame at one egress.
#[derive(Clone, Copy, Debug, Default)]
struct Egress {
    source: Option<usize>,
    beats: u32,
}

/// Beats inside, pair by pair.
#[derive(Clone, Debug)]
pub struct Occupancy {
    ports: usize,
    max_beats: u32,
    /// The beat that tells the source, and the byte in it.
    source_beat: u32,
    source_byte: usize,
    now: Vec<u32>,
    most: Vec<u32>,
    ingress: Vec<Ingress>,
    egress: Vec<Egress>,
}

impl Occupancy {
    /// Nothing inside.
    #[must_use]
    pub fn new(config: &Config, top: Top) -> Self {
        let ports = config.ports;
        let byte = SOURCE_BYTE[usize::from(top != Top::Switch)];
        Self {
            ports,
            max_beats: config.max_frame_beats() as u32,
            source_beat: (byte / config.beat_bytes()) as u32,
            source_byte: byte % config.beat_bytes(),
            now: vec![0; ports * ports],
            most: vec![0; ports * ports],
            ingress: vec![Ingress::default(); ports],
            egress: vec![Egress::default(); ports],
        }
    }

    /// A frame of `pair` begins to enter.
    #[inline]
    pub fn enters(&mut self, ingress: usize, pair: usize, cycle: u64) {
        let ingress = &mut self.ingress[ingress];
        let frame = Entered {
            cycle,
            pair,
            beats: 0,
        };
        ingress.entered += 1;
        ingress.undecided.push_back(frame);
        ingress.running = frame;
        ingress.running_is_dropped = false;
    }

    /// A beat of it entered.
    #[inline]
    pub fn took(&mut self, ingress: usize) {
        let ingress = &mut self.ingress[ingress];
        let frame = &mut ingress.running;
        if ingress.running_is_dropped || frame.beats == self.max_beats {
            return;
        }
        frame.beats += 1;
        let now = &mut self.now[frame.pair];
        *now += 1;
        let most = &mut self.most[frame.pair];
        *most = (*most).max(*now);
    }

    /// It has entered.
    #[inline]
    pub fn ended(&mut self, ingress: usize) {
        let ingress = &mut self.ingress[ingress];
        if ingress.decided < ingress.entered {
            if let Some(newest) = ingress.undecided.back_mut() {
                newest.beats = ingress.running.beats;
            }
        }
    }

    /// The switch tells what becomes of a frame. The cycle in which that one entered, if it was sent on.
    #[inline]
    pub fn counted(&mut self, pulse: &Pulse) -> Option<u64> {
        match pulse.cause {
            Cause::Accepted => self.decided(pulse.ingress),
            Cause::RuntDropped
            | Cause::FilteredReserved
            | Cause::FilteredSelf
            | Cause::FilteredControl => {
                self.decided(pulse.ingress)?;
                self.dropped(pulse.ingress);
                None
            }
            Cause::DropFull => {
                let pair = pulse.ingress * self.ports + pulse.egress?;
                let last = self.ingress[pulse.ingress].last?;
                if last.pair == pair {
                    self.dropped(pulse.ingress);
                }
                None
            }
            _ => None,
        }
    }

    fn decided(&mut self, ingress: usize) -> Option<u64> {
        let ingress = &mut self.ingress[ingress];
        let frame = ingress.undecided.pop_front()?;
        ingress.decided += 1;
        ingress.last = Some(frame);
        Some(frame.cycle)
    }

    /// The frame whose fate was told last is dropped.
    fn dropped(&mut self, ingress: usize) {
        let ingress = &mut self.ingress[ingress];
        let Some(mut frame) = ingress.last.take() else {
            return;
        };
        if ingress.decided == ingress.entered {
            frame.beats = ingress.running.beats;
            ingress.running_is_dropped = true;
        }
        let now = &mut self.now[frame.pair];
        *now = now.saturating_sub(frame.beats);
    }

    /// A beat left at `egress`.
    #[inline]
    pub fn gave(&mut self, egress: usize, beat: &Beat) {
        let frame = &mut self.egress[egress];
        frame.beats += 1;
        let mut left = 1;
        if frame.source.is_none() && frame.beats == self.source_beat + 1 {
            let bytes = [beat.data[self.source_byte], beat.data[self.source_byte + 1]];
            let source = usize::from(u16::from_be_bytes(bytes));
            frame.source = (source < self.ports).then_some(source);
            left = frame.beats;
        }
        if let Some(source) = frame.source {
            let now = &mut self.now[source * self.ports + egress];
            *now = now.saturating_sub(left);
        }
        if beat.last {
            *frame = Egress::default();
        }
    }

    /// The pairs that ever had beats inside, the fullest first; of more than 256 the 256 fullest.
    #[must_use]
    pub fn high_water(&self) -> Vec<HighWater> {
        let mut pairs: Vec<HighWater> = (self.most.iter().enumerate())
            .filter(|(_, beats)| **beats > 0)
            .map(|(pair, beats)| HighWater {
                ingress: pair / self.ports,
                egress: pair % self.ports,
                beats: *beats,
            })
            .collect();
        pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.beats), pair.ingress, pair.egress));
        pairs.truncate(LISTED_PAIRS);
        pairs
    }

    /// Beats inside, all in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.now.iter().map(|beats| u64::from(*beats)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame;
    use crate::traffic::Stamp;

    /// Frames of 64 bytes from port 1 to port 2, on the switch or a fabric, 4 or 8 bytes wide.
    struct Rig {
        occupancy: Occupancy,
        frame: Vec<u8>,
        beat_bytes: usize,
    }

    impl Rig {
        fn new(config: &str, top: Top) -> Self {
            let config = Config::sized(config).unwrap();
            let stamp = Stamp {
                source: 1,
                destination: 0,
                sequence: 0,
                length: 64,
            };
            Self {
                occupancy: Occupancy::new(config, top),
                frame: stamp.frame_for(top),
                beat_bytes: config.beat_bytes(),
            }
        }

        fn beats(&self) -> usize {
            frame::beats(self.frame.len(), self.beat_bytes)
        }

        fn pair(&self) -> usize {
            self.occupancy.ports
        }

        fn enter(&mut self) {
            let pair = self.pair();
            self.occupancy.enters(1, pair, 0);
            (0..self.beats()).for_each(|_| self.occupancy.took(1));
            self.occupancy.ended(1);
        }

        fn leave(&mut self, beats: std::ops::Range<usize>) {
            for index in beats {
                let beat = frame::beat(&self.frame, index, self.beat_bytes, false);
                self.occupancy.gave(0, &beat);
            }
        }

        fn count(&mut self, cause: Cause, egress: Option<usize>) -> Option<u64> {
            self.occupancy.counted(&Pulse {
                cause,
                ingress: 1,
                egress,
            })
        }

        fn inside(&self) -> u32 {
            self.occupancy.now[self.pair()]
        }
    }

    #[test]
    fn counts_what_entered_less_what_left() {
        for (config, top, known_at) in [
            ("4x64", Top::Switch, 2),
            ("2x32", Top::Switch, 3),
            ("4x64", Top::Fabric, 1),
            ("2x32", Top::FabricMc, 1),
        ] {
            let mut rig = Rig::new(config, top);
            let beats = rig.beats();
            rig.enter();
            rig.enter();
            rig.leave(0..known_at - 1);
            assert_eq!(
                rig.inside() as usize,
                2 * beats,
                "the source is not known yet"
            );
            rig.leave(known_at - 1..known_at);
            assert_eq!(rig.inside() as usize, 2 * beats - known_at);
            rig.leave(known_at..beats);
            rig.leave(0..beats);
            assert_eq!((rig.inside(), rig.occupancy.total()), (0, 0));
            let expected = HighWater {
                ingress: 1,
                egress: 0,
                beats: 2 * beats as u32,
            };
            assert_eq!(rig.occupancy.high_water(), [expected]);
        }
    }

    #[test]
    fn a_frame_that_is_dropped_does_not_stay() {
        let mut rig = Rig::new("4x64", Top::Switch);
        let pair = rig.pair();
        // One is dropped while it enters, ...
        rig.occupancy.enters(1, pair, 7);
        (0..5).for_each(|_| rig.occupancy.took(1));
        assert_eq!(rig.count(Cause::Accepted, None), Some(7));
        rig.count(Cause::DropFull, Some(0));
        (0..3).for_each(|_| rig.occupancy.took(1));
        rig.occupancy.ended(1);
        assert_eq!(rig.inside(), 0);
        // ... one when the next one has come, ...
        rig.enter();
        rig.enter();
        assert_eq!(rig.inside(), 16);
        assert_eq!(rig.count(Cause::Accepted, None), Some(0));
        rig.count(Cause::DropFull, Some(3));
        assert_eq!(rig.inside(), 16, "a copy of another pair");
        rig.count(Cause::DropFull, Some(0));
        assert_eq!(rig.inside(), 8);
        // ... and one as a runt.
        assert_eq!(rig.count(Cause::RuntDropped, None), None);
        assert_eq!(rig.inside(), 0);
        assert_eq!(
            rig.count(Cause::Accepted, None),
            None,
            "nothing has entered"
        );
    }

    #[test]
    fn what_is_beyond_a_longest_frame_does_not_count() {
        let mut rig = Rig::new("4x64", Top::Switch);
        let pair = rig.pair();
        rig.occupancy.enters(1, pair, 0);
        (0..300).for_each(|_| rig.occupancy.took(1));
        assert_eq!(rig.inside(), 191);
    }

    #[test]
    fn lists_the_fullest_pairs_only() {
        let config = Config::sized("32x64").unwrap();
        let mut occupancy = Occupancy::new(config, Top::Fabric);
        for (pair, most) in occupancy.most.iter_mut().enumerate() {
            *most = pair as u32;
        }
        let listed = occupancy.high_water();
        assert_eq!(listed.len(), LISTED_PAIRS);
        assert!(listed
            .windows(2)
            .all(|pairs| pairs[0].beats > pairs[1].beats));
        assert_eq!((listed[0].ingress, listed[0].egress), (31, 31));
    }
}
