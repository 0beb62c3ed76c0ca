//! Writes a recording.

use std::fmt::Write as _;
use std::path::Path;

use super::format::{field, mark, put_number, FIRST_LINE};
use super::Head;
use crate::frame;
use crate::readiness::Turns;
use crate::traffic::{Plan, Traffic};
use crate::Error;

/// The recording of what `head` plans.
///
/// # Errors
/// As [`Spec::check`](crate::traffic::Spec::check) and [`Settings::check`](crate::engine::Settings::check).
pub fn record(head: &Head) -> Result<Vec<u8>, Error> {
    head.settings.check(head.config)?;
    let mut traffic = Traffic::new(head.spec, head.config, head.top)?;
    let ports = head.config.ports;
    let mut bytes = lines(head).into_bytes();

    // A round at a time from every port, so that none of them runs far ahead.
    let mut ingresses: Vec<Ingress> = vec![Ingress::default(); ports];
    while ingresses.iter().any(|ingress| !ingress.is_over) {
        for (port, ingress) in ingresses.iter_mut().enumerate() {
            match traffic.next(port) {
                Some(plan) => ingress.put(&plan, head.config.beat_bytes()),
                None => ingress.is_over = true,
            }
        }
    }
    for ingress in &ingresses {
        put_number(&mut bytes, ingress.frames);
        put_number(&mut bytes, ingress.bytes.len() as u64);
        bytes.extend_from_slice(&ingress.bytes);
    }

    let spec = &head.spec;
    let turns = spec.back_pressure.turns(ports, spec.cycles, spec.seed);
    for port in 0..ports {
        let list = turns.get(port).map_or_else(Vec::new, Turns::list);
        put_number(&mut bytes, list.len() as u64);
        for cycles in list {
            put_number(&mut bytes, u64::from(cycles));
        }
    }
    let checksum = frame::fcs(&bytes);
    bytes.extend_from_slice(&checksum);
    Ok(bytes)
}

/// Writes the recording of what `head` plans to `path`.
///
/// # Errors
/// As [`record`], and [`Error::File`].
pub fn save(head: &Head, path: &Path) -> Result<(), Error> {
    let bytes = record(head)?;
    std::fs::write(path, bytes).map_err(|source| Error::File {
        action: "write",
        path: path.into(),
        source,
    })
}

/// The readable part at the front.
fn lines(head: &Head) -> String {
    let (config, settings, spec) = (head.config, &head.settings, &head.spec);
    let masks: Vec<String> = (settings.store_and_forward.iter())
        .map(|mask| format!("{mask:x}"))
        .collect();
    let masks = if masks.is_empty() {
        "none".into()
    } else {
        masks.join(",")
    };
    let lines = [
        (
            field::CONFIG,
            format!(
                "{} {} {} {} {} {}",
                config.name,
                config.ports,
                config.data_w,
                config.depth_w,
                config.table_w,
                config.max_frame_bytes
            ),
        ),
        (field::TOP, head.top.name().into()),
        (field::LOSSY, settings.lossy.to_string()),
        (field::STORE_AND_FORWARD, masks),
        (field::AGEING_PERIOD, settings.ageing_period.to_string()),
        (field::GAP_LIMIT, settings.gap_limit.to_string()),
        (field::TRAFFIC, spec.pattern.to_string()),
        (field::LOAD, spec.load.to_string()),
        (field::FRAME, spec.frame.to_string()),
        (field::MESSAGE, spec.message_bytes.to_string()),
        (field::MALFORMED, spec.flaws.to_string()),
        (field::PAUSE, spec.pause.to_string()),
        (field::BACK_PRESSURE, spec.back_pressure.to_string()),
        (field::CYCLES, spec.cycles.to_string()),
        (field::SEED, spec.seed.to_string()),
    ];
    let mut text = format!("{FIRST_LINE}\n");
    for (name, value) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name} {value}");
    }
    text
}

/// The frames of one ingress, as far as they are written.
#[derive(Clone, Debug, Default)]
struct Ingress {
    bytes: Vec<u8>,
    frames: u64,
    is_over: bool,
    /// Where the frame before ends, and what it was like.
    end: u64,
    destination: Option<usize>,
    length: Option<usize>,
}

impl Ingress {
    fn put(&mut self, plan: &Plan, beat_bytes: usize) {
        let stamp = &plan.stamp;
        let has_length = self.length.replace(stamp.length) != Some(stamp.length);
        let has_destination =
            self.destination.replace(stamp.destination) != Some(stamp.destination);
        let when = |condition, mark| if condition { mark } else { 0 };
        let flaw = plan.flaw.map_or(0, |flaw| flaw as u8 + 1);
        let bytes = &mut self.bytes;
        bytes.push(
            when(has_length, mark::LENGTH)
                | when(has_destination, mark::DESTINATION)
                | when(plan.ends_flow, mark::ENDS_FLOW)
                | when(!plan.waits.is_empty(), mark::WAITS)
                | when(!plan.gaps.is_empty(), mark::GAPS)
                | flaw << mark::FLAW_SHIFT,
        );
        put_number(bytes, plan.start - self.end);
        if has_destination {
            put_number(bytes, stamp.destination as u64);
        }
        if has_length {
            put_number(bytes, stamp.length as u64);
        }
        if !plan.waits.is_empty() {
            put_number(bytes, plan.waits.len() as u64);
            for wait in &plan.waits {
                put_number(bytes, wait.source as u64);
                put_number(bytes, u64::from(wait.frames));
            }
        }
        if !plan.gaps.is_empty() {
            put_number(bytes, plan.gaps.len() as u64);
            let mut before = 0;
            for gap in &plan.gaps {
                put_number(bytes, u64::from(gap.beat - before));
                put_number(bytes, u64::from(gap.cycles));
                before = gap.beat;
            }
        }
        self.frames += 1;
        self.end = plan.start + frame::beats(stamp.length, beat_bytes) as u64;
    }
}
