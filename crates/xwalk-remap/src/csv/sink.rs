//! Where chunks go, one after the other.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::sync::{Mutex, PoisonError};

use crate::blocks::BLOCK;

/// Takes the bytes of the output.
pub enum Sink<'a> {
    /// A file that holds nothing yet. It is written in whole blocks.
    File(&'a File),
    /// Anything else.
    Stream(Mutex<Box<dyn Write + Send + 'a>>),
}

impl<'a> Sink<'a> {
    /// A stream.
    pub fn stream(out: impl Write + Send + 'a) -> Self {
        Self::Stream(Mutex::new(Box::new(out)))
    }

    /// In multiples of how many bytes it is best written.
    pub(crate) fn block(&self) -> u64 {
        match self {
            Self::File(_) => BLOCK,
            Self::Stream(_) => 1,
        }
    }

    /// Asks the file system for room before it is written to, so that it need not find some for each block: once the
    /// output has come to `end`, for what may follow. Gives the end of the room; whether there is any shows on writing.
    pub(crate) fn reserve(&self, end: u64, reserved: u64) -> u64 {
        match self {
            Self::File(file) if end + ROOM / 2 > reserved => {
                reserve(file, reserved, ROOM);
                reserved + ROOM
            }
            _ => reserved,
        }
    }

    /// Gives back the room behind the end of the output.
    pub(crate) fn cut(&self, end: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.set_len(end),
            Self::Stream(_) => Ok(()),
        }
    }

    /// Writes bytes that follow each other, behind what was written.
    pub(crate) fn write(&self, bytes: &mut [IoSlice<'_>]) -> io::Result<()> {
        match self {
            Self::File(file) => write_all(file, bytes),
            Self::Stream(out) => {
                let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.iter().try_for_each(|part| out.write_all(part))
            }
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

/// Bytes for which room is asked at once.
const ROOM: u64 = 64 << 20;

#[cfg(target_os = "linux")]
fn reserve(file: &File, from: u64, length: u64) {
    // A file system that cannot do it, or has no room for that much, takes the blocks one by one.
    let _ = rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, from, length);
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: u64, _: u64) {}

/// In the standard library not stable yet.
fn write_all(mut file: &File, mut left: &mut [IoSlice<'_>]) -> io::Result<()> {
    // What holds nothing is left out.
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match file.write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut left, n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
