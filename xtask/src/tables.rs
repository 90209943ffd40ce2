//! `cargo xtask tables`: files of other programs are read, and ours are read by them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::{root, target};

/// Check that tables of pandas, DuckDB, Polars, pyarrow and PySpark are remapped, and read back by them
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Say that it was skipped, and succeed, where the packages cannot be installed
    #[arg(long)]
    allow_skip: bool,
}

const PACKAGES: [&str; 5] = ["duckdb", "pandas", "polars", "pyarrow", "pyspark"];

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let python = match python(&PACKAGES) {
        Ok(python) => python,
        Err(error) if args.allow_skip => {
            println!("tables: skipped, since the packages of PyPI are not to be had: {error:#}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "xwalk-cli"])
        .current_dir(root())
        .status()?;
    ensure!(built.success(), "the build failed");
    let folder = tempfile::tempdir().context("failed to make a temporary folder")?;
    let status = Command::new(python)
        .arg(root().join("xtask/src/tables.py"))
        .arg(target().join("debug/xwalk"))
        .arg(folder.path())
        .current_dir(root())
        .env("XWALK_LIBRARY", folder.path().join("library"))
        .status()?;
    ensure!(status.success(), "tables of other programs do not come back as they were");
    Ok(())
}

/// Python with packages of PyPI, in a virtual environment below `target`.
pub(crate) fn python(packages: &[&str]) -> anyhow::Result<PathBuf> {
    let folder = target().join("peers");
    let python = folder.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status()?;
        ensure!(made.success(), "failed to make a virtual environment");
    }
    let import = format!("import {}", packages.join(", "));
    if !Command::new(&python).args(["-c", &import]).output()?.status.success() {
        let pip = Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages).output()?;
        ensure!(pip.status.success(), "{}", String::from_utf8_lossy(&pip.stderr).trim());
    }
    Ok(python)
}
