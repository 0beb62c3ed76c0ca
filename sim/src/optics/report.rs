//! What came of a run with links: the report on its frames, and how each fault was seen and overcome.

use serde::Serialize;

use super::fault::Fault;
use super::{Linked, Watched};
use crate::simulate::Report;

/// What came of a run with links. The names are those of the JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkedReport {
    /// Name of the link.
    pub link: String,
    /// What came of the frames.
    #[serde(flatten)]
    pub frames: Report,
    /// The faults that were asked for.
    pub faults: Vec<Overcome>,
    /// Each port's link, at the switch and at the other end.
    pub links: Vec<Ends>,
}

/// The two ends of a port's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// At the switch.
    pub near: Watched,
    /// At the other end.
    pub far: Watched,
}

/// A fault, and what its receivers made of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overcome {
    /// The fault, as it was given.
    pub fault: String,
    /// Where it was seen: `near` at the switch, `far` at the other end.
    pub seen: Vec<Seen>,
}

/// A fault as one end saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// `near` or `far`.
    pub end: &'static str,
    /// Cycles from the fault to the loss of alignment.
    pub detection_cycles: u64,
    /// Cycles from there until it was aligned again; `None`: it was not.
    pub recovery_cycles: Option<u64>,
}

impl LinkedReport {
    /// Of a run on `linked` with these faults.
    #[must_use]
    pub fn new(linked: &Linked, faults: &[Fault], frames: Report) -> Self {
        let watched = linked.watched();
        let overcome = |fault: &Fault| {
            let [near, far] = &watched[fault.port];
            let ends = [(near, "near", true), (far, "far", false)];
            let seen = ends.into_iter().filter_map(|(watched, end, inward)| {
                let outage = watched.outages.iter().find(|outage| {
                    fault.at.is_some_and(|at| outage.from >= at) && fault.way.concerns(inward)
                })?;
                Some(Seen {
                    end,
                    detection_cycles: outage.from - fault.begin(),
                    recovery_cycles: outage.to.map(|to| to - outage.from),
                })
            });
            Overcome {
                fault: fault.to_string(),
                seen: seen.collect(),
            }
        };
        Self {
            link: linked.link().name.into(),
            faults: faults.iter().map(overcome).collect(),
            links: (watched.iter().cloned())
                .map(|[near, far]| Ends { near, far })
                .collect(),
            frames,
        }
    }

    /// Whether nothing came out that did not go in, nothing twice and nothing out of order, and nothing is missing that the links had
    /// to bring: of links without retry, and with faults, frames may be missing.
    #[must_use]
    pub fn is_clean(&self, is_lossless: bool) -> bool {
        let may_lose = !self.faults.is_empty() && !is_lossless;
        let frames = &self.frames;
        frames.corrupted_frames == 0
            && frames.reordered_frames == 0
            && frames.duplicated_frames == 0
            && frames.wrongly_poisoned_frames == 0
            && (frames.lost_frames == 0 || may_lose)
    }
}
