//! `xwalk report`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use rayon::prelude::*;
use xwalk_library::Library;
use xwalk_model::{Code, Edition, EditionId, calendar};
use xwalk_report::quiz::Quiz;
use xwalk_report::summary::{Input, Selection, Summary, TabularLists, Year, write_site};

use crate::editions;
use crate::exit::ExitStatus;
use crate::held::{self, Collection, Held};
use crate::output::OutputArgs;
use crate::printer::Printer;

/// Publish a change summary that reconciles: a page, a workbook, Markdown, JSON, a site
///
/// Headline counts with the official ones beside them and whether they agree, changes by chapter,
/// tables with the changed words marked, codes that became headers, successors, scope loss, notes
/// by heading, and the files it was made from. Successors and scope loss are those of the
/// authority's conversion table, from the folders and the library that the editions come from or
/// named with --table, else those of the crosswalks that come with the program.
///
/// With more than two editions, or a code system or folder for all of them, a file tells the last
/// step and charts the years before; a folder (-o site/) gets a page for each step.
///
/// Exit status: 0 done, 1 when an official count differs without a known cause, 2 could not run.
///
/// Examples:
///   xwalk report fixtures/icd10cm/2025 fixtures/icd10cm/2026 -o summary.html
///   xwalk report icd10cm@2025 icd10cm@2026 -o summary.xlsx --within I00-I99
///   xwalk report icd10cm -o site/
///   xwalk report icd10cm@2025 icd10cm@2026 --quiz cards.csv
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The baseline and the edition to compare with it: edition ids, or paths of official files; or a code system
    #[arg(required = true, value_name = "EDITION")]
    editions: Vec<String>,
    /// Conversion or transition table that states successors; may be given several times
    #[arg(long, value_name = "FILE")]
    table: Vec<PathBuf>,
    /// Tabular lists to compare the notes of, where the editions hold none (default: those of the same years in the
    /// library)
    #[arg(long, value_names = ["FROM", "TO"], num_args = 2)]
    notes: Vec<String>,
    /// Show only these codes, categories and ranges, with everything below them
    #[arg(long, value_name = "RANGE", value_delimiter = ',')]
    within: Vec<String>,
    /// Show only the codes of a CSV file (column `code`, or the first)
    #[arg(long, value_name = "FILE")]
    set: Vec<PathBuf>,
    /// Sort by how often codes are used: a CSV file with the columns `code` and `count`
    #[arg(long, value_name = "FILE")]
    volumes: Option<PathBuf>,
    /// Show at most so many rows in each table; with --volumes the most used
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Show counts of uses above 0 and below this only as `under N`; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 11)]
    min_cell: u64,
    /// Show licensed descriptors (CPT); your licence has to cover whoever reads the report
    #[arg(long)]
    with_licensed_text: bool,
    /// Write flash cards and questions made from the changes: .csv for Anki, .html for a page
    #[arg(long, value_name = "FILE")]
    quiz: Option<PathBuf>,
    /// Go on although records had to be left out; the counts will not be right
    #[arg(long)]
    allow_errors: bool,
    /// Form of the output (default: by the name of the output, else markdown)
    #[arg(long, value_name = "FORMAT")]
    format: Option<ReportFormat>,
    /// File or folder to write to (.html, .xlsx, .md, .json, or a folder for a site); `-` is stdout
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ReportFormat {
    /// One self-contained page.
    Html,
    /// A workbook.
    Xlsx,
    /// For wikis and mails.
    Markdown,
    /// For programs.
    Json,
    /// A folder with a page for each step.
    Site,
}

impl Args {
    fn report_format(&self) -> anyhow::Result<Option<ReportFormat>> {
        if self.format.is_some() {
            return Ok(self.format);
        }
        let Some(path) = self.output.as_deref().filter(|p| p.as_os_str() != "-") else {
            // Flash cards alone are a result too.
            let nothing_else = self.quiz.is_some() && self.output.is_none();
            return Ok((!nothing_else).then_some(ReportFormat::Markdown));
        };
        let is_folder = path.is_dir() || path.to_string_lossy().ends_with(['/', '\\']);
        Ok(Some(match path.extension().and_then(|e| e.to_str()) {
            _ if is_folder => ReportFormat::Site,
            Some("html" | "htm") => ReportFormat::Html,
            Some("xlsx") => ReportFormat::Xlsx,
            Some("md" | "markdown") => ReportFormat::Markdown,
            Some("json") => ReportFormat::Json,
            None => ReportFormat::Site,
            Some(other) => {
                bail!(
                    "`.{other}` names no form of a report; use .html, .xlsx, .md, .json or a folder, or say --format"
                )
            }
        }))
    }
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.report_format()?;
    let library = editions::library(library)?;
    let held = held::collect(&args.editions, &args.table, args.allow_errors, &library, printer)?;
    let [.., from, to] = &held.editions[..] else {
        bail!("a report needs two editions; name the baseline and the edition to compare with it");
    };
    if let Some(other) = held.editions.iter().find(|h| h.edition.id().system != to.edition.id().system) {
        bail!("{} and {} are of different code systems", other.edition.id(), to.edition.id());
    }
    let years = years(&held.editions)?;
    let with_errors = match format {
        Some(ReportFormat::Site) => write_pages(args, &held, &years, &library, printer)?,
        _ => {
            let summary = summarise(args, &held, from, to, &years, (&library, printer))?;
            note_unknown(args, &summary, printer);
            if let Some(format) = format {
                write_one(args, format, &summary, printer)?;
            }
            if let Some(path) = &args.quiz {
                write_quiz(args, path, &held, from, to, &summary, printer)?;
            }
            disagrees(&summary)
        }
    };
    // The process ends now; giving back hundreds of thousands of texts one by one would only take time.
    std::mem::forget(held);
    Ok(if with_errors { ExitStatus::Findings } else { ExitStatus::Done })
}

/// Whether an official count differs without a known cause, or the chapters do not add up.
fn disagrees(summary: &Summary) -> bool {
    summary.reconciliation.is_open(&summary.headline)
}

fn note_unknown(args: &Args, summary: &Summary, printer: &Printer) {
    if summary.selection.as_ref().is_some_and(|s| s.added + s.deleted + s.revised == 0)
        && args.volumes.is_none()
    {
        printer.note("note: no changed code of the headline is in the selection");
    }
    if !summary.reconciliation.chapters_add_up {
        printer.note("warning: the chapters do not add up to the headline; please report this");
    }
}

fn summarise(
    args: &Args,
    held: &Collection<'_>,
    from: &Held,
    to: &Held,
    years: &[Year],
    (library, printer): (&Library, &Printer),
) -> anyhow::Result<Summary> {
    let before: Vec<&Edition> =
        held.editions.iter().map(|h| &*h.edition).take_while(|e| e.id() != from.edition.id()).collect();
    let earlier = |code: &Code| -> Option<EditionId> {
        before.iter().rev().find(|e| e.get(code).is_some()).map(|e| e.id().clone())
    };
    let (set, succession) = rayon::join(
        || xwalk_diff::diff(&from.edition, &to.edition, &earlier),
        || held.succession(&from.edition, &to.edition),
    );
    let (set, succession) = (set?, succession?);
    let lists = tabular_lists(args, from, to, library, printer)?;
    let note_set = lists.as_ref().map(|(a, b)| xwalk_diff::diff(a, b, &|_| None)).transpose()?;
    let notes = lists.as_ref().zip(note_set.as_ref()).map(|((from, to), set)| TabularLists { from, to, set });
    let selection = selection(args, &from.edition, &to.edition)?;
    let upto = years.iter().position(|y| y.to == to.edition.id().to_string()).map_or(0, |at| at + 1);
    let input = Input {
        from: &from.edition,
        to: &to.edition,
        set: &set,
        addenda: &to.addenda,
        transactions: &to.transactions,
        succession: &succession,
        notes,
        years: &years[..upto],
        selection: &selection,
        with_licensed_text: args.with_licensed_text,
    };
    Ok(Summary::new(&input))
}

/// The tabular lists that the notes are taken from: those named, or the latest of the same years in the library. An
/// order file holds no notes, and the tabular XML of a year is often held as another edition, of April for instance.
fn tabular_lists(
    args: &Args,
    from: &Held,
    to: &Held,
    library: &Library,
    printer: &Printer,
) -> anyhow::Result<Option<(Arc<Edition>, Arc<Edition>)>> {
    if let [a, b] = &args.notes[..] {
        let named = held::collect(&[a.clone(), b.clone()], &[], args.allow_errors, library, printer)?;
        let [from, to] = &named.editions[..] else {
            bail!("--notes takes two editions; {a} and {b} are {}", named.editions.len());
        };
        for list in [from, to] {
            if !list.edition.has_notes() {
                bail!("{} holds no notes; name editions with a tabular list", list.edition.id());
            }
        }
        return Ok(Some((Arc::clone(&from.edition), Arc::clone(&to.edition))));
    }
    if !from.stored || !to.stored || from.edition.has_notes() || to.edition.has_notes() {
        return Ok(None);
    }
    let manifests = library.list()?;
    let of_year = |edition: &Edition| {
        let within = manifests.iter().rev().find(|m| {
            m.id.system == edition.id().system
                && m.sources.iter().any(|s| s.part.contains("tabular"))
                && m.effective.from.is_some_and(|day| edition.effective().contains(day))
        });
        within.map(|m| m.id.clone())
    };
    let (Some(a), Some(b)) = (of_year(&from.edition), of_year(&to.edition)) else { return Ok(None) };
    let (a, b) = rayon::join(|| library.load(&a), || library.load(&b));
    Ok(Some((Arc::new(a?.edition), Arc::new(b?.edition))))
}

fn selection(args: &Args, from: &Edition, to: &Edition) -> anyhow::Result<Selection> {
    let mut selection = Selection::new(args.top, args.min_cell);
    selection.within(&args.within, from, to)?;
    let read = |path: &Path| -> anyhow::Result<(String, Vec<u8>)> {
        let name =
            path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy()).into_owned();
        Ok((name, fs_err::read(path)?))
    };
    for path in &args.set {
        let (name, bytes) = read(path)?;
        selection.set(&name, &bytes, from, to)?;
    }
    if let Some(path) = &args.volumes {
        let (name, bytes) = read(path)?;
        selection.count_uses(&name, &bytes, from, to)?;
    }
    Ok(selection)
}

/// The counts of all steps but those that need no look, in parallel.
fn years(editions: &[Held]) -> anyhow::Result<Vec<Year>> {
    if editions.len() < 3 {
        return Ok(Vec::new());
    }
    let steps: Vec<(&Held, &Held)> = editions.windows(2).map(|w| (&w[0], &w[1])).collect();
    steps
        .par_iter()
        .map(|(from, to)| {
            let set = xwalk_diff::diff(&from.edition, &to.edition, &|_| None)?;
            let missing = calendar::releases_between(from.edition.id(), to.edition.id());
            Ok(Year::new(&set, &from.edition, &to.edition, &missing))
        })
        .collect()
}

fn write_one(args: &Args, format: ReportFormat, summary: &Summary, printer: &Printer) -> anyhow::Result<()> {
    let output = OutputArgs { format: None, output: args.output.clone() };
    output.write(printer, |_, out| match format {
        ReportFormat::Html => summary.write_html(out),
        ReportFormat::Xlsx => summary.write_workbook(out),
        ReportFormat::Json => summary.write_json(out),
        ReportFormat::Markdown | ReportFormat::Site => summary.write_markdown(out),
    })
}

fn write_quiz(
    args: &Args,
    path: &Path,
    held: &Collection<'_>,
    from: &Held,
    to: &Held,
    summary: &Summary,
    printer: &Printer,
) -> anyhow::Result<()> {
    let succession = held.succession(&from.edition, &to.edition)?;
    let quiz = Quiz::new(summary, &from.edition, &to.edition, &succession, args.top)
        .with_context(|| format!("failed to make questions from {}", summary.title()))?;
    let as_page = matches!(path.extension().and_then(|e| e.to_str()), Some("html" | "htm"));
    let output = OutputArgs { format: None, output: Some(path.to_owned()) };
    output.write(printer, |_, out| if as_page { quiz.write_html(out) } else { quiz.write_anki(out) })?;
    printer.note(format_args!("{} questions, each checked against both editions", quiz.questions.len()));
    Ok(())
}

/// A page for each step. Steps run one after the other so that only one change set is in memory.
fn write_pages(
    args: &Args,
    held: &Collection<'_>,
    years: &[Year],
    library: &Library,
    printer: &Printer,
) -> anyhow::Result<bool> {
    let Some(folder) = args.output.as_deref().filter(|p| p.as_os_str() != "-") else {
        bail!("a site is written to a folder; name it with -o");
    };
    let steps: Vec<(&Held, &Held)> = held.editions.windows(2).map(|w| (&w[0], &w[1])).collect();
    let bar = printer.bar(steps.len() as u64, "report");
    let summaries: anyhow::Result<Vec<Summary>> = steps
        .par_iter()
        .map(|(from, to)| {
            let summary = summarise(args, held, from, to, years, (library, printer));
            bar.inc(1);
            summary
        })
        .collect();
    bar.finish_and_clear();
    let summaries = summaries?;
    fs_err::create_dir_all(folder)?;
    for page in write_site(&summaries) {
        let output = OutputArgs { format: None, output: Some(folder.join(&page.name)) };
        output.write(printer, |_, out| out.write_all(page.content.as_bytes()))?;
    }
    printer.note(format_args!("{}: {} pages", folder.display(), summaries.len() + 1));
    Ok(summaries.iter().any(disagrees))
}
