//! The `lightswitch` command. Results go to stdout, everything else to stderr. Exit codes: 0, 1 failed, 2 usage.

mod args;
mod ber;
mod doctor;
mod export;
mod linked;
mod lockstep;
mod output;
mod progress;
mod simulate;
mod study;
mod sweep;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Simulate(args) => simulate::run(&args),
        Command::Lockstep(args) => lockstep::run(&args),
        Command::Study(args) => study::run(&args),
        Command::Ber(args) => ber::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Doctor(args) => doctor::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

/// 2 if the user asked for something that cannot be, else 1.
fn exit_code(error: &anyhow::Error) -> u8 {
    use lightswitch_sim::Error;
    let usage = error.chain().any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(
                Error::Invalid { .. } | Error::PortOutOfRange { .. } | Error::AssignedTwice { .. }
            )
        )
    });
    if usage || error.is::<doctor::UnknownTool>() || error.is::<args::Refused>() {
        2
    } else {
        1
    }
}
