//! `cargo xtask crosswalks RELEASES`: the annual successor maps of ICD-10-CM under crosswalks/, as SSSOM TSV 1.1.
//!
//! They are made from the newest NCHS conversion table, which repeats every row since October 2016, and from the order
//! files of both ends of each year. Where these are not among the releases (before FY2018), the rows are passed on as
//! stated and the file says that it is not complete.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use xwalk_import::{MapKind, discover};
use xwalk_map::{AnnualStep, Statements, codes_of_key, names_categories};
use xwalk_model::{
    Code, CodeSystem, ConceptMap, Edition, EditionId, Mapping, Provenance, Relationship, Targets, calendar,
};

use crate::root;

/// Make the annual successor maps under crosswalks/ from full releases
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of full releases, with icd10cm/2026 and so on in it
    releases: PathBuf,
    /// Write nothing; fail where a file differs
    #[arg(long)]
    check: bool,
}

/// The first edition whose codes the conversion table speaks of.
const FIRST: i16 = 2017;
const SYSTEM: CodeSystem = CodeSystem::Icd10cm;

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let found = discover(&[args.releases.join("icd10cm")], None)?;
    let mut tables: BTreeMap<String, Vec<ConceptMap>> = BTreeMap::new();
    for file in found.maps.iter().filter(|f| f.kind == MapKind::ConversionTable) {
        for map in file.import()?.maps {
            tables.entry(map.id.name.clone()).or_default().push(map);
        }
    }
    let (name, maps) = tables.pop_last().context("there is no conversion table among the releases")?;
    let last: i16 =
        name.rsplit('-').next().and_then(|y| y.parse().ok()).context("a table is named by its year")?;
    let mut editions: BTreeMap<i16, Edition> = BTreeMap::new();
    for release in &found.releases {
        if let Some((year, None)) = release.id.version.year_month()
            && let Some(edition) = release.import()?.edition
        {
            editions.insert(year, edition);
        }
    }
    for year in FIRST..=last {
        let (from, to) = (id(year - 1)?, id(year)?);
        let statements = Statements::of_tables(&maps, &from, &to);
        let step = match (editions.get(&(year - 1)), editions.get(&year)) {
            (Some(a), Some(b)) => Some((a, b, AnnualStep::new(a, b, &statements))),
            _ => None,
        };
        let text = mapping_set(&from, &to, &statements, step.as_ref().map(|(a, b, s)| (*a, *b, s)))?;
        let folder = root().join("crosswalks").join(format!("{from}..{to}"));
        let path = folder.join("successors.sssom.tsv");
        if args.check {
            ensure!(
                fs_err::read(&path).unwrap_or_default() == text.as_bytes(),
                "crosswalks/{from}..{to} is not what `cargo xtask crosswalks` makes; run it without --check"
            );
        } else {
            fs_err::create_dir_all(&folder)?;
            fs_err::write(&path, &text)?;
        }
        println!("{from}..{to}  {} rows", text.lines().filter(|l| !l.starts_with('#')).count() - 1);
    }
    Ok(())
}

fn id(year: i16) -> anyhow::Result<EditionId> {
    Ok(EditionId::new(SYSTEM, &year.to_string())?)
}

const COLUMNS: [&str; 12] = [
    "subject_id",
    "subject_type",
    "subject_label",
    "predicate_id",
    "object_id",
    "mapping_justification",
    "change",
    "effective",
    "row",
    "cell",
    "slot",
    "context",
];

/// One line of the table; empty texts are empty cells.
#[derive(Clone, Debug, Default)]
struct Line {
    subject: String,
    literal: String,
    predicate: &'static str,
    object: String,
    justification: &'static str,
    change: &'static str,
    effective: String,
    row: String,
    cell: String,
    slot: String,
    context: String,
}

const NONE: &str = "sssom:NoTermFound";
const STATED: &str = "semapv:ManualMappingCuration";
const REASONED: &str = "semapv:LogicalReasoning";

fn mapping_set(
    from: &EditionId,
    to: &EditionId,
    statements: &Statements,
    step: Option<(&Edition, &Edition, &AnnualStep)>,
) -> anyhow::Result<String> {
    let first_day = calendar::fiscal_year(&to.version).and_then(|p| p.from);
    let mut lines: Vec<Line> = Vec::new();
    for row in &statements.rows {
        let context: Vec<&str> = row
            .previous
            .iter()
            .filter(|slot| slot.iter().all(names_categories))
            .flat_map(|slot| slot.iter().map(Code::as_str))
            .collect();
        let line = Line {
            object: curie(&row.current),
            justification: STATED,
            effective: row
                .effective
                .filter(|day| Some(*day) != first_day)
                .map_or(String::new(), |d| d.to_string()),
            row: row.line.to_string(),
            cell: row.flags.to_string(),
            context: context.join("|"),
            ..Line::default()
        };
        let mut before = 0usize;
        for (number, slot) in row.previous.iter().enumerate() {
            if slot.iter().all(names_categories) {
                continue;
            }
            for key in slot {
                for (subject, literal, change) in subjects(key, step.map(|(a, b, _)| (a, b))) {
                    before += 1;
                    let predicate = match (change, step) {
                        ("stated" | "not-held", _) | (_, None) => "skos:relatedMatch",
                        ("scope", _) if row.previous.len() > 1 => "skos:relatedMatch",
                        ("scope", _) => "skos:narrowMatch",
                        (_, Some((_, _, step))) => predicate(step, &subject, &row.current),
                    };
                    let slot = if row.previous.len() > 1 { (number + 1).to_string() } else { String::new() };
                    lines.push(Line { subject, literal, predicate, change, slot, ..line.clone() });
                }
            }
        }
        if before == 0 {
            let line =
                Line { subject: NONE.to_owned(), predicate: "skos:relatedMatch", change: "new", ..line };
            lines.push(line);
        }
    }
    if let Some((_, _, step)) = step {
        add_reasoned(&step.forward, true, &mut lines);
        add_reasoned(&step.backward, false, &mut lines);
        // What came and went within a year would have to be followed here; no table so far has it.
        let missing = lines.iter().filter(|l| l.change == "not-held").count();
        ensure!(missing == step.unresolved.len(), "{from}..{to}: a code came and went within the year");
        let stated: usize = step.forward.elements.values().map(Vec::len).sum();
        let told = lines.iter().filter(|l| matches!(l.change, "deleted" | "became-header")).count();
        ensure!(stated == told, "{from}..{to}: {stated} successors are known and {told} were written");
    }
    lines.sort_by(|a, b| {
        let key = |l: &Line| {
            (l.subject == NONE, l.subject.clone(), l.object.clone(), l.row.clone(), l.slot.clone())
        };
        key(a).cmp(&key(b))
    });
    let mut text = header(from, to, statements, step.is_some());
    text.push_str(&COLUMNS.join("\t"));
    text.push('\n');
    for l in &lines {
        let kind = if l.literal.is_empty() { "" } else { "rdfs literal" };
        let cells = [
            &l.subject,
            kind,
            &l.literal,
            l.predicate,
            &l.object,
            l.justification,
            l.change,
            &l.effective,
            &l.row,
            &l.cell,
            &l.slot,
            &l.context,
        ];
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    Ok(text)
}

/// The predicate of a successor, as the step has it.
fn predicate(step: &AnnualStep, subject: &str, object: &Code) -> &'static str {
    let old = subject.rsplit(':').next().and_then(|text| Code::parse(SYSTEM, text).ok());
    let mappings = old.as_ref().map_or(&[][..], |old| step.forward.get(old));
    let stated = mappings.iter().find(|m| m.targets == Targets::One(object.clone()));
    match stated.map(|m| m.relationship) {
        Some(Relationship::SourceIsNarrowerThanTarget) => "skos:broadMatch",
        Some(Relationship::SourceIsBroaderThanTarget) => "skos:narrowMatch",
        _ => "skos:relatedMatch",
    }
}

/// What stands in the subject columns for a key, and what became of each.
fn subjects(key: &Code, editions: Option<(&Edition, &Edition)>) -> Vec<(String, String, &'static str)> {
    let Some((from, to)) = editions else {
        // Without the edition nothing can be said about what is inside a range.
        let range = key.as_str().contains('-');
        return vec![if range {
            (String::new(), key.to_string(), "stated")
        } else {
            (curie(key), String::new(), "stated")
        }];
    };
    let codes = codes_of_key(from, key);
    if codes.is_empty() {
        return vec![(curie(key), String::new(), "not-held")];
    }
    let change = |code: &Code| match to.get(code) {
        Some(concept) if concept.assignable() => "scope",
        Some(_) => "became-header",
        None => "deleted",
    };
    codes.iter().map(|code| (curie(code), String::new(), change(code))).collect()
}

/// Rows for what no authority states: children of a code that became a header, codes without successor, new codes
/// without history.
fn add_reasoned(map: &ConceptMap, forward: bool, lines: &mut Vec<Line>) {
    for (code, mappings) in &map.elements {
        for Mapping { targets, relationship, provenance, .. } in mappings {
            if matches!(provenance, Provenance::Official { .. }) {
                continue;
            }
            let other = match targets {
                Targets::One(other) => curie(other),
                _ => NONE.to_owned(),
            };
            let (subject, object) = if forward { (curie(code), other) } else { (other, curie(code)) };
            let predicate = match (relationship, forward) {
                (Relationship::NotRelatedTo, _) => "skos:relatedMatch",
                _ => "skos:narrowMatch",
            };
            let change = match (forward, targets) {
                (true, Targets::One(_)) => "became-header",
                (true, _) => "deleted",
                (false, Targets::One(_)) => "previous",
                (false, _) => "new",
            };
            lines.push(Line {
                subject,
                predicate,
                object,
                justification: REASONED,
                change,
                ..Line::default()
            });
        }
    }
}

fn curie(code: &Code) -> String {
    format!("ICD10CM:{}", code.display(SYSTEM))
}

fn header(from: &EditionId, to: &EditionId, statements: &Statements, complete: bool) -> String {
    let mut text = String::new();
    let source = statements.sources.first();
    let name = source.map_or("", |s| s.name.as_str());
    let comment = if complete {
        "Every code that was assignable in one edition and not in the other has at least one row; a code without a row \
         is assignable in both and lost no scope."
    } else {
        "Not complete: the order files of this year were not at hand, so rows are passed on as stated, ranges are \
         literals, and deleted codes that the table leaves out are missing."
    };
    let lines = [
        format!("mapping_set_id: urn:xwalk:crosswalk/{from}..{to}/annual-successors"),
        format!("mapping_set_title: Successors of ICD-10-CM codes from {} to {}", from.version, to.version),
        "license: https://creativecommons.org/publicdomain/mark/1.0/".to_owned(),
        "mapping_provider: https://www.cdc.gov/nchs/icd/icd-10-cm/".to_owned(),
        format!("mapping_set_source: {name}"),
        "mapping_tool: xwalk".to_owned(),
        format!("mapping_tool_version: {}", env!("CARGO_PKG_VERSION")),
        "sssom_version: \"1.1\"".to_owned(),
        "subject_source: http://hl7.org/fhir/sid/icd-10-cm".to_owned(),
        format!("subject_source_version: \"{}\"", from.version),
        "object_source: http://hl7.org/fhir/sid/icd-10-cm".to_owned(),
        format!("object_source_version: \"{}\"", to.version),
        format!("comment: {comment}"),
        format!(
            "other: source_part={}; source_bytes={}; source_sha256={}; complete={}",
            source.map_or("", |s| s.part.as_str()),
            source.map_or(0, |s| s.bytes),
            source.map_or("", |s| s.sha256.as_str()),
            if complete { "yes" } else { "no" }
        ),
        "curie_map:".to_owned(),
        "  ICD10CM: http://purl.bioontology.org/ontology/ICD10CM/".to_owned(),
        "  semapv: https://w3id.org/semapv/vocab/".to_owned(),
        "  skos: http://www.w3.org/2004/02/skos/core#".to_owned(),
        "  sssom: https://w3id.org/sssom/".to_owned(),
        "extension_definitions:".to_owned(),
    ];
    for line in lines {
        let _ = writeln!(text, "#{line}");
    }
    let slots = [
        (
            "change",
            "deleted, became-header, scope (the subject stays and means less), new, previous (of a new code, by \
             structure), not-held (the table names a code that the edition does not have), stated",
        ),
        ("effective", "first day of the object, where it came within the year"),
        ("row", "row of the source workbook"),
        ("cell", "form of the cell: one, list, and, range, category, none"),
        ("slot", "subjects of one row with different slots are meant together"),
        ("context", "whole categories that the cell names beside the subject"),
    ];
    for (slot, meaning) in slots {
        let _ = writeln!(text, "#  - slot_name: {slot}");
        let _ = writeln!(text, "#    property: urn:xwalk:slot:{slot}");
        let _ = writeln!(text, "#    type_hint: xsd:string");
        let _ = writeln!(text, "#    description: \"{meaning}\"");
    }
    text
}
