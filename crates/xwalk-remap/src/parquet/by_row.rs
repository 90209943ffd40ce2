//! New columns row by row: for dates that decide for each row, and for pages that hold texts in place of indexes.
//!
//! Texts are looked up where they lie in the page, and no column is built of them. The new columns have dictionaries
//! whatever the old one had.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescPtr;

use super::chunk::{Chunk, Encoded};
use super::decode::unpadded;
use super::dictionary::Remapper;
use super::hybrid;
use super::pages::{Parts, is_dictionary, parts};
use super::source::{Pages, Source};
use super::texts::{NONE, Texts};
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
struct Walk<'p> {
    page: &'p [u8],
    at: usize,
    fixed: Option<usize>,
}

impl Walk<'_> {
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

/// The numbers of the answers of a column chunk, page by page.
enum Numbers {
    Held(Vec<u32>),
    /// In a file without a name, as four bytes each.
    Spooled(File),
}

/// Of column chunks with more rows they are spooled; in tests of some small ones, too.
const MOST_HELD: u64 = if cfg!(test) { 100 } else { 1 << 19 };

impl Numbers {
    fn of(rows: u64, folder: &Path) -> std::io::Result<Self> {
        if rows <= MOST_HELD {
            Ok(Self::Held(Vec::new()))
        } else {
            tempfile::tempfile_in(folder).map(Self::Spooled)
        }
    }

    fn push(&mut self, numbers: &[u32], buffer: &mut Vec<u8>) -> std::io::Result<()> {
        match self {
            Self::Held(held) => held.extend_from_slice(numbers),
            Self::Spooled(file) => {
                buffer.clear();
                buffer.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                file.write_all(buffer)?;
            }
        }
        Ok(())
    }

    /// Calls `take` with the numbers of each page.
    fn each<E: From<std::io::Error>>(
        self,
        sizes: &[usize],
        mut take: impl FnMut(&[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Held(held) => {
                let mut rest = &held[..];
                for &size in sizes {
                    let (numbers, behind) = rest.split_at(size);
                    rest = behind;
                    take(numbers)?;
                }
            }
            Self::Spooled(mut file) => {
                file.rewind()?;
                let (mut bytes, mut numbers) = (Vec::new(), Vec::new());
                for &size in sizes {
                    bytes.resize(size * 4, 0);
                    file.read_exact(&mut bytes)?;
                    numbers.clear();
                    numbers.extend(bytes.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number)));
                    take(&numbers)?;
                }
            }
        }
        Ok(())
    }
}

/// A column chunk whose rows are looked up.
#[derive(Clone, Copy)]
struct Old<'c> {
    source: &'c Source,
    chunk: &'c ColumnChunkMetaData,
    rows: u64,
    contexts: Contexts<'c>,
}

impl Remapper {
    /// Makes the new columns of a column chunk, or says that its pages are of a kind that is read elsewhere.
    pub(super) fn by_row(
        &mut self,
        source: &Source,
        chunk: &ColumnChunkMetaData,
        rows: u64,
        new: &[ColumnDescPtr],
        contexts: Contexts<'_>,
        lookup: &mut Lookup<'_>,
    ) -> Result<Option<Vec<Encoded>>, ParquetError> {
        let old = Old { source, chunk, rows, contexts };
        let mut dictionaries: Vec<Vec<u32>> = vec![Vec::new(); new.len()];
        self.fields.iter_mut().for_each(Texts::start);
        let (mut all, mut sizes) = (Numbers::of(rows, &self.folder)?, Vec::new());
        // The dictionary of a column comes before its pages, so that all pages are looked at first.
        let understood = self.pages(old, lookup, |this, lookup, numbers| {
            for (field, entries) in this.fields.iter_mut().zip(&mut dictionaries) {
                this.indexes.clear();
                field.add(numbers, lookup, entries, &mut this.indexes);
            }
            all.push(numbers, &mut this.body)?;
            sizes.push(numbers.len());
            Ok(())
        })?;
        if !understood {
            return Ok(None);
        }
        let mut outputs = Vec::with_capacity(new.len());
        for (field, entries) in dictionaries.iter().enumerate() {
            let mut output = Chunk::new(&self.folder);
            self.dictionary_page(field, entries, chunk.compression(), &mut output)?;
            outputs.push(output);
        }
        all.each(&sizes, |numbers| {
            for &number in numbers {
                lookup.counts[number as usize] += 1;
            }
            let fields = outputs.iter_mut().zip(&mut dictionaries).enumerate();
            for (field, (output, entries)) in fields {
                self.data_page_of(field, numbers, lookup, entries, chunk.compression(), output)?;
            }
            Ok::<(), ParquetError>(())
        })?;
        let mut made = Vec::with_capacity(new.len());
        for (field, (output, descriptor)) in outputs.into_iter().zip(new).enumerate() {
            let used = self.fields[field].extremes(&dictionaries[field]);
            made.push(output.close(descriptor, chunk.compression(), chunk.num_values(), rows, used)?);
        }
        Ok(Some(made))
    }

    /// Writes a page with the texts of a field for some numbers of answers.
    fn data_page_of(
        &mut self,
        field: usize,
        numbers: &[u32],
        lookup: &Lookup<'_>,
        entries: &mut Vec<u32>,
        compression: Compression,
        output: &mut Chunk,
    ) -> Result<(), ParquetError> {
        self.indexes.clear();
        self.fields[field].add(numbers, lookup, entries, &mut self.indexes);
        let width = hybrid::width_of((entries.len() as u32).saturating_sub(1));
        self.kept.clear();
        self.kept.resize(numbers.len(), 0);
        self.bits.clear();
        let mut kept = 0;
        for part in self.indexes.chunks(64) {
            let mut bits = 0u64;
            for (i, &index) in part.iter().enumerate() {
                self.kept[kept] = index;
                kept += usize::from(index != NONE);
                bits |= u64::from(index != NONE) << i;
            }
            self.bits.push(bits);
        }
        self.data_page(numbers.len(), kept, width, compression, output)
    }

    /// Looks the rows of a column chunk up, page by page. `false` where a page is of a kind that is read elsewhere.
    fn pages<'b>(
        &mut self,
        old: Old<'_>,
        lookup: &mut Lookup<'b>,
        mut take: impl FnMut(&mut Self, &mut Lookup<'b>, &[u32]) -> Result<(), ParquetError>,
    ) -> Result<bool, ParquetError> {
        let mut numbers = std::mem::take(&mut self.numbers);
        let understood = self.look_up(old, lookup, &mut numbers, &mut take);
        self.numbers = numbers;
        understood
    }

    fn look_up<'b>(
        &mut self,
        Old { source, chunk, rows, contexts }: Old<'_>,
        lookup: &mut Lookup<'b>,
        numbers: &mut Vec<u32>,
        take: &mut impl FnMut(&mut Self, &mut Lookup<'b>, &[u32]) -> Result<(), ParquetError>,
    ) -> Result<bool, ParquetError> {
        let fixed = match chunk.column_type() {
            Type::FIXED_LEN_BYTE_ARRAY => Some(usize::try_from(chunk.column_descr().type_length())?),
            _ => None,
        };
        let mut pages = Pages::of(source, chunk, rows)?;
        let rows = usize::try_from(rows)?;
        let optional = chunk.column_descr().max_def_level() == 1;
        let mut dictionary = (bytes::Bytes::new(), Vec::<(Place, Option<u64>)>::new());
        let mut row = 0;
        while let Some(page) = pages.next()? {
            if let Page::DictionaryPage { buf, num_values, encoding, .. } = &page {
                // Old writers call the encoding of dictionaries PLAIN_DICTIONARY.
                if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
                    return Ok(false);
                }
                let mut texts = Walk { page: buf, at: 0, fixed };
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
            if row + count > rows {
                return Err(bad("more values than rows"));
            }
            numbers.clear();
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
                let mut texts = Walk { page: values, at: 0, fixed };
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
            row += count;
            take(self, lookup, numbers)?;
        }
        if row == rows { Ok(true) } else { Err(bad("fewer values than rows")) }
    }
}
