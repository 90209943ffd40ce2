//! New columns from the dictionary of the old one: the dictionary is remapped, and the indexes are written again.
//!
//! No text is decoded or encoded for a row. Where an answer is null its definition level becomes 0 and its index is
//! left out. Pages without a dictionary, also after others with one, make this say no; then the column is decoded.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{CompressedPage, Page, PageReader, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::decode::unpadded;
use super::hybrid;
use super::layout::Layout;
use super::source::{InMemory, Source};
use crate::error::RemapError;
use crate::lookup::Lookup;
use crate::options::Field;
use crate::table::FastMap;

/// A column chunk as it will stand in the file.
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

/// Marks an answer that says nothing.
const NONE: u32 = u32::MAX;
/// Fast, and nearly as small for indexes as higher levels.
const ZSTD_LEVEL: i32 = 1;

/// A thread's buffers and texts.
pub(crate) struct Remapper {
    fields: Vec<Texts>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    snap: snap::raw::Encoder,
    levels: Vec<u32>,
    indexes: Vec<u32>,
    kept: Vec<u32>,
    bits: Vec<u64>,
    body: Vec<u8>,
}

/// The texts of a field over all answers, each once.
struct Texts {
    field: Field,
    /// For each answer the number of its text, or [`NONE`].
    of_answer: Vec<u32>,
    each: Vec<Box<str>>,
    known: FastMap<Box<str>, u32>,
    /// For each text the column chunk that used it last, and its place in the dictionary of that.
    place: Vec<(u32, u32)>,
    chunk: u32,
}

impl Texts {
    fn new(field: Field) -> Self {
        let (of_answer, each, place) = (Vec::new(), Vec::new(), Vec::new());
        Self { field, of_answer, each, known: FastMap::default(), place, chunk: 0 }
    }

    fn learn(&mut self, lookup: &Lookup<'_>) {
        for answer in &lookup.answers[self.of_answer.len()..] {
            let number = match answer.text(self.field) {
                None => NONE,
                Some(text) => match self.known.get(text.as_ref()) {
                    Some(&number) => number,
                    None => {
                        let number = self.each.len() as u32;
                        self.each.push(text.as_ref().into());
                        self.known.insert(text.as_ref().into(), number);
                        self.place.push((0, 0));
                        number
                    }
                },
            };
            self.of_answer.push(number);
        }
    }
}

/// A dictionary of a new column: what became of each old entry, and the texts in order.
struct NewDictionary {
    remap: Vec<u32>,
    entries: Vec<u32>,
    width: u32,
}

impl Remapper {
    pub(crate) fn new(fields: &[Field]) -> Self {
        Self {
            fields: fields.iter().map(|f| Texts::new(*f)).collect(),
            zstd: None,
            snap: snap::raw::Encoder::new(),
            levels: Vec::new(),
            indexes: Vec::new(),
            kept: Vec::new(),
            bits: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Makes the new columns of a code column, or says that its pages do not allow it.
    pub(crate) fn remap(
        &mut self,
        file: &str,
        layout: &Layout,
        source: &Source,
        (group, code): (usize, usize),
        context: u16,
        lookup: &mut Lookup<'_>,
    ) -> Result<Option<Vec<Encoded>>, RemapError> {
        let leaf = layout.leaf(code);
        let old = layout.metadata().row_group(group).column(leaf);
        let rows = layout.metadata().row_group(group).num_rows();
        let descriptor = old.column_descr();
        let packs = matches!(
            old.compression(),
            Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)
        );
        let flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        let texts = matches!(old.column_type(), Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY);
        if !packs || !flat || !texts {
            return Ok(None);
        }
        let new: Vec<ColumnDescPtr> = match layout.new_descriptors.get(code) {
            Some(new) => new.clone(),
            None => return Ok(None),
        };
        self.chunk(source, old, u64::try_from(rows).unwrap_or(0), &new, context, lookup)
            .map_err(RemapError::parquet(file))
    }

    fn chunk(
        &mut self,
        source: &Source,
        old: &ColumnChunkMetaData,
        rows: u64,
        new: &[ColumnDescPtr],
        context: u16,
        lookup: &mut Lookup<'_>,
    ) -> Result<Option<Vec<Encoded>>, ParquetError> {
        let (start, len) = old.byte_range();
        let bytes = source.get_bytes(start, usize::try_from(len)?)?;
        let count = usize::try_from(rows)?;
        let mut pages = SerializedPageReader::new(Arc::new(InMemory { start, bytes }), old, count, None)?;
        let Some(Page::DictionaryPage { buf, num_values, encoding, .. }) = pages.get_next_page()? else {
            return Ok(None);
        };
        // Old writers call the encoding of dictionaries PLAIN_DICTIONARY.
        if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
            return Ok(None);
        }
        let numbers = match old.column_type() {
            Type::FIXED_LEN_BYTE_ARRAY => {
                let length = usize::try_from(old.column_descr().type_length())?;
                fixed_entries(&buf, num_values as usize, length, context, lookup)?
            }
            _ => entries(&buf, num_values as usize, context, lookup)?,
        };
        let dictionaries: Vec<NewDictionary> =
            self.fields.iter_mut().map(|texts| texts.dictionary(&numbers, lookup)).collect();
        let mut outputs: Vec<Chunk> = Vec::new();
        for (dictionary, texts) in dictionaries.iter().zip(&self.fields) {
            self.body.clear();
            for &entry in &dictionary.entries {
                let text = texts.each[entry as usize].as_bytes();
                self.body.extend_from_slice(&u32::try_from(text.len())?.to_le_bytes());
                self.body.extend_from_slice(text);
            }
            let packed = pack(&mut self.zstd, &mut self.snap, old.compression(), &self.body)?;
            let page = Page::DictionaryPage {
                buf: packed,
                num_values: u32::try_from(dictionary.entries.len())?,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            let mut chunk = Chunk::default();
            chunk.write(page, self.body.len())?;
            chunk.data_page = chunk.sink.bytes_written();
            outputs.push(chunk);
        }
        let mut counts = vec![0u64; numbers.len()];
        let mut nulls = 0u64;
        let optional = old.column_descr().max_def_level() == 1;
        while let Some(page) = pages.get_next_page()? {
            let Some(values) = self.page(&page, optional, numbers.len())? else { return Ok(None) };
            for &index in &self.indexes {
                counts[index as usize] += 1;
            }
            nulls += (values - self.indexes.len()) as u64;
            for (chunk, dictionary) in outputs.iter_mut().zip(&dictionaries) {
                let size = self.body(values, optional, dictionary, chunk);
                let packed = pack(&mut self.zstd, &mut self.snap, old.compression(), &self.body)?;
                let page = Page::DataPage {
                    buf: packed,
                    num_values: u32::try_from(values)?,
                    encoding: Encoding::RLE_DICTIONARY,
                    def_level_encoding: Encoding::RLE,
                    rep_level_encoding: Encoding::RLE,
                    statistics: None,
                };
                chunk.write(page, size)?;
            }
        }
        for (number, count) in numbers.iter().zip(&counts) {
            lookup.counts[*number as usize] += count;
        }
        lookup.counts[0] += nulls;
        let closed = outputs.into_iter().zip(new).enumerate().map(|(f, (chunk, descriptor))| {
            let used = dictionaries[f].used(&self.fields[f], &counts);
            chunk.close(descriptor, old.compression(), old.num_values(), rows, used.as_ref())
        });
        closed.collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// Takes the levels and indexes out of a data page. `None` where it has no indexes.
    fn page(&mut self, page: &Page, optional: bool, entries: usize) -> Result<Option<usize>, ParquetError> {
        let damaged = |_| ParquetError::General("a data page holds runs that are cut off".to_owned());
        let short = || ParquetError::General("a data page is cut off".to_owned());
        let (levels, indexes, values) = match page {
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                if !is_dictionary(*encoding) || (optional && *def_level_encoding != Encoding::RLE) {
                    return Ok(None);
                }
                let (levels, rest) = if optional {
                    let size: [u8; 4] = buf.get(..4).ok_or_else(short)?.try_into().expect("four bytes");
                    let end = 4usize.saturating_add(u32::from_le_bytes(size) as usize);
                    (buf.get(4..end).ok_or_else(short)?, buf.get(end..).ok_or_else(short)?)
                } else {
                    (&buf[..0], &buf[..])
                };
                (levels, rest, *num_values as usize)
            }
            Page::DataPageV2 {
                buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, ..
            } => {
                if !is_dictionary(*encoding) || *rep_levels_byte_len != 0 {
                    return Ok(None);
                }
                let end = *def_levels_byte_len as usize;
                (buf.get(..end).ok_or_else(short)?, buf.get(end..).ok_or_else(short)?, *num_values as usize)
            }
            Page::DictionaryPage { .. } => return Ok(None),
        };
        self.levels.clear();
        let mut present = values;
        if optional {
            hybrid::decode(levels, 1, values, &mut self.levels).map_err(damaged)?;
            present = self.levels.iter().map(|l| *l as usize).sum();
        }
        self.indexes.clear();
        if present > 0 {
            let (&width, runs) = indexes.split_first().ok_or_else(short)?;
            hybrid::decode(runs, u32::from(width), present, &mut self.indexes).map_err(damaged)?;
        }
        if self.indexes.iter().any(|i| *i as usize >= entries) {
            return Err(ParquetError::General(
                "a data page names an entry that its dictionary has not".to_owned(),
            ));
        }
        Ok(Some(values))
    }

    /// Writes the body of a new page into `self.body`: levels, width and indexes.
    fn body(
        &mut self,
        values: usize,
        optional: bool,
        dictionary: &NewDictionary,
        chunk: &mut Chunk,
    ) -> usize {
        self.kept.clear();
        self.kept.resize(self.indexes.len(), 0);
        self.bits.clear();
        self.bits.resize(values.div_ceil(64), 0);
        let mut kept = 0;
        if optional {
            let mut next = 0;
            for (word, levels) in self.bits.iter_mut().zip(self.levels.chunks(64)) {
                let mut bits = 0u64;
                for (i, &level) in levels.iter().enumerate() {
                    // An index is looked at for each row, and used where there is one.
                    let index = self.indexes.get(next).copied().unwrap_or(0) as usize;
                    let new = dictionary.remap.get(index).copied().unwrap_or(NONE);
                    let keep = level & u32::from(new != NONE);
                    if let Some(slot) = self.kept.get_mut(kept) {
                        *slot = new;
                    }
                    kept += keep as usize;
                    next += level as usize;
                    bits |= u64::from(keep) << i;
                }
                *word = bits;
            }
        } else {
            for (i, &index) in self.indexes.iter().enumerate() {
                let new = dictionary.remap[index as usize];
                let keep = new != NONE;
                self.kept[kept] = new;
                kept += usize::from(keep);
                self.bits[i / 64] |= u64::from(keep) << (i % 64);
            }
        }
        chunk.nulls += (values - kept) as u64;
        self.body.clear();
        self.body.extend_from_slice(&[0; 4]);
        hybrid::encode_bits(&self.bits, values, kept == values, &mut self.body);
        let size = (self.body.len() - 4) as u32;
        self.body[..4].copy_from_slice(&size.to_le_bytes());
        self.body.push(dictionary.width as u8);
        hybrid::encode(&self.kept[..kept], dictionary.width, &mut self.body);
        self.body.len()
    }
}

fn is_dictionary(encoding: Encoding) -> bool {
    // Old writers call the encoding of indexes PLAIN_DICTIONARY.
    matches!(encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY)
}

impl Texts {
    /// The dictionary of a new column for the answers of the old one's entries.
    fn dictionary(&mut self, numbers: &[u32], lookup: &Lookup<'_>) -> NewDictionary {
        self.learn(lookup);
        self.chunk += 1;
        let mut entries = Vec::new();
        let remap = numbers.iter().map(|&number| {
            let text = self.of_answer[number as usize];
            let Some(place) = self.place.get_mut(text as usize) else { return NONE };
            if place.0 != self.chunk {
                *place = (self.chunk, entries.len() as u32);
                entries.push(text);
            }
            place.1
        });
        let remap = remap.collect();
        let width = hybrid::width_of((entries.len() as u32).saturating_sub(1));
        NewDictionary { remap, entries, width }
    }
}

impl NewDictionary {
    /// The smallest and the greatest text that occurs.
    fn used(&self, texts: &Texts, counts: &[u64]) -> Option<(Box<str>, Box<str>)> {
        let mut seen = vec![false; self.entries.len()];
        for (&new, &count) in self.remap.iter().zip(counts) {
            if new != NONE && count > 0 {
                seen[new as usize] = true;
            }
        }
        let used =
            || self.entries.iter().zip(&seen).filter(|(_, s)| **s).map(|(e, _)| &texts.each[*e as usize]);
        Some((used().min()?.clone(), used().max()?.clone()))
    }
}

/// A column chunk that grows.
struct Chunk {
    sink: TrackedWrite<Vec<u8>>,
    unpacked: usize,
    data_page: usize,
    nulls: u64,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { sink: TrackedWrite::new(Vec::new()), unpacked: 0, data_page: 0, nulls: 0 }
    }
}

impl Chunk {
    fn write(&mut self, page: Page, size: usize) -> Result<(), ParquetError> {
        let written =
            SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, size))?;
        self.unpacked += written.uncompressed_size;
        Ok(())
    }

    fn close(
        self,
        descriptor: &ColumnDescPtr,
        compression: Compression,
        values: i64,
        rows: u64,
        used: Option<&(Box<str>, Box<str>)>,
    ) -> Result<Encoded, ParquetError> {
        let bytes = Bytes::from(self.sink.into_inner()?);
        let (least, greatest) = match used {
            Some((least, greatest)) => {
                (Some(ByteArray::from(least.as_ref())), Some(ByteArray::from(greatest.as_ref())))
            }
            None => (None, None),
        };
        let statistics = Statistics::byte_array(least, greatest, None, Some(self.nulls), false);
        let size = i64::try_from(bytes.len())?;
        let metadata = ColumnChunkMetaData::builder(Arc::clone(descriptor))
            .set_compression(compression)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_total_compressed_size(size)
            .set_total_uncompressed_size(i64::try_from(self.unpacked)?)
            .set_num_values(values)
            .set_dictionary_page_offset(Some(0))
            .set_data_page_offset(i64::try_from(self.data_page)?)
            .set_statistics(statistics)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Encoded { bytes, close })
    }
}

/// The answers of the entries of a dictionary page.
fn entries(
    page: &[u8],
    count: usize,
    context: u16,
    lookup: &mut Lookup<'_>,
) -> Result<Vec<u32>, ParquetError> {
    let short = || ParquetError::General("a dictionary page is cut off".to_owned());
    let mut numbers = Vec::with_capacity(count.min(page.len() / 4));
    let mut at = 0usize;
    for _ in 0..count {
        let size: [u8; 4] = page.get(at..at + 4).ok_or_else(short)?.try_into().expect("four bytes");
        let end = (at + 4).checked_add(u32::from_le_bytes(size) as usize).ok_or_else(short)?;
        numbers.push(lookup.number(context, page.get(at + 4..end).ok_or_else(short)?));
        at = end;
    }
    Ok(numbers)
}

/// The same for texts of a fixed length, which stand there without their lengths.
fn fixed_entries(
    page: &[u8],
    count: usize,
    length: usize,
    context: u16,
    lookup: &mut Lookup<'_>,
) -> Result<Vec<u32>, ParquetError> {
    let short = || ParquetError::General("a dictionary page is cut off".to_owned());
    let texts = page.get(..count.checked_mul(length).ok_or_else(short)?).ok_or_else(short)?;
    Ok(texts.chunks_exact(length.max(1)).map(|text| lookup.number(context, unpadded(text))).collect())
}

fn pack(
    zstd: &mut Option<zstd::bulk::Compressor<'static>>,
    snap: &mut snap::raw::Encoder,
    compression: Compression,
    bytes: &[u8],
) -> Result<Bytes, ParquetError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| ParquetError::External(e);
    match compression {
        Compression::ZSTD(_) => {
            if zstd.is_none() {
                *zstd = Some(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|e| failed(e.into()))?);
            }
            let Some(zstd) = zstd else { return Ok(Bytes::new()) };
            zstd.compress(bytes).map(Bytes::from).map_err(|e| failed(e.into()))
        }
        Compression::SNAPPY => snap.compress_vec(bytes).map(Bytes::from).map_err(|e| failed(e.into())),
        _ => Ok(Bytes::copy_from_slice(bytes)),
    }
}
