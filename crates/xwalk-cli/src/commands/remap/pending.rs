//! The files that a run writes, and what is left of them when it is stopped.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use indicatif::ProgressBar;
use xwalk_remap::{PendingFile, Watch};
use xwalk_report::grouped;

/// The files of a run that take their names when everything went well.
#[derive(Default)]
pub(super) struct Pending(pub(super) Vec<PendingFile>);

/// What the one who waits sees.
pub(super) struct Progress {
    pub(super) bar: ProgressBar,
    pub(super) rows: AtomicU64,
}

static STOPPED: AtomicBool = AtomicBool::new(false);
/// Files that are being written, for a stop that comes while a thread waits for input.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Ends the run in order, or, where it does not come to that, at least leaves no half file behind.
pub(super) fn stop() {
    STOPPED.store(true, Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(500));
    let files = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    for file in files.iter() {
        // It may have its name by now, or be gone.
        let _ = fs_err::remove_file(file);
    }
    std::process::exit(2);
}

impl Watch for Progress {
    fn advance(&self, bytes: u64, rows: u64) {
        let rows = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        self.bar.inc(bytes);
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{} rows", grouped(rows)));
        }
    }

    fn stopped(&self) -> bool {
        STOPPED.load(Ordering::Relaxed)
    }
}

/// A file that takes its name in the end, in a folder that is made where it is not there.
pub(super) fn pending_file(path: &Path) -> anyhow::Result<PendingFile> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs_err::create_dir_all(folder)?;
    }
    let file = PendingFile::new(path)?;
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).push(file.temporary().to_owned());
    Ok(file)
}

impl Pending {
    /// Writes a file that takes its name with the others.
    pub(super) fn write(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> anyhow::Result<()> {
        let file = pending_file(path)?;
        let mut out = std::io::BufWriter::new(file.file());
        write(&mut out)
            .and_then(|()| out.flush())
            .with_context(|| format!("failed to write {}; nothing was left at that place", path.display()))?;
        drop(out);
        self.0.push(file);
        Ok(())
    }
}
