//! Where chunks go: to their place in a file from any thread, or one after the other into a stream.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Takes the bytes of the output.
pub enum Sink<'a> {
    /// A file that holds nothing yet. Chunks are written at their offset.
    File(&'a File),
    /// Anything else. Chunks are written in order.
    Stream(Mutex<Box<dyn Write + Send + 'a>>),
}

impl<'a> Sink<'a> {
    /// A stream.
    pub fn stream(out: impl Write + Send + 'a) -> Self {
        Self::Stream(Mutex::new(Box::new(out)))
    }

    /// Whether chunks have to come in order.
    pub(crate) fn in_order(&self) -> bool {
        cfg!(not(unix)) || matches!(self, Self::Stream(_))
    }

    pub(crate) fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self {
            Self::File(file) => write_at(file, bytes, offset),
            Self::Stream(out) => out.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes),
        }
    }

    /// Ends a stream, so that what is left in it is written.
    pub(crate) fn flush(&self) -> io::Result<()> {
        match self {
            Self::File(_) => Ok(()),
            Self::Stream(out) => out.lock().unwrap_or_else(PoisonError::into_inner).flush(),
        }
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.write_all_at(bytes, offset)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[u8], _: u64) -> io::Result<()> {
    file.write_all(bytes)
}
