//! `xwalk rules`: what an update does to value sets and rule sets.

mod check;
pub(crate) mod inputs;
mod migrate;

use std::path::PathBuf;

use clap::Subcommand;

use crate::exit::ExitStatus;
use crate::printer::Printer;

/// What an update does to value sets and rule sets: check them, migrate them
///
/// Sets are read from CSV and xlsx (columns found by name or told), VSAC exports, AHRQ comorbidity and CCSR files, FHIR
/// ValueSets, and TOML. A line is a code, a code with its descendants (S72.0-), a range in the order of the edition's
/// own list (C00-D48), a prefix (I21.*, E11%) or a pattern (S72.?01A); lines may exclude, and be in force from and to a
/// day.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Migrate(migrate::Args),
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        Command::Check(args) => check::run(args, library, printer),
        Command::Migrate(args) => migrate::run(args, library, printer),
    }
}
