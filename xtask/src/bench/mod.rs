//! `cargo xtask bench`: speed as ratios within one run, so that the machine matters little, and how good inferences
//! are against the official answers. A file for each bench.

mod claims;
mod map;
mod remap;
mod rules;
mod speed;
mod successors;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::root;

/// Measure the main jobs, in one run
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// Folder of full releases
    #[arg(long, env = "XWALK_RELEASES", default_value = "../shared/releases", global = true)]
    releases: PathBuf,
    /// How often each is run; the median counts
    #[arg(long, default_value_t = 9, global = true)]
    runs: usize,
}

#[derive(clap::Subcommand)]
enum What {
    /// diff and import against `wc -l` (the default)
    Speed,
    /// Codes carried along the longest route
    Map,
    /// Tables of claims, against the same join in DuckDB and Polars
    Remap(remap::Args),
    /// Rule sets: ten thousand against one update, and migrations against the official new sets
    Rules,
    /// Inferred successors against the official tables, with these hidden
    Successors,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.what {
        None | Some(What::Speed) => speed::run(&args.releases, args.runs),
        Some(What::Remap(of)) => remap::run(&args.releases, args.runs, of),
        Some(What::Map) => map::run(&args.releases, args.runs),
        Some(What::Rules) => rules::run(&args.releases),
        Some(What::Successors) => successors::run(&args.releases),
    }
}

fn build() -> anyhow::Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--package", "xwalk-cli"])
        .current_dir(root())
        .status()?;
    ensure!(status.success(), "the release build failed");
    Ok(())
}

fn scratch() -> anyhow::Result<tempfile::TempDir> {
    tempfile::tempdir().context("failed to make a temporary folder")
}

fn quiet(command: &mut Command) -> anyhow::Result<()> {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

fn median(runs: usize, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Peak resident memory in megabytes, asked from the kernel while the process runs.
fn peak_memory(xwalk: &Path, arguments: &[PathBuf]) -> anyhow::Result<f64> {
    let mut child =
        Command::new(xwalk).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0f64;
    while child.try_wait()?.is_none() {
        if let Ok(text) = fs_err::read_to_string(&status) {
            let line = text.lines().find(|l| l.starts_with("VmHWM:"));
            let kilobytes = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok());
            peak = peak.max(kilobytes.unwrap_or(0.0) / 1024.0);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(peak)
}
