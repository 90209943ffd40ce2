//! `cargo xtask bench speed`: diff and import against `wc -l`.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use super::{build, median, millis, peak_memory, quiet, scratch};
use crate::target;

pub(super) fn run(releases: &Path, runs: usize) -> anyhow::Result<()> {
    let releases = releases.join("icd10cm");
    ensure!(releases.exists(), "{} is not there; name the folder of full releases", releases.display());
    build()?;
    let xwalk = target().join("release/xwalk");
    let orders = [releases.join("2025/icd10cm_order_2025.txt"), releases.join("2026/icd10cm_order_2026.txt")];
    let wc = median(runs, || quiet(Command::new("wc").arg("-l").args(&orders)))?;
    let diff = median(runs, || quiet(Command::new(&xwalk).arg("diff").args(&orders)))?;
    println!("wc -l over two order files      {:>8.1} ms", millis(wc));
    println!(
        "xwalk diff of the two           {:>8.1} ms  {:.1} times wc -l; allowed: 4 times or 100 ms",
        millis(diff),
        diff.as_secs_f64() / wc.as_secs_f64()
    );
    let with_xml = releases.join("2025-04");
    let import = median(runs, || import(&xwalk, &with_xml))?;
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
    Ok(())
}

fn import(xwalk: &Path, release: &Path) -> anyhow::Result<()> {
    let library = scratch()?;
    quiet(Command::new(xwalk).arg("import").arg(release).arg("--library").arg(library.path()))
}
