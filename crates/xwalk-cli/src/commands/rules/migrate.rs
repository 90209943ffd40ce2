//! `xwalk rules migrate`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use rayon::prelude::*;
use xwalk_model::{
    Chosen, Code, ConceptMap, Decision, EditionId, Question, SetDocument, SetForm, Subject, ValueSet,
};
use xwalk_report::rules::{
    MigratedSet, Migrations, PolicySet, migrated_document, policies_csv, policies_json, policies_text,
};
use xwalk_rules::{Decided, EditionIndex, Migration, Options, migrate, questions, score, translate};

use super::inputs::{Editions, InputArgs};
use crate::commands::review::{read_decisions, write_worklist};
use crate::editions;
use crate::exit::ExitStatus;
use crate::output::{Format, OutputArgs, write_file};
use crate::printer::Printer;

/// Make the new sets in their author's own form, with a reason for each change and a proof
///
/// A new code is added without asking when the set held every code that it was coded as before. Everything else that
/// could belong to a set is an open choice: it goes to a worklist, and comes back with --decisions. A range stays a
/// range, a list a list; order, names, further columns and comments stay. The proof expands the old set on the old
/// edition and the new set on the new one, and names what differs.
///
/// Between two systems (ICD-9-CM to ICD-10-CM) a list is translated in four phases: reverse singles, forward singles
/// for what is left over, reverse clusters, forward clusters.
///
/// Exits with 1 when choices are open or a code of the old set is lost.
///
/// Example: xwalk rules migrate diabetes.csv --from icd10cm@2025 --to icd10cm@2026 --into migrated
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    inputs: InputArgs,
    /// Folder for the new sets, each under the name of its file; without it nothing but the report is written
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Keep retired codes with their last day, for measures that look back
    #[arg(long)]
    keep_historical: bool,
    /// Write no columns xwalk_change and xwalk_reason into tables
    #[arg(long)]
    no_marks: bool,
    /// Decisions of `xwalk review apply`, as SSSOM TSV
    #[arg(long, value_name = "FILE")]
    decisions: Vec<PathBuf>,
    /// Hold the new sets against official ones: recall and precision of what was done without asking, and with the
    /// choices; sets are paired by name
    #[arg(long, value_name = "SET")]
    against: Vec<PathBuf>,
    /// Write the open choices as a worklist: .xlsx with a sheet for each owner, or .csv
    #[arg(long, value_name = "FILE")]
    worklist: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let library = editions::library(library)?;
    let editions = args.inputs.editions(&library, printer)?;
    if editions.from.id().system != editions.to.id().system {
        return across(args, &editions, printer);
    }
    let format = args.output.format()?;
    let documents = args.inputs.documents(editions.from.id().system, printer)?;
    let (update, remarks) = editions.update()?;
    let options = Options {
        headers: args.inputs.headers.into(),
        keep_historical: args.keep_historical,
        decisions: decisions(&args.decisions, editions.to.id())?,
    };
    if let (true, None) = (args.keep_historical, editions.to.effective().from) {
        bail!("{} has no first day, so retired codes cannot be dated", editions.to.id());
    }
    let mut migrated: Vec<(&SetDocument, Vec<Migration>)> = Vec::new();
    for (_, document) in &documents {
        let sets = document.sets.par_iter().map(|set| migrate(&update, set, &options)).collect();
        migrated.push((document, sets));
    }
    if let Some(folder) = &args.into {
        write_documents(folder, &documents, &migrated, &editions, args, printer)?;
    }
    if let Some(path) = &args.worklist {
        let mut open: Vec<Question> = Vec::new();
        for (document, migrations) in &migrated {
            for (set, migration) in document.sets.iter().zip(migrations) {
                open.extend(questions(&update, set, migration));
            }
        }
        write_worklist(path, &open)?;
    }
    let official = args.inputs.documents_of(&args.against, editions.to.id().system, printer)?;
    let official: Vec<&ValueSet> = official.iter().flat_map(|(_, d)| &d.sets).collect();
    let mut sets = Vec::new();
    let number: usize = migrated.iter().map(|(d, _)| d.sets.len()).sum();
    for (document, migrations) in &migrated {
        for (set, migration) in document.sets.iter().zip(migrations) {
            let place = set.lines.first().map_or_else(|| document.name.to_string(), |l| document.place(l));
            let theirs = official.iter().find(|o| o.name == set.name || (number == 1 && official.len() == 1));
            let score = theirs.map(|theirs| score(&update, set, migration, theirs, options.headers));
            if let (None, false) = (&score, official.is_empty()) {
                printer.note(format_args!("note: no official set is called {}", set.name));
            }
            sets.push(MigratedSet { place, set, migration, score });
        }
    }
    let report = Migrations { from: editions.from.id(), to: editions.to.id(), remarks, sets };
    args.output.write(printer, |look, out| match format {
        Format::Json => report.write_json(out),
        Format::Csv => report.write_csv(out),
        Format::Text => report.write_text(look, out),
    })?;
    let findings = report.choices() > 0 || report.lost() > 0;
    Ok(if findings { ExitStatus::Findings } else { ExitStatus::Done })
}

/// What people decided about sets and codes of the later edition; the last decision about a code counts.
fn decisions(paths: &[PathBuf], to: &EditionId) -> anyhow::Result<BTreeMap<(String, Code), Decided>> {
    let mut found = BTreeMap::new();
    for path in paths {
        for Decision { subject, source, code, chosen, reviewer, date, comment, .. } in read_decisions(path)? {
            let Subject::Set(set) = subject else { continue };
            if source.system != to.system {
                continue;
            }
            let day = date.map_or(String::new(), |d| format!(" on {d}"));
            let why = if comment.is_empty() { String::new() } else { format!(": {comment}") };
            let by = format!("{reviewer}{day}{why}");
            found.insert((set, code), Decided { belongs: chosen == Chosen::Belongs, by });
        }
    }
    Ok(found)
}

fn write_documents(
    folder: &Path,
    documents: &[(PathBuf, SetDocument)],
    migrated: &[(&SetDocument, Vec<Migration>)],
    editions: &Editions,
    args: &Args,
    printer: &Printer,
) -> anyhow::Result<()> {
    let mut names: Vec<&str> = documents.iter().map(|(_, d)| d.name.as_ref()).collect();
    names.sort_unstable();
    let twice = names.iter().zip(names.iter().skip(1)).find(|(a, b)| a == b);
    if let Some((twice, _)) = twice {
        bail!("two files are called {twice}; migrate them one at a time, each into a folder of its own");
    }
    fs_err::create_dir(folder)
        .or_else(|e| if folder.is_dir() { Ok(()) } else { Err(e) })
        .with_context(|| format!("failed to make the folder {}", folder.display()))?;
    for (path, document) in documents {
        let target = folder.join(document.name.as_ref());
        ensure!(
            !same_file(path, &target),
            "{} would be written over the set it was made from; name another folder with --into",
            target.display()
        );
    }
    for (document, migrations) in migrated {
        let bytes = migrated_document(document, migrations, &editions.to, !args.no_marks)
            .with_context(|| format!("failed to make the new {}", document.name))?;
        let target = folder.join(document.name.as_ref());
        write_file(&target, |out| out.write_all(&bytes))?;
        if matches!(document.form, SetForm::Workbook { .. }) {
            printer.note(format_args!(
                "note: {} holds the cells of the old workbook; its colours, widths and cell notes are not kept",
                target.display()
            ));
        }
    }
    Ok(())
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// A policy list in another system.
fn across(args: &Args, editions: &Editions, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.output.format()?;
    let (from, to) = (editions.from.id(), editions.to.id());
    ensure!(
        args.into.is_none() && args.worklist.is_none() && args.decisions.is_empty() && !args.keep_historical,
        "between two systems a list is translated, not edited: write the new list with -o list.csv"
    );
    let map = |source: &EditionId, target: &EditionId| -> anyhow::Result<&ConceptMap> {
        let exact = editions.maps.iter().find(|m| m.id.source == *source && m.id.target == *target);
        exact.with_context(|| {
            format!("no map leads from {source} to {target}; name it with --map, or import it (the General Equivalence Mappings have a file for each direction)")
        })
    };
    let (reverse, forward) = (map(to, from)?, map(from, to)?);
    let documents = args.inputs.documents(from.system, printer)?;
    let (old, new) = (EditionIndex::new(&editions.from), EditionIndex::new(&editions.to));
    let mut sets = Vec::new();
    for (_, document) in &documents {
        for set in &document.sets {
            let policy = translate(set, args.inputs.headers.into(), &old, &new, reverse, forward);
            sets.push(PolicySet { name: set.name.clone(), policy });
        }
    }
    args.output.write(printer, |look, out| match format {
        Format::Json => policies_json(&sets, from, to, out),
        Format::Csv => policies_csv(&sets, from, to, out),
        Format::Text => policies_text(&sets, from, to, look, out),
    })?;
    let review =
        sets.iter().any(|s| s.policy.found.iter().any(|f| f.review) || !s.policy.left_over.is_empty());
    Ok(if review { ExitStatus::Findings } else { ExitStatus::Done })
}
