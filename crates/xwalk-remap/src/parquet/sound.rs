//! What a damaged file states and readers take for granted: it is checked before anything is read by it.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::hybrid;
use super::layout::Layout;
use super::source::Source;

/// Checks that column chunks and the pages that an index names lie within the file.
pub(crate) fn ranges(metadata: &ParquetMetaData, source: &Source) -> Result<(), ParquetError> {
    let outside = |group: usize, leaf: usize| {
        let message = format!("column {} of row group {} lies outside the file", leaf + 1, group + 1);
        ParquetError::General(message)
    };
    for (group, row_group) in metadata.row_groups().iter().enumerate() {
        let indexes = metadata.page_index_for_row_group(group);
        for (leaf, column) in row_group.columns().iter().enumerate() {
            let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
            let end = start.checked_add(column.compressed_size());
            let within = |at: i64| u64::try_from(at).is_ok_and(|at| at <= source.len());
            if start < 0 || column.compressed_size() < 0 || !end.is_some_and(within) {
                return Err(outside(group, leaf));
            }
            let pages = indexes.offset_index(leaf).map(|index| index.page_locations().as_slice());
            for page in pages.unwrap_or_default() {
                if page.offset < start || page.compressed_page_size < 0 || !within(page.offset) {
                    return Err(outside(group, leaf));
                }
            }
        }
    }
    Ok(())
}

/// Checks the columns that will be decoded: that their pages can be unpacked and packed again, and that a dictionary
/// does not say that it holds nothing while it does.
pub(crate) fn decoded(
    source: &Source,
    layout: &Layout,
    group: usize,
    roots: &[usize],
) -> Result<(), ParquetError> {
    let row_group = layout.metadata().row_group(group);
    let schema = layout.plain.parquet_schema();
    for (leaf, column) in row_group.columns().iter().enumerate() {
        if !roots.contains(&schema.get_column_root_idx(leaf)) {
            continue;
        }
        if column.compression() == Compression::LZO {
            return Err(ParquetError::NYI("its pages are packed with LZO".to_owned()));
        }
        let rows = usize::try_from(row_group.num_rows())?;
        let pages = || SerializedPageReader::new(Arc::new(source.clone()), column, rows, None);
        match column.column_type() {
            Type::BYTE_ARRAY if column.dictionary_page_offset().is_some() => {
                if let Some(Page::DictionaryPage { buf, num_values: 0, .. }) = pages()?.get_next_page()?
                    && !buf.is_empty()
                {
                    return Err(damaged("a dictionary page holds more than it states"));
                }
            }
            Type::FIXED_LEN_BYTE_ARRAY => fixed(pages()?, column)?,
            _ => {}
        }
    }
    Ok(())
}

fn damaged(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

/// Checks that the pages of a column of fixed length name only what their dictionary has.
fn fixed<R: ChunkReader>(
    mut pages: SerializedPageReader<R>,
    column: &ColumnChunkMetaData,
) -> Result<(), ParquetError> {
    let short = || damaged("a data page is cut off");
    let runs = |_| damaged("a data page holds runs that are cut off");
    let length = usize::try_from(column.column_descr().type_length())?.max(1);
    let most = u32::try_from(column.column_descr().max_def_level())?;
    let nested = column.column_descr().max_rep_level() > 0;
    let mut entries = 0;
    let (mut levels, mut indexes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.get_next_page()? {
        let (buf, values, encoding) = match &page {
            Page::DictionaryPage { buf, .. } => {
                entries = buf.len() / length;
                continue;
            }
            Page::DataPage { buf, num_values, encoding, .. }
            | Page::DataPageV2 { buf, num_values, encoding, .. } => (buf, *num_values as usize, *encoding),
        };
        if !matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY) {
            continue;
        }
        if i64::try_from(values)? > column.num_values() {
            return Err(damaged("a data page states more values than its column has"));
        }
        // Levels stand before the indexes, those of repetition first.
        let mut rest = &buf[..];
        let mut take = |stated: Option<u32>| -> Result<&[u8], ParquetError> {
            let size = match stated {
                Some(size) => size as usize,
                None => {
                    let (size, behind) = rest.split_first_chunk::<4>().ok_or_else(short)?;
                    rest = behind;
                    u32::from_le_bytes(*size) as usize
                }
            };
            let (levels, behind) = rest.split_at_checked(size).ok_or_else(short)?;
            rest = behind;
            Ok(levels)
        };
        let definition = match &page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
                take(Some(*rep_levels_byte_len))?;
                take(Some(*def_levels_byte_len))?
            }
            Page::DataPage { def_level_encoding, rep_level_encoding, .. } => {
                if (nested && *rep_level_encoding != Encoding::RLE)
                    || (most > 0 && *def_level_encoding != Encoding::RLE)
                {
                    return Err(ParquetError::NYI(
                        "its levels are packed as they were before 2013".to_owned(),
                    ));
                }
                if nested {
                    take(None)?;
                }
                if most > 0 { take(None)? } else { &[] }
            }
            Page::DictionaryPage { .. } => continue,
        };
        let mut present = values;
        if most > 0 {
            levels.clear();
            hybrid::decode(definition, hybrid::width_of(most), values, &mut levels).map_err(runs)?;
            present = levels.iter().filter(|level| **level == most).count();
        }
        if present == 0 {
            continue;
        }
        let (&width, packed) = rest.split_first().ok_or_else(short)?;
        indexes.clear();
        hybrid::decode(packed, u32::from(width), present, &mut indexes).map_err(runs)?;
        if indexes.iter().any(|index| *index as usize >= entries) {
            return Err(damaged("a data page names an entry that its dictionary has not"));
        }
    }
    Ok(())
}
