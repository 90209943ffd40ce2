//! `xwalk history`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rayon::prelude::*;
use xwalk_diff::in_order;
use xwalk_import::discover;
use xwalk_library::Library;
use xwalk_map::AnnualStep;
use xwalk_model::{Code, CodeSystem, Edition, EditionId};
use xwalk_report::Look;
use xwalk_report::history::{entries, write_csv, write_text};

use crate::editions;
use crate::exit::ExitStatus;
use crate::holdings::Holdings;
use crate::output::{Format, OutputArgs};
use crate::printer::Printer;

/// Follow codes through all editions: added, revised, split, scope lost, deleted, reinstated
///
/// Compares the editions of the system that the library holds, or those in a folder of official releases, in the order
/// in which they came into effect.
///
/// Example: xwalk history fixtures/icd10cm B88.0
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Code system of the library (icd10cm), or a folder of releases
    #[arg(value_name = "SYSTEM|PATH")]
    system: String,
    /// Codes
    #[arg(required = true, value_name = "CODE")]
    codes: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.output.format()?;
    let library = editions::library(library)?;
    let path = Path::new(&args.system);
    let editions = if path.exists() {
        read_releases(path, printer)?
    } else {
        read_library(args.system.parse()?, &library, printer)?
    };
    let Some(first) = editions.first() else { bail!("{} holds no edition", args.system) };
    let system = first.id().system;
    if let Some(other) = editions.iter().find(|e| e.id().system != system) {
        bail!("{} holds {} and {}; name a folder of one system", args.system, first.id(), other.id());
    }
    let refs: Vec<&Edition> = editions.iter().collect();
    let steps = steps(&editions, &Holdings::new(&library, &[], printer)?)?;
    let look = if format == Format::Text { printer.look() } else { Look { colour: false } };
    let mut all = Vec::new();
    let mut missing = 0usize;
    for text in &args.codes {
        let code = Code::parse_or_grouping(system, text);
        let events = xwalk_diff::history(&refs, &code, &|from, to, changes| {
            if let Some(step) = steps.get(&(from.id().clone(), to.id().clone())) {
                step.annotate_code(&code, changes);
            }
        });
        if events.is_empty() {
            missing += 1;
            printer.note(match Code::parse(system, text) {
                Ok(code) => format!("unknown: no edition held has {}", code.display(system)),
                Err(error) => format!("malformed: {error}"),
            });
        }
        all.extend(entries(system, &code, &events, look));
    }
    args.output.write(printer, |look, out| match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &all)?;
            writeln!(out)
        }
        Format::Csv => write_csv(&all, out),
        Format::Text => write_text(&all, look, out),
    })?;
    Ok(if missing > 0 { ExitStatus::Findings } else { ExitStatus::Done })
}

/// The steps between editions that follow each other, where an authority states successors.
fn steps(
    editions: &[Edition],
    holdings: &Holdings<'_>,
) -> anyhow::Result<BTreeMap<(EditionId, EditionId), AnnualStep>> {
    let mut ordered: Vec<&Edition> = editions.iter().collect();
    ordered.sort_by(|a, b| in_order(a, b));
    let pairs: Vec<(&Edition, &Edition)> =
        ordered.windows(2).map(|p| (p[0], p[1])).filter(|(a, b)| holdings.states(a.id(), b.id())).collect();
    pairs.par_iter().map(|(a, b)| Ok(((a.id().clone(), b.id().clone()), holdings.annual_of(a, b)?))).collect()
}

fn read_releases(path: &Path, printer: &Printer) -> anyhow::Result<Vec<Edition>> {
    let found = discover(&[path.to_owned()], None)?;
    let releases: Vec<_> = found.releases.iter().filter(|r| editions::has_edition(r)).collect();
    let bar = printer.bar(releases.len() as u64, "read");
    let read: anyhow::Result<Vec<_>> = releases
        .par_iter()
        .map(|release| {
            let imported = editions::import(release, false, printer)?;
            bar.inc(1);
            imported.edition.with_context(|| format!("{} lists no codes", release.id))
        })
        .collect();
    bar.finish_and_clear();
    read
}

fn read_library(system: CodeSystem, library: &Library, printer: &Printer) -> anyhow::Result<Vec<Edition>> {
    let ids: Vec<_> = library.list()?.into_iter().map(|m| m.id).filter(|id| id.system == system).collect();
    if ids.is_empty() {
        bail!("the library holds no edition of {}; import releases, or name a folder of them", system.name());
    }
    let bar = printer.bar(ids.len() as u64, "read");
    let read: anyhow::Result<Vec<_>> = ids
        .par_iter()
        .map(|id| {
            let stored = library.load(id).with_context(|| format!("failed to read {id}"))?;
            bar.inc(1);
            Ok(stored.edition)
        })
        .collect();
    bar.finish_and_clear();
    read
}
