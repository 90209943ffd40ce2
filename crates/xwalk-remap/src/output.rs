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
}

impl PendingFile {
    /// A file for a place, in the same folder, so that taking the name is one step.
    pub fn new(place: &Path) -> Result<Self, RemapError> {
        let folder = place.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = place.display().to_string();
        let file = tempfile::Builder::new()
            .prefix(".xwalk-")
            .tempfile_in(folder)
            .map_err(RemapError::write(&name))?;
        Ok(Self { file, place: place.to_owned() })
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
