//! New columns from the dictionary of the old one.

use arrow_schema as _;

use super::layout::Layout;
use super::source::Source;
use crate::RemapError;
use crate::lookup::Lookup;
use bytes::Bytes;
use parquet::column::writer::ColumnCloseResult;

/// A column chunk as it will stand in the file.
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// Makes the new columns of a code column, or says that its pages do not allow it.
pub(crate) fn remap(
    _file: &str,
    _layout: &Layout,
    _source: &Source,
    _group: usize,
    _code: usize,
    _context: u16,
    _lookup: &mut Lookup<'_>,
) -> Result<Option<Vec<Encoded>>, RemapError> {
    Ok(None)
}
