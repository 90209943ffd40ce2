//! The `xwalk` command line: parse, dispatch, exit code.
//!
//! A library with one function, so that the binary and the tests run the same program.

mod commands;
mod crosswalks;
mod diagnostics;
mod editions;
mod exit;
mod held;
mod holdings;
mod lists;
mod output;
mod printer;
mod routes;
mod tables;

use clap::{Parser, Subcommand};

use crate::exit::ExitStatus;
use crate::printer::{ColourChoice, Printer};

/// Read official medical code-set releases, tell what changed, and carry codes across
///
/// Editions are named by id (icd10cm@2026, from the library) or by the path of the official files (a file, a folder
/// or a zip), so that nothing has to be imported for a first answer.
///
/// Exit status: 0 done, 1 findings (an unknown code, a difference from the official list), 2 could not run.
#[derive(Debug, Parser)]
#[command(name = "xwalk", bin_name = "xwalk", version, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
struct Global {
    /// Folder of the library (default: xwalk in the platform's data folder)
    #[arg(long, global = true, value_name = "DIR", env = "XWALK_LIBRARY", hide_env_values = true)]
    library: Option<std::path::PathBuf>,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColourChoice,
    /// Show no progress bars
    #[arg(long, global = true)]
    no_progress: bool,
    /// Print every diagnostic instead of the first of each kind
    #[arg(long, global = true)]
    all_diagnostics: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(commands::import::Args),
    List(commands::list::Args),
    Show(commands::show::Args),
    History(commands::history::Args),
    Diff(commands::diff::Args),
    Audit(commands::audit::Args),
    Report(commands::report::Args),
    Check(commands::check::Args),
    Map(commands::map::Args),
    Rules(commands::rules::Args),
    Review(commands::review::Args),
    Remap(commands::remap::Args),
}

/// Runs the command line of this process.
pub fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    // What a damaged Parquet file makes its reader do is told as an error, once.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !xwalk_remap::parquet::is_guarded() {
            told(panic);
        }
    }));
    let printer = Printer::new(cli.global.color, cli.global.no_progress, cli.global.all_diagnostics);
    let library = cli.global.library;
    let result = match cli.command {
        Command::Import(args) => commands::import::run(&args, library, &printer),
        Command::List(args) => commands::list::run(&args, library, &printer),
        Command::Show(args) => commands::show::run(&args, library, &printer),
        Command::History(args) => commands::history::run(&args, library, &printer),
        Command::Diff(args) => commands::diff::run(&args, library, &printer),
        Command::Audit(args) => commands::audit::run(&args, library, &printer),
        Command::Report(args) => commands::report::run(&args, library, &printer),
        Command::Check(args) => commands::check::run(&args, library, &printer),
        Command::Map(args) => commands::map::run(&args, library, &printer),
        Command::Rules(args) => commands::rules::run(&args, library, &printer),
        Command::Review(args) => commands::review::run(&args, library, &printer),
        Command::Remap(args) => commands::remap::run(&args, library, &printer),
    };
    match result {
        Ok(status) => status.into(),
        Err(error) if exit::is_broken_pipe(&error) => ExitStatus::Done.into(),
        Err(error) => {
            printer.error(&error);
            ExitStatus::CouldNotRun.into()
        }
    }
}
