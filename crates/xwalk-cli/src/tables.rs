//! Tables as they are named on the command line: files, folders, globs, stdin; plain or packed.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// The forms of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TableFormat {
    /// Comma-separated.
    Csv,
    /// Tab-separated.
    Tsv,
    /// Parquet.
    Parquet,
    /// FHIR resources, one on each line.
    Ndjson,
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    None,
    Gzip,
    Zstd,
}

/// A table to read and where its output goes. `None` is stdin, or stdout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) input: Option<PathBuf>,
    pub(crate) output: Option<PathBuf>,
    /// Its name below the folder that was named.
    pub(crate) relative: PathBuf,
}

impl Table {
    /// What messages call the input.
    pub(crate) fn name(&self) -> String {
        self.input.as_deref().map_or("stdin".to_owned(), |p| p.display().to_string())
    }

    /// The form that its name tells, or that was asked for.
    pub(crate) fn form(&self, asked: Option<TableFormat>) -> Option<TableFormat> {
        asked.or_else(|| by_name(self.input.as_deref()?).0)
    }

    /// What messages call the output.
    pub(crate) fn output_name(&self) -> String {
        self.output.as_deref().map_or("stdout".to_owned(), |p| p.display().to_string())
    }
}

/// The form and packing that a name tells.
pub(crate) fn by_name(path: &Path) -> (Option<TableFormat>, Packing) {
    let name = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let (stem, packing) = match name.rsplit_once('.') {
        Some((stem, "gz" | "gzip")) => (stem, Packing::Gzip),
        Some((stem, "zst" | "zstd")) => (stem, Packing::Zstd),
        _ => (name.as_str(), Packing::None),
    };
    let format = match stem.rsplit_once('.').map(|(_, e)| e) {
        Some("csv" | "txt") => Some(TableFormat::Csv),
        Some("tsv" | "tab") => Some(TableFormat::Tsv),
        Some("parquet" | "parq" | "pq") => Some(TableFormat::Parquet),
        Some("ndjson" | "jsonl") => Some(TableFormat::Ndjson),
        _ => None,
    };
    (format, packing)
}

/// The tables that inputs name, and the place of each output.
pub(crate) fn tables(inputs: &[String], output: Option<&Path>) -> anyhow::Result<Vec<Table>> {
    let output = output.filter(|p| p.as_os_str() != "-");
    let mut found: Vec<(Option<PathBuf>, PathBuf)> = Vec::new();
    let mut many = inputs.len() > 1;
    for input in inputs {
        let path = Path::new(input);
        if input == "-" {
            found.push((None, PathBuf::from("stdin")));
        } else if path.is_dir() {
            many = true;
            let below = folder(path)?;
            ensure!(
                !below.is_empty(),
                "{input} holds no table; expected .csv, .tsv, .parquet or .ndjson files"
            );
            found.extend(below);
        } else if path.exists() || !input.contains(['*', '?', '[']) {
            found.push((Some(path.to_owned()), file_name(path)));
        } else {
            many = true;
            let pattern = glob::glob(input).with_context(|| format!("`{input}` is not a pattern"))?;
            let before = found.len();
            for path in pattern {
                let path = path.with_context(|| format!("failed to read {input}"))?;
                if path.is_file() {
                    found.push((Some(path.clone()), file_name(&path)));
                }
            }
            ensure!(found.len() > before, "no file is named like {input}");
        }
    }
    let mut tables = Vec::new();
    for (input, relative) in found {
        let output = match output {
            None if many => bail!("several tables are written to a folder; name it with -o"),
            None => None,
            Some(folder) if many || folder.is_dir() => Some(folder.join(&relative)),
            Some(file) => Some(file.to_owned()),
        };
        if let (Some(a), Some(b)) = (&input, &output)
            && same_file(a, b)
        {
            bail!("{} is both input and output; name another output", a.display());
        }
        tables.push(Table { input, output, relative });
    }
    let mut places: Vec<&PathBuf> = tables.iter().filter_map(|t| t.output.as_ref()).collect();
    places.sort();
    if let Some(twice) = places.windows(2).find(|w| w[0] == w[1]) {
        bail!("two of the tables would be written to {}; remap them one by one", twice[0].display());
    }
    Ok(tables)
}

fn file_name(path: &Path) -> PathBuf {
    path.file_name().map(PathBuf::from).unwrap_or_default()
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// The tables of a folder in order, hidden ones and marks such as `_SUCCESS` left out.
fn folder(root: &Path) -> anyhow::Result<Vec<(Option<PathBuf>, PathBuf)>> {
    let visible =
        |e: &walkdir::DirEntry| e.depth() == 0 || !e.file_name().to_string_lossy().starts_with(['.', '_']);
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry.with_context(|| format!("failed to read {}", root.display()))?;
        if entry.file_type().is_file() && by_name(entry.path()).0.is_some() {
            let relative = entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned();
            found.push((Some(entry.path().to_owned()), relative));
        }
    }
    Ok(found)
}

/// An opened input.
pub(crate) enum Opened {
    /// A Parquet file.
    Parquet(File),
    /// Delimited text or lines of resources, unpacked. Whether its length in bytes is that of the file.
    Text { input: Box<dyn Read + Send>, format: TableFormat, packed: bool },
}

/// Opens a table: what it is is decided by its first bytes, then by what was asked for, then by its name.
pub(crate) fn open(table: &Table, asked: Option<TableFormat>) -> anyhow::Result<Opened> {
    let name = table.name();
    let context = || format!("failed to read {name}");
    let mut head = Vec::new();
    let (mut raw, named): (Box<dyn Read + Send>, Option<TableFormat>) = match &table.input {
        Some(path) => {
            let mut file = fs_err::File::open(path)?.into_parts().0;
            if file.metadata().with_context(context)?.is_file() {
                (&file).take(4).read_to_end(&mut head).with_context(context)?;
                file.rewind().with_context(context)?;
                let empty = head.is_empty() && by_name(path).0 == Some(TableFormat::Parquet);
                if head.starts_with(b"PAR1") || asked == Some(TableFormat::Parquet) || empty {
                    return Ok(Opened::Parquet(file));
                }
                (Box::new(file), by_name(path).0)
            } else {
                (&file).take(4).read_to_end(&mut head).with_context(context)?;
                (Box::new(Cursor::new(head.clone()).chain(file)), by_name(path).0)
            }
        }
        None => {
            io::stdin().take(4).read_to_end(&mut head).with_context(context)?;
            (Box::new(Cursor::new(head.clone()).chain(io::stdin())), None)
        }
    };
    if head.starts_with(b"PAR1") || asked == Some(TableFormat::Parquet) {
        bail!("{name}: Parquet is read from a file, since its end has to be read first");
    }
    if named == Some(TableFormat::Parquet) {
        bail!("{name} is not a Parquet file: it does not begin with PAR1");
    }
    let mut packed = true;
    if head.starts_with(&[0x1F, 0x8B]) {
        raw = Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, raw)));
    } else if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        raw = Box::new(zstd::Decoder::new(raw).with_context(context)?);
    } else if head.starts_with(b"PK\x03\x04") {
        bail!(
            "{name} is a zip or a workbook; expected CSV, TSV, Parquet or NDJSON, plain or packed by gzip or zstd"
        );
    } else if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]) {
        bail!("{name} is UTF-16; save it as UTF-8 first");
    } else {
        packed = false;
    }
    let format = match asked.or(named) {
        Some(format) => format,
        None => {
            // No more than was read already: what comes through a pipe may come slowly.
            if packed {
                head.clear();
                (&mut raw).take(4).read_to_end(&mut head).with_context(context)?;
                raw = Box::new(Cursor::new(head.clone()).chain(raw));
            }
            let plain = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head).trim_ascii_start();
            if plain.starts_with(b"{") { TableFormat::Ndjson } else { TableFormat::Csv }
        }
    };
    Ok(Opened::Text { input: raw, format, packed })
}

/// Packs what is written.
pub(crate) fn packed<'a>(
    out: impl Write + Send + 'a,
    packing: Packing,
) -> io::Result<Box<dyn Write + Send + 'a>> {
    Ok(match packing {
        Packing::None => Box::new(out),
        Packing::Gzip => Box::new(flate2::write::GzEncoder::new(out, flate2::Compression::default())),
        Packing::Zstd => Box::new(zstd::Encoder::new(out, 0)?.auto_finish()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_form_and_packing() {
        let tell = |name: &str| by_name(Path::new(name));
        assert_eq!(tell("a/claims.CSV.gz"), (Some(TableFormat::Csv), Packing::Gzip));
        assert_eq!(tell("claims.tsv"), (Some(TableFormat::Tsv), Packing::None));
        assert_eq!(tell("part-0.parquet"), (Some(TableFormat::Parquet), Packing::None));
        assert_eq!(tell("part-0.zst"), (None, Packing::Zstd));
        assert_eq!(tell("Condition.000.ndjson.gz"), (Some(TableFormat::Ndjson), Packing::Gzip));
        assert_eq!(tell("_SUCCESS"), (None, Packing::None));
    }
}
