//! Runs the program as a user would, in the repository's folder, with a library of its own.

use std::path::PathBuf;
use std::process::{Command, Output};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A program with a fixed environment and an empty library.
pub(crate) struct Program {
    library: tempfile::TempDir,
}

/// What a run printed, and how it ended.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { library: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn library(&self) -> &std::path::Path {
        self.library.path()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xwalk-under-test"));
        command.current_dir(root()).args(args).env_clear().env("XWALK_LIBRARY", self.library.path());
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.command(args).output().unwrap().into()
    }

    /// Runs and expects an exit status.
    #[track_caller]
    pub(crate) fn expect(&self, status: i32, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.status, status, "xwalk {args:?}\n{}\n{}", run.stdout, run.stderr);
        run
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// A place below the folder of full releases, or `None` with a word on why the test does nothing.
pub(crate) fn release(place: &str) -> Option<PathBuf> {
    let path = releases()?.join(place);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// The folder of full releases, or `None` with a word on why the test does nothing.
pub(crate) fn releases() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("XWALK_RELEASES") else {
        eprintln!("skipped: XWALK_RELEASES names no folder of full releases");
        return None;
    };
    let folder = PathBuf::from(folder);
    let folder = if folder.is_absolute() { folder } else { root().join(folder) };
    assert!(folder.exists(), "XWALK_RELEASES is {}, which is not there", folder.display());
    Some(folder)
}
