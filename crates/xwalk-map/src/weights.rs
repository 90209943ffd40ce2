//! Shares of alternatives for statistics. They allocate counts; they never say what one record should be coded as.

use std::collections::BTreeMap;

use serde::Serialize;
use xwalk_model::Code;

use crate::outcome::Resolution;

/// How the records of a source are allocated to its alternatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allocation {
    /// The same share for each alternative: nothing is known.
    EqualShares,
    /// In proportion to the user's own counts of the target codes.
    Volumes,
    /// As a sample coded in both systems shows, with bounds.
    DualCodedSample,
}

impl Allocation {
    /// The word used in outputs.
    pub fn id(self) -> &'static str {
        match self {
            Self::EqualShares => "equal-shares",
            Self::Volumes => "volumes",
            Self::DualCodedSample => "dual-coded-sample",
        }
    }
}

/// The share of one alternative, in the order of the alternatives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The share; those of a source sum to 1.
    pub share: f64,
    /// Bounds of the share at 95 %, where they are known.
    pub bounds: Option<(f64, f64)>,
}

/// The shares of the alternatives of a source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shares {
    /// What they rest on. Where the data asked for say nothing about the source, equal shares take their place.
    pub allocation: Allocation,
    /// Records that they rest on.
    pub records: u64,
    /// The shares.
    pub shares: Vec<Share>,
}

/// Records coded in both systems: how often a source code was found with a target code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DualCoded {
    counts: BTreeMap<Code, BTreeMap<Code, u64>>,
}

/// How well a source and what it is carried to count the same records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparability {
    /// Records with the source code.
    pub records: u64,
    /// Of these, records of which the other code is one of the alternatives.
    pub carried: u64,
    /// Records with another source code whose other code is one of the alternatives.
    pub from_elsewhere: u64,
    /// Records under the alternatives by the new coding over records under the source by the old coding.
    pub ratio: f64,
    /// Bounds of the ratio at 95 %.
    pub bounds: (f64, f64),
}

impl DualCoded {
    /// Adds records that have both codes.
    pub fn add(&mut self, source: Code, target: Code, records: u64) {
        *self.counts.entry(source).or_default().entry(target).or_default() += records;
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The comparability ratio of a source: NCHS divides the deaths classified to a cause by the new revision by those
    /// classified to the comparable cause by the old one, on a sample coded by both (National Vital Statistics Reports
    /// 49-2, 2001). The bounds take the records that both codings count as given and the others as Poisson counts.
    /// `None` where the sample has no record of the source.
    pub fn comparability(&self, source: &Code, resolution: &Resolution) -> Option<Comparability> {
        let own = self.counts.get(source)?;
        let records: u64 = own.values().sum();
        if records == 0 {
            return None;
        }
        let is_target = |code: &Code| resolution.alternatives.iter().any(|a| a.codes().any(|c| c == code));
        let carried: u64 = own.iter().filter(|(t, _)| is_target(t)).map(|(_, n)| n).sum();
        let from_elsewhere: u64 = self
            .counts
            .iter()
            .filter(|(s, _)| *s != source)
            .flat_map(|(_, targets)| targets.iter().filter(|(t, _)| is_target(t)).map(|(_, n)| n))
            .sum();
        let (n, x, y) = (records as f64, carried as f64, from_elsewhere as f64);
        let ratio = (x + y) / n;
        // Both counts share the records that were carried; only those that left or came vary independently.
        let left = n - x;
        let variance = (y + ratio * ratio * left + (1.0 - ratio).powi(2) * x) / (n * n);
        let half = 1.96 * variance.sqrt();
        Some(Comparability {
            records,
            carried,
            from_elsewhere,
            ratio,
            bounds: ((ratio - half).max(0.0), ratio + half),
        })
    }

    fn count(&self, source: &Code, targets: &[Vec<Code>]) -> u64 {
        let Some(own) = self.counts.get(source) else { return 0 };
        // Of a combination, the first slot stands for the whole: a record of a sample has one code beside the source.
        targets.first().map_or(0, |slot| slot.iter().filter_map(|c| own.get(c)).sum())
    }
}

/// The data that an allocation rests on.
#[derive(Clone, Copy, Debug)]
pub enum Grounds<'d> {
    /// None.
    Equal,
    /// Counts by target code.
    Volumes(&'d BTreeMap<Code, u64>),
    /// A dual-coded sample.
    Sample(&'d DualCoded),
}

/// The shares of the alternatives of an answer; `None` where it has none.
pub fn shares(resolution: &Resolution, grounds: Grounds<'_>) -> Option<Shares> {
    let alternatives = &resolution.alternatives;
    if alternatives.is_empty() {
        return None;
    }
    let counts: Vec<u64> = match grounds {
        Grounds::Equal => Vec::new(),
        Grounds::Volumes(volumes) => alternatives
            .iter()
            .map(|a| {
                let slot = |slot: &Vec<Code>| slot.iter().filter_map(|c| volumes.get(c)).sum::<u64>();
                a.targets.iter().map(slot).min().unwrap_or(0)
            })
            .collect(),
        Grounds::Sample(sample) => {
            let source = resolution.code.as_ref()?;
            alternatives.iter().map(|a| sample.count(source, &a.targets)).collect()
        }
    };
    let records: u64 = counts.iter().sum();
    if records == 0 {
        let share = Share { share: 1.0 / alternatives.len() as f64, bounds: None };
        let shares = vec![share; alternatives.len()];
        return Some(Shares { allocation: Allocation::EqualShares, records: 0, shares });
    }
    let with_bounds = matches!(grounds, Grounds::Sample(_));
    let shares = counts
        .iter()
        .map(|&count| Share {
            share: count as f64 / records as f64,
            bounds: with_bounds.then(|| wilson(count, records)),
        })
        .collect();
    let allocation = if with_bounds { Allocation::DualCodedSample } else { Allocation::Volumes };
    Some(Shares { allocation, records, shares })
}

/// The score interval of a share at 95 % (Wilson 1927).
fn wilson(count: u64, of: u64) -> (f64, f64) {
    let (n, p, z) = (of as f64, count as f64 / of as f64, 1.96_f64);
    let middle = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Alternative, Basis, Outcome, Rank};
    use xwalk_model::Relationship;

    fn split(source: &str, targets: &[&str]) -> Resolution {
        let alternative = |t: &&str| Alternative {
            targets: vec![vec![Code::from_official(t)]],
            relationship: Relationship::RelatedTo,
            basis: Basis::Official,
            automatic: false,
            hops: Vec::new(),
            further_paths: 0,
            rank: Rank::default(),
        };
        Resolution {
            source: source.to_owned(),
            code: Some(Code::from_official(source)),
            edition: None,
            outcome: Outcome::Split,
            reason: String::new(),
            alternatives: targets.iter().map(alternative).collect(),
            count: targets.len(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn shares_sum_to_one_and_say_what_they_rest_on() {
        let answer = split("A", &["B", "C"]);
        let equal = shares(&answer, Grounds::Equal).unwrap();
        assert_eq!((equal.allocation, equal.shares[0].share), (Allocation::EqualShares, 0.5));
        let volumes = BTreeMap::from([(Code::from_official("B"), 3), (Code::from_official("C"), 1)]);
        let by_use = shares(&answer, Grounds::Volumes(&volumes)).unwrap();
        assert_eq!(
            (by_use.allocation, by_use.shares[0].share, by_use.records),
            (Allocation::Volumes, 0.75, 4)
        );
        let none = BTreeMap::new();
        assert_eq!(shares(&answer, Grounds::Volumes(&none)).unwrap().allocation, Allocation::EqualShares);
        assert!(shares(&split("A", &[]), Grounds::Equal).is_none());
    }

    #[test]
    fn a_sample_gives_bounds_and_a_comparability_ratio() {
        let code = Code::from_official;
        let mut sample = DualCoded::default();
        sample.add(code("A"), code("B"), 60);
        sample.add(code("A"), code("C"), 20);
        sample.add(code("A"), code("X"), 20);
        sample.add(code("D"), code("B"), 10);
        let answer = split("A", &["B", "C"]);
        let seen = shares(&answer, Grounds::Sample(&sample)).unwrap();
        assert_eq!((seen.records, seen.shares[0].share), (80, 0.75));
        let (low, high) = seen.shares[0].bounds.unwrap();
        assert!(low > 0.64 && low < 0.66 && high > 0.83 && high < 0.84, "{low} {high}");
        let ratio = sample.comparability(&code("A"), &answer).unwrap();
        assert_eq!((ratio.records, ratio.carried, ratio.from_elsewhere), (100, 80, 10));
        assert!((ratio.ratio - 0.9).abs() < 1e-9);
        assert!(ratio.bounds.0 < 0.9 && 0.9 < ratio.bounds.1);
        assert!(sample.comparability(&code("Z"), &answer).is_none());
    }
}
