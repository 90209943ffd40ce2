//! `xwalk review`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use xwalk_import::{InputFile, WorklistOptions, collect, discover, import_decisions, import_worklist};
use xwalk_model::{
    Code, ConceptMap, Decision, Diagnostic, EditionId, Position, Question, Rule, Subject, Targets,
};
use xwalk_report::rules::{carried_text, worklist_csv, worklist_workbook, write_agreement, write_decisions};
use xwalk_rules::{EditionIndex, agreement, answer, carry, reopened};

use crate::diagnostics;
use crate::editions::{self, ReadOptions};
use crate::exit::ExitStatus;
use crate::output::write_file;
use crate::printer::Printer;

/// Read decisions back, see how far reviewers agree, and carry decisions into the next year
///
/// Worklists come from `xwalk rules migrate --worklist` and `xwalk remap`. They are workbooks with a sheet for each
/// owner, or CSV; columns are found by name, so people may add their own and sort the rows.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Apply(ApplyArgs),
    Agree(AgreeArgs),
    Carry(CarryArgs),
}

/// Check the decisions of worklists and write them as a reviewed crosswalk (SSSOM TSV)
///
/// A decision is the text of a choice, its number, or its code. What is none of the choices is refused, with its
/// place, and nothing is written. Exits with 1 when questions are still open.
///
/// Example: xwalk review apply worklist.xlsx -o decisions.sssom.tsv
#[derive(Debug, clap::Args)]
struct ApplyArgs {
    /// Worklists
    #[arg(required = true, value_name = "WORKLIST")]
    worklists: Vec<PathBuf>,
    /// Write the decisions here
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Decisions of before, which stay unless they are made anew
    #[arg(long, value_name = "FILE")]
    decisions: Vec<PathBuf>,
    /// Take decisions that are none of the choices
    #[arg(long)]
    allow_other: bool,
    /// The edition of the codes, for worklists that do not name it
    #[arg(long, value_name = "EDITION")]
    from: Option<EditionId>,
    /// The edition of the choices, for worklists that do not name it
    #[arg(long, value_name = "EDITION")]
    to: Option<EditionId>,
}

/// Say how far reviewers of one list agree: per cent, and Cohen's or Fleiss' kappa
///
/// Each file holds the answers of one reviewer. The questions on which they disagree can be written as a new worklist,
/// with each answer in its evidence. Exits with 1 when they disagree on something.
///
/// Example: xwalk review agree kim.xlsx sam.xlsx --worklist adjudicate.xlsx
#[derive(Debug, clap::Args)]
struct AgreeArgs {
    /// Worklists, one for each reviewer
    #[arg(required = true, num_args = 2.., value_name = "WORKLIST")]
    worklists: Vec<PathBuf>,
    /// Write the disagreements as a worklist: .xlsx or .csv
    #[arg(long, value_name = "FILE")]
    worklist: Option<PathBuf>,
    /// The edition of the codes, for worklists that do not name it
    #[arg(long, value_name = "EDITION")]
    from: Option<EditionId>,
    /// The edition of the choices, for worklists that do not name it
    #[arg(long, value_name = "EDITION")]
    to: Option<EditionId>,
}

/// Carry decisions into a later year; what they rested on decides whether they are kept
///
/// A decision is kept while its code and title, its choices, and the chosen code and title are as they were. The first
/// that is not reopens it, with the reason. Exits with 1 when decisions were reopened.
///
/// Example: xwalk review carry decisions.sssom.tsv --from icd9cm@32 --to icd10cm@2026 --map map.sssom.tsv -o kept.sssom.tsv
#[derive(Debug, clap::Args)]
struct CarryArgs {
    /// Decisions, as SSSOM TSV
    #[arg(required = true, value_name = "DECISIONS")]
    decisions: Vec<PathBuf>,
    /// The source edition of now: an id, or the path of its official files
    #[arg(long, value_name = "EDITION")]
    from: String,
    /// The target edition of now
    #[arg(long, value_name = "EDITION")]
    to: String,
    /// The crosswalk of now between the two; that of the library is used too
    #[arg(long, value_name = "PATH")]
    map: Vec<PathBuf>,
    /// Write the decisions that are kept
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write those that were reopened as a worklist: .xlsx or .csv
    #[arg(long, value_name = "FILE")]
    worklist: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        Command::Apply(args) => apply(args, printer),
        Command::Agree(args) => agree(args, printer),
        Command::Carry(args) => carry_over(args, library, printer),
    }
}

/// Reads the decisions of a file.
pub(crate) fn read_decisions(path: &Path) -> anyhow::Result<Vec<Decision>> {
    let mut decisions = Vec::new();
    for file in files(path)? {
        let imported = import_decisions(&file)?;
        if let Some(problem) = imported.diagnostics.first() {
            bail!("{problem}");
        }
        decisions.extend(imported.decisions);
    }
    Ok(decisions)
}

/// Writes a worklist in the form that its name tells.
pub(crate) fn write_worklist(path: &Path, questions: &[Question]) -> anyhow::Result<()> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("xlsx") => {
            let bytes = worklist_workbook(questions)?;
            write_file(path, |out| out.write_all(&bytes))
        }
        Some("csv") => write_file(path, |out| worklist_csv(questions, out)),
        _ => bail!("{} names no form of a worklist; use .xlsx or .csv", path.display()),
    }
}

fn files(path: &Path) -> anyhow::Result<Vec<InputFile>> {
    collect(path).with_context(|| format!("failed to read {}", path.display()))
}

type Placed = (Question, String, Position);

fn read_worklist(
    path: &Path,
    from: Option<&EditionId>,
    to: Option<&EditionId>,
    printer: &Printer,
) -> anyhow::Result<Vec<Placed>> {
    let options = WorklistOptions { from: from.cloned(), to: to.cloned() };
    let mut questions = Vec::new();
    for file in files(path)? {
        let imported = import_worklist(&file, &options)?;
        diagnostics::print(&imported.diagnostics, printer);
        ensure!(
            !imported.has_errors(),
            "{} has rows that could not be read; nothing was written",
            path.display()
        );
        questions.extend(imported.questions);
    }
    Ok(questions)
}

fn apply(args: &ApplyArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut decisions: BTreeMap<(Subject, EditionId, Code), Decision> = BTreeMap::new();
    for path in &args.decisions {
        for decision in read_decisions(path)? {
            decisions.insert(decision_key(&decision), decision);
        }
    }
    let (mut refused, mut open, mut made) = (Vec::new(), 0usize, 0usize);
    let mut seen: BTreeMap<(Subject, EditionId, Code), (String, Decision)> = BTreeMap::new();
    for path in &args.worklists {
        for (question, place, at) in read_worklist(path, args.from.as_ref(), args.to.as_ref(), printer)? {
            let refuse =
                |message: String| Diagnostic::new(Rule::OddValue, &place.as_str().into(), message).at(at);
            match answer(&question, args.allow_other) {
                Ok(None) => open += 1,
                Ok(Some(decision)) => {
                    let key = decision_key(&decision);
                    let here = format!("{place}:{at}");
                    if let Some((there, other)) = seen.get(&key)
                        && other.chosen != decision.chosen
                    {
                        refused.push(refuse(format!(
                            "{} was decided otherwise at {there}; adjudicate with `xwalk review agree`",
                            question.code
                        )));
                        continue;
                    }
                    made += 1;
                    seen.insert(key.clone(), (here, decision.clone()));
                    decisions.insert(key, decision);
                }
                Err(error) => refused.push(refuse(error.to_string())),
            }
        }
    }
    if !refused.is_empty() {
        for problem in &refused {
            printer.note(problem);
        }
        bail!("{} decisions were refused; nothing was written", refused.len());
    }
    let stem = args.output.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let name = stem.trim_end_matches(".tsv").trim_end_matches(".sssom").to_owned();
    let all: Vec<&Decision> = decisions.values().collect();
    write_file(&args.output, |out| write_decisions(&name, &all, out))?;
    printer.note(format_args!(
        "{made} decisions taken over, {open} questions open, {} decisions written",
        all.len()
    ));
    Ok(if open > 0 { ExitStatus::Findings } else { ExitStatus::Done })
}

fn decision_key(decision: &Decision) -> (Subject, EditionId, Code) {
    (decision.subject.clone(), decision.source.clone(), decision.code.clone())
}

fn agree(args: &AgreeArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut reviewers: Vec<BTreeMap<(Subject, String, EditionId), String>> = Vec::new();
    let mut names = Vec::new();
    let mut questions: BTreeMap<(Subject, String, EditionId), Question> = BTreeMap::new();
    let mut said: BTreeMap<(Subject, String, EditionId), Vec<String>> = BTreeMap::new();
    for path in &args.worklists {
        let mut answers = BTreeMap::new();
        let mut name = String::new();
        for (question, place, at) in read_worklist(path, args.from.as_ref(), args.to.as_ref(), printer)? {
            let mut named = question.clone();
            if named.reviewer.trim().is_empty() {
                // Who it was does not matter for agreement; the file is the reviewer.
                named.reviewer = path.display().to_string();
            }
            named.date.clear();
            let decision = answer(&named, true).with_context(|| format!("{place}:{at}"))?;
            let key = question.key();
            questions.entry(key.clone()).or_insert_with(|| question.clone());
            let Some(decision) = decision else { continue };
            if name.is_empty() {
                name.clone_from(&decision.reviewer);
            }
            let text = match decision.chosen {
                xwalk_model::Chosen::Code(code) => code.display(decision.target.system),
                xwalk_model::Chosen::Nothing => xwalk_rules::NONE.to_owned(),
                xwalk_model::Chosen::Belongs => xwalk_rules::ADD.to_owned(),
                xwalk_model::Chosen::LeftOut => xwalk_rules::LEAVE_OUT.to_owned(),
            };
            let comment =
                if question.comment.is_empty() { String::new() } else { format!(" ({})", question.comment) };
            said.entry(key.clone()).or_default().push(format!("{}: {text}{comment}", decision.reviewer));
            answers.insert(key, text);
        }
        names.push(if name.is_empty() { path.display().to_string() } else { name });
        reviewers.push(answers);
    }
    let Some(found) = agreement(&reviewers) else {
        bail!("there is no question that all {} reviewers answered", reviewers.len());
    };
    if let Some(path) = &args.worklist {
        let open: Vec<Question> = found
            .disagreements
            .iter()
            .filter_map(|key| {
                let mut question = questions.get(key)?.clone();
                let answers = said.get(key).map(|s| s.join("; ")).unwrap_or_default();
                question.evidence = format!("{answers}. {}", question.evidence);
                "disagreement".clone_into(&mut question.outcome);
                for cell in [
                    &mut question.decision,
                    &mut question.reviewer,
                    &mut question.date,
                    &mut question.comment,
                ] {
                    cell.clear();
                }
                Some(question)
            })
            .collect();
        write_worklist(path, &open)?;
    }
    let mut text = Vec::new();
    write_agreement(&names, &found, &mut text)?;
    printer.data(&text)?;
    Ok(if found.disagreements.is_empty() { ExitStatus::Done } else { ExitStatus::Findings })
}

fn carry_over(args: &CarryArgs, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let library = editions::library(library)?;
    let load =
        |spec: &String| editions::load(spec, ReadOptions::default(), &library, printer).map(|l| l.edition);
    let (from, to) = (load(&args.from)?, load(&args.to)?);
    let mut decisions = Vec::new();
    for path in &args.decisions {
        decisions.extend(read_decisions(path)?);
    }
    for decision in &decisions {
        let set = matches!(decision.subject, Subject::Set(_));
        let source = if set { to.id() } else { from.id() };
        ensure!(
            decision.source.system == source.system && decision.target.system == to.id().system,
            "the decision about {} leads from {} to {}; it cannot be carried to {} and {}",
            decision.code,
            decision.source,
            decision.target,
            from.id(),
            to.id()
        );
    }
    let mut maps: Vec<ConceptMap> = Vec::new();
    for path in &args.map {
        let found = discover(std::slice::from_ref(path), None)?;
        ensure!(!found.maps.is_empty(), "{} holds no map that is understood", path.display());
        for file in &found.maps {
            let imported = file.import()?;
            diagnostics::print(&imported.diagnostics, printer);
            maps.extend(imported.maps);
        }
    }
    for manifest in library.list_maps()? {
        if manifest.id.source == *from.id() && manifest.id.target == *to.id() {
            maps.push(library.load_map(&manifest.id)?);
        }
    }
    maps.retain(|m| m.id.source == *from.id() && m.id.target == *to.id());
    if maps.is_empty() {
        printer.note(format_args!(
            "note: no crosswalk from {} to {} is at hand, so the choices are not held against those of before",
            from.id(),
            to.id()
        ));
    }
    let alternatives = |code: &Code| -> Option<Vec<Code>> {
        let mut found: Vec<Code> = Vec::new();
        let mut said = false;
        for mapping in maps.iter().flat_map(|m| m.get(code)) {
            said = true;
            let codes: Vec<&Code> = match &mapping.targets {
                Targets::NoMap => Vec::new(),
                Targets::One(code) => vec![code],
                Targets::Combination { slots, .. } => slots.iter().flatten().collect(),
            };
            for code in codes {
                if !found.contains(code) {
                    found.push(code.clone());
                }
            }
        }
        said.then_some(found)
    };
    let carried = carry(&decisions, &EditionIndex::new(&from), &EditionIndex::new(&to), &alternatives);
    let kept: Vec<&Decision> = carried.iter().filter(|c| c.reopened.is_none()).map(|c| &c.decision).collect();
    write_file(&args.output, |out| write_decisions(&format!("{}..{}", from.id(), to.id()), &kept, out))?;
    if let Some(path) = &args.worklist {
        let open: Vec<Question> = carried
            .iter()
            .filter_map(|c| {
                let reason = c.reopened.as_ref()?.reason(&c.decision);
                Some(reopened(&c.decision, "", &reason, to.id()))
            })
            .collect();
        write_worklist(path, &open)?;
    }
    let mut text = Vec::new();
    carried_text(&carried, &mut text)?;
    printer.data(&text)?;
    let again = carried.iter().any(|c| c.reopened.is_some());
    Ok(if again { ExitStatus::Findings } else { ExitStatus::Done })
}
