//! Random access to a file, with large reads.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

/// A file of which any part may be read by any thread.
#[derive(Clone)]
pub(crate) struct Source {
    file: Arc<File>,
    len: u64,
}

impl Source {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), len })
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.len
    }
}

/// Reads on from a place.
pub(crate) struct Part {
    source: Source,
    at: u64,
    buffer: Vec<u8>,
    next: usize,
}

const BUFFER: usize = 128 << 10;

impl Read for Part {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.next == self.buffer.len() {
            self.buffer.resize(BUFFER, 0);
            let n = read_at(&self.source.file, &mut self.buffer, self.at)?;
            self.buffer.truncate(n);
            self.at += n as u64;
            self.next = 0;
        }
        let n = out.len().min(self.buffer.len() - self.next);
        out[..n].copy_from_slice(&self.buffer[self.next..self.next + n]);
        self.next += n;
        Ok(n)
    }
}

impl ChunkReader for Source {
    type T = Part;

    fn get_read(&self, start: u64) -> Result<Part> {
        Ok(Part { source: self.clone(), at: start, buffer: Vec::new(), next: 0 })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // A length that a damaged file states is not trusted with memory.
        if start.checked_add(length as u64).is_none_or(|end| end > self.len) {
            let message =
                format!("{length} bytes at {start} are beyond the end of the file ({} bytes)", self.len);
            return Err(ParquetError::EOF(message));
        }
        let mut buffer = vec![0; length];
        let mut filled = 0;
        while filled < length {
            let n = read_at(&self.file, &mut buffer[filled..], start + filled as u64)?;
            if n == 0 {
                return Err(ParquetError::EOF("the file became shorter while it was read".to_owned()));
            }
            filled += n;
        }
        Ok(buffer.into())
    }
}

/// A column chunk in memory, under the offsets that it has in its file.
pub(crate) struct InMemory {
    pub(crate) start: u64,
    pub(crate) bytes: Bytes,
}

impl Length for InMemory {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl InMemory {
    fn from(&self, start: u64) -> Result<usize> {
        let at = start.checked_sub(self.start).and_then(|at| usize::try_from(at).ok());
        at.filter(|at| *at <= self.bytes.len())
            .ok_or_else(|| ParquetError::EOF("a page lies outside its column chunk".to_owned()))
    }
}

impl ChunkReader for InMemory {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(bytes::Buf::reader(self.bytes.slice(self.from(start)?..)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let from = self.from(start)?;
        if length > self.bytes.len() - from {
            return Err(ParquetError::EOF("a page ends outside its column chunk".to_owned()));
        }
        Ok(self.bytes.slice(from..from + length))
    }
}

/// The pages of a column chunk.
pub(crate) enum Pages {
    /// Of a small one, which is read at once.
    Held(SerializedPageReader<InMemory>),
    /// Of a large one, which is read page by page.
    Filed(SerializedPageReader<Source>),
}

/// A column chunk of more bytes is read page by page; in tests some of the small ones are, too.
const MOST_HELD: u64 = if cfg!(test) { 300 } else { 4 << 20 };

impl Pages {
    /// The pages of a column chunk with so many rows.
    pub(crate) fn of(source: &Source, chunk: &ColumnChunkMetaData, rows: u64) -> Result<Self> {
        let (start, len) = chunk.byte_range();
        let rows = usize::try_from(rows)?;
        if len > MOST_HELD {
            let source = Arc::new(source.clone());
            return Ok(Self::Filed(SerializedPageReader::new(source, chunk, rows, None)?));
        }
        let bytes = source.get_bytes(start, usize::try_from(len)?)?;
        let held = Arc::new(InMemory { start, bytes });
        Ok(Self::Held(SerializedPageReader::new(held, chunk, rows, None)?))
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> Result<Option<Page>> {
        match self {
            Self::Held(pages) => pages.get_next_page(),
            Self::Filed(pages) => pages.get_next_page(),
        }
    }
}
