//! One table, or one file of resources, of a run.

use std::path::Path;

use anyhow::{bail, ensure};
use xwalk_model::{CodeSystem, EditionId};
use xwalk_remap::{DateFormat, Dialect, Tally, Task, Text, csv, ndjson, parquet};

use super::pending::{Pending, Progress, pending_file};
use super::{Args, PlaceChoice, Quote, RaggedChoice};
use crate::tables::{self, Opened, Packing, Table, TableFormat};

/// What all tables of a run have in common.
pub(super) struct Setting<'a> {
    pub(super) args: &'a Args,
    pub(super) task: Task<'a>,
    pub(super) progress: &'a Progress,
    pub(super) systems: &'a [CodeSystem],
    pub(super) resources: bool,
    pub(super) to: &'a EditionId,
}

/// Remaps it. For resources also which of the places asked for were found.
pub(super) fn remap(
    table: &Table,
    aside: Option<&Path>,
    setting: &Setting<'_>,
    pending: &mut Pending,
) -> anyhow::Result<(Tally, Option<ndjson::Places>)> {
    let opened = tables::open(table, setting.args.input_format)?;
    let (named, packing) = table.output.as_deref().map_or((None, Packing::None), tables::by_name);
    let output = table.output.as_deref().map(pending_file).transpose()?;
    match opened {
        Opened::Parquet(input) => {
            check_columns(table, setting.args)?;
            let Some(output) = output else {
                bail!("Parquet is written to a file, not to stdout; name it with -o");
            };
            if named.is_some_and(|named| named != TableFormat::Parquet) {
                bail!("{} is Parquet, and so is its output; name it .parquet", table.name());
            }
            let tally = parquet::run(parquet::Job {
                name: table.name(),
                output: table.output_name(),
                input,
                out: output.file(),
                folder: output.temporary().parent().map_or_else(std::env::temp_dir, Path::to_owned),
                task: setting.task,
            })?;
            pending.0.push(output);
            Ok((tally, None))
        }
        Opened::Text { input, format, packed } => {
            let resources = format == TableFormat::Ndjson;
            match named {
                Some(TableFormat::Parquet | TableFormat::Ndjson) if !resources => {
                    bail!("{} is delimited text, and so is its output; name it .csv or .tsv", table.name());
                }
                Some(named) if resources && named != TableFormat::Ndjson => {
                    bail!("{} is NDJSON, and so is its output; name it .ndjson", table.name());
                }
                _ => {}
            }
            if packed {
                // How long it is unpacked is not known before.
                setting.progress.bar.set_length(0);
            }
            let set_aside = aside.map(pending_file).transpose()?;
            let writer = set_aside.as_ref().map(|file| {
                let packing = aside.map_or(Packing::None, |p| tables::by_name(p).1);
                tables::packed(std::io::BufWriter::new(file.file()), packing)
            });
            let writer = writer.transpose()?;
            let sink = match (&output, packing) {
                (Some(output), Packing::None) => csv::Sink::File(output.file()),
                (Some(output), packing) => {
                    csv::Sink::stream(tables::packed(std::io::BufWriter::new(output.file()), packing)?)
                }
                (None, _) => csv::Sink::stream(std::io::stdout()),
            };
            let text = Text { name: table.name(), output: table.output_name(), input, sink, aside: writer };
            let task = setting.task;
            let done = if resources {
                check_resources(table, setting)?;
                let (systems, to) = (setting.systems, setting.to);
                let (tally, places) = ndjson::run(ndjson::Job { text, systems, to, task })?;
                (tally, Some(places))
            } else {
                check_columns(table, setting.args)?;
                let tab = if format == TableFormat::Tsv { b'\t' } else { b',' };
                let delimiter = setting.args.delimiter.unwrap_or(tab);
                let quote = setting.args.quote.0;
                ensure!(quote != Some(delimiter), "--delimiter and --quote are the same byte");
                let dialect = Dialect { delimiter, quote, header: !setting.args.no_header };
                (csv::run(csv::Job { text, dialect, task })?, None)
            };
            pending.0.extend(output);
            pending.0.extend(set_aside);
            Ok(done)
        }
    }
}

/// Tables have columns.
pub(super) fn check_columns(table: &Table, args: &Args) -> anyhow::Result<()> {
    ensure!(
        !args.columns.is_empty(),
        "{} is a table; name its columns with codes: --column dx1,dx2",
        table.name()
    );
    Ok(())
}

/// Resources have no columns, delimiters or headers.
fn check_resources(table: &Table, setting: &Setting<'_>) -> anyhow::Result<()> {
    let (name, args) = (table.name(), setting.args);
    let for_tables = [
        ("--place", args.place == PlaceChoice::End),
        ("--prefix", !args.prefix.is_empty()),
        ("--delimiter", args.delimiter.is_some()),
        ("--quote", args.quote != Quote(Some(b'"'))),
        ("--no-header", args.no_header),
        ("--ragged", args.ragged == RaggedChoice::Error),
    ];
    if let Some((option, _)) = for_tables.iter().find(|(_, used)| *used) {
        bail!("{option} is for tables; {name} holds resources");
    }
    ensure!(
        args.date_format == DateFormat::Iso,
        "--date-format is for tables; the dates of resources are YYYY-MM-DD, YYYY-MM or YYYY"
    );
    ensure!(
        setting.resources || setting.systems.len() == 1,
        "--from auto goes by the system of each Coding in resources, and by dates in tables: remap them apart, and \
         say --input-format ndjson where the name does not tell it"
    );
    Ok(())
}
