//! Malformed frames: what is wrong with a frame, and how often.

use std::fmt;
use std::str::FromStr;

use lightswitch_hdl::config::Config;
use lightswitch_hdl::tops::Top;

use super::{FrameSize, Stamp};
use crate::beat::{full_keep, Beat};
use crate::frame;
use crate::rng::{Probability, Rng};
use crate::Error;

/// Beats of a fragment, which the switch sees end before its first one could leave.
const FRAGMENT_BEATS: usize = 3;
/// Shortest runt that carries a stamp and an FCS, in bytes.
const SHORTEST_RUNT: usize = Stamp::end(Top::Switch) + frame::FCS_BYTES;
/// Most bytes that a frame which is too long has beyond the beats of a longest one.
const MOST_EXCESS_BYTES: usize = 64;

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its FCS is neither the right one nor stomped.
    BadFcs,
    /// Its FCS is stomped: another switch has poisoned it.
    Stomped,
    /// It is shorter than 64 bytes, and not so short that it would be dropped: 26 or more.
    Runt,
    /// It has more beats than the longest frame of the configuration.
    TooLong,
    /// The first beat behind its stamp has a hole in its byte enables.
    BadKeep,
    /// It comes poisoned: `tuser` is set on its last beat.
    Marked,
    /// It is so short that it is dropped before it leaves: three beats, without a pause between them.
    Fragment,
}

impl Flaw {
    /// Every flaw, in the order of their codes, which are 1 to 7.
    pub const ALL: [Flaw; 7] = [
        Flaw::BadFcs,
        Flaw::Stomped,
        Flaw::Runt,
        Flaw::TooLong,
        Flaw::BadKeep,
        Flaw::Marked,
        Flaw::Fragment,
    ];

    /// What users type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Flaw::BadFcs => "bad-fcs",
            Flaw::Stomped => "stomped",
            Flaw::Runt => "runt",
            Flaw::TooLong => "too-long",
            Flaw::BadKeep => "bad-keep",
            Flaw::Marked => "marked",
            Flaw::Fragment => "fragment",
        }
    }

    /// Whether `top` looks at it; a fabric knows no FCS and no shortest frame.
    #[must_use]
    pub const fn is_seen_by(self, top: Top) -> bool {
        match top {
            Top::Switch => true,
            Top::Fabric | Top::FabricMc => {
                matches!(self, Flaw::TooLong | Flaw::BadKeep | Flaw::Marked)
            }
        }
    }

    /// Lengths in bytes, shortest and longest, of a frame with this flaw, or with none.
    #[must_use]
    pub const fn lengths(flaw: Option<Self>, top: Top, config: &Config) -> (usize, usize) {
        let beat_bytes = config.beat_bytes();
        match flaw {
            Some(Flaw::Runt) => (SHORTEST_RUNT, frame::MIN_FRAME_BYTES - 1),
            Some(Flaw::Fragment) => {
                let longest = FRAGMENT_BEATS * beat_bytes;
                (longest + 1 - beat_bytes, longest)
            }
            Some(Flaw::TooLong) => {
                let fits = config.max_frame_beats() * beat_bytes;
                (fits + 1, fits + MOST_EXCESS_BYTES)
            }
            Some(Flaw::BadKeep) => {
                let shortest = Self::hole(top, beat_bytes) * beat_bytes + 1;
                let least = Stamp::shortest(top);
                let low = if shortest > least { shortest } else { least };
                (low, config.max_frame_bytes)
            }
            _ => (Stamp::shortest(top), config.max_frame_bytes),
        }
    }

    /// Index of the beat with the hole of [`Flaw::BadKeep`].
    const fn hole(top: Top, beat_bytes: usize) -> usize {
        frame::beats(Stamp::end(top), beat_bytes)
    }

    /// Does to a frame's good `bytes` what the flaw says.
    #[inline]
    pub fn spoil_bytes(self, bytes: &mut [u8]) {
        match self {
            Flaw::BadFcs => {
                if let Some(last) = bytes.last_mut() {
                    *last ^= 1;
                }
            }
            Flaw::Stomped => frame::stomp(bytes),
            Flaw::Runt | Flaw::TooLong | Flaw::BadKeep | Flaw::Marked | Flaw::Fragment => {}
        }
    }

    /// Does to beat `index` of a frame what the flaw says.
    #[inline]
    pub fn spoil_beat(self, top: Top, beat_bytes: usize, index: usize, beat: &mut Beat) {
        match self {
            Flaw::Marked => beat.user = beat.last,
            Flaw::BadKeep if index == Self::hole(top, beat_bytes) => {
                beat.keep = beat.keep << 1 & full_keep(beat_bytes);
            }
            _ => {}
        }
    }
}

/// The share of frames with each flaw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flaws([f64; Flaw::ALL.len()]);

impl Flaws {
    /// The share with `flaw`.
    #[must_use]
    pub const fn share(&self, flaw: Flaw) -> f64 {
        self.0[flaw as usize]
    }

    /// The same, with another share of `flaw`.
    #[must_use]
    pub const fn with(mut self, flaw: Flaw, share: f64) -> Self {
        self.0[flaw as usize] = share;
        self
    }

    /// No frame has a flaw.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.iter().all(|share| *share == 0.0)
    }

    /// Whether the shares are such, and `top` sees these flaws in frames of the size `frame`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if not.
    pub(super) fn check(&self, top: Top, config: &Config, frame: FrameSize) -> Result<(), Error> {
        let what = "the share of malformed frames";
        let total: f64 = self.0.iter().sum();
        let is_share = |share: &f64| (0.0..=1.0).contains(share);
        if !(self.0.iter().all(is_share) && is_share(&total)) {
            return Err(Error::invalid(
                what,
                self,
                "0 to 1 for each flaw and in all",
            ));
        }
        for flaw in Flaw::ALL {
            if self.share(flaw) == 0.0 {
                continue;
            }
            if !flaw.is_seen_by(top) {
                let expected = format!(
                    "without {} for a fabric, which does not see it",
                    flaw.name()
                );
                return Err(Error::invalid(what, self, expected));
            }
            let (shortest, _) = Flaw::lengths(Some(flaw), top, config);
            if flaw == Flaw::BadKeep && frame.bounds().0 < shortest {
                let expected = format!(
                    "with frames of {shortest} bytes or more for {}",
                    flaw.name()
                );
                return Err(Error::invalid(what, self, expected));
            }
        }
        Ok(())
    }

    /// Beats of a frame on average, where good ones have `mean` on average.
    pub(super) fn mean_beats(&self, mean: f64, top: Top, config: &Config) -> f64 {
        [Flaw::Runt, Flaw::TooLong, Flaw::Fragment]
            .into_iter()
            .fold(mean, |beats, flaw| {
                let (low, high) = Flaw::lengths(Some(flaw), top, config);
                let spoiled = FrameSize::Range(low, high).mean_beats(config.beat_bytes());
                beats + self.share(flaw) * (spoiled - mean)
            })
    }
}

impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("none");
        }
        let shares = Flaw::ALL
            .into_iter()
            .filter(|flaw| self.share(*flaw) != 0.0);
        for (index, flaw) in shares.enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{}={}", flaw.name(), self.share(flaw))?;
        }
        Ok(())
    }
}

impl FromStr for Flaws {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = || {
            let known: Vec<_> = Flaw::ALL.iter().map(|flaw| flaw.name()).collect();
            let expected = format!("none, or FLAW=SHARE,... of {}", known.join(", "));
            Error::invalid("the share of malformed frames", text, expected)
        };
        if text == "none" {
            return Ok(Self::default());
        }
        text.split(',').try_fold(Self::default(), |flaws, part| {
            let (name, share) = part.split_once('=').ok_or_else(fail)?;
            let flaw = Flaw::ALL.into_iter().find(|flaw| flaw.name() == name);
            let share = share.parse().map_err(|_| fail())?;
            Ok(flaws.with(flaw.ok_or_else(fail)?, share))
        })
    }
}

/// Deals out flaws at one ingress.
#[derive(Clone, Debug)]
pub(super) struct FlawSource {
    rng: Rng,
    /// Probability of each flaw given that it is none of those before.
    chances: [Probability; Flaw::ALL.len()],
    lengths: [(usize, usize); Flaw::ALL.len()],
}

impl FlawSource {
    pub(super) fn new(flaws: &Flaws, rng: Rng, top: Top, config: &Config) -> Self {
        let mut left = 1.0;
        let chances = flaws.0.map(|share| {
            let chance = if left > 0.0 { share / left } else { 0.0 };
            left -= share;
            Probability::new(chance)
        });
        Self {
            rng,
            chances,
            lengths: Flaw::ALL.map(|flaw| Flaw::lengths(Some(flaw), top, config)),
        }
    }

    /// What is wrong with the next frame, which would be `length` bytes long, and how long it is then.
    pub(super) fn draw(&mut self, length: usize) -> (Option<Flaw>, usize) {
        for (flaw, chance) in Flaw::ALL.into_iter().zip(self.chances) {
            if chance.is_zero() || !self.rng.chance(chance) {
                continue;
            }
            let (low, high) = self.lengths[flaw as usize];
            let length = match flaw {
                Flaw::Runt | Flaw::TooLong | Flaw::Fragment => {
                    low + self.rng.below((high + 1 - low) as u32) as usize
                }
                _ => length,
            };
            return (Some(flaw), length);
        }
        (None, length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Verdict;

    fn config() -> &'static Config {
        Config::named("4x64").unwrap()
    }

    #[test]
    fn flaws_are_dealt_out_by_their_shares() {
        let flaws: Flaws = "bad-fcs=0.1,runt=0.2,too-long=0.05,marked=0.3,fragment=0.05"
            .parse()
            .unwrap();
        let mut source = FlawSource::new(&flaws, Rng::new(3, 1), Top::Switch, config());
        let mut seen = [0; Flaw::ALL.len()];
        let frames = 40_000;
        for _ in 0..frames {
            let (flaw, length) = source.draw(100);
            let (low, high) = Flaw::lengths(flaw, Top::Switch, config());
            assert!((low..=high).contains(&length), "{flaw:?} {length}");
            match flaw {
                Some(flaw) => seen[flaw as usize] += 1,
                None => assert_eq!(length, 100),
            }
        }
        for flaw in Flaw::ALL {
            let share = f64::from(seen[flaw as usize]) / f64::from(frames);
            assert!(
                (share - flaws.share(flaw)).abs() < 0.01,
                "{flaw:?}: {share}"
            );
        }
        let all = Flaws::default().with(Flaw::Stomped, 1.0);
        let mut source = FlawSource::new(&all, Rng::new(3, 1), Top::Switch, config());
        assert!((0..100).all(|_| source.draw(64).0 == Some(Flaw::Stomped)));
    }

    #[test]
    fn each_flaw_spoils_what_it_names() {
        let stamp = Stamp {
            source: 0,
            destination: 1,
            sequence: 9,
            length: 90,
        };
        for flaw in Flaw::ALL {
            let mut bytes = stamp.frame();
            flaw.spoil_bytes(&mut bytes);
            let expected = match flaw {
                Flaw::BadFcs => Verdict::Bad,
                Flaw::Stomped => Verdict::Stomped,
                _ => Verdict::Good,
            };
            assert_eq!(frame::verdict(&bytes), expected, "{flaw:?}");
            for beat_bytes in [4, 8] {
                let beats = frame::beats(bytes.len(), beat_bytes);
                let spoiled: Vec<usize> = (0..beats)
                    .filter(|index| {
                        let good = frame::beat(&bytes, *index, beat_bytes, false);
                        let mut beat = good;
                        flaw.spoil_beat(Top::Switch, beat_bytes, *index, &mut beat);
                        assert!(
                            beat == good
                                || flaw != Flaw::BadKeep
                                || !beat.is_well_formed(beat_bytes)
                        );
                        beat != good
                    })
                    .collect();
                let hole = if beat_bytes == 4 { 6 } else { 3 };
                match flaw {
                    Flaw::BadKeep => assert_eq!(spoiled, [hole]),
                    Flaw::Marked => assert_eq!(spoiled, [beats - 1]),
                    _ => assert!(spoiled.is_empty(), "{flaw:?}"),
                }
            }
        }
    }

    #[test]
    fn reads_what_it_prints() {
        for good in [
            "none",
            "bad-fcs=0.01",
            "bad-fcs=0.25,runt=0.001,bad-keep=0.5",
        ] {
            assert_eq!(good.parse::<Flaws>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "bad-fcs",
            "bad-fcs=",
            "good=0.1",
            "runt=0.1,",
            "runt=often",
        ] {
            let error = bad.parse::<Flaws>().unwrap_err().to_string();
            assert!(error.contains("FLAW=SHARE"), "{error}");
        }
    }

    #[test]
    fn refuses_shares_and_flaws_that_cannot_be() {
        let check = |text: &str, top, frame: &str| {
            let flaws: Flaws = text.parse().unwrap();
            let checked = flaws.check(top, config(), frame.parse().unwrap());
            checked.map_err(|error| error.to_string())
        };
        for bad in ["runt=-0.1", "runt=1.1", "runt=0.6,marked=0.6", "runt=NaN"] {
            let error = check(bad, Top::Switch, "64").unwrap_err();
            assert!(error.contains("0 to 1"), "{error}");
        }
        for flaw in Flaw::ALL {
            let text = format!("{}=0.5", flaw.name());
            assert_eq!(check(&text, Top::Switch, "64"), Ok(()));
            let checked = check(&text, Top::Fabric, "64");
            assert_eq!(checked.is_ok(), flaw.is_seen_by(Top::Fabric));
            if let Err(error) = checked {
                assert!(error.contains("for a fabric"), "{error}");
            }
        }
        let error = check("bad-keep=0.1", Top::FabricMc, "8-64").unwrap_err();
        assert!(error.contains("9 bytes or more"), "{error}");
    }

    #[test]
    fn the_mean_counts_runts_and_long_frames() {
        let flaws: Flaws = "runt=0.5,too-long=0.25".parse().unwrap();
        let mean = flaws.mean_beats(8.0, Top::Switch, config());
        // 26 to 63 bytes are 4 to 8 beats, 6 on average, and 1 529 to 1 592 are 195.5.
        let expected = 0.25 * 8.0 + 0.5 * 6.0 + 0.25 * 195.5;
        assert!((mean - expected).abs() < 0.01, "{mean}, not {expected}");
        assert!((Flaws::default().mean_beats(8.0, Top::Switch, config()) - 8.0).abs() < 1e-12);
    }
}
