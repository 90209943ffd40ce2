//! Files that appear whole or not at all, and who watches while they grow.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::RemapError;

/// A file that is written beside its place and takes its name when everything is in it. Dropped before, it is gone.
#[derive(Debug)]
pub struct PendingFile {
    file: tempfile::NamedTempFile,
    place: PathBuf,
    /// Whether the place is a device or a pipe, which is written to and never replaced.
    special: bool,
}

impl PendingFile {
    /// A file for a place, in the same folder, so that taking the name is one step. A link stays, and the file that it
    /// leads to is the place; for a device or a pipe the file lies among the temporary ones and is copied in the end.
    pub fn new(place: &Path) -> Result<Self, RemapError> {
        let name = place.display().to_string();
        let held = fs_err::metadata(place).ok();
        let special = held.as_ref().is_some_and(|m| !m.is_file() && !m.is_dir());
        let place = if held.is_some() && !special {
            fs_err::canonicalize(place).map_err(RemapError::write(&name))?
        } else {
            place.to_owned()
        };
        let temporary = std::env::temp_dir();
        let folder = match place.parent().filter(|p| !p.as_os_str().is_empty()) {
            _ if special => &temporary,
            Some(folder) => folder,
            None => Path::new("."),
        };
        let file = tempfile::Builder::new()
            .prefix(".xwalk-")
            .tempfile_in(folder)
            .map_err(RemapError::write(&name))?;
        Ok(Self { file, place, special })
    }

    /// The open file.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Where it stands until then.
    pub fn temporary(&self) -> &Path {
        self.file.path()
    }

    /// Where it will stand.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Gives it its name.
    pub fn commit(self) -> Result<(), RemapError> {
        let name = self.place.display().to_string();
        if self.special {
            let into = fs_err::OpenOptions::new().write(true).open(&self.place);
            let copied = into.and_then(|mut into| {
                let mut from = fs_err::File::open(self.file.path())?;
                io::copy(&mut from, &mut into).map(|_| ())
            });
            return copied.map_err(RemapError::write(&name));
        }
        set_ordinary_permissions(self.file.as_file()).map_err(RemapError::write(&name))?;
        self.file.persist(&self.place).map_err(|e| e.error).map_err(RemapError::write(&name))?;
        Ok(())
    }
}

/// Temporary files are private; an output is as readable as any other new file.
#[cfg(unix)]
fn set_ordinary_permissions(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_ordinary_permissions(_: &File) -> io::Result<()> {
    Ok(())
}

/// Who is told of progress, and may stop the run.
pub trait Watch: Sync {
    /// So many bytes of the input and rows were done.
    fn advance(&self, bytes: u64, rows: u64);
    /// Whether to stop.
    fn stopped(&self) -> bool;
}
