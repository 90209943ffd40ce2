//! The first record: names of columns, and where the code columns stand.

use super::cells::write_field;
use super::lanes::Plain;
use super::scan::Ends;
use crate::columns;
use crate::error::RemapError;
use crate::lookup::unquoted;
use crate::options::{Dialect, Field, Options, Place, Shape};

/// What a row of the table looks like, and of the output.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) dialect: Dialect,
    pub(crate) shape: Shape,
    pub(crate) place: Place,
    pub(crate) fields: Vec<Field>,
    /// The code columns from 0, in the order of the table.
    pub(crate) codes: Vec<usize>,
    /// Code columns that stand side by side: the first, and how many.
    pub(crate) runs: Vec<(usize, usize)>,
    pub(crate) date: Option<usize>,
    /// Number of columns.
    pub(crate) width: usize,
}

/// The byte order mark of UTF-8.
pub(crate) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What stands before the first row: bytes to be passed on, and the number of bytes and lines that they took.
pub(crate) struct Head {
    pub(crate) layout: Layout,
    pub(crate) out: Vec<u8>,
    pub(crate) taken: usize,
}

/// Reads the first record of `chunk[..len]`.
pub(crate) fn read(
    file: &str,
    chunk: &[u8],
    len: usize,
    dialect: Dialect,
    options: &Options,
) -> Result<Head, RemapError> {
    let bom = if chunk[..len].starts_with(BOM) { BOM.len() } else { 0 };
    let mut ends = Ends::default();
    let body = &chunk[bom..];
    ends.scan(Plain, body, len - bom, dialect);
    let records = ends.take_records(body);
    // Lines that hold nothing stand before the header in some exports; they are no records.
    let (mut start, mut first) = (0, 0);
    let record = records.iter().map(|&last| last as usize).find(|&last| {
        let feed = ends.fields()[last] as usize;
        let blank = last == first && body[start..feed].trim_ascii_end().is_empty();
        if blank {
            start = feed + 1;
            first = last + 1;
        }
        !blank
    });
    let Some(last) = record else { return Err(RemapError::Empty { file: file.to_owned() }) };
    let feed = ends.fields()[last] as usize;
    let stop = if feed > start && body[feed - 1] == b'\r' { feed - 1 } else { feed };
    let mut raw: Vec<&[u8]> = Vec::new();
    let mut from = start;
    for &end in &ends.fields()[first..=last] {
        raw.push(&body[from..(end as usize).min(stop).max(from)]);
        from = end as usize + 1;
    }
    let names: Vec<String> = raw
        .iter()
        .enumerate()
        .map(|(i, raw)| {
            let name = || String::from_utf8_lossy(&unquoted(raw, dialect.quote)).trim().to_owned();
            if dialect.header { name() } else { (i + 1).to_string() }
        })
        .collect();
    let hint = || other_delimiter(&body[start..stop], dialect.delimiter, names.len());
    let found = columns::find(file, dialect.header.then_some(&names[..]), names.len(), options, &hint)?;
    let mut codes = found.codes;
    codes.sort_unstable();
    let fields = if options.shape == Shape::Replace { vec![Field::Target] } else { options.fields.clone() };
    let layout = Layout {
        dialect,
        shape: options.shape,
        place: options.place,
        fields,
        runs: codes.chunk_by(|a, b| a + 1 == *b).map(|run| (run[0], run.len())).collect(),
        codes,
        date: found.date,
        width: names.len(),
    };
    if !dialect.header {
        return Ok(Head { layout, out: body_start(chunk, bom), taken: bom });
    }
    let new = columns::new_names(file, &names, &layout.codes, options)?;
    let mut out = chunk[..bom + start].to_vec();
    let mut tail = Vec::new();
    let delimiter = dialect.delimiter;
    for (i, raw) in raw.iter().enumerate() {
        if i > 0 {
            out.push(delimiter);
        }
        out.extend_from_slice(raw);
        if let Some(at) = layout.codes.iter().position(|&c| c == i) {
            let beside = layout.place == Place::Beside;
            let into = if beside { &mut out } else { &mut tail };
            for name in &new[at] {
                into.push(delimiter);
                write_field(name, dialect, into);
            }
        }
    }
    out.extend_from_slice(&tail);
    if layout.shape == Shape::Explode {
        for name in columns::EXPLODE_NAMES {
            out.push(delimiter);
            write_field(&format!("{}{name}", options.prefix), dialect, &mut out);
        }
    }
    out.extend_from_slice(&body[stop..=feed]);
    Ok(Head { layout, out, taken: bom + feed + 1 })
}

fn body_start(chunk: &[u8], bom: usize) -> Vec<u8> {
    chunk[..bom].to_vec()
}

/// A header that is one field, and that another delimiter would cut, says what went wrong.
fn other_delimiter(header: &[u8], delimiter: u8, width: usize) -> String {
    let cut = |d: &u8| memchr::memchr_iter(*d, header).count();
    let other = [b',', b';', b'\t', b'|'].into_iter().filter(|d| *d != delimiter).max_by_key(cut);
    match other {
        Some(other) if width == 1 && cut(&other) > 0 => {
            let name = if other == b'\t' { "\\t".to_owned() } else { char::from(other).to_string() };
            format!("; the header is a single field: is the delimiter `{name}`? (--delimiter '{name}')")
        }
        _ => String::new(),
    }
}
