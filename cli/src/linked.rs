//! `lightswitch simulate --link`: the switch with an optical link on every port.

use anyhow::{bail, Context as _};
use lightswitch_hdl::link::LinkConfig;
use lightswitch_hdl::tops::Top;
use lightswitch_sim::optics::{Linked, LinkedReport, Parts};
use lightswitch_sim::simulate;
use lightswitch_sim::verilated::Step;

use crate::args::{self, Refused, SimulateArgs};
use crate::output;
use crate::progress::{Progress, Spinner};
use crate::simulate::{run_capture, settings, spec};

/// Runs the command for the link called `name`, or `oei` for the one that fits.
pub fn run(args: &SimulateArgs, name: &str) -> anyhow::Result<()> {
    if args.top != Top::Switch {
        let reason = format!(
            "links go with the switch: leave --top {} out",
            args.top.name()
        );
        return Err(refused(reason));
    }
    let link = chosen(args, name)?;
    let settings = settings(args);
    let parts = Parts {
        kind: args.engine,
        config: args.config,
        link,
        settings: &settings,
        faults: &args.link.faults,
        seed: args.traffic.seed,
    };
    let mut spinner = Spinner::new();
    let mut linked =
        Linked::new(&parts, &mut |step: &Step| spinner.say(step)).with_context(|| {
            format!(
                "cannot build the switch {} with links {}",
                args.config.name, link.name
            )
        })?;
    drop(spinner);
    if let (Some(pcap), Some(out_dir)) = (&args.replay.pcap, &args.replay.out_dir) {
        return run_capture(&mut linked, args, &settings, pcap, out_dir);
    }
    let spec = spec(args, args.traffic.seed);
    let mut progress = Progress::new("cycles");
    let mut say = |done, total| progress.update(done, total);
    let frames = simulate::run(&mut linked, args.config, args.lossy, &spec, &mut say)?;
    drop(progress);
    let report = LinkedReport::new(&linked, &args.link.faults, frames);
    let is_lossless = link.features.retry && link.features.credits && !args.lossy;
    if args.json {
        output::print_json(&report)?;
    } else {
        output::print(&output::linked(&report, is_lossless))?;
    }
    if !report.is_clean(is_lossless) {
        let frames = &report.frames;
        bail!(
            "switch and links broke their contract: {} lost, {} corrupted, {} out of order, {} delivered twice",
            frames.lost_frames,
            frames.corrupted_frames,
            frames.reordered_frames,
            frames.duplicated_frames,
        );
    }
    Ok(())
}

/// The link that was asked for.
fn chosen(args: &SimulateArgs, name: &str) -> anyhow::Result<&'static LinkConfig> {
    if name == "oei" {
        let data_w = args.config.data_w;
        let link = LinkConfig::for_clients(data_w);
        return link.ok_or_else(|| refused(format!("there is none for clients of {data_w} bits")));
    }
    args::link(name).map_err(refused)
}

fn refused(reason: String) -> anyhow::Error {
    let option = "--link";
    Refused { option, reason }.into()
}
