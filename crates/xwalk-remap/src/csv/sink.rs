//! Where chunks go: to their place in a file from any thread, or one after the other into a stream.

use std::fs::File;
use std::io::{self, IoSlice, Write};
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

    /// Writes bytes that follow each other.
    pub(crate) fn write(&self, mut bytes: &mut [IoSlice<'_>], offset: u64) -> io::Result<()> {
        // What holds nothing is left out.
        IoSlice::advance_slices(&mut bytes, 0);
        match self {
            Self::File(file) => write_at(file, bytes, offset),
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

#[cfg(target_os = "linux")]
fn write_at(file: &File, mut left: &mut [IoSlice<'_>], mut offset: u64) -> io::Result<()> {
    while !left.is_empty() {
        match rustix::io::pwritev(file, left, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                IoSlice::advance_slices(&mut left, n);
                offset += n as u64;
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(all(unix, not(target_os = "linux")))]
fn write_at(file: &File, bytes: &[IoSlice<'_>], mut offset: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    bytes.iter().try_for_each(|part| {
        file.write_all_at(part, offset)?;
        offset += part.len() as u64;
        Ok(())
    })
}

#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[IoSlice<'_>], _: u64) -> io::Result<()> {
    bytes.iter().try_for_each(|part| file.write_all(part))
}
