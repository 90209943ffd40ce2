//! `xwalk rules check`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use rayon::prelude::*;
use xwalk_report::rules::{CheckedSet, Checks};
use xwalk_rules::{FindingClass, SetCheck, check};

use super::inputs::InputArgs;
use crate::editions;
use crate::exit::ExitStatus;
use crate::output::{Format, OutputArgs, write_file};
use crate::printer::Printer;

/// Tell what an update does to sets, line by line
///
/// Deleted codes and codes that became headers, with what took over; codes that lost scope; titles that changed their
/// meaning (editorial changes apart); new codes that fall inside a range or prefix; bounds that are gone; new codes
/// close to a set; notes on codes that are not used together. Exits with 1 when there is something that nobody
/// expected.
///
/// Example: xwalk rules check diabetes.csv --from icd10cm@2025 --to icd10cm@2026
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    inputs: InputArgs,
    /// Differences that are known, as CSV with the columns set, kind and code; they stay quiet
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Write what was found as the differences that are known from now on
    #[arg(long, value_name = "FILE")]
    write_expected: Option<PathBuf>,
    /// List remarks and expected differences too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, library: Option<PathBuf>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let format = args.output.format()?;
    let library = editions::library(library)?;
    let mut expected = match &args.expect {
        Some(path) => Expected::read(path)?,
        None => Expected::default(),
    };
    let editions = args.inputs.editions(&library, printer)?;
    let documents = args.inputs.documents(editions.from.id().system, printer)?;
    let (update, remarks) = editions.update()?;
    let headers = args.inputs.headers.into();
    let mut sets = Vec::new();
    for (_, document) in &documents {
        let checks: Vec<SetCheck> =
            document.sets.par_iter().map(|set| check(&update, set, headers)).collect();
        for (set, found) in document.sets.iter().zip(checks) {
            let place = set.lines.first().map_or_else(|| document.name.to_string(), |l| document.place(l));
            let known = found
                .findings
                .iter()
                .map(|f| {
                    f.kind.class() != FindingClass::Remark
                        && expected.knows(&set.name, f.kind.id(), &f.code.display(set.system))
                })
                .collect();
            sets.push(CheckedSet { place, set, check: found, expected: known });
        }
    }
    let (from, to) = (editions.from.id(), editions.to.id());
    let checks = Checks { from, to, remarks, sets, stale: expected.stale() };
    if let Some(path) = &args.write_expected {
        write_file(path, |out| checks.write_expected(out))?;
    }
    args.output.write(printer, |look, out| match format {
        Format::Json => checks.write_json(out),
        Format::Csv => checks.write_csv(out),
        Format::Text => checks.write_text(args.all, look, out),
    })?;
    let quiet = checks.unexpected() == 0 || args.write_expected.is_some();
    Ok(if quiet { ExitStatus::Done } else { ExitStatus::Findings })
}

/// Differences that are known, and whether each was found.
#[derive(Debug, Default)]
struct Expected(BTreeMap<[String; 3], bool>);

impl Expected {
    fn read(path: &PathBuf) -> anyhow::Result<Self> {
        let mut table =
            csv::Reader::from_path(path).with_context(|| format!("failed to read {}", path.display()))?;
        let headers = table.headers()?.clone();
        let column = |name: &str| {
            headers.iter().position(|h| h.trim() == name).with_context(|| {
                format!("{}: line 1 has no column `{name}`; expected set, kind and code", path.display())
            })
        };
        let columns = [column("set")?, column("kind")?, column("code")?];
        let mut known = BTreeMap::new();
        for record in table.records() {
            let record = record.with_context(|| format!("failed to read {}", path.display()))?;
            let cell =
                |i: usize| record.get(columns[i]).unwrap_or("").trim().trim_start_matches('\'').to_owned();
            known.insert([cell(0), cell(1), cell(2)], false);
        }
        Ok(Self(known))
    }

    fn knows(&mut self, set: &str, kind: &str, code: &str) -> bool {
        let key = [set.trim().trim_start_matches('\'').to_owned(), kind.to_owned(), code.to_owned()];
        self.0.get_mut(&key).map(|seen| *seen = true).is_some()
    }

    fn stale(&self) -> Vec<[String; 3]> {
        self.0.iter().filter(|(_, seen)| !**seen).map(|(key, _)| key.clone()).collect()
    }
}
