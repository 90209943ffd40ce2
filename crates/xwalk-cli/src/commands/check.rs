//! `xwalk check`

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::civil::Date;
use xwalk_library::Library;
use xwalk_map::Timeline;
use xwalk_model::{CodeSystem, Edition};
use xwalk_report::check::{
    Checker, Claims, ClaimsOptions, Reason, counterpart, write_csv, write_json, write_text,
};
use xwalk_report::summary::Succession;

use crate::editions;
use crate::exit::ExitStatus;
use crate::held;
use crate::output::{Format, OutputArgs};
use crate::printer::Printer;

/// Say in plain words whether codes are valid on a day, why not, and what to use instead
///
/// Looks a code up in the edition that was in effect on the day, mid-year releases included:
/// deleted (with the codes that take over), a header that needs a further character, 7th character
/// missing, not yet in effect, a code of another system, unknown. For a valid code the Excludes
/// notes and instructions that apply are shown, and pairs of the codes that an Excludes1 note keeps
/// apart.
///
/// With --column a CSV file of claims is read instead, and what a payer would deny is listed by
/// reason before it is sent. Only codes, dates and counts leave the file, and counts under
/// --min-cell are not told.
///
/// Exit status: 0 all valid, 1 something is not, 2 could not run.
///
/// Examples:
///   xwalk check B88.0 L02.212 --on 2025-11-03 --in fixtures/icd10cm
///   xwalk check claims.csv --column dx1 --column dx2 --date-column dos
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Codes, or with --column a CSV file of claims; `-` is stdin
    #[arg(required = true, value_name = "CODE|FILE")]
    what: Vec<String>,
    /// The day of the service or discharge, for instance 2025-11-03
    #[arg(long, value_name = "DATE", required_unless_present = "column")]
    on: Option<Date>,
    /// Column of the claims that holds codes; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "date_column")]
    column: Vec<String>,
    /// Column of the claims that holds the date of service
    #[arg(long, value_name = "NAME", requires = "column")]
    date_column: Option<String>,
    /// The character between the fields of the claims
    #[arg(long, value_name = "CHAR", default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// Counts of claims above 0 and below this are not told; 0 tells all
    #[arg(long, value_name = "N", default_value_t = 11)]
    min_cell: u64,
    /// The code systems that codes are taken to be of (default: all that are held)
    #[arg(long, value_name = "SYSTEM", value_delimiter = ',')]
    system: Vec<CodeSystem>,
    /// Editions to look in: paths of official files, edition ids, or systems of the library (default: the library)
    #[arg(long = "in", value_name = "EDITION")]
    editions: Vec<String>,
    /// Conversion table, transition table or General Equivalence Mapping that says what to use instead
    #[arg(long, value_name = "FILE")]
    table: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [one] if one.is_ascii() => Ok(*one),
        _ => Err("expected one ASCII character, or \\t for a tab".to_owned()),
    }
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.output.format()?;
    let library = editions::library(library)?;
    let specs = specs(args, &library)?;
    let held = held::collect(&specs, &args.table, false, &library, printer)?;
    let editions: Vec<Arc<Edition>> = held.editions.iter().map(|h| Arc::clone(&h.edition)).collect();
    let undated: Vec<String> =
        editions.iter().filter(|e| e.effective().from.is_none()).map(|e| e.id().to_string()).collect();
    let asked = |e: &Arc<Edition>| args.system.contains(&e.id().system);
    if !undated.is_empty() && editions.iter().any(|e| e.effective().from.is_none() && asked(e)) {
        printer.note(format_args!(
            "note: {} states no days on which it is in effect and is not looked at",
            undated.join(", ")
        ));
    }
    let mid_year = held.holdings.mid_year(&editions)?;
    let timeline = Timeline::new(editions, mid_year.clone());
    // A table that cannot be read ends the run after the codes are judged: no successor is made up for it.
    let failed = OnceCell::new();
    let successions = |from: &Edition, to: &Edition| {
        held.succession(from, to).unwrap_or_else(|error| {
            let _ = failed.set(error);
            Succession::default()
        })
    };
    let mut across = Vec::new();
    for system in CodeSystem::ALL {
        if let Some(other) = counterpart(system) {
            across.extend(held.holdings.maps_across(system, other)?);
        }
    }
    let checker = Checker::new(&timeline, &mid_year, &successions, &args.system).with_maps(&across);
    let status = if args.column.is_empty() {
        codes(args, format, &checker, printer)?
    } else {
        claims(args, format, &checker, printer)?
    };
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(status),
    }
}

/// The editions to look in: those named, or all of the library whose codes are written like one that was given.
fn specs(args: &Args, library: &Library) -> anyhow::Result<Vec<String>> {
    if !args.editions.is_empty() {
        return Ok(args.editions.clone());
    }
    let mut held: Vec<CodeSystem> = library.list()?.iter().map(|m| m.id.system).collect();
    held.dedup();
    if held.is_empty() {
        bail!("the library holds no edition; import releases, or name files with --in");
    }
    let written_like = |system: &CodeSystem| {
        !args.column.is_empty()
            || args.what.iter().any(|text| xwalk_model::Code::parse(*system, text).is_ok())
    };
    let systems: Vec<CodeSystem> = held.iter().copied().filter(written_like).collect();
    // A code that is written like none is told so by the first system.
    let mut systems = if systems.is_empty() { held[..1].to_vec() } else { systems };
    systems.extend(args.system.iter().filter(|s| held.contains(s)));
    // A code of the system that was in use before, or is after, is told to be one.
    systems.extend(systems.clone().into_iter().filter_map(counterpart).filter(|s| held.contains(s)));
    systems.sort_unstable();
    systems.dedup();
    Ok(systems.iter().map(|s| s.id().to_owned()).collect())
}

fn codes(
    args: &Args,
    format: Format,
    checker: &Checker<'_>,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let on = args.on.context("name the day with --on")?;
    let all: Vec<_> = args.what.iter().map(|text| checker.check(text, on)).collect();
    let texts: Vec<&str> = args.what.iter().map(String::as_str).collect();
    let conflicts = checker.conflicts(&texts, on);
    args.output.write(printer, |look, out| match format {
        Format::Text => write_text(&all, &conflicts, look, out),
        Format::Json => write_json(&all, &conflicts, out),
        Format::Csv => write_csv(&all, out),
    })?;
    let fine = all.iter().all(|f| f.reason == Reason::Valid) && conflicts.is_empty();
    Ok(if fine { ExitStatus::Done } else { ExitStatus::Findings })
}

fn claims(
    args: &Args,
    format: Format,
    checker: &Checker<'_>,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let [file] = &args.what[..] else { bail!("with --column one CSV file is read; name it alone") };
    let options = ClaimsOptions {
        columns: args.column.clone(),
        date_column: args.date_column.clone().context("name the column of dates with --date-column")?,
        delimiter: args.delimiter,
        min_cell: args.min_cell,
    };
    let claims = if file == "-" {
        Claims::read("stdin", std::io::stdin().lock(), &options, checker)?
    } else {
        let path = Path::new(file);
        let name = path.file_name().map_or_else(|| file.clone().into(), |n| n.to_string_lossy());
        Claims::read(&name, fs_err::File::open(path)?, &options, checker)?
    };
    args.output.write(printer, |look, out| match format {
        Format::Text => claims.write_text(look, out),
        Format::Json => claims.write_json(out),
        Format::Csv => claims.write_csv(out),
    })?;
    Ok(if claims.findings { ExitStatus::Findings } else { ExitStatus::Done })
}
