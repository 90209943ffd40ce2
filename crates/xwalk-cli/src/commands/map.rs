//! `xwalk map`

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use jiff::civil::Date;
use rayon::prelude::*;
use xwalk_map::{
    DualCoded, Grounds, Outcome, Resolution, Resolver, Warning, Waypoint, assignable_codes, shares,
    sources_of, statistics,
};
use xwalk_model::{Code, CodeSystem, EditionId, MapId};
use xwalk_report::answers::{Answer, View, write_statistics_json, write_statistics_text};

use crate::editions;
use crate::exit::ExitStatus;
use crate::holdings::Holdings;
use crate::lists::List;
use crate::output::{Format, OutputArgs};
use crate::printer::Printer;
use crate::routes::{RouteArgs, read_volumes};

/// Carry codes along crosswalks, with a typed outcome and the evidence for every hop
///
/// Finds the route by itself: what an authority states before what is derived or inferred, fewer lossy steps first.
/// Every code gets one of fourteen outcomes (unchanged, renamed, replaced, split, merged, combination, header,
/// deleted-without-successor, no-map, unknown, malformed, not-valid-on-date, ambiguous-system, too-wide); an unknown
/// code is never echoed. Alternatives are ranked and none is hidden. All assignable codes are carried when none is
/// named.
///
/// FROM is an edition (icd9cm@32), the path of official files, a system (icd10cm: the edition in force on the date of
/// each code), or auto (the system as well).
///
/// Exit status 1 when codes that were named have no target, or more than --max-unmapped allows.
///
/// Examples:
///   xwalk map fixtures/icd10cm/2025 fixtures/icd10cm/2026 B88.0 G35 E11.9
///   xwalk map icd10cm@2025 icd10cm@2026 --scope-lost
///   xwalk map icd9cm@32 icd10cm@2026 250.00 24951 --explain
///   xwalk map icd10cm@2026 icd10cm@2018 U07.1
///   xwalk map auto icd10cm@2026 E030 --on 2014-05-01
///   xwalk map icd9cm@32 icd10cm@2018 --stats
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Args {
    /// Edition, official files, system, or auto
    from: String,
    /// Edition, or official files
    to: String,
    /// Codes as people write them; CODE=DATE looks a code up on its own day
    #[arg(value_name = "CODE")]
    codes: Vec<String>,
    /// Read codes from a CSV file with the columns code and, if wanted, date; `-` is stdin
    #[arg(long, value_name = "FILE")]
    codes_from: Option<PathBuf>,
    /// Look codes up in the edition in force on this day (mid-year releases counted)
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,
    /// Carry all assignable codes of FROM (the default when no code is named)
    #[arg(long, conflicts_with_all = ["codes", "codes_from"])]
    all: bool,
    /// Show only these outcomes
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',', value_parser = parse_outcome)]
    only: Vec<Outcome>,
    /// Show only codes that mean less than before, themselves or on the way: new codes were carved out of them
    #[arg(long)]
    scope_lost: bool,
    /// Tell per hop the file, line and flags
    #[arg(long)]
    explain: bool,
    /// Describe the map as a whole: outcomes, cardinalities, reciprocity, round trips
    #[arg(long)]
    stats: bool,
    /// Allocate shares to alternatives for statistics; an allocation, not a mapping
    #[arg(long, value_name = "GROUNDS", value_enum)]
    weights: Option<Weights>,
    /// A sample coded in both systems for --weights sample (CSV with columns source, target, n)
    #[arg(long, value_name = "FILE", required_if_eq("weights", "sample"))]
    sample: Option<PathBuf>,
    /// Tell on stderr how long loading the route and carrying the codes took
    #[arg(long)]
    timings: bool,
    /// Exit with 1 when a larger share of the codes has no target: 0.5%
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    max_unmapped: Option<f64>,
    #[command(flatten)]
    route: RouteArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// What shares rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Weights {
    /// The same share for each alternative
    Equal,
    /// Your own counts of target codes (--volumes)
    Volumes,
    /// A dual-coded sample (--sample), with bounds and a comparability ratio
    Sample,
}

fn parse_outcome(text: &str) -> Result<Outcome, String> {
    Outcome::ALL.into_iter().find(|o| o.id() == text).ok_or_else(|| {
        let all: Vec<&str> = Outcome::ALL.iter().map(|o| o.id()).collect();
        format!("expected one of {}", all.join(", "))
    })
}

/// A share between 0 and 1, written as a percentage.
pub(crate) fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').unwrap_or(text).trim();
    match number.parse::<f64>() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("expected a percentage from 0 to 100, for instance 0.5%".to_owned()),
    }
}

/// A code with the day on which it was used.
struct Input {
    text: String,
    day: Option<Date>,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.output.format()?;
    let library = editions::library(library)?;
    let mut holdings = Holdings::new(&library, &args.route.with, printer)?;
    let to = holdings.named(&args.to)?;
    let mut inputs: Vec<Input> =
        args.codes.iter().map(|text| dated(text, args.on)).collect::<Result<_, _>>()?;
    if let Some(path) = &args.codes_from {
        inputs.extend(read_codes(path, args.on)?);
    }
    let named = !args.codes.is_empty() || args.codes_from.is_some();
    let systems = match args.from.as_str() {
        "auto" => Some(sources_of(to.system)),
        text => text.parse::<CodeSystem>().ok().map(|system| vec![system]),
    };
    let from = if systems.is_none() { Some(holdings.named(&args.from)?) } else { None };
    if args.stats {
        let Some(from) = from else { bail!("--stats describes a map between two editions; name the first") };
        return describe(args, &holdings, &from, &to, format, printer);
    }
    if let Some(from) = &from {
        if args.on.is_some() || inputs.iter().any(|i| i.day.is_some()) {
            bail!(
                "a date chooses the edition, and FROM names one; name the system ({}) or leave the date out",
                from.system
            );
        }
        if !named && !holdings.holds(from) {
            bail!("{from} is not held, so its codes cannot be listed; import it, or name codes");
        }
    }
    let (mut answers, resolvers): (Vec<(Answer, usize)>, Vec<Resolver>) = match (systems, from) {
        (None, Some(from)) => {
            let started = Instant::now();
            let resolver = args.route.resolver(&holdings, &from, &to)?;
            let loaded = Instant::now();
            let answers: Vec<(Answer, usize)> = if named {
                let mut batch = resolver.batch();
                inputs.iter().map(|i| (batch.resolve(&i.text).into(), 0)).collect()
            } else {
                whole(&resolver, None).into_iter().map(|r| (r.into(), 0)).collect()
            };
            if args.timings {
                printer.note(format!(
                    "timings: load {:.1} ms, carry {:.1} ms, {} codes",
                    (loaded - started).as_secs_f64() * 1000.0,
                    loaded.elapsed().as_secs_f64() * 1000.0,
                    answers.len()
                ));
            }
            (answers, vec![resolver])
        }
        (systems, _) => {
            if !named {
                bail!("name the codes: all codes are carried from one edition, not from a system");
            }
            let systems = systems.unwrap_or_default();
            let shown = inputs
                .iter()
                .flat_map(|input| systems.iter().filter_map(|system| Code::parse(*system, &input.text).ok()));
            let resolver = args.route.dated(&holdings, &systems, &to, &shown.collect())?;
            let mut batch = resolver.batch();
            let found: Vec<(Answer, usize)> = inputs
                .iter()
                .map(|input| {
                    let (resolution, which) = batch.resolve(&input.text, input.day);
                    let mut answer = Answer::from(resolution);
                    answer.day = input.day.map(|d| d.to_string());
                    (answer, which)
                })
                .collect();
            drop(batch);
            used_only(found, resolver.into_resolvers())
        }
    };
    let unmapped = answers.iter().filter(|(a, _)| !a.resolution.outcome.is_mapped()).count();
    let total = answers.len();
    weigh(args, &to, &mut answers, &resolvers)?;
    answers.retain(|(answer, _)| shows(args, &answer.resolution));
    let with_volumes = args.route.volumes.is_some();
    let view =
        View { answers: &answers, resolvers: &resolvers, to: &to, explain: args.explain, with_volumes };
    args.output.write(printer, |look, out| match format {
        Format::Json => view.write_json(out),
        Format::Csv => view.write_csv(out),
        Format::Text => view.write_text(look, out),
    })?;
    let allowed = match args.max_unmapped {
        Some(share) => share,
        None if named => 0.0,
        None => 1.0,
    };
    let findings = total > 0 && unmapped as f64 > allowed * total as f64;
    if findings && args.max_unmapped.is_some() {
        printer.note(format!(
            "{unmapped} of {total} codes have no target: {:.2} %, more than {:.2} % allowed",
            100.0 * unmapped as f64 / total as f64,
            100.0 * allowed
        ));
    }
    // The process ends now; giving back the editions piece by piece would only take time.
    std::mem::forget((answers, resolvers, holdings));
    Ok(if findings { ExitStatus::Findings } else { ExitStatus::Done })
}

fn shows(args: &Args, resolution: &Resolution) -> bool {
    let lost = || resolution.warnings.iter().any(|w| matches!(w, Warning::ScopeLost { .. }));
    (args.only.is_empty() || args.only.contains(&resolution.outcome)) && (!args.scope_lost || lost())
}

/// Keeps the resolvers that gave an answer, so that the routes of the others are not printed.
fn used_only(found: Vec<(Answer, usize)>, resolvers: Vec<Resolver>) -> (Vec<(Answer, usize)>, Vec<Resolver>) {
    let mut used: Vec<usize> =
        found.iter().map(|(_, which)| *which).filter(|w| *w < resolvers.len()).collect();
    used.sort_unstable();
    used.dedup();
    let place = |which: usize| used.binary_search(&which).unwrap_or(usize::MAX);
    let answers = found.into_iter().map(|(answer, which)| (answer, place(which))).collect();
    let kept = resolvers.into_iter().enumerate().filter(|(i, _)| used.contains(i)).map(|(_, r)| r).collect();
    (answers, kept)
}

fn weigh(
    args: &Args,
    to: &EditionId,
    answers: &mut [(Answer, usize)],
    resolvers: &[Resolver],
) -> anyhow::Result<()> {
    let Some(weights) = args.weights else { return Ok(()) };
    let volumes = match (weights, &args.route.volumes) {
        (Weights::Volumes, Some(path)) => read_volumes(path, to)?,
        (Weights::Volumes, None) => bail!("--weights volumes needs your counts: --volumes FILE"),
        _ => std::collections::BTreeMap::new(),
    };
    let sample = match (&args.sample, resolvers.first()) {
        (Some(path), Some(resolver)) => read_sample(path, resolver.from(), to)?,
        _ => DualCoded::default(),
    };
    let grounds = match weights {
        Weights::Equal => Grounds::Equal,
        Weights::Volumes => Grounds::Volumes(&volumes),
        Weights::Sample => Grounds::Sample(&sample),
    };
    for (answer, _) in answers {
        answer.shares = shares(&answer.resolution, grounds);
        if let (Weights::Sample, Some(code)) = (weights, &answer.resolution.code) {
            answer.comparability = sample.comparability(code, &answer.resolution);
        }
    }
    Ok(())
}

/// The answers for all codes of the source edition, in order: a part for each thread.
fn whole(resolver: &Resolver, limit: Option<usize>) -> Vec<Resolution> {
    let codes = resolver.codes();
    let part = codes.len() / rayon::current_num_threads().max(1) + 1;
    let parts: Vec<Vec<Resolution>> = codes
        .par_chunks(part)
        .map(|codes| {
            let mut batch = resolver.batch();
            if let Some(limit) = limit {
                batch = batch.limit(limit);
            }
            let display = |c: &Code| c.display(resolver.from().system);
            codes.iter().map(|c| batch.resolve_code(c, display(c))).collect()
        })
        .collect();
    parts.into_iter().flatten().collect()
}

fn describe(
    args: &Args,
    holdings: &Holdings<'_>,
    from: &EditionId,
    to: &EditionId,
    format: Format,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let resolver = args.route.resolver(holdings, from, to)?;
    let forward = whole(&resolver, Some(usize::MAX));
    if !holdings.holds(from) {
        bail!("{from} is not held, so its codes cannot be listed; import it");
    }
    // Where no route leads back, the numbers are those of one direction, and the reason is told.
    let mut way_back = args.route.clone();
    way_back.via = args.route.via.iter().rev().map(turned).collect();
    let back = match way_back.resolver(holdings, to, from) {
        Ok(back) => Some(back),
        Err(error) => {
            printer.note(format!("note: the way back is not counted: {error:#}"));
            None
        }
    };
    let backward = back.as_ref().map(|back| whole(back, Some(usize::MAX)));
    let targets: Option<Vec<Code>> =
        resolver.target().map(|e| assignable_codes(e).map(|c| c.code().clone()).collect());
    let found = statistics(&forward, backward.as_deref(), targets.as_deref());
    args.output.write(printer, |look, out| match format {
        Format::Json => write_statistics_json(&resolver, &found, out),
        Format::Csv => Err(std::io::Error::other("statistics are written as text or JSON")),
        Format::Text => write_statistics_text(&resolver, &found, look, out),
    })?;
    Ok(ExitStatus::Done)
}

/// `CODE` or `CODE=DATE`.
fn dated(text: &str, on: Option<Date>) -> anyhow::Result<Input> {
    match text.rsplit_once('=') {
        None => Ok(Input { text: text.to_owned(), day: on }),
        Some((code, date)) => {
            let day = date.parse().with_context(|| format!("`{date}` is not a date; expected 2019-10-01"))?;
            Ok(Input { text: code.to_owned(), day: Some(day) })
        }
    }
}

fn read_codes(path: &Path, on: Option<Date>) -> anyhow::Result<Vec<Input>> {
    let table = List::read(path)?;
    let (code_at, date_at) = (table.column(&["code"])?, table.find(&["date"]));
    let mut inputs = Vec::new();
    for row in table.rows() {
        let day = match date_at.map(|at| (at, row.cell(at))).filter(|(_, date)| !date.is_empty()) {
            Some((at, date)) => Some(date.parse().with_context(|| {
                format!("{}: `{date}` is not a date; expected 2019-10-01", row.place(at))
            })?),
            None => on,
        };
        inputs.push(Input { text: row.cell(code_at).to_owned(), day });
    }
    Ok(inputs)
}

fn read_sample(path: &Path, from: &EditionId, to: &EditionId) -> anyhow::Result<DualCoded> {
    let table = List::read(path)?;
    let (source_at, target_at) = (table.column(&["source"])?, table.column(&["target"])?);
    let n_at = table.column(&["n", "count"])?;
    let mut sample = DualCoded::default();
    for row in table.rows() {
        let source = Code::parse(from.system, row.cell(source_at)).with_context(|| row.place(source_at))?;
        let target = Code::parse(to.system, row.cell(target_at)).with_context(|| row.place(target_at))?;
        let n: u64 = row
            .cell(n_at)
            .parse()
            .with_context(|| format!("{}: `{}` is not a whole number", row.place(n_at), row.cell(n_at)))?;
        sample.add(source, target, n);
    }
    Ok(sample)
}

/// A waypoint for the way back: the map of the same name that leads the other way.
fn turned(waypoint: &Waypoint) -> Waypoint {
    match waypoint {
        Waypoint::Edition(id) => Waypoint::Edition(id.clone()),
        Waypoint::Map(id) => Waypoint::Map(MapId {
            source: id.target.clone(),
            target: id.source.clone(),
            name: id.name.clone(),
        }),
    }
}
