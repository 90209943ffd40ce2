//! `xwalk map`

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use jiff::civil::Date;
use xwalk_map::{
    DualCoded, Grounds, Outcome, Resolution, Resolver, Warning, assignable_codes, shares, sources_of,
    statistics,
};
use xwalk_model::{Code, CodeSystem, EditionId};
use xwalk_report::answers::{Answer, View, write_statistics_json, write_statistics_text};

use crate::editions;
use crate::exit::ExitStatus;
use crate::holdings::Holdings;
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
    #[arg(long)]
    all: bool,
    /// Show only these outcomes
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',', value_parser = parse_outcome)]
    only: Vec<Outcome>,
    /// Show only codes that survive and mean less than before
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
    let named = !inputs.is_empty();
    let systems = match args.from.as_str() {
        "auto" => Some(sources_of(to.system)),
        text => text.parse::<CodeSystem>().ok().map(|system| vec![system]),
    };
    let from = if systems.is_none() { Some(holdings.named(&args.from)?) } else { None };
    if args.stats {
        let Some(from) = from else { bail!("--stats describes a map between two editions; name the first") };
        return describe(args, &holdings, &from, &to, format, printer);
    }
    let by_day = inputs.iter().any(|i| i.day.is_some());
    let (mut answers, resolvers): (Vec<(Answer, usize)>, Vec<Resolver>) = match (systems, from) {
        (None, Some(from)) if !by_day => {
            let started = Instant::now();
            let resolver = args.route.resolver(&holdings, &from, &to)?;
            let loaded = Instant::now();
            let mut batch = resolver.batch();
            let answers: Vec<(Answer, usize)> = if named {
                inputs.iter().map(|i| (batch.resolve(&i.text).into(), 0)).collect()
            } else {
                let display = |c: &Code| c.display(from.system);
                resolver.codes().iter().map(|c| (batch.resolve_code(c, display(c)).into(), 0)).collect()
            };
            drop(batch);
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
        (systems, from) => {
            if !named || args.all {
                bail!("name the codes: all codes are carried from one edition, not from a system");
            }
            let systems = systems.or_else(|| from.map(|f| vec![f.system])).unwrap_or_default();
            let resolver = args.route.dated(&holdings, &systems, &to)?;
            let found: Vec<(Resolution, usize)> =
                inputs.iter().map(|i| resolver.resolve(&i.text, i.day)).collect();
            used_only(found, resolver.into_resolvers())
        }
    };
    let unmapped = answers.iter().filter(|(a, _)| !a.resolution.outcome.is_mapped()).count();
    let total = answers.len();
    weigh(args, &to, &mut answers, &resolvers)?;
    answers.retain(|(answer, _)| shows(args, &answer.resolution));
    let with_volumes = args.route.volumes.is_some();
    let view = View { answers: &answers, resolvers: &resolvers, explain: args.explain, with_volumes };
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
fn used_only(
    found: Vec<(Resolution, usize)>,
    resolvers: Vec<Resolver>,
) -> (Vec<(Answer, usize)>, Vec<Resolver>) {
    let mut used: Vec<usize> =
        found.iter().map(|(_, which)| *which).filter(|w| *w < resolvers.len()).collect();
    used.sort_unstable();
    used.dedup();
    let place = |which: usize| used.binary_search(&which).unwrap_or(usize::MAX);
    let answers = found.into_iter().map(|(r, which)| (r.into(), place(which))).collect();
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

fn describe(
    args: &Args,
    holdings: &Holdings<'_>,
    from: &EditionId,
    to: &EditionId,
    format: Format,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let resolver = args.route.resolver(holdings, from, to)?;
    let whole = |resolver: &Resolver| -> Vec<Resolution> {
        let mut batch = resolver.batch().limit(usize::MAX);
        resolver.codes().iter().map(|c| batch.resolve_code(c, c.display(resolver.from().system))).collect()
    };
    let forward = whole(&resolver);
    // The other direction is described too where a route leads back; that there is none is no error.
    let back = args.route.resolver(holdings, to, from).ok();
    let backward = back.as_ref().map(whole);
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
    let name = path.display();
    let reader: Box<dyn std::io::Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(
            std::fs::File::options()
                .read(true)
                .open(path)
                .with_context(|| format!("failed to read {name}"))?,
        )
    };
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
    let header = table.headers().with_context(|| format!("failed to read {name}"))?.clone();
    let column = |wanted: &str| {
        header.iter().position(|h| h.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case(wanted))
    };
    let Some(code_at) = column("code") else {
        bail!(
            "{name}:1: expected a header with the column code, found {}",
            header.iter().collect::<Vec<_>>().join(", ")
        );
    };
    let date_at = column("date");
    let mut inputs = Vec::new();
    for record in table.records() {
        let record = record.with_context(|| format!("failed to read {name}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let day = match date_at.and_then(|at| record.get(at)).map(str::trim).filter(|d| !d.is_empty()) {
            Some(date) => Some(
                date.parse()
                    .with_context(|| format!("{name}:{line}: `{date}` is not a date; expected 2019-10-01"))?,
            ),
            None => on,
        };
        inputs.push(Input { text: record.get(code_at).unwrap_or_default().to_owned(), day });
    }
    Ok(inputs)
}

fn read_sample(path: &Path, from: &EditionId, to: &EditionId) -> anyhow::Result<DualCoded> {
    let name = path.display();
    let mut table = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(path)
        .with_context(|| format!("failed to read {name}"))?;
    let header = table.headers()?.clone();
    let column = |wanted: &str| {
        let at =
            header.iter().position(|h| h.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case(wanted));
        at.with_context(|| format!("{name}:1: expected a header with the columns source, target and n"))
    };
    let (source_at, target_at, n_at) = (column("source")?, column("target")?, column("n")?);
    let mut sample = DualCoded::default();
    for record in table.records() {
        let record = record.with_context(|| format!("failed to read {name}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let source = Code::parse(from.system, cell(source_at))
            .with_context(|| format!("{name}:{line}: column source"))?;
        let target = Code::parse(to.system, cell(target_at))
            .with_context(|| format!("{name}:{line}: column target"))?;
        let n = cell(n_at).trim();
        let n: u64 =
            n.parse().with_context(|| format!("{name}:{line}: column n: `{n}` is not a whole number"))?;
        sample.add(source, target, n);
    }
    Ok(sample)
}
