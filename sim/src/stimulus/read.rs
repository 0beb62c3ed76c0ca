//! Reads a recording. Whatever is in the file, the result is a recording that can be played, or one error that names
//! the byte; what is kept is never more than the file and a few words a port, or a pair of ports.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::table::minimum_ageing_period;
use lightswitch_hdl::tops::Top;

use super::format::{field, mark, take_number, CHECKSUM_BYTES, FIRST_LINE};
use super::{Frames, Head, Stimulus};
use crate::engine::Settings;
use crate::frame;
use crate::port_mask::PortMask;
use crate::readiness::Turns;
use crate::traffic::{Flaw, Gap, Plan, Spec, Stamp, Wait, LONGEST_GAP_CYCLES};
use crate::Error;

/// Starts of frames are below this.
const LAST_START: u64 = 1 << 56;

/// A recording that has been read and found whole.
#[derive(Clone, Debug)]
pub struct Recording {
    head: Head,
    bytes: Arc<[u8]>,
    /// Per ingress, where its frames stand, and how many there are.
    ingresses: Vec<(Range<usize>, u64)>,
    /// Per egress, where its turns stand; none where every egress is always ready.
    turns: Vec<Range<usize>>,
}

/// What is wrong with a recording, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    offset: usize,
    reason: String,
}

impl Recording {
    /// Reads the recording at `path`.
    ///
    /// # Errors
    /// [`Error::File`], and [`Error::Stimulus`] if it is not a recording, or is damaged.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let fail = |action: &'static str| {
            move |source| Error::File {
                action,
                path: path.into(),
                source,
            }
        };
        let mut file = File::open(path).map_err(fail("open"))?;
        // What is something else is not read to its end, which it may not have.
        let mut bytes = Vec::new();
        let first = FIRST_LINE.len() as u64;
        let mut start = (&mut file).take(first);
        start.read_to_end(&mut bytes).map_err(fail("read"))?;
        if bytes == FIRST_LINE.as_bytes() {
            file.read_to_end(&mut bytes).map_err(fail("read"))?;
        }
        Self::parse(bytes.into(), path)
    }

    /// Reads the recording in `bytes`, which come from `path`.
    ///
    /// # Errors
    /// [`Error::Stimulus`] if it is not a recording, or is damaged.
    pub fn parse(bytes: Arc<[u8]>, path: &Path) -> Result<Self, Error> {
        let parsed = Parser::new(&bytes).recording();
        let (head, ingresses, turns) = parsed.map_err(|fault| Error::Stimulus {
            path: path.into(),
            offset: fault.offset,
            reason: fault.reason,
        })?;
        Ok(Self {
            head,
            bytes,
            ingresses,
            turns,
        })
    }

    /// What it was made for.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Frames recorded, at all ingresses.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.ingresses.iter().map(|(_, frames)| frames).sum()
    }

    /// The stimulus, from its start.
    #[must_use]
    pub fn stimulus(&self) -> Stimulus {
        let ports = self.head.config.ports;
        let turns = |range: &Range<usize>| {
            let mut rest = &self.bytes[range.clone()];
            let turns = std::iter::from_fn(|| take_number(&mut rest)).map(|cycles| cycles as u32);
            Turns::listed(turns.collect())
        };
        Stimulus {
            turns: self.turns.iter().map(turns).collect(),
            frames: Frames::Recorded(Playback {
                bytes: Arc::clone(&self.bytes),
                top: self.head.top,
                config: self.head.config,
                cursors: (self.ingresses.iter().enumerate())
                    .map(|(ingress, (range, frames))| Cursor::new(ingress, range.start, *frames))
                    .collect(),
                sequences: vec![0; ports * ports],
            }),
        }
    }
}

/// A recording that is being played.
#[derive(Clone, Debug)]
pub(super) struct Playback {
    bytes: Arc<[u8]>,
    top: Top,
    config: &'static Config,
    cursors: Vec<Cursor>,
    sequences: Vec<u32>,
}

impl Playback {
    /// The next frame of `ingress`.
    pub(super) fn next(&mut self, ingress: usize) -> Option<Plan> {
        let cursor = &mut self.cursors[ingress];
        if cursor.left == 0 {
            return None;
        }
        let mut plan = cursor
            .plan(&self.bytes, self.config, self.top)
            .expect("every frame was read before, when the recording was");
        let pair = ingress * self.config.ports + plan.stamp.destination;
        plan.stamp.sequence = self.sequences[pair];
        self.sequences[pair] = plan.stamp.sequence.wrapping_add(1);
        Some(plan)
    }
}

/// A place among the frames of an ingress.
#[derive(Clone, Debug)]
struct Cursor {
    ingress: usize,
    offset: usize,
    /// Frames that follow.
    left: u64,
    /// Where the frame before ends, and what it was like.
    end: u64,
    destination: Option<usize>,
    length: Option<usize>,
}

impl Cursor {
    const fn new(ingress: usize, offset: usize, frames: u64) -> Self {
        Self {
            ingress,
            offset,
            left: frames,
            end: 0,
            destination: None,
            length: None,
        }
    }

    /// The next frame, its sequence left at 0.
    fn plan(&mut self, bytes: &[u8], config: &Config, top: Top) -> Result<Plan, Fault> {
        let mut parser = Parser {
            bytes,
            offset: self.offset,
        };
        let plan = self.read(&mut parser, config, top)?;
        self.offset = parser.offset;
        self.left -= 1;
        Ok(plan)
    }

    fn read(&mut self, parser: &mut Parser, config: &Config, top: Top) -> Result<Plan, Fault> {
        let begin = parser.offset;
        let fault = |reason: String| Fault {
            offset: begin,
            reason,
        };
        let marks = parser.byte("a frame's marks")?;
        let flaw = match marks >> mark::FLAW_SHIFT {
            0 => None,
            code => Some(*Flaw::ALL.get(usize::from(code) - 1).ok_or_else(|| {
                fault(format!(
                    "a frame has the flaw {code}, of 1 to {}",
                    Flaw::ALL.len()
                ))
            })?),
        };
        if let Some(flaw) = flaw.filter(|flaw| !flaw.is_seen_by(top)) {
            let name = flaw.name();
            return Err(fault(format!("a frame for a fabric has the flaw {name}")));
        }
        let pause = parser.number("a frame's start", LAST_START)?;
        let start = self.end + pause;
        if start > LAST_START {
            return Err(fault("a frame starts after cycle 2^56".into()));
        }
        if marks & mark::DESTINATION != 0 {
            let last = config.ports as u64 - 1;
            self.destination = Some(parser.number("a frame's destination", last)? as usize);
        }
        if marks & mark::LENGTH != 0 {
            self.length = Some(parser.number("a frame's length", u64::from(u32::MAX))? as usize);
        }
        let (Some(destination), Some(length)) = (self.destination, self.length) else {
            return Err(fault(
                "the first frame of a port has no destination or no length".into(),
            ));
        };
        if top == Top::Switch && destination == self.ingress {
            return Err(fault("a frame is for the port that it enters".into()));
        }
        let (shortest, longest) = Flaw::lengths(flaw, top, config);
        if !(shortest..=longest).contains(&length) {
            let flaw = flaw.map_or("no flaw", Flaw::name);
            return Err(fault(format!(
                "a frame with {flaw} has {length} bytes, not {shortest} to {longest}"
            )));
        }
        if flaw == Some(Flaw::Fragment) && marks & mark::GAPS != 0 {
            return Err(fault("a fragment has a gap".into()));
        }
        let beats = frame::beats(length, config.beat_bytes());
        self.end = start + beats as u64;
        Ok(Plan {
            start,
            stamp: Stamp {
                source: self.ingress,
                destination,
                sequence: 0,
                length,
            },
            flaw,
            ends_flow: marks & mark::ENDS_FLOW != 0,
            waits: if marks & mark::WAITS != 0 {
                parser.waits(self.ingress, config.ports)?
            } else {
                Vec::new()
            },
            gaps: if marks & mark::GAPS != 0 {
                parser.gaps(beats as u32)?
            } else {
                Vec::new()
            },
        })
    }
}

/// Bytes, and how far they are read.
struct Parser<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// What waits there are: per (source, port), the largest number of frames waited for, and where it stands.
type Waits = HashMap<(usize, usize), (u32, usize)>;

impl<'a> Parser<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    fn fault<T>(&self, reason: impl Into<String>) -> Result<T, Fault> {
        Err(Fault {
            offset: self.offset,
            reason: reason.into(),
        })
    }

    #[allow(clippy::type_complexity, reason = "the fields of a recording")]
    fn recording(mut self) -> Result<(Head, Vec<(Range<usize>, u64)>, Vec<Range<usize>>), Fault> {
        let head = self.head()?;
        let ports = head.config.ports;
        let mut ingresses = Vec::with_capacity(ports);
        let mut planned = vec![0_u64; ports * ports];
        let mut waits = Waits::new();
        for ingress in 0..ports {
            ingresses.push(self.ingress(&head, ingress, &mut planned, &mut waits)?);
        }
        for ((source, port), (frames, offset)) in waits {
            let planned = planned[source * ports + port];
            if u64::from(frames) > planned {
                return Err(Fault {
                    offset,
                    reason: format!(
                        "a frame waits for {frames} frames from port {source} to port {port}, which sends {planned}"
                    ),
                });
            }
        }
        let turns = (0..ports)
            .map(|_| self.turns())
            .collect::<Result<Vec<_>, _>>()?;
        self.checksum()?;
        let are_all_ready = turns.iter().all(Range::is_empty);
        let always = |range: &Range<usize>| range.is_empty();
        if !are_all_ready && turns.iter().any(always) {
            return self.fault("some egresses have turns and others have none");
        }
        Ok((
            head,
            ingresses,
            if are_all_ready { Vec::new() } else { turns },
        ))
    }

    /// The readable part at the front.
    fn head(&mut self) -> Result<Head, Fault> {
        let line = format!("{FIRST_LINE}\n");
        if !self.bytes.starts_with(line.as_bytes()) {
            return self.fault(format!("it does not begin with `{FIRST_LINE}`"));
        }
        self.offset = line.len();
        let config = self.config()?;
        let top: Top = self.field(field::TOP, |text| {
            Top::named(text).ok_or_else(|| "there is no such top".into())
        })?;
        let settings = self.settings(config, top)?;
        let at = self.offset;
        let spec = Spec {
            pattern: self.parsed(field::TRAFFIC)?,
            load: self.parsed(field::LOAD)?,
            frame: self.parsed(field::FRAME)?,
            message_bytes: self.parsed(field::MESSAGE)?,
            flaws: self.parsed(field::MALFORMED)?,
            pause: self.parsed(field::PAUSE)?,
            back_pressure: self.parsed(field::BACK_PRESSURE)?,
            cycles: self.parsed(field::CYCLES)?,
            seed: self.parsed(field::SEED)?,
        };
        spec.check(config, top).map_err(|error| Fault {
            offset: at,
            reason: error.to_string(),
        })?;
        if spec.cycles > LAST_START {
            return self.fault("it has more than 2^56 cycles");
        }
        Ok(Head {
            config,
            top,
            settings,
            spec,
        })
    }

    /// The configuration, which must be what this program knows under its name.
    fn config(&mut self) -> Result<&'static Config, Fault> {
        self.field(field::CONFIG, |text| {
            let mut words = text.split(' ');
            let config = words
                .next()
                .and_then(Config::sized)
                .ok_or("there is no such configuration")?;
            let known = [
                config.ports,
                config.data_w,
                config.depth_w,
                config.table_w,
                config.max_frame_bytes,
            ];
            let known = known.map(|number| number.to_string());
            if words.eq(known.iter().map(String::as_str)) {
                return Ok(config);
            }
            let known = known.join(" ");
            Err(format!("here the configuration {} is {known}", config.name))
        })
    }

    fn settings(&mut self, config: &Config, top: Top) -> Result<Settings, Fault> {
        let at = self.offset;
        let settings = Settings {
            lossy: self.parsed(field::LOSSY)?,
            store_and_forward: self.field(field::STORE_AND_FORWARD, |text| {
                if text == "none" {
                    return Ok(Vec::new());
                }
                let masks: Result<_, _> = text.split(',').map(str::parse::<PortMask>).collect();
                masks.map_err(|error| error.to_string())
            })?,
            ageing_period: self.parsed(field::AGEING_PERIOD)?,
            gap_limit: self.parsed(field::GAP_LIMIT)?,
        };
        let legal = settings.check(config).map_err(|error| error.to_string());
        let shortest = minimum_ageing_period(config.ports, config.table_w);
        let legal = match settings.ageing_period {
            period if top == Top::Switch && (1..shortest).contains(&period) => Err(format!(
                "the ageing period is {period}, not 0 or {shortest} or more"
            )),
            _ => legal,
        };
        legal.map_err(|reason| Fault { offset: at, reason })?;
        Ok(settings)
    }

    /// The line called `name`, by `FromStr`.
    fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Result<T, Fault> {
        self.field(name, |text| {
            text.parse().map_err(|error: T::Err| error.to_string())
        })
    }

    /// The line called `name`, read by `read`.
    fn field<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Fault> {
        let begin = self.offset;
        let line = self.line(name)?;
        let value = line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(' '));
        let result = match value {
            Some(value) => read(value).map_err(|reason| format!("{name} `{value}`: {reason}")),
            None => Err(format!("the line `{name}` is missing")),
        };
        result.map_err(|reason| Fault {
            offset: begin,
            reason,
        })
    }

    /// A line, without its end.
    fn line(&mut self, what: &str) -> Result<&'a str, Fault> {
        let rest = &self.bytes[self.offset..];
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            return self.fault(format!("it ends inside {what}"));
        };
        let Ok(line) = std::str::from_utf8(&rest[..length]) else {
            return self.fault(format!("{what} is not text"));
        };
        self.offset += length + 1;
        Ok(line)
    }

    /// The frames of `ingress`, which are counted in `planned`, and what they wait for in `waits`.
    fn ingress(
        &mut self,
        head: &Head,
        ingress: usize,
        planned: &mut [u64],
        waits: &mut Waits,
    ) -> Result<(Range<usize>, u64), Fault> {
        let frames = self.number("the number of frames of a port", u64::MAX)?;
        let length = self.number("the bytes of a port's frames", u64::MAX)?;
        if length > (self.bytes.len() - self.offset) as u64 {
            return self.fault(format!(
                "it ends inside the {length} bytes of port {ingress}"
            ));
        }
        let range = self.offset..self.offset + length as usize;
        let mut cursor = Cursor::new(ingress, range.start, frames);
        // Bytes of other ports are not looked at.
        let bytes = &self.bytes[..range.end];
        while cursor.left > 0 {
            let begin = cursor.offset;
            let plan = cursor.plan(bytes, head.config, head.top)?;
            planned[ingress * head.config.ports + plan.stamp.destination] += 1;
            for wait in plan.waits {
                let most = waits.entry((wait.source, ingress)).or_insert((0, begin));
                if wait.frames > most.0 {
                    *most = (wait.frames, begin);
                }
            }
        }
        self.offset = cursor.offset;
        if self.offset != range.end {
            return self.fault(format!("more bytes than frames for port {ingress}"));
        }
        Ok((range, frames))
    }

    fn waits(&mut self, ingress: usize, ports: usize) -> Result<Vec<Wait>, Fault> {
        let count = self.number("the number of a frame's waits", ports as u64)?;
        (0..count)
            .map(|_| {
                let begin = self.offset;
                let source = self.number("a port that is waited for", ports as u64 - 1)? as usize;
                if source == ingress {
                    self.offset = begin;
                    return self.fault("a frame waits for its own port");
                }
                let frames = self.number("frames that are waited for", u64::from(u32::MAX))?;
                Ok(Wait {
                    source,
                    frames: frames as u32,
                })
            })
            .collect()
    }

    fn gaps(&mut self, beats: u32) -> Result<Vec<Gap>, Fault> {
        let count = self.number("the number of a frame's gaps", u64::from(beats))?;
        let mut before = 0;
        (0..count)
            .map(|_| {
                let begin = self.offset;
                let further = self.number("the place of a gap", u64::from(beats))? as u32;
                let beat = before + further;
                if further == 0 || beat >= beats {
                    self.offset = begin;
                    return self.fault(format!("a gap is not in front of beat 1 to {}", beats - 1));
                }
                before = beat;
                let cycles = self.number("the cycles of a gap", u64::from(LONGEST_GAP_CYCLES))?;
                Ok(Gap {
                    beat,
                    cycles: cycles as u32,
                })
            })
            .collect()
    }

    /// The turns of an egress.
    fn turns(&mut self) -> Result<Range<usize>, Fault> {
        let at = self.offset;
        let count = self.number("the number of an egress's turns", u64::MAX)?;
        let begin = self.offset;
        let mut ready = 0;
        for turn in 0..count {
            let cycles = self.number("a turn of an egress", u64::from(u32::MAX))?;
            ready += if turn % 2 == 0 { cycles } else { 0 };
        }
        if count > 0 && ready == 0 {
            self.offset = at;
            return self.fault("an egress is never ready");
        }
        Ok(begin..self.offset)
    }

    fn checksum(&mut self) -> Result<(), Fault> {
        let (content, rest) = self.bytes.split_at(self.offset);
        if rest.len() != CHECKSUM_BYTES {
            let reason = format!(
                "{} bytes follow, not the {CHECKSUM_BYTES} of the checksum",
                rest.len()
            );
            return self.fault(reason);
        }
        if rest != frame::fcs(content) {
            return self.fault("the checksum does not match: the file is damaged");
        }
        Ok(())
    }

    fn byte(&mut self, what: &str) -> Result<u8, Fault> {
        let Some(byte) = self.bytes.get(self.offset) else {
            return self.fault(format!("it ends in front of {what}"));
        };
        self.offset += 1;
        Ok(*byte)
    }

    /// A number of at most `largest`.
    fn number(&mut self, what: &str, largest: u64) -> Result<u64, Fault> {
        let mut rest = &self.bytes[self.offset..];
        let before = rest.len();
        match take_number(&mut rest) {
            None if before < 10 => self.fault(format!("it ends inside {what}")),
            None => self.fault(format!("{what} is no number")),
            Some(number) if number > largest => {
                self.fault(format!("{what} is {number}, more than {largest}"))
            }
            Some(number) => {
                self.offset += before - rest.len();
                Ok(number)
            }
        }
    }
}
