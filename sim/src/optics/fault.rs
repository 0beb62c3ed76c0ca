//! What goes wrong with a link, and when: `KIND:port=P,lane=L,at=CYCLE,for=CYCLES,...`.

use std::fmt;
use std::str::FromStr;

use super::MAX_LANES;
use crate::Error;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// No light: the receiver says so, and receives noise.
    LaneLoss,
    /// No lock of clock recovery.
    LaneUnlock,
    /// The driver is broken: the sender says so, and the receiver has no light.
    Driver,
    /// The lane is stuck at 0.
    Stuck0,
    /// The lane is stuck at 1.
    Stuck1,
    /// Random bit errors, each bit with this chance.
    BitErrors(f64),
    /// The lane comes so many words of `LW` bits late.
    Skew(u8),
    /// The lane gets what was sent on this one.
    Swap(usize),
    /// The lane comes inverted.
    Polarity,
    /// The lane's clock recovery slips by a bit, once.
    Slip,
}

impl Kind {
    /// Names and what they are, for people.
    pub const NAMES: [(&'static str, &'static str); 10] = [
        ("lane-loss", "no light"),
        ("lane-unlock", "no lock of clock recovery"),
        ("driver", "a broken driver"),
        ("stuck-0", "stuck at 0"),
        ("stuck-1", "stuck at 1"),
        ("bit-errors", "each bit wrong with the chance rate=R"),
        ("skew", "words=N words late"),
        ("swap", "gets what lane with=N sends"),
        ("polarity", "inverted"),
        ("slip", "slips by a bit, once"),
    ];

    /// What users type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        let place = match self {
            Kind::LaneLoss => 0,
            Kind::LaneUnlock => 1,
            Kind::Driver => 2,
            Kind::Stuck0 => 3,
            Kind::Stuck1 => 4,
            Kind::BitErrors(_) => 5,
            Kind::Skew(_) => 6,
            Kind::Swap(_) => 7,
            Kind::Polarity => 8,
            Kind::Slip => 9,
        };
        Self::NAMES[place].0
    }
}

/// Which way a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Towards the switch.
    In,
    /// From the switch.
    Out,
    /// Both.
    Both,
}

impl Way {
    /// Whether it concerns what is sent towards the switch, or what is sent from it.
    #[must_use]
    pub const fn concerns(self, towards_switch: bool) -> bool {
        match self {
            Way::In => towards_switch,
            Way::Out => !towards_switch,
            Way::Both => true,
        }
    }
}

/// A fault on the fiber of a port.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// The port.
    pub port: usize,
    /// The physical lane; `None`: all of them.
    pub lane: Option<usize>,
    /// Which way.
    pub way: Way,
    /// When it begins: cycles since all links came up; `None`: it is there before they come up.
    pub at: Option<u64>,
    /// How long it lasts; `None`: for ever.
    pub cycles: Option<u64>,
}

impl Fault {
    /// Whether it is there in `cycle`.
    #[must_use]
    pub fn is_on(&self, cycle: u64) -> bool {
        let at = self.begin();
        cycle >= at && self.cycles.is_none_or(|cycles| cycle - at < cycles)
    }

    /// The first cycle since all links came up in which it is there.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.at.unwrap_or_default()
    }

    /// The physical lanes that it concerns, a bit each.
    #[must_use]
    pub const fn lanes(&self) -> u16 {
        match self.lane {
            Some(lane) => 1 << lane,
            None => (1 << MAX_LANES) - 1,
        }
    }

    /// Whether `ports` ports of `physical` lanes have what it names.
    ///
    /// # Errors
    /// [`Error::Invalid`] if not.
    pub fn check(&self, ports: usize, physical: usize) -> Result<(), Error> {
        let refuse = |what, value: usize, count: usize| {
            Err(Error::invalid(what, value, format!("0 to {}", count - 1)))
        };
        if self.port >= ports {
            return refuse("the port of a fault", self.port, ports);
        }
        let other = match self.kind {
            Kind::Swap(other) => Some(other),
            _ => None,
        };
        match [self.lane, other]
            .into_iter()
            .flatten()
            .find(|lane| *lane >= physical)
        {
            Some(lane) => refuse("the lane of a fault", lane, physical),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:port={}", self.kind.name(), self.port)?;
        if let Some(lane) = self.lane {
            write!(f, ",lane={lane}")?;
        }
        match self.kind {
            Kind::BitErrors(rate) => write!(f, ",rate={rate:e}")?,
            Kind::Skew(words) => write!(f, ",words={words}")?,
            Kind::Swap(with) => write!(f, ",with={with}")?,
            _ => {}
        }
        match self.way {
            Way::In => write!(f, ",way=in")?,
            Way::Out => write!(f, ",way=out")?,
            Way::Both => {}
        }
        if let Some(at) = self.at {
            write!(f, ",at={at}")?;
        }
        match self.cycles {
            Some(cycles) => write!(f, ",for={cycles}"),
            None => Ok(()),
        }
    }
}

/// What a fault's fields say, before it is known what it is.
#[derive(Default)]
struct Fields {
    port: Option<usize>,
    lane: Option<usize>,
    way: Option<Way>,
    at: Option<u64>,
    cycles: Option<u64>,
    rate: Option<f64>,
    words: Option<u8>,
    with: Option<usize>,
}

impl Fields {
    fn read(text: &str) -> Option<Self> {
        let mut fields = Self::default();
        for field in text.split(',') {
            let (name, value) = field.split_once('=')?;
            match name {
                "port" => fields.port = Some(value.parse().ok()?),
                "lane" => fields.lane = Some(value.parse().ok().filter(|lane| *lane < MAX_LANES)?),
                "at" => fields.at = Some(value.parse().ok()?),
                "for" => fields.cycles = Some(value.parse().ok().filter(|cycles| *cycles > 0)?),
                "rate" => {
                    let is_chance = |rate: &f64| *rate > 0.0 && *rate <= 0.5;
                    fields.rate = Some(value.parse().ok().filter(is_chance)?);
                }
                "words" => fields.words = Some(value.parse().ok().filter(|words| *words < 32)?),
                "with" => fields.with = Some(value.parse().ok()?),
                "way" => {
                    fields.way = Some(match value {
                        "in" => Way::In,
                        "out" => Way::Out,
                        "both" => Way::Both,
                        _ => return None,
                    });
                }
                _ => return None,
            }
        }
        Some(fields)
    }

    fn fault(self, name: &str) -> Option<Fault> {
        let kind = match name {
            "lane-loss" => Kind::LaneLoss,
            "lane-unlock" => Kind::LaneUnlock,
            "driver" => Kind::Driver,
            "stuck-0" => Kind::Stuck0,
            "stuck-1" => Kind::Stuck1,
            "bit-errors" => Kind::BitErrors(self.rate?),
            "skew" => Kind::Skew(self.words?),
            "swap" => Kind::Swap(self.with?),
            "polarity" => Kind::Polarity,
            "slip" => Kind::Slip,
            _ => return None,
        };
        let needs_lane = matches!(kind, Kind::Swap(_));
        let extras = [
            self.rate.is_some() == matches!(kind, Kind::BitErrors(_)),
            self.words.is_some() == matches!(kind, Kind::Skew(_)),
            self.with.is_some() == needs_lane,
            !needs_lane || self.lane.is_some(),
        ];
        extras.iter().all(|holds| *holds).then_some(())?;
        Some(Fault {
            kind,
            port: self.port?,
            lane: self.lane,
            way: self.way.unwrap_or(Way::Both),
            at: self.at,
            cycles: self.cycles,
        })
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let (name, fields) = text.split_once(':')?;
            Fields::read(fields)?.fault(name)
        };
        read().ok_or_else(|| {
            let known = Kind::NAMES.map(|(name, _)| name).join(", ");
            Error::invalid(
                "the fault",
                text,
                format!(
                    "KIND:port=P[,lane=L][,at=CYCLE][,for=CYCLES][,way=in|out], bit-errors with rate=R (up to 0.5), skew with \
                     words=N (up to 31), swap with lane=L and with=N; KIND is one of {known}"
                ),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in [
            "lane-loss:port=1,lane=2,at=100000",
            "lane-unlock:port=0,at=0,for=50",
            "lane-loss:port=0,for=50",
            "bit-errors:port=3,lane=0,rate=1e-6,way=in,at=7",
            "skew:port=0,lane=4,words=9,way=out,at=0",
            "swap:port=0,lane=1,with=3,at=0",
            "slip:port=0,lane=1,at=12",
            "stuck-0:port=0,lane=1,at=12",
            "stuck-1:port=0,lane=1,at=12",
            "driver:port=0,lane=1,at=12",
            "polarity:port=0",
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_fault() {
        for text in [
            "",
            "lane-loss",
            "lane-loss:",
            "lane-loss:lane=1",
            "lane-loss:port=1,lane=9",
            "lane-loss:port=1,rate=0.1",
            "bit-errors:port=1",
            "bit-errors:port=1,rate=0.6",
            "bit-errors:port=1,rate=nan",
            "skew:port=1,words=32",
            "swap:port=1,with=2",
            "lane-loss:port=1,for=0",
            "lane-loss:port=-1",
            "lane-loss:port=1,way=up",
            "lane-loss:port=1,at=1,",
            "warp:port=1",
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains("lane-loss, lane-unlock"), "{text}: {error}");
        }
        let fault: Fault = "swap:port=3,lane=1,with=5".parse().unwrap();
        assert!(fault.check(4, 6).is_ok());
        assert!(fault
            .check(3, 6)
            .unwrap_err()
            .to_string()
            .contains("0 to 2"));
        assert!(fault
            .check(4, 5)
            .unwrap_err()
            .to_string()
            .contains("0 to 4"));
    }

    #[test]
    fn is_on_from_its_beginning_to_its_end() {
        let fault: Fault = "lane-loss:port=0,at=10,for=5".parse().unwrap();
        let on: Vec<u64> = (0..30).filter(|cycle| fault.is_on(*cycle)).collect();
        assert_eq!(on, [10, 11, 12, 13, 14]);
        let fault: Fault = "lane-loss:port=0,at=10".parse().unwrap();
        assert!(!fault.is_on(9) && fault.is_on(1 << 40));
    }
}
