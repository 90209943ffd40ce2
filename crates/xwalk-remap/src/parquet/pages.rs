//! Data pages taken apart.

use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::errors::ParquetError;

use super::hybrid;

pub(super) fn damaged(_: hybrid::BadRuns) -> ParquetError {
    ParquetError::General("a data page holds runs that are cut off".to_owned())
}

/// The parts of a data page.
pub(super) struct Parts<'p> {
    pub(super) levels: &'p [u8],
    pub(super) values: &'p [u8],
    /// Number of values, nulls included.
    pub(super) count: usize,
    pub(super) encoding: Encoding,
}

/// Takes a data page apart. `None` where its levels are of a kind that is not read here.
pub(super) fn parts(page: &Page, optional: bool) -> Result<Option<Parts<'_>>, ParquetError> {
    let short = || ParquetError::General("a data page is cut off".to_owned());
    match page {
        Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
            if optional && *def_level_encoding != Encoding::RLE {
                return Ok(None);
            }
            let (levels, values) = if optional {
                let size: [u8; 4] = buf.get(..4).ok_or_else(short)?.try_into().expect("four bytes");
                let end = 4usize.saturating_add(u32::from_le_bytes(size) as usize);
                (buf.get(4..end).ok_or_else(short)?, buf.get(end..).ok_or_else(short)?)
            } else {
                (&buf[..0], &buf[..])
            };
            Ok(Some(Parts { levels, values, count: *num_values as usize, encoding: *encoding }))
        }
        Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
            if *rep_levels_byte_len != 0 {
                return Ok(None);
            }
            let end = *def_levels_byte_len as usize;
            let (levels, values) = (buf.get(..end).ok_or_else(short)?, buf.get(end..).ok_or_else(short)?);
            Ok(Some(Parts { levels, values, count: *num_values as usize, encoding: *encoding }))
        }
        Page::DictionaryPage { .. } => Ok(None),
    }
}

pub(super) fn is_dictionary(encoding: Encoding) -> bool {
    // Old writers call the encoding of indexes PLAIN_DICTIONARY.
    matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY)
}
