//! `cargo xtask bench map`: codes carried along the longest route, loaded from a library.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use super::{build, peak_memory, quiet, scratch};
use crate::target;

/// Routes with what is allowed: milliseconds to carry every code, after the route is loaded.
const ROUTES: [(&str, &str, f64); 4] = [
    ("icd9cm@32", "icd10cm@2018", 50.0),
    ("icd9cm@32", "icd10cm@2026", 500.0),
    ("icd10cm@2018", "icd10cm@2026", 500.0),
    ("icd10cm@2026", "icd10cm@2018", 500.0),
];
/// Milliseconds allowed to load a route.
const LOAD: f64 = 300.0;

pub(super) fn run(releases: &Path, runs: usize) -> anyhow::Result<()> {
    build()?;
    let xwalk = target().join("release/xwalk");
    let library = scratch()?;
    let folders = ["icd9cm", "gem", "icd10cm"].map(|f| releases.join(f));
    ensure!(folders[0].exists(), "{} is not there; name the folder of full releases", folders[0].display());
    quiet(Command::new(&xwalk).arg("import").args(&folders).arg("--library").arg(library.path()))?;
    println!("{:<32} {:>9} {:>9} {:>9}  allowed", "route", "load ms", "carry ms", "codes");
    for (from, to, allowed) in ROUTES {
        let mut times: Vec<(f64, f64, u64)> = Vec::new();
        for _ in 0..runs.max(1) {
            let output = Command::new(&xwalk)
                .args(["map", from, to, "--all", "--timings", "--format", "csv"])
                .arg("--library")
                .arg(library.path())
                .stdout(std::process::Stdio::null())
                .output()?;
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            times.push(timings(&text).with_context(|| format!("no timings in:\n{text}"))?);
        }
        let middle = |pick: fn(&(f64, f64, u64)) -> f64| {
            let mut all: Vec<f64> = times.iter().map(pick).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let (load, carry) = (middle(|t| t.0), middle(|t| t.1));
        println!(
            "{:<32} {load:>9.1} {carry:>9.1} {:>9}  load {LOAD} ms, carry {allowed} ms",
            format!("{from} > {to}"),
            times[0].2
        );
    }
    let arguments = ["map", "icd9cm@32", "icd10cm@2026", "--all", "--format", "csv", "--library"];
    let mut arguments: Vec<std::path::PathBuf> = arguments.iter().map(Into::into).collect();
    arguments.push(library.path().to_owned());
    println!("peak memory of the longest route {:>6.0} MB", peak_memory(&xwalk, &arguments)?);
    Ok(())
}

/// `timings: load 120.3 ms, carry 45.6 ms, 14567 codes`
fn timings(text: &str) -> Option<(f64, f64, u64)> {
    let line = text.lines().find_map(|l| l.strip_prefix("timings: "))?;
    let mut numbers = line.split([' ', ',']).filter_map(|w| w.parse::<f64>().ok());
    let (load, carry) = (numbers.next()?, numbers.next()?);
    let codes = line.rsplit(", ").next()?.split(' ').next()?.parse().ok()?;
    Some((load, carry, codes))
}
