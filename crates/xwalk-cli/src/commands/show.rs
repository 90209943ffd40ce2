//! `xwalk show`

use std::path::PathBuf;

use xwalk_model::{Code, CodeSystem, Edition, EditionId};
use xwalk_report::concept::{Shown, write_csv};

use crate::editions::{self, ReadOptions};
use crate::exit::ExitStatus;
use crate::output::{Format, OutputArgs};
use crate::printer::Printer;

/// Show codes of an edition: titles, notes, place in the hierarchy, attributes
///
/// Codes are taken as people write them: E11.9, e119 and E119 are the same. Sections and chapters are named by their
/// own key, A00-A09 or 9. A code that the edition does not hold is said to be unknown, and the exit status is 1.
///
/// Example: xwalk show fixtures/icd10cm/2026 B88.0 B88.01
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Edition id, or path of its official files
    edition: String,
    /// Codes
    #[arg(required = true, value_name = "CODE")]
    codes: Vec<String>,
    /// The edition that the files are, whatever their names tell
    #[arg(long = "as", value_name = "EDITION")]
    as_edition: Option<EditionId>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.output.format()?;
    let library = editions::library(library)?;
    let options =
        ReadOptions { as_edition: args.as_edition.as_ref(), allow_errors: false, skip_hashes: true };
    let loaded = editions::load(&args.edition, options, &library, printer)?;
    let edition = &loaded.edition;
    let mut shown = Vec::new();
    let mut missing = 0usize;
    for text in &args.codes {
        match edition.get(&Code::parse_or_grouping(edition.id().system, text)) {
            Some(concept) => shown.push(Shown::new(edition, concept)),
            None => {
                missing += 1;
                printer.note(why_not(edition, text));
            }
        }
    }
    args.output.write(printer, |look, out| match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &shown)?;
            writeln!(out)
        }
        Format::Csv => write_csv(&shown, out),
        Format::Text => shown.iter().try_for_each(|s| s.write_text(look, out)),
    })?;
    Ok(if missing > 0 { ExitStatus::Findings } else { ExitStatus::Done })
}

/// Why a text is not a code of the edition, and what comes nearest.
fn why_not(edition: &Edition, text: &str) -> String {
    let system: CodeSystem = edition.id().system;
    match Code::parse(system, text) {
        Err(error) => format!("malformed: {error}"),
        Ok(code) => {
            let nearest = (1..code.as_str().len())
                .rev()
                .find_map(|end| edition.get(&Code::from_official(&code.as_str()[..end])));
            let hint = nearest
                .map_or(String::new(), |c| format!("; the nearest above is {} {}", c.display(), c.title()));
            format!("unknown: {} is not in {}{hint}", code.display(system), edition.id())
        }
    }
}
