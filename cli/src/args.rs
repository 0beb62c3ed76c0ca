//! What users type.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{value_parser, Args, Parser, Subcommand, ValueEnum};
use lightswitch_hdl::config::Config;
use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::target::Target;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::engine::EngineKind;
use lightswitch_sim::frame::Mac;
use lightswitch_sim::optics::fault::{Fault, Kind};
use lightswitch_sim::readiness::BackPressure;
use lightswitch_sim::replay::EgressFcs;
use lightswitch_sim::traffic::{Flaws, FrameSize, Pattern, Spec};

/// Simulate, check and export the lightswitch Ethernet switch core.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run generated traffic, or a capture, through the switch or its fabric and check every copy
    Simulate(Box<SimulateArgs>),
    /// Run engines side by side and compare every output pin in every cycle
    Lockstep(LockstepArgs),
    /// Measure the simulated switches against theory and literature, and print the table
    Study(StudyArgs),
    /// Measure what a link makes of bit errors: goodput, and frames that pass damaged
    Ber(BerArgs),
    /// Print the core, a link, or both together, as Verilog
    Export(ExportArgs),
    /// Say which external tools are there, and what installs the others
    Doctor(DoctorArgs),
}

/// An option that cannot be, found out only beside others.
#[derive(Debug, thiserror::Error)]
#[error("{option}: {reason}")]
pub struct Refused {
    /// The option.
    pub option: &'static str,
    /// Why.
    pub reason: String,
}

/// What `export` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportTop {
    /// A switch, or its fabric alone.
    Core(Top),
    /// One port's optical link.
    Link,
    /// The switch with a link on every port.
    Oei,
}

/// Options of `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Configuration; 4x64, of a link 4x16 if there is none
    #[arg(long, help = export_config_help())]
    pub config: Option<String>,
    /// What to print: switch, fabric, fabric-mc, link (one port's optical link) or oei (the switch with a link on every port)
    #[arg(long, default_value = "switch", value_parser = export_top)]
    pub top: ExportTop,
    /// The cells it may use: generic, ecp5 or ice40
    #[arg(long, default_value = "generic", value_parser = target)]
    pub target: Target,
    /// Folder for the files; made if it is not there
    #[arg(long)]
    pub out: PathBuf,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// Configuration
    #[arg(long, default_value = "4x64", value_parser = sized_config, help = sized_config_help())]
    pub config: &'static Config,
    /// What to run: switch, or one of its fabrics alone: fabric (tdest is an egress index) or fabric-mc (a mask)
    #[arg(long, default_value = "switch", value_parser = top)]
    pub top: Top,
    /// Simulation engine
    #[arg(long, default_value = EngineKind::DEFAULT.name(), help = engine_help())]
    pub engine: EngineKind,
    /// Drop copies for full queues, instead of holding frames up in front of the switch
    #[arg(long)]
    pub lossy: bool,
    /// Store every frame before it is forwarded, at all pairs of ports
    #[arg(long)]
    pub store_and_forward: bool,
    /// Offered load: fraction of cycles with a beat at each ingress (incast: at egress 0), above 0 and up to 1
    #[arg(long, default_value_t = 0.9, allow_negative_numbers = true)]
    pub load: f64,
    /// Clock in MHz, for time stamps and waves, 0.001 to 100000
    #[arg(long, default_value_t = 156.25, value_parser = clock, allow_negative_numbers = true)]
    pub clock_mhz: f64,
    /// Write the stream pins to this file, .vcd or .fst
    #[arg(long, value_name = "FILE")]
    pub wave: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Options of generated traffic.
    #[command(flatten)]
    pub traffic: TrafficArgs,
    /// Options of optical links.
    #[command(flatten)]
    pub link: LinkArgs,
    /// Options of recordings.
    #[command(flatten)]
    pub stimulus: StimulusArgs,
    /// Options of many runs.
    #[command(flatten)]
    pub sweep: SweepArgs,
    /// Options of a replay.
    #[command(flatten)]
    pub replay: ReplayArgs,
}

/// Options of `simulate` for generated traffic.
#[derive(Args, Debug)]
#[command(next_help_heading = "Generated traffic")]
pub struct TrafficArgs {
    /// The pattern
    #[arg(long, default_value = "uniform", help = pattern_help(), conflicts_with = "pcap")]
    pub traffic: Pattern,
    /// Bytes of a frame: a number, imix, or LO-HI. Destination address to FCS, 64 or more; on a fabric 8 or more
    #[arg(long, default_value = "64", conflicts_with = "pcap")]
    pub frame: FrameSize,
    /// Bytes of a message: what a port sends in a round of incast, or contributes to a collective
    #[arg(long, value_name = "BYTES", default_value_t = Spec::default().message_bytes, conflicts_with = "pcap")]
    pub message: usize,
    /// Shares of malformed frames: FLAW=SHARE,... of bad-fcs, stomped, runt, fragment, too-long, bad-keep,
    /// marked (tuser)
    #[arg(
        long,
        value_name = "SHARES",
        default_value = "none",
        conflicts_with = "pcap"
    )]
    pub malformed: Flaws,
    /// Cycles in which frames are offered, or rounds start; the first tenth is not measured
    #[arg(long, default_value_t = 100_000, conflicts_with = "pcap")]
    pub cycles: u64,
    /// The same seed gives the same frames at the same cycles
    #[arg(long, default_value_t = 1, conflicts_with = "pcap")]
    pub seed: u64,
    /// Fraction of beats inside a frame that come a cycle late
    #[arg(
        long,
        value_name = "FRACTION",
        default_value_t = 0.0,
        conflicts_with = "pcap"
    )]
    pub pause: f64,
    /// Fraction of cycles in which an egress is not ready; or READY:NOT cycles, over and over, at all or with EGRESS:
    /// in front at one
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "none",
        conflicts_with = "pcap"
    )]
    pub back_pressure: BackPressure,
}

/// Options of `simulate` for optical links.
#[derive(Args, Debug)]
#[command(next_help_heading = "Optical links")]
pub struct LinkArgs {
    /// Put an optical link on every port, and hosts behind links: oei for the link that fits the configuration, or a link's name
    #[arg(long, value_name = "LINK", help = link_help(), conflicts_with_all = ["seeds", "record", "replay", "wave"])]
    pub link: Option<String>,
    /// What goes wrong, and when: KIND:port=P[,lane=L][,at=CYCLE][,for=CYCLES][,way=in|out]; may be given again
    #[arg(long = "fault", value_name = "FAULT", help = fault_help(), requires = "link")]
    pub faults: Vec<Fault>,
}

/// Options of `simulate` for recorded stimuli.
#[derive(Args, Debug)]
#[command(next_help_heading = "Recorded stimulus")]
pub struct StimulusArgs {
    /// Write the stimulus to this file, then run it
    #[arg(long, value_name = "FILE", conflicts_with = "pcap")]
    pub record: Option<PathBuf>,
    /// Run the stimulus of this file, with the configuration and the settings it was recorded for
    #[arg(long, value_name = "FILE", conflicts_with_all = FOR_PLANNED)]
    pub replay: Option<PathBuf>,
}

/// What a recording says itself, and what goes with other runs.
const FOR_PLANNED: [&str; 16] = [
    "config",
    "top",
    "lossy",
    "store_and_forward",
    "load",
    "traffic",
    "frame",
    "message",
    "malformed",
    "cycles",
    "seed",
    "pause",
    "back_pressure",
    "record",
    "seeds",
    "pcap",
];

/// Options of `simulate` for many seeds.
#[derive(Args, Debug)]
#[command(next_help_heading = "Many seeds")]
pub struct SweepArgs {
    /// Run every seed from FIRST to LAST, both included; one row a seed, with --json one object a line
    #[arg(
        long,
        value_name = "FIRST..LAST",
        value_parser = seeds,
        conflicts_with_all = ["seed", "record", "wave", "pcap"]
    )]
    pub seeds: Option<Seeds>,
    /// Runs at a time; the results are the same for any number
    #[arg(long, value_name = "COUNT", default_value = "1", requires = "seeds")]
    pub threads: NonZeroUsize,
}

/// Clocks that waves and time stamps can tell.
const LEGAL_MHZ: RangeInclusive<f64> = 0.001..=100_000.0;

/// The seeds of many runs.
pub type Seeds = RangeInclusive<u64>;

/// Options of `simulate` for captures.
#[derive(Args, Debug)]
#[command(next_help_heading = "Replay of a capture")]
pub struct ReplayArgs {
    /// Replay this pcap capture: each source address lives on a port
    #[arg(long, value_name = "FILE", requires = "out_dir")]
    pub pcap: Option<PathBuf>,
    /// Write what leaves to egress-00.pcap and so on in this folder
    #[arg(long, value_name = "DIR", requires = "pcap")]
    pub out_dir: Option<PathBuf>,
    /// Put an address on a port; may be given again. Others are dealt out in turn, as they appear
    #[arg(long, value_name = "MAC=PORT", value_parser = assignment, requires = "pcap")]
    pub assign: Vec<(Mac, usize)>,
    /// Keep the time stamps' distances between frames, up to this many cycles, instead of following the load
    #[arg(
        long,
        value_name = "CYCLES",
        requires = "pcap",
        conflicts_with = "load"
    )]
    pub max_gap: Option<u64>,
    /// Whether the captures written hold the FCS; without it they hold no poisoned frames
    #[arg(long, value_name = "WHAT", default_value = "keep", requires = "pcap")]
    pub egress_fcs: Fcs,
}

/// Options of `lockstep`.
#[derive(Args, Debug)]
pub struct LockstepArgs {
    /// Configuration
    #[arg(long, default_value = "4x64", value_parser = sized_config, help = sized_config_help())]
    pub config: &'static Config,
    /// What to run: switch, fabric or fabric-mc; without it all three
    #[arg(long, value_parser = top)]
    pub top: Option<Top>,
    /// Compare both ends of this optical link instead, of rtl and verilated if no engines are named
    #[arg(long, value_name = "LINK", value_parser = link, conflicts_with_all = ["config", "top", "replay"])]
    pub link: Option<&'static LinkConfig>,
    /// Engines to compare, two or more of rtl, verilated, model and naive; the first one says what is taken [default:
    /// rtl,model, and naive,model for a configuration that is simulated only]
    #[arg(long, value_delimiter = ',')]
    pub engines: Vec<EngineKind>,
    /// Cycles of each top, 1 or more
    #[arg(
        long,
        default_value_t = 20_000,
        value_parser = value_parser!(u64).range(1..),
        conflicts_with = "replay"
    )]
    pub cycles: u64,
    /// The same seed gives the same stimulus
    #[arg(long, default_value_t = 1, conflicts_with = "replay")]
    pub seed: u64,
    /// Folder for the waves and the replay file of a mismatch
    #[arg(long, value_name = "DIR", default_value = "lockstep")]
    pub out: PathBuf,
    /// Keep a mismatch as it was found
    #[arg(long)]
    pub no_shrink: bool,
    /// Repeat the run of a replay file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "top"])]
    pub replay: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `study`.
#[derive(Args, Debug)]
pub struct StudyArgs {
    /// Only the rows called so, or so and more behind a dash; may be given again
    #[arg(long, value_name = "ROW")]
    pub only: Vec<String>,
    /// Other port counts than those of the reference, 2 to 1024; rows whose reference holds for one count only are left out
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub ports: Vec<usize>,
    /// Slots of a run; tolerances for chance grow as it gets shorter [default: 150000, with --quick 4000]
    #[arg(long, value_name = "N")]
    pub slots: Option<u64>,
    /// Shorter runs, wider tolerances: a few seconds
    #[arg(long)]
    pub quick: bool,
    /// The same seed gives the same table, whatever the number of threads
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads [default: one a processor]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Engine for the rows about the product's fabric; one that runs a fabric
    #[arg(long, default_value = EngineKind::DEFAULT.name())]
    pub engine: EngineKind,
    /// Print one JSON object
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print the table as Markdown
    #[arg(long)]
    pub markdown: bool,
}

/// Options of `ber`.
#[derive(Args, Debug)]
pub struct BerArgs {
    /// The links, a curve each
    #[arg(long, value_name = "LINK", value_delimiter = ',', default_value = "4x16", value_parser = link)]
    pub link: Vec<&'static LinkConfig>,
    /// Bit error ratios, above 0 and up to 0.5
    #[arg(
        long,
        value_name = "RATE",
        value_delimiter = ',',
        default_value = "1e-12,1e-11,1e-10,1e-9,1e-8,1e-7,1e-6,3e-6,1e-5,3e-5,1e-4,3e-4,1e-3",
        value_parser = rate
    )]
    pub rates: Vec<f64>,
    /// Bytes of a frame, 64 to 1522; a curve each
    #[arg(
        long,
        value_name = "BYTES",
        value_delimiter = ',',
        default_value = "64,1522",
        value_parser = value_parser!(u16).range(64..=1522)
    )]
    pub frame: Vec<u16>,
    /// Frames of a point; fewer if 10 000 errors have been made
    #[arg(long, default_value_t = 1_000_000, value_parser = value_parser!(u64).range(1..))]
    pub frames: u64,
    /// Simulation engine
    #[arg(long, default_value = "verilated", help = engine_help())]
    pub engine: EngineKind,
    /// The same seed gives the same figures
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads [default: one a processor]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Write ber.json and ber.svg to this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Fail if one of these tools is missing; without a name, if any is
    #[arg(long, value_name = "TOOL", num_args = 0.., value_delimiter = ',')]
    pub require: Option<Vec<String>>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// The choices of `--egress-fcs`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Fcs {
    /// Frames as they leave
    Keep,
    /// Without the last four bytes
    Strip,
}

impl From<Fcs> for EgressFcs {
    fn from(fcs: Fcs) -> Self {
        match fcs {
            Fcs::Keep => EgressFcs::Keep,
            Fcs::Strip => EgressFcs::Strip,
        }
    }
}

fn clock(text: &str) -> Result<f64, String> {
    let clock = text.parse().ok().filter(|mhz| LEGAL_MHZ.contains(mhz));
    clock.ok_or_else(|| {
        let (least, most) = (LEGAL_MHZ.start(), LEGAL_MHZ.end());
        format!("it must be {least} to {most} MHz; waves count picoseconds")
    })
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let seeds = text
        .split_once("..")
        .and_then(|(first, last)| Some(first.parse().ok()?..=last.parse().ok()?))
        .filter(|seeds: &Seeds| !seeds.is_empty());
    seeds.ok_or_else(|| "it must be FIRST..LAST, like 1..8".into())
}

fn sized_config(text: &str) -> Result<&'static Config, String> {
    let (fewest, most) = Config::SIZED_PORTS;
    Config::sized(text).ok_or_else(|| {
        let known = no_such("configuration", Config::ALL.map(|config| config.name));
        format!(
            "{known}, or PORTSxWIDTH of {fewest} to {most} ports and 32 or 64 bits for the model"
        )
    })
}

/// The configuration called `text`, of which there are blocks.
pub fn config(text: &str) -> Result<&'static Config, String> {
    Config::named(text)
        .ok_or_else(|| no_such("configuration", Config::ALL.map(|config| config.name)))
}

/// The link called `text`.
pub fn link(text: &str) -> Result<&'static LinkConfig, String> {
    LinkConfig::named(text).ok_or_else(|| no_such("link", LinkConfig::ALL.map(|link| link.name)))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| *rate > 0.0 && *rate <= 0.5);
    rate.ok_or_else(|| "it must be a number above 0 and up to 0.5".into())
}

fn export_top(text: &str) -> Result<ExportTop, String> {
    match text {
        "link" => Ok(ExportTop::Link),
        "oei" => Ok(ExportTop::Oei),
        other => Top::named(other).map(ExportTop::Core).ok_or_else(|| {
            no_such(
                "top",
                [&Top::ALL.map(Top::name)[..], &["link", "oei"]].concat(),
            )
        }),
    }
}

fn top(text: &str) -> Result<Top, String> {
    Top::named(text).ok_or_else(|| no_such("top", Top::ALL.map(Top::name)))
}

fn target(text: &str) -> Result<Target, String> {
    Target::named(text).ok_or_else(|| no_such("target", Target::ALL.map(Target::name)))
}

fn no_such<'a>(what: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.into_iter().collect();
    format!(
        "there is no such {what}; choose one of {}",
        known.join(", ")
    )
}

fn assignment(text: &str) -> Result<(Mac, usize), String> {
    let (mac, port) = text
        .rsplit_once('=')
        .ok_or("it must be MAC=PORT, like 02:00:00:00:00:01=3")?;
    let mac = mac.parse().map_err(|error| format!("{error}"))?;
    let port = port
        .parse()
        .map_err(|_| format!("the port is `{port}`; it must be a number"))?;
    Ok((mac, port))
}

fn config_help() -> String {
    let known = Config::ALL.map(|config| (config.name, config.purpose));
    format!("Configuration: {}", explained(known))
}

fn export_config_help() -> String {
    let known = LinkConfig::ALL.map(|link| (link.name, link.purpose));
    format!("{}; of a link: {}", config_help(), explained(known))
}

fn sized_config_help() -> String {
    format!("{}; PORTSxWIDTH for others, simulated only", config_help())
}

fn pattern_help() -> String {
    let known = Pattern::ALL.map(|pattern| (pattern.name(), pattern.purpose()));
    let known = explained(known);
    format!("Pattern, to the other ports of a switch, to all ports of a fabric: {known}")
}

fn link_help() -> String {
    let known = LinkConfig::ALL.map(|link| (link.name, link.purpose));
    format!(
        "Put an optical link on every port, and one at its other end: oei for the one that fits the configuration, or {}",
        explained(known)
    )
}

fn fault_help() -> String {
    format!(
        "What goes wrong on a port's fiber: KIND:port=P[,lane=L][,at=CYCLE][,for=CYCLES][,way=in|out], cycles counted from when all \
         links are up and the fault there before if it has none, both ways and all lanes unless it says otherwise; may be given again. KIND: {}",
        explained(Kind::NAMES)
    )
}

fn engine_help() -> String {
    let known = EngineKind::ALL.map(|kind| (kind.name(), kind.purpose()));
    format!("Simulation engine: {}", explained(known))
}

/// Names, each with what it is.
fn explained<const COUNT: usize>(known: [(&str, &str); COUNT]) -> String {
    known
        .map(|(name, purpose)| format!("{name} ({purpose})"))
        .join(", ")
}
