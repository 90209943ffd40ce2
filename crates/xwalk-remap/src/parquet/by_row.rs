//! New columns row by row: for dates that decide for each row, and for pages that hold texts in place of indexes.
//!
//! Texts are looked up where they lie in the page, and no column is built of them. The new columns have dictionaries
//! whatever the old one had.

use std::sync::Arc;

use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescPtr;

use super::chunk::{Chunk, Encoded};
use super::decode::unpadded;
use super::dictionary::{NONE, Parts, Remapper, is_dictionary, parts};
use super::hybrid;
use super::source::{InMemory, Source};
use crate::lookup::Lookup;
use crate::table::pack_at;

/// In which context the rows of a row group are looked up.
#[derive(Clone, Copy)]
pub(crate) enum Contexts<'c> {
    /// All in this one.
    All(u16),
    /// Each in its own.
    Each(&'c [u16]),
}

impl Contexts<'_> {
    #[inline]
    fn of(self, row: usize) -> Result<u16, ParquetError> {
        match self {
            Self::All(context) => Ok(context),
            Self::Each(contexts) => contexts.get(row).copied().ok_or_else(|| bad("more values than rows")),
        }
    }
}

fn bad(what: &str) -> ParquetError {
    ParquetError::General(format!("a column chunk is damaged: {what}"))
}

/// Where a text lies in its page: its first byte, and its length without what fills it up.
type Place = (usize, usize);

/// Walks over texts in a page: each with its length before it, or all of one length.
#[derive(Clone, Copy)]
struct Texts<'p> {
    page: &'p [u8],
    at: usize,
    fixed: Option<usize>,
}

impl Texts<'_> {
    #[inline]
    fn next(&mut self) -> Result<Place, ParquetError> {
        let short = || bad("a page of texts is cut off");
        let (start, len) = match self.fixed {
            Some(len) => (self.at, len),
            None => {
                let size = self.page.get(self.at..).and_then(|rest| rest.first_chunk()).ok_or_else(short)?;
                (self.at + 4, u32::from_le_bytes(*size) as usize)
            }
        };
        let end = start.checked_add(len).filter(|end| *end <= self.page.len()).ok_or_else(short)?;
        self.at = end;
        let len = if self.fixed.is_some() { unpadded(&self.page[start..end]).len() } else { len };
        Ok((start, len))
    }
}

#[inline]
fn number(lookup: &mut Lookup<'_>, context: u16, page: &[u8], (start, len): Place, key: Option<u64>) -> u32 {
    match key.and_then(|key| lookup.known(context, key)) {
        Some(number) => number,
        None => lookup.number(context, &page[start..start + len]),
    }
}

impl Remapper {
    /// Makes the new columns of a column chunk, or says that its pages are of a kind that is read elsewhere.
    pub(super) fn by_row(
        &mut self,
        source: &Source,
        old: &ColumnChunkMetaData,
        rows: u64,
        new: &[ColumnDescPtr],
        contexts: Contexts<'_>,
        lookup: &mut Lookup<'_>,
    ) -> Result<Option<Vec<Encoded>>, ParquetError> {
        let (mut numbers, mut pages) = (std::mem::take(&mut self.numbers), Vec::new());
        numbers.clear();
        let understood = self.look_up(source, old, rows, contexts, lookup, (&mut numbers, &mut pages));
        let made = match understood {
            Ok(true) => {
                for &number in &numbers {
                    lookup.counts[number as usize] += 1;
                }
                self.encode(old, rows, new, lookup, &numbers, &pages).map(Some)
            }
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        self.numbers = numbers;
        made
    }

    /// The numbers of the answers of all rows, and how many values each page holds.
    fn look_up(
        &mut self,
        source: &Source,
        old: &ColumnChunkMetaData,
        rows: u64,
        contexts: Contexts<'_>,
        lookup: &mut Lookup<'_>,
        (numbers, counts): (&mut Vec<u32>, &mut Vec<usize>),
    ) -> Result<bool, ParquetError> {
        let fixed = match old.column_type() {
            Type::FIXED_LEN_BYTE_ARRAY => Some(usize::try_from(old.column_descr().type_length())?),
            _ => None,
        };
        let (start, len) = old.byte_range();
        let bytes = source.get_bytes(start, usize::try_from(len)?)?;
        let rows = usize::try_from(rows)?;
        let mut pages = SerializedPageReader::new(Arc::new(InMemory { start, bytes }), old, rows, None)?;
        let optional = old.column_descr().max_def_level() == 1;
        let mut dictionary = (bytes::Bytes::new(), Vec::<(Place, Option<u64>)>::new());
        while let Some(page) = pages.get_next_page()? {
            if let Page::DictionaryPage { buf, num_values, encoding, .. } = &page {
                // Old writers call the encoding of dictionaries PLAIN_DICTIONARY.
                if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
                    return Ok(false);
                }
                let mut texts = Texts { page: buf, at: 0, fixed };
                let entries = (0..*num_values).map(|_| {
                    let place = texts.next()?;
                    Ok((place, pack_at(buf, place.0, place.1)))
                });
                dictionary = (buf.clone(), entries.collect::<Result<_, ParquetError>>()?);
                continue;
            }
            let Some(Parts { levels, values, count, encoding }) = parts(&page, optional)? else {
                return Ok(false);
            };
            self.read_levels(levels, count, optional)?;
            let row = numbers.len();
            if row + count > rows {
                return Err(bad("more values than rows"));
            }
            numbers.reserve(count);
            if is_dictionary(encoding) {
                self.read_indexes(values, dictionary.1.len())?;
                let mut next = 0;
                for at in 0..count {
                    let present = self.levels[at / 64] >> (at % 64) & 1 == 1;
                    numbers.push(if present {
                        let (place, key) = dictionary.1[self.indexes[next] as usize];
                        next += 1;
                        number(lookup, contexts.of(row + at)?, &dictionary.0, place, key)
                    } else {
                        0
                    });
                }
            } else if encoding == Encoding::PLAIN {
                let mut texts = Texts { page: values, at: 0, fixed };
                for at in 0..count {
                    let present = self.levels[at / 64] >> (at % 64) & 1 == 1;
                    numbers.push(if present {
                        let place = texts.next()?;
                        let key = pack_at(values, place.0, place.1);
                        number(lookup, contexts.of(row + at)?, values, place, key)
                    } else {
                        0
                    });
                }
            } else {
                return Ok(false);
            }
            counts.push(count);
        }
        if numbers.len() == rows { Ok(true) } else { Err(bad("fewer values than rows")) }
    }

    /// Writes the columns for some numbers of answers, in pages of the sizes that the old ones had.
    fn encode(
        &mut self,
        old: &ColumnChunkMetaData,
        rows: u64,
        new: &[ColumnDescPtr],
        lookup: &Lookup<'_>,
        numbers: &[u32],
        pages: &[usize],
    ) -> Result<Vec<Encoded>, ParquetError> {
        let mut made = Vec::with_capacity(new.len());
        let mut indexes = std::mem::take(&mut self.indexes);
        for (field, descriptor) in new.iter().enumerate() {
            indexes.clear();
            let entries = self.fields[field].indexes(numbers, lookup, &mut indexes);
            let width = hybrid::width_of((entries.len() as u32).saturating_sub(1));
            let mut chunk = Chunk::default();
            self.dictionary_page(field, &entries, old.compression(), &mut chunk)?;
            let mut rest = &indexes[..];
            for &count in pages {
                let (page, behind) = rest.split_at(count);
                rest = behind;
                self.kept.clear();
                self.kept.resize(count, 0);
                self.bits.clear();
                let mut kept = 0;
                for part in page.chunks(64) {
                    let mut bits = 0u64;
                    for (i, &index) in part.iter().enumerate() {
                        self.kept[kept] = index;
                        kept += usize::from(index != NONE);
                        bits |= u64::from(index != NONE) << i;
                    }
                    self.bits.push(bits);
                }
                self.data_page(count, kept, width, old.compression(), &mut chunk)?;
            }
            let used = self.fields[field].extremes(&entries);
            made.push(chunk.close(descriptor, old.compression(), old.num_values(), rows, used)?);
        }
        self.indexes = indexes;
        Ok(made)
    }
}
