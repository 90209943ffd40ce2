//! `cargo xtask bench remap`: claims remapped, against the same join in DuckDB and Polars.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use xwalk_model::EditionId;

use super::claims::{COLUMNS, Era, shuffled, write};
use super::{build, quiet};
use crate::tables::python;
use crate::{root, target};

/// Options of the bench.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Number of rows
    #[arg(long, default_value_t = 20_000_000)]
    rows: u64,
    /// Number of rows on which memory and linear cost are measured; 0 leaves that out
    #[arg(long, default_value_t = 200_000_000)]
    large: u64,
    /// Measure xwalk alone
    #[arg(long)]
    alone: bool,
    /// Measure the release build as it is
    #[arg(long)]
    built: bool,
}

struct Bench {
    folder: PathBuf,
    xwalk: PathBuf,
    python: PathBuf,
    runs: usize,
}

/// Seconds by the clock, seconds of processors, and peak memory in megabytes. On a machine that does other work as well
/// the second says more than the first.
#[derive(Clone, Copy)]
struct Measured {
    seconds: f64,
    processors: f64,
    /// Of these, what is not the kernel's.
    own: f64,
    megabytes: f64,
}

impl Measured {
    /// Asks the kernel for memory and time of processors of a process, which may have ended.
    fn ask(&mut self, process: &str) {
        if let Ok(text) = fs_err::read_to_string(format!("{process}/status")) {
            let line = text.lines().find(|l| l.starts_with("VmHWM:"));
            let kilobytes = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok());
            self.megabytes = self.megabytes.max(kilobytes.unwrap_or(0.0) / 1024.0);
        }
        // Fields 14 and 15, behind the name in brackets, are user and system time in hundredths of a second.
        if let Ok(text) = fs_err::read_to_string(format!("{process}/stat")) {
            let behind = text.rsplit_once(')').map_or("", |(_, rest)| rest);
            let ticks = behind.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
            let ticks: Vec<f64> = ticks.collect();
            self.processors = self.processors.max(ticks.iter().sum::<f64>() / 100.0);
            self.own = self.own.max(ticks.first().unwrap_or(&0.0) / 100.0);
        }
    }
}

pub(crate) fn run(releases: &Path, runs: usize, args: &Args) -> anyhow::Result<()> {
    if !args.built {
        build()?;
    }
    let folder = target().join("remap");
    fs_err::create_dir_all(&folder)?;
    let bench = Bench {
        xwalk: target().join("release/xwalk"),
        python: python(&["duckdb", "polars", "pyarrow"])?,
        runs: runs.min(3),
        folder,
    };
    bench.import(releases)?;
    let eras = vec![Era { first: 12_692, days: 3_925, codes: shuffled(bench.codes("icd9cm@32")?) }];
    let csv = bench.claims(&format!("claims-{}.csv", args.rows), args.rows, &eras)?;
    let parquet = bench.parquet(&csv)?;
    let map = bench.export("icd9cm@32", "icd10cm@2018", "map-2018.csv")?;
    let route = ["--from", "icd9cm@32", "--to", "icd10cm@2018"];
    println!("{} rows, {COLUMNS} columns, ICD-9-CM to ICD-10-CM 2018, each to its first target\n", args.rows);
    for input in [&csv, &parquet] {
        bench.compare_tools(input, &map, &route, args.alone)?;
    }
    let route = ["--from", "icd9cm@32", "--to", "icd10cm@2026"];
    for input in [&csv, &parquet] {
        let ours = bench.xwalk(input, &route, &[])?;
        Bench::line("xwalk to ICD-10-CM 2026, nine steps", input, ours);
    }
    bench.dated(args)?;
    if args.large > 0 {
        bench.large(args.large, args.rows, &eras)?;
    }
    Ok(())
}

/// Takes an output away and waits for the disk, so that no run pays for what the one before left to write.
fn settle(out: &Path) -> anyhow::Result<()> {
    if out.exists() {
        fs_err::remove_file(out)?;
    }
    quiet(&mut Command::new("sync"))
}

/// Puts a file into the page cache as it comes from the disk, whatever of it is there and in whatever pieces it was
/// written; all tools find it so.
fn warm(input: &Path) -> anyhow::Result<()> {
    quiet(&mut Command::new("sync"))?;
    let mut file = fs_err::File::open(input)?;
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    std::io::copy(&mut file, &mut std::io::sink())?;
    Ok(())
}

impl Bench {
    fn import(&self, releases: &Path) -> anyhow::Result<()> {
        let library = self.folder.join("library");
        if library.exists() {
            return Ok(());
        }
        let parts = ["icd10cm", "icd9cm", "gem"].map(|part| releases.join(part));
        ensure!(parts[0].exists(), "{} is not there; name the folder of full releases", releases.display());
        quiet(Command::new(&self.xwalk).arg("import").args(parts).arg("--library").arg(library))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.xwalk);
        command.env("XWALK_LIBRARY", self.folder.join("library"));
        command
    }

    fn codes(&self, edition: &str) -> anyhow::Result<Vec<String>> {
        let id: EditionId = edition.parse()?;
        let output = self.command().args(["map", edition, edition, "--format", "csv"]).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let codes = text.lines().skip(1).filter_map(|l| l.split(',').next());
        let plain: Vec<String> = codes.map(|c| c.replace('.', "")).collect();
        ensure!(!plain.is_empty(), "{id} holds no codes");
        Ok(plain)
    }

    fn claims(&self, name: &str, rows: u64, eras: &[Era]) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        if !path.exists() {
            let beside = path.with_extension("writing");
            write(&beside, rows, eras)?;
            fs_err::rename(beside, &path)?;
        }
        Ok(path)
    }

    fn python(&self, arguments: &[&Path], task: &str) -> anyhow::Result<String> {
        let script = root().join("xtask/src/bench/peers.py");
        let output = Command::new(&self.python).arg(script).arg(task).args(arguments).output()?;
        ensure!(output.status.success(), "{task} failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn parquet(&self, csv: &Path) -> anyhow::Result<PathBuf> {
        let path = csv.with_extension("parquet");
        if !path.exists() {
            self.python(&[csv, &path], "to-parquet")?;
        }
        Ok(path)
    }

    /// The map as a table of codes and first targets, for the join: what `xwalk map` says.
    fn export(&self, from: &str, to: &str, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        let mut file = fs_err::File::create(&path)?;
        writeln!(file, "code,target")?;
        for (code, target) in self.first_targets(&["map", from, to, "--all", "--format", "csv"])? {
            writeln!(file, "{code},{target}")?;
        }
        Ok(path)
    }

    /// The first alternative of each code, where it is a single code; both without dots.
    fn first_targets(&self, arguments: &[&str]) -> anyhow::Result<Vec<(String, String)>> {
        let output = self.command().args(arguments).output()?;
        ensure!(output.stdout.starts_with(b"input,"), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let mut rows: Vec<(String, String)> = Vec::new();
        let mut several: Vec<String> = Vec::new();
        for line in text.lines().skip(1) {
            // The columns before the titles hold no quotes.
            let cells: Vec<&str> = line.splitn(11, ',').collect();
            let [_, _, source, _, _, _, _, "1", _, target, ..] = cells[..] else { continue };
            let (source, target) = (source.replace('.', ""), target.replace('.', ""));
            if rows.last().is_some_and(|(last, _)| *last == source) {
                several.push(source);
            } else {
                rows.push((source, target));
            }
        }
        // An alternative that takes several rows is a combination, and stands in no single cell.
        rows.retain(|(source, target)| several.binary_search(source).is_err() && !target.is_empty());
        Ok(rows)
    }

    fn output(&self, input: &Path, who: &str) -> PathBuf {
        let extension = input.extension().unwrap_or_default().to_string_lossy();
        self.folder.join(format!("out-{who}.{extension}"))
    }

    fn remap_arguments(&self, input: &Path, route: &[&str], more: &[&str]) -> Vec<PathBuf> {
        let fixed = ["--column", "dx1,dx2,dx3,dx4,dx5", "--policy", "best", "--fields", "target"];
        let mut arguments: Vec<PathBuf> = vec!["remap".into(), input.into(), "-o".into()];
        arguments.push(self.output(input, "xwalk"));
        arguments
            .extend(fixed.iter().chain(&["--dots", "without"]).chain(route).chain(more).map(PathBuf::from));
        arguments.extend(["--library".into(), self.folder.join("library")]);
        arguments
    }

    fn xwalk(&self, input: &Path, route: &[&str], more: &[&str]) -> anyhow::Result<Measured> {
        let arguments = self.remap_arguments(input, route, more);
        warm(input)?;
        let out = self.output(input, "xwalk");
        let run = |_| {
            settle(&out)?;
            self.measure(&arguments)
        };
        let mut runs: Vec<Measured> = (0..self.runs).map(run).collect::<Result<_, _>>()?;
        runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        Ok(runs[runs.len() / 2])
    }

    /// Runs xwalk and asks the kernel while it runs, seldom enough not to take its time.
    fn measure(&self, arguments: &[PathBuf]) -> anyhow::Result<Measured> {
        let start = Instant::now();
        let mut command = Command::new(&self.xwalk);
        let mut child = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let process = format!("/proc/{}", child.id());
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| {
                let mut measured = Measured { seconds: 0.0, processors: 0.0, own: 0.0, megabytes: 0.0 };
                while !ended.load(Ordering::Relaxed) {
                    measured.ask(&process);
                    std::thread::sleep(Duration::from_millis(10));
                }
                measured
            });
            let status = child.wait();
            let seconds = start.elapsed().as_secs_f64();
            ended.store(true, Ordering::Relaxed);
            let measured = asked.join().map_err(|_| anyhow::anyhow!("the watch failed"))?;
            let status = status?;
            ensure!(status.success() || status.code() == Some(1), "xwalk failed: {arguments:?}");
            Ok(Measured { seconds, ..measured })
        })
    }

    fn line(who: &str, input: &Path, measured: Measured) {
        let form = input.extension().unwrap_or_default().to_string_lossy();
        let Measured { seconds, processors, megabytes, .. } = measured;
        println!(
            "{form:<8} {who:<40} {seconds:>8.2} s {processors:>8.2} s of processors {megabytes:>8.0} MB"
        );
    }

    fn peer(&self, task: &str, arguments: &[&Path]) -> anyhow::Result<Measured> {
        let mut runs = Vec::new();
        for _ in 0..self.runs {
            settle(arguments[1])?;
            let said = self.python(arguments, task)?;
            let (seconds, processors) = said.split_once(' ').context("expected two numbers")?;
            let (seconds, processors) = (seconds.parse()?, processors.parse()?);
            runs.push(Measured { seconds, processors, own: f64::NAN, megabytes: f64::NAN });
        }
        runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        Ok(runs[runs.len() / 2])
    }

    /// How many times quicker we are, by the clock and by processors.
    fn ratio(ours: Measured, theirs: Measured) {
        let (clock, processors) = (theirs.seconds / ours.seconds, theirs.processors / ours.processors);
        println!(
            "{:<8} {:<40} {clock:>8.1} times {processors:>4.1} times of processors\n",
            "", "xwalk against that"
        );
    }

    fn compare_tools(&self, input: &Path, map: &Path, route: &[&str], alone: bool) -> anyhow::Result<()> {
        let ours = self.xwalk(input, route, &[])?;
        Self::line("xwalk", input, ours);
        let out = self.output(input, "xwalk");
        let floor = self.floor(&out)?;
        println!("{:<8} {:<40} {:>8.2} s", "", "writing the bytes of its output", floor.as_secs_f64());
        println!("{:<8} {:<40} {:>8.1} times", "", "xwalk against that", ours.seconds / floor.as_secs_f64());
        self.check("compare", input, &out, map)?;
        if alone {
            return Ok(());
        }
        for task in ["duckdb", "polars"] {
            let out = self.output(input, task);
            let theirs = self.peer(task, &[input, &out, map])?;
            Self::line(task, input, theirs);
            Self::ratio(ours, theirs);
            fs_err::remove_file(out)?;
        }
        Ok(())
    }

    fn check(&self, task: &str, input: &Path, out: &Path, map: &Path) -> anyhow::Result<()> {
        let answer = self.python(&[input, out, map], task)?;
        let counts: Vec<&str> = answer.split(' ').collect();
        ensure!(
            counts[1..] == ["0", "0"],
            "of {} rows {} differ from the join, {} from the input",
            counts[0],
            counts[1],
            counts[2]
        );
        println!(
            "{:<8} {:<40} {:>8} rows, none differs",
            "", "answers held against a join in DuckDB", counts[0]
        );
        Ok(())
    }

    /// The time to write a file's bytes, from memory.
    fn floor(&self, out: &Path) -> anyhow::Result<Duration> {
        let length = fs_err::metadata(out)?.len();
        let place = self.folder.join("floor");
        let block = vec![b'x'; 1 << 20];
        let write = |_| -> anyhow::Result<Duration> {
            settle(&place)?;
            let start = Instant::now();
            let mut file = fs_err::File::create(&place)?;
            let mut left = length;
            while left > 0 {
                let part = left.min(block.len() as u64);
                file.write_all(&block[..part as usize])?;
                left -= part;
            }
            Ok(start.elapsed())
        };
        let mut times: Vec<Duration> = (0..self.runs).map(write).collect::<Result<_, _>>()?;
        times.sort();
        fs_err::remove_file(place)?;
        Ok(times[times.len() / 2])
    }

    /// Each code in the edition in force on its date, over ten editions.
    fn dated(&self, args: &Args) -> anyhow::Result<()> {
        let first_days = [
            ("icd9cm@32", 16_344),
            ("icd10cm@2018", 17_440),
            ("icd10cm@2019", 17_805),
            ("icd10cm@2020", 18_170),
            ("icd10cm@2021", 18_536),
            ("icd10cm@2022", 18_901),
            ("icd10cm@2023", 19_266),
            ("icd10cm@2024", 19_631),
            ("icd10cm@2025", 19_997),
            ("icd10cm@2026", 20_362),
        ];
        let mut eras = Vec::new();
        let map = self.folder.join("map-dated.csv");
        let mut file = fs_err::File::create(&map)?;
        writeln!(file, "edition,valid_from,code,target")?;
        for (edition, first) in first_days {
            // Within the first months no release of January or April is in force.
            eras.push(Era { first, days: 90, codes: shuffled(self.codes(edition)?) });
            let from = super::claims::date(first);
            for (code, target) in
                self.first_targets(&["map", edition, "icd10cm@2026", "--all", "--format", "csv"])?
            {
                writeln!(file, "{edition},{from},{code},{target}")?;
            }
        }
        drop(file);
        let csv = self.claims(&format!("dated-{}.csv", args.rows), args.rows, &eras)?;
        let parquet = self.parquet(&csv)?;
        let route = ["--from", "auto", "--to", "icd10cm@2026", "--date-column", "dos"];
        println!("\n{} rows with dates over ten editions, to ICD-10-CM 2026", args.rows);
        for input in [&csv, &parquet] {
            let ours = self.xwalk(input, &route, &[])?;
            Self::line("xwalk by date", input, ours);
            let out = self.output(input, "xwalk");
            self.check("compare-dated", input, &out, &map)?;
            if !args.alone {
                let out = self.output(input, "duckdb");
                let theirs = self.peer("duckdb-dated", &[input, &out, &map])?;
                Self::line("duckdb by date", input, theirs);
                Self::ratio(ours, theirs);
                fs_err::remove_file(out)?;
            }
        }
        Ok(())
    }

    /// Memory and cost on a large table.
    fn large(&self, large: u64, rows: u64, eras: &[Era]) -> anyhow::Result<()> {
        let csv = self.claims("large.csv", large, eras)?;
        println!("\n{large} rows");
        let route = ["--from", "icd9cm@32", "--to", "icd10cm@2018"];
        let arguments = self.remap_arguments(&csv, &route, &[]);
        // The table was written just now, and what of it the disk has not got yet is not our work.
        settle(&self.output(&csv, "xwalk"))?;
        let ours = self.measure(&arguments)?;
        Self::line("xwalk", &csv, ours);
        let small = self.folder.join(format!("claims-{rows}.csv"));
        let few = self.xwalk(&small, &route, &[])?;
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        let per_row = |of: fn(&Measured) -> f64| (of(&ours) / large as f64) / (of(&few) / rows as f64);
        let (all, own) = (per_row(|m| m.processors), per_row(|m| m.own));
        println!(
            "{:<8} {:<40} {all:>8.2} times that of {rows} rows, {own:.2} without the kernel's work",
            "", "cost of a row"
        );
        fs_err::remove_file(csv)?;
        fs_err::remove_file(self.output(&small, "xwalk"))?;
        Ok(())
    }
}
