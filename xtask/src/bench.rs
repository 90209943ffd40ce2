//! `cargo xtask bench`: speed as ratios within one run, so that the machine matters little.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::{bench_rules, root};

/// Measure the main jobs against simple baselines, in one run
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder of full releases
    #[arg(env = "XWALK_RELEASES", default_value = "../shared/releases")]
    releases: PathBuf,
    /// How often each is run; the median counts
    #[arg(long, default_value_t = 9)]
    runs: usize,
    /// Measure the part on rule sets alone
    #[arg(long)]
    rules: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let releases = args.releases.join("icd10cm");
    ensure!(releases.exists(), "{} is not there; name the folder of full releases", releases.display());
    if args.rules {
        return bench_rules::run(&releases);
    }
    build()?;
    let xwalk = root().join("target/release/xwalk");
    let orders = [releases.join("2025/icd10cm_order_2025.txt"), releases.join("2026/icd10cm_order_2026.txt")];
    let wc = median(args.runs, || quiet(Command::new("wc").arg("-l").args(&orders)))?;
    let diff = median(args.runs, || quiet(Command::new(&xwalk).arg("diff").args(&orders)))?;
    println!("wc -l over two order files      {:>8.1} ms", millis(wc));
    println!(
        "xwalk diff of the two           {:>8.1} ms  {:.1} times wc -l; allowed: 4 times or 100 ms",
        millis(diff),
        diff.as_secs_f64() / wc.as_secs_f64()
    );
    let with_xml = releases.join("2025-04");
    let import = median(args.runs, || import(&xwalk, &with_xml))?;
    println!("xwalk import of a release with XML {:>5.1} ms  allowed: 1000 ms", millis(import));
    for (what, arguments) in [
        ("diff", vec!["diff".into(), orders[0].clone(), orders[1].clone()]),
        ("import", { vec!["import".into(), with_xml, "--library".into(), scratch()?.path().to_owned()] }),
    ] {
        println!(
            "peak memory of {what:<8}         {:>8.0} MB  allowed: 300 MB",
            peak_memory(&xwalk, &arguments)?
        );
    }
    bench_rules::run(&releases)
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

fn import(xwalk: &Path, release: &Path) -> anyhow::Result<()> {
    let library = scratch()?;
    quiet(Command::new(xwalk).arg("import").arg(release).arg("--library").arg(library.path()))
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
