//! A naive switch that obeys the contract and is plain to check: it stores every frame, looks it up in a hash map and
//! queues its copies. It gives the right frames on the right ports in the right order, at its own cycles, and has no pins
//! beside the streams: a table request is done in every cycle in which it stands, and nothing answers.

use std::collections::{HashMap, VecDeque};

use lightswitch_hdl::config::Config;
use lightswitch_hdl::switch::DEFAULT_GAP_LIMIT;

use crate::beat::Beat;
use crate::engine::{Cause, Engine, Outcome, Settings, TableOp, TableRequest};
use crate::frame::{self, Mac, Verdict};
use crate::port_mask::PortMask;
use crate::Error;

/// Epochs after which an address that was not heard of is forgotten.
const AGE_EPOCHS: u64 = 12;

/// The naive switch. Latency: a whole frame and one cycle. Every port is store-and-forward.
#[derive(Debug)]
pub struct Reference {
    config: Config,
    ports: usize,
    beat_bytes: usize,
    queue_beats: usize,
    reset: bool,
    request: Option<TableRequest>,
    settings: Settings,
    ingress: Vec<Ingress>,
    /// `queue[ingress][egress]`.
    queue: Vec<Vec<Queue>>,
    egress: Vec<Egress>,
    table: HashMap<Mac, Entry>,
    cycle: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    seen: u64,
}

/// Where an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It was heard at this port.
    Heard(usize),
    /// It was written with these ports.
    Written(PortMask),
}

impl Place {
    fn is_static(self) -> bool {
        matches!(self, Place::Written(_))
    }

    fn is_behind(self, port: usize) -> bool {
        match self {
            Place::Heard(heard) => port == heard,
            Place::Written(mask) => mask.has(port),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Ingress {
    bytes: Vec<u8>,
    inside: bool,
    /// The frame is closed; its rest is thrown away.
    discarding: bool,
    idle: u32,
    /// A frame, and the egresses it still has to be queued for.
    waiting: Option<(Stored, Vec<usize>)>,
}

#[derive(Clone, Debug)]
struct Stored {
    bytes: Vec<u8>,
    poisoned: bool,
}

#[derive(Clone, Debug, Default)]
struct Queue {
    frames: VecDeque<Stored>,
    beats: usize,
}

#[derive(Clone, Debug, Default)]
struct Egress {
    /// The ingress whose frame is leaving, and the next beat of it.
    sending: Option<(usize, usize)>,
    /// The ingress served last.
    served: usize,
}

impl Reference {
    /// A switch with an empty table.
    #[must_use]
    pub fn new(config: &Config, settings: &Settings) -> Self {
        let mut switch = Self {
            config: *config,
            ports: config.ports,
            beat_bytes: config.beat_bytes(),
            queue_beats: 1 << config.depth_w,
            reset: false,
            request: None,
            settings: settings.clone(),
            ingress: Vec::new(),
            queue: Vec::new(),
            egress: Vec::new(),
            table: HashMap::new(),
            cycle: 0,
        };
        switch.clear();
        switch
    }

    fn clear(&mut self) {
        self.ingress = vec![Ingress::default(); self.ports];
        self.queue = vec![vec![Queue::default(); self.ports]; self.ports];
        self.egress = vec![Egress::default(); self.ports];
        self.table.clear();
    }

    fn has_room(&self, ingress: usize, egress: usize) -> bool {
        let longest = frame::beats(self.config.max_frame_bytes, self.beat_bytes);
        self.queue[ingress][egress].beats + longest <= self.queue_beats
    }

    /// Takes a beat, or the pause in its place.
    fn receive(&mut self, port: usize, beat: Option<&Beat>, outcome: &mut Outcome) {
        let limit = match self.settings.gap_limit {
            0 => DEFAULT_GAP_LIMIT,
            limit => limit,
        };
        let ingress = &mut self.ingress[port];
        let Some(beat) = beat else {
            // With 32-bit beats the first does not hold the destination, and waits for the second without a limit.
            let is_timed = frame::destination(&ingress.bytes).is_some();
            if ingress.inside && !ingress.discarding && is_timed {
                ingress.idle += 1;
                if ingress.idle > u32::from(limit) {
                    ingress.discarding = true;
                    self.close(port, Some(Cause::GapClosed), outcome);
                }
            }
            return;
        };
        ingress.idle = 0;
        ingress.inside = !beat.last;
        if ingress.discarding {
            ingress.discarding = !beat.last;
            return;
        }
        ingress.bytes.extend_from_slice(beat.bytes());
        let fault = if !beat.is_well_formed(self.beat_bytes) {
            Some(Cause::Malformed)
        } else if ingress.bytes.len() > self.config.max_frame_bytes {
            ingress.bytes.truncate(self.config.max_frame_bytes);
            Some(Cause::TooLong)
        } else if beat.last && beat.user {
            Some(Cause::PoisonedIn)
        } else {
            None
        };
        if fault.is_some() || beat.last {
            ingress.discarding = !beat.last;
            self.close(port, fault, outcome);
        }
    }

    /// The frame is complete: judge it, learn from it, and find its egresses.
    fn close(&mut self, port: usize, fault: Option<Cause>, outcome: &mut Outcome) {
        let mut bytes = std::mem::take(&mut self.ingress[port].bytes);
        self.ingress[port].idle = 0;
        if bytes.len() < frame::MIN_FRAME_BYTES {
            outcome.pulse(Cause::RuntDropped, port);
            return;
        }
        let fault = fault.or(match frame::verdict(&bytes) {
            Verdict::Good => None,
            Verdict::Stomped => Some(Cause::PoisonedIn),
            Verdict::Bad => Some(Cause::FcsError),
        });
        if fault.is_some() {
            frame::stomp(&mut bytes);
        }
        let (Some(destination), Some(source)) = (frame::destination(&bytes), frame::source(&bytes))
        else {
            return;
        };
        let egresses = self.egresses(port, destination, &bytes, outcome);
        if !egresses.is_empty() {
            outcome.pulse(Cause::Accepted, port);
            if let Some(cause) = fault {
                outcome.pulse(cause, port);
            }
        }
        let is_control = frame::ether_type(&bytes) == Some(frame::TYPE_MAC_CONTROL);
        if fault.is_none() && !is_control && !source.is_group() {
            self.learn(source, port);
        }
        let stored = Stored {
            bytes,
            poisoned: fault.is_some(),
        };
        self.ingress[port].waiting = Some((stored, egresses));
    }

    fn egresses(
        &self,
        port: usize,
        destination: Mac,
        bytes: &[u8],
        outcome: &mut Outcome,
    ) -> Vec<usize> {
        if destination.is_reserved() {
            outcome.pulse(Cause::FilteredReserved, port);
            return Vec::new();
        }
        if frame::ether_type(bytes) == Some(frame::TYPE_MAC_CONTROL) {
            outcome.pulse(Cause::FilteredControl, port);
            return Vec::new();
        }
        let age = AGE_EPOCHS * u64::from(self.settings.ageing_period);
        let known = self
            .table
            .get(&destination)
            .filter(|entry| entry.place.is_static() || age == 0 || self.cycle - entry.seen <= age);
        let egresses: Vec<usize> = (0..self.ports)
            .filter(|egress| *egress != port)
            .filter(|egress| known.is_none_or(|entry| entry.place.is_behind(*egress)))
            .collect();
        if known.is_none() {
            outcome.pulse(Cause::Flooded, port);
        } else if egresses.is_empty() {
            outcome.pulse(Cause::FilteredSelf, port);
        }
        egresses
    }

    /// A good frame from `source` came in at `port`.
    fn learn(&mut self, source: Mac, port: usize) {
        let heard = Entry {
            place: Place::Heard(port),
            seen: self.cycle,
        };
        let entry = self.table.entry(source).or_insert(heard);
        if !entry.place.is_static() {
            *entry = heard;
        }
    }

    /// Does what the table port is asked for.
    fn operate(&mut self, request: TableRequest) {
        match request.op {
            TableOp::Read => {}
            TableOp::WriteStatic => {
                let entry = Entry {
                    place: Place::Written(request.mask),
                    seen: self.cycle,
                };
                self.table.insert(request.address, entry);
            }
            TableOp::Delete => {
                self.table.remove(&request.address);
            }
            TableOp::Flush => self.table.retain(|_, entry| entry.place.is_static()),
        }
    }

    /// Queues the waiting frame of an ingress if there is room, or drops the copies for which there is none.
    fn admit(&mut self, port: usize, outcome: &mut Outcome) {
        let Some((stored, egresses)) = self.ingress[port].waiting.take() else {
            return;
        };
        let (room, full): (Vec<usize>, Vec<usize>) = egresses
            .iter()
            .partition(|egress| self.has_room(port, **egress));
        if !full.is_empty() && !self.settings.lossy {
            self.ingress[port].waiting = Some((stored, egresses));
            return;
        }
        for egress in full {
            outcome.drop_full(port, egress);
        }
        for egress in room {
            let queue = &mut self.queue[port][egress];
            queue.beats += frame::beats(stored.bytes.len(), self.beat_bytes);
            queue.frames.push_back(stored.clone());
        }
    }

    /// The beat at an egress; the next frame is chosen round robin.
    fn offer(&mut self, port: usize) -> Option<Beat> {
        let egress = &mut self.egress[port];
        if egress.sending.is_none() {
            let next = (1..=self.ports)
                .map(|step| (egress.served + step) % self.ports)
                .find(|ingress| !self.queue[*ingress][port].frames.is_empty())?;
            egress.served = next;
            egress.sending = Some((next, 0));
        }
        let (ingress, index) = egress.sending?;
        let stored = self.queue[ingress][port].frames.front()?;
        Some(frame::beat(
            &stored.bytes,
            index,
            self.beat_bytes,
            stored.poisoned,
        ))
    }

    /// The beat at an egress was transferred.
    fn advance(&mut self, port: usize, last: bool) {
        let egress = &mut self.egress[port];
        if let Some((ingress, index)) = egress.sending {
            egress.sending = (!last).then_some((ingress, index + 1));
            let queue = &mut self.queue[ingress][port];
            queue.beats -= 1;
            if last {
                queue.frames.pop_front();
            }
        }
    }
}

impl Engine for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn ports(&self) -> usize {
        self.ports
    }

    fn beat_bytes(&self) -> usize {
        self.beat_bytes
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.clear();
        self.reset = false;
        self.request = None;
        Ok(())
    }

    fn set_reset(&mut self, high: bool) {
        self.reset = high;
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        settings.check(&self.config)?;
        self.settings.clone_from(settings);
        Ok(())
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.request = request;
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        outcome.clear();
        self.cycle += 1;
        if self.reset {
            self.clear();
            return Ok(());
        }
        if let Some(request) = self.request {
            self.operate(request);
        }
        for (port, ready) in egress_ready.iter().enumerate() {
            outcome.egress[port] = self.offer(port);
            if let (Some(beat), true) = (outcome.egress[port], *ready) {
                self.advance(port, beat.last);
            }
        }
        for (port, beat) in offered.iter().enumerate() {
            let ready = self.ingress[port].waiting.is_none();
            outcome.ingress_ready[port] = ready;
            if ready {
                self.receive(port, beat.as_ref(), outcome);
            }
            self.admit(port, outcome);
        }
        Ok(())
    }
}
