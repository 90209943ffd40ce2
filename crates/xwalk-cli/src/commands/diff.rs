//! `xwalk diff`

use std::cell::OnceCell;
use std::path::PathBuf;

use xwalk_diff::in_order;
use xwalk_library::Library;
use xwalk_model::{Code, Edition, EditionId};
use xwalk_report::change_set::{Filter, View};

use crate::editions::{self, Loaded, ReadOptions};
use crate::exit::ExitStatus;
use crate::holdings::Holdings;
use crate::output::{Format, OutputArgs};
use crate::printer::Printer;

/// Tell what changed between two editions of a code system
///
/// Additions, deletions, revised titles with the changed words marked, codes that became headers, moves, notes by
/// heading and attributes. Counts are those of the authority: assignable codes and headers apart, a code that became a
/// header on both sides. The baseline is named in every form of output.
///
/// Examples:
///   xwalk diff fixtures/icd10cm/2025 fixtures/icd10cm/2026
///   xwalk diff icd10cm@2025 icd10cm@2026 --only revised
///   xwalk diff icd10cm@2025 icd10cm@2026 -o changes.json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The baseline: edition id, or path of its official files
    from: String,
    /// The edition to compare with it: edition id, or path of its official files
    to: String,
    /// Show only these kinds of changes
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = KINDS)]
    only: Vec<String>,
    /// Show the counts alone
    #[arg(long)]
    summary: bool,
    /// Editions before the baseline, to recognise codes that come back (default: those in the library)
    #[arg(long, value_name = "EDITION")]
    earlier: Vec<String>,
    /// The edition that the files of the baseline are, whatever their names tell
    #[arg(long, value_name = "EDITION")]
    from_as: Option<EditionId>,
    /// The edition that the other files are, whatever their names tell
    #[arg(long, value_name = "EDITION")]
    to_as: Option<EditionId>,
    /// Go on although records had to be left out; the counts will not be right
    #[arg(long)]
    allow_errors: bool,
    /// Exit with 1 when something differs
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    output: OutputArgs,
}

const KINDS: [&str; 9] =
    ["added", "deleted", "revised", "status", "scope", "moved", "recoded", "note", "attribute"];

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.output.format()?;
    let library = editions::library(library)?;
    let read = |spec: &str, as_edition: Option<&EditionId>| {
        let options =
            ReadOptions { as_edition, allow_errors: args.allow_errors, skip_hashes: format != Format::Json };
        editions::load(spec, options, &library, printer)
    };
    let (from, to) =
        rayon::join(|| read(&args.from, args.from_as.as_ref()), || read(&args.to, args.to_as.as_ref()));
    let (from, to) = (from?, to?);
    let mut earlier = Vec::new();
    for spec in &args.earlier {
        earlier.push(read(spec, None)?.edition);
    }
    let before = EarlierCodes { library: &library, from: &from, named: earlier, stored: OnceCell::new() };
    let mut set = xwalk_diff::diff(&from.edition, &to.edition, &|code| before.holds(code))?;
    let holdings = Holdings::new(&library, &[], printer)?;
    if holdings.states(&set.from, &set.to) && in_order(&from.edition, &to.edition).is_lt() {
        holdings.annual_of(&from.edition, &to.edition)?.annotate(&mut set);
    }
    let view = View { set: &set, from: &from.edition, to: &to.edition };
    let filter = Filter { kinds: args.only.clone(), summary: args.summary };
    args.output.write(printer, |look, out| match format {
        Format::Json => view.write_json(&filter, out),
        Format::Csv => view.write_csv(&filter, out),
        Format::Text => view.write_text(&filter, look, out),
    })?;
    let differs = args.exit_code && !set.is_empty();
    // The process ends now; giving back a few hundred thousand texts one by one would only take time.
    std::mem::forget((from, to, set));
    Ok(if differs { ExitStatus::Findings } else { ExitStatus::Done })
}

/// Codes of the editions before the baseline: those named, or for a baseline of the library those in it.
struct EarlierCodes<'a> {
    library: &'a Library,
    from: &'a Loaded,
    named: Vec<Edition>,
    stored: OnceCell<Vec<(EditionId, Vec<Code>)>>,
}

impl EarlierCodes<'_> {
    fn holds(&self, code: &Code) -> Option<EditionId> {
        if !self.named.is_empty() {
            let mut held: Vec<&Edition> = self.named.iter().filter(|e| e.get(code).is_some()).collect();
            held.sort_by(|a, b| in_order(a, b));
            return held.last().map(|e| e.id().clone());
        }
        let stored = self.stored.get_or_init(|| if self.from.stored { self.read() } else { Vec::new() });
        stored.iter().find(|(_, codes)| codes.binary_search(code).is_ok()).map(|(id, _)| id.clone())
    }

    /// The codes of the editions before the baseline, newest first. An edition that cannot be read is passed over:
    /// it would only have told that a code is not quite new.
    fn read(&self) -> Vec<(EditionId, Vec<Code>)> {
        let baseline = self.from.edition.id();
        let start = self.from.edition.effective().from;
        let manifests = self.library.list().unwrap_or_default();
        manifests
            .iter()
            .rev()
            .filter(|m| m.id.system == baseline.system && m.id != *baseline && m.effective.from < start)
            .filter_map(|m| Some((m.id.clone(), self.library.codes(&m.id).ok()?)))
            .collect()
    }
}
