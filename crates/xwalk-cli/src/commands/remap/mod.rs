//! `xwalk remap`

mod pending;
mod table;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use anyhow::{Context, bail, ensure};
use xwalk_map::{DatedResolver, Resolver, sources_of};
use xwalk_model::{CodeSystem, EditionId, SourceFile};
use xwalk_remap::{
    AnswerBook, Calendar, ColumnName, DateFormat, Dots, Field, FileRows, OnError, Options, Place, Policy,
    Ragged, Routes, Run, Shape, Summary, Tally, Task, ndjson, questions,
};
use xwalk_report::rules::{worklist_csv, worklist_workbook};
use xwalk_report::{Look, grouped};

use self::pending::{Pending, Progress, stop};
use self::table::{Setting, check_columns};
use super::map::parse_percent;
use crate::editions;
use crate::exit::ExitStatus;
use crate::holdings::Holdings;
use crate::printer::Printer;
use crate::routes::RouteArgs;
use crate::tables::{self, Table, TableFormat};

/// Carry the codes of CSV and Parquet tables and of FHIR resources across, beside all that is in them
///
/// All rows and all other columns come back as they were, in their order; the answer stands beside each code. A
/// summary on stderr says what became of every cell: nothing is echoed, nothing is guessed. Under the policy `strict`
/// only unchanged and renamed codes get a target, and what a reviewer decided; all else stays empty and goes to the
/// worklist. `best` writes the first of the ranked alternatives and marks it as chosen, `all` lists them.
///
/// With --date-column each code is looked up in the edition in force on its date; --from then names a system, or auto.
///
/// FHIR resources, one on each line (.ndjson), need no --column: each Coding of the source system gets the target as a
/// further Coding behind it, with what is told of it in an extension; without a target the extension stands on the
/// source Coding. --column and --date-column name places there: code, diagnosis.diagnosisCodeableConcept,
/// Condition.recordedDate.
///
/// Exit status 1 when more codes than --max-unmapped allows have no target.
///
/// Examples:
///   xwalk remap claims.csv -o out.csv --from icd9cm@32 --to icd10cm@2026 --column dx1,dx2,dx3
///   xwalk remap claims.parquet -o out.parquet --from auto --to icd10cm@2026 --column dx1,dx2 --date-column dos
///   xwalk remap 'claims/*.csv.gz' -o new/ --from icd9cm@32 --to icd10cm@2018 --column dx --policy best \
///     --summary summary.json --worklist worklist.xlsx --max-unmapped 0.5%
///   xwalk remap Condition.ndjson -o new.ndjson --from icd9cm@32 --to icd10cm@2026 --policy best
///   zcat claims.csv.gz | xwalk remap - --from icd9cm@32 --to icd10cm@2026 --column 4 --no-header > out.csv
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Tables: files, folders, patterns; `-` is stdin
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    /// Output file, or folder for several tables; `-` is stdout (the default for one delimited table)
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
    /// Where codes are looked up: an edition, official files, a system, or auto
    #[arg(long, value_name = "EDITION|SYSTEM")]
    from: String,
    /// The edition that codes are carried to
    #[arg(long, value_name = "EDITION")]
    to: String,
    /// Columns with codes, by name or by number from 1; in resources places, everywhere where none is named
    #[arg(long = "column", value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<String>,
    /// Column with the date on which the codes of a row were in use: encounter or discharge, as you choose
    #[arg(long, value_name = "COLUMN")]
    date_column: Option<String>,
    /// How dates are written: YYYY-MM-DD, YYYYMMDD, MM/DD/YYYY, DD/MM/YYYY
    #[arg(long, value_name = "FORMAT", default_value = "YYYY-MM-DD", value_parser = parse_date_format)]
    date_format: DateFormat,
    /// Which answers are written
    #[arg(long, value_enum, default_value = "strict")]
    policy: PolicyChoice,
    /// How they stand in the table
    #[arg(long, value_enum, default_value = "columns")]
    shape: ShapeChoice,
    /// What is told of each code (default: target and outcome; with best also choice, with all also alternatives)
    #[arg(long, value_enum, value_name = "FIELD", value_delimiter = ',')]
    fields: Vec<FieldChoice>,
    /// Whether targets are written with their dot
    #[arg(long, value_enum, default_value = "with")]
    dots: DotsChoice,
    /// Where the new columns stand: right after their code column, or after the last column
    #[arg(long, value_enum, default_value = "beside")]
    place: PlaceChoice,
    /// What the names of new columns begin with
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// Texts that stand for an empty cell
    #[arg(long = "null", value_name = "TEXT", value_delimiter = ',')]
    nulls: Vec<String>,
    /// Combine codes of a row where an authority states it: two that make one, and one that takes several free cells
    #[arg(long)]
    combine: bool,
    /// Form of the tables (default: by content and name)
    #[arg(long, value_enum, value_name = "FORMAT")]
    input_format: Option<TableFormat>,
    /// What separates fields: one byte, or \t (default: a comma, in .tsv files a tab)
    #[arg(long, value_name = "BYTE", value_parser = parse_byte)]
    delimiter: Option<u8>,
    /// What encloses fields: one byte, or none where quotes are plain text
    #[arg(long, value_name = "BYTE|none", default_value = "\"", value_parser = parse_quote)]
    quote: Quote,
    /// The first line holds data; columns go by number
    #[arg(long)]
    no_header: bool,
    /// What happens to rows that cannot be used: fail, or skip-to=FILE to set them aside as they are
    #[arg(long, value_name = "fail|skip-to=FILE", num_args = 1..=2)]
    on_error: Vec<String>,
    /// What happens to rows with other than the usual number of fields
    #[arg(long, value_enum, default_value = "keep")]
    ragged: RaggedChoice,
    /// Write the summary as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Write what a person has to decide, heaviest first, as .xlsx or .csv; `xwalk review` takes it
    #[arg(long, value_name = "FILE")]
    worklist: Option<PathBuf>,
    /// Exit with 1 when a larger share of the codes has no target: 0.5%
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    max_unmapped: Option<f64>,
    /// Do not tell counts under this number in summary and worklist
    #[arg(long, value_name = "N")]
    min_cell: Option<u64>,
    /// Number of threads (default: that of the processor)
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    route: RouteArgs,
}

macro_rules! choice {
    ($name:ident for $of:ident { $($(#[doc = $doc:literal])+ $variant:ident),* $(,)? }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
        enum $name { $($(#[doc = $doc])+ $variant),* }

        impl From<$name> for $of {
            fn from(choice: $name) -> Self {
                match choice { $($name::$variant => Self::$variant),* }
            }
        }
    };
}

choice!(PolicyChoice for Policy {
    /// Unchanged, renamed and reviewed codes only
    Strict,
    /// The first of the ranked alternatives, marked as chosen
    Best,
    /// The only alternative; several are listed
    All,
});
choice!(ShapeChoice for Shape {
    /// New columns
    Columns,
    /// A row for each alternative, with row id and weight
    Explode,
    /// The target in the place of the code
    Replace,
});
choice!(FieldChoice for Field {
    /// Target code
    Target,
    /// Outcome
    Outcome,
    /// How the target came about
    Choice,
    /// Relationship in the words of FHIR R5
    Relationship,
    /// Number of alternatives
    Count,
    /// All alternatives
    Alternatives,
    /// Title of the target
    Title,
    /// The hops that led to it
    Evidence,
});
choice!(DotsChoice for Dots {
    /// As the authority prints them
    With,
    /// As claims hold them
    Without,
});
choice!(PlaceChoice for Place {
    /// Right after the code column
    Beside,
    /// After the last column
    End,
});
choice!(RaggedChoice for Ragged {
    /// Kept as they are, and counted
    Keep,
    /// Bad rows
    Error,
});

fn parse_date_format(text: &str) -> Result<DateFormat, String> {
    text.parse()
}

fn parse_byte(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        b"\n" | b"\r" => Err("a line end separates rows".to_owned()),
        [byte] => Ok(*byte),
        _ => Err("expected one byte, or \\t".to_owned()),
    }
}

/// What encloses fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Quote(Option<u8>);

fn parse_quote(text: &str) -> Result<Quote, String> {
    if text == "none" { Ok(Quote(None)) } else { parse_byte(text).map(|byte| Quote(Some(byte))) }
}

/// What answers the codes of a run.
enum Resolvers {
    One(Box<Resolver>),
    Dated(Box<DatedResolver>, Vec<CodeSystem>),
}

impl Resolvers {
    /// `resources` come with the system of each code.
    fn routes(&self, to: &EditionId, resources: bool) -> (Routes<'_>, Calendar) {
        match self {
            Self::One(resolver) => Routes::one(resolver),
            Self::Dated(resolver, systems) if resources => Routes::by_system(resolver, systems, to.system),
            Self::Dated(resolver, systems) => Routes::dated(resolver, systems, to.system),
        }
    }

    fn systems(&self) -> Vec<CodeSystem> {
        match self {
            Self::One(resolver) => vec![resolver.from().system],
            Self::Dated(_, systems) => systems.clone(),
        }
    }

    fn all(&self) -> Vec<&Resolver> {
        match self {
            Self::One(resolver) => vec![resolver],
            Self::Dated(resolver, _) => resolver.resolvers().iter().collect(),
        }
    }
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (on_error, aside, more) = on_error(&args.on_error)?;
    let mut inputs = args.inputs.clone();
    inputs.extend(more);
    let tables = tables::tables(&inputs, args.output.as_deref())?;
    let options = options(args, on_error)?;
    let form = |table: &Table| table.form(args.input_format);
    let resources = tables.iter().all(|table| form(table) == Some(TableFormat::Ndjson));
    for table in &tables {
        if form(table).is_some_and(|form| form != TableFormat::Ndjson) {
            check_columns(table, args)?;
        }
    }
    let library = editions::library(library)?;
    let mut holdings = Holdings::new(&library, &args.route.with, printer)?;
    let to = holdings.named(&args.to)?;
    let resolvers = resolvers(args, &mut holdings, &to)?;
    let (routes, calendar) = resolvers.routes(&to, resources);
    let book = AnswerBook::new(&routes, &options);
    // Without a handler a stop would leave the temporary files behind.
    ctrlc::set_handler(stop).context("failed to prepare for being stopped")?;
    let length = tables.iter().filter_map(|t| t.input.as_ref()?.metadata().ok()).map(|m| m.len()).sum();
    let progress = Progress { bar: printer.bytes_bar(length, "remap"), rows: AtomicU64::new(0) };
    let mut pending = Pending::default();
    let mut tally = Tally::default();
    let mut files = Vec::new();
    let mut places: Option<ndjson::Places> = None;
    let systems = resolvers.systems();
    for table in &tables {
        let aside =
            aside.as_ref().map(|p| if tables.len() > 1 { p.join(&table.relative) } else { p.clone() });
        let setting = Setting {
            args,
            task: Task { options: &options, calendar: &calendar, book: &book, watch: &progress },
            progress: &progress,
            systems: &systems,
            resources,
            to: &to,
        };
        let (of_table, found) = table::remap(table, aside.as_deref(), &setting, &mut pending)?;
        if let Some(found) = found.filter(|_| of_table.rows > 0) {
            places.get_or_insert_default().add(&found);
        }
        files.push(FileRows { input: table.name(), output: table.output_name(), rows: of_table.rows });
        tally.add(&of_table);
    }
    progress.bar.finish_and_clear();
    if let Some(places) = &places {
        ndjson::check_places(&options, places)?;
        if tally.cells.is_empty() {
            let uris: Vec<&str> = systems.iter().flat_map(|s| s.uris()).copied().collect();
            printer.note(format_args!("no Coding was found of the systems {}", uris.join(", ")));
        }
    }
    let codes = tally.codes(&book);
    let run = Run {
        options: &options,
        from: args.from.clone(),
        to: to.to_string(),
        files,
        resolvers: resolvers.all(),
        decisions: args.route.decisions.as_deref().map(hashed).transpose()?,
        min_cell: args.min_cell,
        listed: args.summary.is_some(),
    };
    let summary = Summary::new(run, &tally, &codes, &book);
    if let Some(path) = &args.summary {
        pending.write(path, |out| xwalk_report::remap::write_json(&summary, out))?;
    }
    if let Some(path) = &args.worklist {
        let questions = questions(&codes, &book, &routes, &to, args.min_cell);
        let workbook = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsx"));
        pending.write(path, |out| {
            if workbook {
                out.write_all(&worklist_workbook(&questions)?)
            } else {
                worklist_csv(&questions, out)
            }
        })?;
        printer.note(format_args!(
            "{} codes to decide in {}",
            grouped(questions.len() as u64),
            path.display()
        ));
    }
    for file in pending.0 {
        file.commit()?;
    }
    let mut text = Vec::new();
    xwalk_report::remap::write_text(&summary, Look { colour: false }, &mut text)?;
    printer.note(String::from_utf8_lossy(&text).trim_end());
    let share = summary.unmapped_share();
    let findings = args.max_unmapped.is_some_and(|allowed| share > allowed);
    if let (true, Some(allowed)) = (findings, args.max_unmapped) {
        printer.note(format_args!(
            "{:.3} % of the codes have no target, more than {:.3} % allowed",
            share * 100.0,
            allowed * 100.0
        ));
    }
    // The process ends now; giving back the editions piece by piece would only take time.
    drop(summary);
    std::mem::forget((codes, holdings));
    std::mem::forget(book);
    std::mem::forget(resolvers);
    Ok(if findings { ExitStatus::Findings } else { ExitStatus::Done })
}

/// `fail`, `skip-to=FILE` or `skip-to FILE`. What follows `fail` was meant as an input.
fn on_error(words: &[String]) -> anyhow::Result<(OnError, Option<PathBuf>, Vec<String>)> {
    match words {
        [] => Ok((OnError::Fail, None, Vec::new())),
        [fail, rest @ ..] if fail == "fail" => Ok((OnError::Fail, None, rest.to_vec())),
        [skip, file] if skip == "skip-to" => Ok((OnError::Skip, Some(file.into()), Vec::new())),
        [skip, rest @ ..] => match skip.strip_prefix("skip-to=").filter(|file| !file.is_empty()) {
            Some(file) => Ok((OnError::Skip, Some(file.into()), rest.to_vec())),
            None => bail!("--on-error is fail or skip-to=FILE, not `{skip}`"),
        },
    }
}

fn options(args: &Args, on_error: OnError) -> anyhow::Result<Options> {
    let policy = args.policy.into();
    let shape = args.shape.into();
    let mut fields: Vec<Field> = args.fields.iter().map(|f| (*f).into()).collect();
    if fields.is_empty() {
        fields = Field::defaults(policy);
        if shape == Shape::Explode {
            // Each alternative has a row of its own.
            fields = vec![Field::Target, Field::Outcome];
        }
    }
    for (i, field) in fields.iter().enumerate() {
        ensure!(!fields[..i].contains(field), "--fields names `{}` twice", field.id());
    }
    ensure!(
        !args.combine || shape != Shape::Explode,
        "--combine writes one answer for several codes, and --shape explode several rows for one: use one of them"
    );
    if shape == Shape::Explode && policy != Policy::All {
        bail!("--shape explode writes all alternatives: say --policy all");
    }
    Ok(Options {
        policy,
        shape,
        fields,
        dots: args.dots.into(),
        place: args.place.into(),
        prefix: args.prefix.clone(),
        columns: args.columns.iter().map(|c| ColumnName(c.clone())).collect(),
        date_column: args.date_column.clone().map(ColumnName),
        date_format: args.date_format,
        nulls: args.nulls.clone(),
        combine: args.combine,
        on_error,
        ragged: args.ragged.into(),
        threads: args
            .threads
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
            .max(1),
    })
}

fn resolvers(args: &Args, holdings: &mut Holdings<'_>, to: &EditionId) -> anyhow::Result<Resolvers> {
    let systems = match args.from.as_str() {
        "auto" => Some(sources_of(to.system)),
        text => text.parse::<CodeSystem>().ok().map(|system| vec![system]),
    };
    match systems {
        Some(systems) => {
            let resolver = args.route.dated(holdings, &systems, to, &HashSet::new())?;
            Ok(Resolvers::Dated(Box::new(resolver), systems))
        }
        None => {
            let from = holdings.named(&args.from)?;
            if args.date_column.is_some() {
                bail!(
                    "--date-column looks each code up in the edition in force on its date; --from names the system \
                     then ({}), or auto, not one edition",
                    from.system
                );
            }
            Ok(Resolvers::One(Box::new(args.route.resolver(holdings, &from, to)?)))
        }
    }
}

/// A file with its hash.
fn hashed(path: &Path) -> anyhow::Result<SourceFile> {
    let files = xwalk_import::collect(path)?;
    let file = files.first().with_context(|| format!("{} is empty", path.display()))?;
    Ok(file.source("reviewed crosswalk", &file.bytes()?))
}
