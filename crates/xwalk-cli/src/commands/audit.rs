//! `xwalk audit`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xwalk_diff::{Audit, Verdict};
use xwalk_import::{Discovery, FileKind, MapKind, Release, discover};
use xwalk_library::{Library, Manifest};
use xwalk_model::{AddendumKind, CodeSystem, ConceptMap, Edition, EditionId, TransactionReport, calendar};
use xwalk_report::audit::{write_csv, write_json, write_text};

use crate::exit::ExitStatus;
use crate::output::{Format, OutputArgs};
use crate::printer::Printer;
use crate::{diagnostics, editions};

/// Hold the official addenda and computed changes against each other
///
/// For each addendum: every line and every count of its trailer against the change from the edition before to the
/// edition that it leads to. Differences are listed with file and line and explained as far as can be, for instance
/// by a release in between that is not held. Exits with 1 when a difference has no known cause.
///
/// Example: xwalk audit fixtures/icd10cm
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Code systems of the library (icd10cm), or files and folders of releases
    #[arg(required = true, value_name = "SYSTEM|PATH")]
    what: Vec<String>,
    /// List every finding, also those explained in the same way as others
    #[arg(long)]
    all: bool,
    /// Exit with 1 also for differences with a known cause
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.output.format()?;
    let library = editions::library(library)?;
    let (paths, systems): (Vec<&String>, Vec<&String>) =
        args.what.iter().partition(|w| Path::new(w).exists());
    let mut audits = Vec::new();
    if !paths.is_empty() {
        let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
        audits.extend(audit_releases(&paths, printer)?);
    }
    for system in systems {
        audits.extend(audit_library(system.parse()?, &library, printer)?);
    }
    if audits.is_empty() {
        bail!(
            "no addendum was found; expected files such as icd10cm_order_addenda_2026.txt beside the releases"
        );
    }
    args.output.write(printer, |look, out| match format {
        Format::Json => write_json(&audits, out),
        Format::Csv => write_csv(&audits, out),
        Format::Text => write_text(&audits, args.all, look, out),
    })?;
    let worst = audits.iter().map(Audit::verdict).max().unwrap_or(Verdict::Agrees);
    let findings = worst == Verdict::Disagrees || (args.strict && worst == Verdict::Explained);
    Ok(if findings { ExitStatus::Findings } else { ExitStatus::Done })
}

/// The edition before another: the last that came into effect before it.
fn baseline<'a>(to: &EditionId, held: impl Iterator<Item = &'a EditionId>) -> Option<&'a EditionId> {
    let first = start(to);
    held.filter(|id| id.system == to.system && *id != to)
        .filter(|id| start(id) < first || (first.is_none() && id.version < to.version))
        .max_by_key(|id| (start(id), id.version.clone()))
}

fn audit_releases(paths: &[PathBuf], printer: &Printer) -> anyhow::Result<Vec<Audit>> {
    let found = discover(paths, None)?;
    diagnostics::print(&found.diagnostics, printer);
    let bar = printer.bar(found.releases.len() as u64, "audit");
    let mut audits = Vec::new();
    // Editions stay in memory while they may be a baseline: two at the most.
    let mut read: BTreeMap<EditionId, Edition> = BTreeMap::new();
    for release in &found.releases {
        bar.inc(1);
        if !has_addenda(release) {
            continue;
        }
        bar.set_message(release.id.to_string());
        let imported = editions::import(release, false, printer)?;
        let Some(to) = imported.edition else {
            bail!("the addenda of {} lead to an edition that is not among the files", release.id);
        };
        for addendum in &imported.addenda {
            let bases = found.releases.iter().filter(|r| holds_baseline(r, addendum.kind)).map(|r| &r.id);
            let base = baseline(&release.id, bases);
            if let Some(base) = base.filter(|base| !read.contains_key(base)) {
                let release =
                    found.releases.iter().find(|r| r.id == *base).context("a baseline is a release")?;
                read.extend(editions::import(release, false, printer)?.edition.map(|e| (base.clone(), e)));
            }
            audits.push(xwalk_diff::audit(addendum, base.and_then(|base| read.get(base)), &to));
        }
        if release.id.system == CodeSystem::Hcpcs {
            let bases = found.releases.iter().filter(|r| editions::has_edition(r)).map(|r| &r.id);
            let base = baseline(&release.id, bases);
            if let Some(base) = base.filter(|base| !read.contains_key(base)) {
                let release =
                    found.releases.iter().find(|r| r.id == *base).context("a baseline is a release")?;
                read.extend(editions::import(release, false, printer)?.edition.map(|e| (base.clone(), e)));
            }
            let from = base.and_then(|base| read.get(base));
            audits.extend(audit_transactions(&imported.transactions, from, &to));
        }
        read.clear();
        read.insert(release.id.clone(), to);
    }
    bar.finish_and_clear();
    read.clear();
    audits.extend(audit_conversion_tables(&found, printer)?);
    audits.extend(audit_transition_tables(&found, printer)?);
    Ok(audits)
}

/// Each conversion table against the steps that are its own; the newest, which repeats all earlier rows, against all.
fn audit_conversion_tables(found: &Discovery, printer: &Printer) -> anyhow::Result<Vec<Audit>> {
    let mut tables: Vec<(String, Vec<ConceptMap>)> = Vec::new();
    for file in found.maps.iter().filter(|f| f.kind == MapKind::ConversionTable) {
        let imported = file.import()?;
        diagnostics::print(&imported.diagnostics, printer);
        tables.push((file.file.name().to_string(), imported.maps));
    }
    let last = |maps: &[ConceptMap]| maps.iter().filter_map(|m| start(&m.id.source)).max();
    tables.sort_by_key(|(_, maps)| last(maps));
    let Some(newest) = tables.len().checked_sub(1) else { return Ok(Vec::new()) };
    let listed = |r: &&Release| r.id.system == CodeSystem::Icd10cm && holds_baseline(r, AddendumKind::Order);
    let mut releases: Vec<&Release> = found.releases.iter().filter(listed).collect();
    releases.sort_by_key(|r| start(&r.id));
    let mut audits = Vec::new();
    let mut before: Option<Edition> = None;
    for release in releases {
        let Some(to) = editions::import(release, false, printer)?.edition else { continue };
        if let Some(from) = &before {
            let inside = |m: &&ConceptMap| {
                start(from.id()) < start(&m.id.source) && start(&m.id.source) <= start(to.id())
            };
            for (i, (file, maps)) in tables.iter().enumerate() {
                let step: Vec<&ConceptMap> = maps.iter().filter(inside).collect();
                if !step.is_empty() && (i == newest || step.iter().any(|m| start(&m.id.source) == last(maps)))
                {
                    audits.push(xwalk_diff::audit_conversion(file, &step, from, &to));
                }
            }
        }
        before = Some(to);
    }
    Ok(audits)
}

/// Each transition table of ICD-10-GM against the two editions that it joins, where both are among the files.
fn audit_transition_tables(found: &Discovery, printer: &Printer) -> anyhow::Result<Vec<Audit>> {
    let mut audits = Vec::new();
    for file in found.maps.iter().filter(|f| f.kind == MapKind::Transition) {
        let imported = file.import()?;
        diagnostics::print(&imported.diagnostics, printer);
        for map in &imported.maps {
            let edition = |id: &EditionId| match found.releases.iter().find(|r| r.id == *id) {
                Some(release) => anyhow::Ok(editions::import(release, false, printer)?.edition),
                None => Ok(None),
            };
            if let (Some(old), Some(new)) = (edition(&map.id.source)?, edition(&map.id.target)?) {
                audits.push(xwalk_diff::audit_transition(file.file.name(), map, &old, &new));
            }
        }
    }
    Ok(audits)
}

/// The day on which an edition came into effect.
fn start(id: &EditionId) -> Option<jiff::civil::Date> {
    match id.system {
        CodeSystem::Hcpcs => calendar::hcpcs_version(&id.version).and_then(|p| p.from),
        _ => calendar::fiscal_year(&id.version).and_then(|p| p.from),
    }
}

/// Whether a release states what an addendum changes: published titles stand in order files and code lists, not in
/// the tabular list.
fn holds_baseline(release: &Release, kind: AddendumKind) -> bool {
    baseline_parts(kind).iter().any(|part| release.file(*part).is_some())
}

fn baseline_parts(kind: AddendumKind) -> &'static [FileKind] {
    match kind {
        AddendumKind::PoaExempt => &[FileKind::PoaExempt],
        _ => &[FileKind::OrderFile, FileKind::CodesFile],
    }
}

/// HCPCS Level II: the action codes stand in the file itself, so there is something to audit without a report too.
fn audit_transactions(reports: &[TransactionReport], from: Option<&Edition>, to: &Edition) -> Vec<Audit> {
    if reports.is_empty() && to.id().system == CodeSystem::Hcpcs {
        return vec![xwalk_diff::audit_hcpcs(from, to, None)];
    }
    reports.iter().map(|report| xwalk_diff::audit_hcpcs(from, to, Some(report))).collect()
}

fn has_addenda(release: &Release) -> bool {
    use FileKind::{CodesAddenda, HcpcsText, HcpcsWorkbook, OrderAddenda, PoaAdd, PoaDelete, PoaRevise};
    [HcpcsText, HcpcsWorkbook, OrderAddenda, CodesAddenda, PoaAdd, PoaDelete, PoaRevise]
        .into_iter()
        .any(|k| release.file(k).is_some())
}

fn audit_library(system: CodeSystem, library: &Library, printer: &Printer) -> anyhow::Result<Vec<Audit>> {
    let manifests: Vec<_> = library.list()?.into_iter().filter(|m| m.id.system == system).collect();
    if manifests.is_empty() {
        bail!("the library holds no edition of {}; import releases, or name a folder of them", system.name());
    }
    let bar = printer.bar(manifests.len() as u64, "audit");
    let mut audits = Vec::new();
    for manifest in &manifests {
        bar.inc(1);
        if manifest.addenda.is_empty() && system != CodeSystem::Hcpcs {
            continue;
        }
        let to = library.load(&manifest.id)?;
        for addendum in &to.addenda {
            let parts = baseline_parts(addendum.kind);
            let states = |m: &&Manifest| m.sources.iter().any(|s| parts.iter().any(|p| p.part() == s.part));
            let base = baseline(&manifest.id, manifests.iter().filter(states).map(|m| &m.id));
            let from = base.map(|id| library.load(id)).transpose()?;
            audits.push(xwalk_diff::audit(addendum, from.as_ref().map(|f| &f.edition), &to.edition));
        }
        if system == CodeSystem::Hcpcs {
            let base = baseline(&manifest.id, manifests.iter().map(|m| &m.id));
            let from = base.map(|id| library.load(id)).transpose()?;
            // The library keeps no transaction reports; the action codes are attributes of the edition.
            audits.extend(audit_transactions(&[], from.as_ref().map(|f| &f.edition), &to.edition));
        }
    }
    bar.finish_and_clear();
    Ok(audits)
}
