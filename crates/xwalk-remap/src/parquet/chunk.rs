//! Column chunks that are written page by page.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use tempfile::{SpooledData, SpooledTempFile, spooled_tempfile_in};

use super::source::Source;

/// A column chunk as it will stand in the file.
pub(crate) struct Encoded {
    pub(crate) body: Body,
    pub(crate) close: ColumnCloseResult,
}

/// The bytes of a column chunk.
pub(crate) enum Body {
    Held(Bytes),
    /// In a file without a name, beside the output: what is large is not held until its turn to be written.
    Spooled(Source),
}

/// A column chunk that comes to more bytes is spooled; in tests some of the small ones are, too.
const MOST_HELD: usize = if cfg!(test) { 300 } else { 4 << 20 };

/// Fast, and nearly as small for indexes as higher levels.
const ZSTD_LEVEL: i32 = -1;

/// What packs pages, kept from one to the next.
pub(super) struct Packer {
    zstd: Option<zstd::bulk::Compressor<'static>>,
    snap: snap::raw::Encoder,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self { zstd: None, snap: snap::raw::Encoder::new() }
    }

    /// Whether it can do what a column chunk asks for.
    pub(super) fn knows(compression: Compression) -> bool {
        matches!(compression, Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_))
    }

    pub(super) fn pack(&mut self, compression: Compression, bytes: &[u8]) -> Result<Bytes, ParquetError> {
        let failed = |e: Box<dyn std::error::Error + Send + Sync>| ParquetError::External(e);
        match compression {
            Compression::ZSTD(_) => {
                if self.zstd.is_none() {
                    self.zstd = Some(zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|e| failed(e.into()))?);
                }
                let Some(zstd) = &mut self.zstd else { return Ok(Bytes::new()) };
                zstd.compress(bytes).map(Bytes::from).map_err(|e| failed(e.into()))
            }
            Compression::SNAPPY => {
                self.snap.compress_vec(bytes).map(Bytes::from).map_err(|e| failed(e.into()))
            }
            _ => Ok(Bytes::copy_from_slice(bytes)),
        }
    }
}

/// A column chunk that grows.
pub(super) struct Chunk {
    pub(super) sink: TrackedWrite<SpooledTempFile>,
    unpacked: usize,
    pub(super) data_page: usize,
    pub(super) nulls: u64,
}

impl Chunk {
    /// A chunk without pages. What is large goes to a file in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        let sink = TrackedWrite::new(spooled_tempfile_in(MOST_HELD, folder));
        Self { sink, unpacked: 0, data_page: 0, nulls: 0 }
    }

    pub(super) fn write(&mut self, page: Page, size: usize) -> Result<(), ParquetError> {
        let written =
            SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, size))?;
        self.unpacked += written.uncompressed_size;
        Ok(())
    }

    pub(super) fn close(
        self,
        descriptor: &ColumnDescPtr,
        compression: Compression,
        values: i64,
        rows: u64,
        used: Option<(&[u8], &[u8])>,
    ) -> Result<Encoded, ParquetError> {
        let len = self.sink.bytes_written();
        let body = match self.sink.into_inner()?.into_inner() {
            SpooledData::InMemory(bytes) => {
                let mut bytes = bytes.into_inner();
                bytes.shrink_to_fit();
                Body::Held(bytes.into())
            }
            SpooledData::OnDisk(file) => Body::Spooled(Source::new(file)?),
        };
        let (least, greatest) = match used {
            Some((least, greatest)) => {
                (Some(ByteArray::from(least.to_vec())), Some(ByteArray::from(greatest.to_vec())))
            }
            None => (None, None),
        };
        let statistics = Statistics::byte_array(least, greatest, None, Some(self.nulls), false);
        let size = i64::try_from(len)?;
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
            bytes_written: len as u64,
            rows_written: rows,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Encoded { body, close })
    }
}
