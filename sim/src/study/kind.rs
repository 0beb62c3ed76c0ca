//! The slotted switches by name.

use super::crosspoint_queued::CrosspointQueued;
use super::input_fifo::{InputFifo, Selection};
use super::islip::Islip;
use super::output_queued::OutputQueued;
use super::pim::Pim;
use super::row::Draw;
use super::slotted::{self, Tally, Window};
use super::source::{Source, Traffic};
use super::virtual_output::VirtualOutput;

/// A slotted switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One queue an ingress.
    InputFifo(Selection),
    /// One queue an egress.
    OutputQueued,
    /// One queue a pair, an arbiter an egress.
    CrosspointQueued,
    /// One queue a pair, iSLIP of so many iterations.
    Islip(usize),
    /// One queue a pair, PIM of so many iterations.
    Pim(usize),
}

impl Kind {
    /// One of each.
    pub const ALL: [Kind; 6] = [
        Kind::InputFifo(Selection::Random),
        Kind::InputFifo(Selection::Oldest),
        Kind::OutputQueued,
        Kind::CrosspointQueued,
        Kind::Islip(1),
        Kind::Pim(4),
    ];

    /// The name in rows.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Kind::InputFifo(selection) => format!("fifo-{}", selection.name()),
            Kind::OutputQueued => "output".into(),
            Kind::CrosspointQueued => "crosspoint".into(),
            Kind::Islip(iterations) => format!("islip{iterations}"),
            Kind::Pim(iterations) => format!("pim{iterations}"),
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Kind::InputFifo(selection) => format!("input FIFO, {} winner", selection.name()),
            Kind::OutputQueued => "output queues".into(),
            Kind::CrosspointQueued => "crosspoint queues".into(),
            Kind::Islip(iterations) => format!("iSLIP, iterations {iterations}"),
            Kind::Pim(iterations) => format!("PIM, iterations {iterations}"),
        }
    }

    /// Runs an empty switch of this kind.
    #[must_use]
    pub fn run(self, ports: usize, traffic: Traffic, window: Window, draw: &Draw) -> Tally {
        let mut source = Source::new(ports, traffic, draw.traffic());
        match self {
            Kind::InputFifo(selection) => {
                let mut switch = InputFifo::new(ports, selection, draw.switch());
                slotted::run(&mut switch, &mut source, window)
            }
            Kind::OutputQueued => slotted::run(&mut OutputQueued::new(ports), &mut source, window),
            Kind::CrosspointQueued => {
                slotted::run(&mut CrosspointQueued::new(ports), &mut source, window)
            }
            Kind::Islip(iterations) => {
                let mut switch = VirtualOutput::new(ports, Islip::new(ports), iterations);
                slotted::run(&mut switch, &mut source, window)
            }
            Kind::Pim(iterations) => {
                let mut switch = VirtualOutput::new(ports, Pim::new(draw.switch()), iterations);
                slotted::run(&mut switch, &mut source, window)
            }
        }
    }
}
