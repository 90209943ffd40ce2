//! `xwalk list`

use std::io::{self, Write};
use std::path::PathBuf;

use xwalk_report::grouped;

use crate::editions;
use crate::exit::ExitStatus;
use crate::output::{Format, OutputArgs};
use crate::printer::Printer;

/// List the editions and maps in the library
///
/// Effective dates, counts and sources of everything that was imported.
///
/// Example: xwalk list --format json
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let library = editions::library(library)?;
    let format = args.output.format()?;
    let manifests = library.list()?;
    let maps = library.list_maps()?;
    if manifests.is_empty() && maps.is_empty() {
        printer.note(format_args!(
            "the library {} is empty; `xwalk import PATH` fills it",
            library.root().display()
        ));
    }
    args.output.write(printer, |_, out| match format {
        Format::Json => {
            let all = serde_json::json!({ "editions": &manifests, "maps": &maps });
            serde_json::to_writer_pretty(&mut *out, &all)?;
            writeln!(out)
        }
        Format::Csv => {
            writeln!(out, "edition,effective_from,effective_to,assignable,headers,files")?;
            manifests.iter().try_for_each(|m| {
                let day = |d: Option<jiff::civil::Date>| d.map_or(String::new(), |d| d.to_string());
                let (from, to) = (day(m.effective.from), day(m.effective.to));
                let (a, h) = (m.totals.assignable, m.totals.headers);
                writeln!(out, "{},{from},{to},{a},{h},{}", m.id, m.sources.len() + m.addenda.len())
            })
        }
        Format::Text => {
            let header = ["edition", "in effect", "assignable", "headers", "sources"];
            let lines = manifests.iter().map(|m| {
                let sources: Vec<&str> = m.sources.iter().map(|s| s.name.as_str()).collect();
                vec![
                    m.id.to_string(),
                    m.effective.to_string(),
                    grouped(m.totals.assignable),
                    grouped(m.totals.headers),
                    sources.join(", "),
                ]
            });
            table(&header, lines, out)?;
            if maps.is_empty() {
                return Ok(());
            }
            writeln!(out)?;
            let header = ["map", "source codes", "mappings", "sources"];
            let lines = maps.iter().map(|m| {
                let sources: Vec<&str> = m.sources.iter().map(|s| s.name.as_str()).collect();
                vec![m.id.to_string(), grouped(m.sources_mapped), grouped(m.mappings), sources.join(", ")]
            });
            table(&header, lines, out)
        }
    })?;
    Ok(ExitStatus::Done)
}

/// Headings of columns that hold numbers.
const NUMBERS: [&str; 5] = ["assignable", "headers", "mappings", "source codes", "diagnostics"];

/// A plain table; columns of numbers are set to the right.
pub(crate) fn table(
    header: &[&str],
    lines: impl Iterator<Item = Vec<String>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    use comfy_table::{CellAlignment, Table, presets};
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec());
    for line in lines {
        table.add_row(line);
    }
    for (i, name) in header.iter().enumerate() {
        if let (true, Some(column)) = (NUMBERS.contains(name), table.column_mut(i)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{table}")
}
