//! Replays a capture through a switch, writes what leaves each egress as a capture, and accounts for every copy.
//!
//! Each source address lives on one port. Starts are planned in the order of the capture, none before its predecessor's;
//! a frame that the switch holds up delays those behind it at its own port only. The checker knows where each address
//! lives and when the switch can have learned it, so it knows for every frame at which ports copies must appear; what is
//! missing must be counted as dropped by the switch for exactly that pair.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;
use serde::Serialize;

use crate::bench::{Bench, Planned, Scenario};
use crate::capture::{Capture, CaptureWriter, Skipped};
use crate::engine::{Cause, Counts, Engine, Settings, TABLE_WAYS};
use crate::frame::{self, Mac, Received, Verdict};
use crate::measure;
use crate::port_mask::PortMask;
use crate::Error;

/// Cycles the switch is given to learn an address, or to look one up, before the checker relies on it.
const SETTLE_CYCLES: u64 = 128;
/// Cycles, beside two longest frames, without a beat at any egress after which nothing more is expected.
const QUIET_CYCLES: u64 = 1_024;
/// Cycles between two calls of the progress callback.
const PROGRESS_CYCLES: u64 = 512;
/// Least load, and largest gap in cycles: beyond these a replay would not end, or its cycles not be counted.
const MIN_LOAD: f64 = 1e-6;
const LARGEST_GAP: u64 = 1_000_000_000;
/// Violations that are described; more are only counted.
const DESCRIBED: usize = 20;

/// Whether the captures of the egresses hold the FCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EgressFcs {
    /// Frames are written as they leave, poisoned ones with their stomped FCS.
    Keep,
    /// Frames are written without FCS, and poisoned ones not at all, as a receiving MAC would pass them on.
    Strip,
}

/// How to replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The capture.
    pub pcap: PathBuf,
    /// Where `egress-00.pcap` and so on go.
    pub out_dir: PathBuf,
    /// Addresses that live on a given port; the others are dealt out in turn, in the order they appear.
    pub assign: Vec<(Mac, usize)>,
    /// Keep the gaps of the capture up to this many cycles between two starts, 1 000 000 000 at most. `None`: gaps
    /// follow from the load.
    pub max_gap: Option<u64>,
    /// Whether the captures of the egresses hold the FCS.
    pub egress_fcs: EgressFcs,
    /// Clock in MHz: converts time stamps to cycles and back.
    pub clock_mhz: f64,
    /// Fraction of cycles with a beat at an ingress that has frames waiting, 0.000001 to 1.
    pub load: f64,
}

/// Where an address lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assignment {
    /// The address.
    pub mac: String,
    /// Its port.
    pub port: usize,
    /// Frames of the capture from it.
    pub frames: u64,
}

/// What became of the frames that were sent, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fates {
    /// To one port, where the destination lives.
    pub unicast: u64,
    /// To all other ports, because the destination is a group address.
    pub flooded_group: u64,
    /// To all other ports, because the destination was not known.
    pub flooded_unknown: u64,
    /// Filtered: to 01:80:C2:00:00:00 .. 0F.
    pub filtered_reserved: u64,
    /// Filtered: MAC control.
    pub filtered_control: u64,
    /// Filtered: the destination lives behind the port the frame came from.
    pub filtered_self: u64,
}

/// What became of the copies that those frames call for, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Copies {
    /// All of them.
    pub expected: u64,
    /// Left unchanged and unpoisoned.
    pub delivered: u64,
    /// Left poisoned, because the frame was too long or came poisoned.
    pub poisoned: u64,
    /// Dropped and counted by the switch.
    pub dropped: u64,
    /// None of these.
    pub unaccounted: u64,
}

/// One egress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EgressReport {
    /// Its index.
    pub port: usize,
    /// The capture that was written.
    pub file: String,
    /// Frames that left unpoisoned.
    pub frames: u64,
    /// Frames that left poisoned.
    pub poisoned: u64,
}

/// What came of a replay. The names are those of the JSON object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Name of the configuration.
    pub config: String,
    /// Name of the simulation engine.
    pub engine: String,
    /// The capture.
    pub pcap: String,
    /// All cycles simulated.
    pub simulated_cycles: u64,
    /// Processor time of the run.
    pub cpu_seconds: f64,
    /// Records in the capture.
    pub captured_records: u64,
    /// Records that were not sent.
    pub skipped: Skipped,
    /// Frames sent.
    pub sent_frames: u64,
    /// Frames of these that were padded to 60 bytes before the FCS.
    pub padded_frames: u64,
    /// Frames of these that got an FCS, because the capture holds none.
    pub fcs_added_frames: u64,
    /// Frames of these that are longer than the configuration allows, and so end poisoned.
    pub too_long_frames: u64,
    /// Frames of these that were poisoned in the capture.
    pub poisoned_in_frames: u64,
    /// Where each address lives.
    pub assignments: Vec<Assignment>,
    /// What became of the frames.
    pub fates: Fates,
    /// What became of the copies.
    pub copies: Copies,
    /// The egresses.
    pub egresses: Vec<EgressReport>,
    /// What the statistics pins counted, by cause.
    pub causes: BTreeMap<&'static str, u64>,
    /// Breaches of the contract that were found.
    pub violations: u64,
    /// The first of them.
    pub first_violations: Vec<String>,
}

impl Report {
    /// Whether every copy is accounted for, unchanged, in order, and only where it belongs.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations == 0
    }
}

/// Resets `engine`, which runs with `settings`, and replays a capture on it. `progress` hears the beats sent and the beats
/// to send. Nothing is written for a capture that cannot be replayed.
///
/// # Errors
/// [`Error::Capture`] and [`Error::File`] for files, [`Error::Invalid`], [`Error::PortOutOfRange`] and
/// [`Error::AssignedTwice`] for options, [`Error::Engine`] and [`Error::Stuck`] from the run.
pub fn run(
    engine: &mut dyn Engine,
    config: &Config,
    settings: &Settings,
    options: &Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Error> {
    let started = measure::cpu_seconds();
    if engine.top() != Top::Switch {
        return Err(Error::invalid(
            "the top",
            engine.top().name(),
            "switch for a replay: the Ethernet frames of a capture carry no tdest",
        ));
    }
    check(options)?;
    let capture = Capture::read(&options.pcap)?;
    let stations = Stations::new(&capture, &options.assign, config.ports)?;
    engine.reset()?;
    let mut replay = Replay::new(capture, stations, config, options)?;

    let mut bench = Bench::new(engine);
    let total: u64 = replay.total_beats;
    let quiet_cycles = QUIET_CYCLES + 2 * config.max_frame_beats() as u64;
    let mut quiet = 0;
    let mut given: u64 = 0;
    while replay.unsent > 0 || quiet < quiet_cycles {
        if bench.cycle.is_multiple_of(PROGRESS_CYCLES) {
            progress(bench.taken_beats.iter().sum(), total);
        }
        bench.step(engine, &mut replay)?;
        let now = bench.given_beats.iter().sum();
        quiet = if now != given || bench.is_busy() {
            0
        } else {
            quiet + 1
        };
        given = now;
    }
    progress(total, total);
    for writer in std::mem::take(&mut replay.writers) {
        writer.finish()?;
    }
    let audit = Audit::of(&replay, engine, settings, &bench.counts);
    Ok(replay.report(engine, config, options, &bench, audit, started))
}

fn check(options: &Options) -> Result<(), Error> {
    if !(options.load >= MIN_LOAD && options.load <= 1.0) {
        return Err(Error::invalid(
            "the load",
            options.load,
            format!("{MIN_LOAD} to 1"),
        ));
    }
    if let Some(gap) = options.max_gap.filter(|gap| *gap > LARGEST_GAP) {
        return Err(Error::invalid(
            "the largest gap",
            gap,
            format!("at most {LARGEST_GAP} cycles"),
        ));
    }
    if !(options.clock_mhz >= 0.001 && options.clock_mhz <= 1e6) {
        return Err(Error::invalid(
            "the clock",
            options.clock_mhz,
            "0.001 to 1000000 MHz",
        ));
    }
    Ok(())
}

/// Which port every source address lives on.
struct Stations {
    port: HashMap<Mac, usize>,
    listed: Vec<(Mac, usize, u64)>,
}

impl Stations {
    fn new(capture: &Capture, assign: &[(Mac, usize)], ports: usize) -> Result<Self, Error> {
        let mut stations = Self {
            port: HashMap::new(),
            listed: Vec::new(),
        };
        for (mac, port) in assign {
            if *port >= ports {
                return Err(Error::PortOutOfRange { port: *port, ports });
            }
            match stations.port.insert(*mac, *port) {
                Some(first) if first != *port => {
                    return Err(Error::AssignedTwice {
                        mac: mac.to_string(),
                        first,
                        second: *port,
                    });
                }
                Some(_) => {}
                None => stations.listed.push((*mac, *port, 0)),
            }
        }
        let mut index: HashMap<Mac, usize> = HashMap::new();
        for (position, (mac, ..)) in stations.listed.iter().enumerate() {
            index.insert(*mac, position);
        }
        let mut turn = 0;
        for captured in &capture.frames {
            let Some(mac) = frame::source(&captured.bytes) else {
                continue;
            };
            let position = *index.entry(mac).or_insert_with(|| {
                let port = turn % ports;
                turn += 1;
                stations.port.insert(mac, port);
                stations.listed.push((mac, port, 0));
                stations.listed.len() - 1
            });
            stations.listed[position].2 += 1;
        }
        Ok(stations)
    }
}

/// What the destination of a frame asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Reserved,
    Control,
    Group,
    Individual,
}

/// One frame on its way.
#[derive(Debug)]
struct Sent {
    number: usize,
    ingress: usize,
    source: Mac,
    destination: Mac,
    kind: Kind,
    start: u64,
    bytes: Vec<u8>,
    too_long: bool,
    poisoned_in: bool,
    begun: Option<u64>,
    ended: Option<u64>,
    /// Egresses at which a copy left.
    copies: PortMask,
}

impl Sent {
    fn must_be_poisoned(&self) -> bool {
        self.too_long || self.poisoned_in
    }

    /// Whether what left can be a copy of this frame: equal, or, if poisoned, equal up to its own FCS.
    fn resembles(&self, received: &Received) -> bool {
        if received.bytes == self.bytes {
            return true;
        }
        let body = received.bytes.len().saturating_sub(frame::FCS_BYTES);
        received.poisoned
            && body >= frame::HEADER_BYTES
            && received.bytes.len() <= self.bytes.len()
            && received.bytes[..body] == self.bytes[..body]
    }
}

/// The scenario: all frames, and what has left so far.
struct Replay {
    ports: usize,
    max_frame_bytes: usize,
    clock_mhz: f64,
    egress_fcs: EgressFcs,
    stations: Stations,
    skipped: Skipped,
    padded: u64,
    fcs_added: u64,
    total_beats: u64,
    unsent: usize,
    sent: Vec<Sent>,
    /// Per ingress, indices into `sent` in order.
    order: Vec<Vec<usize>>,
    /// Per ingress, how many of `order` have been handed to the bench, and how many have begun.
    handed: Vec<usize>,
    begun: Vec<usize>,
    /// Per (ingress, egress), how many of `order` can have no further copy there, by order.
    cursor: Vec<usize>,
    writers: Vec<CaptureWriter>,
    files: Vec<PathBuf>,
    left: Vec<(u64, u64)>,
    violations: Violations,
}

/// Breaches of the contract.
#[derive(Clone, Debug, Default)]
struct Violations {
    count: u64,
    first: Vec<String>,
}

impl Violations {
    fn add(&mut self, description: String) {
        self.count += 1;
        if self.first.len() < DESCRIBED {
            self.first.push(description);
        }
    }
}

impl Replay {
    fn new(
        capture: Capture,
        stations: Stations,
        config: &Config,
        options: &Options,
    ) -> Result<Self, Error> {
        let ports = config.ports;
        let (files, writers) = create_egresses(options, ports)?;
        let mut replay = Self {
            ports,
            max_frame_bytes: config.max_frame_bytes,
            clock_mhz: options.clock_mhz,
            egress_fcs: options.egress_fcs,
            stations,
            skipped: capture.skipped,
            padded: 0,
            fcs_added: 0,
            total_beats: 0,
            unsent: 0,
            sent: Vec::with_capacity(capture.frames.len()),
            order: vec![Vec::new(); ports],
            handed: vec![0; ports],
            begun: vec![0; ports],
            cursor: vec![0; ports * ports],
            writers,
            files,
            left: vec![(0, 0); ports],
            violations: Violations::default(),
        };
        let mut schedule = Schedule::new(options, config);
        for mut captured in capture.frames {
            let poisoned_in =
                captured.has_fcs && frame::verdict(&captured.bytes) == Verdict::Stomped;
            if !captured.has_fcs {
                replay.padded += u64::from(frame::seal(&mut captured.bytes));
                replay.fcs_added += 1;
            }
            let bytes = captured.bytes;
            let (Some(source), Some(destination)) =
                (frame::source(&bytes), frame::destination(&bytes))
            else {
                continue;
            };
            let ingress = replay.stations.port[&source];
            let beats = frame::beats(bytes.len(), config.beat_bytes()) as u64;
            replay.total_beats += beats;
            replay.order[ingress].push(replay.sent.len());
            replay.sent.push(Sent {
                number: captured.number,
                ingress,
                source,
                destination,
                kind: kind(destination, &bytes),
                start: schedule.place(ingress, beats, captured.nanoseconds),
                too_long: bytes.len() > config.max_frame_bytes,
                poisoned_in,
                bytes,
                begun: None,
                ended: None,
                copies: PortMask::NONE,
            });
        }
        replay.unsent = replay.sent.len();
        Ok(replay)
    }

    /// Finds the frame that `received` is a copy of, in order; or, breaking the order, an earlier one.
    fn find(&mut self, ingress: usize, egress: usize, received: &Received) -> Option<usize> {
        let order = &self.order[ingress][..self.begun[ingress]];
        let cursor = &mut self.cursor[ingress * self.ports + egress];
        let ahead = order[*cursor..]
            .iter()
            .position(|index| self.sent[*index].resembles(received));
        if let Some(ahead) = ahead {
            *cursor += ahead + 1;
            return Some(order[*cursor - 1]);
        }
        let late = order[..*cursor].iter().copied().find(|index| {
            let sent = &self.sent[*index];
            !sent.copies.has(egress) && sent.resembles(received)
        })?;
        self.violations.add(format!(
            "frame {} left at port {egress} behind a later frame from port {ingress}",
            self.sent[late].number
        ));
        Some(late)
    }

    /// Judges one copy.
    fn judge(&mut self, egress: usize, received: &Received) {
        let source = frame::source(&received.bytes);
        let ingress = source.and_then(|source| self.stations.port.get(&source).copied());
        let Some(ingress) = ingress else {
            self.violations.add(format!(
                "a frame of {} bytes from no address of the capture left at port {egress} in cycle {}",
                received.bytes.len(),
                received.first_cycle
            ));
            return;
        };
        let Some(index) = self.find(ingress, egress, received) else {
            self.violations.add(format!(
                "a frame of {} bytes left at port {egress} in cycle {} that did not enter port {ingress}, or left before",
                received.bytes.len(),
                received.first_cycle
            ));
            return;
        };
        let max = self.max_frame_bytes;
        let sent = &mut self.sent[index];
        sent.copies.set(egress);
        let number = sent.number;
        let wrong = if received.poisoned && !sent.must_be_poisoned() {
            Some("poisoned without a cause")
        } else if !received.poisoned && sent.must_be_poisoned() {
            Some("healed")
        } else if received.poisoned && frame::verdict(&received.bytes) != Verdict::Stomped {
            Some("poisoned, but its FCS is not stomped")
        } else if received.bytes.len() > max {
            Some("longer than the configuration allows")
        } else if !received.well_formed {
            Some("with holes in its byte enables")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            self.violations
                .add(format!("frame {number} left at port {egress} {wrong}"));
        }
    }

    fn report(
        self,
        engine: &dyn Engine,
        config: &Config,
        options: &Options,
        bench: &Bench,
        audit: Audit,
        started: f64,
    ) -> Report {
        let mut violations = self.violations;
        let described = audit.violations.first.len() as u64;
        violations.count += audit.violations.count - described;
        audit
            .violations
            .first
            .into_iter()
            .for_each(|description| violations.add(description));
        Report {
            config: config.name.into(),
            engine: engine.name().into(),
            pcap: options.pcap.display().to_string(),
            simulated_cycles: bench.cycle,
            cpu_seconds: measure::cpu_seconds() - started,
            captured_records: self.sent.len() as u64 + self.skipped.total(),
            skipped: self.skipped,
            sent_frames: self.sent.len() as u64,
            padded_frames: self.padded,
            fcs_added_frames: self.fcs_added,
            too_long_frames: self.sent.iter().filter(|sent| sent.too_long).count() as u64,
            poisoned_in_frames: self.sent.iter().filter(|sent| sent.poisoned_in).count() as u64,
            assignments: self
                .stations
                .listed
                .iter()
                .map(|(mac, port, frames)| Assignment {
                    mac: mac.to_string(),
                    port: *port,
                    frames: *frames,
                })
                .collect(),
            fates: audit.fates,
            copies: audit.copies,
            egresses: self
                .files
                .iter()
                .zip(&self.left)
                .enumerate()
                .map(|(port, (file, (frames, poisoned)))| EgressReport {
                    port,
                    file: file.display().to_string(),
                    frames: *frames,
                    poisoned: *poisoned,
                })
                .collect(),
            causes: Cause::ALL
                .into_iter()
                .map(|cause| (cause.name(), bench.counts.total(cause)))
                .collect(),
            violations: violations.count,
            first_violations: violations.first,
        }
    }
}

/// Creates one capture an egress, none of them in place of the one that is replayed.
fn create_egresses(
    options: &Options,
    ports: usize,
) -> Result<(Vec<PathBuf>, Vec<CaptureWriter>), Error> {
    std::fs::create_dir_all(&options.out_dir).map_err(|source| Error::File {
        action: "create",
        path: options.out_dir.clone(),
        source,
    })?;
    let files: Vec<PathBuf> = (0..ports)
        .map(|port| options.out_dir.join(format!("egress-{port:02}.pcap")))
        .collect();
    let replayed = options.pcap.canonicalize().ok();
    if replayed.is_some()
        && files
            .iter()
            .any(|file| file.canonicalize().ok() == replayed)
    {
        return Err(Error::Capture {
            path: options.pcap.clone(),
            reason: "the capture of an egress would take its place; \
                     write them to another folder"
                .into(),
        });
    }
    let writers = files
        .iter()
        .map(|file| CaptureWriter::create(file))
        .collect::<Result<_, _>>()?;
    Ok((files, writers))
}

fn kind(destination: Mac, bytes: &[u8]) -> Kind {
    if destination.is_reserved() {
        Kind::Reserved
    } else if frame::ether_type(bytes) == Some(frame::TYPE_MAC_CONTROL) {
        Kind::Control
    } else if destination.is_group() {
        Kind::Group
    } else {
        Kind::Individual
    }
}

/// Gives every frame the cycle in which it may start.
struct Schedule {
    clock_mhz: f64,
    load: f64,
    max_gap: Option<u64>,
    /// Per port, the first free cycle.
    free: Vec<u64>,
    start: u64,
    nanoseconds: Option<u64>,
}

impl Schedule {
    fn new(options: &Options, config: &Config) -> Self {
        Self {
            clock_mhz: options.clock_mhz,
            load: options.load,
            max_gap: options.max_gap,
            free: vec![0; config.ports],
            start: 0,
            nanoseconds: None,
        }
    }

    #[allow(clippy::cast_sign_loss, reason = "products of positive numbers")]
    fn place(&mut self, ingress: usize, beats: u64, nanoseconds: u64) -> u64 {
        let gap = self.max_gap.map(|max_gap| {
            let before = self.nanoseconds.replace(nanoseconds).unwrap_or(nanoseconds);
            let passed = nanoseconds.saturating_sub(before) as f64;
            ((passed * self.clock_mhz / 1_000.0).round() as u64).min(max_gap)
        });
        self.start = self.free[ingress].max(self.start + gap.unwrap_or(0));
        let taken = match gap {
            Some(_) => beats,
            None => (beats as f64 / self.load).ceil() as u64,
        };
        self.free[ingress] = self.start + taken;
        self.start
    }
}

impl Scenario for Replay {
    fn next_frame(&mut self, ingress: usize, _cycle: u64) -> Option<Planned> {
        let index = *self.order[ingress].get(self.handed[ingress])?;
        self.handed[ingress] += 1;
        let sent = &self.sent[index];
        Some(Planned {
            id: index as u64,
            start: sent.start,
            bytes: sent.bytes.clone(),
            poisoned: false,
            dest: PortMask::NONE,
        })
    }

    fn begun(&mut self, ingress: usize, id: u64, cycle: u64) {
        self.sent[id as usize].begun = Some(cycle);
        self.begun[ingress] += 1;
    }

    fn ended(&mut self, _ingress: usize, id: u64, cycle: u64) {
        self.sent[id as usize].ended = Some(cycle);
        self.unsent -= 1;
    }

    #[allow(clippy::cast_sign_loss, reason = "cycles and the clock are positive")]
    fn received(&mut self, egress: usize, received: &Received) -> Result<(), Error> {
        self.judge(egress, received);
        if received.poisoned {
            self.left[egress].1 += 1;
        } else {
            self.left[egress].0 += 1;
        }
        let bytes = match self.egress_fcs {
            EgressFcs::Keep => received.bytes.as_slice(),
            EgressFcs::Strip if received.poisoned => return Ok(()),
            EgressFcs::Strip => {
                let body = received.bytes.len().saturating_sub(frame::FCS_BYTES);
                &received.bytes[..body]
            }
        };
        let nanoseconds = (received.first_cycle as f64 * 1_000.0 / self.clock_mhz).round() as u64;
        self.writers[egress].write(nanoseconds, bytes)
    }
}

/// Where the copies of a frame must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Filtered(Cause),
    Unicast(usize),
    Flooded,
}

/// What the copies of a frame leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// Nothing.
    None,
    /// It has one copy either way, for one port or flooded, as there is only one other port.
    Flooded,
    /// It has no copy, which may all have been dropped.
    All,
}

/// Per ingress, frames in doubt.
#[derive(Clone, Copy, Debug, Default)]
struct Slack {
    flooded: u64,
    all: u64,
}

/// The books after a replay.
#[derive(Debug, Default)]
struct Audit {
    fates: Fates,
    copies: Copies,
    violations: Violations,
}

impl Audit {
    fn of(replay: &Replay, engine: &dyn Engine, settings: &Settings, counts: &Counts) -> Self {
        let ports = replay.ports;
        let lessons = Lessons::of(replay, engine, settings, counts);
        let mut audit = Self::default();
        let mut expected = Counts::new(ports);
        let mut missing = vec![0_u64; ports * ports];
        let mut slack = vec![Slack::default(); ports];
        for sent in &replay.sent {
            let (fate, doubt) = lessons.fate(sent);
            slack[sent.ingress].flooded += u64::from(doubt != Doubt::None);
            slack[sent.ingress].all += u64::from(doubt == Doubt::All);
            let mask = audit.enter(sent, fate, ports, &mut expected);
            if !sent.copies.without(mask).is_empty() {
                audit.violations.add(format!(
                    "frame {} from {} to {} left at ports {} but belongs to {}",
                    sent.number,
                    sent.source,
                    sent.destination,
                    ports_of(sent.copies),
                    ports_of(mask)
                ));
            }
            for egress in mask.without(sent.copies).ports() {
                missing[sent.ingress * ports + egress] += 1;
            }
        }
        for (pair, missing) in missing.into_iter().enumerate() {
            let (ingress, egress) = (pair / ports, pair % ports);
            let dropped = counts.dropped(ingress, egress);
            audit.copies.dropped += missing.min(dropped);
            audit.copies.unaccounted += missing.saturating_sub(dropped);
            if missing > dropped || dropped > missing + slack[ingress].all {
                audit.violations.add(format!(
                    "{missing} copies from port {ingress} to port {egress} are missing and {dropped} are counted as dropped"
                ));
            }
        }
        audit.compare(counts, &expected, &slack);
        audit
    }

    /// Books a frame; the egresses at which it must leave.
    fn enter(&mut self, sent: &Sent, fate: Fate, ports: usize, expected: &mut Counts) -> PortMask {
        let mut count = |cause| {
            expected.add(&crate::engine::Pulse {
                cause,
                ingress: sent.ingress,
                egress: None,
            });
        };
        let mask = match fate {
            Fate::Filtered(cause) => {
                count(cause);
                match cause {
                    Cause::FilteredReserved => self.fates.filtered_reserved += 1,
                    Cause::FilteredControl => self.fates.filtered_control += 1,
                    _ => self.fates.filtered_self += 1,
                }
                PortMask::NONE
            }
            Fate::Unicast(port) => {
                self.fates.unicast += 1;
                PortMask::one(port)
            }
            Fate::Flooded => {
                count(Cause::Flooded);
                if sent.kind == Kind::Group {
                    self.fates.flooded_group += 1;
                } else {
                    self.fates.flooded_unknown += 1;
                }
                PortMask::first(ports).without(PortMask::one(sent.ingress))
            }
        };
        if !mask.is_empty() {
            count(Cause::Accepted);
            if sent.too_long {
                count(Cause::TooLong);
            } else if sent.poisoned_in {
                count(Cause::PoisonedIn);
            }
        }
        self.copies.expected += mask.len() as u64;
        let arrived = (mask & sent.copies).len() as u64;
        if sent.must_be_poisoned() {
            self.copies.poisoned += arrived;
        } else {
            self.copies.delivered += arrived;
        }
        mask
    }

    /// Compares the switch's own counters with what must have happened.
    fn compare(&mut self, counts: &Counts, expected: &Counts, slack: &[Slack]) {
        for cause in Cause::ALL {
            if matches!(cause, Cause::LearnMissed | Cause::DropFull) {
                continue;
            }
            for (ingress, slack) in slack.iter().enumerate() {
                let (got, want) = (counts.at(cause, ingress), expected.at(cause, ingress));
                let slack = match cause {
                    Cause::Flooded => slack.flooded,
                    _ => slack.all,
                };
                if got.abs_diff(want) > slack {
                    self.violations.add(format!(
                        "port {ingress} counts {got} {cause}, but {want} happened"
                    ));
                }
            }
        }
    }
}

/// The ports of a mask, for people.
fn ports_of(mask: PortMask) -> String {
    let ports: Vec<String> = mask.ports().map(|port| port.to_string()).collect();
    if ports.is_empty() {
        "none".into()
    } else {
        ports.join(", ")
    }
}

/// Of the addresses that may be learned, those in sets of the table that do not hold all of theirs.
fn crowded(engine: &dyn Engine, possible: &HashMap<Mac, u64>) -> HashSet<Mac> {
    let mut sets: HashMap<usize, Vec<Mac>> = HashMap::new();
    for mac in possible.keys() {
        if let Some(set) = engine.table_set(*mac) {
            sets.entry(set).or_default().push(*mac);
        }
    }
    sets.into_values()
        .filter(|addresses| addresses.len() > TABLE_WAYS)
        .flatten()
        .collect()
}

/// When the switch can have learned, and must have learned, each address.
struct Lessons<'a> {
    replay: &'a Replay,
    /// Per port, whether its addresses are not sure to be known: they age, or some were not learned.
    unsure: Vec<bool>,
    /// Addresses that share a set of the table with more others than it holds.
    crowded: HashSet<Mac>,
    lossy: bool,
    possible: HashMap<Mac, u64>,
    certain: HashMap<Mac, u64>,
}

impl<'a> Lessons<'a> {
    fn of(replay: &'a Replay, engine: &dyn Engine, settings: &Settings, counts: &Counts) -> Self {
        let mut possible = HashMap::new();
        let mut certain = HashMap::new();
        let note = |known: &mut HashMap<Mac, u64>, mac: Mac, cycle: u64| {
            known
                .entry(mac)
                .and_modify(|first| *first = cycle.min(*first))
                .or_insert(cycle);
        };
        for sent in &replay.sent {
            let Some(ended) = sent.ended else { continue };
            if sent.source.is_group() || sent.must_be_poisoned() {
                continue;
            }
            note(&mut possible, sent.source, ended);
            if matches!(sent.kind, Kind::Group | Kind::Individual) {
                note(&mut certain, sent.source, ended);
            }
        }
        let unsure = (0..replay.ports)
            .map(|port| settings.ageing_period > 0 || counts.at(Cause::LearnMissed, port) > 0)
            .collect();
        Self {
            replay,
            unsure,
            crowded: crowded(engine, &possible),
            lossy: settings.lossy,
            possible,
            certain,
        }
    }

    /// The fate of a frame, and what remains in doubt. Where the switch may or may not have known the destination, the
    /// copies tell which it was.
    fn fate(&self, sent: &Sent) -> (Fate, Doubt) {
        match sent.kind {
            Kind::Reserved => return (Fate::Filtered(Cause::FilteredReserved), Doubt::None),
            Kind::Control => return (Fate::Filtered(Cause::FilteredControl), Doubt::None),
            Kind::Group => return (Fate::Flooded, Doubt::None),
            Kind::Individual => {}
        }
        let Some(home) = self.replay.stations.port.get(&sent.destination).copied() else {
            return (Fate::Flooded, Doubt::None);
        };
        let direct = if home == sent.ingress {
            Fate::Filtered(Cause::FilteredSelf)
        } else {
            Fate::Unicast(home)
        };
        let (begun, ended) = (sent.begun.unwrap_or(0), sent.ended.unwrap_or(u64::MAX));
        let possible = self.possible.get(&sent.destination);
        let certain = self.certain.get(&sent.destination);
        if possible.is_none_or(|taught| *taught > ended.saturating_add(SETTLE_CYCLES)) {
            return (Fate::Flooded, Doubt::None);
        }
        let sure = !self.unsure[home] && !self.crowded.contains(&sent.destination);
        if sure && certain.is_some_and(|taught| taught + SETTLE_CYCLES <= begun) {
            return (direct, Doubt::None);
        }
        if home != sent.ingress && self.replay.ports == 2 {
            return (direct, Doubt::Flooded);
        }
        let is_astray = |egress| egress != home || home == sent.ingress;
        if sent.copies.ports().any(is_astray) {
            (Fate::Flooded, Doubt::None)
        } else if sent.copies.is_empty() && self.lossy {
            (direct, Doubt::All)
        } else {
            (direct, Doubt::None)
        }
    }
}
