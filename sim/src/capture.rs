//! Reads and writes captures in the pcap format, either byte order, microseconds or nanoseconds.

use std::fs::File;
use std::io::{BufReader, BufWriter, Cursor, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapPacket, PcapReader, PcapWriter};
use pcap_file::{DataLink, Endianness, PcapError, TsResolution};

use crate::frame::{self, Verdict};
use crate::Error;

/// Bytes of the header of a capture.
const HEADER_BYTES: usize = 24;
/// Longest record that capture programs write (their largest snap length).
const LONGEST_RECORD: u32 = 262_144;
/// Set in the link type when frames carry an FCS, whose length in 16-bit words stands in the upper four bits.
const FCS_PRESENT: u32 = 0x0400_0000;

/// Everything that can be used of a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// The frames, in the order of the file.
    pub frames: Vec<Captured>,
    /// Records that are no frames one could send.
    pub skipped: Skipped,
}

/// One frame of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Its number in the file, from 1.
    pub number: usize,
    /// Nanoseconds since 1970.
    pub nanoseconds: u64,
    /// Destination address to payload, and to FCS if `has_fcs`.
    pub bytes: Vec<u8>,
    /// The last four bytes are the FCS, good or stomped.
    pub has_fcs: bool,
}

/// Why records were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Skipped {
    /// Cut by the snap length of the capture.
    pub cut_by_snap_length: u64,
    /// Shorter than the 14 bytes of an Ethernet header.
    pub shorter_than_header: u64,
    /// More bytes captured than the frame had.
    pub lengths_disagree: u64,
    /// The capture says that it has FCSs, and this one is wrong.
    pub wrong_fcs: u64,
    /// The capture says that it has FCSs, and this one ends a frame of less than 64 bytes.
    pub too_short: u64,
}

impl Skipped {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.cut_by_snap_length
            + self.shorter_than_header
            + self.lengths_disagree
            + self.wrong_fcs
            + self.too_short
    }
}

impl Capture {
    /// Reads all of a capture.
    ///
    /// A frame of 64 bytes or more whose last four are its FCS, or the complement, is taken to carry it; of others, the
    /// FCS is missing.
    ///
    /// # Errors
    /// [`Error::File`] if the system refuses, [`Error::Capture`] if this is not a whole pcap capture of Ethernet frames.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let refuse = |reason: String| Error::Capture {
            path: path.into(),
            reason,
        };
        let file_error = |action, source| Error::File {
            action,
            path: path.into(),
            source,
        };
        let file = File::open(path).map_err(|source| file_error("open", source))?;
        let mut file = BufReader::new(file);
        let mut head = Vec::new();
        file.by_ref()
            .take(HEADER_BYTES as u64)
            .read_to_end(&mut head)
            .map_err(|source| file_error("read", source))?;
        check_head(&head).map_err(refuse)?;
        let mut reader = PcapReader::new(Cursor::new(head).chain(file))
            .map_err(|error| refuse(error.to_string()))?;
        let header = reader.header();
        let link = check_header(&header).map_err(refuse)?;

        let mut capture = Self::default();
        let mut number = 0;
        while let Some(record) = reader.next_raw_packet() {
            number += 1;
            let record = record.map_err(|error| match error {
                PcapError::IoError(source) if source.kind() == ErrorKind::UnexpectedEof => {
                    refuse(format!(
                        "it ends inside record {number}, or the length of that record is damaged"
                    ))
                }
                PcapError::IoError(source) => file_error("read", source),
                other => refuse(format!("record {number}: {other}")),
            })?;
            if record.incl_len > LONGEST_RECORD {
                return Err(refuse(format!(
                    "record {number} claims {} bytes; at most {LONGEST_RECORD} are possible",
                    record.incl_len
                )));
            }
            let fraction = u64::from(record.ts_frac)
                * match header.ts_resolution {
                    TsResolution::MicroSecond => 1_000,
                    TsResolution::NanoSecond => 1,
                };
            capture.add(
                number,
                u64::from(record.ts_sec) * 1_000_000_000 + fraction,
                (record.incl_len, record.orig_len),
                record.data.into_owned(),
                link & FCS_PRESENT != 0,
            );
        }
        Ok(capture)
    }

    fn add(
        &mut self,
        number: usize,
        nanoseconds: u64,
        (captured, original): (u32, u32),
        bytes: Vec<u8>,
        fcs_promised: bool,
    ) {
        let verdict = frame::verdict(&bytes);
        let is_short = bytes.len() < frame::MIN_FRAME_BYTES;
        let has_fcs = !is_short && verdict != Verdict::Bad;
        let reason = if captured < original {
            &mut self.skipped.cut_by_snap_length
        } else if captured > original {
            &mut self.skipped.lengths_disagree
        } else if bytes.len() < frame::HEADER_BYTES {
            &mut self.skipped.shorter_than_header
        } else if fcs_promised && verdict == Verdict::Bad {
            &mut self.skipped.wrong_fcs
        } else if fcs_promised && is_short {
            &mut self.skipped.too_short
        } else {
            self.frames.push(Captured {
                number,
                nanoseconds,
                bytes,
                has_fcs,
            });
            return;
        };
        *reason += 1;
    }
}

/// Says what is wrong with the first bytes of a file.
fn check_head(head: &[u8]) -> Result<(), String> {
    let Some(magic) = head.first_chunk::<4>() else {
        return Err(match head.len() {
            0 => "it is empty".into(),
            length => format!("it has only {length} bytes"),
        });
    };
    match magic {
        [0xa1, 0xb2, 0xc3, 0xd4]
        | [0xa1, 0xb2, 0x3c, 0x4d]
        | [0xd4, 0xc3, 0xb2, 0xa1]
        | [0x4d, 0x3c, 0xb2, 0xa1] => {}
        [0x0a, 0x0d, 0x0d, 0x0a] => {
            return Err("it is in the pcapng format; convert it with \
                        `editcap -F pcap IN OUT` or `tcpdump -r IN -w OUT`"
                .into());
        }
        [0x1f, 0x8b, ..] => return Err("it is compressed; unpack it with `gunzip`".into()),
        [a, b, c, d] => {
            return Err(format!(
                "it begins with the bytes {a:02x} {b:02x} {c:02x} {d:02x}, which no pcap capture does"
            ));
        }
    }
    if head.len() < HEADER_BYTES {
        return Err(format!(
            "it ends inside its header, after {} of {HEADER_BYTES} bytes",
            head.len()
        ));
    }
    Ok(())
}

/// Says what is wrong with a header; the link type with its flags, if nothing is.
fn check_header(header: &PcapHeader) -> Result<u32, String> {
    if header.version_major != 2 {
        return Err(format!(
            "its version is {}.{}; only 2.x is known",
            header.version_major, header.version_minor
        ));
    }
    let link = u32::from(header.datalink);
    let ethernet = u32::from(DataLink::ETHERNET);
    if link & 0xffff != ethernet {
        return Err(format!(
            "its link type is {}; only Ethernet ({ethernet}) can be replayed",
            link & 0xffff
        ));
    }
    Ok(link)
}

/// Writes a capture of Ethernet frames with nanosecond time stamps.
#[derive(Debug)]
pub struct CaptureWriter {
    path: PathBuf,
    writer: PcapWriter<BufWriter<File>>,
}

impl CaptureWriter {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// [`Error::File`] if the system refuses.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file_error = |action, source| Error::File {
            action,
            path: path.into(),
            source,
        };
        let file = File::create(path).map_err(|source| file_error("create", source))?;
        let header = PcapHeader {
            snaplen: LONGEST_RECORD,
            ts_resolution: TsResolution::NanoSecond,
            endianness: Endianness::Little,
            ..PcapHeader::default()
        };
        let writer = PcapWriter::with_header(BufWriter::new(file), header)
            .map_err(|error| file_error("write", into_io(error)))?;
        Ok(Self {
            path: path.into(),
            writer,
        })
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// [`Error::File`] if the system refuses, the frame is longer than 256 KiB, or the time beyond 2^32 seconds.
    pub fn write(&mut self, nanoseconds: u64, bytes: &[u8]) -> Result<(), Error> {
        let packet = PcapPacket::new(Duration::from_nanos(nanoseconds), bytes.len() as u32, bytes);
        self.writer
            .write_packet(&packet)
            .map(|_| ())
            .map_err(|error| Error::File {
                action: "write",
                path: self.path.clone(),
                source: into_io(error),
            })
    }

    /// Writes what is still in memory.
    ///
    /// # Errors
    /// [`Error::File`] if the system refuses.
    pub fn finish(self) -> Result<(), Error> {
        self.writer
            .into_writer()
            .flush()
            .map_err(|source| Error::File {
                action: "write",
                path: self.path,
                source,
            })
    }
}

fn into_io(error: PcapError) -> std::io::Error {
    match error {
        PcapError::IoError(source) => source,
        other => std::io::Error::new(ErrorKind::InvalidData, other.to_string()),
    }
}
