//! Writes the stream pins of a switch as waves, VCD or FST, while it is simulated.
//!
//! Signals are named as on the exported top: `s00_axis_tdata` and so on, and `rst`. One step a cycle, in picoseconds at
//! the clock given. Data, byte enables, marks and destinations are unknown (`x`) while `tvalid` is low. [`Engine::reset`]
//! is one step; the cycles in which the switch gets ready after it are not shown.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use fst_writer::{
    FstBodyWriter, FstFileType, FstInfo, FstScopeType, FstSignalId, FstSignalType, FstVarDirection,
    FstVarType,
};
use lightswitch_hdl::tops::Top;
use vcd::{IdCode, TimescaleUnit, Value, VarType};

use crate::beat::{Beat, BEAT_EGRESSES};
use crate::engine::{Engine, Outcome, Settings, TableRequest};
use crate::frame::Mac;
use crate::port_mask::PortMask;
use crate::Error;

/// Bytes of waves that are kept in memory before they are written to an FST file.
const FST_BUFFER_BYTES: usize = if cfg!(test) { 1 << 12 } else { 64 << 20 };
/// Pins of a stream in the order of their signals.
const PINS: usize = 6;

/// An engine whose pins are written to a file. It behaves as the engine inside.
pub struct Tapped {
    inner: Box<dyn Engine>,
    path: PathBuf,
    clock_mhz: f64,
    /// The file, from the first step on.
    wave: Option<Wave>,
    /// The `rst` pin.
    reset: bool,
    /// Per ingress, what `tdest` says of the egresses from 64 on.
    dest_above: Vec<PortMask>,
}

impl Tapped {
    /// Taps `engine`; the format follows from the ending of `path`, `.vcd` or `.fst`. The file is created, or emptied, once
    /// the engine is reset or runs: then [`Error::Wave`] if it cannot be.
    ///
    /// # Errors
    /// [`Error::Wave`] if the ending is another, [`Error::Invalid`] for the clock.
    pub fn new(engine: Box<dyn Engine>, path: &Path, clock_mhz: f64) -> Result<Self, Error> {
        if !(0.001..=1e5).contains(&clock_mhz) {
            return Err(Error::invalid(
                "the clock",
                clock_mhz,
                "0.001 to 100000 MHz for waves, which count picoseconds",
            ));
        }
        Ending::of(path)?;
        Ok(Self {
            dest_above: vec![PortMask::NONE; engine.ports()],
            inner: engine,
            path: path.into(),
            clock_mhz,
            wave: None,
            reset: false,
        })
    }

    /// Completes the file, if there is one.
    ///
    /// # Errors
    /// [`Error::Wave`] if the file cannot be written.
    pub fn finish(self) -> Result<(), Error> {
        self.wave.map_or(Ok(()), Wave::finish)
    }

    fn wave(&mut self) -> Result<&mut Wave, Error> {
        match self.wave {
            Some(ref mut wave) => Ok(wave),
            None => Ok(self.wave.insert(Wave::create(
                &self.path,
                Shape::of(self.inner.as_ref()),
                self.clock_mhz,
            )?)),
        }
    }
}

impl Engine for Tapped {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn ports(&self) -> usize {
        self.inner.ports()
    }

    fn beat_bytes(&self) -> usize {
        self.inner.beat_bytes()
    }

    fn top(&self) -> Top {
        self.inner.top()
    }

    fn table_set(&self, address: Mac) -> Option<usize> {
        self.inner.table_set(address)
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.inner.reset()?;
        self.reset = false;
        self.wave()?.reset()
    }

    fn set_reset(&mut self, high: bool) {
        self.reset = high;
        self.inner.set_reset(high);
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), Error> {
        self.inner.configure(settings)
    }

    fn request(&mut self, request: Option<TableRequest>) {
        self.inner.request(request);
    }

    fn set_dest_above(&mut self, ingress: usize, egresses: &PortMask) {
        self.dest_above[ingress] = egresses.starting_at(BEAT_EGRESSES);
        self.inner.set_dest_above(ingress, egresses);
    }

    fn tap(&mut self, on: bool) {
        self.inner.tap(on);
    }

    fn pins(&self) -> &[u64] {
        self.inner.pins()
    }

    fn cycle(
        &mut self,
        offered: &[Option<Beat>],
        egress_ready: &[bool],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        self.inner.cycle(offered, egress_ready, outcome)?;
        self.wave()?;
        let wave = self.wave.as_mut().expect("the line before makes one");
        let dest_above = &self.dest_above;
        wave.write(self.reset, offered, dest_above, egress_ready, outcome)
    }
}

/// What decides on the signals there are.
#[derive(Clone, Copy)]
struct Shape {
    ports: usize,
    beat_bytes: usize,
    /// Bits of `tdest`, 0 for none.
    dest_bits: usize,
}

impl Shape {
    fn of(engine: &dyn Engine) -> Self {
        let ports = engine.ports();
        Self {
            ports,
            beat_bytes: engine.beat_bytes(),
            dest_bits: match engine.top() {
                Top::Switch => 0,
                Top::Fabric => ports.next_power_of_two().trailing_zeros() as usize + 1,
                Top::FabricMc => ports,
            },
        }
    }
}

/// The formats, by the ending of a file's name.
#[derive(Clone, Copy)]
enum Ending {
    Vcd,
    Fst,
}

impl Ending {
    fn of(path: &Path) -> Result<Self, Error> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("vcd") => Ok(Self::Vcd),
            Some("fst") => Ok(Self::Fst),
            _ => Err(Error::Wave {
                path: path.into(),
                reason: "its name must end in .vcd or .fst".into(),
            }),
        }
    }
}

/// A wave file being written.
struct Wave {
    path: PathBuf,
    format: Format,
    shape: Shape,
    clock_mhz: f64,
    step: u64,
    /// What each signal was last, highest bit first, in characters.
    last: Vec<Vec<u8>>,
}

enum Format {
    Vcd(vcd::Writer<BufWriter<File>>, Vec<IdCode>),
    Fst(Box<FstBodyWriter<BufWriter<File>>>, Vec<FstSignalId>),
}

impl Wave {
    fn create(path: &Path, shape: Shape, clock_mhz: f64) -> Result<Self, Error> {
        let signals = signals(shape);
        let fail = |reason: String| Error::Wave {
            path: path.into(),
            reason,
        };
        let format = match Ending::of(path)? {
            Ending::Vcd => vcd_header(path, &signals).map_err(|error| fail(error.to_string()))?,
            Ending::Fst => fst_header(path, &signals).map_err(|error| fail(chain(&error)))?,
        };
        Ok(Self {
            path: path.into(),
            format,
            shape,
            clock_mhz,
            step: 0,
            last: vec![Vec::new(); signals.len()],
        })
    }

    fn reset(&mut self) -> Result<(), Error> {
        let ports = self.shape.ports;
        let (offered, dest_above) = (vec![None; ports], vec![PortMask::NONE; ports]);
        let (ready, nothing) = (vec![false; ports], Outcome::new(ports));
        self.write(true, &offered, &dest_above, &ready, &nothing)
    }

    fn write(
        &mut self,
        reset: bool,
        offered: &[Option<Beat>],
        dest_above: &[PortMask],
        egress_ready: &[bool],
        outcome: &Outcome,
    ) -> Result<(), Error> {
        self.time()?;
        self.change(0, &[bit(reset)])?;
        let ingress = offered.iter().zip(&outcome.ingress_ready);
        let egress = outcome.egress.iter().zip(egress_ready);
        for (stream, (beat, ready)) in ingress.chain(egress).enumerate() {
            self.stream(1 + stream * PINS, beat.as_ref(), *ready)?;
        }
        if self.shape.dest_bits > 0 {
            for (port, (beat, above)) in offered.iter().zip(dest_above).enumerate() {
                let dest = beat.map(|beat| PortMask::from(beat.dest) | *above);
                let dest: Vec<u8> = (0..self.shape.dest_bits)
                    .rev()
                    .map(|index| dest.map_or(b'x', |dest| bit(dest.has(index))))
                    .collect();
                self.change(1 + 2 * self.shape.ports * PINS + port, &dest)?;
            }
        }
        self.step += 1;
        Ok(())
    }

    fn stream(&mut self, first: usize, beat: Option<&Beat>, ready: bool) -> Result<(), Error> {
        let bytes = self.shape.beat_bytes;
        let mut data = vec![b'x'; 8 * bytes];
        let keep = bits(beat.map(|beat| u64::from(beat.keep)), bytes);
        let mut marks = [b'x'; 2];
        if let Some(beat) = beat {
            for (index, character) in data.iter_mut().rev().enumerate() {
                *character = bit(beat.data[index / 8] >> (index % 8) & 1 == 1);
            }
            marks = [bit(beat.last), bit(beat.user)];
        }
        self.change(first, &data)?;
        self.change(first + 1, &keep)?;
        self.change(first + 2, &[bit(beat.is_some())])?;
        self.change(first + 3, &[bit(ready)])?;
        self.change(first + 4, &marks[..1])?;
        self.change(first + 5, &marks[1..])
    }

    /// Moves the file's time to the current step.
    #[allow(clippy::cast_sign_loss, reason = "steps and the clock are positive")]
    fn time(&mut self) -> Result<(), Error> {
        let picoseconds = (self.step as f64 * 1e6 / self.clock_mhz).round() as u64;
        let written = match &mut self.format {
            Format::Vcd(writer, _) => writer
                .timestamp(picoseconds)
                .map_err(|error| error.to_string()),
            Format::Fst(writer, _) => {
                let flushed = if writer.size() > FST_BUFFER_BYTES {
                    writer.flush()
                } else {
                    Ok(())
                };
                flushed
                    .and_then(|()| writer.time_change(picoseconds))
                    .map_err(|error| chain(&error))
            }
        };
        written.map_err(|reason| self.fail(reason))
    }

    /// Writes the value of a signal if it is a new one.
    fn change(&mut self, signal: usize, value: &[u8]) -> Result<(), Error> {
        if self.last[signal] == value {
            return Ok(());
        }
        self.last[signal].clear();
        self.last[signal].extend_from_slice(value);
        let written = match &mut self.format {
            Format::Vcd(writer, ids) if value.len() == 1 => writer
                .change_scalar(ids[signal], vcd_value(value[0]))
                .map_err(|error| error.to_string()),
            Format::Vcd(writer, ids) => writer
                .change_vector(ids[signal], value.iter().map(|bit| vcd_value(*bit)))
                .map_err(|error| error.to_string()),
            Format::Fst(writer, ids) => writer
                .signal_change(ids[signal], value)
                .map_err(|error| chain(&error)),
        };
        written.map_err(|reason| self.fail(reason))
    }

    fn finish(mut self) -> Result<(), Error> {
        self.time()?;
        let path = self.path;
        let flushed = match self.format {
            Format::Vcd(mut writer, _) => writer.flush().map_err(|error| error.to_string()),
            Format::Fst(writer, _) => writer
                .finish()
                .map_err(|error| chain(&error))
                .and_then(|mut file| file.flush().map_err(|error| error.to_string())),
        };
        flushed.map_err(|reason| Error::Wave { path, reason })
    }

    fn fail(&self, reason: String) -> Error {
        Error::Wave {
            path: self.path.clone(),
            reason,
        }
    }
}

fn bit(value: bool) -> u8 {
    if value {
        b'1'
    } else {
        b'0'
    }
}

/// A value's bits, the highest first; unknown without one.
fn bits(value: Option<u64>, width: usize) -> Vec<u8> {
    (0..width)
        .rev()
        .map(|index| value.map_or(b'x', |value| bit(value >> index & 1 == 1)))
        .collect()
}

fn vcd_value(character: u8) -> Value {
    match character {
        b'0' => Value::V0,
        b'1' => Value::V1,
        _ => Value::X,
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// Names and widths: `rst`, the ingress streams, the egress streams, the destinations at the ingresses.
fn signals(shape: Shape) -> Vec<(String, u32)> {
    let width = shape.beat_bytes as u32;
    let mut signals = vec![("rst".into(), 1)];
    for side in ['s', 'm'] {
        for port in 0..shape.ports {
            for (pin, width) in [
                ("tdata", 8 * width),
                ("tkeep", width),
                ("tvalid", 1),
                ("tready", 1),
                ("tlast", 1),
                ("tuser", 1),
            ] {
                signals.push((format!("{side}{port:02}_axis_{pin}"), width));
            }
        }
    }
    if shape.dest_bits > 0 {
        for port in 0..shape.ports {
            signals.push((format!("s{port:02}_axis_tdest"), shape.dest_bits as u32));
        }
    }
    signals
}

fn vcd_header(path: &Path, signals: &[(String, u32)]) -> std::io::Result<Format> {
    let mut writer = vcd::Writer::new(BufWriter::new(File::create(path)?));
    writer.timescale(1, TimescaleUnit::PS)?;
    writer.add_module("lightswitch")?;
    let ids = signals
        .iter()
        .map(|(name, width)| {
            let range =
                (*width > 1).then(|| vcd::ReferenceIndex::Range(width.cast_signed() - 1, 0));
            writer.add_var(VarType::Wire, *width, name, range)
        })
        .collect::<Result<_, _>>()?;
    writer.upscope()?;
    writer.enddefinitions()?;
    Ok(Format::Vcd(writer, ids))
}

fn fst_header(path: &Path, signals: &[(String, u32)]) -> fst_writer::Result<Format> {
    let info = FstInfo {
        start_time: 0,
        timescale_exponent: -12,
        version: concat!("lightswitch ", env!("CARGO_PKG_VERSION")).into(),
        date: String::new(),
        file_type: FstFileType::Verilog,
    };
    let mut writer = fst_writer::open_fst(path, &info)?;
    writer.scope("lightswitch", "lightswitch", FstScopeType::Module)?;
    let ids = signals
        .iter()
        .map(|(name, width)| {
            let name = if *width > 1 {
                format!("{name} [{}:0]", width - 1)
            } else {
                name.clone()
            };
            let kind = FstSignalType::bit_vec(*width);
            writer.var(
                name,
                kind,
                FstVarType::Wire,
                FstVarDirection::Implicit,
                None,
            )
        })
        .collect::<Result<_, _>>()?;
    writer.up_scope()?;
    Ok(Format::Fst(Box::new(writer.finish()?), ids))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use lightswitch_hdl::config::Config;

    use super::*;
    use crate::engine::{self, EngineKind, Settings};
    use crate::frame;
    use crate::traffic::Stamp;

    /// The switch of these tests.
    const SHAPE: Shape = Shape {
        ports: 2,
        beat_bytes: 4,
        dest_bits: 0,
    };

    /// Picoseconds, signal, value: as read back from a file.
    type Change = (u64, String, String);

    /// Runs frames from both ports of a small switch and taps them; the pins of every step.
    fn tap(path: &Path) -> Vec<Vec<(String, String)>> {
        let config = Config::named("2x32").unwrap();
        let inner = engine::build(EngineKind::Reference, config, &Settings::default()).unwrap();
        let mut engine = Tapped::new(inner, path, 156.25).unwrap();
        let mut outcome = Outcome::new(2);
        let mut steps = Vec::new();
        let frames = [0, 1].map(|source| {
            let stamp = Stamp {
                source,
                destination: 1 - source,
                sequence: 9,
                length: 70,
            };
            stamp.frame()
        });
        engine.reset().unwrap();
        let names = signals(SHAPE);
        let mut idle = vec![("rst".to_string(), "1".to_string())];
        idle.extend(names[1..].iter().map(|(name, width)| {
            let value = if name.ends_with("valid") || name.ends_with("ready") {
                "0"
            } else {
                "x"
            };
            (name.clone(), value.repeat(*width as usize))
        }));
        steps.push(idle);
        for cycle in 0..400_usize {
            let offered = [0, 1].map(|port| {
                let index = (cycle + 5 * port) % 30;
                (index < 18).then(|| frame::beat(&frames[port], index, 4, false))
            });
            let ready = [cycle % 3 != 0, true];
            engine.cycle(&offered, &ready, &mut outcome).unwrap();
            assert_eq!(
                outcome.ingress_ready,
                [true, true],
                "the switch takes a beat a cycle"
            );
            let mut pins = vec!["0".to_string()];
            let streams = [
                (offered[0], outcome.ingress_ready[0]),
                (offered[1], outcome.ingress_ready[1]),
                (outcome.egress[0], ready[0]),
                (outcome.egress[1], ready[1]),
            ];
            for (beat, ready) in streams {
                let word = beat.map(|beat| u32::from_le_bytes(*beat.data.first_chunk().unwrap()));
                pins.push(word.map_or("x".repeat(32), |word| format!("{word:032b}")));
                pins.push(beat.map_or("xxxx".into(), |beat| format!("{:04b}", beat.keep)));
                pins.push(u8::from(beat.is_some()).to_string());
                pins.push(u8::from(ready).to_string());
                pins.push(beat.map_or("x".into(), |beat| u8::from(beat.last).to_string()));
                pins.push(beat.map_or("x".into(), |beat| u8::from(beat.user).to_string()));
            }
            let names = names.iter().map(|(name, _)| name.clone());
            steps.push(names.zip(pins).collect());
        }
        engine.finish().unwrap();
        let sent = |name: &str| {
            let valid = (format!("{name}_axis_tvalid"), "1".to_string());
            steps.iter().filter(|step| step.contains(&valid)).count()
        };
        assert!(sent("m00") > 200 && sent("m01") > 200, "frames leave");
        steps
    }

    fn compare(steps: &[Vec<(String, String)>], changes: &[Change]) {
        let mut now: HashMap<&str, &str> = HashMap::new();
        let mut changes = changes.iter().peekable();
        for (step, pins) in steps.iter().enumerate() {
            let time = step as u64 * 6_400;
            while let Some((_, name, value)) = changes.next_if(|change| change.0 <= time) {
                now.insert(name, value);
            }
            for (name, value) in pins {
                assert_eq!(
                    now.get(name.as_str()),
                    Some(&value.as_str()),
                    "{name} in step {step}"
                );
            }
        }
        assert_eq!(changes.next(), None);
    }

    #[test]
    fn a_vcd_reads_back_as_the_pins_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.vcd");
        let steps = tap(&path);
        let mut parser = vcd::Parser::new(std::io::BufReader::new(File::open(&path).unwrap()));
        let header = parser.parse_header().unwrap();
        assert_eq!(header.timescale, Some((1, TimescaleUnit::PS)));
        let names: HashMap<IdCode, (String, u32)> = signals(SHAPE)
            .into_iter()
            .map(|(name, width)| {
                let var = header.find_var(&["lightswitch", &name]).unwrap();
                assert_eq!(var.size, width);
                (var.code, (name, width))
            })
            .collect();
        let mut changes = Vec::new();
        let mut time = 0;
        for command in parser {
            match command.unwrap() {
                vcd::Command::Timestamp(now) => time = now,
                vcd::Command::ChangeScalar(id, value) => {
                    changes.push((time, names[&id].0.clone(), value.to_string()));
                }
                vcd::Command::ChangeVector(id, value) => {
                    let (name, width) = &names[&id];
                    let text: String = value.iter().map(|bit| bit.to_string()).collect();
                    let fill = if text.starts_with('x') { "x" } else { "0" };
                    let fill = fill.repeat(*width as usize - text.len());
                    changes.push((time, name.clone(), fill + &text));
                }
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(time, 401 * 6_400, "the last cycle has its length");
        compare(&steps, &changes);
    }

    #[test]
    fn an_fst_reads_back_as_the_pins_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.fst");
        let steps = tap(&path);
        let mut reader =
            fst_reader::FstReader::open(std::io::BufReader::new(File::open(&path).unwrap()))
                .unwrap();
        assert_eq!(reader.get_header().timescale_exponent, -12);
        assert_eq!(reader.get_header().end_time, 401 * 6_400);
        let mut names = HashMap::new();
        reader
            .read_hierarchy(|entry| {
                if let fst_reader::FstHierarchyEntry::Var { name, handle, .. } = entry {
                    let name = name.split(' ').next().unwrap().to_string();
                    names.insert(handle.get_index(), name);
                }
            })
            .unwrap();
        assert_eq!(names.len(), 25);
        let mut changes: Vec<Change> = Vec::new();
        reader
            .read_signals(&fst_reader::FstFilter::all(), |time, handle, value| {
                let fst_reader::FstSignalValue::String(value) = value else {
                    panic!("no reals are written")
                };
                let value = String::from_utf8(value.to_vec()).unwrap();
                changes.push((time, names[&handle.get_index()].clone(), value));
                Ok::<(), std::convert::Infallible>(())
            })
            .unwrap();
        changes.sort_by_key(|change| change.0);
        compare(&steps, &changes);
    }

    #[test]
    fn a_fabric_shows_where_its_frames_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fabric.vcd");
        let config = Config::named("2x32").unwrap();
        for (top, to_port_1) in [(Top::Fabric, "01"), (Top::FabricMc, "10")] {
            let inner =
                engine::build_top(EngineKind::Rtl, config, top, &Settings::default()).unwrap();
            let mut engine = Tapped::new(inner, &path, 100.0).unwrap();
            let stamp = Stamp {
                source: 0,
                destination: 1,
                sequence: 0,
                length: 8,
            };
            let mut beat = frame::beat(&stamp.frame_for(top), 0, 4, false);
            beat.dest = stamp.dest(top).low();
            let mut outcome = Outcome::new(2);
            for offered in [None, Some(beat)] {
                engine
                    .cycle(&[offered, None], &[true; 2], &mut outcome)
                    .unwrap();
            }
            engine.finish().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let mut names = text.lines().filter(|line| line.contains("axis_tdest"));
            let code = names.next().unwrap().split_whitespace().nth(3).unwrap();
            for value in ["xx", to_port_1] {
                assert!(
                    text.contains(&format!("b{value} {code}")),
                    "{top:?}: {text}"
                );
            }
        }
    }

    #[test]
    fn a_wide_mask_is_shown_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wide.vcd");
        let config = Config::sized("70x32").unwrap();
        let settings = Settings::default();
        let inner = engine::build_top(EngineKind::Model, config, Top::FabricMc, &settings);
        let mut engine = Tapped::new(inner.unwrap(), &path, 100.0).unwrap();
        let mask: PortMask = [0, 63, 64, 69].into_iter().collect();
        let mut beat = Beat::new(&[1; 4], true, false);
        beat.dest = mask.low();
        engine.set_dest_above(2, &mask);
        let (mut offered, mut outcome) = (vec![None; 70], Outcome::new(70));
        offered[2] = Some(beat);
        for _ in 0..9 {
            let ready = [true; 70];
            engine.cycle(&offered, &ready, &mut outcome).unwrap();
            offered[2] = None;
        }
        engine.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let value = format!("b1000011{}1", "0".repeat(62));
        assert!(text.contains(&value), "{text}");
    }

    #[test]
    fn refuses_other_endings_clocks_and_places() {
        let build = || {
            let config = Config::named("2x32").unwrap();
            engine::build(EngineKind::Reference, config, &Settings::default()).unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        for (path, clock, word) in [
            ("waves.txt", 100.0, ".vcd or .fst"),
            ("waves", 100.0, ".vcd or .fst"),
            ("waves.vcd", 0.0, "the clock"),
            ("waves.vcd", f64::NAN, "the clock"),
            ("no/such/folder/waves.vcd", 100.0, "No such file"),
            ("no/such/folder/waves.fst", 100.0, "No such file"),
        ] {
            let error = Tapped::new(build(), &folder.path().join(path), clock)
                .and_then(|mut engine| engine.reset())
                .unwrap_err()
                .to_string();
            assert!(error.contains(word), "{error}");
        }
        Tapped::new(build(), &folder.path().join("waves.vcd"), 100.0)
            .unwrap()
            .finish()
            .unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
