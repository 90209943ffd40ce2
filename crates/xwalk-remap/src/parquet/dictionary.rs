//! New columns from the dictionary of the old one: the dictionary is remapped, and the indexes are written again.
//!
//! No text is decoded or encoded for a row. Where an answer is null its definition level becomes 0 and its index is
//! left out. Pages without a dictionary, also after others with one, make this say no; then each row is looked up.

#![expect(
    clippy::inline_always,
    reason = "the work of a cell is short, and only what is inlined is built for the processor at hand"
)]

use std::path::{Path, PathBuf};

use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::schema::types::ColumnDescPtr;

use super::by_row::Contexts;
use super::chunk::{Chunk, Encoded, Packer};
use super::decode::unpadded;
use super::hybrid;
use super::layout::Layout;
use super::pages::{damaged, is_dictionary, parts};
use super::source::{Pages, Source};
use super::texts::{NONE, Texts};
use crate::error::RemapError;
use crate::lookup::Lookup;
use crate::options::Field;
use crate::table::pack_at;

/// A thread's buffers and texts.
pub(crate) struct Remapper {
    /// Where large column chunks wait for their turn.
    pub(super) folder: PathBuf,
    pub(super) fields: Vec<Texts>,
    packer: Packer,
    /// A bit for each value of a page that is read: whether it is there.
    pub(super) levels: Vec<u64>,
    pub(super) indexes: Vec<u32>,
    pub(super) numbers: Vec<u32>,
    /// Indexes of a page that is written; those of nulls are left out.
    pub(super) kept: Vec<u32>,
    /// Its levels.
    pub(super) bits: Vec<u64>,
    pub(super) body: Vec<u8>,
}

/// A dictionary of a new column: what became of each old entry, and the texts in order.
struct NewDictionary {
    remap: Vec<u32>,
    entries: Vec<u32>,
    width: u32,
}

/// The work on a column chunk by its dictionary, as the dispatch to what the processor can do takes it.
struct ByDictionary<'w, 'b> {
    remapper: &'w mut Remapper,
    source: &'w Source,
    old: &'w ColumnChunkMetaData,
    rows: u64,
    new: &'w [ColumnDescPtr],
    context: u16,
    lookup: &'w mut Lookup<'b>,
}

impl pulp::NullaryFnOnce for ByDictionary<'_, '_> {
    type Output = Result<Option<Vec<Encoded>>, ParquetError>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self { remapper, source, old, rows, new, context, lookup } = self;
        remapper.chunk(source, old, rows, new, context, lookup)
    }
}

impl Remapper {
    pub(crate) fn new(fields: &[Field], folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            fields: fields.iter().map(|f| Texts::new(*f)).collect(),
            packer: Packer::new(),
            levels: Vec::new(),
            indexes: Vec::new(),
            numbers: Vec::new(),
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
        contexts: Contexts<'_>,
        lookup: &mut Lookup<'_>,
    ) -> Result<Option<Vec<Encoded>>, RemapError> {
        let leaf = layout.leaf(code);
        let old = layout.metadata().row_group(group).column(leaf);
        let rows = layout.metadata().row_group(group).num_rows();
        let descriptor = old.column_descr();
        let packs = Packer::knows(old.compression());
        let flat = descriptor.max_rep_level() == 0 && descriptor.max_def_level() <= 1;
        let texts = matches!(old.column_type(), Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY);
        if !packs || !flat || !texts {
            return Ok(None);
        }
        let new: Vec<ColumnDescPtr> = match layout.new_descriptors.get(code) {
            Some(new) => new.clone(),
            None => return Ok(None),
        };
        let rows = u64::try_from(rows).unwrap_or(0);
        let by_dictionary = match contexts {
            Contexts::All(context) => {
                let remapper = &mut *self;
                pulp::Arch::new().dispatch(ByDictionary {
                    remapper,
                    source,
                    old,
                    rows,
                    new: &new,
                    context,
                    lookup,
                })
            }
            Contexts::Each(_) => Ok(None),
        };
        let made = match by_dictionary {
            Ok(None) => self.by_row(source, old, rows, &new, contexts, lookup),
            made => made,
        };
        made.map_err(RemapError::parquet(file))
    }

    #[inline(always)]
    fn chunk(
        &mut self,
        source: &Source,
        old: &ColumnChunkMetaData,
        rows: u64,
        new: &[ColumnDescPtr],
        context: u16,
        lookup: &mut Lookup<'_>,
    ) -> Result<Option<Vec<Encoded>>, ParquetError> {
        let mut pages = Pages::of(source, old, rows)?;
        let Some(Page::DictionaryPage { buf, num_values, encoding, .. }) = pages.next()? else {
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
            self.fields.iter_mut().map(|texts| NewDictionary::of(texts, &numbers, lookup)).collect();
        let mut outputs: Vec<Chunk> = Vec::new();
        for (field, dictionary) in dictionaries.iter().enumerate() {
            let mut chunk = Chunk::new(&self.folder);
            self.dictionary_page(field, &dictionary.entries, old.compression(), &mut chunk)?;
            outputs.push(chunk);
        }
        let mut counts = vec![0u64; numbers.len()];
        let mut nulls = 0u64;
        let optional = old.column_descr().max_def_level() == 1;
        while let Some(page) = pages.next()? {
            let Some(values) = self.page(&page, optional, numbers.len())? else { return Ok(None) };
            for &index in &self.indexes {
                counts[index as usize] += 1;
            }
            nulls += (values - self.indexes.len()) as u64;
            for (chunk, dictionary) in outputs.iter_mut().zip(&dictionaries) {
                let kept = self.keep(dictionary);
                self.data_page(values, kept, dictionary.width, old.compression(), chunk)?;
            }
        }
        for (number, count) in numbers.iter().zip(&counts) {
            lookup.counts[*number as usize] += count;
        }
        lookup.counts[0] += nulls;
        let closed = outputs.into_iter().zip(new).enumerate().map(|(f, (chunk, descriptor))| {
            let used = dictionaries[f].used(&self.fields[f], &counts);
            chunk.close(descriptor, old.compression(), old.num_values(), rows, used)
        });
        closed.collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// Takes the levels and indexes out of a data page. `None` where it has no indexes.
    #[inline(always)]
    fn page(&mut self, page: &Page, optional: bool, entries: usize) -> Result<Option<usize>, ParquetError> {
        match parts(page, optional)? {
            Some(parts) if is_dictionary(parts.encoding) => {
                self.read_levels(parts.levels, parts.count, optional)?;
                self.read_indexes(parts.values, entries)?;
                Ok(Some(parts.count))
            }
            _ => Ok(None),
        }
    }

    /// Reads the levels of a data page. Where none can be missing all are there.
    #[inline(always)]
    pub(super) fn read_levels(
        &mut self,
        levels: &[u8],
        count: usize,
        optional: bool,
    ) -> Result<(), ParquetError> {
        if optional {
            hybrid::decode_bits(levels, count, &mut self.levels).map_err(damaged)?;
        } else {
            self.levels.clear();
            self.levels.resize(count.div_ceil(64), u64::MAX);
            if let (Some(last), 1..) = (self.levels.last_mut(), count % 64) {
                *last >>= 64 - count % 64;
            }
        }
        Ok(())
    }

    /// Reads the indexes of the values of a data page, whose levels are read.
    #[inline(always)]
    pub(super) fn read_indexes(&mut self, indexes: &[u8], entries: usize) -> Result<(), ParquetError> {
        let short = || ParquetError::General("a data page is cut off".to_owned());
        let present = self.levels.iter().map(|word| word.count_ones() as usize).sum();
        self.indexes.clear();
        if present > 0 {
            let (&width, runs) = indexes.split_first().ok_or_else(short)?;
            hybrid::decode(runs, u32::from(width), present, &mut self.indexes).map_err(damaged)?;
        }
        let most = self.indexes.iter().fold(0, |most, index| most.max(*index));
        if present > 0 && most as usize >= entries {
            return Err(ParquetError::General(
                "a data page names an entry that its dictionary has not".to_owned(),
            ));
        }
        Ok(())
    }

    /// Makes levels and indexes of a new page of those of the old one. Gives the number of values that are left.
    #[inline(always)]
    fn keep(&mut self, dictionary: &NewDictionary) -> usize {
        self.kept.clear();
        self.kept.resize(self.indexes.len(), 0);
        self.bits.clear();
        let (mut kept, mut rest) = (0, &self.indexes[..]);
        for &levels in &self.levels {
            let (these, behind) = rest.split_at(levels.count_ones() as usize);
            rest = behind;
            // A bit for each value that is there: whether it is left out.
            let mut lost = 0u64;
            for (i, &index) in these.iter().enumerate() {
                let new = dictionary.remap[index as usize];
                self.kept[kept] = new;
                kept += usize::from(new != NONE);
                lost |= u64::from(new == NONE) << i;
            }
            self.bits.push(without(levels, lost));
        }
        kept
    }

    /// Writes the dictionary of a new column: some of the texts of its field.
    pub(super) fn dictionary_page(
        &mut self,
        field: usize,
        entries: &[u32],
        compression: Compression,
        chunk: &mut Chunk,
    ) -> Result<(), ParquetError> {
        self.fields[field].plain(entries, &mut self.body);
        let page = Page::DictionaryPage {
            buf: self.packer.pack(compression, &self.body)?,
            num_values: u32::try_from(entries.len())?,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        chunk.write(page, self.body.len())?;
        chunk.data_page = chunk.sink.bytes_written();
        Ok(())
    }

    /// Writes a page of the levels in `self.bits` and of the first indexes in `self.kept`.
    #[inline(always)]
    pub(super) fn data_page(
        &mut self,
        values: usize,
        kept: usize,
        width: u32,
        compression: Compression,
        chunk: &mut Chunk,
    ) -> Result<(), ParquetError> {
        chunk.nulls += (values - kept) as u64;
        self.body.clear();
        self.body.extend_from_slice(&[0; 4]);
        hybrid::encode_bits(&self.bits, values, kept == values, &mut self.body);
        let size = (self.body.len() - 4) as u32;
        self.body[..4].copy_from_slice(&size.to_le_bytes());
        self.body.push(width as u8);
        hybrid::encode(&self.kept[..kept], width, &mut self.body);
        let page = Page::DataPage {
            buf: self.packer.pack(compression, &self.body)?,
            num_values: u32::try_from(values)?,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        chunk.write(page, self.body.len())
    }
}

/// Takes set bits out of a word: the first where the lowest bit of `lost` is set, and so on.
#[inline]
fn without(word: u64, mut lost: u64) -> u64 {
    let (mut left, mut rest) = (word, word);
    while lost != 0 {
        // As many set bits as there are values before the next that is lost.
        for _ in 0..lost.trailing_zeros() {
            rest &= rest - 1;
        }
        left ^= rest & rest.wrapping_neg();
        rest &= rest.wrapping_sub(1);
        lost = lost >> lost.trailing_zeros() >> 1;
    }
    left
}

impl NewDictionary {
    /// The dictionary of a new column for the answers of the old one's entries.
    fn of(texts: &mut Texts, numbers: &[u32], lookup: &Lookup<'_>) -> Self {
        let mut remap = Vec::with_capacity(numbers.len());
        let entries = texts.indexes(numbers, lookup, &mut remap);
        let width = hybrid::width_of((entries.len() as u32).saturating_sub(1));
        Self { remap, entries, width }
    }

    /// The smallest and the greatest text that occurs.
    fn used<'t>(&self, texts: &'t Texts, counts: &[u64]) -> Option<(&'t [u8], &'t [u8])> {
        let mut seen = vec![false; self.entries.len()];
        for (&new, &count) in self.remap.iter().zip(counts) {
            if new != NONE && count > 0 {
                seen[new as usize] = true;
            }
        }
        let used: Vec<u32> = self.entries.iter().zip(&seen).filter(|(_, s)| **s).map(|(e, _)| *e).collect();
        texts.extremes(&used)
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
        let text = page.get(at + 4..end).ok_or_else(short)?;
        let known = pack_at(page, at + 4, text.len()).and_then(|key| lookup.known(context, key));
        numbers.push(known.unwrap_or_else(|| lookup.number(context, text)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_right_bits_are_taken_out(word in any::<u64>(), lost in any::<u64>()) {
            let lost = lost & u64::MAX.checked_shr(64 - word.count_ones()).unwrap_or(0);
            let mut expected = word;
            let set = (0..64).filter(|bit| word >> bit & 1 == 1);
            for (i, bit) in set.enumerate() {
                expected &= !((lost >> i & 1) << bit);
            }
            prop_assert_eq!(without(word, lost), expected);
        }
    }
}
