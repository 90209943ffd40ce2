//! `cargo xtask bench successors`: inferred successors held against the official tables, which the inference does not
//! see.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::ensure;
use rayon::prelude::*;
use xwalk_import::{MapKind, discover};
use xwalk_map::{AnnualStep, Statements, SuccessorFinder};
use xwalk_model::{Code, CodeSystem, Edition, Provenance, Targets};

/// A step: how many codes went, and how the candidates for them fared.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    /// Codes that went and have official successors.
    codes: usize,
    /// Of these, those whose first candidate is official.
    first: usize,
    /// Those with an official successor among the first five.
    five: usize,
    /// Official pairs.
    pairs: usize,
    /// Of these, pairs among the first five.
    pairs_found: usize,
    /// Candidates offered.
    offered: usize,
    /// Of these, official ones.
    right: usize,
}

impl std::ops::AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.codes += other.codes;
        self.first += other.first;
        self.five += other.five;
        self.pairs += other.pairs;
        self.pairs_found += other.pairs_found;
        self.offered += other.offered;
        self.right += other.right;
    }
}

pub(super) fn run(releases: &Path) -> anyhow::Result<()> {
    let folders: Vec<_> = ["icd10cm", "hcpcs", "icd11mms"].iter().map(|f| releases.join(f)).collect();
    ensure!(folders[0].exists(), "{} is not there; name the folder of full releases", folders[0].display());
    let found = discover(&folders, None)?;
    let mut tables = Vec::new();
    for file in found.maps.iter().filter(|f| f.kind == MapKind::ConversionTable) {
        tables.extend(file.import()?.maps);
    }
    let newest = tables.iter().map(|m| m.id.name.clone()).max().unwrap_or_default();
    tables.retain(|m| m.id.name == newest);
    let annual = |r: &&xwalk_import::Release| {
        !matches!(r.id.version.year_month(), Some((_, Some(_)))) || r.id.system == CodeSystem::Icd11mms
    };
    let editions: Vec<Edition> = found
        .releases
        .par_iter()
        .filter(annual)
        .map(|r| Ok(r.import()?.edition))
        .collect::<anyhow::Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect();
    let heading = ["step", "codes", "at 1", "at 5", "pairs in 5", "precision"];
    println!(
        "{:<28} {:>6} {:>8} {:>8} {:>11} {:>10}",
        heading[0], heading[1], heading[2], heading[3], heading[4], heading[5]
    );
    for system in [CodeSystem::Icd10cm, CodeSystem::Hcpcs, CodeSystem::Icd11mms] {
        let mut of: Vec<&Edition> = editions.iter().filter(|e| e.id().system == system).collect();
        of.sort_by(|a, b| a.id().version.cmp(&b.id().version));
        let mut total = Score::default();
        for pair in of.windows(2) {
            let score = step(pair[0], pair[1], &tables);
            print(&format!("{} > {}", pair[0].id(), pair[1].id().version), score);
            total += score;
        }
        print(system.name(), total);
    }
    Ok(())
}

fn step(from: &Edition, to: &Edition, tables: &[xwalk_model::ConceptMap]) -> Score {
    let statements = match from.id().system {
        CodeSystem::Icd10cm => Statements::of_tables(tables, from.id(), to.id()),
        CodeSystem::Hcpcs => Statements::of_cross_references(from, to),
        _ => Statements::default(),
    };
    let annual = AnnualStep::new(from, to, &statements);
    let finder = SuccessorFinder::new(from, to);
    let known: Vec<(&Code, BTreeSet<&Code>)> = annual
        .forward
        .elements
        .iter()
        .map(|(code, mappings)| {
            let official = mappings.iter().filter_map(|m| match (&m.targets, &m.provenance) {
                // ICD-11 has no table; the foundation id is what its authority says of an entity.
                (Targets::One(target), Provenance::Official { .. }) => Some(target),
                (Targets::One(target), Provenance::Derived { rule }) if rule.contains("foundation") => {
                    Some(target)
                }
                _ => None,
            });
            (code, official.collect::<BTreeSet<_>>())
        })
        .filter(|(_, official)| !official.is_empty())
        .collect();
    let scores: Vec<Score> = known
        .par_iter()
        .map(|(code, official)| {
            let candidates = finder.candidates(code, 5);
            let hits: Vec<bool> = candidates.iter().map(|c| official.contains(&c.code)).collect();
            let right = hits.iter().filter(|h| **h).count();
            Score {
                codes: 1,
                first: usize::from(hits.first() == Some(&true)),
                five: usize::from(right > 0),
                pairs: official.len(),
                pairs_found: right,
                offered: candidates.len(),
                right,
            }
        })
        .collect();
    let mut sum = Score::default();
    for score in scores {
        sum += score;
    }
    if std::env::var_os("XWALK_BENCH_MISSES").is_some() {
        for (code, official) in &known {
            let candidates = finder.candidates(code, 5);
            if !candidates.first().is_some_and(|c| official.contains(&c.code)) {
                let shown: Vec<String> =
                    candidates.iter().map(|c| format!("{} {}", c.code, c.flags())).collect();
                let title = from.get(code).map_or("", |c| c.title());
                println!("  {code} {title}\n    official {official:?}\n    {}", shown.join("\n    "));
            }
        }
    }
    sum
}

fn print(name: &str, s: Score) {
    let share = |a: usize, b: usize| {
        if b == 0 { "-".to_owned() } else { format!("{:.1} %", 100.0 * a as f64 / b as f64) }
    };
    println!(
        "{name:<28} {:>6} {:>8} {:>8} {:>11} {:>10}",
        s.codes,
        share(s.first, s.codes),
        share(s.five, s.codes),
        share(s.pairs_found, s.pairs),
        share(s.right, s.offered)
    );
}
