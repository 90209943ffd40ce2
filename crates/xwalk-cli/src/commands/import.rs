//! `xwalk import`

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::bail;
use xwalk_import::{MapFile, Release, discover};
use xwalk_library::{Library, LibraryError, Saved};
use xwalk_model::{ConceptMap, EditionId, MapId, Severity};
use xwalk_report::grouped;

use crate::editions;
use crate::exit::ExitStatus;
use crate::output::{Format, OutputArgs};
use crate::printer::Printer;
use crate::{commands::list::table, diagnostics};

/// Recognise official release files and store them in the library
///
/// Takes files, folders and zips as the authority publishes them, decides by content and name what each file is, and
/// stores each edition with the addenda that lead to it. The same files again change nothing; other files under the
/// same id are refused unless --replace is given.
///
/// Example: xwalk import fixtures/icd10cm
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, folders or zips
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The edition that the files are, whatever their names tell: icd10cm@2026
    #[arg(long = "as", value_name = "EDITION")]
    as_edition: Option<EditionId>,
    /// Put the new files in the place of others stored under the same id
    #[arg(long)]
    replace: bool,
    /// Store an edition although records had to be left out
    #[arg(long)]
    allow_errors: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(serde::Serialize)]
struct Row {
    /// Id of the edition or of the map.
    edition: String,
    result: &'static str,
    effective: Option<xwalk_model::Period>,
    assignable: u64,
    headers: u64,
    /// Alternatives of a map.
    mappings: u64,
    files: Vec<String>,
    diagnostics: usize,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let library = editions::library(library)?;
    let format = args.output.format()?;
    let found = discover(&args.paths, args.as_edition.as_ref())?;
    diagnostics::print(&found.diagnostics, printer);
    if found.releases.is_empty() && found.maps.is_empty() {
        bail!(
            "no release was recognised; expected the files of a code set or of a crosswalk as the authority publishes \
             them"
        );
    }
    let bar = printer.bar((found.releases.len() + found.maps.len()) as u64, "import");
    let mut rows = Vec::new();
    let mut failed = 0usize;
    for release in &found.releases {
        bar.set_message(release.id.to_string());
        match store(release, args, &library, printer) {
            Ok(row) => rows.push(row),
            Err(error) => {
                failed += 1;
                printer.error(&error.context(format!("{} was not stored", release.id)));
            }
        }
        bar.inc(1);
    }
    let mut stored_now: BTreeSet<MapId> = BTreeSet::new();
    for file in &found.maps {
        bar.set_message(file.file.name().to_string());
        match store_maps(file, args, &library, &mut stored_now, printer) {
            Ok(maps) => rows.extend(maps),
            Err(error) => {
                failed += 1;
                printer.error(&error.context(format!("{} was not stored", file.file.name())));
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    args.output.write(printer, |_, out| match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        }
        Format::Csv => {
            writeln!(out, "edition,result,assignable,headers,mappings,files,diagnostics")?;
            rows.iter().try_for_each(|r| {
                let files = r.files.join(" + ");
                writeln!(
                    out,
                    "{},{},{},{},{files},{}",
                    r.edition, r.result, r.assignable, r.headers, r.diagnostics
                )
            })
        }
        Format::Text => {
            let header = [
                "edition or map",
                "in effect",
                "assignable",
                "headers",
                "mappings",
                "files",
                "result",
                "diagnostics",
            ];
            let number = |n: u64| if n == 0 { "-".to_owned() } else { grouped(n) };
            let lines = rows.iter().map(|r| {
                vec![
                    r.edition.clone(),
                    r.effective.map_or("-".to_owned(), |p| p.to_string()),
                    number(r.assignable),
                    number(r.headers),
                    number(r.mappings),
                    short_list(&r.files),
                    r.result.to_owned(),
                    r.diagnostics.to_string(),
                ]
            });
            table(&header, lines, out)
        }
    })?;
    Ok(if failed > 0 { ExitStatus::CouldNotRun } else { ExitStatus::Done })
}

/// The parts that make the edition by name, the rest by number.
fn short_list(parts: &[String]) -> String {
    let named = parts.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match parts.len().saturating_sub(3) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn store(release: &Release, args: &Args, library: &Library, printer: &Printer) -> anyhow::Result<Row> {
    let imported = editions::import(release, args.allow_errors, printer)?;
    let files = release.files.iter().map(|(kind, _)| kind.part().to_owned()).collect();
    let diagnostics = imported.diagnostics.len();
    let Some(edition) = imported.edition else {
        bail!(
            "its files hold no list of codes, only what changed or attributes; pass them with the order file"
        );
    };
    let saved = library.save(&edition, &imported.addenda, args.replace)?;
    Ok(Row {
        edition: release.id.to_string(),
        result: word(saved),
        effective: Some(edition.effective()),
        assignable: edition.totals().assignable,
        headers: edition.totals().headers,
        mappings: 0,
        files,
        diagnostics,
    })
}

fn store_maps(
    file: &MapFile,
    args: &Args,
    library: &Library,
    stored_now: &mut BTreeSet<MapId>,
    printer: &Printer,
) -> anyhow::Result<Vec<Row>> {
    let imported = file.import()?;
    diagnostics::print(&imported.diagnostics, printer);
    let errors = imported.diagnostics.iter().any(|d| d.rule.severity() == Severity::Error);
    if errors && !args.allow_errors {
        bail!("it has records that could not be read; mend the file or pass --allow-errors");
    }
    let mut rows = Vec::new();
    for map in &imported.maps {
        // Authorities publish some maps as text and as workbook; the second form must say what the first said.
        let result = if stored_now.contains(&map.id) {
            if !library.load_map(&map.id)?.says_the_same(map) {
                bail!(
                    "it and another of the files both claim to be {}, and they differ; pass one of them",
                    map.id
                );
            }
            "same as another file"
        } else {
            word(save_or_compare(library, map, args.replace)?)
        };
        stored_now.insert(map.id.clone());
        rows.push(Row {
            edition: map.id.to_string(),
            result,
            effective: None,
            assignable: 0,
            headers: 0,
            mappings: map.len() as u64,
            files: vec![file.kind.part().to_owned()],
            diagnostics: imported.diagnostics.len(),
        });
    }
    Ok(rows)
}

/// Stores a map; one that says the same as the one stored, from another form of the file, is unchanged.
fn save_or_compare(library: &Library, map: &ConceptMap, replace: bool) -> anyhow::Result<Saved> {
    match library.save_map(map, replace) {
        Err(LibraryError::OtherContent { .. }) if library.load_map(&map.id)?.says_the_same(map) => {
            Ok(Saved::Unchanged)
        }
        other => Ok(other?),
    }
}

fn word(saved: Saved) -> &'static str {
    match saved {
        Saved::New => "new",
        Saved::Unchanged => "unchanged",
        Saved::Replaced => "replaced",
    }
}
